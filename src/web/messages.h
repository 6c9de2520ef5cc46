/* messages.h - the table that tools/messages.py makes of ui/lang. Only tr.c reads it.
 * Ownership: constants.  Errors: none.  Units: none.  Threads: any.  Source: ui/lang, gettext's .po. */
#ifndef PEDEL_WEB_MESSAGES_H
#define PEDEL_WEB_MESSAGES_H
#include <stdint.h>
#include "base/lang.h"
struct message { const char *english; const char *text[LANG__N][2]; };  /* one, many; sorted by bytes of english */
extern const struct message messages[];         /* ends with NULL */
/* Where a text stands: at FNV-1a of its bytes modulo messages_slots (a power of two), or in the next slots; -1: nowhere. */
extern const int messages_slots;
extern const int16_t messages_at[];
#endif
