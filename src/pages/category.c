/* /console/settings/categories */
#include "pages/category.h"
#include <string.h>
#include "base/text.h"
#include "core/category.h"
#include "core/work.h"
#include "pages/all.h"
#include "store/event.h"
#include "store/person.h"
#include "web/api.h"

enum { LINES_MOST = 30 };

const char *category_name(const struct web *w, const struct category *k) { return w->lang == LANG_DA ? k->name_da : k->name_en; }

const char *category_label(const struct web *w, const struct category *k)
{
	return k->retired_at ? arena_printf(w->a, "%s (%s)", category_name(w, k), _("no longer in use")) : category_name(w, k);
}

const struct ui_choice *category_choices(const struct web *w, const struct category *list, int n, const char *now, const char *none)
{
	struct ui_choice *c = ARENA_ARRAY(w->a, struct ui_choice, n + 3);
	int m = 1;

	for (int i = 0; i < n; i++)
		if (!list[i].retired_at || text_eq(list[i].key, now))
			c[m++] = (struct ui_choice){ list[i].key, category_label(w, &list[i]) };
	if (now && *now && !store_category_find(list, n, now))
		c[m++] = (struct ui_choice){ now, now };
	if (m > 1)
		c[0] = (struct ui_choice){ "", none };
	return c;
}

const char *category_service_name(const struct web *w, const char *key)
{
	const struct catalogue_service *s = catalogue_find(w->app->catalogue, key);

	return s ? s->name[w->lang] : key;
}

static const struct ui_choice *services(const struct web *w)
{
	struct ui_choice *c;
	int n = 0;

	while (work_covering(n))
		n++;
	c = ARENA_ARRAY(w->a, struct ui_choice, n + 2);
	c[0] = (struct ui_choice){ "", _("None") };
	for (int i = 0; i < n; i++)
		c[i + 1] = (struct ui_choice){ work_covering(i), category_service_name(w, work_covering(i)) };
	return c;
}

static const char *done_text(struct web *w)
{
	const char *done = web_query(w, "done");

	if (!done)
		return NULL;
	return strcmp(done, "retired") == 0 ? _("Taken out of use. Tickets that have it keep it.") : strcmp(done, "returned") == 0 ? _("In use again.") :
		strcmp(done, "removed") == 0 ? _("Deleted.") : strcmp(done, "moved") == 0 ? _("Moved.") : strcmp(done, "added") == 0 ? _("Added.") : _("Saved.");
}

static int list_show(struct web *w, struct err *e)
{
	struct category_view v = { .done = w->nerrors ? NULL : done_text(w), .services = services(w) };
	struct category *list;

	if (store_category_list(w->db, w->a, &list, &v.n, e) != 0 || store_category_open(w->db, w->a, list, v.n, &v.open, e) != 0)
		return -1;
	for (int i = 0; i < v.n; i++)
		v.in_use += list[i].retired_at == 0;
	v.list = list;
	v.up = web_query(w, "up");
	v.down = web_query(w, "down");
	categories_page(w, &v);
	return 0;
}

/* ---- what happened to one, as sentences */

static const char *fields_text(struct web *w, const json_t *o)
{
	static const struct { const char *key, *label; } fields[] = { { "name_da", N_("Name in Danish") }, { "name_en", N_("Name in English") },
		{ "service", N_("Covered by") } };
	struct buf b;

	buf_init(&b, w->a, 1024);
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		const json_t *p = json_object_get(o, fields[i].key);
		const char *to = json_string_value(json_array_get(p, 1));

		if (to && i == 2)
			to = *to ? category_service_name(w, to) : _("None");
		if (to)
			buf_printf(&b, "%s%s: %s", b.n ? ". " : "", tr(w->lang, fields[i].label), to);
	}
	return arena_dup(w->a, buf_text(&b));
}

static const char *sentence(struct web *w, const char *kind, const char *by, const json_t *o)
{
	if (strcmp(kind, "category.added") == 0)
		return arena_printf(w->a, _("%s added it"), by);
	if (strcmp(kind, "category.changed") == 0)
		return arena_printf(w->a, "%s. %s", by, fields_text(w, o));
	if (strcmp(kind, "category.retired") == 0)
		return arena_printf(w->a, _("%s took it out of use"), by);
	if (strcmp(kind, "category.returned") == 0)
		return arena_printf(w->a, _("%s took it back into use"), by);
	return NULL;
}

static int lines_load(struct web *w, struct category_form *v, struct err *e)
{
	struct category_line *l = ARENA_ARRAY(w->a, struct category_line, LINES_MOST);
	struct event *ev;
	struct person *p;
	int n, np;

	if (event_list(w->db, w->a, "category", 0, &ev, &n, e) != 0 || store_person_list(w->db, w->a, &p, &np, e) != 0)
		return -1;
	for (int i = n - 1; i >= 0 && v->nlines < LINES_MOST; i--) {
		json_t *o = json_loads(ev[i].data, 0, NULL);
		const char *by = "Pedel", *text;

		for (int k = 0; k < np; k++)
			if (strcmp(ev[i].actor_kind, "person") == 0 && p[k].id == ev[i].actor_id)
				by = p[k].name;
		text = text_eq(json_string_value(json_object_get(o, "category")), v->k->key) ? sentence(w, ev[i].kind, by, o) : NULL;
		if (text)
			l[v->nlines++] = (struct category_line){ arena_dup(w->a, text), ev[i].at };
		json_decref(o);
	}
	v->lines = l;
	return 0;
}

static int one_show(struct web *w, bool changed, struct err *e)
{
	struct category_form v = { 0 };
	struct category *list;
	const int *open;
	int n;

	if (store_category_list(w->db, w->a, &list, &n, e) != 0 || store_category_open(w->db, w->a, list, n, &open, e) != 0)
		return -1;
	v.k = store_category_find(list, n, w->param[0]);
	if (!v.k)
		return FAIL(e, E_NOT_FOUND, "category %.60s", w->param[0]);
	v.open = open[v.k - list];
	if (store_category_used(w->db, v.k->key, &v.used, e) != 0)
		return -1;
	v.services = services(w);
	if (changed)
		v.meanwhile = arena_printf(w->a, "%s / %s%s%s", v.k->name_da, v.k->name_en, *v.k->service ? ", " : "",
			*v.k->service ? category_service_name(w, v.k->service) : "");
	if (changed && v.k->retired_at)
		v.meanwhile = arena_printf(w->a, "%s (%s)", v.meanwhile, _("no longer in use"));
	if (lines_load(w, &v, e) != 0)
		return -1;
	category_page(w, &v);
	return 0;
}

static int one_get(struct web *w, struct err *e) { return one_show(w, false, e); }

/* ---- changing */

enum what { ADD, CHANGE, RETIRE, RETURN, REMOVE, MOVE_UP, MOVE_DOWN };
struct job { struct actor who; int64_t now; enum what what; struct category k; };

static int job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct job *j = arg;

	switch (j->what) {
	case ADD:    return category_add(w, a, &j->who, j->now, &j->k, e);
	case CHANGE: return category_change(w, a, &j->who, j->now, &j->k, e);
	case RETIRE: return category_retire(w, a, &j->who, j->now, j->k.key, j->k.version, true, e);
	case RETURN: return category_retire(w, a, &j->who, j->now, j->k.key, j->k.version, false, e);
	case REMOVE: return category_remove(w, a, &j->who, j->now, j->k.key, j->k.version, e);
	default:     return category_move(w, a, &j->who, j->now, j->k.key, j->what == MOVE_UP, e);
	}
}

static const char *field(struct web *w, const char *name)
{
	const char *s = web_field(w, name);

	return s ? s : "";
}

/* 1: it was refused and the page is to be shown again. */
static int done(struct web *w, enum what what, struct err *e)
{
	struct job j = { .who = w->who, .now = w->now, .what = what, .k = { .key = w->param[0], .name_da = field(w, "name_da"),
		.name_en = field(w, "name_en"), .service = field(w, "service") } };
	int64_t version;

	j.k.version = text_int(field(w, "version"), &version) && version > 0 && version < INT32_MAX ? (int)version : 0;
	if (what == ADD || what == CHANGE) {
		struct err_list all = { .n = 0 };

		category_check(w->db, w->a, &j.k, &all);
		if (web_wrong_all(w, &all, e) != 0)
			return -1;
		if (w->nerrors)
			return 1;
	}
	if (web_write(w, job, &j, e) == 0)
		return 0;
	if (err_kind(e->id) != ERR_INPUT && err_kind(e->id) != ERR_CONFLICT)
		return -1;
	web_wrong(w, e);
	return web_refresh(w, e) != 0 ? -1 : 1;
}

static int add_post(struct web *w, struct err *e)
{
	int rc = done(w, ADD, e);

	return rc > 0 ? list_show(w, e) : rc < 0 ? -1 : web_redirect(w, "/console/settings/categories?done=added");
}

static int one_done(struct web *w, enum what what, const char *said, struct err *e)
{
	int rc = done(w, what, e);

	if (rc == 0)
		return web_redirect(w, arena_printf(w->a, "/console/settings/categories?done=%s", said));
	return rc < 0 ? -1 : one_show(w, e->id == E_CHANGED, e);
}

static int one_post(struct web *w, struct err *e) { return one_done(w, CHANGE, "saved", e); }
static int retire_post(struct web *w, struct err *e) { return one_done(w, RETIRE, "retired", e); }
static int return_post(struct web *w, struct err *e) { return one_done(w, RETURN, "returned", e); }

static int remove_post(struct web *w, struct err *e) { return one_done(w, REMOVE, "removed", e); }

static int move_post(struct web *w, struct err *e)
{
	int rc = done(w, strcmp(field(w, "to"), "up") == 0 ? MOVE_UP : MOVE_DOWN, e);

	return rc > 0 ? list_show(w, e) : rc < 0 ? -1 : web_redirect(w, arena_printf(w->a, "/console/settings/categories?done=moved&%s=%s",
		strcmp(field(w, "to"), "up") == 0 ? "up" : "down", w->param[0]));
}

/* ---- for programs */

static int api_list(struct web *w, struct err *e)
{
	struct category *list;
	const struct category *after;
	const char *cursor;
	json_t *items;
	int n, limit, at = 0, end;

	if (web_page(w, &limit, &cursor, e) != 0 || store_category_list(w->db, w->a, &list, &n, e) != 0)
		return -1;
	after = store_category_find(list, n, cursor);
	if (cursor && !after)
		return FAIL_FIELD(e, E_CURSOR_INVALID, "cursor", "%.60s", cursor);
	at = after ? (int)(after - list) + 1 : 0;
	end = n - at > limit ? at + limit : n;
	items = json_array();
	for (int i = at; i < end; i++)
		json_array_append_new(items, json_pack("{s:s,s:{s:s,s:s},s:s*,s:b}", "key", list[i].key, "name", "da", list[i].name_da, "en", list[i].name_en,
			"service", *list[i].service ? list[i].service : NULL, "retired", list[i].retired_at != 0));
	return web_json(w, 200, json_pack("{s:o,s:s?}", "items", items, "next", end < n ? list[end - 1].key : NULL));
}

static const struct api_field category_fields[] = { { "key", "string", true, NULL, "What a ticket's category says" }, { "name", "text:da,en", true },
	{ "service", "string", false, NULL, "The service whose agreement covers time on such tickets" },
	{ "retired", "boolean", true, NULL, "Stays on the tickets that have it, and is refused on others" }, { 0 } };
static const struct api_schema schemas[] = { { "Category", category_fields }, { 0 } };
static const struct api_field page_query[] = { { "limit", "integer" }, { "cursor", "string" }, { 0 } };
static const struct api_doc doc_list = { "listCategories", "What tickets can be about, in the provider's order.", "tickets:read", page_query, NULL, 200,
	"list:Category", schemas };

const struct web_route category_routes[] = {
	{ "GET", "/api/v1/categories", ROLE_STAFF, api_list, .doc = &doc_list },
	{ "GET", "/console/settings/categories", ROLE_ADMIN, list_show },
	{ "POST", "/console/settings/categories", ROLE_ADMIN, add_post },
	{ "GET", "/console/settings/categories/{key}", ROLE_ADMIN, one_get },
	{ "POST", "/console/settings/categories/{key}", ROLE_ADMIN, one_post },
	{ "POST", "/console/settings/categories/{key}/retire", ROLE_ADMIN, retire_post },
	{ "POST", "/console/settings/categories/{key}/return", ROLE_ADMIN, return_post },
	{ "POST", "/console/settings/categories/{key}/remove", ROLE_ADMIN, remove_post },
	{ "POST", "/console/settings/categories/{key}/move", ROLE_ADMIN, move_post },
	{ 0 }
};
