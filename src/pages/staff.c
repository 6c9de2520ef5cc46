#include "pages/staff.h"
#include <jansson.h>
#include <string.h>
#include "base/text.h"
#include "core/cvr.h"
#include "core/staff.h"
#include "core/tell.h"
#include "pages/profile.h"
#include "store/event.h"
#include "store/setting.h"
#include "web/guard.h"
#include "web/token.h"
#include "web/ui.h"

const char *staff_role_word(const struct web *w, const char *role)
{
	return strcmp(role, "admin") == 0 ? _("Administrator") : strcmp(role, "bookkeeper") == 0 ? _("Bookkeeper") : _("Technician");
}

const char *staff_scopes_word(const struct web *w, const char *scopes)
{
	return strcmp(scopes, SCOPES_ALL) == 0 ? _("everything") : strcmp(scopes, SCOPES_READ) == 0 ? _("only read") :
		strcmp(scopes, SCOPES_TICKETS) == 0 ? _("read and write tickets") : scopes;
}

const char *staff_name_of(const struct token_view *v, int64_t id)
{
	for (int i = 0; i < v->npeople; i++)
		if (v->people[i].id == id)
			return v->people[i].name;
	return "";
}

static const char *field(struct web *w, const char *name)
{
	const char *s = web_field(w, name);

	return s ? s : "";
}

/* --- staff ---------------------------------------------------------------------------------------------------------------- */

static int staff_get(struct web *w, struct err *e)
{
	struct staff_view v = { .done = web_query(w, "done") ? _("Saved.") : NULL };
	struct person *p;

	if (store_person_list(w->db, w->a, &p, &v.n, e) != 0)
		return -1;
	v.p = p;
	staff_page(w, &v);
	return 0;
}

static int form(struct web *w, const struct person *p, struct err *e)
{
	struct staff_form v = { .p = p, .done = text_eq(web_query(w, "done"), "nokey") && !w->nerrors ? _("The passkey is removed.") : NULL };
	struct passkey *keys = NULL;

	profile_again(w, "password");
	if (p->id && store_passkey_list(w->db, w->a, "person", p->id, &keys, &v.nkeys, e) != 0)
		return -1;
	v.keys = keys;
	staff_form_page(w, &v);
	return 0;
}

static int new_get(struct web *w, struct err *e)
{
	return form(w, &(struct person){ .login = "", .name = "", .email = "", .phone = "", .role = "technician", .active = true }, e);
}

struct job { struct actor who; int64_t now; struct person p; const char *hash; bool totp_off; };

static int staff_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct job *j = arg;
	struct person before;

	if (!j->p.id)
		return staff_add(w, a, &j->who, j->now, &j->p, e);
	if (store_person_get(w, a, j->p.id, &before, e) != 0 || staff_change(w, a, &j->who, j->now, &j->p, e) != 0 || (j->hash && staff_password(w, a, &j->who, j->now, j->p.id, j->hash, e) != 0))
		return -1;
	if (j->totp_off && staff_totp_off(w, a, &j->who, j->now, j->p.id, e) != 0)
		return -1;
	if (j->p.id != j->who.id && (j->hash || j->totp_off) && staff_tell_reset(w, a, &j->who, j->now, &before, j->hash, j->totp_off, e) != 0)
		return -1;
	/* who leaves, or whose secrets change, is signed out; one's own session stays */
	if (j->p.id != j->who.id && (j->hash || !j->p.active || j->totp_off))
		return session_drop_all(w, "person", j->p.id, NULL, e);
	return 0;
}

/* What gives power: not for whoever finds the browser open. A mail from a colleague's address is the colleague's word. */
static bool is_power(const struct person *now, const struct person *p)
{
	return !p->id || !text_eq(now->role, p->role) || !text_eq(now->email, p->email) || (p->active && !now->active);
}

/* The first password is part of adding, so a job that fails adds nobody: the id is set only when it stood. */
static int staff_save(struct web *w, struct person *p, struct err *e)
{
	struct job j = { .who = w->who, .now = w->now, .totp_off = web_field(w, "totp_off") != NULL };
	const char *password = field(w, "password");
	struct err_list all = { .n = 0 };
	const struct person before = *p;

	p->name = field(w, "name");
	p->email = field(w, "email");
	p->phone = field(w, "phone");
	p->role = field(w, "role");
	if (p->id) {
		p->active = web_field(w, "active") != NULL;
		if (!text_int(field(w, "version"), &p->version))
			p->version = 0;
	} else {
		p->login = field(w, "login");
	}
	if ((is_power(&before, p) || *password || j.totp_off) && profile_confirm(w, "known", e) != 0)
		return -1;
	staff_check(w->a, p, &all);
	if ((*password || !p->id) && guard_password_check(password, "password", &all.now) != 0)
		err_note(&all, -1);
	if (web_wrong_all(w, &all, e) != 0)
		return -1;
	if (w->nerrors)
		return form(w, p, e);
	if (*password && guard_password_hash(w->app->guard, w->a, password, &j.hash, e) != 0)
		return -1;
	j.p = *p;
	if (!p->id)
		j.p.password_hash = j.hash;
	if (web_write(w, staff_job, &j, e) != 0)
		return web_mendable(w, e) ? form(w, p, e) : -1;
	return web_redirect(w, "/console/settings/staff?done=saved");
}

static int new_post(struct web *w, struct err *e)
{
	struct person p = { .active = true, .lang = "da", .theme = "auto", .keys_on = true };

	return staff_save(w, &p, e);
}

static int person_get(struct web *w, struct err *e)
{
	struct person p;

	return store_person_get(w->db, w->a, web_param_id(w, 0), &p, e) != 0 ? -1 : form(w, &p, e);
}

static int person_post(struct web *w, struct err *e)
{
	struct person p;

	return store_person_get(w->db, w->a, web_param_id(w, 0), &p, e) != 0 ? -1 : staff_save(w, &p, e);
}

/* --- tokens --------------------------------------------------------------------------------------------------------------- */

static int tokens_show(struct web *w, const char *fresh, struct err *e)
{
	struct token_view v = { .fresh = fresh };
	struct api_token *t;
	struct person *people;

	if (token_list(w->db, w->a, &t, &v.n, e) != 0 || store_person_list(w->db, w->a, &people, &v.npeople, e) != 0)
		return -1;
	v.t = t;
	v.people = people;
	tokens_page(w, &v);
	return 0;
}

static int tokens_get(struct web *w, struct err *e) { return tokens_show(w, NULL, e); }

struct token_job { struct actor who; int64_t now, id; const char *name, *scopes; uint8_t hash[32]; };

static int token_event(struct db_conn *w, struct arena *a, const struct token_job *j, const char *kind, struct err *e)
{
	return tell_event(w, a, &j->who, j->now, 0, "token", j->id, kind, NULL, e);
}

static int token_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct token_job *j = arg;

	return token_add(w, j->who.id, j->name, j->hash, j->scopes, j->now, &j->id, e) != 0 ? -1 : token_event(w, a, j, "token.created", e);
}

static int revoke_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct token_job *j = arg;

	return token_revoke(w, j->id, j->now, e) != 0 ? -1 : token_event(w, a, j, "token.revoked", e);
}

static int tokens_post(struct web *w, struct err *e)
{
	static const char *const allowed[] = { SCOPES_ALL, SCOPES_TICKETS, SCOPES_READ };
	struct token_job j = { .who = w->who, .now = w->now, .name = text_plain(w->a, field(w, "name")), .scopes = field(w, "scopes") };
	const char *fresh;
	struct err what;
	bool known = false;

	for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
		known |= strcmp(allowed[i], j.scopes) == 0;
	if (!known) {
		FAIL_FIELD(&what, E_CHOICE_INVALID, "scopes", "%.60s", j.scopes);
		web_wrong(w, &what);
	}
	if (text_check(j.name, "name", 120, true, &what) != 0)
		web_wrong(w, &what);
	if (profile_confirm(w, "known", e) != 0)
		return -1;
	if (w->nerrors)
		return tokens_show(w, NULL, e);
	fresh = token_make(w->a, j.hash);
	if (web_write(w, token_job, &j, e) != 0)
		return -1;
	return tokens_show(w, fresh, e);
}

static int revoke_post(struct web *w, struct err *e)
{
	struct token_job j = { .who = w->who, .now = w->now, .id = web_param_id(w, 0) };

	if (web_write(w, revoke_job, &j, e) != 0)
		return -1;
	return web_redirect(w, "/console/settings/tokens");
}

/* --- settings: one table, described in docs/settings.md ------------------------------------------------------------------- */

enum { DAYS_MOST = 365 };
enum kind { TEXT, CVR, PHONE, MAIL, DOMAIN_NAME, MAILS, SERVER, DAYS, PERSON };
/* power: whoever changes it can read or forge mail, the links to sign in with among them */
static const struct { const char *key, *name, *label, *hint; enum kind kind; bool required, power; } keys[] = {
	{ "provider.name", "name", N_("Name"), NULL, TEXT, true },
	{ "provider.cvr", "cvr", N_("CVR number"), NULL, CVR, true },
	{ "provider.phone", "phone", N_("Phone"), N_("Shown to customers, and on every error page."), PHONE, false },
	{ "provider.hours", "hours", N_("When you answer"), N_("As words, for example: weekdays 8 to 16."), TEXT, false },
	{ "desk.from", "desk_from", N_("The desk's mail address"), N_("Answers are sent from it, and customers write to it."), MAIL, false, true },
	{ "mail.domain", "mail_domain", N_("Domain of Message-IDs"), N_("Your own mail domain, for example msp.dk. Left empty: that of the desk's address."), DOMAIN_NAME, false },
	{ "mail.addresses", "mail_addresses", N_("Addresses that become tickets"), N_("With spaces between. Left empty: every address the mail server hands over."), MAILS, false, true },
	{ "mail.authserv_id", "mail_authserv_id", N_("Name of your mail server in Authentication-Results"), N_("Only results under this name are believed."), TEXT, false, true },
	{ "mail.smtp", "mail_smtp", N_("Mail server that takes your mail"), N_("Address and port, for example 127.0.0.1:25. What pedeld was started with, or pedel.conf says, goes first. Left empty: mails wait."), SERVER, false, true },
	{ "desk.close_days", "close_days", N_("Days until a solved ticket is closed"), N_("From 1 to 365. Left empty: 7."), DAYS, false },
	{ "promises.owner", "promises_owner", N_("Who takes the ticket of a broken promise"), NULL, PERSON, false },
};
enum { KEYS = sizeof keys / sizeof *keys };

/* Who can own a ticket. Somebody who has left stays on the list while the setting names them, so that saving changes nothing by itself. */
static int owners(struct web *w, const char *now, const struct ui_choice **out, struct err *e)
{
	struct ui_choice *list;
	struct person *p;
	int n, got = 0;

	if (store_person_list(w->db, w->a, &p, &n, e) != 0)
		return -1;
	list = ARENA_ARRAY(w->a, struct ui_choice, n + 2);
	list[got++] = (struct ui_choice){ "", _("Whoever owns the customer's newest ticket") };
	for (int i = 0; i < n; i++) {
		const char *id = arena_printf(w->a, "%lld", (long long)p[i].id);
		bool may = p[i].active && (role_by_name(p[i].role) & ROLE_DESK);

		if (may || text_eq(id, now))
			list[got++] = (struct ui_choice){ id, may ? p[i].name : arena_printf(w->a, "%s (%s)", p[i].name, _("no longer here")) };
	}
	list[got] = (struct ui_choice){ 0 };
	*out = list;
	return 0;
}

static int settings_show(struct web *w, struct err *e)
{
	struct setting_row *row = ARENA_ARRAY(w->a, struct setting_row, KEYS);
	struct settings_view v = { .row = row, .n = KEYS, .done = web_query(w, "done") ? _("Saved.") : NULL };

	for (int i = 0; i < KEYS; i++) {
		row[i] = (struct setting_row){ .key = keys[i].key, .name = keys[i].name, .label = tr(w->lang, keys[i].label),
			.hint = keys[i].hint ? tr(w->lang, keys[i].hint) : NULL };
		if (setting_get(w->db, w->a, keys[i].key, "", &row[i].value, e) != 0 ||
			(keys[i].kind == PERSON && owners(w, row[i].value, &row[i].choices, e) != 0))
			return -1;
	}
	settings_page(w, &v);
	return 0;
}

struct settings_job { struct actor who; int64_t now; const char *value[KEYS]; };

static int settings_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct settings_job *j = arg;
	json_t *changed = json_object();
	int rc = 0;

	for (int i = 0; i < KEYS && rc == 0; i++) {
		const char *before;

		rc = setting_get(w, a, keys[i].key, "", &before, e);
		if (rc != 0 || text_eq(before, j->value[i]))
			continue;
		json_object_set_new(changed, keys[i].key, json_pack("[s,s]", before, j->value[i]));
		rc = setting_set(w, keys[i].key, *j->value[i] ? j->value[i] : NULL, e);
	}
	if (rc == 0 && json_object_size(changed))
		return tell_event(w, a, &j->who, j->now, 0, "setting", 0, "settings.changed", changed, e);
	json_decref(changed);
	return rc;
}

/* host:port, the host a name or an address ([..] around one with colons). */
static int server_read(const char *s, const char *name, struct err *e)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-", v6[] = "0123456789abcdefABCDEF:.";
	const char *colon = strrchr(s, ':');
	size_t n = colon ? (size_t)(colon - s) : 0;
	int64_t port;
	bool right = n > 0 && n < 254 && text_int(colon + 1, &port) && port > 0 && port < 65536;

	if (right && s[0] == '[')
		right = n > 3 && s[n - 1] == ']' && strspn(s + 1, v6) == n - 2;
	else if (right)
		right = strspn(s, plain) == n && s[0] != '-';
	return right ? 0 : FAIL_FIELD(e, E_ADDRESS_INVALID, name, "%.100s", s);
}

static int owner_read(struct web *w, const char *s, const char *name, struct err *e)
{
	const struct ui_choice *list;
	const char *now;

	if (setting_get(w->db, w->a, "promises.owner", "", &now, e) != 0 || owners(w, now, &list, e) != 0)
		return -1;
	for (int i = 0; list[i].value; i++)
		if (text_eq(list[i].value, s))
			return 0;
	return FAIL_FIELD(e, E_CHOICE_INVALID, name, "%.20s", s);
}

/* "desk@msp.dk", or with the name before it: "MSP Support <desk@msp.dk>". */
static int from_read(struct web *w, const char *s, const char *name, const char **out, struct err *e)
{
	size_t n = strlen(s), at = strcspn(s, "<");
	const char *words = text_trim(w->a, arena_dupn(w->a, s, at)), *address;

	if (at == n)
		return email_read(w->a, s, name, out, e);
	if (s[n - 1] != '>' || strpbrk(words, "\"\\,;:@()[]"))
		return FAIL_FIELD(e, E_EMAIL_INVALID, name, "%.80s", s);
	if (email_read(w->a, arena_dupn(w->a, s + at + 1, n - at - 2), name, &address, e) != 0)
		return -1;
	*out = *words ? arena_printf(w->a, "%s <%s>", words, address) : address;
	return 0;
}

/* An address, or "@msp.dk" for all of a domain. */
static int taken_read(struct web *w, const char *s, const char *name, const char **out, struct err *e)
{
	const char *domain;

	if (s[0] != '@')
		return email_read(w->a, s, name, out, e);
	if (domain_read(w->a, s + 1, name, &domain, e) != 0)
		return -1;
	*out = arena_printf(w->a, "@%s", domain);
	return 0;
}

static int read_setting(struct web *w, int i, const char **out, struct err *e)
{
	const char *s = text_plain(w->a, field(w, keys[i].name)), *one, *name = keys[i].name;
	struct buf b;
	int64_t days;

	*out = s;
	if (text_check(s, name, 1000, keys[i].required, e) != 0)
		return -1;
	if (!*s)
		return 0;
	switch (keys[i].kind) {
	case TEXT:        return 0;
	case CVR:         return cvr_read(w->a, s, name, out, e);
	case PHONE:       return phone_read(w->a, s, name, out, e);
	case MAIL:        return from_read(w, s, name, out, e);
	case DOMAIN_NAME: return domain_read(w->a, s, name, out, e);
	case SERVER:      return server_read(s, name, e);
	case PERSON:      return owner_read(w, s, name, e);
	case DAYS:
		if (!text_int(s, &days))
			return FAIL_FIELD(e, E_NUMBER_INVALID, name, "%.20s", s);
		return days >= 1 && days <= DAYS_MOST ? 0 : FAIL_FIELD(e, E_NUMBER_RANGE, name, "1 to %d", DAYS_MOST);
	case MAILS:       break;
	}
	buf_init(&b, w->a, 4096);
	for (const char *c = s; *c; ) {
		size_t n = strcspn(c, " ,;\n");

		if (n && taken_read(w, arena_dupn(w->a, c, n), name, &one, e) != 0)
			return -1;
		if (n) {
			buf_adds(&b, b.n ? " " : "");
			buf_adds(&b, one);
		}
		c += n + (c[n] != 0);
	}
	*out = buf_text(&b);
	return 0;
}

static int settings_post(struct web *w, struct err *e)
{
	struct settings_job j = { .who = w->who, .now = w->now };
	const char *before;
	bool power = false;
	struct err what;

	for (int i = 0; i < KEYS; i++) {
		if (read_setting(w, i, &j.value[i], &what) != 0)
			web_wrong(w, &what);
		if (setting_get(w->db, w->a, keys[i].key, "", &before, e) != 0)
			return -1;
		power |= keys[i].power && !text_eq(before, j.value[i]);
	}
	if (power && profile_confirm(w, "known", e) != 0)
		return -1;
	if (w->nerrors)
		return settings_show(w, e);
	if (web_write(w, settings_job, &j, e) != 0)
		return -1;
	w->app->wake(w->app->wake_arg, "outbox");       /* what waited for a mail server */
	return web_redirect(w, "/console/settings?done=saved");
}

const struct web_route staff_routes[] = {
	{ "GET", "/console/settings", ROLE_ADMIN, settings_show },
	{ "POST", "/console/settings", ROLE_ADMIN, settings_post },
	{ "GET", "/console/settings/staff", ROLE_ADMIN, staff_get },
	{ "GET", "/console/settings/staff/new", ROLE_ADMIN, new_get },
	{ "POST", "/console/settings/staff/new", ROLE_ADMIN, new_post },
	{ "GET", "/console/settings/staff/{id}", ROLE_ADMIN, person_get },
	{ "POST", "/console/settings/staff/{id}", ROLE_ADMIN, person_post },
	{ "GET", "/console/settings/tokens", ROLE_ADMIN, tokens_get },
	{ "POST", "/console/settings/tokens", ROLE_ADMIN, tokens_post },
	{ "POST", "/console/settings/tokens/{id}/revoke", ROLE_ADMIN, revoke_post },
	{ 0 }
};
