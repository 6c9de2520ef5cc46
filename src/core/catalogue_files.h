/* catalogue_files.h - the product's own catalogue, as it was at build time (tools/embed_text.py).
 * Ownership: constants.  Errors: none.  Units: bytes.  Threads: any.  Source: catalogue/. */
#ifndef PEDEL_CORE_CATALOGUE_FILES_H
#define PEDEL_CORE_CATALOGUE_FILES_H
#include <stddef.h>

struct embedded_text { const char *name; size_t bytes; const char *text; };     /* name: "support.md" */
extern const struct embedded_text catalogue_files[];                            /* ends with {0} */
#endif
