/* mail_class.h - what kind of mail this is, and how far its sender is to be believed. Pure.
 *
 * Ownership:  constants, or the arena given.   Errors: none.   Units: none.   Threads: any.
 * Source:     RFC 3834, 3464, 5230, 2369, 8601, 7489. */
#ifndef PEDEL_CORE_MAIL_CLASS_H
#define PEDEL_CORE_MAIL_CLASS_H
#include "base/arena.h"
#include "wire/conv.h"

/* "": a person wrote it. "bounce": it tells what became of a mail. "receipt": it was read. "own": our own mail came back.
 * "auto": a program answered or told something. "list": a mailing list or a newsletter. Only "" is ever answered. */
const char *mail_class(const struct conv_mail *m, const char *envelope_sender, const char *instance);

/* "pass": the sender's domain stands behind it. "fail": it does not. "": nobody here checks (authserv is blank).
 * Only the topmost Authentication-Results counts, and only when it is authserv's own. */
const char *mail_auth(struct arena *a, const struct conv_mail *m, const char *authserv);

/* The ticket numbers in a subject, "[#10482]"; at most max. */
int mail_tags(const char *subject, int64_t *numbers, int max);
#endif
