"""Comics that are RAR, 7z or tar archives: as they are, repacked, enhanced, small, as pages."""

import hashlib
import os
import subprocess
import zipfile
import zlib

import harness
import make_archives
import make_packed
from harness import make_pdfs, read
from make_packed import kept, pages, rar4, rar5, rubbish, sevenzip, tar


def kinds(members):
    """{name: archive of the members} of every kind there is."""
    return {"four.cbr": rar4(members), "five.cbr": rar5(members), "five solid.rar": rar5(members, 4),
            "plain.cbt": tar(members), "gzip.cbt": tar(members, "gz"),
            "bzip2.cbt": tar(members, "bz2"), "xz.tar": tar(members, "xz"),
            "solid.cb7": sevenzip(members), "apart.7z": sevenzip(members, "-ms=off"),
            "copy.cb7": sevenzip(members, "-mx=0"), "ppmd.cb7": sevenzip(members, "-m0=PPMd"),
            "zip.cbr": make_archives.archive(
                [make_archives.Entry(name, data, make_archives.DEFLATED if data else 0)
                 for name, data in members.items()])}


def unpacked(path):
    with zipfile.ZipFile(path) as book:
        assert book.testzip() is None
        return {name: book.read(name) for name in book.namelist()}


def tree(folder):
    found = {}
    for parent, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(parent, name)
            found[os.path.relpath(path, folder)] = read(path)
    return found


def stem(name):
    return name.rsplit(".", 1)[0]


def flipped(data):
    """With one byte in the middle that is another."""
    at = len(data) // 2
    return data[:at] + bytes((data[at] ^ 0xFF,)) + data[at + 1:]


class PackedTest(harness.MountedTest):

    def fill(self, members):
        archives = kinds(members)
        for name, data in archives.items():
            self.put(name, data)
        return archives

    def test_without_repack_they_are_as_they_are_in_cbz(self):
        archives = self.fill(pages())
        mount = self.mount()
        self.assertEqual(sorted(os.listdir(mount.cbz)), sorted(archives))
        for name, data in archives.items():
            self.assertEqual(read(mount.file(name)), data)
        self.assertEqual(mount.errors(), "")

    def test_repacked_they_are_zips_with_the_same_bytes(self):
        members = rubbish()
        archives = self.fill(members)
        mount = self.mount("repack=yes")
        self.assertEqual(sorted(os.listdir(mount.cbz)),
                         sorted(stem(name) + ".cbz" for name in archives))
        for name in archives:
            with self.subTest(name=name):
                path = mount.file(stem(name) + ".cbz")
                size = os.stat(path).st_size
                self.assertEqual(unpacked(path), kept(members))
                self.assertEqual(len(read(path)), size)
                done = subprocess.run(["unzip", "-tqq", path], capture_output=True, check=False)
                self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"", b""))
                with zipfile.ZipFile(path) as book:
                    if name != "zip.cbr":
                        self.assertEqual({entry.compress_type for entry in book.infolist()},
                                         {zipfile.ZIP_STORED})
                        self.assertEqual(book.getinfo("2.jpg").date_time[:5],
                                         (2023, 11, 14, 22, 13))
                    if "7" not in name and "cb7" not in name:  # 7z sorts
                        self.assertEqual(book.namelist(), list(kept(members)))
        self.assertEqual(mount.errors(), "")

    def test_pages_are_the_images_themselves(self):
        members = rubbish()
        archives = self.fill(members)
        mount = self.mount("view=pages")
        for name in archives:
            with self.subTest(name=name):
                self.assertEqual(tree(os.path.join(mount.path, stem(name))), kept(members))

    def test_enhanced_and_small_they_are_as_a_real_cbz_is(self):
        members = pages()
        archives = self.fill(members)
        self.put("real.cbz", make_archives.archive(
            [make_archives.Entry(name, data) for name, data in members.items()]))
        mount = self.mount()
        enhanced = unpacked(mount.file("real.cbz", view="enhanced"))
        cover = read(mount.file("real.jpg", view="thumbnails"))
        small = tree(mount.file("real", view="thumbnails"))
        self.assertEqual(sorted(enhanced), sorted(members))
        for name in archives:
            with self.subTest(name=name):
                book = unpacked(mount.file(stem(name) + ".cbz", view="enhanced"))
                self.assertEqual(sorted(book), sorted(enhanced))
                for page, data in book.items():
                    self.assertEqual(data[-2:], b"\xff\xd9")
                    self.assertNotEqual(data, members[page])
                self.assertEqual(len(tree(mount.file(stem(name), view="thumbnails"))), len(small))
                self.assertEqual(read(mount.file(stem(name) + ".jpg", view="thumbnails"))[:2],
                                 cover[:2])
        self.assertEqual(mount.errors(), "")

    def test_what_is_no_image_survives_the_enhancement(self):
        members = rubbish()
        self.put("a.cb7", sevenzip(members))
        mount = self.mount()
        book = unpacked(mount.file("a.cbz", view="enhanced"))
        for name in ("ComicInfo.xml", "credits.txt", "empty"):
            self.assertEqual(book[name], kept(members)[name])
        self.assertEqual(sorted(book), sorted(kept(members)))

    def test_the_content_decides_and_not_the_name(self):
        members = pages()
        self.put("rar in spite of its name.cbz", rar5(members))
        self.put("zip in spite of its name.cbr", make_archives.deflated())
        self.put("honest.cbz", make_archives.stored())
        self.put("no images.zip", make_archives.without_images())
        mount = self.mount("repack=yes")
        names = ["honest.cbz", "no images.zip", "rar in spite of its name.cbz",
                 "zip in spite of its name.cbz"]
        self.assertEqual(sorted(os.listdir(mount.cbz)), names)
        self.assertEqual(unpacked(mount.file(names[2])), members)
        for name in ("honest.cbz", "no images.zip"):
            self.assertEqual(read(mount.file(name)), read(os.path.join(self.library, name)))
        self.assertEqual(len(unpacked(mount.file(names[3]))), 3)
        self.assertEqual(len(os.listdir(mount.file(stem(names[2]), view="pages"))), 3)
        self.assertEqual(mount.errors(), "")
        plain = self.mount()
        self.assertEqual(read(plain.file(names[2])), rar5(members))

    def test_names(self):
        for name in ("Foo.cbr", "Foo.pdf", "Foo.cbz", "Bar.CBR", "Bar.cb7"):
            self.put(name, make_pdfs.small(1) if name.endswith("pdf") else
                     make_archives.stored() if name.endswith("cbz") else rar5(pages()))
        mount = self.mount("repack=yes")
        self.assertEqual(sorted(os.listdir(mount.cbz)),
                         ["Bar.CBR.cbz", "Bar.cbz", "Foo.cbr.cbz", "Foo.cbz", "Foo.pdf.cbz"])
        self.assertEqual(read(mount.file("Foo.cbz")), make_archives.stored())

    def test_names_that_are_not_ascii(self):
        members = {f"{name}/01.jpg": make_archives.page_jpeg(i)
                   for i, name in enumerate(("Größe", "漫画", "Ещё"))}
        self.put("a.cb7", sevenzip(members))
        self.put("b.cbr", rar5(members))
        self.put("c.cbt", tar(members))
        mount = self.mount("view=pages")
        for name in "abc":
            self.assertEqual(tree(os.path.join(mount.path, name)), members)

    def test_an_unpacked_entry_is_unpacked_once_for_all_views(self):
        members = rubbish()
        self.put("a.cb7", sevenzip(members))
        mount = self.mount("repack=yes,read_ahead=0")
        with_bytes = sum(1 for data in kept(members).values() if data)
        unpacked(mount.file("a.cbz"))
        self.assertEqual(mount.made(), (0, 0, 0, with_bytes))
        tree(mount.file("a", view="pages"))
        self.assertEqual(mount.made(), (0, 0, 0, with_bytes))

    def test_a_solid_archive_is_read_in_order_for_about_one_pass(self):
        members = pages(40, width=700, height=1000)
        data = sevenzip(members, "-m0=lzma2:d=1m")
        self.put("a.cb7", data)
        mount = self.mount("repack=yes,view=cbz")
        path = os.path.join(mount.path, "a.cbz")
        size = os.stat(path).st_size
        mount.settle()
        before = self.worker_seconds(mount)
        with open(path, "rb") as book:
            digest = hashlib.sha256(book.read()).hexdigest()
        spent = self.worker_seconds(mount) - before
        self.assertEqual(mount.made()[3], len(members))
        self.assertEqual(digest, hashlib.sha256(read(path)).hexdigest())
        self.assertGreater(size, sum(map(len, members.values())))
        # In the wrong order 40 entries are 20 passes. The analysis was one, with check sums.
        self.assertLess(spent, 4 * max(before, 0.05))

    def worker_seconds(self, mount):
        total = 0
        for pid in mount.workers():
            with open(f"/proc/{pid}/stat", "rb") as file:
                fields = file.read().rsplit(b")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        return total / os.sysconf("SC_CLK_TCK")

    def test_what_does_not_open_stays_as_it_is_and_is_named(self):
        members = pages()
        broken = {
            "cut.cbt": tar(members)[:60_000],
            "flipped.cb7": flipped(sevenzip(members)),
            "part of many.cbr": rar5(members, make_packed.RAR5_VOLUME),
            "part of many 4.cbr": rar4(members, make_packed.RAR4_VOLUME),
            "locked.cb7": sevenzip(members, "-psecret"),
            "wholly locked.cb7": sevenzip(members, "-psecret", "-mhe=on"),
            "link.cbt": tar(members, links=[("004.jpg", "001.jpg")]),
            "torn.cb7": sevenzip(members)[:-20],
            "text.cbr": b"no archive at all\n" * 100,
        }
        for name, data in broken.items():
            self.put(name, data)
        for options in ("repack=yes", ""):
            mount = self.mount(options)
            for view in ("cbz", "enhanced", "pages"):
                # Some are known to be broken only when all of them has been looked at.
                for _ in range(2):
                    for name in os.listdir(mount.file(view=view)):
                        try:
                            os.stat(mount.file(name, view=view))
                            os.listdir(mount.file(name, view=view))
                        except OSError:
                            pass
                self.assertEqual(sorted(os.listdir(mount.file(view=view))), sorted(broken))
                for name, data in broken.items():
                    self.assertEqual(read(mount.file(name, view=view)), data)
            errors = mount.errors()
            for name in broken:
                self.assertIn(name + "\t", errors)
            for name, reason in (("cut.cbt", "damaged"),
                                 ("text.cbr", "no ZIP, RAR, 7z or tar archive"),
                                  ("part of many.cbr", "several parts"),
                                 ("part of many 4.cbr", "several parts"), ("locked.cb7", "encrypted"),
                                 ("wholly locked.cb7", "encrypted"), ("link.cbt", "link")):
                line = next(line for line in errors.splitlines() if line.startswith(name + "\t"))
                self.assertIn(reason, line)
            mount.unmount()

    def test_archives_without_images_are_no_comics(self):
        members = {"a.txt": b"text", "b/c.bin": bytes(1000)}
        for name, data in (("a.rar", rar5(members)), ("b.7z", sevenzip(members)),
                           ("c.tar", tar(members))):
            self.put(name, data)
        mount = self.mount("repack=yes")
        for view in ("cbz", "enhanced", "pages"):
            self.assertEqual(sorted(os.listdir(mount.file(view=view))),
                             ["a.rar", "b.7z", "c.tar"])
        self.assertEqual(os.listdir(mount.file(view="thumbnails")), [])
        self.assertEqual(mount.errors(), "")

    def test_bombs_do_no_harm(self):
        zeros = bytes(64 << 20)
        first = {"001.jpg": make_archives.page_jpeg(1)}
        self.put("bomb.cbt", tar({**first, **{f"{i}.bin": zeros for i in range(8)}}, "gz"))
        self.put("image bomb.cbt", tar({**first, "002.jpg": zeros * 3}, "xz"))
        self.put("bomb.cb7", sevenzip({**first, **{f"{i}.bin": zeros for i in range(8)}}))
        self.put("good.cbr", rar5(pages()))
        mount = self.mount(f"repack=yes,view=cbz,analyse_timeout={harness.limit(30)}")
        names = os.listdir(mount.path)
        for name in names:
            try:
                os.stat(os.path.join(mount.path, name))
            except FileNotFoundError:
                pass
        self.assertEqual(len(unpacked(os.path.join(mount.path, "good.cbz"))), 3)
        names = os.listdir(mount.path)
        self.assertIn("bomb.cbt", names)
        self.assertIn("bomb.cb7", names)
        errors = mount.errors()
        self.assertIn("64 times its size", errors)
        status = mount.status()
        self.assertEqual(status["workers"]["crashed"], 0)
        self.assertEqual(status["workers"]["timeouts"], 0)

    def test_a_large_entry_is_unpacked_once_while_it_is_read(self):
        noise = b"".join(hashlib.sha256(str(i).encode()).digest() for i in range(1 << 20))
        members = {**pages(1), "extra.bin": noise}
        self.put("a.cbr", rar5(members))
        mount = self.mount("repack=yes,view=cbz,cache=8M")
        path = os.path.join(mount.path, "a.cbz")
        self.assertEqual(unpacked(path)["extra.bin"], noise)
        self.assertLessEqual(mount.made()[3], 6)

    def test_a_second_mount_unpacks_nothing_to_tell_sizes(self):
        members = pages()
        archives = self.fill(members)
        index = os.path.join(self.folder, "index.sqlite")
        first = self.mount("repack=yes", index=index)
        sizes = {name: os.stat(first.file(name)).st_size for name in os.listdir(first.cbz)}
        first.unmount()
        second = self.mount("repack=yes", index=index)
        self.assertEqual({name: os.stat(second.file(name)).st_size
                          for name in os.listdir(second.cbz)}, sizes)
        self.assertEqual(len(sizes), len(archives))
        self.assertEqual(second.status()["index"]["analysed"], 0)
        self.assertEqual(second.made(), (0, 0, 0, 0))

    def test_convert_writes_them(self):
        members = rubbish()
        for name, data in (("a.cbr", rar5(members)), ("b.cb7", sevenzip(members))):
            self.put(name, data)
        for tight in ((), ("--tight",)):
            target = os.path.join(self.folder, "target" + "".join(tight))
            os.mkdir(target)
            for name in ("a.cbr", "b.cb7"):
                with self.subTest(name=name, tight=tight):
                    done = subprocess.run(
                        [harness.program(), "convert", *tight, "-o", "index=none",
                         os.path.join(self.library, name), target], capture_output=True, check=False)
                    self.assertEqual((done.returncode, done.stderr), (0, b""), done.stdout)
                    self.assertEqual(unpacked(os.path.join(target, stem(name) + ".cbz")),
                                     kept(members))
                    again = subprocess.run(
                        [harness.program(), "convert", *tight, "-o", "index=none",
                         os.path.join(self.library, name), target], capture_output=True, check=False)
                    self.assertIn(b"1 up to date", again.stdout)
        folder = os.path.join(self.folder, "folder")
        done = subprocess.run([harness.program(), "convert", "-o", "index=none",
                               self.library + "/", folder], capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(sorted(os.listdir(folder)), ["a.cbr", "b.cb7"])

    def test_inspect_lists_them(self):
        path = self.put("a.cbr", rar5(pages()))
        for more in ((), ("--enhance",)):
            done = subprocess.run([harness.program(), "inspect", *more, path], capture_output=True,
                                  check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(b"002.jpg", done.stdout)

    def test_the_declared_check_sums_are_the_real_ones(self):
        members = pages()
        self.put("a.cb7", sevenzip(members))
        mount = self.mount("repack=yes,view=cbz")
        with zipfile.ZipFile(os.path.join(mount.path, "a.cbz")) as book:
            for entry in book.infolist():
                self.assertEqual(entry.CRC, zlib.crc32(members[entry.filename]))


if __name__ == "__main__":
    harness.main()
