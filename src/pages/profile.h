/* profile.h - one's own settings, password, second step and sign-in log.  
 * Ownership: the request's arena.  Errors: profile_show: what reading gives.  Units: us.  Threads: the request's.  Source: ui.md. */
#ifndef PEDEL_PAGES_PROFILE_H
#define PEDEL_PAGES_PROFILE_H
#include "store/passkey.h"
#include "store/session.h"
#include "web/web.h"

struct profile_view {
	const char *lang, *theme, *done;
	bool keys_on, has_password, totp_on;
	int64_t codes_left;
	const struct signin *log; int nlog;
	const struct session *sessions; int nsessions;
	struct passkey *passkeys; int npasskeys;
};
struct profile_totp { const char *secret, *sealed, *uri; const unsigned char *dots; int width; bool has_password; };
void profile_forms(struct web *w, const struct profile_view *v);
void profile_key(struct web *w, const char *what, const char *a, const char *b);
void profile_page(struct web *w, const struct profile_view *v);
void profile_totp_page(struct web *w, const struct profile_totp *v);
void profile_codes_page(struct web *w, const char *const *codes, int n);
void profile_keys_page(struct web *w);
const char *profile_outcome(const struct web *w, const char *outcome);
void profile_qr(struct web *w, const struct profile_totp *v);
int profile_show(struct web *w, const char *done, struct err *e);      /* the page, with what is wrong with a form of it */
int profile_has_password(struct web *w, bool *has, struct err *e);
/* The present password, when there is one, stands in this field; wrong is noted as the field's error. */
int profile_confirm(struct web *w, const char *field, struct err *e);
/* Before a form comes back with something wrong: a password that was given in this field is not shown again, so that is said there too. */
void profile_again(struct web *w, const char *field);
extern const struct web_route profile_routes[];
#endif
