#include "daemon/keeper.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/log.h"
#include "daemon/reach.h"
#include "daemon/supervisor.h"
#include "net/listen.h"
#include "os/clock.h"
#include "os/file.h"

enum {
	FIRST_PAUSE_US = 100000, LONGEST_PAUSE_US = 10000000, STEADY_US = 60000000, STOP_US = 20000000, START_US = 60000000,
	NAMES_MS = 30000, HEIR_US = 3000000, PORT_US = 2000000, HEIR_PAUSE_US = 20000, SILENT_US = 15000000,
	MAX_ARGS = 40, FD_LISTEN = 3, FD_LMTP = 4, FD_READY = 5, FD_LOCK = 6, FDS = 4
};
enum child_kind { CHILD_SERVER, CHILD_NEXT, CHILD_OLD, CHILD_CONV, CHILD_PROBE, CHILD__N };
static const char *const names[CHILD__N] = { "server", "next server", "old server", "pedel-conv", "pedel-probe" };

struct child { pid_t pid; int64_t started_us, start_at_us, kill_at_us, pause_us; bool wanted; };

struct keeper {
	const struct daemon_args *args;
	char **argv;
	char program[PATH_MAX], conv[PATH_MAX], probe[PATH_MAX], conv_socket[PATH_MAX], url[100], lmtp_name[100];
	int listen_fd, lmtp_fd, signal_fd, lock_fd;
	int ready_fd, alive_fd;                 /* what the newest server, and pedel-conv, write to; -1 */
	int64_t heard_us;                       /* when pedel-conv last did */
	struct child child[CHILD__N];
	bool served, stopping, reload_again;
	int exit_code;
	enum bounds_how confine;
	uint64_t names_seen;
};

static void beside(struct keeper *k, const char *name, char to[PATH_MAX])
{
	const char *slash = strrchr(k->program, '/');

	if (snprintf(to, PATH_MAX, "%.*s/%s", (int)(slash - k->program), k->program, name) < PATH_MAX && access(to, X_OK) == 0)
		return;
	if (snprintf(to, PATH_MAX, "%s/%s", PEDEL_LIBEXEC, name) < PATH_MAX && access(to, X_OK) == 0)
		return;
	log_line(LOG_WARN, "start", "%s is neither beside pedeld nor in " PEDEL_LIBEXEC ": it is not started", name);
	to[0] = 0;
}

/* In the child: die with the keeper, ordinary signals, the descriptors it is given at fixed numbers, nothing else. */
static void become(pid_t keeper, const int given[FDS], const char *program, char **argv)
{
	sigset_t none;
	int fd[FDS];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != keeper)
		_exit(0);
	setpgid(0, 0);                          /* Ctrl-C is the keeper's to hear */
	/* First out of the way of 3-6, then into place: dup2 also takes close-on-exec off. */
	for (int i = 0; i < FDS; i++)
		fd[i] = given[i] < 0 ? -1 : fcntl(given[i], F_DUPFD_CLOEXEC, 10);
	for (int i = 0; i < FDS; i++)
		if (fd[i] >= 0)
			dup2(fd[i], FD_LISTEN + i);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execv(program, argv);
	_exit(127);
}

static int start_server(struct keeper *k, enum child_kind kind)
{
	char *argv[MAX_ARGS + 10];
	char lmtp[8];
	pid_t keeper = getpid();
	struct child *c = &k->child[kind];
	int pipe_fd[2], n = 0;

	if (pipe2(pipe_fd, O_CLOEXEC | O_NONBLOCK) != 0)
		return -1;
	for (; k->argv[n] && n < MAX_ARGS; n++)
		argv[n] = k->argv[n];
	snprintf(lmtp, sizeof lmtp, "%d", k->lmtp_fd < 0 ? -1 : FD_LMTP);
	argv[n++] = (char *)(uintptr_t)"--as-server";
	argv[n++] = lmtp;
	if (kind == CHILD_NEXT)
		argv[n++] = (char *)(uintptr_t)"--second";
	argv[n] = NULL;
	c->pid = fork();
	if (c->pid == 0)
		become(keeper, (int[FDS]){ k->listen_fd, k->lmtp_fd, pipe_fd[1], k->lock_fd }, k->program, argv);
	close(pipe_fd[1]);
	if (k->ready_fd >= 0)
		close(k->ready_fd);
	k->ready_fd = pipe_fd[0];
	c->started_us = os_steady_us();
	c->kill_at_us = 0;
	if (c->pid < 0)
		c->pid = 0;
	return c->pid ? 0 : -1;
}

static void start_other(struct keeper *k, enum child_kind kind)
{
	struct child *c = &k->child[kind];
	const char *program = kind == CHILD_CONV ? k->conv : k->probe;
	const char *conv[] = { program, "--serve", k->conv_socket, "--alive", NULL };
	static const char *const how[] = { [BOUNDS_OFF] = "off", [BOUNDS_TRY] = "try", [BOUNDS_REQUIRE] = "require" };
	const char *probe[] = { program, "--data", k->args->data, "--url", k->url, "--confine", how[k->confine], k->lmtp_name[0] ? "--lmtp" : NULL,
		k->lmtp_name, NULL };
	pid_t keeper = getpid();
	int pipe_fd[2] = { -1, -1 };

	if (kind == CHILD_CONV && pipe2(pipe_fd, O_CLOEXEC | O_NONBLOCK) != 0)
		log_line(LOG_WARN, "start", "pedel-conv will not be watched: %s", strerror(errno));
	c->pid = fork();
	if (c->pid == 0)
		become(keeper, (int[FDS]){ pipe_fd[1], -1, -1, -1 }, program, (char **)(uintptr_t)(kind == CHILD_CONV ? conv : probe));
	c->started_us = os_steady_us();
	if (kind == CHILD_CONV) {
		close(pipe_fd[1]);
		if (k->alive_fd >= 0)
			close(k->alive_fd);
		k->alive_fd = pipe_fd[0];
		k->heard_us = c->started_us;
	}
	c->kill_at_us = 0;
	if (c->pid < 0) {
		c->pid = 0;
		c->start_at_us = c->started_us + LONGEST_PAUSE_US;
	}
}

static void stop_child(struct child *c, int sig)
{
	if (!c->pid)
		return;
	kill(c->pid, sig);
	if (!c->kill_at_us)
		c->kill_at_us = os_steady_us() + STOP_US;
}

static void stop_all(struct keeper *k)
{
	if (!k->stopping)
		supervisor_tell("STOPPING=1\nSTATUS=finishes what has begun");
	k->stopping = true;
	for (int i = 0; i < CHILD__N; i++) {
		k->child[i].wanted = false;
		if (i != CHILD_CONV)            /* last: requests in flight may still need a document */
			stop_child(&k->child[i], SIGTERM);
	}
}

static void tell_ready(const struct keeper *k)
{
	char lines[200];

	snprintf(lines, sizeof lines, "READY=1\nSTATUS=serves %s", k->url);
	supervisor_tell(lines);
}

static void reload(struct keeper *k)
{
	if (k->child[CHILD_NEXT].pid || k->child[CHILD_OLD].pid || !k->child[CHILD_SERVER].pid || !k->served) {
		k->reload_again = true;         /* one change of guard at a time */
		return;
	}
	k->reload_again = false;
	supervisor_tell("RELOADING=1\nSTATUS=a new server starts");
	if (start_server(k, CHILD_NEXT) != 0) {
		log_line(LOG_ERROR, "reload", "the new server cannot be started: %s", strerror(errno));
		tell_ready(k);
	} else {
		k->child[CHILD_NEXT].kill_at_us = os_steady_us() + START_US;
	}
}

static void on_ready(struct keeper *k)
{
	char byte;
	ssize_t n = read(k->ready_fd, &byte, 1);

	if (n < 0 && errno == EAGAIN)
		return;
	close(k->ready_fd);
	k->ready_fd = -1;
	if (n != 1)                             /* it died; waitpid tells the rest */
		return;
	if (k->child[CHILD_NEXT].pid) {
		k->child[CHILD_OLD] = k->child[CHILD_SERVER];
		k->child[CHILD_SERVER] = k->child[CHILD_NEXT];
		k->child[CHILD_NEXT] = (struct child){ 0 };
		k->child[CHILD_SERVER].kill_at_us = 0;
		k->child[CHILD_SERVER].wanted = true;
		k->child[CHILD_OLD].wanted = false;
		stop_child(&k->child[CHILD_OLD], SIGUSR1);
		if (!k->child[CHILD_OLD].pid)
			kill(k->child[CHILD_SERVER].pid, SIGUSR2);
		log_line(LOG_INFO, "reload", "the new server serves; the old one finishes");
		tell_ready(k);
	}
	if (k->served)
		return;
	k->served = true;
	if (k->lmtp_name[0])
		printf("pedel: mail is taken by LMTP at %s\n", k->lmtp_name);
	printf("pedel: ready at %s\n", k->url);
	fflush(stdout);
	tell_ready(k);
}

/* pedel-conv says every few seconds that it is there; one that says nothing is stuck, and everybody waits for it. */
static void on_alive(struct keeper *k)
{
	char bytes[64];
	ssize_t n = read(k->alive_fd, bytes, sizeof bytes);

	if (n > 0) {
		k->heard_us = os_steady_us();
	} else if (n == 0) {                    /* it died; waitpid tells the rest */
		close(k->alive_fd);
		k->alive_fd = -1;
	}
}

static void watch_conv(struct keeper *k, int64_t now)
{
	struct child *c = &k->child[CHILD_CONV];

	if (!c->pid || k->alive_fd < 0 || c->kill_at_us || now < k->heard_us + SILENT_US)
		return;
	log_line(LOG_ERROR, "stuck", "pedel-conv has said nothing for %d s; it is ended", SILENT_US / 1000000);
	kill(c->pid, SIGKILL);
	c->kill_at_us = now + STOP_US;
}

static void ended(struct keeper *k, enum child_kind kind, int status)
{
	struct child *c = &k->child[kind];
	int64_t now = os_steady_us();
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);

	c->pid = 0;
	c->kill_at_us = 0;
	if (kind == CHILD_SERVER && !k->served) {       /* it never came up: trying again would only hide why */
		k->exit_code = code ? code : 1;
		stop_all(k);
		return;
	}
	if (kind == CHILD_OLD && k->child[CHILD_SERVER].pid)
		kill(k->child[CHILD_SERVER].pid, SIGUSR2);
	if (kind == CHILD_NEXT) {
		log_line(LOG_ERROR, "reload", "the new server ended with %d before it served; the old one goes on", code);
		if (!k->stopping)
			tell_ready(k);
	}
	if (!c->wanted)
		return;
	c->pause_us = now - c->started_us > STEADY_US || !c->pause_us ? FIRST_PAUSE_US : c->pause_us * 2;
	if (c->pause_us > LONGEST_PAUSE_US)
		c->pause_us = LONGEST_PAUSE_US;
	c->start_at_us = now + c->pause_us;
	log_line(LOG_ERROR, "ended", "%s ended with %d; again in %lld ms", names[kind], code, (long long)c->pause_us / 1000);
}

static void on_signals(struct keeper *k)
{
	struct signalfd_siginfo s;
	int status;
	pid_t pid;

	while (read(k->signal_fd, &s, sizeof s) == sizeof s) {
		if (s.ssi_signo == SIGTERM || s.ssi_signo == SIGINT)
			stop_all(k);
		else if (s.ssi_signo == SIGHUP && !k->stopping)
			reload(k);
	}
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (int i = 0; i < CHILD__N; i++)
			if (k->child[i].pid == pid)
				ended(k, (enum child_kind)i, status);
}

/* What is due now; the time until the next thing, in ms. */
static int on_time(struct keeper *k)
{
	int64_t now = os_steady_us(), next = now + 60000000;
	bool any = false;

	watch_conv(k, now);
	if (k->child[CHILD_CONV].pid && k->alive_fd >= 0 && k->heard_us + SILENT_US < next)
		next = k->heard_us + SILENT_US;
	for (int i = 0; i < CHILD__N; i++) {
		struct child *c = &k->child[i];

		if (c->pid && c->kill_at_us && now >= c->kill_at_us) {
			log_line(LOG_WARN, "killed", "%s did not end in time", names[i]);
			kill(c->pid, SIGKILL);
			c->kill_at_us = now + STOP_US;
		}
		if (!c->pid && c->wanted && now >= c->start_at_us) {
			if (i == CHILD_SERVER ? start_server(k, CHILD_SERVER) != 0 : (start_other(k, (enum child_kind)i), 0))
				c->start_at_us = now + LONGEST_PAUSE_US;
		}
		if (c->pid && c->kill_at_us && c->kill_at_us < next)
			next = c->kill_at_us;
		if (!c->pid && c->wanted && c->start_at_us < next)
			next = c->start_at_us;
		any |= c->pid && i != CHILD_CONV;
	}
	if (k->stopping && !any)
		stop_child(&k->child[CHILD_CONV], SIGTERM);
	if (k->reload_again && !k->stopping && k->served && !k->child[CHILD_OLD].pid && !k->child[CHILD_NEXT].pid)
		reload(k);
	return next <= now ? 1 : (int)((next - now) / 1000 + 1);
}

static bool running(const struct keeper *k)
{
	for (int i = 0; i < CHILD__N; i++)
		if (k->child[i].pid)
			return true;
	return !k->stopping;
}

/* One keeper per installation: a second one would take over the first one's socket in DIR/run. Servers hold the lock too, so that
 * after a kill -9 the next keeper waits the moment that the last one's server takes to die, and finds its port free. */
static int lock_installation(const char *data, int *lock_fd, struct err *e)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof path, "%s/run", data);
	if (os_make_folder(path, 0700, e) != 0)
		return -1;
	snprintf(path, sizeof path, "%s/run/lock", data);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return FAIL(e, E_OS_CALL, "%s: %s", path, strerror(errno));
	for (int64_t until_us = os_steady_us() + HEIR_US; flock(fd, LOCK_EX | LOCK_NB) != 0; usleep(HEIR_PAUSE_US))
		if (os_steady_us() > until_us) {
			FAIL(e, E_INSTALLATION_BUSY, "%s", data);
			close(fd);
			return -1;
		}
	*lock_fd = fd;
	return 0;
}

/* The socket that the service manager kept while we restarted, so that nobody was refused meanwhile; else one of our own. Nobody else
 * serves this installation, so a port in use is most likely still being given back: by the server of a killed keeper, or by a
 * connection that took its number in between. */
static int listen_on(const char *name, const char *address, int *fd, struct err *e)
{
	int64_t until_us = os_steady_us() + PORT_US;

	*fd = supervisor_kept(name, address);
	while (*fd < 0 && listen_open(address, fd, e) != 0) {
		if (e->id != E_LISTEN || os_steady_us() > until_us)
			return -1;
		usleep(HEIR_PAUSE_US);
	}
	return 0;
}

static int sockets(struct keeper *k, struct err *e)
{
	const struct daemon_args *a = k->args;

	if (listen_on("listen", a->listen, &k->listen_fd, e) != 0 || (a->lmtp && listen_on("lmtp", a->lmtp, &k->lmtp_fd, e) != 0))
		return -1;
	supervisor_keep("listen", a->listen, k->listen_fd);
	if (a->lmtp)
		supervisor_keep("lmtp", a->lmtp, k->lmtp_fd);
	return 0;
}

static int prepare(struct keeper *k, struct err *e)
{
	sigset_t signals;
	ssize_t n = readlink("/proc/self/exe", k->program, sizeof k->program - 1);
	char name[80];
	int rc;

	if (n <= 0)
		return FAIL(e, E_OS_CALL, "/proc/self/exe: %s", strerror(errno));
	beside(k, "pedel-conv", k->conv);
	beside(k, "pedel-probe", k->probe);
	snprintf(k->conv_socket, sizeof k->conv_socket, "%s/run/conv.sock", k->args->data);
	if (lock_installation(k->args->data, &k->lock_fd, e) != 0)
		return -1;
	rc = sockets(k, e);
	supervisor_drop_rest();
	if (rc != 0)
		return -1;
	listen_name(k->listen_fd, name, sizeof name);
	snprintf(k->url, sizeof k->url, "%s://%s/", k->args->tls_cert ? "https" : "http", name);
	if (k->lmtp_fd >= 0)
		listen_name(k->lmtp_fd, k->lmtp_name, sizeof k->lmtp_name);
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	k->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (k->signal_fd < 0)
		return FAIL(e, E_OS_CALL, "signalfd: %s", strerror(errno));
	return reach_keeper(k->args, k->program, &k->confine, e);
}

int keeper_run(const struct daemon_args *args, char **argv, struct err *e)
{
	struct keeper k = { .args = args, .argv = argv, .listen_fd = -1, .lmtp_fd = -1, .signal_fd = -1, .lock_fd = -1, .ready_fd = -1,
		.alive_fd = -1 };
	struct pollfd p[3];
	int wait_ms;

	if (prepare(&k, e) != 0)
		return -1;
	k.child[CHILD_SERVER].wanted = true;
	k.child[CHILD_CONV].wanted = k.conv[0] != 0;
	while (running(&k)) {
		k.child[CHILD_PROBE].wanted = k.served && !k.stopping && k.probe[0];
		wait_ms = on_time(&k);
		p[0] = (struct pollfd){ .fd = k.signal_fd, .events = POLLIN };
		p[1] = (struct pollfd){ .fd = k.ready_fd, .events = POLLIN };
		p[2] = (struct pollfd){ .fd = k.alive_fd, .events = POLLIN };
		if (poll(p, 3, wait_ms < NAMES_MS ? wait_ms : NAMES_MS) < 0)
			continue;
		if (p[2].revents && k.alive_fd >= 0)
			on_alive(&k);
		if (reach_names_changed(&k.names_seen) && k.confine != BOUNDS_OFF && k.served && !k.stopping) {
			log_line(LOG_INFO, "reload", "another resolv.conf, hosts or nsswitch.conf than before");
			reload(&k);
		}
		if (p[1].revents && k.ready_fd >= 0)
			on_ready(&k);
		if (p[0].revents)
			on_signals(&k);
	}
	return k.exit_code;
}
