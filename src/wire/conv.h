/* conv.h - what is said between pedeld and pedel-conv: one untrusted document in, one safe answer out.
 *
 * A question is one byte (enum conv_kind), eight bytes of length (big endian) and the document. The answer is eight bytes
 * of length and one CBOR item: [version, "", payload] or [version, "ERROR_ID", detail].
 *   CONV_MAIL      a raw mail                     -> struct conv_mail
 *   CONV_PDF       a JSON document (below)        -> the PDF's bytes
 *   CONV_MARKDOWN  CommonMark, UTF-8              -> HTML without raw HTML and without unsafe links
 *
 * The PDF's document, every text given in the reader's language (widths are weights, align is left|center|right):
 *   { "lang": "da", "title": "...", "subtitle": "...", "provider": {"name": "...", "lines": ["..."]},
 *     "page": "Side {page} af {pages}", "footer": "...", "meta": [["Kunde", "Bager A/S"], ...], "blocks": [
 *     {"kind": "heading", "level": 1|2, "text": "..."}, {"kind": "paragraph", "text": "..."}, {"kind": "note", "text": "..."},
 *     {"kind": "list", "items": ["..."], "ordered": false}, {"kind": "pairs", "rows": [["label", "value"], ...]},
 *     {"kind": "table", "columns": [{"title": "...", "align": "right", "width": 2}, ...], "rows": [["...", ...], ...],
 *      "foot": ["...", ...]}, {"kind": "space"}, {"kind": "page"}, {"kind": "signatures", "names": ["...", "..."]} ] }
 * Ownership:  what is decoded lives in the arena given, and points into the bytes it was decoded from.
 * Errors:     E_MESSAGE_INVALID for bytes that are no such answer; the answer's own error as it was put.
 * Units:      bytes; dates in us.   Threads: any.   Source: RFC 5322, 2045-2047, 2231, 3464, 3834; facts of the desk. */
#ifndef PEDEL_WIRE_CONV_H
#define PEDEL_WIRE_CONV_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum conv_kind { CONV_MAIL = 'M', CONV_PDF = 'P', CONV_MARKDOWN = 'D' };
#define CONV_VERSION 1
#define CONV_HEAD 9                             /* bytes before the document */
#define CONV_MAX (96 << 20)                     /* largest document, and largest answer */
#define CONV_TEXT_MAX (1 << 20)                 /* a mail's text past this is cut; the raw mail is kept */
#define CONV_HEADERS_MAX (256 << 10)
#define CONV_PARTS_MAX 1000
#define CONV_DEPTH_MAX 32

struct conv_address { const char *name, *address; };    /* name "" when there is none; address in lower case */
struct conv_part {
	const char *name, *mime, *content_id;           /* name: a plain file name, never empty; content_id "" or without <> */
	bool is_inline;                                 /* shown inside the HTML */
	const void *p;
	size_t n;
};
/* Texts are never NULL. Ids are without <>, separated by one space; ids shorter than 8 bytes are left out. */
struct conv_mail {
	const char *subject;
	struct conv_address from, reply_to;             /* address "" when there is none that can be read */
	struct conv_address *to; int nto;               /* To and Cc */
	int64_t date;                                   /* 0: none or nonsense */
	const char *message_id, *in_reply_to, *references;
	const char *auto_submitted, *precedence, *list_id, *suppress, *instance;       /* lower case; "" when absent */
	const char **auth; int nauth;                   /* Authentication-Results, the topmost first, unfolded */
	const char *text;                               /* never blank lines at its ends */
	int64_t quoted_from;                            /* byte in text where the quoted tail starts; -1: nothing is quoted */
	const char *html;                               /* sanitised; "" when the mail has none */
	struct conv_part *parts; int nparts;
	const char *report;                             /* "" | delivery-status | disposition-notification | ... */
	const char *report_recipient, *report_action, *report_status, *report_why, *report_message_id;
	const char *damage;                             /* what had to be repaired: words with spaces between; "" nothing */
};

void conv_put_mail(struct buf *b, const struct conv_mail *m);           /* a whole answer */
void conv_put_bytes(struct buf *b, const void *p, size_t n);
void conv_put_error(struct buf *b, const struct err *e);
int  conv_get_mail(struct arena *a, const void *p, size_t n, struct conv_mail *out, struct err *e);
int  conv_get_bytes(struct arena *a, const void *p, size_t n, const void **out, size_t *nout, struct err *e);
#endif
