#include "net/loop.h"
#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct loop {
	struct event_base *base;
	struct event wake;
	int wake_fd;
	bool running;
	unsigned long thread;
	pthread_mutex_t lock;
	struct loop_task *first, **last;        /* under lock */
	struct loop_task quit;
};

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct loop *l = arg;
	struct loop_task *t, *next;
	uint64_t n;

	if (read(fd, &n, sizeof n) < 0 && errno != EAGAIN)
		return;
	pthread_mutex_lock(&l->lock);
	t = l->first;
	l->first = NULL;
	l->last = &l->first;
	pthread_mutex_unlock(&l->lock);
	for (; t; t = next) {
		next = t->next;
		t->run(t);
	}
}

static void on_quit(struct loop_task *t)
{
	struct loop *l = (struct loop *)((char *)t - offsetof(struct loop, quit));

	event_base_loopbreak(l->base);
}

int loop_begin(struct loop **out, struct err *e)
{
	struct loop *l = calloc(1, sizeof *l);
	struct event_config *conf = event_config_new();

	if (!l || !conf)
		goto bad;
	/* No lock: only the loop's own thread touches the base. */
	event_config_set_flag(conf, EVENT_BASE_FLAG_NOLOCK);
	l->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	l->base = l->wake_fd < 0 ? NULL : event_base_new_with_config(conf);
	if (!l->base)
		goto bad;
	event_config_free(conf);
	l->last = &l->first;
	pthread_mutex_init(&l->lock, NULL);
	event_assign(&l->wake, l->base, l->wake_fd, EV_READ | EV_PERSIST, on_wake, l);
	event_add(&l->wake, NULL);
	*out = l;
	return 0;
bad:
	FAIL(e, E_OS_CALL, "event loop: %s", strerror(errno));
	if (conf)
		event_config_free(conf);
	if (l && l->wake_fd > 0)
		close(l->wake_fd);
	free(l);
	return -1;
}

int loop_thread(unsigned long *thread, void *(*run)(void *), void *arg, struct err *e)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(thread, NULL, run, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc ? FAIL(e, E_OS_CALL, "thread: %s", strerror(rc)) : 0;
}

static void *run(void *arg)
{
	struct loop *l = arg;

	event_base_loop(l->base, EVLOOP_NO_EXIT_ON_EMPTY);
	return NULL;
}

int loop_start(struct loop *l, struct err *e)
{
	if (loop_thread(&l->thread, run, l, e) != 0)
		return -1;
	l->running = true;
	return 0;
}

struct event_base *loop_base(struct loop *l) { return l->base; }

void loop_post(struct loop *l, struct loop_task *t)
{
	uint64_t one = 1;
	bool wake;

	t->next = NULL;
	pthread_mutex_lock(&l->lock);
	wake = l->first == NULL;        /* else somebody has woken it already and it has not looked yet */
	*l->last = t;
	l->last = &t->next;
	pthread_mutex_unlock(&l->lock);
	while (wake && write(l->wake_fd, &one, sizeof one) < 0 && errno == EINTR)
		;
}

void loop_stop(struct loop *l)
{
	if (!l || !l->running)
		return;
	l->quit.run = on_quit;
	loop_post(l, &l->quit);
	pthread_join(l->thread, NULL);
	l->running = false;
}

void loop_end(struct loop *l)
{
	if (!l)
		return;
	on_wake(l->wake_fd, 0, l);              /* tasks posted after the stop still own things */
	event_del(&l->wake);
	event_base_free(l->base);
	close(l->wake_fd);
	pthread_mutex_destroy(&l->lock);
	free(l);
}
