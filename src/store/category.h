/* category.h - what a ticket is about: the provider's own list, in its own order.
 *
 * A ticket holds the key, which never changes and is never used again; what is retired stays on old tickets.
 * Ownership:  texts in the arena given.   Errors: E_DB, E_NOT_FOUND, E_CHANGED.   Units: us.
 * Threads:    writing functions only inside a db_write() job.   Source: own design. */
#ifndef PEDEL_STORE_CATEGORY_H
#define PEDEL_STORE_CATEGORY_H
#include <stdbool.h>
#include <stdint.h>
#include "store/db.h"

#define CATEGORIES_MOST 200

struct category {
	const char *key, *name_da, *name_en;
	const char *service;            /* whose agreement covers time on it; "": none */
	int64_t retired_at;             /* 0: in use */
	int place, version;
};
/* In order, retired ones too; at most CATEGORIES_MOST. */
int store_category_list(struct db_conn *c, struct arena *a, struct category **out, int *n, struct err *e);
/* The one of that key, "" or NULL none; NULL when it is not there. */
const struct category *store_category_find(const struct category *list, int n, const char *key);
int store_category_add(struct db_conn *w, const struct category *k, struct err *e);
/* Names, service and retired_at, if the stored version is still k->version. E_CHANGED. */
int store_category_set(struct db_conn *w, const struct category *k, struct err *e);
int store_category_used(struct db_conn *c, const char *key, bool *used, struct err *e);          /* by any ticket, open or not */
int store_category_remove(struct db_conn *w, const struct category *k, struct err *e);          /* of that version; E_CHANGED */
int store_category_place(struct db_conn *w, const char *key, int place, struct err *e);
int store_category_first(struct db_conn *w, struct err *e);     /* what a new installation begins with */
/* Open tickets of each of the list, in its order. */
int store_category_open(struct db_conn *c, struct arena *a, const struct category *list, int n, const int **open, struct err *e);
#endif
