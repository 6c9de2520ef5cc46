/* lmtp.h - an LMTP server: takes mails over from the mail server beside us, and answers only when they are safe.
 *
 * A thread per connection, a bounded number of them. A mail is streamed into a file while it comes; take() then owns it.
 * Ownership:  the server removes the file after take() unless take() has moved it away.
 * Errors:     E_OS_CALL when threads or descriptors run out at the start; later trouble is a 4xx to the peer.
 * Units:      bytes, _ms.
 * Threads:    recipient() and take() are called on connection threads, several at once.
 * Source:     RFC 2033, 5321, 2920, 6152, 6531, 1870, 2034. A mail ends at CR LF . CR LF and nothing else (smuggling). */
#ifndef PEDEL_NET_LMTP_H
#define PEDEL_NET_LMTP_H
#include <stdint.h>
#include "base/err.h"

#define LMTP_RECIPIENTS 100
struct lmtp_mail {
	const char *sender;                     /* "" is the null sender */
	const char *const *recipients; int nrecipients;
	const char *path;                       /* the mail as it came, dots unstuffed */
	int64_t bytes;
};
struct lmtp_config {
	int listen_fd;                          /* stays the caller's */
	const char *tmp_folder;
	int64_t max_bytes;                      /* 0: 52 MB */
	int connections, idle_ms;               /* 0: 32; 60 s */
	int (*recipient)(void *arg, const char *address);       /* 250; 550: not ours; 451: ask again later */
	int (*take)(void *arg, const struct lmtp_mail *m);      /* 250: it is on disk and will be read; 451, 452: not now */
	void *arg;
};
struct lmtp_server;
int  lmtp_start(const struct lmtp_config *c, struct lmtp_server **out, struct err *e);
/* What is being taken is taken and answered; the rest is closed. NULL is allowed. */
void lmtp_stop(struct lmtp_server *s);
#endif
