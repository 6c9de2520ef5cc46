#!/usr/bin/env python3
"""The catalogue check passes our own catalogue and finds each kind of fault in it, at the right line."""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CHECK = ROOT / "tools" / "catalogue_check.py"
CATALOGUE = ROOT / "catalogue"

# file, text to change (first place), what it becomes, part of the answer
FAULTS = [
    ("support", "# support\n", "# suport\n", "support.md:1: the first line"),
    ("support", "version: 3\n", "version: one\n", "support.md:3: 'version' must be a whole number"),
    ("support", "version: 3\n", "version: 0\n", "support.md:3: 'version' must be from 1"),
    ("support", "version: 3\n", "version: 3\nversion: 3\n", "support.md:4: 'version' stands twice"),
    ("support", "version: 3\n", "version: 3 \n", "support.md:3: blanks at the end"),
    ("support", "version: 3\n", "version:\t3\n", "support.md:3: control characters"),
    ("support", "version: 3\n", "version: 3\r\n", "support.md:3: control characters"),
    ("support", "version: 3\n", "version:3\n", "support.md:3: exactly one blank"),
    ("support", "version: 3\n", "Version: 3\n", "support.md:3: a line is empty, a heading"),
    ("support", "version: 3\nnumber: 1\n", "number: 1\nversion: 3\n", "support.md:1: the fields must stand"),
    ("support", "number: 1\n", "number: 2\n", "number 2 is also"),
    ("support", "name.en: ", "title.en: ", "support.md:6: 'title.en' is not a field here"),
    ("support", "## about\n", "## About\n", "support.md:8: a heading is"),
    ("support", "## about\n\nda: ", "## about\n\nda: Hovsa! ", "support.md:10: 'da' has two blanks"),
    ("support", "max: 10080\n", "max: 30\n", "'default' is outside"),
    ("support", "min: 15\n", "min: 015\n", "'min' must be a whole number"),
    ("support", "min: 15\n", "min: 99999999999999999999\n", "'min' must be a whole number"),
    ("support", "unit: minutes\n", "unit: hours\n", "'unit' must be one of minutes"),
    ("support", "type: minutes\nunit: minutes\n", "type: seconds\nunit: minutes\n", "'type' must be one of"),
    ("support", "type: text\n", "type: text\nunit: minutes\n", "a term of type text has no 'unit'"),
    ("support", "label.en: ", "hint.en: ", "'label.en' is missing"),
    ("support", "## term service_hours\n", "## term open_hours\n", "term service_hours is missing"),
    ("support", "## term service_hours\n", "## term closed_days\n", "term closed_days stands twice"),
    ("support", "## promise support.help\n", "## promise desk.help\n", "a promise's key is 'support.'"),
    ("support", "## promise support.help\n", "## promise support.helps\n", "promise support.helps is not in the table"),
    ("support", "## promise support.help\n", "## promise support.helps\n", "promise support.help is missing"),
    ("support", "party: supplier\n", "party: customer\n", "support.help binds the supplier"),
    ("support", "party: supplier\n", "party: both\n", "'party' must be one of"),
    ("support", "period: month\n", "period: hour\n", "'period' must be one of"),
    ("support", "proof: live\n", "proof: attest\n", "support.help is proved by code"),
    ("patching", "proof: attest\n", "proof: live\n", "no code proves patching.maintain"),
    ("support", "source: Generel IT Support, 1\n", "source: Generel IT Support, 2\n", "made from sentence 1"),
    ("support", "source: Generel IT Support, 1\n", "source: Generel IT Support, 1, 4\n", "has only 3 sentences"),
    ("support", "en: We help you", "en: Please let us help you", "'en' says 'please'"),
    ("support", "en: We help you", "en: " + "We help you " * 90, "at most 1000 are allowed"),
    ("patching", "choices: in_window, ask", "choices: in_window,ask", "write the choices as"),
    ("patching", "default: in_window\n", "default: midnight\n", "'default' is not one of the choices"),
    ("patching", "default: windows, microsoft-office", "default: windows, windows", "write the list as"),
    ("service-agreement", "choices: 2, 5, 10\n", "choices: 2, 5, 20\n", "'20' is not a whole number from"),
    ("service-agreement", "default: true\n", "default: yes\n", "'default' must be true or false"),
]


def check(*args):
    done = subprocess.run([sys.executable, str(CHECK), *map(str, args)], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


class CatalogueCheck(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pedel-catalogue-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def copy(self):
        folder = self.folder / "catalogue"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(CATALOGUE, folder)
        return folder

    def test_own_catalogue_is_good(self):
        services = len([p for p in CATALOGUE.glob("*.md") if p.name != "README.md"])
        self.assertEqual(check(), (0, f"catalogue: {services} services, all good\n"))

    def test_each_fault_is_found(self):
        for service, old, new, answer in FAULTS:
            with self.subTest(answer=answer, new=new[:60]):
                path = self.copy() / (service + ".md")
                text = path.read_bytes().decode()
                self.assertIn(old, text)
                path.write_bytes(text.replace(old, new, 1).encode())
                code, said = check(path.parent)
                self.assertEqual(code, 1, said)
                self.assertIn(answer, said)

    def test_bytes_that_are_no_text(self):
        for raw, answer in ((b"# support\n\xff\n", ":2: the line is not UTF-8"),
                            (b"\xef\xbb\xbf# support\n", "byte order mark"),
                            (b"# support", "must end with a line feed"), (b"", "the first line must be"),
                            (b"# support\n" + b"\n" * 65536, "at most 65536")):
            with self.subTest(answer=answer):
                path = self.copy() / "support.md"
                path.write_bytes(raw)
                code, said = check(path.parent)
                self.assertEqual(code, 1, said)
                self.assertIn(answer, said)

    def test_missing_and_unknown_file(self):
        folder = self.copy()
        (folder / "support.md").rename(folder / "desk.md")
        code, said = check(folder)
        self.assertEqual(code, 1)
        self.assertIn("support.md:1: the file is missing", said)
        self.assertIn("the service desk is not in the table", said)

    def test_provider_folder(self):
        folder = self.folder / "provider"
        folder.mkdir()
        shutil.copy(CATALOGUE / "patching.md", folder)
        text = (CATALOGUE / "backup.md").read_text(encoding="utf-8")
        text = text.replace("backup", "print-room").replace("number: 11", "number: 19")
        (folder / "print-room.md").write_text(text, encoding="utf-8")
        self.assertEqual(check("--provider", folder), (0, "catalogue: 2 services, all good\n"))
        path = folder / "patching.md"
        path.write_text(path.read_text(encoding="utf-8").replace("patching.weekly", "patching.daily"), encoding="utf-8")
        code, said = check("--provider", folder)
        self.assertEqual(code, 1)
        self.assertIn("promise patching.weekly is missing", said)

    def test_wrong_use(self):
        for args in (["--what"], ["--provider"], ["a", "b"], [self.folder / "nowhere"]):
            with self.subTest(args=args):
                self.assertEqual(check(*args)[0], 2)


if __name__ == "__main__":
    unittest.main()
