"""The views share their work: what one has made, another does not make again."""

import itertools
import os
import signal
import threading
import zipfile

import harness
import make_archives
from harness import make_pdfs, read, wait_for


class SharedWorkTest(harness.MountedTest):

    PAGES = 4

    def setUp(self):
        super().setUp()
        self.put("Text.pdf", make_pdfs.small(1, pages=self.PAGES))
        self.put("Scan.pdf", make_pdfs.scan(self.PAGES, width=300, height=450))
        self.put("Book.cbz", make_archives.deflated(self.PAGES))

    def read_page(self, mount, view, book="Text"):
        """The third page, and nothing else, in a view."""
        if view in ("thumbnails", "pages"):
            return read(mount.file(book, "0003.jpg", view=view))
        path = mount.file(book + ".cbz", view=view)
        with open(path, "rb", buffering=0) as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_RANDOM)
            with zipfile.ZipFile(file) as archive:
                return archive.read("0003.jpg")

    def test_a_page_is_drawn_once_for_all_views_in_any_order(self):
        for order in itertools.permutations(("cbz", "enhanced", "thumbnails", "pages")):
            if order[3] in ("cbz", "enhanced"):  # the other twelve will do
                continue
            mount = self.mount("read_ahead=0,workers=1")
            for view in order:
                self.read_page(mount, view)
                with self.subTest(order=order, view=view):
                    self.assertEqual(mount.made()[0], 1)
            self.assertEqual(mount.made(), (1, 1, 1, 0), order)
            mount.unmount()

    def test_without_a_cache_the_work_is_done_again_and_comes_out(self):
        mount = self.mount("cache=0,read_ahead=0,workers=1")
        first = self.read_page(mount, "pages")
        self.read_page(mount, "thumbnails")
        self.assertEqual(self.read_page(mount, "pages"), first)
        self.assertEqual(mount.status()["pages"]["failed"], 0)

    def test_the_pages_of_scans_are_drawn_for_no_view(self):
        mount = self.mount("read_ahead=0")
        for view in ("cbz", "enhanced", "thumbnails", "pages"):
            self.read_page(mount, view, "Scan")
        self.assertEqual(mount.made(), (0, 1, 1, 0))

    def read_everything(self, mount, failures):
        try:
            for view in harness.VIEWS:
                for name in harness.walk(mount.file(view=view)):
                    path = os.path.join(mount.file(view=view).encode(), name)
                    if not os.path.isdir(path):
                        read(path)
        except OSError as error:
            failures.append(error)

    def test_many_readers_of_all_views_make_each_page_once(self):
        mount = self.mount()
        failures = []
        readers = [threading.Thread(target=self.read_everything, args=(mount, failures))
                   for _ in range(6)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        self.assertEqual(failures, [])
        pages = self.PAGES
        # Thumbnails: of each page, and a cover of each book.
        self.assertEqual(mount.made(), (pages, 3 * pages, 3 * pages + 3, pages))
        status = mount.status()["pages"]
        self.assertEqual((status["failed"], status["original"]), (0, pages))

    def test_opening_page_after_page_has_the_next_ones_made(self):
        self.put("Ahead.pdf", make_pdfs.small(3, pages=40))
        mount = self.mount("read_ahead=4")

        def check(number, drawn, view="pages"):
            read(mount.file("Ahead", f"{number:04}.jpg", view=view))
            # A page that is at hand is answered before the next ones are asked for.
            wait_for(lambda: mount.made()[0] >= drawn, f"{drawn} pages are drawn")
            self.assertEqual(mount.made()[0], drawn)

        check(1, 1)  # one page by itself asks for no other
        check(2, 6)
        check(3, 7)
        check(20, 8)
        check(30, 9, "thumbnails")
        check(31, 14, "thumbnails")
        # What was opened to make them is closed again.
        open_files = [os.readlink(f"/proc/{mount.pid}/fd/{fd}")
                      for fd in os.listdir(f"/proc/{mount.pid}/fd")]
        self.assertEqual([path for path in open_files if path.endswith("Ahead.pdf")], [])

    def test_readers_at_once_of_one_page_join(self):
        mount = self.mount("read_ahead=0,workers=2")
        paths = [mount.file("Text", "0001.jpg", view="pages"),
                 mount.file("Text", "0001.jpg", view="thumbnails"),
                 mount.file("Text.jpg", view="thumbnails")]
        for path in paths:
            os.stat(path)
        workers = mount.workers()
        for pid in workers:
            os.kill(pid, signal.SIGSTOP)
        try:
            readers = [self.start_reader(path) for path in paths]
            # Thumbnail and cover are made of the page, and two of the three came second to it.
            wait_for(lambda: mount.status()["pages"]["joined"] == 2, "two wait for the third")
        finally:
            for pid in workers:
                os.kill(pid, signal.SIGCONT)
        for reader in readers:
            self.assertEqual(reader.result()[1], 0)
        self.assertEqual(mount.made(), (1, 0, 2, 0))
        self.assertEqual(mount.status()["pages"]["failed"], 0)

    def test_a_reader_that_gives_up_leaves_the_others_theirs(self):
        self.put("Slow.pdf", make_pdfs.slow(1, fills=6, megapixels=2))
        mount = self.mount("dpi=100,read_ahead=0,workers=1")
        page = mount.file("Slow", "0001.jpg", view="pages")
        thumbnail = mount.file("Slow", "0001.jpg", view="thumbnails")
        os.stat(page), os.stat(thumbnail)
        stays = self.start_reader(thumbnail)
        leaves = self.start_reader(page, direct=True)
        leaves.kill()
        self.assertEqual(stays.result()[1], 0)
        self.assertEqual(mount.made()[2], 1)
        self.assertTrue(read(page))
        self.assertEqual(mount.made()[0], 1)


if __name__ == "__main__":
    harness.main()
