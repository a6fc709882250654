#!/usr/bin/python3
"""Archives by programs other than ours, for archive_tools_test.cc.

    make_archives.py FOLDER

Writes NAME.zip files into FOLDER, and text.txt, which is the content of each of their entries.
Needs zip and 7z.
"""

import os
import subprocess
import sys
import zipfile

TEXT = "".join("%d, " % (number * 7919) for number in range(3000)).encode()


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def python(name, method, names=("Book/1.jpg", "Book/2.jpg"), **options):
    with zipfile.ZipFile(name + ".zip", "w", method) as archive:
        for entry in names:
            with archive.open(entry, "w", **options) as out:
                out.write(TEXT)


class Pipe:
    """What cannot be rewound: zipfile then writes sizes behind the data."""

    def __init__(self, path):
        self.file = open(path, "wb")

    def write(self, data):
        return self.file.write(data)

    def flush(self):
        self.file.flush()


def main():
    os.chdir(sys.argv[1])
    os.makedirs("Book", exist_ok=True)
    for path in ("text.txt", "Book/1.jpg", "Book/2.jpg", "Book/Größe 漫画.jpg"):
        with open(path, "wb") as out:
            out.write(TEXT)

    python("stored", zipfile.ZIP_STORED)
    python("deflated", zipfile.ZIP_DEFLATED)
    python("bzip2", zipfile.ZIP_BZIP2)
    python("lzma", zipfile.ZIP_LZMA)
    python("zip64", zipfile.ZIP_DEFLATED, force_zip64=True)
    python("unicode", zipfile.ZIP_DEFLATED, names=("Book/Größe 漫画.jpg",))
    with zipfile.ZipFile(Pipe("streamed.zip"), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("Book/1.jpg", TEXT)

    pages = ("Book/1.jpg", "Book/2.jpg")
    run("zip", "-q", "infozip.zip", *pages, "Book/Größe 漫画.jpg")
    # Both programs encrypt each entry; zip also writes the sizes behind the data then.
    run("zip", "-q", "-P", "secret", "encrypted.zip", *pages)
    run("7z", "a", "-tzip", "-psecret", "-mem=AES256", "aes.zip", *pages)
    run("7z", "a", "-tzip", "-mm=Deflate64", "deflate64.zip", *pages)
    run("7z", "a", "-tzip", "-mcp=932", "7z.zip", "Book")
    run("7z", "a", "-t7z", "seven.7z", *pages)

    # Self-extractors: one whose offsets were told of the stub, one whose were not.
    with open("stored.zip", "rb") as archive, open("sfx.zip", "wb") as out:
        out.write(b"#!/bin/sh\nexit\n" * 500 + archive.read())
    run("cp", "sfx.zip", "sfx_adjusted.zip")
    run("zip", "-q", "-A", "sfx_adjusted.zip")


if __name__ == "__main__":
    main()
