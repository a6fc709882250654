#!/usr/bin/python3
"""Every setting that a config file takes is in man/cbzfs.5, and the other way round.

    settings_test.py SOURCE_FOLDER
"""

import os
import re
import sys

# Of rules alone.
RULES = {"path", "views", "hidden"}


def main(root):
    with open(os.path.join(root, "fs/core/reader_config_parse.cc"), encoding="utf-8") as source:
        table = source.read().split("kSettings[] = {", 1)[1].split("\n};", 1)[0]
    taken = set(re.findall(r'^    \{"(\w+)"', table, re.MULTILINE))
    with open(os.path.join(root, "man/cbzfs.5"), encoding="utf-8") as page:
        text = page.read()
    told = set(re.findall(r'^\.BI? "?(\w+) = ', text, re.MULTILINE))
    told |= set(re.findall(r"^\.BR? (enhance_\w+)", text, re.MULTILINE))
    print(sorted(taken), sorted(told))
    if len(taken) < 10 or taken | RULES != told:
        sys.exit(f"not the same: {sorted((taken | RULES) ^ told)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
