/* http_t.h - what the tests of the HTTP server share: a server on a free port and a client that sees raw bytes. */
#ifndef TESTS_HTTP_T_H
#define TESTS_HTTP_T_H
#include "t.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "net/http.h"

#define T_ROWS(a) ((int)(sizeof(a) / sizeof *(a)))

static inline int t_connect(int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	CHECK(fd >= 0);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (connect(fd, (struct sockaddr *)&a, sizeof a) != 0)
		fail_msg("connect: %s", strerror(errno));
	return fd;
}

static inline int t_send(int fd, const void *p, size_t n)
{
	const char *s = p;

	while (n > 0) {
		ssize_t k = send(fd, s, n, MSG_NOSIGNAL);

		if (k <= 0)
			return -1;
		s += k;
		n -= (size_t)k;
	}
	return 0;
}

static inline int64_t t_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Reads until `until` is seen, n bytes are there, or the other side ends. Bytes got; *ended: the other side ended. */
static inline size_t t_read(int fd, char *to, size_t n, const char *until, int wait_ms, int *ended)
{
	size_t got = 0;
	int64_t stop = t_ms() + wait_ms;

	*ended = 0;
	to[0] = 0;
	while (got < n - 1 && t_ms() < stop) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t k;

		if (poll(&p, 1, (int)(stop - t_ms())) <= 0)
			break;
		k = recv(fd, to + got, n - 1 - got, 0);
		if (k <= 0) {
			*ended = 1;
			break;
		}
		got += (size_t)k;
		to[got] = 0;
		if (until && strstr(to, until))
			break;
	}
	return got;
}

static inline int t_status(const char *answer)
{
	return strncmp(answer, "HTTP/1.1 ", 9) == 0 ? (int)strtol(answer + 9, NULL, 10) : 0;
}
#endif
