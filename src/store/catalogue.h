/* catalogue.h - every catalogue text that an agreement was ever made of, by service and version, for ever.
 * Ownership: arena given.  Errors: E_DB, E_SERVICE_UNKNOWN.  Units: us.
 * Threads:   catalogue_keep only inside a db_write() job.   Source: catalogue/README.md, versions. */
#ifndef PEDEL_STORE_CATALOGUE_H
#define PEDEL_STORE_CATALOGUE_H
#include <stdint.h>
#include "store/db.h"

/* Keeps the text and gives the version it is kept under: the file's own, or, when that one holds another text already (changed
 * without a new version), the next free one. The same text again gives the same version. */
int store_catalogue_keep(struct db_conn *w, const char *service, int version, const char *sha256, const char *text, int64_t now,
	int *kept, struct err *e);
/* The version that the text has here, or would be kept under. */
int store_catalogue_version(struct db_conn *c, const char *service, int version, const char *sha256, int *kept, struct err *e);
int store_catalogue_text(struct db_conn *c, struct arena *a, const char *service, int version, const char **text, struct err *e);
#endif
