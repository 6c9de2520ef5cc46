#include "store_case.h"
#include "base/fault.h"
#include "store/event.h"

struct job { struct event ev; int n; };

static int job_add(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct job *j = arg;

	for (int i = 0; i < j->n; i++)
		if (event_add(w, a, &j->ev, e) != 0)
			return -1;
	return 0;
}

static int job_sql(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	return db_run(w, &(struct db_sql){ arg, NULL }, DB_NONE, NULL, e);
}

static int fill(struct store_case *s, int n)
{
	static char long_data[16300];
	struct err e;

	if (!long_data[0])
		memset(long_data, 'x', sizeof long_data - 1);
	for (int i = 0; i < n; i++) {
		struct job j = { { .at = 1000 + i, .actor_kind = "person", .actor_id = 3, .customer_id = i % 3, .object = "ticket", .object_id = i % 5,
			.kind = "ticket.state", .data = i % 7 == 0 ? NULL : i % 7 == 1 ? long_data : "{\"to\":\"æ\"}" }, 1 };

		CHECK(db_write(s->db, job_add, &j, &e) == 0);
	}
	return n;
}

static void test_chain(void **state)
{
	struct store_case *s = *state;
	struct event *list;
	struct db_conn *c;
	struct err e;
	int64_t checked;
	int n;

	CHECK(db_read_begin(s->db, &c, &e) == 0);
	CHECK(event_verify(c, &checked, &e) == 0 && checked == 0);
	db_read_end(c);
	fill(s, 40);
	CHECK(db_read_begin(s->db, &c, &e) == 0);
	CHECK(event_verify(c, &checked, &e) == 0 && checked == 40);
	CHECK(event_list(c, s->a, "ticket", 2, &list, &n, &e) == 0 && n == 8);
	CHECK(list[0].id == 3 && list[7].id == 38 && list[0].at == 1002 && list[0].customer_id == 2);
	CHECK_STR(list[0].data, "{\"to\":\"æ\"}");
	CHECK(event_list(c, s->a, "nothing", 2, &list, &n, &e) == 0 && n == 0);
	db_read_end(c);
}

/* A customer's own page tells what people did, however much the ledger measured in between. */
static void test_story(void **state)
{
	struct store_case *s = *state;
	const struct event told[] = { { .at = 1, .actor_kind = "system", .object = "customer", .object_id = 1, .customer_id = 1, .kind = "customer.created" },
		{ .at = 2, .actor_kind = "system", .object = "ticket", .object_id = 9, .customer_id = 1, .kind = "ticket.created" },
		{ .at = 3, .actor_kind = "system", .object = "customer", .object_id = 2, .customer_id = 2, .kind = "customer.created" } };
	struct event *list;
	struct db_conn *c;
	struct err e;
	int n;

	for (int i = 0; i < 3; i++) {
		struct job j = { told[i], 1 };

		CHECK(db_write(s->db, job_add, &j, &e) == 0);
	}
	fill(s, 40);
	CHECK(db_read_begin(s->db, &c, &e) == 0);
	CHECK(event_list_story(c, s->a, 1, 5, &list, &n, &e) == 0 && n == 2);
	CHECK_STR(list[0].kind, "ticket.created");
	CHECK_STR(list[1].kind, "customer.created");
	CHECK(event_list_story(c, s->a, 1, 1, &list, &n, &e) == 0 && n == 1 && list[0].at == 2);
	db_read_end(c);
}

/* Each of these changes one thing; the first bad row is named. */
static void test_tampering_is_found(void **state)
{
	struct store_case *s = *state;
	static const struct { const char *change, *undo, *names; } rows[] = {
		{ "UPDATE event SET data='{\"to\":\"a\"}' WHERE id=10", "UPDATE event SET data='{\"to\":\"æ\"}' WHERE id=10", "event 10" },
		{ "UPDATE event SET at=at+1 WHERE id=1", "UPDATE event SET at=at-1 WHERE id=1", "event 1" },
		{ "UPDATE event SET customer_id=2 WHERE id=5", "UPDATE event SET customer_id=1 WHERE id=5", "event 5" },
		{ "UPDATE event SET actor_id=4 WHERE id=20", "UPDATE event SET actor_id=3 WHERE id=20", "event 20" },
		{ "UPDATE event SET actor_kind='contact' WHERE id=20", "UPDATE event SET actor_kind='person' WHERE id=20", "event 20" },
		{ "UPDATE event SET object_id=99 WHERE id=20", "UPDATE event SET object_id=4 WHERE id=20", "event 20" },
		{ "UPDATE event SET object='ticke',kind='tticket.state' WHERE id=20", "UPDATE event SET object='ticket',kind='ticket.state' WHERE id=20", "event 20" },
		{ "UPDATE event SET id=99 WHERE id=20", "UPDATE event SET id=20 WHERE id=99", "event 20" },
		{ "UPDATE event SET hash=(SELECT hash FROM event WHERE id=2) WHERE id=3", NULL, "event 3" },
		{ "DELETE FROM event WHERE id=1", NULL, "event 1" },
	};
	struct db_conn *c;
	struct err e;
	int64_t checked;

	fill(s, 25);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		CHECK_ROW(i, db_write(s->db, job_sql, (void *)rows[i].change, &e) == 0);
		CHECK(db_read_begin(s->db, &c, &e) == 0);
		CHECK_ROW(i, event_verify(c, &checked, &e) == -1 && e.id == E_CHAIN_BROKEN);
		CHECK_STR(e.detail, rows[i].names);
		db_read_end(c);
		if (!rows[i].undo)
			continue;
		CHECK_ROW(i, db_write(s->db, job_sql, (void *)rows[i].undo, &e) == 0);
		CHECK(db_read_begin(s->db, &c, &e) == 0);
		CHECK_ROW(i, event_verify(c, &checked, &e) == 0 && checked == 25);
		db_read_end(c);
	}
}

struct forged { const char *data; struct db_bytes hash; };

static int job_forge(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct forged *f = arg;

	return db_run(w, &(struct db_sql){ "UPDATE event SET data=?1,hash=?2 WHERE id=10", NULL }, DB(DB_TEXT(f->data), DB_BYTES(f->hash.p, f->hash.n)), NULL, e);
}

/* Who changes an event and makes its hash anew, as it would have been, is found by the next one: each holds the one before. */
static void test_each_holds_the_one_before(void **state)
{
	struct store_case *s = *state, *other = store_case_open(s->kind);
	struct job j = { { .at = 1009, .actor_kind = "person", .actor_id = 3, .customer_id = 0, .object = "ticket", .object_id = 4, .kind = "ticket.state",
		.data = "{\"to\":\"forged\"}" }, 1 };
	struct forged f = { .data = j.ev.data };
	struct db_conn *c;
	struct db_cur *cur;
	struct err e;
	int64_t checked;

	fill(s, 25);
	fill(other, 9);
	CHECK(db_write(other->db, job_add, &j, &e) == 0);
	CHECK(db_read_begin(other->db, &c, &e) == 0);
	CHECK(event_verify(c, &checked, &e) == 0 && checked == 10);
	CHECK(db_query(c, &(struct db_sql){ "SELECT hash FROM event WHERE id=10", NULL }, DB_NONE, &cur, &e) == 0 && db_next(cur, &e) == 1);
	f.hash = db_bytes(cur, 0, s->a);
	db_done(cur);
	db_read_end(c);
	CHECK(db_write(s->db, job_forge, &f, &e) == 0);
	CHECK(db_read_begin(s->db, &c, &e) == 0);
	CHECK(event_verify(c, &checked, &e) == -1 && e.id == E_CHAIN_BROKEN);
	CHECK_STR(e.detail, "event 11");
	db_read_end(c);
	store_case_close(other);
}

static void test_event_faults(void **state)
{
	struct store_case *s = *state;
	struct job j = { { .at = 5, .actor_kind = "system", .object = "ticket", .object_id = 1, .kind = "k", .data = "{}" }, 3 };
	struct db_conn *c;
	struct err e = { 0 };
	int64_t checked, want = 0;
	int nth, rc = -1;

	for (int keep = 0; keep <= 1; keep++)
		for (nth = 1, rc = -1; rc != 0 && nth < 60; nth++) {
			fault_arm(nth, keep);
			rc = db_write(s->db, job_add, &j, &e);
			CHECK_ROW(nth, rc == 0 ? !fault_fired() : e.id != E_NONE);
			fault_arm(-1, 0);
			want += rc == 0 ? 3 : 0;
			CHECK(db_read_begin(s->db, &c, &e) == 0);
			CHECK_ROW(nth, event_verify(c, &checked, &e) == 0 && checked == want);
			db_read_end(c);
		}
	CHECK(rc == 0 && nth > 6);
}

static void test_too_long(void **state)
{
	struct store_case *s = *state;
	char *data = arena_get(s->a, 17 << 10);
	struct job j = { { .at = 5, .actor_kind = "system", .object = "ticket", .kind = "k", .data = data }, 1 };
	struct err e;

	memset(data, 'x', (17 << 10) - 1);
	CHECK(db_write(s->db, job_add, &j, &e) == -1 && e.id == E_TOO_LONG);
}

int main(void)
{
	static const struct store_test tests[] = {
		STORE_TEST(test_chain), STORE_TEST(test_story), STORE_TEST(test_tampering_is_found), STORE_TEST(test_each_holds_the_one_before), STORE_TEST(test_event_faults), STORE_TEST(test_too_long),
	};
	return store_tests_run(tests, sizeof tests / sizeof *tests);
}
