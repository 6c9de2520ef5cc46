/* pdf.h - a document of wire/conv.h on A4 paper. Over cairo and pango.
 * Ownership:  the bytes are in the arena given.   Errors: E_JSON_INVALID, E_CONV_FAILED.
 * Units:      points inside; nothing of it shows.   Threads: one.   Source: ui.md for the looks. */
#ifndef PEDEL_CONV_PDF_H
#define PEDEL_CONV_PDF_H
#include <stddef.h>
#include "base/arena.h"
#include "base/err.h"
int pdf_make(struct arena *a, const void *json, size_t n, const void **pdf, size_t *npdf, struct err *e);
#endif
