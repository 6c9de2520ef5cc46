/* tickets.h - the console's ticket pages: what the handlers give their templates, and the words both share.
 * Ownership: the request's arena.  Errors: none here.  Units: us.  Threads: the request's.  Source: ui.md; docs/tickets.md. */
#ifndef PEDEL_PAGES_TICKETS_H
#define PEDEL_PAGES_TICKETS_H
#include "core/sla.h"
#include "pages/category.h"
#include "store/message.h"
#include "store/ticket.h"
#include "web/ui.h"

/* words of states and priorities in w->lang; portal: as the customer hears them */
const char *ticket_state_word(const struct web *w, const char *state, bool portal);
const char *ticket_priority_word(const struct web *w, const char *priority, bool portal);
const char *ticket_type_word(const struct web *w, const char *type);
const char *ticket_channel_word(const struct web *w, const char *channel);
const char *ticket_href(const struct web *w, const struct ticket *t);           /* /console/tickets/10482 */
/* The list a ticket was opened from, by the address that its links carry: "?view=mine&sort=newest", "" when there was none. */
const char *tickets_list_query(struct web *w);
/* The numbers of its neighbours in that list; 0: none. A ticket that has left the list has the list's first as its next. */
int tickets_neighbours(struct web *w, int64_t id, int64_t *prev, int64_t *next, struct err *e);
const char *ticket_at(const struct web *w, int64_t number, const char *what, const char *list);  /* /console/tickets/10482/change?view=mine */
const char *ticket_first_name(const struct web *w, const char *name);

struct tickets_tab { const char *key, *label; int n; bool more; const char *href; bool current; };
struct tickets_view {
	const struct ticket *rows; int nrows;
	const char *next;                       /* address of the next fifty; NULL: no more */
	const char *back;                       /* this list's address, for going back to it */
	const struct tickets_tab *tabs; int ntabs;
	const struct saved_view *saved; int nsaved;
	const struct ticket_choice *customers; int ncustomers;
	const struct ticket_choice *owners; int nowners;                /* who can be given a ticket */
	const struct ticket_choice *all_owners; int nall_owners;        /* and who had one */
	const struct ui_choice *categories, *promises;  /* the filters'; only {0}: there are none */
	struct tickets_wrong { const char *label, *value; } wrong[6]; int nwrong;       /* what the address asks for and is not there: nothing is listed */
	const char *without;                    /* this list's address without them */
	const char *view, *q, *customer, *owner, *category, *promise, *sort, *query;       /* as chosen; "" otherwise */
	int64_t saved_id;                       /* the saved view that is shown */
	const char *done;
};
void tickets_page(struct web *w, const struct tickets_view *v);
void tickets_priority(struct web *w, const char *priority);
void tickets_due(struct web *w, const struct ticket *t);
void tickets_rows(struct web *w, const struct tickets_view *v);
void tickets_odd(struct web *w, const struct tickets_view *v, const char *label);
void tickets_filters(struct web *w, const struct tickets_view *v);
void tickets_bulk(struct web *w, const struct tickets_view *v);
void tickets_chosen(struct web *w, const struct tickets_view *v);               /* the list in the form that changes several */
void tickets_list(struct web *w, const struct tickets_view *v);                 /* #list alone, for htmx */

struct ticket_form {                            /* /console/tickets/new */
	const struct ui_choice *customers, *contacts, *owners, *types, *priorities, *channels, *categories;
	const char *customer;
};
void ticket_new_page(struct web *w, const struct ticket_form *v);

struct ready_page { const struct ready_answer *list; int n; const struct ready_answer *edit; };
void ready_answers_page(struct web *w, const struct ready_page *v);

struct find_view {
	const char *q;
	const struct ticket *tickets; int ntickets; const char *all;
	const struct ticket_choice *customers, *people; int ncustomers, npeople;
	const int64_t *people_of;               /* each person's customer */
};
void find_page(struct web *w, const struct find_view *v);
#endif
