/* today.h - the console's front page: what its template is given.
 * Ownership: the request's arena.  Errors: none here.  Units: us.  Threads: the request's.  Source: ui.md; mock/console-home.html. */
#ifndef PEDEL_PAGES_TODAY_H
#define PEDEL_PAGES_TODAY_H
#include "pages/promise.h"
#include "pages/ticket.h"
#include "store/agreement.h"
#include "store/need.h"
#include "store/outbox.h"
#include "store/time_entry.h"
#include "web/health.h"

struct today_visit { struct time_entry entry; const char *person; };
enum { TODAY_COUNT = 999 };             /* what is not counted further */

struct today_view {
	int64_t count[7], all, customers, measured_at;
	const struct promise_queued *rows; int n; bool more;
	const struct ticket *mine, *none; int nmine, nnone, nmine_all, nnone_all;
	const struct today_visit *visits; int nvisits;
	const struct promise_unread *unread; const char *const *why; int nunread;       /* agreements that cannot be read */
	const struct need_answer *answers; int nanswers;        /* what customers answered in the portal this last week */
	const struct agreement_yes_row *yes; int nyes;          /* agreements accepted in the portal this last week */
	struct health_line wrong[HEALTH__N]; int nwrong;         /* with the machine */
	struct outbox_stuck stuck; int64_t mails, mails_since;  /* mails that wait to go out, and to be read */
};
void today_page(struct web *w, const struct today_view *v);
void today_wrong(struct web *w, const struct today_view *v);
void today_agreed(struct web *w, const struct today_view *v);
void today_answers(struct web *w, const struct today_view *v);
void today_promises(struct web *w, const struct today_view *v);
#endif
