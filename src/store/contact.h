/* contact.h - a customer's people, as rows. Checks and events are core/customer.h.
 *
 * Ownership:  texts in the arena given.   Errors: E_DB, E_NOT_FOUND, E_EMAIL_TAKEN, E_CHANGED (another version).
 * Units:      moments in us.   Threads: writing functions only inside a db_write() job.   Source: own design. */
#ifndef PEDEL_STORE_CONTACT_H
#define PEDEL_STORE_CONTACT_H
#include <stdbool.h>
#include <stdint.h>
#include "store/db.h"

struct contact {
	int64_t id, customer_id;
	const char *name, *email, *phone, *role, *lang, *theme;         /* email in lower case; role: owner | approver | employee */
	const char *password_hash;                                      /* NULL: signs in by mailed link */
	bool active;
	int64_t bounced_at, created_at, version;
};
int store_contact_add(struct db_conn *w, struct contact *k, struct err *e);             /* fills id */
/* customer_id 0: any customer's (only for the provider's people and the system). */
int store_contact_get(struct db_conn *c, struct arena *a, int64_t customer_id, int64_t id, struct contact *out, struct err *e);
int store_contact_by_email(struct db_conn *c, struct arena *a, const char *email, struct contact *out, struct err *e);
int store_contact_list(struct db_conn *c, struct arena *a, int64_t customer_id, int64_t after_id, int limit, struct contact **out, int *n, struct err *e);
int store_contact_count(struct db_conn *c, int64_t customer_id, int64_t *n, struct err *e);
int store_contact_set(struct db_conn *w, const struct contact *k, struct err *e);       /* name email phone role lang theme active; by version */
int store_contact_set_password(struct db_conn *w, int64_t customer_id, int64_t id, const char *hash, struct err *e);
int store_contact_bounced(struct db_conn *w, int64_t customer_id, int64_t id, int64_t at, struct err *e);       /* at 0: mail works again */
#endif
