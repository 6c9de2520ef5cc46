#include "base/fault.h"

#ifdef PEDEL_TEST
#include <pthread.h>
#include <string.h>

/* Test builds only. */
enum { POINTS_BYTES = 400 };
static _Thread_local int left = -1, keep, fired;
static _Thread_local char points[POINTS_BYTES];

void fault_arm(int nth, int keep_failing)
{
	left = nth;
	keep = keep_failing;
	fired = 0;
	points[0] = 0;
}

int fault_fired(void) { return fired; }
const char *fault_points(void) { return points; }

/* The others: one count for all threads but the one that armed. */
static struct { pthread_mutex_t lock; pthread_t by; int left, keep, fired; } others = { PTHREAD_MUTEX_INITIALIZER, 0, -1, 0, 0 };

void fault_arm_others(int nth, int keep_failing)
{
	pthread_mutex_lock(&others.lock);
	others.by = pthread_self();
	others.left = nth;
	others.keep = keep_failing;
	if (nth >= 0)
		others.fired = 0;
	pthread_mutex_unlock(&others.lock);
}

int fault_fired_others(void)
{
	int is;

	pthread_mutex_lock(&others.lock);
	is = others.fired;
	pthread_mutex_unlock(&others.lock);
	return is;
}

/* The next of a count: 1 when it is this one's turn. */
static int turn(int *count, int keeps, int *did)
{
	if (*count < 0)
		return 0;
	if (*count > 1) {
		--*count;
		return 0;
	}
	*count = keeps ? 1 : -1;
	*did = 1;
	return 1;
}

int fault_hit(const char *point)
{
	size_t n = strlen(points);
	int is = 0;

	if (left >= 0 && n + strlen(point) + 2 < sizeof points) {
		points[n] = ' ';
		memcpy(points + n + (n > 0), point, strlen(point) + 1);
	}
	if (left >= 0)
		return turn(&left, keep, &fired);
	pthread_mutex_lock(&others.lock);
	if (others.left >= 0 && !pthread_equal(others.by, pthread_self()))
		is = turn(&others.left, others.keep, &others.fired);
	pthread_mutex_unlock(&others.lock);
	return is;
}
#else
typedef int fault_c_is_not_empty;
#endif
