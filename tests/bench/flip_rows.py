"""Rows of somebody who reads: a page a second, of a book that must be drawn."""

import shutil
import time
import zipfile

from contest import at_most

import books
import make_pdfs

PERIOD = 1.0  # seconds that somebody looks at a page
AT_ONCE = 0.005


def bench_flips(bench):
    """Page flips through a book of 120 pages, from the first on."""
    pages, flips = bench.size(120, 40), bench.size(12, 5)
    kinds = [("drawings", "120 drawings with transparency", lambda: make_pdfs.drawings(pages))]
    if not bench.quick:
        kinds.append(("jpeg2000", "a JPEG 2000 scan of 24 pages at 300 dpi",
                      lambda: books.jpeg2000(24)))
    for kind, words, make in kinds:
        library = bench.library("flips", {"Book.pdf": make()})
        runs = [_read(bench, library, flips) for _ in range(bench.size(5, 1))]
        shutil.rmtree(library)
        bench.series[f"flips.{kind}"] = {"seconds": runs[0][0]}
        what = f"a page a second of {words}: "
        bench.row(f"flips.{kind}.slowest", what + "slowest read after the second page",
                  [max(times[2:]) for times, _ in runs])
        bench.row(f"flips.{kind}.not_ready", what + "pages not ready when asked for, after the "
                  "second", [sum(1 for ready in all_ready[2:] if not ready)
                             for _, all_ready in runs], aim=at_most(0), unit="pages")


def _read(bench, library, flips):
    """([seconds of each read], [whether the page was there when it was asked for])."""
    times, ready = [], []
    with bench.mounted(library) as mount, zipfile.ZipFile(mount.file("Book.cbz")) as book:
        for name in [name for name in book.namelist() if name.endswith(".jpg")][:flips]:
            joined = mount.status()["pages"]["joined"]
            start = time.perf_counter()
            book.read(name)
            times.append(time.perf_counter() - start)
            # A page under way is joined, but so is the next one where the kernel reads on into it:
            # that is not waited for.
            ready.append(times[-1] < AT_ONCE or mount.status()["pages"]["joined"] == joined)
            time.sleep(PERIOD)
    return times, ready
