"""Rows of the plain view: a scanned comic, a book of text, a large folder, the first stat."""

import os
import shutil
import time
import zipfile

from contest import quiet, read_all, seed_runner, timed

import make_pdfs


def bench_comic(bench):
    """A 120-page comic, scanned at 300 dpi: time to the first page, and the whole book."""
    pdf = make_pdfs.scan(120, width=1988, height=3075, dpi=300, quality=85, pictures=12)
    library = bench.library("comic", {"Comic.pdf": pdf})
    source = os.path.join(library, "Comic.pdf")
    del pdf

    after_mounting = []

    def first_page():
        start = time.perf_counter()
        mount = bench.mount(library)
        mounted = time.perf_counter()
        names = os.listdir(mount.cbz)
        with zipfile.ZipFile(os.path.join(mount.cbz, names[0])) as book:
            page = book.read("0001.jpg")
        end = time.perf_counter()
        mount.unmount()
        assert len(page) > 100_000
        after_mounting.append(end - mounted)
        return end - start

    contestants = {"ours": first_page}
    seed = seed_runner(bench, source)
    if seed:
        contestants["seed"] = seed
    times = bench.take_turns(contestants)
    bench.row("first page of a 120-page scan: list, open, extract", after_mounting,
              times.get("seed"), "seed, whole book", "> 500 x")
    bench.row("the same with mounting, from the command line on", times["ours"],
              times.get("seed"), "seed, whole book")

    mount = bench.mount(library)
    real = bench.fresh("real")
    shutil.copyfile(mount.file("Comic.cbz"), os.path.join(real, "Comic.cbz"))
    mount.unmount()
    size = os.path.getsize(os.path.join(real, "Comic.cbz"))

    def speed(read_book):
        def run():
            return size / 1e6 / read_book()
        return run

    def ours():
        fresh = bench.mount(library)
        os.stat(fresh.file("Comic.cbz"))
        seconds = timed(lambda: read_all(fresh.file("Comic.cbz")))()
        fresh.unmount()
        return seconds

    def bare():
        point, process = bench.bare(real)
        seconds = timed(lambda: read_all(os.path.join(point, "Comic.cbz")))()
        bench.end_bare(point, process)
        return seconds

    def pdfimages():
        folder = bench.fresh("images")
        seconds = timed(lambda: quiet("pdfimages", "-all", source, os.path.join(folder, "i")))()
        shutil.rmtree(folder)
        return seconds

    def copied():
        fresh = bench.mount(library)
        folder = bench.fresh("copy")
        seconds = timed(lambda: read_all(fresh.file("Comic.cbz"), os.path.join(folder, "c")))()
        fresh.unmount()
        shutil.rmtree(folder)
        return seconds

    ours(), bare()  # the source and the real file into the kernel's cache
    times = bench.take_turns({"ours": speed(ours), "bare": speed(bare), "copied": copied,
                              "pdfimages": pdfimages})
    bench.row("whole book of original pages, read in order", times["ours"], times["bare"],
              "bare passthrough", ">= 0.8 x", "MB/s", bigger=True)
    bench.row("whole book of original pages, copied to a file", times["copied"],
              times["pdfimages"], "pdfimages -all")


def bench_text(bench):
    """A 350-page book of text, converted whole."""
    library = bench.library("text", {"Text.pdf": make_pdfs.text_book(350)})
    source = os.path.join(library, "Text.pdf")

    def convert(options):
        def run():
            mount = bench.mount(library, options)
            copy = os.path.join(bench.fresh("copy"), "c.cbz")
            seconds = timed(lambda: read_all(mount.file("Text.cbz"), copy))()
            mount.unmount()
            return seconds
        return run

    contestants = {
        "seed options": convert("profile=seed,workers=2"),
        "default": convert("workers=2"),
        "one worker": convert("profile=seed,workers=1"),
        "mutool": timed(lambda: quiet("mutool", "draw", "-q", "-r", "150", "-F", "ppm", "-o",
                                      "/dev/null", source)),
    }
    seed = seed_runner(bench, source)
    if seed:
        contestants["seed"] = seed
    times = bench.take_turns(contestants)
    bench.row("350 pages of text, seed's options, 2 workers", times["seed options"],
              times.get("seed"), "seed", ">= 8 x")
    bench.row("350 pages of text, seed's options, 2 workers", times["seed options"],
              times["mutool"], "mutool, 150 dpi")
    bench.row("350 pages of text, seed's options, 1 worker", times["one worker"],
              times["mutool"], "mutool, 150 dpi")
    bench.row("350 pages of text, default options, 2 workers", times["default"],
              times.get("seed"), "seed")


def bench_listing(bench):
    """2 000 books: ls -l with and without an index."""
    library = bench.library("many", {f"b{i:04d}.pdf": make_pdfs.small(i) for i in range(2000)})
    index = os.path.join(bench.fresh("index"), "kept")

    def ls(folder):
        return timed(lambda: quiet("ls", "-lU", folder))()

    def listed(kept):
        def run():
            mount = bench.mount(library, index=index if kept else None)
            seconds = ls(mount.cbz)
            mount.unmount()
            return seconds
        return run

    def bare():
        point, process = bench.bare(library)
        seconds = ls(point)
        bench.end_bare(point, process)
        return seconds

    listed(True)()
    times = bench.take_turns({"cold": listed(False), "warm": listed(True), "bare": bare})
    bench.row("ls -l of 2 000 books, seen before", times["warm"], times["bare"],
              "bare passthrough")
    bench.row("ls -l of 2 000 books, never seen", times["cold"], times["bare"],
              "bare passthrough")


def bench_sizes(bench):
    """The first stat of files that nothing is known of."""
    count = 20 if bench.options.quick else 60
    kinds = {
        "a 24-page scan": (
            [make_pdfs.scan(24, width=1200, height=1800, dpi=300, pictures=1, seed=i)
             for i in range(count)], "< 3 ms"),
        "a drawn 20-page PDF (text)": (
            [make_pdfs.text_book(20, seed=i) for i in range(count)], "< 40 ms"),
        "a drawn 20-page PDF (drawings)": (
            [make_pdfs.drawings(20, seed=i) for i in range(count)], "< 40 ms"),
        "a drawn 20-page PDF (rotated scans)": (
            [make_pdfs.rotated_scan(20, width=1200, height=1800, dpi=300, pictures=1, seed=i)
             for i in range(count)], "< 40 ms"),
    }
    for number, (kind, (files, wanted)) in enumerate(kinds.items()):
        library = bench.library(f"sizes{number}", {f"f{i}.pdf": d for i, d in enumerate(files)})
        mount = bench.mount(library)
        samples = []
        for i in range(count):
            path = mount.file(f"f{i}.cbz")
            samples.append(timed(lambda: os.stat(path))())
        mount.unmount()
        shutil.rmtree(library)
        bench.row(f"first stat of {kind}", samples, wanted=wanted)
