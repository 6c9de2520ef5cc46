/* customer.h - customers, their people and sites: console, portal and API.
 *
 * A tab of a customer's page is customer_begin() ... customer_end(), by whoever owns the tab.
 * Ownership: the request's arena.  Errors: none here.  Units: us, minutes.  Threads: the request's.  Source: ui.md. */
#ifndef PEDEL_PAGES_CUSTOMER_H
#define PEDEL_PAGES_CUSTOMER_H
#include "store/agreement.h"
#include "store/contact.h"
#include "store/customer.h"
#include "store/event.h"
#include "store/passkey.h"
#include "web/web.h"

/* The frame of a customer's pages: crumb, name, facts and tabs; then write <div class="cols"> or <div class="pad">.
 * tab: "promises" (the customer's first page) "agreements" "tickets" "hours" "people". */
void customer_begin(struct web *w, const struct customer *c, const char *tab);
void customer_end(struct web *w);

struct customers_view { const struct customer *c; int n; const char *q; int64_t next, all; const char *done; };
/* What happened; which: the number, name or month it happened to, ""; href: where that is, NULL. */
struct customer_event { const char *what, *which, *href; int64_t at; };
struct customer_view {
	const struct customer *c;
	const struct site *sites; int nsites;
	const struct contact *people; int npeople; int64_t npeople_all;
	const struct customer_event *events; int nevents;
	const struct agreement *holding; int nholding;          /* of one that has ended: agreements that were not */
	const char *done;
};
struct customer_form { const struct customer *c; const char *domains; };        /* c->id 0: a new one */
struct person_form { const struct customer *c; const struct contact *k; const char *action, *back; const struct passkey *keys; int nkeys; const char *done; int64_t ticket; };        /* keys: for administrators; ticket: the number of the one the person reported, 0: none */
struct site_form { const struct customer *c; const struct site *s; };
void customers_page(struct web *w, const struct customers_view *v);
void customer_head(struct web *w, const struct customer *c, const char *tab);
void customer_page(struct web *w, const struct customer_view *v);
void customer_form_page(struct web *w, const struct customer_form *v);
void customer_tab(struct web *w, const char *tab, const char *key, const char *href, const char *label);
void people_rows(struct web *w, const struct customer_view *v, const char *base, bool link);
void people_page(struct web *w, const struct customer_view *v);
void person_form_fields(struct web *w, const struct person_form *v);
void person_form_page(struct web *w, const struct person_form *v);
void site_form_page(struct web *w, const struct site_form *v);
void portal_people_page(struct web *w, const struct customer_view *v);
void portal_person_page(struct web *w, const struct person_form *v);
const char *contact_role_word(const struct web *w, const char *role);
const char *customer_address(struct web *w, const struct site *s);
extern const struct web_route customer_routes[], customer_api_routes[], openapi_routes[];
#endif
