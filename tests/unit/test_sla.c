/* The calendar against a table made by others, and both clocks against a count minute by minute. */
#include "t.h"
#include <stdlib.h>
#include "base/moment.h"
#include "core/calendar.h"
#include "core/sla.h"
#include "holiday_table.h"

static void holidays_equal_the_table(void **state)
{
	(void)state;
	for (size_t y = 0; y < sizeof holiday_table / sizeof *holiday_table; y++) {
		int32_t first = day_from(holiday_table[y].year, 1, 1), last = day_from(holiday_table[y].year, 12, 31);

		for (int32_t d = first; d <= last; d++) {
			struct civil c = day_civil(d);
			char word[8];

			snprintf(word, sizeof word, "%02d%02d", c.month, c.day);
			CHECK_ROW(y, (strstr(holiday_table[y].days, word) != NULL) == (calendar_holiday(d, LANG_EN) != NULL));
		}
	}
	CHECK_STR(calendar_holiday(day_from(2026, 5, 14), LANG_DA), "Kristi himmelfartsdag");
	CHECK(!calendar_holiday(day_from(2024, 4, 26), LANG_DA));
	CHECK_STR(calendar_holiday(day_from(2023, 5, 5), LANG_DA), "store bededag");
}

static void hours_are_read(void **state)
{
	static const struct { const char *hours, *closed; enum err_id want; int day, n, from, to; } rows[] = {
		{ "mon-fri 08:00-16:00", "", E_NONE, 0, 1, 480, 960 },
		{ "mon-fri 08:00-16:00; sat 10:00-12:00", NULL, E_NONE, 5, 1, 600, 720 },
		{ "man-fre 8-16; lør 10.30-12", "12-24, 12-31", E_NONE, 5, 1, 630, 720 },
		{ "mon,wed 13:00-15:00,08:00-12:00;", "", E_NONE, 2, 2, 480, 720 },
		{ "fri-mon 00:00-24:00", "", E_NONE, 6, 1, 0, 1440 },
		{ "MON-SUN 00:00-24:00", "05-01 06-05", E_NONE, 3, 1, 0, 1440 },
		{ "", "", E_HOURS_INVALID, 0, 0, 0, 0 },
		{ "always", "", E_HOURS_INVALID, 0, 0, 0, 0 },
		{ "mon 16:00-08:00", "", E_HOURS_INVALID, 0, 0, 0, 0 },
		{ "mon 08:00", "", E_HOURS_INVALID, 0, 0, 0, 0 },
		{ "mon 08:00-25:00", "", E_HOURS_INVALID, 0, 0, 0, 0 },
		{ "mon 08:00-12:00,11:00-13:00", "", E_HOURS_INVALID, 0, 0, 0, 0 },
		{ "mon 1-2,3-4,5-6,7-8,9-10", "", E_HOURS_INVALID, 0, 0, 0, 0 },
		{ "mon 08:00-16:00 tue", "", E_HOURS_INVALID, 0, 0, 0, 0 },
		{ "mon 08:00-16:00", "13-01", E_CLOSED_DAY_INVALID, 0, 0, 0, 0 },
		{ "mon 08:00-16:00", "02-30", E_CLOSED_DAY_INVALID, 0, 0, 0, 0 },
		{ "tirsdag 10-12", "24.12., 31/12", E_NONE, 1, 1, 600, 720 },
		{ "alle dage hele døgnet", "24. december, 1. maj, Dec 31", E_NONE, 6, 1, 0, 1440 },
		{ "Hverdage fra kl. 8 til kl. 16 og lørdag kl. 10-12", "5 jun", E_NONE, 5, 1, 600, 720 },
		{ "24/7", "", E_NONE, 0, 1, 0, 1440 },
		{ "mandag til torsdag: 8-16, fredag 8-15.30", "", E_NONE, 4, 1, 480, 930 },
		{ "Monday, Wednesday and Friday 9 to 17", "", E_NONE, 4, 1, 540, 1020 },
		{ "mandage 8-16", "", E_HOURS_INVALID, 0, 0, 0, 0 },
		{ "tirsdag", "", E_HOURS_INVALID, 0, 0, 0, 0 },
		{ "tirsdag 10-12 ca.", "", E_HOURS_INVALID, 0, 0, 0, 0 },
		{ "8-16", "", E_HOURS_INVALID, 0, 0, 0, 0 },
		{ "man-fre 8-16, ", "", E_NONE, 0, 1, 480, 960 },
		{ "mon 08:00-16:00", "24-12", E_CLOSED_DAY_INVALID, 0, 0, 0, 0 },
		{ "mon 08:00-16:00", "24.12.2026", E_CLOSED_DAY_INVALID, 0, 0, 0, 0 },
		{ "mon 08:00-16:00", "31.11", E_CLOSED_DAY_INVALID, 0, 0, 0, 0 },
		{ "mon 08:00-16:00", "jul", E_CLOSED_DAY_INVALID, 0, 0, 0, 0 },
		{ "mon 08:00-16:00", "05-011", E_CLOSED_DAY_INVALID, 0, 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct calendar c;
		struct err e = { 0 };
		int rc = calendar_parse(rows[i].hours, rows[i].closed, &c, &e);

		CHECK_ROW(i, e.id == rows[i].want && (rc == 0) == (e.id == E_NONE));
		if (rc == 0)
			CHECK_ROW(i, c.nspans[rows[i].day] == rows[i].n && c.span[rows[i].day][0].from == rows[i].from &&
				c.span[rows[i].day][0].to == rows[i].to);
	}
}

/* Whatever is understood is kept in one form, which means the same. */
static void hours_are_kept_in_one_form(void **state)
{
	static const struct { const char *typed; bool night; const char *kept; } rows[] = {
		{ "man-fre 8-16; lør 10.30-12", false, "mon-fri 08:00-16:00; sat 10:30-12:00" },
		{ "alle dage hele døgnet", false, "mon-sun 00:00-24:00" },
		{ "fre, man og ons 13-15,8-12", false, "mon,wed,fri 08:00-12:00,13:00-15:00" },
		{ "fri-mon 9-17", false, "mon,fri-sun 09:00-17:00" },
		{ "fre 22-2", true, "fri 22:00-24:00; sat 00:00-02:00" },
		{ "søn 23-24", true, "sun 23:00-24:00" },
		{ "sun 02:00-06:00, sat 01:00-03:00", true, "sat 01:00-03:00; sun 02:00-06:00" },
	};
	struct arena *a = arena_begin(1 << 20);
	struct calendar c, again;
	struct err e = { 0 };
	int m, d;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		CHECK_ROW(i, calendar_hours(rows[i].typed, rows[i].night, &c, &e) == 0);
		CHECK_STR(calendar_hours_text(a, &c), rows[i].kept);
		CHECK_ROW(i, calendar_hours(rows[i].kept, false, &again, &e) == 0 && memcmp(&c, &again, sizeof c) == 0);
	}
	CHECK(calendar_hours("fre 22-2", false, &c, &e) == -1);
	CHECK(calendar_closed_day(" 24.12. ", &m, &d, &e) == 0 && m == 12 && d == 24);
	CHECK(calendar_closed_day("24.12., 31.12.", &m, &d, &e) == -1);
	arena_end(a);
}

static void work_is_counted(void **state)
{
	struct calendar c, all;
	struct err e;
	int64_t fri = moment_from_local(2026, 11, 20, 15, 0, 0), mon = moment_from_local(2026, 11, 23, 9, 30, 0);

	(void)state;
	CHECK(calendar_parse("mon-fri 08:00-16:00", "12-24", &c, &e) == 0);
	CHECK(calendar_parse("mon-sun 00:00-24:00", "", &all, &e) == 0);
	CHECK(calendar_work_us(&c, fri, mon) == 150 * MOMENT_MINUTE);
	CHECK(calendar_after(&c, fri, 60 * MOMENT_MINUTE) == fri + MOMENT_HOUR);        /* the end of Friday, not Monday 8 */
	CHECK(calendar_after(&c, fri, 150 * MOMENT_MINUTE) == mon);
	CHECK(calendar_after(&c, fri, 0) == fri);
	CHECK(calendar_next_open(&c, moment_from_local(2026, 12, 23, 16, 0, 0)) == moment_from_local(2026, 12, 28, 8, 0, 0));
	CHECK(!calendar_open(&c, moment_from_local(2026, 12, 24, 10, 0, 0)) && calendar_open(&c, mon) && !calendar_open(&c, fri + MOMENT_HOUR));
	/* 29 March 2026 has 23 hours and is Palm Sunday; 25 October 2026 has 25 */
	CHECK(calendar_work_us(&all, day_start(day_from(2026, 3, 29)), day_start(day_from(2026, 3, 30))) == 23 * MOMENT_HOUR);
	CHECK(calendar_work_us(&all, day_start(day_from(2026, 10, 25)), day_start(day_from(2026, 10, 26))) == 25 * MOMENT_HOUR);
	c = (struct calendar){ 0 };
	CHECK(calendar_after(&c, fri, 1) == MOMENT_NEVER && calendar_work_us(&c, fri, mon) == 0);
}

/* The oracle: which minutes are open is asked of the wall clock, once per minute of thirteen months with both DST changes. */
#define MINUTES (400 * 1440)
#define CALENDARS 5
static uint8_t open_at[CALENDARS][MINUTES];
static struct calendar cals[CALENDARS];
static int64_t base;

static void prepare(void)
{
	static const char *const text[CALENDARS][2] = {
		{ "mon-fri 08:00-16:00", "12-24,12-31" }, { "mon-thu 08:00-12:00,12:30-16:30; fri 08:00-15:00", "" },
		{ "mon-sun 00:00-24:00", "05-01,06-05" }, { "mon-fri 07:30-17:00; sat 10:00-14:00", "" }, { "sun 10:00-11:00; wed 22:00-24:00", "" },
	};
	struct err e;

	base = moment_from_local(2025, 9, 1, 0, 0, 0);
	for (int k = 0; k < CALENDARS; k++)
		CHECK(calendar_parse(text[k][0], text[k][1], &cals[k], &e) == 0);
	for (int m = 0; m < MINUTES; m++) {
		struct civil v = moment_local(base + m * MOMENT_MINUTE);
		int wall = v.hour * 60 + v.minute, closed;
		bool off = calendar_holiday(day_from(v.year, v.month, v.day), LANG_DA) != NULL;

		for (int k = 0; k < CALENDARS; k++) {
			closed = off;
			for (int i = 0; i < cals[k].nclosed; i++)
				closed |= cals[k].closed[i] == v.month * 32 + v.day;
			for (int i = 0; !closed && i < cals[k].nspans[v.weekday - 1]; i++)
				open_at[k][m] |= cals[k].span[v.weekday - 1][i].from <= wall && wall < cals[k].span[v.weekday - 1][i].to;
		}
	}
}

static uint32_t seed = 20261122;
static int rnd(int n) { seed = seed * 1664525u + 1013904223u; return (int)((seed >> 8) % (uint32_t)n); }

struct brute { int used, due, ended; enum sla_mark mark; };      /* minutes since base; due -1: not known */

/* From which minute on does the desk owe anything? Held, it is the first at which somebody has shown an interest and the ticket
 * is not over; -1: not yet. */
static int owed_from(const struct sla_event *ev, int n, int now)
{
	bool held = false, wanted = false;
	int owed = (int)((ev[0].at - base) / MOMENT_MINUTE), state = TICKET_NEW;

	for (int i = 1; i < n && ev[i].at <= base + now * MOMENT_MINUTE; i++) {
		switch (ev[i].kind) {
		case SLA_HELD: held = true; owed = -1; break;
		case SLA_BEGUN: wanted = true; break;
		case SLA_STATE: state = ev[i].value; break;
		default: break;
		}
		if (owed < 0 && held && wanted && state != TICKET_SOLVED && state != TICKET_CLOSED)
			owed = (int)((ev[i].at - base) / MOMENT_MINUTE) + i * MINUTES;  /* with the place in the list: two may share a minute */
	}
	return owed;
}

/* What the clock had in a ticket that was merged into this one: it is never less. */
static void taken_over(struct brute *b, const struct sla_event *v, enum sla_kind kind, int target)
{
	if (v->kind != kind || v->value <= b->used)
		return;
	b->used = v->value;
	if (target && b->due < 0 && b->used >= target)
		b->due = (int)((v->at - base) / MOMENT_MINUTE);
}

/* Which solvings were taken back: each the last before an SLA_UNDONE. */
static void find_taken_back(const struct sla_event *ev, int n, int now, bool *taken_back)
{
	for (int u = 1; u < n && ev[u].at <= base + now * MOMENT_MINUTE; u++) {
		int was = TICKET_NEW, solved = 0;

		for (int i = 1; ev[u].kind == SLA_UNDONE && i < u; i++) {
			if (ev[i].kind != SLA_STATE)
				continue;
			if (ev[i].value >= TICKET_SOLVED && was < TICKET_SOLVED)
				solved = i;
			was = ev[i].value;
		}
		taken_back[solved] = true;
	}
}

/* One clock, a minute at a time, forgetting everything but state, priority and a counter. */
static struct brute count(const struct sla_terms *t, int cal, const struct sla_event *ev, int n, int now, bool solution)
{
	struct brute b = { .due = -1, .ended = -1 };
	enum sla_kind mine = solution ? SLA_WORKED : SLA_WAITED;
	bool taken_back[24] = { false };
	int state = TICKET_NEW, prio = ev[0].value, target, i, last = -1, over = n, owed = owed_from(ev, n, now), start = owed % MINUTES, place = owed / MINUTES,
		current = prio;

	if (!solution)
		find_taken_back(ev, n, now, taken_back);
	/* when did it end for the last time, and with which priority? */
	for (i = 1; i < n; i++) {
		int at = (int)((ev[i].at - base) / MOMENT_MINUTE);

		if (at > now)
			break;
		if (ev[i].kind == SLA_PRIORITY)
			current = ev[i].value;
		if (ev[i].kind == SLA_PRIORITY && (b.ended < 0 || (solution && state < TICKET_SOLVED)))
			prio = ev[i].value;
		if (ev[i].kind == SLA_PRIORITY && solution && state >= TICKET_SOLVED)
			last = ev[i].value;
		if (ev[i].kind == SLA_STATE) {
			if (solution && state >= TICKET_SOLVED && ev[i].value < TICKET_SOLVED) {
				b.ended = -1;
				over = n;
				prio = last >= 0 ? last : prio;
				last = -1;
			}
			if (b.ended < 0 && ev[i].value >= TICKET_SOLVED && state < TICKET_SOLVED && !taken_back[i])
				b.ended = at, over = i;
			state = ev[i].value;
		}
		if (!solution && ev[i].kind == SLA_ANSWERED && b.ended < 0)
			b.ended = at, over = i;
		if (!solution && place && i == place) {        /* what was said and done before nobody was owed */
			b.ended = -1;
			over = n;
			prio = current;
		}
	}
	if (owed < 0)
		return b;
	target = solution ? t->solution_minutes[prio] : t->response_minutes[prio];
	state = TICKET_NEW;
	i = 1;
	for (int m = start; m < (b.ended >= 0 ? b.ended : now); m++) {
		for (; i < n && ev[i].at <= base + m * MOMENT_MINUTE; i++) {
			if (ev[i].kind == SLA_STATE)
				state = ev[i].value;
			if (i > place && i < over)
				taken_over(&b, &ev[i], mine, target);
		}
		if (!open_at[cal][m] || (solution && (state == TICKET_WAITING_CUSTOMER || state == TICKET_WAITING_THIRD ||
			(state >= TICKET_SOLVED && t->reopen_pauses))))
			continue;
		if (++b.used == target && b.due < 0)
			b.due = m + 1;
	}
	for (int k = i; k < over && ev[k].at <= base + (b.ended >= 0 ? b.ended : now) * MOMENT_MINUTE; k++)
		if (k > place)
			taken_over(&b, &ev[k], mine, target);
	if (!target)
		b.mark = SLA_NONE;
	else if (b.ended >= 0)
		b.mark = b.due >= 0 && b.ended > b.due ? SLA_MISSED : SLA_MET;
	else if (b.due >= 0 && now >= b.due)
		b.mark = SLA_OVERDUE;
	else {
		for (; i < n && ev[i].at <= base + now * MOMENT_MINUTE; i++)
			if (ev[i].kind == SLA_STATE)
				state = ev[i].value;
		b.mark = solution && (state == TICKET_WAITING_CUSTOMER || state == TICKET_WAITING_THIRD) ? SLA_PAUSED : SLA_RUNNING;
		if (b.due < 0 && b.mark == SLA_RUNNING && target < 100000) {     /* go on as if nothing more happens */
			int used = b.used, m = now;

			while (used < target && m < MINUTES)
				used += open_at[cal][m++];
			b.due = used == target ? m : -2;
		}
	}
	return b;
}

static void same(int round, const struct brute *b, const struct sla_clock *c)
{
	CHECK_ROW(round, c->used_us == b->used * MOMENT_MINUTE);
	CHECK_ROW(round, c->mark == b->mark);
	CHECK_ROW(round, c->mark == SLA_NONE || c->target_us > 0);
	CHECK_ROW(round, b->ended < 0 ? c->ended_at == 0 : c->ended_at == base + b->ended * MOMENT_MINUTE);
	if (b->due >= 0)
		CHECK_ROW(round, c->due_at == base + b->due * MOMENT_MINUTE);
	else if (b->due == -1 && b->mark == SLA_PAUSED)
		CHECK_ROW(round, c->due_at == MOMENT_NEVER);
}

static void clocks_equal_a_count_by_minutes(void **state)
{
	static const int spans[] = { 600, 3000, 12000, 40000 }, targets[] = { 15, 60, 240, 480, 960, 2400 };
	int rounds = getenv("PEDEL_ROUNDS") ? (int)strtol(getenv("PEDEL_ROUNDS"), NULL, 10) : 100000, marks[6] = { 0 }, held = 0, undone = 0;

	(void)state;
	prepare();
	for (int k = 0; k < rounds; k++) {
		struct sla_event ev[24];
		struct sla_terms t = { .reopen_pauses = rnd(4) != 0 };
		int n = 1 + rnd(22), cal = rnd(CALENDARS), span = spans[rnd(16) < 13 ? rnd(2) : 2 + rnd(2)], at[24], now;
		struct sla out;
		struct brute r, s;

		t.calendar = cals[cal];
		for (int p = 0; p < PRIORITY__N; p++) {
			t.response_minutes[p] = rnd(30) ? targets[rnd(6)] : 0;
			t.solution_minutes[p] = rnd(30) ? targets[rnd(6)] : 0;
		}
		at[0] = rnd(MINUTES - 2 * span - 60 * 1440);
		for (int i = 1; i < n; i++)
			at[i] = at[i - 1] + (rnd(5) ? rnd(2 * span / n + 1) : 0);
		for (int i = 0; i < n; i++) {
			int what = rnd(6);

			ev[i].at = base + at[i] * MOMENT_MINUTE;
			ev[i].kind = i == 0 ? SLA_CREATED : what == 0 ? SLA_PRIORITY : what == 1 ? SLA_ANSWERED :
				what == 2 ? (rnd(2) ? SLA_WAITED : SLA_WORKED) : SLA_STATE;
			ev[i].value = ev[i].kind == SLA_STATE ? 1 + rnd(TICKET_STATE__N - 1) : ev[i].kind >= SLA_WAITED ? rnd(3000) : rnd(PRIORITY__N);
		}
		if (n > 2 && rnd(3) == 0) {             /* what a program sent: held, and somebody may take it */
			ev[1] = (struct sla_event){ ev[0].at, SLA_HELD, 0 };
			at[1] = at[0];
			for (int i = 2; i < n; i++)
				if (rnd(4) == 0)
					ev[i] = (struct sla_event){ ev[i].at, SLA_BEGUN, 0 };
		}
		for (int i = 2, was = TICKET_NEW; i < n; i++) {
			bool opened = ev[i - 1].kind == SLA_STATE && was >= TICKET_SOLVED && ev[i - 1].value < TICKET_SOLVED;

			if (opened && rnd(2)) {
				ev[i] = (struct sla_event){ ev[i - 1].at, SLA_UNDONE, 0 };
				at[i] = at[i - 1];
				undone++;
			}
			was = ev[i - 1].kind == SLA_STATE ? ev[i - 1].value : was;
		}
		now = at[0] + rnd(at[n - 1] - at[0] + 2 * 1440);
		sla_fold(&t, ev, n, base + now * MOMENT_MINUTE, &out);
		r = count(&t, cal, ev, n, now, false);
		s = count(&t, cal, ev, n, now, true);
		same(k, &r, &out.response);
		same(k, &s, &out.solution);
		marks[s.mark]++;
		held += out.held;
		CHECK_ROW(k, out.held == (owed_from(ev, n, now) < 0) && (!out.held || out.next_due_at == MOMENT_NEVER));
	}
	CHECK(held > rounds / 100 && undone > rounds / 100);
	for (int i = 0; i < 6; i++)
		CHECK_ROW(i, marks[i] > rounds / 1000);         /* the dice really reach every outcome */
}

static void clocks_read_from_events(void **state)
{
	struct arena *a = arena_begin(1 << 20);
	int64_t t0 = moment_from_local(2026, 11, 24, 8, 0, 0);
	struct event ev[] = {
		{ .at = t0, .kind = "ticket.created", .data = "{\"priority\":\"important\",\"state\":\"new\"}" },
		{ .at = t0 + 5 * MOMENT_MINUTE, .kind = "message.added", .data = "{\"visibility\":\"public\"}" },
		{ .at = t0 + 19 * MOMENT_MINUTE, .kind = "message.added", .data = "{\"visibility\":\"public\",\"answers\":true}" },
		{ .at = t0 + 30 * MOMENT_MINUTE, .kind = "ticket.changed", .data = "{\"state\":[\"new\",\"waiting_customer\"],\"priority\":[\"important\",\"urgent\"]}" },
		{ .at = t0 + 90 * MOMENT_MINUTE, .kind = "ticket.changed", .data = "{\"state\":[\"waiting_customer\",\"solved\"]}" },
		{ .at = t0 + 91 * MOMENT_MINUTE, .kind = "ticket.rated", .data = "not json" },
	};
	struct sla_event *v;
	struct sla_terms t;
	struct sla out;
	struct err e;
	int n;

	(void)state;
	CHECK(sla_terms_read(NULL, &t, &e) == 0);
	sla_events_read(a, ev, 6, &v, &n);
	CHECK_INT(n, 5);
	sla_fold(&t, v, n, t0 + MOMENT_DAY, &out);
	CHECK(out.response.mark == SLA_MET && out.response.used_us == 19 * MOMENT_MINUTE && out.response.due_at == t0 + 4 * MOMENT_HOUR);
	CHECK(out.solution.mark == SLA_MET && out.solution.used_us == 30 * MOMENT_MINUTE && out.state == TICKET_SOLVED);
	CHECK(out.solution.target_us == 480 * MOMENT_MINUTE && out.next_due_at == MOMENT_NEVER);
	ev[2] = (struct event){ .at = t0 + 20 * MOMENT_MINUTE, .kind = "ticket.changed", .data = "{\"state\":[\"new\",\"solved\"]}" };
	ev[3] = (struct event){ .at = ev[2].at, .kind = "ticket.changed", .data = "{\"state\":[\"solved\",\"new\"],\"undone\":true}" };
	sla_events_read(a, ev, 4, &v, &n);
	sla_fold(&t, v, n, t0 + MOMENT_HOUR, &out);
	CHECK(out.response.mark == SLA_RUNNING && out.response.used_us == MOMENT_HOUR && out.next_due_at == t0 + 4 * MOMENT_HOUR);
	ev[3].data = "{\"state\":[\"solved\",\"new\"]}";            /* opened again later: then it was told */
	sla_events_read(a, ev, 4, &v, &n);
	sla_fold(&t, v, n, t0 + MOMENT_HOUR, &out);
	CHECK(out.response.mark == SLA_MET && out.response.used_us == 20 * MOMENT_MINUTE);
	arena_end(a);
}

/* What a program sent is held by its events: who takes, places, answers or writes lets it go; who solves it does not. */
static void held_until_somebody_cares(void **state)
{
	static const struct { const char *kind, *data; bool held, met; } rows[] = {
		{ "ticket.watched", "{}", true, false },
		{ "message.added", "{\"visibility\":\"internal\"}", true, false },
		{ "message.added", "{\"visibility\":\"public\"}", false, false },
		{ "message.added", "{\"visibility\":\"public\",\"answers\":true}", false, true },
		{ "ticket.placed", "{\"customer\":1}", false, false },
		{ "ticket.absorbed", "{}", false, false },
		{ "ticket.changed", "{\"owner_id\":2}", false, false },
		{ "ticket.changed", "{\"owner_id\":0}", true, false },
		{ "ticket.changed", "{\"category\":[\"\",\"mail\"]}", false, false },
		{ "ticket.changed", "{\"type\":[\"incident\",\"request\"]}", false, false },
		{ "ticket.changed", "{\"contact\":[\"\",\"Karen\"]}", false, false },
		{ "ticket.changed", "{\"subject\":[\"a\",\"b\"]}", true, false },
		{ "ticket.begun", "{}", false, false },
		{ "ticket.linked", "{}", true, false },
		{ "ticket.changed", "{\"priority\":[\"normal\",\"urgent\"]}", false, false },
		{ "ticket.changed", "{\"state\":[\"new\",\"open\"]}", false, false },
		{ "ticket.changed", "{\"state\":[\"new\",\"closed\"]}", true, false },
	};
	struct arena *a = arena_begin(1 << 20);
	int64_t t0 = moment_from_local(2026, 11, 24, 8, 0, 0), later = t0 + 70 * MOMENT_MINUTE;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct event ev[] = {
			{ .at = t0, .kind = "ticket.created", .data = "{\"priority\":\"normal\",\"state\":\"new\",\"held\":true}" },
			{ .at = t0, .kind = "message.added", .data = "{\"visibility\":\"public\"}" },
			{ .at = later, .kind = rows[i].kind, .data = rows[i].data },
		};
		struct sla_event *v;
		struct sla_terms t;
		struct sla out;
		struct err e;
		int n;

		CHECK(sla_terms_read(NULL, &t, &e) == 0);
		sla_events_read(a, ev, 3, &v, &n);
		sla_fold(&t, v, n, t0 + MOMENT_DAY * 7, &out);
		CHECK_ROW(i, out.held == rows[i].held);
		if (rows[i].held)
			CHECK_ROW(i, out.response.mark == SLA_NONE && out.solution.mark == SLA_NONE && out.next_due_at == MOMENT_NEVER);
		else
			CHECK_ROW(i, out.response.mark == (rows[i].met ? SLA_MET : SLA_OVERDUE) && out.start_at == later);
	}
	arena_end(a);
}

/* Solving what is held and taking that back leaves it as it was; opening it later says that it is work. */
static void undone_is_held_as_before(void **state)
{
	static const struct { const char *data[3]; bool held; } rows[] = {
		{ { "{\"state\":[\"new\",\"solved\"]}" }, true },
		{ { "{\"state\":[\"new\",\"solved\"]}", "{\"state\":[\"solved\",\"new\"],\"undone\":true}" }, true },
		{ { "{\"state\":[\"new\",\"solved\"]}", "{\"state\":[\"solved\",\"open\"]}" }, false },
		{ { "{\"state\":[\"new\",\"solved\"]}", "{\"state\":[\"solved\",\"new\"],\"undone\":true}", "{\"state\":[\"new\",\"solved\"]}" }, true },
		{ { "{\"state\":[\"new\",\"solved\"]}", "{\"state\":[\"solved\",\"new\"],\"undone\":true}", "{\"owner_id\":2}" }, false },
		{ { "{\"owner_id\":2}", "{\"state\":[\"new\",\"solved\"]}", "{\"state\":[\"solved\",\"new\"],\"undone\":true}" }, false },
		{ { "{\"state\":[\"new\",\"solved\"]}", "{\"category\":[\"\",\"mail\"]}", "{\"state\":[\"solved\",\"new\"],\"undone\":true}" }, false },
	};
	struct arena *a = arena_begin(1 << 20);
	int64_t t0 = moment_from_local(2026, 11, 24, 8, 0, 0);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct event ev[5] = {
			{ .at = t0, .kind = "ticket.created", .data = "{\"priority\":\"normal\",\"state\":\"new\",\"held\":true}" },
			{ .at = t0, .kind = "message.added", .data = "{\"visibility\":\"public\"}" },
		};
		struct sla_event *v;
		struct sla_terms t;
		struct sla out;
		struct err e;
		int n, k = 2;

		for (int s = 0; s < 3 && rows[i].data[s]; s++, k++)
			ev[k] = (struct event){ .at = t0 + k * MOMENT_MINUTE, .kind = "ticket.changed", .data = rows[i].data[s] };
		CHECK(sla_terms_read(NULL, &t, &e) == 0);
		sla_events_read(a, ev, k, &v, &n);
		sla_fold(&t, v, n, t0 + MOMENT_DAY, &out);
		CHECK_ROW(i, out.held == rows[i].held && (out.next_due_at == MOMENT_NEVER) == rows[i].held);
	}
	arena_end(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holidays_equal_the_table), cmocka_unit_test(hours_are_read), cmocka_unit_test(hours_are_kept_in_one_form), cmocka_unit_test(work_is_counted),
		cmocka_unit_test(clocks_equal_a_count_by_minutes), cmocka_unit_test(clocks_read_from_events),
		cmocka_unit_test(held_until_somebody_cares), cmocka_unit_test(undone_is_held_as_before),
	};

	moment_zone();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
