"""Readers, file managers and a browser, too large to be installed for every run of the tests:

    mount-helpers/install-packages clients-by-hand && tests/clients/run --all
"""

import os
import urllib.parse

from clients import ONE_PAGE, PAGES, harness
from desktop import shares
from library import COLOURS, DRAWN
from readers import DesktopTest

# A picture of a page in a file manager's window, 64 pixels high or so, is this share of the screen.
PICTURE = 0.0004


class ReadersTest(DesktopTest):

    def test_evince(self):
        self.need("evince")
        self.read_book("evince", "evince", ["evince"], most=PAGES, turn=["n"])

    def test_atril(self):
        self.need("atril")
        self.read_book("atril", "atril", ["atril"], most=PAGES, turn=["n"])

    def test_okular(self):
        self.need("okular")

        def prepare(desktop):
            # One whole page at a time, so that its colour says which it is.
            desktop.write(".config/okularpartrc",
                          "[Main View]\nShowLeftPanel=false\n\n[PageView]\nViewContinuous=false\n\n"
                          "[Zoom]\nZoomMode=2\n")

        self.read_book("okular", "okular", ["okular"], most=PAGES, turn=["Next"], prepare=prepare)

    def test_qcomicbook(self):
        self.need("qcomicbook")
        self.read_book("qcomicbook", "qcomicbook", ["qcomicbook"], most=PAGES, turn=["Next"])


class BrowserTest(DesktopTest):

    def test_chromium(self):
        self.need("chromium")
        mount = self.open()
        desktop = self.desktop()
        # Its own sandbox refuses root.
        desktop.start("chromium", "--no-sandbox", "--no-first-run", "--disable-gpu",
                      "--password-store=basic", "--start-maximized",
                      "file://" + urllib.parse.quote(mount.file(DRAWN, "0002.jpg", view="pages")))
        desktop.maximize("Chromium")
        desktop.wait_for_page(2, "chromium pages 2")
        drawn = mount.settle()["pages"]["drawn"]
        self.record("Chromium", "chromium", "a file of pages/", drawn=drawn, of=PAGES)
        self.assertEqual(drawn, 1)
        self.assertEqual(mount.errors(), "")


class FileManagersTest(DesktopTest):

    def look_into(self, client, package, start, view, pages, most, below="", options=""):
        """`start(desktop, folder)` opens a folder of the view; pictures of these pages are seen."""
        mount = self.open(options)
        desktop = self.desktop()
        start(desktop, os.path.join(mount.file(view=view), below))

        def pictured(image):
            found = shares(image)
            return all(found[page] >= PICTURE for page in pages)

        name = f"{client} {view}" + (" " + options if options else "")
        desktop.wait_until(pictured, f"pictures of pages {pages}", name)
        made = mount.settle()["pages"]
        self.record(client, package, f"open {view}/{below}", drawn=made["drawn"], of=PAGES,
                    options=options)
        self.assertEqual(mount.errors(), "")
        self.assertLessEqual(made["drawn"], most)
        desktop.close()
        mount.unmount()

    def look_around(self, client, package, start):
        """Each view's folder of books, and a book's folder of pages. Pictures of CBZs come from the
        desktop's thumbnailers, see below."""
        self.need("evince-thumbnailer")
        self.look_into(client, package, start, "cbz", [1], most=PAGES)
        self.look_into(client, package, start, "thumbnails", [1], most=1)
        self.look_into(client, package, start, "pages", range(1, len(COLOURS) + 1), most=PAGES,
                       below=DRAWN)

    def test_thunar(self):
        self.need("thunar")

        def start(desktop, folder):
            desktop.start("thunar", folder)
            desktop.maximize()

        self.look_around("Thunar", "thunar", start)

    def test_pcmanfm(self):
        self.need("pcmanfm")

        def start(desktop, folder):
            desktop.start("pcmanfm", folder)
            desktop.maximize()

        self.look_around("PCManFM", "pcmanfm", start)

    def test_nautilus(self):
        """Given a folder when it starts, on whatever file system, it often shows "Loading..." for
        ever where no session of GNOME runs; so somebody double-clicks on it in the home folder."""
        self.need("nautilus")

        def start(desktop, folder):
            os.symlink(folder, os.path.join(desktop.home, "books"))
            # Else it draws its animations all the time, in software.
            desktop.write(".config/gtk-4.0/settings.ini",
                          "[Settings]\ngtk-enable-animations=false\n")
            desktop.start("nautilus", environment={"GSK_RENDERER": "cairo"})
            desktop.maximize()
            icon = (342, 130)
            desktop.wait_until(lambda image: image.getpixel(icon)[2] - image.getpixel(icon)[0] > 40,
                               "the blue icon of a folder", "Nautilus home")
            desktop.double_click(*icon)

        self.look_around("Nautilus", "nautilus", start)

    def thumbnailer(self, program, package, options, most):
        self.need(program)
        mount = self.open(options)
        picture = os.path.join(self.folder, "picture.png")
        book = mount.file(DRAWN + ".cbz")
        _, drawn = self.drawn_by(mount, lambda: self.execute(
            program, "-s", "256", "file://" + urllib.parse.quote(book), picture, errors=r"(?s).*",
            environment={"HOME": self.folder}))
        self.assertPage(harness.read(picture), 1)
        self.record(program, package, "cover of a book", drawn=drawn, of=PAGES, options=options)
        self.assertLessEqual(drawn, most)
        mount.unmount()

    def test_thumbnailers(self):
        for options, most in (("", PAGES), ("guard=64k", ONE_PAGE)):
            self.thumbnailer("evince-thumbnailer", "evince", options, most)
        # This one looks at the size of every page.
        self.thumbnailer("atril-thumbnailer", "atril", "", PAGES)


if __name__ == "__main__":
    harness.main()
