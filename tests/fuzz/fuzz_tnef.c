/* Any bytes as a winmail.dat: its files lie inside it. Most bytes fail a checksum, so the same bytes are also taken as
 * attributes (which, how long, what) and written with the right ones. */
#include "fuzz.h"
#include "conv/tnef.h"

static void check(struct arena *a, const uint8_t *p, size_t n)
{
	struct conv_part parts[20];
	const char *text = NULL;
	int k = -7;

	if (tnef_read(a, p, n, parts, 20, &k, &text) != 0)
		return;
	MUST(k >= 0 && k <= 20 && (!text || text_valid(text, strlen(text))));
	for (int i = 0; i < k; i++) {
		MUST(parts[i].name && parts[i].mime && parts[i].content_id && text_valid(parts[i].name, strlen(parts[i].name)));
		MUST(parts[i].n == 0 || ((const uint8_t *)parts[i].p >= p && (const uint8_t *)parts[i].p + parts[i].n <= p + n));
	}
}

static void little(struct buf *b, uint32_t v, int bytes)
{
	for (; bytes-- > 0; v >>= 8)
		buf_addc(b, (char)v);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const uint32_t ids[] = { 0x0002800C, 0x00069002, 0x00018010, 0x0006800F, 0x00069005, 0x00069003, 0x12345678 };
	struct arena *a = arena_begin(64 << 20);
	struct buf b;

	if (n > 64 << 10)
		n = 64 << 10;
	check(a, p, n);
	buf_init(&b, a, 1 << 20);
	little(&b, 0x223E9F78, 4);
	little(&b, 1, 2);
	while (n >= 3) {
		size_t len = p[1] | (size_t)(p[2] & 3) << 8;
		uint32_t sum = 0;

		len = len < n - 3 ? len : n - 3;
		little(&b, 1 + (p[0] >> 7), 1);
		little(&b, ids[(p[0] & 0x7F) % 7], 4);
		little(&b, (uint32_t)len, 4);
		buf_add(&b, p + 3, len);
		for (size_t i = 0; i < len; i++)
			sum += p[3 + i];
		little(&b, sum, 2);
		p += 3 + len;
		n -= 3 + len;
	}
	check(a, (const uint8_t *)buf_text(&b), b.n);
	arena_end(a);
	return 0;
}
