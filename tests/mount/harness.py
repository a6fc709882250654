"""What every mounted test needs: a library, a mount of it, its status, and a clean end.

A test file ends with `harness.main()`. Each mount is unmounted when its test ends, also when the
test fails, and a daemon or worker that stays behind is a failure of that test.

Environment: CBZFS, the program under test (required); CBZFS_WORKER as the program itself reads it.
"""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import make_pdfs  # noqa: E402,F401  (for the tests)

SKIPPED = 77  # ctest's SKIP_RETURN_CODE
VIEWS = ("cbz", "enhanced", "thumbnails", "pages")
# No test asserts on time; this only ends one that hangs.
DEADLINE = float(os.environ.get("CBZFS_TEST_DEADLINE", "30"))


def limit(seconds):
    """A limit of time for the daemon, stretched like the deadline where all programs are slow."""
    return int(seconds * DEADLINE / 30)


def program():
    return os.environ["CBZFS"]


def wait_for(predicate, what, deadline=DEADLINE):
    """Polls until `predicate()` is true and returns what it returned."""
    end = time.monotonic() + deadline
    while True:
        result = predicate()
        if result:
            return result
        if time.monotonic() > end:
            raise AssertionError(f"not within {deadline:g} s: {what}")
        time.sleep(0.02)


# --- Processes -------------------------------------------------------------------------------

def _stat_fields(pid):
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return None
    return [text[text.index("(") + 1:text.rindex(")")]] + text[text.rindex(")") + 2:].split()


def alive(pid):
    fields = _stat_fields(pid)
    return fields is not None and fields[1] not in ("Z", "X")


def start_time(pid):
    fields = _stat_fields(pid)
    return fields and fields[20]


def process_tree(pid):
    """{pid: (name, parent)} of the descendants of `pid`."""
    everyone = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            fields = _stat_fields(int(entry))
            if fields and fields[1] not in ("Z", "X"):
                everyone[int(entry)] = (fields[0], int(fields[2]))
    found = {}
    grown = True
    while grown:
        grown = False
        for child, (name, parent) in everyone.items():
            if child not in found and (parent == pid or parent in found):
                found[child] = (name, parent)
                grown = True
    return found


# --- One mount -------------------------------------------------------------------------------

class Mount:
    """`cbzfs LIBRARY MOUNTPOINT -o OPTIONS`, usable when the constructor returns."""

    def __init__(self, library, mountpoint, options="", arguments=(), environment=None, prefix=()):
        self.path = mountpoint
        self.library = library
        command = [*prefix, program(), *arguments, library, mountpoint]
        if options:
            command += ["-o", options]
        # Files, not pipes: a daemon that keeps its standard streams must not hang the test here
        # (lifecycle_test checks that it lets go of them).
        with tempfile.TemporaryFile() as messages:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=messages,
                                  stderr=messages, timeout=DEADLINE, check=False,
                                  env={**os.environ, **(environment or {})})
            messages.seek(0)
            self.messages = messages.read().decode("utf-8", "replace")
        if done.returncode != 0:
            raise AssertionError(
                f"{command} ended with {done.returncode}: {self.messages.strip()}")
        self.pid = self.status()["pid"]
        self._started = start_time(self.pid)
        self._mounted = True

    @property
    def cbz(self):
        return os.path.join(self.path, "cbz")

    def file(self, *names, view="cbz"):
        return os.path.join(self.path, view, *names)

    def status(self):
        with open(os.path.join(self.path, ".cbzfs", "status"), "rb") as file:
            return json.loads(file.read())

    def errors(self):
        with open(os.path.join(self.path, ".cbzfs", "errors"), "rb") as file:
            return file.read().decode("utf-8", "surrogateescape")

    def drawn(self):
        return self.status()["pages"]["drawn"]

    def made(self):
        """(drawn, enhanced, thumbnails, entries) when nothing is under way any more."""
        pages = self.settle()["pages"]
        return tuple(pages[kind] for kind in ("drawn", "enhanced", "thumbnails", "entries"))

    def queue_empty(self):
        queue = self.status()["queue"]
        return queue["waiting"] == 0 and queue["running"] == 0

    def settle(self):
        """Waits until read-ahead and the like have nothing left to do; returns the status."""
        wait_for(self.queue_empty, "the queue empties")
        return self.status()

    def processes(self):
        return process_tree(self.pid)

    def workers(self):
        """Pids of the worker processes that have no children: all but the zygote."""
        tree = self.processes()
        parents = {parent for _, parent in tree.values()}
        return [pid for pid, (name, _) in tree.items()
                if name.startswith("cbzfs-worker") and pid not in parents]

    def daemon_alive(self):
        return alive(self.pid) and start_time(self.pid) == self._started

    def wait_gone(self, processes):
        self._mounted = False
        everyone = [self.pid, *processes]
        try:
            wait_for(lambda: not self.daemon_alive(), "the daemon ends")
            wait_for(lambda: not any(alive(pid) and process_name(pid).startswith("cbzfs")
                                     for pid in processes), "the workers end")
        except AssertionError:
            left = [(pid, process_name(pid)) for pid in everyone if alive(pid)]
            for pid, name in left:
                if name.startswith("cbzfs"):
                    os.kill(pid, signal.SIGKILL)
            raise AssertionError(f"processes left behind after the mount ended: {left}") from None

    def unmount(self):
        """Ends the mount; AssertionError when something stays behind. Harmless when done."""
        if not self._mounted:
            return
        processes = list(self.processes())
        done = subprocess.run(["fusermount3", "-u", self.path], capture_output=True, check=False)
        busy = done.returncode != 0
        if busy:
            subprocess.run(["fusermount3", "-u", "-z", self.path], capture_output=True, check=False)
            if self.daemon_alive():
                os.kill(self.pid, signal.SIGTERM)
        self.wait_gone(processes)
        if busy:
            raise AssertionError(f"fusermount3 -u: {done.stderr.decode()}")


def process_name(pid):
    fields = _stat_fields(pid)
    return fields[0] if fields else ""


def is_mounted(path):
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
        return any(line.split()[4] == path.replace(" ", "\\040") for line in file)


# --- Test case -------------------------------------------------------------------------------

class MountedTest(unittest.TestCase):
    """A test with a folder of its own, an empty library in it, and mounts that end with it."""

    maxDiff = None

    def setUp(self):
        self.folder = os.path.realpath(tempfile.mkdtemp(prefix="cbzfs-test-"))
        self.addCleanup(self._remove)
        self.library = os.path.join(self.folder, "library")
        os.mkdir(self.library)
        self._mounts = 0

    def _remove(self):
        if any(is_mounted(os.path.join(self.folder, name)) for name in os.listdir(self.folder)):
            raise AssertionError(f"still mounted below {self.folder}")
        shutil.rmtree(self.folder)

    def put(self, name, data, library=None):
        """Writes a file of the library (folders are made); the path is returned."""
        root = library or self.library
        path = os.path.join(os.fsencode(root), os.fsencode(name))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as out:
            out.write(data)
        return os.fsdecode(path)

    def mount(self, options="", library=None, index="none", **more):
        """A mount of the library at a fresh mount point; `index` is a path or "none"."""
        self._mounts += 1
        point = os.path.join(self.folder, f"mnt{self._mounts}")
        os.mkdir(point)
        parts = [part for part in (options, f"index={index}" if index else "") if part]
        try:
            mount = Mount(library or self.library, point, ",".join(parts), **more)
        except BaseException:
            subprocess.run(["fusermount3", "-u", "-z", point], capture_output=True, check=False)
            raise
        self.addCleanup(mount.unmount)
        return mount

    def start_reader(self, path, offset=0, size=-1, direct=False):
        reader = Reader(path, offset, size, direct)
        self.addCleanup(reader.kill)
        return reader

    def assertErrno(self, number, call, *arguments, **options):  # noqa: N802
        with self.assertRaises(OSError, msg=f"{call.__name__}{arguments}") as caught:
            call(*arguments, **options)
        self.assertEqual(os.strerror(caught.exception.errno), os.strerror(number),
                         f"{call.__name__}{arguments}")


class Reader:
    """A process of its own that reads a range of a file, and can be killed.

    `direct`: past the kernel's cache, so that exactly these bytes are asked for and that the
    file system learns of a reader who gives up (of reads ahead the kernel never tells).
    result() gives (bytes, errno): errno 0 when the whole range was read.
    """

    # Where the tests run in the background of a shell, SIGINT is ignored, and a child inherits that.
    _CODE = ("import os,signal,sys\n"
             "signal.signal(signal.SIGINT,signal.default_int_handler)\n"
             "path,offset,size=os.fsencode(sys.argv[1]),int(sys.argv[2]),int(sys.argv[3])\n"
             "try:\n"
             "  fd=os.open(path,os.O_RDONLY|int(sys.argv[4]))\n"
             "  if size<0: size=os.fstat(fd).st_size-offset\n"
             "  while size>0:\n"
             "    data=os.pread(fd,min(size,131072),offset)\n"
             "    if not data: break\n"
             "    os.write(1,data); offset+=len(data); size-=len(data)\n"
             "except OSError as e: sys.exit(e.errno)\n")

    def __init__(self, path, offset, size, direct):
        flags = os.O_DIRECT if direct else 0
        self._process = subprocess.Popen(
            [sys.executable, "-c", self._CODE, path, str(offset), str(size), str(flags)],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self._data = b""
        self._thread = threading.Thread(target=self._collect, daemon=True)
        self._thread.start()

    def _collect(self):
        self._data = self._process.stdout.read()

    def running(self):
        return self._process.poll() is None

    def signal(self, number):
        self._process.send_signal(number)

    def result(self, deadline=DEADLINE):
        code = self._process.wait(timeout=deadline)
        self._thread.join(timeout=deadline)
        return self._data, code

    def kill(self):
        if self.running():
            self._process.kill()
            try:
                self._process.wait(timeout=DEADLINE)
            except subprocess.TimeoutExpired:
                raise AssertionError("a killed reader hangs") from None
        self._thread.join(timeout=DEADLINE)
        self._process.stdout.close()


# --- Small helpers ---------------------------------------------------------------------------

def read(path):
    with open(path, "rb") as file:
        return file.read()


def walk(root):
    """{relative name (bytes): os.stat_result of the entry itself} of a whole tree, depth first."""
    found = {}
    root = os.fsencode(root)

    def descend(folder, prefix):
        for entry in sorted(os.listdir(folder)):
            path = os.path.join(folder, entry)
            found[prefix + entry] = os.lstat(path)
            if stat.S_ISDIR(found[prefix + entry].st_mode):
                descend(path, prefix + entry + b"/")

    descend(root, b"")
    return found


def skip_all(reason):
    print(f"SKIPPED: {os.path.basename(sys.argv[0])}: {reason}", flush=True)
    sys.exit(SKIPPED)


def main():
    if "CBZFS" not in os.environ:
        sys.exit("CBZFS must name the program under test")
    if not os.path.exists("/dev/fuse"):
        skip_all("there is no /dev/fuse")
    outcome = unittest.main(exit=False, verbosity=2)
    result = outcome.result
    for test, reason in result.skipped:
        print(f"SKIPPED: {test}: {reason}", flush=True)
    if result.wasSuccessful() and result.skipped and len(result.skipped) == result.testsRun:
        sys.exit(SKIPPED)
    sys.exit(0 if result.wasSuccessful() else 1)
