/* time_entry.h - time written down, running timers, and what the hour bank reads besides. The rules are core/work.h.
 *
 * Ownership:  texts in the arena given.   Errors: E_DB, E_NOT_FOUND.
 * Units:      moments us, days since 1970, months since 1970-01, durations minutes.
 * Threads:    writing functions only inside a db_write() job.   Source: own design. */
#ifndef PEDEL_STORE_TIME_ENTRY_H
#define PEDEL_STORE_TIME_ENTRY_H
#include <stdbool.h>
#include <stdint.h>
#include "store/db.h"

struct time_entry {
	int64_t id, customer_id, ticket_id, person_id;  /* ticket_id 0: none */
	const char *activity;
	int64_t started_at;
	int32_t day, month;                             /* month: the one it is settled in */
	int minutes;
	const char *note;
	int drive_out_minutes, drive_home_minutes;      /* of the whole trip */
	int trip_customers, trip_part;                  /* it served so many customers; this one is number 1, 2 ... */
	bool late, reported;
	int64_t created_at, created_by, removed_at;     /* removed_at 0: it stands */
	/* read along with it; not written */
	const char *person_name, *person_login, *customer_name, *ticket_subject, *category_service;    /* "" when there is none */
	int64_t ticket_number;
};
int store_time_add(struct db_conn *w, struct time_entry *t, struct err *e);             /* fills id; keeps the ticket's sum right */
int store_time_set(struct db_conn *w, const struct time_entry *t, struct err *e);       /* all but who it belongs to */
int store_time_get(struct db_conn *c, struct arena *a, int64_t id, struct time_entry *out, struct err *e);     /* not removed ones */

/* What stands, by (started_at, id). */
int store_time_of_customer(struct db_conn *c, struct arena *a, int64_t customer_id, int32_t from_month, int32_t to_month,
	struct time_entry **out, int *n, struct err *e);
int store_time_of_person(struct db_conn *c, struct arena *a, int64_t person_id, int32_t from_day, int32_t to_day,
	struct time_entry **out, int *n, struct err *e);
int store_time_of_ticket(struct db_conn *c, struct arena *a, int64_t ticket_id, struct time_entry **out, int *n, struct err *e);
/* The latest first; 0 is any; before_id 0: from the end. */
int store_time_list(struct db_conn *c, struct arena *a, int64_t customer_id, int64_t ticket_id, int64_t person_id, int64_t before_id, int limit,
	struct time_entry **out, int *n, struct err *e);
int store_time_first_month(struct db_conn *c, int64_t customer_id, int32_t *month, struct err *e);     /* INT32_MAX: no time at all */

/* The ticket; when it was merged, the one that lives on. */
struct time_ticket { int64_t id, number, customer_id; const char *subject, *channel, *customer_name; };
int store_time_ticket(struct db_conn *c, struct arena *a, int64_t ticket_id, struct time_ticket *out, struct err *e);
int store_time_person_by_login(struct db_conn *c, const char *login, int64_t *person_id, struct err *e);
int store_time_customer(struct db_conn *c, struct arena *a, int64_t customer_id, const char **name, const char **lang, struct err *e);

struct timer { int64_t person_id, ticket_id, customer_id, started_at; int kept_minutes; bool running; int64_t ticket_number; const char *ticket_subject; };
int store_timer_get(struct db_conn *c, struct arena *a, int64_t person_id, struct timer *out, struct err *e);  /* E_NOT_FOUND: none */
int store_timer_put(struct db_conn *w, const struct timer *t, struct err *e);
int store_timer_remove(struct db_conn *w, int64_t person_id, struct err *e);

/* Items of agreements that were accepted (and perhaps replaced or ended since), the newest acceptance first. */
struct bank_item { int64_t agreement_id, accepted_at; int32_t from_day, to_day; const char *service, *terms; int64_t ended_at; };
int store_bank_items(struct db_conn *c, struct arena *a, int64_t customer_id, struct bank_item **out, int *n, struct err *e);
#endif
