/* The conversation of a ticket: its messages and, as sentences, what happened between them. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "pages/ticket.h"
#include "store/customer.h"
#include "store/event.h"

static const char *text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

/* A key as people call it now. */
static const char *category_word(struct web *w, const char *key)
{
	struct category *list;
	const struct category *k;
	struct err why;
	int n;

	if (store_category_list(w->db, w->a, &list, &n, &why) != 0)
		return key;
	k = store_category_find(list, n, key);
	return k ? category_name(w, k) : key;
}

static const char *customer_word(struct web *w, int64_t id)
{
	struct customer c;
	struct err why;

	return store_customer_get(w->db, w->a, id, &c, &why) == 0 ? c.name : "?";
}

/* "State: New to Solved" for each field of a change that can be told in a word. */
static const char *change(struct web *w, const json_t *o)
{
	static const struct { const char *key, *label; } fields[] = { { "state", N_("State") }, { "priority", N_("Priority") }, { "owner", N_("Owner") },
		{ "type", N_("Kind") }, { "category", N_("Category") }, { "contact", N_("Reported by") }, { "subject", N_("Subject") } };
	struct buf b;

	buf_init(&b, w->a, 2048);
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		const json_t *p = json_object_get(o, fields[i].key);
		const char *after = json_string_value(json_array_get(p, 1));

		if (!after)
			continue;
		if (i == 0)
			after = ticket_state_word(w, after, false);
		else if (i == 1)
			after = ticket_priority_word(w, after, false);
		else if (i == 3)
			after = ticket_type_word(w, after);
		else if (i == 4)
			after = category_word(w, after);
		buf_printf(&b, "%s%s: %s", b.n ? ". " : "", tr(w->lang, fields[i].label), *after ? after : _("none"));
	}
	return arena_dup(w->a, buf_text(&b));
}

bool ticket_message_unproven(const struct message *m) { return strcmp(m->auth, "fail") == 0 || strcmp(m->auth, "none") == 0; }

static const char *rating(const struct web *w, int score) { return score == 3 ? _("good") : score == 2 ? _("middling") : _("bad"); }

/* NULL: nothing to tell here. */
static const char *sentence(struct web *w, const struct event *ev, const json_t *o, bool portal, const char **href)
{
	const char *by = text_of(o, "by"), *s = NULL;
	int64_t n;

	*href = NULL;
	if (strcmp(ev->kind, "ticket.changed") == 0) {
		if (portal) {
			const char *state = json_string_value(json_array_get(json_object_get(o, "state"), 1));

			return state ? ticket_state_word(w, state, true) : NULL;
		}
		s = change(w, o);
		return !*s ? NULL : *by ? arena_printf(w->a, "%s. %s", by, s) : s;
	}
	if (strcmp(ev->kind, "ticket.rated") == 0)
		return arena_printf(w->a, "%s: %s. %s", _("The requester's verdict"), rating(w, (int)json_integer_value(json_object_get(o, "score"))),
			text_of(o, "text"));
	if (portal)
		return NULL;
	if (strcmp(ev->kind, "ticket.created") == 0) {
		n = json_integer_value(json_object_get(o, "split_from"));
		*href = arena_printf(w->a, "/console/tickets/%" PRId64, n);
		return n ? arena_printf(w->a, _("%s split it from %d"), by, (int)n) : NULL;
	}
	if (strcmp(ev->kind, "ticket.merged") == 0) {
		n = json_integer_value(json_object_get(o, "into"));
		s = arena_printf(w->a, _("%s merged it into %d"), by, (int)n);
	} else if (strcmp(ev->kind, "ticket.absorbed") == 0) {
		n = json_integer_value(json_object_get(o, "from"));
		s = arena_printf(w->a, _("%s merged %d into it: %s"), by, (int)n, text_of(o, "subject"));
	} else if (strcmp(ev->kind, "ticket.split") == 0) {
		n = json_integer_value(json_object_get(o, "into"));
		s = arena_printf(w->a, _("%s split %d from it"), by, (int)n);
	} else if (strcmp(ev->kind, "ticket.linked") == 0) {
		n = json_integer_value(json_object_get(o, "other"));
		s = arena_printf(w->a, _("%s linked it with %d: %s"), by, (int)n, text_of(o, "subject"));
	} else if (strcmp(ev->kind, "ticket.unplaced") == 0) {
		n = json_integer_value(json_object_get(o, "customer"));
		*href = arena_printf(w->a, "/console/customers/%" PRId64, n);
		return arena_printf(w->a, _("Not placed with %s, which is no longer a customer"), customer_word(w, n));
	} else if (strcmp(ev->kind, "ticket.placed") == 0) {
		return arena_printf(w->a, _("%s placed it with the customer"), by);
	} else if (strcmp(ev->kind, "ticket.watched") == 0) {
		return arena_printf(w->a, _("%s added %s as a follower"), by, text_of(o, "name"));
	} else if (strcmp(ev->kind, "ticket.unwatched") == 0) {
		return arena_printf(w->a, _("%s removed %s as a follower"), by, text_of(o, "name"));
	} else {
		return NULL;
	}
	*href = arena_printf(w->a, "/console/tickets/%" PRId64, n);
	return s;
}

static int by_time(const void *x, const void *y)
{
	const struct ticket_line *a = x, *b = y;

	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	return (a->m == NULL) - (b->m == NULL);         /* what was said comes before what it did */
}

int ticket_lines(struct web *w, const struct ticket *t, const struct event *ev, int ne, bool portal, struct ticket_line **out, int *n, struct err *e)
{
	struct message *m;
	struct ticket_line *l;
	int nm, k = 0;

	if (store_message_list(w->db, w->a, t->id, !portal, &m, &nm, e) != 0)
		return -1;
	l = ARENA_ARRAY(w->a, struct ticket_line, nm + ne + 1);
	for (int i = 0; i < nm; i++)
		l[k++] = (struct ticket_line){ .m = &m[i], .at = m[i].at, .person_id = strcmp(m[i].author_kind, "person") == 0 ? m[i].author_id : 0 };
	for (int i = 0; i < ne; i++) {
		json_t *o = json_loads(ev[i].data, 0, NULL);
		const char *href, *s = sentence(w, &ev[i], o, portal, &href);

		json_decref(o);
		if (s)
			l[k++] = (struct ticket_line){ .fact = s, .href = href, .at = ev[i].at,
				.person_id = strcmp(ev[i].actor_kind, "person") == 0 ? ev[i].actor_id : 0 };
	}
	qsort(l, (size_t)k, sizeof *l, by_time);
	*out = l;
	*n = k;
	return 0;
}
