/* A provider's catalogue file is text from outside: whatever stands in it, the parser answers and stays within its limits. */
#include <stdint.h>
#include <stdlib.h>
#include "core/catalogue.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena *a = arena_begin(8 << 20);
	struct catalogue_service s;
	struct err e = { 0 };
	json_t *full = NULL, *again = NULL;

	if (catalogue_parse(a, "demo", (const char *)data, n, &s, &e) == 0) {
		if (s.npromises < 1 || s.npromises > 40 || s.nterms > 60 || !s.name[LANG_DA] || !s.name[LANG_EN])
			abort();
		if (terms_check(a, &s, NULL, &full, &e) != 0)     /* nothing given is always right */
			abort();
		if (json_object_size(full) != (size_t)s.nterms || terms_check(a, &s, full, &again, &e) != 0 || !json_equal(full, again))
			abort();        /* and every default passes its own check */
		json_decref(full);
		json_decref(again);
	} else if (e.id != E_CATALOGUE_INVALID || !e.detail[0]) {
		abort();
	}
	arena_end(a);
	return 0;
}
