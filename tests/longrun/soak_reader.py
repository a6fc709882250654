"""One reader of tests/soak: a process that reads here and there and compares every byte.

What it does is counted in shared memory (Board), where its parent also sees since when its present
operation runs. Wrong bytes are written down, a JSON line each, in one file for all readers.
"""

import ctypes
import errno
import json
import mmap
import os
import random
import signal
import struct
import subprocess
import tempfile
import time
from typing import Callable, Dict, List, Optional, Set, Tuple

from soak_library import Truth

ERRNOS = (errno.EIO, errno.ESTALE, errno.ENOENT, errno.ENOTCONN, errno.ECONNABORTED, errno.EINTR,
          errno.ENOMEM, errno.EAGAIN, errno.ENOTDIR, errno.EACCES)
OPERATIONS = ("random", "whole", "backwards", "tail", "mapped", "listing", "version", "rsync",
              "unzip")
COUNTERS = (("since", "operations", "reads", "bytes", "wrong", "sigbus", "between", "short",
             "missing", "other errno", "unzip failed", "rsync failed", "versions seen")
            + tuple(errno.errorcode[number] for number in ERRNOS) + OPERATIONS)
_NAME = 240  # bytes of the present operation's name


class Board:
    """Counters of all readers, in memory that they share. Each slot has one writer."""

    _SIZE = 8 * len(COUNTERS) + _NAME

    def __init__(self, readers: int):
        self.readers = readers
        self._memory = mmap.mmap(-1, self._SIZE * readers)

    def _at(self, reader: int, counter: str) -> int:
        return reader * self._SIZE + 8 * COUNTERS.index(counter)

    def get(self, reader: int, counter: str) -> int:
        return struct.unpack_from("<q", self._memory, self._at(reader, counter))[0]

    def set(self, reader: int, counter: str, value: int) -> None:
        struct.pack_into("<q", self._memory, self._at(reader, counter), value)

    def add(self, reader: int, counter: str, value: int = 1) -> None:
        self.set(reader, counter, self.get(reader, counter) + value)

    def total(self, counter: str) -> int:
        return sum(self.get(reader, counter) for reader in range(self.readers))

    def begin(self, reader: int, name: str) -> None:
        at = reader * self._SIZE + 8 * len(COUNTERS)
        self._memory[at:at + _NAME] = os.fsencode(name)[:_NAME].ljust(_NAME, b"\0")
        self.set(reader, "since", time.monotonic_ns())

    def end(self, reader: int) -> None:
        self.set(reader, "since", 0)

    def present(self, reader: int) -> Tuple[float, str]:
        """(seconds since it began, what): 0 when between two."""
        since = self.get(reader, "since")
        at = reader * self._SIZE + 8 * len(COUNTERS)
        name = self._memory[at:at + _NAME].rstrip(b"\0").decode("utf-8", "replace")
        return ((time.monotonic_ns() - since) / 1e9 if since else 0.0), name


class Reader:
    def __init__(self, number: int, seed: int, mountpoint: str, static: Truth,
                 versions: List[Truth], times: List[int], board: Board, wrong: str):
        """`times`: when the versions of Changing/ were changed, in s. `wrong`: the file for
        findings."""
        self._number, self._mount, self._board = number, mountpoint, board
        self._rng = random.Random(f"{seed}:{number}")
        self._static, self._versions, self._times = static, versions, set(times)
        self._names = sorted(static.sizes)
        self._small = [name for name in self._names if static.sizes[name] < 2 << 20]
        self._books = [name for name in self._small
                       if name.startswith(("cbz/", "enhanced/")) and name.endswith(".cbz")]
        self._changing = sorted({name for truth in versions for name in truth.sizes})
        self._wrong, self._stop = wrong, False
        self._truths: Dict[str, bytes] = {}

    # --- The life of the process ---------------------------------------------------------------

    def run(self) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, self._on_stop)
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: with the parent
        weights = (30, 8, 6, 10, 8, 10, 16, 1, 2)
        while not self._stop:
            kind = self._rng.choices(OPERATIONS, weights)[0]
            self._count("operations")
            self._count(kind)
            try:
                getattr(self, "_" + kind)()
            except OSError as error:
                self._failed(error)
                if error.errno in (errno.ENOTCONN, errno.ECONNABORTED, errno.ENOENT):
                    time.sleep(0.2)
            finally:
                self._board.end(self._number)

    def _on_stop(self, *_: object) -> None:
        self._stop = True

    def _count(self, counter: str, value: int = 1) -> None:
        self._board.add(self._number, counter, value)

    def _failed(self, error: OSError) -> None:
        known = error.errno in ERRNOS
        self._count(errno.errorcode[error.errno] if known else "other errno")
        if not known:
            self._note("errno", str(error), 0, 0)

    def _begin(self, what: str, name: str) -> None:
        self._board.begin(self._number, f"{what} {name}")

    def _note(self, what: str, name: str, at: int, length: int) -> None:
        line = json.dumps({"what": what, "name": name, "at": at, "length": length,
                           "reader": self._number, "time": time.time()}) + "\n"
        fd = os.open(self._wrong, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        os.write(fd, line.encode("ascii"))
        os.close(fd)

    def _bad(self, what: str, name: str, at: int, length: int) -> None:
        self._count("wrong")
        self._note(what, name, at, length)

    # --- The static part -----------------------------------------------------------------------

    def _open(self, name: str) -> int:
        self._begin("open", name)
        fd = os.open(os.path.join(self._mount, name), os.O_RDONLY)
        size = os.fstat(fd).st_size
        if size != self._static.sizes[name]:
            self._bad(f"size {size}, not {self._static.sizes[name]}", name, 0, size)
        return fd

    def _read(self, fd: int, name: str, at: int, length: int) -> None:
        """A range, which has to be there in full and right, or fail."""
        self._begin(f"read at {at}+{length}", name)
        length = min(length, self._static.sizes[name] - at)
        got = b""
        while len(got) < length:
            data = os.pread(fd, length - len(got), at + len(got))
            if not data:
                break
            got += data
        self._board.end(self._number)
        self._count("reads")
        self._count("bytes", len(got))
        self._compare("pread", name, at, length, got)

    def _compare(self, how: str, name: str, at: int, length: int, got: bytes) -> None:
        if len(got) != length:
            self._bad(f"{how}: {len(got)} bytes only", name, at, length)
            return
        if got != self._truth(name, at, length) and self._static.is_known(name, at, at + length):
            self._bad(how, name, at, length)

    def _truth(self, name: str, at: int, length: int) -> bytes:
        with open(self._static.path(name), "rb", buffering=0) as file:
            return os.pread(file.fileno(), length, at)

    def _with(self, name: str, ranges: Callable[[int], List[Tuple[int, int]]]) -> None:
        """Opens, reads the ranges, closes. A range that fails does not keep from the next."""
        fd = self._open(name)
        try:
            if self._rng.random() < 0.5:
                os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_RANDOM)
            for at, length in ranges(self._static.sizes[name]):
                if self._stop:
                    break
                try:
                    self._read(fd, name, at, length)
                except OSError as error:
                    if error.errno in (errno.ENOTCONN, errno.ECONNABORTED):
                        raise
                    self._failed(error)
        finally:
            os.close(fd)

    def _random(self) -> None:
        def ranges(size: int) -> List[Tuple[int, int]]:
            return [(self._rng.randrange(size), int(2 ** self._rng.uniform(0, 18)))
                    for _ in range(self._rng.randrange(1, 12))] if size else []
        self._with(self._rng.choice(self._names), ranges)

    def _chunks(self, size: int) -> List[Tuple[int, int]]:
        step = self._rng.choice((4096, 10_000, 65_536, 131_072, 1 << 20))
        step = max(step, size // 400)
        return [(at, step) for at in range(0, size, step)]

    def _whole(self) -> None:
        self._with(self._rng.choice(self._small), self._chunks)

    def _backwards(self) -> None:
        self._with(self._rng.choice(self._small), lambda size: self._chunks(size)[::-1])

    def _tail(self) -> None:
        """As readers of archives do: the end, then the beginning, then somewhere."""
        def ranges(size: int) -> List[Tuple[int, int]]:
            end = max(0, size - 65_557)
            return [(end, 65_557), (0, 4096), (self._rng.randrange(size), 32_768)] if size else []
        self._with(self._rng.choice(self._names), ranges)

    def _mapped(self) -> None:
        """Through mmap, in a child: where a read(2) fails, a map is a SIGBUS."""
        name = self._rng.choice(self._names)
        size = self._static.sizes[name]
        if size == 0:
            return
        at = self._rng.randrange(size)
        length = min(size - at, int(2 ** self._rng.uniform(0, 18)))
        fd = self._open(name)
        try:
            self._begin(f"mmap {at}+{length}", name)
            child = os.fork()
            if child == 0:
                try:
                    with mmap.mmap(fd, 0, prot=mmap.PROT_READ) as view:
                        self._compare("mmap", name, at, length, view[at:at + length])
                    os._exit(0)
                except OSError as error:
                    os._exit(error.errno)
                except BaseException:  # pylint: disable=broad-except
                    os._exit(255)
            _, status = os.waitpid(child, 0)
        finally:
            os.close(fd)
        self._count("reads")
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGBUS:
            self._count("sigbus")
        elif os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 255:
            self._bad(f"mmap: child ends with {status}", name, at, length)
        elif os.WEXITSTATUS(status) != 0:
            raise OSError(os.WEXITSTATUS(status), "mmap")
        else:
            self._count("bytes", length)

    def _listing(self) -> None:
        folder = self._rng.choice(sorted(self._static.folders))
        wanted = self._static.folders[folder]
        self._begin("list", folder)
        seen = set()
        with os.scandir(os.path.join(self._mount, folder)) as entries:
            for entry in entries:
                seen.add(entry.name)
                name = os.path.join(folder, entry.name)
                if name in self._static.sizes:
                    self._begin("stat", name)
                    size = entry.stat(follow_symlinks=False).st_size
                    if size != self._static.sizes[name]:
                        self._bad(f"listed with {size}, not {self._static.sizes[name]}", name, 0, 0)
        # A book that a killed worker could not look at stands under its own name for a while.
        self._count("missing", len(set(wanted) - seen))

    # --- Programs ------------------------------------------------------------------------------

    def _rsync(self) -> None:
        """Copies a small folder; what rsync then has is compared. It may have given up on some."""
        folders = [folder for folder, names in self._static.folders.items()
                   if names and not any(names.values())
                   and sum(self._static.sizes.get(os.path.join(folder, name), 0)
                           for name in names) < 4 << 20]
        folder = self._rng.choice(sorted(folders))
        with tempfile.TemporaryDirectory(prefix="rsync-", dir=os.path.dirname(self._wrong)) as copy:
            self._begin("rsync", folder)
            done = subprocess.run(
                ["rsync", "-rt", "--no-links", os.path.join(self._mount, folder) + "/", copy],
                capture_output=True, check=False, stdin=subprocess.DEVNULL)
            self._board.end(self._number)
            if done.returncode != 0:
                self._count("rsync failed")
            for name in sorted(os.listdir(copy)):
                path = os.path.join(folder, name)
                if path in self._static.sizes:
                    with open(os.path.join(copy, name), "rb") as file:
                        data = file.read()
                    self._count("bytes", len(data))
                    self._compare("rsync", path, 0, self._static.sizes[path], data)

    def _unzip(self) -> None:
        """unzip -t; where it fails, the bytes say whether it was given wrong ones."""
        name = self._rng.choice(self._books)
        self._begin("unzip", name)
        done = subprocess.run(["unzip", "-tqq", os.path.join(self._mount, name)],
                              capture_output=True, check=False, stdin=subprocess.DEVNULL)
        self._board.end(self._number)
        if done.returncode != 0:
            self._count("unzip failed")
            self._with(name, self._chunks)

    # --- The changing part ---------------------------------------------------------------------

    def _version(self) -> None:
        """All of a file through one handle: of one version, or a failure."""
        name = self._rng.choice(self._changing)
        self._begin("open", name)
        fd = os.open(os.path.join(self._mount, name), os.O_RDONLY)
        pieces: List[Tuple[int, int, bytes]] = []
        times: Set[int] = set()
        try:
            before = os.fstat(fd)
            times.add(int(before.st_mtime))
            step = self._rng.choice((4096, 50_000, 131_072))
            order = list(range(0, before.st_size, max(step, before.st_size // 100)))
            if self._rng.random() < 0.4:
                order.reverse()
            pause = self._rng.choice((0, 0, 0.02))  # so that a change falls into some
            step = max(step, before.st_size // 100)
            for at in order:
                self._begin(f"read at {at}+{step}", name)
                length = min(step, before.st_size - at)
                data = os.pread(fd, length, at)
                self._board.end(self._number)
                pieces.append((at, length, data))
                self._count("reads")
                self._count("bytes", len(data))
                time.sleep(pause)
            times.add(int(os.fstat(fd).st_mtime))
        except OSError as error:
            self._failed(error)
        finally:
            os.close(fd)
        if pieces:
            self._judge(name, pieces, times)

    def _judge(self, name: str, pieces: List[Tuple[int, int, bytes]], times: Set[int]) -> None:
        """Counts what one handle gave: a version, one cut short, or a mixture."""
        prefixes, alone = 0, set()
        for number, truth in enumerate(self._versions):
            whole = self._content(truth, name)
            if whole is None:
                continue
            if all(whole[at:at + length] == data for at, length, data in pieces):
                self._count("versions seen")
                return
            prefixes += all(whole[at:at + len(data)] == data for at, _, data in pieces)
            if any(whole[at:at + length] == data for at, length, data in pieces):
                alone.add(number)
        if not times <= self._times:
            self._count("between")  # its source was being written; no version to compare with
        elif prefixes:
            self._count("short")
        else:
            at, length, _ = pieces[0]
            self._bad(f"no version; parts of {sorted(alone)}, {len(pieces)} pieces, times {times}",
                      name, at, length)

    def _content(self, truth: Truth, name: str) -> Optional[bytes]:
        if name not in truth.sizes:
            return None
        path = truth.path(name)
        if path not in self._truths:
            if len(self._truths) > 60:
                self._truths.clear()
            with open(path, "rb") as file:
                self._truths[path] = file.read()
        return self._truths[path]
