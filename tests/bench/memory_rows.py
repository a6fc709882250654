"""Rows of memory: the most that daemon and workers take together, and the contestants alone."""

import io
import os
import shutil
import subprocess
import sys

from contest import MIB, PILLOW, PeakOfMount, peak_of, read_all

import comic_art
import make_pdfs

BUDGET = 512  # MiB; what `memory` is by default
LARGE = (5770, 8660)  # just under 50 megapixels


def _large_pages():
    """{name: file} of one page of 50 megapixels, each as a CBZ may hold it."""
    page = comic_art.comic_page(5, LARGE[0] // 2, LARGE[1] // 2).resize(LARGE)
    files = {}
    for name, options in (("JPEG", {"format": "JPEG", "quality": 85}),
                          ("progressive JPEG", {"format": "JPEG", "quality": 85,
                                                "progressive": True}),
                          ("PNG", {"format": "PNG", "compress_level": 1})):
        out = io.BytesIO()
        page.save(out, **options)
        files[name] = out.getvalue()
    return files


def bench_memory(bench):
    """Peaks while large pages are enhanced and while covers are made."""
    files = _large_pages()
    for name, data in files.items():
        _one_page(bench, name, data)
    _many_pages(bench, files["progressive JPEG"])
    _covers(bench)


def _one_page(bench, name, data):
    assert len(data) < 100e6, f"{name}: {len(data)} bytes, would be handed on as it is"
    page = "Page.png" if name == "PNG" else "Page.jpg"
    library = bench.library(f"large-{name.replace(' ', '-')}", {page: data})

    def ours():
        mount = bench.mount(library)
        with PeakOfMount(mount) as peak:
            read_all(os.path.join(mount.path, "enhanced", "Page.jpg"))
        assert not mount.errors() and mount.status()["pages"]["enhanced"] == 1
        mount.unmount()
        return peak.bytes / MIB

    def theirs():
        return peak_of(sys.executable, PILLOW, "page", os.path.join(library, page),
                       os.path.join(bench.folder, "large.jpg")) / MIB

    peaks = bench.take_turns({"ours": ours, "pillow": theirs})
    bench.row(f"peak memory: enhancing a 50 MP {name}", peaks["ours"], peaks["pillow"], "Pillow",
              f"<= {BUDGET} MiB", "MiB")
    shutil.rmtree(library)


def _many_pages(bench, data):
    """More readers than fit into the budget: pages wait for one another."""
    library = bench.library("large-many", {f"Page{i}.jpg": data for i in range(6)})

    def ours():
        mount = bench.mount(library, "workers=4")
        folder = os.path.join(mount.path, "enhanced")
        with PeakOfMount(mount) as peak:
            _cat([os.path.join(folder, name) for name in os.listdir(folder)], 6)
        assert not mount.errors() and mount.status()["pages"]["enhanced"] == 6
        mount.unmount()
        return peak.bytes / MIB

    bench.row("peak memory: 6 of the progressive at once, 4 workers",
              bench.take_turns({"ours": ours})["ours"], wanted=f"<= {BUDGET} MiB", unit="MiB")
    shutil.rmtree(library)


def _cat(paths, at_once):
    subprocess.run(["xargs", "-0", f"-P{at_once}", "-n1", "cat"], check=True, text=True,
                   input="\0".join(paths), stdout=subprocess.DEVNULL)


def _covers(bench):
    library = bench.library("peak-covers", {
        f"b{i}.pdf": make_pdfs.scan(4, width=1988, height=3075, dpi=300, pictures=1, seed=i)
        for i in range(20)})
    source = os.path.join(library, "b0.pdf")
    cover = os.path.join(bench.folder, "cover")

    def ours():
        mount = bench.mount(library)
        folder = os.path.join(mount.path, "thumbnails")
        with PeakOfMount(mount) as peak:
            _cat([os.path.join(folder, f"b{i}.jpg") for i in range(20)], 2)
        assert not mount.errors()
        mount.unmount()
        return peak.bytes / MIB

    peaks = bench.take_turns({
        "ours": ours,
        "vipsthumbnail": lambda: peak_of("vipsthumbnail", "--size", "x300", "-o", cover + ".jpg",
                                source) / MIB,
        "pdftoppm": lambda: peak_of("pdftoppm", "-f", "1", "-l", "1", "-singlefile", "-jpeg",
                                    "-scale-to", "300", source, cover) / MIB})
    for name in ("vipsthumbnail", "pdftoppm"):
        bench.row("peak memory: 20 covers of scanned PDFs", peaks["ours"], peaks[name],
                  f"{name}, one", f"<= {BUDGET} MiB", "MiB")
    shutil.rmtree(library)
