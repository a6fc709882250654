"""The Debian package: built, looked at by lintian, and installed into a fresh Debian, where it mounts.

The fresh Debian is made by debootstrap from the network once and kept as an archive in the build
folder for a month; packages that ours depends on come from the network each time. All that is
mounted is so in a mount namespace of this test alone.
"""

import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

import installed
from installed import harness

SUITE = "bookworm"
MIRROR = "http://deb.debian.org/debian"
MONTH = 30 * 24 * 3600
MINUTES = 60


def run(*command, minutes=1, **options):
    """What it printed; AssertionError with all of it when it fails."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False, timeout=minutes * MINUTES, **options)
    text = done.stdout.decode("utf-8", "replace")
    if done.returncode != 0:
        raise AssertionError(f"{command} ended with {done.returncode}:\n{text[-3000:]}")
    return text


def need(program, package):
    if shutil.which(program) is None:
        raise AssertionError(f"{program} is missing: apt install {package}"
                             " (mount-helpers/install-packages test does)")


def mirror_answers():
    try:
        with urllib.request.urlopen(f"{MIRROR}/dists/{SUITE}/Release", timeout=30) as answer:
            return answer.status == 200
    except OSError as error:
        print(f"{MIRROR}: {error}", flush=True)
        return False


def setUpModule():  # noqa: N802
    """One package for all tests."""
    global FOLDER, PACKAGE  # pylint: disable=global-statement
    FOLDER = os.path.realpath(tempfile.mkdtemp(prefix="cbzfs-test-"))
    unittest.addModuleCleanup(shutil.rmtree, FOLDER)
    os.chmod(FOLDER, 0o755)
    # gzip: xz takes a minute, and is not what is tried here.
    run("cpack", "-G", "DEB", "-D", "CPACK_DEBIAN_COMPRESSION_TYPE=gzip",
        "-B", os.path.join(FOLDER, "cpack"), cwd=os.environ["CBZFS_BUILD"], minutes=3)
    found = [name for name in os.listdir(os.path.join(FOLDER, "cpack")) if name.endswith(".deb")]
    if len(found) != 1:
        raise AssertionError(f"cpack made {found}")
    PACKAGE = os.path.join(FOLDER, found[0])
    shutil.move(os.path.join(FOLDER, "cpack", found[0]), PACKAGE)
    shutil.rmtree(os.path.join(FOLDER, "cpack"))


class FileTest(unittest.TestCase):
    """What is in it."""

    def test_lintian_finds_no_error(self):
        need("lintian", "lintian")
        said = run("lintian", "--fail-on", "error", "--allow-root", PACKAGE, minutes=3)
        self.assertNotIn("E:", said)

    def test_the_files(self):
        tree = os.path.join(FOLDER, "tree")
        run("dpkg-deb", "-R", PACKAGE, tree)
        self.addCleanup(shutil.rmtree, tree)
        self.assertEqual(sorted(os.listdir(tree)), ["DEBIAN", "usr"])
        with open(os.path.join(tree, "DEBIAN", "md5sums"), encoding="utf-8") as sums:
            sums = dict(reversed(line.rstrip("\n").split("  ", 1)) for line in sums)
        files = {os.path.relpath(os.path.join(folder, name), tree)
                 for folder, _, names in os.walk(os.path.join(tree, "usr")) for name in names}
        self.assertEqual(set(sums), files)
        for name in files:
            data = harness.read(os.path.join(tree, name))
            self.assertEqual(hashlib.md5(data).hexdigest(), sums[name], name)
            self.assertNotIn(b"/usr/local/bin", data, name)
            self.assertNotIn(b"@bindir@", data, name)
            if data.startswith(b"\x7fELF"):
                self.assertNotIn(".symtab", run("readelf", "-SW", os.path.join(tree, name)))
        for page in ("man1/cbzfs.1.gz", "man5/cbzfs.5.gz", "man8/mount.cbzfs.8.gz"):
            with gzip.open(os.path.join(tree, "usr/share/man", page)) as text:
                self.assertIn(b".TH", text.read())
        # Its version is the programs', and the changelog's.
        version = run("dpkg-deb", "-f", PACKAGE, "Version").strip()
        with gzip.open(os.path.join(tree, "usr/share/doc/cbzfs/changelog.Debian.gz"), "rt") as text:
            self.assertIn(f"({version})", text.readline())
        self.assertIn(f"cbzfs {version.split('-')[0]}\n",
                      run(os.path.join(tree, "usr/bin/cbzfs"), "--version"))


class FreshDebianTest(unittest.TestCase):
    """`apt install ./cbzfs_*.deb` in a new Debian, and what one does then."""

    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest("only root can make a Debian")
        if "CBZFS_TEST_NAMESPACE" not in os.environ:
            self.fail("not in a mount namespace")
        if not mirror_answers():
            self.skipTest(f"{MIRROR} cannot be reached, and a fresh Debian comes from there")
        self.root = os.path.join(FOLDER, "root")
        os.mkdir(self.root)
        self.addCleanup(self.remove_root)
        self.make_root()
        with open(self.inside("/etc/dpkg/dpkg.cfg.d/test"), "w", encoding="utf-8") as config:
            config.write("force-unsafe-io\n")
        # How this machine reaches the network.
        with open(self.inside("/etc/apt/apt.conf.d/90test"), "w", encoding="utf-8") as config:
            config.write(run("apt-config", "dump", "Acquire"))
        for name in ("/etc/resolv.conf", "/etc/hosts"):
            if os.path.exists(name):
                shutil.copyfile(name, self.inside(name))
        if not os.path.lexists(self.inside("/etc/mtab")):  # on an installed machine it is there
            os.symlink("../proc/self/mounts", self.inside("/etc/mtab"))
        os.makedirs(self.inside("/library"))
        with open(self.inside("/library/Book.pdf"), "wb") as book:
            book.write(harness.make_pdfs.small(1, pages=3))

    def inside(self, path):
        return self.root + path

    def make_root(self):
        archive = os.path.join(os.environ["CBZFS_BUILD"], "tests", "packaging", f"{SUITE}.tar")
        if not os.path.exists(archive) or time.time() - os.path.getmtime(archive) > MONTH:
            need("debootstrap", "debootstrap")
            fresh = os.path.join(FOLDER, "debootstrap")
            run("debootstrap", "--variant=minbase", SUITE, fresh, MIRROR, minutes=8)
            shutil.rmtree(os.path.join(fresh, "var/cache/apt/archives"))
            os.makedirs(os.path.join(fresh, "var/cache/apt/archives/partial"))
            run("tar", "-C", fresh, "-cf", archive + ".new", ".")
            os.rename(archive + ".new", archive)
            self.assertEqual(self.mounts_below(fresh), [])
            shutil.rmtree(fresh)
        run("tar", "-C", self.root, "-xpf", archive)

    @staticmethod
    def mounts_below(folder):
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
            points = [line.split()[4] for line in file]
        return [point for point in points if point == folder or point.startswith(folder + "/")]

    def remove_root(self):
        for point in reversed(self.mounts_below(self.root)):
            subprocess.run(["umount", "-l", point], check=False)
        left = self.mounts_below(self.root)
        if left:  # never delete through a mount
            raise AssertionError(f"still mounted: {left}")
        shutil.rmtree(self.root)

    def chroot(self, *command, minutes=1, status=0):
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
                       "DEBIAN_FRONTEND": "noninteractive", "HOME": "/root"}
        done = subprocess.run(["chroot", self.root, *command], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                              timeout=minutes * MINUTES, env=environment)
        text = done.stdout.decode("utf-8", "replace")
        self.assertEqual(done.returncode, status, f"{command}: {text[-3000:]}")
        return text

    def assertMounted(self, point, source="/library"):  # noqa: N802
        """Seen from outside as well."""
        book = self.inside(point) + "/cbz/Book.cbz"
        self.assertEqual(os.listdir(self.inside(point) + "/cbz"), ["Book.cbz"])
        self.assertIn("No errors detected", run("unzip", "-tq", book))
        self.assertEqual(self.chroot("findmnt", "-n", "-o", "SOURCE,FSTYPE", point).split(),
                         [source, "fuse.cbzfs"])
        with open(self.inside(point) + "/.cbzfs/status", encoding="utf-8") as status:
            return json.load(status)

    def test_it_is_installed_mounts_and_is_removed(self):
        shutil.copy(PACKAGE, self.inside("/tmp/cbzfs.deb"))
        self.chroot("apt-get", "-q", "update", minutes=5)
        before = self.packages()
        self.chroot("apt-get", "-q", "-y", "install", "/tmp/cbzfs.deb", minutes=8)
        self.assertIn("cbzfs", self.packages() - before)
        run("mount", "-t", "proc", "proc", self.inside("/proc"))
        with open(self.inside("/dev/fuse"), "wb"):
            pass
        device = os.path.join(FOLDER, "fuse")
        run("mknod", "-m", "666", device, "c", "10", "229")
        run("mount", "--bind", device, self.inside("/dev/fuse"))

        with self.subTest("by hand"):
            self.assertIn("engine", self.chroot("cbzfs", "--version"))
            self.chroot("cbzfs", "/library", "/mnt")
            status = self.assertMounted("/mnt")
            self.assertTrue(status["workers"]["seccomp"])
            self.chroot("cbzfs", "umount", "/mnt")
        for kind in ("fuse.cbzfs", "cbzfs"):
            with self.subTest(kind):
                self.chroot("mount", "-t", kind, "/library", "/mnt", "-o", "noatime,nofail,_netdev")
                self.assertMounted("/mnt")
                self.chroot("umount", "/mnt")
        with self.subTest("fstab"):
            with open(self.inside("/etc/fstab"), "w", encoding="utf-8") as fstab:
                fstab.write("/library /mnt cbzfs allow_other,nofail,_netdev,x-systemd.automount,"
                            "x-systemd.requires-mounts-for=/library 0 0\n")
            self.chroot("mount", "-a")
            self.assertMounted("/mnt")
            self.assertEqual(self.chroot("mount", "-a"), "", "it is seen that it is mounted")
            self.chroot("umount", "/mnt")
        self.statuses_of_mount()
        self.users()
        self.what_lies_around()

        with self.subTest("removed"):
            self.chroot("apt-get", "-q", "-y", "purge", "cbzfs")
            left = subprocess.run(["find", self.root, "-xdev", "-name", "*cbzfs*", "-not", "-path",
                                   self.inside("/root/.cache/*")], stdout=subprocess.PIPE, check=True)
            left = {os.path.relpath(path, self.root) for path in left.stdout.decode().split()}
            self.assertEqual(left, {"tmp/cbzfs.deb", "home/anna/.cache/cbzfs"})

    def packages(self):
        return set(self.chroot("dpkg-query", "-W", "-f", "${Package}\n").split())

    def statuses_of_mount(self):
        with self.subTest("what mount(8) says"):
            said = self.chroot("mount", "-t", "cbzfs", "/none", "/mnt", status=32)
            self.assertIn("/none", said)
            self.assertIn("no_such",
                          self.chroot("mount", "-t", "cbzfs", "/library", "/mnt", "-o", "no_such",
                                      status=1))
            self.assertIn("MOUNTPOINT", self.chroot("mount.cbzfs", "/library", status=1))
            self.assertIn("mount.fuse3",
                          self.chroot("mount.cbzfs", "-fv", "/library", "/mnt", "-o", "dpi=200"))
            self.assertEqual(os.listdir(self.inside("/mnt")), [], "-f mounts nothing")

    def users(self):
        """Users: their own mounts, a line of fstab for them, and a daemon that is theirs."""
        self.chroot("useradd", "-m", "anna")
        as_anna = ("setpriv", "--reuid=anna", "--regid=anna", "--init-groups", "env",
                   "HOME=/home/anna")
        self.chroot(*as_anna, "mkdir", "/home/anna/mnt")
        with self.subTest("a user"):
            self.chroot(*as_anna, "cbzfs", "/library", "/home/anna/mnt")
            self.assertIn("Book.cbz", self.chroot(*as_anna, "ls", "/home/anna/mnt/cbz"))
            self.chroot(*as_anna, "fusermount3", "-u", "/home/anna/mnt")
        with self.subTest("a user's line of fstab"):
            with open(self.inside("/etc/fstab"), "w", encoding="utf-8") as fstab:
                fstab.write("/library /home/anna/mnt fuse.cbzfs noauto,user 0 0\n")
            self.chroot(*as_anna, "mount", "/home/anna/mnt")
            self.assertIn("Book.cbz", self.chroot(*as_anna, "ls", "/home/anna/mnt/cbz"))
            self.chroot(*as_anna, "umount", "/home/anna/mnt")
        with self.subTest("setuid="):
            with open(self.inside("/etc/fuse.conf"), "a", encoding="utf-8") as config:
                config.write("user_allow_other\n")
            self.chroot("mount", "-t", "cbzfs", "/library", "/home/anna/mnt", "-o",
                        "setuid=anna,allow_other")
            pid = self.assertMounted("/home/anna/mnt")["pid"]
            self.assertEqual(os.stat(f"/proc/{pid}").st_uid, os.stat(self.inside("/home/anna")).st_uid)
            self.chroot("umount", "/home/anna/mnt")
        with self.subTest("drop_privileges"):
            self.chroot("mount", "-t", "cbzfs", "/library", "/mnt", "-o", "drop_privileges")
            pid = self.assertMounted("/mnt", source="cbzfs")["pid"]  # mount.fuse3 names it
            with open(f"/proc/{pid}/status", encoding="utf-8") as status:
                self.assertRegex(status.read(), r"CapEff:\t0+\n")
            self.chroot("umount", "/mnt")

    def what_lies_around(self):
        with self.subTest("the rest of it"):
            for path in ("/usr/share/man/man1/cbzfs.1.gz", "/usr/lib/systemd/system/cbzfs@.service",
                         "/usr/share/bash-completion/completions/cbzfs",
                         "/usr/share/zsh/vendor-completions/_cbzfs"):
                self.assertTrue(os.path.exists(self.inside(path)), path)
            listed = self.chroot("dpkg", "--verify", "cbzfs")
            self.assertFalse(re.search(r"usr/(bin|s?bin|libexec)", listed), listed)


def leave_other_mounts():
    """A new namespace has a copy of every mount, and a filesystem lives until its last one is gone:
    the daemons of tests that run beside this one would not end when these unmount them."""
    with open("/proc/self/mounts", encoding="utf-8") as mounts:
        fields = [line.split() for line in mounts]
    for _, point, kind, *_ in reversed(fields):
        if kind.startswith("fuse."):
            point = re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), point)
            subprocess.run(["umount", "--lazy", "--", point], check=False)


if __name__ == "__main__":
    if "CBZFS_TEST_NAMESPACE" in os.environ:
        leave_other_mounts()
    if os.geteuid() == 0 and "CBZFS_TEST_NAMESPACE" not in os.environ:
        sys.exit(subprocess.run(["unshare", "--mount", "--propagation", "private", sys.executable,
                                 "-B", *sys.argv], check=False,
                                env={**os.environ, "CBZFS_TEST_NAMESPACE": "1"}).returncode)
    harness.main()
