#include "core/category.h"
#include <string.h>
#include "base/buf.h"
#include "base/text.h"
#include "core/tell.h"
#include "core/work.h"

/* One line, without control characters, with single blanks. */
static int name_read(struct arena *a, const char *given, const char *field, bool required, const char **out, struct err *e)
{
	const char *s = text_plain(a, given);
	char *put;

	if (text_check(s, field, 4 * CATEGORY_NAME_CHARS, required, e) != 0)
		return -1;
	if (text_chars(s) > CATEGORY_NAME_CHARS)
		return FAIL_FIELD(e, E_TOO_LONG, field, "%zu of %d letters", text_chars(s), CATEGORY_NAME_CHARS);
	for (const char *c = s; *c; c++)
		if ((unsigned char)*c < ' ')
			return FAIL_FIELD(e, E_TEXT_LINE, field, "%s", field);
	*out = put = arena_dup(a, text_blank(s) ? "" : s);
	for (s = put; *s; s++)
		if (*s != ' ' || s[1] != ' ')
			*put++ = *s;
	*put = 0;
	return 0;
}

static bool same(struct arena *a, const char *x, const char *y) { return strcmp(text_lower(a, x), text_lower(a, y)) == 0; }

static void check_all(struct arena *a, struct category *k, const struct category *list, int n, struct err_list *all)
{
	bool known = !*k->service, da, en;

	da = err_note(all, name_read(a, k->name_da, "name_da", true, &k->name_da, &all->now)) == 0;
	en = err_note(all, name_read(a, k->name_en, "name_en", false, &k->name_en, &all->now)) == 0;
	if (da && en && !*k->name_en)
		k->name_en = k->name_da;
	for (int i = 0; !known && work_covering(i); i++)
		known = strcmp(work_covering(i), k->service) == 0;
	if (!known)
		err_note(all, FAIL_FIELD(&all->now, E_CHOICE_INVALID, "service", "%.60s", k->service));
	for (int i = 0; i < n && (da || en); i++) {
		if (strcmp(list[i].key, k->key) == 0)
			continue;
		if (da && same(a, list[i].name_da, k->name_da))
			da = err_note(all, FAIL_FIELD(&all->now, E_CATEGORY_TAKEN, "name_da", "%s", list[i].key)) == 0;
		if (en && same(a, list[i].name_en, k->name_en))
			en = err_note(all, FAIL_FIELD(&all->now, E_CATEGORY_TAKEN, "name_en", "%s", list[i].key)) == 0;
	}
}

static int check(struct arena *a, struct category *k, const struct category *list, int n, struct err *e)
{
	struct err_list all = { .n = 0 };

	check_all(a, k, list, n, &all);
	return err_first(&all, e);
}

void category_check(struct db_conn *c, struct arena *a, const struct category *given, struct err_list *all)
{
	struct category k = *given, *list;
	int n;

	k.key = k.key ? k.key : "";
	k.service = k.service ? k.service : "";
	if (err_note(all, store_category_list(c, a, &list, &n, &all->now)) == 0)
		check_all(a, &k, list, n, all);
}

/* A lower letter with an accent by those of A to Z; NULL: not one we know. */
static const char *in_letters(uint32_t c)
{
	static const struct { const char *plain, *with; } all[] = { { "ae", "æä" }, { "oe", "øöœ" }, { "aa", "å" }, { "ss", "ß" }, { "th", "þ" },
		{ "a", "àáâãāăą" }, { "c", "çćĉċč" }, { "d", "ďđð" }, { "e", "èéêëēĕėęě" }, { "g", "ĝğġģ" }, { "h", "ĥħ" }, { "i", "ìíîïĩīĭįı" }, { "j", "ĵ" },
		{ "k", "ķ" }, { "l", "ĺļľł" }, { "n", "ñńņňŋ" }, { "o", "òóôõōŏő" }, { "r", "ŕŗř" }, { "s", "śŝşš" }, { "t", "ţťŧ" }, { "u", "ùúûüũūŭůűų" },
		{ "w", "ŵ" }, { "y", "ýÿŷ" }, { "z", "źżž" } };

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		for (const char *s = all[i].with; *s; )
			if (text_next(&s) == c)
				return all[i].plain;
	return NULL;
}

/* "Mail og kalender" -> mail-og-kalender; a number behind it when that is used. */
static const char *key_of(struct arena *a, const char *name, const struct category *list, int n)
{
	const char *s = text_lower(a, name), *key, *base;
	struct buf b;
	uint32_t c;

	buf_init(&b, a, 64);
	while ((c = text_next(&s)) && b.n < 40)
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			buf_addc(&b, (char)c);
		else if (in_letters(c))
			buf_adds(&b, in_letters(c));
		else if (b.n && buf_text(&b)[b.n - 1] != '-')
			buf_addc(&b, '-');
	base = arena_dupn(a, buf_text(&b), b.n && buf_text(&b)[b.n - 1] == '-' ? b.n - 1 : b.n);
	key = base = *base ? base : "category";
	for (int i = 2; store_category_find(list, n, key) || text_eq(key, "none"); i++)          /* "none" filters lists by no category */
		key = arena_printf(a, "%s-%d", base, i);
	return key;
}

static int tell(struct db_conn *w, struct arena *a, const struct actor *who, int64_t now, const char *kind, json_t *data, struct err *e)
{
	return tell_event(w, a, who, now, 0, "category", 0, kind, data, e);
}

int category_add(struct db_conn *w, struct arena *a, const struct actor *who, int64_t now, struct category *given, struct err *e)
{
	struct category k = *given, *list;
	int n;

	k.key = "";
	k.service = k.service ? k.service : "";
	k.retired_at = 0;
	if (store_category_list(w, a, &list, &n, e) != 0 || check(a, &k, list, n, e) != 0)
		return -1;
	if (n == CATEGORIES_MOST)
		return FAIL_FIELD(e, E_CATEGORY_MANY, "name_da", "%d", n);
	k.key = key_of(a, k.name_da, list, n);
	k.place = n ? list[n - 1].place + 1 : 0;
	k.version = 1;
	if (store_category_add(w, &k, e) != 0)
		return -1;
	given->key = k.key;
	given->place = k.place;
	given->version = k.version;
	return tell(w, a, who, now, "category.added", json_pack("{s:s,s:s,s:s,s:s}", "category", k.key, "name_da", k.name_da, "name_en", k.name_en,
		"service", k.service), e);
}

static void differ(json_t *o, const char *key, const char *before, const char *after)
{
	if (strcmp(before, after) != 0)
		json_object_set_new(o, key, json_pack("[s,s]", before, after));
}

/* The row as it is, if it is still the version that was looked at. */
static int open_row(struct db_conn *w, struct arena *a, const char *key, int version, struct category **list, int *n, struct category *out, struct err *e)
{
	const struct category *k;

	if (store_category_list(w, a, list, n, e) != 0)
		return -1;
	k = store_category_find(*list, *n, key);
	if (!k)
		return FAIL(e, E_NOT_FOUND, "category %.60s", key ? key : "");
	*out = *k;
	return version == k->version ? 0 : FAIL(e, E_CHANGED, "category %.60s", key);
}

int category_change(struct db_conn *w, struct arena *a, const struct actor *who, int64_t now, const struct category *given, struct err *e)
{
	struct category old, k, *list;
	json_t *o;
	int n;

	if (open_row(w, a, given->key, given->version, &list, &n, &old, e) != 0)
		return -1;
	k = old;
	k.name_da = given->name_da;
	k.name_en = given->name_en;
	k.service = given->service ? given->service : "";
	if (check(a, &k, list, n, e) != 0)
		return -1;
	o = json_pack("{s:s}", "category", k.key);
	differ(o, "name_da", old.name_da, k.name_da);
	differ(o, "name_en", old.name_en, k.name_en);
	differ(o, "service", old.service, k.service);
	if (json_object_size(o) == 1) {
		json_decref(o);
		return 0;
	}
	if (store_category_set(w, &k, e) == 0)
		return tell(w, a, who, now, "category.changed", o, e);
	json_decref(o);
	return -1;
}

int category_retire(struct db_conn *w, struct arena *a, const struct actor *who, int64_t now, const char *key, int version, bool retire, struct err *e)
{
	struct category k, *list;
	int n, used = 0;

	if (open_row(w, a, key, version, &list, &n, &k, e) != 0)
		return -1;
	if (retire == (k.retired_at != 0))
		return 0;
	for (int i = 0; i < n; i++)
		used += list[i].retired_at == 0;
	if (retire && used == 1)
		return FAIL(e, E_CATEGORY_LAST, "%s", key);
	k.retired_at = retire ? now : 0;
	if (store_category_set(w, &k, e) != 0)
		return -1;
	return tell(w, a, who, now, retire ? "category.retired" : "category.returned", json_pack("{s:s,s:s}", "category", k.key, "name_da", k.name_da), e);
}

int category_remove(struct db_conn *w, struct arena *a, const struct actor *who, int64_t now, const char *key, int version, struct err *e)
{
	struct category k, *list;
	int n, in_use = 0;
	bool used;

	if (open_row(w, a, key, version, &list, &n, &k, e) != 0 || store_category_used(w, key, &used, e) != 0)
		return -1;
	for (int i = 0; i < n; i++)
		in_use += list[i].retired_at == 0;
	if (used)
		return FAIL(e, E_CATEGORY_USED, "%s", key);
	if (!k.retired_at && in_use == 1)
		return FAIL(e, E_CATEGORY_LAST, "%s", key);
	if (store_category_remove(w, &k, e) != 0)
		return -1;
	return tell(w, a, who, now, "category.removed", json_pack("{s:s,s:s}", "category", k.key, "name_da", k.name_da), e);
}

int category_move(struct db_conn *w, struct arena *a, const struct actor *who, int64_t now, const char *key, bool up, struct err *e)
{
	const struct category *k;
	struct category *list, hold;
	int n, at, to;

	if (store_category_list(w, a, &list, &n, e) != 0)
		return -1;
	k = store_category_find(list, n, key);
	if (!k)
		return FAIL(e, E_NOT_FOUND, "category %.60s", key ? key : "");
	at = (int)(k - list);
	for (to = at + (up ? -1 : 1); to >= 0 && to < n && list[to].retired_at; to += up ? -1 : 1)
		;
	if (to < 0 || to >= n || k->retired_at)
		return 0;
	hold = list[at];
	list[at] = list[to];
	list[to] = hold;
	for (int i = 0; i < n; i++)
		if (list[i].place != i && store_category_place(w, list[i].key, i, e) != 0)
			return -1;
	return tell(w, a, who, now, "category.moved", json_pack("{s:s,s:b}", "category", key, "up", up), e);
}
