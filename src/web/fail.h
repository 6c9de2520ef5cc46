/* fail.h - the pages of fail.html.  
 * Ownership: none.  Errors: none.  Units: none.  Threads: the request's.  Source: ui.md, section 7. */
#ifndef PEDEL_WEB_FAIL_H
#define PEDEL_WEB_FAIL_H
#include "web/web.h"
void fail_page(struct web *w, int status, const char *text, const char *code);
void fail_fragment(struct web *w, const char *text, const char *code);
#endif
