#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>
#include "base/log.h"
#include "base/moment.h"
#include "daemon/app.h"
#include "daemon/reach.h"

enum { STOP_MS = 10000, DRAIN_MS = 10000 };

/* Waits for the keeper's words until it is time to stop. */
static void serve(struct app *app, struct http_server *http, const sigset_t *signals)
{
	struct err e;
	int sig;

	for (;;) {
		if (sigwait(signals, &sig) != 0)
			continue;
		switch (sig) {
		case SIGUSR2:                   /* the old server is gone */
			if (app_jobs_begin(app, false, &e) != 0)
				log_err("jobs", &e);
			continue;
		case SIGUSR1:                   /* a new server has taken over the sockets */
			app_jobs_end(app);
			http_drain(http, DRAIN_MS);
			return;
		case SIGHUP:
			continue;
		default:
			return;
		}
	}
}

/* A connection is a descriptor: take what the machine allows, instead of the 1024 a shell gives. */
static void more_descriptors(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) != 0)
		return;
	r.rlim_cur = r.rlim_max > 65536 ? 65536 : r.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &r) != 0)
		log_line(LOG_WARN, "descriptors", "the limit stays as it is");
}

int server_run(const struct daemon_args *args)
{
	struct http_config c = { .listen_fd = args->listen_fd };
	struct http_server *http;
	struct app *app = NULL;
	sigset_t signals;
	struct err e;
	int rc = 1;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGUSR1);
	sigaddset(&signals, SIGUSR2);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	moment_zone();
	more_descriptors();
	if (reach_server(args, &e) != 0 || app_open(args, &app, &e) != 0)
		goto bad;
	app_http(app, &c);
	if (app_jobs_begin(app, args->second, &e) != 0)
		goto bad;
	if (http_start(&c, &http, &e) != 0)
		goto bad;
	if (args->ready_fd >= 0) {
		if (write(args->ready_fd, "R", 1) != 1)
			log_line(LOG_WARN, "ready", "nobody listens");
		close(args->ready_fd);
	}
	serve(app, http, &signals);
	http_stop(http, STOP_MS);
	app_close(app);
	return 0;
bad:
	log_err("start", &e);
	fprintf(stderr, "pedeld: %s %s (%s)\n", err_text(e.id, LANG_EN), e.detail, err_name(e.id));
	if (err_kind(e.id) == ERR_INPUT)
		rc = 2;
	app_close(app);
	return rc;
}
