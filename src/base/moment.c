#include "base/moment.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void moment_zone(void)
{
	setenv("TZ", ":Europe/Copenhagen", 1);
	tzset();
}

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

int32_t day_from(int year, int month, int day)
{
	int64_t y = year - (month <= 2), era = floor_div(y, 400), yoe = y - era * 400;
	int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1, doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

	return (int32_t)(era * 146097 + doe - 719468);
}

struct civil day_civil(int32_t day)
{
	int64_t z = (int64_t)day + 719468, era = floor_div(z, 146097), doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365, doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	struct civil c = { .day = (int)(doy - (153 * mp + 2) / 5 + 1), .month = (int)(mp < 10 ? mp + 3 : mp - 9) };

	c.year = (int)(yoe + era * 400 + (c.month <= 2));
	c.weekday = (int)((((int64_t)day + 3) % 7 + 7) % 7) + 1;
	return c;
}

bool day_valid(int year, int month, int day)
{
	return year >= 1900 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 && day <= month_days(month_from(year, month));
}

int day_week(int32_t day)
{
	int weekday = day_civil(day).weekday;
	int32_t thursday = day + 4 - weekday;

	return (thursday - day_from(day_civil(thursday).year, 1, 1)) / 7 + 1;
}

struct civil moment_utc(int64_t t)
{
	int64_t s = floor_div(t, MOMENT_SECOND), d = floor_div(s, 86400), rest = s - d * 86400;
	struct civil c = day_civil((int32_t)d);

	c.hour = (int)(rest / 3600);
	c.minute = (int)(rest / 60 % 60);
	c.second = (int)(rest % 60);
	c.micro = (int)(t - s * MOMENT_SECOND);
	return c;
}

struct civil moment_local(int64_t t)
{
	int64_t s = floor_div(t, MOMENT_SECOND);
	time_t at = (time_t)s;
	struct tm tm;

	localtime_r(&at, &tm);
	return (struct civil){ tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
		(int)(t - s * MOMENT_SECOND), tm.tm_wday ? tm.tm_wday : 7 };
}

int64_t moment_from_utc(int year, int month, int day, int hour, int minute, int second)
{
	return ((int64_t)day_from(year, month, day) * 86400 + hour * 3600 + minute * 60 + second) * MOMENT_SECOND;
}

static int64_t offset_at(int64_t seconds)
{
	time_t at = (time_t)seconds;
	struct tm tm;

	localtime_r(&at, &tm);
	return tm.tm_gmtoff;
}

/* mktime() guesses by itself in the doubtful hours; here the larger offset (the first of the two) is tried first. */
int64_t moment_from_local(int year, int month, int day, int hour, int minute, int second)
{
	int64_t wall = moment_from_utc(year, month, day, hour, minute, second) / MOMENT_SECOND;
	int64_t before = offset_at(wall - 86400), after = offset_at(wall + 86400);
	int64_t most = before > after ? before : after, least = before > after ? after : before;

	if (before == after)                            /* no change of the clock within a day: asking once more tells nothing */
		return (wall - before) * MOMENT_SECOND;
	if (offset_at(wall - most) == most)
		return (wall - most) * MOMENT_SECOND;
	if (offset_at(wall - least) == least)
		return (wall - least) * MOMENT_SECOND;
	return (wall - before) * MOMENT_SECOND;         /* in the spring gap: an hour later on the clock */
}

int32_t day_of(int64_t t)
{
	struct civil c = moment_local(t);

	return day_from(c.year, c.month, c.day);
}

int64_t day_start(int32_t day)
{
	struct civil c = day_civil(day);

	return moment_from_local(c.year, c.month, c.day, 0, 0, 0);
}

int32_t month_from(int year, int month) { return (year - 1970) * 12 + month - 1; }

int32_t month_of(int64_t t)
{
	struct civil c = moment_local(t);

	return month_from(c.year, c.month);
}

int32_t month_of_day(int32_t day)
{
	struct civil c = day_civil(day);

	return month_from(c.year, c.month);
}

int32_t month_first_day(int32_t month)
{
	int64_t year = floor_div(month, 12);

	return day_from((int)(1970 + year), (int)(month - year * 12 + 1), 1);
}

int month_days(int32_t month) { return month_first_day(month + 1) - month_first_day(month); }
int64_t month_start(int32_t month) { return day_start(month_first_day(month)); }

char *moment_iso(struct arena *a, int64_t t)
{
	struct civil c = moment_local(t);
	int off = (int)(offset_at(floor_div(t, MOMENT_SECOND)) / 60);

	return arena_printf(a, "%04d-%02d-%02dT%02d:%02d:%02d%c%02d:%02d", c.year, c.month, c.day, c.hour, c.minute, c.second,
		off < 0 ? '-' : '+', abs(off) / 60, abs(off) % 60);
}

char *day_iso(struct arena *a, int32_t day)
{
	struct civil c = day_civil(day);

	return arena_printf(a, "%04d-%02d-%02d", c.year, c.month, c.day);
}

char *month_iso(struct arena *a, int32_t month)
{
	struct civil c = day_civil(month_first_day(month));

	return arena_printf(a, "%04d-%02d", c.year, c.month);
}

/* Exactly n digits at *s; moves *s. -1 when they are not there. */
static int digits(const char **s, int n)
{
	int v = 0;

	for (int i = 0; i < n; i++, (*s)++) {
		if (**s < '0' || **s > '9')
			return -1;
		v = v * 10 + (**s - '0');
	}
	return v;
}

static bool one(const char **s, char c) { return **s == c ? (*s)++, true : false; }

static bool date_at(const char **s, int *y, int *m, int *d)
{
	return (*y = digits(s, 4)) >= 0 && one(s, '-') && (*m = digits(s, 2)) >= 0 && one(s, '-') && (*d = digits(s, 2)) >= 0 &&
		day_valid(*y, *m, *d);
}

int moment_parse(const char *s, const char *field, int64_t *t, struct err *e)
{
	const char *p = s ? s : "";
	int y, m, d, h, mi, sec = 0, micro = 0, oh, om, sign;

	if (!date_at(&p, &y, &m, &d) || !(one(&p, 'T') || one(&p, ' ')) || (h = digits(&p, 2)) < 0 || h > 23 || !one(&p, ':') ||
	    (mi = digits(&p, 2)) < 0 || mi > 59)
		goto bad;
	if (one(&p, ':') && ((sec = digits(&p, 2)) < 0 || sec > 59))
		goto bad;
	if (one(&p, '.')) {
		int n = 0;

		for (int unit = 100000; *p >= '0' && *p <= '9' && n < 9; p++, n++, unit /= 10)
			micro += (*p - '0') * unit;     /* past six digits: nothing left */
		if (n == 0)
			goto bad;
	}
	if (*p == 0) {
		*t = moment_from_local(y, m, d, h, mi, sec) + micro;
		return 0;
	}
	if (one(&p, 'Z')) {
		oh = om = 0;
		sign = 1;
	} else {
		sign = *p == '-' ? -1 : 1;
		if (!(one(&p, '+') || one(&p, '-')) || (oh = digits(&p, 2)) < 0 || oh > 14 || !one(&p, ':') ||
		    (om = digits(&p, 2)) < 0 || om > 59)
			goto bad;
	}
	if (*p)
		goto bad;
	*t = moment_from_utc(y, m, d, h, mi, sec) - sign * (oh * MOMENT_HOUR + om * MOMENT_MINUTE) + micro;
	return 0;
bad:
	return FAIL_FIELD(e, E_TIME_INVALID, field, "%.60s", s ? s : "");
}

int day_parse(const char *s, const char *field, int32_t *day, struct err *e)
{
	const char *p = s ? s : "";
	int y, m, d;

	if (!date_at(&p, &y, &m, &d) || *p)
		return FAIL_FIELD(e, E_DATE_INVALID, field, "%.60s", s ? s : "");
	*day = day_from(y, m, d);
	return 0;
}

int month_parse(const char *s, const char *field, int32_t *month, struct err *e)
{
	const char *p = s ? s : "";
	int y, m;

	if ((y = digits(&p, 4)) < 1900 || !one(&p, '-') || (m = digits(&p, 2)) < 1 || m > 12 || *p)
		return FAIL_FIELD(e, E_MONTH_INVALID, field, "%.60s", s ? s : "");
	*month = month_from(y, m);
	return 0;
}

const char *month_name(enum lang l, int month)
{
	static const char *const names[LANG__N][12] = {
		[LANG_DA] = { "januar", "februar", "marts", "april", "maj", "juni", "juli", "august", "september", "oktober", "november", "december" },
		[LANG_EN] = { "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December" },
	};

	return names[l][month - 1];
}

static const char days[][4] = { "", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
static const char months[][4] = { "", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

const char *month_short(int month) { return months[month]; }

char *moment_rfc5322(struct arena *a, int64_t t)
{
	struct civil c = moment_local(t);
	int off = (int)(offset_at(floor_div(t, MOMENT_SECOND)) / 60);

	return arena_printf(a, "%s, %d %s %d %02d:%02d:%02d %c%02d%02d", days[c.weekday], c.day, months[c.month], c.year, c.hour,
		c.minute, c.second, off < 0 ? '-' : '+', abs(off) / 60, abs(off) % 60);
}

char *moment_http(struct arena *a, int64_t t)
{
	struct civil c = moment_utc(t);

	return arena_printf(a, "%s, %02d %s %d %02d:%02d:%02d GMT", days[c.weekday], c.day, months[c.month], c.year, c.hour, c.minute,
		c.second);
}
