/* Every operation with every one of its outside calls failing: once, then all from there on. Afterwards the whole of it
 * happened or nothing (every table is compared), the error has a name and a place, no file is left open, and the same
 * operation then works. Then the two mail jobs, which run on threads of their own: whatever fails, each mail is worked once. */
#include "store_case.h"
#include <arpa/inet.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "base/buf.h"
#include "base/fault.h"
#include "base/moment.h"
#include "core/agreement.h"
#include "core/bank_tell.h"
#include "core/customer.h"
#include "core/probe_home.h"
#include "core/promise.h"
#include "core/purchase.h"
#include "core/staff.h"
#include "core/ticket.h"
#include "core/work.h"
#include "daemon/mail_in.h"
#include "daemon/mail_out.h"
#include "daemon/sweep.h"
#include "os/clock.h"
#include "os/file.h"
#include "services/all.h"
#include "store/chain.h"
#include "store/copy.h"
#include "store/event.h"
#include "store/mail_in.h"
#include "store/outbox.h"
#include "store/promise.h"
#include "store/session.h"
#include "store/setting.h"
#include "web/dispatch.h"
#include "web/session.h"

enum { CUSTOMER = 1, OTHER = 2, OWNER = 1, APPROVER = 2, METTE = 1, JONAS = 2, NTH_MOST = 2000 };
static const struct actor mette = { ROLE_ADMIN, true, METTE, 0, "Mette" };
static const struct actor karen = { ROLE_OWNER, false, OWNER, CUSTOMER, "Karen" };
static struct catalogue catalogue;
static const struct promise_book book = { &catalogue, service_all, "https://desk.example" };

struct world {
	struct store_case *s;
	int64_t now, ticket, second, message, agreement, draft, sent, need, entry, mail;
	uint8_t session[32];
};

/* ---- all that a database holds, as one number */

static void sum_sqlite(const char *path, crypto_generichash_state *h)
{
	sqlite3_stmt *names, *rows;
	sqlite3 *db;
	char q[300];

	CHECK_INT(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	CHECK_INT(sqlite3_prepare_v2(db, "SELECT name FROM sqlite_master WHERE type='table' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name", -1, &names, NULL), SQLITE_OK);
	while (sqlite3_step(names) == SQLITE_ROW) {
		crypto_generichash_update(h, sqlite3_column_text(names, 0), (unsigned long long)sqlite3_column_bytes(names, 0) + 1);
		snprintf(q, sizeof q, "SELECT * FROM \"%s\"", (const char *)sqlite3_column_text(names, 0));
		CHECK_INT(sqlite3_prepare_v2(db, q, -1, &rows, NULL), SQLITE_OK);
		while (sqlite3_step(rows) == SQLITE_ROW)
			for (int i = 0; i < sqlite3_column_count(rows); i++) {
				int n = sqlite3_column_type(rows, i) == SQLITE_NULL ? -1 : sqlite3_column_bytes(rows, i);

				crypto_generichash_update(h, (const uint8_t *)&n, sizeof n);
				if (n > 0)
					crypto_generichash_update(h, sqlite3_column_blob(rows, i), (unsigned long long)n);
			}
		sqlite3_finalize(rows);
	}
	sqlite3_finalize(names);
	sqlite3_close(db);
}

static void sum_postgres(const char *url, crypto_generichash_state *h)
{
	PGconn *c = PQconnectdb(url);
	PGresult *names = PQexec(c, "SELECT tablename FROM pg_tables WHERE schemaname=current_schema() ORDER BY 1");
	char q[400];

	CHECK(PQntuples(names) > 20);
	for (int i = 0; i < PQntuples(names); i++) {
		PGresult *r;

		snprintf(q, sizeof q, "SELECT md5(coalesce(string_agg(x::text,'|' ORDER BY x::text),'')) FROM \"%s\" x", PQgetvalue(names, i, 0));
		r = PQexec(c, q);
		CHECK(PQntuples(r) == 1);
		crypto_generichash_update(h, (const uint8_t *)PQgetvalue(r, 0, 0), 32);
		PQclear(r);
	}
	PQclear(names);
	PQfinish(c);
}

static struct sum { uint8_t b[32]; } all_of(struct store_case *s)
{
	crypto_generichash_state h;
	struct sum x;

	crypto_generichash_init(&h, NULL, 0, sizeof x.b);
	if (s->kind == DB_SQLITE)
		sum_sqlite(s->path, &h);
	else
		sum_postgres(s->url, &h);
	crypto_generichash_final(&h, x.b, sizeof x.b);
	return x;
}

static bool same(struct sum x, struct sum y) { return memcmp(x.b, y.b, sizeof x.b) == 0; }

/* ---- the operations; each round is a time it succeeds, so nothing in it may be taken already */

struct op { struct world *x; int round; };
#define OP(name) static int name(struct db_conn *w, struct arena *a, void *arg, struct err *e)
#define X struct world *x = ((struct op *)arg)->x; int round = ((struct op *)arg)->round; struct desk d = { &catalogue, "https://desk.example", x->now }
#define Y struct world *x = ((struct op *)arg)->x; struct agreement_do d = { w, a, &catalogue, &mette, x->now, "https://desk.example" }; struct agreement g = { 0 }

OP(add_customer)
{
	X;
	struct customer c = { .name = "Ny", .cvr = round ? "10000017" : "10000025" };

	(void)d;
	return customer_add(w, a, &mette, x->now, &c, e);
}

OP(add_contact)
{
	X;
	struct contact k = { .customer_id = CUSTOMER, .name = "Ny", .email = arena_printf(a, "ny%d@alpha.example", round), .role = "employee" };

	(void)d;
	return contact_add(w, a, &mette, x->now, &k, e);
}

OP(add_staff)
{
	X;
	struct person p = { .login = arena_printf(a, "ny%d", round), .name = "Ny", .role = "technician" };

	(void)d;
	return staff_add(w, a, &mette, x->now, &p, e);
}

OP(create_ticket)
{
	X;
	struct ticket_draft f = { .customer_id = CUSTOMER, .contact_id = OWNER, .subject = "Printeren", .channel = "portal", .text = { .body = "virker ikke" } };
	struct ticket t;

	(void)round;
	return ticket_create(w, a, &d, &karen, &f, &t, e);
}

OP(answer_ticket)
{
	X;
	struct ticket_answer r = { .ticket_id = x->ticket, .channel = "portal", .text = { .body = "Prøv igen" }, .then = round ? "solved" : "waiting_customer" };
	struct message m;

	return ticket_reply(w, a, &d, &mette, &r, &m, e);
}

OP(change_ticket)
{
	X;
	struct ticket t;

	return ticket_change(w, a, &d, &mette, x->ticket, &(struct ticket_change){ .subject = round ? "A" : "B", .priority = round ? "urgent" : "important",
		.set_owner = true, .owner_id = round ? METTE : JONAS }, &t, e);
}

OP(merge_ticket)
{
	X;
	struct ticket t;

	return round ? ticket_split(w, a, &d, &mette, x->ticket, &x->message, 1, "Delt", &t, e) : ticket_merge(w, a, &d, &mette, x->second, x->ticket, &t, e);
}

OP(rate_ticket)
{
	X;
	return round ? ticket_watch(w, a, &d, &mette, x->ticket, "email", 0, "ny@alpha.example", true, e) : ticket_rate(w, a, &d, &karen, x->ticket, 3, "Tak", e);
}

OP(close_solved)
{
	X;
	int n;

	if (round)
		return ticket_link(w, a, &d, &mette, x->ticket, x->second, e);
	return ticket_close_solved(w, a, &d, x->now + MOMENT_DAY, &n, e);
}

OP(draft)
{
	Y;
	struct agreement_want want = { "telephony", NULL };
	struct agreement_input in = { .customer_id = CUSTOMER, .valid_from_day = day_from(2027, 1, 1), .valid_to_day = INT32_MAX, .items = &want, .nitems = 1 };

	return agreement_draft(&d, &in, &g, e);
}

OP(send_agreement)
{
	Y;
	(void)g;
	return ((struct op *)arg)->round ? agreement_take_back(&d, x->draft, e) : agreement_send(&d, x->draft, e);
}

OP(accept_agreement)
{
	Y;
	struct agreement_yes yes = { .contact_id = OWNER, .via = "paper" };

	if (((struct op *)arg)->round)
		return agreement_end(&d, x->sent, day_from(2027, 12, 31), e);
	(void)g;
	return agreement_accept(&d, x->sent, &yes, e);
}

OP(supersede_agreement)
{
	Y;
	return agreement_supersede(&d, x->agreement, &g, e);
}

OP(write_time)
{
	X;
	struct work_in in = { .ticket_id = x->ticket, .activity = "remote", .started_at = x->now - (round + 2) * MOMENT_HOUR, .minutes = round ? 30 : 200, .note = "Gjort",
		.origin = "https://desk.example" };
	struct time_entry t;

	(void)d;
	return work_log(w, a, &mette, &in, x->now, &t, e);
}

OP(change_time)
{
	X;
	struct work_in in = { .ticket_id = x->ticket, .activity = "visit", .started_at = x->now - 9 * MOMENT_HOUR, .minutes = 40, .drive_out = 50, .drive_home = 20, .note = "" };
	struct time_entry t;

	(void)d;
	return round ? work_remove(w, a, &mette, x->entry, x->now, e) : work_change(w, a, &mette, x->entry, &in, x->now, &t, e);
}

OP(run_timer)
{
	X;
	(void)d;
	return round ? work_timer_drop(w, a, &mette, x->now + MOMENT_HOUR, e) : work_timer_start(w, a, &mette, x->ticket, x->now, e);
}

OP(buy_hours)
{
	X;
	struct hour_purchase p = { .customer_id = CUSTOMER, .minutes = 600, .price_ore = 900000, .bought_day = day_of(x->now), .expires_day = day_of(x->now) + 300, .note = "" };

	(void)d, (void)round;
	return purchase_add(w, a, &mette, &p, x->now, e);
}

OP(close_month)
{
	X;
	struct statement s;
	int n;

	(void)d;
	return work_close(w, a, &mette, CUSTOMER, month_from(2026, round ? 10 : 9), x->now, &s, &n, e);
}

OP(attest)
{
	X;
	int64_t id;

	(void)d, (void)round;
	return promise_attest(w, a, &mette, CUSTOMER, "backup.restore", "Set med egne øjne", x->now + 30 * MOMENT_DAY, x->now, &id, e);
}

OP(ask_for_hours)
{
	X;
	(void)d;
	return round ? bank_accept(w, a, &karen, month_of(x->now), x->now, e) : bank_ask(w, a, &mette, CUSTOMER, month_of(x->now), "", x->now, e);
}

OP(queue_mail)
{
	X;
	struct outmail m = { .created_at = x->now, .kind = "reply", .ticket_id = x->ticket, .customer_id = CUSTOMER, .recipient = "k@alpha.example", .subject = "s", .body = "b" };

	(void)d, (void)round;
	return outbox_add(w, a, &m, e);
}

OP(settle_mail)
{
	X;
	(void)d, (void)a;
	return round ? outbox_sent(w, x->mail, x->now, e) : outbox_failed(w, x->mail, x->now, false, "421 later", e);
}

OP(take_mail)
{
	X;
	struct mail_in m = { .received_at = x->now, .sha256 = round ? "aa" : "bb", .sender = "k@alpha.example", .recipients = "desk@desk.example" };
	bool again;

	(void)d, (void)a;
	return store_mail_in_add(w, &m, &again, e);
}

OP(begin_session)
{
	X;
	struct session s = { .who_kind = "person", .who_id = METTE, .csrf = "00", .created_at = x->now, .seen_at = x->now, .expires_at = x->now + MOMENT_HOUR, .address = "::1", .agent = "" };

	(void)d, (void)a;
	randombytes_buf(s.hash, sizeof s.hash);
	return session_sweep(w, x->now, e) || session_add(w, &s, e) || signin_log_add(w, x->now, "person", METTE, "mette", "::1", "", round ? "a" : "b", e) ? -1 : 0;
}

OP(use_link)
{
	X;
	uint8_t hash[32] = { (uint8_t)(1 + round) };
	int64_t customer, contact;

	(void)d, (void)a;
	return signin_link_add(w, hash, CUSTOMER, OWNER, x->now, x->now + MOMENT_HOUR, e) || signin_link_use(w, hash, x->now, &customer, &contact, e) ? -1 : 0;
}

OP(set_setting)
{
	X;
	(void)d, (void)x, (void)a;
	return setting_set(w, "provider.name", round ? "A" : "B", e);
}

static const struct { const char *name; db_job *job; } ops[] = {
	{ "a customer", add_customer }, { "a contact", add_contact }, { "a technician", add_staff }, { "a ticket", create_ticket },
	{ "a change of it", change_ticket }, { "an answer", answer_ticket }, { "merge, split", merge_ticket }, { "rate, watch", rate_ticket },
	{ "close what is solved, link", close_solved },
	{ "a draft", draft }, { "an agreement sent, taken back", send_agreement }, { "accepted, ended", accept_agreement }, { "superseded", supersede_agreement },
	{ "the stopwatch", run_timer }, { "time", write_time }, { "time changed, removed", change_time }, { "bought hours", buy_hours },
	{ "asking for more hours", ask_for_hours }, { "a month closed", close_month }, { "somebody vouches", attest }, { "a mail queued", queue_mail },
	{ "a mail sent", settle_mail }, { "a mail taken", take_mail }, { "a session", begin_session }, { "a sign-in link", use_link }, { "a setting", set_setting },
};

/* ---- the world */

static int agree(struct db_conn *w, struct arena *a, struct world *x, const char *const *services, int n, int32_t from, bool accept, int64_t *id, struct err *e)
{
	struct agreement_do d = { w, a, &catalogue, &mette, x->now - 80 * MOMENT_DAY, "" };
	struct agreement_want want[4] = { { 0 } };
	struct agreement_input in = { .customer_id = CUSTOMER, .valid_from_day = from, .valid_to_day = INT32_MAX, .items = want, .nitems = n };
	struct agreement_yes yes = { .contact_id = OWNER, .via = "paper" };
	json_t *terms = json_pack("{s:s}", "overuse", "stop_and_ask");
	struct agreement g = { 0 };
	int rc;

	for (int i = 0; i < n; i++)
		want[i] = (struct agreement_want){ services[i], strcmp(services[i], "service-agreement") == 0 ? terms : NULL };
	rc = agreement_draft(&d, &in, &g, e) || (accept && agreement_accept(&d, g.id, &yes, e)) ? -1 : 0;
	json_decref(terms);
	*id = g.id;
	return rc;
}

static int world_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	static const char *const now[] = { "service-agreement", "support", "backup" }, *const soon[] = { "hosting" }, *const later[] = { "network" };
	struct world *x = arg;
	struct desk d = { &catalogue, "", x->now - MOMENT_HOUR };
	struct ticket_draft f = { .customer_id = CUSTOMER, .contact_id = OWNER, .subject = "En", .channel = "portal", .text = { .body = "noget" } };
	struct ticket_answer r = { .channel = "portal", .text = { .body = "mere" } };
	struct work_in in = { .activity = "remote", .started_at = x->now - 70 * MOMENT_DAY, .minutes = 45, .note = "" };
	struct outmail mail = { .created_at = x->now, .kind = "reply", .recipient = "k@alpha.example", .subject = "s", .body = "b" };
	struct time_entry entry;
	struct message m;
	struct ticket t;

	if (agree(w, a, x, now, 3, day_from(2026, 8, 1), true, &x->agreement, e) != 0 || agree(w, a, x, soon, 1, day_from(2027, 1, 1), false, &x->draft, e) != 0 ||
		agree(w, a, x, later, 1, day_from(2027, 1, 1), false, &x->sent, e) != 0 || ticket_create(w, a, &d, &karen, &f, &t, e) != 0)
		return -1;
	x->ticket = r.ticket_id = in.ticket_id = t.id;
	if (ticket_reply(w, a, &d, &mette, &r, &m, e) != 0 || ticket_create(w, a, &d, &karen, &f, &t, e) != 0)
		return -1;
	x->message = m.id;
	x->second = t.id;
	if (work_log(w, a, &mette, &in, x->now, &entry, e) != 0)
		return -1;
	in.started_at = x->now - 2 * MOMENT_DAY;
	if (work_log(w, a, &mette, &in, x->now, &entry, e) != 0 || outbox_add(w, a, &mail, e) != 0)
		return -1;
	x->entry = entry.id;
	x->mail = mail.id;
	return 0;
}

static struct world world(struct store_case *s)
{
	struct world x = { .s = s, .now = moment_from_local(2026, 11, 24, 10, 0, 0) };
	struct err e = { 0 };

	store_case_sql(s, "INSERT INTO setting(key,value) VALUES('desk.from','Desk <desk@desk.example>')");
	store_case_sql(s, "INSERT INTO person(login,name,email,role,created_at) VALUES('mette','Mette','mette@desk.example','admin',1),('jonas','Jonas','j@desk.example','technician',1)");
	store_case_sql(s, "INSERT INTO customer(name,cvr,created_at) VALUES('Alpha','10000009',1),('Beta','20000000',1)");
	store_case_sql(s, "INSERT INTO contact(customer_id,name,email,role,created_at) VALUES(1,'Karen','karen@alpha.example','owner',1),(1,'Anders','a@alpha.example','approver',1)");
	if (db_write(s->db, world_job, &x, &e) != 0)
		fail_msg("%s %s %s", err_name(e.id), e.field, e.detail);
	return x;
}

/* ---- the loops */

static void test_operations(void **state)
{
	struct store_case *s = *state;
	struct world x = world(s);
	int fds, tried = 0;

	for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
		fds = -1;
		for (int round = 0; round <= 1; round++) {
			int rc = -1, nth, fired;

			for (nth = 1; rc != 0 && nth < NTH_MOST; nth++, tried++) {
				struct op o = { &x, round };
				struct sum before = all_of(s);
				struct err e = { 0 };

				fault_arm(nth, round);
				rc = db_write(s->db, ops[i].job, &o, &e);
				fired = fault_fired();
				fault_arm(-1, 0);
				if (rc == 0 ? fired : !fired || e.id == E_NONE || e.id == E_BUG || !e.detail[0])
					fail_msg("%s, round %d, call %d: %d %s %s", ops[i].name, round, nth, rc, err_name(e.id), e.detail);
				if (same(before, all_of(s)) != (rc != 0))
					fail_msg("%s, round %d, call %d: half of it is there", ops[i].name, round, nth);
				if (fds >= 0 && t_entries("/proc/self/fd") > fds)
					fail_msg("%s, round %d, call %d: something is left open", ops[i].name, round, nth);
				fds = t_entries("/proc/self/fd") > fds ? t_entries("/proc/self/fd") : fds;
			}
			if (rc != 0 || nth < 3)
				fail_msg("%s, round %d: %d calls", ops[i].name, round, nth);
		}
	}
	CHECK(tried > 300);
}

/* What goes on in several transactions is finished by the next call, and comes out as if nothing had failed. */
static void test_sweep(void **state)
{
	struct store_case *s = *state, *control = store_case_open(s->kind);
	struct world x = world(s), y = world(control);
	static const char *const told[] = { "SELECT count(*) FROM promise_state", "SELECT count(*) FROM ticket", "SELECT count(*) FROM need", "SELECT count(*) FROM outbox",
		"SELECT count(*) FROM event", "SELECT coalesce(sum(since_at),0) FROM promise_state" };
	bool more = true;
	struct err e = { 0 };

	(void)y;
	for (int part = 1; part <= 2; part++)
		for (more = true; more; )
			CHECK_INT(promise_sweep(control->db, &book, x.now + part * 30 * MOMENT_DAY, &more, &e), 0);
	CHECK_INT(promise_remind(control->db, &book, x.now + 60 * MOMENT_DAY, &e), 0);
	for (int keep = 0; keep <= 1; keep++) {
		int64_t to = x.now + (keep ? 60 : 30) * MOMENT_DAY;
		int nth = 1, step = 1;

		for (more = true; more && nth < NTH_MOST; nth += step) {
			int rc;

			fault_arm(nth, keep);
			rc = promise_sweep(s->db, &book, to, &more, &e);
			CHECK_ROW(nth, rc == 0 || (fault_fired() && e.id != E_NONE && e.id != E_BUG));
			step = nth > 60 ? 13 : 1;
			more = more || rc != 0 || fault_fired();
			fault_arm(-1, 0);
		}
		CHECK(!more);
	}
	CHECK_INT(promise_remind(s->db, &book, x.now + 60 * MOMENT_DAY, &e), 0);
	for (size_t i = 0; i < sizeof told / sizeof *told; i++)
		if (store_case_count(s, told[i]) != store_case_count(control, told[i]))
			fail_msg("%s: %" PRId64 ", and %" PRId64 " when nothing fails", told[i], store_case_count(s, told[i]), store_case_count(control, told[i]));
	CHECK(store_case_count(s, "SELECT count(*) FROM promise_state") > 5);
	store_case_close(control);
}

/* More customers than one transaction takes: a sweep can stop with some of them written and no mark. */
enum { MANY = 70 };

static int many_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct world *x = arg;

	for (int i = 0; i < MANY; i++) {
		int64_t customer = 100 + i, at = x->now + i * MOMENT_MINUTE;
		struct event ev = { .at = x->now - MOMENT_DAY, .actor_kind = "system", .customer_id = customer, .object = "agreement", .object_id = customer,
			.kind = "agreement.accepted", .data = "{}" };
		struct desk d = { &catalogue, "", at };
		struct ticket_draft f = { .customer_id = customer, .subject = "Server", .type = "incident", .priority = "urgent", .channel = "phone",
			.text = { .body = "nede" } };
		const char *q[] = {
			arena_printf(a, "INSERT INTO customer(id,name,cvr,created_at) VALUES(%" PRId64 ",'Nr %d','3%07d',1)", customer, i, i),
			arena_printf(a, "INSERT INTO agreement(id,customer_id,number,state,lang,valid_from_day,created_at,created_by,accepted_at,accepted_contact_id) "
				"VALUES(%" PRId64 ",%" PRId64 ",'%" PRId64 "-1','accepted','da',%d,1,1,%" PRId64 ",1)", customer, customer, customer, day_from(2026, 11, 1), ev.at),
			arena_printf(a, "INSERT INTO agreement_item(customer_id,agreement_id,service,catalogue_version,terms) VALUES(%" PRId64 ",%" PRId64 ",'support',1,'{}')",
				customer, customer) };
		struct ticket_answer r = { .channel = "portal", .text = { .body = "oppe" }, .then = "solved" };
		struct message m;
		struct ticket t;

		for (int k = 0; k < 3; k++)
			if (db_run(w, &(struct db_sql){ q[k], NULL }, DB_NONE, NULL, e) != 0)
				return -1;
		if (event_add(w, a, &ev, e) != 0 || ticket_create(w, a, &d, &mette, &f, &t, e) != 0)
			return -1;
		r.ticket_id = t.id;
		d.now += (i % 3 + 1) * 40 * MOMENT_MINUTE;      /* in time, at risk, too late */
		if (ticket_reply(w, a, &d, &mette, &r, &m, e) != 0)
			return -1;
	}
	return 0;
}

static void many(struct store_case *s, struct world *x)
{
	struct err e = { 0 };

	*x = world(s);
	if (db_write(s->db, many_job, x, &e) != 0)
		fail_msg("%s %s %s", err_name(e.id), e.field, e.detail);
}

static const char *ledger_of(struct store_case *s, int64_t customer)
{
	struct promise_row *r;
	struct err e = { 0 };
	struct db_conn *c;
	struct buf b;
	int n;

	arena_reset(s->a);
	buf_init(&b, s->a, 1 << 20);
	CHECK_INT(db_read_begin(s->db, &c, &e), 0);
	CHECK_INT(store_promise_history(c, s->a, customer, NULL, 0, 1000, &r, &n, &e), 0);
	db_read_end(c);
	for (int i = 0; i < n; i++)
		buf_printf(&b, "%s %s %" PRId64 "-%" PRId64 " %" PRId64 " %s %s %d\n", r[i].promise, r[i].state, r[i].since_at, r[i].until_at, r[i].check_at, r[i].reasons,
			r[i].evidence, r[i].ticket_id != 0);
	return buf_text(&b);
}

static void test_sweep_of_many(void **state)
{
	static const char marked[] = "SELECT coalesce(max(value),0) FROM counter WHERE name='promises.swept_at'";
	static const char *const told[] = { "SELECT count(*) FROM promise_state", "SELECT count(*) FROM event", "SELECT count(*) FROM ticket",
		"SELECT count(*) FROM message", "SELECT count(*) FROM outbox" };
	struct store_case *s = *state, *control = store_case_open(s->kind);
	int64_t between = 0;
	bool more = true;
	struct world x;
	struct err e = { 0 };

	many(control, &x);
	many(s, &x);
	for (int part = 1; part <= 2; part++)
		for (more = true; more; )
			CHECK_INT(promise_sweep(control->db, &book, x.now + part * 12 * MOMENT_HOUR, &more, &e), 0);
	for (int keep = 0; keep <= 1; keep++) {
		int nth = 1;

		for (more = true; more && nth < 20 * NTH_MOST; nth += nth / 32 + 1) {
			int64_t to = x.now + (keep + 1) * 12 * MOMENT_HOUR, before = store_case_count(s, told[0]), mark = store_case_count(s, marked);
			int rc;

			fault_arm(nth, keep);
			rc = promise_sweep(s->db, &book, to, &more, &e);
			CHECK_ROW(nth, rc == 0 || (fault_fired() && e.id != E_NONE && e.id != E_BUG));
			more = more || rc != 0 || fault_fired();
			fault_arm(-1, 0);
			between += store_case_count(s, told[0]) != before && store_case_count(s, marked) == mark;
		}
		CHECK(!more);
	}
	CHECK(between > 0);                             /* it did stop between its rows and its mark */
	for (size_t i = 0; i < sizeof told / sizeof *told; i++)
		if (store_case_count(s, told[i]) != store_case_count(control, told[i]))
			fail_msg("%s: %" PRId64 ", and %" PRId64 " when nothing fails", told[i], store_case_count(s, told[i]), store_case_count(control, told[i]));
	for (int64_t customer = 100; customer < 100 + MANY; customer++)
		CHECK_STR(ledger_of(s, customer), ledger_of(control, customer));
	store_case_close(control);
}

static void test_probes(void **state)
{
	struct store_case *s = *state;
	struct err e = { 0 };
	char path[200];
	int n, lines = 0;

	snprintf(path, sizeof path, "%s/run", s->dir);
	CHECK_INT(mkdir(path, 0700), 0);
	snprintf(path, sizeof path, "%s/run/probe-2026-11.jsonl", s->dir);
	for (int keep = 0; keep <= 1; keep++) {
		int rc = -1, nth;

		for (int i = 0; i < 5; i++) {
			char line[100];
			int k = snprintf(line, sizeof line, "{\"at\":%d,\"probe\":\"mail\",\"ok\":true}\n", 1000 + lines++);

			CHECK_INT(os_append_file(path, line, (size_t)k, &e), 0);
		}
		for (nth = 1; rc != 0 && nth < 200; nth++) {
			fault_arm(nth, keep);
			rc = sweep_probes(s->db, s->dir, 1000000, &n, &e);
			CHECK_ROW(nth, rc == 0 ? !fault_fired() : fault_fired() && e.id != E_NONE);
			fault_arm(-1, 0);
		}
		if (rc != 0 || nth <= 3)
			fail_msg("%d after %d: %s %s", rc, nth, err_name(e.id), e.detail);
		CHECK_INT(store_case_count(s, "SELECT count(*) FROM probe_result"), lines);
	}
}

struct copying { struct db_conn *from; struct copy_report r; };

static int copy_job(struct db_conn *w, struct arena *a, void *arg, struct err *e) { return copy_all(((struct copying *)arg)->from, w, &((struct copying *)arg)->r, e); }

/* move-db: the other side holds all of it or nothing, and the first is not touched. */
static void test_move(void **state)
{
	struct store_case *s = *state;
	struct sum here;
	int nth = 1, rc;

	world(s);
	here = all_of(s);
	for (int keep = 0; keep <= 1; keep++) {
		struct store_case *to = store_case_open(DB_SQLITE);
		struct sum empty = all_of(to);

		for (nth = 1, rc = -1; rc != 0 && nth < NTH_MOST; nth += nth > 100 ? 17 : 1) {
			struct copying k = { 0 };
			struct err e = { 0 };

			CHECK_INT(db_read_begin(s->db, &k.from, &e), 0);
			fault_arm(nth, keep);
			rc = db_write(to->db, copy_job, &k, &e);
			CHECK_ROW(nth, rc == 0 ? !fault_fired() : fault_fired() && e.id != E_NONE && e.id != E_BUG);
			fault_arm(-1, 0);
			db_read_end(k.from);
			CHECK_ROW(nth, same(empty, all_of(to)) == (rc != 0));
		}
		CHECK(rc == 0 && nth > 50 && same(here, all_of(s)));
		store_case_close(to);
	}
}

/* Signing in through the web floor: a session is there when, and only when, the browser is given its cookie. */
static void test_sign_in(void **state)
{
	struct store_case *s = *state;
	struct world x = world(s);
	struct web_app app = { .db = s->db, .origin = "" };

	for (int keep = 0; keep <= 1; keep++) {
		int rc = -1, nth;

		for (nth = 1; rc != 0 && nth < 200; nth++) {
			struct arena *a = arena_begin(8 << 20);
			struct http_request rq = { .a = a, .method = "POST", .path = "/login", .query = "" };
			struct http_response rs = { 0 };
			struct web w = { .a = a, .app = &app, .rq = &rq, .rs = &rs, .now = x.now, .own = ARENA_NEW(a, struct web_own) };
			int64_t sessions = store_case_count(s, "SELECT count(*) FROM session"), log = store_case_count(s, "SELECT count(*) FROM signin_log");
			struct err e = { 0 };

			fault_arm(nth, keep);
			rc = web_sign_in(&w, &(struct web_signer){ .person = true, .id = METTE, .name = "mette", .outcome = "ok" }, &e);
			fault_arm(-1, 0);
			CHECK_ROW(nth, rc == 0 || (e.id != E_NONE && e.id != E_BUG));
			CHECK_ROW(nth, rs.nheaders == 1 || rc != 0);
			CHECK_ROW(nth, store_case_count(s, "SELECT count(*) FROM session") == sessions + rs.nheaders && store_case_count(s, "SELECT count(*) FROM signin_log") == log + rs.nheaders);
			db_read_end(w.db);
			arena_end(a);
		}
		CHECK(rc == 0 && nth > 3);
	}
}

/* ---- the mail jobs */

static void ignore(void *arg, const char *what) { }

static bool wait_for(struct store_case *s, const char *what, int64_t n, bool or_fault)
{
	for (int i = 0; i < (or_fault ? 1000 : 12000); i++) {
		if (store_case_count(s, what) >= n)
			return true;
		if (or_fault && fault_fired_others()) {
			usleep(30000);
			return false;
		}
		usleep(5000);
	}
	return false;
}

static void one_go(const struct app_job *job, const struct job_env *env, struct store_case *s, const char *what, int64_t n, bool or_fault)
{
	struct err e = { 0 };
	void *at;

	CHECK_INT(job->begin(env, &at, &e), 0);
	job->wake(at);
	wait_for(s, what, n, or_fault);
	job->end(at);
}

static int arrive_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	bool again;

	return store_mail_in_add(w, arg, &again, e);
}

static void test_mail_in(void **state)
{
	struct store_case *s = *state;
	char socket_path[128], raw[400], hex[65];
	struct web_app app = { .db = s->db, .catalogue = &catalogue, .origin = "", .wake = ignore, .blobs = { s->dir } };
	struct job_env env = { .web = &app, .conv_socket = socket_path };
	int64_t mails = 0;
	pid_t conv;
	int status;

	world(s);
	snprintf(socket_path, sizeof socket_path, "%s/conv.sock", s->dir);
	conv = fork();
	if (conv == 0) {
		execl(CONV_PROGRAM, "pedel-conv", "--serve", socket_path, (char *)NULL);
		_exit(127);
	}
	for (int i = 0; i < 500 && access(socket_path, F_OK) != 0; i++)
		usleep(20000);
	for (int keep = 0; keep <= 1; keep++) {
		bool fired = true;
		int nth;

		for (nth = 1; fired && nth < 400; nth += nth > 40 ? 7 : 1) {
			struct mail_in m = { .received_at = 1, .sender = "karen@alpha.example", .recipients = "desk@desk.example" };
			char done[200], text[200];
			struct err e = { 0 };

			snprintf(raw, sizeof raw, "From: Karen <karen@alpha.example>\r\nTo: desk@desk.example\r\nSubject: nr %d-%d\r\nMessage-ID: <m%d-%d@alpha.example>\r\n\r\nHej\r\n", keep, nth, keep, nth);
			CHECK_INT(blob_put(&app.blobs, raw, strlen(raw), hex, &e), 0);
			m.sha256 = hex;
			CHECK_INT(db_write(s->db, arrive_job, &m, &e), 0);
			mails++;
			snprintf(done, sizeof done, "SELECT count(*) FROM mail_in WHERE state<>'waiting'");
			fault_arm_others(nth, keep);
			one_go(&mail_in_job, &env, s, done, mails, true);
			fired = fault_fired_others() != 0;
			fault_arm_others(-1, 0);
			one_go(&mail_in_job, &env, s, done, mails, false);
			CHECK_ROW(nth, store_case_count(s, done) == mails);
			snprintf(text, sizeof text, "SELECT count(*) FROM ticket WHERE subject='nr %d-%d' AND customer_id=1", keep, nth);
			CHECK_ROW(nth, store_case_count(s, text) == 1);
		}
		CHECK(!fired && nth > 15);
	}
	CHECK_INT(store_case_count(s, "SELECT count(*) FROM message WHERE channel='mail'"), mails);
	kill(conv, SIGTERM);
	waitpid(conv, &status, 0);
}

/* A mail server that takes everything, one connection after the other; counts what it took. */
struct taker { int fd; atomic_int mails; };

static void talk(struct taker *t, int fd)
{
	char line[2000];
	bool data = false;
	FILE *f = fdopen(fd, "r+");

	setvbuf(f, NULL, _IONBF, 0);
	fputs("220 x\r\n", f);
	while (fgets(line, sizeof line, f)) {
		if (data) {
			data = strcmp(line, ".\r\n") != 0;
			if (!data) {
				t->mails++;
				fputs("250 taken\r\n", f);
			}
		} else if (strncasecmp(line, "DATA", 4) == 0) {
			data = true;
			fputs("354 go\r\n", f);
		} else if (strncasecmp(line, "QUIT", 4) == 0) {
			fputs("221 bye\r\n", f);
			break;
		} else {
			fputs("250 ok\r\n", f);
		}
	}
	fclose(f);
}

static void *taker_main(void *arg)
{
	struct taker *t = arg;

	for (;;) {
		int fd = accept(t->fd, NULL, NULL);

		if (fd < 0)
			return NULL;
		talk(t, fd);
	}
}

static void test_mail_out(void **state)
{
	struct store_case *s = *state;
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct web_app app = { .db = s->db, .catalogue = &catalogue, .origin = "", .wake = ignore, .blobs = { s->dir } };
	struct taker t = { .fd = socket(AF_INET, SOCK_STREAM, 0) };
	static const char sent[] = "SELECT count(*) FROM outbox WHERE state='sent'";
	socklen_t n = sizeof in;
	char server[40];
	struct job_env env = { .web = &app, .smtp = server };
	struct world x = world(s);
	int64_t mails;
	pthread_t thread;

	CHECK(bind(t.fd, (struct sockaddr *)&in, sizeof in) == 0 && listen(t.fd, 10) == 0 && getsockname(t.fd, (struct sockaddr *)&in, &n) == 0);
	snprintf(server, sizeof server, "127.0.0.1:%d", ntohs(in.sin_port));
	CHECK_INT(pthread_create(&thread, NULL, taker_main, &t), 0);
	store_case_sql(s, "UPDATE outbox SET next_at=0");
	mails = store_case_count(s, "SELECT count(*) FROM outbox");
	one_go(&mail_out_job, &env, s, sent, mails, false);
	CHECK_INT(store_case_count(s, sent), mails);
	for (int keep = 0; keep <= 1; keep++) {
		bool fired = true;
		int nth;

		for (nth = 1; fired && nth < 100; nth++) {
			struct op o = { &x, 0 };
			struct err e = { 0 };

			CHECK_INT(db_write(s->db, queue_mail, &o, &e), 0);
			store_case_sql(s, "UPDATE outbox SET next_at=0 WHERE state<>'sent'");
			mails++;
			fault_arm_others(nth, keep);
			one_go(&mail_out_job, &env, s, sent, mails, true);
			fired = fault_fired_others() != 0;
			fault_arm_others(-1, 0);
			CHECK_ROW(nth, store_case_count(s, "SELECT count(*) FROM outbox WHERE state NOT IN ('sent','waiting')") == 0);     /* nothing is given up for our own faults */
			store_case_sql(s, "UPDATE outbox SET next_at=0 WHERE state<>'sent'");
			one_go(&mail_out_job, &env, s, sent, mails, false);
			CHECK_ROW(nth, store_case_count(s, sent) == mails);
		}
		CHECK(!fired && nth > 5);
	}
	shutdown(t.fd, SHUT_RDWR);
	close(t.fd);
	pthread_join(thread, NULL);
	CHECK(t.mails >= mails);
}

int main(void)
{
	static const struct store_test tests[] = { STORE_TEST(test_operations), STORE_TEST(test_sweep), STORE_TEST(test_sweep_of_many), STORE_TEST(test_probes), STORE_TEST(test_move),
		STORE_TEST(test_sign_in), STORE_TEST(test_mail_in), STORE_TEST(test_mail_out) };
	struct arena *a = arena_begin(64 << 20);
	struct err e = { 0 };
	int rc;

	moment_zone();
	signal(SIGPIPE, SIG_IGN);
	if (sodium_init() < 0 || catalogue_load(a, NULL, &catalogue, &e) != 0)
		return 1;
	rc = store_tests_run(tests, (int)(sizeof tests / sizeof *tests));
	arena_end(a);
	return rc;
}
