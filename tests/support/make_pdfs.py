#!/usr/bin/python3
"""Makes the PDFs that the mounted tests and the benchmark use. Nothing here comes from elsewhere.

As a module: every function returns the bytes of one file, the same on every run.
As a program: make_pdfs.py NAME OUTPUT [KEY=VALUE ...], or --list.
"""

import functools
import inspect
import io
import os
import random
import subprocess
import sys
import tempfile

import img2pdf
from PIL import Image, ImageCms
from reportlab.lib.colors import Color
from reportlab.pdfgen import canvas

from comic_art import comic_jpeg, comic_page, jpeg
from pdf_writer import PdfWriter

_FONT = "/Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>"
_TEXT = ("It was a dark and stormy night; the rain fell in torrents except at occasional intervals "
         "when it was checked by a violent gust of wind which swept up the streets").split()


# --- Pages that are one image ------------------------------------------------------------------

def scan(pages=6, width=800, height=1200, dpi=200, quality=85, gray=False, seed=1, title=None,
         icc=False, ocr=False, image_extra="", page_extra="", colorspace=None, pictures=None):
    """A scanned comic: every page exactly one JPEG. `icc`: the profile is in the PDF alone.

    `pictures`: how many different ones there are (each page has its own copy all the same).
    """
    pdf = PdfWriter(title=title)
    space = colorspace or ("/DeviceGray" if gray else "/DeviceRGB")
    if icc:
        profile = pdf.stream(srgb_profile(), "/N 3 /Alternate /DeviceRGB", compress=True)
        space = f"[ /ICCBased {profile} ]"
    drawn = [comic_jpeg(seed * 1000 + number, width, height, quality, gray)
             for number in range(min(pages, pictures or pages))]
    for number in range(pages):
        image = pdf.image(drawn[number % len(drawn)], width, height, space, extra=image_extra)
        points = (width * 72 / dpi, height * 72 / dpi)
        content = f"q {points[0]:.4f} 0 0 {points[1]:.4f} 0 0 cm /Im0 Do Q\n"
        if ocr:
            content += f"BT 3 Tr /F1 10 Tf 20 40 Td (page {number + 1} read by a machine) Tj ET\n"
        pdf.page(content, points, f"/XObject << /Im0 {image} >> {_FONT}", page_extra)
    return pdf.bytes()


def gray_scan(pages=3, **options):
    return scan(pages=pages, gray=True, **options)


def icc_scan(pages=2, **options):
    return scan(pages=pages, icc=True, **options)


def ocr_scan(pages=2, **options):
    return scan(pages=pages, ocr=True, **options)


def rotated_scan(pages=2, rotate=90, **options):
    return scan(pages=pages, page_extra=f"/Rotate {rotate}", **options)


def decode_array_scan(pages=1, **options):
    """Inverted by its Decode array, so the JPEG itself would be the wrong picture."""
    return scan(pages=pages, image_extra="/Decode [1 0 1 0 1 0]", **options)


def img2pdf_scan(pages=3, width=800, height=1200, dpi=200, icc=True, seed=7):
    """As img2pdf writes it; the profile, if any, is in the JPEG and in the PDF."""
    profile = {"icc_profile": srgb_profile()} if icc else {}
    files = [comic_jpeg(seed * 1000 + i, width, height, 85, dpi=(dpi, dpi), **profile)
             for i in range(pages)]
    return _img2pdf(files)


def ccitt_scan(pages=2, width=800, height=1200, dpi=200, seed=3):
    """Black and white, which img2pdf codes as CCITT group 4."""
    return _img2pdf([_png(comic_page(seed * 1000 + i, width, height, 0).convert("1"), dpi)
                     for i in range(pages)])


def png_scan(pages=2, width=600, height=900, dpi=150, seed=4):
    """Flate-coded with PNG predictors."""
    return _img2pdf([_png(comic_page(seed * 1000 + i, width, height), dpi) for i in range(pages)])


def jpeg2000_scan(pages=1, width=600, height=900, dpi=150, seed=5):
    pdf = PdfWriter()
    for number in range(pages):
        out = io.BytesIO()
        comic_page(seed * 1000 + number, width, height).save(
            out, "JPEG2000", quality_mode="rates", quality_layers=[12])
        image = pdf.image(out.getvalue(), width, height, filters="/JPXDecode")
        points = (width * 72 / dpi, height * 72 / dpi)
        pdf.page(f"q {points[0]:g} 0 0 {points[1]:g} 0 0 cm /Im0 Do Q", points,
                 f"/XObject << /Im0 {image} >>")
    return pdf.bytes()


def cmyk_scan(pages=1, width=600, height=900, dpi=150, seed=6):
    pdf = PdfWriter()
    for number in range(pages):
        data = jpeg(comic_page(seed * 1000 + number, width, height).convert("CMYK"))
        image = pdf.image(data, width, height, "/DeviceCMYK", extra="/Decode [1 0 1 0 1 0 1 0]")
        points = (width * 72 / dpi, height * 72 / dpi)
        pdf.page(f"q {points[0]:g} 0 0 {points[1]:g} 0 0 cm /Im0 Do Q", points,
                 f"/XObject << /Im0 {image} >>")
    return pdf.bytes()


def lying_scan(seed=8):
    """The dictionary says 200 x 100, the JPEG is one pixel."""
    pdf = PdfWriter()
    image = pdf.image(jpeg(Image.new("RGB", (1, 1), (200, 30, 30))), 200, 100)
    pdf.page("q 200 0 0 100 0 0 cm /Im0 Do Q", (200, 100), f"/XObject << /Im0 {image} >>")
    return pdf.bytes()


# --- Pages with more on them than one image ------------------------------------------------------

def margins(pages=1, width=600, height=900, seed=9):
    """The image leaves a white border."""
    pdf = PdfWriter()
    for number in range(pages):
        image = pdf.image(comic_jpeg(seed * 1000 + number, width, height), width, height)
        pdf.page("q 288 0 0 432 36 36 cm /Im0 Do Q", (360, 504), f"/XObject << /Im0 {image} >>")
    return pdf.bytes()


def two_images(pages=1, width=600, height=450, seed=10):
    pdf = PdfWriter()
    for number in range(pages):
        top = pdf.image(comic_jpeg(seed * 1000 + 2 * number, width, height), width, height)
        low = pdf.image(comic_jpeg(seed * 1000 + 2 * number + 1, width, height), width, height)
        pdf.page("q 288 0 0 216 0 216 cm /Im0 Do Q q 288 0 0 216 0 0 cm /Im1 Do Q", (288, 432),
                 f"/XObject << /Im0 {top} /Im1 {low} >>")
    return pdf.bytes()


def crop_box(pages=2, width=800, height=1200, seed=11):
    """A scan of which the CropBox shows the middle, so box=crop and box=media differ."""
    return scan(pages=pages, width=width, height=height, seed=seed,
                page_extra="/CropBox [36 54 252 378]")


def user_unit(unit=2, pages=1):
    return text_page([f"UserUnit {unit}, page {i + 1}" for i in range(pages)],
                     size=(200, 300), extra=f"/UserUnit {unit}")


def mixed(seed=12, title="Mixed"):
    """One page of each kind a comic has: colour scan, gray scan, text, drawing over a scan."""
    pdf = PdfWriter(title=title)
    colour = pdf.image(comic_jpeg(seed * 1000, 600, 900), 600, 900)
    gray = pdf.image(comic_jpeg(seed * 1000 + 1, 600, 900, gray=True), 600, 900, "/DeviceGray")
    whole = "q 288 0 0 432 0 0 cm /Im0 Do Q\n"
    pdf.page(whole, (288, 432), f"/XObject << /Im0 {colour} >>")
    pdf.page(whole, (288, 432), f"/XObject << /Im0 {gray} >>")
    pdf.page(_text_content(["All of this is text."] * 20, (288, 432)), (288, 432), _FONT)
    pdf.page(whole + "1 0 0 RG 6 w 20 20 m 268 412 l S\n", (288, 432),
             f"/XObject << /Im0 {colour} >>")
    return pdf.bytes()


# --- Text and drawings ---------------------------------------------------------------------------

def _text_content(lines, size, at=12):
    out = [f"BT /F1 {at} Tf {at * 1.25:g} TL {size[0] * 0.1:g} {size[1] * 0.9:g} Td"]
    out += ["(" + line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)") + ") '"
            for line in lines]
    return "\n".join(out) + " ET\n"


def text_page(lines, size=(288, 432), extra="", title=None):
    """One page a line of `lines`, black on white: gray throughout."""
    pdf = PdfWriter(title=title)
    for line in lines:
        pdf.page(_text_content([line], size), size, _FONT, extra)
    return pdf.bytes()


def small(number=0, pages=1):
    """A small PDF unlike every other number's."""
    return text_page([f"Book {number}, page {i + 1}" for i in range(pages)], size=(144, 216))


def text_book(pages=350, seed=13, title="A book of words"):
    """An ordinary book: justified-looking text, headings, page numbers, a rule."""
    rng = random.Random(seed)
    out = io.BytesIO()
    book = canvas.Canvas(out, pagesize=(432, 648), invariant=1, pageCompression=1)
    book.setTitle(title)
    book.setAuthor("A. Writer")
    for number in range(1, pages + 1):
        top = 590
        if number % 12 == 1:
            book.setFont("Times-Bold", 20)
            book.drawString(54, top, f"Chapter {number // 12 + 1}")
            top -= 40
        book.setFont("Times-Roman", 11)
        lines = book.beginText(54, top)
        for _ in range(int((top - 60) // 13.2)):
            line = ""
            while len(line) < 62:
                line += rng.choice(_TEXT) + " "
            lines.textLine(line.strip())
        book.drawText(lines)
        book.line(54, 50, 378, 50)
        book.drawCentredString(216, 36, str(number))
        book.showPage()
    book.save()
    return out.getvalue()


def drawings(pages=4, seed=14):
    """Vector drawings in colour, with transparency and gradients."""
    rng = random.Random(seed)
    out = io.BytesIO()
    page = canvas.Canvas(out, pagesize=(360, 504), invariant=1)
    for number in range(pages):
        page.linearGradient(0, 0, 360, 504, (Color(0.9, 0.95, 1), Color(0.6, 0.7, 0.9)))
        for _ in range(60):
            page.setFillColor(Color(rng.random(), rng.random(), rng.random(),
                                    alpha=rng.uniform(0.2, 0.9)))
            page.setLineWidth(rng.uniform(0.3, 3))
            x, y = rng.uniform(0, 330), rng.uniform(0, 470)
            if rng.random() < 0.5:
                page.circle(x, y, rng.uniform(5, 60), fill=1)
            else:
                page.bezier(x, y, rng.uniform(0, 360), rng.uniform(0, 504), rng.uniform(0, 360),
                            rng.uniform(0, 504), rng.uniform(0, 360), rng.uniform(0, 504))
        page.setFillColor(Color(0, 0, 0))
        page.setFont("Helvetica-Bold", 24)
        page.drawString(40, 250, f"Drawing {number + 1}")
        page.showPage()
    page.save()
    return out.getvalue()


# --- Sizes at the limits -------------------------------------------------------------------------

def many_pages(pages=10000):
    """All pages share one content stream: a small file with a long page table."""
    pdf = PdfWriter(title="Many pages")
    content = pdf.stream(_text_content(["the same on every page"], (144, 216)), compress=True)
    for _ in range(pages):
        pdf.page_of(content, (144, 216), _FONT)
    return pdf.bytes()


def shared_scan(pages=4500, width=1200, height=1800, dpi=300, seed=20):
    """Every page shows the same JPEG: a small file whose book is as big as one likes."""
    pdf = PdfWriter(title="Shared")
    data = comic_jpeg(seed, width, height, 95)
    image = pdf.image(data, width, height)
    points = (width * 72 / dpi, height * 72 / dpi)
    content = pdf.stream(f"q {points[0]:g} 0 0 {points[1]:g} 0 0 cm /Im0 Do Q")
    for _ in range(pages):
        pdf.page_of(content, points, f"/XObject << /Im0 {image} >>")
    return pdf.bytes()


def huge_page(inches=100):
    """Far over 50 megapixels at any resolution."""
    return text_page(["A wall"], size=(inches * 72, inches * 72))


def tiny_page():
    return text_page([""], size=(3, 3))


def slow(pages=4, fills=20, megapixels=4, dpi=150):
    """Pages that take seconds at full size: many half-transparent fills of the whole page.

    The cost grows with the area, so that a small drawing of the page, as the analysis may make
    one, stays cheap; a fine tiling pattern would cost the same at every size.
    """
    side = (megapixels * 1e6) ** 0.5 * 72 / dpi
    pdf = PdfWriter(title="Slow")
    state = pdf.add("<< /Type /ExtGState /ca 0.5 /BM /Luminosity >>")
    for number in range(pages):
        rng = random.Random(number)
        content = ["/G0 gs"]
        content += [f"{rng.random():.2f} {rng.random():.2f} {rng.random():.2f} rg "
                    f"{i % 7} {i % 5} {side:g} {side:g} re f" for i in range(fills)]
        pdf.page("\n".join(content), (side, side), f"/ExtGState << /G0 {state} >>")
    return pdf.bytes()


def endless():
    """A tiling pattern so fine that a page takes minutes: only a deadline ends it."""
    return partly_endless(1, 1)


def partly_endless(pages=20, endless_page=8):
    """One page of many is so; the others are text."""
    pdf = PdfWriter(title="Endless")
    tile = pdf.stream("1 0 0 rg 0 0 1 1 re f",
                      "/Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 "
                      "/BBox [0 0 1 1] /XStep 0.02 /YStep 0.02 /Resources << >>")
    for number in range(1, pages + 1):
        if number == endless_page:
            pdf.page("/Pattern cs /P0 scn 0 0 612 792 re f", (612, 792),
                     f"/Pattern << /P0 {tile} >>")
        else:
            pdf.page(_text_content([f"Page {number}"] * 30, (612, 792)), (612, 792), _FONT)
    return pdf.bytes()


# --- Files that do not open, or should not -----------------------------------------------------

# What qpdf calls the ways of ISO 32000-2, 7.6.
RC4_40 = ("40",)
RC4_128 = ("128", "--use-aes=n")
AES_128 = ("128", "--use-aes=y")
AES_256 = ("256",)


def encrypted(password="secret", owner="owner", pages=2, method=AES_128):
    """Cannot be opened without the password."""
    return _qpdf(scan(pages=pages, width=400, height=600), password, owner, method)


def locked_text(password="secret", owner="owner", method=AES_128):
    """Pages to be drawn that cannot be seen without the password."""
    return _qpdf(small(1, pages=2), password, owner, method)


def owner_only(pages=2, **options):
    """Anyone may open it; the streams are encrypted all the same."""
    return _qpdf(scan(pages=pages, **options), "", "owner")


def truncated(share=0.6):
    book = scan(pages=4, width=400, height=600)
    return book[:int(len(book) * share)]


def garbage(size=20000, seed=15):
    """Begins like a PDF, and then nothing in it is one."""
    return b"%PDF-1.7\n" + random.Random(seed).randbytes(size)


def claims(size=5000):
    """Has a PDF's name, not its first bytes."""
    return (b"This is a text that somebody saved under the wrong name.\n" * (size // 57 + 1))[:size]


def lying_count(count=1410065407):
    return small().replace(b"/Count 1", b"/Count %d" % count)


# --- Helpers -------------------------------------------------------------------------------------

@functools.lru_cache(maxsize=1)
def srgb_profile():
    raw = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    raw[24:36] = bytes(12)  # the date it was made
    raw[84:100] = bytes(16)  # an identifier computed over it
    return bytes(raw)


def _png(image, dpi):
    out = io.BytesIO()
    image.save(out, "PNG", dpi=(dpi, dpi))
    return out.getvalue()


def _img2pdf(files):
    return img2pdf.convert(files, nodate=True, engine=img2pdf.Engine.internal)


def _qpdf(data, user, owner, method=AES_128):
    with tempfile.TemporaryDirectory() as folder:
        plain, locked = os.path.join(folder, "a.pdf"), os.path.join(folder, "b.pdf")
        with open(plain, "wb") as out:
            out.write(data)
        subprocess.run(["qpdf", "--allow-weak-crypto", "--static-id", "--static-aes-iv",
                        "--encrypt", user, owner, *method, "--", plain, locked],
                       check=True)
        with open(locked, "rb") as made:
            return made.read()


def generators():
    return {key: value for key, value in globals().items()
            if inspect.isfunction(value) and value.__module__ == __name__
            and not key.startswith("_") and key not in ("generators", "main", "srgb_profile",
                                                        "text_page")}


def main(arguments):
    made = generators()
    if arguments == ["--list"]:
        for key in sorted(made):
            print(f"{key:18} {(made[key].__doc__ or '').strip().splitlines()[:1]}")
        return 0
    if len(arguments) < 2 or arguments[0] not in made:
        print(__doc__, file=sys.stderr)
        return 2
    options = {}
    for pair in arguments[2:]:
        key, _, value = pair.partition("=")
        options[key] = {"True": True, "False": False}.get(value)
        if options[key] is None:
            options[key] = int(value) if value.lstrip("-").isdigit() else value
    with open(arguments[1], "wb") as out:
        out.write(made[arguments[0]](**options))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
