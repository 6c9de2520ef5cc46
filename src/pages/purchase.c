/* /console/customers/{id}/purchases: hours that were bought apart, with what is left of them */
#include "pages/purchase.h"
#include "base/moment.h"
#include "base/text.h"
#include "core/work.h"
#include "store/month_close.h"
#include "web/ui.h"

int purchase_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct purchase_job *j = arg;

	if (j->remove)
		return purchase_remove(w, a, j->who, j->customer_id, j->id, j->now, e);
	if (purchase_add(w, a, j->who, &j->p, j->now, e) != 0)
		return -1;
	j->id = j->p.id;
	return 0;
}

bool purchases_any(const struct statement *s)
{
	for (int i = 0; i < s->ngrants; i++)
		if (s->grants[i].kind == BANK_GRANT_BOUGHT)
			return true;
	return false;
}

int purchases_load(struct web *w, int64_t customer_id, struct purchase_row **out, int *n, struct err *e)
{
	struct hour_purchase *list;
	struct purchase_row *rows;
	struct statement s;
	int32_t closed, today = w->today;
	int count;

	if (store_purchases_of(w->db, w->a, customer_id, INT64_MAX, &list, &count, e) != 0 ||
	    store_month_closed_through(w->db, customer_id, &closed, e) != 0 || work_statement(w->db, w->a, customer_id, month_of(w->now), &s, e) != 0)
		return -1;
	rows = ARENA_ARRAY(w->a, struct purchase_row, count + 1);
	for (int i = 0; i < count; i++) {
		struct purchase_row *r = &rows[count - 1 - i];

		r->p = list[i];
		r->removable = month_of_day(list[i].bought_day) > closed;
		for (int k = 0; k < s.ngrants && today <= list[i].expires_day; k++)
			if (s.grants[k].kind == BANK_GRANT_BOUGHT && s.grants[k].purchase_id == list[i].id)
				r->left = s.grants[k].granted - s.grants[k].drawn;
	}
	*out = rows;
	*n = count;
	return 0;
}

static int show(struct web *w, struct err *e)
{
	struct purchases_view v = { .today = w->today, .may_write = (w->who.role & ROLE_BOOKS) != 0 };
	struct purchase_row *rows;
	struct customer of;

	if (store_customer_get(w->db, w->a, web_param_id(w, 0), &of, e) != 0 || purchases_load(w, of.id, &rows, &v.n, e) != 0)
		return -1;
	v.of = &of;
	v.rows = rows;
	if (web_query(w, "done"))
		v.done = text_eq(web_query(w, "done"), "removed") ? _("The hours are taken out again.") : _("The hours are in the bank.");
	purchases_page(w, &v);
	return 0;
}

/* "10", "7,5" and "7:30": hours. */
static int read_hours(const char *s, int64_t *minutes, struct err *e)
{
	int64_t whole, part = 0;
	size_t n = strspn(s, "0123456789"), m = 0;
	char sign = s[n];

	if (sign)
		m = strspn(s + n + 1, "0123456789");
	if (n < 1 || n > 5 || (sign && (!strchr(":,.", sign) || m < 1 || m > 2 || s[n + 1 + m])))
		return FAIL_FIELD(e, E_PURCHASE_MINUTES, "hours", "%.40s", s);
	whole = strtol(s, NULL, 10);
	if (sign)
		part = strtol(s + n + 1, NULL, 10);
	if (sign == ':' && part > 59)
		return FAIL_FIELD(e, E_PURCHASE_MINUTES, "hours", "%.40s", s);
	*minutes = whole * 60 + (!sign ? 0 : sign == ':' ? part : m == 1 ? part * 6 : (part * 60 + 50) / 100);
	return 0;
}

static void read(struct web *w, struct hour_purchase *p, struct err_list *all)
{
	const char *hours = web_field(w, "hours"), *price = web_field(w, "price_ore"), *bought = web_field(w, "bought_on");

	*p = (struct hour_purchase){ .customer_id = web_param_id(w, 0), .note = web_field(w, "note"), .bought_day = w->today };
	err_note(all, read_hours(hours ? text_trim(w->a, hours) : "", &p->minutes, &all->now));
	err_note(all, read_money(price ? price : "", "price_ore", &p->price_ore, &all->now));
	if (!text_blank(bought))
		err_note(all, read_day(w, bought, "bought_on", &p->bought_day, &all->now));
	err_note(all, read_day(w, web_field(w, "expires_on") ? web_field(w, "expires_on") : "", "expires_on", &p->expires_day, &all->now));
}

static int add(struct web *w, struct err *e)
{
	struct purchase_job j = { .who = &w->who, .now = w->now };
	struct err_list all = { .n = 0 };
	struct err shown;

	if (web_form_check(w, e) != 0)
		return -1;
	read(w, &j.p, &all);
	if (web_wrong_all(w, &all, e) != 0)
		return -1;
	if (w->nerrors) {
		web_status(w, 400);
		return show(w, e);
	}
	if (web_write(w, purchase_job, &j, e) == 0)
		return web_redirect(w, arena_printf(w->a, "/console/customers/%lld/purchases?done=1", (long long)j.p.customer_id));
	if (err_kind(e->id) != ERR_INPUT && err_kind(e->id) != ERR_CONFLICT)
		return -1;
	shown = *e;
	if (text_eq(shown.field, "minutes"))
		snprintf(shown.field, sizeof shown.field, "hours");
	web_wrong(w, &shown);
	web_status(w, err_kind(e->id) == ERR_CONFLICT ? 409 : 400);
	return show(w, e);
}

static int removal(struct web *w, struct err *e)
{
	struct purchase_job j = { .who = &w->who, .now = w->now, .remove = true, .customer_id = web_param_id(w, 0), .id = web_param_id(w, 1) };

	if (web_form_check(w, e) != 0 || web_write(w, purchase_job, &j, e) != 0)
		return -1;
	return web_redirect(w, arena_printf(w->a, "/console/customers/%lld/purchases?done=removed", (long long)j.customer_id));
}

const struct web_route purchase_routes[] = {
	{ "GET", "/console/customers/{id}/purchases", ROLE_STAFF, show },
	{ "POST", "/console/customers/{id}/purchases", ROLE_BOOKS, add },
	{ "POST", "/console/customers/{id}/purchases/{id}/remove", ROLE_BOOKS, removal },
	{ 0 }
};
