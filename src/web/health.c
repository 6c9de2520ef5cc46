#include "web/health.h"
#include <pthread.h>
#include <string.h>

struct health {
	pthread_mutex_t lock;
	uint64_t turn;
	struct health_line line[HEALTH__N];     /* since 0: nothing is wrong */
};

struct health *health_begin(struct arena *a)
{
	struct health *h = ARENA_NEW(a, struct health);

	pthread_mutex_init(&h->lock, NULL);
	return h;
}

void health_bad(struct health *h, enum health_kind kind, const struct err *e, int64_t now)
{
	struct health_line *l;

	if (!h)
		return;
	pthread_mutex_lock(&h->lock);
	l = &h->line[kind];
	l->kind = kind;
	h->turn += l->since == 0 || l->id != e->id;
	l->since = l->since ? l->since : now;
	l->id = e->id;
	snprintf(l->detail, sizeof l->detail, "%s", e->detail);
	pthread_mutex_unlock(&h->lock);
}

void health_good(struct health *h, enum health_kind kind)
{
	if (!h)
		return;
	pthread_mutex_lock(&h->lock);
	h->turn += h->line[kind].since != 0;
	h->line[kind].since = 0;
	pthread_mutex_unlock(&h->lock);
}

void health_note(struct health *h, const struct err *e, int64_t now)
{
	switch (e->id) {
	case E_OUT_OF_SPACE:
	case E_ACCESS_REFUSED:
		health_bad(h, HEALTH_DISK, e, now);
		break;
	case E_DB_DOWN:
	case E_DB:
		health_bad(h, HEALTH_DB, e, now);
		break;
	case E_CONV_AWAY:
		health_bad(h, HEALTH_CONV, e, now);
		break;
	default:
		break;
	}
}

bool health_is_bad(struct health *h, enum health_kind kind)
{
	bool bad;

	if (!h)
		return false;
	pthread_mutex_lock(&h->lock);
	bad = h->line[kind].since != 0;
	pthread_mutex_unlock(&h->lock);
	return bad;
}

uint64_t health_turn(struct health *h)
{
	uint64_t turn;

	if (!h)
		return 0;
	pthread_mutex_lock(&h->lock);
	turn = h->turn;
	pthread_mutex_unlock(&h->lock);
	return turn;
}

int health_lines(struct health *h, struct health_line out[HEALTH__N])
{
	int n = 0;

	if (!h)
		return 0;
	pthread_mutex_lock(&h->lock);
	for (int i = 0; i < HEALTH__N; i++)
		if (h->line[i].since)
			out[n++] = h->line[i];
	pthread_mutex_unlock(&h->lock);
	return n;
}
