/* bell.h - a thread that works, sleeps, and is rung for: the beginning and end that every job behind the pages shares.
 *
 * Ownership:  struct bell lies in the job's own state, and is begun and ended by it.
 * Errors:     E_OS_CALL; after -1 there is nothing to end.   Units: _us.
 * Threads:    bell_wait and bell_stopping from the thread itself; bell_ring from any; bell_end from whoever began.
 * Source:     own design. */
#ifndef PEDEL_DAEMON_BELL_H
#define PEDEL_DAEMON_BELL_H
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"

struct bell {
	unsigned long thread;
	pthread_mutex_t lock;
	pthread_cond_t more;
	bool stopping, rung;
};
/* Starts the thread, as if it had been rung for: what waited while nobody was there. */
int bell_begin(struct bell *b, void *(*work)(void *arg), void *arg, struct err *e);
enum bell_word { BELL_STOP, BELL_TIME, BELL_RUNG };
/* Sleeps for so long, or until it is rung for; deaf: rings wake nobody. 0: not at all. Rings of before and meanwhile are answered by it. */
enum bell_word bell_wait(struct bell *b, int64_t us, bool deaf);
bool bell_stopping(struct bell *b);
void bell_ring(struct bell *b);
void bell_end(struct bell *b);          /* returns when the thread has */
#endif
