#include "core/tell.h"
#include <stdlib.h>
#include "store/event.h"

int tell_event(struct db_conn *w, struct arena *a, const struct actor *who, int64_t now, int64_t customer_id, const char *object,
	int64_t object_id, const char *kind, json_t *data, struct err *e)
{
	char *text = data ? json_dumps(data, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
	struct event ev = { .at = now, .actor_kind = !who || who->id == 0 ? "system" : who->person ? "person" : "contact", .actor_id = who ? who->id : 0,
		.customer_id = customer_id, .object = object, .object_id = object_id, .kind = kind, .data = arena_dup(a, text ? text : "{}") };
	bool whole = text || !data;

	free(text);
	json_decref(data);
	return whole ? event_add(w, a, &ev, e) : FAIL(e, E_BUG, "event %s", kind);
}
