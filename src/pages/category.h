/* category.h - the list of categories, for administrators; and how other pages name and offer them.
 * Ownership: the request's arena.  Errors: none here.  Units: none.  Threads: the request's.  Source: ui.md. */
#ifndef PEDEL_PAGES_CATEGORY_H
#define PEDEL_PAGES_CATEGORY_H
#include "store/category.h"
#include "web/ui.h"
#include "web/web.h"

const char *category_name(const struct web *w, const struct category *k);       /* in w->lang */
const char *category_label(const struct web *w, const struct category *k);      /* ... and that it is retired */
/* Those in use, and the one that is chosen now whatever it is; "none" first. Ends with {0}; only {0} when there are none. */
const struct ui_choice *category_choices(const struct web *w, const struct category *list, int n, const char *now, const char *none);

struct category_line { const char *text; int64_t at; };
struct category_view {
	const struct category *list; int n, in_use;
	const int *open;                        /* open tickets of each */
	const struct ui_choice *services;
	const char *done, *up, *down;           /* the key of the one that was just moved: its button has the focus */
};
struct category_form {
	const struct category *k;               /* as it is stored now */
	int open;
	bool used;                              /* some ticket has it, or had it when it was closed */
	const struct ui_choice *services;
	const struct category_line *lines; int nlines;  /* what happened to it, latest first */
	const char *meanwhile;                  /* what somebody else has made of it; NULL: nothing */
};
void categories_page(struct web *w, const struct category_view *v);
void category_rows(struct web *w, const struct category_view *v, bool retired);
void category_page(struct web *w, const struct category_form *v);
const char *category_service_name(const struct web *w, const char *key);
extern const struct web_route category_routes[];
#endif
