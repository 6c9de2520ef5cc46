/* chain_job.h - signs the head of the event chain when the server starts and every hour (store/chain.h).
 *
 * Without keys (an installation whose keys were taken away) it says so once in the log and signs nothing.
 * Ownership: as job.h.  Errors: E_OS_CALL.  Units: _s.  Threads: as job.h.  Source: architecture, section 6. */
#ifndef PEDEL_DAEMON_CHAIN_JOB_H
#define PEDEL_DAEMON_CHAIN_JOB_H
#include "daemon/job.h"

extern const struct app_job chain_app_job;
#endif
