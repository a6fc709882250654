"""Completions of bash, zsh and fish: each option of the program is offered, by the shells
themselves."""

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import installed
from installed import harness

sys.path.insert(0, os.path.join(installed.HERE, "..", "man"))
import options_test  # noqa: E402

COMMANDS = ("convert", "inspect", "move", "status", "warm", "umount")
BASH_COMPLETION = "/usr/share/bash-completion/bash_completion"
DEADLINE = harness.DEADLINE


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def mount_help():
    """(flags, mount options, those of them that have a value)"""
    text = output(harness.program(), "--help")
    flags, names = options_test.help_options(text)
    return flags, {name.rstrip("*") for name in names}, set(
        re.findall(r"(?m)^  ([a-z_]+)=\S", text[text.index("Mount options"):]))


def command_flags(command):
    """The flags in `cbzfs COMMAND --help`; "-o" may be one of them."""
    flags = set()
    for line in output(harness.program(), command, "--help").splitlines():
        tag = re.match(r"  (-{1,2}[\w-]+(?:,-{1,2}[\w-]+)*)", line)
        if tag:
            flags.update(tag.group(1).split(","))
    return flags


class Shell(unittest.TestCase):
    """One shell; complete(text) gives the words that it offers for the last word of `text`."""

    def complete(self, text):
        raise NotImplementedError

    def list_of(self, text):
        """Of mount options, as names."""
        return {re.sub(r"=.*", "", word) for word in self.complete(text)}


class Checks:
    """What each shell is asked; mixed into a Shell."""

    def test_flags_of_mounting(self):
        flags, _, _ = mount_help()
        self.assertGreater(len(flags), 4)
        offered = self.complete("cbzfs -") | self.complete("cbzfs --")
        self.assertEqual(flags - offered, set())

    def test_flags_of_each_command(self):
        for command in COMMANDS:
            with self.subTest(command):
                flags = command_flags(command)
                self.assertGreater(len(flags), 3)
                offered = self.complete(f"cbzfs {command} -") | self.complete(f"cbzfs {command} --")
                self.assertEqual(flags - offered, set())
                self.assertEqual({word for word in offered if word.startswith("-")} - flags, set(),
                                 "options there are not")

    def test_commands(self):
        offered = set.union(*(self.complete(f"cbzfs {command[:2]}") for command in COMMANDS))
        self.assertEqual(set(COMMANDS) - offered, set())

    def test_values(self):
        self.assertIn("journal", self.words("cbzfs -o ro,log=j"))
        self.assertIn("enhanced", self.words("cbzfs -o view=en"))
        self.assertIn("media", self.words("cbzfs convert -o dpi=200,box=m"))


class BashTest(Shell, Checks):

    SCRIPT = r"""
source "$1"
source "$2"
read -r -a COMP_WORDS <<<"$3"
[[ $3 == *' ' ]] && COMP_WORDS+=('')
# As readline cuts a line into words.
words=()
for word in "${COMP_WORDS[@]}"; do
  if [[ $word == *[=:]* ]]; then
    mapfile -t -O "${#words[@]}" words < <(grep -oE '[=:]+|[^=:]+' <<<"$word")
  else
    words+=("$word")
  fi
done
COMP_WORDS=("${words[@]}")
[[ $3 == *[=:] ]] && COMP_WORDS+=('')
COMP_LINE=$3 COMP_POINT=${#3} COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
compopt() { :; }
_cbzfs
printf '%s\n' "${COMPREPLY[@]}"
"""

    def setUp(self):
        if not os.path.exists(BASH_COMPLETION):
            self.fail("bash-completion is missing: mount-helpers/install-packages test")

    def complete(self, text):
        done = subprocess.run(
            ["bash", "--norc", "-c", self.SCRIPT, "bash", BASH_COMPLETION,
             installed.path("share", "bash-completion", "completions", "cbzfs"), text],
            capture_output=True, text=True, check=False, cwd=installed.root())
        self.assertEqual(done.stderr, "", text)
        return set(done.stdout.split("\n")) - {""}

    words = complete

    def test_mount_options(self):
        _, names, valued = mount_help()
        for text in ("cbzfs -o ", "cbzfs convert -o ", "cbzfs inspect -o "):
            offered = self.complete(text)
            self.assertEqual(names - {word.rstrip("=") for word in offered}, set())
            self.assertEqual(valued - {word[:-1] for word in offered if word[-1] == "="}, set(),
                             "these have a value")
            self.assertEqual({word.rstrip("=") for word in offered} - names - {"x-"}, set(),
                             "options there are not")

    def test_a_list_is_completed_at_its_end(self):
        self.assertEqual(self.complete("cbzfs -o show_hidden,vie"),
                         {"show_hidden,view=", "show_hidden,views="})
        self.assertEqual(self.complete("cbzfs -o ro,views=cbz:pa"), {"pages"})
        self.assertEqual(self.complete("cbzfs -o log=auto,log_level=w"), {"warn"})

    def test_files_where_files_belong(self):
        self.assertIn("usr", self.complete("cbzfs us"))
        self.assertIn("usr", self.complete("cbzfs convert us"))
        self.assertEqual(self.complete("cbzfs warm --jobs us"), set())

    def test_mount_points_to_unmount(self):
        mount = harness.MountedTest("mount")
        mount.setUp()
        self.addCleanup(mount.doCleanups)
        point = mount.mount().path
        self.assertIn(point, self.complete("cbzfs umount /"))
        self.assertIn(point, self.complete("cbzfs status /"))


class FishTest(Shell, Checks):

    def setUp(self):
        if shutil.which("fish") is None:
            self.fail("fish is missing: mount-helpers/install-packages test")
        home = tempfile.TemporaryDirectory()
        self.addCleanup(home.cleanup)
        self.home = home.name

    def complete(self, text):
        script = installed.path("share", "fish", "vendor_completions.d", "cbzfs.fish")
        done = subprocess.run(["fish", "--no-config", "-c", "source $argv[1]; complete -C $argv[2]",
                               script, text], capture_output=True, text=True, check=True,
                              env={**os.environ, "HOME": self.home})
        self.assertEqual(done.stderr, "", text)
        return {line.split("\t")[0] for line in done.stdout.splitlines()}

    def words(self, text):
        return {word.rsplit("=", 1)[-1] for word in self.complete(text)}

    def test_mount_options(self):
        _, names, _ = mount_help()
        for text in ("cbzfs -o ", "cbzfs convert -o ", "cbzfs inspect -o "):
            offered = self.list_of(text)
            self.assertEqual(names - offered, set())
            self.assertEqual(offered - names - {"x-"}, set(), "options there are not")
        self.assertIn("ro,cache=", self.complete("cbzfs -o ro,ca"))


class ZshTest(Shell, Checks):
    """An interactive zsh at a terminal: what a line becomes by pressing tab, and what is listed."""

    START = r"""
PS1=; zstyle ':completion:*' list-prompt ''; LISTMAX=10000; unsetopt beep
bindkey -e
autoload -U compinit && compinit -u -D -C
compdef _cbzfs cbzfs
show() { print -r -- $'\n'"<<$BUFFER>>"; BUFFER=; }
zle -N show; bindkey '^X' show
print ready
"""

    @classmethod
    def setUpClass(cls):
        if shutil.which("zsh") is None:
            raise AssertionError("zsh is missing: mount-helpers/install-packages test")
        folder = os.path.dirname(cls.file())
        cls.pid, cls.fd = pty.fork()
        if cls.pid == 0:
            os.chdir(installed.root())
            os.environ.update(TERM="dumb", HOME=installed.root(), LINES="1000", COLUMNS="200")
            os.execvp("zsh", ["zsh", "-f", "-i"])
        cls.say(f"stty -echo rows 1000 cols 200; fpath=({folder} $fpath); autoload -U _cbzfs\n")
        cls.say("; ".join(cls.START.strip().splitlines()) + "\n")
        cls.until("\nready")

    @classmethod
    def tearDownClass(cls):
        os.kill(cls.pid, signal.SIGKILL)
        os.close(cls.fd)
        os.waitpid(cls.pid, 0)

    @staticmethod
    def file():
        for folder in ("vendor-completions", "site-functions"):
            path = os.path.join(installed.root(), "usr", "share", "zsh", folder, "_cbzfs")
            if os.path.exists(path):
                return path
        raise AssertionError("_cbzfs is not installed")

    @classmethod
    def say(cls, text):
        os.write(cls.fd, text.encode())

    @classmethod
    def until(cls, end):
        said = ""
        deadline = time.monotonic() + DEADLINE
        while not re.search(end, said):
            ready, _, _ = select.select([cls.fd], [], [], deadline - time.monotonic())
            if not ready:
                raise AssertionError(f"zsh did not say {end}: {said}")
            said += os.read(cls.fd, 65536).decode("utf-8", "replace")
        return said.replace("\r", "")

    def line(self, text):
        """The line after tab."""
        self.say(text + "\t\x18")
        return re.search(r"<<(.*)>>", self.until(r"<<.*>>")).group(1)

    def complete(self, text):
        self.say(text + "\t\t\x18")
        said = self.until(r"<<.*>>")
        words = set(re.findall(r"(?m)^(\S+) +-- ", said))
        for pair in re.findall(r"(?m)^(-\S+(?: +-\S+)*) +-- ", said):
            words.update(pair.split())
        return words | set(re.search(r"<<(.*)>>", said).group(1).split()[1:])

    def words(self, text):
        return {self.line(text).rstrip(" ,").rsplit("=", 1)[-1]}

    def test_mount_options(self):
        _, names, valued = mount_help()
        text = installed.text(os.path.relpath(self.file(), installed.path()))
        listed = dict(re.findall(r"(?m)^    '([\w-]+)\[[^\]]*\](:?)", text))
        self.assertEqual(names - set(listed), set())
        self.assertEqual(set(listed) - names - {"x-"}, set(), "options there are not")
        self.assertEqual({name for name, colon in listed.items() if colon}, valued)
        self.assertIn("on_error", self.complete("cbzfs -o o"))
        self.assertIn("original", self.complete("cbzfs -o o"))

    def test_a_list_is_completed_at_its_end(self):
        self.assertEqual(self.line("cbzfs -o ro,show").rstrip(" ,"), "cbzfs -o ro,show_hidden")
        self.assertEqual(self.line("cbzfs -o ro,log=jo").rstrip(" ,"), "cbzfs -o ro,log=journal")


del Shell  # not a test itself


if __name__ == "__main__":
    harness.main()
