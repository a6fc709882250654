"""Reads all that a mount shows of a library, and says what is not as it has to be."""

import dataclasses
import errno
import hashlib
import os
import random
import subprocess
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from typing import Dict, List, Optional, Set, Tuple, Union

import corpus_library
from corpus_library import Shown, Source
from daemon import Daemon, Watchdog

CHUNK = 1 << 20
# What was read of one file: its size and hash, or the errno it failed with.
Content = Union[Tuple[int, str], int]


class Hang(Exception):
    """The mount was given up because a read did not end."""


@dataclasses.dataclass
class Found:
    """What one mount showed of one document."""
    source: Source
    read: Dict[str, Content] = dataclasses.field(default_factory=dict)  # by name in the mount
    pages: int = 0
    shown: bool = False  # as a comic
    times: List[Tuple[float, str]] = dataclasses.field(default_factory=list)  # of pages
    defects: List[str] = dataclasses.field(default_factory=list)
    failures: Dict[int, str] = dataclasses.field(default_factory=dict)  # of .cbzfs/errors
    deaths: int = 0  # workers replaced while it was looked at: its own, or a neighbour's


class Checker:
    """One mount of one library.

    `most_pages`: of a longer document only the first, the last and others by chance are read, and
    its archive not as a whole. `backwards`: everything in the opposite order,
    and archives are read but not tested: what is read may not depend on what was read before.
    """

    def __init__(self, mount: Daemon, views: List[str], limit: float, late: float,
                 most_pages: Optional[int] = None, backwards: bool = False):
        self.mount, self.views, self.late = mount, views, late
        self.most_pages, self.backwards = most_pages, backwards
        self.hangs: List[str] = []
        self.watchdog = Watchdog(limit, self._on_hang)
        self._listings: Dict[str, Tuple[Set[str], Set[str]]] = {}
        self._lock = threading.Lock()

    def _on_hang(self, what: str) -> None:
        # Nothing but the end of the daemon ends a read that hangs.
        self.hangs.append(what)
        self.mount.process.kill()

    # --- Listing -------------------------------------------------------------------------------

    def listing(self, view: str, folder: str) -> Tuple[Set[str], Set[str]]:
        """(files, folders) of a folder of a view; read once."""
        key = os.path.join(view, folder)
        with self._lock:
            if key in self._listings:
                return self._listings[key]
        files: Set[str] = set()
        folders: Set[str] = set()
        self.watchdog.begin(f"listing of {key}")
        try:
            with os.scandir(os.path.join(self.mount.path, key)) as entries:
                for entry in entries:
                    entry.stat(follow_symlinks=False)
                    (folders if entry.is_dir(follow_symlinks=False) else files).add(entry.name)
        finally:
            self.watchdog.done()
        with self._lock:
            self._listings[key] = files, folders
        return files, folders

    # --- Reading -------------------------------------------------------------------------------

    def read(self, found: Found, name: str, page: bool = False) -> Optional[str]:
        """Reads a file whole; its hash, or None where it failed. Everything goes into `found`."""
        digest, done, start = hashlib.blake2b(digest_size=16), 0, time.monotonic()
        path = os.path.join(self.mount.path, name)
        head = tail = b""
        try:
            self.watchdog.begin(name)
            with open(path, "rb", buffering=0) as file:
                size = os.fstat(file.fileno()).st_size
                while True:
                    self.watchdog.begin(name)
                    data = file.read(CHUNK)
                    if not data:
                        break
                    digest.update(data)
                    head, tail, done = head or data[:2], (tail + data)[-2:], done + len(data)
        except OSError as error:
            if page:
                found.times.append((time.monotonic() - start, name + " (failed)"))
            self.fail(found, name, error)
            return None
        finally:
            self.watchdog.done()
        if page:
            found.times.append((time.monotonic() - start, name))
        if done != size:
            found.defects.append(f"{name}: {done} bytes read, {size} in its attributes")
        if page and (head, tail) != (b"\xff\xd8", b"\xff\xd9"):
            found.defects.append(f"{name}: no JPEG")
        found.read[name] = done, digest.hexdigest()
        return digest.hexdigest()

    def fail(self, found: Found, name: str, error: OSError) -> None:
        found.read[name] = error.errno
        if error.errno == errno.ENOTCONN:
            if self.hangs:
                raise Hang(f"{name}: {self.hangs[0]} does not end") from None
            raise error
        if error.errno == errno.ENOENT:
            found.defects.append(f"{name}: listed, and cannot be found")

    def chosen(self, names: List[str], source: Source) -> List[str]:
        """Those of `names` that are read, in the order in which they are."""
        if self.most_pages is not None and len(names) > self.most_pages:
            rng = random.Random(source.name)
            middle = rng.sample(range(1, len(names) - 1), max(0, self.most_pages - 2))
            names = [names[0], *(names[i] for i in sorted(middle)), names[-1]]
        return names[::-1] if self.backwards else names

    # --- One document --------------------------------------------------------------------------

    def examine(self, source: Source) -> Found:
        """Everything the chosen views make of one file."""
        found = Found(source)
        before = self.mount.status()["workers"]["restarts"]
        hashes: Dict[str, str] = {}  # of pages, by name
        pages = self._page_files(found) if "pages" in self.views else []
        views = ["pages", "cbz", "enhanced", "thumbnails"]
        for view in views[::-1] if self.backwards else views:
            if view in self.views:
                getattr(self, "_" + view)(found, names_of(self, view, source), hashes, pages)
        found.deaths = self.mount.status()["workers"]["restarts"] - before
        return found

    def _page_files(self, found: Found) -> List[str]:
        """The pages of a comic, by name in the mount; none of another file."""
        if found.source.kind not in ("pdf", "archive"):
            return []
        folder = names_of(self, "pages", found.source).folders.folder(found.source)
        if folder is None:
            return []
        found.shown = True
        pages = []
        top = os.path.join(self.mount.path, "pages", found.source.folder, folder)
        for below, _, files in os.walk(top):
            prefix = os.path.relpath(below, self.mount.path)
            pages += [os.path.join(prefix, file) for file in files
                      if corpus_library.kind_of(file) == "image"]
        found.pages = len(pages)
        return sorted(pages)

    def _pages(self, found: Found, shown: "Names", hashes: Dict[str, str], pages: List[str]
               ) -> None:
        folder = shown.folders.folder(found.source)
        if folder is None or found.source.kind not in ("pdf", "archive"):
            return self._as_it_is(found, "pages", shown)
        folder = os.path.join("pages", found.source.folder, folder)
        for page in self.chosen(pages, found.source):
            digest = self.read(found, page, page=found.source.kind == "pdf")
            if digest is not None:
                hashes[os.path.relpath(page, folder)] = digest
        return None

    def _cbz(self, found: Found, shown: "Names", hashes: Dict[str, str], _: List[str]
             ) -> None:
        book = shown.files.book(found.source) if found.source.kind == "pdf" else None
        if book is None:
            return self._as_it_is(found, "cbz", shown)
        found.shown = True
        self._book(found, os.path.join("cbz", found.source.folder, book), hashes)

    def _enhanced(self, found: Found, shown: "Names", hashes: Dict[str, str], _: List[str]
             ) -> None:
        kind = found.source.kind
        if kind in ("pdf", "archive"):
            book = shown.files.book(found.source)
            if book is None:
                return self._as_it_is(found, "enhanced", shown)
            if kind == "archive" and not zipfile.is_zipfile(self._path(found.source)):
                return self._as_it_is(found, "enhanced", shown)
            found.shown = True
            self._book(found, os.path.join("enhanced", found.source.folder, book), {},
                       made=kind == "pdf")
        elif kind == "image":
            name = shown.files.picture(found.source)
            if name is None:
                found.defects.append("enhanced: not listed")
            else:
                self.read(found, os.path.join("enhanced", found.source.folder, name))

    def _thumbnails(self, found: Found, shown: "Names", hashes: Dict[str, str], _: List[str]
             ) -> None:
        name = os.path.join("thumbnails", found.source.folder)
        if found.source.kind == "other":
            return
        cover = shown.files.picture(found.source)
        if cover is not None:
            self.read(found, os.path.join(name, cover))
        elif found.shown and found.pages:
            found.defects.append("thumbnails: no cover")
        folder = shown.folders.folder(found.source) if found.source.kind != "image" else None
        if folder is not None:
            files, _ = self.listing("thumbnails", os.path.join(found.source.folder, folder))
            for page in self.chosen(sorted(files), found.source):
                self.read(found, os.path.join(name, folder, page))

    def _path(self, source: Source) -> str:
        return os.path.join(self.mount.library, source.name)

    def _as_it_is(self, found: Found, view: str, shown: "Names") -> None:
        name = shown.files.plain(found.source)
        if name is None:
            found.defects.append(f"{view}: not listed")
            return
        name = os.path.join(view, found.source.folder, name)
        digest = self.read(found, name)
        if digest is not None and digest != hash_of(self._path(found.source)):
            found.defects.append(f"{name}: not the bytes of the source")

    # --- Archives ------------------------------------------------------------------------------

    def _book(self, found: Found, name: str, hashes: Dict[str, str], made: bool = True) -> None:
        """`made`: each of its entries was made by cbzfs, none handed on from a real archive."""
        whole = self.most_pages is None or found.pages <= self.most_pages
        if whole and self.read(found, name) is not None and not self.backwards:
            self.watchdog.begin(f"unzip -t {name}")
            done = subprocess.run(["unzip", "-tqq", os.path.join(self.mount.path, name)],
                                  capture_output=True, check=False, stdin=subprocess.DEVNULL)
            self.watchdog.done()
            if done.returncode != 0 and made:
                said = (done.stdout + done.stderr).decode("utf-8", "replace").strip()
                found.defects.append(f"{name}: unzip -t ends with {done.returncode}: {said[:200]}")
        if not self.backwards or not whole:
            self._entries(found, name, hashes, made)

    def _entries(self, found: Found, name: str, hashes: Dict[str, str], made: bool) -> None:
        """Entries by themselves: their checksums, and that pages are the files of pages/."""
        self.watchdog.begin(f"entries of {name}")
        try:
            with zipfile.ZipFile(os.path.join(self.mount.path, name)) as book:
                names = [info for info in book.infolist() if not info.is_dir()]
                for info in self.chosen(names, found.source):
                    self._entry(found, f"{name}/{info.filename}", book, info, hashes, made)
        except OSError as error:
            self._entry_failed(found, f"{name}/", error, made)
        except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
            if made:
                found.defects.append(f"{name}: {error}")
        finally:
            self.watchdog.done()

    def _entry_failed(self, found: Found, name: str, error: OSError, made: bool) -> None:
        # zipfile seeks to where a broken directory says, be it before the file.
        if made or error.errno != errno.EINVAL:
            self.fail(found, name, error)

    def _entry(self, found: Found, name: str, book: zipfile.ZipFile, info: zipfile.ZipInfo,
               hashes: Dict[str, str], made: bool) -> None:
        self.watchdog.begin(name)
        try:
            data = book.read(info)
        except OSError as error:
            return self._entry_failed(found, name, error, made)
        except Exception as error:  # pylint: disable=broad-except  # a decompressor may raise any
            if made:
                found.defects.append(f"{name}: {error}")
            return None
        digest = hashlib.blake2b(data, digest_size=16).hexdigest()
        found.read[name] = len(data), digest
        if hashes.get(info.filename, digest) != digest:
            found.defects.append(f"{name}: not the bytes of the file in pages/")
        return None


@dataclasses.dataclass
class Names:
    files: Shown
    folders: Shown


def names_of(checker: Checker, view: str, source: Source) -> Names:
    """The names that may show `source` in its folder of the view."""
    files, folders = checker.listing(view, source.folder)
    real = set(os.listdir(os.path.join(checker.mount.library, source.folder)))
    return Names(Shown(sorted(files), real), Shown(sorted(folders), real))


def hash_of(path: str) -> str:
    digest = hashlib.blake2b(digest_size=16)
    with open(path, "rb") as file:
        while data := file.read(CHUNK):
            digest.update(data)
    return digest.hexdigest()


# --- All documents -------------------------------------------------------------------------------

def examine_all(checker: Checker, sources: List[Source], readers: int) -> List[Found]:
    """Several documents at a time; the failures that the mount lists are added to each."""
    def one(source: Source) -> Found:
        try:
            return checker.examine(source)
        except (OSError, Hang, AssertionError) as error:
            return Found(source, defects=[f"not examined to the end: {error}"])
    died = list_all(checker, sources)
    with ThreadPoolExecutor(readers) as pool:
        found = list(pool.map(one, sources[::-1] if checker.backwards else sources))
    found = found[::-1] if checker.backwards else found
    for each in found:
        each.deaths += died if each.source.kind in ("pdf", "archive") else 0
    if checker.mount.daemon_alive():
        failures = corpus_library.read_errors(checker.mount.errors())
        for each in found:
            each.failures = failures.get(corpus_library.escape(each.source.name), {})
            each.defects += silent(checker, each)
    return found


def list_all(checker: Checker, sources: List[Source]) -> int:
    """Lists every folder of every view; gives the number of workers that were replaced meanwhile
    (each document of the library may have been the reason)."""
    try:
        for view in checker.views:
            for folder in sorted({source.folder for source in sources}):
                checker.listing(view, folder)
        return checker.mount.status()["workers"]["restarts"]
    except OSError:
        return 0  # what could not be listed, its documents will say


def silent(checker: Checker, found: Found) -> List[str]:
    """Failures that .cbzfs/errors does not explain."""
    defects = []
    failed = {name: code for name, code in found.read.items() if isinstance(code, int)}
    if failed and not found.failures:
        defects += [f"{name}: {os.strerror(code)}, and no line in errors"
                    for name, code in sorted(failed.items())[:3]]
    if found.source.kind == "pdf" and not found.shown and not found.failures \
            and corpus_library.is_pdf(checker._path(found.source)):
        defects.append("not shown as a comic, and no line in errors")
    return defects


def compare(first: Found, second: Found, accidents: List[str]) -> List[str]:
    """Wrong bytes: what two mounts give differently. A failure of one of them goes into
    `accidents` instead; so does a document that only one of them could open."""
    if not first.read or not second.read:
        return []
    wrong = []
    for name in sorted(set(first.read) & set(second.read)):
        one, other = first.read[name], second.read[name]
        if isinstance(one, tuple) and isinstance(other, tuple):
            if one != other:
                wrong.append(f"{name}: {one[0]} bytes {one[1][:8]} in one mount, "
                             f"{other[0]} bytes {other[1][:8]} in another")
        elif one != other:
            accidents.append(name)
    if first.shown != second.shown:
        accidents.append(first.source.name)
    return wrong


def listing_defects(checker: Checker, sources: List[Source]) -> List[str]:
    """A view that shows more or fewer files than the library has (links and the like aside)."""
    defects = []
    library = checker.mount.library
    for view in ("cbz", "enhanced"):
        if view not in checker.views:
            continue
        for folder in sorted({source.folder for source in sources}):
            real = os.listdir(os.path.join(library, folder))
            paths = [os.path.join(library, folder, name) for name in real if name[0] not in "._"]
            if any(os.path.islink(path) for path in paths):
                continue
            files, folders = checker.listing(view, folder)
            wanted = sum(os.path.isfile(path) for path in paths), sum(map(os.path.isdir, paths))
            if (len(files), len(folders)) != wanted:
                defects.append(f"{view}/{folder}: {len(files)} files and {len(folders)} folders, "
                               f"the library has {wanted[0]} and {wanted[1]}")
    return defects
