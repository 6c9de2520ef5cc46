/* home_parts.h - the sections of the portal's front page that others bring: what we need from you, what we promised, hours.
 * Each reads what it shows by itself, draws one <section class="card">, and draws nothing when it has nothing to say to
 * this person. In the order shown; the ask box stands before them, the requests after.
 * Ownership: constants.  Errors: a part that cannot read its rows draws nothing.  Units: none.  Threads: the request's.
 * Source: ui.md; mock/. */
#ifndef PEDEL_PAGES_HOME_PARTS_H
#define PEDEL_PAGES_HOME_PARTS_H
#include "web/web.h"

typedef void home_part(struct web *w);
extern home_part *const home_parts[];           /* ends with NULL; home_parts.c */
#endif
