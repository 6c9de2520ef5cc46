#include "t.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/buf.h"
#include "core/catalogue.h"
#include "core/catalogue_files.h"
#include "core/plan.h"
#include "os/file.h"

static const char good[] =
	"# demo\n\nversion: 3\nnumber: 40\nname.da: Prøve\nname.en: Trial\n\n## about\n\nda: Om.\nen: About.\n\n"
	"## term hours\n\ntype: integer\nunit: hours\nchoices: 2, 5, 10\ndefault: 5\nmin: 2\nmax: 10\nlabel.da: Timer\nlabel.en: Hours\n"
	"hint.da: Tal.\nhint.en: Figure.\n\n"
	"## term rule\n\ntype: choice\nchoices: a, b\ndefault: a\nlabel.da: Regel\nlabel.en: Rule\n\n"
	"## term names\n\ntype: list\ndefault: x, y\nmax: 3\nlabel.da: Navne\nlabel.en: Names\n\n"
	"## term open\n\ntype: boolean\ndefault: true\nlabel.da: Åben\nlabel.en: Open\n\n"
	"## term place\n\ntype: text\ndefault:\nmax: 10\nlabel.da: Sted\nlabel.en: Place\n\n"
	"## term price\n\ntype: money_ore\nunit: ore\ndefault: 100\nmin: -5\nmax: 1000\nlabel.da: Pris\nlabel.en: Price\n\n"
	"## promise demo.help\n\nparty: customer\nperiod: week\nproof: live\nsource: Prøve, 1\nda: Løfte.\nen: Promise.\n";

static char *replaced(struct arena *a, const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);

	assert_non_null(at);
	return arena_printf(a, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

static void test_good(void **state)
{
	struct arena *a = arena_begin(4 << 20);
	struct catalogue_service s;
	struct err e = { 0 };

	CHECK_INT(catalogue_parse(a, "demo", good, strlen(good), &s, &e), 0);
	CHECK_STR(s.key, "demo");
	CHECK_INT(s.version, 3);
	CHECK_INT(s.number, 40);
	CHECK_STR(s.name[LANG_DA], "Prøve");
	CHECK_STR(s.about[LANG_EN], "About.");
	CHECK_INT(s.nterms, 6);
	CHECK_STR(s.terms[0].choices[2], "10");
	assert_null(s.terms[0].choices[3]);
	CHECK_INT(s.terms[0].max, 10);
	assert_null(s.terms[1].hint[LANG_DA]);
	CHECK_STR(s.terms[4].fallback, "");
	CHECK_INT(s.npromises, 1);
	CHECK(s.promises[0].live && s.promises[0].party == PARTY_CUSTOMER && s.promises[0].period == PERIOD_WEEK);
	CHECK_STR(s.text, good);
	CHECK_INT(strlen(s.sha256), 64);
	arena_end(a);
}

static void test_broken_files(void **state)
{
	static const struct { const char *from, *to, *says; } rows[] = {
		{ "# demo", "# other", "demo.md:1: the first line" },
		{ "# demo\n", "\n# demo\n", "demo.md:1: the first line" },
		{ "version: 3\n", "", "demo.md:1: 'version' is missing" },
		{ "version: 3", "version: 03", ":3: 'version' must be a whole" },
		{ "version: 3", "version: 0", ":3: 'version' must be from" },
		{ "version: 3", "version:3", ":3: exactly one blank" },
		{ "version: 3", "version:  3", ":3: exactly one blank" },
		{ "version: 3", "version: +3", ":3: 'version' must be a whole" },
		{ "version: 3", "version: 99999999999999999999999", ":3: 'version' must be a whole" },
		{ "version: 3\nnumber: 40\n", "number: 40\nversion: 3\n", ":4: 'version' must stand before 'number'" },
		{ "version: 3", "version: 3\nversion: 3", ":4: 'version' stands twice" },
		{ "version: 3", "colour: red", ":3: 'colour' is not a field" },
		{ "name.en: Trial\n", "", "'name.en' is missing" },
		{ "name.en: Trial", "name.en:", ":6: 'name.en' is empty" },
		{ "name.en: Trial", "name.en: Trial ", ":6: blanks at the end" },
		{ "name.en: Trial", "name.en:\tTrial", ":6: control characters" },
		{ "name.en: Trial", "name.en: Trial\r", ":6: control characters" },
		{ "name.en: Trial", "name.en: Tri\xff", ":6: the line is not UTF-8" },
		{ "name.en: Trial", "Trial", ":6: a line is empty, a heading" },
		{ "## about", "## About", ":8: a heading is" },
		{ "## about\n\nda: Om.\nen: About.\n", "", "'## about' is missing" },
		{ "## about", "## about\n\nda: Om.\nen: About.\n\n## about", ":13: the order is" },
		{ "en: About.\n", "", ":8: 'en' is missing" },
		{ "## term hours", "## term Hours", ":13: a term's key" },
		{ "## term hours", "## term rule", "'rule' stands twice, first in line 13" },
		{ "type: integer", "type: number", ":15: 'number' is not one that 'type' can be" },
		{ "unit: hours\n", "", "'unit' is missing" },
		{ "unit: hours", "unit: ore", ":16: 'unit' is missing, or not one" },
		{ "choices: 2, 5, 10", "choices: 2, 5, 11", ":17: '11' is not a whole number from" },
		{ "choices: 2, 5, 10", "choices: 2,5,10", ":17: write the choices" },
		{ "choices: 2, 5, 10", "choices: 2, 5, 5", ":17: write the choices" },
		{ "choices: 2, 5, 10", "choices: 2, 10", ":18: 'default' is not one of the choices" },
		{ "default: 5\n", "", "'default' is missing" },
		{ "default: 5", "default: 50", ":18: 'default' must be a whole number from" },
		{ "min: 2\n", "", "'min' is missing" },
		{ "min: 2", "min: 11", "'min' is above 'max'" },
		{ "hint.en: Figure.\n", "", "go together" },
		{ "label.da: Regel\n", "", "'label.da' is missing" },
		{ "type: choice\nchoices: a, b\n", "type: choice\n", "'choices' is missing" },
		{ "default: x, y", "default: x,y", "write the list as" },
		{ "default: x, y", "default: a, b, c, d", "write the list as" },
		{ "default: true", "default: yes", "must be true or false" },
		{ "type: boolean\n", "type: boolean\nunit: count\n", "a term of type boolean has no 'unit'" },
		{ "default:\nmax: 10", "default: more than ten\nmax: 10", "'default' is longer" },
		{ "max: 3\n", "", "'max' is missing" },
		{ "## promise demo.help", "## promise other.help", "a promise's key is 'demo.' and a word" },
		{ "## promise demo.help", "## promise demo.", "a promise's key is" },
		{ "## promise demo.help", "## promise demo.a.b", "a promise's key is" },
		{ "party: customer", "party: both", "'both' is not one that 'party' can be" },
		{ "period: week", "period: weekly", "is not one that 'period' can be" },
		{ "proof: live", "proof: maybe", "is not one that 'proof' can be" },
		{ "en: Promise.\n", "", "'en' is missing" },
		{ "source: Prøve, 1\n", "", "'source' is missing" },
		{ "da: Løfte.", "title.da: Kort\nda: Løfte.", "'title.da' and 'title.en' go together" },
		{ "da: Løfte.", "title.da:\ntitle.en: Short\nda: Løfte.", "'title.da' is empty" },
		{ "da: Løfte.", "title.en: Short\ntitle.da: Kort\nda: Løfte.", "must stand before 'title.en'" },
		{ "da: Løfte.", "title.da: Kort\ntitle.en: A title that goes on and on until it is longer than sixty of them\nda: Løfte.", "at most 60" },
		{ "en: Promise.\n", "en: Promise.\n\n## term late\n", "the order is" },
		{ "en: Promise.\n", "en: Promise.", "must end with a line feed" },
	};
	struct arena *a = arena_begin(64 << 20);

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *text = replaced(a, good, rows[i].from, rows[i].to);
		struct catalogue_service s;
		struct err e = { 0 };

		CHECK_ROW(i, catalogue_parse(a, "demo", text, strlen(text), &s, &e) == -1);
		CHECK_ROW(i, e.id == E_CATALOGUE_INVALID);
		if (!strstr(e.detail, rows[i].says))
			print_message("row %zu: \"%s\" does not say \"%s\"\n", i, e.detail, rows[i].says);
		CHECK_ROW(i, strstr(e.detail, rows[i].says));
		if (i % 8 == 0)
			arena_reset(a);
	}
	arena_end(a);
}

static void test_limits(void **state)
{
	struct arena *a = arena_begin(32 << 20);
	struct catalogue_service s;
	struct err e = { 0 };
	struct buf b;
	char *line = arena_get(a, 1200), *text;

	memset(line, 'x', 1001);
	memcpy(line, "name.en: ", 9);
	text = replaced(a, good, "name.en: Trial", line);
	CHECK(catalogue_parse(a, "demo", text, strlen(text), &s, &e) == -1 && strstr(e.detail, ":6: the line is 1001 bytes"));
	line[1000] = '\0';
	text = replaced(a, good, "name.en: Trial", line);
	CHECK_INT(catalogue_parse(a, "demo", text, strlen(text), &s, &e), 0);
	buf_init(&b, a, 1 << 20);
	buf_adds(&b, good);
	for (int i = 0; i < 39; i++)
		buf_printf(&b, "\n## promise demo.p%d\n\nparty: customer\nperiod: week\nproof: attest\nsource: x\nda: L.\nen: P.\n", i);
	CHECK_INT(catalogue_parse(a, "demo", b.p, b.n, &s, &e), 0);
	CHECK_INT(s.npromises, 40);
	buf_adds(&b, "\n## promise demo.more\n\nparty: customer\nperiod: week\nproof: attest\nsource: x\nda: L.\nen: P.\n");
	CHECK(catalogue_parse(a, "demo", b.p, b.n, &s, &e) == -1 && strstr(e.detail, "at most"));
	while (b.n <= 64 * 1024)
		buf_adds(&b, "\n\n\n\n\n\n\n\n\n\n");
	CHECK(catalogue_parse(a, "demo", b.p, b.n, &s, &e) == -1 && strstr(e.detail, "at most 65536"));
	CHECK(catalogue_parse(a, "demo", "", 0, &s, &e) == -1);
	CHECK(catalogue_parse(a, "Demo", good, strlen(good), &s, &e) == -1);
	CHECK(catalogue_parse(a, "demo", good, strlen("# demo\n\nversion: 3\0"), &s, &e) == -1);
	arena_end(a);
}

static void test_built_in(void **state)
{
	struct arena *a = arena_begin(16 << 20);
	const struct catalogue_service *of;
	struct catalogue c;
	struct err e = { 0 };
	int files = 0;

	CHECK_INT(catalogue_load(a, NULL, &c, &e), 0);
	for (const struct embedded_text *f = catalogue_files; f->name; f++)
		files++;
	CHECK(files >= 18);
	CHECK_INT(c.nservices, files);
	for (int i = 0; i < c.nservices; i++)
		CHECK_INT(c.services[i].number, i + 1);
	CHECK_STR(catalogue_find(&c, "service-agreement")->name[LANG_DA], "Serviceaftale");
	assert_null(catalogue_find(&c, "nothing"));
	assert_null(catalogue_find(&c, NULL));
	assert_non_null(catalogue_promise(&c, "patching.weekly", &of));
	CHECK_STR(of->key, "patching");
	assert_null(catalogue_promise(&c, "patching.never", NULL));
	CHECK_INT(catalogue_load(a, "/nowhere/at/all", &c, &e), 0);
	CHECK_INT(c.nservices, files);
	arena_end(a);
}

static void put(struct arena *a, const char *dir, const char *name, const char *text)
{
	struct err e = { 0 };

	CHECK_INT(os_replace_file(arena_printf(a, "%s/%s", dir, name), text, strlen(text), 0640, &e), 0);
}

static void test_provider(void **state)
{
	char dir[] = "/tmp/pedel-test-XXXXXX";
	struct arena *a = arena_begin(32 << 20);
	const struct embedded_text *f = catalogue_files;
	struct catalogue c;
	struct err e = { 0 };
	const char *own;

	assert_non_null(mkdtemp(dir));
	while (strcmp(f->name, "hosting.md") != 0)
		f++;
	own = replaced(a, f->text, "name.da: Webhosting", "name.da: Vores hotel");
	put(a, dir, "hosting.md", own);
	put(a, dir, "README.md", "not a service");
	put(a, dir, "notes.txt", "not a service");
	put(a, dir, "demo.md", replaced(a, good, "proof: live", "proof: attest"));
	CHECK_INT(catalogue_load(a, dir, &c, &e), 0);
	CHECK_STR(catalogue_find(&c, "hosting")->name[LANG_DA], "Vores hotel");
	CHECK_STR(c.services[c.nservices - 1].key, "demo");

	put(a, dir, "demo.md", good);
	CHECK(catalogue_load(a, dir, &c, &e) == -1 && strstr(e.detail, "no code proves demo.help"));
	put(a, dir, "demo.md", replaced(a, replaced(a, good, "proof: live", "proof: attest"), "number: 40", "number: 4"));
	CHECK(catalogue_load(a, dir, &c, &e) == -1 && strstr(e.detail, "number 4 is also"));
	put(a, dir, "demo.md", "# demo\nversion\n");
	CHECK(catalogue_load(a, dir, &c, &e) == -1 && strstr(e.detail, "demo.md:2:") && strstr(e.detail, dir));
	CHECK_INT(os_remove_file(arena_printf(a, "%s/demo.md", dir), &e), 0);
	put(a, dir, "hosting.md", replaced(a, own, "## promise hosting.apps", "## promise hosting.programs"));
	CHECK(catalogue_load(a, dir, &c, &e) == -1 && strstr(e.detail, "promise hosting.apps is missing"));
	put(a, dir, "hosting.md", replaced(a, own, "## term databases", "## term bases"));
	CHECK(catalogue_load(a, dir, &c, &e) == -1 && strstr(e.detail, "term databases is missing"));
	for (const char *const *n = (const char *const[]){ "hosting.md", "README.md", "notes.txt", NULL }; *n; n++)
		CHECK_INT(os_remove_file(arena_printf(a, "%s/%s", dir, *n), &e), 0);
	CHECK_INT(rmdir(dir), 0);
	arena_end(a);
}

static void test_terms(void **state)
{
	static const struct { const char *given; enum err_id want; const char *field, *detail; } rows[] = {
		{ "{}", E_NONE, "", "" },
		{ "{\"hours\":10,\"rule\":\"b\",\"names\":[],\"open\":false,\"place\":\"Århus\",\"price\":-5}", E_NONE, "", "" },
		{ "[]", E_FIELD_TYPE, "", "" },
		{ "{\"hour\":5}", E_TERM_UNKNOWN, "hour", "demo" },
		{ "{\"hours\":3}", E_TERM_INVALID, "hours", "2, 5, 10" },
		{ "{\"hours\":5.0}", E_FIELD_TYPE, "hours", "integer" },
		{ "{\"hours\":\"5\"}", E_FIELD_TYPE, "hours", "integer" },
		{ "{\"hours\":null}", E_FIELD_TYPE, "hours", "integer" },
		{ "{\"rule\":\"c\"}", E_TERM_INVALID, "rule", "a, b" },
		{ "{\"rule\":1}", E_FIELD_TYPE, "rule", "text" },
		{ "{\"names\":\"a\"}", E_FIELD_TYPE, "names", "list" },
		{ "{\"names\":[1]}", E_FIELD_TYPE, "names", "list of text" },
		{ "{\"names\":[\"a\",\"b\",\"c\",\"d\"]}", E_TERM_INVALID, "names", "at most 3" },
		{ "{\"names\":[\" \"]}", E_TERM_INVALID, "names", "" },
		{ "{\"names\":[\"a,b\"]}", E_TERM_INVALID, "names", "" },
		{ "{\"open\":\"true\"}", E_FIELD_TYPE, "open", "boolean" },
		{ "{\"open\":1}", E_FIELD_TYPE, "open", "boolean" },
		{ "{\"place\":\"12345678901\"}", E_TERM_INVALID, "place", "at most 10 bytes" },
		{ "{\"place\":\"a\\nb\"}", E_TERM_INVALID, "place", "one line" },
		{ "{\"price\":1001}", E_TERM_INVALID, "price", "-5 - 1000" },
		{ "{\"price\":-6}", E_TERM_INVALID, "price", "-5 - 1000" },
	};
	struct arena *a = arena_begin(4 << 20);
	struct catalogue_service s;
	struct err e = { 0 };
	json_t *full;

	CHECK_INT(catalogue_parse(a, "demo", good, strlen(good), &s, &e), 0);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		json_t *given = json_loads(rows[i].given, 0, NULL);
		int rc;

		e = (struct err){ 0 };
		full = NULL;
		rc = terms_check(a, &s, given, &full, &e);
		CHECK_ROW(i, rc == (rows[i].want == E_NONE ? 0 : -1) && e.id == rows[i].want);
		CHECK_ROW(i, strcmp(e.field, rows[i].field) == 0 && strstr(e.detail, rows[i].detail));
		CHECK_ROW(i, rc == 0 ? json_object_size(full) == 6 : full == NULL);
		json_decref(full);
		json_decref(given);
	}
	CHECK_INT(terms_check(a, &s, NULL, &full, &e), 0);
	CHECK_INT(terms_int(full, "hours", 0), 5);
	CHECK_INT(terms_int(full, "rule", 77), 77);
	CHECK_INT(terms_int(NULL, "hours", 9), 9);
	CHECK_STR(terms_text(full, "rule", "?"), "a");
	CHECK_STR(terms_text(full, "none", "?"), "?");
	CHECK(terms_bool(full, "open", false));
	CHECK_INT(json_array_size(json_object_get(full, "names")), 2);
	CHECK_STR(json_string_value(json_array_get(json_object_get(full, "names"), 1)), "y");
	json_decref(full);
	arena_end(a);
}

/* What people read of a maintenance plan can be typed again, and is kept as the same. */
static void test_plan(void **state)
{
	static const struct { const char *kept, *text[LANG__N]; } rows[] = {
		{ "monthly-health-check", { "hver måned: eftersyn", "every month: health check" } },
		{ "quarterly-capacity-check", { "hvert kvartal: kontrol af plads og ydeevne", "every quarter: capacity check" } },
		{ "yearly-replacement-plan", { "hvert år: plan for udskiftning", "every year: replacement plan" } },
		{ "weekly-tøm-kurven", { "hver uge: tøm-kurven", "every week: tøm-kurven" } },
	};
	struct arena *a = arena_begin(1 << 20);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (int l = 0; l < LANG__N; l++) {
			CHECK_STR(plan_words(a, (enum lang)l, rows[i].kept), rows[i].text[l]);
			CHECK_STR(plan_task(a, rows[i].text[l]), rows[i].kept);
			CHECK_STR(plan_task(a, rows[i].kept), rows[i].kept);
		}
	CHECK_STR(plan_words(a, LANG_DA, "ost"), "ost");
	CHECK_STR(plan_words(a, LANG_DA, ""), "");
	CHECK_STR(plan_words(a, LANG_DA, "weekly"), "weekly");
	CHECK(!plan_task(a, "") && !plan_task(a, " weekly - ") && !plan_task(a, "hver ugedag: x"));
	arena_end(a);
}

/* Terms that something reads later are read by the same reader when they are written. */
static void test_terms_with_a_meaning(void **state)
{
	static const struct { const char *service, *given; enum err_id want; const char *field, *kept; } rows[] = {
		{ "support", "{\"closed_days\":[\"24.12\"],\"service_hours\":\"man-fre 8-16\"}", E_NONE, "closed_days", "[\"12-24\"]" },
		{ "support", "{\"service_hours\":\"tirsdag 10-12\"}", E_NONE, "service_hours", "\"tue 10:00-12:00\"" },
		{ "support", "{\"service_hours\":\"alle dage hele døgnet\"}", E_NONE, "service_hours", "\"mon-sun 00:00-24:00\"" },
		{ "support", "{\"service_hours\":\"when we are there\"}", E_HOURS_INVALID, "service_hours", NULL },
		{ "support", "{\"service_hours\":\"\"}", E_HOURS_INVALID, "service_hours", NULL },
		{ "support", "{\"service_hours\":\"mon-fri 16-8\"}", E_HOURS_INVALID, "service_hours", NULL },
		{ "support", "{\"closed_days\":[\"12-24\",\"jul\"]}", E_CLOSED_DAY_INVALID, "closed_days", NULL },
		{ "support", "{\"closed_days\":[\"13-01\"]}", E_CLOSED_DAY_INVALID, "closed_days", NULL },
		{ "operations", "{\"service_window\":\"fre 22-02\"}", E_NONE, "service_window", "\"fri 22:00-24:00; sat 00:00-02:00\"" },
		{ "operations", "{\"service_window\":\"\"}", E_NONE, "service_window", "\"\"" },
		{ "operations", "{\"service_window\":\"om natten\"}", E_HOURS_INVALID, "service_window", NULL },
		{ "operations", "{}", E_NONE, "maintenance_plan", "[\"monthly-health-check\",\"quarterly-capacity-check\",\"yearly-replacement-plan\"]" },
		{ "operations", "{\"maintenance_plan\":[\"Hver måned: eftersyn\",\"every year: Replacement plan\",\"ÅRLIGT prøv - en gendannelse\",\"weekly-se efter\"]}", E_NONE,
			"maintenance_plan", "[\"monthly-health-check\",\"yearly-replacement-plan\",\"yearly-prøv - en gendannelse\",\"weekly-se efter\"]" },
		{ "operations", "{\"maintenance_plan\":[\"hver uge\"]}", E_TERM_PLAN, "maintenance_plan", NULL },
		{ "operations", "{\"maintenance_plan\":[\"hver uge: \"]}", E_TERM_PLAN, "maintenance_plan", NULL },
		{ "operations", "{\"maintenance_plan\":[\"weekly-x\",\"ost\"]}", E_TERM_PLAN, "maintenance_plan", NULL },
		{ "operations", "{\"maintenance_plan\":[\"monthlyx\"]}", E_TERM_PLAN, "maintenance_plan", NULL },
		{ "operations", "{\"maintenance_plan\":[]}", E_NONE, "maintenance_plan", "[]" },
	};
	struct arena *a = arena_begin(16 << 20);
	struct catalogue_service s;
	struct catalogue c;
	struct err e = { 0 };
	const char *file;

	(void)state;
	CHECK_INT(catalogue_load(a, NULL, &c, &e), 0);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		json_t *given = json_loads(rows[i].given, 0, NULL), *full = NULL;
		int rc = terms_check(a, catalogue_find(&c, rows[i].service), given, &full, &e);

		CHECK_ROW(i, rc == (rows[i].want == E_NONE ? 0 : -1));
		if (rc == 0) {
			char *text = json_dumps(json_object_get(full, rows[i].field), JSON_ENCODE_ANY | JSON_COMPACT);

			CHECK_STR(text, rows[i].kept);
			free(text);
		} else {
			CHECK_ROW(i, e.id == rows[i].want && strcmp(e.field, rows[i].field) == 0);
		}
		json_decref(full);
		json_decref(given);
	}
	file = catalogue_find(&c, "support")->text;
	file = replaced(a, file, "default: mon-fri 08:00-16:00", "default: office hours");
	CHECK(catalogue_parse(a, "support", file, strlen(file), &s, &e) == -1 && strstr(e.detail, "days and times"));
	arena_end(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good), cmocka_unit_test(test_broken_files), cmocka_unit_test(test_limits),
		cmocka_unit_test(test_built_in), cmocka_unit_test(test_provider), cmocka_unit_test(test_terms), cmocka_unit_test(test_terms_with_a_meaning), cmocka_unit_test(test_plan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
