/* Any bytes as a multipart body: a file lies inside it and has a name without folders; and a field and a file of any
 * content, written as browsers do, come back as they were. */
#define FUZZ_WEB
#include "fuzz.h"

static const char type[] = "multipart/form-data; boundary=xx";

static void any(struct arena *a, const uint8_t *p, size_t n)
{
	struct web *w = fuzz_web(a, LANG_DA);
	struct err e = { 0 };
	struct web_upload *u;
	const char *v;
	int k;

	fuzz_body(w, type, p, n);
	if (web_form_check(w, &e) != 0)
		MUST(e.id == E_FORM_INVALID || e.id == E_TOO_LONG || e.id == E_BODY_TOO_LARGE);
	v = web_field(w, "a");
	MUST(!v || (!strchr(v, '\r') && strcmp(text_repair(a, v, strlen(v)), v) == 0));
	k = web_uploads(w, "f", &u);
	MUST(e.id == E_NONE || (k == 0 && !v));
	for (int i = 0; i < k; i++) {
		MUST((const uint8_t *)u[i].p >= p && (const uint8_t *)u[i].p + u[i].bytes <= p + n);
		MUST(!strpbrk(u[i].name, "/\\\r\n\t") && strcmp(u[i].name, "..") != 0 && text_valid(u[i].name, strlen(u[i].name)));
		MUST(strchr(u[i].mime, '/') && !strpbrk(u[i].mime, "\r\n ;"));
	}
}

static void both_ways(struct arena *a, const uint8_t *p, size_t n)
{
	const char *x = fuzz_line(a, &p, &n);
	char *text = text_repair(a, x, strlen(x));
	struct web *w = fuzz_web(a, LANG_DA);
	struct err e = { 0 };
	struct web_upload *u;
	struct buf b;

	for (char *c = text; *c; c++)
		*c = *c == '\r' ? ' ' : *c;
	buf_init(&b, a, 1 << 20);
	buf_printf(&b, "--xx\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n%s\r\n--xx\r\n", text);
	buf_adds(&b, "Content-Disposition: form-data; name=\"f\"; filename=\"p.bin\"\r\nContent-Type: Image/PNG\r\n\r\n");
	buf_add(&b, p, n);
	buf_adds(&b, "\r\n--xx--\r\n");
	if (strstr(text, "--xx") || memmem(p, n, "--xx", 4))
		return;
	fuzz_body(w, type, buf_text(&b), b.n);
	MUST(web_form_check(w, &e) == 0);
	MUST(web_field(w, "a") && strcmp(web_field(w, "a"), text) == 0);
	MUST(web_uploads(w, "f", &u) == 1 && strcmp(u->name, "p.bin") == 0 && strcmp(u->mime, "image/png") == 0);
	MUST(u->bytes == (int64_t)n && memcmp(u->p, p, n) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena *a = arena_begin(64 << 20);

	if (n < 256 << 10) {
		any(a, p, n);
		both_ways(a, p, n);
	}
	arena_end(a);
	return 0;
}
