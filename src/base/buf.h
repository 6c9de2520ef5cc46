/* buf.h - bytes that grow, born with a limit.
 *
 * Ownership:  the bytes belong to the arena given to buf_init(); buf_text() lasts as long as it.
 * Errors:     past its limit a buffer stops growing and `full` is set: what was written before stands. Check it once
 *             at the end. The bytes are always followed by a NUL that is not counted.
 * Units:      bytes.     Threads: one.     Source: own design; the limit after curl's dynbuf. */
#ifndef PEDEL_BASE_BUF_H
#define PEDEL_BASE_BUF_H
#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"

struct buf {
	struct arena *a;
	char *p;                /* NULL until something is written */
	size_t n, cap, limit;
	bool full;
};

void buf_init(struct buf *b, struct arena *a, size_t limit);
void buf_add(struct buf *b, const void *p, size_t n);
void buf_adds(struct buf *b, const char *s);            /* NULL adds nothing */
void buf_addc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_int(struct buf *b, long long v);               /* decimal, without printf */
const char *buf_text(struct buf *b);                    /* never NULL */
#endif
