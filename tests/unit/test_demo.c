/* The demo has something to show at whatever hour it is made: promises kept, at risk and broken. */
#include "store_case.h"
#include "base/moment.h"
#include "bin/demo.h"
#include "core/service.h"
#include "services/all.h"
#include "store/category.h"
#include "store/promise.h"

static struct catalogue catalogue;

static int64_t count_of(struct store_case *s, enum promise_state state)
{
	int64_t count[7] = { 0 }, customers, measured_at;
	struct db_conn *c;
	struct err e = { 0 };

	CHECK_INT(db_read_begin(s->db, &c, &e), 0);
	CHECK_INT(store_promise_count(c, 0, NULL, count, &customers, &measured_at, &e), 0);
	db_read_end(c);
	return count[state];
}

static int categories(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	(void)a;
	(void)arg;
	return store_category_first(w, e);
}

static void shows(struct store_case *s, int month, int day, int hour, int minute)
{
	struct demo d = { .db = s->db, .catalogue = &catalogue, .services = service_all, .password_hash = "",
		.probe_minutes = 60, .now = moment_from_local(2026, month, day, hour, minute, 0) };
	struct err e = { 0 };

	CHECK_INT(db_write(s->db, categories, NULL, &e), 0);
	if (demo_fill(&d, &e) != 0)
		fail_msg("%s: %s %s", err_name(e.id), e.field, e.detail);
	CHECK_INT(count_of(s, PROMISE_AT_RISK), 3);
	assert_true(count_of(s, PROMISE_BROKEN) >= 1);
	assert_true(count_of(s, PROMISE_BROKEN) <= 4);
	assert_true(count_of(s, PROMISE_KEPT) > 20);
	assert_true(count_of(s, PROMISE_BLIND) > 20);
}

static void test_at_night_in_the_holidays(void **state) { shows(*state, 12, 26, 3, 0); }
static void test_on_the_first_of_a_month(void **state) { shows(*state, 12, 1, 9, 40); }

int main(void)
{
	static const struct store_test tests[] = {
		STORE_TEST(test_at_night_in_the_holidays), STORE_TEST(test_on_the_first_of_a_month),
	};
	struct arena *a = arena_begin(16 << 20);
	struct err e = { 0 };
	int rc;

	unsetenv("PEDEL_TEST_PG");        /* the story is the same there, and takes ten times as long */
	moment_zone();
	if (catalogue_load(a, NULL, &catalogue, &e) != 0)
		return 1;
	rc = store_tests_run(tests, sizeof tests / sizeof *tests);
	arena_end(a);
	return rc;
}
