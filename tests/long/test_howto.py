#!/usr/bin/env python3
"""The four pages of docs/how-to, followed to the letter in a copy of the tree: a table, a page that shows it, a promise that is proved
by it, a service. The code is taken out of the pages; what they say in words (lists, tables, rows) is done here. Afterwards it
builds, the rules of the house hold, and the unit tests of those floors pass."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
UNIT = ['services', 'proofs', 'promise', 'catalogue', 'agreement_pages', 'web', 'db', 'copy', 'heartbeat']

CORE_H = '''/* heartbeat.h - a server of a customer's has been heard of.
 * Ownership: none.  Errors: E_REQUIRED, E_TOO_LONG (host), E_DB.  Units: us.  Threads: the writer's job.  Source: own design. */
#ifndef PEDEL_CORE_HEARTBEAT_H
#define PEDEL_CORE_HEARTBEAT_H
#include "core/role.h"
#include "store/heartbeat.h"

int heartbeat_add(struct db_conn *w, struct arena *a, const struct actor *who, struct heartbeat *h, struct err *e);
#endif
'''
CORE_C = '''#include "core/heartbeat.h"
#include "base/text.h"
#include "core/tell.h"

int heartbeat_add(struct db_conn *w, struct arena *a, const struct actor *who, struct heartbeat *h, struct err *e)
{
%s}
'''
TEST_C = '''/* A heartbeat is stored with its event; one without a name is not. */
#include "store_case.h"
#include "core/heartbeat.h"

static int job(struct db_conn *w, struct arena *a, void *arg, struct err *e)
{
	static const struct db_sql c = { "INSERT INTO customer(name,cvr,created_at) VALUES('A','10000009',1)" };
	struct heartbeat h = { .customer_id = 1, .host = arg, .stored_at = 5 };
	int64_t last;

	if (db_run(w, &c, DB_NONE, NULL, e) != 0 || heartbeat_add(w, a, NULL, &h, e) != 0)
		return -1;
	CHECK(store_heartbeat_last(w, 1, 4, &last, e) == 0 && last == 0);
	CHECK(store_heartbeat_last(w, 1, 5, &last, e) == 0 && last == 5);
	return 0;
}

static void a_heartbeat_is_stored(void **state)
{
	struct store_case *s = *state;
	struct err e = { 0 };

	CHECK(db_write(s->db, job, "", &e) == -1 && e.id == E_REQUIRED && strcmp(e.field, "host") == 0);
	CHECK_INT(db_write(s->db, job, "srv1", &e), 0);
}

int main(void)
{
	static const struct store_test tests[] = { STORE_TEST(a_heartbeat_is_stored) };

	return store_tests_run(tests, 1);
}
'''
JUDGE = '''static void test_tested(void **state)
{
	static const struct { int64_t last, at; enum promise_state want; } rows[] = { { 0, 5, PROMISE_BLIND }, { 1, 5, PROMISE_KEPT },
		{ 1, 90 * MOMENT_DAY, PROMISE_KEPT }, { 1, 1 + 90 * MOMENT_DAY, PROMISE_BROKEN } };
	struct arena *a = arena_begin(1 << 20);
	struct proof p;

	for (int i = 0; i < 4; i++) {
		backup_judge_tested(a, rows[i].last, rows[i].at, &p);
		CHECK_ROW(i, p.state == rows[i].want && p.nreasons == 1);
	}
	arena_end(a);
	(void)state;
}

'''


class HowTo(unittest.TestCase):
    def setUp(self):
        self.top = pathlib.Path(tempfile.mkdtemp(prefix='pedel-howto-'))
        self.addCleanup(shutil.rmtree, self.top)
        shutil.copytree(ROOT, self.top, dirs_exist_ok=True, ignore=shutil.ignore_patterns('build', '.git', 'node_modules', '__pycache__'))
        self.next = '%04d' % (len(list((self.top / 'src/store/schema').glob('[0-9]*.sql'))) + 1)

    def path(self, name):
        return self.top / name.replace('NNNN', self.next)

    def blocks(self, page):
        """(words before it, code) of each piece of code: what is set in deeper than the text of the list."""
        words, code = '', ''
        for line in (self.top / f'docs/how-to/{page}.md').read_text().splitlines(keepends=True) + ['end\n']:
            if line.startswith(' ' * 7) or (code and line == '\n'):
                code += line
            elif code:
                yield words, re.sub(r'^( {8})+', lambda m: '\t' * (len(m.group(0)) // 8), textwrap.dedent(code).rstrip('\n') + '\n', flags=re.M)
                words, code = line, ''
            else:
                words += line

    def follow(self, page):
        """Writes the files that the page shows; returns the pieces that are no file of their own."""
        rest = []
        for words, code in self.blocks(page):
            files = [f for f in re.findall(r'`((?:src|catalogue)/[^`\s<*]+)`', words) if not self.path(f).exists()]
            if not files:
                rest.append(code)
                continue
            self.path(files[-1]).parent.mkdir(exist_ok=True)
            self.path(files[-1]).write_text(code.replace('NNNN', self.next))
        return rest

    def put(self, name, *changes):
        """Lines into a list: after each text that stands there, the other."""
        at = self.path(name)
        text = at.read_text()
        for after, more in changes:
            self.assertIn(after, text, name)
            text = text.replace(after, after + more, 1)
        at.write_text(text)

    def run_in(self, *argv):
        done = subprocess.run(argv, cwd=self.top, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=1800)
        self.assertEqual(done.returncode, 0, done.stdout[-6000:])
        return done.stdout

    def table(self):
        [core] = self.follow('add-a-table')
        self.path('src/core/heartbeat.h').write_text(CORE_H)
        self.path('src/core/heartbeat.c').write_text(CORE_C % textwrap.indent(core, '\t'))
        last = sorted((ROOT / 'src/store/schema').glob('[0-9]*.sql'))[-1].name
        self.put('src/store/meson.build', (f"    'schema/{last}',\n", f"    'schema/{self.next}_heartbeat.sql',\n"), ("  'fact.c',\n", "  'heartbeat.c',\n"))
        self.put('src/core/meson.build', ("  'cvr.c',\n", "  'heartbeat.c',\n"))
        self.put('docs/events.md', ('## ticket\n', "\n| kind | when | data |\n|---|---|---|\n| `heartbeat.added` | a server is heard of | `host` |\n"))
        self.path('tests/unit/test_heartbeat.c').write_text(TEST_C)
        self.put('tests/meson.build', ('unit_tests = {\n', "  'heartbeat': [core_dep],\n"))

    def page(self):
        self.assertEqual(self.follow('add-a-page'), [])
        self.put('src/pages/meson.build', ("  'hours',\n", "  'heartbeat',\n"), ("  'hours.c',\n", "  'heartbeat.c',\n"))
        self.put('src/pages/all.c', ('#include "pages/customer.h"\n', '#include "pages/heartbeat.h"\n'), ('\thours_routes,\n', '\theartbeat_routes,\n'))
        say = subprocess.run([sys.executable, 'tools/messages.py', 'check'], cwd=self.top, capture_output=True, text=True)
        self.assertEqual(say.returncode, 1)
        self.assertIn('"Heartbeat" has no da text', say.stderr)
        self.run_in('sh', '-c', 'echo "Heartbeat | Livstegn" | tools/messages.py add web')
        self.run_in('sh', '-c', 'echo "No server has been heard of yet | Ingen server har meldt sig endnu" | tools/messages.py add web')

    def promise(self):
        [words] = self.follow('add-a-promise')
        at = self.path('catalogue/backup.md')
        at.write_text(re.sub(r'^version: (\d+)$', lambda m: f'version: {int(m.group(1)) + 1}', at.read_text(), count=1, flags=re.M)
                      + '\n' + words.replace('proof: attest', 'proof: live'))
        self.put('tools/catalogue_check.py', ('"backup": "', 'tested:supplier '), ('LIVE = {\n', '    "backup.tested",\n'))
        self.put('src/services/backup/service.c', ('#include "services/all.h"\n', '#include "services/backup/proofs.h"\n'),
                 ('promises[] = {\n', '\t{ "backup.tested", backup_prove_tested },\n'))
        self.put('src/services/meson.build', ("'all.c',", "\n  'backup/judge.c', 'backup/proofs.c',"))
        self.put('tests/unit/test_proofs.c', ('#include "core/proof.h"\n', '#include "services/backup/proofs.h"\n'))
        at = self.path('tests/unit/test_proofs.c')
        at.write_text(at.read_text().replace('static void test_report(', JUDGE + 'static void test_report(', 1)
                      .replace('cmocka_unit_test(test_report)', 'cmocka_unit_test(test_tested), cmocka_unit_test(test_report)', 1))
        self.put('docs/promises.md', ('## What is measured\n\n| promise | facts | broken or waiting when |\n|---|---|---|\n',
                                      '| `backup.tested` | signs of life | none for 90 days |\n'))

    def service(self):
        self.assertEqual(self.follow('add-a-service'), [])
        self.put('src/core/meson.build', ("catalogue_texts = files(\n", "  '../../catalogue/printing.md',\n"))
        self.put('tools/catalogue_check.py', ('PROMISES = {\n', '    "printing": "toner:supplier",\n'))
        self.put('src/services/all.h', ('extern const struct service ', 'service_printing, '))
        self.put('src/services/all.c', ('\t&service_service_agreement,\n', '\t&service_printing,\n'))
        self.put('src/services/meson.build', ("'all.c',", " 'printing/service.c',"))

    def test_the_four_pages(self):
        for page in (self.table, self.page, self.promise, self.service):
            page()
        self.assertIn(' 0 failed', self.run_in(sys.executable, 'tools/check.py', '--only', 'tidy'))
        self.run_in('meson', 'setup', 'build/debug')
        self.run_in('ninja', '-C', 'build/debug', *(f'tests/test_{name}' for name in UNIT))
        for name in UNIT:
            with self.subTest(name):
                env = {**os.environ, 'CMOCKA_MESSAGE_OUTPUT': 'TAP', 'PEDEL_ROUNDS': '500'}
                done = subprocess.run([f'build/debug/tests/test_{name}'], cwd=self.top, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                      text=True, errors='replace', timeout=900)
                self.assertEqual(done.returncode, 0, done.stdout[-4000:])


if __name__ == '__main__':
    unittest.main()
