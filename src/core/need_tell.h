/* need_tell.h - how the provider learns what a customer answered to a need: a wish to be called is a ticket from who wished it, any other
 * answer is a mail to who asked; all stand a week on I dag (store_need_answered()). Called inside the answer's job.
 * Ownership: arena given.  Errors: as core/ticket.h and store/outbox.h.  Units: us.  Threads: a db_write() job.  Source: own design. */
#ifndef PEDEL_CORE_NEED_TELL_H
#define PEDEL_CORE_NEED_TELL_H
#include "core/ticket.h"
#include "store/need.h"

/* n as it was before the answer. */
int need_tell(struct db_conn *w, struct arena *a, const struct desk *d, const struct actor *who, const struct need *n, const char *answer, struct err *e);
#endif
