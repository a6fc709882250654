"""Worker processes that die, hang or are all busy, and readers that give up."""

import errno
import os
import signal
import threading
import zipfile

import cbz
import harness
from harness import DEADLINE, alive, make_pdfs, read, wait_for


class WorkersTest(harness.MountedTest):

    SLOW_PAGES = 6

    def setUp(self):
        super().setUp()
        self.put("Slow.pdf", make_pdfs.slow(self.SLOW_PAGES))
        self.put("Book.pdf", make_pdfs.scan(3, width=400, height=600))
        self.put("Text.pdf", make_pdfs.small(1, pages=3))

    def slow_mount(self, options="workers=1"):
        """A mount whose slow book is analysed, and where its pages are: {number: (at, size)}."""
        mount = self.mount(f"dpi=120,read_ahead=0,{options}")
        with open(mount.file("Slow.cbz"), "rb", buffering=0) as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_RANDOM)
            with zipfile.ZipFile(file) as book:
                places = {number: (info.header_offset + 30 + len(info.filename), info.file_size)
                          for number, info in enumerate(book.infolist()) if number}
        return mount, places

    def read_page(self, mount, places, number):
        """A process that reads the page's image; the guard at its start needs no drawing."""
        offset, size = places[number]
        return self.start_reader(mount.file("Slow.cbz"), offset, size, direct=True)

    def busy(self, mount, waiting=0):
        def check():
            queue = mount.status()["queue"]
            return queue["running"] >= 1 and queue["waiting"] >= waiting
        wait_for(check, f"a worker draws and {waiting} wait")

    def reference_page(self, number):
        mount, places = self.slow_mount("workers=2")
        data, code = self.read_page(mount, places, number).result()
        self.assertEqual(code, 0)
        mount.unmount()
        return data

    def test_a_worker_killed_while_it_draws_costs_nobody_a_byte(self):
        wanted = self.reference_page(1)
        mount, places = self.slow_mount()
        reader = self.read_page(mount, places, 1)
        self.busy(mount)
        killed = mount.workers()
        self.assertTrue(killed, mount.processes())
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        data, code = reader.result()
        self.assertEqual(code, 0)
        self.assertEqual(data, wanted)
        status = mount.settle()
        self.assertGreaterEqual(status["workers"]["restarts"], 1)
        self.assertEqual(status["pages"]["failed"], 0)
        self.assertFalse(any(alive(pid) for pid in killed))
        self.assertGreaterEqual(status["workers"]["alive"], 1)

    def test_a_page_whose_worker_dies_each_time_fails_alone(self):
        mount, places = self.slow_mount()
        reader = self.read_page(mount, places, 1)
        killed = set()
        while reader.running():
            if mount.status()["queue"]["running"]:
                for pid in mount.workers():
                    killed.add(pid)
                    try:
                        os.kill(pid, signal.SIGKILL)
                    except ProcessLookupError:
                        pass
            self.assertLess(len(killed), 60, "the page is tried again and again")
            harness.time.sleep(0.2)
        data, code = reader.result()
        self.assertEqual(errno.errorcode.get(code), "EIO")
        self.assertLessEqual(len(data), 4096, "nothing but the constant beginning")
        self.assertGreaterEqual(mount.status()["pages"]["failed"], 1)
        self.assertIn("Slow.pdf", mount.errors())
        # Everything else goes on.
        self.assertEqual(len(cbz.pages(read(mount.file("Text.cbz")))), 3)
        self.assertEqual(len(cbz.pages(read(mount.file("Book.cbz")))), 3)

    def test_the_mount_outlives_the_death_of_every_process_it_started(self):
        mount, _ = self.slow_mount("workers=2")
        everyone = [pid for pid, (name, _) in mount.processes().items()
                    if name.startswith("cbzfs")]
        for pid in everyone:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.assertEqual(len(cbz.pages(read(mount.file("Book.cbz")))), 3)
        self.assertEqual(len(cbz.pages(read(mount.file("Text.cbz")))), 3)
        self.assertTrue(mount.daemon_alive())

    def test_a_stat_and_original_pages_are_answered_while_all_workers_are_busy(self):
        mount, places = self.slow_mount()
        readers = [self.read_page(mount, places, number) for number in range(2, 6)]
        self.busy(mount, waiting=2)
        # More readers than libfuse has threads by default, on pages that wait already.
        crowd = [self.read_page(mount, places, 5) for _ in range(12)]
        before = mount.status()["pages"]["drawn"]
        os.stat(mount.file("Book.cbz"))
        os.stat(mount.file("Text.cbz"))  # not seen before: a document is analysed meanwhile
        self.assertEqual(sorted(os.listdir(mount.cbz)), ["Book.cbz", "Slow.cbz", "Text.cbz"])
        self.assertEqual(len(cbz.pages(read(mount.file("Book.cbz")))), 3)
        status = mount.status()
        self.assertTrue(readers[-1].running(), "the last slow page was still waited for")
        self.assertLessEqual(status["pages"]["drawn"] - before, 2)
        self.assertGreaterEqual(status["queue"]["waiting"], 1)
        for reader in readers + crowd:
            self.assertEqual(reader.result(120)[1], 0)

    def test_readers_that_give_up_are_gone_and_the_queue_empties(self):
        for mark in (signal.SIGKILL, signal.SIGINT):
            with self.subTest(mark=mark):
                mount, places = self.slow_mount()
                readers = [self.read_page(mount, places, number) for number in (1, 2, 3)]
                self.busy(mount, waiting=2)
                for reader in readers:
                    reader.signal(mark)
                for reader in readers:
                    self.assertNotEqual(reader.result()[1], 0)
                self.assertEqual(mount.drawn(), 0, "gone before the first page was drawn")
                wait_for(lambda: mount.status()["queue"]["waiting"] == 0, "the queue empties")
                self.assertLessEqual(mount.settle()["pages"]["drawn"], 1, "nobody wants the rest")
                self.assertTrue(mount.daemon_alive())
                self.assertEqual(len(cbz.pages(read(mount.file("Text.cbz")))), 3)
                mount.unmount()

    def test_a_killed_ordinary_reader_is_gone_at_once(self):
        # The kernel asks for such pages in the background and never takes that back, so that they
        # are drawn all the same.
        mount, places = self.slow_mount()
        reader = self.start_reader(mount.file("Slow.cbz"), places[1][0] + 8192, 10)
        self.busy(mount)
        reader.signal(signal.SIGKILL)
        reader.result()
        self.assertEqual(mount.drawn(), 0, "gone before the page was drawn")
        mount.settle()
        self.assertTrue(mount.daemon_alive())

    def test_a_killed_stat_does_not_wait_for_the_analysis(self):
        self.put("Endless.pdf", make_pdfs.slow(1, fills=4000))
        mount = self.mount("analyse_timeout=60,workers=1")
        process = harness.subprocess.Popen(["stat", mount.file("Endless.cbz")],
                                           stdout=harness.subprocess.DEVNULL,
                                           stderr=harness.subprocess.DEVNULL)
        try:
            harness.time.sleep(0.3)
            if process.poll() is not None:
                self.skipTest("the analysis of a document that is slow to draw is quick")
            self.assertGreaterEqual(mount.status()["queue"]["running"], 1)
            process.kill()
            process.wait(DEADLINE)
            self.assertGreaterEqual(mount.status()["queue"]["running"], 1, "still analysed")
        finally:
            process.kill()
            process.wait(DEADLINE)

    def test_one_of_two_readers_giving_up_does_not_disturb_the_other(self):
        mount, places = self.slow_mount()
        stays = self.read_page(mount, places, 1)
        self.busy(mount)
        leaves = self.read_page(mount, places, 1)
        leaves.signal(signal.SIGKILL)
        leaves.result()
        data, code = stays.result()
        self.assertEqual((code, len(data)), (0, places[1][1]))
        self.assertEqual(mount.drawn(), 1)

    def test_a_page_that_never_ends_meets_its_deadline_and_is_remembered(self):
        mount, places = self.slow_mount("workers=1,draw_timeout=0.3")
        data, code = self.read_page(mount, places, 1).result()
        self.assertEqual(errno.errorcode.get(code), "EIO")
        status = mount.settle()
        self.assertGreaterEqual(status["workers"]["timeouts"], 1)
        self.assertIn("Slow.pdf", mount.errors())
        # The failure is remembered: asking again kills no further worker.
        again, code = self.read_page(mount, places, 1).result()
        self.assertEqual(errno.errorcode.get(code), "EIO")
        self.assertEqual(mount.settle()["workers"]["timeouts"], status["workers"]["timeouts"])
        self.assertEqual(len(cbz.pages(read(mount.file("Text.cbz")))), 3)

    def test_a_document_that_cannot_be_analysed_in_time_stops_no_other(self):
        self.put("Endless.pdf", make_pdfs.endless())
        mount = self.mount(f"analyse_timeout={harness.limit(1)},draw_timeout={harness.limit(1)},"
                           "workers=1")
        done = []

        def stat_endless():
            try:
                done.append(os.listdir(mount.cbz))
            except OSError as error:
                done.append(error)

        thread = threading.Thread(target=stat_endless)
        thread.start()
        self.assertEqual(len(cbz.pages(read(mount.file("Text.cbz")))), 3)
        self.assertEqual(len(cbz.pages(read(mount.file("Book.cbz")))), 3)
        thread.join(2 * harness.DEADLINE)
        self.assertEqual(len(done), 1)
        self.assertEqual(len(done[0]), 4, "the listing is complete")
        # Either a book whose page fails, or, once the analysis was given up, shown as it is.
        def endless_is_decided():
            name, = [name for name in os.listdir(mount.cbz) if name.startswith("Endless")]
            try:
                return read(mount.file(name))
            except FileNotFoundError:
                return False
            except OSError as error:
                return error.errno == errno.EIO
        wait_for(endless_is_decided, "the endless document is the one or the other")
        self.assertIn("Endless.pdf", mount.errors())
        self.assertTrue(mount.daemon_alive())

    def test_one_page_that_never_ends_costs_the_book_that_page_alone(self):
        self.put("Partly.pdf", make_pdfs.partly_endless(20, 8))
        mount = self.mount("draw_timeout=2")
        failed = []
        with zipfile.ZipFile(mount.file("Partly.cbz")) as book:
            for name in book.namelist():
                try:
                    book.read(name)
                except OSError as error:
                    self.assertEqual(error.errno, errno.EIO)
                    failed.append(name)
        self.assertEqual(failed, ["0008.jpg"])
        self.assertEqual([line.split("\t")[:2] for line in mount.errors().splitlines()],
                         [["Partly.pdf", "8"]])

    def test_memory_is_given_back(self):
        mount, places = self.slow_mount("workers=2,memory=128M,cache=32M")
        for reader in [self.read_page(mount, places, number) for number in (1, 2, 3)]:
            self.assertEqual(reader.result()[1], 0)
        status = mount.settle()
        self.assertEqual(status["memory"]["reserved"], status["cache"]["bytes"])
        self.assertLessEqual(status["memory"]["reserved"], 128 << 20)


if __name__ == "__main__":
    harness.main()
