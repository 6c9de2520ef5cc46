/* wait.h - a thread waits for another, or for a moment, by the clock that nobody sets: when the machine's clock is put back an
 * hour, nothing sleeps an hour longer.
 *
 * Ownership:  the condition is the caller's; pthread_cond_destroy() ends it.   Errors: none.
 * Units:      microseconds of os_steady_us().     Threads: any.     Source: pthread_condattr_setclock(3). */
#ifndef PEDEL_OS_WAIT_H
#define PEDEL_OS_WAIT_H
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
void os_cond_begin(pthread_cond_t *c);          /* instead of pthread_cond_init(); only for os_cond_wait() */
/* lock is held. False when until_us has passed; true when it was woken, perhaps for nothing: look again. */
bool os_cond_wait(pthread_cond_t *c, pthread_mutex_t *lock, int64_t until_us);
#endif
