/* The first administrator and API tokens: made here, never over HTTP by somebody who is not signed in. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/text.h"
#include "bin/cli.h"
#include "core/staff.h"
#include "core/tell.h"
#include "os/clock.h"
#include "os/password.h"
#include "store/person.h"
#include "store/session.h"
#include "web/token.h"

enum { NAME_MOST = 120, PASSWORD_MOST = 1024 };

static int job_event(struct db_conn *w, struct arena *a, int64_t person_id, const char *kind, const char *name, struct err *e)
{
	return tell_event(w, a, NULL, os_now_us(), 0, "person", person_id, kind, json_pack("{s:s,s:s}", "name", name, "via", "shell"), e);
}

/* One line from standard input, without its end. The terminal does not show what is typed there. */
static int read_password(struct cli *c, const char **out, struct err *e)
{
	char *s = arena_get(c->a, PASSWORD_MOST + 1);
	size_t n = 0;
	ssize_t k;

	if (isatty(0))
		return FAIL_FIELD(e, E_REQUIRED, "password-stdin", "send the password by a pipe or from a file");
	while (n < PASSWORD_MOST && (k = read(0, s + n, 1)) == 1 && s[n] != '\n')
		n++;
	s[n] = 0;
	if (n && s[n - 1] == '\r')
		s[n - 1] = 0;
	*out = s;
	return password_check(s, "password", e);
}

static int job_admin(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct person *p = arg;

	return store_person_add(w, p, e) != 0 ? -1 : job_event(w, a, p->id, "person.created", p->name, e);
}

int cli_admin_add(struct cli *c, struct err *e)
{
	struct person p = { .role = "admin", .lang = "da", .theme = "auto", .email = "", .phone = "", .keys_on = true, .active = true };
	const char *password = NULL;
	struct cli_home h;
	int rc;

	if (staff_login(c->a, c->login, &p.login, e) != 0 || text_check(c->name, "name", NAME_MOST, true, e) != 0 || read_password(c, &password, e) != 0 ||
		password_hash(c->a, password, &p.password_hash, e) != 0)
		return -1;
	p.name = text_plain(c->a, c->name);
	if (strchr(p.login, '@'))
		p.email = p.login;
	p.created_at = os_now_us();
	if (cli_home_open(c, &h, e) != 0)
		return -1;
	rc = db_write(h.db, job_admin, &p, e);
	cli_home_close(&h);
	if (rc == 0)
		cli_say(c, "%s can sign in as %s.", "%s kan logge ind som %s.", p.name, p.login);
	return rc;
}

struct token { const char *login, *name; uint8_t hash[32]; };

static int job_token(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct token *t = arg;
	struct person p;
	int64_t id;

	if (store_person_by_login(w, a, t->login, &p, e) != 0)
		return e->id == E_NOT_FOUND ? FAIL_FIELD(e, E_LOGIN_UNKNOWN, "login", "%.60s", t->login) : -1;
	if (!p.active)
		return FAIL_FIELD(e, E_PERSON_INACTIVE, "login", "%.60s", t->login);
	if (token_add(w, p.id, t->name, t->hash, "*", os_now_us(), &id, e) != 0)
		return -1;
	return job_event(w, a, p.id, "token.created", t->name, e);
}

int cli_token_add(struct cli *c, struct err *e)
{
	struct token t;
	struct cli_home h;
	const char *text;
	int rc;

	if (staff_login(c->a, c->login, &t.login, e) != 0 || text_check(c->name, "name", NAME_MOST, true, e) != 0)
		return -1;
	t.name = text_plain(c->a, c->name);
	text = token_make(c->a, t.hash);
	if (cli_home_open(c, &h, e) != 0)
		return -1;
	rc = db_write(h.db, job_token, &t, e);
	cli_home_close(&h);
	if (rc == 0)
		puts(text);
	return rc;
}
