"""The pictures: originals are the PDF's own, drawn pages agree with mutool."""

import io
import os
import subprocess

import cbz
import harness
from harness import make_pdfs, read

from PIL import Image


class OriginalPagesTest(harness.MountedTest):

    def images_in(self, pdf):
        """What pdfimages extracts, in page order."""
        folder = os.path.join(self.folder, "images")
        os.makedirs(folder, exist_ok=True)
        for name in os.listdir(folder):
            os.remove(os.path.join(folder, name))
        subprocess.run(["pdfimages", "-all", pdf, os.path.join(folder, "i")], check=True)
        return [read(os.path.join(folder, name)) for name in sorted(os.listdir(folder))]

    def originals(self, data, options=""):
        """The pages of a mount of this one PDF, all of which must be originals, and its images."""
        path = self.put("Book.pdf", data)
        mount = self.mount(options)
        found = [cbz.Jpeg(entry.data) for entry in cbz.pages(read(mount.file("Book.cbz")))]
        status = mount.settle()["pages"]
        self.assertEqual((status["drawn"], status["original"]), (0, len(found)))
        mount.unmount()
        return found, self.images_in(path)

    def test_scans_are_bit_for_bit_what_pdfimages_extracts(self):
        for name, data in (("colour", make_pdfs.scan(3, width=400, height=600)),
                           ("gray", make_pdfs.gray_scan(2, width=400, height=600)),
                           ("with text below", make_pdfs.ocr_scan(2, width=400, height=600)),
                           ("img2pdf", make_pdfs.img2pdf_scan(2, width=400, height=600, icc=False)),
                           ("junk before", b"junk\n" * 100 + make_pdfs.scan(1, 300, 400))):
            with self.subTest(name):
                pages, images = self.originals(data)
                self.assertEqual([page.without_tail() for page in pages], images)
                for page in pages:
                    self.assertTrue(page.tail(), "a COM segment is added")

    def test_progressive_jpegs_pass_as_they_are(self):
        picture = make_pdfs.jpeg(make_pdfs.comic_page(1, 400, 600), progressive=True)
        pdf = make_pdfs.PdfWriter()
        image = pdf.image(picture, 400, 600)
        pdf.page("q 144 0 0 216 0 0 cm /Im0 Do Q", (144, 216), f"/XObject << /Im0 {image} >>")
        pages, _ = self.originals(pdf.bytes())
        self.assertEqual(pages[0].without_tail(), picture)

    def test_a_missing_end_of_image_is_added(self):
        picture = make_pdfs.comic_jpeg(1, 400, 600)
        pdf = make_pdfs.PdfWriter()
        image = pdf.image(picture[:-2], 400, 600)
        pdf.page("q 144 0 0 216 0 0 cm /Im0 Do Q", (144, 216), f"/XObject << /Im0 {image} >>")
        pages, _ = self.originals(pdf.bytes())
        self.assertEqual(pages[0].without_tail(), picture)

    def test_the_profile_of_the_pdf_goes_into_the_jpeg(self):
        pages, images = self.originals(make_pdfs.icc_scan(2, width=400, height=600))
        for page, image in zip(pages, images):
            self.assertEqual(page.core(), cbz.Jpeg(image).core())
            self.assertEqual(page.icc_profile(), make_pdfs.srgb_profile())

    def test_a_profile_that_is_in_the_jpeg_is_there_once(self):
        pages, images = self.originals(make_pdfs.img2pdf_scan(1, width=400, height=600))
        self.assertEqual(pages[0].core(), cbz.Jpeg(images[0]).core())
        self.assertEqual(pages[0].icc_profile(), make_pdfs.srgb_profile())
        self.assertEqual(sum(marker == 0xE2 for marker, _, _ in pages[0].segments), 1)

    def test_pages_behind_encryption_without_a_password_keep_their_scan(self):
        path = self.put("Book.pdf", make_pdfs.owner_only(2, width=400, height=600))
        page_data = cbz.pages(read(self.mount().file("Book.cbz")))
        self.assertEqual([cbz.Jpeg(entry.data).core() for entry in page_data],
                         [cbz.Jpeg(image).core() for image in self.images_in(path)])

    def test_pages_whose_jpeg_would_be_the_wrong_picture_are_drawn(self):
        cases = {
            "rotated": make_pdfs.rotated_scan(1, width=400, height=600),
            "decode array": make_pdfs.decode_array_scan(1, width=400, height=600),
            "margins": make_pdfs.margins(1), "two images": make_pdfs.two_images(1),
            "crop": make_pdfs.crop_box(1, width=400, height=600),
            "cmyk": make_pdfs.cmyk_scan(1, width=400, height=600), "lying": make_pdfs.lying_scan(),
            "drawn over": make_pdfs.mixed(),
        }
        for name, data in cases.items():
            self.put(name + ".pdf", data)
        mount = self.mount()
        for name in cases:
            before = mount.settle()["pages"]
            count = len(cbz.pages(read(mount.file(name + ".cbz"))))
            after = mount.settle()["pages"]
            with self.subTest(name):
                original = after["original"] - before["original"]
                drawn = after["drawn"] - before["drawn"]
                self.assertEqual((original, drawn), (2, 2) if name == "drawn over" else (0, count))

    def test_original_no_draws_every_page(self):
        self.put("Book.pdf", make_pdfs.scan(2, width=400, height=600))
        mount = self.mount("original=no")
        read(mount.file("Book.cbz"))
        status = mount.settle()["pages"]
        self.assertEqual((status["drawn"], status["original"]), (2, 0))


class DrawnPagesTest(harness.MountedTest):

    def mutool(self, pdf, page, dpi, gray=False):
        out = os.path.join(self.folder, "page.png")
        subprocess.run(["mutool", "draw", "-q", "-r", str(dpi), "-c", "gray" if gray else "rgb",
                        "-o", out, pdf, str(page)], check=True, capture_output=True)
        with Image.open(out) as picture:
            picture.load()
            return picture

    def least(self, picture):
        """What is to be expected of a picture: over 30 dB, unless JPEG itself cannot do it.

        Ten points below the asked quality is what a page may lose that did not fit its room.
        """
        jpeg = make_pdfs.jpeg(picture, 75, subsampling=2)
        return min(30.0, cbz.psnr(picture, Image.open(io.BytesIO(jpeg))) - 0.5)

    def assertAgrees(self, options, dpi, data, gray=False):  # noqa: N802
        path = self.put("Book.pdf", data)
        mount = self.mount(options)
        found = cbz.pages(read(mount.file("Book.cbz")))
        for number, entry in enumerate(found, 1):
            ours, theirs = entry.image(), self.mutool(path, number, dpi, gray)
            with self.subTest(page=number):
                self.assertEqual(ours.size, theirs.size)
                self.assertGreater(cbz.psnr(ours, theirs), self.least(theirs))
                self.assertEqual(round(ours.info["dpi"][0]), dpi)
        mount.unmount()

    def test_drawn_pages_agree_with_mutool(self):
        for name, gray, data in (
                ("text", True, make_pdfs.text_book(3)),
                ("drawings", False, make_pdfs.drawings(3)),
                ("rotated", False, make_pdfs.rotated_scan(1, width=400, height=600)),
                ("margins", False, make_pdfs.margins(1)),
                ("two images", False, make_pdfs.two_images(1)),
                ("bits", True, make_pdfs.ccitt_scan(1)),
                ("png", False, make_pdfs.png_scan(1)),
                ("jpx", False, make_pdfs.jpeg2000_scan(1)),
                ("crop box", False, make_pdfs.crop_box(1)),
                ("user unit", True, make_pdfs.user_unit(2))):
            with self.subTest(name):
                self.assertAgrees("original=no,dpi=150", 150, data, gray)

    def test_resolution_follows_the_option(self):
        for dpi in (72, 100, 200, 300):
            with self.subTest(dpi=dpi):
                self.assertAgrees(f"dpi={dpi}", dpi, make_pdfs.drawings(1))

    def test_by_itself_the_resolution_is_the_images_own_within_limits(self):
        cases = {"low": (100, 150), "own": (240, 240), "high": (600, 300)}
        for name, (dpi, _) in cases.items():
            self.put(name + ".pdf", make_pdfs.rotated_scan(1, width=600, height=900, dpi=dpi))
        self.put("text.pdf", make_pdfs.small(1))
        mount = self.mount()
        for name, (dpi, wanted) in cases.items():
            size = cbz.pages(read(mount.file(name + ".cbz")))[0].image().size
            with self.subTest(name):
                for got, pixels in zip(size, (900, 600)):
                    self.assertAlmostEqual(got, pixels * wanted / dpi, delta=1)
        self.assertEqual(cbz.pages(read(mount.file("text.cbz")))[0].image().size, (400, 600))

    def test_the_media_box_shows_what_the_crop_box_hides(self):
        self.put("Book.pdf", make_pdfs.crop_box(1))
        crop = cbz.pages(read(self.mount("dpi=200").file("Book.cbz")))[0].image()
        media = cbz.pages(read(self.mount("dpi=200,box=media").file("Book.cbz")))[0].image()
        self.assertEqual((crop.size, media.size), ((600, 900), (800, 1200)))
        inner = media.crop((100, 150, 700, 1050))
        self.assertGreater(cbz.psnr(crop, inner), 25)

    def test_gray_pages_have_one_component(self):
        self.put("text.pdf", make_pdfs.small(1))
        self.put("gray.pdf", make_pdfs.rotated_scan(1, width=400, height=600, gray=True))
        self.put("colour.pdf", make_pdfs.drawings(1))
        mount = self.mount()
        for name, components in (("text", 1), ("gray", 1), ("colour", 3)):
            page = cbz.pages(read(mount.file(name + ".cbz")))[0]
            with self.subTest(name):
                self.assertEqual(cbz.Jpeg(page.data).frame()[2], components)

    def test_pages_over_the_limits_are_drawn_smaller(self):
        self.put("wall.pdf", make_pdfs.huge_page(100))
        self.put("strip.pdf", make_pdfs.text_page(["a strip"], size=(14400, 10)))
        mount = self.mount("dpi=600")
        for name in ("wall", "strip"):
            entry = cbz.pages(read(mount.file(name + ".cbz")))[0]
            width, height, _ = cbz.Jpeg(entry.data).frame()
            with self.subTest(name):
                self.assertLessEqual(width * height, 50_000_000)
                self.assertLessEqual(max(width, height), 65_500)
                self.assertGreater(width * height if name == "wall" else width * 700, 45_000_000)

    def test_quality_follows_the_option(self):
        self.put("Book.pdf", make_pdfs.drawings(1))
        sizes = []
        for quality in (40, 60, 85, 95):
            mount = self.mount(f"quality={quality}")
            sizes.append(len(cbz.pages(read(mount.file("Book.cbz")))[0].data))
        self.assertEqual(sizes, sorted(sizes))
        self.assertLess(sizes[0] * 1.5, sizes[-1])

    def test_a_very_small_page_is_still_a_picture(self):
        self.put("tiny.pdf", make_pdfs.tiny_page())
        picture = cbz.pages(read(self.mount().file("tiny.cbz")))[0].image()
        self.assertGreaterEqual(min(picture.size), 1)


if __name__ == "__main__":
    harness.main()
