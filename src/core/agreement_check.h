/* agreement_check.h - can every accepted agreement be read? A part of `pedel verify`.
 *
 * The terms of each item are JSON, and what is read as times and days can be; the catalogue text that was accepted is there and can be
 * read; the kept text has the mark that stands on the agreement, and the kept facts tell that text.
 * Ownership:  none.   Errors: E_AGREEMENT_UNREADABLE names the first agreement, its customer and what is wrong.
 * Units:      *checked counts items.   Threads: any.   Source: own design; docs/agreements.md. */
#ifndef PEDEL_CORE_AGREEMENT_CHECK_H
#define PEDEL_CORE_AGREEMENT_CHECK_H
#include <stdint.h>
#include "store/db.h"

/* say is told of each that is wrong. */
int agreement_check(struct db_conn *c, void (*say)(void *arg, const char *what), void *arg, int64_t *checked, struct err *e);
#endif
