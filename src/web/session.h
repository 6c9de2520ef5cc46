/* session.h - who is signed in: cookies, the sessions they lead to, form tokens, and the doors of accounts. As rows: store/session.h.
 *
 * Ownership:  texts in the request's arena.
 * Errors:     E_SIGNIN_WRONG where it says so; E_DB and kin.
 * Units:      us; cookies' lives in seconds.   Threads: the request's.
 * Source:     foundation facts, section 5: 256 random bits, only their SHA-256 stored; 12 h / 60 min idle for staff, 30 d / 14 d for contacts. */
#ifndef PEDEL_WEB_SESSION_H
#define PEDEL_WEB_SESSION_H
#include "web/web.h"

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

/* The form token: the session's secret under a fresh mask each time, so that compression cannot leak it. */
const char *csrf_mask(struct arena *a, const char *secret);
/* A form's token: the session's; for a stranger one that a cookie of its own repeats (double submit), set with the page. */
const char *web_form_token(struct web *w);
bool web_session_is_over(const struct web *w);          /* a session cookie came, and leads nowhere */
void web_session_clear(struct web *w);                  /* takes a cookie back that leads to no session */
bool csrf_fits(const char *secret, const char *given);
#endif
