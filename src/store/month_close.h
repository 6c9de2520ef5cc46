/* month_close.h - months that are locked, their statements, and the notices of a bank that runs low.
 *
 * A row is written once and never changed: the statement is the text that was closed, sha256 is over exactly its bytes.
 * Ownership:  texts in the arena given.   Errors: E_DB, E_NOT_FOUND; a second close: E_MONTH_CLOSED.
 * Units:      months since 1970-01, moments us.
 * Threads:    writing functions only inside a db_write() job.   Source: own design. */
#ifndef PEDEL_STORE_MONTH_CLOSE_H
#define PEDEL_STORE_MONTH_CLOSE_H
#include <stdbool.h>
#include <stdint.h>
#include "store/db.h"

struct month_close { int64_t customer_id; int32_t month; int64_t closed_at, closed_by; const char *statement, *sha256; };
int store_month_close_add(struct db_conn *w, const struct month_close *m, struct err *e);
int store_month_close_get(struct db_conn *c, struct arena *a, int64_t customer_id, int32_t month, struct month_close *out, struct err *e);
/* The one after (customer_id, month) in that order; (0, INT32_MIN) gives the first. E_NOT_FOUND: there are no more. */
int store_month_close_next(struct db_conn *c, struct arena *a, int64_t customer_id, int32_t month, struct month_close *out, struct err *e);
/* Does the chain have the event of this close, with this SHA-256? */
int store_month_close_told(struct db_conn *c, const struct month_close *m, bool *told, struct err *e);
/* How many closes the chain tells of. */
int store_month_close_events(struct db_conn *c, int64_t *n, struct err *e);
int store_month_closed_through(struct db_conn *c, int64_t customer_id, int32_t *month, struct err *e);         /* INT32_MIN: none */

/* Customers with something in a month: an accepted agreement in force on a day of it, time settled in it, hours bought
 * that could be used in it, or its statement. */
struct month_customer { int64_t id; const char *name; int64_t closed_at; };      /* closed_at 0: open */
int store_month_customers(struct db_conn *c, struct arena *a, int32_t month, int32_t first_day, int32_t last_day, struct month_customer **out,
	int *n, struct err *e);

/* *first: the notice had not been noted before. */
int store_bank_notice_add(struct db_conn *w, int64_t customer_id, int32_t month, int percent, int64_t at, bool *first, struct err *e);
struct notice_person { int64_t contact_id; const char *name, *email, *lang; };
/* The customer's people who decide: owners and approvers. */
int store_notice_people(struct db_conn *c, struct arena *a, int64_t customer_id, struct notice_person **out, int *n, struct err *e);
#endif
