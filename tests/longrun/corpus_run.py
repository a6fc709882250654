"""Mounts a library twice, reads it through both mounts, and adds up what was seen."""

import collections
import dataclasses
import os
import random
import sys
import tempfile
import time
from typing import Callable, Counter, Dict, List, Optional, Tuple

import corpus_library
from corpus_check import Checker, Found, compare, examine_all, listing_defects
from corpus_library import Source
from daemon import Daemon, Sampler, printable

import make_archives
import make_pdfs
import mixed_library
import mutate

VIEWS = ("cbz", "enhanced", "thumbnails", "pages")


@dataclasses.dataclass
class Plan:
    """How a library is read. Seconds: `draw` and `analyse` are the daemon's own deadlines."""
    options: str = ""
    views: Tuple[str, ...] = VIEWS
    readers: int = os.cpu_count() or 1
    most_pages: Optional[int] = None
    draw: float = 20
    analyse: float = 10
    twice: bool = True  # with a second mount

    @property
    def late(self) -> float:
        """A page that takes longer was not drawn at the first try."""
        return self.draw + 1

    @property
    def limit(self) -> float:
        """A read that takes longer hangs: two tries of each kind, others ahead, a busy machine."""
        return 2 * (self.draw + self.analyse) * 2 + 10


@dataclasses.dataclass
class Sums:
    """Figures of all mounts together."""
    documents: Counter = dataclasses.field(default_factory=collections.Counter)  # by kind
    as_comics: int = 0
    pages: int = 0
    status: Counter = dataclasses.field(default_factory=collections.Counter)  # status' counters
    reasons: Dict[str, List[Tuple[str, int]]] = dataclasses.field(default_factory=dict)
    deaths: List[str] = dataclasses.field(default_factory=list)
    slowest: List[Tuple[float, str]] = dataclasses.field(default_factory=list)
    late: int = 0
    peak: int = 0
    accidents: List[str] = dataclasses.field(default_factory=list)
    files_read: int = 0
    bytes_read: int = 0
    defects: List[str] = dataclasses.field(default_factory=list)
    seconds: float = 0


class Runner:
    def __init__(self, plan: Plan, folder: str, label: Callable[[Source], str]):
        """`folder`: an empty one, for mount points and logs. `label`: a source in the report."""
        self.plan, self.folder, self.label, self.sums = plan, folder, label, Sums()
        self.log = os.path.join(folder, "log")
        self._point = os.path.join(folder, "mnt")
        os.mkdir(self._point)

    def run(self, library: str, sources: List[Source]) -> List[Found]:
        """Both passes over one library; gives what the first saw."""
        start = time.monotonic()
        first = self._pass(library, sources, self.plan.options, True)
        if self.plan.twice:
            workers = "workers=1" if (os.cpu_count() or 1) > 1 else "workers=3"
            other = ",".join(filter(None, (self.plan.options, workers, "cache=8M")))
            second = self._pass(library, sources, other, False)
            for one, two in zip(first, second):
                one.defects += compare(one, two, self.sums.accidents)
                one.defects += [f"second mount: {text}" for text in two.defects
                                if text not in one.defects]
        for found in first:
            self._add(found)
        self.sums.seconds += time.monotonic() - start
        return first

    def _pass(self, library: str, sources: List[Source], options: str, counted: bool
              ) -> List[Found]:
        plan = self.plan
        options = ",".join(filter(None, ("index=none", f"draw_timeout={plan.draw:g}",
                                         f"analyse_timeout={plan.analyse:g}", options)))
        at = os.path.getsize(self.log) if os.path.exists(self.log) else 0
        mount = Daemon(library, self._point, options, self.log)
        sampler = Sampler(mount.pid)
        checker = Checker(mount, list(plan.views), plan.limit, plan.late, plan.most_pages, counted)
        try:
            found = examine_all(checker, sources, plan.readers)
            defects = [f"hangs: {what}" for what in checker.hangs]
            if mount.daemon_alive() and not checker.hangs:
                defects += listing_defects(checker, sources)
                self._add_status(mount.status(), counted)
            elif not checker.hangs:
                defects.append(f"the daemon ended with {mount.process.wait()}: {mount.log_tail()}")
        finally:
            checker.watchdog.stop()
            self.sums.peak = max(self.sums.peak, sampler.stop())
            try:
                mount.unmount()
            except AssertionError as error:
                mount.kill()
                defects = [f"unmounting: {error}"]
        with open(self.log, encoding="utf-8", errors="replace") as log:
            log.seek(at)
            defects += [f"log: {line}" for line in mount.crashes_in(log)]
        self.sums.defects += defects
        return found

    def _add_status(self, status: dict, counted: bool) -> None:
        for group in ("pages", "workers") if counted else ():
            for key, value in status.get(group, {}).items():
                if isinstance(value, int):
                    self.sums.status[f"{group}.{key}"] += value
        if not counted:
            for key in ("restarts", "timeouts"):
                self.sums.status[f"second.{key}"] += status["workers"].get(key, 0)

    def _add(self, found: Found) -> None:
        sums, label = self.sums, self.label(found.source)
        sums.documents[found.source.kind] += 1
        sums.as_comics += found.shown
        sums.pages += found.pages
        for seconds, name in found.times:
            sums.slowest.append((seconds, f"{label}: {name}"))
            sums.late += seconds > self.plan.late
        sums.slowest = sorted(sums.slowest, reverse=True)[:8]
        for page, reason in found.failures.items():
            sums.reasons.setdefault(corpus_library.reason_kind(reason), []).append((label, page))
        if found.deaths:
            sums.deaths.append(f"{label}: {found.deaths} worker(s) replaced while it was read; " +
                               ("; ".join(sorted(set(found.failures.values()))) or "no failure"))
        for content in found.read.values():
            if isinstance(content, tuple):
                sums.files_read += 1
                sums.bytes_read += content[0]
        sums.defects += [f"{label}: {text}" for text in found.defects]


# --- Mutated copies --------------------------------------------------------------------------------

class Originals:
    """What copies are made of: the documents below a folder, and those that the tests make."""

    def __init__(self, folder: str, largest: int, made: bool):
        self._folder = folder
        self._names = [source.name for source in corpus_library.sources(folder)
                       if source.kind != "other" and 0 < source.size <= largest]
        self._made = made_documents() if made else {}
        self._all = self._names + sorted(self._made)
        if not self._all:
            sys.exit(f"no documents of at most {largest} bytes below {folder}")

    def __len__(self) -> int:
        return len(self._all)

    def _bytes(self, name: str) -> bytes:
        if name in self._made:
            return self._made[name]
        with open(os.path.join(self._folder, name), "rb") as file:
            return file.read()

    def copy(self, seed: int, index: int) -> Tuple[str, bytes, str]:
        """(extension, bytes, where they come from) of one copy; the same for the same arguments
        as long as the originals are the same."""
        rng = random.Random(f"{seed}:{index}")
        name = rng.choice(self._all)
        data, changes = mutate.mutate(self._bytes(name), rng,
                                      lambda r: self._bytes(r.choice(self._all)))
        return (os.path.splitext(name)[1].lower(), data,
                f"{printable(name)}, {'+'.join(changes) or 'unchanged'}")


def made_documents() -> Dict[str, bytes]:
    """Small documents of every kind that the tests know how to make."""
    documents = {f"made/{name}": data for name, data in mixed_library.files().items()
                 if corpus_library.kind_of(name) != "other" and len(name) < 200}
    size = {"width": 200, "height": 300}
    for make in (make_pdfs.ccitt_scan, make_pdfs.png_scan, make_pdfs.jpeg2000_scan,
                 make_pdfs.cmyk_scan, make_pdfs.img2pdf_scan, make_pdfs.icc_scan,
                 make_pdfs.ocr_scan, make_pdfs.rotated_scan, make_pdfs.owner_only):
        documents[f"made/{make.__name__}.pdf"] = make(pages=1, **size)
    documents["made/drawings.pdf"] = make_pdfs.drawings(1)
    documents["made/text_book.pdf"] = make_pdfs.text_book(2)
    for name, data in make_archives.pictures(60, 90).items():
        documents[f"made/picture {name}"] = data
    return documents


def run_mutated(runner: Runner, originals: Originals, seed: int, indices: range,
                batch: int = 100, say: Callable[[str], None] = print) -> Dict[str, str]:
    """Copies in batches, so that few are on the disk at a time; {label: where it comes from} of
    those that failed, killed or did worse. Labels are SEED:INDEX."""
    origins: Dict[str, str] = {}
    for start in range(indices.start, indices.stop, batch):
        with tempfile.TemporaryDirectory(prefix="cbzfs-mutated-", dir=runner.folder) as library:
            made: Dict[str, str] = {}
            for index in range(start, min(start + batch, indices.stop)):
                extension, data, origin = originals.copy(seed, index)
                made[f"{seed}:{index}"] = origin
                with open(os.path.join(library, f"{index:07}{extension}"), "wb") as out:
                    out.write(data)
            found = runner.run(library, corpus_library.sources(library))
        for each in found:
            if each.failures or each.deaths or each.defects:
                label = runner.label(each.source)
                origins[label] = made[label]
        say(f"{min(start + batch, indices.stop)} copies, {runner.sums.seconds:.0f} s, "
            f"{len(runner.sums.defects)} defects")
    return origins
