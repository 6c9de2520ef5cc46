#include "core/staff.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "base/lang.h"
#include "base/moment.h"
#include "base/text.h"
#include "core/cvr.h"
#include "core/tell.h"
#include "core/words.h"
#include "store/outbox.h"
#include "store/setting.h"

/* Checked, and as it is stored; the login only of who has no id yet. */
static int check(struct arena *a, struct person *p, struct err_list *all)
{
	if (!p->id)
		err_note(all, staff_login(a, p->login ? p->login : "", &p->login, &all->now));
	err_note(all, text_check(p->name, "name", 120, true, &all->now));
	if (!text_blank(p->email))
		err_note(all, email_read(a, p->email, "email", &p->email, &all->now));
	err_note(all, phone_read(a, p->phone, "phone", &p->phone, &all->now));
	if (!p->role || !(role_by_name(p->role) & ROLE_STAFF))
		err_note(all, FAIL_FIELD(&all->now, E_CHOICE_INVALID, "role", "%.40s", p->role ? p->role : ""));
	p->name = text_plain(a, p->name);
	p->email = text_blank(p->email) ? "" : p->email;
	p->lang = p->lang ? p->lang : "da";
	p->theme = p->theme ? p->theme : "auto";
	return all->n ? -1 : 0;
}

void staff_check(struct arena *a, const struct person *given, struct err_list *all)
{
	struct person p = *given;

	check(a, &p, all);
}

int staff_login(struct arena *a, const char *given, const char **out, struct err *e)
{
	const char *login = text_lower(a, text_trim(a, given));
	size_t n = strlen(login);

	if (n < 2 || n > 64 || strspn(login, "abcdefghijklmnopqrstuvwxyz0123456789.-_@") != n)
		return FAIL_FIELD(e, E_LOGIN_INVALID, "login", "%.80s", login);
	*out = login;
	return 0;
}

int staff_add(struct db_conn *w, struct arena *a, const struct actor *who, int64_t now, struct person *given, struct err *e)
{
	struct person copy = *given, *p = &copy;
	struct err_list all = { .n = 0 };

	p->id = 0;
	if (check(a, p, &all) != 0)
		return err_first(&all, e);
	p->created_at = now;
	if (store_person_add(w, p, e) != 0)
		return -1;
	given->id = p->id;
	given->created_at = now;
	return tell_event(w, a, who, now, 0, "person", p->id, "person.created", json_pack("{s:s,s:s,s:s}", "login", p->login, "name", p->name, "role", p->role), e);
}

/* Would nobody be left who can change staff? */
static int keep_one_admin(struct db_conn *w, struct arena *a, const struct person *p, struct err *e)
{
	struct person *all;
	int n;

	if (p->active && strcmp(p->role, "admin") == 0)
		return 0;
	if (store_person_list(w, a, &all, &n, e) != 0)
		return -1;
	for (int i = 0; i < n; i++)
		if (all[i].id != p->id && all[i].active && strcmp(all[i].role, "admin") == 0)
			return 0;
	return FAIL_FIELD(e, E_LAST_ADMIN, "role", "person %lld", (long long)p->id);
}

int staff_change(struct db_conn *w, struct arena *a, const struct actor *who, int64_t now, const struct person *given, struct err *e)
{
	struct person old, copy = *given, *p = &copy;
	struct err_list all = { .n = 0 };

	if (store_person_get(w, a, p->id, &old, e) != 0)
		return -1;
	if (check(a, p, &all) != 0)
		return err_first(&all, e);
	if (keep_one_admin(w, a, p, e) != 0 || store_person_set(w, p, e) != 0)
		return -1;
	return tell_event(w, a, who, now, 0, "person", p->id, "person.changed", json_pack("{s:s,s:s,s:b}", "name", p->name, "role", p->role, "active", p->active), e);
}

int staff_password(struct db_conn *w, struct arena *a, const struct actor *who, int64_t now, int64_t id, const char *hash, struct err *e)
{
	if (store_person_set_password(w, id, hash, e) != 0)
		return -1;
	return tell_event(w, a, who, now, 0, "person", id, "person.password", json_object(), e);
}

int staff_totp_off(struct db_conn *w, struct arena *a, const struct actor *who, int64_t now, int64_t id, struct err *e)
{
	if (store_person_set_totp(w, id, NULL, 0, 0, e) != 0 || store_recovery_set(w, id, NULL, 0, e) != 0)
		return -1;
	return tell_event(w, a, who, now, 0, "person", id, "person.totp_off", json_object(), e);
}

int staff_tell_reset(struct db_conn *w, struct arena *a, const struct actor *who, int64_t now, const struct person *before, bool password, bool totp,
	struct err *e)
{
	struct outmail m = { .created_at = now, .next_at = now, .kind = "reset", .body_html = "", .in_reply_to = "", .references = "", .automatic = true };
	const char *provider, *by = who->name ? who->name : "", *what;
	struct person p;
	bool en;

	if (store_person_get(w, a, before->id, &p, e) != 0 || setting_get(w, a, "provider.name", "Pedel", &provider, e) != 0)
		return -1;
	m.recipient = text_blank(before->email) ? p.email : before->email;
	if (text_blank(m.recipient))
		return 0;
	en = text_eq(p.lang, "en");
	what = !totp ? en ? "given you a new password" : "givet dig en ny adgangskode" : !password ? en ? "turned your two steps off" : "slået dine to trin fra" :
		en ? "given you a new password and turned your two steps off" : "givet dig en ny adgangskode og slået dine to trin fra";
	m.subject = arena_printf(a, en ? "Your sign-in at %s was changed" : "Dit login hos %s er ændret", provider);
	m.body = arena_printf(a, en ? "Dear %s\n\n%s has %s (%s), and you have been signed out everywhere. Did you not ask for it? Then tell another administrator at once.\n\n%s\n" :
		"Kære %s\n\n%s har %s (%s), og du er logget ud overalt. Har du ikke bedt om det? Så sig det til en anden administrator med det samme.\n\n%s\n",
		p.name, by, what, words_day(a, en ? LANG_EN : LANG_DA, day_of(now)), provider);
	return outbox_add(w, a, &m, e);
}
