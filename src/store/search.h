/* search.h - full-text search over tickets: tokens are made here in C (libstemmer, Danish and English, æøå kept), so that
 * both databases give the same hits.
 *
 * Ownership:  ids in the arena given.  Errors: E_DB.  Units: bytes.
 * Threads:    search_put only inside a db_write() job.   Source: Snowball; FTS5 and tsvector as plain token stores. */
#ifndef PEDEL_STORE_SEARCH_H
#define PEDEL_STORE_SEARCH_H
#include <stdint.h>
#include "store/db.h"

/* The whole searchable text of one ticket (subject, people, messages; at most the first 200 kB count). Replaces. */
int search_put(struct db_conn *w, struct arena *a, int64_t ticket_id, const char *text, struct err *e);
/* The query in words the index knows, for the subquery search_where() gives: all words must be there, the last one may be
 * a beginning. NULL when q holds no word at all (then search for nothing, not for everything). */
const char *search_query(struct arena *a, enum db_kind kind, const char *q);
/* SQL fragments " AND t.id IN (SELECT ... ?N ...)" with the query as parameter n (1-9). Constant.
 * common: they are read in the list's own order and asked for the words, instead of being found by the words and sorted. */
const char *search_where(enum db_kind kind, int n, bool common);
/* More tickets hold the words than it pays to look up one by one: common, for search_where(). */
int search_common(struct db_conn *c, const char *words, bool *common, struct err *e);
/* The tokens of a text, space between: what is put into the index. For tests and fuzzers. */
char *search_tokens(struct arena *a, const char *text);
#endif
