"""Every file of every view: its size is known before, and its bytes are the same on every mount."""

import hashlib
import os
import stat

import harness
import make_archives
import mixed_library
from harness import VIEWS, make_pdfs, read, walk


class BytesTest(harness.MountedTest):

    def setUp(self):
        super().setUp()
        mixed_library.fill(self.library)

    def sizes(self, mount):
        """{path below the mount: size} of all regular files."""
        return {os.path.join(view.encode(), name): status.st_size
                for view in VIEWS for name, status in walk(mount.file(view=view)).items()
                if stat.S_ISREG(status.st_mode)}

    def read_all(self, mount, names):
        """{name: sha256}, in the order of the names."""
        sums = {}
        for name in names:
            data = read(os.path.join(mount.path.encode(), name))
            self.assertEqual(len(data), os.stat(os.path.join(mount.path.encode(), name)).st_size,
                             name)
            sums[name] = hashlib.sha256(data).hexdigest()
        return sums

    def test_sizes_are_known_before_anything_is_made_and_stay(self):
        mount = self.mount("read_ahead=0")
        before = self.sizes(mount)
        self.assertEqual(mount.made(), (0, 0, 0, 0))
        for name, size in before.items():
            with self.subTest(name=name):
                self.assertEqual(len(read(os.path.join(mount.path.encode(), name))), size)
        self.assertGreater(min(mount.made()), 0)
        self.assertEqual(self.sizes(mount), before)
        self.assertEqual(mount.status()["pages"]["failed"], 0)

    def test_bytes_are_the_same_whatever_the_mount_and_the_order(self):
        mount = self.mount("workers=1")
        names = sorted(self.sizes(mount))
        wanted = self.read_all(mount, names)
        mount.unmount()

        def first(*views):
            return sorted(names, key=lambda name: (views.index(name.split(b"/")[0].decode()), name))

        orders = {
            "workers=2,cache=0,read_ahead=0": names[::-1],  # thumbnails first
            "workers=2,cache=300K": first("enhanced", "thumbnails", "pages", "cbz"),
            "workers=1,read_ahead=7": first("pages", "thumbnails", "enhanced", "cbz"),
        }
        for options, order in orders.items():
            mount = self.mount(options)
            got = self.read_all(mount, order)
            different = [name for name in names if got[name] != wanted[name]]
            self.assertEqual(different, [], options)
            self.assertEqual(mount.settle()["pages"]["failed"], 0)
            mount.unmount()

    def test_equal_files_have_equal_bytes_elsewhere(self):
        """Neither the path nor the host's inodes are in the bytes."""
        other = os.path.join(self.folder, "other")
        moved = os.path.join(other, "Deep", "down")
        os.makedirs(moved)
        mixed_library.fill(moved)
        here, there = self.mount(), self.mount(library=other)
        for name in ("enhanced/scan.cbz", "enhanced/stored.cbz", "enhanced/Loose/photo.jpg",
                     "thumbnails/mixed.jpg", "thumbnails/images/0007.jpg", "pages/text/0012.jpg"):
            view, _, rest = name.partition("/")
            with self.subTest(name=name):
                self.assertEqual(read(os.path.join(here.path, name)),
                                 read(there.file("Deep", "down", rest, view=view)))

    def test_ranges_are_the_same_as_the_whole(self):
        mount, other = self.mount("read_ahead=0"), self.mount("workers=1")
        for name in ("enhanced/mixed.cbz", "enhanced/Series/rubbish.cbz", "pages/scan/0002.jpg",
                     "pages/deflated/002.jpg", "pages/stored/003.jpg", "thumbnails/scan.jpg",
                     "enhanced/Loose/photo.jpg"):
            path, whole = os.path.join(mount.path, name), read(os.path.join(other.path, name))
            with open(path, "rb", buffering=0) as file, self.subTest(name=name):
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_RANDOM)
                size = len(whole)
                for at, length in ((size - 1, 10), (size // 2, 1), (size // 3, 4097), (0, 3),
                                   (size, 5), (size + 100, 5), (1, size)):
                    self.assertEqual(os.pread(file.fileno(), length, at), whole[at:at + length],
                                     (at, length))


class OptionsTest(harness.MountedTest):
    """What an option changes, and that it changes nothing else."""

    def setUp(self):
        super().setUp()
        self.put("a.pdf", make_pdfs.mixed())
        self.put("b.cbz", make_archives.deflated(2))
        self.put("c.jpg", make_archives.page_jpeg(1))
        self.index = os.path.join(self.folder, "index")

    def look(self, options):
        """{view: {name: (size, mtime, sha256)}}"""
        mount = self.mount(options, index=self.index)
        found = {}
        for view in VIEWS:
            found[view] = {
                name: (status.st_size, status.st_mtime_ns, hashlib.sha256(
                    read(os.path.join(mount.file(view=view).encode(), name))).hexdigest())
                for name, status in walk(mount.file(view=view)).items()
                if stat.S_ISREG(status.st_mode)}
        mount.unmount()
        return found

    def differences(self, before, after, view):
        return {name for name in before[view] if before[view][name] != after[view][name]}

    def test_enhance_options_change_enhanced_alone(self):
        # The index knows the first options, so the change has a time.
        before = self.look("")
        for options in ("enhance=none", "enhance_gamma=1.4", "enhance_curve=0",
                        "enhance_brightness=0.8", "enhance_contrast=2", "enhance_cutoff=20"):
            after = self.look(options)
            with self.subTest(options=options):
                for view in ("cbz", "thumbnails", "pages"):
                    self.assertEqual(self.differences(before, after, view), set())
                self.assertEqual(self.differences(before, after, "enhanced"),
                                 {b"a.cbz", b"b.cbz", b"c.jpg"})
                for name, (_, mtime, digest) in after["enhanced"].items():
                    self.assertGreater(mtime, before["enhanced"][name][1], name)
                    self.assertNotEqual(digest, before["enhanced"][name][2], name)
            before = after

    def test_thumb_size_and_cover_height_change_thumbnails_alone(self):
        before = self.look("")
        for options, changed in (("thumb_size=60", {b"a/0001.jpg", b"b/0002.jpg"}),
                                 ("thumb_size=60,cover_height=200",
                                  {b"a.jpg", b"b.jpg", b"c.jpg"})):
            after = self.look(options)
            with self.subTest(options=options):
                for view in ("cbz", "enhanced", "pages"):
                    self.assertEqual(self.differences(before, after, view), set())
                self.assertTrue(all(after["thumbnails"][name][1] > before["thumbnails"][name][1]
                                    for name in after["thumbnails"]))
                different = {name for name in after["thumbnails"]
                             if after["thumbnails"][name][2] != before["thumbnails"][name][2]}
                self.assertLessEqual(changed, different)
            before = after


if __name__ == "__main__":
    harness.main()
