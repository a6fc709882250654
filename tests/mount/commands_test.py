"""cbzfs status, warm and umount on real mounts."""

import json
import os
import pty
import select
import signal
import subprocess
import sys

import harness
from harness import make_pdfs, wait_for

BUSY = 5
NOTHING_MOUNTED = 4
USAGE = 2


def run(*arguments, **more):
    return subprocess.run([harness.program(), *arguments], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=harness.DEADLINE, check=False, **more)


class CommandsTest(harness.MountedTest):

    PAGES = 4

    def setUp(self):
        super().setUp()
        self.put("Text.pdf", make_pdfs.small(1, pages=self.PAGES))
        self.put("Deep/er/Other.pdf", make_pdfs.small(2, pages=self.PAGES))

    def gone(self, mount, processes):
        self.assertFalse(mount.daemon_alive())
        self.assertFalse(harness.is_mounted(mount.path))
        mount.wait_gone(processes)


class UmountTest(CommandsTest):

    def test_it_waits_for_the_end_of_the_program(self):
        mount = self.mount()
        processes = list(mount.processes())
        done = run("umount", mount.path)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.gone(mount, processes)

    def test_relative_path_and_slash(self):
        mount = self.mount()
        processes = list(mount.processes())
        folder, name = os.path.split(mount.path)
        done = run("umount", name + "/", cwd=folder)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.gone(mount, processes)

    def test_who_keeps_it_busy_is_named(self):
        mount = self.mount()
        processes = list(mount.processes())
        with open(mount.file("Text.cbz"), "rb"):
            done = run("umount", mount.path)
            self.assertEqual(done.returncode, BUSY)
            self.assertIn(str(os.getpid()), done.stderr)
            self.assertIn("Text.cbz", done.stderr)
            self.assertIn("--lazy", done.stderr)
            self.assertTrue(harness.is_mounted(mount.path))
        with subprocess.Popen(["sleep", "60"], cwd=mount.cbz) as sleeper:
            done = run("umount", mount.path)
            self.assertEqual(done.returncode, BUSY)
            self.assertIn(f"process {sleeper.pid} (sleep)", done.stderr)
            self.assertEqual(run("umount", "--lazy", mount.path).returncode, 0)
            self.assertFalse(harness.is_mounted(mount.path))
            sleeper.kill()
        mount.wait_gone(processes)

    def test_a_dead_mount_is_freed(self):
        mount = self.mount()
        processes = list(mount.processes())
        os.kill(mount.pid, signal.SIGKILL)
        wait_for(lambda: not mount.daemon_alive(), "the daemon dies")
        status = run("status", mount.path)
        self.assertEqual(status.returncode, 1)
        self.assertIn("cbzfs umount", status.stderr)
        done = run("umount", mount.path)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.gone(mount, processes)

    def test_nothing_mounted(self):
        done = run("umount", self.library)
        self.assertEqual(done.returncode, NOTHING_MOUNTED)
        self.assertIn(self.library, done.stderr)

    def test_a_folder_called_like_a_command_can_be_mounted(self):
        os.rename(self.library, os.path.join(self.folder, "status"))
        mount = self.mount(library=os.path.join(self.folder, "status"))
        self.assertEqual(os.listdir(mount.file("Deep")), ["er"])
        mount.unmount()
        point = os.path.join(self.folder, "point")
        os.mkdir(point)
        done = run("./status", "point", "-o", "index=none", cwd=self.folder)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(run("umount", point).returncode, 0)


class StatusTest(CommandsTest):

    def test_once(self):
        mount = self.mount()
        harness.read(mount.file("Text.cbz"))
        mount.settle()
        done = run("status", mount.path)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn(f"pid {mount.pid}", done.stdout)
        self.assertIn(self.library, done.stdout)
        self.assertRegex(done.stdout, rf"(?m)^pages +drawn {self.PAGES} ")
        self.assertRegex(done.stdout, r"(?m)^queue +0 waiting, 0 at workers$")
        self.assertRegex(done.stdout, r"(?m)^errors +none$")
        self.assertRegex(done.stdout, r"(?m)^memory .* of 512 MiB")
        # A path in the mount will do.
        inside = run("status", "--json", mount.file("Deep"))
        self.assertEqual(json.loads(inside.stdout)["pid"], mount.pid)

    def test_errors_are_counted_and_pointed_at(self):
        self.put("Broken.pdf", b"%PDF-1.4\nnothing\n")
        mount = self.mount()
        os.listdir(mount.cbz)
        self.assertRegex(run("status", mount.path).stdout, r"(?m)^errors +1: see .*/errors$")

    def test_live_until_q(self):
        mount = self.mount()
        for end in (b"q", b"\x03"):
            seen, code = self.on_terminal(["status", "--interval", "0.1", mount.path], end)
            self.assertEqual(code, 0)
            self.assertGreaterEqual(seen.count(b"queue"), 2)
            self.assertTrue(seen.endswith(b"\x1b[?25h\x1b[?1049l"), seen[-40:])

    def on_terminal(self, arguments, end):
        """What the program writes to a terminal of 60 columns, and its status; `end` is typed when
        it has drawn twice."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.execv(harness.program(), [harness.program(), *arguments])
        seen = b""
        typed = False
        while True:
            ready, _, _ = select.select([terminal], [], [], harness.DEADLINE)
            self.assertTrue(ready, seen)
            try:
                more = os.read(terminal, 65536)
            except OSError:  # the other side is closed
                more = b""
            if not more:
                break
            seen += more
            if not typed and seen.count(b"queue") >= 2:
                os.write(terminal, end)
                typed = True
        os.close(terminal)
        return seen, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def test_nothing_mounted(self):
        self.assertEqual(run("status", self.library).returncode, NOTHING_MOUNTED)
        self.assertEqual(run("status").returncode, USAGE)
        self.assertEqual(run("status", "--help").returncode, 0)


class WarmTest(CommandsTest):

    def test_first_pages_and_sizes(self):
        self.put("Notes.txt", b"words")
        mount = self.mount("read_ahead=0")
        done = run("warm", mount.cbz)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        status = mount.settle()
        self.assertEqual(status["pages"]["drawn"], 2)
        self.assertEqual(status["index"]["analysed"], 2)
        self.assertIn("3 files, 2 pages", done.stdout)
        # A reader that opens the first page finds it made.
        harness.read(mount.file("Text", "0001.jpg", view="pages"))
        self.assertEqual(mount.drawn(), 2)

    def test_so_many_pages_or_none_or_all(self):
        mount = self.mount("read_ahead=0")
        self.assertEqual(run("warm", "-n", "0", mount.file("Text.cbz")).returncode, 0)
        self.assertEqual((mount.drawn(), mount.status()["index"]["analysed"]), (0, 1))
        self.assertEqual(run("warm", "-n", "3", "-q", mount.file("Text.cbz")).returncode, 0)
        self.assertEqual(mount.drawn(), 3)
        self.assertEqual(run("warm", "-n", "2", mount.file("Deep", view="pages")).returncode, 0)
        self.assertEqual(mount.drawn(), 5)
        self.assertEqual(run("warm", "--all", mount.cbz).returncode, 0)
        self.assertEqual(mount.drawn(), 2 * self.PAGES)

    def test_what_fails_is_named(self):
        mount = self.mount()
        done = run("warm", mount.file("Text.cbz"), mount.file("Nothing.cbz"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("Nothing.cbz", done.stderr)
        self.assertIn("1 file, 1 page", done.stdout)
        done = run("warm", self.library)
        self.assertEqual(done.returncode, NOTHING_MOUNTED)
        self.assertIn("no mount", done.stderr)


if __name__ == "__main__":
    sys.exit(harness.main())
