#include "store/mail_in.h"

#define COLS "id,received_at,sha256,sender,recipients,state,ticket_id,message_id,note,content_sha256,tries"
static const struct db_sql add = { "INSERT INTO mail_in(received_at,sha256,sender,recipients,state) VALUES(?1,?2,?3,?4,'waiting') RETURNING id", NULL };
static const struct db_sql here = { "SELECT id FROM mail_in WHERE sha256=?1 AND sender=?2 AND recipients=?3 AND state='waiting' ORDER BY id LIMIT 1", NULL };
static const struct db_sql waiting = { "SELECT " COLS " FROM mail_in WHERE state='waiting' ORDER BY tries,id LIMIT ?1", NULL };
static const struct db_sql state_of = { "SELECT 1 FROM mail_in WHERE id=?1 AND state='waiting'", NULL };
static const struct db_sql set = { "UPDATE mail_in SET state=?2,ticket_id=?3,message_id=?4,note=?5,content_sha256=?6 WHERE id=?1", NULL };
static const struct db_sql drop = { "DELETE FROM mail_in WHERE id=?1", NULL };
static const struct db_sql tried = { "UPDATE mail_in SET tries=tries+1,note=?2 WHERE id=?1", NULL };
static const struct db_sql same = { "SELECT id FROM mail_in WHERE content_sha256=?1 AND id<>?2 AND sender=?3 AND received_at>=?4 AND state='done' ORDER BY id LIMIT 1", NULL };
static const struct db_sql counts = { "SELECT COUNT(*),COALESCE(MIN(received_at),0) FROM mail_in WHERE state='waiting'", NULL };
static const struct db_sql ref_add = { "INSERT INTO mail_ref(message_id,customer_id,ticket_id,message_row) VALUES(?1,?2,?3,?4)", NULL };
static const struct db_sql ref_find = { "SELECT t.customer_id,t.id FROM ticket t WHERE t.id IN (SELECT ticket_id FROM mail_ref WHERE message_id=?1) "
	"ORDER BY t.id DESC LIMIT 10", NULL };

int store_mail_in_add(struct db_conn *w, struct mail_in *m, bool *again, struct err *e)
{
	struct err why = { 0 };

	*again = db_id(w, &here, DB(DB_TEXT(m->sha256), DB_TEXT(m->sender), DB_TEXT(m->recipients)), &m->id, &why) == 0;
	if (*again)
		return 0;
	if (why.id != E_NOT_FOUND) {
		*e = why;
		return -1;
	}
	return db_id(w, &add, DB(DB_INT(m->received_at), DB_TEXT(m->sha256), DB_TEXT(m->sender), DB_TEXT(m->recipients)), &m->id, e);
}

int store_mail_in_waiting(struct db_conn *c, struct arena *a, int limit, struct mail_in **out, int *n, struct err *e)
{
	struct mail_in *all = ARENA_ARRAY(a, struct mail_in, limit + 1);
	struct db_cur *cur;
	int rc, got = 0;

	if (db_query(c, &waiting, DB(DB_INT(limit)), &cur, e) != 0)
		return -1;
	while ((rc = db_next(cur, e)) > 0 && got < limit)
		all[got++] = (struct mail_in){ db_int(cur, 0), db_int(cur, 1), db_text(cur, 2, a), db_text(cur, 3, a), db_text(cur, 4, a), db_text(cur, 5, a),
			db_int(cur, 6), db_int(cur, 7), db_text(cur, 8, a), db_text(cur, 9, a), (int)db_int(cur, 10) };
	db_done(cur);
	*out = all;
	*n = got;
	return rc < 0 ? -1 : 0;
}

int store_mail_in_waits(struct db_conn *c, int64_t id, bool *waits, struct err *e)
{
	struct err why = { 0 };
	int64_t one;

	*waits = db_id(c, &state_of, DB(DB_INT(id)), &one, &why) == 0;
	if (!*waits && why.id != E_NOT_FOUND) {
		*e = why;
		return -1;
	}
	return 0;
}

int store_mail_in_set(struct db_conn *w, const struct mail_in *m, struct err *e)
{
	return db_run(w, &set, DB(DB_INT(m->id), DB_TEXT(m->state), DB_ID(m->ticket_id), DB_ID(m->message_id), DB_TEXT(m->note ? m->note : ""),
		DB_TEXT(m->content_sha256 ? m->content_sha256 : "")), NULL, e);
}

int store_mail_in_drop(struct db_conn *w, int64_t id, struct err *e) { return db_run(w, &drop, DB(DB_INT(id)), NULL, e); }

int store_mail_in_tried(struct db_conn *w, int64_t id, const char *note, struct err *e)
{
	return db_run(w, &tried, DB(DB_INT(id), DB_TEXT(note)), NULL, e);
}

int store_mail_in_same(struct db_conn *c, int64_t id, const char *content_sha256, const char *sender, int64_t since, bool *found, struct err *e)
{
	struct err why = { 0 };
	int64_t other;

	*found = db_id(c, &same, DB(DB_TEXT(content_sha256), DB_INT(id), DB_TEXT(sender), DB_INT(since)), &other, &why) == 0;
	if (!*found && why.id != E_NOT_FOUND) {
		*e = why;
		return -1;
	}
	return 0;
}

int store_mail_in_counts(struct db_conn *c, int64_t *n, int64_t *oldest_at, struct err *e)
{
	struct db_cur *cur;
	int rc;

	if (db_query(c, &counts, DB_NONE, &cur, e) != 0)
		return -1;
	rc = db_next(cur, e);
	*n = rc > 0 ? db_int(cur, 0) : 0;
	*oldest_at = rc > 0 ? db_int(cur, 1) : 0;
	db_done(cur);
	return rc < 0 ? -1 : 0;
}

int store_mail_ref_add(struct db_conn *w, const char *message_id, int64_t customer_id, int64_t ticket_id, int64_t message_row, struct err *e)
{
	return db_run(w, &ref_add, DB(DB_TEXT(message_id), DB_ID(customer_id), DB_INT(ticket_id), DB_INT(message_row)), NULL, e);
}

int store_mail_ref_find(struct db_conn *c, struct arena *a, const char *message_id, struct mail_ref **out, int *n, struct err *e)
{
	struct mail_ref *all = ARENA_ARRAY(a, struct mail_ref, 10);
	struct db_cur *cur;
	int rc, got = 0;

	if (db_query(c, &ref_find, DB(DB_TEXT(message_id)), &cur, e) != 0)
		return -1;
	while ((rc = db_next(cur, e)) > 0 && got < 10)
		all[got++] = (struct mail_ref){ db_int(cur, 0), db_int(cur, 1) };
	db_done(cur);
	*out = all;
	*n = got;
	return rc < 0 ? -1 : 0;
}
