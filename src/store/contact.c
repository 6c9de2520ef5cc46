#include "store/contact.h"

#define COLS "id,customer_id,name,email,phone,role,lang,theme,password_hash,active,bounced_at,created_at,version"
static const struct db_sql add = { "INSERT INTO contact(customer_id,name,email,phone,role,lang,theme,active,created_at) VALUES(?1,?2,?3,?4,?5,?6,?7,1,?8) RETURNING id", NULL };
static const struct db_sql get = { "SELECT " COLS " FROM contact WHERE (?1=0 OR customer_id=?1) AND id=?2", NULL };
static const struct db_sql by_email = { "SELECT " COLS " FROM contact WHERE email=?1", NULL };
static const struct db_sql list = { "SELECT " COLS " FROM contact WHERE customer_id=?1 AND id>?2 ORDER BY id LIMIT ?3", NULL };
static const struct db_sql count = { "SELECT count(*) FROM contact WHERE customer_id=?1 AND active=1", NULL };
static const struct db_sql set = { "UPDATE contact SET name=?4,email=?5,phone=?6,role=?7,lang=?8,theme=?9,active=?10,version=version+1 "
	"WHERE customer_id=?1 AND id=?2 AND version=?3", NULL };
static const struct db_sql set_password = { "UPDATE contact SET password_hash=?3,version=version+1 WHERE customer_id=?1 AND id=?2", NULL };
static const struct db_sql bounced = { "UPDATE contact SET bounced_at=?3 WHERE customer_id=?1 AND id=?2", NULL };

static void row(struct db_cur *cur, struct arena *a, struct contact *k)
{
	*k = (struct contact){ .id = db_int(cur, 0), .customer_id = db_int(cur, 1), .name = db_text(cur, 2, a), .email = db_text(cur, 3, a),
		.phone = db_text(cur, 4, a), .role = db_text(cur, 5, a), .lang = db_text(cur, 6, a), .theme = db_text(cur, 7, a),
		.password_hash = db_text(cur, 8, a), .active = db_int(cur, 9) != 0, .bounced_at = db_int(cur, 10), .created_at = db_int(cur, 11),
		.version = db_int(cur, 12) };
}

static int one(struct db_conn *c, struct arena *a, const struct db_sql *q, const struct db_val *v, int nv, struct contact *out, struct err *e)
{
	struct db_cur *cur;
	int rc;

	if (db_query(c, q, v, nv, &cur, e) != 0)
		return -1;
	rc = db_next(cur, e);
	if (rc > 0)
		row(cur, a, out);
	db_done(cur);
	return rc > 0 ? 0 : rc < 0 ? -1 : FAIL(e, E_NOT_FOUND, "contact");
}

int store_contact_add(struct db_conn *w, struct contact *k, struct err *e)
{
	if (db_id(w, &add, DB(DB_INT(k->customer_id), DB_TEXT(k->name), DB_TEXT(k->email), DB_TEXT(k->phone ? k->phone : ""), DB_TEXT(k->role),
			DB_TEXT(k->lang ? k->lang : "da"), DB_TEXT(k->theme ? k->theme : "auto"), DB_INT(k->created_at)), &k->id, e) == 0)
		return 0;
	return db_is_duplicate(w) ? FAIL_FIELD(e, E_EMAIL_TAKEN, "email", "%.100s", k->email) : -1;
}

int store_contact_get(struct db_conn *c, struct arena *a, int64_t customer_id, int64_t id, struct contact *out, struct err *e)
{
	return one(c, a, &get, DB(DB_INT(customer_id), DB_INT(id)), out, e);
}

int store_contact_by_email(struct db_conn *c, struct arena *a, const char *email, struct contact *out, struct err *e)
{
	return one(c, a, &by_email, DB(DB_TEXT(email)), out, e);
}

int store_contact_list(struct db_conn *c, struct arena *a, int64_t customer_id, int64_t after_id, int limit, struct contact **out, int *n, struct err *e)
{
	struct contact *k = ARENA_ARRAY(a, struct contact, limit + 1);
	struct db_cur *cur;
	int got = 0, rc;

	if (db_query(c, &list, DB(DB_INT(customer_id), DB_INT(after_id), DB_INT(limit)), &cur, e) != 0)
		return -1;
	while ((rc = db_next(cur, e)) > 0 && got < limit)
		row(cur, a, &k[got++]);
	db_done(cur);
	if (rc < 0)
		return -1;
	*out = k;
	*n = got;
	return 0;
}

int store_contact_count(struct db_conn *c, int64_t customer_id, int64_t *n, struct err *e) { return db_id(c, &count, DB(DB_INT(customer_id)), n, e); }

int store_contact_set(struct db_conn *w, const struct contact *k, struct err *e)
{
	int changed;

	if (db_run(w, &set, DB(DB_INT(k->customer_id), DB_INT(k->id), DB_INT(k->version), DB_TEXT(k->name), DB_TEXT(k->email), DB_TEXT(k->phone),
			DB_TEXT(k->role), DB_TEXT(k->lang), DB_TEXT(k->theme), DB_INT(k->active)), &changed, e) != 0)
		return db_is_duplicate(w) ? FAIL_FIELD(e, E_EMAIL_TAKEN, "email", "%.100s", k->email) : -1;
	return changed ? 0 : FAIL(e, E_CHANGED, "contact %lld", (long long)k->id);
}

int store_contact_set_password(struct db_conn *w, int64_t customer_id, int64_t id, const char *hash, struct err *e)
{
	return db_run(w, &set_password, DB(DB_INT(customer_id), DB_INT(id), DB_TEXT(hash)), NULL, e);
}

int store_contact_bounced(struct db_conn *w, int64_t customer_id, int64_t id, int64_t at, struct err *e)
{
	return db_run(w, &bounced, DB(DB_INT(customer_id), DB_INT(id), DB_INT(at)), NULL, e);
}
