/* web.h - one request as a handler sees it: who asks, in which language, with which form; and how to answer.
 *
 * A handler is `int run(struct web *w, struct err *e)`: it writes a page into w->out with a template, or calls one of
 * web_redirect/web_json/web_file, and returns 0; on -1 the dispatcher answers with the error (page or JSON, right status).
 * w->db is a read-only snapshot for the whole request; after a db_write() call web_refresh() to see what was written.
 * Ownership:  everything lives in w->a until the answer is sent.
 * Errors:     as each function says; form checks give kinds ERR_INPUT with the field's name.
 * Units:      us, bytes.     Threads: one worker.     Source: architecture, section 7; ui.md, section 2. */
#ifndef PEDEL_WEB_WEB_H
#define PEDEL_WEB_WEB_H
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/lang.h"
#include "core/catalogue.h"
#include "core/role.h"
#include "core/service.h"
#include "net/http.h"
#include "store/blob.h"
#include "store/db.h"

struct web;
struct api_doc;         /* api.h */
typedef int web_handler(struct web *w, struct err *e);

/* One row per method and address: what is not in the tables is 404. {id} is digits, {key} is [a-z0-9._-]+, {month} YYYY-MM. */
struct web_route {
	const char *method, *pattern;
	unsigned roles;                 /* ROLE_ bits: who may. The dispatcher alone checks it */
	web_handler *run;
	int64_t body_bytes;             /* most; 0: 1 MB */
	bool body_to_file;              /* uploads: streamed to disk */
	const struct api_doc *doc;      /* /api/ routes: what openapi.json says of it; its scope */
	bool keep;                      /* a GET whose page depends on nothing but what kept.h names: it may be sent again */
};

struct web_match;       /* dispatch.h */
/* What every handler may use; one per process, read-only but for what db does inside. */
struct web_app {
	struct db *db;
	struct blobs blobs;
	const struct catalogue *catalogue;
	const struct service *const *services;          /* NULL-terminated */
	const struct web_route *const *tables;          /* NULL-terminated list of tables, each ends with {0} */
	const char *data_folder;
	const char *origin;                             /* "https://desk.example.dk", for every link that leaves; "": none may. Never from Host */
	bool origin_own;                                /* not configured: it is the loopback address we listen at */
	void (*wake)(void *arg, const char *what);      /* "outbox" "mail" "promises": something is waiting. Never NULL */
	void *wake_arg;
	/* Turn a document into PDF in the confined process (wire/conv.h says the request). NULL until it is wired. */
	int (*make_pdf)(void *arg, struct arena *a, json_t *document, const void **pdf, size_t *n, struct err *e);
	void *pdf_arg;
	/* Fills w->rail before a console or portal page is drawn. NULL: nothing is shown there. */
	void (*rail)(struct web *w);
	struct web_guard *guard;                        /* rate limits, password pool (guard.h) */
	struct health *health;                          /* what is wrong around us (health.h); NULL in some tests */
	void *live;                                     /* presence and live hints (live.h) */
	struct kept *kept;                              /* kept pages (kept.h); NULL: every page is made anew */
	const struct web_match *match;                  /* the tables, compiled by web_start() */
};

struct web {
	struct arena *a;
	const struct web_app *app;
	struct http_request *rq;
	struct http_response *rs;
	struct db_conn *db;
	const struct web_route *route;
	const char *param[4];           /* the {...} of the pattern, in order, as text */
	struct actor who;               /* role ROLE_NOBODY when not signed in */
	enum lang lang;
	const char *theme;              /* "auto" | "light" | "dark" */
	const char *csrf;               /* token for forms; "" until a stranger's form asks for one */
	bool api;                       /* answers are JSON */
	bool hx;                        /* an htmx request: answer with the fragment hx_target asks for */
	const char *hx_target;          /* id of the element, "" when not hx */
	int64_t now;
	int32_t today;                  /* day_of(now) */
	struct web_provider { const char *name, *phone, *hours; } provider;     /* for the frames; "" when not set */
	struct web_rail { int64_t tickets, broken, needs; int64_t timer_ticket, timer_minutes; bool keys; } rail;     /* 0: not shown */
	const char *frame;              /* which menu item is current */
	struct buf out;                 /* the page */
	struct web_form *form;          /* parsed body; made by web_field() at first use */
	struct web_own *own;            /* the web floor's own: the session, the token's scopes */
	struct web_page *page;          /* the page may be kept (kept.h); NULL: it will not be */
	struct web_error { const char *field; enum err_id id; const char *detail; } error[16]; int nerrors;
	bool again;                     /* the form is shown again with what was typed, though nothing is wrong with it */
};

/* the route's parameters and the query */
int64_t     web_param_id(const struct web *w, int i);                   /* {id}: 0 when it does not fit (then nothing is found) */
const char *web_query(struct web *w, const char *name);                 /* decoded, repaired UTF-8; NULL when absent */

/* the form (urlencoded or multipart); values are valid UTF-8, line ends are \n */
const char *web_field(struct web *w, const char *name);                 /* first value; NULL when absent */
int         web_field_all(struct web *w, const char *name, const char *const **values);
struct web_upload { const char *name, *mime; const void *p; int64_t bytes; };    /* name: without folders; p: until the answer is sent */
int         web_uploads(struct web *w, const char *field, struct web_upload **out);     /* how many files of that field */
int         web_form_check(struct web *w, struct err *e);               /* the body could be read as a form at all; the dispatcher asks */
/* Collect what is wrong with a form, then show it again: a page written with errors is sent with status 422. */
void        web_wrong(struct web *w, const struct err *e);              /* note it; its field says where */
/* All that checks kept: noted; -1 with *e when some of it is not the person's to mend. */
int         web_wrong_all(struct web *w, const struct err_list *all, struct err *e);
/* Something the person can mend is noted (true: show the form again); the rest is the dispatcher's. */
bool        web_mendable(struct web *w, const struct err *e);
/* The error's sentence; a text with %s names the detail in it (a day as people write it). */
const char *web_said(struct arena *a, enum lang lang, enum err_id id, const char *detail);
const char *web_wrong_text(const struct web *w, const char *field);     /* sentence in w->lang; NULL when nothing is wrong with it */

/* answering */
int  web_redirect(struct web *w, const char *to);                       /* 303; with htmx HX-Redirect. Always 0 */
int  web_json(struct web *w, int status, json_t *v);                    /* takes v over. Always 0 */
int  web_download(struct web *w, const char *path, const char *mime, const char *name, bool inline_safe);
void web_status(struct web *w, int status);
int  web_refresh(struct web *w, struct err *e);                         /* a snapshot that sees own writes */
int  web_write(struct web *w, db_job *job, void *arg, struct err *e);   /* db_write on the app's database */
bool web_origin_fits(struct web *w);                                    /* app->origin leads whoever is asking here, so it may stand in a link to them */
const char *web_asked_origin(struct web *w);                            /* what the request calls us: to compare, never to send on */

/* A page of a route with .keep says by what it would come out differently: at a later moment (one that has passed is none;
 * minutes need not be said, no page outlives its minute), or when others than these look at the ticket. */
void web_until(const struct web *w, int64_t at);
void web_kept_seat(struct web *w, int64_t ticket_id, const char *const *others, int n);

/* At most `burst` at once and one more each `each_us`, per what and key ("report", the address): E_TOO_MANY. */
int web_slow_down(struct web *w, const char *what, const char *key, int burst, int64_t each_us, struct err *e);
void web_forgive(struct web *w, const char *what, const char *key, int64_t each_us);      /* the latest one does not count: it was right */
int web_slow_address(struct web *w, const char *what, int burst, int64_t each_us, struct err *e);       /* per address asking; of IPv6 per /64 */

/* JSON body of an API request: an object with only the known keys, types checked by the json_* readers. Belongs to the request. */
int web_body_json(struct web *w, json_t **out, struct err *e);
int json_want_text(json_t *o, const char *key, size_t max, bool required, const char **out, struct err *e);
int json_want_int(json_t *o, const char *key, int64_t min, int64_t max, bool required, int64_t fallback, int64_t *out, struct err *e);
int json_known(json_t *o, const char *const *keys, struct err *e);      /* E_FIELD_UNKNOWN for any other */
/* A list that is always whole: cut to the first ?limit (1-200) of them when that is asked for. Takes v over. */
int web_whole(struct web *w, json_t *v, struct err *e);
/* ?limit (1-200, default 50) and ?cursor of a list. Cursors are opaque to clients. */
int web_page(struct web *w, int *limit, const char **cursor, struct err *e);

/* The text of ui/lang; the English itself when it is missing. The compilers check placeholders through format_arg. */
const char *tr(enum lang lang, const char *english) __attribute__((format_arg(2)));
const char *tr_n(enum lang lang, const char *one, const char *many, int64_t n) __attribute__((format_arg(2), format_arg(3)));
#define _(english) tr(w->lang, english)
#define N_(english) english                             /* marks a text in a table that tr() is given later */
#endif
