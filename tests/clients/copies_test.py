"""Programs that copy a library do it once: the second time they find nothing to do and draw
nothing, also when the library was mounted anew in between. What they have is the library, byte for
byte."""

import json
import os
import re

from clients import BOOKS, PAGES, ClientTest, entries, files_below, harness


class CopyTest(ClientTest):

    def setUp(self):
        super().setUp()
        self.point = os.path.join(self.folder, "mnt")
        os.mkdir(self.point)
        self.index = os.path.join(self.folder, "index")

    def again(self):
        """A mount at the same place each time, as a backup of a real library sees it."""
        mount = harness.Mount(self.library, self.point, f"workers=2,index={self.index}")
        self.addCleanup(mount.unmount)
        return mount

    def assertCopied(self, folder, view):  # noqa: N802
        """The folder has what a fresh mount shows."""
        mount = self.again()
        wanted = mount.file(view=view)
        self.assertEqual(sorted(files_below(folder)), sorted(title + ".cbz" for title in BOOKS))
        for title in BOOKS:
            name = title + ".cbz"
            copy, original = os.path.join(folder, name), os.path.join(wanted, name)
            self.assertTrue(harness.read(copy) == harness.read(original), name)
            self.assertEqual(os.stat(copy).st_mtime_ns, os.stat(original).st_mtime_ns)
            if view == "cbz":
                self.assertBook(entries(copy), original)
        mount.unmount()

    def made(self, mount):
        return sum(mount.made())

    # --- rsync -----------------------------------------------------------------------------------

    def rsync(self, mount, view, copy, *options):
        """Files transferred."""
        said = self.execute("rsync", "-a", "--stats", *options, mount.file(view=view) + "/", copy)
        return int(re.search(rb"regular files transferred: ([\d,]+)", said).group(1))

    def test_rsync_of_cbz_and_enhanced(self):
        self.need("rsync")
        for view in ("cbz", "enhanced"):
            copy = os.path.join(self.folder, "copy of " + view)
            mount = self.again()
            self.assertEqual(self.rsync(mount, view, copy), len(BOOKS))
            first = mount.made()
            # Each page once and none twice; in enhanced/ those of the scans have work in them too.
            self.assertEqual(first[:2], (PAGES, 0 if view == "cbz" else len(BOOKS) * PAGES))
            self.assertEqual(self.rsync(mount, view, copy), 0)
            self.assertEqual(mount.made(), first)
            mount.unmount()

            mount = self.again()
            self.assertEqual(self.rsync(mount, view, copy), 0)
            second = self.made(mount)
            self.assertEqual(second, 0)
            self.assertEqual(self.rsync(mount, view, copy, "--checksum"), 0)
            self.record("rsync", "rsync", f"copy {view}/, and again", drawn=max(first),
                        of=len(BOOKS) * PAGES, after=second)
            mount.unmount()
            self.assertCopied(copy, view)

    # --- restic ----------------------------------------------------------------------------------

    def restic(self, *arguments):
        """The last message of the program, which speaks JSON."""
        environment = {"RESTIC_REPOSITORY": os.path.join(self.folder, "backup"),
                       "RESTIC_PASSWORD": "of a test", "HOME": self.folder,
                       "RESTIC_CACHE_DIR": os.path.join(self.folder, "restic-cache")}
        said = self.execute("restic", "--json", *arguments, environment=environment,
                            errors=r"\A(created new cache.*)?\s*\Z")
        lines = [line for line in said.decode().splitlines() if line.startswith("{")]
        return json.loads(lines[-1]) if lines else {}

    def backup(self, mount):
        """(files that were new or changed, files as before, pages made)."""
        made = self.made(mount)
        done = self.restic("backup", mount.cbz)
        self.assertEqual(done["message_type"], "summary")
        return (done["files_new"] + done["files_changed"], done["files_unmodified"],
                self.made(mount) - made)

    def test_restic(self):
        self.need("restic")
        self.restic("init")
        mount = self.again()
        first = self.backup(mount)
        self.assertEqual(first, (len(BOOKS), 0, PAGES))
        self.assertEqual(self.backup(mount), (0, len(BOOKS), 0))
        mount.unmount()

        # By inode, time of change and size as well as by time: a fresh mount has all of them again.
        mount = self.again()
        second = self.backup(mount)
        self.assertEqual(second, (0, len(BOOKS), 0))
        mount.unmount()
        self.record("restic", "restic", "back up cbz/, and again", drawn=first[2],
                    of=len(BOOKS) * PAGES, after=second[2])

        self.restic("check", "--read-data")
        restored = os.path.join(self.folder, "restored")
        self.restic("restore", "latest", "--target", restored)
        self.assertCopied(restored + mount.cbz, "cbz")


if __name__ == "__main__":
    harness.main()
