#include "base/err.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	enum err_kind kind;
	const char *text[LANG__N];
} defs[] = {
	{ "NONE", ERR_NONE, { "Ingen fejl.", "No error." } },
#define X(id, kind, en, da) { #id, kind, { da, en } },
#include "base/err_ids.def"
#undef X
};

int err_set(struct err *e, enum err_id id, const char *field, const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	e->id = id;
	e->file = file;
	e->line = line;
	snprintf(e->field, sizeof e->field, "%s", field ? field : "");
	va_start(ap, fmt);
	vsnprintf(e->detail, sizeof e->detail, fmt, ap);
	va_end(ap);
	return -1;
}

int err_note(struct err_list *l, int rc)
{
	if (rc != 0 && l->n < ERR_LIST_MOST)
		l->e[l->n++] = l->now;
	return rc;
}

int err_first(const struct err_list *l, struct err *e)
{
	int first = 0;

	for (int i = l->n - 1; i >= 0; i--) {
		enum err_kind k = err_kind(l->e[i].id);

		if (k != ERR_INPUT && k != ERR_CONFLICT)
			first = i;
	}
	if (l->n)
		*e = l->e[first];
	return l->n ? -1 : 0;
}

const char *err_name(enum err_id id) { return defs[id].name; }
enum err_kind err_kind(enum err_id id) { return defs[id].kind; }
const char *err_text(enum err_id id, enum lang lang) { return defs[id].text[lang]; }

const char *err_kind_name(enum err_kind k)
{
	static const char *const names[] = {
		[ERR_NONE] = "none", [ERR_INPUT] = "input", [ERR_MISSING] = "missing", [ERR_SIGNIN] = "signin",
		[ERR_DENIED] = "denied", [ERR_CONFLICT] = "conflict", [ERR_TOO_LARGE] = "too_large",
		[ERR_TOO_MANY] = "too_many", [ERR_RETRY] = "retry", [ERR_BROKEN] = "broken",
	};
	return names[k];
}

enum err_id err_by_name(const char *name)
{
	for (int i = 1; i < E__MAX; i++)
		if (strcmp(defs[i].name, name) == 0)
			return (enum err_id)i;
	return E_NONE;
}
