/* signin.h - signing in and out: the pages of signin.html.  
 * Ownership: the request's arena.  Errors: none here.  Units: none.  Threads: the request's.  Source: foundation facts, section 5. */
#ifndef PEDEL_PAGES_SIGNIN_H
#define PEDEL_PAGES_SIGNIN_H
#include "web/web.h"
void signin_page(struct web *w, const char *next);
void signin_sent_page(struct web *w, const char *mail, const char *next);
void signin_link_page(struct web *w, const char *name, const char *next);
const char *signin_next(struct web *w, const char *next);        /* where to after signing in: only a path of ours that the role may see */
bool signin_ended(struct web *w);                       /* a session was here, and is over */
extern const struct web_route signin_routes[];
#endif
