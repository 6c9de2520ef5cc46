#include "store/catalogue.h"

static const struct db_sql find_text = { "SELECT version FROM catalogue WHERE service=?1 AND sha256=?2" };
static const struct db_sql next_free = { "SELECT COALESCE(MAX(version),0)+1 FROM catalogue WHERE service=?1" };
static const struct db_sql add_text = { "INSERT INTO catalogue(service,version,sha256,text,at) VALUES(?1,?2,?3,?4,?5)" };
static const struct db_sql get_text = { "SELECT text FROM catalogue WHERE service=?1 AND version=?2" };

/* *there: the text is kept already. */
static int numbered(struct db_conn *c, const char *service, int version, const char *sha256, int *kept, bool *there, struct err *e)
{
	int64_t at;
	struct err none;

	*there = db_id(c, &find_text, DB(DB_TEXT(service), DB_TEXT(sha256)), &at, &none) == 0;
	if (!*there && none.id != E_NOT_FOUND)
		return *e = none, -1;
	if (!*there && db_id(c, &next_free, DB(DB_TEXT(service)), &at, e) != 0)
		return -1;
	*kept = (int)(!*there && at < version ? version : at);
	return 0;
}

int store_catalogue_version(struct db_conn *c, const char *service, int version, const char *sha256, int *kept, struct err *e)
{
	bool there;

	return numbered(c, service, version, sha256, kept, &there, e);
}

int store_catalogue_keep(struct db_conn *w, const char *service, int version, const char *sha256, const char *text, int64_t now,
	int *kept, struct err *e)
{
	bool there;
	int at;

	if (numbered(w, service, version, sha256, &at, &there, e) != 0)
		return -1;
	if (!there && db_run(w, &add_text, DB(DB_TEXT(service), DB_INT(at), DB_TEXT(sha256), DB_TEXT(text), DB_INT(now)), NULL, e) != 0)
		return -1;
	*kept = at;
	return 0;
}

int store_catalogue_text(struct db_conn *c, struct arena *a, const char *service, int version, const char **text, struct err *e)
{
	struct db_cur *cur;
	int rc;

	if (db_query(c, &get_text, DB(DB_TEXT(service), DB_INT(version)), &cur, e) != 0)
		return -1;
	rc = db_next(cur, e);
	if (rc == 1)
		*text = db_text(cur, 0, a);
	db_done(cur);
	return rc == 1 ? 0 : rc < 0 ? -1 : FAIL(e, E_SERVICE_UNKNOWN, "%s version %d", service, version);
}
