"""The bytes of a virtual CBZ: their number is known before, they never change, and their layout."""

import os
import shutil
import xml.etree.ElementTree as ElementTree

import cbz
import harness
from harness import make_pdfs, read, walk


def every_kind():
    """A library with every kind of page."""
    return {
        "scan.pdf": make_pdfs.scan(4, title="A scan"),
        "gray.pdf": make_pdfs.gray_scan(2, width=400, height=600),
        "icc.pdf": make_pdfs.icc_scan(2, width=400, height=600),
        "icc both.pdf": make_pdfs.img2pdf_scan(2, width=400, height=600),
        "ocr.pdf": make_pdfs.ocr_scan(2, width=400, height=600),
        "owner only.pdf": make_pdfs.owner_only(2, width=400, height=600),
        "rotated.pdf": make_pdfs.rotated_scan(1, width=400, height=600),
        "crop.pdf": make_pdfs.crop_box(1),
        "mixed.pdf": make_pdfs.mixed(),
        "ccitt.pdf": make_pdfs.ccitt_scan(1),
        "png.pdf": make_pdfs.png_scan(1),
        "jpx.pdf": make_pdfs.jpeg2000_scan(1),
        "cmyk.pdf": make_pdfs.cmyk_scan(1),
        "margins.pdf": make_pdfs.margins(1),
        "text.pdf": make_pdfs.text_book(20),
        "drawings.pdf": make_pdfs.drawings(3),
        "tiny.pdf": make_pdfs.tiny_page(),
        "many/small.pdf": make_pdfs.small(1, pages=12),
        "truncated.pdf": make_pdfs.truncated(),
        "note.txt": b"as it is\n" * 500,
    }


class BytesTest(harness.MountedTest):

    @classmethod
    def setUpClass(cls):
        cls.kinds = every_kind()

    def fill(self, library=None):
        for name, data in self.kinds.items():
            self.put(name, data, library)

    def files(self, root):
        return {name for name, status in walk(root).items()
                if harness.stat.S_ISREG(status.st_mode)}

    def test_sizes_are_exact_before_during_and_after_reading(self):
        self.fill()
        mount = self.mount()
        before = walk(mount.cbz)
        for name in sorted(self.files(mount.cbz)):
            path = os.path.join(os.fsencode(mount.cbz), name)
            with self.subTest(name=name), open(path, "rb", buffering=0) as file:
                size = before[name].st_size
                self.assertEqual(os.fstat(file.fileno()).st_size, size)
                read_bytes = 0
                while piece := file.read(100_003):
                    read_bytes += len(piece)
                    self.assertEqual(os.fstat(file.fileno()).st_size, size)
                self.assertEqual(read_bytes, size)
                self.assertEqual(os.pread(file.fileno(), 10, size), b"")
        after = walk(mount.cbz)
        self.assertEqual({n: (s.st_size, s.st_mtime_ns, s.st_ino) for n, s in before.items()},
                         {n: (s.st_size, s.st_mtime_ns, s.st_ino) for n, s in after.items()})

    def test_two_mounts_of_the_library_copied_elsewhere_agree_in_every_byte(self):
        self.fill()
        elsewhere = os.path.join(self.folder, "copied elsewhere")
        shutil.copytree(self.library, elsewhere)  # other inodes, other times of change
        for path, _, names in os.walk(elsewhere):
            for name in names:
                os.utime(os.path.join(path, name))
        one = self.mount("workers=1,memory=200M,cache=50M")
        other = self.mount("workers=3,cache=2M", library=elsewhere,
                           index=os.path.join(self.folder, "index"))
        names = self.files(one.cbz)
        self.assertEqual(names, self.files(other.cbz))
        # One in order, the other backwards, so that pages are drawn in another order too.
        for name in sorted(names):
            here = os.path.join(os.fsencode(one.cbz), name)
            there = os.path.join(os.fsencode(other.cbz), name)
            with self.subTest(name=name):
                size = os.stat(there).st_size
                backwards = []
                with open(there, "rb", buffering=0) as file:
                    for offset in reversed(range(0, size, 65536)):
                        backwards.insert(0, os.pread(file.fileno(), 65536, offset))
                self.assertEqual(read(here), b"".join(backwards))

    def test_bytes_are_the_same_after_a_restart_with_and_without_the_index(self):
        self.fill()
        index = os.path.join(self.folder, "index")
        mount = self.mount(index=index)
        first = {name: read(os.path.join(os.fsencode(mount.cbz), name))
                 for name in self.files(mount.cbz)}
        mount.unmount()
        for kind in (index, "none"):
            mount = self.mount(index=kind)
            for name, data in first.items():
                with self.subTest(index=kind, name=name):
                    self.assertEqual(read(os.path.join(os.fsencode(mount.cbz), name)), data)
            mount.unmount()

    def assertWellLaidOut(self, archive, guard):  # noqa: N802
        found = cbz.entries(archive)
        self.assertEqual(found[0].offset, 0)
        for entry, following in zip(found, [e.offset for e in found[1:]]
                                    + [cbz.directory_offset(archive)]):
            with self.subTest(entry=entry.name):
                self.assertEqual(entry.end, following, "no gap behind the entry")
                self.assertEqual(entry.method, 0)
                self.assertEqual(entry.info.compress_type, 0)
                self.assertEqual(entry.flags & 0x08, 0, "no data descriptor")
                self.assertEqual(entry.flags, entry.info.flag_bits)
                self.assertEqual(entry.crc, entry.info.CRC)
                self.assertEqual((entry.compressed, entry.size), (len(entry.data),) * 2)
                self.assertEqual(entry.extra, b"")
                self.assertEqual(entry.info.extra, b"")
                self.assertEqual(oct(entry.info.external_attr >> 16), oct(0o100644))
                self.assertEqual(bool(entry.flags & 0x800), not entry.name.isascii())
        if guard:
            for entry in found:
                self.assertEqual(entry.offset % 4096, 0, entry.name)
        return found

    def assertGoodPage(self, entry, size):  # noqa: N802
        jpeg = cbz.Jpeg(entry.data)
        self.assertEqual(jpeg.after_eoi, b"")
        self.assertEqual(jpeg.frame()[:2], size)
        picture = entry.image()
        self.assertEqual(picture.size, size)
        self.assertIn(picture.mode, ("L", "RGB"))
        self.assertTrue(jpeg.tail(), "a segment for the CRC's four bytes")
        for marker, at, length in jpeg.tail():
            self.assertEqual(marker, 0xFE)
            noise = sum(byte != 0 for byte in entry.data[at + 4:at + length])
            self.assertLessEqual(noise, 4, "zeros and the four bytes")

    def comic_info(self, entry):
        self.assertEqual(entry.name, "ComicInfo.xml")
        return ElementTree.fromstring(entry.data)

    def test_archives_are_laid_out_as_promised(self):
        self.fill()
        for guard in ("0", "4k", "64k"):
            mount = self.mount(f"guard={guard}")
            for name in sorted(self.files(mount.cbz)):
                if not name.endswith(b".cbz"):
                    continue
                with self.subTest(guard=guard, name=name):
                    archive = read(os.path.join(os.fsencode(mount.cbz), name))
                    found = self.assertWellLaidOut(archive, guard != "0")
                    info = self.comic_info(found[0])
                    self.assertEqual(info.findtext("PageCount"), str(len(found) - 1))
                    listed = info.findall("Pages/Page")
                    self.assertEqual([p.get("Image") for p in listed],
                                     [str(i) for i in range(len(found) - 1)])
                    for number, (entry, page) in enumerate(zip(found[1:], listed), 1):
                        self.assertEqual(entry.name, f"{number:04d}.jpg")
                        self.assertEqual(page.get("ImageSize"), str(len(entry.data)))
                        self.assertGoodPage(entry, (int(page.get("ImageWidth")),
                                                    int(page.get("ImageHeight"))))
            mount.unmount()

    def test_comic_info_names_the_book_and_says_its_source(self):
        self.put("With a title.pdf", make_pdfs.scan(1, width=300, height=400, title="Ärger & <Co>"))
        self.put("Without, #one.pdf", make_pdfs.scan(1, width=300, height=400))
        self.put("Copy of it.pdf", make_pdfs.scan(1, width=300, height=400))
        self.put("Other.pdf", make_pdfs.scan(1, width=300, height=400, seed=2))
        mount = self.mount()
        texts = {}
        for stem, title in (("With a title", "Ärger & <Co>"), ("Without, #one", "Without, #one"),
                            ("Copy of it", "Copy of it"), ("Other", "Other")):
            entry = cbz.entries(read(mount.file(stem + ".cbz")))[0]
            info = self.comic_info(entry)
            self.assertEqual(info.tag, "ComicInfo")
            self.assertEqual(info.findtext("Title"), title)
            texts[stem] = entry.data.replace(title.encode(), b"")
        # Programs tell books apart by the first half megabyte.
        self.assertNotEqual(texts["Without, #one"].replace(b"Without, #one", b""),
                            texts["Other"].replace(b"Other", b""))
        self.assertEqual(texts["Without, #one"].rstrip(), texts["Copy of it"].rstrip())

    def test_comic_info_is_well_formed_for_any_name(self):
        names = [b"inv\xff\xfealid.pdf", b"ctrl\x01\x02.pdf", b"]]> & <.pdf", b"nl\n.pdf",
                 "\u202e\ufffe.pdf".encode(), b"x" * 251 + b".pdf"]
        for number, name in enumerate(names):
            self.put(name, make_pdfs.small(number))
        mount = self.mount()
        self.assertEqual(len(os.listdir(mount.cbz)), len(names))
        for name in os.listdir(os.fsencode(mount.cbz)):
            with self.subTest(name=name):
                archive = read(os.path.join(os.fsencode(mount.cbz), name))
                self.assertTrue(self.comic_info(cbz.entries(archive)[0]).findtext("Title"))

    def test_seed_names_are_those_of_the_old_tool(self):
        self.put("Some Book.pdf", make_pdfs.small(1, pages=11))
        self.put("Über.pdf", make_pdfs.small(2))
        self.put(b"inv\xff.pdf", make_pdfs.small(3))
        mount = self.mount("names=seed")
        archive = read(mount.file("Some Book.cbz"))
        self.assertEqual([e.name for e in self.assertWellLaidOut(archive, True)[1:]],
                         [f"Some Book page_{i}.jpg" for i in range(1, 12)])
        self.assertEqual(cbz.pages(read(mount.file("Über.cbz")))[0].name, "Über page_1.jpg")
        for name in os.listdir(os.fsencode(mount.cbz)):
            cbz.entries(read(os.path.join(os.fsencode(mount.cbz), name)))

    def test_the_seed_profile_is_its_parts(self):
        self.put("crop.pdf", make_pdfs.crop_box(2))
        self.put("text.pdf", make_pdfs.small(1, pages=2))
        profile = self.mount("profile=seed")
        parts = self.mount("dpi=150,quality=75,box=media,names=seed,original=no")
        for name in ("crop.cbz", "text.cbz"):
            self.assertEqual(read(profile.file(name)), read(parts.file(name)))
        page = cbz.pages(read(profile.file("crop.cbz")))[0]
        self.assertEqual(page.image().size, (600, 900))
        self.assertEqual(profile.status()["pages"]["original"], 0)

    def test_names_get_longer_only_past_9999_pages(self):
        self.put("long.pdf", make_pdfs.many_pages(10000))
        mount = self.mount()
        with open(mount.file("long.cbz"), "rb") as file, \
                cbz.zipfile.ZipFile(file) as book:
            names = book.namelist()
        self.assertEqual(len(names), 10001)
        self.assertEqual((names[1], names[-1]), ("00001.jpg", "10000.jpg"))
        self.assertLess(mount.settle()["pages"]["drawn"], 50)

    def test_a_page_count_that_lies_is_not_believed(self):
        self.put("lying.pdf", make_pdfs.lying_count())
        mount = self.mount()
        for name in os.listdir(mount.cbz):
            if name.endswith(".cbz"):
                self.assertLess(len(cbz.entries(read(mount.file(name)))), 30)


class GuardTest(harness.MountedTest):
    """Beginnings of entries and the ends of files never need a page."""

    def header_offsets(self, tail, handle):
        at = tail.rindex(b"PK\x05\x06")
        count, size, start = cbz.struct.unpack_from("<HII", tail, at + 10)
        directory, offsets, at = os.pread(handle, size, start), [], 0
        for _ in range(count):
            name, extra, comment = cbz.struct.unpack_from("<HHH", directory, at + 28)
            offsets.append(cbz.struct.unpack_from("<I", directory, at + 42)[0])
            at += 46 + name + extra + comment
        return offsets

    def test_the_constant_parts_draw_nothing(self):
        self.put("text.pdf", make_pdfs.small(1, pages=20))
        for guard, size in (("4k", 4096), ("64k", 65536)):
            mount = self.mount(f"guard={guard}")
            # Past the kernel's cache, so that nothing is read ahead.
            handle = os.open(mount.file("text.cbz"), os.O_RDONLY | os.O_DIRECT)
            try:
                end = os.fstat(handle).st_size
                tail = 16384 if guard == "4k" else 69000
                last = os.pread(handle, tail, end - tail)
                for offset in self.header_offsets(last, handle):
                    self.assertEqual(len(os.pread(handle, size, offset)), size)
            finally:
                os.close(handle)
            self.assertEqual(mount.settle()["pages"]["drawn"], 0, guard)
            mount.unmount()


if __name__ == "__main__":
    harness.main()
