"""What runs out beside memory: descriptors, and the disk of the index."""

import errno
import os
import subprocess

import harness
from harness import make_pdfs, read, wait_for


class DescriptorTest(harness.MountedTest):

    BOOKS = 60

    def setUp(self):
        super().setUp()
        for number in range(self.BOOKS):
            self.put(f"{number:02d}.pdf", make_pdfs.small(number))

    def limited(self):
        """A mount whose daemon may open 80 files; half of that is for the library."""
        mount = self.mount("workers=1,views=cbz:pages", prefix=("prlimit", "--nofile=80:80"))
        self.assertEqual(mount.status()["descriptors"], {"open": 0, "limit": 40})
        self.assertEqual(len(os.listdir(mount.cbz)), self.BOOKS)
        for name in os.listdir(mount.cbz):
            os.stat(mount.file(name))
        return mount

    def test_one_file_is_opened_once_however_many_handles_there_are(self):
        mount = self.limited()
        handles = [open(mount.file("00.cbz"), "rb") for _ in range(200)]
        handles += [open(mount.file("00", "0001.jpg", view="pages"), "rb") for _ in range(200)]
        self.assertEqual(mount.settle()["descriptors"]["open"], 1)
        first = handles[0].read()
        self.assertEqual(handles[199].read(), first)
        for handle in handles:
            handle.close()
        wait_for(lambda: mount.status()["descriptors"]["open"] == 0, "it is closed again")
        self.assertEqual(mount.errors(), "")

    def test_more_files_than_there_are_descriptors_for(self):
        mount = self.limited()
        handles = [open(mount.file(f"{number:02d}.cbz"), "rb") for number in range(40)]
        for number in range(40, self.BOOKS):
            self.assertErrno(errno.EMFILE, open, mount.file(f"{number:02d}.cbz"), "rb")
        self.assertIn("40.pdf\t-\ttoo many files are open at once", mount.errors())
        # What is open can still be drawn: the rest has its own descriptors.
        for handle in handles:
            self.assertEqual(handle.read(2), b"PK")
            self.assertGreater(len(handle.read()), 1000)
        for handle in handles:
            handle.close()
        wait_for(lambda: mount.status()["descriptors"]["open"] == 0, "they are closed again")
        self.assertEqual(read(mount.file("59.cbz"))[:2], b"PK")
        self.assertTrue(mount.daemon_alive())


class IndexDiskTest(harness.MountedTest):

    def small_disk(self, kilobytes):
        """A folder on a file system of its own, of so many KiB."""
        folder = os.path.join(self.folder, "disk")
        os.mkdir(folder)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k,mode=700",
                               "cbzfs-test", folder], capture_output=True, check=False)
        if done.returncode != 0:
            self.skipTest(f"a small disk cannot be mounted here: {done.stderr.decode().strip()}")
        self.addCleanup(subprocess.run, ["umount", folder], check=True)
        return folder

    def put_books(self, first, count):
        for number in range(first, first + count):
            self.put(f"{number:03d}.pdf", make_pdfs.small(number))

    def check_all(self, mount, count):
        for number in range(count):
            self.assertEqual(read(mount.file(f"{number:03d}.cbz"))[:2], b"PK", number)
        self.assertEqual(mount.errors(), "")
        self.assertTrue(mount.daemon_alive())

    def test_a_disk_that_fills_up_costs_nothing_but_time(self):
        disk = self.small_disk(1024)
        self.put_books(0, 20)
        mount = self.mount(index=os.path.join(disk, "cbzfs", "index.sqlite"))
        self.check_all(mount, 10)
        with open(os.path.join(disk, "filler"), "wb", buffering=0) as filler:
            with self.assertRaises(OSError):
                while True:
                    filler.write(bytes(4096))
        self.check_all(mount, 20)
        self.assertEqual(mount.settle()["index"]["analysed"], 20)
        mount.unmount()
        os.unlink(os.path.join(disk, "filler"))
        again = self.mount(index=os.path.join(disk, "cbzfs", "index.sqlite"))
        self.check_all(again, 20)

    def test_a_disk_that_is_full_from_the_start(self):
        disk = self.small_disk(64)
        os.mkdir(os.path.join(disk, "cbzfs"), 0o700)
        with open(os.path.join(disk, "filler"), "wb", buffering=0) as filler:
            with self.assertRaises(OSError):
                while True:
                    filler.write(bytes(4096))
        self.put_books(0, 3)
        self.check_all(self.mount(index=os.path.join(disk, "cbzfs", "index.sqlite")), 3)

    def test_a_disk_that_becomes_read_only(self):
        disk = self.small_disk(4096)
        index = os.path.join(disk, "cbzfs", "index.sqlite")
        self.put_books(0, 6)
        mount = self.mount(index=index)
        self.check_all(mount, 3)
        mount.unmount()
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        home = {"XDG_CACHE_HOME": disk}
        again = self.mount(index=None, environment=home)
        self.check_all(again, 6)
        again.unmount()

    def test_a_damaged_index_is_set_aside(self):
        index = os.path.join(self.folder, "cache", "index.sqlite")
        self.put_books(0, 3)
        first = self.mount(index=index)
        self.check_all(first, 3)
        first.unmount()
        with open(index, "r+b") as file:
            file.write(os.urandom(4096))
        again = self.mount(index=index)
        self.check_all(again, 3)
        self.assertEqual(again.settle()["index"]["analysed"], 3)
        self.assertTrue(os.path.exists(index + ".corrupt"))


if __name__ == "__main__":
    harness.main()
