#!/usr/bin/python3
"""Compares the options in `cbzfs --help` with those in man/cbzfs.1, both ways.

    options_test.py CBZFS MANPAGE

Flags are the words that begin with a dash and mount options the names after -o; both are taken from
where they are introduced, not from running text.
"""

import os
import re
import subprocess
import sys

FLAG = re.compile(r"(?<![\w-])--?[A-Za-z][\w-]*")
NAME = re.compile(r"[a-z_][\w-]*\*?")


def tag_text(line):
    """The plain text of a roff line that carries the tag of a .TP paragraph."""
    macro = re.match(r"\.(BI|BR|IR|B|I)\s+(.*)", line)
    if macro:
        words = re.findall(r'"([^"]*)"|(\S+)', macro.group(2))
        joiner = " " if len(macro.group(1)) == 1 else ""
        line = joiner.join(quoted or plain.replace("\\ ", " ") for quoted, plain in words)
    line = re.sub(r"\\f(\[\w*\]|.)", "", line)
    return line.replace("\\-", "-").replace("\\(rs", "\\").replace("\\&", "")


def names_in(text):
    """The names in a list such as "nosuid, nodev" or "dpi=auto|N"."""
    for word in re.split(r",\s*|\s+", text):
        name = NAME.match(word)
        if name:
            yield name.group(0)


def man_options(page):
    flags, names = set(), set()
    section = subsection = ""
    lines = iter(page.splitlines())
    for line in lines:
        if line.startswith(".SH "):
            section, subsection = line[4:].strip('" '), ""
        elif line.startswith(".SS "):
            subsection = line[4:]
        elif line.startswith(".TP") and section == "OPTIONS":
            tag = tag_text(next(lines))
            if subsection.startswith("Mount options"):
                names.update(names_in(tag))
            else:
                flags.update(FLAG.findall(tag))
    return flags, names


def help_options(text):
    """Lines that are indented and begin with an option; what follows two spaces explains it."""
    flags, names = set(), set()
    mount = False
    for line in text.splitlines():
        if re.match(r"\S.*", line):
            mount = "mount options" in line.lower()
            continue
        if not re.match(r" {1,8}\S", line):
            continue
        option = re.split(r"\s{2,}", line.strip())[0]
        if option.startswith("-"):
            flags.update(FLAG.findall(option))
        elif mount:
            names.update(names_in(option))
    return flags, names


def differences(what, of_man, of_help):
    found = ["%s is in --help and not in the man page: %s" % (what, option)
             for option in sorted(of_help - of_man)]
    return found + ["%s is in the man page and not in --help: %s" % (what, option)
                    for option in sorted(of_man - of_help)]


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    run = subprocess.run([sys.argv[1], "--help"], capture_output=True, text=True, check=False)
    with open(sys.argv[2], encoding="utf-8") as page:
        man_flags, man_names = man_options(page.read())
    flags, names = help_options(run.stdout)
    found = differences("flag", man_flags, flags) + differences("mount option", man_names, names)
    if run.returncode != 0:
        found.append("--help ended with %d: %s" % (run.returncode, run.stderr.strip()))
    if len(flags) < 4 or len(names) < 10:
        found.append("--help is not understood: %d flags, %d mount options" % (len(flags), len(names)))
    for line in found:
        print(line)
    print("%d flags, %d mount options compared" % (len(flags | man_flags), len(names | man_names)))
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
