#include <string.h>
#include "base/text.h"
#include "web/dispatch.h"

int web_body_json(struct web *w, json_t **out, struct err *e)
{
	json_error_t why;
	json_t *v;

	if (!w->rq->body || w->rq->body_bytes == 0)
		return FAIL(e, E_JSON_INVALID, "the body is empty");
	v = json_loadb(w->rq->body, w->rq->body_bytes, JSON_REJECT_DUPLICATES, &why);
	if (!v)
		return FAIL(e, E_JSON_INVALID, "line %d: %.120s", why.line, why.text);
	for (size_t i = 0; i < sizeof w->own->json / sizeof *w->own->json; i++)
		if (!w->own->json[i]) {
			w->own->json[i] = v;
			break;
		}
	if (!json_is_object(v))
		return FAIL(e, E_JSON_INVALID, "not an object");
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
