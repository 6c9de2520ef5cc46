/* smtp.h - hands one mail to the mail server beside us. Over libcurl; blocking.
 * Ownership:  keeps nothing.
 * Errors:     E_SMTP with the server's last words; *permanent says that asking again is useless (5xx).
 * Units:      _ms.   Threads: any, after smtp_begin() once in the process.   Source: RFC 5321. */
#ifndef PEDEL_NET_SMTP_H
#define PEDEL_NET_SMTP_H
#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"

int smtp_check(const char *server, struct err *e);      /* HOST:PORT with a port from 1 on, HOST a name or an address; E_ADDRESS_INVALID */
int smtp_begin(struct err *e);                          /* may be repeated */
/* server "127.0.0.1:25"; from and to are bare addresses ("" as from: the null sender); mail has CR LF line ends. */
int smtp_send(const char *server, const char *hello, const char *from, const char *to, const void *mail, size_t n, int timeout_ms,
	bool *permanent, struct err *e);
#endif
