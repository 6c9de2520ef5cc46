/* pedel-probe - a customer's employee made of wire: each minute it signs in from outside, files a test ticket in the portal,
 * sees it and takes it back, and does the same by mail. What it saw goes to DATA/run/probe-YYYY-MM.jsonl, a line a try, on
 * disk at once: so that it is known afterwards also when the server was away.
 *
 *     pedel-probe --data DIR --url URL [--lmtp ADDR:PORT] [--every-ms N] [--times N] [--confine require|try|off]
 *
 * Source: docs/decisions/0004-probe-outside.md; RFC 2033 for LMTP. */
#include <curl/curl.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/moment.h"
#include "base/text.h"
#include "os/bounds.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/random.h"

#define HTTP_TIMEOUT_MS 20000
#define MAIL_TIMEOUT_US (40 * MOMENT_SECOND)    /* until a mail is a ticket */
#define PAGE_MAX (1u << 20)
#define SESSION_US (50 * MOMENT_SECOND)         /* signed in anew each round of a minute */

struct probe {
	const char *data, *url, *lmtp;
	enum bounds_how confine;
	int every_ms, times;
	CURL *curl;
	struct arena *a;                        /* of one round */
	const char *login, *password, *to;
	int64_t signed_in_us;
	struct buf page;                        /* of the last request */
	long status;
	const char *at;                         /* its address, after redirects: "/portal/tasks/9000000001" */
	char why[200];
};

static volatile sig_atomic_t stopping;
static void stop(int sig) { (void)sig, stopping = 1; }

static int wrong(struct probe *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static int wrong(struct probe *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(p->why, sizeof p->why, fmt, ap);
	va_end(ap);
	return -1;
}

static size_t take(char *data, size_t size, size_t n, void *arg)
{
	struct probe *p = arg;

	buf_add(&p->page, data, size * n);
	return size * n;
}

/* Told to stop, a request that waits for a server that stops too is given up. */
static int still_wanted(void *arg, curl_off_t down, curl_off_t downed, curl_off_t up, curl_off_t upped) { return stopping; }

/* One request with cookies, redirects followed. fields NULL: GET. */
static int http(struct probe *p, const char *path, const char *fields)
{
	char text[CURL_ERROR_SIZE] = "";
	char *at = NULL;
	CURLcode rc;

	buf_init(&p->page, p->a, PAGE_MAX);
	curl_easy_setopt(p->curl, CURLOPT_URL, arena_printf(p->a, "%s%s", p->url, path));
	curl_easy_setopt(p->curl, CURLOPT_ERRORBUFFER, text);
	/* no Origin: we come straight to the port, and the server may have another address to the world */
	if (fields)
		curl_easy_setopt(p->curl, CURLOPT_POSTFIELDS, fields);
	else
		curl_easy_setopt(p->curl, CURLOPT_HTTPGET, 1L);
	rc = curl_easy_perform(p->curl);
	if (rc != CURLE_OK)
		return wrong(p, "%s %s: %s", fields ? "POST" : "GET", path, text[0] ? text : curl_easy_strerror(rc));
	curl_easy_getinfo(p->curl, CURLINFO_RESPONSE_CODE, &p->status);
	curl_easy_getinfo(p->curl, CURLINFO_EFFECTIVE_URL, &at);
	p->at = arena_dup(p->a, at && text_starts(at, p->url) ? at + strlen(p->url) : "");
	return 0;
}

static int expect(struct probe *p, const char *path, const char *fields, long status)
{
	if (http(p, path, fields) != 0)
		return -1;
	return p->status == status ? 0 : wrong(p, "%s %s: answered %ld", fields ? "POST" : "GET", path, p->status);
}

/* The form's hidden token on the last page; "" when there is none (nobody is signed in). */
static const char *csrf(struct probe *p)
{
	const char *s = strstr(buf_text(&p->page), "name=\"csrf\" value=\"");

	return s ? arena_dupn(p->a, s + 19, strcspn(s + 19, "\"")) : "";
}

static const char *enc(struct probe *p, const char *s)
{
	char *e = curl_easy_escape(p->curl, s, 0);
	const char *out = arena_dup(p->a, e ? e : "");

	curl_free(e);
	return out;
}

static int secret_read(struct probe *p)
{
	char *text;
	size_t n;
	struct err e;
	json_t *o;

	if (os_read_file(p->a, arena_printf(p->a, "%s/keys/probe.json", p->data), 4096, &text, &n, &e) != 0)
		return wrong(p, "keys/probe.json: %s", err_name(e.id));
	if (!(o = json_loads(text, 0, NULL)))
		return wrong(p, "keys/probe.json cannot be read");
	p->login = arena_dup(p->a, json_string_value(json_object_get(o, "login")));
	p->password = arena_dup(p->a, json_string_value(json_object_get(o, "password")));
	p->to = arena_dup(p->a, json_string_value(json_object_get(o, "to")));
	json_decref(o);
	return p->login && p->password && p->to ? 0 : wrong(p, "keys/probe.json lacks something");
}

static int sign_in(struct probe *p)
{
	if (p->signed_in_us && os_steady_us() - p->signed_in_us < SESSION_US)
		return 0;
	if (p->signed_in_us) {
		p->signed_in_us = 0;
		if (expect(p, "/portal/tasks/new", NULL, 200) == 0)
			http(p, "/logout", arena_printf(p->a, "csrf=%s", enc(p, csrf(p))));
	}
	curl_easy_setopt(p->curl, CURLOPT_COOKIELIST, "ALL");
	if (expect(p, "/login", NULL, 200) != 0 ||
	    http(p, "/login", arena_printf(p->a, "csrf=%s&login=%s&password=%s", enc(p, csrf(p)), enc(p, p->login), enc(p, p->password))) != 0)
		return -1;
	if (p->status != 200 || !text_starts(p->at, "/portal"))
		return wrong(p, "sign-in was refused (%ld)", p->status);
	p->signed_in_us = os_steady_us();
	return 0;
}

/* The page of the ticket shows its subject, and taking it back is accepted. */
static int see_and_withdraw(struct probe *p, const char *subject)
{
	const char *ticket = arena_dupn(p->a, p->at, strcspn(p->at, "?#"));

	if (!text_starts(ticket, "/portal/tasks/") || !strstr(buf_text(&p->page), subject))
		return wrong(p, "the ticket does not show at %.80s", p->at);
	return expect(p, arena_printf(p->a, "%s/state", ticket), arena_printf(p->a, "csrf=%s&state=solved", enc(p, csrf(p))), 200);
}

static int by_portal(struct probe *p, const char *subject)
{
	if (sign_in(p) != 0)
		return -1;
	if (http(p, "/portal/tasks/new", NULL) != 0)
		return -1;
	if (p->status != 200 || !text_starts(p->at, "/portal/tasks/new")) {     /* the session was ended meanwhile */
		p->signed_in_us = 0;
		if (sign_in(p) != 0 || expect(p, "/portal/tasks/new", NULL, 200) != 0)
			return -1;
	}
	if (expect(p, "/portal/tasks", arena_printf(p->a, "csrf=%s&form=whole&kind=&prio=normal&text=%s", enc(p, csrf(p)), enc(p, subject)), 200) != 0)
		return -1;
	return see_and_withdraw(p, subject);
}

/* One line of an answer that may have several ("250-..."); its code, or -1. */
static int reply(struct probe *p, int fd, char *kept, size_t *n, size_t size, int64_t until_us)
{
	for (;;) {
		char *end = memchr(kept, '\n', *n);
		struct pollfd wait = { fd, POLLIN, 0 };
		int64_t left = (until_us - os_steady_us()) / 1000;
		ssize_t got;

		if (end) {
			size_t line = (size_t)(end - kept) + 1;
			bool more = line > 4 && kept[3] == '-';
			int code = line > 3 ? (kept[0] - '0') * 100 + (kept[1] - '0') * 10 + kept[2] - '0' : -1;

			if (!more)
				snprintf(p->why, sizeof p->why, "LMTP: %.*s", (int)(line > 2 ? line - 2 : 0), kept);
			memmove(kept, kept + line, *n -= line);
			if (!more)
				return code;
			continue;
		}
		if (*n == size || left <= 0 || poll(&wait, 1, (int)left) <= 0)
			return wrong(p, "LMTP: no answer in time");
		if ((got = recv(fd, kept + *n, size - *n, 0)) <= 0)
			return wrong(p, "LMTP: the connection ended");
		*n += (size_t)got;
	}
}

static int connect_to(struct probe *p, const char *address)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV }, *list = NULL;
	const char *colon = strrchr(address, ':');
	const char *host = colon ? arena_dupn(p->a, address + (*address == '['), (size_t)(colon - address) - (*address == '[' ? 2 : 0)) : "";
	int fd = -1;

	if (!colon || getaddrinfo(host, colon + 1, &hints, &list) != 0)
		return wrong(p, "LMTP: %.60s is no address", address);
	fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, list->ai_addr, list->ai_addrlen) != 0) {
		wrong(p, "LMTP: %s", strerror(errno));
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	freeaddrinfo(list);
	return fd;
}

static int mail_send(struct probe *p, const char *subject)
{
	int64_t until = os_steady_us() + 30 * MOMENT_SECOND;
	const char *said[] = { NULL, "LHLO probe.pedel.invalid\r\n", arena_printf(p->a, "MAIL FROM:<%s>\r\n", p->login), arena_printf(p->a, "RCPT TO:<%s>\r\n", p->to),
		"DATA\r\n", arena_printf(p->a, "From: Pedel probe <%s>\r\nTo: <%s>\r\nDate: %s\r\nMessage-ID: <%s@probe.pedel.invalid>\r\nSubject: %s\r\n"
		"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n.\r\n", p->login, p->to, moment_rfc5322(p->a, os_now_us()), subject, subject,
		subject) };
	static const int want[] = { 220, 250, 250, 250, 354, 250 };
	int fd = connect_to(p, p->lmtp), rc = -1;
	char kept[4096];
	size_t n = 0;

	if (fd < 0)
		return -1;
	for (int i = 0; i < 6; i++) {
		if (said[i] && send(fd, said[i], strlen(said[i]), MSG_NOSIGNAL) != (ssize_t)strlen(said[i])) {
			wrong(p, "LMTP: %s", strerror(errno));
			goto out;
		}
		if (reply(p, fd, kept, &n, sizeof kept, until) != want[i])
			goto out;
	}
	rc = 0;
out:
	if (rc == 0 && send(fd, "QUIT\r\n", 6, MSG_NOSIGNAL) < 0)
		rc = 0;                         /* the mail is theirs already */
	close(fd);
	return rc;
}

static int by_mail(struct probe *p, const char *subject)
{
	int64_t until = os_steady_us() + MAIL_TIMEOUT_US;

	if (sign_in(p) != 0 || mail_send(p, subject) != 0)
		return -1;
	for (;;) {
		if (http(p, arena_printf(p->a, "/portal/probe/%s", subject), NULL) != 0)
			return -1;
		if (p->status == 200)
			return see_and_withdraw(p, subject);
		if (p->status != 404)
			return wrong(p, "GET /portal/probe: answered %ld", p->status);
		if (os_steady_us() > until || stopping)
			return wrong(p, "the mail was taken, but was no ticket after %d s", (int)(MAIL_TIMEOUT_US / MOMENT_SECOND));
		poll(NULL, 0, 250);
	}
}

static void try_door(struct probe *p, const char *door, int (*run)(struct probe *, const char *))
{
	struct civil c;
	uint8_t random[12];
	const char *line;
	int64_t at = os_now_us(), from = os_steady_us();
	struct err e;
	json_t *o;
	int rc;

	os_random(random, sizeof random);
	p->why[0] = '\0';
	rc = secret_read(p) != 0 ? -1 : run(p, arena_printf(p->a, "pedel-probe-%s", hash_hex(p->a, random, sizeof random)));
	if (stopping && rc != 0)
		return;                         /* cut short by us: that says nothing */
	o = json_pack("{s:I,s:s,s:b,s:I,s:s}", "at", (json_int_t)at, "probe", door, "ok", rc == 0, "took_ms", (json_int_t)((os_steady_us() - from) / 1000), "detail",
		rc == 0 ? "" : text_repair(p->a, p->why, strlen(p->why)));
	line = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	c = moment_utc(at);
	if (os_append_file(arena_printf(p->a, "%s/run/probe-%04d-%02d.jsonl", p->data, c.year, c.month), arena_printf(p->a, "%s\n", line), strlen(line) + 1, &e) != 0)
		log_err("probe.write", &e);
	free((void *)(uintptr_t)line);
}

static int args_read(struct probe *p, int argc, char **argv)
{
	for (int i = 1; i < argc; i += 2) {
		const char *v = i + 1 < argc ? argv[i + 1] : NULL;
		int64_t n = 0;

		if (!v)
			return -1;
		if (strcmp(argv[i], "--data") == 0)
			p->data = v;
		else if (strcmp(argv[i], "--url") == 0) {
			p->url = v;
			if (text_ends(v, "/"))
				argv[i + 1][strlen(v) - 1] = 0;
		} else if (strcmp(argv[i], "--lmtp") == 0)
			p->lmtp = v;
		else if (strcmp(argv[i], "--every-ms") == 0 && text_int(v, &n) && n >= 100 && n <= 3600000)
			p->every_ms = (int)n;
		else if (strcmp(argv[i], "--times") == 0 && text_int(v, &n) && n >= 1 && n <= 1000000)
			p->times = (int)n;
		else if (strcmp(argv[i], "--confine") != 0 || !bounds_how(v, &p->confine))
			return -1;
	}
	return p->data && p->url ? 0 : -1;
}

/* From here on: its secret, its lines in DATA/run, and the two doors that it knocks at. */
static int bind_oneself(const struct probe *p)
{
	const struct fence_path path[] = {
		{ arena_printf(p->a, "%s/keys/probe.json", p->data), FENCE_READ }, { arena_printf(p->a, "%s/run", p->data), FENCE_WRITE },
		{ "/etc/resolv.conf", FENCE_READ }, { "/etc/hosts", FENCE_READ }, { "/etc/nsswitch.conf", FENCE_READ }, { "/run/systemd/resolve", FENCE_READ },
		{ "/etc/ssl/openssl.cnf", FENCE_READ }, { "/etc/ssl/certs", FENCE_READ }, { "/usr/lib/ssl", FENCE_READ },
		{ "/usr/share/ca-certificates", FENCE_READ }, { "/usr/local/share/ca-certificates", FENCE_READ }, { "/dev/urandom", FENCE_READ },
		{ "/etc/localtime", FENCE_READ }, { "/usr/share/zoneinfo", FENCE_READ },
	};
	const char *doors[] = { p->url, p->lmtp ? p->lmtp : p->url };
	int port[5] = { 53, 80, 443 }, n = 3;
	struct fence f = { path, sizeof path / sizeof *path, port, 0, FENCE_SIGNALS | FENCE_ABSTRACT };
	struct bounds_said said;
	struct err e;

	for (int i = 0; i < 2; i++) {
		const char *colon = strrchr(doors[i], ':');
		int64_t number;

		if (colon && text_int(colon + 1, &number) && number > 0 && number < 65536)
			port[n++] = (int)number;
	}
	f.nport = n;
	if (bounds_set(p->confine, &f, CALLS_SERVER, &said, &e) != 0) {
		log_err("confined", &e);
		return -1;
	}
	log_line(said.whole || CALLS_INSTRUMENTED ? LOG_INFO : LOG_WARN, "confined", "probe: %s", said.text);
	return 0;
}

static const char usage[] =
	"pedel-probe --data DIR --url URL [--lmtp ADDR:PORT] [--every-ms N] [--times N] [--confine HOW] | --help | --version\n\n"
	"Measures from outside whether pedeld's doors are open. See pedel-probe(8).\n";

int main(int argc, char **argv)
{
	struct probe p = { .every_ms = 60000, .confine = BOUNDS_TRY };
	struct sigaction act = { .sa_handler = stop };
	const char *every = getenv("PEDEL_PROBE_EVERY_MS");
	int64_t n;

	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return fputs(usage, stdout), 0;
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return puts("pedel-probe " PEDEL_VERSION), 0;
	if (every && text_int(every, &n) && n >= 100 && n <= 3600000)
		p.every_ms = (int)n;            /* for tests of the whole, where the keeper starts us */
	if (args_read(&p, argc, argv) != 0) {
		fputs(usage, stderr);
		return 2;
	}
	moment_zone();
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	p.curl = curl_easy_init();
	p.a = arena_begin(64 << 20);
	if (!p.curl || bind_oneself(&p) != 0)
		return 1;
	curl_easy_setopt(p.curl, CURLOPT_COOKIEFILE, "");
	curl_easy_setopt(p.curl, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(p.curl, CURLOPT_MAXREDIRS, 5L);
	curl_easy_setopt(p.curl, CURLOPT_TIMEOUT_MS, (long)HTTP_TIMEOUT_MS);
	curl_easy_setopt(p.curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(p.curl, CURLOPT_PROXY, "");
	curl_easy_setopt(p.curl, CURLOPT_USERAGENT, "pedel-probe/" PEDEL_VERSION);
	curl_easy_setopt(p.curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(p.curl, CURLOPT_WRITEDATA, &p);
	curl_easy_setopt(p.curl, CURLOPT_XFERINFOFUNCTION, still_wanted);
	curl_easy_setopt(p.curl, CURLOPT_NOPROGRESS, 0L);
	if (strstr(p.url, "://127.") || strstr(p.url, "://[::1]")) {    /* on this machine the certificate's name is another */
		curl_easy_setopt(p.curl, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(p.curl, CURLOPT_SSL_VERIFYHOST, 0L);
	}
	for (int round = 0; !stopping && (p.times == 0 || round < p.times); round++) {
		int64_t next = os_steady_us() + (int64_t)p.every_ms * 1000;

		try_door(&p, "portal", by_portal);
		if (p.lmtp && !stopping)
			try_door(&p, "mail", by_mail);
		arena_reset(p.a);
		while (!stopping && os_steady_us() < next && (p.times == 0 || round + 1 < p.times))
			poll(NULL, 0, (int)((next - os_steady_us()) / 1000 < 1000 ? (next - os_steady_us()) / 1000 + 1 : 1000));
	}
	curl_easy_cleanup(p.curl);
	curl_global_cleanup();
	arena_end(p.a);
	return 0;
}
