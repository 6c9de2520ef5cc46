#include "store/fact.h"

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

int store_fact_work(struct db_conn *c, int64_t customer_id, int32_t month, int64_t at, int64_t *entries, int64_t *reported, struct err *e)
{
	static const struct db_sql q = { "SELECT COUNT(*), COALESCE(SUM(reported),0) FROM time_entry WHERE customer_id=?1 AND month=?2 AND created_at<=?3 "
		"AND (removed_at=0 OR removed_at>?3) AND activity<>'internal'" };
	struct db_cur *cur;
	int rc;

	if (db_query(c, &q, DB(DB_INT(customer_id), DB_INT(month), DB_INT(at)), &cur, e) != 0)
		return -1;
	if ((rc = db_next(cur, e)) == 1) {
		*entries = db_int(cur, 0);
		*reported = db_int(cur, 1);
	}
	db_done(cur);
	return rc < 0 ? -1 : 0;
}
