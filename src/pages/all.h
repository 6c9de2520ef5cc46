/* all.h - every route table of the pages and the API. A table that is not listed does not exist.
 * Ownership: constants.  Errors: web_start() refuses two rows with the same address.  Units: bytes (body_bytes).
 * Threads: any.  Source: architecture, section 7. */
#ifndef PEDEL_PAGES_ALL_H
#define PEDEL_PAGES_ALL_H
#include "web/web.h"

extern const struct web_route *const pages_tables[];    /* ends with NULL */
extern const struct web_route pages_tickets[], pages_ticket[], pages_ticket_api[], pages_tasks[];
#endif
