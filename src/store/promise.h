/* promise.h - what every promise was and is, as rows: a row per stretch of one state; who attested what.
 *
 * Ownership:  texts in the arena given.   Errors: E_DB, E_NOT_FOUND.   Units: us; MOMENT_NEVER: not over yet.
 * Threads:    writing functions only inside a db_write() job.   Source: architecture, section 6. */
#ifndef PEDEL_STORE_PROMISE_H
#define PEDEL_STORE_PROMISE_H
#include <stdbool.h>
#include <stdint.h>
#include "store/db.h"

struct promise_row {
	int64_t id, customer_id, agreement_id;
	const char *customer_name;              /* read only */
	const char *service, *promise, *party, *state;
	int64_t since_at, until_at, measured_at, due_at, check_at;
	const char *reasons, *evidence;         /* JSON, core/proof.h */
	int64_t ticket_id;                      /* 0: none */
	int64_t ticket_number, owner_id;        /* read only: of that ticket */
	const char *owner_name;
};
/* What holds now. customer_id 0, NULL: any. States: a comma list "broken,at_risk"; service: its key. Worst first, then by
 * when it breaks, then by customer. */
struct promise_filter { int64_t customer_id; const char *states, *service, *promise; int offset, limit; bool bare; };     /* bare: evidence is NULL */
int store_promise_list(struct db_conn *c, struct arena *a, const struct promise_filter *f, struct promise_row **out, int *n, struct err *e);
/* What holds now of one customer, in no order; evidence false: it is not read (NULL). */
int store_promise_held(struct db_conn *c, struct arena *a, int64_t customer_id, bool evidence, struct promise_row **out, int *n, struct err *e);
/* When the latest of the customer's rows ended; 0: none has. */
int store_promise_ended(struct db_conn *c, int64_t customer_id, int64_t *ended_at, struct err *e);
/* Has something happened to the customer that the sweep has not looked at yet? */
int store_promise_waits(struct db_conn *c, int64_t customer_id, bool *waits, struct err *e);
/* How many stand in each state now: in the order of enum promise_state. *customers: how many have any. */
int store_promise_count(struct db_conn *c, int64_t customer_id, const char *service, int64_t count[7], int64_t *customers, int64_t *measured_at,
	struct err *e);
int store_promise_broken(struct db_conn *c, int64_t *n, struct err *e);      /* how many, of all customers */
/* Agreements that cannot be read: their promises are blind, and the first line of evidence leads to PROMISE_UNREAD and the
 * agreement's id. At most 20; in order of the customer's name. */
#define PROMISE_UNREAD "unread/"
struct promise_unread { int64_t customer_id, agreement_id; const char *customer_name, *number, *reasons; };
int store_promise_unread(struct db_conn *c, struct arena *a, struct promise_unread **out, int *n, struct err *e);
/* One promise over time (promise NULL: all of the customer's), those that ended after from_at, newest first. */
int store_promise_history(struct db_conn *c, struct arena *a, int64_t customer_id, const char *promise, int64_t from_at, int limit,
	struct promise_row **out, int *n, struct err *e);

/* The first hex digits of the event that wrote the row, for people: "9f3c 81a0". "" when there is none. */
int store_promise_hash(struct db_conn *c, struct arena *a, int64_t id, const char **out, struct err *e);

/* Ends the row that holds now (expect: its id, 0 when there is none) at r->since_at and begins r (fills r->id). Nothing
 * happens, and *done is false, when another row holds by now. r->state NULL: only end. */
int store_promise_turn(struct db_conn *w, int64_t expect, struct promise_row *r, bool *done, struct err *e);
int store_promise_touch(struct db_conn *w, const struct promise_row *r, struct err *e);         /* measured, due, check, reasons, evidence, agreement */
int store_promise_ticket(struct db_conn *w, int64_t id, int64_t ticket_id, struct err *e);

/* Who takes the ticket of a broken promise: the person set in the setting promises.owner, else whoever owns the customer's
 * latest ticket, else the first active technician, else the first active administrator. 0: there is nobody. */
int store_promise_owner(struct db_conn *c, int64_t customer_id, int64_t *person_id, struct err *e);

/* An agreement's item with what it takes to know when it held. Every item accepted at or before `at` whose agreement has
 * begun by `day`, the latest accepted first for each service. */
struct promise_item {
	int64_t agreement_id; const char *number, *service; int catalogue_version; const char *terms;
	int32_t valid_from_day, valid_to_day;   /* INT32_MAX: open */
	int64_t accepted_at, changed_at;        /* changed_at: when the end was written; 0: not since acceptance */
};
int store_promise_items(struct db_conn *c, struct arena *a, int64_t customer_id, int64_t at, int32_t day, struct promise_item **out, int *n,
	struct err *e);

/* The catalogue text that was stored for a version; E_NOT_FOUND. */
int store_promise_text(struct db_conn *c, struct arena *a, const char *service, int version, const char **text, struct err *e);

/* How far the sweep has come; 0, 0 before the first. */
int store_promise_mark(struct db_conn *c, int64_t *swept_at, int64_t *event_id, struct err *e);
int store_promise_mark_set(struct db_conn *w, int64_t swept_at, int64_t event_id, struct err *e);

/* Who must be looked at: customers with events after *event_id (moves it to the last one seen) and up to `at`, those with a
 * check_at in (after, at], those whose agreements begin or end on a day that began in (after, at]. */
struct promise_stir { int64_t customer_id, at; };       /* at: the moment to look at */
int store_promise_stirred(struct db_conn *c, struct arena *a, int64_t *event_id, int64_t after, int64_t at, int limit, struct promise_stir **out,
	int *n, struct err *e);
/* What holds of a promise now, by customer. */
int store_promise_holders(struct db_conn *c, struct arena *a, const char *promise, struct promise_row **out, int *n, struct err *e);

struct attestation { int64_t id, customer_id; const char *promise; int64_t person_id; const char *person_name; int64_t at, expires_at; const char *note;
	int64_t withdrawn_at; };
int store_attestation_add(struct db_conn *w, struct attestation *t, struct err *e);             /* fills id */
int store_attestation_withdraw(struct db_conn *w, int64_t customer_id, int64_t id, int64_t now, struct err *e);        /* E_NOT_FOUND: none that holds */
/* Newest first; those given at or before `at`. promise NULL: all of the customer's. */
int store_attestation_list(struct db_conn *c, struct arena *a, int64_t customer_id, const char *promise, int64_t at, struct attestation **out, int *n,
	struct err *e);
#endif
