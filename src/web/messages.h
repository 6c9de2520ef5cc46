/* messages.h - the table that tools/messages.py makes of ui/lang. Only tr.c reads it. Threads: constant. */
#ifndef PEDEL_WEB_MESSAGES_H
#define PEDEL_WEB_MESSAGES_H
#include "base/lang.h"
struct message { const char *english; const char *text[LANG__N][2]; };  /* one, many; sorted by bytes of english */
extern const struct message messages[];
extern const int messages_n;
#endif
