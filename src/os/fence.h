/* fence.h - landlock: from now on this process and its children reach only the named folders, files and TCP ports, for good.
 *
 * What the kernel's landlock does not know is left out: files from 5.13, TCP ports from 6.7, signals and abstract sockets
 * from 6.12. UDP, UNIX sockets with a path, stat() and chdir() are not its business.
 * A path that is not there is passed over. A rule for a file holds for that file: one that is put in its place by rename is
 * another file. A rule for a folder holds for everything below it, not for what a symbolic link in it points to.
 *
 * Ownership:  none.
 * Errors:     E_CONFINE when the kernel has landlock and refuses all the same.
 * Units:      ports as people write them.
 * Threads:    the calling one and those it makes later: call it before there are others.
 * Source:     landlock(7), the kernel's userspace-api/landlock.rst up to version 7. */
#ifndef PEDEL_OS_FENCE_H
#define PEDEL_OS_FENCE_H
#include "base/err.h"

enum { FENCE_READ = 1, FENCE_WRITE = 2, FENCE_RUN = 4 };        /* WRITE: make and remove too, and it holds READ */
enum { FENCE_ABSTRACT = 1, FENCE_SIGNALS = 2 };
struct fence_path { const char *path; int may; };
struct fence {
	const struct fence_path *path;
	int npath;
	const int *port;                /* TCP ports that may be connected to */
	int nport;                      /* -1: all */
	int scope;                      /* FENCE_ABSTRACT: no abstract sockets of processes outside; FENCE_SIGNALS: no signals to them */
};
int fence_version(void);                                        /* of the kernel's landlock; 0: it has none */
int fence_close(const struct fence *f, struct err *e);          /* nobody in it opens a TCP port to listen at, ever */
#endif
