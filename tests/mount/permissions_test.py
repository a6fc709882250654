"""Who may read: others within the library's modes, and nobody but the owner the mount's own files."""

import errno
import os
import pwd
import stat
import subprocess

import harness
import make_archives
from harness import make_pdfs, read, wait_for

INDEX_REFUSED = 9


class PermissionsTest(harness.MountedTest):
    """Mounted by root, looked at by nobody."""

    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest("only root can look as another user")
        nobody = pwd.getpwnam("nobody")
        self.ids = (nobody.pw_uid, nobody.pw_gid)
        os.chmod(self.folder, 0o755)
        os.chmod(self.library, 0o755)
        for name in ("Open.pdf", "Closed.pdf", "Private/Book.pdf", "Passage/Book.pdf"):
            self.put(name, make_pdfs.small(1, pages=2))
        self.put("Closed.cbz", make_archives.deflated(2))
        self.put("Closed.txt", b"for the owner alone")
        self.put("photo.jpg", make_archives.page_jpeg(1))
        for name in ("Closed.pdf", "Closed.cbz", "Closed.txt", "photo.jpg"):
            self.chmod(name, 0o600)
        self.chmod("Private", 0o700)
        self.chmod("Passage", 0o711)

    def chmod(self, name, mode):
        os.chmod(os.path.join(self.library, name), mode)

    def as_nobody(self, *command):
        return subprocess.run(["setpriv", f"--reuid={self.ids[0]}", f"--regid={self.ids[1]}",
                               "--clear-groups", *command], capture_output=True, check=False,
                              timeout=harness.DEADLINE)

    def error_of(self, call, path):
        """The errno that a call gives nobody, 0 when it succeeds."""
        code = ("import os,sys\n"
                "try:\n"
                "  if sys.argv[1]=='read': open(sys.argv[2],'rb').read()\n"
                "  if sys.argv[1]=='list': os.listdir(sys.argv[2])\n"
                "  if sys.argv[1]=='stat': os.stat(sys.argv[2])\n"
                "except OSError as e: sys.exit(e.errno)\n")
        return self.as_nobody("/usr/bin/python3", "-c", code, call, path).returncode

    def assertRefused(self, call, path):  # noqa: N802
        self.assertEqual(self.error_of(call, path), errno.EACCES, f"{call} {path}")

    def assertAllowed(self, call, path):  # noqa: N802
        self.assertEqual(self.error_of(call, path), 0, f"{call} {path}")

    def test_without_allow_other_nobody_else_gets_in(self):
        mount = self.mount()
        for path in (mount.path, mount.cbz, mount.file("Open.cbz"), mount.path + "/.cbzfs"):
            self.assertRefused("stat", path)
        self.assertRefused("list", mount.path)
        self.assertRefused("read", mount.path + "/.cbzfs/status")

    def closed(self, mount):
        """What is made of the files of mode 0600, in every view."""
        return [mount.file(name, view=view) for view, names in {
            "cbz": ["Closed.pdf.cbz", "Closed.cbz", "Closed.txt", "photo.jpg"],
            "enhanced": ["Closed.pdf.cbz", "Closed.cbz", "Closed.txt", "photo.jpg"],
            "thumbnails": ["Closed.jpg", "photo.jpg"],
            "pages": ["Closed.txt", "photo.jpg"]}.items() for name in names]

    def folders_of_closed(self, mount):
        return [mount.file(name, view=view) for view in ("thumbnails", "pages")
                for name in ("Closed", "Closed.pdf")]

    def check_others(self, mount):
        for path in self.closed(mount):
            self.assertTrue(read(path), path)  # root may, and so it is in every cache
            self.assertRefused("read", path)
        for folder in self.folders_of_closed(mount):
            self.assertEqual(stat.S_IMODE(os.stat(folder).st_mode), 0o500, folder)
            inside = os.path.join(folder, sorted(os.listdir(folder))[-1])
            self.assertTrue(read(inside), inside)
            self.assertRefused("list", folder)
            self.assertRefused("read", inside)
        for path in (mount.file("Open.cbz"), mount.file("Open.jpg", view="thumbnails"),
                     mount.file("Open/0001.jpg", view="pages"),
                     mount.file("Open/0002.jpg", view="thumbnails")):
            self.assertAllowed("read", path)

    def test_with_allow_other_the_modes_of_the_library_count_in_every_view(self):
        mount = self.mount("allow_other")
        self.check_others(mount)
        for view in harness.VIEWS:
            self.assertRefused("list", mount.file("Private", view=view))
            self.assertRefused("list", mount.file("Passage", view=view))
        self.assertRefused("read", mount.file("Private/Book.cbz"))
        self.assertAllowed("read", mount.file("Passage/Book.cbz"))
        self.assertAllowed("read", mount.file("Passage/Book.jpg", view="thumbnails"))

    def test_so_it_is_where_a_view_is_the_root(self):
        self.chmod("", 0o711)
        mount = self.mount("allow_other,view=cbz")
        self.assertRefused("list", mount.path)
        self.assertAllowed("read", os.path.join(mount.path, "Open.cbz"))
        self.assertRefused("read", os.path.join(mount.path, "Closed.cbz"))
        self.assertRefused("list", os.path.join(mount.path, "Private"))

    def test_default_permissions_is_always_set_with_allow_other(self):
        mount = self.mount("allow_other")
        with open("/proc/self/mountinfo", encoding="utf-8") as file:
            line = next(line for line in file if line.split()[4] == mount.path)
        self.assertIn("default_permissions", line)

    def test_modes_and_owners_are_the_sources_without_leave_to_write(self):
        os.chown(os.path.join(self.library, "Closed.pdf"), *self.ids)
        mount = self.mount("allow_other")
        for path in (mount.file("Closed.pdf.cbz"), mount.file("Closed.pdf", view="pages"),
                     mount.file("Closed.pdf/0001.jpg", view="pages")):
            attr = os.stat(path)
            self.assertEqual((attr.st_uid, attr.st_gid), self.ids, path)
            self.assertEqual(attr.st_mode & 0o277, 0, path)
        self.assertAllowed("read", mount.file("Closed.pdf.cbz"))
        self.assertRefused("read", mount.file("Closed.cbz"))

    def test_leave_that_is_taken_away_is_gone_at_once(self):
        mount = self.mount("allow_other,ttl=3600")
        for path in (mount.file("Open.cbz"), mount.file("Open/0001.jpg", view="pages")):
            self.assertAllowed("read", path)
        self.chmod("Open.pdf", 0o600)
        for path in (mount.file("Open.cbz"), mount.file("Open/0001.jpg", view="pages")):
            wait_for(lambda p=path: self.error_of("read", p) == errno.EACCES, f"{path} is closed")
        self.chmod("Open.pdf", 0o644)
        wait_for(lambda: self.error_of("read", mount.file("Open.cbz")) == 0, "it is open again")

    def test_the_mounts_own_files_are_the_owners_alone(self):
        mount = self.mount("allow_other")
        own = os.path.join(mount.path, ".cbzfs")
        self.assertEqual(stat.S_IMODE(os.stat(own).st_mode), 0o500)
        self.assertEqual(os.stat(own).st_uid, os.geteuid())
        self.assertRefused("list", own)
        for name in os.listdir(own):
            path = os.path.join(own, name)
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o400, path)
            self.assertRefused("read", path)
            self.assertRefused("stat", path)
            read(path)

    def test_a_link_out_of_the_library_opens_nothing(self):
        secret = os.path.join(self.folder, "secret.pdf")
        with open(secret, "wb") as out:
            out.write(make_pdfs.small(1))
        os.symlink(secret, os.path.join(self.library, "link.pdf"))
        mount = self.mount("allow_other")
        self.assertIn("link.pdf", os.listdir(mount.cbz))
        self.assertTrue(os.path.islink(mount.file("link.pdf")))


class IndexFolderTest(harness.MountedTest):
    """The index knows the names and the content of a private library."""

    def refused(self, index):
        point = os.path.join(self.folder, "refused")
        os.makedirs(point, exist_ok=True)
        done = subprocess.run([harness.program(), self.library, point, "-o", f"index={index}"],
                              capture_output=True, timeout=harness.DEADLINE, check=False)
        self.assertFalse(harness.is_mounted(point))
        self.assertEqual(done.returncode, INDEX_REFUSED, done.stderr)
        return done.stderr.decode()

    def test_its_folder_and_file_are_made_for_the_owner_alone(self):
        self.put("Book.pdf", make_pdfs.small(1))
        old = os.umask(0)
        try:
            mount = self.mount(index=os.path.join(self.folder, "made/deep/index.sqlite"))
        finally:
            os.umask(old)
        os.stat(mount.file("Book.cbz"))
        mount.unmount()
        for folder in ("made", "made/deep"):
            self.assertEqual(stat.S_IMODE(os.stat(os.path.join(self.folder, folder)).st_mode),
                             0o700, folder)
        for name in os.listdir(os.path.join(self.folder, "made/deep")):
            mode = os.stat(os.path.join(self.folder, "made/deep", name)).st_mode
            self.assertEqual(stat.S_IMODE(mode), 0o600, name)

    def test_a_folder_of_somebody_else_is_refused(self):
        if os.geteuid() != 0:
            self.skipTest("only root can make one")
        os.mkdir(os.path.join(self.folder, "theirs"))
        os.chown(os.path.join(self.folder, "theirs"), pwd.getpwnam("nobody").pw_uid, -1)
        self.assertIn("belongs to user", self.refused(os.path.join(self.folder, "theirs/index")))

    def test_a_folder_that_others_may_write_to_is_refused(self):
        os.mkdir(os.path.join(self.folder, "shared"))
        for mode in (0o770, 0o707, 0o777):
            os.chmod(os.path.join(self.folder, "shared"), mode)
            self.assertIn("others may write",
                          self.refused(os.path.join(self.folder, "shared/index")))

    def test_a_link_in_the_place_of_the_index_is_refused_and_not_written_to(self):
        os.mkdir(os.path.join(self.folder, "mine"), 0o700)
        target = os.path.join(self.folder, "target")
        with open(target, "wb") as out:
            out.write(b"as it was")
        os.symlink(target, os.path.join(self.folder, "mine/index"))
        self.assertIn("no regular file", self.refused(os.path.join(self.folder, "mine/index")))
        self.assertEqual(read(target), b"as it was")


class SecretsTest(harness.MountedTest):
    """What a PDF asks a password for, and what is inside of documents, is nowhere to be read."""

    def test_processes_status_and_errors_hold_paths_and_no_content(self):
        self.put("locked.pdf", make_pdfs.encrypted())
        self.put("Book.pdf", make_pdfs.small(1, pages=2))
        mount = self.mount()
        harness.walk(mount.path)
        read(mount.file("Book.cbz"))
        tree = {mount.pid: None, **mount.processes()}
        for pid in tree:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
            allowed = {os.fsencode(harness.program()), os.fsencode(self.library),
                       os.fsencode(mount.path), b"-o", b"index=none", b""}
            if pid == mount.pid:
                self.assertLessEqual(set(words), allowed, words)
            else:
                for word in words:
                    self.assertNotIn(os.fsencode(self.library), word)
        self.assertRegex(mount.errors(), r"^locked\.pdf\t-\t[^\n]*password[^\n]*\n$")


if __name__ == "__main__":
    harness.main()
