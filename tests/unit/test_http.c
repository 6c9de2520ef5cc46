/* The HTTP server towards honest clients, slow ones, too many of them, and handlers that misbehave. */
#include "http_t.h"
#include <dirent.h>
#include <ifaddrs.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <zlib.h>

static char folder[100];
static atomic_int running, go;

static int files_in(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *x;
	int n = 0;

	while ((x = readdir(d)) != NULL)
		n += x->d_name[0] != '.';
	closedir(d);
	return n;
}

static void text(struct http_response *s, const char *t)
{
	s->type = "text/plain";
	s->body = t;
	s->body_bytes = strlen(t);
}

static void big(struct http_request *r, struct http_response *s, size_t n)
{
	char *p = arena_get(r->a, n);

	for (size_t i = 0; i < n; i++)
		p[i] = (char)('a' + i % 23);
	s->type = "text/plain";
	s->body = p;
	s->body_bytes = n;
}

static void upload(struct http_request *r, struct http_response *s)
{
	struct stat st;
	char data[5000];
	FILE *f;
	long sum = 0;
	size_t n;

	if (!r->body_path) {
		text(s, arena_printf(r->a, "memory %zu", r->body_bytes));
		return;
	}
	f = fopen(r->body_path, "rb");
	if (!f || fstat(fileno(f), &st) != 0 || (size_t)st.st_size != r->body_bytes) {
		text(s, "broken");
		return;
	}
	while ((n = fread(data, 1, sizeof data, f)) > 0)
		for (size_t i = 0; i < n; i++)
			sum += (unsigned char)data[i];
	fclose(f);
	text(s, arena_printf(r->a, "file %zu sum %ld", r->body_bytes, sum));
}

static void handle(struct http_request *r, struct http_response *s, void *arg)
{
	const char *p = r->path;

	if (strcmp(p, "/wait") == 0) {
		atomic_fetch_add(&running, 1);
		for (int i = 0; i < 60000 && !atomic_load(&go); i++)
			usleep(1000);
		atomic_fetch_sub(&running, 1);
		text(s, "waited");
	} else if (strcmp(p, "/big") == 0) {
		big(r, s, 8 << 20);
		s->no_compress = true;
	} else if (strcmp(p, "/page") == 0) {
		big(r, s, 8192);
		s->etag = "\"page\"";
	} else if (strcmp(p, "/small") == 0) {
		big(r, s, 500);
	} else if (strcmp(p, "/secret") == 0) {
		big(r, s, 8192);
		s->no_compress = true;
	} else if (strcmp(p, "/image") == 0) {
		big(r, s, 8192);
		s->type = "image/png";
	} else if (strcmp(p, "/file") == 0) {
		s->file = arena_printf(r->a, "%s/file.txt", folder);
		s->type = "text/plain";
	} else if (strcmp(p, "/static") == 0) {
		s->body = "abcdefghijklmnopqrstuvwxyz";
		s->body_bytes = 26;
		s->type = "text/plain";
		s->etag = "\"static\"";
		s->ranges = true;
		http_add_header(r, s, "Cache-Control", "public, max-age=31536000, immutable");
	} else if (strcmp(p, "/nofile") == 0) {
		s->file = "/nonexistent";
	} else if (strcmp(p, "/memory") == 0) {
		for (;;)
			arena_get(r->a, 100000);
	} else if (strcmp(p, "/inject") == 0) {
		http_add_header(r, s, "X-Name", "a\r\nSet-Cookie: evil=1");
		text(s, "x");
	} else if (strcmp(p, "/empty") == 0) {
		s->status = 204;
	} else if (strcmp(p, "/close") == 0) {
		s->close = true;
		text(s, "bye");
	} else if (strcmp(p, "/who") == 0) {
		text(s, arena_printf(r->a, "[%s %s]", r->address, r->secure ? "https" : "http"));
	} else if (strncmp(p, "/up", 3) == 0) {
		upload(r, s);
	} else {
		text(s, arena_printf(r->a, "<%s %s>", p, r->query));
	}
}

static struct http_body_limit limits(const char *method, const char *path, void *arg)
{
	return (struct http_body_limit){ .max_bytes = 10 << 20, .to_file = strcmp(path, "/upfile") == 0 };
}

static struct http_server *start_with(struct http_config c)
{
	struct http_server *s;
	struct err e;

	c.listen = c.listen ? c.listen : "127.0.0.1:0";
	c.handle = handle;
	c.limits = limits;
	c.tmp_folder = folder;
	if (http_start(&c, &s, &e) != 0)
		fail_msg("%s: %s", err_name(e.id), e.detail);
	return s;
}

static struct http_server *start(void) { return start_with((struct http_config){ .workers = 3 }); }

/* One request on a connection of its own; the whole answer in a static buffer. */
static const char *ask(struct http_server *s, const char *bytes)
{
	static char answer[40000];
	int fd = t_connect(http_port(s)), ended;

	t_send(fd, bytes, strlen(bytes));
	t_read(fd, answer, sizeof answer, NULL, 60000, &ended);
	close(fd);
	return answer;
}
#define ASK(target, more) "GET " target " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" more "\r\n"

static void requests_are_answered_in_order_on_one_connection(void **state)
{
	struct http_server *s = start();
	char bytes[20000], answer[40000], *p = bytes, *at = answer;
	int fd = t_connect(http_port(s)), ended;

	for (int i = 0; i < 50; i++)
		p += snprintf(p, 200, i % 3 ? "GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" : "POST /%d HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", i);
	t_send(fd, bytes, (size_t)(p - bytes));
	t_read(fd, answer, sizeof answer, "</49 >", 60000, &ended);
	for (int i = 0; i < 50; i++) {
		char want[20];

		snprintf(want, sizeof want, "</%d >", i);
		at = strstr(at, want);
		CHECK_ROW(i, at != NULL);
	}
	CHECK(!ended);
	close(fd);
	http_stop(s, 1000);
}

static void connections_close_when_asked(void **state)
{
	static const struct { const char *bytes; int ends; const char *has; } rows[] = {
		{ "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 0, "</ >" },
		{ "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 1, "Connection: close" },
		{ "GET / HTTP/1.1\r\nHost: a\r\nConnection: x, CLOSE\r\n\r\n", 1, "Connection: close" },
		{ "GET / HTTP/1.0\r\n\r\n", 1, "Connection: close" },
		{ "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 0, "Connection: keep-alive" },
		{ "GET /close HTTP/1.1\r\nHost: a\r\n\r\n", 1, "Connection: close" },
	};
	struct http_server *s = start();
	char answer[2000], rest[100];
	int ended;

	for (int i = 0; i < T_ROWS(rows); i++) {
		int fd = t_connect(http_port(s));

		t_send(fd, rows[i].bytes, strlen(rows[i].bytes));
		t_read(fd, answer, sizeof answer, rows[i].ends ? NULL : "</ >", 60000, &ended);
		CHECK_ROW(i, ended == rows[i].ends && strstr(answer, rows[i].has));
		if (!rows[i].ends)
			t_read(fd, rest, sizeof rest, NULL, 100, &ended);
		CHECK_ROW(i, ended == rows[i].ends);
		close(fd);
	}
	http_stop(s, 1000);
}

static void head_and_empty_answers_have_no_body(void **state)
{
	struct http_server *s = start();
	const char *a = ask(s, "HEAD /page HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");

	CHECK(strstr(a, "Content-Length: 8192\r\n") && strstr(a, "\r\n\r\n")[4] == 0);
	a = ask(s, ASK("/empty", ""));
	CHECK(t_status(a) == 204 && !strstr(a, "Content-Length") && strstr(a, "\r\n\r\n")[4] == 0);
	a = ask(s, "HEAD /file HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	CHECK(strstr(a, "Content-Length: 26\r\n") && strstr(a, "\r\n\r\n")[4] == 0);
	http_stop(s, 1000);
}

static void files_have_ranges_and_tags(void **state)
{
	static const struct { const char *header; int status; const char *body, *range; } rows[] = {
		{ "", 200, "abcdefghijklmnopqrstuvwxyz", NULL },
		{ "Range: bytes=0-0\r\n", 206, "a", "bytes 0-0/26" },
		{ "Range: bytes=24-\r\n", 206, "yz", "bytes 24-25/26" },
		{ "Range: bytes=20-99\r\n", 206, "uvwxyz", "bytes 20-25/26" },
		{ "Range: bytes=-3\r\n", 206, "xyz", "bytes 23-25/26" },
		{ "Range: bytes=-99\r\n", 206, "abcdefghijklmnopqrstuvwxyz", "bytes 0-25/26" },
		{ "Range: bytes=26-\r\n", 416, "", "bytes */26" },
		{ "Range: bytes=-0\r\n", 416, "", "bytes */26" },
		{ "Range: bytes=3-1\r\n", 200, "abcdefghijklmnopqrstuvwxyz", NULL },
		{ "Range: bytes=0-1,3-4\r\n", 200, "abcdefghijklmnopqrstuvwxyz", NULL },
		{ "Range: bytes=x-y\r\n", 200, "abcdefghijklmnopqrstuvwxyz", NULL },
		{ "Range: bytes=--1\r\n", 200, "abcdefghijklmnopqrstuvwxyz", NULL },
		{ "Range: bytes=99999999999999999999-\r\n", 200, "abcdefghijklmnopqrstuvwxyz", NULL },
		{ "Range: lines=1-2\r\n", 200, "abcdefghijklmnopqrstuvwxyz", NULL },
		{ "Range: bytes=0-0\r\nIf-Range: \"other\"\r\n", 200, "abcdefghijklmnopqrstuvwxyz", NULL },
	};
	static const char *const paths[] = { "/file", "/static" };      /* from disk, from memory: the same */
	struct http_server *s = start();
	char bytes[300], tag[100];
	const char *a = "";

	for (int p = 0; p < T_ROWS(paths); p++) {
		for (int i = 0; i < T_ROWS(rows); i++) {
			snprintf(bytes, sizeof bytes, "GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%s\r\n", paths[p], rows[i].header);
			a = ask(s, bytes);
			CHECK_ROW(i, t_status(a) == rows[i].status && strcmp(strstr(a, "\r\n\r\n") + 4, rows[i].body) == 0);
			CHECK_ROW(i, rows[i].range ? strstr(a, rows[i].range) != NULL : !strstr(a, "Content-Range"));
			CHECK_ROW(i, rows[i].status == 416 ? !strstr(a, "immutable") : strstr(a, "Accept-Ranges: bytes") != NULL);
			/* HEAD knows no parts, and says how long the whole is */
			snprintf(bytes, sizeof bytes, "HEAD %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%s\r\n", paths[p], rows[i].header);
			a = ask(s, bytes);
			CHECK_ROW(i, t_status(a) == 200 && strstr(a, "Content-Length: 26\r\n") && strstr(a, "\r\n\r\n")[4] == 0);
		}
		CHECK(sscanf(strstr(a, "ETag: "), "ETag: %99[^\r]", tag) == 1);
		snprintf(bytes, sizeof bytes, "GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\nIf-None-Match: \"x\", %s\r\n\r\n", paths[p], tag);
		a = ask(s, bytes);
		CHECK(t_status(a) == 304 && strstr(a, "\r\n\r\n")[4] == 0);
		snprintf(bytes, sizeof bytes, "GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\nRange: bytes=99-\r\nIf-None-Match: %s\r\n\r\n", paths[p], tag);
		a = ask(s, bytes);
		CHECK(t_status(a) == 304 && !strstr(a, "Content-Range"));
		snprintf(bytes, sizeof bytes, "GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\nRange: bytes=1-1\r\nIf-Range: %s\r\n\r\n", paths[p], tag);
		a = ask(s, bytes);
		CHECK(t_status(a) == 206 && strstr(a, "Content-Length: 1\r\n") && strcmp(strstr(a, "\r\n\r\n") + 4, "b") == 0);
		snprintf(bytes, sizeof bytes, "GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\nRange: bytes=1-1\r\nIf-Range: W/%s\r\n\r\n", paths[p], tag);
		CHECK_INT(t_status(ask(s, bytes)), 200);        /* a weak tag says nothing of bytes */
	}
	CHECK_INT(t_status(ask(s, ASK("/nofile", ""))), 404);
	CHECK_INT(t_status(ask(s, ASK("/page", "If-None-Match: W/\"page\"\r\n"))), 304);
	CHECK_INT(t_status(ask(s, ASK("/page", "If-None-Match: \"pag\", \"pagex\"\r\n"))), 200);
	CHECK_INT(t_status(ask(s, ASK("/page", "If-None-Match: *\r\n"))), 304);
	http_stop(s, 1000);
}

static void pages_are_compressed_when_that_helps(void **state)
{
	static const struct { const char *bytes; int packed; } rows[] = {
		{ ASK("/page", "Accept-Encoding: gzip\r\n"), 1 }, { ASK("/page", "Accept-Encoding: br, gzip;q=0.5\r\n"), 1 },
		{ ASK("/page", ""), 0 }, { ASK("/page", "Accept-Encoding: gzip;q=0\r\n"), 0 }, { ASK("/page", "Accept-Encoding: gzip;q=0.000\r\n"), 0 },
		{ ASK("/page", "Accept-Encoding: xgzip\r\n"), 0 }, { ASK("/page", "Accept-Encoding: identity\r\n"), 0 },
		{ ASK("/small", "Accept-Encoding: gzip\r\n"), 0 }, { ASK("/secret", "Accept-Encoding: gzip\r\n"), 0 },
		{ ASK("/image", "Accept-Encoding: gzip\r\n"), 0 },
	};
	struct http_server *s = start();

	/* Twice, so that a worker's compressor is used again. */
	for (int i = 0; i < T_ROWS(rows) * 2; i++) {
		const char *a = ask(s, rows[i % T_ROWS(rows)].bytes), *body = strstr(a, "\r\n\r\n") + 4;
		int packed = strstr(a, "Content-Encoding: gzip\r\n") != NULL;
		long n = strtol(strstr(a, "Content-Length: ") + 16, NULL, 10);
		unsigned char page[9000];
		z_stream z = { 0 };

		CHECK_ROW(i, packed == rows[i % T_ROWS(rows)].packed);
		if (!packed)
			continue;
		CHECK(strstr(a, "ETag: W/\"page\"") && strstr(a, "Vary: Accept-Encoding"));
		CHECK(inflateInit2(&z, 15 + 16) == Z_OK);
		z.next_in = (unsigned char *)(uintptr_t)body;
		z.avail_in = (unsigned)n;
		z.next_out = page;
		z.avail_out = sizeof page;
		CHECK(inflate(&z, Z_FINISH) == Z_STREAM_END && z.total_out == 8192 && page[8191] == 'a' + 8191 % 23);
		inflateEnd(&z);
	}
	http_stop(s, 1000);
}

static void bodies_go_to_memory_or_file(void **state)
{
	struct http_server *s = start();
	size_t n = 5 << 20;
	char *body = malloc(n), head[200], answer[2000], want[100];
	int before = files_in(folder), fd, ended;
	long sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (unsigned char)(body[i] = (char)(i * 7 + i / 251));
	fd = t_connect(http_port(s));
	for (int chunked = 0; chunked < 2; chunked++) {
		snprintf(head, sizeof head, "POST /upfile HTTP/1.1\r\nHost: a\r\n%s%zu\r\n\r\n",
			chunked ? "Transfer-Encoding: chunked\r\nX: " : "Content-Length: ", n);
		t_send(fd, head, strlen(head));
		for (size_t at = 0, part; at < n; at += part) {
			part = n - at < 70001 ? n - at : 70001;
			snprintf(head, sizeof head, "%zx\r\n", part);
			if (chunked)
				t_send(fd, head, strlen(head));
			t_send(fd, body + at, part);
			if (chunked)
				t_send(fd, "\r\n", 2);
		}
		if (chunked)
			t_send(fd, "0\r\n\r\n", 5);
		snprintf(want, sizeof want, "file %zu sum %ld", n, sum);
		t_read(fd, answer, sizeof answer, want, 60000, &ended);
		CHECK_ROW(chunked, strstr(answer, want) != NULL);
	}
	close(fd);
	CHECK(strstr(ask(s, "POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"), "memory 5"));
	CHECK(strstr(ask(s, "POST /upfile HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), "memory 0"));

	/* Larger than allowed: told at once, also a client that goes on sending sees the answer; nothing is left. */
	fd = t_connect(http_port(s));
	snprintf(head, sizeof head, "POST /upfile HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", (10 << 20) + 1);
	t_send(fd, head, strlen(head));
	for (int i = 0; i < 4 && t_send(fd, body, n) == 0; i++)
		;
	t_read(fd, answer, sizeof answer, NULL, 60000, &ended);
	CHECK_INT(t_status(answer), 413);
	close(fd);
	/* Given up half way: the file goes too. */
	fd = t_connect(http_port(s));
	snprintf(head, sizeof head, "POST /upfile HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", 10 << 20);
	t_send(fd, head, strlen(head));
	t_send(fd, body, 100000);
	for (int i = 0; i < 200 && files_in(folder) == before; i++)
		usleep(10000);
	CHECK_INT(files_in(folder), before + 1);
	close(fd);
	for (int i = 0; i < 500 && files_in(folder) > before; i++)
		usleep(10000);
	CHECK_INT(files_in(folder), before);
	free(body);
	http_stop(s, 1000);
}

static void slow_readers_hold_no_worker(void **state)
{
	struct http_server *s = start_with((struct http_config){ .workers = 1 });
	static char part[9 << 20];
	int slow[5], ended;
	size_t got;

	for (int i = 0; i < 5; i++) {
		slow[i] = t_connect(http_port(s));
		t_send(slow[i], ASK("/big", ""), sizeof ASK("/big", "") - 1);
	}
	for (int i = 0; i < 20; i++)
		CHECK_INT(t_status(ask(s, ASK("/", ""))), 200);
	for (int i = 0; i < 5; i++) {
		got = t_read(slow[i], part, sizeof part, NULL, 60000, &ended);
		CHECK(ended && got > 8 << 20 && strstr(part, "\r\n\r\n")[4 + (8 << 20) - 1] == 'a' + ((8 << 20) - 1) % 23);
		close(slow[i]);
	}
	http_stop(s, 1000);
}

static void time_runs_out(void **state)
{
	static const struct { const char *bytes; int status; } rows[] = {
		{ "", 0 }, { "GET", 408 }, { "GET / HTTP/1.1\r\nHost: a\r\nX: ", 408 }, { "POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nab", 408 },
		{ "POST /upfile HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nab", 408 }, { "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 200 },
	};
	struct http_server *s = start_with((struct http_config){ .workers = 1, .header_ms = 200, .body_ms = 300, .idle_ms = 400 });
	char answer[2000];
	int ended, files = files_in(folder), fd;

	for (int i = 0; i < T_ROWS(rows); i++) {
		fd = t_connect(http_port(s));
		t_send(fd, rows[i].bytes, strlen(rows[i].bytes));
		t_read(fd, answer, sizeof answer, NULL, 60000, &ended);
		CHECK_ROW(i, ended && t_status(answer) == rows[i].status);
		close(fd);
	}
	/* A header that drips keeps nobody busy either: the time is for the whole head. */
	fd = t_connect(http_port(s));
	for (int i = 0; i < 40; i++) {
		t_send(fd, &"GET / HTTP/1.1\r\nHost: a\r\nX: aaaaaaaaaaaaaaaaaaaaaaa"[i], 1);
		usleep(10000);
	}
	t_read(fd, answer, sizeof answer, NULL, 60000, &ended);
	CHECK(ended && t_status(answer) == 408);
	close(fd);
	CHECK_INT(files_in(folder), files);
	http_stop(s, 1000);
}

static int answered(const int *fd, int n)
{
	int some = 0;

	for (int i = 0; i < n; i++) {
		struct pollfd p = { .fd = fd[i], .events = POLLIN };

		some += poll(&p, 1, 0) == 1;
	}
	return some;
}

static void too_much_is_refused_and_passes(void **state)
{
	struct http_server *s = start_with((struct http_config){ .workers = 1, .queue_max = 2, .max_connections = 8 });
	int fd[8], more, ended, ok = 0, busy = 0;
	char answer[2000];

	atomic_store(&go, 0);
	for (int i = 0; i < 8; i++) {
		fd[i] = t_connect(http_port(s));
		t_send(fd[i], ASK("/wait", ""), sizeof ASK("/wait", "") - 1);
		for (int k = 0; i == 0 && k < 60000 && !atomic_load(&running); k++)
			usleep(1000);
	}
	for (int k = 0; k < 6000 && answered(fd, 8) < 5; k++)
		usleep(10000);
	CHECK_INT(answered(fd, 8), 5);
	more = t_connect(http_port(s));
	t_read(more, answer, sizeof answer, NULL, 60000, &ended);
	CHECK(ended && (t_status(answer) == 503 || !answer[0]));
	close(more);
	atomic_store(&go, 1);
	for (int i = 0; i < 8; i++) {
		t_read(fd[i], answer, sizeof answer, NULL, 60000, &ended);
		ok += t_status(answer) == 200;
		busy += t_status(answer) == 503 && strstr(answer, "Retry-After: ");
		close(fd[i]);
	}
	CHECK_INT(ok, 3);               /* one worked on, two waiting */
	CHECK_INT(busy, 5);
	for (int i = 0; i < 6000 && t_status(ask(s, ASK("/", ""))) != 200; i++)
		usleep(10000);
	CHECK_INT(t_status(ask(s, ASK("/", ""))), 200);
	http_stop(s, 1000);
}

static int own_address(struct sockaddr_in *to)
{
	struct ifaddrs *all, *i;
	int found = 0;

	if (getifaddrs(&all) != 0)
		return 0;
	for (i = all; i && !found; i = i->ifa_next)
		if (i->ifa_addr && i->ifa_addr->sa_family == AF_INET) {
			*to = *(struct sockaddr_in *)(void *)i->ifa_addr;
			found = ntohl(to->sin_addr.s_addr) >> 24 != 127;
		}
	freeifaddrs(all);
	return found;
}

static void one_address_gets_its_share_only(void **state)
{
	struct http_server *s;
	struct sockaddr_in a;
	int fd[6], served = 0, right = 0, ended;
	char answer[2000];

	if (!own_address(&a)) {
		skip();
		return;
	}
	s = start_with((struct http_config){ .listen = "*:0", .workers = 1, .max_per_address = 4 });
	a.sin_port = htons((uint16_t)http_port(s));
	for (int round = 0; right < 2 && round < 600; round++, served = 0) {
		for (int i = 0; i < 6; i++) {
			fd[i] = socket(AF_INET, SOCK_STREAM, 0);
			CHECK(connect(fd[i], (struct sockaddr *)&a, sizeof a) == 0);
			t_send(fd[i], "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 27);
			t_read(fd[i], answer, sizeof answer, "</ >", 60000, &ended);
			served += t_status(answer) == 200;
		}
		CHECK(served == 4 || (round > 0 && served < 4));
		right += served == 4;
		CHECK_INT(t_status(ask(s, ASK("/", ""))), 200);         /* loopback is not counted */
		for (int i = 0; i < 6; i++)
			close(fd[i]);
		usleep(100000);                                         /* what is closed is given back, soon */
	}
	CHECK_INT(right, 2);
	http_stop(s, 1000);
}

static void only_named_proxies_are_believed(void **state)
{
	static const char *const ours[] = { "127.0.0.1", "10.0.0.9", NULL };
	static const struct { const char *headers, *trusted; } rows[] = {
		{ "", "[127.0.0.1 http]" },
		{ "X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: https\r\n", "[203.0.113.7 https]" },
		{ "X-Forwarded-For: 6.6.6.6, 203.0.113.7\r\n", "[203.0.113.7 http]" },                   /* only what the proxy itself saw */
		{ "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 203.0.113.7\r\n", "[203.0.113.7 http]" },
		{ "X-Forwarded-For: 203.0.113.7, 10.0.0.9\r\n", "[203.0.113.7 http]" },                  /* past a proxy of ours */
		{ "X-Forwarded-For: 2001:db8::1\r\n", "[2001:db8::1 http]" },
		{ "X-Forwarded-For: [2001:DB8:0::1]:443\r\n", "[2001:db8::1 http]" },
		{ "X-Forwarded-For: ::ffff:203.0.113.7\r\n", "[203.0.113.7 http]" },
		{ "X-Forwarded-For: 203.0.113.7:9999\r\n", "[203.0.113.7 http]" },
		{ "X-Forwarded-For: rubbish\r\n", "[127.0.0.1 http]" },
		{ "X-Forwarded-For:\r\n", "[127.0.0.1 http]" },
		{ "X-Forwarded-For: 203.0.113.7,\r\n", "[127.0.0.1 http]" },
		{ "Forwarded: for=203.0.113.7;proto=https\r\n", "[203.0.113.7 https]" },
		{ "Forwarded: for=6.6.6.6;proto=http, For=\"[2001:db8::1]:80\";Proto=HTTPS\r\n", "[2001:db8::1 https]" },
		{ "Forwarded: for=unknown\r\n", "[127.0.0.1 http]" },
		{ "Forwarded: for=6.6.6.6\r\nX-Forwarded-For: 203.0.113.7\r\n", "400 " },                /* one of the two lies */
		{ "Forwarded: for=203.0.113.7\r\nX-Forwarded-For: 203.0.113.7\r\n", "[203.0.113.7 http]" },
	};
	static const char *const elsewhere[] = { "192.0.2.1", NULL };
	struct http_server *s = start(), *behind = start_with((struct http_config){ .workers = 1, .proxies = ours }),
		*other = start_with((struct http_config){ .workers = 1, .proxies = elsewhere });
	char bytes[500];

	for (int i = 0; i < T_ROWS(rows); i++) {
		snprintf(bytes, sizeof bytes, "GET /who HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%s\r\n", rows[i].headers);
		CHECK_ROW(i, strstr(ask(behind, bytes), rows[i].trusted) != NULL);
		CHECK_ROW(i, strstr(ask(s, bytes), "[127.0.0.1 http]") != NULL);
		CHECK_ROW(i, strstr(ask(other, bytes), "[127.0.0.1 http]") != NULL);
	}
	http_stop(s, 1000);
	http_stop(behind, 1000);
	http_stop(other, 1000);
}

static void a_handler_past_its_memory_gets_503(void **state)
{
	struct http_server *s = start_with((struct http_config){ .workers = 1, .arena_bytes = 1 << 20 });

	for (int i = 0; i < 20; i++) {
		CHECK_INT(t_status(ask(s, ASK("/memory", ""))), 503);
		CHECK_INT(t_status(ask(s, ASK("/", ""))), 200);
	}
	http_stop(s, 1000);
}

static void a_header_value_cannot_end_its_line(void **state)
{
	struct http_server *s = start();
	const char *a = ask(s, ASK("/inject", ""));

	CHECK(!strstr(a, "\r\nSet-Cookie") && strstr(a, "X-Name: a  Set-Cookie: evil=1\r\n"));
	http_stop(s, 1000);
}

static void *ask_wait(void *arg)
{
	return (void *)(intptr_t)t_status(ask(arg, ASK("/wait", "")));
}

static void *let_go(void *arg)
{
	usleep(250000);
	atomic_store(&go, 1);
	return NULL;
}

static void *run_drain(void *arg)
{
	http_drain(arg, 60000);
	return NULL;
}

static void stopping_finishes_what_has_begun(void **state)
{
	struct http_server *s = start();
	int idle = t_connect(http_port(s)), port = http_port(s), ended, fd;
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	char rest[100];
	pthread_t t, later;
	void *status;
	int64_t began;

	atomic_store(&go, 0);
	pthread_create(&t, NULL, ask_wait, s);
	for (int i = 0; i < 60000 && !atomic_load(&running); i++)
		usleep(1000);
	CHECK_INT(atomic_load(&running), 1);
	began = t_ms();
	pthread_create(&later, NULL, let_go, NULL);     /* while the stop is waiting */
	http_stop(s, 60000);
	pthread_join(later, NULL);
	CHECK(t_ms() - began >= 200);
	CHECK(t_ms() - began < 50000);          /* not for the idle one */
	pthread_join(t, &status);
	CHECK_INT((int)(intptr_t)status, 200);
	t_read(idle, rest, sizeof rest, NULL, 60000, &ended);
	CHECK(ended);
	close(idle);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	CHECK(connect(fd, (struct sockaddr *)&a, sizeof a) != 0);
	close(fd);
}

static void draining_ends_each_connection_with_its_next_answer(void **state)
{
	struct http_server *s = start();
	int fd = t_connect(http_port(s)), ended;
	char answer[2000];
	pthread_t t;

	t_send(fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 27);
	t_read(fd, answer, sizeof answer, "</ >", 60000, &ended);
	CHECK(!ended && !strstr(answer, "Connection: close"));
	pthread_create(&t, NULL, run_drain, s);
	for (int i = 0; i < 6000 && !strstr(answer, "Connection: close"); i++) {        /* until it has begun */
		t_send(fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 27);
		t_read(fd, answer, sizeof answer, "</ >", 60000, &ended);
		CHECK(strstr(answer, "</ >"));
		usleep(10000);
	}
	t_read(fd, answer, sizeof answer, NULL, 60000, &ended);
	CHECK(ended);
	close(fd);
	pthread_join(t, NULL);
	http_stop(s, 1000);
}

static void what_cannot_be_listened_on_is_said(void **state)
{
	static const struct { const char *listen; enum err_id id; } rows[] = {
		{ "127.0.0.1", E_ADDRESS_INVALID }, { "127.0.0.1:x", E_ADDRESS_INVALID }, { "127.0.0.1:70000", E_ADDRESS_INVALID },
		{ "localhost:80", E_ADDRESS_INVALID }, { "::1:80", E_ADDRESS_INVALID }, { "192.0.2.1:80", E_LISTEN }, { ":80", E_ADDRESS_INVALID },
	};
	struct http_server *s, *first = start();
	struct err e;
	char taken[40];

	for (int i = 0; i < T_ROWS(rows); i++) {
		struct http_config c = { .listen = rows[i].listen, .handle = handle };

		CHECK_ROW(i, http_start(&c, &s, &e) == -1 && e.id == rows[i].id);
	}
	snprintf(taken, sizeof taken, "127.0.0.1:%d", http_port(first));
	CHECK(http_start(&(struct http_config){ .listen = taken, .handle = handle }, &s, &e) == -1 && e.id == E_LISTEN);
	CHECK(http_start(&(struct http_config){ .listen = "127.0.0.1:0", .handle = handle, .tls_cert = "/nonexistent", .tls_key = "/x" }, &s, &e) == -1 &&
		e.id == E_TLS_FILES);
	http_stop(first, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_answered_in_order_on_one_connection), cmocka_unit_test(connections_close_when_asked),
		cmocka_unit_test(head_and_empty_answers_have_no_body), cmocka_unit_test(files_have_ranges_and_tags),
		cmocka_unit_test(pages_are_compressed_when_that_helps), cmocka_unit_test(bodies_go_to_memory_or_file),
		cmocka_unit_test(slow_readers_hold_no_worker), cmocka_unit_test(time_runs_out), cmocka_unit_test(too_much_is_refused_and_passes),
		cmocka_unit_test(one_address_gets_its_share_only), cmocka_unit_test(only_named_proxies_are_believed),
		cmocka_unit_test(a_handler_past_its_memory_gets_503), cmocka_unit_test(a_header_value_cannot_end_its_line),
		cmocka_unit_test(stopping_finishes_what_has_begun), cmocka_unit_test(draining_ends_each_connection_with_its_next_answer),
		cmocka_unit_test(what_cannot_be_listened_on_is_said),
	};
	char path[200];
	FILE *f;
	int rc;

	snprintf(folder, sizeof folder, "/tmp/pedel-http-XXXXXX");
	if (!mkdtemp(folder))
		return 1;
	snprintf(path, sizeof path, "%s/file.txt", folder);
	f = fopen(path, "w");
	fputs("abcdefghijklmnopqrstuvwxyz", f);
	fclose(f);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	rmdir(folder);
	return rc;
}
