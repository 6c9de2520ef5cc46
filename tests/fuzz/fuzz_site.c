/* A whole request at every page and every call of the API, as each role, on a database: first byte who asks, second how; then
 * lines with address, query and the body. Whatever is asked, the answer is one of ours: never 500, always with the headers
 * that keep a browser safe, never with markup that came in. Changing passwords and signing out are left out (slow, and the end). */
#define FUZZ_WEB
#include "fuzz.h"
#include <ftw.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/hash.h"
#include "core/customer.h"
#include "core/staff.h"
#include "core/ticket.h"
#include "os/clock.h"
#include "pages/all.h"
#include "services/all.h"
#include "store/session.h"
#include "web/guard.h"
#include "web/session.h"
#include "web/token.h"

enum { ROLES = 7 };
static const enum role role_of[ROLES] = { ROLE_NOBODY, ROLE_ADMIN, ROLE_TECHNICIAN, ROLE_BOOKKEEPER, ROLE_OWNER, ROLE_APPROVER, ROLE_EMPLOYEE };
static const struct actor seeder = { .role = ROLE_ADMIN, .person = true, .name = "test" };
static char folder[64];
static struct house {
	struct web_app app;
	struct catalogue catalogue;
	struct arena *a;
	const char *cookie[ROLES], *csrf[ROLES], *token[ROLES];
} h;

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where) { return remove(path); }

static void tidy(void)
{
	guard_end(h.app.guard);
	db_close((struct db *)h.app.db);
	arena_end(h.a);
	nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static int seed(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	int64_t now = os_now_us();
	struct customer c = { .name = "Egely", .cvr = "10000009" };
	uint8_t raw[16] = { 1, 2, 3 };

	if (customer_add(w, a, &seeder, now, &c, e) != 0)
		return -1;
	for (int i = 1; i < ROLES; i++) {
		struct session x = { .who_kind = i < 4 ? "person" : "contact", .csrf = hash_hex(h.a, raw, 16), .created_at = now, .seen_at = now,
			.expires_at = now + 1000 * MOMENT_DAY, .address = "127.0.0.1", .agent = "" };
		uint8_t hash[32];
		int64_t id;

		if (i < 4) {
			struct person p = { .login = arena_printf(a, "p%d", i), .name = "P", .role = role_name(role_of[i]) };

			if (staff_add(w, a, &seeder, now, &p, e) != 0)
				return -1;
			h.token[i] = token_make(h.a, hash);
			if (token_add(w, p.id, "t", hash, "*", now, &id, e) != 0)
				return -1;
			x.who_id = p.id;
		} else {
			struct contact k = { .customer_id = c.id, .name = "K", .email = arena_printf(a, "k%d@egely.example", i), .role = role_name(role_of[i]) };

			if (contact_add(w, a, &seeder, now, &k, e) != 0)
				return -1;
			x.who_id = k.id;
			x.customer_id = c.id;
		}
		h.cookie[i] = secret_make(h.a, false, x.hash);
		h.csrf[i] = csrf_mask(h.a, x.csrf);
		if (session_add(w, &x, e) != 0)
			return -1;
	}
	return 0;
}

static void ignore(void *arg, const char *what) { }

static void begin(void)
{
	struct err e = { 0 };
	struct db *db;
	char path[96];

	moment_zone();
	snprintf(folder, sizeof folder, "%s/pedel-fuzz-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	MUST(mkdtemp(folder));
	h.a = arena_begin(64 << 20);
	snprintf(path, sizeof path, "%s/pedel.db", folder);
	MUST(db_open(&(struct db_config){ .path = path, .readers = 2, .create = true, .solo = true }, &db, &e) == 0);
	MUST(catalogue_load(h.a, NULL, &h.catalogue, &e) == 0);
	h.app = (struct web_app){ .db = db, .catalogue = &h.catalogue, .tables = pages_tables, .data_folder = folder, .origin = "", .wake = ignore,
		.services = service_all, .blobs = { folder } };
	MUST(guard_begin(&h.app.guard, folder, &e) == 0 && web_start(&h.app, h.a, &e) == 0);
	MUST(db_write(db, seed, NULL, &e) == 0);
	atexit(tidy);
}

static const char *header(const struct http_response *r, const char *name)
{
	for (int i = 0; i < r->nheaders; i++)
		if (strcasecmp(r->headers[i].name, name) == 0)
			return r->headers[i].value;
	return NULL;
}

/* The row of that number, its parameters filled in with things that are there, so that the bytes need not spell an address. */
static void row(struct http_request *rq, unsigned which)
{
	unsigned rows = 0;
	struct buf b;

	for (const struct web_route *const *t = pages_tables; *t; t++)
		for (const struct web_route *r = *t; r->method; r++)
			rows++;
	which %= rows;
	for (const struct web_route *const *t = pages_tables; *t; t++)
		for (const struct web_route *r = *t; r->method; r++)
			if (which-- == 0) {
				buf_init(&b, rq->a, 4096);
				for (const char *s = r->pattern; *s; ) {
					if (*s != '{') {
						buf_addc(&b, *s++);
						continue;
					}
					buf_adds(&b, strncmp(s, "{id}", 4) == 0 ? "1" : strncmp(s, "{month}", 7) == 0 ? "2026-11" : "support");
					s += strcspn(s, "}") + 1;
				}
				rq->method = r->method;
				rq->path = buf_text(&b);
				return;
			}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const char *const methods[] = { "GET", "POST", "PUT", "PATCH", "DELETE", "GET", "GET", "POST" };
	static const char *const types[] = { "application/x-www-form-urlencoded", "application/json", "multipart/form-data; boundary=xx", "text/plain" };
	struct http_header head[8];
	struct http_response rs = { 0 };
	struct http_request rq = { .host = "127.0.0.1:1", .headers = head };
	unsigned who, how;
	const char *line;

	if (n < 3 || n > 32 << 10)
		return 0;
	if (!h.app.db)
		begin();
	who = p[0] % ROLES;
	how = p[1];
	p += 2;
	n -= 2;
	rq.a = arena_begin(64 << 20);
	line = fuzz_line(rq.a, &p, &n);
	rq.method = methods[how & 7];
	rq.path = text_repair(rq.a, arena_printf(rq.a, "/%s", *line == '/' ? line + 1 : line), strlen(line) + (*line != '/'));
	if (line[0] == '#' && line[1])
		row(&rq, (unsigned char)line[1] * 256u + (unsigned char)(line[2] ? line[2] : 0));
	rq.query = fuzz_line(rq.a, &p, &n);
	snprintf(rq.address, sizeof rq.address, "127.0.0.1");
	if (strncmp(rq.path, "/api/", 5) == 0 && h.token[who])
		head[rq.nheaders++] = (struct http_header){ "authorization", arena_printf(rq.a, "Bearer %s", h.token[who]) };
	else if (h.cookie[who])
		head[rq.nheaders++] = (struct http_header){ "cookie", arena_printf(rq.a, "pedel=%s", h.cookie[who]) };
	if (how & 64)
		head[rq.nheaders++] = (struct http_header){ "hx-request", "true" };
	if (strcmp(rq.method, "GET") != 0) {
		if (h.csrf[who])
			head[rq.nheaders++] = (struct http_header){ "x-csrf", h.csrf[who] };
		head[rq.nheaders++] = (struct http_header){ "content-type", types[how >> 3 & 3] };
		rq.body = arena_dupn(rq.a, (const char *)p, n);
		rq.body_bytes = n;
	}
	if ((strcmp(rq.method, "GET") != 0 && (strstr(rq.path, "login") || strstr(rq.path, "password") || strstr(rq.path, "staff"))) || strstr(rq.path, "logout") ||
		strstr(rq.path, "others") || strpbrk(rq.path, "\r\n")) {
		arena_end(rq.a);
		return 0;
	}
	web_handle(&rq, &rs, &h.app);
	if (rs.status == 500 || rs.status == 0)
		fprintf(stderr, "%s %s?%s as %s: %d %.*s\n", rq.method, rq.path, rq.query, role_name(role_of[who]), rs.status, (int)rs.body_bytes, rs.body ? (const char *)rs.body : "");
	MUST(rs.status == 0 || (rs.status >= 200 && rs.status < 500) || rs.status == 503);
	MUST(header(&rs, "X-Content-Type-Options") && header(&rs, "Cache-Control"));
	MUST(header(&rs, "Content-Security-Policy") || strncmp(rq.path, "/s/", 3) == 0);
	for (int i = 0; i < rs.nheaders; i++)
		MUST(!strpbrk(rs.headers[i].value, "\r\n"));
	if (rs.body && !rs.type)
		MUST(!memmem(rs.body, rs.body_bytes, "<script>", 8) && !memmem(rs.body, rs.body_bytes, "<img src=x", 10));
	if (rs.release)
		rs.release(rs.release_arg);
	arena_end(rq.a);
	return 0;
}
