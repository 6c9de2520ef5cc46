#include <string.h>
#include <strings.h>
#include "base/text.h"
#include "web/dispatch.h"

/* The first whole number, read as a real one, that no int64 holds: its name; NULL when there is none. */
static const char *too_large(json_t *v, const char *name, int deep)
{
	const char *key, *got = NULL;
	json_t *in;
	size_t i;

	if (deep > 20)
		return NULL;
	if (json_is_real(v))
		return json_real_value(v) >= 9223372036854775808.0 || json_real_value(v) < -9223372036854775808.0 ? name : NULL;
	if (json_is_object(v))
		json_object_foreach(v, key, in)
			if (!got)
				got = too_large(in, key, deep + 1);
	if (json_is_array(v))
		json_array_foreach(v, i, in)
			if (!got)
				got = too_large(in, name, deep + 1);
	return got;
}

static int number_fails(struct web *w, struct err *e)
{
	json_t *v = json_loadb(w->rq->body, w->rq->body_bytes, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, NULL);
	const char *name = v ? too_large(v, "", 0) : NULL;

	FAIL_FIELD(e, E_NUMBER_RANGE, arena_dup(w->a, name ? name : ""), "past 64 bits");
	json_decref(v);
	return -1;
}

/* JSON, or what a program sends that says nothing of it: curl -d calls everything a form. */
static bool may_be_json(const char *type)
{
	size_t n = type ? strcspn(type, "; ") : 0;

	return !type || !*type || (n == 16 && strncasecmp(type, "application/json", n) == 0) || (n > 5 && strncasecmp(type + n - 5, "+json", 5) == 0) ||
		(n == 33 && strncasecmp(type, "application/x-www-form-urlencoded", n) == 0);
}

int web_no_body(struct web *w, struct err *e)
{
	static const char *const none[] = { NULL };
	json_t *o;

	return w->rq->body_bytes == 0 && !w->rq->body_path ? 0 : web_body_json(w, &o, e) != 0 || json_known(o, none, e) != 0 ? -1 : 0;
}

int web_body_json(struct web *w, json_t **out, struct err *e)
{
	json_error_t why;
	json_t *v;

	if (!w->rq->body || w->rq->body_bytes == 0)
		return FAIL(e, E_JSON_OBJECT, "the body is empty");
	if (!may_be_json(http_header(w->rq, "content-type")))
		return FAIL(e, E_BODY_TYPE, "%.80s", http_header(w->rq, "content-type"));
	v = json_loadb(w->rq->body, w->rq->body_bytes, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
	if (!v && json_error_code(&why) == json_error_numeric_overflow)
		return number_fails(w, e);
	if (!v)
		return FAIL(e, E_JSON_INVALID, "line %d: %.120s", why.line, why.text);
	for (size_t i = 0; i < sizeof w->own->json / sizeof *w->own->json; i++)
		if (!w->own->json[i]) {
			w->own->json[i] = v;
			break;
		}
	if (!json_is_object(v))
		return FAIL(e, E_JSON_OBJECT, "not an object");
	*out = v;
	return 0;
}

int json_want_text(json_t *o, const char *key, size_t max, bool required, const char **out, struct err *e)
{
	json_t *v = json_object_get(o, key);
	const char *s = NULL;

	if (v && !json_is_null(v)) {
		if (!json_is_string(v))
			return FAIL_FIELD(e, E_FIELD_TYPE, key, "not a text");
		s = json_string_value(v);
	}
	if (text_check(s, key, max, required, e) != 0)
		return -1;
	*out = s;
	return 0;
}

int json_want_int(json_t *o, const char *key, int64_t min, int64_t max, bool required, int64_t fallback, int64_t *out, struct err *e)
{
	json_t *v = json_object_get(o, key);
	int64_t got = fallback;

	if (!v || json_is_null(v)) {
		if (required)
			return FAIL_FIELD(e, E_REQUIRED, key, "missing");
		*out = fallback;
		return 0;
	}
	if (!json_is_integer(v))
		return FAIL_FIELD(e, E_FIELD_TYPE, key, "not a whole number");
	got = json_integer_value(v);
	if (got < min || got > max)
		return FAIL_FIELD(e, E_NUMBER_RANGE, key, "%lld", (long long)got);
	*out = got;
	return 0;
}

int json_known(json_t *o, const char *const *keys, struct err *e)
{
	const char *key;
	json_t *v;

	json_object_foreach(o, key, v) {
		const char *const *k = keys;

		while (*k && strcmp(*k, key) != 0)
			k++;
		if (!*k)
			return FAIL_FIELD(e, E_FIELD_UNKNOWN, key, "unknown");
	}
	return 0;
}

int web_whole(struct web *w, json_t *v, struct err *e)
{
	const char *cursor;
	int limit;

	if (web_page(w, &limit, &cursor, e) != 0) {
		json_decref(v);
		return -1;
	}
	while (web_query(w, "limit") && json_array_size(v) > (size_t)limit)
		json_array_remove(v, json_array_size(v) - 1);
	return web_json(w, 200, v);
}

int web_page(struct web *w, int *limit, const char **cursor, struct err *e)
{
	const char *l = web_query(w, "limit");
	int64_t n = 50;

	if (l && (!text_int(l, &n) || n < 1 || n > 200))
		return FAIL_FIELD(e, E_NUMBER_RANGE, "limit", "%.40s", l);
	*limit = (int)n;
	*cursor = web_query(w, "cursor");
	if (*cursor && !**cursor)
		*cursor = NULL;
	return 0;
}
