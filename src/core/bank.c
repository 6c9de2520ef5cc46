#include "core/bank.h"
#include <stdlib.h>
#include "base/moment.h"
#include "base/text.h"

static const char *const activities[ACTIVITY__N] = { "visit", "remote", "phone", "task", "teach", "web", "internal" };
enum { LAPSED_MONTHS = 60 };            /* how long late time can still use what lapsed: as long as vouchers are kept */

const struct bank_terms bank_terms_none = { .hourly_ore = 105000, .step = 15, .min = 15, .phone_step = 15, .rollover_max = 600,
	.driving_free = 30, .proration = true, .time_visible = true };

const char *activity_name(enum activity v) { return activities[v]; }

int activity_by_name(const char *name)
{
	for (int i = 0; name && i < ACTIVITY__N; i++)
		if (text_eq(name, activities[i]))
			return i;
	return -1;
}

static const char *const whys[BANK_WHY__N] = { "used_up", "no_bank", "not_repaid", "driving" };

const char *bank_why_name(enum bank_why v) { return whys[v]; }

const char *bank_line_name(enum bank_line_kind k) { return k == BANK_LINE_DRIVING ? "driving" : "overuse"; }

static int64_t number(const json_t *o, const char *key, int64_t fallback)
{
	const json_t *v = json_object_get(o, key);

	return json_is_integer(v) ? json_integer_value(v) : fallback;
}

static bool is(const json_t *o, const char *key, const char *word)
{
	return text_eq(json_string_value(json_object_get(o, key)), word);
}

static bool flag(const json_t *o, const char *key, bool fallback)
{
	const json_t *v = json_object_get(o, key);

	return json_is_boolean(v) ? json_is_true(v) : fallback;
}

void bank_terms_read(const json_t *o, struct bank_terms *t)
{
	const struct bank_terms *d = &bank_terms_none;
	const json_t *hours = json_object_get(o, "hours_per_month");
	int64_t h = 5;

	if (json_is_integer(hours))
		h = json_integer_value(hours);
	else if (json_is_string(hours) && !text_int(json_string_value(hours), &h))
		h = 5;
	*t = (struct bank_terms){
		.month_minutes = (int)(h * 60), .monthly_ore = number(o, "monthly_price_ore", 475000),
		.hourly_ore = number(o, "hourly_price_ore", d->hourly_ore),
		.step = (int)number(o, "rounding_step_minutes", d->step), .min = (int)number(o, "rounding_min_minutes", d->min),
		.phone_step = (int)number(o, "phone_step_minutes", d->phone_step), .join_day = is(o, "round_by", "day"),
		.rollover_months = (int)number(o, "rollover_months", 0), .rollover_max = (int)number(o, "rollover_max_minutes", d->rollover_max),
		.driving_free = (int)number(o, "driving_free_minutes", d->driving_free),
		.driving_each_way = is(o, "driving_scope", "each_way"), .driving_from_bank = is(o, "driving_settle", "bank"),
		.proration = flag(o, "proration", true), .stop_and_ask = is(o, "overuse", "stop_and_ask"),
		.borrow_percent = is(o, "overuse", "borrow") ? (int)number(o, "borrow_max_percent", 50) : 0,
		.late_current_only = is(o, "late_entry", "current_only"), .time_visible = flag(o, "time_visible", true),
	};
}

/* ---- the rules one by one ---- */

int64_t bank_round(int64_t minutes, int step, int min)
{
	int64_t up;

	if (minutes <= 0)
		return 0;
	up = step > 1 ? (minutes + step - 1) / step * step : minutes;
	return up < min ? min : up;
}

int64_t bank_work_minutes(const struct bank_terms *t, enum activity v, int64_t minutes)
{
	if (v == ACTIVITY_INTERNAL)
		return minutes;
	return v == ACTIVITY_PHONE ? bank_round(minutes, t->phone_step, t->phone_step) : bank_round(minutes, t->step, t->min);
}

int64_t bank_drive_minutes(const struct bank_terms *t, bool agreed, int64_t out, int64_t home, int64_t *without_payment)
{
	int64_t allowed = agreed ? t->driving_free : 0, rest;

	if (t->driving_each_way)
		rest = (out > allowed ? out - allowed : 0) + (home > allowed ? home - allowed : 0);
	else
		rest = out + home > allowed ? out + home - allowed : 0;
	*without_payment = out + home - rest;
	return bank_round(rest, t->step, t->min);
}

int64_t bank_trip_share(int64_t minutes, int customers, int part)
{
	return customers < 2 ? minutes : minutes * part / customers - minutes * (part - 1) / customers;
}

int64_t bank_prorate_minutes(int64_t minutes, int days, int of_days)
{
	if (days >= of_days)
		return minutes;
	return (2 * minutes * days + 15 * of_days) / (30 * of_days) * 15;
}

int64_t bank_share_ore(int64_t ore, int64_t part, int64_t whole)
{
	int64_t n = ore * part, half = n < 0 ? -whole : whole;

	return (2 * n + half) / (2 * whole);
}

const struct bank_span *bank_span_on(const struct bank_span *s, int n, int32_t day)
{
	for (int i = 0; i < n; i++)
		if (s[i].from_day <= day && day <= s[i].to_day)
			return &s[i];
	return NULL;
}

/* ---- one month ---- */

struct work {
	struct arena *a;
	int32_t month, first, last;     /* days */
	const struct bank_span *spans; int nspans;
	struct bank_grant *g; int ng;   /* in the order of use; the late ones and what is borrowed after them */
	int nmonth;                     /* grants that anybody may use: g[0 .. nmonth-1] */
	struct bank_kept *lapsed; int nlapsed;
	int *late_grant;                /* of each lapsed: its grant, or -1 */
	int64_t next_minutes;           /* the next month's hours, of which some may be borrowed */
	int borrowed;                   /* their grant, or -1 */
	struct bank_debt *debt; int ndebt;
	struct bank_fee *fee; int nfees;
};

static int32_t last_day(int32_t month) { return month_first_day(month + 1) - 1; }
static int64_t hours_of(const struct bank_span *s) { return s->terms.month_minutes; }
static int64_t price_of(const struct bank_span *s) { return s->terms.monthly_ore; }

struct run { int32_t from, to; int64_t value; bool prorate; };

static void add_run(struct run *out, int *n, int32_t from, int32_t to, int64_t value, bool prorate)
{
	if (from > to)
		return;
	if (*n > 0 && out[*n - 1].to == from - 1 && out[*n - 1].value == value) {
		out[*n - 1].to = to;
		out[*n - 1].prorate = prorate;
	} else {
		out[(*n)++] = (struct run){ from, to, value, prorate };
	}
}

/* Two different agreements in one month are always counted in days; otherwise both would give a whole month. */
static void end_runs(struct run *out, int n)
{
	for (int i = 0; i < n && n > 1; i++)
		out[i].prorate = true;
}

/* A month's days as runs of one unbroken value: an agreement replaced by one with the same hours is one run. */
static int runs(const struct work *k, int32_t month, int64_t (*value)(const struct bank_span *), struct run *out)
{
	int32_t first = month_first_day(month), last = last_day(month);
	int n = 0;

	for (int i = 0; i < k->nspans; i++) {
		const struct bank_span *s = &k->spans[i];
		int32_t from = s->from_day > first ? s->from_day : first, to = s->to_day < last ? s->to_day : last;

		add_run(out, &n, from, to, value(s), s->terms.proration);
	}
	end_runs(out, n);
	return n;
}

static int64_t run_minutes(const struct run *r, int32_t month)
{
	return r->prorate ? bank_prorate_minutes(r->value, r->to - r->from + 1, month_days(month)) : r->value;
}

static int by_use(const void *x, const void *y)
{
	const struct bank_grant *p = x, *q = y;

	if (p->to_day != q->to_day)
		return p->to_day < q->to_day ? -1 : 1;
	if (p->origin_month != q->origin_month)
		return p->origin_month < q->origin_month ? -1 : 1;
	if (p->from_day != q->from_day)
		return p->from_day < q->from_day ? -1 : 1;
	return (p->purchase_id > q->purchase_id) - (p->purchase_id < q->purchase_id);
}

static void add_line(struct bank_line *l, int *n, enum bank_why why, int64_t hourly_ore, int64_t minutes)
{
	int i = 0;

	if (minutes == 0)
		return;
	while (i < *n && (l[i].why != why || l[i].hourly_ore != hourly_ore))
		i++;
	if (i == *n)
		l[(*n)++] = (struct bank_line){ why == BANK_WHY_DRIVING ? BANK_LINE_DRIVING : BANK_LINE_OVERUSE, why, hourly_ore, 0, 0 };
	l[i].minutes += minutes;
}

/* What the month before borrowed comes off this month's hours. Hours that are not there any more (the agreement has ended, or
 * has become smaller) are invoiced at the price that held when they were borrowed. */
static void repay(struct work *k, const struct bank_state *before, struct bank_line *lines, struct bank_month *out)
{
	for (int i = 0; i < before->ndebt; i++) {
		int64_t owed = before->debt[i].minutes;

		for (int j = 0; j < k->ng && owed > 0; j++) {
			int64_t m = owed < k->g[j].granted ? owed : k->g[j].granted;

			k->g[j].granted -= m;
			k->g[j].repaid += m;
			owed -= m;
		}
		add_line(lines, &out->nlines, BANK_WHY_NOT_REPAID, before->debt[i].hourly_ore, owed);
		out->unrepaid += owed;
	}
}

static void add_fee(struct work *k, const char *service, const struct run *r, int n)
{
	int64_t sum = 0;

	for (int i = 0; i < n; i++)
		sum += r[i].prorate ? bank_share_ore(r[i].value, r[i].to - r[i].from + 1, month_days(k->month)) : r[i].value;
	if (sum)
		k->fee[k->nfees++] = (struct bank_fee){ service, sum };
}

/* The other services' prices, each service by itself. */
static void add_prices(struct work *k, const struct bank_book *book)
{
	struct run *r = ARENA_ARRAY(k->a, struct run, book->nprices + 1);
	int n = 0;

	for (int i = 0; i < book->nprices; i++) {
		const struct bank_price *p = &book->prices[i];

		add_run(r, &n, p->from_day > k->first ? p->from_day : k->first, p->to_day < k->last ? p->to_day : k->last, p->monthly_ore, p->proration);
		if (i + 1 < book->nprices && text_eq(p->service, p[1].service))
			continue;
		end_runs(r, n);
		add_fee(k, p->service, r, n);
		n = 0;
	}
}

static void grant(struct work *k, const struct bank_book *book, const struct bank_state *before, struct bank_line *lines, struct bank_month *out)
{
	struct run *r = ARENA_ARRAY(k->a, struct run, k->nspans + 1);
	int n = runs(k, k->month, hours_of, r);

	for (int i = 0; i < n; i++)
		if (run_minutes(&r[i], k->month) > 0)
			k->g[k->ng++] = (struct bank_grant){ .kind = BANK_GRANT_MONTH, .origin_month = k->month, .expires_month = k->month,
				.from_day = r[i].from, .to_day = k->last, .granted = run_minutes(&r[i], k->month) };
	repay(k, before, lines, out);
	for (int i = 0; i < before->nrolled; i++) {
		const struct bank_kept *p = &before->rolled[i];

		if (p->minutes > 0 && p->to_day >= k->first)
			k->g[k->ng++] = (struct bank_grant){ .kind = p->purchase_id ? BANK_GRANT_BOUGHT : BANK_GRANT_ROLLED,
				.origin_month = p->origin_month, .expires_month = p->expires_month, .from_day = p->from_day,
				.to_day = p->to_day, .purchase_id = p->purchase_id, .granted = p->minutes };
	}
	for (int i = 0; i < book->nbought; i++) {
		const struct bank_purchase *p = &book->bought[i];

		if (month_of_day(p->from_day) != k->month)
			continue;
		k->g[k->ng++] = (struct bank_grant){ .kind = BANK_GRANT_BOUGHT, .origin_month = k->month, .expires_month = month_of_day(p->to_day),
			.from_day = p->from_day, .to_day = p->to_day, .purchase_id = p->id, .price_ore = p->price_ore, .granted = p->minutes };
		out->bought_ore += p->price_ore;
	}
	qsort(k->g, (size_t)k->ng, sizeof *k->g, by_use);
	k->nmonth = k->ng;
	n = runs(k, k->month + 1, hours_of, r);
	for (int i = 0; i < n; i++)
		k->next_minutes += run_minutes(&r[i], k->month + 1);

	add_fee(k, BANK_SERVICE, r, runs(k, k->month, price_of, r));
	add_prices(k, book);
}

/* Everything but the id, so that only entries that are alike in all ways can change places. */
static int by_replay(const void *x, const void *y)
{
	const struct bank_entry *p = *(const struct bank_entry *const *)x, *q = *(const struct bank_entry *const *)y;

#define BY(f) if (p->f != q->f) return p->f < q->f ? -1 : 1
	BY(day);
	BY(started_at);
	BY(person_id);
	BY(ticket_id);
	BY(activity);
	BY(minutes);
	BY(drive_out);
	BY(drive_home);
	BY(trip_customers);
	BY(trip_part);
	BY(cover);
	BY(late);
	BY(id);
#undef BY
	return 0;
}

struct draws { struct bank_draw *d; int n; };

static void note_draw(struct draws *d, int grant_index, int64_t minutes)
{
	for (int i = 0; i < d->n; i++)
		if (d->d[i].grant == grant_index) {
			d->d[i].minutes += minutes;
			return;
		}
	d->d[d->n++] = (struct bank_draw){ grant_index, minutes };
}

/* Of what had lapsed before this late entry was typed. */
static int64_t draw_lapsed(struct work *k, const struct bank_entry *n, bool spanned, int64_t want, struct draws *d)
{
	int64_t got = 0, m;

	for (int i = 0; i < k->nlapsed && got < want; i++) {
		struct bank_kept *p = &k->lapsed[i];

		if (p->minutes == 0 || n->day < p->from_day || n->day > p->to_day || (!spanned && !p->purchase_id))
			continue;
		m = want - got < p->minutes ? want - got : p->minutes;
		if (k->late_grant[i] < 0) {
			k->late_grant[i] = k->ng;
			k->g[k->ng++] = (struct bank_grant){ .kind = BANK_GRANT_LATE, .origin_month = p->origin_month, .expires_month = k->month,
				.from_day = k->first, .to_day = k->last, .purchase_id = p->purchase_id };
		}
		p->minutes -= m;
		k->g[k->late_grant[i]].granted += m;
		k->g[k->late_grant[i]].drawn += m;
		note_draw(d, k->late_grant[i], m);
		got += m;
	}
	return got;
}

/* Of the next month's hours, as far as the agreement lets this month go. */
static int64_t draw_borrowed(struct work *k, const struct bank_terms *t, int64_t want, struct draws *d)
{
	int64_t room = k->next_minutes * t->borrow_percent / 100 - (k->borrowed < 0 ? 0 : k->g[k->borrowed].granted);
	int64_t m = want < room ? want : room;

	if (m <= 0)
		return 0;
	if (k->borrowed < 0) {
		k->borrowed = k->ng;
		k->g[k->ng++] = (struct bank_grant){ .kind = BANK_GRANT_BORROWED, .origin_month = k->month + 1, .expires_month = k->month,
			.from_day = k->first, .to_day = k->last };
	}
	k->g[k->borrowed].granted += m;
	k->g[k->borrowed].drawn += m;
	note_draw(d, k->borrowed, m);
	if (k->ndebt == 0 || k->debt[k->ndebt - 1].hourly_ore != t->hourly_ore)
		k->debt[k->ndebt++] = (struct bank_debt){ 0, t->hourly_ore };
	k->debt[k->ndebt - 1].minutes += m;
	return m;
}

/* Take up to want minutes for this entry; what could be had is returned. Without an agreement only bought hours are to be had. */
static int64_t draw(struct work *k, const struct bank_entry *n, const struct bank_terms *t, bool spanned, int64_t want, struct draws *d)
{
	int32_t day = n->late ? k->last : n->day;
	int64_t got = n->late && !t->late_current_only ? draw_lapsed(k, n, spanned, want, d) : 0, m;

	for (int i = 0; i < k->nmonth && got < want; i++) {
		struct bank_grant *g = &k->g[i];

		if (g->drawn == g->granted || g->from_day > day || g->to_day < n->day || (!spanned && g->kind != BANK_GRANT_BOUGHT))
			continue;
		m = want - got < g->granted - g->drawn ? want - got : g->granted - g->drawn;
		g->drawn += m;
		note_draw(d, i, m);
		got += m;
	}
	return spanned && t->borrow_percent > 0 ? got + draw_borrowed(k, t, want - got, d) : got;
}

/* Minutes that were written before this entry, in the order of the replay, and are rounded together with it. Entries of one
 * day stand together, so the walk back is short. */
static int64_t joined_before(const struct bank_entry *const *order, int at)
{
	const struct bank_entry *n = order[at];
	int64_t sum = 0;

	for (int i = at - 1; i >= 0 && order[i]->day == n->day; i--)
		if (order[i]->person_id == n->person_id && order[i]->ticket_id == n->ticket_id && order[i]->activity == n->activity &&
		    order[i]->cover == n->cover)
			sum += order[i]->minutes;
	return sum;
}

static void settle_entry(struct work *k, const struct bank_entry *const *order, int at, struct bank_settled *s)
{
	const struct bank_entry *n = order[at];
	const struct bank_span *span = bank_span_on(k->spans, k->nspans, n->day);
	const struct bank_terms *t = span ? &span->terms : &bank_terms_none;
	int64_t before = t->join_day ? joined_before(order, at) : 0;
	struct draws d = { ARENA_ARRAY(k->a, struct bank_draw, k->nmonth + k->nlapsed + 2), 0 };

	*s = (struct bank_settled){ .entry = n, .span = span, .hourly_ore = t->hourly_ore };
	s->bill = bank_work_minutes(t, n->activity, before + n->minutes) - bank_work_minutes(t, n->activity, before);
	if (n->activity == ACTIVITY_INTERNAL)
		s->internal = s->bill;
	else if (n->cover == BANK_INCLUDED)
		s->included = s->bill;
	else
		s->drawn = draw(k, n, t, span != NULL, s->bill, &d);
	s->over = s->bill - s->drawn - s->included - s->internal;
	if (n->activity == ACTIVITY_VISIT) {
		int customers = n->trip_customers, part = n->trip_part;
		/* The way home is shared out from the other end, so that the odd minutes do not all fall on the same customer. */
		int64_t out = bank_trip_share(n->drive_out, customers, part), home = bank_trip_share(n->drive_home, customers, customers + 1 - part);

		s->drive_whole = (int64_t)n->drive_out + n->drive_home;
		s->drive = out + home;
		s->drive_bill = bank_drive_minutes(t, span != NULL, out, home, &s->drive_free);
		if (span && t->driving_from_bank)
			s->drive_drawn = draw(k, n, t, true, s->drive_bill, &d);
		s->drive_invoiced = s->drive_bill - s->drive_drawn;
	}
	s->draws = d.d;
	s->ndraws = d.n;
	for (int i = 0; i < k->ng; i++)         /* what is bought later, or expired before, is no balance */
		if (n->late || (k->g[i].from_day <= n->day && n->day <= k->g[i].to_day))
			s->balance += k->g[i].granted - k->g[i].drawn;
}

static int by_line(const void *x, const void *y)
{
	const struct bank_line *p = x, *q = y;

	if (p->why != q->why)
		return p->why < q->why ? -1 : 1;
	return (p->hourly_ore > q->hourly_ore) - (p->hourly_ore < q->hourly_ore);
}

/* The month's end: what expires, what goes on. */
static void finish(struct work *k, struct bank_month *out)
{
	const struct bank_span *end = bank_span_on(k->spans, k->nspans, k->last);
	struct bank_kept *rolled = ARENA_ARRAY(k->a, struct bank_kept, k->ng + 1);
	struct bank_kept *lapsed = ARENA_ARRAY(k->a, struct bank_kept, k->nlapsed + k->ng + 1);
	int64_t kept = 0;
	int nr = 0, nl = 0;

	for (int i = 0; i < k->nlapsed; i++)
		if (k->lapsed[i].minutes > 0 && k->lapsed[i].expires_month > k->month - LAPSED_MONTHS)
			lapsed[nl++] = k->lapsed[i];
	for (int i = 0; i < k->ng; i++)
		if (k->g[i].kind == BANK_GRANT_ROLLED && k->g[i].to_day > k->last)
			kept += k->g[i].granted - k->g[i].drawn;
	for (int i = 0; i < k->ng; i++) {
		struct bank_grant *g = &k->g[i];
		int64_t rest = g->granted - g->drawn;
		int32_t from = g->kind == BANK_GRANT_BOUGHT ? g->from_day : month_first_day(g->origin_month), until = g->expires_month;

		if (g->kind == BANK_GRANT_ROLLED || g->kind == BANK_GRANT_BOUGHT) {
			g->left = g->to_day > k->last ? rest : 0;
		} else if (g->kind == BANK_GRANT_MONTH && end && end->terms.rollover_months > 0) {
			int64_t room = end->terms.rollover_max - kept;

			g->left = room <= 0 ? 0 : rest < room ? rest : room;
			kept += g->left;
			until = k->month + end->terms.rollover_months;
		}
		g->expired = rest - g->left;
		if (g->left > 0)
			rolled[nr++] = (struct bank_kept){ g->origin_month, until, g->from_day, g->kind == BANK_GRANT_BOUGHT ? g->to_day : last_day(until),
				g->purchase_id, g->left };
		if (g->expired > 0)
			lapsed[nl++] = (struct bank_kept){ g->origin_month, k->month, from, g->to_day, g->purchase_id, g->expired };
	}
	out->after = (struct bank_state){ rolled, nr, lapsed, nl, k->debt, k->ndebt };
}

static void begin(struct work *k, struct arena *a, int32_t month, const struct bank_book *book, const struct bank_state *kept)
{
	*k = (struct work){ .a = a, .month = month, .first = month_first_day(month), .last = last_day(month), .spans = book->spans,
		.nspans = book->nspans, .nlapsed = kept->nlapsed, .borrowed = -1 };
	k->g = ARENA_ARRAY(a, struct bank_grant, book->nspans + kept->nrolled + kept->nlapsed + book->nbought + 2);
	k->debt = ARENA_ARRAY(a, struct bank_debt, book->nspans + 1);
	k->fee = ARENA_ARRAY(a, struct bank_fee, book->nprices + 1);
	k->lapsed = ARENA_ARRAY(a, struct bank_kept, kept->nlapsed + 1);
	k->late_grant = ARENA_ARRAY(a, int, kept->nlapsed + 1);
	for (int i = 0; i < kept->nlapsed; i++) {
		k->lapsed[i] = kept->lapsed[i];
		k->late_grant[i] = -1;
	}
}

static void add_up(const struct bank_settled *s, struct bank_line *lines, struct bank_month *out)
{
	add_line(lines, &out->nlines, s->span ? BANK_WHY_USED_UP : BANK_WHY_NO_BANK, s->hourly_ore, s->over);
	add_line(lines, &out->nlines, BANK_WHY_DRIVING, s->hourly_ore, s->drive_invoiced);
	out->over += s->over;
	out->unagreed += s->span ? 0 : s->over;
	out->driving += s->drive_invoiced;
	if (s->span && s->span->terms.stop_and_ask)
		out->to_ask += s->over + (s->span->terms.driving_from_bank ? s->drive_invoiced : 0);
}

void bank_settle(struct arena *a, int32_t month, const struct bank_book *book, const struct bank_state *before, struct bank_month *out)
{
	const struct bank_state kept = before ? *before : (struct bank_state){ 0 };     /* before may lie in *out */
	const struct bank_entry **order = ARENA_ARRAY(a, const struct bank_entry *, book->nentries + 1);
	struct bank_settled *s;
	struct bank_line *lines;
	struct work k;
	int n = 0;

	*out = (struct bank_month){ .month = month };
	begin(&k, a, month, book, &kept);
	for (int i = 0; i < book->nentries; i++)
		if (book->entries[i].month == month)
			order[n++] = &book->entries[i];
	qsort(order, (size_t)n, sizeof *order, by_replay);
	s = ARENA_ARRAY(a, struct bank_settled, n + 1);
	lines = ARENA_ARRAY(a, struct bank_line, 2 * n + kept.ndebt + 1);
	grant(&k, book, &kept, lines, out);
	for (int i = 0; i < n; i++) {
		settle_entry(&k, order, i, &s[i]);
		add_up(&s[i], lines, out);
	}
	qsort(lines, (size_t)out->nlines, sizeof *lines, by_line);
	for (int i = 0; i < out->nlines; i++)
		out->lines_ore += lines[i].amount_ore = bank_money(lines[i].minutes, lines[i].hourly_ore);
	for (int i = 0; i < k.ng; i++) {
		out->granted += k.g[i].granted;
		out->drawn += k.g[i].drawn;
	}
	out->remaining = out->granted - out->drawn;
	for (int i = 0; i < k.nfees; i++)
		out->fee_ore += k.fee[i].amount_ore;
	out->fees = k.fee;
	out->nfees = k.nfees;
	out->grants = k.g;
	out->ngrants = k.ng;
	out->settled = s;
	out->nsettled = n;
	out->lines = lines;
	finish(&k, out);
}
