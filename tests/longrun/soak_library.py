"""The library of tests/soak, and what a quiet mount shows of it: the reference of every byte.

Two parts. The static one never changes: its reference is one tree. The folder Changing/ holds a few
files that take turns among known versions; each version has a reference tree of its own. Versions
have fixed times, for the time of a source is part of what is shown of it.
"""

import dataclasses
import os
import random
from typing import Dict, List, Tuple

from daemon import Daemon, harness

import make_archives
import make_pdfs
import mixed_library

VIEWS = harness.VIEWS
CHANGING = "Changing"
BLOCK = 64 << 10
PAGE = 4096
# When the versions were last changed, s; version n is n days younger.
FIRST_TIME = 1_500_000_000
DAY = 86_400


@dataclasses.dataclass
class Item:
    """A file of Changing/. `appended`: what makes version 0 the last version, in place."""
    name: str
    versions: List[bytes]
    appended: bytes

    def time(self, version: int) -> int:
        return FIRST_TIME + DAY * version


def static_files(rng: random.Random) -> Dict[str, bytes]:
    files = {f"Mixed/{name}": data for name, data in mixed_library.files().items()}
    files.update({
        "Books/words.pdf": make_pdfs.text_book(24),
        "Books/drawn.pdf": make_pdfs.drawings(6),
        "Books/fax.pdf": make_pdfs.ccitt_scan(2),
        "Books/deep.pdf": make_pdfs.png_scan(2),
        "Books/jpeg2000.pdf": make_pdfs.jpeg2000_scan(1),
        "Books/print.pdf": make_pdfs.cmyk_scan(1),
        "Books/open.pdf": make_pdfs.owner_only(2, width=300, height=450),
        "Scans/one.pdf": make_pdfs.scan(30, width=800, height=1200, pictures=6),
        "Scans/gray.pdf": make_pdfs.gray_scan(8, width=600, height=900),
        "Scans/icc.pdf": make_pdfs.icc_scan(3, width=400, height=600),
        "Scans/long.pdf": make_pdfs.shared_scan(150),
        "Scans/wall.pdf": make_pdfs.huge_page(40),
        "Archives/pictures.cbz": make_archives.of_pictures(width=200, height=300),
        "Archives/stored.cbz": make_archives.stored(12),
        "Archives/deflated.cbz": make_archives.deflated(12),
        "Hostile/endless.pdf": make_pdfs.endless(),
        "Hostile/partly.pdf": make_pdfs.partly_endless(6, 3),
        "Hostile/count.pdf": make_pdfs.lying_count(),
        "Hostile/truncated.pdf": make_pdfs.truncated(),
        "Hostile/claims.pdf": make_pdfs.claims(),
        "Hostile/damaged.cbz": make_archives.stored(3)[:-40],
    })
    for name, data in make_archives.pictures(150, 220).items():
        files[f"Pictures/{name}"] = data
    files["Pictures/noise.bin"] = rng.randbytes(3 << 20)
    return files


def changing_items(rng: random.Random) -> List[Item]:
    def item(name: str, versions: List[bytes], appended: bytes) -> Item:
        return Item(name, versions + [versions[0] + appended], appended)
    small = {"width": 300, "height": 450}
    picture = make_archives.page_jpeg
    texts = [bytes([65 + number]) * size for number, size in enumerate((300_000, 300_000, 500_000))]
    return [
        item("scan.pdf", [make_pdfs.scan(6, seed=s, **small) for s in (31, 32, 33)], b"%" * 5000),
        item("text.pdf", [make_pdfs.text_book(n, seed=n) for n in (3, 4, 5)], b"\n%appended\n" * 9),
        item("book.cbz", [make_archives.stored(4, seed=s) for s in (41, 42, 43)], b"\0" * 3000),
        item("photo.jpg", [picture(number, 400, 600) for number in (51, 52, 53)], bytes(2000)),
        item("note.txt", texts, b"z" * 123_456),
        item("noise.bin", [rng.randbytes(700_000) for _ in range(3)], rng.randbytes(100_000)),
    ]


def put(path: str, data: bytes, when: int) -> None:
    """Replaces a file by rename: never a part of it is to be seen."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    hidden = os.path.join(os.path.dirname(path), ".new")
    with open(hidden, "wb") as out:
        out.write(data)
    os.utime(hidden, (when, when))
    os.rename(hidden, path)


def fill(library: str, seed: int) -> List[Item]:
    rng = random.Random(seed)
    for number, (name, data) in enumerate(sorted(static_files(rng).items())):
        put(os.path.join(library, name), data, FIRST_TIME - DAY * (number + 1))
    items = changing_items(rng)
    for item in items:
        put(os.path.join(library, CHANGING, item.name), item.versions[0], item.time(0))
    return items


# --- What is right -------------------------------------------------------------------------------

@dataclasses.dataclass
class Truth:
    """A tree of files as the mount showed them in peace, and where that could not be read."""
    root: str
    sizes: Dict[str, int] = dataclasses.field(default_factory=dict)  # by path in the mount
    unknown: Dict[str, List[Tuple[int, int]]] = dataclasses.field(default_factory=dict)
    folders: Dict[str, Dict[str, bool]] = dataclasses.field(default_factory=dict)  # {name: folder}

    def path(self, name: str) -> str:
        return os.path.join(self.root, name)

    def is_known(self, name: str, start: int, end: int) -> bool:
        return all(end <= first or start >= last for first, last in self.unknown.get(name, ()))


def _copy(source: str, target: str) -> Tuple[int, List[Tuple[int, int]]]:
    """Copies as much as can be read; (size, the ranges that cannot)."""
    holes: List[Tuple[int, int]] = []
    with open(source, "rb", buffering=0) as file, open(target, "wb") as out:
        fd, size, at = file.fileno(), os.fstat(file.fileno()).st_size, 0
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_RANDOM)
        step = BLOCK
        while at < size:
            try:
                data = os.pread(fd, min(step, size - at), at)
            except OSError:
                if step > PAGE:
                    step = PAGE
                    continue
                data = b""
                holes.append((at, min(at + PAGE, size)))
                out.seek(min(PAGE, size - at), os.SEEK_CUR)
                at += PAGE
                continue
            if not data:
                raise AssertionError(f"{source} ends at {at}, not at {size}")
            out.write(data)
            at += len(data)
            step = BLOCK if at % BLOCK == 0 else PAGE
        out.truncate(size)
    return size, _joined(holes)


def _joined(ranges: List[Tuple[int, int]]) -> List[Tuple[int, int]]:
    joined: List[Tuple[int, int]] = []
    for start, end in ranges:
        if joined and joined[-1][1] == start:
            joined[-1] = joined[-1][0], end
        else:
            joined.append((start, end))
    return joined


def record(mount: Daemon, root: str, below: str = "") -> Truth:
    """Copies everything the mount shows (of the folder `below` of each view)."""
    truth = Truth(root)
    for view in VIEWS:
        for folder, folders, names in os.walk(os.path.join(mount.path, view, below)):
            key = os.path.relpath(folder, mount.path)
            os.makedirs(truth.path(key), exist_ok=True)
            folders.sort()
            names = [name for name in names
                     if not os.path.islink(os.path.join(folder, name))]
            truth.folders[key] = {**dict.fromkeys(folders, True), **dict.fromkeys(names, False)}
            for name in sorted(names):
                path = os.path.join(key, name)
                truth.sizes[path], holes = _copy(os.path.join(folder, name), truth.path(path))
                if holes:
                    truth.unknown[path] = holes
    return truth


def references(library: str, items: List[Item], folder: str) -> Tuple[Truth, List[Truth]]:
    """The static library's reference, and one for each version of Changing/."""
    point, log = os.path.join(folder, "quiet"), os.path.join(folder, "quiet.log")
    os.mkdir(point)
    options = "index=none,draw_timeout=4,analyse_timeout=20,workers=2"

    def of(source: str, name: str, below: str) -> Truth:
        mount = Daemon(source, point, options, log)
        try:
            return record(mount, os.path.join(folder, name), below)
        finally:
            mount.unmount()

    static = of(library, "static", "")
    for known in (static.sizes, static.unknown, static.folders):
        for path in [path for path in known if f"/{CHANGING}" in path]:
            del known[path]  # type: ignore[attr-defined]
    versions = []
    for number in range(len(items[0].versions)):
        source = os.path.join(folder, f"source{number}")
        for item in items:
            put(os.path.join(source, CHANGING, item.name), item.versions[number],
                item.time(number))
        versions.append(of(source, f"version{number}", CHANGING))
    return static, versions
