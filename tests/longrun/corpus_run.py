"""Mounts a library twice, reads it through both mounts, and adds up what was seen."""

import collections
import dataclasses
import os
import random
import shutil
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
    suspects: List[str] = dataclasses.field(default_factory=list)  # near when a worker died
    deaths: List[str] = dataclasses.field(default_factory=list)  # surely theirs
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
        os.makedirs(self._point, exist_ok=True)

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

    def convict(self, library: str) -> None:
        """Reads the suspects, each alone in a folder of `library`, one after the other: a worker
        that dies now died of that document."""
        plan = dataclasses.replace(self.plan, readers=1, twice=False)
        alone = Runner(plan, self.folder, self.label)
        for found in alone.run(library, corpus_library.sources(library)):
            if found.deaths:
                self.sums.deaths.append(
                    f"{self.label(found.source)}: {found.deaths} worker(s) replaced; " +
                    ("; ".join(sorted(set(found.failures.values()))) or "no failure in the end"))
        self.sums.defects += alone.sums.defects
        self.sums.seconds += alone.sums.seconds

    def _pass(self, library: str, sources: List[Source], options: str, counted: bool
              ) -> List[Found]:
        plan = self.plan
        options = ",".join(filter(None, ("index=none", f"draw_timeout={plan.draw:g}",
                                         f"analyse_timeout={plan.analyse:g}", options)))
        at = os.path.getsize(self.log) if os.path.exists(self.log) else 0
        mount = Daemon(library, self._point, options, self.log)
        sampler = Sampler(mount.pid)
        checker = Checker(mount, list(plan.views), plan.limit, plan.late, plan.most_pages,
                          not counted)
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
            sums.suspects.append(found.source.name)
        for content in found.read.values():
            if isinstance(content, tuple):
                sums.files_read += 1
                sums.bytes_read += content[0]
        sums.defects += [f"{label}: {text}" for text in found.defects]


# --- Mutated copies ------------------------------------------------------------------------------

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
        # The made ones are few, and all that is no PDF may be among them.
        names = self._names or self._all
        if self._made and rng.random() < 0.3:
            names = sorted(self._made)
        name = rng.choice(names)
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


class Copies:
    """Damaged copies by number, and what was seen of them. Labels are SEED:INDEX."""

    def __init__(self, plan: Plan, folder: str, originals: Originals, seed: int):
        self.runner = Runner(plan, folder, self._label)
        self.origins: Dict[str, str] = {}  # {label: made from what and how}, where something is up
        self._originals, self._seed = originals, seed

    def _label(self, source: Source) -> str:
        return f"{self._seed}:{int(os.path.splitext(source.base)[0])}"

    def _write(self, folder: str, index: int) -> str:
        extension, data, origin = self._originals.copy(self._seed, index)
        with open(os.path.join(folder, f"{index:07}{extension}"), "wb") as out:
            out.write(data)
        return origin

    def run(self, indices: range, batch: int, say: Callable[[str], None]) -> None:
        """In batches, so that few are on the disk at a time."""
        for start in range(indices.start, indices.stop, batch):
            end = min(start + batch, indices.stop)
            self._run_batch(range(start, end))
            say(f"{end - indices.start} copies, {self.runner.sums.seconds:.0f} s, "
                f"{len(self.runner.sums.defects)} defects")
        self._convict()

    def _run_batch(self, indices: range) -> None:
        with tempfile.TemporaryDirectory(prefix="copies-", dir=self.runner.folder) as library:
            made = {f"{self._seed}:{index}": self._write(library, index) for index in indices}
            for found in self.runner.run(library, corpus_library.sources(library)):
                if found.failures or found.deaths or found.defects:
                    label = self._label(found.source)
                    self.origins[label] = made[label]

    def _convict(self) -> None:
        indices = sorted({int(os.path.splitext(name)[0]) for name in self.runner.sums.suspects})
        if not indices:
            return
        with tempfile.TemporaryDirectory(prefix="copies-", dir=self.runner.folder) as library:
            for index in indices:
                os.mkdir(os.path.join(library, str(index)))
                self._write(os.path.join(library, str(index)), index)
            self.runner.convict(library)


def convict_suspects(runner: Runner, library: str) -> None:
    """The same for a library read as it is, with copies of the suspects."""
    with tempfile.TemporaryDirectory(prefix="suspects-", dir=runner.folder) as folder:
        for number, name in enumerate(sorted(set(runner.sums.suspects))):
            place = os.path.join(folder, f"{number}", os.path.dirname(name))
            os.makedirs(place)
            shutil.copyfile(os.path.join(library, name),
                            os.path.join(place, os.path.basename(name)))
        if os.listdir(folder):
            runner.convict(folder)
