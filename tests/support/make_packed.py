"""Makes comic archives that are no ZIPs: tar, 7z, and RAR of stored entries.

RAR is written record by record (technote.txt of WinRAR 4, and https://www.rarlab.com/technote.htm),
for no free program writes it: every call gives the same bytes, and every lie is one that was asked
for. 7z takes the program `7z` (p7zip-full).
"""

import io
import os
import struct
import subprocess
import tarfile
import tempfile
import zlib

from make_archives import COMIC_INFO, RUBBISH, page_jpeg

_WHEN = 1_700_000_000  # 2023-11-14 22:13:20 UTC
_DOS_WHEN = (43 << 9 | 11 << 5 | 14) << 16 | (22 << 11 | 13 << 5 | 10)


def pages(count=3, seed=50, **options):
    """{name: bytes} of a comic."""
    return {f"{i + 1:03}.jpg": page_jpeg(seed * 100 + i, **options) for i in range(count)}


def rubbish(seed=51):
    """Out of order, metadata, rubbish, a text, an empty file; all of it below one folder."""
    top = "Foo v01 (2020)/"
    members = {name: data for name, data in RUBBISH.items() if data}
    members.update({"10.jpg": page_jpeg(seed * 100 + 10), "2.jpg": page_jpeg(seed * 100 + 2),
                    "ComicInfo.xml": COMIC_INFO, "credits.txt": b"thanks\n" * 40, "empty": b""})
    return {top + name: data for name, data in members.items()}


def kept(members):
    """What is to be seen of rubbish()."""
    names = ("10.jpg", "2.jpg", "ComicInfo.xml", "credits.txt", "empty")
    return {name.split("/", 1)[1]: data for name, data in members.items()
            if name.split("/", 1)[1] in names}


# --- tar -----------------------------------------------------------------------------------------

def tar(members, compression="", links=()):
    """`compression`: "", "gz", "bz2" or "xz"; `links`: (name, target) of hard links at the end."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:" + compression, format=tarfile.PAX_FORMAT) as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            info.mtime = _WHEN
            archive.addfile(info, io.BytesIO(data))
        for name, target in links:
            info = tarfile.TarInfo(name)
            info.type = tarfile.LNKTYPE
            info.linkname = target
            archive.addfile(info)
    return out.getvalue()


def zstd_tar(members):
    return subprocess.run(["zstd", "-qc"], input=tar(members), capture_output=True, check=True).stdout


# --- 7z ------------------------------------------------------------------------------------------

def sevenzip(members, *options):
    """`options` as 7z has them: "-ms=off" is not solid, "-psecret" encrypted, "-mhe=on" wholly."""
    with tempfile.TemporaryDirectory(prefix="cbzfs-test-") as folder:
        for name, data in members.items():
            path = os.path.join(folder, "in", name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as out:
                out.write(data)
            os.utime(path, (_WHEN, _WHEN))
        done = subprocess.run(["7z", "a", "-y", "-bd", *options, "../out.7z", "."],
                              cwd=os.path.join(folder, "in"), capture_output=True, check=False)
        if done.returncode != 0:
            raise AssertionError(done.stdout.decode() + done.stderr.decode())
        with open(os.path.join(folder, "out.7z"), "rb") as archive:
            return archive.read()


# --- RAR 4 ---------------------------------------------------------------------------------------

RAR4_VOLUME, RAR4_SOLID, RAR4_PASSWORD = 0x0001, 0x0008, 0x0080


def _rar4_header(kind, flags, body, data=b""):
    header = struct.pack("<BHH", kind, flags, 7 + len(body)) + body
    return struct.pack("<H", zlib.crc32(header) & 0xFFFF) + header + data


def rar4(members, flags=0):
    """`flags` of the archive."""
    out = [b"Rar!\x1a\x07\x00", _rar4_header(0x73, flags, bytes(6))]
    for name, data in members.items():
        raw = name.encode("latin-1").replace(b"/", b"\\")
        out.append(_rar4_header(0x74, 0x8000, struct.pack(
            "<IIBIIBBHI", len(data), len(data), 2, zlib.crc32(data), _DOS_WHEN, 20, 0x30, len(raw),
            0x20) + raw, data))
    out.append(_rar4_header(0x7B, 0x4000, b""))
    return b"".join(out)


# --- RAR 5 ---------------------------------------------------------------------------------------

RAR5_VOLUME, RAR5_SOLID = 0x0001, 0x0004


def _vint(number):
    out = bytearray()
    while True:
        out.append(number & 0x7F | (0x80 if number > 0x7F else 0))
        number >>= 7
        if number == 0:
            return bytes(out)


def _rar5_header(body, data=b""):
    header = _vint(len(body)) + body
    return struct.pack("<I", zlib.crc32(header)) + header + data


def rar5(members, flags=0):
    out = [b"Rar!\x1a\x07\x01\x00", _rar5_header(_vint(1) + _vint(0) + _vint(flags))]
    for name, data in members.items():
        raw = name.encode()
        out.append(_rar5_header(
            _vint(2) + _vint(2) + _vint(len(data)) + _vint(6) + _vint(len(data)) + _vint(0o100644)
            + struct.pack("<II", _WHEN, zlib.crc32(data)) + _vint(0) + _vint(1) + _vint(len(raw))
            + raw, data))
    out.append(_rar5_header(_vint(5) + _vint(0) + _vint(0)))
    return b"".join(out)
