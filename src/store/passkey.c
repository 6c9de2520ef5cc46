#include "store/passkey.h"

enum { LIST_MOST = 50 };
#define COLUMNS "id,who_kind,who_id,coalesce(customer_id,0),name,rp_id,cred_id,handle,public_key,alg,sign_count,created_at,used_at"

static const struct db_sql add = { "INSERT INTO passkey(who_kind,who_id,customer_id,name,rp_id,cred_id,handle,public_key,alg,sign_count,created_at) "
	"VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11) ON CONFLICT DO NOTHING RETURNING id", NULL };
static const struct db_sql find = { "SELECT " COLUMNS " FROM passkey WHERE cred_id=?1", NULL };
static const struct db_sql list = { "SELECT " COLUMNS " FROM passkey WHERE who_kind=?1 AND who_id=?2 ORDER BY id LIMIT 50", NULL };
static const struct db_sql gone = { "DELETE FROM passkey WHERE who_kind=?1 AND who_id=?2 AND id=?3", NULL };
static const struct db_sql used = { "UPDATE passkey SET sign_count=?2,used_at=?3 WHERE id=?1", NULL };
static const struct db_sql spend = { "INSERT INTO passkey_spent(challenge,expires_at) VALUES(?1,?2) ON CONFLICT DO NOTHING", NULL };
static const struct db_sql sweep = { "DELETE FROM passkey_spent WHERE expires_at<?1", NULL };

static void read_row(struct db_cur *cur, struct arena *a, struct passkey *p)
{
	*p = (struct passkey){ .id = db_int(cur, 0), .who_kind = db_text(cur, 1, a), .who_id = db_int(cur, 2), .customer_id = db_int(cur, 3),
		.name = db_text(cur, 4, a), .rp_id = db_text(cur, 5, a), .cred_id = db_bytes(cur, 6, a), .handle = db_bytes(cur, 7, a), .key = db_bytes(cur, 8, a),
		.alg = db_int(cur, 9), .count = db_int(cur, 10), .created_at = db_int(cur, 11), .used_at = db_int(cur, 12) };
}

int store_passkey_add(struct db_conn *w, struct passkey *p, struct err *e)
{
	if (db_id(w, &add, DB(DB_TEXT(p->who_kind), DB_INT(p->who_id), DB_ID(p->customer_id), DB_TEXT(p->name), DB_TEXT(p->rp_id),
			DB_BYTES(p->cred_id.p, p->cred_id.n), DB_BYTES(p->handle.p, p->handle.n), DB_BYTES(p->key.p, p->key.n), DB_INT(p->alg), DB_INT(p->count),
			DB_INT(p->created_at)), &p->id, e) == 0)
		return 0;
	return e->id == E_NOT_FOUND ? FAIL(e, E_PASSKEY_TAKEN, "this credential is there") : -1;
}

int store_passkey_find(struct db_conn *c, struct arena *a, struct db_bytes cred_id, struct passkey *out, struct err *e)
{
	struct db_cur *cur;
	int rc;

	if (db_query(c, &find, DB(DB_BYTES(cred_id.p, cred_id.n)), &cur, e) != 0)
		return -1;
	rc = db_next(cur, e);
	if (rc > 0)
		read_row(cur, a, out);
	db_done(cur);
	return rc > 0 ? 0 : rc < 0 ? -1 : FAIL(e, E_NOT_FOUND, "passkey");
}

int store_passkey_list(struct db_conn *c, struct arena *a, const char *who_kind, int64_t who_id, struct passkey **out, int *n, struct err *e)
{
	struct passkey *p = ARENA_ARRAY(a, struct passkey, LIST_MOST);
	struct db_cur *cur;
	int got = 0, rc;

	if (db_query(c, &list, DB(DB_TEXT(who_kind), DB_INT(who_id)), &cur, e) != 0)
		return -1;
	while ((rc = db_next(cur, e)) > 0 && got < LIST_MOST)
		read_row(cur, a, &p[got++]);
	db_done(cur);
	if (rc < 0)
		return -1;
	*out = p;
	*n = got;
	return 0;
}

int store_passkey_remove(struct db_conn *w, const char *who_kind, int64_t who_id, int64_t id, struct err *e)
{
	int changed;

	if (db_run(w, &gone, DB(DB_TEXT(who_kind), DB_INT(who_id), DB_INT(id)), &changed, e) != 0)
		return -1;
	return changed ? 0 : FAIL(e, E_NOT_FOUND, "passkey %lld", (long long)id);
}

int store_passkey_used(struct db_conn *w, int64_t id, int64_t count, int64_t now, struct err *e)
{
	int changed;

	if (db_run(w, &used, DB(DB_INT(id), DB_INT(count), DB_INT(now)), &changed, e) != 0)
		return -1;
	return changed ? 0 : FAIL(e, E_NOT_FOUND, "passkey %lld", (long long)id);
}

int store_passkey_spend(struct db_conn *w, const uint8_t hash[32], int64_t now, int64_t expires_at, struct err *e)
{
	int changed;

	if (db_run(w, &sweep, DB(DB_INT(now)), NULL, e) != 0 || db_run(w, &spend, DB(DB_BYTES(hash, 32), DB_INT(expires_at)), &changed, e) != 0)
		return -1;
	return changed ? 0 : FAIL(e, E_PASSKEY_SPENT, "challenge");
}
