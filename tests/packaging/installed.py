"""What the tests here share: the folder that cbzfs was installed below, and the mounted tests'
harness."""

import os
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "mount"))

import harness  # noqa: E402,F401  (for the tests)


def root():
    return os.environ["CBZFS_ROOT"]


def path(*names):
    """A file below /usr, as installed."""
    found = os.path.join(root(), "usr", *names)
    if not os.path.exists(found):
        raise AssertionError(f"not installed: {found}")
    return found


def text(*names):
    with open(path(*names), encoding="utf-8") as file:
        return file.read()
