#include "core/probe_home.h"
#include <inttypes.h>
#include <jansson.h>
#include "base/hash.h"
#include "base/text.h"
#include "os/file.h"
#include "os/password.h"
#include "os/random.h"
#include "store/contact.h"
#include "store/probe.h"
#include "store/setting.h"

struct home { int64_t now, contact_id; const char *hash; };

static int home_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct home *h = arg;
	int64_t customer_id;

	(void)a;
	if (store_probe_customer(w, PROBE_LOGIN, h->now, &customer_id, &h->contact_id, e) != 0 ||
	    setting_set(w, "probe.customer_id", arena_printf(a, "%" PRId64, customer_id), e) != 0)
		return -1;
	return h->hash ? store_contact_set_password(w, customer_id, h->contact_id, h->hash, e) : 0;
}

int probe_home_open(struct db *d, const char *data_folder, int64_t now, struct err *e)
{
	struct arena *a = arena_begin(8 << 20);
	const char *path = arena_printf(a, "%s/keys/probe.json", data_folder), *password = NULL, *to = NULL;
	struct home h = { .now = now };
	char *text = NULL;
	uint8_t secret[24];
	struct err none;
	json_t *o = NULL;
	size_t n;
	int rc = -1;

	if (os_read_file(a, path, 4096, &text, &n, &none) == 0 && (o = json_loads(text, 0, NULL))) {
		password = json_string_value(json_object_get(o, "password"));
		to = json_string_value(json_object_get(o, "to"));
	}
	if (!password) {
		os_random(secret, sizeof secret);
		password = hash_base64url(a, secret, sizeof secret);
		if (password_hash(a, password, &h.hash, e) != 0)
			goto out;
	}
	if (db_write(d, home_job, &h, e) != 0)
		goto out;
	if (h.hash || !text_eq(to, PROBE_DESK)) {
		json_t *file = json_pack("{s:s,s:s,s:s}", "login", PROBE_LOGIN, "password", password, "to", PROBE_DESK);
		char buf[1024];

		n = json_dumpb(file, buf, sizeof buf, JSON_INDENT(1));
		json_decref(file);
		if (n >= sizeof buf) {
			FAIL(e, E_TOO_LONG, "probe.json");
			goto out;
		}
		if (os_replace_file(path, buf, n, 0400, e) != 0)
			goto out;
	}
	rc = 0;
out:
	json_decref(o);
	arena_end(a);
	return rc;
}

struct tidy { int64_t before; int n; char sha256[512][65]; int nsha; };

static int tidy_job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	struct tidy *t = arg;
	const char **sha;

	if (store_probe_tidy(w, a, t->before, &t->n, &sha, &t->nsha, e) != 0)
		return -1;
	if (t->nsha > 512)
		t->nsha = 512;
	for (int i = 0; i < t->nsha; i++)
		snprintf(t->sha256[i], sizeof t->sha256[i], "%s", sha[i]);
	return 0;
}

int probe_home_tidy(struct db *d, const struct blobs *b, int64_t before, int *n, struct err *e)
{
	struct arena *a = arena_begin(1 << 20);
	struct tidy *t = ARENA_NEW(a, struct tidy);
	int rc;

	t->before = before;
	rc = db_write(d, tidy_job, t, e);
	/* No row knows them any more: the raw mails of the probe alone. One that stays is only a little space. */
	for (int i = 0; rc == 0 && i < t->nsha; i++)
		rc = os_remove_file(blob_path(b, a, t->sha256[i]), e);
	*n = t->n;
	arena_end(a);
	return rc;
}
