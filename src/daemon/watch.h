/* watch.h - looks every few seconds whether the machine around us is well: can the data folder be written, is there room, does
 * the database answer, does pedel-conv, was the clock set. What it finds stands in web_app.health; nothing is started again for
 * it, because everything that waits tries again by itself.
 * Ownership: as job.h.  Errors: none come out; they are what it is about.  Units: us.  Threads: as job.h.  Source: own design. */
#ifndef PEDEL_DAEMON_WATCH_H
#define PEDEL_DAEMON_WATCH_H
#include "daemon/job.h"

extern const struct app_job watch_job;
#endif
