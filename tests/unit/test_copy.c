#include "store_case.h"
#include "store/copy.h"
#include "store/event.h"
#include "store/search.h"

/* Something of everything: every table gets a few rows made from its own columns' types. */
static int job_fill(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	static const char *const rows[] = {
		"INSERT INTO setting(key,value) VALUES('provider.cvr','10000009'),('provider.name','Ærø \"IT\"')",
		"INSERT INTO counter(name,value) VALUES('ticket',41)",
		"INSERT INTO person(id,login,name,role,created_at) VALUES(3,'m','Mette','admin',1),(9,'x','X','technician',-5)",
		"INSERT INTO customer(id,name,cvr,created_at) VALUES(1,'A','10000009',1),(2,'B','20000000',9223372036854775807),(5,'gone','3',1)",
		"INSERT INTO customer_domain(domain,customer_id) VALUES('a.dk',1),('æ.dk',2)",
		"INSERT INTO site(customer_id,name) VALUES(1,''),(1,'x''y')",
		"INSERT INTO contact(id,customer_id,name,email,created_at) VALUES(7,1,'K','k@a.dk',1)",
		"INSERT INTO ticket(number,customer_id,subject,channel,created_at,updated_at) VALUES(1,NULL,'multi\nline\t☃','mail',1,2),(2,1,'b','api',3,4)",
		"INSERT INTO message(ticket_id,at,author_kind,author_name,visibility,channel,body) VALUES(1,1,'system','','public','mail','')",
		"INSERT INTO mail_ref(message_id,ticket_id) VALUES('a',1),('a',1)",         /* no key: twice the same row */
		"DELETE FROM customer WHERE id=5",
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (db_run(w, &(struct db_sql){ rows[i], NULL }, DB_NONE, NULL, e) != 0)
			return -1;
	for (int i = 0; i < 450; i++)           /* more than one FETCH */
		if (event_add(w, a, &(struct event){ .at = i, .actor_kind = "person", .object = "o", .kind = "k", .data = i % 2 ? NULL : "{\"a\":\"å\"}" }, e) != 0)
			return -1;
	return search_put(w, a, 1, "Printeren i Århus virker ikke, anna@firma.dk 5CG-1", e) || search_put(w, a, 2, "b", e) ? -1 : 0;
}

struct both { struct db_conn *from; struct copy_report r; };
static int job_copy(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct both *b = arg;

	return copy_all(b->from, w, &b->r, e);
}
static int job_sql(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	return db_run(w, &(struct db_sql){ arg, NULL }, DB_NONE, NULL, e);
}
static int job_person(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	return db_id(w, &(struct db_sql){ "INSERT INTO customer(name,cvr,created_at) VALUES('n','4',1) RETURNING id", NULL }, DB_NONE, arg, e);
}

static int same(struct db *x, struct db *y, struct copy_report *r, struct err *e)
{
	struct db_conn *c = NULL, *d = NULL;
	int rc;

	CHECK(db_read_begin(x, &c, e) == 0 && db_read_begin(y, &d, e) == 0);
	rc = copy_same(c, d, r, e);
	db_read_end(c);
	db_read_end(d);
	return rc;
}

/* From this test's database to another SQLite and back again: the same rows, and ids go on where they were. */
static void test_there_and_back(void **state)
{
	struct store_case *s = *state, *lite = store_case_open(DB_SQLITE), *back = store_case_open(s->kind);
	struct copy_report r;
	struct both b;
	struct db_conn *c;
	struct err e = { 0 };
	int64_t id, checked;

	CHECK(db_write(s->db, job_fill, NULL, &e) == 0);
	CHECK(db_read_begin(s->db, &b.from, &e) == 0);
	if (db_write(lite->db, job_copy, &b, &e) != 0) {
		print_message("%s %s\n", err_name(e.id), e.detail);
		fail();
	}
	CHECK(db_write(lite->db, job_copy, &b, &e) == -1 && e.id == E_MOVE_TARGET_USED);
	db_read_end(b.from);
	CHECK(b.r.tables > 30 && b.r.rows > 460);
	CHECK(same(s->db, lite->db, &r, &e) == 0 && r.rows == b.r.rows);
	CHECK(db_read_begin(lite->db, &b.from, &e) == 0);
	CHECK(db_write(back->db, job_copy, &b, &e) == 0);
	db_read_end(b.from);
	CHECK(same(lite->db, back->db, &r, &e) == 0 && r.rows == b.r.rows);
	if (s->kind == DB_POSTGRES)     /* what the planner goes by is there at once */
		CHECK(store_case_count(back, "SELECT count(DISTINCT tablename) FROM pg_stats WHERE schemaname=current_schema() AND tablename IN ('event','person','ticket')") == 3);
	CHECK(db_read_begin(back->db, &c, &e) == 0);
	CHECK(event_verify(c, &checked, &e) == 0 && checked == 450);
	db_read_end(c);
	if (s->kind == DB_SQLITE)       /* PostgreSQL's own count does not move for ids that are given */
		CHECK(db_write(back->db, job_person, &id, &e) == 0 && id == 6);
	else
		CHECK(db_write(back->db, job_person, &id, &e) == 0 && id == 3);
	store_case_close(lite);
	store_case_close(back);
}

static void test_one_difference(void **state)
{
	struct store_case *s = *state, *lite = store_case_open(DB_SQLITE);
	static const char *const changes[] = {
		"UPDATE setting SET value='Ærø \"it\"' WHERE key='provider.name'", "UPDATE ticket SET customer_id=0 WHERE number=1",
		"UPDATE person SET created_at=created_at+1 WHERE id=9", "DELETE FROM mail_ref", "UPDATE message SET body='x'", "UPDATE event SET hash=data WHERE id=450",
		"DELETE FROM ticket_search WHERE rowid=2",
	};
	struct copy_report r;
	struct both b;
	struct err e;

	CHECK(db_write(s->db, job_fill, NULL, &e) == 0);
	CHECK(db_read_begin(s->db, &b.from, &e) == 0);
	CHECK(db_write(lite->db, job_copy, &b, &e) == 0);
	db_read_end(b.from);
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		struct store_case *t = store_case_open(DB_SQLITE);
		struct both again;

		CHECK(db_read_begin(lite->db, &again.from, &e) == 0);
		CHECK(db_write(t->db, job_copy, &again, &e) == 0);
		db_read_end(again.from);
		CHECK(same(s->db, t->db, &r, &e) == 0);
		CHECK_ROW(i, db_write(t->db, job_sql, (void *)changes[i], &e) == 0);
		CHECK_ROW(i, same(s->db, t->db, &r, &e) == -1 && e.id == E_MOVE_DIFFERS);
		store_case_close(t);
	}
	store_case_close(lite);
}

int main(void)
{
	static const struct store_test tests[] = { STORE_TEST(test_there_and_back), STORE_TEST(test_one_difference) };
	return store_tests_run(tests, sizeof tests / sizeof *tests);
}
