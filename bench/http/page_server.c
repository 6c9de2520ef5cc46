/* Serves one fixed page of 8 kB through the whole of src/net, and nothing else: what the HTTP server itself costs. */
#include <signal.h>
#include <unistd.h>
#include "net/http.h"

static char page[8192];

static void handle(struct http_request *r, struct http_response *s, void *arg)
{
	s->body = page;
	s->body_bytes = sizeof page;
}

int main(int argc, char **argv)
{
	struct http_config c = { .listen = "127.0.0.1:0", .handle = handle, .tls_cert = argc > 2 ? argv[1] : NULL, .tls_key = argc > 2 ? argv[2] : NULL };
	struct http_server *s;
	sigset_t set;
	struct err e;
	int sig;

	memset(page, 'x', sizeof page);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (http_start(&c, &s, &e) != 0) {
		fprintf(stderr, "%s: %s\n", err_name(e.id), e.detail);
		return 1;
	}
	printf("%d\n", http_port(s));
	fflush(stdout);
	sigwait(&set, &sig);
	http_stop(s, 1000);
	return 0;
}
