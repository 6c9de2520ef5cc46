/* calendar.h - when the desk is open: agreed service hours, Danish public holidays (computed), agreed closed days.
 *
 * Hours as text:  as people write them: "mon-fri 08:00-16:00; sat 10:00-12:00,13:00-15:00", "man-fre 8-16", "tirsdag 10 til 12",
 *                 "hverdage 8-16", "24/7"; "24:00" ends a day. Closed days as text: "12-24, 12-31" (month first, as they are kept),
 *                 "24.12., 31/12", "24. december", "Dec 24". What cannot be read is refused, never guessed at.
 * Ownership:  plain values; texts in the arena given.
 * Errors:     E_HOURS_INVALID (field "service_hours"), E_CLOSED_DAY_INVALID (field "closed_days").
 * Units:      moments us; work in us of real time, so that an hour that DST doubles counts twice and one it drops not at all.
 *             A span's edge inside the doubled hour is its first pass; inside the dropped one, the moment after it.
 * Threads:    any.   Source: Gregorian Easter (Meeus/Jones/Butcher); store bededag was abolished from 2024 (lov 214/2023). */
#ifndef PEDEL_CORE_CALENDAR_H
#define PEDEL_CORE_CALENDAR_H
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/err.h"
#include "base/lang.h"

#define CALENDAR_SPANS 4
#define CALENDAR_CLOSED 40
struct calendar {
	struct { int16_t from, to; } span[7][CALENDAR_SPANS];   /* minutes of the local day, ascending; [0] is Monday */
	int8_t nspans[7];
	uint16_t closed[CALENDAR_CLOSED];                       /* month * 32 + day */
	int8_t nclosed;
};

int calendar_parse(const char *hours, const char *closed_days, struct calendar *out, struct err *e);
/* Hours alone; over_night: "fri 22-02" goes into Saturday, otherwise it is refused. */
int calendar_hours(const char *text, bool over_night, struct calendar *out, struct err *e);
const char *calendar_hours_text(struct arena *a, const struct calendar *c);     /* as they are kept: "mon-fri 08:00-16:00; sat 10:00-12:00" */
int calendar_closed_day(const char *text, int *month, int *day, struct err *e); /* one of them */
/* mon-fri 08:00-16:00, nothing else closed. */
struct calendar calendar_plain(void);

int32_t calendar_easter(int year);                              /* Easter Sunday as a day */
const char *calendar_holiday(int32_t day, enum lang lang);      /* its name; NULL on an ordinary day */
bool calendar_open(const struct calendar *c, int64_t t);        /* is t inside service hours? */
/* Service time between two moments; 0 when to <= from. */
int64_t calendar_work_us(const struct calendar *c, int64_t from, int64_t to);
/* The first moment at which work_us of service time have passed since t; t itself for 0. MOMENT_NEVER when hours are
 * never open, or not within ten years. */
int64_t calendar_after(const struct calendar *c, int64_t t, int64_t work_us);
/* The first open moment at or after t; MOMENT_NEVER as above. */
int64_t calendar_next_open(const struct calendar *c, int64_t t);
#endif
