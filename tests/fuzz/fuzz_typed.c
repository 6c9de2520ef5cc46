/* Any text as a date, a moment, a duration, an amount: what is read lies in its bounds and, written as we write it, is read
 * as the same; what is not, leaves the result alone and names the field. */
#define FUZZ_WEB
#include "fuzz.h"
#include "web/ui.h"

static void refused(const struct err *e, bool untouched)
{
	MUST(untouched && err_kind(e->id) == ERR_INPUT && strcmp(e->field, "f") == 0);
}

static void iso(struct arena *a, const char *s)
{
	int64_t t = -7, again = -7;
	int32_t day = -7, month = -7, same;
	struct err e = { 0 };

	if (moment_parse(s, "f", &t, &e) == 0) {
		if (t >= moment_from_utc(1900, 1, 2, 0, 0, 0) && t < moment_from_utc(9999, 12, 30, 0, 0, 0))
			MUST(moment_parse(moment_iso(a, t), "f", &again, &e) == 0 && llabs(again - t) < MOMENT_MINUTE);
	} else {
		refused(&e, t == -7);
	}
	if (day_parse(s, "f", &day, &e) == 0)
		MUST(strcmp(day_iso(a, day), s) == 0 && day_of(day_start(day)) == day);
	else
		refused(&e, day == -7);
	if (month_parse(s, "f", &month, &e) == 0)
		MUST(strcmp(month_iso(a, month), s) == 0 && month_parse(month_iso(a, month), "f", &same, &e) == 0 && same == month);
	else
		refused(&e, month == -7);
}

static void typed(struct arena *a, const char *s, enum lang lang)
{
	struct web *w = fuzz_web(a, lang);
	struct err e = { 0 };
	int minutes = -7, m;
	int64_t ore = -7, o, t = -7;
	int32_t day = -7, d;

	if (read_duration(s, "f", &minutes, &e) == 0)
		MUST(minutes >= 1 && minutes <= 1440 && read_duration(fmt_minutes(w, minutes), "f", &m, &e) == 0 && m == minutes);
	else
		refused(&e, minutes == -7);
	if (read_money(s, "f", &ore, &e) == 0) {
		MUST(ore >= 0 && read_money(fmt_money(w, ore) + (lang == LANG_EN ? 5 : 0), "f", &o, &e) == 0 && o == ore);
	} else {
		refused(&e, ore == -7);
	}
	if (read_day(w, s, "f", &day, &e) == 0)
		MUST(read_day(w, fmt_day(w, day), "f", &d, &e) == 0 && d == day);
	else
		refused(&e, day == -7);
	if (read_moment(w, s, "f", &t, &e) == 0) {
		struct civil c = moment_local(t);
		int64_t same;

		if (c.year >= 1900 && c.year <= 9999)
			MUST(read_moment(w, arena_printf(a, "%04d-%02d-%02d %02d:%02d", c.year, c.month, c.day, c.hour, c.minute), "f", &same, &e) == 0 &&
				llabs(same + c.second * MOMENT_SECOND + c.micro - t) <= MOMENT_HOUR);   /* the hour that is twice */
	} else {
		refused(&e, t == -7);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena *a = arena_begin(16 << 20);
	const char *s = arena_dupn(a, (const char *)p, n < 300 ? n : 300);

	moment_zone();
	iso(a, s);
	typed(a, s, LANG_DA);
	typed(a, s, LANG_EN);
	arena_end(a);
	return 0;
}
