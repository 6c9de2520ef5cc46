/* agreement.h - what can happen to an agreement: drafted, changed, sent, declined, accepted, superseded, ended. Never edited
 * once it is accepted: a new one is made from it and, when that is accepted, the old one ends the day before.
 *
 * Every function runs inside a db_write() job, checks that the actor may see the customer, and writes its event and mails in the
 * same transaction. portal, console, API and mail all come through here.
 * Ownership:  arena given.
 * Errors:     E_NOT_FOUND, E_AGREEMENT_STATE (not possible from here), E_AGREEMENT_CHANGED, E_AGREEMENT_OVERLAP, E_AGREEMENT_EMPTY,
 *             E_AGREEMENT_NOBODY, E_ACCEPT_ROLE, E_SERVICE_UNKNOWN, E_SERVICE_TWICE, E_DATE_ORDER, E_DAY_CLOSED (a closed month
 *             would change; the first day that would do is the detail) and those of terms_check(),
 *             with fields "items[0].service", "items[0].terms.hours_per_month", "valid_from", "valid_to".
 * Units:      days since 1970, us, øre.   Threads: a db_write() job.   Source: architecture, sections 1 and 6. */
#ifndef PEDEL_CORE_AGREEMENT_H
#define PEDEL_CORE_AGREEMENT_H
#include <jansson.h>
#include "core/catalogue.h"
#include "core/role.h"
#include "store/agreement.h"

/* What every operation is given. */
struct agreement_do {
	struct db_conn *w;
	struct arena *a;
	const struct catalogue *catalogue;      /* as it is now: drafts are made of it */
	const struct actor *who;
	int64_t now;
	const char *origin;                     /* for links in mails: "https://desk.example.dk"; NULL or "": there are none */
};
struct agreement_want { const char *service; json_t *terms; };         /* terms: borrowed; NULL is {} */
struct agreement_input {
	int64_t customer_id;                    /* only read by agreement_draft() */
	int32_t valid_from_day, valid_to_day;   /* INT32_MAX: open */
	const char *lang;                       /* "da" | "en"; NULL: the customer's */
	const char *note;                       /* NULL: none */
	const struct agreement_want *items; int nitems;
	int64_t supersedes;                     /* the accepted agreement it is to take the place of; 0: none; only for agreement_draft() */
	int version;                            /* the draft as it was read; only for agreement_change() */
};
int agreement_draft(struct agreement_do *d, const struct agreement_input *in, struct agreement *out, struct err *e);
/* Nothing happens when nothing in it is another. */
int agreement_change(struct agreement_do *d, int64_t id, const struct agreement_input *in, struct agreement *out, struct err *e);
/* Fixes the text, puts it to the customer's deciders by mail and as something we need from them. */
int agreement_send(struct agreement_do *d, int64_t id, struct err *e);
int agreement_take_back(struct agreement_do *d, int64_t id, struct err *e);     /* sent -> draft, by the provider */
/* sent -> draft, by the customer, who is given a ticket about it: *ticket is its number. The same no said again changes nothing. */
int agreement_decline(struct agreement_do *d, int64_t id, const char *why, int64_t *ticket, struct err *e);
/* From draft or sent. contact_id: the owner or approver who accepts; name: as signed (NULL: the contact's); via: portal | paper |
 * phone | mail | api. text_sha256: the text the person saw (NULL: not said); another one now is E_AGREEMENT_CHANGED. */
struct agreement_yes { int64_t contact_id; const char *name, *via, *text_sha256; };
int agreement_accept(struct agreement_do *d, int64_t id, const struct agreement_yes *yes, struct err *e);
/* A new draft from an accepted agreement, with the catalogue as it is now; terms that still fit are kept. */
int agreement_supersede(struct agreement_do *d, int64_t id, struct agreement *out, struct err *e);
/* Accepted: the last day it holds. Draft: it is dropped, last_day is not read. Sent: E_AGREEMENT_STATE, take it back first. */
int agreement_end(struct agreement_do *d, int64_t id, int32_t last_day, struct err *e);

/* The sum of the items' monthly_price_ore. */
int64_t agreement_price(const struct agreement *g);
#endif
