/* What was agreed, day by day, as the hour bank reads it: the terms of the service agreement, and every other service's price. */
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "core/catalogue.h"
#include "core/work.h"

static int by_day(const void *x, const void *y)
{
	int64_t p = *(const int64_t *)x, q = *(const int64_t *)y;

	return (p > q) - (p < q);
}

/* Some days on which one item of a service holds: of several, the first in line. */
struct piece { int32_t from, to; const struct bank_item *item; };

static int pieces(struct arena *a, const struct bank_item *items, int n, const char *service, struct piece **out)
{
	int64_t *cut = ARENA_ARRAY(a, int64_t, 2 * n + 1);      /* every day on which something begins, or no longer holds */
	struct piece *p = ARENA_ARRAY(a, struct piece, 2 * n + 1);
	int ncuts = 0, np = 0;

	for (int i = 0; i < n; i++) {
		if (!text_eq(items[i].service, service) || items[i].from_day > items[i].to_day)
			continue;
		cut[ncuts++] = items[i].from_day;
		cut[ncuts++] = (int64_t)items[i].to_day + 1;
	}
	qsort(cut, (size_t)ncuts, sizeof *cut, by_day);
	for (int c = 0; c + 1 < ncuts; c++) {
		const struct bank_item *it = NULL;

		for (int i = 0; cut[c] < cut[c + 1] && i < n && !it; i++)
			if (text_eq(items[i].service, service) && items[i].from_day <= cut[c] && cut[c] <= items[i].to_day)
				it = &items[i];
		if (!it)
			continue;
		if (np > 0 && p[np - 1].item->agreement_id == it->agreement_id && p[np - 1].to == cut[c] - 1)
			p[np - 1].to = (int32_t)(cut[c + 1] - 1);
		else
			p[np++] = (struct piece){ (int32_t)cut[c], (int32_t)(cut[c + 1] - 1), it };
	}
	*out = p;
	return np;
}

void work_spans(struct arena *a, const struct bank_item *items, int n, const struct bank_span **out, int *nout)
{
	struct piece *p;
	int np = pieces(a, items, n, BANK_SERVICE, &p);
	struct bank_span *s = ARENA_ARRAY(a, struct bank_span, np + 1);

	for (int i = 0; i < np; i++) {
		json_t *terms = json_loads(p[i].item->terms, 0, NULL);

		s[i] = (struct bank_span){ .from_day = p[i].from, .to_day = p[i].to, .agreement_id = p[i].item->agreement_id };
		bank_terms_read(terms, &s[i].terms);
		json_decref(terms);
	}
	*out = s;
	*nout = np;
}

static int by_key(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* The other services with a price. Most cost nothing of their own, and their terms are not read. */
static int priced(const struct bank_item *items, int n, const char **keys)
{
	int nkeys = 0;

	for (int i = 0; i < n; i++) {
		bool known = text_eq(items[i].service, BANK_SERVICE) || !strstr(items[i].terms, "\"monthly_price_ore\"") ||
			strstr(items[i].terms, "\"monthly_price_ore\":0");

		for (int k = 0; k < nkeys && !known; k++)
			known = text_eq(keys[k], items[i].service);
		if (!known)
			keys[nkeys++] = items[i].service;
	}
	qsort(keys, (size_t)nkeys, sizeof *keys, by_key);
	return nkeys;
}

void work_prices(struct arena *a, const struct bank_item *items, int n, const struct bank_price **out, int *nout)
{
	const char **keys = ARENA_ARRAY(a, const char *, n + 1);
	int nkeys = priced(items, n, keys), got = 0;
	struct bank_price *list = ARENA_ARRAY(a, struct bank_price, nkeys ? 2 * n + 1 : 1);

	for (int k = 0; k < nkeys; k++) {
		struct piece *p;
		int np = pieces(a, items, n, keys[k], &p);

		for (int i = 0; i < np; i++) {
			json_t *terms = json_loads(p[i].item->terms, 0, NULL);

			list[got++] = (struct bank_price){ keys[k], p[i].from, p[i].to, terms_int(terms, "monthly_price_ore", 0),
				terms_bool(terms, "proration", true) };
			json_decref(terms);
		}
	}
	*out = list;
	*nout = got;
}

int64_t work_prices_on(const struct bank_price *p, int n, int32_t day)
{
	int64_t sum = 0;

	for (int i = 0; i < n; i++)
		sum += p[i].from_day <= day && day <= p[i].to_day ? p[i].monthly_ore : 0;
	return sum;
}
