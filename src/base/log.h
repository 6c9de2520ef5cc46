/* log.h - one line per thing worth knowing, on stderr, as logfmt: time level event key="value" ...
 * Only the floor that ends the work logs (web, daemon, bin); library floors return errors.
 * Ownership: none: nothing is kept.  Units: moments as ISO 8601.  Source: logfmt, as Heroku and Go write it.
 * Errors: none (a line that cannot be written is lost).   Threads: any; a line is one write(). */
#ifndef PEDEL_BASE_LOG_H
#define PEDEL_BASE_LOG_H
#include "base/err.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };
/* log_line(LOG_INFO, "listening", "address=%s port=%d", ...): fmt may be NULL; control characters become '?'. */
void log_line(enum log_level level, const char *event, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void log_err(const char *event, const struct err *e);   /* id, detail, file:line */
#endif
