/* conv_client.h - asks pedel-conv to read or make one document, and waits.
 *
 * Ownership:  the answer is in the arena given.
 * Errors:     E_CONV_AWAY when pedel-conv is not there (ask again later); E_CONV_FAILED when the document crashed or outlasted it (asking again may help once,
 *             not for ever); what the answer itself says (wire/conv.h).
 * Units:      _ms, bytes.   Threads: any; every call is a connection of its own.   Source: wire/conv.h. */
#ifndef PEDEL_DAEMON_CONV_CLIENT_H
#define PEDEL_DAEMON_CONV_CLIENT_H
#include <jansson.h>
#include "wire/conv.h"

int conv_ask(const char *socket_path, enum conv_kind kind, const void *p, size_t n, int timeout_ms, struct arena *a, const void **answer,
	size_t *nanswer, struct err *e);
int conv_mail(const char *socket_path, struct arena *a, const void *raw, size_t n, struct conv_mail *out, struct err *e);
int conv_markdown(const char *socket_path, struct arena *a, const char *text, char **html, struct err *e);
int conv_try(const char *socket_path, struct arena *a, int timeout_ms, struct err *e);     /* is it there, and does it work? */
/* Fits web_app.make_pdf: arg is the socket's path. */
int conv_pdf(void *socket_path, struct arena *a, json_t *document, const void **pdf, size_t *n, struct err *e);
#endif
