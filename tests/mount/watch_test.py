"""Changes of the library show at once where inotify tells of them, however long the ttl is.

The ttl is an hour in these tests, so whatever shows within a test was dropped from the kernel's
cache, and did not just expire there.
"""

import errno
import os
import shutil
import subprocess

import cbz
import harness
from harness import make_pdfs, read, wait_for

ONE = make_pdfs.scan(2, width=300, height=450, seed=1)
TWO = make_pdfs.scan(3, width=300, height=450, seed=2)


class WatchTest(harness.MountedTest):

    OPTIONS = "ttl=3600,read_ahead=0"

    def setUp(self):
        super().setUp()
        self.put("Series/Book.pdf", ONE)
        self.put("Series/notes.txt", b"one")
        self.put("Other/Still.pdf", ONE)

    def mount(self, options="", **more):  # noqa: D102
        return super().mount(self.OPTIONS + (options and "," + options), **more)

    def warm(self, mount):
        """Has the kernel keep the names and attributes of the whole tree."""
        for view in harness.VIEWS:
            harness.walk(mount.file(view=view))

    def exists(self, mount, name, view="cbz"):
        return os.path.exists(mount.file(name, view=view))

    def shown_in(self, view, stem, folder="Series"):
        """What a PDF shows as in the view."""
        return {"cbz": [f"{folder}/{stem}.cbz"], "enhanced": [f"{folder}/{stem}.cbz"],
                "thumbnails": [f"{folder}/{stem}.jpg", f"{folder}/{stem}/0001.jpg"],
                "pages": [f"{folder}/{stem}/0001.jpg"]}[view]

    def each(self, mount, stem, folder="Series"):
        return [mount.file(name, view=view) for view in harness.VIEWS
                for name in self.shown_in(view, stem, folder)]

    def test_without_a_watch_the_kernel_keeps_what_it_has(self):
        """Else the other tests would show nothing."""
        mount = self.mount("watch=no")
        self.warm(mount)
        before = os.stat(mount.file("Series", "notes.txt"))
        self.put("Series/notes.txt", b"longer than it was")
        os.chmod(os.path.join(self.library, "Series/notes.txt"), 0o400)
        after = os.stat(mount.file("Series", "notes.txt"))
        self.assertEqual((before.st_size, before.st_mode), (after.st_size, after.st_mode))
        self.assertEqual(mount.status()["watch"],
                         {"active": False, "folders": 0, "limit": 0, "given_up": 0, "events": 0,
                          "overflows": 0, "rounds": 0, "dropped": 0})

    def test_a_new_file_appears_in_every_view_also_where_it_was_asked_for_before(self):
        mount = self.mount()
        self.warm(mount)
        wanted = self.each(mount, "New")
        for path in wanted:
            self.assertErrno(errno.ENOENT, os.stat, path)
        folders = [mount.file("Series", view=view) for view in harness.VIEWS]
        before = [os.stat(folder).st_mtime_ns for folder in folders]
        self.put("Series/New.pdf", TWO)
        for path in wanted:
            wait_for(lambda p=path: os.path.exists(p), path)
        for folder, time in zip(folders, before):
            wait_for(lambda f=folder, t=time: os.stat(f).st_mtime_ns > t, "the folder's new time")
        self.assertIn("New.cbz", os.listdir(mount.file("Series")))
        self.assertEqual(len(cbz.pages(read(mount.file("Series", "New.cbz")))), 3)

    def test_a_removed_file_is_gone_from_every_view(self):
        mount = self.mount()
        self.warm(mount)
        shown = self.each(mount, "Book") + [mount.file("Series", "notes.txt")]
        for path in shown:
            self.assertTrue(os.path.exists(path), path)
        os.remove(os.path.join(self.library, "Series/Book.pdf"))
        os.remove(os.path.join(self.library, "Series/notes.txt"))
        for path in shown:
            wait_for(lambda p=path: not os.path.exists(p), f"{path} is gone")
        self.assertTrue(self.exists(mount, "Other/Still.cbz"))

    def check_new_version(self, change):
        mount = self.mount()
        self.warm(mount)
        before = {path: read(path) for path in self.each(mount, "Book")}
        kept = os.open(mount.file("Series", "Book.cbz"), os.O_RDONLY)
        self.addCleanup(os.close, kept)
        change(os.path.join(self.library, "Series/Book.pdf"), TWO)
        fresh = os.path.join(self.folder, "fresh")
        shutil.copytree(self.library, fresh)
        other = super().mount(library=fresh)
        for path, old in before.items():
            new = read(os.path.join(other.path, os.path.relpath(path, mount.path)))
            self.assertNotEqual(new, old)
            # The id of the copy stands in its ComicInfo.xml and is the same: it follows the bytes.
            wait_for(lambda p=path, n=new: read(p) == n and os.stat(p).st_size == len(n),
                     f"{path} is the new one")
        self.assertEqual(len(os.listdir(mount.file("Series", "Book", view="thumbnails"))), 3)
        return mount, kept, before[mount.file("Series", "Book.cbz")]

    def test_a_file_replaced_by_rename_is_the_new_one_in_every_view(self):
        def replace(path, data):
            with open(path + ".part", "wb") as out:
                out.write(data)
            os.rename(path + ".part", path)
        mount, kept, old = self.check_new_version(replace)
        self.assertEqual(os.pread(kept, len(old), 0), old, "who has the old one open keeps it")
        self.assertEqual(os.fstat(kept).st_size, len(old))
        self.assertTrue(mount.daemon_alive())

    def test_a_file_rewritten_in_place_is_the_new_one_in_every_view(self):
        def rewrite(path, data):
            with open(path, "r+b") as out:
                out.write(data)
                out.truncate()
        mount, kept, old = self.check_new_version(rewrite)
        # The kernel may still have some of it, and what it has is read before the error.
        try:
            data = os.pread(kept, len(old), 0)
            self.assertEqual(data, old[:len(data)])
            self.assertGreater(len(data), 0)
        except OSError as error:
            self.assertEqual(error.errno, errno.EIO)
        self.assertTrue(mount.daemon_alive())

    def test_a_file_passed_through_is_one_version_to_each_handle(self):
        old, new = b"one" * 100_000, b"two, and longer" * 50_000
        for change in (self.put, self.put_by_rename):
            with self.subTest(change=change.__name__):
                self.put("Series/notes.txt", old)
                mount = self.mount("read_ahead=0")
                path = mount.file("Series", "notes.txt")
                with open(path, "rb", buffering=0) as file:
                    os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_RANDOM)
                    self.assertEqual(os.pread(file.fileno(), 4096, 0), old[:4096])
                    change("Series/notes.txt", new)
                    wait_for(lambda p=path: os.stat(p).st_size == len(new), "the new size by name")
                    self.assertEqual(read(path), new)
                    self.assertEqual(os.fstat(file.fileno()).st_size, len(old))
                    for offset in range(0, len(old), 65536):
                        try:
                            wanted = old[offset:offset + 4096]
                            self.assertEqual(os.pread(file.fileno(), 4096, offset), wanted)
                        except OSError as error:
                            self.assertEqual(error.errno, errno.EIO)
                            self.assertEqual(change, self.put, "what was replaced can be read on")
                self.assertEqual(read(path), new)
                mount.unmount()

    def put_by_rename(self, name, data):
        os.rename(self.put(name + ".new", data), os.path.join(self.library, name))

    def test_a_renamed_folder_is_under_its_new_name_and_watched_there(self):
        mount = self.mount()
        self.warm(mount)
        os.rename(os.path.join(self.library, "Series"), os.path.join(self.library, "Moved"))
        for path in self.each(mount, "Book"):
            wait_for(lambda p=path: not os.path.exists(p), f"{path} is gone")
        for path in self.each(mount, "Book", "Moved"):
            wait_for(lambda p=path: os.path.exists(p), path)
        self.warm(mount)
        os.rename(os.path.join(self.library, "Moved/Book.pdf"),
                  os.path.join(self.library, "Moved/Again.pdf"))
        for path in self.each(mount, "Again", "Moved"):
            wait_for(lambda p=path: os.path.exists(p), path)
        for path in self.each(mount, "Book", "Moved"):
            wait_for(lambda p=path: not os.path.exists(p), f"{path} is gone")

    def test_a_folder_moved_out_of_the_library_and_one_moved_in(self):
        self.put("Series/Deep/er/Book.pdf", ONE)
        mount = self.mount()
        self.warm(mount)
        outside = os.path.join(self.folder, "outside")
        os.rename(os.path.join(self.library, "Series"), outside)
        for view in harness.VIEWS:
            wait_for(lambda v=view: not self.exists(mount, "Series", v), "it is gone")
        self.put("New.pdf", ONE, library=os.path.join(outside, "Deep"))
        os.rename(outside, os.path.join(self.library, "Back"))
        for view in harness.VIEWS:
            wait_for(lambda v=view: self.exists(mount, "Back/Deep/er", v), "it is back")
        self.assertTrue(self.exists(mount, "Back/Deep/New.cbz"))

    def test_a_shell_in_a_folder_keeps_its_place_when_the_folder_changes(self):
        mount = self.mount()
        self.warm(mount)
        os.chdir(mount.file("Series"))
        try:
            self.put("Series/New.pdf", ONE)
            os.chmod(os.path.join(self.library, "Series"), 0o700)
            wait_for(lambda: os.path.exists("New.cbz"), "the new file")
            wait_for(lambda: os.stat(".").st_mode & 0o777 == 0o500, "the new mode")
            self.assertEqual(os.getcwd(), mount.file("Series"))
        finally:
            os.chdir("/")

    def test_new_modes_and_times_show_in_every_view(self):
        mount = self.mount()
        self.warm(mount)
        os.chmod(os.path.join(self.library, "Series/Book.pdf"), 0o640)
        os.chmod(os.path.join(self.library, "Series/notes.txt"), 0o600)
        os.chmod(os.path.join(self.library, "Other"), 0o711)
        for path in self.each(mount, "Book"):
            wait_for(lambda p=path: os.stat(p).st_mode & 0o777 == 0o440, path)
        wait_for(lambda: os.stat(mount.file("Series", "Book", view="pages")).st_mode & 0o777
                 == 0o550, "the folder of the book")
        wait_for(lambda: os.stat(mount.file("Series", "notes.txt")).st_mode & 0o777 == 0o400, "")
        for view in harness.VIEWS:
            wait_for(lambda v=view: os.stat(mount.file("Other", view=v)).st_mode & 0o777 == 0o511,
                     view)
        when = 1_700_000_000_123_456_789
        os.utime(os.path.join(self.library, "Series/Book.pdf"), ns=(when, when))
        for path in self.each(mount, "Book"):
            wait_for(lambda p=path: os.stat(p).st_mtime_ns == when, path)

    def test_a_real_file_takes_a_name_from_a_book_and_gives_it_back(self):
        mount = self.mount()
        self.warm(mount)
        one = os.stat(mount.file("Series", "Book.cbz")).st_size
        self.put("Series/Book.cbz", b"not really")
        wait_for(lambda: os.stat(mount.file("Series", "Book.cbz")).st_size == 10, "the real one")
        wait_for(lambda: self.exists(mount, "Series/Book.pdf.cbz"), "the other's full name")
        os.remove(os.path.join(self.library, "Series/Book.cbz"))
        wait_for(lambda: os.stat(mount.file("Series", "Book.cbz")).st_size == one, "the book")
        wait_for(lambda: not self.exists(mount, "Series/Book.pdf.cbz"), "one name only")

    def test_with_one_view_as_the_root(self):
        mount = self.mount("view=cbz")
        root = mount.path
        self.assertEqual(sorted(os.listdir(root)), ["Other", "Series"])
        before = os.stat(root).st_mtime_ns
        self.put("Top.pdf", ONE)
        wait_for(lambda: os.path.exists(os.path.join(root, "Top.cbz")), "the new file")
        wait_for(lambda: os.stat(root).st_mtime_ns > before, "the root's time")
        os.remove(os.path.join(self.library, "Top.pdf"))
        wait_for(lambda: not os.path.exists(os.path.join(root, "Top.cbz")), "it is gone")

    def test_a_folder_that_is_made_filled_and_removed_again(self):
        mount = self.mount()
        self.warm(mount)
        for _ in range(3):
            self.put("Made/Deep/Book.pdf", ONE)
            wait_for(lambda: self.exists(mount, "Made/Deep/Book.cbz"), "the new tree")
            self.assertEqual(os.listdir(mount.file("Made", "Deep")), ["Book.cbz"])
            shutil.rmtree(os.path.join(self.library, "Made"))
            wait_for(lambda: not self.exists(mount, "Made"), "it is gone")

    def test_a_long_download_costs_few_rounds(self):
        """A thousand writes are told to the kernel ten times a second, not a thousand times."""
        mount = self.mount()
        self.warm(mount)
        before = mount.status()["watch"]
        seen = set()
        # Two files in turns, since inotify makes one event of the same thing twice.
        with open(os.path.join(self.library, "Series/Slow.pdf"), "wb", buffering=0) as out, \
                open(os.path.join(self.library, "Series/log.txt"), "wb", buffering=0) as other:
            for at in range(1000):
                out.write(ONE[at * len(ONE) // 1000:(at + 1) * len(ONE) // 1000])
                other.write(b"-")
                if at % 100 == 0:  # so that the kernel has something to drop
                    seen.update(os.listdir(mount.file("Series")))
        wait_for(lambda: self.exists(mount, "Series/Slow.cbz"), "the whole book")
        after = mount.status()["watch"]
        self.assertGreater(after["events"], before["events"] + 500)
        self.assertLess(after["rounds"] - before["rounds"], 200)
        self.assertEqual(len(cbz.pages(read(mount.file("Series", "Slow.cbz")))), 2)

    def test_watches_are_bounded_and_the_oldest_given_up(self):
        for number in range(20):
            self.put(f"Folder {number:02d}/Book.pdf", ONE)
        mount = self.mount("watch=5")
        self.warm(mount)
        watch = mount.status()["watch"]
        self.assertEqual((watch["limit"], watch["folders"]), (5, 5))
        self.assertGreater(watch["given_up"], 10)
        # What was given up is asked for again, and so watched again.
        self.assertTrue(self.exists(mount, "Folder 00/Book.cbz"))
        self.put("Folder 00/New.pdf", TWO)
        wait_for(lambda: self.exists(mount, "Folder 00/New.cbz"), "the new file")
        os.remove(os.path.join(self.library, "Folder 00/New.pdf"))
        wait_for(lambda: not self.exists(mount, "Folder 00/New.cbz"), "it is gone")

    def test_mounting_looks_at_no_folder(self):
        mount = self.mount()
        self.assertLessEqual(mount.status()["watch"]["folders"], 1)
        os.listdir(mount.file("Series"))
        self.assertLessEqual(mount.status()["watch"]["folders"], 2)

    def test_unmounting_while_everything_changes(self):
        mount = self.mount()
        self.warm(mount)
        writer = subprocess.Popen(["sh", "-c", 'while :; do echo > "$0/a.pdf"; rm "$0/a.pdf"; done',
                                   os.path.join(self.library, "Series")])
        try:
            wait_for(lambda: mount.status()["watch"]["rounds"] > 3, "some rounds")
            mount.unmount()
        finally:
            writer.kill()
            writer.wait()


class LogTest(harness.MountedTest):
    """What the watching says, in the log of a daemon in the foreground."""

    def run_foreground(self, library, options, do):
        point = os.path.join(self.folder, "foreground")
        os.mkdir(point)
        log = os.path.join(self.folder, "log")
        with open(log, "wb") as out:
            daemon = subprocess.Popen([harness.program(), "-f", library, point, "-o",
                                       "index=none,ttl=3600," + options], stdout=out, stderr=out)
        try:
            wait_for(lambda: harness.is_mounted(point) or daemon.poll() is not None, "it mounts")
            do(point)
        finally:
            subprocess.run(["fusermount3", "-u", "-z", point], check=False)
            daemon.wait(timeout=harness.DEADLINE)
        self.assertEqual(daemon.returncode, 0)
        with open(log, encoding="utf-8", errors="replace") as file:
            return [line.rstrip() for line in file]

    def test_changes_leave_nothing_in_the_log(self):
        self.put("Book.pdf", ONE)

        def do(point):
            for number in range(5):
                harness.walk(point)
                self.put(f"New {number}.pdf", ONE)
                wait_for(lambda n=number: os.path.exists(f"{point}/cbz/New {n}.cbz"), "new")
                os.remove(os.path.join(self.library, f"New {number}.pdf"))
                wait_for(lambda n=number: not os.path.exists(f"{point}/cbz/New {n}.cbz"), "gone")
        lines = self.run_foreground(self.library, "log_level=info", do)
        self.assertEqual([line for line in lines
                          if "mounted" not in line and "sanitizers" not in line], [])

    def test_a_network_file_system_is_said_once_and_looked_at_when_somebody_asks(self):
        """A FUSE mount below stands for them all."""
        self.put("Series/Book.pdf", ONE)
        self.put("Other/Book.pdf", ONE)
        lower = self.mount("view=pages,ttl=0.1")  # Series/Book/0001.jpg

        def do(point):
            for _ in range(2):
                for view in harness.VIEWS:
                    harness.walk(os.path.join(point, view))
            status = harness.json.loads(read(os.path.join(point, ".cbzfs/status")))
            self.assertEqual(status["watch"]["folders"], 0)
            self.assertTrue(os.path.exists(os.path.join(point, "cbz/Series/Book/0001.jpg")))
        lines = self.run_foreground(lower.path, "log_level=info", do)
        said = [line for line in lines if "does not tell of changes" in line]
        self.assertEqual(len(said), 1, lines)


if __name__ == "__main__":
    harness.main()
