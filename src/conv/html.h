/* html.h - HTML from a stranger: to clean HTML that may be shown, and to plain text.
 *
 * Clean means: only the elements and attributes of the list in html.c; no scripts, styles, forms, frames or comments; images
 * only those inside the mail (src="cid:..."); links only http, https, mailto and tel, marked as foreign. It is a new text
 * written from a parsed tree, so nothing of the original's spelling is left.
 * Ownership:  results in the arena given.   Errors: none: what cannot be read gives "".
 * Units:      bytes.   Threads: any.   Source: WHATWG HTML as libxml2 reads it; own allow-list. */
#ifndef PEDEL_CONV_HTML_H
#define PEDEL_CONV_HTML_H
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"

/* html is valid UTF-8. *quoted_from: byte in *text where a quote marked in the HTML starts, -1 when none is. */
void html_read(struct arena *a, const char *html, size_t n, char **clean, char **text, int64_t *quoted_from);
#endif
