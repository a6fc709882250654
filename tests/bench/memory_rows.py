"""Rows of memory alone: large pages, many at once, many covers. Other parts have rows of their own.

What daemon and workers take together, against the largest process of the contestant.
"""

import io
import os
import shutil
import sys

from contest import BUDGET, MIB, PILLOW, at_most, each, read_all, within
from meters import PeakOfMount, peak_of

import books
import comic_art
import make_pdfs

LARGE = (5770, 8660)  # just under 50 megapixels


def _large_pages():
    """{name: file} of one page of 50 megapixels, each as a CBZ may hold it."""
    page = comic_art.comic_page(5, LARGE[0] // 2, LARGE[1] // 2).resize(LARGE)
    files = {}
    for name, options in (("jpeg", {"format": "JPEG", "quality": 85}),
                          ("progressive", {"format": "JPEG", "quality": 85, "progressive": True}),
                          ("png", {"format": "PNG", "compress_level": 1})):
        out = io.BytesIO()
        page.save(out, **options)
        files[name] = out.getvalue()
    return files


def bench_memory(bench):
    """Peaks while large pages are enhanced and while covers are made."""
    if not bench.quick:
        files = _large_pages()
        for name, data in files.items():
            _one_page(bench, name, data)
        _many_pages(bench, files["progressive"])
    _covers(bench)
    _many_pages_one_book(bench)


def _one_page(bench, name, data):
    assert len(data) < 100e6, f"{name}: {len(data)} bytes, would be handed on as it is"
    page = "Page.png" if name == "png" else "Page.jpg"
    library = bench.library("large", {page: data})

    def ours():
        with bench.mounted(library) as mount:
            with PeakOfMount(mount) as watch:
                read_all(mount.file("Page.jpg", view="enhanced"))
            assert mount.status()["pages"]["enhanced"] == 1
        return watch.bytes

    def theirs():
        return peak_of(sys.executable, PILLOW, "page", os.path.join(library, page),
                       bench.path("large.jpg"))

    peaks = bench.take_turns({"ours": ours, "pillow": theirs})
    words = {"jpeg": "JPEG", "progressive": "progressive JPEG", "png": "PNG"}[name]
    bench.memory_row(f"enhance.{name}", f"enhancing a page of 50 MP, {words}", peaks["ours"],
                     peaks["pillow"], "Pillow", within(1 / 3))
    shutil.rmtree(library)


def _many_pages(bench, data):
    """More readers than fit into the budget: pages wait for one another."""
    library = bench.library("large", {f"Page{i}.jpg": data for i in range(6)})

    def ours():
        with bench.mounted(library, "workers=4") as mount:
            folder = os.path.join(mount.path, "enhanced")
            with PeakOfMount(mount) as watch:
                each([os.path.join(folder, name) for name in os.listdir(folder)], ("cat",), 6)
            assert mount.status()["pages"]["enhanced"] == 6
        return watch.bytes

    bench.memory_row("enhance.six", "6 of the progressive at once, 4 workers",
                     bench.peaks(ours), aim=at_most(BUDGET))
    shutil.rmtree(library)


def _covers(bench):
    count, size = 20, bench.size(books.SCAN, (994, 1538))
    library = bench.library("covers", {f"b{i}.pdf": books.scan(4, size=size) + b"\n%% %d\n" % i
                                       for i in range(count)})
    source, cover = os.path.join(library, "b0.pdf"), bench.path("cover")

    def ours():
        with bench.mounted(library) as mount, PeakOfMount(mount) as watch:
            each([mount.file(f"b{i}.jpg", view="thumbnails") for i in range(count)], ("cat",), 2)
        return watch.bytes

    peaks = bench.take_turns({
        "ours": ours,
        "vipsthumbnail": lambda: peak_of("vipsthumbnail", "--size", "x300", "-o", cover + ".jpg",
                                         source),
        "mutool": lambda: peak_of("mutool", "draw", "-q", "-h", "300", "-F", "ppm", "-o",
                                  "/dev/null", source, "1")}, bench.memory_repeats)
    for name in ("vipsthumbnail", "mutool"):
        bench.memory_row(f"covers.{name}", f"{count} covers of scanned PDFs", peaks["ours"],
                         peaks[name], f"{name}, one cover")
    shutil.rmtree(library)


def _many_pages_one_book(bench):
    library = bench.library("long", {"Long.pdf": make_pdfs.many_pages(bench.size(10000, 2000))})
    source = os.path.join(library, "Long.pdf")

    def ours():
        with bench.mounted(library) as mount, PeakOfMount(mount) as watch:
            os.stat(mount.file("Long.cbz"))
            os.listdir(os.path.join(mount.path, "pages", "Long"))
        return watch.bytes

    peaks = bench.take_turns({"ours": ours, "mutool": lambda: peak_of("mutool", "pages", source)},
                             bench.memory_repeats)
    bench.memory_row("pages.many", f"first look at a book of {bench.size(10000, 2000)} pages",
                     peaks["ours"], peaks["mutool"], "mutool pages")
    shutil.rmtree(library)


def bench_budget(bench):
    """Not measured: the largest of all the rows of memory, against the budget."""
    peaks = {name: max(row["samples"]) for name, row in bench.rows.items()
             if name.startswith("memory.")}
    if peaks:
        most = max(peaks, key=peaks.get)
        bench.memory_row("budget", f"largest of all samples above ({most})", [peaks[most] * MIB],
                         aim=at_most(BUDGET))
