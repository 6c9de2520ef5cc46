#include "core/agreement_doc.h"
#include "base/buf.h"
#include "base/moment.h"
#include "core/words.h"
#include "store/catalogue.h"
#include "store/setting.h"
#include <stdlib.h>
#include <string.h>

#define TEXT_MOST (1 << 20)
#define READINGS_MOST 16

static void reading(struct doc_service *s, const char *text)
{
	if (s->nreadings < READINGS_MOST)
		s->readings[s->nreadings++] = text;
}

/* How the hours, the rounding and what is left over are read (facts/desk.md 5.2, rules 2-8). */
static void hours_readings(struct arena *a, enum lang l, const json_t *t, struct doc_service *s)
{
	bool en = l == LANG_EN;
	int64_t step = terms_int(t, "rounding_step_minutes", 15), least = terms_int(t, "rounding_min_minutes", 15);
	int64_t phone = terms_int(t, "phone_step_minutes", 15), months = terms_int(t, "rollover_months", 0);
	const char *hours = words_duration(a, l, terms_int(t, "hours_per_month", 5) * 60), *price = words_money(a, l, terms_int(t, "hourly_price_ore", 0));

	reading(s, arena_printf(a, en ? "You have %s in each calendar month, and you pay the fixed amount whether or not they are used." :
		"I har %s i hver kalendermåned og betaler det faste beløb, også når de ikke bliver brugt.", hours));
	reading(s, arena_printf(a, en ? "Each entry of time is rounded up once, to whole steps of %s, and counts at least %s. Help on the phone is "
		"rounded up to whole steps of %s. The sum of a month is never rounded." : "Hver registrering rundes op én gang til hele %s og "
		"tæller mindst %s. Hjælp i telefonen rundes op til hele %s. Månedens sum bliver ikke rundet.",
		words_duration(a, l, step), words_duration(a, l, least), words_duration(a, l, phone)));
	if (strcmp(terms_text(t, "round_by", "entry"), "day") == 0)
		reading(s, en ? "The same person's entries on the same task, on the same day and of the same kind are added together before they are rounded." :
			"Samme persons registreringer på samme opgave, samme dag og af samme slags lægges sammen, før de rundes op.");
	if (months == 0)
		reading(s, en ? "Time that is not used lapses at the end of the month." : "Tid, der ikke er brugt, bortfalder ved månedens slut.");
	else
		reading(s, arena_printf(a, en ? "Time that is not used is kept for up to %lld %s, at most %s together; what goes beyond lapses. The oldest "
			"time is used first." : "Tid, der ikke er brugt, gemmes i op til %lld %s, højst %s i alt; resten bortfalder. Den ældste tid bruges først.", (long long)months,
			en ? (months == 1 ? "month" : "months") : months == 1 ? "måned" : "måneder",
			words_duration(a, l, terms_int(t, "rollover_max_minutes", 600))));
	if (strcmp(terms_text(t, "overuse", "bill"), "stop_and_ask") == 0)
		reading(s, arena_printf(a, en ? "When the month's time is used up, we stop and ask before we use more. If you say yes, it costs the hourly "
			"price, %s an hour." : "Når månedens tid er brugt, stopper vi og spørger, før vi bruger mere. Siger I ja, koster den timeprisen, %s i timen.", price));
	else if (strcmp(terms_text(t, "overuse", "bill"), "borrow") == 0)
		reading(s, arena_printf(a, en ? "When the month's time is used up, up to %lld %% of the next month's hours can be used in advance; the next month then has so much "
			"less. Time beyond that is invoiced at the hourly price, %s an hour, and so is time used in advance that the next month does not have any more." :
			"Når månedens tid er brugt, kan op til %lld %% af næste måneds timer bruges på forskud; næste måned har så tilsvarende færre. Tid derudover faktureres til "
			"timeprisen, %s i timen, og det gør også tid på forskud, som næste måned ikke længere har.", (long long)terms_int(t, "borrow_max_percent", 50), price));
	else
		reading(s, arena_printf(a, en ? "Time beyond the month's hours is invoiced at the hourly price, %s an hour." :
			"Tid ud over månedens timer faktureres til timeprisen, %s i timen.", price));
	if (terms_bool(t, "proration", true))
		reading(s, en ? "If the agreement begins or ends within a month, hours and amount are reduced by days, the hours to the nearest quarter of an "
			"hour." : "Begynder eller slutter aftalen midt i en måned, sættes timer og beløb ned efter dage, timerne til nærmeste kvarter.");
	else
		reading(s, en ? "If the agreement begins or ends within a month, the full hours and the full amount of that month hold." :
			"Begynder eller slutter aftalen midt i en måned, gælder månedens fulde timer og beløb.");
	reading(s, en ? "If another agreement takes the place of this one within a month, the hours of both count by days." :
		"Afløses aftalen af en anden midt i en måned, tæller timerne i dem begge efter dage.");
	reading(s, en ? "Work that IT operations or the network covers, while you have them, costs no hours." :
		"Arbejde, som it-drift eller netværk dækker, mens I har dem, koster ingen timer.");
	if (strcmp(terms_text(t, "late_entry", "original_first"), "current_only") == 0)
		reading(s, en ? "Work entered after its month is closed is counted in the open month." :
			"Arbejde, der bliver skrevet efter månedens lukning, tæller i den åbne måned.");
	else
		reading(s, en ? "Work entered after its month is closed uses first what was left of that month, then the open month." :
			"Arbejde, der bliver skrevet efter månedens lukning, bruger først det, der var tilbage i arbejdets egen måned, derefter den åbne måned.");
}

/* The driving rule: the source text leaves open how the trip is counted and how it is settled, so the agreement says it (rule 9). */
static void driving_readings(struct arena *a, enum lang l, const json_t *t, struct doc_service *s)
{
	bool en = l == LANG_EN, each = strcmp(terms_text(t, "driving_scope", "round_trip"), "each_way") == 0;
	bool bank = strcmp(terms_text(t, "driving_settle", "invoice"), "bank") == 0;
	int64_t freely = terms_int(t, "driving_free_minutes", 30);
	const char *price = words_money(a, l, terms_int(t, "hourly_price_ore", 0));

	if (freely == 0)
		reading(s, en ? "Driving is counted from the first minute, per visit and technician." : "Kørsel tæller fra første minut, pr. besøg og tekniker.");
	else if (each)
		reading(s, arena_printf(a, en ? "The first %lld minutes of driving each way cost nothing, per visit and technician; the way out and the way home are "
			"counted separately." : "De første %lld minutters kørsel hver vej koster ikke noget, pr. besøg og tekniker; turen ud og turen hjem tælles hver for sig.",
			(long long)freely));
	else
		reading(s, arena_printf(a, en ? "The first %lld minutes of driving cost nothing, per visit and technician; the way out and the way home are added together." :
			"De første %lld minutters kørsel koster ikke noget, pr. besøg og tekniker; turen ud og turen hjem lægges sammen.", (long long)freely));
	reading(s, en ? "A trip that serves several customers is divided evenly among them, and each has its own driving without payment." :
		"En tur, der går til flere kunder, deles ligeligt mellem dem, og hver kunde har sin egen kørsel uden betaling.");
	if (bank)
		reading(s, en ? "Further driving is rounded up like other time and drawn from the month's hours." :
			"Øvrig kørsel rundes op som anden tid og trækkes fra månedens timer.");
	else
		reading(s, arena_printf(a, en ? "Further driving is rounded up like other time and invoiced at the hourly price, %s an hour. It is never drawn "
			"from the month's hours." : "Øvrig kørsel rundes op som anden tid og faktureres til timeprisen, %s i timen. Den trækkes ikke fra månedens timer.",
			price));
	if (terms_bool(t, "time_visible", true))
		reading(s, en ? "You can follow each entry with its time and text in the portal." : "I kan følge hver registrering med tid og tekst på portalen.");
	else
		reading(s, en ? "The portal shows the sums of the month, not the single entries." : "Portalen viser månedens summer, ikke de enkelte registreringer.");
}

static void support_readings(struct arena *a, enum lang l, const json_t *t, struct doc_service *s)
{
	bool en = l == LANG_EN;
	const json_t *closed = json_object_get(t, "closed_days"), *day;
	const char *days = "";
	size_t i;

	json_array_foreach(closed, i, day) {
		const char *md = json_string_value(day);
		int64_t m = md && strlen(md) == 5 ? strtol(md, NULL, 10) : 0, d = m ? strtol(md + 3, NULL, 10) : 0;

		if (m >= 1 && m <= 12 && d >= 1 && d <= 31)
			days = en ? arena_printf(a, "%s%s%.*s", days, *days ? ", " : "", (int)strlen(words_day(a, l, day_from(2028, (int)m, (int)d))) - 5,
				words_day(a, l, day_from(2028, (int)m, (int)d))) : arena_printf(a, "%s%s%d.%d.", days, *days ? ", " : "", (int)d, (int)m);
	}
	reading(s, arena_printf(a, en ? "Response and solution times run only within the service hours: %s. Danish public holidays are closed%s%s." :
		"Svartid og løsningstid løber kun i åbningstiden: %s. Der er lukket på danske helligdage%s%s.",
		words_hours(a, l, terms_text(t, "service_hours", "mon-fri 08:00-16:00")), *days ? en ? ", and so are " : " og " : "", days));
	reading(s, en ? "While we wait for your answer the clock for the solution stands still." :
		"Mens vi venter på svar fra jer, står uret for løsningen stille.");
}

/* What another term takes the effect from is not told: it would read as a promise. */
static bool has_effect(const char *service, const char *term, const json_t *t)
{
	if (strcmp(service, "service-agreement") != 0)
		return true;
	if (strcmp(term, "rollover_max_minutes") == 0)
		return terms_int(t, "rollover_months", 0) > 0;
	return strcmp(term, "borrow_max_percent") != 0 || strcmp(terms_text(t, "overuse", "bill"), "borrow") == 0;
}

static int make_service(struct db_conn *c, struct arena *a, enum lang l, const struct agreement_item *item, struct doc_service *out, struct err *e)
{
	static const char *const free_of_charge[LANG__N] = { "med i prisen for en anden ydelse", "covered by another service's price" };
	struct catalogue_service s;
	const char *text;
	json_t *terms;
	json_error_t why;

	if (store_catalogue_text(c, a, item->service, item->catalogue_version, &text, e) != 0 ||
		catalogue_parse(a, item->service, text, strlen(text), &s, e) != 0)
		return -1;
	if (!(terms = json_loads(item->terms, 0, &why)))
		return FAIL(e, E_DB, "terms of item %lld: %s", (long long)item->id, why.text);
	*out = (struct doc_service){ .key = s.key, .name = s.name[l], .about = s.about[l], .number = s.number, .version = item->catalogue_version,
		.price_ore = terms_int(terms, "monthly_price_ore", 0), .rows = ARENA_ARRAY(a, struct doc_row, s.nterms ? s.nterms : 1),
		.promises = ARENA_ARRAY(a, struct doc_promise, s.npromises), .npromises = s.npromises,
		.readings = ARENA_ARRAY(a, const char *, READINGS_MOST) };
	for (int i = 0; i < s.nterms; i++) {
		if (!has_effect(s.key, s.terms[i].key, terms))
			continue;
		out->rows[out->nrows++] = (struct doc_row){ s.terms[i].label[l], strcmp(s.terms[i].key, "monthly_price_ore") == 0 && out->price_ore == 0 ?
			free_of_charge[l] : arena_dup(a, words_value(a, l, &s.terms[i], json_object_get(terms, s.terms[i].key))) };
	}
	for (int i = 0; i < s.npromises; i++)
		out->promises[i] = (struct doc_promise){ s.promises[i].key, s.promises[i].text[l], words_period(s.promises[i].period, l), s.promises[i].party };
	if (strcmp(s.key, "service-agreement") == 0) {
		hours_readings(a, l, terms, out);
		driving_readings(a, l, terms, out);
	} else if (strcmp(s.key, "support") == 0) {
		support_readings(a, l, terms, out);
	}
	json_decref(terms);
	return 0;
}

static int by_number(const void *x, const void *y)
{
	const struct doc_service *a = x, *b = y;

	return a->number != b->number ? (a->number > b->number) - (a->number < b->number) : strcmp(a->key, b->key);
}

static void sentences(struct arena *a, struct agreement_doc *d)
{
	const struct agreement *g = d->agreement;
	enum lang l = d->lang;
	bool en = l == LANG_EN;

	d->title = arena_printf(a, en ? "Agreement %s" : "Aftale %s", g->number);
	d->between = arena_printf(a, en ? "Between %s%s%s (“we”) and %s, company no. %s (“you”)." : "Mellem %s%s%s («vi») og %s, CVR %s («I»).",
		d->provider, *d->provider_cvr ? en ? ", company no. " : ", CVR " : "", words_cvr(a, d->provider_cvr), d->customer.name,
		words_cvr(a, d->customer.cvr));
	if (g->valid_to_day == INT32_MAX)
		d->validity = arena_printf(a, en ? "It holds from %s until another one takes its place or it is ended." :
			"Den gælder fra %s, indtil en anden træder i stedet, eller den bliver opsagt.", words_day(a, l, g->valid_from_day));
	else
		d->validity = arena_printf(a, en ? "It holds from %s to %s, both days included." : "Den gælder fra %s til %s, begge dage med.",
			words_day(a, l, g->valid_from_day), words_day(a, l, g->valid_to_day));
	d->price = arena_printf(a, en ? "The fixed price is %s a month without VAT." : "Den faste pris er %s om måneden uden moms.",
		words_money(a, l, g->price_ore));
	d->note = g->note;
}

/* ---- kept as facts */

static json_t *service_json(const struct doc_service *s)
{
	json_t *rows = json_array(), *promises = json_array(), *readings = json_array();

	for (int i = 0; i < s->nrows; i++)
		json_array_append_new(rows, json_pack("[s,s]", s->rows[i].label, s->rows[i].value));
	for (int i = 0; i < s->npromises; i++)
		json_array_append_new(promises, json_pack("[s,s,s,s]", s->promises[i].key, s->promises[i].text, s->promises[i].period,
			party_name(s->promises[i].party)));
	for (int i = 0; i < s->nreadings; i++)
		json_array_append_new(readings, json_string(s->readings[i]));
	return json_pack("{s:s,s:s,s:s,s:i,s:i,s:I,s:o,s:o,s:o}", "key", s->key, "name", s->name, "about", s->about, "number", s->number, "version",
		s->version, "price_ore", (json_int_t)s->price_ore, "rows", rows, "promises", promises, "readings", readings);
}

const char *agreement_doc_json(struct arena *a, const struct agreement_doc *d)
{
	json_t *services = json_array(), *o;
	const char *out;
	char *text;

	for (int i = 0; i < d->nservices; i++)
		json_array_append_new(services, service_json(&d->services[i]));
	o = json_pack("{s:s,s:s,s:s,s:s,s:s,s:i,s:i,s:s,s:s,s:s,s:s,s:s,s:o}", "lang", lang_code(d->lang), "provider", d->provider, "provider_cvr",
		d->provider_cvr, "customer", d->customer.name, "cvr", d->customer.cvr, "from", d->from_day, "to", d->to_day, "title", d->title, "between",
		d->between, "validity", d->validity, "price", d->price, "note", d->note, "services", services);
	text = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(o);
	out = arena_dup(a, text ? text : "");
	free(text);
	return out;
}

static const char *kept(struct arena *a, const json_t *text)
{
	return arena_dup(a, json_is_string(text) ? json_string_value(text) : "");
}

static void service_read(struct arena *a, const json_t *o, struct doc_service *s)
{
	const json_t *rows = json_object_get(o, "rows"), *promises = json_object_get(o, "promises"), *readings = json_object_get(o, "readings"), *x;
	size_t i;

	*s = (struct doc_service){ .key = kept(a, json_object_get(o, "key")), .name = kept(a, json_object_get(o, "name")),
		.about = kept(a, json_object_get(o, "about")), .number = (int)json_integer_value(json_object_get(o, "number")),
		.version = (int)json_integer_value(json_object_get(o, "version")), .price_ore = json_integer_value(json_object_get(o, "price_ore")),
		.rows = ARENA_ARRAY(a, struct doc_row, json_array_size(rows) + 1), .promises = ARENA_ARRAY(a, struct doc_promise, json_array_size(promises) + 1),
		.readings = ARENA_ARRAY(a, const char *, json_array_size(readings) + 1) };
	json_array_foreach(rows, i, x)
		s->rows[s->nrows++] = (struct doc_row){ kept(a, json_array_get(x, 0)), kept(a, json_array_get(x, 1)) };
	json_array_foreach(promises, i, x)
		s->promises[s->npromises++] = (struct doc_promise){ kept(a, json_array_get(x, 0)), kept(a, json_array_get(x, 1)), kept(a, json_array_get(x, 2)),
			strcmp(kept(a, json_array_get(x, 3)), party_name(PARTY_CUSTOMER)) == 0 ? PARTY_CUSTOMER : PARTY_SUPPLIER };
	json_array_foreach(readings, i, x)
		s->readings[s->nreadings++] = kept(a, x);
}

static void count_promises(struct agreement_doc *d)
{
	for (int i = 0; i < d->nservices; i++)
		for (int k = 0; k < d->services[i].npromises; k++)
			++*(d->services[i].promises[k].party == PARTY_SUPPLIER ? &d->supplier_promises : &d->customer_promises);
}

int agreement_doc_read(struct arena *a, const char *json, struct agreement_doc *out, struct err *e)
{
	json_error_t why;
	json_t *o = json_loads(json, JSON_REJECT_DUPLICATES, &why), *x;
	struct agreement_doc d = *out;
	size_t i;

	if (!json_is_array(json_object_get(o, "services"))) {
		json_decref(o);
		return FAIL(e, E_AGREEMENT_UNREADABLE, "kept facts: %s", why.text);
	}
	d.lang = strcmp(kept(a, json_object_get(o, "lang")), "en") == 0 ? LANG_EN : LANG_DA;
	d.provider = kept(a, json_object_get(o, "provider"));
	d.provider_cvr = kept(a, json_object_get(o, "provider_cvr"));
	d.customer.name = kept(a, json_object_get(o, "customer"));
	d.customer.cvr = kept(a, json_object_get(o, "cvr"));
	d.from_day = (int32_t)json_integer_value(json_object_get(o, "from"));
	d.to_day = (int32_t)json_integer_value(json_object_get(o, "to"));
	d.title = kept(a, json_object_get(o, "title"));
	d.between = kept(a, json_object_get(o, "between"));
	d.validity = kept(a, json_object_get(o, "validity"));
	d.price = kept(a, json_object_get(o, "price"));
	d.note = kept(a, json_object_get(o, "note"));
	d.services = ARENA_ARRAY(a, struct doc_service, json_array_size(json_object_get(o, "services")) + 1);
	d.nservices = 0;
	json_array_foreach(json_object_get(o, "services"), i, x)
		service_read(a, x, &d.services[d.nservices++]);
	d.supplier_promises = d.customer_promises = 0;
	count_promises(&d);
	json_decref(o);
	*out = d;
	return 0;
}

int agreement_doc_make(struct db_conn *c, struct arena *a, const struct agreement *g, struct agreement_doc *out, struct err *e)
{
	struct agreement_doc d = { .lang = strcmp(g->lang, "en") == 0 ? LANG_EN : LANG_DA, .agreement = g, .from_day = g->valid_from_day,
		.to_day = g->valid_to_day, .nservices = g->nitems, .services = ARENA_ARRAY(a, struct doc_service, g->nitems ? g->nitems : 1) };
	struct err none;
	const char *facts;

	if (store_agreement_customer(c, a, g->customer_id, &d.customer, e) != 0)
		return -1;
	if (*g->text_sha256 && strcmp(g->state, "draft") != 0) {
		if (store_agreement_doc(c, a, g, &facts, &none) == 0) {
			if (agreement_doc_read(a, facts, &d, e) != 0)
				return -1;
			*out = d;
			return 0;
		}
		if (none.id != E_NOT_FOUND)
			return *e = none, -1;
	}
	if (setting_get(c, a, "provider.name", "", &d.provider, e) != 0 || setting_get(c, a, "provider.cvr", "", &d.provider_cvr, e) != 0)
		return -1;
	for (int i = 0; i < g->nitems; i++)
		if (make_service(c, a, d.lang, &g->items[i], &d.services[i], e) != 0)
			return -1;
	count_promises(&d);
	qsort(d.services, (size_t)d.nservices, sizeof *d.services, by_number);
	sentences(a, &d);
	*out = d;
	return 0;
}

static void promises_text(struct buf *b, const struct agreement_doc *d, const struct doc_service *s, enum party p)
{
	bool any = false;

	for (int i = 0; i < s->npromises; i++) {
		if (s->promises[i].party != p)
			continue;
		if (!any)
			buf_printf(b, "\n%s:\n", words_party(p, d->lang));
		any = true;
		buf_printf(b, "- %s [%s, %s]\n", s->promises[i].text, s->promises[i].key, s->promises[i].period);
	}
}

const char *agreement_doc_text(struct arena *a, const struct agreement_doc *d)
{
	bool en = d->lang == LANG_EN;
	struct buf b;

	buf_init(&b, a, TEXT_MOST);
	buf_printf(&b, "%s\n\n%s\n%s\n%s\n", d->title, d->between, d->validity, d->price);
	if (*d->note)
		buf_printf(&b, "\n%s\n", d->note);
	for (int i = 0; i < d->nservices; i++) {
		const struct doc_service *s = &d->services[i];

		buf_printf(&b, "\n%d. %s\n%s\n", i + 1, s->name, s->about);
		promises_text(&b, d, s, PARTY_SUPPLIER);
		promises_text(&b, d, s, PARTY_CUSTOMER);
		buf_printf(&b, "\n%s:\n", en ? "Terms" : "Vilkår");
		for (int k = 0; k < s->nrows; k++)
			buf_printf(&b, "- %s: %s\n", s->rows[k].label, s->rows[k].value);
		if (s->nreadings)
			buf_printf(&b, "\n%s:\n", en ? "How this is read" : "Sådan læses det");
		for (int k = 0; k < s->nreadings; k++)
			buf_printf(&b, "- %s\n", s->readings[k]);
		buf_printf(&b, "\n[%s, %s %d]\n", s->key, en ? "version" : "version", s->version);
	}
	return buf_text(&b);
}

const char *agreement_doc_acceptance(struct arena *a, const struct agreement_doc *d)
{
	static const struct { const char *via, *text[LANG__N]; } ways[] = {
		{ "portal", { "på portalen", "in the portal" } }, { "paper", { "på papir", "on paper" } }, { "phone", { "i telefonen", "on the phone" } },
		{ "mail", { "på mail", "by e-mail" } }, { "api", { "gennem en anden tjeneste", "through another service" } },
	};
	const struct agreement *g = d->agreement;
	const char *how = "";

	if (!g->accepted_at)
		return "";
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
		if (strcmp(ways[i].via, g->accepted_via) == 0)
			how = ways[i].text[d->lang];
	return arena_printf(a, d->lang == LANG_EN ? "Accepted by %s on %s %s." : "Accepteret af %s den %s %s.", g->accepted_name,
		words_day(a, d->lang, day_of(g->accepted_at)), how);
}
