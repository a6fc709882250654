"""The pages view: the very entries of a comic as files, with names that are safe anywhere."""

import errno
import io
import os
import unicodedata
import zipfile

import harness
import make_archives
from harness import make_pdfs, read, walk
from make_archives import BZIP2, DEFLATED, Entry, archive, page_jpeg


class PdfPagesTest(harness.MountedTest):

    def assertSame(self, mount, book, folder):  # noqa: N802
        """pages/FOLDER has just what cbz/BOOK has."""
        with zipfile.ZipFile(mount.file(book)) as archived:
            names = archived.namelist()
            self.assertEqual(sorted(os.listdir(mount.file(folder, view="pages"))), sorted(names))
            for name in names:
                path = mount.file(folder, name, view="pages")
                with self.subTest(book=book, name=name):
                    self.assertEqual(read(path), archived.read(name))
                    self.assertEqual(os.stat(path).st_size, archived.getinfo(name).file_size)

    def test_pages_are_the_entries_of_the_cbz(self):
        books = {"mixed": make_pdfs.mixed(), "scan": make_pdfs.scan(3, width=300, height=450),
                 "icc": make_pdfs.icc_scan(1, width=300, height=450),
                 "locked": make_pdfs.owner_only(2, width=300, height=450),
                 "turned": make_pdfs.rotated_scan(1, width=300, height=450),
                 "text": make_pdfs.small(1, pages=11)}
        for name, data in books.items():
            self.put(name + ".pdf", data)
        for options in ("", "guard=0", "names=seed,original=no", "profile=seed,guard=64k"):
            mount = self.mount(options)
            for name in books:
                self.assertSame(mount, name + ".cbz", name)
            self.assertEqual(mount.status()["pages"]["failed"], 0)
            mount.unmount()

    def test_original_pages_draw_nothing(self):
        self.put("Book.pdf", make_pdfs.scan(5, width=300, height=450))
        mount = self.mount()
        for number in range(5):
            data = read(mount.file("Book", f"{number + 1:04}.jpg", view="pages"))
            self.assertIn(make_pdfs.comic_jpeg(1000 + number, 300, 450)[20:-2], data)
        self.assertEqual(mount.made(), (0, 0, 0, 0))
        self.assertEqual(mount.status()["pages"]["original"], 5)

    def test_a_page_is_opened_in_the_middle_of_reading_the_book(self):
        self.put("Book.pdf", make_pdfs.small(1, pages=8))
        mount = self.mount("read_ahead=0")
        with open(mount.file("Book.cbz"), "rb") as file:
            begun = file.read(30000)
            page = read(mount.file("Book", "0001.jpg", view="pages"))
            last = read(mount.file("Book", "0008.jpg", view="pages"))
            whole = begun + file.read()
        with zipfile.ZipFile(io.BytesIO(whole)) as book:
            self.assertEqual((book.read("0001.jpg"), book.read("0008.jpg")), (page, last))
        self.assertEqual(mount.made(), (8, 0, 0, 0))


class EntriesTest(harness.MountedTest):
    """Of real archives."""

    def files(self, mount, folder):
        """{name: bytes} of a folder of pages, subfolders and all."""
        root = mount.file(folder, view="pages").encode()
        return {name.decode(): read(os.path.join(root, name))
                for name, status in walk(root).items()
                if harness.stat.S_ISREG(status.st_mode)}

    def test_stored_entries_need_no_worker(self):
        self.put("Book.cbz", make_archives.stored(4))
        mount = self.mount()
        found = self.files(mount, "Book")
        self.assertEqual(found, {f"{i + 1:03}.jpg": page_jpeg(i) for i in range(4)})
        self.assertEqual(mount.made(), (0, 0, 0, 0))

    def test_deflated_entries_are_unpacked_once(self):
        self.put("Book.cbz", make_archives.deflated(4))
        mount = self.mount("read_ahead=0")
        wanted = {f"{i + 1:03}.jpg": page_jpeg(100 + i) for i in range(4)}
        for _ in range(2):
            self.assertEqual(self.files(mount, "Book"), wanted)
        self.assertEqual(mount.made(), (0, 0, 0, 4))
        # A range past the kernel's cache comes from the page cache.
        with open(mount.file("Book", "002.jpg", view="pages"), "rb", buffering=0) as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            self.assertEqual(os.pread(file.fileno(), 1000, 5000), wanted["002.jpg"][5000:6000])
        self.assertEqual(mount.made(), (0, 0, 0, 4))

    def test_entries_are_their_own_bytes_whatever_they_are(self):
        entries = make_archives.pictures(60, 80)
        entries.update({"ComicInfo.xml": make_archives.COMIC_INFO, "empty.txt": b"",
                        "extras/script.pdf": make_pdfs.small(1), "long.bin": bytes(300_000)})
        packer = __import__("bz2").compress
        records = [Entry(name, data, DEFLATED if i % 2 else 0)
                   for i, (name, data) in enumerate(entries.items())]
        records.append(Entry("bzip2.jpg", page_jpeg(8), BZIP2, packed=packer(page_jpeg(8))))
        entries["bzip2.jpg"] = page_jpeg(8)
        self.put("Book.cbz", archive(records))
        mount = self.mount()
        self.assertEqual(self.files(mount, "Book"), entries)
        self.assertEqual((mount.errors(), mount.status()["pages"]["failed"]), ("", 0))

    def test_an_archive_behind_a_prefix_and_before_a_comment_is_read(self):
        entries = [Entry("1.jpg", page_jpeg(1)), Entry("2.jpg", page_jpeg(2), DEFLATED)]
        self.put("sfx.cbz", archive(entries, prefix=b"MZ" + bytes(5000), comment=b"PK\5\6 no"))
        mount = self.mount()
        self.assertEqual(self.files(mount, "sfx"), {"1.jpg": page_jpeg(1), "2.jpg": page_jpeg(2)})

    def test_hostile_names_stay_inside_and_can_be_read(self):
        names = ["../../up.jpg", "/abs.jpg", "C:\\drive.jpg", "..\\dos.jpg", "CON.jpg",
                 "new\nline.jpg", "a/../b.jpg", "./c.jpg", "d//e.jpg", "nul", "trail. ", "..",
                 "../..", "", "tab\there.jpg", "q?*.jpg", "x" * 300 + ".jpg", "\x1b[31mred.jpg",
                 "COM1.png", "a:b.jpg", "same.jpg", "same.jpg", "SAME.jpg", "dir.jpg/in.jpg",
                 "dir.jpg", "-rf.jpg", b"bad\xff\xfe.jpg", "nul\0byte.jpg", "‮gpj.exe.jpg"]
        data = {number: page_jpeg(number, 16, 16) + bytes([number]) for number in
                range(len(names))}
        self.put("Evil.cbz", archive([Entry(name, data[number], DEFLATED if number % 2 else 0)
                                      for number, name in enumerate(names)]))
        mount = self.mount()
        found = self.files(mount, "Evil")
        self.assertEqual(sorted(found.values()), sorted(data.values()))
        for path in found:
            for part in path.split("/"):
                with self.subTest(path=path):
                    self.assertNotIn(part, ("", ".", ".."))
                    self.assertFalse(set(part) & set('\\:*?"<>|'))
                    self.assertNotIn("Cc", [unicodedata.category(c) for c in part])
                    self.assertLessEqual(len(part.encode()), 255)
                    self.assertFalse(part.endswith((".", " ")))
                    self.assertNotIn(part.split(".")[0].upper(), ("CON", "NUL", "COM1"))
        # Those that are fit as they are keep their names.
        for name in ("a/b.jpg", "c.jpg", "d/e.jpg", "-rf.jpg", "SAME.jpg", "dir.jpg/in.jpg"):
            self.assertIn(name, found)
        self.assertEqual(found["same.jpg"], data[names.index("same.jpg")])
        for name in ("../x", "..", "../../etc/passwd"):
            path = os.path.join(mount.file("Evil", view="pages"), "nothing", name)
            self.assertErrno(errno.ENOENT, os.lstat, path)
        # The enhanced twin has just as many, and no worse names.
        with zipfile.ZipFile(mount.file("Evil.cbz", view="enhanced")) as twin:
            self.assertIsNone(twin.testzip())
            self.assertEqual(len(twin.namelist()), len(names))
            self.assertFalse([name for name in twin.namelist()
                              if name.startswith("/") or ".." in name.split("/") or "\\" in name])

    def test_a_single_folder_is_left_out_and_others_are_not(self):
        deep = [Entry(f"one/two/three/{i}.jpg", page_jpeg(i)) for i in range(2)]
        self.put("deep.cbz", archive(deep))
        self.put("two.cbz", archive(deep + [Entry("one/x.jpg", page_jpeg(9))]))
        mount = self.mount()
        self.assertEqual(sorted(self.files(mount, "deep")), ["0.jpg", "1.jpg"])
        self.assertEqual(sorted(self.files(mount, "two")),
                         ["two/three/0.jpg", "two/three/1.jpg", "x.jpg"])

    def test_seventy_thousand_entries(self):
        page = page_jpeg(0, 8, 8)
        entries = [Entry(f"{i:05}.jpg", page) for i in range(70_000)]
        self.put("Many.cbz", archive(entries, count=70_000 & 0xFFFF))
        mount = self.mount("max_pages=100000")
        names = os.listdir(mount.file("Many", view="pages"))
        self.assertEqual(sorted(names), [entry.name for entry in entries])
        self.assertEqual(read(mount.file("Many", "69999.jpg", view="pages")), page)
        self.assertEqual(mount.made(), (0, 0, 0, 0))
        mount.unmount()
        # More than are allowed: no comic, and said so.
        mount = self.mount()
        self.assertEqual(os.listdir(mount.file(view="pages")), ["Many.cbz"])
        self.assertIn("Many.cbz\t-\t70000 pages are more than -o max_pages=10000",
                      mount.errors())


if __name__ == "__main__":
    harness.main()
