/* mail_thread.h - to which ticket a mail belongs. The decision is pure; finding what there is to decide between reads the store.
 *
 * In order: our own Message-ID with its proof, in In-Reply-To and then References from the right; a Message-ID we have seen,
 * of the same customer; a number in the subject, from somebody who takes part or is of the same customer. Never across
 * customers, whatever the mail says. Our proof travels with a forwarded mail, so it finds the ticket but gives nobody a voice:
 * only who takes part, is of the same customer, or is staff speaks; of anybody else it is an aside. A merged ticket leads to where it went; one closed for long gets a fresh ticket beside it.
 * Ownership:  texts in the arena given.   Errors: E_DB.   Units: moments in us.
 * Threads:    any; reading only.   Source: RFC 5322, 3.6.4; docs/mail.md. */
#ifndef PEDEL_CORE_MAIL_THREAD_H
#define PEDEL_CORE_MAIL_THREAD_H
#include <stdbool.h>
#include <stdint.h>
#include "store/db.h"

#define MAIL_THREAD_CLOSED_DAYS 30

enum mail_thread_how { THREAD_TOKEN, THREAD_KNOWN_ID, THREAD_TAG };
/* FOLLOW: a fresh ticket, linked to the old one. ASIDE: onto the ticket, for technicians only; opens nothing, answers nothing */
enum mail_thread_verdict { THREAD_FRESH, THREAD_APPEND, THREAD_FOLLOW, THREAD_ASIDE };

struct mail_thread_sender { int64_t customer_id; bool staff; };         /* customer_id 0: nobody we know */
struct mail_thread_ticket {
	enum mail_thread_how how;
	int64_t ticket_id, customer_id;         /* customer_id 0: not placed */
	bool participant;                       /* the sender reported it, or follows it */
	int64_t closed_at;                      /* 0: not closed */
};
/* The first of t that the sender may write to; *which is its index, -1 for none. */
enum mail_thread_verdict mail_thread_pick(const struct mail_thread_sender *s, const struct mail_thread_ticket *t, int n, int64_t now, int *which);

struct mail_thread_question {
	const char *in_reply_to, *references, *subject;         /* ids with a space between */
	const char *also;                       /* more ids, of a bounce's original; "" */
	const char *sender;                     /* address in lower case */
	struct mail_thread_sender who;
	int64_t now;
};
int mail_thread(struct db_conn *c, struct arena *a, const struct mail_thread_question *q, enum mail_thread_verdict *verdict, int64_t *ticket_id,
	struct err *e);
#endif
