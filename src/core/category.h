/* category.h - what may be done to the list of categories: checked, stored, and written down as events.
 *
 * Ownership:  what is given is only read, but for key, place and version, which category_add() sets.
 * Errors:     input kinds with the field (name_da name_en service): E_REQUIRED, E_TOO_LONG, E_TEXT_ENCODING, E_TEXT_LINE, E_CHOICE_INVALID,
 *             E_CATEGORY_TAKEN; E_CATEGORY_MANY, E_CATEGORY_LAST, E_CHANGED, E_NOT_FOUND.
 * Units:      us.   Threads: only inside a db_write() job.   Source: own design. */
#ifndef PEDEL_CORE_CATEGORY_H
#define PEDEL_CORE_CATEGORY_H
#include "core/role.h"
#include "store/category.h"

#define CATEGORY_NAME_CHARS 60

/* What is wrong with it, field by field, for a form; key NULL: of a new one. Also outside a job. */
void category_check(struct db_conn *c, struct arena *a, const struct category *k, struct err_list *all);
/* key is made of the Danish name. name_en blank: the Danish one. */
int category_add(struct db_conn *w, struct arena *a, const struct actor *who, int64_t now, struct category *k, struct err *e);
/* Names and service of the one with k->key, as it was in k->version. */
int category_change(struct db_conn *w, struct arena *a, const struct actor *who, int64_t now, const struct category *k, struct err *e);
/* Out of use, or into use again. One must stay in use. */
int category_retire(struct db_conn *w, struct arena *a, const struct actor *who, int64_t now, const char *key, int version, bool retire, struct err *e);
/* Gone for good: one that no ticket ever kept, made by mistake. E_CATEGORY_USED, E_CATEGORY_LAST. */
int category_remove(struct db_conn *w, struct arena *a, const struct actor *who, int64_t now, const char *key, int version, struct err *e);
/* One place up or down among those in use; nothing at the end of the list. */
int category_move(struct db_conn *w, struct arena *a, const struct actor *who, int64_t now, const char *key, bool up, struct err *e);
#endif
