"""Folders of images as books beside themselves: folders=yes."""

import errno
import os
import shutil
import subprocess
import xml.etree.ElementTree as xml
import zipfile
import zlib

import harness
import make_archives
from harness import make_pdfs, read
from make_archives import flat_png, page_jpeg

INFO = b"<?xml version='1.0'?><ComicInfo><Series>Own</Series></ComicInfo>\n"


def images(count=3, seed=0):
    return {f"{i + 1}.jpg": page_jpeg(seed + i) for i in range(count)}


def unpacked(path):
    with zipfile.ZipFile(path) as book:
        assert book.testzip() is None
        return {name: book.read(name) for name in book.namelist()}


def without_info(members):
    return {name: data for name, data in members.items() if name != "ComicInfo.xml"}


class FoldersTest(harness.MountedTest):

    def put_all(self, folder, members):
        for name, data in members.items():
            self.put(f"{folder}/{name}", data)
        return members

    def mount(self, options="", **more):  # noqa: D102
        return super().mount("folders=yes" + (options and "," + options), **more)

    def replace(self, name, data):
        """Writes a file of the library that is there at once, or not yet."""
        path = os.path.join(self.folder, "new")
        with open(path, "wb") as out:
            out.write(data)
        os.rename(path, os.path.join(self.library, name))

    def images_read(self, mount):
        return mount.status()["folders"]["images_read"]

    # --- What shows ------------------------------------------------------------------------------

    def test_without_the_option_nothing_is_new(self):
        self.put_all("Book", images())
        mount = super().mount()
        for view in harness.VIEWS:
            self.assertEqual(os.listdir(mount.file(view=view)), ["Book"])
        self.assertNotIn("folders", mount.status())

    def test_a_folder_is_a_book_beside_itself(self):
        members = self.put_all("A/Book", images())
        mount = self.mount()
        for view, more in (("cbz", ["Book.cbz"]), ("enhanced", ["Book.cbz"]),
                           ("thumbnails", ["Book.jpg"]), ("pages", [])):
            self.assertEqual(sorted(os.listdir(mount.file("A", view=view))), ["Book", *more])
            # A is none: no image stands in it directly. Nor is the root.
            self.assertEqual(os.listdir(mount.file(view=view)), ["A"])
        for name, data in members.items():
            self.assertEqual(read(mount.file("A", "Book", name)), data)
            self.assertEqual(read(mount.file("A", "Book", name, view="pages")), data)

    def test_the_root_is_no_book(self):
        self.put_all(".", images())
        mount = self.mount()
        self.assertEqual(sorted(os.listdir(mount.cbz)), sorted(images()))
        alone = self.mount("view=cbz")
        self.assertEqual(sorted(os.listdir(alone.path)), sorted(images()))

    def test_covers_and_shelves_are_no_books(self):
        for folder, names in (("Series", ("cover.jpg", "Poster.PNG")),
                              ("Shelf", ("001.jpg", "a.pdf")),
                              ("Mixed", ("001.jpg", "a.CBR"))):
            for name in names:
                self.put(f"{folder}/{name}", page_jpeg(1))
        self.put_all("Series/One", {"cover.jpg": page_jpeg(1), "001.jpg": page_jpeg(2)})
        self.put("Hidden/.001.jpg", page_jpeg(1))
        self.put("Hidden/_002.jpg", page_jpeg(1))
        self.put("Texts/a.txt", b"text")
        mount = self.mount()
        self.assertEqual(sorted(os.listdir(mount.cbz)),
                         ["Hidden", "Mixed", "Series", "Shelf", "Texts"])
        self.assertEqual(sorted(os.listdir(mount.file("Series"))),
                         ["One", "One.cbz", "Poster.PNG", "cover.jpg"])
        self.assertEqual(sorted(without_info(unpacked(mount.file("Series", "One.cbz")))),
                         ["001.jpg", "cover.jpg"])
        for name in ("Hidden", "Mixed", "Series", "Shelf", "Texts"):
            self.assertErrno(errno.ENOENT, os.stat, mount.file(name + ".cbz"))
        hidden = self.mount("show_hidden")
        self.assertEqual(sorted(without_info(unpacked(hidden.file("Hidden.cbz")))),
                         [".001.jpg", "_002.jpg"])

    def test_names(self):
        self.put_all("Foo", images())
        self.put("Foo.pdf", make_pdfs.scan(1, width=200, height=300))
        self.put_all("Bar", images())
        self.put("Bar.cbz", make_archives.stored())
        self.put_all("Vol. 1", images())
        mount = self.mount("views=cbz")
        self.assertEqual(sorted(os.listdir(mount.cbz)),
                         ["Bar", "Bar.cbz", "Bar~2.cbz", "Foo", "Foo.cbz", "Foo~2.cbz", "Vol. 1",
                          "Vol. 1.cbz"])
        self.assertEqual(read(mount.file("Bar.cbz")), make_archives.stored())
        self.assertEqual(list(unpacked(mount.file("Foo.cbz"))), ["ComicInfo.xml", "0001.jpg"])
        self.assertEqual(without_info(unpacked(mount.file("Foo~2.cbz"))), images())

    # --- The archive -----------------------------------------------------------------------------

    def check_exact(self, path, members):
        size = os.stat(path).st_size
        data = read(path)
        self.assertEqual(len(data), size)
        for command in (["unzip", "-tqq", path], ["7z", "t", path], ["bsdtar", "-tf", path]):
            if shutil.which(command[0]) is None:
                continue
            done = subprocess.run(command, capture_output=True, check=False)
            self.assertEqual(done.returncode, 0, (command, done.stdout, done.stderr))
        self.assertEqual(without_info(unpacked(path)), members)
        with zipfile.ZipFile(path) as book:
            for entry in book.infolist():
                self.assertEqual(entry.compress_type, zipfile.ZIP_STORED)
                if entry.filename in members:
                    self.assertEqual(entry.CRC, zlib.crc32(members[entry.filename]))
        return data

    def test_the_archive_is_exact_and_in_order(self):
        members = {"10.jpg": page_jpeg(1), "9.png": flat_png(90, 120), "Page 2.jpg": page_jpeg(2),
                   "page 10.webp": b"no image at all", "empty.jpg": b"", "Größe.jpg": page_jpeg(3)}
        self.put_all("Book", members)
        self.put("Book/notes.txt", b"no page")
        self.put("Book/inside/1.jpg", page_jpeg(4))
        mount = self.mount("views=cbz")
        self.check_exact(mount.file("Book.cbz"), members)
        self.assertEqual(list(unpacked(mount.file("Book.cbz"))),
                         ["ComicInfo.xml", "9.png", "10.jpg", "empty.jpg", "Größe.jpg",
                          "Page 2.jpg", "page 10.webp"])
        self.check_exact(mount.file("Book", "inside.cbz"), {"1.jpg": page_jpeg(4)})
        self.assertEqual(mount.errors(), "")
        self.assertEqual(mount.made(), (0, 0, 0, 0))

    def test_it_reads_the_same_in_any_order(self):
        self.put_all("Book", images(12))
        mount = self.mount("views=cbz")
        path = mount.file("Book.cbz")
        data = read(path)
        again = self.mount("views=cbz")
        with open(again.file("Book.cbz"), "rb", buffering=0) as book:
            for offset in range(len(data) - 1, -1, -7919):
                self.assertEqual(os.pread(book.fileno(), 1000, offset), data[offset:offset + 1000])

    def test_names_that_no_archive_should_have(self):
        raw = os.path.join(os.fsencode(self.library), b"Book")
        os.mkdir(raw)
        names = (b"a\xff.jpg", b"a_.jpg", b"b\\c.jpg", b"tab\t.jpg", b"colon: 1.jpg")
        for name in names:
            with open(os.path.join(raw, name), "wb") as out:
                out.write(page_jpeg(len(name)))
        mount = self.mount("views=cbz")
        path = mount.file("Book.cbz")
        self.assertEqual(sorted(without_info(unpacked(path))),
                         ["a_.jpg", "a_~2.jpg", "b_c.jpg", "colon: 1.jpg", "tab_.jpg"])
        self.assertEqual(len(read(path)), os.stat(path).st_size)

    def test_links_inside_the_library_are_followed(self):
        self.put("Elsewhere/notes/1.jpg", page_jpeg(1))
        outside = os.path.join(self.folder, "outside.jpg")
        with open(outside, "wb") as out:
            out.write(page_jpeg(2))
        self.put("Book/2.jpg", page_jpeg(3))
        os.symlink("../Elsewhere/notes/1.jpg", os.path.join(self.library, "Book/1.jpg"))
        os.symlink(outside, os.path.join(self.library, "Book/3.jpg"))
        mount = self.mount("views=cbz")
        self.check_exact(mount.file("Book.cbz"), {"1.jpg": page_jpeg(1), "2.jpg": page_jpeg(3)})

    # --- ComicInfo.xml ---------------------------------------------------------------------------

    def test_comic_info_is_made_of_what_a_stat_tells(self):
        members = self.put_all("Saga v01 003 (2012)", images())
        mount = self.mount("views=cbz:enhanced")
        text = unpacked(mount.file("Saga v01 003 (2012).cbz"))["ComicInfo.xml"]
        info = xml.fromstring(text)
        self.assertEqual(info.findtext("Series"), "Saga")
        self.assertEqual(info.findtext("PageCount"), "3")
        self.assertEqual([page.get("ImageSize") for page in info.iter("Page")],
                         [str(len(data)) for data in members.values()])
        self.assertNotIn(b"ImageWidth", text)
        enhanced = unpacked(mount.file("Saga v01 003 (2012).cbz", view="enhanced"))
        text = enhanced["ComicInfo.xml"]
        self.assertEqual(xml.fromstring(text).findtext("PageCount"), "3")
        self.assertNotIn(b"ImageSize", text)
        for view in ("cbz", "enhanced"):
            with zipfile.ZipFile(mount.file("Saga v01 003 (2012).cbz", view=view)) as book:
                self.assertEqual({entry.date_time for entry in book.infolist()},
                                 {(1980, 1, 1, 0, 0, 0)}, view)

    def test_the_own_comic_info_is_taken_as_it_is(self):
        members = self.put_all("Book", images())
        self.put("Book/comicinfo.XML", INFO)
        for options in ("", "comicinfo=no"):
            mount = self.mount(options)
            for view in ("cbz", "enhanced"):
                book = unpacked(mount.file("Book.cbz", view=view))
                self.assertEqual(list(book), ["comicinfo.XML", *members])
                self.assertEqual(book["comicinfo.XML"], INFO)
            mount.unmount()

    def test_without_comic_info(self):
        members = self.put_all("Book", images())
        mount = self.mount("comicinfo=no")
        self.assertEqual(unpacked(mount.file("Book.cbz")), members)
        self.assertEqual(sorted(unpacked(mount.file("Book.cbz", view="enhanced"))),
                         sorted(members))

    # --- Work ------------------------------------------------------------------------------------

    def test_a_listing_reads_no_image(self):
        for i in range(20):
            self.put_all(f"Book {i}", images(4, seed=i))
        mount = self.mount("views=cbz")
        done = subprocess.run(["ls", "-lR", mount.cbz], capture_output=True, check=True)
        self.assertIn(b"Book 7.cbz", done.stdout)
        status = mount.status()
        self.assertEqual(status["folders"], {"images_read": 0, "bytes_read": 0})
        self.assertEqual(status["index"]["analysed"], 0)
        # Nor does the beginning of one, but for the first image.
        with open(mount.file("Book 7.cbz"), "rb", buffering=0) as book:
            os.pread(book.fileno(), 4, 0)
        self.assertLess(self.images_read(mount), 5)

    def test_each_image_is_read_once_for_its_crc(self):
        members = self.put_all("Book", images(6))
        index = os.path.join(self.folder, "index.sqlite")
        first = self.mount("views=cbz", index=index)
        size = os.stat(first.file("Book.cbz")).st_size
        for _ in range(3):
            unpacked(first.file("Book.cbz"))
        self.assertEqual(first.status()["folders"],
                         {"images_read": 6, "bytes_read": sum(map(len, members.values()))})
        first.unmount()
        second = self.mount("views=cbz", index=index)
        self.assertEqual(os.stat(second.file("Book.cbz")).st_size, size)
        self.assertEqual(without_info(unpacked(second.file("Book.cbz"))), members)
        self.assertEqual(self.images_read(second), 0)
        # One that is another by now, and only that.
        self.replace("Book/3.jpg", page_jpeg(99))
        self.wait_for_change(second, "Book.cbz", "3.jpg", page_jpeg(99))
        self.assertEqual(self.images_read(second), 1)

    def wait_for_change(self, mount, book, name, data):
        harness.wait_for(lambda: unpacked(mount.file(book)).get(name) == data, f"{name} changes")

    def test_a_handle_holds_few_descriptors(self):
        self.put_all("Book", {f"{i}.jpg": page_jpeg(1) for i in range(200)})
        mount = self.mount("views=cbz")
        with open(mount.file("Book.cbz"), "rb") as book:
            book.read()
            self.assertLess(mount.status()["descriptors"]["open"], 5)
        harness.wait_for(lambda: mount.status()["descriptors"]["open"] == 0, "all are closed")

    # --- Changes ---------------------------------------------------------------------------------

    def test_changes_show_at_once(self):
        self.put_all("Book", images())
        mount = self.mount("ttl=3600,views=cbz:thumbnails")
        path = mount.file("Book.cbz")

        def seen():
            found = os.stat(path)
            return found.st_size, found.st_mtime_ns
        before = seen()
        inode = os.stat(path).st_ino
        read(path)
        os.stat(mount.file("Book.jpg", view="thumbnails"))
        self.replace("Book/4.jpg", page_jpeg(4))
        harness.wait_for(lambda: seen() != before, "an image more")
        self.assertEqual(sorted(without_info(unpacked(path))), ["1.jpg", "2.jpg", "3.jpg", "4.jpg"])
        before = seen()
        os.utime(os.path.join(self.library, "Book/2.jpg"), (2_000_000_000, 2_000_000_000))
        harness.wait_for(lambda: seen() != before, "an image is touched")
        self.assertEqual(os.stat(path).st_mtime, 2_000_000_000)
        os.unlink(os.path.join(self.library, "Book/2.jpg"))
        harness.wait_for(lambda: "2.jpg" not in unpacked(path), "an image less")
        os.rename(os.path.join(self.library, "Book/3.jpg"),
                  os.path.join(self.library, "Book/5.jpg"))
        harness.wait_for(lambda: "5.jpg" in unpacked(path), "an image is renamed")
        self.assertEqual(os.stat(path).st_ino, inode)
        for name in ("1.jpg", "4.jpg", "5.jpg"):
            os.unlink(os.path.join(self.library, "Book", name))
        harness.wait_for(lambda: os.listdir(mount.cbz) == ["Book"], "no book any more")
        # The kernel is told once the folder has been looked at.
        harness.wait_for(lambda: not os.path.exists(path), "nor does the kernel know it")

    def test_times_and_modes(self):
        self.put_all("Book", images())
        folder = os.path.join(self.library, "Book")
        os.utime(os.path.join(folder, "1.jpg"), (1_500_000_000, 1_500_000_000))
        for name in ("2.jpg", "3.jpg", "."):
            os.utime(os.path.join(folder, name), (1_400_000_000, 1_400_000_000))
        os.chmod(folder, 0o750)
        mount = self.mount("views=cbz")
        found = os.stat(mount.file("Book.cbz"))
        self.assertEqual(found.st_mtime, 1_500_000_000)
        self.assertEqual(found.st_mode & 0o7777, 0o440)
        again = self.mount("views=cbz")
        self.assertEqual(os.stat(again.file("Book.cbz")).st_ino, found.st_ino)

    def test_nobody_reads_in_a_book_what_is_closed_in_the_library(self):
        self.put_all("Book", images())
        self.put_all("Passage", images())
        os.chmod(os.path.join(self.library, "Book/2.jpg"), 0o600)
        os.chmod(os.path.join(self.library, "Passage"), 0o711)
        mount = self.mount()
        for view, end in (("cbz", ".cbz"), ("enhanced", ".cbz"), ("thumbnails", ".jpg")):
            for book in ("Book", "Passage"):
                mode = os.stat(mount.file(book + end, view=view)).st_mode
                self.assertEqual(mode & 0o777, 0o400, book)

    def test_a_handle_never_reads_a_mix(self):
        members = self.put_all("Book", images(4))
        mount = self.mount("views=cbz,read_ahead=0")
        path = mount.file("Book.cbz")
        whole = read(path)
        starts = {name: whole.index(data) for name, data in members.items()}
        mount.unmount()
        mount = self.mount("views=cbz")
        book = os.open(mount.file("Book.cbz"), os.O_RDONLY | os.O_DIRECT)
        self.addCleanup(os.close, book)
        block = 4096

        def bytes_of(name):
            at = starts[name] // block * block
            return os.pread(book, block, at), whole[at:at + block]
        self.assertEqual(*bytes_of("1.jpg"))
        new = page_jpeg(77)
        self.put("Book/3.jpg", new + bytes(len(new) % 7))
        os.unlink(os.path.join(self.library, "Book/4.jpg"))
        self.assertEqual(*bytes_of("1.jpg"))
        self.assertErrno(errno.EIO, bytes_of, "3.jpg")
        self.assertErrno(errno.EIO, bytes_of, "4.jpg")
        # Whoever had it open still sees what they opened; who opens it anew, what is there now.
        self.assertEqual(os.fstat(book).st_size, len(whole))
        harness.wait_for(lambda: sorted(without_info(unpacked(mount.file("Book.cbz")))) ==
                         ["1.jpg", "2.jpg", "3.jpg"], "the new version")
        self.assertEqual(mount.errors(), "")

    # --- Other views -----------------------------------------------------------------------------

    def test_enhanced(self):
        members = {"1.jpg": page_jpeg(1), "2.png": flat_png(90, 120), "10.jpg": page_jpeg(2), "broken.jpg": b"no image"}
        self.put_all("Book", members)
        index = os.path.join(self.folder, "index.sqlite")
        mount = self.mount("views=enhanced,read_ahead=0", index=index)
        path = mount.file("Book.cbz", view="enhanced")
        size = os.stat(path).st_size
        self.assertEqual(mount.made(), (0, 0, 0, 0))
        book = unpacked(path)
        self.assertEqual(len(read(path)), size)
        self.assertEqual(list(book), ["ComicInfo.xml", "1.jpg", "2.jpg", "10.jpg", "broken.jpg"])
        for name in ("1.jpg", "2.jpg", "10.jpg"):
            self.assertEqual(book[name][:2], b"\xff\xd8")
            self.assertNotEqual(book[name], members.get(name))
        self.assertEqual(book["broken.jpg"], b"no image")
        self.assertEqual(mount.made()[1], 3)
        self.assertIn("Book/broken.jpg\t", mount.errors())
        self.assertEqual(self.images_read(mount), 1)  # the broken one
        with open(mount.file("Book", "1.jpg", view="enhanced"), "rb") as loose:
            self.assertEqual(loose.read(2), b"\xff\xd8")
        mount.unmount()
        again = self.mount("views=enhanced", index=index)
        self.assertEqual(os.stat(again.file("Book.cbz", view="enhanced")).st_size, size)
        self.assertEqual(again.status()["index"]["analysed"], 0)
        self.assertEqual(unpacked(again.file("Book.cbz", view="enhanced")), book)

    def test_a_large_book_is_enhanced(self):
        self.put_all("Book", {f"{i}.jpg": page_jpeg(i % 5) for i in range(60)})
        mount = self.mount("views=enhanced")
        book = unpacked(mount.file("Book.cbz", view="enhanced"))
        self.assertEqual(list(book)[1:4] + list(book)[-1:], ["0.jpg", "1.jpg", "2.jpg", "59.jpg"])

    def test_covers(self):
        self.put_all("Book", {"2.jpg": page_jpeg(1, 200, 300), "10.jpg": page_jpeg(2)})
        self.put_all("Nothing", {"1.jpg": b"no image"})
        mount = self.mount("views=thumbnails,cover_height=150")
        path = mount.file("Book.jpg", view="thumbnails")
        size = os.stat(path).st_size
        data = read(path)
        self.assertEqual(len(data), size)
        self.assertEqual(make_size(data), (100, 150))
        self.assertEqual(sorted(os.listdir(mount.file("Book", view="thumbnails"))),
                         ["10.jpg", "2.jpg"])
        self.assertErrno(errno.ENOENT, os.stat, mount.file("Nothing.jpg", view="thumbnails"))
        self.assertEqual(mount.made()[2], 1)

    def test_views_of_a_config_file(self):
        self.put_all("Book", {"1.jpg": page_jpeg(1, 400, 600), "2.jpg": page_jpeg(2, 400, 600)})
        self.put("Book/ComicInfo.xml", INFO)
        self.put("Book/0.jpg", page_jpeg(3))
        self.put_all("Not", images())
        config = os.path.join(self.folder, "config.toml")
        with open(config, "w", encoding="utf-8") as out:
            out.write('[views.small]\nwidth = 200\nheight = 300\n'
                      '[[rules]]\npath = "Not"\nhidden = true\n[[rules]]\n'
                      'path = "0.jpg"\nhidden = true\n')
        mount = self.mount(f"config={config}")
        self.assertEqual(sorted(os.listdir(mount.file(view="small"))), ["Book", "Book.cbz"])
        path = mount.file("Book.cbz", view="small")
        size = os.stat(path).st_size
        book = unpacked(path)
        self.assertEqual(len(read(path)), size)
        self.assertEqual(book.pop("ComicInfo.xml"), INFO)
        self.assertEqual({name: make_size(data) for name, data in book.items()},
                         {"1.jpg": (200, 300), "2.jpg": (200, 300)})

    # --- On disk ---------------------------------------------------------------------------------

    def test_convert_writes_what_the_mount_shows(self):
        members = self.put_all("A/Book", images())
        self.put("A/Book/broken.png", b"no image")
        mount = self.mount("comicinfo=no")
        for arguments, view in ((["--tight"], "cbz"), ([], "enhanced"), (["--tight"], None)):
            enhance = [] if view == "cbz" else ["--enhance"]
            target = os.path.join(self.folder, "to" + "".join(arguments + enhance))
            command = [harness.program(), "convert", *arguments, *enhance, "-o",
                       "index=none,folders=yes,comicinfo=no", self.library + "/", target]
            done = subprocess.run(command, capture_output=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            path = os.path.join(target, "A/Book.cbz")
            if view:
                self.assertEqual(read(path), read(mount.file("A/Book.cbz", view=view)))
            else:
                book = unpacked(path)
                self.assertEqual(list(book), [*members, "broken.png"])
                self.assertLess(os.stat(path).st_size,
                                os.stat(mount.file("A/Book.cbz", view="enhanced")).st_size)
            self.assertEqual(os.stat(path).st_mtime_ns,
                             os.stat(mount.file("A/Book.cbz")).st_mtime_ns)
            again = subprocess.run(command, capture_output=True, check=False)
            self.assertRegex(again.stdout, rb"\b[1-9]\d* up to date")
            self.assertNotRegex(again.stdout, rb"Book\.cbz: (made|\d+ page)")

    # --- What cannot be read ---------------------------------------------------------------------

    def test_too_many_images_are_no_book(self):
        self.put_all("Book", images(5))
        mount = self.mount("views=cbz,max_pages=4")
        self.assertEqual(os.listdir(mount.cbz), ["Book"])
        self.assertIn("max_pages", mount.errors())


def make_size(data):
    import io
    from PIL import Image
    return Image.open(io.BytesIO(data)).size


if __name__ == "__main__":
    harness.main()
