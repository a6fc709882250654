"""Pictures that look a little like comic pages: panels, ink, lettering, halftone, paper grain.

Plain white pages would make every JPEG a tenth of its usual size and hide what the tests and the
benchmark are about. Deterministic: the same seed gives the same pixels.
"""

import io
import math
import random

from PIL import Image, ImageChops, ImageDraw

_INKS = [(231, 76, 60), (241, 196, 15), (46, 134, 193), (39, 174, 96), (205, 145, 98),
         (142, 68, 173), (236, 200, 170), (90, 110, 130), (250, 240, 220)]


def _panels(rng, width, height):
    """Rows of panels, as boxes."""
    gutter = max(4, width // 60)
    boxes = []
    top = gutter * 2
    rows = rng.randint(2, 4)
    row_height = (height - gutter * (rows + 3)) // rows
    for _ in range(rows):
        left = gutter * 2
        columns = rng.randint(1, 3)
        for column in range(columns):
            share = (width - gutter * 2 - left) // (columns - column)
            boxes.append((left, top, left + share - gutter, top + row_height))
            left += share
        top += row_height + gutter
    return boxes


def _figure(draw, rng, box, line):
    """A body of strokes and a head, clipped only by being small."""
    left, top, right, bottom = box
    size = min(right - left, bottom - top)
    x = rng.randint(left + size // 4, max(left + size // 4 + 1, right - size // 4))
    y = bottom - size // 2
    head = size // 8
    draw.ellipse((x - head, y - 3 * head, x + head, y - head), fill=rng.choice(_INKS),
                 outline=(0, 0, 0), width=line)
    points = [(x, y - head)]
    for _ in range(12):
        px, py = points[-1]
        points.append((px + rng.randint(-head, head),
                       min(bottom - line, py + rng.randint(0, head))))
    draw.polygon(points, fill=rng.choice(_INKS), outline=(0, 0, 0))
    draw.line(points, fill=(0, 0, 0), width=line * 2, joint="curve")


def _balloon(draw, rng, box, line):
    left, top, right, bottom = box
    width = (right - left) // 2
    height = (bottom - top) // 5
    if width < 12 or height < 12:
        return
    x = rng.randint(left + line, max(left + line, right - width - line))
    y = top + line * 2
    draw.ellipse((x, y, x + width, y + height), fill=(255, 255, 255), outline=(0, 0, 0), width=line)
    step = max(3, height // 6)
    for row in range(y + height // 4, y + 3 * height // 4, step):
        at = x + width // 5
        while at < x + 4 * width // 5:
            run = rng.randint(2, max(3, width // 12))
            draw.line((at, row, at + run, row), fill=(0, 0, 0), width=max(1, step // 3))
            at += run + max(2, width // 40)


def _halftone(rng, width, height):
    """A dot screen of one ink, as a mask."""
    pitch = max(4, width // 250)
    cell = Image.new("L", (pitch * 16, pitch * 16), 0)
    draw = ImageDraw.Draw(cell)
    radius = pitch * rng.uniform(0.25, 0.45)
    for row in range(16):
        for column in range(16):
            x = column * pitch + (pitch / 2 if row % 2 else 0)
            y = row * pitch
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=90)
    mask = Image.new("L", (width, height))
    for y in range(0, height, cell.height):
        for x in range(0, width, cell.width):
            mask.paste(cell, (x, y))
    return mask


def grain(seed, size, strength):
    """Paper grain as an L image around 128."""
    width, height = size
    noise = Image.frombytes("L", size, random.Random(seed).randbytes(width * height))
    return noise.point([128 + round((i - 128) * strength / 128) for i in range(256)])


def comic_page(seed, width, height, grained=6):
    """An RGB page of panels."""
    rng = random.Random(seed)
    page = Image.new("RGB", (width, height), (250, 247, 240))
    draw = ImageDraw.Draw(page)
    line = max(1, width // 400)
    for box in _panels(rng, width, height):
        left, top, right, bottom = box
        if right - left < 8 or bottom - top < 8:
            continue
        sky, ground = rng.choice(_INKS), rng.choice(_INKS)
        draw.rectangle(box, fill=sky)
        horizon = top + (bottom - top) * rng.randint(4, 7) // 10
        for column in range(left, right, max(1, (right - left) // 24)):
            peak = horizon - int((bottom - top) * 0.2 * abs(math.sin(column * 0.05 + seed)))
            draw.rectangle((column, peak, min(right, column + (right - left) // 24), bottom),
                           fill=ground, outline=(0, 0, 0), width=max(1, line // 2))
        mask = _halftone(rng, right - left, bottom - top)
        page.paste(Image.new("RGB", mask.size, rng.choice(_INKS)), (left, top), mask)
        for _ in range(40):
            x, y = rng.randint(left, right), rng.randint(top, bottom)
            to = (min(right, x + rng.randint(2, 40)), min(bottom, y + rng.randint(2, 40)))
            draw.line((x, y, *to), fill=(0, 0, 0), width=line)
        for _ in range(rng.randint(1, 3)):
            _figure(draw, rng, box, line)
        _balloon(draw, rng, box, line)
        draw.rectangle(box, outline=(0, 0, 0), width=line * 3)
    if grained:
        noise = grain(seed, (width, height), grained)
        page = ImageChops.add(page, Image.merge("RGB", [noise] * 3), 1, -128)
    return page


def jpeg(image, quality=85, **options):
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, **options)
    return out.getvalue()


def comic_jpeg(seed, width, height, quality=85, gray=False, **options):
    page = comic_page(seed, width, height)
    return jpeg(page.convert("L") if gray else page, quality, **options)
