/* job.h - what runs behind the pages: mail in, mail out, promises, clocks. Each kind is one struct app_job, listed in app.c.
 *
 * Ownership:  begin() gives a state that end() frees; env and all in it outlive both.
 * Errors:     begin(): the server does not start (or, after a restart, the job is tried again by the next start).
 * Units:      none.
 * Threads:    begin() and end() from main; wake() from any thread between them, must not block. A job has threads of its
 *             own (loop_thread() of net/loop.h gives one that no signal disturbs).
 * Source:     own design; architecture, section 7. */
#ifndef PEDEL_DAEMON_JOB_H
#define PEDEL_DAEMON_JOB_H
#include <stdbool.h>
#include "base/err.h"
#include "os/conf.h"
#include "web/web.h"

struct job_env {
	const struct web_app *web;
	const struct conf *conf;
	const char *data_folder, *conv_socket, *tmp_folder;
	const char *smtp;               /* ADDR:PORT from --smtp or pedel.conf; "none": no mail is sent; NULL: as the settings say */
	int lmtp_fd;                    /* a listening socket, or -1 */
};
struct app_job {
	const char *name;               /* what web_app.wake() calls it: "mail" "outbox" "promises" ... */
	bool always;                    /* runs in two servers at once while one relieves the other (taking mail over does) */
	int  (*begin)(const struct job_env *env, void **state, struct err *e);
	void (*wake)(void *state);      /* something of that kind is waiting; NULL allowed */
	void (*end)(void *state);       /* finishes what it has begun, and returns */
};
#endif
