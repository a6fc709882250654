#!/usr/bin/python3
"""The shape of the source tree, as a test.

    structure_test.py SOURCE_FOLDER [DAEMON WORKER]

Folders are layers, and dependencies point downward only; each third-party library that parses or
mounts something has one folder that may include it. RULES and HEADERS below are the whole list.
Every rule is first tried on a tree that breaks it, so that a rule which can no longer fail fails.
"""

import os
import re
import subprocess
import sys
import tempfile

SOURCE = (".h", ".cc")
LAYERS = ("cache", "codecs", "fs", "tests")
MAX_LINES = 400

# The rooms of codecs/, and which of the others each may include; what is not named here it may not.
CODECS = {
    "document": (),
    "metadata": ("document",),
    "archive": ("document",),
    "packed": ("document",),
    "image": ("document",),
    "decode": ("document", "image"),
    "picture": ("document", "image", "decode"),
    "comic": ("document", "archive", "packed", "image", "decode", "picture"),
    "pdf": ("document", "image", "decode", "metadata", "picture"),
    "zip": ("document",),
    "worker": ("document", "archive", "packed", "image", "decode", "picture", "comic", "pdf",
               "metadata"),
}

# A file below the first folder never includes one below the second.
RULES = (
    ("cache", "codecs"),
    ("cache", "fs"),
    ("codecs", "cache"),
    ("codecs", "fs"),
    ("fs/core", "fs/fuse"),
    ("fs/core", "fs/command"),
    ("fs/fuse", "fs/command"),
    ("fs/command", "fs/fuse"),
    ("fs/command", "fs/watch"),
    ("fs/command", "fs/monitor"),
    ("fs/fuse", "fs/watch"),
    ("fs/core", "fs/move"),
    ("fs/fuse", "fs/move"),
    ("fs/watch", "fs/move"),
    ("fs/monitor", "fs/move"),
    ("fs/move", "cache"),
    ("fs/move", "fs/command"),
    ("fs/move", "fs/core"),
    ("fs/move", "fs/fuse"),
    ("fs/move", "fs/monitor"),
    ("fs/move", "fs/watch"),
    ("fs/watch", "cache"),
    ("fs/watch", "codecs"),
    ("fs/watch", "fs/core"),
    ("fs/watch", "fs/fuse"),
    ("fs/monitor", "fs/core"),
    ("fs/monitor", "fs/fuse"),
    ("fs/monitor", "cache"),
    ("fs/monitor", "codecs"),
    ("fs", "codecs/archive"),
    ("fs", "codecs/comic"),
    ("fs", "codecs/decode"),
    ("fs", "codecs/image"),
    ("fs", "codecs/metadata"),
    ("fs", "codecs/packed"),
    ("fs", "codecs/pdf"),
    ("fs", "codecs/picture"),
    ("cache", "tests"),
    ("codecs", "tests"),
    ("fs", "tests"),
) + tuple(("codecs/" + room, "codecs/" + other)
          for room, allowed in CODECS.items()
          for other in CODECS if other != room and other not in allowed)

# Headers of a library, and the only folders that may include them.
HEADERS = (
    (r"(fuse\w*/.*|fuse(_\w+)?\.h|linux/fuse\.h|cuse\w*\.h)", ("fs/fuse", "tests/fs/fuse", "tests/bench")),
    (r"mupdf/.*", ("codecs/pdf", "tests")),
    (r"zip\.h|zipconf\.h", ("codecs/archive", "tests")),
    (r"archive(_entry)?\.h", ("codecs/packed", "tests")),
    (r"turbojpeg\.h|j(peglib|error|morecfg|pegint)\.h", ("codecs/image", "codecs/decode", "tests")),
    (r"png(conf|libconf)?\.h|gif_lib\.h|tiff\w*\.h|(avif|jxl)/.*|webp/(?!encode\.h).*",
     ("codecs/decode", "tests")),
    (r"webp/encode\.h", ("codecs/image", "tests")),
    (r"openjpeg\.h", ("codecs/decode", "codecs/pdf", "tests")),  # codecs/pdf: small_jpx.h
    (r"sqlite3\w*\.h", ("cache", "tests")),
    (r"seccomp\.h|sys/capability\.h", ("codecs/worker", "tests")),
    (r"hiredis/.*", ("cache/store", "tests")),
)

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)


def sources(root):
    for layer in LAYERS:
        for folder, folders, names in os.walk(os.path.join(root, layer)):
            folders.sort()
            for name in sorted(names):
                if name.endswith(SOURCE):
                    path = os.path.join(folder, name)
                    yield os.path.relpath(path, root), path


def below(path, folder):
    return path.startswith(folder + "/")


def check_tree(root):
    """Every breach in the tree, one line each."""
    found = []
    for name, path in sources(root):
        with open(path, encoding="utf-8", errors="replace") as source:
            text = source.read()
        if text.count("\n") > MAX_LINES:
            found.append("%s: %d lines, more than %d" % (name, text.count("\n"), MAX_LINES))
        for quoted, angled in INCLUDE.findall(text):
            header = quoted or angled
            for folder, other in RULES:
                if below(name, folder) and below(header, other):
                    found.append("%s: %s may not include %s (%s)" % (name, folder, other, header))
            for pattern, homes in HEADERS:
                if re.fullmatch(pattern, header) and not any(below(name, home) for home in homes):
                    found.append("%s: only %s may include %s" % (name, " and ".join(homes), header))
            # One spelling for each header, or the rules above could be walked around.
            beside = os.path.exists(os.path.join(os.path.dirname(path), header))
            if ".." in header or (beside and not os.path.exists(os.path.join(root, header))):
                found.append("%s: write %s from the root of the tree" % (name, header))
    return found


def mupdf_symbols(program):
    """Names of MuPDF functions in the program; an error when it has no symbol table to look at."""
    names = subprocess.run(["nm", "-a", program], check=True, capture_output=True, text=True).stdout
    if " T main" not in names:
        raise RuntimeError("%s has no symbols: build it without -s to check it" % program)
    return sorted(set(re.findall(r"\b(?:fz|pdf)_[a-z]\w*", names)))


def check_programs(daemon, worker):
    found = []
    linked = mupdf_symbols(daemon)
    # pdf_ alone could be a name of ours; fz_ is MuPDF's.
    if any(name.startswith("fz_") for name in linked):
        found.append("%s links MuPDF: %s ..." % (daemon, ", ".join(linked[:3])))
    if not any(name.startswith("fz_") for name in mupdf_symbols(worker)):
        found.append("%s shows no MuPDF, so the check of the daemon proves nothing" % worker)
    return found


def prove_that_it_fails(path, text):
    with tempfile.TemporaryDirectory() as root:
        full = os.path.join(root, path)
        os.makedirs(os.path.dirname(full))
        with open(full, "w", encoding="utf-8") as source:
            source.write(text)
        return [] if check_tree(root) else ["no breach seen in %s: %.60s" % (path, text)]


def self_test():
    """Each rule, broken once."""
    missed = []
    for folder, other in RULES:
        missed += prove_that_it_fails(folder + "/a.cc", '#include "%s/b.pb.h"\n' % other)
    for header in ("fuse.h", "fuse_lowlevel.h", "fuse3/fuse.h", "linux/fuse.h"):
        missed += prove_that_it_fails("fs/core/a.h", "#include <%s>\n" % header)
        missed += prove_that_it_fails("tests/mount/a.cc", "#include <%s>\n" % header)
    for header in ("mupdf/fitz.h", "mupdf/pdf.h", "zip.h", "turbojpeg.h", "jpeglib.h", "sqlite3.h",
                   "png.h", "gif_lib.h", "tiffio.h", "openjpeg.h", "webp/decode.h", "webp/encode.h", "avif/avif.h",
                   "jxl/decode.h", "archive.h", "archive_entry.h"):
        missed += prove_that_it_fails("fs/core/a.cc", "  # include <%s>\n" % header)
        missed += prove_that_it_fails("codecs/worker/a.cc", '#include "%s"\n' % header)
    for header in ("seccomp.h", "sys/capability.h"):
        missed += prove_that_it_fails("codecs/pdf/a.cc", "#include <%s>\n" % header)
    missed += prove_that_it_fails("cache/a.cc", "#include <hiredis/hiredis.h>\n")
    missed += prove_that_it_fails("cache/a.cc", "\n" * (MAX_LINES + 1))
    missed += prove_that_it_fails("cache/a.cc", '#include "a.cc"\n')
    missed += prove_that_it_fails("cache/a.cc", '#include "../fs/core/b.h"\n')
    with tempfile.TemporaryDirectory() as root:
        os.mkdir(os.path.join(root, "cache"))
        with open(os.path.join(root, "cache/a.cc"), "w", encoding="utf-8") as source:
            source.write('#include "cache/a.cc"\n#include <sqlite3.h>\n' + "\n" * (MAX_LINES - 2))
        missed += ["a clean tree is refused: " + line for line in check_tree(root)]
    return missed


def main():
    if len(sys.argv) not in (2, 4):
        sys.exit(__doc__)
    count = sum(1 for _ in sources(sys.argv[1]))
    found = self_test() + check_tree(sys.argv[1])
    if count == 0:
        found.append("%s has no sources" % sys.argv[1])
    if len(sys.argv) == 4:
        found += check_programs(sys.argv[2], sys.argv[3])
    for line in found:
        print(line)
    print("%d files, %d breaches" % (count, len(found)))
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
