/* passkey.h - passkeys, as rows: public keys and whose they are; and the challenges that were used up.
 *
 * Ownership:  texts and bytes in the arena given.   Errors: E_DB; E_NOT_FOUND, E_PASSKEY_TAKEN, E_PASSKEY_SPENT where it says so.
 * Units:      moments in us.   Threads: writing functions only inside a db_write() job.   Source: own design. */
#ifndef PEDEL_STORE_PASSKEY_H
#define PEDEL_STORE_PASSKEY_H
#include <stdbool.h>
#include <stdint.h>
#include "store/db.h"

struct passkey {
	int64_t id;
	const char *who_kind;           /* "person" | "contact" */
	int64_t who_id, customer_id;    /* customer_id: a contact's; 0 for a person */
	const char *name, *rp_id;       /* rp_id: the host name it was made for, and is good for */
	struct db_bytes cred_id, handle, key;
	int64_t alg, count, created_at, used_at;        /* used_at 0: never */
};
int store_passkey_add(struct db_conn *w, struct passkey *p, struct err *e);             /* fills id; E_PASSKEY_TAKEN */
int store_passkey_find(struct db_conn *c, struct arena *a, struct db_bytes cred_id, struct passkey *out, struct err *e);        /* E_NOT_FOUND */
int store_passkey_list(struct db_conn *c, struct arena *a, const char *who_kind, int64_t who_id, struct passkey **out, int *n, struct err *e);
/* Of this owner only: E_NOT_FOUND. */
int store_passkey_remove(struct db_conn *w, const char *who_kind, int64_t who_id, int64_t id, struct err *e);
int store_passkey_used(struct db_conn *w, int64_t id, int64_t count, int64_t now, struct err *e);       /* E_NOT_FOUND: removed meanwhile */
/* A challenge works once: E_PASSKEY_SPENT. Forgets those that have expired. */
int store_passkey_spend(struct db_conn *w, const uint8_t hash[32], int64_t now, int64_t expires_at, struct err *e);
#endif
