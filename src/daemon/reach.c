#include "daemon/reach.h"
#include <limits.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/log.h"
#include "base/text.h"
#include "os/conf.h"
#include "store/db.h"

enum { PATHS = 60, PORTS = 40, SMTP_PORT = 25, DNS_PORT = 53 };
struct reach { struct fence_path path[PATHS]; int npath, port[PORTS], nport, scope; };

static const char *const names[] = { "/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf" };
static const char *const libraries_read[] = {
	"/etc/host.conf", "/etc/gai.conf", "/etc/services", "/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager",      /* names */
	"/etc/ssl/openssl.cnf", "/etc/ssl/certs", "/usr/lib/ssl", "/usr/share/ca-certificates", "/usr/local/share/ca-certificates", "/etc/pki/tls",
	"/etc/localtime", "/etc/timezone", "/usr/share/zoneinfo",
	"/sys/devices/system/cpu", "/dev/urandom", "/dev/random",
};

static void may(struct reach *r, const char *path, int what)
{
	if (path && *path && r->npath < PATHS)
		r->path[r->npath++] = (struct fence_path){ path, what };
}

static void connects(struct reach *r, int port)
{
	if (r->nport >= 0 && r->nport < PORTS)
		r->port[r->nport++] = port;
}

/* The port of "host:port", "[::1]:port" or "host". */
static int port_of(const char *address, int unless)
{
	const char *colon = strrchr(address, ':');
	int64_t port;

	return colon && !strchr(colon, ']') && text_int(colon + 1, &port) && port > 0 && port < 65536 ? (int)port : unless;
}

static int how_of(const struct daemon_args *args, const struct conf *c, enum bounds_how *how, struct err *e)
{
	const char *word = args->confine ? args->confine : conf_get(c, "confine", "try");

	return bounds_how(word, how) ? 0 : FAIL(e, E_CONF_VALUE, "confine=%s: write require, try or off", word);
}

static int set(const char *who, enum bounds_how how, const struct reach *r, enum calls_of whose, struct err *e)
{
	struct fence f = { r->path, r->npath, r->port, r->nport, r->scope };
	struct bounds_said said;

	if (bounds_set(how, &f, whose, &said, e) != 0)
		return -1;
	log_line(said.whole || CALLS_INSTRUMENTED ? LOG_INFO : LOG_WARN, "confined", "%s: %s", who, said.text);
	return 0;
}

/* The folder of the program that loads programs (ld.so). */
static int loader(struct dl_phdr_info *info, size_t size, void *arg)
{
	char *to = arg;

	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_INTERP && realpath((const char *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr), to)) {
			*strrchr(to, '/') = 0;
			return 1;
		}
	return 1;       /* the first is the program itself */
}

int reach_keeper(const struct daemon_args *args, const char *program, enum bounds_how *how, struct err *e)
{
	struct arena *a = arena_begin(1 << 20);
	char beside[PATH_MAX], ld[PATH_MAX] = "";
	const char *manager = getenv("NOTIFY_SOCKET");          /* old systemd, containers: an abstract one */
	struct reach r = { .nport = -1, .scope = manager && *manager == '@' ? FENCE_SIGNALS : FENCE_SIGNALS | FENCE_ABSTRACT };
	struct conf *c;
	int rc = -1;

	snprintf(beside, sizeof beside, "%.*s", (int)(strrchr(program, '/') - program), program);
	dl_iterate_phdr(loader, ld);
	may(&r, "/", FENCE_READ);
	may(&r, args->data, FENCE_WRITE);
	may(&r, "/dev/null", FENCE_WRITE);
	may(&r, PEDEL_LIBEXEC, FENCE_RUN);
	may(&r, beside, FENCE_RUN);     /* folders, not files: an upgrade puts other files in their place */
	may(&r, ld, FENCE_RUN);
	if (conf_read(a, args->data, args->conf, &c, e) == 0 && how_of(args, c, how, e) == 0)
		rc = set("keeper", *how, &r, CALLS_KEEPER, e);
	arena_end(a);
	return rc;
}

int reach_server(const struct daemon_args *args, struct err *e)
{
	static const int mail_ports[] = { SMTP_PORT, 465, 587 };
	struct arena *a = arena_begin(1 << 20);
	struct db_reach db;
	struct reach r = { .scope = FENCE_SIGNALS | FENCE_ABSTRACT };
	const char *const *more;
	enum bounds_how how;
	struct conf *c;
	int rc = -1;

	if (conf_read(a, args->data, args->conf, &c, e) != 0 || how_of(args, c, &how, e) != 0 ||
	    db_reach(a, args->db ? args->db : conf_get(c, "db", NULL), &db, e) != 0)
		goto out;
	may(&r, args->data, FENCE_WRITE);
	may(&r, "/dev/null", FENCE_WRITE);
	may(&r, args->conf, FENCE_READ);
	may(&r, args->tls_cert ? args->tls_cert : conf_get(c, "tls_cert", NULL), FENCE_READ);
	may(&r, args->tls_key ? args->tls_key : conf_get(c, "tls_key", NULL), FENCE_READ);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		may(&r, names[i], FENCE_READ);
	for (size_t i = 0; i < sizeof libraries_read / sizeof *libraries_read; i++)
		may(&r, libraries_read[i], FENCE_READ);
	for (int i = 0; i < db.nfile; i++)
		may(&r, db.file[i], FENCE_READ);
	for (size_t i = 0; i < sizeof mail_ports / sizeof *mail_ports; i++)
		connects(&r, mail_ports[i]);
	connects(&r, DNS_PORT);
	connects(&r, port_of(args->smtp ? args->smtp : conf_get(c, "smtp", ""), SMTP_PORT));
	for (int i = 0; i < db.nport; i++)
		connects(&r, db.port[i]);
	for (more = conf_words(a, c, "connect_ports"); *more; more++) {
		int64_t port;

		if (!text_int(*more, &port) || port < 1 || port > 65535 || r.nport == PORTS) {
			FAIL(e, E_CONF_VALUE, "connect_ports: %s", *more);
			goto out;
		}
		connects(&r, (int)port);
	}
	if (db.nport < 0)
		r.nport = -1;
	rc = set("server", how, &r, CALLS_SERVER, e);
out:
	arena_end(a);
	return rc;
}

bool reach_names_changed(uint64_t *seen)
{
	uint64_t now = 1, before = *seen;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct stat st = { 0 };

		stat(names[i], &st);
		now = now * 1000003 + (uint64_t)st.st_ino + ((uint64_t)st.st_dev << 40);
	}
	*seen = now;
	return before && before != now;
}
