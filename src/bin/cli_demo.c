/* pedel demo: fills a fresh installation with an invented provider's month, and says how to sign in. */
#include <stdio.h>
#include <string.h>
#include "base/buf.h"
#include "base/text.h"
#include "bin/cli.h"
#include "bin/demo.h"
#include "bin/demo_story.h"
#include "core/catalogue.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/password.h"
#include "services/all.h"

enum { TICKETS_MOST = 1000000 };

static void show(const char *what, int done, int of)
{
	if (of > 1)
		fprintf(stderr, "pedel: demo: %s %d/%d\n", what, done, of);
}

static void show_danish(const char *what, int done, int of)
{
	show(strcmp(what, "tickets") == 0 ? "opgaver" : "kunder og aftaler, nu deres måned", done, of);
}

/* Also kept in the data folder, so that ./run can say it again. */
static int tell_signins(const struct cli *c, const struct cli_home *h, struct err *e)
{
	struct buf b;

	buf_init(&b, c->a, 8 << 10);
	buf_printf(&b, "%s\n", c->lang == LANG_EN ? "Demo sign-ins, all with the password " DEMO_PASSWORD ":"
		: "Log ind i demoen, alle med adgangskoden " DEMO_PASSWORD ":");
	for (int i = 0; demo_people[i].login; i++)
		buf_printf(&b, "  %-34s %s, %s\n", demo_people[i].login, demo_people[i].name, demo_people[i].role);
	for (int i = 0; demo_customers[i].name && i < 3; i++)
		for (int j = 0; j < 4 && demo_customers[i].contacts[j].name; j++)
			buf_printf(&b, "  %s@%-*s %s, %s, %s\n", demo_customers[i].contacts[j].email,
				33 - (int)strlen(demo_customers[i].contacts[j].email), demo_customers[i].domain, demo_customers[i].contacts[j].name,
				demo_customers[i].contacts[j].role, demo_customers[i].name);
	fputs(buf_text(&b), stdout);
	return os_replace_file(arena_printf(c->a, "%s/demo.txt", h->folder), buf_text(&b), b.n, 0600, e);
}

/* A folder without an installation gets one, of the demo's own provider; it is an installation once the demo is in it. */
static int provider_there(struct cli *c, struct err *e)
{
	if (!cli_fill_left(c) && os_file_is(arena_printf(c->a, "%s/pedel.conf", c->data)))
		return 0;
	c->provider = "Fjordkant IT";
	c->cvr = "10000009";
	return cli_make(c, e);
}

static int fill(struct cli *c, struct demo *d, struct err *e)
{
	struct cli_home h;
	struct catalogue catalogue;
	int rc;

	if (cli_home_open(c, &h, e) != 0)
		return -1;
	rc = catalogue_load(c->a, arena_printf(c->a, "%s/catalogue", h.folder), &catalogue, e);
	d->catalogue = &catalogue;
	d->db = h.db;
	d->now = os_now_us();           /* after the installation was made: the ledger takes events in their order */
	if (rc == 0)
		rc = demo_fill(d, e);
	if (rc == 0)
		rc = db_write(h.db, cli_job_sign, &h.key, e);
	if (rc == 0)
		rc = tell_signins(c, &h, e);
	cli_home_close(&h);
	return rc;
}

int cli_demo(struct cli *c, struct err *e)
{
	struct demo d = { .services = service_all, .probe_minutes = 4, .say = c->lang == LANG_DA ? show_danish : show };
	int64_t tickets = 0;
	int rc;

	if (c->tickets && (!text_int(c->tickets, &tickets) || tickets < 0 || tickets > TICKETS_MOST))
		return FAIL_FIELD(e, E_NUMBER_RANGE, "tickets", "0 to %d", TICKETS_MOST);
	d.tickets = (int)tickets;
	if (password_hash(c->a, DEMO_PASSWORD, &d.password_hash, e) != 0 || provider_there(c, e) != 0)
		return -1;
	rc = fill(c, &d, e);
	return c->filling ? cli_fill_end(c, rc, e) : rc;
}
