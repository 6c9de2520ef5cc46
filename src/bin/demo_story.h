/* demo_story.h - the demo's story as data: an invented Danish provider, a dozen customers and a month of work.
 * Ownership: constants.  Errors: none.  Threads: any.
 * Units: days are working days before today, times minutes after midnight; with DEMO_BACK instead of a day, minutes of service time before
 * now, so that what is close to its deadline is so at whatever hour the demo is made.  Source: invented; no such people or firms. */
#ifndef PEDEL_BIN_DEMO_STORY_H
#define PEDEL_BIN_DEMO_STORY_H
#include <stdint.h>

enum { DEMO_BACK = -1 };
struct demo_person { const char *login, *name, *role; };
struct demo_contact { const char *name, *email, *role; };       /* email without its domain */
struct demo_customer {
	const char *name, *cvr, *domain, *street, *postcode, *city, *lang;
	int drive_minutes, hours_per_month;                     /* hours 0: no service agreement */
	const char *services;                                   /* keys, space between; support is always there */
	struct demo_contact contacts[4];
};
/* One thing said or done on a ticket. who: "c" the contact, a login, or "" for the system. */
struct demo_step {
	int day, at;
	const char *who, *what;                 /* say | note | take | solve | close | wait | third | reopen | time */
	const char *text;                       /* say, note: words. time: note. take and the like: said along with it */
	const char *activity;
	int minutes, drive_minutes;             /* time: work, and driving each way */
};
struct demo_ticket {
	int customer, contact;                  /* indexes */
	const char *subject, *body, *type, *priority, *channel;
	int day, at;
	struct demo_step steps[8];              /* ends where what is NULL */
};
extern const struct demo_person demo_people[];          /* end with {0} */
extern const struct demo_customer demo_customers[];
extern const struct demo_ticket demo_tickets[];
#define DEMO_PASSWORD "pedel-demo-2026"
#endif
