/* Any text as a Cookie header: a value that is found stands behind its whole name, and holds no ; - and as a secret or a
 * form's token: only the right form is taken, and a mask never hides whom it fits. */
#define FUZZ_WEB
#include <string.h>
#include "fuzz.h"
#include "web/session.h"
#include "web/token.h"

static const char secret[] = "000102030405060708090a0b0c0d0e0f";

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena *a = arena_begin(16 << 20);
	struct web *w = fuzz_web(a, LANG_DA);
	const char *text = arena_dupn(a, (const char *)p, n), *v, *mask;
	struct http_header h = { "cookie", text };
	uint8_t hash[32];
	char *own;

	w->rq->headers = &h;
	w->rq->nheaders = 1;
	v = web_cookie(w, "pedel");
	if (v) {
		const char *at = text;
		bool found = false;

		MUST(!strchr(v, ';'));
		for (; !found && (at = strstr(at, "pedel=")); at++)
			found = (at == text || strchr("; ", at[-1])) && strncmp(at + 6, v, strlen(v)) == 0 && (!at[6 + strlen(v)] || at[6 + strlen(v)] == ';');
		MUST(found);
		if (secret_hash(v, hash))
			MUST(strspn(v, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == strlen(v) && (strlen(v) == 43 || strlen(v) == 64));
	}
	if (token_hash(text, hash))
		MUST(strncmp(text, "pdl_", 4) == 0 && strlen(text) == 47);
	/* our own cookie behind theirs is found unless theirs names it too */
	own = arena_printf(a, "%s; pedel=abc", text);
	h.value = own;
	v = web_cookie(w, "pedel");
	MUST(v && (strstr(text, "pedel=") || strcmp(v, "abc") == 0));
	mask = csrf_mask(a, secret);
	MUST(csrf_fits(secret, mask) && strlen(mask) == 64);
	if (csrf_fits(text, mask))
		MUST(strcasecmp(text, secret) == 0);
	if (n >= 1) {                   /* one letter changed fits no more */
		own = arena_dup(a, mask);
		own[p[0] & 63] = own[p[0] & 63] == '0' ? '1' : '0';
		MUST(!csrf_fits(secret, own));
	}
	arena_end(a);
	return 0;
}
