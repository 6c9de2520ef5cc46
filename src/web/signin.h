/* signin.h - the guard: bounded password work, rate limits, sealed secrets; and sessions in cookies.
 *
 * Ownership:  the guard is made once and ended after the server has stopped; texts in the request's arena.
 * Errors:     E_TOO_MANY, E_STOPPING, E_OS_CALL, E_DB and kin.
 * Units:      us, bytes.   Threads: any; password work runs on two threads of the guard's own, at most 32 wait.
 * Source:     foundation facts, section 5: 256 random bits, only their SHA-256 stored; 12 h / 60 min idle for staff, 30 d / 14 d for contacts. */
#ifndef PEDEL_WEB_SIGNIN_H
#define PEDEL_WEB_SIGNIN_H
#include "web/web.h"

struct web_guard;
int  guard_begin(struct web_guard **out, const char *data_folder, struct err *e);       /* reads DATA/keys/master.key */
void guard_end(struct web_guard *g);                    /* NULL is allowed */
/* hash NULL: nobody of that name; takes just as long and does not fit. */
int  guard_password_fits(struct web_guard *g, const char *hash, const char *password, bool *fits, struct err *e);
int  guard_password_hash(struct web_guard *g, struct arena *a, const char *password, const char **hash, struct err *e);
int  guard_password_check(const char *password, const char *field, struct err *e);      /* may it be chosen: E_PASSWORD_WEAK */
bool guard_password_stale(const char *hash);            /* made with other costs: hash it again */
int  guard_slow_down(struct web_guard *g, const char *what, const char *key, int burst, int64_t each_us, int64_t now, struct err *e);
/* Secrets at rest: XChaCha20-Poly1305 with the installation's key; `place` ("person:7:totp_sealed") is bound to it. */
struct db_bytes guard_seal(struct web_guard *g, struct arena *a, const char *place, const void *p, size_t n);
bool guard_open(struct web_guard *g, struct arena *a, const char *place, struct db_bytes sealed, struct db_bytes *out);

/* The cookie's session into w->who; nobody when there is none, or it has ended. */
int  web_session_find(struct web *w, struct err *e);
/* A new session for a person or contact, old cookie's session gone; writes the sign-in log. In the same transaction it is looked at once
 * more whether they are still here and their password is the one that fitted, for both may have changed meanwhile: E_SIGNIN_WRONG. */
struct web_signer {
	bool person;
	int64_t id, customer_id;
	const char *name, *outcome;
	const char *hash;               /* that the password fitted; NULL: it was something else that let them in */
	const char *rehash;             /* the same password at today's cost; NULL: it stays */
};
int  web_sign_in(struct web *w, const struct web_signer *who, struct err *e);
int  web_sign_out(struct web *w, struct err *e);
int  web_signin_note(struct web *w, const char *who_kind, int64_t who_id, const char *name, const char *outcome, struct err *e);
void web_token_was_used(struct web *w, int64_t id);     /* at most once an hour; a failure is not the caller's */
const char *web_cookie(const struct web *w, const char *name);
void web_set_cookie(struct web *w, const char *name, const char *value, int64_t seconds, bool http_only);
/* Guessing at an account from anywhere shuts it for a while. A browser in which it was signed in before has a door of its own, so that
 * strangers cannot keep its owner out: a sealed number in a cookie, which says nothing but "was right once". NULL: it has none. */
const char *web_known_door(struct web *w, const char *account);
void web_known_remember(struct web *w, const char *account);
void web_escape_query(struct buf *b, const char *s);

/* The form token: the session's secret under a fresh mask each time, so that compression cannot leak it. */
const char *csrf_mask(struct arena *a, const char *secret);
/* A form's token: the session's; for a stranger one that a cookie of its own repeats (double submit), set with the page. */
const char *web_form_token(struct web *w);
bool web_session_is_over(const struct web *w);          /* a session cookie came, and leads nowhere */
void web_session_clear(struct web *w);                  /* takes a cookie back that leads to no session */
bool csrf_fits(const char *secret, const char *given);

/* TOTP (RFC 6238, SHA-1, 6 digits, 30 s): the time step a code fits, allowing one step either side; 0 when none. */
int64_t totp_step(const void *secret, size_t n, const char *code, int64_t now);
void totp_secret(uint8_t *secret, size_t n);            /* a new one */
/* A code on paper, "1a2b-3c4d-..."; hash is of its form without hyphens. */
const char *recovery_code(struct arena *a, uint8_t hash[32]);
const char *totp_base32(struct arena *a, const void *secret, size_t n);
#endif
