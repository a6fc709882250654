"""An X server that nobody sees, with programs on it, their windows, and what is to be seen there.

Each desktop has a home folder and settings of its own. All that was started on it ends with it:
whatever a program puts into the background comes to be a child of the test, and is found there.
"""

import ctypes
import io
import os
import re
import signal
import subprocess
import time

from PIL import Image

from clients import harness
import library

WIDTH, HEIGHT = 1280, 1000
# A page's colour on the screen, after scaling and after what a program thinks of colour profiles.
TOLERANCE = 24
# Share of the screen that is the colour of one page when the page is displayed; pictures of it in a
# side bar are less.
DISPLAYED = 0.08
# Starting takes a desktop program seconds, many on a busy machine.
DEADLINE = 4 * harness.DEADLINE
PR_SET_CHILD_SUBREAPER = 36

_screenshots = os.environ.get("CBZFS_CLIENTS_SCREENSHOTS")


def shares(image):
    """{page: share of the picture that has its colour} of the pages with a colour of their own."""
    counts = dict.fromkeys(range(1, len(library.COLOURS) + 1), 0)
    for count, pixel in image.convert("RGB").getcolors(image.width * image.height):
        for page in counts:
            if max(abs(a - b) for a, b in zip(pixel, library.colour(page))) <= TOLERANCE:
                counts[page] += count
    return {page: count / (image.width * image.height) for page, count in counts.items()}


def displayed(image):
    """The page that is displayed, by its colour; 0 when there is none."""
    found = shares(image)
    page = max(found, key=found.get)
    return page if found[page] >= DISPLAYED else 0


class Desktop:

    def __init__(self, folder):
        """`folder`: an empty one, for the home folder and logs."""
        self._folder = folder
        self._programs = []
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
        self._others = set(harness.process_tree(os.getpid()))
        home, runtime = os.path.join(folder, "home"), os.path.join(folder, "run")
        os.mkdir(home)
        os.mkdir(runtime, 0o700)
        self._environment = {
            name: value for name, value in os.environ.items()
            if not name.startswith(("XDG_", "DBUS_", "WAYLAND_", "GTK_", "QT_", "KDE_", "GNOME_"))}
        self._environment.update(
            HOME=home, XDG_RUNTIME_DIR=runtime, LC_ALL="C.UTF-8", NO_AT_BRIDGE="1",
            GDK_BACKEND="x11", QT_QPA_PLATFORM="xcb", GSETTINGS_BACKEND="memory",
            LIBGL_ALWAYS_SOFTWARE="1")
        numbers, out = os.pipe()
        with open(os.path.join(folder, "Xvfb.log"), "wb") as log:
            self._server = subprocess.Popen(
                ["Xvfb", "-displayfd", str(out), "-screen", "0", f"{WIDTH}x{HEIGHT}x24",
                 "-nolisten", "tcp", "-noreset"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[out],
                start_new_session=True)
        os.close(out)
        with os.fdopen(numbers, "rb") as answer:
            number = answer.readline().strip()
        if not number:
            raise AssertionError("Xvfb: " + self.log("Xvfb"))
        self._environment["DISPLAY"] = ":" + number.decode()

    @property
    def home(self):
        return self._environment["HOME"]

    def write(self, name, text):
        """A file of the home folder."""
        path = os.path.join(self.home, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)

    def log(self, name):
        log = harness.read(os.path.join(self._folder, name + ".log"))
        return log[-3000:].decode(errors="replace")

    def start(self, *command, environment=None):
        """A program with a session bus of its own, started in the desktop's home folder."""
        name = os.path.basename(command[0])
        with open(os.path.join(self._folder, name + ".log"), "wb") as log:
            program = subprocess.Popen(
                ["dbus-run-session", "--", *command], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, cwd=self.home, start_new_session=True,
                env={**self._environment, **(environment or {})})
        self._programs.append((name, program))

    def run(self, *command):
        """A small helper that ends by itself; its output."""
        return subprocess.run(command, env=self._environment, stdin=subprocess.DEVNULL, check=False,
                              capture_output=True, timeout=harness.DEADLINE).stdout

    def key(self, *names):
        self.run("xdotool", "key", "--clearmodifiers", *names)

    def double_click(self, x, y):
        self.run("xdotool", "mousemove", str(x), str(y), "click", "--repeat", "2", "--delay", "80",
                 "1")

    def windows(self, pattern=".+"):
        """Visible windows whose name matches, newest last."""
        return self.run("xdotool", "search", "--onlyvisible", "--name", pattern).decode().split()

    def maximize(self, pattern=".+"):
        """There is no window manager here: what has a name gets the whole screen and the keys."""
        windows = harness.wait_for(lambda: self.windows(pattern), f"a window named {pattern}",
                                   DEADLINE)
        for window in windows:
            self.run("xdotool", "windowmove", window, "0", "0",
                     "windowsize", window, str(WIDTH), str(HEIGHT),
                     "windowfocus", window)
        self.run("xdotool", "mousemove", str(WIDTH // 2), str(HEIGHT - 60))
        return windows

    def screenshot(self, name=None):
        """A picture of all that is to be seen; kept as `name`.png where somebody asked for that."""
        data = self.run("import", "-silent", "-window", "root", "png:-")
        if name and _screenshots:
            os.makedirs(_screenshots, exist_ok=True)
            with open(os.path.join(_screenshots, re.sub(r"\W+", "-", name) + ".png"), "wb") as out:
                out.write(data)
        return Image.open(io.BytesIO(data)).convert("RGB")

    def wait_until(self, condition, what, name):
        """Looks at the screen until `condition(picture)` is true, and returns what it returned."""
        end = time.monotonic() + DEADLINE
        while True:
            found = condition(self.screenshot())
            if found:
                self.screenshot(name)
                return found
            gone = [program for program, process in self._programs if process.poll() is not None]
            if gone or time.monotonic() > end:
                seen = shares(self.screenshot("failed " + name))
                logs = "\n".join(f"{program}: {self.log(program)}" for program, _ in self._programs)
                raise AssertionError(f"{what} is not to be seen ({gone} ended; shares {seen})\n"
                                     + logs)
            time.sleep(0.1)

    def wait_for_page(self, page, name):
        self.wait_until(lambda image: displayed(image) == page, f"page {page}", name)

    def close(self):
        """Ends all that was started here; what they had open is closed when this returns."""
        ours = {process.pid: process for process in
                [self._server, *(program for _, program in self._programs)]}
        started = set(ours)

        def left():
            started.update(pid for pid, (name, _) in harness.process_tree(os.getpid()).items()
                           if pid not in self._others and not name.startswith("cbzfs"))
            return {pid for pid in started if not reaped(pid, ours.get(pid))}

        for number in (signal.SIGTERM, signal.SIGKILL):
            # The server last: programs that lose it have much to say.
            for pid in left() - ({self._server.pid} if number == signal.SIGTERM else set()):
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    pass
            try:
                harness.wait_for(lambda: left() <= {self._server.pid}, "programs end", 5)
            except AssertionError:
                continue
        harness.wait_for(lambda: not left(), "the desktop ends")


def reaped(pid, process):
    """Whether it is gone with all of its threads; without its first one alone it is a zombie."""
    if process:
        return process.poll() is not None
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        pass  # gone, or still somebody else's
    return not os.path.exists(f"/proc/{pid}")
