"""What stands in each view: the golden trees of a mixed library, names that clash, attributes."""

import errno
import os
import stat

import harness
import make_archives
import mixed_library
from harness import VIEWS, make_pdfs, read, walk

JPEG, PNG, PK = b"\xff\xd8\xff", b"\x89PNG", b"PK\3\4"
LONG = "L" * 251
# A book's virtual files: name of the source in the library -> names of its pages in pages/.
COMICS = {
    "scan": 3, "gray": 2, "mixed": 4, "text": 12, "Series/Deep/in": 1, "link to scan": 3,
    "Clash/Foo.pdf": 2, "Clash/Foo.PDF": 3, "Clash/Bar.pdf": 1, "Clash/" + LONG + ".pdf": 1,
}
ARCHIVES = {
    "stored": ["001.jpg", "002.jpg", "003.jpg"],
    "link to stored": ["001.jpg", "002.jpg", "003.jpg"],
    "deflated": ["001.jpg", "002.jpg", "003.jpg"],
    "Series/up": ["001.jpg", "002.jpg", "003.jpg"],
    "Series/rubbish": ["1.jpg", "2.png", "10.jpg", "ComicInfo.xml", "credits.txt"],
    "Series/nested": ["Part 1/01.jpg", "Part 1/02.jpg", "Part 2/01.jpg", "Part 2/02.jpg",
                      "ComicInfo.xml"],
    "images": sorted(make_archives.pictures(2, 2)),
    "Clash/Foo": ["001.jpg"], "Clash/Foo.zip": ["001.jpg", "002.jpg"], "Clash/" + LONG: ["a.jpg"],
}
AS_IT_IS = ["locked.pdf", "torn.pdf", "texts.zip", "really a rar.cbz", "empty.cbz", "note.txt",
            "Clash/Bar/inside.txt"]
LOOSE = ["Loose/photo.jpg", "Loose/clear.png", "Loose/turned.jpeg", "Loose/one.webp",
         "Loose/no image.png", "Loose/cut.jpg", "Clash/Foo.png", "Clash/Foo.jpg"]
FOLDERS = ["Series", "Series/Deep", "Loose", "Clash", "Clash/Bar"]
CBZ_OF_PDFS = ["scan.cbz", "gray.cbz", "mixed.cbz", "text.cbz", "Series/Deep/in.cbz",
               "link to scan.cbz", "Clash/Foo.pdf.cbz", "Clash/Foo.PDF.cbz", "Clash/Bar.cbz",
               "Clash/" + "L" * 249 + "~2.cbz"]
REAL_CBZS = ["stored.cbz", "deflated.cbz", "Series/rubbish.cbz", "Series/nested.CBZ", "images.zip",
             "Clash/Foo.cbz", "Clash/Foo.zip", "Clash/" + LONG + ".cbz"]


def is_image(name):
    return name.rpartition(".")[2] not in ("xml", "txt")


def folder_with(golden, path):
    while path := os.path.dirname(path):
        golden[path] = "dir"


def golden_cbz():
    golden = {name: PK for name in CBZ_OF_PDFS}
    golden.update({name: ("same", name) for name in AS_IT_IS + LOOSE + REAL_CBZS})
    golden.update({"link to stored.cbz": "link", "Series/up.cbz": "link"})
    return golden


def golden_enhanced():
    golden = {name: PK for name in CBZ_OF_PDFS + REAL_CBZS}
    golden.update({"link to stored.cbz": PK, "Series/up.cbz": PK})
    golden.update({name: ("same", name)
                   for name in AS_IT_IS + ["Loose/no image.png", "Loose/cut.jpg"]})
    golden.update({name: JPEG for name in ("Loose/photo.jpg", "Loose/clear.jpg",
                                           "Loose/turned.jpg", "Loose/one.jpg", "Clash/Foo.jpg",
                                           "Clash/Foo.png.jpg")})
    return golden


def golden_thumbnails():
    golden = {}
    for book, pages in [*COMICS.items(), *((name, len([e for e in entries if is_image(e)]))
                                           for name, entries in ARCHIVES.items())]:
        golden.update({f"{book}/{i + 1:04}.jpg": JPEG for i in range(pages)})
        golden[book + ".jpg"] = JPEG
    # Covers whose plain names are taken.
    for given, shown in (("Foo", "Foo.cbz"), ("Bar.pdf", "Bar"), (LONG + ".pdf", "L" * 249 + "~2")):
        del golden[f"Clash/{given}.jpg"]
        golden[f"Clash/{shown}.jpg"] = JPEG
    golden.update({name: JPEG for name in ("Loose/photo.jpg", "Loose/clear.jpg",
                                           "Loose/turned.jpg", "Loose/one.jpg", "Clash/Foo.jpg",
                                           "Clash/Foo.png.jpg")})
    return golden


def golden_pages():
    golden = {}
    for book, pages in COMICS.items():
        golden.update({f"{book}/{i + 1:04}.jpg": JPEG for i in range(pages)})
        golden[book + "/ComicInfo.xml"] = b"<?xml"
    for book, entries in ARCHIVES.items():
        golden.update({f"{book}/{name}": b"" for name in entries})
    golden.update({name: ("same", name) for name in AS_IT_IS + LOOSE})
    return golden


GOLDEN = {"cbz": golden_cbz, "enhanced": golden_enhanced, "thumbnails": golden_thumbnails,
          "pages": golden_pages}


class TreeTest(harness.MountedTest):

    def setUp(self):
        super().setUp()
        mixed_library.fill(self.library)

    def golden(self, view):
        golden = GOLDEN[view]()
        if view != "thumbnails":
            golden.update({"dangling.cbz": "link", "text link": "link"})
        golden.update({name: "dir" for name in FOLDERS})
        for name in list(golden):
            folder_with(golden, name)
        return golden

    def assertGolden(self, root, view):  # noqa: N802
        found = {os.fsdecode(name): status for name, status in walk(root).items()}
        golden = self.golden(view)
        self.assertEqual(sorted(found), sorted(golden), view)
        for name, wanted in golden.items():
            path, mode = os.path.join(root, name), found[name].st_mode
            with self.subTest(view=view, name=name):
                if wanted == "dir":
                    self.assertEqual(stat.filemode(mode), "dr-xr-xr-x")
                elif wanted == "link":
                    self.assertTrue(stat.S_ISLNK(mode))
                else:
                    self.assertEqual(stat.filemode(mode), "-r--r--r--")
                    data = read(path)
                    self.assertEqual(len(data), found[name].st_size)
                    if isinstance(wanted, tuple):
                        self.assertEqual(data, read(os.path.join(self.library, wanted[1])))
                    else:
                        self.assertTrue(data.startswith(wanted), data[:8])

    def test_every_view_is_as_it_should_be_and_stays_so(self):
        index = os.path.join(self.folder, "index")
        mount = self.mount(index=index)
        self.assertEqual(os.listdir(mount.path), list(VIEWS))
        for view in VIEWS:
            self.assertGolden(mount.file(view=view), view)
        first = {view: walk(mount.file(view=view)) for view in VIEWS}
        mount.unmount()
        mount = self.mount(index=index)
        for view in VIEWS:
            again = walk(mount.file(view=view))
            self.assertEqual(sorted(again), sorted(first[view]))
            for name, status in again.items():
                with self.subTest(view=view, name=name):
                    for field in ("st_mode", "st_ino", "st_nlink", "st_size", "st_mtime_ns",
                                  "st_ctime_ns", "st_blocks"):
                        self.assertEqual(getattr(status, field),
                                         getattr(first[view][name], field), field)
        # Sizes cost no work once they are remembered.
        status = mount.settle()
        self.assertEqual((status["index"]["analysed"], mount.made()), (0, (0, 0, 0, 0)))

    def test_every_name_is_found_before_any_listing(self):
        mount = self.mount()
        for view in reversed(VIEWS):
            for name, wanted in self.golden(view).items():
                with self.subTest(view=view, name=name):
                    self.assertEqual(stat.S_ISDIR(os.lstat(mount.file(name, view=view)).st_mode),
                                     wanted == "dir")

    def test_what_is_not_there_is_not_found(self):
        mount = self.mount()
        nothing = {"cbz": ["scan.pdf", "scan", "scan.jpg", ".hidden.cbz"],
                   "enhanced": ["scan.pdf", "stored.jpg", "Loose/clear.png", "Loose/one.webp",
                                ".hidden.cbz", "_hidden.jpg", "images.cbz", "locked.cbz"],
                   "thumbnails": ["scan.cbz", "note.txt", "locked.pdf", "locked.jpg", "locked",
                                  "scan/0000.jpg", "scan/0004.jpg", "scan/1.jpg", "text link",
                                  "scan/ComicInfo.xml", "really a rar.jpg", "dangling.cbz",
                                  "Loose/cut.jpg", ".hidden.jpg", ".hidden", "_hidden.jpg"],
                   "pages": ["scan.cbz", "scan.pdf", "stored.cbz", "scan/0004.jpg", "scan/1.jpg",
                             "Series/rubbish/Foo v01 (2020)", "Series/rubbish/release.nfo",
                             "Series/rubbish/__MACOSX", "Series/rubbish/.DS_Store", ".hidden",
                             "Series/nested/01.jpg", "Series/nested/Part 3"]}
        for view, names in nothing.items():
            for name in names:
                with self.subTest(view=view, name=name):
                    self.assertErrno(errno.ENOENT, os.lstat, mount.file(name, view=view))
        self.assertErrno(errno.ENOTDIR, os.lstat, mount.file("stored.jpg", "x", view="thumbnails"))
        self.assertErrno(errno.ENAMETOOLONG, os.lstat, mount.file("scan", "n" * 256, view="pages"))

    def test_entries_have_the_inodes_of_their_stat_and_share_none(self):
        mount = self.mount()
        seen = {}
        for view in VIEWS:
            for folder, _, _ in os.walk(mount.file(view=view)):
                for entry in os.scandir(folder):
                    status = os.lstat(entry.path)
                    with self.subTest(path=entry.path):
                        self.assertEqual(entry.inode(), status.st_ino)
                        self.assertNotEqual(status.st_ino, 0)
                        self.assertEqual(entry.is_dir(follow_symlinks=False),
                                         stat.S_ISDIR(status.st_mode))
                        self.assertNotIn(status.st_ino, seen)
                        seen[status.st_ino] = entry.path
                        if not stat.S_ISDIR(status.st_mode):
                            self.assertEqual(status.st_nlink, 1)

    def test_times_and_modes_are_the_sources(self):
        sources = {"scan.pdf": 0o640, "stored.cbz": 0o400, "Loose/photo.jpg": 0o604}
        for name, mode in sources.items():
            os.chmod(os.path.join(self.library, name), mode)
        mount = self.mount()
        shown = {"scan.pdf": ["enhanced/scan.cbz", "thumbnails/scan.jpg", "thumbnails/scan",
                              "thumbnails/scan/0002.jpg", "pages/scan", "pages/scan/0002.jpg",
                              "pages/scan/ComicInfo.xml"],
                 "stored.cbz": ["enhanced/stored.cbz", "thumbnails/stored.jpg",
                                "thumbnails/stored/0001.jpg", "pages/stored",
                                "pages/stored/001.jpg"],
                 "Loose/photo.jpg": ["enhanced/Loose/photo.jpg", "thumbnails/Loose/photo.jpg",
                                     "pages/Loose/photo.jpg"]}
        for source, names in shown.items():
            wanted = os.stat(os.path.join(self.library, source))
            readable = sources[source] & 0o444
            for name in names:
                status = os.stat(os.path.join(mount.path, name))
                with self.subTest(name=name):
                    self.assertEqual((status.st_mtime_ns, status.st_ctime_ns),
                                     (wanted.st_mtime_ns, wanted.st_mtime_ns))
                    self.assertEqual((status.st_uid, status.st_gid),
                                     (wanted.st_uid, wanted.st_gid))
                    is_folder = stat.S_ISDIR(status.st_mode)
                    self.assertEqual(oct(stat.S_IMODE(status.st_mode)),
                                     oct(readable | readable >> 2 if is_folder else readable))

    def test_nothing_can_be_written_in_any_view(self):
        mount = self.mount()
        for view in VIEWS:
            root = mount.file(view=view)
            self.assertErrno(errno.EROFS, os.mkdir, os.path.join(root, "new"))
            self.assertErrno(errno.EROFS, os.open, os.path.join(root, "new"),
                             os.O_CREAT | os.O_WRONLY)
            self.assertErrno(errno.EROFS, os.rmdir, os.path.join(root, "Loose"))
        for name in ("enhanced/stored.cbz", "thumbnails/scan.jpg", "thumbnails/scan/0001.jpg",
                     "pages/scan/0001.jpg", "pages/stored/001.jpg", "pages/scan/ComicInfo.xml"):
            path = os.path.join(mount.path, name)
            with self.subTest(name=name):
                self.assertErrno(errno.EROFS, os.open, path, os.O_WRONLY)
                self.assertErrno(errno.EROFS, os.open, path, os.O_RDWR | os.O_TRUNC)
                self.assertErrno(errno.EROFS, os.remove, path)
                self.assertErrno(errno.EROFS, os.rename, path, path + "x")
                self.assertErrno(errno.EROFS, os.chmod, path, 0o600)
                self.assertErrno(errno.EROFS, os.utime, path)
        self.assertErrno(errno.EROFS, os.mkdir, mount.file("scan", "new", view="pages"))


class OptionsTest(harness.MountedTest):

    def setUp(self):
        super().setUp()
        self.put("a.pdf", make_pdfs.small(1))
        self.put("b.cbz", make_archives.stored(1))

    def test_one_view_as_the_root(self):
        for view, names in (("cbz", ["a.cbz", "b.cbz"]), ("enhanced", ["a.cbz", "b.cbz"]),
                            ("thumbnails", ["a", "a.jpg", "b", "b.jpg"]), ("pages", ["a", "b"])):
            mount = self.mount(f"view={view}")
            self.assertEqual(sorted(os.listdir(mount.path)), names)
            self.assertEqual(mount.status()["views"], [view])
            mount.unmount()

    def test_some_views_in_each_spelling(self):
        for options in ("views=pages:cbz", "views=pages,cbz", "views=pages\\,cbz",
                        "views=pages,views=cbz", "views=cbz:pages,ttl=2",
                        "views=cbz,pages,read_ahead=0"):
            mount = self.mount(options)
            self.assertEqual(os.listdir(mount.path), ["cbz", "pages"], options)
            self.assertErrno(errno.ENOENT, os.lstat, os.path.join(mount.path, "enhanced"))
            self.assertTrue(read(mount.file("a", "0001.jpg", view="pages")))
            mount.unmount()

    def test_views_that_are_none_are_refused(self):
        for options in ("views=", "views=cbz:cbr", "view=all", "views=cbz,view=pages"):
            with self.subTest(options=options), self.assertRaises(AssertionError) as caught:
                self.mount(options)
            self.assertIn("view", str(caught.exception))


if __name__ == "__main__":
    harness.main()
