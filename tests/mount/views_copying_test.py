"""Programs that copy and list the views: rsync, cp, find, ls, du; and the index."""

import os
import re
import shutil
import stat
import subprocess

import harness
import mixed_library
from harness import VIEWS, read, walk


class CopyingTest(harness.MountedTest):

    def setUp(self):
        super().setUp()
        mixed_library.fill(self.library)
        self.index = os.path.join(self.folder, "index")

    def run_program(self, *command):
        """What a program that must succeed in silence writes."""
        done = subprocess.run(command, capture_output=True, check=False, timeout=120,
                              env={**os.environ, "LC_ALL": "C.UTF-8"})
        self.assertEqual((done.returncode, done.stderr), (0, b""), command)
        return done.stdout

    def copy_of(self, view):
        return os.path.join(self.folder, "copy", view)

    def rsync(self, mount, view, *options):
        """The number of files transferred."""
        os.makedirs(self.copy_of(view), exist_ok=True)
        out = self.run_program("rsync", "-a", "--stats", *options, mount.file(view=view) + "/",
                               self.copy_of(view))
        return int(re.search(rb"regular files transferred: ([\d,]+)", out)
                   .group(1).replace(b",", b""))

    def regular_files(self, root):
        return {name: status for name, status in walk(root).items() if stat.S_ISREG(status.st_mode)}

    def test_rsync_copies_each_view_once(self):
        mount = self.mount(index=self.index)
        for view in VIEWS:
            files = self.regular_files(mount.file(view=view))
            with self.subTest(view=view):
                self.assertEqual(self.rsync(mount, view), len(files))
                copies = self.regular_files(self.copy_of(view))
                self.assertEqual({name: (status.st_size, status.st_mtime_ns)
                                  for name, status in copies.items()},
                                 {name: (status.st_size, status.st_mtime_ns)
                                  for name, status in files.items()})
        made = mount.made()
        for view in VIEWS:
            self.assertEqual(self.rsync(mount, view), 0, view)
        self.assertEqual(mount.made(), made)
        mount.unmount()

        # Another mount with the same index: sizes and times agree, and nothing is made to know it.
        mount = self.mount(index=self.index)
        for view in VIEWS:
            self.assertEqual(self.rsync(mount, view), 0, view)
        self.assertEqual((mount.made(), mount.status()["index"]["analysed"]), ((0, 0, 0, 0), 0))
        # And every byte.
        for view in VIEWS:
            self.assertEqual(self.rsync(mount, view, "-c"), 0, view)
        self.assertEqual(mount.status()["pages"]["failed"], 0)
        mount.unmount()

        # One that remembers nothing finds the same sizes again.
        mount = self.mount("workers=1")
        for view in VIEWS:
            self.assertEqual(self.rsync(mount, view), 0, view)
        self.assertEqual(mount.made(), (0, 0, 0, 0))

    def test_cp_copies_a_comics_folder(self):
        mount = self.mount()
        for folder in ("pages/mixed", "pages/Series/nested", "thumbnails/scan"):
            copy = os.path.join(self.folder, "cp")
            self.run_program("cp", "-r", "--preserve=timestamps",
                             os.path.join(mount.path, folder), copy)
            shown = self.regular_files(os.path.join(mount.path, folder))
            self.assertEqual({name: read(os.path.join(copy.encode(), name)) for name in shown},
                             {name: read(os.path.join(mount.path.encode(), folder.encode(), name))
                              for name in shown})
            self.assertEqual(sorted(walk(copy)), sorted(walk(os.path.join(mount.path, folder))))
            for path, _, _ in os.walk(copy):
                os.chmod(path, 0o755)
            shutil.rmtree(copy)

    def test_find_ls_and_du_see_what_stat_says(self):
        mount = self.mount()
        for view in ("thumbnails", "pages"):
            root = mount.file(view=view)
            wanted = walk(root)
            found = self.run_program("find", root, "-mindepth", "1", "-printf", "%P\\t%y\\t%s\\0")
            lines = dict(line.split(b"\t", 1) for line in found.split(b"\0") if line)
            self.assertEqual(set(lines), set(wanted))
            for name, line in lines.items():
                kind, size = line.split(b"\t")
                with self.subTest(view=view, name=name):
                    self.assertEqual(kind, b"d" if stat.S_ISDIR(wanted[name].st_mode) else
                                     b"l" if stat.S_ISLNK(wanted[name].st_mode) else b"f")
                    self.assertEqual(int(size), wanted[name].st_size)
            total = sum(status.st_size for status in wanted.values()
                        if not stat.S_ISDIR(status.st_mode))
            shown = self.run_program("du", "-b", "--max-depth=0", root).split(b"\t")[0]
            folders = 1 + sum(stat.S_ISDIR(status.st_mode) for status in wanted.values())
            self.assertLessEqual(abs(int(shown) - total), folders * 4096)
            listed = self.run_program("ls", "-lR", root)
            self.assertEqual(listed.count(b"\n-r--r--r-- 1 "),
                             len(self.regular_files(root)))
        self.assertEqual(mount.made(), (0, 0, 0, 0))

    def test_a_large_folder_is_listed_without_its_comics_being_made(self):
        library = os.path.join(self.folder, "large")
        data = mixed_library.files()
        for number in range(300):
            self.put(f"{number:03}.cbz", data["Clash/Foo.cbz"], library=library)
            self.put(f"{number:03}.pdf", data["Clash/Foo.pdf"], library=library)
        mount = self.mount(library=library)
        counts = {view: len(os.listdir(mount.file(view=view))) for view in VIEWS}
        # Cover and folder of each of 600 in thumbnails/, a folder of each in pages/.
        self.assertEqual(counts, {"cbz": 600, "enhanced": 600, "thumbnails": 1200, "pages": 600})
        self.assertEqual(mount.made(), (0, 0, 0, 0))
        self.assertEqual(len(read(mount.file("299.jpg", view="thumbnails"))),
                         os.stat(mount.file("299.jpg", view="thumbnails")).st_size)


if __name__ == "__main__":
    harness.main()
