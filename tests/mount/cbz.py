"""Reads CBZs and JPEGs down to the byte, independently of the program under test."""

import io
import re
import struct
import zipfile

from PIL import Image, ImageChops

Image.MAX_IMAGE_PIXELS = None

_MARKER_AFTER_SCAN = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")


class Jpeg:
    """The segments of a JPEG: a list of (marker, offset, length), SOS with its scan data."""

    def __init__(self, data):
        if data[:2] != b"\xff\xd8":
            raise ValueError("no SOI")
        self.data = data
        self.segments = []
        at = 2
        while True:
            if data[at] != 0xFF:
                raise ValueError(f"no marker at {at}")
            marker = data[at + 1]
            if marker == 0xFF:
                raise ValueError(f"fill bytes at {at}")
            if marker == 0xD9:
                break
            length = 2 + struct.unpack_from(">H", data, at + 2)[0]
            if marker == 0xDA:
                length = _MARKER_AFTER_SCAN.search(data, at + length).start() - at
            self.segments.append((marker, at, length))
            at += length
        self.eoi = at
        self.after_eoi = data[at + 2:]

    def tail(self):
        """The segments behind the last scan."""
        last = max(i for i, (marker, _, _) in enumerate(self.segments) if marker == 0xDA)
        return self.segments[last + 1:]

    def frame(self):
        """(width, height, components) of the SOF."""
        for marker, at, _ in self.segments:
            if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
                height, width, components = struct.unpack_from(">HHB", self.data, at + 5)
                return width, height, components
        raise ValueError("no SOF")

    def without_tail(self):
        """The image as it was before COM segments were added behind its last scan."""
        tail = self.tail()
        end = tail[0][1] if tail else self.eoi
        return self.data[:end] + b"\xff\xd9"

    def core(self):
        """Everything but application and comment segments."""
        return b"".join(self.data[at:at + length] for marker, at, length in self.segments
                        if not (0xE0 <= marker <= 0xEF or marker == 0xFE))

    def icc_profile(self):
        return Image.open(io.BytesIO(self.data)).info.get("icc_profile")


class Entry:
    """One entry, read from its local header (`local`) and from the central directory (`info`)."""

    def __init__(self, info, data, archive):
        self.info = info
        self.data = data
        self.offset = info.header_offset
        (signature, _, self.flags, self.method, _, _, self.crc, self.compressed, self.size,
         name, extra) = struct.unpack_from("<IHHHHHIIIHH", archive, info.header_offset)
        if signature != 0x04034B50:
            raise ValueError(f"no local header at {info.header_offset}")
        self.extra = archive[self.offset + 30 + name:self.offset + 30 + name + extra]
        self.end = self.offset + 30 + name + extra + info.compress_size

    @property
    def name(self):
        return self.info.filename

    def image(self):
        picture = Image.open(io.BytesIO(self.data))
        picture.load()
        return picture


def entries(archive):
    """All entries of the CBZ `archive` (bytes); zipfile checks every CRC on the way."""
    with zipfile.ZipFile(io.BytesIO(archive)) as book:
        return [Entry(info, book.read(info), archive) for info in book.infolist()]


def pages(archive):
    return [entry for entry in entries(archive) if entry.name.lower().endswith((".jpg", ".webp"))]


def directory_offset(archive):
    """Where the central directory starts, from the end record."""
    at = archive.rindex(b"PK\x05\x06")
    return struct.unpack_from("<I", archive, at + 16)[0]


def psnr(one, other):
    """Peak signal-to-noise ratio of two pictures of one size, in dB."""
    import math
    mode = "L" if one.mode == other.mode == "L" else "RGB"
    histogram = ImageChops.difference(one.convert(mode), other.convert(mode)).histogram()
    squares = sum(count * (i % 256) ** 2 for i, count in enumerate(histogram))
    return 99.0 if squares == 0 else 10 * math.log10(255 ** 2 * sum(histogram) / squares)
