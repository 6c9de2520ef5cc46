#include <errno.h>
#include <fcntl.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include "base/fault.h"
#include "base/moment.h"
#include "base/text.h"
#include "net/http_inside.h"
#include "os/clock.h"

enum { GZIP_FROM = 1024, ANSWER_HEAD_LIMIT = 64 << 10 };

struct http_pack {
	z_stream z;
	bool z_ready;
	int64_t date_s;
	char date[32];
};

struct http_pack *http_pack_begin(void) { return calloc(1, sizeof(struct http_pack)); }

void http_pack_end(struct http_pack *k)
{
	if (k && k->z_ready)
		deflateEnd(&k->z);
	free(k);
}

const char *http_header(const struct http_request *r, const char *name)
{
	for (int i = 0; i < r->nheaders; i++)
		if (strcmp(r->headers[i].name, name) == 0)
			return r->headers[i].value;
	return NULL;
}

void http_add_header(const struct http_request *r, struct http_response *s, const char *name, const char *value)
{
	char *clean = arena_dup(r->a, value ? value : "");

	/* A value that ends a line could write headers of its own. */
	for (char *p = clean; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = ' ';
	if (s->nheaders < (int)(sizeof s->headers / sizeof *s->headers))
		s->headers[s->nheaders++] = (struct http_header){ name, clean };
}

const char *http_reason(int status)
{
	static const struct { int status; const char *reason; } rows[] = {
		{ 101, "Switching Protocols" }, { 200, "OK" }, { 201, "Created" }, { 202, "Accepted" }, { 204, "No Content" },
		{ 206, "Partial Content" }, { 301, "Moved Permanently" }, { 302, "Found" }, { 303, "See Other" }, { 304, "Not Modified" },
		{ 307, "Temporary Redirect" }, { 308, "Permanent Redirect" }, { 400, "Bad Request" }, { 401, "Unauthorized" },
		{ 403, "Forbidden" }, { 404, "Not Found" }, { 405, "Method Not Allowed" }, { 406, "Not Acceptable" },
		{ 408, "Request Timeout" }, { 409, "Conflict" }, { 410, "Gone" }, { 411, "Length Required" }, { 412, "Precondition Failed" },
		{ 413, "Content Too Large" }, { 414, "URI Too Long" }, { 415, "Unsupported Media Type" }, { 416, "Range Not Satisfiable" },
		{ 417, "Expectation Failed" }, { 422, "Unprocessable Content" }, { 426, "Upgrade Required" }, { 429, "Too Many Requests" },
		{ 431, "Request Header Fields Too Large" }, { 500, "Internal Server Error" }, { 501, "Not Implemented" },
		{ 502, "Bad Gateway" }, { 503, "Service Unavailable" }, { 504, "Gateway Timeout" }, { 505, "HTTP Version Not Supported" }
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].status == status)
			return rows[i].reason;
	return "Other";
}

static bool has_own(const struct http_response *s, const char *name)
{
	for (int i = 0; i < s->nheaders; i++)
		if (strcasecmp(s->headers[i].name, name) == 0)
			return true;
	return false;
}

/* Does the list (If-None-Match) name the tag? Compared weakly, as RFC 9110, 13.1.2 wants. */
static bool names_tag(const char *list, const char *tag)
{
	size_t n;

	if (tag[0] == 'W' && tag[1] == '/')
		tag += 2;
	n = strlen(tag);
	while (*list) {
		for (; *list == ' ' || *list == '\t' || *list == ','; list++)
			;
		if (*list == '*')
			return true;
		if (list[0] == 'W' && list[1] == '/')
			list += 2;
		if (strncmp(list, tag, n) == 0 && (list[n] == 0 || list[n] == ',' || list[n] == ' ' || list[n] == '\t'))
			return true;
		for (; *list && *list != ','; list++)
			;
	}
	return false;
}

static bool takes_gzip(const char *accept)
{
	const char *p, *q, *end;

	for (p = accept; p && (p = strcasestr(p, "gzip")) != NULL; p += 4) {
		if ((p > accept && p[-1] != ' ' && p[-1] != ',' && p[-1] != '\t') || (p[4] && !strchr(" ,;\t", p[4])))
			continue;
		end = strchr(p, ',');
		q = strcasestr(p, "q=0");
		if (!q || (end && q > end))
			return true;
		for (q += 3; *q == '0' || *q == '.'; q++)
			;
		return *q >= '1' && *q <= '9';
	}
	return false;
}

static bool compressible(const char *type)
{
	return strncmp(type, "text/", 5) == 0 || strncmp(type, "application/json", 16) == 0 || strncmp(type, "image/svg+xml", 13) == 0 ||
		strncmp(type, "application/xml", 15) == 0 || strncmp(type, "application/javascript", 22) == 0 ||
		strncmp(type, "application/problem+json", 24) == 0;
}

static bool gzip(struct http_job *j, struct http_pack *k)
{
	struct http_response *s = &j->rs;
	size_t bound;
	char *to;

	/* Level 1 and a window of 32 kB: pages shrink to a fifth, and more effort buys a few per cent for twice the CPU. */
	if (!k->z_ready && deflateInit2(&k->z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	if (k->z_ready)
		deflateReset(&k->z);
	k->z_ready = true;
	bound = deflateBound(&k->z, s->body_bytes);
	to = arena_get(j->a, bound);
	k->z.next_in = (Bytef *)(uintptr_t)s->body;
	k->z.avail_in = (uInt)s->body_bytes;
	k->z.next_out = (Bytef *)to;
	k->z.avail_out = (uInt)bound;
	if (deflate(&k->z, Z_FINISH) != Z_STREAM_END)
		return false;
	s->body = to;
	s->body_bytes = bound - k->z.avail_out;
	return true;
}

/* "bytes=a-b" -> 1 and the part, 0 to send all (no range, or one we do not speak), -1 when it lies outside. */
static int parse_range(const char *text, int64_t size, int64_t *from, int64_t *n)
{
	int64_t a = -1, b = -1;
	char number[24];
	const char *dash;

	if (strncasecmp(text, "bytes=", 6) != 0 || strchr(text, ',') || !(dash = strchr(text, '-')))
		return 0;
	text += 6;
	if (dash - text >= (int)sizeof number || strlen(dash + 1) >= sizeof number)
		return 0;
	memcpy(number, text, (size_t)(dash - text));
	number[dash - text] = 0;
	if ((number[0] && (!text_int(number, &a) || a < 0)) || (dash[1] && (!text_int(dash + 1, &b) || b < 0)) || (a < 0 && b < 0))
		return 0;
	if (a < 0) {                    /* the last b bytes */
		*from = b < size ? size - b : 0;
		*n = size - *from;
		return b == 0 || size == 0 ? -1 : 1;
	}
	if (b >= 0 && b < a)
		return 0;
	if (a >= size)
		return -1;
	*from = a;
	*n = (b < 0 || b >= size ? size - 1 : b) - a + 1;
	return 1;
}

static void plain_answer(struct http_response *s, int status, const char *body)
{
	s->status = status;
	s->type = "text/plain; charset=utf-8";
	s->body = body;
	s->body_bytes = strlen(body);
	s->file = s->etag = NULL;
	s->no_compress = true;
}

/* Which part of size bytes is asked for: sets 206, or answers 416 and is false. Only GET knows parts (RFC 9110, 14.2), and who has the
 * whole already (If-None-Match) gets 304 and none. */
static bool part_of(struct http_job *j, int64_t size, int64_t *from, int64_t *n)
{
	struct http_response *s = &j->rs;
	const char *range = http_header(&j->rq, "range"), *if_range = http_header(&j->rq, "if-range"), *have = http_header(&j->rq, "if-none-match");

	*from = 0;
	*n = size;
	if (s->status != 200 || !range || j->rq.head || strcmp(j->rq.method, "GET") != 0 || (have && names_tag(have, s->etag)) ||
		(if_range && strcmp(if_range, s->etag) != 0))
		return true;
	switch (parse_range(range, size, from, n)) {
	case 1:
		s->status = 206;
		http_add_header(&j->rq, s, "Content-Range", arena_printf(j->a, "bytes %lld-%lld/%lld", (long long)*from, (long long)(*from + *n - 1),
			(long long)size));
		return true;
	case -1:
		plain_answer(s, 416, "");
		for (int i = 0; i < s->nheaders; i++)           /* what may be kept for a year is the file, not this */
			if (strcasecmp(s->headers[i].name, "Cache-Control") == 0)
				s->headers[i].value = "no-store";
		http_add_header(&j->rq, s, "Content-Range", arena_printf(j->a, "bytes */%lld", (long long)size));
		return false;
	}
	return true;
}

static void body_part(struct http_job *j)
{
	struct http_response *s = &j->rs;
	int64_t from, n;

	if (part_of(j, (int64_t)s->body_bytes, &from, &n)) {
		s->body = (const char *)s->body + from;
		s->body_bytes = (size_t)n;
	}
}

/* Opens rs.file and finds which part of it is asked for. */
static void open_file(struct http_job *j, int64_t *size)
{
	struct http_response *s = &j->rs;
	struct stat st;
	int64_t from, n;
	int fd = fault_hit("open") ? (errno = EIO, -1) : open(s->file, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		if (fd >= 0)
			close(fd);
		plain_answer(s, errno == ENOENT ? 404 : 500, errno == ENOENT ? "Not found.\n" : "The file cannot be read.\n");
		return;
	}
	if (!s->etag)
		s->etag = arena_printf(j->a, "\"%llx-%llx-%llx\"", (unsigned long long)st.st_ino, (unsigned long long)st.st_size,
			(unsigned long long)st.st_mtim.tv_sec * 1000000000ull + (unsigned long long)st.st_mtim.tv_nsec);
	*size = st.st_size;
	if (!part_of(j, st.st_size, &from, &n)) {
		close(fd);
		return;
	}
	j->out.file = fd;
	j->out.file_from = from;
	j->out.file_left = n;
	s->body = NULL;
	s->body_bytes = 0;
}

static const char *date_now(struct http_job *j, struct http_pack *k)
{
	int64_t now = os_now_us();

	if (now / MOMENT_SECOND != k->date_s) {
		k->date_s = now / MOMENT_SECOND;
		snprintf(k->date, sizeof k->date, "%s", moment_http(j->a, now));
	}
	return k->date;
}

static void add_line(struct buf *b, const char *name, const char *value)
{
	buf_adds(b, name);
	buf_add(b, ": ", 2);
	buf_adds(b, value);
	buf_add(b, "\r\n", 2);
}

static void write_head(struct http_job *j, struct http_pack *k, const char *type, int64_t length)
{
	struct http_response *s = &j->rs;
	struct buf b;

	buf_init(&b, j->a, ANSWER_HEAD_LIMIT);
	buf_add(&b, "HTTP/1.1 ", 9);
	buf_int(&b, s->status);
	buf_addc(&b, ' ');
	buf_adds(&b, http_reason(s->status));
	buf_add(&b, "\r\n", 2);
	add_line(&b, "Date", date_now(j, k));
	if (s->status != 101 && s->status != 204 && s->status != 304) {
		if (length > 0 || s->type)
			add_line(&b, "Content-Type", type);
		buf_adds(&b, "Content-Length: ");
		buf_int(&b, length);
		buf_add(&b, "\r\n", 2);
	}
	if ((s->file && j->out.file >= 0) || (s->ranges && s->etag))
		add_line(&b, "Accept-Ranges", "bytes");
	if (s->etag)
		add_line(&b, "ETag", s->etag);
	for (int i = 0; i < s->nheaders; i++)
		add_line(&b, s->headers[i].name, s->headers[i].value);
	if (s->status != 101 && !j->keep)
		add_line(&b, "Connection", "close");
	else if (s->status != 101 && j->minor == 0)
		add_line(&b, "Connection", "keep-alive");
	buf_add(&b, "\r\n", 2);
	if (b.full) {                   /* only with headers of a size nobody sends by intent */
		http_answer_memory(j);
		return;
	}
	j->out.part[0] = (struct iovec){ b.p, b.n };
}

void http_answer(struct http_job *j, struct http_pack *k, bool closing)
{
	struct http_response *s = &j->rs;
	const char *type, *none_match;
	int64_t length = -1;
	bool vary;

	if (s->status == 0)
		s->status = 200;
	if (s->close || closing)
		j->keep = false;
	if (s->ws && s->status == 101)
		j->keep = true;
	else
		ws_dropped(j);
	if (s->file)
		open_file(j, &length);
	else if (s->ranges && s->etag)
		body_part(j);
	none_match = s->etag && (s->status == 200 || s->status == 206) && strcmp(j->rq.method, "GET") == 0 ?
		http_header(&j->rq, "if-none-match") : NULL;
	if (none_match && names_tag(none_match, s->etag)) {
		s->status = 304;
		s->body_bytes = 0;
		j->out.file_left = 0;
	}
	type = s->type ? s->type : "text/html; charset=utf-8";
	vary = !s->file && !s->ranges && !s->no_compress && s->body_bytes >= GZIP_FROM && s->body_bytes < UINT32_MAX / 2 && compressible(type) &&
		!has_own(s, "Content-Encoding") && k;
	if (vary)
		http_add_header(&j->rq, s, "Vary", "Accept-Encoding");
	if (vary && takes_gzip(http_header(&j->rq, "accept-encoding")) && gzip(j, k)) {
		http_add_header(&j->rq, s, "Content-Encoding", "gzip");
		if (s->etag && s->etag[0] == '"')       /* other bytes, same meaning */
			s->etag = arena_printf(j->a, "W/%s", s->etag);
	}
	length = j->out.file >= 0 ? j->out.file_left : (int64_t)s->body_bytes;
	write_head(j, k, type, length);
	j->out.nparts = 1;
	if (j->rq.head || s->status == 204 || s->status == 304 || s->status == 101) {
		j->out.file_left = 0;
	} else if (s->body_bytes > 0 && j->out.nparts == 1 && j->out.file < 0) {
		j->out.part[1] = (struct iovec){ (void *)(uintptr_t)s->body, s->body_bytes };
		j->out.nparts = 2;
	}
}

void http_answer_memory(struct http_job *j)
{
	static const char whole[] = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 48\r\n"
		"Retry-After: 5\r\nConnection: close\r\n\r\nThis took more memory than one request may use.\n";

	if (j->out.file >= 0)
		close(j->out.file);
	ws_dropped(j);
	j->keep = false;
	j->out = (struct http_out){ .file = -1, .nparts = 1 };
	j->out.part[0] = (struct iovec){ (void *)(uintptr_t)whole, sizeof whole - 1 };
}

int http_send(struct http_out *o, struct stream *s, char *buffer, bool *progress)
{
	ssize_t n;

	*progress = false;
	while (o->at < o->nparts) {
		n = stream_send(s, o->part + o->at, o->nparts - o->at, buffer);
		if (n < 0)
			return n == STREAM_AGAIN ? 0 : -1;
		*progress = true;
		for (; o->at < o->nparts && (size_t)n >= o->part[o->at].iov_len; o->at++)
			n -= (ssize_t)o->part[o->at].iov_len;
		if (o->at < o->nparts) {
			o->part[o->at].iov_base = (char *)o->part[o->at].iov_base + n;
			o->part[o->at].iov_len -= (size_t)n;
		}
	}
	/* A big file to a fast reader gives way after 4 MB, so that others are served in between. */
	for (int turns = 0; o->file_left > 0; turns++) {
		if (turns == 256)
			return 0;
		n = stream_send_file(s, o->file, o->file_from, o->file_left, buffer);
		if (n < 0)
			return n == STREAM_AGAIN ? 0 : -1;
		*progress = true;
		o->file_from += n;
		o->file_left -= n;
	}
	return 1;
}
