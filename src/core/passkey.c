#include "core/passkey.h"
#include <jansson.h>
#include <stdlib.h>
#include "base/text.h"
#include "core/words.h"
#include "store/event.h"

static int note_event(struct db_conn *w, struct arena *a, const struct actor *who, int64_t now, const char *kind, int64_t id, const char *name, struct err *e)
{
	json_t *data = json_pack("{s:I,s:s}", "passkey", (json_int_t)id, "name", name);
	char *text = json_dumps(data, JSON_COMPACT | JSON_SORT_KEYS);
	struct event ev = { .at = now, .actor_kind = who->person ? "person" : "contact", .actor_id = who->id, .customer_id = who->customer_id,
		.object = who->person ? "person" : "contact", .object_id = who->id, .kind = kind, .data = arena_dup(a, text ? text : "{}") };

	free(text);
	json_decref(data);
	return event_add(w, a, &ev, e);
}

int passkey_name(struct arena *a, const char *given, const char **name, struct err *e)
{
	if (text_check(given, "name", PASSKEY_NAME_MOST, true, e) != 0)
		return -1;
	*name = text_trim(a, given);
	return 0;
}

int passkey_add(struct db_conn *w, struct arena *a, const struct actor *who, int64_t now, struct passkey *p, const uint8_t spent[32], int64_t until,
	struct err *e)
{
	struct passkey *all;
	int n;

	p->who_kind = who->person ? "person" : "contact";
	p->who_id = who->id;
	p->customer_id = who->customer_id;
	p->created_at = now;
	if (store_passkey_spend(w, spent, now, until, e) != 0 || store_passkey_list(w, a, p->who_kind, p->who_id, &all, &n, e) != 0)
		return -1;
	if (n >= PASSKEYS_MOST)
		return FAIL_FIELD(e, E_PASSKEY_MANY, "name", "%d", n);
	if (store_passkey_add(w, p, e) != 0)
		return -1;
	return note_event(w, a, who, now, "passkey.added", p->id, p->name, e);
}

int passkey_remove(struct db_conn *w, struct arena *a, const struct actor *who, int64_t now, int64_t id, struct err *e)
{
	const char *kind = who->person ? "person" : "contact", *name = NULL;
	struct passkey *all;
	int n;

	if (store_passkey_list(w, a, kind, who->id, &all, &n, e) != 0)
		return -1;
	for (int i = 0; i < n; i++)
		if (all[i].id == id)
			name = all[i].name;
	if (!name)
		return FAIL(e, E_NOT_FOUND, "passkey %lld", (long long)id);
	if (store_passkey_remove(w, kind, who->id, id, e) != 0)
		return -1;
	return note_event(w, a, who, now, "passkey.removed", id, name, e);
}

int passkey_use(struct db_conn *w, struct arena *a, const struct passkey *p, int64_t count, int64_t now, const uint8_t spent[32], int64_t until, bool *back,
	struct err *e)
{
	struct passkey is;

	/* as it is now: it may have been removed, or used, since the page was read */
	if (store_passkey_spend(w, spent, now, until, e) != 0 || store_passkey_find(w, a, p->cred_id, &is, e) != 0)
		return -1;
	*back = (is.count || count) && count <= is.count;
	return store_passkey_used(w, is.id, count > is.count ? count : is.count, now, e);
}
