"""The seed's arithmetic on decoded pictures, by Pillow, and how far two pictures are apart."""

import io
import os
import sys

from PIL import Image, ImageChops, ImageOps, ImageStat

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "codecs",
                                "image", "data"))

from pixels_test import SEED, seed_enhance  # noqa: E402

Image.MAX_IMAGE_PIXELS = None


def decode(data):
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def flat(image):
    """Upright, 8-bit gray or RGB, transparency on white."""
    image = ImageOps.exif_transpose(image)
    if image.mode in ("I;16", "I;16B", "I"):
        return image.convert("I").point(lambda v: v / 257).convert("L")
    if "A" in image.getbands() or "transparency" in image.info:
        clear = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, "white")
        ground.alpha_composite(clear)
        return ground.convert("RGB")
    return image.convert("L" if image.mode in ("1", "L") else "RGB")


def through_jpeg(image, quality=None, tables=None):
    """What a JPEG makes of it: most of the difference from a page is this, not arithmetic.

    `tables`: the quantization of another JPEG, whose quality is not known.
    """
    out = io.BytesIO()
    how = {"quality": quality} if tables is None else {"qtables": tables}
    image.save(out, "JPEG", subsampling="4:2:0", **how)
    return decode(out.getvalue())


def enhance(image, quality=95):
    return through_jpeg(seed_enhance(flat(image), *SEED), quality)


def shrink(data, size, tables):
    """As the seed makes thumbnails: a small decode where there is one, Lanczos, a JPEG.

    Not of the seed's quality 85: where a slot has room for more, cbzfs takes more.
    """
    image = Image.open(io.BytesIO(data))
    turned = image.getexif().get(0x0112, 1) > 4
    image.draft(image.mode, (2 * size[turned], 2 * size[not turned]))
    if image.format == "JPEG2000":
        levels = 0
        while all(side >> levels + 1 >= 2 * wanted for side, wanted in zip(image.size, size)):
            levels += 1
        image.reduce = levels
    return through_jpeg(flat(image).resize(size, Image.LANCZOS), tables=tables)


def difference(one, other):
    """Mean absolute difference of two pictures of one size, in levels."""
    mode = "L" if one.mode == other.mode == "L" else "RGB"
    stat = ImageStat.Stat(ImageChops.difference(one.convert(mode), other.convert(mode)))
    return sum(stat.mean) / len(stat.mean)
