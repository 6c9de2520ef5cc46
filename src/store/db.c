#include "store/db.h"
#include <stdlib.h>
#include <string.h>
#include "base/fault.h"
#include "base/text.h"
#include "os/clock.h"
#include "os/wait.h"
#include "store/db_driver.h"

enum { READER_WAIT_US = 10000000, DOWN_PAUSE_US = 300000, JOB_BYTES = 64 << 20 };

struct db_val db_val_text(const char *s)
{
	return s ? (struct db_val){ .type = DB_V_TEXT, .p = s, .n = strlen(s) } : DB_NULL;
}

struct db_val db_val_id(int64_t id) { return id ? DB_INT(id) : DB_NULL; }
enum db_kind db_kind(const struct db *d) { return d->drv->kind; }
enum db_kind db_conn_kind(const struct db_conn *c) { return c->drv->kind; }
bool db_is_duplicate(const struct db_conn *c) { return c->duplicate; }
const uint8_t *db_conn_seal(const struct db_conn *c) { return c->db->seals ? c->db->seal_key : NULL; }

void db_seal(struct db *d, const uint8_t key[32])
{
	memcpy(d->seal_key, key, sizeof d->seal_key);
	d->seals = true;
}

/* ---- statements */

/* Eight bytes at a time: statements are hundreds of bytes long, and a page asks forty. */
static uint64_t text_hash(const char *s)
{
	uint64_t h = 1469598103934665603ull, v;
	size_t n = strlen(s);

	for (; n >= sizeof v; s += sizeof v, n -= sizeof v) {
		memcpy(&v, s, sizeof v);
		h = (h ^ v) * 1099511628211ull;
		h ^= h >> 32;
	}
	for (; n; s++, n--)
		h = (h ^ (unsigned char)*s) * 1099511628211ull;
	return h;
}

static void stmt_free(struct db_conn *c, struct db_stmt *s)
{
	c->drv->forget(c, s);
	free(s->text);
	free(s);
}

/* Text built from a filter could fill the table without end, so a full one is emptied of what no cursor stands on. */
static void stmts_drop(struct db_conn *c)
{
	for (int i = 0; i < DB_BUCKETS; i++)
		for (struct db_stmt **at = &c->stmts[i], *s; (s = *at);) {
			if (s->busy) {
				at = &s->next;
				continue;
			}
			*at = s->next;
			c->nstmts--;
			stmt_free(c, s);
		}
}

struct db_stmt *db_stmt_get(struct db_conn *c, const char *text, const struct db_val *v, int nv, bool *loose, struct err *e)
{
	uint64_t h = text_hash(text);
	struct db_stmt *s, **bucket = &c->stmts[h % DB_BUCKETS];

	*loose = false;
	for (s = *bucket; s; s = s->next)
		if (s->hash == h && strcmp(s->text, text) == 0) {
			if (!s->busy || c->drv->kind == DB_POSTGRES)
				return s;
			*loose = true;
			break;
		}
	if (!*loose && c->nstmts >= DB_STATEMENTS)
		stmts_drop(c);
	s = calloc(1, sizeof *s);
	if (!s || !(s->text = strdup(text))) {
		free(s);
		FAIL(e, E_MEMORY_LIMIT, "statement");
		return NULL;
	}
	s->hash = h;
	s->serial = ++c->serial;
	s->asked = db_asked_of(c->db, text, h);
	if (fault_hit("db prepare") ? FAIL(e, E_DB, "prepare: test fault") : c->drv->prepare(c, s, v, nv, e)) {
		free(s->text);
		free(s);
		return NULL;
	}
	if (!*loose) {
		s->next = *bucket;
		*bucket = s;
		c->nstmts++;
	}
	return s;
}

/* ---- connections */

int db_conn_open(struct db *d, bool reader, struct db_conn **out, struct err *e)
{
	struct db_conn *c;

	if (os_steady_us() < __atomic_load_n(&d->down_until_us, __ATOMIC_RELAXED))
		return FAIL(e, E_DB_DOWN, "no answer a moment ago");
	c = calloc(1, sizeof *c);
	if (!c)
		return FAIL(e, E_MEMORY_LIMIT, "connection");
	c->db = d;
	c->drv = d->drv;
	c->reader = reader;
	if (fault_hit("db connect") ? FAIL(e, E_DB_DOWN, "connect: test fault") : c->drv->connect(c, &d->cfg, e)) {
		if (e->id == E_DB_DOWN && d->threaded)
			__atomic_store_n(&d->down_until_us, os_steady_us() + DOWN_PAUSE_US, __ATOMIC_RELAXED);
		c->drv->disconnect(c);
		free(c);
		return -1;
	}
	__atomic_store_n(&d->down_until_us, 0, __ATOMIC_RELAXED);
	*out = c;
	return 0;
}

void db_close_cursors(struct db_conn *c)
{
	for (int i = 0; i < DB_CURSORS; i++)
		db_done(&c->curs[i]);
}

void db_conn_close(struct db_conn *c)
{
	if (!c)
		return;
	c->closing = true;
	db_close_cursors(c);
	stmts_drop(c);
	c->drv->disconnect(c);
	free(c->log.p);
	free(c);
}

static void reader_gone(struct db *d)
{
	pthread_mutex_lock(&d->lock);
	d->readers--;
	pthread_cond_signal(&d->reader_free);
	pthread_mutex_unlock(&d->lock);
}

int db_read_begin(struct db *d, struct db_conn **out, struct err *e)
{
	struct db_conn *c = NULL;
	int64_t until_us = os_steady_us() + READER_WAIT_US;

	pthread_mutex_lock(&d->lock);
	while (!(c = d->idle) && d->readers >= d->cfg.readers)
		if (!os_cond_wait(&d->reader_free, &d->lock, until_us)) {
			pthread_mutex_unlock(&d->lock);
			return FAIL(e, E_DB_BUSY, "all %d read connections are in use", d->cfg.readers);
		}
	if (c)
		d->idle = c->next;
	else
		d->readers++;
	pthread_mutex_unlock(&d->lock);
	/* A connection that slept through a restart of the server is found out here, and replaced once. */
	for (int fresh = !c; ; fresh = 1) {
		if (!c && db_conn_open(d, true, &c, e) != 0) {
			reader_gone(d);
			return -1;
		}
		if ((fault_hit("db begin") ? FAIL(e, E_DB_BUSY, "begin: test fault") : c->drv->begin(c, e)) == 0)
			break;
		bool again = c->lost && !fresh;
		db_conn_close(c);
		c = NULL;
		if (!again) {
			reader_gone(d);
			return -1;
		}
	}
	*out = c;
	return 0;
}

void db_read_end(struct db_conn *c)
{
	struct db *d;

	if (!c)
		return;
	d = c->db;
	c->log.on = false;
	db_close_cursors(c);
	c->drv->rollback(c);
	c->failed = c->duplicate = false;
	if (c->lost) {
		db_conn_close(c);
		reader_gone(d);
		return;
	}
	pthread_mutex_lock(&d->lock);
	c->next = d->idle;
	d->idle = c;
	pthread_cond_signal(&d->reader_free);
	pthread_mutex_unlock(&d->lock);
}

static int config_keep(struct db *d, const struct db_config *c, struct err *e)
{
	d->cfg = *c;
	d->cfg.path = c->path ? strdup(c->path) : NULL;
	d->cfg.url = c->url ? strdup(c->url) : NULL;
	if (d->cfg.readers < 1)
		d->cfg.readers = 1;
	if ((c->path && !d->cfg.path) || (c->url && !d->cfg.url))
		return FAIL(e, E_MEMORY_LIMIT, "configuration");
	return c->path || c->url ? 0 : FAIL(e, E_BUG, "neither path nor url");
}

int db_open(const struct db_config *cfg, struct db **out, struct err *e)
{
	struct db *d;

	if (cfg->url && !text_starts(cfg->url, "postgresql://") && !text_starts(cfg->url, "postgres://"))
		return FAIL_FIELD(e, E_DB_URL_INVALID, "db", "%.200s", cfg->url);
	d = calloc(1, sizeof *d);
	if (!d)
		return FAIL(e, E_MEMORY_LIMIT, "database");
	d->drv = cfg->url ? &db_postgres : &db_sqlite;
	pthread_mutex_init(&d->lock, NULL);
	pthread_mutex_init(&d->solo, NULL);
	os_cond_begin(&d->reader_free);
	os_cond_begin(&d->work);
	pthread_cond_init(&d->left, NULL);
	d->last = &d->first;
	d->job_arena = arena_begin(JOB_BYTES);
	if (config_keep(d, cfg, e) != 0 || db_conn_open(d, false, &d->writer, e) != 0 || db_migrate(d->writer, &d->cfg, e) != 0)
		goto fail;
	if (d->drv->mark_find)
		d->drv->mark_find(d);
	db_notes_begin(d);
	stmts_drop(d->writer);          /* those of the migration were prepared before anything was known */
	if (!cfg->solo) {
		if (fault_hit("db thread") || pthread_create(&d->thread, NULL, db_writer_main, d) != 0) {
			FAIL(e, E_OS_CALL, "writer thread");
			goto fail;
		}
		d->threaded = true;
	}
	*out = d;
	return 0;
fail:
	db_close(d);
	return -1;
}

void db_close(struct db *d)
{
	struct db_conn *c, *next;

	if (!d)
		return;
	pthread_mutex_lock(&d->lock);
	d->stopping = true;
	pthread_cond_broadcast(&d->work);
	pthread_mutex_unlock(&d->lock);
	if (d->threaded)
		pthread_join(d->thread, NULL);
	pthread_mutex_lock(&d->lock);
	while (d->inside)
		pthread_cond_wait(&d->left, &d->lock);
	pthread_mutex_unlock(&d->lock);
	for (c = d->idle; c; c = next) {
		next = c->next;
		db_conn_close(c);
	}
	db_conn_close(d->writer);
	arena_end(d->job_arena);
	db_notes_end(d->notes);
	pthread_mutex_destroy(&d->lock);
	pthread_mutex_destroy(&d->solo);
	pthread_cond_destroy(&d->reader_free);
	pthread_cond_destroy(&d->work);
	pthread_cond_destroy(&d->left);
	free((char *)d->cfg.path);
	free((char *)d->cfg.url);
	explicit_bzero(d->seal_key, sizeof d->seal_key);
	free(d);
}

/* ---- marks */

void db_mark_now(struct db *d, struct db_mark *out)
{
	out->known = false;
	if (d->drv->mark_now)
		d->drv->mark_now(d, out);
}

void db_mark_begin(struct db_conn *c, struct db_mark *out)
{
	out->known = false;
	if (c->drv->mark_ask)
		c->drv->mark_ask(c, out);
	else
		db_mark_now(c->db, out);
}

bool db_mark_held(struct db_conn *c, const struct db_mark *m)
{
	struct db_mark now;

	if (c->drv->mark_ask)           /* it was asked inside the snapshot */
		return m->known && !c->failed && !c->lost;
	db_mark_now(c->db, &now);
	return db_mark_same(m, &now);
}

bool db_mark_same(const struct db_mark *a, const struct db_mark *b)
{
	return a->known && b->known && memcmp(a->b, b->b, sizeof a->b) == 0;
}

/* ---- cursors */

static int cur_open(struct db_conn *c, const struct db_sql *q, const struct db_val *v, int nv, struct db_cur **out, struct err *e)
{
	const char *text = c->drv->kind == DB_POSTGRES && q->pg ? q->pg : q->text;
	struct db_cur *cur = NULL;
	bool loose;

	c->duplicate = false;
	if (c->failed)
		return FAIL(e, E_DB, "an earlier statement failed: %.120s", text);
	if (nv > DB_PARAMS)
		return FAIL(e, E_BUG, "more than %d values: %.120s", DB_PARAMS, text);
	for (int i = 0; i < DB_CURSORS && !cur; i++)
		if (!c->curs[i].used)
			cur = &c->curs[i];
	if (!cur)
		return FAIL(e, E_BUG, "more than %d open cursors: %.120s", DB_CURSORS, text);
	*cur = (struct db_cur){ .c = c, .used = true };
	cur->s = db_stmt_get(c, text, v, nv, &loose, e);
	if (!cur->s) {
		cur->used = false;
		c->failed = true;
		return -1;
	}
	cur->loose = loose;
	cur->s->busy++;
	if (c->log.on)
		db_log_open(cur, v, nv);
	else if (!c->reader)
		db_wrote(c, cur->s->asked);
	if (fault_hit("db step") ? FAIL(e, E_DB_BUSY, "step: test fault") : c->drv->start(cur, v, nv, e)) {
		db_done(cur);
		c->failed = true;
		return -1;
	}
	*out = cur;
	return 0;
}

int db_query(struct db_conn *c, const struct db_sql *q, const struct db_val *v, int nv, struct db_cur **cur, struct err *e)
{
	return cur_open(c, q, v, nv, cur, e);
}

static int cur_next(struct db_cur *cur, struct err *e)
{
	int rc;

	if (cur->over)
		return 0;
	rc = cur->c->drv->next(cur, e);
	if (rc < 0)
		cur->c->failed = true;
	if (rc <= 0)
		cur->over = true;
	if (cur->c->log.on)
		db_log_next(cur, rc);
	return rc;
}

/* What is asked for may fail at any row; what is done, only as a whole (db_run(), db_id()). */
int db_next(struct db_cur *cur, struct err *e)
{
	if (!cur->over && fault_hit("db next")) {
		cur->over = cur->c->failed = true;
		return FAIL(e, E_DB_BUSY, "next: test fault");
	}
	return cur_next(cur, e);
}

void db_done(struct db_cur *cur)
{
	if (!cur || !cur->used)
		return;
	if (cur->s) {
		if (cur->c->log.on)
			db_log_done(cur);
		cur->c->drv->stop(cur);
		cur->s->busy--;
		if (cur->loose)
			stmt_free(cur->c, cur->s);
	}
	cur->used = false;
	cur->s = NULL;
}

int db_run(struct db_conn *c, const struct db_sql *q, const struct db_val *v, int nv, int *changed, struct err *e)
{
	struct db_cur *cur;
	int rc;

	if (cur_open(c, q, v, nv, &cur, e) != 0)
		return -1;
	while ((rc = cur_next(cur, e)) > 0)
		;
	db_done(cur);
	if (rc == 0 && changed)
		*changed = (int)c->changed;
	return rc;
}

int db_measure(struct db_conn *w, const char *table, struct err *e)
{
	char text[200];

	if (db_conn_kind(w) != DB_POSTGRES)
		return 0;
	snprintf(text, sizeof text, "ANALYZE %.120s", table);
	return db_run(w, &(struct db_sql){ text, NULL }, DB_NONE, NULL, e);
}

int db_id(struct db_conn *c, const struct db_sql *q, const struct db_val *v, int nv, int64_t *id, struct err *e)
{
	struct db_cur *cur;
	int64_t got = 0;
	int rc;

	if (cur_open(c, q, v, nv, &cur, e) != 0)
		return -1;
	rc = cur_next(cur, e);
	if (rc > 0)
		got = db_int(cur, 0);
	while (rc > 0 && (rc = cur_next(cur, e)) > 0)    /* SQLite finishes an INSERT only past its last row */
		;
	if (rc == 0 && !cur->row_ready)
		rc = FAIL(e, E_NOT_FOUND, "%.160s", q->text);
	db_done(cur);
	if (rc == 0)
		*id = got;
	return rc;
}

int db_control(struct db_conn *c, const char *text, struct err *e)
{
	return db_run(c, &(struct db_sql){ text, NULL }, DB_NONE, NULL, e);
}

int64_t db_int(struct db_cur *cur, int col)
{
	int64_t v = cur->c->drv->col_int(cur, col);

	if (cur->c->log.on)
		db_log_int(cur, col, v);
	return v;
}

bool db_null(struct db_cur *cur, int col)
{
	bool v = cur->c->drv->col_null(cur, col);

	if (cur->c->log.on)
		db_log_null(cur, col, v);
	return v;
}

const char *db_text(struct db_cur *cur, int col, struct arena *a)
{
	size_t n = 0;
	const char *s = cur->c->drv->col_text(cur, col, &n);

	if (cur->c->log.on)
		db_log_text(cur, col, false, s, n);
	return s ? arena_dupn(a, s, n) : NULL;
}

struct db_bytes db_bytes(struct db_cur *cur, int col, struct arena *a)
{
	struct db_bytes v = { NULL, 0 };

	if (!cur->c->drv->col_null(cur, col))
		v = cur->c->drv->col_bytes(cur, col, a);
	if (cur->c->log.on)
		db_log_text(cur, col, true, v.p, v.n);
	return v;
}
