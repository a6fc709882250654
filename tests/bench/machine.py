"""What the figures were measured on and with."""

import os
import platform
import re
import subprocess

import harness
from contest import ROOT

# What is in the contest, or decides how fast somebody in it is.
PACKAGES = ("mupdf-tools", "libmupdf-dev", "libjpeg62-turbo", "libopenjp2-7", "libjbig2dec0",
            "fuse3", "python3-pil", "libvips-tools", "poppler-utils", "rsync", "redis-server",
            "valgrind", "g++")


def _said(*words):
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=ROOT)
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _field(path, name):
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith(name):
                return line.partition(":")[2].strip()
    return "unknown"


def describe():
    memory = int(_field("/proc/meminfo", "MemTotal").split()[0]) / (1 << 20)
    return {"processor": _field("/proc/cpuinfo", "model name"), "cores": os.cpu_count(),
            "kernel": platform.release(), "memory": f"{memory:.0f} GiB"}


def versions():
    said = _said(harness.program(), "--version")
    found = {"cbzfs": re.sub(r"^cbzfs\s+", "", said.splitlines()[0]) if said else "unknown"}
    for package in PACKAGES:
        version = _said("dpkg-query", "-W", "-f=${Version}", package)
        found[package] = version or "not installed"
    return found


def commit():
    """The commit that is checked out, "+" after it where sources have been changed since."""
    name = _said("git", "rev-parse", "--short=10", "HEAD") or "unknown"
    changed = _said("git", "status", "--porcelain", "--untracked-files=no", "--", "cache", "codecs",
                    "fs", "CMakeLists.txt")
    return name + ("+" if changed else "")
