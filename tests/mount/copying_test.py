"""Programs that copy and list a library: rsync, cp, ls over 2 000 books; and the index."""

import os
import re
import shutil
import subprocess
import zipfile

import harness
from harness import make_pdfs, read, walk


class CopyingTest(harness.MountedTest):

    def fill(self):
        self.put("mixed.pdf", make_pdfs.mixed())
        self.put("Series/scan.pdf", make_pdfs.scan(3, width=400, height=600))
        self.put("Series/text.pdf", make_pdfs.text_book(12))
        self.put("Series/note.txt", b"note\n" * 3000)
        self.put("broken.pdf", make_pdfs.garbage())
        self.put("two\nlines, and a comma.pdf", make_pdfs.small(1))

    def rsync(self, mount, copy, *options):
        """The number of files transferred."""
        done = subprocess.run(["rsync", "-a", "--stats", *options, mount.cbz + "/", copy],
                              capture_output=True, check=False, env={**os.environ, "LC_ALL": "C"})
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        found = re.search(rb"regular files transferred: ([\d,]+)", done.stdout)
        return int(found.group(1).replace(b",", b""))

    def assertCopied(self, mount, copy):  # noqa: N802
        here, there = walk(mount.cbz), walk(copy)
        self.assertEqual(sorted(here), sorted(there))
        for name, status in here.items():
            if harness.stat.S_ISREG(status.st_mode):
                with self.subTest(name=name):
                    self.assertEqual(read(os.path.join(os.fsencode(mount.cbz), name)),
                                     read(os.path.join(os.fsencode(copy), name)))

    def test_rsync_copies_once_and_then_nothing_and_draws_nothing(self):
        self.fill()
        index, copy = os.path.join(self.folder, "index"), os.path.join(self.folder, "copy")
        mount = self.mount(index=index)
        self.assertEqual(self.rsync(mount, copy), 6)
        self.assertCopied(mount, copy)
        before = mount.settle()["pages"]
        self.assertEqual(self.rsync(mount, copy), 0)
        self.assertEqual(mount.settle()["pages"], before)
        mount.unmount()
        # A fresh mount agrees by size and time without drawing, and by every byte with it.
        mount = self.mount(index=index)
        self.assertEqual(self.rsync(mount, copy), 0)
        status = mount.settle()
        self.assertEqual((status["pages"]["drawn"], status["index"]["analysed"]), (0, 0))
        self.assertEqual(self.rsync(mount, copy, "-c"), 0)
        self.assertGreater(mount.settle()["pages"]["drawn"], 0)

    def test_rsync_agrees_when_nothing_was_remembered(self):
        self.fill()
        copy = os.path.join(self.folder, "copy")
        mount = self.mount()
        self.rsync(mount, copy)
        mount.unmount()
        mount = self.mount()
        self.assertEqual(self.rsync(mount, copy), 0)
        self.assertEqual(mount.settle()["pages"]["drawn"], 0)
        self.assertEqual(self.rsync(mount, copy, "-c"), 0)

    def test_rsync_notices_options_that_change_the_bytes(self):
        self.fill()
        index, copy = os.path.join(self.folder, "index"), os.path.join(self.folder, "copy")
        for name in ("mixed.pdf", "Series/text.pdf"):
            os.utime(os.path.join(self.library, name), (1e9, 1e9))
        mount = self.mount(index=index)
        self.assertEqual(os.stat(mount.file("mixed.cbz")).st_mtime, 1e9)
        self.rsync(mount, copy)
        mount.unmount()
        mount = self.mount("names=seed", index=index)  # sizes may even stay the same
        self.assertGreater(os.stat(mount.file("mixed.cbz")).st_mtime, 1e9)
        self.assertGreaterEqual(self.rsync(mount, copy), 4)
        self.assertCopied(mount, copy)
        mount.unmount()
        # The time is that of the change, not of the mount.
        mount = self.mount("names=seed", index=index)
        self.assertEqual(self.rsync(mount, copy), 0)

    def test_cp_copies_the_whole_tree(self):
        self.fill()
        copy = os.path.join(self.folder, "copy")
        mount = self.mount()
        done = subprocess.run(["cp", "-r", mount.cbz, copy], capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertCopied(mount, copy)
        done = subprocess.run(["diff", "-r", mount.cbz, copy], capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, b""))

    def test_a_sparse_copy_is_the_same_book(self):
        self.fill()
        copy = os.path.join(self.folder, "copy")
        mount = self.mount()
        self.rsync(mount, copy, "-S")
        self.assertCopied(mount, copy)


class ListingTest(harness.MountedTest):

    BOOKS = 2000

    def list(self, path):
        """{name: size} as ls -l says."""
        done = subprocess.run(["ls", "-lU", "--", path], capture_output=True, check=True,
                              env={**os.environ, "LC_ALL": "C"})
        self.assertEqual(done.stderr, b"")
        rows = [line.split() for line in done.stdout.decode().splitlines()[1:]]
        return {row[-1]: int(row[4]) for row in rows}

    def test_two_thousand_books_are_listed_and_remembered(self):
        for number in range(self.BOOKS):
            self.put(f"book{number:04d}.pdf", make_pdfs.small(number))
        self.put("broken.pdf", make_pdfs.garbage())
        index = os.path.join(self.folder, "index")
        mount = self.mount(index=index)
        first = self.list(mount.cbz)
        wanted = {f"book{number:04d}.cbz" for number in range(self.BOOKS)} | {"broken.pdf"}
        self.assertEqual(set(first), wanted)
        for number in range(0, self.BOOKS, 97):
            name = f"book{number:04d}.cbz"
            self.assertEqual(len(read(mount.file(name))), first[name])
            with zipfile.ZipFile(mount.file(name)) as book:
                self.assertIsNone(book.testzip())
        status = mount.settle()
        self.assertGreaterEqual(status["index"]["analysed"], self.BOOKS)
        self.assertGreaterEqual(status["index"]["documents"], self.BOOKS)
        mount.unmount()

        mount = self.mount(index=index)
        self.assertEqual(self.list(mount.cbz), first)
        status = mount.settle()["index"]
        self.assertEqual(status["analysed"], 0)
        self.assertGreaterEqual(status["hits"], self.BOOKS)

    def test_a_listing_without_attributes_is_complete_too(self):
        for number in range(300):
            self.put(f"book{number:04d}.pdf", make_pdfs.small(number))
        mount = self.mount()
        self.assertEqual(sorted(os.listdir(mount.cbz)),
                         [f"book{number:04d}.cbz" for number in range(300)])


class IndexTest(harness.MountedTest):

    def setUp(self):
        super().setUp()
        self.put("a.pdf", make_pdfs.scan(2, width=400, height=600))
        self.put("b.pdf", make_pdfs.small(1, pages=2))
        self.put("locked.pdf", make_pdfs.encrypted())
        self.index = os.path.join(self.folder, "index")

    def sizes(self, mount):
        return {name: status.st_size for name, status in walk(mount.cbz).items()}

    def remount(self, options=""):
        mount = self.mount(options, index=self.index)
        sizes = self.sizes(mount)
        status = mount.settle()["index"]
        mount.unmount()
        return sizes, status

    def test_it_remembers_books_and_those_that_do_not_open(self):
        first, status = self.remount()
        self.assertGreaterEqual(status["analysed"], 2)
        second, status = self.remount()
        self.assertEqual((second, status["analysed"]), (first, 0))

    def test_it_follows_a_changed_source(self):
        first, _ = self.remount()
        self.put("b.pdf", make_pdfs.small(2, pages=5))
        second, status = self.remount()
        self.assertEqual(status["analysed"], 1)
        self.assertGreater(second[b"b.cbz"], first[b"b.cbz"])

    def test_it_keeps_options_apart(self):
        first, _ = self.remount()
        other, status = self.remount("dpi=300")
        self.assertGreaterEqual(status["analysed"], 1)
        self.assertNotEqual(other[b"b.cbz"], first[b"b.cbz"])
        again, status = self.remount()
        self.assertEqual((again, status["analysed"]), (first, 0))

    def files(self):
        folder = os.path.dirname(self.index)
        if os.path.isdir(self.index):
            return [os.path.join(self.index, name) for name in os.listdir(self.index)]
        return [os.path.join(folder, name) for name in os.listdir(folder)
                if name.startswith("index")]

    def test_losing_or_spoiling_it_costs_no_truth(self):
        first, _ = self.remount()
        self.assertTrue(self.files())

        def write(path, data, mode="wb"):
            with open(path, mode) as out:
                out.write(data)

        for spoil in (os.remove, lambda path: write(path, b""),
                      lambda path: write(path, os.urandom(30000)),
                      lambda path: os.truncate(path, os.path.getsize(path) // 2),
                      lambda path: write(path, b"SQLite format 3\0" + b"\xff" * 900, "r+b")):
            for path in self.files():
                spoil(path)
            self.assertEqual(self.remount()[0], first)
        self.assertEqual(self.remount()[0], first)

    def test_it_is_readable_for_its_owner_only(self):
        self.remount()
        for path in self.files():
            self.assertEqual(os.stat(path).st_mode & 0o077, 0, path)

    def test_two_mounts_share_it(self):
        one, other = self.mount(index=self.index), self.mount(index=self.index)
        self.assertEqual(self.sizes(one), self.sizes(other))
        for name in ("a.cbz", "b.cbz"):
            self.assertEqual(read(one.file(name)), read(other.file(name)))

    def test_without_a_path_it_is_in_the_users_cache_folder(self):
        home = os.path.join(self.folder, "cache")
        mount = self.mount(index="", environment={"XDG_CACHE_HOME": home})
        self.sizes(mount)
        mount.unmount()
        self.assertTrue(os.listdir(os.path.join(home, "cbzfs")))
        self.assertEqual(os.stat(os.path.join(home, "cbzfs")).st_mode & 0o777, 0o700)
        mount = self.mount(index="", environment={"XDG_CACHE_HOME": home})
        self.sizes(mount)
        self.assertEqual(mount.settle()["index"]["analysed"], 0)
        mount.unmount()
        shutil.rmtree(home)


if __name__ == "__main__":
    harness.main()
