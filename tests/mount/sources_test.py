"""Sources that change under an open handle, and sources that cannot be opened as a PDF."""

import errno
import os
import shutil
import threading
import time

import cbz
import harness
from harness import make_pdfs, read, wait_for


class ChangingSourceTest(harness.MountedTest):
    """An old handle gives old bytes or EIO, never a mix; a new one the new book."""

    def setUp(self):
        super().setUp()
        self.versions = {
            "scan": (make_pdfs.scan(3, width=400, height=600, seed=1),
                     make_pdfs.scan(5, width=400, height=600, seed=2)),
            "drawn": (make_pdfs.text_book(12, seed=1), make_pdfs.text_book(30, seed=2)),
            "scan of the same size": self.same_size(),
        }

    def same_size(self):
        """Two scans of one length: the second differs in its scan data only."""
        one = make_pdfs.scan(3, width=400, height=600, seed=1)
        other = bytearray(one)
        for at in range(5000, len(one) - 5000, 3001):
            if other[at] not in (0xFF, 0x00) and other[at - 1] != 0xFF and other[at + 1] != 0xFF:
                other[at] ^= 0x10
                if other[at] in (0xFF, 0x00):
                    other[at] ^= 0x10
        return one, bytes(other)

    def expected(self, data, name):
        """The bytes of the CBZ of a file with this content, from a mount of its own."""
        library = os.path.join(self.folder, "reference")
        shutil.rmtree(library, ignore_errors=True)
        os.mkdir(library)
        self.put(name + ".pdf", data, library)
        mount = self.mount(library=library)
        result = read(mount.file(name + ".cbz"))
        mount.unmount()
        return result

    def assertOldOrError(self, handle, old):  # noqa: N802
        """Every range read from the old handle is as it was, or fails; it never ends early."""
        for start in range(0, len(old), 40_000):
            at, end = start, min(start + 40_000, len(old))
            while at < end:  # a read that fails half-way gives the first half, the next one EIO
                try:
                    got = os.pread(handle, end - at, at)
                except OSError as error:
                    self.assertEqual(error.errno, errno.EIO)
                    break
                self.assertTrue(got, f"an early end at {at}")
                self.assertTrue(got == old[at:at + len(got)], f"other bytes at {at}")
                at += len(got)

    def replace(self, path, data):
        with open(path + ".new", "wb") as out:
            out.write(data)
        os.rename(path + ".new", path)

    def overwrite(self, path, data):
        with open(path, "r+b") as out:
            out.write(data)
            out.truncate()

    def run_change(self, change, options="ttl=0.1"):
        for kind, (first, second) in self.versions.items():
            with self.subTest(kind=kind, change=change.__name__):
                name = kind.replace(" ", "-")
                old, new = self.expected(first, name), self.expected(second, name)
                self.assertNotEqual(old, new)
                path = self.put(name + ".pdf", first)
                mount = self.mount(options)
                handle = os.open(mount.file(name + ".cbz"), os.O_RDONLY)
                try:
                    self.assertEqual(os.pread(handle, 5000, 0), old[:5000])
                    change(path, second)
                    self.assertOldOrError(handle, old)
                    wait_for(lambda: os.stat(mount.file(name + ".cbz")).st_size == len(new),
                             "the new size is seen")
                    wait_for(lambda: read(mount.file(name + ".cbz")) == new,
                             "a new handle reads the new book")
                    self.assertOldOrError(handle, old)
                finally:
                    os.close(handle)
                self.assertTrue(mount.daemon_alive())
                mount.unmount()
                os.remove(path)

    def test_replaced_by_rename(self):
        self.run_change(self.replace)

    def test_overwritten_in_place(self):
        self.run_change(self.overwrite)

    def test_touched_with_the_same_bytes_keeps_its_bytes(self):
        path = self.put("Book.pdf", self.versions["drawn"][0])
        mount = self.mount("ttl=0.1")
        data = read(mount.file("Book.cbz"))
        os.utime(path, (1e9, 1e9))
        wait_for(lambda: os.stat(mount.file("Book.cbz")).st_mtime == 1e9, "the new time is seen")
        self.assertEqual(read(mount.file("Book.cbz")), data)

    def test_an_older_file_moved_into_place_is_noticed(self):
        first, second = self.versions["scan"]
        path = self.put("Book.pdf", first)
        old_copy = self.put("old.bin", second)
        os.utime(old_copy, (1e9, 1e9))
        mount = self.mount("ttl=0.1")
        size = os.stat(mount.file("Book.cbz")).st_size
        os.rename(old_copy, path)
        wait_for(lambda: os.stat(mount.file("Book.cbz")).st_size != size, "the new size is seen")
        self.assertEqual(os.stat(mount.file("Book.cbz")).st_mtime, 1e9)
        self.assertEqual(len(cbz.pages(read(mount.file("Book.cbz")))), 5)

    def test_truncated_while_open(self):
        for kind, (data, _) in self.versions.items():
            with self.subTest(kind=kind):
                name = kind.replace(" ", "-")
                old = self.expected(data, name)
                path = self.put(name + ".pdf", data)
                mount = self.mount("ttl=0.1")
                with open(mount.file(name + ".cbz"), "rb", buffering=0) as file:
                    os.pread(file.fileno(), 5000, 0)
                    os.truncate(path, len(data) // 3)
                    self.assertOldOrError(file.fileno(), old)
                    os.truncate(path, 0)
                    self.assertOldOrError(file.fileno(), old)
                wait_for(lambda: name + ".pdf" in os.listdir(mount.cbz),
                         "an empty file is shown as it is")
                self.assertEqual(read(mount.file(name + ".pdf")), b"")
                self.assertTrue(mount.daemon_alive())
                mount.unmount()
                os.remove(path)

    def test_deleted_while_open(self):
        for kind, (data, _) in self.versions.items():
            with self.subTest(kind=kind):
                name = kind.replace(" ", "-")
                old = self.expected(data, name)
                path = self.put(name + ".pdf", data)
                mount = self.mount("ttl=0.1")
                with open(mount.file(name + ".cbz"), "rb", buffering=0) as file:
                    os.remove(path)
                    wait_for(lambda: not os.path.exists(mount.file(name + ".cbz")), "it is gone")
                    self.assertEqual(os.pread(file.fileno(), len(old), 0), old,
                                     "an open file lives on, as everywhere")
                mount.unmount()

    def test_a_passthrough_file_truncated_while_open(self):
        path = self.put("data.bin", os.urandom(500_000))
        mount = self.mount("ttl=0.1")
        with open(mount.file("data.bin"), "rb", buffering=0) as file:
            os.pread(file.fileno(), 10, 0)
            os.truncate(path, 1000)
            try:
                os.pread(file.fileno(), 100_000, 400_000)
            except OSError as error:
                self.assertEqual(error.errno, errno.EIO)
            wait_for(lambda: len(read(mount.file("data.bin"))) == 1000, "the new size is seen")

    def test_a_book_that_breaks_and_is_mended(self):
        first, second = self.versions["scan"]
        path = self.put("Book.pdf", first)
        mount = self.mount("ttl=0.1")
        self.assertEqual(os.listdir(mount.cbz), ["Book.cbz"])
        self.replace(path, make_pdfs.garbage())
        wait_for(lambda: os.listdir(mount.cbz) == ["Book.pdf"], "the broken one is shown as it is")
        self.assertEqual(read(mount.file("Book.pdf")), make_pdfs.garbage())
        self.replace(path, second)
        wait_for(lambda: os.listdir(mount.cbz) == ["Book.cbz"], "the mended one is a book again")
        self.assertEqual(len(cbz.pages(read(mount.file("Book.cbz")))), 5)


    def test_readers_of_a_source_that_changes_all_the_time_see_one_version_or_an_error(self):
        versions = [make_pdfs.mixed(seed=1), make_pdfs.scan(2, width=400, height=600),
                    make_pdfs.small(1, pages=5)]
        wanted = {self.expected(data, "Book") for data in versions}
        path = self.put("Book.pdf", versions[0])
        mount = self.mount("ttl=0")
        stop, seen, wrong = threading.Event(), [], []

        def reader():
            while not stop.is_set():
                try:
                    data = read(mount.file("Book.cbz"))
                    seen.append(len(data))
                    if data not in wanted:
                        wrong.append(len(data))
                except OSError as error:
                    if error.errno not in (errno.EIO, errno.ENOENT, errno.ESTALE):
                        wrong.append(error)

        threads = [threading.Thread(target=reader) for _ in range(4)]
        for thread in threads:
            thread.start()
        number, late = 0, time.monotonic() + harness.DEADLINE
        while number < 60 or (len(seen) <= 10 and time.monotonic() < late):
            change = self.replace if number % 2 else self.overwrite
            change(path, versions[number % 3])
            number += 1
            time.sleep(0.03)
        time.sleep(0.2)
        stop.set()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])
        self.assertGreater(len(seen), 10)
        self.assertTrue(mount.daemon_alive())


class BadSourceTest(harness.MountedTest):

    def test_what_does_not_open_stays_visible_with_its_own_bytes_and_is_named(self):
        bad = {"garbage.pdf": make_pdfs.garbage(), "locked.pdf": make_pdfs.encrypted(),
               "header only.pdf": b"%PDF-1.4\n", "no pages.pdf": make_pdfs.PdfWriter().bytes()}
        for name, data in bad.items():
            self.put(name, data)
        self.put("good.pdf", make_pdfs.small(1))
        self.put("claims.pdf", make_pdfs.claims())
        mount = self.mount()
        self.assertEqual(sorted(os.listdir(mount.cbz)),
                         sorted([*bad, "good.cbz", "claims.pdf"]))
        for name, data in bad.items():
            with self.subTest(name=name):
                self.assertEqual(os.stat(mount.file(name)).st_size, len(data))
                self.assertEqual(read(mount.file(name)), data)
                self.assertErrno(errno.ENOENT, os.stat, mount.file(name[:-4] + ".cbz"))
                lines = [line for line in mount.errors().splitlines() if name in line]
                self.assertEqual(len(lines), 1, mount.errors())
        self.assertIn("password", [line for line in mount.errors().splitlines()
                                   if "locked.pdf" in line][0])
        self.assertIn("no PDF", [line for line in mount.errors().splitlines()
                                 if "claims.pdf" in line][0])
        self.assertNotIn("good", mount.errors())

    def test_errors_are_one_line_each_whatever_the_name(self):
        self.put("two\nlines\x1b[31m.pdf", make_pdfs.garbage())
        self.put(b"inv\xff.pdf", make_pdfs.garbage(seed=2))
        mount = self.mount()
        os.listdir(mount.cbz)
        for name in os.listdir(os.fsencode(mount.cbz)):
            os.stat(os.path.join(os.fsencode(mount.cbz), name))
        text = mount.errors()
        self.assertEqual(len(text.splitlines()), 2, text)
        self.assertNotIn("\x1b", text)

    def test_documents_with_more_pages_than_allowed_stay_pdfs(self):
        data = make_pdfs.small(1, pages=6)
        self.put("long.pdf", data)
        self.put("short.pdf", make_pdfs.small(1, pages=5))
        mount = self.mount("max_pages=5")
        self.assertEqual(sorted(os.listdir(mount.cbz)), ["long.pdf", "short.cbz"])
        self.assertEqual(read(mount.file("long.pdf")), data)
        self.assertIn("long.pdf", mount.errors())

    def test_a_folder_of_broken_files_does_not_stop_the_others(self):
        for number in range(60):
            data = bytearray(make_pdfs.mixed())
            rng = make_pdfs.random.Random(number)
            for _ in range(200):
                data[rng.randrange(9, len(data))] = rng.randrange(256)
            self.put(f"fuzz{number:02d}.pdf", bytes(data[:rng.randrange(2000, len(data))]))
        self.put("good.pdf", make_pdfs.mixed())
        mount = self.mount()
        names = os.listdir(mount.cbz)
        self.assertEqual(len(names), 61)
        for name in names:
            with self.subTest(name=name):
                size = os.stat(mount.file(name)).st_size
                try:
                    self.assertEqual(len(read(mount.file(name))), size)
                except OSError as error:
                    self.assertEqual(error.errno, errno.EIO)
                    self.assertIn(name[:-4], mount.errors())
        self.assertEqual(len(cbz.pages(read(mount.file("good.cbz")))), 4)

    def test_unreadable_files_give_eacces_or_stay_as_they_are(self):
        self.put("secret.pdf", make_pdfs.small(1))
        os.chmod(os.path.join(self.library, "secret.pdf"), 0)
        mount = self.mount()
        self.assertEqual(len(os.listdir(mount.cbz)), 1)


class WildCorpusTest(harness.MountedTest):
    """Every wild PDF at hand: listed, of exact size, readable to the end, valid where it opens."""

    CORPUS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "shared",
                          "corpus")

    def test_wild_documents_are_whole_archives_or_themselves(self):
        if not os.path.isdir(self.CORPUS):
            self.skipTest(f"no wild documents at {os.path.normpath(self.CORPUS)}")
        sources = sorted(os.path.join(folder, name)
                         for folder, _, names in os.walk(self.CORPUS) for name in names
                         if name.lower().endswith(".pdf"))
        sources = sources[::max(1, len(sources) // 60)]
        for number, source in enumerate(sources):
            shutil.copyfile(source, os.path.join(self.library, f"{number:03d}.pdf"))
        mount = self.mount("dpi=72")
        names = os.listdir(mount.cbz)
        self.assertEqual(len(names), len(sources))
        books = 0
        for name in sorted(names):
            source = sources[int(name[:3])]
            with self.subTest(source=source):
                size = os.stat(mount.file(name)).st_size
                try:
                    data = read(mount.file(name))
                except OSError as error:
                    self.assertEqual(error.errno, errno.EIO)
                    self.assertIn(name[:3], mount.errors())
                    continue
                self.assertEqual(len(data), size)
                if name.endswith(".pdf"):
                    self.assertEqual(data, read(source))
                    continue
                books += 1
                for entry in cbz.pages(data):
                    entry.image()
        self.assertGreater(books, len(sources) * 0.8)


if __name__ == "__main__":
    harness.main()
