#include "core/plan.h"
#include "base/text.h"
#include <string.h>

enum { WAYS = 5 };

static const struct { const char *key, *text[LANG__N], *typed[WAYS]; } often[] = {
	{ "weekly",    { "hver uge", "every week" },         { "weekly", "ugentligt", "ugentlig", "hver uge", "every week" } },
	{ "monthly",   { "hver måned", "every month" },      { "monthly", "månedligt", "månedlig", "hver måned", "every month" } },
	{ "quarterly", { "hvert kvartal", "every quarter" }, { "quarterly", "kvartalsvist", "kvartalsvis", "hvert kvartal", "every quarter" } },
	{ "yearly",    { "hvert år", "every year" },         { "yearly", "årligt", "årlig", "hvert år", "every year" } },
};
/* The tasks the catalogue comes with have a name in both languages; others are called what the provider calls them. */
static const struct { const char *key, *text[LANG__N]; } tasks[] = {
	{ "health-check",     { "eftersyn", "health check" } },
	{ "capacity-check",   { "kontrol af plads og ydeevne", "capacity check" } },
	{ "replacement-plan", { "plan for udskiftning", "replacement plan" } },
};
#define COUNT(list) (sizeof (list) / sizeof *(list))

/* Past how often, to the task; -1: it does not begin so. */
static int begins(struct arena *a, const char *s, const char **rest)
{
	const char *low = text_lower(a, s);

	for (size_t i = 0; i < COUNT(often); i++)
		for (int k = 0; k < WAYS; k++) {
			size_t n = strlen(often[i].typed[k]);

			if (!text_starts(low, often[i].typed[k]) || !strchr(" :-", s[n]))
				continue;
			*rest = s + n + strspn(s + n, " :-");
			return (int)i;
		}
	return -1;
}

static const char *task_key(struct arena *a, const char *s)
{
	const char *low = text_lower(a, s);

	for (size_t i = 0; i < COUNT(tasks); i++)
		if (strcmp(low, tasks[i].key) == 0 || strcmp(low, tasks[i].text[LANG_DA]) == 0 || strcmp(low, tasks[i].text[LANG_EN]) == 0)
			return tasks[i].key;
	return s;
}

const char *plan_task(struct arena *a, const char *typed)
{
	const char *rest;
	int i = begins(a, text_plain(a, typed), &rest);

	return i < 0 || text_blank(rest) ? NULL : arena_printf(a, "%s-%s", often[i].key, task_key(a, rest));
}

const char *plan_words(struct arena *a, enum lang l, const char *task)
{
	const char *rest;
	int i = begins(a, task, &rest);

	if (i < 0 || text_blank(rest))
		return task;
	for (size_t k = 0; k < COUNT(tasks); k++)
		if (strcmp(rest, tasks[k].key) == 0)
			rest = tasks[k].text[l];
	return arena_printf(a, "%s: %s", often[i].text[l], rest);
}
