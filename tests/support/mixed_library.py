"""A library with something of everything: what the tests of all views list, read and copy."""

import os

import make_archives
import make_pdfs
from make_archives import DEFLATED, Entry

TEXT = b"Just a note.\n" * 100


def files():
    """{name: bytes}; the same on every call."""
    pictures = make_archives.pictures(90, 130)
    return {
        "scan.pdf": make_pdfs.scan(3, width=400, height=600),
        "gray.pdf": make_pdfs.gray_scan(2, width=300, height=450),
        "mixed.pdf": make_pdfs.mixed(),
        "text.PDF": make_pdfs.small(1, pages=12),
        "locked.pdf": make_pdfs.encrypted(),
        "torn.pdf": make_pdfs.garbage(),
        "stored.cbz": make_archives.stored(),
        "deflated.cbz": make_archives.deflated(),
        "Series/rubbish.cbz": make_archives.with_rubbish(),
        "Series/nested.CBZ": make_archives.nested(),
        "Series/Deep/in.pdf": make_pdfs.drawings(1),
        "images.zip": make_archives.of_pictures(width=90, height=130),
        "texts.zip": make_archives.without_images(),
        "really a rar.cbz": make_archives.rar(),
        "empty.cbz": b"",
        "Loose/photo.jpg": pictures["rgb.jpg"],
        "Loose/clear.png": pictures["rgba.png"],
        "Loose/turned.jpeg": make_archives.rotated_jpeg(6),
        "Loose/one.webp": pictures["rgb.webp"],
        "Loose/no image.png": TEXT,
        "Loose/cut.jpg": pictures["rgb.jpg"][:-500],
        "note.txt": TEXT,
        ".hidden.pdf": make_pdfs.small(2),
        ".hidden.cbz": make_archives.stored(1),
        "_hidden.jpg": pictures["rgb.jpg"],
        # Names that clash, in one view or another.
        "Clash/Foo.pdf": make_pdfs.small(3, pages=2),
        "Clash/Foo.PDF": make_pdfs.small(4, pages=3),
        "Clash/Foo.cbz": make_archives.stored(1, seed=5),
        "Clash/Foo.zip": make_archives.stored(2, seed=6),
        "Clash/Foo.png": pictures["gray.png"],
        "Clash/Foo.jpg": pictures["gray.jpg"],
        "Clash/Bar/inside.txt": TEXT,
        "Clash/Bar.pdf": make_pdfs.small(5),
        "Clash/" + "L" * 251 + ".pdf": make_pdfs.small(6),
        "Clash/" + "L" * 251 + ".cbz": make_archives.archive(
            [Entry("a.jpg", make_archives.page_jpeg(9, 60, 90), DEFLATED)]),
    }


LINKS = {"link to scan.pdf": "scan.pdf", "link to stored.cbz": "stored.cbz",
         "Series/up.cbz": "../deflated.cbz", "dangling.cbz": "nowhere.cbz", "text link": "note.txt"}


def fill(library):
    for number, (name, data) in enumerate(files().items()):
        path = os.path.join(library, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as out:
            out.write(data)
        when = 1_600_000_000_123_456_789 + number * 1_000_000_007
        os.utime(path, ns=(when, when))
    for link, target in LINKS.items():
        os.symlink(target, os.path.join(library, link))
