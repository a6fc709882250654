"""Rows of pages that must be drawn: a book of text, scans in codings that no reader of CBZs knows,
scans that lie on their side or in two halves, drawings with transparency."""

import os
import shutil

from contest import command, faster, read_all, seed_command, timed, within
from meters import PeakOfMount

import books
import make_pdfs

BANDS = ("-T", "2", "-B", "256")  # mutool's own two threads, which want bands


def _book(bench, library, name, options):
    """A contestant: the whole book read through a fresh mount."""
    def run():
        with bench.mounted(library, options) as mount:
            path = mount.file(name)
            os.stat(path)
            return timed(lambda: read_all(path))()
    return run


def _peak(bench, library, name, options):
    def run():
        with bench.mounted(library, options) as mount, PeakOfMount(mount) as watch:
            read_all(mount.file(name))
        return watch.bytes
    return run


def _mutool(source, dpi, *more, peaks=None):
    return command("mutool", "draw", "-q", "-r", str(dpi), *more, "-F", "ppm", "-o", "/dev/null",
                   source, peaks=peaks)


def bench_text(bench):
    """A book of text, converted whole, JPEGs and all; mutool only draws."""
    pages = bench.size(350, 30)
    library = bench.library("text", {"Text.pdf": make_pdfs.text_book(pages)})
    source = os.path.join(library, "Text.pdf")
    seed_peaks, mutool_peaks = [], []

    def convert(options):
        def run():
            with bench.mounted(library, options) as mount:
                copy = os.path.join(bench.fresh("copy"), "c.cbz")
                return timed(lambda: read_all(mount.file("Text.cbz"), copy))()
        return run

    contestants = {
        "two": convert("profile=seed,workers=2"),
        "one": convert("profile=seed,workers=1"),
        "default": convert("workers=2"),
        "mutool": _mutool(source, 150, peaks=mutool_peaks),
        "mutool -T 2": _mutool(source, 150, *BANDS),
    }
    seed = seed_command(bench, source, seed_peaks)
    if seed:
        contestants["seed"] = seed
    times = bench.take_turns(contestants)
    what = f"{pages} pages of text at 150 dpi, "
    bench.row("text.two.mutool", what + "two workers", times["two"], times["mutool"],
              "mutool, no JPEG", faster(1.8))
    bench.row("text.two.mutool_threads", what + "two workers", times["two"], times["mutool -T 2"],
              "mutool -T 2 -B 256")
    bench.row("text.one.mutool", what + "one worker", times["one"], times["mutool"],
              "mutool, no JPEG")
    if seed:
        bench.row("text.two.seed", what + "two workers", times["two"], times["seed"], "seed",
                  faster(12))
        bench.row("text.default.seed", f"{pages} pages of text at 200 dpi, two workers",
                  times["default"], times["seed"], "seed, 150 dpi")
    peaks = bench.peaks(_peak(bench, library, "Text.cbz", "profile=seed,workers=2"))
    if seed:
        bench.memory_row("text.seed", what + "two workers", peaks, seed_peaks, "seed",
                         within(1 / 3))
    bench.memory_row("text.mutool", what + "two workers", peaks, mutool_peaks, "mutool")
    shutil.rmtree(library)


def bench_drawn_scans(bench):
    """Scans that must be drawn, at the resolution of their images."""
    pages, size = bench.size(4, 2), bench.size(books.SCAN, (994, 1538))
    for kind, words, make in (("jpeg2000", "JPEG 2000", books.jpeg2000),
                              ("ccitt", "CCITT", books.ccitt),
                              ("jbig2", "JBIG2", books.jbig2),
                              ("rotated", "JPEG on its side", books.rotated),
                              ("two_images", "two JPEGs a page", books.two_images)):
        if bench.quick and kind in ("jbig2", "two_images"):
            continue
        _drawn(bench, kind, f"{pages} scanned pages, {words}, sizes known",
               make(pages, size=size), books.DPI, faster(1.5))
    _drawn(bench, "drawings", f"{bench.size(20, 4)} drawings with transparency, 200 dpi",
           make_pdfs.drawings(bench.size(20, 4)), 200, None)


def _drawn(bench, kind, what, data, dpi, aim):
    library = bench.library("drawn", {"Book.pdf": data})
    source = os.path.join(library, "Book.pdf")
    mutool_peaks, out = [], bench.fresh("out")
    times = bench.take_turns({
        "one": _book(bench, library, "Book.cbz", "workers=1"),
        "two": _book(bench, library, "Book.cbz", "workers=2"),
        "mutool": _mutool(source, dpi, peaks=mutool_peaks),
        "mutool -T 2": _mutool(source, dpi, *BANDS),
        "pdftoppm": command("pdftoppm", "-r", str(dpi), "-jpeg", source, os.path.join(out, "p")),
    })
    bench.row(f"drawn.{kind}.mutool", f"{what}, one worker", times["one"], times["mutool"],
              "mutool, no JPEG", aim)
    bench.row(f"drawn.{kind}.two", f"{what}, two workers", times["two"], times["mutool -T 2"],
              "mutool -T 2 -B 256")
    bench.row(f"drawn.{kind}.pdftoppm", f"{what}, one worker", times["one"], times["pdftoppm"],
              "pdftoppm -jpeg")
    peaks = bench.peaks(_peak(bench, library, "Book.cbz", "workers=2"))
    bench.memory_row(f"drawn.{kind}", f"{what}, two workers", peaks, mutool_peaks,
                     "mutool")
    shutil.rmtree(library)
    shutil.rmtree(out)
