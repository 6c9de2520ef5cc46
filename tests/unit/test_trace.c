/* What a read asked, asked again: it is the same exactly when the read would be, and what was written between two marks is known
 * only when nobody else wrote. */
#include "store_case.h"
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include "base/fault.h"
#include "base/moment.h"
#include "store/db_trace.h"

#define NOW INT64_C(1790000000123456)

/* What the "page" does: everything a read can do, cursors inside cursors too. */
static void page(struct db_conn *c, struct arena *a, int64_t at)
{
	static const struct db_sql outer = { "SELECT key,value FROM setting WHERE key LIKE ?1 ORDER BY key", NULL };
	static const struct db_sql inner = { "SELECT count(*) FROM person WHERE name=?1", NULL };
	static const struct db_sql plain = { "SELECT id,name,role,password_hash,totp_sealed FROM person ORDER BY id", NULL };
	struct db_cur *cur;
	struct err e;
	int64_t n;
	int rc;

	CHECK_INT(db_query(c, &outer, DB(DB_TEXT("t.%")), &cur, &e), 0);
	while ((rc = db_next(cur, &e)) > 0) {
		const char *name = db_text(cur, 1, a);

		CHECK_INT(db_id(c, &inner, DB(DB_TEXT(name)), &n, &e), 0);
		db_text(cur, 0, a);
	}
	CHECK_INT(rc, 0);
	db_done(cur);
	CHECK_INT(db_query(c, &plain, DB_NONE, &cur, &e), 0);
	while ((rc = db_next(cur, &e)) > 0) {                   /* the role is not looked at */
		db_int(cur, 0);
		db_text(cur, 1, a);
		db_null(cur, 3);
		db_bytes(cur, 4, a);
	}
	db_done(cur);
	if (at) {
		static const struct db_sql q = { "SELECT id FROM outbox WHERE created_at<?1", NULL };

		CHECK_INT(db_query(c, &q, DB(DB_INT(at)), &cur, &e), 0);
		while (db_next(cur, &e) > 0)
			db_int(cur, 0);
		db_done(cur);
	}
}

static struct db_trace traced(struct store_case *s, int64_t at, struct db_mark *mark)
{
	struct db_trace t;
	struct db_conn *c;
	struct err e;

	CHECK_INT(db_read_begin(s->db, &c, &e), 0);
	db_mark_begin(c, mark);
	db_trace_begin(c);
	page(c, s->a, at);
	db_trace_end(c, &t);
	CHECK(t.p && t.n > 0);
	t.p = arena_copy(s->a, t.p, t.n);
	db_read_end(c);
	return t;
}

static bool same(struct store_case *s, const struct db_trace *t, const struct db_mark *from, bool *known, bool *met)
{
	struct db_tables written = { { 0 } };
	struct db_conn *c;
	struct db_mark to;
	struct err e;
	int64_t n;
	bool is;

	CHECK_INT(db_read_begin(s->db, &c, &e), 0);
	db_mark_begin(c, &to);
	*known = db_mark_between(s->db, from, &to, &written);
	*met = !*known || db_trace_meets(t, &written);
	is = db_trace_same(c, s->a, t, *known ? &written : NULL);
	/* the connection is as good as before */
	CHECK_INT(db_id(c, &(struct db_sql){ "SELECT count(*) FROM person", NULL }, DB_NONE, &n, &e), 0);
	db_read_end(c);
	return is;
}

static const char *const first[] = {
	"INSERT INTO setting(key,value) VALUES('t.a','Anna'),('t.b','Bo')",
	"INSERT INTO person(id,login,name,role,password_hash,active,created_at) VALUES(1,'anna','Anna','admin',NULL,1,1),(2,'bo','Bo','admin','',1,1)",
};

static void test_same_or_not(void **state)
{
	static const struct { const char *sql; bool met, same, same_dated; } rows[] = {
		{ "INSERT INTO counter(name,value) VALUES('c',1) ON CONFLICT(name) DO UPDATE SET value=counter.value+1", false, true, true },                         /* no table of ours */
		{ "INSERT INTO setting(key,value) VALUES('other','x')", true, true, true },
		{ "INSERT INTO setting(key,value) VALUES('u.c','Carl')", true, true, true },     /* not among the rows */
		{ "UPDATE person SET role='technician' WHERE id=2", true, true, true },          /* a column nobody looked at */
		{ "INSERT INTO setting(key,value) VALUES('t.c','')", true, false, false },
		{ "DELETE FROM setting WHERE key='t.c'", true, true, true },
		{ "UPDATE setting SET value='Bodil' WHERE key='t.b'", true, false, false },
		{ "UPDATE setting SET value='Bo' WHERE key='t.b'", true, true, true },
		{ "UPDATE person SET password_hash='' WHERE id=1", true, false, false },         /* NULL and empty are two things */
		{ "UPDATE person SET password_hash=NULL WHERE id=1", true, true, true },
		{ "UPDATE person SET name='Annai' WHERE id=1", true, false, false },
		{ "UPDATE person SET name='Anna' WHERE id=1", true, true, true },
		{ "INSERT INTO outbox(created_at,kind,sender,recipient,message_id,subject,body,next_at) VALUES(9000000000000000,'x','','','m1','','',0)", false, true, false },                        /* asked with the time: never again with the old one */
	};
	struct store_case *s = *state;
	struct db_trace t, dated;
	struct db_mark mark;
	bool known, met;

	for (size_t i = 0; i < sizeof first / sizeof *first; i++)
		store_case_sql(s, first[i]);
	t = traced(s, 0, &mark);
	dated = traced(s, NOW, &mark);
	CHECK(dated.n > t.n);
	CHECK(same(s, &t, &mark, &known, &met) && known && !met);
	CHECK(same(s, &dated, &mark, &known, &met) && known && !met);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct db_mark before;
		bool is;

		traced(s, 0, &before);
		store_case_sql(s, rows[i].sql);
		is = same(s, &t, &before, &known, &met);
		CHECK_ROW(i, is == rows[i].same);
		CHECK_ROW(i, met == rows[i].met);
		CHECK_ROW(i, known);
		is = same(s, &dated, &before, &known, &met);
		CHECK_ROW(i, is == rows[i].same_dated);
	}
	/* whole minutes do not turn before the page's end, ids are no moments */
	dated = traced(s, NOW - NOW % MOMENT_MINUTE, &mark);
	store_case_sql(s, "INSERT INTO outbox(created_at,kind,sender,recipient,message_id,subject,body,next_at) VALUES(9000000000000000,'x','','','m2','','',0)");
	CHECK(same(s, &dated, &mark, &known, &met));
	dated = traced(s, 1 << 30, &mark);
	store_case_sql(s, "INSERT INTO outbox(created_at,kind,sender,recipient,message_id,subject,body,next_at) VALUES(9000000000000000,'x','','','m3','','',0)");
	CHECK(same(s, &dated, &mark, &known, &met));
}

/* What cannot be asked is not the same: whichever question fails, at its first row or a later one, and with NULL for what was written. */
static void test_a_question_that_fails(void **state)
{
	struct store_case *s = *state;
	struct db_trace t;
	struct db_mark mark;
	struct db_conn *c;
	bool fired = true, is, known, met;
	int nth, least = INT32_MAX;
	struct err e;

	for (size_t i = 0; i < sizeof first / sizeof *first; i++)
		store_case_sql(s, first[i]);
	t = traced(s, 0, &mark);
	for (int keep = 0; keep <= 1; keep++) {
		for (nth = 1, fired = true; fired && nth < 100; nth++) {
			CHECK_INT(db_read_begin(s->db, &c, &e), 0);
			fault_arm(nth, keep);
			is = db_trace_same(c, s->a, &t, NULL);
			fired = fault_fired();
			fault_arm(-1, 0);
			CHECK_ROW(nth, is == !fired);
			db_read_end(c);
			CHECK_ROW(nth, same(s, &t, &mark, &known, &met));      /* and the next read is as if nothing had been */
		}
		least = nth < least ? nth : least;
	}
	CHECK(!fired && least > 10);
}

static int two_jobs(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	if (db_run(w, &(struct db_sql){ "INSERT INTO counter(name,value) VALUES('c',1) ON CONFLICT(name) DO UPDATE SET value=counter.value+1", NULL }, DB_NONE, NULL, e) != 0)
		return -1;
	return db_run(w, &(struct db_sql){ "UPDATE setting SET value='Z' WHERE key='t.a'", NULL }, DB_NONE, NULL, e);
}

static int failing_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	if (two_jobs(w, a, arg, e) != 0)
		return -1;
	return FAIL(e, E_NOT_FOUND, "on purpose");
}

static void test_marks(void **state)
{
	struct store_case *s = *state, other = { 0 };
	struct db_mark mark, old;
	struct db_trace t;
	struct err e;
	bool known, met;

	for (size_t i = 0; i < sizeof first / sizeof *first; i++)
		store_case_sql(s, first[i]);
	t = traced(s, 0, &mark);
	/* what was taken back is nothing */
	CHECK_INT(db_write(s->db, failing_job, NULL, &e), -1);
	CHECK(same(s, &t, &mark, &known, &met));
	CHECK(same(s, &t, &mark, &known, &met));
	/* two tables in one job */
	t = traced(s, 0, &mark);
	CHECK_INT(db_write(s->db, two_jobs, NULL, &e), 0);
	CHECK(!same(s, &t, &mark, &known, &met) && met);
	/* somebody else's commit is a hole: before, between and after ours */
	t = traced(s, 0, &mark);
	old = mark;
	CHECK_INT(db_open(&s->cfg, &other.db, &e), 0);
	for (int i = 0; i < 3; i++) {
		if (i)
			store_case_sql(s, "INSERT INTO counter(name,value) VALUES('c',1) ON CONFLICT(name) DO UPDATE SET value=counter.value+1");
		store_case_sql(&other, "INSERT INTO counter(name,value) VALUES('o',1) ON CONFLICT(name) DO UPDATE SET value=counter.value+1");
		if (i < 2)
			store_case_sql(s, "INSERT INTO counter(name,value) VALUES('c',1) ON CONFLICT(name) DO UPDATE SET value=counter.value+1");
		CHECK(same(s, &t, &mark, &known, &met));
		CHECK_ROW(i, !known);
		traced(s, 0, &mark);
	}
	store_case_sql(&other, "UPDATE setting SET value='Y' WHERE key='t.b'");
	CHECK(!same(s, &t, &mark, &known, &met) && !known);
	db_close(other.db);
	/* more commits than are noted */
	t = traced(s, 0, &mark);
	store_case_sql(s, "INSERT INTO counter(name,value) VALUES('t',1)");
	for (int i = 0; i < 63; i++)
		store_case_sql(s, "UPDATE counter SET value=value+1 WHERE name='t'");
	CHECK(same(s, &t, &mark, &known, &met) && known);
	store_case_sql(s, "UPDATE counter SET value=value+1 WHERE name='t'");
	CHECK(same(s, &t, &mark, &known, &met) && !known);
	CHECK(same(s, &t, &old, &known, &met) && !known);
}

static void test_what_is_no_trace(void **state)
{
	static const struct db_sql wrong = { "SELECT no_such_column FROM setting", NULL }, big = { "SELECT value FROM setting WHERE key='big'", NULL };
	struct store_case *s = *state;
	struct db_trace t;
	struct db_conn *c;
	struct db_cur *cur;
	struct db_mark mark;
	struct err e;
	bool known, met;

	CHECK_INT(db_read_begin(s->db, &c, &e), 0);
	db_trace_begin(c);
	CHECK_INT(db_query(c, &wrong, DB_NONE, &cur, &e), -1);
	db_trace_end(c, &t);
	CHECK(!t.p);
	CHECK(!db_trace_same(c, s->a, &t, NULL));
	db_read_end(c);
	/* longer than is noted */
	store_case_sql(s, arena_printf(s->a, "INSERT INTO setting(key,value) VALUES('big','%0300000d')", 1));
	CHECK_INT(db_read_begin(s->db, &c, &e), 0);
	db_trace_begin(c);
	CHECK_INT(db_query(c, &big, DB_NONE, &cur, &e), 0);
	CHECK_INT(db_next(cur, &e), 1);
	CHECK_INT(strlen(db_text(cur, 0, s->a)), 300000);
	db_trace_end(c, &t);
	CHECK(!t.p);
	db_read_end(c);
	/* a read that ended without saying so leaves nothing to the next */
	CHECK_INT(db_read_begin(s->db, &c, &e), 0);
	db_trace_begin(c);
	db_read_end(c);
	t = traced(s, 0, &mark);
	CHECK(same(s, &t, &mark, &known, &met) && known);
}

/* By hand, with no part of Pedel. */
static void by_hand(struct store_case *s, const char *sql)
{
	sqlite3 *h;

	if (s->kind == DB_POSTGRES) {
		store_case_pg(arena_printf(s->a, "SET search_path=%s; %s", s->pg_schema, sql));
		return;
	}
	CHECK_INT(sqlite3_open(s->path, &h), SQLITE_OK);
	CHECK_INT(sqlite3_exec(h, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(h);
}

/* Whoever writes to any table at all, and however: it is seen, and is a hole; also where hundreds of such statements are cleared away. */
static void test_others_are_seen(void **state)
{
	static const struct db_sql tables = { "SELECT name FROM sqlite_schema WHERE type='table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'ticket_search%' AND name<>'schema_version'",
		"SELECT tablename FROM pg_tables WHERE schemaname=current_schema() AND tablename NOT LIKE 'write%' AND tablename<>'schema_version'" };
	static const char *const ways[][2] = { { "DELETE FROM ", " WHERE false" }, { "BEGIN; DELETE FROM ", " WHERE false; COMMIT" }, { "TRUNCATE ", " CASCADE" } };
	struct store_case *s = *state;
	const char *name[200];
	struct db_mark mark;
	struct db_trace t;
	struct db_conn *c;
	struct db_cur *cur;
	struct err e;
	bool known, met;
	int n = 0, rc;

	CHECK_INT(db_read_begin(s->db, &c, &e), 0);
	CHECK_INT(db_query(c, &tables, DB_NONE, &cur, &e), 0);
	while ((rc = db_next(cur, &e)) > 0 && n < 200)
		name[n++] = db_text(cur, 0, s->a);
	CHECK(rc == 0 && n > 35);
	db_read_end(c);
	for (int i = 0; i < n && s->kind == DB_POSTGRES; i++) {
		const char *sql = arena_printf(s->a, "%s%s%s", ways[i % 3][0], name[i], ways[i % 3][1]);

		t = traced(s, 0, &mark);
		by_hand(s, sql);
		same(s, &t, &mark, &known, &met);
		if (known)
			fail_msg("not seen: %s", sql);
	}
	for (size_t i = 0; i < sizeof first / sizeof *first; i++)
		store_case_sql(s, first[i]);
	t = traced(s, 0, &mark);
	for (int i = 0; i < 5; i++) {
		by_hand(s, "UPDATE setting SET value='Ole' WHERE key='t.b'");
		CHECK(!same(s, &t, &mark, &known, &met) && !known);
		by_hand(s, "UPDATE setting SET value='Bo' WHERE key='t.b'");
		CHECK(same(s, &t, &mark, &known, &met) && !known);
		store_case_sql(s, "INSERT INTO counter(name,value) VALUES('c',1) ON CONFLICT(name) DO UPDATE SET value=counter.value+1");
		CHECK(same(s, &t, &mark, &known, &met) && !known);      /* theirs lies before ours */
		traced(s, 0, &mark);
		store_case_sql(s, "INSERT INTO counter(name,value) VALUES('c',1) ON CONFLICT(name) DO UPDATE SET value=counter.value+1");
		CHECK(same(s, &t, &mark, &known, &met) && known && !met);
		traced(s, 0, &mark);
	}
	/* so many that the next commit of ours clears them away, and as many again: that is not what it was */
	for (int i = 0; i < 3 && s->kind == DB_POSTGRES; i++) {
		by_hand(s, "DO $$ BEGIN FOR i IN 1..300 LOOP UPDATE setting SET value='Ib' WHERE key='t.b'; END LOOP; END $$");
		if (i == 2)
			break;
		t = traced(s, 0, &mark);
		store_case_sql(s, "INSERT INTO counter(name,value) VALUES('c',1) ON CONFLICT(name) DO UPDATE SET value=counter.value+1");
		CHECK(same(s, &t, &mark, &known, &met));
		CHECK_INT(store_case_count(s, "SELECT count(*) FROM write_outside"), 0);
	}
	CHECK(s->kind == DB_SQLITE || (same(s, &t, &mark, &known, &met) && !known));
}

/* --- a writer that waited for another process: its mark is the one it found when its turn had come */

struct turn { struct store_case *s; atomic_bool inside, go; int rc; };

static void wait_for(atomic_bool *flag)
{
	for (int i = 0; i < 60000 && !atomic_load(flag); i++)
		usleep(1000);
	CHECK(atomic_load(flag));
}

static int turn_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct turn *t = arg;

	atomic_store(&t->inside, true);
	wait_for(&t->go);
	return db_run(w, &(struct db_sql){ "INSERT INTO counter(name,value) VALUES('t',1)", NULL }, DB_NONE, NULL, e);
}

static void *turn_main(void *arg)
{
	struct turn *t = arg;
	struct err e;

	t->rc = db_write(t->s->db, turn_job, t, &e);
	return NULL;
}

static void mark_of(struct store_case *s, struct db_mark *m)
{
	struct db_conn *c;
	struct err e;

	CHECK_INT(db_read_begin(s->db, &c, &e), 0);
	db_mark_begin(c, m);
	db_read_end(c);
}

static void test_a_writer_that_waited(void **state)
{
	struct store_case *s = *state;
	struct turn t = { .s = s };
	struct db_mark before, between, after;
	struct db_tables written;
	pthread_t thread;
	PGconn *other;
	int waits = 0;

	if (s->kind == DB_SQLITE)
		return;
	mark_of(s, &before);
	other = PQconnectdb(getenv("PEDEL_TEST_PG"));           /* another Pedel, as it were */
	PQclear(PQexec(other, arena_printf(s->a, "SET search_path=%s; SET pedel.writer='1'; BEGIN; SELECT pg_advisory_xact_lock(70315, hashtext(current_schema())); "
		"INSERT INTO setting(key,value) VALUES('x','x'); UPDATE write_mark SET n=n+1", s->pg_schema)));
	CHECK_INT(pthread_create(&thread, NULL, turn_main, &t), 0);
	for (int i = 0; i < 6000 && !waits; i++) {
		usleep(10000);
		waits = (int)store_case_count(s, "SELECT count(*) FROM pg_locks WHERE locktype='advisory' AND NOT granted AND classid=70315 AND "
			"objid::bigint=(hashtext(current_schema())::bigint & 4294967295)");
	}
	CHECK_INT(waits, 1);
	PQclear(PQexec(other, "COMMIT"));
	PQfinish(other);
	wait_for(&t.inside);
	mark_of(s, &between);
	atomic_store(&t.go, true);
	pthread_join(thread, NULL);
	CHECK_INT(t.rc, 0);
	mark_of(s, &after);
	CHECK(before.known && between.known && after.known);
	CHECK(!db_mark_same(&before, &between) && !db_mark_same(&between, &after));
	CHECK(!db_mark_between(s->db, &before, &between, &written));
	CHECK(!db_mark_between(s->db, &before, &after, &written));
	CHECK(db_mark_between(s->db, &between, &after, &written));
}

/* Nothing in the schema writes or reads a table that a statement does not name; PostgreSQL's triggers only note who else wrote. */
static void test_schema_hides_nothing(void **state)
{
	struct store_case *s = *state;

	if (s->kind == DB_POSTGRES) {
#define MINE "relnamespace=current_schema()::regnamespace"
		CHECK_INT(store_case_count(s, "SELECT count(*) FROM pg_class WHERE " MINE " AND relkind NOT IN ('r','i','S','t')"), 0);
		CHECK_INT(store_case_count(s, "SELECT count(*) FROM pg_rewrite w JOIN pg_class c ON c.oid=w.ev_class WHERE " MINE), 0);
		CHECK_INT(store_case_count(s, "SELECT count(*) FROM pg_constraint k JOIN pg_class c ON c.oid=k.conrelid WHERE " MINE " AND k.contype='f' AND (k.confdeltype<>'a' OR k.confupdtype<>'a')"), 0);
		CHECK_INT(store_case_count(s, "SELECT count(*) FROM pg_attribute t JOIN pg_class c ON c.oid=t.attrelid WHERE " MINE " AND t.attgenerated<>''"), 0);
		CHECK_INT(store_case_count(s, "SELECT count(*) FROM pg_trigger g JOIN pg_class c ON c.oid=g.tgrelid WHERE " MINE " AND NOT g.tgisinternal AND (g.tgname<>'write_outside' "
			"OR g.tgfoid<>'write_outside_note'::regproc OR g.tgenabled<>'O')"), 0);
		CHECK_INT(store_case_count(s, "SELECT count(*) FROM pg_class c WHERE " MINE " AND relkind='r' AND relname NOT IN ('schema_version','write_mark','write_outside') "
			"AND NOT EXISTS(SELECT 1 FROM pg_trigger g WHERE g.tgrelid=c.oid AND g.tgname='write_outside')"), 0);
		CHECK_INT(store_case_count(s, "SELECT count(*) FROM pg_proc WHERE pronamespace=current_schema()::regnamespace AND (proname NOT IN ('write_outside_note','write_outside_watch') "
			"OR (proname='write_outside_note' AND regexp_replace(prosrc,'\\s+',' ','g')<>' BEGIN EXECUTE format(''INSERT INTO %I.write_outside DEFAULT VALUES'', TG_TABLE_SCHEMA); RETURN NULL; END '))"), 0);
		return;
	}
	CHECK_INT(store_case_count(s, "SELECT count(*) FROM sqlite_schema WHERE type IN ('trigger','view')"), 0);
	CHECK_INT(store_case_count(s, "SELECT count(*) FROM sqlite_schema m, pragma_foreign_key_list(m.name) f WHERE m.type='table' "
		"AND (f.on_delete<>'NO ACTION' OR f.on_update<>'NO ACTION')"), 0);
	CHECK_INT(store_case_count(s, "SELECT count(*) FROM sqlite_schema WHERE type='table' AND sql LIKE '%GENERATED%'"), 0);
}

static void test_tables_named(void **state)
{
	static const struct { const char *text, *all; } rows[] = {
		{ "SELECT 1", "" }, { "SELECT ticket.id FROM ticket", "ticket" }, { "SELECT 1 FROM Ticket t,\"message\"", "ticket message" },
		{ "SELECT tickets,ticket_,xticket FROM person", "person" }, { "SELECT (SELECT max(id)FROM event)", "event" },
	};
	struct store_case *s = *state;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct db_tables is = db_tables_named(s->db, rows[i].text), should = db_tables_named(s->db, rows[i].all);

		CHECK_ROW(i, db_tables_hold(&is, &should) && db_tables_hold(&should, &is));
		CHECK_ROW(i, !*rows[i].all == (!is.b[0] && !is.b[1]));
	}
}

int main(void)
{
	static const struct store_test tests[] = { STORE_TEST(test_same_or_not), STORE_TEST(test_a_question_that_fails), STORE_TEST(test_marks), STORE_TEST(test_what_is_no_trace),
		STORE_TEST(test_others_are_seen), STORE_TEST(test_a_writer_that_waited), STORE_TEST(test_schema_hides_nothing), STORE_TEST(test_tables_named) };

	return store_tests_run(tests, sizeof tests / sizeof *tests);
}
