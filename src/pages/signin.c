#include "pages/signin.h"
#include <string.h>
#include "base/moment.h"
#include "base/hash.h"
#include "base/text.h"
#include "core/cvr.h"
#include "store/contact.h"
#include "store/customer.h"
#include "store/outbox.h"
#include "store/person.h"
#include "store/session.h"
#include "web/dispatch.h"
#include "web/escape.h"
#include "web/guard.h"
#include "web/session.h"
#include "web/token.h"
#include "web/ui.h"

#define LINK_LIFE (15 * MOMENT_MINUTE)

enum { NEXT_MOST = 500 };       /* it stands in a mail, on a line of its own */

/* A path of ours as browsers write it, or NULL: what they drop or turn (controls, \) could make another host of it. */
static const char *path_of_ours(const char *next)
{
	size_t n = next ? strlen(next) : 0;

	if (n == 0 || n > NEXT_MOST || next[0] != '/' || next[1] == '/' || strncmp(next, "/login", 6) == 0)
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (next[i] <= ' ' || next[i] > '~' || next[i] == '\\')
			return NULL;
	return next;
}

const char *signin_next(struct web *w, const char *next)
{
	const char *to = path_of_ours(next);

	if (to && web_allows(w->app->match, w->who.role, to))
		return to;
	return w->who.role & ROLE_CUSTOMER ? "/portal/" : "/console/";
}

static const char *home(const struct web *w)
{
	return w->who.role & ROLE_STAFF ? "/console/" : w->who.role & ROLE_CUSTOMER ? "/portal/" : "/login";
}

static int front(struct web *w, struct err *e) { return web_redirect(w, home(w)); }

bool signin_ended(struct web *w)
{
	return strcmp(w->rq->method, "GET") == 0 && (web_query(w, "ended") || web_session_is_over(w));
}

static int login_get(struct web *w, struct err *e)
{
	if (w->who.role != ROLE_NOBODY)
		return web_redirect(w, signin_next(w, web_query(w, "next")));
	signin_page(w, web_query(w, "next"));
	return 0;
}

/* Everything about who tries to sign in: one of the two, or neither. */
struct candidate { bool person, found, ended; struct person p; struct contact k; const char *hash; };

/* The contact's customer is one no longer: its people have no place to come to. */
static int customer_ended(struct web *w, const struct contact *k, bool *ended, struct err *e)
{
	struct customer c;

	if (store_customer_get(w->db, w->a, k->customer_id, &c, e) != 0)
		return -1;
	*ended = !c.active;
	return 0;
}

/* One name for everything that means the same account, or each spelling would have guesses of its own. */
static const char *account_of(struct web *w, const char *login) { return email_ascii(w->a, text_lower(w->a, text_trim(w->a, login))); }

static int find_candidate(struct web *w, const char *name, struct candidate *c, struct err *e)
{
	*c = (struct candidate){ .person = true };
	if (store_person_by_login(w->db, w->a, name, &c->p, e) == 0) {
		c->found = c->p.active && role_by_name(c->p.role) & ROLE_STAFF;
		c->hash = c->found ? c->p.password_hash : NULL;
		return 0;
	}
	if (e->id != E_NOT_FOUND)
		return -1;
	c->person = false;
	if (!strchr(name, '@'))
		return 0;
	if (store_contact_by_email(w->db, w->a, name, &c->k, e) == 0) {
		c->found = c->k.active;
		c->hash = c->found ? c->k.password_hash : NULL;
		return customer_ended(w, &c->k, &c->ended, e);
	}
	return e->id == E_NOT_FOUND ? 0 : -1;
}

struct code_job { int64_t id, step; uint8_t hash[32]; bool recovery, right; };

static int code_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct code_job *j = arg;

	return j->recovery ? store_recovery_use(w, j->id, j->hash, &j->right, e) : store_person_use_totp(w, j->id, j->step, &j->right, e);
}

/* The second step: a code of the app that was not used before, or a recovery code. */
static int check_code(struct web *w, const struct person *p, const char *given, bool *right, struct err *e)
{
	char *code = text_lower(w->a, text_trim(w->a, given ? given : "")), *put = code;
	struct code_job j = { .id = p->id };
	struct db_bytes secret;

	*right = true;
	if (p->totp_sealed.n == 0)
		return 0;
	*right = false;
	for (const char *s = code; *s; s++)
		if (*s != ' ' && *s != '-')
			*put++ = *s;
	*put = 0;
	if (web_slow_down(w, "signin.code", arena_printf(w->a, "%lld", (long long)p->id), 10, 5 * MOMENT_MINUTE, e) != 0)
		return -1;      /* a password that is known leaves a million codes to guess, three of which fit */
	if (strlen(code) == 6) {
		if (!guard_open(w->app->guard, w->a, arena_printf(w->a, "person:%lld:totp_sealed", (long long)p->id), p->totp_sealed, &secret))
			return FAIL(e, E_BUG, "the second step of person %lld cannot be opened", (long long)p->id);
		j.step = totp_step(secret.p, secret.n, code, w->now);
		if (!j.step)
			return 0;
	} else {
		struct sha256 h = hash_sha256(code, strlen(code));

		memcpy(j.hash, h.b, 32);
		j.recovery = true;
	}
	if (web_write(w, code_job, &j, e) != 0)
		return -1;
	*right = j.right;
	return 0;
}

static int wrong(struct web *w, const char *login, const struct candidate *c, enum err_id id, const char *outcome, struct err *e)
{
	struct err what;

	if (web_signin_note(w, !c->found ? "nobody" : c->person ? "person" : "contact", !c->found ? 0 : c->person ? c->p.id : c->k.id, login, outcome, e) != 0)
		return -1;
	FAIL(&what, id, "%s", outcome);
	web_wrong(w, &what);
	web_status(w, id == E_CUSTOMER_ENDED ? 403 : 401);
	signin_page(w, web_field(w, "next"));
	return 0;
}

static int login_post(struct web *w, struct err *e)
{
	const char *login = web_field(w, "login"), *password = web_field(w, "password"), *account, *door;
	struct web_signer who = { .outcome = "ok" };
	struct candidate c;
	bool fits, code;

	login = login ? login : "";
	password = password ? password : "";
	account = account_of(w, login);
	door = web_known_door(w, account);
	if (web_slow_address(w, "signin.address", 60, 2 * MOMENT_SECOND, e) != 0 ||
	    web_slow_down(w, door ? "signin.known" : "signin.account", door ? door : account, 10, 30 * MOMENT_SECOND, e) != 0 || find_candidate(w, account, &c, e) != 0 ||
	    guard_password_fits(w->app->guard, c.hash, strlen(password) > 1024 ? "" : password, &fits, e) != 0)
		return -1;
	if (!fits)
		return wrong(w, login, &c, E_SIGNIN_WRONG, "wrong", e);
	if (c.ended)            /* said only to who knows the password */
		return wrong(w, login, &c, E_CUSTOMER_ENDED, "ended", e);
	if (c.person) {
		if (check_code(w, &c.p, web_field(w, "code"), &code, e) != 0)
			return -1;
		if (!code)
			return wrong(w, login, &c, E_SIGNIN_WRONG, "totp_wrong", e);
	}
	who.person = c.person;
	who.id = c.person ? c.p.id : c.k.id;
	who.customer_id = c.person ? 0 : c.k.customer_id;
	who.name = c.person ? c.p.name : c.k.name;
	who.hash = c.hash;
	if (guard_password_stale(c.hash) && guard_password_hash(w->app->guard, w->a, password, &who.rehash, e) != 0)
		return -1;
	if (web_sign_in(w, &who, e) != 0)
		return e->id == E_SIGNIN_WRONG ? wrong(w, login, &c, E_SIGNIN_WRONG, "wrong", e) : -1;
	web_known_remember(w, account);
	w->who.role = c.person ? role_by_name(c.p.role) : role_by_name(c.k.role);
	return web_redirect(w, signin_next(w, web_field(w, "next")));
}

/* --- links by mail ----------------------------------------------------------------------------------------------------- */

struct link_job { const struct contact *k; uint8_t hash[32]; const char *mail, *address, *subject, *body; int64_t now; };

static int link_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct link_job *j = arg;
	struct outmail m = { .created_at = j->now, .kind = "signin", .recipient = j->mail, .subject = j->subject, .body = j->body, .body_html = "",
		.in_reply_to = "", .references = "", .automatic = true };

	/* somebody unknown costs a write too, so that the time does not tell */
	if (j->k) {
		m.customer_id = j->k->customer_id;
		if (signin_link_add(w, j->hash, j->k->customer_id, j->k->id, j->now, j->now + LINK_LIFE, e) != 0 || outbox_add(w, a, &m, e) != 0)
			return -1;
	}
	return signin_log_add(w, j->now, j->k ? "contact" : "nobody", j->k ? j->k->id : 0, j->mail, j->address, "", j->k ? "link_sent" : "link_unknown", e);
}

/* Where the mailed link leads, and from there to where they were going. */
static const char *link_address(struct web *w, const char *secret)
{
	const char *next = path_of_ours(web_field(w, "next"));
	struct buf b;

	buf_init(&b, w->a, 4 * NEXT_MOST);
	buf_printf(&b, "%s/login/link/%s", w->app->origin, secret);
	if (next) {
		buf_adds(&b, "?next=");
		esc_url_part(&b, next);
	}
	return buf_text(&b);
}

static int mail_post(struct web *w, struct err *e)
{
	const char *mail, *secret, *next = web_field(w, "next");
	struct link_job j = { .now = w->now, .address = w->rq->address };
	struct contact k;
	struct err slow;
	enum lang lang;
	bool ended = false;

	if (email_read(w->a, web_field(w, "mail"), "mail", &mail, e) != 0 || (!web_origin_fits(w) && FAIL_FIELD(e, E_ORIGIN_UNSET, "mail", "%s", "origin"))) {
		web_wrong(w, e);
		signin_page(w, next);
		return 0;
	}
	if (web_slow_address(w, "link.address", 30, 10 * MOMENT_SECOND, e) != 0)
		return -1;
	if (store_contact_by_email(w->db, w->a, mail, &k, e) == 0) {
		if (customer_ended(w, &k, &ended, e) != 0)
			return -1;
		j.k = k.active && !ended ? &k : NULL;
	} else if (e->id != E_NOT_FOUND)
		return -1;
	if (web_slow_down(w, "link.mail", mail, 3, 5 * MOMENT_MINUTE, &slow) == 0) {
		secret = secret_make(w->a, true, j.hash);
		lang = j.k && strcmp(k.lang, "en") == 0 ? LANG_EN : LANG_DA;
		j.mail = mail;
		j.subject = arena_printf(w->a, tr(lang, "Sign in at %s"), w->provider.name);
		j.body = arena_printf(w->a, tr(lang, "Hello %s\n\nOpen this link to sign in. It works once, for 15 minutes:\n\n%s\n\n"
			"If you did not ask for it, you need do nothing.\n\n%s\n"), j.k ? k.name : "", link_address(w, secret), w->provider.name);
		if (web_write(w, link_job, &j, e) != 0)
			return -1;
		w->app->wake(w->app->wake_arg, "outbox");
	}
	signin_sent_page(w, mail, next);
	return 0;
}

static int link_get(struct web *w, struct err *e)
{
	int64_t customer, contact;
	struct contact k;
	uint8_t hash[32];

	if (!secret_hash(w->param[0], hash))
		return FAIL(e, E_LINK_SPENT, "form");
	if (signin_link_find(w->db, hash, w->now, &customer, &contact, e) != 0 || store_contact_get(w->db, w->a, customer, contact, &k, e) != 0)
		return -1;
	signin_link_page(w, k.name, web_query(w, "next"));
	return 0;
}

struct use_job { uint8_t hash[32]; int64_t now, customer, contact; };

static int use_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct use_job *j = arg;

	return signin_link_use(w, j->hash, j->now, &j->customer, &j->contact, e);
}

static int link_post(struct web *w, struct err *e)
{
	struct use_job j = { .now = w->now };
	struct contact k;
	bool ended = false;

	if (web_slow_address(w, "signin.address", 60, 2 * MOMENT_SECOND, e) != 0)
		return -1;
	if (!secret_hash(w->param[0], j.hash))
		return FAIL(e, E_LINK_SPENT, "form");
	if (web_write(w, use_job, &j, e) != 0 || store_contact_get(w->db, w->a, j.customer, j.contact, &k, e) != 0)
		return -1;
	if (!k.active)
		return FAIL(e, E_LINK_SPENT, "contact is not active");
	if (customer_ended(w, &k, &ended, e) != 0 || ended)
		return ended ? FAIL(e, E_CUSTOMER_ENDED, "customer %lld", (long long)k.customer_id) : -1;
	if (web_sign_in(w, &(struct web_signer){ .id = k.id, .customer_id = k.customer_id, .name = k.name, .outcome = "link_ok" }, e) != 0)
		return -1;
	w->who.role = role_by_name(k.role);
	return web_redirect(w, signin_next(w, web_field(w, "next")));
}

static int logout_post(struct web *w, struct err *e)
{
	if (web_sign_out(w, e) != 0)
		return -1;
	return web_redirect(w, "/login");
}

const struct web_route signin_routes[] = {
	{ "GET", "/", ROLE_ANYBODY, front },
	{ "GET", "/login", ROLE_ANYBODY, login_get },
	{ "POST", "/login", ROLE_ANYBODY, login_post },
	{ "POST", "/login/mail", ROLE_ANYBODY, mail_post },
	{ "GET", "/login/link/{key}", ROLE_ANYBODY, link_get },
	{ "POST", "/login/link/{key}", ROLE_ANYBODY, link_post },
	{ "POST", "/logout", ROLE_ANYBODY, logout_post },
	{ 0 }
};
