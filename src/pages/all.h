/* all.h - every route table of the pages and the API. A table that is not listed does not exist.
 * Ownership: constants.  Threads: any. */
#ifndef PEDEL_PAGES_ALL_H
#define PEDEL_PAGES_ALL_H
#include "web/web.h"

extern const struct web_route *const pages_tables[];    /* ends with NULL */
extern const struct web_route pages_tickets[], pages_ticket[], pages_ticket_api[], pages_tasks[];
#endif
