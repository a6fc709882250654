"""Pages that cannot be made: who gets a page that says so, who an error, and what is said of it."""

import errno
import os
import subprocess
import zipfile

import harness
import pixels
from harness import make_pdfs, read
from make_archives import DEFLATED, Entry, archive, deflate, page_jpeg

GOOD, OTHER = page_jpeg(1, 400, 600), page_jpeg(2, 400, 600)
LIMIT = harness.limit(1)
ENDLESS = f"draw_timeout={LIMIT},analyse_timeout={2 * LIMIT},workers=2"


def ink(image):
    """Pixels that are rather black than white."""
    return sum(image.convert("L").histogram()[:100])


def most_strokes(image):
    """How often a row goes from white to black: once for a mark, often for a line of text."""
    gray = image.convert("L").point(lambda value: 255 if value >= 128 else 0)
    data, width = gray.tobytes(), gray.width
    return max(data[y * width:(y + 1) * width].count(b"\xff\x00") for y in range(gray.height))


class OnErrorTest(harness.MountedTest):

    def setUp(self):
        super().setUp()
        # The second page can be seen to be broken only when it is unpacked: it is at fault itself.
        self.put("Torn.cbz", archive([
            Entry("1.jpg", GOOD, DEFLATED),
            Entry("2.jpg", OTHER, DEFLATED, packed=deflate(OTHER)[:-2000]),
            Entry("3.jpg", GOOD, DEFLATED)]))

    def mounted(self, options=""):
        return self.mount(",".join(part for part in ("read_ahead=0", options) if part))

    def assertNotice(self, data, size, text=True):  # noqa: N802
        """A JPEG of the page's size with something to read on it, on white."""
        image = pixels.decode(data)
        self.assertEqual((image.format, image.size), ("JPEG", size))
        share = ink(image) / (size[0] * size[1])
        self.assertGreater(share, 0.005)
        self.assertLess(share, 0.3)
        if text:
            self.assertGreater(most_strokes(image), 10)
        else:
            self.assertEqual(most_strokes(image), 1)

    def assertWhole(self, path):  # noqa: N802
        """The archive can be read to the end, is as long as stat says, and passes `unzip -t`."""
        size = os.stat(path).st_size
        self.assertEqual(len(read(path)), size)
        done = subprocess.run(["unzip", "-tqq", path], capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, b""))

    def lines(self, mount, name):
        """The columns of the lines of .cbzfs/errors for a file."""
        found = [line.split("\t") for line in mount.errors().splitlines()]
        return [columns for columns in found if columns[0] == name]

    def test_a_page_at_fault_reads_as_one_that_says_so(self):
        mount = self.mounted()
        path = mount.file("Torn.cbz", view="enhanced")
        size = os.stat(path).st_size
        self.assertWhole(path)
        self.assertEqual(os.stat(path).st_size, size)
        with zipfile.ZipFile(path) as book:
            pages = {name: book.read(name) for name in book.namelist()}
        self.assertNotice(pages["2.jpg"], (400, 600))
        for name in ("1.jpg", "3.jpg"):
            self.assertGreater(ink(pixels.decode(pages[name])), 400 * 600 / 100)
        line, = self.lines(mount, "Torn.cbz")
        self.assertEqual(len(line), 4)
        self.assertEqual(line[1], "2")
        self.assertIn("2.jpg: ", line[2])
        self.assertIn("unzip -t", line[3])
        counted = mount.status()["pages"]
        self.assertEqual((counted["failed"], counted["notices"]), (1, 1))
        # It is kept like any page: nothing is tried again.
        self.assertEqual(zipfile.ZipFile(path).read("2.jpg"), pages["2.jpg"])
        self.assertEqual(mount.settle()["pages"]["notices"], 1)

    def test_the_same_notice_on_every_mount(self):
        wanted = read(self.mounted().file("Torn.cbz", view="enhanced"))
        for options in ("workers=3", "workers=1,cache=0,show_hidden", "on_error=page"):
            mount = self.mounted(options)
            self.assertEqual(read(mount.file("Torn.cbz", view="enhanced")), wanted, options)

    def test_thumbnails_and_covers_show_a_mark_or_text(self):
        self.put("First.cbz", archive([
            Entry("1.jpg", OTHER, DEFLATED, packed=deflate(OTHER)[:-2000]), Entry("2.jpg", GOOD)]))
        mount = self.mounted()
        thumbnail = mount.file("Torn", "0002.jpg", view="thumbnails")
        size = os.stat(thumbnail).st_size
        data = read(thumbnail)
        self.assertEqual(len(data), size)
        self.assertNotice(data, (67, 100), text=False)
        cover = mount.file("First.jpg", view="thumbnails")
        self.assertEqual(os.stat(cover).st_size, len(read(cover)))
        self.assertNotice(read(cover), (200, 300))
        self.assertEqual(len(self.lines(mount, "First.cbz")), 1)

    def test_eio_gives_errors_and_the_same_sizes(self):
        auto = self.mounted()
        mount = self.mounted("on_error=eio")
        for names, view in ((("Torn.cbz",), "enhanced"), (("Torn", "0002.jpg"), "thumbnails")):
            self.assertEqual(os.stat(mount.file(*names, view=view)).st_size,
                             os.stat(auto.file(*names, view=view)).st_size)
        self.assertErrno(errno.EIO, read, mount.file("Torn", "0002.jpg", view="thumbnails"))
        with zipfile.ZipFile(mount.file("Torn.cbz", view="enhanced")) as book:
            self.assertErrno(errno.EIO, book.read, "2.jpg")
            book.read("3.jpg")
        self.assertEqual(len(self.lines(mount, "Torn.cbz")), 1)
        self.assertEqual(mount.status()["pages"]["notices"], 0)

    def test_an_entry_that_is_handed_on_is_an_error_in_any_case(self):
        for options in ("", "on_error=page"):
            mount = self.mounted(options)
            self.assertErrno(errno.EIO, read, mount.file("Torn", "2.jpg", view="pages"))
            self.assertEqual(mount.status()["pages"]["notices"], 0)

    def test_an_accident_is_an_error_and_not_kept(self):
        self.put("Part.pdf", make_pdfs.partly_endless(3, 2))
        mount = self.mounted(ENDLESS)
        for view in ("pages", "thumbnails", "enhanced"):
            name = ("Part.cbz",) if view == "enhanced" else ("Part", "0002.jpg")
            self.assertErrno(errno.EIO, read, mount.file(*name, view=view))
        read(mount.file("Part", "0003.jpg", view="pages"))
        line, = self.lines(mount, "Part.pdf")
        self.assertEqual((len(line), line[1]), (4, "2"))
        self.assertIn(f"raise -o draw_timeout= ({LIMIT}s now)", line[3])
        self.assertEqual(mount.status()["pages"]["notices"], 0)

    def test_page_shows_accidents_too_in_every_view(self):
        self.put("Part.pdf", make_pdfs.partly_endless(3, 2))
        mount = self.mounted(ENDLESS + ",on_error=page")
        path = mount.file("Part.cbz")
        with zipfile.ZipFile(path) as book:
            size = pixels.decode(book.read("0001.jpg")).size
            self.assertNotice(book.read("0002.jpg"), size)
            self.assertIsNone(book.testzip())
        self.assertWhole(path)
        self.assertWhole(mount.file("Part.cbz", view="enhanced"))
        with zipfile.ZipFile(mount.file("Part.cbz", view="enhanced")) as book:
            self.assertNotice(book.read("0002.jpg"), size)
        small = read(mount.file("Part", "0002.jpg", view="thumbnails"))
        self.assertNotice(small, (77, 100), text=False)
        self.assertEqual(len(self.lines(mount, "Part.pdf")), 1)
        # Not kept, here or in the kernel: whoever opens it again makes us ask again.
        before = mount.settle()["pages"]["notices"]
        read(mount.file("Part", "0002.jpg", view="pages"))
        self.assertGreater(mount.settle()["pages"]["notices"], before)

    def test_the_log_says_it_once(self):
        point = os.path.join(self.folder, "logged")
        os.mkdir(point)
        log = os.path.join(self.folder, "log")
        with open(log, "wb") as out:
            daemon = subprocess.Popen(
                [harness.program(), "-f", self.library, point, "-o", "index=none,read_ahead=0"],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        try:
            harness.wait_for(lambda: harness.is_mounted(point), "the mount is there")
            path = os.path.join(point, "enhanced", "Torn.cbz")
            for _ in range(2):
                with zipfile.ZipFile(path) as book:
                    book.read("2.jpg")
            self.assertErrno(errno.EIO, read, os.path.join(point, "pages", "Torn", "2.jpg"))
        finally:
            subprocess.run(["fusermount3", "-u", point], check=True)
            daemon.wait(harness.DEADLINE)
        with open(log, encoding="utf-8", errors="replace") as text:
            said = [line for line in text if "Torn.cbz, page 2: 2.jpg: " in line]
        self.assertEqual(len(said), 1, said)
        self.assertIn("(test the archive with `unzip -t`", said[0])
        self.assertIn("gets a page that says so", said[0])

    def test_names_of_any_kind_are_no_trouble(self):
        torn = archive([Entry("1.jpg", OTHER, DEFLATED, packed=deflate(OTHER)[:-2000])])
        for name in (b"\xe6\xbc\xab\xe7\x94\xbb.cbz", b"bad\xff\nname\t.cbz", b"x" * 250 + b".cbz"):
            self.put(name, torn)
        mount = self.mounted()
        folder = os.fsencode(mount.file(view="enhanced"))
        for name in os.listdir(folder):
            if name != b"Torn.cbz":
                with zipfile.ZipFile(os.fsdecode(os.path.join(folder, name))) as book:
                    self.assertNotice(book.read("1.jpg"), (400, 600))
        for line in mount.errors().splitlines():
            self.assertEqual(line.count("\t"), 3, line)


if __name__ == "__main__":
    harness.main()
