#!/usr/bin/env python3
"""The pedel program from a shell: init, people, verify, backup, restore, move-db; right and wrong input; on both databases."""
import os
import shutil
import sqlite3
import subprocess
import unittest

from pedel import Pedel, cvr


class Words(unittest.TestCase):
    def test_wrong_input(self):
        with Pedel(start=False) as p:
            top = p.folder
            (top / 'full').mkdir()
            (top / 'full' / 'file').write_text('x')
            rows = [
                # arguments, standard input, exit code, what standard error names
                ([], '', 2, '--help'),
                (['frobnicate'], '', 2, 'frobnicate'),
                (['init'], '', 2, '--data'),
                (['init', '--data', top / 'a', '--provider', 'X', '--cvr', '10000008'], '', 2, 'CVR_INVALID'),
                (['init', '--data', top / 'a', '--provider', ' ', '--cvr', cvr(1)], '', 2, 'REQUIRED'),
                (['init', '--data', top / 'a', '--provider', 'X', '--cvr', cvr(1), '--db', 'mysql://x'], '', 2, 'CHOICE_INVALID'),
                (['init', '--data', top / 'a', '--provider', 'X', '--cvr', cvr(1), '--db', f'postgresql:///x?host={top}'], '', 1, 'DB_DOWN'),
                (['init', '--data', p.data, '--provider', 'X', '--cvr', cvr(1)], '', 1, 'ALREADY_INITIALISED'),
                (['init', '--data', top / 'full', '--provider', 'X', '--cvr', cvr(1)], '', 1, 'FOLDER_NOT_EMPTY'),
                (['init', '--data', top / 'a', '--provider', 'X', '--cvr', cvr(1), '--frob', '1'], '', 2, '--frob'),
                (['admin', 'add', '--data', p.data, '--login', 'admin', '--name', 'X', '--password-stdin'], 'a long password\n', 1, 'LOGIN_TAKEN'),
                (['admin', 'add', '--data', p.data, '--login', 'b', '--name', 'X', '--password-stdin'], 'short\n', 2, 'PASSWORD_WEAK'),
                (['admin', 'add', '--data', p.data, '--login', 'b', '--name', 'X'], 'a long password\n', 2, '--password-stdin'),
                (['admin', 'add', '--data', p.data, '--login', 'b b', '--name', 'X', '--password-stdin'], 'a long password\n', 2, 'CHOICE_INVALID'),
                (['admin', 'frob'], '', 2, 'admin'),
                (['token', 'add', '--data', p.data, '--login', 'nobody', '--name', 'x'], '', 1, 'NOT_FOUND'),
                (['verify', '--data', top / 'nowhere'], '', 2, 'NOT_INITIALISED'),
                (['verify'], '', 2, 'REQUIRED'),
                (['backup', '--data', p.data, '--to', top / 'no' / 'such' / 'folder.tar'], '', 1, ''),
                (['restore', '--data', top / 'a', '--from', top / 'full' / 'file'], '', 2, 'BACKUP_INVALID'),
                (['restore', '--data', top / 'full', '--from', top / 'full' / 'file'], '', 1, 'FOLDER_NOT_EMPTY'),
                (['move-db', '--data', p.data, '--to', 'sqlite'], '', 2, 'CHOICE_INVALID'),
                (['move-db', '--data', p.data, '--to', 'frob'], '', 2, 'CHOICE_INVALID'),
            ]
            for argv, stdin, want, names in rows:
                with self.subTest(argv=argv[:2], names=names):
                    code, out, err = p.cli(*argv, stdin=stdin, ok=False)
                    self.assertEqual(code, want, err)
                    self.assertIn(names, err)
                    self.assertEqual(out, '')
            self.assertFalse((top / 'a').exists(), 'a failed init or restore leaves nothing behind')
            p.cli('verify', '--data', p.data)

    def test_words_follow_the_language(self):
        with Pedel(start=False, env={'LANG': 'da_DK.UTF-8'}) as p:
            self.assertIn('Mappen er ikke tom', p.cli('init', '--data', p.folder, '--provider', 'X', '--cvr', cvr(1), ok=False)[2])
            self.assertIn('i orden', p.cli('verify', '--data', p.data))

    def test_token_alone(self):
        with Pedel(start=False) as p:
            out = p.cli('token', 'add', '--data', p.data, '--login', 'admin', '--name', 'x')
            self.assertRegex(out, r'^pdl_[A-Za-z0-9_-]{43}\n$')
            self.assertNotEqual(out.strip(), p.token)

    def test_only_the_owner_may_read(self):
        with Pedel(start=False) as p:
            for path in [p.data, *p.data.rglob('*')]:
                self.assertEqual(path.stat().st_mode & 0o077, 0, path)


class Keep(unittest.TestCase):
    pg = False

    def rows(self, p):
        """How many of each, asked of the backup, which is the same file for both databases."""
        copy = p.folder / 'look.tar'
        p.cli('backup', '--data', p.data, '--to', copy)
        look = p.folder / 'look'
        look.mkdir()
        subprocess.run(['tar', '-xf', copy, '-C', look], check=True)
        db = sqlite3.connect(look / 'pedel.db')
        found = {t: db.execute(f'SELECT count(*) FROM {t}').fetchone()[0] for t in ('person', 'event', 'api_token', 'setting')}
        db.close()
        shutil.rmtree(look)
        return found

    def test_backup_and_restore(self):
        with Pedel(pg=self.pg, start=False) as p:
            had = self.rows(p)
            self.assertGreaterEqual(had['person'], 1)
            copy, again = p.folder / 'b.tar', p.folder / 'again'
            p.cli('backup', '--data', p.data, '--to', copy)
            self.assertEqual(copy.stat().st_mode & 0o777, 0o600)
            p.cli('verify', '--from', copy)
            p.cli('restore', '--data', again, '--from', copy)
            p.cli('verify', '--data', again)
            p.cli('token', 'add', '--data', again, '--login', 'admin', '--name', 'later')      # it lives
            if self.pg:
                into = p._fresh_pg()
                third = p.folder / 'third'
                p.cli('restore', '--data', third, '--from', copy, '--db', into)
                self.assertFalse((third / 'pedel.db').exists())
                p.cli('verify', '--data', third)
                code, _, err = p.cli('restore', '--data', p.folder / 'fourth', '--from', copy, '--db', into, ok=False)
                self.assertEqual((code, 'MOVE_TARGET_USED' in err), (1, True))
                self.assertFalse((p.folder / 'fourth').exists())
            self.assertEqual(self.rows(p), had)

    def test_verify_names_every_missing_file(self):
        with Pedel(pg=self.pg, start=False) as p:
            copy, again = p.folder / 'b.tar', p.folder / 'again'
            p.cli('backup', '--data', p.data, '--to', copy)
            p.cli('restore', '--data', again, '--from', copy)
            db = sqlite3.connect(again / 'pedel.db')
            for number, probe, sha in ((1, 1, 'a' * 64), (2, 0, 'b' * 64)):
                ticket = db.execute("INSERT INTO ticket(number,subject,channel,created_at,updated_at,probe) VALUES(?,'x','mail',1,1,?) RETURNING id",
                                    (number, probe)).fetchone()[0]
                db.execute("INSERT INTO message(ticket_id,at,author_kind,author_name,visibility,channel,body,raw_sha256) "
                           "VALUES(?,1,'stranger','x','public','mail','x',?)", (ticket, sha))
            db.execute("INSERT INTO mail_in(received_at,sha256,sender,recipients,state) VALUES(1,?,'a@b.example','c@d.example','done')", ('c' * 64,))
            db.commit()
            code, out, err = p.cli('verify', '--data', again, ok=False)
            self.assertEqual((code, 'NOT_FOUND' in err), (1, True))
            self.assertEqual([c for c in 'abc' if c * 64 in out], ['b', 'c'])       # the probe's mail is meant to be gone
            db.execute('DELETE FROM message')
            db.execute('DELETE FROM mail_in')
            db.commit()
            db.close()
            p.cli('verify', '--data', again)

    def test_verify_finds_one_byte(self):
        with Pedel(pg=self.pg, start=False) as p:
            copy, again = p.folder / 'b.tar', p.folder / 'again'
            p.cli('backup', '--data', p.data, '--to', copy)
            p.cli('restore', '--data', again, '--from', copy)
            db = sqlite3.connect(again / 'pedel.db')
            db.execute("UPDATE event SET data=replace(data,'Mette','mette') WHERE kind='person.created'")
            db.commit()
            db.close()
            code, out, err = p.cli('verify', '--data', again, ok=False)
            self.assertEqual(code, 1)
            self.assertIn('CHAIN_BROKEN', err)
            raw = bytearray(copy.read_bytes())
            raw[len(raw) // 3] ^= 1
            copy.write_bytes(raw)
            code, out, err = p.cli('verify', '--from', copy, ok=False)
            self.assertEqual((code, 'BACKUP_INVALID' in err), (2, True))


@unittest.skipUnless(os.environ.get('PEDEL_TEST_PG'), 'no PostgreSQL')
class KeepPostgres(Keep):
    pg = True


@unittest.skipUnless(os.environ.get('PEDEL_TEST_PG'), 'no PostgreSQL')
class Move(unittest.TestCase):
    def test_there_and_back(self):
        with Pedel(start=False) as p:
            url = p._fresh_pg()
            out = p.cli('move-db', '--data', p.data, '--to', url)
            self.assertIn('the same on both sides', out)
            self.assertIn(f'db={url}', (p.data / 'pedel.conf').read_text())
            self.assertFalse((p.data / 'pedel.db').exists())
            p.cli('verify', '--data', p.data)
            p.cli('token', 'add', '--data', p.data, '--login', 'admin', '--name', 'on postgres')
            code, _, err = p.cli('move-db', '--data', p.data, '--to', url, ok=False)
            self.assertEqual((code, 'CHOICE_INVALID' in err), (2, True))
            p.cli('move-db', '--data', p.data, '--to', 'sqlite')
            self.assertNotIn('\ndb=', (p.data / 'pedel.conf').read_text())
            p.cli('verify', '--data', p.data)
            db = sqlite3.connect(p.data / 'pedel.db')
            names = [r[0] for r in db.execute('SELECT name FROM api_token ORDER BY id')]
            db.close()
            self.assertEqual(names, ['flow', 'on postgres'])
            # the old target still holds the rows of before
            code, _, err = p.cli('move-db', '--data', p.data, '--to', url, ok=False)
            self.assertEqual((code, 'MOVE_TARGET_USED' in err), (1, True))
            p.cli('token', 'add', '--data', p.data, '--login', 'admin', '--name', 'still here')

    def test_not_while_somebody_has_it_open(self):
        with Pedel(start=False) as p:
            url = p._fresh_pg()
            db = sqlite3.connect(p.data / 'pedel.db')
            db.execute('SELECT count(*) FROM person').fetchone()
            code, _, err = p.cli('move-db', '--data', p.data, '--to', url, ok=False)
            self.assertEqual((code, 'RUNNING' in err), (1, True), err)
            db.close()
            p.cli('move-db', '--data', p.data, '--to', url)


if __name__ == '__main__':
    unittest.main()
