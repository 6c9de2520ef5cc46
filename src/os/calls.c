#include "os/calls.h"
#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#define C(name) SCMP_SYS(name)
#define COUNT(a) (sizeof(a) / sizeof *(a))

/* Both parts. Old and newer names of the same: glibc and musl, x86 and arm choose differently. */
static const int everybody[] = {
	/* what is open */
	C(read), C(readv), C(pread64), C(preadv), C(write), C(writev), C(pwrite64), C(pwritev), C(lseek), C(close), C(dup), C(dup2), C(dup3),
	C(fcntl), C(fstat), C(fstatfs), C(fsync), C(fdatasync), C(sync_file_range), C(ftruncate), C(fallocate), C(fadvise64), C(flock), C(sendfile),
	C(copy_file_range), C(fchmod), C(fchown), C(getdents), C(getdents64), C(pipe), C(pipe2),
	/* files by name: landlock says which */
	C(open), C(openat), C(stat), C(lstat), C(newfstatat), C(statx), C(statfs), C(access), C(faccessat), C(faccessat2), C(readlink), C(readlinkat),
	C(unlink), C(unlinkat), C(rename), C(renameat), C(renameat2), C(mkdir), C(mkdirat), C(rmdir), C(link), C(linkat), C(chmod), C(fchmodat),
	C(utimensat), C(truncate), C(getcwd), C(umask),
	/* network, without listening; families below */
	C(connect), C(accept), C(accept4), C(getsockname), C(getpeername), C(getsockopt), C(setsockopt), C(sendto), C(recvfrom), C(sendmsg), C(recvmsg),
	C(sendmmsg), C(recvmmsg), C(shutdown),
	/* waiting */
	C(poll), C(ppoll), C(select), C(pselect6), C(epoll_create), C(epoll_create1), C(epoll_ctl), C(epoll_wait), C(epoll_pwait), C(eventfd), C(eventfd2),
	C(timerfd_create), C(timerfd_settime), C(timerfd_gettime), C(signalfd4), C(nanosleep), C(clock_nanosleep), C(pause), C(restart_syscall),
	/* memory and threads */
	C(munmap), C(mremap), C(madvise), C(brk), C(mlock), C(mlock2), C(munlock), C(membarrier), C(futex), C(set_robust_list), C(get_robust_list), C(rseq),
	C(sched_yield), C(sched_getaffinity), C(sched_getparam), C(sched_getscheduler), C(sched_get_priority_max), C(sched_get_priority_min), C(getcpu),
	C(exit), C(exit_group),
	/* signals to oneself */
	C(rt_sigaction), C(rt_sigprocmask), C(rt_sigreturn), C(rt_sigtimedwait), C(rt_sigpending), C(rt_sigsuspend), C(sigaltstack),
	/* who and when */
	C(getpid), C(getppid), C(gettid), C(getuid), C(geteuid), C(getgid), C(getegid), C(getgroups), C(getresuid), C(getresgid), C(uname), C(sysinfo),
	C(times), C(getrusage), C(getrlimit), C(clock_gettime), C(clock_getres), C(gettimeofday), C(time), C(getrandom), C(getpriority), C(getpgrp), C(getpgid),
	C(getsid), C(capget),
};
/* To start children, and for these to begin and to bind themselves. */
static const int keeper[] = {
	C(fork), C(vfork), C(execve), C(wait4), C(waitid), C(kill), C(tkill), C(tgkill), C(setpgid), C(setsid), C(chdir), C(mmap), C(mprotect),
	C(arch_prctl), C(set_tid_address), C(prctl), C(prlimit64), C(setrlimit), C(seccomp), C(landlock_create_ruleset), C(landlock_add_rule),
	C(landlock_restrict_self), C(bind), C(listen), C(signalfd),
};
/* libc has another way when these are not there. */
static const int unknown[] = { C(clone3), C(openat2), C(close_range), C(epoll_pwait2), C(memfd_create), C(futex_waitv) };
/* Nothing of ours, and no library below us, ever asks for these. */
static const int deadly[] = {
	C(ptrace), C(process_vm_readv), C(process_vm_writev), C(process_madvise), C(kcmp), C(pidfd_getfd), C(pidfd_send_signal),
	C(rt_sigqueueinfo), C(rt_tgsigqueueinfo), C(mount), C(umount2), C(pivot_root), C(chroot), C(move_mount), C(open_tree), C(fsopen), C(fsconfig),
	C(fsmount), C(fspick), C(mount_setattr), C(unshare), C(setns), C(bpf), C(perf_event_open), C(userfaultfd), C(io_uring_setup), C(io_uring_enter),
	C(io_uring_register), C(init_module), C(finit_module), C(delete_module), C(kexec_load), C(kexec_file_load), C(reboot), C(swapon), C(swapoff),
	C(iopl), C(ioperm), C(modify_ldt), C(settimeofday), C(clock_settime), C(clock_adjtime), C(adjtimex), C(sethostname), C(setdomainname), C(acct),
	C(quotactl), C(open_by_handle_at), C(name_to_handle_at), C(fanotify_init), C(syslog), C(vhangup), C(mknod), C(mknodat), C(execveat),
};
static const int deadly_for_server[] = { C(execve), C(fork), C(vfork), C(kill) };

static int rules(scmp_filter_ctx f, uint32_t action, const int *call, size_t n)
{
	int rc = 0;

	for (size_t i = 0; i < n; i++)
		rc |= seccomp_rule_add(f, action, call[i], 0);
	return rc;
}

/* Calls that are many in one: only these of their uses. */
static int both(scmp_filter_ctx f)
{
	static const int families[] = { AF_UNIX, AF_INET, AF_INET6 };
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM };
	static const unsigned ioctls[] = { FIONBIO, FIONREAD, FIOCLEX, TCGETS, TIOCGWINSZ };
	int rc = 0;

	for (size_t i = 0; i < COUNT(families); i++)
		for (size_t k = 0; k < COUNT(types); k++)
			rc |= seccomp_rule_add(f, SCMP_ACT_ALLOW, C(socket), 2, SCMP_A0_32(SCMP_CMP_EQ, (unsigned)families[i]),
				SCMP_A1_32(SCMP_CMP_MASKED_EQ, 0xf, (unsigned)types[k]));
	rc |= seccomp_rule_add(f, SCMP_ACT_ALLOW, C(socketpair), 1, SCMP_A0_32(SCMP_CMP_EQ, AF_UNIX));
	for (size_t i = 0; i < COUNT(ioctls); i++)
		rc |= seccomp_rule_add(f, SCMP_ACT_ALLOW, C(ioctl), 1, SCMP_A1_32(SCMP_CMP_EQ, ioctls[i]));
	return rc;
}

static int server(scmp_filter_ctx f)
{
	/* no memory becomes code: what is loaded is loaded */
	int rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, C(mmap), 1, SCMP_A2_32(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));

	rc |= seccomp_rule_add(f, SCMP_ACT_ALLOW, C(mprotect), 1, SCMP_A2_32(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	/* a thread, never a process; clone3 hides its flags */
	rc |= seccomp_rule_add(f, SCMP_ACT_ALLOW, C(clone), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
	rc |= seccomp_rule_add(f, SCMP_ACT_KILL_PROCESS, C(clone), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
	rc |= seccomp_rule_add(f, SCMP_ACT_ALLOW, C(tgkill), 1, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
	rc |= seccomp_rule_add(f, SCMP_ACT_ALLOW, C(prlimit64), 1, SCMP_A0_32(SCMP_CMP_EQ, 0));
	rc |= seccomp_rule_add(f, SCMP_ACT_ALLOW, C(prctl), 1, SCMP_A0_32(SCMP_CMP_EQ, PR_SET_NAME));
	return rc | rules(f, SCMP_ACT_KILL_PROCESS, deadly_for_server, COUNT(deadly_for_server));
}

int calls_limit(enum calls_of whose, struct err *e)
{
	const uint64_t namespaces = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int rc;

	if (!f)
		return FAIL(e, E_CONFINE, "seccomp: no memory");
	rc = seccomp_attr_set(f, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	rc |= seccomp_attr_set(f, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	rc |= rules(f, SCMP_ACT_ALLOW, everybody, COUNT(everybody));
	rc |= rules(f, SCMP_ACT_ERRNO(ENOSYS), unknown, COUNT(unknown));
	rc |= rules(f, SCMP_ACT_KILL_PROCESS, deadly, COUNT(deadly));
	rc |= both(f);
	if (whose == CALLS_SERVER)
		rc |= server(f);
	else {
		rc |= rules(f, SCMP_ACT_ALLOW, keeper, COUNT(keeper));
		rc |= seccomp_rule_add(f, SCMP_ACT_ALLOW, C(clone), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, namespaces, 0));
	}
	if (rc == 0)
		rc = seccomp_load(f);
	seccomp_release(f);
	return rc == 0 ? 0 : FAIL(e, E_CONFINE, "seccomp: %s", strerror(-rc));
}
