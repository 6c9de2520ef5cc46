/* ticket.h - what may happen to a ticket. The only way in for portal, console, API and mail alike.
 *
 * Every function runs inside a db_write() job and leaves behind, in the same transaction: the rows, the events, the mails
 * to be sent, the search text, and the clocks' caches (sla.h).
 * Ownership:  results and everything read live in the job's arena.
 * Errors:     E_REQUIRED, E_TOO_LONG, E_TEXT_ENCODING, E_CHOICE_INVALID with field; E_NOT_FOUND (also for what the actor may
 *             not see); E_DENIED; E_CUSTOMER_INACTIVE; E_TICKET_CHANGED (detail: who changed what); E_TICKET_STATE; E_MERGE_*; E_DB and kin.
 * Units:      moments us.     Threads: the writer's job.     Source: own design; rules of docs/tickets.md. */
#ifndef PEDEL_CORE_TICKET_H
#define PEDEL_CORE_TICKET_H
#include "base/lang.h"
#include "base/moment.h"
#include "core/catalogue.h"
#include "core/role.h"
#include "core/sla.h"
#include "store/message.h"
#include "store/ticket.h"

/* What an operation needs to know beside the database. */
struct desk { const struct catalogue *catalogue; const char *origin; int64_t now; };    /* origin: for links in mails; NULL or "": there are none */

#define TICKET_SUBJECT_MAX 300
#define TICKET_TAKE_BACK_US (60 * MOMENT_SECOND)         /* so long the mails of "solved" and "yours" wait: taken back meanwhile, they are not sent */
#define TICKET_BODY_MAX (256 << 10)
struct ticket_file { const char *name, *mime, *sha256, *content_id; int64_t bytes; };    /* its bytes are in blobs already */
struct ticket_text {
	const char *body, *body_html;           /* plain text; html is sanitised, NULL: none */
	bool has_quote; int64_t quoted_from;    /* byte where the quoted tail starts */
	const char *message_id, *auto_class, *auth, *raw_sha256;        /* of a mail; NULL otherwise. auto_class: it is automatic */
	const struct ticket_file *files; int nfiles;
};
struct ticket_draft {
	int64_t customer_id, contact_id, owner_id;      /* 0: not placed, nobody */
	const char *from_name, *from_email;     /* of somebody who is no contact */
	const char *subject;                    /* blank: the first line of the body */
	const char *category, *type, *priority, *channel, *promise, *dedupe_key;        /* NULL: the usual ("api" for channel) */
	bool probe, quiet;                      /* quiet: no confirmation by mail */
	bool aside;                             /* no request for help: it never has clocks, and is no evidence of a promise */
	bool never_refused;                     /* of somebody whose company is no customer any more: placed with nobody, which is said on it */
	struct ticket_text text;
};
/* "" or a category that is in use; else E_CHOICE_INVALID, of a retired one E_CATEGORY_RETIRED. */
int ticket_category_check(struct db_conn *c, struct arena *a, const char *category, struct err *e);
/* With a dedupe_key that is taken by an open ticket, *out is that one and nothing is made. */
int ticket_create(struct db_conn *w, struct arena *a, const struct desk *d, const struct actor *who, const struct ticket_draft *f,
	struct ticket *out, struct err *e);

struct ticket_answer {
	int64_t ticket_id;
	const char *visibility, *channel;       /* NULL: public, api */
	struct ticket_text text;
	const char *then;                       /* state afterwards; NULL: what follows by itself */
	int64_t seen;                           /* the last public message the author had seen; 0: do not ask */
	int64_t last;                           /* the last message of any kind on the page it was written on; 0: not written on a page */
	bool admitted;                          /* the caller has decided that the author may speak here (mail) */
};
/* A ticket merged into another: the answer goes there. *out.ticket_id says where it went. */
int ticket_reply(struct db_conn *w, struct arena *a, const struct desk *d, const struct actor *who, const struct ticket_answer *r,
	struct message *out, struct err *e);

/* The same form sent twice: has the author said this already since r->last, with these files, and is the ticket in the state it was
 * given? Then *again, and *out is what was said. */
int ticket_reply_again(struct db_conn *w, struct arena *a, const struct actor *who, const struct ticket_answer *r, struct message *out, bool *again,
	struct err *e);

struct ticket_change {
	const char *subject, *category, *type, *priority, *state;       /* NULL: as it is */
	bool set_owner; int64_t owner_id;       /* 0: nobody */
	bool set_contact; int64_t contact_id;
	int version;                            /* the one that was looked at; 0: whatever it is now */
	bool quiet;                             /* solved without telling the requester */
};
/* Fields that somebody else changed since `version` are a conflict only when this changes them too. */
int ticket_change(struct db_conn *w, struct arena *a, const struct desk *d, const struct actor *who, int64_t id, const struct ticket_change *c,
	struct ticket *out, struct err *e);
int ticket_merge(struct db_conn *w, struct arena *a, const struct desk *d, const struct actor *who, int64_t from, int64_t into,
	struct ticket *out, struct err *e);
/* The messages move to a fresh ticket of the same customer; its clocks start with the first of them. */
int ticket_split(struct db_conn *w, struct arena *a, const struct desk *d, const struct actor *who, int64_t id, const int64_t *messages, int n,
	const char *subject, struct ticket *out, struct err *e);
int ticket_link(struct db_conn *w, struct arena *a, const struct desk *d, const struct actor *who, int64_t id, int64_t other, struct err *e);
/* kind "person", "contact" (who_id) or "email" (email). */
int ticket_watch(struct db_conn *w, struct arena *a, const struct desk *d, const struct actor *who, int64_t id, const char *kind, int64_t who_id,
	const char *email, bool on, struct err *e);
/* Gives a ticket nobody owns to a customer. */
int ticket_place(struct db_conn *w, struct arena *a, const struct desk *d, const struct actor *who, int64_t id, int64_t customer_id,
	int64_t contact_id, struct ticket *out, struct err *e);
/* Somebody has worked on it: what was held of it begins. Nothing for a ticket that is not held, or is solved. */
int ticket_begin(struct db_conn *w, struct arena *a, const struct desk *d, const struct actor *who, int64_t id, struct err *e);
/* The requester says how it went: 1 bad, 2 middling, 3 good. */
int ticket_rate(struct db_conn *w, struct arena *a, const struct desk *d, const struct actor *who, int64_t id, int score, const char *text,
	struct err *e);
/* Closes what has been solved since before the moment; at most 100 at a time. *n: how many. */
int ticket_close_solved(struct db_conn *w, struct arena *a, const struct desk *d, int64_t before, int *n, struct err *e);
/* Which terms the customer's tickets since from_day have is another now (an agreement was accepted, replaced or ended): the due times of
 * those that are open are written anew, where they differ. */
int ticket_terms_changed(struct db_conn *w, const struct desk *d, int64_t customer_id, int32_t from_day, struct err *e);

struct ticket_scope ticket_scope_of(const struct actor *who);
/* The clocks as of now, for showing (reads only). */
/* The same from its events, read before. */
int ticket_clocks_of(struct db_conn *c, struct arena *a, const struct catalogue *k, const struct ticket *t, const struct event *ev, int n, int64_t now,
	struct sla *out, struct err *e);
int ticket_clocks(struct db_conn *c, struct arena *a, const struct catalogue *k, const struct ticket *t, int64_t now, struct sla *out,
	struct err *e);
/* What the customer was promised on a day; the catalogue's defaults without an agreement. */
int ticket_terms(struct db_conn *c, struct arena *a, const struct catalogue *k, int64_t customer_id, int32_t day, struct sla_terms *out,
	struct err *e);
#endif
