#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/fault.h"
#include "net/http_inside.h"
#include "net/tls.h"
#include "net/ws.h"
#include "os/clock.h"
#include "os/random.h"

/* One connection's life: idle -> head -> body -> working -> sending -> idle ... Only its net thread touches it. While a
 * worker has the job nothing is read: what comes waits in the kernel, which is the back pressure. */

enum { PROGRESS_BYTES = 1024, LINGER_QUIET_US = 5000000, LINGER_ALL_US = 30000000, SPARE_JOBS = 64 };

static void conn_feed(struct http_conn *c, const char *p, size_t n);
static void conn_send(struct http_conn *c);
static void on_done(struct loop_task *task);

static struct http_job *job_take(struct http_thread *t)
{
	struct http_job *j = t->spare;

	if (j) {
		t->spare = j->next;
		t->nspare--;
		return j;
	}
	j = calloc(1, sizeof *j);
	if (!j)
		return NULL;
	j->a = arena_begin(t->server->c.arena_bytes);
	j->out.file = j->body_fd = -1;
	j->done.run = on_done;
	return j;
}

static void job_give(struct http_thread *t, struct http_job *j)
{
	ws_dropped(j);
	http_job_clear(j);
	if (t->nspare < SPARE_JOBS) {
		j->next = t->spare;
		t->spare = j;
		t->nspare++;
		return;
	}
	arena_end(j->a);
	free(j);
}

static void pause_reading(struct http_conn *c)
{
	if (!c->paused)
		event_del(&c->read);
	c->paused = true;
}

static void listen_again(struct http_conn *c)
{
	if (c->paused)
		event_add(&c->read, NULL);
	c->paused = false;
	if (stream_pending(&c->stream))
		event_active(&c->read, EV_READ, 0);
}

void http_conn_want_write(struct http_conn *c)
{
	if (!c->writing)
		event_add(&c->write, NULL);
	c->writing = true;
}

void http_conn_close(struct http_conn *c)
{
	struct http_thread *t = c->thread;

	if (c->state == HTTP_CLOSED)
		return;
	if (c->ws)
		ws_gone(c);
	event_del(&c->read);
	event_del(&c->write);
	stream_close(&c->stream);
	if (c->job)
		job_give(t, c->job);
	c->job = NULL;
	free(c->rest);
	c->rest = NULL;
	c->state = HTTP_CLOSED;
	if (c->prev)
		c->prev->next = c->next;
	else
		t->conns = c->next;
	if (c->next)
		c->next->prev = c->prev;
	c->next = t->dead;              /* callers further up still hold it: freed when the loop is back at its top */
	t->dead = c;
	http_uncount(c);
}

void http_conn_reap(struct http_thread *t)
{
	struct http_conn *c, *next;

	for (c = t->dead; c; c = next) {
		next = c->next;
		free(c);
	}
	t->dead = NULL;
}

static void linger(struct http_conn *c)
{
	int64_t now = os_steady_us();

	/* Closing with bytes unread makes the kernel send a reset, which can destroy our answer on its way. */
	stream_end_sending(&c->stream);
	c->state = HTTP_LINGERING;
	c->linger_until_us = now + LINGER_ALL_US;
	c->deadline_us = now + LINGER_QUIET_US;
	listen_again(c);
}

/* How the target of a head that was refused began. */
static const char *asked(struct arena *a, const struct http_job *j)
{
	const char *sp = j->head ? memchr(j->head, ' ', j->head_n) : NULL;
	size_t left = sp ? (size_t)(j->head + j->head_n - ++sp) : 0, n = 0;

	while (n < left && n < 32 && sp[n] > 0x20 && sp[n] < 0x7f)
		n++;
	return n ? arena_dupn(a, sp, n) : "";
}

/* Answer with a status of the server's own and end the connection. */
static void refuse(struct http_conn *c, int status)
{
	struct http_thread *t = c->thread;
	struct http_server *s = t->server;
	struct http_job *j = c->job ? c->job : job_take(t);

	c->job = j;
	if (!j) {
		http_conn_close(c);
		return;
	}
	j->conn = c;
	j->rq.a = j->a;
	if (!j->rq.method)
		j->rq.method = "GET";
	j->rs = (struct http_response){ .status = status, .no_compress = true, .close = true };
	if (arena_trap(j->a)) {
		http_answer_memory(j);
	} else {
		j->rq.asked = j->rq.path ? "" : asked(j->a, j);
		j->rs.type = "text/plain; charset=utf-8";
		j->rs.body = arena_printf(j->a, "%d %s\n", status, http_reason(status));
		j->rs.body_bytes = strlen(j->rs.body);
		if (s->c.refusal)
			s->c.refusal(&j->rq, status, &j->rs, s->c.arg);
		if (status == 503 || status == 507)
			http_add_header(&j->rq, &j->rs, "Retry-After", "2");
		http_answer(j, t->pack, true);
	}
	arena_trap_clear(j->a);
	c->state = HTTP_SENDING;
	c->deadline_us = os_steady_us() + s->body_us;
	j->refuse = status;
	conn_send(c);
}

static int body_file(struct http_job *j, const char *folder)
{
	unsigned char r[8];

	os_random(r, sizeof r);
	j->body_path = arena_printf(j->a, "%s/body-%d-%02x%02x%02x%02x%02x%02x%02x%02x", folder, (int)getpid(), r[0], r[1], r[2], r[3], r[4],
		r[5], r[6], r[7]);
	j->body_fd = fault_hit("open") ? -1 : open(j->body_path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (j->body_fd < 0)
		return -1;
	flock(j->body_fd, LOCK_EX | LOCK_NB);           /* tells the next start that somebody owns it (http_server.c) */
	return 0;
}

/* What needs no worker is answered here. Not while more waits behind it: a row of such would go ever deeper. */
static bool at_once(struct http_conn *c)
{
	struct http_thread *t = c->thread;
	struct http_server *s = t->server;
	struct http_job *j = c->job;
	bool yes = false;

	if (!s->c.at_once || j->has_body || arena_trap(j->a))
		return false;
	yes = s->c.at_once(&j->rq, &j->rs, s->c.arg);
	if (yes)
		http_answer(j, t->pack, atomic_load_explicit(&s->draining, memory_order_relaxed));
	arena_trap_clear(j->a);
	return yes;
}

static void dispatch(struct http_conn *c, bool more)
{
	struct http_job *j = c->job;

	if (!more && at_once(c)) {
		c->state = HTTP_SENDING;
		c->deadline_us = os_steady_us() + c->thread->server->body_us;
		conn_send(c);
		return;
	}
	c->state = HTTP_WORKING;
	atomic_store(&c->hand, more ? HAND_WANTED : HAND_WORKER);
	c->deadline_us = INT64_MAX;
	if (!http_submit(c->thread->server, j))
		refuse(c, 503);
}

/* The head is here: what may follow it? */
static void head_done(struct http_conn *c, bool more)
{
	struct http_server *s = c->thread->server;
	struct http_job *j = c->job;
	struct http_body_limit limit = { .max_bytes = 1 << 20 };
	struct iovec go_on = { (void *)(uintptr_t)"HTTP/1.1 100 Continue\r\n\r\n", 25 };

	j->rq.secure = c->stream.ssl != NULL;
	http_forward(j, c->address, s->c.proxies);
	if (j->refuse) {
		refuse(c, j->refuse);
		return;
	}
	if (j->whole) {
		dispatch(c, more);
		return;
	}
	if (s->c.limits)
		limit = s->c.limits(j->rq.method, j->rq.path, s->c.arg);
	if (!limit.to_file && limit.max_bytes > (int64_t)s->c.arena_bytes / 4)
		limit.max_bytes = (int64_t)s->c.arena_bytes / 4;
	j->body_max = limit.max_bytes;
	if (j->parser.content_length > (uint64_t)limit.max_bytes) {
		refuse(c, 413);
		return;
	}
	if (limit.to_file && (!s->c.tmp_folder || body_file(j, s->c.tmp_folder) != 0)) {
		refuse(c, errno == ENOSPC || errno == EDQUOT ? 507 : 503);
		return;
	}
	c->state = HTTP_IN_BODY;
	c->deadline_us = os_steady_us() + s->body_us;
	c->progress_n = 0;
	if (j->expects && stream_send(&c->stream, &go_on, 1, c->thread->buffer) != (ssize_t)go_on.iov_len)
		http_conn_close(c);
}

static void take(struct http_conn *c, const char **p, size_t *n)
{
	struct http_thread *t = c->thread;
	struct http_job *j = c->job;
	enum http_read_step step;
	size_t used = 0;

	if (!j) {
		c->job = j = job_take(t);
		if (!j) {
			http_conn_close(c);
			return;
		}
		j->conn = c;
		c->state = HTTP_IN_HEAD;
		c->deadline_us = os_steady_us() + t->server->header_us;
	}
	if (arena_trap(j->a)) {                 /* memory is out */
		http_conn_close(c);
		return;
	}
	step = http_read(j, *p, *n, &used);
	arena_trap_clear(j->a);
	*p += used;
	*n -= used;
	if (c->state == HTTP_IN_BODY && (c->progress_n += (int64_t)used) >= PROGRESS_BYTES) {
		c->progress_n = 0;
		c->deadline_us = os_steady_us() + t->server->body_us;
	}
	switch (step) {
	case READ_MORE:
		break;
	case READ_HEAD:
		head_done(c, *n > 0);
		break;
	case READ_DONE:
		dispatch(c, *n > 0);
		break;
	case READ_REFUSED:
		*n = 0;
		refuse(c, j->refuse);
		break;
	}
}

static void conn_feed(struct http_conn *c, const char *p, size_t n)
{
	char *rest;

	while (n > 0 && (c->state == HTTP_IDLE || c->state == HTTP_IN_HEAD || c->state == HTTP_IN_BODY))
		take(c, &p, &n);
	if (n == 0 || (c->state != HTTP_WORKING && c->state != HTTP_SENDING))
		return;
	rest = malloc(n);                       /* at most one read, HTTP_SCRATCH bytes */
	if (!rest) {
		http_conn_close(c);
		return;
	}
	memcpy(rest, p, n);
	free(c->rest);                          /* p may have pointed into it */
	c->rest = rest;
	c->rest_n = n;
	pause_reading(c);
}

/* The answer has left: on to the next request, or to the end. */
static void answered(struct http_conn *c)
{
	struct http_thread *t = c->thread;
	struct http_job *j = c->job;
	const struct ws_handler *h = j->rs.ws;
	void *ws_arg = j->rs.ws_arg;
	bool keep = j->keep, refused = j->refuse != 0;
	char *rest = c->rest;
	size_t rest_n = c->rest_n;

	if (keep && !t->closing_idle)
		j->rs.ws = NULL;                /* from here it is h's */
	c->job = NULL;
	job_give(t, j);
	if (!keep || (t->closing_idle && !rest_n)) {
		if (refused || rest_n || c->paused)
			linger(c);
		else
			http_conn_close(c);
		return;
	}
	c->state = HTTP_IDLE;
	c->deadline_us = os_steady_us() + t->server->idle_us;
	c->rest = NULL;
	c->rest_n = 0;
	if (h && ws_begin(c, h, ws_arg) != 0) {
		if (h->closed)
			h->closed(NULL, ws_arg);
		http_conn_close(c);
	} else if (h && rest_n) {
		ws_readable(c, rest, rest_n);
	} else if (rest_n) {
		conn_feed(c, rest, rest_n);
	}
	free(rest);
	if (c->state == HTTP_IDLE || c->state == HTTP_IN_HEAD || c->state == HTTP_IN_BODY || c->state == HTTP_IS_WS)
		listen_again(c);
}

static void conn_send(struct http_conn *c)
{
	bool progress;
	int rc = http_send(&c->job->out, &c->stream, c->thread->buffer, &progress);

	if (rc < 0) {
		http_conn_close(c);
		return;
	}
	if (progress)
		c->deadline_us = os_steady_us() + c->thread->server->body_us;
	if (rc == 0) {
		http_conn_want_write(c);
		return;
	}
	answered(c);
}

bool http_conn_finish(struct http_job *j)
{
	struct http_conn *c = j->conn;
	int mine = HAND_WORKER;
	bool progress;

	if (c->stream.ssl || !j->keep || j->rs.ws || j->out.file >= 0)
		return false;
	if (http_send(&j->out, &c->stream, NULL, &progress) != 1)
		return false;                   /* the net thread sends the rest, or finds it broken */
	return atomic_compare_exchange_strong(&c->hand, &mine, HAND_DONE);
}

/* The connection wants to go on while a worker has its job. false: the worker will tell when it is through. */
static bool take_back(struct http_conn *c)
{
	int workers = HAND_WORKER;

	if (atomic_compare_exchange_strong(&c->hand, &workers, HAND_WANTED) || workers == HAND_WANTED)
		return false;
	answered(c);
	return true;
}

static void on_done(struct loop_task *task)
{
	struct http_job *j = (struct http_job *)(void *)((char *)task - offsetof(struct http_job, done));
	struct http_conn *c = j->conn;

	c->state = HTTP_SENDING;
	c->deadline_us = os_steady_us() + c->thread->server->body_us;
	conn_send(c);
	http_conn_reap(c->thread);
}

static void readable(struct http_conn *c)
{
	struct http_thread *t = c->thread;
	ssize_t n;

	if (c->state == HTTP_SENDING || (c->state == HTTP_WORKING && !take_back(c))) {
		pause_reading(c);
		return;
	}
	if (c->state == HTTP_CLOSED)
		return;
	n = stream_recv(&c->stream, t->scratch, HTTP_SCRATCH);
	if (n == STREAM_AGAIN) {
		if (c->stream.want_write)
			http_conn_want_write(c);
		return;
	}
	if (n <= 0) {
		http_conn_close(c);
		return;
	}
	if (c->state == HTTP_LINGERING) {
		c->deadline_us = os_steady_us() + LINGER_QUIET_US;
		return;
	}
	if (c->state == HTTP_IS_WS)
		ws_readable(c, t->scratch, (size_t)n);
	else
		conn_feed(c, t->scratch, (size_t)n);
	if (c->state != HTTP_CLOSED && !c->paused && stream_pending(&c->stream))
		event_active(&c->read, EV_READ, 0);
}

static void on_read(evutil_socket_t fd, short what, void *arg)
{
	struct http_conn *c = arg;
	struct http_thread *t = c->thread;

	readable(c);
	http_conn_reap(t);
}

static void on_write(evutil_socket_t fd, short what, void *arg)
{
	struct http_conn *c = arg;
	struct http_thread *t = c->thread;

	c->writing = false;
	if (c->state == HTTP_SENDING)
		conn_send(c);
	else if (c->state == HTTP_IS_WS && !c->stream.want_write)
		ws_writable(c);
	else if (c->state != HTTP_WORKING)
		readable(c);            /* a TLS handshake that waited for room */
	http_conn_reap(t);
}

void http_conn_open(struct http_thread *t, int fd, const struct in6_addr *who, const char *address, bool counted)
{
	struct http_conn *c = calloc(1, sizeof *c);

	if (!c || (t->server->tls && !(c->stream.ssl = tls_accept(t->server->tls, fd)))) {
		struct http_conn gone = { .thread = t, .who = *who, .counted = counted };

		close(fd);
		free(c);
		http_uncount(&gone);
		return;
	}
	c->stream.fd = fd;
	c->thread = t;
	c->who = *who;
	c->counted = counted;
	snprintf(c->address, sizeof c->address, "%s", address);
	c->deadline_us = os_steady_us() + t->server->header_us;
	event_assign(&c->read, loop_base(t->loop), fd, EV_READ | EV_PERSIST, on_read, c);
	event_assign(&c->write, loop_base(t->loop), fd, EV_WRITE, on_write, c);
	event_add(&c->read, NULL);
	c->next = t->conns;
	if (t->conns)
		t->conns->prev = c;
	t->conns = c;
	if (!t->server->tls)
		readable(c);            /* a client's first bytes are often there already */
}

void http_conn_tick(struct http_thread *t, int64_t now_us)
{
	struct http_conn *c, *next;

	for (c = t->conns; c; c = next) {
		next = c->next;
		if (c->state == HTTP_IS_WS) {
			ws_tick(c, now_us);
			continue;
		}
		if (c->state == HTTP_WORKING && atomic_load(&c->hand) == HAND_DONE)
			answered(c);            /* gives its memory back, and counts as idle from here */
		if (now_us < c->deadline_us && !(c->state == HTTP_LINGERING && now_us >= c->linger_until_us))
			continue;
		if (c->state == HTTP_IN_HEAD || c->state == HTTP_IN_BODY)
			refuse(c, 408);
		else
			http_conn_close(c);
	}
	http_conn_reap(t);
}

void http_conn_drain(struct http_thread *t, bool idle_too)
{
	struct http_conn *c, *next;

	/* Connections are closed only where the last answer said so, or (idle_too) between requests. */
	t->closing_idle |= idle_too;
	for (c = t->conns; c; c = next) {
		next = c->next;
		if (c->state == HTTP_WORKING && atomic_load(&c->hand) == HAND_DONE)
			answered(c);
		if (c->state == HTTP_IS_WS)
			ws_leave(c);
		else if (idle_too && c->state == HTTP_IDLE)
			http_conn_close(c);
	}
	http_conn_reap(t);
}
