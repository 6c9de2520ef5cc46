/* hour_purchase.h - hours that a customer bought apart from its agreement. The rules are core/purchase.h.
 *
 * Ownership:  texts in the arena given.   Errors: E_DB, E_NOT_FOUND.
 * Units:      minutes, øre, days since 1970, moments us.
 * Threads:    writing functions only inside a db_write() job.   Source: own design. */
#ifndef PEDEL_STORE_HOUR_PURCHASE_H
#define PEDEL_STORE_HOUR_PURCHASE_H
#include <stdint.h>
#include "store/db.h"

struct hour_purchase {
	int64_t id, customer_id, minutes, price_ore;
	int32_t bought_day, expires_day;
	const char *note;
	int64_t created_at, created_by;
	const char *person_name;                        /* read along: who wrote it down */
};
int store_purchase_add(struct db_conn *w, struct hour_purchase *p, struct err *e);      /* fills id */
int store_purchase_get(struct db_conn *c, struct arena *a, int64_t id, struct hour_purchase *out, struct err *e);      /* not removed ones */
int store_purchase_remove(struct db_conn *w, int64_t customer_id, int64_t id, int64_t at, int64_t by, struct err *e);
/* What stood at a moment (INT64_MAX: now), by (bought_day, id); at most 1,000. */
int store_purchases_of(struct db_conn *c, struct arena *a, int64_t customer_id, int64_t at, struct hour_purchase **out, int *n, struct err *e);
#endif
