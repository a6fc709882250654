"""Rows of attributes: the first stat of a book, long listings of many, rsync of what it has."""

import os
import shutil
import subprocess

from contest import BUDGET, at_most, quiet, timed, within, write_cbz
from meters import PeakOfMount

import books
import make_pdfs

SMALL_SCAN = (1200, 1800)


# --- One book ----------------------------------------------------------------------------------

def bench_first_stat(bench):
    """The first stat of files that nothing is known of: what the size of a book costs."""
    count = bench.size(20, 5)
    kinds = {
        "scan.24": ("a 24-page scan", 0.001,
                    lambda i: books.scan(24, 1, size=SMALL_SCAN) + b"\n%% %d\n" % i),
        "text.20": ("20 pages of text", 0.020, lambda i: make_pdfs.text_book(20, seed=i)),
        "drawings.20": ("20 drawings", 0.020, lambda i: make_pdfs.drawings(20, seed=i)),
        "rotated.20": ("20 scanned pages on their side", 0.020,
                       lambda i: books.rotated(20, SMALL_SCAN) + b"\n%% %d\n" % i),
        "text.350": ("350 pages of text", 0.060, lambda i: make_pdfs.text_book(350, seed=i)),
        "same.10000": ("10 000 small pages of text", 0.060,
                       lambda i: make_pdfs.many_pages(10000) + b"\n%% %d\n" % i),
        "scan.120": ("a 120-page scan", 0.001,
                     lambda i: books.scan(120, 1, size=SMALL_SCAN) + b"\n%% %d\n" % i),
    }
    few = {"text.350", "same.10000", "scan.120"}
    for name, (what, aim, make) in kinds.items():
        if bench.quick and name in few:
            continue
        number = min(count, 5) if name in few else count
        library = bench.library("stat", {f"f{i}.pdf": make(i) for i in range(number)})
        with bench.mounted(library) as mount:
            samples = [timed(lambda i=i: os.stat(mount.file(f"f{i}.cbz")))()
                       for i in range(number)]
        shutil.rmtree(library)
        bench.row(f"stat.{name}", f"first stat of {what}, never seen", samples, aim=at_most(aim))
    _first_stat_enhanced(bench)


def _first_stat_enhanced(bench):
    size = bench.size(books.SCAN, (994, 1538))
    scans = books.pictures(6, size=size)
    folder = bench.fresh("stats")
    for i in range(bench.repeats):
        write_cbz(os.path.join(folder, f"b{i}.cbz"),
                  (scans[i % len(scans):] + scans[:i % len(scans)]) * 20)
    text = bench.library("stats", {f"b{i}.pdf": make_pdfs.text_book(120, seed=i)
                                   for i in range(bench.repeats)})
    for name, library, what in (("cbz.120", folder, "a scanned CBZ of 120 pages"),
                                ("text.120", text, "120 pages of text")):
        with bench.mounted(library) as mount:
            samples = [timed(lambda i=i: os.stat(mount.file(f"b{i}.cbz", view="enhanced")))()
                       for i in range(bench.repeats)]
        shutil.rmtree(library)
        bench.row(f"stat.enhanced.{name}", f"first stat in enhanced/ of {what}", samples)


# --- Ten thousand ------------------------------------------------------------------------------

def bench_listing(bench):
    """ls -lR of a library of 10 000: never seen, seen before, and once more."""
    count = bench.size(10000, 500)
    library = bench.library("many", books.many(count, count // 100))
    index = os.path.join(bench.fresh("index"), "kept")
    again, bare_again, cold_peaks, peaks = [], [], [], []

    def listing(folder):
        return timed(lambda: quiet("ls", "-lR", folder))()

    def cold():
        with bench.mounted(library) as mount:
            return listing(mount.cbz) / count

    def indexed():
        with bench.mounted(library, index=index) as mount:
            first = listing(mount.cbz)
            again.append(listing(mount.cbz))
            assert mount.status()["index"]["analysed"] == 0
        return first

    def bare():
        with bench.bare(library) as point:
            first = listing(point)
            bare_again.append(listing(point))
        return first

    def peak(into, kept):
        def run():
            with bench.mounted(library, index=kept) as mount, PeakOfMount(mount) as watch:
                listing(mount.cbz)
            into.append(watch.bytes)
        return run

    with bench.mounted(library, index=index) as mount:
        listing(mount.cbz)
    times = bench.take_turns({"indexed": indexed, "bare": bare})
    bench.row("ls.indexed", f"ls -lR of {count} books, seen before", times["indexed"],
              times["bare"], "passthrough, the PDFs", within(1.5))
    bench.row("ls.again", f"ls -lR of {count} books, once more", again, bare_again,
              "passthrough, the PDFs", within(1.0, slack=0.05))
    bench.row("ls.cold", f"ls -lR of {count} books, never seen, per book",
              bench.take_turns({"cold": cold})["cold"], aim=at_most(0.001))
    bench.take_turns({"cold": peak(cold_peaks, None), "indexed": peak(peaks, index)},
                     bench.memory_repeats)
    bench.memory_row("ls.cold", f"ls -lR of {count} books, never seen", cold_peaks,
                     aim=at_most(BUDGET))
    bench.memory_row("ls.indexed", f"ls -lR of {count} books, seen before", peaks,
                     aim=at_most(BUDGET))
    _covers_listed(bench, library, index, count)
    shutil.rmtree(library)


def _covers_listed(bench, library, index, count):
    def listed(view):
        def run():
            with bench.mounted(library, index=index) as mount:
                return timed(lambda: quiet("ls", "-lR", "-I", "Book *[0-9]",
                                           os.path.join(mount.path, view)))()
        return run

    listed("thumbnails")()
    times = bench.take_turns({"covers": listed("thumbnails"), "cbz": listed("cbz")})
    bench.row("ls.covers", f"ls -lR of thumbnails/ of {count} books, covers alone, seen before",
              times["covers"], times["cbz"], "ls -lR of cbz/")


# --- rsync -------------------------------------------------------------------------------------

def bench_rsync(bench):
    """rsync -a of an unchanged library of 1 000 books, drawn ones and scans."""
    count = bench.size(1000, 200)
    library = bench.library("library", books.many(count, count // 50))
    index = os.path.join(bench.fresh("index"), "kept")
    copy, bare_copy = bench.fresh("copy"), bench.fresh("copy")

    def rsync(source, target):
        return timed(lambda: quiet("rsync", "-a", "--delete", source + "/", target + "/"))()

    def ours():
        with bench.mounted(library, index=index) as mount:
            seconds = rsync(mount.cbz, copy)
            assert mount.made() == (0, 0, 0, 0), "rsync had pages made"
        return seconds

    def bare():
        with bench.bare(real) as point:
            return rsync(point, bare_copy)

    with bench.mounted(library, index=index) as mount:
        rsync(mount.cbz, copy)
    # The same books as real files, with the same times.
    real = bench.fresh("real")
    subprocess.run(["cp", "-a", copy + "/.", real], check=True)
    with bench.bare(real) as point:
        rsync(point, bare_copy)
    times = bench.take_turns({"ours": ours, "bare": bare})
    bench.row("rsync.unchanged", f"rsync -a of {count} unchanged books, nothing drawn",
              times["ours"], times["bare"], "passthrough, real CBZs", within(1.2))
    for folder in (library, copy, bare_copy, real):
        shutil.rmtree(folder)
