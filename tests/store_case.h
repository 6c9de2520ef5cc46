/* store_case.h - a fresh store for each test, on SQLite and, when PEDEL_TEST_PG names a server (tests/with_postgres.py), on
 * PostgreSQL too. A test is `static void f(void **state) { struct store_case *s = *state; ... s->db ... }`; main is
 * `static const struct store_test tests[] = { STORE_TEST(f), ... }; return store_tests_run(tests, N);`. */
#ifndef TESTS_STORE_CASE_H
#define TESTS_STORE_CASE_H
#include "t.h"
#include <ftw.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <unistd.h>
#include "store/db.h"

struct store_case {
	enum db_kind kind;
	char dir[64], path[96], url[512], pg_schema[64];
	struct db *db;                  /* open, solo: jobs run in the test's own thread, so that fault_arm() reaches them */
	struct arena *a;
	struct db_config cfg;           /* as s->db was opened; a test may close s->db and open again */
};
struct store_test { const char *name; void (*run)(void **state); };
#define STORE_TEST(f) { #f, f }

static int store_case_remove(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st, (void)kind, (void)where;
	return remove(path);
}

/* A statement outside the store, by a connection of its own. */
static void store_case_pg(const char *sql)
{
	PGconn *c = PQconnectdb(getenv("PEDEL_TEST_PG"));
	PGresult *r;

	PQclear(PQexec(c, "SET client_min_messages=warning"));
	r = PQexec(c, sql);
	if (PQresultStatus(r) != PGRES_COMMAND_OK && PQresultStatus(r) != PGRES_TUPLES_OK)
		print_message("%s: %s", sql, PQerrorMessage(c));
	CHECK(PQresultStatus(r) == PGRES_COMMAND_OK || PQresultStatus(r) == PGRES_TUPLES_OK);
	PQclear(r);
	PQfinish(c);
}

static struct store_case *store_case_open(enum db_kind kind)
{
	static int serial;
	struct store_case *s = calloc(1, sizeof *s);
	struct err e;
	char sql[128];

	s->kind = kind;
	/* in memory where that is possible: nothing here is about what a power cut leaves */
	snprintf(s->dir, sizeof s->dir, "%s/pedel-store-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	CHECK(mkdtemp(s->dir));
	snprintf(s->path, sizeof s->path, "%s/pedel.db", s->dir);
	s->cfg = (struct db_config){ .path = s->path, .readers = 4, .create = true, .solo = true };
	if (kind == DB_POSTGRES) {
		const char *url = getenv("PEDEL_TEST_PG");

		snprintf(s->pg_schema, sizeof s->pg_schema, "t%d_%d", (int)getpid(), ++serial);
		snprintf(sql, sizeof sql, "CREATE SCHEMA %s", s->pg_schema);
		store_case_pg(sql);
		snprintf(s->url, sizeof s->url, "%s%coptions=-csearch_path%%3D%s&application_name=%s", url,
			strchr(url, '?') ? '&' : '?', s->pg_schema, s->pg_schema);
		s->cfg.path = NULL;
		s->cfg.url = s->url;
	}
	if (db_open(&s->cfg, &s->db, &e) != 0) {
		print_message("db_open: %s %s\n", err_name(e.id), e.detail);
		fail();
	}
	s->a = arena_begin(256 << 20);
	return s;
}

static void store_case_close(struct store_case *s)
{
	char sql[128];

	db_close(s->db);
	if (s->kind == DB_POSTGRES) {
		snprintf(sql, sizeof sql, "DROP SCHEMA %s CASCADE", s->pg_schema);
		store_case_pg(sql);
	}
	arena_end(s->a);
	nftw(s->dir, store_case_remove, 8, FTW_DEPTH | FTW_PHYS);
	free(s);
}

/* A statement that gives one whole number. */
static inline int64_t store_case_count(struct store_case *s, const char *text)
{
	struct db_sql *q = ARENA_NEW(s->a, struct db_sql);
	struct err e = { 0 };
	struct db_conn *c;
	int64_t n = -1;

	q->text = arena_dup(s->a, text);
	CHECK_INT(db_read_begin(s->db, &c, &e), 0);
	if (db_id(c, q, DB_NONE, &n, &e) != 0)
		fail_msg("%s: %s", text, e.detail);
	db_read_end(c);
	return n;
}

static inline int store_case_sql_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	return db_run(w, &(struct db_sql){ arena_dup(a, arg), NULL }, DB_NONE, NULL, e);
}

/* One that gives no rows, in a job of its own. */
static inline void store_case_sql(struct store_case *s, const char *text)
{
	struct err e = { 0 };

	if (db_write(s->db, store_case_sql_job, (void *)(uintptr_t)text, &e) != 0)
		fail_msg("%s: %s", text, e.detail);
}

static int store_case_setup(void **state)
{
	*state = store_case_open(*(enum db_kind *)*state);
	return 0;
}

static int store_case_teardown(void **state)
{
	store_case_close(*state);
	return 0;
}

static int store_tests_run(const struct store_test *tests, int n)
{
	static enum db_kind kinds[] = { DB_SQLITE, DB_POSTGRES };
	static char names[256][96];
	static struct CMUnitTest list[256];
	int nkinds = getenv("PEDEL_TEST_PG") ? 2 : 1, m = 0;

	for (int k = 0; k < nkinds; k++)
		for (int i = 0; i < n && m < 256; i++, m++) {
			snprintf(names[m], sizeof names[m], "%s on %s", tests[i].name, k ? "PostgreSQL" : "SQLite");
			list[m] = (struct CMUnitTest){ names[m], tests[i].run, store_case_setup, store_case_teardown, &kinds[k] };
		}
	return _cmocka_run_group_tests("store", list, (size_t)m, NULL, NULL);
}
#endif
