/* time.h - pages and API of time and the hour bank, and the part of a ticket's reply box that writes time down.
 * Ownership: the request's arena.  Errors: as core/work.h.  Units: minutes, us, months.  Threads: the request's.  Source: ui.md; docs/hours.md. */
#ifndef PEDEL_PAGES_TIME_H
#define PEDEL_PAGES_TIME_H
#include "core/bank_tell.h"
#include "core/work.h"
#include "pages/customer.h"
#include "web/web.h"

extern const struct web_route time_routes[], time_api_routes[], hours_routes[];

/* The time part of the reply box on a ticket, and the bank beside it. */
struct work_form {
	int64_t ticket_id;              /* 0: the form asks for the ticket's number */
	bool placed;                    /* the ticket has a customer; without one no time can be written */
	struct statement bank;          /* this month, when placed */
	enum bank_yes yes;              /* whether the customer lets us go on, when the agreement says to ask */
	struct timer timer;             /* person_id 0: the person has none */
	int timer_minutes;
	const struct time_entry *entries; int nentries; int64_t spent;          /* on this ticket */
};
int work_form_load(struct web *w, int64_t customer_id, int64_t ticket_id, struct work_form *f, struct err *e);
void work_form(struct web *w, const struct work_form *f);               /* inside a form: minutes, kind of work, bank before, driving */
void work_timer(struct web *w, const struct work_form *f);              /* its own forms: start, pause, drop; not inside another */
void work_bank(struct web *w, const struct work_form *f);               /* for the side: the month's bank and the time on this ticket */
/* Fields minutes, activity, started_at, drive_out_minutes, drive_home_minutes, note, late. *given is false when minutes is blank. */
bool work_more_wrong(const struct web *w);
int work_form_read(struct web *w, int64_t ticket_id, struct work_in *in, bool *given, struct err *e);
/* Time was refused: if it was because the hours are used up, the customer is asked now. why stays as it is. */
const char *work_asked(const struct web *w, enum bank_yes v);            /* how "stop and ask first" stands */
void work_refused(struct web *w, const struct err *why, int64_t ticket_id, int64_t entry_id);
const char *work_activity(const struct web *w, enum activity v);        /* "Fjernsupport" */

bool hours_plain(const struct statement *s);            /* no hours but the month's own, all of them */
/* The lines of the fixed amount: one when only the service agreement costs anything, otherwise one for each service. */
int hours_fees(const struct statement *s);
const char *hours_fee_name(const struct web *w, const struct statement *s, int i);
int64_t hours_fee_ore(const struct statement *s, int i);
const char *hours_why(const struct web *w, enum bank_why v);             /* "Time beyond the hours": what an invoice line is for */
/* Close a month in a job of its own; the snapshot sees it after. */
int hours_close(struct web *w, int64_t customer_id, int32_t month, int *closed, struct err *e);
/* What a customer may see of a statement: never internal time; no single entries when time is not visible. */
void hours_for_customer(struct web *w, struct statement *s);
void hours_home(struct web *w);         /* this month's hours on the portal's front page; nothing for those who do not decide */
/* The month as a document for app->make_pdf (wire/conv.h), and as CSV. */
json_t *hours_document(struct web *w, const struct statement *s, bool entries);
const char *hours_csv(struct web *w, const struct statement *s, size_t *n);

/* what the templates of time.html and hours.html are given */
struct week_day { int32_t day; const struct time_entry *entries; int n; int64_t minutes; };
struct week_view {
	int32_t monday;
	struct week_day days[7];
	int64_t minutes, internal, driving;
	const char *person, *login;     /* whose week; login "" : one's own */
	const char *prev, *next, *done;
	struct work_form form;
	const char *ticket;             /* number to begin with */
};
struct entry_view { struct time_entry t; const char *done; };
struct hours_view {
	struct statement s;
	const struct customer *of;                      /* console: whose tabs stand above */
	bool portal, entries, over, may_close;          /* entries: single entries may be shown; over: the month has ended */
	const char *base, *prev, *next, *done;          /* base: the address without the month; prev, next: months or NULL */
	const int64_t *days; int ndays, days_known;     /* known: up to today */
	const struct statement *past; int npast;
	const char *chart;                              /* the chart in words */
	int64_t drive, drive_free, drive_bill;
	int64_t left;                                   /* today, or at the month's end */
	enum bank_yes yes;
};
struct billing_row { int64_t id; const char *name; struct statement s; bool chosen; };
struct billing_view { int32_t month; bool over, may_close; const struct billing_row *rows; int n, nopen; int64_t granted, drawn, over_minutes, driving, fee_ore, lines_ore, bought_ore;
	const char *prev, *next, *done; };
void week_page(struct web *w, const struct week_view *v);
void entry_page(struct web *w, const struct entry_view *v);
void hours_page(struct web *w, const struct hours_view *v);
void billing_page(struct web *w, const struct billing_view *v);
/* their parts */
void work_activities(struct web *w, const char *chosen);
void work_timer_buttons(struct web *w, const struct work_form *f, const char *back);
void hours_figures(struct web *w, const struct hours_view *v);
void hours_draws(struct web *w, const struct hours_view *v);
void hours_card(struct web *w, const struct statement *s);
void hours_day(struct web *w, const struct hours_view *v, int32_t day);
void hours_lines(struct web *w, const struct hours_view *v);
void hours_terms(struct web *w, const struct hours_view *v);
void hours_past(struct web *w, const struct hours_view *v);
void hours_steps(struct web *w, const struct hours_view *v);
void hours_files(struct web *w, const struct hours_view *v);
void hours_console(struct web *w, const struct hours_view *v);
void hours_portal(struct web *w, const struct hours_view *v);
#endif
