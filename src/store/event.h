/* event.h - what happened: append-only, hash-chained. Also the only source of SLA clocks, history and audit.
 *
 * A row's hash is SHA-256 of the previous row's hash followed by the row in canonical form (event.c says which).
 * Ownership:  texts in the arena given.   Errors: E_DB; event_verify: E_CHAIN_BROKEN with the id.
 * Units:      moments in us.              Threads: event_add only inside a db_write() job.
 * Source:     own design; architecture, section 6. */
#ifndef PEDEL_STORE_EVENT_H
#define PEDEL_STORE_EVENT_H
#include <stdint.h>
#include "store/db.h"

struct event {
	int64_t id, at;
	const char *actor_kind;         /* "person" | "contact" | "system" */
	int64_t actor_id;
	int64_t customer_id;            /* 0: nobody's */
	const char *object;             /* "ticket" "agreement" "customer" "person" "time_entry" "promise" "month" ... */
	int64_t object_id;
	const char *kind;               /* "ticket.created" "ticket.changed" "message.added" ...: docs/events.md lists them */
	const char *data;               /* JSON object, at most 16 kB */
};
/* libevent exports an event_add too, and one program links both: ours has another name there. */
#define event_add store_event_add
/* Appends; id is given by the store (no holes), at must be set by the caller. */
int event_add(struct db_conn *w, struct arena *a, const struct event *ev, struct err *e);
/* Events of one object, oldest first. */
int event_list(struct db_conn *c, struct arena *a, const char *object, int64_t object_id, struct event **out, int *n, struct err *e);
/* The customer's own story among its latest 3000 events, newest first: what people did, not what the ledger measured. */
int event_list_story(struct db_conn *c, struct arena *a, int64_t customer_id, int limit, struct event **out, int *n, struct err *e);
/* Walks the whole chain. *checked rows were right. E_CHAIN_BROKEN names the first row that is not. */
int event_verify(struct db_conn *c, int64_t *checked, struct err *e);
#endif
