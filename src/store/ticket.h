/* ticket.h - tickets as rows, and lists of them. What may happen to them is core/ticket.h.
 *
 * Ownership:  texts in the arena given.   Errors: E_DB, E_NOT_FOUND, E_TICKET_CHANGED, E_CURSOR_INVALID.
 * Units:      moments us, durations minutes.
 * Threads:    writing functions only inside a db_write() job.   Source: own design. */
#ifndef PEDEL_STORE_TICKET_H
#define PEDEL_STORE_TICKET_H
#include <stdbool.h>
#include <stdint.h>
#include "store/db.h"

struct ticket {
	int64_t id, number, customer_id, contact_id;    /* customer_id 0: not placed yet */
	const char *from_name, *from_email;             /* who reported it, as they said */
	const char *subject, *category, *type, *priority, *state, *channel, *promise;
	const char *dedupe_key;                         /* NULL: none */
	int64_t owner_id, merged_into;                  /* 0: nobody, none */
	bool probe;                                     /* filed by the probe: in no list */
	int64_t created_at, updated_at;
	int64_t response_due_at, solution_due_at, next_due_at, responded_at, solved_at, closed_at;     /* caches of sla_fold() */
	int spent_minutes, version;
	/* read along with it; not written */
	const char *customer_name, *contact_name, *contact_email, *contact_phone, *owner_name;  /* "" when there is none */
	bool unproven;                                  /* nobody has shown that from_email reported it, and none of us has named the contact */
};

/* Who asks: 0 means any. A contact that sees only its own tasks has both. */
struct ticket_scope { int64_t customer_id, contact_id; };

int store_ticket_add(struct db_conn *w, struct ticket *t, struct err *e);       /* fills id and number */
/* Writes every field but id, number, created_at and spent_minutes, if the stored version is still t->version; then
 * t->version is one more. E_TICKET_CHANGED otherwise. */
int store_ticket_set(struct db_conn *w, struct ticket *t, struct err *e);
int store_ticket_get(struct db_conn *c, struct arena *a, struct ticket_scope s, int64_t id, struct ticket *out, struct err *e);
int store_ticket_by_number(struct db_conn *c, struct arena *a, struct ticket_scope s, int64_t number, struct ticket *out, struct err *e);
int store_ticket_by_dedupe(struct db_conn *c, struct arena *a, const char *key, struct ticket *out, struct err *e);
/* Every row that points at `from` points at `to`: merging keeps chains one step long. */
int store_ticket_repoint(struct db_conn *w, int64_t from, int64_t to, struct err *e);
int store_ticket_merged(struct db_conn *c, struct arena *a, int64_t into, struct ticket **out, int *n, struct err *e);
/* Messages, files and time belong to a customer through their ticket: placing a ticket moves them too. */
int store_ticket_place(struct db_conn *w, int64_t id, int64_t customer_id, struct err *e);
int store_ticket_spent(struct db_conn *w, int64_t id, int minutes, struct err *e);     /* the cache of time written on it */

enum ticket_view { VIEW_OPEN, VIEW_MINE, VIEW_UNASSIGNED, VIEW_TODAY, VIEW_WAITING, VIEW_SOLVED, VIEW_UNPLACED, VIEW_ALL, VIEW_OVER };
#define VIEW__N 9      /* VIEW_OVER: solved and closed, not merged */
enum ticket_sort { SORT_DUE, SORT_UPDATED, SORT_NEWEST, SORT_SOLVED };  /* SORT_SOLVED: the latest solved first */
struct ticket_query {
	struct ticket_scope scope;
	enum ticket_view view;
	int64_t me;                     /* VIEW_MINE: whose */
	int64_t today_end;              /* VIEW_TODAY: due before this */
	const char *q;                  /* words; NULL or blank: all */
	int64_t owner_id;               /* 0: any; -1: none */
	const char *state, *priority, *category, *promise;      /* NULL: any; category "": none; promise "broken"/"at_risk" are promise states, else its key */
	int64_t now;
	enum ticket_sort sort;
	const char *after;              /* cursor of the page before; NULL: from the start */
	int limit;
	bool brief;                     /* of each ticket only what the console's lists show; the rest stays 0 and NULL */
};
/* *next is the cursor of what follows, NULL when this was all. */
int store_ticket_list(struct db_conn *c, struct arena *a, const struct ticket_query *q, struct ticket **out, int *n, const char **next,
	struct err *e);
/* How many, counted to at most `most`. */
int store_ticket_count(struct db_conn *c, struct arena *a, const struct ticket_query *q, int most, int *n, struct err *e);
/* Solved long ago: ids to be closed. */
int store_ticket_solved_before(struct db_conn *c, struct arena *a, int64_t before, int limit, int64_t **ids, int *n, struct err *e);

/* people who follow a ticket: kind "person" (ours), "contact" or "email" */
struct watcher { const char *kind; int64_t who_id; const char *name, *email, *lang; };
int store_watcher_add(struct db_conn *w, int64_t ticket_id, int64_t customer_id, const char *kind, int64_t who_id, const char *email, struct err *e);
int store_watcher_remove(struct db_conn *w, int64_t ticket_id, const char *kind, int64_t who_id, const char *email, struct err *e);
int store_watcher_list(struct db_conn *c, struct arena *a, int64_t ticket_id, struct watcher **out, int *n, struct err *e);
int store_watcher_move(struct db_conn *w, int64_t from, int64_t to, struct err *e);

/* Whom a mail reaches. E_NOT_FOUND when inactive or none. */
int store_ticket_contact(struct db_conn *c, struct arena *a, int64_t contact_id, struct watcher *out, int64_t *customer_id, struct err *e);
int store_ticket_person(struct db_conn *c, struct arena *a, int64_t person_id, struct watcher *out, struct err *e);
int store_ticket_contact_by_email(struct db_conn *c, struct arena *a, const char *email, int64_t *contact_id, int64_t *customer_id,
	struct err *e);
/* E_NOT_FOUND; *active: still a customer. */
int store_ticket_customer_is(struct db_conn *c, int64_t customer_id, bool *active, struct err *e);
int store_ticket_customer_lang(struct db_conn *c, struct arena *a, int64_t customer_id, const char **lang, struct err *e);

struct ticket_choice { int64_t id; const char *name; bool former; };   /* for selects, in order of name; former: no longer active */
int store_ticket_customers(struct db_conn *c, struct arena *a, struct ticket_choice **out, int *n, struct err *e);
/* For filters: besides those, who is no longer active but has tickets. */
int store_ticket_customers_all(struct db_conn *c, struct arena *a, struct ticket_choice **out, int *n, struct err *e);
int store_ticket_persons(struct db_conn *c, struct arena *a, struct ticket_choice **out, int *n, struct err *e);
int store_ticket_owners_all(struct db_conn *c, struct arena *a, struct ticket_choice **out, int *n, struct err *e);     /* likewise */
int store_ticket_contacts(struct db_conn *c, struct arena *a, int64_t customer_id, struct ticket_choice **out, int *n, struct err *e);
/* Whose name or address holds the words, whatever the case; people_of: each one's customer. */
int store_ticket_find_people(struct db_conn *c, struct arena *a, const char *words, int limit, struct ticket_choice **customers, int *ncustomers,
	struct ticket_choice **people, int64_t **people_of, int *npeople, struct err *e);

/* saved views and ready answers */
struct saved_view { int64_t id; const char *name, *query; };
int store_view_list(struct db_conn *c, struct arena *a, int64_t person_id, struct saved_view **out, int *n, struct err *e);
int store_view_add(struct db_conn *w, int64_t person_id, const char *name, const char *query, struct err *e);
int store_view_remove(struct db_conn *w, int64_t person_id, int64_t id, struct err *e);
struct ready_answer { int64_t id; const char *name, *body_da, *body_en; };
int store_answer_list(struct db_conn *c, struct arena *a, struct ready_answer **out, int *n, struct err *e);
int store_answer_put(struct db_conn *w, struct ready_answer *r, struct err *e);         /* id 0: a fresh one */
int store_answer_remove(struct db_conn *w, int64_t id, struct err *e);
#endif
