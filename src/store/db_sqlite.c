/* SQLite: WAL, every commit synced, one connection per thread at a time (hence NOMUTEX). */
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/fault.h"
#include "os/file.h"
#include "store/db_driver.h"

/* Other processes (pedel at the shell) may hold the write lock for a moment; our own threads never compete. */
enum { BUSY_MS = 5000, SOLO_NAP_US = 100, SOLO_ASKS = 300000 };
#define WAL_PAGES "10000"       /* only a writer that is never idle gets this far; otherwise idle() keeps the WAL short */

static int fail_code(struct db_conn *c, int rc, const char *what, struct err *e)
{
	int ext = c->h ? sqlite3_extended_errcode(c->h) : rc;

	int why = c->h && ((rc & 0xff) == SQLITE_IOERR || (rc & 0xff) == SQLITE_CANTOPEN) ? sqlite3_system_errno(c->h) : 0;

	c->duplicate = ext == SQLITE_CONSTRAINT_UNIQUE || ext == SQLITE_CONSTRAINT_PRIMARYKEY;
	return FAIL(e, (rc & 0xff) == SQLITE_BUSY || (rc & 0xff) == SQLITE_LOCKED ? E_DB_BUSY :
		(rc & 0xff) == SQLITE_FULL || why == ENOSPC || why == EDQUOT ? E_OUT_OF_SPACE :
		why == EACCES || why == EPERM || why == EROFS || ((rc & 0xff) == SQLITE_READONLY && !c->reader) ? E_ACCESS_REFUSED : E_DB, "%s (%.90s)", c->h ? sqlite3_errmsg(c->h) : sqlite3_errstr(rc), what);
}

static int sq_script(struct db_conn *c, const char *text, struct err *e)
{
	int rc = sqlite3_exec(c->h, text, NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : fail_code(c, rc, text, e);
}

/* A short program beside a server that writes without a pause finds the lock free for moments only: it asks often, and for about a minute.
 * SQLite's own waits are up to 100 ms apart, and a backup under load met none of those moments in five seconds. */
static int solo_waits(void *arg, int times)
{
	(void)arg;
	if (times >= SOLO_ASKS)
		return 0;
	usleep(SOLO_NAP_US);
	return 1;
}

static int sq_connect(struct db_conn *c, const struct db_config *cfg, struct err *e)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (cfg->create && !c->reader ? SQLITE_OPEN_CREATE : 0), rc;
	sqlite3 *h = NULL;

	if (!cfg->create && !os_file_is(cfg->path))
		return FAIL(e, E_NOT_INITIALISED, "%s is not there", cfg->path);
	rc = sqlite3_open_v2(cfg->path, &h, flags, NULL);
	c->h = h;
	if (rc != SQLITE_OK)
		return fail_code(c, rc, cfg->path, e);
	sqlite3_extended_result_codes(h, 1);
	if (cfg->solo)
		sqlite3_busy_handler(h, solo_waits, NULL);
	else
		sqlite3_busy_timeout(h, BUSY_MS);
	/* journal_mode is kept in the file, so only the writer says it. LIKE as PostgreSQL has it. */
	return sq_script(c, c->reader ?
		"PRAGMA foreign_keys=ON; PRAGMA case_sensitive_like=ON; PRAGMA mmap_size=268435456; PRAGMA cache_size=-8000;"
		"PRAGMA temp_store=MEMORY; PRAGMA query_only=ON" :
		"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA case_sensitive_like=ON;"
		"PRAGMA mmap_size=268435456; PRAGMA cache_size=-32000; PRAGMA temp_store=MEMORY; PRAGMA wal_autocheckpoint=" WAL_PAGES ";"
		"PRAGMA journal_size_limit=67108864", e);
}

static void sq_disconnect(struct db_conn *c)
{
	if (c->h)
		sqlite3_close_v2(c->h);
	c->h = NULL;
}

static int sq_begin(struct db_conn *c, struct err *e) { return db_control(c, c->reader ? "BEGIN DEFERRED" : "BEGIN IMMEDIATE", e); }
static bool sq_in_transaction(struct db_conn *c) { return !sqlite3_get_autocommit(c->h); }
static int sq_commit(struct db_conn *c, const struct db_config *cfg, struct err *e) { return db_control(c, "COMMIT", e); }

static void sq_rollback(struct db_conn *c)
{
	struct err ignored;

	c->failed = false;
	if (sq_in_transaction(c) && db_control(c, "ROLLBACK", &ignored) != 0)
		sqlite3_exec(c->h, "ROLLBACK", NULL, NULL, NULL);
	c->failed = false;
}

static int sq_savepoint(struct db_conn *c, struct err *e) { return db_control(c, "SAVEPOINT job", e); }
static int sq_keep(struct db_conn *c, struct err *e) { return db_control(c, "RELEASE job", e); }

static int sq_take_back(struct db_conn *c, struct err *e)
{
	return db_control(c, "ROLLBACK TO job", e) != 0 ? -1 : db_control(c, "RELEASE job", e);
}

static int sq_prepare(struct db_conn *c, struct db_stmt *s, const struct db_val *v, int nv, struct err *e)
{
	sqlite3_stmt *q = NULL;
	const char *rest = "";
	int rc = sqlite3_prepare_v3(c->h, s->text, -1, SQLITE_PREPARE_PERSISTENT, &q, &rest);

	if (rc != SQLITE_OK)
		return fail_code(c, rc, s->text, e);
	if (!q || *rest) {
		sqlite3_finalize(q);
		return FAIL(e, E_BUG, "not one statement: %.120s", s->text);
	}
	s->h = q;
	return 0;
}

static void sq_forget(struct db_conn *c, struct db_stmt *s) { sqlite3_finalize(s->h); }

static int sq_start(struct db_cur *cur, const struct db_val *v, int nv, struct err *e)
{
	sqlite3_stmt *q = cur->s->h;
	int rc = SQLITE_OK;

	if (sqlite3_bind_parameter_count(q) != nv)
		return FAIL(e, E_BUG, "%d values for %d parameters: %.120s", nv, sqlite3_bind_parameter_count(q), cur->s->text);
	for (int i = 0; i < nv && rc == SQLITE_OK; i++)
		switch (v[i].type) {
		case DB_V_NULL:  rc = sqlite3_bind_null(q, i + 1); break;
		case DB_V_INT:   rc = sqlite3_bind_int64(q, i + 1, v[i].i); break;
		case DB_V_TEXT:  rc = sqlite3_bind_text64(q, i + 1, v[i].p, v[i].n, SQLITE_TRANSIENT, SQLITE_UTF8); break;
		case DB_V_BYTES: rc = v[i].n ? sqlite3_bind_blob64(q, i + 1, v[i].p, v[i].n, SQLITE_TRANSIENT) :
			sqlite3_bind_zeroblob(q, i + 1, 0); break;
		}
	if (rc != SQLITE_OK)
		return fail_code(cur->c, rc, cur->s->text, e);
	/* The first step is taken here, so that an INSERT happens even when nobody looks at its rows. */
	rc = sqlite3_step(q);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return fail_code(cur->c, rc, cur->s->text, e);
	cur->rows = rc == SQLITE_ROW;
	cur->c->changed = sqlite3_changes64(cur->c->h);
	return 0;
}

static int sq_next(struct db_cur *cur, struct err *e)
{
	int rc;

	if (!cur->row_ready) {
		cur->row_ready = cur->rows > 0;
		return cur->rows;
	}
	rc = sqlite3_step(cur->s->h);
	cur->c->changed = sqlite3_changes64(cur->c->h);
	if (rc == SQLITE_ROW)
		return 1;
	return rc == SQLITE_DONE ? 0 : fail_code(cur->c, rc, cur->s->text, e);
}

static void sq_stop(struct db_cur *cur)
{
	sqlite3_reset(cur->s->h);
	sqlite3_clear_bindings(cur->s->h);
}

static int64_t sq_int(struct db_cur *cur, int col) { return sqlite3_column_int64(cur->s->h, col); }
static bool sq_null(struct db_cur *cur, int col) { return sqlite3_column_type(cur->s->h, col) == SQLITE_NULL; }

static const char *sq_text(struct db_cur *cur, int col, size_t *n)
{
	const char *s = (const char *)sqlite3_column_text(cur->s->h, col);

	*n = (size_t)sqlite3_column_bytes(cur->s->h, col);
	return s;
}

static struct db_bytes sq_bytes(struct db_cur *cur, int col, struct arena *a)
{
	const void *p = sqlite3_column_blob(cur->s->h, col);
	size_t n = (size_t)sqlite3_column_bytes(cur->s->h, col);

	return (struct db_bytes){ arena_copy(a, p, p ? n : 0), n };
}

static int sq_cols(struct db_cur *cur) { return sqlite3_column_count(cur->s->h); }

/* Moves the WAL into the file while nobody waits; a reader's old snapshot may leave some for the next time. */
static int sq_idle(struct db_conn *c)
{
	int in_log = 0, moved = 0;
	int rc = sqlite3_wal_checkpoint_v2(c->h, NULL, SQLITE_CHECKPOINT_PASSIVE, &in_log, &moved);

	return rc == SQLITE_OK && moved < in_log;
}

/* The head of the WAL's index (sqlite.org/walformat.html, 2.1.1): two copies of 48 bytes in memory that every process shares,
 * with a counter of commits, the end of the log, salts and a checksum. Readers take their snapshot from it, so it changes
 * exactly when what they would see changes. The mapping stands as long as the writer's connection. */
enum { WAL_INDEX_PAGE = 32768, WAL_HEAD = 48, MARK_TRIES = 8 };
_Static_assert(sizeof(((struct db_mark *)0)->b) == WAL_HEAD, "a mark is a WAL index head");

static void sq_mark_find(struct db *d)
{
	sqlite3_file *f = NULL;
	void volatile *p = NULL;
	struct err ignored;
	int64_t n;

	/* a read makes sure that the index is there */
	if (db_id(d->writer, &(struct db_sql){ "SELECT count(*) FROM sqlite_schema WHERE name=''", NULL }, DB_NONE, &n, &ignored) != 0 ||
	    sqlite3_file_control(d->writer->h, "main", SQLITE_FCNTL_FILE_POINTER, &f) != SQLITE_OK || !f || !f->pMethods ||
	    f->pMethods->iVersion < 2 || f->pMethods->xShmMap(f, 0, WAL_INDEX_PAGE, 0, &p) != SQLITE_OK)
		return;
	d->wal_index = p;
}

static void head_read(const volatile uint8_t *from, uint8_t *to)
{
	const volatile uint32_t *word = (const volatile uint32_t *)(const volatile void *)from;

	/* in this order: what is read later is not older */
	for (int i = 0; i < WAL_HEAD / 4; i++) {
		uint32_t v = __atomic_load_n(&word[i], __ATOMIC_ACQUIRE);

		memcpy(to + 4 * i, &v, sizeof v);
	}
}

static void sq_mark_now(struct db *d, struct db_mark *out)
{
	uint8_t again[WAL_HEAD];

	for (int i = 0; d->wal_index && i < MARK_TRIES && !out->known; i++) {
		head_read(d->wal_index, out->b);        /* the writer fills the second copy first: equal copies are a whole one */
		head_read(d->wal_index + WAL_HEAD, again);
		out->known = memcmp(out->b, again, WAL_HEAD) == 0 && out->b[12] == 1;   /* isInit */
	}
}

/* The counter of commits, 2.1.1 again. Our transaction holds the write lock from before the first look on, so what was counted
 * once since is its own commit; when another process was quicker than the second look, the mark is not known. */
static void sq_mark_commit(struct db_conn *c, const struct db_mark *before, struct db_mark *out)
{
	uint32_t was, is;

	out->known = false;
	sq_mark_now(c->db, out);
	if (!before || !out->known)
		return;
	memcpy(&was, before->b + 8, sizeof was);
	memcpy(&is, out->b + 8, sizeof is);
	out->known = is == was + 1 || memcmp(out->b, before->b, WAL_HEAD) == 0;
}

int db_sqlite_snapshot(struct db_conn *c, const char *path, struct err *e)
{
	sqlite3_backup *b = NULL;
	sqlite3 *to = NULL;
	int rc = sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);

	if (rc == SQLITE_OK) {
		b = fault_hit("db backup") ? NULL : sqlite3_backup_init(to, "main", c->h, "main");
		rc = b ? sqlite3_backup_step(b, -1) : SQLITE_FULL;
		if (b)
			sqlite3_backup_finish(b);
		/* one file, not three */
		if (rc == SQLITE_DONE)
			rc = sqlite3_exec(to, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL);
	}
	sqlite3_close_v2(to);
	if (rc == SQLITE_OK)
		return 0;
	return FAIL(e, (rc & 0xff) == SQLITE_FULL ? E_OUT_OF_SPACE : E_DB, "snapshot: %s", sqlite3_errstr(rc));
}

const struct db_driver db_sqlite = {
	.kind = DB_SQLITE, .connect = sq_connect, .disconnect = sq_disconnect, .begin = sq_begin, .commit = sq_commit, .rollback = sq_rollback,
	.in_transaction = sq_in_transaction, .script = sq_script, .savepoint = sq_savepoint, .keep = sq_keep, .take_back = sq_take_back,
	.prepare = sq_prepare, .forget = sq_forget, .start = sq_start, .next = sq_next, .stop = sq_stop, .col_int = sq_int, .col_null = sq_null,
	.col_text = sq_text, .col_bytes = sq_bytes, .cols = sq_cols, .idle = sq_idle,
	.mark_find = sq_mark_find, .mark_now = sq_mark_now, .mark_commit = sq_mark_commit,
};
