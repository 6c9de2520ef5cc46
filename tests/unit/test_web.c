/* The web floor without a network: formats, what people type, forms, sessions, origin checks, and every route with every role. */
#include "store_case.h"
#include "web_plain.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fault.h"
#include "base/hash.h"
#include "base/moment.h"
#include "base/text.h"
#include "core/customer.h"
#include "core/staff.h"
#include "os/clock.h"
#include "os/file.h"
#include "pages/all.h"
#include "store/person.h"
#include "store/session.h"
#include "web/api.h"
#include "web/dispatch.h"
#include "web/escape.h"
#include "web/guard.h"
#include "web/session.h"
#include "web/static.h"
#include "web/token.h"
#include "web/ui.h"

#define N(a) (int)(sizeof(a) / sizeof *(a))
static const struct actor nobody = { .role = ROLE_ADMIN, .person = true, .name = "test" };

static struct web *plain(struct arena *a, enum lang lang) { return web_plain(a, lang, 1 << 20); }

static void test_formats(void **state)
{
	struct arena *a = arena_begin(8 << 20);
	struct web *da = plain(a, LANG_DA), *en = plain(a, LANG_EN);
	int64_t t = da->now;

	CHECK_STR(fmt_money(da, 105000), "1.050,00\u00a0kr.");
	CHECK_STR(fmt_money(en, -105005), "\u2212DKK\u00a01,050.05");
	CHECK_STR(fmt_number(da, 1331), "1.331");
	CHECK_STR(fmt_number(da, INT64_MIN), "\u22129.223.372.036.854.775.808");
	CHECK_STR(fmt_minutes(da, 75), "1:15");
	CHECK_STR(fmt_minutes(da, -5), "\u22120:05");
	CHECK_STR(fmt_duration(da, 75), "1\u00a0time 15\u00a0min.");
	CHECK_STR(fmt_duration(en, 120), "2\u00a0hours");
	CHECK_STR(fmt_sentence(da, "I har 15 min.."), "I har 15 min.");
	CHECK_STR(fmt_sentence(da, "I har 2 timer."), "I har 2 timer.");
	CHECK_STR(fmt_sentence(da, "Vent ..."), "Vent ...");
	CHECK_STR(fmt_sentence(da, ""), "");
	CHECK_STR(fmt_percent(da, 9996, 10000), "99,9\u00a0%");         /* cut, never up */
	CHECK_STR(fmt_percent(en, 1, 0), "0\u00a0%");
	CHECK_STR(fmt_bytes(da, 18400000000), "18,4\u00a0GB");
	CHECK_STR(fmt_phone(da, "+4512345678"), "12 34 56 78");
	CHECK_STR(fmt_moment(da, t), "i dag 09.24");
	CHECK_STR(fmt_moment(en, t), "today 09:24");
	CHECK_STR(fmt_moment(da, t - MOMENT_DAY), "i går 09.24");
	CHECK_STR(fmt_moment(da, t - 4 * MOMENT_DAY), "fre. 09.24");
	CHECK_STR(fmt_moment(da, moment_from_local(2026, 12, 4, 8, 0, 0)), "4.12.");
	CHECK_STR(fmt_moment(en, moment_from_local(2025, 12, 4, 8, 0, 0)), "4 Dec 2025");
	CHECK_STR(fmt_left(da, t + 18 * MOMENT_MINUTE), "om 18\u00a0min.");
	CHECK_STR(fmt_left(da, t + 336 * MOMENT_MINUTE), "om 5\u00a0t. 36\u00a0min.");
	CHECK_STR(fmt_left(da, t - 43 * MOMENT_MINUTE), "for 43\u00a0min. siden");
	CHECK_STR(fmt_left(da, t - 23 * MOMENT_HOUR), "for 23\u00a0t. siden");
	CHECK_STR(fmt_left(da, t - 24 * MOMENT_HOUR), "for 1 dag siden");
	CHECK_STR(fmt_left(da, day_start(da->today - 3) + 16 * MOMENT_HOUR), "for 3 dage siden");       /* 2 days and some hours */
	CHECK_STR(fmt_left(da, t + 31 * MOMENT_HOUR), "i morgen");
	arena_end(a);
}

static void test_reading(void **state)
{
	static const struct { const char *in; int minutes; } durations[] = { { "90", 90 }, { "1:30", 90 }, { "1,5", 90 }, { "1.25", 75 }, { "75m", 75 },
		{ "75 min.", 75 }, { "2t", 120 }, { "2 timer", 120 }, { " 15 ", 15 }, { "24:00", 1440 }, { "24:01", 0 }, { "0", 0 }, { "-5", 0 }, { "1:60", 0 },
		{ "x", 0 }, { "", 0 }, { "1:5:3", 0 }, { "99999999999999999999", 0 }, { NULL, 0 } };
	static const struct { const char *in; int64_t ore; } money[] = { { "1050", 105000 }, { "1.050", 105000 }, { "1.050,00", 105000 }, { "1,050.00", 105000 },
		{ "1050,5", 105050 }, { "1.050 kr.", 105000 }, { "0,05", 5 }, { "1.05.0", -1 }, { "10.5000", -1 }, { "abc", -1 }, { "", -1 }, { "1050,", -1 },
		{ "99999999999999999999", -1 } };
	static const struct { const char *in; int y, m, d; } days[] = { { "1.12", 2026, 12, 1 }, { "1/12-26", 2026, 12, 1 }, { "1.12.2026", 2026, 12, 1 },
		{ "2026-12-01", 2026, 12, 1 }, { "i morgen", 2026, 11, 25 }, { "i dag", 2026, 11, 24 }, { "1 Dec 2026", 2026, 12, 1 }, { "1. december", 2026, 12, 1 },
		{ "3.1", 2027, 1, 3 }, { "31.2.2026", 0, 0, 0 }, { "x", 0, 0, 0 }, { "", 0, 0, 0 }, { "1.12.2026x", 0, 0, 0 } };
	static const struct { const char *in; int h, m, d; } moments[] = { { "9.30", 9, 30, 24 }, { "09:30", 9, 30, 24 }, { "kl. 9.30", 9, 30, 24 },
		{ "2026-11-20 14:05", 14, 5, 20 }, { "i dag kl. 8", 8, 0, 24 }, { "25:00", -1, 0, 0 }, { "9.3", -1, 0, 0 }, { "nu", -1, 0, 0 },
		{ "1.12", -1, 0, 0 }, { "kl. 1.12", 1, 12, 24 }, { "01:12", 1, 12, 24 }, { "1.30", 1, 30, 24 }, { "6.12", 6, 12, 24 },
		{ "fre 9.50", 9, 50, 20 }, { "fre. 20.11. kl. 9.50", 9, 50, 20 }, { "tir. 9.10", 9, 10, 24 }, { "lør kl. 1.12", 1, 12, 21 },
		{ "Friday 9:50", 9, 50, 20 }, { "20 Nov 9:50", 9, 50, 20 }, { "fred 25.00", -1, 0, 0 }, { "fre", -1, 0, 0 }, { "fro 9.50", -1, 0, 0 },
		{ "2026-11-20T14:05", 14, 5, 20 }, { "2026-11-20T14:05:00+01:00", 14, 5, 20 }, { "2026-11-20T14:05:00 01:00", 14, 5, 20 }, { "2026-11-20T13:05:00Z", 14, 5, 20 },
		{ " 2026-11-20t14:05 ", 14, 5, 20 }, { "2026-11-20 14:05:00", 14, 5, 20 }, { "2026-11-20 kl. 14.05", 14, 5, 20 }, { "2026-11-20", -1, 0, 0 },
		{ "2026-11-20T25:00", -1, 0, 0 }, { "2026-13-20T10:00", -1, 0, 0 }, { "2026-11-20T14:05x", -1, 0, 0 } };
	struct arena *a = arena_begin(8 << 20);
	struct web *w = plain(a, LANG_DA);
	struct err e;

	for (int i = 0; i < N(durations); i++) {
		int m = -7, rc = read_duration(durations[i].in, "f", &m, &e);

		CHECK_ROW(i, durations[i].minutes ? rc == 0 && m == durations[i].minutes : rc == -1 && m == -7 && strcmp(e.field, "f") == 0);
	}
	for (int i = 0; i < N(money); i++) {
		int64_t v = -7;
		int rc = read_money(money[i].in, "f", &v, &e);

		CHECK_ROW(i, money[i].ore >= 0 ? rc == 0 && v == money[i].ore : rc == -1 && v == -7);
	}
	for (int i = 0; i < N(days); i++) {
		int32_t d = -7;
		int rc = read_day(w, days[i].in, "f", &d, &e);

		CHECK_ROW(i, days[i].y ? rc == 0 && d == day_from(days[i].y, days[i].m, days[i].d) : rc == -1 && d == -7);
	}
	for (int i = 0; i < N(moments); i++) {
		int64_t t = -7;
		int rc = read_moment(w, moments[i].in, "f", &t, &e);

		CHECK_ROW(i, moments[i].h >= 0 ? rc == 0 && t == moment_from_local(2026, 11, moments[i].d, moments[i].h, moments[i].m, 0) : rc == -1 && t == -7);
	}
	arena_end(a);
}

static void test_escaping(void **state)
{
	static const struct { const char *url; bool ok; } rows[] = { { "/a", true }, { "?q=1", true }, { "#x", true }, { "https://a.dk", true }, { "mailto:a@b.dk", true },
		{ "tel:+45", true }, { "javascript:alert(1)", false }, { "JAVASCRIPT:x", false }, { "java\tscript:x", false }, { "data:text/html,x", false },
		{ " javascript:x", false }, { "\\\\evil", false }, { "vbscript:x", false }, { "a/b:c", true } };
	struct arena *a = arena_begin(8 << 20);
	struct web *w = plain(a, LANG_DA);

	for (int i = 0; i < N(rows); i++)
		CHECK_ROW(i, esc_url_ok(rows[i].url) == rows[i].ok);
	esc_text(&w->out, "<a href=\"x\" title='y'>&");
	CHECK_STR(buf_text(&w->out), "&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;");
	w->out.n = 0;
	ui_lines(w, "Se https://example.dk/a?b=1&c. Hej\n<b>\n\nny");
	CHECK_STR(buf_text(&w->out), "<p>Se <a rel=\"noopener noreferrer\" href=\"https://example.dk/a?b=1&amp;c\">https://example.dk/a?b=1&amp;c</a>. Hej<br>&lt;b&gt;</p><p>ny</p>");
	arena_end(a);
}

static const struct http_header urlencoded[] = { { "content-type", "application/x-www-form-urlencoded" } };
static const struct http_header multipart[] = { { "content-type", "multipart/form-data; boundary=xx" } };

static void test_forms(void **state)
{
	static const char good[] = "--xx\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n2\r\n--xx\r\nContent-Disposition: form-data; name=\"f\"; "
		"filename=\"C:\\x\\../ond.txt\"\r\nContent-Type: text/plain\r\n\r\nhej\r\n--xx--\r\n";
	static const char windows[] = "--xx\r\nContent-Disposition: form-data; name=\"f\"; filename=\"C:\\x\\ond.txt\"\r\n\r\nhej\r\n--xx--\r\n";
	static const char *const bad[] = { "--xx", "--yy\r\n", "--xx\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1", "--xx\r\n\r\n\r\n1\r\n--xx--",
		"--xx\r\nContent-Disposition: form-data\r\n\r\n1\r\n--xx--", "--xxContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--xx--" };
	struct arena *a = arena_begin(64 << 20);
	struct web *w = plain(a, LANG_DA);
	struct web_upload *u;
	const char *const *all;
	struct err e;
	char *many;

	w->rq->headers = urlencoded;
	w->rq->nheaders = 1;
	w->rq->body = "a=1+%2B%C3%A6&b=&a=2&c=%ff%00%zz&d=x%0D%0Ay";
	w->rq->body_bytes = strlen(w->rq->body);
	CHECK(web_form_check(w, &e) == 0);
	CHECK_STR(web_field(w, "a"), "1 +æ");
	CHECK_STR(web_field(w, "b"), "");
	CHECK(web_field(w, "nothing") == NULL);
	CHECK_INT(web_field_all(w, "a", &all), 2);
	CHECK_STR(all[1], "2");
	CHECK_STR(web_field(w, "c"), "\uFFFD\uFFFD%zz");
	CHECK_STR(web_field(w, "d"), "x\ny");
	w = plain(a, LANG_DA);
	w->rq->headers = multipart;
	w->rq->nheaders = 1;
	w->rq->body = good;
	w->rq->body_bytes = sizeof good - 1;
	CHECK(web_form_check(w, &e) == 0);
	CHECK_STR(web_field(w, "a"), "1\n2");
	CHECK_INT(web_uploads(w, "f", &u), 1);
	CHECK_STR(u[0].name, "ond.txt");
	CHECK_STR(u[0].mime, "text/plain");
	CHECK(u[0].bytes == 3 && memcmp(u[0].p, "hej", 3) == 0);
	CHECK(strlen(windows) == sizeof windows - 1);
	w = plain(a, LANG_DA);
	w->rq->headers = multipart;
	w->rq->nheaders = 1;
	w->rq->body = windows;
	w->rq->body_bytes = sizeof windows - 1;
	CHECK_INT(web_uploads(w, "f", &u), 1);
	CHECK_STR(u[0].name, "ond.txt");
	for (int i = 0; i < N(bad); i++) {
		w = plain(a, LANG_DA);
		w->rq->headers = multipart;
		w->rq->nheaders = 1;
		w->rq->body = bad[i];
		w->rq->body_bytes = strlen(bad[i]);
		CHECK_ROW(i, web_form_check(w, &e) == -1 && e.id == E_FORM_INVALID);
	}
	many = arena_get(a, 201 * 4 + 1);
	for (int i = 0; i < 201; i++)
		memcpy(many + i * 4, "a=1&", 4);
	w = plain(a, LANG_DA);
	w->rq->headers = urlencoded;
	w->rq->nheaders = 1;
	w->rq->body = many;
	w->rq->body_bytes = strlen(many);
	CHECK(web_form_check(w, &e) == -1 && e.id == E_BODY_TOO_LARGE);
	arena_end(a);
}

/* --- the dispatcher ---------------------------------------------------------------------------------------------------------- */

enum { ROLES = 7 };
static const enum role role_of[ROLES] = { ROLE_NOBODY, ROLE_ADMIN, ROLE_TECHNICIAN, ROLE_BOOKKEEPER, ROLE_OWNER, ROLE_APPROVER, ROLE_EMPLOYEE };
struct house {
	struct web_app app;
	struct catalogue catalogue;
	const char *cookie[ROLES], *csrf[ROLES], *token[ROLES];
	char folder[64];
	int64_t now;
};

struct seed { struct house *h; struct arena *a; };

static int seed_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct seed *s = arg;
	struct customer c = { .name = "Egely", .cvr = "10000009" };
	uint8_t raw[16] = { 1, 2, 3 };

	if (customer_add(w, a, &nobody, s->h->now, &c, e) != 0)
		return -1;
	for (int i = 1; i < ROLES; i++) {
		struct session x = { .who_kind = i < 4 ? "person" : "contact", .csrf = hash_hex(s->a, raw, 16), .created_at = s->h->now, .seen_at = s->h->now,
			.expires_at = s->h->now + MOMENT_HOUR, .address = "127.0.0.1", .agent = "" };
		uint8_t hash[32];
		int64_t id;

		if (i < 4) {
			struct person p = { .login = arena_printf(a, "p%d", i), .name = "P", .role = role_name(role_of[i]) };

			if (staff_add(w, a, &nobody, s->h->now, &p, e) != 0)
				return -1;
			s->h->token[i] = token_make(s->a, hash);
			if (token_add(w, p.id, "t", hash, "*", s->h->now, &id, e) != 0)
				return -1;
			x.who_id = p.id;
		} else {
			struct contact k = { .customer_id = c.id, .name = "K", .email = arena_printf(a, "k%d@egely.example", i), .role = role_name(role_of[i]) };

			if (contact_add(w, a, &nobody, s->h->now, &k, e) != 0)
				return -1;
			x.who_id = k.id;
			x.customer_id = c.id;
		}
		s->h->cookie[i] = secret_make(s->a, false, x.hash);
		s->h->csrf[i] = csrf_mask(s->a, x.csrf);
		if (session_add(w, &x, e) != 0)
			return -1;
	}
	return 0;
}

static void ignore(void *arg, const char *what) { }

static void house_open(struct store_case *s, struct house *h)
{
	struct err e;

	*h = (struct house){ .now = os_now_us() };
	snprintf(h->folder, sizeof h->folder, "%s/data", s->dir);
	mkdir(h->folder, 0700);
	CHECK(catalogue_load(s->a, NULL, &h->catalogue, &e) == 0);
	h->app = (struct web_app){ .db = s->db, .catalogue = &h->catalogue, .tables = pages_tables, .data_folder = h->folder, .origin = "", .wake = ignore,
		.blobs = { h->folder } };
	CHECK(guard_begin(&h->app.guard, h->folder, &e) == 0);
	if (web_start(&h->app, s->a, &e) != 0) {
		print_message("%s\n", e.detail);
		fail();
	}
	if (db_write(s->db, seed_job, &(struct seed){ h, s->a }, &e) != 0) {
		print_message("%s %s\n", err_name(e.id), e.detail);
		fail();
	}
}

struct ask { const char *method, *path, *query, *cookie, *csrf, *token, *origin, *body, *language, *type; bool hx; };

static struct http_response ask(struct house *h, struct arena *a, const struct ask *q)
{
	struct http_header *head = ARENA_ARRAY(a, struct http_header, 8);
	struct http_request rq = { .a = a, .method = q->method, .path = q->path, .query = q->query ? q->query : "", .host = "127.0.0.1:1", .headers = head,
		.body = q->body, .body_bytes = q->body ? strlen(q->body) : 0 };
	struct http_response rs = { 0 };
	int n = 0;

	snprintf(rq.address, sizeof rq.address, "127.0.0.1");
	if (q->cookie)
		head[n++] = (struct http_header){ "cookie", arena_printf(a, "x=1; pedel=%s", q->cookie) };
	if (q->csrf)
		head[n++] = (struct http_header){ "x-csrf", q->csrf };
	if (q->token)
		head[n++] = (struct http_header){ "authorization", arena_printf(a, "Bearer %s", q->token) };
	if (q->origin)
		head[n++] = (struct http_header){ "origin", q->origin };
	if (q->language)
		head[n++] = (struct http_header){ "accept-language", q->language };
	if (q->hx)
		head[n++] = (struct http_header){ "hx-request", "true" };
	if (q->body)
		head[n++] = (struct http_header){ "content-type", q->type ? q->type : "application/x-www-form-urlencoded" };
	rq.nheaders = n;
	web_handle(&rq, &rs, &h->app);
	return rs;
}

static const char *header(const struct http_response *r, const char *name)
{
	for (int i = 0; i < r->nheaders; i++)
		if (strcasecmp(r->headers[i].name, name) == 0)
			return r->headers[i].value;
	return NULL;
}

static const char *said(struct arena *a, const struct http_response *r) { return r->body ? arena_dupn(a, r->body, r->body_bytes) : ""; }

/* {id} and so on filled in with things that mostly do not exist: what counts is who is let in. */
static const char *fill(struct arena *a, const char *pattern)
{
	struct buf b;

	buf_init(&b, a, 4096);
	for (const char *s = pattern; *s; ) {
		if (*s != '{') {
			buf_addc(&b, *s++);
			continue;
		}
		buf_adds(&b, strncmp(s, "{id}", 4) == 0 ? "987654" : strncmp(s, "{month}", 7) == 0 ? "2026-01" : "nothing");
		s += strcspn(s, "}") + 1;
	}
	return buf_text(&b);
}

static void test_routes(void **state)
{
	struct store_case *s = *state;
	struct house h;
	int walked = 0;

	house_open(s, &h);
	for (const struct web_route *const *t = pages_tables; *t; t++)
		for (const struct web_route *r = *t; r->method; r++)
			for (int i = 0; i < ROLES; i++) {
				bool api = strncmp(r->pattern, "/api/", 5) == 0, reads = strcmp(r->method, "GET") == 0, may = (r->roles & role_of[i]) != 0;
				struct arena *a = arena_begin(64 << 20);
				struct http_response rs;
				const char *body;
				bool refused;

				if (strcmp(r->pattern, "/logout") == 0 || strcmp(r->pattern, "/profile/others") == 0 || (api && i >= 4)) {
					arena_end(a);
					continue;               /* would end the session that the walk needs; contacts have no tokens */
				}
				rs = ask(&h, a, &(struct ask){ .method = r->method, .path = fill(a, r->pattern), .cookie = api ? NULL : h.cookie[i], .csrf = h.csrf[i],
					.token = api ? h.token[i] : NULL, .body = reads ? NULL : "x=1" });
				body = said(a, &rs);
				if (i == 0)
					refused = rs.status == 401 || (rs.status == 303 && header(&rs, "location") && strncmp(header(&rs, "location"), "/login", 6) == 0);
				else
					refused = rs.status == 403;
				if ((may ? refused && rs.status != 401 && rs.status != 303 : !refused) || (i > 0 && rs.status == 401 && strncmp(r->pattern, "/login", 6) != 0) || rs.status == 500) {
					print_message("%s %s as %s: %d %.300s\n", r->method, r->pattern, role_name(role_of[i]), rs.status, body);
					fail();
				}
				/* nothing leaves without the headers */
				CHECK(header(&rs, "X-Content-Type-Options") && header(&rs, "Content-Security-Policy") && header(&rs, "Cache-Control"));
				walked++;
				arena_end(a);
			}
	CHECK(walked > 100);
	guard_end(h.app.guard);
}

static int narrow_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	return db_run(w, &(struct db_sql){ "UPDATE api_token SET scopes=?1", NULL }, DB(DB_TEXT(arg)), NULL, e);
}

static int sign_in(struct house *h, struct arena *a, const struct web_signer *who, struct http_response *rs)
{
	struct http_request rq = { .a = a, .method = "POST", .path = "/login", .query = "" };
	struct web w = { .a = a, .app = &h->app, .rq = &rq, .rs = rs, .now = h->now, .own = ARENA_NEW(a, struct web_own) };
	struct err e;
	int rc;

	*rs = (struct http_response){ 0 };
	rc = web_sign_in(&w, who, &e);
	db_read_end(w.db);
	CHECK(rc == 0 || e.id == E_SIGNIN_WRONG);
	return rc;
}

struct edit { int64_t id; bool active; };

static int edit_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct edit *j = arg;
	struct person p;

	if (store_person_get(w, a, j->id, &p, e) != 0)
		return -1;
	p.active = j->active;
	return store_person_set(w, &p, e);
}

/* Between the check of a password and the session, the password was changed or its owner has left. */
static void test_sign_in_late(void **state)
{
	struct store_case *s = *state;
	struct arena *a = s->a;
	struct http_response rs;
	struct house h;
	struct err e;
	int64_t id;
	struct db_conn *c;
	struct person p;

	house_open(s, &h);
	CHECK(db_read_begin(s->db, &c, &e) == 0 && store_person_by_login(c, a, "p1", &p, &e) == 0);
	db_read_end(c);
	id = p.id;
	struct { const char *hash, *rehash; int id; bool in; } rows[] = {
		{ NULL, NULL, 0, true }, { "one", NULL, 0, false }, { NULL, "one", 0, true }, { "one", NULL, 0, true }, { "another", NULL, 0, false },
		{ "another", "theirs", 0, false }, { "theirs", NULL, 0, false }, { "one", "two", 0, true }, { "one", NULL, 0, false }, { "two", NULL, 0, true },
		{ "two", NULL, 99999, false },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int rc = sign_in(&h, a, &(struct web_signer){ true, rows[i].id ? rows[i].id : id, 0, "p1", "ok", rows[i].hash, rows[i].rehash }, &rs);

		CHECK_ROW(i, (rc == 0) == rows[i].in && (header(&rs, "set-cookie") != NULL) == rows[i].in);
	}
	for (int active = 0; active < 2; active++) {
		CHECK(db_write(s->db, edit_job, &(struct edit){ id, active }, &e) == 0);
		CHECK_INT(sign_in(&h, a, &(struct web_signer){ true, id, 0, "p1", "ok", "two", NULL }, &rs), active ? 0 : -1);
		CHECK_INT(sign_in(&h, a, &(struct web_signer){ true, id, 0, "p1", "passkey_ok", NULL, NULL }, &rs), active ? 0 : -1);
	}
	guard_end(h.app.guard);
}

static void test_addresses(void **state)
{
	struct store_case *s = *state;
	struct arena *a = s->a;
	struct http_response r;
	struct house h;

	house_open(s, &h);
	r = ask(&h, a, &(struct ask){ .method = "GET", .path = "/nothing" });
	CHECK_INT(r.status, 404);
	r = ask(&h, a, &(struct ask){ .method = "DELETE", .path = "/login" });
	CHECK_INT(r.status, 405);
	CHECK_STR(header(&r, "allow"), "GET, POST");
	r = ask(&h, a, &(struct ask){ .method = "GET", .path = "/console/customers", .query = "q=a" });
	CHECK_INT(r.status, 303);
	CHECK_STR(header(&r, "location"), "/login?next=%2Fconsole%2Fcustomers%3Fq%3Da");
	/* a file of the program's own has a name for its bytes, and one Vary at most */
	r = ask(&h, a, &(struct ask){ .method = "GET", .path = arena_printf(a, "%s/pedel.css", static_base) });
	CHECK(r.status == 200 && r.etag && r.etag[0] == '"' && r.no_compress);
	/* an employee of one customer and a person of another: not found, like what does not exist */
	r = ask(&h, a, &(struct ask){ .method = "GET", .path = "/portal/people/999", .cookie = h.cookie[4] });
	CHECK_INT(r.status, 404);
	guard_end(h.app.guard);
}

/* Forms of other sites, of nobody, of another session, and a masked token used twice (which is fine). */
static void test_posts(void **state)
{
	struct store_case *s = *state;
	struct arena *a = s->a;
	struct http_response r;
	struct house h;

	house_open(s, &h);
	r = ask(&h, a, &(struct ask){ .method = "POST", .path = "/profile", .cookie = h.cookie[1], .csrf = h.csrf[1], .origin = "https://evil.example",
		.body = "language=da&theme=auto" });
	CHECK_INT(r.status, 403);
	r = ask(&h, a, &(struct ask){ .method = "POST", .path = "/profile", .cookie = h.cookie[1],
		.body = "language=da&theme=auto" });
	CHECK_INT(r.status, 403);
	r = ask(&h, a, &(struct ask){ .method = "POST", .path = "/profile", .cookie = h.cookie[1], .csrf = "00",
		.body = "language=da&theme=auto" });
	CHECK_INT(r.status, 403);
	for (int i = 0; i < 2; i++) {
		r = ask(&h, a, &(struct ask){ .method = "POST", .path = "/profile", .cookie = h.cookie[1], .csrf = h.csrf[1], .origin = "http://127.0.0.1:1",
			.body = "language=en&theme=dark" });
		CHECK_INT(r.status, 303);
	}
	r = ask(&h, a, &(struct ask){ .method = "GET", .path = "/profile", .cookie = h.cookie[1] });
	CHECK(r.status == 200 && strstr(said(a, &r), "<html lang=\"en\" data-theme=\"dark\">"));
	CHECK(!strstr(said(a, &r), "style=") && !strstr(said(a, &r), "onclick"));
	r = ask(&h, a, &(struct ask){ .method = "POST", .path = "/profile", .cookie = h.cookie[1], .csrf = h.csrf[1],
		.body = "language=xx&theme=auto" });
	CHECK(r.status == 422 && strstr(said(a, &r), "id=\"errors\""));
	guard_end(h.app.guard);
}

/* A cookie from yesterday, or no cookie of ours. */
static void test_old_cookie(void **state)
{
	struct store_case *s = *state;
	struct arena *a = s->a;
	struct http_response r;
	struct house h;
	char *old;

	house_open(s, &h);
	old = arena_dup(a, h.cookie[1]);
	old[3] = old[3] == 'A' ? 'B' : 'A';
	r = ask(&h, a, &(struct ask){ .method = "GET", .path = "/profile", .cookie = old });
	CHECK_INT(r.status, 303);
	CHECK_STR(header(&r, "location"), "/login?ended=1&next=%2Fprofile");
	CHECK(header(&r, "set-cookie") && strncmp(header(&r, "set-cookie"), "pedel=; Path=/; Max-Age=0;", 26) == 0);
	r = ask(&h, a, &(struct ask){ .method = "GET", .path = "/login", .query = "ended=1" });
	CHECK(r.status == 200 && strstr(said(a, &r), "Du er logget ud, fordi"));
	r = ask(&h, a, &(struct ask){ .method = "POST", .path = "/profile", .cookie = old, .csrf = h.csrf[1],
		.body = "language=da&theme=auto" });
	CHECK(r.status == 401 && strstr(said(a, &r), "intet er gemt") && header(&r, "set-cookie"));
	r = ask(&h, a, &(struct ask){ .method = "POST", .path = "/logout", .cookie = old, .csrf = h.csrf[1], .body = "x=1" });
	CHECK_INT(r.status, 303);
	guard_end(h.app.guard);
}

/* A stranger's form: the cookie and the field must fit. */
static void test_strangers_form(void **state)
{
	struct store_case *s = *state;
	struct arena *a = s->a;
	struct http_response r;
	struct house h;
	const char *form, *mine;

	house_open(s, &h);
	r = ask(&h, a, &(struct ask){ .method = "GET", .path = "/login" });
	CHECK(r.status == 200 && !strstr(said(a, &r), "Du er logget ud") && header(&r, "set-cookie") && strncmp(header(&r, "set-cookie"), "pedel-form=", 11) == 0);
	form = arena_dupn(a, header(&r, "set-cookie") + 11, 32);
	mine = arena_printf(a, "; pedel-form=%s", form);
	r = ask(&h, a, &(struct ask){ .method = "POST", .path = "/login", .cookie = mine, .csrf = csrf_mask(a, form),
		.body = "login=x&password=y" });
	CHECK_INT(r.status, 401);
	r = ask(&h, a, &(struct ask){ .method = "POST", .path = "/login", .cookie = mine, .body = "login=x&password=y" });
	CHECK_INT(r.status, 403);
	r = ask(&h, a, &(struct ask){ .method = "POST", .path = "/login", .cookie = mine, .csrf = h.csrf[1],
		.body = "login=x&password=y" });
	CHECK_INT(r.status, 403);
	r = ask(&h, a, &(struct ask){ .method = "POST", .path = "/login", .csrf = csrf_mask(a, form), .body = "login=x&password=y" });
	CHECK_INT(r.status, 403);
	r = ask(&h, a, &(struct ask){ .method = "GET", .path = "/profile", .cookie = "x" });
	CHECK_INT(r.status, 303);
	guard_end(h.app.guard);
}

static void test_api_door(void **state)
{
	struct store_case *s = *state;
	struct arena *a = s->a;
	struct http_response r;
	struct house h;
	struct err e;

	house_open(s, &h);
	r = ask(&h, a, &(struct ask){ .method = "GET", .path = "/api/v1/customers", .language = "en" });
	CHECK(r.status == 401 && strstr(said(a, &r), "\"SIGNIN_NEEDED\"") && header(&r, "www-authenticate"));
	r = ask(&h, a, &(struct ask){ .method = "GET", .path = "/api/v1/customers", .cookie = h.cookie[1] });
	CHECK_INT(r.status, 401);               /* cookies do not open the API, so other sites cannot use it */
	r = ask(&h, a, &(struct ask){ .method = "GET", .path = "/api/v1/customers", .token = "pdl_xx" });
	CHECK(r.status == 401 && strstr(said(a, &r), "TOKEN_INVALID"));
	/* a token does what its scopes say, and no more */
	CHECK(db_write(s->db, narrow_job, "tickets:read customers:read", &e) == 0);
	r = ask(&h, a, &(struct ask){ .method = "GET", .path = "/api/v1/customers", .token = h.token[1] });
	CHECK_INT(r.status, 200);
	r = ask(&h, a, &(struct ask){ .method = "POST", .path = "/api/v1/customers", .token = h.token[1],
		.body = "{\"name\":\"Z\",\"cvr\":\"10000033\"}" });
	CHECK(r.status == 403 && strstr(said(a, &r), "TOKEN_SCOPE"));
	CHECK(db_write(s->db, narrow_job, "*", &e) == 0);
	guard_end(h.app.guard);
}

/* What the API says to bodies and queries; who: the person whose token it is. */
static void test_api_answers(void **state)
{
	static const struct { int who; const char *path, *query, *body; int status; const char *says[3]; const char *type, *language; } rows[] = {
		{ 1, "customers", NULL, "{\"name\":\"X\",\"cvr\":\"12345678\"}", 400, { "\"CVR_INVALID\"", "\"field\":\"cvr\"", "Write all 8 digits" },
			.language = "en;q=0.9,da;q=0.1" },
		{ 1, "customers", NULL, "{\"name\":\"X\",\"cvr\":\"10000025\",\"colour\":1}", 400, { "FIELD_UNKNOWN" } },
		{ 1, "customers", NULL, "{\"name\":\"X\",\"cvr\":\"10000025\"}", 201, { "\"X\"" } },
		{ 1, "customers", NULL, "{\"name\":\"X\",\"cvr\":\"10000025\"}", 409, { "CUSTOMER_TAKEN" } },
		{ 3, "customers", NULL, "{}", 403, { NULL } },          /* a bookkeeper reads */
		{ 1, "customers", NULL, "{\"name\":\"Y\",\"cvr\":12345678}", 400, { "CVR_INVALID" } },
		{ 1, "tickets", NULL, "{\"customer_id\":1000000000000000000000000000000,\"subject\":\"a\",\"body\":\"b\"}", 400,
			{ "NUMBER_RANGE", "\"field\":\"customer_id\"" } },
		{ 1, "tickets", NULL, "{\"customer_id\":1,\"subject\":\"a\\r\\nBcc: x\",\"body\":\"b\"}", 201, { "\"subject\":\"a Bcc: x\"" } },
		{ 1, "tickets", NULL, "{}", 415, { "BODY_TYPE" }, .type = "text/plain; charset=utf-8" },
		{ 3, "customers/1/months/2026-01/close", NULL, "{\"x\":1}", 400, { "FIELD_UNKNOWN" } },
		{ 1, "customers", "bogus=1", NULL, 400, { "FIELD_UNKNOWN", "\"bogus\"" } },
		{ 1, "customers", "limit=0", NULL, 400, { "\"limit\"" } },
		{ 1, "tickets", "customer_id=999999", NULL, 404, { NULL } },
		{ 1, "time-entries", "customer_id=999999", NULL, 404, { NULL } },
		{ 1, "agreements", "customer_id=999999", NULL, 404, { NULL } },
		{ 1, "promises", "customer_id=999999", NULL, 404, { NULL } },
		{ 1, "hour-banks", "customer_id=999999", NULL, 404, { NULL } },
	};
	struct store_case *s = *state;
	struct arena *a = s->a;
	struct house h;

	house_open(s, &h);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct http_response r = ask(&h, a, &(struct ask){ .method = rows[i].body ? "POST" : "GET", .path = arena_printf(a, "/api/v1/%s", rows[i].path),
			.query = rows[i].query, .token = h.token[rows[i].who], .body = rows[i].body, .type = rows[i].type, .language = rows[i].language });

		if (r.status != rows[i].status)
			fail_msg("row %zu: %d %s", i, r.status, said(a, &r));
		for (int k = 0; k < 3 && rows[i].says[k]; k++)
			if (!strstr(said(a, &r), rows[i].says[k]))
				fail_msg("row %zu does not say %s: %s", i, rows[i].says[k], said(a, &r));
	}
	guard_end(h.app.guard);
}

/* What is logged while this runs goes to a file. */
static int log_begin(const char *path)
{
	int was = dup(2), fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	CHECK(was >= 0 && fd >= 0 && dup2(fd, 2) == 2);
	close(fd);
	return was;
}

static void log_end(struct arena *a, const char *path, int was, char **text)
{
	struct err e;
	size_t n;

	dup2(was, 2);
	close(was);
	CHECK(os_read_file(a, path, 1 << 20, text, &n, &e) == 0);
}

/* Every outside call fails once, in turn, and then all from there on: whoever asks learns that it went wrong and a code, the log has the
 * same code with the reason, and nothing of the inside leaves the house. */
static void test_broken(void **state)
{
	static const char *const inside[] = { "test fault", "SELECT", "prepare", "sqlite", ".c:", "src/", "event_", "database disk", NULL };
	struct store_case *s = *state;
	const char *path = arena_printf(s->a, "%s/log", s->dir);
	struct house h;
	int broken[3] = { 0 };

	house_open(s, &h);
	const struct ask asks[] = {
		{ .method = "GET", .path = "/console/tickets", .cookie = h.cookie[1] },
		{ .method = "GET", .path = "/console/tickets", .cookie = h.cookie[1], .hx = true },
		{ .method = "GET", .path = "/api/v1/tickets", .token = h.token[1], .language = "en" },
	};
	for (int k = 0; k < 3; k++)
		for (int keep = 0; keep < 2; keep++)
			for (int nth = 1, fired = 1; fired && nth < 500; nth++) {
				struct arena *a = arena_begin(64 << 20);
				int was = log_begin(path);
				struct http_response r;
				const char *body, *at;
				char *log = NULL;

				fault_arm(nth, keep);
				r = ask(&h, a, &asks[k]);
				fired = fault_fired();
				fault_arm(-1, 0);
				log_end(a, path, was, &log);
				body = said(a, &r);
				CHECK(r.status == 200 || r.status == 500 || r.status == 503);   /* never 'you are signed out' */
				for (int i = 0; r.status >= 500 && inside[i]; i++)
					CHECK(!strstr(body, inside[i]));
				if (r.status == 500) {
					char code[5] = "";

					broken[k]++;
					at = strstr(log, "code=");
					CHECK(at && strstr(log, "id=") && strstr(log, "test fault"));
					snprintf(code, sizeof code, "%.4s", at + 5);
					CHECK(strspn(code, "0123456789ABCDEFGHJKMNPQRSTVWXYZ") == 4 && strstr(body, code));
					CHECK(k == 2 ? strstr(body, "It has been written down as ") && strstr(body, "\"kind\":\"broken\"") : strstr(body, "fejlede") || strstr(body, "gik galt"));
					CHECK(!header(&r, "set-cookie") && !header(&r, "etag"));
				}
				arena_end(a);
			}
	for (int k = 0; k < 3; k++)
		CHECK(broken[k] > 0);
	CHECK_INT(ask(&h, s->a, &asks[0]).status, 200);         /* and afterwards all is well */
	guard_end(h.app.guard);
}

/* A named type is brought by exactly one table: a second of the same name would be described as the first. */
static void check_type(const char *type, const char *where)
{
	static const char *const plain[] = { "string", "integer", "boolean", "date", "date-time", "month", "text:da,en", "texts:da,en", "object", "value" };
	const char *from = strncmp(type, "list:", 5) == 0 ? type + 5 : *type == '[' ? type + 1 : type;
	size_t n = strcspn(from, "]");
	int brought = 0;

	for (int i = 0; i < N(plain); i++)
		if (strlen(plain[i]) == n && strncmp(plain[i], from, n) == 0)
			return;
	for (const struct web_route *const *t = pages_tables; *t; t++)
		for (const struct web_route *p = *t; p->method; p++)
			for (const struct api_schema *s = p->doc ? p->doc->schemas : NULL; s && s->name; s++)
				brought += strlen(s->name) == n && strncmp(s->name, from, n) == 0;
	if (brought != 1) {
		print_message("%s: %s is described %d times\n", where, type, brought);
		fail();
	}
}

static void check_fields(const struct api_field *f, const char *where)
{
	for (; f && f->name; f++)
		check_type(f->type, where);
}

static void test_openapi(void **state)
{
	struct store_case *s = *state;
	struct http_response r;
	struct house h;
	json_t *d;

	house_open(s, &h);
	r = ask(&h, s->a, &(struct ask){ .method = "GET", .path = "/api/v1/openapi.json" });
	CHECK_INT(r.status, 200);
	d = json_loadb(r.body, r.body_bytes, JSON_REJECT_DUPLICATES, NULL);
	CHECK(d && strcmp(json_string_value(json_object_get(d, "openapi")), "3.1.0") == 0);
	json_decref(d);
	/* every API route says what it is, and in which scope */
	for (const struct web_route *const *t = pages_tables; *t; t++)
		for (const struct web_route *p = *t; p->method; p++)
			if (strncmp(p->pattern, "/api/", 5) == 0 && (!p->doc || !p->doc->id || !p->doc->about || (!p->doc->scope && !(p->roles & ROLE_NOBODY)))) {
				print_message("%s %s is not described\n", p->method, p->pattern);
				fail();
			} else if (p->doc) {
				check_fields(p->doc->query, p->doc->id);
				check_fields(p->doc->body, p->doc->id);
				check_type(p->doc->reply, p->doc->id);
				for (const struct api_schema *k = p->doc->schemas; k && k->name; k++)
					check_fields(k->fields, k->name);
			}
	guard_end(h.app.guard);
}

static void test_guard(void **state)
{
	struct store_case *s = *state;
	struct web_guard *g;
	struct db_bytes sealed, open;
	const char *hash;
	struct err e;
	bool fits;
	int let = 0;

	CHECK(guard_begin(&g, s->dir, &e) == 0);
	CHECK(guard_password_hash(g, s->a, "en lang adgangskode", &hash, &e) == 0);
	CHECK(guard_password_fits(g, hash, "en lang adgangskode", &fits, &e) == 0 && fits);
	CHECK(guard_password_fits(g, hash, "en anden", &fits, &e) == 0 && !fits);
	CHECK(guard_password_fits(g, NULL, "en lang adgangskode", &fits, &e) == 0 && !fits);
	for (int i = 0; i < 100; i++)
		let += guard_slow_down(g, "x", "1.2.3.4", 5, MOMENT_SECOND, 1000 * MOMENT_SECOND, &e) == 0;
	CHECK_INT(let, 5);
	CHECK(guard_slow_down(g, "x", "1.2.3.4", 5, MOMENT_SECOND, 1001 * MOMENT_SECOND, &e) == 0);
	CHECK(guard_slow_down(g, "x", "1.2.3.4", 5, MOMENT_SECOND, 1001 * MOMENT_SECOND, &e) == -1 && e.id == E_TOO_MANY);
	CHECK(guard_slow_down(g, "x", "1.2.3.5", 5, MOMENT_SECOND, 1001 * MOMENT_SECOND, &e) == 0);
	sealed = guard_seal(g, s->a, "a", "secret", 6);
	CHECK(guard_open(g, s->a, "a", sealed, &open) && open.n == 6 && memcmp(open.p, "secret", 6) == 0);
	CHECK(!guard_open(g, s->a, "b", sealed, &open));
	/* RFC 6238's vector at 59 s, cut to six digits */
	CHECK_INT(totp_step("12345678901234567890", 20, "287082", 59 * MOMENT_SECOND), 1);
	CHECK_INT(totp_step("12345678901234567890", 20, "287082", 200 * MOMENT_SECOND), 0);
	CHECK_INT(totp_step("12345678901234567890", 20, "28708", 59 * MOMENT_SECOND), 0);
	guard_end(g);
}

int main(void)
{
	static const struct store_test tests[] = { STORE_TEST(test_formats), STORE_TEST(test_reading), STORE_TEST(test_escaping), STORE_TEST(test_forms),
		STORE_TEST(test_guard), STORE_TEST(test_addresses), STORE_TEST(test_posts), STORE_TEST(test_old_cookie),
		STORE_TEST(test_strangers_form), STORE_TEST(test_api_door), STORE_TEST(test_api_answers),
		STORE_TEST(test_sign_in_late), STORE_TEST(test_broken), STORE_TEST(test_openapi), STORE_TEST(test_routes) };

	moment_zone();
	return store_tests_run(tests, N(tests));
}
