/* month_check.h - are the closed months what they were closed as? A part of `pedel verify`.
 *
 * Each kept text has the SHA-256 that stands beside it and in the event chain, adds up, and names exactly the time entries that are
 * settled in the month, each with the minutes, driving, day and activity that stand now. Settled by the bank once more, from those entries,
 * the agreements of the time and what the month before left, it gives the same text.
 * Not seen: names, notes, and which entries another agreement paid for (only that there was one); an agreement that ended within the
 * month and was after the close ended still earlier is taken for a fault.
 * Ownership:  none.   Errors: E_CHAIN_BROKEN names the customer and the month.
 * Units:      *checked counts statements.   Threads: any.   Source: own design; docs/hours.md. */
#ifndef PEDEL_CORE_MONTH_CHECK_H
#define PEDEL_CORE_MONTH_CHECK_H
#include <stdint.h>
#include "store/db.h"

int month_check(struct db_conn *c, int64_t *checked, struct err *e);
#endif
