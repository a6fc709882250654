"""A second level behind the page cache, on a real mount: a folder, and a real redis-server that two
mounts share. Whatever becomes of it, no byte changes and no read fails."""

import ctypes
import os
import shutil
import signal
import socket
import stat
import subprocess
import threading

import harness
import make_archives
from harness import make_pdfs, read, wait_for

INDEX = 9  # the exit status: a folder is refused
USAGE = 2
PR_SET_PDEATHSIG = 1


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class StoreTest(harness.MountedTest):

    PAGES = 6

    def setUp(self):
        super().setUp()
        self.put("Text.pdf", make_pdfs.small(1, pages=self.PAGES))
        self.put("Book.cbz", make_archives.deflated(self.PAGES))
        self.put("Scan.pdf", make_pdfs.scan(2, width=300, height=450))
        self.store = os.path.join(self.folder, "store")

    def everything(self, mount):
        """{path: bytes} of all files in all views."""
        found = {}
        for view in harness.VIEWS:
            for name in harness.walk(mount.file(view=view)):
                path = os.path.join(mount.file(view=view).encode(), name)
                if not os.path.isdir(path):
                    found[view.encode() + b"/" + name] = self.fresh(path)
        mount.settle()
        return found

    @staticmethod
    def fresh(path):
        """A file's bytes from the daemon, whatever the kernel has of it."""
        with open(path, "rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            return file.read()

    def without_store(self):
        mount = self.mount()
        self.expected = self.everything(mount)
        made = mount.made()
        mount.unmount()
        self.assertGreater(sum(made), 0)
        return made

    def kept(self, mount):
        """Until all that was drawn has been written."""
        wait_for(lambda: mount.status()["store"]["waiting_bytes"] == 0, "pages are written")
        return mount.status()["store"]

    def files(self):
        return [os.path.join(folder, name)
                for folder, _, names in os.walk(self.store) for name in names]


class FolderTest(StoreTest):

    def test_a_second_mount_draws_nothing(self):
        self.without_store()
        options = f"store=dir:{self.store},size=100M"
        first = self.mount(options)
        self.assertEqual(self.everything(first), self.expected)
        store = self.kept(first)
        self.assertEqual(store["pages"], 0)
        self.assertEqual(store["kept"], len(self.files()))
        self.assertEqual(store["bytes"],
                         sum((os.path.getsize(path) + 4095) // 4096 * 4096 for path in self.files()))
        first.unmount()
        self.assertEqual(stat.S_IMODE(os.stat(self.store).st_mode), 0o700)
        second = self.mount(options)
        self.assertEqual(self.everything(second), self.expected)
        self.assertEqual(second.made()[:3], (0, 0, 0))
        self.assertEqual(second.status()["store"]["pages"], store["kept"])

    def test_damaged_and_foreign_files_change_no_byte(self):
        self.without_store()
        options = f"store=dir:{self.store}"
        first = self.mount(options)
        self.everything(first)
        self.kept(first)
        first.unmount()
        files = sorted(self.files())
        self.assertGreater(len(files), 8)
        for number, path in enumerate(files):
            if number % 4 == 0:
                with open(path, "r+b") as file:
                    file.seek(os.path.getsize(path) // 2)
                    file.write(b"\xff\x00\xff")
            elif number % 4 == 1:
                os.truncate(path, os.path.getsize(path) - 1)
            elif number % 4 == 2:
                os.unlink(path)
                os.mkfifo(path) if number % 8 == 2 else os.symlink("/etc/passwd", path)
        second = self.mount(options)
        self.assertEqual(self.everything(second), self.expected)
        self.assertGreaterEqual(second.status()["store"]["damaged"], len(files) // 2)
        self.assertEqual(second.errors(), self.mount().errors())

    def test_a_full_disk_is_no_trouble(self):
        if os.geteuid() != 0:
            self.skipTest("only root can mount a small disk")
        self.without_store()
        disk = os.path.join(self.folder, "disk")
        os.mkdir(disk, 0o700)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs", disk], check=True)
        self.addCleanup(subprocess.run, ["umount", disk], check=True)
        mount = self.mount(f"store=dir:{disk}/pages")
        self.assertEqual(self.everything(mount), self.expected)
        store = self.kept(mount)
        self.assertFalse(store["writing"], store)
        self.assertIn("No space left on device", store["trouble"])
        self.assertNotIn("new-", "".join(name for _, _, names in os.walk(disk) for name in names))
        mount.unmount()

    def test_a_folder_that_others_could_fill_is_refused(self):
        os.mkdir(self.store, 0o777)
        os.chmod(self.store, 0o777)
        with self.assertRaisesRegex(AssertionError, f"ended with {INDEX}.*others may write to"):
            self.mount(f"store=dir:{self.store}")
        with self.assertRaisesRegex(AssertionError, f"ended with {INDEX}.*is in the library"):
            self.mount(f"store=dir:{self.library}/pages")
        self.assertFalse(os.path.exists(os.path.join(self.library, "pages")))

    def test_options_that_make_no_sense(self):
        for options, why in (("size=20M", "store=dir:PATH names, which is missing"),
                             ("store=redis://localhost,size=20M", "a server bounds itself"),
                             ("store=dir:", "needs the path of a folder"),
                             ("store=redis://me:secret@localhost", "CBZFS_STORE_PASSWORD"),
                             ("store=/tmp", "dir:PATH or redis://HOST:PORT/DB")):
            with self.assertRaisesRegex(AssertionError, f"ended with {USAGE}.*{why}"):
                self.mount(options)


class RedisTest(StoreTest):

    def setUp(self):
        super().setUp()
        self.assertIsNotNone(shutil.which("redis-server"), "install redis-server")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.server = None
        self.start_server()
        self.addCleanup(self.end_server)
        self.url = f"store=redis://127.0.0.1:{self.port}/3"

    def start_server(self, *more):
        self.server = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
             "--appendonly", "no", "--dir", self.folder, *more],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=die_with_parent)
        wait_for(self.answers, "redis-server answers")

    def answers(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
                connection.sendall(b"PING\r\n")
                return bool(connection.recv(100))
        except OSError:
            return False

    def end_server(self):
        self.server.send_signal(signal.SIGCONT)
        self.server.kill()
        self.server.wait()

    def test_two_mounts_share_what_either_has_drawn(self):
        made = self.without_store()
        first = self.mount(self.url)
        self.assertEqual(self.everything(first), self.expected)
        self.assertEqual(first.made(), made)
        self.kept(first)
        second = self.mount(self.url)
        self.assertEqual(self.everything(second), self.expected)
        self.assertEqual(second.made()[:3], (0, 0, 0))
        self.assertGreater(second.status()["store"]["pages"], 0)

    def test_other_options_share_nothing(self):
        first = self.mount(self.url)
        read(first.file("Text.cbz"))
        self.kept(first)
        second = self.mount(self.url + ",quality=60")
        read(second.file("Text.cbz"))
        self.assertEqual(second.status()["store"]["pages"], 0)

    def test_killed_in_mid_read_it_changes_no_byte(self):
        self.without_store()
        filled = self.mount(self.url)
        self.everything(filled)
        self.kept(filled)
        mount = self.mount(self.url + ",cache=0,read_ahead=0")
        failures = []

        def read_again():
            try:
                for _ in range(3):
                    if self.everything(mount) != self.expected:
                        failures.append("other bytes")
            except OSError as error:
                failures.append(error)

        readers = [threading.Thread(target=read_again) for _ in range(3)]
        for reader in readers:
            reader.start()
        wait_for(lambda: mount.status()["store"]["pages"] > 0, "pages come from the server")
        self.end_server()
        for reader in readers:
            reader.join()
        self.assertEqual(failures, [])
        self.assertGreater(sum(mount.made()[:3]), 0)
        self.assertEqual(mount.status()["pages"]["failed"], 0)
        self.assertIn("does not answer", mount.status()["store"]["trouble"])
        # It comes back, and is used again.
        self.start_server()

        def used():
            self.fresh(mount.file("Text.cbz"))
            return mount.status()["store"]["reading"]

        wait_for(used, "the server is asked again")

    def test_a_server_that_hangs_delays_nobody_for_long(self):
        self.without_store()
        mount = self.mount(self.url)
        self.server.send_signal(signal.SIGSTOP)
        self.assertEqual(self.everything(mount), self.expected)
        store = mount.status()["store"]
        self.assertFalse(store["reading"])
        self.assertGreater(store["skipped"], 0)
        self.server.send_signal(signal.SIGCONT)

    def test_a_password_stays_out_of_sight(self):
        self.end_server()
        self.start_server("--requirepass", "open sesame")
        mount = self.mount(self.url, environment={"CBZFS_STORE_PASSWORD": "open sesame"})
        read(mount.file("Text.cbz"))
        self.assertGreater(self.kept(mount)["kept"], 0)
        with open(f"/proc/{mount.pid}/cmdline", "rb") as file:
            self.assertNotIn(b"sesame", file.read())
        refused = self.mount(self.url, environment={"CBZFS_STORE_PASSWORD": "wrong"})
        first = read(refused.file("Text.cbz"))
        self.assertEqual(first, read(mount.file("Text.cbz")))
        wait_for(lambda: refused.status()["store"]["failed"] > 0, "the server refuses")
        self.assertNotIn("wrong", str(refused.status()["store"]))


if __name__ == "__main__":
    harness.main()
