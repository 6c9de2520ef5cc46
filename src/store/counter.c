#include "store/counter.h"

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
