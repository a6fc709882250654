"""What a book tells programs of itself, from the PDF, from files beside it and from its name."""

import io
import json
import os
import subprocess
import xml.etree.ElementTree
import zipfile

import cbz
import harness
from harness import make_pdfs, read, wait_for
from reportlab.pdfgen import canvas

SCHEMA = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "codecs", "zip",
                      "data", "ComicInfo.xsd")

OPF = """<?xml version='1.0' encoding='utf-8'?>
<package xmlns="http://www.idpf.org/2007/opf" version="2.0">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:opf="http://www.idpf.org/2007/opf">
<dc:title>%s</dc:title><dc:creator opf:role="ill">Ian Ink</dc:creator>
<meta name="calibre:series" content="Of the sidecar"/>
</metadata></package>
"""


def book_with_everything():
    """A PDF that has all that is looked at, as a program for making books writes it."""
    out = io.BytesIO()
    pdf = canvas.Canvas(out, pagesize=(288, 432), invariant=1, lang="ja")
    pdf.setTitle("The <Title>")
    pdf.setAuthor("Ann Author")
    pdf.setSubject("What happens.")
    pdf.setViewerPreference("Direction", "R2L")
    pdf.addPageLabel(0, style="ROMAN_LOWER", start=1)
    pdf.addPageLabel(2, style="ARABIC", start=1)
    for number in range(4):
        pdf.setPageSize((576, 432) if number == 3 else (288, 432))
        pdf.bookmarkPage(f"page{number}")
        if number in (1, 2):
            pdf.addOutlineEntry(f"Chapter {number}", f"page{number}", level=number - 1)
        pdf.drawString(20, 400, f"Page {number}")
        pdf.showPage()
    pdf.save()
    return out.getvalue()


def comic_info(data):
    """What stands in a book, as (element: text) and a list of its pages' attributes."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        root = xml.etree.ElementTree.fromstring(archive.read("ComicInfo.xml"))
    pages = [dict(page.attrib) for page in root.find("Pages")]
    return {child.tag: child.text for child in root if child.tag != "Pages"}, pages


class MetadataTest(harness.MountedTest):

    def info(self, path):
        """What the book says of itself, which the published schema allows."""
        data = read(path)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            text = archive.read("ComicInfo.xml")
        done = subprocess.run(["xmllint", "--nonet", "--noout", "--schema", SCHEMA, "-"],
                              input=text, capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return comic_info(data)

    def test_what_a_pdf_says(self):
        self.put("Saga v02 003 (2012).pdf", book_with_everything())
        mount = self.mount()
        for view in ("cbz", "enhanced"):
            said, pages = self.info(mount.file("Saga v02 003 (2012).cbz", view=view))
            said.pop("Notes")
            self.assertEqual(said, {
                "Title": "The <Title>", "Series": "Saga", "Number": "3", "Volume": "2",
                "Summary": "What happens.", "Year": "2012", "Writer": "Ann Author",
                "PageCount": "4", "LanguageISO": "ja", "Manga": "YesAndRightToLeft"})
            self.assertEqual([page.get("Bookmark") for page in pages],
                             [None, "Chapter 1", "Chapter 2", None])
            self.assertEqual([page.get("Key") for page in pages], ["i", "ii", "1", "2"])
            self.assertEqual([page.get("DoublePage") for page in pages],
                             [None, None, None, "true"])

    def test_calibre_finds_it_in_the_comment(self):
        self.put("Saga v02 003 (2012).pdf", book_with_everything())
        self.put("Plain.pdf", make_pdfs.small(1))
        mount = self.mount()
        with zipfile.ZipFile(mount.file("Saga v02 003 (2012).cbz")) as archive:
            comment = json.loads(archive.comment)
            self.assertIsNone(archive.testzip())
        book = comment["ComicBookInfo/1.0"]
        self.assertEqual((book["title"], book["series"], book["issue"], book["volume"]),
                         ("The <Title>", "Saga", 3, 2))
        self.assertEqual(book["credits"], [{"person": "Ann Author", "role": "Writer"}])
        with zipfile.ZipFile(mount.file("Plain.cbz")) as archive:
            self.assertEqual(archive.comment, b"")

    def test_a_sidecar_counts_and_shows_when_it_changes(self):
        self.put("Foo.pdf", book_with_everything())
        self.put("Bar.pdf", make_pdfs.small(2))
        mount = self.mount()
        path = mount.file("Foo.cbz")
        self.assertEqual(self.info(path)[0]["Title"], "The <Title>")
        plain, bar = os.stat(path), read(mount.file("Bar.cbz"))
        self.put("Foo.opf", (OPF % "Of the OPF").encode())
        wait_for(lambda: os.stat(path).st_mtime_ns != plain.st_mtime_ns, "the sidecar is seen")
        said = self.info(path)[0]
        self.assertEqual((said["Title"], said["Series"], said["Penciller"], said["Writer"]),
                         ("Of the OPF", "Of the sidecar", "Ian Ink", "Ann Author"))
        first = os.stat(path)
        self.assertEqual(first.st_mtime_ns, os.stat(self.library + "/Foo.opf").st_mtime_ns)
        self.assertEqual(first.st_ino, plain.st_ino)
        # A ComicInfo of the file's name goes before it.
        self.put("Foo.xml", b"<ComicInfo><Title>A longer title than the other</Title><Pages>"
                            b"<Page Image='3' Type='BackCover'/></Pages></ComicInfo>")
        wait_for(lambda: os.stat(path).st_mtime_ns != first.st_mtime_ns, "the second is seen")
        said, pages = self.info(path)
        self.assertEqual((said["Title"], said.get("Series")),
                         ("A longer title than the other", None))
        self.assertEqual(pages[3]["Type"], "BackCover")
        os.unlink(self.library + "/Foo.xml")
        os.unlink(self.library + "/Foo.opf")
        wait_for(lambda: os.stat(path).st_mtime_ns == plain.st_mtime_ns, "both are gone")
        self.assertEqual(self.info(path)[0]["Title"], "The <Title>")
        self.assertEqual(os.stat(path).st_size, plain.st_size)
        self.assertEqual(read(mount.file("Bar.cbz")), bar)
        self.assertEqual(mount.errors(), "")

    def test_opening_notices_another_version_that_nobody_told_of(self):
        self.put("Foo.pdf", book_with_everything())
        self.put("Foo.opf", (OPF % "The first").encode())
        mount = self.mount("watch=no,ttl=3600")
        self.assertEqual(self.info(mount.file("Foo.cbz"))[0]["Title"], "The first")
        self.put("Foo.opf", (OPF % ("A second, longer one " * 9)).encode())
        self.assertIn("A second", self.info(mount.file("Foo.cbz"))[0]["Title"])

    def test_an_open_book_keeps_the_version_it_was_opened_as(self):
        self.put("Foo.pdf", book_with_everything())
        mount = self.mount()
        whole = read(mount.file("Foo.cbz"))
        with open(mount.file("Foo.cbz"), "rb") as book:
            before = os.fstat(book.fileno())
            self.put("Foo.opf", (OPF % "Another").encode())
            wait_for(lambda: os.stat(mount.file("Foo.cbz")).st_mtime_ns != before.st_mtime_ns,
                     "the sidecar is seen")
            self.assertEqual(book.read(), whole)
        self.assertNotEqual(read(mount.file("Foo.cbz")), whole)

    def test_a_folder_with_one_book_as_calibre_keeps_it(self):
        self.put("Author/Title (7)/Title - Author.pdf", book_with_everything())
        self.put("Author/Title (7)/metadata.opf", (OPF % "Kept by calibre").encode())
        self.put("Two/One.pdf", make_pdfs.small(1))
        self.put("Two/Two.pdf", make_pdfs.small(2))
        self.put("Two/metadata.opf", (OPF % "Of whom?").encode())
        mount = self.mount()
        said = self.info(mount.file("Author", "Title (7)", "Title - Author.cbz"))[0]
        self.assertEqual(said["Title"], "Kept by calibre")
        self.assertEqual(self.info(mount.file("Two", "One.cbz"))[0]["Title"], "One")
        # It stays what it is.
        self.assertIn(b"Of whom?", read(mount.file("Two", "metadata.opf")))

    def test_the_index_knows_the_sidecar_too(self):
        self.put("Foo.pdf", book_with_everything())
        self.put("Foo.opf", (OPF % "Of the OPF").encode())
        index = os.path.join(self.folder, "index")
        first = self.mount(index=index)
        whole = read(first.file("Foo.cbz"))
        first.unmount()
        again = self.mount(index=index)
        self.assertEqual(read(again.file("Foo.cbz")), whole)
        self.assertEqual(again.status()["index"]["analysed"], 0)
        again.unmount()
        os.unlink(self.library + "/Foo.opf")
        without = self.mount(index=index)
        self.assertEqual(self.info(without.file("Foo.cbz"))[0]["Title"], "The <Title>")

    def test_a_broken_sidecar_is_named_and_the_book_is_there(self):
        self.put("Foo.pdf", book_with_everything())
        self.put("Foo.opf", b"<package>")
        self.put("Bar.pdf", make_pdfs.small(1))
        self.put("Bar.xml", b"<alto>something else</alto>")
        mount = self.mount()
        self.assertEqual(self.info(mount.file("Foo.cbz"))[0]["Title"], "The <Title>")
        self.assertEqual(self.info(mount.file("Bar.cbz"))[0]["Title"], "Bar")
        lines = mount.errors().splitlines()
        self.assertEqual([line.split("\t")[0] for line in lines], ["Foo.pdf"])
        self.assertIn("no XML", lines[0])

    def test_books_can_do_without(self):
        self.put("Foo.pdf", book_with_everything())
        mount = self.mount("comicinfo=no")
        names = ["0001.jpg", "0002.jpg", "0003.jpg", "0004.jpg"]
        for view in ("cbz", "enhanced"):
            with zipfile.ZipFile(mount.file("Foo.cbz", view=view)) as archive:
                self.assertEqual(archive.namelist(), names)
                self.assertIsNone(archive.testzip())
        self.assertEqual(sorted(os.listdir(mount.file("Foo", view="pages"))), names)
        plain = self.mount()
        with zipfile.ZipFile(mount.file("Foo.cbz")) as without, \
                zipfile.ZipFile(plain.file("Foo.cbz")) as full:
            for name in names[:-1]:
                self.assertEqual(without.read(name), full.read(name))
            # The last one is filled up to where readers of a file's end do not touch it.
            self.assertEqual(cbz.Jpeg(without.read(names[-1])).core(),
                             cbz.Jpeg(full.read(names[-1])).core())


if __name__ == "__main__":
    harness.main()
