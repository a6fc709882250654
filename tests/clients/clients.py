"""What the tests of real programs share: the library, programs that may be missing, what they cost.

Environment, beside the harness's: CBZFS_CLIENTS_REQUIRED: a program that is not installed is a
failure, not a skipped test; CBZFS_CLIENTS_RECORD: a file that gets a line of JSON for each finding.
"""

import functools
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "mount"))

from PIL import Image  # noqa: E402

import harness  # noqa: E402
import library  # noqa: E402

# Where servers are, which is not on everybody's path.
os.environ["PATH"] += ":/usr/sbin:/sbin"
HERE = os.path.dirname(os.path.abspath(__file__))
PAGES = library.PAGES
BOOKS = (library.DRAWN, library.SCANNED)
# Two pages for each worker are drawn ahead of somebody who reads on; here always the same number.
WORKERS = 2
AHEAD = 2 * WORKERS
# At most, for somebody who reads one page to its end: the kernel reads 128 KiB on, and at times as
# much again, which is a part of three more, and that looks as if somebody turns the pages.
READ_ON = 4
ONE_PAGE = READ_ON + AHEAD


@functools.lru_cache(maxsize=None)
def _books():
    return {library.DRAWN + ".pdf": library.drawn_book(),
            library.SCANNED + ".pdf": library.scanned_book()}


def page_name(page):
    return f"{page:04d}.jpg"


def version(package):
    """Of an installed Debian package, and "" of one that is not."""
    done = subprocess.run(["dpkg-query", "-W", "-f=${Version}", package], capture_output=True,
                          text=True, check=False)
    return done.stdout if done.returncode == 0 else ""


class ClientTest(harness.MountedTest):
    """A library of one book to be drawn and one of JPEGs, opened by a program that is not ours."""

    def setUp(self):
        super().setUp()
        for name, data in _books().items():
            self.put(name, data)

    def need(self, *programs):
        missing = [name for name in programs if not shutil.which(name)]
        if not missing:
            return
        reason = f"not installed: {' '.join(missing)} (see mount-helpers/packages)"
        if os.environ.get("CBZFS_CLIENTS_REQUIRED"):
            self.fail(reason)
        self.skipTest(reason)

    def open(self, options="", **more):
        """A mount that has drawn nothing yet."""
        return self.mount(f"workers={WORKERS}" + ("," + options if options else ""), **more)

    def execute(self, *command, cwd=None, environment=None, errors=None, deadline=120):
        """Runs a program that must succeed, with nothing on its error stream; returns its output.

        `errors`: a pattern that the error stream may match, for programs that chat there.
        """
        done = subprocess.run(command, capture_output=True, check=False, timeout=deadline, cwd=cwd,
                              stdin=subprocess.DEVNULL,
                              env={**os.environ, "LC_ALL": "C.UTF-8", **(environment or {})})
        said = done.stderr.decode(errors="replace")
        context = f"{command}: {done.stdout[-2000:].decode(errors='replace')}\n{said[-2000:]}"
        self.assertEqual(done.returncode, 0, context)
        if errors is None:
            self.assertEqual(said, "", context)
        else:
            self.assertRegex(said, errors, context)
        return done.stdout

    def record(self, client, package, task, **found):
        """A finding for the table in RESULTS.md; see tests/clients/run."""
        path = os.environ.get("CBZFS_CLIENTS_RECORD")
        if path:
            with open(path, "a", encoding="utf-8") as out:
                row = {"client": client, "version": version(package), "task": task, **found}
                out.write(json.dumps(row) + "\n")

    def drawn_by(self, mount, action):
        """(what `action` returned, pages drawn because of it, read-ahead included)."""
        before = mount.settle()["pages"]["drawn"]
        result = action()
        return result, mount.settle()["pages"]["drawn"] - before

    def assertPage(self, data, page):  # noqa: N802
        """`data` is the JPEG of that page, by its colour."""
        with Image.open(io.BytesIO(data)) as image:
            seen = image.convert("RGB").getpixel((image.width // 10, image.height // 2))
        wanted = library.colour(page)
        self.assertLess(max(abs(one - other) for one, other in zip(seen, wanted)), 4,
                        f"page {page} is {wanted}, this is {seen}")

    def assertBook(self, pages, reference):  # noqa: N802
        """`pages` {name: bytes} are the entries of the CBZ at `reference`, and the right pages."""
        with zipfile.ZipFile(reference) as book:
            self.assertEqual(sorted(pages), sorted(book.namelist()))
            for name, data in pages.items():
                self.assertTrue(data == book.read(name), name)
        for page in range(1, PAGES + 1):
            self.assertPage(pages[page_name(page)], page)


def files_below(folder):
    """{relative name: bytes} of all files of a folder."""
    found = {}
    for here, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(here, name)
            found[os.path.relpath(path, folder)] = harness.read(path)
    return found


def entries(path):
    """{name: bytes} of all entries of a CBZ."""
    with zipfile.ZipFile(path) as book:
        return {name: book.read(name) for name in book.namelist()}
