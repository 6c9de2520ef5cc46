/* counter.h - whole numbers by name: those given out one by one (tickets, agreements), and how far something has come.
 * Ownership: none.   Errors: E_DB.   Units: none.
 * Threads: counter_read() any; the others only inside a db_write() job; a job that is taken back gives its number back.   Source: own design. */
#ifndef PEDEL_STORE_COUNTER_H
#define PEDEL_STORE_COUNTER_H
#include <stdint.h>
#include "store/db.h"

int counter_next(struct db_conn *w, const char *name, int64_t *value, struct err *e);   /* the first is 1 */
int counter_set(struct db_conn *w, const char *name, int64_t value, struct err *e);     /* the next is value + 1 */
/* The values of these names; 0 for one that was never set. q asks for (name, value) of just them. */
int counter_read(struct db_conn *c, const struct db_sql *q, const char *const *names, int64_t *values, int n, struct err *e);
#endif
