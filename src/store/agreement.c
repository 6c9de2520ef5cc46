#include "store/agreement.h"
#include <string.h>

#define COLUMNS "g.id,g.customer_id,c.name,g.number,g.state,g.lang,g.valid_from_day,g.valid_to_day,g.price_ore,g.period,g.note,g.supersedes," \
	"g.created_at,g.created_by,g.sent_at,g.accepted_at,g.accepted_contact_id,g.ended_at,g.accepted_name,g.accepted_via,g.text_sha256,g.version"
#define FROM " FROM agreement g JOIN customer c ON c.id=g.customer_id "
#define ITEM "i.id,i.service,i.catalogue_version,i.terms"
#define ITEMS_MOST 200

static const struct db_sql add = { "INSERT INTO agreement(customer_id,number,state,lang,valid_from_day,valid_to_day,price_ore,period,note,supersedes,"
	"created_at,created_by) SELECT ?1,CAST(?1 AS TEXT)||'-'||CAST(COUNT(*)+1 AS TEXT),?2,?3,?4,?5,?6,?7,?8,?9,?10,?11 "
	"FROM agreement WHERE customer_id=?1 RETURNING id",
	"INSERT INTO agreement(customer_id,number,state,lang,valid_from_day,valid_to_day,price_ore,period,note,supersedes,"
	"created_at,created_by) SELECT ?1::bigint,CAST(?1::bigint AS TEXT)||'-'||CAST(COUNT(*)+1 AS TEXT),?2,?3,?4::bigint,?5::bigint,?6::bigint,"
	"?7,?8,?9::bigint,?10::bigint,?11::bigint FROM agreement WHERE customer_id=?1::bigint RETURNING id" };
static const struct db_sql add_item = { "INSERT INTO agreement_item(customer_id,agreement_id,service,catalogue_version,terms) VALUES(?1,?2,?3,?4,?5) "
	"RETURNING id" };
static const struct db_sql drop_items = { "DELETE FROM agreement_item WHERE customer_id=?1 AND agreement_id=?2" };
static const struct db_sql get = { "SELECT " COLUMNS FROM "WHERE g.id=?2 AND (g.customer_id=?1 OR ?1=0)" };
static const struct db_sql items = { "SELECT " ITEM " FROM agreement_item i WHERE i.customer_id=?1 AND i.agreement_id=?2 ORDER BY i.id" };
static const struct db_sql list = { "SELECT " COLUMNS FROM "WHERE (g.customer_id=?1 OR ?1=0) AND (g.id<?2 OR ?2=0) ORDER BY g.id DESC LIMIT ?3" };
static const struct db_sql set = { "UPDATE agreement SET state=?4,lang=?5,valid_from_day=?6,valid_to_day=?7,price_ore=?8,note=?9,sent_at=?10,"
	"accepted_at=?11,accepted_contact_id=?12,accepted_name=?13,accepted_via=?14,text_sha256=?15,ended_at=?16,version=version+1 "
	"WHERE customer_id=?1 AND id=?2 AND version=?3 AND accepted_at=0" };
static const struct db_sql close_it = { "UPDATE agreement SET state=?4,valid_to_day=?5,ended_at=?6,version=version+1 "
	"WHERE customer_id=?1 AND id=?2 AND version=?3 AND accepted_at>0" };
static const struct db_sql spans = { "SELECT " COLUMNS FROM "WHERE g.customer_id=?1 AND g.accepted_at>0 AND g.valid_from_day<=?3 AND "
	"(g.valid_to_day IS NULL OR (g.valid_to_day>=?2 AND g.valid_to_day>=g.valid_from_day)) ORDER BY g.valid_from_day,g.id" };
static const struct db_sql keep_text = { "INSERT INTO agreement_text(customer_id,agreement_id,sha256,at,text) VALUES(?1,?2,?3,?4,?5) "
	"ON CONFLICT(customer_id,agreement_id,sha256) DO NOTHING" };
static const struct db_sql get_text = { "SELECT text FROM agreement_text WHERE customer_id=?1 AND agreement_id=?2 AND sha256=?3" };
static const struct db_sql customer = { "SELECT c.id,c.name,c.cvr,c.gln,c.lang,c.active,s.street,s.postcode,s.city FROM customer c "
	"LEFT JOIN site s ON s.customer_id=c.id AND s.id=(SELECT MIN(id) FROM site WHERE customer_id=c.id) WHERE c.id=?1" };
static const struct db_sql contact = { "SELECT id,customer_id,name,email,role,lang,active FROM contact WHERE customer_id=?1 AND id=?2" };
static const struct db_sql deciders = { "SELECT id,customer_id,name,email,role,lang,active FROM contact WHERE customer_id=?1 AND active=1 AND "
	"role IN ('owner','approver') ORDER BY CASE role WHEN 'owner' THEN 0 ELSE 1 END,id LIMIT 50" };
static const struct db_sql ask = { "INSERT INTO need(customer_id,promise,title,body,kind,object,object_id,asked_at,asked_by) "
	"VALUES(?1,'',?2,?3,'accept','agreement',?4,?5,?6)" };
static const struct db_sql answer = { "UPDATE need SET answered_at=?3,answer=?4,answered_by=?5 WHERE customer_id=?1 AND kind='accept' AND "
	"object='agreement' AND object_id=?2 AND answered_at=0" };

static struct db_val last_day(int32_t day)
{
	return day == INT32_MAX ? DB_NULL : DB_INT(day);
}

static int add_items(struct db_conn *w, struct agreement *g, struct err *e)
{
	for (int i = 0; i < g->nitems; i++) {
		struct agreement_item *t = &g->items[i];

		if (db_id(w, &add_item, DB(DB_INT(g->customer_id), DB_INT(g->id), DB_TEXT(t->service), DB_INT(t->catalogue_version), DB_TEXT(t->terms)),
			&t->id, e) != 0)
			return -1;
	}
	return 0;
}

static void read_row(struct db_cur *cur, struct arena *a, struct agreement *g)
{
	*g = (struct agreement){
		.id = db_int(cur, 0), .customer_id = db_int(cur, 1), .customer_name = db_text(cur, 2, a), .number = db_text(cur, 3, a),
		.state = db_text(cur, 4, a), .lang = db_text(cur, 5, a), .valid_from_day = (int32_t)db_int(cur, 6),
		.valid_to_day = db_null(cur, 7) ? INT32_MAX : (int32_t)db_int(cur, 7), .price_ore = db_int(cur, 8), .period = db_text(cur, 9, a),
		.note = db_text(cur, 10, a), .supersedes = db_int(cur, 11), .created_at = db_int(cur, 12), .created_by = db_int(cur, 13),
		.sent_at = db_int(cur, 14), .accepted_at = db_int(cur, 15), .accepted_contact_id = db_int(cur, 16), .ended_at = db_int(cur, 17),
		.accepted_name = db_text(cur, 18, a), .accepted_via = db_text(cur, 19, a), .text_sha256 = db_text(cur, 20, a),
		.version = (int)db_int(cur, 21) };
}

static int read_items(struct db_conn *c, struct arena *a, struct agreement *g, struct err *e)
{
	struct db_cur *cur;
	int rc;

	if (db_query(c, &items, DB(DB_INT(g->customer_id), DB_INT(g->id)), &cur, e) != 0)
		return -1;
	g->items = ARENA_ARRAY(a, struct agreement_item, ITEMS_MOST);
	for (g->nitems = 0; (rc = db_next(cur, e)) == 1 && g->nitems < ITEMS_MOST; g->nitems++)
		g->items[g->nitems] = (struct agreement_item){ db_int(cur, 0), db_text(cur, 1, a), (int)db_int(cur, 2), db_text(cur, 3, a) };
	db_done(cur);
	return rc < 0 ? -1 : 0;
}

/* At most `most` rows of a query that gives COLUMNS, with their items. */
static int read_many(struct db_conn *c, struct arena *a, const struct db_sql *q, const struct db_val *v, int nv, int most, struct agreement **out,
	int *n, struct err *e)
{
	int cap = most < 16 ? most : 16, count = 0, rc;
	struct agreement *all = ARENA_ARRAY(a, struct agreement, cap);
	struct db_cur *cur;

	if (db_query(c, q, v, nv, &cur, e) != 0)
		return -1;
	while ((rc = db_next(cur, e)) == 1 && count < most) {
		if (count == cap) {
			struct agreement *more = ARENA_ARRAY(a, struct agreement, cap * 2);

			memcpy(more, all, sizeof *all * (size_t)cap);
			all = more;
			cap *= 2;
		}
		read_row(cur, a, &all[count++]);
	}
	db_done(cur);
	if (rc < 0)
		return -1;
	for (int i = 0; i < count; i++)
		if (read_items(c, a, &all[i], e) != 0)
			return -1;
	*out = all;
	*n = count;
	return 0;
}

int store_agreement_add(struct db_conn *w, struct arena *a, struct agreement *g, struct err *e)
{
	struct agreement stored;

	if (db_id(w, &add, DB(DB_INT(g->customer_id), DB_TEXT(g->state), DB_TEXT(g->lang), DB_INT(g->valid_from_day), last_day(g->valid_to_day),
		DB_INT(g->price_ore), DB_TEXT(g->period), DB_TEXT(g->note), DB_ID(g->supersedes), DB_INT(g->created_at), DB_INT(g->created_by)), &g->id, e) != 0 ||
		add_items(w, g, e) != 0 || store_agreement_get(w, a, g->customer_id, g->id, &stored, e) != 0)
		return -1;
	g->number = stored.number;
	g->version = stored.version;
	return 0;
}

int store_agreement_get(struct db_conn *c, struct arena *a, int64_t customer_id, int64_t id, struct agreement *out, struct err *e)
{
	struct agreement *g;
	int n;

	if (read_many(c, a, &get, DB(DB_INT(customer_id), DB_INT(id)), 1, &g, &n, e) != 0)
		return -1;
	if (n == 0)
		return FAIL(e, E_NOT_FOUND, "agreement %lld", (long long)id);
	*out = g[0];
	return 0;
}

int store_agreement_list(struct db_conn *c, struct arena *a, int64_t customer_id, int64_t before_id, int limit, struct agreement **out, int *n,
	struct err *e)
{
	return read_many(c, a, &list, DB(DB_INT(customer_id), DB_INT(before_id), DB_INT(limit)), limit, out, n, e);
}

int store_agreement_set(struct db_conn *w, struct agreement *g, bool with_items, struct err *e)
{
	int changed;

	if (db_run(w, &set, DB(DB_INT(g->customer_id), DB_INT(g->id), DB_INT(g->version), DB_TEXT(g->state), DB_TEXT(g->lang), DB_INT(g->valid_from_day),
		last_day(g->valid_to_day), DB_INT(g->price_ore), DB_TEXT(g->note), DB_INT(g->sent_at), DB_INT(g->accepted_at),
		DB_ID(g->accepted_contact_id), DB_TEXT(g->accepted_name), DB_TEXT(g->accepted_via), DB_TEXT(g->text_sha256), DB_INT(g->ended_at)),
		&changed, e) != 0)
		return -1;
	if (changed == 0)
		return FAIL(e, E_AGREEMENT_CHANGED, "%s", g->number);
	g->version++;
	if (!with_items)
		return 0;
	return db_run(w, &drop_items, DB(DB_INT(g->customer_id), DB_INT(g->id)), NULL, e) != 0 ? -1 : add_items(w, g, e);
}

int store_agreement_close(struct db_conn *w, const struct agreement *g, const char *state, int32_t valid_to_day, int64_t ended_at, struct err *e)
{
	int changed;

	if (db_run(w, &close_it, DB(DB_INT(g->customer_id), DB_INT(g->id), DB_INT(g->version), DB_TEXT(state), last_day(valid_to_day), DB_INT(ended_at)),
		&changed, e) != 0)
		return -1;
	return changed ? 0 : FAIL(e, E_AGREEMENT_CHANGED, "%s", g->number);
}

int store_agreement_spans(struct db_conn *c, struct arena *a, int64_t customer_id, int32_t from_day, int32_t to_day, const char *service,
	struct agreement **out, int *n, struct err *e)
{
	struct agreement *all;
	int count, kept = 0;

	if (read_many(c, a, &spans, DB(DB_INT(customer_id), DB_INT(from_day), DB_INT(to_day)), 1000, &all, &count, e) != 0)
		return -1;
	for (int i = 0; i < count; i++) {
		int k = 0;

		while (service && k < all[i].nitems && strcmp(all[i].items[k].service, service) != 0)
			k++;
		if (service && k == all[i].nitems)
			continue;
		if (service) {
			all[i].items += k;
			all[i].nitems = 1;
		}
		all[kept++] = all[i];
	}
	*out = all;
	*n = kept;
	return 0;
}

int store_agreement_in_force(struct db_conn *c, struct arena *a, int64_t customer_id, int32_t day, const char *service, struct agreement *g,
	struct agreement_item *item, struct err *e)
{
	struct agreement *all;
	int n;

	if (store_agreement_spans(c, a, customer_id, day, day, service, &all, &n, e) != 0)
		return -1;
	if (n == 0)
		return FAIL(e, E_NOT_FOUND, "%s on day %d", service, (int)day);
	*g = all[n - 1];
	*item = g->items[0];
	return 0;
}

int store_agreement_keep_text(struct db_conn *w, const struct agreement *g, const char *sha256, const char *text, int64_t now, struct err *e)
{
	return db_run(w, &keep_text, DB(DB_INT(g->customer_id), DB_INT(g->id), DB_TEXT(sha256), DB_INT(now), DB_TEXT(text)), NULL, e);
}

int store_agreement_keep_doc(struct db_conn *w, const struct agreement *g, const char *sha256, const char *doc, int64_t now, struct err *e)
{
	static const struct db_sql q = { "INSERT INTO agreement_doc(customer_id,agreement_id,sha256,at,doc) VALUES(?1,?2,?3,?4,?5) "
		"ON CONFLICT(customer_id,agreement_id,sha256) DO NOTHING" };

	return db_run(w, &q, DB(DB_INT(g->customer_id), DB_INT(g->id), DB_TEXT(sha256), DB_INT(now), DB_TEXT(doc)), NULL, e);
}

/* What is kept beside the text that was fixed: into *text or *bytes, whichever is given. */
static int kept_read(struct db_conn *c, struct arena *a, const struct db_sql *q, const struct agreement *g, const char *what, const char **text,
	struct db_bytes *bytes, struct err *e)
{
	struct db_cur *cur;
	int rc;

	if (db_query(c, q, DB(DB_INT(g->customer_id), DB_INT(g->id), DB_TEXT(g->text_sha256)), &cur, e) != 0)
		return -1;
	rc = db_next(cur, e);
	if (rc == 1 && text)
		*text = db_text(cur, 0, a);
	else if (rc == 1)
		*bytes = db_bytes(cur, 0, a);
	db_done(cur);
	return rc == 1 ? 0 : rc < 0 ? -1 : FAIL(e, E_NOT_FOUND, "%s of %s", what, g->number);
}

int store_agreement_doc(struct db_conn *c, struct arena *a, const struct agreement *g, const char **doc, struct err *e)
{
	static const struct db_sql q = { "SELECT doc FROM agreement_doc WHERE customer_id=?1 AND agreement_id=?2 AND sha256=?3" };

	return kept_read(c, a, &q, g, "facts", doc, NULL, e);
}

int store_agreement_keep_pdf(struct db_conn *w, const struct agreement *g, const void *pdf, size_t n, int64_t now, struct err *e)
{
	static const struct db_sql q = { "UPDATE agreement_doc SET pdf=?4,pdf_at=?5 WHERE customer_id=?1 AND agreement_id=?2 AND sha256=?3 AND pdf_at=0" };

	return db_run(w, &q, DB(DB_INT(g->customer_id), DB_INT(g->id), DB_TEXT(g->text_sha256), DB_BYTES(pdf, n), DB_INT(now)), NULL, e);
}

int store_agreement_pdf(struct db_conn *c, struct arena *a, const struct agreement *g, struct db_bytes *pdf, struct err *e)
{
	static const struct db_sql q = { "SELECT pdf FROM agreement_doc WHERE customer_id=?1 AND agreement_id=?2 AND sha256=?3 AND pdf_at>0" };

	return kept_read(c, a, &q, g, "PDF", NULL, pdf, e);
}

int store_agreement_next_accepted(struct db_conn *c, struct arena *a, int64_t after_item_id, struct agreement_accepted *out, struct err *e)
{
	static const struct db_sql q = { "SELECT i.id,g.customer_id,g.id,c.name,g.number,i.service,i.catalogue_version,i.terms,g.text_sha256,x.text,y.doc "
		"FROM agreement_item i JOIN agreement g ON g.id=i.agreement_id JOIN customer c ON c.id=g.customer_id "
		"LEFT JOIN agreement_text x ON x.customer_id=g.customer_id AND x.agreement_id=g.id AND x.sha256=g.text_sha256 "
		"LEFT JOIN agreement_doc y ON y.customer_id=g.customer_id AND y.agreement_id=g.id AND y.sha256=g.text_sha256 "
		"WHERE i.id>?1 AND g.accepted_at>0 ORDER BY i.id LIMIT 1", NULL };
	struct db_cur *cur;
	int rc;

	if (db_query(c, &q, DB(DB_INT(after_item_id)), &cur, e) != 0)
		return -1;
	if ((rc = db_next(cur, e)) == 1)
		*out = (struct agreement_accepted){ db_int(cur, 0), db_int(cur, 1), db_int(cur, 2), db_text(cur, 3, a), db_text(cur, 4, a), db_text(cur, 5, a),
			(int)db_int(cur, 6), db_text(cur, 7, a), db_text(cur, 8, a), db_null(cur, 9) ? NULL : db_text(cur, 9, a), db_null(cur, 10) ? NULL : db_text(cur, 10, a) };
	db_done(cur);
	return rc == 1 ? 0 : rc < 0 ? -1 : FAIL(e, E_NOT_FOUND, "after item %lld", (long long)after_item_id);
}

int store_agreement_text(struct db_conn *c, struct arena *a, const struct agreement *g, const char **text, struct err *e)
{
	return kept_read(c, a, &get_text, g, "text", text, NULL, e);
}

static const char *text_or_empty(struct db_cur *cur, int col, struct arena *a)
{
	const char *s = db_text(cur, col, a);

	return s ? s : "";
}

static enum lang lang_of(struct db_cur *cur, int col, struct arena *a)
{
	return strcmp(text_or_empty(cur, col, a), "en") == 0 ? LANG_EN : LANG_DA;
}

int store_agreement_customer(struct db_conn *c, struct arena *a, int64_t customer_id, struct agreement_customer *out, struct err *e)
{
	struct db_cur *cur;
	int rc;

	if (db_query(c, &customer, DB(DB_INT(customer_id)), &cur, e) != 0)
		return -1;
	rc = db_next(cur, e);
	if (rc == 1)
		*out = (struct agreement_customer){ .id = db_int(cur, 0), .name = db_text(cur, 1, a), .cvr = db_text(cur, 2, a), .gln = db_text(cur, 3, a),
			.lang = lang_of(cur, 4, a), .active = db_int(cur, 5) != 0, .street = text_or_empty(cur, 6, a),
			.postcode = text_or_empty(cur, 7, a), .city = text_or_empty(cur, 8, a) };
	db_done(cur);
	return rc == 1 ? 0 : rc < 0 ? -1 : FAIL_FIELD(e, E_NOT_FOUND, "customer_id", "customer %lld", (long long)customer_id);
}

static void read_decider(struct db_cur *cur, struct arena *a, struct agreement_decider *d)
{
	*d = (struct agreement_decider){ .id = db_int(cur, 0), .customer_id = db_int(cur, 1), .name = db_text(cur, 2, a), .email = db_text(cur, 3, a),
		.role = db_text(cur, 4, a), .lang = lang_of(cur, 5, a), .active = db_int(cur, 6) != 0 };
}

int store_agreement_contact(struct db_conn *c, struct arena *a, int64_t customer_id, int64_t contact_id, struct agreement_decider *out, struct err *e)
{
	struct db_cur *cur;
	int rc;

	if (db_query(c, &contact, DB(DB_INT(customer_id), DB_INT(contact_id)), &cur, e) != 0)
		return -1;
	rc = db_next(cur, e);
	if (rc == 1)
		read_decider(cur, a, out);
	db_done(cur);
	return rc == 1 ? 0 : rc < 0 ? -1 : FAIL_FIELD(e, E_NOT_FOUND, "contact_id", "contact %lld", (long long)contact_id);
}

int store_agreement_deciders(struct db_conn *c, struct arena *a, int64_t customer_id, struct agreement_decider **out, int *n, struct err *e)
{
	struct agreement_decider *all = ARENA_ARRAY(a, struct agreement_decider, 50);
	struct db_cur *cur;
	int count = 0, rc;

	if (db_query(c, &deciders, DB(DB_INT(customer_id)), &cur, e) != 0)
		return -1;
	while ((rc = db_next(cur, e)) == 1 && count < 50)
		read_decider(cur, a, &all[count++]);
	db_done(cur);
	if (rc < 0)
		return -1;
	*out = all;
	*n = count;
	return 0;
}

int store_agreement_ask(struct db_conn *w, const struct agreement *g, const char *title, const char *body, int64_t now, int64_t by, struct err *e)
{
	return db_run(w, &ask, DB(DB_INT(g->customer_id), DB_TEXT(title), DB_TEXT(body), DB_INT(g->id), DB_INT(now), DB_INT(by)), NULL, e);
}

int store_agreement_answer(struct db_conn *w, const struct agreement *g, const char *said, int64_t now, int64_t by, struct err *e)
{
	return db_run(w, &answer, DB(DB_INT(g->customer_id), DB_INT(g->id), DB_INT(now), DB_TEXT(said), DB_INT(by)), NULL, e);
}

int store_agreement_said_yes(struct db_conn *c, struct arena *a, int64_t since_at, int limit, struct agreement_yes_row **out, int *n, struct err *e)
{
	static const struct db_sql q = { "SELECT g.id,g.accepted_at,g.number,c.name,g.accepted_name FROM agreement g JOIN customer c ON c.id=g.customer_id "
		"WHERE g.accepted_at>=?1 AND g.accepted_via='portal' ORDER BY g.accepted_at DESC,g.id DESC LIMIT ?2" };
	struct agreement_yes_row *rows = ARENA_ARRAY(a, struct agreement_yes_row, limit);
	struct db_cur *cur;
	int got = 0, rc;

	if (db_query(c, &q, DB(DB_INT(since_at), DB_INT(limit)), &cur, e) != 0)
		return -1;
	while ((rc = db_next(cur, e)) > 0)
		rows[got++] = (struct agreement_yes_row){ db_int(cur, 0), db_int(cur, 1), db_text(cur, 2, a), db_text(cur, 3, a), db_text(cur, 4, a) };
	db_done(cur);
	if (rc < 0)
		return -1;
	*out = rows;
	*n = got;
	return 0;
}
