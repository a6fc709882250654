"""Views of the config file: pages as a device wants them, in archives as exact as any other."""

import io
import os
import subprocess
import xml.etree.ElementTree as xml

from PIL import Image, ImageDraw

import cbz
import harness
from harness import make_pdfs, read

import make_packed
from comic_art import comic_page

USAGE = 2  # the exit status
EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "mount-helpers",
                        "examples")


def page(width=900, height=1350, mark=None, margin=0, seed=3):
    """A page in colour; `mark` is a colour for its left half, `margin` white pixels around it."""
    picture = comic_page(seed, width - 2 * margin, height - 2 * margin).convert("RGB")
    if margin:
        whole = Image.new("RGB", (width, height), "white")
        whole.paste(picture, (margin, margin))
        picture = whole
        ImageDraw.Draw(picture).rectangle(
            (margin, margin, width - margin, height - margin), outline="black", width=6)
    if mark:
        ImageDraw.Draw(picture).rectangle((0, 0, width // 2 - 1, height), fill=mark)
    return picture


def coded(picture, kind="JPEG"):
    out = io.BytesIO()
    picture.save(out, kind, **({"quality": 92} if kind == "JPEG" else {}))
    return out.getvalue()


def book(*pictures, extra=()):
    """A CBZ of pictures called 001.png and so on."""
    import zipfile
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for i, picture in enumerate(pictures):
            archive.writestr(f"{i + 1:03}.png", coded(picture, "PNG"))
        for name, data in extra:
            archive.writestr(name, data)
    return out.getvalue()


class ProfilesTest(harness.MountedTest):

    def config(self, text):
        path = os.path.join(self.folder, "config.toml")
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        return f"config={path}"

    def whole(self, mount, *names, view):
        """The archive, read in one go: as long as stat said before, and whole."""
        path = mount.file(*names, view=view)
        size = os.stat(path).st_size
        data = read(path)
        self.assertEqual(len(data), size)
        test = subprocess.run(["unzip", "-tq", path], capture_output=True, check=False)
        self.assertEqual(test.returncode, 0, test.stdout + test.stderr)
        return data

    def sizes(self, mount, name, view):
        return [entry.image().size for entry in cbz.pages(self.whole(mount, name, view=view))]

    def test_pages_fit_the_screen_and_are_gray(self):
        self.put("Scan.pdf", make_pdfs.scan(2, width=1600, height=2400))
        self.put("Text.pdf", make_pdfs.text_page(["Some words"], size=(400, 600)))
        self.put("Book.cbz", book(page(), page(1350, 900)))
        self.put("note.txt", b"as it is")
        self.put("loose.png", coded(page(), "PNG"))
        mount = self.mount(self.config("""
            [views.inside]
            width = 600
            height = 800
            gray = true
            [views.wide]
            width = 700
            fit = "width"
            [views.exact]
            width = 500
            height = 800
            fit = "exact"
            [views.large]
            width = 1800
            height = 2700
            enlarge = true
            [views.small]
            width = 1800
            height = 2700
        """))
        self.assertEqual(sorted(os.listdir(mount.path)),
                         sorted(harness.VIEWS + ("inside", "wide", "exact", "large", "small")))
        for view in ("inside", "wide"):
            self.assertEqual(sorted(os.listdir(os.path.join(mount.path, view))),
                             ["Book.cbz", "Scan.cbz", "Text.cbz", "loose.png", "note.txt"])
        self.assertEqual(read(mount.file("note.txt", view="inside")), b"as it is")
        self.assertEqual(read(mount.file("loose.png", view="inside")), coded(page(), "PNG"))
        self.assertEqual(self.sizes(mount, "Scan.cbz", "inside"), [(533, 800)] * 2)
        self.assertEqual(self.sizes(mount, "Book.cbz", "inside"), [(533, 800), (600, 400)])
        self.assertEqual(self.sizes(mount, "Book.cbz", "wide"), [(700, 1050), (700, 467)])
        self.assertEqual(self.sizes(mount, "Book.cbz", "exact"), [(500, 800)] * 2)
        self.assertEqual(self.sizes(mount, "Book.cbz", "large"), [(1800, 2700), (1800, 1200)])
        self.assertEqual(self.sizes(mount, "Book.cbz", "small"), [(900, 1350), (1350, 900)])
        self.assertEqual(len(self.sizes(mount, "Text.cbz", "inside")), 1)
        for view, mode in (("inside", "L"), ("wide", "RGB")):
            for name in ("Scan.cbz", "Book.cbz"):
                for entry in cbz.pages(read(mount.file(name, view=view))):
                    self.assertEqual(entry.image().mode, mode, view)
        original = Image.open(io.BytesIO(coded(page(), "PNG"))).convert("L")
        made = cbz.pages(read(mount.file("Book.cbz", view="inside")))[0].image()
        wanted = original.resize((533, 800), Image.Resampling.LANCZOS)
        self.assertGreater(cbz.psnr(made, wanted), 30)
        # The page stands in the middle of a white canvas.
        exact = cbz.pages(read(mount.file("Book.cbz", view="exact")))[1].image()
        self.assertGreater(min(exact.crop((0, 0, 500, 200)).convert("L").getdata()), 250)
        self.assertEqual(mount.errors(), "")
        status = mount.status()
        self.assertGreater(status["pages"]["config"], 10)
        self.assertEqual(status["slots"]["config"]["softened"], 0)

    def test_spreads_are_split_and_the_metadata_follows(self):
        red, blue = page(1200, 900, mark="red"), page(mark="blue")
        info = b"<ComicInfo><PageCount>2</PageCount></ComicInfo>"
        for folder in ("West", "Manga"):
            self.put(os.path.join(folder, "Book.cbz"),
                     book(blue, red, blue, extra=[("ComicInfo.xml", info), ("sub/a.txt", b"x")]))
            self.put(os.path.join(folder, "Even.cbz"),
                     book(blue, extra=[("ComicInfo.xml", info)]))
        mount = self.mount(self.config("""
            [views.reader]
            width = 800
            height = 800
            split = "left-first"
            [[rules]]
            path = "Manga"
            split = "right-first"
        """))

        def is_red(entry):
            pixel = entry.image().convert("RGB").resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
            return pixel[0] > 200 and pixel[1] < 60

        for folder, order in (("West", [False, True, False, False]),
                              ("Manga", [False, False, True, False])):
            data = self.whole(mount, folder, "Book.cbz", view="reader")
            pages = cbz.pages(data)
            self.assertEqual([entry.name for entry in pages],
                             ["001.jpg", "002-1.jpg", "002-2.jpg", "003.jpg"])
            self.assertEqual([is_red(entry) for entry in pages], order, folder)
            self.assertEqual([entry.image().size for entry in pages],
                             [(533, 800), (533, 800), (533, 800), (533, 800)])
            # The archive's own ComicInfo.xml counts other pages; all else is handed on.
            names = {entry.name for entry in cbz.entries(data)}
            self.assertNotIn("ComicInfo.xml", names)
            self.assertIn("sub/a.txt", names)
            even = cbz.entries(self.whole(mount, folder, "Even.cbz", view="reader"))
            self.assertIn("ComicInfo.xml", {entry.name for entry in even})

    def test_archives_that_are_no_zips_are_books_too(self):
        members = {"001.jpg": coded(page()), "002.jpg": coded(page(1200, 900, mark="red")),
                   "ComicInfo.xml": b"<ComicInfo/>", "sub/a.txt": b"x"}
        self.put("Book.cbt", make_packed.tar(members, "gz"))
        self.put("Book.cb7", make_packed.sevenzip(members))
        mount = self.mount(self.config('[views.reader]\nheight = 800\nsplit = "left-first"\n'))
        names = sorted(os.listdir(os.path.join(mount.path, "reader")))
        self.assertEqual(len(names), 2)
        for name in names:
            entries = cbz.entries(self.whole(mount, name, view="reader"))
            self.assertEqual(sorted(entry.name for entry in entries),
                             ["001.jpg", "002-1.jpg", "002-2.jpg", "sub/a.txt"], name)
            self.assertEqual({entry.image().size for entry in entries if ".jpg" in entry.name},
                             {(533, 800)})

    def test_comic_info_of_a_pdf_counts_the_halves(self):
        import img2pdf
        pictures = [coded(page()), coded(page(1200, 900, mark="red")), coded(page())]
        self.put("Book.pdf", img2pdf.convert(pictures))
        mount = self.mount(self.config('[views.reader]\nheight = 700\nsplit = "left-first"\n'))
        entries = cbz.entries(self.whole(mount, "Book.cbz", view="reader"))
        info = xml.fromstring(entries[0].data)
        self.assertEqual(info.findtext("PageCount"), "4")
        told = [(int(p.get("ImageWidth")), int(p.get("ImageHeight")), p.get("DoublePage"))
                for p in info.iter("Page")]
        self.assertEqual(told, [(entry.image().size + (None,)) for entry in entries[1:]])
        plain = xml.fromstring(cbz.entries(read(mount.file("Book.cbz")))[0].data)
        self.assertEqual(plain.findtext("PageCount"), "3")
        self.assertEqual([p.get("DoublePage") for p in plain.iter("Page")], [None, "true", None])

    def test_margins_are_cropped_and_pixels_of_the_canvas_stay(self):
        self.put("Book.cbz", book(page(margin=120)))
        mount = self.mount(self.config("""
            [views.plain]
            width = 600
            height = 900
            gray = true
            [views.cropped]
            width = 600
            height = 900
            gray = true
            crop = "margins"
        """))

        def dark_box(view):
            entry, = cbz.pages(self.whole(mount, "Book.cbz", view=view))
            picture = entry.image()
            self.assertEqual(picture.size, (600, 900))
            return picture.point(lambda v: 255 if v < 128 else 0).getbbox()

        left, top, right, bottom = dark_box("plain")
        self.assertGreater(left, 70)
        self.assertLess(right, 530)
        cropped = dark_box("cropped")
        self.assertLess(cropped[1], 25)
        self.assertGreater(cropped[3], 875)
        self.assertLess(cropped[0], left - 30)
        self.assertGreater(cropped[2], right + 30)
        self.assertGreater(cropped[3] - cropped[1], bottom - top + 100)

    def test_few_levels_are_dithered(self):
        ramp = Image.linear_gradient("L").resize((800, 1200)).convert("RGB")
        self.put("Ramp.cbz", book(ramp))
        mount = self.mount(self.config("""
            [views.smooth]
            gray = true
            quality = 95
            [views.two]
            levels = 2
            quality = 95
        """))
        smooth, = cbz.pages(self.whole(mount, "Ramp.cbz", view="smooth"))
        two, = cbz.pages(self.whole(mount, "Ramp.cbz", view="two"))
        near = sum(two.image().histogram()[:64]) + sum(two.image().histogram()[192:])
        self.assertGreater(near, 0.85 * 800 * 1200)
        near = sum(smooth.image().histogram()[:64]) + sum(smooth.image().histogram()[192:])
        self.assertLess(near, 0.6 * 800 * 1200)
        # From afar the two are one.
        small = [entry.image().resize((20, 30), Image.Resampling.BOX) for entry in (smooth, two)]
        self.assertGreater(cbz.psnr(*small), 30)

    def test_rules_hide_folders_and_override(self):
        for folder in ("A", "A/Deep", "B"):
            self.put(os.path.join(folder, "Book.cbz"), book(page()))
        mount = self.mount(self.config("""
            [views.one]
            width = 300
            [views.two]
            width = 300
            [[rules]]
            path = "A/**"
            views = ["one", "thumbnails"]
            hidden = true
            [[rules]]
            path = "A/Deep"
            width = 150
        """))
        self.assertEqual(os.listdir(os.path.join(mount.path, "one")), ["B"])
        self.assertEqual(os.listdir(os.path.join(mount.path, "thumbnails")), ["B"])
        self.assertEqual(sorted(os.listdir(os.path.join(mount.path, "two"))), ["A", "B"])
        self.assertFalse(os.path.exists(mount.file("A", "Book.cbz", view="one")))
        self.assertTrue(os.path.exists(mount.file("A", "Book.cbz")))
        widths = [cbz.pages(self.whole(mount, *folder, "Book.cbz", view="two"))[0].image().width
                  for folder in (("A",), ("A", "Deep"), ("B",))]
        self.assertEqual(widths, [300, 150, 300])

    def test_changed_settings_change_times_and_bytes_and_no_other_view(self):
        self.put("Book.cbz", book(page()))
        self.put("Scan.pdf", make_pdfs.scan(1))
        index = os.path.join(self.folder, "index.sqlite")
        seen = []
        for text in ("width = 300", "width = 300", "width = 301"):
            mount = self.mount(self.config(f"[views.reader]\n{text}\n"), index=index)
            reader = mount.file("Book.cbz", view="reader")
            seen.append({
                "bytes": self.whole(mount, "Book.cbz", view="reader"),
                "mtime": os.stat(reader).st_mtime_ns,
                "ino": os.stat(reader).st_ino,
                "others": [(os.stat(path).st_mtime_ns, read(path)) for path in
                           (mount.file("Scan.cbz"), mount.file("Book.cbz", view="enhanced"),
                            mount.file("Book.jpg", view="thumbnails"))],
                "analysed": mount.status()["index"]["analysed"]})
            mount.unmount()
        first, again, changed = seen
        self.assertEqual(first["bytes"], again["bytes"])
        self.assertEqual(first["mtime"], again["mtime"])
        self.assertNotEqual(first["bytes"], changed["bytes"])
        self.assertGreater(changed["mtime"], first["mtime"])
        self.assertEqual({entry["ino"] for entry in seen}, {first["ino"]})
        # What is known of the comics does not depend on the settings of a view.
        self.assertGreater(first["analysed"], 0)
        self.assertEqual((again["analysed"], changed["analysed"]), (0, 0))
        self.assertEqual(first["others"], again["others"])
        self.assertEqual(first["others"], changed["others"])

    def test_views_of_the_file_are_chosen_like_the_others(self):
        self.put("Book.cbz", book(page()))
        config = self.config("[views.b]\nwidth = 300\n[views.a]\nwidth = 200\n")
        mount = self.mount(f"views=cbz:a,{config}")
        self.assertEqual(sorted(os.listdir(mount.path)), ["a", "cbz"])
        mount.unmount()
        mount = self.mount(f"{config},view=b")
        self.assertEqual(os.listdir(mount.path), ["Book.cbz"])
        with open(os.path.join(mount.path, "Book.cbz"), "rb") as made:
            self.assertEqual(cbz.pages(made.read())[0].image().width, 300)

    def test_damaged_pages_and_hostile_files_cost_no_more_than_a_page(self):
        broken = coded(page())[:20000]
        import zipfile
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr("001.jpg", coded(page()))
            archive.writestr("002.jpg", broken)
        self.put("Book.cbz", out.getvalue())
        self.put("Bad.pdf", make_pdfs.garbage())
        mount = self.mount(self.config('[views.reader]\nwidth = 300\ncrop = "margins"\n'))
        self.assertEqual(sorted(os.listdir(os.path.join(mount.path, "reader"))),
                         ["Bad.pdf", "Book.cbz"])
        self.assertEqual(len(cbz.pages(self.whole(mount, "Book.cbz", view="reader"))), 2)
        self.assertIn("Book.cbz", mount.errors())

    def test_mistakes_are_told_with_their_place(self):
        for text, told in (
                ("[views.a]\nwidht = 100\n", ("line 2, column 1", 'did you mean "width"')),
                ("[views.a]\nwidth = 1\n", ("line 2, column 9", "from 16 to 10000")),
                ("[views.cbz]\nwidth = 100\n", ("line 1", "cbz is there already")),
                ("[views.a]\nformat = \"gif\"\n", ("line 2", "format takes")),
                ("[views.a\n", ("line 1",)),
                ("[[rules]]\npath = \"a\"\nviews = [\"b\"]\nhidden = true\n",
                 ("line 3", 'no view called "b"'))):
            path = self.config(text)
            result = subprocess.run([harness.program(), "-f", "-o", path, self.library,
                                     self.folder], capture_output=True, text=True, check=False)
            self.assertEqual(result.returncode, USAGE, text)
            for part in told:
                self.assertIn(part, result.stderr)
        path = self.config("[views.kobo]\nwidth = 300\n")
        result = subprocess.run([harness.program(), "-f", "-o", f"{path},view=kobbo", self.library,
                                 self.folder], capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, USAGE)
        self.assertIn('did you mean "kobo"', result.stderr)

    def test_the_examples_mount(self):
        self.put("Manga/Book.cbz", book(page(1200, 900, mark="red"), page()))
        mount = self.mount("config=" + os.path.join(EXAMPLES, "ereaders.toml"))
        views = sorted(set(os.listdir(mount.path)) - set(harness.VIEWS))
        self.assertGreater(len(views), 10)
        for view in views:
            pages = cbz.pages(self.whole(mount, "Manga", "Book.cbz", view=view))
            self.assertEqual(len(pages), 3, view)


if __name__ == "__main__":
    harness.main()
