"""XPS documents and EPUBs of fixed layout: books like PDFs, of which every page is drawn."""

import io
import os
import xml.etree.ElementTree
import zipfile

import harness
import make_documents
import pixels
from comic_art import comic_page, jpeg
from harness import read
from PIL import Image

RED, BLUE = (200, 30, 30), (30, 30, 200)


def xps_book():
    """A page of boxes, one of a picture, one of text."""
    picture = jpeg(comic_page(1, 640, 960))
    return make_documents.xps([
        make_documents.box("#C81E1E", 0, 0, 384, 288) +
        make_documents.box("#1E1EC8", 0, 288, 384, 576),
        make_documents.image("one.jpg", 0, 0, 384, 576, (640, 960)),
        make_documents.text("The words of the third page", 20, 300, 24),
    ], parts=[("one.jpg", picture)])


def picture_of(number, size):
    """A JPEG in two colours, the upper one its number's."""
    whole = Image.new("RGB", size, BLUE)
    whole.paste((40 * number, 255 - 40 * number, 60), (0, 0, size[0], size[1] // 2))
    return jpeg(whole)


def epub_book(count=3, size=(758, 1024), **more):
    names = [f"i{number}.jpg" for number in range(count)]
    return make_documents.epub(
        [make_documents.image_page(name, size) for name in names],
        [("Images/" + name, picture_of(number, size)) for number, name in enumerate(names)], **more)


def novel():
    page = ("<html xmlns='http://www.w3.org/1999/xhtml'><head><title>n</title></head><body>" +
            "<p>It was a dark and stormy night.</p>" * 200 + "</body></html>")
    return make_documents.epub([page], layout="", title="A Novel")


def open_pages(path):
    with zipfile.ZipFile(path) as archive:
        if archive.testzip() is not None:
            raise AssertionError(f"{path}: {archive.testzip()} is damaged")
        return [Image.open(io.BytesIO(archive.read(name))).convert("RGB")
                for name in archive.namelist() if name.endswith(".jpg")]


class DocumentsTest(harness.MountedTest):

    def assertColour(self, image, at, colour):  # noqa: N802
        found = image.getpixel((int(image.width * at[0]), int(image.height * at[1])))
        for one, other in zip(found, colour):
            self.assertLess(abs(one - other), 12, (at, found, colour))

    def test_an_xps_is_a_book(self):
        self.put("Printed.xps", xps_book())
        self.put("Other.OXPS", xps_book())
        mount = self.mount("dpi=160")
        self.assertEqual(sorted(os.listdir(mount.cbz)), ["Other.cbz", "Printed.cbz"])
        book = mount.file("Printed.cbz")
        size = os.stat(book).st_size
        self.assertEqual(mount.drawn(), 0)
        pages = open_pages(book)
        self.assertEqual(len(read(book)), size)
        # 384 x 576 units of 1/96 inch.
        self.assertEqual([page.size for page in pages], [(640, 960)] * 3)
        self.assertColour(pages[0], (0.5, 0.25), RED)
        self.assertColour(pages[0], (0.5, 0.75), BLUE)
        original = pixels.decode(jpeg(comic_page(1, 640, 960)))
        self.assertLess(pixels.difference(pages[1], original), 5)
        words = pages[2].crop((20, 440, 620, 520)).convert("L")
        self.assertLess(min(words.getdata()), 60, "the text of the third page is not there")
        self.assertEqual(pages[2].crop((0, 0, 640, 400)).convert("L").getextrema(), (255, 255))

    def test_pages_have_the_resolution_of_their_images(self):
        # A picture of 960 x 1440 on 4 x 6 inches.
        picture = jpeg(comic_page(2, 960, 1440))
        self.put("Scan.xps", make_documents.xps(
            [make_documents.image("one.jpg", 0, 0, 384, 576, (960, 1440)),
             make_documents.box("#000000", 10, 10, 20, 20)], parts=[("one.jpg", picture)]))
        pages = open_pages(self.mount().file("Scan.cbz"))
        self.assertEqual([page.size for page in pages], [(960, 1440), (800, 1200)])

    def test_all_views_have_it(self):
        self.put("Printed.xps", xps_book())
        self.put("Comic.epub", epub_book())
        mount = self.mount()
        for name, count in (("Printed", 3), ("Comic", 3)):
            enhanced = open_pages(mount.file(name + ".cbz", view="enhanced"))
            self.assertEqual(len(enhanced), count)
            names = sorted(os.listdir(mount.file(name, view="pages")))
            self.assertEqual(len(names), count + 1)  # with ComicInfo.xml
            cover = pixels.decode(read(mount.file(name + ".jpg", view="thumbnails")))
            self.assertEqual(cover.height, 300)
            thumbnails = [pixels.decode(read(mount.file(name, thumb, view="thumbnails")))
                          for thumb in os.listdir(mount.file(name, view="thumbnails"))]
            self.assertEqual([max(thumb.size) for thumb in thumbnails], [100] * count)
        # The three pages of each were drawn once for all views.
        self.assertEqual(mount.made()[0], 6)

    def test_an_epub_of_fixed_layout_is_a_book(self):
        metadata = "<dc:creator>Ann Author</dc:creator>"
        self.put("Comic.epub", epub_book(5, metadata=metadata,
                                         spine='page-progression-direction="rtl"'))
        mount = self.mount()
        book = mount.file("Comic.cbz")
        pages = open_pages(book)
        # Pixel by pixel.
        self.assertEqual([page.size for page in pages], [(758, 1024)] * 5)
        for number, page in enumerate(pages):
            self.assertColour(page, (0.5, 0.25), (40 * number, 255 - 40 * number, 60))
            for corner in (0.02, 0.98):
                self.assertColour(page, (corner, 0.97), BLUE)
        with zipfile.ZipFile(book) as archive:
            info = xml.etree.ElementTree.fromstring(archive.read("ComicInfo.xml"))
        self.assertEqual(info.findtext("Title"), "A Comic")
        self.assertEqual(info.findtext("Writer"), "Ann Author")
        self.assertEqual(info.findtext("Manga"), "YesAndRightToLeft")

    def test_the_older_ways_to_fix_a_layout(self):
        self.put("Amazon.epub", epub_book(layout=make_documents.AMAZON))
        apple = ('<display_options><platform name="*"><option name="fixed-layout">true</option>'
                 '</platform></display_options>')
        data = io.BytesIO(epub_book(layout=""))
        with zipfile.ZipFile(data, "a") as archive:
            archive.writestr("META-INF/com.apple.ibooks.display-options.xml", apple)
        self.put("Apple.epub", data.getvalue())
        mount = self.mount()
        self.assertEqual(sorted(os.listdir(mount.cbz)), ["Amazon.cbz", "Apple.cbz"])

    def test_a_novel_is_handed_on_as_it_is(self):
        data = novel()
        self.put("Novel.epub", data)
        self.put("Comic.epub", epub_book())
        mount = self.mount()
        for view in ("cbz", "enhanced"):
            self.assertEqual(sorted(os.listdir(mount.file(view=view))), ["Comic.cbz", "Novel.epub"])
            self.assertEqual(read(mount.file("Novel.epub", view=view)), data)
        self.assertEqual(mount.errors(), "")

    def test_damaged_ones_stay_visible_and_are_named(self):
        whole = xps_book()
        self.put("cut.xps", whole[:len(whole) // 2])
        self.put("empty.xps", b"")
        self.put("text.epub", b"This is no EPUB.\n")
        self.put("good.xps", whole)
        mount = self.mount()
        self.assertEqual(sorted(os.listdir(mount.cbz)),
                         ["cut.xps", "empty.xps", "good.cbz", "text.epub"])
        self.assertEqual(read(mount.file("cut.xps")), whole[:len(whole) // 2])
        self.assertIn("cut.xps", mount.errors())
        self.assertIn("text.epub", mount.errors())
        self.assertEqual(len(open_pages(mount.file("good.cbz"))), 3)
        self.assertEqual(mount.status()["workers"]["restarts"], 0)

    def test_the_same_bytes_in_any_order(self):
        # Pages that share a picture at two sizes: what was drawn before must not show.
        picture = jpeg(comic_page(3, 1200, 1800))
        self.put("Shared.xps", make_documents.xps(
            [make_documents.image("one.jpg", 0, 0, 384, 576, (1200, 1800)),
             make_documents.image("one.jpg", 0, 0, 96, 144, (1200, 1800))],
            parts=[("one.jpg", picture)]))
        self.put("Comic.epub", epub_book())
        forwards = self.mount("workers=1,read_ahead=0")
        backwards = self.mount("workers=1,read_ahead=0")
        for name in ("Shared", "Comic"):
            names = sorted(os.listdir(forwards.file(name, view="pages")))
            one = [read(forwards.file(name, page, view="pages")) for page in names]
            other = [read(backwards.file(name, page, view="pages")) for page in reversed(names)]
            self.assertEqual(one, other[::-1])
            self.assertEqual(read(forwards.file(name + ".cbz")),
                             read(backwards.file(name + ".cbz")))


if __name__ == "__main__":
    harness.main()
