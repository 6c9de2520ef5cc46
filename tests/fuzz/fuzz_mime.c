/* Any bytes as a mail: an answer comes, and the other side can read it. */
#include <stdlib.h>
#include "conv/conv.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct conv_warm *warm;
	struct arena *a = arena_begin(CONV_ARENA);
	struct conv_mail m;
	struct err e = { 0 };
	struct buf b;

	if (!warm)
		warm = conv_warm();
	buf_init(&b, a, CONV_MAX);
	conv_run(a, CONV_MAIL, p, n, &b);
	if (conv_get_mail(a, b.p, b.n, &m, &e) != 0 && e.id != E_MAIL_UNREADABLE)
		abort();
	arena_end(a);
	return 0;
}
