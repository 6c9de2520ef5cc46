/* agreement_work.h - what the console's, the portal's and the API's agreement pages share: one operation as a database job, how
 * an agreement stands today in words, its document as a page and as a PDF.
 * Ownership: the request's arena.  Errors: those of core/agreement.h; E_CONV_FAILED.  Units: days, us.  Threads: the request's.  Source: own design. */
#ifndef PEDEL_PAGES_AGREEMENT_WORK_H
#define PEDEL_PAGES_AGREEMENT_WORK_H
#include "core/agreement.h"
#include "core/agreement_doc.h"
#include "web/web.h"

enum agreement_step { AGREEMENT_DRAFT, AGREEMENT_CHANGE, AGREEMENT_CHANGE_SEND, AGREEMENT_TAKE_BACK, AGREEMENT_DECLINE, AGREEMENT_ACCEPT,
	AGREEMENT_SUPERSEDE, AGREEMENT_END };
struct agreement_work {
	enum agreement_step step;
	int64_t id;
	struct agreement_input in;
	struct agreement_yes yes;
	const char *why;                /* DECLINE */
	int32_t last_day;
	int64_t made, ticket;           /* out: the new agreement's id, for DRAFT and SUPERSEDE; the ticket's number, for DECLINE */
};
/* Runs it, wakes what waits for it, and refreshes w->db. */
int agreement_work(struct web *w, struct agreement_work *k, struct err *e);

/* The agreement {id} of the address, if the person may see it: staff all, the customer's people only theirs and never a draft. */
int agreement_of_request(struct web *w, struct agreement *g, struct err *e);
const char *agreement_standing(struct web *w, const struct agreement *g);       /* "Draft", "In force", "Ends 31.12.2026" ... */
bool agreement_holds(const struct agreement *g, int32_t day);
const char *agreement_validity(struct web *w, const struct agreement *g);       /* "1.12.2026 to 31.12.2027" */
/* One that the catalogue no longer has goes by the name it was agreed under; staff are told so. */
const char *agreement_service_name(struct web *w, const struct agreement_item *item);
const char *agreement_services(struct web *w, const struct agreement *g);       /* names, comma between */
const char *agreement_title(struct web *w, const struct agreement *g);          /* "Agreement 1042-2" */

/* Do hours and fixed amount seem not to belong together? *hint: what to look at; NULL. The hours are others than those of the agreement it
 * replaces (or the catalogue's usual ones) while the amount is the same. */
int agreement_price_hint(struct web *w, const struct agreement *g, const char **hint, struct err *e);
/* Does what is saved change the hours and leave the amount? */
bool agreement_only_hours(const struct agreement *before, const struct agreement_input *in);

void agreement_paper(struct web *w, const struct agreement_doc *d);             /* the document, in the agreement's language */
int agreement_answer_paper(struct web *w, const char *pdf_href, struct err *e); /* print view of the address's agreement */
int agreement_answer_pdf(struct web *w, struct err *e);
#endif
