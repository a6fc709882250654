"""Pages of views of the config file that are WebP: as exact as the JPEGs of all other views."""

import io
import os
import shutil
import struct
import subprocess
import unittest
import zipfile
import xml.etree.ElementTree as xml

from PIL import Image, ImageCms

import cbz
import harness
from harness import make_pdfs, read

from comic_art import comic_page
from make_archives import DEFLATED, Entry, archive, deflate, page_jpeg

VIEWS = """
[views.tablet]
width = 600
height = 800
format = "webp"
[views.gray]
width = 600
height = 800
gray = true
format = "webp"
split = "left-first"
[views.paper]
width = 600
height = 800
levels = 16
format = "webp"
"""


def page(width=900, height=1350, seed=3):
    return comic_page(seed, width, height).convert("RGB")


def coded(picture, kind="PNG", **options):
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def book(**members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in members.items():
            archive.writestr(name.replace("_", "."), data)
    return out.getvalue()


def chunks(data):
    """Of a WebP: its names and contents, and what lies behind its end."""
    assert data[:4] == b"RIFF" and data[8:12] == b"WEBP", data[:12]
    end = 8 + struct.unpack("<I", data[4:8])[0]
    assert end % 2 == 0 and end <= len(data)
    found = []
    at = 12
    while at < end:
        size, = struct.unpack("<I", data[at + 4:at + 8])
        found.append((data[at:at + 4], data[at + 8:at + 8 + size]))
        assert at + 8 + size <= end
        at += 8 + size + size % 2
    assert at == end
    return found, data[end:]


class WebpTest(harness.MountedTest):

    def config(self, text=VIEWS):
        path = os.path.join(self.folder, "config.toml")
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        return f"config={path}"

    def whole(self, mount, *names, view):
        path = mount.file(*names, view=view)
        size = os.stat(path).st_size
        data = read(path)
        self.assertEqual(len(data), size)
        test = subprocess.run(["unzip", "-tq", path], capture_output=True, check=False)
        self.assertEqual(test.returncode, 0, test.stdout + test.stderr)
        return data

    def check(self, entry, picture, least):
        """The entry is a WebP of the picture, in a form that the standard has."""
        found, behind = chunks(entry.data)
        names = [name for name, _ in found]
        self.assertEqual(names[0], b"VP8X")
        coded_as, = [name for name in names if name in (b"VP8 ", b"VP8L")]
        flags = found[0][1][0]
        # ICCP stands before the picture, and is there when the header says so.
        self.assertEqual(flags, 0x20 if b"ICCP" in names else 0)
        if b"ICCP" in names:
            self.assertLess(names.index(b"ICCP"), names.index(coded_as))
        self.assertEqual(names[-1], b"JUNK")
        self.assertIn(behind, (b"", b"\0"))
        for name, content in found:
            if name == b"JUNK":
                self.assertEqual(content[:-4].strip(b"\0"), b"")
        made = entry.image()
        self.assertEqual(made.format, "WEBP")
        self.assertEqual(made.size, picture.size)
        self.assertGreater(cbz.psnr(made.convert("RGB"), picture.convert("RGB")), least)
        return coded_as, found

    def put_books(self):
        self.put("Scan.pdf", make_pdfs.scan(2, width=1600, height=2400))
        self.put("Text.pdf", make_pdfs.text_page(["Some words"], size=(400, 600)))
        self.put("Book.cbz", book(**{"001_png": coded(page()), "002_png": coded(page(1350, 900)),
                                     "003_jpeg": coded(page().convert("L"), "JPEG")}))
        self.put("loose.png", coded(page()))

    def test_pages_are_webp_of_the_sizes_foretold(self):
        self.put_books()
        mount = self.mount(self.config())
        self.assertEqual(sorted(os.listdir(os.path.join(mount.path, "tablet"))),
                         ["Book.cbz", "Scan.cbz", "Text.cbz", "loose.png"])
        self.assertEqual([e.name for e in cbz.pages(self.whole(mount, "Scan.cbz", view="tablet"))],
                         ["0001.webp", "0002.webp"])
        pages = cbz.pages(self.whole(mount, "Book.cbz", view="tablet"))
        self.assertEqual([e.name for e in pages], ["001.webp", "002.webp", "003.webp"])
        for entry, size, mode in ((pages[0], (533, 800), "RGB"), (pages[1], (600, 400), "RGB"),
                                  (pages[2], (533, 800), "L")):
            original = page() if size[0] == 533 else page(1350, 900)
            wanted = original.convert(mode).resize(size, Image.Resampling.LANCZOS)
            coded_as, found = self.check(entry, wanted, 27)
            self.assertEqual(coded_as, b"VP8 ")
            profiles = [content for name, content in found if name == b"ICCP"]
            self.assertEqual(len(profiles), 1 if mode == "RGB" else 0)
            for profile in profiles:
                opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
                self.assertIn("sRGB", ImageCms.getProfileDescription(opened))
        # Local headers lie on blocks, so that none holds parts of two pages.
        data = self.whole(mount, "Scan.cbz", view="tablet")
        for info in zipfile.ZipFile(io.BytesIO(data)).infolist():
            self.assertEqual(info.header_offset % 4096, 0)
        info = xml.fromstring(cbz.entries(data)[0].data)
        told = [(int(p.get("ImageWidth")), int(p.get("ImageHeight")), int(p.get("ImageSize")))
                for p in info.iter("Page")]
        self.assertEqual(told, [e.image().size + (len(e.data),) for e in cbz.pages(data)])
        gray = cbz.pages(self.whole(mount, "Book.cbz", view="gray"))
        self.assertEqual([e.name for e in gray],
                         ["001.webp", "002-1.webp", "002-2.webp", "003.webp"])
        wanted = page().convert("L").resize((533, 800), Image.Resampling.LANCZOS)
        self.check(gray[0], wanted, 30)
        self.assertEqual(mount.errors(), "")
        status = mount.status()
        self.assertEqual(status["slots"]["config"]["softened"], 0)

    def test_few_levels_are_exact(self):
        self.put_books()
        mount = self.mount(self.config())
        levels = {round(i * 255 / 15) for i in range(16)}
        for name in ("Book.cbz", "Scan.cbz"):
            for entry in cbz.pages(self.whole(mount, name, view="paper")):
                found, _ = chunks(entry.data)
                self.assertIn(b"VP8L", [chunk for chunk, _ in found])
                colours = {colour for _, colour in entry.image().convert("RGB").getcolors(1 << 24)}
                self.assertEqual({len(set(colour)) for colour in colours}, {1})
                self.assertLessEqual({colour[0] for colour in colours}, levels)
                self.assertGreater(len(colours), 2)
        self.assertEqual(mount.status()["slots"]["config"]["lowered"], 0)

    def test_the_same_bytes_on_every_mount(self):
        self.put_books()
        seen = []
        for options in ("workers=1", "workers=2,guard=64k", "workers=2", "workers=1,guard=0"):
            mount = self.mount(f"{self.config()},index=none,{options}")
            seen.append([self.whole(mount, name, view=view) for name in ("Book.cbz", "Scan.cbz")
                         for view in ("tablet", "paper")])
            mount.unmount()
        self.assertEqual(seen[0], seen[2])
        for one, other in zip(seen[0], seen[1]):
            self.assertNotEqual(one, other)
            self.assertEqual([cbz.pages(one)[0].image().tobytes()],
                             [cbz.pages(other)[0].image().tobytes()])

    def test_names_of_the_seed(self):
        self.put_books()
        mount = self.mount(self.config() + ",names=seed")
        names = [e.name for e in cbz.pages(self.whole(mount, "Scan.cbz", view="tablet"))]
        self.assertEqual(names, ["Scan page_1.webp", "Scan page_2.webp"])

    def test_reading_a_header_makes_no_page(self):
        self.put_books()
        mount = self.mount(self.config() + ",read_ahead=0,index=none")
        path = mount.file("Scan.cbz", view="tablet")
        os.stat(path)
        before = mount.status()["pages"]["config"]
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                with open(path, "rb", buffering=0) as raw:
                    os.posix_fadvise(raw.fileno(), 0, 0, os.POSIX_FADV_RANDOM)
                    self.assertEqual(os.pread(raw.fileno(), 64, info.header_offset)[:4], b"PK\3\4")
        self.assertEqual(mount.status()["pages"]["config"], before)

    def test_colour_profiles_stay(self):
        wide = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        self.assertEqual(wide[16:20], b"RGB ")
        # Another one, to be told from that of sRGB.
        wide = wide[:24] + struct.pack(">HHH", 1999, 1, 1) + wide[30:]
        jpeg = coded(page(), "JPEG", quality=90, icc_profile=wide)
        self.put("Book.cbz", book(**{"001_jpeg": jpeg}))
        import img2pdf
        self.put("Scan.pdf", img2pdf.convert([jpeg]))
        mount = self.mount(self.config())
        for name in ("Book.cbz", "Scan.cbz"):
            entry, = cbz.pages(self.whole(mount, name, view="tablet"))
            self.assertEqual(entry.image().info["icc_profile"], wide, name)
            entry, = cbz.pages(self.whole(mount, name, view="gray"))
            self.assertNotIn("icc_profile", entry.image().info, name)

    def test_what_is_damaged_is_a_webp_too(self):
        whole = coded(page(), "JPEG", quality=92)
        half = len(whole) // 2
        spoilt = whole[:half] + bytes(3000) + whole[half + 3000:]
        self.put("Book.cbz", book(**{"001_jpeg": whole, "002_jpeg": spoilt}))
        mount = self.mount(self.config())
        for view in ("tablet", "gray", "paper"):
            entries = cbz.pages(self.whole(mount, "Book.cbz", view=view))
            made = [e for e in entries if e.name.endswith(".webp")]
            self.assertEqual(len(made), 2)
            for entry in made:
                self.assertEqual(entry.image().size, (533, 800))
            self.assertNotEqual(*(entry.image().tobytes() for entry in made))

    def test_a_page_that_cannot_be_made_says_so(self):
        good, other = page_jpeg(1, 400, 600), page_jpeg(2, 400, 600)
        self.put("Torn.cbz", archive([Entry("1.jpg", good, DEFLATED),
                                      Entry("2.jpg", other, DEFLATED,
                                            packed=deflate(other)[:-2000])]))
        mount = self.mount(self.config() + ",read_ahead=0")
        for view, mode in (("tablet", True), ("gray", False), ("paper", False)):
            entry = cbz.pages(self.whole(mount, "Torn.cbz", view=view))[1]
            found, _ = chunks(entry.data)
            self.assertEqual(b"ICCP" in [name for name, _ in found], mode)
            image = entry.image()
            self.assertEqual(image.size, (400, 600))
            dark = sum(image.convert("L").histogram()[:100]) / (400 * 600)
            self.assertGreater(dark, 0.005)
            self.assertLess(dark, 0.3)
        self.assertGreater(mount.settle()["pages"]["notices"], 0)

    def test_pages_longer_than_a_webp_can_be_are_made_smaller(self):
        self.put("Strip.cbz", book(**{"001_png": coded(Image.new("L", (40, 20000), 200))}))
        mount = self.mount(self.config('[views.strip]\nformat = "webp"\n'))
        entry, = cbz.pages(self.whole(mount, "Strip.cbz", view="strip"))
        width, height = entry.image().size
        self.assertLessEqual(height, 16383)
        self.assertGreater(height, 16300)
        self.assertEqual(width, 32)

    def test_what_does_not_go_together_is_told(self):
        for text, told in (
                ('[views.a]\nformat = "png"\n', ('line 2', '"jpeg" or "webp"')),
                ('[views.a]\nformat = "webp"\nlevels = 32\n', ("line 1", "at most 16 levels"))):
            result = subprocess.run([harness.program(), "-f", "-o", self.config(text), self.library,
                                     self.folder], capture_output=True, text=True, check=False)
            self.assertEqual(result.returncode, 2, text)
            for part in told:
                self.assertIn(part, result.stderr)

    @unittest.skipUnless(shutil.which("convert"), "ImageMagick is not installed")
    def test_another_program_reads_them(self):
        self.put_books()
        mount = self.mount(self.config())
        for view in ("tablet", "paper"):
            entry = cbz.pages(self.whole(mount, "Scan.cbz", view=view))[0]
            out = subprocess.run(["convert", "webp:-", "png:-"], input=entry.data, check=True,
                                 capture_output=True).stdout
            self.assertEqual(Image.open(io.BytesIO(out)).size, entry.image().size)


if __name__ == "__main__":
    harness.main()
