"""The books of the benchmark, made here: what a library of comics holds, at the sizes it holds.

Drawing a page of a comic takes longer than anything that is measured on it, so the pictures are
few, kept between the parts, and each page of a book has its own copy of one.
"""

import functools
import io

import img2pdf

import comic_art
import line_art
import make_pdfs
from pdf_writer import PdfWriter

SCAN = (1988, 3075)  # a page scanned at 300 dots an inch
DPI = 300


@functools.lru_cache(maxsize=None)
def picture(number, gray=False, size=SCAN):
    """A scanned page of a comic as a JPEG; other numbers, other pages."""
    return comic_art.comic_jpeg(number, *size, 85, gray)


def pictures(count, gray=False, size=SCAN, first=0):
    return [picture(first + number, gray, size) for number in range(count)]


def scan(pages, different=6, gray=False, size=SCAN, extra=""):
    """A scanned comic: each page is one JPEG."""
    pdf = PdfWriter(title="A scanned comic")
    points = (size[0] * 72 / DPI, size[1] * 72 / DPI)
    drawn = pictures(min(different, pages), gray, size)
    for number in range(pages):
        image = pdf.image(drawn[number % len(drawn)], *size,
                          "/DeviceGray" if gray else "/DeviceRGB")
        pdf.page(f"q {points[0]:.4f} 0 0 {points[1]:.4f} 0 0 cm /Im0 Do Q", points,
                 f"/XObject << /Im0 {image} >>", extra)
    return pdf.bytes()


def rotated(pages, size=SCAN):
    """The same on its side, so that the JPEG itself would lie."""
    return scan(pages, size=size, extra="/Rotate 90")


def two_images(pages, size=SCAN):
    """Each page in two halves, as some scanners cut them."""
    half = (size[0], size[1] // 2)
    pdf = PdfWriter(title="Two halves")
    drawn = pictures(min(4, 2 * pages), size=half, first=50)
    wide, high = half[0] * 72 / DPI, half[1] * 72 / DPI
    for number in range(pages):
        top, low = (pdf.image(drawn[(2 * number + i) % len(drawn)], *half) for i in (0, 1))
        pdf.page(f"q {wide:g} 0 0 {high:g} 0 {high:g} cm /Im0 Do Q "
                 f"q {wide:g} 0 0 {high:g} 0 0 cm /Im1 Do Q", (wide, 2 * high),
                 f"/XObject << /Im0 {top} /Im1 {low} >>")
    return pdf.bytes()


@functools.lru_cache(maxsize=None)
def _jpeg2000(number, size):
    out = io.BytesIO()
    comic_art.comic_page(number, *size).save(out, "JPEG2000", quality_mode="rates",
                                             quality_layers=[12])
    return out.getvalue()


def jpeg2000(pages, different=2, size=SCAN):
    pdf = PdfWriter(title="JPEG 2000")
    points = (size[0] * 72 / DPI, size[1] * 72 / DPI)
    for number in range(pages):
        image = pdf.image(_jpeg2000(70 + number % different, size), *size, filters="/JPXDecode")
        pdf.page(f"q {points[0]:g} 0 0 {points[1]:g} 0 0 cm /Im0 Do Q", points,
                 f"/XObject << /Im0 {image} >>")
    return pdf.bytes()


def ccitt(pages, size=SCAN):
    return line_art.ccitt_scan(pages, *size, DPI)


def jbig2(pages, size=SCAN):
    return line_art.jbig2_scan(pages, *size, DPI)


def scanned_book(pages, title):
    """JPEGs as img2pdf makes a PDF of them."""
    return img2pdf.convert(pages, title=title, nodate=True, engine=img2pdf.Engine.internal,
                           layout_fun=img2pdf.get_fixed_dpi_layout_fun((DPI, DPI)))


def many(count, folders):
    """{name: bytes} of `count` small books in `folders` folders, one in five of them scanned."""
    tiny = comic_art.comic_jpeg(90, 60, 90, 60)
    files = {}
    for number in range(count):
        name = f"Series {number % folders:03d}/Book {number:05d}.pdf"
        files[name] = _tiny_scan(number, tiny) if number % 5 == 4 else make_pdfs.small(number)
    return files


def _tiny_scan(number, jpeg):
    pdf = PdfWriter(title=f"Book {number}")
    image = pdf.image(jpeg, 60, 90)
    content = pdf.stream("q 144 0 0 216 0 0 cm /Im0 Do Q")
    for _ in range(3):
        pdf.page_of(content, (144, 216), f"/XObject << /Im0 {image} >>")
    return pdf.bytes()
