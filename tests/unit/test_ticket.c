/* What may happen to a ticket, on both databases. */
#include "store_case.h"
#include <inttypes.h>
#include <pthread.h>
#include "base/moment.h"
#include "base/text.h"
#include "core/catalogue.h"
#include "core/ticket.h"
#include "store/agreement.h"
#include "store/outbox.h"
#include "store/search.h"

enum { ADMIN = 1, TECH = 2, ALPHA = 1, BETA = 2, ANNA = 1, BO = 2, EVA = 3 };
static const struct actor tech = { ROLE_TECHNICIAN, true, TECH, 0, "Jonas Kjær" };
static const struct actor admin = { ROLE_ADMIN, true, ADMIN, 0, "Mette Dahl" };
static const struct actor anna = { ROLE_EMPLOYEE, false, ANNA, ALPHA, "Anna Holm" };
static const struct actor bo = { ROLE_OWNER, false, BO, ALPHA, "Bo Berg" };
static const struct actor eva = { ROLE_OWNER, false, EVA, BETA, "Eva Lund" };
static const struct actor stranger = { ROLE_NOBODY, false, 0, 0, "Nogen" };

static struct catalogue catalogue;
static int64_t clock_us;

static struct desk desk(void) { return (struct desk){ &catalogue, "http://127.0.0.1:8080", clock_us }; }

static int fill(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	static const struct db_sql q[] = {
		{ "INSERT INTO person(login,name,email,role,created_at) VALUES('mette','Mette Dahl','mette@desk.example','admin',1)", NULL },
		{ "INSERT INTO person(login,name,email,role,created_at) VALUES('jonas','Jonas Kjær','jonas@desk.example','technician',1)", NULL },
		{ "INSERT INTO customer(name,cvr,created_at) VALUES('Alpha A/S','10000001',1)", NULL },
		{ "INSERT INTO customer(name,cvr,lang,created_at) VALUES('Beta Ltd','10000002','en',1)", NULL },
		{ "INSERT INTO contact(customer_id,name,email,role,created_at) VALUES(1,'Anna Holm','anna@alpha.example','employee',1)", NULL },
		{ "INSERT INTO contact(customer_id,name,email,role,created_at) VALUES(1,'Bo Berg','bo@alpha.example','owner',1)", NULL },
		{ "INSERT INTO contact(customer_id,name,email,role,lang,created_at) VALUES(2,'Eva Lund','eva@beta.example','owner','en',1)", NULL },
	};

	(void)a, (void)arg;
	for (size_t i = 0; i < sizeof q / sizeof *q; i++)
		if (db_run(w, &q[i], DB_NONE, NULL, e) != 0)
			return -1;
	return 0;
}

/* Any operation as one job. */
struct op {
	enum { CREATE, REPLY, CHANGE, MERGE, SPLIT, LINK, PLACE, RATE, WATCH, CLOSE } what;
	const struct actor *who;
	struct ticket_draft draft;
	struct ticket_answer answer;
	struct ticket_change change;
	int64_t id, other, customer, contact, messages[4];
	int n, score;
	const char *text;
	int64_t got_id, got_number, got_customer, got_next;     /* copied out: the job's arena dies with it */
	int got_version;
	char got_state[24], got_owner[40];
};

static int run(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct op *o = arg;
	struct desk d = desk();
	struct ticket t = { .state = "", .owner_name = "" };
	struct message m = { 0 };
	int rc = -1;

	switch (o->what) {
	case CREATE: rc = ticket_create(w, a, &d, o->who, &o->draft, &t, e); break;
	case REPLY: rc = ticket_reply(w, a, &d, o->who, &o->answer, &m, e); t.id = m.id; t.number = m.ticket_id; break;
	case CHANGE: rc = ticket_change(w, a, &d, o->who, o->id, &o->change, &t, e); break;
	case MERGE: rc = ticket_merge(w, a, &d, o->who, o->id, o->other, &t, e); break;
	case SPLIT: rc = ticket_split(w, a, &d, o->who, o->id, o->messages, o->n, o->text, &t, e); break;
	case LINK: rc = ticket_link(w, a, &d, o->who, o->id, o->other, e); break;
	case PLACE: rc = ticket_place(w, a, &d, o->who, o->id, o->customer, o->contact, &t, e); break;
	case RATE: rc = ticket_rate(w, a, &d, o->who, o->id, o->score, o->text, e); break;
	case WATCH: rc = ticket_watch(w, a, &d, o->who, o->id, "email", 0, o->text, true, e); break;
	case CLOSE: rc = ticket_close_solved(w, a, &d, o->id, &o->n, e); break;
	}
	if (rc != 0)
		return -1;
	o->got_id = t.id;
	o->got_number = t.number;
	o->got_customer = t.customer_id;
	o->got_next = t.next_due_at;
	o->got_version = t.version;
	snprintf(o->got_state, sizeof o->got_state, "%s", t.state);
	snprintf(o->got_owner, sizeof o->got_owner, "%s", t.owner_name);
	return 0;
}

static void must(struct store_case *s, struct op *o)
{
	struct err e = { 0 };

	if (db_write(s->db, run, o, &e) != 0) {
		print_message("%s %s %s (%s:%d)\n", err_name(e.id), e.field, e.detail, e.file, e.line);
		fail();
	}
}

static struct err refused(struct store_case *s, struct op *o, enum err_id want)
{
	struct err e = { 0 };
	int rc = db_write(s->db, run, o, &e);

	if (rc == 0 || e.id != want)
		print_message("got %s %s %s, wanted %s\n", rc == 0 ? "success" : err_name(e.id), e.field, e.detail, err_name(want));
	CHECK(rc != 0 && e.id == want);
	return e;
}

static struct op made(struct store_case *s, const struct actor *who, int64_t customer, int64_t contact, const char *subject)
{
	struct op o = { .what = CREATE, .who = who, .draft = { .customer_id = customer, .contact_id = contact, .subject = subject,
		.text = { .body = "Det driller siden i går." } } };

	must(s, &o);
	return o;
}

static int64_t count(struct store_case *s, const char *text, int64_t v)
{
	struct db_sql q = { text, NULL };
	struct db_conn *c;
	struct err e;
	int64_t n = -1;

	CHECK(db_read_begin(s->db, &c, &e) == 0);
	CHECK(db_id(c, &q, DB(DB_INT(v)), &n, &e) == 0);
	db_read_end(c);
	return n;
}

static struct ticket get(struct store_case *s, int64_t id)
{
	struct ticket t;
	struct db_conn *c;
	struct err e;

	CHECK(db_read_begin(s->db, &c, &e) == 0);
	CHECK(store_ticket_get(c, s->a, (struct ticket_scope){ 0, 0 }, id, &t, &e) == 0);
	db_read_end(c);
	return t;
}

static void begin(struct store_case *s)
{
	struct err e;

	clock_us = moment_from_local(2026, 11, 24, 9, 0, 0);    /* a Tuesday */
	CHECK(db_write(s->db, fill, NULL, &e) == 0);
}

static void a_ticket_comes_in(void **state)
{
	struct store_case *s = *state;
	struct op o;
	struct ticket t;

	begin(s);
	o = made(s, &anna, BETA, EVA, "Printeren trækker to ark");      /* a contact cannot speak for others */
	CHECK_INT(o.got_number, 10001);
	t = get(s, o.got_id);
	CHECK(t.customer_id == ALPHA && t.contact_id == ANNA && strcmp(t.from_email, "anna@alpha.example") == 0);
	CHECK(strcmp(t.state, "new") == 0 && strcmp(t.priority, "normal") == 0 && strcmp(t.type, "incident") == 0);
	CHECK(t.response_due_at == moment_from_local(2026, 11, 25, 9, 0, 0) && t.next_due_at == t.response_due_at);     /* 480 minutes */
	CHECK_INT(count(s, "SELECT count(*) FROM event WHERE object='ticket' AND object_id=?1", o.got_id), 2);
	CHECK_INT(count(s, "SELECT count(*) FROM outbox WHERE ticket_id=?1 AND kind='autoreply' AND recipient='anna@alpha.example' AND auto=1",
		o.got_id), 1);
	o = made(s, &tech, ALPHA, ANNA, "");
	CHECK_STR(get(s, o.got_id).subject, "Det driller siden i går.");
	CHECK_INT(o.got_number, 10002);
	CHECK_INT(get(s, o.got_id).responded_at, 0);            /* typed in by us, not answered by us */
	CHECK_INT(count(s, "SELECT count(*) FROM message WHERE ticket_id=?1 AND author_kind='contact' AND author_id=1", o.got_id), 1);
	o.draft.channel = "phone";
	must(s, &o);
	CHECK(get(s, o.got_id).responded_at == clock_us);
	o = made(s, &stranger, 0, 0, "Hej");
	CHECK(get(s, o.got_id).customer_id == 0);
}

static void bad_input_is_refused_whole(void **state)
{
	struct store_case *s = *state;
	static char big[TICKET_BODY_MAX + 2];
	struct op base = { .what = CREATE, .who = &tech, .draft = { .customer_id = ALPHA, .subject = "x", .text = { .body = "y" } } }, o;
	struct err e;

	begin(s);
	memset(big, 'a', sizeof big - 1);
	o = base; o.draft.priority = "P1"; e = refused(s, &o, E_CHOICE_INVALID); CHECK_STR(e.field, "priority");
	o = base; o.draft.type = "bug"; e = refused(s, &o, E_CHOICE_INVALID); CHECK_STR(e.field, "type");
	o = base; o.draft.text.body = ""; e = refused(s, &o, E_REQUIRED); CHECK_STR(e.field, "body");
	o = base; o.draft.text.body = NULL; refused(s, &o, E_REQUIRED);
	o = base; o.draft.text.body = big; e = refused(s, &o, E_TOO_LONG); CHECK_STR(e.field, "body");
	o = base; o.draft.text.body = "\xff\xfe"; e = refused(s, &o, E_TEXT_ENCODING); CHECK_STR(e.field, "body");
	o = base; o.draft.subject = big; e = refused(s, &o, E_TOO_LONG); CHECK_STR(e.field, "subject");
	o = base; o.draft.customer_id = 99; e = refused(s, &o, E_NOT_FOUND); CHECK_STR(e.field, "customer_id");
	o = base; o.draft.contact_id = EVA; e = refused(s, &o, E_NOT_FOUND); CHECK_STR(e.field, "contact_id");
	o = base; o.draft.owner_id = 77; e = refused(s, &o, E_NOT_FOUND); CHECK_STR(e.field, "owner_id");
	CHECK_INT(count(s, "SELECT count(*) FROM ticket WHERE id>=?1", 0), 0);
	CHECK_INT(count(s, "SELECT count(*) FROM event WHERE id>=?1", 0), 0);
	CHECK_INT(made(s, &tech, ALPHA, 0, "første").got_number, 10001);        /* a refusal takes no number */
}

/* By their Message-IDs, what we send hangs together with what came before it, and with nothing a program sent. */
static void answers_refer_to_what_was_said(void **state)
{
	struct store_case *s = *state;
	struct op r, o;
	int64_t id;

	begin(s);
	id = made(s, &anna, 0, 0, "Net").got_id;
	clock_us += MOMENT_MINUTE;
	r = (struct op){ .what = REPLY, .who = &tech, .answer = { .ticket_id = id, .text = { .body = "Prøv igen" } } };
	must(s, &r);
	CHECK_INT(count(s, "SELECT count(*) FROM outbox r,outbox a WHERE r.ticket_id=?1 AND a.ticket_id=r.ticket_id AND a.kind='autoreply' AND r.kind='reply' "
		"AND r.headers='{\"in_reply_to\":\"' || a.message_id || '\",\"references\":\"' || a.message_id || '\"}'", id), 1);
	clock_us += MOMENT_MINUTE;
	o = (struct op){ .what = REPLY, .who = &anna, .answer = { .ticket_id = id, .channel = "mail", .text = { .body = "Nej", .message_id = "c1@x" } } };
	must(s, &o);
	o = (struct op){ .what = REPLY, .who = &stranger, .answer = { .ticket_id = id, .channel = "mail", .visibility = "internal", .admitted = true,
		.text = { .body = "Failed", .message_id = "b1@mx", .auto_class = "bounce" } } };
	must(s, &o);
	o.answer.text = (struct ticket_text){ .body = "Luk op", .message_id = "s1@spy" };
	must(s, &o);
	clock_us += MOMENT_MINUTE;
	must(s, &r);
	CHECK_INT(count(s, "SELECT count(*) FROM outbox n,outbox r,outbox a WHERE n.ticket_id=?1 AND a.ticket_id=n.ticket_id AND r.ticket_id=n.ticket_id "
		"AND a.kind='autoreply' AND n.kind='reply' AND r.kind='reply' AND r.id<n.id AND n.headers="
		"'{\"in_reply_to\":\"c1@x\",\"references\":\"' || a.message_id || ' ' || r.message_id || ' c1@x\"}'", id), 1);
	CHECK_INT(count(s, "SELECT count(*) FROM outbox WHERE ticket_id=?1 AND (headers LIKE '%b1@mx%' OR headers LIKE '%s1@spy%')", id), 0);
}

static void answers_move_the_state(void **state)
{
	struct store_case *s = *state;
	struct op o, r;
	int64_t id;

	begin(s);
	id = made(s, &anna, 0, 0, "Net").got_id;
	clock_us += 19 * MOMENT_MINUTE;
	r = (struct op){ .what = REPLY, .who = &tech, .answer = { .ticket_id = id, .visibility = "internal", .text = { .body = "ser på det" } } };
	must(s, &r);
	CHECK(get(s, id).responded_at == 0 && strcmp(get(s, id).state, "new") == 0);
	CHECK_INT(count(s, "SELECT count(*) FROM outbox WHERE ticket_id=?1 AND kind='reply'", id), 0);
	r.answer.visibility = "public";
	r.answer.then = "waiting_customer";
	must(s, &r);
	CHECK(get(s, id).responded_at == clock_us && get(s, id).owner_id == TECH && get(s, id).next_due_at == MOMENT_NEVER);
	CHECK_STR(get(s, id).state, "waiting_customer");
	CHECK_INT(count(s, "SELECT count(*) FROM outbox WHERE ticket_id=?1 AND kind='reply' AND recipient='anna@alpha.example'", id), 1);
	clock_us += 120 * MOMENT_MINUTE;
	o = (struct op){ .what = REPLY, .who = &bo, .answer = { .ticket_id = id, .text = { .body = "Her er svaret" } } };
	must(s, &o);
	CHECK_STR(get(s, id).state, "open");
	/* 2400 minutes of work from Tuesday 9.00, and two hours that did not count */
	CHECK(get(s, id).solution_due_at == moment_from_local(2026, 12, 1, 11, 0, 0));
	CHECK_INT(count(s, "SELECT count(*) FROM watcher WHERE ticket_id=?1 AND who_kind='contact' AND who_id=2", id), 1);
	CHECK_INT(count(s, "SELECT count(*) FROM outbox WHERE ticket_id=?1 AND kind='notice' AND recipient='jonas@desk.example'", id), 1);
	/* now both Anna and Bo get what we answer */
	r.answer.then = "solved";
	must(s, &r);
	CHECK_INT(count(s, "SELECT count(*) FROM outbox WHERE ticket_id=?1 AND kind='reply'", id), 3);
	CHECK(get(s, id).solved_at == clock_us);
	o.answer.text.auto_class = "vacation";
	must(s, &o);
	CHECK_STR(get(s, id).state, "solved");                  /* a machine does not open it */
	o.answer.text.auto_class = NULL;
	must(s, &o);
	CHECK(strcmp(get(s, id).state, "open") == 0 && get(s, id).solved_at == 0);
	/* somebody else's ticket is not there */
	o.who = &eva;
	refused(s, &o, E_NOT_FOUND);
	o = (struct op){ .what = REPLY, .who = &anna, .answer = { .ticket_id = id, .visibility = "internal", .text = { .body = "x" } } };
	refused(s, &o, E_DENIED);
	o.answer.visibility = "secret";
	refused(s, &o, E_CHOICE_INVALID);
	o = (struct op){ .what = REPLY, .who = &stranger, .answer = { .ticket_id = id, .text = { .body = "x" } } };
	refused(s, &o, E_NOT_FOUND);
}

static void changes_that_cross_are_told(void **state)
{
	struct store_case *s = *state;
	struct op o;
	int64_t id;
	int version;
	struct err e;

	begin(s);
	id = made(s, &anna, 0, 0, "Net").got_id;
	version = get(s, id).version;
	o = (struct op){ .what = CHANGE, .who = &tech, .id = id, .change = { .priority = "urgent", .set_owner = true, .owner_id = TECH, .version = version } };
	must(s, &o);
	CHECK_STR(o.got_owner, "Jonas Kjær");
	o = (struct op){ .what = CHANGE, .who = &admin, .id = id, .change = { .priority = "important", .version = version } };
	e = refused(s, &o, E_TICKET_CHANGED);
	CHECK_STR(e.field, "priority");
	CHECK_STR(e.detail, "Jonas Kjær: urgent");
	CHECK_STR(get(s, id).priority, "urgent");
	o = (struct op){ .what = CHANGE, .who = &admin, .id = id, .change = { .state = "open", .version = version } };
	must(s, &o);                    /* another field: both stand */
	CHECK(strcmp(get(s, id).priority, "urgent") == 0 && strcmp(get(s, id).state, "open") == 0);
	o.change = (struct ticket_change){ .state = "sovende" };
	e = refused(s, &o, E_CHOICE_INVALID);
	CHECK_STR(e.field, "state");
	o = (struct op){ .what = CHANGE, .who = &anna, .id = id, .change = { .priority = "urgent" } };
	refused(s, &o, E_DENIED);
	o.change = (struct ticket_change){ .state = "solved" };
	must(s, &o);
	o = (struct op){ .what = CHANGE, .who = &eva, .id = id, .change = { .state = "open" } };
	refused(s, &o, E_NOT_FOUND);
	/* a technician who answers while another has answered is told so */
	o = (struct op){ .what = REPLY, .who = &admin, .answer = { .ticket_id = id, .text = { .body = "en" } } };
	must(s, &o);
	o = (struct op){ .what = REPLY, .who = &tech, .answer = { .ticket_id = id, .text = { .body = "to" }, .seen = 1 } };
	e = refused(s, &o, E_TICKET_CHANGED);
	CHECK_STR(e.detail, "Mette Dahl");
}

/* Merging an old and urgent one into a fresh one does not make it young, nor less urgent; one that was answered asks no second answer. */
static void merging_sets_no_clock_back(void **state)
{
	struct store_case *s = *state;
	int64_t start, old, fresh, answered, last;
	struct op o;

	begin(s);
	start = clock_us;
	old = made(s, &anna, 0, 0, "Net nede").got_id;
	o = (struct op){ .what = CHANGE, .who = &tech, .id = old, .change = { .priority = "important" } };
	must(s, &o);
	answered = made(s, &anna, 0, 0, "Net, svaret").got_id;
	o = (struct op){ .what = REPLY, .who = &tech, .answer = { .ticket_id = answered, .visibility = "public", .text = { .body = "Vi ser på det" } } };
	must(s, &o);
	clock_us += 30 * MOMENT_DAY;
	fresh = made(s, &anna, 0, 0, "Stadig").got_id;
	last = get(s, fresh).response_due_at;
	CHECK(last > clock_us);
	o = (struct op){ .what = MERGE, .who = &tech, .id = answered, .other = fresh };
	must(s, &o);
	CHECK_INT(get(s, fresh).response_due_at, last);
	o.id = old;
	must(s, &o);
	CHECK_STR(get(s, fresh).priority, "important");
	CHECK(get(s, fresh).response_due_at == clock_us && get(s, fresh).solution_due_at <= clock_us && get(s, old).merged_into == fresh);
	CHECK(get(s, old).solved_at && start < clock_us);
}

static void merged_and_split(void **state)
{
	struct store_case *s = *state;
	struct op o, r;
	int64_t x, y, z, other, msg;
	struct message *m;
	struct db_conn *c;
	struct err e;
	int n;

	begin(s);
	x = made(s, &anna, 0, 0, "Net nede").got_id;
	y = made(s, &bo, 0, 0, "Intet net").got_id;
	z = made(s, &bo, 0, 0, "Net, samlet").got_id;
	other = made(s, &eva, 0, 0, "Net").got_id;
	o = (struct op){ .what = MERGE, .who = &tech, .id = x, .other = x };
	refused(s, &o, E_MERGE_SELF);
	o.other = other;
	refused(s, &o, E_MERGE_CUSTOMER);
	o.other = 999;
	refused(s, &o, E_NOT_FOUND);
	o.who = &bo; o.other = y;
	refused(s, &o, E_DENIED);
	o.who = &tech;
	must(s, &o);
	CHECK(get(s, x).merged_into == y && strcmp(get(s, x).state, "closed") == 0);
	refused(s, &o, E_TICKET_STATE);
	o.id = y; o.other = z;
	must(s, &o);
	CHECK(get(s, x).merged_into == z && get(s, y).merged_into == z);        /* chains stay one step long */
	/* an answer to the first lands in the last, where all three conversations are read */
	r = (struct op){ .what = REPLY, .who = &anna, .answer = { .ticket_id = x, .text = { .body = "Stadig nede" } } };
	must(s, &r);
	CHECK_INT(r.got_number, z);
	msg = r.got_id;
	CHECK(db_read_begin(s->db, &c, &e) == 0);
	CHECK(store_message_list(c, s->a, z, false, &m, &n, &e) == 0 && n == 4);
	db_read_end(c);
	r.answer.ticket_id = z;         /* Anna follows it now */
	must(s, &r);
	o = (struct op){ .what = CHANGE, .who = &tech, .id = x, .change = { .state = "open" } };
	refused(s, &o, E_TICKET_STATE);
	o = (struct op){ .what = SPLIT, .who = &tech, .id = z, .messages = { msg }, .n = 1, .text = "Noget andet" };
	must(s, &o);
	CHECK(get(s, o.got_id).customer_id == ALPHA);
	CHECK_INT(count(s, "SELECT count(*) FROM message WHERE ticket_id=?1", o.got_id), 1);
	o.messages[0] = msg;
	refused(s, &o, E_NOT_FOUND);    /* it is not there any more */
	o.n = 0;
	refused(s, &o, E_REQUIRED);
	/* two strangers are not one, though neither has a customer */
	o = (struct op){ .what = CREATE, .who = &stranger, .draft = { .from_email = "a@en.example", .text = { .body = "x" } } };
	must(s, &o);
	x = o.got_id;
	o.draft.from_email = "b@to.example";
	must(s, &o);
	o = (struct op){ .what = MERGE, .who = &tech, .id = x, .other = o.got_id };
	refused(s, &o, E_MERGE_CUSTOMER);
	o = (struct op){ .what = CREATE, .who = &stranger, .draft = { .from_email = "a@en.example", .text = { .body = "x" } } };
	must(s, &o);
	o = (struct op){ .what = MERGE, .who = &tech, .id = x, .other = o.got_id };
	must(s, &o);
	o = (struct op){ .what = LINK, .who = &tech, .id = z, .other = other };
	must(s, &o);
	o.other = z;
	refused(s, &o, E_MERGE_SELF);
}

static void placed_rated_closed(void **state)
{
	struct store_case *s = *state;
	struct op o = { .what = CREATE, .who = &stranger, .draft = { .from_name = "Nogen", .from_email = "nogen@privat.example", .subject = "Hjælp",
		.text = { .body = "Hej" } } };
	int64_t id;

	begin(s);
	must(s, &o);
	id = o.got_id;
	CHECK_INT(count(s, "SELECT count(*) FROM outbox WHERE ticket_id=?1 AND recipient='nogen@privat.example'", id), 1);
	o = (struct op){ .what = PLACE, .who = &tech, .id = id, .customer = ALPHA, .contact = EVA };
	refused(s, &o, E_NOT_FOUND);
	o.contact = ANNA;
	must(s, &o);
	CHECK(get(s, id).customer_id == ALPHA && count(s, "SELECT customer_id FROM message WHERE ticket_id=?1", id) == ALPHA);
	refused(s, &o, E_TICKET_STATE);
	o = (struct op){ .what = WATCH, .who = &tech, .id = id, .text = "Kollega@Alpha.example" };
	must(s, &o);
	CHECK_INT(count(s, "SELECT count(*) FROM watcher WHERE ticket_id=?1 AND email='kollega@alpha.example'", id), 1);
	o.text = "a@b\r\nBcc: x@y";
	refused(s, &o, E_EMAIL_INVALID);
	o.text = "eva@beta.example";            /* of another customer */
	refused(s, &o, E_WATCHER_CUSTOMER);
	CHECK_INT(count(s, "SELECT count(*) FROM watcher WHERE ticket_id=?1 AND (who_id=3 OR email LIKE 'eva%')", id), 0);
	o = (struct op){ .what = RATE, .who = &anna, .id = id, .score = 3, .text = "Tak" };
	refused(s, &o, E_TICKET_STATE);
	o = (struct op){ .what = CHANGE, .who = &tech, .id = id, .change = { .state = "solved" } };
	must(s, &o);
	CHECK_INT(count(s, "SELECT count(*) FROM outbox WHERE ticket_id=?1 AND kind='solved'", id), 2);
	o = (struct op){ .what = RATE, .who = &anna, .id = id, .score = 3, .text = "Tak" };
	must(s, &o);
	o.score = 4;
	refused(s, &o, E_CHOICE_INVALID);
	o = (struct op){ .what = CLOSE, .id = clock_us };
	must(s, &o);
	CHECK_INT(o.n, 0);
	o.id = clock_us + 1;
	must(s, &o);
	CHECK_INT(o.n, 1);
	CHECK(strcmp(get(s, id).state, "closed") == 0 && get(s, id).solved_at == clock_us && get(s, id).closed_at == clock_us);
}

/* The mail of "solved" waits as long as that can be taken back, and goes with it. */
static void solved_can_be_taken_back(void **state)
{
	struct store_case *s = *state;
	struct op solve = { .what = CHANGE, .who = &tech, .change = { .state = "solved" } }, open = { .what = CHANGE, .who = &tech, .change = { .state = "new" } };
	int64_t id;

	begin(s);
	solve.id = open.id = id = made(s, &anna, 0, 0, "Net").got_id;
	must(s, &solve);
	CHECK_INT(count(s, "SELECT count(*) FROM outbox WHERE kind='solved' AND state='waiting' AND ticket_id=?1 AND next_at=created_at+60000000", id), 1);
	CHECK_INT(count(s, "SELECT count(*) FROM mail_ref WHERE ticket_id=?1", id), 2);
	clock_us += 10 * MOMENT_SECOND;
	must(s, &open);
	CHECK_INT(count(s, "SELECT count(*) FROM outbox WHERE kind='solved' AND ticket_id=?1", id), 0);
	CHECK_INT(count(s, "SELECT count(*) FROM mail_ref WHERE ticket_id=?1", id), 1);
	CHECK_INT(count(s, "SELECT count(*) FROM outbox WHERE kind='autoreply' AND ticket_id=?1", id), 1);
	CHECK_INT(count(s, "SELECT count(*) FROM ticket WHERE id=?1 AND responded_at=0 AND solved_at=0", id), 1);       /* it answered nobody */
	must(s, &solve);                        /* meant this time, and opened again when the mail is due: what may be on its way is not denied */
	clock_us += TICKET_TAKE_BACK_US;
	must(s, &open);
	CHECK_INT(count(s, "SELECT count(*) FROM outbox WHERE kind='solved' AND ticket_id=?1", id), 1);
	CHECK_INT(count(s, "SELECT count(*) FROM ticket WHERE id=?1 AND responded_at<>0 AND solved_at=0", id), 1);
}

/* So does the mail to a colleague whose ticket it was for a moment. */
static void given_away_can_be_taken_back(void **state)
{
	struct store_case *s = *state;
	struct op give = { .what = CHANGE, .who = &admin, .change = { .set_owner = true, .owner_id = TECH } }, back = { .what = CHANGE, .who = &admin,
		.change = { .set_owner = true } };
	const char *told = "SELECT count(*) FROM outbox WHERE kind='assigned' AND recipient='jonas@desk.example' AND ticket_id=?1";
	int64_t id;

	begin(s);
	give.id = back.id = id = made(s, &anna, 0, 0, "Net").got_id;
	must(s, &give);
	CHECK_INT(count(s, told, id), 1);
	CHECK_INT(count(s, "SELECT count(*) FROM outbox WHERE kind='assigned' AND ticket_id=?1 AND next_at=created_at+60000000", id), 1);
	clock_us += 10 * MOMENT_SECOND;
	must(s, &back);
	CHECK_INT(count(s, told, id), 0);
	must(s, &give);
	back.change = (struct ticket_change){ .priority = "urgent" };
	must(s, &back);
	CHECK_INT(count(s, told, id), 1);       /* another change takes nothing back */
	clock_us += TICKET_TAKE_BACK_US;
	back.change = (struct ticket_change){ .set_owner = true };
	must(s, &back);
	CHECK_INT(count(s, told, id), 1);       /* it may be on its way */
}

/* Nothing is promised that nobody agreed to, and an address is no name. */
static void a_stranger_is_promised_nothing(void **state)
{
	static const char *const told[] = {
		"SELECT count(*) FROM outbox WHERE kind='autoreply' AND ticket_id=?1 AND body LIKE 'Hej\n\nVi har modtaget%' AND body NOT LIKE '%senest%'",
		"SELECT count(*) FROM outbox WHERE kind='autoreply' AND ticket_id=?1 AND body LIKE 'Hej Fremmed\n\nVi har modtaget%' AND body NOT LIKE '%senest%'" };
	static const char *const names[] = { NULL, "Fremmed Mand" }, *const from[] = { "fremmed@ukendt.example", "mand@ukendt.example" };
	struct store_case *s = *state;

	begin(s);
	for (int i = 0; i < 2; i++) {
		struct op o = { .what = CREATE, .who = &tech, .draft = { .from_name = names[i], .from_email = from[i], .subject = "Tilbud?",
			.text = { .body = "x" } } };

		must(s, &o);
		CHECK_INT(count(s, told[i], o.got_id), 1);
		CHECK_INT(count(s, "SELECT count(*) FROM ticket WHERE id=?1 AND response_due_at>0", o.got_id), 1);      /* our own clock runs all the same */
	}
}

/* Whose company is no customer any more gets nothing new; a mail of theirs is kept, and says whose it is. */
static void nothing_new_for_who_has_ended(void **state)
{
	struct store_case *s = *state;
	struct op o = { .what = CREATE, .who = &tech, .draft = { .customer_id = ALPHA, .subject = "Printer", .text = { .body = "x" } } };
	struct err e;
	int64_t before, id;

	begin(s);
	before = made(s, &anna, 0, 0, "Fra før").got_id;
	store_case_sql(s, "UPDATE customer SET active=0 WHERE id=1");
	e = refused(s, &o, E_CUSTOMER_INACTIVE);
	CHECK_STR(e.field, "customer_id");
	o.draft.customer_id = 0;
	o.draft.contact_id = ANNA;
	refused(s, &o, E_CUSTOMER_INACTIVE);
	o.who = &anna;
	o.draft.channel = "portal";
	refused(s, &o, E_CUSTOMER_INACTIVE);
	o.draft.channel = "mail";
	refused(s, &o, E_CUSTOMER_INACTIVE);
	o.draft.never_refused = true;
	must(s, &o);
	id = o.got_id;
	CHECK(get(s, id).customer_id == 0 && get(s, id).contact_id == 0);
	CHECK_STR(get(s, id).from_email, "anna@alpha.example");
	CHECK_INT(count(s, "SELECT count(*) FROM event WHERE object='ticket' AND object_id=?1 AND kind='ticket.unplaced' AND customer_id IS NULL", id), 1);
	CHECK_INT(count(s, "SELECT count(*) FROM message WHERE ticket_id=?1 AND customer_id IS NULL AND author_kind='stranger'", id), 1);
	o = (struct op){ .what = PLACE, .who = &tech, .id = id, .customer = ALPHA };
	refused(s, &o, E_CUSTOMER_INACTIVE);
	o = (struct op){ .what = REPLY, .who = &tech, .answer = { .ticket_id = before, .text = { .body = "Den gamle" } } };
	must(s, &o);                            /* what there was goes on */
	store_case_sql(s, "UPDATE customer SET active=1 WHERE id=1");
	o = (struct op){ .what = PLACE, .who = &tech, .id = id, .customer = ALPHA, .contact = ANNA };
	must(s, &o);
}

static int listed(struct store_case *s, struct ticket_query q, int64_t *ids, int pages)
{
	struct db_conn *c;
	struct ticket *t;
	struct err e;
	int n, all = 0;

	CHECK(db_read_begin(s->db, &c, &e) == 0);
	do {
		CHECK(store_ticket_list(c, s->a, &q, &t, &n, &q.after, &e) == 0);
		CHECK(n <= q.limit);
		for (int i = 0; i < n; i++)
			ids[all++] = t[i].id;
		pages--;
	} while (q.after && pages > 0);
	CHECK(!q.after || pages == 0);
	db_read_end(c);
	return all;
}

/* "Anna Bo- ": who may be chosen, - for who is no longer active. */
static const char *chosen(struct store_case *s, int (*ask)(struct db_conn *, struct arena *, struct ticket_choice **, int *, struct err *))
{
	const char *out = "";
	struct ticket_choice *t;
	struct db_conn *c;
	struct err e;
	int n;

	CHECK_INT(db_read_begin(s->db, &c, &e), 0);
	CHECK_INT(ask(c, s->a, &t, &n, &e), 0);
	for (int i = 0; i < n; i++)
		out = arena_printf(s->a, "%s%s%s ", out, t[i].name, t[i].former ? "-" : "");
	db_read_end(c);
	return out;
}

/* A filter offers who is there, and who left tickets behind: first, last and between by number. */
static void who_left_tickets_is_offered(void **state)
{
	struct store_case *s = *state;

	begin(s);
	CHECK_STR(chosen(s, store_ticket_owners_all), "Jonas Kjær Mette Dahl ");
	for (int i = 3; i <= 7; i++) {
		store_case_sql(s, arena_printf(s->a, "INSERT INTO person(id,login,name,email,role,active,created_at) VALUES(%d,'p%d','P%d','p%d@desk.example','technician',0,1)", i, i, i, i));
		store_case_sql(s, arena_printf(s->a, "INSERT INTO customer(id,name,cvr,active,created_at) VALUES(%d,'C%d','2000000%d',0,1)", i, i, i));
		if (i % 2)
			store_case_sql(s, arena_printf(s->a, "INSERT INTO ticket(number,owner_id,customer_id,subject,channel,created_at,updated_at) VALUES(%d,%d,%d,'x','api',1,1)", i, i, i));
	}
	CHECK_STR(chosen(s, store_ticket_owners_all), "Jonas Kjær Mette Dahl P3- P5- P7- ");
	CHECK_STR(chosen(s, store_ticket_customers_all), "Alpha A/S Beta Ltd C3- C5- C7- ");
	CHECK_STR(chosen(s, store_ticket_persons), "Jonas Kjær Mette Dahl ");
}

/* Words of the index that more tickets seem to hold than it pays to look up. */
static int crowd_words(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	static const struct db_sql many = { "WITH RECURSIVE k(i) AS (SELECT 100000 UNION ALL SELECT i+1 FROM k WHERE i<101200) "
		"INSERT INTO ticket_search(rowid,tokens) SELECT i,'wprinter dprint' FROM k",
		"INSERT INTO ticket_search(ticket_id,tokens) SELECT i,array_to_tsvector(ARRAY['wprinter','dprint']) FROM generate_series(100000,101200) i" };

	return db_run(w, &many, DB_NONE, NULL, e);
}

/* What words find is the list without words, less what does not hold them: same order, page by page, however it is looked up. */
static void words_keep_the_lists_order(struct store_case *s)
{
	int64_t all[64], some[64];

	for (int view = 0; view < VIEW__N; view++)
		for (int sort = SORT_DUE; sort <= SORT_SOLVED; sort++)
			for (int limit = 1; limit <= 9; limit += 4) {
				struct ticket_query q = { .view = (enum ticket_view)view, .me = TECH, .now = clock_us, .today_end = clock_us, .sort = (enum ticket_sort)sort,
					.limit = limit };
				int n = listed(s, q, all, 100), m = 0, k;

				q.q = "printer";
				q.brief = limit > 1;
				k = listed(s, q, some, 100);
				for (int i = 0; i < n; i++)
					if (m < k && some[m] == all[i])
						m++;
				CHECK_INT(m, k);
				CHECK(view != VIEW_ALL || k == 11);
			}
}

static void the_probes_tickets_are_in_no_list(void **state)
{
	struct store_case *s = *state;
	struct op o = { .what = CREATE, .who = &anna, .draft = { .subject = "Prøve", .probe = true, .text = { .body = "x" } } };
	int64_t ids[10];

	begin(s);
	must(s, &o);
	for (int view = 0; view < VIEW__N; view++)
		CHECK_ROW(view, listed(s, (struct ticket_query){ .view = (enum ticket_view)view, .today_end = INT64_MAX, .limit = 10 }, ids, 1) == 0);
	CHECK_INT(listed(s, (struct ticket_query){ .view = VIEW_ALL, .scope = { ALPHA, ANNA }, .limit = 10 }, ids, 1), 0);
}

static void lists_page_through_everything_once(void **state)
{
	static const char *const priorities[] = { "normal", "important", "urgent" };
	struct store_case *s = *state;
	int64_t ids[64], open = 0;
	struct op o;
	struct db_conn *c;
	struct err e;
	struct ticket *t;
	const char *next;
	int n;

	begin(s);
	for (int i = 0; i < 23; i++) {
		o = (struct op){ .what = CREATE, .who = i % 3 ? &anna : &eva, .draft = { .subject = i % 2 ? "Printer" : "Skærm",
			.priority = priorities[i % 3], .text = { .body = i == 7 ? "Den store blå maskine" : "Tekst" } } };
		must(s, &o);
		if (i % 5 == 0) {
			struct op x = { .what = CHANGE, .who = &tech, .id = o.got_id, .change = { .state = "solved", .quiet = true } };

			must(s, &x);
		} else
			open++;
		clock_us += 7 * MOMENT_MINUTE;
	}
	for (int sort = SORT_DUE; sort <= SORT_SOLVED; sort++)
		for (int limit = 1; limit <= 9; limit += 4) {
			struct ticket_query q = { .view = VIEW_OPEN, .sort = (enum ticket_sort)sort, .limit = limit };

			n = listed(s, q, ids, 100);
			CHECK_INT(n, open);
			for (int i = 0; i < n; i++)
				for (int j = 0; j < i; j++)
					CHECK(ids[i] != ids[j]);
			q.view = VIEW_ALL;
			CHECK_INT(listed(s, q, ids, 100), 23);
		}
	CHECK_INT(listed(s, (struct ticket_query){ .view = VIEW_ALL, .scope = { BETA, 0 }, .limit = 50 }, ids, 1), 8);
	CHECK_INT(listed(s, (struct ticket_query){ .view = VIEW_ALL, .scope = { ALPHA, BO }, .limit = 50 }, ids, 1), 0);
	CHECK_INT(listed(s, (struct ticket_query){ .view = VIEW_ALL, .scope = { ALPHA, ANNA }, .limit = 50 }, ids, 1), 15);
	CHECK_INT(listed(s, (struct ticket_query){ .view = VIEW_ALL, .state = "solved", .limit = 50 }, ids, 1), 5);
	CHECK_INT(listed(s, (struct ticket_query){ .view = VIEW_SOLVED, .limit = 50 }, ids, 1), 5);
	CHECK_INT(listed(s, (struct ticket_query){ .view = VIEW_MINE, .me = TECH, .limit = 50 }, ids, 1), 0);
	CHECK_INT(listed(s, (struct ticket_query){ .view = VIEW_UNASSIGNED, .limit = 50 }, ids, 1), open);
	CHECK_INT(listed(s, (struct ticket_query){ .view = VIEW_UNPLACED, .limit = 50 }, ids, 1), 0);
	CHECK_INT(listed(s, (struct ticket_query){ .view = VIEW_ALL, .priority = "urgent", .owner_id = -1, .limit = 50 }, ids, 1), 7);
	CHECK_INT(listed(s, (struct ticket_query){ .view = VIEW_ALL, .promise = "broken", .limit = 50 }, ids, 1), 0);
	CHECK_INT(listed(s, (struct ticket_query){ .view = VIEW_ALL, .q = "maskiner", .limit = 50 }, ids, 1), 1);
	CHECK_INT(listed(s, (struct ticket_query){ .view = VIEW_ALL, .q = "printer", .scope = { BETA, 0 }, .limit = 3 }, ids, 9), 4);
	CHECK_INT(listed(s, (struct ticket_query){ .view = VIEW_ALL, .q = "\") OR *", .limit = 3 }, ids, 9), 0);
	words_keep_the_lists_order(s);
	CHECK(db_write(s->db, crowd_words, NULL, &e) == 0);
	words_keep_the_lists_order(s);
	CHECK(db_read_begin(s->db, &c, &e) == 0);
	CHECK(store_ticket_list(c, s->a, &(struct ticket_query){ .view = VIEW_OPEN, .after = "abc", .limit = 3 }, &t, &n, &next, &e) != 0 &&
		e.id == E_CURSOR_INVALID);
	CHECK(store_ticket_list(c, s->a, &(struct ticket_query){ .view = VIEW_OPEN, .after = "u1.1", .limit = 3 }, &t, &n, &next, &e) != 0);
	CHECK(store_ticket_count(c, s->a, &(struct ticket_query){ .view = VIEW_OPEN }, 10, &n, &e) == 0 && n == 10);
	CHECK(store_ticket_count(c, s->a, &(struct ticket_query){ .view = VIEW_SOLVED }, 10, &n, &e) == 0 && n == 5);
	db_read_end(c);
}

struct crowd { struct db *db; int bad; };
static void *file_many(void *arg)
{
	struct crowd *k = arg;

	for (int i = 0; i < 50; i++) {
		struct op o = { .what = CREATE, .who = &tech, .draft = { .customer_id = ALPHA, .subject = "Samtidig", .text = { .body = "x" } } };
		struct err e;

		if (db_write(k->db, run, &o, &e) != 0)
			k->bad++;
	}
	return NULL;
}

static void sixteen_at_once_are_never_refused(void **state)
{
	struct store_case *s = *state;
	struct crowd k[16];
	pthread_t t[16];
	struct err e;

	begin(s);
	db_close(s->db);
	s->cfg.solo = false;
	CHECK(db_open(&s->cfg, &s->db, &e) == 0);
	for (int i = 0; i < 16; i++) {
		k[i] = (struct crowd){ s->db, 0 };
		CHECK(pthread_create(&t[i], NULL, file_many, &k[i]) == 0);
	}
	for (int i = 0; i < 16; i++) {
		pthread_join(t[i], NULL);
		CHECK_INT(k[i].bad, 0);
	}
	CHECK_INT(count(s, "SELECT count(DISTINCT number) FROM ticket WHERE number>?1", 10000), 800);
	CHECK_INT(count(s, "SELECT max(number) FROM ticket WHERE number>?1", 10000), 10800);
}

int main(void)
{
	static const struct store_test tests[] = {
		STORE_TEST(a_ticket_comes_in), STORE_TEST(bad_input_is_refused_whole), STORE_TEST(answers_move_the_state), STORE_TEST(answers_refer_to_what_was_said),
		STORE_TEST(changes_that_cross_are_told), STORE_TEST(merging_sets_no_clock_back), STORE_TEST(merged_and_split), STORE_TEST(placed_rated_closed), STORE_TEST(nothing_new_for_who_has_ended), STORE_TEST(solved_can_be_taken_back), STORE_TEST(given_away_can_be_taken_back), STORE_TEST(a_stranger_is_promised_nothing),
		STORE_TEST(lists_page_through_everything_once), STORE_TEST(the_probes_tickets_are_in_no_list), STORE_TEST(who_left_tickets_is_offered), STORE_TEST(sixteen_at_once_are_never_refused),
	};
	struct arena *a = arena_begin(16 << 20);
	struct err e;
	int rc;

	moment_zone();
	if (catalogue_load(a, NULL, &catalogue, &e) != 0)
		return 99;
	rc = store_tests_run(tests, sizeof tests / sizeof *tests);
	arena_end(a);
	return rc;
}
