#include "pages/agreement.h"
#include "base/text.h"
#include <string.h>

static const char *done_text(struct web *w)
{
	const char *key = web_query(w, "done");

	if (key && strcmp(key, "accepted") == 0)
		return _("Thank you. The agreement is accepted, and a copy of what you said yes to is kept.");
	if (key && strcmp(key, "declined") == 0)
		return _("We have your answer and will get back to you.");
	return NULL;
}

static int page_list(struct web *w, struct err *e)
{
	struct agreement_portal_view v = { .done = done_text(w) };
	struct agreement *list;
	int n, kept = 0;

	if (w->who.customer_id == 0)
		return FAIL(e, E_NOT_FOUND, "no customer");
	if (store_agreement_list(w->db, w->a, w->who.customer_id, 0, 200, &list, &n, e) != 0)
		return -1;
	for (int i = 0; i < n; i++)
		if (strcmp(list[i].state, "sent") == 0 || list[i].accepted_at)
			list[kept++] = list[i];
	v.list = list;
	v.n = kept;
	agreement_portal_list_page(w, &v);
	return 0;
}

/* One that was sent and that somebody of theirs has said no to: the others follow the same mailed link. What it has become since is ours. */
static int show_no(struct web *w, struct err *e)
{
	const struct agreement_event_view *no;
	struct agreement g;

	if (w->who.customer_id == 0 || store_agreement_get(w->db, w->a, w->who.customer_id, web_param_id(w, 0), &g, e) != 0)
		return w->who.customer_id ? -1 : FAIL(e, E_NOT_FOUND, "no customer");
	if (agreement_no(w, &g, &no, e) != 0)
		return -1;
	if (!no || g.accepted_at)
		return FAIL(e, E_NOT_FOUND, "agreement %s is not sent", g.number);
	agreement_portal_no_page(w, &g, no);
	return 0;
}

static int show_one(struct web *w, struct err *e)
{
	struct agreement_portal_view v = { .done = done_text(w) };
	struct agreement_doc doc;
	struct agreement g;

	if (agreement_of_request(w, &g, e) != 0)
		return e->id == E_NOT_FOUND && strcmp(w->rq->method, "GET") == 0 ? show_no(w, e) : -1;
	if (agreement_doc_make(w->db, w->a, &g, &doc, e) != 0)
		return -1;
	v.g = &g;
	v.doc = &doc;
	v.pdf = w->app->make_pdf ? arena_printf(w->a, "/portal/agreement/%lld/pdf", (long long)g.id) : NULL;
	agreement_portal_page(w, &v);
	return 0;
}

/* Shows the page again when it is the person's to mend. */
static int answered(struct web *w, struct agreement_work *k, const char *to, struct err *e)
{
	if (!w->nerrors) {
		if (agreement_work(w, k, e) == 0)
			return web_redirect(w, to);
		if (err_kind(e->id) != ERR_INPUT)
			return -1;
		web_wrong(w, e);
	}
	return show_one(w, e);
}

static int post_accept(struct web *w, struct err *e)
{
	struct agreement_work k = { .step = AGREEMENT_ACCEPT };
	struct agreement g;
	struct err wrong;

	if (web_form_check(w, e) != 0 || agreement_of_request(w, &g, e) != 0)
		return -1;
	k.id = g.id;
	k.yes = (struct agreement_yes){ .contact_id = w->who.id, .name = web_field(w, "name"), .via = "portal", .text_sha256 = web_field(w, "text") };
	if (text_check(k.yes.name, "name", 200, true, &wrong) != 0)
		web_wrong(w, &wrong);
	if (!web_field(w, "read")) {
		FAIL_FIELD(&wrong, E_ACCEPT_TICK, "read", "not ticked");
		web_wrong(w, &wrong);
	}
	if (!k.yes.text_sha256 || !*k.yes.text_sha256) {        /* yes is said to a text: which one, the form says */
		FAIL_FIELD(&wrong, E_REQUIRED, "text", "no hash");
		web_wrong(w, &wrong);
	}
	return answered(w, &k, arena_printf(w->a, "/portal/agreement/%lld?done=accepted", (long long)g.id), e);
}

static int post_decline(struct web *w, struct err *e)
{
	struct agreement_work k = { .step = AGREEMENT_DECLINE, .id = web_param_id(w, 0) };
	struct agreement g;
	struct err none;

	if (web_form_check(w, e) != 0)
		return -1;
	k.why = web_field(w, "why") ? text_trim(w->a, web_field(w, "why")) : "";
	if (agreement_work(w, &k, e) == 0)
		return web_redirect(w, k.ticket ? arena_printf(w->a, "/portal/tasks/%lld?done=declined", (long long)k.ticket) : "/portal/agreement?done=declined");
	/* A draft is none of the customer's: not even that there is one. */
	if (agreement_of_request(w, &g, &none) != 0)
		return *e = none, -1;
	if (err_kind(e->id) != ERR_INPUT)
		return -1;
	web_wrong(w, e);
	return show_one(w, e);
}

static int page_print(struct web *w, struct err *e)
{
	return agreement_answer_paper(w, arena_printf(w->a, "/portal/agreement/%s/pdf", w->param[0]), e);
}

const struct web_route agreement_portal_routes[] = {
	{ "GET", "/portal/agreement", ROLE_DECIDES, page_list },
	{ "GET", "/portal/agreement/{id}", ROLE_DECIDES, show_one },
	{ "POST", "/portal/agreement/{id}/accept", ROLE_DECIDES, post_accept },
	{ "POST", "/portal/agreement/{id}/decline", ROLE_DECIDES, post_decline },
	{ "GET", "/portal/agreement/{id}/print", ROLE_DECIDES, page_print },
	{ "GET", "/portal/agreement/{id}/pdf", ROLE_DECIDES, agreement_answer_pdf },
	{ 0 }
};
