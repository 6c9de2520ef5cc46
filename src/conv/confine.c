#include "conv/confine.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "os/calls.h"
#include "os/fence.h"

enum { SANITIZED = CALLS_INSTRUMENTED };      /* their shadow memory passes any limit, and their reports read files */
static const char *const font_folders[] = { "/usr/share/fonts", "/usr/local/share/fonts", "/usr/share/fontconfig", "/etc/fonts",
	"/var/cache/fontconfig", "/usr/share/locale", "/etc/localtime", "/usr/share/zoneinfo" };

/* Best effort: an old kernel has no landlock, and seccomp stands alone. */
static void fence_files(bool fonts)
{
	struct fence_path path[sizeof font_folders / sizeof *font_folders];
	struct fence f = { .path = path, .scope = FENCE_SIGNALS | FENCE_ABSTRACT };
	struct err ignored;

	for (size_t i = 0; fonts && i < sizeof font_folders / sizeof *font_folders; i++)
		path[f.npath++] = (struct fence_path){ font_folders[i], FENCE_READ };
	fence_close(&f, &ignored);
}

static int limits(bool threads)
{
	static const struct { int what; rlim_t most; } rows[] = {
		{ RLIMIT_CPU, 20 }, { RLIMIT_AS, (rlim_t)1400 << 20 }, { RLIMIT_FSIZE, 0 }, { RLIMIT_CORE, 0 }, { RLIMIT_NPROC, 0 },
		{ RLIMIT_NOFILE, 40 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct rlimit r = { rows[i].most, rows[i].most };

		if (threads && rows[i].what == RLIMIT_NPROC)
			continue;
		if (SANITIZED && (rows[i].what == RLIMIT_AS || rows[i].what == RLIMIT_FSIZE))
			continue;
		if (setrlimit((__rlimit_resource_t)rows[i].what, &r) != 0)
			return -1;
	}
	return 0;
}

int confine(bool fonts, struct err *e)
{
	static const int calls[] = { SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(close),
		SCMP_SYS(lseek), SCMP_SYS(fstat), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(brk), SCMP_SYS(exit),
		SCMP_SYS(exit_group), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack),
		SCMP_SYS(futex), SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(tgkill),
		SCMP_SYS(getrandom), SCMP_SYS(sched_yield), SCMP_SYS(restart_syscall), SCMP_SYS(uname), SCMP_SYS(sysinfo), SCMP_SYS(getuid),
		SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid) };
	static const int reading[] = { SCMP_SYS(newfstatat), SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(statx), SCMP_SYS(access),
		SCMP_SYS(faccessat), SCMP_SYS(readlink), SCMP_SYS(getdents64), SCMP_SYS(fcntl), SCMP_SYS(statfs), SCMP_SYS(fstatfs),
		/* pango looks for fonts in a thread of its own */
		SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(prctl), SCMP_SYS(sched_getaffinity), SCMP_SYS(get_robust_list) };
	scmp_filter_ctx f = NULL;
	int rc = 0;

	if (limits(fonts) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return FAIL(e, E_CONV_FAILED, "limits: %s", strerror(errno));
	fence_files(fonts);
	if (SANITIZED)
		return 0;
	f = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	if (!f)
		return FAIL(e, E_CONV_FAILED, "no seccomp");
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
		rc |= seccomp_rule_add(f, SCMP_ACT_ALLOW, calls[i], 0);
	for (size_t i = 0; fonts && i < sizeof reading / sizeof *reading; i++)
		rc |= seccomp_rule_add(f, SCMP_ACT_ALLOW, reading[i], 0);
	if (fonts)              /* open for reading only: no write, create, truncate or append bit */
		rc |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
			SCMP_A2_32(SCMP_CMP_MASKED_EQ, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND, 0));
	if (fonts) {            /* a thread, never a process; clone3 hides its flags, so libc must use clone */
		rc |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
		rc |= seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	}
	rc |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, SCMP_A2_32(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	rc |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, SCMP_A2_32(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (rc == 0)
		rc = seccomp_load(f);
	seccomp_release(f);
	return rc == 0 ? 0 : FAIL(e, E_CONV_FAILED, "seccomp: %s", strerror(-rc));
}
