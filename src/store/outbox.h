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
/* Queues m (fills m->id and m->message_id). When an automatic mail is over its limits nothing is queued, m->id is 0. */
int outbox_add(struct db_conn *w, struct arena *a, struct outmail *m, struct err *e);
int outbox_due(struct db_conn *c, struct arena *a, int64_t now, int limit, struct outmail **out, int *n, struct err *e);
int outbox_sent(struct db_conn *w, int64_t id, int64_t now, struct err *e);
int outbox_failed(struct db_conn *w, int64_t id, int64_t next_at, bool give_up, const char *why, struct err *e);
#endif
