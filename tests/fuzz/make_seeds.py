#!/usr/bin/python3
"""The first inputs of the fuzz targets, made here and by the makers of the other tests.

    make_seeds.py FOLDER

Writes FOLDER/TARGET/NAME. The kept corpora (tests/fuzz/corpus) grew from these; they are needed
again only when a target's input changes its form, or to begin anew.
"""

import bz2
import io
import lzma
import os
import struct
import subprocess
import sys
import tempfile
import zipfile
import zlib

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
sys.dont_write_bytecode = True

import make_archives  # noqa: E402
import make_documents  # noqa: E402
import make_packed  # noqa: E402
import make_pdfs  # noqa: E402

FORMATS = {"jpg": "jpeg", "png": "png", "gif": "gif", "webp": "webp", "bmp": "bmp", "tif": "tiff",
           "tiff": "tiff", "jp2": "jpeg2000", "j2k": "jpeg2000", "avif": "avif", "jxl": "jxl"}


# Each of the forms that codecs/metadata reads, with all that is looked at.
METADATA = {
    "comic_info": "<ComicInfo><Title>T</Title><Series>S</Series><Year>2012</Year>"
                  "<Manga>YesAndRightToLeft</Manga><CommunityRating>4.5</CommunityRating>"
                  "<AgeRating>Teen</AgeRating><Pages><Page Image='0' Bookmark='B'/>"
                  "<Page Image='2' Type='BackCover'/></Pages></ComicInfo>",
    "opf": "<package xmlns='http://www.idpf.org/2007/opf'>"
           "<metadata xmlns:dc='http://purl.org/dc/elements/1.1/'"
           " xmlns:opf='http://www.idpf.org/2007/opf'><dc:title>T</dc:title>"
           "<dc:creator opf:role='ill'>I</dc:creator><dc:creator id='c'>C</dc:creator>"
           "<meta refines='#c' property='role'>clr</meta><dc:date>2012-03-14</dc:date>"
           "<dc:description>&lt;p&gt;D&lt;/p&gt;</dc:description>"
           "<dc:identifier opf:scheme='ISBN'>978-1-60706-601-9</dc:identifier>"
           "<meta name='calibre:series' content='S'/>"
           "<meta name='calibre:series_index' content='1.50'/>"
           "<meta property='belongs-to-collection' id='s'>S</meta>"
           "<meta refines='#s' property='group-position'>2</meta></metadata>"
           "<spine page-progression-direction='rtl'/></package>",
    "xmp": "<x:xmpmeta xmlns:x='adobe:ns:meta/'>"
           "<r:RDF xmlns:r='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
           "<r:Description xmlns:dc='http://purl.org/dc/elements/1.1/' dc:publisher='P'"
           " xmlns:calibre='http://calibre-ebook.com/xmp-namespace'"
           " xmlns:i='http://calibre-ebook.com/xmp-namespace-series-index'>"
           "<dc:title><r:Alt><r:li xml:lang='x-default'>T</r:li></r:Alt></dc:title>"
           "<dc:creator><r:Seq><r:li>A</r:li><r:li>B</r:li></r:Seq></dc:creator>"
           "<dc:date><r:Seq><r:li>2012-03</r:li></r:Seq></dc:date>"
           "<calibre:series r:parseType='Resource'><r:value>S</r:value>"
           "<i:series_index>3.00</i:series_index></calibre:series>"
           "</r:Description></r:RDF></x:xmpmeta>",
}


def put(target, name, data):
    folder = os.path.join(sys.argv[1], target)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as out:
        out.write(data)


# Protocol Buffers, as far as our messages use them (varints, packed columns, bytes).
def varint(value):
    value &= (1 << 64) - 1
    out = b""
    while value > 0x7F:
        out += bytes((value & 0x7F | 0x80,))
        value >>= 7
    return out + bytes((value,))


def number(field, value):
    return varint(field << 3) + varint(value)


def text(field, value):
    return varint(field << 3 | 2) + varint(len(value)) + value


def column(field, values):
    return text(field, b"".join(varint(v) for v in values))


def zigzag(value):
    return value << 1 if value >= 0 else ~(value << 1)


def document(pages, entries=(), inserts=(), title=b"A book", notes=()):
    """`pages`: tuples of kind, width, height, offset, bytes, insert, insert_at, payload."""
    columns = list(zip(*pages))
    out = text(1, title) + text(2, b"Somebody \xe6\xbc\xab")
    out += b"".join(text(3, insert) for insert in inserts)
    for field, index in ((10, 0), (11, 1), (12, 2), (15, 3), (16, 4), (18, 6), (19, 7)):
        out += column(field, columns[index])
    out += text(13, b"".join(struct.pack("<f", 150.5) for _ in pages))
    out += column(14, [0] * len(pages)) + column(17, [zigzag(v) for v in columns[5]])
    out += column(20, [5000 if page[0] != 4 else 0 for page in pages])
    for name, size, extra in entries:
        out += text(30, name)
    if entries:
        count = range(len(entries))
        out += column(31, count) + column(32, [99 if e[2] else 8 for e in entries])
        out += column(33, [9 if e[2] else 0 for e in entries])
        out += text(34, struct.pack("<I", 0x5A430102) * len(entries))
        out += text(35, struct.pack("<I", 0xDEADBEEF) * len(entries))
        out += column(36, [e[1] for e in entries])
        out += b"".join(text(37, e[2]) for e in entries)
    for page, line in notes:
        out += column(40, [page]) + text(41, line)
    return out


AES = b"\x01\x99\x07\x00\x02\x00AE\x03\x08\x00"
DOCUMENTS = {
    "drawn": document([(0, 100, 150, 0, 0, -1, 0, 4000), (0, 7, 9, 0, 0, -1, 0, 70000)]),
    "original": document([(1, 640, 480, 20, 9000, -1, 0, 0), (1, 64, 48, 20, 900, 0, 20, 0),
                          (2, 64, 48, 0, 0, -1, 0, 3000)], inserts=[b"\xff\xe2\0\4ab"]),
    "archive": document([(3, 30, 40, 50, 60, -1, 0, 0), (4, 1, 1, 200, 70, -1, 0, 0),
                         (3, 31, 41, 300, 80, -1, 0, 0)],
                        [(b"Part/1.png", 900, b""), (b"Part/x.txt", 70, AES), (b"2.jpg", 80, b"")],
                        notes=[(1, b"something is wrong")]),
    "image": document([(3, 30, 40, 0, 1 << 20, -1, 0, 0)]),
}


# Right but for one number, so that each check that refuses them is all that stands there.
def one_wrong(name, kind, **wrong):
    page = {"kind": kind, "width": 30, "height": 40, "offset": 50, "bytes": 60, "insert": -1,
            "insert_at": 0, "payload": 4000} | wrong
    entries = [(b"1.png", 900, b"")] if kind in (3, 4) else []
    if kind == 4:
        page |= {"width": wrong.get("width", 1), "height": 1, "payload": 0}
        image = (3, 30, 40, 50, 60, -1, 0, 0)
        return {name: document([image, tuple(page.values())], [(b"0.png", 9, b"")] + entries)}
    return {name: document([tuple(page.values())], entries, inserts=[b"\xff\xe2\0\4ab"])}


DOCUMENTS |= one_wrong("original_outside", 1, offset=(1 << 20) - 59)
DOCUMENTS |= one_wrong("original_far_outside", 1, offset=1 << 63)
DOCUMENTS |= one_wrong("original_short", 1, bytes=1)
DOCUMENTS |= one_wrong("no_such_insert", 1, insert=1, insert_at=20)
DOCUMENTS |= one_wrong("insert_before_the_stream", 1, insert=0, insert_at=1)
DOCUMENTS |= one_wrong("insert_behind_the_stream", 1, insert=0, insert_at=61)
DOCUMENTS |= one_wrong("image_outside", 3, offset=(1 << 20) - 59)
DOCUMENTS |= one_wrong("raw_outside", 4, bytes=1 << 20)
DOCUMENTS |= one_wrong("raw_of_a_size", 4, width=2)
DOCUMENTS |= one_wrong("too_many_pixels", 0, width=10_000, height=5_001)
DOCUMENTS |= one_wrong("too_wide", 0, width=65_501, height=1)
DOCUMENTS |= one_wrong("no_height", 0, height=0)
DOCUMENTS |= one_wrong("slot_too_long", 0, payload=(1 << 30) + 1)


def documents():
    for name, data in DOCUMENTS.items():
        put("document", name, data)


def protocol():
    row = (number(1, 1) + number(2, 640) + number(3, 480) + varint(4 << 3 | 5) +
           struct.pack("<f", 150) + number(7, 5000) + number(8, 1) + number(10, 9000))
    double = lambda field, value: varint(field << 3 | 1) + struct.pack("<d", value)
    enhance = number(1, 1) + double(2, 0.5) + double(3, 0.9) + double(6, 1)
    options = number(1, 150) + number(2, 85) + number(3, 1) + number(5, 10000) + text(7, enhance)
    draw = number(1, 3) + text(2, row) + text(3, options) + number(4, 9000) + number(5, 1)
    put("protocol", "hello", b"\0" + number(1, 3) + number(2, 2))
    put("protocol", "draw", b"\1" + number(1, 5) + number(2, 6) + text(6, draw))
    put("protocol", "analyse", b"\1" + number(1, 5) + text(5, text(1, options) + number(2, 1)))
    put("protocol", "line", b"\2\x20A line\n \xe2\x80\xae and more of it, \xff cut".ljust(60))
    failure = number(1, 7) + number(2, 4) + text(3, b"broken\x1b[31m")
    put("protocol", "failure", b"\3\0" + struct.pack("<H", len(failure)) + failure)
    probe = number(1, 7) + number(7, 12)
    put("protocol", "probe", b"\3\0" + struct.pack("<H", len(probe)) + probe)
    for name, data in DOCUMENTS.items():
        reply = number(1, 7) + number(4, len(data))
        put("protocol", "table_" + name, b"\3\4" + struct.pack("<H", len(reply)) + reply + data)
    drawn = number(1, 7) + number(4, 10) + number(5, 85) + number(6, 1) + text(3, b"note")
    put("protocol", "drawn", b"\3\2" + struct.pack("<H", len(drawn)) + drawn + b"0123456789")


def images(folder):
    script = os.path.join(ROOT, "tests", "codecs", "decode", "data", "make_images.py")
    subprocess.run([sys.executable, "-B", script, folder, "avif", "jxl"], check=True)
    for name in sorted(os.listdir(folder)):
        target = FORMATS.get(name.rsplit(".", 1)[-1].lower())
        path = os.path.join(folder, name)
        if target is None or os.path.getsize(path) > 40_000:
            continue
        with open(path, "rb") as file:
            data = file.read()
        # Two bytes of wishes for a smaller size; see image_fuzz.cc.
        put("image_" + target, name, b"\0\0" + data)
        if len(data) < 12_000:
            put("picture", name, bytes(16) + data)
        if target == "jpeg":
            put("jpeg_header", name, data)


def archives():
    page_jpeg, comic_page = make_archives.page_jpeg, make_archives.comic_page
    make_archives.page_jpeg = lambda number=0, **_: page_jpeg(number, 16, 24)
    make_archives.comic_page = lambda number, *_: comic_page(number, 16, 24)
    made = {"stored": make_archives.stored(2),
            "deflated": make_archives.deflated(2),
            "rubbish": make_archives.with_rubbish(),
            "nested": make_archives.nested(),
            "without_images": make_archives.without_images(),
            "rar": make_archives.rar(),
            "prefix": make_archives.archive([make_archives.Entry("a/1.jpg", b"data")], b"#!" * 30),
            "cp437": make_archives.archive([make_archives.Entry(b"Gr\x94\xe1e\\1.jpg", b"data"),
                                            make_archives.Entry(b"\x96\x9f\x89\xe6.jpg", b"")],
                                           comment=b"PK\5\6 in a comment")}
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", method) as archive:
            with archive.open("Book/1.jpg", "w", force_zip64=True) as entry:
                entry.write(make_archives.page_jpeg(1))
            archive.writestr("Book/ComicInfo.xml", "<ComicInfo/>")
        made["method%d" % method] = out.getvalue()
    for name, data in made.items():
        put("zip_directory", name, data)
        put("archive_comic", name, b"\0\0" + data)
    packed()


def packed():
    make_packed.page_jpeg = make_archives.page_jpeg
    members = {**make_packed.pages(2), "b/ComicInfo.xml": b"<ComicInfo/>", "empty": b""}
    made = {"rar4": make_packed.rar4(members), "rar5": make_packed.rar5(members),
            "solid5": make_packed.rar5(members, make_packed.RAR5_SOLID),
            "tar": make_packed.tar(members), "gz": make_packed.tar(members, "gz"),
            "bz2": make_packed.tar(members, "bz2"), "xz": make_packed.tar(members, "xz"),
            "link": make_packed.tar(members, links=[("c.jpg", "001.jpg")]),
            "7z": make_packed.sevenzip(members), "copy7z": make_packed.sevenzip(members, "-mx=0"),
            "locked7z": make_packed.sevenzip(members, "-psecret")}
    samples = os.path.join(ROOT, "tests", "codecs", "packed", "data")
    for name in os.listdir(samples):
        if name.endswith(".rar"):
            with open(os.path.join(samples, name), "rb") as sample:
                made[name] = sample.read()
    for name, data in made.items():
        put("packed", name, b"\0\0" + data)


def pdfs():
    small = {"scan": make_pdfs.scan(2, 60, 90, 72),
             "gray": make_pdfs.gray_scan(1, width=60, height=90),
             "icc": make_pdfs.icc_scan(1, width=60, height=90),
             "ocr": make_pdfs.ocr_scan(1, width=60, height=90),
             "rotated": make_pdfs.rotated_scan(1, width=60, height=90),
             "decode": make_pdfs.decode_array_scan(1, width=60, height=90),
             "ccitt": make_pdfs.ccitt_scan(1, 80, 120, 72),
             "png": make_pdfs.png_scan(1, 60, 90, 72),
             "jpx": make_pdfs.jpeg2000_scan(1, 60, 90, 72),
             "cmyk": make_pdfs.cmyk_scan(1, 60, 90, 72),
             "margins": make_pdfs.margins(1, 60, 90), "two": make_pdfs.two_images(1, 60, 45),
             "crop": make_pdfs.crop_box(1, 60, 90), "user_unit": make_pdfs.user_unit(),
             "text": make_pdfs.small(), "count": make_pdfs.lying_count(),
             "encrypted": make_pdfs.encrypted(pages=1),
             "owner": make_pdfs.owner_only(1, width=60, height=90)}
    for name, data in small.items():
        if len(data) < 60_000:
            put("pdf", name, b"\0\0" + data)


def paged():
    """XPS and EPUB: whole files, and pages that the target makes a file around."""
    picture = make_archives.page_jpeg(1)
    whole = {
        (0, "xps"): make_documents.xps(
            [make_documents.box("#C81E1E", 0, 0, 40, 60) +
             make_documents.image("a.jpg", 4, 4, 40, 60, (60, 90))], (48, 72),
            [("a.jpg", picture)]),
        (8, "epub"): make_documents.epub([make_documents.image_page("a.jpg", (60, 90))],
                                         [("Images/a.jpg", picture)])}
    for (flags, name), data in whole.items():
        put("paged", name, bytes((flags, 0)) + data)
    pages = {
        (16, "marks"): make_documents.box("#80FF0000", 1, 1, 50, 50) +
        '<Canvas Opacity="0.5" RenderTransform="1,0,0,1,4,4" Clip="M 0,0 L 9,9 9,0 Z">'
        '<Path Stroke="#00FF00" StrokeThickness="3" StrokeDashArray="2 1" '
        'Data="M 1,1 C 2,9 9,2 30,40 Q 1,1 2,2 A 5,5 0 1 0 40,50 z"/></Canvas>',
        (16, "gradient"): '<Path Data="M 0,0 L 96,0 96,144 Z"><Path.Fill><LinearGradientBrush '
        'MappingMode="Absolute" StartPoint="0,0" EndPoint="96,144"><LinearGradientBrush.'
        'GradientStops><GradientStop Color="#FF0000" Offset="0"/><GradientStop Color="#0000FF" '
        'Offset="1"/></LinearGradientBrush.GradientStops></LinearGradientBrush></Path.Fill></Path>',
        (24, "text"): "<h1>A title</h1><p style='color:#f00;font-size:9px'>Words <b>and</b> "
        "<i>more</i></p><ul><li>one</li></ul><table><tr><td>x</td></tr></table>",
        (24, "svg"): "<svg viewBox='0 0 96 144'><rect x='1' y='1' width='50' height='50' "
        "fill='#0f0'/><path d='M1 1L50 60Z' stroke='red'/><text x='5' y='90'>t</text></svg>"}
    for (flags, name), text_ in pages.items():
        put("paged", "page_" + name, bytes((flags, 0)) + text_.encode())


def short(value):
    return bytes((len(value),)) + value


def pdf_pages():
    whole = b"q 24 0 0 24 0 0 cm /Im0 Do Q"
    rgb = b"/ColorSpace /DeviceRGB"
    gray = b"/ColorSpace /DeviceGray"
    contents = {
        "scan": (0, rgb, b"", b"", b"", whole), "gray": (1, gray, b"", b"", b"", whole),
        "cmyk": (2, b"/ColorSpace /DeviceCMYK", b"", b"", b"", whole),
        "decode": (0, rgb + b" /Decode [1 0 1 0 1 0]", b"", b"", b"", whole),
        "mask": (0, rgb + b" /SMask 3 0 R /Interpolate true", b"", b"", b"", whole),
        "hex": (0, rgb + b" /Filter [/ASCIIHexDecode /DCTDecode]", b"", b"", b"", whole),
        "two": (0, rgb, b"", b"", b"",
                b"q 12 0 0 24 0 0 cm /Im0 Do Q q 12 0 0 24 12 0 cm /Im0 Do Q"),
        "text": (0, rgb, b"/Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>",
                 b"", b"", b"BT /F1 9 Tf 3 Tr (invisible) Tj 0 Tr 1 0 0 1 2 2 Tm "
                 b"[(a) -20 (b)] TJ ET " + whole),
        "form": (0, rgb, b"/XObject << /Im0 4 0 R /Fm 4 0 R >>", b"/Rotate 90 /UserUnit 2",
                 b"0 0 24 24 re f /Im0 Do", b"/Fm Do " + whole + b" 1 0 0 rg 0 0 m 9 9 l S"),
        "inline": (3, rgb, b"", b"/CropBox [2 2 20 20]", b"",
                   b"q 9 0 0 9 0 0 cm BI /W 2 /H 2 /BPC 8 /CS /G ID abcd EI Q "
                   b"0.5 g 1 1 5 5 re W n sh"),
        "shade": (4, rgb, b"/ExtGState << /G << /ca 0.5 /BM /Multiply >> >> /Shading << /S << "
                  b"/ShadingType 2 /ColorSpace /DeviceRGB /Coords [0 0 24 24] /Function << "
                  b"/FunctionType 2 /Domain [0 1] /C0 [1 0 0] /C1 [0 0 1] /N 1 >> >> >>",
                  b"/Annots [<< /Type /Annot /Subtype /Square /Rect [1 1 9 9] >>]", b"",
                  b"/G gs /S sh 1 0 0 1 0 0 cm /Im0 Do"),
    }
    for name, (jpeg, image, resources, entries, form, content) in contents.items():
        put("pdf_page", name, bytes((0, jpeg)) + short(image) + b"\0" + short(resources) +
            short(entries) + short(form) + content)


def pure_functions():
    for i, line in enumerate((
            b"guard=64k,names=seed,dpi=150,quality=85,cache=1G,memory=2G,views=cbz,enhanced,ro",
            b"view=pages,curve=0.5,gamma=1.25,brightness=1.1,contrast=0,cutoff=49,enhance=off",
            b"fsname=a\\,b\\\\c,allow_other,x-systemd.automount,index=none,ttl=0.5,workers=4",
            b"thumb_size=200,cover_height=400,read_ahead=3,box=media,show_hidden,qaulity=3",
            b"5K", b"0.5")):
        put("options", str(i), line)
    # Each just outside what it may be.
    for option in ("dpi=35", "dpi=1201", "quality=39", "quality=101", "max_pages=0", "guard=1k",
                   "max_pages=1000001", "thumb_size=15", "thumb_size=1001", "cover_height=15",
                   "cover_height=4001", "workers=0", "workers=257", "read_ahead=1001",
                   "enhance_curve=1.01", "enhance_gamma=0.09", "enhance_gamma=10.1",
                   "enhance_brightness=10.1", "enhance_contrast=10.1", "enhance_cutoff=49.1",
                   "ttl=1000000001", "draw_timeout=0", "analyse_timeout=0.00000000001",
                   "cache=9223372036854775808", "view=cbzz", "views=pages:cbz:pages"):
        put("options", "edge_" + option.replace("=", "_").replace(":", "_"), option.encode())
    names = (b"Foo.pdf", b"Foo.PDF", b"Foo.cbz", b"Foo", b"a/../b\\c.jpg", b"CON.png",
             b"\x96\x9f.gif", b"a.jpg", b"a.png", "漫画.pdf".encode(), b"Foo.pdf.cbz", b"_x.jpg",
             b"a/b.jpg", b"a/c/d.txt")
    for kind in range(3):
        for flag in range(4):
            put("names", "%d%d" % (kind, flag), bytes((kind, flag, 1)) + b"".join(
                short(name) + bytes((i % 9,)) for i, name in enumerate(names)))
    for kind in range(6):
        put("layout", str(kind), bytes((kind, kind)) + bytes(range(16)) + short(b"a stem") +
            short("Title & <漫画>".encode()) + bytes((kind & 1,)) + bytes((i * 37 + kind) % 256
                                                                       for i in range(200)))
    for name, text_ in METADATA.items():
        put("metadata", name, (b"\1" if name == "xmp" else b"\0") + text_.encode())
    with zipfile.ZipFile(io.BytesIO(make_documents.epub(
            [make_documents.image_page("a.jpg", (60, 90))]))) as archive:
        for name in archive.namelist()[1:]:
            put("metadata", "epub_" + os.path.basename(name).replace(" ", "_"),
                b"\2" + archive.read(name))
    put("comic_info", "plain",
        bytes((2, 1, 2, 3, 4)) + short(b"A title") + short(b"Somebody") + b"x")
    put("comic_info", "odd", bytes((30, 9, 9, 9, 9)) + short(b"<a>&amp;]]>\"'\0\xff\xef\xbf\xbe") +
        short(b" ") + b"<!-- -->\x1b \xc2\x85")
    text = b"some text, some text, some other text" * 4
    packed = zlib.compressobj(6, zlib.DEFLATED, -15)
    packed = packed.compress(text) + packed.flush()
    lzma_filter = {"id": lzma.FILTER_LZMA1, "dict_size": 1 << 16}
    coded = {0: text, 8: packed, 12: bz2.compress(text), 95: lzma.compress(text),
             # APPNOTE 5.8.8: version, length of the properties, the properties, the stream.
             14: b"\x09\x14\x05\0]\0\0\1\0" +
                 lzma.compress(text, lzma.FORMAT_RAW, filters=[lzma_filter])}
    for method, data in coded.items():
        put("entry_data", str(method), struct.pack("<HHB", method, 2, 1) + data)
    for i in range(4):
        noise = bytes((j * j * (i + 3) + (j >> 3)) % 256 for j in range(600))
        put("slots", str(i), bytes((45,)) + noise)
        put("jpeg_fit", str(i), bytes((40, 30 + i, i, 50 + i)) + struct.pack("<H", 200 * i) + noise)
        put("enhance", str(i), bytes((0, 30, 20, i, 9 + 30 * i, 40, 80)) + noise)
    put("enhance", "options", bytes((62,)) + struct.pack("<ddffd", 0.5, 1.1, 1.2, 0.8, 3) +
        bytes((30, 20, 1, 50, 9, 80)) + bytes(range(256)))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    documents()
    protocol()
    with tempfile.TemporaryDirectory() as folder:
        images(folder)
    archives()
    pdfs()
    paged()
    pdf_pages()
    pure_functions()


if __name__ == "__main__":
    main()
