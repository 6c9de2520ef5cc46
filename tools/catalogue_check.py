#!/usr/bin/env python3
"""Checks the service catalogue: catalogue/<service>.md against the format in catalogue/README.md.

    tools/catalogue_check.py [FOLDER]             the product's own catalogue (default: catalogue/ beside tools/)
    tools/catalogue_check.py --provider FOLDER    a provider's own files: fewer services, or other ones, are allowed

Prints file:line: what is wrong. Exit code 0 = all good, 1 = something is wrong, 2 = wrong use.
"""
import pathlib
import re
import sys

FILE_MAX_BYTES = 64 * 1024
LINE_MAX_BYTES = 1000
INT64_MAX = 2**63 - 1

# Which party each promise binds. The order is the order on an agreement.
PROMISES = {
    "support": "help:supplier report:customer open:supplier",
    "telephony": "deliver:supplier operate:supplier advise:supplier",
    "m365": "licences:supplier advise:supplier compliance:customer support:supplier partner:supplier",
    "operations": "run:supplier access:supplier maintain:supplier lawful:customer advise:supplier",
    "remote-control": "reach:supplier dedicated:supplier noapproval:supplier secure:supplier",
    "patching": "maintain:supplier exclude:supplier weekly:supplier",
    "m365-safe": "baseline:supplier watch:supplier report:supplier",
    "hosting": "account:supplier platform:supplier apps:customer",
    "webwork": "order:supplier admin:supplier current:customer",
    "remote-support": "ask:supplier secure:supplier",
    "backup": "endpoint:supplier server:supplier safe:supplier lawful:supplier",
    "m365-backup": "cover:supplier restore:supplier safe:supplier",
    "network": "operate:supplier access:supplier computers:supplier",
    "antivirus": "deliver:supplier admin:supplier maintain:supplier lawful:supplier report:supplier",
    "signature": "deliver:supplier admin:supplier maintain:supplier lawful:supplier report:supplier",
    "mailhost": "platform:supplier space:supplier run:supplier ownuse:customer protect:supplier",
    "webadmin": "maintain:supplier cms:customer updates:supplier licence:supplier order:supplier current:customer",
    "service-agreement": "fixed:customer bank:supplier driving:supplier",
}

LIVE = {
    "support.help", "support.report", "support.open", "webwork.order",
    "service-agreement.fixed", "service-agreement.bank", "service-agreement.driving",
}

# Heading in the source text and how many sentences stand under it: each must be named by a promise.
SOURCE = {
    "support": ("Generel IT Support", 3), "telephony": ("Telefoni", 3), "m365": ("Office 365", 4),
    "operations": ("IT Drift", 5), "remote-control": ("Fjernkontrol", 3), "patching": ("Patching", 3),
    "m365-safe": ("365 Safe", 1), "hosting": ("Webhosting", 4), "webwork": ("Webarbejde", 4),
    "remote-support": ("Fjernsupport", 2), "backup": ("Backup", 4), "m365-backup": ("Office 365 Backup", 1),
    "network": ("Netværk", 3), "antivirus": ("Antivirus", 5), "signature": ("Signaturløsning", 5),
    "mailhost": ("Mailhost", 7), "webadmin": ("Webadministration", 8), "service-agreement": ("Serviceaftale", 3),
}

# Terms that code reads by name.
TERMS = {
    "support": """response_urgent_minutes response_important_minutes response_normal_minutes solution_urgent_minutes
        solution_important_minutes solution_normal_minutes service_hours closed_days help_target_percent
        open_target_percent_hundredths""",
    "service-agreement": """hours_per_month monthly_price_ore hourly_price_ore rounding_step_minutes
        rounding_min_minutes round_by phone_step_minutes rollover_months rollover_max_minutes driving_free_minutes
        driving_scope driving_settle proration overuse borrow_max_percent late_entry time_visible""",
}

SERVICE_KEY = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")
TERM_KEY = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*\Z")
CHOICE = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*\Z")
WHOLE = re.compile(r"(0|-?[1-9][0-9]{0,18})\Z")
SOURCE_REF = re.compile(r"([^,]+), ([1-9][0-9]?(?:, [1-9][0-9]?)*)\Z")

HEAD_FIELDS = ["version", "number", "name.da", "name.en"]
ABOUT_FIELDS = ["da", "en"]
TERM_FIELDS = ["type", "unit", "choices", "default", "min", "max", "label.da", "label.en", "hint.da", "hint.en"]
PROMISE_FIELDS = ["party", "period", "proof", "source", "title.da", "title.en", "da", "en"]
PROMISE_MUST = ["party", "period", "proof", "source", "da", "en"]
TITLE_CHARS = 60
PARTIES = ["supplier", "customer"]
PERIODS = ["always", "minute", "day", "week", "month", "quarter", "year", "event"]
PROOFS = ["live", "attest"]
UNITS = {
    "minutes": ["minutes"], "money_ore": ["ore"], "megabytes": ["megabytes"],
    "integer": ["count", "hours", "days", "months", "percent", "percent_hundredths"],
}
TYPE_FIELDS = {  # beside type, default and label, which every term has: (must have, may have)
    "integer": ("unit min max", "choices"), "minutes": ("unit min max", ""), "money_ore": ("unit min max", ""),
    "megabytes": ("unit min max", ""), "choice": ("choices", ""), "text": ("max", ""), "boolean": ("", ""),
    "list": ("max", ""),
}
# Words that people who are not technicians should not meet, with what to write instead.
AVOID = {
    "sla": "svartid / response time", "rmm": "fjernkontrol / remote control", "endpoint": "computer, enhed / device",
    "tenant": "konto / account", "venligst": "(leave it out)", "please": "(leave it out)", "ticket": "opgave / request",
    "compliance": "regler / rules", "forpligtelse": "løfte",
}


class Section:
    def __init__(self, kind, key, line):
        self.kind, self.key, self.line, self.fields = kind, key, line, {}

    def get(self, name):
        return self.fields[name][0] if name in self.fields else None

    def at(self, name):
        return self.fields[name][1] if name in self.fields else self.line


class Checker:
    def __init__(self):
        self.faults = []

    def fault(self, path, line, what):
        self.faults.append(f"{path}:{line}: {what}")

    # ---- reading

    def read_lines(self, path):
        raw = path.read_bytes()
        if len(raw) > FILE_MAX_BYTES:
            self.fault(path, 1, f"the file is {len(raw)} bytes, at most {FILE_MAX_BYTES} are allowed")
            return None
        if not raw.endswith(b"\n"):
            self.fault(path, raw.count(b"\n") + 1, "the last line must end with a line feed")
        for n, line in enumerate(raw.split(b"\n"), 1):
            if len(line) > LINE_MAX_BYTES:
                self.fault(path, n, f"the line is {len(line)} bytes, at most {LINE_MAX_BYTES} are allowed")
            if any(c < 32 or c == 127 for c in line):
                self.fault(path, n, "control characters (also tab and carriage return) are not allowed")
            if line.endswith(b" "):
                self.fault(path, n, "blanks at the end of the line")
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                self.fault(path, n, "the line is not UTF-8")
                return None
        if raw.startswith(b"\xef\xbb\xbf"):
            self.fault(path, 1, "the file starts with a byte order mark")
        return raw.decode("utf-8").split("\n")

    def parse_heading(self, path, n, line):
        words = line.split(" ")
        if line == "## about":
            return Section("about", "", n)
        if len(words) == 3 and words[1] in ("term", "promise") and words[2]:
            return Section(words[1], words[2], n)
        self.fault(path, n, "a heading is '## about', '## term KEY' or '## promise KEY'")
        return Section("unknown", "", n)

    def parse(self, path, lines):
        sections = [Section("head", path.stem, 1)]
        if lines[0] != f"# {path.stem}":
            self.fault(path, 1, f"the first line must be '# {path.stem}', as the file's name")
        for n, line in enumerate(lines[1:], 2):
            if not line:
                continue
            if line.startswith("#"):
                sections.append(self.parse_heading(path, n, line))
                continue
            name, colon, value = line.partition(":")
            if not colon or not re.match(r"[a-z][a-z.]*\Z", name):
                self.fault(path, n, "a line is empty, a heading, or 'field: value'")
                continue
            if value and (not value.startswith(" ") or value.startswith("  ")):
                self.fault(path, n, "exactly one blank stands between the colon and the value")
            fields = sections[-1].fields
            if name in fields:
                self.fault(path, n, f"'{name}' stands twice")
            fields[name] = (value.strip(" "), n)
        return sections

    # ---- checking

    def check_fields(self, path, sec, known, required):
        for name, (value, n) in sec.fields.items():
            if name not in known:
                self.fault(path, n, f"'{name}' is not a field here")
            elif not value and name != "default":
                self.fault(path, n, f"'{name}' is empty")
        order = [f for f in sec.fields if f in known]
        if order != sorted(order, key=known.index):
            self.fault(path, sec.line, "the fields must stand in the order " + ", ".join(known))
        for name in required:
            if name not in sec.fields:
                self.fault(path, sec.line, f"'{name}' is missing")

    def check_words(self, path, sec, da, en, sentence):
        """One pair of texts: both there, not the same, plain words."""
        for name in (da, en):
            value = sec.get(name)
            if not value:
                continue
            if "  " in value or "!" in value:
                self.fault(path, sec.at(name), f"'{name}' has two blanks in a row or an exclamation mark")
            if sentence and not value.endswith("."):
                self.fault(path, sec.at(name), f"'{name}' must end with a full stop")
            for word in re.findall(r"\w+", value.lower()):
                if word in AVOID:
                    self.fault(path, sec.at(name), f"'{name}' says '{word}'; write {AVOID[word]}")
        if sentence and sec.get(da) and sec.get(da) == sec.get(en):
            self.fault(path, sec.at(en), f"'{en}' is the same as '{da}'")
        if sec.get(da) and not sec.get(en) or sec.get(en) and not sec.get(da):
            self.fault(path, sec.line, f"'{da}' and '{en}' go together; one is missing")

    def whole_number(self, path, sec, name):
        value = sec.get(name)
        if value is None:
            return None
        if not WHOLE.match(value) or abs(int(value)) > INT64_MAX:
            self.fault(path, sec.at(name), f"'{name}' must be a whole number")
            return None
        return int(value)

    def check_numeric(self, path, sec, choices):
        if sec.get("unit") and sec.get("unit") not in UNITS[sec.get("type")]:
            self.fault(path, sec.at("unit"), "'unit' must be one of " + ", ".join(UNITS[sec.get("type")]))
        low, high, default = (self.whole_number(path, sec, f) for f in ("min", "max", "default"))
        if None in (low, high, default):
            return
        if low > high:
            self.fault(path, sec.at("min"), "'min' is above 'max'")
        if not low <= default <= high:
            self.fault(path, sec.at("default"), "'default' is outside 'min' and 'max'")
        for choice in choices:
            if not WHOLE.match(choice) or not low <= int(choice) <= high:
                self.fault(path, sec.at("choices"), f"'{choice}' is not a whole number from 'min' to 'max'")

    def check_bounded(self, path, sec):
        limit, default = self.whole_number(path, sec, "max"), sec.get("default") or ""
        if limit is None:
            return
        if limit < 1:
            self.fault(path, sec.at("max"), "'max' must be at least 1")
        if sec.get("type") == "text" and len(default.encode()) > limit:
            self.fault(path, sec.at("default"), "'default' is longer than 'max' bytes")
        if sec.get("type") == "list" and default:
            items = default.split(", ")
            if len(items) > limit:
                self.fault(path, sec.at("default"), "'default' has more items than 'max'")
            if len(set(items)) < len(items) or any(not i or "," in i or i != i.strip() for i in items):
                self.fault(path, sec.at("default"), "write the list as 'a, b, c', each name once")

    def check_term(self, path, sec):
        if not TERM_KEY.match(sec.key):
            self.fault(path, sec.line, "a term's key is small letters, digits and single underscores")
        kind = sec.get("type")
        if kind not in TYPE_FIELDS:
            self.fault(path, sec.at("type"), "'type' must be one of " + ", ".join(TYPE_FIELDS))
            return
        must, may = (s.split() for s in TYPE_FIELDS[kind])
        self.check_fields(path, sec, TERM_FIELDS, ["default", "label.da", "label.en"] + must)
        for name in ("unit", "choices", "min", "max"):
            if name in sec.fields and name not in must + may:
                self.fault(path, sec.at(name), f"a term of type {kind} has no '{name}'")
        self.check_words(path, sec, "label.da", "label.en", False)
        self.check_words(path, sec, "hint.da", "hint.en", True)
        choices = sec.get("choices").split(", ") if sec.get("choices") else []
        if len(set(choices)) < len(choices) or any(not CHOICE.match(c) for c in choices):
            self.fault(path, sec.at("choices"), "write the choices as 'a, b, c', each once")
        default = sec.get("default")
        if choices and default not in choices:
            self.fault(path, sec.at("default"), "'default' is not one of the choices")
        if kind == "boolean" and default not in ("true", "false"):
            self.fault(path, sec.at("default"), "'default' must be true or false")
        if kind in UNITS:
            self.check_numeric(path, sec, choices)
        if kind in ("text", "list"):
            self.check_bounded(path, sec)

    def check_promise(self, path, sec, own):
        self.check_fields(path, sec, PROMISE_FIELDS, PROMISE_FIELDS if own else PROMISE_MUST)
        service, dot, name = sec.key.partition(".")
        if service != path.stem or not dot or not re.match(r"[a-z][a-z0-9]*\Z", name):
            self.fault(path, sec.line, f"a promise's key is '{path.stem}.' and a word")
        for field, allowed in (("party", PARTIES), ("period", PERIODS), ("proof", PROOFS)):
            if sec.get(field) and sec.get(field) not in allowed:
                self.fault(path, sec.at(field), f"'{field}' must be one of " + ", ".join(allowed))
        self.check_words(path, sec, "title.da", "title.en", False)
        for field in ("title.da", "title.en"):
            if len(sec.get(field) or "") > TITLE_CHARS:
                self.fault(path, sec.at(field), f"a title has at most {TITLE_CHARS} characters")
        self.check_words(path, sec, "da", "en", True)
        if sec.get("proof") == "live" and sec.key not in LIVE:
            self.fault(path, sec.at("proof"), f"no code proves {sec.key}; write attest" + (", or add it to LIVE in tools/catalogue_check.py" if own else ""))
        if not own:
            return
        if sec.get("proof") == "attest" and sec.key in LIVE:
            self.fault(path, sec.at("proof"), f"{sec.key} is proved by code; write live (the table LIVE in tools/catalogue_check.py says so)")
        parties = dict(p.split(":") for p in PROMISES.get(service, "").split())
        if name in parties and sec.get("party") in PARTIES and sec.get("party") != parties[name]:
            self.fault(path, sec.at("party"), f"{sec.key} binds the {parties[name]}")

    def check_keys(self, path, sections, kind, wanted, exact):
        """Each key once, none missing; with exact also none too many."""
        seen = {}
        for sec in sections:
            if sec.kind != kind:
                continue
            if sec.key in seen:
                self.fault(path, sec.line, f"{kind} {sec.key} stands twice, first in line {seen[sec.key]}")
            elif exact and sec.key not in wanted:
                self.fault(path, sec.line, f"{kind} {sec.key} is not in the table of {kind}s: add it to PROMISES in tools/catalogue_check.py")
            seen.setdefault(sec.key, sec.line)
        for key in wanted:
            if key not in seen:
                self.fault(path, 1, f"{kind} {key} is missing")

    def our_terms(self, service):
        path = pathlib.Path(__file__).resolve().parent.parent / "catalogue" / (service + ".md")
        return re.findall(r"^## term (\w+)$", path.read_text(encoding="utf-8"), re.M) if path.is_file() else []

    def check_source(self, path, promises):
        heading, count = SOURCE[path.stem]
        named = set()
        for sec in promises:
            found = SOURCE_REF.match(sec.get("source") or "")
            if not found or found[1] != heading:
                self.fault(path, sec.at("source"), f"'source' is '{heading}, N' or '{heading}, N, M'")
                continue
            for number in map(int, found[2].split(", ")):
                named.add(number)
                if number > count:
                    self.fault(path, sec.at("source"), f"'{heading}' has only {count} sentences")
        for number in range(1, count + 1):
            if number not in named:
                self.fault(path, 1, f"no promise is made from sentence {number} of '{heading}'")

    def check_file(self, path, own):
        """Returns the service's number, or None."""
        lines = self.read_lines(path)
        if lines is None:
            return None
        if not SERVICE_KEY.match(path.stem):
            self.fault(path, 1, "the file's name is small letters, digits and single hyphens")
        sections = self.parse(path, lines)
        head = sections[0]
        self.check_fields(path, head, HEAD_FIELDS, HEAD_FIELDS)
        self.check_words(path, head, "name.da", "name.en", False)
        for name, limit in (("version", 1000000), ("number", 999)):
            value = self.whole_number(path, head, name)
            if value is not None and not 1 <= value <= limit:
                self.fault(path, head.at(name), f"'{name}' must be from 1 to {limit}")
        ranks = [{"about": 0, "term": 1, "promise": 2}.get(s.kind, 0) for s in sections[1:]]
        if ranks != sorted(ranks) or [s.kind for s in sections].count("about") != 1:
            self.fault(path, 1, "the order is: head, '## about' once, the terms, the promises")
        promises = [s for s in sections if s.kind == "promise"]
        if not promises:
            self.fault(path, 1, "there is no promise")
        for sec in sections:
            if sec.kind == "about":
                self.check_fields(path, sec, ABOUT_FIELDS, ABOUT_FIELDS)
                self.check_words(path, sec, "da", "en", True)
            elif sec.kind == "term":
                self.check_term(path, sec)
            elif sec.kind == "promise":
                self.check_promise(path, sec, own)
        # A provider may reword one of our services, but code reads its promises and terms by name.
        ours = [f"{path.stem}.{p.split(':')[0]}" for p in PROMISES.get(path.stem, "").split()]
        self.check_keys(path, sections, "promise", ours, own)
        self.check_keys(path, sections, "term", TERMS.get(path.stem, "").split() if own else self.our_terms(path.stem), False)
        if own and path.stem in SOURCE:
            self.check_source(path, promises)
        return self.whole_number(path, head, "number")

    def check_folder(self, folder, own):
        files = sorted(p for p in folder.glob("*.md") if p.name != "README.md")
        numbers = {}
        for path in files:
            number = self.check_file(path, own)
            if number in numbers:
                self.fault(path, 1, f"number {number} is also {numbers[number]}'s")
            elif number is not None:
                numbers[number] = path.name
        if not own:
            return len(files)
        present = {p.stem for p in files}
        for key in PROMISES:
            if key not in present:
                self.fault(folder / (key + ".md"), 1, "the file is missing")
        for path in files:
            if path.stem not in PROMISES:
                self.fault(path, 1, f"the service {path.stem} is not in the table of services: add it to PROMISES in tools/catalogue_check.py")
        if set(numbers) != set(range(1, len(PROMISES) + 1)) and present == set(PROMISES):
            self.fault(folder, 1, f"the numbers must be 1 to {len(PROMISES)}, each once: a service that comes takes the next")
        return len(files)


def main(args):
    own = True
    if args[:1] == ["--provider"]:
        own, args = False, args[1:]
        if not args:
            print(__doc__, file=sys.stderr)
            return 2
    if len(args) > 1 or args[:1] and args[0].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    folder = pathlib.Path(args[0]) if args else pathlib.Path(__file__).resolve().parent.parent / "catalogue"
    if not folder.is_dir():
        print(f"{folder}: no such folder", file=sys.stderr)
        return 2
    checker = Checker()
    count = checker.check_folder(folder, own)
    for fault in checker.faults:
        print(fault)
    if checker.faults:
        print(f"catalogue: {len(checker.faults)} faults in {count} files")
        return 1
    print(f"catalogue: {count} services, all good")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
