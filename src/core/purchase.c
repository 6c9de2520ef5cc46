#include "core/purchase.h"
#include <jansson.h>
#include "base/moment.h"
#include "base/text.h"
#include "core/tell.h"
#include "store/agreement.h"
#include "store/month_close.h"
#include "store/time_entry.h"

enum { NOTE_MOST = 200 };

static int tell(struct db_conn *w, struct arena *a, const struct actor *who, const struct hour_purchase *p, const char *kind, int64_t now, struct err *e)
{
	return tell_event(w, a, who, now, p->customer_id, "hour_purchase", p->id, kind, json_pack("{s:I,s:I,s:s,s:s,s:s}", "minutes", (json_int_t)p->minutes, "price_ore", (json_int_t)p->price_ore,
		"bought_on", day_iso(a, p->bought_day), "expires_on", day_iso(a, p->expires_day), "note", p->note), e);
}

static int open_month(struct db_conn *w, const struct hour_purchase *p, struct err *e)
{
	int32_t closed;

	if (store_month_closed_through(w, p->customer_id, &closed, e) != 0)
		return -1;
	return month_of_day(p->bought_day) > closed ? 0 : FAIL_FIELD(e, E_PURCHASE_CLOSED, "bought_on", "month %d", month_of_day(p->bought_day));
}

static int check(const struct hour_purchase *p, int64_t now, struct err *e)
{
	if (p->minutes < 1 || p->minutes > PURCHASE_MINUTES_MOST)
		return FAIL_FIELD(e, E_PURCHASE_MINUTES, "minutes", "%lld", (long long)p->minutes);
	if (p->price_ore < 0 || p->price_ore > PURCHASE_ORE_MOST)
		return FAIL_FIELD(e, E_NUMBER_RANGE, "price_ore", "%lld", (long long)p->price_ore);
	if (p->bought_day > day_of(now) || p->bought_day < day_from(2000, 1, 1))
		return FAIL_FIELD(e, E_PURCHASE_BOUGHT, "bought_on", "%d", p->bought_day);
	if (p->expires_day < p->bought_day || p->expires_day > p->bought_day + PURCHASE_YEARS_MOST * 366)
		return FAIL_FIELD(e, E_PURCHASE_EXPIRES, "expires_on", "%d", p->expires_day);
	return text_check(p->note ? p->note : "", "note", NOTE_MOST, false, e);
}

int purchase_add(struct db_conn *w, struct arena *a, const struct actor *who, struct hour_purchase *p, int64_t now, struct err *e)
{
	struct agreement_customer c;

	if (!(who->role & ROLE_BOOKS))
		return FAIL(e, E_DENIED, "hours are sold by administrators and bookkeepers");
	if (check(p, now, e) != 0 || store_agreement_customer(w, a, p->customer_id, &c, e) != 0)
		return -1;
	if (!c.active)
		return FAIL_FIELD(e, E_CUSTOMER_INACTIVE, "customer_id", "%lld", (long long)p->customer_id);
	if (open_month(w, p, e) != 0)
		return -1;
	p->note = text_trim(a, p->note ? p->note : "");
	p->created_at = now;
	p->created_by = who->id;
	if (store_purchase_add(w, p, e) != 0)
		return -1;
	return tell(w, a, who, p, "purchase.added", now, e);
}

int purchase_remove(struct db_conn *w, struct arena *a, const struct actor *who, int64_t customer_id, int64_t id, int64_t now, struct err *e)
{
	struct hour_purchase p;

	if (!(who->role & ROLE_BOOKS))
		return FAIL(e, E_DENIED, "hours are sold by administrators and bookkeepers");
	if (store_purchase_get(w, a, id, &p, e) != 0)
		return -1;
	if (customer_id && p.customer_id != customer_id)
		return FAIL(e, E_NOT_FOUND, "purchase %lld", (long long)id);
	if (open_month(w, &p, e) != 0 || store_purchase_remove(w, p.customer_id, id, now, who->id, e) != 0)
		return -1;
	return tell(w, a, who, &p, "purchase.removed", now, e);
}
