#include "net/ws.h"
#include <openssl/evp.h>
#include <strings.h>
#include <wslay/wslay.h>
#include "net/http_inside.h"
#include "os/clock.h"

enum { CLOSE_WAIT_US = 2000000 };

struct piece { struct piece *next; size_t n; int opcode; unsigned char p[]; };

struct ws {
	struct loop_task task;          /* carries what other threads queued to the net thread; posted once at a time */
	atomic_int holders;
	struct http_conn *conn;         /* net thread only; NULL: over */
	struct loop *loop;
	const struct ws_handler *handler;
	void *arg;
	wslay_event_context_ptr wslay;
	const char *in;                 /* what was read and wslay has not taken yet */
	size_t in_n;
	bool broken, asked;             /* asked: a ping is out */
	int64_t close_by_us;            /* 0: not closing */

	pthread_mutex_t lock;
	struct piece *first, **last;    /* under lock, as what follows */
	size_t waiting;
	int close_code;
	bool posted, over;
};

/* ---- handshake ---- */

static bool has_word(const char *list, const char *word)
{
	size_t n = strlen(word);
	const char *p = list;

	while (p && *p) {
		p += strspn(p, " ,\t");
		if (strncasecmp(p, word, n) == 0 && (!p[n] || strchr(" ,\t", p[n])))
			return true;
		p += strcspn(p, ",");
	}
	return false;
}

/* 16 bytes in base64: 22 letters and ==. */
static bool key_valid(const char *key)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	return key && strlen(key) == 24 && strspn(key, letters) == 22 && strcmp(key + 22, "==") == 0;
}

int ws_accept(struct http_request *r, struct http_response *s, const struct ws_handler *h, void *arg, struct err *e)
{
	const char *key = http_header(r, "sec-websocket-key"), *version = http_header(r, "sec-websocket-version"),
		*origin = http_header(r, "origin"), *host;
	unsigned char digest[EVP_MAX_MD_SIZE];
	char *text = arena_get(r->a, 64), *accept = arena_get(r->a, 64);
	unsigned n = 0;

	if (strcmp(r->method, "GET") != 0 || r->head || !has_word(http_header(r, "connection"), "upgrade") ||
	    !has_word(http_header(r, "upgrade"), "websocket") || !key_valid(key) || !version || strcmp(version, "13") != 0) {
		http_add_header(r, s, "Sec-WebSocket-Version", "13");
		return FAIL(e, E_WS_HANDSHAKE, "%.100s", r->path);
	}
	/* Browsers send cookies with a WebSocket to anybody's page: the page must be ours. Programs send no Origin. */
	host = origin ? strstr(origin, "://") : NULL;
	if (origin && (!host || strcasecmp(host + 3, r->host) != 0))
		return FAIL(e, E_ORIGIN_WRONG, "%.100s", origin);
	snprintf(text, 64, "%s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
	if (EVP_Digest(text, strlen(text), digest, &n, EVP_sha1(), NULL) != 1)
		return FAIL(e, E_BUG, "sha1");
	EVP_EncodeBlock((unsigned char *)accept, digest, (int)n);
	s->status = 101;
	s->ws = h;
	s->ws_arg = arg;
	http_add_header(r, s, "Upgrade", "websocket");
	http_add_header(r, s, "Connection", "Upgrade");
	http_add_header(r, s, "Sec-WebSocket-Accept", accept);
	return 0;
}

void ws_dropped(struct http_job *j)
{
	const struct ws_handler *h = j->rs.ws;

	j->rs.ws = NULL;
	if (h && h->closed)
		h->closed(NULL, j->rs.ws_arg);
}

/* ---- holding ---- */

static void free_pieces(struct piece *p)
{
	struct piece *next;

	for (; p; p = next) {
		next = p->next;
		free(p);
	}
}

void ws_retain(struct ws *s) { atomic_fetch_add(&s->holders, 1); }

void ws_release(struct ws *s)
{
	if (!s || atomic_fetch_sub(&s->holders, 1) != 1)
		return;
	free_pieces(s->first);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

/* ---- between wslay and the socket ---- */

static ssize_t on_recv(wslay_event_context_ptr ctx, uint8_t *to, size_t n, int flags, void *arg)
{
	struct ws *s = arg;

	if (s->in_n == 0) {
		wslay_event_set_error(ctx, WSLAY_ERR_WOULDBLOCK);
		return -1;
	}
	if (n > s->in_n)
		n = s->in_n;
	memcpy(to, s->in, n);
	s->in += n;
	s->in_n -= n;
	return (ssize_t)n;
}

static ssize_t on_send(wslay_event_context_ptr ctx, const uint8_t *p, size_t n, int flags, void *arg)
{
	struct ws *s = arg;
	struct iovec v = { (void *)(uintptr_t)p, n };
	ssize_t sent = stream_send(&s->conn->stream, &v, 1, s->conn->thread->buffer);

	if (sent >= 0)
		return sent;
	s->broken |= sent == STREAM_BROKEN;
	wslay_event_set_error(ctx, sent == STREAM_AGAIN ? WSLAY_ERR_WOULDBLOCK : WSLAY_ERR_CALLBACK_FAILURE);
	return -1;
}

static void on_message(wslay_event_context_ptr ctx, const struct wslay_event_on_msg_recv_arg *m, void *arg)
{
	struct ws *s = arg;

	if ((m->opcode == WSLAY_TEXT_FRAME || m->opcode == WSLAY_BINARY_FRAME) && s->handler->message && !s->close_by_us)
		s->handler->message(s, m->msg, m->msg_length, m->opcode == WSLAY_TEXT_FRAME, s->arg);
}

/* Sends what can be sent; closes when both sides are through. */
static void pump(struct ws *s)
{
	struct http_conn *c = s->conn;

	if (wslay_event_send(s->wslay) != 0 || s->broken) {
		http_conn_close(c);
		return;
	}
	if (wslay_event_want_write(s->wslay)) {
		http_conn_want_write(c);
		return;
	}
	if (!wslay_event_want_read(s->wslay) || (wslay_event_get_close_sent(s->wslay) && wslay_event_get_close_received(s->wslay)))
		http_conn_close(c);
	else if (wslay_event_get_close_sent(s->wslay) && !s->close_by_us)
		s->close_by_us = os_steady_us() + CLOSE_WAIT_US;
}

static void begin_close(struct ws *s, int code)
{
	if (s->close_by_us)
		return;
	wslay_event_queue_close(s->wslay, (uint16_t)code, NULL, 0);
	s->close_by_us = os_steady_us() + CLOSE_WAIT_US;
}

static void on_task(struct loop_task *task)
{
	struct ws *s = (struct ws *)(void *)task;
	struct http_thread *t;
	struct piece *all, *p;
	int code;

	pthread_mutex_lock(&s->lock);
	all = s->first;
	code = s->close_code;
	s->first = NULL;
	s->last = &s->first;
	s->waiting = 0;
	s->posted = false;
	pthread_mutex_unlock(&s->lock);
	if (s->conn) {
		t = s->conn->thread;
		for (p = all; p; p = p->next) {
			struct wslay_event_msg m = { .opcode = (uint8_t)p->opcode, .msg = p->p, .msg_length = p->n };

			wslay_event_queue_msg(s->wslay, &m);
		}
		if (wslay_event_get_queued_msg_length(s->wslay) > WS_WAITING_BYTES)
			s->broken = true;
		if (code)
			begin_close(s, code);
		pump(s);
		http_conn_reap(t);
	}
	free_pieces(all);
	ws_release(s);
}

/* With the lock held. */
static void post(struct ws *s)
{
	if (s->posted || s->over)
		return;
	s->posted = true;
	ws_retain(s);
	loop_post(s->loop, &s->task);
}

bool ws_send(struct ws *s, const void *p, size_t n, bool text)
{
	struct piece *piece;
	bool ok;

	pthread_mutex_lock(&s->lock);
	ok = !s->over && !s->close_code && s->waiting + n <= WS_WAITING_BYTES && (piece = malloc(sizeof *piece + n)) != NULL;
	if (ok) {
		piece->next = NULL;
		piece->n = n;
		piece->opcode = text ? WSLAY_TEXT_FRAME : WSLAY_BINARY_FRAME;
		if (n)
			memcpy(piece->p, p, n);
		*s->last = piece;
		s->last = &piece->next;
		s->waiting += n;
		post(s);
	}
	pthread_mutex_unlock(&s->lock);
	return ok;
}

void ws_close(struct ws *s, int code)
{
	pthread_mutex_lock(&s->lock);
	if (!s->close_code) {
		s->close_code = code;
		post(s);
	}
	pthread_mutex_unlock(&s->lock);
}

/* ---- called by the connection (net thread) ---- */

int ws_begin(struct http_conn *c, const struct ws_handler *h, void *arg)
{
	static const struct wslay_event_callbacks calls = {
		.recv_callback = on_recv, .send_callback = on_send, .on_msg_recv_callback = on_message };
	struct ws *s = calloc(1, sizeof *s);

	if (!s || wslay_event_context_server_init(&s->wslay, &calls, s) != 0) {
		free(s);
		return -1;
	}
	wslay_event_config_set_max_recv_msg_length(s->wslay, WS_MESSAGE_BYTES);
	s->task.run = on_task;
	atomic_init(&s->holders, 1);
	pthread_mutex_init(&s->lock, NULL);
	s->last = &s->first;
	s->conn = c;
	s->loop = c->thread->loop;
	s->handler = h;
	s->arg = arg;
	c->ws = s;
	c->state = HTTP_IS_WS;
	c->deadline_us = os_steady_us() + c->thread->server->idle_us / 2;
	if (h->opened)
		h->opened(s, arg);
	return 0;
}

void ws_readable(struct http_conn *c, const char *p, size_t n)
{
	struct ws *s = c->ws;

	s->in = p;
	s->in_n = n;
	s->asked = false;
	c->deadline_us = os_steady_us() + c->thread->server->idle_us / 2;
	if (wslay_event_recv(s->wslay) != 0)
		s->broken = true;
	s->in_n = 0;
	pump(s);
}

void ws_writable(struct http_conn *c) { pump(c->ws); }

void ws_tick(struct http_conn *c, int64_t now_us)
{
	static const struct wslay_event_msg ping = { .opcode = WSLAY_PING };
	struct ws *s = c->ws;

	if (s->close_by_us ? now_us >= s->close_by_us : now_us >= c->deadline_us && s->asked) {
		http_conn_close(c);
		return;
	}
	if (s->close_by_us || now_us < c->deadline_us)
		return;
	s->asked = true;
	c->deadline_us = now_us + c->thread->server->idle_us / 2;
	wslay_event_queue_msg(s->wslay, &ping);
	pump(s);
}

void ws_leave(struct http_conn *c)
{
	begin_close(c->ws, WSLAY_CODE_GOING_AWAY);
	pump(c->ws);
}

void ws_gone(struct http_conn *c)
{
	struct ws *s = c->ws;

	c->ws = NULL;
	s->conn = NULL;
	pthread_mutex_lock(&s->lock);
	s->over = true;
	pthread_mutex_unlock(&s->lock);
	if (s->handler->closed)
		s->handler->closed(s, s->arg);
	wslay_event_context_free(s->wslay);
	s->wslay = NULL;
	ws_release(s);
}
