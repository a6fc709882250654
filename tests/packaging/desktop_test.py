"""The desktop: covers of CBZs, "Mount as Comics" and what undoes it, and the files that lead there.

Programs of the desktop (a file manager, a dialog) are scripts of this test, which write down what
they were asked.
"""

import configparser
import functools
import glob
import os
import re
import shutil
import subprocess
import sys
import types
import unittest
import zipfile
from xml.etree import ElementTree

from PIL import Image, ImageChops, ImageStat

import installed
from installed import harness
from harness import DEADLINE, is_mounted, make_pdfs

SCRIPT = """#!/bin/sh
printf '%s\\n' "$(basename "$0") $*" >>"$ASKED"
"""


def helper(name):
    return installed.path("libexec", "cbzfs", name)


class FilesTest(unittest.TestCase):
    """What is looked at, and found in order, by others' programs."""

    def programs_of(self, text):
        found = re.findall(r"(?m)^(?:Exec|TryExec|Dependencies)=(/\S+?);?(?: |$)", text)
        self.assertTrue(found, text)
        for program in found:
            self.assertTrue(os.access(installed.root() + program, os.X_OK), program)

    def test_entries_for_menus(self):
        for name in ("applications/cbzfs.desktop", "Thunar/sendto/cbzfs.desktop"):
            path = installed.path("share", name)
            done = subprocess.run(["desktop-file-validate", path], capture_output=True, text=True,
                                  check=False)
            self.assertEqual((done.returncode, done.stdout), (0, ""))
            self.programs_of(installed.text("share", name))

    def test_the_entry_does_not_become_the_program_that_opens_folders(self):
        self.assertNotIn("MimeType", installed.text("share", "applications", "cbzfs.desktop"))

    def test_actions_of_file_managers(self):
        for name in ("kio/servicemenus/cbzfs.desktop", "file-manager/actions/cbzfs.desktop",
                     "nemo/actions/cbzfs-mount.nemo_action", "thumbnailers/cbzfs.thumbnailer",
                     "nemo/actions/cbzfs-unmount.nemo_action"):
            with self.subTest(name):
                text = installed.text("share", name)
                parser = configparser.RawConfigParser(strict=True)
                parser.optionxform = str
                parser.read_string(text)
                self.programs_of(text.replace("TryExec=gdk", "#"))
                self.assertNotIn("@", text)
        menu = configparser.RawConfigParser()
        menu.read_string(installed.text("share", "kio", "servicemenus", "cbzfs.desktop"))
        actions = menu["Desktop Entry"]["Actions"].strip(";").split(";")
        self.assertEqual([f"Desktop Action {name}" for name in actions], menu.sections()[1:])

    def test_the_icon(self):
        icon = ElementTree.parse(installed.path("share", "icons", "hicolor", "scalable", "apps",
                                                "cbzfs.svg"))
        self.assertEqual(icon.getroot().tag, "{http://www.w3.org/2000/svg}svg")
        for path in glob.glob(os.path.join(installed.root(), "usr/share/**/*.desktop"), recursive=True):
            with open(path, encoding="utf-8") as file:
                self.assertIn("Icon=cbzfs\n", file.read(), path)

    def test_comics_have_a_type_without_us(self):
        """So no MIME type is installed. This is the one that the thumbnailer is for."""
        with open("/usr/share/mime/packages/freedesktop.org.xml", encoding="utf-8") as file:
            types_ = re.search(r'(?s)<mime-type type="application/vnd\.comicbook\+zip">.*?</mime-type>',
                               file.read()).group(0)
        self.assertIn('<glob pattern="*.cbz"/>', types_)
        self.assertIn("application/vnd.comicbook+zip;",
                      installed.text("share", "thumbnailers", "cbzfs.thumbnailer"))
        self.assertFalse(os.path.exists(os.path.join(installed.root(), "usr/share/mime")))

    def test_the_description_for_software_centers(self):
        tree = ElementTree.parse(installed.path("share", "metainfo", "cbzfs.metainfo.xml"))
        entry = tree.find("launchable").text
        installed.path("share", "applications", entry)


@functools.lru_cache
def book():
    """Pages that are larger than what the kernel reads ahead."""
    return make_pdfs.png_scan(pages=4, width=1200, height=1800)


class ThumbnailerTest(harness.MountedTest):
    """As a file manager calls it."""

    def setUp(self):
        super().setUp()
        if shutil.which("gdk-pixbuf-thumbnailer") is None:
            self.fail("gdk-pixbuf-thumbnailer is missing: mount-helpers/install-packages test")
        self.put("Series/Book.pdf", book())

    def thumbnail(self, path, size=128, fails=False, prefix=()):
        output = os.path.join(self.folder, "thumbnail.png")
        done = subprocess.run([*prefix, helper("cbzfs-thumbnailer"), path, output, str(size)],
                              capture_output=True, timeout=DEADLINE, check=False,
                              env={**os.environ, "TMPDIR": self.folder})
        self.assertEqual(done.returncode != 0, fails, done.stderr)
        self.assertEqual(os.path.exists(output), not fails)
        self.assertEqual([name for name in os.listdir(self.folder) if name.startswith("tmp.")], [])
        if fails:
            return None
        with Image.open(output) as image:
            image.load()
        os.unlink(output)
        self.assertEqual(image.format, "PNG")
        self.assertEqual(max(image.size), size)
        return image.convert("RGB")

    def picture(self, name, color, library=None):
        path = self.put(name, b"", library)
        Image.new("RGB", (200, 300), color).save(path)
        return path

    def comic(self, name, pages):
        """A real CBZ: {name in the archive: color}."""
        path = self.put(name, b"")
        with zipfile.ZipFile(path, "w") as archive:
            for page, color in pages.items():
                archive.write(self.picture(".pages/page.png", color), page)
        return path

    def assertColor(self, image, color):  # noqa: N802
        expected = Image.new("RGB", (1, 1), color).getpixel((0, 0))
        got = image.getpixel((image.width // 2, image.height // 2))
        self.assertLess(max(abs(a - b) for a, b in zip(got, expected)), 12, (got, color))

    def assertFirstPage(self, cover, path):  # noqa: N802
        with zipfile.ZipFile(path) as archive, archive.open("0001.jpg") as file:
            page = Image.open(file).convert("RGB").resize(cover.size, Image.BOX)
        difference = ImageStat.Stat(ImageChops.difference(cover, page)).mean
        self.assertLess(max(difference), 10)

    def test_a_cover_in_a_mount_costs_one_small_page(self):
        for view in ("cbz", "enhanced"):
            mount = self.mount()
            self.thumbnail(mount.file("Series", "Book.cbz", view=view))
            self.assertEqual(mount.made(), (0, 0, 1, 0), "drawn, enhanced, thumbnails, entries")
            mount.unmount()

    def test_one_page_is_made_where_there_are_no_thumbnails(self):
        for options, path in (("view=cbz", ("Series", "Book.cbz")),
                              ("views=cbz:pages", ("cbz", "Series", "Book.cbz"))):
            mount = self.mount(options)
            cover = self.thumbnail(os.path.join(mount.path, *path))
            self.assertEqual(mount.made(), (1, 0, 0, 0), options)
            self.assertFirstPage(cover, os.path.join(mount.path, *path))
            mount.unmount()

    def test_one_page_is_made_where_nothing_but_the_file_is_seen(self):
        """As in the sandbox that GNOME puts thumbnailers into."""
        if os.geteuid() != 0:
            self.skipTest("only root can show a single file")
        mount = self.mount()
        alone = os.path.join(self.folder, "gnome-desktop-file-to-thumbnail.cbz")
        with open(alone, "wb"):
            pass
        script = 'mount --bind "$1" "$2" && shift 2 && exec "$@"'
        cover = self.thumbnail(alone, prefix=("unshare", "-m", "sh", "-c", script, "sh",
                                      mount.file("Series", "Book.cbz"), alone))
        self.assertEqual(mount.made(), (1, 0, 0, 0))
        self.assertFirstPage(cover, mount.file("Series", "Book.cbz"))

    def test_the_cover_is_that_of_the_book(self):
        """Where a picture or another book beside it has the name."""
        self.comic("Twice.cbz", {"1.png": "red"})
        self.put("Twice.pdf", make_pdfs.small(2, pages=1))
        self.picture("Twice.jpg", "blue")
        os.utime(os.path.join(self.library, "Twice.pdf"), (1e9, 1e9))
        os.utime(os.path.join(self.library, "Twice.cbz"), (1e9, 1e9))
        os.utime(os.path.join(self.library, "Twice.jpg"), (1e9, 1e9))
        mount = self.mount()
        self.assertEqual(sorted(name for name in os.listdir(mount.cbz) if "Twice" in name),
                         ["Twice.cbz", "Twice.jpg", "Twice.pdf.cbz"])
        self.assertColor(self.thumbnail(mount.file("Twice.cbz")), "red")
        drawn = self.thumbnail(mount.file("Twice.pdf.cbz"))
        with Image.open(mount.file("Twice.pdf.jpg", view="thumbnails")) as cover:
            self.assertAlmostEqual(drawn.width / drawn.height, cover.width / cover.height, 1)
        self.assertNotEqual(drawn.getpixel((64, 64)), (0, 0, 255))
        self.assertEqual(mount.made(), (1, 0, 2, 0), "from the thumbnails view")

    def test_other_comics_have_one_too(self):
        odd = "a b [2]*'\"$\\ ü?"
        path = self.comic("Plain.cbz", {"__MACOSX/._1.png": "blue", "notes.txt": "green",
                                        f"{odd}/10.png": "green", f"{odd}/2.png": "red"})
        self.assertColor(self.thumbnail(path), "red")
        self.assertColor(self.thumbnail(path, size=64), "red")

    def test_a_comic_that_is_something_else_inside(self):
        folder = os.path.join(self.folder, "seven")
        self.picture("1.png", "red", library=folder)
        path = os.path.join(self.folder, "Seven.cbz")
        subprocess.run(["7z", "a", "-t7z", path + ".7z", "."], cwd=folder, check=True,
                       stdout=subprocess.DEVNULL)
        os.rename(path + ".7z", path)
        self.assertColor(self.thumbnail(path), "red")

    def test_what_has_no_picture_fails_and_leaves_nothing(self):
        for name, data in (("Broken.cbz", b"PK\3\4 no zip"), ("Empty.cbz", b"")):
            self.thumbnail(self.put(name, data), fails=True)
        path = self.put("Text.cbz", b"")
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("readme.txt", "no picture")
        self.thumbnail(path, fails=True)


class OpenTest(harness.MountedTest):
    """cbzfs-open, which the menus call."""

    def setUp(self):
        super().setUp()
        self.library = os.path.join(self.folder, "My Comics ü")
        self.put("Book.pdf", make_pdfs.small(1, pages=2))
        self.run_dir = os.path.join(self.folder, "run")
        os.mkdir(self.run_dir, 0o700)
        self.base = os.path.join(self.run_dir, "cbzfs")
        self.asked_file = os.path.join(self.folder, "asked")
        self.bin = os.path.join(self.folder, "bin")
        os.mkdir(self.bin)
        for name in ("xdg-open", "zenity"):
            path = os.path.join(self.bin, name)
            with open(path, "w", encoding="utf-8") as script:
                script.write(SCRIPT)
            os.chmod(path, 0o755)
        self.addCleanup(self.unmount_all)

    def unmount_all(self):
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
            points = [line.split()[4] for line in file]
        for point in points:
            if point.startswith(self.base):
                subprocess.run(["umount", "-l", re.sub(r"\\(\d{3})", lambda m: chr(int(m[1], 8)),
                                                       point)], check=True)

    def open(self, *arguments, status=0, **environment):
        """What was asked of the desktop."""
        if os.path.exists(self.asked_file):
            os.unlink(self.asked_file)
        done = subprocess.run([helper("cbzfs-open"), *arguments], capture_output=True, check=False,
                              timeout=DEADLINE, stdin=subprocess.DEVNULL,
                              env={**os.environ, "CBZFS": harness.program(), "DISPLAY": ":99",
                                   "PATH": f"{self.bin}:{os.environ['PATH']}",
                                   "XDG_RUNTIME_DIR": self.run_dir, "HOME": self.folder,
                                   "ASKED": self.asked_file, **environment})
        self.assertEqual(done.returncode, status, done.stderr)
        self.said = done.stderr.decode()
        if not os.path.exists(self.asked_file):
            return ""
        return harness.read(self.asked_file).decode()

    def test_a_folder_is_mounted_and_shown_and_the_second_time_shown(self):
        point = os.path.join(self.base, "My Comics ü")
        self.assertEqual(self.open(self.library), f"xdg-open {point}\n")
        self.assertTrue(is_mounted(point))
        self.assertEqual(os.listdir(os.path.join(point, "cbz")), ["Book.cbz"])
        pid = harness.json.loads(harness.read(os.path.join(point, ".cbzfs/status")))["pid"]
        self.assertEqual(self.open(self.library + "/."), f"xdg-open {point}\n")
        self.assertEqual(harness.json.loads(
            harness.read(os.path.join(point, ".cbzfs/status")))["pid"], pid)
        self.assertEqual(self.open(os.path.join(point, "cbz")), f"xdg-open {point}/cbz\n",
                         "a folder in a mount is shown as it is")
        self.assertEqual(self.open("--unmount", self.library), "")
        self.assertFalse(is_mounted(point))
        self.assertEqual(os.listdir(self.base), [".lock"])

    def test_a_folder_in_the_mount_unmounts_it_too_and_without_one_all_are(self):
        self.open(self.library)
        point = os.path.join(self.base, "My Comics ü")
        self.open("--unmount", os.path.join(point, "cbz"))
        self.assertFalse(is_mounted(point))
        other = os.path.join(self.folder, "other", "My Comics ü")
        os.makedirs(other)
        self.open(self.library, other)
        self.assertTrue(is_mounted(point))
        self.assertTrue(is_mounted(point + " (2)"), "two of one name")
        self.open("--unmount")
        self.assertEqual(os.listdir(self.base), [".lock"])

    def test_a_mount_made_elsewhere_is_shown(self):
        mount = self.mount()
        self.assertEqual(self.open(self.library), f"xdg-open {mount.path}\n")
        self.assertEqual(os.listdir(self.base), [".lock"])

    def test_one_whose_program_is_gone_is_mounted_again(self):
        self.open(self.library)
        point = os.path.join(self.base, "My Comics ü")
        pid = harness.json.loads(harness.read(os.path.join(point, ".cbzfs/status")))["pid"]
        os.kill(pid, harness.signal.SIGKILL)
        harness.wait_for(lambda: not harness.alive(pid), "the daemon ends")
        self.assertEqual(self.open(self.library), f"xdg-open {point}\n")
        self.assertEqual(os.listdir(os.path.join(point, "cbz")), ["Book.cbz"])

    def test_what_goes_wrong_is_said_in_a_dialog(self):
        asked = self.open(os.path.join(self.folder, "none"), status=1)
        self.assertRegex(asked, r"^zenity --error .*There is no folder ")
        asked = self.open(self.run_dir, status=1)  # the mount would be inside of it
        self.assertRegex(asked, r"(?s)^zenity --error .*could not be mounted\..*use a folder elsewhere")
        self.assertEqual(os.listdir(self.base), [".lock"])
        asked = self.open("--unmount", self.library, status=1)
        self.assertRegex(asked, r"^zenity --error .*are not mounted")

    def test_one_that_is_used_is_not_unmounted_and_it_is_said_by_whom(self):
        self.open(self.library)
        point = os.path.join(self.base, "My Comics ü")
        with open(os.path.join(point, "cbz", "Book.cbz"), "rb"):
            asked = self.open("--unmount", self.library, status=1)
        self.assertIn("python", asked)
        self.assertTrue(is_mounted(point))

    def test_nothing_but_dialogs_is_asked_of_the_desktop(self):
        """No notifications: all programs that are called are those of this test or of the system."""
        with open(helper("cbzfs-open"), encoding="utf-8") as script:
            text = script.read()
        for word in ("notify-send", "dbus", "gdbus", "gio "):
            self.assertNotIn(word, text)

    def test_gnome_files_offers_it_for_folders(self):
        started = []
        menu = load_extension(lambda arguments, **_: started.append(arguments))
        items = menu.get_file_items([FakeFile(self.library)])
        self.assertEqual([item.label for item in items], ["Mount as Comics", "Unmount Comics"])
        self.assertEqual(menu.get_file_items("window", [FakeFile(self.library)])[0].label,
                         "Mount as Comics", "before version 4")
        for item in items:
            item.activate()
        program = "/usr/libexec/cbzfs/cbzfs-open"
        self.assertEqual(started, [[program, self.library], [program, "--unmount", self.library]])
        self.assertEqual(menu.get_file_items([FakeFile(__file__)]), [])
        self.assertEqual(menu.get_file_items([FakeFile(self.library), FakeFile(__file__)]), [])
        self.assertEqual(menu.get_file_items([FakeFile(None)]), [], "a folder on a server")
        self.assertEqual(menu.get_file_items([]), [])


class FakeFile:
    """Nautilus.FileInfo; without a path a folder elsewhere."""

    def __init__(self, path):
        self.path = path

    def is_directory(self):
        return self.path is None or os.path.isdir(self.path)

    def get_location(self):
        return types.SimpleNamespace(get_path=lambda: self.path)


class FakeItem:
    """Nautilus.MenuItem"""

    def __init__(self, **properties):
        self.label = properties["label"]

    def connect(self, signal, call, *arguments):
        assert signal == "activate"
        self.activate = lambda: call(self, *arguments)


def load_extension(start):
    """An object of the class in it, with the modules of GNOME Files replaced."""
    repository = types.ModuleType("gi.repository")
    repository.GObject = types.SimpleNamespace(GObject=type("GObject", (), {}))
    repository.Nautilus = types.SimpleNamespace(MenuProvider=type("MenuProvider", (), {}),
                                                MenuItem=FakeItem)
    sys.modules.update({"gi": types.ModuleType("gi"), "gi.repository": repository})
    module = types.ModuleType("cbzfs_extension")
    code = installed.text("share", "nautilus-python", "extensions", "cbzfs.py")
    exec(compile(code, "cbzfs.py", "exec"), module.__dict__)  # pylint: disable=exec-used
    module.subprocess = types.SimpleNamespace(Popen=start, DEVNULL=subprocess.DEVNULL)
    return module.CbzfsMenu()


if __name__ == "__main__":
    harness.main()
