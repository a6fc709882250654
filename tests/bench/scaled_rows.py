"""Rows of pages that are one image and are shown at another size or drawn all the same: thumbnails,
covers, `original=no`, enhanced pages."""

import os
import shutil

from contest import (each, faster, files_of, read_all, timed, write_cbz, command)
from meters import PeakOfMount, processor_seconds, with_processor_seconds

import books

AIM = faster(5)


def _view(bench, library, view, names, options="workers=1"):
    """A contestant: files of a view read through a fresh mount, sizes known."""
    def run():
        with bench.mounted(library, options) as mount:
            paths = [mount.file(*name, view=view) for name in names]
            for path in paths:
                os.stat(path)
            return timed(lambda: [read_all(path) for path in paths])()
    return run


def bench_scaled(bench):
    """Whole books by one worker, beside mutool drawing the same pages at the same size."""
    pages, size = bench.size(12, 4), bench.size(books.SCAN, (994, 1538))
    thumbnails = [("Book", f"{number:04d}.jpg") for number in range(1, pages + 1)]
    small = ("-w", "100", "-h", "100")
    for kind, words, data in (("colour", "colour", books.scan(pages, 6, size=size)),
                              ("gray", "gray manga", books.scan(pages, 6, True, size))):
        _scaled(bench, f"thumbnails.{kind}", f"{pages} thumbnails of a scan, {words}", data,
                "thumbnails", thumbnails, "workers=1", small)
        if kind == "colour":
            _scaled(bench, "original_no", f"{pages} pages of a scan with original=no", data, "cbz",
                    [("Book.cbz",)], "workers=1,original=no", ("-r", str(books.DPI)))
        _scaled(bench, f"enhanced.{kind}", f"{pages} pages of a scan enhanced, {words}", data,
                "enhanced", [("Book.cbz",)], "workers=1", ("-r", str(books.DPI)))
    few = bench.size(4, 2)
    _scaled(bench, "thumbnails.jpeg2000", f"{few} thumbnails of a JPEG 2000 scan",
            books.jpeg2000(few, size=size), "thumbnails", thumbnails[:few], "workers=1", small)


def _scaled(bench, name, what, data, view, names, options, mutool_size):
    library = bench.library("scaled", {"Book.pdf": data})
    source = os.path.join(library, "Book.pdf")
    mutool_peaks = []
    times = bench.take_turns({
        "ours": _view(bench, library, view, names, options),
        "mutool": command("mutool", "draw", "-q", *mutool_size, "-F", "ppm", "-o", "/dev/null",
                          source, peaks=mutool_peaks)})
    bench.row(f"scaled.{name}", f"{what}, one worker", times["ours"], times["mutool"],
              "mutool, no JPEG", AIM)

    def peak():
        with bench.mounted(library, options) as mount, PeakOfMount(mount) as watch:
            for file in names:
                read_all(mount.file(*file, view=view))
        return watch.bytes

    bench.memory_row(f"scaled.{name}", f"{what}, one worker",
                     bench.peaks(peak), mutool_peaks, "mutool")
    shutil.rmtree(library)


# --- Covers ------------------------------------------------------------------------------------

def bench_covers(bench):
    """Covers of 40 scanned books that nothing is known of, against a process for each."""
    count, size = bench.size(40, 6), bench.size(books.SCAN, (994, 1538))
    library, real, first = (bench.fresh("covers") for _ in range(3))
    for i in range(count):
        pages = [books.picture(i % 12, size=size)] * 5
        with open(os.path.join(library, f"b{i:03d}.pdf"), "wb") as out:
            out.write(books.scanned_book(pages, f"Book {i}"))
        write_cbz(os.path.join(real, f"b{i:03d}.cbz"), pages)
        with open(os.path.join(first, f"b{i:03d}.jpg"), "wb") as out:
            out.write(pages[0])
    out = bench.fresh("covers-out")

    def each_of(folder, *words):
        return lambda at_once: timed(lambda: each(files_of(folder), words, at_once))

    mutool = each_of(library, "mutool", "draw", "-q", "-h", "300", "-F", "ppm", "-o", "/dev/null",
                     "{}", "1")
    vips = each_of(library, "vipsthumbnail", "--size", "x300", "-o", f"{out}/%s.jpg", "{}")
    vips_image = each_of(first, "vipsthumbnail", "--size", "x300", "-o", f"{out}/%s.jpg", "{}")
    poppler = each_of(library, "pdftoppm", "-f", "1", "-l", "1", "-singlefile", "-jpeg",
                      "-scale-to", "300", "{}", f"{out}/cover")
    _covers(bench, "pdf", f"{count} covers of scanned PDFs", library,
            {"mutool": (mutool, AIM), "vipsthumbnail": (vips, None), "pdftoppm": (poppler, None)})
    _covers(bench, "cbz", f"{count} covers of scanned CBZs", real,
            {"vipsthumbnail": (vips_image, None)})
    for folder in (library, real, first, out):
        shutil.rmtree(folder)


def _covers(bench, name, what, library, others):
    """One reader beside one process at a time, two beside two."""
    count = len(os.listdir(library))
    processor = {key: [] for key in ("ours", *others)}

    def read_covers(mount, readers):
        folder = os.path.join(mount.path, "thumbnails")
        covers = [path for path in files_of(folder) if path.endswith(".jpg")]
        assert len(covers) == count, covers
        if readers == 1:
            for cover in covers:
                read_all(cover)
        else:
            each(covers, ("cat",), readers)

    def fresh(readers):
        def run():
            with bench.mounted(library) as mount:
                before = processor_seconds(mount)
                seconds = timed(lambda: read_covers(mount, readers))()
                if readers == 1:
                    processor["ours"].append(processor_seconds(mount) - before)
            return seconds
        return run

    contestants = {"ours": fresh(1), "ours, two": fresh(2)}
    for other, (make, _) in others.items():
        contestants[other] = with_processor_seconds(make(1), processor[other])
        contestants[other + ", two"] = make(2)
    times = bench.take_turns(contestants)
    for other, (_, aim) in others.items():
        bench.row(f"covers.{name}.{other}", f"{what}, never seen, one reader", times["ours"],
                  times[other], other, aim)
        bench.row(f"covers.{name}.{other}.two", f"{what}, never seen, two readers",
                  times["ours, two"], times[other + ", two"], other + ", two")
        bench.row(f"covers.{name}.{other}.processor", f"{what}, processor time",
                  processor["ours"], processor[other], other)
