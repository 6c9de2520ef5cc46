#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/moment.h"
#include "base/text.h"
#include "web/escape.h"
#include "web/ui.h"

#define NBSP "\xc2\xa0"
#define MINUS "\xe2\x88\x92"

static const char *const days_da[] = { "", "man.", "tir.", "ons.", "tor.", "fre.", "lør.", "søn." };
static const char *const days_en[] = { "", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
static const char *const full_da[] = { "", "mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag" };
static const char *const full_en[] = { "", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday" };

static const char *day_near(const struct web *w, int32_t day)
{
	struct civil c = day_civil(day);
	int32_t today = w->today;
	bool da = w->lang == LANG_DA;

	if (day == today)
		return da ? "i dag" : "today";
	if (day == today - 1)
		return da ? "i går" : "yesterday";
	if (day == today + 1)
		return da ? "i morgen" : "tomorrow";
	if (day > today - 7 && day < today + 7)
		return da ? days_da[c.weekday] : days_en[c.weekday];
	if (c.year == day_civil(today).year)
		return da ? arena_printf(w->a, "%d.%d.", c.day, c.month) : arena_printf(w->a, "%d %s", c.day, month_short(c.month));
	return fmt_day(w, day);
}

const char *fmt_moment(const struct web *w, int64_t t)
{
	struct civil c = moment_local(t);
	int32_t day = day_from(c.year, c.month, c.day);
	const char *near = day_near(w, day);

	if (day <= w->today - 7 || day >= w->today + 7)
		return near;
	return arena_printf(w->a, w->lang == LANG_DA ? "%s %02d.%02d" : "%s %02d:%02d", near, c.hour, c.minute);
}

const char *fmt_week(const struct web *w, int32_t day)
{
	struct civil c = day_civil(day);

	if (w->lang == LANG_DA)
		return arena_printf(w->a, "%s den %d. %s, uge %d", full_da[c.weekday], c.day, month_name(LANG_DA, c.month), day_week(day));
	return arena_printf(w->a, "%s %d %s, week %d", full_en[c.weekday], c.day, month_name(LANG_EN, c.month), day_week(day));
}

const char *fmt_moment_full(const struct web *w, int64_t t)
{
	struct civil c = moment_local(t);

	if (w->lang == LANG_DA)
		return arena_printf(w->a, "%s den %d. %s %d kl. %02d.%02d", full_da[c.weekday], c.day, month_name(LANG_DA, c.month), c.year, c.hour, c.minute);
	return arena_printf(w->a, "%s %d %s %d, %02d:%02d", full_en[c.weekday], c.day, month_name(LANG_EN, c.month), c.year, c.hour, c.minute);
}

void ui_time(struct web *w, int64_t t)
{
	buf_adds(&w->out, "<time datetime=\"");
	esc_text(&w->out, moment_iso(w->a, t));
	buf_adds(&w->out, "\" title=\"");
	esc_text(&w->out, fmt_moment_full(w, t));
	buf_adds(&w->out, "\">");
	esc_text(&w->out, fmt_moment(w, t));
	buf_adds(&w->out, "</time>");
}

const char *fmt_left(const struct web *w, int64_t until)
{
	int64_t left = until - w->now;
	int64_t minutes = (left < 0 ? -left : left) / MOMENT_MINUTE;
	int32_t day = day_of(until), today = w->today;
	bool da = w->lang == LANG_DA;
	const char *length;

	/* while it is counted down, its minutes change where the moment's own seconds lie */
	web_until(w, left > 0 ? until - minutes * MOMENT_MINUTE : left < 0 ? until + (minutes + 1) * MOMENT_MINUTE : w->now + 1);
	if (left > 0 && left % MOMENT_MINUTE == 0)
		web_until(w, w->now + 1);
	if (left > 0 && (left >= MOMENT_DAY || (day != today && minutes >= 12 * 60))) {
		struct civil c = day_civil(day);

		if (day > today + 1 && day < today + 7)
			return da ? full_da[c.weekday] : full_en[c.weekday];
		return day_near(w, day);
	}
	if (left < 0 && minutes >= 24 * 60) {
		int d = today - day;            /* as the calendar has it: on Monday, Friday was three days ago */

		return da ? arena_printf(w->a, d == 1 ? "for %d dag siden" : "for %d dage siden", d)
			: arena_printf(w->a, d == 1 ? "%d day ago" : "%d days ago", d);
	}
	if (minutes < 60)
		length = arena_printf(w->a, da ? "%d" NBSP "min." : "%d" NBSP "min", (int)minutes);
	else if (minutes % 60 == 0)
		length = arena_printf(w->a, da ? "%d" NBSP "t." : "%d" NBSP "h", (int)(minutes / 60));
	else
		length = arena_printf(w->a, da ? "%d" NBSP "t. %d" NBSP "min." : "%d" NBSP "h %d" NBSP "min", (int)(minutes / 60), (int)(minutes % 60));
	if (left < 0)
		return arena_printf(w->a, da ? "for %s siden" : "%s ago", length);
	return arena_printf(w->a, da ? "om %s" : "in %s", length);
}

const char *fmt_day(const struct web *w, int32_t day)
{
	struct civil c = day_civil(day);

	return w->lang == LANG_DA ? arena_printf(w->a, "%d.%d.%d", c.day, c.month, c.year)
		: arena_printf(w->a, "%d %s %d", c.day, month_short(c.month), c.year);
}

const char *fmt_month(const struct web *w, int32_t month)
{
	struct civil c = day_civil(month_first_day(month));

	return arena_printf(w->a, "%s %d", month_name(w->lang, c.month), c.year);
}

const char *fmt_minutes(const struct web *w, int64_t minutes)
{
	int64_t m = minutes < 0 ? -minutes : minutes;

	return arena_printf(w->a, "%s%lld:%02d", minutes < 0 ? MINUS : "", (long long)(m / 60), (int)(m % 60));
}

const char *fmt_duration(const struct web *w, int64_t minutes)
{
	bool da = w->lang == LANG_DA;
	long long h = minutes / 60, m = minutes % 60;
	const char *hours = h == 1 ? (da ? "time" : "hour") : (da ? "timer" : "hours");

	if (h && m)
		return arena_printf(w->a, "%lld" NBSP "%s %lld" NBSP "%s", h, hours, m, da ? "min." : "min");
	if (h)
		return arena_printf(w->a, "%lld" NBSP "%s", h, hours);
	return arena_printf(w->a, "%lld" NBSP "%s", m, da ? "min." : "min");
}

const char *fmt_sentence(const struct web *w, const char *s)
{
	size_t n = strlen(s);

	return n > 2 && s[n - 1] == '.' && s[n - 2] == '.' && s[n - 3] != '.' ? arena_dupn(w->a, s, n - 1) : s;
}

/* Thousands separated by sep. */
static const char *grouped(const struct web *w, uint64_t v, char sep)
{
	char text[40], *p = text + sizeof text - 1;
	int digits = 0;

	*p = 0;
	do {
		if (digits && digits % 3 == 0)
			*--p = sep;
		*--p = (char)('0' + v % 10);
		digits++;
	} while (v /= 10);
	return arena_dup(w->a, p);
}

static uint64_t size_of(int64_t v) { return v < 0 ? 0 - (uint64_t)v : (uint64_t)v; }

const char *fmt_number(const struct web *w, int64_t n)
{
	return arena_printf(w->a, "%s%s", n < 0 ? MINUS : "", grouped(w, size_of(n), w->lang == LANG_DA ? '.' : ','));
}

const char *fmt_money(const struct web *w, int64_t ore)
{
	uint64_t v = size_of(ore);
	const char *sign = ore < 0 ? MINUS : "";

	if (w->lang == LANG_DA)
		return arena_printf(w->a, "%s%s,%02d" NBSP "kr.", sign, grouped(w, v / 100, '.'), (int)(v % 100));
	return arena_printf(w->a, "%sDKK" NBSP "%s.%02d", sign, grouped(w, v / 100, ','), (int)(v % 100));
}

const char *fmt_bytes(const struct web *w, int64_t bytes)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB" };
	int64_t tenths = bytes * 10;
	int u = 0;

	if (bytes < 1000)
		return arena_printf(w->a, "%lld" NBSP "B", (long long)bytes);
	while (tenths >= 10000 && u < 4) {
		tenths = (tenths + 500) / 1000;
		u++;
	}
	return arena_printf(w->a, "%lld%c%d" NBSP "%s", (long long)(tenths / 10), w->lang == LANG_DA ? ',' : '.', (int)(tenths % 10), units[u]);
}

const char *fmt_percent(const struct web *w, int64_t part, int64_t whole)
{
	int64_t tenths = whole <= 0 ? 0 : part * 1000 / whole;

	if (tenths % 10 == 0)
		return arena_printf(w->a, "%lld" NBSP "%%", (long long)(tenths / 10));
	return arena_printf(w->a, "%lld%c%d" NBSP "%%", (long long)(tenths / 10), w->lang == LANG_DA ? ',' : '.', (int)(tenths % 10));
}

const char *fmt_phone(const struct web *w, const char *phone)
{
	const char *s = phone ? phone : "";

	if (strncmp(s, "+45", 3) == 0)
		s += 3;
	if (strlen(s) == 8 && strspn(s, "0123456789") == 8)
		return arena_printf(w->a, "%.2s %.2s %.2s %.2s", s, s + 2, s + 4, s + 6);
	return phone ? phone : "";
}
