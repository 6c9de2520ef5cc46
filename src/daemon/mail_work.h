/* mail_work.h - what the jobs for mail in and mail out share: their state, and how it begins, is woken and ends.
 * Ownership:  the state is begin's, until end frees it; env outlives both.   Errors: E_OS_CALL; those of bell_begin().
 * Units:      none.   Threads: as job.h.   Source: own design. */
#ifndef PEDEL_DAEMON_MAIL_WORK_H
#define PEDEL_DAEMON_MAIL_WORK_H
#include "daemon/bell.h"
#include "daemon/job.h"

struct mail_work {
	const struct job_env *env;
	const struct web_app *app;
	struct bell bell;
};
/* work runs in the bell's thread with the struct mail_work. */
int  mail_work_begin(const struct job_env *env, void *(*work)(void *arg), void **state, struct err *e);
void mail_work_wake(void *state);
void mail_work_end(void *state);
#endif
