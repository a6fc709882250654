"""Archive programs and libraries list a book, take one page out of it, and read it whole.

Each does so on a mount that has drawn nothing yet; what it made the mount draw is compared with
what it has to read. Listing needs the archive's directory, which is known without any page, and
draws none unless the program looks elsewhere: Java at the first four bytes, of which the kernel
makes 16 KiB; yauzl, libzip and at times Python at the last 64 KiB; 7z at the first MiB;
libarchive at 64 KiB from each local header. All of that but 7z's is without pages where guard=64k.
"""

import glob
import os
import zipfile

from clients import (AHEAD, BOOKS, HERE, ONE_PAGE, PAGES, READ_ON, ClientTest, files_below,
                     harness, page_name)
from library import DRAWN

PAGE = 20  # the one that is taken out


class ArchiveProgramsTest(ClientTest):

    def try_out(self, client, package, task, action, most, least=0, options=""):
        """`action(path of a book)` on both books; of the one, at least and at most so many pages
        are drawn (`most` may be a function), and of the other none."""
        for title in BOOKS:
            with self.subTest(client=client, task=task, book=title, options=options):
                # Looked at beforehand and elsewhere: what Python reads must not count here.
                mount = self.open(options)
                self.directory = self.list_with_python(mount.file(title + ".cbz"))
                mount.unmount()
                mount = self.open(options)
                path = mount.file(title + ".cbz")
                _, drawn = self.drawn_by(mount, lambda path=path: action(path))
                if title == DRAWN:
                    self.record(client, package, task, drawn=drawn, of=PAGES, options=options)
                    self.assertLessEqual(drawn, most() if callable(most) else most)
                    self.assertGreaterEqual(drawn, least)
                else:
                    self.assertEqual(drawn, 0)
                self.assertEqual(mount.errors(), "")
                mount.unmount()

    def assertListed(self, output):  # noqa: N802
        """Each entry's name is in the output, and its size on the same line."""
        lines = output.decode().splitlines()
        for info in self.directory:
            self.assertTrue(any(info.filename in line and str(info.file_size) in line
                                for line in lines), (info.filename, info.file_size))

    @staticmethod
    def list_with_python(path):
        with zipfile.ZipFile(path) as book:
            return book.infolist()

    def assertLines(self, output):  # noqa: N802
        """The output of ZipEntries.java and zip_entries.js."""
        self.assertEqual(output.decode().splitlines(),
                         [f"{info.filename} {info.file_size} {info.CRC:08x}"
                          for info in self.directory])

    def fresh_folder(self):
        self._folders = getattr(self, "_folders", 0) + 1
        folder = os.path.join(self.folder, f"extracted{self._folders}")
        os.mkdir(folder)
        return folder

    # --- The programs ----------------------------------------------------------------------------

    def test_unzip(self):
        self.need("unzip")

        def extract(path):
            folder = self.fresh_folder()
            self.execute("unzip", "-q", path, "-d", folder)
            self.assertBook(files_below(folder), path)

        self.try_out("unzip", "unzip", "list", lambda path: self.assertListed(
            self.execute("unzip", "-l", path)), most=0)
        self.try_out("unzip", "unzip", "one page", lambda path: self.assertPage(
            self.execute("unzip", "-p", path, page_name(PAGE)), PAGE), most=ONE_PAGE, least=1)
        self.try_out("unzip", "unzip", "test", lambda path: self.assertIn(
            b"No errors detected", self.execute("unzip", "-t", path)), most=PAGES, least=PAGES)
        self.try_out("unzip", "unzip", "extract", extract, most=PAGES, least=PAGES)

    def test_7z(self):
        self.need("7z")

        def extract(path):
            folder = self.fresh_folder()
            self.execute("7z", "x", "-tzip", f"-o{folder}", path)
            self.assertBook(files_below(folder), path)

        def begun():
            """Pages that begin in the first MiB, or where the kernel reads on after it."""
            return sum(info.header_offset < 5 << 18 for info in self.directory) + AHEAD

        self.try_out("7z", "p7zip-full", "list", lambda path: self.assertListed(
            self.execute("7z", "l", path)), most=begun)
        self.try_out("7z", "p7zip-full", "one page", lambda path: self.assertPage(
            self.execute("7z", "x", "-so", path, page_name(PAGE)), PAGE),
                     most=lambda: begun() + ONE_PAGE, least=1)
        self.try_out("7z", "p7zip-full", "test", lambda path: self.assertIn(
            b"Everything is Ok", self.execute("7z", "t", path)), most=PAGES, least=PAGES)
        self.try_out("7z", "p7zip-full", "extract", extract, most=PAGES, least=PAGES)

    def test_bsdtar(self):
        self.need("bsdtar")

        def names(path):
            self.assertEqual(self.execute("bsdtar", "-tf", path).decode().splitlines(),
                             [info.filename for info in self.directory])

        def extract(path):
            folder = self.fresh_folder()
            self.execute("bsdtar", "-xf", path, "-C", folder)
            self.assertBook(files_below(folder), path)

        # libarchive reads 64 KiB at each local header, and so into every page; guard=64k gives it
        # as much that is known without the page.
        self.try_out("bsdtar", "libarchive-tools", "list", names, most=PAGES)
        self.try_out("bsdtar", "libarchive-tools", "list", names, most=2, options="guard=64k")
        self.try_out("bsdtar", "libarchive-tools", "one page", lambda path: self.assertPage(
            self.execute("bsdtar", "-xOf", path, page_name(PAGE)), PAGE), most=PAGES, least=1)
        self.try_out("bsdtar", "libarchive-tools", "extract", extract, most=PAGES, least=PAGES)

    def test_python_zipfile(self):

        def page(path):
            with zipfile.ZipFile(path) as book:
                self.assertPage(book.read(page_name(PAGE)), PAGE)

        def whole(path):
            with zipfile.ZipFile(path) as book:
                self.assertIsNone(book.testzip())

        # Where the archive has a comment, as a book with a title has one, it reads the last 64 KiB:
        # so much is constant then.
        self.try_out("Python zipfile", "python3", "list", self.list_with_python, most=0)
        self.try_out("Python zipfile", "python3", "list", self.list_with_python, most=0,
                     options="guard=64k")
        self.try_out("Python zipfile", "python3", "one page", page, most=ONE_PAGE, least=1)
        self.try_out("Python zipfile", "python3", "one page", page, most=READ_ON, least=1,
                     options="read_ahead=0")
        self.try_out("Python zipfile", "python3", "test", whole, most=PAGES, least=PAGES)

    def test_libzip(self):
        self.need("ziptool", "zipcmp")

        def listed(path):
            stat = [word for at in range(len(self.directory)) for word in ("stat", str(at))]
            output = self.execute("ziptool", path, *stat).decode()
            for info in self.directory:
                self.assertIn(f"name: '{info.filename}'", output)
                self.assertIn(f"size: '{info.file_size}'", output)

        def page(path):
            at = [info.filename for info in self.directory].index(page_name(PAGE))
            self.assertPage(self.execute("ziptool", path, "cat", str(at)), PAGE)

        def compare(path):
            copy = os.path.join(self.fresh_folder(), "copy.cbz")
            with open(copy, "wb") as out:
                out.write(harness.read(path))
            self.assertEqual(self.execute("zipcmp", "-t", path, copy), b"")

        self.try_out("libzip (ziptool, zipcmp)", "ziptool", "list", listed, most=0)
        self.try_out("libzip (ziptool, zipcmp)", "ziptool", "list", listed, most=0,
                     options="guard=64k")
        self.try_out("libzip (ziptool, zipcmp)", "ziptool", "one page", page,
                     most=ONE_PAGE, least=1)
        self.try_out("libzip (ziptool, zipcmp)", "ziptool", "test", compare, most=PAGES,
                     least=PAGES)

    def test_java(self):
        self.need("javac", "java")
        classes = self.fresh_folder()
        self.execute("javac", "-d", classes, os.path.join(HERE, "ZipEntries.java"))
        self.try_entries_program("Java", "openjdk-17-jdk-headless",
                                 ("java", "-Xshare:auto", "-cp", classes, "ZipEntries"))

        def stream(path):
            self.assertLines(self.execute("java", "-cp", classes, "ZipEntries", "stream", path))

        self.try_out("Java ZipInputStream", "openjdk-17-jdk-headless", "test", stream, most=PAGES,
                     least=PAGES)

    def test_yauzl(self):
        self.need("node")
        # Where Debian puts modules; its own node looks there by itself.
        modules = "/usr/share/nodejs"
        if not glob.glob(modules + "/yauzl"):
            self.need("node-yauzl")
        self.try_entries_program("node yauzl", "node-yauzl",
                                 ("node", "--no-deprecation", os.path.join(HERE, "zip_entries.js")),
                                 {"NODE_PATH": modules})

    def try_entries_program(self, client, package, command, environment=None):

        def run(*arguments):
            return self.execute(*command, *arguments, environment=environment)

        self.try_out(client, package, "list", lambda path: self.assertLines(
            run("list", path)), most=0)
        self.try_out(client, package, "list", lambda path: self.assertLines(
            run("list", path)), most=0, options="guard=64k")
        self.try_out(client, package, "one page", lambda path: self.assertPage(
            run("page", path, page_name(PAGE)), PAGE), most=ONE_PAGE, least=1)
        self.try_out(client, package, "test", lambda path: self.assertLines(
            run("all", path)), most=PAGES, least=PAGES)


if __name__ == "__main__":
    harness.main()
