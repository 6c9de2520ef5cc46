/* What a day of a promise counts as, in the bar of 90 days, its words and a service's strip. */
#include "t.h"
#include <string.h>
#include "base/moment.h"
#include "pages/promise.h"

enum { DAYS = 4, ROWS = 6 };

static void a_day_is_what_it_ended_as_unless_it_was_bad(void **state)
{
	/* hours since the first day's midnight; until 0: it still is so; a state ends where the next one begins */
	static const struct { struct { const char *state; int since, until; } row[ROWS]; const char *want; } rows[] = {
		{ { { "kept", -50, 0 } }, "kept kept kept kept" },
		{ { { "kept", 30, 0 } }, "- kept kept kept" },
		{ { { "blind", -50, 34 }, { "attested", 34, 0 } }, "none attested attested attested" },         /* attested on the second day */
		{ { { "not_due", 1, 34 }, { "kept", 34, 0 } }, "none kept kept kept" },
		{ { { "blind", -50, 34 }, { "attested", 34, 40 }, { "blind", 40, 0 } }, "none none none none" },        /* and withdrawn the same day */
		{ { { "kept", -50, 34 }, { "blind", 34, 0 } }, "kept none none none" },
		{ { { "kept", -50, 34 }, { "broken", 34, 35 }, { "kept", 35, 0 } }, "kept broken kept kept" },
		{ { { "kept", -50, 34 }, { "broken", 34, 35 }, { "blind", 35, 36 }, { "attested", 36, 0 } }, "kept broken attested attested" },
		{ { { "at_risk", 30, 31 }, { "broken", 31, 32 }, { "at_risk", 32, 33 }, { "waiting", 33, 47 }, { "kept", 47, 0 } }, "- broken kept kept" },
		{ { { "waiting", 30, 31 }, { "blind", 31, 50 }, { "attested", 50, 0 } }, "- yours attested attested" },
		{ { { "attested", -50, 48 }, { "blind", 48, 0 } }, "attested attested none none" },             /* it ran to the end of the day */
		{ { { "kept", -50, 34 } }, "kept kept - -" },                                                   /* the agreement ended */
	};
	struct arena *a = arena_begin(1 << 20);
	int32_t first = day_from(2026, 11, 2);

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (int order = 0; order < 2; order++) {       /* the newest first, as they are read, and the oldest */
			struct promise_row row[ROWS + 1];
			const char *days[DAYS] = { NULL }, *got = "";
			int n = 0;

			while (n < ROWS && rows[i].row[n].state)
				n++;
			for (int k = 0; k < n; k++) {
				int from = order ? k : n - 1 - k;

				row[k] = (struct promise_row){ .promise = "backup.safe", .state = rows[i].row[from].state,
					.since_at = day_start(first) + rows[i].row[from].since * MOMENT_HOUR,
					.until_at = rows[i].row[from].until ? day_start(first) + rows[i].row[from].until * MOMENT_HOUR : MOMENT_NEVER };
			}
			row[n] = (struct promise_row){ .promise = "backup.lawful", .state = "broken", .since_at = 0, .until_at = MOMENT_NEVER };
			promise_days_of(a, days, DAYS, first, row, n + 1, "backup.safe");
			for (int d = 0; d < DAYS; d++)
				got = arena_printf(a, "%s%s%s", got, d ? " " : "", days[d] ? days[d] : "-");
			if (strcmp(got, rows[i].want) != 0)
				print_message("%s\n", got);
			CHECK_ROW(i, strcmp(got, rows[i].want) == 0);
		}
	(void)state;
	arena_end(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_day_is_what_it_ended_as_unless_it_was_bad) };

	moment_zone();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
