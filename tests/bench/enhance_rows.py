"""Rows of the enhancement: alone, and from JPEG to JPEG."""

import os
import shutil
import subprocess

from contest import faster, one_core, pillow, read_all, timed, write_cbz

import books
import comic_art


def bench_enhance(bench):
    """The enhancement alone, then whole pages: decoded, enhanced, encoded."""
    size = bench.size((2000, 3000), (1000, 1500))
    for name, mode in (("colour", "RGB"), ("gray", "L")):
        _enhancement_alone(bench, name, mode, *size)
    _whole_pages(bench)


def _enhancement_alone(bench, name, mode, width, height):
    """Both work on the same pixels in memory, and must make the same of them."""
    path = bench.path(f"pixels.{mode}")
    with open(path, "wb") as out:
        out.write(comic_art.comic_page(7, width, height).convert(mode).tobytes())
    kept, crcs = [], set()

    def ours():
        done = subprocess.run([bench.options.enhance, path, str(width), str(height),
                               str(len(mode)), "7"], check=True, stdout=subprocess.PIPE, text=True)
        passes, whole, crc = done.stdout.split()
        kept.append(float(whole))
        crcs.add(float(crc))
        return float(passes)

    def theirs():
        seconds, crc = pillow("raster", path, width, height, mode, 7)
        crcs.add(crc)
        return seconds

    times = bench.take_turns({"ours": ours, "pillow": theirs})
    assert len(crcs) == 1, "the two disagree about the pixels"
    os.unlink(path)
    what = f"enhancing {width * height / 1e6:.2g} MP of {name}, one core"
    bench.row(f"enhance.{name}.passes", f"{what}, in passes", times["ours"], times["pillow"],
              "Pillow, same pixels", faster(15))
    bench.row(f"enhance.{name}.kept", f"{what}, kept in memory", kept, times["pillow"],
              "Pillow, same pixels", faster(15))


def _whole_pages(bench):
    pages = books.pictures(bench.size(12, 4), size=bench.size(books.SCAN, (994, 1538)))
    library = bench.fresh("pages")
    source = os.path.join(library, "Book.cbz")
    write_cbz(source, pages)

    def ours(workers):
        def run():
            with bench.mounted(library, f"workers={workers}") as mount:
                path = mount.file("Book.cbz", view="enhanced")
                seconds = timed(lambda: read_all(path))()
                assert mount.status()["pages"]["enhanced"] == len(pages)
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
    bench.row("enhance.page.one", "enhanced page of a scanned CBZ: one worker, one core",
              times["one"], times["pillow"], "Pillow, one core", faster(15))
    bench.row("enhance.page.two", "enhanced page of a scanned CBZ: two workers", times["two"],
              times["pillow"], "Pillow, one core")
    shutil.rmtree(library)
