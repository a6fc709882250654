"""Compares an enhanced archive with the one it was made from: check_archive.py NEW OLD [PASSWORD].

Entries stand in the same order. One that has its old name and is no "*.jpg" was handed on: it must
be the same to the last byte, and so must all that is said of it. Prints how many there were.
Python's zipfile cannot decrypt AES: of such entries only the headers are compared.
"""
import sys
import zipfile

AES = 99
FACTS = ("date_time", "compress_type", "CRC", "file_size", "compress_size")


def handed_on(new, old, password):
    count = 0
    for ours, theirs in zip(new.infolist(), old.infolist()):
        if ours.filename != theirs.filename or ours.filename.endswith(".jpg"):
            if ours.compress_type != zipfile.ZIP_STORED or ours.flag_bits & ~0x800:
                sys.exit(f"{ours.filename}: not plainly stored")
            continue
        for fact in FACTS:
            if getattr(ours, fact) != getattr(theirs, fact):
                sys.exit(f"{ours.filename}: another {fact}")
        if ours.compress_type != AES and new.read(ours, password) != old.read(theirs, password):
            sys.exit(f"{ours.filename}: other bytes")
        count += 1
    return count


def main(new_path, old_path, password=None):
    with zipfile.ZipFile(new_path) as new, zipfile.ZipFile(old_path) as old:
        key = password.encode() if password else None
        if len(new.infolist()) != len(old.infolist()):
            sys.exit("another number of entries")
        for entry in new.infolist():
            if entry.external_attr != 0o100644 << 16 or entry.create_system != 3:
                sys.exit(f"{entry.filename}: not a regular file of mode 0644")
            if entry.compress_type != AES:
                new.read(entry, key if entry.flag_bits & 1 else None)
        print(handed_on(new, old, key), "handed on")


if __name__ == "__main__":
    main(*sys.argv[1:])
