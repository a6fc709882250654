"""The units: looked at by systemd-analyze, and run by a systemd.

The systemd is one of its own, the first process of a PID namespace, with no units but ours and what
they need, and cannot change the machine. It takes root; where it does not start all the same (a
container may forbid it), that is said, and the tests of what it would run are skipped.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import installed
from installed import harness

TARGETS = ("local-fs", "remote-fs", "basic", "sysinit", "shutdown", "multi-user", "default")
# What systemd thinks of a service by its settings: 0 safe, 10 exposed. Ours has to mount, and may
# have no mount namespace, so it cannot come far below this.
MOST_EXPOSED = 6.0

BOOT = r"""
set -e
exec >"$FOLDER/boot.log" 2>&1
mount -t proc proc /proc
mount --bind /proc/sys /proc/sys
mount -o remount,bind,ro /proc/sys
if [ -d /sys/fs/cgroup/systemd ]; then
  mount -t tmpfs tmpfs /sys/fs/cgroup
  mkdir /sys/fs/cgroup/systemd /sys/fs/cgroup/devices
  mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd
  mount -t cgroup -o devices cgroup /sys/fs/cgroup/devices
else
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
fi
mkdir -p "$FOLDER/cache"
mount -t tmpfs tmpfs /run
mount --bind "$FOLDER/cache" /var/cache
mknod -m 666 "$FOLDER/fuse" c 10 229
mount --bind "$FOLDER/fuse" /dev/fuse
mount -t tmpfs tmpfs /usr/local/bin
ln -s "$CBZFS" /usr/local/bin/cbzfs
mkdir -p /run/units/system /run/user/65534
chown 65534:65534 /run/user/65534
cp -r "$FOLDER/units/." /run/units/
export SYSTEMD_UNIT_PATH=/run/units/system container=lxc
exec /lib/systemd/systemd --system --unit=try.target --log-target=console --show-status=no
"""


class AnalyzeTest(unittest.TestCase):
    """What can be said without running them."""

    def units(self, kind):
        folder = tempfile.mkdtemp(prefix="cbzfs-test-")
        self.addCleanup(shutil.rmtree, folder)
        text = installed.text("lib", "systemd", kind, "cbzfs@.service")
        self.assertNotIn("@bindir@", text)
        self.assertIn("ExecStart=/usr/bin/cbzfs ", text)
        unit = os.path.join(folder, "cbzfs@srv-comics.service")
        with open(unit, "w", encoding="utf-8") as out:
            out.write(text.replace("/usr/bin/cbzfs ", harness.program() + " "))
        return unit

    def test_systemd_has_nothing_to_say_about_them(self):
        for kind in ("system", "user"):
            with self.subTest(kind):
                done = subprocess.run(
                    ["systemd-analyze", f"--{kind}", "--man=no", "--recursive-errors=no", "verify",
                     self.units(kind)], capture_output=True, text=True, check=False,
                    env={**os.environ, "XDG_RUNTIME_DIR": tempfile.gettempdir()})
                ours = [line for line in done.stderr.splitlines() if "cbzfs" in line]
                self.assertEqual((done.returncode, ours), (0, []), done.stderr)

    def test_a_mistake_in_them_would_be_said(self):
        unit = self.units("system")
        with open(unit, "a", encoding="utf-8") as out:
            out.write("\n[Service]\nOOMPolice=continue\n")
        done = subprocess.run(["systemd-analyze", "--man=no", "verify", unit], capture_output=True,
                              text=True, check=False)
        self.assertIn("OOMPolice", done.stderr)

    def test_the_systems_one_is_hardened_as_far_as_a_mount_can_be(self):
        done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager",
                               self.units("system")], capture_output=True, text=True, check=False)
        exposed = re.search(r"Overall exposure level for .*: ([\d.]+)", done.stdout)
        self.assertTrue(exposed, done.stdout + done.stderr)
        self.assertLess(float(exposed.group(1)), MOST_EXPOSED, done.stdout)

    def test_the_users_one_leaves_fusermount3_its_rights(self):
        """In a user's manager each of these implies NoNewPrivileges=."""
        text = re.sub(r"(?m)^#.*\n", "", installed.text("lib", "systemd", "user", "cbzfs@.service"))
        for setting in ("NoNewPrivileges", "SystemCall", "Restrict", "Private", "Protect",
                        "LockPersonality", "MemoryDenyWriteExecute", "DynamicUser"):
            self.assertIsNone(re.search(rf"(?m)^{setting}(?!PreventExitStatus)", text), setting)

    def test_none_has_a_mount_namespace_of_its_own(self):
        for kind in ("system", "user"):
            text = re.sub(r"(?m)^#.*\n", "", installed.text("lib", "systemd", kind, "cbzfs@.service"))
            for setting in ("Private(Tmp|Devices|Mounts|IPC)", "Protect(System|Home|Kernel|Control|Proc)",
                            "(ReadWrite|ReadOnly|Inaccessible|Exec|NoExec)Paths", "BindPaths",
                            "BindReadOnlyPaths", "TemporaryFileSystem", "ProcSubset", "Root"):
                self.assertIsNone(re.search(rf"(?m)^{setting}", text), setting)


class RunTest(harness.MountedTest):
    """Started, killed, started again and stopped by systemd."""

    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest("only root can start a systemd")
        os.chmod(self.folder, 0o755)
        self.put("Book.pdf", harness.make_pdfs.small(1, pages=3))
        self.put("Mine.txt", b"for its owner alone")
        os.chmod(os.path.join(self.library, "Mine.txt"), 0o600)
        os.chown(os.path.join(self.library, "Mine.txt"), 65534, 65534)
        self.units = os.path.join(self.folder, "units", "system")
        os.makedirs(self.units)
        for target in TARGETS:
            self.unit(f"{target}.target", "[Unit]\nDefaultDependencies=no\n")
        self.unit("try.target", "[Unit]\nDefaultDependencies=no\nWants=try.service\n")

    def unit(self, name, text):
        with open(os.path.join(self.units, name), "w", encoding="utf-8") as out:
            out.write(text)

    def template(self, kind):
        return installed.text("lib", "systemd", kind, "cbzfs@.service").replace(
            "/usr/bin/cbzfs ", harness.program() + " ")

    def control_groups(self):
        """Groups of the test's own, in which the systemd makes those of its services."""
        groups = []
        with open("/proc/self/cgroup", encoding="utf-8") as file:
            for line in file:
                _, names, path = line.rstrip("\n").split(":", 2)
                if names in ("", "name=systemd", "devices"):
                    folder = os.path.join("/sys/fs/cgroup", names.removeprefix("name="), path[1:])
                    group = os.path.join(folder, os.path.basename(self.folder))
                    if os.path.exists(os.path.join(folder, "cgroup.procs")):
                        os.mkdir(group)
                        self.addCleanup(self.remove_group, group)
                        groups.append(group)
        return groups

    def remove_group(self, group):
        def removed():
            try:
                for folder, _, _ in os.walk(group, topdown=False):
                    os.rmdir(folder)
            except OSError:
                return False
            return True
        harness.wait_for(removed, f"the processes in {group} end")

    def boot(self, script):
        """What `script`, run as a service of the systemd, printed."""
        said = os.path.join(self.folder, "said")
        done = os.path.join(self.folder, "done")
        path = os.path.join(self.folder, "script")
        with open(path, "w", encoding="utf-8") as out:
            out.write(script)
        self.unit("try.service", "[Unit]\nDefaultDependencies=no\n[Service]\nType=oneshot\n"
                  f"Environment=LC_ALL=C.UTF-8 LIBRARY={self.library}\n"
                  f"ExecStart=/bin/bash -e {path}\n"
                  f"ExecStopPost=/bin/sh -c 'echo \"$$EXIT_STATUS\" >{done}.new; mv {done}.new {done}'\n"
                  f"StandardOutput=file:{said}\nStandardError=inherit\n")
        groups = self.control_groups()
        run = ["sh", "-c", 'for group in $GROUPS_OF_TEST; do echo $$ >"$group/cgroup.procs"; done; '
               'exec "$@"', "sh", "unshare", "--mount", "--pid", "--cgroup", "--uts", "--ipc", "--fork",
               "--kill-child", "bash", "-c", BOOT]
        environment = {name: value for name, value in os.environ.items()
                       if name in ("PATH", "TMPDIR")}
        process = subprocess.Popen(run, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL,
                                   env={**environment, "FOLDER": self.folder,
                                        "CBZFS": os.path.abspath(harness.program()),
                                        "GROUPS_OF_TEST": " ".join(groups)})
        try:
            harness.wait_for(lambda: process.poll() is not None or os.path.exists(done),
                             "the script ends", 2 * harness.DEADLINE)
        except AssertionError:
            pass
        finally:  # with the first process of its namespace all others end, and the mounts
            process.kill()
            process.wait()
        text = harness.read(said).decode() if os.path.exists(said) else ""
        if not os.path.exists(said):
            boot = os.path.join(self.folder, "boot.log")
            self.skipTest("systemd does not start here: " +
                          harness.read(boot).decode("utf-8", "replace").strip()[-500:])
        self.assertTrue(os.path.exists(done), "hangs: " + text)
        self.assertEqual(harness.read(done), b"0\n", text)
        return text

    SCRIPT = r"""
unit=cbzfs@$(systemd-escape --path "$LIBRARY").service
$manager systemctl $user start "$unit"
$manager systemctl $user show -P ActiveState "$unit"
point=$($manager systemctl $user show -P StatusText "$unit")
echo "status: $point"
point=$runtime/cbzfs/$(systemd-escape --path "$LIBRARY")
$reader ls "$point/cbz"
$reader unzip -tq "$point/cbz/Book.cbz"
$reader cat "$point/thumbnails/Book.jpg" >/dev/null
for look in 1 2 3 4 5 6 7 8; do
  $as_daemon grep -q '"workers_pss": [1-9]' "$point/.cbzfs/status" && break
  sleep 0.5  # the figures of the processes are taken once a second
done
$as_daemon cat "$point/.cbzfs/status"
pid=$($manager systemctl $user show -P MainPID "$unit")
echo "daemon: $(grep -E 'NoNewPrivs|Seccomp:|CapEff' /proc/$pid/status | tr -s '\n\t' ' ')"
echo "namespace: $(readlink /proc/$pid/ns/mnt /proc/self/ns/mnt | uniq | wc -l)"
kill -KILL $pid
until [ "$($manager systemctl $user show -P NRestarts "$unit")" = 1 ] &&
      [ "$($manager systemctl $user show -P ActiveState "$unit")" = active ]; do sleep 0.1; done
$reader ls "$point/cbz"
$manager systemctl $user stop "$unit"
echo "stopped: $($manager systemctl $user show -P Result "$unit")"
! grep -F " fuse.cbzfs $LIBRARY " /proc/self/mountinfo
"""

    def assertServed(self, said):  # noqa: N802
        self.assertIn("active\n", said)
        self.assertRegex(said, r"status: .*/library mounted at /run/")
        self.assertEqual(said.count("Book.cbz\nMine.txt\n"), 2, said)
        self.assertIn("No errors detected", said)
        self.assertIn("namespace: 1\n", said)
        self.assertIn("stopped: success\n", said)
        self.assertRegex(said, r'"sandbox": "strict",\s+"seccomp": true')
        self.assertRegex(said, r'"drawn": 3')

    def test_the_systems_unit(self):
        self.unit("cbzfs@.service", self.template("system"))
        said = self.boot("runtime=/run manager= user= as_daemon=\n"
                         "reader='setpriv --reuid=65534 --regid=65534 --clear-groups'\n" + self.SCRIPT +
                         "test -s /var/cache/cbzfs/index.sqlite\n")
        self.assertServed(said)
        self.assertRegex(said, r"daemon: .*NoNewPrivs: 1 Seccomp: 2")
        self.assertRegex(said, r'"workers_pss": [1-9]')

    def test_a_users_unit(self):
        os.chown(self.library, 65534, 65534)
        helper = shutil.which("fusermount3")
        if helper is None or not os.stat(helper).st_mode & 0o4000:
            self.skipTest("fusermount3 is not installed set-user-ID")
        users = os.path.join(self.folder, "units", "user")
        os.mkdir(users)
        with open(os.path.join(users, "cbzfs@.service"), "w", encoding="utf-8") as out:
            out.write(self.template("user"))
        for target in TARGETS:
            with open(os.path.join(users, f"{target}.target"), "w", encoding="utf-8") as out:
                out.write("[Unit]\nDefaultDependencies=no\n")
        self.unit("manager.service", "[Unit]\nDefaultDependencies=no\n[Service]\nType=notify\n"
                  "User=65534\nGroup=65534\nDelegate=yes\nKillMode=mixed\nTimeoutStopSec=5\n"
                  "Environment=XDG_RUNTIME_DIR=/run/user/65534 HOME=/run/user/65534 "
                  "SYSTEMD_UNIT_PATH=/run/units/user\n"
                  "ExecStart=/lib/systemd/systemd --user\n")
        said = self.boot("systemctl start manager.service\nruntime=/run/user/65534\n"
                         "reader='setpriv --reuid=65534 --regid=65534 --clear-groups'\n"
                         "manager=\"$reader env XDG_RUNTIME_DIR=$runtime\"\n"
                         "user=--user as_daemon=$reader\n" + self.SCRIPT +
                         "systemctl stop manager.service\n")
        self.assertServed(said)
        self.assertRegex(said, r"daemon: .*NoNewPrivs: 0")

    def test_a_line_of_fstab_is_mounted_at_the_first_look(self):
        generator = "/lib/systemd/system-generators/systemd-fstab-generator"
        point = "/run/comics"
        fstab = os.path.join(self.folder, "fstab")
        with open(fstab, "w", encoding="utf-8") as out:
            out.write(f"{self.library} {point} fuse.cbzfs allow_other,nofail,_netdev,"
                      "x-systemd.automount,x-systemd.idle-timeout=10min,"
                      f"x-systemd.requires-mounts-for={self.library} 0 0\n")
        subprocess.run([generator, *[self.units] * 3], check=True,
                       env={**os.environ, "SYSTEMD_FSTAB": fstab})
        with open(os.path.join(self.units, "run-comics.mount"), encoding="utf-8") as unit:
            self.assertIn(f"\nRequiresMountsFor={self.library}\n", unit.read())
        said = self.boot(rf"""
systemctl start run-comics.automount
grep -cF " fuse.cbzfs $LIBRARY " /proc/self/mountinfo || true
setpriv --reuid=65534 --regid=65534 --clear-groups ls {point}/cbz
grep -cF " fuse.cbzfs $LIBRARY " /proc/self/mountinfo
unzip -tq {point}/cbz/Book.cbz
systemctl stop run-comics.mount 2>/dev/null  # that looking mounts it again
grep -cF " fuse.cbzfs $LIBRARY " /proc/self/mountinfo || true
ls {point}/cbz
systemctl stop run-comics.automount
""")
        self.assertRegex(said, r"^0\nBook.cbz\nMine.txt\n1\nNo errors detected.*\n0\nBook.cbz\n")


if __name__ == "__main__":
    if shutil.which("systemd-analyze") is None or not os.path.exists("/lib/systemd/systemd"):
        sys.exit("there is no systemd here: mount-helpers/install-packages test")
    harness.main()
