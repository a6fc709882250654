"""Rows of scanned comics, whose pages are handed on as they are: the first one, and all."""

import os
import shutil
import subprocess
import time
import zipfile

from contest import BUDGET, at_most, command, faster, read_all, seed_command, timed, within
from meters import PeakOfMount

import books

BOOK = "Comic.cbz"


def _first_page(folder):
    """List, open, first page: what a reader does that is pointed at a library."""
    names = os.listdir(folder)
    with zipfile.ZipFile(os.path.join(folder, names[0])) as book:
        return len(book.read(next(name for name in book.namelist() if name.endswith(".jpg"))))


def bench_first_page(bench):
    """From the command line to the first page of a scan of 120 pages."""
    pages = bench.size(120, 24)
    library = bench.library("comic", {"Comic.pdf": books.scan(
        pages, 12, size=bench.size(books.SCAN, (994, 1538)))})
    source = os.path.join(library, "Comic.pdf")
    real = bench.real_copy(library, BOOK)
    mounted, bare_mounted, seed_peaks = [], [], []

    def first_page(mount, folder, into):
        start = time.perf_counter()
        with mount as at:
            ready = time.perf_counter()
            assert _first_page(folder(at)) > 10_000
            end = time.perf_counter()
        into.append(end - ready)
        return end - start

    contestants = {
        "ours": lambda: first_page(bench.mounted(library), lambda mount: mount.cbz, mounted),
        "bare": lambda: first_page(bench.bare(real), lambda point: point, bare_mounted),
    }
    seed = seed_command(bench, source, seed_peaks)
    if seed:
        contestants["seed"] = seed
    times = bench.take_turns(contestants)
    what = f"first page of a {pages}-page scan, never seen: "
    with_mount = what + "mount, list, open, read"
    without = what + "list, open, read"
    if seed:
        bench.row("first.mount.seed", with_mount, times["ours"], times["seed"], "seed, whole book",
                  faster(1000))
        bench.row("first.mounted.seed", without, mounted, times["seed"], "seed, whole book",
                  faster(1000))
    bench.row("first.mount.bare", with_mount, times["ours"], times["bare"],
              "passthrough, real CBZ", within(2))
    bench.row("first.mounted.bare", without, mounted, bare_mounted, "passthrough, real CBZ",
              within(2))
    _first_page_seen(bench, library, real)

    def peak():
        with bench.mounted(library) as mount:
            with PeakOfMount(mount) as watch:
                read_all(mount.file(BOOK))
        return watch.bytes

    bench.memory_row("scan", f"the whole scan of {pages} pages read", bench.peaks(peak),
                     seed_peaks, "seed", within(1 / 3) if seed else None)
    shutil.rmtree(library)
    shutil.rmtree(real)


def _first_page_seen(bench, library, real):
    """The same when the index knows the book, which is how it is on every day but the first."""
    index = os.path.join(bench.fresh("index"), "kept")
    with bench.mounted(library, index=index) as mount:
        os.stat(mount.file(BOOK))

    def ours():
        with bench.mounted(library, index=index) as mount:
            return timed(lambda: _first_page(mount.cbz))()

    def bare():
        with bench.bare(real) as point:
            return timed(lambda: _first_page(point))()

    times = bench.take_turns({"ours": ours, "bare": bare})
    bench.row("first.indexed.bare", "first page of that scan, seen before: list, open, read",
              times["ours"], times["bare"], "passthrough, real CBZ", within(2))


def bench_whole_scan(bench):
    """All pages of a scan of 600 pages, in order; then 8 books by 8 readers."""
    pages = bench.size(600, 60)
    library = bench.library("whole", {"Comic.pdf": books.scan(pages, 12)})
    real = bench.real_copy(library, BOOK)
    size = os.path.getsize(os.path.join(real, BOOK))
    bench.read_alike(library, real)
    again, bare_again = [], []

    def speed(path, into):
        first = timed(lambda: read_all(path))()
        into.append(size / 1e6 / timed(lambda: read_all(path))())
        return size / 1e6 / first

    def ours():
        with bench.mounted(library) as mount:
            os.stat(mount.file(BOOK))
            return speed(mount.file(BOOK), again)

    def bare():
        with bench.bare(real) as point:
            return speed(os.path.join(point, BOOK), bare_again)

    def pdfimages():
        folder = bench.fresh("images")
        seconds = command("pdfimages", "-all", os.path.join(library, "Comic.pdf"),
                          os.path.join(folder, "i"))()
        shutil.rmtree(folder)
        return seconds

    def copied():
        folder = bench.fresh("copy")
        with bench.mounted(library) as mount:
            seconds = timed(lambda: read_all(mount.file(BOOK), os.path.join(folder, "c")))()
        shutil.rmtree(folder)
        return seconds

    times = bench.take_turns({"ours": ours, "bare": bare})
    what = f"whole scan of {pages} pages, read in order"
    bench.row("whole.read", what, times["ours"], times["bare"], "passthrough, real CBZ",
              faster(0.95), "MB/s", rate=True)
    bench.row("whole.again", what + " again", again, bare_again, "passthrough, real CBZ",
              faster(1, slack=0.05), "MB/s", rate=True)
    times = bench.take_turns({"ours": copied, "theirs": pdfimages})
    bench.row("whole.copied", "the same copied to a file", times["ours"], times["theirs"],
              "pdfimages -all")
    for folder in (library, real):
        shutil.rmtree(folder)
    _readers(bench)


def _readers(bench):
    """8 readers, each with a book of its own: none finds in the kernel what another has read."""
    pages = bench.size(60, 12)
    data = books.scan(pages, 12)
    library = bench.library("readers", {f"Comic {i}.pdf": data for i in range(8)})
    del data
    real = bench.fresh("real")
    with bench.mounted(library) as mount:
        for name in os.listdir(mount.cbz):
            shutil.copyfile(mount.file(name), os.path.join(real, name))
    size = sum(os.path.getsize(os.path.join(real, name)) for name in os.listdir(real))
    bench.read_alike(library, real)

    def all_at_once(folder):
        paths = [os.path.join(folder, name) for name in sorted(os.listdir(real))]
        for path in paths:
            os.stat(path)

        def read():
            readers = [subprocess.Popen(["dd", f"if={path}", "of=/dev/null", "bs=1M",
                                         "status=none"]) for path in paths]
            assert not any([reader.wait() for reader in readers]), "a reader failed"

        return size / 1e6 / timed(read)()

    def ours():
        with bench.mounted(library) as mount:
            return all_at_once(mount.cbz)

    def bare():
        with bench.bare(real) as point:
            return all_at_once(point)

    def peak():
        with bench.mounted(library) as mount, PeakOfMount(mount) as watch:
            all_at_once(mount.cbz)
        return watch.bytes

    times = bench.take_turns({"ours": ours, "bare": bare})
    bench.row("whole.readers", f"8 scans of {pages} pages by 8 readers at once", times["ours"],
              times["bare"], "passthrough, real CBZ", faster(0.95), "MB/s", rate=True)
    bench.memory_row("readers", f"8 scans of {pages} pages by 8 readers at once",
                     bench.peaks(peak), aim=at_most(BUDGET))
    shutil.rmtree(library)
    shutil.rmtree(real)
