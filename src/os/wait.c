#include "os/wait.h"
#include <errno.h>
#include <time.h>

void os_cond_begin(pthread_cond_t *c)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(c, &attr);
	pthread_condattr_destroy(&attr);
}

bool os_cond_wait(pthread_cond_t *c, pthread_mutex_t *lock, int64_t until_us)
{
	struct timespec t = { .tv_sec = (time_t)(until_us / 1000000), .tv_nsec = (long)(until_us % 1000000) * 1000 };

	return pthread_cond_timedwait(c, lock, &t) != ETIMEDOUT;
}
