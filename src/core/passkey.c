#include "core/passkey.h"
#include "base/lang.h"
#include "base/moment.h"
#include "base/text.h"
#include "core/tell.h"
#include "core/words.h"
#include "store/contact.h"
#include "store/outbox.h"
#include "store/person.h"
#include "store/session.h"
#include "store/setting.h"

static const char *kind_of(const struct actor *of) { return of->person ? "person" : "contact"; }

static int note_event(struct db_conn *w, struct arena *a, const struct actor *who, const struct actor *of, int64_t now, const char *kind, int64_t id,
	const char *name, struct err *e)
{
	return tell_event(w, a, who, now, of->customer_id, kind_of(of), of->id, kind, json_pack("{s:I,s:s}", "passkey", (json_int_t)id, "name", name), e);
}

/* A passkey opens the whole account, so its owner hears of it wherever it was made. Nothing for who has no address. */
static int tell_owner(struct db_conn *w, struct arena *a, const struct actor *of, int64_t now, const char *name, const char *by, const char *origin, struct err *e)
{
	struct outmail m = { .created_at = now, .next_at = now, .kind = "passkey", .customer_id = of->customer_id, .body_html = "", .in_reply_to = "",
		.references = "", .automatic = true };
	struct person p = { 0 };
	struct contact k = { 0 };
	const char *provider, *hello, *day, *link = "";
	enum lang l;

	if ((of->person ? store_person_get(w, a, of->id, &p, e) : store_contact_get(w, a, of->customer_id, of->id, &k, e)) != 0 ||
		setting_get(w, a, "provider.name", "Pedel", &provider, e) != 0)
		return -1;
	m.recipient = of->person ? p.email : k.email;
	if (text_blank(m.recipient))
		return 0;
	l = text_eq(of->person ? p.lang : k.lang, "en") ? LANG_EN : LANG_DA;
	hello = of->person ? p.name : k.name;
	day = words_day(a, l, day_of(now));
	if (*origin)
		link = arena_printf(a, "\n%s/profile\n", origin);
	if (by) {
		m.subject = arena_printf(a, l == LANG_EN ? "A passkey of yours was removed at %s" : "En af dine adgangsnøgler hos %s er fjernet", provider);
		m.body = arena_printf(a, l == LANG_EN ? "Dear %s\n\n%s has removed your passkey \"%s\" (%s), and you have been signed out everywhere. Sign in another way, and "
			"make a passkey again if you need one.\n%s\n%s\n" : "Kære %s\n\n%s har fjernet din adgangsnøgle \"%s\" (%s), og du er logget ud overalt. Log ind på en anden "
			"måde, og lav en adgangsnøgle igen, hvis du har brug for den.\n%s\n%s\n", hello, by, name, day, link, provider);
	} else {
		m.subject = arena_printf(a, l == LANG_EN ? "A passkey was made for you at %s" : "Der er lavet en adgangsnøgle til dig hos %s", provider);
		m.body = arena_printf(a, l == LANG_EN ? "Dear %s\n\nThe passkey \"%s\" was made on your profile (%s). With it one signs in as you, without a password.\n\nWas it not you? "
			"Then remove it on your profile, press Sign out everywhere else, and tell us at once.\n%s\n%s\n" : "Kære %s\n\nAdgangsnøglen \"%s\" er lavet på din profil (%s). Med "
			"den logger man ind som dig, uden adgangskode.\n\nVar det ikke dig? Så fjern den på din profil, tryk Log ud alle andre steder, og sig det til os med det "
			"samme.\n%s\n%s\n", hello, name, day, link, provider);
	}
	return outbox_add(w, a, &m, e);
}

int passkey_name(struct arena *a, const char *given, const char **name, struct err *e)
{
	if (text_check(given, "name", PASSKEY_NAME_MOST, true, e) != 0)
		return -1;
	*name = text_plain(a, given);
	return 0;
}

int passkey_add(struct db_conn *w, struct arena *a, const struct actor *who, int64_t now, struct passkey *p, const uint8_t spent[32], int64_t until,
	const char *origin, struct err *e)
{
	struct passkey *all;
	int n;

	p->who_kind = kind_of(who);
	p->who_id = who->id;
	p->customer_id = who->customer_id;
	p->created_at = now;
	if (store_passkey_spend(w, spent, now, until, e) != 0 || store_passkey_list(w, a, p->who_kind, p->who_id, &all, &n, e) != 0)
		return -1;
	if (n >= PASSKEYS_MOST)
		return FAIL_FIELD(e, E_PASSKEY_MANY, "name", "%d", n);
	if (store_passkey_add(w, p, e) != 0)
		return -1;
	if (note_event(w, a, who, who, now, "passkey.added", p->id, p->name, e) != 0)
		return -1;
	return tell_owner(w, a, who, now, p->name, NULL, origin, e);
}

int passkey_remove(struct db_conn *w, struct arena *a, const struct actor *who, const struct actor *of, int64_t now, int64_t id, struct err *e)
{
	const char *kind = kind_of(of), *name = NULL;
	bool own = who->person == of->person && who->id == of->id;
	struct passkey *all;
	int n;

	if (!own && who->role != ROLE_ADMIN)
		return FAIL(e, E_DENIED, "another's passkey");
	if (store_passkey_list(w, a, kind, of->id, &all, &n, e) != 0)
		return -1;
	for (int i = 0; i < n; i++)
		if (all[i].id == id)
			name = all[i].name;
	if (!name)
		return FAIL(e, E_NOT_FOUND, "passkey %lld", (long long)id);
	if (store_passkey_remove(w, kind, of->id, id, e) != 0 || note_event(w, a, who, of, now, "passkey.removed", id, name, e) != 0)
		return -1;
	if (own)
		return 0;
	return session_drop_all(w, kind, of->id, NULL, e) != 0 ? -1 : tell_owner(w, a, of, now, name, who->name ? who->name : "", "", e);
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
