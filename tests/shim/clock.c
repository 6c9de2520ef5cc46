/* clock.c - the machine's clock as the test sets it: the 8 bytes of the file PEDEL_CLOCK are added to it, in microseconds, and can be
 * changed while programs run. Preloaded. CLOCK_MONOTONIC is left alone, as setting a clock leaves it. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *shift_us;
static int (*real)(clockid_t, struct timespec *);

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("PEDEL_CLOCK");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *p;

	real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
	if (fd < 0)
		return;
	p = mmap(NULL, sizeof *shift_us, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (p != MAP_FAILED)
		shift_us = p;
}

int clock_gettime(clockid_t id, struct timespec *t)
{
	int64_t us;
	int rc;

	if (!real)
		begin();
	rc = real(id, t);
	if (rc != 0 || !shift_us || (id != CLOCK_REALTIME && id != CLOCK_REALTIME_COARSE))
		return rc;
	us = (int64_t)t->tv_sec * 1000000 + t->tv_nsec / 1000 + *shift_us;
	t->tv_sec = (time_t)(us / 1000000);
	t->tv_nsec = (long)(us % 1000000) * 1000;
	return 0;
}

int gettimeofday(struct timeval *restrict t, void *restrict zone)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	t->tv_sec = now.tv_sec;
	t->tv_usec = now.tv_nsec / 1000;
	return 0;
}

time_t time(time_t *out)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (out)
		*out = now.tv_sec;
	return now.tv_sec;
}
