/* A process that has been taken over tries to get out of its bounds. Each try is a process of its own, bound as the server or the
 * keeper is; it says by its end what it got. */
#include "t.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "os/bounds.h"

#ifndef IORING_SETUP_CLAMP
#define IORING_SETUP_CLAMP 0
#endif
enum { GOT = 0, REFUSED = 1, UNBOUND = 9 };     /* how a try ends, besides SIGSYS */
enum want { ALLOW, DENY, DIE };

static char data[] = "/tmp/pedel-bounds-XXXXXX", outside[64], victim[64], heard[64], program[64];
static pid_t other;             /* a process outside the bounds, of the same user */
static int port_open, port_shut, listen_open_fd, listen_shut_fd;

static int opened(const char *path, int flags) { return open(path, flags | O_CLOEXEC, 0600) >= 0 ? 0 : -1; }
static const char *in_data(const char *name)
{
	static char path[128];

	snprintf(path, sizeof path, "%s/%s", data, name);
	return path;
}
static int connected(int port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd < 0 ? -1 : connect(fd, (struct sockaddr *)&to, sizeof to);
}
static void hear(int sig) { close(open(heard, O_CREAT | O_WRONLY, 0600)); }
static void *nothing(void *arg) { return arg; }

static int t_execve(void) { return execve("/bin/true", (char *[]){ program, NULL }, NULL); }
static int t_execve_data(void) { return execve(program, (char *[]){ program, NULL }, NULL); }
static int t_execveat(void) { return (int)syscall(SYS_execveat, AT_FDCWD, "/bin/true", NULL, NULL, 0); }
static int t_fork(void) { pid_t p = fork(); if (p == 0) _exit(0); return p > 0 ? 0 : -1; }
static int t_raw_fork(void) { long p = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0); if (p == 0) _exit(0); return p > 0 ? 0 : -1; }
static int t_clone3(void) { struct { uint64_t v[11]; } a = { { 0 } }; long p = syscall(SYS_clone3, &a, sizeof a); if (p == 0) _exit(0); return p > 0 ? 0 : -1; }
static int t_shadow(void) { return opened("/etc/shadow", O_RDONLY); }
static int t_passwd(void) { return opened("/etc/passwd", O_RDONLY); }
static int t_root(void) { return opened("/root", O_RDONLY | O_DIRECTORY); }
static int t_list_slash(void) { return opened("/", O_RDONLY | O_DIRECTORY); }
static int t_proc_mem(void) { return opened("/proc/self/mem", O_RDWR); }
static int t_proc_environ(void) { return opened("/proc/1/environ", O_RDONLY); }
static int t_write_outside(void) { return opened(outside, O_WRONLY | O_CREAT); }
static int t_write_dots(void) { char p[128]; snprintf(p, sizeof p, "%s/../pedel-bounds-dots", data); return opened(p, O_WRONLY | O_CREAT); }
static int t_write_hosts(void) { return opened("/etc/hosts", O_WRONLY | O_APPEND); }
static int t_read_hosts(void) { return opened("/etc/hosts", O_RDONLY); }
static int t_symlink(void) { return symlink("/etc/shadow", in_data("link")); }
static int t_through_link(void) { return opened(in_data("planted"), O_RDONLY); }
static int t_rename_out(void) { return rename(in_data("file"), outside); }
static int t_link_in(void) { return link("/etc/hosts", in_data("hosts")); }
static int t_unlink_outside(void) { return unlink(victim); }
static int t_mkfifo(void) { return mknod(in_data("fifo"), S_IFIFO | 0600, 0); }
static int t_chroot(void) { return chroot(data); }
static int t_ptrace(void) { return (int)ptrace(PTRACE_ATTACH, other, NULL, NULL); }
static int t_traceme(void) { return (int)ptrace(PTRACE_TRACEME, 0, NULL, NULL); }
static int t_vm_read(void)
{
	char c;
	struct iovec here = { &c, 1 }, there = { &c, 1 };

	return process_vm_readv(other, &here, 1, &there, 1, 0) == 1 ? 0 : -1;
}
static int t_vm_write(void)
{
	char c = 0;
	struct iovec here = { &c, 1 }, there = { &c, 1 };

	return process_vm_writev(other, &here, 1, &there, 1, 0) == 1 ? 0 : -1;
}
static int t_pidfd_getfd(void) { return (int)syscall(SYS_pidfd_getfd, 0, 0, 0); }
static int t_kill(void) { return kill(other, 0); }
static int t_kill_parent(void) { return kill(getppid(), 0); }
static int t_tgkill(void) { return (int)syscall(SYS_tgkill, other, other, 0); }
static int t_tkill(void) { return (int)syscall(SYS_tkill, other, 0); }
static int t_sigqueue(void) { siginfo_t s = { .si_code = SI_QUEUE }; return (int)syscall(SYS_rt_sigqueueinfo, other, SIGCONT, &s); }
static int t_sigio(void)
{
	int s[2];

	return socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0 && fcntl(s[0], F_SETSIG, SIGUSR1) == 0 && fcntl(s[0], F_SETOWN, other) == 0 &&
		fcntl(s[0], F_SETFL, O_ASYNC) == 0 && write(s[1], "x", 1) == 1 && usleep(200000) == 0 ? access(heard, F_OK) : -1;
}
static int t_mount(void) { return mount("none", data, "tmpfs", 0, NULL); }
static int t_umount(void) { return umount2(data, MNT_DETACH); }
static int t_fsopen(void) { return (int)syscall(SYS_fsopen, "tmpfs", 0); }
static int t_unshare(void) { return unshare(CLONE_NEWUSER); }
static int t_setns(void) { return setns(0, 0); }
static int t_newuser(void) { long p = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0); if (p == 0) _exit(0); return p > 0 ? 0 : -1; }
static int t_io_uring(void) { struct io_uring_params p = { 0 }; return (int)syscall(SYS_io_uring_setup, 4, &p) >= 0 ? 0 : -1; }
static int t_keyctl(void) { return syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 1) >= 0 ? 0 : -1; }
static int t_add_key(void) { return syscall(SYS_add_key, "user", "pedel", "x", 1, KEY_SPEC_PROCESS_KEYRING) >= 0 ? 0 : -1; }
static int t_bpf(void) { union bpf_attr a; memset(&a, 0, sizeof a); return syscall(SYS_bpf, BPF_PROG_GET_NEXT_ID, &a, sizeof a) >= 0 ? 0 : -1; }
static int t_userfaultfd(void) { return syscall(SYS_userfaultfd, O_CLOEXEC | 1) >= 0 ? 0 : -1; }
static int t_perf(void) { struct perf_event_attr a = { .size = sizeof a }; return syscall(SYS_perf_event_open, &a, 0, -1, -1, 0) >= 0 ? 0 : -1; }
static int t_module(void) { return (int)syscall(SYS_finit_module, -1, "", 0); }
static int t_kexec(void) { return (int)syscall(SYS_kexec_load, 0, 0, NULL, 0); }
static int t_handle(void) { struct { struct { unsigned n; int type; } h; char b[8]; } h = { { 0, 0 }, "" }; return (int)syscall(SYS_open_by_handle_at, 0, &h, 0); }
static int t_settime(void) { struct timespec t = { 0, 0 }; return clock_settime(CLOCK_MONOTONIC, &t); }
static int t_memfd(void) { return memfd_create("x", 0) >= 0 ? 0 : -1; }
static int t_netlink(void) { return socket(AF_NETLINK, SOCK_RAW, 0) >= 0 ? 0 : -1; }
static int t_packet(void) { return socket(AF_PACKET, SOCK_DGRAM, 0) >= 0 ? 0 : -1; }
static int t_raw(void) { return socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) >= 0 ? 0 : -1; }
static int t_vsock(void) { return socket(AF_VSOCK, SOCK_STREAM, 0) >= 0 ? 0 : -1; }
static int t_alg(void) { return socket(AF_ALG, SOCK_SEQPACKET, 0) >= 0 ? 0 : -1; }
static int t_listen(void)
{
	struct sockaddr_in any = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return fd >= 0 && bind(fd, (struct sockaddr *)&any, sizeof any) == 0 ? 0 : -1;
}
static int t_listen_unbound(void) { int fd = socket(AF_INET, SOCK_STREAM, 0); return fd >= 0 && listen(fd, 1) == 0 ? 0 : -1; }
static int t_connect_shut(void) { return connected(port_shut); }
static int t_connect_open(void) { return connected(port_open); }
static int t_code_map(void) { return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED ? 0 : -1; }
static int t_code_protect(void) { void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); return mprotect(p, 4096, PROT_READ | PROT_EXEC); }
static int t_priv(void) { return prctl(PR_CAPBSET_DROP, 0, 0, 0, 0); }
static int t_personality(void) { return (int)syscall(SYS_personality, 0x0040000) >= 0 ? 0 : -1; }
static int t_setuid(void) { return setuid(0); }
static int t_sti(void) { return ioctl(0, TIOCSTI, "x"); }
static int t_unfilter(void) { return prctl(PR_SET_SECCOMP, 2, NULL, 0, 0); }
#ifdef __x86_64__
static int t_32_bit(void) { long rc; __asm__ volatile("int $0x80" : "=a"(rc) : "a"(11), "b"(0), "c"(0), "d"(0) : "memory"); return rc >= 0 ? 0 : -1; }
#endif

/* What it must still be able to do. */
static int t_read_data(void) { return opened(in_data("file"), O_RDWR | O_TRUNC); }
static int t_make_data(void)
{
	char from[128], to[128];

	snprintf(from, sizeof from, "%s/made", data);
	snprintf(to, sizeof to, "%s/sub/moved", data);
	return opened(from, O_RDWR | O_CREAT) == 0 && rename(from, to) == 0 && unlink(to) == 0 && mkdir(from, 0700) == 0 && rmdir(from) == 0 ? 0 : -1;
}
static int t_thread(void) { pthread_t t; return pthread_create(&t, NULL, nothing, NULL) == 0 && pthread_join(t, NULL) == 0 ? 0 : -1; }
static int t_unix(void) { int s[2]; return socketpair(AF_UNIX, SOCK_STREAM, 0, s); }
static int t_abort(void) { signal(SIGABRT, SIG_IGN); return raise(SIGABRT); }
static int t_random(void) { return opened("/dev/urandom", O_RDONLY); }

static const struct { const char *name; int (*try_it)(void); enum want server, keeper; } tries[] = {
	/* another program, another process */
	{ "execve", t_execve, DIE, DENY }, { "execve of an upload", t_execve_data, DIE, DENY }, { "execveat", t_execveat, DIE, DIE },
	{ "fork", t_fork, DIE, ALLOW }, { "fork past libc", t_raw_fork, DIE, ALLOW }, { "clone3", t_clone3, DENY, DENY }, { "ptrace", t_ptrace, DIE, DIE },
	{ "traceme", t_traceme, DIE, DIE }, { "process_vm_readv", t_vm_read, DIE, DIE }, { "process_vm_writev", t_vm_write, DIE, DIE },
	{ "pidfd_getfd", t_pidfd_getfd, DIE, DIE }, { "kill", t_kill, DIE, DENY }, { "kill of the parent", t_kill_parent, DIE, DENY },
	{ "tgkill", t_tgkill, DENY, DENY }, { "tkill", t_tkill, DENY, DENY }, { "sigqueue", t_sigqueue, DIE, DIE }, { "signal by SIGIO", t_sigio, DENY, DENY },
	/* files */
	{ "/etc/shadow", t_shadow, DENY, ALLOW }, { "/etc/passwd", t_passwd, DENY, ALLOW }, { "/root", t_root, DENY, ALLOW }, { "list /", t_list_slash, DENY, ALLOW },
	{ "/proc/self/mem", t_proc_mem, DENY, DENY }, { "/proc/1/environ", t_proc_environ, DENY, DENY }, { "write outside", t_write_outside, DENY, DENY },
	{ "write by ..", t_write_dots, DENY, DENY }, { "write /etc/hosts", t_write_hosts, DENY, DENY }, { "make a symlink", t_symlink, DENY, DENY },
	{ "follow a planted symlink", t_through_link, DENY, ALLOW }, { "rename out", t_rename_out, DENY, DENY }, { "link in", t_link_in, DENY, DENY },
	{ "unlink outside", t_unlink_outside, DENY, DENY }, { "mkfifo", t_mkfifo, DIE, DIE }, { "chroot", t_chroot, DIE, DIE }, { "handle", t_handle, DIE, DIE },
	/* kernel */
	{ "mount", t_mount, DIE, DIE }, { "umount", t_umount, DIE, DIE }, { "fsopen", t_fsopen, DIE, DIE }, { "unshare", t_unshare, DIE, DIE },
	{ "setns", t_setns, DIE, DIE }, { "clone into a user namespace", t_newuser, DIE, DENY }, { "io_uring", t_io_uring, DIE, DIE },
	{ "keyctl", t_keyctl, DENY, DENY }, { "add_key", t_add_key, DENY, DENY }, { "bpf", t_bpf, DIE, DIE }, { "userfaultfd", t_userfaultfd, DIE, DIE },
	{ "perf", t_perf, DIE, DIE }, { "module", t_module, DIE, DIE }, { "kexec", t_kexec, DIE, DIE }, { "clock", t_settime, DIE, DIE }, { "memfd", t_memfd, DENY, DENY },
	{ "executable memory", t_code_map, DENY, ALLOW }, { "memory becomes code", t_code_protect, DENY, ALLOW }, { "prctl", t_priv, DENY, ALLOW },
	{ "personality", t_personality, DENY, DENY }, { "setuid", t_setuid, DENY, DENY }, { "TIOCSTI", t_sti, DENY, DENY }, { "take the filter off", t_unfilter, DENY, DENY },
#ifdef __x86_64__
	{ "execve by the 32-bit door", t_32_bit, DIE, DIE },
#endif
	/* network */
	{ "netlink", t_netlink, DENY, DENY }, { "packet", t_packet, DENY, DENY }, { "raw", t_raw, DENY, DENY }, { "vsock", t_vsock, DENY, DENY },
	{ "alg", t_alg, DENY, DENY }, { "bind a port", t_listen, DENY, DENY }, { "listen without bind", t_listen_unbound, DENY, ALLOW },
	{ "connect to a port not named", t_connect_shut, DENY, ALLOW },
	/* and what their work needs */
	{ "connect to a port named", t_connect_open, ALLOW, ALLOW }, { "read data", t_read_data, ALLOW, ALLOW }, { "make, move, remove data", t_make_data, ALLOW, ALLOW },
	{ "read /etc/hosts", t_read_hosts, ALLOW, ALLOW }, { "a thread", t_thread, ALLOW, ALLOW }, { "a socket pair", t_unix, ALLOW, ALLOW },
	{ "raise", t_abort, ALLOW, ALLOW }, { "/dev/urandom", t_random, ALLOW, ALLOW },
};

static int status_of(int (*try_it)(void), enum calls_of whose)
{
	const struct fence_path server[] = { { data, FENCE_WRITE }, { "/etc/hosts", FENCE_READ }, { "/dev/urandom", FENCE_READ } };
	const struct fence_path keeper[] = { { "/", FENCE_READ }, { data, FENCE_WRITE } };
	struct fence f = { server, 3, &port_open, 1, FENCE_SIGNALS | FENCE_ABSTRACT };
	struct bounds_said said;
	struct err e;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (whose == CALLS_KEEPER)
			f = (struct fence){ keeper, 2, NULL, -1, FENCE_SIGNALS | FENCE_ABSTRACT };
		if (try_it && bounds_set(BOUNDS_REQUIRE, &f, whose, &said, &e) != 0)
			_exit(UNBOUND);
		_exit(try_it && try_it() == 0 ? GOT : REFUSED);
	}
	waitpid(pid, &status, 0);
	return status;
}

static int status_free(int (*try_it)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(try_it() == 0 ? GOT : REFUSED);
	waitpid(pid, &status, 0);
	return status;
}

static void each_try(enum calls_of whose)
{
	int wrong = 0;

	for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
		enum want want = whose == CALLS_SERVER ? tries[i].server : tries[i].keeper;
		int status = status_of(tries[i].try_it, whose);
		bool died = WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS, right;

		right = want == DIE ? died : WIFEXITED(status) && WEXITSTATUS(status) == (want == ALLOW ? GOT : REFUSED);
		if (want == ALLOW && !right && geteuid() != 0)          /* what this person may not do anyway is no fault of the bounds */
			right = status == status_free(tries[i].try_it);
		if (!right) {
			print_message("%s: %s ended with %#x\n", whose == CALLS_SERVER ? "server" : "keeper", tries[i].name, status);
			wrong++;
		}
		unlink(in_data("link"));
	}
	CHECK_INT(wrong, 0);
	CHECK(kill(other, 0) == 0 && access(victim, F_OK) == 0 && access(outside, F_OK) != 0);
}

static bool can(void) { return !CALLS_INSTRUMENTED && fence_version() >= 6; }

static void a_server_gets_nothing(void **state)
{
	if (!can())
		skip();
	each_try(CALLS_SERVER);
}

static void a_keeper_gets_little(void **state)
{
	if (!can())
		skip();
	each_try(CALLS_KEEPER);
}

/* Without bounds the tries that need no rights succeed: a table that refuses everybody would prove nothing. */
static void the_tries_work_where_nothing_is_bound(void **state)
{
	static int (*const plain[])(void) = { t_fork, t_raw_fork, t_passwd, t_list_slash, t_write_outside, t_read_hosts, t_symlink, t_mkfifo, t_kill,
		t_tgkill, t_tkill, t_traceme, t_vm_read, t_memfd, t_netlink, t_listen, t_listen_unbound, t_connect_shut, t_code_map, t_code_protect, t_execve_data,
		t_sigio };

	if (CALLS_INSTRUMENTED)
		skip();
	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
		int status = status_free(plain[i]);

		CHECK_ROW(i, WIFEXITED(status) && WEXITSTATUS(status) == GOT);
		unlink(in_data("link"));
		unlink(in_data("fifo"));
		unlink(outside);
		unlink(heard);
	}
}

static void words(void **state)
{
	struct fence f = { .nport = -1 };
	struct bounds_said said;
	enum bounds_how how;
	struct err e;

	CHECK(bounds_how("require", &how) && how == BOUNDS_REQUIRE && bounds_how("try", &how) && how == BOUNDS_TRY && bounds_how("off", &how) && how == BOUNDS_OFF);
	CHECK(!bounds_how("", &how) && !bounds_how("Try", &how));
	CHECK(bounds_set(BOUNDS_OFF, &f, CALLS_SERVER, &said, &e) == 0 && !said.whole);
	CHECK_STR(said.text, "switched off");
}

static int listening(int *port)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof any;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CHECK(bind(fd, (struct sockaddr *)&any, sizeof any) == 0 && listen(fd, 128) == 0 && getsockname(fd, (struct sockaddr *)&any, &n) == 0);
	*port = ntohs(any.sin_port);
	return fd;
}

static int begin(void **state)
{
	FILE *f;

	CHECK(mkdtemp(data));
	snprintf(victim, sizeof victim, "%s-victim", data);
	f = fopen(victim, "w");         /* of the test itself: when the bounds fail, nothing of the machine's is lost */
	CHECK(f && fclose(f) == 0);
	snprintf(outside, sizeof outside, "%s-outside", data);
	snprintf(heard, sizeof heard, "%s-heard", data);
	snprintf(program, sizeof program, "%s/program", data);
	f = fopen(program, "w");
	CHECK(f && fputs("#!/bin/sh\nexit 0\n", f) > 0 && fclose(f) == 0 && chmod(program, 0700) == 0);
	f = fopen(in_data("file"), "w");
	CHECK(f && fclose(f) == 0 && mkdir(in_data("sub"), 0700) == 0 && symlink("/etc/passwd", in_data("planted")) == 0);
	listen_open_fd = listening(&port_open);
	listen_shut_fd = listening(&port_shut);
	other = fork();
	if (other == 0)
		for (signal(SIGUSR1, hear);;)
			pause();
	return 0;
}

static int end(void **state)
{
	static const char *const names[] = { "program", "file", "planted", "fifo", "link" };

	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
	unlink(victim);
	close(listen_open_fd);
	close(listen_shut_fd);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		unlink(in_data(names[i]));
	rmdir(in_data("sub"));
	return rmdir(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_gets_nothing), cmocka_unit_test(a_keeper_gets_little), cmocka_unit_test(the_tries_work_where_nothing_is_bound),
		cmocka_unit_test(words),
	};
	const struct CMUnitTest unbound[] = { cmocka_unit_test(words) };        /* instrumented, or an old kernel: tests/flow/test_confine.py says so */

	return can() ? cmocka_run_group_tests(tests, begin, end) : cmocka_run_group_tests(unbound, NULL, NULL);
}
