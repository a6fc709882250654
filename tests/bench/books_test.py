#!/usr/bin/python3
"""The scans of the benchmark are what they claim to be: MuPDF draws them to the pixel."""

import os
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))

from PIL import Image  # noqa: E402

import line_art  # noqa: E402

SIZE = (403, 601)  # no multiple of 8, where codings of bits go wrong


class LineArtTest(unittest.TestCase):

    def drawn(self, data):
        with tempfile.TemporaryDirectory() as folder:
            source, out = os.path.join(folder, "a.pdf"), os.path.join(folder, "p%d.pgm")
            with open(source, "wb") as file:
                file.write(data)
            subprocess.run(["mutool", "draw", "-q", "-r", "200", "-c", "gray", "-F", "pgm", "-o",
                            out, source], check=True, capture_output=True)
            pages = []
            for number in (1, 2):
                with Image.open(out % number) as page:
                    pages.append((page.size, page.tobytes()))
            return pages

    def test_both_codings_are_the_page(self):
        pages = [line_art.page(3000 + number, *SIZE).convert("L") for number in (0, 1)]
        wanted = [(page.size, page.tobytes()) for page in pages]
        for make, coding in ((line_art.ccitt_scan, b"/CCITTFaxDecode"),
                             (line_art.jbig2_scan, b"/JBIG2Decode")):
            data = make(2, *SIZE, 200, seed=3)
            self.assertIn(coding, data)
            self.assertTrue(self.drawn(data) == wanted, f"{make.__name__} is drawn otherwise")


if __name__ == "__main__":
    unittest.main()
