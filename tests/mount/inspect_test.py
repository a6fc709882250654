"""cbzfs inspect: why a page is drawn, and what became of it."""

import json
import os
import subprocess
import sys

import harness
import make_archives
from harness import make_pdfs


def run(*arguments):
    return subprocess.run([harness.program(), "inspect", *arguments], capture_output=True,
                          text=True, stdin=subprocess.DEVNULL, timeout=harness.DEADLINE,
                          check=False)


class InspectTest(harness.MountedTest):

    def inspect(self, data, *flags, name="Book.pdf"):
        done = run("--json", *flags, self.put(name, data))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return json.loads(done.stdout)

    def test_reasons(self):
        for data, how, why in (
                (make_pdfs.scan(2), "original", ""),
                (make_pdfs.ocr_scan(1), "original", ""),
                (make_pdfs.rotated_scan(1), "drawn", "rotated, flipped or distorted"),
                (make_pdfs.two_images(), "drawn", "more than one image"),
                (make_pdfs.png_scan(1), "drawn", "its image is no JPEG"),
                (make_pdfs.decode_array_scan(), "drawn", "its image is or has a mask"),
                (make_pdfs.margins(), "drawn", "its image does not fill the page"),
                (make_pdfs.small(), "drawn", "text"),
                (make_pdfs.drawings(1), "drawn", "lines, areas or patterns"),
                (make_pdfs.owner_only(1), "unwrapped", "")):
            for page in self.inspect(data)["pages"]:
                self.assertEqual((page["how"], page["why"]), (how, why))
        page, = self.inspect(make_pdfs.cmyk_scan())["pages"]
        self.assertIn("colours", page["why"])
        page, = self.inspect(make_pdfs.scan(1), "-o", "original=no")["pages"]
        self.assertEqual((page["how"], page["why"]), ("drawn", "original=no"))

    def test_figures_are_those_of_the_mount(self):
        for flags, view in (((), "cbz"), (("--enhance",), "enhanced")):
            comic = self.inspect(make_pdfs.mixed(), *flags)
            mount = self.mount("read_ahead=0")
            self.assertEqual(comic["bytes"], os.path.getsize(mount.file("Book.cbz", view=view)))
            harness.read(mount.file("Book.cbz", view=view))
            slots = mount.settle()["slots"][view]
            mount.unmount()
            drawn = [page for page in comic["pages"] if page.get("quality")]
            self.assertEqual(len(drawn), slots["pages"])
            self.assertEqual(sum(page["image_bytes"] for page in drawn), slots["used"])
            self.assertEqual(sum(page["slot"] for page in drawn), slots["bytes"])
            self.assertEqual(sum(page["quality"] < 85 for page in drawn), slots["lowered"])

    def test_metadata_is_that_of_the_mount(self):
        self.put("Saga v02 003.xml", b"<ComicInfo><Title>From beside it</Title></ComicInfo>")
        name = self.put("Saga v02 003.pdf", make_pdfs.mixed())
        comic = json.loads(run("--json", name).stdout)
        self.assertEqual(comic["metadata"], {"Title": "From beside it", "Series": "Saga",
                                             "Number": "3", "Volume": "2"})
        self.assertEqual(comic["title"], "From beside it")
        self.assertEqual(comic["bytes"],
                         os.path.getsize(self.mount().file("Saga v02 003.cbz")))

    def test_no_draw(self):
        for page in self.inspect(make_pdfs.small(1, pages=3), "--no-draw")["pages"]:
            self.assertGreater(page["slot"], 0)
            self.assertNotIn("quality", page)

    def test_archives(self):
        archive = make_archives.deflated(3)
        comic = self.inspect(archive, name="Real.cbz")
        self.assertEqual({page["how"] for page in comic["pages"]}, {"as it is"})
        comic = self.inspect(archive, "--enhance", name="Real.cbz")
        self.assertEqual([page["how"] for page in comic["pages"]], ["made"] * 3)
        self.assertTrue(all(page["quality"] >= 40 for page in comic["pages"]))

    def test_the_table(self):
        done = run(self.put("Book.pdf", make_pdfs.mixed()))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        lines = done.stdout.splitlines()
        self.assertEqual(lines[0], "Book.pdf: Mixed")
        self.assertRegex(lines[1], r"^page +how +pixels .*why$")
        self.assertRegex(done.stdout, r"(?m)^0001\.jpg +")
        self.assertRegex(done.stdout, r"(?m)^\d+ pages: \d+ as in the file, \d+ made; .* in all$")
        self.assertRegex(done.stdout, r"(?m)^made: .* padding")

    def test_failures(self):
        self.assertEqual(run().returncode, 2)
        self.assertEqual(run(os.path.join(self.folder, "none.pdf")).returncode, 3)
        done = run(self.put("Broken.pdf", b"%PDF-1.4\nnothing"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("Broken.pdf", done.stderr)
        self.assertEqual(run(self.put("Words.txt", b"words")).returncode, 1)
        done = run("-o", f"draw_timeout={harness.limit(1)}",
                   self.put("Endless.pdf", make_pdfs.partly_endless(pages=3, endless_page=2)))
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"(?m)^0002\.jpg .*cannot be made: ")
        self.assertIn("1 page cannot be made", done.stdout)


if __name__ == "__main__":
    sys.exit(harness.main())
