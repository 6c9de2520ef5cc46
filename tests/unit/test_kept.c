/* Kept pages: whatever is written in between, by whomever, a page from the table is the page that would be made now, and
 * nobody gets another's. */
#include "store_case.h"
#include <inttypes.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include "base/hash.h"
#include "base/moment.h"
#include "core/customer.h"
#include "core/staff.h"
#include "core/ticket.h"
#include "os/clock.h"
#include "pages/all.h"
#include "pages/rail.h"
#include "store/db_trace.h"
#include "store/session.h"
#include "store/setting.h"
#include "web/dispatch.h"
#include "web/kept.h"
#include "web/guard.h"
#include "web/session.h"
#include "web/token.h"

enum { PEOPLE = 8, TICKETS = 6 };
static const struct { bool person; int customer; const char *name, *role; } people[PEOPLE] = {
	{ true, 0, "Mette Dahl", "admin" }, { true, 0, "Jonas Kjær", "technician" }, { true, 0, "Signe Bak", "technician" }, { true, 0, "Ole Ravn", "bookkeeper" },
	{ false, 0, "Birgitte Holm", "owner" }, { false, 0, "Karen Lund", "employee" }, { false, 1, "Anders Friis", "owner" }, { false, 1, "Pia Skov", "employee" },
};
static const struct actor system_actor = { .role = ROLE_ADMIN, .person = true, .name = "test" };

struct house {
	struct web_app app;
	struct catalogue catalogue;
	struct db *other;               /* another process, as it were */
	struct store_case *hand;
	int64_t who_id[PEOPLE], customer[2], ticket[TICKETS], number[TICKETS];
	const char *cookie[PEOPLE], *csrf[PEOPLE];
	char folder[80];
};

struct seed { struct house *h; struct arena *a; };

static struct session session_for(struct house *h, struct arena *a, int i, int64_t life_us)
{
	struct session x = { .who_kind = people[i].person ? "person" : "contact", .who_id = h->who_id[i], .customer_id = people[i].person ? 0 : h->customer[people[i].customer],
		.created_at = os_now_us(), .seen_at = os_now_us(), .expires_at = os_now_us() + life_us, .address = "127.0.0.1", .agent = "" };
	uint8_t raw[16] = { (uint8_t)(i + 1), 2, 3 };

	x.csrf = hash_hex(a, raw, sizeof raw);
	h->csrf[i] = x.csrf;
	h->cookie[i] = secret_make(a, false, x.hash);
	return x;
}

static int seed_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct seed *s = arg;
	struct house *h = s->h;
	struct customer c[2] = { { .name = "Egely", .cvr = "10000009" }, { .name = "Nørregaard", .cvr = "10000025" } };
	struct desk d = { &h->catalogue, "", os_now_us() };

	for (int i = 0; i < 2; i++) {
		if (customer_add(w, a, &system_actor, d.now, &c[i], e) != 0)
			return -1;
		h->customer[i] = c[i].id;
	}
	for (int i = 0; i < PEOPLE; i++) {
		struct person p = { .login = arena_printf(a, "p%d", i), .name = people[i].name, .role = people[i].role };
		struct contact k = { .customer_id = h->customer[people[i].customer], .name = people[i].name, .email = arena_printf(a, "k%d@egely.example", i), .role = people[i].role };

		if (people[i].person ? staff_add(w, a, &system_actor, d.now, &p, e) != 0 : contact_add(w, a, &system_actor, d.now, &k, e) != 0)
			return -1;
		h->who_id[i] = people[i].person ? p.id : k.id;
		struct session x = session_for(h, s->a, i, MOMENT_HOUR);

		if (session_add(w, &x, e) != 0)
			return -1;
	}
	for (int i = 0; i < TICKETS; i++) {
		struct ticket t;
		struct ticket_draft f = { .customer_id = h->customer[i % 2], .contact_id = h->who_id[i % 2 ? 6 : 4], .subject = arena_printf(a, "Sag nummer %d", i),
			.text = { .body = "Printeren virker ikke" } };

		if (ticket_create(w, a, &d, &system_actor, &f, &t, e) != 0)
			return -1;
		h->ticket[i] = t.id;
		h->number[i] = t.number;
	}
	return 0;
}

static void ignore(void *arg, const char *what) { }

static void must(struct db *d, db_job *job, void *arg)
{
	struct err e = { 0 };

	if (db_write(d, job, arg, &e) != 0)
		fail_msg("%s %s", err_name(e.id), e.detail);
}

static void house_open(struct store_case *s, struct house *h, size_t bytes)
{
	struct db_config cfg = s->cfg;
	struct err e;

	*h = (struct house){ .hand = s };
	snprintf(h->folder, sizeof h->folder, "%s/data", s->dir);
	mkdir(h->folder, 0700);
	CHECK(catalogue_load(s->a, NULL, &h->catalogue, &e) == 0);
	cfg.solo = false;               /* a writer of its own, as in the server */
	cfg.readers = 8;
	db_close(s->db);
	CHECK(db_open(&cfg, &s->db, &e) == 0);
	CHECK(db_open(&s->cfg, &h->other, &e) == 0);
	h->app = (struct web_app){ .db = s->db, .catalogue = &h->catalogue, .tables = pages_tables, .data_folder = h->folder, .origin = "", .wake = ignore,
		.blobs = { h->folder }, .rail = pages_rail, .services = (const struct service *const []){ NULL }, .live = live_begin(s->a), .kept = kept_begin(bytes) };
	CHECK(h->app.kept != NULL);
	CHECK(guard_begin(&h->app.guard, h->folder, &e) == 0);
	CHECK(web_start(&h->app, s->a, &e) == 0);
	must(s->db, seed_job, &(struct seed){ h, s->a });
}

static void house_close(struct store_case *s, struct house *h)
{
	kept_end(h->app.kept);
	guard_end(h->app.guard);
	db_close(h->other);
}

struct got { int status; const char *body, *where; };

/* One GET as the server does it: the net thread's look, then the worker, then what is kept of it. anew: no-cache, and not kept. */
static struct got get(struct house *h, struct arena *a, int who, const char *path, const char *query, bool anew)
{
	struct http_header head[4] = { { "cookie", arena_printf(a, "pedel=%s", h->cookie[who]) } };
	struct http_request rq = { .a = a, .method = "GET", .path = path, .query = query, .host = "127.0.0.1:1", .headers = head, .nheaders = 1 };
	struct http_response rs = { 0 };
	struct got got = { .where = "" };

	if (anew)
		head[rq.nheaders++] = (struct http_header){ "cache-control", "no-cache" };
	if (!kept_at_once(&rq, &rs, &h->app)) {
		web_handle(&rq, &rs, &h->app);
		if (rs.keep && !anew)
			kept_encoded(&rq, &rs, &h->app);
	}
	got.status = rs.status;
	got.body = rs.body ? arena_dupn(a, rs.body, rs.body_bytes) : "";
	for (int i = 0; i < rs.nheaders; i++)
		if (strcasecmp(rs.headers[i].name, "location") == 0)
			got.where = arena_dup(a, rs.headers[i].value);
	if (rs.release)
		rs.release(rs.release_arg);
	return got;
}

/* Form tokens are masked anew in each page: checked to be this session's, then made the same. */
static const char *unmask(struct house *h, struct arena *a, int who, const char *body)
{
	static const char hex[] = "0123456789abcdef";
	char *out = arena_dup(a, body);

	for (char *p = out; *p; ) {
		size_t n = strspn(p, hex);

		if (n == 64) {
			if (!csrf_fits(h->csrf[who], arena_dupn(a, p, 64)))
				fail_msg("%s got a form token that is not theirs", people[who].name);
			memset(p, 'x', 64);
		}
		p += n ? n : 1;
	}
	return out;
}

static unsigned rnd(unsigned *seed, unsigned below)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (*seed >> 8) % below;
}

struct change { struct house *h; struct arena *a; unsigned what, pick, more; int step; };

/* Without w: by hand, past everything of Pedel. */
static int run(struct db_conn *w, struct change *x, const char *text, struct err *e)
{
	if (!w && x->h->hand->kind == DB_POSTGRES) {
		store_case_pg(arena_printf(x->a, "SET search_path=%s; %s", x->h->hand->pg_schema, text));
		return 0;
	}
	if (!w) {
		sqlite3 *h;

		CHECK_INT(sqlite3_open(x->h->hand->path, &h), SQLITE_OK);
		sqlite3_busy_timeout(h, 60000);
		CHECK_INT(sqlite3_exec(h, text, NULL, NULL, NULL), SQLITE_OK);
		sqlite3_close(h);
		return 0;
	}
	return db_run(w, &(struct db_sql){ text, NULL }, DB_NONE, NULL, e);
}

static int change_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct change *x = arg;
	struct house *h = x->h;
	struct desk d = { &h->catalogue, "", os_now_us() };
	int64_t id = h->ticket[x->pick % TICKETS];
	struct ticket_answer r = { .ticket_id = id, .visibility = x->more % 3 ? "public" : "internal", .channel = "console", .text = { .body = arena_printf(a, "Svar %d", x->step) } };
	struct ticket_change c = { .subject = x->more % 2 ? arena_printf(a, "Emne %d", x->step) : NULL, .priority = x->more % 3 ? NULL : "urgent",
		.set_owner = x->more % 4 == 0, .owner_id = h->who_id[x->more % 3] };
	struct actor who = { .role = ROLE_TECHNICIAN, .person = true, .id = h->who_id[1], .name = people[1].name };
	int staff = (int)(x->pick % 4), contact = 4 + (int)(x->pick % 4);
	struct message m;
	struct ticket t;

	switch (x->what) {
	case 0: case 1: return ticket_reply(w, a, &d, &who, &r, &m, e);
	case 2: case 3: return ticket_change(w, a, &d, &who, id, &c, &t, e);
	case 4: return setting_set(w, "provider.phone", arena_printf(a, "%08d", x->step), e);
	case 5: return run(w, x, arena_printf(a, "UPDATE person SET theme='%s',lang='%s' WHERE id=%" PRId64, x->more % 2 ? "dark" : "light",
			x->more % 3 ? "da" : "en", h->who_id[staff]), e);
	case 6: return run(w, x, arena_printf(a, "UPDATE contact SET role='%s' WHERE id=%" PRId64, x->more % 2 ? "employee" : "owner", h->who_id[contact]), e);
	case 7: return run(w, x, arena_printf(a, "UPDATE person SET role='%s' WHERE id=%" PRId64, x->more % 2 ? "bookkeeper" : "technician", h->who_id[1 + staff % 3]), e);
	case 8: return run(w, x, arena_printf(a, "UPDATE contact SET active=%d WHERE id=%" PRId64, (int)(x->more % 2), h->who_id[contact]), e);
	case 9: return run(w, x, arena_printf(a, "UPDATE customer SET name='Kunde %d' WHERE id=%" PRId64, x->step, h->customer[x->more % 2]), e);
	case 11: return run(w, x, arena_printf(a, "UPDATE ticket SET next_due_at=%" PRId64 " WHERE id=%" PRId64, d.now + (int64_t)(x->more % 3000) * 1000, id), e);
	case 12: return run(w, x, arena_printf(a, "INSERT INTO hour_purchase(customer_id,minutes,price_ore,bought_day,expires_day,note,created_at,created_by) "
			"VALUES(%" PRId64 ",60,100,%d,%d,'køb %d',%" PRId64 ",%" PRId64 ")", h->customer[x->more % 2], day_of(d.now), day_of(d.now) + 30, x->step, d.now, h->who_id[0]), e);
	case 13: return run(w, x, arena_printf(a, "INSERT INTO timer(person_id,ticket_id,customer_id,started_at) VALUES(%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ") "
			"ON CONFLICT(person_id) DO UPDATE SET running=1-timer.running,ticket_id=excluded.ticket_id", h->who_id[staff], id, h->customer[x->pick % TICKETS % 2], d.now), e);
	case 14: return run(w, x, arena_printf(a, "INSERT INTO need(customer_id,title,body,kind,asked_at) VALUES(%" PRId64 ",'Mangler %d','','decision',%" PRId64 ")",
			h->customer[x->more % 2], x->step, d.now), e);
	case 15: return run(w, x, arena_printf(a, "UPDATE need SET answered_at=%" PRId64 " WHERE id%%3=%d", d.now, (int)(x->more % 3)), e);
	case 16: return run(w, x, arena_printf(a, "INSERT INTO saved_view(person_id,name,query) VALUES(%" PRId64 ",'Visning %d','view=all')", h->who_id[staff], x->step), e);
	case 17: return run(w, x, arena_printf(a, "UPDATE category SET name_da='Slags %d' WHERE place=%d", x->step, (int)(x->more % 4)), e);
	case 18: return run(w, x, arena_printf(a, "INSERT INTO watcher(ticket_id,who_kind,who_id) VALUES(%" PRId64 ",'person',%" PRId64 ") ON CONFLICT DO NOTHING", id, h->who_id[staff]), e);
	case 19: return run(w, x, arena_printf(a, "UPDATE ticket SET state='%s',solved_at=%" PRId64 " WHERE id=%" PRId64, x->more % 2 ? "solved" : "open", x->more % 2 ? d.now : 0, id), e);
	case 20: return run(w, x, arena_printf(a, "UPDATE message SET body='Rettet %d' WHERE ticket_id=%" PRId64, x->step, id), e);
	default: return run(w, x, arena_printf(a, "DELETE FROM session WHERE who_kind='%s' AND who_id=%" PRId64, staff ? "person" : "contact",
			h->who_id[staff ? staff : contact]), e);
	}
}

static int renew_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct change *x = arg;
	struct session s = session_for(x->h, x->a, (int)x->pick, MOMENT_HOUR);

	return session_add(w, &s, e);
}

/* --- what statements are said to touch, against what SQLite says when it prepares them */

struct look { struct db *db; sqlite3 *h; struct db_tables reads, writes; int seen; };

static int note_table(void *arg, int op, const char *table, const char *column, const char *base, const char *inner)
{
	struct look *l = arg;
	bool writes = op == SQLITE_INSERT || op == SQLITE_UPDATE || op == SQLITE_DELETE;
	struct db_tables t;

	(void)column, (void)base, (void)inner;
	if ((!writes && op != SQLITE_READ) || !table || strncmp(table, "sqlite_", 7) == 0)
		return SQLITE_OK;
	t = db_tables_named(l->db, strncmp(table, "ticket_search_", 14) == 0 ? "ticket_search" : table);
	if (!t.b[0] && !t.b[1])
		fail_msg("%s is a table that is not known", table);
	for (int i = 0; i < 2; i++)
		*(writes ? &l->writes.b[i] : &l->reads.b[i]) |= t.b[i];
	return SQLITE_OK;
}

static void look_at(void *arg, const char *text, const struct db_tables *reads, const struct db_tables *writes)
{
	struct look *l = arg;
	sqlite3_stmt *q = NULL;

	l->reads = l->writes = (struct db_tables){ { 0 } };
	if (sqlite3_prepare_v2(l->h, text, -1, &q, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sqlite3_errmsg(l->h), text);
	sqlite3_finalize(q);
	if (!db_tables_hold(reads, &l->reads))
		fail_msg("reads more than it is said to: %s", text);
	if (!db_tables_hold(writes, &l->writes))
		fail_msg("writes more than it is said to: %s", text);
	l->seen++;
}

static void check_statements(struct store_case *s)
{
	struct look l = { .db = s->db };

	if (s->kind != DB_SQLITE)
		return;
	CHECK_INT(sqlite3_open_v2(s->path, &l.h, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	sqlite3_set_authorizer(l.h, note_table, &l);
	db_trace_each(s->db, look_at, &l);
	sqlite3_close(l.h);
	print_message("%d statements looked at\n", l.seen);
	CHECK(l.seen > 80);
}

enum { RECENT = 24, LOOKS = 6 };
struct visit { int who; char path[64], query[16]; };

/* Shows the first place at which two pages differ. */
static void fail_apart(const char *kept, const char *anew, const char *where)
{
	size_t at = 0, from;

	while (kept[at] && kept[at] == anew[at])
		at++;
	from = at > 300 ? at - 300 : 0;
	fail_msg("%s: another page than the one that would be made\n...%.600s...\n===== anew:\n...%.600s...", where, kept + from, anew + from);
}

/* The page as it comes beside the page as it would be made a moment before and after; a minute may turn in between. */
static bool compare(struct store_case *s, struct house *h, struct arena *a, const struct visit *v, int step)
{
	struct got kept, before, after;

	arena_reset(a);
	before = get(h, a, v->who, v->path, v->query, true);
	kept = get(h, a, v->who, v->path, v->query, false);
	after = get(h, a, v->who, v->path, v->query, true);
	if (before.status == 303 && after.status == 303 && kept.status == 303 && strstr(after.where, "/login"))
		must(s->db, renew_job, &(struct change){ h, s->a, 0, (unsigned)v->who, 0, 0 });
	if (kept.status != after.status && kept.status != before.status)
		fail_msg("step %d: %s, %s: %d from the table, %d made anew", step, people[v->who].name, v->path, kept.status, after.status);
	if (kept.status != 200)
		return false;
	if (strcmp(unmask(h, a, v->who, kept.body), unmask(h, a, v->who, after.body)) != 0 && strcmp(unmask(h, a, v->who, kept.body), unmask(h, a, v->who, before.body)) != 0)
		fail_apart(unmask(h, a, v->who, kept.body), unmask(h, a, v->who, after.body), arena_printf(a, "step %d, %s at %s", step, people[v->who].name, v->path));
	return true;
}

static void test_never_stale_never_anothers(void **state)
{
	struct store_case *s = *state;
	struct arena *a = arena_begin(64 << 20);
	struct visit recent[RECENT] = { 0 };
	unsigned seed = getenv("PEDEL_SEED") ? (unsigned)strtoul(getenv("PEDEL_SEED"), NULL, 10) : 20261122;
	struct kept_count c;
	struct house h;
	int compared = 0, rounds = getenv("PEDEL_ROUNDS") ? 400 : 1500;

	house_open(s, &h, 4 << 20);
	for (int step = 0; step < rounds; step++) {
		struct visit *v = &recent[step % RECENT];
		int who = (int)rnd(&seed, PEOPLE), t = (int)rnd(&seed, TICKETS);

		if (rnd(&seed, 10) == 0) {
			struct change x = { &h, s->a, rnd(&seed, 22), rnd(&seed, 1000), rnd(&seed, 1000), step };

			if (x.what > 4 && rnd(&seed, 4) == 0)
				CHECK_INT(change_job(NULL, s->a, &x, &(struct err){ 0 }), 0);
			else
				must(rnd(&seed, 3) ? s->db : h.other, change_job, &x);
			for (int i = 0; i < LOOKS && step >= RECENT; i++)      /* what was looked at before it */
				compared += compare(s, &h, a, &recent[rnd(&seed, RECENT)], step);
		}
		*v = (struct visit){ .who = who };
		switch (rnd(&seed, 5)) {
		case 0:
			snprintf(v->path, sizeof v->path, "%s", people[who].person ? "/console/tickets" : "/portal/tasks");
			snprintf(v->query, sizeof v->query, "%s", rnd(&seed, 2) ? "view=open" : "view=all");
			break;
		case 1: snprintf(v->path, sizeof v->path, "%s", people[who].person ? "/console/" : "/portal/"); break;
		case 2: snprintf(v->path, sizeof v->path, "%s/%" PRId64, rnd(&seed, 8) ? people[who].person ? "/console/tickets" : "/portal/tasks" : "/portal/tasks", h.number[t]); break;
		default:
			if (people[who].person)
				snprintf(v->path, sizeof v->path, "/console/tickets/%" PRId64, h.number[t]);
			else
				snprintf(v->path, sizeof v->path, "/portal/");
			break;
		}
		compared += compare(s, &h, a, v, step);
	}
	c = kept_count(h.app.kept);
	print_message("%d pages compared, %d of them from the table (%d asked again), %d kept\n", compared, (int)c.found, (int)c.again, (int)c.made);
	CHECK(c.found > compared / 10);
	CHECK(c.again > 0);
	CHECK(c.bytes <= 4 << 20);
	check_statements(s);
	house_close(s, &h);
	arena_end(a);
}

/* Long enough for two pages on a slow machine, short enough to wait for. */
enum { SOON_US = 1500 * 1000 };

static int add_job(struct db_conn *w, struct arena *a, void *arg, struct err *e) { return session_add(w, arg, e); }
static int drop_job(struct db_conn *w, struct arena *a, void *arg, struct err *e) { return session_drop(w, arg, e); }

static void test_time_ends_it(void **state)
{
	struct store_case *s = *state;
	struct arena *a = arena_begin(64 << 20);
	const char *path;
	struct house h;
	struct session x;
	bool seen[2] = { false };
	int status[2] = { 0 }, tries, found = 0;

	house_open(s, &h, 4 << 20);
	path = arena_printf(s->a, "/console/tickets/%" PRId64, h.number[0]);
	/* A session that ends soon, then one that is ended by another process. */
	for (tries = 0; tries < 20; tries++) {                  /* again when the machine let it end in between */
		found = kept_count(h.app.kept).found;
		x = session_for(&h, s->a, 0, SOON_US);
		must(s->db, add_job, &x);
		status[0] = get(&h, a, 0, "/console/", "", false).status;
		status[1] = get(&h, a, 0, "/console/", "", false).status;
		if (os_now_us() < x.expires_at)
			break;
	}
	CHECK_INT(status[0], 200);
	CHECK_INT(status[1], 200);
	CHECK_INT(kept_count(h.app.kept).found, found + 1);
	usleep(SOON_US + 50000);
	CHECK_INT(get(&h, a, 0, "/console/", "", false).status, 303);
	x = session_for(&h, s->a, 0, MOMENT_HOUR);
	must(s->db, add_job, &x);
	CHECK_INT(get(&h, a, 0, path, "", false).status, 200);
	CHECK_INT(get(&h, a, 0, path, "", false).status, 200);
	must(h.other, drop_job, x.hash);
	CHECK_INT(get(&h, a, 0, path, "", false).status, 303);
	/* who else looks on comes and goes without a write */
	x = session_for(&h, s->a, 0, MOMENT_HOUR);
	must(s->db, add_job, &x);
	CHECK(!strstr(get(&h, a, 0, path, "", false).body, "<b>Jonas Kj"));
	for (tries = 0; tries < 20; tries++) {
		int64_t until = os_now_us() + SOON_US;

		live_seen(h.app.live, h.ticket[0], h.who_id[1], "Jonas Kjær", until - LIVE_US);
		seen[0] = strstr(get(&h, a, 0, path, "", false).body, "<b>Jonas Kj");
		seen[1] = strstr(get(&h, a, 0, path, "", false).body, "<b>Jonas Kj");
		if (os_now_us() < until)
			break;
	}
	CHECK(seen[0] && seen[1]);
	usleep(SOON_US + 50000);
	CHECK(!strstr(get(&h, a, 0, path, "", false).body, "<b>Jonas Kj"));
	/* ... and a page from the table says that its reader is here, as a fresh one does */
	CHECK(!strstr(get(&h, a, 0, path, "", false).body, "<b>Signe"));
	get(&h, a, 2, path, "", false);
	CHECK(strstr(get(&h, a, 0, path, "", false).body, "<b>Signe"));
	house_close(s, &h);
	arena_end(a);
}

static void test_bounded(void **state)
{
	struct store_case *s = *state;
	struct arena *a = arena_begin(64 << 20);
	struct kept_count c;
	struct house h;

	house_open(s, &h, 100 << 10);
	for (int i = 0; i < 60; i++) {
		CHECK_INT(get(&h, a, 0, "/console/tickets", arena_printf(a, "view=open&q=ord%d", i), false).status, 200);
		c = kept_count(h.app.kept);
		CHECK(c.bytes <= 100 << 10);
		CHECK(c.entries > 0);
	}
	CHECK_INT(c.made, 60);
	house_close(s, &h);
	arena_end(a);
}

/* --- many at once: a page shows at least what had been acknowledged before it was asked for */

struct crowd { struct house *h; struct store_case *s; atomic_int written; atomic_bool stop, wrong; int index; const char *path; };

static int name_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct change *x = arg;

	return run(w, x, arena_printf(a, "UPDATE ticket SET subject='no-%d-' WHERE id=%" PRId64, x->step, x->h->ticket[0]), e);
}

static void *reader(void *arg)
{
	struct crowd *c = arg;
	struct arena *a = arena_begin(64 << 20);
	int who = __atomic_fetch_add(&c->index, 1, __ATOMIC_RELAXED) % 3, seen, least;

	while (!atomic_load(&c->stop)) {
		const char *at;

		arena_reset(a);
		least = atomic_load(&c->written);
		at = strstr(get(c->h, a, who, c->path, "", false).body, "no-");
		seen = at ? (int)strtol(at + 3, NULL, 10) : -1;
		if (seen < least)
			atomic_store(&c->wrong, true);
	}
	arena_end(a);
	return NULL;
}

static void test_reads_see_what_was_acknowledged(void **state)
{
	struct store_case *s = *state;
	struct crowd c = { 0 };
	struct house h;
	pthread_t t[4];
	struct kept_count n;

	house_open(s, &h, 4 << 20);
	must(s->db, name_job, &(struct change){ &h, s->a, 0, 0, 0, 0 });
	c.h = &h;
	c.s = s;
	c.path = arena_printf(s->a, "/console/tickets/%" PRId64, h.number[0]);
	for (int i = 0; i < 4; i++)
		CHECK(pthread_create(&t[i], NULL, reader, &c) == 0);
	for (int i = 1; i <= 300 && !atomic_load(&c.wrong); i++) {
		must(i % 2 ? s->db : h.other, name_job, &(struct change){ &h, s->a, 0, 0, 0, i });
		atomic_store(&c.written, i);
		usleep(i % 3 * 1500);
	}
	atomic_store(&c.stop, true);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	n = kept_count(h.app.kept);
	print_message("%d from the table, %d kept\n", (int)n.found, (int)n.made);
	CHECK(!atomic_load(&c.wrong));
	CHECK(n.found > 0);
	house_close(s, &h);
}

int main(void)
{
	static const struct store_test tests[] = { STORE_TEST(test_never_stale_never_anothers), STORE_TEST(test_time_ends_it), STORE_TEST(test_bounded),
		STORE_TEST(test_reads_see_what_was_acknowledged) };

	moment_zone();
	return store_tests_run(tests, sizeof tests / sizeof *tests);
}
