/* kept.h - kept pages: the finished answer to a signed-in person's GET, sent again as long as it would come out the same.
 *
 * What a page is made of, and how it is known to be the same:
 *   the request    method, address, host, cookie, language, encoding and htmx headers are the key. The cookie is the
 *                  session, so nobody is ever given another session's page; its form token is that session's own.
 *   the database   db_mark: while nothing was committed a page is sent as it is; also when none of the tables it read was
 *                  written since. Otherwise what it asked of them is asked again (db_trace.h), and it is sent when every
 *                  answer is the same. Sessions, roles and settings are rows too, so signing out, taking a role away or
 *                  revoking a session ends a page at once.
 *   the clock      a page that looks at the time says until when it holds (web_until); none is kept past its minute, and
 *                  none past the moment at which the session must be looked at again.
 *   the machine    trouble that begins or ends (health.h) is part of the key.
 *   who looks on   web_kept_seat(): the others on the ticket.
 * Only routes with .keep are asked, only plain 200 answers without Set-Cookie are kept, and Cache-Control: no-cache in the
 * request makes the page anew.
 * Ownership:  an entry lives until nothing sends it any more; the table has a limit in bytes and drops what was used
 *             longest ago, the outlived ones first.
 * Errors:     none: what cannot be kept is made anew.   Units: bytes, us.
 * Threads:    any; kept_at_once() on net threads, it waits for nothing but a short lock.
 * Source:     docs/decisions/0006-kept-pages.md. */
#ifndef PEDEL_WEB_KEPT_H
#define PEDEL_WEB_KEPT_H
#include <stdbool.h>
#include <stdint.h>
#include "store/db_trace.h"
#include "web/live.h"
#include "web/web.h"

struct kept;
struct kept_count { int64_t found, again, made, bytes; int entries; };        /* again: of those found, after asking again */
struct kept *kept_begin(size_t bytes);          /* NULL when 0 bytes are allowed, or there are none */
void kept_end(struct kept *k);                  /* no answer may be on its way any more; NULL is allowed */
struct kept_count kept_count(struct kept *k);

/* What a page under way is kept by; w->page, NULL when it will not be kept. */
struct web_page {
	uint8_t key[32];
	struct db_mark mark;
	struct db_trace trace;                  /* what it asked */
	int64_t until;
	int64_t ticket_id;                      /* web_kept_seat(); 0: none */
	int64_t person_id; const char *name;
	const char **others; int nothers;
};

/* For the dispatcher. */
struct web_page *kept_ask(struct web *w);                       /* may this request's page be kept? Then w->page */
bool kept_find(struct web *w, struct web_page *p);              /* fills w->rs; p->mark is set */
void kept_offer(struct web *w);                                 /* the page is made and its headers stand: keep it if it may be */
/* For struct http_config; arg is the struct web_app. */
bool kept_at_once(struct http_request *rq, struct http_response *rs, void *arg);
void kept_encoded(struct http_request *rq, struct http_response *rs, void *arg);
#endif
