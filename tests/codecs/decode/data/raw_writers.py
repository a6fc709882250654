"""Writers for kinds of PNG, BMP and TIFF that Pillow does not write."""

import struct
import zlib

from PIL import Image


def chunk(name, data):
    return (struct.pack(">I", len(data)) + name + data +
            struct.pack(">I", zlib.crc32(name + data)))


def png_rows(image, bits, xs, ys):
    """Rows of a pass, unfiltered. With 16 bits the low byte is noise that must not show."""
    depth = len(image.getbands())
    pixels = image.load()
    out = bytearray()
    for y in ys:
        row = []
        for x in xs:
            pixel = pixels[x, y]
            row += [pixel] if depth == 1 else list(pixel)
        out.append(0)
        if bits == 8:
            out += bytes(row)
        elif bits == 16:
            for i, v in enumerate(row):
                out += bytes((v, (v * 7 + i) % 256))
        else:
            per = 8 // bits
            row += [0] * (-len(row) % per)
            for i in range(0, len(row), per):
                byte = 0
                for v in row[i:i + per]:
                    byte = byte << bits | v
                out.append(byte)
    return bytes(out)


def png(image, bits, interlaced, exif=None):
    color = {"L": 0, "RGB": 2, "LA": 4, "RGBA": 6}[image.mode]
    header = struct.pack(">IIBBBBB", *image.size, bits, color, 0, 0, int(interlaced))
    passes = ((0, 0, 1, 1),)
    if interlaced:
        passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4),
                  (1, 0, 2, 2), (0, 1, 1, 2))
    data = b""
    for x, y, step_x, step_y in passes:
        xs = range(x, image.width, step_x)
        ys = range(y, image.height, step_y)
        if len(xs) > 0 and len(ys) > 0:
            data += png_rows(image, bits, xs, ys)
    out = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    if exif:
        out += chunk(b"eXIf", exif)
    return out + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


def bmp(header, palette, rows):
    """Rows from below, not yet padded."""
    data = b"".join(row + b"\0" * (-len(row) % 4) for row in rows)
    at = 14 + len(header) + len(palette)
    return struct.pack("<2sIHHI", b"BM", at + len(data), 0, 0, at) + header + palette + data


def bmp_palette(image, entry=4):
    colors = image.getpalette()
    colors += [0] * (768 - len(colors))
    out = b""
    for i in range(256):
        r, g, b = colors[i * 3:i * 3 + 3]
        out += bytes((b, g, r, 0)[:entry])
    return out


def rows_of(image, pack):
    pixels = image.load()
    for y in range(image.height - 1, -1, -1):
        yield b"".join(pack(pixels[x, y]) for x in range(image.width))


def rle(image, bits):
    """Runs where there are any, literals elsewhere, the ends of lines and of the picture."""
    out = bytearray()
    pixels = image.load()
    for y in range(image.height - 1, -1, -1):
        row = [pixels[x, y] for x in range(image.width)]
        x = 0
        while x < len(row):
            run = 1
            while x + run < len(row) and row[x + run] == row[x] and run < 255:
                run += 1
            literal = row[x:x + 5]
            if run < 3 and len(literal) == 5:
                out += bytes((0, 5))
                if bits == 8:
                    out += bytes(literal) + b"\0"
                else:
                    a, b, c, d, e = literal
                    out += bytes((a << 4 | b, c << 4 | d, e << 4, 0))
                x += 5
            else:
                out += bytes((run, row[x] if bits == 8 else row[x] << 4 | row[x]))
                x += run
        out += b"\0\0"
    return bytes(out) + b"\0\1"


def bmps(rgb, rgba, palette, few):
    width, height = rgb.size

    def info(bits, compression, high=height, masks=b""):
        size = 40 + (len(masks) if len(masks) == 16 else 0)
        size = 108 if size == 56 else size
        out = struct.pack("<IiiHHIIiiII", size, width, high, 1, bits, compression, 0, 2835, 2835,
                          0, 0) + masks
        return out.ljust(size, b"\0")

    def five(bits):
        def pack(p):
            if bits == 555:
                return struct.pack("<H", p[0] >> 3 << 10 | p[1] >> 3 << 5 | p[2] >> 3)
            return struct.pack("<H", p[0] >> 3 << 11 | p[1] >> 2 << 5 | p[2] >> 3)
        return pack

    masks565 = struct.pack("<III", 0xF800, 0x07E0, 0x001F)
    masks = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    yield "555.bmp", bmp(info(16, 0), b"", rows_of(rgb, five(555)))
    yield "565.bmp", bmp(info(16, 3, masks=masks565), b"", rows_of(rgb, five(565)))
    yield "alpha.bmp", bmp(info(32, 3, masks=masks), b"",
                           rows_of(rgba, lambda p: bytes((p[2], p[1], p[0], p[3]))))
    down = list(rows_of(rgb, lambda p: bytes((p[2], p[1], p[0]))))[::-1]
    yield "top_down.bmp", bmp(info(24, 0, -height), b"", down)
    yield "rle8.bmp", bmp(info(8, 1), bmp_palette(palette), [rle(palette, 8)])
    yield "rle4.bmp", bmp(info(4, 2), bmp_palette(few)[:64], [rle(few, 4)])
    core = struct.pack("<IHHHH", 12, width, height, 1, 8)
    yield "core.bmp", bmp(core, bmp_palette(palette, 3), rows_of(palette, lambda p: bytes((p,))))


def tiff(order, entries, pieces, piece_tags, big=False):
    """`entries`: tag to (type, values); `pieces`: strips or tiles, `piece_tags` their offsets'
    and lengths' tags."""
    start = 16 if big else 8
    offsets = []
    body = b""
    for piece in pieces:
        offsets.append(start + len(body))
        body += piece + b"\0" * (len(piece) % 2)
    entries = dict(entries)
    entries[piece_tags[0]] = (4, offsets)
    entries[piece_tags[1]] = (4, [len(piece) for piece in pieces])
    directory = start + len(body)
    count = len(entries)
    entry_bytes, inline = (20, 8) if big else (12, 4)
    extra_at = directory + (8 if big else 2) + count * entry_bytes + (8 if big else 4)
    extra = b""
    out = struct.pack(order + ("Q" if big else "H"), count)
    for tag in sorted(entries):
        kind, values = entries[tag]
        data = struct.pack(order + {3: "H", 4: "I"}[kind] * len(values), *values)
        if len(data) > inline:
            offset = extra_at + len(extra)
            extra += data + b"\0" * (len(data) % 2)
            data = struct.pack(order + ("Q" if big else "I"), offset)
        out += struct.pack(order + ("HHQ" if big else "HHI"), tag, kind, len(values))
        out += data.ljust(inline, b"\0")
    out += b"\0" * (8 if big else 4)
    mark = b"II" if order == "<" else b"MM"
    head = (struct.pack(order + "HHHQ", 43, 8, 0, directory) if big
            else struct.pack(order + "HI", 42, directory))
    return mark + head + body + out + extra


def tiffs(rgb, gray, rgba, cmyk, palette):
    width, height = rgb.size

    def tags(bits, samples, photometric, **more):
        entries = {256: (4, [width]), 257: (4, [height]), 258: (3, [bits] * samples),
                   259: (3, [1]), 262: (3, [photometric]), 277: (3, [samples])}
        entries.update({int(tag[1:]): value for tag, value in more.items()})
        return entries

    def wide(data, order):
        return b"".join(struct.pack(order + "H", v << 8 | (v * 5 % 256)) for v in data)

    strip = {278: (4, [10])}

    def strips(data, row_bytes):
        size = row_bytes * 10
        return [data[i:i + size] for i in range(0, len(data), size)]

    strip_tags = (273, 279)
    for order, name in (("<", "le"), (">", "be")):
        for big in (False, True):
            data = strips(wide(rgb.tobytes(), order), width * 6)
            yield ("rgb16_%s%d.tif" % (name, big),
                   tiff(order, {**tags(16, 3, 2), **strip}, data, strip_tags, big), rgb)
        yield ("gray16_%s.tif" % name,
               tiff(order, {**tags(16, 1, 1), **strip},
                    strips(wide(gray.tobytes(), order), width * 2), strip_tags), gray)
    yield ("white_is_zero.tif",
           tiff("<", {**tags(8, 1, 0), **strip}, strips(gray.tobytes(), width), strip_tags),
           gray.point(lambda v: 255 - v))
    for bits in (2, 4):
        least = gray.point(lambda v, b=bits: v >> (8 - b))
        from_png = png_rows(least, bits, range(width), range(height))
        row = len(from_png) // height
        data = b"".join(from_png[y * row + 1:(y + 1) * row] for y in range(height))
        yield ("gray%d.tif" % bits,
               tiff("<", {**tags(bits, 1, 1), **strip}, strips(data, row - 1), strip_tags),
               least.point(lambda v, b=bits: v * 255 // ((1 << b) - 1)))
    yield ("planes.tif",
           tiff("<", {**tags(8, 3, 2, t284=(3, [2])), 278: (4, [height])},
                [band.tobytes() for band in rgb.split()], strip_tags), rgb)
    colors = palette.getpalette()
    colors += [0] * (768 - len(colors))
    planes = colors[0::3] + colors[1::3] + colors[2::3]
    # Some writers forget that entries have 16 bits.
    for name, scale in (("wide", 257), ("narrow", 1)):
        yield ("palette_%s.tif" % name,
               tiff("<", {**tags(8, 1, 3, t320=(3, [v * scale for v in planes])), **strip},
                    strips(palette.tobytes(), width), strip_tags), palette.convert("RGB"))
    pre = rgba.convert("RGBa")
    white = Image.new("RGB", rgba.size, "white")
    flat = [tuple(min(255, c + 255 - p[3]) for c in p[:3])
            for p in zip(*[iter(pre.tobytes())] * 4)]
    white.putdata(flat)
    yield ("premultiplied.tif",
           tiff("<", {**tags(8, 4, 2, t338=(3, [1])), **strip}, strips(pre.tobytes(), width * 4),
                strip_tags), white)
    tiles = []
    for y in range(0, height, 16):
        for x in range(0, width, 32):
            tiles.append(rgb.crop((x, y, x + 32, y + 16)).tobytes())
    yield ("tiles.tif",
           tiff("<", tags(8, 3, 2, t322=(4, [32]), t323=(4, [16])), tiles, (324, 325)), rgb)
    yield ("tiles_turned.tif",
           tiff(">", tags(8, 3, 2, t322=(4, [32]), t323=(4, [16]), t274=(3, [6])), tiles,
                (324, 325)), rgb.transpose(Image.ROTATE_270))
