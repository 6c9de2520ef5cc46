/* Any bytes as a connection's requests: read whole and read in pieces give the same requests, and each is answered. */
#include <stdint.h>
#include <stdlib.h>
#include "base/buf.h"
#include "net/http_inside.h"

static const char *const proxies[] = { "127.0.0.1", NULL };

/* One request after the other, told in words; pieces of at most `piece` bytes. */
static void tell(struct http_job *j, struct http_pack *pack, const char *p, size_t n, size_t piece, struct buf *out)
{
	bool trapped = false;

	http_job_clear(j);
	j->rq.a = j->a;
	if (arena_trap(j->a)) {
		trapped = true;
	} else {
		while (n > 0 && !j->refuse) {
			size_t part = n < piece ? n : piece, used = 0;
			enum http_read_step step = http_read(j, p, part, &used);

			if (used > part)
				abort();
			p += used;
			n -= used;
			if (step == READ_HEAD) {
				http_forward(j, "127.0.0.1", proxies);
				j->body_max = 1 << 16;
				if (j->parser.content_length > (uint64_t)j->body_max && !j->refuse)
					j->refuse = 413;
			}
			if (step == READ_REFUSED && !j->refuse)
				abort();
			if (j->refuse || !(step == READ_DONE || (step == READ_HEAD && j->whole)))
				continue;
			buf_printf(out, "%s%s %s ? %s @ %s from %s %d keep %d body %zu:", j->rq.head ? "HEAD-" : "", j->rq.method, j->rq.path,
				j->rq.query, j->rq.host, j->rq.address, j->rq.secure, j->keep, j->rq.body_bytes);
			buf_add(out, j->rq.body, j->rq.body_bytes);
			for (int i = 0; i < j->rq.nheaders; i++)
				buf_printf(out, "\n%s: %s", j->rq.headers[i].name, j->rq.headers[i].value);
			buf_adds(out, "\n");
			j->rs.body = "hello";
			j->rs.body_bytes = 5;
			j->rs.etag = "\"x\"";
			http_answer(j, pack, false);
			if (j->out.nparts < 1 || j->out.part[0].iov_len < 17)
				abort();
			arena_trap_clear(j->a);
			http_job_clear(j);
			if (arena_trap(j->a)) {
				trapped = true;
				break;
			}
		}
		buf_printf(out, "end %d\n", j->refuse == 413 ? 400 : j->refuse);    /* which of two faults is met first is chance */
	}
	arena_trap_clear(j->a);
	if (trapped)
		abort();
	http_job_clear(j);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct http_pack *pack;
	static const size_t pieces[] = { 1, 2, 7, 100 };
	struct http_job *j = calloc(1, sizeof *j);
	struct arena *a = arena_begin(64 << 20);
	struct buf whole, parts;

	if (!j || n > 70000)
		abort();
	if (!pack)
		pack = http_pack_begin();
	j->a = arena_begin(16 << 20);
	j->out.file = j->body_fd = -1;
	buf_init(&whole, a, 8 << 20);
	tell(j, pack, (const char *)p, n, SIZE_MAX, &whole);
	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
		buf_init(&parts, a, 8 << 20);
		tell(j, pack, (const char *)p, n, pieces[i], &parts);
		if (whole.n != parts.n || memcmp(buf_text(&whole), buf_text(&parts), whole.n) != 0) {
			fprintf(stderr, "whole:\n%s\nin pieces of %zu:\n%s\n", buf_text(&whole), pieces[i], buf_text(&parts));
			abort();
		}
	}
	arena_end(j->a);
	free(j);
	arena_end(a);
	return 0;
}
