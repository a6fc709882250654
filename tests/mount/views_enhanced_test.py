"""The enhanced view: what is in its archives, and that the pictures are the seed's."""

import io
import os
import shutil
import subprocess
import zipfile

import cbz
import harness
import make_archives
import pixels
from harness import make_pdfs, read, walk
from make_archives import DEFLATED, Entry, archive

from PIL import Image

# Mean absolute difference from the seed's pixels through a JPEG of quality 95. Measured: 0 with the
# same libjpeg; and 2.1 of a page of black and white noise whose slot lowered its quality.
SAME, LOWERED = 0.05, 4


class PicturesTest(harness.MountedTest):
    """Compared with the seed's pipeline run by Pillow."""

    def enhanced(self, data, name="Book.cbz", options="quality=95"):
        """The pages of the enhanced twin of one archive or PDF: {name: image}."""
        self.put(name, data)
        mount = self.mount(options)
        book = read(mount.file("Book.cbz", view="enhanced"))
        status = mount.settle()
        self.assertEqual((status["pages"]["failed"], mount.errors()), (0, ""))
        self.lowered = status["slots"]["enhanced"]["lowered"]
        return {entry.name: entry.image() for entry in cbz.entries(book)
                if entry.name.endswith(".jpg")}

    def test_every_kind_of_picture_is_enhanced_as_the_seed_does(self):
        pictures = make_archives.pictures()
        self.assertGreater(len(pictures), 15)
        found = self.enhanced(make_archives.of_pictures())
        names = self.names_of(list(pictures))
        self.assertEqual(list(found), list(names.values()))
        apart = []
        for name, data in pictures.items():
            wanted = pixels.enhance(pixels.decode(data))
            got = found[names[name]]
            with self.subTest(name=name):
                self.assertEqual(got.size, wanted.size)
                if wanted.mode == "L":
                    self.assertEqual(got.mode, "L")
                apart.append(pixels.difference(got, wanted))
                self.assertLess(apart[-1], LOWERED)
        self.assertLessEqual(self.lowered, 2)
        self.assertLessEqual(len([value for value in apart if value >= SAME]), self.lowered)

    def names_of(self, names):
        """What images are called in an enhanced archive."""
        shown = {name: name for name in names if name.endswith(".jpg")}
        for name in names:
            if name not in shown:
                plain = name.rpartition(".")[0] + ".jpg"
                shown[name] = plain if plain not in shown.values() else name + ".jpg"
        return {name: shown[name] for name in names}

    def test_without_enhancement_pictures_stay_what_they_are(self):
        pictures = make_archives.pictures()
        found = self.enhanced(make_archives.of_pictures(), options="quality=95,enhance=none")
        for name, shown in self.names_of(list(pictures)).items():
            with self.subTest(name=name):
                plain = pixels.through_jpeg(pixels.flat(pixels.decode(pictures[name])), 95)
                self.assertLess(pixels.difference(found[shown], plain),
                                LOWERED if name == "bits.tiff" else SAME)
                # The bounds are no excuse for a page that was enhanced all the same.
                if "bits" not in name:
                    self.assertGreater(pixels.difference(pixels.enhance(plain), plain), LOWERED)

    def test_pages_lie_as_exif_says(self):
        turned = {f"{way}.jpg": make_archives.rotated_jpeg(way) for way in range(1, 9)}
        found = self.enhanced(archive([Entry(name, data, DEFLATED)
                                       for name, data in turned.items()]))
        for name, data in turned.items():
            with self.subTest(name=name):
                self.assertEqual(found[name].size, (200, 120) if name < "5" else (120, 200))
                self.assertLess(pixels.difference(found[name],
                                                  pixels.enhance(pixels.decode(data))), SAME)
                self.assertNotIn(0x0112, found[name].getexif())

    def test_pages_of_pdfs_are_their_plain_pages_enhanced(self):
        found = self.enhanced(make_pdfs.mixed(), name="Book.pdf")
        mount = self.mount("quality=95")
        plain = {entry.name: entry.image()
                 for entry in cbz.pages(read(mount.file("Book.cbz")))}
        self.assertEqual(list(found), list(plain))
        for name, image in plain.items():
            with self.subTest(name=name):
                self.assertEqual((found[name].size, found[name].mode), (image.size, image.mode))
                self.assertLess(pixels.difference(found[name], pixels.enhance(image)), SAME)

    def test_loose_images(self):
        pictures = make_archives.pictures()
        for name in ("rgb.jpg", "rgba.png", "deep.png", "frames.gif", "bits.tiff"):
            self.put(name, pictures[name])
        self.put("turned.jpe", make_archives.rotated_jpeg(8))
        mount = self.mount("quality=95")
        names = {"rgb.jpg": "rgb.jpg", "rgba.png": "rgba.jpg", "deep.png": "deep.jpg",
                 "frames.gif": "frames.jpg", "bits.tiff": "bits.jpg", "turned.jpe": "turned.jpg"}
        self.assertEqual(sorted(os.listdir(mount.file(view="enhanced"))), sorted(names.values()))
        for source, shown in names.items():
            with self.subTest(source=source):
                got = pixels.decode(read(mount.file(shown, view="enhanced")))
                wanted = pixels.enhance(pixels.decode(read(os.path.join(self.library, source))))
                self.assertEqual(got.size, wanted.size)
                self.assertLess(pixels.difference(got, wanted), SAME)

    def test_a_colour_profile_stays_with_its_page(self):
        profile = make_pdfs.srgb_profile()
        page = make_archives.page_jpeg(3, icc_profile=profile)
        png = make_archives.encoded(Image.new("RGB", (50, 70), "red"), "PNG", icc_profile=profile)
        found = self.enhanced(archive([Entry("1.jpg", page), Entry("2.png", png, DEFLATED)]))
        self.assertEqual([image.info.get("icc_profile") for image in found.values()],
                         [profile, profile])


class EntriesTest(harness.MountedTest):

    def test_metadata_is_kept_and_rubbish_is_not(self):
        self.put("Book.cbz", make_archives.with_rubbish())
        found = cbz.entries(read(self.mount().file("Book.cbz", view="enhanced")))
        # The order of the archive, below the folder that all had in common.
        self.assertEqual([entry.name for entry in found],
                         ["10.jpg", "2.jpg", "ComicInfo.xml", "1.jpg", "credits.txt"])
        data = {entry.name: entry.data for entry in found}
        self.assertEqual(data["ComicInfo.xml"], make_archives.COMIC_INFO)
        self.assertEqual(data["credits.txt"], b"thanks\n" * 40)
        self.assertEqual([pixels.decode(data[name]).size for name in ("10.jpg", "2.jpg", "1.jpg")],
                         [(200, 300), (100, 150), (200, 300)])

    def test_folders_are_kept_where_there_are_several(self):
        self.put("Book.cbz", make_archives.nested())
        found = [e.name for e in cbz.entries(read(self.mount().file("Book.cbz",
                                                                    view="enhanced")))]
        self.assertEqual(found, ["Part 1/01.jpg", "Part 1/02.jpg", "Part 2/01.jpg",
                                 "Part 2/02.jpg", "ComicInfo.xml"])

    def test_names_in_other_alphabets_come_out(self):
        words = {"utf-8": "漫画 表紙.jpg", "cp437": "Käse.jpg", "shift_jis": "漫画の表紙.jpg"}
        for charset, word in words.items():
            flags = 1 << 11 if charset == "utf-8" else 0
            entries = [Entry(f"{number}{word}".encode(charset),
                             make_archives.page_jpeg(number, 60, 90), flags=flags, made_by=0)
                       for number in range(3)]
            self.put(charset + ".cbz", archive(entries))
        mount = self.mount()
        for charset, word in words.items():
            names = [f"{number}{word}" for number in range(3)]
            with self.subTest(charset=charset):
                self.assertEqual([e.name for e in cbz.entries(
                    read(mount.file(charset + ".cbz", view="enhanced")))], names)
                self.assertEqual(sorted(os.listdir(mount.file(charset, view="pages"))), names)

    def check(self, *command):
        done = subprocess.run(command, capture_output=True, check=False, timeout=120,
                              env={**os.environ, "LC_ALL": "C.UTF-8"})
        self.assertEqual((done.returncode, done.stderr), (0, b""), f"{command}: {done.stdout}")
        return done.stdout

    def test_archive_programs_read_every_enhanced_archive(self):
        self.put("mixed.pdf", make_pdfs.mixed())
        self.put("icc.pdf", make_pdfs.icc_scan(1, width=300, height=400))
        self.put("rubbish.cbz", make_archives.with_rubbish())
        self.put("pictures.zip", make_archives.of_pictures(width=60, height=80))
        self.put("nested.cbz", make_archives.nested())
        self.put("Ü, 漫画.cbz", make_archives.deflated(2))
        for options in ("", "guard=0,quality=95", "guard=64k"):
            mount = self.mount(options)
            for name in os.listdir(mount.file(view="enhanced")):
                with self.subTest(options=options, name=name):
                    self.read_with_programs(mount.file(name, view="enhanced"))
            self.assertEqual(mount.errors(), "")
            mount.unmount()

    def read_with_programs(self, path):
        self.assertIn(b"No errors detected", self.check("unzip", "-t", path))
        self.assertIn(b"Everything is Ok", self.check("7z", "t", "-tzip", path))
        with zipfile.ZipFile(path) as book:
            self.assertIsNone(book.testzip())
            names = book.namelist()
        out = os.path.join(self.folder, "out")
        os.mkdir(out)
        self.check("bsdtar", "-xf", path, "-C", out)
        unpacked = [name for name, status in walk(out).items() if not harness.stat.S_ISDIR(
            status.st_mode)]
        self.assertEqual(sorted(unpacked), sorted(name.encode() for name in names))
        # libzip: every entry's check sum, and that the copy is the same.
        copy = os.path.join(self.folder, "copy.zip")
        shutil.copyfile(path, copy)
        self.assertEqual(self.check("zipcmp", "-p", "-t", path, copy), b"")
        for number in range(len(names)):
            self.check("ziptool", path, "cat", str(number))
        shutil.rmtree(out)
        os.remove(copy)

    def test_an_archive_over_what_a_zip_library_writes_is_the_same_to_it(self):
        """The pages, packed by Python, are to zipcmp the same archive as ours."""
        self.put("Book.cbz", make_archives.with_rubbish())
        path = self.mount().file("Book.cbz", view="enhanced")
        packed = io.BytesIO()
        with zipfile.ZipFile(path) as book, zipfile.ZipFile(packed, "w") as other:
            for info in book.infolist():
                other.writestr(info.filename, book.read(info))
        other = os.path.join(self.folder, "other.zip")
        with open(other, "wb") as out:
            out.write(packed.getvalue())
        self.check("zipcmp", path, other)


if __name__ == "__main__":
    harness.main()
