"""Rows of where a page comes from: drawn, from a store on disk, from Redis, from memory."""

import contextlib
import os
import shutil
import socket
import subprocess

import harness
from contest import read_all, timed

import make_pdfs

BOOK, PAGES = "Text", 12


def _knows_stores():
    done = subprocess.run([harness.program(), "--help"], capture_output=True, text=True, check=True)
    return "\n  store=" in done.stdout


def _dropped(path):
    """The kernel lets go of what it keeps of a file, so that the next read asks the mount."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)


def _pages(mount):
    return [mount.file(BOOK, f"{number:04d}.jpg", view="pages") for number in range(1, PAGES + 1)]


def _seconds_a_page(mount):
    paths = _pages(mount)
    for path in paths:
        os.stat(path)
    return timed(lambda: [read_all(path) for path in paths])() / PAGES


def bench_store(bench):
    """Pages of a book of text, one after another by one reader."""
    library = bench.library("store", {f"{BOOK}.pdf": make_pdfs.text_book(PAGES)})
    memory = []

    def drawn():
        with bench.mounted(library, "read_ahead=0,workers=1") as mount:
            seconds = _seconds_a_page(mount)
            for path in _pages(mount):
                _dropped(path)
            memory.append(_seconds_a_page(mount))
            assert mount.drawn() == PAGES
        return seconds

    times = bench.take_turns({"drawn": drawn})["drawn"]
    bench.row("store.memory", "page of text from the cache in memory", memory, times, "drawn")
    _with_stores(bench, library, times)
    shutil.rmtree(library)


def _with_stores(bench, library, drawn):
    if not _knows_stores():
        for kind in ("a disk store", "a Redis store"):
            bench.leave_out(f"page from {kind}", "this cbzfs has no option store=")
        return
    with contextlib.ExitStack() as stores:
        kinds = {"disk": f"store=dir:{bench.fresh('pages')},size=20G"}
        try:
            kinds["redis"] = f"store={stores.enter_context(_redis(bench))}"
        except FileNotFoundError:
            bench.leave_out("page from a Redis store", "redis-server is not installed; "
                            "mount-helpers/install-packages bench has it")
        for kind, option in kinds.items():
            times = _from_store(bench, library, f"read_ahead=0,workers=1,{option}")
            bench.row(f"store.{kind}", f"page of text from a store: {kind}", times, drawn, "drawn")


def _from_store(bench, library, options):
    """First mounts fill the store, which may take what is drawn behind the reader's back; each
    later one has an empty memory."""
    for _ in range(10):
        with bench.mounted(library, options) as mount:
            _seconds_a_page(mount)
            if mount.drawn() == 0:
                break

    def stored():
        with bench.mounted(library, options) as mount:
            seconds = _seconds_a_page(mount)
            assert mount.drawn() == 0, "the store had not all of the pages"
        return seconds

    return bench.take_turns({"stored": stored})["stored"]


@contextlib.contextmanager
def _redis(bench):
    """A server of our own on a free port of the loopback; gives its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with subprocess.Popen(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "",
                           "--appendonly", "no", "--dir", bench.fresh("redis")],
                          stdout=subprocess.DEVNULL) as server:
        try:
            def answers():
                with contextlib.suppress(OSError):
                    with socket.create_connection(("127.0.0.1", port), timeout=1) as client:
                        client.sendall(b"PING\r\n")
                        return client.recv(16) == b"+PONG\r\n"
                assert server.poll() is None, f"redis-server ended with {server.returncode}"
                return False
            harness.wait_for(answers, "redis-server answers")
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            server.terminate()
