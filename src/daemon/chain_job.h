/* chain_job.h - signs the head of the event chain when the server starts, every hour and when it stops; every minute in which
 * something happened it notes the end beside the database (store/chain.h).
 *
 * Ownership: as job.h.  Errors: E_OS_CALL; without the installation's keys the server does not start.  Units: _s.  Threads: as job.h.  Source: architecture, section 6. */
#ifndef PEDEL_DAEMON_CHAIN_JOB_H
#define PEDEL_DAEMON_CHAIN_JOB_H
#include "daemon/job.h"

/* Gives the database the key its events are sealed with; before any job or page. */
int chain_job_seal(struct db *d, const char *data_folder, struct err *e);
extern const struct app_job chain_app_job;
#endif
