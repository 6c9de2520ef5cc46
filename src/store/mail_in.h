/* mail_in.h - mails that have come in: taken over from the mail server, read later; and the Message-IDs that we know.
 *
 * Ownership:  texts in the arena given.   Errors: E_DB, E_NOT_FOUND.   Units: moments in us.
 * Threads:    writing functions only inside a db_write() job.   Source: RFC 2033; docs/mail.md. */
#ifndef PEDEL_STORE_MAIL_IN_H
#define PEDEL_STORE_MAIL_IN_H
#include <stdbool.h>
#include <stdint.h>
#include "store/db.h"

struct mail_in {
	int64_t id, received_at;
	const char *sha256;             /* the raw mail is the blob of this name */
	const char *sender;             /* envelope; "" is the null sender */
	const char *recipients;         /* envelope, sorted, one space between */
	const char *state;              /* waiting | done | duplicate */
	int64_t ticket_id, message_id;  /* what became of it; 0: nothing */
	const char *note, *content_sha256;
	int tries;
};
/* *again: the very same bytes of the same sender to the same recipients wait here already; nothing is added. What was read
 * already is added: store_mail_in_same() tells then whether it is the same mail. */
int store_mail_in_add(struct db_conn *w, struct mail_in *m, bool *again, struct err *e);
int store_mail_in_waiting(struct db_conn *c, struct arena *a, int limit, struct mail_in **out, int *n, struct err *e);    /* least tried, then oldest, first */
int store_mail_in_waits(struct db_conn *c, int64_t id, bool *waits, struct err *e);
int store_mail_in_set(struct db_conn *w, const struct mail_in *m, struct err *e);       /* state, ticket, message, note, content */
int store_mail_in_drop(struct db_conn *w, int64_t id, struct err *e);   /* the probe's: nothing of them is worth keeping */
int store_mail_in_tried(struct db_conn *w, int64_t id, const char *note, struct err *e);
/* An earlier mail of the same sender with the same content, received since then and already read. false: none. */
int store_mail_in_same(struct db_conn *c, int64_t id, const char *content_sha256, const char *sender, int64_t since, bool *found, struct err *e);
int store_mail_in_counts(struct db_conn *c, int64_t *waiting, int64_t *oldest_at, struct err *e);

/* Message-IDs, without <>, of mails in and out and of what they referred to. */
struct mail_ref { int64_t customer_id, ticket_id; };
int store_mail_ref_add(struct db_conn *w, const char *message_id, int64_t customer_id, int64_t ticket_id, int64_t message_row, struct err *e);
/* Newest first, at most 10; a ticket once. */
int store_mail_ref_find(struct db_conn *c, struct arena *a, const char *message_id, struct mail_ref **out, int *n, struct err *e);
#endif
