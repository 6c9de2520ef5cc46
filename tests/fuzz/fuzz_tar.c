/* Any bytes as a backup: names are short and their own, contents no longer than they say; it ends or is refused. */
#include "fuzz.h"
#include <unistd.h>
#include "store/tar.h"

static char path[] = "/tmp/pedel-fuzz-XXXXXX";
static void tidy(void) { unlink(path); }

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static int once;
	struct tar t = { 0 };
	struct tar_entry x;
	struct err e = { 0 };
	char sha[65], *keep = malloc(4096);
	FILE *f;
	int rc;

	if (!once++) {
		int fd = mkstemp(path);

		MUST(fd >= 0 && close(fd) == 0);
		atexit(tidy);
	}
	f = fopen(path, "we");
	MUST(f && fwrite(p, 1, n, f) == n && fclose(f) == 0);
	MUST(tar_read_begin(&t, path, &e) == 0);
	while ((rc = tar_read_next(&t, &x, &e)) == 1) {
		MUST(*x.name && strlen(x.name) <= 100 && x.bytes >= 0);
		if (tar_read_content(&t, &x, -1, keep, x.bytes < 4096 ? 4096 : 0, sha, &e) != 0) {
			rc = -1;
			break;
		}
		MUST(x.bytes <= (int64_t)n && strlen(sha) == 64);
	}
	MUST(rc == 0 || e.id == E_BACKUP_INVALID || e.id == E_OS_CALL);
	tar_close(&t);
	free(keep);
	return 0;
}
