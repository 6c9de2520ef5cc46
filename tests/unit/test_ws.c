/* WebSocket: the handshake, honest and hostile frames, sending from other threads, ends of all kinds. */
#include "http_t.h"
#include <pthread.h>
#include <stdatomic.h>
#include "net/ws.h"

static atomic_int opened, closed, dropped;
static _Atomic(struct ws *) held;

static void on_open(struct ws *s, void *arg)
{
	atomic_fetch_add(&opened, 1);
	if (!atomic_load(&held)) {
		ws_retain(s);
		atomic_store(&held, s);
	}
}

static void on_message(struct ws *s, const void *p, size_t n, bool text, void *arg)
{
	if (n == 3 && memcmp(p, "bye", 3) == 0)
		ws_close(s, 1000);
	else
		ws_send(s, p, n, text);
}

static void on_close(struct ws *s, void *arg) { atomic_fetch_add(s ? &closed : &dropped, 1); }

static const struct ws_handler echo = { .opened = on_open, .message = on_message, .closed = on_close };

static void handle(struct http_request *r, struct http_response *s, void *arg)
{
	struct err e;

	if (ws_accept(r, s, &echo, NULL, &e) == 0)
		return;
	s->status = 400;
	s->type = "text/plain";
	s->body = err_name(e.id);
	s->body_bytes = strlen(s->body);
}

static struct http_server *start(int idle_ms)
{
	struct http_config c = { .listen = "127.0.0.1:0", .handle = handle, .workers = 2, .idle_ms = idle_ms };
	struct http_server *s;
	struct err e;

	atomic_store(&opened, 0);
	atomic_store(&closed, 0);
	atomic_store(&held, NULL);
	if (http_start(&c, &s, &e) != 0)
		fail_msg("%s", e.detail);
	return s;
}

#define SHAKE "GET /live HTTP/1.1\r\nHost: a.dk\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n" \
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

static int shake(struct http_server *s)
{
	int fd = t_connect(http_port(s)), ended;
	char answer[1000];

	t_send(fd, SHAKE "\r\n", sizeof SHAKE + 1);
	t_read(fd, answer, sizeof answer, "\r\n\r\n", 60000, &ended);
	CHECK(strstr(answer, "HTTP/1.1 101 ") && strstr(answer, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
	CHECK(!strstr(answer, "Content-Length"));
	return fd;
}

/* A frame as a client writes it; masked with 1 2 3 4 unless plain. */
static size_t frame(unsigned char *to, int first, const void *p, size_t n, int masked)
{
	size_t at = 0;

	to[at++] = (unsigned char)first;
	if (n < 126) {
		to[at++] = (unsigned char)(n | (masked ? 0x80 : 0));
	} else if (n < 65536) {
		to[at++] = (unsigned char)(126 | (masked ? 0x80 : 0));
		to[at++] = (unsigned char)(n >> 8);
		to[at++] = (unsigned char)n;
	} else {
		to[at++] = (unsigned char)(127 | (masked ? 0x80 : 0));
		for (int i = 7; i >= 0; i--)
			to[at++] = (unsigned char)((uint64_t)n >> (i * 8));
	}
	if (masked) {
		memcpy(to + at, "\1\2\3\4", 4);
		at += 4;
	}
	for (size_t i = 0; i < n; i++)
		to[at + i] = ((const unsigned char *)p)[i] ^ (masked ? (unsigned char)(i % 4 + 1) : 0);
	return at + n;
}

static int read_exactly(int fd, void *to, size_t n)
{
	for (size_t got = 0; got < n;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t k = poll(&p, 1, 60000) == 1 ? recv(fd, (char *)to + got, n - got, 0) : -1;

		if (k <= 0)
			return -1;
		got += (size_t)k;
	}
	return 0;
}

/* One frame from the server: its first byte, or -1 at the end. */
static int next(int fd, unsigned char *to, size_t max, size_t *n)
{
	unsigned char h[10];
	uint64_t len;

	if (read_exactly(fd, h, 2) != 0)
		return -1;
	CHECK(!(h[1] & 0x80));          /* a server does not mask */
	len = h[1];
	if (h[1] == 126) {
		CHECK(read_exactly(fd, h + 2, 2) == 0);
		len = (uint64_t)h[2] << 8 | h[3];
	} else if (h[1] == 127) {
		CHECK(read_exactly(fd, h + 2, 8) == 0);
		len = 0;
		for (int i = 2; i < 10; i++)
			len = len << 8 | h[i];
	}
	CHECK(len <= max);
	CHECK(len == 0 || read_exactly(fd, to, len) == 0);
	*n = (size_t)len;
	return h[0];
}

static void handshakes_are_checked(void **state)
{
	static const struct { const char *bytes, *want; } rows[] = {
		{ SHAKE "\r\n", "101" }, { SHAKE "Origin: https://a.dk\r\n\r\n", "101" }, { SHAKE "Origin: https://evil.dk\r\n\r\n", "ORIGIN_WRONG" },
		{ SHAKE "Origin: null\r\n\r\n", "ORIGIN_WRONG" }, { SHAKE "Origin: https://a.dk.evil.dk\r\n\r\n", "ORIGIN_WRONG" },
		{ "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "WS_HANDSHAKE" },
		{ "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", "WS_HANDSHAKE" },
		{ "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", "WS_HANDSHAKE" },
		{ "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n\r\n", "WS_HANDSHAKE" },
		{ "POST / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", "WS_HANDSHAKE" },
	};
	struct http_server *s = start(0);
	char answer[1000];
	int ended;

	for (int i = 0; i < T_ROWS(rows); i++) {
		int fd = t_connect(http_port(s));

		t_send(fd, rows[i].bytes, strlen(rows[i].bytes));
		t_read(fd, answer, sizeof answer, rows[i].want, 60000, &ended);
		CHECK_ROW(i, strstr(answer, rows[i].want) != NULL);
		close(fd);
	}
	http_stop(s, 3000);
	CHECK_INT(atomic_load(&opened), atomic_load(&closed));
	ws_release(atomic_load(&held));
}

static unsigned char big_message[(1 << 20) + 100], frames[(1 << 20) + 200], got[(1 << 20) + 200];

static void messages_come_back(void **state)
{
	static const size_t sizes[] = { 0, 1, 125, 126, 127, 65535, 65536, 300000, 1 << 20 };
	struct http_server *s = start(0);
	int fd = shake(s);
	size_t n, k;

	for (size_t i = 0; i < sizeof big_message; i++)
		big_message[i] = (unsigned char)("abcdefg"[i % 7]);
	for (int i = 0; i < T_ROWS(sizes); i++) {
		n = frame(frames, 0x80 | (i % 2 ? 1 : 2), big_message, sizes[i], 1);
		t_send(fd, frames, n);
		CHECK_ROW(i, next(fd, got, sizeof got, &k) == (0x80 | (i % 2 ? 1 : 2)) && k == sizes[i] && memcmp(got, big_message, k) == 0);
	}
	/* byte by byte; in three parts with a ping between; a ping alone */
	n = frame(frames, 0x81, "hej æ", 6, 1);
	for (size_t i = 0; i < n; i++)
		t_send(fd, frames + i, 1);
	CHECK(next(fd, got, sizeof got, &k) == 0x81 && k == 6 && memcmp(got, "hej æ", 6) == 0);
	n = frame(frames, 0x01, "a\xc3", 2, 1);
	n += frame(frames + n, 0x89, "ping", 4, 1);
	n += frame(frames + n, 0x00, "\xa6", 1, 1);
	n += frame(frames + n, 0x80, "c", 1, 1);
	t_send(fd, frames, n);
	CHECK(next(fd, got, sizeof got, &k) == 0x8a && k == 4 && memcmp(got, "ping", 4) == 0);
	CHECK(next(fd, got, sizeof got, &k) == 0x81 && k == 4 && memcmp(got, "aæc", 4) == 0);
	close(fd);
	http_stop(s, 3000);
	CHECK_INT(atomic_load(&closed), 1);
	ws_release(atomic_load(&held));
}

static void wrong_frames_end_the_connection(void **state)
{
	struct { const char *name; int first; const char *p; size_t n; int masked, code; } rows[] = {
		{ "no mask", 0x81, "abc", 3, 0, 1002 }, { "text not UTF-8", 0x81, "\xff\xfe", 2, 1, 1007 },
		{ "text cut in a letter", 0x81, "a\xc3", 2, 1, 1007 }, { "reserved opcode", 0x83, "a", 1, 1, 1002 },
		{ "reserved bit", 0xc1, "a", 1, 1, 1002 }, { "continuation of nothing", 0x80, "a", 1, 1, 1002 },
		{ "long ping", 0x89, (const char *)big_message, 126, 1, 0 }, { "ping in parts", 0x09, "a", 1, 1, 0 },
		{ "over 1 MB", 0x82, (const char *)big_message, (1 << 20) + 1, 1, 1009 },
		{ "close", 0x88, "\x03\xe8", 2, 1, 1000 }, { "close with half a code", 0x88, "\x03", 1, 1, 0 },
		{ "close with a forbidden code", 0x88, "\x03\xee", 2, 1, 1002 }, { "bye", 0x81, "bye", 3, 1, 1000 },
	};
	struct http_server *s = start(0);
	size_t n, k;
	int fd, first;

	for (int i = 0; i < T_ROWS(rows); i++) {
		fd = shake(s);
		n = frame(frames, rows[i].first, rows[i].p, rows[i].n, rows[i].masked);
		t_send(fd, frames, n);
		first = next(fd, got, sizeof got, &k);
		/* wslay gives no code for frames that it cannot even take apart */
		if (first != 0x88 || (k >= 2 ? got[0] << 8 | got[1] : 0) != rows[i].code)
			fail_msg("%s: wanted a close with %d, got %x with %d", rows[i].name, rows[i].code, (unsigned)first, k >= 2 ? got[0] << 8 | got[1] : 0);
		n = frame(frames, 0x88, "\x03\xe8", 2, 1);
		t_send(fd, frames, n);
		CHECK_ROW(i, next(fd, got, sizeof got, &k) == -1);
		close(fd);
	}
	http_stop(s, 3000);
	CHECK_INT(atomic_load(&opened), T_ROWS(rows));
	CHECK_INT(atomic_load(&closed), T_ROWS(rows));
	ws_release(atomic_load(&held));
}

static void *send_many(void *arg)
{
	char text[20];

	for (int i = 0; i < 2000; i++) {
		int n = snprintf(text, sizeof text, "%d", i);

		CHECK(ws_send(arg, text, (size_t)n, true));
	}
	return NULL;
}

static void other_threads_may_send(void **state)
{
	struct http_server *s = start(0);
	int fd = shake(s), sums[2] = { 0 };
	pthread_t t[2];
	struct ws *w;
	size_t k;

	for (int i = 0; i < 60000 && !atomic_load(&held); i++)
		usleep(1000);
	w = atomic_load(&held);
	for (int i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, send_many, w);
	for (int i = 0; i < 4000; i++) {
		CHECK_ROW(i, next(fd, got, sizeof got, &k) == 0x81);
		got[k] = 0;
		sums[0] += (int)strtol((char *)got, NULL, 10);
		sums[1]++;
	}
	CHECK_INT(sums[0], 2 * (1999 * 2000 / 2));
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	ws_close(w, 1008);
	CHECK(next(fd, got, sizeof got, &k) == 0x88 && (got[0] << 8 | got[1]) == 1008);
	close(fd);
	for (int i = 0; i < 60000 && !atomic_load(&closed); i++)
		usleep(1000);
	CHECK(!ws_send(w, "x", 1, true));
	http_stop(s, 3000);
	CHECK(!ws_send(w, "x", 1, true));       /* also when the server is gone */
	ws_close(w, 1000);
	ws_release(w);
}

static void who_does_not_read_is_let_go(void **state)
{
	struct http_server *s = start(0);
	int fd = shake(s);
	bool ok = true;
	struct ws *w;

	for (int i = 0; i < 60000 && !atomic_load(&held); i++)
		usleep(1000);
	w = atomic_load(&held);
	for (int i = 0; ok && i < 1000; i++) {
		ok = ws_send(w, big_message, 100000, false);
		usleep(1000);
	}
	CHECK(!ok);
	for (int i = 0; i < 60000 && !atomic_load(&closed); i++)
		usleep(1000);
	CHECK_INT(atomic_load(&closed), 1);
	close(fd);
	http_stop(s, 3000);
	ws_release(w);
}

static void silence_is_asked_about_and_then_ended(void **state)
{
	struct http_server *s = start(400);
	int fd = shake(s), pings = 0, first;
	size_t n, k;

	/* Answering keeps it open ... */
	for (int i = 0; i < 3; i++) {
		CHECK((first = next(fd, got, sizeof got, &k)) == 0x89);
		n = frame(frames, 0x8a, got, k, 1);
		t_send(fd, frames, n);
	}
	/* ... silence does not. */
	while ((first = next(fd, got, sizeof got, &k)) == 0x89)
		pings++;
	CHECK(first == -1 && pings == 1);
	close(fd);
	http_stop(s, 1000);
	ws_release(atomic_load(&held));
}

static void stopping_says_going_away(void **state)
{
	struct http_server *s = start(0);
	int fd = shake(s), ended;
	char rest[10];
	struct ws *w;

	for (int i = 0; i < 60000 && !atomic_load(&held); i++)
		usleep(1000);
	w = atomic_load(&held);
	CHECK(ws_send(w, "last", 4, true));
	http_stop(s, 100);                      /* the client does not answer the close */
	CHECK(t_read(fd, rest, sizeof rest + 0, NULL, 60000, &ended) >= 6 && memcmp(rest, "\x81\x04last\x88\x02\x03", 9) == 0);
	close(fd);
	CHECK_INT(atomic_load(&closed), 1);
	ws_release(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(handshakes_are_checked), cmocka_unit_test(messages_come_back), cmocka_unit_test(wrong_frames_end_the_connection),
		cmocka_unit_test(other_threads_may_send), cmocka_unit_test(who_does_not_read_is_let_go),
		cmocka_unit_test(silence_is_asked_about_and_then_ended), cmocka_unit_test(stopping_says_going_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
