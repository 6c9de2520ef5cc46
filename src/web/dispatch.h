/* dispatch.h - from an HTTP request to a handler and back: routes, who asks, what they may, errors, security headers.
 *
 * Roles are checked here and nowhere else. Every answer carries the headers of the security table; HTML can load nothing
 * from elsewhere and run no inline script.
 * Ownership:  the matcher lives in the arena given to web_start(), as long as the app.
 * Errors:     web_start: E_BUG when two rows claim the same method and address.
 * Units:      bytes.   Threads: web_handle on workers, web_limits on net threads.   Source: architecture, section 7. */
#ifndef PEDEL_WEB_DISPATCH_H
#define PEDEL_WEB_DISPATCH_H
#include "web/web.h"

int web_start(struct web_app *app, struct arena *a, struct err *e);     /* compiles app->tables into app->match */
/* For struct http_config; arg is the struct web_app. */
void web_handle(struct http_request *rq, struct http_response *rs, void *arg);
struct http_body_limit web_limits(const char *method, const char *path, void *arg);

/* The row for an address; *known is true when the address exists with another method. Parameters are written from params on. */
struct web_piece { const char *p; size_t n; };
const struct web_route *web_find(const struct web_match *m, const char *method, const char *path, struct web_piece params[4], bool *known);
/* May a role read an address of ours, by its row? What no row has is not there for anybody, and is told so. */
bool web_allows(const struct web_match *m, enum role role, const char *address);

/* For the other files of this floor. */
struct session;
struct web_own {
	const struct session *session;  /* NULL: no cookie session */
	const char *csrf_secret;        /* the session's own or the stranger's cookie, before masking; NULL: none */
	bool answered;                  /* with a kept page: nothing is left to do */
	bool stale;                     /* there is a session cookie, and no such session (any more) */
	const char *scopes;             /* of the API token; "" otherwise */
	json_t *json[4];                /* parsed bodies, let go of after the answer */
	void *mapped; size_t mapped_bytes;
};
struct api_field;
int web_query_known(struct web *w, const struct api_field *known, struct err *e);       /* E_FIELD_UNKNOWN; known NULL: none is */
int web_no_body(struct web *w, struct err *e);          /* nothing, or an object of nothing */
void web_guard_headers(const struct http_request *rq, struct http_response *rs);      /* against sniffing, framing, foreign script: every answer has them */
void web_fail(struct web *w, const struct err *e);      /* the answer that tells of an error: page, fragment or JSON */
#endif
