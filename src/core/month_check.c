#include "core/month_check.h"
#include <string.h>
#include "base/hash.h"
#include "base/moment.h"
#include "base/text.h"
#include "core/work.h"
#include "store/month_close.h"

static const struct statement_entry *entry_of(const struct statement *s, int64_t id)
{
	for (int i = 0; i < s->nentries; i++)
		if (s->entries[i].id == id)
			return &s->entries[i];
	return NULL;
}

/* The row as it stands is the one that was settled. Names and notes are not compared: people may be renamed. */
static bool same(const struct time_entry *t, const struct statement_entry *k)
{
	return k && k->minutes == t->minutes && k->day == t->day && k->person_id == t->person_id && k->ticket_id == t->ticket_id &&
		k->started_at == t->started_at && k->late == t->late && k->drive_whole == t->drive_out_minutes + t->drive_home_minutes &&
		k->trip_customers == t->trip_customers && k->trip_part == t->trip_part &&
		text_eq(activity_name(k->activity), t->activity);
}

/* By the bank, from the rows: byte for byte what was kept. */
static int settle(struct db_conn *c, struct arena *a, const struct month_close *m, const struct statement *s, const struct time_entry *rows, int n,
	struct err *e)
{
	const char *kept = statement_text(a, s);
	struct month_close earlier;
	struct statement before = { 0 }, again;

	if (store_month_close_get(c, a, m->customer_id, m->month - 1, &earlier, e) == 0) {
		if (statement_parse(a, earlier.statement, &before, e) != 0)
			return -1;
	} else if (e->id != E_NOT_FOUND) {
		return -1;
	}
	for (int undone = 0; undone < 2; undone++) {
		if (work_settle_again(c, a, s, m->closed_at, &before.after, rows, n, undone, &again, e) != 0)
			return -1;
		if (text_eq(statement_text(a, &again), kept))
			return 0;
	}
	return FAIL(e, E_CHAIN_BROKEN, "statement %s of customer %lld: settled again, it gives %lld minutes drawn and %lld beyond, not %lld and %lld",
		month_iso(a, m->month), (long long)m->customer_id, (long long)again.drawn, (long long)again.over, (long long)s->drawn, (long long)s->over);
}

static int one(struct db_conn *c, struct arena *a, const struct month_close *m, struct err *e)
{
	struct sha256 h = hash_sha256(m->statement, strlen(m->statement));
	const char *month = month_iso(a, m->month);
	int64_t drawn = 0, over = 0;
	struct time_entry *rows;
	struct statement s;
	bool told;
	int n;

	if (!text_eq(hash_hex(a, h.b, sizeof h.b), m->sha256))
		return FAIL(e, E_CHAIN_BROKEN, "statement %s of customer %lld: its text is not the one that was kept", month, (long long)m->customer_id);
	if (store_month_close_told(c, m, &told, e) != 0)
		return -1;
	if (!told)
		return FAIL(e, E_CHAIN_BROKEN, "statement %s of customer %lld: the events do not know it", month, (long long)m->customer_id);
	if (statement_parse(a, m->statement, &s, e) != 0 || store_time_of_customer(c, a, m->customer_id, m->month, m->month, &rows, &n, e) != 0)
		return -1;
	for (int i = 0; i < n; i++)
		if (!same(&rows[i], entry_of(&s, rows[i].id)))
			return FAIL(e, E_CHAIN_BROKEN, "statement %s of customer %lld: time entry %lld is not as it was settled", month,
				(long long)m->customer_id, (long long)rows[i].id);
	if (n != s.nentries)
		return FAIL(e, E_CHAIN_BROKEN, "statement %s of customer %lld: %d time entries, %d were settled", month, (long long)m->customer_id, n,
			s.nentries);
	for (int i = 0; i < s.nentries; i++) {
		drawn += s.entries[i].drawn + s.entries[i].drive_drawn;
		over += s.entries[i].over;
	}
	if (s.customer_id != m->customer_id || s.month != m->month || s.granted - s.drawn != s.remaining || drawn != s.drawn || over != s.over)
		return FAIL(e, E_CHAIN_BROKEN, "statement %s of customer %lld does not add up", month, (long long)m->customer_id);
	return settle(c, a, m, &s, rows, n, e);
}

int month_check(struct db_conn *c, int64_t *checked, struct err *e)
{
	struct arena *a = arena_begin(64 << 20);
	struct month_close m = { .month = INT32_MIN };
	int64_t n = 0, told;
	int rc;

	while ((rc = store_month_close_next(c, a, m.customer_id, m.month, &m, e)) == 0 && (rc = one(c, a, &m, e)) == 0) {
		n++;
		arena_reset(a);
	}
	arena_end(a);
	if (e->id != E_NOT_FOUND || store_month_close_events(c, &told, e) != 0)
		return -1;
	if (told != n)
		return FAIL(e, E_CHAIN_BROKEN, "%lld closed months, the events tell of %lld", (long long)n, (long long)told);
	*checked = n;
	return 0;
}
