#include "web/live.h"
#include <pthread.h>
#include <stdio.h>

enum { SEATS = 512 };
struct live { pthread_mutex_t lock; struct seat { int64_t ticket_id, person_id, seen_at; char name[64]; } seat[SEATS]; };

struct live *live_begin(struct arena *a)
{
	struct live *l = ARENA_NEW(a, struct live);

	pthread_mutex_init(&l->lock, NULL);
	return l;
}

void live_seen(struct live *l, int64_t ticket_id, int64_t person_id, const char *name, int64_t now)
{
	struct seat *s;

	if (!l)
		return;
	pthread_mutex_lock(&l->lock);
	s = &l->seat[0];
	for (int i = 0; i < SEATS; i++) {
		struct seat *at = &l->seat[i];

		if (at->ticket_id == ticket_id && at->person_id == person_id) {
			s = at;
			break;
		}
		if (at->seen_at < s->seen_at)
			s = at;
	}
	s->ticket_id = ticket_id;
	s->person_id = person_id;
	s->seen_at = now;
	snprintf(s->name, sizeof s->name, "%s", name ? name : "");
	pthread_mutex_unlock(&l->lock);
}

int live_others(struct live *l, struct arena *a, int64_t ticket_id, int64_t person_id, int64_t now, const char *names[LIVE_OTHERS])
{
	int n = 0;

	if (!l)
		return 0;
	pthread_mutex_lock(&l->lock);
	for (int i = 0; i < SEATS && n < LIVE_OTHERS; i++)
		if (l->seat[i].ticket_id == ticket_id && l->seat[i].person_id != person_id && l->seat[i].seen_at > now - LIVE_US)
			names[n++] = arena_dup(a, l->seat[i].name);
	pthread_mutex_unlock(&l->lock);
	return n;
}
