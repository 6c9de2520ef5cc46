#include "daemon/supervisor.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "base/log.h"
#include "base/text.h"

enum { FIRST_FD = 3, FDS_MOST = 16, NAME_SIZE = 256 };

static void tell(const char *lines, int fd)
{
	const char *to = getenv("NOTIFY_SOCKET");
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	union { char room[CMSG_SPACE(sizeof(int))]; struct cmsghdr align; } control = { { 0 } };
	struct iovec part = { (void *)(uintptr_t)lines, strlen(lines) };
	struct msghdr m = { .msg_name = &a, .msg_iov = &part, .msg_iovlen = 1 };
	int s;

	if (!to || (*to != '/' && *to != '@') || strlen(to) >= sizeof a.sun_path)
		return;
	memcpy(a.sun_path, to, strlen(to));
	if (*to == '@')                         /* an abstract name */
		a.sun_path[0] = 0;
	m.msg_namelen = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(to));
	if (fd >= 0) {
		struct cmsghdr *c;

		m.msg_control = control.room;
		m.msg_controllen = sizeof control.room;
		c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof fd);
		memcpy(CMSG_DATA(c), &fd, sizeof fd);
	}
	s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s < 0 || sendmsg(s, &m, MSG_NOSIGNAL) < 0)
		log_line(LOG_WARN, "supervisor", "%s is not told: %s", to, strerror(errno));
	if (s >= 0)
		close(s);
}

void supervisor_tell(const char *lines) { tell(lines, -1); }

/* A name may not hold the colon that separates names. */
static void full_name(const char *name, const char *address, char to[NAME_SIZE])
{
	snprintf(to, NAME_SIZE, "%s=%s", name, address);
	for (char *c = to; *c; c++)
		if (*c == ':')
			*c = '_';
}

void supervisor_keep(const char *name, const char *address, int fd)
{
	char full[NAME_SIZE], lines[NAME_SIZE + 40];

	full_name(name, address, full);
	snprintf(lines, sizeof lines, "FDSTORE=1\nFDNAME=%s", full);
	tell(lines, fd);
}

/* How many were handed over to this very process. */
static int handed_over(void)
{
	const char *pid = getenv("LISTEN_PID"), *n = getenv("LISTEN_FDS");
	int64_t whose = 0, many = 0;

	return pid && n && text_int(pid, &whose) && whose == getpid() && text_int(n, &many) && many > 0 && many <= FDS_MOST ? (int)many : 0;
}

static bool listens(int fd)
{
	int on = 0;
	socklen_t n = sizeof on;

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &n) == 0 && on;
}

/* The i-th of the names that colons separate. */
static const char *name_at(int i, char to[NAME_SIZE])
{
	const char *s = getenv("LISTEN_FDNAMES");

	for (; s && i > 0; i--)
		s = (s = strchr(s, ':')) ? s + 1 : NULL;
	snprintf(to, NAME_SIZE, "%.*s", s ? (int)strcspn(s, ":") : 0, s ? s : "");
	return to;
}

int supervisor_kept(const char *name, const char *address)
{
	char full[NAME_SIZE], one[NAME_SIZE];
	int n = handed_over();

	full_name(name, address, full);
	for (int i = 0; i < n; i++) {
		if (strcmp(name_at(i, one), full) != 0 || !listens(FIRST_FD + i) || (fcntl(FIRST_FD + i, F_GETFD) & FD_CLOEXEC))
			continue;
		fcntl(FIRST_FD + i, F_SETFD, FD_CLOEXEC);       /* that mark also says: asked for */
		return FIRST_FD + i;
	}
	return -1;
}

void supervisor_drop_rest(void)
{
	char one[NAME_SIZE], lines[NAME_SIZE + 40];
	int n = handed_over();

	for (int i = 0; i < n; i++) {
		int flags = fcntl(FIRST_FD + i, F_GETFD);

		if (flags < 0 || (flags & FD_CLOEXEC))
			continue;
		snprintf(lines, sizeof lines, "FDSTOREREMOVE=1\nFDNAME=%s", name_at(i, one));
		tell(lines, -1);
		close(FIRST_FD + i);
	}
	unsetenv("LISTEN_PID");                 /* our children are not meant */
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
}
