/* agreement_doc.h - an agreement as a document: what stands on the page, in the PDF, and in the text whose hash is accepted.
 * One structure, three ways out, so that they cannot say different things.
 *
 * Ownership:  arena given; the JSON is a new reference.  Errors: E_DB, E_SERVICE_UNKNOWN (a kept text is gone).
 * Units:      øre, days.   Threads: any.   Source: facts/desk.md 5.2 (interpretations are printed); ui.md, section 10. */
#ifndef PEDEL_CORE_AGREEMENT_DOC_H
#define PEDEL_CORE_AGREEMENT_DOC_H
#include "core/catalogue.h"
#include "store/agreement.h"

struct doc_row { const char *label, *value; };
struct doc_promise { const char *key, *text, *period; enum party party; };
struct doc_service {
	const char *key, *name, *about;
	int number, version;
	int64_t price_ore;                      /* its monthly_price_ore */
	struct doc_row *rows; int nrows;        /* terms */
	struct doc_promise *promises; int npromises;    /* as in the catalogue, both parties mixed */
	const char **readings; int nreadings;   /* how the terms are to be understood, in sentences made from them */
};
struct agreement_doc {
	enum lang lang;
	const struct agreement *agreement;
	struct agreement_customer customer;
	const char *provider, *provider_cvr;
	int32_t from_day, to_day;               /* as it was sent or accepted; INT32_MAX: open. What happened after is agreement's */
	const char *title, *between, *validity, *price, *note;  /* "Aftale 1042-2", sentences */
	struct doc_service *services; int nservices;
	int supplier_promises, customer_promises;
};
/* The document. Of a draft: as it stands, with the catalogue texts of the versions it is bound to, in its own language. Once it is sent
 * the facts are kept, and it is told again from them: no later change of the agreement, the customer or the program reaches it. */
int agreement_doc_make(struct db_conn *c, struct arena *a, const struct agreement *g, struct agreement_doc *out, struct err *e);
/* The facts, and the document told from them. */
const char *agreement_doc_json(struct arena *a, const struct agreement_doc *d);
int agreement_doc_read(struct arena *a, const char *json, struct agreement_doc *out, struct err *e);
/* The whole text, plain: without who accepted it, so that it is the same before and after. */
const char *agreement_doc_text(struct arena *a, const struct agreement_doc *d);
/* "Accepteret af Birgitte Sønderskov den 24.6.2025 på portalen."; "" when it is not accepted. */
const char *agreement_doc_acceptance(struct arena *a, const struct agreement_doc *d);
#endif
