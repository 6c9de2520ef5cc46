#include "store/counter.h"
#include <string.h>

static const struct db_sql next = { "INSERT INTO counter(name,value) VALUES(?1,1) "
	"ON CONFLICT(name) DO UPDATE SET value=counter.value+1 RETURNING value", NULL };
static const struct db_sql set = { "INSERT INTO counter(name,value) VALUES(?1,?2) ON CONFLICT(name) DO UPDATE SET value=excluded.value", NULL };

int counter_next(struct db_conn *w, const char *name, int64_t *value, struct err *e)
{
	return db_id(w, &next, DB(DB_TEXT(name)), value, e);
}

int counter_set(struct db_conn *w, const char *name, int64_t value, struct err *e)
{
	return db_run(w, &set, DB(DB_TEXT(name), DB_INT(value)), NULL, e);
}

int counter_read(struct db_conn *c, const struct db_sql *q, const char *const *names, int64_t *values, int n, struct err *e)
{
	struct arena *t = arena_begin(16 << 10);
	struct db_cur *cur;
	int rc;

	for (int i = 0; i < n; i++)
		values[i] = 0;
	rc = db_query(c, q, DB_NONE, &cur, e);
	if (rc == 0) {
		while ((rc = db_next(cur, e)) == 1) {
			const char *name = db_text(cur, 0, t);

			for (int i = 0; i < n; i++)
				if (strcmp(name, names[i]) == 0)
					values[i] = db_int(cur, 1);
		}
		db_done(cur);
	}
	arena_end(t);
	return rc;
}
