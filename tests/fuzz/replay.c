/* replay.c - runs a fuzzer's function over the files of its corpus, as a plain test: replay FOLDER. */
#include <stdint.h>
#include "base/arena.h"
#include "os/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int main(int argc, char **argv)
{
	struct arena *a = arena_begin(256 << 20);
	struct err e = { 0 };
	char **names;
	int n;

	if (argc != 2 || os_list_folder(a, argv[1], &names, &n, &e) != 0 || n == 0) {
		printf("Bail out! no corpus: %s\n", e.detail);
		return 1;
	}
	printf("1..%d\n", n);
	for (int i = 0; i < n; i++) {
		uint8_t *exact;
		char *data;
		size_t bytes;

		if (os_read_file(a, arena_printf(a, "%s/%s", argv[1], names[i]), 64 << 20, &data, &bytes, &e) != 0) {
			printf("not ok %d - %s: %s\n", i + 1, names[i], e.detail);
			return 1;
		}
		exact = malloc(bytes ? bytes : 1);      /* without the NUL after it, so that a read past the end shows */
		memcpy(exact, data, bytes);
		LLVMFuzzerTestOneInput(exact, bytes);
		free(exact);
		printf("ok %d - %s\n", i + 1, names[i]);
	}
	arena_end(a);
	return 0;
}
