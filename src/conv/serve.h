/* serve.h - pedel-conv's door: a UNIX socket; for each connection a child that loses every right, reads one document,
 * answers and ends. The parent never touches a byte of a document.
 *
 * A child has: no new files, no network, no exec, no other processes (seccomp's list of calls; landlock), memory and
 * processor limits, and a deadline. A crash or a deadline is a closed connection, never more. Only PDF children may read,
 * and only the system's fonts.
 * Ownership:  serve_run() owns everything until it returns.
 * Errors:     E_OS_CALL for the socket; E_CONV_FAILED when the kernel gives no seccomp.
 * Units:      _ms, bytes.   Threads: the process has one.   Source: seccomp(2), landlock(7); foundation's table of rights. */
#ifndef PEDEL_CONV_SERVE_H
#define PEDEL_CONV_SERVE_H
#include "base/err.h"

struct serve_config {
	const char *path;               /* the socket: mode 0600, replaced when one is left over */
	int children;                   /* at once; 0: 4. More wait */
	int deadline_ms;                /* 0: 30 s */
	int alive_fd;                   /* a byte is written there every 5 s, so that whoever watches sees that we are not stuck; 0: none */
};
/* Until SIGTERM or SIGINT, or until the process that started it is gone. */
int serve_run(const struct serve_config *c, struct err *e);
#endif
