"""Memory: the budget holds in a storm of large pages, and the monitor is seen at work."""

import errno
import io
import os
import threading
import zipfile

import harness
from harness import process_name, read, wait_for

import comic_art
from pdf_writer import PdfWriter

MIB = 1 << 20
LARGE = (5770, 8660)  # just under 50 megapixels


def encoded(page, **options):
    out = io.BytesIO()
    page.save(out, **options)
    return out.getvalue()


def large_files():
    """{name: bytes}: pages of 50 megapixels, each taking memory in a way of its own."""
    width, height = LARGE
    page = comic_art.comic_page(5, width // 4, height // 4).resize(LARGE)
    plain = encoded(page, format="JPEG", quality=50)
    files = {"Page.jpg": plain, "Other.jpg": plain,
             "Progressive.jpg": encoded(page, format="JPEG", quality=50, progressive=True)}
    points = (width * 72 / 300, height * 72 / 300)
    for name, data in (("Scan", plain), ("Coded", files["Progressive.jpg"])):
        pdf = PdfWriter()
        image = pdf.image(data, width, height)
        for _ in range(2):
            pdf.page("q %g 0 0 %g 0 0 cm /Im0 Do Q" % points, points,
                     f"/XObject << /Im0 {image} >>")
        files[name + ".pdf"] = pdf.bytes()
    pdf = PdfWriter()
    form = pdf.stream(b"0 1 0 rg 100 100 900 900 re f",
                      "/Type /XObject /Subtype /Form /BBox [0 0 %g %g] "
                      "/Group << /S /Transparency /I true >>" % points)
    for _ in range(3):
        pdf.page("1 0 0 rg 0 0 900 900 re f /G gs /F Do", points,
                 f"/ExtGState << /G << /ca 0.5 >> >> /XObject << /F {form} >>")
    files["Group.pdf"] = pdf.bytes()
    pdf = PdfWriter()
    for number in range(3):
        pdf.page(f"1 0 0 rg 0 0 900 {200 * number + 300} re f", points)
    files["Plain.pdf"] = pdf.bytes()
    return files


def share_of(pid):
    """The process' proportional share of memory; 0 when it is gone."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            for line in file:
                if line.startswith("Pss:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def memfds_of(pids):
    """What lies in result files, which are in nobody's share as they are written and not mapped."""
    files = {}
    for pid in pids:
        folder = f"/proc/{pid}/fd"
        try:
            for name in os.listdir(folder):
                path = os.path.join(folder, name)
                if "/memfd:" in os.readlink(path):
                    info = os.stat(path)
                    files[info.st_ino] = info.st_blocks * 512
        except OSError:
            continue
    return sum(files.values())


class Peak:
    """The most that all processes of a mount take while the block runs, in bytes."""

    def __init__(self, mount):
        self._mount = mount
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._sample)
        self.bytes = 0
        self.what = None
        self.samples = 0

    def _sample(self):
        while not self._ends.wait(0.005):
            pids = [self._mount.pid, *self._mount.processes()]
            shares = [(process_name(pid), share_of(pid) // MIB) for pid in pids]
            total = sum(share for _, share in shares) * MIB + memfds_of(pids)
            self.samples += 1
            if total > self.bytes:
                self.bytes, self.what = total, shares

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ends.set()
        self._thread.join()


class BudgetTest(harness.MountedTest):

    @classmethod
    def setUpClass(cls):
        cls.files = large_files()

    def setUp(self):
        super().setUp()
        for name, data in self.files.items():
            self.put(name, data)

    def storm(self, mount):
        """All readers at once; {path in the mount: errno}."""
        paths = [*(f"cbz/{name}.cbz" for name in ("Scan", "Coded", "Group", "Plain")),
                 *(f"enhanced/{name}.jpg" for name in ("Page", "Other", "Progressive")),
                 "enhanced/Plain.cbz", "pages/Group/0003.jpg", "thumbnails/Scan.jpg"]
        readers = {path: self.start_reader(os.path.join(mount.path, path)) for path in paths}
        return {path: reader.result(deadline=240)[1] for path, reader in readers.items()}

    def check(self, memory, may_fail, must_fail=frozenset()):
        mount = self.mount(f"workers=3,original=no,memory={memory}M,draw_timeout=120")
        with Peak(mount) as peak:
            codes = self.storm(mount)
        print(f"memory={memory}M: peak {peak.bytes // MIB} MiB in {peak.samples} samples "
              f"{peak.what}", flush=True)
        self.assertGreater(peak.samples, 50)
        self.assertLess(peak.bytes, memory * MIB, peak.what)
        failed = {path for path, code in codes.items() if code}
        self.assertLessEqual(failed, may_fail, mount.errors())
        for path in failed:
            self.assertEqual(codes[path], errno.EIO)
        self.assertLessEqual(must_fail, failed, "a page that memory ended under is no page")
        status = mount.settle()
        self.assertEqual(status["workers"]["timeouts"], 0)
        self.assertLessEqual(status["memory"]["reserved"], status["memory"]["limit"])
        return mount

    def test_the_default_holds_and_every_page_is_made(self):
        mount = self.check(512, may_fail=set())
        with zipfile.ZipFile(mount.file("Coded.cbz")) as book:
            self.assertIsNone(book.testzip())

    def test_a_smaller_one_holds_and_says_what_does_not_fit(self):
        mount = self.check(256, may_fail={"cbz/Scan.cbz", "cbz/Coded.cbz", "cbz/Group.cbz",
                                          "pages/Group/0003.jpg"},
                           must_fail={"cbz/Scan.cbz", "cbz/Coded.cbz"})
        self.assertIn("MiB that -o memory= leaves", mount.errors())
        self.assertGreater(len(read(mount.file("Plain.cbz"))), 1000)


class ReservationTest(harness.MountedTest):

    def test_pages_of_jpeg_2000_get_what_they_take_at_once(self):
        """Else each fails first, and the second try, which gets all, drives finished pages out."""
        self.put("Book.pdf", harness.make_pdfs.jpeg2000_scan(4, 1600, 2300, 200))
        mount = self.mount("workers=2")
        read(mount.file("Book.cbz"))
        status = mount.settle()
        self.assertEqual(status["workers"]["recovered"], 0)
        self.assertEqual(status["pages"]["drawn"], 4)


class MonitorTest(harness.MountedTest):

    def test_status_shows_what_was_seen(self):
        mount = self.mount("memory=300M,memory_warn=2G")
        memory = wait_for(lambda: (lambda m: m if m["daemon_pss"] else None)(
            mount.status()["memory"]), "the monitor looks")
        self.assertGreater(memory["daemon_pss"], MIB)
        self.assertGreater(memory["available"], MIB)
        self.assertEqual((memory["limit"], memory["warn"], memory["trim"]),
                         (300 * MIB, 2048 * MIB, 500 * MIB))
        self.assertEqual((memory["trims"], memory["pressed"]), (0, False))
        self.assertNotIn("heap", memory)
        larger = self.mount("memory=3G").status()["memory"]
        self.assertEqual((larger["warn"], larger["trim"]), (3072 * MIB, 3072 * MIB))

    def test_over_the_threshold_pages_and_workers_go(self):
        self.put("Book.pdf", harness.make_pdfs.text_book(40))
        mount = self.mount("memory_trim=1M", environment={"DEBUG": "true"})
        size = len(read(mount.file("Book.cbz")))
        wait_for(lambda: mount.status()["memory"]["trims"], "it trims")
        self.assertEqual(len(read(mount.file("Book.cbz"))), size)
        status = mount.settle()
        self.assertEqual(mount.errors(), "")
        self.assertGreater(status["memory"]["heap"]["used"], 0)
        self.assertEqual(status["workers"]["restarts"], 0, "nothing went wrong")


if __name__ == "__main__":
    harness.main()
