#include "core/tell.h"
#include "core/work.h"
#include <stdlib.h>
#include <string.h>
#include "base/hash.h"
#include "base/moment.h"
#include "base/text.h"
#include "core/bank_tell.h"
#include "core/catalogue.h"

enum { MINUTES_MOST = 24 * 60, NOTE_MOST = 4000, BACK_MONTHS = 600 };

/* Work on what these cover is paid for by their own agreements and never drawn from the bank. */
static const char *const covering[] = { "operations", "network", NULL };

const char *work_covering(int i) { return covering[i]; }

/* ---- the month as it stands ---- */

const struct bank_purchase *work_purchases(struct arena *a, const struct hour_purchase *rows, int n)
{
	struct bank_purchase *p = ARENA_ARRAY(a, struct bank_purchase, n + 1);

	for (int i = 0; i < n; i++)
		p[i] = (struct bank_purchase){ rows[i].id, rows[i].bought_day, rows[i].expires_day, rows[i].minutes, rows[i].price_ore };
	return p;
}

/* category_service NULL: whichever of those that cover. */
static enum bank_cover cover_of(const char *category_service, int32_t day, const struct bank_item *items, int n)
{
	for (int k = 0; covering[k]; k++)
		for (int i = 0; (!category_service || text_eq(category_service, covering[k])) && i < n; i++)
			if (text_eq(items[i].service, covering[k]) && items[i].from_day <= day && day <= items[i].to_day)
				return BANK_INCLUDED;
	return BANK_DRAWN;
}

static struct bank_entry entry_of(const struct time_entry *t, enum bank_cover cover)
{
	int v = activity_by_name(t->activity);

	return (struct bank_entry){ t->id, t->person_id, t->ticket_id, t->started_at, v < 0 ? ACTIVITY_TASK : (enum activity)v, cover, t->day,
		t->month, t->minutes, t->drive_out_minutes, t->drive_home_minutes, t->trip_customers, t->trip_part, t->late };
}

/* What the fold needs of one customer from its first open month through some month. */
struct ledger {
	int64_t customer_id;
	const char *name, *lang;
	int32_t closed_through;         /* INT32_MIN: no month is closed */
	int32_t begins;                 /* the first month with anything in it; INT32_MAX: none */
	int32_t first;                  /* that, or the first one after the closed ones */
	struct bank_book book;
	struct time_entry *rows; int nrows;
	struct bank_state before;       /* what the last closed month left */
};

static int purchases_read(struct db_conn *c, struct arena *a, struct ledger *l, int32_t *first, struct err *e)
{
	struct hour_purchase *rows;
	int n;

	if (store_purchases_of(c, a, l->customer_id, INT64_MAX, &rows, &n, e) != 0)
		return -1;
	l->book.bought = work_purchases(a, rows, n);
	l->book.nbought = n;
	if (n && month_of_day(rows[0].bought_day) < *first)
		*first = month_of_day(rows[0].bought_day);
	return 0;
}

/* The customer's agreements and purchases, and the first month with anything in it. */
static int book_read(struct db_conn *c, struct arena *a, struct ledger *l, struct bank_item **items, int *n, struct err *e)
{
	if (store_bank_items(c, a, l->customer_id, items, n, e) != 0 || store_time_first_month(c, l->customer_id, &l->begins, e) != 0)
		return -1;
	work_spans(a, *items, *n, &l->book.spans, &l->book.nspans);
	if (l->book.nspans && month_of_day(l->book.spans[0].from_day) < l->begins)
		l->begins = month_of_day(l->book.spans[0].from_day);
	work_prices(a, *items, *n, &l->book.prices, &l->book.nprices);
	for (int i = 0; i < l->book.nprices; i++)
		if (l->book.prices[i].monthly_ore && month_of_day(l->book.prices[i].from_day) < l->begins)
			l->begins = month_of_day(l->book.prices[i].from_day);
	return purchases_read(c, a, l, &l->begins, e);
}

/* closed: through which month is closed. */
static int ledger_open(struct db_conn *c, struct arena *a, int64_t customer_id, int32_t closed, int32_t month, struct ledger *l, struct err *e)
{
	struct bank_item *items;
	struct bank_entry *entries;
	struct month_close last;
	int32_t first;
	int n;

	*l = (struct ledger){ .customer_id = customer_id, .closed_through = closed };
	if (store_time_customer(c, a, customer_id, &l->name, &l->lang, e) != 0 || book_read(c, a, l, &items, &n, e) != 0)
		return -1;
	first = l->begins;
	if (l->closed_through != INT32_MIN && month > l->closed_through) {
		if (store_month_close_get(c, a, customer_id, l->closed_through, &last, e) != 0 || statement_after(a, last.statement, &l->before, e) != 0)
			return -1;
		first = l->closed_through + 1;
	}
	if (first > month)
		first = month;
	l->first = first < month - BACK_MONTHS ? month - BACK_MONTHS : first;
	if (store_time_of_customer(c, a, customer_id, l->first, month, &l->rows, &l->nrows, e) != 0)
		return -1;
	l->book.entries = entries = ARENA_ARRAY(a, struct bank_entry, l->nrows + 1);
	l->book.nentries = l->nrows;
	for (int i = 0; i < l->nrows; i++) {
		const struct time_entry *t = &l->rows[i];

		entries[i] = entry_of(t, cover_of(t->category_service, t->day, items, n));
	}
	return 0;
}

static int ledger_read(struct db_conn *c, struct arena *a, int64_t customer_id, int32_t month, struct ledger *l, struct err *e)
{
	int32_t closed;

	return store_month_closed_through(c, customer_id, &closed, e) != 0 ? -1 : ledger_open(c, a, customer_id, closed, month, l, e);
}

static void ledger_settle(struct arena *a, const struct ledger *l, int32_t month, const struct bank_state *before, struct statement *out)
{
	const struct bank_span *span = NULL;
	struct bank_month m;

	bank_settle(a, month, &l->book, before, &m);
	for (int i = 0; i < l->book.nspans; i++)
		if (l->book.spans[i].from_day < month_first_day(month + 1) && l->book.spans[i].to_day >= month_first_day(month))
			span = &l->book.spans[i];
	*out = (struct statement){ .customer_id = l->customer_id, .customer = l->name, .agreement_id = span ? span->agreement_id : 0,
		.terms = span ? span->terms : bank_terms_none };
	statement_make(a, &m, l->rows, l->nrows, out);
}

int work_statement(struct db_conn *c, struct arena *a, int64_t customer_id, int32_t month, struct statement *out, struct err *e)
{
	struct month_close kept;
	struct ledger l;
	struct statement s = { 0 };
	struct bank_month run = { 0 };
	int32_t closed;

	if (store_month_closed_through(c, customer_id, &closed, e) != 0)
		return -1;
	if (month <= closed) {
		if (store_month_close_get(c, a, customer_id, month, &kept, e) == 0) {
			if (statement_parse(a, kept.statement, &s, e) != 0)
				return -1;
			s.closed_at = kept.closed_at;
			s.closed_by = kept.closed_by;
			s.text = kept.statement;
			s.sha256 = kept.sha256;
			s.closed = true;
			*out = s;
			return 0;
		}
		if (e->id != E_NOT_FOUND)
			return -1;
	}
	if (ledger_open(c, a, customer_id, closed, month, &l, e) != 0)
		return -1;
	if (month <= closed)            /* before the first closed month: it was over before these prices were counted */
		l.book.nprices = 0;
	run.after = l.before;
	for (int32_t m = l.first; m < month; m++)
		bank_settle(a, m, &l.book, &run.after, &run);
	ledger_settle(a, &l, month, &run.after, &s);
	s.closed = month <= closed;             /* before the first closed month: nothing can come there any more */
	*out = s;
	return 0;
}

static struct statement_entry *settled_of(const struct statement *s, int64_t id)
{
	for (int i = 0; i < s->nentries; i++)
		if (s->entries[i].id == id)
			return (struct statement_entry *)&s->entries[i];
	return NULL;
}

/* The agreements as they were at a moment: later acceptances are left out, later ends undone. */
static int items_then(struct bank_item *items, int n, int64_t at, bool undone)
{
	int kept = 0;

	for (int i = 0; i < n; i++) {
		if (items[i].accepted_at > at)
			continue;
		if (undone && items[i].ended_at > at)
			items[i].to_day = INT32_MAX;
		items[kept++] = items[i];
	}
	return kept;
}

int work_settle_again(struct db_conn *c, struct arena *a, const struct statement *kept, int64_t closed_at, const struct bank_state *before,
	const struct time_entry *rows, int nrows, bool undone, struct statement *out, struct err *e)
{
	struct bank_state none = { 0 };
	struct ledger l = { .customer_id = kept->customer_id, .name = kept->customer, .rows = (struct time_entry *)rows, .nrows = nrows };
	struct hour_purchase *bought;
	struct bank_entry *entries;
	struct bank_item *items;
	int n;

	if (store_bank_items(c, a, kept->customer_id, &items, &n, e) != 0 ||
	    store_purchases_of(c, a, kept->customer_id, closed_at, &bought, &l.book.nbought, e) != 0)
		return -1;
	l.book.bought = work_purchases(a, bought, l.book.nbought);
	n = items_then(items, n, closed_at, undone);
	work_spans(a, items, n, &l.book.spans, &l.book.nspans);
	if (kept->fees_told)
		work_prices(a, items, n, &l.book.prices, &l.book.nprices);
	l.book.entries = entries = ARENA_ARRAY(a, struct bank_entry, nrows + 1);
	l.book.nentries = nrows;
	for (int i = 0; i < nrows; i++) {
		const struct statement_entry *k = settled_of(kept, rows[i].id);

		entries[i] = entry_of(&rows[i], k && k->included ? cover_of(NULL, rows[i].day, items, n) : BANK_DRAWN);
	}
	ledger_settle(a, &l, kept->month, before ? before : &none, out);
	out->fees_told = kept->fees_told;
	for (int i = 0; i < out->nentries; i++) {
		struct statement_entry *again = settled_of(out, out->entries[i].id);
		const struct statement_entry *k = settled_of(kept, again->id);

		if (!k)
			continue;
		again->person = k->person;
		again->subject = k->subject;
		again->note = k->note;
		again->ticket_number = k->ticket_number;
	}
	return 0;
}

/* ---- stop and ask first ---- */

/* What each open month invoices though its agreement says to ask. */
struct asks { int32_t first, last; int64_t *minutes; bool any; };

static int asks_read(struct db_conn *w, struct arena *a, int64_t customer_id, int32_t last, struct asks *out, struct err *e)
{
	struct bank_month m = { .month = last };
	struct asks k = { .last = last };
	struct ledger l;

	if (ledger_read(w, a, customer_id, last, &l, e) != 0)
		return -1;
	for (int i = 0; i < l.book.nspans; i++)
		k.any = k.any || l.book.spans[i].terms.stop_and_ask;
	k.first = l.first;
	k.minutes = ARENA_ARRAY(a, int64_t, k.any ? last - l.first + 1 : 1);
	m.after = l.before;
	for (int32_t i = l.first; k.any && i <= last; i++) {
		bank_settle(a, i, &l.book, &m.after, &m);
		k.minutes[i - l.first] = m.to_ask;
	}
	*out = k;
	return 0;
}

static int may_ask(struct db_conn *w, struct arena *a, int64_t customer_id, bool *out, struct err *e)
{
	const struct bank_span *spans;
	struct bank_item *items;
	int n, nspans;

	if (store_bank_items(w, a, customer_id, &items, &n, e) != 0)
		return -1;
	work_spans(a, items, n, &spans, &nspans);
	*out = false;
	for (int i = 0; i < nspans; i++)
		*out = *out || spans[i].terms.stop_and_ask;
	return 0;
}

static int64_t asks_in(const struct asks *k, int32_t month)
{
	return k->any && k->first <= month && month <= k->last ? k->minutes[month - k->first] : 0;
}

/* What was written must not have made any month invoice more than before, unless the customer has said yes to that month. The
 * job fails then, and nothing of it is kept. Moving an entry can push others over, in later months too; so all are looked at. */
static int asks_check(struct db_conn *w, struct arena *a, int64_t customer_id, const struct asks *before, struct err *e)
{
	struct asks now;
	enum bank_yes yes;

	if (asks_read(w, a, customer_id, before->last, &now, e) != 0)
		return -1;
	for (int32_t m = now.first; now.any && m <= now.last; m++) {
		int64_t more = asks_in(&now, m) - asks_in(before, m);

		if (more <= 0)
			continue;
		if (bank_yes_read(w, a, customer_id, m, &yes, e) != 0)
			return -1;
		if (yes != BANK_YES_ACCEPTED)
			return FAIL_FIELD(e, E_HOURS_USED_UP, "minutes", "%s: %lld minutes too many", month_iso(a, m), (long long)more);
	}
	return 0;
}

/* ---- writing time down ---- */

static int check(const struct work_in *in, int64_t now, struct err *e)
{
	int v = activity_by_name(in->activity);

	if (v < 0)
		return FAIL_FIELD(e, E_CHOICE_INVALID, "activity", "%.40s", in->activity ? in->activity : "");
	if (in->minutes < 1 || in->minutes > MINUTES_MOST)
		return FAIL_FIELD(e, E_DURATION_RANGE, "minutes", "%lld", (long long)in->minutes);
	if (in->drive_out < 0 || in->drive_out > MINUTES_MOST)
		return FAIL_FIELD(e, E_DRIVE_RANGE, "drive_out_minutes", "%lld", (long long)in->drive_out);
	if (in->drive_home < 0 || in->drive_home > MINUTES_MOST)
		return FAIL_FIELD(e, E_DRIVE_RANGE, "drive_home_minutes", "%lld", (long long)in->drive_home);
	if (in->trip_customers < 0 || in->trip_customers > WORK_TRIP_CUSTOMERS)
		return FAIL_FIELD(e, E_NUMBER_RANGE, "trip_customers", "%lld", (long long)in->trip_customers);
	if (in->trip_customers > 1 && in->trip_part == 0)       /* the parts differ by a minute: which one is this? */
		return FAIL_FIELD(e, E_REQUIRED, "trip_part", "1 to %lld", (long long)in->trip_customers);
	if (in->trip_part < 0 || (in->trip_part > 1 && in->trip_part > in->trip_customers))
		return FAIL_FIELD(e, E_NUMBER_RANGE, "trip_part", "%lld of %lld", (long long)in->trip_part, (long long)in->trip_customers);
	if (v != ACTIVITY_VISIT && in->trip_customers > 1)
		return FAIL_FIELD(e, E_DRIVE_NOT_VISIT, "trip_customers", "%s", in->activity);
	if (v != ACTIVITY_VISIT && in->drive_out + in->drive_home > 0)
		return FAIL_FIELD(e, E_DRIVE_NOT_VISIT, in->drive_out ? "drive_out_minutes" : "drive_home_minutes", "%s", in->activity);
	if (in->started_at > now + MOMENT_MINUTE)       /* a minute's grace: clocks differ */
		return FAIL_FIELD(e, E_TIME_FUTURE, "started_at", "%lld", (long long)in->started_at);
	if (in->started_at < moment_from_utc(2000, 1, 1, 0, 0, 0))
		return FAIL_FIELD(e, E_TIME_INVALID, "started_at", "%lld", (long long)in->started_at);
	return text_check(in->note ? in->note : "", "note", NOTE_MOST, false, e);
}

/* Which month it is settled in. Typed for a closed month only when the writer says that it is late. */
static int place(struct db_conn *w, const struct work_in *in, struct time_entry *t, struct err *e)
{
	int32_t closed, own;

	if (store_month_closed_through(w, t->customer_id, &closed, e) != 0)
		return -1;
	t->day = day_of(in->started_at);
	own = month_of_day(t->day);
	if (own <= closed && !in->late)
		return FAIL_FIELD(e, E_MONTH_CLOSED, "started_at", "month %d", own);
	t->month = bank_month_for(own, closed);
	t->late = t->month != own;
	return 0;
}

static void fill(struct arena *a, const struct work_in *in, struct time_entry *t)
{
	t->activity = arena_dup(a, in->activity);
	t->started_at = in->started_at;
	t->minutes = (int)in->minutes;
	t->note = text_trim(a, in->note ? in->note : "");
	t->drive_out_minutes = (int)in->drive_out;
	t->drive_home_minutes = (int)in->drive_home;
	t->trip_customers = in->trip_customers ? (int)in->trip_customers : 1;
	t->trip_part = in->trip_part ? (int)in->trip_part : 1;
}

static json_t *facts(struct arena *a, const struct time_entry *t)
{
	return json_pack("{s:I,s:I,s:s,s:s,s:i,s:i,s:i,s:i,s:i,s:s,s:b}", "ticket_id", (json_int_t)t->ticket_id, "person_id", (json_int_t)t->person_id,
		"activity", t->activity, "started_at", moment_iso(a, t->started_at), "minutes", t->minutes, "drive_out_minutes", t->drive_out_minutes,
		"drive_home_minutes", t->drive_home_minutes, "trip_customers", t->trip_customers, "trip_part", t->trip_part, "month", month_iso(a, t->month), "late", t->late);
}

static int32_t later(int32_t x, int32_t y) { return x > y ? x : y; }

int work_log(struct db_conn *w, struct arena *a, const struct actor *who, const struct work_in *in, int64_t now, struct time_entry *out,
	struct err *e)
{
	struct time_entry t = { .customer_id = in->customer_id, .ticket_id = in->ticket_id, .person_id = in->person_id ? in->person_id : who->id,
		.created_at = now, .created_by = who->id };
	struct time_ticket ticket;
	const char *name, *lang;
	struct asks before;
	struct timer timer;
	bool asks;

	if (!actor_is_staff(who) || (who->person && t.person_id == 0))
		return FAIL(e, E_DENIED, "time is written down by the provider's people");
	if (check(in, now, e) != 0)
		return -1;
	if (in->ticket_id) {
		if (store_time_ticket(w, a, in->ticket_id, &ticket, e) != 0)
			return -1;
		if (!ticket.customer_id)
			return FAIL_FIELD(e, E_TICKET_NO_CUSTOMER, "ticket_id", "%lld", (long long)in->ticket_id);
		t.ticket_id = ticket.id;
		t.customer_id = ticket.customer_id;
		t.reported = !text_eq(ticket.channel, "phone");
	} else if (store_time_customer(w, a, t.customer_id, &name, &lang, e) != 0) {
		return -1;
	}
	fill(a, in, &t);
	if (place(w, in, &t, e) != 0 || may_ask(w, a, t.customer_id, &asks, e) != 0 ||
	    (asks && asks_read(w, a, t.customer_id, later(t.month, month_of(now)), &before, e) != 0) || store_time_add(w, &t, e) != 0 ||
	    (asks && asks_check(w, a, t.customer_id, &before, e) != 0))
		return -1;
	if (in->stop_timer) {
		if (store_timer_get(w, a, who->id, &timer, e) == 0) {
			if (timer.ticket_id == in->ticket_id && store_timer_remove(w, who->id, e) != 0)
				return -1;
		} else if (e->id != E_NOT_FOUND) {
			return -1;
		}
	}
	if (tell_event(w, a, who, now, t.customer_id, "time_entry", t.id, "time.logged", facts(a, &t), e) != 0 ||
	    bank_notices(w, a, who, t.customer_id, t.month, in->origin, now, e) != 0)
		return -1;
	return store_time_get(w, a, t.id, out, e);
}

static int mine(struct db_conn *w, struct arena *a, const struct actor *who, int64_t id, struct time_entry *t, struct err *e)
{
	int32_t closed;

	if (!actor_is_staff(who))
		return FAIL(e, E_DENIED, "time entry %lld", (long long)id);
	if (store_time_get(w, a, id, t, e) != 0)
		return -1;
	if (who->role == ROLE_TECHNICIAN && t->person_id != who->id)
		return FAIL(e, E_DENIED, "time entry %lld is another's", (long long)id);
	if (store_month_closed_through(w, t->customer_id, &closed, e) != 0)
		return -1;
	return t->month > closed ? 0 : FAIL_FIELD(e, E_MONTH_CLOSED, "started_at", "month %d", t->month);
}

int work_change(struct db_conn *w, struct arena *a, const struct actor *who, int64_t id, const struct work_in *in, int64_t now,
	struct time_entry *out, struct err *e)
{
	struct time_entry t;
	struct asks before;
	int32_t month;
	json_t *was;
	bool asks;

	if (mine(w, a, who, id, &t, e) != 0 || check(in, now, e) != 0)
		return -1;
	month = t.month;
	if (may_ask(w, a, t.customer_id, &asks, e) != 0 ||
	    (asks && asks_read(w, a, t.customer_id, later(month, month_of(now)), &before, e) != 0))
		return -1;
	was = facts(a, &t);
	fill(a, in, &t);
	if (place(w, in, &t, e) != 0 || store_time_set(w, &t, e) != 0 || (asks && asks_check(w, a, t.customer_id, &before, e) != 0)) {
		json_decref(was);
		return -1;
	}
	if (tell_event(w, a, who, now, t.customer_id, "time_entry", id, "time.changed", json_pack("{s:o,s:o}", "old", was, "new", facts(a, &t)), e) != 0 ||
	    bank_notices(w, a, who, t.customer_id, t.month, in->origin, now, e) != 0 ||
	    (month != t.month && bank_notices(w, a, who, t.customer_id, month, in->origin, now, e) != 0))
		return -1;
	return store_time_get(w, a, id, out, e);
}

int work_remove(struct db_conn *w, struct arena *a, const struct actor *who, int64_t id, int64_t now, struct err *e)
{
	struct time_entry t;

	if (mine(w, a, who, id, &t, e) != 0)
		return -1;
	t.removed_at = now;
	if (store_time_set(w, &t, e) != 0)
		return -1;
	return tell_event(w, a, who, now, t.customer_id, "time_entry", id, "time.removed", facts(a, &t), e);
}

int work_ask(struct db_conn *w, struct arena *a, const struct actor *who, int64_t ticket_id, int64_t entry_id, const struct err *why,
	const char *origin, int64_t now, struct err *e)
{
	const char *month_text = arena_dupn(a, why->detail, strnlen(why->detail, 7));
	struct time_ticket ticket;
	struct time_entry t;
	int32_t month;

	if (why->id != E_HOURS_USED_UP)
		return 0;
	if (month_parse(month_text, "month", &month, e) != 0)
		return -1;
	if (entry_id)
		return store_time_get(w, a, entry_id, &t, e) != 0 ? -1 : bank_ask(w, a, who, t.customer_id, month, origin, now, e);
	return store_time_ticket(w, a, ticket_id, &ticket, e) != 0 ? -1 : bank_ask(w, a, who, ticket.customer_id, month, origin, now, e);
}

/* ---- the stopwatch ---- */

int work_timer_minutes(const struct timer *t, int64_t now)
{
	int64_t m = t->kept_minutes + (t->running && now > t->started_at ? (now - t->started_at) / MOMENT_MINUTE : 0);

	return (int)(m < 1 ? 1 : m > MINUTES_MOST ? MINUTES_MOST : m);
}

int64_t work_timer_turns_at(const struct timer *t, int64_t now)
{
	return !t->running ? MOMENT_NEVER : now < t->started_at ? t->started_at : now + MOMENT_MINUTE - (now - t->started_at) % MOMENT_MINUTE;
}

static int timer_of(struct db_conn *w, struct arena *a, const struct actor *who, struct timer *t, struct err *e)
{
	if (store_timer_get(w, a, who->id, t, e) == 0)
		return 0;
	return e->id == E_NOT_FOUND ? FAIL(e, E_TIMER_NONE, "person %lld", (long long)who->id) : -1;
}

int work_timer_start(struct db_conn *w, struct arena *a, const struct actor *who, int64_t ticket_id, int64_t now, struct err *e)
{
	struct time_ticket ticket;
	struct timer t;

	if (!actor_is_staff(who) || !who->person)
		return FAIL(e, E_DENIED, "a timer belongs to one of the provider's people");
	if (store_time_ticket(w, a, ticket_id, &ticket, e) != 0)
		return -1;
	if (store_timer_get(w, a, who->id, &t, e) == 0) {
		if (t.ticket_id != ticket_id)
			return FAIL(e, E_TIMER_RUNNING, "ticket %lld", (long long)t.ticket_number);
		if (t.running)
			return 0;
	} else if (e->id == E_NOT_FOUND) {
		t = (struct timer){ .person_id = who->id, .ticket_id = ticket_id };
	} else {
		return -1;
	}
	t.customer_id = ticket.customer_id;
	t.started_at = now;
	t.running = true;
	return store_timer_put(w, &t, e);
}

int work_timer_pause(struct db_conn *w, struct arena *a, const struct actor *who, int64_t now, struct err *e)
{
	struct timer t;

	if (timer_of(w, a, who, &t, e) != 0)
		return -1;
	if (!t.running)
		return 0;
	t.kept_minutes = work_timer_minutes(&t, now);
	t.running = false;
	t.started_at = now;
	return store_timer_put(w, &t, e);
}

int work_timer_drop(struct db_conn *w, struct arena *a, const struct actor *who, int64_t now, struct err *e)
{
	struct timer t;

	if (timer_of(w, a, who, &t, e) != 0 || store_timer_remove(w, who->id, e) != 0)
		return -1;
	return tell_event(w, a, who, now, t.customer_id, "timer", t.ticket_id, "timer.dropped", json_pack("{s:i}", "minutes", work_timer_minutes(&t, now)), e);
}

/* ---- closing ---- */

static int close_one(struct db_conn *w, struct arena *a, const struct actor *who, struct statement *s, int64_t now, struct err *e)
{
	struct month_close m = { .customer_id = s->customer_id, .month = s->month, .closed_at = now, .closed_by = who->id };
	struct sha256 h;

	m.statement = statement_text(a, s);
	h = hash_sha256(m.statement, strlen(m.statement));
	m.sha256 = hash_hex(a, h.b, sizeof h.b);
	if (store_month_close_add(w, &m, e) != 0)
		return -1;
	s->closed = true;
	s->closed_at = now;
	s->closed_by = who->id;
	s->text = m.statement;
	s->sha256 = m.sha256;
	return tell_event(w, a, who, now, s->customer_id, "month", s->month, "month.closed", json_pack("{s:s,s:s,s:I,s:I,s:I,s:I,s:I}", "month",
		month_iso(a, s->month), "sha256", s->sha256, "granted", (json_int_t)s->granted, "drawn", (json_int_t)s->drawn, "overuse",
		(json_int_t)s->over, "driving", (json_int_t)s->driving, "lines_ore", (json_int_t)s->lines_ore), e);
}

int work_begins(struct db_conn *c, struct arena *a, int64_t customer_id, int32_t *month, struct err *e)
{
	struct ledger l = { .customer_id = customer_id };
	struct bank_item *items;
	int n;

	if (book_read(c, a, &l, &items, &n, e) != 0)
		return -1;
	*month = l.begins;
	return 0;
}

int work_close(struct db_conn *w, struct arena *a, const struct actor *who, int64_t customer_id, int32_t month, int64_t now,
	struct statement *out, int *closed, struct err *e)
{
	struct statement s = { 0 };
	struct ledger l;
	int n = 0;

	if (!(who->role & ROLE_BOOKS))
		return FAIL(e, E_DENIED, "months are closed by administrators and bookkeepers");
	if (ledger_read(w, a, customer_id, month, &l, e) != 0)
		return -1;
	if (month <= l.closed_through) {
		struct month_close kept;

		if (store_month_close_get(w, a, customer_id, month, &kept, e) == 0)
			return FAIL_FIELD(e, E_MONTH_CLOSED, "month", "%s", month_iso(a, month));
		return e->id == E_NOT_FOUND ? FAIL_FIELD(e, E_MONTH_EMPTY, "month", "%s", month_iso(a, month)) : -1;
	}
	if (month >= month_of(now))
		return FAIL_FIELD(e, E_MONTH_OPEN, "month", "%s", month_iso(a, month));
	if (month < l.begins)
		return FAIL_FIELD(e, E_MONTH_EMPTY, "month", "%s", month_iso(a, month));
	s.after = l.before;
	for (int32_t m = l.first; m <= month; m++, n++) {
		struct bank_state before = s.after;

		ledger_settle(a, &l, m, &before, &s);
		if (close_one(w, a, who, &s, now, e) != 0)
			return -1;
	}
	*out = s;
	*closed = n;
	return 0;
}
