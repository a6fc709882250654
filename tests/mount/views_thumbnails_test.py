"""Thumbnails: their sizes, their pictures, and how little work a cover is."""

import os

import harness
import make_archives
import pixels
from harness import make_pdfs, read
from make_archives import DEFLATED, Entry, archive, comic_page, encoded

from PIL import ImageFilter

# Mean absolute difference of RGB levels from Pillow's picture of the same page at the same quality.
# Measured: 0 where the decoder gives the same pixels to the filter, JPEG and JPEG 2000 scaled ones
# included. WebP is scaled by its decoder in a way of its own: 3.7 levels where a page is a screen
# of fine dots, 1 where it is smooth.
SAME, SCALED = 0.05, 2


class ThumbnailsTest(harness.MountedTest):

    def thumbnail(self, mount, *names):
        return pixels.decode(read(mount.file(*names, view="thumbnails")))

    def sizes(self, mount, book):
        """(cover, first page)"""
        return (self.thumbnail(mount, book + ".jpg").size,
                self.thumbnail(mount, book, "0001.jpg").size)

    def test_sizes_are_exact(self):
        shapes = {"paper": (1240, 1754), "wide": (1754, 1240), "small": (80, 60), "tall": (30, 900),
                  "line": (1000, 1), "exact": (100, 100), "just over": (101, 101),
                  "flat": (299, 301)}
        for name, size in shapes.items():
            self.put(name + ".cbz", archive([Entry("1.jpg", make_archives.flat(size))]))
        mount = self.mount()
        self.assertEqual(
            {name: self.sizes(mount, name) for name in shapes},
            {"paper": ((212, 300), (71, 100)), "wide": ((424, 300), (100, 71)),
             "small": ((80, 60), (80, 60)), "tall": ((10, 300), (3, 100)),
             "line": ((1000, 1), (100, 1)), "exact": ((100, 100), (100, 100)),
             "just over": ((101, 101), (100, 100)), "flat": ((298, 300), (99, 100))})

    def test_sizes_that_are_asked_for(self):
        self.put("paper.cbz", archive([Entry("1.jpg", make_archives.flat((1240, 1754)))]))
        self.put("paper.pdf", make_pdfs.scan(1, width=1240, height=1754))
        mount = self.mount("thumb_size=64,cover_height=500")
        for book in ("paper", "paper.pdf"):
            self.assertEqual(self.sizes(mount, book), ((353, 500), (45, 64)))

    def assertNear(self, got, data, size, what, levels=SAME):  # noqa: N802
        with self.subTest(what=what):
            self.assertEqual(got.size, size)
            wanted = pixels.shrink(data, size, got.quantization)
            self.assertLess(pixels.difference(got, wanted), levels)

    def assertPages(self, mount, book, pages):  # noqa: N802
        """`pages`: the images that the thumbnails are of, 2 : 3."""
        self.assertNear(self.thumbnail(mount, book + ".jpg"), pages[0], (200, 300), book)
        for number, data in enumerate(pages):
            name = f"{number + 1:04}.jpg"
            self.assertNear(self.thumbnail(mount, book, name), data, (67, 100), (book, name))

    def test_pictures_are_those_of_pillow(self):
        page = comic_page(1, 600, 900)
        clear = page.copy()
        clear.putalpha(page.convert("L"))
        pages = {"1.jpg": encoded(page, "JPEG", quality=90),
                 "2.jpg": encoded(page.convert("L"), "JPEG", quality=90),
                 "3.jpg": encoded(page, "JPEG", quality=90, progressive=True),
                 "4.png": encoded(page, "PNG"), "5.png": encoded(clear, "PNG"),
                 "6.tif": encoded(page.convert("CMYK"), "TIFF"),
                 "7.gif": encoded(page.convert("P"), "GIF"), "8.bmp": encoded(page, "BMP"),
                 "9.jp2": encoded(page, "JPEG2000", quality_mode="rates", quality_layers=[8])}
        self.put("Book.cbz", archive([Entry(name, data, DEFLATED if i % 2 else 0)
                                      for i, (name, data) in enumerate(pages.items())]))
        self.assertPages(self.mount("read_ahead=0"), "Book", list(pages.values()))

    def test_pictures_of_webp_are_near_those_of_pillow(self):
        page = comic_page(1, 600, 900).filter(ImageFilter.GaussianBlur(6))
        pages = {"1.webp": encoded(page, "WEBP", quality=90),
                 "2.webp": encoded(page, "WEBP", lossless=True)}
        self.put("Book.cbz", archive([Entry(name, data) for name, data in pages.items()]))
        mount = self.mount("cover_height=150")
        for number, data in enumerate(pages.values()):
            name = f"{number + 1:04}.jpg"
            self.assertNear(self.thumbnail(mount, "Book", name), data, (67, 100), name, SCALED)

    def test_pictures_of_pdf_pages_are_those_of_pillow(self):
        self.put("Scan.pdf", make_pdfs.scan(2, width=600, height=900))
        self.put("Icc.pdf", make_pdfs.icc_scan(1, width=600, height=900))
        self.put("Mixed.pdf", make_pdfs.mixed())
        mount = self.mount()
        for book in ("Scan", "Icc", "Mixed"):
            names = sorted(os.listdir(mount.file(book, view="thumbnails")))
            pages = [read(mount.file(book, name, view="pages")) for name in names]
            with self.subTest(book=book):
                self.assertPages(mount, book, pages)

    def test_a_turned_page_is_upright(self):
        self.put("Book.cbz", archive([Entry("1.jpg", make_archives.rotated_jpeg(6, 900, 600))]))
        mount = self.mount()
        data = make_archives.rotated_jpeg(6, 900, 600)
        self.assertNear(self.thumbnail(mount, "Book.jpg"), data, (200, 300), "cover")
        self.assertNear(self.thumbnail(mount, "Book", "0001.jpg"), data, (67, 100), "page")

    def test_the_cover_is_the_page_that_readers_show_first(self):
        pages = [encoded(comic_page(50 + i, 60, 90), "PNG") for i in range(3)]
        names = ["page10.png", "Page2.png", "page1.png"]
        self.put("Book.cbz", archive([Entry("info.txt", b"first in the archive")] +
                                     [Entry(name, data) for name, data in zip(names, pages)]))
        mount = self.mount()
        for shown, data in (("Book.jpg", pages[2]), ("Book/0001.jpg", pages[2]),
                            ("Book/0002.jpg", pages[1]), ("Book/0003.jpg", pages[0])):
            self.assertNear(self.thumbnail(mount, shown), data, (60, 90), shown)

    def test_the_cover_of_a_drawn_book_draws_one_page(self):
        self.put("Long.pdf", make_pdfs.text_book(200))
        mount = self.mount()
        self.assertEqual(self.thumbnail(mount, "Long.jpg").size, (200, 300))
        self.assertEqual(mount.made(), (1, 0, 1, 0))

    def test_covers_of_scans_draw_nothing(self):
        self.put("Scan.pdf", make_pdfs.scan(20, width=300, height=450, pictures=2))
        self.put("Bits.pdf", make_pdfs.ccitt_scan(2))
        self.put("Png.pdf", make_pdfs.png_scan(2))
        self.put("Jpx.pdf", make_pdfs.jpeg2000_scan(2))
        self.put("Book.cbz", make_archives.stored(5))
        mount = self.mount()
        for book in ("Scan", "Bits", "Png", "Jpx", "Book"):
            self.assertEqual(self.thumbnail(mount, book + ".jpg").size[1], 300)
        self.assertEqual(mount.made(), (0, 0, 5, 0))

    def test_thumbnails_are_made_once_and_alone(self):
        self.put("Book.cbz", make_archives.deflated(30))
        mount = self.mount()
        for _ in range(3):
            self.thumbnail(mount, "Book", "0017.jpg")
        # Nothing is read ahead: no browser asks for the next page's thumbnail because of this one.
        self.assertEqual(mount.made(), (0, 0, 1, 0))

    def test_loose_images_have_covers(self):
        data = encoded(comic_page(2, 600, 900), "PNG")
        self.put("photo.png", data)
        mount = self.mount()
        self.assertEqual(os.listdir(mount.file(view="thumbnails")), ["photo.jpg"])
        self.assertNear(self.thumbnail(mount, "photo.jpg"), data, (200, 300), "photo")


if __name__ == "__main__":
    harness.main()
