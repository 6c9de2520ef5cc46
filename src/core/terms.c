/* terms.c - the terms of one service on one agreement: checked when written, read with a fallback ever after. */
#include "base/text.h"
#include "core/calendar.h"
#include "core/catalogue.h"
#include "core/plan.h"
#include <string.h>

static bool among(const char *const *choices, const char *s)
{
	for (int i = 0; choices && choices[i]; i++)
		if (strcmp(choices[i], s) == 0)
			return true;
	return choices == NULL;
}

static const char *choices_text(struct arena *a, const struct term *t)
{
	const char *s = "";

	for (int i = 0; t->choices && t->choices[i]; i++)
		s = arena_printf(a, "%s%s%s", s, i ? ", " : "", t->choices[i]);
	return s;
}

/* One line: valid, no line breaks, no control characters. */
static bool is_line(const char *s)
{
	if (!text_valid(s, strlen(s)))
		return false;
	for (; *s; s++)
		if ((unsigned char)*s < 32 || *s == 127)
			return false;
	return true;
}

static int check_list(const struct term *t, const json_t *v, struct err *e)
{
	size_t n = json_array_size(v);

	if (!json_is_array(v))
		return FAIL_FIELD(e, E_FIELD_TYPE, t->key, "list");
	if ((int64_t)n > t->max)
		return FAIL_FIELD(e, E_TERM_INVALID, t->key, "at most %lld names", (long long)t->max);
	for (size_t i = 0; i < n; i++) {
		const char *s = json_string_value(json_array_get(v, i));

		if (!s)
			return FAIL_FIELD(e, E_FIELD_TYPE, t->key, "list of text");
		if (text_blank(s) || strlen(s) > 200 || strlen(s) != json_string_length(json_array_get(v, i)) || !is_line(s) || strchr(s, ','))
			return FAIL_FIELD(e, E_TERM_INVALID, t->key, "a name is 1 to 200 bytes, without comma");
	}
	return 0;
}

static int check_one(struct arena *a, const struct term *t, const json_t *v, struct err *e)
{
	const char *s = json_string_value(v);

	switch (t->type) {
	case TERM_INTEGER: case TERM_MINUTES: case TERM_MONEY_ORE: case TERM_MEGABYTES:
		if (!json_is_integer(v))
			return FAIL_FIELD(e, E_FIELD_TYPE, t->key, "integer");
		if (t->choices && !among(t->choices, arena_printf(a, "%lld", (long long)json_integer_value(v))))
			return FAIL_FIELD(e, E_TERM_INVALID, t->key, "%s", choices_text(a, t));
		if (json_integer_value(v) < t->min || json_integer_value(v) > t->max)
			return FAIL_FIELD(e, E_TERM_INVALID, t->key, "%lld - %lld", (long long)t->min, (long long)t->max);
		return 0;
	case TERM_BOOLEAN:
		return json_is_boolean(v) ? 0 : FAIL_FIELD(e, E_FIELD_TYPE, t->key, "boolean");
	case TERM_LIST:
		return check_list(t, v, e);
	case TERM_CHOICE: case TERM_TEXT:
		if (!s)
			return FAIL_FIELD(e, E_FIELD_TYPE, t->key, "text");
		if (strlen(s) != json_string_length(v) || !is_line(s))
			return FAIL_FIELD(e, E_TERM_INVALID, t->key, "one line of text");
		if (t->type == TERM_CHOICE && !among(t->choices, s))
			return FAIL_FIELD(e, E_TERM_INVALID, t->key, "%s", choices_text(a, t));
		if (t->type == TERM_TEXT && (int64_t)strlen(s) > t->max)
			return FAIL_FIELD(e, E_TERM_INVALID, t->key, "at most %lld bytes", (long long)t->max);
		return 0;
	}
	return FAIL(e, E_BUG, "term type %d", (int)t->type);
}

/* The catalogue's own default, as JSON. */
json_t *term_fallback(struct arena *a, const struct term *t)
{
	json_t *list;
	int64_t v = 0;

	switch (t->type) {
	case TERM_INTEGER: case TERM_MINUTES: case TERM_MONEY_ORE: case TERM_MEGABYTES:
		text_int(t->fallback, &v);
		return json_integer(v);
	case TERM_BOOLEAN:
		return json_boolean(strcmp(t->fallback, "true") == 0);
	case TERM_LIST:
		list = json_array();
		for (const char *s = t->fallback; *s; ) {
			size_t n = strcspn(s, ",");

			json_array_append_new(list, json_string(arena_dupn(a, s, n)));
			s += n;
			s += strspn(s, ", ");
		}
		return list;
	default:
		return json_string(t->fallback);
	}
}

bool term_is_hours(const struct term *t)
{
	return t->type == TERM_TEXT && (strcmp(t->key, "service_hours") == 0 || text_ends(t->key, "window"));
}

bool term_is_days(const struct term *t)
{
	return t->type == TERM_LIST && strcmp(t->key, "closed_days") == 0;
}

bool term_is_plan(const struct term *t)
{
	return t->type == TERM_LIST && strcmp(t->key, "maintenance_plan") == 0;
}

/* NULL when one of them is no task. */
static json_t *tasks_of(struct arena *a, const json_t *v, const char **wrong)
{
	json_t *out = json_array(), *one;
	const char *kept;
	size_t i;

	json_array_foreach(v, i, one) {
		kept = plan_task(a, json_string_value(one));
		if (!kept) {
			json_decref(out);
			*wrong = arena_dup(a, json_string_value(one));
			return NULL;
		}
		json_array_append_new(out, json_string(kept));
	}
	return out;
}

/* A value that something reads later is read now, and kept in the one form: what cannot be read is refused while somebody
 * who can mend it is looking. *out is NULL when the value stands as it is. */
static int take_meaning(struct arena *a, const struct term *t, const json_t *v, json_t **out, struct err *e)
{
	bool window = strcmp(t->key, "service_hours") != 0;
	struct calendar c;
	struct err why;
	const char *text = "";
	size_t i;
	json_t *day;
	int m, d;

	*out = NULL;
	if (term_is_hours(t)) {
		text = json_string_value(v);
		if (window && text_blank(text))
			return 0;
		if (calendar_hours(text, window, &c, &why) != 0)
			return FAIL_FIELD(e, why.id, t->key, "%s", why.detail);
		text = calendar_hours_text(a, &c);
		if ((int64_t)strlen(text) > t->max)
			return FAIL_FIELD(e, E_TERM_INVALID, t->key, "at most %lld bytes", (long long)t->max);
		*out = json_string(text);
	} else if (term_is_days(t)) {
		*out = json_array();
		json_array_foreach(v, i, day) {
			if (calendar_closed_day(json_string_value(day), &m, &d, &why) != 0) {
				json_decref(*out);
				return FAIL_FIELD(e, why.id, t->key, "%s", why.detail);
			}
			json_array_append_new(*out, json_string(arena_printf(a, "%02d-%02d", m, d)));
		}
	} else if (term_is_plan(t)) {
		*out = tasks_of(a, v, &text);
		if (!*out)
			return FAIL_FIELD(e, E_TERM_PLAN, t->key, "%.60s", text);
	}
	return 0;
}

int terms_check(struct arena *a, const struct catalogue_service *s, json_t *given, json_t **out, struct err *e)
{
	const char *key;
	json_t *v, *full;
	int i;

	if (given && !json_is_object(given))
		return FAIL_FIELD(e, E_FIELD_TYPE, "", "object");
	json_object_foreach(given, key, v) {
		for (i = 0; i < s->nterms && strcmp(s->terms[i].key, key) != 0; i++)
			continue;
		if (i == s->nterms)
			return FAIL_FIELD(e, E_TERM_UNKNOWN, key, "%s", s->key);
	}
	full = json_object();
	for (i = 0; i < s->nterms; i++) {
		const struct term *t = &s->terms[i];
		json_t *kept;

		v = json_object_get(given, t->key);
		if (v && check_one(a, t, v, e) != 0) {
			json_decref(full);
			return -1;
		}
		v = v ? json_deep_copy(v) : term_fallback(a, t);
		if (take_meaning(a, t, v, &kept, e) != 0) {
			json_decref(v);
			json_decref(full);
			return -1;
		}
		if (kept)
			json_decref(v);
		json_object_set_new(full, t->key, kept ? kept : v);
	}
	*out = full;
	return 0;
}

int64_t terms_int(const json_t *terms, const char *key, int64_t fallback)
{
	const json_t *v = json_object_get(terms, key);

	return json_is_integer(v) ? json_integer_value(v) : fallback;
}

const char *terms_text(const json_t *terms, const char *key, const char *fallback)
{
	const char *s = json_string_value(json_object_get(terms, key));

	return s ? s : fallback;
}

bool terms_bool(const json_t *terms, const char *key, bool fallback)
{
	const json_t *v = json_object_get(terms, key);

	return json_is_boolean(v) ? json_is_true(v) : fallback;
}
