#include "core/catalogue.h"
#include "base/hash.h"
#include "base/text.h"
#include "core/calendar.h"
#include "core/catalogue_files.h"
#include "core/plan.h"
#include "os/file.h"
#include <stdlib.h>
#include <string.h>

#define FILE_BYTES    (64 * 1024)
#define LINE_BYTES    1000
#define TERMS         60
#define PROMISES      40
#define SECTIONS      (2 + TERMS + PROMISES)
#define FIELDS        12
#define CHOICES       32
#define SERVICES      200

static const char *const types[] = { "integer", "minutes", "money_ore", "megabytes", "choice", "text", "boolean", "list", NULL };
static const char *const parties[] = { "supplier", "customer", NULL };
static const char *const periods[] = { "always", "minute", "day", "week", "month", "quarter", "year", "event", NULL };
static const char *const proofs[] = { "attest", "live", NULL };

/* The fields of each kind of section, in the order in which they must stand. */
static const char *const head_fields[] = { "version", "number", "name.da", "name.en", NULL };
static const char *const about_fields[] = { "da", "en", NULL };
static const char *const term_fields[] = { "type", "unit", "choices", "default", "min", "max", "label.da", "label.en", "hint.da", "hint.en", NULL };
static const char *const promise_fields[] = { "party", "period", "proof", "source", "title.da", "title.en", "da", "en", NULL };
static const char *const promise_must[] = { "party", "period", "proof", "source", "da", "en", NULL };

/* What a term of each type has beside type, default and label: N unit min max; C choices; M max; lower case: may have. */
static const struct { const char *has; const char *units[7]; } shapes[] = {
	[TERM_INTEGER]   = { "Nc", { "count", "hours", "days", "months", "percent", "percent_hundredths" } },
	[TERM_MINUTES]   = { "N", { "minutes" } },
	[TERM_MONEY_ORE] = { "N", { "ore" } },
	[TERM_MEGABYTES] = { "N", { "megabytes" } },
	[TERM_CHOICE]    = { "C", { NULL } },
	[TERM_TEXT]      = { "M", { NULL } },
	[TERM_BOOLEAN]   = { "", { NULL } },
	[TERM_LIST]      = { "M", { NULL } },
};

enum { TITLE_CHARS = 60 };
enum section_kind { SECTION_HEAD, SECTION_ABOUT, SECTION_TERM, SECTION_PROMISE };
struct field { const char *name, *value; int line; };
struct section { enum section_kind kind; const char *key; int line; struct field fields[FIELDS]; int nfields; };
struct parser { struct arena *a; const char *name; struct section *sections; int nsections; struct err *e; };

#define BAD(p, line, ...) bad((p), (line), __VA_ARGS__)

static int bad(struct parser *p, int line, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static int bad(struct parser *p, int line, const char *fmt, ...)
{
	va_list ap;
	char *what;

	va_start(ap, fmt);
	what = arena_vprintf(p->a, fmt, ap);
	va_end(ap);
	return FAIL(p->e, E_CATALOGUE_INVALID, "%s.md:%d: %s", p->name, line, what);
}

static int place_in(const char *const *list, const char *s)
{
	for (int i = 0; s && list[i]; i++)
		if (strcmp(list[i], s) == 0)
			return i;
	return -1;
}

/* Small letters and digits in parts that begin and end with one, sep between them; the first is a letter when asked for. */
static bool is_key(const char *s, char sep, bool letter_first)
{
	if (letter_first && !(*s >= 'a' && *s <= 'z'))
		return false;
	for (char before = sep; ; before = *s++) {
		if (*s == '\0')
			return before != sep;
		if (*s == sep ? before == sep : !((*s >= 'a' && *s <= 'z') || (*s >= '0' && *s <= '9')))
			return false;
	}
}

static bool is_whole(const char *s, int64_t *out)
{
	const char *digits = s + (*s == '-');

	return text_int(s, out) && *digits >= '0' && *digits <= '9' && !(digits[0] == '0' && (digits[1] || digits != s));
}

static const struct field *field_of(const struct section *s, const char *name)
{
	for (int i = 0; i < s->nfields; i++)
		if (strcmp(s->fields[i].name, name) == 0)
			return &s->fields[i];
	return NULL;
}

static const char *value_of(const struct section *s, const char *name)
{
	const struct field *f = field_of(s, name);

	return f ? f->value : NULL;
}

static int line_of(const struct section *s, const char *name)
{
	const struct field *f = field_of(s, name);

	return f ? f->line : s->line;
}

/* ---- lines to sections */

static int read_heading(struct parser *p, int n, const char *line)
{
	struct section *s;

	if (p->nsections == SECTIONS)
		return BAD(p, n, "too many sections");
	s = &p->sections[p->nsections];
	s->line = n;
	s->key = "";
	if (strcmp(line, "## about") == 0) {
		s->kind = SECTION_ABOUT;
	} else if (text_starts(line, "## term ")) {
		s->kind = SECTION_TERM;
		s->key = line + strlen("## term ");
		if (!is_key(s->key, '_', true))
			return BAD(p, n, "a term's key is small letters, digits and single underscores");
	} else if (text_starts(line, "## promise ")) {
		s->kind = SECTION_PROMISE;
		s->key = line + strlen("## promise ");
		if (!text_starts(s->key, p->name) || s->key[strlen(p->name)] != '.' || !is_key(s->key + strlen(p->name) + 1, '.', true) ||
			strchr(s->key + strlen(p->name) + 1, '.'))
			return BAD(p, n, "a promise's key is '%s.' and a word", p->name);
	} else {
		return BAD(p, n, "a heading is '## about', '## term KEY' or '## promise KEY'");
	}
	if (s->kind < s[-1].kind || (s->kind == SECTION_ABOUT && s[-1].kind == SECTION_ABOUT))
		return BAD(p, n, "the order is: head, '## about' once, the terms, the promises");
	for (const struct section *o = p->sections + 1; o < s; o++)
		if (o->kind == s->kind && strcmp(o->key, s->key) == 0)
			return BAD(p, n, "'%s' stands twice, first in line %d", s->key, o->line);
	p->nsections++;
	return 0;
}

static int read_field(struct parser *p, int n, char *line)
{
	struct section *s = &p->sections[p->nsections - 1];
	char *colon = strchr(line, ':');

	if (!colon || colon == line || strspn(line, "abcdefghijklmnopqrstuvwxyz.") != (size_t)(colon - line))
		return BAD(p, n, "a line is empty, a heading, or 'field: value'");
	*colon++ = '\0';
	if (*colon && (colon[0] != ' ' || colon[1] == ' '))
		return BAD(p, n, "exactly one blank stands between the colon and the value");
	if (field_of(s, line))
		return BAD(p, n, "'%s' stands twice", line);
	if (s->nfields == FIELDS)
		return BAD(p, n, "too many fields");
	s->fields[s->nfields++] = (struct field){ line, *colon ? colon + 1 : "", n };
	return 0;
}

static int read_lines(struct parser *p, const char *text, size_t n)
{
	char *at, *end;
	int line = 0;

	if (n > FILE_BYTES)
		return BAD(p, 1, "the file is %zu bytes, at most %d are allowed", n, FILE_BYTES);
	if (n == 0 || text[n - 1] != '\n')
		return BAD(p, 1, "the file must end with a line feed");
	for (at = arena_dupn(p->a, text, n), end = at + n; at < end; ) {
		char *stop = memchr(at, '\n', (size_t)(end - at)), *now = at;
		size_t bytes = (size_t)(stop - at);

		line++;
		*stop = '\0';
		at = stop + 1;
		if (bytes > LINE_BYTES)
			return BAD(p, line, "the line is %zu bytes, at most %d are allowed", bytes, LINE_BYTES);
		for (size_t i = 0; i < bytes; i++)
			if ((unsigned char)now[i] < 32 || now[i] == 127)
				return BAD(p, line, "control characters (also tab and carriage return) are not allowed");
		if (!text_valid(now, bytes))
			return BAD(p, line, "the line is not UTF-8");
		if (bytes && now[bytes - 1] == ' ')
			return BAD(p, line, "blanks at the end of the line");
		if (line == 1) {
			if (!text_starts(now, "# ") || strcmp(now + 2, p->name) != 0)
				return BAD(p, 1, "the first line must be '# %s', as the file's name", p->name);
			p->sections[p->nsections++] = (struct section){ .kind = SECTION_HEAD, .key = "", .line = 1 };
		} else if (*now == '#' ? read_heading(p, line, now) != 0 : *now && read_field(p, line, now) != 0) {
			return -1;
		}
	}
	return 0;
}

/* ---- sections to values */

/* Only known fields, in their order, none empty but `default`; those named in must are there. */
static int check_fields(struct parser *p, const struct section *s, const char *const *known, const char *const *must)
{
	for (int i = 0, last = -1; i < s->nfields; i++) {
		const struct field *f = &s->fields[i];
		int place = place_in(known, f->name);

		if (place < 0)
			return BAD(p, f->line, "'%s' is not a field here", f->name);
		if (place < last)
			return BAD(p, f->line, "'%s' must stand before '%s'", f->name, known[last]);
		if (!*f->value && strcmp(f->name, "default") != 0)
			return BAD(p, f->line, "'%s' is empty", f->name);
		last = place;
	}
	for (int i = 0; must[i]; i++)
		if (!field_of(s, must[i]))
			return BAD(p, s->line, "'%s' is missing", must[i]);
	return 0;
}

static int whole(struct parser *p, const struct section *s, const char *name, int64_t min, int64_t max, int64_t *out)
{
	const char *v = value_of(s, name);

	if (!v)
		return BAD(p, s->line, "'%s' is missing", name);
	if (!is_whole(v, out))
		return BAD(p, line_of(s, name), "'%s' must be a whole number", name);
	if (*out < min || *out > max)
		return BAD(p, line_of(s, name), "'%s' must be from %lld to %lld", name, (long long)min, (long long)max);
	return 0;
}

static int one_of(struct parser *p, const struct section *s, const char *name, const char *const *list, int *out)
{
	if ((*out = place_in(list, value_of(s, name))) < 0)
		return BAD(p, line_of(s, name), "'%s' is not one that '%s' can be", value_of(s, name) ? value_of(s, name) : "", name);
	return 0;
}

/* "a, b, c" to a NULL-terminated array; NULL when an item is empty or longer than a term's value may be, stands twice or there are more than max. */
static const char *const *split_list(struct arena *a, const char *s, int64_t max, int *n)
{
	const char **out;
	int64_t room = 1;

	for (const char *c = s; *c; c++)
		room += *c == ',';
	*n = 0;
	if (room > max)
		return NULL;
	out = ARENA_ARRAY(a, const char *, room + 1);
	while (*s) {
		const char *comma = strchr(s, ','), *end = comma ? comma : s + strlen(s);

		if (end == s || end - s > 200 || s[0] == ' ' || end[-1] == ' ' || (comma && (comma[1] != ' ' || !comma[2])))
			return NULL;
		out[*n] = arena_dupn(a, s, (size_t)(end - s));
		for (int i = 0; i < *n; i++)
			if (strcmp(out[i], out[*n]) == 0)
				return NULL;
		++*n;
		s = comma ? comma + 2 : end;
	}
	return out;
}

static int check_choices(struct parser *p, const struct section *s, struct term *t)
{
	int n, line = line_of(s, "choices");

	t->choices = split_list(p->a, value_of(s, "choices"), CHOICES, &n);
	for (int i = 0; t->choices && i < n; i++)
		if (!is_key(t->choices[i], '_', false))
			t->choices = NULL;
	if (!t->choices)
		return BAD(p, line, "write the choices as 'a, b, c', each once");
	for (int i = 0; t->type == TERM_INTEGER && i < n; i++) {
		int64_t v;

		if (!is_whole(t->choices[i], &v) || v < t->min || v > t->max)
			return BAD(p, line, "'%s' is not a whole number from 'min' to 'max'", t->choices[i]);
	}
	if (place_in(t->choices, t->fallback) < 0)
		return BAD(p, line_of(s, "default"), "'default' is not one of the choices");
	return 0;
}

/* What the program reads must be readable when nobody has written anything else. */
static int check_meaning(struct parser *p, const struct section *s, const struct term *t)
{
	bool window = strcmp(t->key, "service_hours") != 0;     /* may be left open */
	struct calendar c;
	struct err why;

	if (term_is_hours(t) && !(window && !*t->fallback) && calendar_hours(t->fallback, window, &c, &why) != 0)
		return BAD(p, line_of(s, "default"), "'default' is not days and times such as mon-fri 08:00-16:00");
	if (term_is_days(t) && calendar_parse("mon 8-16", t->fallback, &c, &why) != 0)
		return BAD(p, line_of(s, "default"), "'default' is not days of the year such as 12-24, 12-31");
	for (const char *task = t->fallback; term_is_plan(t) && *task; ) {
		size_t n = strcspn(task, ",");

		if (!plan_task(p->a, arena_dupn(p->a, task, n)))
			return BAD(p, line_of(s, "default"), "'default' is not tasks that begin with weekly-, monthly-, quarterly- or yearly-");
		task += n;
		task += strspn(task, ", ");
	}
	return 0;
}

static int check_value(struct parser *p, const struct section *s, struct term *t)
{
	const char *has = shapes[t->type].has;
	int64_t v;
	int n;

	if (strchr(has, 'N')) {
		if (!t->unit || place_in(shapes[t->type].units, t->unit) < 0)
			return BAD(p, line_of(s, "unit"), "'unit' is missing, or not one for this type");
		if (whole(p, s, "min", INT64_MIN, INT64_MAX, &t->min) != 0 || whole(p, s, "max", INT64_MIN, INT64_MAX, &t->max) != 0)
			return -1;
		if (t->min > t->max)
			return BAD(p, line_of(s, "min"), "'min' is above 'max'");
		if (!is_whole(t->fallback, &v) || v < t->min || v > t->max)
			return BAD(p, line_of(s, "default"), "'default' must be a whole number from 'min' to 'max'");
	}
	if (strchr(has, 'M') && whole(p, s, "max", 1, 100000, &t->max) != 0)
		return -1;
	if (strchr(has, 'C') && !field_of(s, "choices"))
		return BAD(p, s->line, "'choices' is missing");
	if (field_of(s, "choices") && check_choices(p, s, t) != 0)
		return -1;
	if (t->type == TERM_TEXT && (int64_t)strlen(t->fallback) > t->max)
		return BAD(p, line_of(s, "default"), "'default' is longer than 'max' bytes");
	if (t->type == TERM_LIST && !split_list(p->a, t->fallback, t->max, &n))
		return BAD(p, line_of(s, "default"), "write the list as 'a, b, c', each name once, at most 'max' of them");
	if (t->type == TERM_BOOLEAN && strcmp(t->fallback, "true") != 0 && strcmp(t->fallback, "false") != 0)
		return BAD(p, line_of(s, "default"), "'default' must be true or false");
	return check_meaning(p, s, t);
}

static int take_term(struct parser *p, const struct section *s, struct term *t)
{
	static const char *const must[] = { "type", "default", "label.da", "label.en", NULL };
	static const struct { const char *field, *when; } parts[] = { { "unit", "N" }, { "min", "N" }, { "max", "NM" }, { "choices", "Cc" } };
	int type;

	if (check_fields(p, s, term_fields, must) != 0 || one_of(p, s, "type", types, &type) != 0)
		return -1;
	*t = (struct term){ .key = s->key, .type = (enum term_type)type, .unit = value_of(s, "unit"), .fallback = value_of(s, "default"),
		.label = { value_of(s, "label.da"), value_of(s, "label.en") }, .hint = { value_of(s, "hint.da"), value_of(s, "hint.en") } };
	if (!t->hint[LANG_DA] != !t->hint[LANG_EN])
		return BAD(p, s->line, "'hint.da' and 'hint.en' go together; one is missing");
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (field_of(s, parts[i].field) && !strpbrk(shapes[type].has, parts[i].when))
			return BAD(p, line_of(s, parts[i].field), "a term of type %s has no '%s'", types[type], parts[i].field);
	return check_value(p, s, t);
}

static int take_promise(struct parser *p, const struct section *s, struct promise *out)
{
	int party, period, proof;

	if (check_fields(p, s, promise_fields, promise_must) != 0 || one_of(p, s, "party", parties, &party) != 0 ||
		one_of(p, s, "period", periods, &period) != 0 || one_of(p, s, "proof", proofs, &proof) != 0)
		return -1;
	*out = (struct promise){ .key = s->key, .party = (enum party)party, .period = (enum promise_period)period, .live = proof == 1,
		.source = value_of(s, "source"), .title = { value_of(s, "title.da"), value_of(s, "title.en") },
		.text = { value_of(s, "da"), value_of(s, "en") } };
	if (!out->title[LANG_DA] != !out->title[LANG_EN])
		return BAD(p, s->line, "'title.da' and 'title.en' go together; one is missing");
	for (int l = 0; l < LANG__N; l++)
		if (out->title[l] && text_chars(out->title[l]) > TITLE_CHARS)
			return BAD(p, line_of(s, l == LANG_DA ? "title.da" : "title.en"), "a title has at most %d characters", TITLE_CHARS);
	return 0;
}

int catalogue_parse(struct arena *a, const char *name, const char *text, size_t n, struct catalogue_service *out, struct err *e)
{
	struct parser p = { .a = a, .name = name, .sections = ARENA_ARRAY(a, struct section, SECTIONS), .e = e };
	struct term *terms = ARENA_ARRAY(a, struct term, TERMS);
	struct promise *promises = ARENA_ARRAY(a, struct promise, PROMISES);
	struct catalogue_service s = { .key = arena_dup(a, name), .terms = terms, .promises = promises };
	struct sha256 sum;
	int64_t version, number;

	if (!is_key(name, '-', true) || strlen(name) > 40)
		return BAD(&p, 1, "the file's name is small letters, digits and single hyphens");
	if (read_lines(&p, text, n) != 0 || check_fields(&p, &p.sections[0], head_fields, head_fields) != 0 ||
		whole(&p, &p.sections[0], "version", 1, 1000000, &version) != 0 || whole(&p, &p.sections[0], "number", 1, 999, &number) != 0)
		return -1;
	if (p.nsections < 2 || p.sections[1].kind != SECTION_ABOUT)
		return BAD(&p, 1, "'## about' is missing");
	if (check_fields(&p, &p.sections[1], about_fields, about_fields) != 0)
		return -1;
	for (const struct section *c = p.sections + 2; c < p.sections + p.nsections; c++) {
		if (c->kind == SECTION_TERM ? s.nterms == TERMS : s.npromises == PROMISES)
			return BAD(&p, c->line, "at most %d terms and %d promises are allowed", TERMS, PROMISES);
		if (c->kind == SECTION_TERM ? take_term(&p, c, &terms[s.nterms++]) != 0 : take_promise(&p, c, &promises[s.npromises++]) != 0)
			return -1;
	}
	if (s.npromises == 0)
		return BAD(&p, 1, "there is no promise");
	s.version = (int)version;
	s.number = (int)number;
	for (int l = 0; l < LANG__N; l++) {
		s.name[l] = value_of(&p.sections[0], l == LANG_EN ? "name.en" : "name.da");
		s.about[l] = value_of(&p.sections[1], lang_code((enum lang)l));
	}
	sum = hash_sha256(text, n);
	s.text = arena_dupn(a, text, n);
	s.sha256 = hash_hex(a, sum.b, sizeof sum.b);
	*out = s;
	return 0;
}

/* ---- many files */

static const struct term *term_of(const struct catalogue_service *s, const char *key)
{
	for (int i = 0; i < s->nterms; i++)
		if (strcmp(s->terms[i].key, key) == 0)
			return &s->terms[i];
	return NULL;
}

static const struct promise *promise_of(const struct catalogue_service *s, const char *key)
{
	for (int i = 0; s && i < s->npromises; i++)
		if (strcmp(s->promises[i].key, key) == 0)
			return &s->promises[i];
	return NULL;
}

/* Code reads our terms and proves our promises by name, so a provider's own file keeps them. ours is NULL for an added service. */
static int check_own(const struct catalogue_service *ours, const struct catalogue_service *own, const char *path, struct err *e)
{
	for (int i = 0; ours && i < ours->nterms; i++) {
		const struct term *t = term_of(own, ours->terms[i].key);

		if (!t || t->type != ours->terms[i].type)
			return FAIL(e, E_CATALOGUE_INVALID, "%s:1: term %s is missing, or of another type", path, ours->terms[i].key);
	}
	for (int i = 0; ours && i < ours->npromises; i++)
		if (!promise_of(own, ours->promises[i].key))
			return FAIL(e, E_CATALOGUE_INVALID, "%s:1: promise %s is missing", path, ours->promises[i].key);
	for (int i = 0; i < own->npromises; i++) {
		const struct promise *p = promise_of(ours, own->promises[i].key);

		if (own->promises[i].live && !(p && p->live))
			return FAIL(e, E_CATALOGUE_INVALID, "%s:1: no code proves %s; write attest", path, own->promises[i].key);
	}
	return 0;
}

static int load_own(struct arena *a, const char *folder, const char *file, struct catalogue_service *all, int *n, struct err *e)
{
	const char *path = arena_printf(a, "%s/%s", folder, file), *key = arena_dupn(a, file, strlen(file) - 3);
	struct catalogue_service s;
	struct err inner;
	char *text;
	size_t bytes;
	int place = 0;

	if (os_read_file(a, path, FILE_BYTES, &text, &bytes, e) != 0) {
		if (e->id == E_BODY_TOO_LARGE)
			return FAIL(e, E_CATALOGUE_INVALID, "%s:1: at most %d bytes are allowed", path, FILE_BYTES);
		return -1;
	}
	if (catalogue_parse(a, key, text, bytes, &s, &inner) != 0)
		return FAIL(e, inner.id, "%s/%s", folder, inner.detail);
	while (place < *n && strcmp(all[place].key, key) != 0)
		place++;
	if (check_own(place < *n ? &all[place] : NULL, &s, path, e) != 0)
		return -1;
	if (place == SERVICES)
		return FAIL(e, E_CATALOGUE_INVALID, "%s:1: at most %d services are allowed", path, SERVICES);
	all[place] = s;
	*n += place == *n;
	return 0;
}

static int by_number(const void *x, const void *y)
{
	const struct catalogue_service *a = x, *b = y;

	return (a->number > b->number) - (a->number < b->number);
}

int catalogue_load(struct arena *a, const char *folder, struct catalogue *out, struct err *e)
{
	struct catalogue_service *all = ARENA_ARRAY(a, struct catalogue_service, SERVICES);
	char **names = NULL;
	int n = 0, nnames = 0;
	struct err none;

	for (const struct embedded_text *f = catalogue_files; f->name; f++, n++)
		if (catalogue_parse(a, arena_dupn(a, f->name, strlen(f->name) - 3), f->text, f->bytes, &all[n], e) != 0)
			return -1;
	if (folder && os_list_folder(a, folder, &names, &nnames, &none) != 0) {
		if (none.id != E_NOT_FOUND) {
			*e = none;
			return -1;
		}
		nnames = 0;
	}
	for (int i = 0; i < nnames; i++)
		if (text_ends(names[i], ".md") && strcmp(names[i], "README.md") != 0 && names[i][0] != '.' &&
			load_own(a, folder, names[i], all, &n, e) != 0)
			return -1;
	qsort(all, (size_t)n, sizeof *all, by_number);
	for (int i = 1; i < n; i++)
		if (all[i].number == all[i - 1].number)
			return FAIL(e, E_CATALOGUE_INVALID, "%s.md:1: number %d is also %s's", all[i].key, all[i].number, all[i - 1].key);
	*out = (struct catalogue){ .services = all, .nservices = n };
	return 0;
}

const struct catalogue_service *catalogue_find(const struct catalogue *c, const char *key)
{
	for (int i = 0; key && i < c->nservices; i++)
		if (strcmp(c->services[i].key, key) == 0)
			return &c->services[i];
	return NULL;
}

const struct promise *catalogue_promise(const struct catalogue *c, const char *key, const struct catalogue_service **of)
{
	for (int i = 0; key && i < c->nservices; i++) {
		const struct promise *p = promise_of(&c->services[i], key);

		if (p) {
			if (of)
				*of = &c->services[i];
			return p;
		}
	}
	return NULL;
}

const char *party_name(enum party p) { return parties[p]; }
const char *period_name(enum promise_period p) { return periods[p]; }
const char *term_type_name(enum term_type t) { return types[t]; }
