/* err.h - the one way a Pedel function says what went wrong.
 *
 * A function that can fail returns 0 or -1 and takes `struct err *e` as its last parameter. On -1 *e is filled; on 0 it
 * is untouched. Never NULL.
 * Ownership:  owns nothing, so it may be copied.
 * Errors:     ids are stable names, never reused; err_ids.def holds both languages.
 * Units:      none.     Threads: one value per piece of work.     Source: own design. */
#ifndef PEDEL_BASE_ERR_H
#define PEDEL_BASE_ERR_H
#include <stddef.h>
#include "base/lang.h"

/* What the caller does about it. The web floor maps it to 400/404/401/403/409/413/429/503/500. */
enum err_kind {
	ERR_NONE,
	ERR_INPUT,      /* the person can mend it: says which field and what to write */
	ERR_MISSING,    /* no such thing, or not yours: the same answer for both */
	ERR_SIGNIN,     /* who are you? */
	ERR_DENIED,     /* we know you, and you may not */
	ERR_CONFLICT,   /* true at another moment: somebody else changed it, or it is taken */
	ERR_TOO_LARGE,  /* past a limit that is known before */
	ERR_TOO_MANY,   /* slow down */
	ERR_RETRY,      /* not now: the same call may work later */
	ERR_BROKEN      /* ours: logged, and shown with a number */
};
enum err_id {
	E_NONE,
#define X(id, kind, en, da) E_##id,
#include "base/err_ids.def"
#undef X
	E__MAX
};
struct err {
	enum err_id id;
	char field[80];         /* name of the input field at fault, "" when none */
	char detail[240];       /* the value or place at fault; in logs always, on pages only where it helps */
	const char *file;
	int line;
};

#define FAIL(e, id, ...) err_set((e), (id), "", __FILE__, __LINE__, __VA_ARGS__)    /* always yields -1 */
#define FAIL_FIELD(e, id, field, ...) err_set((e), (id), (field), __FILE__, __LINE__, __VA_ARGS__)
int err_set(struct err *e, enum err_id id, const char *field, const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));

/* Everything at once, for a form: a check writes into `now`, err_note() keeps what it said, and the next is asked.
 *     struct err_list all = { .n = 0 };
 *     err_note(&all, text_check(name, "name", 120, true, &all.now));
 *     err_note(&all, cvr_read(a, cvr, "cvr", &cvr, &all.now));
 *     if (err_first(&all, e) != 0) return -1; */
enum { ERR_LIST_MOST = 12 };
struct err_list { struct err now, e[ERR_LIST_MOST]; int n; };
int err_note(struct err_list *l, int rc);               /* gives rc back; past the most, nothing more is kept */
int err_first(const struct err_list *l, struct err *e); /* 0 when nothing was kept; what the person cannot mend goes first */

const char *err_name(enum err_id id);                   /* "CVR_INVALID": in logs, the API and support calls */
enum err_kind err_kind(enum err_id id);
const char *err_kind_name(enum err_kind k);             /* "input": the API's "kind" */
const char *err_text(enum err_id id, enum lang lang);   /* one sentence that says what to do; constant */
enum err_id err_by_name(const char *name);              /* E_NONE when there is none such */
#endif
