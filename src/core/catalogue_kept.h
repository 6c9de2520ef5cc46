/* catalogue_kept.h - service texts that agreements were made on and the catalogue no longer has, parsed once.
 *
 * Ownership:  what is given lives as long as the table (or as `a`); texts are compared whole, so nothing can be stale.
 * Errors:     as catalogue_parse().   Units: none.   Threads: any.   Source: own design. */
#ifndef PEDEL_CORE_CATALOGUE_KEPT_H
#define PEDEL_CORE_CATALOGUE_KEPT_H
#include "core/catalogue.h"
#include "store/db.h"

struct catalogue_kept;
struct catalogue_kept *catalogue_kept_begin(void);
void catalogue_kept_end(struct catalogue_kept *k);      /* NULL is allowed */
/* The service that text describes. k NULL, or full (64 texts, none is ever let go): it is parsed into a. */
int catalogue_kept_parse(struct catalogue_kept *k, struct arena *a, const char *service, const char *text, const struct catalogue_service **out,
	struct err *e);
/* Services whose text was changed without a new version get the one that agreements are made on (store_catalogue_version()). */
int catalogue_number(struct db_conn *c, struct arena *a, struct catalogue *k, struct err *e);
#endif
