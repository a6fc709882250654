"""Damages documents: PDFs, ZIP archives and images, the way broken and hostile files are damaged.

What comes out follows from the bytes and the random generator alone, so that a copy which did harm
can be made again from its seed. Nothing is written to disk, and nothing is parsed that could fail:
a change which does not apply to a document is replaced by another.
"""

import random
import re
import struct
import zlib
from typing import Callable, List, Optional, Tuple

# One change: None where the document has nothing of the kind it changes.
Change = Callable[[bytes, random.Random, Callable[[random.Random], bytes]], Optional[bytes]]

# Numbers at which arithmetic goes wrong.
NUMBERS = (0, 1, -1, 2, 7, 255, 256, 32767, 32768, 65535, 65536, 100000, 2**24, 2**31 - 1, 2**31,
           -2**31, 2**32 - 1, 2**32, 2**63 - 1, 2**63, 10**20)
# Deflated data are unpacked up to this many bytes; a bomb among the originals stays folded.
MAX_UNPACKED = 4 << 20
# A copy never grows past its original by more than this.
MAX_GROWTH = 1 << 20


# --- Bytes, whatever they mean -------------------------------------------------------------------

def _place(data: bytes, rng: random.Random, longest: int = 4096) -> Tuple[int, int]:
    """A range in `data`: short ones more often than long ones."""
    length = min(len(data), int(2 ** rng.uniform(0, max(1, longest.bit_length() - 1))))
    start = rng.randrange(len(data) - length + 1)
    return start, start + length


def flip_bits(data, rng, _donor):
    out = bytearray(data)
    for _ in range(int(2 ** rng.uniform(0, 6))):
        out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
    return bytes(out)


def zero_run(data, rng, _donor):
    start, end = _place(data, rng)
    return data[:start] + bytes(end - start) + data[end:]


def noise_run(data, rng, _donor):
    start, end = _place(data, rng, 512)
    return data[:start] + rng.randbytes(end - start) + data[end:]


def duplicate_run(data, rng, _donor):
    start, end = _place(data, rng)
    return data[:end] + data[start:end] * rng.choice((1, 1, 1, 2, 5)) + data[end:]


def remove_run(data, rng, _donor):
    start, end = _place(data, rng)
    return data[:start] + data[end:]


def truncate(data, rng, _donor):
    return data[:rng.randrange(len(data))]


def splice_bytes(data, rng, donor):
    other = donor(rng)
    if not other:
        return None
    start, end = _place(data, rng)
    first, last = _place(other, rng)
    return data[:start] + other[first:last] + data[end:]


PLAIN: Tuple[Change, ...] = (flip_bits, zero_run, noise_run, duplicate_run, remove_run, truncate,
                             splice_bytes)


# --- PDF -----------------------------------------------------------------------------------------

_OBJECT = re.compile(rb"(?<![0-9])\d{1,7} \d{1,5} obj\b(.{0,20000}?)endobj", re.DOTALL)
_NUMBER = re.compile(rb"(?:/[A-Za-z]+ *|\[ *)(-?\d+(?:\.\d+)?)")
_LENGTH = re.compile(rb"/Length (\d+)")
_XREF_ROW = re.compile(rb"(\d{10}) \d{5} [nf]")
_START = re.compile(rb"startxref\s+(\d+)")
_NAME = re.compile(rb"/[A-Z][A-Za-z0-9]{2,20}")
_REFERENCE = re.compile(rb"(?<=[ \[])(\d+) 0 R\b")
_STREAM = re.compile(rb"/FlateDecode[^<>]{0,200}>>\s*stream\r?\n")
_NAMES = (b"/FlateDecode", b"/DCTDecode", b"/JPXDecode", b"/JBIG2Decode", b"/CCITTFaxDecode",
          b"/LZWDecode", b"/RunLengthDecode", b"/ASCIIHexDecode", b"/ASCII85Decode", b"/Crypt",
          b"/Page", b"/Pages", b"/Catalog", b"/Image", b"/Form", b"/Pattern", b"/Font", b"/Type3",
          b"/SMask", b"/Indexed", b"/ICCBased", b"/Separation", b"/DeviceN", b"/DeviceCMYK",
          b"/DeviceGray", b"/Kids", b"/Parent", b"/Count", b"/MediaBox", b"/Rotate", b"/UserUnit")


def _choose(pattern, data, rng, most=2000):
    """One match, every one as likely; among the first `most`."""
    found = []
    for match in pattern.finditer(data):
        found.append(match)
        if len(found) == most:
            break
    return rng.choice(found) if found else None


def _replace(data: bytes, match, text: bytes, group: int = 1) -> bytes:
    return data[:match.start(group)] + text + data[match.end(group):]


def splice_object(data, rng, donor):
    """The body of an object of another document (or of this) in the place of one of this."""
    here, other = _choose(_OBJECT, data, rng), donor(rng) if rng.random() < 0.8 else data
    there = _choose(_OBJECT, other, rng)
    return here and there and _replace(data, here, there[1])


def change_number(data, rng, _donor):
    match = _choose(_NUMBER, data, rng)
    if match is None:
        return None
    if rng.random() < 0.3 and re.fullmatch(rb"-?\d{1,9}", match[1]):
        number = b"%d" % (int(match[1]) + rng.choice((-1, 1, 10, -10, 1000)))
    else:
        number = b"%d" % rng.choice(NUMBERS)
    return _replace(data, match, number)


def change_length(data, rng, _donor):
    match = _choose(_LENGTH, data, rng)
    if match is None:
        return None
    length = int(match[1][:18])
    wrong = rng.choice((0, 1, max(0, length - 1), length + 1, length // 2, length * 2,
                        length + 99999, rng.choice(NUMBERS)))
    return _replace(data, match, b"%d" % wrong)


def break_xref(data, rng, _donor):
    match = _choose(_XREF_ROW, data, rng) if rng.random() < 0.7 else None
    if match is not None:
        wrong = rng.choice((0, rng.randrange(len(data)), 9999999999))
        return _replace(data, match, b"%010d" % wrong)
    match = _choose(_START, data, rng)
    return match and _replace(data, match, b"%d" % rng.choice(
        (0, rng.randrange(len(data)), *NUMBERS)))


def change_name(data, rng, _donor):
    match = _choose(_NAME, data, rng)
    return match and _replace(data, match, rng.choice(_NAMES), 0)


def change_reference(data, rng, _donor):
    """A reference to another object: cycles, pages in the place of fonts, nothing at all."""
    match = _choose(_REFERENCE, data, rng)
    return match and _replace(data, match, b"%d" % rng.randrange(data.count(b" obj") + 2))


def change_content(data, rng, donor):
    """Something inside a deflated stream, which is deflated again: the checksum stays right."""
    match = _choose(_STREAM, data, rng)
    if match is None:
        return None
    unpacker = zlib.decompressobj()
    try:
        inside = unpacker.decompress(data[match.end():], MAX_UNPACKED)
    except zlib.error:
        return None
    if not inside or not unpacker.eof:
        return None
    end = len(data) - len(unpacker.unused_data)
    changed = _in_content(inside, rng) or rng.choice(PLAIN)(inside, rng, donor)
    return changed and data[:match.end()] + zlib.compress(changed) + data[end:]


def _in_content(inside, rng):
    """Another number or a repeated operator; None half of the time."""
    if rng.random() < 0.5:
        return None
    match = _choose(re.compile(rb"(?<![\w.])(-?\d+(?:\.\d+)?)(?![\w.])"), inside, rng)
    if match is not None and rng.random() < 0.7:
        return _replace(inside, match, b"%d" % rng.choice(NUMBERS))
    line = _choose(re.compile(rb"[^\n]{1,200}\n"), inside, rng)
    return line and _replace(inside, line, line[0] * rng.choice((2, 100, 1000)), 0)


PDF: Tuple[Change, ...] = (splice_object, splice_object, change_number, change_number,
                           change_length, break_xref, change_name, change_reference,
                           change_content, change_content)


# --- ZIP -----------------------------------------------------------------------------------------

# Of each kind of record: its signature, and offset and format of the fields worth changing.
_RECORDS = (
    (b"PK\x01\x02", ((6, "<H"), (8, "<H"), (10, "<H"), (16, "<I"), (20, "<I"), (24, "<I"),
                     (28, "<H"), (30, "<H"), (32, "<H"), (34, "<H"), (38, "<I"), (42, "<I"))),
    (b"PK\x05\x06", ((4, "<H"), (8, "<H"), (10, "<H"), (12, "<I"), (16, "<I"), (20, "<H"))),
    (b"PK\x03\x04", ((4, "<H"), (6, "<H"), (8, "<H"), (14, "<I"), (18, "<I"), (22, "<I"),
                     (26, "<H"), (28, "<H"))),
)


def change_record(data, rng, _donor):
    """A field of the central directory, the end record or a local header."""
    signature, fields = _RECORDS[rng.choice((0, 0, 0, 1, 2))]
    match = _choose(re.compile(re.escape(signature)), data, rng)
    offset, form = rng.choice(fields)
    at = match.start() + offset if match else len(data)
    if at + 4 > len(data):
        return None
    most = 0xFFFF if form == "<H" else 0xFFFFFFFF
    old = struct.unpack_from(form, data, at)[0]
    new = rng.choice((old ^ 1 << rng.randrange(16), old + 1, old - 1, len(data),
                      rng.choice(NUMBERS))) & most
    out = bytearray(data)
    struct.pack_into(form, out, at, new)
    return bytes(out)


def change_entry_name(data, rng, _donor):
    """Bytes of a name in the central directory: slashes, dots, NUL, no UTF-8."""
    match = _choose(re.compile(rb"PK\x01\x02.{42}([^\0]{1,60})", re.DOTALL), data, rng)
    if match is None:
        return None
    out, length = bytearray(data), struct.unpack_from("<H", data, match.start() + 28)[0]
    for at in range(match.start(1), min(match.start(1) + length, len(data))):
        if rng.random() < 0.3:
            out[at] = rng.choice(b"/.\0\\\xff\xc3:\n ")
    return bytes(out)


ZIP: Tuple[Change, ...] = (change_record, change_record, change_record, change_entry_name)


# --- Images --------------------------------------------------------------------------------------

_SEGMENT = re.compile(rb"\xff[\xc0-\xc4\xda-\xdd\xe0-\xef\xfe]")


def change_segment(data, rng, _donor):
    """Length, size or tables of a JPEG's segment; or the segment left out, or there twice."""
    match = _choose(_SEGMENT, data[:1 << 16], rng, 60)
    if match is None or match.end() + 20 > len(data):
        return None
    at, length = match.start(), 2 + struct.unpack_from(">H", data, match.start() + 2)[0]
    kind = rng.randrange(3)
    if kind == 0:
        return data[:at] + data[at + length:]
    if kind == 1:
        return data[:at + length] + data[at:at + length] + data[at + length:]
    out = bytearray(data)
    struct.pack_into(">H", out, at + rng.choice((2, 5, 7, 10, 12)), rng.choice(NUMBERS) & 0xFFFF)
    return bytes(out)


def change_chunk(data, rng, _donor):
    """A value in a PNG's chunk, with its CRC made right again, so that it is believed."""
    match = _choose(re.compile(rb"(IHDR|PLTE|tRNS|gAMA|iCCP|pHYs|IDAT)"), data, rng, 30)
    if match is None or match.start() < 4:
        return None
    at = match.start()
    length = struct.unpack_from(">I", data, at - 4)[0]
    if length == 0 or at + 4 + length + 4 > len(data):
        return None
    out = bytearray(data)
    place = at + 4 + rng.randrange(min(length, 13 if match[0] == b"IHDR" else length))
    out[place] = rng.choice((0, 1, 3, 16, 127, 128, 255, rng.randrange(256)))
    struct.pack_into(">I", out, at + 4 + length, zlib.crc32(out[at:at + 4 + length]))
    return bytes(out)


JPEG: Tuple[Change, ...] = (change_segment,) * 3
PNG: Tuple[Change, ...] = (change_chunk,) * 3


# --- All together --------------------------------------------------------------------------------

def changes_for(data: bytes) -> Tuple[Change, ...]:
    """What may be done to the document, by its first bytes."""
    if b"%PDF" in data[:1024]:
        return PDF + PLAIN
    if data[:2] == b"PK":
        return ZIP + PLAIN
    if data[:2] == b"\xff\xd8":
        return JPEG + PLAIN
    if data[:4] == b"\x89PNG":
        return PNG + PLAIN
    return PLAIN


def mutate(data: bytes, rng: random.Random,
           donor: Callable[[random.Random], bytes]) -> Tuple[bytes, List[str]]:
    """A damaged copy, and the names of the changes. `donor` gives the bytes of another document.

    One to four changes, one most often: of many at once the first hides the others.
    """
    made: List[str] = []
    limit = len(data) + MAX_GROWTH
    for _ in range(rng.choice((1, 1, 1, 2, 2, 4))):
        for _ in range(8):
            if not data:
                break
            change = rng.choice(changes_for(data))
            changed = change(data, rng, donor)
            if changed is not None and changed != data and len(changed) <= limit:
                data = changed
                made.append(change.__name__)
                break
    return data, made
