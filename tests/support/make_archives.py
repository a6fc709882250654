"""Makes the comic archives and images of the mounted tests: honest ones, broken ones, hostile ones.

Archives are written record by record, so that every lie in them is one that was asked for. Nothing
here comes from elsewhere, and every call gives the same bytes.
"""

import dataclasses
import io
import struct
import zlib

from PIL import Image

from comic_art import comic_jpeg, comic_page, jpeg

STORED, DEFLATED, BZIP2, AES = 0, 8, 12, 99
_DATE = (45 << 9 | 2 << 5 | 3) << 16 | (4 << 11 | 5 << 5 | 3)  # 2025-02-03 04:05:06


@dataclasses.dataclass
class Entry:
    """One entry. What is None is made honestly; what is given stands in both records.

    `only_central`: values of fields that the central directory alone has.
    """
    name: object
    data: bytes = b""
    method: int = STORED
    flags: int = None
    crc: int = None
    size: int = None
    packed: bytes = None  # the data as they lie in the archive
    packed_size: int = None
    made_by: int = 3  # Unix
    mode: int = 0o100644
    only_central: dict = dataclasses.field(default_factory=dict)

    def raw_name(self):
        return self.name if isinstance(self.name, bytes) else self.name.encode()

    def fields(self):
        flags = self.flags
        if flags is None:
            flags = 0 if isinstance(self.name, bytes) or self.name.isascii() else 1 << 11
        packed = self.data_in_archive()
        return {"flags": flags, "method": self.method,
                "crc": zlib.crc32(self.data) if self.crc is None else self.crc,
                "packed": len(packed) if self.packed_size is None else self.packed_size,
                "size": len(self.data) if self.size is None else self.size}

    def data_in_archive(self):
        if self.packed is not None:
            return self.packed
        return deflate(self.data) if self.method == DEFLATED else self.data


def deflate(data, level=6):
    packer = zlib.compressobj(level, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def archive(entries, prefix=b"", comment=b"", **end):
    """`end`: lies of the end record (count, size, offset)."""
    out = bytearray(prefix)
    directory = bytearray()
    for entry in entries:
        name, fields, at = entry.raw_name(), entry.fields(), len(out)
        out += struct.pack("<IHHHIIIIHH", 0x04034B50, 20, fields["flags"], fields["method"], _DATE,
                           fields["crc"], fields["packed"], fields["size"], len(name), 0) + name
        out += entry.data_in_archive()
        fields.update(entry.only_central)
        name = fields.get("name", name)
        directory += struct.pack(
            "<IBBHHHIIIIHHHHHII", 0x02014B50, 20, entry.made_by, 20, fields["flags"],
            fields["method"], _DATE, fields["crc"], fields["packed"], fields["size"], len(name), 0,
            0, 0, 0, entry.mode << 16, fields.get("offset", at)) + name
    count = end.get("count", len(entries))
    return bytes(out + directory) + struct.pack(
        "<IHHHHIIH", 0x06054B50, 0, 0, count & 0xFFFF, count & 0xFFFF,
        end.get("size", len(directory)), end.get("offset", len(out)), len(comment)) + comment


# --- Pictures ------------------------------------------------------------------------------------

def encoded(image, file_format, **options):
    out = io.BytesIO()
    image.save(out, file_format, **options)
    return out.getvalue()


def page_jpeg(number=0, width=200, height=300, **options):
    return comic_jpeg(7000 + number, width, height, **options)


def pictures(width=120, height=180):
    """{name: bytes} of one picture in every format and kind of pixels that Pillow writes."""
    page = comic_page(7100, width, height)
    gray = page.convert("L")
    clear = page.copy()
    clear.putalpha(gray.point([min(255, 2 * i) for i in range(256)]))
    deep = gray.convert("I").point(lambda v: v * 257)
    return {
        "rgb.jpg": encoded(page, "JPEG", quality=92),
        "gray.jpg": encoded(gray, "JPEG", quality=92),
        "progressive.jpeg": encoded(page, "JPEG", quality=92, progressive=True),
        "cmyk.jpg": encoded(page.convert("CMYK"), "JPEG", quality=92),
        "rgb.png": encoded(page, "PNG"),
        "gray.png": encoded(gray, "PNG"),
        "rgba.png": encoded(clear, "PNG"),
        "la.png": encoded(clear.convert("LA"), "PNG"),
        "palette.png": encoded(page.convert("P", palette=Image.ADAPTIVE, colors=200), "PNG"),
        "deep.png": encoded(deep.convert("I;16"), "PNG"),
        "bits.png": encoded(gray.convert("1"), "PNG"),
        "frames.gif": encoded(page.convert("P", palette=Image.ADAPTIVE, colors=128), "GIF",
                              save_all=True, append_images=[gray.convert("P")]),
        "rgb.webp": encoded(page, "WEBP", quality=90),
        "clear.webp": encoded(clear, "WEBP", lossless=True),
        "rgb.bmp": encoded(page, "BMP"),
        "palette.bmp": encoded(page.convert("P", palette=Image.ADAPTIVE, colors=64), "BMP"),
        "rgb.tif": encoded(page, "TIFF", compression="tiff_lzw"),
        "bits.tiff": encoded(gray.convert("1"), "TIFF", compression="group4"),
        "rgb.jp2": encoded(page, "JPEG2000", quality_mode="rates", quality_layers=[8]),
    }


def rotated_jpeg(orientation, width=200, height=120, number=5):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(comic_page(7200 + number, width, height), "JPEG", quality=90, exif=exif)


def png_chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def flat_png(width, height, level=0, cut=1.0):
    """A PNG of one gray level, of any size: made row by row, so that none is held in memory.

    `cut`: the share of its rows that are there; the file ends behind them.
    """
    packer = zlib.compressobj(6)
    row = b"\0" + bytes([level]) * width
    rows = int(height * cut)
    data = b"".join(packer.compress(row) for _ in range(rows))
    data += packer.flush() if cut == 1.0 else packer.flush(zlib.Z_SYNC_FLUSH)
    head = b"\x89PNG\r\n\x1a\n" + png_chunk(
        b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    if cut < 1.0:
        return head + png_chunk(b"IDAT", data)
    return head + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b"")


def big_jpeg(width=10000, height=6000):
    """60 megapixels: steps of gray, so that a wrong scale shows."""
    small = Image.linear_gradient("L").resize((width // 100, height // 100))
    return encoded(small.resize((width, height), Image.NEAREST), "JPEG", quality=60)


# --- Archives ------------------------------------------------------------------------------------

COMIC_INFO = b"""<?xml version="1.0" encoding="utf-8"?>
<ComicInfo><Title>Bit for bit \xe6\xbc\xab\xe7\x94\xbb</Title>\r\n<Number> 7</Number></ComicInfo>
"""
RUBBISH = {"release.nfo": b"by nobody", "check.SFV": b"; sums", "Thumbs.db": b"\xd0\xcf\x11\xe0",
           ".DS_Store": b"\0\0\0\1Bud1", "__MACOSX/._001.jpg": b"\0\5\x16\7"}


def stored(pages=3, seed=0, **options):
    return archive([Entry(f"{i + 1:03}.jpg", page_jpeg(seed * 100 + i, **options))
                    for i in range(pages)])


def deflated(pages=3, seed=1, **options):
    return archive([Entry(f"{i + 1:03}.jpg", page_jpeg(seed * 100 + i, **options), DEFLATED)
                    for i in range(pages)])


def with_rubbish(seed=2):
    """Out of order, metadata, rubbish, a text; all of it below one folder."""
    top = "Foo v01 (2020)/"
    entries = [Entry(top, mode=0o040755)]
    entries += [Entry(top + name, data, DEFLATED) for name, data in RUBBISH.items()]
    entries += [Entry(top + "10.jpg", page_jpeg(seed * 100 + 10)),
                Entry(top + "2.png", encoded(comic_page(7002, 100, 150), "PNG"), DEFLATED),
                Entry(top + "ComicInfo.xml", COMIC_INFO, DEFLATED),
                Entry(top + "1.jpg", page_jpeg(seed * 100 + 1), DEFLATED),
                Entry(top + "credits.txt", b"thanks\n" * 40)]
    return archive(entries)


def nested(seed=3):
    """Two folders of pages, so neither is left out."""
    return archive([Entry(f"Part {part}/{i:02}.jpg", page_jpeg(seed * 100 + part * 10 + i),
                          DEFLATED if i == 1 else STORED)
                    for part in (1, 2) for i in (1, 2)] + [Entry("ComicInfo.xml", COMIC_INFO)])


def without_images():
    return archive([Entry("a.txt", b"text\n" * 100, DEFLATED), Entry("b/c.bin", bytes(1000))])


def of_pictures(**options):
    """Every kind of picture as a page, in the order of `pictures()`."""
    return archive([Entry(name, data, DEFLATED if i % 2 else STORED)
                    for i, (name, data) in enumerate(pictures(**options).items())])


def rar():
    """Enough of a RAR 4 to be known as one."""
    return b"Rar!\x1a\x07\x00" + b"\xcf\x90\x73\x00\x00\x0d\x00\x00\x00\x00\x00\x00\x00" + bytes(500)


def flat(image_size, level=200):
    return jpeg(Image.new("L", image_size, level))
