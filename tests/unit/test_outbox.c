#include "store_case.h"
#include "base/moment.h"
#include "base/text.h"
#include "store/mail_in.h"
#include "store/outbox.h"
#include "store/setting.h"

static const struct db_sql make_ticket = { "INSERT INTO ticket(number,subject,channel,created_at,updated_at) VALUES(?1,'x','mail',1,1) RETURNING id", NULL };
static const struct db_sql make_customer = { "INSERT INTO customer(name,cvr,created_at) VALUES('Bageri','12345674',1) RETURNING id", NULL };
static const struct db_sql make_contact = { "INSERT INTO contact(customer_id,name,email,created_at) VALUES(?1,'Karen','karen@x.dk',1) RETURNING id", NULL };

struct put { struct outmail m; int64_t ticket; const char *id; bool again; struct mail_in in; };

static int put_ticket(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct put *p = arg;
	int64_t customer, id;

	return setting_set(w, "desk.from", "Support <support@fjordkant.dk>", e) != 0 || db_id(w, &make_customer, DB_NONE, &customer, e) != 0 ||
		db_id(w, &make_contact, DB(DB_INT(customer)), &id, e) != 0 ? -1 : db_id(w, &make_ticket, DB(DB_INT(10482)), &p->ticket, e);
}

static int put_mail(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct put *p = arg;
	int rc = outbox_add(w, a, &p->m, e);

	return rc;
}

static int64_t queue(struct store_case *s, struct outmail m)
{
	struct put p = { .m = m };
	struct err e = { 0 };

	if (db_write(s->db, put_mail, &p, &e) != 0)
		fail_msg("%s %s", err_name(e.id), e.detail);
	return p.m.id;
}

static void a_mail_waits_is_tried_and_sent(void **state)
{
	struct store_case *s = *state;
	struct put p = { 0 };
	struct outmail *due;
	struct outmail m = { .created_at = 1000, .kind = "reply", .recipient = "Karen@X.dk", .subject = "Æ", .body = "b", .references = "a@b c@d" };
	struct db_conn *c;
	struct err e = { 0 };
	int64_t number, at, first;
	int n;

	CHECK(db_write(s->db, put_ticket, &p, &e) == 0);
	m.ticket_id = p.ticket;
	first = queue(s, m);
	CHECK(first > 0);
	CHECK(queue(s, m) > first);     /* the same mail to the same person is another mail, with an id of its own */
	CHECK(db_read_begin(s->db, &c, &e) == 0);
	CHECK(outbox_due(c, s->a, 999, 10, &due, &n, &e) == 0 && n == 0);
	CHECK(outbox_due(c, s->a, INT64_MAX - 1, 10, &due, &n, &e) == 0 && n == 2);
	CHECK(outbox_due(c, s->a, 1000, 10, &due, &n, &e) == 0 && n == 2);
	CHECK_STR(due[0].recipient, "karen@x.dk");
	CHECK_STR(due[0].references, "a@b c@d");
	CHECK(strcmp(due[0].message_id, due[1].message_id) != 0 && text_ends(due[0].message_id, "@fjordkant.dk"));
	CHECK(outbox_next(c, &at, &e) == 0 && at == 1000);
	/* the token proves itself, in any case of doubt it does not */
	CHECK(outbox_token_read(c, s->a, due[0].message_id, &number, &e) == 0 && number == 10482);
	for (size_t i = 0; i < strcspn(due[0].message_id, "@"); i++) {
		char *bad = arena_dup(s->a, due[0].message_id);

		bad[i] = bad[i] == '1' ? '2' : '1';
		CHECK_ROW(i, outbox_token_read(c, s->a, bad, &number, &e) == 0 && number == 0);
	}
	CHECK(outbox_token_read(c, s->a, "t.10482", &number, &e) == 0 && number == 0);
	CHECK(outbox_token_read(c, s->a, "t.10482.1.", &number, &e) == 0 && number == 0);
	CHECK(outbox_find(c, s->a, due[0].message_id, &m, &e) == 0 && m.ticket_id == p.ticket);
	db_read_end(c);
}

static int fate(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	int64_t *id = arg;

	return outbox_failed(w, id[0], 5000, false, "451 later", e) != 0 || outbox_failed(w, id[1], 0, true, "550 no", e) != 0 ||
		outbox_sent(w, id[2], 1200, e) != 0 ? -1 : 0;
}

static void what_became_of_it_is_kept(void **state)
{
	struct store_case *s = *state;
	struct outmail m = { .created_at = 1000, .kind = "signin", .recipient = "a@x.dk", .subject = "x", .body = "b" }, *due;
	int64_t id[3], at;
	struct db_conn *c;
	struct err e = { 0 };
	int n;

	for (int i = 0; i < 3; i++)
		id[i] = queue(s, m);
	CHECK(db_write(s->db, fate, id, &e) == 0);
	CHECK(db_read_begin(s->db, &c, &e) == 0);
	CHECK(outbox_due(c, s->a, 4999, 10, &due, &n, &e) == 0 && n == 0);
	CHECK(outbox_due(c, s->a, 5000, 10, &due, &n, &e) == 0 && n == 1);
	CHECK(due[0].id == id[0] && due[0].tries == 1);
	CHECK_STR(due[0].error, "451 later");
	CHECK(outbox_next(c, &at, &e) == 0 && at == 5000);
	db_read_end(c);
}

static void automatic_mail_comes_to_an_end(void **state)
{
	struct store_case *s = *state;
	struct put p = { 0 };
	struct outmail m = { .created_at = MOMENT_DAY * 30, .kind = "notice", .recipient = "loop@y.dk", .subject = "x", .body = "b", .automatic = true };
	struct outmail r = m;
	struct err e = { 0 };

	CHECK(db_write(s->db, put_ticket, &p, &e) == 0);
	m.ticket_id = r.ticket_id = p.ticket;
	for (int i = 0; i < 3; i++)
		CHECK(queue(s, m) > 0);
	CHECK_INT(queue(s, m), 0);
	m.automatic = false;
	CHECK(queue(s, m) > 0);         /* a person's answer is never held back */
	m.automatic = true;
	m.created_at += MOMENT_HOUR;
	CHECK(queue(s, m) > 0);
	r.kind = "autoreply";
	r.recipient = "stranger@y.dk";
	CHECK(queue(s, r) > 0);
	r.created_at += 2 * MOMENT_HOUR;
	CHECK_INT(queue(s, r), 0);      /* a stranger: one a day */
	r.created_at += MOMENT_DAY;
	CHECK(queue(s, r) > 0);
	r.recipient = "karen@x.dk";     /* a contact: thirty */
	for (int i = 0; i < 30; i++, r.created_at += 40 * MOMENT_MINUTE)
		CHECK_ROW(i, queue(s, r) > 0);
	CHECK_INT(queue(s, r), 0);
}

static int put_in(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct put *p = arg;

	return store_mail_in_add(w, &p->in, &p->again, e);
}

static int end_in(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct put *p = arg;

	p->in.state = "done";
	p->in.content_sha256 = "c0";
	return store_mail_in_set(w, &p->in, e);
}

static void the_same_mail_comes_in_once(void **state)
{
	struct store_case *s = *state;
	struct put p = { .in = { .received_at = 5, .sha256 = "aa", .sender = "", .recipients = "a@x b@x" } }, q = p;
	struct mail_in *waiting;
	struct db_conn *c;
	struct err e = { 0 };
	bool found;
	int64_t n, oldest;
	int k;

	CHECK(db_write(s->db, put_in, &p, &e) == 0 && !p.again && p.in.id > 0);
	CHECK(db_write(s->db, put_in, &q, &e) == 0 && q.again && q.in.id == p.in.id);
	q.in.recipients = "c@x";
	CHECK(db_write(s->db, put_in, &q, &e) == 0 && !q.again);
	CHECK(db_read_begin(s->db, &c, &e) == 0);
	CHECK(store_mail_in_waiting(c, s->a, 10, &waiting, &k, &e) == 0 && k == 2 && waiting[0].id == p.in.id);
	CHECK(store_mail_in_counts(c, &n, &oldest, &e) == 0 && n == 2 && oldest == 5);
	db_read_end(c);
	CHECK(db_write(s->db, end_in, &p, &e) == 0);
	CHECK(db_read_begin(s->db, &c, &e) == 0);
	CHECK(store_mail_in_waiting(c, s->a, 10, &waiting, &k, &e) == 0 && k == 1);
	CHECK(store_mail_in_same(c, q.in.id, "c0", "", 5, &found, &e) == 0 && found);
	CHECK(store_mail_in_same(c, q.in.id, "c0", "other@x", 0, &found, &e) == 0 && !found);
	CHECK(store_mail_in_same(c, q.in.id, "c0", "", 6, &found, &e) == 0 && !found);
	CHECK(store_mail_in_same(c, p.in.id, "c0", "", 0, &found, &e) == 0 && !found);
	db_read_end(c);
	q.in = p.in;                            /* read already, or of somebody else: taken in, whatever it turns out to be */
	CHECK(db_write(s->db, put_in, &q, &e) == 0 && !q.again && q.in.id > p.in.id);
	q.in.sender = "other@x";
	CHECK(db_write(s->db, put_in, &q, &e) == 0 && !q.again);
}

int main(void)
{
	static const struct store_test tests[] = {
		STORE_TEST(a_mail_waits_is_tried_and_sent), STORE_TEST(what_became_of_it_is_kept), STORE_TEST(automatic_mail_comes_to_an_end),
		STORE_TEST(the_same_mail_comes_in_once),
	};
	return store_tests_run(tests, sizeof tests / sizeof *tests);
}
