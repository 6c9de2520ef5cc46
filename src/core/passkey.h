/* passkey.h - people's passkeys: added, removed, used; written down as events, and told to whose they are.
 * Ownership:  what is given is only read, but for id, which passkey_add sets.
 * Errors:     E_REQUIRED, E_TOO_LONG (name); E_PASSKEY_MANY, E_PASSKEY_TAKEN, E_PASSKEY_SPENT, E_NOT_FOUND.
 * Units:      us.   Threads: only inside a db_write() job.   Source: own design. */
#ifndef PEDEL_CORE_PASSKEY_H
#define PEDEL_CORE_PASSKEY_H
#include "core/role.h"
#include "store/passkey.h"

enum { PASSKEYS_MOST = 20, PASSKEY_NAME_MOST = 60 };
int passkey_name(struct arena *a, const char *given, const char **name, struct err *e);
/* spent: hash of the challenge that made it; it works once. A mail says that it was made; origin: for its link, "" none. */
int passkey_add(struct db_conn *w, struct arena *a, const struct actor *who, int64_t now, struct passkey *p, const uint8_t spent[32], int64_t until,
	const char *origin, struct err *e);
/* One of `of`. When it is another who does it, an administrator, `of` is signed out everywhere and told by mail. */
int passkey_remove(struct db_conn *w, struct arena *a, const struct actor *who, const struct actor *of, int64_t now, int64_t id, struct err *e);
/* *back: the device's counter did not go forward, so there may be two of it. */
int passkey_use(struct db_conn *w, struct arena *a, const struct passkey *p, int64_t count, int64_t now, const uint8_t spent[32], int64_t until, bool *back,
	struct err *e);
#endif
