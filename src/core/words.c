#include "core/words.h"
#include "base/buf.h"
#include "base/moment.h"
#include "base/text.h"
#include "core/calendar.h"
#include "core/plan.h"
#include <string.h>

static const struct { const char *key, *text[LANG__N]; } choices[] = {
	{ "all",            { "alle", "all" } },
	{ "computers",      { "kun medarbejdernes computere", "staff computers only" } },
	{ "servers",        { "kun servere", "servers only" } },
	{ "listed",         { "kun dem på listen", "only those on the list" } },
	{ "none",           { "ingen", "none" } },
	{ "everyone",       { "alle medarbejdere", "everyone employed" } },
	{ "on_request",     { "når I beder om den", "when you ask" } },
	{ "monthly",        { "hver måned", "every month" } },
	{ "quarterly",      { "hvert kvartal", "every quarter" } },
	{ "dk",             { "Danmark", "Denmark" } },
	{ "eu",             { "EU", "the EU" } },
	{ "eea",            { "EØS", "the EEA" } },
	{ "in_window",      { "i tidsrummet", "within the window" } },
	{ "ask",            { "når brugeren siger ja", "when the user says yes" } },
	{ "never",          { "aldrig af sig selv", "never by itself" } },
	{ "round_trip",     { "ud og hjem lagt sammen", "out and home added together" } },
	{ "each_way",       { "hver vej for sig", "each way on its own" } },
	{ "invoice",        { "faktureres", "is invoiced" } },
	{ "bank",           { "trækkes fra timerne", "is drawn from the hours" } },
	{ "bill",           { "mere tid faktureres", "more time is invoiced" } },
	{ "stop_and_ask",   { "vi stopper og spørger først", "we stop and ask first" } },
	{ "entry",          { "hver registrering for sig", "each entry on its own" } },
	{ "day",            { "dagens tid på samme opgave lagt sammen", "the day's time on the same task added together" } },
	{ "borrow",         { "næste måneds timer bruges på forskud", "the next month's hours are used in advance" } },
	{ "original_first", { "bruger først resten af den måned, arbejdet blev gjort", "uses first what was left of the month the work was done" } },
	{ "current_only",   { "bruger den åbne måned", "uses the open month" } },
};

static const struct { const char *unit, *one[LANG__N], *many[LANG__N], *heading[LANG__N]; } units[] = {
	{ "hours",   { "time", "hour" },    { "timer", "hours" },    { "timer", "hours" } },
	{ "days",    { "dag", "day" },      { "dage", "days" },      { "dage", "days" } },
	{ "months",  { "måned", "month" },  { "måneder", "months" }, { "måneder", "months" } },
	{ "percent", { "%", "%" },          { "%", "%" },            { "%", "%" } },
	{ "percent_hundredths", { "", "" }, { "", "" },              { "%", "%" } },
	{ "minutes", { "", "" },            { "", "" },              { "minutter", "minutes" } },
	{ "ore",     { "", "" },            { "", "" },              { "kr.", "DKK" } },
	{ "megabytes", { "", "" },          { "", "" },              { "MB", "MB" } },
};

static const char *grouped(struct arena *a, enum lang l, uint64_t n)
{
	char digits[24], out[40];
	int have = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n), k = 0;

	for (int i = 0; i < have; i++) {
		if (i && (have - i) % 3 == 0)
			out[k++] = l == LANG_EN ? ',' : '.';
		out[k++] = digits[i];
	}
	return arena_dupn(a, out, (size_t)k);
}

static uint64_t size_of_number(int64_t n) { return n < 0 ? -(uint64_t)n : (uint64_t)n; }

const char *words_number(struct arena *a, enum lang l, int64_t n)
{
	return arena_printf(a, "%s%s", n < 0 ? "−" : "", grouped(a, l, size_of_number(n)));
}

const char *words_money(struct arena *a, enum lang l, int64_t ore)
{
	uint64_t v = size_of_number(ore);

	return arena_printf(a, l == LANG_EN ? "%sDKK %s.%02d" : "%s%s,%02d kr.", ore < 0 ? "−" : "", grouped(a, l, v / 100), (int)(v % 100));
}

const char *words_duration(struct arena *a, enum lang l, int64_t minutes)
{
	int64_t h = minutes / 60, m = minutes % 60;
	const char *rest = "";

	if (minutes >= 2 * 1440 && minutes % 1440 == 0)
		return arena_printf(a, "%s %s", words_number(a, l, minutes / 1440), l == LANG_EN ? "days" : "døgn");
	if (m || !h)
		rest = arena_printf(a, "%lld %s", (long long)m, l == LANG_EN ? (m == 1 ? "minute" : "minutes") : m == 1 ? "minut" : "minutter");
	return !h ? rest : arena_printf(a, "%s %s%s%s", words_number(a, l, h), l == LANG_EN ? (h == 1 ? "hour" : "hours") : h == 1 ? "time" : "timer",
		m ? " " : "", rest);
}

const char *words_day(struct arena *a, enum lang l, int32_t day)
{
	struct civil c = day_civil(day);

	return l == LANG_EN ? arena_printf(a, "%d %s %d", c.day, month_short(c.month), c.year) : arena_printf(a, "%d.%d.%d", c.day, c.month, c.year);
}

const char *words_cvr(struct arena *a, const char *cvr)
{
	return strlen(cvr) == 8 ? arena_printf(a, "%.2s %.2s %.2s %.2s", cvr, cvr + 2, cvr + 4, cvr + 6) : cvr;
}

const char *words_mark(struct arena *a, const char *hex)
{
	struct buf b;

	buf_init(&b, a, 4096);
	for (int i = 0; hex[i]; i++) {
		if (i && i % 8 == 0)
			buf_addc(&b, ' ');
		buf_addc(&b, hex[i]);
	}
	return buf_text(&b);
}

const char *words_hours(struct arena *a, enum lang l, const char *s)
{
	static const struct { const char *key, *text[LANG__N]; } days[] = {
		{ "mon", { "mandag", "Monday" } }, { "tue", { "tirsdag", "Tuesday" } }, { "wed", { "onsdag", "Wednesday" } },
		{ "thu", { "torsdag", "Thursday" } }, { "fri", { "fredag", "Friday" } }, { "sat", { "lørdag", "Saturday" } },
		{ "sun", { "søndag", "Sunday" } },
	};
	struct buf b;

	buf_init(&b, a, 4096);
	while (*s) {
		size_t i = 0;

		while (i < sizeof days / sizeof *days && !(text_starts(s, days[i].key) && !(s[3] >= 'a' && s[3] <= 'z')))
			i++;
		if (i < sizeof days / sizeof *days) {
			buf_adds(&b, days[i].text[l]);
			s += 3;
		} else if (*s == '-') {
			buf_adds(&b, l == LANG_EN ? " to " : " til ");
			s++;
		} else if (*s == ',' && s[1] != ' ') {
			buf_adds(&b, ", ");
			s++;
		} else {
			buf_addc(&b, l == LANG_DA && *s == ':' ? '.' : *s);
			s++;
		}
	}
	return buf_text(&b);
}

static const char *known_choice(const char *choice, enum lang l)
{
	for (size_t i = 0; i < sizeof choices / sizeof *choices; i++)
		if (strcmp(choices[i].key, choice) == 0)
			return choices[i].text[l];
	return NULL;
}

bool words_choice_known(const char *choice)
{
	return known_choice(choice, LANG_DA) != NULL;
}

const char *words_choice(struct arena *a, enum lang l, const char *choice)
{
	const char *known = known_choice(choice, l);
	char *s;

	if (known)
		return known;
	s = arena_dup(a, choice);
	for (char *c = s; *c; c++)
		if (*c == '_')
			*c = ' ';
	return s;
}

const char *words_unit(const struct term *t, enum lang l)
{
	for (size_t i = 0; t->unit && i < sizeof units / sizeof *units; i++)
		if (strcmp(units[i].unit, t->unit) == 0)
			return units[i].heading[l];
	return "";
}

const char *words_period(enum promise_period p, enum lang l)
{
	static const char *const words[][LANG__N] = {
		[PERIOD_ALWAYS] = { "hele tiden", "all the time" }, [PERIOD_MINUTE] = { "hvert minut", "every minute" },
		[PERIOD_DAY] = { "hver dag", "every day" }, [PERIOD_WEEK] = { "hver uge", "every week" },
		[PERIOD_MONTH] = { "hver måned", "every month" }, [PERIOD_QUARTER] = { "hvert kvartal", "every quarter" },
		[PERIOD_YEAR] = { "hvert år", "every year" }, [PERIOD_EVENT] = { "hver gang det sker", "each time it happens" },
	};

	return words[p][l];
}

const char *words_party(enum party p, enum lang l)
{
	static const char *const words[][LANG__N] = { { "Det lover vi", "What we promise" }, { "Det lover I", "What you promise" } };

	return words[p][l];
}

static const char *number_text(struct arena *a, enum lang l, const struct term *t, int64_t n)
{
	switch (t->type) {
	case TERM_MONEY_ORE:
		return words_money(a, l, n);
	case TERM_MINUTES:
		return words_duration(a, l, n);
	case TERM_MEGABYTES:
		return n >= 1024 && n % 1024 == 0 ? arena_printf(a, "%s GB", words_number(a, l, n / 1024)) : arena_printf(a, "%s MB", words_number(a, l, n));
	default:
		break;
	}
	if (t->unit && strcmp(t->unit, "percent_hundredths") == 0)
		return arena_printf(a, "%lld%s%02d %%", (long long)(n / 100), l == LANG_EN ? "." : ",", (int)size_of_number(n % 100));
	for (size_t i = 0; t->unit && i < sizeof units / sizeof *units; i++)
		if (strcmp(units[i].unit, t->unit) == 0)
			return arena_printf(a, "%s %s", words_number(a, l, n), n == 1 ? units[i].one[l] : units[i].many[l]);
	return words_number(a, l, n);
}

/* "12-24" as "24.12." / "24 Dec". */
static const char *day_of_year(struct arena *a, enum lang l, const char *kept)
{
	struct err none;
	int m, d;

	if (!kept || calendar_closed_day(kept, &m, &d, &none) != 0)
		return kept ? kept : "";
	return l == LANG_DA ? arena_printf(a, "%d.%d.", d, m) : arena_printf(a, "%.*s", d > 9 ? 6 : 5, words_day(a, l, day_from(2028, m, d)));
}

const char *words_value(struct arena *a, enum lang l, const struct term *t, const json_t *v)
{
	static const char *const nothing[LANG__N] = { "ikke angivet", "not given" };
	const char *s = "";
	json_t *fallback = NULL;
	int64_t n = 0;

	switch (t->type) {
	case TERM_BOOLEAN:
		if (v ? json_is_true(v) : strcmp(t->fallback, "true") == 0)
			return l == LANG_EN ? "yes" : "ja";
		return l == LANG_EN ? "no" : "nej";
	case TERM_CHOICE:
		return words_choice(a, l, v ? json_string_value(v) : t->fallback);
	case TERM_TEXT:
		s = v ? json_string_value(v) : t->fallback;
		if (strcmp(t->key, "service_hours") == 0 || text_ends(t->key, "window"))
			return *s ? words_hours(a, l, s) : nothing[l];
		return *s ? s : nothing[l];
	case TERM_LIST:
		if (!v && !term_is_plan(t))
			return *t->fallback ? t->fallback : nothing[l];
		if (!v)
			v = fallback = term_fallback(a, t);
		for (size_t i = 0; i < json_array_size(v); i++) {
			const char *one = json_string_value(json_array_get(v, i));

			s = arena_printf(a, "%s%s%s", s, i ? ", " : "", term_is_days(t) ? day_of_year(a, l, one) :
				term_is_plan(t) ? plan_words(a, l, one) : one);
		}
		json_decref(fallback);
		return *s ? s : nothing[l];
	default:
		if (v)
			n = json_integer_value(v);
		else
			text_int(t->fallback, &n);
		return number_text(a, l, t, n);
	}
}

const char *words_limits(struct arena *a, enum lang l, const struct term *t)
{
	const char *s = "", *unit = words_unit(t, l);

	if (t->type == TERM_CHOICE || t->type == TERM_BOOLEAN)
		return "";
	if (t->type == TERM_TEXT)
		return arena_printf(a, l == LANG_EN ? "at most %lld characters" : "højst %lld tegn", (long long)t->max);
	if (term_is_plan(t))
		return arena_printf(a, l == LANG_EN ? "at most %lld tasks" : "højst %lld opgaver", (long long)t->max);
	if (t->type == TERM_LIST)
		return arena_printf(a, l == LANG_EN ? term_is_days(t) ? "at most %lld days" : "at most %lld names" : term_is_days(t) ? "højst %lld dage" : "højst %lld navne", (long long)t->max);
	if (t->choices) {
		for (int i = 0; t->choices[i]; i++)
			s = arena_printf(a, "%s%s%s", s, i == 0 ? "" : t->choices[i + 1] ? ", " : l == LANG_EN ? " or " : " eller ", t->choices[i]);
		return *unit ? arena_printf(a, "%s %s", s, unit) : s;
	}
	if (t->type == TERM_MONEY_ORE || (t->unit && strcmp(t->unit, "percent_hundredths") == 0))
		return arena_printf(a, l == LANG_EN ? "%s to %s" : "%s til %s", number_text(a, l, t, t->min), number_text(a, l, t, t->max));
	return arena_printf(a, l == LANG_EN ? "%s to %s %s" : "%s til %s %s", words_number(a, l, t->min), words_number(a, l, t->max), unit);
}
