/* cbor.h - CBOR as messages between our own processes use it: the deterministic part of it, and nothing else.
 *
 * What is written has one form only: shortest heads, definite lengths, map keys sorted by their bytes and never twice. The
 * reader refuses everything else, and tags and floats, so that equal messages are equal bytes (they are signed elsewhere).
 * Ownership:  the writer writes into the caller's buf; the reader points into the caller's bytes and allocates nothing.
 * Errors:     the reader keeps its first error: after it every get gives 0, "" or false and moves nowhere. Ask
 *             cbor_done() once at the end: E_MESSAGE_INVALID with the offset and why. A writer past its limit has
 *             buf.full set; keys out of order are our own bug (assert).
 * Units:      bytes.     Threads: one value belongs to one thread.     Source: RFC 8949, section 4.2.1. */
#ifndef PEDEL_WIRE_CBOR_H
#define PEDEL_WIRE_CBOR_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#define CBOR_DEPTH 16                   /* arrays and maps inside each other */

enum cbor_type { CBOR_NONE, CBOR_INT, CBOR_BYTES, CBOR_TEXT, CBOR_ARRAY, CBOR_MAP, CBOR_BOOL, CBOR_NULL };

void cbor_put_int(struct buf *b, int64_t v);
void cbor_put_bool(struct buf *b, bool v);
void cbor_put_null(struct buf *b);
void cbor_put_bytes(struct buf *b, const void *p, size_t n);
void cbor_put_text(struct buf *b, const char *s);       /* valid UTF-8; NULL is written as null */
void cbor_put_array(struct buf *b, size_t n);           /* n items follow */
void cbor_put_map(struct buf *b, size_t n);             /* n pairs follow: shorter keys first, equally long ones by their bytes */

struct cbor_in {
	const uint8_t *p;
	size_t n, at;
	const char *why;                /* NULL while all is well; constant text */
	int depth;
	struct cbor_frame { uint64_t left; bool map, key; size_t last, last_n; } frame[CBOR_DEPTH + 1];
};
void cbor_begin(struct cbor_in *in, const void *p, size_t n);
enum cbor_type cbor_peek(struct cbor_in *in);           /* CBOR_NONE: no more in this array or map, or an error */
/* libcbor, which libfido2 brings, exports functions of these names: ours have others there. */
#define cbor_get_int wire_cbor_get_int
#define cbor_get_bool wire_cbor_get_bool
int64_t cbor_get_int(struct cbor_in *in);
bool cbor_get_bool(struct cbor_in *in);
const uint8_t *cbor_get_bytes(struct cbor_in *in, size_t *n);           /* never NULL */
/* Text copied into a with a NUL; it holds none itself and is valid UTF-8. null gives NULL. */
const char *cbor_get_text(struct cbor_in *in, struct arena *a);
bool cbor_get_key(struct cbor_in *in, char *key, size_t size);          /* the next key of this map; false: no more */
uint64_t cbor_enter_array(struct cbor_in *in);          /* how many items; each takes at least a byte, so it is bounded by n */
uint64_t cbor_enter_map(struct cbor_in *in);            /* how many pairs */
void cbor_leave(struct cbor_in *in);                    /* skips what is left of it */
void cbor_skip(struct cbor_in *in);                     /* one item, whatever it is */
/* Exactly one item, whole, nothing after it. */
int  cbor_done(struct cbor_in *in, struct err *e);
#endif
