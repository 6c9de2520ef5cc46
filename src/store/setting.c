#include "store/setting.h"
#include <string.h>
#include "base/text.h"

static const struct db_sql get = { "SELECT value FROM setting WHERE key=?1", NULL };
static const struct db_sql set = { "INSERT INTO setting(key,value) VALUES(?1,?2) ON CONFLICT(key) DO UPDATE SET value=excluded.value", NULL };
static const struct db_sql forget = { "DELETE FROM setting WHERE key=?1", NULL };
static const struct db_sql count = { "SELECT count(*) FROM setting WHERE substr(key,1,?2)=?1", "SELECT count(*) FROM setting WHERE substr(key,1,?2::int)=?1" };
static const struct db_sql list = { "SELECT key,value FROM setting WHERE substr(key,1,?2)=?1 ORDER BY key",
	"SELECT key,value FROM setting WHERE substr(key,1,?2::int)=?1 ORDER BY key" };

int setting_get(struct db_conn *c, struct arena *a, const char *key, const char *unless, const char **value, struct err *e)
{
	struct db_cur *cur;
	int rc;

	if (db_query(c, &get, DB(DB_TEXT(key)), &cur, e) != 0)
		return -1;
	rc = db_next(cur, e);
	if (rc >= 0)
		*value = rc ? db_text(cur, 0, a) : unless;
	db_done(cur);
	return rc < 0 ? -1 : 0;
}

int setting_get_all(struct db_conn *c, struct arena *a, const char *const *key, const char **const *value, int n, struct err *e)
{
	static const struct db_sql q = { "SELECT key,value FROM setting WHERE key IN (?1,?2,?3,?4,?5,?6,?7,?8)", NULL };
	struct db_val v[8];
	struct db_cur *cur;
	int rc;

	for (int i = 0; i < 8; i++)
		v[i] = DB_TEXT(key[i < n ? i : n - 1]);
	for (int i = 0; i < n; i++)
		*value[i] = "";
	if (db_query(c, &q, v, 8, &cur, e) != 0)
		return -1;
	while ((rc = db_next(cur, e)) == 1)
		for (int i = 0; i < n; i++)
			if (strcmp(db_text(cur, 0, a), key[i]) == 0)
				*value[i] = db_text(cur, 1, a);
	db_done(cur);
	return rc;
}

int setting_get_int(struct db_conn *c, const char *key, int64_t unless, int64_t *value, struct err *e)
{
	struct arena *a = arena_begin(1 << 20);
	const char *s;
	int rc = setting_get(c, a, key, NULL, &s, e);

	if (rc == 0 && !(s && text_int(s, value)))
		*value = unless;
	arena_end(a);
	return rc;
}

int setting_set(struct db_conn *w, const char *key, const char *value, struct err *e)
{
	return value ? db_run(w, &set, DB(DB_TEXT(key), DB_TEXT(value)), NULL, e) : db_run(w, &forget, DB(DB_TEXT(key)), NULL, e);
}

int setting_list(struct db_conn *c, struct arena *a, const char *prefix, struct setting **out, int *n, struct err *e)
{
	int64_t rows;
	int got = 0, rc;
	struct db_cur *cur;
	struct setting *s;

	if (db_id(c, &count, DB(DB_TEXT(prefix), DB_INT((int64_t)text_chars(prefix))), &rows, e) != 0)
		return -1;
	s = ARENA_ARRAY(a, struct setting, rows);
	if (db_query(c, &list, DB(DB_TEXT(prefix), DB_INT((int64_t)text_chars(prefix))), &cur, e) != 0)
		return -1;
	while ((rc = db_next(cur, e)) > 0 && got < rows) {
		s[got].key = db_text(cur, 0, a);
		s[got++].value = db_text(cur, 1, a);
	}
	db_done(cur);
	if (rc < 0)
		return -1;
	*out = s;
	*n = got;
	return 0;
}
