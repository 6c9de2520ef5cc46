#!/usr/bin/env python3
"""The pedel program from a shell: init, people, verify, backup, restore, move-db; right and wrong input; on both databases."""
import fcntl
import os
import shutil
import sqlite3
import subprocess
import threading
import unittest

from pedel import Pedel, cvr, wait_until


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
                (['admin', 'add', '--data', p.data, '--login', 'bo', '--name', 'X', '--password-stdin'], 'short\n', 2, 'PASSWORD_WEAK'),
                (['admin', 'add', '--data', p.data, '--login', 'b', '--name', 'X'], 'a long password\n', 2, '--password-stdin'),
                (['admin', 'add', '--data', p.data, '--login', 'b b', '--name', 'X', '--password-stdin'], 'a long password\n', 2, 'LOGIN_INVALID'),
                (['admin', 'add', '--data', p.data, '--login', '', '--name', 'X', '--password-stdin'], 'a long password\n', 2, 'LOGIN_INVALID'),
                (['admin', 'add', '--data', p.data, '--login=', '--name', 'X', '--password-stdin'], 'a long password\n', 2, 'LOGIN_INVALID'),
                (['admin', 'add', '--data', p.data, '--login', ' ', '--name', 'X', '--password-stdin'], 'a long password\n', 2, 'LOGIN_INVALID'),
                (['admin', 'add', '--data', '', '--login', 'bo', '--name', 'X', '--password-stdin'], '', 2, '--data'),
                (['token', 'add', '--data', p.data, '--login', '', '--name', 'x'], '', 2, 'LOGIN_INVALID'),
                (['init', '--data', top / 'full' / 'file', '--provider', 'X', '--cvr', cvr(1)], '', 1, 'FILE_THERE'),
                (['admin', 'frob'], '', 2, 'admin'),
                (['token', 'add', '--data', p.data, '--login', 'nobody', '--name', 'x'], '', 1, 'LOGIN_UNKNOWN'),
                (['verify', '--data', top / 'nowhere'], '', 2, 'NOT_INITIALISED'),
                (['verify'], '', 2, 'REQUIRED'),
                (['backup', '--data', p.data, '--to', top / 'no' / 'such' / 'folder.tar'], '', 2, 'FOLDER_MISSING'),
                (['backup', '--data', p.data, '--to', top / 'full' / 'file'], '', 1, 'FILE_THERE'),
                (['backup', '--data', p.data, '--to', top / 'full'], '', 1, 'FILE_THERE'),
                (['verify', '--from', top / 'nowhere'], '', 2, 'BACKUP_MISSING'),
                (['verify', '--from', top / 'full' / 'file'], '', 2, 'BACKUP_INVALID'),
                (['restore', '--data', top / 'a', '--from', top / 'nowhere'], '', 2, 'BACKUP_MISSING'),
                (['restore', '--data', top / 'a', '--from', top / 'full'], '', 2, 'BACKUP_INVALID'),
                (['restore', '--data', top / 'full' / 'file', '--from', top / 'full' / 'file'], '', 1, 'FILE_THERE'),
                (['restore', '--data', top / 'a', '--from', top / 'full' / 'file'], '', 2, 'BACKUP_INVALID'),
                (['restore', '--data', top / 'full', '--from', top / 'full' / 'file'], '', 1, 'FOLDER_NOT_EMPTY'),
                (['move-db', '--data', p.data, '--to', 'sqlite'], '', 1, 'MOVE_THERE'),
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

    def test_stopped_in_the_middle(self):
        """init, demo and restore killed: what they left is no installation, and the same command begins afresh there."""
        with Pedel(start=False) as p:
            copy = p.folder / 'b.tar'
            p.cli('backup', '--data', p.data, '--to', copy)
            pedel, mark = str(p.build / 'src/bin/pedel'), '.pedel-unfinished'
            rows = [
                # arguments, what must be in the folder when it is killed
                (['init', '--provider', 'X', '--cvr', cvr(1)], mark),
                (['init', '--provider', 'X', '--cvr', cvr(1)], 'pedel.db'),
                (['restore', '--from', str(copy)], 'keys'),
                (['demo'], 'pedel.conf'),
            ]
            were = []
            for i, (argv, there) in enumerate(rows):
                with self.subTest(argv=argv[0], there=there):
                    data = p.folder / f'half{i}'
                    killed = self.killed([pedel, *argv, '--data', str(data)], data / there, data / mark)
                    were.append(killed)
                    if killed:
                        for again in (['verify', '--data', data], ['admin', 'add', '--data', data, '--login', 'bo', '--name', 'A', '--password-stdin']):
                            code, _, err = p.cli(*again, stdin='a long password\n', ok=False)
                            self.assertEqual((code, 'UNFINISHED' in err), (1, True), err)
                        server = subprocess.run([p.build / 'src/bin/pedeld', '--data', data], capture_output=True, text=True, timeout=60)
                        self.assertEqual((server.returncode, 'UNFINISHED' in server.stderr), (1, True), server.stderr)
                        p.cli(*argv, '--data', data)
                    self.assertFalse((data / mark).exists())
                    p.cli('verify', '--data', data)
            self.assertTrue(any(were), 'not one was still at work')

    def test_half_a_demo_is_told(self):
        """On an installation of one's own nothing is thrown away: it says what is there."""
        with Pedel(start=False) as p:
            argv = [str(p.build / 'src/bin/pedel'), 'demo', '--data', str(p.data)]
            filling = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            begun = "SELECT COUNT(*) FROM setting WHERE key='demo.begun'"
            while filling.poll() is None and p.sql(begun) == [('0',)]:
                pass
            filling.kill()
            filling.wait()
            if p.sql(begun) == [('1',)]:                # a loaded machine may be done sooner
                code, _, err = p.cli('demo', '--data', p.data, ok=False)
                self.assertEqual((code, 'DEMO_HALF' in err), (1, True), err)
            p.cli('verify', '--data', p.data)

    def killed(self, argv, there, mark):
        """Kill -9 as soon as there is there; False when it was done sooner, which a loaded machine may do."""
        filling = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while filling.poll() is None and not there.exists():
            pass
        filling.kill()
        filling.wait()
        return mark.exists()

    def test_two_fill_one_folder(self):
        with Pedel(start=False) as p:
            data = p.folder / 'half'
            data.mkdir()
            (data / '.pedel-unfinished').touch()
            (data / 'keys').mkdir()
            with open(data / '.pedel-unfinished') as held:
                fcntl.flock(held, fcntl.LOCK_EX)
                for argv in (['demo'], ['init', '--provider', 'X', '--cvr', cvr(1)]):
                    code, _, err = p.cli(*argv, '--data', data, ok=False)
                    self.assertEqual((code, 'FOLDER_FILLING' in err, (data / 'keys').exists()), (1, True, True), err)
            p.cli('init', '--data', data, '--provider', 'X', '--cvr', cvr(1))
            p.cli('verify', '--data', data)

    def test_folders_over_the_data(self):
        """Made, and named; taken away again when it fails, but for what somebody put there."""
        with Pedel(start=False) as p:
            init = ['init', '--provider', 'X', '--cvr', cvr(1), '--data']
            self.assertIn(f'{p.folder}/a/b', p.cli(*init, p.folder / 'a' / 'b' / 'c').split('\n')[0])
            self.assertNotIn('was not there', p.cli(*init, p.folder / 'a' / 'b' / 'd'))
            self.assertTrue((p.folder / 'a/b/c/pedel.conf').exists())
            code, out, err = p.cli(*init, p.folder / 'e' / 'f' / 'g', '--db', f'postgresql:///x?host={p.folder}', ok=False)
            self.assertEqual((code, 'DB_DOWN' in err, (p.folder / 'e').exists()), (1, True, False), out + err)

    def test_words_follow_the_language(self):
        with Pedel(start=False, env={'LANG': 'da_DK.UTF-8'}) as p:
            self.assertIn('Mappen er ikke tom', p.cli('init', '--data', p.folder, '--provider', 'X', '--cvr', cvr(1), ok=False)[2])
            self.assertIn('i orden', p.cli('verify', '--data', p.data))

    def test_token_alone(self):
        with Pedel(start=False) as p:
            out = p.cli('token', 'add', '--data', p.data, '--login', 'admin', '--name', 'x')
            p.sql("UPDATE person SET active=0 WHERE login='admin'")
            code, gone, err = p.cli('token', 'add', '--data', p.data, '--login', 'admin', '--name', 'y', ok=False)
            self.assertEqual((code, gone, 'PERSON_INACTIVE' in err), (1, '', True))
            p.sql("UPDATE person SET active=1 WHERE login='admin'")
            self.assertRegex(out, r'^pdl_[A-Za-z0-9_-]{43}\n$')
            self.assertNotEqual(out.strip(), p.token)

    def test_only_the_owner_may_read(self):
        with Pedel(start=False) as p:
            for path in [p.data, *p.data.rglob('*')]:
                self.assertEqual(path.stat().st_mode & 0o077, 0, path)


class Beside(unittest.TestCase):
    def test_a_writer_that_never_rests(self):
        """It lets go of the database for moments only; a command at the shell still gets its turn."""
        with Pedel(start=False) as p:
            over = threading.Event()

            def write():
                c = sqlite3.connect(p.data / 'pedel.db', isolation_level=None, timeout=60)
                while not over.is_set():
                    c.execute('BEGIN IMMEDIATE')
                    over.wait(0.1)
                    c.execute('COMMIT')
                c.close()
            writer = threading.Thread(target=write)
            writer.start()
            try:
                p.cli('backup', '--data', p.data, '--to', p.folder / 'copy.tar')
            finally:
                over.set()
                writer.join()


class Keep(unittest.TestCase):
    pg = False

    def rows(self, p):
        """How many of each, asked of the backup, which is the same file for both databases."""
        copy = p.folder / 'look.tar'
        copy.unlink(missing_ok=True)
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

    def wrong(self, p, data, names):
        code, out, err = p.cli('verify', '--data', data, ok=False)
        self.assertEqual((code, 'CHAIN_BROKEN' in err), (1, True), out + err)
        self.assertIn(names, out)

    def restored(self, p, name):
        copy = p.folder / f'{name}.tar'
        p.cli('backup', '--data', p.data, '--to', copy)
        p.cli('restore', '--data', p.folder / name, '--from', copy)
        return p.folder / name

    def test_verify_finds_a_cut_end(self):
        """The last events go, and with them the heads that name them; whoever does it can write the database and has no key."""
        with Pedel(pg=self.pg, start=False) as p:
            if not self.pg:
                p.cli('demo', '--data', p.data)
                code, _, err = p.cli('demo', '--data', p.data, ok=False)
                self.assertEqual((code, 'DEMO_USED' in err), (1, True))
                p.cli('demo', '--data', p.folder / 'fresh')
                p.cli('verify', '--data', p.folder / 'fresh')
                story = sqlite3.connect(p.folder / 'fresh' / 'pedel.db').execute('SELECT DISTINCT state FROM promise_state').fetchall()
                self.assertEqual(len(story), 7, 'the month is judged before anybody looks')
                (p.folder / 'other').mkdir()
                (p.folder / 'other' / 'file').write_text('mine')
                code, _, err = p.cli('demo', '--data', p.folder / 'other', ok=False)
                self.assertEqual((code, 'FOLDER_NOT_EMPTY' in err, os.listdir(p.folder / 'other')), (1, True, ['file']))
            for k, after in ((1, 0), (2, 0), (3, 1), (0, 0)):
                with self.subTest(k=k, after=after):
                    again = self.restored(p, f'cut{k}{after}')
                    for i in range(4):
                        p.cli('token', 'add', '--data', again, '--login', 'admin', '--name', f'late {i}')
                    db = sqlite3.connect(again / 'pedel.db')
                    last = db.execute('SELECT max(id) FROM event').fetchone()[0]
                    self.assertEqual(db.execute('SELECT id FROM chain_end').fetchall(), [(last,)])
                    db.execute('DELETE FROM event WHERE id>?', (last - k,))
                    db.execute('DELETE FROM chain_head WHERE id>?', (last - k,))
                    db.commit()
                    if k:
                        self.wrong(p, again, f'events {last - k + 1} to {last} were cut off')
                    else:
                        p.cli('verify', '--data', again)
                    for i in range(after):          # what comes after does not heal it, nor does naming the new last one
                        p.cli('token', 'add', '--data', again, '--login', 'admin', '--name', f'after {i}')
                    if k:
                        db.execute('UPDATE chain_end SET id=(SELECT max(id) FROM event)')
                        db.commit()
                        self.wrong(p, again, 'is not the one that was sealed')
                    db.close()

    def test_verify_finds_a_seal_that_was_taken_away(self):
        with Pedel(pg=self.pg, start=False) as p:
            for sql in ('DELETE FROM chain_end', 'UPDATE chain_end SET id=0,seal=NULL', 'UPDATE chain_end SET seal=zeroblob(32)'):
                with self.subTest(sql=sql):
                    again = self.restored(p, 'seal' + str(len(sql)))
                    p.cli('backup', '--data', again, '--to', again.with_suffix('.noted'))    # the note beside the database is there
                    db = sqlite3.connect(again / 'pedel.db')
                    db.execute(sql)
                    db.commit()
                    db.close()
                    self.wrong(p, again, 'seal')
                    p.cli('token', 'add', '--data', again, '--login', 'admin', '--name', 'after')
                    self.wrong(p, again, 'seal')

    def test_verify_finds_a_database_put_back(self):
        """A whole earlier database is right in itself: only the note beside it knows more."""
        with Pedel(pg=self.pg, start=False) as p:
            again = self.restored(p, 'back')
            old = (again / 'pedel.db').read_bytes()
            p.cli('token', 'add', '--data', again, '--login', 'admin', '--name', 'forgotten')
            p.cli('backup', '--data', again, '--to', p.folder / 'noted.tar')
            note = again / 'chain.last'
            self.assertEqual(note.stat().st_mode & 0o777, 0o600)
            p.cli('verify', '--data', again)
            for name in ('pedel.db-wal', 'pedel.db-shm'):
                (again / name).unlink(missing_ok=True)
            (again / 'pedel.db').write_bytes(old)
            self.wrong(p, again, 'noted beside the database')
            p.cli('token', 'add', '--data', again, '--login', 'admin', '--name', 'another')
            kept = note.read_bytes()
            self.assertIn('could not be signed', p.cli('backup', '--data', again, '--to', p.folder / 'wrong.tar'))
            self.assertEqual(note.read_bytes(), kept, 'the note that tells is not written over')
            self.wrong(p, again, 'noted beside the database')
            raw = bytearray(kept)
            raw[25] ^= 1
            note.write_bytes(raw)
            self.wrong(p, again, 'not this installation\'s note')
            note.unlink()
            p.cli('verify', '--data', again)        # in principle not found: nothing knows of it any more

    def test_a_database_of_before_seals_is_taken_in(self):
        with Pedel(pg=self.pg, start=False) as p:
            again = self.restored(p, 'old')
            (again / 'chain.last').unlink(missing_ok=True)
            db = sqlite3.connect(again / 'pedel.db')
            db.execute('UPDATE chain_end SET id=0, seal=NULL')          # as its migration leaves it
            db.commit()
            db.close()
            p.cli('token', 'add', '--data', again, '--login', 'admin', '--name', 'sealed')
            p.cli('verify', '--data', again)
            db = sqlite3.connect(again / 'pedel.db')
            self.assertEqual(*db.execute('SELECT (SELECT id FROM chain_end),(SELECT max(id) FROM event)').fetchone())
            db.close()

    def test_verify_finds_a_byte_of_every_file(self):
        with Pedel(pg=self.pg) as p:
            for i in range(4):
                text = f'From: karen@kunde.example\r\nTo: desk@desk.example\r\nSubject: Sag {i}\r\nMessage-ID: <{i}@kunde.example>\r\n\r\nHej\r\n'
                got = p.lmtp_send('karen@kunde.example', ['desk@desk.example'], text)
                self.assertEqual(got['desk@desk.example'][0], 250)
            wait_until(lambda: len(p.ok('GET', '/api/v1/tickets')['items']) == 4)
            p.stop()
            self.assertTrue((p.data / 'chain.last').exists())
            files = [f for f in (p.data / 'blobs').rglob('*') if f.is_file()]
            self.assertGreaterEqual(len(files), 3)
            p.cli('verify', '--data', p.data)
            for f in files:
                whole = f.read_bytes()
                for at in sorted({0, len(whole) // 2, len(whole) - 1}):
                    raw = bytearray(whole)
                    raw[at] ^= 1
                    f.write_bytes(raw)
                    self.wrong(p, p.data, f.parent.name + f.name)
                f.write_bytes(whole + b' ')
                self.wrong(p, p.data, f.parent.name + f.name)
                f.write_bytes(whole)
            p.cli('verify', '--data', p.data)

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
            self.assertEqual((code, 'MOVE_THERE' in err), (1, True))
            code, _, err = p.cli('move-db', '--data', p.data, '--to', 'postgresql:///another', ok=False)
            self.assertEqual((code, 'MOVE_BY_SQLITE' in err), (1, True))
            code, _, err = p.cli('init', '--data', p.folder / 'second', '--provider', 'X', '--cvr', cvr(2), '--db', url, ok=False)
            self.assertEqual((code, 'DB_USED' in err), (1, True))
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
