"""Ways to read: at random, in parallel, mapped, only the list; and how little work they cause."""

import mmap
import os
import random
import threading
import zipfile

import cbz
import harness
from harness import make_pdfs, read, wait_for


class ReadingTest(harness.MountedTest):

    def book(self, mount, name="Book.cbz"):
        return mount.file(name)

    def offsets(self, path):
        """{page number from 1: offset of its data}, from the central directory."""
        with open(path, "rb", buffering=0) as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_RANDOM)
            with zipfile.ZipFile(file) as book:
                return {number: (info.header_offset + 30 + len(info.orig_filename.encode()),
                                 info.file_size)
                        for number, info in enumerate(book.infolist()) if number > 0}

    def test_parallel_reads_at_random_equal_one_in_order(self):
        self.put("Book.pdf", make_pdfs.mixed())
        self.put("Text.pdf", make_pdfs.text_book(40))
        self.put("Scan.pdf", make_pdfs.icc_scan(4, width=600, height=900))
        reference = self.mount()
        names = ("Book.cbz", "Text.cbz", "Scan.cbz")
        wanted = {name: read(reference.file(name)) for name in names}
        reference.unmount()
        mount = self.mount("cache=2M")
        failures = []

        def reader(seed):
            rng = random.Random(seed)
            files = {name: os.open(mount.file(name), os.O_RDONLY) for name in names}
            try:
                for _ in range(60):
                    name = rng.choice(names)
                    offset = rng.randrange(len(wanted[name]) + 100)
                    size = rng.choice((1, 13, 4096, 65536, 300_000))
                    got = os.pread(files[name], size, offset)
                    if got != wanted[name][offset:offset + size]:
                        failures.append((name, offset, size))
            except OSError as error:
                failures.append(error)
            finally:
                for file in files.values():
                    os.close(file)

        threads = [threading.Thread(target=reader, args=(seed,)) for seed in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        self.assertEqual(mount.settle()["pages"]["failed"], 0)

    def test_a_mapped_file_equals_the_read_one(self):
        self.put("Book.pdf", make_pdfs.mixed())
        mount = self.mount()
        with open(self.book(mount), "rb") as file:
            for access in (mmap.MAP_SHARED, mmap.MAP_PRIVATE):
                with mmap.mmap(file.fileno(), 0, access, mmap.PROT_READ) as mapped:
                    backwards = [mapped[at:at + 50_000]
                                 for at in reversed(range(0, len(mapped), 50_000))]
            self.assertEqual(b"".join(reversed(backwards)), read(self.book(mount)))

    def test_listing_an_archive_draws_no_page(self):
        self.put("Book.pdf", make_pdfs.text_book(60))
        for tool in (["unzip", "-l"], ["zipinfo"], ["python3-list"]):
            mount = self.mount()
            if tool == ["python3-list"]:
                with zipfile.ZipFile(self.book(mount)) as book:
                    self.assertEqual(len(book.namelist()), 61)
            else:
                done = harness.subprocess.run([*tool, self.book(mount)], capture_output=True,
                                              check=True)
                self.assertIn(b"0060.jpg", done.stdout)
            with self.subTest(tool=tool):
                self.assertEqual(mount.settle()["pages"]["drawn"], 0)
            mount.unmount()

    def test_comic_info_and_sizes_draw_no_page(self):
        self.put("Book.pdf", make_pdfs.text_book(60))
        mount = self.mount()
        with zipfile.ZipFile(self.book(mount)) as book:
            self.assertIn(b"<PageCount>60</PageCount>", book.read("ComicInfo.xml"))
            self.assertGreater(sum(info.file_size for info in book.infolist()), 60_000)
        # The kernel reads 128 KiB ahead of the first bytes, so into the first pages.
        self.assertLess(mount.settle()["pages"]["drawn"], 20)

    def test_one_page_from_the_middle_draws_few(self):
        self.put("Book.pdf", make_pdfs.text_book(60))
        mount = self.mount("read_ahead=0")
        with zipfile.ZipFile(self.book(mount)) as book:
            with book.open("0030.jpg") as page:
                self.assertEqual(page.read(2), b"\xff\xd8")
                page.read()
        self.assertLessEqual(mount.settle()["pages"]["drawn"], 6)

    def test_the_next_pages_are_drawn_while_somebody_reads_on(self):
        self.put("Book.pdf", make_pdfs.drawings(40))
        mount = self.mount("read_ahead=4")
        with open(self.book(mount), "rb", buffering=0) as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_RANDOM)
            places = self.offsets(self.book(mount))
            for number in (1, 2):
                os.pread(file.fileno(), places[number][1], places[number][0])
            wait_for(lambda: mount.drawn() >= 6, "pages 3 to 6 are drawn ahead")
            ahead = mount.settle()
            self.assertLess(ahead["pages"]["drawn"], 12, "not the whole book")
            # Page 3 is there already: reading it starts nothing that was not started.
            before = ahead["cache"]["hits"]
            os.pread(file.fileno(), places[3][1], places[3][0])
            self.assertGreater(mount.status()["cache"]["hits"], before)

    def test_without_read_ahead_only_what_is_asked_for_is_drawn(self):
        self.put("Book.pdf", make_pdfs.drawings(40))
        mount = self.mount("read_ahead=0")
        path = self.book(mount)
        places = self.offsets(path)
        with open(path, "rb", buffering=0) as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_RANDOM)
            os.pread(file.fileno(), 4096, places[20][0] + places[20][1] // 2)
        self.assertLessEqual(mount.settle()["pages"]["drawn"], 3)

    def test_one_page_is_drawn_once_however_many_wait_for_it(self):
        self.put("Slow.pdf", make_pdfs.slow(1))
        mount = self.mount("dpi=100,read_ahead=0,workers=2")
        path = self.book(mount, "Slow.cbz")
        offset, size = self.offsets(path)[1]
        # Different parts, so that the kernel cannot join the readers itself.
        step = size // 5
        readers = [self.start_reader(path, offset + 4200 + i * step, 10) for i in range(4)]
        for reader in readers:
            data, code = reader.result()
            self.assertEqual((len(data), code), (10, 0))
        status = mount.settle()
        self.assertEqual(status["pages"]["drawn"], 1)
        self.assertGreaterEqual(status["pages"]["joined"], 1)

    def test_the_second_whole_read_is_the_kernels_alone(self):
        self.put("Book.pdf", make_pdfs.mixed())
        self.put("Scan.pdf", make_pdfs.scan(2, width=400, height=600))
        self.put("note.txt", b"note\n" * 10000)
        mount = self.mount()
        names = ("Book.cbz", "Scan.cbz", "note.txt")
        first = {name: read(mount.file(name)) for name in names}
        before = mount.settle()
        self.assertEqual({name: read(mount.file(name)) for name in names}, first)
        after = mount.settle()
        for group in ("pages", "cache"):
            self.assertEqual(after[group], before[group])
        self.assertEqual(after["index"]["analysed"], before["index"]["analysed"])

    def test_a_small_cache_costs_time_and_no_bytes(self):
        self.put("Book.pdf", make_pdfs.drawings(6))
        big, none = self.mount(), self.mount("cache=0")
        data = read(self.book(big))
        self.assertEqual(read(self.book(none)), data)
        with open(self.book(none), "rb", buffering=0) as file:
            for offset in random.Random(1).sample(range(len(data)), 30):
                self.assertEqual(os.pread(file.fileno(), 100, offset), data[offset:offset + 100])
        self.assertEqual(none.settle()["cache"]["bytes"], 0)

    def test_pages_read_backwards_are_the_same(self):
        self.put("Book.pdf", make_pdfs.text_book(12))
        mount = self.mount()
        with zipfile.ZipFile(self.book(mount)) as book:
            backwards = {name: book.read(name) for name in reversed(book.namelist())}
        for entry in cbz.entries(read(self.book(mount))):
            self.assertEqual(backwards[entry.name], entry.data)


if __name__ == "__main__":
    harness.main()
