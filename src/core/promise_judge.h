/* promise_judge.h - asking proofs: what promise.c, promise_now.c, promise_sweep.c and promise_follow.c share. Not for others.
 * Ownership: arena given.  Errors: E_DB and kin.  Units: us.  Threads: one per struct judge.  Source: own design. */
#ifndef PEDEL_CORE_PROMISE_JUDGE_H
#define PEDEL_CORE_PROMISE_JUDGE_H
#include "core/promise.h"
#include "store/probe.h"

#define JUDGE_TEXTS 128
struct text_kept;
/* One answer for many customers, with its lines as they are stored. */
struct proof_kept { const struct service_promise *prover; int64_t at; const char *terms; struct proof proof; const char *reasons, *evidence; };
#define JUDGE_PROOFS 32
struct judge {
	struct db_conn *c;
	struct arena *t;                                /* what lasts as long as the judge: texts */
	struct arena *a;                                /* what lasts as long as its customer; may be the same */
	struct arena *s;                                /* what one question needs; may be the same */
	const struct promise_book *book;
	int64_t customer_id;
	struct attestation *attested; int nattested;    /* of this customer, newest first; read when first needed (attested_read) */
	bool attested_read;
	struct judge_item *accepted; int naccepted;     /* every item this customer ever accepted, newest of a service first */
	struct probe_month probes;                      /* as of probes.at */
	const struct probe_month *known; int nknown;    /* the same at moments that many customers are asked about, oldest first */
	struct text_kept *texts; int ntexts;
	struct proof_kept *proofs; int nproofs;
	struct err broken;                              /* id not E_NONE: this customer cannot be judged, and why: every promise is blind */
	const struct proof_kept *same;                  /* the last answer was this one; NULL: its customer's own */
};
/* terms NULL: not read yet; trouble: the text that was accepted cannot be read, and text is the catalogue's of today. */
struct judge_item { struct promise_item row; const struct catalogue_service *text; json_t *terms; struct err trouble; };

/* What is wrong with one agreement is never the others' trouble: true when only the database or the machine can mend it. */
bool judge_stops(const struct err *e);

void judge_begin(struct judge *j, struct db_conn *c, struct arena *t, struct arena *a, struct arena *s, const struct promise_book *b);
void judge_end(struct judge *j);
int judge_customer(struct judge *j, int64_t customer_id, struct err *e);                /* ends the one before */
int judge_items(struct judge *j, int64_t at, struct judge_item ***out, int *n, struct err *e);  /* what was in force then */
/* Both of these for a whole list: the items by the order of the catalogue, and room for a stand of each of their promises. service
 * NULL: all. */
int judge_agreed(struct judge *j, int64_t customer_id, const char *service, int64_t at, struct judge_item ***out, int *n, struct promise_stand **room,
	struct err *e);
int judge_promise(struct judge *j, struct judge_item *item, const struct promise *p, int64_t at, struct promise_stand *out, struct err *e);
const struct service_promise *judge_prover(const struct promise_book *b, const char *service, const char *key);

/* Append to the event chain; takes data over. object is made from kind. */
int promise_event(struct db_conn *w, struct arena *a, const struct actor *who, int64_t customer_id, const char *kind, int64_t object_id, int64_t at,
	json_t *data, struct err *e);

/* A promise went from one state to another, and stays there for now: ticket, need, mail. row is what holds now (its ticket
 * may be written); before: what held, NULL when nothing did. p NULL: the promise is no longer in force, row is what ended. */
int promise_follow(struct db_conn *w, struct arena *a, const struct promise_book *b, const struct promise_row *row, const struct promise_row *before, const struct catalogue_service *s,
	const struct promise *p, int64_t now, struct err *e);
#endif
