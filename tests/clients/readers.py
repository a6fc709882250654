"""A desktop program opens a book: the right page is seen, and what was drawn for it is counted."""

import os

from clients import BOOKS, PAGES, ClientTest
from desktop import Desktop
from library import DRAWN


class DesktopTest(ClientTest):

    def setUp(self):
        super().setUp()
        self.need("Xvfb", "xdotool", "import", "dbus-run-session")
        self._desktops = 0

    def desktop(self):
        self._desktops += 1
        folder = os.path.join(self.folder, f"desktop{self._desktops}")
        os.mkdir(folder)
        made = Desktop(folder)
        self.addCleanup(made.close)
        return made

    def read_book(self, client, package, command, most, turn=None, options="", prepare=None,
                  window=".+"):
        """`command` and the path of a book show page 1, and the keys `turn` page 2.

        `most`: pages that may be drawn until page 1 is seen. `prepare(desktop)` writes settings.
        """
        for title in BOOKS:
            with self.subTest(client=client, book=title, options=options):
                mount = self.open(options)
                desktop = self.desktop()
                if prepare:
                    prepare(desktop)
                desktop.start(*command, mount.file(title + ".cbz"))
                desktop.maximize(window)
                desktop.wait_for_page(1, f"{client} {title} 1")
                seen = mount.drawn()
                if turn:
                    desktop.key(*turn)
                    desktop.wait_for_page(2, f"{client} {title} 2")
                self.assertEqual(mount.errors(), "")
                if title == DRAWN:
                    self.record(client, package, "open a book", drawn=seen, of=PAGES,
                                after=mount.drawn(), options=options)
                    self.assertLessEqual(seen, most)
                    self.assertGreaterEqual(seen, 1)
                else:
                    self.assertEqual(seen, 0)
                desktop.close()
                mount.unmount()
