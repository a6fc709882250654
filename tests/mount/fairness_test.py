"""Books that hang workers, and a good one that is read meanwhile.

The deadlines are far away here: what keeps the good book readable is that slow work gives way.
"""

import os
import threading

import cbz
import harness
from harness import make_pdfs, read, wait_for


class FairnessTest(harness.MountedTest):

    BAD = 10
    PAGES = 30
    WORKERS = 2
    OPTIONS = f"dpi=100,workers={WORKERS},draw_timeout=600"

    def setUp(self):
        super().setUp()
        self.put("good/Good.pdf", make_pdfs.text_book(self.PAGES))
        mount = self.mount(self.OPTIONS)
        self.wanted = read(mount.file("good", "Good.cbz"))
        self.assertEqual(len(cbz.pages(self.wanted)), self.PAGES)
        mount.unmount()
        # In folders of their own: lookups in one folder may wait for one another.
        for number in range(self.BAD):
            self.put(f"bad{number}/Bad.pdf", make_pdfs.partly_endless(2 + number, 1))

    def bad(self, mount):
        return [mount.file(f"bad{number}", "Bad.cbz") for number in range(self.BAD)]

    def read_the_good_one(self, mount):
        self.assertEqual(read(mount.file("good", "Good.cbz")), self.wanted)
        self.assertEqual(mount.status()["pages"]["failed"], 0)

    def assert_slow(self, mount):
        """The bad ones have been taken for what they are, and no worker is theirs but two."""
        status = wait_for(
            lambda: (lambda s: s if s["workers"]["slow"] == self.WORKERS
                     and s["workers"]["preempted"] > 0 else None)(mount.status()),
            "slow work is run aside, and what there is too much of is taken off")
        self.assertEqual(status["workers"]["timeouts"], self.timeouts)
        self.assertEqual(status["workers"]["put_aside"], 0)
        self.assertLessEqual(len(mount.workers()), 2 * self.WORKERS + 1)
        nice = sorted(os.getpriority(os.PRIO_PROCESS, pid) for pid in mount.workers())
        own = os.getpriority(os.PRIO_PROCESS, mount.pid)
        self.assertEqual(nice.count(min(own + 10, 19)), self.WORKERS, nice)

    def test_a_good_book_is_read_while_ten_bad_ones_are_being_opened(self):
        mount = self.mount(self.OPTIONS + ",analyse_timeout=600")
        self.timeouts = 0
        readers = [self.start_reader(path) for path in self.bad(mount)]
        wait_for(lambda: mount.status()["queue"]["running"] >= self.WORKERS, "they are looked at")
        self.read_the_good_one(mount)
        self.assertTrue(all(reader.running() for reader in readers), "none of them has ended")
        self.assert_slow(mount)
        self.assertEqual(os.listdir(mount.file("good")), ["Good.cbz"])

    def test_a_good_book_is_read_while_ten_bad_ones_are_being_read(self):
        mount = self.mount(self.OPTIONS + ",analyse_timeout=2")
        # The analysis is killed once at the page, and then does without drawing it.
        sizes = []
        threads = [threading.Thread(target=lambda path=path: sizes.append(os.stat(path).st_size))
                   for path in self.bad(mount)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        self.assertEqual(len(sizes), self.BAD)
        self.timeouts = mount.status()["workers"]["timeouts"]
        self.assertEqual(mount.status()["workers"]["recovered"], self.timeouts)
        readers = [self.start_reader(path) for path in self.bad(mount)]
        wait_for(lambda: mount.status()["queue"]["running"] >= self.WORKERS, "they are drawn")
        self.read_the_good_one(mount)
        self.assertTrue(all(reader.running() for reader in readers), "none of them has ended")
        self.assert_slow(mount)


if __name__ == "__main__":
    harness.main()
