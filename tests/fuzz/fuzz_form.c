/* Any bytes as a form and as a query: what can be read is text; and whatever names and values there are, encoded they come
 * back as they were, in their order, from both. */
#define FUZZ_WEB
#include "fuzz.h"
#include "web/escape.h"

static void any(struct arena *a, const uint8_t *p, size_t n)
{
	static const char *const names[] = { "a", "b", "csrf", "" };
	struct web *w = fuzz_web(a, LANG_DA);
	struct err e = { 0 };

	fuzz_body(w, "application/x-www-form-urlencoded", p, n);
	w->rq->query = arena_dupn(a, (const char *)p, n);
	if (web_form_check(w, &e) != 0)
		MUST(e.id == E_BODY_TOO_LARGE || e.id == E_TOO_LONG);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *const *all, *q = web_query(w, names[i]);
		int k = web_field_all(w, names[i], &all);

		MUST(!q || (text_repair(a, q, strlen(q)) && strcmp(text_repair(a, q, strlen(q)), q) == 0));
		MUST((k > 0) == (web_field(w, names[i]) != NULL));
		for (int m = 0; m < k; m++)
			MUST(!strchr(all[m], '\r') && strcmp(text_repair(a, all[m], strlen(all[m])), all[m]) == 0);
		/* both readers agree where both can read */
		if (e.id == E_NONE && names[i][0] && !memchr(p, 0, n))
			MUST(k ? q && strcmp(q, all[0]) == 0 : !q);
	}
}

/* Lines are name, value, name, value. */
static void both_ways(struct arena *a, const uint8_t *p, size_t n)
{
	const char *name[200], *value[200];
	struct web *w = fuzz_web(a, LANG_DA);
	struct err e = { 0 };
	struct buf b;
	int rows = 0;

	buf_init(&b, a, 1 << 20);
	for (; n > 0 && rows < 200; rows++) {
		const char *x = fuzz_line(a, &p, &n), *y = fuzz_line(a, &p, &n);
		char *s = text_repair(a, x, strlen(x)), *t = text_repair(a, y, strlen(y));

		for (char *c = s; *c; c++)
			*c = *c == '\r' ? '\n' : *c;
		for (char *c = t; *c; c++)
			*c = *c == '\r' ? '\n' : *c;
		name[rows] = s;
		value[rows] = t;
		if (rows)
			buf_addc(&b, '&');
		esc_url_part(&b, s);
		buf_addc(&b, '=');
		esc_url_part(&b, t);
	}
	w->rq->query = buf_text(&b);
	fuzz_body(w, "application/x-www-form-urlencoded; charset=utf-8", buf_text(&b), b.n);
	MUST(!b.full && web_form_check(w, &e) == 0);
	for (int i = 0; i < rows; i++) {
		const char *const *all;
		int k = web_field_all(w, name[i], &all), at = 0, before = 0;

		for (int m = 0; m < rows; m++) {
			at += strcmp(name[m], name[i]) == 0;
			before += m < i && strcmp(name[m], name[i]) == 0;
		}
		MUST(k == at && strcmp(all[before], value[i]) == 0);
		MUST(before > 0 || strcmp(web_query(w, name[i]), value[i]) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena *a = arena_begin(256 << 20);

	if (n < 64 << 10) {
		any(a, p, n);
		both_ways(a, p, n);
	}
	arena_end(a);
	return 0;
}
