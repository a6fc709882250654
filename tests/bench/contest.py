"""What every part of the benchmark uses: folders, mounts, turns, rows, and the old pipeline."""

import contextlib
import os
import statistics
import subprocess
import sys
import threading
import time
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
sys.path.insert(0, os.path.join(HERE, "..", "mount"))

import harness  # noqa: E402

SEED = os.path.join(ROOT, "..", "shared", "baseline", "seed_pipeline.py")
PILLOW = os.path.join(HERE, "pillow_enhance.py")
READ = 1 << 20
MIB = 1 << 20


class Bench:

    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.repeats = 3 if options.quick else 5
        self.rows = []
        self._count = 0

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def fresh(self, name):
        self._count += 1
        path = self.path(f"{name}{self._count}")
        os.mkdir(path)
        return path

    def library(self, name, files):
        root = self.path(name)
        os.mkdir(root)
        for file, data in files.items():
            with open(os.path.join(root, file), "wb") as out:
                out.write(data)
        return root

    def mount(self, library, options="", index=None):
        """A mount of `library`; nothing is known of it unless `index` has been used before."""
        index = index or os.path.join(self.fresh("index"), "index")
        parts = [part for part in (options, f"index={index}") if part]
        return harness.Mount(library, self.fresh("mnt"), ",".join(parts))

    def bare(self, folder):
        """The passthrough over `folder`: (mount point, process)."""
        point = self.fresh("bare")
        process = subprocess.Popen([self.options.passthrough, folder, point, "-f"])
        harness.wait_for(lambda: harness.is_mounted(point), "the passthrough is mounted")
        return point, process

    def end_bare(self, point, process):
        subprocess.run(["fusermount3", "-u", point], check=True)
        process.wait(timeout=30)

    def take_turns(self, contestants):
        """{name: [seconds]}: each contestant once per round."""
        times = {name: [] for name in contestants}
        for _ in range(self.repeats):
            for name, run in contestants.items():
                times[name].append(run())
        return times

    def row(self, what, ours, theirs=None, than="", wanted="", unit="s", bigger=False):
        """One line of the table; `ours` and `theirs` are lists of samples."""
        mine = statistics.median(ours)
        line = {"what": what, "ours": mine, "unit": unit, "samples": list(ours), "wanted": wanted}
        if theirs:
            other = statistics.median(theirs)
            line.update(than=than, theirs=other, their_samples=list(theirs),
                        ratio=mine / other if bigger else other / mine)
        self.rows.append(line)
        print(self.format(line), flush=True)

    @staticmethod
    def format(line):
        def value(number):
            if line["unit"] == "s" and number < 1:
                return f"{number * 1000:.2f} ms"
            return f"{number:.4g} {line['unit']}"
        text = f"{line['what']:<56} {value(line['ours']):>11}"
        if "ratio" in line:
            text += f"  {value(line['theirs']):>11} {line['than']:<18} {line['ratio']:7.2f} x"
        else:
            text += " " * 42
        return text + (f"   (wanted: {line['wanted']})" if line["wanted"] else "")


def timed(call):
    """A contestant: the seconds that `call()` takes."""
    def run():
        start = time.perf_counter()
        call()
        return time.perf_counter() - start
    return run


def read_all(path, copy=None):
    """Reads a file to its end, as cp does; returns the number of bytes."""
    total = 0
    out = open(copy, "wb", buffering=0) if copy else None
    with open(path, "rb", buffering=0) as file:
        while piece := file.read(READ):
            total += len(piece)
            if out:
                out.write(piece)
    if out:
        out.close()
    return total


def quiet(*command):
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)


def seed_runner(bench, pdf):
    """Converts `pdf` whole with the old pipeline; None when it is not there."""
    if not os.path.exists(SEED):
        return None
    return timed(lambda: quiet(sys.executable, SEED, pdf,
                               os.path.join(bench.fresh("seed"), "o.cbz")))


def pillow(*arguments):
    """What a run of the old enhancement prints, as numbers."""
    done = subprocess.run([sys.executable, PILLOW, *map(str, arguments)], check=True,
                          stdout=subprocess.PIPE, text=True)
    return [float(word) for word in done.stdout.split()]


def write_cbz(path, pages):
    """A CBZ of `pages`, as most programs write it."""
    with zipfile.ZipFile(path, "w") as book:
        for number, page in enumerate(pages, 1):
            book.writestr(zipfile.ZipInfo(f"p{number:04d}.jpg", (2024, 1, 1, 0, 0, 0)), page)


@contextlib.contextmanager
def one_core():
    """This process, and all that it starts meanwhile, on one processor core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


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


# A process begins with the size of the one that starts it, which in this program is large.
_PEAK = ("import resource,subprocess,sys\n"
         "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)\n"
         "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n")


def peak_of(*command):
    """The largest resident size of a command in bytes."""
    done = subprocess.run([sys.executable, "-c", _PEAK, *command], check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return int(done.stdout) * 1024


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
