#include "store/need.h"

#define COLUMNS "id,customer_id,promise,title,body,kind,object,object_id,asked_at,asked_by,reminded_at,answered_at,answer,answered_by"
#define MOST 200

static struct need row(struct db_cur *cur, struct arena *a)
{
	return (struct need){ .id = db_int(cur, 0), .customer_id = db_int(cur, 1), .promise = db_text(cur, 2, a), .title = db_text(cur, 3, a),
		.body = db_text(cur, 4, a), .kind = db_text(cur, 5, a), .object = db_text(cur, 6, a), .object_id = db_int(cur, 7),
		.asked_at = db_int(cur, 8), .asked_by = db_int(cur, 9), .reminded_at = db_int(cur, 10), .answered_at = db_int(cur, 11),
		.answer = db_text(cur, 12, a), .answered_by = db_int(cur, 13) };
}

static int rows(struct db_conn *c, struct arena *a, const struct db_sql *q, const struct db_val *v, int nv, struct need **out, int *n, struct err *e)
{
	struct need *all = ARENA_ARRAY(a, struct need, MOST);
	struct db_cur *cur;
	int count = 0, rc;

	if (db_query(c, q, v, nv, &cur, e) != 0)
		return -1;
	while ((rc = db_next(cur, e)) == 1 && count < MOST)
		all[count++] = row(cur, a);
	db_done(cur);
	if (rc < 0)
		return -1;
	*out = all;
	*n = count;
	return 0;
}

static int one(struct db_conn *c, struct arena *a, const struct db_sql *q, const struct db_val *v, int nv, struct need *out, struct err *e)
{
	struct need *all;
	int n;

	if (rows(c, a, q, v, nv, &all, &n, e) != 0)
		return -1;
	if (n == 0)
		return FAIL(e, E_NOT_FOUND, "need");
	*out = all[0];
	return 0;
}

int store_need_add(struct db_conn *w, struct need *n, struct err *e)
{
	static const struct db_sql q = { "INSERT INTO need(customer_id,promise,title,body,kind,object,object_id,asked_at,asked_by) "
		"VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9) RETURNING id" };

	return db_id(w, &q, DB(DB_INT(n->customer_id), DB_TEXT(n->promise ? n->promise : ""), DB_TEXT(n->title), DB_TEXT(n->body), DB_TEXT(n->kind),
		DB_TEXT(n->object ? n->object : ""), DB_INT(n->object_id), DB_INT(n->asked_at), DB_INT(n->asked_by)), &n->id, e);
}

int store_need_get(struct db_conn *c, struct arena *a, int64_t customer_id, int64_t id, struct need *out, struct err *e)
{
	static const struct db_sql q = { "SELECT " COLUMNS " FROM need WHERE customer_id=?1 AND id=?2" };

	return one(c, a, &q, DB(DB_INT(customer_id), DB_INT(id)), out, e);
}

int store_need_about(struct db_conn *c, struct arena *a, int64_t customer_id, const char *promise, const char *object, int64_t object_id,
	struct need **out, int *n, struct err *e)
{
	static const struct db_sql q = { "SELECT " COLUMNS " FROM need WHERE customer_id=?1 AND promise=?2 AND object=?3 AND object_id=?4 ORDER BY id DESC" };

	return rows(c, a, &q, DB(DB_INT(customer_id), DB_TEXT(promise), DB_TEXT(object), DB_INT(object_id)), out, n, e);
}

int store_need_open(struct db_conn *c, struct arena *a, int64_t customer_id, struct need **out, int *n, struct err *e)
{
	static const struct db_sql q = { "SELECT " COLUMNS " FROM need WHERE customer_id=?1 AND answered_at=0 ORDER BY id LIMIT 200" };
	static const struct db_sql all = { "SELECT " COLUMNS " FROM need WHERE answered_at=0 ORDER BY id LIMIT 200" };

	return customer_id ? rows(c, a, &q, DB(DB_INT(customer_id)), out, n, e) : rows(c, a, &all, DB_NONE, out, n, e);
}

int store_need_for(struct db_conn *c, struct arena *a, int64_t customer_id, const char *promise, struct need *out, struct err *e)
{
	static const struct db_sql q = { "SELECT " COLUMNS " FROM need WHERE customer_id=?1 AND promise=?2 AND answered_at=0 ORDER BY id LIMIT 1" };

	return one(c, a, &q, DB(DB_INT(customer_id), DB_TEXT(promise)), out, e);
}

int store_need_stale(struct db_conn *c, struct arena *a, int64_t before_at, struct need **out, int *n, struct err *e)
{
	static const struct db_sql q = { "SELECT " COLUMNS " FROM need WHERE answered_at=0 AND asked_at<=?1 AND reminded_at<=?1 AND kind IN('duty','decision') "
		"ORDER BY id LIMIT 200" };

	return rows(c, a, &q, DB(DB_INT(before_at)), out, n, e);
}

int store_need_remind(struct db_conn *w, int64_t customer_id, int64_t id, int64_t now, struct err *e)
{
	static const struct db_sql q = { "UPDATE need SET reminded_at=?3 WHERE customer_id=?1 AND id=?2" };

	return db_run(w, &q, DB(DB_INT(customer_id), DB_INT(id), DB_INT(now)), NULL, e);
}

int store_need_answer(struct db_conn *w, int64_t customer_id, int64_t id, const char *answer, int64_t by, int64_t now, struct err *e)
{
	static const struct db_sql q = { "UPDATE need SET answered_at=?4,answer=?3,answered_by=?5 WHERE customer_id=?1 AND id=?2 AND answered_at=0" };
	int changed = 0;

	if (db_run(w, &q, DB(DB_INT(customer_id), DB_INT(id), DB_TEXT(answer), DB_INT(now), DB_INT(by)), &changed, e) != 0)
		return -1;
	return changed ? 0 : FAIL(e, E_NOT_FOUND, "need %lld", (long long)id);
}

int store_need_answered(struct db_conn *c, struct arena *a, int64_t since_at, int limit, struct need_answer **out, int *n, struct err *e)
{
	static const struct db_sql q = { "SELECT d.id,d.customer_id,d.answered_at,c.name,k.name,d.title,d.answer FROM need d JOIN customer c ON c.id=d.customer_id "
		"JOIN contact k ON k.customer_id=d.customer_id AND k.id=d.answered_by "
		"WHERE d.answered_at>?1 AND d.kind<>'accept' ORDER BY d.answered_at DESC,d.id DESC LIMIT ?2" };
	struct need_answer *all = ARENA_ARRAY(a, struct need_answer, limit);
	struct db_cur *cur;
	int rc;

	*n = 0;
	if (db_query(c, &q, DB(DB_INT(since_at), DB_INT(limit)), &cur, e) != 0)
		return -1;
	while ((rc = db_next(cur, e)) == 1 && *n < limit)
		all[(*n)++] = (struct need_answer){ .id = db_int(cur, 0), .customer_id = db_int(cur, 1), .answered_at = db_int(cur, 2),
			.customer_name = db_text(cur, 3, a), .contact_name = db_text(cur, 4, a), .title = db_text(cur, 5, a), .answer = db_text(cur, 6, a) };
	db_done(cur);
	*out = all;
	return rc < 0 ? -1 : 0;
}
