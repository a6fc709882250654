"""Broken and hostile archives and images: the page that fails, those that go on, what is said."""

import errno
import os
import struct
import zipfile

import harness
import make_archives
import pixels
from harness import make_pdfs, read
from make_archives import AES, DEFLATED, Entry, archive, deflate, flat_png, page_jpeg

GOOD, OTHER = page_jpeg(1), page_jpeg(2)
FAILS = "EIO"


OPTIONS = "read_ahead=0,on_error=eio"


class HostileTest(harness.MountedTest):

    def setUp(self):
        super().setUp()
        # What must work whatever stands beside it.
        self.put("honest.cbz", archive([Entry("1.jpg", GOOD, DEFLATED)]))

    def tearDown(self):
        # Nothing of all this may cost a worker, let alone the mount.
        status = self.hostile.settle()
        self.assertTrue(self.hostile.daemon_alive())
        self.assertEqual((status["workers"]["restarts"], status["workers"]["timeouts"]), (0, 0))
        self.assertLessEqual(status["memory"]["reserved"], status["memory"]["limit"])
        self.assertEqual(read(self.hostile.file("honest", "1.jpg", view="pages")), GOOD)
        with zipfile.ZipFile(self.hostile.file("honest.cbz", view="enhanced")) as book:
            self.assertIsNone(book.testzip())

    def show(self, *entries, name="Evil.cbz", options=OPTIONS):
        self.put(name, archive(entries))
        self.hostile = self.mount(options)
        return self.hostile

    def outcome(self, path):
        """The bytes of a file, or FAILS."""
        try:
            return read(path)
        except OSError as error:
            self.assertEqual(error.errno, errno.EIO, path)
            return FAILS

    def assertPages(self, mount, wanted):  # noqa: N802
        """`wanted`: {name: bytes or FAILS} of pages/Evil."""
        folder = mount.file("Evil", view="pages")
        self.assertEqual(sorted(os.listdir(folder)), sorted(wanted))
        for name, data in wanted.items():
            with self.subTest(view="pages", name=name):
                self.assertEqual(self.outcome(os.path.join(folder, name)), data)

    def assertEnhanced(self, mount, wanted):  # noqa: N802
        """`wanted`: {name: (width, height) of an image, bytes, or FAILS} of enhanced/Evil.cbz."""
        with zipfile.ZipFile(mount.file("Evil.cbz", view="enhanced")) as book:
            self.assertEqual(book.namelist(), list(wanted))
            for name, what in wanted.items():
                with self.subTest(view="enhanced", name=name):
                    if what == FAILS:
                        self.assertErrno(errno.EIO, book.read, name)
                    elif isinstance(what, bytes):
                        self.assertEqual(book.read(name), what)
                    else:
                        self.assertEqual(pixels.decode(book.read(name)).size, what)

    def assertThumbnails(self, mount, *wanted):  # noqa: N802
        """`wanted`: True or FAILS for each page; the cover is that of the first."""
        folder = mount.file("Evil", view="thumbnails")
        names = sorted(os.listdir(folder))
        self.assertEqual(names, [f"{i + 1:04}.jpg" for i in range(len(wanted))])
        for name, what in zip(names, wanted):
            with self.subTest(view="thumbnails", name=name):
                got = self.outcome(os.path.join(folder, name))
                self.assertEqual(got == FAILS, what == FAILS)
        self.assertEqual(self.outcome(mount.file("Evil.jpg", view="thumbnails")) == FAILS,
                         wanted[0] == FAILS)

    def assertErrors(self, mount, *lines):  # noqa: N802
        """`lines`: "page: text" of .cbzfs/errors for Evil.cbz, all of them."""
        found = [line.split("\t") for line in mount.errors().splitlines()]
        self.assertEqual(sorted(f"{page}: {text}" for path, page, text, advice in found
                                if path == "Evil.cbz" and advice), sorted(lines))

    def raw(self, mount, name):
        """The bytes of an entry of the enhanced archive as they are stored in it."""
        data = read(mount.file("Evil.cbz", view="enhanced"))
        with zipfile.ZipFile(mount.file("Evil.cbz", view="enhanced")) as book:
            info = book.getinfo(name)
        start = info.header_offset + 30 + sum(struct.unpack_from("<HH", data,
                                                                 info.header_offset + 26))
        return info, data[start:start + info.compress_size]

    def test_encrypted_entries(self):
        mount = self.show(Entry("1.jpg", GOOD), Entry("2.jpg", OTHER, flags=1),
                          Entry("3.jpg", OTHER, AES, flags=1), Entry("4.jpg", GOOD, DEFLATED))
        self.assertPages(mount, {"1.jpg": GOOD, "2.jpg": FAILS, "3.jpg": FAILS, "4.jpg": GOOD})
        self.assertThumbnails(mount, True, True)  # of the pages that can be read
        # In the archive they stay what they are, for a program that has the password.
        for name, method in (("2.jpg", 0), ("3.jpg", AES)):
            info, data = self.raw(mount, name)
            self.assertEqual((info.flag_bits & 1, info.compress_type, data), (1, method, OTHER))
        self.assertErrors(mount, "2: 2.jpg: encrypted", "3: 3.jpg: encrypted")

    def test_unknown_methods(self):
        mount = self.show(Entry("1.jpg", OTHER, method=14), Entry("2.jpg", GOOD),
                          Entry("3.jpg", OTHER, method=200))
        self.assertPages(mount, {"1.jpg": FAILS, "2.jpg": GOOD, "3.jpg": FAILS})
        self.assertThumbnails(mount, True)
        for name, method in (("1.jpg", 14), ("3.jpg", 200)):
            info, data = self.raw(mount, name)
            self.assertEqual((info.compress_type, data), (method, OTHER))
        self.assertErrors(mount, "1: 1.jpg: compressed with LZMA, which cannot be read",
                          "3: 3.jpg: compressed by method 200, which cannot be read")

    def test_wrong_check_sums(self):
        mount = self.show(Entry("1.jpg", OTHER, DEFLATED, crc=1), Entry("2.jpg", GOOD, DEFLATED),
                          Entry("3.jpg", OTHER, crc=1))
        # What lies in the archive as it is, is handed out as it is.
        self.assertPages(mount, {"1.jpg": FAILS, "2.jpg": GOOD, "3.jpg": OTHER})
        self.assertEnhanced(mount, {"1.jpg": FAILS, "2.jpg": (200, 300), "3.jpg": (200, 300)})
        self.assertThumbnails(mount, FAILS, True, True)
        self.assertErrors(mount, "1: 1.jpg: its data do not have the declared check sum",
                          "3: 3.jpg: the check sum is wrong: the image may be damaged")

    def test_data_that_end_too_early(self):
        mount = self.show(Entry("1.jpg", GOOD),
                          Entry("2.jpg", OTHER, DEFLATED, packed=deflate(OTHER)[:-2000]))
        self.assertPages(mount, {"1.jpg": GOOD, "2.jpg": FAILS})
        self.assertEnhanced(mount, {"1.jpg": (200, 300), "2.jpg": FAILS})
        self.assertThumbnails(mount, True, FAILS)
        self.assertIn("Evil.cbz\t2\t2.jpg: ", mount.errors())

    def test_images_that_were_cut_off(self):
        cut, png = OTHER[:-2000], flat_png(300, 400, 90, cut=0.5)
        mount = self.show(Entry("1.jpg", GOOD), Entry("2.jpg", cut), Entry("3.jpg", cut, DEFLATED),
                          Entry("4.png", png), Entry("5.png", png, DEFLATED))
        self.assertPages(mount, {"1.jpg": GOOD, "2.jpg": cut, "3.jpg": cut, "4.png": png,
                                 "5.png": png})
        with zipfile.ZipFile(mount.file("Evil.cbz", view="enhanced")) as book:
            self.assertIsNone(book.testzip())
            self.assertEqual(book.namelist(), ["1.jpg", "2.jpg", "3.jpg", "4.png", "5.jpg"])
            # A stored one is seen to be cut when the archive is listed: handed on as it is.
            self.assertEqual((book.read("2.jpg"), book.read("4.png")), (cut, png))
            # Of a deflated one that is found out late: its own scan in a slot, and what there is.
            scan = cut[cut.index(b"\xff\xda"):]
            self.assertIn(scan[:len(scan) - 2], book.read("3.jpg"))
            half = pixels.decode(book.read("5.jpg"))
            self.assertEqual(half.size, (300, 400))
            self.assertGreater(half.getpixel((150, 390)), 250)  # what is missing is white
            self.assertLess(half.getpixel((150, 10)), 100)
        self.assertThumbnails(mount, True, True, True)
        lines = mount.errors()
        for page in ("2\t2.jpg: the image ends too early", "4\t4.png: the image ends too early",
                     "3\t3.jpg: the image is damaged", "5\t5.png: the image is damaged"):
            self.assertIn(f"Evil.cbz\t{page}", lines)

    def test_bombs(self):
        bomb = deflate(bytes(200 << 20))
        mount = self.show(Entry("1.jpg", GOOD), Entry("2.jpg", bytes(1000), DEFLATED, packed=bomb),
                          Entry("3.jpg", b"", DEFLATED, packed=bomb, size=200 << 20))
        self.assertPages(mount, {"1.jpg": GOOD, "2.jpg": FAILS, "3.jpg": FAILS})
        self.assertEqual(os.stat(mount.file("Evil", "3.jpg", view="pages")).st_size, 200 << 20)
        self.assertThumbnails(mount, True)
        for name in ("2.jpg", "3.jpg"):  # as small as they came
            self.assertEqual(self.raw(mount, name)[1], bomb)
        self.assertErrors(mount, "2: 2.jpg: no image of a known format",
                          "2: 2.jpg: its data are longer than declared",
                          "3: 3.jpg: no image of a known format",
                          "3: 3.jpg: an entry of 200 MiB takes more memory to unpack than "
                          "-o memory= leaves beside the cache")

    def test_directories_that_lie(self):
        lie = "the archive's directory contradicts the entry's own header"
        mount = self.show(Entry("1.jpg", GOOD), Entry("2.jpg", OTHER, only_central={"size": 5}),
                          Entry("3.jpg", OTHER, only_central={"name": b"other.jpg"}),
                          Entry("4.jpg", OTHER, only_central={"offset": 7}),
                          Entry("5.jpg", OTHER, only_central={"offset": 1 << 30}))
        self.assertPages(mount, {"1.jpg": GOOD, "2.jpg": FAILS, "other.jpg": FAILS, "4.jpg": FAILS,
                                 "5.jpg": FAILS})
        self.assertEnhanced(mount, {"1.jpg": (200, 300)})
        self.assertThumbnails(mount, True)
        self.assertErrors(mount, f"2: 2.jpg: {lie}", f"3: other.jpg: {lie}",
                          "4: 4.jpg: it is not where the archive's directory says",
                          "5: 5.jpg: its data would lie outside the archive")

    def test_entries_that_overlap(self):
        at = 30 + len("1.jpg") + len(GOOD)
        mount = self.show(Entry("1.jpg", GOOD), Entry("2.jpg", OTHER),
                          Entry("2.jpg", b"", packed=b"", only_central={
                              "offset": at, **Entry("2.jpg", OTHER).fields()}))
        self.assertPages(mount, {"1.jpg": GOOD, "2.jpg": FAILS, "2 ~2.jpg": FAILS})
        self.assertEnhanced(mount, {"1.jpg": (200, 300)})
        text = "its data overlap those of another entry"
        self.assertErrors(mount, "-: 1 entry has the name of an earlier one", f"2: 2.jpg: {text}",
                          f"3: 2 ~2.jpg: {text}")

    def test_images_that_are_none(self):
        mount = self.show(Entry("1.jpg", GOOD), Entry("2.jpg", b"just text"), Entry("3.png"),
                          Entry("4.jpg", b"\xff\xd8\xff"))
        wanted = {"2.jpg": b"just text", "3.png": b"", "4.jpg": b"\xff\xd8\xff"}
        self.assertPages(mount, {"1.jpg": GOOD, **wanted})
        self.assertEnhanced(mount, {"1.jpg": (200, 300), **wanted})
        self.assertThumbnails(mount, True)
        self.assertErrors(mount, "2: 2.jpg: no image of a known format",
                          "3: 3.png: no image of a known format",
                          "4: 4.jpg: JPEG header cut short")

    def test_sides_over_what_a_jpeg_can_have(self):
        mount = self.show(Entry("1.png", flat_png(65501, 10)),
                          Entry("2.png", flat_png(10, 70000), DEFLATED))
        self.assertEnhanced(mount, {"1.jpg": (65500, 9), "2.jpg": (9, 65500)})
        self.assertThumbnails(mount, True, True)
        self.assertErrors(mount)

    def test_sixty_megapixels_are_scaled_down(self):
        mount = self.show(Entry("1.jpg", make_archives.big_jpeg()),
                          Entry("2.png", flat_png(10000, 6000, 200), DEFLATED),
                          options=OPTIONS + f",draw_timeout={harness.limit(20)}"
                                            f",analyse_timeout={harness.limit(10)}")
        # int(10000 * sqrt(50e6 / 60e6)), int(6000 * ...)
        self.assertEnhanced(mount, {"1.jpg": (9128, 5477), "2.jpg": (9128, 5477)})
        self.assertThumbnails(mount, True, True)
        self.assertEqual(
            pixels.decode(read(mount.file("Evil.jpg", view="thumbnails"))).size, (500, 300))
        self.assertErrors(mount)

    def test_an_image_file_over_a_hundred_megabytes_is_left_alone(self):
        path = self.put("Huge.bmp", make_archives.encoded(pixels.Image.new("L", (8, 8)), "BMP"))
        os.truncate(path, 101 << 20)  # sparse
        mount = self.show(Entry("1.jpg", GOOD))
        self.assertEqual(os.stat(mount.file("Huge.bmp", view="enhanced")).st_size, 101 << 20)
        self.assertErrno(errno.ENOENT, os.stat, mount.file("Huge.jpg", view="thumbnails"))
        self.assertIn("Huge.bmp\t-\timage file of 101 MiB: shown as it is", mount.errors())

    def test_one_broken_page_of_a_pdf_breaks_no_other(self):
        self.put("Part.pdf", make_pdfs.partly_endless(4, 2))
        limits = f"draw_timeout={harness.limit(1)},analyse_timeout={harness.limit(2)}"
        mount = self.show(Entry("1.jpg", GOOD), options=limits + ",workers=2")
        for view in ("pages", "thumbnails"):
            outcomes = [self.outcome(mount.file("Part", f"000{i}.jpg", view=view)) == FAILS
                        for i in range(1, 5)]
            self.assertEqual(outcomes, [False, True, False, False], view)
        self.assertIn("Part.pdf\t2\t", mount.errors())
        # A page without end is the one thing here that does cost a worker.
        self.assertGreater(mount.settle()["workers"]["timeouts"], 0)
        mount.unmount()
        self.hostile = self.mount()


if __name__ == "__main__":
    harness.main()
