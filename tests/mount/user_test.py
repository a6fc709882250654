"""Mounts by an ordinary user, and mounts that let other users in.

Where this runs as root and /dev/fuse is not open to users (as udev makes it on any desktop or
server), the tests run in a mount namespace of their own, with a device that is.
"""

import os
import pwd
import subprocess
import sys
import tempfile

import harness
from harness import DEADLINE, alive, is_mounted, make_pdfs, program, wait_for

PERMISSION = 7


class UserTest(harness.MountedTest):
    """Mounted by an ordinary user."""

    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            self.prefix = ()
            self.ids = (os.geteuid(), os.getegid())
        else:
            nobody = pwd.getpwnam("nobody")
            self.ids = (nobody.pw_uid, nobody.pw_gid)
            self.prefix = ("setpriv", f"--reuid={self.ids[0]}", f"--regid={self.ids[1]}",
                           "--clear-groups")
        os.chmod(self.folder, 0o755)
        self.put("Book.pdf", make_pdfs.small(1, pages=2))
        self.put("secret.txt", b"for root alone")
        os.chmod(os.path.join(self.library, "secret.txt"), 0o600)
        self.skip_unless_users_can_mount()

    def as_user(self, *command, **options):
        return subprocess.run([*self.prefix, *command], capture_output=True, check=False,
                              timeout=DEADLINE, env={**os.environ, "HOME": self.folder}, **options)

    def skip_unless_users_can_mount(self):
        helper = "/usr/bin/fusermount3"
        if not os.path.exists(helper) or not os.stat(helper).st_mode & 0o4000:
            self.skipTest("fusermount3 is not installed set-user-ID")
        if self.prefix and self.as_user("true").returncode != 0:
            self.skipTest("setpriv cannot become nobody")
        if self.as_user("test", "-x", program()).returncode != 0:
            self.skipTest(f"nobody may not run {program()}")

    def user_point(self):
        point = os.path.join(self.folder, "users")
        os.mkdir(point)
        os.chown(point, *self.ids)
        return point

    def test_a_user_mounts_reads_and_unmounts(self):
        point = self.user_point()
        self.addCleanup(lambda: is_mounted(point) and subprocess.run(
            ["fusermount3", "-u", "-z", point], check=True))
        done = self.as_user(program(), "-o", "index=none", self.library, point)
        if done.returncode == PERMISSION:
            self.skipTest(f"users may not mount here: {done.stderr.decode().strip()}")
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        listed = self.as_user("ls", os.path.join(point, "cbz"))
        self.assertEqual(listed.stdout, b"Book.cbz\nsecret.txt\n")
        tested = self.as_user("unzip", "-tq", os.path.join(point, "cbz", "Book.cbz"))
        self.assertEqual((tested.returncode, tested.stderr), (0, b""))
        refused = self.as_user("cat", os.path.join(point, "cbz", "secret.txt"))
        self.assertIn(b"Permission denied", refused.stderr)
        status = self.as_user("cat", os.path.join(point, ".cbzfs", "status"))
        pid = harness.json.loads(status.stdout)["pid"]
        self.assertEqual(self.as_user("fusermount3", "-u", point).returncode, 0)
        wait_for(lambda: not alive(pid), "the daemon ends")

    def test_allow_other_needs_the_administrators_leave(self):
        with open("/etc/fuse.conf", encoding="utf-8") as file:
            if any(line.strip() == "user_allow_other" for line in file):
                self.skipTest("/etc/fuse.conf has user_allow_other")
        point = self.user_point()
        done = self.as_user(program(), "-o", "index=none,allow_other", self.library, point)
        self.assertEqual(done.returncode, PERMISSION, done.stderr)
        self.assertIn(b"user_allow_other", done.stderr)
        self.assertIn(b"/etc/fuse.conf", done.stderr)
        self.assertFalse(is_mounted(point))

    def test_allow_other_lets_others_in_within_the_modes(self):
        if os.geteuid() != 0:
            self.skipTest("only root can look as another user")
        mount = self.mount("allow_other")
        listed = self.as_user("ls", mount.cbz)
        self.assertEqual((listed.returncode, listed.stdout), (0, b"Book.cbz\nsecret.txt\n"))
        self.assertIn(b"Permission denied", self.as_user("cat", mount.file("secret.txt")).stderr)
        self.assertEqual(self.as_user("unzip", "-tq", mount.file("Book.cbz")).returncode, 0)


def with_an_open_device():
    """Starts this program again where users may open /dev/fuse."""
    with tempfile.TemporaryDirectory() as folder:
        script = ('mknod -m 666 "$1/fuse" c 10 229 && mount --bind "$1/fuse" /dev/fuse && '
                  'shift && exec "$@"')
        return subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", folder, sys.executable,
                               "-B", *sys.argv], check=False,
                              env={**os.environ, "CBZFS_TEST_OPEN_DEVICE": "1"}).returncode


if __name__ == "__main__":
    closed = os.path.exists("/dev/fuse") and os.stat("/dev/fuse").st_mode & 0o006 != 0o006
    if closed and os.geteuid() == 0 and "CBZFS_TEST_OPEN_DEVICE" not in os.environ:
        sys.exit(with_an_open_device())
    harness.main()
