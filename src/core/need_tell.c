#include "core/need_tell.h"
#include <string.h>
#include "base/text.h"
#include "store/agreement.h"
#include "store/outbox.h"
#include "store/person.h"

/* p->id is 0 when nobody who is still here asked. */
static int asker(struct db_conn *w, struct arena *a, const struct need *n, struct person *p, struct err *e)
{
	struct err none;

	*p = (struct person){ 0 };
	if (!n->asked_by || store_person_get(w, a, n->asked_by, p, &none) == 0) {
		if (!p->active)
			*p = (struct person){ 0 };
		return 0;
	}
	return none.id == E_NOT_FOUND ? 0 : (*e = none, -1);
}

static int wants_a_call(struct db_conn *w, struct arena *a, const struct desk *d, const struct actor *who, const struct need *n, const struct person *p,
	bool en, struct err *e)
{
	struct ticket_draft f = { .customer_id = n->customer_id, .type = "request", .channel = "portal",
		.owner_id = p->id && role_by_name(p->role) & ROLE_DESK ? p->id : 0,
		.subject = arena_printf(a, en ? "Call me: %s" : "Ring til mig: %s", n->title),
		.text = { .body = arena_printf(a, "%s%s%s", n->title, text_blank(n->body) ? "" : "\n\n", n->body) } };
	struct ticket t;

	return ticket_create(w, a, d, who, &f, &t, e);
}

int need_tell(struct db_conn *w, struct arena *a, const struct desk *d, const struct actor *who, const struct need *n, const char *answer, struct err *e)
{
	struct outmail m = { .kind = "notice", .created_at = d->now, .customer_id = n->customer_id, .body_html = "", .in_reply_to = "", .references = "",
		.automatic = true, .next_at = d->now, .error = "" };
	struct agreement_customer c;
	struct agreement_decider k;
	const char *said;
	struct person p;
	bool en;

	if (asker(w, a, n, &p, e) != 0 || store_agreement_customer(w, a, n->customer_id, &c, e) != 0 ||
			store_agreement_contact(w, a, n->customer_id, who->id, &k, e) != 0)
		return -1;
	if (strcmp(answer, "call") == 0)
		return wants_a_call(w, a, d, who, n, &p, k.lang == LANG_EN, e);
	if (!p.id || !strchr(p.email, '@'))
		return 0;
	en = strcmp(p.lang, "en") == 0;
	said = strcmp(answer, "yes") == 0 ? (en ? "Yes" : "Ja") : strcmp(answer, "no") == 0 ? (en ? "No" : "Nej") : en ? "It is done" : "Det er gjort";
	m.recipient = p.email;
	m.subject = arena_printf(a, "%s: %s", said, text_line(a, n->title, 150));
	m.body = arena_printf(a, en ? "%s, %s, has answered your question.\n\n%s\n%s\n" : "%s, %s, har svaret på dit spørgsmål.\n\n%s\n%s\n", k.name, c.name, n->title, said);
	return outbox_add(w, a, &m, e);
}
