/* refusal.h - words for what the HTTP server itself refuses (a body too large, a head it cannot read, too busy).
 * Ownership:  the text is in r->a.   Errors: none.   Units: none.
 * Threads:    net threads: reads nothing but the request.   Source: the API's form of errors; net/http.h. */
#ifndef PEDEL_WEB_REFUSAL_H
#define PEDEL_WEB_REFUSAL_H
#include "net/http.h"
/* For struct http_config.refusal: JSON below /api/, else a small page. In the language of Accept-Language. */
void web_refusal(const struct http_request *r, int status, struct http_response *s, void *arg);
#endif
