"""What tests/soak does to a mount while others read: everything that may befall it.

All of it happens in the one thread that calls Faults.one(). Processes are addressed by pidfd, so
that a number used again by the system never hits a stranger.
"""

import collections
import os
import random
import signal
import time
from typing import Callable, Counter, List, Optional, Tuple

import corpus_library
from daemon import Daemon, descriptors, pss, unmount
from soak_library import CHANGING, Item, put

# The budgets that remounts take in turns; the first is the one that readers are used to.
MEMORY = ("128M", "64M", "128M", "96M")


class Service:
    """The mount under test: (re)started on the same place with the same index."""

    def __init__(self, library: str, mountpoint: str, folder: str, options: str):
        self.library, self.mountpoint, self.options = library, mountpoint, options
        self.cache = os.path.join(folder, "cache")
        self.index = os.path.join(self.cache, "cbzfs", "index.sqlite")
        self.log = os.path.join(folder, "soak.log")
        self.mounts = 0
        self.refused: List[str] = []  # mounts that did not come up at first
        self.outlived = 0  # workers that were there 10 s after their daemon was killed
        self.reasons: Counter = collections.Counter()
        self.deaths: Counter = collections.Counter()  # status' counters, summed over mounts
        os.makedirs(self.cache, mode=0o700, exist_ok=True)
        self.mount: Optional[Daemon] = None

    def start(self, memory: Optional[str] = None) -> Daemon:
        """With `memory=`, or the next of the small budgets, which not every page fits."""
        memory = memory or MEMORY[self.mounts % len(MEMORY)]
        options = f"memory={memory},cache=24M,{self.options}"
        self.mounts += 1
        for attempt in (1, 2):
            try:
                self.mount = Daemon(self.library, self.mountpoint, options, self.log,
                                    {"XDG_CACHE_HOME": self.cache})
                return self.mount
            except AssertionError as error:
                self.refused.append(str(error))
                unmount(self.mountpoint)
                if attempt == 2:
                    raise
        raise AssertionError("not reached")

    def look(self) -> None:
        """Adds to `reasons` what .cbzfs/errors says; lines of the same failure count once a
        mount."""
        try:
            for name, pages in corpus_library.read_errors(self.mount.errors()).items():
                for page, reason in pages.items():
                    self._seen.add((self.mounts, name, page, corpus_library.reason_kind(reason)))
            status = self.mount.status()["workers"]
            self._last = {key: value for key, value in status.items() if isinstance(value, int)}
        except (OSError, ValueError):
            pass

    _last: dict = {}

    @property
    def _seen(self) -> set:
        return self.__dict__.setdefault("_all_seen", set())

    def failures(self) -> List[Tuple[str, int]]:
        return collections.Counter(reason for _, _, _, reason in self._seen).most_common()

    def kill(self) -> None:
        self.look()
        self.deaths.update({key: self._last.get(key, 0) for key in ("restarts", "timeouts")})
        self._last = {}
        self.outlived += len(self.mount.kill())

    def end(self) -> None:
        self.look()
        self.deaths.update({key: self._last.get(key, 0) for key in ("restarts", "timeouts")})
        self.mount.unmount()

    def figures(self) -> Tuple[int, int, int]:
        """(descriptors of the daemon, its PSS, PSS of it and its workers)."""
        pid = self.mount.pid
        return descriptors(pid), pss(pid), sum(map(pss, [pid, *self.mount.processes()]))


class Faults:
    def __init__(self, service: Service, items: List[Item], seed: int,
                 say: Callable[[str], None]):
        self._service, self._items, self._rng = service, items, random.Random(f"{seed}:faults")
        self._say = say
        self.done: Counter = collections.Counter()
        self._stopped: List[Tuple[float, int]] = []  # (when to go on, pidfd)
        self._state = {item.name: 0 for item in items}  # version, or -1: deleted

    def one(self) -> None:
        """One fault, which the daemon has to live through."""
        faults = [(30, self.kill_worker), (12, self.stop_worker), (40, self.change_source),
                  (8, self.damage_index)]
        self._rng.choices([fault for _, fault in faults], [weight for weight, _ in faults])[0]()

    def tick(self) -> None:
        """Lets stopped workers go on whose time has come."""
        now = time.monotonic()
        for entry in [entry for entry in self._stopped if entry[0] <= now]:
            self._stopped.remove(entry)
            self._signal(entry[1], signal.SIGCONT)
            os.close(entry[1])

    def end(self) -> None:
        """No fault is left in the mount or the library."""
        self._stopped = [(0.0, fd) for _, fd in self._stopped]
        self.tick()
        for item in self._items:
            self._put(item, 0)

    # --- Workers -------------------------------------------------------------------------------

    @staticmethod
    def _signal(fd: int, number: int) -> bool:
        try:
            signal.pidfd_send_signal(fd, number)
            return True
        except OSError:
            return False

    def _worker(self) -> Optional[int]:
        """A pidfd of one of the mount's worker processes (not their parent)."""
        workers = self._service.mount.workers()
        if not workers:
            return None
        pid = self._rng.choice(sorted(workers))
        try:
            fd = os.pidfd_open(pid)
        except OSError:
            return None
        if pid in self._service.mount.workers():  # still that process
            return fd
        os.close(fd)
        return None

    def kill_worker(self) -> None:
        fd = self._worker()
        if fd is not None:
            self.done["workers killed"] += self._signal(fd, signal.SIGKILL)
            os.close(fd)

    def stop_worker(self) -> None:
        fd = self._worker()
        if fd is not None:
            self.done["workers stopped"] += self._signal(fd, signal.SIGSTOP)
            self._stopped.append((time.monotonic() + self._rng.uniform(0.3, 8), fd))

    # --- Sources -------------------------------------------------------------------------------

    def _path(self, item: Item) -> str:
        return os.path.join(self._service.library, CHANGING, item.name)

    def _put(self, item: Item, version: int) -> None:
        put(self._path(item), item.versions[version], item.time(version))
        self._state[item.name] = version

    def change_source(self) -> None:
        item = self._rng.choice(self._items)
        version, path, last = self._state[item.name], self._path(item), len(item.versions) - 1
        if version < 0:
            self._put(item, self._rng.randrange(last))
            self.done["sources put back"] += 1
        elif version in (0, last) and self._rng.random() < 0.5:
            # In place, and the time right behind it.
            with open(path, "r+b", buffering=0) as file:
                if version == 0:
                    file.seek(0, os.SEEK_END)
                    file.write(item.appended)
                    self.done["sources appended to"] += 1
                else:
                    file.truncate(len(item.versions[0]))
                    self.done["sources truncated"] += 1
                self._state[item.name] = last - version
                when = item.time(last - version)
                os.utime(file.fileno(), (when, when))
        elif self._rng.random() < 0.2:
            os.unlink(path)
            self._state[item.name] = -1
            self.done["sources deleted"] += 1
        else:
            self._put(item, self._rng.choice([n for n in range(last) if n != version]))
            self.done["sources replaced"] += 1

    # --- Index and daemon ----------------------------------------------------------------------

    def damage_index(self, more: int = 1) -> None:
        """Overwrites bytes of the index, or of what SQLite keeps beside it."""
        for _ in range(more):
            path = self._service.index + self._rng.choice(("", "", "", "-wal", "-shm"))
            try:
                size = os.path.getsize(path)
                with open(path, "r+b", buffering=0) as file:
                    # The first page now and then, else anywhere.
                    file.seek(self._rng.randrange(100 if self._rng.random() < 0.1 else
                                                  max(1, size)))
                    file.write(self._rng.randbytes(self._rng.choice((1, 16, 512, 4096))))
                self.done["index damaged"] += 1
            except FileNotFoundError:
                pass

    def kill_daemon(self) -> None:
        self._service.kill()
        self.done["daemon killed"] += 1
        for _, fd in self._stopped:
            self._signal(fd, signal.SIGCONT)
        if self._rng.random() < 0.5:
            self.damage_index(3)
        elif self._rng.random() < 0.3:
            for path in (self._service.index, self._service.index + "-wal"):
                if os.path.exists(path):
                    os.truncate(path, os.path.getsize(path) // 2)
                    self.done["index truncated"] += 1
        self._service.start()
        self._say(f"daemon killed and mounted again with memory="
                  f"{MEMORY[(self._service.mounts - 1) % len(MEMORY)]}")
