/* keeper.h - the small process that is started first: it holds the listening sockets and keeps the others running.
 *
 * Children: the server (this program with internal arguments), pedel-conv and pedel-probe (found beside this program or in the
 * folder where the package puts them; left out when they are not there). A child that dies is started again, with a growing pause. When the keeper dies, however
 * it dies, the kernel ends them all. pedel-conv says every few seconds that it lives; when it is silent it is killed.
 * Signals:    SIGTERM, SIGINT: stop all; requests that have begun are finished. SIGHUP: start a new server on the same
 *             sockets, and stop the old one when the new one serves. The service manager, if any, is told (supervisor.h).
 * Ownership:  args and argv are the caller's, and outlive it; descriptors handed to a child are closed here when it is gone.
 * Errors:     the ids of listen_open(), E_OS_CALL; a server that cannot start for the first time gives its exit code.
 * Units:      _ms.     Threads: one.     Source: own design; prctl(2) PR_SET_PDEATHSIG, signalfd(2). */
#ifndef PEDEL_DAEMON_KEEPER_H
#define PEDEL_DAEMON_KEEPER_H
#include "base/err.h"

struct daemon_args {
	const char *data, *conf, *listen, *db, *lmtp, *smtp, *tls_cert, *tls_key, *confine;    /* NULL: as pedel.conf says */
	/* internal, from the keeper to the server child */
	int listen_fd, lmtp_fd, ready_fd;       /* -1: none */
	int second;                             /* another server is still running: background work waits for SIGUSR2 */
};
int keeper_run(const struct daemon_args *args, char **argv, struct err *e);     /* the exit code, or -1 */
int server_run(const struct daemon_args *args);         /* the server child: the exit code */
#endif
