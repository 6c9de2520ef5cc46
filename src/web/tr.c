#include <string.h>
#include "web/messages.h"
#include "web/web.h"

static const char *const *find(enum lang lang, const char *english)
{
	uint32_t h = 2166136261u;

	for (const char *p = english; *p; p++)
		h = (h ^ (unsigned char)*p) * 16777619u;
	for (;; h++) {
		int at = messages_at[h & (uint32_t)(messages_slots - 1)];

		if (at < 0)
			return NULL;
		if (strcmp(english, messages[at].english) == 0)
			return messages[at].text[lang];
	}
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
