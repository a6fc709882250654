"""PDF files written by hand, byte for byte the same on every run.

The libraries that make PDFs decide too much themselves (identifiers, dates, boxes); the tests need
to say exactly what stands in a file. One class, no knowledge of comics: see make_pdfs.py.
"""

import zlib


def name(text):
    return "/" + text


def string(text):
    """A literal string; text outside ASCII becomes UTF-16 with a byte order mark."""
    try:
        raw = text.encode("ascii")
    except UnicodeEncodeError:
        return "<FEFF" + text.encode("utf-16-be").hex().upper() + ">"
    raw = raw.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
    return "(" + raw.decode("ascii") + ")"


class PdfWriter:
    """Collects objects and pages, then writes them with a classic cross-reference table."""

    def __init__(self, title=None, author=None):
        self._objects = [None, None, None]  # 1: catalog, 2: page tree, 3: information
        self._pages = []
        self._info = []
        if title is not None:
            self._info.append("/Title " + string(title))
        if author is not None:
            self._info.append("/Author " + string(author))

    def add(self, body):
        """Adds an object (text or bytes) and returns the reference to it."""
        if isinstance(body, str):
            body = body.encode("latin-1")
        self._objects.append(body)
        return f"{len(self._objects)} 0 R"

    def stream(self, data, dictionary="", compress=False):
        if isinstance(data, str):
            data = data.encode("latin-1")
        if compress:
            data = zlib.compress(data, 9)
            dictionary += " /Filter /FlateDecode"
        head = f"<< {dictionary} /Length {len(data)} >>\nstream\n".encode("latin-1")
        return self.add(head + data + b"\nendstream")

    def image(self, data, width, height, colorspace="/DeviceRGB", filters="/DCTDecode", bits=8,
              extra=""):
        return self.stream(
            data,
            f"/Type /XObject /Subtype /Image /Width {width} /Height {height} "
            f"/ColorSpace {colorspace} /BitsPerComponent {bits} /Filter {filters} {extra}")

    def page(self, content, size, resources="", extra="", compress=True):
        """`size` in points; `content` the operators, as text or bytes."""
        self.page_of(self.stream(content, compress=compress), size, resources, extra)

    def page_of(self, contents, size, resources="", extra=""):
        """A page whose content is a stream added before."""
        self._pages.append(self.add(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {size[0]:g} {size[1]:g}] "
            f"/Resources << {resources} >> /Contents {contents} {extra} >>"))

    def bytes(self):
        self._objects[0] = b"<< /Type /Catalog /Pages 2 0 R >>"
        kids = " ".join(self._pages)
        self._objects[1] = (
            f"<< /Type /Pages /Count {len(self._pages)} /Kids [{kids}] >>").encode("latin-1")
        self._objects[2] = ("<< /Producer (made for a test) " + " ".join(self._info)
                            + " >>").encode("latin-1")
        out = bytearray(b"%PDF-1.6\n%\xe2\xe3\xcf\xd3\n")
        offsets = []
        for number, body in enumerate(self._objects, 1):
            offsets.append(len(out))
            out += f"{number} 0 obj\n".encode("ascii") + body + b"\nendobj\n"
        start = len(out)
        out += f"xref\n0 {len(offsets) + 1}\n0000000000 65535 f \n".encode("ascii")
        for offset in offsets:
            out += f"{offset:010d} 00000 n \n".encode("ascii")
        out += (f"trailer\n<< /Size {len(offsets) + 1} /Root 1 0 R /Info 3 0 R >>\n"
                f"startxref\n{start}\n%%EOF\n").encode("ascii")
        return bytes(out)
