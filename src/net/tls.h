/* tls.h - what Pedel asks of TLS: 1.2 or newer, forward secrecy, HTTP/1.1 by ALPN.
 * Ownership:  a context is freed with tls_end(); connections made from it keep what they need.
 * Errors:     E_TLS_FILES: certificate or key cannot be read, or they do not belong together.
 * Units:      none.     Threads: a context is shared by all.     Source: RFC 8446, 7301; OpenSSL 3 manual. */
#ifndef PEDEL_NET_TLS_H
#define PEDEL_NET_TLS_H
#include "base/err.h"

struct ssl_ctx_st;
struct ssl_st;
int  tls_server(const char *cert_file, const char *key_file, struct ssl_ctx_st **out, struct err *e);
struct ssl_st *tls_accept(struct ssl_ctx_st *t, int fd);        /* a connection's TLS; NULL when memory is out */
void tls_end(struct ssl_ctx_st *t);                             /* NULL is allowed */
#endif
