"""What README.md and docs/api.md tell a newcomer to do, done on a demo: the sign-ins, the figures, the curl examples."""
import datetime
import json
import pathlib
import re
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from pedel import ROOT, Pedel


class Docs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.p = Pedel(empty=True)
        cls.p.__enter__()
        cls.said = cls.p.cli('demo', '--data', cls.p.data)
        cls.p.start()

    @classmethod
    def tearDownClass(cls):
        cls.p.__exit__(None, None, None)

    def test_the_readme_s_people_sign_in_and_see_what_it_says(self):
        readme = (ROOT / 'README.md').read_text()
        password = re.search(r'the password is always `([^`]+)`', readme).group(1)
        logins = re.findall(r'^\d\. \*\*[^*]+\*\*[^(]*\(`([^`]+)`\)', readme, re.M)
        self.assertGreaterEqual(len(logins), 5, logins)
        for login in logins:
            self.assertIn(login, self.said)
            self.p.browser().sign_in(login, password)
        promises, customers = re.search(r'shows (\d+) promises to (\d+) customers', readme).groups()
        self.assertIn(f'{promises} løfter til {customers} kunder', self.p.browser().sign_in(logins[0], password).get('/console/').text)

    def test_the_api_s_examples_answer(self):
        text = (ROOT / 'docs/api.md').read_text()
        token = self.p.cli('token', 'add', '--data', self.p.data, '--login', 'mette', '--name', 'docs').strip()
        examples = [b for b in re.findall(r'(?:^    .*\n)+', text, re.M) if 'curl' in b]
        self.assertGreaterEqual(len(examples), 3)
        today = datetime.datetime.now(datetime.timezone.utc)        # the demo lives now, whenever the page was written
        yesterday = (today - datetime.timedelta(days=1)).strftime('%Y-%m-%dT%H:%M:%S%%2B00:00')
        for example in examples:
            command = re.sub(r'^    ', '', example, flags=re.M).replace('http://127.0.0.1:8080', self.p.base)
            command = re.sub(r'at=[0-9T:%B-]+', f'at={yesterday}', command)
            command = re.sub(r'month=[0-9-]+', f'month={today:%Y-%m}', command)
            done = subprocess.run(['sh', '-c', command], env={**self.p.env, 'TOKEN': token}, capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stderr)
            got = json.loads(done.stdout)
            self.assertTrue(got and 'error' not in got, (command, got))


if __name__ == '__main__':
    unittest.main()
