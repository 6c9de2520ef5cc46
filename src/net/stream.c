#include "net/stream.h"
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

static ssize_t tls_result(struct stream *s, int rc, bool reading)
{
	switch (SSL_get_error(s->ssl, rc)) {
	case SSL_ERROR_WANT_READ:
		return reading ? STREAM_AGAIN : STREAM_BROKEN;  /* without renegotiation a write never waits for a read */
	case SSL_ERROR_WANT_WRITE:
		s->want_write = reading;
		return STREAM_AGAIN;
	case SSL_ERROR_ZERO_RETURN:
		return reading ? 0 : STREAM_BROKEN;
	default:
		/* After this OpenSSL allows no more calls on the connection, not even SSL_shutdown. */
		SSL_set_quiet_shutdown(s->ssl, 1);
		ERR_clear_error();
		return STREAM_BROKEN;
	}
}

ssize_t stream_recv(struct stream *s, void *p, size_t n)
{
	ssize_t got;

	s->want_write = false;
	if (s->ssl) {
		ERR_clear_error();
		got = SSL_read(s->ssl, p, n > INT32_MAX ? INT32_MAX : (int)n);
		return got > 0 ? got : tls_result(s, (int)got, true);
	}
	do
		got = recv(s->fd, p, n, 0);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? STREAM_AGAIN : STREAM_BROKEN;
	return got;
}

static ssize_t tls_send(struct stream *s, const void *p, size_t n)
{
	int sent;

	ERR_clear_error();
	sent = SSL_write(s->ssl, p, n > STREAM_BUFFER ? STREAM_BUFFER : (int)n);
	return sent > 0 ? sent : tls_result(s, sent, false);
}

ssize_t stream_send(struct stream *s, const struct iovec *v, int nv, char *buffer)
{
	struct msghdr m = { .msg_iov = (struct iovec *)(uintptr_t)v, .msg_iovlen = (size_t)nv };
	size_t n = 0, part;
	ssize_t sent;

	if (s->ssl && nv == 1)
		return tls_send(s, v->iov_base, v->iov_len);
	if (s->ssl) {
		for (int i = 0; i < nv && n < STREAM_BUFFER; i++) {
			part = v[i].iov_len < STREAM_BUFFER - n ? v[i].iov_len : STREAM_BUFFER - n;
			memcpy(buffer + n, v[i].iov_base, part);
			n += part;
		}
		return tls_send(s, buffer, n);
	}
	do
		sent = sendmsg(s->fd, &m, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? STREAM_AGAIN : STREAM_BROKEN;
	return sent;
}

ssize_t stream_send_file(struct stream *s, int file, int64_t from, int64_t n, char *buffer)
{
	off_t at = from;
	ssize_t got;

	if (s->ssl) {
		got = pread(file, buffer, n < STREAM_BUFFER ? (size_t)n : STREAM_BUFFER, at);
		return got <= 0 ? STREAM_BROKEN : tls_send(s, buffer, (size_t)got);
	}
	got = sendfile(s->fd, file, &at, n < 1 << 20 ? (size_t)n : 1 << 20);
	if (got < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? STREAM_AGAIN : STREAM_BROKEN;
	return got == 0 ? STREAM_BROKEN : got;          /* 0: the file has become shorter */
}

bool stream_pending(const struct stream *s) { return s->ssl && SSL_pending(s->ssl) > 0; }

void stream_end_sending(struct stream *s)
{
	if (s->ssl && SSL_is_init_finished(s->ssl)) {
		ERR_clear_error();
		SSL_shutdown(s->ssl);
	}
	shutdown(s->fd, SHUT_WR);
}

void stream_close(struct stream *s)
{
	if (s->ssl) {
		if (SSL_is_init_finished(s->ssl) && !SSL_get_shutdown(s->ssl)) {
			ERR_clear_error();
			SSL_shutdown(s->ssl);
		}
		ERR_clear_error();
		SSL_free(s->ssl);
	}
	if (s->fd >= 0)
		close(s->fd);
	*s = (struct stream){ .fd = -1 };
}
