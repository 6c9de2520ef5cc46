/* app.h - everything the server process has open: database, files, catalogue, and the threads behind them.
 * Ownership:  app_open() to app_close(); nothing in it outlives that.
 * Errors:     E_NOT_INITIALISED, E_DB*, E_CATALOGUE_INVALID, as what it opens.
 * Units:      _ms.     Threads: app_handle() on workers; the others from main.     Source: architecture, section 7. */
#ifndef PEDEL_DAEMON_APP_H
#define PEDEL_DAEMON_APP_H
#include <stdbool.h>
#include "base/err.h"
#include "daemon/keeper.h"
#include "net/http.h"

struct app;
int  app_open(const struct daemon_args *args, struct app **out, struct err *e);
void app_http(struct app *p, struct http_config *c);            /* fills in what the HTTP server needs from us */
/* Mail in and out, sweeps (job.h): one process at a time, but for those that may run in two while one relieves the other. */
int  app_jobs_begin(struct app *p, bool shared_only, struct err *e);
void app_jobs_end(struct app *p);                               /* may be repeated */
void app_close(struct app *p);                                  /* NULL is allowed */
#endif
