/* copy.h - every row of one database into another one, and whether both are the same. One of the two is SQLite.
 *
 * Ownership:  none.
 * Errors:     E_MOVE_TARGET_USED when the other one holds something already; E_MOVE_DIFFERS names the table; E_DB_SCHEMA.
 * Units:      rows.   Threads: copy_all only inside a db_write() job of the target; all or nothing, as the job is.
 * Source:     own design: a table's sum is the sum, lane by lane, of the SHA-256 of its rows, so no order is needed. */
#ifndef PEDEL_STORE_COPY_H
#define PEDEL_STORE_COPY_H
#include <stdint.h>
#include "store/db.h"

struct copy_report { int tables; int64_t rows; };
/* Copies from's snapshot, sets what ids continue from, and compares every table before it returns 0. */
int copy_all(struct db_conn *from, struct db_conn *to, struct copy_report *r, struct err *e);
/* Only the comparison. */
int copy_same(struct db_conn *x, struct db_conn *y, struct copy_report *r, struct err *e);
#endif
