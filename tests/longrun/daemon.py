"""A mount that long runs watch: in the foreground with its log kept, and what it costs.

Shared by tests/corpus and tests/soak. Builds on the mounted tests' harness; what is started here
is ended here, by process id.
"""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from typing import Callable, Dict, Iterable, List, Optional, Tuple

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))
sys.path.insert(0, os.path.join(HERE, "..", "mount"))
sys.path.insert(0, os.path.join(HERE, "..", "support"))

import harness  # noqa: E402

# What the daemon or a worker says when it crashes. Words of MuPDF about a document never match.
CRASH = re.compile(r"AddressSanitizer|ThreadSanitizer|LeakSanitizer|runtime error: |"
                   r"terminate called|Assertion .* failed|stack smashing detected|double free|"
                   r"(malloc|free|realloc)\(\): |CHECK failed|pure virtual method")


def find_program(name: str) -> Optional[str]:
    """The newest build of a program below the checkout."""
    found = []
    for folder in sorted(os.listdir(ROOT)):
        if folder.startswith("build"):
            for path, _, names in os.walk(os.path.join(ROOT, folder)):
                if name in names and os.access(os.path.join(path, name), os.X_OK):
                    found.append(os.path.join(path, name))
    return max(found, key=os.path.getmtime, default=None)


def use_programs() -> None:
    """Sets CBZFS (and CBZFS_WORKER where it is one of this checkout) unless they are given."""
    if "CBZFS" in os.environ:
        return
    daemon, worker = find_program("cbzfs"), find_program("cbzfs-worker")
    if daemon is None or worker is None:
        sys.exit("build cbzfs and cbzfs-worker first, or name them with CBZFS and CBZFS_WORKER")
    os.environ["CBZFS"] = daemon
    os.environ.setdefault("CBZFS_WORKER", worker)


# --- What processes cost -------------------------------------------------------------------------

def pss(pid: int) -> int:
    """Proportional set size in bytes; 0 for a process that is gone."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
            for line in file:
                if line.startswith(b"Pss:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def descriptors(pid: int) -> int:
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return 0


def process_state(pid: int) -> str:
    """R, S, D, Z, T ...; empty for a process that is gone."""
    fields = harness._stat_fields(pid)
    return fields[1] if fields else ""


class Sampler(threading.Thread):
    """Looks at a mount's processes again and again; `peak` is the most memory (PSS) of all
    together, in bytes."""

    def __init__(self, pid: int, every: float = 0.25):
        super().__init__(daemon=True)
        self.peak = 0
        self._pid, self._every, self._end = pid, every, threading.Event()
        self.start()

    def run(self) -> None:
        while not self._end.wait(self._every):
            self.peak = max(self.peak, sum(map(pss, [self._pid, *harness.process_tree(self._pid)])))

    def stop(self) -> int:
        self._end.set()
        self.join()
        return self.peak


# --- The mount -----------------------------------------------------------------------------------

class Daemon(harness.Mount):
    """`cbzfs -f`, mounted when the constructor returns. `log` is the path of what it says."""

    def __init__(self, library: str, mountpoint: str, options: str, log: str,
                 environment: Optional[Dict[str, str]] = None, deadline: float = 30):
        self.path, self.library, self.log, self.messages = mountpoint, library, log, ""
        command = [harness.program(), "-f", library, mountpoint]
        if options:
            command += ["-o", options]
        with open(log, "ab") as out:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out,
                                            stderr=out, env={**os.environ, **(environment or {})},
                                            start_new_session=True)  # Ctrl-C is not for it
        self._mounted = True
        self.pid = self.process.pid
        self._started = harness.start_time(self.pid)
        try:
            harness.wait_for(self._up, "the mount is up", deadline)
        except BaseException:
            self.kill()
            raise

    def _up(self) -> bool:
        code = self.process.poll()
        if code is not None:
            raise AssertionError(f"cbzfs ended with {code}: {self.log_tail()}")
        try:
            return self.status()["pid"] == self.pid
        except (OSError, ValueError):
            return False

    def log_tail(self, size: int = 2000) -> str:
        with open(self.log, "rb") as file:
            file.seek(max(0, os.path.getsize(self.log) - size))
            return file.read().decode("utf-8", "replace").strip()

    @staticmethod
    def crashes_in(log: Iterable[str]) -> List[str]:
        return [line.strip() for line in log if CRASH.search(line)]

    def running(self) -> bool:
        """False once the daemon ended, however that came."""
        return self.process.poll() is None

    def kill(self) -> List[int]:
        """SIGKILL and a lazy unmount; gives the workers that outlive the daemon by 10 s (they are
        ended then)."""
        workers = list(self.processes())
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._mounted = False
        unmount(self.path)
        end = time.monotonic() + 10
        left = workers
        while left and time.monotonic() < end:
            time.sleep(0.02)
            left = [pid for pid in left if is_worker(pid)]
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        return left

    def unmount(self) -> None:
        super().unmount()
        self.process.wait()


def is_worker(pid: int) -> bool:
    return harness.alive(pid) and harness.process_name(pid).startswith("cbzfs-worker")


def unmount(path: str) -> None:
    """Takes away whatever is mounted at `path`, in use or dead."""
    while harness.is_mounted(path):
        done = subprocess.run(["fusermount3", "-u", "-z", path], capture_output=True, check=False)
        if done.returncode != 0:
            subprocess.run(["umount", "-l", path], capture_output=True, check=True)


class Watchdog(threading.Thread):
    """Ends what hangs: calls `on_hang(what)` once for each operation that takes over `limit` s."""

    def __init__(self, limit: float, on_hang: Callable[[str], None]):
        super().__init__(daemon=True)
        self.limit = limit
        self._on_hang, self._end = on_hang, threading.Event()
        self._lock, self._open = threading.Lock(), {}  # type: Dict[int, Tuple[float, str]]
        self.start()

    def run(self) -> None:
        while not self._end.wait(0.5):
            now, late = time.monotonic(), []
            with self._lock:
                for key, (since, what) in list(self._open.items()):
                    if now - since > self.limit:
                        late.append(what)
                        del self._open[key]
            for what in late:
                self._on_hang(what)

    def begin(self, what: str) -> None:
        with self._lock:
            self._open[threading.get_ident()] = (time.monotonic(), what)

    def done(self) -> None:
        with self._lock:
            self._open.pop(threading.get_ident(), None)

    def stop(self) -> None:
        self._end.set()
        self.join()


def printable(text: str) -> str:
    """For a terminal: names that are no UTF-8, and control characters, escaped."""
    text = text.encode("utf-8", "backslashreplace").decode()
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
