/* promise.h - the promise ledger as pages: what the templates are given, and the sections other pages show.
 * Ownership: the request's arena.  Errors: none here.  Units: us.  Threads: the request's.  Source: ui.md, mock/. */
#ifndef PEDEL_PAGES_PROMISE_H
#define PEDEL_PAGES_PROMISE_H
#include "core/promise.h"
#include "core/proof.h"
#include "store/need.h"
#include "web/ui.h"

extern const struct web_route promise_routes[], promise_api_routes[], promise_portal_routes[], today_routes[];

/* One promise of one customer: measured now, with what the ledger knows of it. */
struct promise_line {
	struct promise_stand now;
	const char *title, *reason;             /* in the person's language; the first reason */
	int64_t since_at;
	int64_t ticket_number; const char *owner_name;  /* 0: no open ticket */
};
/* One service of a customer with its promises; strip: 30 days, oldest first. */
struct promise_group {
	const struct catalogue_service *service;
	const struct promise_line *lines; int nlines;
	int64_t count[7];
	int worst;                              /* 0 is worst */
	const char *const *strip; int nstrip; const char *strip_label;
};
struct promise_book promise_book_of(const struct web *w);
/* Every promise to a customer as it stands; promise_lines_read() brings title, reason, reasons and evidence of those shown. */
int promise_lines(struct web *w, int64_t customer_id, const char *service, bool evidence, struct promise_line **out, int *n, struct err *e);
int promise_lines_read(struct web *w, struct promise_line *lines, int n, struct err *e);
int promise_groups(struct web *w, int64_t customer_id, bool strips, const struct promise_group **out, int *n, int64_t count[7], struct err *e);
int promise_rank(enum promise_state s);         /* 0 broken, at risk, waiting, blind, not due, attested, 6 kept */
const char *promise_legend(struct web *w, const int64_t count[7]);      /* "2 broken, 5 at risk, ..." */
void promise_tally(struct web *w, const int64_t count[7], const char *href);   /* the meter and its legend; href: of the list, NULL: no links */
const char *promise_href(struct web *w, const char *href);      /* a proof's href in this area; NULL when it is not for this person */
/* Each day of one promise (key; NULL: all rows are its): broken, at risk or waiting when it was that at any time of the day, the worst of them;
 * otherwise what it was at the end of it: "kept", "attested" or "none". A day before it was there is left as it is (NULL). */
void promise_days_of(struct arena *a, const char **days, int n, int32_t first_day, const struct promise_row *rows, int nrows, const char *key);
/* The days' states of one promise, the last one today; "" before it was there. *label: how many of each. */
const char *const *promise_days(struct web *w, int64_t customer_id, const char *key, int days, const char **label, struct err *e);

/* The ledger on a customer's page: tally, services worst first, the worst open. */
void promise_ledger(struct web *w, int64_t customer_id);
void promise_duties(struct web *w, int64_t customer_id);        /* the customer's own part, for the side column */

/* What the ledger holds, as a line of a list. ticket: the number of the one that the reason is about; NULL: none. */
struct promise_queued { const struct promise_row *row; const char *title, *reason, *ticket; };
int  promise_queue(struct web *w, const struct promise_row *rows, int n, const struct promise_queued **out, struct err *e);
void promise_queue_row(struct web *w, const struct promise_queued *q);

struct promise_list_view {
	const struct promise_queued *rows; int n;
	int64_t count[7], customers, measured_at;
	const char *state, *service;
	const char *next;                       /* address of what follows; NULL: all */
};
void promise_list_page(struct web *w, const struct promise_list_view *v);
void promise_customer_page(struct web *w, int64_t customer_id, const char *customer);

struct promise_trail { int64_t at; const char *icon, *state, *what, *why, *hash, *href; };
struct promise_view {
	int64_t customer_id; const char *customer;
	struct promise_line line;
	const struct attestation *given; int ngiven;
	const struct promise_trail *trail; int ntrail; bool marked;     /* some of them with the beginning of their mark */
	const char *const *days; const char *days_label;
	int32_t shared_from;                    /* measured for all customers alike, this month from before the agreement began: its first day; else 0 */
	int64_t asked_at; struct promise_stand then; bool then_is; const char *typed_at, *example;   /* told again for a moment */
	const char *note, *expires;             /* as typed */
	const char *done;
	const struct promise_line *duty; int nduty;     /* the customer's part of the same service */
};
/* Everything about one promise but who asks again; E_PROMISE_UNKNOWN. */
int promise_show(struct web *w, int64_t customer_id, const char *key, int days, struct promise_view *v, struct err *e);
void promise_page(struct web *w, const struct promise_view *v);
void promise_evidence(struct web *w, const struct proof *p);
bool promise_evidence_seen(struct web *w, const struct proof_line *l); /* what it leads to is not an employee's to know when they may not open it */
bool promise_evidence_any(struct web *w, const struct proof *p);
void promise_trail_list(struct web *w, const struct promise_view *v);

struct promise_portal_view { const struct promise_group *groups; int n; int64_t count[7]; };
void promise_portal_list_page(struct web *w, const struct promise_portal_view *v);
void promise_portal_row(struct web *w, const struct promise_line *l);
void promise_portal_page(struct web *w, const struct promise_view *v);
void promise_ledger_section(struct web *w, const struct promise_portal_view *v, int64_t customer_id);
void promise_duties_section(struct web *w, const struct promise_line *lines, int n, int64_t customer_id);
struct home_promises { const struct promise_line *lines; int n, all; };
void promise_home_section(struct web *w, const struct home_promises *v);
void need_home_section(struct web *w, const struct need *n, int count);
struct need_view { struct need n; const char *done, *by; };      /* by: who answered; NULL: it was seen to be done */
void need_page(struct web *w, const struct need_view *v);
void need_answers(struct web *w, const struct need *n);
const char *need_answer_word(const struct web *w, const char *answer);   /* as on the button that gave it */

/* For the portal's front page. */
void home_part_needs(struct web *w);
void home_part_promises(struct web *w);
#endif
