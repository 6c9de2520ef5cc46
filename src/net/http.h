/* http.h - the HTTP/1.1 server: bytes in, whole requests out to workers, answers back.
 *
 * Net threads read, parse strictly (llhttp; see http_check.c for what llhttp lets through and we do not), enforce limits
 * and timeouts and write. Workers run the handler, one request at a time each, synchronously.
 * Ownership:  a request and everything in it lives in r->a until the answer is sent; the handler frees nothing. Past
 *             arena_bytes the handler is left by a jump and 503 is answered: one that holds something outside the arena
 *             sets an arena_trap() of its own.
 * Errors:     the server answers protocol errors itself: 400, 408, 413, 414, 417, 501, 503, 505, then closes.
 * Units:      bytes, _ms.
 * Threads:    handle() is called on worker threads; limits() on net threads and must not block.
 * Source:     RFC 9110, 9112; hostile cases from tests/unit/test_http_hostile.c. */
#ifndef PEDEL_NET_HTTP_H
#define PEDEL_NET_HTTP_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct http_header { const char *name, *value; };       /* name in lower case */

struct http_request {
	struct arena *a;                /* the request's arena: handlers allocate here too */
	const char *method;             /* "GET", "POST", ... HEAD is given as "GET" with head set */
	bool head;
	const char *path;               /* percent-decoded, valid UTF-8, begins with /, no // . or .. segments, no NUL */
	const char *asked;              /* only for words of a refusal, when path is NULL: how the target began, raw; "" when not even that came */
	const char *query;              /* raw, after the ?; "" when none */
	const struct http_header *headers;
	int nheaders;
	const char *body;               /* NULL when there is none or it went to a file */
	size_t body_bytes;
	const char *body_path;          /* a temporary file that is removed when the answer is sent; NULL: in memory */
	char address[48];               /* the person's address (from the proxy's header only when the peer is a named proxy) */
	bool secure;                    /* the person came over TLS, to us or to a named proxy */
	const char *host;               /* Host header, checked */
	void *worker;                   /* what worker_begin() gave for this thread */
};
const char *http_header(const struct http_request *r, const char *name);       /* name in lower case; NULL when absent */

struct http_response {
	int status;                     /* 200 unless set */
	struct http_header headers[24];
	int nheaders;
	const char *type;               /* Content-Type; NULL: text/html; charset=utf-8 */
	const void *body;               /* in r->a, or constant for ever */
	size_t body_bytes;
	const char *file;               /* a file to send instead of body, with Range; path in r->a */
	const char *etag;               /* quoted; If-None-Match is answered by the server */
	bool ranges;                    /* with etag: parts of body may be asked for (Range); it is sent as it is */
	bool no_compress;               /* body is compressed already, or holds secrets beside chosen text */
	bool close;
	void (*release)(void *arg);     /* called once when body is not needed any more (it may lie outside r->a then) */
	void *release_arg;
	void *keep;                     /* what http_config.encoded is for; NULL: it is not called */
	/* After the answer is queued, take the connection over as a WebSocket (ws.h). NULL: no. */
	const struct ws_handler *ws;
	void *ws_arg;
};
void http_add_header(const struct http_request *r, struct http_response *s, const char *name, const char *value);

struct http_body_limit { int64_t max_bytes; bool to_file; };    /* to_file: streamed to disk while it comes */

struct http_config {
	const char *listen;             /* "127.0.0.1:0", "[::1]:8443" */
	int listen_fd;                  /* an already listening socket (the caller's: not closed here), used when listen is NULL */
	const char *tls_cert, *tls_key; /* both or neither */
	const char *const *proxies;     /* addresses whose Forwarded/X-Forwarded-* are believed; NULL-terminated; NULL: none */
	const char *tmp_folder;         /* for bodies that go to a file */
	int net_threads, workers;       /* 0: one for two cores; 8 */
	int queue_max;                  /* requests that wait for a worker; past it 503. 0: 1024 */
	int max_connections, max_per_address;           /* 0: 10000; 256 (loopback and proxies are not counted) */
	int header_ms, body_ms, idle_ms;                /* 0: 10 s, 30 s without progress, 75 s */
	struct http_body_limit (*limits)(const char *method, const char *path, void *arg);
	void (*handle)(struct http_request *r, struct http_response *s, void *arg);
	/* Answer without a worker: true when s is filled. Called on net threads for requests without a body, must not block. NULL: never. */
	bool (*at_once)(struct http_request *r, struct http_response *s, void *arg);
	/* The answer is as it leaves, compressed or not, its headers complete: for answers with s->keep, on the worker. */
	void (*encoded)(struct http_request *r, struct http_response *s, void *arg);
	/* Words for a refusal of the server's own (400, 408, 413, ...): set type and body. Called on net threads, must not block;
	 * r->path is NULL when the head could not be read. NULL: one English line. */
	void (*refusal)(const struct http_request *r, int status, struct http_response *s, void *arg);
	void *(*worker_begin)(void *arg);               /* once per worker thread; NULL allowed */
	void (*worker_end)(void *worker);
	void *arg;
	size_t arena_bytes;             /* most memory of one request; 0: 16 MB */
};
struct http_server;
int  http_start(const struct http_config *c, struct http_server **out, struct err *e);
int  http_port(const struct http_server *s);
int  http_listen_fd(const struct http_server *s);       /* for handing over at restart */
/* Take no more connections, and ask every one there is to end with its next answer (Connection: close); returns when none
 * is left or after wait_ms. For a restart whose successor already listens on the same socket. */
void http_drain(struct http_server *s, int wait_ms);
/* Stop taking connections, let requests that have begun finish for at most wait_ms, close the rest, free all. */
void http_stop(struct http_server *s, int wait_ms);
#endif
