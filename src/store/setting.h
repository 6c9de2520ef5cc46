/* setting.h - the installation's settings by key ("provider.name", "desk.from" ...): docs/settings.md lists them.
 *
 * Ownership:  texts in the arena given.   Errors: E_DB.   Units: as each key says.
 * Threads:    setting_set only inside a db_write() job.   Source: own design. */
#ifndef PEDEL_STORE_SETTING_H
#define PEDEL_STORE_SETTING_H
#include <stdint.h>
#include "store/db.h"

struct setting { const char *key, *value; };
/* *value is unless (which may be NULL) when the key has never been set. */
int setting_get(struct db_conn *c, struct arena *a, const char *key, const char *unless, const char **value, struct err *e);
/* Several at once, into *value[i] for key[i]; "" for what has never been set. At most 8. */
int setting_get_all(struct db_conn *c, struct arena *a, const char *const *key, const char **const *value, int n, struct err *e);
int setting_get_int(struct db_conn *c, const char *key, int64_t unless, int64_t *value, struct err *e);   /* not a number: unless */
int setting_set(struct db_conn *w, const char *key, const char *value, struct err *e);  /* value NULL: forget it */
/* All that begin with prefix ("" for all), by key. */
int setting_list(struct db_conn *c, struct arena *a, const char *prefix, struct setting **out, int *n, struct err *e);
#endif
