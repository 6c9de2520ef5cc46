/* Sessions and sign-in links in the store: how long they hold, and how often. */
#include "store_case.h"
#include "base/moment.h"
#include "store/session.h"

enum { NOW = 1000000000 };

static int fill_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	static const char *const rows[] = {
		"INSERT INTO person(login,name,role,created_at) VALUES('m','Mette','admin',1),('x','X','technician',1)",
		"INSERT INTO customer(name,cvr,created_at) VALUES('A','10000009',1)",
		"INSERT INTO contact(customer_id,name,email,created_at) VALUES(1,'K','k@a.dk',1)",
	};
	struct session s = { .hash = { 1 }, .who_kind = "person", .who_id = 1, .csrf = "00", .created_at = NOW, .seen_at = NOW, .expires_at = NOW + MOMENT_HOUR,
		.address = "", .agent = "" };
	struct session k = { .hash = { 2 }, .who_kind = "contact", .who_id = 1, .customer_id = 1, .csrf = "00", .created_at = NOW, .seen_at = NOW,
		.expires_at = NOW + 10 * MOMENT_HOUR, .address = "", .agent = "" };

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (db_run(w, &(struct db_sql){ rows[i], NULL }, DB_NONE, NULL, e) != 0)
			return -1;
	return session_add(w, &s, e) || session_add(w, &k, e) ? -1 : 0;
}

static int sql_job(struct db_conn *w, struct arena *a, void *arg, struct err *e) { return db_run(w, &(struct db_sql){ arg, NULL }, DB_NONE, NULL, e); }

static bool holds(struct store_case *s, uint8_t which, int64_t now)
{
	uint8_t hash[32] = { which };
	struct session_who who;
	struct session got;
	struct db_conn *c;
	struct err e = { 0 };
	int rc;

	CHECK(db_read_begin(s->db, &c, &e) == 0);
	rc = session_find(c, s->a, hash, now, 30 * MOMENT_MINUTE, 5 * MOMENT_HOUR, &got, &who, &e);
	CHECK(rc == 0 || e.id == E_NOT_FOUND);
	CHECK(rc != 0 || (who.person == (which == 1) && who.id == 1));
	db_read_end(c);
	return rc == 0;
}

static void a_session_ends(void **state)
{
	struct store_case *s = *state;
	struct err e;

	CHECK(db_write(s->db, fill_job, NULL, &e) == 0);
	CHECK(holds(s, 1, NOW) && holds(s, 2, NOW) && !holds(s, 3, NOW));
	/* idle, each kind as long as it may be */
	CHECK(holds(s, 1, NOW + 30 * MOMENT_MINUTE - 1) && !holds(s, 1, NOW + 30 * MOMENT_MINUTE));
	CHECK(holds(s, 2, NOW + 5 * MOMENT_HOUR - 1) && !holds(s, 2, NOW + 5 * MOMENT_HOUR));
	/* however awake: an end it has */
	CHECK(db_write(s->db, sql_job, "UPDATE session SET seen_at=100000000000000", &e) == 0);
	CHECK(holds(s, 1, NOW + MOMENT_HOUR - 1) && !holds(s, 1, NOW + MOMENT_HOUR));
	CHECK(holds(s, 2, NOW + 10 * MOMENT_HOUR - 1) && !holds(s, 2, NOW + 10 * MOMENT_HOUR));
	/* and with whose it is */
	CHECK(db_write(s->db, sql_job, "UPDATE person SET active=0 WHERE id=1", &e) == 0);
	CHECK(!holds(s, 1, NOW) && holds(s, 2, NOW));
}

struct link { uint8_t hash[32]; int64_t now, customer, contact; bool add; };

static int link_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct link *l = arg;

	return l->add ? signin_link_add(w, l->hash, 1, 1, l->now, l->now + 100, e) : signin_link_use(w, l->hash, l->now, &l->customer, &l->contact, e);
}

static void a_link_works_once(void **state)
{
	struct store_case *s = *state;
	struct link l = { .hash = { 9 }, .now = NOW, .add = true };
	struct err e;

	CHECK(db_write(s->db, fill_job, NULL, &e) == 0 && db_write(s->db, link_job, &l, &e) == 0);
	l.hash[0] = 8;
	CHECK(db_write(s->db, link_job, &l, &e) == 0);
	l = (struct link){ .hash = { 9 }, .now = NOW + 100 };
	CHECK(db_write(s->db, link_job, &l, &e) == -1 && e.id == E_LINK_SPENT);          /* too late */
	l.now--;
	CHECK(db_write(s->db, link_job, &l, &e) == 0 && l.customer == 1 && l.contact == 1);
	CHECK(db_write(s->db, link_job, &l, &e) == -1 && e.id == E_LINK_SPENT);
	l.hash[0] = 8;
	CHECK(db_write(s->db, link_job, &l, &e) == 0);
	l.hash[0] = 7;
	CHECK(db_write(s->db, link_job, &l, &e) == -1 && e.id == E_LINK_SPENT);
}

int main(void)
{
	static const struct store_test tests[] = { STORE_TEST(a_session_ends), STORE_TEST(a_link_works_once) };

	return store_tests_run(tests, sizeof tests / sizeof *tests);
}
