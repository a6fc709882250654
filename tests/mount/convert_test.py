"""cbzfs convert: what it writes is what a mount shows; with --tight the same pages without padding."""

import fcntl
import hashlib
import io
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import sys
import termios
import zipfile

import cbz
import harness
import make_archives
from harness import make_pdfs, wait_for
from PIL import Image

INTERRUPTED = 128 + signal.SIGINT


def run(*arguments, prefix=(), **more):
    return subprocess.run([*prefix, harness.program(), "convert", *arguments], capture_output=True,
                          text=True, stdin=subprocess.DEVNULL, timeout=4 * harness.DEADLINE,
                          check=False, **more)


def made(done):
    """How many pages workers made, as the summary says."""
    return int(re.search(r"\((\d+) made\)", done.stdout).group(1))


class ConvertTest(harness.MountedTest):

    def setUp(self):
        super().setUp()
        self.text = self.put("Text.pdf", make_pdfs.small(1, pages=5))
        self.scan = self.put("Deep/er/Scan.pdf", make_pdfs.scan(3, width=300, height=450))
        self.put("Deep/Mixed.PDF", make_pdfs.small(2, pages=2))
        self.book = self.put("Deep/Book.cbz", make_archives.deflated(3))
        self.put("Notes.txt", b"words")
        self.put(".hidden/Secret.pdf", make_pdfs.small(3))
        self.put("_hidden.txt", b"hidden")
        os.symlink("Notes.txt", os.path.join(self.library, "Link.txt"))
        self.out = os.path.join(self.folder, "out")
        self.options = ("-o", "index=none")

    def convert(self, *arguments, **more):
        done = run(*self.options, *arguments, **more)
        self.assertEqual(done.stderr, "")
        self.assertEqual(done.returncode, 0)
        return done

    def tree(self, root):
        """{relative path: (type, bytes or target, mtime)} of what is below `root`."""
        found = {}
        for folder, folders, names in os.walk(root):
            for name in folders + names:
                path = os.path.join(folder, name)
                where = os.path.relpath(path, root)
                if os.path.islink(path):
                    found[where] = ("link", os.readlink(path), None)
                elif os.path.isdir(path):
                    found[where] = ("folder", None, None)
                else:
                    with open(path, "rb") as file:
                        found[where] = ("file", file.read(), os.stat(path).st_mtime_ns)
        return found

    def sources(self):
        return {where: (kind, content and hashlib.sha256(content).hexdigest(), mtime)
                if kind == "file" else (kind, content, mtime)
                for where, (kind, content, mtime) in self.tree(self.library).items()}


class SameAsTheMountTest(ConvertTest):

    def test_every_view(self):
        before = self.sources()
        mount = self.mount()
        for view, flags in (("cbz", ()), ("enhanced", ("--enhance",)),
                            ("thumbnails", ("--thumbnails",))):
            out = os.path.join(self.folder, view)
            self.convert(*flags, self.library + "/", out)
            self.assertEqual(self.tree(out), self.tree(mount.file(view=view)), view)
            self.assertGreater(len(self.tree(out)), 5)
        self.assertEqual(self.sources(), before)

    def test_a_folder_or_its_contents_and_options(self):
        mount = self.mount("quality=60,names=seed")
        self.convert("-o", "quality=60", "-o", "names=seed", self.library, self.out)
        self.assertEqual(os.listdir(self.out), ["library"])
        self.assertEqual(self.tree(os.path.join(self.out, "library")), self.tree(mount.cbz))

    def test_single_files(self):
        mount = self.mount()
        self.convert(self.text, self.book, self.out)
        self.assertEqual(sorted(os.listdir(self.out)), ["Book.cbz", "Text.cbz"])
        self.assertEqual(harness.read(os.path.join(self.out, "Text.cbz")),
                         harness.read(mount.file("Text.cbz")))
        one = os.path.join(self.folder, "One.cbz")
        self.convert(self.text, "One.cbz", cwd=self.folder)
        self.assertEqual(harness.read(one), harness.read(mount.file("Text.cbz")))
        # The name that the mount would give it.
        self.put("Text.cbz", make_archives.deflated(1))
        self.convert("--no-copy", self.text, self.out)
        self.assertIn("Text.pdf.cbz", os.listdir(self.out))

    def test_no_copy(self):
        done = self.convert("--no-copy", self.library + "/", self.out)
        files = {where for where, (kind, _, _) in self.tree(self.out).items() if kind != "folder"}
        self.assertEqual(files, {"Text.cbz", "Deep/Mixed.cbz", "Deep/er/Scan.cbz"})
        self.assertIn("3 left out", done.stdout)


class UpToDateTest(ConvertTest):

    FLAGS = ((), ("--tight",), ("--enhance",), ("--tight", "--enhance"), ("--thumbnails",),
             ("--tight", "--thumbnails"))

    def test_a_second_run_makes_nothing(self):
        for number, flags in enumerate(self.FLAGS):
            out = os.path.join(self.folder, f"out{number}")
            first = self.convert(*flags, self.library + "/", out)
            before = self.tree(out)
            self.assertGreater(made(first), 0)
            second = self.convert(*flags, self.library + "/", out)
            self.assertEqual(made(second), 0, flags)
            self.assertIn("0 files converted, 0 copied", second.stdout)
            self.assertEqual(self.tree(out), before)
            forced = self.convert("--force", *flags, self.library + "/", out)
            self.assertEqual(made(forced), made(first))
            self.assertEqual(self.tree(out), before)

    def test_what_changed_is_made_again(self):
        for flags in ((), ("--tight",)):
            out = os.path.join(self.folder, "out" + "".join(flags))
            self.put("Text.pdf", make_pdfs.small(1, pages=5) + b"% 1\n")
            self.convert(*flags, self.library + "/", out)
            # Of the same length and time: only its bytes tell.
            old = os.stat(self.text)
            data = harness.read(self.text)
            self.put("Text.pdf", data[:-4] + b"% 2\n")
            os.utime(self.text, ns=(old.st_atime_ns, old.st_mtime_ns))
            self.assertEqual(os.stat(self.text).st_size, old.st_size)
            self.assertEqual(made(self.convert(*flags, self.library + "/", out)), 5, flags)
            # Other options.
            self.assertEqual(made(self.convert(*flags, "-o", "quality=50", self.library + "/",
                                               out)), 7, flags)
            # A file that only looks as if it were it.
            target = os.path.join(out, "Deep", "Mixed.cbz")
            size, times = os.stat(target).st_size, os.stat(target)
            with open(target, "wb") as file:
                file.write(bytes(size))
            os.utime(target, ns=(times.st_atime_ns, times.st_mtime_ns))
            self.assertEqual(made(self.convert(*flags, "-o", "quality=50", self.library + "/",
                                               out)), 2, flags)

    def test_a_tight_file_takes_the_place_of_a_padded_one_and_back(self):
        self.convert(self.library + "/", self.out)
        padded = self.tree(self.out)
        self.convert("--tight", self.library + "/", self.out)
        self.assertNotEqual(self.tree(self.out), padded)
        self.convert(self.library + "/", self.out)
        self.assertEqual(self.tree(self.out), padded)


class TightTest(ConvertTest):

    def archives(self, root):
        for folder, _, names in os.walk(root):
            for name in names:
                if name.endswith(".cbz"):
                    yield os.path.join(folder, name)

    def test_archives_are_sound_and_have_no_padding(self):
        for flags in ((), ("--enhance",)):
            out = os.path.join(self.folder, "out" + "".join(flags))
            self.convert("--tight", *flags, self.library + "/", out)
            seen = 0
            for path in self.archives(out):
                if not flags and path.endswith("Book.cbz"):
                    continue  # copied
                unzip = subprocess.run(["unzip", "-t", path], capture_output=True, check=False)
                self.assertEqual(unzip.returncode, 0, unzip.stdout)
                data = harness.read(path)
                with zipfile.ZipFile(io.BytesIO(data)) as archive:
                    self.assertIsNone(archive.testzip())
                    end = 0
                    for info in archive.infolist():
                        self.assertEqual(info.compress_type, zipfile.ZIP_STORED)
                        self.assertEqual(info.header_offset, end)  # no gap
                        end = info.header_offset + 30 + len(info.filename) + info.file_size
                        if not info.filename.endswith(".jpg"):
                            continue
                        seen += 1
                        jpeg = cbz.Jpeg(archive.read(info))
                        self.assertEqual(jpeg.after_eoi, b"")
                        self.assertNotIn(0xFE, [marker for marker, _, _ in jpeg.segments])
                        Image.open(io.BytesIO(jpeg.data)).load()
            self.assertEqual(seen, 13 if flags else 10)

    def test_original_pages_bit_for_bit_and_smaller_than_the_mount(self):
        mount = self.mount()
        self.convert("--tight", self.library + "/", self.out)
        pdf = harness.read(self.scan)
        with zipfile.ZipFile(os.path.join(self.out, "Deep/er/Scan.cbz")) as archive:
            for name in archive.namelist():
                if name.endswith(".jpg"):
                    self.assertIn(archive.read(name), pdf)
        for path in self.archives(self.out):
            where = os.path.relpath(path, self.out)
            if where != "Deep/Book.cbz":
                self.assertLess(os.path.getsize(path), os.path.getsize(mount.file(where)))

    def test_comic_info_tells_the_lengths_there_are(self):
        self.convert("--tight", self.text, self.out)
        with zipfile.ZipFile(os.path.join(self.out, "Text.cbz")) as archive:
            text = archive.read("ComicInfo.xml").decode()
            sizes = [int(size) for size in re.findall(r'ImageSize="(\d+)"', text)]
            pages = [info.file_size for info in archive.infolist()][1:]
        self.assertEqual(sizes, pages)
        self.assertLess(len(text) - len(text.rstrip()), 6 * 8)

    def test_the_asked_quality_is_kept(self):
        # Noise between letters: the slot that is guessed for it is too small (it is lowered there).
        tables = {}
        for quality in (60, 85):
            out = os.path.join(self.folder, f"q{quality}")
            self.convert("--tight", "-o", f"quality={quality}", self.text, out)
            with zipfile.ZipFile(os.path.join(out, "Text.cbz")) as archive:
                for name in archive.namelist()[1:]:
                    with Image.open(io.BytesIO(archive.read(name))) as image:
                        tables.setdefault(quality, set()).add(str(image.quantization))
        # One table for all pages of a quality, and just libjpeg's for that quality.
        for quality, found in tables.items():
            plain = io.BytesIO()
            Image.new("L", (16, 16)).save(plain, "JPEG", quality=quality)
            with Image.open(plain) as image:
                self.assertEqual(found, {str(image.quantization)})


class SafetyTest(ConvertTest):

    def test_nothing_is_written_to_a_source(self):
        before = self.sources()
        for arguments in ((self.library, self.library),
                          (self.library, os.path.join(self.library, "Deep")),
                          (self.library + "/", self.library),
                          (os.path.join(self.library, "Deep"), self.library),
                          (self.text, self.library)):
            done = run(*self.options, *arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertNotEqual(done.stderr, "")
        done = run(*self.options, self.book, self.book)
        self.assertEqual(done.returncode, 1)
        self.assertIn("SRC", done.stderr)
        self.assertEqual(self.sources(), before)
        # The contents of a folder beside it: a folder of the tree leads back into it.
        shutil.copytree(os.path.join(self.library, "Deep"), os.path.join(self.library, "x", "Deep"))
        before = self.sources()
        done = run(*self.options, os.path.join(self.library, "x/"),
                   os.path.join(self.library, "Deep"), self.library)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(self.sources(), before)

    def test_a_file_that_does_not_open(self):
        self.put("Broken.pdf", b"%PDF-1.4\nnothing")
        done = run(*self.options, self.library + "/", self.out)
        self.assertEqual(done.returncode, 1)
        self.assertIn("Broken.pdf", done.stderr)
        self.assertIn("1 failed", done.stdout)
        self.assertNotIn("Broken.pdf", os.listdir(self.out))
        self.assertIn("Text.cbz", os.listdir(self.out))  # the others are there
        small = os.path.join(self.folder, "small")
        done = run(*self.options, "--thumbnails", self.library + "/", small)
        self.assertEqual(done.returncode, 1)
        self.assertIn("Broken.pdf", done.stderr)

    def test_a_page_that_cannot_be_made(self):
        self.put("Endless.pdf", make_pdfs.partly_endless(pages=3, endless_page=2))
        options = (*self.options, "-o", f"draw_timeout={harness.limit(1)}")
        for flags in ((), ("--tight",)):
            out = os.path.join(self.folder, "out" + "".join(flags))
            done = run(*options, *flags, self.library + "/", out)
            self.assertEqual(done.returncode, 1)
            self.assertIn("Endless.cbz: not written", done.stderr)
            self.assertIn("Endless.pdf: page 2: ", done.stderr)
            self.assertEqual(sorted(os.listdir(out)),
                             ["Deep", "Link.txt", "Notes.txt", "Text.cbz"])
            done = run(*options, "-o", "on_error=page", *flags, self.library + "/", out)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("Endless.pdf: page 2: ", done.stderr)
            with zipfile.ZipFile(os.path.join(out, "Endless.cbz")) as archive:
                self.assertIsNone(archive.testzip())
                self.assertEqual(len(archive.namelist()), 4)

    def test_no_room(self):
        room = os.path.join(self.folder, "room")
        os.mkdir(room)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", room], check=True)
        try:
            for number in range(6):
                self.put(f"More {number}.pdf", make_pdfs.scan(3, width=300, height=450, seed=number))
            done = run(*self.options, self.library + "/", room)
            self.assertEqual(done.returncode, 1)
            self.assertIn("No space left", done.stderr)
            files = [os.path.join(folder, name) for folder, _, names in os.walk(room)
                     for name in names]
            for path in files:
                self.assertFalse(os.path.basename(path).startswith("."), path)
                if path.endswith(".cbz"):
                    with zipfile.ZipFile(path) as archive:
                        self.assertIsNone(archive.testzip())
        finally:
            subprocess.run(["umount", room], check=True)


class InterruptedTest(ConvertTest):

    PAGES = 60

    def setUp(self):
        super().setUp()
        for number in range(4):
            self.put(f"Long {number}.pdf", make_pdfs.text_book(pages=self.PAGES, seed=number))

    def start(self):
        return subprocess.Popen([harness.program(), "convert", *self.options, self.library + "/",
                                 self.out], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def until_one_is_there(self):
        wait_for(lambda: os.path.isdir(self.out) and
                 any(name.endswith(".cbz") for name in os.listdir(self.out)), "a book is written")

    def whole(self):
        """Nothing but whole files is there."""
        for where, (kind, content, _) in self.tree(self.out).items():
            self.assertFalse(os.path.basename(where).startswith("."), where)
            if kind == "file" and where.endswith(".cbz"):
                self.assertIsNone(zipfile.ZipFile(io.BytesIO(content)).testzip(), where)

    def finish(self):
        mount = self.mount()
        self.convert(self.library + "/", self.out)
        self.assertEqual(self.tree(self.out), self.tree(mount.cbz))

    def test_killed(self):
        with self.start() as process:
            self.until_one_is_there()
            tree = harness.process_tree(process.pid)
            process.kill()
        wait_for(lambda: not any(harness.alive(pid) for pid in tree), "the workers end")
        self.whole()
        self.finish()

    def test_signals(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            shutil.rmtree(self.out, ignore_errors=True)
            with self.start() as process:
                self.until_one_is_there()
                process.send_signal(number)
                _, errors = process.communicate(timeout=harness.DEADLINE)
            self.assertEqual(process.returncode, 128 + number)
            self.assertIn("run it again", errors)
            self.whole()
        self.finish()

    def test_leftovers_of_killed_runs_go(self):
        os.makedirs(os.path.join(self.out, "Deep"))
        for name in (".cbzfs-1-a-0.part", "Deep/.cbzfs-1-b-7.part"):
            with open(os.path.join(self.out, name), "wb") as file:
                file.write(b"half")
        self.finish()


class ProgressTest(ConvertTest):

    def test_lines_and_quiet(self):
        done = self.convert(self.library + "/", self.out)
        self.assertIn("Text.cbz: 5 pages", done.stdout)
        self.assertIn("Notes.txt: copied", done.stdout)
        self.assertNotIn("\x1b", done.stdout)
        self.assertEqual(self.convert("-q", "--force", self.library + "/", self.out).stdout, "")

    def test_one_line_on_a_terminal(self):
        for number in range(6):
            self.put(f"Long {number}.pdf", make_pdfs.text_book(pages=40, seed=number))
        ours, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 70, 0, 0))
        with subprocess.Popen([harness.program(), "convert", *self.options, self.library + "/",
                               self.out], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=terminal) as process:
            os.close(terminal)
            seen = b""
            while True:
                try:
                    more = os.read(ours, 65536)
                except OSError:  # the other side is closed
                    break
                seen += more
            output = process.stdout.read().decode()
        os.close(ours)
        self.assertEqual(process.returncode, 0)
        self.assertEqual(output.count("\n"), 1, output)  # the summary
        lines = seen.decode().split("\r\x1b[K")
        self.assertEqual(lines[-1], "")  # taken away
        self.assertRegex(lines[-2], r"^\[#+-*\] {2}\d+/\d+ files {2}[\d.]+ pages/s {2}[\d.]+ \w+/s")
        self.assertLess(max(len(line) for line in lines), 70)

    def test_usage(self):
        self.assertEqual(run().returncode, 2)
        self.assertEqual(run(self.library).returncode, 2)
        self.assertEqual(run("-o", "quality=1000", self.library, self.out).returncode, 2)
        self.assertEqual(run("--enhance", "--thumbnails", self.library, self.out).returncode, 2)
        self.assertEqual(run(os.path.join(self.folder, "none"), self.out).returncode, 3)
        self.assertIn("--tight", run("--help").stdout)
        self.assertFalse(os.path.exists(self.out))


if __name__ == "__main__":
    sys.exit(harness.main())
