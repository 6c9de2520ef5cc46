/* outbox.h - mails to be sent: written in the same transaction as what caused them, sent at least once.
 *
 * Ownership:  texts in the arena given.   Errors: E_DB.   Units: moments in us.
 * Threads:    outbox_add only inside a db_write() job.    Source: RFC 5322, 3834; architecture, section 7. */
#ifndef PEDEL_STORE_OUTBOX_H
#define PEDEL_STORE_OUTBOX_H
#include <stdbool.h>
#include <stdint.h>
#include "store/db.h"

struct outmail {
	int64_t id, created_at;
	const char *kind;               /* "reply" "autoreply" "signin" "bank" "agreement" "need" ...: docs/mail.md lists them */
	int64_t customer_id, ticket_id, message_row;    /* 0: none */
	const char *sender;             /* "Name <address>"; NULL: the provider's desk */
	const char *recipient;          /* one address */
	const char *message_id;         /* without <>; NULL: made here, with the ticket's token when ticket_id is set */
	const char *subject, *body;     /* UTF-8 plain text */
	const char *body_html;          /* "" when there is none */
	const char *in_reply_to, *references;   /* ids without <>, space between; "" when there are none */
	bool automatic;                 /* Auto-Submitted: auto-replied or auto-generated; held back by the limits of facts/desk.md 3 */
	int tries; int64_t next_at; const char *error;
};
struct outfile { const char *name, *mime; int64_t bytes; const char *sha256; };

/* Automatic mail about a ticket: at most 3 an hour to one address; confirmations: 1 a day to a stranger, 30 to a contact.
 * Queues m (fills m->id and m->message_id). When an automatic mail is over its limits nothing is queued, m->id is 0. */
int outbox_add(struct db_conn *w, struct arena *a, struct outmail *m, struct err *e);
int outbox_due(struct db_conn *c, struct arena *a, int64_t now, int limit, struct outmail **out, int *n, struct err *e);
int outbox_sent(struct db_conn *w, int64_t id, int64_t now, struct err *e);
/* Takes back the mails of one kind about a ticket that are not due yet: nobody has seen them. */
int outbox_withdraw(struct db_conn *w, int64_t ticket_id, const char *kind, int64_t now, struct err *e);
int outbox_failed(struct db_conn *w, int64_t id, int64_t next_at, bool give_up, const char *why, struct err *e);
int outbox_next(struct db_conn *c, int64_t *at, struct err *e);         /* when the next one is due; MOMENT_NEVER: none waits */
/* Mails that the mail server has refused or not answered for: how many wait for it, since when, and its last word. */
struct outbox_stuck { int64_t n, since; const char *why; };
int outbox_stuck(struct db_conn *c, struct arena *a, struct outbox_stuck *out, struct err *e);
/* The files of a reply, with names of blobs. */
int outbox_files(struct db_conn *c, struct arena *a, const struct outmail *m, struct outfile **out, int *n, struct err *e);
int outbox_find(struct db_conn *c, struct arena *a, const char *message_id, struct outmail *out, struct err *e);  /* id, ticket, customer, recipient */

/* Message-IDs that prove themselves: t.TICKET.SERIAL.HMAC@domain. *number is 0 when it is not one of ours. */
int outbox_token(struct db_conn *w, struct arena *a, int64_t number, const char **token, struct err *e);
int outbox_token_read(struct db_conn *c, struct arena *a, const char *message_id, int64_t *number, struct err *e);
int outbox_domain(struct db_conn *c, struct arena *a, const char **domain, struct err *e);
int outbox_instance(struct db_conn *w, struct arena *a, const char **id, struct err *e);        /* tells our own mails when they come back */
#endif
