"""Rows of opening: what it costs as a book grows, which should be the bytes of its directory."""

import os
import shutil
import statistics
import struct

from contest import timed, within

import make_pdfs

_END = struct.Struct("<4s4H2LH")  # end of central directory, PKWARE APPNOTE 4.3.16
BOOK = "Book.cbz"


def _open(path):
    """As a reader opens an archive: its end, then the directory that this points to. Returns the
    bytes of the directory."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        size = os.fstat(descriptor).st_size
        tail = os.pread(descriptor, 65557, max(0, size - 65557))
        length, offset = _END.unpack_from(tail, tail.rindex(b"PK\5\6"))[5:7]
        left = length
        while left > 0:
            piece = os.pread(descriptor, min(left, 1 << 20), offset + length - left)
            assert piece, "the directory ends early"
            left -= len(piece)
        return length
    finally:
        os.close(descriptor)


def bench_growth(bench):
    """Opening books of 10 to 10 000 pages: never seen, seen before, and real ones."""
    cost, directory, points = {}, {}, []
    for pages in (10, 100, 1000, 10000):
        library = bench.library("growth", {
            "Book.pdf": make_pdfs.shared_scan(pages, width=300, height=450)})
        real = bench.real_copy(library, BOOK)
        index = os.path.join(bench.fresh("index"), "kept")
        with bench.mounted(library, index=index) as mount:
            directory[pages] = _open(mount.file(BOOK))

        def ours(library=library, index=index):
            with bench.mounted(library, index=index) as mount:
                return timed(lambda: _open(mount.file(BOOK)))()

        def bare(real=real):
            with bench.bare(real) as point:
                return timed(lambda: _open(os.path.join(point, BOOK)))()

        def cold(library=library):
            with bench.mounted(library) as mount:
                return timed(lambda: _open(mount.file(BOOK)))()

        times = bench.take_turns({"ours": ours, "bare": bare, "cold": cold})
        bench.row(f"open.{pages}", f"opening a scan of {pages} pages, seen before",
                  times["ours"], times["bare"], "passthrough, real CBZ", kind="within")
        bench.row(f"open.cold.{pages}", f"opening a scan of {pages} pages, never seen",
                  times["cold"], times["bare"], "passthrough, real CBZ", kind="within")
        cost[pages] = times["ours"]
        points.append([pages, *(statistics.median(times[key]) for key in ("ours", "cold", "bare"))])
        shutil.rmtree(library)
        shutil.rmtree(real)
    bench.series["opening"] = {"points": points}
    per_byte = {pages: [seconds / (directory[pages] / 1024) * 1e6 for seconds in cost[pages]]
                for pages in (1000, 10000)}
    bench.row("open.growth", "per KiB of directory: 10 000 pages beside 1 000", per_byte[10000],
              per_byte[1000], "1 000 pages", within(1.0, slack=0.1), "us")
