/* Who follows a ticket, whom mail reaches, and the small lists that choose for it. */
#include <string.h>
#include "base/text.h"
#include "store/ticket.h"

static const struct db_sql watch = { "INSERT INTO watcher(ticket_id,customer_id,who_kind,who_id,email) VALUES(?1,?2,?3,?4,?5) "
	"ON CONFLICT DO NOTHING", NULL };
static const struct db_sql unwatch = { "DELETE FROM watcher WHERE ticket_id=?1 AND who_kind=?2 AND who_id=?3 AND email=?4", NULL };
static const struct db_sql watchers = { "SELECT v.who_kind,v.who_id,coalesce(p.name,c.name,v.email),coalesce(p.email,c.email,v.email),"
	"coalesce(p.lang,c.lang,'') FROM watcher v LEFT JOIN person p ON v.who_kind='person' AND p.id=v.who_id AND p.active=1 "
	"LEFT JOIN contact c ON v.who_kind='contact' AND c.id=v.who_id AND c.active=1 WHERE v.ticket_id=?1 ORDER BY v.who_kind,v.who_id,v.email", NULL };
static const struct db_sql watch_move = { "INSERT INTO watcher(ticket_id,customer_id,who_kind,who_id,email) "
	"SELECT ?2,customer_id,who_kind,who_id,email FROM watcher WHERE ticket_id=?1 ON CONFLICT DO NOTHING",
	NULL };
static const struct db_sql contact = { "SELECT id,name,email,lang,customer_id FROM contact WHERE id=?1 AND active=1", NULL };
static const struct db_sql person = { "SELECT id,name,email,lang FROM person WHERE id=?1 AND active=1 AND role<>'system'", NULL };
static const struct db_sql contact_by_email = { "SELECT id,customer_id FROM contact WHERE email=?1 AND active=1", NULL };
static const struct db_sql customer_lang = { "SELECT lang FROM customer WHERE id=?1", NULL };
static const struct db_sql customer_is = { "SELECT active FROM customer WHERE id=?1", NULL };
static const struct db_sql customers = { "SELECT id,name,0 FROM customer WHERE active=1 AND demo<>2 ORDER BY name,id LIMIT 5000", NULL };
/* Who has a ticket? The first number from theirs on is theirs: one look into an index. Of an EXISTS beside an OR, PostgreSQL makes a table of all tickets. */
static const struct db_sql customers_all = { "SELECT cu.id,cu.name,1-cu.active FROM customer cu WHERE cu.demo<>2 AND (cu.active=1 OR (SELECT min(t.customer_id) FROM ticket t "
	"WHERE t.customer_id>=cu.id)=cu.id) ORDER BY cu.name,cu.id LIMIT 5000", NULL };
static const struct db_sql persons = { "SELECT id,name,0 FROM person WHERE active=1 AND role IN ('admin','technician') ORDER BY name,id LIMIT 500", NULL };
static const struct db_sql owners_all = { "SELECT p.id,p.name,CASE WHEN p.active=1 AND p.role IN ('admin','technician') THEN 0 ELSE 1 END FROM person p "
	"WHERE (p.active=1 AND p.role IN ('admin','technician')) OR (SELECT min(t.owner_id) FROM ticket t WHERE t.owner_id>=p.id)=p.id "
	"ORDER BY p.name,p.id LIMIT 2000", NULL };
static const struct db_sql contacts = { "SELECT id,name,0 FROM contact WHERE customer_id=?1 AND active=1 ORDER BY name,id LIMIT 1000", NULL };
static const struct db_sql views = { "SELECT id,name,query FROM saved_view WHERE person_id=?1 ORDER BY place,id LIMIT 50", NULL };
static const struct db_sql view_add = { "INSERT INTO saved_view(person_id,name,query) VALUES(?1,?2,?3)", NULL };
static const struct db_sql view_remove = { "DELETE FROM saved_view WHERE person_id=?1 AND id=?2", NULL };
static const struct db_sql answers = { "SELECT id,name,body_da,body_en FROM ready_answer ORDER BY name,id LIMIT 500", NULL };
static const struct db_sql answer_add = { "INSERT INTO ready_answer(name,body_da,body_en) VALUES(?1,?2,?3) RETURNING id", NULL };
static const struct db_sql answer_set = { "UPDATE ready_answer SET name=?2,body_da=?3,body_en=?4 WHERE id=?1", NULL };
static const struct db_sql answer_remove = { "DELETE FROM ready_answer WHERE id=?1", NULL };

int store_watcher_add(struct db_conn *w, int64_t ticket_id, int64_t customer_id, const char *kind, int64_t who_id, const char *email, struct err *e)
{
	return db_run(w, &watch, DB(DB_INT(ticket_id), DB_ID(customer_id), DB_TEXT(kind), DB_INT(who_id), DB_TEXT(email)), NULL, e);
}

int store_watcher_remove(struct db_conn *w, int64_t ticket_id, const char *kind, int64_t who_id, const char *email, struct err *e)
{
	return db_run(w, &unwatch, DB(DB_INT(ticket_id), DB_TEXT(kind), DB_INT(who_id), DB_TEXT(email)), NULL, e);
}

int store_watcher_move(struct db_conn *w, int64_t from, int64_t to, struct err *e)
{
	return db_run(w, &watch_move, DB(DB_INT(from), DB_INT(to)), NULL, e);
}

int store_watcher_list(struct db_conn *c, struct arena *a, int64_t ticket_id, struct watcher **out, int *n, struct err *e)
{
	enum { MOST = 200 };
	struct watcher *v = ARENA_ARRAY(a, struct watcher, MOST);
	struct db_cur *cur;
	int rc, m = 0;

	if (db_query(c, &watchers, DB(DB_INT(ticket_id)), &cur, e) != 0)
		return -1;
	while (m < MOST && (rc = db_next(cur, e)) > 0)
		v[m++] = (struct watcher){ db_text(cur, 0, a), db_int(cur, 1), db_text(cur, 2, a), db_text(cur, 3, a), db_text(cur, 4, a) };
	db_done(cur);
	if (m < MOST && rc < 0)
		return -1;
	*out = v;
	*n = m;
	return 0;
}

static int one_person(struct db_conn *c, struct arena *a, const struct db_sql *q, const char *kind, int64_t id, struct watcher *out,
	int64_t *customer_id, struct err *e)
{
	struct db_cur *cur;
	int rc;

	if (db_query(c, q, DB(DB_INT(id)), &cur, e) != 0)
		return -1;
	rc = db_next(cur, e);
	if (rc > 0) {
		*out = (struct watcher){ kind, db_int(cur, 0), db_text(cur, 1, a), db_text(cur, 2, a), db_text(cur, 3, a) };
		if (customer_id)
			*customer_id = db_int(cur, 4);
	}
	db_done(cur);
	return rc > 0 ? 0 : rc < 0 ? -1 : FAIL(e, E_NOT_FOUND, "%s %lld", kind, (long long)id);
}

int store_ticket_contact(struct db_conn *c, struct arena *a, int64_t contact_id, struct watcher *out, int64_t *customer_id, struct err *e)
{
	int64_t any;

	return one_person(c, a, &contact, "contact", contact_id, out, customer_id ? customer_id : &any, e);
}

int store_ticket_person(struct db_conn *c, struct arena *a, int64_t person_id, struct watcher *out, struct err *e)
{
	return one_person(c, a, &person, "person", person_id, out, NULL, e);
}

int store_ticket_contact_by_email(struct db_conn *c, struct arena *a, const char *email, int64_t *contact_id, int64_t *customer_id, struct err *e)
{
	struct db_cur *cur;
	int rc;

	if (db_query(c, &contact_by_email, DB(DB_TEXT(text_lower(a, email))), &cur, e) != 0)
		return -1;
	rc = db_next(cur, e);
	if (rc > 0) {
		*contact_id = db_int(cur, 0);
		*customer_id = db_int(cur, 1);
	}
	db_done(cur);
	return rc > 0 ? 0 : rc < 0 ? -1 : FAIL(e, E_NOT_FOUND, "contact");
}

int store_ticket_customer_is(struct db_conn *c, int64_t customer_id, bool *active, struct err *e)
{
	int64_t is;

	if (db_id(c, &customer_is, DB(DB_INT(customer_id)), &is, e) != 0)
		return -1;
	*active = is != 0;
	return 0;
}

int store_ticket_customer_lang(struct db_conn *c, struct arena *a, int64_t customer_id, const char **lang, struct err *e)
{
	struct db_cur *cur;
	int rc;

	if (db_query(c, &customer_lang, DB(DB_INT(customer_id)), &cur, e) != 0)
		return -1;
	rc = db_next(cur, e);
	if (rc > 0)
		*lang = db_text(cur, 0, a);
	db_done(cur);
	return rc > 0 ? 0 : rc < 0 ? -1 : FAIL(e, E_NOT_FOUND, "customer");
}

static int choices(struct db_conn *c, struct arena *a, const struct db_sql *q, const struct db_val *v, int nv, struct ticket_choice **out, int *n,
	struct err *e)
{
	struct ticket_choice *k = NULL;
	struct db_cur *cur;
	int rc, m = 0, cap = 0;

	if (db_query(c, q, v, nv, &cur, e) != 0)
		return -1;
	while ((rc = db_next(cur, e)) > 0) {
		k = arena_grow(a, k, sizeof *k, m, &cap);
		k[m++] = (struct ticket_choice){ db_int(cur, 0), db_text(cur, 1, a), db_int(cur, 2) != 0 };
	}
	db_done(cur);
	if (rc < 0)
		return -1;
	*out = k;
	*n = m;
	return 0;
}

int store_ticket_customers(struct db_conn *c, struct arena *a, struct ticket_choice **out, int *n, struct err *e)
{
	return choices(c, a, &customers, DB_NONE, out, n, e);
}

int store_ticket_customers_all(struct db_conn *c, struct arena *a, struct ticket_choice **out, int *n, struct err *e)
{
	return choices(c, a, &customers_all, DB_NONE, out, n, e);
}

int store_ticket_persons(struct db_conn *c, struct arena *a, struct ticket_choice **out, int *n, struct err *e)
{
	return choices(c, a, &persons, DB_NONE, out, n, e);
}

int store_ticket_owners_all(struct db_conn *c, struct arena *a, struct ticket_choice **out, int *n, struct err *e)
{
	return choices(c, a, &owners_all, DB_NONE, out, n, e);
}

int store_ticket_contacts(struct db_conn *c, struct arena *a, int64_t customer_id, struct ticket_choice **out, int *n, struct err *e)
{
	return choices(c, a, &contacts, DB(DB_INT(customer_id)), out, n, e);
}

static bool holds(struct arena *a, const char *text, const char *lower) { return strstr(text_lower(a, text), lower) != NULL; }

/* Case is folded here, because the two databases fold æ, ø and å differently. */
int store_ticket_find_people(struct db_conn *c, struct arena *a, const char *words, int limit, struct ticket_choice **customers_out, int *ncustomers,
	struct ticket_choice **people, int64_t **people_of, int *npeople, struct err *e)
{
	static const struct db_sql all = { "SELECT id,name,email,customer_id FROM contact WHERE active=1 AND email<>'probe@pedel.invalid' ORDER BY name,id LIMIT 20000", NULL };
	const char *lower = text_lower(a, text_trim(a, words));
	struct arena *scratch = arena_begin(64 << 20);
	struct ticket_choice *found = ARENA_ARRAY(a, struct ticket_choice, limit), *p = ARENA_ARRAY(a, struct ticket_choice, limit), *k;
	int64_t *of = ARENA_ARRAY(a, int64_t, limit);
	struct db_cur *cur = NULL;
	int n, m = 0, rc = store_ticket_customers(c, scratch, &k, &n, e);

	*ncustomers = 0;
	for (int i = 0; rc == 0 && *lower && i < n && *ncustomers < limit; i++)
		if (holds(scratch, k[i].name, lower))
			found[(*ncustomers)++] = (struct ticket_choice){ k[i].id, arena_dup(a, k[i].name) };
	if (rc == 0 && *lower && (rc = db_query(c, &all, DB_NONE, &cur, e)) == 0)
		while (m < limit && (rc = db_next(cur, e)) > 0) {
			const char *name = db_text(cur, 1, scratch), *email = db_text(cur, 2, scratch);

			if (!holds(scratch, name, lower) && !holds(scratch, email, lower))
				continue;
			of[m] = db_int(cur, 3);
			p[m++] = (struct ticket_choice){ db_int(cur, 0), arena_printf(a, "%s, %s", name, email) };
		}
	db_done(cur);
	arena_end(scratch);
	if (rc < 0)
		return -1;
	*customers_out = found;
	*people = p;
	*people_of = of;
	*npeople = m;
	return 0;
}

/* ---- saved views, ready answers: up to 500 rows of an id and texts */

enum { SMALL_MOST = 500 };

int store_view_list(struct db_conn *c, struct arena *a, int64_t person_id, struct saved_view **out, int *n, struct err *e)
{
	struct saved_view *v = ARENA_ARRAY(a, struct saved_view, 50);
	struct db_cur *cur;
	int rc = 0, m = 0;

	if (db_query(c, &views, DB(DB_INT(person_id)), &cur, e) != 0)
		return -1;
	while (m < 50 && (rc = db_next(cur, e)) > 0)
		v[m++] = (struct saved_view){ db_int(cur, 0), db_text(cur, 1, a), db_text(cur, 2, a) };
	db_done(cur);
	if (rc < 0)
		return -1;
	*out = v;
	*n = m;
	return 0;
}

int store_view_add(struct db_conn *w, int64_t person_id, const char *name, const char *query, struct err *e)
{
	return db_run(w, &view_add, DB(DB_INT(person_id), DB_TEXT(name), DB_TEXT(query)), NULL, e);
}

int store_view_remove(struct db_conn *w, int64_t person_id, int64_t id, struct err *e)
{
	return db_run(w, &view_remove, DB(DB_INT(person_id), DB_INT(id)), NULL, e);
}

int store_answer_list(struct db_conn *c, struct arena *a, struct ready_answer **out, int *n, struct err *e)
{
	struct ready_answer *v = ARENA_ARRAY(a, struct ready_answer, SMALL_MOST);
	struct db_cur *cur;
	int rc = 0, m = 0;

	if (db_query(c, &answers, DB_NONE, &cur, e) != 0)
		return -1;
	while (m < SMALL_MOST && (rc = db_next(cur, e)) > 0)
		v[m++] = (struct ready_answer){ db_int(cur, 0), db_text(cur, 1, a), db_text(cur, 2, a), db_text(cur, 3, a) };
	db_done(cur);
	if (rc < 0)
		return -1;
	*out = v;
	*n = m;
	return 0;
}

int store_answer_put(struct db_conn *w, struct ready_answer *r, struct err *e)
{
	if (!r->id)
		return db_id(w, &answer_add, DB(DB_TEXT(r->name), DB_TEXT(r->body_da), DB_TEXT(r->body_en)), &r->id, e);
	return db_run(w, &answer_set, DB(DB_INT(r->id), DB_TEXT(r->name), DB_TEXT(r->body_da), DB_TEXT(r->body_en)), NULL, e);
}

int store_answer_remove(struct db_conn *w, int64_t id, struct err *e)
{
	return db_run(w, &answer_remove, DB(DB_INT(id)), NULL, e);
}
