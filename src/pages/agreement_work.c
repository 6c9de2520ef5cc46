#include "pages/agreement_work.h"
#include "base/buf.h"
#include "base/moment.h"
#include "core/words.h"
#include "pages/agreement.h"
#include "store/catalogue.h"
#include "web/ui.h"
#include <string.h>

static int pdf_of(struct web *w, const struct agreement *g, struct db_bytes *pdf, struct err *e);

struct job { struct web *w; struct agreement_work *k; };

static int run(struct db_conn *c, struct arena *a, void *arg, struct err *e)
{
	struct job *j = arg;
	struct agreement_work *k = j->k;
	struct agreement_do d = { c, a, j->w->app->catalogue, &j->w->who, j->w->now, j->w->app->origin };
	struct agreement g = { 0 };
	int rc = -1;

	switch (k->step) {
	case AGREEMENT_DRAFT:     rc = agreement_draft(&d, &k->in, &g, e); break;
	case AGREEMENT_CHANGE:    rc = agreement_change(&d, k->id, &k->in, &g, e); break;
	case AGREEMENT_CHANGE_SEND: rc = agreement_change(&d, k->id, &k->in, &g, e) != 0 ? -1 : agreement_send(&d, k->id, e); break;
	case AGREEMENT_TAKE_BACK: rc = agreement_take_back(&d, k->id, e); break;
	case AGREEMENT_DECLINE:   rc = agreement_decline(&d, k->id, k->why, &k->ticket, e); break;
	case AGREEMENT_ACCEPT:    rc = agreement_accept(&d, k->id, &k->yes, e); break;
	case AGREEMENT_SUPERSEDE: rc = agreement_supersede(&d, k->id, &g, e); break;
	case AGREEMENT_END:       rc = agreement_end(&d, k->id, k->last_day, e); break;
	}
	k->made = g.id;
	return rc;
}

/* The PDF of what was just accepted is made now, as it was accepted; when it cannot be made, the first who asks for it makes it. */
static void pdf_keep(struct web *w, int64_t id)
{
	struct agreement g;
	struct db_bytes pdf;
	struct err none;

	if (w->app->make_pdf && web_refresh(w, &none) == 0 && store_agreement_get(w->db, w->a, 0, id, &g, &none) == 0)
		pdf_of(w, &g, &pdf, &none);
}

int agreement_work(struct web *w, struct agreement_work *k, struct err *e)
{
	struct job j = { w, k };

	if (web_write(w, run, &j, e) != 0)
		return -1;
	if (k->step == AGREEMENT_ACCEPT)
		pdf_keep(w, k->id);
	if (k->step == AGREEMENT_CHANGE_SEND || k->step == AGREEMENT_ACCEPT || k->step == AGREEMENT_DECLINE)
		w->app->wake(w->app->wake_arg, "outbox");
	if (k->step == AGREEMENT_ACCEPT || k->step == AGREEMENT_END)
		w->app->wake(w->app->wake_arg, "promises");
	return web_refresh(w, e);
}

int agreement_of_request(struct web *w, struct agreement *g, struct err *e)
{
	bool staff = actor_is_staff(&w->who);

	if (store_agreement_get(w->db, w->a, staff ? 0 : w->who.customer_id, web_param_id(w, 0), g, e) != 0)
		return -1;
	if (!staff && (w->who.customer_id == 0 || (strcmp(g->state, "sent") != 0 && !g->accepted_at)))
		return FAIL(e, E_NOT_FOUND, "agreement %s is not sent", g->number);
	return 0;
}

bool agreement_holds(const struct agreement *g, int32_t day)
{
	return g->accepted_at && g->valid_from_day <= day && day <= g->valid_to_day;
}

const char *agreement_standing(struct web *w, const struct agreement *g)
{
	int32_t today = w->today;

	if (strcmp(g->state, "draft") == 0)
		return _("Draft");
	if (strcmp(g->state, "sent") == 0)
		return w->who.role & ROLE_CUSTOMER ? _("Waiting for you") : _("Waiting for the customer");
	if (!g->accepted_at)
		return _("Dropped");
	if (g->valid_to_day < g->valid_from_day)
		return _("Replaced before it began");
	if (today < g->valid_from_day)
		return arena_printf(w->a, _("Begins %s"), fmt_day(w, g->valid_from_day));
	if (today <= g->valid_to_day)
		return strcmp(g->state, "accepted") == 0 ? _("In force") : arena_printf(w->a, _("In force, last day %s"), fmt_day(w, g->valid_to_day));
	return strcmp(g->state, "superseded") == 0 ? _("Replaced") : _("Ended");
}

const char *agreement_validity(struct web *w, const struct agreement *g)
{
	if (g->valid_to_day == INT32_MAX)
		return arena_printf(w->a, _("from %s"), fmt_day(w, g->valid_from_day));
	return arena_printf(w->a, _("%s to %s"), fmt_day(w, g->valid_from_day), fmt_day(w, g->valid_to_day));
}

const char *agreement_service_name(struct web *w, const struct agreement_item *item)
{
	const struct catalogue_service *s = catalogue_find(w->app->catalogue, item->service);
	const char *name = item->service, *text;
	struct catalogue_service kept;
	struct err none;

	if (s)
		return s->name[w->lang];
	if (store_catalogue_text(w->db, w->a, item->service, item->catalogue_version, &text, &none) == 0 &&
			catalogue_parse(w->a, item->service, text, strlen(text), &kept, &none) == 0)
		name = kept.name[w->lang];
	return actor_is_staff(&w->who) ? arena_printf(w->a, _("%s (no longer in the catalogue)"), name) : name;
}

const char *agreement_services(struct web *w, const struct agreement *g)
{
	struct buf b;

	buf_init(&b, w->a, 16384);
	for (int i = 0; i < g->nitems; i++) {
		if (i)
			buf_adds(&b, ", ");
		buf_adds(&b, agreement_service_name(w, &g->items[i]));
	}
	return buf_text(&b);
}

struct hours_price { int64_t hours, ore; };

static struct hours_price hours_of(const json_t *terms) { return (struct hours_price){ terms_int(terms, "hours_per_month", 0), terms_int(terms, "monthly_price_ore", 0) }; }

static struct hours_price hours_agreed(const struct agreement *g)
{
	struct hours_price p = { 0 };

	for (int i = 0; i < g->nitems; i++) {
		json_t *terms = strcmp(g->items[i].service, "service-agreement") == 0 ? json_loads(g->items[i].terms, 0, NULL) : NULL;

		if (terms)
			p = hours_of(terms);
		json_decref(terms);
	}
	return p;
}

int agreement_price_hint(struct web *w, const struct agreement *g, const char **hint, struct err *e)
{
	const struct catalogue_service *s = catalogue_find(w->app->catalogue, "service-agreement");
	struct hours_price mine = hours_agreed(g), usual = { 0 };
	struct agreement before;
	json_t *full;

	*hint = NULL;
	if (g->supersedes) {
		if (store_agreement_get(w->db, w->a, g->customer_id, g->supersedes, &before, e) != 0)
			return -1;
		usual = hours_agreed(&before);
	}
	if (!usual.hours && s) {
		if (terms_check(w->a, s, NULL, &full, e) != 0)
			return -1;
		usual = hours_of(full);
		json_decref(full);
	}
	if (mine.hours && usual.hours && mine.hours != usual.hours && mine.ore == usual.ore)
		*hint = arena_printf(w->a, _("%d hours a month, and the fixed amount is %s as for %d hours."), (int)mine.hours, fmt_money(w, mine.ore), (int)usual.hours);
	return 0;
}

bool agreement_only_hours(const struct agreement *before, const struct agreement_input *in)
{
	struct hours_price was = hours_agreed(before), now = { 0 };

	for (int i = 0; i < in->nitems; i++)
		if (in->items[i].terms && strcmp(in->items[i].service, "service-agreement") == 0)
			now = hours_of(in->items[i].terms);
	return was.hours && now.hours && was.hours != now.hours && was.ore == now.ore;
}

const char *agreement_title(struct web *w, const struct agreement *g)
{
	return arena_printf(w->a, _("Agreement %s"), g->number);
}

int agreement_answer_paper(struct web *w, const char *pdf_href, struct err *e)
{
	enum lang reader = w->lang;
	struct agreement_doc d;
	struct agreement g;

	if (agreement_of_request(w, &g, e) != 0 || agreement_doc_make(w->db, w->a, &g, &d, e) != 0)
		return -1;
	w->lang = d.lang;
	agreement_paper_page(w, &d, w->app->make_pdf ? pdf_href : NULL, reader);
	return 0;
}

/* ---- as a document for pedel-conv (wire/conv.h says the form) */

static void block(json_t *blocks, const char *kind, const char *text, int level)
{
	json_t *b = json_pack("{s:s,s:s}", "kind", kind, "text", text);

	if (level)
		json_object_set_new(b, "level", json_integer(level));
	json_array_append_new(blocks, b);
}

static void promises_block(struct web *w, json_t *blocks, const struct agreement_doc *d, const struct doc_service *s, enum party p)
{
	json_t *items = json_array();

	for (int i = 0; i < s->npromises; i++)
		if (s->promises[i].party == p)
			json_array_append_new(items, json_string(arena_printf(w->a, "%s (%s)", s->promises[i].text, s->promises[i].period)));
	if (json_array_size(items)) {
		block(blocks, "heading", words_party(p, d->lang), 2);
		json_array_append_new(blocks, json_pack("{s:s,s:O,s:b}", "kind", "list", "items", items, "ordered", 0));
	}
	json_decref(items);
}

static void service_blocks(struct web *w, json_t *blocks, const struct agreement_doc *d, const struct doc_service *s, int place)
{
	json_t *rows = json_array(), *items = json_array();

	block(blocks, "heading", arena_printf(w->a, "%d. %s", place, s->name), 1);
	block(blocks, "paragraph", s->about, 0);
	promises_block(w, blocks, d, s, PARTY_SUPPLIER);
	promises_block(w, blocks, d, s, PARTY_CUSTOMER);
	for (int i = 0; i < s->nrows; i++)
		json_array_append_new(rows, json_pack("[s,s]", s->rows[i].label, s->rows[i].value));
	if (s->nrows) {
		block(blocks, "heading", _("Terms"), 2);
		json_array_append_new(blocks, json_pack("{s:s,s:O}", "kind", "pairs", "rows", rows));
	}
	for (int i = 0; i < s->nreadings; i++)
		json_array_append_new(items, json_string(s->readings[i]));
	if (s->nreadings) {
		block(blocks, "heading", _("How this is read"), 2);
		json_array_append_new(blocks, json_pack("{s:s,s:O,s:b}", "kind", "list", "items", items, "ordered", 0));
	}
	json_decref(rows);
	json_decref(items);
}

static json_t *prices_block(struct web *w, const struct agreement_doc *d)
{
	json_t *rows = json_array();

	for (int i = 0; i < d->nservices; i++)
		json_array_append_new(rows, json_pack("[s,s]", arena_printf(w->a, "%d. %s", i + 1, d->services[i].name),
			d->services[i].price_ore ? words_money(w->a, d->lang, d->services[i].price_ore) : _("included")));
	return json_pack("{s:s,s:[{s:s,s:i},{s:s,s:s,s:i}],s:o,s:[s,s]}", "kind", "table", "columns", "title", _("Service"), "width", 3, "title",
		_("A month, without VAT"), "align", "right", "width", 1, "rows", rows, "foot", _("In all"),
		words_money(w->a, d->lang, d->agreement->price_ore));
}

static json_t *pdf_document(struct web *w, const struct agreement_doc *d)
{
	json_t *blocks = json_array();
	const struct agreement *g = d->agreement;
	const struct agreement first = { .valid_from_day = d->from_day, .valid_to_day = d->to_day };

	block(blocks, "paragraph", arena_printf(w->a, "%s %s %s", d->between, d->validity, d->price), 0);
	if (!g->accepted_at)
		block(blocks, "note", strcmp(g->state, "sent") == 0 ? _("Not accepted yet. Nothing begins before it is.") : _("This is a draft."), 0);
	if (*d->note)
		block(blocks, "paragraph", d->note, 0);
	block(blocks, "heading", _("Services and prices"), 1);
	json_array_append_new(blocks, prices_block(w, d));
	for (int i = 0; i < d->nservices; i++)
		service_blocks(w, blocks, d, &d->services[i], i + 1);
	block(blocks, "heading", _("Acceptance"), 1);
	if (g->accepted_at) {
		block(blocks, "paragraph", agreement_doc_acceptance(w->a, d), 0);
		block(blocks, "note", arena_printf(w->a, _("The mark of the accepted text (SHA-256): %s"), words_mark(w->a, g->text_sha256)), 0);
	} else {
		json_array_append_new(blocks, json_pack("{s:s,s:[s,s]}", "kind", "signatures", "names", d->provider, d->customer.name));
	}
	return json_pack("{s:s,s:s,s:s,s:{s:s,s:[]},s:s,s:s,s:[[s,s],[s,s],[s,s]],s:o}", "lang", lang_code(d->lang), "title", d->title, "subtitle",
		d->customer.name, "provider", "name", d->provider, "lines", "page", _("Page {page} of {pages}"), "footer", d->title, "meta",
		_("Customer"), d->customer.name, _("Holds"), agreement_validity(w, &first), _("Price a month"), words_money(w->a, d->lang, g->price_ore),
		"blocks", blocks);
}

struct pdf_kept { const struct agreement *g; struct db_bytes pdf; int64_t now; };

static int pdf_job(struct db_conn *c, struct arena *a, void *arg, struct err *e)
{
	struct pdf_kept *k = arg;

	(void)a;
	return store_agreement_keep_pdf(c, k->g, k->pdf.p, k->pdf.n, k->now, e);
}

/* The kept one, byte for byte; else made, and kept when it is accepted. */
static int pdf_of(struct web *w, const struct agreement *g, struct db_bytes *pdf, struct err *e)
{
	enum lang lang = w->lang;
	struct agreement_doc d;
	struct pdf_kept k = { .g = g, .now = w->now };
	struct err none;
	json_t *document;
	int rc;

	if (g->accepted_at && store_agreement_pdf(w->db, w->a, g, pdf, &none) == 0)
		return 0;
	if (agreement_doc_make(w->db, w->a, g, &d, e) != 0)
		return -1;
	if (!w->app->make_pdf)
		return FAIL(e, E_CONV_FAILED, "no pedel-conv");
	w->lang = d.lang;
	document = pdf_document(w, &d);
	w->lang = lang;
	if (!document)
		return FAIL(e, E_BUG, "PDF document of %s", g->number);
	rc = w->app->make_pdf(w->app->pdf_arg, w->a, document, &k.pdf.p, &k.pdf.n, e);
	json_decref(document);
	if (rc != 0)
		return -1;
	*pdf = k.pdf;
	if (g->accepted_at && web_write(w, pdf_job, &k, &none) == 0 && web_refresh(w, &none) == 0)
		store_agreement_pdf(w->db, w->a, g, pdf, &none);      /* somebody may have been first: theirs is the one */
	return 0;
}

int agreement_answer_pdf(struct web *w, struct err *e)
{
	struct agreement g;
	struct db_bytes pdf;

	if (agreement_of_request(w, &g, e) != 0 || pdf_of(w, &g, &pdf, e) != 0)
		return -1;
	w->rs->type = "application/pdf";
	w->rs->body = pdf.p;
	w->rs->body_bytes = pdf.n;
	http_add_header(w->rq, w->rs, "Content-Disposition", arena_printf(w->a, "inline; filename=\"%s-%s.pdf\"",
		strcmp(g.lang, "en") == 0 ? "agreement" : "aftale", g.number));
	return 0;
}
