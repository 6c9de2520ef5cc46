#include <string.h>
#include "base/moment.h"
#include "web/escape.h"
#include "web/frame.h"
#include "web/ui.h"

#define N(array) (int)(sizeof(array) / sizeof(*(array)))

static bool in(const struct frame_link *l, int n, const char *key)
{
	for (int i = 0; i < n; i++)
		if (strcmp(l[i].key, key) == 0)
			return true;
	return false;
}

static void console(struct web *w, struct frame f, bool foot)
{
	const struct frame_link work[] = {
		{ "today", "/console/", "home", _("Today"), ROLE_STAFF },
		{ "tickets", "/console/tickets", "ticket", _("Tickets"), ROLE_STAFF, w->rail.tickets, _("open"), false },
		{ "promises", "/console/promises", "shield-check", _("Promises"), ROLE_STAFF, w->rail.broken, _("broken"), true },
	};
	const struct frame_link kept[] = {
		{ "customers", "/console/customers", "building", _("Customers"), ROLE_STAFF },
		{ "catalogue", "/console/catalogue", "book", _("Services"), ROLE_STAFF },
	};
	const struct frame_link dock[] = { work[0], work[1], work[2], kept[0], { "more", "#nav", "menu-2", _("More"), ROLE_STAFF } };       /* the rail itself, over the page */
	const struct frame_link books[] = {
		{ "time", "/console/time", "clock", _("My time"), ROLE_STAFF },
		{ "billing", "/console/billing", "file-invoice", _("Billing"), ROLE_STAFF },
		{ "staff", "/console/settings/staff", "users", _("Staff"), ROLE_ADMIN },
		{ "settings", "/console/settings", "settings", _("Settings"), ROLE_ADMIN },
	};

	if (foot && !in(work, N(work), f.current) && strcmp(f.current, "customers") != 0)
		f.current = "more";
	f.links = foot ? dock : work;
	f.nlinks = foot ? N(dock) : N(work);
	f.more = kept;
	f.nmore = N(kept);
	f.books = books;
	f.nbooks = N(books);
	if (foot)
		frame_console_foot(w, &f);
	else
		frame_console(w, &f);
}

static void head(struct web *w, struct frame *f)
{
	if (w->app && w->app->rail && (w->who.role & (ROLE_STAFF | ROLE_CUSTOMER)))
		w->app->rail(w);
	w->frame = f->current;
	frame_head(w, f);
}

void console_begin_under(struct web *w, const char *title, const char *current, const char *parent_href, const char *parent)
{
	struct frame f = { .title = title, .current = current, .parent_href = parent_href, .parent = parent };

	head(w, &f);
	console(w, f, false);
}

void console_begin(struct web *w, const char *title, const char *current) { console_begin_under(w, title, current, NULL, NULL); }

void console_begin_day(struct web *w, const char *title, const char *current)
{
	struct frame f = { .title = title, .current = current, .beside = fmt_week(w, w->today) };

	head(w, &f);
	console(w, f, false);
}

void console_end(struct web *w)
{
	console(w, (struct frame){ .title = "", .current = w->frame ? w->frame : "" }, true);
}

static void portal(struct web *w, struct frame f, bool foot)
{
	const struct frame_link bar[] = {
		{ "home", "/portal/", "home", _("Home"), ROLE_CUSTOMER },
		{ "tasks", "/portal/tasks", "message-circle", _("Requests"), ROLE_CUSTOMER },
		{ "promises", "/portal/promises", "shield-check", _("Promises"), ROLE_CUSTOMER },
		{ "hours", "/portal/hours", "clock", _("Hours"), ROLE_DECIDES },
		{ "agreement", "/portal/agreement", "file-text", _("Agreement"), ROLE_DECIDES },
	};
	const struct frame_link dock[] = { bar[0], bar[1], bar[2], bar[3], { "more", "/profile", "menu-2", _("More"), ROLE_CUSTOMER } };

	f.links = bar;
	f.nlinks = N(bar);
	f.more = dock;
	f.nmore = N(dock);
	if (foot)
		frame_portal_foot(w, &f);
	else
		frame_portal(w, &f);
}

void portal_begin(struct web *w, const char *title, const char *current)
{
	struct frame f = { .title = title, .current = current };

	head(w, &f);
	portal(w, f, false);
}

void portal_end(struct web *w) { portal(w, (struct frame){ .title = "", .current = w->frame ? w->frame : "" }, true); }

void gate_begin(struct web *w, const char *title)
{
	struct frame f = { .title = title, .current = "" };

	frame_head(w, &f);
	frame_gate(w, &f);
}

/* Who is signed in has a language in the profile. A stranger asks this address for the other one, or the sign-in page where this
 * one can only be posted to; with where they were going. */
void gate_end(struct web *w)
{
	bool sent = strcmp(w->rq->path, "/login/mail") == 0 || strcmp(w->rq->path, "/login/passkey") == 0;
	const char *next = web_query(w, "next");
	struct buf b;

	if (!next && strcmp(w->rq->method, "POST") == 0)
		next = web_field(w, "next");
	if (w->who.role != ROLE_NOBODY) {
		frame_gate_foot(w, NULL);
		return;
	}
	buf_init(&b, w->a, 8192);
	buf_printf(&b, "%s?lang=%s", sent ? "/login" : "", w->lang == LANG_DA ? "en" : "da");
	if (next && *next && strlen(next) < 2000) {
		buf_adds(&b, "&next=");
		esc_url_part(&b, next);
	}
	frame_gate_foot(w, buf_text(&b));
}

void paper_begin(struct web *w, const char *title)
{
	struct frame f = { .title = title, .current = "" };

	frame_head(w, &f);
	frame_paper(w, &f);
}

void paper_end(struct web *w) { frame_paper_foot(w); }
