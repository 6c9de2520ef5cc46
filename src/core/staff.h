/* staff.h - what may be done to the provider's own people: checked, stored, and written down as events.
 * Ownership:  what is given is only read, but for id and created_at, which staff_add sets.
 * Errors:     input kinds with the field (login name email phone role); E_LOGIN_TAKEN, E_LAST_ADMIN, E_CHANGED, E_NOT_FOUND.
 * Units:      us.   Threads: only inside a db_write() job.   Source: own design. */
#ifndef PEDEL_CORE_STAFF_H
#define PEDEL_CORE_STAFF_H
#include "core/role.h"
#include "store/person.h"

/* As it is stored: trimmed, small letters. E_LOGIN_INVALID. */
int staff_login(struct arena *a, const char *given, const char **out, struct err *e);
/* What is wrong with it, field by field, for a form; the login only when there is no id yet. */
void staff_check(struct arena *a, const struct person *given, struct err_list *all);
int staff_add(struct db_conn *w, struct arena *a, const struct actor *who, int64_t now, struct person *p, struct err *e);
int staff_change(struct db_conn *w, struct arena *a, const struct actor *who, int64_t now, const struct person *p, struct err *e);
/* hash made before the job; signs nobody out. */
int staff_password(struct db_conn *w, struct arena *a, const struct actor *who, int64_t now, int64_t id, const char *hash, struct err *e);
/* The second step and its recovery codes are taken off somebody who has lost the phone; signs nobody out. */
int staff_totp_off(struct db_conn *w, struct arena *a, const struct actor *who, int64_t now, int64_t id, struct err *e);
/* A mail to a colleague whose secrets another has reset, in their language; nothing for who has no address. before: as they were, for a new address
 * in the same form is not theirs for certain. */
int staff_tell_reset(struct db_conn *w, struct arena *a, const struct actor *who, int64_t now, const struct person *before, bool password, bool totp,
	struct err *e);
#endif
