/* customer.h - what may be done to customers, their sites and people: checked, stored, and written down as events.
 *
 * Texts given are what somebody typed or sent; they are checked and brought into their stored form here, so that pages, API
 * and demo say the same. `now` is the moment of the request.
 * Ownership:  what is given is only read, but for id and created_at, which the adding ones set.
 * Errors:     input kinds with the field of the API (name cvr gln phone mail_domains language email role drive_minutes);
 *             E_CUSTOMER_TAKEN, E_DOMAIN_TAKEN, E_EMAIL_TAKEN, E_CHANGED, E_NOT_FOUND.
 * Units:      us, minutes.   Threads: only inside a db_write() job.   Source: own design. */
#ifndef PEDEL_CORE_CUSTOMER_H
#define PEDEL_CORE_CUSTOMER_H
#include "core/role.h"
#include "store/contact.h"
#include "store/customer.h"

/* What is wrong with it, field by field, for a form: the others stop at the first. Also outside a job, on any snapshot. */
void customer_check(struct db_conn *c, struct arena *a, const struct customer *given, struct err_list *all);
void customer_site_check(const struct site *s, struct err_list *all);
void contact_check(struct db_conn *c, struct arena *a, const struct contact *given, struct err_list *all);

int customer_add(struct db_conn *w, struct arena *a, const struct actor *who, int64_t now, struct customer *c, struct err *e);
int customer_change(struct db_conn *w, struct arena *a, const struct actor *who, int64_t now, const struct customer *c, struct err *e);
int customer_site_put(struct db_conn *w, struct arena *a, const struct actor *who, int64_t now, struct site *s, struct err *e);  /* id 0: a new one */
int customer_site_drop(struct db_conn *w, struct arena *a, const struct actor *who, int64_t now, int64_t customer_id, int64_t id, struct err *e);
int contact_add(struct db_conn *w, struct arena *a, const struct actor *who, int64_t now, struct contact *k, struct err *e);
/* A mail to somebody who was just added, with the way in: sign in with that address. origin: where people sign in. */
int contact_welcome(struct db_conn *w, struct arena *a, int64_t now, const char *origin, const struct contact *k, struct err *e);
int contact_change(struct db_conn *w, struct arena *a, const struct actor *who, int64_t now, const struct contact *k, struct err *e);
#endif
