#include "store/ticket.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/text.h"
#include "store/counter.h"
#include "store/search.h"

#define FIRST_NUMBER 10001
#define FIRST_PROBE_NUMBER INT64_C(9000000001)

#define BRIEF "t.id,t.number,t.customer_id,t.from_name,t.from_email,t.subject,t.priority,t.state,t.channel,t.owner_id,t.created_at," \
	"t.updated_at,t.next_due_at,t.solved_at,t.spent_minutes,coalesce(cu.name,''),coalesce(pe.name,'')," \
	"CASE WHEN coalesce(t.contact_id,0)=0 AND (SELECT m.auth FROM message m WHERE m.ticket_id=t.id ORDER BY m.id LIMIT 1) IN ('fail','none') THEN 1 ELSE 0 END"
#define COLS BRIEF ",t.contact_id,t.category,t.type,t.promise,t.dedupe_key,t.merged_into,t.probe,t.response_due_at,t.solution_due_at," \
	"t.responded_at,t.closed_at,t.version,coalesce(co.name,''),coalesce(co.email,''),coalesce(co.phone,'')"
#define NAMES " LEFT JOIN customer cu ON cu.id=t.customer_id LEFT JOIN contact co ON co.id=t.contact_id LEFT JOIN person pe ON pe.id=t.owner_id "
#define FROM " FROM ticket t" NAMES
/* A contact sees what it reported and what it was put on. */
#define OF_CONTACT "(t.contact_id=? OR t.id IN (SELECT ticket_id FROM watcher WHERE who_kind='contact' AND who_id=?))"

static const struct db_sql add = { "INSERT INTO ticket(number,customer_id,contact_id,from_name,from_email,subject,category,type,priority,"
	"owner_id,state,channel,promise,dedupe_key,probe,created_at,updated_at) "
	"VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?16) RETURNING id", NULL };
static const struct db_sql set = { "UPDATE ticket SET customer_id=?3,contact_id=?4,from_name=?5,from_email=?6,subject=?7,category=?8,type=?9,"
	"priority=?10,owner_id=?11,state=?12,channel=?13,promise=?14,dedupe_key=?15,merged_into=?16,probe=?17,updated_at=?18,response_due_at=?19,"
	"solution_due_at=?20,next_due_at=?21,responded_at=?22,solved_at=?23,closed_at=?24,version=version+1 WHERE id=?1 AND version=?2", NULL };
static const struct db_sql get_by_dedupe = { "SELECT " COLS FROM "WHERE t.dedupe_key=?1", NULL };
static const struct db_sql get_merged = { "SELECT " COLS FROM "WHERE t.merged_into=?1 ORDER BY t.id", NULL };
static const struct db_sql repoint = { "UPDATE ticket SET merged_into=?2 WHERE merged_into=?1", NULL };
static const struct db_sql spent = { "UPDATE ticket SET spent_minutes=?2 WHERE id=?1", NULL };
static const struct db_sql solved_before = { "SELECT id FROM ticket WHERE state='solved' AND solved_at<?1 ORDER BY id LIMIT ?2", NULL };

static void read_row(struct db_cur *c, struct arena *a, bool brief, struct ticket *t)
{
	int i = 0;

	*t = (struct ticket){ 0 };
	t->id = db_int(c, i++);
	t->number = db_int(c, i++);
	t->customer_id = db_int(c, i++);
	t->from_name = db_text(c, i++, a);
	t->from_email = db_text(c, i++, a);
	t->subject = db_text(c, i++, a);
	t->priority = db_text(c, i++, a);
	t->state = db_text(c, i++, a);
	t->channel = db_text(c, i++, a);
	t->owner_id = db_int(c, i++);
	t->created_at = db_int(c, i++);
	t->updated_at = db_int(c, i++);
	t->next_due_at = db_int(c, i++);
	t->solved_at = db_int(c, i++);
	t->spent_minutes = (int)db_int(c, i++);
	t->customer_name = db_text(c, i++, a);
	t->owner_name = db_text(c, i++, a);
	t->unproven = db_int(c, i++) != 0;
	if (brief)
		return;
	t->contact_id = db_int(c, i++);
	t->category = db_text(c, i++, a);
	t->type = db_text(c, i++, a);
	t->promise = db_text(c, i++, a);
	t->dedupe_key = db_text(c, i++, a);
	t->merged_into = db_int(c, i++);
	t->probe = db_int(c, i++) != 0;
	t->response_due_at = db_int(c, i++);
	t->solution_due_at = db_int(c, i++);
	t->responded_at = db_int(c, i++);
	t->closed_at = db_int(c, i++);
	t->version = (int)db_int(c, i++);
	t->contact_name = db_text(c, i++, a);
	t->contact_email = db_text(c, i++, a);
	t->contact_phone = db_text(c, i++, a);
}

/* ---- building a query: every piece is a constant; ? becomes ?1, ?2 ... as values are added */

struct query { struct buf b; struct db_val v[24]; int nv; };

static void piece(struct query *q, const char *text)
{
	for (; *text; text++)
		if (*text == '?')
			buf_printf(&q->b, "?%d", ++q->nv);
		else
			buf_addc(&q->b, *text);
}

static void value(struct query *q, const char *text, struct db_val v)
{
	q->v[q->nv] = v;
	piece(q, text);
}

static void scope(struct query *q, struct ticket_scope s)
{
	if (s.customer_id)
		value(q, " AND t.customer_id=?", DB_INT(s.customer_id));
	if (s.contact_id) {
		q->v[q->nv] = q->v[q->nv + 1] = DB_INT(s.contact_id);
		piece(q, " AND " OF_CONTACT);
	}
}

static int one(struct db_conn *c, struct arena *a, const struct db_sql *sql, const struct db_val *v, int nv, struct ticket *out, struct err *e)
{
	struct db_cur *cur;
	int rc;

	if (db_query(c, sql, v, nv, &cur, e) != 0)
		return -1;
	rc = db_next(cur, e);
	if (rc > 0)
		read_row(cur, a, false, out);
	db_done(cur);
	return rc > 0 ? 0 : rc < 0 ? -1 : FAIL(e, E_NOT_FOUND, "ticket");
}

static int one_in_scope(struct db_conn *c, struct arena *a, struct ticket_scope s, const char *by, int64_t id, struct ticket *out, struct err *e)
{
	struct query q = { .nv = 0 };
	struct db_sql sql = { NULL, NULL };

	buf_init(&q.b, a, 4096);
	piece(&q, "SELECT " COLS FROM);
	value(&q, by, DB_INT(id));
	scope(&q, s);
	sql.text = buf_text(&q.b);
	return one(c, a, &sql, q.v, q.nv, out, e);
}

int store_ticket_get(struct db_conn *c, struct arena *a, struct ticket_scope s, int64_t id, struct ticket *out, struct err *e)
{
	return one_in_scope(c, a, s, "WHERE t.id=?", id, out, e);
}

int store_ticket_by_number(struct db_conn *c, struct arena *a, struct ticket_scope s, int64_t number, struct ticket *out, struct err *e)
{
	return one_in_scope(c, a, s, "WHERE t.number=?", number, out, e);
}

int store_ticket_by_dedupe(struct db_conn *c, struct arena *a, const char *key, struct ticket *out, struct err *e)
{
	return one(c, a, &get_by_dedupe, DB(DB_TEXT(key)), out, e);
}

int store_ticket_add(struct db_conn *w, struct ticket *t, struct err *e)
{
	int64_t n;

	/* Tests of the doors have numbers of their own: a customer's next ticket should be the next number. */
	if (counter_next(w, t->probe ? "probe_ticket" : "ticket", &n, e) != 0)
		return -1;
	t->number = (t->probe ? FIRST_PROBE_NUMBER : FIRST_NUMBER) - 1 + n;
	t->version = 1;
	return db_id(w, &add, DB(DB_INT(t->number), DB_ID(t->customer_id), DB_ID(t->contact_id), DB_TEXT(t->from_name), DB_TEXT(t->from_email),
		DB_TEXT(t->subject), DB_TEXT(t->category), DB_TEXT(t->type), DB_TEXT(t->priority), DB_ID(t->owner_id), DB_TEXT(t->state),
		DB_TEXT(t->channel), DB_TEXT(t->promise), DB_TEXT(t->dedupe_key), DB_INT(t->probe), DB_INT(t->created_at)), &t->id, e);
}

int store_ticket_set(struct db_conn *w, struct ticket *t, struct err *e)
{
	int changed;

	if (db_run(w, &set, DB(DB_INT(t->id), DB_INT(t->version), DB_ID(t->customer_id), DB_ID(t->contact_id), DB_TEXT(t->from_name),
		DB_TEXT(t->from_email), DB_TEXT(t->subject), DB_TEXT(t->category), DB_TEXT(t->type), DB_TEXT(t->priority), DB_ID(t->owner_id),
		DB_TEXT(t->state), DB_TEXT(t->channel), DB_TEXT(t->promise), DB_TEXT(t->dedupe_key), DB_ID(t->merged_into), DB_INT(t->probe),
		DB_INT(t->updated_at), DB_INT(t->response_due_at), DB_INT(t->solution_due_at), DB_INT(t->next_due_at), DB_INT(t->responded_at),
		DB_INT(t->solved_at), DB_INT(t->closed_at)), &changed, e) != 0)
		return -1;
	if (!changed)
		return FAIL(e, E_TICKET_CHANGED, "%" PRId64, t->number);
	t->version++;
	return 0;
}

int store_ticket_repoint(struct db_conn *w, int64_t from, int64_t to, struct err *e)
{
	return db_run(w, &repoint, DB(DB_INT(from), DB_INT(to)), NULL, e);
}

int store_ticket_spent(struct db_conn *w, int64_t id, int minutes, struct err *e)
{
	return db_run(w, &spent, DB(DB_INT(id), DB_INT(minutes)), NULL, e);
}

int store_ticket_place(struct db_conn *w, int64_t id, int64_t customer_id, struct err *e)
{
	static const struct db_sql move[] = {
		{ "UPDATE message SET customer_id=?2 WHERE ticket_id=?1", NULL }, { "UPDATE attachment SET customer_id=?2 WHERE ticket_id=?1", NULL },
		{ "UPDATE watcher SET customer_id=?2 WHERE ticket_id=?1", NULL }, { "UPDATE mail_ref SET customer_id=?2 WHERE ticket_id=?1", NULL },
	};

	for (size_t i = 0; i < sizeof move / sizeof *move; i++)
		if (db_run(w, &move[i], DB(DB_INT(id), DB_ID(customer_id)), NULL, e) != 0)
			return -1;
	return 0;
}

/* Rows of a cursor into an array that grows. */
static int rows(struct db_cur *cur, struct arena *a, bool brief, struct ticket **out, int *n, struct err *e)
{
	struct ticket *t = NULL;
	int cap = 0, m = 0, rc;

	while ((rc = db_next(cur, e)) > 0) {
		if (m == cap) {
			struct ticket *more = ARENA_ARRAY(a, struct ticket, cap ? cap * 2 : 64);

			if (m)
				memcpy(more, t, sizeof *t * (size_t)m);
			t = more;
			cap = cap ? cap * 2 : 64;
		}
		read_row(cur, a, brief, &t[m++]);
	}
	db_done(cur);
	if (rc < 0)
		return -1;
	*out = t;
	*n = m;
	return 0;
}

int store_ticket_merged(struct db_conn *c, struct arena *a, int64_t into, struct ticket **out, int *n, struct err *e)
{
	struct db_cur *cur;

	return db_query(c, &get_merged, DB(DB_INT(into)), &cur, e) != 0 ? -1 : rows(cur, a, false, out, n, e);
}

int store_ticket_solved_before(struct db_conn *c, struct arena *a, int64_t before, int limit, int64_t **ids, int *n, struct err *e)
{
	int64_t *id = ARENA_ARRAY(a, int64_t, limit + 1);
	struct db_cur *cur;
	int rc, m = 0;

	if (db_query(c, &solved_before, DB(DB_INT(before), DB_INT(limit)), &cur, e) != 0)
		return -1;
	while ((rc = db_next(cur, e)) > 0)
		id[m++] = db_int(cur, 0);
	db_done(cur);
	if (rc < 0)
		return -1;
	*ids = id;
	*n = m;
	return 0;
}

/* ---- lists */

/* "d<key>.<id>": the sort's letter, the last row's key and id. */
static const char sort_letter[] = "duns";

static int read_cursor(const char *s, enum ticket_sort sort, int64_t *key, int64_t *id, struct err *e)
{
	char *end;
	const char *p = s;

	if (*p++ != sort_letter[sort])
		return FAIL_FIELD(e, E_CURSOR_INVALID, "cursor", "%.40s", s);
	*key = strtoll(p, &end, 10);
	if (end == p || *end != '.')
		return FAIL_FIELD(e, E_CURSOR_INVALID, "cursor", "%.40s", s);
	p = end + 1;
	*id = strtoll(p, &end, 10);
	return end == p || *end ? FAIL_FIELD(e, E_CURSOR_INVALID, "cursor", "%.40s", s) : 0;
}

/* words: what k->q asks the index for; NULL: no words. */
static void where(struct query *q, enum db_kind kind, const struct ticket_query *k, const char *words, bool common)
{
	static const char *const views[VIEW__N] = {
		[VIEW_OPEN] = " AND t.solved_at=0", [VIEW_MINE] = " AND t.solved_at=0 AND t.owner_id=?",
		[VIEW_UNASSIGNED] = " AND t.solved_at=0 AND t.owner_id IS NULL", [VIEW_TODAY] = " AND t.solved_at=0 AND t.next_due_at<?",
		[VIEW_WAITING] = " AND t.state='waiting_customer'", [VIEW_SOLVED] = " AND t.state='solved'",
		[VIEW_UNPLACED] = " AND t.solved_at=0 AND t.customer_id IS NULL", [VIEW_ALL] = "",
		[VIEW_OVER] = " AND t.solved_at<>0 AND t.merged_into IS NULL",
	};

	piece(q, "WHERE t.probe=0");
	q->v[q->nv] = DB_INT(k->view == VIEW_MINE ? k->me : k->today_end);
	piece(q, views[k->view]);
	scope(q, k->scope);
	if (k->owner_id > 0)
		value(q, " AND t.owner_id=?", DB_INT(k->owner_id));
	else if (k->owner_id < 0)
		piece(q, " AND t.owner_id IS NULL");
	if (k->state)
		value(q, " AND t.state=?", DB_TEXT(k->state));
	if (k->priority)
		value(q, " AND t.priority=?", DB_TEXT(k->priority));
	if (k->category)
		value(q, " AND t.category=?", DB_TEXT(k->category));
	if (k->promise && (text_eq(k->promise, "broken") || text_eq(k->promise, "at_risk")))
		value(q, " AND t.id IN (SELECT ticket_id FROM promise_state WHERE until_at=9223372036854775807 AND state=?)", DB_TEXT(k->promise));
	else if (k->promise)
		value(q, " AND t.promise=?", DB_TEXT(k->promise));
	if (words) {
		q->v[q->nv++] = DB_TEXT(words);
		buf_adds(&q->b, search_where(kind, q->nv, common));
	}
}

/* Due order means nothing among the closed: there the last touched comes first. */
static enum ticket_sort sort_of(const struct ticket_query *k)
{
	return k->sort == SORT_DUE && (k->view == VIEW_ALL || k->view == VIEW_OVER) ? SORT_UPDATED : k->sort;
}

int store_ticket_list(struct db_conn *c, struct arena *a, const struct ticket_query *k, struct ticket **out, int *n, const char **next,
	struct err *e)
{
	static const char *const after[] = { " AND (t.next_due_at,t.id)>(?,?)", " AND (t.updated_at,t.id)<(?,?)", " AND (t.id,t.id)<(?,?)",
		" AND (t.solved_at,t.id)<(?,?)" };
	static const char *const order[] = { " ORDER BY t.next_due_at,t.id LIMIT ?", " ORDER BY t.updated_at DESC,t.id DESC LIMIT ?",
		" ORDER BY t.id DESC LIMIT ?", " ORDER BY t.solved_at DESC,t.id DESC LIMIT ?" };
	static const char *const again[] = { "ORDER BY t.next_due_at,t.id", "ORDER BY t.updated_at DESC,t.id DESC", "ORDER BY t.id DESC",
		"ORDER BY t.solved_at DESC,t.id DESC" };
	const char *words = text_blank(k->q) ? NULL : search_query(a, db_conn_kind(c), k->q);
	enum ticket_sort sort = sort_of(k);
	struct query q = { .nv = 0 };
	struct db_sql sql = { NULL, NULL };
	struct db_cur *cur;
	int64_t key = 0, id = 0;
	bool common = false, ids_first = words || sort == SORT_SOLVED;

	if (!words && !text_blank(k->q)) {              /* no word in it: nothing can be found */
		*out = NULL;
		*n = 0;
		*next = NULL;
		return 0;
	}
	if (words && search_common(c, words, &common, e) != 0)
		return -1;
	if (db_conn_kind(c) == DB_POSTGRES) {           /* it sorts nothing that an index has in order, columns or not */
		common = common && sort != SORT_SOLVED;
		ids_first = ids_first && !common;
	}
	buf_init(&q.b, a, 8192);
	piece(&q, k->brief ? "SELECT " BRIEF : "SELECT " COLS);
	/* Found by words, or in an order that no index has: which ones first, so that only what is shown is read and sorted with all its columns. */
	piece(&q, ids_first ? " FROM (SELECT t.id FROM ticket t " : FROM);
	where(&q, db_conn_kind(c), k, words, common);
	if (k->after) {
		if (read_cursor(k->after, sort, &key, &id, e) != 0)
			return -1;
		q.v[q.nv] = DB_INT(key);
		q.v[q.nv + 1] = DB_INT(id);
		piece(&q, after[sort]);
	}
	value(&q, order[sort], DB_INT(k->limit + 1));
	if (ids_first) {
		piece(&q, ") x JOIN ticket t ON t.id=x.id" NAMES);
		piece(&q, again[sort]);
	}
	sql.text = buf_text(&q.b);
	if (db_query(c, &sql, q.v, q.nv, &cur, e) != 0 || rows(cur, a, k->brief, out, n, e) != 0)
		return -1;
	*next = NULL;
	if (*n > k->limit) {
		const struct ticket *t = &(*out)[--*n - 1];

		*next = arena_printf(a, "%c%" PRId64 ".%" PRId64, sort_letter[sort], sort == SORT_DUE ? t->next_due_at :
			sort == SORT_UPDATED ? t->updated_at :
			sort == SORT_SOLVED ? t->solved_at : t->id, t->id);
	}
	return 0;
}

int store_ticket_count(struct db_conn *c, struct arena *a, const struct ticket_query *k, int most, int *n, struct err *e)
{
	const char *words = text_blank(k->q) ? NULL : search_query(a, db_conn_kind(c), k->q);
	struct query q = { .nv = 0 };
	struct db_sql sql = { NULL, NULL };
	int64_t got;

	if (!words && !text_blank(k->q)) {
		*n = 0;
		return 0;
	}
	buf_init(&q.b, a, 8192);
	piece(&q, "SELECT count(*) FROM (SELECT 1 FROM ticket t ");
	where(&q, db_conn_kind(c), k, words, false);
	value(&q, " LIMIT ?) x", DB_INT(most));
	sql.text = buf_text(&q.b);
	if (db_id(c, &sql, q.v, q.nv, &got, e) != 0)
		return -1;
	*n = (int)got;
	return 0;
}
