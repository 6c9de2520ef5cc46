#include "store/category.h"
#include <string.h>
#include "base/text.h"

#define COLS "key,name_da,name_en,service,retired_at,place,version"

static const struct db_sql all = { "SELECT " COLS " FROM category ORDER BY place,key LIMIT 200", NULL };
static const struct db_sql add = { "INSERT INTO category(" COLS ") VALUES(?1,?2,?3,?4,?5,?6,1)", NULL };
static const struct db_sql set = { "UPDATE category SET name_da=?3,name_en=?4,service=?5,retired_at=?6,version=version+1 WHERE key=?1 AND version=?2",
	NULL };
static const struct db_sql put = { "UPDATE category SET place=?2 WHERE key=?1", NULL };
static const struct db_sql used_by = { "SELECT count(*) FROM (SELECT 1 FROM ticket WHERE category=?1 LIMIT 1) x", NULL };
static const struct db_sql gone = { "DELETE FROM category WHERE key=?1 AND version=?2", NULL };
static const struct db_sql in_use = { "SELECT category,count(*) FROM ticket WHERE solved_at=0 AND probe=0 AND category<>'' GROUP BY category", NULL };

int store_category_list(struct db_conn *c, struct arena *a, struct category **out, int *n, struct err *e)
{
	struct category *v = ARENA_ARRAY(a, struct category, CATEGORIES_MOST);
	struct db_cur *cur;
	int rc = 0, m = 0;

	if (db_query(c, &all, DB_NONE, &cur, e) != 0)
		return -1;
	while (m < CATEGORIES_MOST && (rc = db_next(cur, e)) > 0)
		v[m++] = (struct category){ db_text(cur, 0, a), db_text(cur, 1, a), db_text(cur, 2, a), db_text(cur, 3, a), db_int(cur, 4),
			(int)db_int(cur, 5), (int)db_int(cur, 6) };
	db_done(cur);
	if (rc < 0)
		return -1;
	*out = v;
	*n = m;
	return 0;
}

const struct category *store_category_find(const struct category *list, int n, const char *key)
{
	for (int i = 0; key && i < n; i++)
		if (strcmp(list[i].key, key) == 0)
			return &list[i];
	return NULL;
}

int store_category_add(struct db_conn *w, const struct category *k, struct err *e)
{
	return db_run(w, &add, DB(DB_TEXT(k->key), DB_TEXT(k->name_da), DB_TEXT(k->name_en), DB_TEXT(k->service), DB_INT(k->retired_at),
		DB_INT(k->place)), NULL, e);
}

int store_category_set(struct db_conn *w, const struct category *k, struct err *e)
{
	int n;

	if (db_run(w, &set, DB(DB_TEXT(k->key), DB_INT(k->version), DB_TEXT(k->name_da), DB_TEXT(k->name_en), DB_TEXT(k->service),
		DB_INT(k->retired_at)), &n, e) != 0)
		return -1;
	return n ? 0 : FAIL(e, E_CHANGED, "category %.60s", k->key);
}

int store_category_used(struct db_conn *c, const char *key, bool *used, struct err *e)
{
	int64_t n;

	if (db_id(c, &used_by, DB(DB_TEXT(key)), &n, e) != 0)
		return -1;
	*used = n > 0;
	return 0;
}

int store_category_remove(struct db_conn *w, const struct category *k, struct err *e)
{
	int n;

	if (db_run(w, &gone, DB(DB_TEXT(k->key), DB_INT(k->version)), &n, e) != 0)
		return -1;
	return n ? 0 : FAIL(e, E_CHANGED, "category %.60s", k->key);
}

int store_category_place(struct db_conn *w, const char *key, int place, struct err *e)
{
	return db_run(w, &put, DB(DB_TEXT(key), DB_INT(place)), NULL, e);
}

int store_category_first(struct db_conn *w, struct err *e)
{
	static const struct category first[] = {
		{ .key = "computer", .name_da = "Computer", .name_en = "Computer", .service = "" },
		{ .key = "mail", .name_da = "Mail og kalender", .name_en = "Mail and calendar", .service = "" },
		{ .key = "access", .name_da = "Adgang og brugere", .name_en = "Access and users", .service = "" },
		{ .key = "printer", .name_da = "Printer", .name_en = "Printer", .service = "" },
		{ .key = "network", .name_da = "Netværk", .name_en = "Network", .service = "" },
		{ .key = "phone", .name_da = "Telefoni", .name_en = "Telephony", .service = "" },
		{ .key = "web", .name_da = "Hjemmeside", .name_en = "Website", .service = "" },
		{ .key = "security", .name_da = "Sikkerhed", .name_en = "Security", .service = "" },
		{ .key = "other", .name_da = "Andet", .name_en = "Other", .service = "" },
	};

	for (int i = 0; i < (int)(sizeof first / sizeof *first); i++) {
		struct category k = first[i];

		k.place = i;
		if (store_category_add(w, &k, e) != 0)
			return -1;
	}
	return 0;
}

int store_category_open(struct db_conn *c, struct arena *a, const struct category *list, int n, const int **open, struct err *e)
{
	int *count = ARENA_ARRAY(a, int, n + 1);
	struct db_cur *cur;
	int rc;

	if (db_query(c, &in_use, DB_NONE, &cur, e) != 0)
		return -1;
	while ((rc = db_next(cur, e)) > 0) {
		const struct category *k = store_category_find(list, n, db_text(cur, 0, a));

		if (k)
			count[k - list] = (int)db_int(cur, 1);
	}
	db_done(cur);
	*open = count;
	return rc;
}
