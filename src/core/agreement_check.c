#include "core/agreement_check.h"
#include <inttypes.h>
#include <string.h>
#include "base/hash.h"
#include "core/agreement_doc.h"
#include "core/sla.h"
#include "store/agreement.h"
#include "store/catalogue.h"

static int text_right(struct db_conn *c, struct arena *a, const struct agreement_accepted *g, struct err *e)
{
	struct catalogue_service s;
	struct sla_terms t;
	const char *text;
	struct err why;
	json_t *terms;
	int rc = 0;

	if (g->text) {
		struct sha256 h = hash_sha256(g->text, strlen(g->text));

		if (strcmp(hash_hex(a, h.b, sizeof h.b), g->text_sha256) != 0)
			return FAIL(e, E_AGREEMENT_UNREADABLE, "the kept text is not the one with the mark %.12s", g->text_sha256);
	}
	if (g->doc) {
		struct agreement_doc d = { .nservices = 0 };
		struct sha256 h;

		if (agreement_doc_read(a, g->doc, &d, e) != 0)
			return -1;
		text = agreement_doc_text(a, &d);
		h = hash_sha256(text, strlen(text));
		if (strcmp(hash_hex(a, h.b, sizeof h.b), g->text_sha256) != 0)
			return FAIL(e, E_AGREEMENT_UNREADABLE, "the kept facts do not tell the text with the mark %.12s", g->text_sha256);
	}
	if (store_catalogue_text(c, a, g->service, g->catalogue_version, &text, &why) != 0)
		return FAIL(e, E_AGREEMENT_UNREADABLE, "%s version %d: %s", g->service, g->catalogue_version, err_name(why.id));
	if (catalogue_parse(a, g->service, text, strlen(text), &s, &why) != 0)
		return FAIL(e, E_AGREEMENT_UNREADABLE, "%s version %d: %s", g->service, g->catalogue_version, why.detail);
	if (!(terms = json_loads(g->terms, 0, NULL)) || !json_is_object(terms))
		rc = FAIL(e, E_AGREEMENT_UNREADABLE, "the terms of %s are not JSON", g->service);
	else if (sla_terms_read(terms, &t, &why) != 0)
		rc = FAIL_FIELD(e, E_AGREEMENT_UNREADABLE, why.field, "%s: %s is \"%s\"", g->service, why.field, why.detail);
	json_decref(terms);
	return rc;
}

int agreement_check(struct db_conn *c, void (*say)(void *arg, const char *what), void *arg, int64_t *checked, struct err *e)
{
	struct arena *a = arena_begin(64 << 20);
	struct agreement_accepted g = { .item_id = 0 };
	int64_t n = 0, wrong = 0;
	struct err first = { .id = E_NONE }, why;
	int rc;

	while ((rc = store_agreement_next_accepted(c, a, g.item_id, &g, e)) == 0) {
		n++;
		if (text_right(c, a, &g, &why) != 0) {
			const char *what = arena_printf(a, "agreement %s of customer %" PRId64 " (%s): %s", g.number, g.customer_id, g.customer_name, why.detail);

			say(arg, what);
			if (wrong++ == 0)
				FAIL(&first, E_AGREEMENT_UNREADABLE, "%s", what);
		}
		arena_reset(a);
	}
	arena_end(a);
	if (e->id != E_NOT_FOUND)
		return -1;
	if (wrong)
		return *e = first, -1;
	*checked = n;
	return 0;
}
