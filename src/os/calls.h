/* calls.h - seccomp: from now on this process and its children may only make the system calls of their part, for good.
 *
 * A call that is on no list answers EPERM (ENOSYS where libc then has another way), so that a library's whim stays a failed
 * call. A call that no library of ours ever makes, and an intruder would (another program, another process's memory, mounts,
 * namespaces, bpf, io_uring ...), ends the process at once with SIGSYS: the keeper starts a clean one and says so in the log.
 * Who starts others hands its list down, so the keeper's holds what each of its children needs to start and to bind itself.
 *
 * Ownership:  none.      Errors: E_CONFINE.      Units: none.
 * Threads:    the calling one and those it makes later: call it before there are others.
 * Source:     seccomp(2), libseccomp; docs/decisions/0005-confinement.md. */
#ifndef PEDEL_OS_CALLS_H
#define PEDEL_OS_CALLS_H
#include "base/err.h"

enum calls_of { CALLS_SERVER, CALLS_KEEPER };           /* SERVER: files, network, threads; no other program, no other process */
int calls_limit(enum calls_of whose, struct err *e);

/* Instrumented programs read /proc, look at themselves with ptrace and start a symbolizer: these bounds cannot hold there. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CALLS_INSTRUMENTED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define CALLS_INSTRUMENTED 1
#endif
#endif
#ifndef CALLS_INSTRUMENTED
#define CALLS_INSTRUMENTED 0
#endif
#endif
