"""cbzfs move, killed at every system call and failing at every one: nothing is lost, and a second
run finishes it."""

import os
import signal

import harness
import moving
from moving import CALLS, TRACED, contents, hidden, inject, run, snapshot

KILLED = -signal.SIGKILL
# Of calls whose failure a move does without, as where a file system does not know them.
FAILURES = ("EIO", "ENOSPC")


class CuttingTest(moving.MovingTest):

    def setUp(self):
        super().setUp()
        self.cuts = 0

    def prepare(self):
        """Makes source and destination, and returns the arguments of the move."""
        raise NotImplementedError

    def check_whole(self, at):
        """Each file is whole where it was or where it comes to be, and no other file is there."""
        source, dest = contents(self.here), contents(self.there)
        for name, content in self.files.items():
            where = self.moved_name(name)
            self.assertIn(content, (source.get(name), dest.get(where)), f"{at}: {name} is lost")
        wanted = {self.moved_name(name): content for name, content in self.files.items()}
        for name, content in dest.items():
            self.assertIn(content, (wanted.get(name), self.before.get(name)),
                          f"{at}: {name} is not whole")

    def moved_name(self, name):
        return name

    def run_cut(self, call, what, number, expected):
        """One run that is cut at the call of this number, and one that finishes it.

        False: there are not so many calls."""
        self.clear(self.here, self.there)
        arguments = self.prepare()
        self.files = contents(self.here)
        self.before = contents(self.there)
        log = os.path.join(self.folder, "log")
        done = run(*arguments, env=TRACED, prefix=inject(f"{call}:{what}:when={number}", log=log))
        at = f"{call} {number} {what}"
        happened = done.returncode == KILLED or b"INJECTED" in harness.read(log)
        self.assertIn(done.returncode, expected, f"{at}: {done.stderr}")
        self.check_whole(at)
        if done.returncode == 0:
            self.check_done(at)
        left = os.path.lexists(arguments[-2])
        again = run(*arguments)
        if left or again.returncode != 3:  # 3: the run was cut when nothing was left to be moved
            self.assertEqual((again.returncode, again.stderr), (0, ""), at)
        self.check_done(at)
        return happened

    def check_done(self, at):
        self.assertEqual(contents(self.here), {}, at)
        self.assertEqual(os.listdir(self.here), [], at)
        self.assertEqual(hidden(self.there), [], at)
        self.check_moved(at)

    def check_moved(self, at):
        raise NotImplementedError

    def cut_everywhere(self, what, expected):
        for call in CALLS:
            number = 1
            while self.run_cut(call, what, number, expected):
                self.cuts += 1
                number += 1


class CuttingAFile(CuttingTest):

    def prepare(self):
        book = self.put("Book.cbz", b"book" * 700_000, library=self.here)
        os.setxattr(book, "user.series", b"Harbour")
        os.utime(book, ns=(5, 1_000_000_007))
        self.was = snapshot(self.here)
        return book, self.there

    def check_moved(self, at):
        self.assertEqual(snapshot(self.there), self.was, at)

    def test_killed(self):
        self.cut_everywhere("signal=SIGKILL", (0, KILLED))
        self.assertGreater(self.cuts, 12)

    def test_failing(self):
        for error in FAILURES:
            self.cut_everywhere(f"error={error}", (0, 1))
        self.assertGreater(self.cuts, 24)


class CuttingAReplacement(CuttingAFile):
    """Until the new file is whole, the old one is there."""

    def prepare(self):
        book, there = super().prepare()
        self.put("Book.cbz", b"old", library=self.there)
        return "--force", book, there

    def check_whole(self, at):
        super().check_whole(at)
        self.assertIn(contents(self.there).get("Book.cbz"), (b"old", self.files["Book.cbz"]), at)


class CuttingATree(CuttingTest):
    """A folder under a new name, on another disk."""

    def prepare(self):
        tree = os.path.join(self.here, "Tree")
        self.make_tree(tree)
        self.was = {name.replace("Tree", "New", 1): entry
                    for name, entry in snapshot(self.here).items()}
        return tree, os.path.join(self.there, "New")

    def moved_name(self, name):
        return name.replace("Tree", "New", 1)

    def check_moved(self, at):
        self.assertEqual(snapshot(self.there), self.was, at)

    def test_killed(self):
        self.cut_everywhere("signal=SIGKILL", (0, KILLED))
        self.assertGreater(self.cuts, 50)

    def test_failing(self):
        self.cut_everywhere("error=EIO", (0, 1))
        self.assertGreater(self.cuts, 50)


class CuttingAMerge(CuttingTest):

    def prepare(self):
        self.put("A/new", b"new", library=self.here)
        self.put("A/fresh/er/file", b"file", library=self.here)
        self.put("A/same", b"same", library=self.here)
        os.symlink("new", os.path.join(self.here, "A/link"))
        self.put("A/same", b"same", library=self.there)
        self.put("A/old", b"old", library=self.there)
        return os.path.join(self.here, "A"), self.there

    def check_moved(self, at):
        self.assertEqual(contents(self.there), {**self.files, **self.before}, at)

    def test_killed(self):
        self.cut_everywhere("signal=SIGKILL", (0, KILLED))
        self.assertGreater(self.cuts, 30)


class CuttingARename(CuttingTest):

    def prepare(self):
        os.mkdir(os.path.join(self.here, "from"))
        tree = os.path.join(self.here, "from", "Tree")
        self.make_tree(tree)
        os.makedirs(os.path.join(self.there), exist_ok=True)
        self.was = None
        return tree, os.path.join(self.here, "New")

    def check_whole(self, at):
        source = contents(self.here)
        for name, content in self.files.items():
            new = name.replace("from/Tree", "New", 1)
            self.assertIn(content, (source.get(name), source.get(new)), at)

    def check_done(self, at):
        self.assertEqual(contents(self.here), {name.replace("from/Tree", "New", 1): content
                                               for name, content in self.files.items()}, at)

    def test_killed(self):
        self.cut_everywhere("signal=SIGKILL", (0, KILLED))
        self.assertGreater(self.cuts, 1)


del CuttingTest  # not a test itself


if __name__ == "__main__":
    harness.main()
