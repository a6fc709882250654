"""What stands in the tree: names, kinds, collisions, hidden files, links, and files as they are."""

import errno
import io
import os
import stat
import time
import zipfile

import cbz
import harness
from harness import make_pdfs, read, walk

TEXT = b"Just a note.\n" * 100


def real_cbz():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as book:
        book.writestr(zipfile.ZipInfo("1.txt"), "a real one")
    return out.getvalue()


class TreeTest(harness.MountedTest):

    def assertBook(self, path, pages):  # noqa: N802
        found = cbz.entries(read(path))
        self.assertEqual(found[0].name, "ComicInfo.xml")
        self.assertEqual(len(found) - 1, pages, path)

    def assertTree(self, mount, golden):  # noqa: N802
        """`golden`: name -> "dir", ("book", pages, mode), ("same", source, mode), ("link", to)."""
        found = walk(mount.cbz)
        self.assertEqual(sorted(found), sorted(golden))
        for name, wanted in golden.items():
            path = os.path.join(os.fsencode(mount.cbz), name)
            status = found[name]
            with self.subTest(name=name):
                if wanted == "dir":
                    self.assertEqual(stat.filemode(status.st_mode), "dr-xr-xr-x")
                elif wanted[0] == "link":
                    self.assertTrue(stat.S_ISLNK(status.st_mode))
                    self.assertEqual(os.readlink(path), wanted[1])
                else:
                    self.assertTrue(stat.S_ISREG(status.st_mode))
                    self.assertEqual(oct(stat.S_IMODE(status.st_mode)), oct(wanted[2]))
                    self.assertEqual(len(read(path)), status.st_size)
                    if wanted[0] == "book":
                        self.assertBook(path, wanted[1])
                    else:
                        source = os.path.join(os.fsencode(self.library), wanted[1])
                        self.assertEqual(read(path), read(source))

    def make_ordinary_library(self):
        """Returns the golden tree."""
        small = make_pdfs.small
        long_name = b"L" * 251
        put = self.put
        put("Plain.pdf", small(1))
        put("UPPER.PDF", small(2, pages=2))
        put("Mixed.PdF", small(3))
        put("With space, comma\nnewline\t'quote'.pdf", small(4))
        put("Ünïcödé 漫画.pdf", small(5))
        put(b"inv\xff\xfealid.pdf", small(6))
        put(b"inv\xff\xfealid.txt", TEXT)
        put(long_name + b".pdf", small(7))
        put("100% & <odd> \"name\".pdf", small(8))
        put("two.dots.pdf", small(9))
        put("Series/Volume 1/Inner.pdf", small(10, pages=3))
        put("Series/cover.jpg", make_pdfs.jpeg(make_pdfs.Image.new("RGB", (8, 8))))
        put("note.txt", TEXT)
        put("empty.txt", b"")
        put("pdf", TEXT)
        put("nameless.pdf.txt", TEXT)
        put("Real.cbz", real_cbz())
        put("claims.pdf", make_pdfs.claims())
        put("empty.pdf", b"")
        put("garbage.pdf", make_pdfs.garbage())
        put("locked.pdf", make_pdfs.encrypted())
        put("Folder.pdf/Inside.pdf", small(11))
        os.mkdir(os.path.join(self.library, "Empty folder"))
        for name, mode in (("UPPER.PDF", 0o600), ("note.txt", 0o755), ("Plain.pdf", 0o666),
                           ("claims.pdf", 0o444)):
            os.chmod(os.path.join(self.library, name), mode)
        return {
            b"Plain.cbz": ("book", 1, 0o444),
            b"UPPER.cbz": ("book", 2, 0o400),
            b"Mixed.cbz": ("book", 1, 0o444),
            b"With space, comma\nnewline\t'quote'.cbz": ("book", 1, 0o444),
            "Ünïcödé 漫画.cbz".encode(): ("book", 1, 0o444),
            b"inv\xff\xfealid.cbz": ("book", 1, 0o444),
            b"inv\xff\xfealid.txt": ("same", b"inv\xff\xfealid.txt", 0o444),
            long_name + b".cbz": ("book", 1, 0o444),
            b"100% & <odd> \"name\".cbz": ("book", 1, 0o444),
            b"two.dots.cbz": ("book", 1, 0o444),
            b"Series": "dir",
            b"Series/Volume 1": "dir",
            b"Series/Volume 1/Inner.cbz": ("book", 3, 0o444),
            b"Series/cover.jpg": ("same", b"Series/cover.jpg", 0o444),
            b"note.txt": ("same", b"note.txt", 0o555),
            b"empty.txt": ("same", b"empty.txt", 0o444),
            b"pdf": ("same", b"pdf", 0o444),
            b"nameless.pdf.txt": ("same", b"nameless.pdf.txt", 0o444),
            b"Real.cbz": ("same", b"Real.cbz", 0o444),
            b"claims.pdf": ("same", b"claims.pdf", 0o444),
            b"empty.pdf": ("same", b"empty.pdf", 0o444),
            b"garbage.pdf": ("same", b"garbage.pdf", 0o444),
            b"locked.pdf": ("same", b"locked.pdf", 0o444),
            b"Folder.pdf": "dir",
            b"Folder.pdf/Inside.cbz": ("book", 1, 0o444),
            b"Empty folder": "dir",
        }

    def test_the_tree_is_the_librarys_with_books_for_pdfs(self):
        golden = self.make_ordinary_library()
        self.assertTree(self.mount(), golden)

    def test_the_tree_is_the_same_with_one_view_as_root(self):
        golden = self.make_ordinary_library()
        mount = self.mount("view=cbz")
        found = walk(mount.path)
        self.assertEqual(sorted(found), sorted(golden))
        self.assertNotIn(".cbzfs", os.listdir(mount.path))
        self.assertBook(os.path.join(mount.path, "Plain.cbz"), 1)
        self.assertIn("pages", mount.status())

    def test_every_name_is_found_before_any_listing(self):
        golden = self.make_ordinary_library()
        mount = self.mount()
        for name, wanted in golden.items():
            path = os.path.join(os.fsencode(mount.cbz), name)
            with self.subTest(name=name):
                kind = stat.S_ISDIR if wanted == "dir" else stat.S_ISREG
                self.assertTrue(kind(os.lstat(path).st_mode))

    def test_names_that_are_not_there_are_not_found(self):
        self.make_ordinary_library()
        mount = self.mount()
        for name in ("Plain.pdf", "plain.cbz", "Plain.CBZ", "Plain.pdf.cbz", "Plain", "UPPER.PDF",
                     "claims.cbz", "garbage.cbz", "locked.cbz", "empty.cbz", "note.cbz",
                     "note.txt.cbz", "Real.pdf", "Folder.cbz", "nothing", ".cbzfs", "L" * 255):
            with self.subTest(name=name):
                self.assertErrno(errno.ENOENT, os.lstat, mount.file(name))
        self.assertErrno(errno.ENAMETOOLONG, os.lstat, mount.file("n" * 256))
        self.assertErrno(errno.ENOTDIR, os.lstat, mount.file("Plain.cbz", "0001.jpg"))
        self.assertErrno(errno.ENOTDIR, os.listdir, mount.file("Plain.cbz"))
        self.assertErrno(errno.EISDIR, os.open, mount.file("Series"), os.O_WRONLY)
        self.assertErrno(errno.EINVAL, os.readlink, mount.file("Plain.cbz"))

    def test_the_root_lists_views_and_nothing_else(self):
        self.put("a.pdf", make_pdfs.small())
        mount = self.mount()
        self.assertIn("cbz", os.listdir(mount.path))
        self.assertNotIn(".cbzfs", os.listdir(mount.path))
        self.assertNotIn("a.cbz", os.listdir(mount.path))
        self.assertLessEqual({"status", "errors"},
                             set(os.listdir(os.path.join(mount.path, ".cbzfs"))))
        self.assertTrue(stat.S_ISDIR(os.stat(os.path.join(mount.path, ".cbzfs")).st_mode))

    def test_a_real_cbz_wins_over_the_virtual_one(self):
        self.put("Foo.cbz", real_cbz())
        self.put("Foo.pdf", make_pdfs.small(1, pages=2))
        self.assertTree(self.mount(), {b"Foo.cbz": ("same", b"Foo.cbz", 0o444),
                                       b"Foo.pdf.cbz": ("book", 2, 0o444)})

    def test_pdfs_that_differ_in_case_are_all_there(self):
        self.put("Foo.pdf", make_pdfs.small(1, pages=2))
        self.put("Foo.PDF", make_pdfs.small(2, pages=3))
        mount = self.mount()
        self.assertTree(mount, {b"Foo.cbz": ("book", 2, 0o444),
                                b"Foo.PDF.cbz": ("book", 3, 0o444)})
        # The same on another mount and whatever is asked first.
        self.assertBook(self.mount().file("Foo.PDF.cbz"), 3)

    def test_three_that_collide_are_all_there(self):
        self.put("Foo.cbz", real_cbz())
        self.put("Foo.pdf", make_pdfs.small(1, pages=2))
        self.put("Foo.PDF", make_pdfs.small(2, pages=3))
        self.put("Foo.pdf.cbz", real_cbz() + b" ")
        mount = self.mount()
        names = os.listdir(mount.cbz)
        self.assertEqual(len(set(names)), 4, names)
        self.assertEqual(read(mount.file("Foo.cbz")), real_cbz())
        self.assertEqual(read(mount.file("Foo.pdf.cbz")), real_cbz() + b" ")
        counts = []
        for name in names:
            if name not in ("Foo.cbz", "Foo.pdf.cbz"):
                counts.append(len(cbz.pages(read(mount.file(name)))))
        self.assertEqual(sorted(counts), [2, 3])

    def test_names_of_255_bytes_that_collide_are_cut_and_all_there(self):
        self.put("M" * 251 + ".cbz", real_cbz())
        self.put("M" * 251 + ".pdf", make_pdfs.small(1, pages=2))
        self.put("M" * 251 + ".PDF", make_pdfs.small(2, pages=3))
        mount = self.mount()
        names = os.listdir(mount.cbz)
        self.assertEqual(len(set(names)), 3, names)
        self.assertTrue(all(len(name) <= 255 and name.endswith(".cbz") for name in names), names)
        self.assertEqual(read(mount.file("M" * 251 + ".cbz")), real_cbz())
        counts = sorted(len(cbz.pages(read(mount.file(name)))) for name in names
                        if name != "M" * 251 + ".cbz")
        self.assertEqual(counts, [2, 3])

    def make_hidden(self):
        for name in (".dot.pdf", "_line.pdf", ".dot.txt", "_line.txt", ".dir/in.pdf",
                     "_dir/in.pdf", "shown/.dot.pdf"):
            self.put(name, make_pdfs.small() if name.endswith("pdf") else TEXT)
        self.put("shown/seen_.pdf", make_pdfs.small())

    def test_hidden_files_are_neither_listed_nor_found(self):
        self.make_hidden()
        mount = self.mount()
        self.assertEqual(sorted(walk(mount.cbz)), [b"shown", b"shown/seen_.cbz"])
        for name in (".dot.cbz", "_line.cbz", ".dot.pdf", ".dot.txt", "_line.txt", ".dir", "_dir",
                     ".dir/in.cbz", "_dir/in.cbz", "shown/.dot.cbz"):
            with self.subTest(name=name):
                self.assertErrno(errno.ENOENT, os.lstat, mount.file(name))

    def test_show_hidden_shows_them(self):
        self.make_hidden()
        self.assertEqual(
            sorted(walk(self.mount("show_hidden").cbz)),
            sorted([b".dot.cbz", b"_line.cbz", b".dot.txt", b"_line.txt", b".dir", b".dir/in.cbz",
                    b"_dir", b"_dir/in.cbz", b"shown", b"shown/.dot.cbz", b"shown/seen_.cbz"]))

    def test_links(self):
        self.put("Foo.pdf", make_pdfs.scan(2, width=400, height=600, title="The same book"))
        self.put("Series/Bar.pdf", make_pdfs.small(1, pages=3))
        self.put("note.txt", TEXT)
        outside = os.path.join(self.folder, "outside")
        os.mkdir(outside)
        secret = self.put("secret.pdf", make_pdfs.small(2), library=outside)
        self.put("secret.txt", TEXT, library=outside)
        links = {"near.pdf": "Foo.pdf", "far.pdf": "Series/Bar.pdf", "Series/up.pdf": "../Foo.pdf",
                 "chain.pdf": "near.pdf", "note-link.txt": "note.txt", "dir-link": "Series",
                 "dangling.pdf": "nothing.pdf", "dangling": "nothing", "self.pdf": "self.pdf",
                 "out.pdf": secret, "out-up.pdf": "../outside/secret.pdf",
                 "out.txt": "../outside/secret.txt", "out-dir": outside,
                 "renamed.txt": "Foo.pdf"}
        for link, target in links.items():
            os.symlink(target, os.path.join(self.library, link))
        mount = self.mount()
        golden = {
            b"Foo.cbz": ("book", 2, 0o444), b"Series": "dir",
            b"Series/Bar.cbz": ("book", 3, 0o444), b"note.txt": ("same", b"note.txt", 0o444),
            b"near.cbz": ("book", 2, 0o444), b"far.cbz": ("book", 3, 0o444),
            b"Series/up.cbz": ("book", 2, 0o444), b"chain.cbz": ("book", 2, 0o444),
        }
        for link, target in links.items():
            as_book = os.fsencode(link[:-4] + ".cbz")
            if as_book not in golden:
                golden[os.fsencode(link)] = ("link", os.fsencode(target))
        self.assertTree(mount, golden)
        self.assertEqual([e.data for e in cbz.pages(read(mount.file("near.cbz")))],
                         [e.data for e in cbz.pages(read(mount.file("Foo.cbz")))])

    def test_entries_of_a_listing_have_the_kinds_and_inodes_of_their_stat(self):
        self.make_ordinary_library()
        os.symlink("note.txt", os.path.join(self.library, "link"))
        mount = self.mount()
        for folder in (mount.path, mount.cbz, mount.file("Series")):
            with os.scandir(folder) as found:
                for entry in found:
                    status = os.lstat(entry.path)
                    with self.subTest(path=entry.path):
                        self.assertEqual(entry.inode(), status.st_ino)
                        self.assertNotEqual(entry.inode(), 0)
                        self.assertEqual(entry.is_dir(follow_symlinks=False),
                                         stat.S_ISDIR(status.st_mode))
                        self.assertEqual(entry.is_symlink(), stat.S_ISLNK(status.st_mode))

    def test_special_files_hang_nothing(self):
        os.mkfifo(os.path.join(self.library, "pipe.pdf"))
        os.mkfifo(os.path.join(self.library, "pipe"))
        self.put("a.pdf", make_pdfs.small())
        self.assertIn("a.cbz", os.listdir(self.mount().cbz))

    def test_files_that_appear_and_vanish_do_so_in_the_mount(self):
        self.put("a.pdf", make_pdfs.small(1))
        mount = self.mount()
        self.assertEqual(os.listdir(mount.cbz), ["a.cbz"])
        self.put("b.pdf", make_pdfs.small(2))
        self.put("Foo.cbz", real_cbz())
        harness.wait_for(lambda: sorted(os.listdir(mount.cbz)) == ["Foo.cbz", "a.cbz", "b.cbz"],
                         "new files are listed")
        self.assertBook(mount.file("b.cbz"), 1)
        os.remove(os.path.join(self.library, "a.pdf"))
        harness.wait_for(lambda: not os.path.exists(mount.file("a.cbz")), "a removed file is gone")
        os.rename(os.path.join(self.library, "b.pdf"), os.path.join(self.library, "c.pdf"))
        harness.wait_for(lambda: sorted(os.listdir(mount.cbz)) == ["Foo.cbz", "c.cbz"],
                         "a renamed file has its new name")

    def test_passthrough_files_are_read_at_any_offset(self):
        data = bytes(i * 7 % 251 for i in range(300000))
        self.put("data.bin", data)
        mount = self.mount()
        with open(mount.file("data.bin"), "rb", buffering=0) as file:
            for offset, size in ((0, 10), (131071, 3), (299990, 100), (300000, 1), (12345, 200000)):
                self.assertEqual(os.pread(file.fileno(), size, offset),
                                 data[offset:offset + size])

    def test_a_passthrough_file_that_grows_shows_its_new_bytes(self):
        path = self.put("log.txt", b"one\n")
        mount = self.mount()
        self.assertEqual(read(mount.file("log.txt")), b"one\n")
        time.sleep(0.01)  # another mtime
        with open(path, "ab") as file:
            file.write(b"two\n")
        harness.wait_for(lambda: read(mount.file("log.txt")) == b"one\ntwo\n", "the new bytes")


if __name__ == "__main__":
    harness.main()
