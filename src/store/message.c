#include "store/message.h"
#include <string.h>

#define COLS "id,customer_id,ticket_id,at,author_kind,author_id,author_name,visibility,channel,body,body_html,quoted_from,message_id," \
	"auto_class,auth,raw_sha256"
#define FILE_COLS "id,customer_id,ticket_id,message_id,name,mime,bytes,sha256,content_id"
/* a ticket's own and those of the tickets merged into it; with an OR, PostgreSQL would read every row */
#define OF_TICKET "ticket_id IN (SELECT ?1 UNION ALL SELECT id FROM ticket WHERE merged_into=?1)"

static const struct db_sql add = { "INSERT INTO message(customer_id,ticket_id,at,author_kind,author_id,author_name,visibility,channel,body,"
	"body_html,quoted_from,message_id,auto_class,auth,raw_sha256) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15) RETURNING id", NULL };
static const struct db_sql get = { "SELECT " COLS " FROM message WHERE ticket_id=?1 AND id=?2", NULL };
static const struct db_sql list_all = { "SELECT " COLS " FROM message WHERE " OF_TICKET " ORDER BY at,id LIMIT 2000", NULL };
static const struct db_sql list_public = { "SELECT " COLS " FROM message WHERE visibility='public' AND " OF_TICKET " ORDER BY at,id LIMIT 2000",
	NULL };
static const struct db_sql files_of = { "SELECT " FILE_COLS " FROM attachment WHERE " OF_TICKET " ORDER BY message_id,id LIMIT 5000", NULL };
static const struct db_sql move = { "UPDATE message SET ticket_id=?3 WHERE id=?1 AND ticket_id=?2", NULL };
static const struct db_sql move_files = { "UPDATE attachment SET ticket_id=?3 WHERE message_id=?1 AND ticket_id=?2", NULL };
static const struct db_sql move_refs = { "UPDATE mail_ref SET ticket_id=?3 WHERE message_row=?1 AND ticket_id=?2", NULL };
/* Of one moment: theirs came before ours. */
static const struct db_sql ids = { "SELECT message_id,ours FROM ("
	"SELECT message_id,at,0 AS ours,id FROM message WHERE message_id<>'' AND visibility='public' AND auto_class='' AND " OF_TICKET
	" UNION ALL SELECT message_id,created_at,1,id FROM outbox WHERE recipient=?2 AND state<>'failed' AND " OF_TICKET
	") AS said ORDER BY at DESC,ours DESC,id DESC LIMIT 20", NULL };
static const struct db_sql file_add = { "INSERT INTO attachment(customer_id,ticket_id,message_id,name,mime,bytes,sha256,content_id) "
	"VALUES(?1,?2,?3,?4,?5,?6,?7,?8) RETURNING id", NULL };
static const struct db_sql file_get = { "SELECT " FILE_COLS " FROM attachment WHERE id=?1", NULL };
static const struct db_sql file_get_of = { "SELECT a.id,a.customer_id,a.ticket_id,a.message_id,a.name,a.mime,a.bytes,a.sha256,a.content_id "
	"FROM attachment a JOIN message m ON m.id=a.message_id WHERE a.id=?1 AND a.customer_id=?2 AND m.visibility='public'", NULL };

static const char *or_empty(const char *s) { return s ? s : ""; }

int store_message_add(struct db_conn *w, struct message *m, struct err *e)
{
	return db_id(w, &add, DB(DB_ID(m->customer_id), DB_INT(m->ticket_id), DB_INT(m->at), DB_TEXT(m->author_kind), DB_ID(m->author_id),
		DB_TEXT(or_empty(m->author_name)), DB_TEXT(m->visibility), DB_TEXT(m->channel), DB_TEXT(m->body), DB_TEXT(or_empty(m->body_html)),
		DB_INT(m->quoted_from), DB_TEXT(or_empty(m->message_id)), DB_TEXT(or_empty(m->auto_class)), DB_TEXT(or_empty(m->auth)),
		DB_TEXT(or_empty(m->raw_sha256))), &m->id, e);
}

static void read_message(struct db_cur *c, struct arena *a, struct message *m)
{
	*m = (struct message){ .id = db_int(c, 0), .customer_id = db_int(c, 1), .ticket_id = db_int(c, 2), .at = db_int(c, 3),
		.author_kind = db_text(c, 4, a), .author_id = db_int(c, 5), .author_name = db_text(c, 6, a), .visibility = db_text(c, 7, a),
		.channel = db_text(c, 8, a), .body = db_text(c, 9, a), .body_html = db_text(c, 10, a), .quoted_from = db_int(c, 11),
		.message_id = db_text(c, 12, a), .auto_class = db_text(c, 13, a), .auth = db_text(c, 14, a), .raw_sha256 = db_text(c, 15, a) };
}

static void read_file(struct db_cur *c, struct arena *a, struct attachment *f)
{
	*f = (struct attachment){ db_int(c, 0), db_int(c, 1), db_int(c, 2), db_int(c, 3), db_text(c, 4, a), db_text(c, 5, a), db_int(c, 6),
		db_text(c, 7, a), db_text(c, 8, a) };
}

/* Files come ordered by message, so that each message gets a stretch of one array. */
static int hang_files(struct db_conn *c, struct arena *a, int64_t ticket_id, struct message *m, int n, struct err *e)
{
	struct attachment f, *all;
	struct db_cur *cur;
	int rc, cap = 16, nf = 0;

	if (db_query(c, &files_of, DB(DB_INT(ticket_id)), &cur, e) != 0)
		return -1;
	all = ARENA_ARRAY(a, struct attachment, cap);
	while ((rc = db_next(cur, e)) > 0) {
		read_file(cur, a, &f);
		if (nf == cap) {
			struct attachment *more = ARENA_ARRAY(a, struct attachment, cap * 2);

			memcpy(more, all, sizeof *all * (size_t)nf);
			all = more;
			cap *= 2;
		}
		all[nf++] = f;
	}
	db_done(cur);
	for (int i = 0; rc == 0 && i < n; i++)
		for (int k = 0; k < nf; k++)
			if (all[k].message_id == m[i].id) {
				m[i].files = m[i].files ? m[i].files : &all[k];
				m[i].nfiles++;
			}
	return rc;
}

int store_message_list(struct db_conn *c, struct arena *a, int64_t ticket_id, bool everything, struct message **out, int *n, struct err *e)
{
	struct message *m;
	struct db_cur *cur;
	int rc, cap = 32, k = 0;

	if (db_query(c, everything ? &list_all : &list_public, DB(DB_INT(ticket_id)), &cur, e) != 0)
		return -1;
	m = ARENA_ARRAY(a, struct message, cap);
	while ((rc = db_next(cur, e)) > 0) {
		if (k == cap) {
			struct message *more = ARENA_ARRAY(a, struct message, cap * 2);

			memcpy(more, m, sizeof *m * (size_t)k);
			m = more;
			cap *= 2;
		}
		read_message(cur, a, &m[k++]);
	}
	db_done(cur);
	if (rc < 0 || (k > 0 && hang_files(c, a, ticket_id, m, k, e) != 0))
		return -1;
	*out = m;
	*n = k;
	return 0;
}

int store_message_get(struct db_conn *c, struct arena *a, int64_t ticket_id, int64_t id, struct message *out, struct err *e)
{
	struct db_cur *cur;
	int rc;

	if (db_query(c, &get, DB(DB_INT(ticket_id), DB_INT(id)), &cur, e) != 0)
		return -1;
	rc = db_next(cur, e);
	if (rc > 0)
		read_message(cur, a, out);
	db_done(cur);
	return rc > 0 ? 0 : rc < 0 ? -1 : FAIL(e, E_NOT_FOUND, "message %lld", (long long)id);
}

int store_message_move(struct db_conn *w, int64_t id, int64_t from_ticket, int64_t to_ticket, struct err *e)
{
	int changed;

	if (db_run(w, &move, DB(DB_INT(id), DB_INT(from_ticket), DB_INT(to_ticket)), &changed, e) != 0)
		return -1;
	if (!changed)
		return FAIL(e, E_NOT_FOUND, "message %lld", (long long)id);
	if (db_run(w, &move_files, DB(DB_INT(id), DB_INT(from_ticket), DB_INT(to_ticket)), NULL, e) != 0)
		return -1;
	return db_run(w, &move_refs, DB(DB_INT(id), DB_INT(from_ticket), DB_INT(to_ticket)), NULL, e);
}

int store_message_ids(struct db_conn *c, struct arena *a, int64_t ticket_id, const char *reader, struct message_id **out, int *n, struct err *e)
{
	struct message_id *v = ARENA_ARRAY(a, struct message_id, 20);
	struct db_cur *cur;
	int rc, m = 0;

	if (db_query(c, &ids, DB(DB_INT(ticket_id), DB_TEXT(reader)), &cur, e) != 0)
		return -1;
	while ((rc = db_next(cur, e)) > 0 && m < 20)
		v[m++] = (struct message_id){ db_text(cur, 0, a), db_int(cur, 1) != 0 };
	db_done(cur);
	if (rc < 0)
		return -1;
	*out = v;
	*n = m;
	return 0;
}

int store_attachment_add(struct db_conn *w, struct attachment *f, struct err *e)
{
	return db_id(w, &file_add, DB(DB_ID(f->customer_id), DB_INT(f->ticket_id), DB_INT(f->message_id), DB_TEXT(f->name), DB_TEXT(f->mime),
		DB_INT(f->bytes), DB_TEXT(f->sha256), DB_TEXT(or_empty(f->content_id))), &f->id, e);
}

int store_attachment_get(struct db_conn *c, struct arena *a, int64_t customer_id, int64_t id, bool public_only, struct attachment *out,
	struct err *e)
{
	struct db_cur *cur;
	bool scoped = customer_id || public_only;
	int rc;

	if (db_query(c, scoped ? &file_get_of : &file_get, (const struct db_val[]){ DB_INT(id), DB_INT(customer_id) }, scoped ? 2 : 1, &cur, e) != 0)
		return -1;
	rc = db_next(cur, e);
	if (rc > 0)
		read_file(cur, a, out);
	db_done(cur);
	return rc > 0 ? 0 : rc < 0 ? -1 : FAIL(e, E_NOT_FOUND, "attachment %lld", (long long)id);
}
