/* passkey.h - making, removing and signing in with a passkey.  
 * Ownership: the request's arena.  Errors: none here.  Units: none.  Threads: the request's.  Source: W3C Web Authentication Level 2. */
#ifndef PEDEL_PAGES_PASSKEY_H
#define PEDEL_PAGES_PASSKEY_H
#include "store/passkey.h"
#include "web/web.h"

struct passkey_new { const char *name, *options; };     /* options: JSON for navigator.credentials.create() */
struct passkey_remove { const char *name, *address, *back, *parent, *menu; bool has_password; };
bool passkey_possible(struct web *w);                   /* browsers allow passkeys at this address */
void passkey_said(struct web *w);
void passkey_new_form(struct web *w, const struct passkey_new *v);
void passkey_new_page(struct web *w, const struct passkey_new *v);
void passkey_row(struct web *w, const struct passkey *p, const char *address);
void passkey_remove_form(struct web *w, const struct passkey_remove *v);
void passkey_remove_page(struct web *w, const struct passkey_remove *v);
void passkey_list_part(struct web *w, const struct passkey *list, int n, bool has_password);
/* Somebody else's, for an administrator: address is that of their page. Nothing when there are none. */
void passkey_others_part(struct web *w, const struct passkey *list, int n, const char *address);
void passkey_signin_part(struct web *w, const char *next);
extern const struct web_route passkey_routes[];
#endif
