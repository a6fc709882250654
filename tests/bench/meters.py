"""Time, memory and instructions of other processes."""

import json
import os
import subprocess
import sys
import tempfile
import threading

# A process begins with the size of the one that starts it, which in the benchmark is large: so a
# small one in between. What it is, some 10 MiB, is the least that a peak can be. Where a command is
# several processes at once, "tree" adds up what they have every 20 ms, shared pages in proportion.
_LAUNCHER = """
import os, sys, threading, time

def tree(pid):
    total = 0
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
            total = next(int(line.split()[1]) for line in file if line.startswith(b"Pss:"))
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            children = file.read().split()
    except (OSError, StopIteration):
        return total
    return total + sum(map(tree, children))

def watch(pid):
    global most
    while not end.wait(0.02):
        most = max(most, tree(pid))

most, end = 0, threading.Event()
null = [(os.POSIX_SPAWN_OPEN, fd, "/dev/null", os.O_RDWR, 0) for fd in (0, 1, 2)]
start = time.perf_counter()
pid = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ, file_actions=null)
if sys.argv[1] == "tree":
    threading.Thread(target=watch, args=(pid,), daemon=True).start()
_, status, used = os.wait4(pid, 0)
seconds = time.perf_counter() - start
end.set()
print([os.waitstatus_to_exitcode(status), seconds, used.ru_utime + used.ru_stime,
       max(most, used.ru_maxrss)])
"""


def launched(*words, tree=False):
    """(seconds, processor seconds, peak bytes) of a command: of its largest process, or with `tree`
    of all its processes together."""
    done = subprocess.run([sys.executable, "-I", "-S", "-c", _LAUNCHER,
                           "tree" if tree else "one", *words], check=True,
                          stdout=subprocess.PIPE, text=True)
    code, seconds, processor, kib = json.loads(done.stdout)
    if code != 0:
        raise RuntimeError(f"{' '.join(words)} ended with {code}")
    return seconds, processor, kib * 1024


def peak_of(*words):
    """Bytes of the largest process of a command."""
    return launched(*words)[2]


def processor_seconds(mount):
    """What the daemon and its workers, also those that have ended, have taken so far."""
    ticks = 0
    for pid in (mount.pid, *mount.processes()):
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
        ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def with_processor_seconds(call, into):
    """`call`, which also appends to `into` what the processes that it starts and ends take."""
    def run():
        before = os.times()
        seconds = call()
        after = os.times()
        into.append(after.children_user + after.children_system -
                    before.children_user - before.children_system)
        return seconds
    return run


def instructions_of(*words):
    """Instructions that a program executes, as valgrind's callgrind counts them."""
    with tempfile.NamedTemporaryFile(prefix="callgrind-") as out:
        subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out.name}", *words],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for line in out:
            if line.startswith(b"summary:"):
                return int(line.split()[1])
    raise RuntimeError(f"callgrind wrote no summary for {' '.join(words)}")


def _own(pid):
    """Bytes of a process's memory that is no file's, shared pages in proportion; 0 when it is
    gone."""
    total = 0
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
            for line in file:
                if line.startswith((b"Pss_Anon:", b"Pss_Shmem:")):
                    total += int(line.split()[1]) * 1024
    except OSError:
        pass
    return total


def _code(pid, library):
    """Bytes of programs and the like that a process has mapped, shared pages in proportion."""
    total, counts = 0, False
    try:
        with open(f"/proc/{pid}/smaps", encoding="utf-8", errors="surrogateescape") as file:
            for line in file:
                words = line.split(maxsplit=5)
                if not words[0].endswith(":"):
                    path = words[5].rstrip("\n") if len(words) == 6 else ""
                    counts = path.startswith("/") and not path.startswith(("/memfd:", library))
                elif counts and words[0] == "Pss:":
                    total += int(words[1]) * 1024
    except OSError:
        pass
    return total


class PeakOfMount:
    """The most that a mount's daemon and workers took together while the block ran.

    Looked at all the time from a thread, in proportional set sizes (what is shared counts once),
    so a peak of under a few milliseconds may be missed. Of files that are mapped, the programs
    count and the library's do not: those pages are the kernel's cache, whoever looks at them.
    Root's permission is needed for workers.
    """

    def __init__(self, mount):
        self._mount = mount
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._own = self._mapped = 0

    @property
    def bytes(self):
        return self._own + self._mapped

    def _pids(self):
        return [self._mount.pid, *self._mount.processes()]

    def _watch(self):
        pids = []
        for turn in range(1 << 30):
            if turn % 16 == 0:
                pids = self._pids()
            self._own = max(self._own, sum(map(_own, pids)))
            if self._end.wait(0.002):
                return

    def _see_code(self):
        self._mapped = max(self._mapped, sum(_code(pid, self._mount.library)
                                             for pid in self._pids()))

    def __enter__(self):
        self._see_code()
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self._thread.join()
        self._see_code()
