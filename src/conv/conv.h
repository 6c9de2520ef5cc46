/* conv.h - what pedel-conv does to one document. Runs in a child process that has no network and no files; a test may call
 * it directly.
 *
 * Ownership:  the answer is written into the caller's buf.
 * Errors:     put into the answer: E_MAIL_UNREADABLE, E_CONV_FAILED. A document that crashes a library kills the child, and
 *             the one who waits sees a closed connection.
 * Units:      bytes.     Threads: one document per process; libraries below are not asked for more.
 * Source:     wire/conv.h. */
#ifndef PEDEL_CONV_CONV_H
#define PEDEL_CONV_CONV_H
#include <stddef.h>
#include "base/arena.h"
#include "base/buf.h"
#include "wire/conv.h"

#define CONV_ARENA ((size_t)640 << 20)

/* Opens everything the libraries want from disk (character sets, fonts), so that the children need none. Keep what it gives
 * for as long as documents are converted; conv_cool() lets it go. */
struct conv_warm;
struct conv_warm *conv_warm(void);
void conv_cool(struct conv_warm *w);

void conv_run(struct arena *a, enum conv_kind kind, const void *p, size_t n, struct buf *answer);
#endif
