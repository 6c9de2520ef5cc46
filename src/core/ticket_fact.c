#include "core/ticket_fact.h"
#include <string.h>

/* The value after a change {"key": [before, after]}; NULL when it did not change. */
static const json_t *after(const json_t *o, const char *key)
{
	return json_array_get(json_object_get(o, key), 1);
}

void ticket_then(struct arena *a, const struct fact_ticket *t, const struct sla_terms *terms, int64_t customer_id, int64_t at, struct ticket_then *out)
{
	struct sla_event *clock;
	int n;

	*out = (struct ticket_then){ .type = "incident", .since_at = t->created_at };
	for (int i = 0; i < t->nevents; i++) {
		const struct event *v = &t->events[i];
		json_t *o;

		if (v->at > at)
			break;
		o = json_loads(v->data, 0, NULL);
		if (strcmp(v->kind, "ticket.created") == 0) {
			const char *type = json_string_value(json_object_get(o, "type"));

			out->there = v->customer_id == customer_id;
			out->owner_id = json_integer_value(json_object_get(o, "owner_id"));
			if (type)
				out->type = arena_dup(a, type);
		} else if (strcmp(v->kind, "ticket.changed") == 0) {
			const json_t *type = after(o, "type"), *owner = json_object_get(o, "owner_id");

			if (json_is_string(type))
				out->type = arena_dup(a, json_string_value(type));
			if (owner)
				out->owner_id = json_integer_value(owner);
		} else if (strcmp(v->kind, "ticket.placed") == 0) {
			out->there = true;
		} else if (strcmp(v->kind, "ticket.merged") == 0) {
			out->there = false;
		}
		json_decref(o);
	}
	sla_events_read(a, t->events, t->nevents, &clock, &n);
	sla_fold(terms, clock, n, at, &out->sla);
	if (n)
		out->since_at = out->sla.start_at;
}
