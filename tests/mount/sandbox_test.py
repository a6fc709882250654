"""The workers of a real mount in their sandbox: what they are, that they draw the same, and what
happens where they cannot have one."""

import ctypes.util
import os
import subprocess
import sys

import cbz
import harness
import make_archives
from harness import make_pdfs, program, read, walk

NOBODY = 65534
EXIT_WORKER = 8

# Runs a program where the kernel refuses Landlock with EPERM, as in containers whose runtime is
# older than it: one seccomp filter, put together by libseccomp.
WITHOUT_LANDLOCK = """
import ctypes, os, sys
library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
library.seccomp_init.restype = ctypes.c_void_p
ALLOW, ERRNO_EPERM, LANDLOCK_CREATE_RULESET = 0x7fff0000, 0x00050001, 444
made = ctypes.c_void_p(library.seccomp_init(ALLOW))
if library.seccomp_rule_add(made, ERRNO_EPERM, LANDLOCK_CREATE_RULESET, 0): sys.exit(70)
if library.seccomp_load(made): sys.exit(71)
os.execv(sys.argv[1], sys.argv[1:])
"""


def proc_status(pid):
    """{name: value} of /proc/PID/status."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file)


def built_with_sanitizers():
    worker = read(os.environ["CBZFS_WORKER"])
    return b"__asan_init" in worker or b"__tsan_init" in worker


class SandboxTest(harness.MountedTest):

    def setUp(self):
        if built_with_sanitizers():
            self.skipTest("built with sanitizers, whose runtimes no sandbox would let live")
        super().setUp()

    def drawn_mount(self, options=""):
        """A mount whose workers have drawn something."""
        self.put("Book.pdf", make_pdfs.small(1, pages=3))
        self.put("Scan.pdf", make_pdfs.ccitt_scan(2, width=300, height=400))
        mount = self.mount(options)
        self.assertEqual(len(cbz.pages(read(mount.file("Book.cbz")))), 3)
        mount.settle()
        if mount.status()["workers"]["seccomp"]:
            # One that nothing was asked of yet may still be shutting itself in; the filter of
            # system calls is the last thing it does.
            harness.wait_for(lambda: all(proc_status(pid)["Seccomp"] == "2"
                                         for pid in mount.workers()),
                             "the workers are shut in")
        return mount

    def test_a_worker_has_no_rights(self):
        mount = self.drawn_mount("workers=2")
        workers = mount.workers()
        self.assertTrue(workers)
        for pid in workers:
            status = proc_status(pid)
            for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
                self.assertEqual(int(status[name], 16), 0, name)
            self.assertEqual(status["NoNewPrivs"], "1")
            self.assertEqual(status["Seccomp"], "2")
            if os.geteuid() == 0:
                self.assertEqual(int(status["CapBnd"], 16), 0)
                self.assertEqual(status["Uid"].split(), [str(NOBODY)] * 4)
                self.assertEqual(status["Gid"].split(), [str(NOBODY)] * 4)
                self.assertEqual(status["Groups"].strip(), "")

    def test_a_worker_holds_its_socket_and_no_file(self):
        if os.geteuid() != 0:
            self.skipTest("only root can look into a process that is not dumpable")
        mount = self.drawn_mount()
        for pid in mount.workers():
            opened = {int(fd): os.readlink(f"/proc/{pid}/fd/{fd}")
                      for fd in os.listdir(f"/proc/{pid}/fd")}
            self.assertEqual(sorted(opened), [0, 1, 2, 3])
            self.assertEqual((opened[0], opened[1]), ("/dev/null", "/dev/null"))
            self.assertRegex(opened[2], "^pipe:")
            self.assertRegex(opened[3], "^socket:")

    def test_a_worker_is_limited(self):
        mount = self.drawn_mount()
        for pid in mount.workers():
            with open(f"/proc/{pid}/limits", encoding="utf-8") as file:
                limits = {line[:26].strip(): line[26:].split()[:2] for line in file}
            self.assertEqual(limits["Max processes"], ["0", "0"])
            self.assertEqual(limits["Max core file size"], ["0", "0"])
            self.assertEqual(limits["Max open files"], ["8", "8"])
            self.assertEqual(limits["Max file size"][1], limits["Max data size"][1])
            self.assertNotIn("unlimited", limits["Max address space"])

    def test_a_worker_ends_with_its_parent(self):
        # The change of identity takes the order to do so away; it has to be given again after.
        mount = self.drawn_mount()
        workers = mount.workers()
        parents = {int(proc_status(pid)["PPid"]) for pid in workers}
        self.assertEqual(len(parents), 1)
        os.kill(parents.pop(), harness.signal.SIGKILL)
        harness.wait_for(lambda: not any(harness.alive(pid) for pid in workers),
                         "the workers end with their parent")
        self.put("Later.pdf", make_pdfs.small(2, pages=2))
        harness.wait_for(lambda: "Later.cbz" in os.listdir(mount.cbz), "the new book is seen")
        self.assertEqual(len(cbz.pages(read(mount.file("Later.cbz")))), 2)

    def test_its_memory_can_still_be_watched(self):
        # The pool replaces workers that keep much memory by what this says of them.
        mount = self.drawn_mount()
        for pid in mount.workers():
            resident, shared = map(int, read(f"/proc/{pid}/statm").split()[1:3])
            self.assertGreater(resident - shared, 0)

    def test_status_tells(self):
        workers = self.drawn_mount().status()["workers"]
        self.assertEqual((workers["sandbox"], workers["seccomp"]), ("strict", True))
        self.assertIsInstance(workers["landlock"], int)
        workers = self.drawn_mount("sandbox=off").status()["workers"]
        self.assertEqual((workers["sandbox"], workers["seccomp"], workers["landlock"]),
                         ("off", False, 0))

    def test_off_leaves_a_worker_as_its_user(self):
        mount = self.drawn_mount("sandbox=off")
        for pid in mount.workers():
            self.assertEqual(proc_status(pid)["Seccomp"], proc_status(os.getpid())["Seccomp"])
            self.assertEqual(proc_status(pid)["Uid"].split(), [str(os.geteuid())] * 4)

    def test_the_bytes_are_the_same_in_it_and_outside(self):
        for name, data in (("Latin.pdf", make_pdfs.text_page(["No font is embedded."] * 5)),
                           ("Cjk.pdf", cjk_page()), ("Scan.pdf", make_pdfs.scan(2)),
                           ("Tiff.pdf", make_pdfs.ccitt_scan(1)),
                           ("J2k.pdf", make_pdfs.jpeg2000_scan(1)),
                           ("Draw.pdf", make_pdfs.drawings(2)),
                           ("Locked.pdf", make_pdfs.encrypted()),
                           ("All.cbz", make_archives.of_pictures())):
            self.put(name, data)
        for name, data in make_archives.pictures(90, 130).items():
            self.put("loose/" + name, data)
            self.put("cut/" + name, data[:len(data) * 2 // 3])
        strict, off = (self.mount(f"views=cbz:enhanced:thumbnails,sandbox={mode}")
                       for mode in ("strict", "off"))
        names = [name for name, st in walk(strict.path).items() if harness.stat.S_ISREG(st.st_mode)]
        self.assertGreater(len(names), 60)
        for name in names:
            path = [os.path.join(os.fsencode(mount.path), name) for mount in (strict, off)]
            self.assertEqual(read(path[0]), read(path[1]), name)
        self.assertEqual(strict.settle()["workers"]["restarts"], 0)
        # Text was drawn: with no font at all the page would be white in both.
        self.assertGreater(dark_pixels(read(strict.file("Cjk.cbz"))), 500)
        self.assertGreater(dark_pixels(read(strict.file("Latin.cbz"))), 500)

    def test_mounting_fails_where_it_cannot_be_had(self):
        if os.geteuid() != 0:
            self.skipTest("an ordinary user's mount needs fusermount3 without such a filter")
        self.assertIsNotNone(ctypes.util.find_library("seccomp"))
        self.put("Book.pdf", make_pdfs.small(1, pages=2))
        prefix = (sys.executable, "-c", WITHOUT_LANDLOCK)
        point = os.path.join(self.folder, "refused")
        os.mkdir(point)
        done = subprocess.run([*prefix, program(), "-o", "index=none", self.library, point],
                              capture_output=True, text=True, check=False,
                              timeout=harness.DEADLINE)
        self.assertEqual(done.returncode, EXIT_WORKER, done.stderr)
        self.assertIn("Landlock: Operation not permitted", done.stderr)
        self.assertIn("-o sandbox=off", done.stderr)
        self.assertFalse(harness.is_mounted(point))
        mount = self.mount("sandbox=off", prefix=prefix)
        self.assertEqual(len(cbz.pages(read(mount.file("Book.cbz")))), 2)


def cjk_page():
    """A page of Japanese in a font that every reader has to bring along, as Adobe defined it."""
    import io
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfgen import canvas
    pdfmetrics.registerFont(UnicodeCIDFont("HeiseiMin-W3"))
    out = io.BytesIO()
    page = canvas.Canvas(out, pagesize=(288, 432), invariant=1)
    page.setFont("HeiseiMin-W3", 24)
    for line in range(8):
        page.drawString(20, 380 - 40 * line, "\u6f2b\u753b\u3092\u8aad\u3080\u65e5\u672c")
    page.save()
    return out.getvalue()


def dark_pixels(book):
    """How many pixels of the first page are dark."""
    import io
    from PIL import Image
    image = Image.open(io.BytesIO(cbz.pages(book)[0].data)).convert("L")
    return sum(image.histogram()[:100])


if __name__ == "__main__":
    harness.main()
