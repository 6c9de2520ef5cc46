#include "pages/passkey.h"
#include <stdlib.h>
#include <string.h>
#include "base/hash.h"
#include "base/log.h"
#include "base/moment.h"
#include "base/text.h"
#include "core/passkey.h"
#include "pages/profile.h"
#include "pages/signin.h"
#include "store/contact.h"
#include "store/person.h"
#include "web/dispatch.h"
#include "web/guard.h"
#include "web/session.h"
#include "web/token.h"
#include "web/ui.h"
#include "web/webauthn.h"

#define CHALLENGE_LIFE (5 * MOMENT_MINUTE)
enum { HANDLE_BYTES = 32 };

static bool configured(const struct web *w) { return *w->app->origin && !w->app->origin_own; }
static const char *origin(struct web *w) { return configured(w) ? w->app->origin : web_asked_origin(w); }

/* As pedel.conf says; where it says nothing, only localhost, which is nobody's to take over. */
static const char *rp_id_here(struct web *w)
{
	const char *rp_id = webauthn_rp_id(w->a, origin(w));

	return rp_id && (configured(w) || strcmp(rp_id, "localhost") == 0 || text_ends(rp_id, ".localhost")) ? rp_id : NULL;
}

bool passkey_possible(struct web *w) { return rp_id_here(w) != NULL; }

/* --- challenges: the time, sealed for one purpose and one browser; nothing is stored until one comes back ------------------ */

/* A session's form secret is born with it; a stranger's is the cookie that also stands behind the form. */
static const char *place(struct web *w, bool making)
{
	return arena_printf(w->a, "passkey:%s:%s", making ? "make" : "signin", w->own->csrf_secret ? w->own->csrf_secret : "");
}

/* handle: whose passkey it will be, on the device; none when somebody signs in. */
struct sealed_challenge { int64_t made; uint8_t handle[HANDLE_BYTES]; };

static const char *challenge(struct web *w, bool making, struct db_bytes handle)
{
	struct sealed_challenge c = { .made = w->now };
	struct db_bytes sealed;

	if (handle.n == HANDLE_BYTES)
		memcpy(c.handle, handle.p, HANDLE_BYTES);
	sealed = guard_seal(w->app->guard, w->a, place(w, making), &c, sizeof c);
	return hash_base64url(w->a, sealed.p, sealed.n);
}

struct spent { uint8_t hash[32]; int64_t until; struct sealed_challenge c; };

/* What the browser signed is a challenge of ours, for this browser and purpose, and young. */
static int challenge_open(struct web *w, const struct webauthn_said *said, bool making, struct spent *out, struct err *e)
{
	struct db_bytes sealed, plain;
	struct sha256 h;

	if (webauthn_challenge(w->a, said, making, origin(w), &sealed, e) != 0)
		return -1;
	if (!w->own->csrf_secret || !guard_open(w->app->guard, w->a, place(w, making), sealed, &plain) || plain.n != sizeof out->c)
		return FAIL(e, E_PASSKEY_WRONG, "not a challenge of ours for this browser");
	memcpy(&out->c, plain.p, sizeof out->c);
	if (out->c.made > w->now || out->c.made + CHALLENGE_LIFE < w->now)
		return FAIL(e, E_PASSKEY_SPENT, "challenge of %lld s ago", (long long)((w->now - out->c.made) / MOMENT_SECOND));
	h = hash_sha256(sealed.p, sealed.n);
	memcpy(out->hash, h.b, 32);
	out->until = out->c.made + CHALLENGE_LIFE;
	return 0;
}

static struct db_bytes bytes_of(struct web *w, const char *field, size_t most)
{
	const char *text = web_field(w, field);
	struct db_bytes out = { NULL, 0 };

	out.p = text ? hash_unbase64url(w->a, text, most, &out.n) : NULL;
	return out;
}

static struct webauthn_said what_was_said(struct web *w)
{
	return (struct webauthn_said){ bytes_of(w, "client", WEBAUTHN_CLIENT_MOST), bytes_of(w, "auth", WEBAUTHN_AUTH_MOST), bytes_of(w, "sig", WEBAUTHN_SIG_MOST) };
}

/* --- on one's own page -------------------------------------------------------------------------------------------------------- */

static const char *kind(const struct web *w) { return w->who.person ? "person" : "contact"; }

/* The same for all passkeys of somebody, and says nothing of who it is. */
static struct db_bytes handle_of(struct web *w, const struct passkey *list, int n)
{
	uint8_t *random;

	if (n)
		return list[0].handle;
	random = arena_get(w->a, HANDLE_BYTES);
	secret_make(w->a, false, random);       /* the hash of a secret that nobody keeps: random too */
	return (struct db_bytes){ random, HANDLE_BYTES };
}

/* What the device shows the person to choose by. */
static int login_of(struct web *w, const char **login, struct err *e)
{
	struct person p;
	struct contact k;

	if (w->who.person ? store_person_get(w->db, w->a, w->who.id, &p, e) != 0 : store_contact_get(w->db, w->a, w->who.customer_id, w->who.id, &k, e) != 0)
		return -1;
	*login = w->who.person ? p.login : k.email;
	return 0;
}

/* For navigator.credentials.create(). */
static const char *options_for(struct web *w, const char *login, const struct passkey *list, int n)
{
	static const int algs[] = { -7, -8, -257 };
	struct db_bytes handle = handle_of(w, list, n);
	json_t *have = json_array(), *kinds = json_array(), *o;
	char *text;

	for (int i = 0; i < n; i++)
		json_array_append_new(have, json_pack("{s:s,s:s}", "type", "public-key", "id", hash_base64url(w->a, list[i].cred_id.p, list[i].cred_id.n)));
	for (size_t i = 0; i < sizeof algs / sizeof *algs; i++)
		json_array_append_new(kinds, json_pack("{s:s,s:i}", "type", "public-key", "alg", algs[i]));
	o = json_pack("{s:s,s:{s:s,s:s},s:{s:s,s:s,s:s},s:o,s:{s:s,s:b,s:s},s:s,s:i,s:o}", "challenge", challenge(w, true, handle),
		"rp", "id", rp_id_here(w), "name", w->provider.name,
		"user", "id", hash_base64url(w->a, handle.p, handle.n), "name", login, "displayName", w->who.name, "pubKeyCredParams", kinds,
		"authenticatorSelection", "residentKey", "required", "requireResidentKey", 1, "userVerification", "required",
		"attestation", "none", "timeout", 120000, "excludeCredentials", have);
	text = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	login = arena_dup(w->a, text ? text : "{}");
	free(text);
	return login;
}

/* First the person says the name and who they are, then the device is asked: a stolen session makes no passkey. */
static int new_post(struct web *w, struct err *e)
{
	struct passkey_new v = { 0 };
	struct passkey *list;
	const char *login;
	struct err what;
	int n;

	if (!passkey_possible(w))
		return FAIL(e, E_PASSKEY_WRONG, "not at %.100s", origin(w));
	if (passkey_name(w->a, web_field(w, "name"), &v.name, &what) != 0)
		web_wrong(w, &what);
	if (profile_confirm(w, "known", e) != 0 || store_passkey_list(w->db, w->a, kind(w), w->who.id, &list, &n, e) != 0 || login_of(w, &login, e) != 0)
		return -1;
	if (n >= PASSKEYS_MOST) {
		FAIL_FIELD(&what, E_PASSKEY_MANY, "name", "%d", n);
		web_wrong(w, &what);
	}
	if (w->nerrors)
		return profile_show(w, NULL, e);
	v.options = options_for(w, login, list, n);
	passkey_new_page(w, &v);
	return 0;
}

struct add_job { struct actor who; int64_t now; const char *origin; struct passkey p; struct spent spent; };

static int add_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct add_job *j = arg;

	return passkey_add(w, a, &j->who, j->now, &j->p, j->spent.hash, j->spent.until, j->origin, e);
}

static int add_post(struct web *w, struct err *e)
{
	struct webauthn_said said = what_was_said(w);
	struct add_job j = { .who = w->who, .now = w->now, .origin = web_origin_fits(w) ? w->app->origin : "" };
	const char *rp_id = rp_id_here(w);
	struct webauthn_key key;

	if (!rp_id)
		return FAIL(e, E_PASSKEY_WRONG, "not at %.100s", origin(w));
	if (passkey_name(w->a, web_field(w, "name"), &j.p.name, e) != 0 || challenge_open(w, &said, true, &j.spent, e) != 0 ||
	    webauthn_made(w->a, &said, rp_id, &key, e) != 0) {
		if (e->id == E_PASSKEY_WRONG)
			log_line(LOG_WARN, "passkey", "%s %lld makes one: %s", kind(w), (long long)w->who.id, e->detail);
		return -1;
	}
	j.p.rp_id = rp_id;
	j.p.cred_id = key.id;
	j.p.key = key.key;
	j.p.alg = key.alg;
	j.p.count = key.count;
	j.p.handle = (struct db_bytes){ j.spent.c.handle, HANDLE_BYTES };
	if (web_write(w, add_job, &j, e) != 0)
		return -1;
	w->app->wake(w->app->wake_arg, "outbox");
	return web_redirect(w, "/profile?done=passkey");
}

struct remove_job { struct actor who, of; int64_t now, id; const char *back, *parent, *menu; };

static int remove_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct remove_job *j = arg;

	return passkey_remove(w, a, &j->who, &j->of, j->now, j->id, e);
}

/* One address asks and does it: GET shows which one and asks who is there, POST takes it away. */
static int remove_run(struct web *w, struct remove_job *j, struct err *e)
{
	struct passkey_remove v = { .address = arena_printf(w->a, "%s/passkeys/%lld/remove", j->back, (long long)j->id), .back = j->back, .parent = j->parent, .menu = j->menu };
	struct passkey *all;
	int n;

	j->who = w->who;
	j->now = w->now;
	if (store_passkey_list(w->db, w->a, j->of.person ? "person" : "contact", j->of.id, &all, &n, e) != 0)
		return -1;
	for (int i = 0; i < n; i++)
		if (all[i].id == j->id)
			v.name = all[i].name;
	if (!v.name)
		return FAIL(e, E_NOT_FOUND, "passkey %lld", (long long)j->id);
	if (strcmp(w->rq->method, "POST") == 0) {
		if (profile_confirm(w, "known", e) != 0)
			return -1;
		if (!w->nerrors) {
			if (web_write(w, remove_job, j, e) != 0)
				return -1;
			w->app->wake(w->app->wake_arg, "outbox");
			return web_redirect(w, arena_printf(w->a, "%s?done=nokey", j->back));
		}
	}
	if (profile_has_password(w, &v.has_password, e) != 0)
		return -1;
	passkey_remove_page(w, &v);
	return 0;
}

static int own_remove(struct web *w, struct err *e)
{
	return remove_run(w, &(struct remove_job){ .of = w->who, .id = web_param_id(w, 0), .back = "/profile", .parent = _("Your profile"), .menu = "more" }, e);
}

/* --- an administrator's: for who has lost the device, or should not have made it ----------------------------------------------- */

static int staff_remove(struct web *w, struct err *e)
{
	struct person p;

	if (store_person_get(w->db, w->a, web_param_id(w, 0), &p, e) != 0)
		return -1;
	return remove_run(w, &(struct remove_job){ .of = { .person = true, .id = p.id }, .id = web_param_id(w, 1), .parent = p.name, .menu = "staff",
		.back = arena_printf(w->a, "/console/settings/staff/%lld", (long long)p.id) }, e);
}

static int contact_remove(struct web *w, struct err *e)
{
	struct contact k;

	if (store_contact_get(w->db, w->a, web_param_id(w, 0), web_param_id(w, 1), &k, e) != 0)
		return -1;
	return remove_run(w, &(struct remove_job){ .of = { .id = k.id, .customer_id = k.customer_id }, .id = web_param_id(w, 2), .parent = k.name, .menu = "customers",
		.back = arena_printf(w->a, "/console/customers/%lld/people/%lld", (long long)k.customer_id, (long long)k.id) }, e);
}

/* --- signing in ----------------------------------------------------------------------------------------------------------------- */

static int options_get(struct web *w, struct err *e)
{
	const char *rp_id = rp_id_here(w);

	if (!rp_id)
		return FAIL(e, E_PASSKEY_WRONG, "not at %.100s", origin(w));
	web_form_token(w);              /* the cookie that the challenge is bound to */
	return web_json(w, 200, json_pack("{s:s,s:s}", "challenge", challenge(w, false, (struct db_bytes){ NULL, 0 }), "rp_id", rp_id));
}

struct owner { bool active; const char *name; enum role role; };

static int owner_of(struct web *w, const struct passkey *p, struct owner *out, struct err *e)
{
	bool person = strcmp(p->who_kind, "person") == 0;
	struct person who;
	struct contact k;

	*out = (struct owner){ .name = "" };
	if (person ? store_person_get(w->db, w->a, p->who_id, &who, e) != 0 : store_contact_get(w->db, w->a, p->customer_id, p->who_id, &k, e) != 0)
		return e->id == E_NOT_FOUND ? 0 : -1;
	out->name = person ? who.name : k.name;
	out->role = role_by_name(person ? who.role : k.role);
	out->active = person ? who.active && (out->role & ROLE_STAFF) : k.active && (out->role & ROLE_CUSTOMER);
	return 0;
}

struct use_job { const struct passkey *p; struct spent spent; int64_t count, now; bool back; };

static int use_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct use_job *j = arg;

	return passkey_use(w, a, j->p, j->count, j->now, j->spent.hash, j->spent.until, &j->back, e);
}

/* Whose passkey it is, and everything about it right; E_PASSKEY_WRONG and E_PASSKEY_SPENT are the visitor's. */
static int check(struct web *w, struct passkey *p, bool *known, struct owner *o, struct use_job *j, struct err *e)
{
	struct webauthn_said said = what_was_said(w);
	struct db_bytes id = bytes_of(w, "id", WEBAUTHN_ID_MOST), handle = bytes_of(w, "handle", 64);
	const char *rp_id = rp_id_here(w);
	struct webauthn_key key;
	uint32_t count;

	*known = false;
	if (!rp_id || !id.n || store_passkey_find(w->db, w->a, id, p, e) != 0)
		return rp_id && id.n && e->id != E_NOT_FOUND ? -1 : FAIL(e, E_PASSKEY_WRONG, "no such passkey");
	*known = true;
	if (web_slow_down(w, "passkey.account", arena_printf(w->a, "%s:%lld", p->who_kind, (long long)p->who_id), 40, 10 * MOMENT_SECOND, e) != 0 ||
	    owner_of(w, p, o, e) != 0 || challenge_open(w, &said, false, &j->spent, e) != 0)
		return -1;
	if (!o->active)
		return FAIL(e, E_PASSKEY_WRONG, "its owner is not active");
	if (strcmp(p->rp_id, rp_id) != 0)
		return FAIL(e, E_PASSKEY_WRONG, "made for %.100s", p->rp_id);
	if (handle.n != p->handle.n || memcmp(handle.p, p->handle.p, handle.n) != 0)
		return FAIL(e, E_PASSKEY_WRONG, "of somebody else");
	key = (struct webauthn_key){ .id = p->cred_id, .key = p->key, .alg = (int)p->alg };
	if (webauthn_signed(&said, rp_id, &key, &count, e) != 0)
		return -1;
	*j = (struct use_job){ p, j->spent, count, w->now, false };
	if (web_write(w, use_job, j, e) == 0)
		return 0;
	return e->id == E_NOT_FOUND ? FAIL(e, E_PASSKEY_WRONG, "removed meanwhile") : -1;
}

static int signin_post(struct web *w, struct err *e)
{
	struct passkey p = { 0 };
	struct owner o = { .name = "" };
	struct use_job j = { 0 };
	bool known, person;

	if (web_slow_address(w, "signin.address", 60, 2 * MOMENT_SECOND, e) != 0)
		return -1;
	if (check(w, &p, &known, &o, &j, e) != 0) {
		struct err what = *e;

		if (what.id != E_PASSKEY_WRONG && what.id != E_PASSKEY_SPENT)
			return -1;
		log_line(LOG_WARN, "passkey", "%s", what.detail);
		if (web_signin_note(w, known ? p.who_kind : "nobody", known ? p.who_id : 0, o.name, "passkey_wrong", e) != 0)
			return -1;
		web_wrong(w, &what);
		web_status(w, 401);
		signin_page(w, web_field(w, "next"));
		return 0;
	}
	person = strcmp(p.who_kind, "person") == 0;
	if (j.back) {
		log_line(LOG_WARN, "passkey", "id=%lld: its counter did not go forward: it may have been copied", (long long)p.id);
		if (web_signin_note(w, p.who_kind, p.who_id, o.name, "passkey_count", e) != 0)
			return -1;
	}
	if (web_sign_in(w, &(struct web_signer){ person, p.who_id, p.customer_id, o.name, "passkey_ok" }, e) != 0)
		return -1;
	w->who.role = o.role;
	return web_redirect(w, signin_next(w, web_field(w, "next")));
}

const struct web_route passkey_routes[] = {
	{ "GET", "/console/settings/staff/{id}/passkeys/{id}/remove", ROLE_ADMIN, staff_remove },
	{ "POST", "/console/settings/staff/{id}/passkeys/{id}/remove", ROLE_ADMIN, staff_remove },
	{ "GET", "/console/customers/{id}/people/{id}/passkeys/{id}/remove", ROLE_ADMIN, contact_remove },
	{ "POST", "/console/customers/{id}/people/{id}/passkeys/{id}/remove", ROLE_ADMIN, contact_remove },
	{ "GET", "/login/passkey", ROLE_ANYBODY, options_get },
	{ "POST", "/login/passkey", ROLE_ANYBODY, signin_post },
	{ "POST", "/profile/passkeys/new", ROLE_STAFF | ROLE_CUSTOMER, new_post },
	{ "POST", "/profile/passkeys", ROLE_STAFF | ROLE_CUSTOMER, add_post },
	{ "GET", "/profile/passkeys/{id}/remove", ROLE_STAFF | ROLE_CUSTOMER, own_remove },
	{ "POST", "/profile/passkeys/{id}/remove", ROLE_STAFF | ROLE_CUSTOMER, own_remove },
	{ 0 }
};
