"""What the tests of cbzfs move share: two file systems, trees, and runs that are cut short."""

import os
import shutil
import stat
import subprocess

import harness

# What changes something on a disk, or is between two such calls. Killed at the beginning of each,
# every state that a program can leave behind is seen.
CALLS = ("renameat2", "renameat", "linkat", "symlinkat", "unlinkat", "mkdirat", "ftruncate",
         "fallocate", "copy_file_range", "pwrite64", "fsync", "fdatasync", "fchmod", "fchown",
         "fchownat", "fsetxattr", "fremovexattr", "utimensat", "flock", "fadvise64", "ioctl")


def run(*arguments, prefix=(), **more):
    return subprocess.run([*prefix, harness.program(), "move", *arguments], capture_output=True,
                          text=True, errors="surrogateescape", stdin=subprocess.DEVNULL,
                          timeout=4 * harness.DEADLINE, check=False, **more)


def inject(*rules, log=os.devnull):
    """A prefix that makes system calls fail; a rule is "call:what:when=N" (strace(1))."""
    options = []
    for rule in rules:
        options += ["-e", f"inject={rule}"]
    calls = ",".join(rule.split(":")[0] for rule in rules)
    return ("strace", "-f", "-qq", "-o", log, "-e", f"trace={calls}", *options)


# LeakSanitizer cannot work in a program that is traced.
TRACED = {**os.environ, "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}


def snapshot(root):
    """{relative path: what it is and all that belongs to it}; hard links have the same number."""
    found = {}
    inodes = {}
    for folder, folders, names in os.walk(root):
        for name in folders + names:
            path = os.path.join(folder, name)
            found[os.path.relpath(path, root)] = _entry(path, inodes)
    return found


def _entry(path, inodes):
    st = os.lstat(path)
    entry = [stat.S_IFMT(st.st_mode), st.st_uid, st.st_gid, st.st_mtime_ns]
    if stat.S_ISLNK(st.st_mode):
        return entry + [os.readlink(path)]
    entry += [stat.S_IMODE(st.st_mode),
              sorted((name, os.getxattr(path, name)) for name in os.listxattr(path))]
    if stat.S_ISREG(st.st_mode):
        entry.append(harness.read(path))
        if st.st_nlink > 1:
            entry.append(inodes.setdefault(st.st_ino, len(inodes)))
    return entry


def contents(root):
    """{relative path: bytes or target} of files and links, hidden ones of a move left out."""
    return {name: entry[4] if stat.S_ISLNK(entry[0]) else entry[6]
            for name, entry in snapshot(root).items()
            if not stat.S_ISDIR(entry[0]) and "/.cbzfs-" not in "/" + name}


def hidden(root):
    return sorted(name for name in snapshot(root) if ".cbzfs-" in name)


class MovingTest(harness.MountedTest):
    """`here` is on the disk that the tests work on, `there` on a tmpfs."""

    ROOM = "64m"

    def setUp(self):
        super().setUp()
        self.here = os.path.join(self.folder, "here")
        self.there = os.path.join(self.folder, "there")
        os.mkdir(self.here)
        self.mount_tmpfs(self.there, self.ROOM)

    def mount_tmpfs(self, path, room):
        os.makedirs(path, exist_ok=True)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={room},mode=755", "tmpfs", path],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            self.skipTest(f"no second file system: {done.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", path], check=True)

    def remount(self, path, options):
        subprocess.run(["mount", "-o", f"remount,{options}", path], check=True)

    def bind(self, path):
        """The same folder by another mount, which no rename crosses."""
        point = os.path.join(self.folder, "bound")
        os.makedirs(point, exist_ok=True)
        subprocess.run(["mount", "--bind", path, point], check=True)
        self.addCleanup(subprocess.run, ["umount", point], check=True)
        return point

    def make_tree(self, root):
        """Folders, files with all that belongs to them, links of both kinds."""
        deep = os.path.join(root, "Deep", "er")
        os.makedirs(deep)
        os.mkdir(os.path.join(root, "Empty"))
        book = self.put("Book.cbz", b"a book " * 300_000, library=root)
        os.setxattr(book, "user.series", b"Harbour")
        os.chmod(book, 0o640)
        self.put("Deep/nothing", b"", library=root)
        os.link(book, os.path.join(deep, "Again.cbz"))
        self.make_sparse(os.path.join(deep, "sparse"))
        os.symlink("../no/where", os.path.join(deep, "Link"))
        if os.geteuid() == 0:
            os.chown(os.path.join(deep, "sparse"), 1234, 5678)
            os.lchown(os.path.join(deep, "Link"), 1234, 5678)
        os.setxattr(deep, "user.folder", b"of books")
        os.chmod(deep, 0o2750)
        at = 1_000_000_000_000_000_123
        for folder, folders, names in os.walk(root, topdown=False):
            for name in names + folders:
                at += 1_000_000_007
                os.utime(os.path.join(folder, name), ns=(at, at + 5), follow_symlinks=False)
        os.utime(root, ns=(at, at))

    @staticmethod
    def make_sparse(path, size=5 << 20):
        with open(path, "wb") as file:
            file.write(b"begin")
            file.seek(size // 2)
            file.write(b"middle")
            file.truncate(size)

    def move(self, *arguments, **more):
        done = run(*arguments, **more)
        self.assertEqual(done.stderr, "")
        self.assertEqual(done.returncode, 0, done.stdout)
        return done

    def refused(self, code, words, *arguments, **more):
        """It ends with `code`, says `words`, and has changed nothing."""
        before = self.all_but_times_of_folders()
        done = run(*arguments, **more)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertIn(words, done.stderr)
        self.assertEqual(self.all_but_times_of_folders(), before)
        return done

    def all_but_times_of_folders(self):
        """A hidden file may have been there meanwhile."""
        return {name: entry[:3] + entry[4:] if stat.S_ISDIR(entry[0]) else entry
                for name, entry in snapshot(self.folder).items()}

    @staticmethod
    def clear(*roots):
        for root in roots:
            for name in os.listdir(root):
                path = os.path.join(root, name)
                if os.path.isdir(path) and not os.path.islink(path):
                    shutil.rmtree(path)
                else:
                    os.unlink(path)
