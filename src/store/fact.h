/* fact.h - what proofs read: rows as they were known at a moment. Nothing stored later than `at` is given.
 *
 * Ownership:  arena given.   Errors: E_DB.   Units: us, minutes.   Threads: any.   Source: architecture, section 6. */
#ifndef PEDEL_STORE_FACT_H
#define PEDEL_STORE_FACT_H
#include <stdbool.h>
#include <stdint.h>
#include "store/db.h"
#include "store/event.h"

/* A ticket with everything that had happened to it. Probes' tickets and those the system itself made are not given. */
struct fact_ticket {
	int64_t id, number, created_at;
	const char *subject, *channel;
	const struct event *events; int nevents;        /* oldest first */
};
/* The customer's tickets that came in, changed, or were open since from_at, oldest first; `at` bounds tickets and events. */
int store_fact_tickets(struct db_conn *c, struct arena *a, int64_t customer_id, int64_t from_at, int64_t at, struct fact_ticket **out,
	int *n, struct err *e);

/* Time entries settled in a month (not internal, not removed): how many, and how many of work reported in the system. */
int store_fact_work(struct db_conn *c, int64_t customer_id, int32_t month, int64_t at, int64_t *entries, int64_t *reported, struct err *e);
#endif
