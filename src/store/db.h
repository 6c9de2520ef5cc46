/* db.h - one face over SQLite and PostgreSQL. Everything else in src/store speaks only this; nothing outside src/store
 * writes SQL.
 *
 * SQL:        written once in the common subset, values only by ?1 ?2 ... (PostgreSQL gets $1 $2 ...). Text that must
 *             differ is given twice (struct db_sql). Statements are prepared once per connection and kept.
 * Reading:    db_read_begin() borrows a read-only connection and opens one snapshot; it ends with db_read_end().
 * Writing:    db_write() hands a job to the one writer thread and returns when the transaction that holds it is on
 *             disk. The writer takes all waiting jobs in one transaction, a SAVEPOINT each: a job that fails is rolled
 *             back alone, the others stand. A job may run twice (a lost PostgreSQL connection), so it touches nothing
 *             but the database and its own arg, which it sets afresh each time. Never use the caller's arena in it: it
 *             runs in another thread. After a statement has failed, the job can only fail (PostgreSQL's rule, on both);
 *             to try and go on, write INSERT ... ON CONFLICT DO NOTHING and look at changed.
 * Same words: LIKE is case-sensitive and text is ordered by bytes on both databases.
 * Ownership:  a row's texts live until the next db_next() or db_done(): copy them into an arena (db_text does).
 * Errors:     E_DB (our bug or a broken file), E_DB_BUSY and E_DB_DOWN (try again), E_OUT_OF_SPACE. A broken UNIQUE
 *             rule is E_DB with db_is_duplicate() true until the next call on that connection.
 * Units:      moments and money as their column says (_at us, _ore øre); lengths in bytes.
 * Threads:    struct db is shared; struct db_conn belongs to the thread that borrowed it, or to the writer's job.
 * Source:     own design; group commit measured in docs/benchmarks.md. */
#ifndef PEDEL_STORE_DB_H
#define PEDEL_STORE_DB_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/err.h"

struct db;
struct db_conn;
struct db_cur;
enum db_kind { DB_SQLITE, DB_POSTGRES };

/* A statement. Where it must differ, pg holds PostgreSQL's text; NULL means the same. Constant for ever. */
struct db_sql { const char *text, *pg; };

struct db_bytes { const void *p; size_t n; };

/* A value to bind. */
struct db_val {
	enum { DB_V_NULL, DB_V_INT, DB_V_TEXT, DB_V_BYTES } type;
	int64_t i;
	const void *p;
	size_t n;
};
#define DB_INT(v)      ((struct db_val){ .type = DB_V_INT, .i = (v) })
#define DB_TEXT(s)     db_val_text(s)                           /* NULL binds NULL */
#define DB_BYTES(q, m) ((struct db_val){ .type = DB_V_BYTES, .p = (q), .n = (m) })
#define DB_NULL        ((struct db_val){ .type = DB_V_NULL })
#define DB_ID(v)       db_val_id(v)                             /* an id of 0 binds NULL */
/* The argument list: DB(DB_INT(1), DB_TEXT("x")) or DB_NONE. */
#define DB(...)  (const struct db_val[]){ __VA_ARGS__ }, (int)(sizeof((const struct db_val[]){ __VA_ARGS__ }) / sizeof(struct db_val))
#define DB_NONE  NULL, 0
struct db_val db_val_text(const char *s);
struct db_val db_val_id(int64_t id);

struct db_config {
	const char *path;               /* SQLite file; used when url is NULL */
	const char *url;                /* postgresql://... */
	int readers;                    /* most read connections at once */
	bool create;                    /* make the file or schema when it is not there; without it E_NOT_INITIALISED */
	bool solo;                      /* no writer thread: db_write() runs the job in the calling thread (short programs, fault tests) */
};
int  db_open(const struct db_config *c, struct db **out, struct err *e);        /* migrates; starts the writer thread */
void db_close(struct db *d);                            /* lets waiting jobs finish; NULL is allowed */
/* What opening the database at url (NULL: SQLite) needs outside its folder. */
struct db_reach { int port[16], nport; const char *file[16]; int nfile; };      /* nport -1: not known, so any */
int  db_reach(struct arena *a, const char *url, struct db_reach *out, struct err *e);
enum db_kind db_kind(const struct db *d);
enum db_kind db_conn_kind(const struct db_conn *c);
/* The key that the end of the event chain is sealed with (chain.h); kept inside. Before anybody writes. */
void db_seal(struct db *d, const uint8_t key[32]);
const uint8_t *db_conn_seal(const struct db_conn *c);   /* NULL: none was given */

/* The snapshot is taken by the first statement that reads. */
int  db_read_begin(struct db *d, struct db_conn **out, struct err *e);
void db_read_end(struct db_conn *c);                    /* NULL is allowed; also ends any open cursor */

/* What the database holds, as a mark: between two equal marks nothing was committed, by this process or any other. */
struct db_mark { uint8_t b[48]; bool known; };          /* known false: cannot be said; then it equals nothing */
/* Without waiting and without a connection; known only on SQLite. */
void db_mark_now(struct db *d, struct db_mark *out);
/* Of the snapshot that a read begins with: call it before its first statement. One question to PostgreSQL. */
void db_mark_begin(struct db_conn *c, struct db_mark *out);
/* At the end of that read: was the mark that of its snapshot? False when something was committed in between. */
bool db_mark_held(struct db_conn *c, const struct db_mark *m);
bool db_mark_same(const struct db_mark *a, const struct db_mark *b);

/* job returns 0 to keep its changes, -1 (with e) to take them back. a is an arena of the job's own, gone after it. */
typedef int db_job(struct db_conn *w, struct arena *a, void *arg, struct err *e);
int  db_write(struct db *d, db_job *job, void *arg, struct err *e);

/* Run a statement that gives no rows. *changed may be NULL. */
int  db_run(struct db_conn *c, const struct db_sql *q, const struct db_val *v, int nv, int *changed, struct err *e);
/* Run an INSERT ... RETURNING id, or any statement giving one integer. No row: E_NOT_FOUND. */
int  db_id(struct db_conn *c, const struct db_sql *q, const struct db_val *v, int nv, int64_t *id, struct err *e);
/* Rows. *cur is never NULL after 0 and must be ended with db_done(). */
int  db_query(struct db_conn *c, const struct db_sql *q, const struct db_val *v, int nv, struct db_cur **cur, struct err *e);
int  db_next(struct db_cur *cur, struct err *e);        /* 1 a row, 0 no more, -1 */
void db_done(struct db_cur *cur);                       /* NULL is allowed */
/* After much was written to a table, in a db_write() job: PostgreSQL plans by statistics, and a table just filled has none until its own
 * housekeeping comes by. Nothing on SQLite. */
int  db_measure(struct db_conn *w, const char *table, struct err *e);
bool db_is_duplicate(const struct db_conn *c);          /* the last error was a broken UNIQUE rule */

int64_t      db_int(struct db_cur *cur, int col);       /* columns count from 0; NULL gives 0 */
bool         db_null(struct db_cur *cur, int col);
const char  *db_text(struct db_cur *cur, int col, struct arena *a);     /* copied; NULL gives NULL */
struct db_bytes db_bytes(struct db_cur *cur, int col, struct arena *a); /* copied */
#endif
