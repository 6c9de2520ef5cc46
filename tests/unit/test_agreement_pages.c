/* The catalogue's and the agreements' pages and API as a browser and a program meet them: whole requests through the dispatcher,
 * with real sessions and a real token. With PEDEL_LOOK=FOLDER every page is written there, to be looked at. */
#include "store_case.h"
#include <sodium.h>
#include "base/hash.h"
#include "base/moment.h"
#include "base/text.h"
#include "core/catalogue.h"
#include "core/words.h"
#include "os/clock.h"
#include "pages/all.h"
#include "services/all.h"
#include "store/session.h"
#include "store/setting.h"
#include "web/dispatch.h"
#include "web/guard.h"
#include "web/session.h"
#include "web/token.h"

static const struct db_sql add_customer = { "INSERT INTO customer(name,cvr,lang,created_at) VALUES(?1,?2,?3,1) RETURNING id", NULL };
static const struct db_sql add_contact = { "INSERT INTO contact(customer_id,name,email,role,lang,created_at) VALUES(?1,?2,?3,?4,?5,1) RETURNING id", NULL };
static const struct db_sql add_person = { "INSERT INTO person(login,name,role,lang,created_at) VALUES(?1,?2,?3,?4,1) RETURNING id", NULL };
#define CSRF "00112233445566778899aabbccddeeff"

struct who { const char *cookie; int64_t id; bool bearer; };
struct site {
	struct store_case *s;
	struct web_app app;
	struct catalogue catalogue;
	struct who staff, staff_en, owner, employee, other, program;
	int64_t customer, other_customer;
	int woken, pdfs;
	/* the last answer */
	int status;
	const char *body, *location;
	json_t *json;
};

static void wake(void *arg, const char *what)
{
	((struct site *)arg)->woken++;
}

/* Stands in for pedel-conv: the document must be one that it takes (wire/conv.h). */
static int make_pdf(void *arg, struct arena *a, json_t *document, const void **pdf, size_t *n, struct err *e)
{
	static const char *const kinds[] = { "heading", "paragraph", "note", "list", "pairs", "table", "signatures", NULL };
	struct site *x = arg;
	json_t *b;
	size_t i;

	CHECK_STR(json_string_value(json_object_get(document, "lang")), "da");
	CHECK(json_array_size(json_object_get(document, "blocks")) > 10);
	json_array_foreach(json_object_get(document, "blocks"), i, b) {
		int k = 0;

		while (kinds[k] && strcmp(kinds[k], json_string_value(json_object_get(b, "kind"))) != 0)
			k++;
		CHECK_ROW(i, kinds[k]);
	}
	x->pdfs++;
	*pdf = "%PDF-";
	*n = 5;
	return 0;
}

static int signed_in(struct db_conn *w, struct arena *a, struct site *x, struct who *who, bool person, int64_t id, int64_t customer_id, struct err *e)
{
	struct session s = { .who_kind = person ? "person" : "contact", .who_id = id, .customer_id = customer_id, .csrf = CSRF, .created_at = os_now_us(),
		.seen_at = os_now_us(), .expires_at = os_now_us() + MOMENT_DAY, .address = "127.0.0.1", .agent = "test" };

	who->id = id;
	who->cookie = arena_printf(x->s->a, "pedel=%s", secret_make(x->s->a, false, s.hash));
	return session_add(w, &s, e);
}

static int job_people(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct site *x = arg;
	uint8_t hash[32];
	int64_t id, token;

	if (db_id(w, &add_customer, DB(DB_TEXT("Advokathuset Sønderskov"), DB_TEXT("12345674"), DB_TEXT("da")), &x->customer, e) != 0 ||
		db_id(w, &add_customer, DB(DB_TEXT("Bageriet"), DB_TEXT("87654321"), DB_TEXT("en")), &x->other_customer, e) != 0 ||
		setting_set(w, "provider.name", "Fjordkant IT", e) != 0 || setting_set(w, "provider.cvr", "10150817", e) != 0)
		return -1;
	if (db_id(w, &add_person, DB(DB_TEXT("mette"), DB_TEXT("Mette Dahl"), DB_TEXT("technician"), DB_TEXT("da")), &id, e) != 0 ||
		signed_in(w, a, x, &x->staff, true, id, 0, e) != 0)
		return -1;
	x->program.bearer = true;
	x->program.cookie = arena_printf(x->s->a, "Bearer %s", token_make(x->s->a, hash));
	if (token_add(w, id, "test", hash, "*", os_now_us(), &token, e) != 0 ||
		db_id(w, &add_person, DB(DB_TEXT("jonas"), DB_TEXT("Jonas Kjær"), DB_TEXT("technician"), DB_TEXT("en")), &id, e) != 0 ||
		signed_in(w, a, x, &x->staff_en, true, id, 0, e) != 0)
		return -1;
	if (db_id(w, &add_contact, DB(DB_INT(x->customer), DB_TEXT("Birgitte Sønderskov"), DB_TEXT("b@x.dk"), DB_TEXT("owner"), DB_TEXT("da")), &id, e) != 0 ||
		signed_in(w, a, x, &x->owner, false, id, x->customer, e) != 0 ||
		db_id(w, &add_contact, DB(DB_INT(x->customer), DB_TEXT("Emil"), DB_TEXT("e@x.dk"), DB_TEXT("employee"), DB_TEXT("da")), &id, e) != 0 ||
		signed_in(w, a, x, &x->employee, false, id, x->customer, e) != 0)
		return -1;
	return db_id(w, &add_contact, DB(DB_INT(x->other_customer), DB_TEXT("Ole"), DB_TEXT("o@y.dk"), DB_TEXT("owner"), DB_TEXT("en")), &id, e) != 0 ||
		signed_in(w, a, x, &x->other, false, id, x->other_customer, e) != 0 ? -1 : 0;
}

static struct site *site(struct store_case *s)
{
	struct site *x = ARENA_NEW(s->a, struct site);
	struct err e = { 0 };

	x->s = s;
	CHECK_INT(catalogue_load(s->a, NULL, &x->catalogue, &e), 0);
	x->app = (struct web_app){ .db = s->db, .catalogue = &x->catalogue, .services = service_all, .tables = pages_tables, .data_folder = s->dir,
		.origin = "", .wake = wake, .wake_arg = x };
	CHECK_INT(guard_begin(&x->app.guard, s->dir, &e), 0);
	CHECK_INT(web_start(&x->app, s->a, &e), 0);
	CHECK_INT(db_write(s->db, job_people, x, &e), 0);
	return x;
}

static void site_end(struct site *x)
{
	json_decref(x->json);
	guard_end(x->app.guard);
}

static void look(struct site *x, const char *path)
{
	static int serial;
	const char *folder = getenv("PEDEL_LOOK");
	char name[300];
	FILE *f;

	if (!folder || !x->body || *x->body != '<')
		return;
	snprintf(name, sizeof name, "%s/%03d%s.html", folder, ++serial, path);
	for (char *c = name + strlen(folder) + 4; *c; c++)
		if (*c == '/' || *c == '?')
			*c = '_';
	if ((f = fopen(name, "w"))) {
		fputs(x->body, f);
		fclose(f);
	}
}

/* One request; the answer is in x. body NULL is a GET. */
static int ask(struct site *x, const struct who *who, const char *address, const char *body)
{
	struct arena *a = arena_begin(16 << 20);
	const char *query = strchr(address, '?');
	const struct http_header headers[] = { { who && who->bearer ? "authorization" : "cookie", who ? who->cookie : "" }, { "sec-fetch-site", "same-origin" },
		{ "content-type", who && who->bearer ? "application/json" : "application/x-www-form-urlencoded" } };
	struct http_request rq = { .a = a, .method = body ? "POST" : "GET", .path = query ? arena_dupn(a, address, (size_t)(query - address)) : address,
		.query = query ? query + 1 : "", .headers = headers, .nheaders = 3, .host = "desk.example", .address = "127.0.0.1" };
	struct http_response rs = { 0 };

	if (body && !rq.query[0] && !(who && who->bearer))
		body = arena_printf(a, "csrf=%s&%s", csrf_mask(a, CSRF), body);
	rq.body = body;
	rq.body_bytes = body ? strlen(body) : 0;
	web_handle(&rq, &rs, &x->app);
	x->status = rs.status;
	x->body = rs.body ? arena_dupn(x->s->a, rs.body, rs.body_bytes) : "";
	x->location = "";
	for (int i = 0; i < rs.nheaders; i++)
		if (strcasecmp(rs.headers[i].name, "location") == 0)
			x->location = arena_dup(x->s->a, rs.headers[i].value);
	json_decref(x->json);
	x->json = *x->body == '{' || *x->body == '[' ? json_loads(x->body, 0, NULL) : NULL;
	look(x, rq.path);
	arena_end(a);
	return x->status;
}

static void says(struct site *x, const char *what)
{
	if (!strstr(x->body, what))
		fail_msg("the page does not say \"%s\":\n%.6000s", what, x->body);
}

static const char *error_of(struct site *x, const char *key)
{
	const char *s = json_string_value(json_object_get(json_object_get(x->json, "error"), key));

	return s ? s : "";
}

static void test_catalogue(void **state)
{
	struct site *x = site(*state);

	CHECK_INT(ask(x, &x->staff, "/console/catalogue", NULL), 200);
	says(x, "Generel it-support");
	says(x, arena_printf(x->s->a, "%d af %d ydelser", x->catalogue.nservices, x->catalogue.nservices));
	CHECK_INT(ask(x, &x->staff_en, "/console/catalogue?q=driving", NULL), 200);
	says(x, "Service agreement");
	CHECK(!strstr(x->body, "General IT support"));
	CHECK_INT(ask(x, &x->staff, "/console/catalogue?q=%C3%86BLESKIVE", NULL), 200);
	says(x, "Intet om");
	for (int i = 0; i < x->catalogue.nservices; i++) {
		const struct catalogue_service *s = &x->catalogue.services[i];

		CHECK_INT(ask(x, &x->staff, arena_printf(x->s->a, "/console/catalogue/%s", s->key), NULL), 200);
		for (int k = 0; k < s->npromises; k++)
			says(x, s->promises[k].key);
	}
	CHECK_INT(ask(x, &x->staff, "/console/catalogue/service-agreement?text=en", NULL), 200);
	says(x, "the first 30 minutes");
	says(x, "round");
	CHECK_INT(ask(x, &x->staff, "/console/catalogue/none", NULL), 404);
	CHECK_INT(ask(x, &x->owner, "/console/catalogue", NULL), 403);
	CHECK_INT(ask(x, NULL, "/console/catalogue", NULL), 303);
	CHECK_INT(ask(x, &x->program, "/api/v1/services", NULL), 200);
	CHECK_INT(json_array_size(x->json), x->catalogue.nservices);
	CHECK_STR(json_string_value(json_object_get(json_array_get(x->json, 0), "key")), "support");
	CHECK_INT(ask(x, NULL, "/api/v1/services", NULL), 401);
	site_end(x);
}

static int64_t made_draft(struct site *x)
{
	CHECK_INT(ask(x, &x->staff, "/console/agreements/new", arena_printf(x->s->a,
		"customer=%lld&service=support&service=service-agreement&valid_from=1.12.2026&valid_to=&lang=da&note=", (long long)x->customer)), 303);
	CHECK(text_starts(x->location, "/console/agreements/"));
	return strtoll(x->location + strlen("/console/agreements/"), NULL, 10);
}

static void test_draft_form(void **state)
{
	struct site *x = site(*state);
	const char *home, *form, *at;
	int64_t id;

	CHECK_INT(ask(x, &x->staff, arena_printf(x->s->a, "/console/customers/%lld/agreements", (long long)x->customer), NULL), 200);
	says(x, "Ingen aftaler endnu");
	CHECK_INT(ask(x, &x->staff, arena_printf(x->s->a, "/console/agreements/new?customer=%lld", (long long)x->customer), NULL), 200);
	says(x, "Ny aftale med Advokathuset");
	CHECK_INT(ask(x, &x->staff, "/console/agreements/new?customer=999", NULL), 404);
	CHECK_INT(ask(x, &x->staff, "/console/agreements/new", arena_printf(x->s->a, "customer=%lld&valid_from=1.12.2026&lang=da", (long long)x->customer)), 422);
	says(x, "Vælg mindst én ydelse");
	CHECK_INT(ask(x, &x->staff, "/console/agreements/new", arena_printf(x->s->a, "customer=%lld&service=support&valid_from=snart&lang=da",
		(long long)x->customer)), 422);
	says(x, "id=\"e-valid_from\"");
	says(x, "value=\"snart\"");
	id = made_draft(x);
	home = arena_printf(x->s->a, "/console/agreements/%lld", (long long)id);
	CHECK_INT(ask(x, &x->staff, home, NULL), 200);
	says(x, "name=\"t.service-agreement.hours_per_month\"");
	says(x, "value=\"4750,00\"");
	says(x, "Timepris (kr.)");
	CHECK_INT(ask(x, &x->staff_en, home, NULL), 200);
	says(x, "value=\"4750.00\"");

	form = "version=1&valid_from=1.12.2026&valid_to=&lang=da&note=Aftalt+p%C3%A5+m%C3%B8det&service=support&service=service-agreement&do=save";
	CHECK_INT(ask(x, &x->staff, home, arena_printf(x->s->a, "%s&t.service-agreement.hourly_price_ore=mange&t.service-agreement.hours_per_month=3"
		"&t.support.response_urgent_minutes=5", form)), 422);
	says(x, "id=\"e-t.service-agreement.hourly_price_ore\"");       /* each is told at its place, at once, and what was typed stays */
	says(x, "id=\"e-t.service-agreement.hours_per_month\"");
	says(x, "id=\"e-t.support.response_urgent_minutes\"");
	says(x, "value=\"mange\"");
	says(x, "Aftalt på mødet");
	CHECK_INT(ask(x, &x->staff, home, arena_printf(x->s->a, "%s&t.service-agreement.hourly_price_ore=1.100,50&t.service-agreement.hours_per_month=10"
		"&t.service-agreement.proration=false&t.support.closed_days=12-24%%2C+12-31&t.support.open_target_percent_hundredths=99,75", form)), 303);
	CHECK_INT(ask(x, &x->staff, home, arena_printf(x->s->a, "%s&t.support.help_target_percent=90", form)), 409);     /* saved from an old copy */
	says(x, "En anden har ændret aftalen imens");
	says(x, "name=\"version\" value=\"2\"");
	says(x, "value=\"90\"");                                        /* told, not lost */
	CHECK_INT(ask(x, &x->program, arena_printf(x->s->a, "/api/v1/agreements/%lld", (long long)id), NULL), 200);
	at = x->body;
	CHECK(strstr(at, "\"hourly_price_ore\":110050") && strstr(at, "\"hours_per_month\":10") && strstr(at, "\"proration\":false"));
	CHECK(strstr(at, "\"closed_days\":[\"12-24\",\"12-31\"]") && strstr(at, "\"open_target_percent_hundredths\":9975"));

	form = "version=2&valid_from=1.12.2026&lang=da&service=support&service=service-agreement";
	CHECK_INT(ask(x, &x->staff, home, arena_printf(x->s->a, "%s&do=add&add=hosting", form)), 303);
	CHECK_INT(ask(x, &x->staff, home, NULL), 200);
	says(x, "t.hosting.domains");
	CHECK_INT(ask(x, &x->staff, home, "version=3&valid_from=1.12.2026&lang=da&service=support&service=hosting&do=drop:hosting"), 303);
	CHECK_INT(ask(x, &x->staff, home, NULL), 200);
	CHECK(!strstr(x->body, "name=\"t.hosting.domains\""));
	CHECK_INT(ask(x, &x->staff, home, "version=4&valid_from=1.12.2026&lang=da&service=support&do=drop:support"), 422);
	CHECK_INT(ask(x, &x->owner, home, NULL), 403);
	CHECK_INT(ask(x, &x->owner, arena_printf(x->s->a, "/portal/agreement/%lld", (long long)id), NULL), 404);       /* not sent yet */
	CHECK_INT(ask(x, &x->staff, arena_printf(x->s->a, "%s/drop", home), ""), 303);
	CHECK_INT(ask(x, &x->staff, home, NULL), 200);
	says(x, "Droppet");
	CHECK_INT(ask(x, &x->staff, "/console/agreements", NULL), 200);
	says(x, "1-1");
	site_end(x);
}

static void test_portal_says_yes(void **state)
{
	struct site *x = site(*state);
	int64_t id = made_draft(x);
	const char *home = arena_printf(x->s->a, "/console/agreements/%lld", (long long)id), *mine = arena_printf(x->s->a, "/portal/agreement/%lld", (long long)id);
	static const char form[] = "version=%d&valid_from=1.12.2026&valid_to=&lang=da&note=&service=support&service=service-agreement&do=send";
	const char *at, *mark;

	CHECK_INT(ask(x, &x->owner, "/portal/agreement", NULL), 200);
	says(x, "Ingen aftale endnu");
	CHECK_INT(ask(x, &x->staff, home, arena_printf(x->s->a, form, 1)), 303);
	CHECK(x->woken > 0);
	CHECK_INT(ask(x, &x->staff, home, arena_printf(x->s->a, form, 1)), 409);
	says(x, "Venter på kunden");
	CHECK_INT(ask(x, &x->staff, home, NULL), 200);
	says(x, "Kunden har sagt ja");
	CHECK_INT(ask(x, &x->owner, "/portal/agreement", NULL), 200);
	says(x, "Læs og svar");
	CHECK_INT(ask(x, &x->employee, "/portal/agreement", NULL), 403);
	CHECK_INT(ask(x, &x->other, mine, NULL), 404);
	CHECK_INT(ask(x, &x->other, arena_printf(x->s->a, "%s/accept", mine), "name=Ole&read=1"), 404);
	CHECK_INT(ask(x, &x->other, arena_printf(x->s->a, "%s/print", mine), NULL), 404);
	CHECK_INT(ask(x, &x->owner, mine, NULL), 200);
	says(x, "turen ud og turen hjem lægges sammen");
	says(x, "Det lover vi");
	says(x, "Det lover I");
	CHECK((at = strstr(x->body, "name=\"text\" value=\"")));
	mark = arena_dupn(x->s->a, at + strlen("name=\"text\" value=\""), 64);
	CHECK_INT(ask(x, &x->owner, arena_printf(x->s->a, "%s/print", mine), NULL), 200);
	says(x, "data-area=\"report\"");
	CHECK_INT(ask(x, &x->owner, arena_printf(x->s->a, "%s/pdf", mine), NULL), 503);         /* no pedel-conv in this test */
	x->app.make_pdf = make_pdf;
	x->app.pdf_arg = x;
	CHECK_INT(ask(x, &x->owner, arena_printf(x->s->a, "%s/pdf", mine), NULL), 200);
	CHECK_STR(x->body, "%PDF-");
	CHECK_INT(ask(x, &x->other, arena_printf(x->s->a, "%s/pdf", mine), NULL), 404);
	CHECK_INT(ask(x, &x->owner, arena_printf(x->s->a, "%s/accept", mine), "name=&text="), 422);
	says(x, "id=\"e-name\"");
	says(x, "id=\"e-read\"");
	CHECK_INT(ask(x, &x->owner, arena_printf(x->s->a, "%s/accept", mine), "name=B&read=1&text=00"), 409);
	CHECK_INT(ask(x, &x->owner, arena_printf(x->s->a, "%s/accept", mine), "name=B&read=1"), 422);     /* yes to no text in particular */
	CHECK_INT(ask(x, &x->owner, arena_printf(x->s->a, "%s/accept", mine), "name=B&read=1&text="), 422);
	CHECK_INT(ask(x, &x->owner, arena_printf(x->s->a, "%s/decline", mine), "why=For+dyrt"), 303);
	at = x->location;
	CHECK(text_starts(at, "/portal/tasks/"));
	CHECK_INT(ask(x, &x->owner, arena_printf(x->s->a, "%s/decline", mine), "why=For+dyrt"), 303);  /* the same again */
	CHECK_STR(x->location, at);
	CHECK_INT(ask(x, &x->other, arena_printf(x->s->a, "%s/decline", mine), "why=For+dyrt"), 404);
	CHECK_INT(ask(x, &x->owner, arena_printf(x->s->a, "%s/decline", mine), "why=Mere"), 404);
	CHECK_INT(ask(x, &x->staff, home, NULL), 200);
	says(x, "har sagt nej");
	CHECK_INT(ask(x, &x->other, mine, NULL), 404);
	CHECK_INT(ask(x, &x->owner, mine, NULL), 200);  /* who said no, and nothing of the draft */
	says(x, "For dyrt");
	CHECK(!strstr(x->body, "<article"));
	CHECK_INT(ask(x, &x->staff, home, NULL), 200);
	CHECK_INT(ask(x, &x->staff, home, arena_printf(x->s->a, form, 2)), 409);        /* a page from before it was declined */
	CHECK_INT(ask(x, &x->staff, home, arena_printf(x->s->a, form, 3)), 303);
	CHECK_INT(ask(x, &x->staff, home, NULL), 200);
	says(x, "For dyrt");
	CHECK_INT(ask(x, &x->owner, arena_printf(x->s->a, "%s/accept", mine), arena_printf(x->s->a, "name=Birgitte+S%%C3%%B8nderskov&read=1&text=%s", mark)), 303);
	CHECK_INT(ask(x, &x->owner, mine, NULL), 200);
	says(x, "Accepteret af Birgitte Sønderskov");
	says(x, words_mark(x->s->a, mark));
	CHECK_INT(ask(x, &x->staff, home, NULL), 200);
	says(x, "Lav en ny ud fra den");
	CHECK_INT(ask(x, &x->staff, arena_printf(x->s->a, "%s/end", home), "last_day=engang"), 422);
	CHECK_INT(ask(x, &x->staff, arena_printf(x->s->a, "%s/supersede", home), ""), 303);
	CHECK(!text_starts(x->location, arena_printf(x->s->a, "%s?", home)));
	CHECK_INT(ask(x, &x->staff, x->location, NULL), 200);
	CHECK_INT(ask(x, &x->staff, arena_printf(x->s->a, "%s/end", home), "last_day=31.12.2027"), 303);
	CHECK_INT(ask(x, &x->staff, home, NULL), 200);
	CHECK_INT(ask(x, &x->staff_en, home, NULL), 200);
	CHECK_INT(ask(x, &x->staff_en, "/console/agreements", NULL), 200);
	CHECK_INT(ask(x, &x->staff, arena_printf(x->s->a, "%s/print", home), NULL), 200);
	CHECK_INT(ask(x, &x->staff, arena_printf(x->s->a, "%s/pdf", home), NULL), 200);
	CHECK_INT(x->pdfs, 2);
	site_end(x);
}

static const char *accepting(struct site *x, const struct who *who)
{
	return arena_printf(x->s->a, "{\"contact_id\":%lld}", (long long)who->id);
}

static void test_api(void **state)
{
	static const struct { const char *body; int status; const char *id, *field; } rows[] = {
		{ "{", 400, "JSON_INVALID", "" },
		{ "{}", 400, "REQUIRED", "customer_id" },
		{ "{\"customer_id\":1,\"valid_from\":\"2026-02-30\",\"items\":[{\"service\":\"support\"}]}", 400, "DATE_INVALID", "valid_from" },
		{ "{\"customer_id\":1,\"valid_from\":\"2026-01-01\",\"items\":[]}", 400, "AGREEMENT_EMPTY", "items" },
		{ "{\"customer_id\":1,\"valid_from\":\"2026-01-01\"}", 400, "AGREEMENT_EMPTY", "items" },
		{ "{\"customer_id\":1,\"valid_from\":\"2026-01-01\",\"items\":{}}", 400, "FIELD_TYPE", "items" },
		{ "{\"customer_id\":1,\"valid_from\":\"2026-01-01\",\"items\":[3]}", 400, "FIELD_TYPE", "items[0]" },
		{ "{\"customer_id\":1,\"valid_from\":\"2026-01-01\",\"items\":[{}]}", 400, "REQUIRED", "items[0].service" },
		{ "{\"customer_id\":1,\"valid_from\":\"2026-01-01\",\"items\":[{\"service\":\"support\",\"x\":1}]}", 400, "FIELD_UNKNOWN", "items[0].x" },
		{ "{\"customer_id\":1,\"valid_from\":\"2026-01-01\",\"items\":[{\"service\":\"no-such\",\"terms\":{}}]}", 400, "SERVICE_UNKNOWN", "items[0].service" },
		{ "{\"customer_id\":1,\"valid_from\":\"2026-01-01\",\"items\":[{\"service\":\"service-agreement\",\"terms\":{\"hours_per_month\":3}}]}", 400,
			"TERM_INVALID", "items[0].terms.hours_per_month" },
		{ "{\"customer_id\":1,\"valid_from\":\"2026-01-01\",\"items\":[{\"service\":\"service-agreement\",\"terms\":{\"no_such\":3}}]}", 400,
			"TERM_UNKNOWN", "items[0].terms.no_such" },
		{ "{\"customer_id\":1,\"valid_from\":\"2026-01-01\",\"items\":[{\"service\":\"service-agreement\",\"terms\":[]}]}", 400, "FIELD_TYPE", "items[0].terms" },
		{ "{\"customer_id\":77,\"valid_from\":\"2026-01-01\",\"items\":[{\"service\":\"support\"}]}", 404, "NOT_FOUND", "customer_id" },
		{ "{\"customer_id\":1,\"valid_from\":\"2026-01-01\",\"price\":3,\"items\":[{\"service\":\"support\"}]}", 400, "FIELD_UNKNOWN", "price" },
	};
	struct site *x = site(*state);
	int64_t id;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		ask(x, &x->program, "/api/v1/agreements", rows[i].body);
		if (x->status != rows[i].status || strcmp(error_of(x, "id"), rows[i].id) != 0 || strcmp(error_of(x, "field"), rows[i].field) != 0)
			print_message("row %zu: %d %s\n", i, x->status, x->body);
		CHECK_ROW(i, x->status == rows[i].status);
		CHECK_ROW(i, strcmp(error_of(x, "id"), rows[i].id) == 0 && strcmp(error_of(x, "field"), rows[i].field) == 0);
	}
	CHECK_INT(ask(x, &x->program, "/api/v1/agreements", "{\"customer_id\":1,\"valid_from\":\"2026-01-01\",\"items\":[{\"service\":\"service-agreement\","
		"\"terms\":{}}]}"), 201);
	id = json_integer_value(json_object_get(x->json, "id"));
	CHECK_STR(json_string_value(json_object_get(x->json, "state")), "draft");
	CHECK_INT(ask(x, &x->program, arena_printf(x->s->a, "/api/v1/agreements/%lld/accept", (long long)id), accepting(x, &x->employee)), 403);
	CHECK_STR(error_of(x, "id"), "ACCEPT_ROLE");
	CHECK_INT(ask(x, &x->program, arena_printf(x->s->a, "/api/v1/agreements/%lld/accept", (long long)id), "{}"), 400);
	CHECK_INT(ask(x, &x->program, arena_printf(x->s->a, "/api/v1/agreements/%lld/accept", (long long)id), accepting(x, &x->owner)), 200);
	CHECK_STR(json_string_value(json_object_get(x->json, "state")), "accepted");
	CHECK_STR(json_string_value(json_object_get(x->json, "accepted_via")), "api");
	CHECK_INT(ask(x, &x->program, arena_printf(x->s->a, "/api/v1/agreements/%lld/accept", (long long)id), accepting(x, &x->owner)), 409);
	CHECK_STR(error_of(x, "id"), "AGREEMENT_STATE");
	CHECK_INT(ask(x, &x->program, "/api/v1/agreements", "{\"customer_id\":1,\"valid_from\":\"2026-06-01\",\"items\":[{\"service\":\"service-agreement\"}]}"), 201);
	CHECK_INT(ask(x, &x->program, "/api/v1/agreements/2/accept", accepting(x, &x->owner)), 409);
	CHECK_STR(error_of(x, "id"), "AGREEMENT_OVERLAP");
	CHECK_INT(ask(x, &x->program, "/api/v1/agreements?limit=1&customer_id=1", NULL), 200);
	CHECK_INT(json_array_size(json_object_get(x->json, "items")), 1);
	CHECK_INT(ask(x, &x->program, arena_printf(x->s->a, "/api/v1/agreements?limit=1&cursor=%s", json_string_value(json_object_get(x->json, "next"))), NULL), 200);
	CHECK(json_is_null(json_object_get(x->json, "next")));
	CHECK_INT(ask(x, &x->program, "/api/v1/agreements?cursor=x", NULL), 400);
	CHECK_INT(ask(x, &x->program, "/api/v1/agreements/999", NULL), 404);
	site_end(x);
}

int main(void)
{
	static const struct store_test tests[] = {
		STORE_TEST(test_catalogue), STORE_TEST(test_draft_form), STORE_TEST(test_portal_says_yes), STORE_TEST(test_api),
	};

	moment_zone();
	if (sodium_init() < 0)
		return 1;
	return store_tests_run(tests, sizeof tests / sizeof *tests);
}
