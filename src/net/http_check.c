#include <strings.h>
#include "base/text.h"
#include "net/http_inside.h"

/* Strictness is ours, not the parser's: everything here is refused whatever llhttp thinks of it. Two programs that read
 * the same bytes differently are how requests are smuggled, so what is ambiguous is answered 400 and the connection ends. */

enum { LINE_START, IN_LINE, AFTER_CR };

static bool plain(unsigned char b) { return (b >= 0x20 && b != 0x7f) || b == '\t'; }

int http_check_bytes(struct http_job *j, const char *p, size_t n, size_t *used)
{
	size_t i = 0;

	for (; i < n; i++) {
		unsigned char b = (unsigned char)p[i];

		if (j->scan_state == AFTER_CR) {
			if (b != '\n')
				return -1;
			if (j->scan_line_bytes == 0 && j->scan_lines == 0) {
				if (j->scan_blank++)            /* one empty line before a request: RFC 9112, 2.2 */
					return -1;
			} else if (j->scan_line_bytes == 0) {
				*used = i + 1;
				return 1;
			} else {
				j->scan_lines++;
			}
			j->scan_line_bytes = 0;
			j->scan_state = LINE_START;
			continue;
		}
		if (b == '\r') {
			j->scan_state = AFTER_CR;
			continue;
		}
		if (!plain(b) || (j->scan_state == LINE_START && (b == ' ' || b == '\t')))
			return -1;                              /* bare LF, NUL, control character, folded line */
		j->scan_state = IN_LINE;
		j->scan_line_bytes++;
		for (; i + 1 < n && (unsigned char)p[i + 1] >= 0x20 && p[i + 1] != 0x7f; i++)
			j->scan_line_bytes++;
		if (j->scan_lines == 0 && j->scan_line_bytes > HTTP_TARGET_BYTES + 20) {
			j->refuse = 414;
			return -1;
		}
	}
	*used = n;
	return 0;
}

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

enum { CHUNK_SIZE, CHUNK_EXTENSION, CHUNK_SIZE_LF, CHUNK_DATA, CHUNK_DATA_CR, CHUNK_DATA_LF, TRAILER, TRAILER_LF };

/* One byte of the framing around chunks. 1: the body ends here. */
static int chunk_byte(struct http_job *j, char b)
{
	switch (j->chunk_state) {
	case CHUNK_SIZE:
		if (hex(b) >= 0) {
			j->chunk_left = j->chunk_left << 4 | (uint64_t)hex(b);
			return ++j->chunk_n > 15 ? -1 : 0;
		}
		if (j->chunk_n == 0 || (b != '\r' && b != ';'))
			return -1;
		j->chunk_n = 0;
		j->chunk_state = b == '\r' ? CHUNK_SIZE_LF : CHUNK_EXTENSION;
		return 0;
	case CHUNK_EXTENSION:
		if (b == '\r')
			j->chunk_state = CHUNK_SIZE_LF;
		else if (!plain((unsigned char)b) || ++j->chunk_n > HTTP_CHUNK_EXTENSION_BYTES)
			return -1;
		return 0;
	case CHUNK_SIZE_LF:
		j->chunk_state = j->chunk_left ? CHUNK_DATA : TRAILER;
		j->chunk_n = 0;
		if (j->chunk_left > (uint64_t)(j->body_max - j->body_got)) {
			j->refuse = 413;
			return -1;
		}
		return b == '\n' ? 0 : -1;
	case CHUNK_DATA_CR:
		j->chunk_state = CHUNK_DATA_LF;
		return b == '\r' ? 0 : -1;
	case CHUNK_DATA_LF:
		j->chunk_state = CHUNK_SIZE;
		return b == '\n' ? 0 : -1;
	case TRAILER:
		if (b == '\r')
			j->chunk_state = TRAILER_LF;
		else if (!plain((unsigned char)b) || (j->chunk_n == 0 && (b == ' ' || b == '\t')) || ++j->trailer_n > HTTP_TRAILER_BYTES)
			return -1;
		else
			j->chunk_n = 1;         /* the line is not empty */
		return 0;
	default: /* TRAILER_LF */
		if (b != '\n')
			return -1;
		if (j->chunk_n == 0)
			return 1;
		j->chunk_n = 0;
		j->chunk_state = TRAILER;
		return 0;
	}
}

/* llhttp takes a bare LF at some places of this framing, and skips what it does not need without counting. */
int http_check_chunks(struct http_job *j, const char *p, size_t n, size_t *used)
{
	int rc;

	for (size_t i = 0; i < n; i++) {
		if (j->chunk_state == CHUNK_DATA) {
			size_t part = j->chunk_left < n - i ? (size_t)j->chunk_left : n - i;

			j->chunk_left -= part;
			i += part - 1;
			if (j->chunk_left == 0)
				j->chunk_state = CHUNK_DATA_CR;
			continue;
		}
		rc = chunk_byte(j, p[i]);
		if (rc < 0)
			return -1;
		if (rc > 0) {
			*used = i + 1;
			return 1;
		}
	}
	*used = n;
	return 0;
}

static bool is_token(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static int refuse(struct http_job *j, int status)
{
	j->refuse = status;
	return -1;
}

int http_check_line(struct http_job *j)
{
	static const char *const methods[] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS" };
	char *s = j->head + (j->scan_blank ? 2 : 0), *end = memchr(s, '\r', j->head_n - (size_t)(s - j->head)), *sp, *version;
	size_t n = 0;

	/* llhttp is given the head without that empty line. */
	j->head_n -= (size_t)(s - j->head);
	j->head = s;
	for (sp = s; sp < end && is_token(*sp); sp++)
		;
	if (sp == s || sp == end || *sp != ' ')
		return refuse(j, 400);
	version = memrchr(sp + 1, ' ', (size_t)(end - sp - 1));
	if (!version || memchr(sp + 1, ' ', (size_t)(version - sp - 1)) || memchr(sp + 1, '\t', (size_t)(end - sp - 1)))
		return refuse(j, 400);
	if (end - version != 9 || memcmp(version, " HTTP/", 6) != 0 || version[7] != '.' || version[6] < '0' || version[6] > '9' ||
	    version[8] < '0' || version[8] > '9')
		return refuse(j, 400);
	if (version[6] != '1' || version[8] > '1')
		return refuse(j, version[6] >= '2' ? 505 : 400);
	for (n = 0; n < sizeof methods / sizeof *methods; n++)
		if (strlen(methods[n]) == (size_t)(sp - s) && memcmp(methods[n], s, (size_t)(sp - s)) == 0)
			break;
	if (n == sizeof methods / sizeof *methods)
		return refuse(j, 501);
	if (version - sp - 1 > HTTP_TARGET_BYTES)
		return refuse(j, 414);
	j->rq.head = n == 1;
	j->rq.method = methods[n == 1 ? 0 : n];
	return 0;
}

/* Percent-decoded once; what would mean another file or another handler after a second look is refused. */
static int check_path(struct http_job *j, const char *raw, size_t n)
{
	char *path = arena_get(j->a, n + 1);
	size_t k = 0, i, start;

	for (i = 0; i < n; i++) {
		unsigned char c = (unsigned char)raw[i];

		if (c == '%') {
			if (i + 2 >= n || hex(raw[i + 1]) < 0 || hex(raw[i + 2]) < 0)
				return refuse(j, 400);
			c = (unsigned char)(hex(raw[i + 1]) << 4 | hex(raw[i + 2]));
			if (c == '/' || c == 0)
				return refuse(j, 400);
			i += 2;
		} else if (c <= 0x20 || c >= 0x7f || strchr("\"<>\\^`{|}#", c)) {
			return refuse(j, 400);
		}
		if (c < 0x20 || c == 0x7f || c == '\\')
			return refuse(j, 400);
		path[k++] = (char)c;
	}
	if (!text_valid(path, k))
		return refuse(j, 400);
	for (start = 1, i = 1; i <= k; i++) {
		if (i < k && path[i] != '/')
			continue;
		if ((i == start && i < k) || (i - start == 1 && path[start] == '.') || (i - start == 2 && memcmp(path + start, "..", 2) == 0))
			return refuse(j, 400);
		start = i + 1;
	}
	j->rq.path = path;
	return 0;
}

static int check_target(struct http_job *j)
{
	char *q;

	/* Only origin-form: we are no proxy, and a host in the target would compete with the Host header. */
	if (j->target.n == 0 || j->target.p[0] != '/' || memchr(j->target.p, '#', j->target.n))
		return refuse(j, 400);
	for (size_t i = 0; i < j->target.n; i++)
		if ((unsigned char)j->target.p[i] <= 0x20 || (unsigned char)j->target.p[i] >= 0x7f)
			return refuse(j, 400);
	q = memchr(j->target.p, '?', j->target.n);
	j->rq.query = q ? arena_dupn(j->a, q + 1, j->target.n - (size_t)(q + 1 - j->target.p)) : "";
	return check_path(j, j->target.p, q ? (size_t)(q - j->target.p) : j->target.n);
}

static bool host_valid(const char *h)
{
	size_t n = strlen(h), i = 0;
	int digits = 0;

	if (n == 0 || n > HTTP_HOST_BYTES)
		return false;
	if (h[0] == '[') {
		for (i = 1; hex(h[i]) >= 0 || h[i] == ':' || h[i] == '.'; i++)
			;
		if (i < 3 || h[i++] != ']')
			return false;
	} else {
		for (; (h[i] >= 'a' && h[i] <= 'z') || (h[i] >= 'A' && h[i] <= 'Z') || (h[i] >= '0' && h[i] <= '9') || h[i] == '-' ||
		       h[i] == '.' || h[i] == '_'; i++)
			;
		if (i == 0)
			return false;
	}
	if (h[i] == ':')
		for (i++; h[i] >= '0' && h[i] <= '9'; i++)
			digits++;
	return h[i] == 0 && digits <= 5;
}

static int check_length(struct http_job *j, int i)
{
	const char *raw = j->value[i].p;

	/* Judged before white space is cut off: "5 " and "+5" are spoken by no honest client. */
	for (size_t k = 0; k < j->value[i].n; k++)
		if (raw[k] < '0' || raw[k] > '9')
			return refuse(j, 400);
	if (j->value[i].n == 0 || j->value[i].n > 18)
		return refuse(j, j->value[i].n ? 413 : 400);
	return raw[j->value[i].n] == '\r' ? 0 : refuse(j, 400);
}

static int check_header(struct http_job *j, const struct http_header *h, unsigned *seen)
{
	static const char *const single[] = { "host", "content-length", "transfer-encoding", "content-type", "authorization", "expect" };
	unsigned k;

	for (k = 0; k < sizeof single / sizeof *single && strcmp(single[k], h->name) != 0; k++)
		;
	if (k == sizeof single / sizeof *single)
		return 0;
	if (*seen & 1u << k)
		return refuse(j, 400);
	*seen |= 1u << k;
	switch (k) {
	case 0:
		if (!host_valid(h->value))
			return refuse(j, 400);
		j->rq.host = h->value;
		return 0;
	case 2:
		return j->minor == 1 && strcasecmp(h->value, "chunked") == 0 ? 0 : refuse(j, 400);
	case 5:
		if (strcasecmp(h->value, "100-continue") != 0)
			return refuse(j, 417);
		j->expects = j->minor == 1;
		return 0;
	default:
		return 0;
	}
}

int http_check_head(struct http_job *j)
{
	unsigned seen = 0;
	struct http_span n, v;

	for (int i = 0; i < j->nspans; i++) {
		n = j->name[i];
		for (size_t k = 0; k < n.n; k++) {
			if (!is_token(n.p[k]))
				return refuse(j, 400);
			if (n.p[k] >= 'A' && n.p[k] <= 'Z')
				n.p[k] = (char)(n.p[k] | 0x20);
		}
		if (n.n == 0 || n.p[n.n] != ':')        /* a space before the colon */
			return refuse(j, 400);
		n.p[n.n] = 0;
		if (strcmp(n.p, "content-length") == 0 && check_length(j, i) != 0)
			return -1;
	}
	for (int i = 0; i < j->nspans; i++) {
		n = j->name[i];
		v = j->value[i];
		for (; v.n > 0 && (v.p[v.n - 1] == ' ' || v.p[v.n - 1] == '\t'); v.n--)
			;
		j->headers[i] = (struct http_header){ n.p, "" };
		if (v.n > 0) {
			v.p[v.n] = 0;                   /* where white space or the CR was */
			j->headers[i].value = text_valid(v.p, v.n) ? v.p : text_repair(j->a, v.p, v.n);
		}
		if (check_header(j, &j->headers[i], &seen) != 0)
			return -1;
	}
	if ((seen & 6) == 6)                            /* Content-Length and Transfer-Encoding */
		return refuse(j, 400);
	if (!(seen & 1)) {
		if (j->minor == 1)
			return refuse(j, 400);
		j->rq.host = "";
	}
	j->rq.headers = j->headers;
	j->rq.nheaders = j->nspans;
	j->rq.a = j->a;
	return check_target(j);
}
