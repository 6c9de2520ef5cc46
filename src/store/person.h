/* person.h - the provider's own people, as rows. What may be done to them is core/staff.h.
 *
 * Ownership:  texts in the arena given.   Errors: E_DB, E_NOT_FOUND, E_LOGIN_TAKEN, E_CHANGED (another version).
 * Units:      moments in us.   Threads: writing functions only inside a db_write() job.   Source: own design. */
#ifndef PEDEL_STORE_PERSON_H
#define PEDEL_STORE_PERSON_H
#include <stdbool.h>
#include <stdint.h>
#include "store/db.h"

struct person {
	int64_t id;
	const char *login, *name, *email, *phone, *role;        /* role: admin | technician | bookkeeper | system */
	const char *password_hash;                              /* NULL: cannot sign in by password */
	struct db_bytes totp_sealed;                            /* n 0: no code is asked for */
	int64_t totp_last;                                      /* the last time step used: no code works twice */
	const char *lang, *theme;
	bool keys_on, active;
	int64_t created_at, version;
};
int store_person_add(struct db_conn *w, struct person *p, struct err *e);               /* fills id */
int store_person_get(struct db_conn *c, struct arena *a, int64_t id, struct person *out, struct err *e);
int store_person_by_login(struct db_conn *c, struct arena *a, const char *login, struct person *out, struct err *e);
int store_person_by_email(struct db_conn *c, struct arena *a, const char *email, struct person *out, struct err *e);  /* lower case; active ones */
int store_person_list(struct db_conn *c, struct arena *a, struct person **out, int *n, struct err *e);  /* by name; without system */
int store_person_set(struct db_conn *w, const struct person *p, struct err *e);         /* name email phone role lang theme keys_on active; by version */
int store_person_set_password(struct db_conn *w, int64_t id, const char *hash, struct err *e);
int store_person_set_totp(struct db_conn *w, int64_t id, const void *sealed, size_t n, int64_t last, struct err *e);    /* n 0: off */
/* Use up a time step; *fresh is false when it, or a later one, was used before. */
int store_person_use_totp(struct db_conn *w, int64_t id, int64_t step, bool *fresh, struct err *e);
/* Recovery codes: their SHA-256 hashes. Setting replaces all; using one makes it gone. */
int store_recovery_set(struct db_conn *w, int64_t person_id, const uint8_t (*hashes)[32], int n, struct err *e);
int store_recovery_use(struct db_conn *w, int64_t person_id, const uint8_t hash[32], bool *was_there, struct err *e);
int store_recovery_left(struct db_conn *c, int64_t person_id, int64_t *left, struct err *e);
#endif
