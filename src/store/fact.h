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

/* Time entries settled in from_month or later (up to to_month), as they were at `at`: one that was changed since is given
 * as it was. By (started_at, id). */
struct fact_time {
	int64_t id, person_id, ticket_id, started_at;
	const char *activity;
	int32_t day, month;
	int minutes, drive_out_minutes, drive_home_minutes, trip_customers, trip_part;
	bool late, reported;
};
int store_fact_time(struct db_conn *c, struct arena *a, int64_t customer_id, int32_t from_month, int32_t to_month, int64_t at,
	struct fact_time **out, int *n, struct err *e);

/* Months that were closed at or before `at`, the last first. */
struct fact_close { int32_t month; int64_t closed_at; const char *statement, *sha256; };
int store_fact_closes(struct db_conn *c, struct arena *a, int64_t customer_id, int64_t at, int limit, struct fact_close **out, int *n,
	struct err *e);
#endif
