/* escape.h - text into HTML, by the place it goes to. The template compiler chooses; hand-written components do too.
 * Ownership:  none: what is written belongs to the buffer.   Errors: none; NULL writes nothing.
 * Units:      UTF-8 text.   Threads: any.   Source: WHATWG HTML (attribute values are always quoted here); RFC 3986. */
#ifndef PEDEL_WEB_ESCAPE_H
#define PEDEL_WEB_ESCAPE_H
#include <stdbool.h>
#include "base/buf.h"

void esc_text(struct buf *b, const char *s);            /* & < > " ' : between tags and in quoted attributes */
void esc_url(struct buf *b, const char *s);             /* a whole address; "#" when it is not one that esc_url_ok() allows */
void esc_url_path(struct buf *b, const char *s);        /* a later piece of a path: percent-encoded, / stays */
void esc_url_part(struct buf *b, const char *s);        /* a piece of a query or fragment: percent-encoded */
bool esc_url_ok(const char *s);                         /* a path, ?query, #fragment, or http, https, mailto, tel */
#endif
