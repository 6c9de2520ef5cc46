/* The promise ledger on both databases: what the sweep writes down, what follows from it, and that every stored state can be
 * told again for its own moment and for any other. */
#include "store_case.h"
#include <inttypes.h>
#include "base/buf.h"
#include "base/moment.h"
#include "core/agreement_check.h"
#include "core/promise.h"
#include "core/proof.h"
#include "core/ticket.h"
#include "core/work.h"
#include "services/all.h"
#include "store/agreement.h"
#include "store/event.h"
#include "store/need.h"
#include "store/outbox.h"
#include "store/probe.h"
#include "store/search.h"

enum { METTE = 1, JONAS = 2, ALPHA = 1, BETA = 2, ANNA = 1, BO = 2 };
static const struct actor mette = { ROLE_ADMIN, true, METTE, 0, "Mette Dahl" };
static const struct actor jonas = { ROLE_TECHNICIAN, true, JONAS, 0, "Jonas Kjær" };
static const struct actor anna = { ROLE_EMPLOYEE, false, ANNA, ALPHA, "Anna Holm" };
static const struct actor bo = { ROLE_OWNER, false, BO, ALPHA, "Bo Berg" };

static struct catalogue catalogue;
static struct promise_book book = { &catalogue, service_all, "http://127.0.0.1:1" };

static int64_t at(int day, int hour, int minute) { return moment_from_local(2026, 11, day, hour, minute, 0); }

struct said { const char *kind, *object; int64_t customer, at; };

static int say_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct said *x = arg;
	struct event ev = { .at = x->at, .actor_kind = "system", .customer_id = x->customer, .object = x->object, .object_id = 1, .kind = x->kind, .data = "{}" };

	return event_add(w, a, &ev, e);
}

static void say(struct store_case *s, const char *kind, const char *object, int64_t customer, int64_t when)
{
	struct said x = { kind, object, customer, when };
	struct err e = { 0 };

	CHECK_INT(db_write(s->db, say_job, &x, &e), 0);
}

/* Customer Alpha with support, webwork, backup and 2 hours a month from 1 November, accepted on 2 November at 9. */
static void begin(struct store_case *s)
{
	char q[600];

	store_case_sql(s, "INSERT INTO person(login,name,email,role,created_at) VALUES('mette','Mette Dahl','mette@desk.example','admin',1)");
	store_case_sql(s, "INSERT INTO person(login,name,email,role,created_at) VALUES('jonas','Jonas Kjær','jonas@desk.example','technician',1)");
	store_case_sql(s, "INSERT INTO customer(name,cvr,created_at) VALUES('Alpha A/S','10000001',1)");
	store_case_sql(s, "INSERT INTO customer(name,cvr,lang,created_at) VALUES('Beta Ltd','10000002','en',1)");
	store_case_sql(s, "INSERT INTO contact(customer_id,name,email,role,created_at) VALUES(1,'Anna Holm','anna@alpha.example','employee',1)");
	store_case_sql(s, "INSERT INTO contact(customer_id,name,email,role,created_at) VALUES(1,'Bo Berg','bo@alpha.example','owner',1)");
	snprintf(q, sizeof q, "INSERT INTO agreement(customer_id,number,state,lang,valid_from_day,created_at,created_by,accepted_at,accepted_contact_id) "
		"VALUES(1,'1-1','accepted','da',%d,1,1,%" PRId64 ",2)", day_from(2026, 11, 1), at(2, 9, 0));
	store_case_sql(s, q);
	store_case_sql(s, "INSERT INTO agreement_item(customer_id,agreement_id,service,catalogue_version,terms) VALUES(1,1,'support',1,'{}')");
	store_case_sql(s, "INSERT INTO agreement_item(customer_id,agreement_id,service,catalogue_version,terms) VALUES(1,1,'webwork',1,'{}')");
	store_case_sql(s, "INSERT INTO agreement_item(customer_id,agreement_id,service,catalogue_version,terms) VALUES(1,1,'backup',1,'{}')");
	store_case_sql(s, "INSERT INTO agreement_item(customer_id,agreement_id,service,catalogue_version,terms) VALUES(1,1,'service-agreement',1,"
		"'{\"hours_per_month\":2,\"hourly_price_ore\":105000,\"monthly_price_ore\":190000}')");
	say(s, "agreement.accepted", "agreement", ALPHA, at(2, 9, 0));
}

/* How many promises that agreement holds, by the catalogue. */
static int promised(void)
{
	static const char *const services[] = { "support", "webwork", "backup", "service-agreement" };
	int n = 0;

	for (size_t i = 0; i < sizeof services / sizeof *services; i++)
		n += catalogue_find(&catalogue, services[i])->npromises;
	return n;
}

static void sweep(struct store_case *s, int64_t now)
{
	struct err e = { 0 };
	bool more;

	if (promise_sweep(s->db, &book, now, &more, &e) != 0)
		fail_msg("sweep: %s %s (%s:%d)", err_name(e.id), e.detail, e.file, e.line);
	CHECK(!more);
}

static struct promise_row now_of(struct store_case *s, const char *key)
{
	struct promise_filter f = { .customer_id = ALPHA, .promise = key };
	struct promise_row *rows, out = { .state = "none" };
	struct err e = { 0 };
	struct db_conn *c;
	int n;

	CHECK_INT(db_read_begin(s->db, &c, &e), 0);
	if (store_promise_list(c, s->a, &f, &rows, &n, &e) != 0)
		fail_msg("%s", e.detail);
	CHECK(n <= 1);
	if (n)
		out = rows[0];
	db_read_end(c);
	return out;
}

struct op {
	enum { CREATE, REPLY, CHANGE, ATTEST, WITHDRAW, ANSWER, PROBE, LOG, RELOG, UNLOG, CLOSE } what;
	const struct actor *who;
	int64_t now, id, expires;
	struct ticket_draft draft;
	struct ticket_change change;
	struct probe_result probe;
	struct work_in work;
	int32_t month;
	const char *text, *key, *then;
	int64_t got;
};

static int op_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct op *o = arg;
	struct desk d = { &catalogue, "", o->now };
	struct ticket_answer r = { .ticket_id = o->id, .visibility = "public", .channel = "portal", .text = { .body = o->text }, .then = o->then };
	struct message m;
	struct time_entry entry;
	struct statement st;
	struct ticket t;
	int rc, n;

	switch (o->what) {
	case CREATE:
		if ((rc = ticket_create(w, a, &d, o->who, &o->draft, &t, e)) == 0)
			o->got = t.id;
		return rc;
	case REPLY:
		return ticket_reply(w, a, &d, o->who, &r, &m, e);
	case CHANGE:
		return ticket_change(w, a, &d, o->who, o->id, &o->change, &t, e);
	case ATTEST:
		return promise_attest(w, a, o->who, ALPHA, o->key, o->text, o->expires, o->now, &o->got, e);
	case WITHDRAW:
		return promise_attest_withdraw(w, a, o->who, ALPHA, o->key, o->id, o->now, e);
	case ANSWER:
		return promise_answer_need(w, a, &d, o->who, o->id, o->text, e);
	case PROBE:
		return store_probe_add(w, &o->probe, e);
	case LOG:
		if ((rc = work_log(w, a, o->who, &o->work, o->now, &entry, e)) == 0)
			o->got = entry.id;
		return rc;
	case RELOG:
		return work_change(w, a, o->who, o->id, &o->work, o->now, &entry, e);
	case UNLOG:
		return work_remove(w, a, o->who, o->id, o->now, e);
	case CLOSE:
		return work_close(w, a, o->who, ALPHA, o->month, o->now, &st, &n, e);
	}
	return -1;
}

static int64_t do_op(struct store_case *s, struct op o)
{
	struct err e = { 0 };

	if (db_write(s->db, op_job, &o, &e) != 0)
		fail_msg("op %d: %s %s %s", o.what, err_name(e.id), e.field, e.detail);
	return o.got;
}

static enum err_id fail_op(struct store_case *s, struct op o)
{
	struct err e = { 0 };

	return db_write(s->db, op_job, &o, &e) == 0 ? E_NONE : e.id;
}

static int64_t report(struct store_case *s, int64_t now, const char *type, const char *priority)
{
	return do_op(s, (struct op){ .what = CREATE, .who = &anna, .now = now, .draft = { .customer_id = ALPHA, .contact_id = ANNA, .subject = "Printeren",
		.type = type, .priority = priority, .channel = "portal", .text = { .body = "Den trækker to ark" } } });
}

static void probed(struct store_case *s, int64_t when, int64_t stored, bool portal, bool mail)
{
	for (int i = 0; i < 2; i++)
		do_op(s, (struct op){ .what = PROBE, .probe = { .at = when, .stored_at = stored, .probe = i ? "mail" : "portal", .ok = i ? mail : portal,
			.took_ms = 20, .detail = (i ? mail : portal) ? "" : "timeout" } });
}

/* -1: not promised then. */
static int told(struct store_case *s, const char *key, int64_t when, struct promise_stand *out)
{
	static struct arena *scratch;           /* *out lasts until the next question */
	struct err e = { 0 };
	struct db_conn *c;
	int rc;

	if (!scratch)
		scratch = arena_begin(64 << 20);
	arena_reset(scratch);
	CHECK_INT(db_read_begin(s->db, &c, &e), 0);
	rc = promise_at(c, scratch, &book, ALPHA, key, when, out, &e);
	db_read_end(c);
	if (rc != 0 && e.id != E_PROMISE_UNKNOWN)
		fail_msg("promise_at: %s %s", err_name(e.id), e.detail);
	return rc == 0 ? (int)out->proof.state : -1;
}

/* Every row of the ledger, told again for its first moment, its last, and one between. */
static int told_again(struct store_case *s, int64_t swept_at)
{
	struct promise_row *rows;
	struct err e = { 0 };
	struct db_conn *c;
	int n;

	CHECK_INT(db_read_begin(s->db, &c, &e), 0);
	CHECK_INT(store_promise_history(c, s->a, ALPHA, NULL, 0, 100000, &rows, &n, &e), 0);
	db_read_end(c);
	for (int i = 0; i < n; i++) {
		int64_t last = (rows[i].until_at <= swept_at ? rows[i].until_at : swept_at + 1) - 1;
		int64_t when[] = { rows[i].since_at, rows[i].since_at + (last - rows[i].since_at) / 2, last };

		for (int k = 0; k < 3; k++) {
			struct promise_stand now = { 0 };
			int got = told(s, rows[i].promise, when[k], &now);

			if (got == -1 || strcmp(promise_state_name(got), rows[i].state) != 0)
				fail_msg("%s was stored as %s from %s to %s, told again for %s (%d): %s, %s", rows[i].promise, rows[i].state,
					moment_iso(s->a, rows[i].since_at), moment_iso(s->a, last), moment_iso(s->a, when[k]), k,
					got == -1 ? "not promised" : promise_state_name(got), got == -1 ? "" : now.proof.reasons[0].text[LANG_EN]);
		}
	}
	return n;
}

static void test_promises_begin_when_the_agreement_is_accepted(void **state)
{
	struct store_case *s = *state;
	struct promise_stand p;
	int64_t counts[7], customers, measured, all = 0;
	struct err e = { 0 };
	struct db_conn *c;

	begin(s);
	sweep(s, at(2, 8, 59));
	CHECK_INT(store_case_count(s, "SELECT COUNT(*) FROM promise_state"), 0);
	sweep(s, at(2, 9, 1));
	CHECK_INT(store_case_count(s, "SELECT COUNT(*) FROM promise_state"), promised());
	CHECK(now_of(s, "support.help").since_at == at(2, 9, 0));
	CHECK_STR(now_of(s, "support.help").state, "not_due");
	CHECK_STR(now_of(s, "support.report").state, "not_due");
	CHECK_STR(now_of(s, "support.report").party, "customer");
	CHECK_STR(now_of(s, "support.open").state, "blind");
	CHECK_STR(now_of(s, "backup.safe").state, "blind");
	CHECK_STR(now_of(s, "webwork.order").state, "not_due");
	CHECK(strstr(now_of(s, "backup.safe").reasons, "Ingen har bekræftet"));
	CHECK_INT(told(s, "support.help", at(2, 8, 59), &p), -1);
	CHECK_INT(told(s, "hosting.account", at(2, 9, 1), &p), -1);
	sweep(s, at(2, 9, 2));          /* nothing happened: nothing is written */
	CHECK_INT(store_case_count(s, "SELECT COUNT(*) FROM promise_state"), promised());
	CHECK_INT(store_case_count(s, "SELECT COUNT(*) FROM event WHERE kind='promise.state'"), promised());
	CHECK_INT(db_read_begin(s->db, &c, &e), 0);
	CHECK_INT(store_promise_count(c, 0, NULL, counts, &customers, &measured, &e), 0);
	db_read_end(c);
	CHECK(counts[PROMISE_NOT_DUE] >= 5 && counts[PROMISE_BLIND] >= 7 && counts[PROMISE_KEPT] == 1 && customers == 1);
	for (int i = 0; i < 7; i++)
		all += counts[i];
	CHECK_INT(all, promised());
	told_again(s, at(2, 9, 2));
}

static void test_broken_makes_one_ticket_and_recovery_closes_it(void **state)
{
	struct store_case *s = *state;
	struct promise_stand p;
	int64_t id;

	begin(s);
	sweep(s, at(2, 9, 1));
	id = report(s, at(3, 10, 0), "incident", "urgent");     /* to be answered by 11.00 */
	sweep(s, at(3, 10, 1));
	CHECK_STR(now_of(s, "support.help").state, "kept");
	CHECK_INT(now_of(s, "support.help").check_at, at(3, 10, 45));
	sweep(s, at(3, 10, 50));
	CHECK_STR(now_of(s, "support.help").state, "at_risk");
	CHECK(now_of(s, "support.help").since_at == at(3, 10, 45));    /* the moment itself, not that of the sweep */
	CHECK(now_of(s, "support.help").due_at == at(3, 11, 0));
	sweep(s, at(3, 12, 0));
	CHECK_STR(now_of(s, "support.help").state, "broken");
	CHECK(now_of(s, "support.help").since_at == at(3, 11, 0));     /* due at eleven: broken at eleven, not a moment later */
	CHECK_INT(told(s, "support.help", at(3, 11, 0), &p), PROMISE_BROKEN);   /* and told again of that moment, it is the same */
	CHECK_INT(told(s, "support.help", at(3, 11, 0) - 1, &p), PROMISE_AT_RISK);
	CHECK_INT(store_case_count(s, "SELECT COUNT(*) FROM ticket WHERE channel='system'"), 1);
	CHECK_INT(store_case_count(s, "SELECT COUNT(*) FROM ticket t JOIN promise_state p ON p.ticket_id=t.id WHERE t.dedupe_key='promise:1:support.help' "
		"AND t.promise='support.help' AND p.state='broken'"), 1);
	CHECK_INT(store_case_count(s, "SELECT owner_id FROM ticket WHERE channel='system'"), JONAS);
	sweep(s, at(3, 13, 0));
	do_op(s, (struct op){ .what = REPLY, .who = &jonas, .now = at(3, 13, 5), .id = id, .text = "Den er ordnet" });
	sweep(s, at(3, 14, 0));
	CHECK_STR(now_of(s, "support.help").state, "broken");   /* late is late: the month's share is below what was agreed */
	CHECK_INT(store_case_count(s, "SELECT COUNT(*) FROM ticket WHERE channel='system'"), 1);
	sweep(s, moment_from_local(2026, 12, 1, 0, 30, 0));
	CHECK_STR(now_of(s, "support.help").state, "not_due");  /* a fresh month */
	CHECK(now_of(s, "support.help").since_at == moment_from_local(2026, 12, 1, 0, 0, 0));
	CHECK_INT(store_case_count(s, "SELECT COUNT(*) FROM ticket WHERE channel='system' AND state='closed'"), 1);
	CHECK_INT(store_case_count(s, "SELECT COUNT(*) FROM message m JOIN ticket t ON t.id=m.ticket_id WHERE t.channel='system'"), 2);
	told_again(s, moment_from_local(2026, 12, 1, 0, 30, 0));
	/* broken once more: a ticket of its own */
	report(s, moment_from_local(2026, 12, 1, 9, 0, 0), "incident", "urgent");
	sweep(s, moment_from_local(2026, 12, 1, 11, 0, 0));
	CHECK_INT(store_case_count(s, "SELECT COUNT(*) FROM ticket WHERE channel='system'"), 2);
	CHECK_INT(store_case_count(s, "SELECT COUNT(*) FROM ticket WHERE channel='system' AND state NOT IN('solved','closed')"), 1);
	told_again(s, moment_from_local(2026, 12, 1, 11, 0, 0));
}

/* What a program sent, and what anybody may write in a contact's name, is no evidence before somebody has looked at it. */
static void test_what_a_program_sent_is_no_evidence(void **state)
{
	static const struct actor nobody = { ROLE_NOBODY, false, 0, 0, "Anna" };
	struct store_case *s = *state;
	struct op sent = { .what = CREATE, .who = &anna, .now = at(3, 10, 0), .draft = { .customer_id = ALPHA, .contact_id = ANNA, .subject = "Ferie",
		.priority = "urgent", .type = "order", .channel = "mail", .quiet = true, .text = { .body = "Jeg er på ferie", .auto_class = "auto" } } };
	int64_t id, other, closed;

	begin(s);
	sweep(s, at(2, 9, 1));
	probed(s, at(3, 9, 59), at(3, 9, 59), true, true);
	id = do_op(s, sent);
	closed = do_op(s, sent);
	sent.who = &nobody;
	sent.draft.contact_id = 0;
	sent.draft.channel = "portal";
	sent.draft.text = (struct ticket_text){ .body = "Køb nu", .auth = "none" };
	other = do_op(s, sent);
	CHECK_INT(store_case_count(s, "SELECT COUNT(*) FROM ticket WHERE next_due_at=9223372036854775807 AND response_due_at=0 AND solution_due_at=0"), 3);
	sweep(s, at(4, 9, 0));
	CHECK_STR(now_of(s, "support.help").state, "not_due");
	CHECK(strstr(now_of(s, "webwork.order").reasons, "Ingen bestillinger"));
	do_op(s, (struct op){ .what = CHANGE, .who = &jonas, .now = at(4, 9, 30), .id = closed, .change = { .state = "closed" } });
	sweep(s, at(4, 9, 31));
	CHECK_STR(now_of(s, "support.help").state, "not_due");          /* thrown away: no praise for that */
	CHECK_INT(store_case_count(s, "SELECT COUNT(*) FROM ticket WHERE state='closed' AND solved_at>0"), 1);
	do_op(s, (struct op){ .what = CHANGE, .who = &jonas, .now = at(4, 10, 0), .id = id, .change = { .set_owner = true, .owner_id = JONAS } });
	sweep(s, at(4, 10, 1));
	CHECK_STR(now_of(s, "support.help").state, "kept");
	CHECK_INT(now_of(s, "support.help").check_at, at(4, 10, 45));
	sweep(s, at(4, 10, 50));
	CHECK(now_of(s, "support.help").due_at == at(4, 11, 0));
	do_op(s, (struct op){ .what = REPLY, .who = &jonas, .now = at(4, 10, 52), .id = id, .text = "Jeg ser på det" });
	sweep(s, at(4, 10, 53));
	CHECK_STR(now_of(s, "support.help").state, "kept");
	do_op(s, (struct op){ .what = REPLY, .who = &bo, .now = at(4, 11, 0), .id = other, .text = "Det var mig" });
	sweep(s, at(4, 13, 0));
	CHECK_STR(now_of(s, "support.help").state, "broken");           /* and now somebody has asked */
	told_again(s, at(4, 13, 0));
}

static void test_a_ticket_answered_in_time_goes_back_to_kept(void **state)
{
	struct store_case *s = *state;
	int64_t id;

	begin(s);
	id = report(s, at(3, 10, 0), "order", "urgent");
	probed(s, at(3, 10, 50), at(3, 10, 50), true, true);
	sweep(s, at(3, 10, 51));
	CHECK_STR(now_of(s, "support.help").state, "at_risk");
	CHECK_STR(now_of(s, "webwork.order").state, "at_risk");
	do_op(s, (struct op){ .what = REPLY, .who = &jonas, .now = at(3, 10, 52), .id = id, .text = "Jeg ser på det" });
	sweep(s, at(3, 10, 53));
	CHECK_STR(now_of(s, "support.help").state, "kept");
	CHECK_STR(now_of(s, "webwork.order").state, "kept");
	CHECK_STR(now_of(s, "support.open").state, "kept");
	sweep(s, at(3, 11, 30));                                /* the probes fell silent at 10.50 */
	CHECK_STR(now_of(s, "support.open").state, "blind");
	CHECK_STR(now_of(s, "webwork.order").state, "blind");
	CHECK(now_of(s, "support.open").since_at == at(3, 10, 55) + 1);
	CHECK_INT(store_case_count(s, "SELECT COUNT(*) FROM ticket WHERE channel='system'"), 0);
	told_again(s, at(3, 11, 30));
}

static void test_downtime_that_became_known_later(void **state)
{
	struct store_case *s = *state;
	struct promise_stand p;

	begin(s);
	for (int m = 0; m < 10; m++)
		probed(s, at(3, 10, m), at(3, 10, m), true, true);
	sweep(s, at(3, 10, 10));
	CHECK_STR(now_of(s, "support.open").state, "kept");
	/* From 10.10 to 10.30 the server was down: the probe went on writing, and is read at 10.31. */
	for (int m = 10; m < 30; m++)
		probed(s, at(3, 10, m), at(3, 10, 31), false, false);
	probed(s, at(3, 10, 30), at(3, 10, 31), true, true);
	sweep(s, at(3, 10, 31));
	CHECK_STR(now_of(s, "support.open").state, "broken");   /* 11 of 31 */
	CHECK_INT(told(s, "support.open", at(3, 10, 20), &p), PROMISE_BLIND);   /* as it was known then */
	CHECK_INT(told(s, "support.open", at(3, 10, 12), &p), PROMISE_KEPT);
	told_again(s, at(3, 10, 31));
	/* the same lines read twice change nothing */
	probed(s, at(3, 10, 30), at(3, 10, 40), true, true);
	CHECK_INT(store_case_count(s, "SELECT COUNT(*) FROM probe_result"), 62);
}

static void test_attestation_holds_until_it_expires_or_is_withdrawn(void **state)
{
	struct store_case *s = *state;
	struct op give = { .what = ATTEST, .who = &mette, .now = at(4, 9, 0), .key = "backup.safe", .text = "Set hos leverandøren", .expires = at(20, 9, 0) };
	int64_t id;

	begin(s);
	give.text = "  ";
	CHECK_INT(fail_op(s, give), E_REQUIRED);
	give.text = "Set hos leverandøren";
	give.expires = at(4, 9, 0);
	CHECK_INT(fail_op(s, give), E_ATTEST_EXPIRY);
	give.expires = at(4, 9, 0) + 401 * MOMENT_DAY;
	CHECK_INT(fail_op(s, give), E_ATTEST_EXPIRY);
	give.expires = at(20, 9, 0);
	id = do_op(s, give);
	sweep(s, at(4, 9, 1));
	CHECK_STR(now_of(s, "backup.safe").state, "attested");
	CHECK(strstr(now_of(s, "backup.safe").reasons, "Mette Dahl"));
	CHECK_STR(now_of(s, "backup.lawful").state, "blind");
	sweep(s, at(20, 9, 0));
	CHECK_STR(now_of(s, "backup.safe").state, "blind");
	CHECK(strstr(now_of(s, "backup.safe").reasons, "udløb"));
	give.now = at(21, 9, 0);
	give.expires = at(30, 9, 0);
	id = do_op(s, give);
	sweep(s, at(21, 9, 1));
	CHECK_STR(now_of(s, "backup.safe").state, "attested");
	do_op(s, (struct op){ .what = WITHDRAW, .who = &mette, .now = at(22, 9, 0), .key = "backup.safe", .id = id });
	CHECK_INT(fail_op(s, (struct op){ .what = WITHDRAW, .who = &mette, .now = at(22, 9, 0), .key = "backup.safe", .id = id }), E_NOT_FOUND);
	sweep(s, at(22, 9, 1));
	CHECK_STR(now_of(s, "backup.safe").state, "blind");
	CHECK(strstr(now_of(s, "backup.safe").reasons, "taget tilbage"));
	CHECK_INT(told_again(s, at(22, 9, 1)), promised() + 4);
}

static void work(struct store_case *s, int64_t now, bool reported)
{
	char q[400];

	snprintf(q, sizeof q, "INSERT INTO time_entry(customer_id,person_id,activity,started_at,day,month,minutes,reported,created_at,created_by) "
		"VALUES(1,2,'phone',%" PRId64 ",%d,%d,15,%d,%" PRId64 ",2)", now, day_of(now), month_of(now), reported, now);
	store_case_sql(s, q);
	say(s, "time.logged", "time_entry", ALPHA, now);
}

static void test_the_customers_duty_becomes_a_need_with_a_weekly_reminder(void **state)
{
	struct store_case *s = *state;
	struct err e = { 0 };

	begin(s);
	work(s, at(5, 10, 0), true);
	sweep(s, at(5, 10, 1));
	CHECK_STR(now_of(s, "support.report").state, "kept");
	work(s, at(5, 11, 0), false);
	work(s, at(5, 12, 0), false);
	sweep(s, at(5, 12, 1));
	CHECK_STR(now_of(s, "support.report").state, "waiting");
	CHECK_INT(store_case_count(s, "SELECT COUNT(*) FROM ticket"), 0);
	CHECK_INT(store_case_count(s, "SELECT COUNT(*) FROM need WHERE customer_id=1 AND promise='support.report' AND kind='duty' AND answered_at=0"), 1);
	CHECK_INT(store_case_count(s, "SELECT COUNT(*) FROM outbox WHERE kind='need' AND recipient='bo@alpha.example'"), 1);
	CHECK_INT(store_case_count(s, "SELECT COUNT(*) FROM outbox"), 1);
	CHECK_INT(promise_remind(s->db, &book, at(12, 12, 0), &e), 0);
	CHECK_INT(store_case_count(s, "SELECT COUNT(*) FROM outbox"), 1);
	CHECK_INT(promise_remind(s->db, &book, at(12, 12, 2), &e), 0);
	CHECK_INT(promise_remind(s->db, &book, at(12, 12, 3), &e), 0);
	CHECK_INT(store_case_count(s, "SELECT COUNT(*) FROM outbox"), 2);
	CHECK_INT(fail_op(s, (struct op){ .what = ANSWER, .who = &bo, .now = at(13, 9, 0), .id = 1, .text = "maybe" }), E_CHOICE_INVALID);
	CHECK_INT(fail_op(s, (struct op){ .what = ANSWER, .who = &bo, .now = at(13, 9, 0), .id = 2, .text = "done" }), E_NOT_FOUND);
	for (int i = 0; i < 10; i++)
		work(s, at(13, 10, i), true);
	sweep(s, at(13, 11, 0));
	CHECK_STR(now_of(s, "support.report").state, "kept");
	CHECK_INT(store_case_count(s, "SELECT COUNT(*) FROM need WHERE answered_at>0 AND answer='done'"), 1);
	CHECK_INT(fail_op(s, (struct op){ .what = ANSWER, .who = &bo, .now = at(13, 12, 0), .id = 1, .text = "done" }), E_NOT_FOUND);
	told_again(s, at(13, 11, 0));
}

static void test_an_ended_agreement_ends_its_promises(void **state)
{
	struct store_case *s = *state;
	struct promise_stand p;
	char q[300];

	begin(s);
	sweep(s, at(3, 0, 0));
	/* on 10 November it is ended as of 12 November */
	snprintf(q, sizeof q, "UPDATE agreement SET state='ended',valid_to_day=%d,ended_at=%" PRId64 " WHERE id=1", day_from(2026, 11, 12), at(10, 9, 0));
	store_case_sql(s, q);
	say(s, "agreement.ended", "agreement", ALPHA, at(10, 9, 0));
	sweep(s, at(11, 0, 0));
	CHECK_STR(now_of(s, "support.help").state, "not_due");
	sweep(s, at(13, 8, 0));
	CHECK_STR(now_of(s, "support.help").state, "none");
	CHECK_INT(store_case_count(s, "SELECT COUNT(*) FROM promise_state WHERE until_at=9223372036854775807"), 0);
	CHECK_INT(told(s, "support.help", at(12, 23, 59), &p), PROMISE_NOT_DUE);
	CHECK_INT(told(s, "support.help", at(13, 0, 0), &p), -1);
	told_again(s, at(13, 8, 0));
}

/* All that the sweep wrote, without the ids. */
static const char *ledger(struct store_case *s)
{
	static const char counts[] = "SELECT (SELECT COUNT(*) FROM event)*1000000+(SELECT COUNT(*) FROM ticket)*10000+(SELECT COUNT(*) FROM message)*1000+"
		"(SELECT COUNT(*) FROM need)*100+(SELECT COUNT(*) FROM outbox)";
	struct promise_row *r;
	struct err e = { 0 };
	struct db_conn *c;
	struct buf b;
	int n;

	buf_init(&b, s->a, 8 << 20);
	CHECK_INT(db_read_begin(s->db, &c, &e), 0);
	CHECK_INT(store_promise_history(c, s->a, ALPHA, NULL, 0, 100000, &r, &n, &e), 0);
	db_read_end(c);
	for (int i = 0; i < n; i++)
		buf_printf(&b, "%s %s %s-%s due %s check %s %s %s\n", r[i].promise, r[i].state, moment_iso(s->a, r[i].since_at), moment_iso(s->a, r[i].until_at),
			moment_iso(s->a, r[i].due_at), moment_iso(s->a, r[i].check_at), r[i].reasons, r[i].ticket_id ? "ticket" : "");
	buf_printf(&b, "%" PRId64 "\n", store_case_count(s, counts));
	return buf_text(&b);
}

/* What a long time without sweeps has to tell: broken and kept again, attested and no longer, ended. */
static int64_t much_happens(struct store_case *s)
{
	char q[300];
	int64_t id;

	begin(s);
	sweep(s, at(2, 9, 1));
	id = report(s, at(3, 10, 0), "incident", "urgent");
	do_op(s, (struct op){ .what = ATTEST, .who = &mette, .now = at(3, 10, 5), .key = "backup.safe", .text = "set", .expires = at(3, 12, 0) });
	do_op(s, (struct op){ .what = REPLY, .who = &jonas, .now = at(3, 13, 5), .id = id, .text = "Den er ordnet" });
	report(s, moment_from_local(2026, 12, 2, 9, 0, 0), "incident", "urgent");
	snprintf(q, sizeof q, "UPDATE agreement SET state='ended',valid_to_day=%d,ended_at=%" PRId64 " WHERE id=1", day_from(2026, 12, 12),
		moment_from_local(2026, 12, 10, 9, 0, 0));
	store_case_sql(s, q);
	say(s, "agreement.ended", "agreement", ALPHA, moment_from_local(2026, 12, 10, 9, 0, 0));
	return moment_from_local(2026, 12, 3, 9, 0, 0);
}

/* A fall between the rows of a sweep and its mark: the next sweep comes from the old mark, and writes nothing twice. */
static void test_a_sweep_that_lost_its_mark(void **state)
{
	struct store_case *s = *state, *control = store_case_open(s->kind);
	int64_t to = much_happens(s), end = moment_from_local(2026, 12, 14, 9, 0, 0);
	const char *once;
	char back[200];

	much_happens(control);
	for (int round = 0; round < 2; round++, to = end) {
		snprintf(back, sizeof back, "UPDATE counter SET value=CASE name WHEN 'promises.event' THEN %" PRId64 " ELSE %" PRId64 " END WHERE name LIKE 'promises.%%'",
			store_case_count(s, "SELECT value FROM counter WHERE name='promises.event'"), store_case_count(s, "SELECT value FROM counter WHERE name='promises.swept_at'"));
		sweep(s, to);
		sweep(control, to);
		CHECK_INT(store_case_count(s, "SELECT value FROM counter WHERE name='promises.swept_at'"), to);
		once = ledger(s);
		store_case_sql(s, back);
		sweep(s, to);
		CHECK_STR(ledger(s), once);
		store_case_sql(s, back);
		sweep(s, to + MOMENT_HOUR);             /* and the next one comes later than it would have */
		sweep(control, to + MOMENT_HOUR);
		CHECK_STR(ledger(s), ledger(control));
	}
	CHECK_INT(store_case_count(s, "SELECT COUNT(*) FROM promise_state WHERE until_at=9223372036854775807"), 0);
	CHECK(store_case_count(s, "SELECT COUNT(*) FROM promise_state") > 15);
	told_again(s, end + MOMENT_HOUR);
	store_case_close(control);
}

static struct op visit(int64_t now, int64_t minutes, int64_t out, int64_t home)
{
	return (struct op){ .what = LOG, .who = &jonas, .now = now, .work = { .customer_id = ALPHA, .activity = out + home ? "visit" : "remote",
		.started_at = now - minutes * MOMENT_MINUTE, .minutes = minutes, .drive_out = out, .drive_home = home, .note = "Ny switch" } };
}

static void test_closed_months_are_settled_again(void **state)
{
	struct store_case *s = *state;
	int64_t dec = moment_from_local(2026, 12, 3, 9, 0, 0), later = moment_from_local(2026, 12, 8, 9, 0, 0);
	struct op o;
	int64_t id;

	begin(s);
	sweep(s, at(3, 9, 0));
	CHECK_STR(now_of(s, "service-agreement.bank").state, "kept");
	CHECK(strstr(now_of(s, "service-agreement.bank").reasons, "2:00 timer til rådighed, 0:00 brugt"));
	CHECK_STR(now_of(s, "service-agreement.driving").state, "not_due");
	CHECK_STR(now_of(s, "service-agreement.fixed").state, "not_due");
	id = do_op(s, visit(at(4, 12, 0), 60, 25, 25));
	do_op(s, visit(at(5, 12, 0), 90, 0, 0));
	sweep(s, at(5, 13, 0));
	CHECK_STR(now_of(s, "service-agreement.driving").state, "kept");
	CHECK(strstr(now_of(s, "service-agreement.driving").reasons, "0:50 kørt, 0:30 uden betaling, 0:30 til timeprisen"));
	CHECK(strstr(now_of(s, "service-agreement.bank").reasons, "2:00 brugt, 0:00 tilbage, ud over timerne 0:30"));
	o = visit(at(6, 12, 0), 60, 0, 0);              /* it was no visit after all */
	o.what = RELOG;
	o.id = id;
	do_op(s, o);
	sweep(s, at(6, 13, 0));
	CHECK_STR(now_of(s, "service-agreement.driving").state, "not_due");
	do_op(s, visit(at(7, 12, 0), 30, 40, 40));
	sweep(s, dec);
	CHECK_STR(now_of(s, "service-agreement.fixed").state, "not_due");
	sweep(s, later);
	CHECK_STR(now_of(s, "service-agreement.fixed").state, "blind");
	CHECK(now_of(s, "service-agreement.fixed").since_at == moment_from_local(2026, 12, 6, 0, 0, 0));
	do_op(s, (struct op){ .what = CLOSE, .who = &mette, .now = later + 10, .month = month_from(2026, 11) });
	sweep(s, later + MOMENT_HOUR);
	CHECK_STR(now_of(s, "service-agreement.fixed").state, "kept");
	CHECK(strstr(now_of(s, "service-agreement.fixed").reasons, "1.900,00 kr."));
	CHECK_STR(now_of(s, "service-agreement.bank").state, "kept");
	CHECK_STR(now_of(s, "service-agreement.driving").state, "kept");
	told_again(s, later + MOMENT_HOUR);
	/* somebody at the database changes an entry of a closed month */
	store_case_sql(s, "UPDATE time_entry SET minutes=1 WHERE activity='remote'");
	say(s, "time.changed", "time_entry", ALPHA, later + 2 * MOMENT_HOUR);
	sweep(s, later + 3 * MOMENT_HOUR);
	CHECK_STR(now_of(s, "service-agreement.bank").state, "broken");
	CHECK_STR(now_of(s, "service-agreement.fixed").state, "kept");
	CHECK_STR(now_of(s, "service-agreement.driving").state, "kept");
	store_case_sql(s, "UPDATE month_close SET statement=replace(statement,'Ny switch','Ny  switch')");
	say(s, "time.changed", "time_entry", ALPHA, later + 4 * MOMENT_HOUR);
	sweep(s, later + 5 * MOMENT_HOUR);
	CHECK_STR(now_of(s, "service-agreement.fixed").state, "broken");
	CHECK(strstr(now_of(s, "service-agreement.fixed").reasons, "ændret, efter at den blev lukket"));
	CHECK_INT(store_case_count(s, "SELECT COUNT(*) FROM ticket WHERE channel='system' AND promise LIKE 'service-agreement.%'"), 3);
}

static bool reads_probes(const struct promise_stand *p)
{
	for (const struct service *const *s = book.services; *s; s++)
		for (const struct service_promise *k = (*s)->promises; strcmp((*s)->key, p->service->key) == 0 && k->key; k++)
			if (strcmp(k->key, p->promise->key) == 0)
				return k->probes;
	return false;
}

/* What pages show from the ledger's rows is what judging everything would say, swept or not. Returns how many came from rows. */
static int shown_as_judged(struct store_case *s, struct arena *scratch, int64_t now, bool probes_swept)
{
	struct promise_stand *judged, *shown;
	struct err e = { 0 };
	struct db_conn *c;
	int n, m, held = 0;

	arena_reset(scratch);
	CHECK_INT(db_read_begin(s->db, &c, &e), 0);
	CHECK_INT(promise_list_at(c, scratch, &book, ALPHA, NULL, now, &judged, &n, &e), 0);
	CHECK_INT(promise_list_now(c, scratch, &book, ALPHA, NULL, true, now, &shown, &m, &e), 0);
	CHECK_INT(n, m);
	for (int i = 0; i < n; i++) {
		held += shown[i].unread;
		CHECK_STR(shown[i].promise->key, judged[i].promise->key);
		CHECK_INT(promise_stand_read(scratch, &shown[i], &e), 0);
		CHECK(shown[i].proof.nreasons > 0);
		if (!probes_swept && reads_probes(&judged[i]))
			continue;
		if (shown[i].proof.state != judged[i].proof.state || shown[i].live != judged[i].live)
			fail_msg("%s at %s: shown as %s, judged %s (%s)", judged[i].promise->key, moment_iso(scratch, now),
				promise_state_name(shown[i].proof.state), promise_state_name(judged[i].proof.state), judged[i].proof.reasons[0].text[LANG_EN]);
	}
	db_read_end(c);
	return held;
}

static unsigned rnd(unsigned *seed, unsigned below)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (*seed >> 8) % below;
}

/* Random weeks: reports, answers, changes, probes with holes, attestations, time; sweeps now and then. */
struct weeks {
	struct store_case *s;
	unsigned seed;
	int64_t now, swept, last_probe, attested, tickets[400], entries[400];
	int ntickets, nentries;
	bool probes_swept;
};

static int64_t any_ticket(struct weeks *k) { return k->tickets[rnd(&k->seed, (unsigned)k->ntickets)]; }

static void change_something(struct weeks *k)
{
	static const char *const prio[] = { "urgent", "important", "normal" }, *const types[] = { "incident", "request", "order" };
	static const char *const states[] = { "open", "waiting_customer", "waiting_third", "solved", "open", "closed" };
	unsigned *seed = &k->seed, what = rnd(seed, 6);

	if (what < 2)
		k->tickets[k->ntickets++] = report(k->s, k->now, types[rnd(seed, 3)], prio[rnd(seed, 3)]);
	else if (!k->ntickets)
		return;
	else if (what < 4)
		do_op(k->s, (struct op){ .what = REPLY, .who = rnd(seed, 3) ? &jonas : &anna, .now = k->now, .id = any_ticket(k), .text = "Svar" });
	else if (what == 4)
		do_op(k->s, (struct op){ .what = CHANGE, .who = &jonas, .now = k->now, .id = any_ticket(k),
			.change = { .state = states[rnd(seed, 6)], .priority = rnd(seed, 4) ? NULL : prio[rnd(seed, 3)] } });
	else
		do_op(k->s, (struct op){ .what = CHANGE, .who = &mette, .now = k->now, .id = any_ticket(k),
			.change = { .set_owner = true, .owner_id = rnd(seed, 3), .type = types[rnd(seed, 3)] } });
}

static void probe_for_a_while(struct weeks *k)
{
	k->probes_swept = false;
	for (; k->last_probe + MOMENT_MINUTE < k->now; k->last_probe += 4 * MOMENT_MINUTE)
		probed(k->s, k->last_probe, k->last_probe > k->swept && rnd(&k->seed, 5) ? k->last_probe : k->now, rnd(&k->seed, 8) != 0, rnd(&k->seed, 9) != 0);
}

static void attest_or_withdraw(struct weeks *k)
{
	if (k->attested && rnd(&k->seed, 2)) {
		fail_op(k->s, (struct op){ .what = WITHDRAW, .who = &mette, .now = k->now, .key = "backup.safe", .id = k->attested });
		k->attested = 0;
	} else {
		k->attested = do_op(k->s, (struct op){ .what = ATTEST, .who = &mette, .now = k->now, .key = "backup.safe", .text = "set",
			.expires = k->now + 1 + rnd(&k->seed, 3000) * MOMENT_MINUTE });
	}
}

static void write_time(struct weeks *k)
{
	unsigned *seed = &k->seed;
	struct op o = visit(k->now, 1 + rnd(seed, 200), rnd(seed, 2) * rnd(seed, 60), rnd(seed, 2) * rnd(seed, 60));

	if (k->nentries && rnd(seed, 2)) {
		o.id = k->entries[rnd(seed, (unsigned)k->nentries)];
		o.what = rnd(seed, 3) ? RELOG : UNLOG;
		fail_op(k->s, o);       /* its month may be closed, or it may be gone */
	} else {
		k->entries[k->nentries++] = do_op(k->s, o);
	}
	if (rnd(seed, 40) == 0)
		fail_op(k->s, (struct op){ .what = CLOSE, .who = &mette, .now = k->now, .month = month_of(k->now) - 1 });
}

/* What was stored is what is told for that moment; and exactly one row holds. */
static void told_as_stored(struct store_case *s, const char *key, int64_t when)
{
	struct promise_stand p;
	struct promise_row *held;
	struct err e = { 0 };
	struct db_conn *c;
	int n, found = 0;

	CHECK_INT(db_read_begin(s->db, &c, &e), 0);
	CHECK_INT(store_promise_history(c, s->a, ALPHA, key, 0, 100000, &held, &n, &e), 0);
	db_read_end(c);
	for (int k = 0; k < n; k++)
		if (held[k].since_at <= when && when < held[k].until_at) {
			CHECK_STR(held[k].state, promise_state_name(told(s, key, when, &p)));
			found++;
		}
	CHECK_INT(found, 1);
}

static void test_any_history_can_be_told_again(void **state)
{
	static const char *const keys[] = { "support.help", "support.open", "webwork.order", "support.report", "backup.safe",
		"service-agreement.bank", "service-agreement.driving", "service-agreement.fixed" };
	struct store_case *s = *state;
	struct weeks k = { .s = s, .seed = 20261122, .now = at(2, 9, 30), .last_probe = at(2, 9, 30), .probes_swept = true };
	struct arena *scratch = arena_begin(64 << 20);
	int rows, from_rows = 0;

	begin(s);
	for (int step = 0; step < 300; step++) {
		unsigned what;

		k.now += (int64_t)rnd(&k.seed, 110) * MOMENT_MINUTE + rnd(&k.seed, 1000000) + 1;
		what = rnd(&k.seed, 11);
		if (what < 6)
			change_something(&k);
		else if (what == 6)
			probe_for_a_while(&k);
		else if (what == 7)
			attest_or_withdraw(&k);
		else if (what == 8)
			work(s, k.now, rnd(&k.seed, 3) != 0);
		else
			write_time(&k);
		if (rnd(&k.seed, 4) == 0) {
			sweep(s, k.swept = k.now);
			k.probes_swept = true;
		}
		from_rows += shown_as_judged(s, scratch, k.now, k.probes_swept);
		from_rows += shown_as_judged(s, scratch, k.now + rnd(&k.seed, 30) * MOMENT_MINUTE, k.probes_swept);
	}
	arena_end(scratch);
	CHECK(from_rows > 1000);                    /* the rows did answer */
	sweep(s, k.swept = k.now + 40 * MOMENT_DAY);
	rows = told_again(s, k.swept);
	print_message("%d rows told again, %d tickets of the ledger's own\n", rows, (int)store_case_count(s, "SELECT COUNT(*) FROM ticket WHERE channel='system'"));
	CHECK(rows > 60);
	for (int i = 0; i < 150; i++) {             /* and moments at random */
		int64_t when = at(2, 9, 0) + (k.swept - at(2, 9, 0)) / 10000 * (int64_t)rnd(&k.seed, 10000);

		told_as_stored(s, keys[rnd(&k.seed, 8)], when);
	}
	CHECK_INT(store_case_count(s, "SELECT COUNT(*) FROM (SELECT dedupe_key FROM ticket WHERE dedupe_key IS NOT NULL GROUP BY dedupe_key HAVING COUNT(*)>1) x"), 0);
}

static void say_nothing(void *arg, const char *what)
{
	*(const char **)arg = what;
}

/* One customer's agreement that cannot be read leaves the others' promises alone, and says that it cannot be. */
static void test_a_bad_agreement_stops_nobody_else(void **state)
{
	static const struct { const char *service, *terms; enum err_id want; const char *says; } bad[] = {
		{ "support", "{\"closed_days\":[\"jul\"]}", E_CLOSED_DAY_INVALID, "Aftalte lukkedage" },
		{ "support", "{\"service_hours\":\"efter aftale\"}", E_HOURS_INVALID, "Servicetid" },
		{ "support", "not json", E_TERM_INVALID, "TERM_INVALID" },
	};
	struct store_case *s = *state;
	struct promise_unread *list;
	struct promise_stand p;
	struct err e = { 0 };
	struct db_conn *c;
	const char *named = "";
	int64_t checked;
	char q[700];
	int n;

	begin(s);
	store_case_sql(s, "INSERT INTO setting(key,value) VALUES('x.y','1')");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		snprintf(q, sizeof q, "INSERT INTO customer(name,cvr,created_at) VALUES('Bad %zu','1000010%zu',1)", i, i);
		store_case_sql(s, q);
		snprintf(q, sizeof q, "INSERT INTO agreement(customer_id,number,state,lang,valid_from_day,created_at,created_by,accepted_at,accepted_contact_id) "
			"VALUES(%zu,'%zu-1','accepted','da',%d,1,1,%" PRId64 ",2)", i + 3, i + 3, day_from(2026, 11, 1), at(2, 9, 0));
		store_case_sql(s, q);
		snprintf(q, sizeof q, "INSERT INTO agreement_item(customer_id,agreement_id,service,catalogue_version,terms) VALUES(%zu,%zu,'%s',1,'%s')", i + 3, i + 2,
			bad[i].service, bad[i].terms);
		store_case_sql(s, q);
		say(s, "agreement.accepted", "agreement", (int64_t)i + 3, at(2, 9, 0));
	}
	report(s, at(3, 10, 0), "incident", "urgent");
	sweep(s, at(3, 12, 0));
	CHECK_STR(now_of(s, "support.help").state, "broken");           /* Alpha's, as if nothing was wrong elsewhere */
	CHECK_INT(store_case_count(s, "SELECT COUNT(*) FROM promise_state WHERE customer_id=3 AND state='blind' AND promise='support.help'"), 1);
	CHECK_INT(store_case_count(s, "SELECT COUNT(*) FROM promise_state WHERE customer_id=4 AND state='blind' AND promise='support.help'"), 1);
	CHECK_INT(store_case_count(s, "SELECT COUNT(*) FROM promise_state WHERE customer_id=5 AND state='blind' AND promise='support.help'"), 1);
	CHECK_INT(db_read_begin(s->db, &c, &e), 0);
	CHECK_INT(store_promise_unread(c, s->a, &list, &n, &e), 0);
	CHECK_INT(n, 3);
	for (int i = 0; i < n; i++) {
		struct promise_stand *all;
		int nall;

		CHECK(strstr(list[i].reasons, bad[i].says) && strstr(list[i].reasons, list[i].number));
		/* the customer's own page and the question about any moment answer too */
		CHECK_INT(promise_list_now(c, s->a, &book, list[i].customer_id, NULL, true, at(3, 12, 0), &all, &nall, &e), 0);
		CHECK_INT(promise_at(c, s->a, &book, list[i].customer_id, "support.help", at(3, 11, 0), &p, &e), 0);
		CHECK_INT(p.proof.state, PROMISE_BLIND);
	}
	CHECK_INT(agreement_check(c, say_nothing, &named, &checked, &e), -1);
	CHECK_INT(e.id, E_AGREEMENT_UNREADABLE);
	db_read_end(c);
	told_again(s, at(3, 12, 0));
}

int main(void)
{
	static const struct store_test tests[] = {
		STORE_TEST(test_promises_begin_when_the_agreement_is_accepted), STORE_TEST(test_broken_makes_one_ticket_and_recovery_closes_it), STORE_TEST(test_what_a_program_sent_is_no_evidence),
		STORE_TEST(test_a_ticket_answered_in_time_goes_back_to_kept), STORE_TEST(test_downtime_that_became_known_later),
		STORE_TEST(test_attestation_holds_until_it_expires_or_is_withdrawn),
		STORE_TEST(test_the_customers_duty_becomes_a_need_with_a_weekly_reminder), STORE_TEST(test_an_ended_agreement_ends_its_promises),
		STORE_TEST(test_a_sweep_that_lost_its_mark), STORE_TEST(test_closed_months_are_settled_again), STORE_TEST(test_a_bad_agreement_stops_nobody_else),
		STORE_TEST(test_any_history_can_be_told_again),
	};
	struct arena *a = arena_begin(16 << 20);
	struct err e = { 0 };
	int rc;

	moment_zone();
	if (catalogue_load(a, NULL, &catalogue, &e) != 0)
		return 1;
	rc = store_tests_run(tests, sizeof tests / sizeof *tests);
	arena_end(a);
	return rc;
}
