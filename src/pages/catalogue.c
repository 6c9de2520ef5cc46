#include "pages/catalogue.h"
#include "base/text.h"
#include "core/words.h"
#include "pages/agreement.h"
#include <string.h>

static bool holds(struct web *w, const char *text, const char *q)
{
	return text && strstr(text_lower(w->a, text), q) != NULL;
}

/* Where q, in lower case, is found in a service: "" in its name, otherwise the line it stands in; NULL nowhere. Both languages. */
static const char *found_in(struct web *w, const struct catalogue_service *s, const char *q)
{
	if (!*q || holds(w, s->key, q) || holds(w, s->name[LANG_DA], q) || holds(w, s->name[LANG_EN], q))
		return "";
	if (holds(w, s->about[LANG_DA], q) || holds(w, s->about[LANG_EN], q))
		return s->about[w->lang];
	for (int i = 0; i < s->npromises; i++)
		if (holds(w, s->promises[i].key, q) || holds(w, s->promises[i].text[LANG_DA], q) || holds(w, s->promises[i].text[LANG_EN], q))
			return s->promises[i].text[w->lang];
	for (int i = 0; i < s->nterms; i++)
		if (holds(w, s->terms[i].label[LANG_DA], q) || holds(w, s->terms[i].label[LANG_EN], q))
			return s->terms[i].label[w->lang];
	return NULL;
}

static int page_list(struct web *w, struct err *e)
{
	const struct catalogue *c = w->app->catalogue;
	const char *typed = web_query(w, "q"), *q = text_lower(w->a, text_trim(w->a, typed ? typed : ""));
	struct catalogue_list_view v = { .hits = ARENA_ARRAY(w->a, struct catalogue_hit, c->nservices + 1), .q = typed ? typed : "", .all = c->nservices };

	for (int i = 0; i < c->nservices; i++) {
		const char *line = found_in(w, &c->services[i], q);
		struct catalogue_hit *h = &v.hits[v.n];

		if (!line)
			continue;
		*h = (struct catalogue_hit){ .s = &c->services[i], .line = *line ? line : NULL };
		for (int k = 0; k < c->services[i].npromises; k++) {
			++*(c->services[i].promises[k].party == PARTY_SUPPLIER ? &h->supplier : &h->customer);
			h->live += c->services[i].promises[k].live;
		}
		v.n++;
	}
	catalogue_list_page(w, &v);
	return 0;
}

static const char *allowed(struct web *w, enum lang l, const struct term *t)
{
	const char *s = "";

	for (int i = 0; t->type == TERM_CHOICE && t->choices[i]; i++)
		s = arena_printf(w->a, "%s%s%s", s, i ? " / " : "", words_choice(w->a, l, t->choices[i]));
	return *s ? s : words_limits(w->a, l, t);
}

static int page_service(struct web *w, struct err *e)
{
	const struct catalogue_service *s = catalogue_find(w->app->catalogue, w->param[0]);
	const char *text = web_query(w, "text");
	struct catalogue_view v = { .s = s, .text = w->lang };

	if (!s)
		return FAIL(e, E_NOT_FOUND, "service %s", w->param[0]);
	if (text)
		v.text = strcmp(text, "en") == 0 ? LANG_EN : LANG_DA;
	v.terms = ARENA_ARRAY(w->a, struct catalogue_term_view, s->nterms + 1);
	for (int i = 0; i < s->nterms; i++)
		v.terms[i] = (struct catalogue_term_view){ s->terms[i].label[v.text], words_value(w->a, v.text, &s->terms[i], NULL),
			allowed(w, v.text, &s->terms[i]), s->terms[i].hint[v.text] };
	catalogue_service_page(w, &v);
	return 0;
}

const struct web_route catalogue_routes[] = {
	{ "GET", "/console/catalogue", ROLE_STAFF, page_list },
	{ "GET", "/console/catalogue/{key}", ROLE_STAFF, page_service },
	{ 0 }
};
