/* fail.h - the pages of fail.html.  Ownership: none.  Errors: none.  Threads: the request's. */
#ifndef PEDEL_WEB_FAIL_H
#define PEDEL_WEB_FAIL_H
#include "web/web.h"
void fail_page(struct web *w, int status, const char *text, const char *code);
void fail_fragment(struct web *w, const char *text, const char *code);
#endif
