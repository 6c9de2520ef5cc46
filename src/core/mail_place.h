/* mail_place.h - a mail that was read finds its place: who wrote it, to which ticket it belongs, and what it becomes there.
 *
 * One write job does the whole of it: ticket or message, events, confirmations, the Message-IDs that the next mail may refer to, and
 * the row of the queue. Running it again for the same row changes nothing.
 * Ownership:  what is given is only read; texts may be pointed at until the job is over.
 * Errors:     those of core/ticket.h; E_DB and kin.   Units: us.   Threads: the writer's job.
 * Source:     facts of the desk, 3; docs/mail.md. */
#ifndef PEDEL_CORE_MAIL_PLACE_H
#define PEDEL_CORE_MAIL_PLACE_H
#include "core/ticket.h"
#include "store/mail_in.h"
#include "wire/conv.h"

struct mail_arrival {
	const struct catalogue *catalogue;
	const char *origin;                     /* for links in mails; "": there are none */
	const struct mail_in *row;              /* as it waits in the queue */
	const struct conv_mail *m;              /* NULL: nobody could read it */
	const char *content;                    /* hash of what does not change on the way */
	struct ticket_file *files; int nfiles;
	int64_t now;
};
/* *probe: it was a measurement, and leaves nothing. */
int mail_place(struct db_conn *w, struct arena *a, const struct mail_arrival *in, bool *probe, struct err *e);
#endif
