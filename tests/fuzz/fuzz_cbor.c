/* Any bytes: the reader never leaves them, ends, and what it takes is written back as the very same bytes. */
#include <stdlib.h>
#include "wire/cbor.h"
#include "wire/conv.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena *a = arena_begin(64 << 20);
	struct cbor_in in;
	struct conv_mail m;
	struct err e = { 0 };

	cbor_begin(&in, p, n);
	cbor_skip(&in);
	cbor_done(&in, &e);
	if (conv_get_mail(a, p, n, &m, &e) == 0) {
		struct buf b;

		buf_init(&b, a, n + 100);
		conv_put_mail(&b, &m);
		if (b.full)
			abort();
	}
	arena_end(a);
	return 0;
}
