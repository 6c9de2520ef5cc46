#include "web/live.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { ROWS = 64, SEATS = 16 };         /* a ticket's seats are all in one row */
struct live { pthread_mutex_t lock; struct seat { int64_t ticket_id, person_id, seen_at; char name[64]; } seat[ROWS][SEATS]; };

struct live *live_begin(struct arena *a)
{
	struct live *l = ARENA_NEW(a, struct live);

	pthread_mutex_init(&l->lock, NULL);
	return l;
}

static struct seat *row_of(struct live *l, int64_t ticket_id) { return l->seat[(uint64_t)ticket_id % ROWS]; }

static void sit(struct live *l, int64_t ticket_id, int64_t person_id, const char *name, int64_t now)
{
	struct seat *row = row_of(l, ticket_id), *s = row;

	for (int i = 0; i < SEATS; i++) {
		if (row[i].ticket_id == ticket_id && row[i].person_id == person_id) {
			s = &row[i];
			break;
		}
		if (row[i].seen_at < s->seen_at)
			s = &row[i];
	}
	s->ticket_id = ticket_id;
	s->person_id = person_id;
	s->seen_at = now;
	snprintf(s->name, sizeof s->name, "%s", name ? name : "");
}

void live_seen(struct live *l, int64_t ticket_id, int64_t person_id, const char *name, int64_t now)
{
	if (!l)
		return;
	pthread_mutex_lock(&l->lock);
	sit(l, ticket_id, person_id, name, now);
	pthread_mutex_unlock(&l->lock);
}

static bool is_other(const struct seat *s, int64_t ticket_id, int64_t person_id, int64_t now)
{
	return s->ticket_id == ticket_id && s->person_id != person_id && s->seen_at > now - LIVE_US;
}

int live_others(struct live *l, struct arena *a, int64_t ticket_id, int64_t person_id, int64_t now, const char *names[LIVE_OTHERS])
{
	int n = 0;

	if (!l)
		return 0;
	pthread_mutex_lock(&l->lock);
	for (int i = 0; i < SEATS && n < LIVE_OTHERS; i++)
		if (is_other(&row_of(l, ticket_id)[i], ticket_id, person_id, now))
			names[n++] = arena_dup(a, row_of(l, ticket_id)[i].name);
	pthread_mutex_unlock(&l->lock);
	return n;
}

bool live_same(struct live *l, int64_t ticket_id, int64_t person_id, const char *name, int64_t now, const char *const *names, int n)
{
	bool same = true;
	int at = 0;

	if (!l)
		return n == 0;
	pthread_mutex_lock(&l->lock);
	for (int i = 0; i < SEATS && at < LIVE_OTHERS && same; i++)
		if (is_other(&row_of(l, ticket_id)[i], ticket_id, person_id, now)) {
			same = at < n && strcmp(row_of(l, ticket_id)[i].name, names[at]) == 0;
			at++;
		}
	same = same && at == n;
	if (same)
		sit(l, ticket_id, person_id, name, now);
	pthread_mutex_unlock(&l->lock);
	return same;
}
