"""Real archive programs read every virtual CBZ whole and find nothing wrong, under every option."""

import os
import shutil
import subprocess
import zipfile

import harness
from harness import make_pdfs

OPTIONS = ["", "guard=0", "guard=64k", "names=seed", "profile=seed", "original=no", "box=media",
           "dpi=72", "dpi=300,quality=95", "quality=40", "quality=100,guard=0,names=seed"]


class ArchivesTest(harness.MountedTest):

    def setUp(self):
        super().setUp()
        self.put("mixed.pdf", make_pdfs.mixed())
        self.put("icc.pdf", make_pdfs.icc_scan(1, width=400, height=600))
        self.put("owner.pdf", make_pdfs.owner_only(1, width=400, height=600))
        self.put("crop, Ü.pdf", make_pdfs.crop_box(1, width=400, height=600))
        self.put("text.pdf", make_pdfs.small(1, pages=3))
        self.put("drawing.pdf", make_pdfs.drawings(1))

    def check(self, *command):
        """Runs a program that must succeed in silence on its error stream."""
        done = subprocess.run(command, capture_output=True, check=False, timeout=120,
                              env={**os.environ, "LC_ALL": "C.UTF-8"})
        self.assertEqual((done.returncode, done.stderr), (0, b""),
                         f"{command}: {done.stdout.decode(errors='replace')}")
        return done.stdout

    def extract_with_bsdtar(self, path, into):
        shutil.rmtree(into, ignore_errors=True)
        os.mkdir(into)
        self.check("bsdtar", "-xf", path, "-C", into)
        with zipfile.ZipFile(path) as book:
            for name in book.namelist():
                self.assertEqual(harness.read(os.path.join(into, name)), book.read(name))

    def check_archive(self, path, copy):
        self.assertIn(b"No errors detected", self.check("unzip", "-t", path))
        self.assertIn(b"Everything is Ok", self.check("7z", "t", "-tzip", path))
        self.check("bsdtar", "-tf", path)
        with open(path, "rb") as file:
            done = subprocess.run(["bsdtar", "-cf", "/dev/null", "@-"], stdin=file,
                                  capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, b""), "bsdtar, streaming")
        self.extract_with_bsdtar(path, copy + ".d")
        with zipfile.ZipFile(path) as book:
            self.assertIsNone(book.testzip())
        shutil.copyfile(path, copy)
        self.assertEqual(self.check("zipcmp", "-t", path, copy), b"")

    def test_every_program_accepts_every_archive(self):
        missing = [tool for tool in ("unzip", "7z", "bsdtar", "zipcmp") if not shutil.which(tool)]
        if missing:
            self.skipTest(f"not installed: {missing}")
        for options in OPTIONS:
            mount = self.mount(options)
            for name in sorted(os.listdir(mount.cbz)):
                with self.subTest(options=options, name=name):
                    self.assertTrue(name.endswith(".cbz"))
                    self.check_archive(mount.file(name), os.path.join(self.folder, "copy.cbz"))
            mount.unmount()


if __name__ == "__main__":
    harness.main()
