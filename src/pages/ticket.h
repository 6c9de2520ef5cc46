/* ticket.h - one ticket in the console: what the handler gives the template.
 * Ownership: the request's arena.  Errors: none here.  Units: us.  Threads: the request's.  Source: ui.md; docs/tickets.md. */
#ifndef PEDEL_PAGES_TICKET_H
#define PEDEL_PAGES_TICKET_H
#include "base/moment.h"
#include "core/sla.h"
#include "pages/tickets.h"
#include "store/promise.h"

/* The conversation in order of time: a message, or something that happened, as a sentence. */
struct ticket_line { const struct message *m; const char *fact, *href; int64_t at, person_id; };       /* person_id: ours who did it; 0: others */
/* Messages and events of a ticket, mixed; portal: only what the customer may know. */
/* ev: its events. */
int ticket_lines(struct web *w, const struct ticket *t, const struct event *ev, int ne, bool portal, struct ticket_line **out, int *n, struct err *e);

struct work_form;
struct ticket_typed { const char *kind, *body, *then; };       /* what the reply box holds */
struct ticket_show {
	struct ticket t;
	struct sla sla;
	const struct ticket_line *lines; int nlines;
	int64_t seen, last;                     /* the last public message on this page, and the last of any kind */
	const struct watcher *watchers; int nwatchers; bool watching;
	const struct ticket *merged; int nmerged;       /* into this one */
	int64_t merged_number;                          /* the one this is merged into; 0: none */
	const struct ticket_choice *owners, *customers, *contacts; int nowners, ncustomers, ncontacts;
	const struct ready_answer *ready; int nready;
	const struct ui_choice *categories;             /* to choose from; only {0}: there are none */
	const char *category;                           /* its name; "" when it has none */
	const char *const *here; int nhere;             /* who else looks at it now */
	const struct ticket *others; int nothers;       /* the customer's other open tickets */
	const char *list; int64_t prev, next;           /* the list it was opened from (tickets_list_query), and its neighbours there; 0: none */
	int unread, nunread;                            /* the first line this person has not answered or acted after; nunread 0: none */
	struct ticket_undo { const char *state, *priority; int64_t owner_id; bool owner, any; } undo;   /* what a change just replaced */
	bool half;                              /* what is typed below is not sent: undoing takes it along too */
	bool unread_by_all;                     /* an answer is mailed to nobody */
	struct ticket_typed typed;
	const char *conflict;                           /* who answered or changed it meanwhile; NULL: nobody */
	const char *done, *told;                /* what was done; what was not, and why */
	bool may;                                       /* may work on it */
	const struct work_form *work;
	const struct promise_row *promise; const char *promise_text;    /* the promise it affects, as it stands now; NULL: none known */
	enum promise_state promise_state;
};
void ticket_page(struct web *w, const struct ticket_show *v);
void ticket_here(struct web *w, const struct ticket_show *v);
bool ticket_message_unproven(const struct message *m);          /* nobody stands behind who it says wrote it */
void ticket_unproven_tag(struct web *w);
void ticket_message_text(struct web *w, const struct message *m, const char *files_base);      /* body with its quote folded, and files */
#define TICKET_SOON_US (2 * MOMENT_HOUR)        /* what is due within it is shown as such */
void ticket_clock(struct web *w, const struct sla_clock *c);
void ticket_times(struct web *w, const struct sla *s);
void ticket_talk(struct web *w, const struct ticket_show *v);
void ticket_reply_box(struct web *w, const struct ticket_show *v);
void ticket_head(struct web *w, const struct ticket_show *v);
void ticket_done(struct web *w, const struct ticket_show *v);          /* what was done, with "Undo" for ten seconds */
void ticket_mail_html(struct web *w, const char *html);          /* html: already clean */
void ticket_side(struct web *w, const struct ticket_show *v);
void ticket_side_people(struct web *w, const struct ticket_show *v);
void ticket_side_more(struct web *w, const struct ticket_show *v);
#endif
