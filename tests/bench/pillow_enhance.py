#!/usr/bin/python3
"""The old pipeline's enhancement, with Pillow: what tests/bench/run sets beside cbzfs.

    pillow_enhance.py raster FILE WIDTH HEIGHT MODE ROUNDS   seconds of processor time, and CRC-32
    pillow_enhance.py book BOOK.cbz                          seconds, and pages
    pillow_enhance.py page IMAGE OUTPUT                      nothing: for its memory

The curve, gamma and brightness of the old tool are one table here, which is faster than it was.
What starting Python costs is not counted.
"""

import io
import math
import statistics
import sys
import time
import zipfile
import zlib

from PIL import Image, ImageEnhance, ImageOps

# A page of 50 megapixels is no attack here.
Image.MAX_IMAGE_PIXELS = None


def _curve(i):
    s = 255 * (0.5 - 0.5 * math.cos(math.pi * i / 255))
    if i < 64:
        s += 0.1 * (64 - i)
    blend = max(0, (i - 128) / 127)
    return round((1 - blend) * s + blend * i)


def _first_stages():
    """Curve, gamma 0.9, then Pillow's own brightness 1.03 over the 256 levels."""
    gamma = [int((i / 255) ** (1 / 0.9) * 255) for i in range(256)]
    levels = Image.frombytes("L", (256, 1), bytes(gamma[_curve(i)] for i in range(256)))
    return list(ImageEnhance.Brightness(levels).enhance(1.03).tobytes())


TABLE = _first_stages()


def enhance(image):
    image = image.point(TABLE * len(image.getbands()))
    image = ImageEnhance.Contrast(image).enhance(1.05)
    return ImageOps.autocontrast(image, cutoff=1)


def enhance_page(source, out):
    with Image.open(source) as image:
        enhance(image).save(out, "JPEG", quality=85, optimize=True)


def raster(path, width, height, mode, rounds):
    with open(path, "rb") as file:
        image = Image.frombytes(mode, (int(width), int(height)), file.read())
    out = enhance(image)
    times = []
    for _ in range(int(rounds)):
        start = time.process_time()
        out = enhance(image)
        times.append(time.process_time() - start)
    print(statistics.median(times), zlib.crc32(out.tobytes()))


def book(path):
    start = time.perf_counter()
    pages = 0
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            enhance_page(io.BytesIO(archive.read(name)), io.BytesIO())
            pages += 1
    print(time.perf_counter() - start, pages)


if __name__ == "__main__":
    {"raster": raster, "book": book, "page": enhance_page}[sys.argv[1]](*sys.argv[2:])
