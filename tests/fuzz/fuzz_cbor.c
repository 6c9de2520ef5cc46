/* Any bytes: the reader never leaves them, ends, and what it takes is written back as the very same bytes; so is a whole
 * answer about a mail. */
#include "fuzz.h"
#include "wire/cbor.h"
#include "wire/conv.h"

/* One item, read and written. */
static void again(struct cbor_in *in, struct arena *a, struct buf *b)
{
	const uint8_t *bytes;
	uint64_t n;
	size_t k;

	switch (cbor_peek(in)) {
	case CBOR_INT:   cbor_put_int(b, cbor_get_int(in));   break;
	case CBOR_BOOL:  cbor_put_bool(b, cbor_get_bool(in)); break;
	case CBOR_TEXT:
	case CBOR_NULL:  cbor_put_text(b, cbor_get_text(in, a)); break;
	case CBOR_BYTES:
		bytes = cbor_get_bytes(in, &k);
		cbor_put_bytes(b, bytes, k);
		break;
	case CBOR_ARRAY:
		n = cbor_enter_array(in);
		MUST(n <= in->n);
		cbor_put_array(b, n);
		for (uint64_t i = 0; i < n && !in->why; i++)
			again(in, a, b);
		cbor_leave(in);
		break;
	case CBOR_MAP:
		n = cbor_enter_map(in);
		MUST(n <= in->n);
		cbor_put_map(b, n);
		for (uint64_t i = 0; i < n && !in->why; i++) {
			char key[256];

			if (!cbor_get_key(in, key, sizeof key))
				break;
			cbor_put_text(b, key);
			again(in, a, b);
		}
		cbor_leave(in);
		break;
	case CBOR_NONE:
		cbor_skip(in);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena *a = arena_begin(256 << 20);
	struct cbor_in in;
	struct conv_mail m;
	struct err e = { 0 }, why = { 0 };
	struct buf b;
	int skipped;

	cbor_begin(&in, p, n);
	cbor_skip(&in);
	skipped = cbor_done(&in, &e);
	cbor_begin(&in, p, n);
	buf_init(&b, a, n * 2 + 1000);
	again(&in, a, &b);
	if (cbor_done(&in, &why) == 0)
		MUST(skipped == 0 && b.n == n && (n == 0 || memcmp(b.p, p, n) == 0));
	MUST(in.at <= n);
	if (conv_get_mail(a, p, n, &m, &e) == 0) {
		buf_init(&b, a, n + 100);
		conv_put_mail(&b, &m);
		MUST(!b.full && m.quoted_from >= -1 && m.quoted_from <= (int64_t)strlen(m.text));
		if (skipped == 0)
			MUST(conv_get_mail(a, b.p, b.n, &m, &e) == 0);
	}
	arena_end(a);
	return 0;
}
