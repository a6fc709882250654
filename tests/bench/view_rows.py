"""Rows of the other views: pages enhanced, covers, and what a first look at each costs."""

import os
import shutil
import subprocess

import img2pdf

from contest import (one_core, pillow, processor_seconds, quiet, read_all, timed,
                     with_processor_seconds, write_cbz)

import comic_art
import make_pdfs

SCAN = (1988, 3075)  # a page scanned at 300 dots an inch


def _scans(count, seed=0):
    """Pages of a scanned comic as JPEGs, all different."""
    return [comic_art.comic_jpeg(seed * 1000 + number, *SCAN) for number in range(count)]


def _scanned_pdf(pages, title):
    return img2pdf.convert(pages, title=title, nodate=True, engine=img2pdf.Engine.internal,
                           layout_fun=img2pdf.get_fixed_dpi_layout_fun((300, 300)))


# --- Enhancing ---------------------------------------------------------------------------------

def _enhancement_alone(bench, mode, width, height):
    """Both work on the same pixels in memory, and must make the same of them."""
    page = comic_art.comic_page(7, width, height).convert(mode)
    path = bench.path(f"pixels.{mode}")
    with open(path, "wb") as out:
        out.write(page.tobytes())
    size = (str(width), str(height))
    kept = []

    def ours():
        done = subprocess.run([bench.options.enhance, path, *size, str(len(mode)), "7"], check=True,
                              stdout=subprocess.PIPE, text=True)
        passes, whole, crc = done.stdout.split()
        kept.append(float(whole))
        crcs.add(float(crc))
        return float(passes)

    def theirs():
        seconds, crc = pillow("raster", path, *size, mode, 7)
        crcs.add(crc)
        return seconds

    crcs = set()
    times = bench.take_turns({"ours": ours, "pillow": theirs})
    assert len(crcs) == 1, "the two disagree about the pixels"
    os.unlink(path)
    name = {"RGB": "colour", "L": "gray"}[mode]
    what = f"enhancing {width * height / 1e6:.0f} MP of {name}, one core"
    bench.row(f"{what}, in passes", times["ours"], times["pillow"], "Pillow, no files", ">= 10 x")
    bench.row(f"{what}, kept in memory", kept, times["pillow"], "Pillow, no files", ">= 10 x")


def bench_enhance(bench):
    """The enhancement alone, then whole pages: decoded, enhanced, encoded."""
    _enhancement_alone(bench, "RGB", 2000, 3000)
    _enhancement_alone(bench, "L", 2000, 3000)

    pages = _scans(12)
    library = bench.path("pages-cbz")
    os.mkdir(library)
    source = os.path.join(library, "Book.cbz")
    write_cbz(source, pages)

    def ours(workers):
        def run():
            mount = bench.mount(library, f"workers={workers}")
            path = os.path.join(mount.path, "enhanced", "Book.cbz")
            seconds = timed(lambda: read_all(path))()
            assert not mount.errors() and mount.status()["pages"]["enhanced"] == len(pages)
            mount.unmount()
            return seconds / len(pages)
        return run

    def theirs():
        seconds, count = pillow("book", source)
        return seconds / count

    def on_one_core(call):
        def run():
            with one_core():
                return call()
        return run

    times = bench.take_turns({"one": on_one_core(ours(1)), "two": ours(2),
                              "pillow": on_one_core(theirs)})
    bench.row("enhanced page of a CBZ, 6 MP: one worker, one core", times["one"], times["pillow"],
              "Pillow, one core")
    bench.row("enhanced page of a CBZ, 6 MP: two workers", times["two"], times["pillow"],
              "Pillow, one core")


# --- Covers ------------------------------------------------------------------------------------

def _covers(bench, kind, library, contestants):
    """100 covers read whole, of books that nothing is known of; two readers where others have two
    processes."""
    count = len(os.listdir(library))

    def ours(mount, readers):
        folder = os.path.join(mount.path, "thumbnails")
        names = [name for name in os.listdir(folder) if name.endswith(".jpg")]
        assert len(names) == count, names
        if readers == 1:
            for name in names:
                read_all(os.path.join(folder, name))
            return
        _each([os.path.join(folder, name) for name in names], "cat", readers)

    def fresh(readers):
        def run():
            mount = bench.mount(library)
            before = processor_seconds(mount)
            seconds = timed(lambda: ours(mount, readers))()
            if readers == 1:
                processor["ours"].append(processor_seconds(mount) - before)
            assert not mount.errors(), mount.errors()
            mount.unmount()
            return seconds
        return run

    alone = [name for name in contestants if not name.endswith("two")]
    processor = {name: [] for name in ("ours", *alone)}
    for name in alone:
        contestants[name] = with_processor_seconds(contestants[name], processor[name])
    times = bench.take_turns({"ours": fresh(1), "ours, 2": fresh(2), **contestants})
    for name in contestants:
        mine = "ours, 2" if name.endswith("two") else "ours"
        readers = "two readers" if mine == "ours, 2" else "one reader"
        bench.row(f"{count} covers of {kind}, never seen, {readers}", times[mine], times[name],
                  name, ">= 20 x")
    for name in alone:
        bench.row(f"{count} covers of {kind}, processor time", processor["ours"], processor[name],
                  name)


def _each(paths, command, at_once):
    """`command` for each path, each a process of its own."""
    subprocess.run(["xargs", "-0", "-P", str(at_once), "-I{}", *command.split()] +
                   (["{}"] if "{}" not in command else []), check=True, text=True,
                   input="\0".join(paths), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def bench_covers(bench):
    """Covers of 100 scanned books against a process for each."""
    count = 20 if bench.options.quick else 100
    library, books = bench.path("covers-pdf"), bench.path("covers-cbz")
    first = bench.path("covers-first")
    for folder in (library, books, first):
        os.mkdir(folder)
    for i in range(count):
        pages = _scans(1, seed=i % 25) * 5
        with open(os.path.join(library, f"b{i:03d}.pdf"), "wb") as out:
            out.write(_scanned_pdf(pages, f"Book {i}"))
        write_cbz(os.path.join(books, f"b{i:03d}.cbz"), pages)
        with open(os.path.join(first, f"b{i:03d}.jpg"), "wb") as out:
            out.write(pages[0])
    out = bench.fresh("covers-out")

    def vips(folder, at_once):
        return timed(lambda: _each(_files(folder),
                                   f"vipsthumbnail --size x300 -o {out}/%s.jpg {{}}", at_once))

    def poppler(at_once):
        command = (f"pdftoppm -f 1 -l 1 -singlefile -jpeg -scale-to 300 {{}} {out}/cover")
        return timed(lambda: _each(_files(library), command, at_once))

    _covers(bench, "scanned PDFs", library,
            {"vipsthumbnail": vips(library, 1), "vipsthumbnail, two": vips(library, 2),
             "pdftoppm": poppler(1), "pdftoppm, two": poppler(2)})
    _covers(bench, "CBZs", books,
            {"vipsthumbnail": vips(first, 1), "vipsthumbnail, two": vips(first, 2)})
    for folder in (library, books, first, out):
        shutil.rmtree(folder)


def _files(folder):
    return [os.path.join(folder, name) for name in sorted(os.listdir(folder))]


# --- First looks -------------------------------------------------------------------------------

def bench_views(bench):
    """Sizes in enhanced/, covers listed, single pages and their thumbnails."""
    _first_stats(bench)
    _cover_listing(bench)
    _single_pages(bench)


def _first_stats(bench):
    """The first stat in enhanced/ of a book that nothing is known of."""
    scans = _scans(6, seed=900)
    scan_folder, text_folder = bench.path("stats-scan"), bench.path("stats-text")
    os.mkdir(scan_folder)
    for i in range(bench.repeats):
        turned = scans[i % len(scans):] + scans[:i % len(scans)]
        write_cbz(os.path.join(scan_folder, f"b{i}.cbz"), turned * 20)
    bench.library("stats-text", {f"b{i}.pdf": make_pdfs.text_book(120, seed=i)
                                 for i in range(bench.repeats)})
    for folder, what in ((scan_folder, "a scanned CBZ of 120 pages"),
                         (text_folder, "a text PDF of 120 pages")):
        mount = bench.mount(folder)
        samples = [timed(lambda: os.stat(os.path.join(mount.path, "enhanced", f"b{i}.cbz")))()
                   for i in range(bench.repeats)]
        mount.unmount()
        shutil.rmtree(folder)
        bench.row(f"first stat in enhanced/ of {what}", samples)


def _cover_listing(bench):
    library = bench.library("cover-list", {f"b{i:04d}.pdf": make_pdfs.small(i) for i in range(500)})
    index = os.path.join(bench.fresh("index"), "kept")

    def listed(view, kept):
        def run():
            mount = bench.mount(library, index=index if kept else None)
            seconds = timed(lambda: quiet("ls", "-lU", os.path.join(mount.path, view)))()
            mount.unmount()
            return seconds
        return run

    listed("thumbnails", True)()
    times = bench.take_turns({"cold": listed("thumbnails", False), "cbz": listed("cbz", False),
                              "warm": listed("thumbnails", True)})
    bench.row("ls -l of thumbnails/, 500 PDFs, seen before", times["warm"])
    bench.row("ls -l of thumbnails/, 500 PDFs, never seen", times["cold"], times["cbz"],
              "ls -l of cbz/")
    shutil.rmtree(library)


def _single_pages(bench):
    library = bench.library("single", {
        "Scan.pdf": make_pdfs.scan(24, width=SCAN[0], height=SCAN[1], dpi=300, pictures=2),
        "Text.pdf": make_pdfs.text_book(24)})
    first = {"Scan": [], "Text": []}
    before, after = {"Scan": [], "Text": []}, {"Scan": [], "Text": []}

    def first_bytes(path):
        with open(path, "rb", buffering=0) as file:
            file.read(4096)

    for _ in range(bench.repeats):
        mount = bench.mount(library, "read_ahead=0")
        for book in first:
            page = os.path.join(mount.path, "pages", book, "%04d.jpg")
            thumbnail = os.path.join(mount.path, "thumbnails", book, "%04d.jpg")
            first[book].append(timed(lambda: first_bytes(page % 3))())
            before[book].append(timed(lambda: read_all(thumbnail % 8))())
            read_all(page % 12)
            after[book].append(timed(lambda: read_all(thumbnail % 12))())
        mount.unmount()
    shutil.rmtree(library)
    for book, kind in (("Scan", "an original page"), ("Text", "a drawn page")):
        bench.row(f"pages/: first bytes of {kind}, book never seen", first[book])
        bench.row(f"thumbnail of {kind}, page in memory", after[book], before[book],
                  "not in memory")
