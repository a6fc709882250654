"""The daemon's smoke test under valgrind: it reads no memory it does not own, and loses none.

The daemon alone: the workers are programs of their own, whose sandbox does not let valgrind in.
"""

import os
import re
import shutil

import cbz
import harness
from harness import make_pdfs, read

import mixed_library

# Not leaks: what libraries keep to the end on purpose. "reachable" counts as that; these are lost
# pointers by valgrind's reckoning only.
SUPPRESSIONS = """
{
   thread-local blocks of threads that libfuse detaches
   Memcheck:Leak
   match-leak-kinds: possible
   fun:calloc
   ...
   fun:_dl_allocate_tls
}
"""


class ValgrindTest(harness.MountedTest):

    def test_mounting_reading_everything_and_unmounting(self):
        valgrind = shutil.which("valgrind")
        self.assertIsNotNone(valgrind, "valgrind is in mount-helpers/packages")
        mixed_library.fill(self.library)
        self.put("Broken.pdf", b"%PDF-1.4\nnothing more")
        self.put("Text.pdf", make_pdfs.small(1, pages=3))
        suppressions = os.path.join(self.folder, "suppressions")
        with open(suppressions, "w", encoding="ascii") as out:
            out.write(SUPPRESSIONS)
        log = os.path.join(self.folder, "valgrind.%p")
        mount = self.mount(
            "workers=1", index=os.path.join(self.folder, "index", "index.sqlite"),
            # The zygote is started by a fork that becomes another program at once.
            prefix=[valgrind, "--trace-children=no", "--child-silent-after-fork=no",
                    "--leak-check=full", "--show-leak-kinds=definite,possible",
                    "--errors-for-leak-kinds=definite,possible",
                    "--suppressions=" + suppressions, "--log-file=" + log, "--quiet"])
        self.assertTrue(os.path.exists(log.replace("%p", str(mount.pid))),
                        "the daemon does not run under valgrind")
        files = 0
        for folder, _, names in os.walk(mount.path):
            for name in sorted(names):
                path = os.path.join(folder, name)
                if os.path.exists(path):  # no dangling link
                    read(path)
                    files += 1
        self.assertGreater(files, 40)
        self.assertEqual(len(cbz.pages(read(mount.file("Text.cbz")))), 3)
        self.assertErrno(30, open, mount.file("new"), "wb")
        self.assertIn("Broken.pdf", mount.errors())
        mount.unmount()
        said = read(log.replace("%p", str(mount.pid))).decode("utf-8", "replace")
        # "--1234--" begins what it says of itself: calls that are newer than it is, which the daemon
        # does without.
        self.assertEqual(re.sub(r"(?m)^--\d+--.*\n", "", said), "")


if __name__ == "__main__":
    harness.main()
