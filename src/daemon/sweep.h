/* sweep.h - the job that keeps the promise ledger (see sweep.c).
 * Ownership: none.  Errors: E_DB and kin, E_OS_CALL.  Units: us.  Threads: one of its own.  Source: architecture, sections 6 and 7. */
#ifndef PEDEL_DAEMON_SWEEP_H
#define PEDEL_DAEMON_SWEEP_H
#include "daemon/job.h"

extern const struct app_job sweep_app_job;
/* Take in what pedel-probe wrote to DATA/run/probe-YYYY-MM.jsonl since last time. Lines that are none are passed over. */
int sweep_probes(struct db *d, const char *data_folder, int64_t now, int *taken, struct err *e);
#endif
