#include "store/outbox.h"
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "base/hash.h"
#include "base/moment.h"
#include "base/text.h"
#include "os/random.h"
#include "store/counter.h"
#include "store/mail_in.h"
#include "store/setting.h"

enum { AUTO_PER_TICKET_HOUR = 3, AUTOREPLY_PER_DAY_STRANGER = 1, AUTOREPLY_PER_DAY_CONTACT = 30 };

static const struct db_sql add = { "INSERT INTO outbox(created_at,kind,customer_id,ticket_id,message_row,sender,recipient,message_id,subject,body,body_html,"
	"headers,auto,next_at) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14) RETURNING id", NULL };
static const struct db_sql due = { "SELECT id,created_at,kind,customer_id,ticket_id,message_row,sender,recipient,message_id,subject,body,body_html,headers,"
	"auto,tries,next_at,error FROM outbox WHERE state='waiting' AND (next_at<=?1 OR created_at-60000000>?1) ORDER BY next_at,id LIMIT ?2", NULL };
static const struct db_sql sent = { "UPDATE outbox SET state='sent',sent_at=?2,error='' WHERE id=?1 AND state='waiting'", NULL };
static const struct db_sql failed = { "UPDATE outbox SET tries=tries+1,next_at=?2,error=?3,state=?4 WHERE id=?1 AND state='waiting'", NULL };
#define NOT_DUE "FROM outbox WHERE ticket_id=?1 AND kind=?2 AND state='waiting' AND tries=0 AND next_at>?3"
static const struct db_sql withdraw_ids = { "DELETE FROM mail_ref WHERE ticket_id=?1 AND message_id IN (SELECT message_id " NOT_DUE ")", NULL };
static const struct db_sql withdraw = { "DELETE " NOT_DUE, NULL };
static const struct db_sql next = { "SELECT MIN(next_at) FROM outbox WHERE state='waiting' HAVING COUNT(*)>0", NULL };
static const struct db_sql stuck = { "SELECT COUNT(*),COALESCE(MIN(created_at),0),COALESCE(MAX(error),'') FROM outbox WHERE state='waiting' AND tries>0", NULL };
static const struct db_sql number_of = { "SELECT number FROM ticket WHERE id=?1", NULL };
static const struct db_sql files_of = { "SELECT name,mime,bytes,sha256 FROM attachment WHERE ticket_id=?1 AND message_id=?2 ORDER BY id LIMIT 50", NULL };
static const struct db_sql by_message_id = { "SELECT id,ticket_id,customer_id,recipient FROM outbox WHERE message_id=?1", NULL };
static const struct db_sql auto_to_ticket = { "SELECT COUNT(*) FROM outbox WHERE recipient=?1 AND created_at>?2 AND ticket_id=?3 AND auto=1", NULL };
static const struct db_sql autoreplies = { "SELECT COUNT(*) FROM outbox WHERE recipient=?1 AND created_at>?2 AND kind='autoreply'", NULL };
static const struct db_sql is_contact = { "SELECT COUNT(*) FROM contact WHERE email=?1 AND active=1", NULL };

/* The installation's own secret, made when it is first needed. */
static int secret(struct db_conn *w, struct arena *a, const char *key, const char **value, struct err *e)
{
	uint8_t bytes[32];

	if (setting_get(w, a, key, NULL, value, e) != 0)
		return -1;
	if (*value)
		return 0;
	os_random(bytes, sizeof bytes);
	*value = hash_hex(a, bytes, sizeof bytes);
	return setting_set(w, key, *value, e);
}

int outbox_instance(struct db_conn *w, struct arena *a, const char **id, struct err *e) { return secret(w, a, "mail.instance", id, e); }

static char *token_mac(struct arena *a, const char *key, int64_t number, int64_t serial)
{
	char *said = arena_printf(a, "%" PRId64 ".%" PRId64, number, serial);
	struct sha256 h = hash_hmac(key, strlen(key), said, strlen(said));

	return hash_hex(a, h.b, 10);
}

int outbox_token(struct db_conn *w, struct arena *a, int64_t number, const char **token, struct err *e)
{
	const char *key;
	int64_t serial;

	if (secret(w, a, "mail.token_key", &key, e) != 0 || counter_next(w, "mail", &serial, e) != 0)
		return -1;
	*token = arena_printf(a, "t.%" PRId64 ".%" PRId64 ".%s", number, serial, token_mac(a, key, number, serial));
	return 0;
}

int outbox_token_read(struct db_conn *c, struct arena *a, const char *message_id, int64_t *number, struct err *e)
{
	const char *key, *mac;
	char *part, *save = NULL, *copy;
	int64_t serial;

	*number = 0;
	if (!text_starts(message_id, "t.") || strlen(message_id) > 300)
		return 0;
	if (setting_get(c, a, "mail.token_key", NULL, &key, e) != 0)
		return -1;
	if (!key)
		return 0;
	copy = arena_dup(a, message_id + 2);
	copy[strcspn(copy, "@")] = 0;
	part = strtok_r(copy, ".", &save);
	if (!text_int(part, number) || !text_int(strtok_r(NULL, ".", &save), &serial) || !(mac = strtok_r(NULL, ".", &save)) || strlen(mac) != 20 ||
		strtok_r(NULL, ".", &save) || !hash_same(mac, token_mac(a, key, *number, serial), 20))
		*number = 0;
	return 0;
}

int outbox_domain(struct db_conn *c, struct arena *a, const char **domain, struct err *e)
{
	const char *from, *at;

	if (setting_get(c, a, "mail.domain", NULL, domain, e) != 0 || setting_get(c, a, "desk.from", "", &from, e) != 0)
		return -1;
	at = strrchr(from, '@');
	if (!*domain || !**domain)
		*domain = at && at[1] ? arena_dupn(a, at + 1, strcspn(at + 1, "> \t")) : "pedel.invalid";
	return 0;
}

static int count(struct db_conn *w, const struct db_sql *q, const struct db_val *v, int nv, int64_t *n, struct err *e)
{
	return db_id(w, q, v, nv, n, e);
}

int outbox_stuck(struct db_conn *c, struct arena *a, struct outbox_stuck *out, struct err *e)
{
	struct db_cur *cur;
	int rc;

	if (db_query(c, &stuck, DB_NONE, &cur, e) != 0)
		return -1;
	rc = db_next(cur, e);
	if (rc > 0)
		*out = (struct outbox_stuck){ db_int(cur, 0), db_int(cur, 1), db_text(cur, 2, a) };
	db_done(cur);
	return rc < 0 ? -1 : 0;
}

/* Programs that answer programs must come to an end. */
static int held_back(struct db_conn *w, const struct outmail *m, const char *to, bool *hold, struct err *e)
{
	int64_t n = 0, known = 0;

	*hold = false;
	if (!m->automatic || !m->ticket_id)
		return 0;
	if (count(w, &auto_to_ticket, DB(DB_TEXT(to), DB_INT(m->created_at - MOMENT_HOUR), DB_INT(m->ticket_id)), &n, e) != 0)
		return -1;
	*hold = n >= AUTO_PER_TICKET_HOUR;
	if (*hold || strcmp(m->kind, "autoreply") != 0)
		return 0;
	if (count(w, &autoreplies, DB(DB_TEXT(to), DB_INT(m->created_at - MOMENT_DAY)), &n, e) != 0 ||
		count(w, &is_contact, DB(DB_TEXT(to)), &known, e) != 0)
		return -1;
	*hold = n >= (known ? AUTOREPLY_PER_DAY_CONTACT : AUTOREPLY_PER_DAY_STRANGER);
	return 0;
}

static int make_id(struct db_conn *w, struct arena *a, struct outmail *m, struct err *e)
{
	const char *domain, *token;
	int64_t number;
	uint8_t bytes[16];

	if (outbox_domain(w, a, &domain, e) != 0)
		return -1;
	if (m->ticket_id) {
		if (db_id(w, &number_of, DB(DB_INT(m->ticket_id)), &number, e) != 0 || outbox_token(w, a, number, &token, e) != 0)
			return -1;
	} else {
		os_random(bytes, sizeof bytes);
		token = arena_printf(a, "o.%s", hash_hex(a, bytes, sizeof bytes));
	}
	m->message_id = arena_printf(a, "%s@%s", token, domain);
	return 0;
}

int outbox_add(struct db_conn *w, struct arena *a, struct outmail *m, struct err *e)
{
	const char *to = text_lower(a, m->recipient);
	json_t *headers;
	char *text;
	bool hold;

	m->id = 0;
	if (held_back(w, m, to, &hold, e) != 0)
		return -1;
	if (hold)
		return 0;
	if (!m->message_id && make_id(w, a, m, e) != 0)
		return -1;
	headers = json_pack("{s:s, s:s}", "in_reply_to", m->in_reply_to ? m->in_reply_to : "", "references", m->references ? m->references : "");
	text = json_dumps(headers, JSON_COMPACT);
	json_decref(headers);
	if (!text)
		return FAIL(e, E_BUG, "headers of a mail");
	m->next_at = m->next_at ? m->next_at : m->created_at;

	if (db_id(w, &add, DB(DB_INT(m->created_at), DB_TEXT(m->kind), DB_ID(m->customer_id), DB_ID(m->ticket_id), DB_ID(m->message_row),
		DB_TEXT(m->sender ? m->sender : ""), DB_TEXT(to), DB_TEXT(m->message_id), DB_TEXT(m->subject), DB_TEXT(m->body),
		DB_TEXT(m->body_html ? m->body_html : ""), DB_TEXT(arena_dup(a, text)), DB_INT(m->automatic), DB_INT(m->next_at)), &m->id, e) != 0) {
		free(text);
		return -1;
	}
	free(text);
	return m->ticket_id ? store_mail_ref_add(w, m->message_id, m->customer_id, m->ticket_id, m->message_row, e) : 0;
}

static const char *header(struct arena *a, json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? arena_dup(a, s) : "";
}

int outbox_due(struct db_conn *c, struct arena *a, int64_t now, int limit, struct outmail **out, int *n, struct err *e)
{
	struct outmail *all = ARENA_ARRAY(a, struct outmail, limit + 1);
	struct db_cur *cur;
	int rc, got = 0;

	if (db_query(c, &due, DB(DB_INT(now), DB_INT(limit)), &cur, e) != 0)
		return -1;
	while ((rc = db_next(cur, e)) > 0 && got < limit) {
		json_t *h = json_loads(db_text(cur, 12, a), 0, NULL);

		all[got++] = (struct outmail){ .id = db_int(cur, 0), .created_at = db_int(cur, 1), .kind = db_text(cur, 2, a), .customer_id = db_int(cur, 3),
			.ticket_id = db_int(cur, 4), .message_row = db_int(cur, 5), .sender = db_text(cur, 6, a), .recipient = db_text(cur, 7, a),
			.message_id = db_text(cur, 8, a), .subject = db_text(cur, 9, a), .body = db_text(cur, 10, a), .body_html = db_text(cur, 11, a),
			.in_reply_to = header(a, h, "in_reply_to"), .references = header(a, h, "references"), .automatic = db_int(cur, 13) != 0,
			.tries = (int)db_int(cur, 14), .next_at = db_int(cur, 15), .error = db_text(cur, 16, a) };
		json_decref(h);
	}
	db_done(cur);
	*out = all;
	*n = got;
	return rc < 0 ? -1 : 0;
}

int outbox_next(struct db_conn *c, int64_t *at, struct err *e)
{
	struct err why = { 0 };

	if (db_id(c, &next, DB_NONE, at, &why) == 0)
		return 0;
	*at = MOMENT_NEVER;
	if (why.id == E_NOT_FOUND)
		return 0;
	*e = why;
	return -1;
}

int outbox_files(struct db_conn *c, struct arena *a, const struct outmail *m, struct outfile **out, int *n, struct err *e)
{
	struct outfile *all = ARENA_ARRAY(a, struct outfile, 50);
	struct db_cur *cur;
	int rc = 0, got = 0;

	*out = all;
	*n = 0;
	if (!m->message_row || strcmp(m->kind, "reply") != 0)
		return 0;
	if (db_query(c, &files_of, DB(DB_INT(m->ticket_id), DB_INT(m->message_row)), &cur, e) != 0)
		return -1;
	while ((rc = db_next(cur, e)) > 0 && got < 50)
		all[got++] = (struct outfile){ db_text(cur, 0, a), db_text(cur, 1, a), db_int(cur, 2), db_text(cur, 3, a) };
	db_done(cur);
	*n = got;
	return rc < 0 ? -1 : 0;
}

int outbox_find(struct db_conn *c, struct arena *a, const char *message_id, struct outmail *out, struct err *e)
{
	struct db_cur *cur;
	int rc;

	if (db_query(c, &by_message_id, DB(DB_TEXT(message_id)), &cur, e) != 0)
		return -1;
	rc = db_next(cur, e);
	if (rc > 0)
		*out = (struct outmail){ .id = db_int(cur, 0), .ticket_id = db_int(cur, 1), .customer_id = db_int(cur, 2), .recipient = db_text(cur, 3, a) };
	db_done(cur);
	return rc < 0 ? -1 : rc == 0 ? FAIL(e, E_NOT_FOUND, "a mail with the id %.80s", message_id) : 0;
}

int outbox_sent(struct db_conn *w, int64_t id, int64_t now, struct err *e) { return db_run(w, &sent, DB(DB_INT(id), DB_INT(now)), NULL, e); }

int outbox_withdraw(struct db_conn *w, int64_t ticket_id, const char *kind, int64_t now, struct err *e)
{
	struct db_val v[] = { DB_INT(ticket_id), DB_TEXT(kind), DB_INT(now) };

	return db_run(w, &withdraw_ids, v, 3, NULL, e) != 0 ? -1 : db_run(w, &withdraw, v, 3, NULL, e);
}

int outbox_failed(struct db_conn *w, int64_t id, int64_t next_at, bool give_up, const char *why, struct err *e)
{
	return db_run(w, &failed, DB(DB_INT(id), DB_INT(next_at), DB_TEXT(why), DB_TEXT(give_up ? "failed" : "waiting")), NULL, e);
}
