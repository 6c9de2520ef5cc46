#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include "base/fault.h"
#include "base/text.h"
#include "net/http_inside.h"

/* The head is scanned byte by byte for what no parser should have to guess about (http_check_bytes), gathered whole, and
 * then parsed by llhttp in one piece, so that every span it gives points into j->head. Body bytes go straight through. */

static int on_url(llhttp_t *p, const char *at, size_t n)
{
	struct http_job *j = p->data;

	if (!j->target.p)
		j->target.p = j->head + (at - j->head);
	j->target.n = (size_t)(at + n - j->target.p);
	return 0;
}

static int on_field(llhttp_t *p, const char *at, size_t n)
{
	struct http_job *j = p->data;

	if (j->rq.path)                 /* a trailer: dropped */
		return 0;
	if (j->nspans == 0 || j->in_value) {
		if (j->nspans == HTTP_HEADERS) {
			j->refuse = 400;
			return HPE_USER;
		}
		j->name[j->nspans] = (struct http_span){ .p = j->head + (at - j->head) };
		j->value[j->nspans++] = (struct http_span){ 0 };
		j->in_value = false;
	}
	j->name[j->nspans - 1].n = (size_t)(at + n - j->name[j->nspans - 1].p);
	return 0;
}

static int on_value(llhttp_t *p, const char *at, size_t n)
{
	struct http_job *j = p->data;
	struct http_span *v;

	if (j->rq.path)
		return 0;
	v = &j->value[j->nspans - 1];
	if (!v->p)
		v->p = j->head + (at - j->head);
	v->n = (size_t)(at + n - v->p);
	j->in_value = true;
	return 0;
}

static int on_value_complete(llhttp_t *p)
{
	((struct http_job *)p->data)->in_value = true;          /* also when the value was empty */
	return 0;
}

static int on_headers_complete(llhttp_t *p)
{
	struct http_job *j = p->data;

	j->keep = llhttp_should_keep_alive(p);
	j->minor = p->http_minor;
	j->has_body = (p->flags & F_CHUNKED) || p->content_length > 0;
	p->upgrade = 0;                 /* an offer to change protocol never changes how the request is read */
	return 0;
}

static int on_body(llhttp_t *p, const char *at, size_t n)
{
	struct http_job *j = p->data;
	ssize_t done;

	j->body_got += (int64_t)n;
	if (j->body_got > j->body_max) {
		j->refuse = 413;
		return HPE_USER;
	}
	if (j->body_fd < 0) {
		buf_add(&j->body, at, n);
		return 0;
	}
	for (; n > 0; n -= (size_t)done, at += done) {
		done = fault_hit("write") ? (errno = ENOSPC, -1) : write(j->body_fd, at, n);
		if (done < 0 && errno == EINTR) {
			done = 0;
		} else if (done < 0) {
			j->refuse = errno == ENOSPC || errno == EDQUOT ? 507 : 503;
			return HPE_USER;
		}
	}
	return 0;
}

static int on_complete(llhttp_t *p)
{
	((struct http_job *)p->data)->whole = true;
	return HPE_PAUSED;              /* what follows is another request */
}

static const llhttp_settings_t settings = {
	.on_url = on_url, .on_header_field = on_field, .on_header_value = on_value, .on_header_value_complete = on_value_complete,
	.on_headers_complete = on_headers_complete, .on_body = on_body, .on_message_complete = on_complete
};

void http_job_clear(struct http_job *j)
{
	if (j->body_fd >= 0)
		close(j->body_fd);
	if (j->body_path)
		unlink(j->body_path);           /* not there any more when the handler has moved it into place */
	if (j->out.file >= 0)
		close(j->out.file);
	if (j->rs.release)
		j->rs.release(j->rs.release_arg);
	arena_reset(j->a);
	memset(&j->rq, 0, sizeof j->rq);
	memset(&j->rs, 0, sizeof j->rs);
	memset(&j->out, 0, sizeof j->out);
	memset(&j->body, 0, sizeof j->body);
	j->out.file = j->body_fd = -1;
	j->body_path = j->head = NULL;
	j->refuse = j->minor = j->nspans = j->scan_state = j->scan_lines = j->scan_blank = 0;
	j->keep = j->expects = j->whole = j->has_body = j->in_value = false;
	j->head_n = j->head_cap = j->scan_line_bytes = j->chunk_n = j->trailer_n = 0;
	j->chunk_state = 0;
	j->chunk_left = 0;
	j->target = (struct http_span){ 0 };
	j->body_got = j->body_max = 0;
	j->conn = NULL;
}

static int gather(struct http_job *j, const char *p, size_t n)
{
	size_t cap;
	char *more;

	if (j->head_n + n > HTTP_HEAD_BYTES) {
		/* 400 and not 431: as nginx, and as our table of hostile requests promises. A long target is named, though. */
		j->refuse = j->scan_lines == 0 ? 414 : 400;
		return -1;
	}
	if (j->head_n + n + 1 > j->head_cap) {
		cap = j->head_cap ? HTTP_HEAD_BYTES + 1 : n + 1;
		more = arena_get(j->a, cap);
		if (j->head_n)
			memcpy(more, j->head, j->head_n);
		j->head = more;
		j->head_cap = cap;
	}
	memcpy(j->head + j->head_n, p, n);
	j->head_n += n;
	return 0;
}

static int parse_head(struct http_job *j)
{
	enum llhttp_errno rc;

	if (http_check_line(j) != 0)
		return -1;
	llhttp_init(&j->parser, HTTP_REQUEST, &settings);
	j->parser.data = j;
	rc = llhttp_execute(&j->parser, j->head, j->head_n);
	if (rc != HPE_OK && !(rc == HPE_PAUSED && j->whole)) {
		if (!j->refuse)
			j->refuse = 400;
		return -1;
	}
	/* llhttp and our scan must agree where the head ends, else one of them is fooled. */
	if (j->whole ? llhttp_get_error_pos(&j->parser) != j->head + j->head_n : !j->has_body) {
		j->refuse = 400;
		return -1;
	}
	return http_check_head(j);
}

enum http_read_step http_read(struct http_job *j, const char *p, size_t n, size_t *used)
{
	enum llhttp_errno rc;
	int end;

	*used = 0;
	if (!j->rq.path) {
		end = http_check_bytes(j, p, n, used);
		if (end < 0 || gather(j, p, *used) != 0) {
			if (!j->head_n)         /* enough of it to know in which form to refuse */
				gather(j, p, n < 64 ? n : 64);
			if (!j->refuse)
				j->refuse = 400;
			return READ_REFUSED;
		}
		if (end == 0)
			return READ_MORE;
		return parse_head(j) != 0 ? READ_REFUSED : READ_HEAD;
	}
	if (!j->body.a)
		buf_init(&j->body, j->a, (size_t)j->body_max);
	end = 0;
	if (j->parser.flags & F_CHUNKED) {
		end = http_check_chunks(j, p, n, &n);
		if (end < 0) {
			if (!j->refuse)
				j->refuse = 400;
			return READ_REFUSED;
		}
	}
	rc = llhttp_execute(&j->parser, p, n);
	*used = rc == HPE_PAUSED ? (size_t)(llhttp_get_error_pos(&j->parser) - p) : n;
	if ((rc != HPE_OK && rc != HPE_PAUSED) || ((j->parser.flags & F_CHUNKED) && (j->whole != (end == 1) || *used != n))) {
		if (!j->refuse)
			j->refuse = 400;
		return READ_REFUSED;
	}
	if (!j->whole)
		return READ_MORE;
	if (j->body_fd >= 0) {
		j->rq.body_path = j->body_path;
	} else if (j->body.n > 0) {
		j->rq.body = buf_text(&j->body);
	}
	j->rq.body_bytes = (size_t)j->body_got;
	return READ_DONE;
}
