#!/usr/bin/python3
"""Enhancing and scaling compared with Pillow, pixel for pixel.

    pixels_test.py PIXEL_TOOL

The expected pixels are made here with Pillow's own operations, as the seed made them: point tables,
ImageEnhance and ImageOps.autocontrast, Image.resize and Image.thumbnail. No difference is allowed.
"""

import hashlib
import math
import random
import subprocess
import sys
import unittest

from PIL import Image, ImageEnhance, ImageOps

TOOL = ""
SEED = (1, 0.9, 1.03, 1.05, 1)  # curve, gamma, brightness, contrast, cutoff


def tool(*args, pixels=b""):
    return subprocess.run([TOOL, *map(str, args)], input=pixels, stdout=subprocess.PIPE,
                          check=True).stdout


def curve_table(share):
    table = []
    for i in range(256):
        s = 255 * (0.5 - 0.5 * math.cos(math.pi * i / 255))
        if i < 64:
            s += 0.1 * (64 - i)
        bright = max(0.0, (i - 128) / 127)
        s = (1 - bright) * s + bright * i
        table.append(max(0, min(255, round(i + share * (s - i) if share != 1 else s))))
    return table


def gamma_table(gamma):
    return [i if gamma == 1 else int(((i / 255) ** (1 / gamma)) * 255) for i in range(256)]


def seed_enhance(image, curve, gamma, brightness, contrast, cutoff):
    bands = len(image.getbands())
    image = image.point(curve_table(curve) * bands)
    image = image.point(gamma_table(gamma) * bands)
    image = ImageEnhance.Brightness(image).enhance(brightness)
    image = ImageEnhance.Contrast(image).enhance(contrast)
    return ImageOps.autocontrast(image, cutoff=cutoff)


def noise(mode, width, height, seed, low=0, high=255):
    rng = random.Random(seed)
    count = width * height * len(mode.replace("L", "x").replace("RGB", "xxx"))
    raw = bytes(low + byte * (high - low) // 255 for byte in rng.randbytes(count))
    return Image.frombytes(mode, (width, height), raw)


def slope(mode, width, height):
    """Ground in one colour, slopes and lines: long runs, and levels that hardly occur."""
    raw = bytearray()
    for y in range(height):
        for x in range(width):
            if x * 3 < width:
                pixel = (250, 244, 230)
            elif (x * 7 + y * 3) % 31 < 3:
                pixel = (12, 14, 40)
            else:
                pixel = (255 * x // width, 255 * y // height, (x + y) % 256)
            raw += bytes(pixel[:1] if mode == "L" else pixel)
    return Image.frombytes(mode, (width, height), bytes(raw))


def pictures():
    for mode in ("L", "RGB"):
        for size in ((1, 1), (2, 1), (3, 5), (4, 4), (7, 9), (13, 11), (101, 77), (333, 258)):
            yield noise(mode, *size, seed=size[0])
        yield noise(mode, 120, 90, 5, 100, 104)
        yield noise(mode, 120, 90, 6, 240, 255)
        yield noise(mode, 120, 90, 7, 0, 9)
        yield slope(mode, 301, 203)
        yield slope(mode, 64, 640)
        yield Image.new(mode, (37, 21), 0 if mode == "L" else (0, 255, 128))
    for level in range(0, 256, 17):
        yield Image.new("L", (11, 10), level)
        yield Image.new("RGB", (11, 10), (level, level, 255 - level))


class Pixels(unittest.TestCase):
    def same(self, got, want, *what):
        self.assertEqual(len(got), len(want), what)
        self.assertEqual(max((abs(a - b) for a, b in zip(got, want)), default=0), 0, what)

    def test_tables_have_the_check_sums_of_the_seed(self):
        raw = tool("tables")
        sums = [hashlib.md5(raw[at:at + 256]).hexdigest() for at in range(0, len(raw), 256)]
        self.assertEqual(sums, ["f111f08756a0050d196332197c467320",
                                "b9ad75ee94faabff3cca2a1a49875c4c",
                                "01b6ce42f22d977f739aa48ba7462f8d",
                                "156734aa4f09f0fa1a59d23997c441f8"])

    def enhance(self, image, options, *more):
        want = seed_enhance(image, *options).tobytes()
        got = tool("enhance", *image.size, len(image.getbands()), *options, *more,
                   pixels=image.tobytes())
        self.same(got, want, image.mode, image.size, options, more)

    def test_pictures_are_enhanced_as_the_seed_does(self):
        for image in pictures():
            self.enhance(image, SEED)
            self.enhance(image, SEED, "keep")

    def test_every_option_means_what_pillow_makes_of_it(self):
        images = [noise("RGB", 61, 47, 3), noise("L", 61, 47, 4, 30, 180), slope("RGB", 90, 61)]
        for options in ((0, 1, 1, 1, 0), (0.5, 1, 1, 1, 0), (1, 1, 1, 1, 0), (0, 0.4, 1, 1, 0),
                        (0, 2.5, 1, 1, 0), (0, 1, 0, 1, 0), (0, 1, 0.6, 1, 0), (0, 1, 4, 1, 0),
                        (0, 1, 1, 0, 0), (0, 1, 1, 0.3, 0), (0, 1, 1, 3.7, 0), (0, 1, 1, 10, 0),
                        (0, 1, 1, 1, 7), (0, 1, 1, 1, 0.5), (0, 1, 1, 1, 49),
                        (1, 0.9, 1.03, 1.05, 3), (0.25, 1.2, 0.9, 1.4, 2.5)):
            for image in images:
                self.enhance(image, options)

    def test_pictures_are_scaled_as_pillow_does(self):
        jobs = [(slope("RGB", 301, 203), sizes) for sizes in
                ((100, 67), (301, 50), (77, 203), (1, 1), (302, 204), (300, 202), (500, 10))]
        jobs += [(noise("RGB", 257, 129, 2), sizes) for sizes in
                 ((100, 50), (64, 65), (13, 129), (256, 128), (700, 300), (1, 129), (257, 1))]
        jobs += [(noise("L", 640, 480, 9), sizes) for sizes in ((100, 75), (639, 479), (17, 400))]
        jobs += [(noise(mode, w, h, 8), sizes) for mode in ("L", "RGB")
                 for w, h in ((1, 1), (1, 40), (40, 1), (3, 2), (5000, 3))
                 for sizes in ((1, 1), (2, 3), (9, 8), (100, 100))]
        jobs += [(Image.new("RGB", (90, 90), (255, 0, 255)), (31, 33))]
        black_white = noise("L", 400, 300, 1).point([0] * 128 + [255] * 128)
        jobs += [(black_white, (150, 111)), (black_white, (401, 700))]
        for image, size in jobs:
            want = image.resize(size, Image.LANCZOS).tobytes()
            got = tool("resize", *image.size, len(image.getbands()), *size, pixels=image.tobytes())
            self.same(got, want, image.mode, image.size, size)

    def test_sizes_are_rounded_as_thumbnails_are(self):
        rng = random.Random(11)
        asked = [(1240, 1754, 100, 100), (100, 100, 100, 100), (99, 5, 100, 100),
                 (1, 9000, 100, 100), (9000, 1, 100, 100), (101, 100, 100, 100), (60000, 7, 300, 9), (640, 480, 100, 75),
                 (3, 8, 4, 4), (5, 8, 4, 4), (8, 3, 4, 4)]  # ties
        asked += [(rng.randint(1, 3000), rng.randint(1, 3000), *rng.choice(
            ((100, 100), (300, 300), (4000, 300), (1, 1), (37, 211)))) for _ in range(400)]
        lines = "".join("fit %d %d %d %d\n" % case for case in asked)
        got = [tuple(map(int, line.split()))
               for line in tool("sizes", pixels=lines.encode()).decode().splitlines()]
        self.assertEqual(got[0], (71, 100))
        for case, size in zip(asked, got, strict=True):
            image = Image.new("L", case[:2])
            image.thumbnail(case[2:], Image.NEAREST, reducing_gap=None)
            self.assertEqual(size, image.size, case)

    def test_sizes_over_50_megapixels_follow_the_formula_of_the_seed(self):
        rng = random.Random(12)
        asked = [(10000, 5000), (10001, 5000), (7072, 7071), (65500, 763), (60000, 60000)]
        asked += [(rng.randint(1000, 65500), rng.randint(1000, 65500)) for _ in range(200)]
        lines = "".join("limit %d %d 0 0\n" % case for case in asked)
        got = tool("sizes", pixels=lines.encode()).decode().splitlines()
        for (w, h), line in zip(asked, got, strict=True):
            if w * h > 50_000_000:
                ratio = math.sqrt(50_000_000 / (w * h))
                w, h = int(w * ratio), int(h * ratio)
            self.assertEqual(line, f"{w} {h}")


if __name__ == "__main__":
    TOOL = sys.argv.pop(1)
    unittest.main()
