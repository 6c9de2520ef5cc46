/* static.h - the files of ui/, built into the program; one folder name that changes with their content.
 * Ownership: constants.  Errors: 404 in the answer.  Units: bytes.  Threads: any.  Source: tools/embed.py. */
#ifndef PEDEL_WEB_STATIC_H
#define PEDEL_WEB_STATIC_H
#include <stddef.h>
#include "net/http.h"

struct static_bytes { const void *p; size_t n; };
struct static_file { const char *name, *type; struct static_bytes raw, gz, br; };
extern const struct static_file static_files[];         /* ends with {0} */
extern const char static_base[];                        /* "/s/3f2a9c01b7de": pages write static_base "/pedel.css" */

/* Answers /s/<any>/<name>: for ever when <any> is today's, else no-cache. */
void static_answer(const struct http_request *r, struct http_response *s);
#endif
