/* service.h - the face of one service: const data and a few functions, in src/services/<key>/service.c; listed in
 * src/services/all.c. Texts, terms and promises are in catalogue/<key>.md; a check compares the two both ways.
 *
 * Ownership:  everything returned lives in the arena given.   Errors: E_DB and kin.   Units: us, minutes, øre.
 * Threads:    any; functions keep nothing.   Source: architecture, sections 5 and 6. */
#ifndef PEDEL_CORE_SERVICE_H
#define PEDEL_CORE_SERVICE_H
#include <jansson.h>
#include "base/lang.h"
#include "core/catalogue.h"
#include "store/db.h"

enum promise_state { PROMISE_KEPT, PROMISE_AT_RISK, PROMISE_BROKEN, PROMISE_BLIND, PROMISE_ATTESTED, PROMISE_NOT_DUE, PROMISE_WAITING };
const char *promise_state_name(enum promise_state s);   /* "at_risk": stored, in the API */
int promise_state_by_name(const char *name);            /* -1 when there is none such */

/* A reason or evidence line, in both languages; href may be NULL. */
struct proof_line { const char *text[LANG__N]; const char *href; int64_t at; };
struct proof {
	enum promise_state state;
	const struct proof_line *reasons; int nreasons;         /* at least one, always */
	const struct proof_line *evidence; int nevidence;       /* newest first, at most 20 */
	int64_t due_at;                                         /* when it breaks if nothing is done; 0: not known */
	/* The first later moment at which time alone can give another answer (a deadline, the end of the month); too early
	 * does no harm, too late would hide a change. MOMENT_NEVER: only new facts can change it. */
	int64_t check_at;
};
struct probe_month;                                     /* store/probe.h */
/* One promise of one customer under one agreement, looked at from one moment. */
struct proof_question {
	struct arena *a;
	struct db_conn *db;
	int64_t customer_id, agreement_id, at;          /* only facts that were stored at or before `at` count */
	int64_t valid_from_at;                          /* the agreement's first moment: nothing is due before */
	const json_t *terms;                            /* checked terms of the item */
	const struct probe_month *probes;               /* what the probes measured, the same for every customer; never NULL */
};
/* Answers for one promise. Pure in (stored facts up to q->at, q): asking again for the same moment gives the same answer,
 * however much happened since. Never PROMISE_KEPT without facts that say so: nothing seen is PROMISE_BLIND or NOT_DUE. */
typedef int proof_fn(const struct proof_question *q, struct proof *out, struct err *e);

struct service_promise {
	const char *key;
	proof_fn *prove;                                /* NULL: a person attests it */
	bool probes;                                    /* the proof reads q->probes: asked again at each measurement */
	bool alone;                                     /* it reads q->probes, q->terms and q->at alone: one answer for all who have those terms */
};
struct service {
	const char *key;                                /* folder name and catalogue key; never changes once released */
	const struct service_promise *promises;         /* ends with {0}; same keys as the catalogue file */
	const char *const *terms;                       /* the terms its code reads; NULL-terminated; each is in the catalogue */
};
#endif
