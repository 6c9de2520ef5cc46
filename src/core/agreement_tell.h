/* agreement_tell.h - how the provider learns what the customer answered: a no is a ticket from who said it, a yes is a mail to who sent
 * the agreement. Called by agreement.c inside its job.
 * Ownership: arena given.  Errors: as core/ticket.h and store/outbox.h.  Units: us.  Threads: a db_write() job.  Source: docs/agreements.md. */
#ifndef PEDEL_CORE_AGREEMENT_TELL_H
#define PEDEL_CORE_AGREEMENT_TELL_H
#include "core/agreement.h"

/* The ticket goes to who sent the agreement when that is somebody who works on tickets, otherwise to nobody yet. *number: the ticket's. */
int agreement_tell_no(struct agreement_do *d, const struct agreement *g, const char *why, int64_t *number, struct err *e);
/* Has the same person just said no to it with the same words? Then *number is the ticket of that. */
int agreement_no_again(struct agreement_do *d, const struct agreement *g, const char *why, bool *again, int64_t *number, struct err *e);
/* The ticket of the customer's latest no to it, if there was one, learns what became of it: an internal note with a link. A yes solves it, and
 * those of a no to another version of the same agreement: nobody is mailed about that. */
enum agreement_news { AGREEMENT_SENT_AGAIN, AGREEMENT_TAKEN_BACK, AGREEMENT_ACCEPTED, AGREEMENT_DROPPED };
int agreement_tell_ticket(struct agreement_do *d, const struct agreement *g, enum agreement_news what, struct err *e);
/* Nobody is told what they wrote down themselves. */
int agreement_tell_yes(struct agreement_do *d, const struct agreement *g, struct err *e);
#endif
