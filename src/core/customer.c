#include "core/customer.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "core/cvr.h"
#include "core/tell.h"
#include "store/outbox.h"
#include "store/person.h"
#include "store/session.h"
#include "store/setting.h"

enum { NAME_MOST = 120, NOTE_MOST = 4000, DOMAINS_MOST = 50 };

static int check_lang(const char *lang, const char *field, struct err *e)
{
	if (strcmp(lang, "da") != 0 && strcmp(lang, "en") != 0)
		return FAIL_FIELD(e, E_CHOICE_INVALID, field, "%.20s", lang);
	return 0;
}

/* Our own addresses, with blanks between: what the desk sends from and takes. */
static int own_addresses(struct db_conn *c, struct arena *a, const char **out, struct err *e)
{
	const char *from, *takes, *domain;
	char *all;

	if (setting_get(c, a, "desk.from", "", &from, e) != 0 || setting_get(c, a, "mail.addresses", "", &takes, e) != 0 ||
	    setting_get(c, a, "mail.domain", "", &domain, e) != 0)
		return -1;
	all = arena_printf(a, "%s %s%s%s", takes, from, *domain ? " @" : "", domain);
	for (char *s = all; *s; s++)
		if (*s == '<' || *s == '>')             /* "Name <address>" */
			*s = ' ';
	*out = text_lower(a, all);
	return 0;
}

/* Does the list have the address (or, domain set, one of that domain)? */
static bool is_own(const char *list, const char *what, bool domain)
{
	size_t n = strlen(what);

	for (const char *s = list; *s; s += strcspn(s, " ,\n"), s += strspn(s, " ,\n")) {
		size_t len = strcspn(s, " ,\n"), skip = 0;

		while (domain && skip < len && s[skip++] != '@')
			;
		if (len - skip == n && strncmp(s + skip, what, n) == 0)
			return true;
	}
	return false;
}

static int check_domains(struct arena *a, struct customer *c, const char *own, struct err *e)
{
	const char **domains = ARENA_ARRAY(a, const char *, c->ndomains + 1);
	int put = 0;

	if (c->ndomains > DOMAINS_MOST)
		return FAIL_FIELD(e, E_TOO_LONG, "mail_domains", "%d domains", c->ndomains);
	for (int i = 0; i < c->ndomains; i++) {
		bool twice = false;

		if (domain_read(a, c->domains[i], "mail_domains", &domains[put], e) != 0)
			return -1;
		/* whoever writes from there speaks as this customer */
		if (domain_public(domains[put]) || is_own(own, domains[put], true))
			return FAIL_FIELD(e, domain_public(domains[put]) ? E_DOMAIN_PUBLIC : E_DOMAIN_OURS, "mail_domains", "%s", domains[put]);
		for (int k = 0; k < put && !twice; k++)
			twice = strcmp(domains[k], domains[put]) == 0;
		put += !twice;
	}
	c->ndomains = put;
	c->domains = domains;
	return 0;
}

/* Checked, and as it is stored. */
static int check_customer(struct db_conn *w, struct arena *a, struct customer *c, struct err_list *all)
{
	const char *own;

	c->lang = c->lang ? c->lang : "da";
	c->note = c->note ? c->note : "";
	err_note(all, text_check(c->name, "name", NAME_MOST, true, &all->now));
	err_note(all, cvr_read(a, c->cvr, "cvr", &c->cvr, &all->now));
	err_note(all, gln_read(a, c->gln, "gln", &c->gln, &all->now));
	err_note(all, phone_read(a, c->phone, "phone", &c->phone, &all->now));
	err_note(all, check_lang(c->lang, "language", &all->now));
	if (err_note(all, own_addresses(w, a, &own, &all->now)) == 0)
		err_note(all, check_domains(a, c, own, &all->now));
	err_note(all, text_check(c->note, "note", NOTE_MOST, false, &all->now));
	c->name = text_plain(a, c->name);
	return all->n ? -1 : 0;
}

void customer_check(struct db_conn *c, struct arena *a, const struct customer *given, struct err_list *all)
{
	struct customer k = *given;

	check_customer(c, a, &k, all);
}

int customer_add(struct db_conn *w, struct arena *a, const struct actor *who, int64_t now, struct customer *given, struct err *e)
{
	struct customer k = *given, *c = &k;            /* its checked texts live no longer than this job */
	struct err_list all = { .n = 0 };

	if (check_customer(w, a, c, &all) != 0)
		return err_first(&all, e);
	c->created_at = now;
	if (store_customer_add(w, c, e) != 0)
		return -1;
	given->id = c->id;
	given->created_at = now;
	return tell_event(w, a, who, now, c->id, "customer", c->id, "customer.created", json_pack("{s:s,s:s}", "name", c->name, "cvr", c->cvr), e);
}

int customer_change(struct db_conn *w, struct arena *a, const struct actor *who, int64_t now, const struct customer *given, struct err *e)
{
	struct customer old, k = *given, *c = &k;
	struct err_list all = { .n = 0 };

	if (store_customer_get(w, a, c->id, &old, e) != 0)
		return -1;
	if (check_customer(w, a, c, &all) != 0)
		return err_first(&all, e);
	if (store_customer_set(w, c, e) != 0)
		return -1;
	return tell_event(w, a, who, now, c->id, "customer", c->id, "customer.changed", json_pack("{s:s,s:s,s:b}", "name", c->name, "cvr", c->cvr,
		"active", c->active), e);
}

void customer_site_check(const struct site *s, struct err_list *all)
{
	err_note(all, text_check(s->name, "name", NAME_MOST, true, &all->now));
	err_note(all, text_check(s->street, "street", NAME_MOST, false, &all->now));
	err_note(all, text_check(s->postcode, "postcode", 10, false, &all->now));
	err_note(all, text_check(s->city, "city", NAME_MOST, false, &all->now));
	if (s->drive_minutes < 0 || s->drive_minutes > 600)
		err_note(all, FAIL_FIELD(&all->now, E_NUMBER_RANGE, "drive_minutes", "%d", s->drive_minutes));
}

int customer_site_put(struct db_conn *w, struct arena *a, const struct actor *who, int64_t now, struct site *given, struct err *e)
{
	struct customer c;
	struct site copy = *given, *s = &copy;
	struct err_list all = { .n = 0 };
	bool fresh = s->id == 0;

	if (store_customer_get(w, a, s->customer_id, &c, e) != 0)
		return -1;
	customer_site_check(s, &all);
	if (err_first(&all, e) != 0)
		return -1;
	s->name = text_plain(a, s->name);
	s->street = text_plain(a, s->street);
	s->postcode = text_plain(a, s->postcode);
	s->city = text_plain(a, s->city);
	if ((fresh ? store_site_add(w, s, e) : store_site_set(w, s, e)) != 0)
		return -1;
	given->id = s->id;
	return tell_event(w, a, who, now, s->customer_id, "site", s->id, fresh ? "site.created" : "site.changed",
		json_pack("{s:s,s:i}", "name", s->name, "drive_minutes", s->drive_minutes), e);
}

int customer_site_drop(struct db_conn *w, struct arena *a, const struct actor *who, int64_t now, int64_t customer_id, int64_t id, struct err *e)
{
	if (store_site_drop(w, customer_id, id, e) != 0)
		return -1;
	return tell_event(w, a, who, now, customer_id, "site", id, "site.dropped", json_object(), e);
}

/* A mail has one sender: our desk, one of us, or one of the customer's. */
static int check_email(struct db_conn *w, struct arena *a, struct contact *k, struct err *e)
{
	struct err none = { 0 };
	struct person p;
	const char *own;

	if (text_blank(k->email))
		return FAIL_FIELD(e, E_EMAIL_INVALID, "email", "blank");
	if (email_read(a, k->email, "email", &k->email, e) != 0 || own_addresses(w, a, &own, e) != 0)
		return -1;
	if (is_own(own, k->email, false) || store_person_by_email(w, a, k->email, &p, &none) == 0)
		return FAIL_FIELD(e, E_EMAIL_OURS, "email", "%s", k->email);
	if (none.id != E_NONE && none.id != E_NOT_FOUND)
		return *e = none, -1;
	return 0;
}

/* Checked, and as it is stored. */
static int check_contact(struct db_conn *w, struct arena *a, struct contact *k, struct err_list *all)
{
	static const char *const themes[] = { "auto", "light", "dark" };
	bool theme = false;

	k->lang = k->lang ? k->lang : "da";
	k->role = k->role ? k->role : "employee";
	k->theme = k->theme ? k->theme : "auto";
	for (int i = 0; i < 3; i++)
		theme |= strcmp(themes[i], k->theme) == 0;
	err_note(all, text_check(k->name, "name", NAME_MOST, true, &all->now));
	err_note(all, check_email(w, a, k, &all->now));
	err_note(all, phone_read(a, k->phone, "phone", &k->phone, &all->now));
	err_note(all, check_lang(k->lang, "language", &all->now));
	if (!(role_by_name(k->role) & ROLE_CUSTOMER))
		err_note(all, FAIL_FIELD(&all->now, E_CHOICE_INVALID, "role", "%.40s", k->role));
	if (!theme)
		err_note(all, FAIL_FIELD(&all->now, E_CHOICE_INVALID, "theme", "%.20s", k->theme));
	k->name = text_plain(a, k->name);
	return all->n ? -1 : 0;
}

void contact_check(struct db_conn *c, struct arena *a, const struct contact *given, struct err_list *all)
{
	struct contact k = *given;

	check_contact(c, a, &k, all);
}

int contact_add(struct db_conn *w, struct arena *a, const struct actor *who, int64_t now, struct contact *given, struct err *e)
{
	struct contact copy = *given, *k = &copy;
	struct err_list all = { .n = 0 };
	struct customer c;

	if (store_customer_get(w, a, k->customer_id, &c, e) != 0)
		return -1;
	k->lang = k->lang ? k->lang : c.lang;
	if (check_contact(w, a, k, &all) != 0)
		return err_first(&all, e);
	k->created_at = now;
	if (store_contact_add(w, k, e) != 0)
		return -1;
	given->id = k->id;
	given->created_at = now;
	return tell_event(w, a, who, now, k->customer_id, "contact", k->id, "contact.created",
		json_pack("{s:s,s:s,s:s}", "name", k->name, "email", k->email, "role", k->role), e);
}

int contact_welcome(struct db_conn *w, struct arena *a, int64_t now, const char *origin, const struct contact *k, struct err *e)
{
	struct outmail m = { .created_at = now, .next_at = now, .kind = "welcome", .customer_id = k->customer_id, .body_html = "", .in_reply_to = "",
		.references = "", .automatic = true };
	struct contact kept;
	const char *provider;
	bool en;

	if (store_contact_get(w, a, k->customer_id, k->id, &kept, e) != 0 || setting_get(w, a, "provider.name", "Pedel", &provider, e) != 0)
		return -1;
	en = strcmp(kept.lang, "en") == 0;
	m.recipient = kept.email;
	m.subject = arena_printf(a, en ? "Your access to %s" : "Din adgang til %s", provider);
	m.body = arena_printf(a, en ? "Dear %s\n\nYou now have access to our portal. There you report and follow tasks, and see what we have promised you.\n\n"
		"Sign in with your e-mail address, %s. You get a link by mail and need no password:\n%s/login\n\n%s\n" :
		"Kære %s\n\nDu har nu adgang til vores portal. Der melder og følger du opgaver og ser, hvad vi har lovet jer.\n\n"
		"Log ind med din mailadresse, %s. Du får et link på mail og skal ikke bruge en adgangskode:\n%s/login\n\n%s\n",
		kept.name, email_shown(a, kept.email), origin, provider);
	return outbox_add(w, a, &m, e);
}

int contact_change(struct db_conn *w, struct arena *a, const struct actor *who, int64_t now, const struct contact *given, struct err *e)
{
	struct contact old, copy = *given, *k = &copy;
	struct err_list all = { .n = 0 };
	bool own = !who->person && who->id == k->id, moved;

	if (store_contact_get(w, a, k->customer_id, k->id, &old, e) != 0)
		return -1;
	if (check_contact(w, a, k, &all) != 0)
		return err_first(&all, e);
	if (store_contact_set(w, k, e) != 0)
		return -1;
	/* who leaves is signed out for good, and nothing that lies in another mailbox opens the door */
	moved = strcmp(old.email, k->email) != 0;
	if (((!k->active || (moved && !own)) && session_drop_all(w, "contact", k->id, NULL, e) != 0) || (moved && own && signin_link_drop(w, k->id, e) != 0))
		return -1;
	return tell_event(w, a, who, now, k->customer_id, "contact", k->id, "contact.changed",
		json_pack("{s:s,s:s,s:s,s:b}", "name", k->name, "email", k->email, "role", k->role, "active", k->active), e);
}
