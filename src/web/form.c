/* Forms and queries: urlencoded and multipart, from memory or from the file the net floor put a large body into. */
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/text.h"
#include "web/api.h"
#include "web/dispatch.h"
#include "web/escape.h"

enum { FIELDS_MOST = 200, FILES_MOST = 20, FIELD_MOST = 512 << 10, PART_HEAD_MOST = 4096 };

struct web_form {
	struct { const char *name, *value; } field[FIELDS_MOST];
	struct { const char *field; struct web_upload file; } file[FILES_MOST + 1];     /* one more, so that who counts them sees it */
	int nfields, nfiles;
	bool wrong;
	struct err e;
};


static int hex(int c) { return isdigit(c) ? c - '0' : isxdigit(c) ? (c | 32) - 'a' + 10 : -1; }

/* + and %XX undone, CR LF made LF, invalid UTF-8 and NULs replaced. */
static const char *decode(struct arena *a, const char *s, size_t n, bool plus)
{
	char *out = arena_get(a, n + 1);
	size_t o = 0;

	for (size_t i = 0; i < n; i++) {
		if (plus && s[i] == '+')
			out[o++] = ' ';
		else if (plus && s[i] == '%' && i + 2 < n && hex((unsigned char)s[i + 1]) >= 0 && hex((unsigned char)s[i + 2]) >= 0)
			out[o++] = (char)(hex((unsigned char)s[i + 1]) * 16 + hex((unsigned char)s[i + 2])), i += 2;
		else
			out[o++] = s[i];
	}
	for (n = o, o = 0; o < n && out[o] != '\r'; o++)
		;
	for (size_t i = o; i < n; i++)
		if (out[i] != '\r')
			out[o++] = out[i];
		else if (i + 1 == n || out[i + 1] != '\n')
			out[o++] = '\n';
	return text_repair(a, out, o);
}

const char *web_query(struct web *w, const char *name)
{
	for (const char *s = w->rq->query; s && *s; ) {
		size_t n = strcspn(s, "&"), k = strcspn(s, "=&");

		if (strcmp(decode(w->a, s, k, true), name) == 0)
			return k < n ? decode(w->a, s + k + 1, n - k - 1, true) : "";
		s += n + (s[n] == '&');
	}
	return NULL;
}

int web_query_known(struct web *w, const struct api_field *known, struct err *e)
{
	for (const char *s = w->rq->query; s && *s; ) {
		size_t n = strcspn(s, "&");
		const char *name = decode(w->a, s, strcspn(s, "=&"), true);
		const struct api_field *k = known;

		while (k && k->name && strcmp(k->name, name) != 0)
			k++;
		if (n && (!k || !k->name))
			return FAIL_FIELD(e, E_FIELD_UNKNOWN, arena_dup(w->a, text_line(w->a, name, 60)), "query");
		s += n + (s[n] == '&');
	}
	return 0;
}

static int add_field(struct web_form *f, const char *name, const char *value, struct err *e)
{
	if (f->nfields == FIELDS_MOST)
		return FAIL(e, E_BODY_TOO_LARGE, "more than %d fields", FIELDS_MOST);
	if (strlen(value) > FIELD_MOST)
		return FAIL_FIELD(e, E_TOO_LONG, name, "%zu bytes", strlen(value));
	f->field[f->nfields].name = name;
	f->field[f->nfields++].value = value;
	return 0;
}

static int read_urlencoded(struct web *w, struct web_form *f, const char *s, size_t size, struct err *e)
{
	const char *end = s + size;

	while (s < end) {
		const char *amp = memchr(s, '&', (size_t)(end - s)), *stop = amp ? amp : end, *eq = memchr(s, '=', (size_t)(stop - s));

		if (stop > s && add_field(f, decode(w->a, s, (size_t)((eq ? eq : stop) - s), true),
				eq ? decode(w->a, eq + 1, (size_t)(stop - eq - 1), true) : "", e) != 0)
			return -1;
		s = stop + 1;
	}
	return 0;
}

/* The value of name="..." in a part's head; NULL when it is not there. Browsers write " as %22. */
static const char *parameter(struct web *w, const char *head, const char *name)
{
	size_t n = strlen(name);

	for (const char *s = strcasestr(head, name); s; s = strcasestr(s + 1, name)) {
		const char *v;

		if (s[n] != '=' || s[n + 1] != '"' || (s > head && (isalnum((unsigned char)s[-1]) || s[-1] == '*')))
			continue;
		v = s + n + 2;
		return decode(w->a, v, strcspn(v, "\""), false);
	}
	return NULL;
}

static int read_part(struct web *w, struct web_form *f, const char *head, const char *p, size_t n, struct err *e)
{
	const char *name = parameter(w, head, "name"), *file = parameter(w, head, "filename"), *type = strcasestr(head, "content-type:");

	if (!strcasestr(head, "content-disposition:") || !name)
		return FAIL(e, E_FORM_INVALID, "a part without a name");
	if (!file) {
		if (n > FIELD_MOST)
			return FAIL_FIELD(e, E_TOO_LONG, name, "%zu bytes", n);
		return add_field(f, name, decode(w->a, p, n, false), e);
	}
	if (!*file && n == 0)
		return 0;               /* a file field that was left empty */
	if (f->nfiles > FILES_MOST)
		return 0;
	if (type) {
		type += strlen("content-type:");
		type += strspn(type, " \t");
		type = text_lower(w->a, text_repair(w->a, type, strcspn(type, "\r\n; ")));
	}
	f->file[f->nfiles].field = name;
	f->file[f->nfiles++].file = (struct web_upload){ .name = text_file_name(w->a, file, 150), .mime = type && strchr(type, '/') ? type : "application/octet-stream",
		.p = p, .bytes = (int64_t)n };
	return 0;
}

static int read_multipart(struct web *w, struct web_form *f, const char *type, const char *s, size_t size, struct err *e)
{
	const char *b = strcasestr(type, "boundary="), *end = s + size, *edge;
	size_t n;

	if (!b)
		return FAIL(e, E_FORM_INVALID, "no boundary");
	b += 9;
	n = *b == '"' ? strcspn(++b, "\"") : strcspn(b, "; \t");
	if (n < 1 || n > 70)
		return FAIL(e, E_FORM_INVALID, "boundary of %zu bytes", n);
	edge = arena_printf(w->a, "\r\n--%.*s", (int)n, b);
	n += 4;
	if (size < n - 2 || memcmp(s, edge + 2, n - 2) != 0)
		return FAIL(e, E_FORM_INVALID, "does not begin with its boundary");
	s += n - 2;
	for (;;) {
		const char *head, *body, *stop;

		if (end - s >= 2 && memcmp(s, "--", 2) == 0)
			return 0;
		if (end - s < 2 || memcmp(s, "\r\n", 2) != 0)
			return FAIL(e, E_FORM_INVALID, "a boundary that does not end its line");
		s += 2;
		body = memmem(s, (size_t)(end - s), "\r\n\r\n", 4);
		if (!body || body - s > PART_HEAD_MOST)
			return FAIL(e, E_FORM_INVALID, "a part without a head");
		head = text_repair(w->a, s, (size_t)(body - s));
		body += 4;
		stop = memmem(body, (size_t)(end - body), edge, n);
		if (!stop)
			return FAIL(e, E_FORM_INVALID, "a part without an end");
		if (read_part(w, f, head, body, (size_t)(stop - body), e) != 0)
			return -1;
		s = stop + n;
	}
}

/* The body's bytes, mapped when they went to a file. */
static int body_bytes(struct web *w, const char **p, size_t *n, struct err *e)
{
	struct stat st;
	int fd;

	*p = w->rq->body ? w->rq->body : "";
	*n = w->rq->body_bytes;
	if (!w->rq->body_path)
		return 0;
	if (w->own->mapped) {
		*p = w->own->mapped;
		*n = w->own->mapped_bytes;
		return 0;
	}
	fd = open(w->rq->body_path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0) {
		if (fd >= 0)
			close(fd);
		return FAIL(e, E_OS_CALL, "open %s", w->rq->body_path);
	}
	if (st.st_size > 0) {
		void *m = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);

		if (m != MAP_FAILED) {
			w->own->mapped = m;
			w->own->mapped_bytes = (size_t)st.st_size;
		}
	}
	close(fd);
	if (st.st_size > 0 && !w->own->mapped)
		return FAIL(e, E_OS_CALL, "map %s", w->rq->body_path);
	*p = st.st_size > 0 ? w->own->mapped : "";
	*n = (size_t)st.st_size;
	return 0;
}

static struct web_form *form(struct web *w)
{
	const char *type = http_header(w->rq, "content-type"), *p;
	struct web_form *f = w->form;
	struct err e;
	size_t n;
	int rc;

	if (f)
		return f;
	f = w->form = ARENA_NEW(w->a, struct web_form);
	rc = body_bytes(w, &p, &n, &e);
	if (rc == 0 && n) {
		if (type && strncasecmp(type, "application/x-www-form-urlencoded", 33) == 0)
			rc = read_urlencoded(w, f, p, n, &e);
		else if (type && strncasecmp(type, "multipart/form-data", 19) == 0)
			rc = read_multipart(w, f, type, p, n, &e);
		else
			rc = FAIL(&e, E_FORM_INVALID, "content type %.60s", type ? type : "is missing");
	}
	if (rc != 0) {
		f->wrong = true;
		f->e = e;
		f->nfields = f->nfiles = 0;
	}
	return f;
}

int web_form_check(struct web *w, struct err *e)
{
	struct web_form *f = form(w);

	if (f->wrong)
		*e = f->e;
	return f->wrong ? -1 : 0;
}

const char *web_field(struct web *w, const char *name)
{
	struct web_form *f = form(w);

	for (int i = 0; i < f->nfields; i++)
		if (strcmp(f->field[i].name, name) == 0)
			return f->field[i].value;
	return NULL;
}

int web_field_all(struct web *w, const char *name, const char *const **values)
{
	struct web_form *f = form(w);
	const char **v = ARENA_ARRAY(w->a, const char *, f->nfields + 1);
	int n = 0;

	for (int i = 0; i < f->nfields; i++)
		if (strcmp(f->field[i].name, name) == 0)
			v[n++] = f->field[i].value;
	*values = v;
	return n;
}

int web_uploads(struct web *w, const char *field, struct web_upload **out)
{
	struct web_form *f = form(w);
	struct web_upload *u = ARENA_ARRAY(w->a, struct web_upload, f->nfiles + 1);
	int n = 0;

	for (int i = 0; i < f->nfiles; i++)
		if (strcmp(f->file[i].field, field) == 0)
			u[n++] = f->file[i].file;
	*out = u;
	return n;
}
