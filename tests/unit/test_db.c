#include "store_case.h"
#include <pthread.h>
#include <stdbool.h>
#include "base/fault.h"
#include "os/clock.h"
#include "store/counter.h"
#include "store/db.h"
#include "store/setting.h"

static const struct db_sql add = { "INSERT INTO customer(name,cvr,created_at) VALUES(?1,?2,?3) RETURNING id", NULL };
static const struct db_sql count = { "SELECT count(*) FROM customer", NULL };
static const struct db_sql names = { "SELECT name,id FROM customer ORDER BY name", NULL };

struct job { const char *name, *cvr; int64_t id; int then; struct db *db; };
enum { THEN_OK, THEN_FAIL, THEN_IGNORE, THEN_FLOOD, THEN_NEST, THEN_SLOW };

static bool slow_began;

static int job_add(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct job *j = arg;
	struct db_cur *cur;
	int rc = db_id(w, &add, DB(DB_TEXT(j->name), DB_TEXT(j->cvr), DB_INT(1)), &j->id, e);

	if (j->then == THEN_IGNORE)
		return 0;
	if (rc != 0)
		return db_is_duplicate(w) ? FAIL_FIELD(e, E_CUSTOMER_TAKEN, "cvr", "%s", j->cvr) : -1;
	if (j->then == THEN_FAIL)
		return FAIL(e, E_DENIED, "as asked");
	if (j->then == THEN_NEST)
		return db_write(j->db, job_add, j, e);
	if (j->then == THEN_FLOOD && db_query(w, &names, DB_NONE, &cur, e) == 0)     /* a cursor stands open when the jump comes */
		while (db_next(cur, e) >= 0)
			arena_get(a, 1 << 20);
	if (j->then == THEN_SLOW) {
		__atomic_store_n(&slow_began, true, __ATOMIC_RELEASE);
		usleep(100000);
	}
	return 0;
}

static int64_t how_many(struct db *d)
{
	struct db_conn *c;
	struct err e;
	int64_t n = -1;

	CHECK(db_read_begin(d, &c, &e) == 0);
	CHECK(db_id(c, &count, DB_NONE, &n, &e) == 0);
	db_read_end(c);
	return n;
}

static void test_job_fails_alone(void **state)
{
	struct store_case *s = *state;
	static const struct { const char *cvr; int then; enum err_id want; int64_t rows; } rows[] = {
		{ "11111111", THEN_OK,     E_NONE,           1 },
		{ "11111111", THEN_OK,     E_CUSTOMER_TAKEN, 1 },
		{ "22222222", THEN_FAIL,   E_DENIED,         1 },
		{ "11111111", THEN_IGNORE, E_DB,             1 },
		{ "33333333", THEN_FLOOD,  E_MEMORY_LIMIT,   1 },
		{ "44444444", THEN_OK,     E_NONE,           2 },
	};
	struct err e = { 0 };

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct job j = { "A", rows[i].cvr, 0, rows[i].then, s->db };
		int rc = db_write(s->db, job_add, &j, &e);

		CHECK_ROW(i, rc == (rows[i].want ? -1 : 0));
		CHECK_ROW(i, rc == 0 || e.id == rows[i].want);
		CHECK_ROW(i, how_many(s->db) == rows[i].rows);
	}
}

static const char all[] = { 0, 1, (char)0xff, '\\', '\'', 'x', 0 };
struct exact { int64_t id, v; };

static int job_exact(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	static const struct db_sql put = { "INSERT INTO event(id,at,actor_kind,object,object_id,kind,data,hash,customer_id) "
		"VALUES(?1,?2,?3,'o',?4,'k',?5,?6,?7)", NULL };
	struct exact *x = arg;

	return db_run(w, &put, DB(DB_INT(x->id), DB_INT(x->v), DB_TEXT("æøå"), DB_INT(7), DB_TEXT("\"'\\ ☃"),
		DB_BYTES(all, x->id == 2 ? 0 : sizeof all), DB_NULL), NULL, e);
}

static void test_values_come_back_exactly(void **state)
{
	struct store_case *s = *state;
	static const struct db_sql get = { "SELECT at,data,hash,customer_id,object_id=7,sum(object_id) OVER () FROM event WHERE id=?1", NULL };
	struct db_conn *c;
	struct db_cur *cur;
	struct err e;
	struct db_bytes b;
	struct exact ids[] = { { 0, INT64_MIN }, { 1, INT64_MAX }, { 2, 0 }, { 3, -1 } };

	for (size_t i = 0; i < 4; i++) {
		CHECK(db_write(s->db, job_exact, &ids[i], &e) == 0);
		CHECK(db_read_begin(s->db, &c, &e) == 0);
		CHECK(db_query(c, &get, DB(DB_INT((int64_t)i)), &cur, &e) == 0);
		CHECK(db_next(cur, &e) == 1);
		CHECK(db_int(cur, 0) == ids[i].v);
		CHECK_STR(db_text(cur, 1, s->a), "\"'\\ ☃");
		b = db_bytes(cur, 2, s->a);
		CHECK(b.n == (i == 2 ? 0 : sizeof all) && (i == 2 || memcmp(b.p, all, sizeof all) == 0));
		CHECK(db_null(cur, 3) && db_int(cur, 3) == 0 && db_text(cur, 3, s->a) == NULL && db_bytes(cur, 3, s->a).p == NULL);
		CHECK(db_int(cur, 4) == 1 && db_int(cur, 5) == 7);
		CHECK(db_next(cur, &e) == 0 && db_next(cur, &e) == 0);
		db_done(cur);
		db_read_end(c);
	}
}

static void test_bad_statements(void **state)
{
	struct store_case *s = *state;
	static const struct { struct db_sql q; int nv; } rows[] = {
		{ { "SELEC 1", NULL }, 0 }, { { "SELECT 1; SELECT 2", NULL }, 0 }, { { "SELECT nothing FROM customer", NULL }, 0 },
		{ { "SELECT ?1", NULL }, 0 }, { { "SELECT 1", NULL }, 1 }, { { "INSERT INTO counter(name,value) VALUES('x',1)", NULL }, 0 },
	};
	struct db_conn *c;
	struct db_cur *cur[40];
	struct err e = { 0 };
	int64_t n;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		CHECK(db_read_begin(s->db, &c, &e) == 0);
		CHECK_ROW(i, db_query(c, &rows[i].q, rows[i].nv ? (struct db_val[]){ DB_INT(1) } : NULL, rows[i].nv, &cur[0], &e) == -1 ||
			db_next(cur[0], &e) == -1);
		CHECK_ROW(i, (e.id == E_DB || e.id == E_BUG) && e.detail[0]);
		db_read_end(c);
	}
	CHECK(db_read_begin(s->db, &c, &e) == 0);       /* the connections still work; cursors are bounded and nest */
	for (n = 0; n < 40 && db_query(c, &names, DB_NONE, &cur[n], &e) == 0; n++)
		;
	CHECK(n == 32 && e.id == E_BUG);
	db_read_end(c);
	CHECK(how_many(s->db) == 0);
	CHECK(db_read_begin(s->db, &c, &e) == 0);
	CHECK(db_id(c, &(struct db_sql){ "SELECT id FROM customer", NULL }, DB_NONE, &n, &e) == -1 && e.id == E_NOT_FOUND);
	CHECK(db_id(c, &count, DB_NONE, &n, &e) == 0 && n == 0);        /* no row is not a failed statement */
	db_read_end(c);
}

static void test_snapshot_stands_still(void **state)
{
	struct store_case *s = *state;
	struct job j = { "A", "11111111", 0, 0, NULL };
	struct db_conn *c, *again;
	struct err e;
	int64_t n;

	CHECK(db_read_begin(s->db, &c, &e) == 0);
	CHECK(db_id(c, &count, DB_NONE, &n, &e) == 0 && n == 0);
	CHECK(db_write(s->db, job_add, &j, &e) == 0);
	CHECK(db_id(c, &count, DB_NONE, &n, &e) == 0 && n == 0);
	CHECK(db_read_begin(s->db, &again, &e) == 0);
	CHECK(db_id(again, &count, DB_NONE, &n, &e) == 0 && n == 1);
	db_read_end(again);
	db_read_end(c);
	db_read_end(NULL);
}

static void test_same_order_and_like(void **state)
{
	struct store_case *s = *state;
	static const char *const put[] = { "ørsted", "Zebra", "abe", "Aarhus", "Æble", "aBe" };
	static const char *const want[] = { "Aarhus", "Zebra", "aBe", "abe", "Æble", "ørsted" };
	static const struct db_sql like = { "SELECT count(*) FROM customer WHERE name LIKE ?1", NULL };
	struct db_conn *c;
	struct db_cur *cur;
	struct err e;
	int64_t n;
	char cvr[9];

	for (int i = 0; i < 6; i++) {
		snprintf(cvr, sizeof cvr, "%08d", i);
		CHECK(db_write(s->db, job_add, &(struct job){ put[i], cvr, 0, 0, NULL }, &e) == 0);
	}
	CHECK(db_read_begin(s->db, &c, &e) == 0);
	CHECK(db_query(c, &names, DB_NONE, &cur, &e) == 0);
	for (int i = 0; i < 6; i++) {
		CHECK_ROW(i, db_next(cur, &e) == 1);
		CHECK_STR(db_text(cur, 0, s->a), want[i]);
	}
	db_done(cur);
	CHECK(db_id(c, &like, DB(DB_TEXT("a%")), &n, &e) == 0 && n == 2);
	db_read_end(c);
}

static int job_newer(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	return db_run(w, &(struct db_sql){ "INSERT INTO schema_version(number,name,at) VALUES(9999,'later',1)", NULL }, DB_NONE, NULL, e);
}

static void test_open_again(void **state)
{
	struct store_case *s = *state;
	struct db_config cfg = s->cfg;
	struct err e;
	struct db *d;

	CHECK(db_write(s->db, job_add, &(struct job){ "A", "11111111", 0, 0, NULL }, &e) == 0);
	db_close(s->db);
	s->db = NULL;
	cfg.create = false;
	CHECK(db_open(&cfg, &d, &e) == 0);
	CHECK(how_many(d) == 1);
	CHECK(db_write(d, job_newer, NULL, &e) == 0);
	db_close(d);
	CHECK(db_open(&cfg, &d, &e) == -1 && e.id == E_DB_SCHEMA);
	if (s->kind == DB_SQLITE) {
		cfg.path = "/tmp/pedel-there-is-no-such-file.db";
		CHECK(db_open(&cfg, &d, &e) == -1 && e.id == E_NOT_INITIALISED);
	} else {
		cfg.url = "postgresql:///x?host=/tmp/pedel-no-such-socket";
		CHECK(db_open(&cfg, &d, &e) == -1 && e.id == E_DB_DOWN);
	}
}

struct cut { const char *name; int runs; };

static void cut_off(const char *name)
{
	char sql[160];

	snprintf(sql, sizeof sql, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name='%s'", name);
	store_case_pg(sql);
}

static int job_cut(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct cut *x = arg;
	int64_t id;

	if (db_id(w, &add, DB(DB_TEXT("before"), DB_TEXT("10000000"), DB_INT(1)), &id, e) != 0)
		return -1;
	if (x->runs++ == 0)
		cut_off(x->name);
	return db_id(w, &add, DB(DB_TEXT("after"), DB_TEXT("20000000"), DB_INT(1)), &id, e);
}

/* The server throws everybody out: readers come back by themselves, and a job that was cut is run once more, not doubled. */
static void test_server_cuts_off(void **state)
{
	struct store_case *s = *state;
	struct cut x = { s->pg_schema, 0 };
	struct db_conn *c;
	struct err e;
	int64_t n;

	if (s->kind != DB_POSTGRES)
		return;
	CHECK(how_many(s->db) == 0);
	cut_off(s->pg_schema);
	CHECK(how_many(s->db) == 0);
	CHECK(db_write(s->db, job_cut, &x, &e) == 0);
	CHECK(x.runs == 2);
	CHECK(how_many(s->db) == 2);
	CHECK(db_read_begin(s->db, &c, &e) == 0);
	cut_off(s->pg_schema);
	CHECK(db_id(c, &count, DB_NONE, &n, &e) == -1 && e.id == E_DB_DOWN);     /* a snapshot cannot be had back */
	db_read_end(c);
	CHECK(how_many(s->db) == 2);
}

static void test_not_a_database(void **state)
{
	struct store_case *s = *state;
	char path[128];
	struct db *d;
	struct err e;
	FILE *f;

	snprintf(path, sizeof path, "%s/broken.db", s->dir);
	f = fopen(path, "w");
	for (int i = 0; i < 1000; i++)
		fputs("this is not a database ", f);
	fclose(f);
	CHECK(db_open(&(struct db_config){ .path = path, .readers = 1, .create = true }, &d, &e) == -1 && e.id == E_DB && e.detail[0]);
}

struct crowd { struct db *d; int from, failed; };

static void *crowd_main(void *arg)
{
	struct crowd *w = arg;
	char cvr[9];
	struct err e;

	for (int i = 0; i < 50; i++) {
		struct job j = { "C", cvr, 0, i % 10 == 3 ? THEN_FAIL : THEN_OK, NULL };

		snprintf(cvr, sizeof cvr, "%08d", w->from + i);
		if (db_write(w->d, job_add, &j, &e) != (i % 10 == 3 ? -1 : 0) || (i % 10 == 3 && e.id != E_DENIED))
			w->failed++;
		if (how_many(w->d) < 0)
			w->failed++;
	}
	return NULL;
}

/* Many threads, one writer: nobody is refused, and what failed took nothing with it. */
static void test_group_commit(void **state)
{
	struct store_case *s = *state;
	struct crowd w[8];
	pthread_t t[8];
	struct err e;
	struct job nest = { "N", "99999999", 0, THEN_NEST, NULL };

	db_close(s->db);
	s->cfg.solo = false;
	CHECK(db_open(&s->cfg, &s->db, &e) == 0);
	nest.db = s->db;
	for (int i = 0; i < 8; i++) {
		w[i] = (struct crowd){ s->db, i * 100, 0 };
		CHECK(pthread_create(&t[i], NULL, crowd_main, &w[i]) == 0);
	}
	for (int i = 0; i < 8; i++) {
		pthread_join(t[i], NULL);
		CHECK(w[i].failed == 0);
	}
	CHECK(how_many(s->db) == 8 * 45);
	CHECK(db_write(s->db, job_add, &nest, &e) == -1 && e.id == E_BUG);
	CHECK(how_many(s->db) == 8 * 45);
}

static void *slow_main(void *arg)
{
	struct crowd *w = arg;
	struct err e;

	w->failed = db_write(w->d, job_add, &(struct job){ "S", "12345678", 0, THEN_SLOW, NULL }, &e);
	return NULL;
}

/* db_close() lets what waits finish. */
static void test_close_waits(void **state)
{
	struct store_case *s = *state;
	struct crowd w = { .failed = -7 };
	pthread_t t;
	struct err e;

	slow_began = false;
	db_close(s->db);
	s->cfg.solo = false;
	CHECK(db_open(&s->cfg, &s->db, &e) == 0);
	w.d = s->db;
	CHECK(pthread_create(&t, NULL, slow_main, &w) == 0);
	while (!__atomic_load_n(&slow_began, __ATOMIC_ACQUIRE))
		usleep(1000);
	db_close(s->db);
	s->db = NULL;
	pthread_join(t, NULL);
	CHECK(w.failed == 0);
	CHECK(db_open(&s->cfg, &s->db, &e) == 0);
	CHECK(how_many(s->db) == 1);
}

/* Every outside call of a write fails once, then that one and all after: told, nothing half written, and it works after. */
static void test_write_faults(void **state)
{
	struct store_case *s = *state;
	int64_t rows = 0;
	char cvr[9];
	int nth, rc = -1;

	for (int keep = 0; keep <= 1; keep++) {
		for (nth = 1, rc = -1; rc != 0 && nth < 50; nth++) {
			struct err e = { 0 };
			struct job j = { "F", cvr, 0, 0, NULL };

			snprintf(cvr, sizeof cvr, "%04d%04d", keep, nth);
			fault_arm(nth, keep);
			rc = db_write(s->db, job_add, &j, &e);
			CHECK_ROW(nth, rc == 0 ? !fault_fired() : e.id != E_NONE && e.detail[0]);
			fault_arm(-1, 0);
			rows += rc == 0;
			CHECK_ROW(nth, how_many(s->db) == rows);
		}
		CHECK_ROW(nth, rc == 0 && nth > 4);
	}
}

static void test_migrate_faults(void **state)
{
	struct store_case *s = *state;
	struct err e = { 0 };
	int nth, rc = -1, fired;

	if (s->kind != DB_SQLITE)
		return;                 /* a fresh schema per try is dear there; the code is the same */
	for (int keep = 0; keep <= 1; keep++)
		for (nth = 1, fired = 1; fired && nth < 400; nth++) {
			char path[128];
			struct db *d = NULL;
			struct db_config cfg = s->cfg;

			snprintf(path, sizeof path, "%s/m%d-%d.db", s->dir, keep, nth);
			cfg.path = path;
			fault_arm(nth, keep);
			rc = db_open(&cfg, &d, &e);
			fired = fault_fired();          /* a failing ROLLBACK has another way, so rc may be 0 */
			CHECK_ROW(nth, rc == 0 || (fired && e.id != E_NONE));
			fault_arm(-1, 0);
			if (rc != 0)
				CHECK_ROW(nth, db_open(&cfg, &d, &e) == 0);     /* what was half done is finished */
			CHECK_ROW(nth, how_many(d) == 0);
			db_close(d);
		}
	CHECK(rc == 0 && nth > 5);
}

static int job_count(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	int64_t *got = arg;

	return counter_next(w, "ticket", &got[0], e) || counter_next(w, "ticket", &got[1], e) || counter_next(w, "other", &got[2], e) ||
		counter_set(w, "other", 1000, e) || counter_next(w, "other", &got[3], e) ? -1 : got[4] ? FAIL(e, E_DENIED, "taken back") : 0;
}

static int job_settings(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	return setting_set(w, "desk.from", "Hjælp <h@x.dk>", e) || setting_set(w, "desk.hours", "90", e) ||
		setting_set(w, "desk.hours", "91", e) || setting_set(w, "other", "x", e) || setting_set(w, "gone", "x", e) ||
		setting_set(w, "gone", NULL, e) ? -1 : 0;
}

static void test_counter_and_settings(void **state)
{
	struct store_case *s = *state;
	int64_t got[5] = { 0, 0, 0, 0, 1 }, v;
	const char *text;
	struct setting *list;
	struct db_conn *c;
	struct err e;
	int n;

	CHECK(db_write(s->db, job_count, got, &e) == -1);
	got[4] = 0;
	CHECK(db_write(s->db, job_count, got, &e) == 0);
	CHECK(got[0] == 1 && got[1] == 2 && got[2] == 1 && got[3] == 1001);
	CHECK(db_write(s->db, job_settings, NULL, &e) == 0);
	CHECK(db_read_begin(s->db, &c, &e) == 0);
	CHECK(setting_get(c, s->a, "desk.from", "?", &text, &e) == 0);
	CHECK_STR(text, "Hjælp <h@x.dk>");
	CHECK(setting_get(c, s->a, "gone", "as built", &text, &e) == 0);
	CHECK_STR(text, "as built");
	CHECK(setting_get_int(c, "desk.hours", 5, &v, &e) == 0 && v == 91);
	CHECK(setting_get_int(c, "desk.from", 5, &v, &e) == 0 && v == 5);
	CHECK(setting_list(c, s->a, "desk.", &list, &n, &e) == 0 && n == 2);
	CHECK_STR(list[1].key, "desk.hours");
	CHECK(setting_list(c, s->a, "", &list, &n, &e) == 0 && n == 3);
	db_read_end(c);
}

int main(void)
{
	static const struct store_test tests[] = {
		STORE_TEST(test_job_fails_alone), STORE_TEST(test_values_come_back_exactly), STORE_TEST(test_bad_statements),
		STORE_TEST(test_snapshot_stands_still), STORE_TEST(test_same_order_and_like), STORE_TEST(test_open_again),
		STORE_TEST(test_not_a_database), STORE_TEST(test_server_cuts_off), STORE_TEST(test_group_commit), STORE_TEST(test_close_waits), STORE_TEST(test_write_faults),
		STORE_TEST(test_migrate_faults), STORE_TEST(test_counter_and_settings),
	};
	return store_tests_run(tests, sizeof tests / sizeof *tests);
}
