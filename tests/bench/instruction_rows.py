"""Rows of processor time and instructions per page, for comparing commits.

Instructions are those of callgrind over cbzfs-bench-pages: the same on every run of the same build
and machine (libjpeg-turbo picks its code by the processor). Two runs that differ by two pages: what
starting, opening and the first pages cost is not in the difference.
"""

import os
import shutil
import subprocess

from meters import instructions_of

import books
import make_pdfs

SMALL = (600, 900)
MIDDLE = (1000, 1500)


def bench_instructions(bench):
    kinds = {
        "text": ("text at 200 dpi", "page", make_pdfs.text_book(6)),
        "drawings": ("drawing with transparency", "page", make_pdfs.drawings(6)),
        "jpeg2000": ("JPEG 2000, 0.5 MP", "page", books.jpeg2000(6, size=SMALL)),
        "ccitt": ("CCITT, 1.5 MP", "page", books.ccitt(6, MIDDLE)),
        "jbig2": ("JBIG2, 1.5 MP", "page", books.jbig2(6, MIDDLE)),
        "rotated": ("JPEG on its side, 1.5 MP", "page", books.rotated(6, MIDDLE)),
        "original_no": ("JPEG with original=no, 1.5 MP", "page", books.scan(6, size=MIDDLE)),
        "enhanced": ("JPEG enhanced, 1.5 MP", "enhanced", books.scan(6, size=MIDDLE)),
        "enhanced_gray": ("gray JPEG enhanced, 1.5 MP", "enhanced",
                          books.scan(6, gray=True, size=MIDDLE)),
        "thumbnail": ("thumbnail of a JPEG, 1.5 MP", "thumbnail", books.scan(6, size=MIDDLE)),
        "thumbnail_jpeg2000": ("thumbnail of JPEG 2000, 0.5 MP", "thumbnail",
                               books.jpeg2000(6, size=SMALL)),
    }
    if bench.quick:
        kinds = {name: kinds[name] for name in ("text", "enhanced", "thumbnail")}
    counted = shutil.which("valgrind") is not None
    if not counted:
        bench.leave_out("instructions per page",
                        "valgrind is not installed; mount-helpers/install-packages bench has it")
    for name, (what, view, data) in kinds.items():
        library = bench.library("instructions", {"Book.pdf": data})
        _kind(bench, name, what, view, os.path.join(library, "Book.pdf"), counted)
        shutil.rmtree(library)


def _kind(bench, name, what, view, source, counted):
    def program(pages):
        more = ("original=no",) if name == "original_no" else ()
        return (bench.options.pages, view, source, "0", str(pages), *more)

    if counted:
        each = (instructions_of(*program(3)) - instructions_of(*program(1))) / 2
        bench.row(f"instructions.{name}", f"instructions per page: {what}", [each / 1e6],
                  unit="million")

    def processor():
        done = subprocess.run(program(6), check=True, stdout=subprocess.PIPE, text=True)
        seconds = [float(line.split()[0]) for line in done.stdout.splitlines()]
        return sum(seconds[1:]) / (len(seconds) - 1)

    bench.row(f"processor.{name}", f"processor time per page: {what}",
              bench.take_turns({"ours": processor})["ours"])
