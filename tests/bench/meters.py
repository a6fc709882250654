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


def _proportional(pid):
    """Bytes of a process's memory, pages shared with others in proportion; 0 when it is gone."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
            return next(int(line.split()[1]) for line in file if line.startswith(b"Pss:")) * 1024
    except (OSError, StopIteration):
        return 0


class PeakOfMount:
    """The most that a mount's daemon and workers took together while the block ran.

    Looked at all the time from a thread, in proportional set sizes (what is shared counts once),
    so a peak of under a few milliseconds may be missed. Root's permission is needed for workers.
    """

    def __init__(self, mount):
        self._mount = mount
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.bytes = 0

    def _watch(self):
        pids = []
        for turn in range(1 << 30):
            if turn % 16 == 0:
                pids = [self._mount.pid, *self._mount.processes()]
            self.bytes = max(self.bytes, sum(map(_proportional, pids)))
            if self._end.wait(0.002):
                return

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self._thread.join()
