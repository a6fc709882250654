"""What a library holds, and which names a mount has to show for it."""

import dataclasses
import os
import re
import stat
from typing import Dict, List, Optional, Set

ARCHIVES = (".cbz", ".zip")
IMAGES = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".jp2", ".avif",
          ".jxl")


@dataclasses.dataclass
class Source:
    """One file of the library; `name` is relative to it (os.fsdecode)."""
    name: str
    kind: str  # pdf, archive, image or other
    size: int

    @property
    def folder(self) -> str:
        return os.path.dirname(self.name)

    @property
    def base(self) -> str:
        return os.path.basename(self.name)


def kind_of(name: str) -> str:
    extension = os.path.splitext(name)[1].lower()
    if extension == ".pdf":
        return "pdf"
    if extension in ARCHIVES:
        return "archive"
    return "image" if extension in IMAGES else "other"


def sources(library: str, hidden: bool = False) -> List[Source]:
    """All regular files below, in the order of their names. Symbolic links are left out: they may
    lead anywhere, and what they lead to inside the library is here anyway."""
    found = []
    for folder, folders, names in os.walk(library):
        folders[:] = sorted(name for name in folders if hidden or name[0] not in "._")
        for name in sorted(names):
            path = os.path.join(folder, name)
            info = os.lstat(path)
            if stat.S_ISREG(info.st_mode) and (hidden or name[0] not in "._"):
                found.append(Source(os.path.relpath(path, library), kind_of(name), info.st_size))
    return found


def is_pdf(path: str) -> bool:
    with open(path, "rb") as file:
        return b"%PDF" in file.read(1024)


def escape(name: str) -> str:
    """As .cbzfs/errors writes paths: what is no printable UTF-8 as \\xHH, a backslash twice."""
    def one(character: str) -> str:
        code = ord(character)
        if 0xDC80 <= code <= 0xDCFF:
            return f"\\x{code - 0xDC00:02x}"
        if code < 0x20 or code == 0x7F:
            return f"\\x{code:02x}"
        return "\\\\" if character == "\\" else character
    return "".join(map(one, name))


def read_errors(text: str) -> Dict[str, Dict[int, str]]:
    """{escaped path: {page, 0 for the whole file: reason}}; further columns are left alone."""
    found: Dict[str, Dict[int, str]] = {}
    for line in text.splitlines():
        columns = line.split("\t")
        if len(columns) >= 3 and not line.startswith("#"):
            page = int(columns[1]) if columns[1].isdigit() else 0
            found.setdefault(columns[0], {})[page] = columns[2]
    return found


def reason_kind(reason: str) -> str:
    """Without names, numbers and what a library said, so that one kind of failure counts as one."""
    reason = re.sub(r"^[^:]*[./_][^:]*: ", "", reason)  # of an entry of an archive
    reason = re.sub(r"\(([A-Z][A-Za-z]+)[ :][^)]*\)?", r"(\1)", reason)
    return re.sub(r"'[^']*'", "'...'", re.sub(r"\d+", "N", reason))[:100]


class Shown:
    """The folder of a view: the entries a source may stand under.

    Of two sources that want one name a real file wins, and the other has its full name; so the
    short name is only taken where no real file has it.
    """

    def __init__(self, listing: List[str], real: Set[str]):
        self._listed, self._real = set(listing), real

    def _first(self, names: List[str]) -> Optional[str]:
        for name in names:
            if len(os.fsencode(name)) > 255:  # cut before its extension
                head, extension = os.path.splitext(name)
                name = next((other for other in sorted(self._listed)
                             if other.endswith(extension) and len(os.fsencode(other)) > 240
                             and head.startswith(other[:200])), name)
            if name in self._listed:
                return name
        return None

    def book(self, source: Source) -> Optional[str]:
        """In cbz/ and enhanced/: the CBZ of a PDF; an archive under its own or a CBZ's name."""
        stem = os.path.splitext(source.base)[0] + ".cbz"
        if source.kind == "archive":
            return self._first([source.base, stem, source.base + ".cbz"])
        return self._first([name for name in (source.base + ".cbz", stem)
                            if name not in self._real])

    def plain(self, source: Source) -> Optional[str]:
        return self._first([source.base])

    def folder(self, source: Source) -> Optional[str]:
        """In pages/ and thumbnails/: the folder of its pages."""
        return self._first([name for name in (source.base, os.path.splitext(source.base)[0])
                            if name not in self._real or name == source.base])

    def picture(self, source: Source) -> Optional[str]:
        """The cover or the enhanced image."""
        return self._first([source.base + ".jpg", os.path.splitext(source.base)[0] + ".jpg",
                            source.base])
