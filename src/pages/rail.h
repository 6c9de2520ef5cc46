/* rail.h - the small figures beside the menu: my open tickets, broken promises, what the customer owes us, the timer.
 * Ownership: none.  Errors: what cannot be read is not shown.  Units: minutes.  Threads: the request's.  Source: ui.md, section 3. */
#ifndef PEDEL_PAGES_RAIL_H
#define PEDEL_PAGES_RAIL_H
#include "web/web.h"

void pages_rail(struct web *w);         /* for web_app.rail */
#endif
