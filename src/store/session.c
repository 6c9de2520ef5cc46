#include "store/session.h"
#include <string.h>

static const struct db_sql add = { "INSERT INTO session(token_hash,who_kind,who_id,customer_id,csrf,created_at,seen_at,expires_at,address,agent) "
	"VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)", NULL };
static const struct db_sql find = { "SELECT who_kind,who_id,coalesce(customer_id,0),csrf,created_at,seen_at,expires_at,address,agent FROM session "
	"WHERE token_hash=?1", NULL };
static const struct db_sql who_person = { "SELECT id,0,name,role,lang,theme,keys_on FROM person WHERE id=?1 AND active=1", NULL };
static const struct db_sql who_contact = { "SELECT k.id,k.customer_id,k.name,k.role,k.lang,k.theme,0 FROM contact k JOIN customer c ON c.id=k.customer_id "
	"WHERE k.id=?1 AND k.active=1 AND c.active=1", NULL };
static const struct db_sql seen = { "UPDATE session SET seen_at=?2 WHERE token_hash=?1", NULL };
static const struct db_sql drop = { "DELETE FROM session WHERE token_hash=?1", NULL };
static const struct db_sql drop_all = { "DELETE FROM session WHERE who_kind=?1 AND who_id=?2 AND token_hash<>?3", NULL };
static const struct db_sql list = { "SELECT token_hash,csrf,created_at,seen_at,expires_at,address,agent FROM session "
	"WHERE who_kind=?1 AND who_id=?2 AND expires_at>?3 ORDER BY seen_at DESC LIMIT 50", NULL };
static const struct db_sql sweep = { "DELETE FROM session WHERE expires_at<?1", NULL };
static const struct db_sql sweep_links = { "DELETE FROM signin_link WHERE expires_at<?1", NULL };
static const struct db_sql link_add = { "INSERT INTO signin_link(token_hash,customer_id,contact_id,created_at,expires_at) VALUES(?1,?2,?3,?4,?5)", NULL };
static const struct db_sql link_find = { "SELECT customer_id,contact_id FROM signin_link WHERE token_hash=?1 AND used_at=0 AND expires_at>?2", NULL };
static const struct db_sql link_drop = { "DELETE FROM signin_link WHERE contact_id=?1", NULL };
static const struct db_sql link_use = { "UPDATE signin_link SET used_at=?2 WHERE token_hash=?1 AND used_at=0 AND expires_at>?2", NULL };
static const struct db_sql link_of = { "SELECT customer_id,contact_id FROM signin_link WHERE token_hash=?1", NULL };
static const struct db_sql log_add = { "INSERT INTO signin_log(at,who_kind,who_id,name,address,agent,outcome) VALUES(?1,?2,?3,?4,?5,?6,?7)", NULL };
static const struct db_sql log_list = { "SELECT id,at,name,address,agent,outcome FROM signin_log WHERE who_kind=?1 AND who_id=?2 ORDER BY id DESC LIMIT ?3", NULL };
static const struct db_sql t_add = { "INSERT INTO api_token(person_id,name,token_hash,scopes,created_at) VALUES(?1,?2,?3,?4,?5) RETURNING id", NULL };
static const struct db_sql t_find = { "SELECT id,person_id,name,scopes,created_at,used_at,revoked_at FROM api_token WHERE token_hash=?1 AND revoked_at=0", NULL };
static const struct db_sql t_used = { "UPDATE api_token SET used_at=?2 WHERE id=?1", NULL };
static const struct db_sql t_revoke = { "UPDATE api_token SET revoked_at=?2 WHERE id=?1 AND revoked_at=0", NULL };
static const struct db_sql t_count = { "SELECT count(*) FROM api_token", NULL };
static const struct db_sql t_list = { "SELECT id,person_id,name,scopes,created_at,used_at,revoked_at FROM api_token ORDER BY id DESC", NULL };

int session_add(struct db_conn *w, const struct session *s, struct err *e)
{
	return db_run(w, &add, DB(DB_BYTES(s->hash, 32), DB_TEXT(s->who_kind), DB_INT(s->who_id), DB_ID(s->customer_id), DB_TEXT(s->csrf),
		DB_INT(s->created_at), DB_INT(s->seen_at), DB_INT(s->expires_at), DB_TEXT(s->address), DB_TEXT(s->agent)), NULL, e);
}

static int find_who(struct db_conn *c, struct arena *a, bool person, int64_t id, struct session_who *who, struct err *e)
{
	struct db_cur *cur;
	int rc;

	if (db_query(c, person ? &who_person : &who_contact, DB(DB_INT(id)), &cur, e) != 0)
		return -1;
	rc = db_next(cur, e);
	if (rc > 0)
		*who = (struct session_who){ .id = db_int(cur, 0), .customer_id = db_int(cur, 1), .name = db_text(cur, 2, a), .role = db_text(cur, 3, a),
			.lang = db_text(cur, 4, a), .theme = db_text(cur, 5, a), .keys_on = db_int(cur, 6) != 0, .person = person };
	db_done(cur);
	return rc > 0 ? 0 : rc < 0 ? -1 : FAIL(e, E_NOT_FOUND, "nobody active");
}

int session_find(struct db_conn *c, struct arena *a, const uint8_t hash[32], int64_t now, int64_t idle_person_us, int64_t idle_contact_us,
	struct session *s, struct session_who *who, struct err *e)
{
	struct db_cur *cur;
	int rc;
	bool person;

	if (db_query(c, &find, DB(DB_BYTES(hash, 32)), &cur, e) != 0)
		return -1;
	rc = db_next(cur, e);
	if (rc > 0) {
		*s = (struct session){ .who_kind = db_text(cur, 0, a), .who_id = db_int(cur, 1), .customer_id = db_int(cur, 2), .csrf = db_text(cur, 3, a),
			.created_at = db_int(cur, 4), .seen_at = db_int(cur, 5), .expires_at = db_int(cur, 6), .address = db_text(cur, 7, a),
			.agent = db_text(cur, 8, a) };
		memcpy(s->hash, hash, 32);
	}
	db_done(cur);
	if (rc <= 0)
		return rc < 0 ? -1 : FAIL(e, E_NOT_FOUND, "session");
	person = strcmp(s->who_kind, "person") == 0;
	if (s->expires_at <= now || s->seen_at + (person ? idle_person_us : idle_contact_us) <= now)
		return FAIL(e, E_NOT_FOUND, "session has ended");
	return find_who(c, a, person, s->who_id, who, e);
}

int session_seen(struct db_conn *w, const uint8_t hash[32], int64_t now, struct err *e)
{
	return db_run(w, &seen, DB(DB_BYTES(hash, 32), DB_INT(now)), NULL, e);
}

int session_drop(struct db_conn *w, const uint8_t hash[32], struct err *e) { return db_run(w, &drop, DB(DB_BYTES(hash, 32)), NULL, e); }

int session_drop_all(struct db_conn *w, const char *who_kind, int64_t who_id, const uint8_t *but, struct err *e)
{
	static const uint8_t none[32] = { 0 };

	if (strcmp(who_kind, "contact") == 0 && signin_link_drop(w, who_id, e) != 0)
		return -1;
	return db_run(w, &drop_all, DB(DB_TEXT(who_kind), DB_INT(who_id), DB_BYTES(but ? but : none, 32)), NULL, e);
}

int session_list(struct db_conn *c, struct arena *a, const char *who_kind, int64_t who_id, int64_t now, struct session **out, int *n, struct err *e)
{
	struct session *s = ARENA_ARRAY(a, struct session, 50);
	struct db_cur *cur;
	int got = 0, rc;

	if (db_query(c, &list, DB(DB_TEXT(who_kind), DB_INT(who_id), DB_INT(now)), &cur, e) != 0)
		return -1;
	while ((rc = db_next(cur, e)) > 0 && got < 50) {
		struct db_bytes h = db_bytes(cur, 0, a);

		s[got] = (struct session){ .who_kind = who_kind, .who_id = who_id, .csrf = db_text(cur, 1, a), .created_at = db_int(cur, 2),
			.seen_at = db_int(cur, 3), .expires_at = db_int(cur, 4), .address = db_text(cur, 5, a), .agent = db_text(cur, 6, a) };
		if (h.n == 32)
			memcpy(s[got].hash, h.p, 32);
		got++;
	}
	db_done(cur);
	if (rc < 0)
		return -1;
	*out = s;
	*n = got;
	return 0;
}

int session_sweep(struct db_conn *w, int64_t now, struct err *e)
{
	if (db_run(w, &sweep, DB(DB_INT(now)), NULL, e) != 0)
		return -1;
	return db_run(w, &sweep_links, DB(DB_INT(now)), NULL, e);
}

int signin_link_add(struct db_conn *w, const uint8_t hash[32], int64_t customer_id, int64_t contact_id, int64_t now, int64_t expires_at, struct err *e)
{
	return db_run(w, &link_add, DB(DB_BYTES(hash, 32), DB_INT(customer_id), DB_INT(contact_id), DB_INT(now), DB_INT(expires_at)), NULL, e);
}

int signin_link_drop(struct db_conn *w, int64_t contact_id, struct err *e) { return db_run(w, &link_drop, DB(DB_INT(contact_id)), NULL, e); }

static int link_read(struct db_conn *c, const struct db_sql *q, const struct db_val *v, int nv, int64_t *customer_id, int64_t *contact_id, struct err *e)
{
	struct db_cur *cur;
	int rc;

	if (db_query(c, q, v, nv, &cur, e) != 0)
		return -1;
	rc = db_next(cur, e);
	if (rc > 0) {
		*customer_id = db_int(cur, 0);
		*contact_id = db_int(cur, 1);
	}
	db_done(cur);
	return rc > 0 ? 0 : rc < 0 ? -1 : FAIL(e, E_LINK_SPENT, "sign-in link");
}

int signin_link_find(struct db_conn *c, const uint8_t hash[32], int64_t now, int64_t *customer_id, int64_t *contact_id, struct err *e)
{
	return link_read(c, &link_find, DB(DB_BYTES(hash, 32), DB_INT(now)), customer_id, contact_id, e);
}

int signin_link_use(struct db_conn *w, const uint8_t hash[32], int64_t now, int64_t *customer_id, int64_t *contact_id, struct err *e)
{
	int changed;

	if (db_run(w, &link_use, DB(DB_BYTES(hash, 32), DB_INT(now)), &changed, e) != 0)
		return -1;
	if (!changed)
		return FAIL(e, E_LINK_SPENT, "sign-in link");
	return link_read(w, &link_of, DB(DB_BYTES(hash, 32)), customer_id, contact_id, e);
}

int signin_log_add(struct db_conn *w, int64_t at, const char *who_kind, int64_t who_id, const char *name, const char *address, const char *agent,
	const char *outcome, struct err *e)
{
	return db_run(w, &log_add, DB(DB_INT(at), DB_TEXT(who_kind), DB_INT(who_id), DB_TEXT(name), DB_TEXT(address), DB_TEXT(agent), DB_TEXT(outcome)), NULL, e);
}

int signin_log_list(struct db_conn *c, struct arena *a, const char *who_kind, int64_t who_id, int limit, struct signin **out, int *n, struct err *e)
{
	struct signin *s = ARENA_ARRAY(a, struct signin, limit);
	struct db_cur *cur;
	int got = 0, rc;

	if (db_query(c, &log_list, DB(DB_TEXT(who_kind), DB_INT(who_id), DB_INT(limit)), &cur, e) != 0)
		return -1;
	while ((rc = db_next(cur, e)) > 0 && got < limit)
		s[got++] = (struct signin){ db_int(cur, 0), db_int(cur, 1), db_text(cur, 2, a), db_text(cur, 3, a), db_text(cur, 4, a), db_text(cur, 5, a) };
	db_done(cur);
	if (rc < 0)
		return -1;
	*out = s;
	*n = got;
	return 0;
}

static struct api_token token_row(struct db_cur *cur, struct arena *a)
{
	return (struct api_token){ db_int(cur, 0), db_int(cur, 1), db_text(cur, 2, a), db_text(cur, 3, a), db_int(cur, 4), db_int(cur, 5), db_int(cur, 6) };
}

int token_add(struct db_conn *w, int64_t person_id, const char *name, const uint8_t hash[32], const char *scopes, int64_t now, int64_t *id, struct err *e)
{
	return db_id(w, &t_add, DB(DB_INT(person_id), DB_TEXT(name), DB_BYTES(hash, 32), DB_TEXT(scopes), DB_INT(now)), id, e);
}

int token_find(struct db_conn *c, struct arena *a, const uint8_t hash[32], struct api_token *t, struct session_who *who, struct err *e)
{
	struct db_cur *cur;
	int rc;

	if (db_query(c, &t_find, DB(DB_BYTES(hash, 32)), &cur, e) != 0)
		return -1;
	rc = db_next(cur, e);
	if (rc > 0)
		*t = token_row(cur, a);
	db_done(cur);
	if (rc <= 0)
		return rc < 0 ? -1 : FAIL(e, E_TOKEN_INVALID, "no such token");
	if (find_who(c, a, true, t->person_id, who, e) != 0)
		return e->id == E_NOT_FOUND ? FAIL(e, E_TOKEN_INVALID, "its person is not active") : -1;
	return 0;
}

int token_used(struct db_conn *w, int64_t id, int64_t now, struct err *e) { return db_run(w, &t_used, DB(DB_INT(id), DB_INT(now)), NULL, e); }

int token_revoke(struct db_conn *w, int64_t id, int64_t now, struct err *e)
{
	int changed;

	if (db_run(w, &t_revoke, DB(DB_INT(id), DB_INT(now)), &changed, e) != 0)
		return -1;
	return changed ? 0 : FAIL(e, E_NOT_FOUND, "token %lld", (long long)id);
}

int token_list(struct db_conn *c, struct arena *a, struct api_token **out, int *n, struct err *e)
{
	struct db_cur *cur;
	struct api_token *t;
	int64_t most;
	int got = 0, rc;

	if (db_id(c, &t_count, DB_NONE, &most, e) != 0)
		return -1;
	t = ARENA_ARRAY(a, struct api_token, most + 1);
	if (db_query(c, &t_list, DB_NONE, &cur, e) != 0)
		return -1;
	while ((rc = db_next(cur, e)) > 0 && got < most)
		t[got++] = token_row(cur, a);
	db_done(cur);
	if (rc < 0)
		return -1;
	*out = t;
	*n = got;
	return 0;
}
