/* Any text as an address: a parameter is what its pattern says, the row's pattern with its parameters is the address again,
 * an address is known whatever the method; limit and cursor of a list stay in their bounds. */
#define FUZZ_WEB
#include "fuzz.h"
#include "pages/all.h"

static const char *const methods[] = { "GET", "POST", "PUT", "PATCH", "DELETE" };

static void fits(struct arena *a, const struct web_route *r, const struct web_piece *piece, const char *path)
{
	struct buf b;
	int at = 0;

	buf_init(&b, a, 64 << 10);
	for (const char *s = r->pattern; *s; ) {
		const struct web_piece *v = &piece[at];

		if (*s != '{') {
			buf_addc(&b, *s++);
			continue;
		}
		MUST(at < 4 && v->p && v->n > 0);
		for (size_t i = 0; i < v->n; i++) {
			if (strncmp(s, "{id}", 4) == 0)
				MUST(v->p[i] >= '0' && v->p[i] <= '9' && v->n <= 18);
			else if (strncmp(s, "{month}", 7) == 0)
				MUST(v->n == 7 && (i == 4 ? v->p[i] == '-' : v->p[i] >= '0' && v->p[i] <= '9'));
			else
				MUST(v->p[i] && strchr("abcdefghijklmnopqrstuvwxyz0123456789._-", v->p[i]) && v->n <= 128);
		}
		buf_add(&b, v->p, v->n);
		at++;
		s += strcspn(s, "}") + 1;
	}
	MUST(strcmp(buf_text(&b), path) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct web_app app;
	struct arena *a = arena_begin(16 << 20);
	struct web *w = fuzz_web(a, LANG_DA);
	const char *line = fuzz_line(a, &p, &n), *path = *line == '/' ? line : arena_printf(a, "/%s", line), *cursor;
	struct err e = { 0 };
	bool known = false;
	int found = 0, limit = -7;

	if (!app.match) {
		static struct arena *volatile keep;       /* seen by the leak checker */

		keep = arena_begin(4 << 20);
		app.tables = pages_tables;
		MUST(web_start(&app, keep, &e) == 0);
	}
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
		struct web_piece piece[4];
		bool k;
		const struct web_route *r = web_find(app.match, methods[i], path, piece, &k);

		MUST(i == 0 || k == known);
		known = k;
		if (!r)
			continue;
		found++;
		MUST(strcmp(r->method, methods[i]) == 0);
		fits(a, r, piece, path);
		MUST(web_limits(methods[i], path, &app).max_bytes > 0);
	}
	MUST(known == (found > 0));
	w->rq->query = arena_dupn(a, (const char *)p, n);
	if (web_page(w, &limit, &cursor, &e) == 0)
		MUST(limit >= 1 && limit <= 200 && (!cursor || *cursor));
	else
		MUST(limit == -7 && e.id == E_NUMBER_RANGE && strcmp(e.field, "limit") == 0);
	arena_end(a);
	return 0;
}
