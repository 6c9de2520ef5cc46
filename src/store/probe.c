#include "store/probe.h"
#include "base/moment.h"
#include "store/counter.h"

int store_probe_add(struct db_conn *w, const struct probe_result *r, struct err *e)
{
	static const struct db_sql q = { "INSERT INTO probe_result(at,stored_at,probe,ok,took_ms,detail) SELECT ?1,?2,?3,?4,?5,?6 "
		"WHERE NOT EXISTS(SELECT 1 FROM probe_result WHERE probe=?3 AND at=?1)",
		"INSERT INTO probe_result(at,stored_at,probe,ok,took_ms,detail) SELECT ?1::bigint,?2::bigint,?3::text,?4::bigint,?5::bigint,?6::text "
		"WHERE NOT EXISTS(SELECT 1 FROM probe_result WHERE probe=?3 AND at=?1)" };

	return db_run(w, &q, DB(DB_INT(r->at), DB_INT(r->stored_at), DB_TEXT(r->probe), DB_INT(r->ok), DB_INT(r->took_ms), DB_TEXT(r->detail)), NULL, e);
}

int store_probe_read(struct db_conn *c, const char *file, int64_t *offset_bytes, struct err *e)
{
	static const struct db_sql q = { "SELECT value FROM counter WHERE name='read.'||?1", "SELECT value FROM counter WHERE name='read.'||?1::text" };
	struct err none;

	*offset_bytes = 0;
	if (db_id(c, &q, DB(DB_TEXT(file)), offset_bytes, &none) == 0 || none.id == E_NOT_FOUND)
		return 0;
	*e = none;
	return -1;
}

int store_probe_read_set(struct db_conn *w, const char *file, int64_t offset_bytes, struct err *e)
{
	static const struct db_sql q = { "INSERT INTO counter(name,value) VALUES('read.'||?1,?2) ON CONFLICT(name) DO UPDATE SET value=excluded.value",
		"INSERT INTO counter(name,value) VALUES('read.'||?1::text,?2) ON CONFLICT(name) DO UPDATE SET value=excluded.value" };

	return db_run(w, &q, DB(DB_TEXT(file), DB_INT(offset_bytes)), NULL, e);
}

static int recent_read(struct db_conn *c, struct arena *a, int64_t at, struct probe_door *out, struct err *e)
{
	static const struct db_sql recent = { "SELECT at,stored_at,ok,took_ms,detail FROM probe_result WHERE probe=?1 AND at<=?2 AND stored_at<=?2 "
		"ORDER BY at DESC, id DESC LIMIT 20" };
	struct db_cur *cur;
	int rc;

	if (db_query(c, &recent, DB(DB_TEXT(out->probe), DB_INT(at)), &cur, e) != 0)
		return -1;
	out->nrecent = 0;
	while ((rc = db_next(cur, e)) == 1 && out->nrecent < PROBE_RECENT)
		out->recent[out->nrecent++] = (struct probe_result){ .at = db_int(cur, 0), .stored_at = db_int(cur, 1), .probe = out->probe,
			.ok = db_int(cur, 2) != 0, .took_ms = db_int(cur, 3), .detail = db_text(cur, 4, a) };
	db_done(cur);
	return rc < 0 ? -1 : 0;
}

static int door_read(struct db_conn *c, struct arena *a, int64_t at, const char *probe, struct probe_door *out, struct err *e)
{
	static const struct db_sql sums = { "SELECT COUNT(*), COALESCE(SUM(ok),0) FROM probe_result WHERE probe=?1 AND at>=?2 AND at<=?3 AND stored_at<=?3" };
	struct db_cur *cur;
	int rc;

	*out = (struct probe_door){ .probe = probe };
	if (db_query(c, &sums, DB(DB_TEXT(probe), DB_INT(month_start(month_of(at))), DB_INT(at)), &cur, e) != 0)
		return -1;
	if ((rc = db_next(cur, e)) == 1) {
		out->tries = db_int(cur, 0);
		out->good = db_int(cur, 1);
	}
	db_done(cur);
	return rc < 0 ? -1 : recent_read(c, a, at, out, e);
}

static int rows_count(struct db_cur *cur, struct probe_month *m, int64_t from, bool *more, struct err *e)
{
	struct arena *t = arena_begin(1 << 20);
	int rc;

	while ((rc = db_next(cur, e)) == 1) {
		bool mail = strcmp(db_text(cur, 0, t), "mail") == 0;
		struct probe_door *d = mail ? &m->mail : &m->portal;

		more[mail] = true;
		if (db_int(cur, 1) >= from) {
			d->tries++;
			d->good += db_int(cur, 2) != 0;
		}
		arena_reset(t);
	}
	db_done(cur);
	arena_end(t);
	return rc;
}

/* Moves the counts on; more: which door (portal, mail) has rows it had not. */
static int month_count(struct db_conn *c, int64_t at, struct probe_month *m, bool more[2], struct err *e)
{
	/* What became known since; and what was known but lay ahead. */
	static const struct db_sql come = { "SELECT probe,at,ok FROM probe_result WHERE stored_at>?1 AND stored_at<=?2 AND at<=?2" };
	static const struct db_sql ahead = { "SELECT probe,at,ok FROM probe_result WHERE probe=?3 AND at>?1 AND at<=?2 AND stored_at<=?1" };
	int64_t from = month_start(month_of(at));
	struct db_cur *cur;

	more[0] = more[1] = false;
	if (db_query(c, &come, DB(DB_INT(m->at), DB_INT(at)), &cur, e) != 0 || rows_count(cur, m, from, more, e) < 0)
		return -1;
	for (int i = 0; i < 2; i++)
		if (db_query(c, &ahead, DB(DB_INT(m->at), DB_INT(at), DB_TEXT(i ? "mail" : "portal")), &cur, e) != 0 || rows_count(cur, m, from, more, e) < 0)
			return -1;
	m->at = at;
	return 0;
}

/* The counts that were last written down; m->at 0: none. */
static int mark_read(struct db_conn *c, struct probe_month *m, struct err *e)
{
	static const struct db_sql q = { "SELECT name,value FROM counter WHERE name IN('probes.at','probes.portal','probes.portal_good','probes.mail','probes.mail_good')" };
	static const char *const names[] = { "probes.at", "probes.portal", "probes.portal_good", "probes.mail", "probes.mail_good" };
	int64_t got[5];

	if (counter_read(c, &q, names, got, 5, e) != 0)
		return -1;
	*m = (struct probe_month){ .at = got[0], .portal = { .probe = "portal", .tries = got[1], .good = got[2] },
		.mail = { .probe = "mail", .tries = got[3], .good = got[4] } };
	return 0;
}

int store_probe_month_mark(struct db_conn *w, const struct probe_month *m, struct err *e)
{
	static const struct db_sql q = { "INSERT INTO counter(name,value) VALUES('probes.at',?1),('probes.portal',?2),('probes.portal_good',?3),"
		"('probes.mail',?4),('probes.mail_good',?5) ON CONFLICT(name) DO UPDATE SET value=excluded.value" };

	return db_run(w, &q, DB(DB_INT(m->at), DB_INT(m->portal.tries), DB_INT(m->portal.good), DB_INT(m->mail.tries), DB_INT(m->mail.good)), NULL, e);
}

int store_probe_month(struct db_conn *c, struct arena *a, int64_t at, struct probe_month *out, struct err *e)
{
	struct probe_month m;
	bool more[2];

	if (mark_read(c, &m, e) != 0)
		return -1;
	if (m.at > at || m.at < month_start(month_of(at))) {
		out->at = at;
		return door_read(c, a, at, "portal", &out->portal, e) != 0 ? -1 : door_read(c, a, at, "mail", &out->mail, e);
	}
	if (month_count(c, at, &m, more, e) != 0 || recent_read(c, a, at, &m.portal, e) != 0 || recent_read(c, a, at, &m.mail, e) != 0)
		return -1;
	*out = m;
	return 0;
}

int store_probe_month_next(struct db_conn *c, struct arena *a, int64_t at, struct probe_month *m, struct err *e)
{
	bool more[2];

	if (m->at > at || m->at < month_start(month_of(at)))
		return store_probe_month(c, a, at, m, e);
	if (m->at == at)
		return 0;
	if (month_count(c, at, m, more, e) != 0)
		return -1;
	return (more[0] && recent_read(c, a, at, &m->portal, e) != 0) || (more[1] && recent_read(c, a, at, &m->mail, e) != 0) ? -1 : 0;
}

int store_probe_moments(struct db_conn *c, struct arena *a, int64_t after, int64_t to, int limit, int64_t **out, int *n, struct err *e)
{
	static const struct db_sql q = { "SELECT DISTINCT stored_at FROM probe_result WHERE stored_at>?1 AND stored_at<=?2 ORDER BY stored_at LIMIT ?3" };
	struct db_cur *cur;
	int rc;

	if (db_query(c, &q, DB(DB_INT(after), DB_INT(to), DB_INT(limit)), &cur, e) != 0)
		return -1;
	*out = ARENA_ARRAY(a, int64_t, limit);
	*n = 0;
	while ((rc = db_next(cur, e)) == 1 && *n < limit)
		(*out)[(*n)++] = db_int(cur, 0);
	db_done(cur);
	return rc < 0 ? -1 : 0;
}

int store_probe_customer(struct db_conn *w, const char *login, int64_t now, int64_t *customer_id, int64_t *contact_id, struct err *e)
{
	static const struct db_sql find = { "SELECT id FROM customer WHERE cvr='probe'" };
	static const struct db_sql make = { "INSERT INTO customer(name,cvr,demo,created_at) VALUES('Pedel probe','probe',2,?1) RETURNING id" };
	static const struct db_sql who = { "SELECT id FROM contact WHERE email=?1" };
	static const struct db_sql add = { "INSERT INTO contact(customer_id,name,email,role,created_at) VALUES(?1,'Pedel probe',?2,'employee',?3) RETURNING id" };

	if (db_id(w, &find, DB_NONE, customer_id, e) != 0 && (e->id != E_NOT_FOUND || db_id(w, &make, DB(DB_INT(now)), customer_id, e) != 0))
		return -1;
	if (db_id(w, &who, DB(DB_TEXT(login)), contact_id, e) != 0 &&
	    (e->id != E_NOT_FOUND || db_id(w, &add, DB(DB_INT(*customer_id), DB_TEXT(login), DB_INT(now)), contact_id, e) != 0))
		return -1;
	return 0;
}

int store_probe_ticket(struct db_conn *c, int64_t customer_id, const char *subject, int64_t *number, struct err *e)
{
	static const struct db_sql q = { "SELECT number FROM ticket WHERE customer_id=?1 AND probe=1 AND subject=?2 ORDER BY id DESC LIMIT 1" };

	return db_id(c, &q, DB(DB_INT(customer_id), DB_TEXT(subject)), number, e);
}

#define OLD "(SELECT id FROM ticket WHERE probe=1 AND customer_id=(SELECT id FROM customer WHERE cvr='probe') AND created_at<?1 ORDER BY id LIMIT 500)"

int store_probe_tidy(struct db_conn *w, struct arena *a, int64_t before, int *n, const char ***sha256, int *nsha, struct err *e)
{
	static const struct db_sql mails = { "SELECT sha256 FROM mail_in WHERE ticket_id IN " OLD " AND state='done'" };
	static const struct db_sql drops[] = {
		{ "DELETE FROM mail_in WHERE ticket_id IN " OLD }, { "DELETE FROM mail_ref WHERE ticket_id IN " OLD }, { "DELETE FROM attachment WHERE ticket_id IN " OLD },
		{ "DELETE FROM message WHERE ticket_id IN " OLD }, { "DELETE FROM watcher WHERE ticket_id IN " OLD },
		{ "DELETE FROM ticket_search WHERE rowid IN " OLD, "DELETE FROM ticket_search WHERE ticket_id IN " OLD },
		{ "DELETE FROM signin_log WHERE who_kind='contact' AND at<?1 AND who_id IN(SELECT id FROM contact WHERE customer_id="
			"(SELECT id FROM customer WHERE cvr='probe'))" },
		{ "DELETE FROM session WHERE created_at<?1 AND customer_id=(SELECT id FROM customer WHERE cvr='probe')" },
	};
	static const struct db_sql last = { "DELETE FROM ticket WHERE id IN " OLD };
	struct db_cur *cur;
	const char **all = NULL;
	int count = 0, cap = 0, rc;

	if (db_query(w, &mails, DB(DB_INT(before)), &cur, e) != 0)
		return -1;
	while ((rc = db_next(cur, e)) == 1) {
		all = arena_grow(a, all, sizeof *all, count, &cap);
		all[count++] = db_text(cur, 0, a);
	}
	db_done(cur);
	if (rc < 0)
		return -1;
	for (size_t i = 0; i < sizeof drops / sizeof *drops; i++)
		if (db_run(w, &drops[i], DB(DB_INT(before)), NULL, e) != 0)
			return -1;
	if (db_run(w, &last, DB(DB_INT(before)), n, e) != 0)
		return -1;
	*sha256 = all;
	*nsha = count;
	return 0;
}
