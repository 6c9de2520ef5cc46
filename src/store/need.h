/* need.h - what the provider needs from a customer: a decision, a duty to be done, an agreement to be accepted.
 *
 * Ownership:  texts in the arena given.   Errors: E_DB, E_NOT_FOUND.   Units: us.
 * Threads:    writing functions only inside a db_write() job.   Source: architecture, section 6. */
#ifndef PEDEL_STORE_NEED_H
#define PEDEL_STORE_NEED_H
#include <stdint.h>
#include "store/db.h"

struct need {
	int64_t id, customer_id;
	const char *promise;                    /* "" when it is not about one */
	const char *title, *body, *kind;        /* kind: decision | duty | accept */
	const char *object; int64_t object_id;  /* what it is about, "" and 0: nothing */
	int64_t asked_at, asked_by, reminded_at, answered_at;
	const char *answer;                     /* "yes" "no" "call" "done"; "" until then */
	int64_t answered_by;                    /* contact; 0: the system saw that it is done */
};
int store_need_add(struct db_conn *w, struct need *n, struct err *e);           /* fills id */
int store_need_get(struct db_conn *c, struct arena *a, int64_t customer_id, int64_t id, struct need *out, struct err *e);
/* Unanswered, oldest first. customer_id 0: everybody's. */
int store_need_open(struct db_conn *c, struct arena *a, int64_t customer_id, struct need **out, int *n, struct err *e);
int store_need_for(struct db_conn *c, struct arena *a, int64_t customer_id, const char *promise, struct need *out, struct err *e);     /* open one; E_NOT_FOUND */
/* About one thing, answered or not, the latest first. */
int store_need_about(struct db_conn *c, struct arena *a, int64_t customer_id, const char *promise, const char *object, int64_t object_id,
	struct need **out, int *n, struct err *e);
/* Unanswered duties and decisions asked or reminded before a moment. */
int store_need_stale(struct db_conn *c, struct arena *a, int64_t before_at, struct need **out, int *n, struct err *e);
int store_need_remind(struct db_conn *w, int64_t customer_id, int64_t id, int64_t now, struct err *e);
int store_need_answer(struct db_conn *w, int64_t customer_id, int64_t id, const char *answer, int64_t by, int64_t now, struct err *e);  /* E_NOT_FOUND: answered already */
/* What people of customers answered in the portal since a moment, agreements apart, the latest first. */
struct need_answer { int64_t id, customer_id, answered_at; const char *customer_name, *contact_name, *title, *answer; };
int store_need_answered(struct db_conn *c, struct arena *a, int64_t since_at, int limit, struct need_answer **out, int *n, struct err *e);
#endif
