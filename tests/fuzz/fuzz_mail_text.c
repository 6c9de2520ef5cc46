/* Any bytes as a mail's header words, as a text in some character set, and as a text with a quoted tail: what comes out is
 * text, and a tail begins where a line begins. Also what is believed of a sender: never what a comment or another host says. */
#include "fuzz.h"
#include "conv/charset.h"
#include "conv/quote.h"
#include "conv/words.h"
#include "core/mail_class.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena *a = arena_begin(128 << 20);
	const char *const *names = charset_known();
	struct conv_mail m = { .from = { "", "a@pedel.example" }, .subject = "", .list_id = "", .precedence = "", .auto_submitted = "", .suppress = "",
		.report = "", .instance = "", .reply_to = { "", "" }, .message_id = "", .html = "", .text = "" };
	const char *raw, *text, *verdict, *auth[1];
	bool damaged = false;
	int64_t tail, numbers[4];
	int known = 0, k;

	if (n < 1 || n > 64 << 10) {
		arena_end(a);
		return 0;
	}
	while (names[known])
		known++;
	text = charset_text(a, p + 1, n - 1, p[0] % (known + 2) < known ? names[p[0] % (known + 2)] : p[0] & 1 ? NULL : "x-none", &damaged);
	MUST(text_valid(text, strlen(text)) && !strchr(text, '\r'));
	tail = quote_tail(text);
	MUST(tail >= -1 && tail <= (int64_t)strlen(text) && (tail <= 0 || text[tail - 1] == '\n'));
	raw = arena_dupn(a, (const char *)p + 1, n - 1);
	text = words_decode(a, raw);
	MUST(text_valid(text, strlen(text)));
	k = mail_tags(text, numbers, 4);
	MUST(k >= 0 && k <= 4);
	for (int i = 0; i < k; i++)
		MUST(numbers[i] >= 0 && numbers[i] < 1000000000000000);
	text = words_join(a, raw);
	MUST(text_valid(text, strlen(text)) || !text_valid(raw, strlen(raw)));
	/* another host's word, and a comment's, counts for nothing */
	auth[0] = arena_printf(a, "mx.evil.example; %s", text_repair(a, raw, strlen(raw)));
	m.auth = auth;
	m.nauth = 1;
	MUST(strcmp(mail_auth(a, &m, "mx.pedel.example"), "fail") == 0);
	if (!strpbrk(raw, "()\\\"")) {
		auth[0] = arena_printf(a, "mx.pedel.example; dkim=fail (%s)", text_repair(a, raw, strlen(raw)));
		MUST(strcmp(mail_auth(a, &m, "mx.pedel.example"), "fail") == 0);
	}
	m.subject = text_repair(a, raw, strlen(raw));
	verdict = mail_class(&m, "a@b.example", "desk");
	MUST(verdict != NULL);
	arena_end(a);
	return 0;
}
