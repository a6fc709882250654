"""Checks a CBZ with Python's zipfile: python3 check_zip.py FILE [COUNT].

Every CRC, and what other programs are known to need of the headers. COUNT is the expected number
of entries.
"""
import sys
import zipfile


def main(path, count=None):
    with zipfile.ZipFile(path) as archive:
        bad = archive.testzip()
        entries = archive.infolist()
    if bad is not None:
        sys.exit(f"wrong CRC: {bad!r}")
    if count is not None and len(entries) != count:
        sys.exit(f"{len(entries)} entries instead of {count}")
    if entries[0].filename != "ComicInfo.xml":
        sys.exit("ComicInfo.xml is not the first entry")
    if len({entry.filename for entry in entries}) != len(entries):
        sys.exit("two entries of one name")
    for entry in entries:
        if entry.external_attr != 0o100644 << 16 or entry.create_system != 3:
            sys.exit(f"{entry.filename}: not a regular file of mode 0644")
        if entry.date_time != (1980, 1, 1, 0, 0, 0):
            sys.exit(f"{entry.filename}: has a time")
        if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & ~0x800:
            sys.exit(f"{entry.filename}: not plainly stored")


if __name__ == "__main__":
    main(sys.argv[1], *(int(argument) for argument in sys.argv[2:]))
