"""Mounting and its ends: exit codes and messages, foreground, options of fstab, signals."""

import os
import signal
import subprocess
import time

import cbz
import harness
from harness import (DEADLINE, alive, is_mounted, make_pdfs, process_tree, program, read,
                     start_time, wait_for)

OK, OTHER, USAGE, LIBRARY, MOUNTPOINT, BUSY, NO_FUSE, PERMISSION, WORKER, INDEX = range(10)


class LifecycleTest(harness.MountedTest):

    def setUp(self):
        super().setUp()
        self.point = os.path.join(self.folder, "point")
        os.mkdir(self.point)
        self.put("Book.pdf", make_pdfs.small(1, pages=2))
        self.addCleanup(self.unmount_point)

    def unmount_point(self):
        while is_mounted(self.point):
            subprocess.run(["fusermount3", "-u", "-z", self.point], check=True)

    def run_program(self, *arguments, **environment):
        """(exit code, output, messages); pipes, so that a daemon that keeps them is found out."""
        done = subprocess.run([program(), *arguments], capture_output=True, timeout=DEADLINE,
                              check=False, stdin=subprocess.DEVNULL,
                              env={**os.environ, **environment})
        return (done.returncode, done.stdout.decode("utf-8", "replace"),
                done.stderr.decode("utf-8", "replace"))

    def assertFails(self, code, *arguments, says=(), **environment):  # noqa: N802
        got, _, messages = self.run_program(*arguments, **environment)
        self.assertEqual(got, code, messages)
        self.assertTrue(messages.strip(), "a message")
        self.assertLessEqual(len(messages.strip().splitlines()), 4, messages)
        for word in says:
            self.assertIn(word, messages)
        self.assertFalse(is_mounted(self.point))

    def test_wrong_usage(self):
        for arguments in ([], [self.library], [self.library, self.point, "more"],
                          ["--no-such-option", self.library, self.point],
                          ["-o", "no_such_option", self.library, self.point],
                          ["-o", "quality=101", self.library, self.point],
                          ["-o", "quality=", self.library, self.point],
                          ["-o", "dpi=many", self.library, self.point],
                          ["-o", "guard=5k", self.library, self.point],
                          ["-o", "view=nothing", self.library, self.point],
                          ["-o", "cache=2G,memory=1G", self.library, self.point],
                          ["-o"]):
            with self.subTest(arguments=arguments):
                self.assertFails(USAGE, *arguments)
        self.assertFails(USAGE, "-o", "qualty=80", self.library, self.point, says=["qualty",
                                                                                  "quality"])

    def test_no_such_library(self):
        missing = os.path.join(self.folder, "missing")
        self.assertFails(LIBRARY, missing, self.point, says=[missing])
        self.assertFails(LIBRARY, os.path.join(self.library, "Book.pdf"), self.point)

    def test_no_such_mount_point(self):
        missing = os.path.join(self.folder, "missing")
        self.assertFails(MOUNTPOINT, self.library, missing, says=[missing])
        self.assertFails(MOUNTPOINT, self.library, os.path.join(self.library, "Book.pdf"))

    def test_a_mount_point_inside_the_library_is_refused(self):
        inside = os.path.join(self.library, "inside")
        os.mkdir(inside)
        self.assertFails(MOUNTPOINT, self.library, inside, says=[inside])
        self.assertFails(MOUNTPOINT, self.library, self.library)
        self.assertFalse(is_mounted(inside) or is_mounted(self.library))

    def test_a_mount_point_in_use(self):
        mount = self.mount()
        code, _, messages = self.run_program("-o", "index=none", self.library, mount.path)
        self.assertEqual(code, BUSY, messages)
        self.assertIn(mount.path, messages)
        self.assertEqual(len(cbz.pages(read(mount.file("Book.cbz")))), 2)

    def test_no_worker_program(self):
        self.assertFails(WORKER, "-o", "index=none", self.library, self.point,
                         CBZFS_WORKER=os.path.join(self.folder, "no-such-worker"))
        not_a_worker = self.put("worker", b"#!/bin/sh\nexit 0\n", self.folder)
        os.chmod(not_a_worker, 0o755)
        self.assertFails(WORKER, "-o", "index=none", self.library, self.point,
                         CBZFS_WORKER=not_a_worker)

    def test_an_index_that_cannot_be_kept(self):
        in_a_file = os.path.join(self.library, "Book.pdf", "index")
        self.assertFails(INDEX, "-o", f"index={in_a_file}", self.library, self.point)
        # Nobody asked for the one in the user's cache folder: without it the mount works as well.
        mount = self.mount(index="", environment={"XDG_CACHE_HOME": in_a_file})
        self.assertEqual(os.listdir(mount.cbz), ["Book.cbz"])

    def test_help_and_version(self):
        for flag in ("-h", "--help"):
            code, text, _ = self.run_program(flag)
            self.assertEqual(code, 0)
            for word in ("LIBRARY", "MOUNTPOINT", "quality", "guard", "-f"):
                self.assertIn(word, text)
        for flag in ("-V", "--version"):
            code, text, _ = self.run_program(flag)
            self.assertEqual(code, 0)
            self.assertIn("cbzfs", text)

    def test_the_command_returns_when_the_mount_is_usable_and_lets_go_of_its_streams(self):
        code, out, messages = self.run_program("-o", "index=none", self.library, self.point)
        self.assertEqual((code, out, messages), (0, "", ""))
        self.assertEqual(os.listdir(os.path.join(self.point, "cbz")), ["Book.cbz"])
        with open(os.path.join(self.point, ".cbzfs", "status"), encoding="utf-8") as file:
            pid = harness.json.load(file)["pid"]
        self.assertEqual(os.getsid(pid) != os.getsid(0), True, "a session of its own")
        self.assertEqual(os.readlink(f"/proc/{pid}/cwd"), "/")
        started = start_time(pid)
        subprocess.run(["fusermount3", "-u", self.point], check=True)
        wait_for(lambda: not alive(pid) or start_time(pid) != started, "the daemon ends")

    def start_foreground(self, *arguments):
        process = subprocess.Popen([program(), *arguments, self.library, self.point],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

        def end():
            if process.poll() is None:
                process.kill()
            process.wait()
            process.stderr.close()

        self.addCleanup(end)
        wait_for(lambda: is_mounted(self.point) or process.poll() is not None, "it is mounted")
        self.assertIsNone(process.poll(), "it stays in the foreground")
        return process

    def test_foreground_stays_until_it_is_unmounted(self):
        for flag in ("-f", "-d"):
            process = self.start_foreground(flag, "-o", "index=none")
            self.assertEqual(os.listdir(os.path.join(self.point, "cbz")), ["Book.cbz"])
            subprocess.run(["fusermount3", "-u", self.point], check=True)
            _, messages = process.communicate(timeout=DEADLINE)
            self.assertEqual(process.returncode, 0)
            if flag == "-d":
                self.assertTrue(messages)

    def test_relative_paths_are_understood(self):
        done = subprocess.run([program(), "-o", "index=none", "library", "point"], cwd=self.folder,
                              capture_output=True, check=False, timeout=DEADLINE)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(os.listdir(os.path.join(self.point, "cbz")), ["Book.cbz"])
        self.assertEqual(len(read(os.path.join(self.point, "cbz", "Book.cbz"))),
                         os.stat(os.path.join(self.point, "cbz", "Book.cbz")).st_size)
        subprocess.run(["fusermount3", "-u", self.point], check=True)

    def test_options_of_fstab_are_taken(self):
        mount = self.mount("ro,nosuid,nodev,noatime,noexec,default_permissions,nofail,_netdev,"
                           "noauto,user,users,x-systemd.automount,x-gvfs-hide,"
                           "x-systemd.requires-mounts-for=/tmp,fsname=my\\,comics,subtype=mine")
        self.assertEqual(os.listdir(mount.cbz), ["Book.cbz"])
        with open("/proc/self/mountinfo", encoding="utf-8") as file:
            line = next(line for line in file if line.split()[4] == mount.path)
        self.assertIn("fuse.mine", line)
        self.assertIn("my,comics", line)
        for word in ("nosuid", "nodev", "noatime", "noexec", "ro"):
            self.assertIn(word, line.split()[5].split(","))
        again = self.mount("ro", arguments=["-o", "nosuid", "-o", "noatime,quality=80"])
        self.assertEqual(os.listdir(again.cbz), ["Book.cbz"])

    def test_by_default_the_mount_says_what_it_is(self):
        mount = self.mount()
        with open("/proc/self/mountinfo", encoding="utf-8") as file:
            line = next(line for line in file if line.split()[4] == mount.path)
        self.assertIn("fuse.cbzfs", line)
        self.assertIn(self.library, line)
        self.assertIn("ro", line.split()[5].split(","))


class EndTest(harness.MountedTest):
    """A mount ends at once, whatever is being read."""

    def setUp(self):
        super().setUp()
        self.put("Slow.pdf", make_pdfs.slow(6))

    def slow_reads(self, mount):
        """Readers of pages that take seconds each; returns when one is being drawn."""
        size = os.stat(mount.file("Slow.cbz")).st_size
        readers = [self.start_reader(mount.file("Slow.cbz"), size * i // 6 + 20_000, 1000)
                   for i in range(6)]
        wait_for(lambda: mount.status()["queue"]["running"] and mount.status()["queue"]["waiting"],
                 "pages are being drawn")
        return readers

    def assertEnded(self, mount, readers, processes):  # noqa: N802
        started = time.monotonic()
        mount.wait_gone(processes)
        self.assertLess(time.monotonic() - started, 5, "promptly: the drawings take longer")
        self.assertFalse(is_mounted(mount.path))
        self.assertTrue(any(reader.result()[1] != 0 for reader in readers))

    def test_signals_end_it_with_reads_in_flight(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            with self.subTest(signal=number.name):
                mount = self.mount("workers=1,dpi=150,read_ahead=0")
                readers = self.slow_reads(mount)
                processes = list(process_tree(mount.pid))
                os.kill(mount.pid, number)
                self.assertEnded(mount, readers, processes)

    def test_unmounting_ends_it_with_reads_in_flight(self):
        mount = self.mount("workers=1,dpi=150,read_ahead=0")
        readers = self.slow_reads(mount)
        processes = list(process_tree(mount.pid))
        busy = subprocess.run(["fusermount3", "-u", mount.path], capture_output=True, check=False)
        self.assertNotEqual(busy.returncode, 0, "files are open, as with any file system")
        self.assertTrue(mount.daemon_alive())
        subprocess.run(["fusermount3", "-u", "-z", mount.path], check=True)
        for reader in readers:
            reader.signal(signal.SIGKILL)
        self.assertEnded(mount, readers, processes)

    def test_a_forced_unmount_ends_it(self):
        if os.geteuid() != 0:
            self.skipTest("only root may force an unmount")
        mount = self.mount("workers=1,dpi=150,read_ahead=0")
        readers = self.slow_reads(mount)
        processes = list(process_tree(mount.pid))
        subprocess.run(["umount", "-f", "-l", mount.path], check=True)
        self.assertEnded(mount, readers, processes)

    def test_a_daemon_that_is_killed_leaves_no_worker(self):
        mount = self.mount("workers=2,dpi=150,read_ahead=0")
        readers = self.slow_reads(mount)
        processes = list(process_tree(mount.pid))
        os.kill(mount.pid, signal.SIGKILL)
        mount.wait_gone(processes)
        subprocess.run(["fusermount3", "-u", "-z", mount.path], check=True)
        for reader in readers:
            self.assertNotEqual(reader.result()[1], 0)

    def test_mounting_again_and_again_leaves_nothing(self):
        for _ in range(8):
            mount = self.mount()
            os.listdir(mount.cbz)
            mount.unmount()


if __name__ == "__main__":
    harness.main()
