/* agreement.h - agreements and their items, as rows. What may happen to them is core/agreement.h.
 *
 * Which agreement holds on a day is told by days alone: accepted_at is set and valid_from_day <= day <= valid_to_day. The
 * state says what was done to it: an agreement that is superseded or ended may still hold until its last day.
 * Ownership: arena given.  Errors: E_DB, E_NOT_FOUND, E_AGREEMENT_CHANGED.  Units: days since 1970, øre, us.
 * Threads: writing functions only inside a db_write() job.  Source: architecture, sections 1 and 6. */
#ifndef PEDEL_STORE_AGREEMENT_H
#define PEDEL_STORE_AGREEMENT_H
#include <stdbool.h>
#include <stdint.h>
#include "store/db.h"

struct agreement_item { int64_t id; const char *service; int catalogue_version; const char *terms; };   /* terms: JSON text */
struct agreement {
	int64_t id, customer_id;
	const char *customer_name;                      /* read with it, never written */
	const char *number, *state, *lang;              /* state: draft | sent | accepted | superseded | ended */
	int32_t valid_from_day, valid_to_day;           /* valid_to_day: last day; INT32_MAX: open */
	int64_t price_ore; const char *period, *note;
	int64_t supersedes, created_at, created_by, sent_at, accepted_at, accepted_contact_id, ended_at;
	const char *accepted_name, *accepted_via, *text_sha256;
	int version;
	struct agreement_item *items; int nitems;
};
int store_agreement_add(struct db_conn *w, struct arena *a, struct agreement *g, struct err *e);        /* fills id, number, items' ids */
int store_agreement_get(struct db_conn *c, struct arena *a, int64_t customer_id, int64_t id, struct agreement *out, struct err *e); /* customer_id 0: any */
/* With items, newest first; customer_id 0: everybody's. before_id 0: from the newest. */
int store_agreement_list(struct db_conn *c, struct arena *a, int64_t customer_id, int64_t before_id, int limit, struct agreement **out, int *n,
	struct err *e);
/* Writes all fields of an agreement that is not accepted yet, and its items when with_items. E_AGREEMENT_CHANGED when g->version
 * is not the stored one; g->version is raised. */
int store_agreement_set(struct db_conn *w, struct agreement *g, bool with_items, struct err *e);
/* The only change to an accepted agreement: its state and last day. */
int store_agreement_close(struct db_conn *w, const struct agreement *g, const char *state, int32_t valid_to_day, int64_t ended_at, struct err *e);

/* The accepted agreement item for a service that holds on a day: at most one. E_NOT_FOUND when there is none. */
int store_agreement_in_force(struct db_conn *c, struct arena *a, int64_t customer_id, int32_t day, const char *service, struct agreement *g,
	struct agreement_item *item, struct err *e);
/* All accepted agreements (with their items) that hold on some day of the span, by first day; service NULL: whichever they hold,
 * otherwise only those with it, and only that item. Agreements without any day (superseded from their first day) never come. */
int store_agreement_spans(struct db_conn *c, struct arena *a, int64_t customer_id, int32_t from_day, int32_t to_day, const char *service,
	struct agreement **out, int *n, struct err *e);

/* The whole text that was sent or accepted. Keeping the same text again is harmless. */
int store_agreement_keep_text(struct db_conn *w, const struct agreement *g, const char *sha256, const char *text, int64_t now, struct err *e);
int store_agreement_text(struct db_conn *c, struct arena *a, const struct agreement *g, const char **text, struct err *e);  /* of g->text_sha256 */

/* The same as facts (JSON of core/agreement_doc.h), and its PDF once it is accepted: kept the first time, never written over.
 * E_NOT_FOUND: none is kept, as of agreements sent before Pedel kept them. */
int store_agreement_keep_doc(struct db_conn *w, const struct agreement *g, const char *sha256, const char *doc, int64_t now, struct err *e);
int store_agreement_doc(struct db_conn *c, struct arena *a, const struct agreement *g, const char **doc, struct err *e);    /* of g->text_sha256 */
int store_agreement_keep_pdf(struct db_conn *w, const struct agreement *g, const void *pdf, size_t n, int64_t now, struct err *e);
int store_agreement_pdf(struct db_conn *c, struct arena *a, const struct agreement *g, struct db_bytes *pdf, struct err *e);

/* Every item that was ever accepted, one by one: the first after after_item_id, or E_NOT_FOUND. text, doc: the kept ones, NULL when there is none. */
struct agreement_accepted { int64_t item_id, customer_id, agreement_id; const char *customer_name, *number, *service; int catalogue_version;
	const char *terms, *text_sha256, *text, *doc; };
int store_agreement_next_accepted(struct db_conn *c, struct arena *a, int64_t after_item_id, struct agreement_accepted *out, struct err *e);

/* Those the customer said yes to in the portal since a moment, the latest first: what nobody of ours has seen happen. */
struct agreement_yes_row { int64_t id, accepted_at; const char *number, *customer_name, *accepted_name; };
int store_agreement_said_yes(struct db_conn *c, struct arena *a, int64_t since_at, int limit, struct agreement_yes_row **out, int *n, struct err *e);

/* The two parties as they are now, and who at the customer may accept. */
struct agreement_customer { int64_t id; const char *name, *cvr, *gln, *street, *postcode, *city; enum lang lang; bool active; };
struct agreement_decider { int64_t id, customer_id; const char *name, *email, *role; enum lang lang; bool active; };
int store_agreement_customer(struct db_conn *c, struct arena *a, int64_t customer_id, struct agreement_customer *out, struct err *e);
int store_agreement_contact(struct db_conn *c, struct arena *a, int64_t customer_id, int64_t contact_id, struct agreement_decider *out, struct err *e);
int store_agreement_deciders(struct db_conn *c, struct arena *a, int64_t customer_id, struct agreement_decider **out, int *n, struct err *e);

/* The need "accept" put to the customer while the agreement is sent, and its answer ("accepted", "declined", "withdrawn"). */
int store_agreement_ask(struct db_conn *w, const struct agreement *g, const char *title, const char *body, int64_t now, int64_t by, struct err *e);
int store_agreement_answer(struct db_conn *w, const struct agreement *g, const char *answer, int64_t now, int64_t by, struct err *e);
#endif
