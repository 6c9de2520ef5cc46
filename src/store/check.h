/* check.h - is what is stored whole? The parts of `pedel verify` that are neither event chain nor file contents.
 * Ownership:  none.   Errors: E_DB with what was found; E_NOT_FOUND with how many files are missing.
 * Units:      *checked counts tables or files.   Threads: any.   Source: sqlite.org/pragma.html, own design. */
#ifndef PEDEL_STORE_CHECK_H
#define PEDEL_STORE_CHECK_H
#include <stdbool.h>
#include <stdint.h>
#include "store/blob.h"
#include "store/db.h"

/* SQLite: its own integrity and foreign key checks. PostgreSQL keeps those itself: only the schema's tables are counted. */
int check_database(struct db_conn *c, int64_t *checked, struct err *e);
/* PostgreSQL: are there no more than `own` connections of Pedel's to this database? SQLite: always true. */
int check_alone(struct db_conn *c, int own, bool *alone, struct err *e);
/* The ledger as it stands is what the chain says it became: each state's event is there, and each event's state. E_CHAIN_BROKEN. */
int check_promises(struct db_conn *c, int64_t *checked, struct err *e);
/* Every file that a row names is there. missing() is told the name of each that is not. */
int check_blobs_used(struct db_conn *c, const struct blobs *b, void (*missing)(void *arg, const char *sha256), void *arg,
	int64_t *checked, struct err *e);
#endif
