/* db_driver.h - what db.c asks of each database. Private to db*.c, backup.c and copy.c; everybody else speaks db.h.
 *
 * Ownership:  a connection owns its statements and cursors; a driver's handle is in conn.h.
 * Errors:     drivers map the database's codes to E_DB, E_DB_BUSY, E_DB_DOWN, E_OUT_OF_SPACE, and set conn.duplicate, conn.lost.
 * Units:      bytes; _us of os_steady_us().
 * Threads:    a connection is used by one thread at a time.   Source: sqlite.org/c3ref, PostgreSQL 15 chapter 34. */
#ifndef PEDEL_STORE_DB_DRIVER_H
#define PEDEL_STORE_DB_DRIVER_H
#include <pthread.h>
#include "store/db.h"
#include "store/db_trace.h"

enum { DB_CURSORS = 32, DB_BUCKETS = 256, DB_STATEMENTS = 400, DB_PARAMS = 64 };

struct db_asked;                        /* a statement's text and the tables it names, kept once for the whole database */
struct db_notes;
struct db_log {                         /* of db_trace_begin() */
	bool on, whole;
	char *p;
	size_t n, cap;
	struct db_tables tables, dated;
};
struct db_stmt {
	struct db_stmt *next;
	const struct db_asked *asked;   /* NULL: not known */
	char *text;
	uint64_t hash;
	void *h;                        /* SQLite: sqlite3_stmt */
	int serial, params;             /* PostgreSQL: its name is p<serial>; how many values it takes */
	int busy;                       /* cursors that stand on it */
};
struct db_cur {
	struct db_conn *c;
	struct db_stmt *s;
	bool used, loose;               /* loose: a second copy of a busy statement, thrown away by db_done() */
	bool row_ready, over;
	void *res;                      /* PostgreSQL: PGresult */
	int row, rows;
};
struct db_conn {
	struct db *db;
	const struct db_driver *drv;
	void *h;
	bool reader, closing;
	bool duplicate;                 /* the last failure was a broken UNIQUE rule */
	bool failed;                    /* a statement of this job failed: nothing but taking it back is left */
	bool lost;                      /* the server is gone: throw the connection away */
	bool unsure;                    /* ... and whether the commit held is not known */
	int64_t changed;
	int serial, nstmts;
	struct db_stmt *stmts[DB_BUCKETS];
	struct db_cur curs[DB_CURSORS];
	struct db_conn *next;
	char mark[32];                  /* PostgreSQL: the running transaction's id */
	int64_t now[3];                 /* ... and the mark's numbers when it began; the writer only, the first -1: not known */
	bool moves;                     /* ... and that it moves it */
	struct db_tables wrote;         /* the writer: by the running transaction */
	bool wrote_any;                 /* ... what cannot be said */
	struct db_log log;
};
struct db_driver {
	enum db_kind kind;
	int  (*connect)(struct db_conn *c, const struct db_config *cfg, struct err *e);
	void (*disconnect)(struct db_conn *c);
	int  (*begin)(struct db_conn *c, struct err *e);        /* by c->reader: one snapshot, or the writer's transaction */
	int  (*commit)(struct db_conn *c, const struct db_config *cfg, struct err *e);
	void (*rollback)(struct db_conn *c);
	bool (*in_transaction)(struct db_conn *c);
	int  (*script)(struct db_conn *c, const char *text, struct err *e);     /* several statements, no values, no rows */
	int  (*savepoint)(struct db_conn *c, struct err *e);
	int  (*keep)(struct db_conn *c, struct err *e);         /* what was done since the savepoint stands */
	int  (*take_back)(struct db_conn *c, struct err *e);
	int  (*prepare)(struct db_conn *c, struct db_stmt *s, const struct db_val *v, int nv, struct err *e);
	void (*forget)(struct db_conn *c, struct db_stmt *s);
	int  (*start)(struct db_cur *cur, const struct db_val *v, int nv, struct err *e);
	int  (*next)(struct db_cur *cur, struct err *e);
	void (*stop)(struct db_cur *cur);
	int64_t (*col_int)(struct db_cur *cur, int col);
	bool (*col_null)(struct db_cur *cur, int col);
	const char *(*col_text)(struct db_cur *cur, int col, size_t *n);        /* NULL for a NULL */
	struct db_bytes (*col_bytes)(struct db_cur *cur, int col, struct arena *a);
	int  (*cols)(struct db_cur *cur);
	int  (*idle)(struct db_conn *c);                        /* nothing waits: 0 when there is nothing left to tidy */
	void (*mark_find)(struct db *d);                        /* once, after opening: where mark_now looks. NULL allowed */
	void (*mark_now)(struct db *d, struct db_mark *out);    /* NULL: cannot be said without asking */
	void (*mark_ask)(struct db_conn *c, struct db_mark *out);       /* in a read; NULL: mark_now does it */
	/* The writer, before its transaction's first statement (before NULL) and after its commit. Not known when anything but
	 * that one commit lies between. NULL: never known. */
	void (*mark_commit)(struct db_conn *c, const struct db_mark *before, struct db_mark *out);
};
extern const struct db_driver db_sqlite, db_postgres;

struct db_job_row {                     /* one waiting db_write(), on its caller's stack */
	struct db_job_row *next;
	db_job *run;
	void *arg;
	int rc;
	bool done;
	struct err err;
	pthread_cond_t woken;
};
struct db {
	const struct db_driver *drv;
	struct db_config cfg;
	pthread_mutex_t lock;
	pthread_cond_t reader_free, work, left;
	int inside;                     /* threads in db_write(); db_close() waits for the last to leave */
	struct db_conn *idle;           /* readers nobody uses */
	int readers;                    /* open, idle or borrowed */
	int64_t down_until_us;          /* the server did not answer: do not ask again before */
	struct db_conn *writer;
	struct arena *job_arena;
	struct db_job_row *first, **last;
	pthread_t thread;
	bool threaded, stopping;
	pthread_mutex_t solo;           /* one writer at a time when there is no writer thread */
	bool seals;
	uint8_t seal_key[32];           /* db_seal() */
	const volatile uint8_t *wal_index;      /* SQLite: the shared head of the WAL's index; NULL: none */
	bool marked;                            /* PostgreSQL: write_mark is there */
	struct db_notes *notes;                 /* NULL: which tables a statement touches is not known */
};

struct db_migration { int number; const char *name, *text; };
extern const struct db_migration db_migrations[];       /* generated from schema/, ends with number 0 */
extern const int db_migrations_n;

int  db_conn_open(struct db *d, bool reader, struct db_conn **out, struct err *e);
void db_conn_close(struct db_conn *c);
int  db_control(struct db_conn *c, const char *text, struct err *e);    /* one statement without values or rows, kept prepared */
void db_close_cursors(struct db_conn *c);
struct db_stmt *db_stmt_get(struct db_conn *c, const char *text, const struct db_val *v, int nv, bool *loose, struct err *e);
int  db_migrate(struct db_conn *w, const struct db_config *cfg, struct err *e);
char *db_translate(const char *text, enum db_kind kind);        /* a schema file in one database's words; free() it */
void *db_writer_main(void *d);
/* db_trace.c */
void db_notes_begin(struct db *d);
void db_notes_end(struct db_notes *o);
const struct db_asked *db_asked_of(struct db *d, const char *text, uint64_t hash);
void db_wrote(struct db_conn *c, const struct db_asked *s);
void db_commit_begin(struct db_conn *c, struct db_mark *before);
void db_commit_end(struct db_conn *c, const struct db_mark *before);
void db_log_open(struct db_cur *cur, const struct db_val *v, int nv);
void db_log_next(struct db_cur *cur, int rc);
void db_log_done(struct db_cur *cur);
void db_log_int(struct db_cur *cur, int col, int64_t v);
void db_log_null(struct db_cur *cur, int col, bool v);
void db_log_text(struct db_cur *cur, int col, bool bytes, const void *v, size_t n);
int  db_sqlite_snapshot(struct db_conn *c, const char *path, struct err *e);    /* c's snapshot as a file of its own */
#endif
