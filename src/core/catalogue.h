/* catalogue.h - the services, their terms and promises, as texts: catalogue/<key>.md built in, DATA/catalogue/<key>.md
 * on top (a provider's own words or services).
 *
 * Ownership:  everything lives in the arena given to catalogue_load(): as long as the process, in our programs.
 * Errors:     E_CATALOGUE_INVALID with file and line; E_TERM_UNKNOWN, E_FIELD_TYPE, E_TERM_INVALID with the term's key as
 *             field and what is allowed as detail.
 * Units:      terms say theirs; money in øre, durations in minutes.
 * Threads:    read-only after loading.   Source: catalogue/README.md (the format). */
#ifndef PEDEL_CORE_CATALOGUE_H
#define PEDEL_CORE_CATALOGUE_H
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/err.h"
#include "base/lang.h"

enum term_type { TERM_INTEGER, TERM_MINUTES, TERM_MONEY_ORE, TERM_MEGABYTES, TERM_CHOICE, TERM_TEXT, TERM_BOOLEAN, TERM_LIST };
enum party { PARTY_SUPPLIER, PARTY_CUSTOMER };
enum promise_period { PERIOD_ALWAYS, PERIOD_MINUTE, PERIOD_DAY, PERIOD_WEEK, PERIOD_MONTH, PERIOD_QUARTER, PERIOD_YEAR, PERIOD_EVENT };

struct term {
	const char *key;
	enum term_type type;
	const char *unit, *fallback;            /* fallback: the default, as text */
	int64_t min, max;                       /* numbers: limits; text and list: max is bytes or items */
	const char *const *choices;             /* NULL-terminated; NULL when free */
	const char *label[LANG__N], *hint[LANG__N];
};
struct promise {
	const char *key;                        /* "support.help" */
	enum party party;
	enum promise_period period;
	bool live;                              /* a proof measures it; otherwise a person attests it */
	const char *source;
	const char *title[LANG__N];             /* a few words for lists; NULL in texts without one, see promise_title() */
	const char *text[LANG__N];
};
struct catalogue_service {
	const char *key;
	int number, version;
	const char *name[LANG__N], *about[LANG__N];
	const struct term *terms; int nterms;
	const struct promise *promises; int npromises;
	const char *text, *sha256;              /* the file as it is */
};
struct catalogue_kept;
struct catalogue { const struct catalogue_service *services; int nservices; struct catalogue_kept *kept; };     /* kept: catalogue_kept.h; NULL: none */

/* Parse one file's bytes; name is the service's key, the first line must say the same. Limits: 64 kB, 1000 bytes a line, 60 terms, 40 promises. */
int catalogue_parse(struct arena *a, const char *name, const char *text, size_t n, struct catalogue_service *out, struct err *e);
/* The built-in files, then those of folder (may be NULL or absent) over them; ordered by number. */
int catalogue_load(struct arena *a, const char *folder, struct catalogue *out, struct err *e);
const struct catalogue_service *catalogue_find(const struct catalogue *c, const char *key);     /* NULL when there is none */
const struct promise *catalogue_promise(const struct catalogue *c, const char *key, const struct catalogue_service **of);
const char *party_name(enum party p);           /* "supplier" */
const char *period_name(enum promise_period p);
const char *term_type_name(enum term_type t);

/* Check given terms (a JSON object; NULL is {}) against the service; *out is the full object in the catalogue's order, defaults
 * filled in: a new reference that the caller lets go with json_decref(). Numbers are JSON integers, a choice or text is a string,
 * a list is an array of strings. E_TERM_UNKNOWN, E_FIELD_TYPE, E_TERM_INVALID, E_HOURS_INVALID, E_CLOSED_DAY_INVALID; field: the term. */
int terms_check(struct arena *a, const struct catalogue_service *s, json_t *given, json_t **out, struct err *e);
/* The value of a term that was left out, as terms_check() fills it in: a new reference. */
json_t *term_fallback(struct arena *a, const struct term *t);
/* Does something read the text as days and times (service hours, a window), the list as days of the year (closed days)? Such values
 * are checked by their reader (core/calendar.h) and kept in its one form. */
bool term_is_hours(const struct term *t);
bool term_is_days(const struct term *t);
bool term_is_plan(const struct term *t);          /* tasks of plan.h */
/* Reading checked terms: missing keys give the fallback. */
int64_t terms_int(const json_t *terms, const char *key, int64_t fallback);
const char *terms_text(const json_t *terms, const char *key, const char *fallback);
bool terms_bool(const json_t *terms, const char *key, bool fallback);
#endif
