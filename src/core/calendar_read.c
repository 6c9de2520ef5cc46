/* Service hours and closed days as people write them, in Danish or English, and the one form in which they are kept. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/moment.h"
#include "core/calendar.h"

#define EVERY_DAY 0x7f
#define DAY_MINUTES (24 * 60)

struct word { const char *text; int value; };
static const struct word day_words[] = {         /* a bit for each day, Monday first */
	{ "mandag", 1 }, { "man", 1 }, { "monday", 1 }, { "mon", 1 }, { "tirsdag", 2 }, { "tirs", 2 }, { "tir", 2 }, { "tuesday", 2 }, { "tues", 2 },
	{ "tue", 2 }, { "onsdag", 4 }, { "ons", 4 }, { "wednesday", 4 }, { "wed", 4 }, { "torsdag", 8 }, { "tors", 8 }, { "tor", 8 }, { "thursday", 8 },
	{ "thurs", 8 }, { "thur", 8 }, { "thu", 8 }, { "fredag", 16 }, { "fre", 16 }, { "friday", 16 }, { "fri", 16 }, { "lørdag", 32 }, { "lordag", 32 },
	{ "lør", 32 }, { "lor", 32 }, { "saturday", 32 }, { "sat", 32 }, { "søndag", 64 }, { "sondag", 64 }, { "søn", 64 }, { "son", 64 }, { "sunday", 64 },
	{ "sun", 64 }, { NULL, 0 },
};
static const struct word set_words[] = {
	{ "alle ugens dage", EVERY_DAY }, { "alle dage", EVERY_DAY }, { "alle hverdage", 31 }, { "hver dag", EVERY_DAY }, { "dagligt", EVERY_DAY },
	{ "hverdage", 31 }, { "every day", EVERY_DAY }, { "all days", EVERY_DAY }, { "daily", EVERY_DAY }, { "weekdays", 31 }, { "weekends", 96 },
	{ "weekender", 96 }, { "weekend", 96 }, { NULL, 0 },
};
static const struct word all_day_words[] = {
	{ "hele døgnet", 1 }, { "døgnet rundt", 1 }, { "hele dagen", 1 }, { "all day", 1 }, { "around the clock", 1 }, { NULL, 0 },
};
static const struct word to_words[] = { { "til", 1 }, { "to", 1 }, { "–", 1 }, { "-", 1 }, { NULL, 0 } };
static const struct word and_words[] = { { "og", 1 }, { "and", 1 }, { "&", 1 }, { ",", 1 }, { NULL, 0 } };
static const struct word clock_words[] = { { "kl.", 1 }, { "kl", 1 }, { "from", 1 }, { "fra", 1 }, { ":", 1 }, { NULL, 0 } };
static const struct word month_words[] = {
	{ "januar", 1 }, { "january", 1 }, { "februar", 2 }, { "february", 2 }, { "marts", 3 }, { "march", 3 }, { "april", 4 }, { "maj", 5 }, { "may", 5 },
	{ "juni", 6 }, { "june", 6 }, { "juli", 7 }, { "july", 7 }, { "august", 8 }, { "september", 9 }, { "oktober", 10 }, { "october", 10 },
	{ "november", 11 }, { "december", 12 }, { NULL, 0 },
};

static void skip(const char **p)
{
	while (**p == ' ' || **p == '\t')
		++*p;
}

static bool letter(char c) { return isalpha((unsigned char)c) || (unsigned char)c >= 0xc3; }

/* The word of the list that stands here, as a whole; 0 when none does. */
static int take(const char **p, const struct word *list)
{
	skip(p);
	for (; list->text; list++) {
		size_t n = strlen(list->text);

		if (strncasecmp(*p, list->text, n) != 0 || (letter(list->text[n - 1]) && letter((*p)[n])))
			continue;
		*p += n;
		return list->value;
	}
	return 0;
}

/* "8", "08:00", "08.30"; -1 when it is none. */
static int read_clock(const char **p)
{
	int h = 0, m = 0, n = 0;

	take(p, clock_words);
	skip(p);
	for (; isdigit((unsigned char)**p) && n < 2; n++, ++*p)
		h = h * 10 + **p - '0';
	if (n == 0)
		return -1;
	if (**p == ':' || **p == '.') {
		++*p;
		for (n = 0; isdigit((unsigned char)**p) && n < 2; n++, ++*p)
			m = m * 10 + **p - '0';
		if (n != 2)
			return -1;
	}
	return h > 24 || m > 59 || (h == 24 && m) ? -1 : h * 60 + m;
}

/* Puts a span in its place; -1 when it overlaps or there are too many. */
static int add_span(struct calendar *c, int d, int from, int to)
{
	int n = c->nspans[d], i = n;

	if (n == CALENDAR_SPANS)
		return -1;
	while (i > 0 && c->span[d][i - 1].from > from)
		i--;
	if ((i > 0 && c->span[d][i - 1].to > from) || (i < n && c->span[d][i].from < to))
		return -1;
	memmove(&c->span[d][i + 1], &c->span[d][i], sizeof c->span[d][0] * (size_t)(n - i));
	c->span[d][i].from = (int16_t)from;
	c->span[d][i].to = (int16_t)to;
	c->nspans[d]++;
	return 0;
}

static int add_spans(struct calendar *c, int days, int from, int to)
{
	for (int d = 0; d < 7; d++)
		if ((days >> d & 1) && add_span(c, d, from, to) != 0)
			return -1;
	return 0;
}

static int first_of(int bit)
{
	int d = 0;

	while (!(bit >> d & 1))
		d++;
	return d;
}

/* "mon-fri", "tirsdag", "man, ons og fre", "alle dage"; 0 when no day stands here. */
static int read_days(const char **p)
{
	int days = 0, one;

	for (const char *before = *p;; before = *p, take(p, and_words)) {
		if ((one = take(p, set_words)))
			days |= one;
		else if ((one = take(p, day_words))) {
			const char *range = *p;
			int last = 0;

			if (take(&range, to_words) && (last = take(&range, day_words)))
				*p = range;
			for (int d = first_of(one);; d = (d + 1) % 7) {
				days |= 1 << d;
				if (!last || (last >> d & 1))
					break;
			}
		} else {
			*p = before;
			return days;
		}
	}
}

/* One part: days, then one or more spans. Over night: what ends before it begins ends the day after. */
static int read_part(struct calendar *c, const char **p, bool over_night)
{
	int days = read_days(p);

	take(p, clock_words);
	if (take(p, all_day_words))
		return add_spans(c, days ? days : EVERY_DAY, 0, DAY_MINUTES);
	if (!days && strncmp(*p, "24/7", 4) == 0) {
		*p += 4;
		return add_spans(c, EVERY_DAY, 0, DAY_MINUTES);
	}
	for (const char *before = *p; days;) {
		int from = read_clock(p), to = from >= 0 && take(p, to_words) ? read_clock(p) : -1;

		if (to < 0 || (to <= from && !over_night) || to == from)
			return -1;
		if (add_spans(c, days, from, to < from ? DAY_MINUTES : to) != 0 ||
		    (to < from && to > 0 && add_spans(c, (days << 1 | days >> 6) & EVERY_DAY, 0, to) != 0))
			return -1;
		before = *p;
		if (!take(p, and_words))
			return 0;
		skip(p);
		if (!isdigit((unsigned char)**p) && strncasecmp(*p, "kl", 2) != 0) {
			*p = before;                    /* the next days */
			return 0;
		}
	}
	return -1;
}

static int read_hours(struct calendar *c, const char *hours, bool over_night)
{
	const char *p = hours;

	for (bool any = false;; any = true) {
		skip(&p);
		if (!*p)
			return any ? 0 : -1;
		if (any && *p != ';' && !take(&p, and_words))
			return -1;
		p += *p == ';';
		skip(&p);
		if (any && !*p)
			return 0;
		if (read_part(c, &p, over_night) != 0)
			return -1;
	}
}

int calendar_hours(const char *text, bool over_night, struct calendar *out, struct err *e)
{
	struct calendar c = { .nclosed = 0 };

	if (read_hours(&c, text, over_night) != 0)
		return FAIL_FIELD(e, E_HOURS_INVALID, "service_hours", "%.100s", text);
	*out = c;
	return 0;
}

/* ---- closed days */

static int read_number(const char **p, int *digits)
{
	int v = 0;

	for (*digits = 0; isdigit((unsigned char)**p) && *digits < 3; ++*digits, ++*p)
		v = v * 10 + **p - '0';
	return v;
}

/* A month by name, or by its first three letters or more; 0 when none stands here. */
static int read_month(const char **p)
{
	size_t n = 0;

	while (letter((*p)[n]))
		n++;
	for (const struct word *w = month_words; n >= 3 && w->text; w++)
		if (n <= strlen(w->text) && strncasecmp(*p, w->text, n) == 0) {
			*p += n;
			*p += **p == '.';
			return w->value;
		}
	return 0;
}

/* "12-24" (month first, as it is kept), "24.12.", "24/12", "24. december", "Dec 24". */
static int read_closed(const char **p, int *month, int *day)
{
	int digits, more, first;

	if ((*month = read_month(p))) {
		skip(p);
		*day = read_number(p, &digits);
		*p += **p == '.';
	} else {
		first = read_number(p, &digits);
		if (digits == 2 && **p == '-') {
			++*p;
			*month = first;
			*day = read_number(p, &more);
			digits = more == 2 ? 2 : 0;
		} else {
			*day = first;
			if ((**p == '.' || **p == '/') && isdigit((unsigned char)(*p)[1])) {
				++*p;
				*month = read_number(p, &more);
				*p += **p == '.';
				digits = more <= 2 ? digits : 0;
			} else {
				*p += **p == '.';
				skip(p);
				*month = read_month(p);
			}
		}
	}
	return digits >= 1 && digits <= 2 && day_valid(2024, *month, *day) && !isalnum((unsigned char)**p) && **p != '-' && **p != '/' ? 0 : -1;
}

static int read_closed_days(struct calendar *c, const char *text, const char **at)
{
	for (const char *p = text;;) {
		int m, d, i = 0;

		p += strspn(p, " \t,;\n");
		*at = p;
		if (!*p)
			return 0;
		if (read_closed(&p, &m, &d) != 0)
			return -1;
		while (i < c->nclosed && c->closed[i] != m * 32 + d)
			i++;
		if (i == CALENDAR_CLOSED)
			return -1;
		if (i == c->nclosed)
			c->closed[c->nclosed++] = (uint16_t)(m * 32 + d);
	}
}

int calendar_parse(const char *hours, const char *closed_days, struct calendar *out, struct err *e)
{
	struct calendar c;
	const char *at;

	if (calendar_hours(hours, false, &c, e) != 0)
		return -1;
	if (read_closed_days(&c, closed_days ? closed_days : "", &at) != 0)
		return FAIL_FIELD(e, E_CLOSED_DAY_INVALID, "closed_days", "%.20s", at);
	*out = c;
	return 0;
}

int calendar_closed_day(const char *text, int *month, int *day, struct err *e)
{
	const char *p = text;
	int m, d;

	skip(&p);
	if (read_closed(&p, &m, &d) != 0)
		return FAIL_FIELD(e, E_CLOSED_DAY_INVALID, "closed_days", "%.100s", text);
	skip(&p);
	if (*p)
		return FAIL_FIELD(e, E_CLOSED_DAY_INVALID, "closed_days", "%.100s", text);
	*month = m;
	*day = d;
	return 0;
}

/* ---- as they are kept */

static bool same_spans(const struct calendar *c, int a, int b)
{
	return c->nspans[a] == c->nspans[b] && memcmp(c->span[a], c->span[b], sizeof c->span[a][0] * (size_t)c->nspans[a]) == 0;
}

static size_t add_text(char *out, size_t used, size_t room, const char *text)
{
	int n = used < room ? snprintf(out + used, room - used, "%s", text) : 0;

	return used + (size_t)n;
}

/* The days that are open as day d is: "mon-fri", "mon,wed". */
static size_t days_text(const struct calendar *c, int d, bool *told, char *out, size_t used, size_t room)
{
	static const char *const names[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };
	bool any = false;

	for (int i = d; i < 7; i++) {
		int last = i;

		if (!same_spans(c, i, d))
			continue;
		while (last < 6 && same_spans(c, last + 1, d))
			last++;
		used = add_text(out, used, room, any ? "," : "");
		used = add_text(out, used, room, names[i]);
		if (last > i) {
			used = add_text(out, used, room, "-");
			used = add_text(out, used, room, names[last]);
		}
		for (any = true; i < last; i++)
			told[i] = true;
		told[last] = true;
	}
	return used;
}

const char *calendar_hours_text(struct arena *a, const struct calendar *c)
{
	bool told[7] = { false };
	char out[512] = "";
	size_t used = 0;

	for (int d = 0; d < 7; d++) {
		if (told[d] || c->nspans[d] == 0)
			continue;
		used = add_text(out, used, sizeof out, used ? "; " : "");
		used = days_text(c, d, told, out, used, sizeof out);
		for (int i = 0; i < c->nspans[d]; i++) {
			char span[24];

			snprintf(span, sizeof span, "%s%02d:%02d-%02d:%02d", i ? "," : " ", c->span[d][i].from / 60, c->span[d][i].from % 60, c->span[d][i].to / 60,
				c->span[d][i].to % 60);
			used = add_text(out, used, sizeof out, span);
		}
	}
	return arena_dup(a, out);
}
