/* purchase.h - hours a customer buys apart from its agreement (klippekort). They stand in the same queue as the month's own hours:
 * what expires first is used first. What pages and API call.
 *
 * Every changing function runs inside a db_write() job and writes its event in the same transaction. A purchase belongs to the
 * month it was bought in, and like everything of a closed month it stays.
 * Ownership:  arena given.
 * Errors:     E_DENIED, E_NOT_FOUND, E_PURCHASE_MINUTES (minutes), E_NUMBER_RANGE (price_ore), E_PURCHASE_BOUGHT (bought_on),
 *             E_PURCHASE_EXPIRES (expires_on), E_MONTH_CLOSED (bought_on), E_TEXT_ENCODING (note).
 * Units:      minutes, øre, days since 1970, us.   Threads: changing functions in the writer's job.
 * Source:     facts of the desk, 5.2, rules 5 and 11. */
#ifndef PEDEL_CORE_PURCHASE_H
#define PEDEL_CORE_PURCHASE_H
#include "core/role.h"
#include "store/hour_purchase.h"

enum { PURCHASE_MINUTES_MOST = 60000, PURCHASE_YEARS_MOST = 10 };
#define PURCHASE_ORE_MOST INT64_C(1000000000)

/* customer_id, minutes, price_ore, both days and note are read; the rest is filled in. Administrators and bookkeepers. */
int purchase_add(struct db_conn *w, struct arena *a, const struct actor *who, struct hour_purchase *p, int64_t now, struct err *e);
/* As long as its month is open. customer_id 0: any. Hours that were drawn from it are settled another way from then on. */
int purchase_remove(struct db_conn *w, struct arena *a, const struct actor *who, int64_t customer_id, int64_t id, int64_t now, struct err *e);
#endif
