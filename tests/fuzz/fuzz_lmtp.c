/* Any bytes as command lines and as a mail's data: nothing is read or written past its end, an address that is taken is text
 * without brackets outside quotes; the data is the same whole and in pieces, and what a sender stuffs comes out as it was. */
#include "fuzz.h"
#include "net/lmtp_parse.h"

static size_t take(const uint8_t *p, size_t n, size_t piece, char *out, bool *done)
{
	struct lmtp_data d = { 0 };
	size_t all = 0, at = 0;

	while (at < n && !d.done) {
		size_t part = n - at < piece ? n - at : piece, got = 0, used;
		char *exact = malloc(part + 2);

		used = lmtp_data_read(&d, (const char *)p + at, part, exact, &got);
		MUST(used <= part && got <= part + 2 && (used == part || d.done));
		memcpy(out + all, exact, got);
		free(exact);
		all += got;
		at += used;
	}
	*done = d.done;
	return all;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const size_t pieces[] = { 1, 2, 3, 100 };
	struct arena *a = arena_begin(64 << 20);
	struct lmtp_command c;
	const uint8_t *line = p;
	size_t left = n < 32 << 10 ? n : 32 << 10, whole;
	char *out = arena_get(a, 2 * n + 16), *parts = arena_get(a, 2 * n + 16), *wire = arena_get(a, 2 * n + 16);
	bool done, again;

	for (int i = 0; i < 20 && left > 0; i++) {
		const uint8_t *stop = memchr(line, '\n', left);
		size_t len = stop ? (size_t)(stop - line) : left;

		memset(&c, 0x55, sizeof c);
		lmtp_command_read((const char *)line, len, &c);
		if (c.verb == LMTP_RCPT || c.verb == LMTP_MAIL)
			MUST((c.verb == LMTP_MAIL || *c.address) && strlen(c.address) < LMTP_ADDRESS && text_valid(c.address, strlen(c.address)) && c.size >= 0);
		if (c.verb == LMTP_BAD)
			MUST(c.reply && c.reply[0] == '5');
		line += len + (stop != NULL);
		left -= len + (stop != NULL);
	}
	whole = take(p, n, SIZE_MAX, out, &done);
	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
		size_t got = take(p, n, pieces[i], parts, &again);

		MUST(again == done && got == whole && memcmp(out, parts, got) == 0);
	}
	/* RFC 5321, 4.5.2: a dot before every line that begins with one, and the end */
	whole = 0;
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '.' && (i == 0 || (i >= 2 && p[i - 1] == '\n' && p[i - 2] == '\r')))
			wire[whole++] = '.';
		wire[whole++] = (char)p[i];
	}
	memcpy(wire + whole, "\r\n.\r\nQUIT", 9);
	whole = take((const uint8_t *)wire, whole + 9, SIZE_MAX, out, &done);
	MUST(done && whole == n + 2 && memcmp(out, p, n) == 0);
	arena_end(a);
	return 0;
}
