/* mail_in.h - mail that comes in: taken over by LMTP, stored, read, and put where it belongs.
 *
 * A mail is answered 250 when its bytes are a synced blob and its row is committed (mail_take_job; two servers may do that at
 * once). mail_in_job has each read by pedel-conv and placed (core/mail_place.h), one transaction each, also after a restart. What cannot be read
 * becomes a ticket with the raw mail on it.
 * Ownership:  as job.h.   Errors: as lmtp_start().   Units: none.   Threads: as job.h.
 * Source:     docs/mail.md. */
#ifndef PEDEL_DAEMON_MAIL_IN_H
#define PEDEL_DAEMON_MAIL_IN_H
#include "daemon/job.h"

extern const struct app_job mail_take_job, mail_in_job;
#endif
