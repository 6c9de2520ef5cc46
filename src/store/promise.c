#include "store/promise.h"
#include "base/hash.h"
#include "base/moment.h"
#include "store/counter.h"

#define HELD "p.id,p.customer_id,p.agreement_id,c.name,p.service,p.promise,p.party,p.state,p.since_at,p.until_at,p.measured_at,p.due_at,p.check_at," \
	"p.reasons,"
#define COLUMNS HELD "p.evidence,p.ticket_id,t.number,t.owner_id,o.name"
#define BARE HELD "NULL,p.ticket_id,t.number,t.owner_id,o.name"
#define FROM " FROM promise_state p JOIN customer c ON c.id=p.customer_id LEFT JOIN ticket t ON t.id=p.ticket_id LEFT JOIN person o ON o.id=t.owner_id "
#define WORST "CASE p.state WHEN 'broken' THEN 0 WHEN 'at_risk' THEN 1 WHEN 'waiting' THEN 2 WHEN 'blind' THEN 3 WHEN 'not_due' THEN 4 " \
	"WHEN 'attested' THEN 5 ELSE 6 END"

enum { STATES = 7 };
static const char *const states[STATES] = { "kept", "at_risk", "broken", "blind", "attested", "not_due", "waiting" };

static int rows_read(struct db_cur *cur, struct arena *a, struct promise_row **out, int *n, struct err *e)
{
	struct promise_row *all = NULL;
	int count = 0, cap = 0, rc;

	while ((rc = db_next(cur, e)) == 1) {
		all = arena_grow(a, all, sizeof *all, count, &cap);
		all[count++] = (struct promise_row){ .id = db_int(cur, 0), .customer_id = db_int(cur, 1), .agreement_id = db_int(cur, 2),
			.customer_name = db_text(cur, 3, a), .service = db_text(cur, 4, a), .promise = db_text(cur, 5, a), .party = db_text(cur, 6, a),
			.state = db_text(cur, 7, a), .since_at = db_int(cur, 8), .until_at = db_int(cur, 9), .measured_at = db_int(cur, 10),
			.due_at = db_int(cur, 11), .check_at = db_int(cur, 12), .reasons = db_text(cur, 13, a), .evidence = db_text(cur, 14, a),
			.ticket_id = db_int(cur, 15), .ticket_number = db_int(cur, 16), .owner_id = db_int(cur, 17), .owner_name = db_text(cur, 18, a) };
	}
	db_done(cur);
	if (rc < 0)
		return -1;
	*out = all;
	*n = count;
	return 0;
}

/* Does a comma list hold the word? */
static bool listed(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *s = list; *s; s += strcspn(s, ","), s += *s == ',')
		if (strncmp(s, word, n) == 0 && (s[n] == ',' || !s[n]))
			return true;
	return false;
}

int store_promise_list(struct db_conn *c, struct arena *a, const struct promise_filter *f, struct promise_row **out, int *n, struct err *e)
{
	/* One customer's are few and have an index of their own, which "any or this one" would not use; so have the states, of which
	 * most are seldom asked for. The evidence is long, and would be carried through the sorting. */
#define LIST(what, who, text) "SELECT " what FROM "WHERE p.until_at=9223372036854775807 AND " who " " \
	"AND p.state IN (?6,?7,?8,?9,?10,?11,?12) AND (?2" text "='' OR p.service=?2) AND (?3" text "='' OR p.promise=?3) " \
	"ORDER BY " WORST ", CASE WHEN p.due_at=0 THEN 9223372036854775807 ELSE p.due_at END, p.since_at, p.customer_id, p.id LIMIT ?4 OFFSET ?5"
#define BOTH(what) { { LIST(what, "?1=0", ""), LIST(what, "?1::bigint=0", "::text") }, \
	{ LIST(what, "p.customer_id=?1", ""), LIST(what, "p.customer_id=?1", "::text") } }
	static const struct db_sql q[2][2] = { BOTH(COLUMNS), BOTH(BARE) };
	/* one promise of one customer: there is one row, at its index */
	static const struct db_sql one = { "SELECT " BARE FROM "WHERE p.customer_id=?1 AND p.promise=?2 AND p.until_at=9223372036854775807 LIMIT 1" };
#undef BOTH
#undef LIST
	struct db_val v[5 + STATES] = { DB_INT(f->customer_id), DB_TEXT(f->service ? f->service : ""), DB_TEXT(f->promise ? f->promise : ""),
		DB_INT(f->limit ? f->limit : 100000), DB_INT(f->offset) };
	struct db_cur *cur;

	if (f->bare && f->customer_id && f->promise && *f->promise && !f->service && !f->states && f->limit == 1 && !f->offset) {
		if (db_query(c, &one, DB(DB_INT(f->customer_id), DB_TEXT(f->promise)), &cur, e) != 0)
			return -1;
		return rows_read(cur, a, out, n, e);
	}
	for (int i = 0; i < STATES; i++)                /* a state that is not asked for is no state */
		v[5 + i] = DB_TEXT(!f->states || !*f->states || listed(f->states, states[i]) ? states[i] : "");
	if (db_query(c, &q[f->bare][f->customer_id != 0], v, 5 + STATES, &cur, e) != 0)
		return -1;
	return rows_read(cur, a, out, n, e);
}

int store_promise_held(struct db_conn *c, struct arena *a, int64_t customer_id, bool evidence, struct promise_row **out, int *n, struct err *e)
{
	static const struct db_sql whole = { "SELECT " COLUMNS FROM "WHERE p.customer_id=?1 AND p.until_at=9223372036854775807" };
	static const struct db_sql bare = { "SELECT " BARE FROM "WHERE p.customer_id=?1 AND p.until_at=9223372036854775807" };
	struct db_cur *cur;

	if (db_query(c, evidence ? &whole : &bare, DB(DB_INT(customer_id)), &cur, e) != 0)
		return -1;
	return rows_read(cur, a, out, n, e);
}

int store_promise_ended(struct db_conn *c, int64_t customer_id, int64_t *ended_at, struct err *e)
{
	static const struct db_sql q = { "SELECT COALESCE(MAX(until_at),0) FROM promise_state WHERE customer_id=?1 AND until_at<9223372036854775807" };

	return db_id(c, &q, DB(DB_INT(customer_id)), ended_at, e);
}

int store_promise_waits(struct db_conn *c, int64_t customer_id, bool *waits, struct err *e)
{
	/* Not the ledger's own events, as in store_promise_stirred(). */
	static const struct db_sql q = { "SELECT COUNT(*) FROM (SELECT 1 FROM event WHERE customer_id=?1 AND object<>'promise' "
		"AND id>(SELECT COALESCE(MAX(value),0) FROM counter WHERE name='promises.event') LIMIT 1) x" };
	int64_t n;

	if (db_id(c, &q, DB(DB_INT(customer_id)), &n, e) != 0)
		return -1;
	*waits = n > 0;
	return 0;
}

int store_promise_count(struct db_conn *c, int64_t customer_id, const char *service, int64_t count[7], int64_t *customers, int64_t *measured_at,
	struct err *e)
{
	static const struct db_sql q = { "SELECT state, COUNT(*) FROM promise_state WHERE until_at=9223372036854775807 AND (?1=0 OR customer_id=?1) "
		"AND (?2='' OR service=?2) GROUP BY state",
		"SELECT state, COUNT(*) FROM promise_state WHERE until_at=9223372036854775807 AND (?1::bigint=0 OR customer_id=?1) "
		"AND (?2::text='' OR service=?2) GROUP BY state" };
	static const struct db_sql all = { "SELECT state, COUNT(*) FROM promise_state WHERE until_at=9223372036854775807 GROUP BY state" };
	static const struct db_sql who = { "SELECT COUNT(DISTINCT customer_id), COALESCE(MAX(measured_at),0) FROM promise_state "
		"WHERE until_at=9223372036854775807 AND customer_id=?1" };
	/* each half has an index that knows without reading rows */
	static const struct db_sql everybody = { "SELECT (SELECT COUNT(*) FROM customer c WHERE EXISTS(SELECT 1 FROM promise_state p "
		"WHERE p.customer_id=c.id AND p.until_at=9223372036854775807)), "
		"COALESCE((SELECT MAX(measured_at) FROM promise_state WHERE until_at=9223372036854775807),0)" };
	struct arena *t = arena_begin(64 << 10);
	struct db_cur *cur;
	int rc = -1;

	memset(count, 0, 7 * sizeof *count);
	/* Without a choice the index alone answers. */
	if (customer_id || (service && *service) ? db_query(c, &q, DB(DB_INT(customer_id), DB_TEXT(service ? service : "")), &cur, e) != 0 :
			db_query(c, &all, DB_NONE, &cur, e) != 0)
		goto out;
	while ((rc = db_next(cur, e)) == 1) {
		const char *state = db_text(cur, 0, t);

		for (int i = 0; i < 7; i++)
			if (strcmp(state, states[i]) == 0)
				count[i] = db_int(cur, 1);
	}
	db_done(cur);
	if (rc < 0 || (customer_id ? db_query(c, &who, DB(DB_INT(customer_id)), &cur, e) : db_query(c, &everybody, DB_NONE, &cur, e)) != 0) {
		rc = -1;
		goto out;
	}
	if ((rc = db_next(cur, e)) == 1) {
		*customers = db_int(cur, 0);
		*measured_at = db_int(cur, 1);
		rc = 0;
	}
	db_done(cur);
out:
	arena_end(t);
	return rc;
}

int store_promise_broken(struct db_conn *c, int64_t *n, struct err *e)
{
	static const struct db_sql q = { "SELECT COUNT(*) FROM promise_state WHERE until_at=9223372036854775807 AND state='broken'" };

	return db_id(c, &q, DB_NONE, n, e);
}

int store_promise_unread(struct db_conn *c, struct arena *a, struct promise_unread **out, int *n, struct err *e)
{
	static const struct db_sql q = { "SELECT p.customer_id,p.agreement_id,c.name,g.number,MIN(p.reasons) FROM promise_state p JOIN customer c ON c.id=p.customer_id "
		"JOIN agreement g ON g.id=p.agreement_id WHERE p.until_at=9223372036854775807 AND p.state='blind' AND p.evidence LIKE '%\"" PROMISE_UNREAD "%' "
		"GROUP BY p.customer_id,p.agreement_id,c.name,g.number ORDER BY c.name,g.number LIMIT 20", NULL };
	struct promise_unread *all = ARENA_ARRAY(a, struct promise_unread, 20);
	struct db_cur *cur;
	int count = 0, rc;

	if (db_query(c, &q, DB_NONE, &cur, e) != 0)
		return -1;
	while ((rc = db_next(cur, e)) == 1)
		all[count++] = (struct promise_unread){ db_int(cur, 0), db_int(cur, 1), db_text(cur, 2, a), db_text(cur, 3, a), db_text(cur, 4, a) };
	db_done(cur);
	if (rc < 0)
		return -1;
	*out = all;
	*n = count;
	return 0;
}

int store_promise_history(struct db_conn *c, struct arena *a, int64_t customer_id, const char *promise, int64_t from_at, int limit,
	struct promise_row **out, int *n, struct err *e)
{
	static const struct db_sql q = { "SELECT " COLUMNS FROM "WHERE p.customer_id=?1 AND (?2='' OR p.promise=?2) AND p.until_at>?3 "
		"ORDER BY p.since_at DESC, p.id DESC LIMIT ?4",
		"SELECT " COLUMNS FROM "WHERE p.customer_id=?1 AND (?2::text='' OR p.promise=?2) AND p.until_at>?3 "
		"ORDER BY p.since_at DESC, p.id DESC LIMIT ?4" };
	struct db_cur *cur;

	if (db_query(c, &q, DB(DB_INT(customer_id), DB_TEXT(promise ? promise : ""), DB_INT(from_at), DB_INT(limit)), &cur, e) != 0)
		return -1;
	return rows_read(cur, a, out, n, e);
}

int store_promise_hash(struct db_conn *c, struct arena *a, int64_t id, const char **out, struct err *e)
{
	static const struct db_sql q = { "SELECT hash FROM event WHERE object='promise' AND object_id=?1 ORDER BY id LIMIT 1" };
	struct db_cur *cur;
	int rc;

	*out = "";
	if (db_query(c, &q, DB(DB_INT(id)), &cur, e) != 0)
		return -1;
	if ((rc = db_next(cur, e)) == 1) {
		struct db_bytes h = db_bytes(cur, 0, a);
		const char *hex = h.n >= 4 ? hash_hex(a, h.p, 4) : "";

		*out = h.n >= 4 ? arena_printf(a, "%.4s %s", hex, hex + 4) : "";
	}
	db_done(cur);
	return rc < 0 ? -1 : 0;
}

int store_promise_turn(struct db_conn *w, int64_t expect, struct promise_row *r, bool *done, struct err *e)
{
	static const struct db_sql held = { "SELECT COALESCE(MAX(id),0) FROM promise_state WHERE customer_id=?1 AND promise=?2 AND until_at=9223372036854775807" };
	static const struct db_sql end = { "UPDATE promise_state SET until_at=?3 WHERE customer_id=?1 AND id=?2" };
	static const struct db_sql begin = { "INSERT INTO promise_state(customer_id,agreement_id,service,promise,party,state,since_at,measured_at,due_at,"
		"check_at,reasons,evidence,ticket_id) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13) RETURNING id" };
	int64_t now = 0;

	if (db_id(w, &held, DB(DB_INT(r->customer_id), DB_TEXT(r->promise)), &now, e) != 0)
		return -1;
	*done = now == expect;
	if (!*done)
		return 0;
	if (expect && db_run(w, &end, DB(DB_INT(r->customer_id), DB_INT(expect), DB_INT(r->since_at)), NULL, e) != 0)
		return -1;
	if (!r->state)
		return 0;
	return db_id(w, &begin, DB(DB_INT(r->customer_id), DB_INT(r->agreement_id), DB_TEXT(r->service), DB_TEXT(r->promise), DB_TEXT(r->party),
		DB_TEXT(r->state), DB_INT(r->since_at), DB_INT(r->measured_at), DB_INT(r->due_at), DB_INT(r->check_at), DB_TEXT(r->reasons),
		DB_TEXT(r->evidence), DB_ID(r->ticket_id)), &r->id, e);
}

int store_promise_touch(struct db_conn *w, const struct promise_row *r, struct err *e)
{
	static const struct db_sql q = { "UPDATE promise_state SET measured_at=?3,due_at=?4,check_at=?5,reasons=?6,evidence=?7,agreement_id=?8 "
		"WHERE customer_id=?1 AND id=?2 AND until_at=9223372036854775807" };

	return db_run(w, &q, DB(DB_INT(r->customer_id), DB_INT(r->id), DB_INT(r->measured_at), DB_INT(r->due_at), DB_INT(r->check_at),
		DB_TEXT(r->reasons), DB_TEXT(r->evidence), DB_INT(r->agreement_id)), NULL, e);
}

int store_promise_ticket(struct db_conn *w, int64_t id, int64_t ticket_id, struct err *e)
{
	static const struct db_sql q = { "UPDATE promise_state SET ticket_id=?2 WHERE id=?1" };

	return db_run(w, &q, DB(DB_INT(id), DB_ID(ticket_id)), NULL, e);
}

int store_promise_owner(struct db_conn *c, int64_t customer_id, int64_t *person_id, struct err *e)
{
	static const struct db_sql q = { "SELECT o.id FROM person o LEFT JOIN setting s ON s.key='promises.owner' AND s.value=CAST(o.id AS TEXT) "
		"LEFT JOIN (SELECT owner_id FROM ticket WHERE customer_id=?1 AND owner_id IS NOT NULL AND probe=0 ORDER BY id DESC LIMIT 1) t ON t.owner_id=o.id "
		"WHERE o.active=1 AND o.role IN('technician','admin') "
		"ORDER BY CASE WHEN s.key IS NOT NULL THEN 0 WHEN t.owner_id IS NOT NULL THEN 1 WHEN o.role='technician' THEN 2 ELSE 3 END, o.id LIMIT 1" };
	struct err none;

	*person_id = 0;
	if (db_id(c, &q, DB(DB_INT(customer_id)), person_id, &none) == 0 || none.id == E_NOT_FOUND)
		return 0;
	*e = none;
	return -1;
}

int store_promise_items(struct db_conn *c, struct arena *a, int64_t customer_id, int64_t at, int32_t day, struct promise_item **out, int *n,
	struct err *e)
{
	static const struct db_sql q = { "SELECT g.id,g.number,i.service,i.catalogue_version,i.terms,g.valid_from_day,COALESCE(g.valid_to_day,2147483647),g.accepted_at,"
		"g.ended_at,COALESCE((SELECT MIN(s.accepted_at) FROM agreement s WHERE s.customer_id=g.customer_id AND s.supersedes=g.id AND s.accepted_at>0),0) "
		"FROM agreement g JOIN agreement_item i ON i.agreement_id=g.id AND i.customer_id=g.customer_id "
		"WHERE g.customer_id=?1 AND g.accepted_at>0 AND g.accepted_at<=?2 AND g.valid_from_day<=?3 ORDER BY i.service, g.accepted_at DESC, g.id DESC" };
	struct promise_item *all = NULL;
	int count = 0, cap = 0, rc;
	struct db_cur *cur;

	if (db_query(c, &q, DB(DB_INT(customer_id), DB_INT(at), DB_INT(day)), &cur, e) != 0)
		return -1;
	while ((rc = db_next(cur, e)) == 1) {
		int64_t ended = db_int(cur, 8), superseded = db_int(cur, 9);

		all = arena_grow(a, all, sizeof *all, count, &cap);
		all[count++] = (struct promise_item){ .agreement_id = db_int(cur, 0), .number = db_text(cur, 1, a), .service = db_text(cur, 2, a),
			.catalogue_version = (int)db_int(cur, 3), .terms = db_text(cur, 4, a), .valid_from_day = (int32_t)db_int(cur, 5),
			.valid_to_day = (int32_t)db_int(cur, 6), .accepted_at = db_int(cur, 7), .changed_at = ended && superseded ?
			(ended < superseded ? ended : superseded) : ended + superseded };
	}
	db_done(cur);
	if (rc < 0)
		return -1;
	*out = all;
	*n = count;
	return 0;
}

int store_promise_text(struct db_conn *c, struct arena *a, const char *service, int version, const char **text, struct err *e)
{
	static const struct db_sql q = { "SELECT text FROM catalogue WHERE service=?1 AND version=?2" };
	struct db_cur *cur;
	int rc;

	if (db_query(c, &q, DB(DB_TEXT(service), DB_INT(version)), &cur, e) != 0)
		return -1;
	if ((rc = db_next(cur, e)) == 1)
		*text = db_text(cur, 0, a);
	db_done(cur);
	return rc == 1 ? 0 : rc < 0 ? -1 : FAIL(e, E_NOT_FOUND, "catalogue text %s %d", service, version);
}

int store_promise_mark(struct db_conn *c, int64_t *swept_at, int64_t *event_id, struct err *e)
{
	static const struct db_sql q = { "SELECT name,value FROM counter WHERE name IN('promises.swept_at','promises.event')" };
	static const char *const names[] = { "promises.swept_at", "promises.event" };
	int64_t got[2];

	if (counter_read(c, &q, names, got, 2, e) != 0)
		return -1;
	*swept_at = got[0];
	*event_id = got[1];
	return 0;
}

int store_promise_mark_set(struct db_conn *w, int64_t swept_at, int64_t event_id, struct err *e)
{
	static const struct db_sql q = { "INSERT INTO counter(name,value) VALUES('promises.swept_at',?1),('promises.event',?2) "
		"ON CONFLICT(name) DO UPDATE SET value=excluded.value" };

	return db_run(w, &q, DB(DB_INT(swept_at), DB_INT(event_id)), NULL, e);
}

static int stirs_read(struct db_cur *cur, struct arena *a, struct promise_stir **all, int *count, int *cap, struct err *e)
{
	int rc;

	while ((rc = db_next(cur, e)) == 1) {
		*all = arena_grow(a, *all, sizeof **all, *count, cap);
		(*all)[(*count)++] = (struct promise_stir){ db_int(cur, 0), db_int(cur, 1) };
	}
	db_done(cur);
	return rc;
}

int store_promise_stirred(struct db_conn *c, struct arena *a, int64_t *event_id, int64_t after, int64_t at, int limit, struct promise_stir **out,
	int *n, struct err *e)
{
	/* Not the ledger's own events: a change of state is a result, not a cause. */
	static const struct db_sql events = { "SELECT customer_id,at,id,object FROM event WHERE id>?1 ORDER BY id LIMIT ?2" };
	static const struct db_sql due = { "SELECT customer_id,check_at FROM promise_state WHERE until_at=9223372036854775807 AND check_at<=?1" };
	static const struct db_sql days = { "SELECT customer_id,valid_from_day FROM agreement WHERE accepted_at>0 AND valid_from_day>?1 AND valid_from_day<=?2 "
		"UNION SELECT customer_id,valid_to_day+1 FROM agreement WHERE accepted_at>0 AND valid_to_day>=?1 AND valid_to_day<?2" };
	struct promise_stir *all = NULL;
	int count = 0, cap = 0, rc, before;
	struct db_cur *cur;

	if (db_query(c, &events, DB(DB_INT(*event_id), DB_INT(limit)), &cur, e) != 0)
		return -1;
	while ((rc = db_next(cur, e)) == 1 && db_int(cur, 1) <= at) {
		const char *object = db_text(cur, 3, a);

		*event_id = db_int(cur, 2);
		if (db_null(cur, 0) || strcmp(object, "promise") == 0)
			continue;
		all = arena_grow(a, all, sizeof *all, count, &cap);
		all[count++] = (struct promise_stir){ db_int(cur, 0), db_int(cur, 1) };
	}
	db_done(cur);
	if (rc < 0 || db_query(c, &due, DB(DB_INT(at)), &cur, e) != 0 || stirs_read(cur, a, &all, &count, &cap, e) < 0)
		return -1;
	before = count;
	if (db_query(c, &days, DB(DB_INT(day_of(after)), DB_INT(day_of(at))), &cur, e) != 0 || stirs_read(cur, a, &all, &count, &cap, e) < 0)
		return -1;
	for (int i = before; i < count; i++)
		all[i].at = day_start((int32_t)all[i].at);
	*out = all;
	*n = count;
	return 0;
}

int store_promise_holders(struct db_conn *c, struct arena *a, const char *promise, struct promise_row **out, int *n, struct err *e)
{
	static const struct db_sql q = { "SELECT " COLUMNS FROM "WHERE p.until_at=9223372036854775807 AND p.promise=?1 ORDER BY p.customer_id" };
	struct db_cur *cur;

	if (db_query(c, &q, DB(DB_TEXT(promise)), &cur, e) != 0)
		return -1;
	return rows_read(cur, a, out, n, e);
}

int store_attestation_add(struct db_conn *w, struct attestation *t, struct err *e)
{
	static const struct db_sql q = { "INSERT INTO attestation(customer_id,promise,person_id,person_name,at,expires_at,note) VALUES(?1,?2,?3,?4,?5,?6,?7) RETURNING id" };

	return db_id(w, &q, DB(DB_INT(t->customer_id), DB_TEXT(t->promise), DB_INT(t->person_id), DB_TEXT(t->person_name), DB_INT(t->at),
		DB_INT(t->expires_at), DB_TEXT(t->note)), &t->id, e);
}

int store_attestation_withdraw(struct db_conn *w, int64_t customer_id, int64_t id, int64_t now, struct err *e)
{
	static const struct db_sql q = { "UPDATE attestation SET withdrawn_at=?3 WHERE customer_id=?1 AND id=?2 AND withdrawn_at=0" };
	int changed = 0;

	if (db_run(w, &q, DB(DB_INT(customer_id), DB_INT(id), DB_INT(now)), &changed, e) != 0)
		return -1;
	return changed ? 0 : FAIL(e, E_NOT_FOUND, "attestation %lld", (long long)id);
}

int store_attestation_list(struct db_conn *c, struct arena *a, int64_t customer_id, const char *promise, int64_t at, struct attestation **out, int *n,
	struct err *e)
{
	static const struct db_sql q = { "SELECT id,person_id,person_name,at,expires_at,note,withdrawn_at,promise FROM attestation "
		"WHERE customer_id=?1 AND (?2='' OR promise=?2) AND at<=?3 ORDER BY at DESC, id DESC LIMIT 1000",
		"SELECT id,person_id,person_name,at,expires_at,note,withdrawn_at,promise FROM attestation "
		"WHERE customer_id=?1 AND (?2::text='' OR promise=?2) AND at<=?3 ORDER BY at DESC, id DESC LIMIT 1000" };
	struct attestation *all = NULL;
	int count = 0, cap = 0, rc;
	struct db_cur *cur;

	if (db_query(c, &q, DB(DB_INT(customer_id), DB_TEXT(promise ? promise : ""), DB_INT(at)), &cur, e) != 0)
		return -1;
	while ((rc = db_next(cur, e)) == 1) {
		all = arena_grow(a, all, sizeof *all, count, &cap);
		all[count++] = (struct attestation){ .id = db_int(cur, 0), .customer_id = customer_id, .promise = db_text(cur, 7, a),
			.person_id = db_int(cur, 1), .person_name = db_text(cur, 2, a), .at = db_int(cur, 3), .expires_at = db_int(cur, 4),
			.note = db_text(cur, 5, a), .withdrawn_at = db_int(cur, 6) };
	}
	db_done(cur);
	if (rc < 0)
		return -1;
	*out = all;
	*n = count;
	return 0;
}
