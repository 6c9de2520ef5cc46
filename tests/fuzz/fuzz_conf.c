/* Any bytes as pedel.conf: read or refused with a place; a key that is set is there afterwards, with the others; an origin
 * that is taken can stand in a link. */
#include "fuzz.h"
#include <unistd.h>
#include "os/conf.h"
#include "os/file.h"

static char folder[] = "/tmp/pedel-fuzz-XXXXXX";

static void tidy(void)
{
	char path[64];

	snprintf(path, sizeof path, "%s/pedel.conf", folder);
	unlink(path);
	rmdir(folder);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static int once;
	struct arena *a = arena_begin(32 << 20);
	struct err e = { 0 };
	const char *was, *s = arena_dupn(a, (const char *)p, n);
	struct conf *c;
	char path[64];
	FILE *f;

	if (!once++) {
		MUST(mkdtemp(folder));
		atexit(tidy);
	}
	snprintf(path, sizeof path, "%s/pedel.conf", folder);
	f = fopen(path, "we");
	MUST(f && fwrite(p, 1, n, f) == n && fclose(f) == 0);
	if (conf_origin_check(s, &e) == 0)
		MUST(!strpbrk(s, " \"'<>&\\\r\n@#?") && strstr(s, "://"));
	if (conf_read(a, folder, NULL, &c, &e) != 0) {
		MUST(e.id == E_CONF_INVALID || e.id == E_BODY_TOO_LARGE);
	} else {
		const char *const *words = conf_words(a, c, "listen");

		for (; *words; words++)
			MUST(**words && !strpbrk(*words, " ,\t"));
		was = conf_get(c, "origin", NULL);
		MUST(!was || *was);
		if (n < 30000 && conf_set(a, folder, "mark", "a b", &e) == 0 && conf_read(a, folder, NULL, &c, &e) == 0) {
			const char *now = conf_get(c, "origin", NULL);

			MUST(strcmp(conf_get(c, "mark", ""), "a b") == 0);
			MUST(was ? now && strcmp(was, now) == 0 : !now);
		}
	}
	arena_end(a);
	return 0;
}
