#include "daemon/conv_client.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "base/fault.h"
#include "os/clock.h"

enum { PATIENCE_MS = 45000 };

/* Until fd is ready, or the deadline. */
static int ready(int fd, short what, int64_t until_us, struct err *e)
{
	for (;;) {
		struct pollfd p = { fd, what, 0 };
		int64_t left = (until_us - os_steady_us()) / 1000;
		int rc;

		if (left <= 0)
			return FAIL(e, E_CONV_AWAY, "pedel-conv does not answer");      /* it ends its children sooner: it is stuck itself */
		rc = poll(&p, 1, (int)left);
		if (rc > 0)
			return 0;
		if (rc < 0 && errno != EINTR)
			return FAIL(e, E_CONV_FAILED, "poll: %s", strerror(errno));
	}
}

static int send_all(int fd, const void *p, size_t n, int64_t until_us, struct err *e)
{
	const char *from = p;

	while (n) {
		ssize_t k = fault_hit("send") ? (errno = EPIPE, -1) : send(fd, from, n, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (k < 0 && (errno == EAGAIN || errno == EINTR)) {
			if (ready(fd, POLLOUT, until_us, e) != 0)
				return -1;
			continue;
		}
		if (k <= 0)
			return FAIL(e, E_CONV_FAILED, "pedel-conv closed the door: %s", strerror(errno));
		from += k;
		n -= (size_t)k;
	}
	return 0;
}

static int receive_all(int fd, void *p, size_t n, int64_t until_us, struct err *e)
{
	char *to = p;

	while (n) {
		ssize_t k = fault_hit("recv") ? (errno = EIO, -1) : recv(fd, to, n, MSG_DONTWAIT);

		if (k < 0 && (errno == EAGAIN || errno == EINTR)) {
			if (ready(fd, POLLIN, until_us, e) != 0)
				return -1;
			continue;
		}
		if (k <= 0)
			return FAIL(e, E_CONV_FAILED, "pedel-conv gave no answer");
		to += k;
		n -= (size_t)k;
	}
	return 0;
}

/* The connection ended without an answer: did the document end its child, or has pedel-conv itself gone? */
static bool is_there(const struct sockaddr_un *to)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), rc;

	if (fd < 0)
		return true;
	rc = connect(fd, (const struct sockaddr *)to, sizeof *to);
	close(fd);
	return rc == 0 || errno == EAGAIN;
}

int conv_ask(const char *socket_path, enum conv_kind kind, const void *p, size_t n, int timeout_ms, struct arena *a, const void **answer,
	size_t *nanswer, struct err *e)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int64_t until_us = os_steady_us() + (int64_t)(timeout_ms ? timeout_ms : PATIENCE_MS) * 1000;
	uint8_t head[CONV_HEAD], size[8];
	uint64_t got = 0;
	int fd, rc = -1;
	char *bytes;

	if (n > CONV_MAX)
		return FAIL(e, E_BODY_TOO_LARGE, "a document of %zu bytes", n);
	if (strlen(socket_path) >= sizeof to.sun_path)
		return FAIL(e, E_OS_CALL, "the socket's path is too long: %s", socket_path);
	memcpy(to.sun_path, socket_path, strlen(socket_path) + 1);
	fd = fault_hit("socket") ? (errno = EMFILE, -1) : socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return FAIL(e, E_CONV_FAILED, "socket: %s", strerror(errno));
	if (connect(fd, (struct sockaddr *)&to, sizeof to) != 0) {
		FAIL(e, E_CONV_AWAY, "pedel-conv is not there: %s", strerror(errno));
		goto out;
	}
	head[0] = (uint8_t)kind;
	for (int i = 0; i < 8; i++)
		head[1 + i] = (uint8_t)((uint64_t)n >> (8 * (7 - i)));
	if (send_all(fd, head, sizeof head, until_us, e) != 0 || send_all(fd, p, n, until_us, e) != 0 ||
		receive_all(fd, size, sizeof size, until_us, e) != 0)
		goto out;
	for (int i = 0; i < 8; i++)
		got = got << 8 | size[i];
	if (got > CONV_MAX) {
		FAIL(e, E_CONV_FAILED, "an answer of %llu bytes", (unsigned long long)got);
		goto out;
	}
	bytes = arena_get(a, (size_t)got + 1);
	if (receive_all(fd, bytes, (size_t)got, until_us, e) != 0)
		goto out;
	*answer = bytes;
	*nanswer = (size_t)got;
	rc = 0;
out:
	close(fd);
	if (rc != 0 && e->id == E_CONV_FAILED && !is_there(&to))
		FAIL(e, E_CONV_AWAY, "pedel-conv ended while it was asked");
	return rc;
}

int conv_mail(const char *socket_path, struct arena *a, const void *raw, size_t n, struct conv_mail *out, struct err *e)
{
	const void *answer = NULL;
	size_t got = 0;

	return conv_ask(socket_path, CONV_MAIL, raw, n, 0, a, &answer, &got, e) != 0 ? -1 : conv_get_mail(a, answer, got, out, e);
}

int conv_markdown(const char *socket_path, struct arena *a, const char *text, char **html, struct err *e)
{
	const void *answer = NULL, *bytes;
	size_t got = 0, n;

	if (conv_ask(socket_path, CONV_MARKDOWN, text, strlen(text), 0, a, &answer, &got, e) != 0 ||
		conv_get_bytes(a, answer, got, &bytes, &n, e) != 0)
		return -1;
	*html = arena_dupn(a, bytes, n);
	return 0;
}

int conv_try(const char *socket_path, struct arena *a, int timeout_ms, struct err *e)
{
	const void *answer = NULL;
	size_t n;

	return conv_ask(socket_path, CONV_MARKDOWN, "x", 1, timeout_ms, a, &answer, &n, e);
}

int conv_pdf(void *socket_path, struct arena *a, json_t *document, const void **pdf, size_t *n, struct err *e)
{
	char *text = json_dumps(document, JSON_COMPACT);
	const void *answer = NULL;
	size_t got = 0;
	int rc;

	if (!text)
		return FAIL(e, E_BUG, "a document that is no JSON");
	rc = conv_ask(socket_path, CONV_PDF, text, strlen(text), 0, a, &answer, &got, e);
	free(text);
	return rc != 0 ? -1 : conv_get_bytes(a, answer, got, pdf, n, e);
}
