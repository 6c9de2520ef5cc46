/* counter.h - numbers given out one by one: ticket numbers, agreement numbers.
 * Ownership: none.   Errors: E_DB.   Units: none.
 * Threads: only inside a db_write() job; a job that is taken back gives its number back.   Source: own design. */
#ifndef PEDEL_STORE_COUNTER_H
#define PEDEL_STORE_COUNTER_H
#include <stdint.h>
#include "store/db.h"

int counter_next(struct db_conn *w, const char *name, int64_t *value, struct err *e);   /* the first is 1 */
int counter_set(struct db_conn *w, const char *name, int64_t value, struct err *e);     /* the next is value + 1 */
#endif
