/* listen.h - a listening TCP socket from an address in words.
 * Ownership:  the descriptor is the caller's; it is non-blocking and closed at exec.
 * Errors:     E_ADDRESS_INVALID (not ADDR:PORT), E_LISTEN (taken, or not ours; the reason in detail).
 * Units:      none.     Threads: any.     Source: socket(7), ipv6(7). */
#ifndef PEDEL_NET_LISTEN_H
#define PEDEL_NET_LISTEN_H
#include <stddef.h>
#include "base/err.h"

/* "127.0.0.1:8080", "[::1]:0", "*:443" (all addresses, IPv6 and IPv4). Port 0: the kernel chooses. */
int  listen_open(const char *address, int *fd, struct err *e);
int  listen_port(int fd);                               /* the port it really has; 0 when it is no TCP socket */
void listen_name(int fd, char *to, size_t n);           /* "127.0.0.1:8080" with the real port */
#endif
