/* The hour bank against an oracle: random histories, settled by the engine and counted again here, minute by minute.
 * PEDEL_ROUNDS: how many histories. */
#include "t.h"
#include <stdlib.h>
#include "base/moment.h"
#include "core/bank.h"

#if defined(__SANITIZE_ADDRESS__)
#define ROUNDS 5000
#else
#define ROUNDS 100000
#endif

/* ---- random histories ---- */

static uint64_t seed;

static uint32_t any(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 11) % below;
}

enum { MONTHS = 4, ENTRIES = 14, SPANS = 4, POTS = 96, BOUGHT = 4, OWED = 4000, PRICES = 6 };

struct history {
	int year, month;                /* the first */
	int32_t first;                  /* the same, counted */
	int nmonths, nspans, n;
	struct bank_span span[SPANS];
	struct bank_entry entry[ENTRIES];
	struct bank_purchase bought[BOUGHT]; int nbought;
	struct bank_price price[PRICES]; int nprices;
	struct bank_debt debt[2]; int ndebt;    /* of the month before the first */
	uint64_t closed_as[MONTHS];     /* what each month was when it was closed */
	int nclosed;
};

static bool leap(int y) { return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0; }

static int days_in(int year, int month)
{
	static const int d[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return d[month - 1] + (month == 2 && leap(year));
}

static struct bank_terms any_terms(void)
{
	static const int hours[] = { 120, 300, 600 }, steps[] = { 1, 5, 10, 15, 15, 15, 30, 60 }, prices[] = { 105000, 99999, 85050, 1, 0, 123457 };
	struct bank_terms t = { .month_minutes = hours[any(3)], .monthly_ore = prices[any(6)] * 5, .hourly_ore = prices[any(6)],
		.step = steps[any(8)], .min = any(4) ? 15 : (int)any(61), .phone_step = steps[any(8)],
		.rollover_months = any(3) ? 0 : (int)any(3) + 1, .rollover_max = any(2) ? 600 : (int)any(400), .driving_free = any(3) ? 30 : (int)any(90),
		.join_day = any(3) == 0, .driving_each_way = any(3) == 0, .driving_from_bank = any(3) == 0, .proration = any(3) != 0, .stop_and_ask = any(4) == 0,
		.borrow_percent = any(3) ? 0 : (int)any(101), .late_current_only = any(4) == 0,
		.time_visible = true };

	return t;
}

static uint64_t mix(uint64_t h, int64_t v) { return (h ^ (uint64_t)v) * UINT64_C(0x9E3779B97F4A7C15) ^ (h >> 29); }

/* All that a statement says, without ids. */
static uint64_t print_of(const struct bank_month *m)
{
	uint64_t h = 7;

	for (int i = 0; i < m->ngrants; i++) {
		const struct bank_grant *g = &m->grants[i];

		h = mix(mix(mix(mix(mix(mix(mix(mix(h, g->kind), g->origin_month), g->expires_month), g->from_day), g->granted), g->drawn), g->expired), g->left);
		h = mix(mix(mix(mix(h, g->to_day), g->purchase_id), g->price_ore), g->repaid);
	}
	for (int i = 0; i < m->nsettled; i++) {
		const struct bank_settled *s = &m->settled[i];

		h = mix(mix(mix(mix(h, s->entry->started_at), s->entry->person_id), s->entry->minutes), s->hourly_ore);
		h = mix(mix(mix(mix(mix(h, s->bill), s->drawn), s->over), s->included), s->internal);
		h = mix(mix(mix(mix(mix(h, s->drive_free), s->drive_bill), s->drive_drawn), s->drive_invoiced), s->balance);
		for (int j = 0; j < s->ndraws; j++)
			h = mix(mix(h, s->draws[j].grant), s->draws[j].minutes);
	}
	for (int i = 0; i < m->nlines; i++)
		h = mix(mix(mix(mix(h, m->lines[i].why), m->lines[i].hourly_ore), m->lines[i].minutes), m->lines[i].amount_ore);
	for (int i = 0; i < m->after.ndebt; i++)
		h = mix(mix(h, m->after.debt[i].minutes), m->after.debt[i].hourly_ore);
	for (int i = 0; i < m->after.nrolled; i++)
		h = mix(mix(mix(h, m->after.rolled[i].origin_month), m->after.rolled[i].expires_month), m->after.rolled[i].minutes);
	for (int i = 0; i < m->after.nlapsed; i++)
		h = mix(mix(mix(h, m->after.lapsed[i].origin_month), m->after.lapsed[i].expires_month), m->after.lapsed[i].minutes);
	return mix(mix(h, m->fee_ore), m->lines_ore);
}

static void settle_through(struct arena *a, const struct history *h, int n, struct bank_month *out)
{
	const struct bank_state start = { .debt = h->debt, .ndebt = h->ndebt }, *before = &start;
	const struct bank_book b = { h->span, h->nspans, h->entry, h->n, h->bought, h->nbought, h->price, h->nprices };

	for (int i = 0; i < n; i++) {
		bank_settle(a, h->first + i, &b, before, &out[i]);
		before = &out[i].after;
	}
}

static void make_spans(struct history *h)
{
	int32_t day = day_from(h->year, h->month, 1) - 20 + (int32_t)any(40);

	h->nspans = 0;
	for (int i = 0, n = (int)any(SPANS + 1); i < n; i++) {
		struct bank_span *s = &h->span[h->nspans++];

		*s = (struct bank_span){ day, day + 5 + (int32_t)any(60), i + 1, any_terms() };
		if (i > 0 && any(3) == 0)       /* the same hours again: nothing is lost or won by it */
			s->terms.month_minutes = s[-1].terms.month_minutes;
		if (i == n - 1 && any(2))
			s->to_day = INT32_MAX;
		day = s->to_day == INT32_MAX ? day : s->to_day + 1 + (any(3) ? 0 : (int32_t)any(15));
	}
}

/* Up to three services beside the agreement, each with up to two prices after one another. */
static void make_prices(struct history *h)
{
	static const char *const services[] = { "backup", "operations", "support" };
	static const int ore[] = { 0, 1, 125000, 125000, 99999, 4711 };

	for (int k = 0; k < 3; k++) {
		int32_t day = day_from(h->year, h->month, 1) - 40 + (int32_t)any(80);

		for (int i = 0, n = (int)any(3); i < n; i++) {
			int32_t to = i == n - 1 && any(2) ? INT32_MAX : day + (int32_t)any(70);

			h->price[h->nprices++] = (struct bank_price){ services[k], day, to, ore[any(6)], any(3) != 0 };
			day = to == INT32_MAX ? to : to + 1 + (any(3) ? 0 : (int32_t)any(20));
		}
	}
}

static void type_one(struct history *h)
{
	struct bank_entry *n = &h->entry[h->n];
	int i = (int)any((uint32_t)h->nmonths), year = h->year + (h->month - 1 + i) / 12, month = (h->month - 1 + i) % 12 + 1;
	int day = 1 + (int)any((uint32_t)days_in(year, month)), hour = any(6) ? 7 + (int)any(12) : (int)any(24);

	*n = (struct bank_entry){ .id = h->n + 1, .person_id = 1 + any(3), .ticket_id = 1 + any(4), .activity = (enum activity)any(ACTIVITY__N),
		.minutes = 1 + (int)(any(8) ? any(150) : any(1440)), .cover = any(12) ? BANK_DRAWN : BANK_INCLUDED };
	if (any(8) == 0)
		day = any(2) ? 1 : days_in(year, month);
	n->started_at = moment_from_local(year, month, day, hour, (int)any(4) * 15, 0);
	n->day = day_of(n->started_at);
	/* The calendar counted here by hand: also in the two weekends when the clock is changed. */
	CHECK(n->day == day_from(year, month, day) && month_of_day(n->day) == h->first + i);
	if (h->n > 0 && any(3) == 0) {          /* at the same moment as another, by the same person: only the rest tells them apart */
		const struct bank_entry *twin = &h->entry[any((uint32_t)h->n)];

		n->started_at = any(2) ? twin->started_at : day_start(twin->day) + MOMENT_HOUR * (3 + any(20));
		n->day = twin->day;
		n->person_id = twin->person_id;
		n->ticket_id = twin->ticket_id;
		n->activity = twin->activity;
		i = month_of_day(twin->day) - h->first;
		if (any(2))                     /* short ones, which are worth rounding together */
			n->minutes = 1 + (int)any(12);
	}
	if (n->activity == ACTIVITY_VISIT && any(3)) {
		n->drive_out = (int)any(70);
		n->drive_home = (int)any(70);
		if (any(3) == 0) {
			n->trip_customers = 1 + (int)any(5);
			n->trip_part = 1 + (int)any((uint32_t)n->trip_customers);
		}
	}
	n->late = i < h->nclosed;
	n->month = n->late ? h->first + h->nclosed : h->first + i;
	h->n++;
}

/* Hours are bought in a month that is open. */
static void buy_one(struct history *h)
{
	struct bank_purchase *p = &h->bought[h->nbought];
	int i = h->nclosed + (int)any((uint32_t)(h->nmonths - h->nclosed)), year = h->year + (h->month - 1 + i) / 12, month = (h->month - 1 + i) % 12 + 1;
	int32_t day = day_from(year, month, 1 + (int)any((uint32_t)days_in(year, month)));

	*p = (struct bank_purchase){ h->nbought + 1, day, day + (int32_t)any(any(2) ? 20 : 120), 1 + (int)any(400), any(1000000) };
	if (any(4) == 0)                /* to the end of its month, as the month's own hours */
		p->to_day = day_from(year, month, days_in(year, month));
	h->nbought++;
}

static void make_history(struct arena *a, struct history *h)
{
	int want = (int)any(ENTRIES) + 1;
	struct bank_month m[MONTHS];

	*h = (struct history){ .year = 2019 + (int)any(13), .month = 1 + (int)any(12), .nmonths = 1 + (int)any(MONTHS) };
	if (any(8) == 0)
		h->month = 2;
	h->first = (h->year - 1970) * 12 + h->month - 1;
	make_spans(h);
	make_prices(h);
	for (int i = 0; any(6) == 0 && i < 2; i++)
		h->debt[h->ndebt++] = (struct bank_debt){ 1 + any(300), any(3) ? 105000 : 99999 };
	while (h->n < want) {
		if (h->nclosed < h->nmonths - 1 && any(6) == 0) {
			settle_through(a, h, h->nclosed + 1, m);
			h->closed_as[h->nclosed] = print_of(&m[h->nclosed]);
			h->nclosed++;
		} else if (h->nbought < BOUGHT && any(8) == 0) {
			buy_one(h);
		} else {
			type_one(h);
		}
	}
}

/* ---- the oracle: pots of single minutes, one minute at a time ---- */

/* kind: 0 month, 1 rolled, 2 lapsed, 3 bought; bought: which purchase, also when it has lapsed */
struct pot { int kind; int32_t origin, expires, from_day; int64_t n; int64_t start; int32_t to_day; int64_t bought; };
struct oracle {
	struct pot pot[POTS]; int npots;
	int64_t fee, money, drawn, over, driving, unagreed, to_ask, paid_ore;
	int64_t owed[OWED]; int nowed;          /* the price of each minute that was borrowed, in order */
	int64_t lent[OWED]; int nlent;          /* the same of the month before, to be paid back */
	int64_t lendable, from_lapsed, unrepaid, repaid;
	int64_t line[BANK_WHY__N][2 * ENTRIES + 2][2]; int nlines[BANK_WHY__N];         /* price, minutes */
	struct { int64_t key[6], written, charged; } sum[ENTRIES]; int nsums;            /* what is rounded together */
};

static const struct bank_span *span_of(const struct history *h, int32_t day)
{
	for (int i = h->nspans - 1; i >= 0; i--)
		if (h->span[i].from_day <= day && day <= h->span[i].to_day)
			return &h->span[i];
	return NULL;
}

static int64_t rounded(int64_t minutes, int step, int min)
{
	int64_t b = 0;

	while (b < minutes)
		b += step;
	return minutes > 0 && b < min ? min : b;
}

static int64_t quarter(int64_t minutes, int days, int of)
{
	int64_t best = 0;               /* nearest multiple of 15; the larger of two as near */

	for (int64_t m = 0; m <= minutes + 15; m += 15)
		if (llabs(m * of - minutes * days) <= llabs(best * of - minutes * days))
			best = m;
	return best;
}

static int64_t exact(int64_t total, int64_t by)
{
	int64_t whole = 0, step = by << 40;

	for (int64_t each = INT64_C(1) << 40; each > 0; each >>= 1, step >>= 1)
		while (total >= step) {
			total -= step;
			whole += each;
		}
	return total * 2 >= by ? whole + 1 : whole;
}

/* Walk the days; a day's worth is its agreement's hours (or price). Equal neighbours belong together. */
static void open_month(const struct history *h, int m, struct oracle *o)
{
	int year = h->year + (h->month - 1 + m) / 12, month = (h->month - 1 + m) % 12 + 1, days = days_in(year, month);
	int32_t first = day_from(year, month, 1), last = first + days - 1;

	for (int money = 0; money < 2; money++) {
		int changes = 0;

		for (int pass = 0; pass < 2; pass++) {
			int start = 0;

			for (int d = 1; d <= days; d++) {
				const struct bank_span *p = span_of(h, first + d - 1), *q = d < days ? span_of(h, first + d) : NULL;
				int64_t v = p ? money ? p->terms.monthly_ore : p->terms.month_minutes : -1;
				int64_t w = q ? money ? q->terms.monthly_ore : q->terms.month_minutes : -2;

				if (v == w || (v < 0 && w < 0 && d < days))
					continue;
				if (v >= 0 && pass == 0)
					changes++;
				if (v >= 0 && pass == 1) {
					bool part = p->terms.proration || changes > 1;
					int n = d - start;

					if (money)
						o->fee += part ? exact(v * n, days) : v;
					else
						o->pot[o->npots++] = (struct pot){ 0, h->first + m, h->first + m, first + start,
							part ? quarter(v, n, days) : v, part ? quarter(v, n, days) : v, last, 0 };
				}
				start = d;
			}
		}
	}
}

/* A service's days by their price, -1 for none. Each stretch of one price counts by its days; a whole price stands only when it is
 * the month's only stretch and is not to be counted in days. */
static int64_t price_of_month(const struct history *h, int m, const char *service)
{
	int year = h->year + (h->month - 1 + m) / 12, month = (h->month - 1 + m) % 12 + 1, days = days_in(year, month);
	int64_t by_day[32], sum = 0, whole = -1;
	int stretches = 0;

	for (int d = 0; d < days; d++) {
		by_day[d] = -1;
		for (int i = 0; i < h->nprices; i++) {
			const struct bank_price *p = &h->price[i];
			int32_t day = day_from(year, month, d + 1);

			if (strcmp(p->service, service) == 0 && p->from_day <= day && p->to_day >= day) {
				by_day[d] = p->monthly_ore;
				whole = p->proration ? -1 : p->monthly_ore;
			}
		}
		stretches += by_day[d] >= 0 && (d == 0 || by_day[d - 1] != by_day[d]);
	}
	for (int d = 0, n = 1; d < days; d++, n++)
		if (d == days - 1 || by_day[d + 1] != by_day[d]) {
			sum += by_day[d] > 0 ? exact(by_day[d] * n, days) : 0;
			n = 0;
		}
	return stretches == 1 && whole >= 0 ? whole : sum;
}

static long priced;             /* months with a part of a price */

static void add_prices(const struct history *h, int m, struct oracle *o, const struct bank_month *got)
{
	static const char *const services[] = { "backup", "operations", "support" };
	int64_t told = 0;
	int n = 0;

	for (int i = 0; i < got->nfees; i++)
		told += got->fees[i].amount_ore;
	CHECK_INT(told, got->fee_ore);
	if (got->nfees && strcmp(got->fees[0].service, BANK_SERVICE) == 0)
		CHECK_INT(got->fees[n++].amount_ore, o->fee);
	else
		CHECK_INT(o->fee, 0);
	for (int k = 0; k < 3; k++) {
		int64_t ore = price_of_month(h, m, services[k]);

		if (!ore)
			continue;
		CHECK(n < got->nfees && strcmp(got->fees[n].service, services[k]) == 0 && got->fees[n].amount_ore == ore);
		n++;
		o->fee += ore;
		priced += ore % 4711 != 0 && ore != 125000;
	}
	CHECK_INT(n, got->nfees);
}

static void bill(struct oracle *o, int kind, int64_t price, int64_t minutes)
{
	for (int i = 0; i < o->nlines[kind]; i++)
		if (o->line[kind][i][0] == price) {
			o->line[kind][i][1] += minutes;
			return;
		}
	if (minutes) {
		o->line[kind][o->nlines[kind]][0] = price;
		o->line[kind][o->nlines[kind]++][1] = minutes;
	}
}

/* What was borrowed is taken out of the new month's pots again, a minute at a time; what is bought comes into pots of its own. */
static void pay_back_and_buy(const struct history *h, struct oracle *o, int m)
{
	for (int i = 0; i < o->nlent; i++) {
		struct pot *from = NULL;

		for (int j = 0; j < o->npots; j++)
			if (o->pot[j].kind == 0 && o->pot[j].n > 0 && (!from || o->pot[j].from_day < from->from_day))
				from = &o->pot[j];
		if (from) {
			from->n--;
			o->repaid++;
		} else {
			o->unrepaid++;
			bill(o, 2, o->lent[i], 1);
		}
	}
	for (int i = 0; i < h->nbought; i++)
		if (month_of_day(h->bought[i].from_day) == h->first + m) {
			const struct bank_purchase *p = &h->bought[i];

			o->pot[o->npots++] = (struct pot){ 3, h->first + m, month_of_day(p->to_day), p->from_day, p->minutes, p->minutes, p->to_day, p->id };
			o->paid_ore += p->price_ore;
		}
}

/* Does this pot go before that one? Both are open to the minute. */
static bool sooner(const struct pot *p, const struct pot *q)
{
	int64_t x[] = { p->to_day, p->origin, p->from_day, p->bought }, y[] = { q->to_day, q->origin, q->from_day, q->bought };

	for (int i = 0; i < 4; i++)
		if (x[i] != y[i])
			return x[i] < y[i];
	return false;
}

static bool one_minute(struct oracle *o, const struct bank_entry *n, const struct bank_span *s, int32_t now)
{
	int32_t own = month_of_day(n->day);
	struct pot *best = NULL;

	for (int i = 0; i < o->npots && n->late && !(s && s->terms.late_current_only); i++) {
		struct pot *p = &o->pot[i];
		bool then = p->bought ? p->from_day <= n->day && n->day <= p->to_day : s && p->origin <= own && own <= p->expires;

		if (p->kind == 2 && p->n > 0 && then && (!best || sooner(p, best)))
			best = p;
	}
	for (int i = 0; i < o->npots && (!best || best->kind != 2); i++) {
		struct pot *p = &o->pot[i];

		if (p->kind == 2 || p->n == 0 || (!n->late && p->kind != 1 && p->from_day > n->day) || p->expires < now)
			continue;
		if (p->kind == 3 ? n->day > p->to_day : !s)
			continue;
		if (!best || sooner(p, best))
			best = p;
	}
	if (!best) {                    /* the next month's, as far as that goes */
		if (!s || (o->nowed + 1) * 100 > o->lendable * s->terms.borrow_percent)
			return false;
		o->owed[o->nowed++] = s->terms.hourly_ore;
		o->drawn++;
		return true;
	}
	o->from_lapsed += best->kind == 2;
	best->n--;
	o->drawn++;
	return true;
}

static bool before_in_time(const struct bank_entry *p, const struct bank_entry *q)
{
	int64_t x[] = { p->started_at, p->person_id, p->ticket_id, p->activity, p->minutes, p->drive_out, p->drive_home, p->trip_customers, p->trip_part, p->cover, p->late };
	int64_t y[] = { q->started_at, q->person_id, q->ticket_id, q->activity, q->minutes, q->drive_out, q->drive_home, q->trip_customers, q->trip_part, q->cover, q->late };

	for (size_t i = 0; i < sizeof x / sizeof *x; i++)
		if (x[i] != y[i])
			return x[i] < y[i];
	return false;
}

/* Time that is rounded together, as a slip of paper: written so far, and charged so far. */
static int64_t charge(struct oracle *o, const struct bank_entry *n, bool together, int step, int min)
{
	const int64_t key[6] = { n->day, n->person_id, n->ticket_id, n->activity, n->cover, together ? 0 : o->nsums + 1 };
	int i = 0;
	int64_t was;

	while (i < o->nsums && memcmp(o->sum[i].key, key, sizeof key) != 0)
		i++;
	if (i == o->nsums) {
		memset(&o->sum[i], 0, sizeof o->sum[i]);
		memcpy(o->sum[i].key, key, sizeof key);
		o->nsums++;
	}
	was = o->sum[i].charged;
	o->sum[i].written += n->minutes;
	o->sum[i].charged = rounded(o->sum[i].written, step, min);
	return o->sum[i].charged - was;
}

/* A leg's minutes are dealt out one by one: minute m goes to the first part that must have reached m by now. */
static int part_of(const struct bank_entry *n, int minutes, int part)
{
	int mine = 0;

	for (int m = 1; m <= minutes; m++) {
		int p = 1;

		while (n->trip_customers > 1 && minutes * p < m * n->trip_customers)
			p++;
		mine += n->trip_customers < 2 || p == part;
	}
	return mine;
}

static void oracle_entry(const struct history *h, struct oracle *o, const struct bank_entry *n, int32_t now, const struct bank_settled *got)
{
	const struct bank_span *s = span_of(h, n->day);
	const struct bank_terms *t = s ? &s->terms : &bank_terms_none;
	int64_t work, over = 0, drawn = 0, drive = 0, paid = 0, from_bank = 0;

	if (n->activity == ACTIVITY_INTERNAL)
		work = n->minutes;
	else if (n->activity == ACTIVITY_PHONE)
		work = charge(o, n, t->join_day, t->phone_step, t->phone_step);
	else
		work = charge(o, n, t->join_day, t->step, t->min);
	if (n->activity != ACTIVITY_INTERNAL && n->cover == BANK_DRAWN)
		for (int64_t i = 0; i < work; i++)
			*(one_minute(o, n, s, now) ? &drawn : &over) += 1;
	CHECK(got->bill == work && got->drawn == drawn && got->over == over);
	CHECK(got->internal == (n->activity == ACTIVITY_INTERNAL ? work : 0));
	CHECK(got->included == (n->activity != ACTIVITY_INTERNAL && n->cover == BANK_INCLUDED ? work : 0));
	if (n->activity == ACTIVITY_VISIT) {
		int legs[2] = { part_of(n, n->drive_out, n->trip_part), part_of(n, n->drive_home, n->trip_customers + 1 - n->trip_part) };
		int left[2] = { s ? t->driving_free : 0, s && t->driving_each_way ? t->driving_free : 0 };

		for (int i = 0; i < legs[0] + legs[1]; i++) {
			int *allowed = &left[t->driving_each_way && i >= legs[0]];

			if (*allowed > 0)
				(*allowed)--;
			else
				drive++;
		}
		CHECK(got->drive == legs[0] + legs[1] && got->drive_free == legs[0] + legs[1] - drive);
		CHECK_INT(got->drive_whole, n->drive_out + n->drive_home);
		drive = rounded(drive, t->step, t->min);
		for (int64_t i = 0; i < drive; i++)
			*(s && t->driving_from_bank && one_minute(o, n, s, now) ? &from_bank : &paid) += 1;
	}
	CHECK(got->drive_bill == drive && got->drive_drawn == from_bank && got->drive_invoiced == paid);
	o->over += over;
	o->driving += paid;
	o->unagreed += s ? 0 : over;
	if (s && t->stop_and_ask)
		o->to_ask += t->driving_from_bank ? over + paid : over;
	bill(o, s ? 0 : 1, t->hourly_ore, over);
	bill(o, 3, t->hourly_ore, paid);
}

static void close_month(const struct history *h, struct oracle *o, int m)
{
	int year = h->year + (h->month - 1 + m) / 12, month = (h->month - 1 + m) % 12 + 1;
	const struct bank_span *end = span_of(h, day_from(year, month, days_in(year, month)));
	int64_t kept = 0;
	int n = o->npots;

	for (int i = 0; i < n; i++)
		if (o->pot[i].kind == 1 && o->pot[i].expires > h->first + m)
			kept += o->pot[i].n;
	for (int i = 0; i < n; i++) {
		struct pot *p = &o->pot[i];

		if ((p->kind == 1 && p->expires == h->first + m) || (p->kind == 3 && p->to_day <= day_from(year, month, days_in(year, month))))
			p->kind = 2;
		if (p->kind != 0)
			continue;
		p->kind = 2;
		if (end && end->terms.rollover_months > 0 && p->n > 0) {
			struct pot *r = &o->pot[o->npots];

			*r = *p;
			r->kind = 1;
			r->n = 0;
			r->expires += end->terms.rollover_months;
			r->to_day = month_first_day(r->expires + 1) - 1;
			for (; p->n > 0 && kept < end->terms.rollover_max; kept++, p->n--)
				r->n++;
			o->npots += r->n > 0;
		}
	}
}

static long borrowed, unrepaid, outlived;       /* how often the rare things happened */

/* The month's pots, what the next one can lend, and what is owed to it, before anything is used. */
static void begin_month(const struct history *h, struct oracle *o, int m)
{
	struct oracle next;

	o->fee = o->money = o->drawn = o->over = o->driving = o->nsums = 0;
	o->unagreed = o->to_ask = o->paid_ore = o->from_lapsed = o->unrepaid = o->repaid = 0;
	memset(o->nlines, 0, sizeof o->nlines);
	memcpy(o->lent, o->owed, sizeof o->owed[0] * (size_t)o->nowed);
	o->nlent = o->nowed;
	o->nowed = 0;
	open_month(h, m, o);
	next.npots = 0;
	next.fee = 0;
	open_month(h, m + 1, &next);
	o->lendable = 0;
	for (int i = 0; i < next.npots; i++)
		o->lendable += next.pot[i].n;
	pay_back_and_buy(h, o, m);
}

/* Every entry of the month and nothing else, in the order in which both must take them. */
static void check_entries(const struct history *h, struct oracle *o, int m, const struct bank_month *got)
{
	bool used[ENTRIES] = { false };
	int n = 0;

	for (;; n++) {
		int best = -1;

		for (int i = 0; i < h->n; i++)
			if (!used[i] && h->entry[i].month == h->first + m && (best < 0 || before_in_time(&h->entry[i], &h->entry[best])))
				best = i;
		if (best < 0)
			break;
		used[best] = true;
		CHECK(n < got->nsettled);
		CHECK(!before_in_time(got->settled[n].entry, &h->entry[best]) && !before_in_time(&h->entry[best], got->settled[n].entry));
		oracle_entry(h, o, got->settled[n].entry, h->first + m, &got->settled[n]);
	}
	CHECK_INT(n, got->nsettled);
}

/* The engine's own books balance: grants gave what entries took. *granted, *repaid: sums of its grants. */
static void check_grants(const struct bank_month *got, int64_t *granted, int64_t *repaid)
{
	int64_t drawn = 0;

	*granted = *repaid = 0;
	for (int i = 0; i < got->ngrants; i++) {
		const struct bank_grant *g = &got->grants[i];

		CHECK(0 <= g->drawn && g->drawn <= g->granted && g->expired >= 0 && g->left >= 0);
		CHECK(g->granted == g->drawn + g->expired + g->left);
		*granted += g->granted;
		*repaid += g->repaid;
		drawn += g->drawn;
	}
	for (int i = 0; i < got->nsettled; i++) {
		const struct bank_settled *s = &got->settled[i];
		int64_t sum = 0;

		for (int j = 0; j < s->ndraws; j++)
			sum += s->draws[j].minutes;
		CHECK(sum == s->drawn + s->drive_drawn && s->bill == s->drawn + s->over + s->included + s->internal);
		drawn -= sum;
	}
	CHECK_INT(drawn, 0);
}

static void check_lines(struct oracle *o, const struct bank_month *got)
{
	int lines = 0;

	for (int k = 0; k < BANK_WHY__N; k++)
		for (int i = 0; i < o->nlines[k]; i++, lines++) {
			int64_t amount = exact(o->line[k][i][0] * o->line[k][i][1], 60);
			int hits = 0;

			for (int j = 0; j < got->nlines; j++)
				hits += (int)got->lines[j].why == k && got->lines[j].hourly_ore == o->line[k][i][0] &&
					got->lines[j].minutes == o->line[k][i][1] && got->lines[j].amount_ore == amount;
			CHECK_INT(hits, 1);
			o->money += amount;
		}
	CHECK(lines == got->nlines && got->lines_ore == o->money);
}

/* What goes on into the next month: hours kept, hours that late time may still use, hours owed. */
static void check_after(const struct oracle *o, const struct bank_month *got, int64_t repaid)
{
	for (int kind = 1; kind <= 2; kind++) {
		int64_t left[BOUGHT + 1] = { 0 };       /* of each purchase, and [0] of the rest */
		const struct bank_kept *kept = kind == 1 ? got->after.rolled : got->after.lapsed;

		for (int i = 0; i < (kind == 1 ? got->after.nrolled : got->after.nlapsed); i++)
			left[kept[i].purchase_id] += kept[i].minutes;
		for (int i = 0; i < o->npots; i++)
			left[o->pot[i].bought] -= o->pot[i].kind == kind || (kind == 1 && o->pot[i].kind == 3) ? o->pot[i].n : 0;
		for (int i = 0; i <= BOUGHT; i++)
			CHECK_INT(left[i], 0);
		for (int i = 0; kind == 1 && i < got->after.nrolled; i++)
			outlived += kept[i].purchase_id != 0;
	}
	for (int i = 0, at = 0; i < got->after.ndebt; i++)
		for (int64_t k = 0; k < got->after.debt[i].minutes; k++, at++)
			CHECK(at < o->nowed && o->owed[at] == got->after.debt[i].hourly_ore);
	for (int i = 0; i < got->after.ndebt; i++)
		repaid += got->after.debt[i].minutes;
	CHECK_INT(repaid, o->repaid + o->nowed);
}

static void check_month(const struct history *h, struct oracle *o, int m, const struct bank_month *got)
{
	int64_t granted, repaid, have = 0;

	begin_month(h, o, m);
	for (int i = 0; i < o->npots; i++)
		have += o->pot[i].kind == 2 ? 0 : o->pot[i].n;
	check_entries(h, o, m, got);
	add_prices(h, m, o, got);
	check_grants(got, &granted, &repaid);
	CHECK(got->granted == granted && got->drawn == o->drawn && got->over == o->over && got->driving == o->driving);
	CHECK(got->fee_ore == o->fee && got->bought_ore == o->paid_ore && got->unagreed == o->unagreed && got->to_ask == o->to_ask);
	CHECK(granted == have + o->from_lapsed + o->nowed && repaid == o->repaid && got->unrepaid == o->unrepaid);
	borrowed += o->nowed > 0;
	unrepaid += o->unrepaid > 0;
	check_lines(o, got);
	close_month(h, o, m);
	check_after(o, got, repaid);
}

static void shuffle(struct history *h)
{
	for (int i = h->n - 1; i > 0; i--) {
		int j = (int)any((uint32_t)i + 1);
		struct bank_entry t = h->entry[i];

		h->entry[i] = h->entry[j];
		h->entry[j] = t;
	}
	for (int i = 0; i < h->n; i++)
		h->entry[i].id = i + 1;
	for (int i = h->nbought - 1; i > 0; i--) {
		int j = (int)any((uint32_t)i + 1);
		struct bank_purchase t = h->bought[i];

		h->bought[i] = h->bought[j];
		h->bought[j] = t;
	}
}

static void test_histories(void **state)
{
	const char *s = getenv("PEDEL_ROUNDS");
	long rounds = s ? strtol(s, NULL, 10) : ROUNDS;
	struct arena *a = arena_begin(8 << 20);
	struct bank_month m[MONTHS], again[MONTHS];
	int64_t late = 0, over = 0, rolled = 0, joined = 0;
	uint64_t print[MONTHS];

	for (long r = 0; r < rounds; r++) {
		struct history h;
		struct oracle o = { .npots = 0 };

		arena_reset(a);
		seed = 88172645463325252u + (uint64_t)r * 0x2545F4914F6CDD1Du;
		make_history(a, &h);
		for (int i = 0; i < h.ndebt; i++)
			for (int64_t k = 0; k < h.debt[i].minutes; k++)
				o.owed[o.nowed++] = h.debt[i].hourly_ore;
		settle_through(a, &h, h.nmonths, m);
		for (int i = 0; i < h.nclosed; i++)
			CHECK(print_of(&m[i]) == h.closed_as[i]);       /* whatever came later */
		for (int i = 0; i < h.nmonths; i++) {
			check_month(&h, &o, i, &m[i]);
			print[i] = print_of(&m[i]);
		}
		shuffle(&h);
		settle_through(a, &h, h.nmonths, again);
		for (int i = 0; i < h.nmonths; i++) {
			CHECK(print[i] == print_of(&again[i]));        /* whatever order they were typed in */
			over += m[i].over > 0;
			rolled += m[i].after.nrolled > 0;
			for (int j = 0; j < m[i].ngrants; j++)
				late += m[i].grants[j].kind == BANK_GRANT_LATE;
			for (int j = 0; j < m[i].nsettled; j++)
				joined += m[i].settled[j].bill == 0;
		}
	}
	print_message("%ld histories; months with overuse %ld, with rollover %ld; late grants %ld; joined %ld, borrowed %ld, not repaid %ld, "
		"bought hours kept %ld, parts of a price %ld\n", rounds, (long)over, (long)rolled, (long)late, (long)joined, borrowed, unrepaid, outlived, priced);
	if (rounds >= 1000)                     /* it walked the rare paths */
		CHECK(joined > rounds / 100 && borrowed > rounds / 50 && unrepaid > rounds / 100 && outlived > rounds / 20 && over > rounds / 10 &&
			rolled > rounds / 20 && late > rounds / 100 && priced > rounds / 10);
	arena_end(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_histories) };

	moment_zone();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
