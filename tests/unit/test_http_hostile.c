/* Requests that no honest client sends. Each is sent whole, and byte by byte; each must be answered with its status and
 * the connection closed, and the request hidden behind it must never be served. */
#include "http_t.h"

static int served;

static void handle(struct http_request *r, struct http_response *s, void *arg)
{
	__atomic_add_fetch(&served, 1, __ATOMIC_SEQ_CST);
	s->type = "text/plain";
	s->body = arena_printf(r->a, "%s %s host=%s body=%zu", r->method, r->path, r->host, r->body_bytes);
	s->body_bytes = strlen(s->body);
}

static struct http_body_limit limits(const char *method, const char *path, void *arg)
{
	return (struct http_body_limit){ .max_bytes = 100000 };
}

static struct http_server *start(void)
{
	struct http_config c = { .listen = "127.0.0.1:0", .handle = handle, .limits = limits, .workers = 2, .header_ms = 5000 };
	struct http_server *s;
	struct err e;

	if (http_start(&c, &s, &e) != 0)
		fail_msg("%s: %s", err_name(e.id), e.detail);
	return s;
}

#define H "Host: a.dk\r\n"
#define G "GET / HTTP/1.1\r\n" H
#define P "POST /x HTTP/1.1\r\n" H
#define CH P "Transfer-Encoding: chunked\r\n\r\n"
static char big_header[17000 + 100], big_target[9000 + 100], many_headers[101 * 16 + 100], long_extension[600], big_line[17000 + 100],
	long_trailer[5000 + 200];

static const struct row { const char *name, *bytes; int n, status; } rows[] = {
#define S(name, bytes, status) { name, bytes, (int)sizeof(bytes) - 1, status }
	/* the table of probes */
	S("Content-Length and Transfer-Encoding", P "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
	S("Transfer-Encoding and Content-Length", P "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400),
	S("two differing Content-Length", P "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", 400),
	S("two equal Content-Length", P "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400),
	S("bare LF after the request line", "GET / HTTP/1.1\nHost: a.dk\r\n\r\n", 400),
	S("bare LF after a header", "GET / HTTP/1.1\r\nHost: a.dk\nX: y\r\n\r\n", 400),
	S("bare LF at the end", G "\n", 400),
	S("bare LF everywhere", "GET / HTTP/1.1\nHost: a.dk\n\n", 400),
	S("bare CR in a header", G "X: a\rb\r\n\r\n", 400),
	S("space before the colon", "GET / HTTP/1.1\r\nHost : a.dk\r\n\r\n", 400),
	S("tab before the colon", G "X\t: y\r\n\r\n", 400),
	S("no Host", "GET / HTTP/1.1\r\nX: y\r\n\r\n", 400),
	S("no headers at all", "GET / HTTP/1.1\r\n\r\n", 400),
	S("NUL in a value", G "X: a\0b\r\n\r\n", 400),
	S("NUL in a name", G "X\0: b\r\n\r\n", 400),
	S("control character in a value", G "X: a\x01" "b\r\n\r\n", 400),
	S("DEL in a value", G "X: a\x7f\r\n\r\n", 400),
	S("gzip, chunked", P "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400),
	/* the list under it */
	S("folded header", G "X: a\r\n b\r\n\r\n", 400),
	S("folded header by tab", G "X: a\r\n\tb\r\n\r\n", 400),
	S("fold before the first header", "GET / HTTP/1.1\r\n Host: a.dk\r\n\r\n", 400),
	S("Content-Length +5", P "Content-Length: +5\r\n\r\nhello", 400),
	S("Content-Length -5", P "Content-Length: -5\r\n\r\nhello", 400),
	S("Content-Length 5 5", P "Content-Length: 5 5\r\n\r\nhello", 400),
	S("Content-Length with a space after", P "Content-Length: 5 \r\n\r\nhello", 400),
	S("Content-Length 5,5", P "Content-Length: 5, 5\r\n\r\nhello", 400),
	S("Content-Length 0x5", P "Content-Length: 0x5\r\n\r\nhello", 400),
	S("Content-Length empty", P "Content-Length:\r\n\r\nhello", 400),
	S("Content-Length 2^64", P "Content-Length: 18446744073709551616\r\n\r\nhello", 400),
	S("Content-Length 2^63", P "Content-Length: 9223372036854775808\r\n\r\nhello", 413),
	S("Content-Length over the limit", P "Content-Length: 100001\r\n\r\n", 413),
	{ "chunk extension over 256 bytes", long_extension, 0, 400 },
	{ "101 headers", many_headers, 0, 400 },
	{ "head over 16 kB", big_header, 0, 400 },
	{ "target over 8 kB", big_target, 0, 414 },
	{ "request line over 16 kB", big_line, 0, 414 },
	S("path with NUL", "GET /a\0b HTTP/1.1\r\n" H "\r\n", 400),
	S("path with %00", "GET /a%00b HTTP/1.1\r\n" H "\r\n", 400),
	S("path with ..", "GET /a/../b HTTP/1.1\r\n" H "\r\n", 400),
	S("path with .. last", "GET /a/.. HTTP/1.1\r\n" H "\r\n", 400),
	S("path with %2e%2e", "GET /a/%2e%2E/b HTTP/1.1\r\n" H "\r\n", 400),
	S("path with .%2e", "GET /.%2e/b HTTP/1.1\r\n" H "\r\n", 400),
	S("path with .", "GET /a/./b HTTP/1.1\r\n" H "\r\n", 400),
	S("path with //", "GET /a//b HTTP/1.1\r\n" H "\r\n", 400),
	S("path begins with //", "GET //evil.dk/ HTTP/1.1\r\n" H "\r\n", 400),
	S("path with %2F", "GET /a%2fb HTTP/1.1\r\n" H "\r\n", 400),
	S("path with a backslash", "GET /a\\b HTTP/1.1\r\n" H "\r\n", 400),
	S("path with %5c", "GET /a%5cb HTTP/1.1\r\n" H "\r\n", 400),
	S("path with a broken escape", "GET /a%2 HTTP/1.1\r\n" H "\r\n", 400),
	S("path with %zz", "GET /a%zz HTTP/1.1\r\n" H "\r\n", 400),
	S("path with %0a", "GET /a%0ab HTTP/1.1\r\n" H "\r\n", 400),
	S("path not UTF-8", "GET /%ff HTTP/1.1\r\n" H "\r\n", 400),
	S("path with an overlong slash", "GET /%c0%af HTTP/1.1\r\n" H "\r\n", 400),
	S("path with raw bytes", "GET /\xc3\xa6 HTTP/1.1\r\n" H "\r\n", 400),
	S("path with a fragment", "GET /a#b HTTP/1.1\r\n" H "\r\n", 400),
	S("absolute form", "GET http://a.dk/ HTTP/1.1\r\n" H "\r\n", 400),
	S("authority form", "CONNECT a.dk:443 HTTP/1.1\r\n" H "\r\n", 501),
	S("asterisk form", "OPTIONS * HTTP/1.1\r\n" H "\r\n", 400),
	S("target without a slash", "GET a HTTP/1.1\r\n" H "\r\n", 400),
	S("two Host", G "Host: b.dk\r\n\r\n", 400),
	S("two equal Host", G H "\r\n", 400),
	S("Host empty", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400),
	S("Host with a path", "GET / HTTP/1.1\r\nHost: a.dk/b\r\n\r\n", 400),
	S("Host with a user", "GET / HTTP/1.1\r\nHost: x@a.dk\r\n\r\n", 400),
	S("Host with a space", "GET / HTTP/1.1\r\nHost: a.dk b.dk\r\n\r\n", 400),
	S("Host with two", "GET / HTTP/1.1\r\nHost: a.dk, b.dk\r\n\r\n", 400),
	S("Host with a port of letters", "GET / HTTP/1.1\r\nHost: a.dk:http\r\n\r\n", 400),
	/* more of the same kinds */
	S("Transfer-Encoding twice", P "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
	S("Transfer-Encoding identity", P "Transfer-Encoding: identity\r\n\r\n", 400),
	S("Transfer-Encoding xchunked", P "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400),
	S("Transfer-Encoding chunked, identity", P "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", 400),
	S("Transfer-Encoding quoted", P "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n", 400),
	S("Transfer-Encoding with a vertical tab", P "Transfer-Encoding:\x0b" "chunked\r\n\r\n0\r\n\r\n", 400),
	S("Transfer-Encoding empty", P "Transfer-Encoding:\r\n\r\n", 400),
	S("Transfer-Encoding in 1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
	S("chunk size with a sign", CH "+5\r\nhello\r\n0\r\n\r\n", 400),
	S("chunk size in 0x", CH "0x5\r\nhello\r\n0\r\n\r\n", 400),
	S("chunk size empty", CH "\r\nhello\r\n0\r\n\r\n", 400),
	S("chunk size with a space before", CH " 5\r\nhello\r\n0\r\n\r\n", 400),
	S("chunk size past 64 bits", CH "11111111111111111\r\nhello\r\n0\r\n\r\n", 400),
	S("chunk size by bare LF", CH "5\nhello\r\n0\r\n\r\n", 400),
	S("chunk data by bare LF", CH "5\r\nhello\n0\r\n\r\n", 400),
	S("chunk shorter than its data", CH "3\r\nhello\r\n0\r\n\r\n", 400),
	S("chunk longer than its data", CH "7\r\nhello\r\n0\r\n\r\n", 400),
	S("chunks end by bare LF", CH "0\r\n\n", 400),
	S("chunk size with a bare CR", CH "5\rhello\r\n0\r\n\r\n", 400),
	S("chunks over the limit", CH "186a1\r\n", 0),
	{ "trailers over 4 kB", long_trailer, 0, 400 },
	S("unknown method", "FETCH / HTTP/1.1\r\n" H "\r\n", 501),
	S("method in lower case", "get / HTTP/1.1\r\n" H "\r\n", 501),
	S("TRACE", "TRACE / HTTP/1.1\r\n" H "\r\n", 501),
	S("method with a bracket", "G<T / HTTP/1.1\r\n" H "\r\n", 400),
	S("two spaces in the request line", "GET  / HTTP/1.1\r\n" H "\r\n", 400),
	S("space after the version", "GET / HTTP/1.1 \r\n" H "\r\n", 400),
	S("tab in the request line", "GET\t/ HTTP/1.1\r\n" H "\r\n", 400),
	S("no version", "GET /\r\n\r\n", 400),
	S("version in lower case", "GET / http/1.1\r\n" H "\r\n", 400),
	S("version 1.2", "GET / HTTP/1.2\r\n" H "\r\n", 400),
	S("version 0.9", "GET / HTTP/0.9\r\n" H "\r\n", 400),
	S("version 2.0", "GET / HTTP/2.0\r\n" H "\r\n", 505),
	S("version 11", "GET / HTTP/11\r\n" H "\r\n", 400),
	S("HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
	S("TLS on a plain port", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
	S("two empty lines before", "\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n", 400),
	S("space before the method", " GET / HTTP/1.1\r\n" H "\r\n", 400),
	S("header without a name", G ": x\r\n\r\n", 400),
	S("header without a colon", G "X\r\n\r\n", 400),
	S("header name with a slash", G "X/Y: z\r\n\r\n", 400),
	S("header name not ASCII", G "X\xc3\xa6: z\r\n\r\n", 400),
	S("two Authorization", G "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n", 400),
	S("two Content-Type", P "Content-Type: a/b\r\nContent-Type: c/d\r\nContent-Length: 0\r\n\r\n", 400),
	S("unknown Expect", P "Expect: 200-ok\r\nContent-Length: 5\r\n\r\nhello", 417),
#undef S
};

static void fill_long_rows(void)
{
	size_t n = (size_t)snprintf(big_header, sizeof big_header, G "X: ");
	char *p;

	memset(big_header + n, 'a', 16500);
	memcpy(big_header + n + 16500, "\r\n\r\n", 5);
	n = (size_t)snprintf(big_target, sizeof big_target, "GET /");
	memset(big_target + n, 'a', 8500);
	memcpy(big_target + n + 8500, " HTTP/1.1\r\n" H "\r\n", sizeof " HTTP/1.1\r\n" H "\r\n");
	n = (size_t)snprintf(big_line, sizeof big_line, "GET /");
	memset(big_line + n, 'a', 16900);
	p = many_headers + snprintf(many_headers, sizeof many_headers, G);
	for (int i = 0; i < 100; i++)
		p += snprintf(p, 16, "X-%d: y\r\n", i);
	memcpy(p, "\r\n", 3);
	n = (size_t)snprintf(long_extension, sizeof long_extension, CH "5;a=");
	memset(long_extension + n, 'b', 300);
	memcpy(long_extension + n + 300, "\r\nhello\r\n0\r\n\r\n", 15);
	n = (size_t)snprintf(long_trailer, sizeof long_trailer, CH "0\r\nX: ");
	memset(long_trailer + n, 'b', 4900);
	memcpy(long_trailer + n + 4900, "\r\n\r\n", 5);
}

static void probe(struct http_server *s, int i, bool by_byte)
{
	static const char after[] = "GET /smuggled HTTP/1.1\r\n" H "\r\n";
	const struct row *r = &rows[i];
	int n = r->n ? r->n : (int)strlen(r->bytes), want = r->status ? r->status : 413;
	int fd = t_connect(http_port(s)), before = __atomic_load_n(&served, __ATOMIC_SEQ_CST), ended;
	char answer[4000];

	/* Sending may fail half way: the server has refused by then. */
	if (by_byte) {
		for (int k = 0; k < n && t_send(fd, r->bytes + k, 1) == 0; k++)
			;
	} else {
		t_send(fd, r->bytes, (size_t)n);
	}
	if (!r->status)                 /* a chunk that is really too long */
		for (int k = 0; k < 110 && t_send(fd, big_line, 1000) == 0; k++)
			;
	t_send(fd, after, sizeof after - 1);
	t_read(fd, answer, sizeof answer, NULL, 60000, &ended);
	if (t_status(answer) != want || !ended || strstr(answer + 9, "HTTP/1.1 ") || !strstr(answer, "Connection: close\r\n"))
		fail_msg("%s (%s): wanted %d and the end, got%s:\n%s", r->name, by_byte ? "by byte" : "whole", want, ended ? "" : " no end", answer);
	CHECK_INT(__atomic_load_n(&served, __ATOMIC_SEQ_CST), before);
	close(fd);
}

static void hostile_requests_are_refused_whole(void **state)
{
	struct http_server *s = start();

	for (int i = 0; i < T_ROWS(rows); i++)
		probe(s, i, false);
	http_stop(s, 1000);
}

static void hostile_requests_are_refused_byte_by_byte(void **state)
{
	struct http_server *s = start();

	for (int i = 0; i < T_ROWS(rows); i++)
		probe(s, i, true);
	http_stop(s, 1000);
}

/* The other side of strictness: what honest clients do send is taken. */
static void odd_but_honest_requests_are_served(void **state)
{
	static const struct { const char *bytes, *answer; } ok[] = {
		{ G "\r\n", "GET / host=a.dk body=0" },
		{ "\r\nGET / HTTP/1.1\r\n" H "\r\n", "GET / host=a.dk" },
		{ "GET /a%20b/%c3%a6?x=%00 HTTP/1.1\r\nHOST:a.dk:8080  \r\n\r\n", "GET /a b/æ host=a.dk:8080" },
		{ "GET / HTTP/1.1\r\nHost: [::1]:80\r\nX:\r\n\r\n", "host=[::1]:80" },
		{ "GET /a..b/...c/.d HTTP/1.1\r\n" H "\r\n", "GET /a..b/...c/.d" },
		{ "GET /a/ HTTP/1.1\r\n" H "\r\n", "GET /a/" },
		{ "GET / HTTP/1.0\r\n\r\n", "host= body=0" },
		{ P "Content-Length:  5\r\n\r\nhello", "body=5" },
		{ P "Content-Length: 0\r\n\r\n", "body=0" },
		{ P "\r\n", "body=0" },
		{ CH "5\r\nhello\r\n6;a=\"b\"\r\n world\r\n0\r\n\r\n", "body=11" },
		{ CH "5\r\nhello\r\n0\r\nX-Trailer: y\r\n\r\n", "body=5" },
		{ P "Transfer-Encoding: Chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n", "body=10" },
		{ P "Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello", "100 Continue" },
		{ G "Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n", "GET / host=a.dk" },
		{ P "Upgrade: h2c\r\nConnection: Upgrade\r\nContent-Length: 5\r\n\r\nhello", "body=5" },
		{ G "User-Agent: \xe6\xf8\xe5\r\n\r\n", "GET / host" },
		{ "DELETE /a HTTP/1.1\r\n" H "\r\n", "DELETE /a" },
	};
	struct http_server *s = start();
	char answer[4000];
	int ended;

	for (int by_byte = 0; by_byte < 2; by_byte++) {
		for (int i = 0; i < T_ROWS(ok); i++) {
			int fd = t_connect(http_port(s));
			size_t n = strlen(ok[i].bytes);

			for (size_t k = 0; by_byte && k < n; k++)
				CHECK_ROW(i, t_send(fd, ok[i].bytes + k, 1) == 0);
			if (!by_byte)
				CHECK_ROW(i, t_send(fd, ok[i].bytes, n) == 0);
			t_read(fd, answer, sizeof answer, "body=", 60000, &ended);
			if (!strstr(answer, ok[i].answer) || !strstr(answer, "200 OK"))
				fail_msg("row %d: wanted %s, got:\n%s", i, ok[i].answer, answer);
			close(fd);
		}
	}
	http_stop(s, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile_requests_are_refused_whole),
		cmocka_unit_test(hostile_requests_are_refused_byte_by_byte),
		cmocka_unit_test(odd_but_honest_requests_are_served),
	};

	fill_long_rows();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
