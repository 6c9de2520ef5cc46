/* agreement.h - agreements and their items, as rows. What may happen to them is core/agreement.h.
 * Ownership: arena given.  Errors: E_DB, E_NOT_FOUND.  Units: days since 1970, øre, us.
 * Threads: writing functions only inside a db_write() job.  Source: architecture, sections 1 and 6. */
#ifndef PEDEL_STORE_AGREEMENT_H
#define PEDEL_STORE_AGREEMENT_H
#include <stdbool.h>
#include <stdint.h>
#include "store/db.h"

struct agreement_item { int64_t id; const char *service; int catalogue_version; const char *terms; };   /* terms: JSON text */
struct agreement {
	int64_t id, customer_id;
	const char *number, *state, *lang;              /* state: draft | sent | accepted | superseded | ended */
	int32_t valid_from_day, valid_to_day;           /* valid_to_day: last day; INT32_MAX: open */
	int64_t price_ore; const char *period, *note;
	int64_t supersedes, created_at, created_by, sent_at, accepted_at, accepted_contact_id, ended_at;
	const char *accepted_name, *accepted_via, *text_sha256;
	int version;
	struct agreement_item *items; int nitems;
};
int store_agreement_add(struct db_conn *w, struct arena *a, struct agreement *g, struct err *e);        /* fills id, number, items' ids */
int store_agreement_get(struct db_conn *c, struct arena *a, int64_t customer_id, int64_t id, struct agreement *out, struct err *e); /* customer_id 0: any */
int store_agreement_list(struct db_conn *c, struct arena *a, int64_t customer_id, struct agreement **out, int *n, struct err *e);   /* with items; newest first; 0: all */
int store_agreement_set(struct db_conn *w, const struct agreement *g, struct err *e);   /* state, dates, accepted fields; E_TICKET_CHANGED-like conflict by version */
/* The accepted agreement item for a service that is in force on a day: at most one. E_NOT_FOUND when there is none. Also finds
 * agreements that were superseded or ended later, as they stood on that day. */
int store_agreement_in_force(struct db_conn *c, struct arena *a, int64_t customer_id, int32_t day, const char *service, struct agreement *g,
	struct agreement_item *item, struct err *e);
#endif
