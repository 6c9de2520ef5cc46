#include "os/conf.h"
#include "base/buf.h"
#include "base/text.h"
#include "os/file.h"

enum { MAX_BYTES = 64 << 10, MAX_KEYS = 100 };

struct conf { int n; const char *key[MAX_KEYS], *value[MAX_KEYS]; };

static char *path_of(struct arena *a, const char *folder) { return arena_printf(a, "%s/pedel.conf", folder); }

static int read_into(struct arena *a, struct conf *c, const char *path, struct err *e)
{
	char *text, *line, *rest, *eq;
	size_t n;
	int at = 0;

	if (os_read_file(a, path, MAX_BYTES, &text, &n, e) != 0)
		return -1;
	if (!text_valid(text, n))
		return FAIL(e, E_CONF_INVALID, "%s: not UTF-8", path);
	for (line = text; line; line = rest) {
		at++;
		rest = strchr(line, '\n');
		if (rest)
			*rest++ = 0;
		line = text_trim(a, line);
		if (!*line || *line == '#')
			continue;
		eq = strchr(line, '=');
		if (!eq || eq == line || c->n == MAX_KEYS)
			return FAIL(e, E_CONF_INVALID, "%s:%d", path, at);
		*eq = 0;
		c->key[c->n] = text_trim(a, line);
		c->value[c->n++] = text_trim(a, eq + 1);
	}
	return 0;
}

int conf_read(struct arena *a, const char *folder, const char *over, struct conf **out, struct err *e)
{
	struct conf *c = ARENA_NEW(a, struct conf);
	int own;

	if (read_into(a, c, path_of(a, folder), e) != 0)
		return e->id == E_NOT_FOUND ? FAIL(e, E_NOT_INITIALISED, "%s", folder) : -1;
	own = c->n;
	if (over && read_into(a, c, over, e) != 0)
		return e->id == E_NOT_FOUND ? FAIL(e, E_CONF_INVALID, "%s is not there", over) : -1;
	for (int i = own; i < c->n; i++)
		if (strcmp(c->key[i], "db") == 0)
			return FAIL_FIELD(e, E_CONF_KEY_ELSEWHERE, "db", "%s", over);
	*out = c;
	return 0;
}

int conf_whole(struct arena *a, const char *folder, struct err *e)
{
	return os_file_is(arena_printf(a, "%s/" CONF_UNFINISHED, folder)) ? FAIL(e, E_UNFINISHED, "%s", folder) : 0;
}

const char *conf_get(const struct conf *c, const char *key, const char *unless)
{
	for (int i = c->n - 1; i >= 0; i--)             /* the last one counts */
		if (strcmp(c->key[i], key) == 0 && c->value[i][0])
			return c->value[i];
	return unless;
}

int conf_origin_check(const char *origin, struct err *e)
{
	const char *host = text_starts(origin, "https://") ? origin + 8 : text_starts(origin, "http://") ? origin + 7 : "";

	if (!*host || strlen(host) > 255 || host[strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789.-:[]")])
		return FAIL_FIELD(e, E_ORIGIN_INVALID, "origin", "%.200s", origin);
	return 0;
}

const char *const *conf_words(struct arena *a, const struct conf *c, const char *key)
{
	char *text = arena_dup(a, conf_get(c, key, "")), *save = NULL, *word;
	const char **words = ARENA_ARRAY(a, const char *, strlen(text) / 2 + 2);
	int n = 0;

	for (word = strtok_r(text, " ,\t", &save); word; word = strtok_r(NULL, " ,\t", &save))
		words[n++] = word;
	return words;
}

int conf_set(struct arena *a, const char *folder, const char *key, const char *value, struct err *e)
{
	char *path = path_of(a, folder), *text = arena_dup(a, ""), *line, *rest;
	size_t n, len = strlen(key);
	struct buf b;

	if (value && (strchr(value, '\n') || strlen(value) > 2000))
		return FAIL_FIELD(e, E_CONF_INVALID, key, "%s", path);
	if (os_file_is(path) && os_read_file(a, path, MAX_BYTES, &text, &n, e) != 0)
		return -1;
	buf_init(&b, a, MAX_BYTES);
	for (line = text; line && *line; line = rest) {
		rest = strchr(line, '\n');
		if (rest)
			*rest++ = 0;
		if (strncmp(line, key, len) == 0 && strspn(line + len, " \t") == strcspn(line + len, "="))
			continue;
		buf_adds(&b, line);
		buf_addc(&b, '\n');
	}
	if (value)
		buf_printf(&b, "%s=%s\n", key, value);
	if (b.full)
		return FAIL_FIELD(e, E_CONF_INVALID, key, "%s: too long", path);
	return os_replace_file(path, buf_text(&b), b.n, 0640, e);
}
