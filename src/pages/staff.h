/* staff.h - the provider's people, API tokens and the installation's settings: for administrators.
 * Ownership: the request's arena.  Errors: none here.  Units: us.  Threads: the request's.  Source: ui.md; docs/settings.md. */
#ifndef PEDEL_PAGES_STAFF_H
#define PEDEL_PAGES_STAFF_H
#include "store/passkey.h"
#include "store/person.h"
#include "store/session.h"
#include "web/ui.h"
#include "web/web.h"

struct staff_view { const struct person *p; int n; const char *done; };
struct staff_form { const struct person *p; const struct passkey *keys; int nkeys; const char *done; };
struct token_view { const struct api_token *t; int n; const struct person *people; int npeople; const char *fresh; };
struct setting_row { const char *key, *name, *label, *hint, *value; const struct ui_choice *choices; /* NULL: typed */ };
struct settings_view { const struct setting_row *row; int n; const char *done; };
void settings_tabs(struct web *w, const char *tab);
void settings_page(struct web *w, const struct settings_view *v);
void staff_page(struct web *w, const struct staff_view *v);
void staff_form_page(struct web *w, const struct staff_form *v);
void tokens_page(struct web *w, const struct token_view *v);
#define SCOPES_ALL "*"
#define SCOPES_TICKETS "tickets:read tickets:write customers:read"
#define SCOPES_READ "tickets:read customers:read agreements:read time:read promises:read"
const char *staff_scopes_word(const struct web *w, const char *scopes);         /* what the page offers has a name; the rest is said as it is */
const char *staff_role_word(const struct web *w, const char *role);
const char *staff_name_of(const struct token_view *v, int64_t id);
extern const struct web_route staff_routes[];
#endif
