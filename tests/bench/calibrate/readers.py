#!/usr/bin/python3
"""What views of the config file do with their slots: how many pages keep the asked quality, and how
much of the slots is padding. Reads every book of every FOLDER in each view of CONFIG.

    readers.py CONFIG FOLDER...        (CBZFS and CBZFS_WORKER as for the mounted tests)
"""

import json
import os
import subprocess
import sys
import tempfile
import tomllib


def measure(config, view, folder):
    point = tempfile.mkdtemp()
    options = f"config={config},view={view},index=none,on_error=eio,cache=32M"
    subprocess.run([os.environ["CBZFS"], folder, point, "-o", options], check=True)
    try:
        for base, folders, names in os.walk(point):
            for name in names:
                if not name.endswith(".cbz"):
                    continue
                try:
                    with open(os.path.join(base, name), "rb") as book:
                        while book.read(1 << 20):
                            pass
                except OSError as error:
                    print(name, error, file=sys.stderr)
        with open(os.path.join(point, ".cbzfs", "status"), encoding="utf-8") as status:
            return json.load(status)["slots"]["config"]
    finally:
        subprocess.run(["fusermount3", "-u", point], check=True)
        os.rmdir(point)


def main(config, *folders):
    with open(config, "rb") as file:
        views = tomllib.load(file)["views"]
    for folder in folders:
        for view in views:
            slots = measure(config, view, folder)
            pages = max(slots["pages"], 1)
            print(f"{os.path.basename(folder):12} {view:16} {slots['pages']:5} pages, "
                  f"{100 * (pages - slots['lowered']) / pages:5.1f} % keep the quality, "
                  f"{slots['softened']:3} softened, "
                  f"{100 * (1 - slots['used'] / max(slots['bytes'], 1)):4.1f} % padding, "
                  f"{slots['bytes'] / pages / 1024:6.0f} KiB a page", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
