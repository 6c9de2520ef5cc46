#include "bin/demo.h"
#include "base/moment.h"
#include "bin/demo_story.h"
#include "core/agreement.h"
#include "core/calendar.h"
#include "core/customer.h"
#include "core/promise.h"
#include "core/ticket.h"
#include "core/work.h"
#include "store/need.h"
#include "store/outbox.h"
#include "store/person.h"
#include "store/probe.h"
#include "store/setting.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_PEOPLE = 16, MOST_CUSTOMERS = 32, MOST_TICKETS = 100, STEPS = 8 };
#define HELD_BACK_MOST_US (400 * MOMENT_DAY)
#define STORY_LONGEST_US (60 * MOMENT_DAY)

/* What exists so far; jobs read and fill it. */
struct told {
	const struct demo *d;
	struct actor system, people[MOST_PEOPLE];
	struct { int64_t id; struct actor contacts[4]; } customers[MOST_CUSTOMERS];
	int64_t tickets[MOST_TICKETS];
	int32_t today;                  /* the working day that day 0 stands for */
	/* the one thing the next job is to do */
	int i, j, n;
	int64_t at;
};

/* The last moment from which that much service time had passed by now. */
static int64_t service_ago(int64_t now, int minutes)
{
	struct calendar open = calendar_plain();
	int64_t from = now - STORY_LONGEST_US, to = now;

	while (to - from > MOMENT_MINUTE) {
		int64_t mid = from + (to - from) / 2;

		if (calendar_work_us(&open, mid, now) >= minutes * MOMENT_MINUTE)
			from = mid;
		else
			to = mid;
	}
	return from;
}

/* A moment of the story. Day 0 is the last working day whose first half hour of service is over by now. */
static int64_t when(const struct told *t, int working_days_ago, int minute)
{
	int32_t day = t->today;
	struct civil c;

	if (working_days_ago == DEMO_BACK)
		return service_ago(t->d->now, minute);
	while (working_days_ago > 0 || day_civil(day).weekday > 5 || calendar_holiday(day, LANG_DA)) {
		if (day_civil(day).weekday <= 5 && !calendar_holiday(day, LANG_DA))
			working_days_ago--;
		day--;
	}
	c = day_civil(day);
	return moment_from_local(c.year, c.month, c.day, minute / 60, minute % 60, 0);
}

static const struct actor *person(const struct told *t, const char *login)
{
	for (int i = 0; demo_people[i].login; i++)
		if (strcmp(demo_people[i].login, login) == 0)
			return &t->people[i];
	return &t->system;
}

static struct desk desk(const struct told *t) { return (struct desk){ t->d->catalogue, "http://localhost", t->at }; }

/* Nobody at the invented addresses is waiting for these mails, however long they would be held back. */
static int mails_are_sent(struct db_conn *w, struct arena *a, int64_t at, struct err *e)
{
	struct outmail *m;
	int n;

	do {
		if (outbox_due(w, a, at + HELD_BACK_MOST_US, 100, &m, &n, e) != 0)
			return -1;
		for (int i = 0; i < n; i++)
			if (outbox_sent(w, m[i].id, at, e) != 0)
				return -1;
	} while (n == 100);
	return 0;
}

static int add_people(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct told *t = arg;

	if (setting_set(w, "demo.begun", "yes", e) != 0)
		return -1;
	for (int i = 0; demo_people[i].login; i++) {
		const struct demo_person *q = &demo_people[i];
		struct person p = { .login = q->login, .name = q->name, .email = arena_printf(a, "%s@fjordkant.example", q->login), .phone = "",
			.role = q->role, .password_hash = t->d->password_hash, .lang = "da", .theme = "auto", .keys_on = true, .active = true,
			.created_at = t->at };

		if (store_person_add(w, &p, e) != 0)
			return -1;
		t->people[i] = (struct actor){ .role = role_by_name(q->role), .person = true, .id = p.id, .name = q->name };
	}
	return 0;
}

static int add_contacts(struct db_conn *w, struct arena *a, struct told *t, const struct demo_customer *q, struct err *e)
{
	for (int j = 0; j < 4 && q->contacts[j].name; j++) {
		const struct demo_contact *s = &q->contacts[j];
		struct contact k = { .customer_id = t->customers[t->i].id, .name = s->name, .email = arena_printf(a, "%s@%s", s->email, q->domain),
			.phone = arena_printf(a, "00 00 %02d %02d", t->i + 1, j + 1), .role = s->role, .lang = q->lang, .theme = "auto", .active = true };

		if (contact_add(w, a, &t->people[0], t->at, &k, e) != 0 ||
		    store_contact_set_password(w, k.customer_id, k.id, t->d->password_hash, e) != 0)
			return -1;
		t->customers[t->i].contacts[j] = (struct actor){ .role = role_by_name(s->role), .id = k.id, .customer_id = k.customer_id,
			.name = s->name };
	}
	return 0;
}

/* Services as keys with spaces between; service-agreement and support go without saying. */
static int add_agreement(struct db_conn *w, struct arena *a, struct told *t, const struct demo_customer *q, struct err *e)
{
	struct agreement_do op = { .w = w, .a = a, .catalogue = t->d->catalogue, .who = &t->people[0], .now = t->at, .origin = "http://localhost" };
	struct agreement_want want[24] = { { "support", NULL } };
	struct agreement_input in = { .customer_id = t->customers[t->i].id, .valid_from_day = month_first_day(month_of(t->at)), .valid_to_day = INT32_MAX,
		.items = want, .nitems = 1 };
	struct agreement_yes yes = { .contact_id = t->customers[t->i].contacts[0].id, .via = "portal" };
	struct agreement g;
	char *word, *rest = NULL;
	int rc;

	if (q->hours_per_month)
		want[in.nitems++] = (struct agreement_want){ "service-agreement", json_pack("{s:i,s:i}", "hours_per_month", q->hours_per_month,
			"monthly_price_ore", q->hours_per_month * 95000) };
	for (word = strtok_r(arena_dup(a, q->services), " ", &rest); word && in.nitems < 24; word = strtok_r(NULL, " ", &rest))
		want[in.nitems++] = (struct agreement_want){ word, NULL };
	rc = agreement_draft(&op, &in, &g, e);
	if (rc == 0)
		rc = agreement_send(&op, g.id, e);
	op.who = &t->customers[t->i].contacts[0];
	op.now = t->at + 3 * MOMENT_HOUR;
	if (rc == 0)
		rc = agreement_accept(&op, g.id, &yes, e);
	for (int i = 0; i < in.nitems; i++)
		json_decref(want[i].terms);
	return rc;
}

static int add_customer(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct told *t = arg;
	const struct demo_customer *q = &demo_customers[t->i];
	const char *domains[] = { q->domain };
	struct customer c = { .name = q->name, .cvr = q->cvr, .gln = "", .lang = q->lang, .phone = arena_printf(a, "00 00 %02d 00", t->i + 1), .note = "",
		.demo = true, .active = true, .domains = domains, .ndomains = 1 };
	struct site s = { .name = strcmp(q->lang, "en") == 0 ? "Main office" : "Hovedkontor", .street = q->street, .postcode = q->postcode,
		.city = q->city, .drive_minutes = q->drive_minutes };

	if (customer_add(w, a, &t->people[0], t->at, &c, e) != 0)
		return -1;
	t->customers[t->i].id = s.customer_id = c.id;
	if (customer_site_put(w, a, &t->people[0], t->at, &s, e) != 0 || add_contacts(w, a, t, q, e) != 0 || add_agreement(w, a, t, q, e) != 0)
		return -1;
	return mails_are_sent(w, a, t->at, e);
}

/* The category somebody would choose for it, by a word of the subject; NULL: none. */
static const char *about(const char *subject)
{
	static const char *const words[][2] = { { "rinter", "printer" }, { "canner", "printer" }, { "rådløst", "network" }, { "Netværk", "network" },
		{ "VPN", "network" }, { "Mail", "mail" }, { "Kalender", "mail" }, { "bruger", "access" }, { "dgang", "access" }, { "medarbejder", "access" },
		{ "elefon", "phone" }, { "hjemmeside", "web" }, { "forside", "web" }, { "bærbar", "computer" }, { "pc", "computer" }, { "Skærm", "computer" },
		{ "Tastatur", "computer" } };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strstr(subject, words[i][0]))
			return words[i][1];
	return NULL;
}

static int add_ticket(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct told *t = arg;
	const struct demo_ticket *q = &demo_tickets[t->i];
	const struct actor *contact = &t->customers[q->customer].contacts[q->contact];
	bool called = strcmp(q->channel, "phone") == 0;
	struct ticket_draft f = { .customer_id = contact->customer_id, .contact_id = contact->id, .subject = q->subject, .type = q->type,
		.priority = q->priority, .channel = q->channel, .category = about(q->subject), .text = { .body = q->body } };
	struct desk d = desk(t);
	struct ticket made;

	if (ticket_create(w, a, &d, called ? &t->people[2] : contact, &f, &made, e) != 0)
		return -1;
	t->tickets[t->i] = made.id;
	return mails_are_sent(w, a, t->at, e);
}

static int log_time(struct db_conn *w, struct arena *a, const struct told *t, const struct demo_step *s, struct err *e)
{
	struct work_in in = { .ticket_id = t->tickets[t->i], .activity = s->activity, .started_at = t->at - s->minutes * MOMENT_MINUTE,
		.minutes = s->minutes, .drive_out = s->drive_minutes, .drive_home = s->drive_minutes, .note = s->text };
	struct time_entry out;

	return work_log(w, a, person(t, s->who), &in, t->at, &out, e);
}

static int add_step(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	static const struct { const char *what, *state; } moves[] = {
		{ "solve", "solved" }, { "close", "closed" }, { "wait", "waiting_customer" }, { "third", "waiting_third" }, { "reopen", "open" },
	};
	struct told *t = arg;
	const struct demo_ticket *q = &demo_tickets[t->i];
	const struct demo_step *s = &q->steps[t->j];
	const struct actor *who = strcmp(s->who, "c") == 0 ? &t->customers[q->customer].contacts[q->contact] : person(t, s->who);
	struct desk d = desk(t);
	struct ticket_answer r = { .ticket_id = t->tickets[t->i], .visibility = strcmp(s->what, "note") == 0 ? "internal" : "public",
		.channel = who->person ? "console" : q->channel, .text = { .body = s->text } };
	struct ticket_change c = { 0 };
	struct message m;
	struct ticket out;

	if (strcmp(s->what, "time") == 0) {
		if (log_time(w, a, t, s, e) != 0)
			return -1;
	} else if (strcmp(s->what, "say") == 0 || strcmp(s->what, "note") == 0) {
		if (ticket_reply(w, a, &d, who, &r, &m, e) != 0)
			return -1;
	} else {
		if (strcmp(s->what, "take") == 0) {
			c.set_owner = true;
			c.owner_id = who->id;
		}
		for (size_t i = 0; i < sizeof moves / sizeof *moves; i++)
			if (strcmp(moves[i].what, s->what) == 0)
				c.state = moves[i].state;
		if (ticket_change(w, a, &d, who, t->tickets[t->i], &c, &out, e) != 0)
			return -1;
		if (s->text && ticket_reply(w, a, &d, who, &r, &m, e) != 0)
			return -1;
	}
	return mails_are_sent(w, a, t->at, e);
}

/* People vouch for what no proof measures: most of it lately, some of it long enough ago to run out, the rest not at all. */
static int attest(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	static const char *const notes[LANG__N] = { "Gennemgået ved månedens kontrol, se sagen om driftsgennemgang.", "Seen through at the monthly review." };
	struct told *t = arg;
	int64_t id;

	for (int c = 0; demo_customers[c].name; c++) {
		struct promise_book b = { t->d->catalogue, t->d->services };
		struct promise_stand *p;
		int n, lang = strcmp(demo_customers[c].lang, "en") == 0;

		if (promise_list_at(w, a, &b, t->customers[c].id, NULL, t->at, &p, &n, e) != 0)
			return -1;
		for (int i = 0; i < n; i++) {
			int dice = (c * 7 + i * 5) % 13;

			if (p[i].live || dice == 0)
				continue;
			if (promise_attest(w, a, &t->people[1 + (c + i) % 3], t->customers[c].id, p[i].promise->key, notes[lang],
			    t->at + (dice == 1 ? 20 : 120) * MOMENT_DAY, t->at, &id, e) != 0)
				return -1;
		}
	}
	return 0;
}

static int ask(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	static const struct { int customer; const char *title, *body; } asks[] = {
		{ 0, "Skal alle logge på i to trin?", "Så kan en stjålet adgangskode ikke bruges alene. Vi anbefaler det. Det koster ikke noget og tager 5 minutter pr. person." },
		{ 4, "Skal vi udskifte serveren i foråret?", "Garantien udløber i marts. Vi anbefaler en ny, og vi kan flytte alt på en lørdag." },
		{ 7, "Må vi slette det gamle arkiv?", "Projekter fra før 2015 fylder 300 GB. De ligger også på den disk, I selv har." },
	};
	struct told *t = arg;

	for (size_t i = 0; i < sizeof asks / sizeof *asks; i++) {
		struct need n = { .customer_id = t->customers[asks[i].customer].id, .promise = "", .title = asks[i].title, .body = asks[i].body, .kind = "decision",
			.object = "", .asked_at = t->at, .asked_by = t->people[1].id, .answer = "" };

		if (store_need_add(w, &n, e) != 0)
			return -1;
	}
	return 0;
}

/* A month of what the probe would have seen: at even distances up to the last one, and a morning when mail stood still. */
static int probes(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct told *t = arg;
	int64_t bad = when(t, 8, 9 * 60 + 10);

	for (int64_t at = t->d->now - 30 * MOMENT_SECOND - 27 * MOMENT_DAY; at < t->d->now; at += t->d->probe_minutes * MOMENT_MINUTE)
		for (int k = 0; k < 2; k++) {
			bool ok = !(k && at > bad && at < bad + 25 * MOMENT_MINUTE);
			struct probe_result r = { .at = at, .stored_at = at + MOMENT_SECOND, .probe = k ? "mail" : "portal", .ok = ok,
				.took_ms = 90 + at / MOMENT_MINUTE % 70, .detail = ok ? "" : "no answer to DATA within 30 s" };

			if (store_probe_add(w, &r, e) != 0)
				return -1;
		}
	return 0;
}

enum { LEFT_OPEN = 2 };                  /* the customer whose last month the bookkeeper has yet to close */

static int close_month(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct told *t = arg;
	struct statement s;
	int closed;

	if (!demo_customers[t->i].hours_per_month)
		return 0;
	if (work_close(w, a, person(t, "lone"), t->customers[t->i].id, t->n, t->at, &s, &closed, e) != 0)
		return -1;
	return mails_are_sent(w, a, t->at, e);
}

/* Everything that happens on tickets, oldest first. */
struct moment { int64_t at; int i, j; };        /* j -1: the ticket itself */

static int by_time(const void *x, const void *y)
{
	const struct moment *a = x, *b = y;

	return a->at != b->at ? (a->at > b->at) - (a->at < b->at) : a->j - b->j;
}

static int tell_tickets(struct told *t, struct err *e)
{
	struct moment m[MOST_TICKETS * (STEPS + 1)];
	int n = 0;

	for (int i = 0; demo_tickets[i].subject && i < MOST_TICKETS; i++) {
		m[n++] = (struct moment){ when(t, demo_tickets[i].day, demo_tickets[i].at), i, -1 };
		for (int j = 0; j < STEPS && demo_tickets[i].steps[j].what; j++)
			m[n++] = (struct moment){ when(t, demo_tickets[i].steps[j].day, demo_tickets[i].steps[j].at), i, j };
	}
	qsort(m, (size_t)n, sizeof *m, by_time);
	for (int k = 0; k < n; k++) {
		t->i = m[k].i;
		t->j = m[k].j;
		t->at = m[k].at;
		if (db_write(t->d->db, m[k].j < 0 ? add_ticket : add_step, t, e) != 0)
			return -1;
	}
	return 0;
}

/* For measuring: many plausible tickets, spread over the last year, most of them closed. */
static int many_tickets(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	static const char *const words[] = { "Printer", "Mail", "Netværk", "Adgangskode", "Skærm", "Backup", "Opdatering", "Telefon", "Server", "Licens",
		"Tastatur", "Kamera", "Regneark", "Mappe", "Kalender", "Scanner" };
	static const char *const ends[] = { "virker ikke", "er langsom", "skal flyttes", "mangler", "giver en fejl", "skal bestilles", "er fuld", "skal skiftes" };
	static const char *const priorities[] = { "normal", "normal", "normal", "important", "urgent" };
	struct told *t = arg;

	for (int k = 0; k < t->n; k++) {
		unsigned x = (unsigned)(t->i + k) * 2654435761u;
		int c = (int)(x >> 8) % 12;
		const struct actor *contact = &t->customers[c].contacts[0];
		struct desk d = desk(t);
		struct ticket_draft f = { .customer_id = contact->customer_id, .contact_id = contact->id,
			.subject = arena_printf(a, "%s %s (%d)", words[x % 16], ends[x / 16 % 8], t->i + k), .priority = priorities[x / 128 % 5],
			.owner_id = x % 3 ? t->people[1 + x % 3].id : 0, .channel = "portal", .quiet = true,
			.text = { .body = arena_printf(a, "Det begyndte i går. Vi har prøvet at slukke og tænde. Nummer %d.", t->i + k) } };
		struct ticket_change done = { .state = "closed", .quiet = true };
		struct ticket out;

		f.category = about(f.subject);
		d.now = t->d->now - (int64_t)(t->d->tickets - t->i - k) * (300 * MOMENT_DAY / (t->d->tickets + 1)) - 40 * MOMENT_DAY;
		if (ticket_create(w, a, &d, contact, &f, &out, e) != 0)
			return -1;
		d.now += 2 * MOMENT_HOUR;
		/* What is old is done: of the last few hundred, one in ten is still open. */
		if (((t->i + k) % 10 || t->i + k + 600 < t->d->tickets) && ticket_change(w, a, &d, &t->people[1], out.id, &done, &out, e) != 0)
			return -1;
	}
	return mails_are_sent(w, a, t->d->now, e);
}

static void say(const struct told *t, const char *what, int done, int of)
{
	if (t->d->say)
		t->d->say(what, done, of);
}

static int measure(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	static const char *const filled[] = { "probe_result", "ticket", "message", "event", "ticket_search" };

	(void)a;
	(void)arg;
	for (size_t i = 0; i < sizeof filled / sizeof *filled; i++)
		if (db_measure(w, filled[i], e) != 0)
			return -1;
	return 0;
}

/* Nobody else writes: nothing has to settle. */
static int sweep(struct told *t, struct err *e)
{
	struct promise_book b = { t->d->catalogue, t->d->services };
	bool more = true;

	while (more)
		if (promise_sweep(t->d->db, &b, t->d->now, &more, e) != 0)
			return -1;
	t->at = t->d->now;
	return 0;
}

static int none_yet(struct db *d, struct err *e)
{
	struct arena *a;
	struct db_conn *c;
	const char *begun;
	int64_t n = 0;
	bool half;
	int rc;

	if (db_read_begin(d, &c, e) != 0)
		return -1;
	a = arena_begin(64 << 10);
	rc = store_customer_count(c, &n, e) != 0 || setting_get(c, a, "demo.begun", "", &begun, e) != 0 ? -1 : 0;
	half = rc == 0 && *begun;
	db_read_end(c);
	arena_end(a);
	if (half)
		return FAIL(e, E_DEMO_HALF, "%lld customers", (long long)n);
	if (rc == 0 && n > 0)
		return FAIL(e, E_DEMO_USED, "%lld customers", (long long)n);
	return rc;
}

static int send_all(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	return mails_are_sent(w, a, ((struct told *)arg)->d->now, e) != 0 ? -1 : setting_set(w, "demo.begun", NULL, e);
}

int demo_fill(const struct demo *d, struct err *e)
{
	struct told t = { .d = d, .system = { .role = ROLE_ADMIN, .person = true, .name = "Pedel" }, .today = day_of(d->now) };
	int32_t month = month_of(d->now);
	int customers = 0;

	if (none_yet(d->db, e) != 0)
		return -1;
	if (d->now - day_start(t.today) < 9 * MOMENT_HOUR)
		t.today--;
	while (demo_customers[customers].name)
		customers++;
	t.at = month_start(month - 1) + 8 * MOMENT_HOUR;
	if (db_write(d->db, add_people, &t, e) != 0)
		return -1;
	for (t.i = 0; t.i < customers; t.i++) {
		t.at = month_start(month - 1) + 9 * MOMENT_HOUR + t.i * 20 * MOMENT_MINUTE;
		if (db_write(d->db, add_customer, &t, e) != 0)
			return -1;
	}
	say(&t, "customers and agreements, next their month", customers, customers);
	for (t.i = 0; t.i < d->tickets; t.i += t.n) {
		t.n = d->tickets - t.i > 100 ? 100 : d->tickets - t.i;
		if (db_write(d->db, many_tickets, &t, e) != 0)
			return -1;
		say(&t, "tickets", t.i + t.n, d->tickets);
	}
	t.at = d->now - 27 * MOMENT_DAY;
	if (db_write(d->db, attest, &t, e) != 0 || db_write(d->db, probes, &t, e) != 0 || tell_tickets(&t, e) != 0)
		return -1;
	t.at = when(&t, 10, 10 * 60);
	if (db_write(d->db, measure, &t, e) != 0 || db_write(d->db, ask, &t, e) != 0)
		return -1;
	for (t.i = 0; t.i < customers; t.i++) {
		if (t.i == LEFT_OPEN)
			continue;
		t.at = d->now - MOMENT_HOUR;
		t.n = month - 1;
		if (db_write(d->db, close_month, &t, e) != 0)
			return -1;
	}
	if (sweep(&t, e) != 0 || db_write(d->db, send_all, &t, e) != 0)
		return -1;
	return 0;
}
