"""cbzfs move: what is moved, what is refused, and what is said."""

import errno
import fcntl
import os
import pty
import re
import signal
import subprocess
import struct
import termios
import unittest

import harness
import moving
from harness import wait_for
from moving import TRACED, hidden, inject, run, snapshot

MIB = 1 << 20


class MovingAcrossTest(moving.MovingTest):

    def test_a_tree_with_all_that_belongs_to_it(self):
        for source, dest in ((self.here, self.there), (self.there, self.here)):
            tree = os.path.join(source, "Tree")
            self.make_tree(tree)
            before = snapshot(tree)
            blocks = os.stat(os.path.join(tree, "Deep/er/sparse")).st_blocks
            of_root = os.stat(tree)
            self.move(tree, dest)
            moved = os.path.join(dest, "Tree")
            self.assertEqual(snapshot(moved), before)
            self.assertEqual(os.stat(moved).st_mtime_ns, of_root.st_mtime_ns)
            self.assertLessEqual(os.stat(os.path.join(moved, "Deep/er/sparse")).st_blocks, blocks)
            self.assertEqual(os.listdir(source), [])
            self.assertEqual(hidden(dest), [])
            self.clear(dest)

    def test_files_with_their_times_of_access(self):
        book = self.put("Book.cbz", b"book", library=self.here)
        os.utime(book, ns=(1_111_111_111_000_000_222, 1_000_000_000_000_000_111))
        self.move(book, self.there)
        st = os.stat(os.path.join(self.there, "Book.cbz"))
        self.assertEqual((st.st_atime_ns, st.st_mtime_ns),
                         (1_111_111_111_000_000_222, 1_000_000_000_000_000_111))

    def test_acls_are_those_of_the_source(self):
        # user::rw-, user:1234:r--, group::r--, mask::r--, other::---
        acl = struct.pack("<I" + "HHI" * 5, 2, 1, 6, 2**32 - 1, 2, 4, 1234, 4, 4, 2**32 - 1,
                          16, 4, 2**32 - 1, 32, 0, 2**32 - 1)
        name = "system.posix_acl_access"
        given = self.put("Given.cbz", b"1", library=self.here)
        os.setxattr(given, name, acl)
        plain = self.put("Plain.cbz", b"2", library=self.here)
        os.setxattr(self.there, "system.posix_acl_default", acl)
        self.move(given, plain, self.there)
        self.assertEqual(os.getxattr(os.path.join(self.there, "Given.cbz"), name), acl)
        self.assertNotIn(name, os.listxattr(os.path.join(self.there, "Plain.cbz")),
                         "what a new file gets from its folder")

    def test_blocks_of_one_disk_are_shared_or_copied_by_the_kernel(self):
        point = self.bind(self.here)
        book = self.put("Book.cbz", b"book" * MIB, library=self.here)
        log = os.path.join(self.folder, "log")
        done = run(book, os.path.join(point, "New.cbz"), env=TRACED,
                   prefix=inject("pwrite64:error=EIO", log=log))
        self.assertEqual((done.stderr, done.returncode), ("", 0))
        self.assertEqual(harness.read(log), b"", "nothing was written by hand")
        self.assertEqual(harness.read(os.path.join(self.here, "New.cbz")), b"book" * MIB)
        self.assertFalse(os.path.exists(book))

    def test_many_at_once_with_what_was_moved_before(self):
        names = [self.put(f"{i}.cbz", b"%d" % i, library=self.here) for i in range(5)]
        self.move(*names[:2], self.there)
        done = self.move(*names, self.there)
        self.assertIn("3 copied, 2 there already", done.stdout)
        self.assertEqual(sorted(os.listdir(self.there)), [f"{i}.cbz" for i in range(5)])
        self.assertEqual(os.listdir(self.here), [])

    def test_leftovers_of_killed_runs_and_of_none_that_go_on(self):
        book = self.put("Book.cbz", b"book", library=self.here)
        for name in (".cbzfs-1-2-m0.part", ".cbzfs-1-2-0.part", ".cbzfs-9-9-m0.part"):
            self.put(name, b"half", library=self.there)
        with open(os.path.join(self.there, ".cbzfs-9-9-m0.part"), "rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            self.move(book, self.there)
        self.assertEqual(sorted(os.listdir(self.there)), [".cbzfs-9-9-m0.part", "Book.cbz"])

    def test_a_folder_is_merged_with(self):
        self.put("A/one", b"1", library=self.here)
        self.put("A/deep/two", b"2", library=self.here)
        self.put("A/fresh/er/three", b"3", library=self.here)
        self.put("A/deep/old", b"0", library=self.there)
        self.move(os.path.join(self.here, "A"), self.there)
        self.assertEqual(moving.contents(self.there),
                         {"A/one": b"1", "A/deep/two": b"2", "A/fresh/er/three": b"3",
                          "A/deep/old": b"0"})
        self.assertEqual(os.listdir(self.here), [])


class RefusingTest(moving.MovingTest):

    def test_fifos_and_sockets_before_anything_is_copied(self):
        self.put("A/one", b"1", library=self.here)
        tree = os.path.join(self.here, "A")
        os.mkfifo(os.path.join(tree, "pipe"))
        self.refused(1, "is a FIFO", tree, self.there)
        self.move(tree, os.path.join(self.here, "B"))  # a rename takes it along

    def test_into_itself_by_whatever_way(self):
        self.put("A/in/one", b"1", library=self.here)
        tree = os.path.join(self.here, "A")
        self.refused(2, "into itself", tree, os.path.join(tree, "in"))
        self.refused(1, "into a folder that is in it", tree, self.bind(os.path.join(tree, "in")))

    def test_a_file_system_in_it(self):
        self.put("A/one", b"1", library=self.here)
        self.mount_tmpfs(os.path.join(self.here, "A", "mounted"), "1m")
        self.refused(1, "another file system", os.path.join(self.here, "A"), self.there)

    def test_one_file_by_two_names(self):
        book = self.put("Book.cbz", b"book", library=self.here)
        other = os.path.join(self.here, "Other.cbz")
        os.link(book, other)
        self.refused(2, "the same file", book, other)
        self.refused(2, "the same file", book, book)

    def test_another_file_that_is_there(self):
        book = self.put("Book.cbz", b"new", library=self.here)
        there = self.put("Book.cbz", b"old", library=self.there)
        self.refused(1, "--force replaces it", book, self.there)
        self.move("--force", book, self.there)
        self.assertEqual(harness.read(there), b"new")
        self.assertFalse(os.path.exists(book))
        self.assertEqual(hidden(self.there), [])

    def test_what_is_not_there(self):
        book = self.put("Book.cbz", b"book", library=self.here)
        self.refused(3, "there is no", os.path.join(self.here, "none"), book, self.there)
        self.refused(3, "mkdir -p", book, os.path.join(self.there, "none", "new"))

    def test_a_mount_of_cbzfs(self):
        self.put("Book.pdf", harness.make_pdfs.small(1, pages=1))
        mount = self.mount()
        book = os.path.join(mount.cbz, "Book.cbz")
        done = run(book, self.there)
        self.assertEqual(done.returncode, 2)
        self.assertIn("cbzfs convert", done.stderr)
        self.assertIn("cbzfs umount", run(mount.path, self.there).stderr)
        other = self.put("Other.pdf", b"1", library=self.here)
        self.assertIn("read-only", run(other, mount.cbz).stderr)
        self.assertTrue(os.path.exists(other))

    @unittest.skipUnless(os.geteuid() == 0, "only root can be another user")
    def test_what_a_user_may_not_remove(self):
        os.chmod(self.folder, 0o755)
        os.chmod(self.there, 0o777)
        book = self.put("A/Book.cbz", b"book", library=self.here)
        user = {"user": 65534, "group": 65534, "extra_groups": []}
        self.refused(1, "Permission denied", book, self.there, **user)
        self.refused(1, "Permission denied", os.path.join(self.here, "A"), self.there, **user)
        os.chmod(os.path.dirname(book), 0o777)
        os.chmod(book, 0o600)
        self.refused(1, "cannot read", book, self.there, **user)
        os.chmod(book, 0o644)
        self.move(book, self.there, **user)


class FailingTest(moving.MovingTest):

    def test_a_full_disk(self):
        self.remount(self.there, "size=8m")
        book = self.put("Book.cbz", os.urandom(9 * MIB), library=self.here)
        done = self.refused(1, "No space left on device; make room there", book, self.there)
        self.assertIn(f"{book} is untouched", done.stderr)

    def test_a_disk_that_is_full_within_a_tree(self):
        self.remount(self.there, "size=8m")
        tree = os.path.join(self.here, "A")
        for i in range(4):
            self.put(f"A/{i}", os.urandom(3 * MIB), library=self.here)
        before = snapshot(tree)
        done = run(tree, self.there)
        self.assertEqual(done.returncode, 1)
        self.assertIn("waits in " + self.there, done.stderr)
        self.assertEqual(snapshot(tree), before)
        self.assertFalse(os.path.exists(os.path.join(self.there, "A")))
        self.remount(self.there, "size=32m")
        done = self.move(tree, self.there)
        self.assertIn("2 copied, 2 there already", done.stdout, "what was copied is not again")
        self.assertEqual(snapshot(os.path.join(self.there, "A")), before)
        self.assertEqual(hidden(self.there), [])

    def test_a_disk_that_is_read_only(self):
        book = self.put("Book.cbz", b"book", library=self.here)
        self.remount(self.there, "ro")
        self.refused(1, "mounted read-only", book, self.there)
        self.remount(self.there, "rw")
        other = self.put("Other.cbz", b"other", library=self.there)
        self.remount(self.there, "ro")
        self.refused(1, "copy it with cp", other, self.here)

    def test_an_error_of_the_disk(self):
        book = self.put("Book.cbz", b"book" * (8 * MIB), library=self.here)
        # Not the first ones, by which the program is loaded.
        done = self.refused(1, "cannot read " + book, book, self.there, env=TRACED,
                            prefix=inject("pread64:error=EIO:when=12"))
        self.assertIn("dmesg", done.stderr)
        self.refused(1, "cannot write " + self.there, book, self.there, env=TRACED,
                     prefix=inject("pwrite64:error=EIO:when=2"))
        self.refused(1, "cannot write " + self.there, book, self.there, env=TRACED,
                     prefix=inject("fsync:error=EIO:when=1"))

    def test_a_disk_that_forgets_what_it_was_given(self):
        book = self.put("Book.cbz", b"book" * MIB, library=self.here)
        lost = inject(f"pwrite64:retval={MIB}:when=2")
        self.refused(1, "reads back different", book, self.there, env=TRACED, prefix=lost)
        self.move("--no-verify", book, self.there, env=TRACED, prefix=lost)
        self.assertNotEqual(harness.read(os.path.join(self.there, "Book.cbz")), b"book" * MIB,
                            "this test shows nothing")

    def test_a_source_that_is_written_to(self):
        book = self.put("Book.cbz", b"book", library=self.here)
        command = [*inject("fdatasync:signal=SIGSTOP:when=1"), harness.program(), "move", book,
                   self.there]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              env=TRACED) as process:
            def stopped():
                return [pid for pid, (name, _) in harness.process_tree(process.pid).items()
                        if name.startswith("cbzfs") and harness._stat_fields(pid)[1] in "tT"
                        and hidden(self.there)]
            pid = wait_for(stopped, "it is stopped")[0]
            with open(book, "ab") as file:
                file.write(b" and more")

            def ended():  # it may not have come to the stop when it was seen
                if process.poll() is None and harness.alive(pid):
                    os.kill(pid, signal.SIGCONT)
                return process.poll() is not None
            wait_for(ended, "it ends")
            said = process.stderr.read()
        self.assertIn("is being written to", said)
        self.assertEqual(process.returncode, 1)
        self.assertEqual(harness.read(book), b"book and more")
        self.assertEqual(os.listdir(self.there), [])

    def test_a_signal_ends_it_cleanly(self):
        book = self.put("Book.cbz", b"book" * (8 * MIB), library=self.here)
        command = [*inject("pwrite64:delay_exit=100000"), harness.program(), "move", book,
                   self.there]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              env=TRACED) as process:
            wait_for(lambda: hidden(self.there), "it copies")
            for pid, (name, _) in harness.process_tree(process.pid).items():
                if name.startswith("cbzfs"):
                    os.kill(pid, signal.SIGTERM)
            said, complaint = process.communicate(timeout=harness.DEADLINE)
        self.assertEqual(process.returncode, 128 + signal.SIGTERM)
        self.assertEqual(complaint, "cbzfs move: stopped; run it again to go on\n")
        self.assertIn("0 renamed, 0 copied, 0 there already: ", said)
        self.assertEqual(os.listdir(self.there), [])
        self.move(book, self.there)


class SayingTest(moving.MovingTest):

    def test_a_dry_run_changes_nothing(self):
        self.make_tree(os.path.join(self.here, "Tree"))
        book = self.put("Book.cbz", b"book", library=self.here)
        before = snapshot(self.folder)
        done = self.move("-n", os.path.join(self.here, "Tree"), book, self.there)
        self.assertIn(f"{self.here}/Tree -> {self.there}/Tree: copy, 5 files, ", done.stdout)
        self.assertIn(f"{book} -> {self.there}/Book.cbz: copy, 1 file, 4 B", done.stdout)
        done = self.move("--dry-run", book, os.path.join(self.here, "New.cbz"))
        self.assertEqual(done.stdout, f"{book} -> {self.here}/New.cbz: rename\n")
        self.assertEqual(snapshot(self.folder), before)

    def test_quiet(self):
        book = self.put("Book.cbz", b"book", library=self.here)
        self.assertEqual(self.move("-q", book, self.there).stdout, "")

    def test_lines_where_there_is_no_terminal(self):
        book = self.put("Book.cbz", b"book", library=self.here)
        self.assertEqual(self.move(book, self.there).stdout.splitlines()[0],
                         f"{book} -> {self.there}/Book.cbz: copied")

    def test_a_bar_on_a_terminal(self):
        book = self.put("Book.cbz", b"book" * (6 * MIB), library=self.here)
        parent, child = pty.openpty()
        fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
        slow = inject("pwrite64:delay_exit=60000")
        done = subprocess.run([*slow, harness.program(), "move", book, self.there], stderr=child,
                              stdout=subprocess.PIPE, text=True, check=False, env=TRACED)
        os.close(child)
        said = b""
        try:
            while chunk := os.read(parent, 65536):
                said += chunk
        except OSError as error:
            self.assertEqual(error.errno, errno.EIO)
        os.close(parent)
        self.assertEqual(done.returncode, 0)
        self.assertRegex(said.decode(), r"\[#+-*\]  0/1 moved  [\d.]+ [KM]iB/s  \d+ s left  Book.cbz")
        self.assertNotIn(b"pages", said)
        self.assertEqual(len(re.findall("->", done.stdout)), 0)


if __name__ == "__main__":
    harness.main()
