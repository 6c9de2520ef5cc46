#include <string.h>
#include "web/messages.h"
#include "web/web.h"

static const char *const *find(enum lang lang, const char *english)
{
	int low = 0, high = messages_n;

	while (low < high) {
		int mid = (low + high) / 2, c = strcmp(english, messages[mid].english);

		if (c == 0)
			return messages[mid].text[lang];
		if (c < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

const char *tr(enum lang lang, const char *english)
{
	const char *const *t = find(lang, english);

	return t ? t[0] : english;
}

const char *tr_n(enum lang lang, const char *one, const char *many, int64_t n)
{
	const char *const *t = find(lang, one);

	return t ? t[n != 1] : n == 1 ? one : many;
}
