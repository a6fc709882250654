"""Sources that change under the views: new sizes and bytes for new readers, never a mix."""

import errno
import os

import harness
import make_archives
from harness import make_pdfs, read, wait_for
from make_archives import DEFLATED, Entry, archive, page_jpeg


class ChangingSourceTest(harness.MountedTest):

    TTL = "ttl=0.2,read_ahead=0"

    def setUp(self):
        super().setUp()
        self.versions = {
            "Scan.pdf": (make_pdfs.scan(2, width=300, height=450, seed=1),
                         make_pdfs.scan(3, width=400, height=500, seed=2)),
            "Text.pdf": (make_pdfs.small(1, pages=2), make_pdfs.text_book(3)),
            "Stored.cbz": (make_archives.stored(2), make_archives.stored(3, seed=4)),
            "Deflated.cbz": (make_archives.deflated(2), make_archives.deflated(3, seed=4)),
            "photo.jpg": (page_jpeg(1), page_jpeg(2, 250, 320)),
        }
        self.paths = {name: self.put(name, data) for name, (data, _) in self.versions.items()}

    def files(self, mount):
        """Paths of virtual files, one of each kind, that both versions have."""
        names = ["enhanced/photo.jpg", "thumbnails/photo.jpg"]
        for book in ("Scan", "Text", "Stored", "Deflated"):
            page = "0002.jpg" if book in ("Scan", "Text") else "002.jpg"
            names += [f"enhanced/{book}.cbz", f"thumbnails/{book}.jpg",
                      f"thumbnails/{book}/0002.jpg", f"pages/{book}/{page}"]
        return [os.path.join(mount.path, name) for name in names]

    def of_version(self, number):
        """{path below a mount: bytes} of a library with one version of each source."""
        library = os.path.join(self.folder, f"version {number}")
        for name, versions in self.versions.items():
            self.put(name, versions[number], library=library)
        mount = self.mount(library=library)
        found = {os.path.relpath(path, mount.path): read(path) for path in self.files(mount)}
        mount.unmount()
        return found

    def replace(self, name):
        """Puts another file in the place of the source, as rename does."""
        self.put(name + ".new", self.versions[name][1])
        os.rename(self.paths[name] + ".new", self.paths[name])

    def edit(self, name):
        """Writes the source's new bytes into the same file."""
        with open(self.paths[name], "r+b") as out:
            out.write(self.versions[name][1])
            out.truncate()

    def check_change(self, change):
        wanted = self.of_version(1)
        mount = self.mount(self.TTL)
        first = {path: read(path) for path in self.files(mount)}
        for name in self.versions:
            change(name)
        for path in first:
            data = wanted[os.path.relpath(path, mount.path)]
            with self.subTest(path=path):
                wait_for(lambda p=path, d=data: os.path.exists(p) and os.stat(p).st_size == len(d)
                         and read(p) == d, "the new version is there")
        for book, count in (("Scan", 3), ("Text", 3), ("Stored", 3), ("Deflated", 3)):
            self.assertEqual(len(os.listdir(mount.file(book, view="thumbnails"))), count)

    def test_sources_that_are_replaced(self):
        self.check_change(self.replace)

    def test_sources_that_are_edited_in_place(self):
        self.check_change(self.edit)

    def check_open_handles(self, change, gone=False):
        """What is open gives its own version's bytes or an error, of which no half is another's."""
        old = self.of_version(0)
        mount = self.mount(self.TTL)
        handles = {path: open(path, "rb", buffering=0) for path in self.files(mount)}
        try:
            for path, file in handles.items():
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_RANDOM)
            for name in self.versions:
                change(name)
            for path, file in handles.items():
                data = old[os.path.relpath(path, mount.path)]
                with self.subTest(path=path):
                    got = self.read_or_fail(file)
                    if got is not None:
                        self.assertEqual(self.places(got, data), [])
                    self.assertFalse(gone and got is None, "the file is still there")
        finally:
            for file in handles.values():
                file.close()
        self.assertTrue(mount.daemon_alive())
        self.assertEqual(mount.settle()["workers"]["restarts"], 0)

    def places(self, one, other):
        """Where two files differ: up to ten offsets, or the lengths."""
        if len(one) != len(other):
            return [len(one), len(other)]
        return [i for i, (a, b) in enumerate(zip(one, other)) if a != b][:10]

    def read_or_fail(self, file):
        """All bytes in pieces, or None after EIO."""
        data = b""
        try:
            while piece := os.pread(file.fileno(), 50_000, len(data)):
                data += piece
        except OSError as error:
            self.assertEqual(error.errno, errno.EIO)
            return None
        return data

    def test_open_handles_of_sources_that_are_replaced(self):
        self.check_open_handles(self.replace, gone=True)

    def test_open_handles_of_sources_that_are_edited_in_place(self):
        self.check_open_handles(self.edit)

    def test_open_handles_of_sources_that_are_deleted(self):
        self.check_open_handles(lambda name: os.remove(self.paths[name]), gone=True)

    def test_deleted_sources_are_gone_from_every_view(self):
        mount = self.mount(self.TTL)
        for path in self.files(mount):
            read(path)
        for path in self.paths.values():
            os.remove(path)
        for view in harness.VIEWS:
            wait_for(lambda v=view: os.listdir(mount.file(view=v)) == [], f"{view}/ is empty")
        for path in self.files(mount):
            wait_for(lambda p=path: not os.path.exists(p), f"{path} is gone")

    def test_a_comic_that_breaks_shows_as_it_is_and_comes_back(self):
        mount = self.mount(self.TTL)
        self.assertEqual(os.listdir(mount.file("Stored", view="pages")), ["001.jpg", "002.jpg"])
        self.put("Stored.cbz", make_archives.rar())
        wait_for(lambda: "Stored.cbz" in os.listdir(mount.file(view="pages")), "it is no comic")
        self.assertEqual(read(mount.file("Stored.cbz", view="enhanced")), make_archives.rar())
        self.assertNotIn("Stored.jpg", os.listdir(mount.file(view="thumbnails")))
        self.assertIn("Stored.cbz\t-\ta RAR archive", mount.errors())
        self.put("Stored.cbz", self.versions["Stored.cbz"][1])
        wait_for(lambda: "Stored" in os.listdir(mount.file(view="pages")), "it is a comic again")
        self.assertEqual(len(os.listdir(mount.file("Stored", view="pages"))), 3)
        self.assertNotIn("Stored.cbz\t", mount.errors())

    def test_a_page_of_an_archive_that_shrinks_while_it_is_open(self):
        """The mapping of a worker ends: that costs at most the worker, and the page says EIO."""
        pages = [Entry(f"{i}.jpg", page_jpeg(i, 600, 900), DEFLATED) for i in range(4)]
        path = self.put("Shrinks.cbz", archive(pages))
        mount = self.mount(self.TTL)
        read(mount.file("Shrinks", "0.jpg", view="pages"))
        with open(mount.file("Shrinks", "3.jpg", view="pages"), "rb") as file:
            os.truncate(path, 5000)
            with self.assertRaises(OSError) as caught:
                file.read()
            self.assertEqual(caught.exception.errno, errno.EIO)
        self.assertTrue(mount.daemon_alive())
        self.assertEqual(read(mount.file("Stored", "002.jpg", view="pages")), page_jpeg(1))

    def test_the_time_of_a_change_shows(self):
        mount = self.mount(self.TTL)
        os.stat(mount.file("Stored", "001.jpg", view="pages"))
        when = 1_700_000_000_987_654_321
        os.utime(self.paths["Stored.cbz"], ns=(when, when))
        for name in ("enhanced/Stored.cbz", "thumbnails/Stored.jpg", "thumbnails/Stored/0001.jpg",
                     "pages/Stored/001.jpg", "pages/Stored"):
            path = os.path.join(mount.path, name)
            wait_for(lambda p=path: os.path.exists(p) and os.stat(p).st_mtime_ns == when, name)


if __name__ == "__main__":
    harness.main()
