#include "store/fact.h"
#include <jansson.h>
#include "base/moment.h"

/* updated_at and state are of today, so they only widen the choice: what a ticket was at `at`, its events say. */
#define TICKETS "FROM ticket t WHERE t.customer_id=?1 AND t.created_at<=?3 AND t.probe=0 AND t.channel<>'system' " \
	"AND (t.updated_at>=?2 OR t.state NOT IN('solved','closed'))"

int store_fact_tickets(struct db_conn *c, struct arena *a, int64_t customer_id, int64_t from_at, int64_t at, struct fact_ticket **out,
	int *n, struct err *e)
{
	static const struct db_sql tickets = { "SELECT t.id,t.number,t.created_at,t.subject,t.channel " TICKETS " ORDER BY t.id LIMIT 5000" };
	static const struct db_sql events = { "SELECT v.object_id,v.id,v.at,v.actor_kind,v.actor_id,v.kind,v.data,v.customer_id FROM event v WHERE v.object='ticket' "
		"AND v.object_id IN(SELECT t.id " TICKETS ") AND v.at<=?3 ORDER BY v.object_id,v.id" };
	struct db_val v[] = { DB_INT(customer_id), DB_INT(from_at), DB_INT(at) };
	struct fact_ticket *all = NULL;
	int count = 0, cap = 0, rc, i = 0;
	struct db_cur *cur;

	if (db_query(c, &tickets, v, 3, &cur, e) != 0)
		return -1;
	while ((rc = db_next(cur, e)) == 1) {
		all = arena_grow(a, all, sizeof *all, count, &cap);
		all[count++] = (struct fact_ticket){ .id = db_int(cur, 0), .number = db_int(cur, 1), .created_at = db_int(cur, 2),
			.subject = db_text(cur, 3, a), .channel = db_text(cur, 4, a) };
	}
	db_done(cur);
	if (rc < 0)
		return -1;
	if (count && db_query(c, &events, v, 3, &cur, e) == 0) {
		struct event *own = NULL;
		int own_cap = 0;

		while ((rc = db_next(cur, e)) == 1) {
			int64_t of = db_int(cur, 0);
			struct fact_ticket *t;

			while (i < count && all[i].id < of)
				i++, own = NULL, own_cap = 0;
			if (i == count || all[i].id != of)
				continue;
			t = &all[i];
			t->events = own = arena_grow(a, own, sizeof *own, t->nevents, &own_cap);
			own[t->nevents++] = (struct event){ .object = "ticket", .object_id = of, .id = db_int(cur, 1), .at = db_int(cur, 2),
				.actor_kind = db_text(cur, 3, a), .actor_id = db_int(cur, 4), .customer_id = db_int(cur, 7),
				.kind = db_text(cur, 5, a), .data = db_text(cur, 6, a) };
		}
		db_done(cur);
	} else if (count) {
		return -1;
	}
	if (rc < 0)
		return -1;
	*out = all;
	*n = count;
	return 0;
}

/* The entry as it was before a change: what "old" of its event says. */
static void before_change(struct arena *a, const char *data, struct fact_time *t)
{
	json_t *all = json_loads(data, 0, NULL), *o = json_object_get(all, "old");
	const char *activity = json_string_value(json_object_get(o, "activity")), *started = json_string_value(json_object_get(o, "started_at")),
		*month = json_string_value(json_object_get(o, "month"));
	struct err none;

	if (activity && started && month && moment_parse(started, "", &t->started_at, &none) == 0 && month_parse(month, "", &t->month, &none) == 0) {
		t->activity = arena_dup(a, activity);
		t->day = day_of(t->started_at);
		t->minutes = (int)json_integer_value(json_object_get(o, "minutes"));
		t->drive_out_minutes = (int)json_integer_value(json_object_get(o, "drive_out_minutes"));
		t->drive_home_minutes = (int)json_integer_value(json_object_get(o, "drive_home_minutes"));
		t->trip_customers = json_object_get(o, "trip_customers") ? (int)json_integer_value(json_object_get(o, "trip_customers")) : 1;
		t->trip_part = json_object_get(o, "trip_part") ? (int)json_integer_value(json_object_get(o, "trip_part")) : 1;
		t->late = json_is_true(json_object_get(o, "late"));
	}
	json_decref(all);
}

static int by_start(const void *x, const void *y)
{
	const struct fact_time *p = x, *q = y;

	if (p->started_at != q->started_at)
		return p->started_at < q->started_at ? -1 : 1;
	return p->id < q->id ? -1 : p->id > q->id;
}

int store_fact_time(struct db_conn *c, struct arena *a, int64_t customer_id, int32_t from_month, int32_t to_month, int64_t at,
	struct fact_time **out, int *n, struct err *e)
{
	/* Later months too: an entry that has been moved there since was here then. */
	static const struct db_sql rows = { "SELECT id,person_id,ticket_id,started_at,activity,day,month,minutes,drive_out_minutes,drive_home_minutes,late,reported,trip_customers,"
		"trip_part "
		"FROM time_entry WHERE customer_id=?1 AND month>=?2 AND created_at<=?3 AND (removed_at=0 OR removed_at>?3) ORDER BY id" };
	static const struct db_sql changes = { "SELECT v.object_id,v.data FROM event v WHERE v.object='time_entry' AND v.object_id IN(SELECT id FROM time_entry "
		"WHERE customer_id=?1 AND month>=?2) AND v.kind='time.changed' AND v.at>?3 ORDER BY v.object_id,v.id DESC" };
	struct db_val v[] = { DB_INT(customer_id), DB_INT(from_month), DB_INT(at) };
	struct fact_time *all = NULL;
	int count = 0, cap = 0, rc, i = 0, kept = 0;
	struct db_cur *cur;

	if (db_query(c, &rows, v, 3, &cur, e) != 0)
		return -1;
	while ((rc = db_next(cur, e)) == 1) {
		all = arena_grow(a, all, sizeof *all, count, &cap);
		all[count++] = (struct fact_time){ .id = db_int(cur, 0), .person_id = db_int(cur, 1), .ticket_id = db_int(cur, 2), .started_at = db_int(cur, 3),
			.activity = db_text(cur, 4, a), .day = (int32_t)db_int(cur, 5), .month = (int32_t)db_int(cur, 6), .minutes = (int)db_int(cur, 7),
			.drive_out_minutes = (int)db_int(cur, 8), .drive_home_minutes = (int)db_int(cur, 9), .late = db_int(cur, 10) != 0,
			.reported = db_int(cur, 11) != 0, .trip_customers = (int)db_int(cur, 12), .trip_part = (int)db_int(cur, 13) };
	}
	db_done(cur);
	if (rc < 0 || (count && db_query(c, &changes, v, 3, &cur, e) != 0))
		return -1;
	if (count) {
		while ((rc = db_next(cur, e)) == 1) {           /* the last change first: each one read undoes one more */
			while (i < count && all[i].id < db_int(cur, 0))
				i++;
			if (i < count && all[i].id == db_int(cur, 0))
				before_change(a, db_text(cur, 1, a), &all[i]);
		}
		db_done(cur);
		if (rc < 0)
			return -1;
	}
	for (i = 0; i < count; i++)
		if (all[i].month >= from_month && all[i].month <= to_month)
			all[kept++] = all[i];
	if (kept)
		qsort(all, (size_t)kept, sizeof *all, by_start);
	*out = all;
	*n = kept;
	return 0;
}

int store_fact_closes(struct db_conn *c, struct arena *a, int64_t customer_id, int64_t at, int limit, struct fact_close **out, int *n, struct err *e)
{
	static const struct db_sql q = { "SELECT month,closed_at,statement,sha256 FROM month_close WHERE customer_id=?1 AND closed_at<=?2 ORDER BY month DESC LIMIT ?3" };
	struct fact_close *all = ARENA_ARRAY(a, struct fact_close, limit + 1);
	struct db_cur *cur;
	int rc;

	if (db_query(c, &q, DB(DB_INT(customer_id), DB_INT(at), DB_INT(limit)), &cur, e) != 0)
		return -1;
	*n = 0;
	while ((rc = db_next(cur, e)) == 1 && *n < limit)
		all[(*n)++] = (struct fact_close){ (int32_t)db_int(cur, 0), db_int(cur, 1), db_text(cur, 2, a), db_text(cur, 3, a) };
	db_done(cur);
	if (rc < 0)
		return -1;
	*out = all;
	return 0;
}
