#include "store/copy.h"
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "base/buf.h"
#include "store/db_driver.h"

enum { TABLES_MOST = 200, COLS_MOST = 60, SQL_MOST = 8000, LIST_BYTES = 4 << 20, ROW_BYTES = 256 << 20 };

struct column { const char *name; enum { COL_INT, COL_TEXT, COL_BYTES } type; };
struct table {
	const char *name;
	bool counted;                   /* its ids are given by the database */
	bool search;                    /* ticket_search: tokens as text on one side, as tsvector on the other */
	int ncols;
	struct column cols[COLS_MOST];
};
struct plan { int n; struct table *t; };
struct sum { uint64_t lane[4]; int64_t rows; };

/* ---- which tables, from the SQLite side: a table only refers to one that was made before it */

static int columns_of(struct db_conn *c, struct arena *a, struct table *t, struct err *e)
{
	static const struct db_sql cols = { "SELECT name,type FROM pragma_table_info(?1) ORDER BY cid", NULL };
	struct db_cur *cur;
	int rc;

	if (db_query(c, &cols, DB(DB_TEXT(t->name)), &cur, e) != 0)
		return -1;
	while ((rc = db_next(cur, e)) > 0 && t->ncols < COLS_MOST) {
		const char *type = db_text(cur, 1, a);

		t->cols[t->ncols].name = db_text(cur, 0, a);
		t->cols[t->ncols++].type = strcmp(type, "INTEGER") == 0 ? COL_INT : strcmp(type, "BLOB") == 0 ? COL_BYTES : COL_TEXT;
	}
	db_done(cur);
	if (rc != 0)
		return rc < 0 ? -1 : FAIL(e, E_BUG, "%s has too many columns", t->name);
	return 0;
}

static int plan_make(struct db_conn *lite, struct db_conn *other, struct arena *a, struct plan *p, struct err *e)
{
	static const struct db_sql tables = { "SELECT name,sql LIKE '%AUTOINCREMENT%',name='ticket_search' FROM sqlite_schema WHERE type='table' "
		"AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'ticket_search_%' AND name<>'schema_version' ORDER BY rowid", NULL };
	static const struct db_sql count = { "SELECT count(*)-1 FROM sqlite_schema WHERE type='table' AND name NOT LIKE 'sqlite_%' "
		"AND name NOT LIKE 'ticket_search_%'", "SELECT count(*)-1 FROM pg_tables WHERE schemaname=current_schema() AND tablename NOT IN ('write_mark','write_outside')" };
	struct db_cur *cur;
	int64_t theirs;
	int rc;

	p->t = ARENA_ARRAY(a, struct table, TABLES_MOST);
	if (db_query(lite, &tables, DB_NONE, &cur, e) != 0)
		return -1;
	while ((rc = db_next(cur, e)) > 0 && p->n < TABLES_MOST) {
		struct table *t = &p->t[p->n++];

		t->name = db_text(cur, 0, a);
		t->counted = db_int(cur, 1);
		t->search = db_int(cur, 2);
		if (t->search) {
			t->ncols = 2;
			t->cols[0] = (struct column){ "ticket_id", COL_INT };
			t->cols[1] = (struct column){ "tokens", COL_TEXT };
		}
	}
	db_done(cur);
	if (rc < 0)
		return -1;
	for (int i = 0; i < p->n; i++)
		if (!p->t[i].search && columns_of(lite, a, &p->t[i], e) != 0)
			return -1;
	if (db_id(other, &count, DB_NONE, &theirs, e) != 0)
		return -1;
	if (theirs != p->n)
		return FAIL(e, E_DB_SCHEMA, "%d tables on one side, %lld on the other", p->n, (long long)theirs);
	return 0;
}

/* ---- one table's rows, whole table never in memory */

struct scan { struct db_conn *c; struct db_cur *cur; char select[SQL_MOST], fetch[160], close[160]; };

static int scan_begin(struct scan *s, struct db_conn *c, const struct table *t, struct err *e)
{
	char declare[SQL_MOST + 200];
	size_t n;

	*s = (struct scan){ .c = c };
	n = (size_t)snprintf(s->select, sizeof s->select, "SELECT ");
	for (int i = 0; i < t->ncols; i++)
		n += (size_t)snprintf(s->select + n, sizeof s->select - n, "%s%s", i ? "," : "", !t->search ? t->cols[i].name : db_conn_kind(c) == DB_SQLITE ?
			(i ? "tokens" : "rowid") : (i ? "array_to_string(tsvector_to_array(tokens),' ')" : "ticket_id"));
	snprintf(s->select + n, sizeof s->select - n, " FROM %s", t->name);
	if (db_conn_kind(c) == DB_SQLITE)
		return db_query(c, &(struct db_sql){ s->select, NULL }, DB_NONE, &s->cur, e);
	snprintf(s->fetch, sizeof s->fetch, "FETCH 200 FROM copy_%.100s", t->name);
	snprintf(s->close, sizeof s->close, "CLOSE copy_%.100s", t->name);
	snprintf(declare, sizeof declare, "DECLARE copy_%.100s NO SCROLL CURSOR FOR %s", t->name, s->select);
	if (c->drv->script(c, declare, e) != 0)
		return -1;
	return db_query(c, &(struct db_sql){ s->fetch, NULL }, DB_NONE, &s->cur, e);
}

static int scan_next(struct scan *s, struct err *e)
{
	int rc = db_next(s->cur, e);

	if (rc != 0 || db_conn_kind(s->c) == DB_SQLITE || !s->cur->row_ready)
		return rc;
	db_done(s->cur);
	s->cur = NULL;
	if (db_query(s->c, &(struct db_sql){ s->fetch, NULL }, DB_NONE, &s->cur, e) != 0)
		return -1;
	return db_next(s->cur, e);
}

static void scan_end(struct scan *s)
{
	struct err ignored;

	db_done(s->cur);
	if (s->close[0] && !s->c->lost && !s->c->failed)
		s->c->drv->script(s->c, s->close, &ignored);
}

static void row_read(struct db_cur *cur, const struct table *t, struct arena *a, struct db_val *v)
{
	for (int i = 0; i < t->ncols; i++) {
		if (db_null(cur, i)) {
			v[i] = DB_NULL;
		} else if (t->cols[i].type == COL_INT) {
			v[i] = DB_INT(db_int(cur, i));
		} else if (t->cols[i].type == COL_TEXT) {
			v[i] = DB_TEXT(db_text(cur, i, a));
		} else {
			struct db_bytes b = db_bytes(cur, i, a);

			v[i] = DB_BYTES(b.p, b.n);
		}
	}
}

static void sum_add(struct sum *s, const struct table *t, const struct db_val *v)
{
	crypto_hash_sha256_state st;
	uint64_t lane[4];

	crypto_hash_sha256_init(&st);
	for (int i = 0; i < t->ncols; i++) {
		char head[40];
		int n = v[i].type == DB_V_NULL ? snprintf(head, sizeof head, "n;") : v[i].type == DB_V_INT ?
			snprintf(head, sizeof head, "i%lld;", (long long)v[i].i) :
			snprintf(head, sizeof head, "%c%zu;", v[i].type == DB_V_TEXT ? 't' : 'b', v[i].n);

		crypto_hash_sha256_update(&st, (const unsigned char *)head, (size_t)n);
		if (v[i].n && v[i].p)
			crypto_hash_sha256_update(&st, v[i].p, v[i].n);
	}
	crypto_hash_sha256_final(&st, (unsigned char *)lane);
	for (int i = 0; i < 4; i++)
		s->lane[i] += lane[i];
	s->rows++;
}

/* Walks a table; to NULL: only its sum. */
static int table_walk(struct db_conn *from, struct db_conn *to, const struct table *t, struct sum *sum, struct err *e)
{
	struct arena *a = arena_begin(ROW_BYTES);
	struct db_val v[COLS_MOST];
	char insert[SQL_MOST];
	struct scan s;
	size_t n;
	int rc;

	n = (size_t)snprintf(insert, sizeof insert, "INSERT INTO %s(", t->name);
	for (int i = 0; i < t->ncols; i++)
		n += (size_t)snprintf(insert + n, sizeof insert - n, "%s%s", i ? "," : "", to && t->search && i == 0 && db_conn_kind(to) == DB_SQLITE ?
			"rowid" : t->cols[i].name);
	n += (size_t)snprintf(insert + n, sizeof insert - n, ") VALUES(");
	for (int i = 0; i < t->ncols; i++)
		n += (size_t)snprintf(insert + n, sizeof insert - n, to && t->search && i == 1 && db_conn_kind(to) == DB_POSTGRES ?
			"%sarray_to_tsvector(array_remove(string_to_array(?%d,' '),''))" : "%s?%d", i ? "," : "", i + 1);
	snprintf(insert + n, sizeof insert - n, ")");
	*sum = (struct sum){ 0 };
	rc = scan_begin(&s, from, t, e);
	while (rc == 0 && (rc = scan_next(&s, e)) > 0) {
		row_read(s.cur, t, a, v);
		sum_add(sum, t, v);
		rc = to ? db_run(to, &(struct db_sql){ insert, NULL }, v, t->ncols, NULL, e) : 0;
		arena_reset(a);
	}
	scan_end(&s);
	arena_end(a);
	return rc;
}

static int same(const struct table *t, const struct sum *x, const struct sum *y, struct err *e)
{
	if (x->rows == y->rows && memcmp(x->lane, y->lane, sizeof x->lane) == 0)
		return 0;
	return FAIL(e, E_MOVE_DIFFERS, "table %s: %lld and %lld rows", t->name, (long long)x->rows, (long long)y->rows);
}

/* ---- what ids continue from */

static int ids_carry(struct db_conn *from, struct db_conn *to, const struct table *t, struct err *e)
{
	static const struct db_sql last = { "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name=?1),0)",
		"SELECT coalesce((SELECT last_value FROM pg_sequences WHERE (quote_ident(schemaname)||'.'||quote_ident(sequencename))="
		"pg_get_serial_sequence(quote_ident(current_schema())||'.'||quote_ident(?1),'id')),0)" };
	static const struct db_sql forget = { "DELETE FROM sqlite_sequence WHERE name=?1", NULL };
	static const struct db_sql put = { "INSERT INTO sqlite_sequence(name,seq) VALUES(?1,?2)",
		"SELECT setval(pg_get_serial_sequence(quote_ident(current_schema())||'.'||quote_ident(?1),'id'),?2)" };
	char most[200];
	int64_t seq, max;

	snprintf(most, sizeof most, "SELECT coalesce(max(id),0) FROM %.120s", t->name);
	if (db_id(from, &last, DB(DB_TEXT(t->name)), &seq, e) != 0 || db_id(from, &(struct db_sql){ most, NULL }, DB_NONE, &max, e) != 0)
		return -1;
	if (max > seq)
		seq = max;
	if (seq == 0)
		return 0;
	if (db_conn_kind(to) == DB_POSTGRES)
		return db_id(to, &put, DB(DB_TEXT(t->name), DB_INT(seq)), &max, e);
	return db_run(to, &forget, DB(DB_TEXT(t->name)), NULL, e) || db_run(to, &put, DB(DB_TEXT(t->name), DB_INT(seq)), NULL, e) ? -1 : 0;
}

/* Only what the migrations themselves put into a fresh database may be there; it goes, and comes again from the other side. */
static int target_clear(struct db_conn *to, const struct plan *p, struct err *e)
{
	static const struct db_sql used = { "SELECT (SELECT count(*) FROM setting)+(SELECT count(*) FROM event)+(SELECT count(*) FROM customer)"
		"+(SELECT count(*) FROM ticket)", NULL };
	char text[200];
	int64_t n;

	if (db_id(to, &used, DB_NONE, &n, e) != 0)
		return -1;
	if (n)
		return FAIL(e, E_MOVE_TARGET_USED, "%lld rows", (long long)n);
	for (int i = p->n - 1; i >= 0; i--) {
		snprintf(text, sizeof text, "DELETE FROM %.120s", p->t[i].name);
		if (db_run(to, &(struct db_sql){ text, NULL }, DB_NONE, NULL, e) != 0)
			return -1;
	}
	return 0;
}

static int plan_for(struct db_conn *x, struct db_conn *y, struct arena *a, struct plan *p, struct err *e)
{
	*p = (struct plan){ 0 };
	if (db_conn_kind(x) == DB_SQLITE)
		return plan_make(x, y, a, p, e);
	return db_conn_kind(y) == DB_SQLITE ? plan_make(y, x, a, p, e) : FAIL(e, E_BUG, "neither side is SQLite");
}

int copy_all(struct db_conn *from, struct db_conn *to, struct copy_report *r, struct err *e)
{
	struct arena *a = arena_begin(LIST_BYTES);
	struct copy_report got = { 0 };
	struct plan p;
	int rc = plan_for(from, to, a, &p, e);

	if (rc == 0)
		rc = target_clear(to, &p, e);
	for (int i = 0; rc == 0 && i < p.n; i++) {
		struct sum x, y;

		rc = table_walk(from, to, &p.t[i], &x, e) || table_walk(to, NULL, &p.t[i], &y, e) || same(&p.t[i], &x, &y, e) ||
			(p.t[i].counted && ids_carry(from, to, &p.t[i], e)) || db_measure(to, p.t[i].name, e) ? -1 : 0;
		got.tables++;
		got.rows += x.rows;
	}
	arena_end(a);
	if (rc == 0)
		*r = got;
	return rc;
}

int copy_same(struct db_conn *x, struct db_conn *y, struct copy_report *r, struct err *e)
{
	struct arena *a = arena_begin(LIST_BYTES);
	struct copy_report got = { 0 };
	struct plan p;
	int rc = plan_for(x, y, a, &p, e);

	for (int i = 0; rc == 0 && i < p.n; i++) {
		struct sum s, t;

		rc = table_walk(x, NULL, &p.t[i], &s, e) || table_walk(y, NULL, &p.t[i], &t, e) || same(&p.t[i], &s, &t, e) ? -1 : 0;
		got.tables++;
		got.rows += s.rows;
	}
	arena_end(a);
	if (rc == 0)
		*r = got;
	return rc;
}
