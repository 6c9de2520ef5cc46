/* work.h - writing time down, the stopwatch, closing a month: what portal, console and API all call.
 *
 * Every changing function runs inside a db_write() job and writes its event, and the bank's notices, in the same transaction.
 * Ownership:  arena given.
 * Errors:     E_CHOICE_INVALID (activity), E_DURATION_RANGE (minutes, drive_*_minutes), E_DRIVE_NOT_VISIT, E_TIME_FUTURE,
 *             E_TIME_INVALID (started_at), E_MONTH_CLOSED, E_MONTH_OPEN, E_MONTH_EMPTY, E_HOURS_USED_UP (minutes), E_TICKET_NO_CUSTOMER, E_TIMER_NONE, E_TIMER_RUNNING,
 *             E_NUMBER_RANGE (trip_customers, trip_part), E_DENIED, E_NOT_FOUND; input errors name the field of the API.
 * Units:      minutes, us, months since 1970-01.   Threads: changing functions in the writer's job.
 * Source:     facts of the desk, 5.2: an entry belongs to the local day of its start, is at most 24 hours and is not split. */
#ifndef PEDEL_CORE_WORK_H
#define PEDEL_CORE_WORK_H
#include "core/role.h"
#include "core/statement.h"
#include "store/hour_purchase.h"
#include "store/month_close.h"
#include "store/time_entry.h"

#define WORK_TRIP_CUSTOMERS 20          /* at most */
struct work_in {
	int64_t ticket_id;              /* its customer pays; 0: customer_id does, without a ticket */
	int64_t customer_id;
	int64_t person_id;              /* who worked; 0: whoever writes it down */
	const char *activity;
	int64_t started_at, minutes, drive_out, drive_home;     /* driving: of the whole trip */
	int64_t trip_customers, trip_part;      /* the trip served so many customers, this one is number 1, 2 ...; 0: only this one */
	const char *note;               /* the customer may read it */
	bool late;                      /* yes, it is for a closed month: settle it in the first open one */
	bool stop_timer;                /* the writer's own timer on this ticket is spent with this */
	const char *origin;             /* for links in mails to the customer; NULL: none */
};
int work_log(struct db_conn *w, struct arena *a, const struct actor *who, const struct work_in *in, int64_t now, struct time_entry *out,
	struct err *e);
/* After work_log() or work_change() was refused with E_HOURS_USED_UP (why; its detail begins with the month): ask the customer, in a job of its
 * own, as the refused one kept nothing. Nothing for other errors. entry_id 0: it was a new entry on the ticket. */
int work_ask(struct db_conn *w, struct arena *a, const struct actor *who, int64_t ticket_id, int64_t entry_id, const struct err *why,
	const char *origin, int64_t now, struct err *e);
/* Technicians change what is their own; administrators and bookkeepers everything. Only in open months. */
int work_change(struct db_conn *w, struct arena *a, const struct actor *who, int64_t id, const struct work_in *in, int64_t now,
	struct time_entry *out, struct err *e);
int work_remove(struct db_conn *w, struct arena *a, const struct actor *who, int64_t id, int64_t now, struct err *e);

/* One stopwatch per person. Starting on the ticket it already stands on goes on counting. */
int work_timer_start(struct db_conn *w, struct arena *a, const struct actor *who, int64_t ticket_id, int64_t now, struct err *e);
int work_timer_pause(struct db_conn *w, struct arena *a, const struct actor *who, int64_t now, struct err *e);
int work_timer_drop(struct db_conn *w, struct arena *a, const struct actor *who, int64_t now, struct err *e);
int work_timer_minutes(const struct timer *t, int64_t now);     /* at least 1 once it has run */
int64_t work_timer_turns_at(const struct timer *t, int64_t now);        /* when it has run a minute more; MOMENT_NEVER: it stands */

/* The services whose agreements cover time on tickets of a category of theirs, in order; NULL after the last. */
const char *work_covering(int i);
/* The month as it stands now, or as it was closed. */
int work_statement(struct db_conn *c, struct arena *a, int64_t customer_id, int32_t month, struct statement *out, struct err *e);
const struct bank_purchase *work_purchases(struct arena *a, const struct hour_purchase *rows, int n);
/* The agreement's spans, with the newest acceptance first in line where they overlap. */
void work_spans(struct arena *a, const struct bank_item *items, int n, const struct bank_span **out, int *nout);
/* The same of the prices of the other services, in the order of their keys; services that never cost anything are left out. */
void work_prices(struct arena *a, const struct bank_item *items, int n, const struct bank_price **out, int *nout);
int64_t work_prices_on(const struct bank_price *p, int n, int32_t day);        /* their sum for a whole month */
/* The first month with an agreement, time or something bought; INT32_MAX: there is none. */
int work_begins(struct db_conn *c, struct arena *a, int64_t customer_id, int32_t *month, struct err *e);
/* Lock a month that is over, and every open month before it. *closed: how many, the last of them `month`. A month before everything is refused
 * (E_MONTH_EMPTY). Administrators and bookkeepers. */
int work_close(struct db_conn *w, struct arena *a, const struct actor *who, int64_t customer_id, int32_t month, int64_t now,
	struct statement *out, int *closed, struct err *e);
/* A closed month settled by the bank once more: from its rows as they stand, the agreements accepted by the time it was closed, and what
 * the month before left. Names, notes and which entries another agreement paid for are taken from kept: people are renamed and tickets move.
 * undone: agreements that were ended or replaced after the close hold as if they had not been. */
int work_settle_again(struct db_conn *c, struct arena *a, const struct statement *kept, int64_t closed_at, const struct bank_state *before,
	const struct time_entry *rows, int nrows, bool undone, struct statement *out, struct err *e);
#endif
