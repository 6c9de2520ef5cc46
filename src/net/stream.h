/* stream.h - bytes to and from one connected socket that never blocks, plain or TLS; the caller need not know which.
 * Ownership:  stream_close() ends socket and TLS.
 * Errors:     STREAM_AGAIN: not now; wait until the socket can be read (or written, when want_write is set).
 *             STREAM_BROKEN: the connection is of no more use.
 * Units:      bytes.     Threads: one at a time.     Source: OpenSSL 3's SSL_read(3), SSL_write(3). */
#ifndef PEDEL_NET_STREAM_H
#define PEDEL_NET_STREAM_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

struct ssl_st;
struct stream {
	int fd;
	struct ssl_st *ssl;     /* NULL: plain */
	bool want_write;        /* the last stream_recv waits for room to write (TLS only) */
};
enum { STREAM_AGAIN = -1, STREAM_BROKEN = -2 };
enum { STREAM_BUFFER = 16384 };         /* a TLS record's worth */

ssize_t stream_recv(struct stream *s, void *p, size_t n);               /* bytes; 0: the other side ended */
/* Bytes taken, at most all. buffer has STREAM_BUFFER bytes, used to put small parts into one TLS record. After
 * STREAM_AGAIN the same bytes must come first in the next call. */
ssize_t stream_send(struct stream *s, const struct iovec *v, int nv, char *buffer);
ssize_t stream_send_file(struct stream *s, int file, int64_t from, int64_t n, char *buffer);
bool    stream_pending(const struct stream *s);         /* bytes are waiting inside TLS that the socket will not announce */
void    stream_end_sending(struct stream *s);           /* tell the other side that nothing more comes */
void    stream_close(struct stream *s);
#endif
