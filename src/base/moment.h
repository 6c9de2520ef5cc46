/* moment.h - points in time, calendar days and months, in Europe/Copenhagen.
 *
 * Units:      a moment is int64 microseconds since 1970-01-01 UTC; a day is int32 days since 1970-01-01; a month is
 *             int32 months since 1970-01 (year * 12 + month - 1 - 1970 * 12). Durations are minutes or _us.
 * Ownership:  plain values; texts in the arena given; names of months are constant.
 * Errors:     of the three that parse: E_DATE_INVALID, E_TIME_INVALID, E_MONTH_INVALID, with the field.
 * Threads:    any, after moment_zone() was called once in main.
 * Source:     ISO 8601, RFC 3339; the zone's rules come from the system's tzdata. */
#ifndef PEDEL_BASE_MOMENT_H
#define PEDEL_BASE_MOMENT_H
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/err.h"
#include "base/lang.h"

#define MOMENT_SECOND INT64_C(1000000)
#define MOMENT_MINUTE (60 * MOMENT_SECOND)
#define MOMENT_HOUR   (60 * MOMENT_MINUTE)
#define MOMENT_DAY    (24 * MOMENT_HOUR)        /* 24 hours: not always a calendar day */
#define MOMENT_NEVER  INT64_MAX

struct civil { int year, month, day, hour, minute, second, micro, weekday; };   /* month 1-12; weekday 1 = Monday */

void moment_zone(void);                                 /* process-wide: Europe/Copenhagen. Once, before threads */
struct civil moment_local(int64_t t);                   /* wall clock in the zone */
struct civil moment_utc(int64_t t);
/* Wall clock to moment. A time that does not exist (spring) is moved forward; one that is twice (autumn) is the first. */
int64_t moment_from_local(int year, int month, int day, int hour, int minute, int second);
int64_t moment_from_utc(int year, int month, int day, int hour, int minute, int second);

int32_t day_of(int64_t t);                              /* local calendar day */
int32_t day_from(int year, int month, int day);         /* proleptic Gregorian */
struct civil day_civil(int32_t day);                    /* hour..micro are 0 */
int64_t day_start(int32_t day);                         /* 00:00 local */
bool    day_valid(int year, int month, int day);
int     day_week(int32_t day);                          /* ISO week number */

int32_t month_of(int64_t t);                            /* local month */
int32_t month_of_day(int32_t day);
int32_t month_from(int year, int month);
int32_t month_first_day(int32_t month);
int     month_days(int32_t month);
int64_t month_start(int32_t month);                     /* 00:00 local on the 1st */
const char *month_name(enum lang l, int month);         /* 1-12: "november", "November" */
const char *month_short(int month);                     /* 1-12, English only: "Nov". Danish writes days with figures */

/* ISO texts for API and storage. */
char *moment_iso(struct arena *a, int64_t t);           /* 2026-11-24T09:24:00+01:00, local offset */
char *day_iso(struct arena *a, int32_t day);            /* 2026-11-24 */
char *month_iso(struct arena *a, int32_t month);        /* 2026-11 */
/* RFC 3339 with seconds optional and an offset or Z; without one it is local time. Fractions count to the microsecond. */
int moment_parse(const char *s, const char *field, int64_t *t, struct err *e);
int day_parse(const char *s, const char *field, int32_t *day, struct err *e);       /* YYYY-MM-DD */
int month_parse(const char *s, const char *field, int32_t *month, struct err *e);   /* YYYY-MM */
char *moment_rfc5322(struct arena *a, int64_t t);       /* mail's Date */
char *moment_http(struct arena *a, int64_t t);          /* Sun, 06 Nov 1994 08:49:37 GMT */
#endif
