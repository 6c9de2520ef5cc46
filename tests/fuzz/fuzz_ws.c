/* Any bytes as a client's WebSocket frames: whole and in pieces give the same messages, and nothing outlives the end. */
#include <event2/event.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/buf.h"
#include "net/http_inside.h"
#include "net/ws.h"

static void on_message(struct ws *s, const void *p, size_t n, bool text, void *arg)
{
	buf_printf(arg, "%d %zu:", text, n);
	buf_add(arg, p, n);
}

static const struct ws_handler handler = { .message = on_message };

static void tell(const char *p, size_t n, size_t piece, struct buf *out)
{
	struct http_server s = { .idle_us = 1000000 };
	struct http_thread t = { .server = &s, .buffer = malloc(STREAM_BUFFER) };
	struct http_conn *c = calloc(1, sizeof *c);
	char drain[65536];
	struct err e;
	int pair[2];

	if (!c || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) != 0 || loop_begin(&t.loop, &e) != 0)
		abort();
	pthread_mutex_init(&s.count_lock, NULL);
	pthread_cond_init(&s.count_less, NULL);
	s.nconns = 1;
	c->thread = &t;
	c->stream.fd = pair[0];
	event_assign(&c->read, loop_base(t.loop), pair[0], EV_READ, NULL, NULL);
	event_assign(&c->write, loop_base(t.loop), pair[0], EV_WRITE, NULL, NULL);
	t.conns = c;
	if (ws_begin(c, &handler, out) != 0)
		abort();
	while (n > 0 && c->state == HTTP_IS_WS) {
		size_t part = n < piece ? n : piece;

		ws_readable(c, p, part);
		p += part;
		n -= part;
		while (read(pair[1], drain, sizeof drain) > 0)
			;
	}
	http_conn_close(c);
	if (s.nconns != 0)
		abort();
	http_conn_reap(&t);
	loop_end(t.loop);
	close(pair[1]);
	free(t.buffer);
	pthread_mutex_destroy(&s.count_lock);
	pthread_cond_destroy(&s.count_less);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena *a = arena_begin(64 << 20);
	struct buf whole, parts;

	buf_init(&whole, a, 8 << 20);
	tell((const char *)p, n, SIZE_MAX, &whole);
	buf_init(&parts, a, 8 << 20);
	tell((const char *)p, n, n > 2000 ? 97 : 1, &parts);
	if (whole.n != parts.n || memcmp(buf_text(&whole), buf_text(&parts), whole.n) != 0)
		abort();
	arena_end(a);
	return 0;
}
