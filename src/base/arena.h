/* arena.h - memory that lives exactly as long as one piece of work (a request, a job, a test).
 *
 * Ownership:  everything handed out belongs to the arena and dies with arena_end() or arena_reset(); never free() it,
 *             and never store it in something that lives longer (copy it into that thing's own arena).
 * Errors:     none. Allocation is zeroed and never NULL: past the arena's limit the piece of work ends by one jump to
 *             the place that called arena_trap(), which answers MEMORY_LIMIT; without a trap the process stops with a
 *             message and its supervisor starts it again. Input is bounded before, so it takes a bug.
 * Units:      bytes.      Threads: an arena belongs to one thread.      Source: own design. */
#ifndef PEDEL_BASE_ARENA_H
#define PEDEL_BASE_ARENA_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

struct arena;
struct arena *arena_begin(size_t limit);                 /* limit: most bytes this work may ever take */
void         *arena_get(struct arena *a, size_t n);      /* n bytes, zeroed, aligned for any type */
void         *arena_room(struct arena *a, size_t n);     /* the same, not zeroed: for what is filled at once */
void         *arena_copy(struct arena *a, const void *p, size_t n);
char         *arena_dup(struct arena *a, const char *s);             /* NULL gives NULL */
char         *arena_dupn(struct arena *a, const char *s, size_t n);  /* n bytes and a NUL */
char         *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3), nonnull));
char         *arena_vprintf(struct arena *a, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0), nonnull));
/* A list with room for one more: list itself while n < *cap, otherwise a copy twice as long. list may be NULL when *cap is 0. */
void         *arena_grow(struct arena *a, void *list, size_t item_bytes, int n, int *cap);
size_t        arena_used(const struct arena *a);
void          arena_reset(struct arena *a);              /* gives everything back but the first block; the trap stays */
void          arena_end(struct arena *a);                /* NULL is allowed */

#define ARENA_NEW(a, type) ((type *)arena_get((a), sizeof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_get((a), sizeof(type) * (size_t)(n)))

/* if (arena_trap(a)) { over the limit: answer and clean up } - valid until the calling function returns. */
jmp_buf      *arena_trap_set(struct arena *a);
void          arena_trap_clear(struct arena *a);
#define arena_trap(a) setjmp(*arena_trap_set(a))
#endif
