"""PDFs that take a password: opened with it, in all views; without it they stay what they are."""

import os
import sqlite3

import cbz
import harness
from harness import make_pdfs, read, wait_for

USAGE = 2  # the exit status


class PasswordsTest(harness.MountedTest):

    def passwords(self, text, mode=0o600):
        path = os.path.join(self.folder, "passwords.toml")
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        os.chmod(path, mode)
        return f"passwords={path}"

    @staticmethod
    def scans_of(book):
        return [cbz.Jpeg(entry.data).core() for entry in cbz.pages(book)]

    def test_all_ways_of_encryption_open_with_either_password(self):
        ways = ("RC4_40", "RC4_128", "AES_128", "AES_256")
        for name in ways:
            method = getattr(make_pdfs, name)
            self.put(f"{name}.pdf", make_pdfs.encrypted("öffne", "owner", method=method))
            self.put(f"{name} text.pdf", make_pdfs.locked_text("öffne", "owner", method=method))
        self.put("Open.pdf", make_pdfs.scan(2, width=400, height=600))
        books = {}
        for who, password in (("user", "öffne"), ("owner", "owner")):
            mount = self.mount(self.passwords(f'"*" = ["wrong", "{password}"]\n'))
            names = sorted(os.listdir(mount.cbz))
            self.assertEqual(names, sorted(["Open.cbz"] + [f"{name}{kind}.cbz" for name in ways
                                                           for kind in ("", " text")]),
                             mount.errors())
            books[who] = {name: read(mount.file(name)) for name in names}
            plain = self.scans_of(books[who]["Open.cbz"])
            self.assertEqual(len(plain), 2)
            for name in ways:
                with self.subTest(name, who=who):
                    self.assertEqual(self.scans_of(books[who][name + ".cbz"]), plain)
                    self.assertEqual(len(cbz.pages(books[who][name + " text.cbz"])), 2)
            self.assertEqual(mount.errors(), "")
            mount.unmount()
        self.assertEqual(books["user"], books["owner"])

    def test_other_views_show_them_too(self):
        self.put("Locked.pdf", make_pdfs.encrypted())
        self.put("Text.pdf", make_pdfs.locked_text())
        mount = self.mount(self.passwords('"*.pdf" = "secret"\n'))
        for name in ("Locked", "Text"):
            self.assertTrue(cbz.pages(read(mount.file(name + ".cbz", view="enhanced"))))
            self.assertTrue(read(mount.file(name, "0002.jpg", view="pages")))
            self.assertTrue(read(mount.file(name + ".jpg", view="thumbnails")))
            self.assertTrue(read(mount.file(name, "0001.jpg", view="thumbnails")))
        self.assertEqual(mount.errors(), "")

    def test_a_pdf_whose_password_is_missing_or_wrong_stays_and_is_named(self):
        data = {"open.pdf": make_pdfs.encrypted("one"), "wrong.pdf": make_pdfs.encrypted("two"),
                "missing.pdf": make_pdfs.encrypted("three")}
        for name, bytes_ in data.items():
            self.put(name, bytes_)
        mount = self.mount(self.passwords('"open.pdf" = "one"\n"wrong.pdf" = ["no", "never"]\n'))
        self.assertEqual(sorted(os.listdir(mount.cbz)), ["missing.pdf", "open.cbz", "wrong.pdf"])
        for name in ("missing.pdf", "wrong.pdf"):
            self.assertEqual(read(mount.file(name)), data[name])
        errors = dict(line.split("\t-\t") for line in mount.errors().splitlines())
        self.assertEqual(sorted(errors), ["missing.pdf", "wrong.pdf"])
        self.assertRegex(errors["missing.pdf"], r"^a password is needed\t.*-o passwords=")
        self.assertRegex(errors["wrong.pdf"], r"none of those given.*\t.*-o passwords=")

    def test_nothing_of_them_is_left_behind(self):
        self.put("Locked.pdf", make_pdfs.locked_text())
        self.put("Open.pdf", make_pdfs.small(1))
        index, store = os.path.join(self.folder, "index"), os.path.join(self.folder, "store")
        first = self.mount(self.passwords('"*" = "secret"\n') + f",store=dir:{store}", index=index)
        read(first.file("Locked.cbz"))
        first.settle()
        self.assertEqual(first.status()["store"]["kept"], 0)
        read(first.file("Open.cbz"))
        first.settle()
        wait_for(lambda: first.status()["store"]["kept"] > 0, "the open one is kept")
        first.unmount()
        with sqlite3.connect(f"file:{index}?mode=ro", uri=True) as database:
            self.assertEqual(database.execute("SELECT COUNT(*) FROM document").fetchone(), (1,))
        # Who has it not sees the PDF, and who has it again the book.
        second = self.mount(index=index)
        self.assertEqual(sorted(os.listdir(second.cbz)), ["Locked.pdf", "Open.cbz"])
        second.unmount()
        third = self.mount(self.passwords('"*" = "secret"\n'), index=index)
        self.assertEqual(sorted(os.listdir(third.cbz)), ["Locked.cbz", "Open.cbz"])

    def test_a_file_that_others_may_read_or_that_is_wrong_is_refused(self):
        for text, mode, why in (('"*" = "secret"\n', 0o640, "chmod 600"),
                                ('"*" = secret\n', 0o600, "line 1")):
            with self.assertRaisesRegex(AssertionError, f"ended with {USAGE}.*{why}"):
                self.mount(self.passwords(text, mode))


if __name__ == "__main__":
    harness.main()
