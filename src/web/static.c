#include "web/static.h"
#include <stdio.h>
#include <string.h>
#include "base/arena.h"

/* Does Accept-Encoding allow this coding? "br;q=0" forbids it. */
static bool accepts(const char *header, const char *coding)
{
	size_t n = strlen(coding);

	for (const char *s = header; s && *s; s += strcspn(s, ","), s += *s == ',') {
		s += strspn(s, " \t");
		if (strncmp(s, coding, n) == 0 && strchr(" \t;,", s[n] ? s[n] : ',')) {
			const char *q = s + n, *end = s + strcspn(s, ",");

			for (; q < end; q++)
				if (strncmp(q, "q=0", 3) == 0 && strspn(q + 3, ".0") == strcspn(q + 3, ", \t"))
					return false;
			return true;
		}
	}
	return false;
}

static void add(struct http_response *s, const char *name, const char *value)
{
	if (s->nheaders < (int)(sizeof s->headers / sizeof *s->headers))
		s->headers[s->nheaders++] = (struct http_header){ name, value };
}

void static_answer(const struct http_request *r, struct http_response *s)
{
	const char *name = strrchr(r->path, '/') + 1, *accept = http_header(r, "accept-encoding");
	size_t base = strlen(static_base);
	const struct static_file *f = static_files;
	const struct static_bytes *b;

	add(s, "X-Content-Type-Options", "nosniff");
	while (f->name && strcmp(f->name, name) != 0)
		f++;
	if (!f->name) {
		add(s, "Cache-Control", "no-store");
		s->status = 404;
		s->type = "text/plain; charset=utf-8";
		s->body = "404\n";
		s->body_bytes = 4;
		return;
	}
	b = &f->raw;
	if (f->br.p && accepts(accept, "br")) {
		b = &f->br;
		add(s, "Content-Encoding", "br");
	} else if (f->gz.p && accepts(accept, "gzip")) {
		b = &f->gz;
		add(s, "Content-Encoding", "gzip");
	}
	if (f->gz.p) {
		add(s, "Vary", "Accept-Encoding");
		s->no_compress = true;          /* the choice was made here: the server must not say or do it again */
	}
	s->ranges = b == &f->raw;       /* parts of what was packed help nobody */
	s->etag = arena_printf(r->a, "\"%s-%s%s\"", static_base + 3, name, b == &f->br ? "-br" : b == &f->gz ? "-gz" : "");
	/* A page from before an upgrade still gets today's file, but must not keep it under the old name. */
	add(s, "Cache-Control", strncmp(r->path, static_base, base) == 0 && r->path[base] == '/' ? "public, max-age=31536000, immutable" : "no-cache");
	s->status = 200;
	s->type = f->type;
	s->body = b->p;
	s->body_bytes = b->n;
}
