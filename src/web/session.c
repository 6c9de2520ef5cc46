#include <arpa/inet.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include "base/hash.h"
#include "base/log.h"
#include "base/moment.h"
#include "base/text.h"
#include "os/clock.h"
#include "os/random.h"
#include "store/contact.h"
#include "store/person.h"
#include "store/session.h"
#include "web/dispatch.h"
#include "web/guard.h"
#include "web/session.h"
#include "web/token.h"

#define STAFF_LIFE   (12 * MOMENT_HOUR)
#define STAFF_IDLE   (60 * MOMENT_MINUTE)
#define CONTACT_LIFE (30 * MOMENT_DAY)
#define CONTACT_IDLE (14 * MOMENT_DAY)
#define FORM_LIFE    (7 * MOMENT_DAY)
#define SEEN_EVERY   (5 * MOMENT_MINUTE)

/* --- cookies ---------------------------------------------------------------------------------------------------------- */

/* The session's cookie: bound to host and TLS where there is TLS. */
static const char *session_cookie(const struct web *w) { return w->rq->secure ? "__Host-pedel" : "pedel"; }
/* What a stranger's forms are held against; it says nothing of who that is. */
static const char *form_cookie(const struct web *w) { return w->rq->secure ? "__Host-pedel-form" : "pedel-form"; }

const char *web_cookie(const struct web *w, const char *name)
{
	const char *s = http_header(w->rq, "cookie");
	size_t n = strlen(name);

	while (s && *s) {
		s += strspn(s, " ;");
		if (strncmp(s, name, n) == 0 && s[n] == '=')
			return arena_dupn(w->a, s + n + 1, strcspn(s + n + 1, ";"));
		s += strcspn(s, ";");
	}
	return NULL;
}

void web_set_cookie(struct web *w, const char *name, const char *value, int64_t seconds, bool http_only)
{
	http_add_header(w->rq, w->rs, "Set-Cookie", arena_printf(w->a, "%s=%s; Path=/; Max-Age=%lld; SameSite=Lax%s%s", name, value, (long long)seconds,
		http_only ? "; HttpOnly" : "", w->rq->secure ? "; Secure" : ""));
}

/* --- the form token --------------------------------------------------------------------------------------------------- */

enum { CSRF_BYTES = 16 };

const char *csrf_mask(struct arena *a, const char *secret)
{
	uint8_t out[2 * CSRF_BYTES], raw[CSRF_BYTES];

	if (!hash_unhex(secret, raw, sizeof raw))
		return "";
	os_random(out, CSRF_BYTES);
	for (int i = 0; i < CSRF_BYTES; i++)
		out[CSRF_BYTES + i] = out[i] ^ raw[i];
	return hash_hex(a, out, sizeof out);
}

bool csrf_fits(const char *secret, const char *given)
{
	uint8_t raw[CSRF_BYTES], in[2 * CSRF_BYTES];

	if (!hash_unhex(secret, raw, sizeof raw) || !hash_unhex(given, in, sizeof in))
		return false;
	for (int i = 0; i < CSRF_BYTES; i++)
		in[i] ^= in[CSRF_BYTES + i];
	return hash_same(in, raw, CSRF_BYTES);
}

/* --- sessions ---------------------------------------------------------------------------------------------------------- */

struct seen_job { uint8_t hash[32]; int64_t now, id; };

static int seen_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct seen_job *j = arg;

	return session_seen(w, j->hash, j->now, e);
}

static int used_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct seen_job *j = arg;

	return token_used(w, j->id, j->now, e);
}

void web_token_was_used(struct web *w, int64_t id)
{
	struct seen_job j = { .id = id, .now = w->now };
	struct err e;

	if (db_write(w->app->db, used_job, &j, &e) != 0)
		log_err("token use not noted", &e);
}

/* Who is nobody: a cookie that leads nowhere is cleared with the answer, and a form's token is held against a cookie of its own. */
static int nobody(struct web *w, bool stale)
{
	const char *form = web_cookie(w, form_cookie(w));
	uint8_t raw[CSRF_BYTES];

	w->own->stale = stale;
	if (form && hash_unhex(form, raw, sizeof raw))
		w->own->csrf_secret = form;
	return 0;
}

const char *web_form_token(struct web *w)
{
	uint8_t raw[CSRF_BYTES];

	if (*w->csrf || w->api)
		return w->csrf;
	if (!w->own->csrf_secret) {
		os_random(raw, sizeof raw);
		w->own->csrf_secret = hash_hex(w->a, raw, sizeof raw);
	}
	web_set_cookie(w, form_cookie(w), w->own->csrf_secret, FORM_LIFE / MOMENT_SECOND, true);
	return w->csrf = csrf_mask(w->a, w->own->csrf_secret);
}

bool web_session_is_over(const struct web *w) { return w->own->stale; }

void web_session_clear(struct web *w)
{
	if (w->own->stale)
		web_set_cookie(w, session_cookie(w), "", 0, true);
}

int web_session_find(struct web *w, struct err *e)
{
	const char *cookie = web_cookie(w, session_cookie(w));
	struct session *s = ARENA_NEW(w->a, struct session);
	struct session_who who;
	uint8_t hash[32];

	if (!cookie || !secret_hash(cookie, hash))
		return nobody(w, cookie != NULL);
	if (session_find(w->db, w->a, hash, w->now, STAFF_IDLE, CONTACT_IDLE, s, &who, e) != 0)
		return e->id == E_NOT_FOUND ? nobody(w, true) : -1;
	w->who = (struct actor){ .role = role_by_name(who.role), .person = who.person, .id = who.id, .customer_id = who.customer_id, .name = who.name };
	if (!(w->who.role & (who.person ? ROLE_STAFF : ROLE_CUSTOMER))) {
		w->who = (struct actor){ .role = ROLE_NOBODY, .name = "" };
		return nobody(w, true);
	}
	w->lang = strcmp(who.lang, "en") == 0 ? LANG_EN : LANG_DA;
	w->theme = who.theme;
	w->rail.keys = who.keys_on;
	web_until(w, s->expires_at);
	web_until(w, s->seen_at + (who.person ? STAFF_IDLE : CONTACT_IDLE));
	web_until(w, s->seen_at + SEEN_EVERY);          /* then it must be noted that they are still here */
	w->own->session = s;
	w->own->csrf_secret = s->csrf;
	w->csrf = csrf_mask(w->a, s->csrf);
	if (s->seen_at + SEEN_EVERY < w->now) {
		struct seen_job j = { .now = w->now };

		memcpy(j.hash, hash, 32);
		if (db_write(w->app->db, seen_job, &j, e) != 0)
			log_err("session not kept awake", e);
	}
	return 0;
}

struct signin_job {
	struct session s;
	const uint8_t *old;
	const struct web_signer *who;
	int64_t now;
};

/* Checking a password takes a tenth of a second, in which somebody can leave or choose another one. */
static int still_theirs(struct db_conn *w, struct arena *a, const struct web_signer *who, struct err *e)
{
	struct person p = { 0 };
	struct contact k = { 0 };
	const char *hash;

	if ((who->person ? store_person_get(w, a, who->id, &p, e) : store_contact_get(w, a, who->customer_id, who->id, &k, e)) != 0)
		return e->id == E_NOT_FOUND ? FAIL(e, E_SIGNIN_WRONG, "gone meanwhile") : -1;
	hash = who->person ? p.password_hash : k.password_hash;
	if (!(who->person ? p.active : k.active) || (who->hash && !text_eq(hash, who->hash)))
		return FAIL(e, E_SIGNIN_WRONG, "not what was checked any more");
	if (!who->rehash)
		return 0;
	return who->person ? store_person_set_password(w, who->id, who->rehash, e) : store_contact_set_password(w, who->customer_id, who->id, who->rehash, e);
}

static int signin_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct signin_job *j = arg;

	if (still_theirs(w, a, j->who, e) != 0 || (j->old && session_drop(w, j->old, e) != 0) || session_sweep(w, j->now, e) != 0 ||
	    session_add(w, &j->s, e) != 0)
		return -1;
	return signin_log_add(w, j->now, j->s.who_kind, j->s.who_id, j->who->name, j->s.address, j->s.agent, j->who->outcome, e);
}

static const char *agent(const struct web *w)
{
	const char *s = http_header(w->rq, "user-agent");

	return s ? text_line(w->a, text_repair(w->a, s, strlen(s)), 200) : "";
}

int web_sign_in(struct web *w, const struct web_signer *who, struct err *e)
{
	int64_t life = who->person ? STAFF_LIFE : CONTACT_LIFE;
	uint8_t random[CSRF_BYTES];
	struct signin_job j = { .now = w->now, .who = who, .old = w->own->session ? w->own->session->hash : NULL };
	const char *cookie;

	os_random(random, sizeof random);
	j.s = (struct session){ .who_kind = who->person ? "person" : "contact", .who_id = who->id, .customer_id = who->customer_id, .csrf = hash_hex(w->a, random, sizeof random),
		.created_at = w->now, .seen_at = w->now, .expires_at = w->now + life, .address = w->rq->address, .agent = agent(w) };
	cookie = secret_make(w->a, false, j.s.hash);
	if (db_write(w->app->db, signin_job, &j, e) != 0)
		return -1;
	w->own->stale = false;                  /* it is on disk: whatever comes now, its cookie is given */
	web_set_cookie(w, session_cookie(w), cookie, life / MOMENT_SECOND, true);
	return web_refresh(w, e);
}

struct signout_job { const uint8_t *hash; const char *kind, *name, *address, *agent, *outcome; int64_t id, now; };

static int signout_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct signout_job *j = arg;

	if (j->hash && session_drop(w, j->hash, e) != 0)
		return -1;
	return signin_log_add(w, j->now, j->kind, j->id, j->name, j->address, j->agent, j->outcome, e);
}

int web_sign_out(struct web *w, struct err *e)
{
	if (w->own->session) {
		struct signout_job j = { w->own->session->hash, w->own->session->who_kind, w->who.name, w->rq->address, agent(w), "signout", w->who.id, w->now };

		if (web_write(w, signout_job, &j, e) != 0)
			return -1;
	}
	w->own->stale = false;
	web_set_cookie(w, session_cookie(w), "", 0, true);
	http_add_header(w->rq, w->rs, "Clear-Site-Data", "\"cache\"");
	return 0;
}

int web_signin_note(struct web *w, const char *who_kind, int64_t who_id, const char *name, const char *outcome, struct err *e)
{
	struct signout_job j = { NULL, who_kind, text_line(w->a, name, 120), w->rq->address, agent(w), outcome, who_id, w->now };

	return web_write(w, signout_job, &j, e);
}

/* --- guessing -------------------------------------------------------------------------------------------------------- */

enum { KNOWN_BYTES = 16 };
#define KNOWN_LIFE (365 * MOMENT_DAY)

static const char *known_cookie(const struct web *w) { return w->rq->secure ? "__Host-pedel-known" : "pedel-known"; }
static const char *known_place(struct web *w, const char *account) { return arena_printf(w->a, "known:%s", account); }

const char *web_known_door(struct web *w, const char *account)
{
	const char *hex = web_cookie(w, known_cookie(w));
	size_t n = hex ? strlen(hex) / 2 : 0;
	uint8_t raw[128];
	struct db_bytes number;

	if (!hex || n > sizeof raw || !hash_unhex(hex, raw, n) || !guard_open(w->app->guard, w->a, known_place(w, account), (struct db_bytes){ raw, n }, &number))
		return NULL;
	return hash_hex(w->a, number.p, number.n);
}

void web_known_remember(struct web *w, const char *account)
{
	uint8_t number[KNOWN_BYTES];
	struct db_bytes sealed;

	if (web_known_door(w, account))
		return;
	os_random(number, sizeof number);
	sealed = guard_seal(w->app->guard, w->a, known_place(w, account), number, sizeof number);
	web_set_cookie(w, known_cookie(w), hash_hex(w->a, sealed.p, sealed.n), KNOWN_LIFE / MOMENT_SECOND, true);
}

/* An IPv6 customer owns a whole /64, so that counts as one address. */
static const char *neighbourhood(const struct web *w)
{
	struct in6_addr a;
	char text[INET6_ADDRSTRLEN];

	if (inet_pton(AF_INET6, w->rq->address, &a) != 1 || IN6_IS_ADDR_V4MAPPED(&a))
		return w->rq->address;
	memset(a.s6_addr + 8, 0, 8);
	return arena_dup(w->a, inet_ntop(AF_INET6, &a, text, sizeof text));
}

int web_slow_address(struct web *w, const char *what, int burst, int64_t each_us, struct err *e)
{
	return web_slow_down(w, what, neighbourhood(w), burst, each_us, e);
}

int web_slow_down(struct web *w, const char *what, const char *key, int burst, int64_t each_us, struct err *e)
{
	return w->app->guard ? guard_slow_down(w->app->guard, what, key, burst, each_us, os_steady_us(), e) : 0;
}

void web_forgive(struct web *w, const char *what, const char *key, int64_t each_us)
{
	if (w->app->guard)
		guard_forgive(w->app->guard, what, key, each_us, os_steady_us());
}
