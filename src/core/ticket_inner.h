/* ticket_inner.h - shared by the files of ticket.h alone.
 * Ownership: as ticket.h.  Errors: as ticket.h.  Units: as ticket.h.  Threads: as ticket.h.  Source: own design. */
#ifndef PEDEL_CORE_TICKET_INNER_H
#define PEDEL_CORE_TICKET_INNER_H
#include "core/ticket.h"

/* One piece of work on one ticket. */
struct ticket_work { struct db_conn *w; struct arena *a; const struct desk *d; const struct actor *who; };

int ticket_event(const struct ticket_work *k, const struct ticket *t, const char *kind, json_t *data, struct err *e);  /* takes data over */
bool ticket_clocks_put(struct ticket *t, const struct sla *s);  /* into the row's caches; true: the due times were others */
/* Folds the clocks anew and writes the row. */
int ticket_save(const struct ticket_work *k, struct ticket *t, struct err *e);
int ticket_index(const struct ticket_work *k, const struct ticket *t, struct err *e);
/* In the actor's scope; E_NOT_FOUND otherwise. */
int ticket_open(const struct ticket_work *k, int64_t id, struct ticket *t, struct err *e);
/* Writes the differences into t and one event, without saving. *changed: there were any. */
int ticket_apply(const struct ticket_work *k, struct ticket *t, const struct ticket_change *c, bool *changed, struct err *e);
int ticket_text_check(const struct ticket_text *x, bool may_be_empty, struct err *e);
int ticket_message(const struct ticket_work *k, const struct ticket *t, const char *visibility, const char *channel, bool first,
	const struct ticket_text *x, struct message *out, struct err *e);
bool ticket_is_open(const struct ticket *t);

enum ticket_mail { MAIL_RECEIVED, MAIL_ANSWER, MAIL_SOLVED, MAIL_ASSIGNED, MAIL_CUSTOMER_WROTE, MAIL_NOTE };
/* The mails of one thing that happened; m may be NULL. To the customer's side or to ours, never to who did it. */
int ticket_mail(const struct ticket_work *k, const struct ticket *t, enum ticket_mail what, const struct message *m, struct err *e);
#endif
