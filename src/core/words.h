/* words.h - figures, days and terms as they stand in an agreement's text: the same on page, in PDF and in the text whose
 * hash was accepted, so a change here is a change of what customers sign.
 *
 * Ownership:  texts in the arena given, or constant.  Errors: none.  Units: øre, minutes, days since 1970.
 * Threads:    any.   Source: ui.md, section 9. */
#ifndef PEDEL_CORE_WORDS_H
#define PEDEL_CORE_WORDS_H
#include <jansson.h>
#include "core/catalogue.h"

const char *words_number(struct arena *a, enum lang l, int64_t n);              /* 1.331 / 1,331 */
const char *words_money(struct arena *a, enum lang l, int64_t ore);             /* 4.750,00 kr. / DKK 4,750.00 */
const char *words_duration(struct arena *a, enum lang l, int64_t minutes);      /* 5 timer; 1 time 15 minutter; 14 døgn */
const char *words_day(struct arena *a, enum lang l, int32_t day);               /* 24.11.2026 / 24 Nov 2026 */
const char *words_cvr(struct arena *a, const char *cvr);                         /* 12 34 56 78 */
const char *words_mark(struct arena *a, const char *hex);                        /* a hash in groups of eight, so that it can be read and broken */
const char *words_hours(struct arena *a, enum lang l, const char *service_hours);       /* "mon-fri 08:00-16:00" in words */
const char *words_choice(struct arena *a, enum lang l, const char *choice);     /* a provider's own choice: as it is, blanks for _ */
bool words_choice_known(const char *choice);
const char *words_unit(const struct term *t, enum lang l);                      /* "minutter", "kr."; "" when there is none */
const char *words_period(enum promise_period p, enum lang l);                   /* how often the proof is due: "hver måned" */
const char *words_party(enum party p, enum lang l);                             /* heading: "Det lover vi" */
/* A term's value for people; v is of the term's type (terms_check), NULL is the default. */
const char *words_value(struct arena *a, enum lang l, const struct term *t, const json_t *v);
/* What is allowed, for a hint: "15 til 10.080 minutter", "2, 5 eller 10"; "" when there is nothing to say. */
const char *words_limits(struct arena *a, enum lang l, const struct term *t);
#endif
