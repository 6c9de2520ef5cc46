/* pedel-conv.c - untrusted documents in, safe ones out: pedel-conv --serve SOCKET. Started by pedeld, or by systemd. */
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
#include "base/moment.h"
#include "base/log.h"
#include "conv/serve.h"

static const char usage[] = "pedel-conv --serve SOCKET [--alive] [--with-parent] | --help | --version\n\nReads untrusted documents for pedeld, locked in. See pedel-conv(8).\n";
enum { ALIVE_FD = 3 };         /* as the keeper gives it */

int main(int argc, char **argv)
{
	struct serve_config c = { 0 };
	struct err e = { 0 };
	bool follow = false;

	moment_zone();
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0) {
			fputs(usage, stdout);
			return 0;
		}
		if (strcmp(argv[i], "--version") == 0) {
			puts("pedel-conv " PEDEL_VERSION);
			return 0;
		}
		if (strcmp(argv[i], "--with-parent") == 0)
			follow = true;
		else if (strcmp(argv[i], "--serve") == 0 && i + 1 < argc)
			c.path = argv[++i];
		else if (strcmp(argv[i], "--alive") == 0)
			c.alive_fd = ALIVE_FD;
		else
			c.path = NULL, i = argc;
	}
	if (!c.path) {
		fputs(usage, stderr);
		return 2;
	}
	if (follow) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() == 1)
			return 0;
	}
	if (serve_run(&c, &e) != 0) {
		log_err("conv", &e);
		return 1;
	}
	return 0;
}
