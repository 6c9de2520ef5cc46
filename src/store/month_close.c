#include "store/month_close.h"

enum { PEOPLE_MOST = 50, CUSTOMERS_MOST = 5000 };

static const struct db_sql add = { "INSERT INTO month_close(customer_id,month,closed_at,closed_by,statement,sha256) VALUES(?1,?2,?3,?4,?5,?6) "
	"ON CONFLICT(customer_id,month) DO NOTHING", NULL };
static const struct db_sql get = { "SELECT customer_id,month,closed_at,closed_by,statement,sha256 FROM month_close WHERE customer_id=?1 AND month=?2",
	NULL };
static const struct db_sql through = { "SELECT month FROM month_close WHERE customer_id=?1 ORDER BY month DESC LIMIT 1", NULL };
static const struct db_sql customers = { "SELECT c.id,c.name,coalesce((SELECT m.closed_at FROM month_close m WHERE m.customer_id=c.id AND m.month=?1),0) "
	"FROM customer c WHERE EXISTS(SELECT 1 FROM time_entry t WHERE t.customer_id=c.id AND t.month=?1 AND t.removed_at=0) "
	"OR EXISTS(SELECT 1 FROM month_close m WHERE m.customer_id=c.id AND m.month=?1) "
	"OR EXISTS(SELECT 1 FROM agreement g JOIN agreement_item i ON i.agreement_id=g.id AND i.customer_id=c.id WHERE g.customer_id=c.id "
	"AND g.accepted_at>0 AND (i.service='service-agreement' OR (i.terms LIKE '%\"monthly_price_ore\":_%' "
	"AND i.terms NOT LIKE '%\"monthly_price_ore\":0%')) AND g.valid_from_day<=?3 AND (g.valid_to_day IS NULL OR g.valid_to_day>=?2)) "
	"OR EXISTS(SELECT 1 FROM hour_purchase h WHERE h.customer_id=c.id AND h.removed_at=0 AND h.bought_day<=?3 AND h.expires_day>=?2) "
	"ORDER BY c.name,c.id LIMIT 5000", NULL };
static const struct db_sql notice = { "INSERT INTO bank_notice(customer_id,month,percent,at) VALUES(?1,?2,?3,?4) "
	"ON CONFLICT(customer_id,month,percent) DO NOTHING", NULL };
static const struct db_sql people = { "SELECT id,name,email,lang FROM contact WHERE customer_id=?1 AND active=1 AND role IN ('owner','approver') "
	"ORDER BY id LIMIT 50", NULL };

int store_month_close_add(struct db_conn *w, const struct month_close *m, struct err *e)
{
	int changed;

	if (db_run(w, &add, DB(DB_INT(m->customer_id), DB_INT(m->month), DB_INT(m->closed_at), DB_INT(m->closed_by), DB_TEXT(m->statement),
		DB_TEXT(m->sha256)), &changed, e) != 0)
		return -1;
	return changed ? 0 : FAIL_FIELD(e, E_MONTH_CLOSED, "month", "customer %lld", (long long)m->customer_id);
}

static int read_one(struct db_conn *c, struct arena *a, const struct db_sql *q, int64_t customer_id, int32_t month, struct month_close *out,
	struct err *e)
{
	struct db_cur *cur;
	int rc;

	if (db_query(c, q, DB(DB_INT(customer_id), DB_INT(month)), &cur, e) != 0)
		return -1;
	rc = db_next(cur, e);
	if (rc > 0)
		*out = (struct month_close){ db_int(cur, 0), (int32_t)db_int(cur, 1), db_int(cur, 2), db_int(cur, 3), db_text(cur, 4, a),
			db_text(cur, 5, a) };
	db_done(cur);
	return rc > 0 ? 0 : rc < 0 ? -1 : FAIL(e, E_NOT_FOUND, "month %d of customer %lld", month, (long long)customer_id);
}

int store_month_close_get(struct db_conn *c, struct arena *a, int64_t customer_id, int32_t month, struct month_close *out, struct err *e)
{
	return read_one(c, a, &get, customer_id, month, out, e);
}

int store_month_close_next(struct db_conn *c, struct arena *a, int64_t customer_id, int32_t month, struct month_close *out, struct err *e)
{
	static const struct db_sql next = { "SELECT customer_id,month,closed_at,closed_by,statement,sha256 FROM month_close "
		"WHERE customer_id>?1 OR (customer_id=?1 AND month>?2) ORDER BY customer_id,month LIMIT 1", NULL };

	return read_one(c, a, &next, customer_id, month, out, e);
}

int store_month_close_told(struct db_conn *c, const struct month_close *m, bool *told, struct err *e)
{
	static const struct db_sql q = { "SELECT count(*) FROM event WHERE object='month' AND object_id=?1 AND customer_id=?2 AND kind='month.closed' "
		"AND data LIKE '%\"sha256\":\"'||?3||'\"%'", "SELECT count(*) FROM event WHERE object='month' AND object_id=?1 AND customer_id=?2 "
		"AND kind='month.closed' AND data LIKE '%\"sha256\":\"'||?3::text||'\"%'" };
	int64_t n;

	if (db_id(c, &q, DB(DB_INT(m->month), DB_INT(m->customer_id), DB_TEXT(m->sha256)), &n, e) != 0)
		return -1;
	*told = n > 0;
	return 0;
}

int store_month_close_events(struct db_conn *c, int64_t *n, struct err *e)
{
	static const struct db_sql q = { "SELECT count(*) FROM event WHERE kind='month.closed'", NULL };

	return db_id(c, &q, DB_NONE, n, e);
}

int store_month_closed_through(struct db_conn *c, int64_t customer_id, int32_t *month, struct err *e)
{
	struct db_cur *cur;
	int rc;

	if (db_query(c, &through, DB(DB_INT(customer_id)), &cur, e) != 0)
		return -1;
	rc = db_next(cur, e);
	if (rc >= 0)
		*month = rc ? (int32_t)db_int(cur, 0) : INT32_MIN;
	db_done(cur);
	return rc < 0 ? -1 : 0;
}

int store_month_customers(struct db_conn *c, struct arena *a, int32_t month, int32_t first_day, int32_t last_day, struct month_customer **out,
	int *n, struct err *e)
{
	struct month_customer *list = ARENA_ARRAY(a, struct month_customer, CUSTOMERS_MOST);
	int got = 0, rc;
	struct db_cur *cur;

	if (db_query(c, &customers, DB(DB_INT(month), DB_INT(first_day), DB_INT(last_day)), &cur, e) != 0)
		return -1;
	while ((rc = db_next(cur, e)) > 0 && got < CUSTOMERS_MOST)
		list[got++] = (struct month_customer){ db_int(cur, 0), db_text(cur, 1, a), db_int(cur, 2) };
	db_done(cur);
	if (rc < 0)
		return -1;
	*out = list;
	*n = got;
	return 0;
}

int store_bank_notice_add(struct db_conn *w, int64_t customer_id, int32_t month, int percent, int64_t at, bool *first, struct err *e)
{
	int changed;

	if (db_run(w, &notice, DB(DB_INT(customer_id), DB_INT(month), DB_INT(percent), DB_INT(at)), &changed, e) != 0)
		return -1;
	*first = changed > 0;
	return 0;
}

int store_notice_people(struct db_conn *c, struct arena *a, int64_t customer_id, struct notice_person **out, int *n, struct err *e)
{
	struct notice_person *list = ARENA_ARRAY(a, struct notice_person, PEOPLE_MOST);
	int got = 0, rc;
	struct db_cur *cur;

	if (db_query(c, &people, DB(DB_INT(customer_id)), &cur, e) != 0)
		return -1;
	while ((rc = db_next(cur, e)) > 0 && got < PEOPLE_MOST)
		list[got++] = (struct notice_person){ db_int(cur, 0), db_text(cur, 1, a), db_text(cur, 2, a), db_text(cur, 3, a) };
	db_done(cur);
	if (rc < 0)
		return -1;
	*out = list;
	*n = got;
	return 0;
}
