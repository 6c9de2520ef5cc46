/* db_trace.h - what a read asked the database and what it was answered, so that it can be asked again.
 *
 * A page is a function of its request, of the time and of the answers of the database. So a page made earlier is the page
 * that would be made now if every statement it ran gives the same answers again - and only statements that read a table
 * which was written since need be run. Nothing is declared by whoever writes a query: text, values and every value that
 * was looked at are noted where db.h hands them out (columns nobody looked at are not, so they may change).
 *
 *   tables     a statement is said to read every table of the database whose name is a word of its text; too many rather than
 *              too few. INSERT INTO x, UPDATE x and DELETE FROM x write x, anything else all it names. There are no views,
 *              triggers or cascades that a text could hide (PostgreSQL's triggers only note that others wrote); test_trace and
 *              test_kept hold all this against SQLite's own word.
 *   commits    each commit of our own writer is noted with the tables its statements wrote. A commit of anybody else is a
 *              hole in the row of marks: what it changed is not known, and everything is asked again.
 *   moments    a statement that was given the time (an integer of us that is no whole minute) is never asked again with that
 *              old time: when its tables were written the answer is "not the same".
 *
 * Ownership:  a trace is bytes; copy them where they are to be kept. Statement texts in it belong to the struct db.
 * Errors:     none: what cannot be noted (a statement failed, too long) is no trace; what cannot be asked is not the same.
 * Units:      bytes, us.   Threads: as the connection; db_mark_between() any.
 * Source:     verifying traces, after Mokhov, Mitchell, Peyton Jones: Build Systems a la Carte; docs/decisions/0008. */
#ifndef PEDEL_STORE_DB_TRACE_H
#define PEDEL_STORE_DB_TRACE_H
#include "store/db.h"

/* A set of tables. */
struct db_tables { uint64_t b[2]; };

struct db_trace {
	const char *p;                  /* NULL: there is none */
	size_t n;
	struct db_tables tables;        /* which it read */
	struct db_tables dated;         /* ... by a statement that was given the time */
};

/* Notes what this read asks from now on, until db_trace_end() or the read's end. */
void db_trace_begin(struct db_conn *c);
void db_trace_end(struct db_conn *c, struct db_trace *out);     /* out->p lasts until the connection's next trace */
/* Would the same read give the same in c's snapshot, when nothing but these tables was written since? NULL: any may have been.
 * It is asked until the first answer that is another. a: for what must be copied. */
bool db_trace_same(struct db_conn *c, struct arena *a, const struct db_trace *t, const struct db_tables *written);
/* The tables written between two marks; false when it is not known. */
bool db_mark_between(struct db *d, const struct db_mark *from, const struct db_mark *to, struct db_tables *out);
/* May one of these have changed what t read? */
bool db_trace_meets(const struct db_trace *t, const struct db_tables *written);

/* For tests: the tables that a text names; is every table of some in all; every statement that was run so far, with the tables it is
 * said to read and to write (no other thread may be inside the database). */
struct db_tables db_tables_named(struct db *d, const char *text);
bool db_tables_hold(const struct db_tables *all, const struct db_tables *some);
void db_trace_each(struct db *d, void (*see)(void *arg, const char *text, const struct db_tables *reads, const struct db_tables *writes), void *arg);
#endif
