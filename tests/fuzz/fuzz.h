/* fuzz.h - what the fuzzers share: a demand that stops the run with its place, a text from bytes, and for the web floor a
 * request without a connection. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

#define MUST(c) do { if (!(c)) { fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #c); abort(); } } while (0)

/* The next text up to a line end (and past it); "" when all is used. Never NULL, no NUL inside. */
static inline const char *fuzz_line(struct arena *a, const uint8_t **p, size_t *n)
{
	const uint8_t *stop = memchr(*p, '\n', *n);
	size_t len = stop ? (size_t)(stop - *p) : *n;
	const char *got = arena_dupn(a, (const char *)*p, len);

	*p += len + (stop != NULL);
	*n -= len + (stop != NULL);
	return got;
}

#ifdef FUZZ_WEB
#include "../web_plain.h"

static inline struct web *fuzz_web(struct arena *a, enum lang lang)
{
	static int once;

	if (!once++)
		moment_zone();
	return web_plain(a, lang, 8 << 20);
}

/* A body of that type. */
static inline void fuzz_body(struct web *w, const char *type, const void *p, size_t n)
{
	struct http_header *h = ARENA_NEW(w->a, struct http_header);

	*h = (struct http_header){ "content-type", type };
	w->rq->headers = h;
	w->rq->nheaders = 1;
	w->rq->body = p;
	w->rq->body_bytes = n;
	w->form = NULL;
}
#endif
#endif
