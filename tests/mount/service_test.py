"""A mount as a service: what the service manager is told and when, and what goes into the journal.

The manager and journald are sockets of this test. journald's has a fixed name, so where this runs
as root it is made in a mount namespace with a /run/systemd and a /dev/log of its own.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

import harness
from harness import DEADLINE, is_mounted, make_pdfs, program, wait_for

JOURNAL = "/run/systemd/journal/dev-log"


class Listener:
    """A datagram socket and what came in."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.socket.settimeout(DEADLINE)

    def next(self):
        return self.socket.recv(65536).decode("utf-8", "replace")

    def next_with(self, word):
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            text = self.next()
            if word in text:
                return text
        raise AssertionError(f"nobody said {word}")

    def close(self):
        self.socket.close()


class ServiceCase(harness.MountedTest):

    def setUp(self):
        super().setUp()
        self.put("Book.pdf", make_pdfs.small(1, pages=2))
        self.point = os.path.join(self.folder, "point")
        os.mkdir(self.point)
        self.addCleanup(self.unmount_point)

    def unmount_point(self):
        while is_mounted(self.point):
            subprocess.run(["fusermount3", "-u", "-z", self.point], check=True)

    def listen(self, path):
        listener = Listener(path)
        self.addCleanup(listener.close)
        return listener

    def start(self, *arguments, **environment):
        messages = open(os.path.join(self.folder, "messages"), "w+b")
        self.addCleanup(messages.close)
        process = subprocess.Popen([program(), *arguments, self.library, self.point],
                                   stdin=subprocess.DEVNULL, stdout=messages, stderr=messages,
                                   env={**os.environ, **environment})
        self.addCleanup(lambda: process.poll() is None and (process.kill(), process.wait()))
        return process

    def messages(self):
        return harness.read(os.path.join(self.folder, "messages")).decode("utf-8", "replace")


class NotifyTest(ServiceCase):
    """Type=notify."""

    def setUp(self):
        super().setUp()
        self.manager = self.listen(os.path.join(self.folder, "notify"))

    def start_service(self, *arguments):
        return self.start("-f", "-o", "index=none", *arguments,
                          NOTIFY_SOCKET=os.path.join(self.folder, "notify"))

    def test_ready_is_said_when_the_mount_can_be_used(self):
        process = self.start_service()
        self.assertEqual(self.manager.next(),
                         f"READY=1\nSTATUS={self.library} mounted at {self.point}")
        self.assertTrue(is_mounted(self.point))
        self.assertEqual(os.listdir(os.path.join(self.point, "cbz")), ["Book.cbz"])
        process.send_signal(signal.SIGTERM)
        self.assertEqual(self.manager.next(), "STOPPING=1\nSTATUS=unmounting")
        self.assertEqual(process.wait(timeout=DEADLINE), 0)
        self.assertFalse(is_mounted(self.point))

    def test_an_unmount_by_others_ends_it_properly(self):
        process = self.start_service()
        self.manager.next_with("READY=1")
        subprocess.run(["fusermount3", "-u", self.point], check=True)
        self.assertEqual(self.manager.next(), "STOPPING=1\nSTATUS=unmounted")
        self.assertEqual(process.wait(timeout=DEADLINE), 0)

    def test_a_start_that_fails_says_why_on_one_line_and_never_ready(self):
        for arguments, why in (([f"-oindex={self.library}/Book.pdf/index"], "Not a directory"),
                               (["-oworkers=1,store=dir:" + self.library + "/pages"], "page store")):
            with self.subTest(why):
                process = self.start_service(*arguments)
                told = self.manager.next()
                self.assertRegex(told, r"^STATUS=[^\n]*" + why)
                self.assertNotIn("\n", told)
                self.assertNotEqual(process.wait(timeout=DEADLINE), 0)
                self.assertIn(why, self.messages())
        self.manager.socket.setblocking(False)
        self.assertRaises(BlockingIOError, self.manager.next)

    def test_the_workers_and_the_daemon_keep_nothing_of_the_manager(self):
        self.start_service()
        self.manager.next_with("READY=1")
        told = os.path.join(self.folder, "notify")
        with open("/proc/net/unix", encoding="utf-8", errors="replace") as table:
            ends = [line for line in table if line.rstrip().endswith(told)]
        self.assertEqual(len(ends), 1, "the test's own end alone")


class LogTest(ServiceCase):

    def test_standard_error_in_the_background_is_refused(self):
        process = self.start("-o", "index=none,log=stderr")
        self.assertEqual(process.wait(timeout=DEADLINE), 2)
        self.assertIn("-f", self.messages())
        self.assertFalse(is_mounted(self.point))

    def test_the_journal_where_there_is_none_is_refused(self):
        if os.path.exists(JOURNAL):
            self.skipTest("there is a journal")
        process = self.start("-f", "-o", "index=none,log=journal")
        self.assertEqual(process.wait(timeout=DEADLINE), 2)
        self.assertIn("log=syslog", self.messages())

    def test_in_the_foreground_lines_go_to_standard_error(self):
        process = self.start("-f", "-o", "index=none")
        wait_for(lambda: "mounted at" in self.messages(), "the log's first line")
        self.assertRegex(self.messages(), r"(?m)^\d\d:\d\d:\d\d\.\d{3} info cbzfs .* mounted at")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=DEADLINE), 0)

    def test_in_a_service_they_carry_a_priority_and_no_time(self):
        path = os.path.join(self.folder, "messages")
        with open(path, "wb"):
            pass
        stream = os.stat(path)
        process = self.start("-f", "-o", "index=none",
                             JOURNAL_STREAM=f"{stream.st_dev}:{stream.st_ino}")
        wait_for(lambda: "mounted at" in self.messages(), "the log's first line")
        self.assertRegex(self.messages(), r"(?m)^<6>cbzfs .* mounted at")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=DEADLINE), 0)


class JournalTest(ServiceCase):

    def setUp(self):
        super().setUp()
        if "CBZFS_TEST_OWN_RUN" not in os.environ:
            self.skipTest("only root can make a journal of its own")
        os.makedirs(os.path.dirname(JOURNAL), exist_ok=True)
        self.journal = self.listen(JOURNAL)
        self.addCleanup(os.unlink, JOURNAL)

    def assertLogged(self, text, message, priority):  # noqa: N802
        """syslog(3): <facility * 8 + priority>date program[pid]: message; the facility is daemon."""
        self.assertRegex(text, rf"^<{3 * 8 + priority}>.*cbzfs\[\d+\]: .*" + message)

    def test_a_mount_in_the_background_writes_to_it(self):
        for options in ("", "log=journal", "log=syslog"):
            with self.subTest(options):
                mount = self.mount(options)
                self.assertLogged(self.journal.next_with("mounted"),
                                  "mounted at " + re.escape(mount.path), 6)
                mount.unmount()
                self.assertLogged(self.journal.next_with("unmounted"), "unmounted", 6)

    def test_one_in_the_foreground_does_when_asked_to(self):
        process = self.start("-f", "-o", "index=none,log=journal")
        self.assertLogged(self.journal.next_with("mounted"), "mounted at", 6)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=DEADLINE), 0)
        self.assertEqual(self.messages(), "")


def with_an_own_run():
    """Starts this program again where /run/systemd is empty and seen by nobody else."""
    script = ('mkdir -p /run/systemd && mount -t tmpfs tmpfs /run/systemd && '
              'mount -t tmpfs tmpfs "$1" && cp -a /dev/fuse /dev/null /dev/zero /dev/urandom "$1" && '
              'mkdir "$1/shm" && ln -s /proc/self/fd "$1/fd" && '
              'ln -s /run/systemd/journal/dev-log "$1/log" && mount --bind "$1" /dev && '
              'shift && exec "$@"')
    with tempfile.TemporaryDirectory() as folder:
        return subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", folder, sys.executable,
                               "-B", *sys.argv], check=False,
                              env={**os.environ, "CBZFS_TEST_OWN_RUN": "1"}).returncode


if __name__ == "__main__":
    for name in ("NOTIFY_SOCKET", "JOURNAL_STREAM"):
        os.environ.pop(name, None)
    if os.geteuid() == 0 and "CBZFS_TEST_OWN_RUN" not in os.environ:
        sys.exit(with_an_own_run())
    harness.main()
