/* Any bytes as command lines and as a mail's data: nothing is read or written past its end, and an address that is taken is
 * text without brackets outside quotes. */
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "net/lmtp_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct lmtp_command c;
	struct lmtp_data d = { 0 };
	char *out = malloc(n + 2);
	size_t got;

	lmtp_command_read((const char *)p, n, &c);
	if (c.verb == LMTP_RCPT && (!*c.address || !text_valid(c.address, strlen(c.address))))
		abort();
	if (c.verb == LMTP_BAD && !c.reply)
		abort();
	if (lmtp_data_read(&d, (const char *)p, n, out, &got) > n || got > n + 2)
		abort();
	free(out);
	return 0;
}
