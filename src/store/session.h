/* session.h - who is signed in, one-time links, and the log of attempts. Only hashes of secrets are stored.
 *
 * Ownership:  texts in the arena given.   Errors: E_DB; E_NOT_FOUND, E_LINK_SPENT where it says so.
 * Units:      moments in us.   Threads: writing functions only inside a db_write() job.   Source: foundation facts, section 5. */
#ifndef PEDEL_STORE_SESSION_H
#define PEDEL_STORE_SESSION_H
#include <stdbool.h>
#include <stdint.h>
#include "store/db.h"

struct session {
	uint8_t hash[32];               /* SHA-256 of the cookie's value */
	const char *who_kind;           /* "person" | "contact" */
	int64_t who_id, customer_id;    /* customer_id: a contact's; 0 for a person */
	const char *csrf;
	int64_t created_at, seen_at, expires_at;
	const char *address, *agent;
};
/* Who a session or a token belongs to, as the web needs it. */
struct session_who {
	int64_t id, customer_id;
	const char *name, *role, *lang, *theme;
	bool person, keys_on;
};
int session_add(struct db_conn *w, const struct session *s, struct err *e);
/* E_NOT_FOUND when there is none, it has expired, was idle too long, or its owner is not active any more. */
int session_find(struct db_conn *c, struct arena *a, const uint8_t hash[32], int64_t now, int64_t idle_person_us, int64_t idle_contact_us,
	struct session *s, struct session_who *who, struct err *e);
int session_seen(struct db_conn *w, const uint8_t hash[32], int64_t now, struct err *e);
int session_drop(struct db_conn *w, const uint8_t hash[32], struct err *e);
/* Signed out everywhere but there (NULL: nowhere), and links that were mailed and not used are void. */
int session_drop_all(struct db_conn *w, const char *who_kind, int64_t who_id, const uint8_t *but, struct err *e);
int session_list(struct db_conn *c, struct arena *a, const char *who_kind, int64_t who_id, int64_t now, struct session **out, int *n, struct err *e);
int session_sweep(struct db_conn *w, int64_t now, struct err *e);      /* forget what has expired: sessions and links */

int signin_link_add(struct db_conn *w, const uint8_t hash[32], int64_t customer_id, int64_t contact_id, int64_t now, int64_t expires_at, struct err *e);
int signin_link_find(struct db_conn *c, const uint8_t hash[32], int64_t now, int64_t *customer_id, int64_t *contact_id, struct err *e); /* E_LINK_SPENT */
int signin_link_use(struct db_conn *w, const uint8_t hash[32], int64_t now, int64_t *customer_id, int64_t *contact_id, struct err *e);  /* E_LINK_SPENT; once only */

int signin_link_drop(struct db_conn *w, int64_t contact_id, struct err *e);     /* all of that person */

struct signin { int64_t id, at; const char *name, *address, *agent, *outcome; };
int signin_log_add(struct db_conn *w, int64_t at, const char *who_kind, int64_t who_id, const char *name, const char *address, const char *agent,
	const char *outcome, struct err *e);
int signin_log_list(struct db_conn *c, struct arena *a, const char *who_kind, int64_t who_id, int limit, struct signin **out, int *n, struct err *e);

struct api_token { int64_t id, person_id; const char *name, *scopes; int64_t created_at, used_at, revoked_at; };
int token_add(struct db_conn *w, int64_t person_id, const char *name, const uint8_t hash[32], const char *scopes, int64_t now, int64_t *id, struct err *e);
int token_find(struct db_conn *c, struct arena *a, const uint8_t hash[32], struct api_token *t, struct session_who *who, struct err *e); /* E_TOKEN_INVALID */
int token_used(struct db_conn *w, int64_t id, int64_t now, struct err *e);
int token_revoke(struct db_conn *w, int64_t id, int64_t now, struct err *e);    /* E_NOT_FOUND */
int token_list(struct db_conn *c, struct arena *a, struct api_token **out, int *n, struct err *e);      /* newest first */
#endif
