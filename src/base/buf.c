#include "base/buf.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void buf_init(struct buf *b, struct arena *a, size_t limit)
{
	*b = (struct buf){ .a = a, .limit = limit };
}

/* Room for n more bytes and the NUL; false, and full, when the limit does not allow it. */
static bool room(struct buf *b, size_t n)
{
	size_t cap;
	char *p;

	if (n < b->cap - b->n && !b->full)
		return true;
	if (b->full || n > b->limit - b->n) {
		b->full = true;
		return false;
	}
	cap = b->cap ? b->cap * 2 : 256;
	while (cap < b->n + n + 1)
		cap *= 2;
	if (cap > b->limit + 1)
		cap = b->limit + 1;
	p = arena_room(b->a, cap);
	if (b->n)
		memcpy(p, b->p, b->n);
	b->p = p;
	b->cap = cap;
	return true;
}

void buf_add(struct buf *b, const void *p, size_t n)
{
	if (n == 0 || !room(b, n))
		return;
	memcpy(b->p + b->n, p, n);
	b->n += n;
	b->p[b->n] = 0;
}

void buf_adds(struct buf *b, const char *s)
{
	if (s)
		buf_add(b, s, strlen(s));
}

void buf_addc(struct buf *b, char c)
{
	if (!room(b, 1))
		return;
	b->p[b->n++] = c;
	b->p[b->n] = 0;
}

void buf_int(struct buf *b, long long v)
{
	char text[24], *p = text + sizeof text;
	unsigned long long u = v < 0 ? 0ull - (unsigned long long)v : (unsigned long long)v;

	do
		*--p = (char)('0' + u % 10);
	while (u /= 10);
	if (v < 0)
		*--p = '-';
	buf_add(b, p, (size_t)(text + sizeof text - p));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	size_t there = b->cap - b->n;
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(there ? b->p + b->n : NULL, there, fmt, ap);
	if (n > 0 && room(b, (size_t)n)) {
		if ((size_t)n >= there)         /* it did not fit into what was there */
			vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
		b->n += (size_t)n;
	} else if (there) {
		b->p[b->n] = 0;
	}
	va_end(again);
	va_end(ap);
}

const char *buf_text(struct buf *b) { return b->p ? b->p : ""; }
