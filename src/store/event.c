/* The canonical form of an event, which its hash is over: every field as "<bytes>:<text>,", numbers in decimal, in this
 * order: id, at, actor_kind, actor_id, customer_id, object, object_id, kind, data. The first event's previous hash is 32
 * zero bytes. No other text has the same form, so no change of a row keeps its hash. */
#include "store/event.h"
#include <string.h>
#include "base/buf.h"
#include "base/hash.h"
#include "store/chain.h"

enum { DATA_MOST = 16 << 10, VERIFY_STEP = 1000 };

#define COLS "id,at,actor_kind,actor_id,coalesce(customer_id,0),object,object_id,kind,data"
static const struct db_sql last = { "SELECT v.id,v.hash,n.id,n.seal FROM event v LEFT JOIN chain_end n ON n.one=1 ORDER BY v.id DESC LIMIT 1", NULL };
static const struct db_sql end_of_none = { "SELECT 0,NULL,id,seal FROM chain_end WHERE one=1", NULL };
static const struct db_sql move_end = { "UPDATE chain_end SET id=?1,seal=?2 WHERE one=1", NULL };
static const struct db_sql add = { "INSERT INTO event(id,at,actor_kind,actor_id,customer_id,object,object_id,kind,data,hash) "
	"VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)", NULL };
static const struct db_sql of_object = { "SELECT " COLS " FROM event WHERE object=?1 AND object_id=?2 ORDER BY id", NULL };
static const struct db_sql story = { "SELECT " COLS " FROM (SELECT * FROM event WHERE customer_id=?2 ORDER BY id DESC LIMIT 3000) AS latest"
	" WHERE object IN ('customer','contact','site','agreement','month') OR kind='ticket.created' ORDER BY id DESC LIMIT ?1", NULL };
static const struct db_sql walk = { "SELECT " COLS ",hash FROM event WHERE id>?1 ORDER BY id LIMIT ?2", NULL };

static void field_int(struct buf *b, int64_t v)
{
	char text[24];

	snprintf(text, sizeof text, "%lld", (long long)v);
	buf_printf(b, "%zu:%s,", strlen(text), text);
}

static void field_text(struct buf *b, const char *s)
{
	buf_printf(b, "%zu:", strlen(s));
	buf_adds(b, s);
	buf_addc(b, ',');
}

static struct sha256 event_hash(struct arena *a, const uint8_t before[32], const struct event *ev)
{
	struct buf b;

	buf_init(&b, a, DATA_MOST + 4096);
	buf_add(&b, before, 32);
	field_int(&b, ev->id);
	field_int(&b, ev->at);
	field_text(&b, ev->actor_kind);
	field_int(&b, ev->actor_id);
	field_int(&b, ev->customer_id);
	field_text(&b, ev->object);
	field_int(&b, ev->object_id);
	field_text(&b, ev->kind);
	field_text(&b, ev->data);
	return hash_sha256(b.p, b.n);
}

/* Where the chain ends: event, its hash, and what the seal says of it. */
struct chain_tail { int64_t id, sealed_id; uint8_t hash[32], seal[32]; bool torn; };

static int tail_read(struct db_conn *w, struct arena *a, const struct db_sql *q, struct chain_tail *t, struct err *e)
{
	struct db_cur *cur;
	int rc;

	if (db_query(w, q, DB_NONE, &cur, e) != 0)
		return -1;
	rc = db_next(cur, e);
	if (rc > 0) {
		struct db_bytes hash = db_bytes(cur, 1, a), seal = db_bytes(cur, 3, a);

		t->id = db_int(cur, 0);
		t->sealed_id = db_int(cur, 2);
		t->torn = t->id && hash.n != sizeof t->hash;
		if (hash.n == sizeof t->hash)
			memcpy(t->hash, hash.p, sizeof t->hash);
		if (seal.n == sizeof t->seal)
			memcpy(t->seal, seal.p, sizeof t->seal);
	}
	db_done(cur);
	return rc;
}

/* The seal goes on from what it was, right or not: what once was cut off is never made good by what comes after. Events of
 * before there were seals are taken in by chain_open(), never here. */
static int end_move(struct db_conn *w, const struct chain_tail *t, int64_t id, const struct sha256 *h, struct err *e)
{
	const uint8_t *key = db_conn_seal(w);
	uint8_t seal[32];

	if (t->sealed_id == 0 && (!key || id != 1))
		return 0;
	if (!key)
		return FAIL(e, E_SEAL_BROKEN, "no key to seal events with");
	memcpy(seal, t->seal, sizeof seal);
	chain_step(key, seal, h->b);
	return db_run(w, &move_end, DB(DB_INT(id), DB_BYTES(seal, sizeof seal)), NULL, e);
}

int event_add(struct db_conn *w, struct arena *a, const struct event *given, struct err *e)
{
	struct event ev = *given;
	struct chain_tail t = { 0 };
	struct sha256 h;
	int rc;

	ev.data = ev.data ? ev.data : "{}";
	if (strlen(ev.data) > DATA_MOST || strlen(ev.kind) > 64 || strlen(ev.object) > 64)
		return FAIL(e, E_TOO_LONG, "event %.64s", ev.kind);
	rc = tail_read(w, a, &last, &t, e);
	if (rc == 0)
		rc = tail_read(w, a, &end_of_none, &t, e);
	if (rc < 0)
		return -1;
	if (t.torn)
		return FAIL(e, E_CHAIN_BROKEN, "event %lld", (long long)t.id);
	ev.id = t.id + 1;
	h = event_hash(a, t.hash, &ev);
	if (db_run(w, &add, DB(DB_INT(ev.id), DB_INT(ev.at), DB_TEXT(ev.actor_kind), DB_INT(ev.actor_id), DB_ID(ev.customer_id),
		DB_TEXT(ev.object), DB_INT(ev.object_id), DB_TEXT(ev.kind), DB_TEXT(ev.data), DB_BYTES(h.b, sizeof h.b)), NULL, e) != 0)
		return -1;
	return end_move(w, &t, ev.id, &h, e);
}

static void event_read(struct db_cur *cur, struct arena *a, struct event *ev)
{
	*ev = (struct event){
		.id = db_int(cur, 0), .at = db_int(cur, 1), .actor_kind = db_text(cur, 2, a), .actor_id = db_int(cur, 3),
		.customer_id = db_int(cur, 4), .object = db_text(cur, 5, a), .object_id = db_int(cur, 6), .kind = db_text(cur, 7, a),
		.data = db_text(cur, 8, a),
	};
}

static int rows_read(struct db_cur *cur, struct arena *a, struct event **out, int *n, struct err *e)
{
	struct event *list = NULL;
	int got = 0, cap = 0, rc;

	while ((rc = db_next(cur, e)) > 0) {
		list = arena_grow(a, list, sizeof *list, got, &cap);
		event_read(cur, a, &list[got++]);
	}
	db_done(cur);
	if (rc < 0)
		return -1;
	*out = list;
	*n = got;
	return 0;
}

int event_list(struct db_conn *c, struct arena *a, const char *object, int64_t object_id, struct event **out, int *n, struct err *e)
{
	struct db_cur *cur;

	if (db_query(c, &of_object, DB(DB_TEXT(object), DB_INT(object_id)), &cur, e) != 0)
		return -1;
	return rows_read(cur, a, out, n, e);
}

int event_list_story(struct db_conn *c, struct arena *a, int64_t customer_id, int limit, struct event **out, int *n, struct err *e)
{
	struct db_cur *cur;

	limit = limit < 1 ? 1 : limit > 1000 ? 1000 : limit;
	if (db_query(c, &story, DB(DB_INT(limit), DB_INT(customer_id)), &cur, e) != 0)
		return -1;
	return rows_read(cur, a, out, n, e);
}

/* One page of the walk. 0: go on, 1: the end, -1. */
static int walk_step(struct db_conn *c, struct arena *a, int64_t *id, uint8_t before[32], struct err *e)
{
	struct db_cur *cur;
	int rc, rows = 0;

	if (db_query(c, &walk, DB(DB_INT(*id), DB_INT(VERIFY_STEP)), &cur, e) != 0)
		return -1;
	while ((rc = db_next(cur, e)) > 0) {
		struct event ev;
		struct db_bytes kept = db_bytes(cur, 9, a);
		struct sha256 h;

		event_read(cur, a, &ev);
		rows++;
		h = event_hash(a, before, &ev);
		if (ev.id != *id + 1 || kept.n != sizeof h.b || memcmp(kept.p, h.b, sizeof h.b) != 0) {
			rc = FAIL(e, E_CHAIN_BROKEN, "event %lld", (long long)(ev.id != *id + 1 ? *id + 1 : ev.id));
			break;
		}
		memcpy(before, h.b, sizeof h.b);
		*id = ev.id;
	}
	db_done(cur);
	return rc < 0 ? -1 : rows < VERIFY_STEP;
}

int event_verify(struct db_conn *c, int64_t *checked, struct err *e)
{
	struct arena *a = arena_begin(256 << 20);
	uint8_t before[32] = { 0 };
	int64_t id = 0;
	int rc;

	while ((rc = walk_step(c, a, &id, before, e)) == 0)
		arena_reset(a);
	arena_end(a);
	if (rc < 0)
		return -1;
	*checked = id;
	return 0;
}
