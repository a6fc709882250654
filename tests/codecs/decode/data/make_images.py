#!/usr/bin/python3
"""Images of every format and kind, and what they should look like.

    make_images.py FOLDER [avif] [jxl]

Writes FOLDER/NAME, FOLDER/NAME.pnm (the pixels as Pillow, or the format's own program, sees them:
upright, on white, gray or RGB) and FOLDER/manifest: a line for each, with NAME and the largest
difference allowed.
"""

import io
import os
import random
import struct
import subprocess
import sys
import zlib

from PIL import Image, ImageCms, ImageOps

import raw_writers as raw

FOLDER = sys.argv[1]
MANIFEST = []


def picture(width, height, seed=1):
    """Smooth colours with some noise and edges: something for every codec to get wrong."""
    noise = random.Random(seed)
    data = bytearray()
    for y in range(height):
        for x in range(width):
            edge = 90 if (x // 9 + y // 7) % 2 else 0
            data += bytes((
                (x * 255 // width + edge) % 256,
                (y * 255 // height) % 256,
                (x * y + noise.randrange(24)) % 256,
            ))
    return Image.frombytes("RGB", (width, height), bytes(data))


RGB = picture(61, 47)
BIG = picture(203, 150, 2)
GRAY = RGB.convert("L")
ALPHA = Image.linear_gradient("L").resize(RGB.size)
RGBA = RGB.copy()
RGBA.putalpha(ALPHA)
LA = GRAY.copy()
LA.putalpha(ALPHA)
PALETTE = RGB.quantize(200)
CMYK = Image.merge("CMYK", (*RGB.split(), ALPHA))


def on_white(image):
    """Gray or RGB, laid on white with Pillow's own arithmetic."""
    if "transparency" in image.info:
        image = image.convert("RGBA")
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La"):
        gray = image.mode in ("LA", "La")
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", image.size, (255, 255, 255, 255))
        flat = Image.alpha_composite(white, rgba)
        return flat.convert("RGB").getchannel(0) if gray else flat.convert("RGB")
    if image.mode in ("1", "L"):
        return image.convert("L")
    return image.convert("RGB")


def add(name, data, expected=None, tolerance=0):
    path = os.path.join(FOLDER, name)
    with open(path, "wb") as out:
        out.write(data)
    if expected is None:
        with Image.open(io.BytesIO(data)) as image:
            expected = on_white(image)
    expected.save(path + ".pnm", "PPM")
    MANIFEST.append("%s %d" % (name, tolerance))


def saved(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def oriented(number):
    exif = Image.Exif()
    exif[0x0112] = number
    return exif.tobytes()


def turned(image, number):
    turns = {
        1: None, 2: Image.FLIP_LEFT_RIGHT, 3: Image.ROTATE_180, 4: Image.FLIP_TOP_BOTTOM,
        5: Image.TRANSPOSE, 6: Image.ROTATE_270, 7: Image.TRANSVERSE, 8: Image.ROTATE_90,
    }
    return image if turns[number] is None else image.transpose(turns[number])


def jpegs():
    for name, options in (("420", {}), ("422", {"subsampling": 1}), ("444", {"subsampling": 0}),
                          ("progressive", {"progressive": True}), ("q30", {"quality": 30})):
        add("rgb_%s.jpg" % name, saved(BIG, "JPEG", **options))
    add("gray.jpg", saved(GRAY, "JPEG"))
    add("gray_progressive.jpg", saved(GRAY, "JPEG", progressive=True))
    cmyk = saved(CMYK, "JPEG", quality=95)
    add("cmyk.jpg", cmyk)
    # The same samples, said to be YCCK.
    at = cmyk.index(b"Adobe\0") + 11
    add("ycck.jpg", cmyk[:at] + b"\2" + cmyk[at + 1:])
    for number in range(1, 9):
        data = saved(RGB, "JPEG", exif=oriented(number))
        with Image.open(io.BytesIO(data)) as image:
            add("turn%d.jpg" % number, data, turned(image.convert("RGB"), number))
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    add("profile.jpg", saved(RGB, "JPEG", icc_profile=profile))
    add("profile.png", saved(RGB, "PNG", icc_profile=profile))
    add("profile.webp", saved(RGB, "WEBP", icc_profile=profile, lossless=True))
    add("profile.tif", saved(RGB, "TIFF", icc_profile=profile))
    with open(os.path.join(FOLDER, "profile.icc"), "wb") as out:
        out.write(profile)


def pngs():
    add("rgb.png", saved(RGB, "PNG"))
    add("rgba.png", saved(RGBA, "PNG"))
    add("gray.png", saved(GRAY, "PNG"))
    add("la.png", saved(LA, "PNG"))
    add("bit.png", saved(GRAY.convert("1"), "PNG"))
    for colors in (2, 4, 16, 200):
        add("palette%d.png" % colors, saved(RGB.quantize(colors), "PNG"))
    add("palette_clear.png", saved(PALETTE, "PNG", transparency=bytes(range(0, 200))))
    add("palette_one_clear.png", saved(PALETTE, "PNG", transparency=3))
    add("rgb_key.png", saved(RGB, "PNG", transparency=RGB.getpixel((5, 5))))
    add("turn6.png", saved(RGB, "PNG", exif=oriented(6)), turned(RGB, 6))
    add("turn3.png", saved(GRAY, "PNG", exif=oriented(3)), turned(GRAY, 3))
    for interlaced in (False, True):
        tail = "_i.png" if interlaced else "_s.png"
        for mode, image in (("rgb", RGB), ("gray", GRAY), ("la", LA), ("rgba", RGBA)):
            add(mode + tail, raw.png(image, 8, interlaced), on_white(image))
            add(mode + "16" + tail, raw.png(image, 16, interlaced), on_white(image))
        for bits in (1, 2, 4):
            least = GRAY.point(lambda v, b=bits: v >> (8 - b))
            wide = least.point(lambda v, b=bits: v * 255 // ((1 << b) - 1))
            add("gray%d" % bits + tail, raw.png(least, bits, interlaced), wide)
    add("turn7_i.png", raw.png(RGB, 8, True, oriented(7)[6:]), turned(RGB, 7))
    add("small_i.png", raw.png(RGB.crop((0, 0, 3, 2)), 8, True))


def gifs():
    for interlace in (0, 1):
        add("gif%d.gif" % interlace, saved(PALETTE, "GIF", interlace=interlace))
        data = saved(PALETTE, "GIF", interlace=interlace, transparency=7)
        add("clear%d.gif" % interlace, data)
        # A screen larger than the frame, and a frame that reaches over the screen.
        screen = struct.pack("<HH", RGB.width + 20, RGB.height + 9)
        at = data.index(b"\x2C", 13 + 768)
        frame = struct.pack("<HH", 11, 5)
        moved = data[:6] + screen + data[10:at + 1] + frame + data[at + 5:]
        with Image.open(io.BytesIO(data)) as image:
            flat = on_white(image)
        canvas = Image.new("RGB", (RGB.width + 20, RGB.height + 9), "white")
        canvas.paste(flat, (11, 5))
        add("moved%d.gif" % interlace, moved, canvas)
        over = data[:at + 1] + frame + data[at + 5:]
        canvas = Image.new("RGB", (RGB.width + 11, RGB.height + 5), "white")
        canvas.paste(flat, (11, 5))
        add("over%d.gif" % interlace, over, canvas)
    frames = [RGB.quantize(64), ImageOps.mirror(RGB).quantize(64)]
    data = saved(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=100)
    add("animated.gif", data)


def webps():
    add("lossy.webp", saved(BIG, "WEBP", quality=70))
    add("lossless.webp", saved(RGB, "WEBP", lossless=True))
    add("alpha.webp", saved(RGBA, "WEBP", lossless=True))
    add("lossy_alpha.webp", saved(RGBA, "WEBP", quality=60))
    add("animated.webp", saved(RGBA, "WEBP", save_all=True, lossless=True,
                               append_images=[ImageOps.mirror(RGBA)], duration=100))
    for number in (2, 3, 5, 8):
        data = saved(RGB, "WEBP", lossless=True, exif=oriented(number))
        add("turn%d.webp" % number, data, turned(RGB, number))


def bmps():
    add("rgb.bmp", saved(RGB, "BMP"))
    add("gray.bmp", saved(GRAY, "BMP"), GRAY.convert("RGB"))
    add("bit.bmp", saved(GRAY.convert("1"), "BMP"), GRAY.convert("1").convert("RGB"))
    add("palette.bmp", saved(PALETTE, "BMP"))
    add("rgbx.bmp", saved(RGBA, "BMP"))
    few = RGB.quantize(13)
    for name, data in raw.bmps(RGB, RGBA, PALETTE, few):
        # Pillow 9.4 reads neither of these two well.
        source = {"core.bmp": PALETTE, "rle4.bmp": few}.get(name)
        add(name, data, source and source.convert("RGB"))


def tiffs():
    for name in ("raw", "tiff_lzw", "tiff_deflate", "packbits", "tiff_adobe_deflate"):
        compression = None if name == "raw" else name
        for mode, image in (("rgb", RGB), ("gray", GRAY), ("rgba", RGBA), ("cmyk", CMYK),
                            ("palette", PALETTE), ("la", LA)):
            add("%s_%s.tif" % (mode, name), saved(image, "TIFF", compression=compression))
    for name in ("group3", "group4", "tiff_ccitt"):
        add("%s.tif" % name, saved(GRAY.convert("1"), "TIFF", compression=name))
    add("jpeg.tif", saved(BIG, "TIFF", compression="jpeg"))
    add("jpeg_gray.tif", saved(GRAY, "TIFF", compression="jpeg"))
    for number in range(1, 9):
        add("turn%d.tif" % number, saved(RGB, "TIFF", tiffinfo={274: number}), turned(RGB, number))
    for name, data, expected in raw.tiffs(RGB, GRAY, RGBA, CMYK, PALETTE):
        add(name, data, expected)


def jpeg2000s():
    for name, image in (("rgb", RGB), ("gray", GRAY), ("rgba", RGBA), ("la", LA)):
        add(name + ".jp2", saved(image, "JPEG2000"), on_white(image))
        add(name + ".j2k", saved(image, "JPEG2000", no_jp2=True), on_white(image))
    add("lossy.jp2", saved(BIG, "JPEG2000", quality_mode="rates", quality_layers=[20],
                           irreversible=True))
    add("tiled.jp2", saved(BIG, "JPEG2000", tile_size=(64, 64)), BIG)
    ycc = RGB.convert("YCbCr")
    add("sycc.jp2", saved(ycc, "JPEG2000"), ycc.convert("RGB"), 1)
    wide = Image.new("I;16", GRAY.size)
    wide.putdata([v * 257 - (v % 3) * 50 if v else 0 for v in GRAY.getdata()])
    narrow = Image.new("L", GRAY.size)
    narrow.putdata([v >> 8 for v in wide.getdata()])
    add("gray16.jp2", saved(wide, "JPEG2000"), narrow)


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def with_programs(kind):
    """AVIF and JPEG XL, made and read by the programs of their libraries."""
    source = os.path.join(FOLDER, "source.png")
    coded = os.path.join(FOLDER, "coded")
    seen = os.path.join(FOLDER, "seen.png")
    for name, image in (("rgb", BIG), ("rgba", RGBA), ("gray", GRAY)):
        image.save(source)
        for way in ("lossy", "lossless"):
            if kind == "avif":
                options = ["-l"] if way == "lossless" else ["--min", "20", "--max", "30"]
                options += ["-y", "400"] if name == "gray" else []
                if name == "rgb" and way == "lossy":
                    options += ["-y", "420"]
                run("avifenc", "-s", "9", "-j", "1", *options, source, coded + ".avif")
                run("avifdec", "-j", "1", coded + ".avif", seen)
            else:
                distance = "0" if way == "lossless" else "2"
                run("cjxl", "-d", distance, "-e", "3", source, coded + ".jxl")
                run("djxl", "--bits_per_sample", "8", coded + ".jxl", seen)
            with open(coded + "." + kind, "rb") as data, Image.open(seen) as image_seen:
                expected = on_white(image_seen)
                if name == "gray":
                    expected = expected.convert("L")
                tolerance = 1 if kind == "jxl" and way == "lossy" else 0
                add("%s_%s.%s" % (name, way, kind), data.read(), expected, tolerance)
    RGB.save(source)
    if kind == "avif":
        turns = ((["--irot", "1"], 8), (["--irot", "2"], 3), (["--irot", "3"], 6),
                 (["--imir", "0"], 4), (["--imir", "1"], 2), (["--irot", "1", "--imir", "0"], 5),
                 (["--irot", "3", "--imir", "0"], 7), (["--irot", "3", "--imir", "1"], 5))
        for i, (options, number) in enumerate(turns):
            run("avifenc", "-l", "-s", "9", "-j", "1", *options, source, coded + ".avif")
            with open(coded + ".avif", "rb") as data:
                add("turn%d_%d.avif" % (number, i), data.read(), turned(RGB, number))
    else:
        for number in (3, 6):
            RGB.save(source, exif=oriented(number))
            RGB.save(source[:-4] + ".jpg", exif=oriented(number))
            run("cjxl", source[:-4] + ".jpg", coded + ".jxl")
            with Image.open(source[:-4] + ".jpg") as image, open(coded + ".jxl", "rb") as data:
                # A JPEG inside: libjxl's own inverse transform, so not to the bit.
                add("turn%d.jxl" % number, data.read(), turned(image.convert("RGB"), number), 30)


def main():
    os.makedirs(FOLDER, exist_ok=True)
    jpegs()
    pngs()
    gifs()
    webps()
    bmps()
    tiffs()
    jpeg2000s()
    for kind in sys.argv[2:]:
        with_programs(kind)
    with open(os.path.join(FOLDER, "manifest"), "w", encoding="ascii") as out:
        out.write("\n".join(MANIFEST) + "\n")


if __name__ == "__main__":
    main()
