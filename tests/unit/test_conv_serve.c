#include "t.h"
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "daemon/conv_client.h"
#include "os/clock.h"

static char folder[] = "/tmp/pedel-test-XXXXXX", path[300];
static pid_t server;

/* The real program, as pedeld starts it. */
static int begin(void **state)
{
	CHECK(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/conv.sock", folder);
	server = fork();
	if (server == 0) {
		execl(CONV_PROGRAM, "pedel-conv", "--serve", path, (char *)NULL);
		_exit(127);
	}
	/* The name is there a moment before anybody listens. */
	for (int i = 0; i < 3000; i++, usleep(20000)) {
		struct arena *a = arena_begin(1 << 20);
		struct err e;
		int rc = conv_try(path, a, 5000, &e);

		arena_end(a);
		if (rc == 0)
			return 0;
	}
	return -1;
}

static int end(void **state)
{
	int status;

	kill(server, SIGTERM);
	waitpid(server, &status, 0);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	CHECK(access(path, F_OK) != 0);
	return rmdir(folder);
}

static void a_mail_is_read_in_another_process(void **state)
{
	static const char raw[] = "From: Karen <karen@x.dk>\r\nSubject: =?iso-8859-1?Q?K=F8leskab?=\r\nContent-Type: text/plain; charset=iso-8859-5\r\n"
		"\r\n\xBF\xE0\xD8\r\n";
	struct arena *a = arena_begin(64 << 20);
	struct conv_mail m;
	struct err e = { 0 };
	struct stat st;

	CHECK(conv_mail(path, a, raw, sizeof raw - 1, &m, &e) == 0);
	CHECK_STR(m.subject, "Køleskab");
	CHECK_STR(m.text, "При");      /* a character set that was opened before the doors closed */
	CHECK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600);
	CHECK(conv_mail(path, a, "", 0, &m, &e) == -1 && e.id == E_MAIL_UNREADABLE);
	arena_end(a);
}

static void a_page_with_other_scripts_is_drawn(void **state)
{
	struct arena *a = arena_begin(64 << 20);
	json_t *doc = json_pack("{s:s,s:[{s:s,s:s}]}", "title", "Aftale №1 – Ærø 日本", "blocks", "kind", "paragraph", "text", "Blåbærgrød");
	struct err e = { 0 };
	const void *pdf;
	size_t n;

	CHECK(conv_pdf(path, a, doc, &pdf, &n, &e) == 0);
	CHECK(n > 1000 && memcmp(pdf, "%PDF-", 5) == 0);
	json_decref(doc);
	arena_end(a);
}

/* A document that has taken the process over gets nothing: no files, no network, no other process. */
static void a_taken_child_has_nothing(void **state)
{
	struct arena *a = arena_begin(1 << 20);
	const void *answer;
	size_t n;
	struct err e = { 0 };
	char file[320];

	snprintf(file, sizeof file, "%s/was-here", folder);
	for (int kind = 'A'; kind <= 'B'; kind++) {     /* as for a mail, and as for a page */
		CHECK(conv_ask(path, (enum conv_kind)kind, file, strlen(file), 0, a, &answer, &n, &e) == 0);
#ifndef __SANITIZE_ADDRESS__                            /* instrumented, it has no seccomp: its fork() succeeds, and both answer */
		const void *did;
		size_t ndid;

		CHECK(conv_get_bytes(a, answer, n, &did, &ndid, &e) == 0);
		CHECK_STR(arena_dupn(a, did, ndid), "");
#endif
	}
	CHECK(access(file, F_OK) != 0);
	arena_end(a);
}

static void crash_and_hang_are_answers_and_nothing_else(void **state)
{
	struct arena *a = arena_begin(1 << 20);
	const void *answer;
	struct err e = { 0 };
	struct conv_mail m;
	int64_t began = os_steady_us();
	size_t n;

	CHECK(conv_ask(path, 'C', "x", 1, 0, a, &answer, &n, &e) == -1 && e.id == E_CONV_FAILED);
	/* less patience than pedel-conv has with its children: whose fault it is cannot be told */
	CHECK(conv_ask(path, 'H', "x", 1, 300, a, &answer, &n, &e) == -1 && e.id == E_CONV_AWAY);
	CHECK(os_steady_us() - began < 60 * 1000000);
	CHECK(conv_mail(path, a, "Subject: x\r\n\r\nstadig her\r\n", 26, &m, &e) == 0);
	CHECK_STR(m.text, "stadig her");
	CHECK(conv_ask("/nowhere/conv.sock", CONV_MAIL, "x", 1, 0, a, &answer, &n, &e) == -1 && e.id == E_CONV_AWAY);
	arena_end(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mail_is_read_in_another_process),
		cmocka_unit_test(a_page_with_other_scripts_is_drawn),
		cmocka_unit_test(a_taken_child_has_nothing),
		cmocka_unit_test(crash_and_hang_are_answers_and_nothing_else),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
