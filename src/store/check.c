#include "store/check.h"
#include <string.h>
#include "os/file.h"

static int one_text(struct db_conn *c, const char *sql, struct arena *a, const char **out, struct err *e)
{
	struct db_cur *cur;
	int rc;

	if (db_query(c, &(struct db_sql){ sql, NULL }, DB_NONE, &cur, e) != 0)
		return -1;
	*out = NULL;
	rc = db_next(cur, e);
	if (rc > 0)
		*out = db_text(cur, 0, a);
	db_done(cur);
	return rc < 0 ? -1 : 0;
}

int check_database(struct db_conn *c, int64_t *checked, struct err *e)
{
	static const struct db_sql tables = { "SELECT count(*) FROM sqlite_schema WHERE type='table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'ticket_search_%'",
		"SELECT count(*) FROM pg_tables WHERE schemaname=current_schema() AND tablename NOT IN ('write_mark','write_outside')" };
	struct arena *a = arena_begin(1 << 20);
	const char *say = NULL;
	int rc = 0;

	if (db_conn_kind(c) == DB_SQLITE) {
		rc = one_text(c, "PRAGMA integrity_check(1)", a, &say, e);
		if (rc == 0 && say && strcmp(say, "ok") != 0)
			rc = FAIL(e, E_DB, "%.200s", say);
		if (rc == 0)
			rc = one_text(c, "PRAGMA foreign_key_check", a, &say, e);
		if (rc == 0 && say)
			rc = FAIL(e, E_DB, "table %.60s points at a row that is not there", say);
	}
	arena_end(a);
	return rc != 0 ? -1 : db_id(c, &tables, DB_NONE, checked, e);
}

int check_alone(struct db_conn *c, int own, bool *alone, struct err *e)
{
	static const struct db_sql who = { "SELECT 0", "SELECT count(*) FROM pg_stat_activity WHERE datname=current_database() AND application_name='pedel'" };
	int64_t n;

	if (db_id(c, &who, DB_NONE, &n, e) != 0)
		return -1;
	*alone = n <= own;
	return 0;
}

int check_promises(struct db_conn *c, int64_t *checked, struct err *e)
{
	static const struct db_sql wrong = { "SELECT p.id,p.customer_id,p.promise FROM promise_state p WHERE NOT EXISTS(SELECT 1 FROM event v "
		"WHERE v.object='promise' AND v.object_id=p.id AND v.kind='promise.state' AND v.customer_id=p.customer_id "
		"AND v.data LIKE '%\"promise\":\"'||p.promise||'\"%,\"to\":\"'||p.state||'\"}') "
		"UNION ALL SELECT v.object_id,v.customer_id,'' FROM event v WHERE v.object='promise' AND v.kind='promise.state' "
		"AND NOT EXISTS(SELECT 1 FROM promise_state p WHERE p.id=v.object_id) "
		"UNION ALL SELECT p.id,p.customer_id,p.promise FROM promise_state p WHERE p.until_at=9223372036854775807 AND EXISTS(SELECT 1 FROM event v "
		"WHERE v.object='promise' AND v.object_id=p.id AND v.kind='promise.state' AND v.data LIKE '%,\"to\":null}') LIMIT 1", NULL };
	static const struct db_sql all = { "SELECT count(*) FROM promise_state", NULL };
	struct arena *a = arena_begin(64 << 10);
	struct db_cur *cur;
	int rc = db_query(c, &wrong, DB_NONE, &cur, e);

	if (rc == 0) {
		rc = db_next(cur, e);
		if (rc > 0)
			rc = FAIL(e, E_CHAIN_BROKEN, "promise %.80s of customer %lld, row %lld", db_text(cur, 2, a), (long long)db_int(cur, 1),
				(long long)db_int(cur, 0));
		db_done(cur);
	}
	arena_end(a);
	return rc != 0 ? -1 : db_id(c, &all, DB_NONE, checked, e);
}

int check_blobs_used(struct db_conn *c, const struct blobs *b, void (*missing)(void *arg, const char *sha256), void *arg,
	int64_t *checked, struct err *e)
{
	/* A probe's mail is removed as soon as it is read; only folders of before have messages that still name it. */
	static const struct db_sql used = { "SELECT sha256 FROM attachment UNION SELECT m.raw_sha256 FROM message m JOIN ticket t ON t.id=m.ticket_id "
		"WHERE m.raw_sha256<>'' AND t.probe=0 UNION SELECT sha256 FROM mail_in", NULL };
	struct arena *a = arena_begin(16 << 20);
	struct db_cur *cur;
	int64_t n = 0, gone = 0;
	int rc;

	if (db_query(c, &used, DB_NONE, &cur, e) != 0) {
		arena_end(a);
		return -1;
	}
	while ((rc = db_next(cur, e)) > 0) {
		const char *sha = db_text(cur, 0, a);

		if (!os_file_is(blob_path(b, a, sha))) {
			missing(arg, sha);
			gone++;
		}
		n++;
		arena_reset(a);
	}
	db_done(cur);
	arena_end(a);
	if (rc == 0 && gone)
		rc = FAIL(e, E_NOT_FOUND, "%lld of %lld", (long long)gone, (long long)n);
	if (rc == 0)
		*checked = n;
	return rc;
}
