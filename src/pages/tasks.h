/* tasks.h - the customer's side of tickets: requests, reporting with and without signing in, the front page.
 * Ownership: the request's arena.  Errors: none here.  Units: us.  Threads: the request's.  Source: ui.md; docs/tickets.md. */
#ifndef PEDEL_PAGES_TASKS_H
#define PEDEL_PAGES_TASKS_H
#include "pages/ticket.h"

struct tasks_view { const struct ticket *open, *over; int nopen, nover; const char *next; bool everybody; const char *done; };
void tasks_page(struct web *w, const struct tasks_view *v);
void tasks_row(struct web *w, const struct ticket *t);

struct task_form { const char *text, *priority, *kind; int64_t due_at; };       /* due_at: answered by then; 0: not known */
void task_new_page(struct web *w, const struct task_form *v);
void task_urgency(struct web *w, const char *chosen, bool quiet);                           /* the three radio pills, name prio */

struct task_view { struct ticket t; const struct ticket_line *lines; int nlines; const char *done, *typed; bool may_rate; int rated; int64_t merged_number, last; };
void task_page(struct web *w, const struct task_view *v);

struct report_view { bool sent; int64_t number; };
void report_page(struct web *w, const struct report_view *v);

/* The front page. Each section is drawn by whoever owns it; one that has nothing to say draws nothing. */
struct home_view { const char *greeting, *lead; const struct ticket *tasks; int ntasks, ntotal; const char *done; };
void home_page(struct web *w, const struct home_view *v);
void home_ask(struct web *w, const struct home_view *v);
void home_tasks(struct web *w, const struct home_view *v);
#endif
