#include "core/catalogue_kept.h"
#include "store/catalogue.h"
#include <pthread.h>
#include <string.h>

enum { TEXTS = 64, TEXT_BYTES = 16 << 20 };

struct kept_text { struct arena *a; const char *text; struct catalogue_service *service; };
struct catalogue_kept {
	struct arena *a;
	pthread_mutex_t lock;
	struct kept_text texts[TEXTS];
	int n;
};

struct catalogue_kept *catalogue_kept_begin(void)
{
	struct arena *a = arena_begin(64 << 10);
	struct catalogue_kept *k = ARENA_NEW(a, struct catalogue_kept);

	k->a = a;
	pthread_mutex_init(&k->lock, NULL);
	return k;
}

void catalogue_kept_end(struct catalogue_kept *k)
{
	if (!k)
		return;
	for (int i = 0; i < k->n; i++)
		arena_end(k->texts[i].a);
	pthread_mutex_destroy(&k->lock);
	arena_end(k->a);
}

static const struct catalogue_service *find(const struct catalogue_kept *k, const char *service, const char *text)
{
	for (int i = 0; i < k->n; i++)
		if (strcmp(k->texts[i].service->key, service) == 0 && strcmp(k->texts[i].text, text) == 0)
			return k->texts[i].service;
	return NULL;
}

/* Under the lock: it is parsed once, and whoever wants it meanwhile waits those 100 us. */
static const struct catalogue_service *add(struct catalogue_kept *k, const char *service, const char *text, struct err *e)
{
	struct kept_text t = { .a = arena_begin(TEXT_BYTES) };

	t.text = arena_dup(t.a, text);
	t.service = ARENA_NEW(t.a, struct catalogue_service);
	if (catalogue_parse(t.a, service, t.text, strlen(t.text), t.service, e) != 0) {
		arena_end(t.a);
		return NULL;
	}
	k->texts[k->n++] = t;
	return t.service;
}

int catalogue_kept_parse(struct catalogue_kept *k, struct arena *a, const char *service, const char *text, const struct catalogue_service **out,
	struct err *e)
{
	const struct catalogue_service *found = NULL;
	struct catalogue_service *own;
	bool full = true;

	if (k) {
		pthread_mutex_lock(&k->lock);
		full = k->n == TEXTS;
		found = find(k, service, text);
		if (!found && !full)
			found = add(k, service, text, e);
		pthread_mutex_unlock(&k->lock);
	}
	if (!found && !full)
		return -1;
	if (!found) {
		own = ARENA_NEW(a, struct catalogue_service);
		if (catalogue_parse(a, service, text, strlen(text), own, e) != 0)
			return -1;
		found = own;
	}
	*out = found;
	return 0;
}

int catalogue_number(struct db_conn *c, struct arena *a, struct catalogue *k, struct err *e)
{
	struct catalogue_service *all = ARENA_ARRAY(a, struct catalogue_service, k->nservices + 1);

	for (int i = 0; i < k->nservices; i++) {
		all[i] = k->services[i];
		if (store_catalogue_version(c, all[i].key, all[i].version, all[i].sha256, &all[i].version, e) != 0)
			return -1;
	}
	k->services = all;
	return 0;
}
