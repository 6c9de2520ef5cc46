#include "os/bounds.h"
#include <stdio.h>
#include <string.h>

bool bounds_how(const char *word, enum bounds_how *out)
{
	static const char *const words[] = { [BOUNDS_OFF] = "off", [BOUNDS_TRY] = "try", [BOUNDS_REQUIRE] = "require" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(word, words[i]) == 0) {
			*out = (enum bounds_how)i;
			return true;
		}
	return false;
}

int bounds_set(enum bounds_how how, const struct fence *f, enum calls_of whose, struct bounds_said *said, struct err *e)
{
	int version = fence_version();
	struct err no_fence = { 0 }, no_calls = { 0 };

	said->whole = false;
	if (how == BOUNDS_OFF) {
		snprintf(said->text, sizeof said->text, "switched off");
		return 0;
	}
	if (CALLS_INSTRUMENTED) {
		snprintf(said->text, sizeof said->text, "not in an instrumented build");
		return how == BOUNDS_REQUIRE ? FAIL(e, E_CONFINE, "%s", said->text) : 0;
	}
	fence_close(f, &no_fence);
	calls_limit(whose, &no_calls);
	if (how == BOUNDS_REQUIRE && (no_fence.id || no_calls.id)) {
		*e = no_fence.id ? no_fence : no_calls;
		return -1;
	}
	said->whole = !no_fence.id && !no_calls.id && version >= 4;
	snprintf(said->text, sizeof said->text, "%s%s%s", no_fence.id ? no_fence.detail : version >= 6 ? "landlock: files, ports, signals" :
		version >= 4 ? "landlock: files, ports" : "landlock: files; the kernel is too old for ports", no_calls.id ? "; " : "; seccomp",
		no_calls.id ? no_calls.detail : "");
	return 0;
}
