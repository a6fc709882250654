"""What every part of the benchmark uses: folders, mounts, turns, and the rows of the record."""

import contextlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
sys.path.insert(0, os.path.join(HERE, "..", "mount"))

import harness  # noqa: E402
from meters import launched  # noqa: E402

SEED = os.path.join(ROOT, "..", "shared", "baseline", "seed_pipeline.py")
PILLOW = os.path.join(HERE, "pillow_enhance.py")
READ = 1 << 20
MIB = 1 << 20
BUDGET = 512  # MiB; what the option `memory` is by default


class Aim:
    """A number to reach, and of what: so that met or not is computed, never typed.

    `kind`: "faster": how many times sooner (or how many times the rate) we are, at least;
    "within": what we take as a multiple of what they take, at most; "at_most": our own figure.
    `slack`: what "the same" may differ by, as a share, where both only read the kernel's cache.
    """

    def __init__(self, kind, value, slack=0.0):
        self.kind, self.value, self.slack = kind, value, slack

    def met(self, ours, ratio):
        if self.kind == "at_most":
            return ours <= self.value
        if self.kind == "within":
            return ratio <= self.value * (1 + self.slack)
        return ratio >= self.value * (1 - self.slack)

    def data(self):
        return {"kind": self.kind, "value": self.value, "slack": self.slack}


def faster(times, slack=0.0):
    return Aim("faster", times, slack)


def within(times, slack=0.0):
    return Aim("within", times, slack)


def at_most(value):
    return Aim("at_most", value)


class Mount(harness.Mount):
    """The harness waits for a program with ever longer naps, which would be part of the figure."""

    def __init__(self, library, mountpoint, options):
        self.path, self.library = mountpoint, library
        with tempfile.TemporaryFile() as messages:
            code = subprocess.Popen(  # pylint: disable=consider-using-with
                [harness.program(), library, mountpoint, "-o", options], stdin=subprocess.DEVNULL,
                stdout=messages, stderr=messages).wait()
            messages.seek(0)
            self.messages = messages.read().decode("utf-8", "replace")
        if code != 0:
            raise AssertionError(f"cbzfs -o {options} ended with {code}: {self.messages.strip()}")
        self.pid = self.status()["pid"]
        self._started = harness.start_time(self.pid)
        self._mounted = True


class Bench:

    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.quick = options.quick
        self.repeats = 3 if options.quick else 5
        self.memory_repeats = 1 if options.quick else 5  # peaks differ little
        self.part = ""
        self.rows = {}  # in the order in which they were measured
        self.series = {}  # what the plots show beside the rows: {name: points}
        self.left_out = {}  # {what: why}
        self._count = 0

    def size(self, whole, quick):
        """`whole`, or with --quick the smaller one."""
        return quick if self.quick else whole

    # --- Folders ---------------------------------------------------------------------------------

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def fresh(self, name):
        self._count += 1
        path = self.path(f"{name}{self._count}")
        os.mkdir(path)
        return path

    def library(self, name, files):
        """A new folder with `files`: {name: bytes}."""
        root = self.fresh(name)
        for file, data in files.items():
            path = os.path.join(root, file)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as out:
                out.write(data)
        return root

    # --- Mounts ----------------------------------------------------------------------------------

    @contextlib.contextmanager
    def mounted(self, library, options="", index=None):
        """A mount of `library`; nothing is known of it unless `index` has been used before."""
        kept = index or os.path.join(self.fresh("index"), "index")
        point = self.fresh("mnt")
        parts = [part for part in (options, f"index={kept}") if part]
        try:
            mount = Mount(library, point, ",".join(parts))
        except BaseException:
            subprocess.run(["fusermount3", "-u", "-z", point], capture_output=True, check=False)
            raise
        try:
            yield mount
            failed = mount.errors()
            assert not failed, f"pages of a benchmark failed: {failed}"
        finally:
            mount.unmount()
            if index is None:
                shutil.rmtree(os.path.dirname(kept))

    @contextlib.contextmanager
    def bare(self, folder):
        """The passthrough over `folder`; gives the mount point."""
        point = self.fresh("bare")
        process = subprocess.Popen([self.options.passthrough, folder, point, "-f"])
        try:
            end = time.monotonic() + harness.DEADLINE
            while not harness.is_mounted(point):
                assert process.poll() is None and time.monotonic() < end, "no passthrough"
                time.sleep(0.0002)
            yield point
        finally:
            subprocess.run(["fusermount3", "-u", point], check=False)
            process.wait(timeout=30)

    def real_copy(self, library, name, options=""):
        """A folder with the CBZ that `name` in `library` reads as, as a real file."""
        real = self.fresh("real")
        with self.mounted(library, options) as mount:
            shutil.copyfile(mount.file(name), os.path.join(real, name))
        return real

    def read_alike(self, *folders):
        """The files below `folders` in the kernel's cache as reading brings them there. As writing
        left them there, in larger or smaller pieces, the same bytes are read at other speeds."""
        for folder in folders:
            for root, _, names in os.walk(folder):
                for name in names:
                    with open(os.path.join(root, name), "rb", buffering=0) as file:
                        os.fsync(file.fileno())
                        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
                        while file.read(1 << 20):
                            pass

    # --- Turns and rows --------------------------------------------------------------------------

    def take_turns(self, contestants, repeats=None):
        """{name: samples}: each contestant once per round."""
        os.sync()  # what was generated is not written to the disk while somebody is timed
        samples = {name: [] for name in contestants}
        for _ in range(repeats or self.repeats):
            for name, run in contestants.items():
                samples[name].append(run())
        return samples

    def peaks(self, run):
        return self.take_turns({"ours": run}, self.memory_repeats)["ours"]

    def row(self, name, what, ours, theirs=None, than="", aim=None, unit="s", rate=False,
            kind="faster"):
        """One line of the record. `ours` and `theirs` are samples; `rate`: more of it is better.

        `name` is what the record knows the row by for ever. `kind` is that of an aim, where there
        is none.
        """
        assert name not in self.rows, name
        mine = statistics.median(ours)
        line = {"part": self.part, "what": what, "unit": unit, "ours": mine, "samples": list(ours)}
        kind = aim.kind if aim else kind
        if theirs:
            other = statistics.median(theirs)
            times = mine / other if (kind == "within") != rate else other / mine
            line.update(than=than, theirs=other, their_samples=list(theirs), ratio=times, kind=kind)
        if aim:
            line["aim"] = aim.data()
            line["met"] = aim.met(mine, line.get("ratio"))
        self.rows[name] = line
        print(format_row(name, line), flush=True)

    def memory_row(self, name, what, ours, theirs=None, than="", aim=None):
        """Peaks in bytes."""
        self.row("memory." + name, what, [peak / MIB for peak in ours],
                 theirs and [peak / MIB for peak in theirs], than, aim, "MiB", kind="within")

    def leave_out(self, what, why):
        self.left_out[what] = why
        print(f"\n*** LEFT OUT: {what}: {why} ***\n", flush=True)


def format_value(number, unit):
    if unit == "s":
        if number < 0.001:
            return f"{number * 1e6:.0f} us"
        return f"{number * 1000:.3g} ms" if number < 1 else f"{number:.3g} s"
    if unit == "MB/s" and number >= 1000:
        return f"{number / 1000:.2f} GB/s"
    return f"{number:.4g} {unit}"


def format_times(number):
    return f"{number:,.0f}".replace(",", " ") if number >= 100 else f"{number:.3g}"


def format_ratio(row):
    words = " the cost" if row["kind"] == "within" else ""
    return format_times(row["ratio"]) + " x" + words


def format_aim(aim, unit):
    if aim["kind"] == "at_most":
        return "at most " + format_value(aim["value"], unit)
    sign = ">=" if aim["kind"] == "faster" else "<="
    slack = f" (± {aim['slack'] * 100:.0f} %)" if aim["slack"] else ""
    words = " the cost" if aim["kind"] == "within" else ""
    return f"{sign} {format_times(aim['value'])} x{words}{slack}"


def format_row(name, line):
    text = f"{name:<28} {line['what']:<62.62} {format_value(line['ours'], line['unit']):>10}"
    if "ratio" in line:
        text += (f" {format_value(line['theirs'], line['unit']):>10} {line['than']:<21.21}"
                 f" {format_ratio(line):>16}")
    else:
        text += " " * 52
    if "aim" in line:
        verdict = "met    " if line["met"] else "NOT MET"
        text += f"  {verdict} {format_aim(line['aim'], line['unit'])}"
    return text


# --- Contestants ---------------------------------------------------------------------------------

def timed(call):
    """A contestant: the seconds that `call()` takes."""
    def run():
        start = time.perf_counter()
        call()
        return time.perf_counter() - start
    return run


def command(*words, peaks=None, tree=False):
    """A contestant: the seconds that a program takes; the most memory that it took goes to `peaks`
    (`tree`: it is several processes at once)."""
    def run():
        seconds, _, peak = launched(*words, tree=tree)
        if peaks is not None:
            peaks.append(peak)
        return seconds
    return run


def seed_command(bench, pdf, peaks=None):
    """Converts `pdf` whole with the old pipeline; nothing where that is not there."""
    if not os.path.exists(SEED):
        return None
    return lambda: command(sys.executable, SEED, pdf, os.path.join(bench.fresh("seed"), "o.cbz"),
                           peaks=peaks, tree=True)()


def read_all(path, copy=None):
    """Reads a file to its end, as cp does; returns the number of bytes."""
    total = 0
    with contextlib.ExitStack() as files:
        out = files.enter_context(open(copy, "wb", buffering=0)) if copy else None
        source = files.enter_context(open(path, "rb", buffering=0))
        while piece := source.read(READ):
            total += len(piece)
            if out:
                out.write(piece)
    return total


def quiet(*words):
    subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)


def each(paths, words, at_once):
    """`words` for each path, each a process of its own; "{}" in a word stands for the path."""
    if not any("{}" in word for word in words):
        words = [*words, "{}"]
    subprocess.run(["xargs", "-0", "-P", str(at_once), "-I{}", *words], check=True, text=True,
                   input="\0".join(paths), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def files_of(folder):
    return [os.path.join(folder, name) for name in sorted(os.listdir(folder))]


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
