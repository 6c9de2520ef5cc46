/* customer.h - customers, their mail domains and sites, as rows. Checks and events are core/customer.h.
 *
 * Ownership:  texts in the arena given.   Errors: E_DB, E_NOT_FOUND, E_CUSTOMER_TAKEN, E_DOMAIN_TAKEN, E_CHANGED (another version).
 * Units:      moments in us, driving in minutes.   Threads: writing functions only inside a db_write() job.   Source: own design. */
#ifndef PEDEL_STORE_CUSTOMER_H
#define PEDEL_STORE_CUSTOMER_H
#include <stdbool.h>
#include <stdint.h>
#include "store/db.h"

struct customer {
	int64_t id;
	const char *name, *cvr, *gln, *lang, *phone, *note;
	bool demo, active;
	int64_t created_at, version;
	const char *const *domains; int ndomains;       /* lower case, by name */
};
int store_customer_add(struct db_conn *w, struct customer *c, struct err *e);           /* fills id */
int store_customer_get(struct db_conn *c, struct arena *a, int64_t id, struct customer *out, struct err *e);
int store_customer_set(struct db_conn *w, const struct customer *c, struct err *e);     /* all but demo and created_at; replaces the domains; by version */
/* By name, those after after_id (0: from the start). q, which may be NULL: words that the name, CVR or a domain must hold. */
int store_customer_list(struct db_conn *c, struct arena *a, const char *q, int64_t after_id, int limit, struct customer **out, int *n, struct err *e);
int store_customer_count(struct db_conn *c, int64_t *n, struct err *e);                 /* active ones */
int store_customer_by_domain(struct db_conn *c, const char *domain, int64_t *id, struct err *e);        /* E_NOT_FOUND */
int store_customer_by_cvr(struct db_conn *c, const char *cvr, int64_t *id, struct err *e);              /* E_NOT_FOUND */

struct site { int64_t id, customer_id; const char *name, *street, *postcode, *city; int drive_minutes; };
int store_site_add(struct db_conn *w, struct site *s, struct err *e);                   /* fills id */
int store_site_set(struct db_conn *w, const struct site *s, struct err *e);             /* E_NOT_FOUND */
int store_site_drop(struct db_conn *w, int64_t customer_id, int64_t id, struct err *e); /* E_NOT_FOUND */
int store_site_list(struct db_conn *c, struct arena *a, int64_t customer_id, struct site **out, int *n, struct err *e);
#endif
