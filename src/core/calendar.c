#include "core/calendar.h"
#include <string.h>
#include "base/moment.h"

#define DAYS_AHEAD 3653         /* how far calendar_after() looks: ten years */

int32_t calendar_easter(int year)
{
	int a = year % 19, b = year / 100, c = year % 100, d = b / 4, e = b % 4, f = (b + 8) / 25, g = (b - f + 1) / 3;
	int h = (19 * a + b - d - g + 15) % 30, i = c / 4, k = c % 4, l = (32 + 2 * e + 2 * i - h - k) % 7, m = (a + 11 * h + 22 * l) / 451;

	return day_from(year, (h + l - 7 * m + 114) / 31, (h + l - 7 * m + 114) % 31 + 1);
}

const char *calendar_holiday(int32_t day, enum lang lang)
{
	static const struct { int month, day; const char *name[LANG__N]; } fixed[] = {
		{ 1, 1, { "nytårsdag", "New Year's Day" } }, { 12, 25, { "juledag", "Christmas Day" } },
		{ 12, 26, { "2. juledag", "Second Christmas Day" } },
	};
	static const struct { int after_easter, last_year; const char *name[LANG__N]; } moving[] = {
		{ -3, 0, { "skærtorsdag", "Maundy Thursday" } }, { -2, 0, { "langfredag", "Good Friday" } },
		{ 0, 0, { "påskedag", "Easter Sunday" } }, { 1, 0, { "2. påskedag", "Easter Monday" } },
		{ 26, 2023, { "store bededag", "Great Prayer Day" } }, { 39, 0, { "Kristi himmelfartsdag", "Ascension Day" } },
		{ 49, 0, { "pinsedag", "Whit Sunday" } }, { 50, 0, { "2. pinsedag", "Whit Monday" } },
	};
	struct civil c = day_civil(day);
	int after = day - calendar_easter(c.year);

	for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
		if (fixed[i].month == c.month && fixed[i].day == c.day)
			return fixed[i].name[lang];
	for (size_t i = 0; i < sizeof moving / sizeof *moving; i++)
		if (moving[i].after_easter == after && (!moving[i].last_year || c.year <= moving[i].last_year))
			return moving[i].name[lang];
	return NULL;
}

struct calendar calendar_plain(void)
{
	struct calendar c = { 0 };

	for (int i = 0; i < 5; i++) {
		c.span[i][0].from = 8 * 60;
		c.span[i][0].to = 16 * 60;
		c.nspans[i] = 1;
	}
	return c;
}

static bool closed(const struct calendar *c, int32_t day)
{
	struct civil v = day_civil(day);

	for (int i = 0; i < c->nclosed; i++)
		if (c->closed[i] == v.month * 32 + v.day)
			return true;
	return calendar_holiday(day, LANG_DA) != NULL;
}

/* The open spans of one local day as moments. Only a day that is not 24 hours long asks the zone for each edge. *next is the
 * day's start when it is known, and becomes the following day's: 0 when it was not needed. */
static int day_spans(const struct calendar *c, int32_t day, int64_t from[CALENDAR_SPANS], int64_t to[CALENDAR_SPANS], int64_t *next)
{
	struct civil v = day_civil(day);
	int d = v.weekday - 1, n = c->nspans[d];
	int64_t start = *next, end;

	*next = 0;
	if (n == 0 || closed(c, day))
		return 0;
	if (!start)
		start = day_start(day);
	*next = end = day_start(day + 1);
	for (int i = 0; i < n; i++) {
		int f = c->span[d][i].from, t = c->span[d][i].to;

		if (end - start == MOMENT_DAY) {
			from[i] = start + f * MOMENT_MINUTE;
			to[i] = start + t * MOMENT_MINUTE;
		} else {
			from[i] = moment_from_local(v.year, v.month, v.day, f / 60, f % 60, 0);
			to[i] = t == 24 * 60 ? end : moment_from_local(v.year, v.month, v.day, t / 60, t % 60, 0);
		}
	}
	return n;
}

bool calendar_open(const struct calendar *c, int64_t t)
{
	int64_t from[CALENDAR_SPANS], to[CALENDAR_SPANS], next = 0;
	int n = day_spans(c, day_of(t), from, to, &next);

	for (int i = 0; i < n; i++)
		if (from[i] <= t && t < to[i])
			return true;
	return false;
}

int64_t calendar_work_us(const struct calendar *c, int64_t from, int64_t to)
{
	int64_t f[CALENDAR_SPANS], t[CALENDAR_SPANS], sum = 0, next = 0;

	if (to <= from)
		return 0;
	for (int32_t day = day_of(from), last = day_of(to - 1); day <= last; day++) {
		int n = day_spans(c, day, f, t, &next);

		for (int i = 0; i < n; i++) {
			int64_t lo = f[i] > from ? f[i] : from, hi = t[i] < to ? t[i] : to;

			sum += hi > lo ? hi - lo : 0;
		}
	}
	return sum;
}

/* The first moment at which left us of work are done; with left 0, the first open moment. */
static int64_t walk(const struct calendar *c, int64_t t, int64_t left)
{
	int64_t f[CALENDAR_SPANS], e[CALENDAR_SPANS], next = 0;

	for (int32_t first = day_of(t), day = first; day < first + DAYS_AHEAD; day++) {
		int n = day_spans(c, day, f, e, &next);

		for (int i = 0; i < n; i++) {
			int64_t lo = f[i] > t ? f[i] : t;

			if (e[i] <= lo)
				continue;
			if (e[i] - lo >= left)
				return lo + left;
			left -= e[i] - lo;
		}
	}
	return MOMENT_NEVER;
}

int64_t calendar_after(const struct calendar *c, int64_t t, int64_t work_us)
{
	return work_us <= 0 ? t : walk(c, t, work_us);
}

int64_t calendar_next_open(const struct calendar *c, int64_t t)
{
	return walk(c, t, 0);
}
