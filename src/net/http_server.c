#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/fault.h"
#include "net/http_inside.h"
#include "net/listen.h"
#include "net/tls.h"
#include "os/clock.h"
#include "os/file.h"

enum { ACCEPT_BUDGET = 64, PEER_SLOTS = 4096 };

/* How many connections an address has. An IPv6 customer owns a whole /64, so that counts as one. */
struct http_peer { struct http_peer *next; struct in6_addr who; int n; };

static struct in6_addr peer_key(struct in6_addr a)
{
	if (!IN6_IS_ADDR_V4MAPPED(&a))
		memset(a.s6_addr + 8, 0, 8);
	return a;
}

static struct http_peer **peer_find(struct http_server *s, const struct in6_addr *who)
{
	uint32_t h = 2166136261u;
	struct http_peer **at;

	for (int i = 0; i < 16; i++)
		h = (h ^ who->s6_addr[i]) * 16777619u;
	for (at = &s->peers[h % PEER_SLOTS]; *at && memcmp(&(*at)->who, who, sizeof *who) != 0; at = &(*at)->next)
		;
	return at;
}

/* Room for one more, in all and from this address? Then it is counted. */
static bool count(struct http_server *s, const struct in6_addr *address, bool by_address)
{
	struct in6_addr who = peer_key(*address);
	struct http_peer **at;
	bool ok = false;

	pthread_mutex_lock(&s->count_lock);
	if (s->nconns >= s->c.max_connections)
		goto out;
	if (by_address) {
		at = peer_find(s, &who);
		if (!*at) {
			*at = calloc(1, sizeof **at);
			if (!*at)
				goto out;
			(*at)->who = who;
		}
		if ((*at)->n >= s->c.max_per_address)
			goto out;
		(*at)->n++;
	}
	s->nconns++;
	ok = true;
out:
	pthread_mutex_unlock(&s->count_lock);
	return ok;
}

void http_uncount(struct http_conn *c)
{
	struct http_server *s = c->thread->server;
	struct in6_addr who = peer_key(c->who);
	struct http_peer **at, *gone;

	pthread_mutex_lock(&s->count_lock);
	at = c->counted ? peer_find(s, &who) : NULL;
	if (at && *at && --(*at)->n == 0) {
		gone = *at;
		*at = gone->next;
		free(gone);
	}
	s->nconns--;
	pthread_cond_broadcast(&s->count_less);
	pthread_mutex_unlock(&s->count_lock);
}

/* ---- accepting ---- */

struct arrival { struct loop_task task; struct http_thread *t; int fd; bool counted; struct in6_addr who; char address[48]; };

static void on_arrival(struct loop_task *task)
{
	struct arrival *a = (struct arrival *)(void *)task;

	http_conn_open(a->t, a->fd, &a->who, a->address, a->counted);
	http_conn_reap(a->t);
	free(a);
}

static bool is_named(const struct http_server *s, const char *address)
{
	for (const char *const *p = s->c.proxies; p && *p; p++)
		if (strcmp(*p, address) == 0)
			return true;
	return false;
}

static void admit(struct http_thread *t, int fd, const struct sockaddr_storage *from)
{
	static const char busy[] = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 5\r\nConnection: close\r\n\r\n";
	struct http_server *s = t->server;
	struct http_thread *to = &s->thread[s->next_thread++ % s->nthreads];
	struct in6_addr who = { 0 };
	char address[48] = "";
	struct arrival *a;
	int on = 1;
	bool by_address;

	if (from->ss_family == AF_INET) {
		who.s6_addr[10] = who.s6_addr[11] = 0xff;
		memcpy(who.s6_addr + 12, &((const struct sockaddr_in *)from)->sin_addr, 4);
	} else if (from->ss_family == AF_INET6) {
		who = ((const struct sockaddr_in6 *)from)->sin6_addr;
	}
	if (IN6_IS_ADDR_V4MAPPED(&who))
		inet_ntop(AF_INET, who.s6_addr + 12, address, sizeof address);
	else
		inet_ntop(AF_INET6, &who, address, sizeof address);
	by_address = !(IN6_IS_ADDR_V4MAPPED(&who) && who.s6_addr[12] == 127) && !IN6_IS_ADDR_LOOPBACK(&who) && !is_named(s, address);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (!count(s, &who, by_address)) {
		if (!s->tls)
			(void)!send(fd, busy, sizeof busy - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
		close(fd);
		return;
	}
	if (to == t) {
		http_conn_open(t, fd, &who, address, by_address);
		return;
	}
	a = calloc(1, sizeof *a);
	if (!a) {
		http_conn_open(t, fd, &who, address, by_address);
		return;
	}
	a->task.run = on_arrival;
	a->t = to;
	a->fd = fd;
	a->who = who;
	a->counted = by_address;
	memcpy(a->address, address, sizeof address);
	loop_post(to->loop, &a->task);
}

static void on_listen(evutil_socket_t listen_fd, short what, void *arg)
{
	struct http_thread *t = arg;
	struct timeval pause = { .tv_usec = 100000 };
	struct sockaddr_storage from;
	socklen_t n;
	int fd;

	for (int i = 0; i < ACCEPT_BUDGET; i++) {
		n = sizeof from;
		fd = fault_hit("accept") ? (errno = EMFILE, -1) : accept4(listen_fd, (struct sockaddr *)&from, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			admit(t, fd, &from);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
			event_del(&t->listen);          /* else the loop spins; those who wait stay in the kernel's queue */
			event_add(&t->again, &pause);
		}
		if (errno != EINTR && errno != ECONNABORTED)
			break;
	}
	http_conn_reap(t);
}

static void on_again(evutil_socket_t fd, short what, void *arg)
{
	struct http_thread *t = arg;

	if (t->listening)
		event_add(&t->listen, NULL);
}

static void on_tick(evutil_socket_t fd, short what, void *arg) { http_conn_tick(arg, os_steady_us()); }

/* ---- workers ---- */

bool http_submit(struct http_server *s, struct http_job *j)
{
	struct http_worker *w;
	bool ok = true;

	j->next = NULL;
	pthread_mutex_lock(&s->queue_lock);
	w = s->idle;                    /* one request wakes one worker */
	if (s->quit) {
		w = NULL;
		ok = false;
	} else if (w) {
		s->idle = w->next;
		w->job = j;
	} else if (s->queued < s->queue_max) {
		*s->last = j;
		s->last = &j->next;
		s->queued++;
	} else {
		ok = false;
	}
	pthread_mutex_unlock(&s->queue_lock);
	if (w)
		pthread_cond_signal(&w->wake);
	return ok;
}

static struct http_job *next_job(struct http_worker *w)
{
	struct http_server *s = w->server;
	struct http_job *j;

	pthread_mutex_lock(&s->queue_lock);
	j = s->first;
	if (j) {
		s->first = j->next;
		if (!s->first)
			s->last = &s->first;
		s->queued--;
	} else if (!s->quit) {
		w->next = s->idle;
		s->idle = w;
		while (!w->job && !s->quit)
			pthread_cond_wait(&w->wake, &s->queue_lock);
		j = w->job;
		w->job = NULL;
	}
	pthread_mutex_unlock(&s->queue_lock);
	return j;
}

static void work(struct http_server *s, struct http_job *j, void *worker, struct http_pack *pack)
{
	j->rq.worker = worker;
	if (arena_trap(j->a)) {
		http_answer_memory(j);
		arena_trap_clear(j->a);
		return;
	}
	s->c.handle(&j->rq, &j->rs, s->c.arg);
	if (arena_trap(j->a)) {                 /* the handler may have set a trap of its own, which is gone now */
		http_answer_memory(j);
	} else {
		http_answer(j, pack, atomic_load_explicit(&s->draining, memory_order_relaxed));
		if (j->rs.keep && s->c.encoded)
			s->c.encoded(&j->rq, &j->rs, s->c.arg);
	}
	arena_trap_clear(j->a);
}

static void *run_worker(void *arg)
{
	struct http_worker *w = arg;
	struct http_server *s = w->server;
	struct http_pack *pack = http_pack_begin();
	void *worker = s->c.worker_begin ? s->c.worker_begin(s->c.arg) : NULL;
	struct http_thread *t;
	struct http_job *j;

	while (pack && (j = next_job(w)) != NULL) {
		work(s, j, worker, pack);
		t = j->conn->thread;            /* after a finish the job is no longer ours to look at */
		if (!http_conn_finish(j))
			loop_post(t->loop, &j->done);
	}
	if (s->c.worker_end)
		s->c.worker_end(worker);
	http_pack_end(pack);
	return NULL;
}

/* ---- starting ---- */

static int begin_thread(struct http_server *s, struct http_thread *t, struct err *e)
{
	int64_t least = s->header_us < s->body_us ? s->header_us : s->body_us, tick;
	struct timeval every;

	if (s->idle_us < least)
		least = s->idle_us;
	tick = least / 8 < 5000 ? 5000 : least / 8 > 500000 ? 500000 : least / 8;
	every = (struct timeval){ .tv_sec = 0, .tv_usec = tick };
	t->server = s;
	t->scratch = malloc(HTTP_SCRATCH);
	t->buffer = malloc(STREAM_BUFFER);
	t->pack = http_pack_begin();
	if (!t->scratch || !t->buffer || !t->pack)
		return FAIL(e, E_MEMORY_LIMIT, "net thread");
	if (loop_begin(&t->loop, e) != 0)
		return -1;
	event_assign(&t->tick, loop_base(t->loop), -1, EV_PERSIST, on_tick, t);
	event_add(&t->tick, &every);
	event_assign(&t->again, loop_base(t->loop), -1, 0, on_again, t);
	event_assign(&t->listen, loop_base(t->loop), s->listen_fd, EV_READ | EV_PERSIST, on_listen, t);
	if (t == s->thread) {
		event_add(&t->listen, NULL);
		t->listening = true;
	}
	return 0;
}

static void defaults(struct http_server *s)
{
	struct http_config *c = &s->c;
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	s->nthreads = c->net_threads > 0 ? c->net_threads : cores > 3 ? (int)cores / 2 : 1;
	c->workers = c->workers > 0 ? c->workers : 8;
	s->queue_max = c->queue_max > 0 ? c->queue_max : 1024;
	c->max_connections = c->max_connections > 0 ? c->max_connections : 10000;
	c->max_per_address = c->max_per_address > 0 ? c->max_per_address : 256;
	c->arena_bytes = c->arena_bytes > 0 ? c->arena_bytes : 16 << 20;
	s->header_us = (int64_t)(c->header_ms > 0 ? c->header_ms : 10000) * 1000;
	s->body_us = (int64_t)(c->body_ms > 0 ? c->body_ms : 30000) * 1000;
	s->idle_us = (int64_t)(c->idle_ms > 0 ? c->idle_ms : 75000) * 1000;
}

static void stop_workers(struct http_server *s)
{
	pthread_mutex_lock(&s->queue_lock);
	s->quit = true;
	for (int i = 0; i < s->nworkers; i++)
		pthread_cond_signal(&s->worker[i].wake);
	pthread_mutex_unlock(&s->queue_lock);
	for (int i = 0; i < s->nworkers; i++)
		pthread_join(s->worker[i].thread, NULL);
}

static void free_all(struct http_server *s)
{
	struct http_job *j;

	stop_workers(s);
	for (int i = 0; s->thread && i < s->nthreads; i++)
		loop_stop(s->thread[i].loop);
	for (int i = 0; s->thread && i < s->nthreads; i++) {
		struct http_thread *t = &s->thread[i];

		while (t->conns)
			http_conn_close(t->conns);
		http_conn_reap(t);
		while ((j = t->spare) != NULL) {
			t->spare = j->next;
			arena_end(j->a);
			free(j);
		}
		if (t->loop) {
			event_del(&t->tick);
			event_del(&t->again);
			event_del(&t->listen);
		}
		loop_end(t->loop);
		http_pack_end(t->pack);
		free(t->scratch);
		free(t->buffer);
	}
	for (int i = 0; i < s->nworkers; i++)   /* only now does no net thread signal any more */
		pthread_cond_destroy(&s->worker[i].wake);
	if (s->own_listen_fd)
		close(s->listen_fd);
	tls_end(s->tls);
	pthread_mutex_destroy(&s->queue_lock);
	pthread_mutex_destroy(&s->count_lock);
	pthread_cond_destroy(&s->count_less);
	free(s->thread);
	free(s->worker);
	free(s->peers);
	free(s);
}

int http_start(const struct http_config *c, struct http_server **out, struct err *e)
{
	struct http_server *s = calloc(1, sizeof *s);
	pthread_condattr_t steady;

	if (!s)
		return FAIL(e, E_MEMORY_LIMIT, "server");
	s->c = *c;
	s->listen_fd = -1;
	s->last = &s->first;
	pthread_mutex_init(&s->queue_lock, NULL);
	pthread_mutex_init(&s->count_lock, NULL);
	pthread_condattr_init(&steady);
	pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
	pthread_cond_init(&s->count_less, &steady);
	pthread_condattr_destroy(&steady);
	defaults(s);
	s->thread = calloc((size_t)s->nthreads, sizeof *s->thread);
	s->worker = calloc((size_t)s->c.workers, sizeof *s->worker);
	s->peers = calloc(PEER_SLOTS, sizeof(struct http_peer *));
	if (!s->thread || !s->worker || !s->peers) {
		FAIL(e, E_MEMORY_LIMIT, "server");
		goto bad;
	}
	if (c->tls_cert && tls_server(c->tls_cert, c->tls_key ? c->tls_key : "", &s->tls, e) != 0)
		goto bad;
	if (c->listen) {
		if (listen_open(c->listen, &s->listen_fd, e) != 0)
			goto bad;
		s->own_listen_fd = true;
	} else {
		s->listen_fd = c->listen_fd;
	}
	if (c->tmp_folder)
		os_sweep_folder(c->tmp_folder, "body-");
	for (int i = 0; i < s->nthreads; i++)
		if (begin_thread(s, &s->thread[i], e) != 0)
			goto bad;
	for (; s->nworkers < s->c.workers; s->nworkers++) {
		struct http_worker *w = &s->worker[s->nworkers];

		w->server = s;
		pthread_cond_init(&w->wake, NULL);
		if (loop_thread(&w->thread, run_worker, w, e) != 0)
			goto bad;
	}
	for (int i = 0; i < s->nthreads; i++)
		if (loop_start(s->thread[i].loop, e) != 0)
			goto bad;
	*out = s;
	return 0;
bad:
	free_all(s);
	return -1;
}

int http_port(const struct http_server *s) { return listen_port(s->listen_fd); }
int http_listen_fd(const struct http_server *s) { return s->listen_fd; }

/* ---- stopping ---- */

struct drain { struct loop_task task; struct http_thread *t; bool idle_too; };

static void on_drain(struct loop_task *task)
{
	struct drain *d = (struct drain *)(void *)task;
	struct http_thread *t = d->t;

	if (t->listening)
		event_del(&t->listen);
	t->listening = false;
	http_conn_drain(t, d->idle_too);
	free(d);
}

static void drain(struct http_server *s, int wait_ms, bool idle_too)
{
	struct timespec until;
	struct drain *d;

	atomic_store(&s->draining, true);
	for (int i = 0; i < s->nthreads; i++) {
		d = calloc(1, sizeof *d);
		if (!d)
			continue;
		*d = (struct drain){ .task.run = on_drain, .t = &s->thread[i], .idle_too = idle_too };
		loop_post(s->thread[i].loop, &d->task);
	}
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += wait_ms / 1000;
	until.tv_nsec += (long)(wait_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	pthread_mutex_lock(&s->count_lock);
	while (s->nconns > 0 && pthread_cond_timedwait(&s->count_less, &s->count_lock, &until) == 0)
		;
	pthread_mutex_unlock(&s->count_lock);
}

void http_drain(struct http_server *s, int wait_ms) { drain(s, wait_ms, false); }

void http_stop(struct http_server *s, int wait_ms)
{
	if (!s)
		return;
	drain(s, wait_ms, true);
	free_all(s);
}
