#include "net/listen.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/fault.h"
#include "base/text.h"

union address { struct sockaddr any; struct sockaddr_in v4; struct sockaddr_in6 v6; };

static int parse(const char *text, union address *a, socklen_t *n, struct err *e)
{
	const char *colon = strrchr(text, ':');
	char host[80];
	size_t len = colon ? (size_t)(colon - text) : 0;
	int64_t port;

	memset(a, 0, sizeof *a);
	if (!colon || len >= sizeof host || !text_int(colon + 1, &port) || port < 0 || port > 65535)
		return FAIL(e, E_ADDRESS_INVALID, "%.100s", text);
	memcpy(host, text, len);
	host[len] = 0;
	if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
		host[len - 1] = 0;
		memmove(host, host + 1, len - 1);
	} else if (strchr(host, ':')) {
		return FAIL(e, E_ADDRESS_INVALID, "%.100s", text);
	}
	if (strcmp(host, "*") == 0 || inet_pton(AF_INET6, host, &a->v6.sin6_addr) == 1) {
		a->v6.sin6_family = AF_INET6;
		a->v6.sin6_port = htons((uint16_t)port);
		*n = sizeof a->v6;
	} else if (inet_pton(AF_INET, host, &a->v4.sin_addr) == 1) {
		a->v4.sin_family = AF_INET;
		a->v4.sin_port = htons((uint16_t)port);
		*n = sizeof a->v4;
	} else {
		return FAIL(e, E_ADDRESS_INVALID, "%.100s", text);
	}
	return 0;
}

int listen_open(const char *address, int *out, struct err *e)
{
	union address a;
	socklen_t n = 0;
	int fd, on = 1, off = 0;

	if (parse(address, &a, &n, e) != 0)
		return -1;
	fd = fault_hit("socket") ? (errno = EMFILE, -1) : socket(a.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return FAIL(e, E_LISTEN, "%.100s: %s", address, strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (a.any.sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, address[0] == '*' ? &off : &on, sizeof on);
	/* Accepted sockets inherit it: answers are written whole, so waiting to fill a packet only delays them. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (fault_hit("bind") || bind(fd, &a.any, n) != 0 || listen(fd, 1024) != 0) {
		FAIL(e, E_LISTEN, "%.100s: %s", address, strerror(errno));
		close(fd);
		return -1;
	}
	*out = fd;
	return 0;
}

int listen_port(int fd)
{
	union address a;
	socklen_t n = sizeof a;

	if (getsockname(fd, &a.any, &n) != 0)
		return 0;
	return a.any.sa_family == AF_INET6 ? ntohs(a.v6.sin6_port) : a.any.sa_family == AF_INET ? ntohs(a.v4.sin_port) : 0;
}

void listen_name(int fd, char *to, size_t max)
{
	union address a;
	socklen_t n = sizeof a;
	char host[INET6_ADDRSTRLEN] = "";

	if (getsockname(fd, &a.any, &n) != 0)
		a.any.sa_family = AF_UNSPEC;
	if (a.any.sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &a.v6.sin6_addr, host, sizeof host);
		snprintf(to, max, "[%s]:%d", host, ntohs(a.v6.sin6_port));
	} else if (a.any.sa_family == AF_INET) {
		inet_ntop(AF_INET, &a.v4.sin_addr, host, sizeof host);
		snprintf(to, max, "%s:%d", host, ntohs(a.v4.sin_port));
	} else {
		snprintf(to, max, "?");
	}
}
