/* Time written down, in a real store on both databases: what is refused, what it costs, the stopwatch, closing a month,
 * late time, notices, two writers at once. */
#include "store_case.h"
#include <pthread.h>
#include "base/hash.h"
#include "base/moment.h"
#include "core/bank_tell.h"
#include "core/month_check.h"
#include "core/promise.h"
#include "core/ticket.h"
#include "core/work.h"
#include "store/event.h"

enum { CUSTOMER = 1, OTHER = 2, TICKET = 1, LOOSE = 2, PHONED = 3, THEIRS = 4, METTE = 1, JONAS = 2, BODIL = 3 };
static const struct actor mette = { ROLE_TECHNICIAN, true, METTE, 0, "Mette" }, jonas = { ROLE_TECHNICIAN, true, JONAS, 0, "Jonas" };
static const struct actor bodil = { ROLE_BOOKKEEPER, true, BODIL, 0, "Bodil" }, owner = { ROLE_OWNER, false, 1, CUSTOMER, "Birgitte" };

static int64_t now_at(void) { return moment_from_local(2026, 11, 22, 12, 0, 0); }

static int fill_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	static const struct db_sql rows[] = {
		{ "INSERT INTO person(login,name,role,created_at) VALUES('mette','Mette Dahl','technician',1),('jonas','Jonas Kjær','technician',1),"
			"('bodil','Bodil Bog','bookkeeper',1)", NULL },
		{ "INSERT INTO customer(name,cvr,created_at) VALUES('Advokathuset Sønderskov','10000009',1),('Bager Bo','10000017',1)", NULL },
		{ "INSERT INTO contact(customer_id,name,email,role,lang,created_at) VALUES(1,'Birgitte','b@adv.example','owner','da',1),"
			"(1,'Anne','a@adv.example','approver','en',1),(1,'Karen','k@adv.example','employee','da',1)", NULL },
		{ "INSERT INTO category(key,name_da,name_en,service) VALUES('server','Server','Server','operations')", NULL },
		{ "INSERT INTO ticket(number,customer_id,subject,channel,category,created_at,updated_at) VALUES(101,1,'Printeren','portal','',1,1),"
			"(102,NULL,'Ukendt','mail','',1,1),(103,1,'Ringet ind','phone','server',1,1),(104,2,'Ovnen','portal','',1,1)", NULL },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (db_run(w, &rows[i], DB_NONE, NULL, e) != 0)
			return -1;
	return 0;
}

struct agree { int32_t from, to; const char *service, *terms; int64_t accepted_at; };

static int agree_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	static const struct db_sql head = { "INSERT INTO agreement(customer_id,number,state,lang,valid_from_day,valid_to_day,created_at,created_by,accepted_at) "
		"VALUES(1,?1,'accepted','da',?2,?3,1,1,?4) RETURNING id", NULL };
	static const struct db_sql item = { "INSERT INTO agreement_item(customer_id,agreement_id,service,catalogue_version,terms) VALUES(1,?1,?2,1,?3)", NULL };
	const struct agree *g = arg;
	int64_t id;

	if (db_id(w, &head, DB(DB_TEXT(arena_printf(a, "A%lld", (long long)g->accepted_at)), DB_INT(g->from), g->to == INT32_MAX ? DB_NULL : DB_INT(g->to),
		DB_INT(g->accepted_at)), &id, e) != 0)
		return -1;
	return db_run(w, &item, DB(DB_INT(id), DB_TEXT(g->service), DB_TEXT(g->terms)), NULL, e);
}

static void must(int rc, const struct err *e)
{
	if (rc != 0) {
		print_message("%s %s: %s (%s:%d)\n", err_name(e->id), e->field, e->detail, e->file, e->line);
		fail();
	}
}

static void fill_store(struct store_case *s)
{
	struct agree g = { day_from(2026, 8, 1), INT32_MAX, "service-agreement", "{\"hours_per_month\":5,\"hourly_price_ore\":105000}", 1 };
	struct err e;

	must(db_write(s->db, fill_job, NULL, &e), &e);
	must(db_write(s->db, agree_job, &g, &e), &e);
}

struct ask {
	enum { LOG, CHANGE, REMOVE, CLOSE, START, PAUSE, DROP } what;
	const struct actor *who;
	struct work_in in;
	int64_t id, now;
	int32_t month;
	struct time_entry out;
	int closed;
};

static int ask_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct ask *k = arg;
	struct statement s;
	int rc = -1;

	switch (k->what) {
	case LOG: rc = work_log(w, a, k->who, &k->in, k->now, &k->out, e); break;
	case CHANGE: rc = work_change(w, a, k->who, k->id, &k->in, k->now, &k->out, e); break;
	case REMOVE: return work_remove(w, a, k->who, k->id, k->now, e);
	case CLOSE: return work_close(w, a, k->who, CUSTOMER, k->month, k->now, &s, &k->closed, e);
	case START: return work_timer_start(w, a, k->who, k->id, k->now, e);
	case PAUSE: return work_timer_pause(w, a, k->who, k->now, e);
	case DROP: return work_timer_drop(w, a, k->who, k->now, e);
	}
	k->out.person_name = k->out.person_login = k->out.customer_name = k->out.ticket_subject = k->out.category_service = NULL;   /* the job's arena is gone */
	k->out.activity = k->out.note = NULL;
	return rc;
}

static int do_ask(struct store_case *s, struct ask *k, struct err *e)
{
	if (!k->now)
		k->now = now_at();
	*e = (struct err){ 0 };
	return db_write(s->db, ask_job, k, e);
}

static struct ask log_of(int month, int day, const char *activity, int minutes)
{
	return (struct ask){ .what = LOG, .who = &mette, .in = { .ticket_id = TICKET, .activity = activity,
		.started_at = moment_from_local(2026, month, day, 9, 0, 0), .minutes = minutes, .note = "Gjort" } };
}

static int64_t logged(struct store_case *s, int month, int day, const char *activity, int minutes)
{
	struct ask k = log_of(month, day, activity, minutes);
	struct err e;

	must(do_ask(s, &k, &e), &e);
	return k.out.id;
}

static struct statement month_now(struct store_case *s, int month)
{
	struct statement st;
	struct db_conn *c;
	struct err e;

	must(db_read_begin(s->db, &c, &e), &e);
	must(work_statement(c, s->a, CUSTOMER, month_from(2026, month), &st, &e), &e);
	db_read_end(c);
	return st;
}

static int close_month(struct store_case *s, const struct actor *who, int month, int *closed, struct err *e)
{
	struct ask k = { .what = CLOSE, .who = who, .month = month_from(2026, month) };
	int rc = do_ask(s, &k, e);

	*closed = k.closed;
	return rc;
}

static void test_refusals(void **state)
{
	static const struct { struct work_in in; enum err_id want; const char *field; } rows[] = {
		{ { .activity = "travel", .minutes = 15 }, E_CHOICE_INVALID, "activity" },
		{ { .activity = NULL, .minutes = 15 }, E_CHOICE_INVALID, "activity" },
		{ { .activity = "remote", .minutes = 0 }, E_DURATION_RANGE, "minutes" },
		{ { .activity = "remote", .minutes = -5 }, E_DURATION_RANGE, "minutes" },
		{ { .activity = "remote", .minutes = 1441 }, E_DURATION_RANGE, "minutes" },
		{ { .activity = "remote", .minutes = INT64_MAX }, E_DURATION_RANGE, "minutes" },
		{ { .activity = "visit", .minutes = 15, .drive_out = -1 }, E_DRIVE_RANGE, "drive_out_minutes" },
		{ { .activity = "visit", .minutes = 15, .drive_home = 1441 }, E_DRIVE_RANGE, "drive_home_minutes" },
		{ { .activity = "remote", .minutes = 15, .drive_out = 5 }, E_DRIVE_NOT_VISIT, "drive_out_minutes" },
		{ { .activity = "phone", .minutes = 15, .drive_home = 5 }, E_DRIVE_NOT_VISIT, "drive_home_minutes" },
		{ { .activity = "remote", .minutes = 15, .started_at = INT64_MAX / 2 }, E_TIME_FUTURE, "started_at" },
		{ { .activity = "remote", .minutes = 15, .started_at = 1 }, E_TIME_INVALID, "started_at" },
		{ { .activity = "remote", .minutes = 15, .ticket_id = 999 }, E_NOT_FOUND, "ticket_id" },
		{ { .activity = "remote", .minutes = 15, .ticket_id = LOOSE }, E_TICKET_NO_CUSTOMER, "ticket_id" },
		{ { .activity = "remote", .minutes = 15, .ticket_id = -1, .customer_id = 77 }, E_NOT_FOUND, "customer_id" },
		{ { .activity = "remote", .minutes = 15, .note = "\xff" }, E_TEXT_ENCODING, "note" },
	};
	struct store_case *s = *state;
	struct err e;

	fill_store(s);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct ask k = { .what = LOG, .who = &mette, .in = rows[i].in };

		k.in.ticket_id = k.in.ticket_id == 0 ? TICKET : k.in.ticket_id < 0 ? 0 : k.in.ticket_id;
		k.in.started_at = k.in.started_at ? k.in.started_at : now_at() - MOMENT_HOUR;
		CHECK_ROW(i, do_ask(s, &k, &e) == -1);
		CHECK_ROW(i, e.id == rows[i].want);
		CHECK_STR(e.field, rows[i].field);
	}
	CHECK_INT(store_case_count(s, "SELECT count(*) FROM time_entry"), 0);
	CHECK_INT(store_case_count(s, "SELECT count(*) FROM event"), 0);
	struct ask k = log_of(11, 3, "remote", 15);
	k.who = &owner;
	CHECK(do_ask(s, &k, &e) == -1 && e.id == E_DENIED);
}

static void test_log_and_change(void **state)
{
	struct store_case *s = *state;
	struct ask k = log_of(11, 10, "visit", 75);
	struct statement st;
	struct err e;

	fill_store(s);
	k.in.drive_out = k.in.drive_home = 21;
	must(do_ask(s, &k, &e), &e);
	CHECK(k.out.id > 0 && k.out.customer_id == CUSTOMER && k.out.person_id == METTE && k.out.ticket_number == 101 && !k.out.late);
	st = month_now(s, 11);
	CHECK(st.granted == 300 && st.drawn == 75 && st.driving == 15 && st.nlines == 1 && st.lines[0].amount_ore == 26250);
	CHECK_STR(st.entries[0].person, "Mette Dahl");
	CHECK_STR(st.entries[0].subject, "Printeren");
	CHECK_STR(st.entries[0].note, "Gjort");
	CHECK_INT(store_case_count(s, "SELECT spent_minutes FROM ticket WHERE id=1"), 75);
	CHECK_INT(store_case_count(s, "SELECT reported FROM time_entry"), 1);

	struct ask change = { .what = CHANGE, .who = &jonas, .id = k.out.id, .in = { .activity = "remote", .started_at = k.in.started_at, .minutes = 16 } };
	CHECK(do_ask(s, &change, &e) == -1 && e.id == E_DENIED);       /* another's */
	change.who = &mette;
	must(do_ask(s, &change, &e), &e);
	st = month_now(s, 11);
	CHECK(st.drawn == 30 && st.driving == 0);
	CHECK_INT(store_case_count(s, "SELECT spent_minutes FROM ticket WHERE id=1"), 16);
	struct ask gone = { .what = REMOVE, .who = &bodil, .id = k.out.id };
	must(do_ask(s, &gone, &e), &e);
	CHECK(do_ask(s, &gone, &e) == -1 && e.id == E_NOT_FOUND);
	st = month_now(s, 11);
	CHECK(st.drawn == 0 && st.nentries == 0);
	CHECK_INT(store_case_count(s, "SELECT count(*) FROM event WHERE object='time_entry' AND kind IN ('time.logged','time.changed','time.removed')"), 3);
}

/* Work on a covered category costs nothing from the bank while its agreement is in force; phoned-in work is not "reported". */
static void test_included(void **state)
{
	struct store_case *s = *state;
	struct agree g = { day_from(2026, 11, 1), day_from(2026, 11, 15), "operations", "{}", 2 };
	struct ask k = log_of(11, 10, "remote", 50);
	struct statement st;
	struct err e;

	fill_store(s);
	k.in.ticket_id = PHONED;
	must(do_ask(s, &k, &e), &e);
	CHECK_INT(month_now(s, 11).drawn, 60);
	must(db_write(s->db, agree_job, &g, &e), &e);
	st = month_now(s, 11);
	CHECK(st.drawn == 0 && st.entries[0].included == 60);
	CHECK_INT(store_case_count(s, "SELECT reported FROM time_entry"), 0);
	k.in.started_at = moment_from_local(2026, 11, 16, 9, 0, 0);
	must(do_ask(s, &k, &e), &e);
	CHECK_INT(month_now(s, 11).drawn, 60);
}

/* What a month left, read without the rest, is what the whole says; a text that is cut off anywhere is none. */
static void after_alone(struct store_case *s, const struct statement *st)
{
	struct statement again = *st;
	struct err e;
	char *cut;

	again.after = (struct bank_state){ 0 };
	must(statement_after(s->a, st->text, &again.after, &e), &e);
	CHECK_STR(statement_text(s->a, &again), st->text);
	for (size_t n = 0; n < strlen(st->text); n++) {
		cut = arena_dupn(s->a, st->text, n);
		CHECK(statement_after(s->a, cut, &again.after, &e) == -1 && e.id == E_CHAIN_BROKEN);
	}
	CHECK(statement_after(s->a, arena_printf(s->a, "%s}", st->text), &again.after, &e) == -1);
	cut = arena_dup(s->a, st->text);
	memcpy(strstr(cut, "\"version\":") + 10, "9", 1);
	CHECK(statement_after(s->a, cut, &again.after, &e) == -1);
}

static void test_close(void **state)
{
	struct store_case *s = *state;
	struct month_close kept, again;
	struct statement st;
	struct db_conn *c;
	struct sha256 h;
	struct err e;
	int64_t september;
	int closed;

	fill_store(s);
	logged(s, 8, 4, "remote", 50);
	september = logged(s, 9, 1, "remote", 200);
	CHECK(close_month(s, &bodil, 11, &closed, &e) == -1 && e.id == E_MONTH_OPEN);
	CHECK(close_month(s, &bodil, 1, &closed, &e) == -1 && e.id == E_MONTH_EMPTY && strcmp(e.field, "month") == 0);
	CHECK_INT(store_case_count(s, "SELECT count(*) FROM month_close"), 0);
	CHECK(close_month(s, &owner, 9, &closed, &e) == -1 && e.id == E_DENIED);
	CHECK(close_month(s, &mette, 9, &closed, &e) == -1 && e.id == E_DENIED);      /* a technician writes time, and closes nothing */
	must(close_month(s, &bodil, 9, &closed, &e), &e);
	CHECK_INT(closed, 2);                                   /* August, which was open, too */
	CHECK(close_month(s, &bodil, 9, &closed, &e) == -1 && e.id == E_MONTH_CLOSED);
	CHECK(close_month(s, &bodil, 8, &closed, &e) == -1 && e.id == E_MONTH_CLOSED);
	st = month_now(s, 9);
	CHECK(st.closed && st.drawn == 210 && st.remaining == 90 && st.closed_by == BODIL);
	h = hash_sha256(st.text, strlen(st.text));
	CHECK_STR(hash_hex(s->a, h.b, 32), st.sha256);
	CHECK_STR(statement_text(s->a, &st), st.text);          /* read and written again: the same bytes */
	after_alone(s, &st);
	must(db_read_begin(s->db, &c, &e), &e);
	must(store_month_close_get(c, s->a, CUSTOMER, month_from(2026, 9), &kept, &e), &e);
	db_read_end(c);

	struct ask k = log_of(9, 20, "remote", 15);
	CHECK(do_ask(s, &k, &e) == -1 && e.id == E_MONTH_CLOSED);
	CHECK_STR(e.field, "started_at");
	struct ask change = { .what = CHANGE, .who = &bodil, .id = september, .in = { .activity = "remote", .started_at = now_at() - MOMENT_DAY, .minutes = 5 } };
	CHECK(do_ask(s, &change, &e) == -1 && e.id == E_MONTH_CLOSED);
	struct ask gone = { .what = REMOVE, .who = &bodil, .id = september };
	CHECK(do_ask(s, &gone, &e) == -1 && e.id == E_MONTH_CLOSED);
	k.in.late = true;
	k.in.minutes = 100;
	must(do_ask(s, &k, &e), &e);
	CHECK(k.out.late && k.out.month == month_from(2026, 10) && k.out.day == day_from(2026, 9, 20));
	st = month_now(s, 10);                                  /* 90 from September's own rest, 15 from October's hours */
	CHECK(st.granted == 390 && st.drawn == 105 && st.over == 0 && st.ngrants == 2);
	logged(s, 10, 5, "task", 300);
	CHECK_INT(month_now(s, 10).over, 15);
	CHECK_INT(month_now(s, 11).granted, 300);

	must(db_read_begin(s->db, &c, &e), &e);
	must(store_month_close_get(c, s->a, CUSTOMER, month_from(2026, 9), &again, &e), &e);
	must(event_verify(c, &september, &e), &e);
	db_read_end(c);
	CHECK_STR(kept.statement, again.statement);
	CHECK_STR(kept.sha256, again.sha256);
	CHECK_INT(store_case_count(s, "SELECT count(*) FROM event WHERE kind='month.closed'"), 2);
	st = month_now(s, 7);                                   /* before everything: empty, and locked */
	CHECK(st.closed && st.granted == 0 && st.nentries == 0);
	CHECK(close_month(s, &bodil, 7, &closed, &e) == -1 && e.id == E_MONTH_EMPTY);         /* nothing to close */
	CHECK_INT(store_case_count(s, "SELECT count(*) FROM month_close"), 2);
}

static int job_sql(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	return db_run(w, &(struct db_sql){ arg, NULL }, DB_NONE, NULL, e);
}

/* What is closed is found changed, whichever of the places it stands in was changed. */
static void test_closed_months_checked(void **state)
{
	static const struct { const char *change, *back; } rows[] = {
		{ "UPDATE time_entry SET minutes=minutes+1 WHERE id=1", "UPDATE time_entry SET minutes=minutes-1 WHERE id=1" },
		{ "UPDATE time_entry SET removed_at=1 WHERE id=1", "UPDATE time_entry SET removed_at=0 WHERE id=1" },
		{ "UPDATE time_entry SET drive_out_minutes=drive_out_minutes+1 WHERE id=2", "UPDATE time_entry SET drive_out_minutes=drive_out_minutes-1 WHERE id=2" },
		{ "UPDATE time_entry SET trip_customers=3,trip_part=2 WHERE id=2", "UPDATE time_entry SET trip_customers=1,trip_part=1 WHERE id=2" },
		{ "UPDATE time_entry SET month=month+1 WHERE id=1", "UPDATE time_entry SET month=month-1 WHERE id=1" },
		{ "UPDATE month_close SET statement=statement||' '", "UPDATE month_close SET statement=substr(statement,1,length(statement)-1)" },
		{ "UPDATE month_close SET sha256='x'||sha256", "UPDATE month_close SET sha256=substr(sha256,2)" },
		{ "UPDATE event SET kind='month.lost' WHERE kind='month.closed'", "UPDATE event SET kind='month.closed' WHERE kind='month.lost'" },
		/* the agreement: another price, fewer hours, another beginning, none at all */
		{ "UPDATE agreement_item SET terms=replace(terms,'105000','99000')", "UPDATE agreement_item SET terms=replace(terms,'99000','105000')" },
		{ "UPDATE agreement_item SET terms=replace(terms,'month\":5','month\":2')", "UPDATE agreement_item SET terms=replace(terms,'month\":2','month\":5')" },
		{ "UPDATE agreement SET valid_from_day=valid_from_day+3", "UPDATE agreement SET valid_from_day=valid_from_day-3" },
		{ "UPDATE agreement SET accepted_at=9000000000000000", "UPDATE agreement SET accepted_at=1" },
		{ "DELETE FROM month_close", NULL },
	};
	/* ... and what was done after the close, rightly, changes nothing of it */
	static const char *const later[] = {
		"UPDATE agreement SET state='ended',valid_to_day=valid_from_day+10,ended_at=9000000000000000",
		"UPDATE person SET name=name||' X'", "UPDATE time_entry SET note='Rettet'", "UPDATE ticket SET category='network'",
	};
	struct store_case *s = *state;
	struct ask visit;
	struct db_conn *c;
	int64_t n;
	struct err e;
	int closed;

	fill_store(s);
	logged(s, 8, 4, "remote", 50);
	visit = log_of(9, 1, "visit", 200);
	visit.in.drive_out = visit.in.drive_home = 25;
	must(do_ask(s, &visit, &e), &e);
	logged(s, 9, 2, "internal", 30);
	logged(s, 9, 3, "phone", 900);                          /* more than the bank holds */
	must(close_month(s, &bodil, 9, &closed, &e), &e);
	logged(s, 10, 3, "phone", 20);                          /* open: nobody's business here */
	for (size_t i = 0; i < sizeof later / sizeof *later; i++) {
		must(db_write(s->db, job_sql, (void *)later[i], &e), &e);
		must(db_read_begin(s->db, &c, &e), &e);
		must(month_check(c, &n, &e), &e);
		db_read_end(c);
	}
	must(db_write(s->db, job_sql, (void *)"UPDATE agreement SET state='accepted',valid_to_day=NULL,ended_at=0", &e), &e);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		must(db_read_begin(s->db, &c, &e), &e);
		must(month_check(c, &n, &e), &e);
		db_read_end(c);
		CHECK_INT(n, 2);
		must(db_write(s->db, job_sql, (void *)rows[i].change, &e), &e);
		must(db_read_begin(s->db, &c, &e), &e);
		CHECK_ROW(i, month_check(c, &n, &e) == -1 && e.id == E_CHAIN_BROKEN);
		db_read_end(c);
		if (rows[i].back)
			must(db_write(s->db, job_sql, (void *)rows[i].back, &e), &e);
	}
}

static void test_spans(void **state)
{
	struct store_case *s = *state;
	struct bank_item items[] = {
		{ 3, 30, 100, 199, "service-agreement", "{\"hours_per_month\":10}" },
		{ 9, 25, 0, INT32_MAX, "support", "{}" },
		{ 2, 20, 50, INT32_MAX, "service-agreement", "{\"hours_per_month\":5}" },
		{ 1, 10, 1, 70, "service-agreement", "not json" },
	};
	static const struct bank_span want[] = { { 1, 49, 1 }, { 50, 99, 2 }, { 100, 199, 3 }, { 200, INT32_MAX, 2 } };
	static const int minutes[] = { 300, 300, 600, 300 };
	const struct bank_span *got;
	int n;

	work_spans(s->a, items, 4, &got, &n);
	CHECK_INT(n, 4);
	for (int i = 0; i < n; i++) {
		CHECK_ROW(i, got[i].from_day == want[i].from_day && got[i].to_day == want[i].to_day && got[i].agreement_id == want[i].agreement_id);
		CHECK_ROW(i, got[i].terms.month_minutes == minutes[i]);
	}
	work_spans(s->a, items, 0, &got, &n);
	CHECK_INT(n, 0);
}

static void test_prices(void **state)
{
	struct store_case *s = *state;
	struct bank_item items[] = {
		{ 3, 30, 100, 199, "support", "{\"monthly_price_ore\":0}" },
		{ 2, 20, 50, INT32_MAX, "support", "{\"monthly_price_ore\":700}" },
		{ 2, 20, 50, INT32_MAX, "service-agreement", "{\"monthly_price_ore\":5}" },
		{ 2, 20, 50, INT32_MAX, "backup", "{\"monthly_price_ore\":0,\"note\":\"1\"}" },
		{ 1, 10, 1, 70, "operations", "{\"monthly_price_ore\":900,\"proration\":false}" },
		{ 1, 10, 1, 70, "support", "{\"monthly_price_ore\":300}" },
		{ 1, 10, 1, 70, "network", "not json" },
	};
	static const struct bank_price want[] = { { "operations", 1, 70, 900, false }, { "support", 1, 49, 300, true }, { "support", 50, 99, 700, true },
		{ "support", 100, 199, 0, true }, { "support", 200, INT32_MAX, 700, true } };
	const struct bank_price *got;
	int n;

	work_prices(s->a, items, 7, &got, &n);
	CHECK_INT(n, 5);
	for (int i = 0; i < n; i++)
		CHECK_ROW(i, strcmp(got[i].service, want[i].service) == 0 && got[i].from_day == want[i].from_day && got[i].to_day == want[i].to_day &&
			got[i].monthly_ore == want[i].monthly_ore && got[i].proration == want[i].proration);
	CHECK(work_prices_on(got, n, 60) == 1600 && work_prices_on(got, n, 150) == 0 && work_prices_on(got, n, 0) == 0 && work_prices_on(got, n, 5000) == 700);
	work_prices(s->a, items, 0, &got, &n);
	CHECK_INT(n, 0);
}

/* The fixed amount is all services'. A month closed before that was so is settled again as it was closed, byte for byte. */
static void test_fixed_amount(void **state)
{
	struct agree more = { day_from(2026, 8, 16), INT32_MAX, "support", "{\"monthly_price_ore\":125000}", 2 };
	struct store_case *s = *state;
	struct month_close kept;
	struct statement st, again;
	struct time_entry *rows;
	struct db_conn *c;
	int closed, n;
	struct err e;

	fill_store(s);
	must(db_write(s->db, agree_job, &more, &e), &e);
	logged(s, 8, 20, "remote", 50);
	CHECK_INT(month_now(s, 7).fee_ore, 0);
	CHECK_INT(month_now(s, 9).fee_ore, 475000 + 125000);
	st = month_now(s, 8);
	CHECK_INT(st.fee_ore, 475000 + 64516);                  /* 16 days of 31 */
	CHECK(st.nfees == 2 && strcmp(st.fees[0].service, "service-agreement") == 0 && st.fees[0].amount_ore == 475000);
	CHECK(strcmp(st.fees[1].service, "support") == 0 && st.fees[1].amount_ore == 64516);
	must(close_month(s, &bodil, 8, &closed, &e), &e);
	must(db_read_begin(s->db, &c, &e), &e);
	must(store_month_close_get(c, s->a, CUSTOMER, month_from(2026, 8), &kept, &e), &e);
	must(store_time_of_customer(c, s->a, CUSTOMER, kept.month, kept.month, &rows, &n, &e), &e);
	must(statement_parse(s->a, kept.statement, &st, &e), &e);
	CHECK(st.fees_told && st.nfees == 2 && st.fee_ore == 475000 + 64516);
	must(work_settle_again(c, s->a, &st, kept.closed_at, NULL, rows, n, false, &again, &e), &e);
	CHECK_STR(statement_text(s->a, &again), kept.statement);
	st.fees_told = false;
	st.nfees = 0;
	st.fee_ore = 475000;
	kept.statement = statement_text(s->a, &st);
	CHECK(!strstr(kept.statement, "\"fees\""));
	must(statement_parse(s->a, kept.statement, &st, &e), &e);
	CHECK(!st.fees_told && st.nfees == 0);
	must(work_settle_again(c, s->a, &st, kept.closed_at, NULL, rows, n, false, &again, &e), &e);
	CHECK_STR(statement_text(s->a, &again), kept.statement);
	db_read_end(c);
}

/* Whoever pays for something stands among those who are billed; an agreement that costs nothing makes nobody stand there. */
static void test_billed_without_hours(void **state)
{
	static const struct { const char *terms; int want; } rows[] = { { "{\"a\":1,\"monthly_price_ore\":0}", 0 }, { "{\"monthly_price_ore\":0,\"a\":1}", 0 },
		{ "{}", 0 }, { "{\"note\":\"monthly_price_ore\"}", 0 }, { "{\"monthly_price_ore\":4900,\"z\":0}", 1 } };
	struct store_case *s = *state;
	struct err e;

	must(db_write(s->db, fill_job, NULL, &e), &e);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct agree g = { day_from(2026, 10, 1), INT32_MAX, "support", rows[i].terms, (int64_t)i + 1 };
		struct month_customer *list;
		struct db_conn *c;
		int32_t begins;
		int n, before;

		must(db_write(s->db, agree_job, &g, &e), &e);
		must(db_read_begin(s->db, &c, &e), &e);
		must(store_month_customers(c, s->a, month_from(2026, 10), day_from(2026, 10, 1), day_from(2026, 10, 31), &list, &n, &e), &e);
		must(store_month_customers(c, s->a, month_from(2026, 9), day_from(2026, 9, 1), day_from(2026, 9, 30), &list, &before, &e), &e);
		must(work_begins(c, s->a, CUSTOMER, &begins, &e), &e);
		db_read_end(c);
		CHECK_ROW((int)i, n == rows[i].want && before == 0 && begins == (rows[i].want ? month_from(2026, 10) : INT32_MAX));
	}
	CHECK_INT(month_now(s, 10).fee_ore, 4900);
}

static void test_notices(void **state)
{
	struct store_case *s = *state;

	fill_store(s);
	logged(s, 11, 2, "remote", 225);
	CHECK_INT(store_case_count(s, "SELECT count(*) FROM outbox"), 0);
	logged(s, 11, 3, "remote", 15);                 /* 240 of 300 */
	CHECK_INT(store_case_count(s, "SELECT count(*) FROM outbox"), 2);
	CHECK_INT(store_case_count(s, "SELECT count(*) FROM outbox WHERE recipient='b@adv.example' AND subject='80 % af timerne i november 2026 er brugt'"), 1);
	CHECK_INT(store_case_count(s, "SELECT count(*) FROM outbox WHERE recipient='a@adv.example' AND subject='80 % of the hours of November 2026 are used'"), 1);
	logged(s, 11, 4, "remote", 30);                 /* 270: nothing to say */
	CHECK_INT(store_case_count(s, "SELECT count(*) FROM outbox"), 2);
	logged(s, 11, 5, "remote", 90);                 /* past 95 and 100 at once: only the last is told */
	CHECK_INT(store_case_count(s, "SELECT count(*) FROM outbox"), 4);
	CHECK_INT(store_case_count(s, "SELECT count(*) FROM bank_notice"), 3);
	logged(s, 11, 6, "remote", 90);
	CHECK_INT(store_case_count(s, "SELECT count(*) FROM outbox"), 4);
	CHECK_INT(store_case_count(s, "SELECT count(*) FROM event WHERE kind='bank.notice'"), 2);
}

struct answer { const struct actor *who; const char *answer; int32_t month; int64_t need_id; };

static int answer_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	const struct answer *x = arg;
	struct desk d = { .origin = "", .now = now_at() };

	return x->need_id ? promise_answer_need(w, a, &d, x->who, x->need_id, x->answer, e) : bank_accept(w, a, x->who, x->month, now_at(), e);
}

struct again { const struct err *why; int64_t entry_id; };

static int ask_again_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	const struct again *x = arg;

	return work_ask(w, a, &mette, TICKET, x->entry_id, x->why, "https://desk.example", now_at(), e);
}

static void stopped(struct store_case *s, struct ask *k)
{
	int64_t entries = store_case_count(s, "SELECT count(*) FROM time_entry"), events = store_case_count(s, "SELECT count(*) FROM event");
	struct err e;

	CHECK(do_ask(s, k, &e) == -1);
	CHECK(e.id == E_HOURS_USED_UP);
	CHECK_STR(e.field, "minutes");
	CHECK(strncmp(e.detail, "2026-11", 7) == 0);
	CHECK_INT(store_case_count(s, "SELECT count(*) FROM time_entry"), entries);
	CHECK_INT(store_case_count(s, "SELECT count(*) FROM event"), events);
}

/* "Stop and ask first" stops: not a minute past the hours before somebody who decides at the customer has said yes. */
static void test_asks_first(void **state)
{
	static const struct actor employee = { ROLE_EMPLOYEE, false, 3, CUSTOMER, "Karen" };
	struct store_case *s = *state;
	struct agree g = { day_from(2026, 11, 1), INT32_MAX, "service-agreement", "{\"hours_per_month\":2,\"overuse\":\"stop_and_ask\"}", 5 };
	struct ask more = log_of(11, 3, "remote", 30), internal = log_of(11, 3, "internal", 300), theirs = log_of(11, 3, "remote", 600);
	struct answer yes = { &owner, "yes", month_from(2026, 11), 0 }, no = { &owner, "no", 0, 1 };
	struct err e, why = { .id = E_HOURS_USED_UP, .detail = "2026-11: 15 minutes too many" };
	struct again again = { &why, 0 };
	int64_t first;

	fill_store(s);
	must(db_write(s->db, agree_job, &g, &e), &e);
	first = logged(s, 11, 2, "remote", 105);
	stopped(s, &more);                                      /* 15 are left, 30 are wanted */
	CHECK_INT(store_case_count(s, "SELECT count(*) FROM need"), 0);
	must(db_write(s->db, ask_again_job, &again, &e), &e);
	must(db_write(s->db, ask_again_job, &again, &e), &e);   /* asked once */
	CHECK_INT(store_case_count(s, "SELECT count(*) FROM need WHERE kind='decision' AND title LIKE 'Timerne i november 2026 er n%sten brugt%'"), 1);
	CHECK_INT(store_case_count(s, "SELECT count(*) FROM outbox WHERE kind='need' AND body LIKE '%https://desk.example/portal/needs/1%'"), 2);
	must(do_ask(s, &internal, &e), &e);                     /* internal time, and another customer's, is never stopped */
	theirs.in.ticket_id = THEIRS;
	must(do_ask(s, &theirs, &e), &e);
	more.in.minutes = 15;
	must(do_ask(s, &more, &e), &e);                         /* just what is left */
	CHECK_INT(month_now(s, 11).remaining, 0);
	more.in.minutes = 1;
	stopped(s, &more);
	struct ask change = { .what = CHANGE, .who = &mette, .id = first, .in = { .activity = "remote", .started_at = more.in.started_at, .minutes = 106 } };
	stopped(s, &change);
	change.in.activity = "internal";
	must(do_ask(s, &change, &e), &e);
	change.in.activity = "remote";
	change.in.minutes = 105;
	must(do_ask(s, &change, &e), &e);                       /* back again: no more than before */

	must(db_write(s->db, answer_job, &no, &e), &e);
	stopped(s, &more);
	must(db_write(s->db, ask_again_job, &again, &e), &e);   /* a no is not asked again */
	CHECK_INT(store_case_count(s, "SELECT count(*) FROM need"), 1);
	yes.who = &employee;
	CHECK(db_write(s->db, answer_job, &yes, &e) == -1 && e.id == E_DENIED);
	yes.who = &bodil;                                       /* nor can the provider say it for them */
	CHECK(db_write(s->db, answer_job, &yes, &e) == -1 && e.id == E_DENIED);
	yes.who = &owner;
	yes.month++;
	CHECK(db_write(s->db, answer_job, &yes, &e) == -1 && e.id == E_NOT_FOUND);
	yes.month--;
	must(db_write(s->db, answer_job, &yes, &e), &e);
	must(db_write(s->db, answer_job, &yes, &e), &e);
	must(do_ask(s, &more, &e), &e);
	CHECK_INT(month_now(s, 11).over, 15);
	CHECK_INT(month_now(s, 11).to_ask, 15);
	CHECK_INT(store_case_count(s, "SELECT count(*) FROM need WHERE answer='yes'"), 1);
}

static int any(uint32_t *r, int below)
{
	*r = *r * 1664525u + 1013904223u;
	return (int)(*r >> 8) % below;
}

/* Whatever is written, changed and removed: without a yes no month ever invoices what its agreement says to ask about. */
static void test_never_past(void **state)
{
	static const char *const kinds[] = { "remote", "phone", "visit", "task", "internal" };
	struct store_case *s = *state;
	struct agree g = { day_from(2026, 8, 1), INT32_MAX, "service-agreement",
		"{\"hours_per_month\":5,\"overuse\":\"stop_and_ask\",\"driving_settle\":\"bank\",\"rollover_months\":1,\"round_by\":\"day\"}", 5 };
	int64_t ids[200];
	int n = 0, refused = 0;
	uint32_t r = 12345;
	struct err e;

	fill_store(s);
	must(db_write(s->db, agree_job, &g, &e), &e);
	for (int i = 0; i < 200; i++) {
		struct ask k = { .who = &mette };

		k.in = (struct work_in){ .ticket_id = TICKET, .activity = kinds[any(&r, 5)], .note = "" };
		k.in.minutes = 1 + any(&r, 90);
		int month_at = 9 + any(&r, 3), day_at = 1 + any(&r, 21);

		k.in.started_at = moment_from_local(2026, month_at, day_at, 8 + any(&r, 10), 0, 0);
		if (strcmp(k.in.activity, "visit") == 0)
			k.in.drive_out = any(&r, 60);
		k.what = n == 0 || any(&r, 3) ? LOG : any(&r, 3) ? CHANGE : REMOVE;
		k.id = n ? ids[any(&r, n)] : 0;
		if (do_ask(s, &k, &e) != 0) {
			CHECK(e.id == E_HOURS_USED_UP || e.id == E_NOT_FOUND);
			refused += e.id == E_HOURS_USED_UP;
		} else if (k.what == LOG) {
			ids[n++] = k.out.id;
		}
		for (int month = 9; i % 5 == 0 && month <= 11; month++)
			CHECK_ROW(i, month_now(s, month).to_ask == 0 && month_now(s, month).over == 0);
	}
	CHECK(n > 30 && refused > 30);
}

static void test_timer(void **state)
{
	struct store_case *s = *state;
	struct ask start = { .what = START, .who = &mette, .id = TICKET, .now = now_at() };
	struct ask pause = { .what = PAUSE, .who = &mette, .now = now_at() + 10 * MOMENT_MINUTE };
	struct ask drop = { .what = DROP, .who = &mette };
	struct db_conn *c;
	struct timer t;
	struct err e;

	fill_store(s);
	CHECK(do_ask(s, &pause, &e) == -1 && e.id == E_TIMER_NONE);
	must(do_ask(s, &start, &e), &e);
	must(do_ask(s, &start, &e), &e);
	start.id = THEIRS;
	CHECK(do_ask(s, &start, &e) == -1 && e.id == E_TIMER_RUNNING);
	must(do_ask(s, &pause, &e), &e);
	must(do_ask(s, &pause, &e), &e);
	start.id = TICKET;
	start.now = now_at() + 60 * MOMENT_MINUTE;
	must(do_ask(s, &start, &e), &e);
	must(db_read_begin(s->db, &c, &e), &e);
	must(store_timer_get(c, s->a, METTE, &t, &e), &e);
	CHECK(store_timer_get(c, s->a, JONAS, &t, &e) == -1 && e.id == E_NOT_FOUND);
	db_read_end(c);
	CHECK_INT(work_timer_minutes(&t, now_at() + 67 * MOMENT_MINUTE), 17);
	CHECK_INT(work_timer_minutes(&t, now_at()), 10);        /* a clock set back takes nothing away */
	struct ask k = log_of(11, 3, "remote", 17);
	k.in.stop_timer = true;
	k.in.ticket_id = PHONED;
	must(do_ask(s, &k, &e), &e);                            /* another ticket's time leaves it running */
	CHECK_INT(store_case_count(s, "SELECT count(*) FROM timer"), 1);
	k.in.ticket_id = TICKET;
	must(do_ask(s, &k, &e), &e);
	CHECK_INT(store_case_count(s, "SELECT count(*) FROM timer"), 0);
	CHECK(do_ask(s, &drop, &e) == -1 && e.id == E_TIMER_NONE);
}

/* Two writers at once, and a month closed in between: every minute is in exactly one statement. */
struct writer { struct db *db; int day, done, refused; };

static void *writer_run(void *arg)
{
	struct writer *r = arg;

	for (int i = 0; i < 30; i++) {
		struct ask k = log_of(10, r->day, "remote", 5);
		struct err e;

		k.now = now_at();
		if (i == 15) {
			struct ask shut = { .what = CLOSE, .who = &bodil, .month = month_from(2026, 10), .now = now_at() };

			(void)db_write(r->db, ask_job, &shut, &e);
		}
		if (db_write(r->db, ask_job, &k, &e) == 0)
			r->done++;
		else if (e.id == E_MONTH_CLOSED)
			r->refused++;
	}
	return NULL;
}

static void test_two_writers(void **state)
{
	struct store_case *s = *state;
	struct writer r[2] = { { .day = 5 }, { .day = 6 } };
	pthread_t thread[2];
	struct statement st;
	struct err e;

	fill_store(s);
	db_close(s->db);
	s->cfg.solo = false;
	must(db_open(&s->cfg, &s->db, &e), &e);
	for (int i = 0; i < 2; i++) {
		r[i].db = s->db;
		CHECK(pthread_create(&thread[i], NULL, writer_run, &r[i]) == 0);
	}
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	CHECK_INT(r[0].done + r[0].refused + r[1].done + r[1].refused, 60);
	CHECK(r[0].refused + r[1].refused > 0);
	st = month_now(s, 10);
	CHECK(st.closed && st.nentries == r[0].done + r[1].done);
	CHECK_INT(st.drawn + st.over, 15 * st.nentries);
	CHECK_INT(store_case_count(s, "SELECT count(*) FROM time_entry"), st.nentries);
}

int main(void)
{
	static const struct store_test tests[] = {
		STORE_TEST(test_refusals), STORE_TEST(test_log_and_change), STORE_TEST(test_included), STORE_TEST(test_close), STORE_TEST(test_closed_months_checked), STORE_TEST(test_spans),
		STORE_TEST(test_prices), STORE_TEST(test_fixed_amount), STORE_TEST(test_billed_without_hours),
		STORE_TEST(test_notices), STORE_TEST(test_asks_first), STORE_TEST(test_never_past), STORE_TEST(test_timer), STORE_TEST(test_two_writers),
	};

	moment_zone();
	return store_tests_run(tests, (int)(sizeof tests / sizeof *tests));
}
