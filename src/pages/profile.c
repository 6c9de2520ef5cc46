#include "pages/profile.h"
#include <qrencode.h>
#include <string.h>
#include "base/hash.h"
#include "base/moment.h"
#include "base/text.h"
#include "core/customer.h"
#include "core/staff.h"
#include "core/tell.h"
#include "web/dispatch.h"
#include "web/escape.h"
#include "web/guard.h"
#include "web/ui.h"

enum { SECRET_BYTES = 20, CODES = 10 };

const char *profile_outcome(const struct web *w, const char *outcome)
{
	static const struct { const char *key, *text; } all[] = { { "ok", N_("Signed in") }, { "wrong", N_("Wrong password") },
		{ "totp_wrong", N_("Wrong code") }, { "link_sent", N_("Link sent") }, { "link_ok", N_("Signed in by link") },
		{ "passkey_ok", N_("Signed in by passkey") }, { "passkey_wrong", N_("Wrong passkey") },
		{ "passkey_count", N_("The passkey may have been copied") }, { "signout", N_("Signed out") } };

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (strcmp(all[i].key, outcome) == 0)
			return tr(w->lang, all[i].text);
	return outcome;
}

/* The QR code as one path: a picture that the content policy allows. */
void profile_qr(struct web *w, const struct profile_totp *v)
{
	buf_printf(&w->out, "<svg class=\"qr\" viewBox=\"-2 -2 %d %d\" role=\"img\" aria-label=\"", v->width + 4, v->width + 4);
	esc_text(&w->out, _("QR code with the key"));
	buf_adds(&w->out, "\"><path d=\"");
	for (int y = 0; y < v->width; y++)
		for (int x = 0; x < v->width; x++)
			if (v->dots[y * v->width + x] & 1)
				buf_printf(&w->out, "M%d %dh1v1h-1z", x, y);
	buf_adds(&w->out, "\"/></svg>");
}

int profile_show(struct web *w, const char *done, struct err *e)
{
	struct profile_view v = { .done = done };
	struct signin *log;
	struct session *sessions;

	if (w->who.person) {
		struct person p;

		if (store_person_get(w->db, w->a, w->who.id, &p, e) != 0 || store_recovery_left(w->db, p.id, &v.codes_left, e) != 0)
			return -1;
		v.lang = p.lang;
		v.theme = p.theme;
		v.keys_on = p.keys_on;
		v.has_password = p.password_hash != NULL;
		v.totp_on = p.totp_sealed.n > 0;
	} else {
		struct contact k;

		if (store_contact_get(w->db, w->a, w->who.customer_id, w->who.id, &k, e) != 0)
			return -1;
		v.lang = k.lang;
		v.theme = k.theme;
		v.has_password = k.password_hash != NULL;
	}
	if (signin_log_list(w->db, w->a, w->who.person ? "person" : "contact", w->who.id, 20, &log, &v.nlog, e) != 0 ||
	    session_list(w->db, w->a, w->who.person ? "person" : "contact", w->who.id, w->now, &sessions, &v.nsessions, e) != 0)
		return -1;
	if (store_passkey_list(w->db, w->a, w->who.person ? "person" : "contact", w->who.id, &v.passkeys, &v.npasskeys, e) != 0)
		return -1;
	v.log = log;
	v.sessions = sessions;
	profile_page(w, &v);
	return 0;
}

static int profile_get(struct web *w, struct err *e)
{
	const char *done = web_query(w, "done");

	return profile_show(w, !done ? NULL : strcmp(done, "password") == 0 ? _("The password is changed, and you are signed out everywhere else.")
		: strcmp(done, "others") == 0 ? _("You are signed out everywhere else.") : strcmp(done, "passkey") == 0 ? _("The passkey is made. Next time you can sign in with it.")
		: strcmp(done, "nokey") == 0 ? _("The passkey is removed.") : strcmp(done, "off") == 0 ? _("Two steps are off.") : _("Saved."), e);
}

struct look_job { struct actor who; int64_t now; const char *lang, *theme; bool keys; };

static int look_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct look_job *j = arg;

	if (j->who.person) {
		struct person p;

		if (store_person_get(w, a, j->who.id, &p, e) != 0)
			return -1;
		p.lang = j->lang;
		p.theme = j->theme;
		p.keys_on = j->keys;
		return store_person_set(w, &p, e);
	}
	struct contact k;

	if (store_contact_get(w, a, j->who.customer_id, j->who.id, &k, e) != 0)
		return -1;
	k.lang = j->lang;
	k.theme = j->theme;
	return store_contact_set(w, &k, e);
}

static bool one_of(const char *s, const char *a, const char *b, const char *c)
{
	return s && (strcmp(s, a) == 0 || strcmp(s, b) == 0 || (c && strcmp(s, c) == 0));
}

static int profile_post(struct web *w, struct err *e)
{
	struct look_job j = { .who = w->who, .now = w->now, .lang = web_field(w, "language"), .theme = web_field(w, "theme"), .keys = web_field(w, "keys") != NULL };
	struct err what;

	if (!one_of(j.lang, "da", "en", NULL)) {
		FAIL_FIELD(&what, E_CHOICE_INVALID, "language", "%.20s", j.lang ? j.lang : "");
		web_wrong(w, &what);
	}
	if (!one_of(j.theme, "auto", "light", "dark")) {
		FAIL_FIELD(&what, E_CHOICE_INVALID, "theme", "%.20s", j.theme ? j.theme : "");
		web_wrong(w, &what);
	}
	if (w->nerrors)
		return profile_show(w, NULL, e);
	if (web_write(w, look_job, &j, e) != 0)
		return -1;
	return web_redirect(w, "/profile?done=saved");
}

/* --- password ----------------------------------------------------------------------------------------------------------- */

static int own_hash(struct web *w, const char **hash, struct err *e)
{
	struct person p;
	struct contact k;

	if (w->who.person) {
		if (store_person_get(w->db, w->a, w->who.id, &p, e) != 0)
			return -1;
		*hash = p.password_hash;
		return 0;
	}
	if (store_contact_get(w->db, w->a, w->who.customer_id, w->who.id, &k, e) != 0)
		return -1;
	*hash = k.password_hash;
	return 0;
}

/* Is it really them at the keyboard? Wrong is noted as the field's error. */
static int confirm(struct web *w, const char *hash, const char *field, struct err *e)
{
	const char *given = web_field(w, field), *who = arena_printf(w->a, "%d:%lld", w->who.person, (long long)w->who.id);
	struct err what;
	bool fits;

	if (text_blank(given)) {        /* forgotten, not guessed */
		FAIL_FIELD(&what, E_REQUIRED, field, "own password");
		web_wrong(w, &what);
		return 0;
	}
	if (web_slow_down(w, "confirm", who, 10, 30 * MOMENT_SECOND, e) != 0 ||
	    guard_password_fits(w->app->guard, hash, given, &fits, e) != 0)
		return -1;
	if (fits) {
		web_forgive(w, "confirm", who, 30 * MOMENT_SECOND);     /* only guesses are counted: ten colleagues may be added in a row */
	} else {
		FAIL_FIELD(&what, E_PASSWORD_WRONG, field, "wrong");
		web_wrong(w, &what);
	}
	return 0;
}

int profile_has_password(struct web *w, bool *has, struct err *e)
{
	const char *hash;

	if (own_hash(w, &hash, e) != 0)
		return -1;
	*has = hash != NULL;
	return 0;
}

int profile_confirm(struct web *w, const char *field, struct err *e)
{
	const char *hash;

	if (own_hash(w, &hash, e) != 0)
		return -1;
	return hash ? confirm(w, hash, field, e) : 0;
}

/* A conflict by its kind: it stops nothing by itself, so a form that comes back because of others keeps its 409. */
void profile_again(struct web *w, const char *field)
{
	const char *given = web_field(w, field);
	struct err what;

	if (!w->nerrors || !given || !*given || web_wrong_text(w, field))
		return;
	FAIL_FIELD(&what, E_PASSWORD_AGAIN, field, "not shown again");
	web_wrong(w, &what);
}

struct password_job { struct actor who; int64_t now; const char *hash, *old; const uint8_t *session; };

static int still(struct db_conn *w, struct arena *a, const struct password_job *j, struct err *e)
{
	struct person p = { 0 };
	struct contact k = { 0 };
	const char *now;

	if ((j->who.person ? store_person_get(w, a, j->who.id, &p, e) : store_contact_get(w, a, j->who.customer_id, j->who.id, &k, e)) != 0)
		return -1;
	now = j->who.person ? p.password_hash : k.password_hash;
	return now == j->old || (now && j->old && strcmp(now, j->old) == 0) ? 0 : FAIL(e, E_CHANGED, "the password that was confirmed");
}

static int password_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct password_job *j = arg;

	if (j->hash && still(w, a, j, e) != 0)
		return -1;      /* of two at the same moment one wins, and the other is signed out by it */
	if (j->hash && (j->who.person ? staff_password(w, a, &j->who, j->now, j->who.id, j->hash, e)
			: store_contact_set_password(w, j->who.customer_id, j->who.id, j->hash, e)) != 0)
		return -1;
	return session_drop_all(w, j->who.person ? "person" : "contact", j->who.id, j->session, e);
}

static int password_post(struct web *w, struct err *e)
{
	const char *password = web_field(w, "password");
	struct password_job j = { .who = w->who, .now = w->now, .session = w->own->session ? w->own->session->hash : NULL };
	struct err what;

	if (own_hash(w, &j.old, e) != 0)
		return -1;
	if (j.old && confirm(w, j.old, "current", e) != 0)
		return -1;
	if (guard_password_check(password, "password", &what) != 0)
		web_wrong(w, &what);
	if (w->nerrors) {
		profile_again(w, "password");
		return profile_show(w, NULL, e);
	}
	if (guard_password_hash(w->app->guard, w->a, password, &j.hash, e) != 0 || web_write(w, password_job, &j, e) != 0)
		return -1;
	return web_redirect(w, "/profile?done=password");
}

static int others_post(struct web *w, struct err *e)
{
	struct password_job j = { .who = w->who, .now = w->now, .session = w->own->session ? w->own->session->hash : NULL };

	if (web_write(w, password_job, &j, e) != 0)
		return -1;
	return web_redirect(w, "/profile?done=others");
}

/* --- two steps ---------------------------------------------------------------------------------------------------------- */

static const char *enrol_place(struct web *w) { return arena_printf(w->a, "person:%lld:enrol", (long long)w->who.id); }

/* The secret travels sealed in the form until the first code proves that the app has it. */
static int totp_show(struct web *w, const uint8_t secret[SECRET_BYTES], struct err *e)
{
	struct profile_totp v = { .secret = totp_base32(w->a, secret, SECRET_BYTES) };
	struct db_bytes sealed = guard_seal(w->app->guard, w->a, enrol_place(w), secret, SECRET_BYTES);
	struct buf uri;
	QRcode *qr;

	if (profile_has_password(w, &v.has_password, e) != 0)
		return -1;
	buf_init(&uri, w->a, 1024);
	buf_adds(&uri, "otpauth://totp/");
	esc_url_part(&uri, w->provider.name);
	buf_addc(&uri, ':');
	esc_url_part(&uri, w->who.name);
	buf_printf(&uri, "?secret=%s&issuer=", v.secret);
	esc_url_part(&uri, w->provider.name);
	v.sealed = hash_hex(w->a, sealed.p, sealed.n);
	v.uri = buf_text(&uri);
	qr = QRcode_encodeString(v.uri, 0, QR_ECLEVEL_M, QR_MODE_8, 1);
	if (!qr)
		return FAIL(e, E_BUG, "QR code of %zu bytes", strlen(v.uri));
	v.width = qr->width;
	v.dots = arena_copy(w->a, qr->data, (size_t)qr->width * (size_t)qr->width);
	QRcode_free(qr);
	profile_totp_page(w, &v);
	return 0;
}

static int totp_get(struct web *w, struct err *e)
{
	uint8_t secret[SECRET_BYTES];
	struct person p;

	if (store_person_get(w->db, w->a, w->who.id, &p, e) != 0)
		return -1;
	if (p.totp_sealed.n)
		return web_redirect(w, "/profile");
	totp_secret(secret, sizeof secret);
	return totp_show(w, secret, e);
}

struct totp_job { struct actor who; int64_t now; const void *sealed; size_t n; int64_t step; uint8_t codes[CODES][32]; };

static int totp_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct totp_job *j = arg;
	struct person p;

	/* a second step is only taken off with the password: somebody at an open browser must not put their own in its place */
	if (store_person_get(w, a, j->who.id, &p, e) != 0 || (j->n && p.totp_sealed.n && FAIL(e, E_CHANGED, "two steps are on")))
		return -1;
	if (store_person_set_totp(w, j->who.id, j->sealed, j->n, j->step, e) != 0)
		return -1;
	if (store_recovery_set(w, j->who.id, j->codes, j->n ? CODES : 0, e) != 0)
		return -1;
	return tell_event(w, a, &j->who, j->now, 0, "person", j->who.id, j->n ? "person.totp_on" : "person.totp_off", json_object(), e);
}

static int totp_post(struct web *w, struct err *e)
{
	const char *hex = web_field(w, "sealed"), *code = web_field(w, "code"), *codes[CODES];
	struct totp_job j = { .who = w->who, .now = w->now };
	struct db_bytes sealed, secret;
	uint8_t *raw;
	char *clean, *put;
	size_t n = hex ? strlen(hex) / 2 : 0;

	raw = arena_get(w->a, n + 1);
	sealed = (struct db_bytes){ raw, n };
	if (!hex || n > 200 || !hash_unhex(hex, raw, n) || !guard_open(w->app->guard, w->a, enrol_place(w), sealed, &secret) || secret.n != SECRET_BYTES)
		return FAIL(e, E_FORM_INVALID, "sealed secret");
	clean = put = arena_dup(w->a, code ? code : "");
	for (const char *s = clean; *s; s++)
		if (*s != ' ')
			*put++ = *s;
	*put = 0;
	/* who finds the browser open has a phone of their own */
	if (profile_confirm(w, "known", e) != 0)
		return -1;
	j.step = totp_step(secret.p, secret.n, clean, w->now);
	if (!j.step) {
		struct err what;

		FAIL_FIELD(&what, E_TOTP_WRONG, "code", "wrong");
		web_wrong(w, &what);
	}
	if (w->nerrors)
		return totp_show(w, secret.p, e);
	sealed = guard_seal(w->app->guard, w->a, arena_printf(w->a, "person:%lld:totp_sealed", (long long)w->who.id), secret.p, secret.n);
	j.sealed = sealed.p;
	j.n = sealed.n;
	for (int i = 0; i < CODES; i++)
		codes[i] = recovery_code(w->a, j.codes[i]);
	if (web_write(w, totp_job, &j, e) != 0)
		return -1;
	profile_codes_page(w, codes, CODES);
	return 0;
}

static int totp_off(struct web *w, struct err *e)
{
	struct totp_job j = { .who = w->who, .now = w->now };
	const char *hash;

	if (own_hash(w, &hash, e) != 0 || confirm(w, hash, "present", e) != 0)
		return -1;
	if (w->nerrors)
		return profile_show(w, NULL, e);
	if (web_write(w, totp_job, &j, e) != 0)
		return -1;
	return web_redirect(w, "/profile?done=off");
}

struct codes_job { struct actor who; int64_t now; uint8_t codes[CODES][32]; };

static int codes_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct codes_job *j = arg;
	struct person p;

	if (store_person_get(w, a, j->who.id, &p, e) != 0 || (!p.totp_sealed.n && FAIL(e, E_CHANGED, "two steps are off")))
		return -1;
	if (store_recovery_set(w, j->who.id, j->codes, CODES, e) != 0)
		return -1;
	return tell_event(w, a, &j->who, j->now, 0, "person", j->who.id, "person.recovery_codes", json_object(), e);
}

/* The old ones open nothing any more. */
static int codes_post(struct web *w, struct err *e)
{
	struct codes_job j = { .who = w->who, .now = w->now };
	const char *hash, *codes[CODES];

	if (own_hash(w, &hash, e) != 0 || confirm(w, hash, "present", e) != 0)
		return -1;
	if (w->nerrors)
		return profile_show(w, NULL, e);
	for (int i = 0; i < CODES; i++)
		codes[i] = recovery_code(w->a, j.codes[i]);
	if (web_write(w, codes_job, &j, e) != 0)
		return -1;
	profile_codes_page(w, codes, CODES);
	return 0;
}

static int keys_get(struct web *w, struct err *e)
{
	profile_keys_page(w);
	return 0;
}

const struct web_route profile_routes[] = {
	{ "GET", "/profile", ROLE_STAFF | ROLE_CUSTOMER, profile_get },
	{ "POST", "/profile", ROLE_STAFF | ROLE_CUSTOMER, profile_post },
	{ "POST", "/profile/password", ROLE_STAFF | ROLE_CUSTOMER, password_post },
	{ "POST", "/profile/others", ROLE_STAFF | ROLE_CUSTOMER, others_post },
	{ "GET", "/profile/totp", ROLE_STAFF, totp_get },
	{ "POST", "/profile/totp", ROLE_STAFF, totp_post },
	{ "POST", "/profile/totp/codes", ROLE_STAFF, codes_post },
	{ "POST", "/profile/totp/off", ROLE_STAFF, totp_off },
	{ "GET", "/console/keys", ROLE_STAFF, keys_get },
	{ 0 }
};
