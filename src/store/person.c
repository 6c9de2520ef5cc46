#include "store/person.h"

#define COLS "id,login,name,email,phone,role,password_hash,totp_sealed,totp_last,lang,theme,keys_on,active,created_at,version"
static const struct db_sql add = { "INSERT INTO person(login,name,email,phone,role,password_hash,lang,theme,created_at) "
	"VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9) RETURNING id", NULL };
static const struct db_sql get = { "SELECT " COLS " FROM person WHERE id=?1", NULL };
static const struct db_sql by_login = { "SELECT " COLS " FROM person WHERE login=?1", NULL };
static const struct db_sql by_email = { "SELECT " COLS " FROM person WHERE lower(email)=?1 AND email<>'' AND active=1 AND role<>'system' ORDER BY id LIMIT 1",
	NULL };
static const struct db_sql count = { "SELECT count(*) FROM person", NULL };
static const struct db_sql list = { "SELECT " COLS " FROM person WHERE role<>'system' ORDER BY active DESC,name,id", NULL };
static const struct db_sql set = { "UPDATE person SET name=?3,email=?4,phone=?5,role=?6,lang=?7,theme=?8,keys_on=?9,active=?10,version=version+1 "
	"WHERE id=?1 AND version=?2", NULL };
static const struct db_sql set_password = { "UPDATE person SET password_hash=?2,version=version+1 WHERE id=?1", NULL };
static const struct db_sql set_totp = { "UPDATE person SET totp_sealed=?2,totp_last=?3,version=version+1 WHERE id=?1", NULL };
static const struct db_sql use_totp = { "UPDATE person SET totp_last=?2 WHERE id=?1 AND totp_last<?2", NULL };
static const struct db_sql codes_drop = { "DELETE FROM recovery_code WHERE person_id=?1", NULL };
static const struct db_sql codes_add = { "INSERT INTO recovery_code(person_id,code_hash) VALUES(?1,?2)", NULL };
static const struct db_sql codes_use = { "DELETE FROM recovery_code WHERE person_id=?1 AND code_hash=?2", NULL };
static const struct db_sql codes_left = { "SELECT count(*) FROM recovery_code WHERE person_id=?1", NULL };

static void row(struct db_cur *cur, struct arena *a, struct person *p)
{
	*p = (struct person){ .id = db_int(cur, 0), .login = db_text(cur, 1, a), .name = db_text(cur, 2, a), .email = db_text(cur, 3, a),
		.phone = db_text(cur, 4, a), .role = db_text(cur, 5, a), .password_hash = db_text(cur, 6, a), .totp_sealed = db_bytes(cur, 7, a),
		.totp_last = db_int(cur, 8), .lang = db_text(cur, 9, a), .theme = db_text(cur, 10, a), .keys_on = db_int(cur, 11) != 0,
		.active = db_int(cur, 12) != 0, .created_at = db_int(cur, 13), .version = db_int(cur, 14) };
}

static int one(struct db_conn *c, struct arena *a, const struct db_sql *q, struct db_val key, const char *what, struct person *out, struct err *e)
{
	struct db_cur *cur;
	int rc;

	if (db_query(c, q, &key, 1, &cur, e) != 0)
		return -1;
	rc = db_next(cur, e);
	if (rc > 0)
		row(cur, a, out);
	db_done(cur);
	return rc > 0 ? 0 : rc < 0 ? -1 : FAIL(e, E_NOT_FOUND, "person %.60s", what);
}

int store_person_add(struct db_conn *w, struct person *p, struct err *e)
{
	if (db_id(w, &add, DB(DB_TEXT(p->login), DB_TEXT(p->name), DB_TEXT(p->email ? p->email : ""), DB_TEXT(p->phone ? p->phone : ""),
			DB_TEXT(p->role), DB_TEXT(p->password_hash), DB_TEXT(p->lang ? p->lang : "da"), DB_TEXT(p->theme ? p->theme : "auto"),
			DB_INT(p->created_at)), &p->id, e) == 0)
		return 0;
	if (db_is_duplicate(w))
		return FAIL_FIELD(e, E_LOGIN_TAKEN, "login", "%.60s", p->login);
	return -1;
}

int store_person_get(struct db_conn *c, struct arena *a, int64_t id, struct person *out, struct err *e)
{
	return one(c, a, &get, DB_INT(id), "by id", out, e);
}

int store_person_by_login(struct db_conn *c, struct arena *a, const char *login, struct person *out, struct err *e)
{
	return one(c, a, &by_login, DB_TEXT(login), login, out, e);
}

int store_person_by_email(struct db_conn *c, struct arena *a, const char *email, struct person *out, struct err *e)
{
	return one(c, a, &by_email, DB_TEXT(email), email, out, e);
}

int store_person_list(struct db_conn *c, struct arena *a, struct person **out, int *n, struct err *e)
{
	struct db_cur *cur;
	struct person *p;
	int64_t most;
	int got = 0, rc;

	if (db_id(c, &count, DB_NONE, &most, e) != 0)
		return -1;
	p = ARENA_ARRAY(a, struct person, most + 1);
	if (db_query(c, &list, DB_NONE, &cur, e) != 0)
		return -1;
	while ((rc = db_next(cur, e)) > 0 && got < most)
		row(cur, a, &p[got++]);
	db_done(cur);
	if (rc < 0)
		return -1;
	*out = p;
	*n = got;
	return 0;
}

int store_person_set(struct db_conn *w, const struct person *p, struct err *e)
{
	int changed;

	if (db_run(w, &set, DB(DB_INT(p->id), DB_INT(p->version), DB_TEXT(p->name), DB_TEXT(p->email), DB_TEXT(p->phone), DB_TEXT(p->role),
			DB_TEXT(p->lang), DB_TEXT(p->theme), DB_INT(p->keys_on), DB_INT(p->active)), &changed, e) != 0)
		return -1;
	return changed ? 0 : FAIL(e, E_CHANGED, "person %lld", (long long)p->id);
}

int store_person_set_password(struct db_conn *w, int64_t id, const char *hash, struct err *e)
{
	return db_run(w, &set_password, DB(DB_INT(id), DB_TEXT(hash)), NULL, e);
}

int store_person_set_totp(struct db_conn *w, int64_t id, const void *sealed, size_t n, int64_t last, struct err *e)
{
	if (n == 0)
		return db_run(w, &set_totp, DB(DB_INT(id), DB_NULL, DB_INT(0)), NULL, e);
	return db_run(w, &set_totp, DB(DB_INT(id), DB_BYTES(sealed, n), DB_INT(last)), NULL, e);
}

int store_person_use_totp(struct db_conn *w, int64_t id, int64_t step, bool *fresh, struct err *e)
{
	int changed;

	if (db_run(w, &use_totp, DB(DB_INT(id), DB_INT(step)), &changed, e) != 0)
		return -1;
	*fresh = changed > 0;
	return 0;
}

int store_recovery_set(struct db_conn *w, int64_t person_id, const uint8_t (*hashes)[32], int n, struct err *e)
{
	if (db_run(w, &codes_drop, DB(DB_INT(person_id)), NULL, e) != 0)
		return -1;
	for (int i = 0; i < n; i++)
		if (db_run(w, &codes_add, DB(DB_INT(person_id), DB_BYTES(hashes[i], 32)), NULL, e) != 0)
			return -1;
	return 0;
}

int store_recovery_use(struct db_conn *w, int64_t person_id, const uint8_t hash[32], bool *was_there, struct err *e)
{
	int changed;

	if (db_run(w, &codes_use, DB(DB_INT(person_id), DB_BYTES(hash, 32)), &changed, e) != 0)
		return -1;
	*was_there = changed > 0;
	return 0;
}

int store_recovery_left(struct db_conn *c, int64_t person_id, int64_t *left, struct err *e)
{
	return db_id(c, &codes_left, DB(DB_INT(person_id)), left, e);
}
