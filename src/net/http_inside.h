/* http_inside.h - what the http_*.c and ws.c files share; nobody else includes it (fuzzers and tests of the reader do).
 *
 * A connection (struct http_conn) is a socket and its state; it belongs to one net thread. A job is one request on its way:
 * filled by http_read(), handed to a worker, answered into its `out`, written by the connection, and used again.
 * Ownership:  a job belongs to the net thread, except between http_submit() and its `done` task: then to the worker.
 * Errors:     refusals are HTTP statuses in job->refuse.   Units: bytes, _us.
 * Threads:    a connection and its thread's lists: that net thread alone; the queue and the counts: under their locks.
 * Source:     RFC 9110, 9112. */
#ifndef PEDEL_NET_HTTP_INSIDE_H
#define PEDEL_NET_HTTP_INSIDE_H
#include <event2/event_struct.h>
#include <llhttp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/uio.h>
#include "net/http.h"
#include "net/loop.h"
#include "net/stream.h"

enum {
	HTTP_HEAD_BYTES = 16384, HTTP_HEADERS = 100, HTTP_TARGET_BYTES = 8000, HTTP_CHUNK_EXTENSION_BYTES = 256,
	HTTP_TRAILER_BYTES = 4096, HTTP_HOST_BYTES = 255
};

/* What leaves: head and body from memory, then perhaps a part of a file. */
struct http_out {
	struct iovec part[2];
	int nparts, at;
	int file;                       /* -1: none */
	int64_t file_from, file_left;
};

struct http_span { char *p; size_t n; };

struct http_job {
	struct loop_task done;          /* brings the answered job back to its net thread */
	struct http_job *next;          /* in the workers' queue, or among the spare ones */
	struct http_conn *conn;
	struct arena *a;
	struct http_request rq;
	struct http_response rs;
	struct http_out out;
	int refuse;                     /* status, when the request must not be handled; 0: none */
	bool keep;                      /* the connection may carry another request */
	bool expects;                   /* Expect: 100-continue */
	bool whole;                     /* everything of the request is here */
	bool has_body;
	int minor;                      /* HTTP/1.minor */

	/* reading */
	llhttp_t parser;
	int scan_state, scan_lines, scan_blank;
	size_t scan_line_bytes;
	char *head;
	size_t head_n, head_cap;
	struct http_header headers[HTTP_HEADERS];
	struct http_span target, name[HTTP_HEADERS], value[HTTP_HEADERS];
	int nspans;
	bool in_value;
	struct buf body;
	int body_fd;                    /* -1: in memory */
	char *body_path;
	int64_t body_got, body_max;
	int chunk_state;
	uint64_t chunk_left;
	size_t chunk_n, trailer_n;
};

/* http_read.c */
enum http_read_step { READ_MORE, READ_HEAD, READ_DONE, READ_REFUSED };
void http_job_clear(struct http_job *j);        /* ready for the next request; closes and removes what it held */
/* Takes bytes; *used of them. MORE: all used, give more. HEAD: the head is in rq (once), set body_max and go on unless
 * `whole`. DONE: whole request; bytes after *used are the next one's. REFUSED: see refuse; take no more. */
enum http_read_step http_read(struct http_job *j, const char *p, size_t n, size_t *used);

/* http_check.c: what llhttp lets through and we do not */
int http_check_bytes(struct http_job *j, const char *p, size_t n, size_t *used);   /* 1 head ends, 0 more, -1 refused */
int http_check_chunks(struct http_job *j, const char *p, size_t n, size_t *used);  /* the same for a chunked body */
int http_check_line(struct http_job *j);        /* the request line, before llhttp sees it */
int http_check_head(struct http_job *j);        /* headers and target, after llhttp */

/* http_forward.c */
void http_forward(struct http_job *j, const char *peer, const char *const *proxies);

/* http_send.c */
struct http_pack;                               /* a worker's own compressor and clock text */
struct http_pack *http_pack_begin(void);
void http_pack_end(struct http_pack *k);
void http_answer(struct http_job *j, struct http_pack *k, bool closing);        /* rs -> out; may trap */
void http_answer_memory(struct http_job *j);    /* 503 from constants, when the arena is spent */
/* 1: all is written; 0: wait until the socket takes more; -1: broken. *progress: something was taken. */
int  http_send(struct http_out *o, struct stream *s, char *buffer, bool *progress);
const char *http_reason(int status);

/* http_conn.c */
enum http_state { HTTP_IDLE, HTTP_IN_HEAD, HTTP_IN_BODY, HTTP_WORKING, HTTP_SENDING, HTTP_LINGERING, HTTP_IS_WS, HTTP_CLOSED };
struct ws;
/* A worker that has written the whole answer itself leaves HAND_DONE, and the net thread finds it when the connection next
 * speaks, or at the next tick: so an answer costs one wake-up and not two. HAND_WANTED: the net thread waits to be told. */
enum http_hand { HAND_WORKER, HAND_WANTED, HAND_DONE };
struct http_conn {
	struct stream stream;
	enum http_state state;
	bool paused;                    /* not listening for bytes */
	bool writing;                   /* listening for room to write */
	bool counted;                   /* in the per-address table */
	atomic_int hand;                /* while HTTP_WORKING: who goes on with it */
	int64_t deadline_us, linger_until_us;
	int64_t progress_n;             /* bytes since the deadline was moved */
	struct http_thread *thread;
	struct http_conn *next, *prev;
	struct http_job *job;
	char *rest;                     /* bytes of the next request that came while this one is worked on */
	size_t rest_n;
	struct event read, write;
	struct ws *ws;
	struct in6_addr who;            /* v4 as ::ffff:a.b.c.d */
	char address[48];
};
struct http_thread {
	struct http_server *server;
	struct loop *loop;
	struct event listen, tick, again;
	struct http_conn *conns, *dead;
	struct http_job *spare;
	int nspare;
	bool closing_idle, listening;
	char *scratch, *buffer;         /* SCRATCH to read into, STREAM_BUFFER to send from */
	struct http_pack *pack;
};
enum { HTTP_SCRATCH = 65536 };
void http_conn_open(struct http_thread *t, int fd, const struct in6_addr *who, const char *address, bool counted);
void http_conn_close(struct http_conn *c);
void http_conn_tick(struct http_thread *t, int64_t now_us);
void http_conn_reap(struct http_thread *t);
void http_conn_drain(struct http_thread *t, bool idle_too);
bool http_conn_finish(struct http_job *j);      /* by the worker: false when the net thread must be told (j->done) */
void http_conn_want_write(struct http_conn *c);

/* http_server.c */
struct http_worker {
	unsigned long thread;
	struct http_server *server;
	struct http_worker *next;       /* among the idle ones */
	struct http_job *job;           /* handed to it while it was idle */
	pthread_cond_t wake;
};
struct http_server {
	struct http_config c;
	const char **proxies;
	int listen_fd;
	bool own_listen_fd;
	struct ssl_ctx_st *tls;
	struct http_thread *thread;
	int nthreads, next_thread;
	int64_t header_us, body_us, idle_us;

	pthread_mutex_t queue_lock;     /* over the queue, idle, and each worker's job */
	struct http_job *first, **last;
	int queued, queue_max;
	bool quit;
	struct http_worker *worker, *idle;      /* idle: the one that worked last comes first, its caches are warm */
	int nworkers;

	pthread_mutex_t count_lock;
	pthread_cond_t count_less;
	int nconns;
	struct http_peer **peers;       /* hash table by address */
	unsigned npeers;
	atomic_bool draining;
};
bool http_submit(struct http_server *s, struct http_job *j);    /* false: the queue is full */
void http_uncount(struct http_conn *c);

/* ws.c */
int  ws_begin(struct http_conn *c, const struct ws_handler *h, void *arg);
void ws_readable(struct http_conn *c, const char *p, size_t n); /* may close c */
void ws_writable(struct http_conn *c);
void ws_tick(struct http_conn *c, int64_t now_us);
void ws_gone(struct http_conn *c);              /* the connection is being closed */
void ws_dropped(struct http_job *j);            /* the answer that would begin one was not sent */
void ws_leave(struct http_conn *c);             /* the server stops: say 1001 */
#endif
