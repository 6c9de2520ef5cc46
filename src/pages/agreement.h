/* agreement.h - the console's agreement pages, and what their templates are given.
 * Ownership: the request's arena.  Errors: none.  Units: days, øre.  Threads: the request's.  Source: ui.md, section 10. */
#ifndef PEDEL_PAGES_AGREEMENT_H
#define PEDEL_PAGES_AGREEMENT_H
#include "core/agreement_doc.h"
#include "pages/agreement_work.h"
#include "pages/customer.h"
#include "store/event.h"
#include "web/ui.h"

struct agreement_list_view {
	const struct agreement *list; int n;
	int64_t customer_id; const struct customer *of; /* 0, NULL: everybody's */
	const char *done;
	int64_t more_before;                            /* id to go on from; 0: that was all */
};
struct agreement_event_view { const char *icon, *text, *who, *why; int64_t at, ticket; };      /* who, why, ticket (its number): of a no */
/* One field of the draft form. */
struct agreement_term_view { const char *name, *label, *hint, *value, *type; const struct ui_choice *choices; };
struct agreement_item_view {
	const struct catalogue_service *s;
	struct agreement_term_view *terms; int nterms;
	int64_t price_ore;
	int supplier, customer;                         /* promises that bind each */
};
struct agreement_draft_view {
	const struct agreement *g;                      /* NULL: a new one */
	const struct agreement_customer *customer;
	const struct catalogue *catalogue;
	struct agreement_item_view *items; int nitems;
	struct ui_choice *addable;                      /* services not on it; ends with {0} */
	struct ui_choice *clash;                        /* value: service name, label: number of the agreement that holds it; ends with {0} */
	const char *valid_from, *valid_to, *note, *lang;
	int deciders;
	const char *done, *gone, *price_hint;           /* gone: services the catalogue no longer has; price_hint: hours and amount may not belong together; NULL */
	struct agreement_event_view *events; int nevents;
	const struct agreement_event_view *no;          /* the customer said no to it as it was last sent; NULL */
};
struct agreement_view {
	const struct agreement *g;
	const struct agreement_doc *doc;
	struct agreement_event_view *events; int nevents;
	struct ui_choice *deciders;                     /* id and name with role; ends with {0} */
	const struct agreement *before;                 /* the one it takes the place of; NULL */
	const char *done, *pdf;                         /* pdf: address, NULL when it cannot be made */
};
/* The terms of one service as fields, and as the form has them: each that is wrong is noted by its own field. */
void agreement_term_fields(struct web *w, const struct catalogue_service *s, const json_t *terms, struct agreement_item_view *out);
json_t *agreement_terms_read(struct web *w, const struct catalogue_service *s);
void agreement_list_page(struct web *w, const struct agreement_list_view *v);
void agreement_frame_fields(struct web *w, const struct agreement_draft_view *v);
void agreement_draft_item(struct web *w, const struct agreement_item_view *v);
void agreement_fresh_page(struct web *w, const struct agreement_draft_view *v);
void agreement_draft_page(struct web *w, const struct agreement_draft_view *v);
void agreement_view_document(struct web *w, const struct agreement_view *v);     /* in its own language, whoever reads */
void agreement_view_page(struct web *w, const struct agreement_view *v);
void agreement_answer_forms(struct web *w, const struct agreement_view *v);
void agreement_history(struct web *w, const struct agreement_event_view *list, int n);
void agreement_paper_promises(struct web *w, const struct agreement_doc *d, const struct doc_service *s, enum party p);
void agreement_paper_page(struct web *w, const struct agreement_doc *d, const char *pdf_href, enum lang reader);

struct agreement_portal_view {
	const struct agreement *list; int n;
	const struct agreement *g; const struct agreement_doc *doc;     /* one agreement; NULL: the list */
	const char *done, *pdf;
};
/* The customer's answer to it as it was last sent, when that was a no; else NULL. */
int agreement_no(struct web *w, const struct agreement *g, const struct agreement_event_view **no, struct err *e);
void agreement_portal_no_page(struct web *w, const struct agreement *g, const struct agreement_event_view *no);
void agreement_portal_list_page(struct web *w, const struct agreement_portal_view *v);
void agreement_portal_document(struct web *w, const struct agreement_portal_view *v);
void agreement_portal_page(struct web *w, const struct agreement_portal_view *v);

extern const struct web_route agreement_routes[];               /* console */
extern const struct web_route agreement_portal_routes[];
extern const struct web_route agreement_api_routes[];           /* with GET /api/v1/services */
extern const struct web_route catalogue_routes[];
#endif
