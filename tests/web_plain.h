/* web_plain.h - a request of nobody's on 24 November 2026 at 9.24, without a connection: for tests and fuzzers of the web floor. */
#ifndef TESTS_WEB_PLAIN_H
#define TESTS_WEB_PLAIN_H
#include "base/moment.h"
#include "web/dispatch.h"

static inline struct web *web_plain(struct arena *a, enum lang lang, size_t page_most)
{
	struct web *w = ARENA_NEW(a, struct web);

	w->a = a;
	w->lang = lang;
	w->who = (struct actor){ .role = ROLE_NOBODY, .name = "" };
	w->now = moment_from_local(2026, 11, 24, 9, 24, 0);
	w->today = day_of(w->now);
	w->own = ARENA_NEW(a, struct web_own);
	w->rq = ARENA_NEW(a, struct http_request);
	w->rq->a = a;
	w->rq->query = "";
	w->rq->method = "POST";
	w->rs = ARENA_NEW(a, struct http_response);
	buf_init(&w->out, a, page_most);
	return w;
}
#endif
