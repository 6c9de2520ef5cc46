#include "daemon/bell.h"
#include "net/loop.h"
#include "os/clock.h"
#include "os/wait.h"

int bell_begin(struct bell *b, void *(*work)(void *arg), void *arg, struct err *e)
{
	*b = (struct bell){ .rung = true };
	pthread_mutex_init(&b->lock, NULL);
	os_cond_begin(&b->more);
	if (loop_thread(&b->thread, work, arg, e) == 0)
		return 0;
	pthread_mutex_destroy(&b->lock);
	pthread_cond_destroy(&b->more);
	return -1;
}

enum bell_word bell_wait(struct bell *b, int64_t us, bool deaf)
{
	int64_t until_us = os_steady_us() + us;
	enum bell_word word;

	pthread_mutex_lock(&b->lock);
	while (us > 0 && !b->stopping && (deaf || !b->rung) && os_cond_wait(&b->more, &b->lock, until_us))
		;
	word = b->stopping ? BELL_STOP : b->rung ? BELL_RUNG : BELL_TIME;
	b->rung = false;
	pthread_mutex_unlock(&b->lock);
	return word;
}

bool bell_stopping(struct bell *b)
{
	bool stop;

	pthread_mutex_lock(&b->lock);
	stop = b->stopping;
	pthread_mutex_unlock(&b->lock);
	return stop;
}

void bell_ring(struct bell *b)
{
	pthread_mutex_lock(&b->lock);
	b->rung = true;
	pthread_cond_signal(&b->more);
	pthread_mutex_unlock(&b->lock);
}

void bell_end(struct bell *b)
{
	pthread_mutex_lock(&b->lock);
	b->stopping = true;
	pthread_cond_signal(&b->more);
	pthread_mutex_unlock(&b->lock);
	pthread_join((pthread_t)b->thread, NULL);
	pthread_mutex_destroy(&b->lock);
	pthread_cond_destroy(&b->more);
}
