/* ticket_job.h - one operation of core/ticket.h as a write, for console, portal and API alike.
 * Ownership:  what goes in may live in the request's arena; what comes out is plain.   Errors: those of core/ticket.h.
 * Units: us, minutes.   Threads: the request's.   Source: own design. */
#ifndef PEDEL_PAGES_TICKET_JOB_H
#define PEDEL_PAGES_TICKET_JOB_H
#include "core/ticket.h"
#include "core/work.h"
#include "web/web.h"

enum ticket_job_kind { JOB_CREATE, JOB_REPLY, JOB_CHANGE, JOB_MERGE, JOB_SPLIT, JOB_LINK, JOB_WATCH, JOB_PLACE, JOB_RATE, JOB_VIEW_ADD,
	JOB_VIEW_REMOVE, JOB_ANSWER_PUT, JOB_ANSWER_REMOVE };
struct ticket_job {
	enum ticket_job_kind kind;
	const struct actor *who;        /* NULL: the request's */
	int64_t id, other, customer_id, contact_id;
	struct ticket_draft draft;
	struct ticket_answer answer;
	struct ticket_change change;
	struct work_in work;            /* with an answer: minutes > 0 writes the time too, or neither is written */
	const int64_t *messages; int nmessages;
	const char *subject, *text, *watcher, *email;
	bool on;
	int score;
	struct ready_answer ready;
	int64_t got_id, got_number, got_message;        /* out */
	struct desk desk;               /* filled by ticket_do() */
	int64_t now;
};
/* Runs it, wakes the outbox and refreshes w->db. */
int ticket_do(struct web *w, struct ticket_job *j, struct err *e);
/* The dedupe_key of a form that makes a ticket: the same by the same person within the hour, files and all, is one ticket, however
 * often the form is sent. */
const char *ticket_once(struct web *w, const struct ticket_draft *f);
/* The form's uploads (field "file") into blobs. At most 20. */
int ticket_files(struct web *w, const struct ticket_file **out, int *n, struct err *e);
/* May this kind of file be shown in a page of ours? Pictures alone. */
bool ticket_file_is_picture(const char *mime);
#endif
