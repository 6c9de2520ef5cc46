/* message.h - what was said in a ticket, and the files that came with it.
 *
 * Ownership:  texts in the arena given.   Errors: E_DB, E_NOT_FOUND.   Units: moments us, bytes.
 * Threads:    writing functions only inside a db_write() job.          Source: own design. */
#ifndef PEDEL_STORE_MESSAGE_H
#define PEDEL_STORE_MESSAGE_H
#include <stdbool.h>
#include <stdint.h>
#include "store/db.h"

struct attachment { int64_t id, customer_id, ticket_id, message_id; const char *name, *mime; int64_t bytes; const char *sha256, *content_id; };
struct message {
	int64_t id, customer_id, ticket_id, at;
	const char *author_kind;        /* person | contact | stranger | system */
	int64_t author_id;
	const char *author_name;
	const char *visibility;         /* public | internal */
	const char *channel;            /* portal | mail | api | console | phone | system */
	const char *body, *body_html;   /* html is sanitised; "" when there is none */
	int64_t quoted_from;            /* byte of body where the quoted tail starts; -1: none */
	const char *message_id, *auto_class, *raw_sha256;               /* of a mail; "" otherwise */
	const char *auth;               /* pass | fail (the sender's domain denies it) | none (nobody stands behind who it says it is) | "": not asked */
	struct attachment *files; int nfiles;   /* with lists; not written by store_message_add */
};
int store_message_add(struct db_conn *w, struct message *m, struct err *e);             /* fills id */
/* Oldest first, with files; those of tickets merged into it too. all false: public ones only. */
int store_message_list(struct db_conn *c, struct arena *a, int64_t ticket_id, bool all, struct message **out, int *n, struct err *e);
int store_message_get(struct db_conn *c, struct arena *a, int64_t ticket_id, int64_t id, struct message *out, struct err *e);
int store_message_move(struct db_conn *w, int64_t id, int64_t from_ticket, int64_t to_ticket, struct err *e);   /* with its files */
/* What a mail to one reader (address in lower case) refers to, newest first, at most 20: the public mails of a ticket that people
 * wrote, and ours to that reader. Never bounces, automatic mail or what only technicians see. */
struct message_id { const char *id; bool ours; };
int store_message_ids(struct db_conn *c, struct arena *a, int64_t ticket_id, const char *reader, struct message_id **out, int *n, struct err *e);

int store_attachment_add(struct db_conn *w, struct attachment *f, struct err *e);       /* fills id */
/* customer_id 0: any; public_only: not those of internal messages. */
int store_attachment_get(struct db_conn *c, struct arena *a, int64_t customer_id, int64_t id, bool public_only, struct attachment *out,
	struct err *e);
#endif
