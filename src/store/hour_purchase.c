#include "store/hour_purchase.h"

#define COLS "h.id,h.customer_id,h.minutes,h.price_ore,h.bought_day,h.expires_day,h.note,h.created_at,h.created_by,coalesce(p.name,'')"
#define FROM " FROM hour_purchase h LEFT JOIN person p ON p.id=h.created_by "

static const struct db_sql add = { "INSERT INTO hour_purchase(customer_id,minutes,price_ore,bought_day,expires_day,note,created_at,created_by) "
	"VALUES(?1,?2,?3,?4,?5,?6,?7,?8) RETURNING id", NULL };
static const struct db_sql get = { "SELECT " COLS FROM "WHERE h.id=?1 AND h.removed_at=0", NULL };
static const struct db_sql gone = { "UPDATE hour_purchase SET removed_at=?3,removed_by=?4 WHERE id=?1 AND customer_id=?2 AND removed_at=0", NULL };
static const struct db_sql of_customer = { "SELECT " COLS FROM "WHERE h.customer_id=?1 AND h.created_at<=?2 AND (h.removed_at=0 OR h.removed_at>?2) "
	"ORDER BY h.bought_day,h.id LIMIT 1000", NULL };

static struct hour_purchase row(struct db_cur *cur, struct arena *a)
{
	return (struct hour_purchase){ db_int(cur, 0), db_int(cur, 1), db_int(cur, 2), db_int(cur, 3), (int32_t)db_int(cur, 4),
		(int32_t)db_int(cur, 5), db_text(cur, 6, a), db_int(cur, 7), db_int(cur, 8), db_text(cur, 9, a) };
}

int store_purchase_add(struct db_conn *w, struct hour_purchase *p, struct err *e)
{
	return db_id(w, &add, DB(DB_INT(p->customer_id), DB_INT(p->minutes), DB_INT(p->price_ore), DB_INT(p->bought_day), DB_INT(p->expires_day),
		DB_TEXT(p->note), DB_INT(p->created_at), DB_INT(p->created_by)), &p->id, e);
}

int store_purchase_get(struct db_conn *c, struct arena *a, int64_t id, struct hour_purchase *out, struct err *e)
{
	struct db_cur *cur;
	int rc;

	if (db_query(c, &get, DB(DB_INT(id)), &cur, e) != 0)
		return -1;
	rc = db_next(cur, e);
	if (rc > 0)
		*out = row(cur, a);
	db_done(cur);
	return rc > 0 ? 0 : rc < 0 ? -1 : FAIL(e, E_NOT_FOUND, "purchase %lld", (long long)id);
}

int store_purchase_remove(struct db_conn *w, int64_t customer_id, int64_t id, int64_t at, int64_t by, struct err *e)
{
	int changed;

	if (db_run(w, &gone, DB(DB_INT(id), DB_INT(customer_id), DB_INT(at), DB_INT(by)), &changed, e) != 0)
		return -1;
	return changed ? 0 : FAIL(e, E_NOT_FOUND, "purchase %lld", (long long)id);
}

int store_purchases_of(struct db_conn *c, struct arena *a, int64_t customer_id, int64_t at, struct hour_purchase **out, int *n, struct err *e)
{
	struct hour_purchase *list = NULL;
	int got = 0, room = 0, rc;
	struct db_cur *cur;

	if (db_query(c, &of_customer, DB(DB_INT(customer_id), DB_INT(at)), &cur, e) != 0)
		return -1;
	while ((rc = db_next(cur, e)) > 0) {
		list = arena_grow(a, list, sizeof *list, got, &room);
		list[got++] = row(cur, a);
	}
	db_done(cur);
	if (rc < 0)
		return -1;
	*out = list;
	*n = got;
	return 0;
}
