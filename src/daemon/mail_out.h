/* mail_out.h - sends what waits in the outbox, through the mail server beside us.
 *
 * At least once: a mail that was sent, but not yet marked, when the machine stopped is sent again with the same Message-ID.
 * Refused for now: again after 1 minute, then twice as long each time, to 4 hours, for 5 days. Refused for good, or too long:
 * marked failed, with a word on its ticket.
 * The mail server is env->smtp, or the setting mail.smtp; while neither says anything, or env->smtp is "none", mails wait.
 * Ownership:  as job.h.   Errors: E_OS_CALL.   Units: none.   Threads: as job.h.
 * Source:     RFC 5321, 4.5.4; docs/mail.md. */
#ifndef PEDEL_DAEMON_MAIL_OUT_H
#define PEDEL_DAEMON_MAIL_OUT_H
#include "daemon/job.h"

extern const struct app_job mail_out_job;
#endif
