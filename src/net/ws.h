/* ws.h - WebSocket at the server's end (RFC 6455 over wslay): live hints to pages, later the agents' channel.
 *
 * A handler of an HTTP request calls ws_accept(); when its answer has left, the connection is a WebSocket.
 * Ownership:  a struct ws lives while somebody holds it: the connection does, and each ws_retain() until its ws_release().
 *             arg is the caller's; after closed() nothing uses it.
 * Errors:     E_WS_HANDSHAKE: the request is no WebSocket handshake. E_ORIGIN_WRONG: a page of another site asks.
 * Units:      bytes.
 * Threads:    the handler's functions are called on a net thread and must not block; they may call everything here.
 *             ws_send(), ws_close(), ws_retain() and ws_release() from any thread that holds it.
 * Source:     RFC 6455; wslay's manual. */
#ifndef PEDEL_NET_WS_H
#define PEDEL_NET_WS_H
#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"
#include "net/http.h"

struct ws;
enum { WS_MESSAGE_BYTES = 1 << 20, WS_WAITING_BYTES = 4 << 20 };
struct ws_handler {             /* each may be NULL */
	void (*opened)(struct ws *s, void *arg);
	void (*message)(struct ws *s, const void *p, size_t n, bool text, void *arg);   /* whole; text is valid UTF-8 */
	/* Once for every ws_accept() that succeeded; s is NULL when the client was gone before the WebSocket began. */
	void (*closed)(struct ws *s, void *arg);
};
int  ws_accept(struct http_request *r, struct http_response *s, const struct ws_handler *h, void *arg, struct err *e);
/* Queued in order. false: it is closed, or the other side does not read (past WS_WAITING_BYTES the connection is closed). */
bool ws_send(struct ws *s, const void *p, size_t n, bool text);
void ws_close(struct ws *s, int code);                  /* 1000 normal, 1001 going away, 1008 policy ... */
void ws_retain(struct ws *s);
void ws_release(struct ws *s);                          /* NULL is allowed */
#endif
