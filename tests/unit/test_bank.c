/* The hour bank: its rules as tables, and months worked by hand. Random histories are in test_bank_oracle.c. */
#include "t.h"
#include "base/moment.h"
#include "core/bank.h"
#include "core/catalogue.h"

/* ---- tables ---- */

static void test_rounding(void **state)
{
	static const struct { int minutes, step, min, want; } rows[] = {
		{ 0, 15, 15, 0 }, { 1, 15, 15, 15 }, { 15, 15, 15, 15 }, { 16, 15, 15, 30 }, { 8, 5, 5, 10 }, { 61, 15, 15, 75 }, { 7, 1, 1, 7 },
		{ 3, 5, 30, 30 }, { 31, 5, 30, 35 }, { 1, 1, 0, 1 }, { 0, 15, 60, 0 }, { 1440, 60, 240, 1440 }, { -5, 15, 15, 0 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		CHECK_ROW(i, bank_round(rows[i].minutes, rows[i].step, rows[i].min) == rows[i].want);
}

static void test_driving(void **state)
{
	static const struct { bool each_way, agreed; int out, home, bill, free; } rows[] = {
		{ false, true, 21, 21, 15, 30 },        /* the catalogue's own example: 42 driven, 12 over, rounded to 15 */
		{ false, true, 15, 15, 0, 30 }, { false, true, 15, 16, 15, 30 }, { false, true, 0, 0, 0, 0 }, { false, true, 46, 0, 30, 30 },
		{ true, true, 25, 25, 0, 50 }, { true, true, 31, 45, 30, 60 }, { true, true, 40, 10, 15, 40 },
		{ false, false, 20, 20, 45, 0 },        /* no agreement: all of it costs */
	};
	struct bank_terms t = bank_terms_none;
	int64_t allowed;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		t.driving_each_way = rows[i].each_way;
		CHECK_ROW(i, bank_drive_minutes(&t, rows[i].agreed, rows[i].out, rows[i].home, &allowed) == rows[i].bill);
		CHECK_ROW(i, allowed == rows[i].free);
	}
}

static void test_money(void **state)
{
	static const struct { int64_t minutes, hourly, want; } rows[] = {
		{ 15, 105000, 26250 }, { 60, 105000, 105000 }, { 0, 105000, 0 }, { 1, 105000, 1750 }, { 1, 30, 1 }, { 1, 29, 0 }, { 1, 31, 1 },
		{ 7, 99999, 11667 }, { 100000, 10000000, 16666666667 }, { 30, 0, 0 }, { 1, -30, -1 }, { 1, -29, 0 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		CHECK_ROW(i, bank_money(rows[i].minutes, rows[i].hourly) == rows[i].want);
	CHECK_INT(bank_prorate_minutes(300, 16, 30), 165);
	CHECK_INT(bank_prorate_minutes(300, 14, 30), 135);
	CHECK_INT(bank_prorate_minutes(300, 30, 30), 300);
	CHECK_INT(bank_prorate_minutes(120, 1, 29), 0);
	CHECK_INT(bank_prorate_minutes(600, 1, 29), 15);
	CHECK_INT(bank_share_ore(475000, 16, 30), 253333);
}

static void test_activities(void **state)
{
	for (int i = 0; i < ACTIVITY__N; i++)
		CHECK_INT(activity_by_name(activity_name((enum activity)i)), i);
	CHECK_INT(activity_by_name("travel"), -1);
	CHECK_INT(activity_by_name(NULL), -1);
	CHECK_INT(bank_month_for(10, 9), 10);
	CHECK_INT(bank_month_for(9, 9), 10);
	CHECK_INT(bank_month_for(2, 9), 10);
	CHECK_INT(bank_month_for(2, INT32_MIN), 2);
}

static void test_terms(void **state)
{
	json_error_t je;
	json_t *o = json_loads("{\"hours_per_month\":2,\"monthly_price_ore\":1,\"hourly_price_ore\":2,\"rounding_step_minutes\":3,"
		"\"rounding_min_minutes\":4,\"phone_step_minutes\":5,\"rollover_months\":6,\"rollover_max_minutes\":7,\"driving_free_minutes\":8,"
		"\"driving_scope\":\"each_way\",\"driving_settle\":\"bank\",\"proration\":false,\"overuse\":\"stop_and_ask\","
		"\"late_entry\":\"current_only\",\"time_visible\":false}", 0, &je);
	struct bank_terms t;

	CHECK(o != NULL);
	bank_terms_read(o, &t);
	CHECK(t.month_minutes == 120 && t.monthly_ore == 1 && t.hourly_ore == 2 && t.step == 3 && t.min == 4 && t.phone_step == 5);
	CHECK(t.rollover_months == 6 && t.rollover_max == 7 && t.driving_free == 8 && t.driving_each_way && t.driving_from_bank);
	CHECK(!t.proration && t.stop_and_ask && t.late_current_only && !t.time_visible);
	CHECK(!t.join_day && t.borrow_percent == 0);
	json_object_set_new(o, "borrow_max_percent", json_integer(30));
	bank_terms_read(o, &t);
	CHECK(t.borrow_percent == 0);   /* only with overuse: borrow */
	json_object_set_new(o, "overuse", json_string("borrow"));
	bank_terms_read(o, &t);
	CHECK(t.borrow_percent == 30 && !t.stop_and_ask);
	json_object_set_new(o, "round_by", json_string("day"));
	bank_terms_read(o, &t);
	CHECK(t.join_day);
	json_object_clear(o);
	bank_terms_read(o, &t);
	CHECK(!t.join_day);
	CHECK(t.month_minutes == 300 && t.monthly_ore == 475000 && t.hourly_ore == 105000 && t.step == 15 && t.rollover_months == 0);
	CHECK(!t.driving_each_way && !t.driving_from_bank && t.proration && !t.stop_and_ask && !t.late_current_only && t.time_visible);
	json_decref(o);
}

/* Without an agreement the catalogue's own defaults hold: the constants are those of catalogue/service-agreement.md. */
static void test_defaults(void **state)
{
	struct arena *a = arena_begin(8 << 20);
	struct catalogue c;
	struct err e;
	json_t *o = NULL, *none = json_object();
	struct bank_terms t, n;

	CHECK(catalogue_load(a, NULL, &c, &e) == 0);
	CHECK(terms_check(a, catalogue_find(&c, "service-agreement"), NULL, &o, &e) == 0);
	bank_terms_read(o, &t);
	bank_terms_read(none, &n);
	CHECK(t.month_minutes == n.month_minutes && t.monthly_ore == n.monthly_ore);
	n = bank_terms_none;
	CHECK(t.join_day == n.join_day && t.borrow_percent == n.borrow_percent && t.hourly_ore == n.hourly_ore && t.step == n.step && t.min == n.min && t.phone_step == n.phone_step);
	CHECK(t.rollover_months == n.rollover_months && t.rollover_max == n.rollover_max && t.driving_free == n.driving_free);
	CHECK(t.driving_each_way == n.driving_each_way && t.driving_from_bank == n.driving_from_bank && t.proration == n.proration);
	CHECK(t.stop_and_ask == n.stop_and_ask && t.late_current_only == n.late_current_only && t.time_visible == n.time_visible);
	json_decref(o);
	json_decref(none);
	arena_end(a);
}

/* The parts of a trip add up to it, minute for minute, and nobody gets more than one minute more than another. */
static void test_trip(void **state)
{
	for (int minutes = 0; minutes <= 200; minutes++)
		for (int customers = 1; customers <= 20; customers++) {
			int64_t sum = 0, out_and_home = 0;

			for (int part = 1; part <= customers; part++) {
				int64_t p = bank_trip_share(minutes, customers, part);

				CHECK(p >= minutes / customers && p <= (minutes + customers - 1) / customers);
				sum += p;
				out_and_home += p + bank_trip_share(minutes, customers, customers + 1 - part);
			}
			CHECK_INT(sum, minutes);
			CHECK_INT(out_and_home, 2 * minutes);
		}
	CHECK_INT(bank_trip_share(45, 0, 0), 45);
}

/* ---- one month worked by hand: the pages' example ---- */

static void settle(struct arena *a, int32_t month, const struct bank_span *spans, int nspans, const struct bank_entry *entries, int nentries,
	const struct bank_state *before, struct bank_month *out)
{
	bank_settle(a, month, &(struct bank_book){ spans, nspans, entries, nentries, NULL, 0 }, before, out);
}

static struct bank_entry at(int month, int day, int hour, enum activity v, int minutes, int out, int home)
{
	int64_t t = moment_from_local(2026, month, day, hour, 0, 0);

	return (struct bank_entry){ .id = day, .person_id = 1, .ticket_id = 1, .started_at = t, .activity = v, .day = day_of(t),
		.month = month_of(t), .minutes = minutes, .drive_out = out, .drive_home = home };
}

static void test_november(void **state)
{
	struct arena *a = arena_begin(1 << 20);
	struct bank_span span = { day_from(2025, 7, 1), INT32_MAX, 1, bank_terms_none };
	struct bank_entry n[8] = {
		at(11, 3, 9, ACTIVITY_REMOTE, 22, 0, 0), at(11, 5, 9, ACTIVITY_PHONE, 8, 0, 0), at(11, 10, 9, ACTIVITY_VISIT, 75, 21, 21),
		at(11, 17, 9, ACTIVITY_WEB, 40, 0, 0), at(11, 19, 9, ACTIVITY_TEACH, 60, 0, 0), at(11, 24, 9, ACTIVITY_TASK, 90, 0, 0),
		at(11, 24, 8, ACTIVITY_INTERNAL, 33, 0, 0), at(11, 2, 8, ACTIVITY_TASK, 20, 0, 0),
	};
	static const int balance[] = { 300, 270, 255, 180, 135, 75, 75, 0 };
	struct bank_month m;

	span.terms.month_minutes = 300;
	span.terms.monthly_ore = 475000;
	n[7].cover = BANK_INCLUDED;
	settle(a, month_from(2026, 11), &span, 1, n, 8, NULL, &m);
	CHECK_INT(m.nsettled, 8);
	for (int i = 0; i < 8; i++)
		CHECK_ROW(i, m.settled[i].balance == balance[i]);
	CHECK_INT(m.settled[0].included, 30);
	CHECK_INT(m.settled[6].internal, 33);
	CHECK(m.granted == 300 && m.drawn == 300 && m.remaining == 0 && m.over == 15 && m.driving == 15 && m.fee_ore == 475000);
	CHECK_INT(m.nlines, 2);
	CHECK(m.lines[0].kind == BANK_LINE_OVERUSE && m.lines[0].minutes == 15 && m.lines[0].amount_ore == 26250);
	CHECK(m.lines[1].kind == BANK_LINE_DRIVING && m.lines[1].minutes == 15 && m.lines[1].amount_ore == 26250);
	CHECK(m.after.nrolled == 0 && m.after.nlapsed == 0);
	arena_end(a);
}

/* Joined before rounding: the same person, ticket, day and kind. Each entry carries what it adds to the rounded sum. */
static void test_joined(void **state)
{
	struct arena *a = arena_begin(1 << 20);
	struct bank_span span = { day_from(2025, 7, 1), INT32_MAX, 1, bank_terms_none };
	struct bank_entry n[] = {
		at(11, 3, 9, ACTIVITY_REMOTE, 5, 0, 0), at(11, 3, 10, ACTIVITY_REMOTE, 5, 0, 0), at(11, 3, 11, ACTIVITY_REMOTE, 10, 0, 0),
		at(11, 3, 12, ACTIVITY_PHONE, 5, 0, 0), at(11, 3, 13, ACTIVITY_REMOTE, 5, 0, 0), at(11, 3, 14, ACTIVITY_REMOTE, 5, 0, 0),
		at(11, 3, 15, ACTIVITY_INTERNAL, 7, 0, 0), at(11, 3, 16, ACTIVITY_INTERNAL, 7, 0, 0), at(11, 3, 17, ACTIVITY_REMOTE, 11, 0, 0),
		at(11, 4, 9, ACTIVITY_REMOTE, 1, 0, 0),
	};
	static const int by_day[] = { 15, 0, 15, 15, 15, 15, 7, 7, 15, 15 }, by_entry[] = { 15, 15, 15, 15, 15, 15, 7, 7, 15, 15 };
	struct bank_month m;

	n[4].person_id = 2;
	n[5].ticket_id = 2;
	span.terms.month_minutes = 600;
	for (int day = 0; day < 2; day++) {
		span.terms.join_day = day;
		settle(a, month_from(2026, 11), &span, 1, n, 10, NULL, &m);
		for (int i = 0; i < 10; i++)
			CHECK_ROW(i, m.settled[i].bill == (day ? by_day[i] : by_entry[i]));
	}
	arena_end(a);
}

/* Time on a day without an agreement is no overuse, though it is invoiced just so; in the month an agreement begins both occur. */
static void test_no_bank(void **state)
{
	struct arena *a = arena_begin(1 << 20);
	struct bank_span span = { day_from(2026, 11, 15), INT32_MAX, 1, bank_terms_none };
	struct bank_entry n[] = { at(11, 3, 9, ACTIVITY_VISIT, 20, 10, 5), at(11, 20, 9, ACTIVITY_REMOTE, 90, 0, 0) };
	struct bank_month m;

	span.terms.month_minutes = 120;
	settle(a, month_from(2026, 11), &span, 1, n, 2, NULL, &m);
	CHECK(m.granted == 60 && m.over == 60 && m.unagreed == 30 && m.nlines == 3);
	CHECK(m.lines[0].kind == BANK_LINE_OVERUSE && m.lines[0].why == BANK_WHY_USED_UP && m.lines[0].minutes == 30);
	CHECK(m.lines[1].kind == BANK_LINE_OVERUSE && m.lines[1].why == BANK_WHY_NO_BANK && m.lines[1].minutes == 30);
	CHECK(m.lines[2].kind == BANK_LINE_DRIVING && m.lines[2].why == BANK_WHY_DRIVING && m.lines[2].minutes == 15);
	settle(a, month_from(2026, 11), NULL, 0, n, 2, NULL, &m);
	CHECK(m.granted == 0 && m.over == 120 && m.unagreed == 120 && m.nlines == 2 && m.lines[0].why == BANK_WHY_NO_BANK);
	arena_end(a);
}

/* Late time uses first what was left in its own month, and only that, and only once. */
static void test_late(void **state)
{
	struct arena *a = arena_begin(1 << 20);
	struct bank_span span = { day_from(2025, 7, 1), INT32_MAX, 1, bank_terms_none };
	struct bank_entry n[3] = { at(10, 5, 9, ACTIVITY_REMOTE, 60, 0, 0), at(10, 6, 9, ACTIVITY_REMOTE, 90, 0, 0), at(11, 6, 9, ACTIVITY_REMOTE, 105, 0, 0) };
	struct bank_month october, november, december;

	span.terms.month_minutes = 120;
	n[1].month++;
	n[1].late = true;
	settle(a, month_from(2026, 10), &span, 1, n, 3, NULL, &october);
	CHECK(october.drawn == 60 && october.grants[0].expired == 60 && october.after.nlapsed == 1);
	settle(a, month_from(2026, 11), &span, 1, n, 3, &october.after, &november);
	CHECK_INT(november.ngrants, 2);
	CHECK(november.grants[1].kind == BANK_GRANT_LATE && november.grants[1].granted == 60 && november.grants[1].drawn == 60);
	CHECK(november.granted == 180 && november.drawn == 180 && november.over == 15);
	settle(a, month_from(2026, 12), &span, 1, n, 3, &november.after, &december);
	CHECK(december.granted == 120 && december.after.nlapsed == 1 && december.after.lapsed[0].minutes == 120);

	span.terms.late_current_only = true;
	settle(a, month_from(2026, 11), &span, 1, n, 3, &october.after, &november);
	CHECK(november.granted == 120 && november.over == 75 && november.after.lapsed[0].minutes == 60);
	arena_end(a);
}

/* A trip that served three customers: each has its own part of it, and its own 30 minutes. */
static void test_shared_trip(void **state)
{
	struct arena *a = arena_begin(1 << 20);
	struct bank_span span = { day_from(2025, 7, 1), INT32_MAX, 1, bank_terms_none };
	static const int drive[] = { 46, 47, 47 };              /* 70 out: 23 23 24; 70 home: 24 23 23 -> 47 46 47 */
	struct bank_month m;
	int64_t sum = 0;

	span.terms.month_minutes = 120;
	for (int part = 1; part <= 3; part++) {
		struct bank_entry n = at(11, 10, 9, ACTIVITY_VISIT, 60, 70, 70);

		n.trip_customers = 3;
		n.trip_part = part;
		settle(a, month_from(2026, 11), &span, 1, &n, 1, NULL, &m);
		CHECK(m.settled[0].drive_whole == 140 && m.settled[0].drive_free == 30 && m.settled[0].drive_invoiced == 30);
		sum += m.settled[0].drive;
		CHECK_ROW(part, m.settled[0].drive == drive[0] || m.settled[0].drive == drive[1]);
	}
	CHECK_INT(sum, 140);
	arena_end(a);
}

/* Bought hours stand in the same queue: what expires first is used first; they are there from the day they were bought. */
static void test_bought(void **state)
{
	struct arena *a = arena_begin(1 << 20);
	struct bank_span span = { day_from(2025, 7, 1), INT32_MAX, 1, bank_terms_none };
	struct bank_purchase p[] = { { 1, day_from(2026, 11, 5), day_from(2026, 11, 20), 60, 90000 },
		{ 2, day_from(2026, 11, 5), day_from(2027, 3, 31), 600, 900000 } };
	struct bank_entry n[] = { at(11, 3, 9, ACTIVITY_TASK, 30, 0, 0), at(11, 10, 9, ACTIVITY_TASK, 45, 0, 0), at(11, 21, 9, ACTIVITY_TASK, 180, 0, 0),
		at(12, 1, 9, ACTIVITY_TASK, 130, 0, 0) };
	struct bank_book b = { &span, 1, n, 4, p, 2 };
	struct bank_month m;

	span.terms.month_minutes = 120;
	bank_settle(a, month_from(2026, 11), &b, NULL, &m);
	CHECK(m.ngrants == 3 && m.granted == 780 && m.over == 0 && m.bought_ore == 990000);
	CHECK(m.grants[0].purchase_id == 1 && m.grants[0].drawn == 45 && m.grants[0].expired == 15);
	CHECK(m.grants[1].kind == BANK_GRANT_MONTH && m.grants[1].drawn == 120);
	CHECK(m.grants[2].purchase_id == 2 && m.grants[2].drawn == 90 && m.grants[2].left == 510);
	CHECK(m.settled[0].balance == 90 && m.settled[1].balance == 90 + 15 + 600 && m.settled[2].balance == 510);
	bank_settle(a, month_from(2026, 12), &b, &m.after, &m);
	CHECK(m.granted == 630 && m.bought_ore == 0 && m.grants[1].drawn == 15 && m.after.rolled[0].minutes == 495);

	b.nspans = 0;                                           /* no agreement: they work all the same; the rest is by the hour */
	n[0].minutes = 700;
	n[0].started_at += 86400 * INT64_C(1000000) * 2;
	n[0].day += 2;
	b.nbought = 1;
	b.nentries = 1;
	bank_settle(a, month_from(2026, 11), &b, NULL, &m);
	CHECK(m.granted == 60 && m.drawn == 60 && m.over == 645 && m.unagreed == 645 && m.lines[0].why == BANK_WHY_NO_BANK);
	arena_end(a);
}

/* Half of the next month's hours may be used now; they are missing then. When they are not there any more, they are invoiced. */
static void test_borrow(void **state)
{
	struct arena *a = arena_begin(1 << 20);
	struct bank_span span = { day_from(2025, 7, 1), INT32_MAX, 1, bank_terms_none };
	struct bank_entry n[] = { at(11, 3, 9, ACTIVITY_TASK, 150, 0, 0), at(11, 4, 9, ACTIVITY_TASK, 45, 0, 0), at(12, 3, 9, ACTIVITY_TASK, 75, 0, 0) };
	struct bank_month november, m;

	span.terms.month_minutes = 120;
	span.terms.borrow_percent = 50;
	settle(a, month_from(2026, 11), &span, 1, n, 3, NULL, &november);
	CHECK(november.ngrants == 2 && november.grants[1].kind == BANK_GRANT_BORROWED && november.grants[1].granted == 60 && november.grants[1].drawn == 60);
	CHECK(november.granted == 180 && november.drawn == 180 && november.over == 15 && november.after.ndebt == 1);
	settle(a, month_from(2026, 12), &span, 1, n, 3, &november.after, &m);
	CHECK(m.grants[0].granted == 60 && m.grants[0].repaid == 60 && m.grants[1].kind == BANK_GRANT_BORROWED && m.grants[1].granted == 15);
	CHECK(m.granted == 75 && m.over == 0 && m.unrepaid == 0 && m.after.debt[0].minutes == 15);
	span.to_day = day_from(2026, 12, 8);                    /* ended after November was closed: 8 of 31 days give 30 minutes */
	settle(a, month_from(2026, 12), &span, 1, NULL, 0, &november.after, &m);
	CHECK(m.grants[0].granted == 0 && m.grants[0].repaid == 30 && m.unrepaid == 30 && m.nlines == 1);
	CHECK(m.lines[0].why == BANK_WHY_NOT_REPAID && m.lines[0].kind == BANK_LINE_OVERUSE && m.lines[0].amount_ore == 52500);
	span.to_day = day_from(2026, 11, 30);                   /* known to end: nothing can be borrowed of December */
	settle(a, month_from(2026, 11), &span, 1, n, 3, NULL, &m);
	CHECK(m.granted == 120 && m.over == 75);
	arena_end(a);
}

static void test_rollover(void **state)
{
	struct arena *a = arena_begin(1 << 20);
	struct bank_span span = { day_from(2025, 7, 1), INT32_MAX, 1, bank_terms_none };
	struct bank_entry n[1] = { at(12, 6, 9, ACTIVITY_REMOTE, 150, 0, 0) };
	struct bank_month m;

	span.terms.month_minutes = 120;
	span.terms.rollover_months = 2;
	span.terms.rollover_max = 200;
	settle(a, month_from(2026, 10), &span, 1, n, 1, NULL, &m);
	CHECK(m.grants[0].left == 120 && m.after.nrolled == 1 && m.after.rolled[0].expires_month == month_from(2026, 12));
	settle(a, month_from(2026, 11), &span, 1, n, 1, &m.after, &m);
	CHECK(m.ngrants == 2 && m.granted == 240 && m.after.nrolled == 2);
	CHECK_INT(m.after.rolled[0].minutes, 80);       /* no more than 200 in all */
	CHECK_INT(m.after.lapsed[0].minutes, 40);
	settle(a, month_from(2026, 12), &span, 1, n, 1, &m.after, &m);
	CHECK(m.ngrants == 3 && m.grants[0].drawn == 120 && m.grants[1].drawn == 30);  /* what expires first is used first */
	CHECK(m.grants[1].kind == BANK_GRANT_MONTH && m.grants[2].origin_month == month_from(2026, 11));
	arena_end(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rounding), cmocka_unit_test(test_driving), cmocka_unit_test(test_money), cmocka_unit_test(test_activities),
		cmocka_unit_test(test_terms), cmocka_unit_test(test_defaults), cmocka_unit_test(test_november), cmocka_unit_test(test_trip),
		cmocka_unit_test(test_shared_trip), cmocka_unit_test(test_bought), cmocka_unit_test(test_borrow), cmocka_unit_test(test_joined),
		cmocka_unit_test(test_no_bank), cmocka_unit_test(test_late), cmocka_unit_test(test_rollover),
	};

	moment_zone();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
