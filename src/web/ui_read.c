#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/moment.h"
#include "base/text.h"
#include "web/ui.h"

static const char *skip(const char *s)
{
	while (*s == ' ' || *s == '\t' || *s == '\xc2' || *s == '\xa0')
		s++;
	return s;
}

/* Digits into *v; how many, or 0. Stops being exact past nine digits: callers limit the count. */
static int digits(const char **s, int64_t *v)
{
	int n = 0;

	for (*v = 0; isdigit((unsigned char)**s) && n < 15; (*s)++, n++)
		*v = *v * 10 + (**s - '0');
	return n;
}

int read_duration(const char *text, const char *field, int *minutes, struct err *e)
{
	const char *s = skip(text ? text : "");
	int64_t v, f;
	int n, d;

	if (!*s)
		return FAIL_FIELD(e, E_REQUIRED, field, "duration");
	n = digits(&s, &v);
	if (!n || n > 5)
		return FAIL_FIELD(e, E_DURATION_INVALID, field, "%.60s", text);
	if (*s == ':') {                                /* 1:30 */
		s++;
		d = digits(&s, &f);
		if (d < 1 || d > 2 || f > 59 || *skip(s))
			return FAIL_FIELD(e, E_DURATION_INVALID, field, "%.60s", text);
		v = v * 60 + f;
	} else if (*s == ',' || *s == '.') {            /* 1,5 hours, to the minute */
		int64_t unit = 1;

		s++;
		d = digits(&s, &f);
		for (int i = 0; i < d; i++)
			unit *= 10;
		s = skip(s);
		if (*s == 't' || *s == 'h')
			s++;
		if (d < 1 || d > 4 || *skip(s))
			return FAIL_FIELD(e, E_DURATION_INVALID, field, "%.60s", text);
		v = v * 60 + (f * 60 * 2 + unit) / (unit * 2);
	} else {                                        /* 75, 75m, 75 min., 2t, 2 h */
		s = skip(s);
		if (*s == 't' || *s == 'h' || *s == 'T' || *s == 'H') {
			v *= 60;
			s++;
			s += strspn(s, "imers.our");
		} else {
			s += strspn(s, "minuter.s");
		}
		if (*skip(s))
			return FAIL_FIELD(e, E_DURATION_INVALID, field, "%.60s", text);
	}
	if (v < 1 || v > 24 * 60)
		return FAIL_FIELD(e, E_DURATION_RANGE, field, "%.60s", text);
	*minutes = (int)v;
	return 0;
}

int read_money(const char *text, const char *field, int64_t *ore, struct err *e)
{
	const char *s = skip(text ? text : "");
	size_t len = strspn(s, "0123456789.,"), last = len, run = 0;
	int64_t kr = 0, fine = 0;
	int n = 0;

	if (!*s)
		return FAIL_FIELD(e, E_REQUIRED, field, "amount");
	for (size_t i = 0; i < len; i++)
		if (!isdigit((unsigned char)s[i]))
			last = i;
	/* 1050, 1.050, 1.050,00, 1,050.00: what follows the last mark is øre when it is one or two digits */
	if (last < len && len - last - 1 <= 2) {
		if (len - last - 1 == 0)
			return FAIL_FIELD(e, E_MONEY_INVALID, field, "%.60s", text);
		fine = (s[last + 1] - '0') * 10 + (len - last == 3 ? s[last + 2] - '0' : 0);
	} else {
		last = len;
	}
	for (size_t i = 0; i < last; i++) {
		if (isdigit((unsigned char)s[i])) {
			if (kr > INT64_MAX / 1000)
				return FAIL_FIELD(e, E_MONEY_INVALID, field, "%.60s", text);
			kr = kr * 10 + (s[i] - '0');
			run++;
			n++;
			continue;
		}
		if (run == 0 || run > 3 || i + 3 >= last || strspn(s + i + 1, "0123456789") < 3 || isdigit((unsigned char)s[i + 4]))
			return FAIL_FIELD(e, E_MONEY_INVALID, field, "%.60s", text);
		run = 0;
	}
	s = skip(s + len);
	if (strncasecmp(s, "kr", 2) == 0)
		s += s[2] == '.' ? 3 : 2;
	if (n == 0 || n > 15 || *skip(s))
		return FAIL_FIELD(e, E_MONEY_INVALID, field, "%.60s", text);
	*ore = kr * 100 + fine;
	return 0;
}

static int month_word(const char *s, size_t n)
{
	static const char *const names[] = { "jan", "feb", "mar", "apr", "ma", "jun", "jul", "aug", "sep", "okt", "nov", "dec" };

	if (n >= 3 && strncasecmp(s, "oct", 3) == 0)
		return 10;
	for (int i = 0; i < 12; i++)
		if (n >= 3 && strncasecmp(s, names[i], strlen(names[i])) == 0)
			return i + 1;
	return 0;
}

/* A weekday's name or its first three letters, with a dot; Monday is 1, 0 when none stands here. */
static int weekday_word(const char *s, size_t *len)
{
	static const char *const names[][2] = { { "mandag", "monday" }, { "tirsdag", "tuesday" }, { "onsdag", "wednesday" }, { "torsdag", "thursday" },
		{ "fredag", "friday" }, { "lørdag", "saturday" }, { "søndag", "sunday" } };
	size_t n = strcspn(s, " .,0123456789");

	for (int d = 0; d < 7 && n >= 3; d++)
		for (int i = 0; i < 2; i++)
			if (n <= strlen(names[d][i]) && strncasecmp(s, names[d][i], n) == 0) {
				*len = n + (s[n] == '.');
				return d + 1;
			}
	return 0;
}

/* A day at the start of s; *end is what follows it. Without a year the nearest one is meant. */
static int day_at(const struct web *w, const char *s, const char **end, int32_t *day)
{
	static const struct { const char *word; int days; } words[] = { { "i dag", 0 }, { "today", 0 }, { "i morgen", 1 }, { "tomorrow", 1 },
		{ "i går", -1 }, { "yesterday", -1 } };
	int32_t today = w->today;
	int64_t a, b, y;
	int n;

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strncasecmp(s, words[i].word, strlen(words[i].word)) == 0) {
			*day = today + words[i].days;
			*end = s + strlen(words[i].word);
			return 0;
		}
	n = digits(&s, &a);
	if (n == 4 && *s == '-') {                      /* 2026-12-01 */
		s++;
		if (digits(&s, &b) != 2 || *s++ != '-' || digits(&s, &y) != 2 || !day_valid((int)a, (int)b, (int)y))
			return -1;
		*day = day_from((int)a, (int)b, (int)y);
		*end = s;
		return 0;
	}
	if (n < 1 || n > 2)
		return -1;
	if (*s == '.' && s[1] == ' ')
		s++;
	if (*s == ' ') {                                /* 1 Dec 2026, 1. december */
		size_t len;

		s = skip(s);
		len = strcspn(s, " .,0123456789");
		b = month_word(s, len);
		if (!b)
			return -1;
		s += len;
		s += *s == '.';
		s = skip(s);
	} else {                                        /* 1.12, 1.12.2026, 1/12-26 */
		if (!strchr("./-", *s) || !*s)
			return -1;
		s++;
		n = digits(&s, &b);
		if (n < 1 || n > 2)
			return -1;
		if (*s && strchr("./-", *s))
			s++;
	}
	*end = s;
	n = digits(&s, &y);
	if ((n == 2 || n == 4) && *s != ':' && *s != '.') {
		y += n == 2 ? 2000 : 0;
		*end = s;
	} else {
		struct civil t = day_civil(today);

		y = t.year;
		if (day_valid((int)y, (int)b, (int)a) && day_from((int)y, (int)b, (int)a) < today - 183)
			y++;
		else if (day_valid((int)y, (int)b, (int)a) && day_from((int)y, (int)b, (int)a) > today + 183)
			y--;
	}
	if (!day_valid((int)y, (int)b, (int)a))
		return -1;
	*day = day_from((int)y, (int)b, (int)a);
	return 0;
}

int read_day(const struct web *w, const char *text, const char *field, int32_t *day, struct err *e)
{
	const char *s = skip(text ? text : ""), *end;
	int32_t got;

	if (!*s)
		return FAIL_FIELD(e, E_REQUIRED, field, "date");
	if (day_at(w, s, &end, &got) != 0 || *skip(end))
		return FAIL_FIELD(e, E_DATE_INVALID, field, "%.60s", text);
	*day = got;
	return 0;
}

/* "2026-12-01T09:30:00+01:00", with a blank for the T, or for a plus that an address has swallowed. */
static int iso_moment(const struct web *w, const char *s, const char *field, int64_t *t)
{
	char *iso = arena_dup(w->a, s), *plus;
	size_t n = strlen(iso);
	struct err none;

	while (n && iso[n - 1] == ' ')
		iso[--n] = 0;
	if (n < 16 || iso[4] != '-' || iso[7] != '-' || !strchr("Tt ", iso[10]))
		return -1;
	iso[10] = 'T';
	if ((plus = strchr(iso, ' ')))
		*plus = '+';
	return moment_parse(iso, field, t, &none);
}

int read_moment(const struct web *w, const char *text, const char *field, int64_t *t, struct err *e)
{
	const char *s = skip(text ? text : ""), *end = s, *start = s;
	bool said = strncasecmp(s, "kl", 2) == 0, dotted = false;       /* "kl. 1.12" can only be a time */
	int32_t day = w->today;
	struct civil c;
	int64_t h, m = 0;
	int n, weekday;
	size_t len;

	if (!*s)
		return FAIL_FIELD(e, E_REQUIRED, field, "time");
	if (iso_moment(w, s, field, t) == 0)
		return 0;
	if ((weekday = weekday_word(s, &len))) {        /* "fre. 9.50" is the last Friday; "fre. 20.11. kl. 9.50" says which */
		s = skip(s + len);
		if (strncasecmp(s, "kl", 2) == 0 || !strchr(s, ' '))
			day -= (day_civil(day).weekday - weekday + 7) % 7;
		else
			weekday = 0;
		end = s;
	}
	/* 9.30 alone is a time of today; "1.12. 9.30" and "2026-12-01 9:30" have a day first */
	if (!weekday && strncasecmp(s, "kl", 2) != 0 && (strchr(s, ' ') || strchr(s, '-') || strchr(s, '/') || (strchr(s, '.') && strchr(strchr(s, '.') + 1, '.')))) {
		if (day_at(w, s, &end, &day) != 0)
			return FAIL_FIELD(e, E_TIME_INVALID, field, "%.60s", text);
		s = skip(end);
		if (*s == ',')
			s = skip(s + 1);
	}
	if (strncasecmp(s, "kl", 2) == 0)
		s = skip(s + (s[2] == '.' ? 3 : 2));
	n = digits(&s, &h);
	if (n < 1 || n > 2)
		return FAIL_FIELD(e, E_TIME_INVALID, field, "%.60s", text);
	if (*s == ':' || *s == '.') {
		dotted = *s == '.' && end == start && !said;
		s++;
		n = digits(&s, &m);
		if (n != 2)
			return FAIL_FIELD(e, E_TIME_INVALID, field, "%.60s", text);
	}
	if (*skip(s) || h > 23 || m > 59)
		return FAIL_FIELD(e, E_TIME_INVALID, field, "%.60s", text);
	if (dotted && h >= 1 && h < 6 && m >= 1 && m <= 12)     /* "1.12": the first of December, or twelve past one at night? */
		return FAIL_FIELD(e, E_TIME_UNCLEAR, field, "%.60s", text);
	c = day_civil(day);
	*t = moment_from_local(c.year, c.month, c.day, (int)h, (int)m, 0);
	return 0;
}
