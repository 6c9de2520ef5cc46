#include "net/lmtp.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/fault.h"
#include "net/lmtp_parse.h"
#include "net/loop.h"
#include "os/file.h"

enum { CONNECTIONS = 32, CONNECTIONS_MAX = 200, IDLE_MS = 60000, BLOCK = 32 << 10, COMMANDS_MAX = 100000 };
#define BYTES_MAX ((int64_t)52 << 20)

struct talk {
	struct lmtp_server *s;
	unsigned long thread;
	int fd;
	bool used, over, taking;
	char in[BLOCK];
	size_t at, n;
	/* the transaction */
	bool greeted, has_sender;
	char sender[LMTP_ADDRESS];
	char *to[LMTP_RECIPIENTS];
	int nto;
};
struct lmtp_server {
	struct lmtp_config c;
	unsigned long thread;
	int wake;
	bool stopping;
	pthread_mutex_t lock;
	pthread_cond_t freed;
	struct talk *talk;              /* c.connections of them */
};

static bool say(struct talk *t, const char *text)
{
	char line[600];
	size_t n = (size_t)snprintf(line, sizeof line, "%s\r\n", text), at = 0;

	while (at < n) {
		struct pollfd p = { t->fd, POLLOUT, 0 };
		ssize_t k = send(t->fd, line + at, n - at, MSG_NOSIGNAL);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) && poll(&p, 1, t->s->c.idle_ms) > 0)
			continue;
		if (k <= 0)
			return false;
		at += (size_t)k;
	}
	return true;
}

/* More bytes at t->in; false when there are none to come. */
static bool more(struct talk *t)
{
	struct pollfd p = { t->fd, POLLIN, 0 };
	ssize_t k;

	if (t->at == t->n)
		t->at = t->n = 0;
	if (t->at && t->n == sizeof t->in) {
		memmove(t->in, t->in + t->at, t->n - t->at);
		t->n -= t->at;
		t->at = 0;
	}
	for (;;) {
		int rc = poll(&p, 1, t->s->c.idle_ms);

		if (rc == 0) {
			say(t, "421 4.4.2 Too long without a word");
			return false;
		}
		if (rc < 0 && errno != EINTR)
			return false;
		k = recv(t->fd, t->in + t->n, sizeof t->in - t->n, MSG_DONTWAIT);
		if (k < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (k <= 0)
			return false;
		t->n += (size_t)k;
		return true;
	}
}

static void forget(struct talk *t)
{
	for (int i = 0; i < t->nto; i++)
		free(t->to[i]);
	t->nto = 0;
	t->has_sender = false;
}

/* Reads the mail into the file; *code is 0, or why it could not be kept. false: the connection is gone. */
static bool receive(struct talk *t, int fd, int64_t *bytes, const char **code)
{
	struct lmtp_data d = { 0 };
	char out[BLOCK + 2];
	size_t n;

	*bytes = 0;
	*code = NULL;
	while (!d.done) {
		if (t->at == t->n && !more(t))
			return false;
		t->at += lmtp_data_read(&d, t->in + t->at, t->n - t->at, out, &n);
		*bytes += (int64_t)n;
		if (*bytes > t->s->c.max_bytes)
			*code = "552 5.3.4 The mail is larger than we take";
		for (size_t at = 0; at < n && !*code;) {
			ssize_t k = fault_hit("write") ? (errno = ENOSPC, -1) : write(fd, out + at, n - at);

			if (k < 0 && errno == EINTR)
				continue;
			if (k <= 0)
				*code = errno == ENOSPC || errno == EDQUOT ? "452 4.3.1 No room on the disk right now" : "451 4.3.0 The mail could not be kept";
			else
				at += (size_t)k;
		}
	}
	return true;
}

static bool data(struct talk *t)
{
	struct lmtp_mail m = { .sender = t->sender, .recipients = (const char *const *)t->to, .nrecipients = t->nto };
	char path[512];
	const char *code = NULL;
	bool alive = true;
	int fd, got = 451;

	snprintf(path, sizeof path, "%s/lmtp-XXXXXX", t->s->c.tmp_folder);
	fd = fault_hit("open") ? (errno = EMFILE, -1) : mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return say(t, "451 4.3.0 No file for the mail right now");
	flock(fd, LOCK_EX | LOCK_NB);           /* so that the next one may see whose it is */
	m.path = path;
	if (!say(t, "354 Go on, end with a dot") || !receive(t, fd, &m.bytes, &code)) {
		alive = false;
	} else if (!code) {
		pthread_mutex_lock(&t->s->lock);
		t->taking = true;       /* from here on, stopping waits for us */
		pthread_mutex_unlock(&t->s->lock);
		got = t->s->c.take(t->s->c.arg, &m);
		code = got == 250 ? "250 2.0.0 It is here" : got == 452 ? "452 4.3.1 No room on the disk right now" :
			got == 552 ? "552 5.3.4 The mail is larger than we take" : "451 4.3.0 Not right now, please come again";
	}
	close(fd);
	unlink(path);
	for (int i = 0; alive && i < t->nto; i++)
		alive = say(t, code);
	pthread_mutex_lock(&t->s->lock);
	t->taking = false;
	pthread_cond_signal(&t->s->freed);
	pthread_mutex_unlock(&t->s->lock);
	forget(t);
	return alive;
}

static const char *recipient(struct talk *t, const struct lmtp_command *c)
{
	int code;

	if (!t->has_sender)
		return "503 5.5.1 Who sends it? Say MAIL first";
	if (t->nto == LMTP_RECIPIENTS)
		return "452 4.5.3 Too many recipients at once";
	code = t->s->c.recipient ? t->s->c.recipient(t->s->c.arg, c->address) : 250;
	if (code != 250)
		return code == 550 ? "550 5.1.1 That address is not ours" : "451 4.3.0 Not right now, please come again";
	t->to[t->nto] = strdup(c->address);
	if (!t->to[t->nto])
		return "451 4.3.0 Not right now, please come again";
	t->nto++;
	return "250 2.1.5 Fine";
}

/* One command. false: the connection ends. */
static bool obey(struct talk *t, const struct lmtp_command *c)
{
	char text[160];

	switch (c->verb) {
	case LMTP_LHLO:
		t->greeted = true;
		forget(t);
		snprintf(text, sizeof text, "250 SIZE %lld", (long long)t->s->c.max_bytes);
		return say(t, "250-pedel") && say(t, "250-PIPELINING") && say(t, "250-ENHANCEDSTATUSCODES") && say(t, "250-8BITMIME") &&
			say(t, "250-SMTPUTF8") && say(t, text);
	case LMTP_MAIL:
		if (!t->greeted || t->has_sender)
			return say(t, t->greeted ? "503 5.5.1 One mail at a time" : "503 5.5.1 Say LHLO first");
		if (c->size > t->s->c.max_bytes)
			return say(t, "552 5.3.4 The mail is larger than we take");
		snprintf(t->sender, sizeof t->sender, "%s", c->address);
		t->has_sender = true;
		return say(t, "250 2.1.0 Fine");
	case LMTP_RCPT:
		return say(t, recipient(t, c));
	case LMTP_DATA:
		return t->nto ? data(t) : say(t, "503 5.5.1 To whom? Say RCPT first");
	case LMTP_RSET:
		forget(t);
		return say(t, "250 2.0.0 Forgotten");
	case LMTP_NOOP:
		return say(t, "250 2.0.0 Still here");
	case LMTP_VRFY:
		return say(t, "252 2.1.5 Send it and see");
	case LMTP_QUIT:
		say(t, "221 2.0.0 Goodbye");
		return false;
	case LMTP_BAD:
		break;
	}
	return say(t, c->reply);
}

static void *talk_run(void *arg)
{
	struct talk *t = arg;
	struct lmtp_command c;
	int bad = 0;
	bool going = say(t, "220 pedel LMTP");

	for (int i = 0; going && i < COMMANDS_MAX; i++) {
		char *end;

		while (!(end = memchr(t->in + t->at, '\n', t->n - t->at)) && t->n - t->at < LMTP_LINE && (going = more(t)))
			;
		if (!going)
			break;
		if (!end || (size_t)(end - t->in) - t->at >= LMTP_LINE || end == t->in + t->at || end[-1] != '\r') {
			say(t, "500 5.5.2 Lines end in CR LF, and are shorter than that");
			break;
		}
		lmtp_command_read(t->in + t->at, (size_t)(end - t->in) - t->at - 1, &c);
		t->at = (size_t)(end - t->in) + 1;
		if (c.verb == LMTP_BAD && ++bad > 20) {
			say(t, "421 4.7.0 Too many mistakes");
			break;
		}
		going = obey(t, &c);
	}
	forget(t);
	pthread_mutex_lock(&t->s->lock);
	close(t->fd);
	t->fd = -1;
	t->over = true;
	pthread_cond_signal(&t->s->freed);
	pthread_mutex_unlock(&t->s->lock);
	eventfd_write(t->s->wake, 1);
	return NULL;
}

/* A free place, its old thread joined; NULL when all talk. */
static struct talk *place(struct lmtp_server *s)
{
	struct talk *t = NULL;

	for (int i = 0; i < s->c.connections && !t; i++) {
		pthread_mutex_lock(&s->lock);
		if (!s->talk[i].used || s->talk[i].over)
			t = &s->talk[i];
		pthread_mutex_unlock(&s->lock);
	}
	if (t && t->used)
		pthread_join((pthread_t)t->thread, NULL);
	if (t) {
		t->used = t->over = false;
		t->s = s;
	}
	return t;
}

static void welcome(struct lmtp_server *s, struct talk *t)
{
	int fd = accept4(s->c.listen_fd, NULL, NULL, SOCK_CLOEXEC);
	struct err e;

	if (fd < 0)
		return;
	t->fd = fd;
	t->at = t->n = 0;
	t->greeted = t->has_sender = t->taking = false;
	pthread_mutex_lock(&s->lock);
	t->used = true;
	if (loop_thread(&t->thread, talk_run, t, &e) != 0) {
		t->used = false;
		close(fd);
	}
	pthread_mutex_unlock(&s->lock);
}

static void *accept_run(void *arg)
{
	struct lmtp_server *s = arg;

	for (;;) {
		struct talk *t = place(s);
		struct pollfd p[2] = { { s->wake, POLLIN, 0 }, { t ? s->c.listen_fd : -1, POLLIN, 0 } };
		eventfd_t n;
		bool stop;

		poll(p, 2, -1);
		if (p[0].revents)
			eventfd_read(s->wake, &n);
		pthread_mutex_lock(&s->lock);
		stop = s->stopping;
		pthread_mutex_unlock(&s->lock);
		if (stop)
			return NULL;
		if (t && (p[1].revents & POLLIN))
			welcome(s, t);
	}
}

int lmtp_start(const struct lmtp_config *c, struct lmtp_server **out, struct err *e)
{
	struct lmtp_server *s = calloc(1, sizeof *s);

	if (!s)
		return FAIL(e, E_OS_CALL, "no memory");
	s->c = *c;
	s->c.max_bytes = c->max_bytes ? c->max_bytes : BYTES_MAX;
	s->c.connections = c->connections ? c->connections : CONNECTIONS;
	if (s->c.connections > CONNECTIONS_MAX)
		s->c.connections = CONNECTIONS_MAX;
	s->c.idle_ms = c->idle_ms ? c->idle_ms : IDLE_MS;
	s->talk = calloc((size_t)s->c.connections, sizeof *s->talk);
	s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->freed, NULL);
	if (!s->talk || s->wake < 0) {
		FAIL(e, E_OS_CALL, "lmtp: %s", strerror(errno));
		goto bad;
	}
	os_sweep_folder(c->tmp_folder, "lmtp-");        /* of a process that was killed while it received */
	if (loop_thread(&s->thread, accept_run, s, e) != 0)
		goto bad;
	*out = s;
	return 0;
bad:
	if (s->wake >= 0)
		close(s->wake);
	free(s->talk);
	free(s);
	return -1;
}

void lmtp_stop(struct lmtp_server *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	s->stopping = true;
	pthread_mutex_unlock(&s->lock);
	eventfd_write(s->wake, 1);
	pthread_join((pthread_t)s->thread, NULL);
	for (int i = 0; i < s->c.connections; i++) {
		struct talk *t = &s->talk[i];

		if (!t->used)
			continue;
		pthread_mutex_lock(&s->lock);
		while (!t->over && t->taking)
			pthread_cond_wait(&s->freed, &s->lock);
		if (!t->over)
			shutdown(t->fd, SHUT_RDWR);
		pthread_mutex_unlock(&s->lock);
		pthread_join((pthread_t)t->thread, NULL);
	}
	close(s->wake);
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->freed);
	free(s->talk);
	free(s);
}
