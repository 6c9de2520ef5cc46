#include "store/customer.h"
#include <string.h>
#include "base/text.h"

#define COLS "id,name,cvr,gln,lang,phone,note,demo,active,created_at,version"
static const struct db_sql add = { "INSERT INTO customer(name,cvr,gln,lang,phone,note,demo,active,created_at) VALUES(?1,?2,?3,?4,?5,?6,?7,1,?8) RETURNING id", NULL };
static const struct db_sql get = { "SELECT " COLS " FROM customer WHERE id=?1", NULL };
static const struct db_sql set = { "UPDATE customer SET name=?3,cvr=?4,gln=?5,lang=?6,phone=?7,note=?8,active=?9,version=version+1 WHERE id=?1 AND version=?2", NULL };
static const struct db_sql first = { "SELECT " COLS " FROM customer WHERE demo<>2 ORDER BY name,id",
	"SELECT " COLS " FROM customer WHERE demo<>2 ORDER BY name COLLATE \"C\",id" };
static const struct db_sql after = { "SELECT " COLS " FROM customer WHERE demo<>2 AND (name,id)>(SELECT name,id FROM customer WHERE id=?1) ORDER BY name,id",
	"SELECT " COLS " FROM customer WHERE demo<>2 AND (name COLLATE \"C\",id)>(SELECT name COLLATE \"C\",id FROM customer WHERE id=?1) ORDER BY name COLLATE \"C\",id" };
static const struct db_sql count = { "SELECT count(*) FROM customer WHERE active=1 AND demo<>2", NULL };
static const struct db_sql domains = { "SELECT domain FROM customer_domain WHERE customer_id=?1 ORDER BY domain", NULL };
static const struct db_sql domains_n = { "SELECT count(*) FROM customer_domain WHERE customer_id=?1", NULL };
static const struct db_sql domain_add = { "INSERT INTO customer_domain(domain,customer_id) VALUES(?1,?2)", NULL };
static const struct db_sql domains_drop = { "DELETE FROM customer_domain WHERE customer_id=?1", NULL };
static const struct db_sql by_domain = { "SELECT customer_id FROM customer_domain WHERE domain=?1", NULL };
static const struct db_sql by_cvr = { "SELECT id FROM customer WHERE cvr=?1", NULL };
static const struct db_sql site_add = { "INSERT INTO site(customer_id,name,street,postcode,city,drive_minutes) VALUES(?1,?2,?3,?4,?5,?6) RETURNING id", NULL };
static const struct db_sql site_set = { "UPDATE site SET name=?3,street=?4,postcode=?5,city=?6,drive_minutes=?7 WHERE customer_id=?1 AND id=?2", NULL };
static const struct db_sql site_drop = { "DELETE FROM site WHERE customer_id=?1 AND id=?2", NULL };
static const struct db_sql site_n = { "SELECT count(*) FROM site WHERE customer_id=?1", NULL };
static const struct db_sql site_list = { "SELECT id,customer_id,name,street,postcode,city,drive_minutes FROM site WHERE customer_id=?1 ORDER BY id", NULL };

static void row(struct db_cur *cur, struct arena *a, struct customer *c)
{
	*c = (struct customer){ .id = db_int(cur, 0), .name = db_text(cur, 1, a), .cvr = db_text(cur, 2, a), .gln = db_text(cur, 3, a),
		.lang = db_text(cur, 4, a), .phone = db_text(cur, 5, a), .note = db_text(cur, 6, a), .demo = db_int(cur, 7) != 0,
		.active = db_int(cur, 8) != 0, .created_at = db_int(cur, 9), .version = db_int(cur, 10) };
}

static int read_domains(struct db_conn *c, struct arena *a, struct customer *k, struct err *e)
{
	const char **list;
	struct db_cur *cur;
	int64_t most;
	int n = 0, rc;

	if (db_id(c, &domains_n, DB(DB_INT(k->id)), &most, e) != 0)
		return -1;
	list = ARENA_ARRAY(a, const char *, most + 1);
	if (db_query(c, &domains, DB(DB_INT(k->id)), &cur, e) != 0)
		return -1;
	while ((rc = db_next(cur, e)) > 0 && n < most)
		list[n++] = db_text(cur, 0, a);
	db_done(cur);
	k->domains = list;
	k->ndomains = n;
	return rc < 0 ? -1 : 0;
}

static int write_domains(struct db_conn *w, int64_t id, const char *const *list, int n, struct err *e)
{
	for (int i = 0; i < n; i++) {
		if (db_run(w, &domain_add, DB(DB_TEXT(list[i]), DB_INT(id)), NULL, e) == 0)
			continue;
		if (db_is_duplicate(w))
			return FAIL_FIELD(e, E_DOMAIN_TAKEN, "mail_domains", "%.100s", list[i]);
		return -1;
	}
	return 0;
}

int store_customer_add(struct db_conn *w, struct customer *c, struct err *e)
{
	if (db_id(w, &add, DB(DB_TEXT(c->name), DB_TEXT(c->cvr), DB_TEXT(c->gln ? c->gln : ""), DB_TEXT(c->lang ? c->lang : "da"),
			DB_TEXT(c->phone ? c->phone : ""), DB_TEXT(c->note ? c->note : ""), DB_INT(c->demo), DB_INT(c->created_at)), &c->id, e) != 0)
		return db_is_duplicate(w) ? FAIL_FIELD(e, E_CUSTOMER_TAKEN, "cvr", "%.20s", c->cvr) : -1;
	return write_domains(w, c->id, c->domains, c->ndomains, e);
}

int store_customer_get(struct db_conn *c, struct arena *a, int64_t id, struct customer *out, struct err *e)
{
	struct customer k = { 0 };
	struct db_cur *cur;
	int rc;

	if (db_query(c, &get, DB(DB_INT(id)), &cur, e) != 0)
		return -1;
	rc = db_next(cur, e);
	if (rc > 0)
		row(cur, a, &k);
	db_done(cur);
	if (rc <= 0)
		return rc < 0 ? -1 : FAIL(e, E_NOT_FOUND, "customer %lld", (long long)id);
	if (read_domains(c, a, &k, e) != 0)
		return -1;
	*out = k;
	return 0;
}

int store_customer_set(struct db_conn *w, const struct customer *c, struct err *e)
{
	int changed;

	if (db_run(w, &set, DB(DB_INT(c->id), DB_INT(c->version), DB_TEXT(c->name), DB_TEXT(c->cvr), DB_TEXT(c->gln), DB_TEXT(c->lang), DB_TEXT(c->phone),
			DB_TEXT(c->note), DB_INT(c->active)), &changed, e) != 0)
		return db_is_duplicate(w) ? FAIL_FIELD(e, E_CUSTOMER_TAKEN, "cvr", "%.20s", c->cvr) : -1;
	if (!changed)
		return FAIL(e, E_CHANGED, "customer %lld", (long long)c->id);
	if (db_run(w, &domains_drop, DB(DB_INT(c->id)), NULL, e) != 0)
		return -1;
	return write_domains(w, c->id, c->domains, c->ndomains, e);
}

/* Every word of q stands in the customer's name, CVR or a domain. Done here, because the databases fold æøå differently. */
static bool holds(struct arena *a, const struct customer *k, const char *q)
{
	char *hay = text_lower(a, arena_printf(a, "%s\n%s\n%s", k->name, k->cvr, k->phone)), *words = text_lower(a, q), *rest, *word;

	for (word = strtok_r(words, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest)) {
		bool found = strstr(hay, word) != NULL;

		for (int i = 0; i < k->ndomains && !found; i++)
			found = strstr(k->domains[i], word) != NULL;
		if (!found)
			return false;
	}
	return true;
}

int store_customer_list(struct db_conn *c, struct arena *a, const char *q, int64_t after_id, int limit, struct customer **out, int *n, struct err *e)
{
	struct customer *k = ARENA_ARRAY(a, struct customer, limit + 1);
	struct arena *scratch = arena_begin(64 << 20);
	struct db_cur *cur;
	int got = 0, rc = 0;

	if (text_blank(q))
		q = NULL;
	if ((after_id ? db_query(c, &after, DB(DB_INT(after_id)), &cur, e) : db_query(c, &first, DB_NONE, &cur, e)) != 0) {
		arena_end(scratch);
		return -1;
	}
	while (got < limit && (rc = db_next(cur, e)) > 0) {
		struct customer one;

		row(cur, q ? scratch : a, &one);
		if (q) {
			if ((rc = read_domains(c, scratch, &one, e)) != 0)
				break;
			if (!holds(scratch, &one, q)) {
				arena_reset(scratch);
				continue;
			}
			row(cur, a, &one);
			arena_reset(scratch);
		}
		k[got++] = one;
	}
	db_done(cur);
	arena_end(scratch);
	if (rc < 0)
		return -1;
	for (int i = 0; i < got; i++)
		if (read_domains(c, a, &k[i], e) != 0)
			return -1;
	*out = k;
	*n = got;
	return 0;
}

int store_customer_count(struct db_conn *c, int64_t *n, struct err *e) { return db_id(c, &count, DB_NONE, n, e); }
int store_customer_by_domain(struct db_conn *c, const char *domain, int64_t *id, struct err *e) { return db_id(c, &by_domain, DB(DB_TEXT(domain)), id, e); }
int store_customer_by_cvr(struct db_conn *c, const char *cvr, int64_t *id, struct err *e) { return db_id(c, &by_cvr, DB(DB_TEXT(cvr)), id, e); }

int store_site_add(struct db_conn *w, struct site *s, struct err *e)
{
	return db_id(w, &site_add, DB(DB_INT(s->customer_id), DB_TEXT(s->name), DB_TEXT(s->street), DB_TEXT(s->postcode), DB_TEXT(s->city),
		DB_INT(s->drive_minutes)), &s->id, e);
}

int store_site_set(struct db_conn *w, const struct site *s, struct err *e)
{
	int changed;

	if (db_run(w, &site_set, DB(DB_INT(s->customer_id), DB_INT(s->id), DB_TEXT(s->name), DB_TEXT(s->street), DB_TEXT(s->postcode), DB_TEXT(s->city),
			DB_INT(s->drive_minutes)), &changed, e) != 0)
		return -1;
	return changed ? 0 : FAIL(e, E_NOT_FOUND, "site %lld", (long long)s->id);
}

int store_site_drop(struct db_conn *w, int64_t customer_id, int64_t id, struct err *e)
{
	int changed;

	if (db_run(w, &site_drop, DB(DB_INT(customer_id), DB_INT(id)), &changed, e) != 0)
		return -1;
	return changed ? 0 : FAIL(e, E_NOT_FOUND, "site %lld", (long long)id);
}

int store_site_list(struct db_conn *c, struct arena *a, int64_t customer_id, struct site **out, int *n, struct err *e)
{
	struct db_cur *cur;
	struct site *s;
	int64_t most;
	int got = 0, rc;

	if (db_id(c, &site_n, DB(DB_INT(customer_id)), &most, e) != 0)
		return -1;
	s = ARENA_ARRAY(a, struct site, most + 1);
	if (db_query(c, &site_list, DB(DB_INT(customer_id)), &cur, e) != 0)
		return -1;
	while ((rc = db_next(cur, e)) > 0 && got < most)
		s[got++] = (struct site){ db_int(cur, 0), db_int(cur, 1), db_text(cur, 2, a), db_text(cur, 3, a), db_text(cur, 4, a), db_text(cur, 5, a),
			(int)db_int(cur, 6) };
	db_done(cur);
	if (rc < 0)
		return -1;
	*out = s;
	*n = got;
	return 0;
}
