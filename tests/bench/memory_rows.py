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
    """Peaks while a large page is enhanced and while covers are made."""
    for name, data in _large_pages().items():
        assert len(data) < 100e6, f"{name}: {len(data)} bytes, would be handed on as it is"
        ending = "png" if name == "PNG" else "jpg"
        library = bench.library(f"large-{name.replace(' ', '-')}", {f"Page.{ending}": data})
        source = os.path.join(library, f"Page.{ending}")

        def ours():
            mount = bench.mount(library)
            with PeakOfMount(mount) as peak:
                read_all(os.path.join(mount.path, "enhanced", "Page.jpg"))
            assert not mount.errors() and mount.status()["pages"]["enhanced"] == 1
            mount.unmount()
            return peak.bytes / MIB

        def theirs():
            return peak_of(sys.executable, PILLOW, "page", source,
                           os.path.join(bench.folder, "large.jpg")) / MIB

        peaks = bench.take_turns({"ours": ours, "pillow": theirs})
        bench.row(f"peak memory: enhancing a 50 MP {name}", peaks["ours"], peaks["pillow"],
                  "Pillow", f"<= {BUDGET} MiB", "MiB")
        shutil.rmtree(library)
    _covers(bench)


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
            subprocess.run(["xargs", "-0", "-P2", "-n1", "cat"], check=True, text=True,
                           input="\0".join(os.path.join(folder, f"b{i}.jpg") for i in range(20)),
                           stdout=subprocess.DEVNULL)
        assert not mount.errors()
        mount.unmount()
        return peak.bytes / MIB

    peaks = bench.take_turns({
        "ours": ours,
        "vips": lambda: peak_of("vipsthumbnail", "--size", "x300", "-o", cover + ".jpg",
                                source) / MIB,
        "pdftoppm": lambda: peak_of("pdftoppm", "-f", "1", "-l", "1", "-singlefile", "-jpeg",
                                    "-scale-to", "300", source, cover) / MIB})
    for name in ("vips", "pdftoppm"):
        than = {"vips": "vipsthumbnail, one"}.get(name, "pdftoppm, one")
        bench.row("peak memory: 20 covers of scanned PDFs", peaks["ours"], peaks[name], than,
                  f"<= {BUDGET} MiB", "MiB")
    shutil.rmtree(library)
