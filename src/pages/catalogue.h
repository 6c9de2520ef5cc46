/* catalogue.h - the services and their promises as pages of the console, and what their templates are given.
 * Ownership: the request's arena.  Errors: none.  Units: none.  Threads: the request's.  Source: ui.md. */
#ifndef PEDEL_PAGES_CATALOGUE_H
#define PEDEL_PAGES_CATALOGUE_H
#include "web/ui.h"

struct catalogue_hit { const struct catalogue_service *s; const char *line; int supplier, customer, live; };    /* line: where q was found; NULL */
struct catalogue_list_view { struct catalogue_hit *hits; int n, all; const char *q; };
struct catalogue_term_view { const char *label, *fallback, *limits, *hint; };
struct catalogue_view {
	const struct catalogue_service *s;
	enum lang text;                         /* the language the texts are shown in */
	struct catalogue_term_view *terms;
};
void catalogue_list_page(struct web *w, const struct catalogue_list_view *v);
void catalogue_promises(struct web *w, const struct catalogue_view *v, enum party p, const char *heading);
void catalogue_service_page(struct web *w, const struct catalogue_view *v);
#endif
