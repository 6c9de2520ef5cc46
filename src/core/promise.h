/* promise.h - the promise ledger: what was promised to a customer, how each promise stood at any moment, and what follows
 * when a state changes.
 *
 * A state is a pure function of stored facts and a moment (core/service.h). The sweep only writes down when it changed:
 * it looks at exactly the moments at which something happened or a deadline passed, so that promise_at() gives, for every
 * moment up to the last sweep, the state that was stored.
 * Ownership:  arena given; promises' texts are those of the version that was accepted.
 * Errors:     E_PROMISE_UNKNOWN: not promised to that customer at that moment; E_DB and kin.
 * Units:      us.      Threads: any; promise_sweep() from one thread of a process.
 * Source:     architecture, section 6. */
#ifndef PEDEL_CORE_PROMISE_H
#define PEDEL_CORE_PROMISE_H
#include "core/role.h"
#include "core/service.h"
#include "store/promise.h"

struct desk;                                    /* core/ticket.h */

/* What the program knows: the catalogue and the services' proofs. */
struct promise_book {
	const struct catalogue *catalogue;
	const struct service *const *services;
	const char *origin;                             /* for links in mails; NULL or "": none */
};

struct promise_stand {
	int64_t customer_id, agreement_id;
	const char *agreement_number;
	const struct catalogue_service *service;        /* as accepted */
	const struct promise *promise;
	bool live;                                      /* a proof measures it; otherwise somebody attests it */
	struct proof proof;
	const struct promise_row *held;                 /* promise_list_now(): what the ledger holds, NULL when nothing yet */
	bool unread;                                    /* the lines of proof are still in held: promise_stand_read() */
};
/* Every promise in force now, in the order of the agreement, as the ledger holds it; what the sweep has yet to look at
 * (something just happened, or a moment has just passed) is judged, so that nobody sees an answer older than the facts.
 * service NULL: all. evidence false: what is not judged has none. promise_stand_read() before reasons and evidence are used. */
int promise_list_now(struct db_conn *c, struct arena *a, const struct promise_book *b, int64_t customer_id, const char *service, bool evidence,
	int64_t now, struct promise_stand **out, int *n, struct err *e);
int promise_stand_read(struct arena *a, struct promise_stand *s, struct err *e);
/* Every promise in force at a moment, in the order of the agreement, with its proof. service NULL: all. */
int promise_list_at(struct db_conn *c, struct arena *a, const struct promise_book *b, int64_t customer_id, const char *service, int64_t at,
	struct promise_stand **out, int *n, struct err *e);
int promise_at(struct db_conn *c, struct arena *a, const struct promise_book *b, int64_t customer_id, const char *key, int64_t at,
	struct promise_stand *out, struct err *e);
/* The terms agreed for a service at a moment; NULL when it is not on an agreement. json_decref() it. */
int promise_terms(struct db_conn *c, struct arena *a, int64_t customer_id, const char *service, int64_t at, json_t **out, struct err *e);
/* What lists and tickets call it: its title, or the first sentence of its text, at most 90 chars. */
const char *promise_title(struct arena *a, const struct promise *p, enum lang lang);

/* Write down everything that changed up to `at`, with what follows: an event, a ticket, a need. Call it with a moment a
 * little in the past (PROMISE_SETTLE_US), so that what happened before it is on disk. *more: call again, there is more. */
#define PROMISE_SETTLE_US (2 * INT64_C(1000000))
int promise_sweep(struct db *d, const struct promise_book *b, int64_t at, bool *more, struct err *e);

/* Ask again for what customers have not answered in a week. */
#define PROMISE_REMIND_DAYS 7
int promise_remind(struct db *d, const struct promise_book *b, int64_t now, struct err *e);

/* A person vouches for a promise that no proof measures, until a moment. Inside a db_write() job. E_REQUIRED (note),
 * E_DATE_INVALID (expires: past, or more than 400 days ahead). */
int promise_attest(struct db_conn *w, struct arena *a, const struct actor *who, int64_t customer_id, const char *key, const char *note,
	int64_t expires_at, int64_t now, int64_t *id, struct err *e);
int promise_attest_withdraw(struct db_conn *w, struct arena *a, const struct actor *who, int64_t customer_id, const char *key, int64_t id,
	int64_t now, struct err *e);
#define PROMISE_ATTEST_MAX_DAYS 400

/* A customer's answer to a need: "yes" "no" "call" to a decision, "done" or "call" to a duty; who asked is told.
 * Inside a db_write() job. */
int promise_answer_need(struct db_conn *w, struct arena *a, const struct desk *d, const struct actor *who, int64_t need_id, const char *answer,
	struct err *e);
#endif
