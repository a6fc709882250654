"""What stat says: sizes, times, inodes, blocks, modes; and that nothing can be written."""

import errno
import os
import stat

import harness
from harness import make_pdfs, read, walk

BOOK_TIME = 1_234_567_890_123_456_789
FOLDER_TIME = 1_111_111_111_987_654_321


class AttributesTest(harness.MountedTest):

    def setUp(self):
        super().setUp()
        self.put("Book.pdf", make_pdfs.scan(2, width=400, height=600))
        self.put("Series/Text.pdf", make_pdfs.small(1, pages=2))
        self.put("Series/note.txt", b"note\n" * 1000)
        self.put("broken.pdf", make_pdfs.garbage())
        os.symlink("Series/note.txt", os.path.join(self.library, "link"))
        os.link(os.path.join(self.library, "Series/note.txt"),
                os.path.join(self.library, "second-name.txt"))

    def set_times(self):
        for name in ("Book.pdf", "Series/Text.pdf", "Series/note.txt", "broken.pdf"):
            os.utime(os.path.join(self.library, name), ns=(BOOK_TIME - 5, BOOK_TIME))
        for name in ("Series", ""):
            os.utime(os.path.join(self.library, name), ns=(FOLDER_TIME, FOLDER_TIME))

    def test_times_are_the_sources_to_the_nanosecond(self):
        self.set_times()
        mount = self.mount()
        for name in ("Book.cbz", "Series/Text.cbz", "Series/note.txt", "broken.pdf"):
            with self.subTest(name=name):
                status = os.stat(mount.file(name))
                self.assertEqual(status.st_mtime_ns, BOOK_TIME)
                self.assertEqual(status.st_ctime_ns, status.st_mtime_ns)
        self.assertEqual(os.stat(mount.file("Series")).st_mtime_ns, FOLDER_TIME)
        self.assertEqual(os.stat(mount.cbz).st_mtime_ns, FOLDER_TIME)

    def test_times_before_1970_are_kept(self):
        os.utime(os.path.join(self.library, "Book.pdf"), ns=(-5_000_000_001, -5_000_000_001))
        self.assertEqual(os.stat(self.mount().file("Book.cbz")).st_mtime_ns, -5_000_000_001)

    def test_inodes_are_the_same_after_a_remount_and_never_shared(self):
        mount = self.mount()
        first = {name: status.st_ino for name, status in walk(mount.cbz).items()}
        first[b""] = os.stat(mount.cbz).st_ino
        mount.unmount()
        mount = self.mount()
        # Asked in another order, one by one.
        for name in sorted(first, reverse=True):
            path = os.path.join(os.fsencode(mount.cbz), name)
            self.assertEqual(os.lstat(path).st_ino, first[name], name)
        del first[b"second-name.txt"]  # a hard link may share its number with the other name
        self.assertEqual(len(set(first.values())), len(first))
        self.assertNotIn(0, first.values())

    def test_blocks_links_and_block_size(self):
        mount = self.mount()
        for name, status in walk(mount.cbz).items():
            with self.subTest(name=name):
                if stat.S_ISREG(status.st_mode):
                    self.assertEqual(status.st_blocks, -(-status.st_size // 512))
                    self.assertEqual(status.st_nlink, 1)
                    self.assertGreaterEqual(status.st_blksize, 128 << 10)
                self.assertGreaterEqual(status.st_nlink, 1)
                self.assertEqual(status.st_mode & 0o222 if not stat.S_ISLNK(status.st_mode) else 0,
                                 0)

    def test_owners_are_the_sources(self):
        if os.geteuid() != 0:
            self.skipTest("only root can give files away")
        os.chown(os.path.join(self.library, "Book.pdf"), 1234, 2345)
        status = os.stat(self.mount().file("Book.cbz"))
        self.assertEqual((status.st_uid, status.st_gid), (1234, 2345))

    def test_stat_of_a_handle_agrees_with_stat_of_the_name(self):
        mount = self.mount()
        with open(mount.file("Book.cbz"), "rb") as file:
            by_handle, by_name = os.fstat(file.fileno()), os.stat(mount.file("Book.cbz"))
            self.assertEqual(by_handle, by_name)
            self.assertEqual(os.lseek(file.fileno(), 0, os.SEEK_END), by_name.st_size)

    def test_statfs(self):
        status = os.statvfs(self.mount().file("Book.cbz"))
        self.assertEqual(status.f_namemax, 255)
        self.assertGreater(status.f_bsize, 0)
        self.assertGreater(status.f_blocks, 0)

    def test_every_write_is_refused_as_a_read_only_file_system_refuses_it(self):
        mount = self.mount()
        book, note, folder = mount.file("Book.cbz"), mount.file("Series/note.txt"), mount.cbz
        new = mount.file("new")
        writable = os.O_WRONLY | os.O_CREAT
        for call, arguments in (
                (os.open, (new, writable, 0o644)),
                (os.open, (new, writable | os.O_EXCL, 0o644)),
                (os.open, (book, os.O_WRONLY)), (os.open, (book, os.O_RDWR)),
                (os.open, (note, os.O_WRONLY | os.O_APPEND)),
                (os.open, (note, os.O_WRONLY | os.O_TRUNC)),
                (os.mkdir, (new,)), (os.mkfifo, (new,)), (os.symlink, ("x", new)),
                (os.link, (note, new)), (os.unlink, (book,)), (os.unlink, (note,)),
                (os.rmdir, (mount.file("Series"),)), (os.rename, (book, new)),
                (os.rename, (note, book)), (os.chmod, (book, 0o600)), (os.chmod, (folder, 0o700)),
                (os.chown, (note, 1, 1)), (os.truncate, (book, 0)), (os.truncate, (note, 10)),
                (os.utime, (book,)), (os.setxattr, (book, "user.a", b"b")),
                (os.removexattr, (book, "user.a"))):
            with self.subTest(call=call.__name__, arguments=arguments):
                self.assertErrno(errno.EROFS, call, *arguments)
        self.assertFalse(os.path.exists(os.path.join(self.library, "new")))
        self.assertFalse(os.access(book, os.W_OK))
        self.assertTrue(os.access(book, os.R_OK))

    def test_the_root_and_the_status_cannot_be_written_either(self):
        mount = self.mount()
        status = os.path.join(mount.path, ".cbzfs", "status")
        self.assertErrno(errno.EROFS, os.open, status, os.O_WRONLY)
        self.assertErrno(errno.EROFS, os.unlink, status)
        self.assertErrno(errno.EROFS, os.mkdir, os.path.join(mount.path, "new"))
        self.assertErrno(errno.EROFS, os.rmdir, mount.cbz)

    def test_the_source_is_left_as_it_was(self):
        self.set_times()

        def state():
            return {name: (status.st_mode, status.st_size, status.st_mtime_ns, status.st_ctime_ns,
                           status.st_ino) for name, status in walk(self.library).items()}

        before, bytes_before = state(), read(os.path.join(self.library, "Book.pdf"))
        mount = self.mount()
        for name in walk(mount.cbz):
            path = os.path.join(os.fsencode(mount.cbz), name)
            if os.path.isfile(path):
                read(path)
        mount.unmount()
        self.assertEqual(state(), before)
        self.assertEqual(read(os.path.join(self.library, "Book.pdf")), bytes_before)

    def test_extended_attributes_are_absent_without_an_error_for_programs(self):
        mount = self.mount()
        for call, arguments in ((os.listxattr, ()), (os.getxattr, ("user.none",))):
            try:
                self.assertEqual(call(mount.file("Book.cbz"), *arguments), [])
            except OSError as error:
                self.assertIn(error.errno, (errno.ENODATA, errno.EOPNOTSUPP))
        done = harness.subprocess.run(["cp", "-a", mount.file("Book.cbz"), self.folder],
                                      capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, b""))


STATUS_FIELDS = ["pid", "version", "pages.original", "pages.drawn", "pages.joined", "pages.failed",
                 "cache.bytes", "cache.limit", "cache.entries", "cache.hits", "cache.misses",
                 "cache.evicted", "memory.reserved", "memory.limit", "workers.alive",
                 "workers.restarts", "workers.timeouts", "queue.waiting", "queue.running",
                 "index.documents", "index.hits", "index.analysed"]


class StatusTest(harness.MountedTest):

    def value(self, status, name):
        for part in name.split("."):
            self.assertIn(part, status, name)
            status = status[part]
        return status

    def test_every_promised_field_is_there(self):
        self.put("Book.pdf", make_pdfs.small(1))
        mount = self.mount()
        status = mount.status()
        for name in STATUS_FIELDS:
            value = self.value(status, name)
            self.assertIsInstance(value, str if name == "version" else int, name)
            if name != "version":
                self.assertGreaterEqual(value, 0, name)
        self.assertTrue(os.path.exists(f"/proc/{status['pid']}"))

    def test_counters_count(self):
        self.put("Scan.pdf", make_pdfs.scan(3, width=400, height=600))
        self.put("Text.pdf", make_pdfs.small(1, pages=2))
        mount = self.mount(index=os.path.join(self.folder, "index"))
        read(mount.file("Scan.cbz"))
        read(mount.file("Text.cbz"))
        status = mount.settle()
        self.assertEqual(status["index"]["analysed"], 2)
        self.assertGreaterEqual(status["index"]["documents"], 2)
        self.assertEqual(status["pages"]["original"], 3)
        self.assertEqual(status["pages"]["drawn"], 2)
        self.assertEqual(status["pages"]["failed"], 0)
        self.assertGreater(status["cache"]["bytes"], 0)
        self.assertGreaterEqual(status["cache"]["entries"], 2)
        self.assertGreaterEqual(status["workers"]["alive"], 1)
        self.assertEqual(status["workers"]["restarts"], 0)
        self.assertEqual(status["memory"]["reserved"], status["cache"]["bytes"],
                         "nothing but the finished pages")

    def test_limits_are_those_asked_for(self):
        status = self.mount("cache=20M,memory=300M,workers=3").status()
        self.assertEqual(status["cache"]["limit"], 20 << 20)
        self.assertEqual(status["memory"]["limit"], 300 << 20)
        defaults = self.mount().status()
        self.assertEqual(defaults["cache"]["limit"], 256 << 20)
        self.assertEqual(defaults["memory"]["limit"], 512 << 20)

    def test_the_page_cache_stays_below_its_limit(self):
        self.put("Text.pdf", make_pdfs.text_book(120))
        mount = self.mount("cache=1M")
        read(mount.file("Text.cbz"))
        status = mount.settle()
        self.assertLessEqual(status["cache"]["bytes"], 1 << 20)
        self.assertGreater(status["cache"]["evicted"], 0)

    def test_the_status_is_whole_however_it_is_read(self):
        mount = self.mount()
        path = os.path.join(mount.path, ".cbzfs", "status")
        with open(path, "rb", buffering=0) as file:
            data = b""
            while piece := file.read(7):
                data += piece
        self.assertEqual(harness.json.loads(data)["pid"], mount.pid)


if __name__ == "__main__":
    harness.main()
