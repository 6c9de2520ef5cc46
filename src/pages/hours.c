/* A customer's hours in a month: /console/customers/{id}/hours/{month}, /console/agreements/{id}/bank/{month},
 * /console/billing/{month}, /portal/hours/{month}; each as page, CSV and PDF */
#include "base/moment.h"
#include "base/text.h"
#include "pages/time.h"
#include "store/agreement.h"
#include "web/ui.h"

enum { PAST = 4, AHEAD = 12, BACK = 600 };

/* ---- reading ---- */

static int month_read(struct web *w, const char *text, int32_t *month, struct err *e)
{
	int32_t now = month_of(w->now);

	if (month_parse(text, "month", month, e) != 0)
		return -1;
	return *month > now + AHEAD || *month < now - BACK ? FAIL_FIELD(e, E_MONTH_INVALID, "month", "%.20s", text) : 0;
}

void hours_for_customer(struct web *w, struct statement *s)
{
	struct statement_entry *kept = ARENA_ARRAY(w->a, struct statement_entry, s->nentries + 1);
	int n = 0;

	for (int i = 0; i < s->nentries && s->terms.time_visible; i++)
		if (s->entries[i].activity != ACTIVITY_INTERNAL)
			kept[n++] = s->entries[i];
	s->entries = kept;
	s->nentries = n;
}

static int hours_load(struct web *w, int64_t customer_id, int32_t month, bool portal, struct hours_view *v, struct err *e)
{
	int64_t *days = ARENA_ARRAY(w->a, int64_t, 31);
	struct statement *past = ARENA_ARRAY(w->a, struct statement, PAST), s;
	int32_t begins, now = month_of(w->now);

	if (work_begins(w->db, w->a, customer_id, &begins, e) != 0)
		return -1;
	if (portal && month != now && (month < begins || month > now))
		return FAIL(e, E_NOT_FOUND, "nothing of this customer in %s", month_iso(w->a, month));
	*v = (struct hours_view){ .portal = portal, .over = month < month_of(w->now) };
	if (work_statement(w->db, w->a, customer_id, month, &v->s, e) != 0)
		return -1;
	for (int i = 1; i <= PAST; i++) {
		if (work_statement(w->db, w->a, customer_id, month - i, &s, e) != 0)
			return -1;
		if (s.granted > 0 || s.nentries > 0)
			past[v->npast++] = s;
	}
	for (int i = 0; i < v->s.nentries; i++) {
		v->drive += v->s.entries[i].drive;
		v->drive_free += v->s.entries[i].drive_free;
		v->drive_bill += v->s.entries[i].drive_bill;
	}
	if (bank_yes_read(w->db, w->a, customer_id, month, &v->yes, e) != 0)
		return -1;
	v->left = statement_left(&v->s, w->today);
	statement_days(&v->s, days);
	v->entries = !portal || v->s.terms.time_visible;
	if (portal)
		hours_for_customer(w, &v->s);
	v->past = past;
	v->days = days;
	v->ndays = month_days(month);
	v->days_known = month < month_of(w->now) ? v->ndays : day_of(w->now) - month_first_day(month) + 1;
	v->may_close = (w->who.role & ROLE_BOOKS) && v->over && !v->s.closed && month >= begins;
	v->base = portal ? "/portal/hours" : arena_printf(w->a, "/console/customers/%lld/hours", (long long)customer_id);
	v->prev = month > begins ? month_iso(w->a, month - 1) : NULL;
	v->next = month < month_of(w->now) ? month_iso(w->a, month + 1) : NULL;
	v->chart = arena_printf(w->a, _("Hours used day by day in %s: %s of %s"), fmt_month(w, month), fmt_duration(w, v->s.drawn + v->s.over),
		fmt_duration(w, v->s.granted));
	v->done = web_query(w, "accepted") ? _("Thank you. We go on.") : web_query(w, "closed") ? _("The month is closed. Its statement stays as it is.") : NULL;
	return 0;
}

/* ---- the statement as a file ---- */

int hours_fees(const struct statement *s) { return s->nfees ? s->nfees : s->fee_ore > 0; }
int64_t hours_fee_ore(const struct statement *s, int i) { return s->nfees ? s->fees[i].amount_ore : s->fee_ore; }

const char *hours_fee_name(const struct web *w, const struct statement *s, int i)
{
	const struct catalogue_service *of;

	if (s->nfees == 0 || (s->nfees == 1 && text_eq(s->fees[0].service, BANK_SERVICE)))
		return _("Fixed amount");
	of = catalogue_find(w->app->catalogue, s->fees[i].service);
	return arena_printf(w->a, _("Fixed amount, %s"), of ? of->name[w->lang] : s->fees[i].service);
}

const char *hours_why(const struct web *w, enum bank_why v)
{
	static const char *const words[BANK_WHY__N] = { N_("Time beyond the hours"), N_("Time by the hour, without an agreement"),
		N_("Time used in advance that was not made up for"), N_("Driving") };

	return tr(w->lang, words[v]);
}

/* A field of CSV: quoted when it must be, and never a formula to a spreadsheet. */
static void csv_text(struct buf *b, const char *s)
{
	bool risky = *s && strchr("=+-@\t\r", *s);

	buf_addc(b, '"');
	if (risky)
		buf_addc(b, '\'');
	for (; *s; s++) {
		if (*s == '"')
			buf_addc(b, '"');
		buf_addc(b, *s);
	}
	buf_addc(b, '"');
}

/* Excel takes the mark between fields and the decimal mark from the country it is set to: semicolon and comma in Danish. */
static void csv_next(const struct web *w, struct buf *b)
{
	buf_addc(b, w->lang == LANG_DA ? ';' : ',');
}

static void csv_int(const struct web *w, struct buf *b, int64_t v)
{
	csv_next(w, b);
	buf_int(b, v);
}

static void csv_money(const struct web *w, struct buf *b, int64_t ore)
{
	csv_next(w, b);
	buf_printf(b, "%s%lld%c%02d", ore < 0 ? "-" : "", (long long)(ore < 0 ? -(ore / 100) : ore / 100), w->lang == LANG_DA ? ',' : '.',
		(int)(ore < 0 ? -(ore % 100) : ore % 100));
}

/* A line of money: a day or none, what it is, invoiced minutes (0: none), a note, the amount. */
static void csv_amount(const struct web *w, struct buf *b, const char *day, const char *what, int64_t minutes, const char *note, int64_t ore)
{
	buf_adds(b, day);
	for (int i = 0; i < 5; i++)
		csv_next(w, b);
	csv_text(b, what);
	for (int i = 6; i < 9; i++)
		csv_next(w, b);
	if (minutes > 0)
		csv_int(w, b, minutes);
	else
		csv_next(w, b);
	for (int i = 10; i < 15; i++)
		csv_next(w, b);
	csv_text(b, note);
	csv_next(w, b);
	csv_money(w, b, ore);
	buf_adds(b, "\r\n");
}

static void csv_amounts(struct web *w, struct buf *b, const struct statement *s)
{
	for (int i = 0; i < hours_fees(s); i++)
		csv_amount(w, b, "", hours_fee_name(w, s, i), 0, "", hours_fee_ore(s, i));
	for (int i = 0; i < s->ngrants; i++)
		if (s->grants[i].kind == BANK_GRANT_BOUGHT && s->grants[i].origin_month == s->month)
			csv_amount(w, b, day_iso(w->a, s->grants[i].from_day), _("Hours bought"), 0, arena_printf(w->a, _("%s, %s, can be used until %s"),
				fmt_minutes(w, s->grants[i].granted), fmt_money(w, s->grants[i].price_ore), fmt_day(w, s->grants[i].to_day)), s->grants[i].price_ore);
	for (int i = 0; i < s->nlines; i++)
		csv_amount(w, b, "", hours_why(w, s->lines[i].why), s->lines[i].minutes, arena_printf(w->a, _("%s an hour"), fmt_money(w, s->lines[i].hourly_ore)),
			s->lines[i].amount_ore);
	csv_amount(w, b, "", _("Total without VAT"), 0, "", s->fee_ore + s->lines_ore + s->bought_ore);
}

const char *hours_csv(struct web *w, const struct statement *s, size_t *n)
{
	const char *const heads[] = { _("Date"), _("Begun"), _("Ticket"), _("Subject"), _("Who"), _("Kind"), _("Used, minutes"), _("Counted, minutes"),
		_("From the bank, minutes"), _("Invoiced, minutes"), _("Included, minutes"), _("Driving, minutes"), _("Driving invoiced, minutes"),
		_("Balance, minutes"), _("Note"), _("Invoiced as"), _("Amount without VAT") };
	struct buf b;

	buf_init(&b, w->a, 8 << 20);
	buf_adds(&b, "\xef\xbb\xbf");           /* so that a spreadsheet reads æøå */
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
		if (i)
			csv_next(w, &b);
		csv_text(&b, heads[i]);
	}
	buf_adds(&b, "\r\n");
	for (int i = 0; i < s->nentries; i++) {
		const struct statement_entry *t = &s->entries[i];
		struct civil c = moment_local(t->started_at);

		buf_adds(&b, day_iso(w->a, t->day));
		csv_next(w, &b);
		buf_printf(&b, "%02d:%02d", c.hour, c.minute);
		csv_int(w, &b, t->ticket_number);
		csv_next(w, &b);
		csv_text(&b, t->subject);
		csv_next(w, &b);
		csv_text(&b, t->person);
		csv_next(w, &b);
		csv_text(&b, work_activity(w, t->activity));
		csv_int(w, &b, t->minutes);
		csv_int(w, &b, t->bill);
		csv_int(w, &b, t->drawn + t->drive_drawn);
		csv_int(w, &b, t->over);
		csv_int(w, &b, t->included);
		csv_int(w, &b, t->drive);
		csv_int(w, &b, t->drive_invoiced);
		csv_int(w, &b, t->balance);
		csv_next(w, &b);
		csv_text(&b, t->note);
		csv_next(w, &b);
		csv_text(&b, t->over == 0 ? "" : hours_why(w, t->no_bank ? BANK_WHY_NO_BANK : BANK_WHY_USED_UP));
		csv_next(w, &b);
		buf_adds(&b, "\r\n");
	}
	csv_amounts(w, &b, s);
	*n = b.n;
	return buf_text(&b);
}

static void add_pair(json_t *rows, const char *label, const char *value)
{
	json_array_append_new(rows, json_pack("[s,s]", label, value));
}

static json_t *add_block(json_t *blocks, const char *kind)
{
	json_t *o = json_object();

	json_object_set_new(o, "kind", json_string(kind));
	json_array_append_new(blocks, o);
	return o;
}

static void add_text(json_t *blocks, const char *kind, const char *text)
{
	json_object_set_new(add_block(blocks, kind), "text", json_string(text));
}

static void add_column(json_t *columns, const char *title, const char *align, int width)
{
	json_array_append_new(columns, json_pack("{s:s,s:s,s:i}", "title", title, "align", align, "width", width));
}

static const char *driving_rule(struct web *w, const struct bank_terms *t)
{
	return arena_printf(w->a, t->driving_each_way ? _("The first %s each way are free; the rest %s.")
		: _("The first %s of each visit are free, out and home together; the rest %s."), fmt_duration(w, t->driving_free),
		t->driving_from_bank ? _("is drawn from the hours") : _("is invoiced at the hourly price"));
}

static const char *rounding_rule(struct web *w, const struct bank_terms *t)
{
	if (t->join_day)
		return arena_printf(w->a, _("The same person's entries on the same task, the same day and of the same kind are added together and rounded up to whole %d "
			"minutes, calls to whole %d minutes."), t->step, t->phone_step);
	if (t->phone_step != t->step)
		return arena_printf(w->a, _("Each entry is rounded up to whole %d minutes, a call to whole %d minutes."), t->step, t->phone_step);
	return arena_printf(w->a, _("Each entry is rounded up to whole %d minutes."), t->step);
}

static const char *grant_words(struct web *w, const struct statement *s, const struct bank_grant *g)
{
	switch (g->kind) {
	case BANK_GRANT_ROLLED: return arena_printf(w->a, _("Kept from %s"), fmt_month(w, g->origin_month));
	case BANK_GRANT_LATE: return arena_printf(w->a, _("What was left in %s, for late time"), fmt_month(w, g->origin_month));
	case BANK_GRANT_BOUGHT: return arena_printf(w->a, _("Bought %s"), fmt_day(w, g->from_day));
	case BANK_GRANT_BORROWED: return arena_printf(w->a, _("Used in advance, of %s"), fmt_month(w, g->origin_month));
	default: break;
	}
	return g->repaid > 0 ? arena_printf(w->a, _("The month's hours, without %s used in advance in %s"), fmt_minutes(w, g->repaid), fmt_month(w, s->month - 1))
		: _("The month's hours");
}

bool hours_plain(const struct statement *s)
{
	return s->ngrants == 0 || (s->ngrants == 1 && s->grants[0].kind == BANK_GRANT_MONTH && s->grants[0].repaid == 0);
}

/* Where the hours come from, when they are more than the month's own. */
static void document_grants(struct web *w, json_t *blocks, const struct statement *s)
{
	json_t *table, *columns, *rows;

	if (hours_plain(s))
		return;
	columns = json_array();
	rows = json_array();
	for (int i = 0; i < s->ngrants; i++)
		json_array_append_new(rows, json_pack("[s,s,s,s]", grant_words(w, s, &s->grants[i]), fmt_day(w, s->grants[i].to_day),
			fmt_minutes(w, s->grants[i].granted), fmt_minutes(w, s->grants[i].drawn)));
	add_text(blocks, "heading", _("Where the hours come from"));
	table = add_block(blocks, "table");
	add_column(columns, _("What"), "left", 6);
	add_column(columns, _("Can be used until"), "right", 3);
	add_column(columns, _("Hours"), "right", 2);
	add_column(columns, _("Used"), "right", 2);
	json_object_set_new(table, "columns", columns);
	json_object_set_new(table, "rows", rows);
}

static void document_draws(struct web *w, json_t *blocks, const struct statement *s)
{
	json_t *table = add_block(blocks, "table"), *columns = json_array(), *rows = json_array();

	add_column(columns, _("Date"), "left", 26);
	add_column(columns, _("What"), "left", 60);
	add_column(columns, _("Who"), "left", 34);
	add_column(columns, _("Kind"), "left", 38);
	add_column(columns, _("Used"), "right", 17);
	add_column(columns, _("Drawn"), "right", 21);
	add_column(columns, _("Balance"), "right", 18);
	for (int i = 0; i < s->nentries; i++) {
		const struct statement_entry *t = &s->entries[i];
		const char *what = *t->note && strcmp(t->note, t->subject) != 0 ? arena_printf(w->a, "%s%s%s", t->subject, *t->subject ? ": " : "", t->note) : t->subject;

		if (t->late)
			what = arena_printf(w->a, _("%s (late)"), what);
		json_array_append_new(rows, json_pack("[s,s,s,s,s,s,s]", fmt_day(w, t->day), what, t->person, work_activity(w, t->activity),
			fmt_minutes(w, t->minutes), fmt_minutes(w, t->drawn), fmt_minutes(w, t->balance)));
		if (t->drive > 0)
			json_array_append_new(rows, json_pack("[s,s,s,s,s,s,s]", fmt_day(w, t->day), arena_printf(w->a, _("Driving %s, %s free, %s invoiced"),
				fmt_minutes(w, t->drive), fmt_minutes(w, t->drive_free), fmt_minutes(w, t->drive_invoiced)), t->person, _("Driving"),
				fmt_minutes(w, t->drive), fmt_minutes(w, t->drive_drawn), ""));
		if (t->trip_customers > 1)
			json_array_append_new(rows, json_pack("[s,s,s,s,s,s,s]", "", arena_printf(w->a, _("of a trip of %s to %d customers"),
				fmt_minutes(w, t->drive_whole), (int)t->trip_customers), "", "", "", "", ""));
	}
	json_object_set_new(table, "columns", columns);
	json_object_set_new(table, "rows", rows);
}

json_t *hours_document(struct web *w, const struct statement *s, bool entries)
{
	json_t *doc = json_object(), *blocks = json_array(), *pairs, *rows, *table, *columns, *lines = json_array();
	const char *title = arena_printf(w->a, _("Hours in %s"), fmt_month(w, s->month));

	json_object_set_new(doc, "lang", json_string(lang_code(w->lang)));
	json_object_set_new(doc, "title", json_string(title));
	json_object_set_new(doc, "subtitle", json_string(s->customer));
	if (*w->provider.phone)
		json_array_append_new(lines, json_string(w->provider.phone));
	json_object_set_new(doc, "provider", json_pack("{s:s,s:o}", "name", w->provider.name ? w->provider.name : "", "lines", lines));
	json_object_set_new(doc, "page", json_string(_("Page {page} of {pages}")));
	json_object_set_new(doc, "footer", json_string(s->closed && s->sha256 ? arena_printf(w->a, _("Closed %s. SHA-256 of the statement: %s"),
		fmt_day(w, day_of(s->closed_at)), s->sha256) : arena_printf(w->a, _("As it stood %s; the month is not closed."), fmt_moment_full(w, w->now))));
	json_object_set_new(doc, "blocks", blocks);

	pairs = add_block(blocks, "pairs");
	json_object_set_new(pairs, "rows", rows = json_array());
	add_pair(rows, _("Hours in the month"), fmt_minutes(w, s->granted));
	add_pair(rows, _("Used of the hours"), fmt_minutes(w, s->drawn));
	add_pair(rows, s->closed ? _("Not used") : _("Left"), fmt_minutes(w, s->remaining));

	document_grants(w, blocks, s);
	if (s->fee_ore > 0 || s->nlines > 0 || s->bought_ore > 0) {
		add_text(blocks, "heading", _("To be invoiced"));
		table = add_block(blocks, "table");
		json_object_set_new(table, "columns", columns = json_array());
		add_column(columns, _("What"), "left", 6);
		add_column(columns, _("Time"), "right", 2);
		add_column(columns, _("An hour"), "right", 3);
		add_column(columns, _("Amount"), "right", 3);
		json_object_set_new(table, "rows", rows = json_array());
		for (int i = 0; i < hours_fees(s); i++)
			json_array_append_new(rows, json_pack("[s,s,s,s]", hours_fee_name(w, s, i), "", "", fmt_money(w, hours_fee_ore(s, i))));
		for (int i = 0; i < s->ngrants; i++)
			if (s->grants[i].kind == BANK_GRANT_BOUGHT && s->grants[i].origin_month == s->month)
				json_array_append_new(rows, json_pack("[s,s,s,s]", _("Hours bought"), fmt_minutes(w, s->grants[i].granted), "",
					fmt_money(w, s->grants[i].price_ore)));
		for (int i = 0; i < s->nlines; i++)
			json_array_append_new(rows, json_pack("[s,s,s,s]", hours_why(w, s->lines[i].why),
				fmt_minutes(w, s->lines[i].minutes), fmt_money(w, s->lines[i].hourly_ore), fmt_money(w, s->lines[i].amount_ore)));
		json_object_set_new(table, "foot", json_pack("[s,s,s,s]", _("Total without VAT"), "", "",
			fmt_money(w, s->fee_ore + s->lines_ore + s->bought_ore)));
	}
	if (entries && s->nentries > 0) {
		add_text(blocks, "heading", _("Every draw"));
		document_draws(w, blocks, s);
	}
	add_text(blocks, "heading", _("How it is counted"));
	add_text(blocks, "paragraph", rounding_rule(w, &s->terms));
	add_text(blocks, "paragraph", driving_rule(w, &s->terms));
	return doc;
}

/* ---- handlers ---- */

enum as { AS_PAGE, AS_CSV, AS_PDF };

static int send_file(struct web *w, const void *p, size_t n, const char *type, int32_t month, const char *ending)
{
	w->rs->body = p;
	w->rs->body_bytes = n;
	w->rs->type = type;
	http_add_header(w->rq, w->rs, "Content-Disposition", arena_printf(w->a, "%s; filename=\"%s-%s.%s\"", text_eq(ending, "pdf") ? "inline" : "attachment",
		w->lang == LANG_EN ? "hours" : "timer", month_iso(w->a, month), ending));
	http_add_header(w->rq, w->rs, "Cache-Control", "no-store");
	return 0;
}

/* What is handed to the customer, whoever makes it: in their language, and without what they do not see. */
static int show_pdf(struct web *w, int64_t customer_id, int32_t month, bool portal, struct hours_view *v, struct err *e)
{
	enum lang reader = w->lang;
	struct customer of;
	const void *p;
	json_t *doc;
	size_t n;
	int rc;

	if (!w->app->make_pdf)
		return FAIL(e, E_CONV_FAILED, "no converter is wired");
	if (!portal) {
		if (store_customer_get(w->db, w->a, customer_id, &of, e) != 0)
			return -1;
		hours_for_customer(w, &v->s);
		w->lang = strcmp(of.lang, "en") == 0 ? LANG_EN : LANG_DA;
	}
	doc = hours_document(w, &v->s, v->s.terms.time_visible);
	w->lang = reader;
	rc = w->app->make_pdf(w->app->pdf_arg, w->a, doc, &p, &n, e);
	json_decref(doc);
	return rc != 0 ? -1 : send_file(w, p, n, "application/pdf", month, "pdf");
}

static int show(struct web *w, int64_t customer_id, const char *month_text, bool portal, enum as as, struct err *e)
{
	struct hours_view v;
	struct customer of;
	const void *p;
	int32_t month;
	size_t n;

	if (month_read(w, month_text, &month, e) != 0 || hours_load(w, customer_id, month, portal, &v, e) != 0)
		return -1;
	if (as == AS_CSV) {
		p = hours_csv(w, &v.s, &n);
		return send_file(w, p, n, "text/csv; charset=utf-8", month, "csv");
	}
	if (as == AS_PDF)
		return show_pdf(w, customer_id, month, portal, &v, e);
	if (!portal && store_customer_get(w->db, w->a, customer_id, &of, e) != 0)
		return -1;
	v.of = &of;
	hours_page(w, &v);
	return 0;
}

void hours_home(struct web *w)
{
	struct statement s;
	struct err e;

	if ((w->who.role & ROLE_DECIDES) && work_statement(w->db, w->a, w->who.customer_id, month_of(w->now), &s, &e) == 0 && s.granted > 0)
		hours_card(w, &s);
}

static int console_hours(struct web *w, struct err *e) { return show(w, web_param_id(w, 0), w->param[1], false, AS_PAGE, e); }
static int console_csv(struct web *w, struct err *e) { return show(w, web_param_id(w, 0), w->param[1], false, AS_CSV, e); }
static int console_pdf(struct web *w, struct err *e) { return show(w, web_param_id(w, 0), w->param[1], false, AS_PDF, e); }
static int portal_hours(struct web *w, struct err *e) { return show(w, w->who.customer_id, w->param[0], true, AS_PAGE, e); }
static int portal_csv(struct web *w, struct err *e) { return show(w, w->who.customer_id, w->param[0], true, AS_CSV, e); }
static int portal_pdf(struct web *w, struct err *e) { return show(w, w->who.customer_id, w->param[0], true, AS_PDF, e); }
static int portal_today(struct web *w, struct err *e) { return show(w, w->who.customer_id, month_iso(w->a, month_of(w->now)), true, AS_PAGE, e); }

static int agreement_hours(struct web *w, struct err *e)
{
	struct agreement g;

	if (store_agreement_get(w->db, w->a, 0, web_param_id(w, 0), &g, e) != 0)
		return -1;
	return show(w, g.customer_id, w->param[1], false, AS_PAGE, e);
}

struct close_job { const struct actor *who; int64_t customer_id, now; int32_t month; int closed; };

static int close_job(struct db_conn *c, struct arena *a, void *arg, struct err *e)
{
	struct close_job *j = arg;
	struct statement s;

	return work_close(c, a, j->who, j->customer_id, j->month, j->now, &s, &j->closed, e);
}

int hours_close(struct web *w, int64_t customer_id, int32_t month, int *closed, struct err *e)
{
	struct close_job j = { &w->who, customer_id, w->now, month, 0 };

	if (web_write(w, close_job, &j, e) != 0 || web_refresh(w, e) != 0)
		return -1;
	*closed = j.closed;
	return 0;
}

static int close_post(struct web *w, struct err *e)
{
	int64_t customer_id = web_param_id(w, 0);
	int32_t month;
	int closed;

	if (web_form_check(w, e) != 0 || month_read(w, w->param[1], &month, e) != 0)
		return -1;
	if (!web_field(w, "sure")) {
		struct err missing;

		FAIL_FIELD(&missing, E_TICK_REQUIRED, "sure", "not ticked");
		web_wrong(w, &missing);
		web_status(w, 400);
		return show(w, customer_id, w->param[1], false, AS_PAGE, e);
	}
	if (hours_close(w, customer_id, month, &closed, e) != 0)
		return -1;
	return web_redirect(w, arena_printf(w->a, "/console/customers/%lld/hours/%s?closed=1", (long long)customer_id, month_iso(w->a, month)));
}

/* ---- the customer says: go on ---- */

struct accept_job { const struct actor *who; int32_t month; int64_t now; };

static int accept_job(struct db_conn *c, struct arena *a, void *arg, struct err *e)
{
	const struct accept_job *j = arg;

	return bank_accept(c, a, j->who, j->month, j->now, e);
}

static int accept_post(struct web *w, struct err *e)
{
	struct accept_job j = { .who = &w->who, .now = w->now };

	if (web_form_check(w, e) != 0 || month_read(w, w->param[0], &j.month, e) != 0 || web_write(w, accept_job, &j, e) != 0)
		return -1;
	w->app->wake(w->app->wake_arg, "promises");
	return web_redirect(w, arena_printf(w->a, "/portal/hours/%s?accepted=1", month_iso(w->a, j.month)));
}

/* ---- every customer's month ---- */

/* Whom a form chose; everybody when nothing was sent yet. */
struct billing_choice { const char *const *ids; int n; };

static bool is_chosen(const struct billing_choice *c, int64_t id)
{
	int64_t one;

	for (int i = 0; c && i < c->n; i++)
		if (text_int(c->ids[i], &one) && one == id)
			return true;
	return !c;
}

static int billing_show(struct web *w, const char *text, const struct billing_choice *choice, struct err *e)
{
	struct billing_view v = { 0 };
	struct month_customer *list;
	struct billing_row *rows;

	if (month_read(w, text, &v.month, e) != 0 || store_month_customers(w->db, w->a, v.month, month_first_day(v.month),
		month_first_day(v.month + 1) - 1, &list, &v.n, e) != 0)
		return -1;
	rows = ARENA_ARRAY(w->a, struct billing_row, v.n + 1);
	for (int i = 0; i < v.n; i++) {
		struct statement *s = &rows[i].s;

		rows[i].id = list[i].id;
		rows[i].name = list[i].name;
		rows[i].chosen = is_chosen(choice, list[i].id);
		if (work_statement(w->db, w->a, list[i].id, v.month, s, e) != 0)
			return -1;
		v.nopen += !s->closed;
		v.granted += s->granted;
		v.drawn += s->drawn;
		v.over_minutes += s->over;
		v.driving += s->driving;
		v.fee_ore += s->fee_ore;
		v.lines_ore += s->lines_ore;
		v.bought_ore += s->bought_ore;
	}
	v.rows = rows;
	v.over = v.month < month_of(w->now);
	v.may_close = v.over && v.nopen > 0 && (w->who.role & ROLE_BOOKS);
	v.prev = month_iso(w->a, v.month - 1);
	v.next = v.month < month_of(w->now) ? month_iso(w->a, v.month + 1) : NULL;
	if (web_query(w, "closed"))
		v.done = _("The chosen months are closed. Their statements stay as they are.");
	billing_page(w, &v);
	return 0;
}

static int billing(struct web *w, struct err *e) { return billing_show(w, w->param[0], NULL, e); }
static int billing_today(struct web *w, struct err *e) { return billing_show(w, month_iso(w->a, month_of(w->now)), NULL, e); }

static int billing_post(struct web *w, struct err *e)
{
	struct billing_choice c;
	int64_t id;
	int32_t month;
	int closed;

	if (web_form_check(w, e) != 0 || month_read(w, w->param[0], &month, e) != 0)
		return -1;
	c.n = web_field_all(w, "customer", &c.ids);
	if (c.n == 0 || !web_field(w, "sure")) {
		struct err missing;

		if (c.n == 0) {
			FAIL_FIELD(&missing, E_CUSTOMER_REQUIRED, "customer", "nothing chosen");
			web_wrong(w, &missing);
		}
		if (!web_field(w, "sure")) {
			FAIL_FIELD(&missing, E_TICK_REQUIRED, "sure", "not ticked");
			web_wrong(w, &missing);
		}
		web_status(w, 400);
		return billing_show(w, w->param[0], &c, e);
	}
	for (int i = 0; i < c.n; i++)
		if (!text_int(c.ids[i], &id) || (hours_close(w, id, month, &closed, e) != 0 && e->id != E_MONTH_CLOSED))
			return text_int(c.ids[i], &id) ? -1 : FAIL_FIELD(e, E_NUMBER_INVALID, "customer", "%.40s", c.ids[i]);
	return web_redirect(w, arena_printf(w->a, "/console/billing/%s?closed=1", month_iso(w->a, month)));
}

const struct web_route hours_routes[] = {
	{ "GET", "/console/customers/{id}/hours/{month}", ROLE_STAFF, console_hours },
	{ "GET", "/console/customers/{id}/hours/{month}/csv", ROLE_STAFF, console_csv },
	{ "GET", "/console/customers/{id}/hours/{month}/pdf", ROLE_STAFF, console_pdf },
	{ "POST", "/console/customers/{id}/hours/{month}/close", ROLE_BOOKS, close_post },
	{ "GET", "/console/agreements/{id}/bank/{month}", ROLE_STAFF, agreement_hours },
	{ "GET", "/console/billing", ROLE_STAFF, billing_today },
	{ "GET", "/console/billing/{month}", ROLE_STAFF, billing },
	{ "POST", "/console/billing/{month}/close", ROLE_BOOKS, billing_post },
	{ "GET", "/portal/hours", ROLE_DECIDES, portal_today },
	{ "GET", "/portal/hours/{month}", ROLE_DECIDES, portal_hours },
	{ "POST", "/portal/hours/{month}/accept", ROLE_DECIDES, accept_post },
	{ "GET", "/portal/hours/{month}/csv", ROLE_DECIDES, portal_csv },
	{ "GET", "/portal/hours/{month}/pdf", ROLE_DECIDES, portal_pdf },
	{ 0 }
};
