#include "web/dispatch.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include "base/hash.h"
#include "base/log.h"
#include "base/moment.h"
#include "base/text.h"
#include "os/clock.h"
#include "store/session.h"
#include "store/setting.h"
#include "web/api.h"
#include "web/escape.h"
#include "web/kept.h"
#include "web/session.h"
#include "web/static.h"
#include "web/token.h"

enum { SEGMENTS_MOST = 12, PAGE_MOST = 4 << 20 };

enum segment_kind { SEG_TEXT, SEG_ID, SEG_MONTH, SEG_KEY };
struct segment { enum segment_kind kind; const char *text; size_t n; };
struct compiled { const struct web_route *route; int n, params; struct segment seg[SEGMENTS_MOST]; };
struct web_match { const struct compiled *row; int n; };

/* --- the matcher --------------------------------------------------------------------------------------------------- */

static int compile(const struct web_route *r, struct compiled *c, struct err *e)
{
	const char *s = r->pattern;

	*c = (struct compiled){ .route = r };
	if (*s != '/')
		return FAIL(e, E_BUG, "route %s does not begin with /", s);
	while (*s) {
		struct segment *seg = &c->seg[c->n];

		if (c->n == SEGMENTS_MOST)
			return FAIL(e, E_BUG, "route %s is too deep", r->pattern);
		s++;
		seg->text = s;
		seg->n = strcspn(s, "/");
		if (*s == '{') {
			seg->kind = strncmp(s, "{id}", 4) == 0 ? SEG_ID : strncmp(s, "{month}", 7) == 0 ? SEG_MONTH : SEG_KEY;
			if (++c->params > 4)
				return FAIL(e, E_BUG, "route %s has too many parameters", r->pattern);
		}
		s += seg->n;
		c->n++;
	}
	return 0;
}

static bool same_shape(const struct compiled *a, const struct compiled *b)
{
	if (a->n != b->n || strcmp(a->route->method, b->route->method) != 0)
		return false;
	for (int i = 0; i < a->n; i++)
		if (a->seg[i].kind != b->seg[i].kind || (a->seg[i].kind == SEG_TEXT &&
		    (a->seg[i].n != b->seg[i].n || memcmp(a->seg[i].text, b->seg[i].text, a->seg[i].n) != 0)))
			return false;
	return true;
}

int web_start(struct web_app *app, struct arena *a, struct err *e)
{
	struct web_match *m = ARENA_NEW(a, struct web_match);
	struct compiled *row;
	int n = 0, put = 0;

	for (const struct web_route *const *t = app->tables; *t; t++)
		for (const struct web_route *r = *t; r->method; r++)
			n++;
	row = ARENA_ARRAY(a, struct compiled, n + 1);
	/* fewest parameters first: a word beats a {key} */
	for (int params = 0; params <= 4; params++)
		for (const struct web_route *const *t = app->tables; *t; t++)
			for (const struct web_route *r = *t; r->method; r++) {
				struct compiled c;

				if (compile(r, &c, e) != 0)
					return -1;
				if (c.params != params)
					continue;
				for (int i = 0; i < put; i++)
					if (same_shape(&row[i], &c))
						return FAIL(e, E_BUG, "two rows for %s %s", r->method, r->pattern);
				row[put++] = c;
			}
	m->row = row;
	m->n = put;
	app->match = m;
	return 0;
}

static bool fits(const struct segment *s, const char *p, size_t n)
{
	if (n == 0)
		return s->kind == SEG_TEXT && s->n == 0;
	switch (s->kind) {
	case SEG_TEXT:
		return n == s->n && memcmp(p, s->text, n) == 0;
	case SEG_ID:
		for (size_t i = 0; i < n; i++)
			if (!isdigit((unsigned char)p[i]))
				return false;
		return n <= 18;
	case SEG_MONTH:
		return n == 7 && p[4] == '-' && isdigit((unsigned char)p[0]) && isdigit((unsigned char)p[1]) && isdigit((unsigned char)p[2]) &&
			isdigit((unsigned char)p[3]) && isdigit((unsigned char)p[5]) && isdigit((unsigned char)p[6]);
	case SEG_KEY:
		for (size_t i = 0; i < n; i++)
			if (!(islower((unsigned char)p[i]) || isdigit((unsigned char)p[i]) || strchr("._-", p[i])))
				return false;
		return n <= 128;
	}
	return false;
}

const struct web_route *web_find(const struct web_match *m, const char *method, const char *path, struct web_piece params[4], bool *known)
{
	struct web_piece seg[SEGMENTS_MOST];
	int n = 0;

	*known = false;
	for (const char *s = path; *s; n++) {
		if (n == SEGMENTS_MOST)
			return NULL;
		s++;
		seg[n].p = s;
		seg[n].n = strcspn(s, "/");
		s += seg[n].n;
	}
	for (int i = 0; i < m->n; i++) {
		const struct compiled *c = &m->row[i];
		int k = 0, got = 0;

		if (c->n != n)
			continue;
		for (; k < n && fits(&c->seg[k], seg[k].p, seg[k].n); k++)
			if (c->seg[k].kind != SEG_TEXT)
				params[got++] = seg[k];
		if (k < n)
			continue;
		while (got < 4)
			params[got++] = (struct web_piece){ 0 };
		*known = true;
		if (strcmp(c->route->method, method) != 0)
			continue;
		while (got < 4)         /* those the address does not have, and what another row left */
			params[got++] = (struct web_piece){ NULL, 0 };
		return c->route;
	}
	return NULL;
}

bool web_allows(const struct web_match *m, enum role role, const char *address)
{
	char path[1024];
	size_t n = strcspn(address, "?#");
	struct web_piece params[4];
	const struct web_route *r;
	bool known;

	if (n + 2 > sizeof path)
		return true;
	memcpy(path, address, n);
	path[n] = 0;
	r = web_find(m, "GET", path, params, &known);
	if (!r && !known && n && path[n - 1] != '/') {
		memcpy(path + n, "/", 2);
		r = web_find(m, "GET", path, params, &known);
	}
	return !r || r->roles & role;
}

struct http_body_limit web_limits(const char *method, const char *path, void *arg)
{
	const struct web_app *app = arg;
	struct web_piece params[4];
	bool known;
	const struct web_route *r = web_find(app->match, method, path, params, &known);

	return r ? (struct http_body_limit){ r->body_bytes ? r->body_bytes : 1 << 20, r->body_to_file } : (struct http_body_limit){ 64 << 10, false };
}

/* --- who asks ------------------------------------------------------------------------------------------------------ */

static enum lang wanted_language(const struct web *w)
{
	const char *accept = http_header(w->rq, "accept-language"), *cookie = web_cookie(w, "pedel-lang");
	double best = -1;
	enum lang lang = LANG_DA;

	if (cookie)
		return strcmp(cookie, "en") == 0 ? LANG_EN : LANG_DA;
	for (const char *s = accept; s && *s; s += strcspn(s, ","), s += *s == ',') {
		const char *end, *q;
		double weight = 1;
		enum lang l;

		s += strspn(s, " \t");
		end = s + strcspn(s, ",");
		if (strncasecmp(s, "da", 2) == 0 && !isalpha((unsigned char)s[2]))
			l = LANG_DA;
		else if (strncasecmp(s, "en", 2) == 0 && !isalpha((unsigned char)s[2]))
			l = LANG_EN;
		else
			continue;
		q = memchr(s, ';', (size_t)(end - s));
		if (q && (q = strstr(q, "q=")) && q < end)
			weight = q[2] == '0' ? (q[3] == '.' && isdigit((unsigned char)q[4]) ? (q[4] - '0') / 10.0 : 0) : 1;
		if (weight > best) {
			best = weight;
			lang = l;
		}
	}
	return lang;
}

/* ?lang=en on a page that strangers see; kept in a cookie that says nothing else. */
static void choose_language(struct web *w)
{
	const char *l = web_query(w, "lang");

	if (!l || (strcmp(l, "da") != 0 && strcmp(l, "en") != 0))
		return;
	w->lang = strcmp(l, "en") == 0 ? LANG_EN : LANG_DA;
	web_set_cookie(w, "pedel-lang", l, 365 * 24 * 3600, true);
}

static void take_who(struct web *w, const struct session_who *who)
{
	w->who = (struct actor){ .role = role_by_name(who->role), .person = who->person, .id = who->id, .customer_id = who->customer_id, .name = who->name };
	if (w->who.role == 0)
		w->who.role = ROLE_NOBODY;
	if (!w->api)
		w->lang = strcmp(who->lang, "en") == 0 ? LANG_EN : LANG_DA;
	w->theme = who->theme;
	w->rail.keys = who->keys_on;
}

static int identify_token(struct web *w, struct err *e)
{
	const char *header = http_header(w->rq, "authorization");
	struct session_who who;
	struct api_token t;
	uint8_t hash[32];

	if (!header)
		return 0;
	if (strncasecmp(header, "bearer ", 7) != 0 || !token_hash(header + 7 + strspn(header + 7, " "), hash))
		return FAIL(e, E_TOKEN_INVALID, "not a token");
	if (token_find(w->db, w->a, hash, &t, &who, e) != 0) {
		if (e->id == E_TOKEN_INVALID) {
			struct err slow;

			if (web_slow_address(w, "token", 60, MOMENT_SECOND, &slow) != 0)
				*e = slow;
		}
		return -1;
	}
	take_who(w, &who);
	w->own->scopes = t.scopes;
	if (t.used_at + MOMENT_HOUR < w->now)
		web_token_was_used(w, t.id);
	return 0;
}

/* Does a list of scopes ("tickets:read tickets:write", or "*") hold one? */
static bool has_scope(const char *scopes, const char *scope)
{
	size_t n = strlen(scope);

	for (const char *s = scopes; *s; s += strcspn(s, " "), s += *s == ' ')
		if (*s == '*' || (strncmp(s, scope, n) == 0 && (s[n] == ' ' || !s[n])))
			return true;
	return false;
}

/* --- other sites must not act for the person ----------------------------------------------------------------------- */

static int check_origin(struct web *w, struct err *e)
{
	const char *site = http_header(w->rq, "sec-fetch-site"), *origin = http_header(w->rq, "origin");

	if (site && strcmp(site, "same-origin") != 0)
		return FAIL(e, E_ORIGIN_WRONG, "sec-fetch-site %.40s", site);
	if (origin && strcmp(origin, *w->app->origin && !w->app->origin_own ? w->app->origin : web_asked_origin(w)) != 0)
		return FAIL(e, E_ORIGIN_WRONG, "origin %.100s", origin);
	return 0;
}

static int check_csrf(struct web *w, struct err *e)
{
	const char *given;

	if (check_origin(w, e) != 0)
		return -1;
	if (!w->own->session && strcmp(w->route->pattern, "/logout") == 0)
		return 0;               /* signed out already: there is nothing to ride on */
	given = http_header(w->rq, "x-csrf");
	if (!given)
		given = web_field(w, "csrf");
	if (!given || !w->own->csrf_secret || !csrf_fits(w->own->csrf_secret, given))
		return FAIL(e, E_ORIGIN_WRONG, "form token");
	return 0;
}

/* --- one request ---------------------------------------------------------------------------------------------------- */

void web_guard_headers(const struct http_request *rq, struct http_response *rs)
{
	static const struct http_header all[] = {
		{ "Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
			"connect-src 'self'; frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'" },
		{ "X-Content-Type-Options", "nosniff" }, { "Referrer-Policy", "same-origin" }, { "Cross-Origin-Opener-Policy", "same-origin" },
		{ "Cross-Origin-Resource-Policy", "same-origin" },
		{ "Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()" },
	};
	bool policy = false, cache = false;

	for (int i = 0; i < rs->nheaders; i++) {
		policy |= strcasecmp(rs->headers[i].name, "Content-Security-Policy") == 0;
		cache |= strcasecmp(rs->headers[i].name, "Cache-Control") == 0;
	}
	for (size_t i = policy ? 1 : 0; i < sizeof all / sizeof *all; i++)
		http_add_header(rq, rs, all[i].name, all[i].value);
	if (!cache)
		http_add_header(rq, rs, "Cache-Control", "no-store");
	if (rq->secure)
		http_add_header(rq, rs, "Strict-Transport-Security", "max-age=31536000");
}

static void security_headers(struct web *w)
{
	web_guard_headers(w->rq, w->rs);
	if (!w->api)
		http_add_header(w->rq, w->rs, "Vary", "HX-Request, Accept-Language, Cookie");
}

/* The provider's name and phone, for every frame. */
static int read_provider(struct web *w, struct err *e)
{
	static const char *const keys[] = { "provider.name", "provider.phone", "provider.hours" };
	const char **const to[] = { &w->provider.name, &w->provider.phone, &w->provider.hours };

	return setting_get_all(w->db, w->a, keys, to, 3, e);
}

static int sign_in_first(struct web *w, struct err *e)
{
	const char *to = "/login";

	if (w->api)
		return FAIL(e, E_SIGNIN_NEEDED, "%.100s", w->rq->path);
	if (strcmp(w->rq->method, "GET") != 0)
		return FAIL(e, E_SIGNED_OUT, "%.100s", w->rq->path);
	if (strcmp(w->rq->path, "/") != 0) {
		struct buf b;

		buf_init(&b, w->a, 4096);
		buf_adds(&b, w->own->stale ? "/login?ended=1&next=" : "/login?next=");
		esc_url_part(&b, *w->rq->query ? arena_printf(w->a, "%s?%s", w->rq->path, w->rq->query) : w->rq->path);
		to = b.full ? w->own->stale ? "/login?ended=1" : "/login" : buf_text(&b);
	}
	return web_redirect(w, to);
}

static int serve(struct web *w, struct err *e)
{
	struct web_piece params[4];
	bool known, reads = strcmp(w->rq->method, "GET") == 0;
	const struct web_route *r = web_find(w->app->match, w->rq->method, w->rq->path, params, &known);

	if (db_read_begin(w->app->db, &w->db, e) != 0)
		return -1;
	if (r && r->keep && (w->page = kept_ask(w))) {
		db_mark_begin(w->db, &w->page->mark);
		if (!w->page->mark.known)
			w->page = NULL;
		else if ((w->own->answered = kept_find(w, w->page)))
			return 0;
		else
			db_trace_begin(w->db);
	}
	if (read_provider(w, e) != 0 || (w->api ? identify_token(w, e) : web_session_find(w, e)) != 0)
		return -1;
	if (!w->api && reads && w->who.role == ROLE_NOBODY)
		choose_language(w);
	if (!r && !known && reads && !w->api && w->rq->path[strlen(w->rq->path) - 1] != '/') {
		const char *folder = arena_printf(w->a, "%s/", w->rq->path);

		if (web_find(w->app->match, "GET", folder, params, &known))
			return web_redirect(w, folder);
	}
	if (!r)
		return known ? FAIL(e, E_METHOD_UNKNOWN, "%s", w->rq->method) : FAIL(e, E_NOT_FOUND, "%.100s", w->rq->path);
	w->route = r;
	for (int i = 0; i < 4 && params[i].p; i++)
		w->param[i] = arena_dupn(w->a, params[i].p, params[i].n);
	if (!(r->roles & w->who.role))
		return w->who.role == ROLE_NOBODY ? sign_in_first(w, e) : FAIL(e, E_DENIED, "%s for %s", r->pattern, role_name(w->who.role));
	if (w->api && r->doc && r->doc->scope && w->who.role != ROLE_NOBODY && !has_scope(w->own->scopes, r->doc->scope))
		return FAIL(e, E_TOKEN_SCOPE, "scope %s", r->doc->scope);
	if (w->api && r->doc && (web_query_known(w, r->doc->query, e) != 0 || (!reads && !r->doc->body && web_no_body(w, e) != 0)))
		return -1;
	if (!reads && !w->api && (web_form_check(w, e) != 0 || check_csrf(w, e) != 0))
		return -1;
	return r->run(w, e);
}

/* What the arena does not hold. */
static void release(struct web *w)
{
	if (w->db)
		db_read_end(w->db);
	for (int i = 0; i < 4; i++)
		json_decref(w->own->json[i]);
	if (w->own->mapped)
		munmap(w->own->mapped, w->own->mapped_bytes);
}

/* A form shown again: what was typed is wrong, or what others did stands in the way of all of it. */
static int wrong_status(const struct web *w)
{
	for (int i = 0; i < w->nerrors; i++)
		if (err_kind(w->error[i].id) != ERR_CONFLICT)
			return 422;
	return 409;
}

static void finish(struct web *w)
{
	if (w->own->answered) {
		db_read_end(w->db);
		return;
	}
	if (w->out.full) {
		struct err e;

		FAIL(&e, E_BUG, "the page of %s is too large", w->rq->path);
		web_fail(w, &e);
	}
	if (w->out.n && !w->rs->body) {
		w->rs->body = buf_text(&w->out);
		w->rs->body_bytes = w->out.n;
		if (w->rs->status == 0)
			w->rs->status = w->nerrors ? wrong_status(w) : 200;
	}
	if (w->rs->status == 0)
		w->rs->status = 200;
	web_session_clear(w);
	security_headers(w);
	kept_offer(w);
	release(w);
}

void web_handle(struct http_request *rq, struct http_response *rs, void *arg)
{
	struct web *w = ARENA_NEW(rq->a, struct web);
	struct err e;

	if (strncmp(rq->path, "/s/", 3) == 0 && strcmp(rq->method, "GET") == 0) {
		static_answer(rq, rs);
		web_guard_headers(rq, rs);
		return;
	}
	*w = (struct web){ .a = rq->a, .app = arg, .rq = rq, .rs = rs, .who = { .role = ROLE_NOBODY, .name = "" }, .theme = "auto", .csrf = "",
		.provider = { "", "", "" }, .now = os_now_us(), .frame = "", .hx_target = "" };
	w->today = day_of(w->now);
	w->own = ARENA_NEW(w->a, struct web_own);
	w->own->scopes = "";
	w->api = strncmp(rq->path, "/api/", 5) == 0;
	w->hx = http_header(rq, "hx-request") != NULL && http_header(rq, "hx-boosted") == NULL;
	if (w->hx && http_header(rq, "hx-target"))
		w->hx_target = http_header(rq, "hx-target");
	w->lang = wanted_language(w);
	buf_init(&w->out, w->a, PAGE_MOST);
	if (arena_trap(w->a)) {
		/* over the limit: the arena has no room for a page, so this answer is constant */
		static const char sorry[] = "503\n";

		*rs = (struct http_response){ .status = 503, .type = "text/plain; charset=utf-8", .body = sorry, .body_bytes = sizeof sorry - 1, .close = true };
		log_line(LOG_ERROR, "memory limit", "path=%s", rq->path);
		release(w);
		return;
	}
	if (serve(w, &e) != 0)
		web_fail(w, &e);
	finish(w);
	arena_trap_clear(w->a);
}
