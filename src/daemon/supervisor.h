/* supervisor.h - the service manager above us (systemd): what it is told, and the listening sockets it keeps while we restart.
 *
 * With nobody above, or another kind of manager, nothing of this does anything.
 * Ownership:  a descriptor that supervisor_kept() gives is the caller's, closed at exec; one that is kept stays the caller's too.
 * Errors:     none: who is not told finds out by waiting.
 * Units:      none.     Threads: one, the keeper's; the environment is changed.
 * Source:     sd_notify(3), sd_listen_fds(3): a datagram to $NOTIFY_SOCKET; FileDescriptorStoreMax= in systemd.service(5). */
#ifndef PEDEL_DAEMON_SUPERVISOR_H
#define PEDEL_DAEMON_SUPERVISOR_H

/* Lines as in sd_notify(3): "READY=1\nSTATUS=..." */
void supervisor_tell(const char *lines);
/* Asks that the socket be kept under this name ("listen") and address ("127.0.0.1:8080") until we are stopped for good. */
void supervisor_keep(const char *name, const char *address, int fd);
/* The socket kept under that name and address by the run before us; -1: none. */
int  supervisor_kept(const char *name, const char *address);
/* Gives back what was kept and not asked for: the addresses of a configuration that has changed. */
void supervisor_drop_rest(void);
#endif
