/* tell.h - writes down who did what: an event with an actor and a JSON object.
 *
 * Ownership:  data is taken over, also on -1; NULL gives {}.   Errors: as event.h; E_BUG: data is no JSON.   Units: us.
 * Threads:    only inside a db_write() job.   Source: own design; docs/events.md. */
#ifndef PEDEL_CORE_TELL_H
#define PEDEL_CORE_TELL_H
#include <jansson.h>
#include "core/role.h"
#include "store/db.h"

/* who NULL, or with id 0: the system itself. customer_id 0: nobody's. */
int tell_event(struct db_conn *w, struct arena *a, const struct actor *who, int64_t now, int64_t customer_id, const char *object,
	int64_t object_id, const char *kind, json_t *data, struct err *e);
#endif
