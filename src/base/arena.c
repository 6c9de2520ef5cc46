#include "base/arena.h"
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_BLOCK = 16 << 10, ROUND = 16 };

struct block {
	struct block *next;
	size_t used, size;
	alignas(max_align_t) char data[];
};
struct arena {
	struct block *top;
	size_t total, limit;
	int trapped;
	jmp_buf trap;
};

static void stop(struct arena *a, const char *why)
{
	if (a && a->trapped)
		longjmp(a->trap, 1);
	fprintf(stderr, "pedel: %s\n", why);
	abort();
}

static struct block *block_add(struct arena *a, size_t size)
{
	struct block *b = malloc(sizeof *b + size);

	if (!b)
		stop(a, "out of memory");
	b->size = size;
	b->used = 0;
	b->next = a->top;
	a->top = b;
	return b;
}

struct arena *arena_begin(size_t limit)
{
	struct arena *a = calloc(1, sizeof *a);

	if (!a)
		stop(NULL, "out of memory");
	a->limit = limit;
	return a;
}

void *arena_room(struct arena *a, size_t n)
{
	struct block *b = a->top;
	size_t want = (n + ROUND - 1) & ~(size_t)(ROUND - 1), size;
	char *p;

	if (want == 0)
		want = ROUND;
	if (want < n || want > a->limit - a->total)
		stop(a, "a piece of work passed its memory limit");
	if (!b || b->size - b->used < want) {
		size = b ? b->size * 2 : FIRST_BLOCK;
		if (size > 1 << 20)
			size = 1 << 20;
		b = block_add(a, want > size ? want : size);
	}
	p = b->data + b->used;
	b->used += want;
	a->total += want;
	return p;
}

void *arena_get(struct arena *a, size_t n) { return memset(arena_room(a, n), 0, n); }

void *arena_copy(struct arena *a, const void *p, size_t n)
{
	char *to = arena_room(a, n + 1);

	to[n] = 0;
	return n ? memcpy(to, p, n) : to;
}

char *arena_dup(struct arena *a, const char *s) { return s ? arena_dupn(a, s, strlen(s)) : NULL; }
char *arena_dupn(struct arena *a, const char *s, size_t n) { return arena_copy(a, s, n); }

char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	char brief[256], *s;        /* most are, and then once is enough */
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(brief, sizeof brief, fmt, ap);
	if (n < 0)
		stop(a, "bad format");
	if ((size_t)n < sizeof brief) {
		s = arena_dupn(a, brief, (size_t)n);
	} else {
		s = arena_room(a, (size_t)n + 1);
		vsnprintf(s, (size_t)n + 1, fmt, again);
	}
	va_end(again);
	return s;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return s;
}

size_t arena_used(const struct arena *a) { return a->total; }
jmp_buf *arena_trap_set(struct arena *a) { a->trapped = 1; return &a->trap; }
void arena_trap_clear(struct arena *a) { a->trapped = 0; }

void arena_reset(struct arena *a)
{
	struct block *b = a->top, *next;

	for (; b && b->next; b = next) {
		next = b->next;
		free(b);
	}
	if (b)
		b->used = 0;
	a->top = b;
	a->total = 0;
}

void arena_end(struct arena *a)
{
	struct block *b, *next;

	if (!a)
		return;
	for (b = a->top; b; b = next) {
		next = b->next;
		free(b);
	}
	free(a);
}

void *arena_grow(struct arena *a, void *list, size_t item_bytes, int n, int *cap)
{
	void *more;

	if (n < *cap)
		return list;
	*cap = *cap ? *cap * 2 : 32;
	more = arena_get(a, item_bytes * (size_t)*cap);
	if (n)
		memcpy(more, list, item_bytes * (size_t)n);
	return more;
}
