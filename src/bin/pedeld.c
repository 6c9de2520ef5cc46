/* pedeld - the provider's server. See docs/man/pedeld.8. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/moment.h"
#include "base/text.h"
#include "daemon/keeper.h"
#include "net/smtp.h"
#include "os/conf.h"

enum { OPT_DATA = 256, OPT_CONF, OPT_LISTEN, OPT_DB, OPT_LMTP, OPT_SMTP, OPT_CERT, OPT_KEY, OPT_CONFINE, OPT_SERVER, OPT_SECOND, OPT_HELP, OPT_VERSION };

static const char usage[] =
	"pedeld --data DIR --listen ADDR:PORT [--db URL] [--lmtp ADDR:PORT] [--smtp ADDR:PORT]\n"
	"       [--tls-cert FILE --tls-key FILE] [--conf FILE] [--confine HOW]\n\n"
	"Serves the installation in DIR (made by pedel init). What is left out is taken from pedel.conf(5).\n"
	"  --data DIR          the installation\n"
	"  --conf FILE         keys that go before those of DIR/pedel.conf\n"
	"  --listen ADDR:PORT  where browsers and the API connect; port 0: a free one\n"
	"  --db URL            postgresql://... instead of the SQLite file in DIR\n"
	"  --lmtp ADDR:PORT    where the mail server hands over mail\n"
	"  --smtp ADDR:PORT    the mail server that takes our mail; none: no mail is sent\n"
	"  --tls-cert, --tls-key  PEM files; without them plain HTTP, for loopback or behind a proxy\n"
	"  --confine HOW       require, try (else) or off: bind ourselves by landlock and seccomp\n"
	"  --help, --version   say it and end\n"
	"SIGTERM stops, SIGHUP restarts without refusing a connection. See pedeld(8).\n";

static int wrong(const char *why, const char *what)
{
	fprintf(stderr, "pedeld: %s%s\n%s", why, what, usage);
	return 2;
}

static int say(const struct err *e)
{
	fprintf(stderr, "pedeld: %s %s (%s)\n", err_text(e->id, LANG_EN), e->detail, err_name(e->id));
	return err_kind(e->id) == ERR_INPUT ? 2 : 1;
}

/* From pedel.conf what the command line leaves open. */
static int complete(struct daemon_args *a, struct arena *arena, struct err *e)
{
	struct conf *c;

	if (conf_whole(arena, a->data, e) != 0 || conf_read(arena, a->data, a->conf, &c, e) != 0)
		return -1;
	if (!a->listen)
		a->listen = conf_get(c, "listen", NULL);
	if (!a->lmtp)
		a->lmtp = conf_get(c, "lmtp", NULL);
	if (!a->smtp)
		a->smtp = conf_get(c, "smtp", NULL);
	if (a->smtp && *a->smtp && strcmp(a->smtp, "none") != 0 && smtp_check(a->smtp, e) != 0)
		return -1;
	if (!a->tls_cert)
		a->tls_cert = conf_get(c, "tls_cert", NULL);
	if (!a->tls_key)
		a->tls_key = conf_get(c, "tls_key", NULL);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "data", 1, NULL, OPT_DATA }, { "conf", 1, NULL, OPT_CONF }, { "listen", 1, NULL, OPT_LISTEN }, { "db", 1, NULL, OPT_DB }, { "lmtp", 1, NULL, OPT_LMTP },
		{ "smtp", 1, NULL, OPT_SMTP }, { "tls-cert", 1, NULL, OPT_CERT }, { "tls-key", 1, NULL, OPT_KEY },
		{ "confine", 1, NULL, OPT_CONFINE }, { "as-server", 1, NULL, OPT_SERVER }, { "second", 0, NULL, OPT_SECOND }, { "help", 0, NULL, OPT_HELP },
		{ "version", 0, NULL, OPT_VERSION }, { 0 }
	};
	struct daemon_args a = { .listen_fd = -1, .lmtp_fd = -1, .ready_fd = -1 };
	struct arena *arena;
	int64_t lmtp_fd = -1;
	bool server = false;
	struct err e;
	int opt, rc;

	moment_zone();
	opterr = 0;
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case OPT_DATA: a.data = optarg; break;
		case OPT_CONF: a.conf = optarg; break;
		case OPT_LISTEN: a.listen = optarg; break;
		case OPT_DB: a.db = optarg; break;
		case OPT_LMTP: a.lmtp = optarg; break;
		case OPT_SMTP: a.smtp = optarg; break;
		case OPT_CERT: a.tls_cert = optarg; break;
		case OPT_KEY: a.tls_key = optarg; break;
		case OPT_CONFINE: a.confine = optarg; break;
		case OPT_SERVER:
			if (!text_int(optarg, &lmtp_fd) || lmtp_fd < -1 || lmtp_fd > 1000)
				return wrong("what is ", optarg);
			server = true;
			break;
		case OPT_SECOND: a.second = 1; break;
		case OPT_HELP: fputs(usage, stdout); return 0;
		case OPT_VERSION: puts("pedeld " PEDEL_VERSION); return 0;
		default: return wrong("what is ", argv[optind - 1]);
		}
	}
	if (optind < argc)
		return wrong("what is ", argv[optind]);
	if (!a.data)
		return wrong("--data is missing", "");
	if (!a.tls_cert != !a.tls_key)
		return wrong("--tls-cert and --tls-key belong together", "");
	if (server) {
		a.listen_fd = 3;
		a.lmtp_fd = (int)lmtp_fd;
		a.ready_fd = 5;
		return server_run(&a);
	}
	arena = arena_begin(1 << 20);
	if (complete(&a, arena, &e) != 0)
		rc = say(&e);
	else if (!a.listen)
		rc = wrong("--listen is missing", "");
	else if ((rc = keeper_run(&a, argv, &e)) < 0)
		rc = say(&e);
	arena_end(arena);
	return rc;
}
