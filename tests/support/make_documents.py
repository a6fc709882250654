"""Makes the XPS documents and EPUBs of the tests. Every call gives the same bytes."""

import io
import zipfile
from xml.sax.saxutils import escape

FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"  # fonts-dejavu-core
_DATE = (2025, 2, 3, 4, 5, 6)


def _zip(entries):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in entries:
            entry = zipfile.ZipInfo(name, _DATE)
            # OCF wants the first entry stored; the others may be packed.
            entry.compress_type = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return out.getvalue()


# --- XPS (ECMA-388) ----------------------------------------------------------------------------

_XPS = "http://schemas.microsoft.com/xps/2005/06"
_TYPES = """<?xml version="1.0" encoding="utf-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="fdseq"
 ContentType="application/vnd.ms-package.xps-fixeddocumentsequence+xml"/>
<Default Extension="fdoc" ContentType="application/vnd.ms-package.xps-fixeddocument+xml"/>
<Default Extension="fpage" ContentType="application/vnd.ms-package.xps-fixedpage+xml"/>
<Default Extension="ttf" ContentType="application/vnd.ms-opentype"/>
<Default Extension="jpg" ContentType="image/jpeg"/>
</Types>"""
_RELS = """<?xml version="1.0" encoding="utf-8"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="R1" Type="%s/fixedrepresentation" Target="/FixedDocumentSequence.fdseq"/>
</Relationships>""" % _XPS


def box(colour, left, top, right, bottom):
    """A filled rectangle, in 1/96 inch."""
    return (f'<Path Fill="{colour}" Data="M {left},{top} L {right},{top} {right},{bottom} '
            f'{left},{bottom} Z"/>')


def image(name, left, top, right, bottom, pixels):
    """A picture of `pixels` (width, height) there; its file is to be among the parts."""
    return (f'<Path Data="M {left},{top} L {right},{top} {right},{bottom} {left},{bottom} Z">'
            f'<Path.Fill><ImageBrush ImageSource="/Resources/{name}" ViewboxUnits="Absolute" '
            f'Viewbox="0,0,{pixels[0]},{pixels[1]}" ViewportUnits="Absolute" '
            f'Viewport="{left},{top},{right - left},{bottom - top}"/></Path.Fill></Path>')


def text(words, left, baseline, size, colour="#000000"):
    return (f'<Glyphs Fill="{colour}" FontUri="/Resources/font.ttf" FontRenderingEmSize="{size}" '
            f'OriginX="{left}" OriginY="{baseline}" UnicodeString="{escape(words)}"/>')


def xps(pages, size=(384, 576), parts=()):
    """An XPS of pages given as their marks; `size` in 1/96 inch, `parts` as (name, data)."""
    names = [f"/Documents/1/Pages/{number}.fpage" for number in range(1, len(pages) + 1)]
    content = "".join(f'<PageContent Source="{name}"/>' for name in names)
    entries = [
        ("[Content_Types].xml", _TYPES),
        ("_rels/.rels", _RELS),
        ("FixedDocumentSequence.fdseq",
         f'<FixedDocumentSequence xmlns="{_XPS}"><DocumentReference '
         'Source="/Documents/1/FixedDocument.fdoc"/></FixedDocumentSequence>'),
        ("Documents/1/FixedDocument.fdoc", f'<FixedDocument xmlns="{_XPS}">{content}'
                                           '</FixedDocument>'),
    ]
    for name, marks in zip(names, pages):
        entries.append((name[1:], f'<FixedPage xmlns="{_XPS}" Width="{size[0]}" '
                                  f'Height="{size[1]}" xml:lang="en">{marks}</FixedPage>'))
    if any("font.ttf" in marks for marks in pages):
        with open(FONT, "rb") as font:
            entries.append(("Resources/font.ttf", font.read()))
    entries += [("Resources/" + name, data) for name, data in parts]
    return _zip(entries)


# --- EPUB --------------------------------------------------------------------------------------

_CONTAINER = """<?xml version="1.0"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
<rootfile full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/>
</rootfiles></container>"""
PRE_PAGINATED = '<meta property="rendition:layout">pre-paginated</meta>'
AMAZON = '<meta name="fixed-layout" content="true"/>'


def image_page(name, size):
    """The document of a page that is an image, as programs that make comics for readers write it."""
    return (f'<?xml version="1.0" encoding="utf-8"?>\n<html xmlns="http://www.w3.org/1999/xhtml">'
            f'<head><title>{name}</title><meta name="viewport" content="width={size[0]}, '
            f'height={size[1]}"/></head><body><div style="text-align:center;top:0.0%;">'
            f'<img width="{size[0]}" height="{size[1]}" src="Images/{name}"/></div></body></html>')


def epub(pages, files=(), layout=PRE_PAGINATED, title="A Comic", spine="", metadata=""):
    """An EPUB of pages given as XHTML; `files` as (name below OEBPS/, data)."""
    items = "".join(f'<item id="p{number}" href="page%20{number}.xhtml" '
                    'media-type="application/xhtml+xml"/>' for number in range(len(pages)))
    order = "".join(f'<itemref idref="p{number}"/>' for number in range(len(pages)))
    package = (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f'<dc:identifier id="id">urn:x:1</dc:identifier><dc:title>{escape(title)}</dc:title>'
        f'<dc:language>en</dc:language>{metadata}{layout}</metadata>'
        f'<manifest>{items}</manifest><spine {spine}>{order}</spine></package>')
    entries = [("mimetype", "application/epub+zip"), ("META-INF/container.xml", _CONTAINER),
               ("OEBPS/content.opf", package)]
    entries += [(f"OEBPS/page {number}.xhtml", page) for number, page in enumerate(pages)]
    entries += [("OEBPS/" + name, data) for name, data in files]
    return _zip(entries)
