#include "base/log.h"
#include "base/moment.h"
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

void log_line(enum log_level level, const char *event, const char *fmt, ...)
{
	static const char *const names[] = { "error", "warn", "info", "debug" };
	struct timespec now;
	struct civil c;
	char line[2000];
	int n;
	va_list ap;

	clock_gettime(CLOCK_REALTIME, &now);
	c = moment_utc((int64_t)now.tv_sec * MOMENT_SECOND + now.tv_nsec / 1000);
	n = snprintf(line, sizeof line - 1, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ %s %s ", c.year, c.month, c.day, c.hour, c.minute,
		c.second, c.micro / 1000, names[level], event);
	if (fmt && n > 0 && n < (int)sizeof line - 2) {
		va_start(ap, fmt);
		n += vsnprintf(line + n, sizeof line - 1 - (size_t)n, fmt, ap);
		va_end(ap);
	}
	if (n > (int)sizeof line - 2)
		n = (int)sizeof line - 2;
	for (int i = 0; i < n; i++)
		if ((unsigned char)line[i] < 0x20)
			line[i] = '?';
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		return;
}

void log_err(const char *event, const struct err *e)
{
	log_line(LOG_ERROR, event, "id=%s field=%s detail=\"%s\" at=%s:%d", err_name(e->id), e->field, e->detail, e->file ? e->file : "-",
		e->line);
}
