"""A library whose file system hangs or fails, as a network share does whose server is gone.

The library is a mount of cbzfs-failing-fs (tests/fs/fuse/failing_fs.cc), which is told through
files in a folder which paths hang and which fail.
"""

import errno
import os
import signal
import subprocess
import sys

import cbz
import harness
from harness import make_pdfs, read, wait_for


class FailingTest(harness.MountedTest):

    OPTIONS = "ttl=0.1,read_ahead=0"

    def setUp(self):
        super().setUp()
        if "CBZFS_FAILING_FS" not in os.environ:
            self.fail("CBZFS_FAILING_FS must name the program cbzfs-failing-fs")
        self.flags = os.path.join(self.folder, "flags")
        self.lower = os.path.join(self.folder, "lower")
        os.mkdir(self.flags)
        os.mkdir(self.lower)
        self.process = subprocess.Popen([os.environ["CBZFS_FAILING_FS"], self.library, self.lower,
                                         self.flags])
        self.addCleanup(self.end_lower)
        wait_for(lambda: harness.is_mounted(self.lower), "the lower file system")

    def end_lower(self):
        self.recover()
        subprocess.run(["fusermount3", "-u", "-z", self.lower], check=False, capture_output=True)
        self.process.wait(timeout=harness.DEADLINE)

    def flag(self, name, text):
        path = os.path.join(self.flags, name)
        with open(path + ".new", "w", encoding="utf-8") as out:
            out.write(text)
        os.rename(path + ".new", path)

    def hang(self, path):
        self.flag("hang", path)

    def recover(self):
        for name in ("hang", "fail"):
            if os.path.exists(os.path.join(self.flags, name)):
                os.remove(os.path.join(self.flags, name))

    def waiting(self):
        """The lower file system's requests that hang."""
        return len(os.listdir(os.path.join(self.flags, "waiting")))

    def mount_it(self, options=""):
        return self.mount(self.OPTIONS + (options and "," + options), library=self.lower)


class WaitingReader:
    """A process that opens a file, and reads it from an offset on when it is told to."""

    _CODE = ("import os,sys\n"
             "file=open(sys.argv[1],'rb',buffering=0); file.seek(int(sys.argv[2]))\n"
             "os.write(1,b'!'); sys.stdin.read(1)\n"
             "try:\n"
             "  while data:=file.read(1<<17): os.write(1,data)\n"
             "except OSError as e: sys.exit(e.errno)\n")

    def __init__(self, path, offset):
        self.process = subprocess.Popen([sys.executable, "-c", self._CODE, path, str(offset)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def wait_open(self):
        assert self.process.stdout.read(1) == b"!", "it cannot be opened"

    def go(self):
        self.process.stdin.write(b"!")
        self.process.stdin.close()
        self.process.stdin = None

    def running(self):
        return self.process.poll() is None

    def result(self):
        data, _ = self.process.communicate(timeout=harness.DEADLINE)
        return data, self.process.returncode

    def kill(self):
        self.process.kill()
        self.process.communicate(timeout=harness.DEADLINE)


class HangingTest(FailingTest):

    def setUp(self):
        super().setUp()
        self.big = os.urandom(4 << 20)
        for number in range(6):
            self.put(f"Dead/big {number}.bin", self.big)
            self.put(f"Dead/scan {number}.pdf", make_pdfs.scan(20, width=600, height=900,
                                                               seed=number))
        self.put("Alive/Book.pdf", make_pdfs.scan(3, width=300, height=450))
        self.put("Alive/data.bin", b"alive")

    def start_hung_readers(self, mount, names):
        """Readers who have the files open when their file system stops answering."""
        readers = [WaitingReader(mount.file("Dead", name), 1 << 20) for name in names]
        for reader in readers:
            self.addCleanup(reader.kill)
            reader.wait_open()
        self.hang("/Dead/")
        for reader in readers:
            reader.go()
        wait_for(lambda: self.waiting() >= min(len(names), 10), "the readers hang")
        return readers

    def assertTheRestAnswers(self, mount):  # noqa: N802
        """In a process of its own, so that a mount that hangs does not hang the test."""
        code = ("import os,sys; m=sys.argv[1]\n"
                "for v in ('cbz','enhanced','pages','thumbnails'):\n"
                "  assert os.listdir(f'{m}/{v}/Alive')\n"
                "assert open(f'{m}/cbz/Alive/data.bin','rb').read()==b'alive'\n"
                "assert open(f'{m}/cbz/Alive/Book.cbz','rb').read()[:2]==b'PK'\n"
                "assert open(f'{m}/pages/Alive/Book/0002.jpg','rb').read()[:2]==b'\\xff\\xd8'\n"
                "assert open(f'{m}/thumbnails/Alive/Book.jpg','rb').read()[:2]==b'\\xff\\xd8'\n"
                "assert os.statvfs(m).f_bsize and open(f'{m}/.cbzfs/status').read()\n")
        done = subprocess.run(["/usr/bin/python3", "-c", code, mount.path], capture_output=True,
                              timeout=harness.DEADLINE, check=False)
        self.assertEqual(done.returncode, 0, done.stderr.decode())

    def test_the_rest_of_the_library_answers_while_readers_hang(self):
        mount = self.mount_it()
        # Ten of them are as many as libfuse has threads by default.
        readers = self.start_hung_readers(mount, [f"big {n}.bin" for n in range(6)]
                                          + [f"scan {n}.cbz" for n in range(6)])
        self.assertTheRestAnswers(mount)
        self.assertTrue(all(reader.running() for reader in readers))
        self.recover()
        for reader in readers[:6]:
            data, code = reader.result()
            self.assertEqual(code, 0)
            self.assertEqual(data, self.big[1 << 20:])
        for reader in readers[6:]:
            self.assertEqual(reader.result()[1], 0)

    def test_status_is_answered_when_more_hang_than_there_are_threads(self):
        mount = self.mount_it()
        readers = self.start_hung_readers(mount, [f"big {n}.bin" for n in range(6)]
                                          + [f"scan {n}.cbz" for n in range(6)])
        # More requests than there are threads: each of these opens anew, and hangs there.
        more = [self.start_reader(mount.file("Dead", f"big {n % 6}.bin"), 2 << 20)
                for n in range(60)]
        with open(os.path.join(mount.path, ".cbzfs", "status"), encoding="utf-8") as file:
            self.assertEqual(harness.json.loads(file.read())["pid"], mount.pid)
        self.recover()
        for reader in readers + more:
            self.assertEqual(reader.result()[1], 0)

    def test_a_reader_that_hangs_can_be_killed(self):
        mount = self.mount_it()
        readers = self.start_hung_readers(mount, ["big 0.bin", "scan 0.cbz"])
        for reader in readers:
            reader.process.kill()
        for reader in readers:
            self.assertEqual(reader.result()[1], -signal.SIGKILL)
        self.assertTheRestAnswers(mount)
        self.recover()

    def test_it_unmounts_while_readers_hang(self):
        mount = self.mount_it()
        readers = self.start_hung_readers(mount, ["big 0.bin", "big 1.bin", "scan 0.cbz"])
        processes = list(mount.processes())
        os.kill(mount.pid, signal.SIGTERM)
        wait_for(lambda: not harness.is_mounted(mount.path), "it is unmounted")
        wait_for(lambda: not any(reader.running() for reader in readers), "the readers end")
        mount.wait_gone(processes)

    def test_a_forced_unmount_ends_the_daemon_while_readers_hang(self):
        mount = self.mount_it()
        readers = self.start_hung_readers(mount, ["big 0.bin", "big 1.bin"])
        processes = list(mount.processes())
        subprocess.run(["umount", "-f", mount.path], check=False, capture_output=True)
        subprocess.run(["fusermount3", "-u", "-z", mount.path], check=False, capture_output=True)
        wait_for(lambda: not any(reader.running() for reader in readers), "the readers end")
        mount.wait_gone(processes)


class FailedTest(FailingTest):
    """An open handle gives one version's bytes or an error when the source cannot be read."""

    def setUp(self):
        super().setUp()
        self.put("Scan.pdf", make_pdfs.scan(20, width=600, height=900))
        self.put("Text.pdf", make_pdfs.text_book(4))
        self.put("data.bin", os.urandom(2 << 20))

    def check(self, number):
        mount = self.mount_it()
        names = ["Scan.cbz", "Text.cbz", "data.bin"]
        wanted = {name: read(mount.file(name)) for name in names}
        mount.unmount()
        mount = self.mount_it()
        handles = {name: os.open(mount.file(name), os.O_RDONLY) for name in names}
        try:
            for handle in handles.values():
                os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_RANDOM)
                os.pread(handle, 4096, 0)
            self.flag("fail", f"{number} /")
            for name, handle in handles.items():
                self.assertOneVersion(handle, wanted[name])
            for name in names:
                with self.assertRaises(OSError) as caught:
                    wait_for(lambda n=name: not os.stat(mount.file(n)), "an error")
                self.assertIn(caught.exception.errno, (number, errno.EIO))
            self.assertEqual(harness.json.loads(read(mount.path + "/.cbzfs/status"))["pid"],
                             mount.pid)
            self.recover()
            for name in ("Scan.cbz", "data.bin"):
                wait_for(lambda n=name: self.reads(mount.file(n)) == wanted[n], f"{name} again")
            # That a page could not be drawn is remembered for a while; it is no other page then.
            handle = handles["Text.cbz"]
            self.assertOneVersion(handle, wanted["Text.cbz"])
            wait_for(lambda: os.stat(mount.file("Text.cbz")), "Text.cbz again")
            self.assertTrue(mount.daemon_alive())
        finally:
            for handle in handles.values():
                os.close(handle)

    def assertOneVersion(self, handle, wanted):  # noqa: N802
        failed = 0
        for at in range(0, len(wanted), 100_000):
            try:
                got = os.pread(handle, 100_000, at)
                self.assertEqual(got, wanted[at:at + len(got)])
            except OSError as error:
                self.assertIn(error.errno, (errno.EIO, errno.ESTALE, errno.EACCES))
                failed += 1
        return failed

    @staticmethod
    def reads(path):
        try:
            return read(path)
        except OSError:
            return None

    def test_a_server_that_has_lost_the_file(self):
        self.check(errno.ESTALE)

    def test_a_disk_that_fails(self):
        self.check(errno.EIO)

    def test_leave_that_is_taken_away(self):
        self.check(errno.EACCES)

    def test_a_lower_file_system_that_goes_away_and_comes_back(self):
        mount = self.mount_it()
        wanted = read(mount.file("Scan.cbz"))
        handle = os.open(mount.file("Scan.cbz"), os.O_RDONLY)
        self.addCleanup(os.close, handle)
        self.process.kill()
        self.process.wait()
        self.assertOneVersion(handle, wanted)
        with self.assertRaises(OSError):
            wait_for(lambda: not os.stat(mount.file("Scan.cbz")), "an error")
        self.assertTrue(mount.daemon_alive())
        self.assertEqual(len(cbz.pages(wanted)), 20)


if __name__ == "__main__":
    harness.main()
