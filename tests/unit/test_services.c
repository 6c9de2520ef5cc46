/* The catalogue says what is promised, the services answer for it: the two are compared both ways. */
#include "t.h"
#include "core/catalogue.h"
#include "services/all.h"

/* Promises whose proof is still to be written: the catalogue says live, no function proves them yet. Empty this list. */
static const char *const unproved[] = { NULL };

static bool listed(const char *const *list, const char *key)
{
	for (; *list; list++)
		if (strcmp(*list, key) == 0)
			return true;
	return false;
}

static const struct service_promise *proof_of(const struct service *s, const char *key)
{
	for (const struct service_promise *p = s->promises; p->key; p++)
		if (strcmp(p->key, key) == 0)
			return p;
	return NULL;
}

static void test_every_service_is_in_the_catalogue(void **state)
{
	struct arena *a = arena_begin(16 << 20);
	struct catalogue c;
	struct err e = { 0 };
	int n = 0;

	CHECK_INT(catalogue_load(a, NULL, &c, &e), 0);
	for (; service_all[n]; n++) {
		const struct catalogue_service *s = catalogue_find(&c, service_all[n]->key);
		int promises = 0;

		if (!s)
			fail_msg("no catalogue/%s.md in src/core/meson.build", service_all[n]->key);
		if (s->number != n + 1)
			fail_msg("%s is number %d in the catalogue and %d in src/services/all.c", s->key, s->number, n + 1);
		for (const struct service_promise *p = service_all[n]->promises; p->key; p++, promises++) {
			const struct promise *text = catalogue_promise(&c, p->key, &s);

			if (!text || strcmp(s->key, service_all[n]->key) != 0)
				fail_msg("promise %s is not in the catalogue", p->key);
			if (text->live != (p->prove != NULL) && !(text->live && listed(unproved, p->key)))
				fail_msg("promise %s: the catalogue says %s", p->key, text->live ? "live" : "attest");
			if (p->prove && listed(unproved, p->key))
				fail_msg("promise %s is proved now: take it off the list", p->key);
		}
		if (promises != s->npromises)
			fail_msg("%s: %d promises in its service.c, %d in its catalogue text", s->key, promises, s->npromises);
		for (const char *const *t = service_all[n]->terms; *t; t++) {
			int i = 0;

			while (i < s->nterms && strcmp(s->terms[i].key, *t) != 0)
				i++;
			if (i == s->nterms)
				fail_msg("%s reads the term %s, which the catalogue does not have", s->key, *t);
		}
	}
	if (n != c.nservices)
		fail_msg("%d services in src/services/all.c, %d in the catalogue", n, c.nservices);
	arena_end(a);
}

static void test_every_text_is_answered_for(void **state)
{
	struct arena *a = arena_begin(16 << 20);
	struct catalogue c;
	struct err e = { 0 };

	CHECK_INT(catalogue_load(a, NULL, &c, &e), 0);
	for (int i = 0; i < c.nservices; i++) {
		const struct service *s = service_all[i];

		if (!s || strcmp(s->key, c.services[i].key) != 0)
			fail_msg("%s is not in its place of src/services/all.c", c.services[i].key);
		for (int k = 0; k < c.services[i].npromises; k++)
			if (!proof_of(s, c.services[i].promises[k].key))
				fail_msg("no service answers for %s", c.services[i].promises[k].key);
	}
	arena_end(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_service_is_in_the_catalogue), cmocka_unit_test(test_every_text_is_answered_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
