"""The books that real programs open: page by page another solid colour, its number in large digits.

Around a picture with as much detail as a comic has, so that pages are about as long as real ones,
there is a broad frame of the page's colour: which page a program shows is seen by it.
"""

import io
import os
import random
import sys

from PIL import Image, ImageDraw, ImageFont

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from comic_art import comic_page  # noqa: E402
from pdf_writer import PdfWriter  # noqa: E402

PAGES = 30
DRAWN = "Drawn Pages"  # each page has to be drawn
SCANNED = "Scanned Pages"  # each page is a JPEG, handed out as it is

# The first six are what tests look for; nothing else in a book or in a window looks like them.
COLOURS = [(224, 32, 32), (24, 150, 40), (32, 48, 208), (240, 208, 16), (208, 32, 192),
           (16, 192, 208)]


def colour(page):
    """Of page 1, 2, ...; from page 7 on a gray of its own with a breath of brown."""
    if page <= len(COLOURS):
        return COLOURS[page - 1]
    level = 70 + 5 * (page - len(COLOURS))
    return (level, level - 8, level - 16)


def drawn_book(pages=PAGES, size=(216, 324)):
    """A PDF of vector drawings and text, 600 x 900 pixels a page as cbzfs draws them by itself."""
    width, height = size
    pdf = PdfWriter(title=DRAWN)
    for page in range(1, pages + 1):
        rng = random.Random(page)
        red, green, blue = (level / 255 for level in colour(page))
        out = [f"{red:.4f} {green:.4f} {blue:.4f} rg 0 0 {width} {height} re f",
               f"q 1 1 1 rg {width * .25:g} {height * .25:g} {width * .5:g} {height * .5:g} re f",
               f"{width * .25:g} {height * .25:g} {width * .5:g} {height * .5:g} re W n"]
        for _ in range(250):
            gray = rng.random()
            points = [(rng.uniform(.25, .75) * width, rng.uniform(.25, .75) * height)
                      for _ in range(4)]
            out.append(f"{gray:.2f} G {rng.uniform(.2, 1.5):.2f} w "
                       f"{points[0][0]:.1f} {points[0][1]:.1f} m "
                       + " ".join(f"{x:.1f} {y:.1f}" for x, y in points[1:]) + " c S")
        out.append(f"Q 1 1 1 rg BT /F1 33 Tf {width * .2:g} {height * .85:g} Td "
                   f"(Page {page}) Tj ET")
        pdf.page("\n".join(out), size,
                 "/Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>")
    return pdf.bytes()


def scanned_page(page, size=(800, 1200)):
    """The JPEG that is a page of the scanned book."""
    width, height = size
    picture = Image.new("RGB", size, colour(page))
    art = comic_page(page, width // 2, height // 2).convert("L")
    picture.paste(art, (width // 4, height // 4))
    draw = ImageDraw.Draw(picture)
    draw.text((width // 5, height // 20), f"Page {page}", fill="white",
              font=ImageFont.truetype("DejaVuSans.ttf", width // 8))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=90)
    return out.getvalue()


def scanned_book(pages=PAGES, size=(800, 1200)):
    pdf = PdfWriter(title=SCANNED)
    points = tuple(side * 72 / 150 for side in size)
    for page in range(1, pages + 1):
        image = pdf.image(scanned_page(page, size), *size)
        pdf.page(f"q {points[0]:g} 0 0 {points[1]:g} 0 0 cm /Im0 Do Q", points,
                 f"/XObject << /Im0 {image} >>")
    return pdf.bytes()


def write(folder):
    """Both books, as files of `folder`."""
    for title, make in ((DRAWN, drawn_book), (SCANNED, scanned_book)):
        with open(os.path.join(folder, title + ".pdf"), "wb") as out:
            out.write(make())
