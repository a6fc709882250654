"""Scanned line art, black and white, in the two codings that PDFs have for it.

JBIG2 has one coding that needs no arithmetic coder: a generic region coded with MMR (ITU-T T.88,
6.2.6) is the very data of fax group 4 (T.6), which libtiff writes. Around it stand two segment
headers (T.88, 7.2), without a file header, end of page or end of file, as ISO 32000-1, 7.4.7 asks.
"""

import io
import struct
from unittest import mock

from PIL import Image, ImageChops, TiffImagePlugin

from comic_art import comic_page
from pdf_writer import PdfWriter

_PAGE_INFORMATION = 48
_IMMEDIATE_GENERIC_REGION = 38


def page(seed, width, height):
    """A comic page of ink alone: what is darker than the middle."""
    return comic_page(seed, width, height, 0).convert("L").point(
        lambda level: 255 if level > 110 else 0).convert("1")


def group4(image):
    """The T.6 data of a black and white image, ink as black runs, all in one strip."""
    out = io.BytesIO()
    with mock.patch.object(TiffImagePlugin, "STRIP_SIZE", 1 << 31):
        # libtiff codes a zero bit as white; in Pillow's mode 1 a zero is black.
        ImageChops.invert(image).save(out, "TIFF", compression="group4")
    with Image.open(out) as tiff:
        offsets, lengths = tiff.tag_v2[273], tiff.tag_v2[279]
    assert len(offsets) == 1, "libtiff has cut the image into strips"
    return out.getvalue()[offsets[0]:offsets[0] + lengths[0]]


def _segment(number, kind, data):
    """One segment of page 1 that refers to no other."""
    return struct.pack(">IBBBI", number, kind, 0, 1, len(data)) + data


def jbig2(image):
    """`image` of mode 1 as a stream for /JBIG2Decode."""
    width, height = image.size
    information = struct.pack(">IIIIBH", width, height, 0, 0, 0, 0)
    region = struct.pack(">IIIIB", width, height, 0, 0, 0)  # where it lies, and OR
    return (_segment(0, _PAGE_INFORMATION, information) +
            _segment(1, _IMMEDIATE_GENERIC_REGION, region + b"\x01" + group4(image)))


def _scan(encode, filters, extra, pages, width, height, dpi, seed):
    pdf = PdfWriter()
    points = (width * 72 / dpi, height * 72 / dpi)
    for number in range(pages):
        data = encode(page(seed * 1000 + number, width, height))
        image = pdf.image(data, width, height, "/DeviceGray", filters, 1, extra)
        pdf.page(f"q {points[0]:g} 0 0 {points[1]:g} 0 0 cm /Im0 Do Q", points,
                 f"/XObject << /Im0 {image} >>")
    return pdf.bytes()


def ccitt_scan(pages=2, width=800, height=1200, dpi=200, seed=3):
    return _scan(group4, "/CCITTFaxDecode",
                 f"/DecodeParms << /K -1 /Columns {width} /Rows {height} >>",
                 pages, width, height, dpi, seed)


def jbig2_scan(pages=2, width=800, height=1200, dpi=200, seed=3):
    """The very pages of ccitt_scan()."""
    return _scan(jbig2, "/JBIG2Decode", "", pages, width, height, dpi, seed)
