"""powercut.py - what a disk may hold when the power fails, made from the record that tests/shim/disk.c writes.

The model is the strictest that POSIX allows: content is safe when its file was synced, a name when its folder was synced, and
nothing else is. What is not safe may be there or not:

    lost    nothing that was not synced
    kept    all of it (a kill -9, not a power cut)
    some    each write or not; in each folder the names up to some moment
    torn    each 512-byte sector of each write or not; names as in some
    names   every name, no content that was not synced: the empty files after a rename
    data    all content, no name that was not synced
"""
import fcntl
import os
import pathlib
import struct

VARIANTS = ('lost', 'kept', 'some', 'torn', 'names', 'data')
HEAD = struct.Struct('<IIQQQQQII')
SECTOR = 512


class File:
    def __init__(self, content=b''):
        self.synced, self.pending = bytearray(content), []

    @staticmethod
    def do(content, op):
        kind, at, data = op
        if kind == 'T':
            if at < len(content):
                del content[at:]
            else:
                content.extend(bytes(at - len(content)))
        else:
            if at > len(content):
                content.extend(bytes(at - len(content)))
            content[at:at + len(data)] = data

    def sync(self, before):
        while self.pending and self.pending[0][0] < before:
            self.do(self.synced, self.pending.pop(0)[1])

    def content(self, variant, random):
        got = bytearray(self.synced)
        for _, op in self.pending:
            if variant in ('kept', 'data'):
                self.do(got, op)
            elif variant == 'some' and random.random() < 0.5:
                self.do(got, op)
            elif variant == 'torn' and op[0] == 'W':
                kind, at, data = op
                start = 0
                while start < len(data):
                    end = min(len(data), ((at + start) // SECTOR + 1) * SECTOR - at)
                    if random.random() < 0.5:
                        self.do(got, (kind, at + start, data[start:end]))
                    start = end
            elif variant == 'torn' and random.random() < 0.5:
                self.do(got, op)
        return got


class Folder:
    def __init__(self):
        self.synced, self.now, self.pending = {}, {}, []

    def change(self, at, gone, name, what):
        """One step: a name is gone, or new, or both (a rename)."""
        for table in (self.now,):
            self.do(table, (gone, name, what))
        self.pending.append((at, (gone, name, what)))

    @staticmethod
    def do(table, op):
        gone, name, what = op
        if gone:
            table.pop(gone, None)
        if name:
            table[name] = what

    def sync(self, before):
        while self.pending and self.pending[0][0] < before:
            self.do(self.synced, self.pending.pop(0)[1])

    def names(self, variant, random):
        if variant in ('kept', 'names'):
            return self.now
        table = dict(self.synced)
        if variant in ('some', 'torn'):
            for _, op in self.pending[:random.randint(0, len(self.pending))]:
                self.do(table, op)
        return table


class Disk:
    """What is below root when the recording begins counts as safe."""

    def __init__(self, root, log):
        self.root, self.log = pathlib.Path(root), pathlib.Path(log)
        self.first = [(path.stat().st_ino, path.parent.stat().st_ino, path.name, None if path.is_dir() else path.read_bytes())
                      for path in sorted(self.root.rglob('*')) if path.is_dir() or path.is_file()]
        self.inode = self.root.stat().st_ino
        self.log.touch()
        self.handle = os.open(self.log, os.O_WRONLY | os.O_APPEND)

    def note(self, text):
        """A mark at this place of the record."""
        data = text.encode()
        fcntl.flock(self.handle, fcntl.LOCK_EX)
        os.write(self.handle, HEAD.pack(ord('A'), 0, 0, 0, 0, 0, len(data), 0, 0) + data)
        fcntl.flock(self.handle, fcntl.LOCK_UN)

    def read(self):
        self.raw = self.log.read_bytes()
        self.places, self.notes, at = [], [], 0
        while at < len(self.raw):
            kind, _, _, _, _, _, size, n, n2 = HEAD.unpack_from(self.raw, at)
            self.places.append(at)
            if kind == ord('A'):
                start = at + HEAD.size
                self.notes.append((at, self.raw[start:start + size].decode()))
            at += HEAD.size + n + n2 + (size if kind in (ord('A'), ord('W')) else 0)
        return self

    def noted(self, before):
        return [text for at, text in self.notes if at < before]

    def at(self, end):
        """The folder as it was at that place of the record: what is safe, and what is not yet."""
        top = Folder()
        known = {self.inode: top}
        for ino, folder, name, content in self.first:
            known[ino] = Folder() if content is None else File(content)
            known[folder].now[name] = known[folder].synced[name] = known[ino]
        for at in self.places:
            if at >= end:
                break
            kind, flags, ino, folder, folder2, where, size, n, n2 = HEAD.unpack_from(self.raw, at)
            start = at + HEAD.size
            name, name2 = self.raw[start:start + n].decode(), self.raw[start + n:start + n + n2].decode()
            kind = chr(kind)
            if kind in 'WT' and isinstance(known.get(ino), File):
                data = self.raw[start:start + size] if kind == 'W' else b''
                known[ino].pending.append((at, (kind, where, data)))
            elif kind == 'S' and ino in known:
                known[ino].sync(where)
            elif kind == 'C' and folder in known:
                known[ino] = Folder() if flags & 1 else File()
                known[folder].change(at, '', name, known[ino])
            elif kind == 'R' and folder in known and name in known[folder].now:
                what = known[folder].now[name]
                if folder == folder2:
                    known[folder].change(at, name, name2, what)
                else:
                    known[folder2].change(at, '', name2, what)
                    known[folder].change(at, name, '', None)
            elif kind == 'U' and folder in known:
                known[folder].change(at, name, '', None)
        return top

    def write(self, end, variant, random, to):
        """Makes the folder to: what may be there after a power cut at that place."""
        def make(folder, path):
            path.mkdir(mode=0o700)
            for name, what in folder.names(variant, random).items():
                if isinstance(what, Folder):
                    make(what, path / name)
                else:
                    (path / name).write_bytes(what.content(variant, random))
                    (path / name).chmod(0o600)
        make(self.at(end), pathlib.Path(to))
