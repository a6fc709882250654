"""Large numbers: past 4 GiB, past 65 535 entries, many handles, deep trees; and lost libraries."""

import os
import shutil
import subprocess
import zipfile

import cbz
import harness
from harness import make_pdfs, read, wait_for


class LargeArchiveTest(harness.MountedTest):

    def check_with_programs(self, path, count):
        listed = subprocess.run(["zipinfo", "-1", path], capture_output=True, check=False)
        self.assertEqual((listed.returncode, listed.stderr), (0, b""))
        self.assertEqual(len(listed.stdout.splitlines()), count)
        listed = subprocess.run(["7z", "l", "-ba", "-tzip", path], capture_output=True, check=False)
        self.assertEqual((listed.returncode, listed.stderr), (0, b""))
        self.assertEqual(len(listed.stdout.splitlines()), count)

    def test_past_four_gigabytes(self):
        self.put("Big.pdf", make_pdfs.shared_scan(4800))
        mount = self.mount()
        path = mount.file("Big.cbz")
        self.assertGreater(os.stat(path).st_size, 4 << 30)
        self.check_with_programs(path, 4801)
        with zipfile.ZipFile(path) as book:
            infos = book.infolist()
            self.assertGreater(infos[-1].header_offset, 4 << 30)
            first, last = book.read(infos[1]), book.read(infos[-1])  # checks the CRCs
        self.assertEqual(cbz.Jpeg(first).core(), cbz.Jpeg(last).core())
        for info in infos[:100]:
            self.assertEqual(info.extra, b"", "no ZIP64 where it is not needed")
        done = subprocess.run(["unzip", "-p", path, "4800.jpg"], capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stderr, done.stdout), (0, b"", last))
        self.assertEqual(mount.settle()["pages"]["drawn"], 0)

    def test_past_65535_entries(self):
        count = 65_600
        self.put("Long.pdf", make_pdfs.shared_scan(count, width=100, height=150))
        mount = self.mount("max_pages=100000,guard=0")
        path = mount.file("Long.cbz")
        self.assertGreater(os.stat(path).st_size, count * 1000)
        self.check_with_programs(path, count + 1)
        with zipfile.ZipFile(path) as book:
            self.assertEqual(len(book.namelist()), count + 1)
            self.assertEqual(book.namelist()[-1], f"{count:05d}.jpg")
            self.assertEqual(book.read("65536.jpg")[:2], b"\xff\xd8")
            self.assertEqual(book.read(f"{count:05d}.jpg")[-2:], b"\xff\xd9")


class ManyTest(harness.MountedTest):

    def descriptors(self, mount):
        return len(os.listdir(f"/proc/{mount.pid}/fd"))

    def test_handles_are_given_back(self):
        for number in range(50):
            self.put(f"{number}.pdf", make_pdfs.small(number))
            self.put(f"{number}.txt", b"text")
        mount = self.mount()
        for name in os.listdir(mount.cbz)[:10]:
            read(mount.file(name))
        mount.settle()
        wait_for(lambda: self.descriptors(mount) < 60, "a few descriptors at rest")
        before = self.descriptors(mount)
        for _ in range(3):
            for name in os.listdir(mount.cbz):
                read(mount.file(name))
        mount.settle()
        wait_for(lambda: self.descriptors(mount) <= before + 20, "handles are given back")

    def test_more_books_are_open_at_once_than_a_process_is_given_descriptors(self):
        import resource
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard < 2500:
            self.skipTest(f"a process may not have more than {hard} files open")
        for number in range(1200):
            self.put(f"{number}.pdf", make_pdfs.small(number))
        mount = self.mount(prefix=("prlimit", f"--nofile=1024:{hard}"))
        resource.setrlimit(resource.RLIMIT_NOFILE, (2500, hard))
        handles = []
        try:
            for number in range(1200):
                handles.append(os.open(mount.file(f"{number}.cbz"), os.O_RDONLY))
            for handle in handles:
                self.assertEqual(os.pread(handle, 4, 0), b"PK\x03\x04")
        finally:
            for handle in handles:
                os.close(handle)

    def test_a_deep_tree(self):
        folder = "/".join(f"{'folder':>50} {level}".strip() for level in range(60))
        self.put(f"{folder}/Book.pdf", make_pdfs.small(1, pages=2))
        mount = self.mount()
        self.assertEqual(len(cbz.pages(read(mount.file(folder, "Book.cbz")))), 2)
        done = subprocess.run(["find", mount.cbz, "-name", "*.cbz"], capture_output=True,
                              check=False)
        self.assertEqual((done.returncode, len(done.stdout.splitlines())), (0, 1))

    def test_many_list_at_once(self):
        for number in range(400):
            self.put(f"{number}.pdf", make_pdfs.small(number))
        mount = self.mount()
        listers = [subprocess.Popen(["ls", "-l", mount.cbz], stdout=subprocess.PIPE)
                   for _ in range(8)]
        outputs = {lister.communicate()[0] for lister in listers}
        self.assertEqual({lister.returncode for lister in listers}, {0})
        self.assertEqual(len(outputs), 1)
        self.assertEqual(len(outputs.pop().splitlines()), 401)
        self.assertEqual(mount.settle()["index"]["analysed"], 400, "each once")

    def test_a_library_that_goes_away_and_comes_back(self):
        self.put("Series/Book.pdf", make_pdfs.small(1, pages=2))
        mount = self.mount("ttl=0.1")
        self.assertEqual(os.listdir(mount.file("Series")), ["Book.cbz"])
        aside = os.path.join(self.folder, "aside")
        os.rename(os.path.join(self.library, "Series"), aside)
        wait_for(lambda: os.listdir(mount.cbz) == [], "the folder is gone")
        os.rename(aside, os.path.join(self.library, "Series"))
        wait_for(lambda: os.listdir(mount.cbz) == ["Series"], "the folder is back")
        self.assertEqual(len(cbz.pages(read(mount.file("Series", "Book.cbz")))), 2)
        shutil.rmtree(self.library)
        harness.time.sleep(0.2)
        try:
            self.assertEqual(os.listdir(mount.cbz), [])
        except OSError:
            pass
        self.assertTrue(mount.daemon_alive())
        os.mkdir(self.library)


if __name__ == "__main__":
    harness.main()
