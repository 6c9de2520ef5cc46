/* Any bytes as the body of an API request: what is taken is an object, written out and read again it is the same, and each of
 * its values is read only as what it is, within what was asked. */
#define FUZZ_WEB
#include "fuzz.h"

static void typed(json_t *o)
{
	const char *key, *none[] = { NULL };
	struct err e = { 0 };
	json_t *v;

	MUST((json_known(o, none, &e) == 0) == (json_object_size(o) == 0));
	json_object_foreach(o, key, v) {
		const char *s = "unset";
		int64_t i = -77;

		e = (struct err){ 0 };
		if (json_want_text(o, key, 100, true, &s, &e) == 0)
			MUST(json_is_string(v) && s && strlen(s) <= 100 && text_valid(s, strlen(s)) && !text_blank(s));
		else
			MUST(e.id != E_NONE && strcmp(s, "unset") == 0);
		e = (struct err){ 0 };
		if (json_want_int(o, key, -5, 1000, false, 7, &i, &e) == 0)
			MUST(json_is_null(v) ? i == 7 : json_is_integer(v) && i >= -5 && i <= 1000);
		else
			MUST((e.id == E_FIELD_TYPE || e.id == E_NUMBER_RANGE) && i == -77);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena *a = arena_begin(16 << 20);
	struct web *w = fuzz_web(a, LANG_DA);
	struct err e = { 0 };
	json_t *o = NULL, *again = NULL;

	fuzz_body(w, "application/json", p, n);
	if (web_body_json(w, &o, &e) == 0) {
		char *text = json_dumps(o, JSON_COMPACT);

		MUST(json_is_object(o) && text);
		typed(o);
		fuzz_body(w, "application/json", text, strlen(text));
		MUST(web_body_json(w, &again, &e) == 0 && json_equal(o, again));
		free(text);
	} else {
		MUST(!o && (e.id == E_JSON_INVALID || e.id == E_JSON_OBJECT || e.id == E_NUMBER_RANGE));
	}
	for (size_t i = 0; i < sizeof w->own->json / sizeof *w->own->json; i++)
		json_decref(w->own->json[i]);
	arena_end(a);
	return 0;
}
