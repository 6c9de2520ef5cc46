#include "conv/serve.h"
#include <errno.h>
#include <fcntl.h>
#include <fontconfig/fontconfig.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/fault.h"
#include "conv/confine.h"
#include "conv/conv.h"
#include "os/clock.h"

enum { CHILDREN = 4, CHILDREN_MAX = 64, DEADLINE_MS = 30000, ALIVE_MS = 5000 };
struct child { pid_t pid; int64_t kill_at_us; };
struct server { int listen, signals, alive, n, most, deadline_ms; struct child child[CHILDREN_MAX]; };

static bool read_all(int fd, void *p, size_t n)
{
	char *to = p;

	while (n) {
		ssize_t k = read(fd, to, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return false;
		to += k;
		n -= (size_t)k;
	}
	return true;
}

static bool write_all(int fd, const void *p, size_t n)
{
	const char *from = p;

	while (n) {
		ssize_t k = write(fd, from, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return false;
		from += k;
		n -= (size_t)k;
	}
	return true;
}

#ifdef PEDEL_TEST
/* What a document that has taken over the process would try; the answer says what it got. file: one it may not make. */
static void misbehave(int how, const char *file, struct buf *answer)
{
	char did[200] = "";
	int fd;

	if (how == 'C')
		raise(SIGSEGV);
	while (how == 'H')
		__asm__ volatile("" ::: "memory");
	if ((fd = open("/etc/passwd", O_RDONLY)) >= 0)
		strncat(did, "read ", 10);
	if ((fd = open(file, O_WRONLY | O_CREAT, 0600)) >= 0)
		strncat(did, "wrote ", 10);
	if ((fd = socket(AF_INET, SOCK_STREAM, 0)) >= 0)
		strncat(did, "network ", 10);
	if (fork() >= 0)
		strncat(did, "fork ", 10);
	execve("/bin/true", (char *[]){ did, NULL }, NULL);
	conv_put_bytes(answer, did, strlen(did));
}
#endif

/* One document, in a child of its own; never returns. */
static void child_run(int fd)
{
	uint8_t head[CONV_HEAD], size[8];
	struct timeval patience = { 20, 0 };
	struct arena *a;
	struct buf answer;
	struct err e = { 0 };
	uint64_t n = 0;
	bool fonts;
	char *doc;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	if (!read_all(fd, head, 1))
		_exit(2);
	fonts = head[0] == CONV_PDF;
#ifdef PEDEL_TEST
	fonts = fonts || head[0] == 'B';
#endif
	if (confine(fonts, &e) != 0 || !read_all(fd, head + 1, CONV_HEAD - 1))
		_exit(2);
	for (int i = 1; i < CONV_HEAD; i++)
		n = n << 8 | head[i];
	a = arena_begin(CONV_ARENA);
	buf_init(&answer, a, CONV_MAX);
	if (n > CONV_MAX) {
		FAIL(&e, E_BODY_TOO_LARGE, "%llu bytes", (unsigned long long)n);
		conv_put_error(&answer, &e);
	} else {
		doc = arena_get(a, (size_t)n + 1);
		if (!read_all(fd, doc, (size_t)n))
			_exit(2);
		doc[n] = 0;
#ifdef PEDEL_TEST
		if (head[0] >= 'A' && head[0] <= 'H' && head[0] != CONV_MARKDOWN)
			misbehave(head[0], doc, &answer);
		else
#endif
			conv_run(a, (enum conv_kind)head[0], doc, (size_t)n, &answer);
	}
	for (int i = 0; i < 8; i++)
		size[i] = (uint8_t)((uint64_t)answer.n >> (8 * (7 - i)));
	_exit(write_all(fd, size, 8) && write_all(fd, answer.p, answer.n) ? 0 : 2);
}

static int listen_at(const char *path, struct err *e)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	mode_t old;
	int fd, rc;

	if (strlen(path) >= sizeof to.sun_path)
		return FAIL(e, E_OS_CALL, "the socket's path is too long: %s", path);
	memcpy(to.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return FAIL(e, E_OS_CALL, "socket: %s", strerror(errno));
	unlink(path);
	old = umask(0177);
	rc = bind(fd, (struct sockaddr *)&to, sizeof to);
	umask(old);
	if (rc != 0 || listen(fd, 64) != 0) {
		FAIL(e, E_OS_CALL, "listen at %s: %s", path, strerror(errno));
		close(fd);
		return -1;
	}
	return fd;
}

static void child_add(struct server *s)
{
	int fd = accept4(s->listen, NULL, NULL, SOCK_CLOEXEC);
	pid_t pid, parent = getpid();
	sigset_t none;

	if (fd < 0)
		return;
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(2);
		close(s->listen);
		close(s->signals);
		if (s->alive > 0)
			close(s->alive);
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		child_run(fd);
	}
	close(fd);
	if (pid > 0)
		s->child[s->n++] = (struct child){ pid, os_steady_us() + (int64_t)s->deadline_ms * 1000 };
}

static void reap(struct server *s)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		for (int i = 0; i < s->n; i++)
			if (s->child[i].pid == pid)
				s->child[i--] = s->child[--s->n];
}

/* Kills the overdue; how long until the next is, or until we say that we live. -1: neither. */
static int overdue(struct server *s)
{
	int64_t now = os_steady_us(), next = s->alive > 0 ? ALIVE_MS * 1000 : -1;

	if (s->alive > 0 && write(s->alive, "A", 1) < 0 && errno == EPIPE)
		s->alive = 0;

	for (int i = 0; i < s->n; i++) {
		int64_t left = s->child[i].kill_at_us - now;

		if (left <= 0) {
			kill(s->child[i].pid, SIGKILL);
			left = 1000000;
		}
		if (next < 0 || left < next)
			next = left;
	}
	return next < 0 ? -1 : (int)(next / 1000) + 1;
}

int serve_run(const struct serve_config *c, struct err *e)
{
	struct server s = { .alive = c->alive_fd, .most = c->children ? c->children : CHILDREN, .deadline_ms = c->deadline_ms ? c->deadline_ms : DEADLINE_MS };
	struct signalfd_siginfo got;
	struct conv_warm *warm;
	bool stopping = false;
	sigset_t mask;

	if (s.most > CHILDREN_MAX)
		s.most = CHILDREN_MAX;
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGCHLD);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	s.signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s.signals < 0)
		return FAIL(e, E_OS_CALL, "signalfd: %s", strerror(errno));
	warm = conv_warm();             /* before the socket is there: who connects is served at once */
	s.listen = listen_at(c->path, e);
	if (s.listen < 0) {
		conv_cool(warm);
		close(s.signals);
		return -1;
	}
	while (!stopping) {
		struct pollfd p[2] = { { s.signals, POLLIN, 0 }, { s.n < s.most ? s.listen : -1, POLLIN, 0 } };

		poll(p, 2, overdue(&s));        /* what it says goes to a pipe that never blocks: a full one says it too */
		while (read(s.signals, &got, sizeof got) == sizeof got)
			stopping = stopping || got.ssi_signo != SIGCHLD;
		reap(&s);
		if (!stopping && (p[1].revents & POLLIN) && s.n < s.most)
			child_add(&s);
	}
	for (int i = 0; i < s.n; i++)
		kill(s.child[i].pid, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
	unlink(c->path);
	close(s.listen);
	close(s.signals);
	conv_cool(warm);
	FcFini();                       /* this process never drew, so nothing holds a font */
	return 0;
}
