"""Servers in front of a mount: Samba on the loopback interface, and nginx with range requests.

The servers read as a user who did not mount, as they do elsewhere, so the mount has allow_other.
Each has its files and its port for itself, and ends with its test.
"""

import http.client
import os
import re
import signal
import socket
import subprocess
import urllib.parse
import zipfile

from clients import BOOKS, ONE_PAGE, PAGES, ClientTest, entries, harness, page_name
from library import DRAWN, SCANNED

TAIL = 64 * 1024  # what somebody reads who looks for an archive's directory


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


class ServerTest(ClientTest):

    def setUp(self):
        super().setUp()
        os.chmod(self.folder, 0o755)

    def serve(self, *command, port):
        """Starts a server that stays in the foreground, in a group of its own that ends as one."""
        log = os.path.join(self.folder, "server.log")
        with open(log, "wb") as out:
            server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                      start_new_session=True)
        self.addCleanup(self.end, server)

        def ready():
            if server.poll() is not None:
                self.fail(f"{command} ended: {harness.read(log).decode(errors='replace')}")
            return answers(port)

        harness.wait_for(ready, f"{command[0]} answers")

    @staticmethod
    def end(server):
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(server.pid, number)
            except ProcessLookupError:
                break
            try:
                server.wait(timeout=10)
            except subprocess.TimeoutExpired:
                continue
        server.wait()


SMB_CONF = """
[global]
  server role = standalone server
  interfaces = lo
  bind interfaces only = yes
  disable netbios = yes
  smb ports = {port}
  map to guest = Bad User
  guest account = nobody
  load printers = no
  printcap name = /dev/null
  private dir = {folder}/private
  lock directory = {folder}/lock
  state directory = {folder}/state
  cache directory = {folder}/cache
  pid directory = {folder}/pid
  ncalrpc dir = {folder}/ncalrpc
  log file = {folder}/log
  log level = 1
[comics]
  path = {mount}
  guest ok = yes
  read only = yes
"""


class SambaTest(ServerTest):

    def setUp(self):
        super().setUp()
        self.need("smbd", "smbclient")
        if os.geteuid() != 0:
            self.skipTest("smbd serves guests as another user, for which it has to be root")
        self.comics = self.open("allow_other")
        samba = os.path.join(self.folder, "samba")
        for name in ("", "private", "lock", "state", "cache", "pid", "ncalrpc"):
            os.mkdir(os.path.join(samba, name))
        self.port = free_port()
        self.conf = os.path.join(samba, "smb.conf")
        with open(self.conf, "w", encoding="ascii") as out:
            out.write(SMB_CONF.format(port=self.port, folder=samba, mount=self.comics.path))
        self.serve("smbd", "--foreground", "--no-process-group", "--configfile=" + self.conf,
                   port=self.port)
        self.got = os.path.join(self.folder, "got")
        os.mkdir(self.got)

    def smb(self, commands):
        return self.execute("smbclient", "//127.0.0.1/comics", "-N", "-p", str(self.port),
                            "-s", self.conf, "-c", commands, cwd=self.got,
                            errors=r"(?s)\A(?!.*NT_STATUS)").decode()

    def test_list_get_and_compare(self):
        listing, drawn = self.drawn_by(self.comics, lambda: self.smb("cd cbz; ls"))
        self.assertEqual(drawn, 0)
        for title in BOOKS:
            size = os.stat(self.comics.file(title + ".cbz")).st_size
            self.assertRegex(listing, rf"(?m)^\s+{title}\.cbz\s+\w+\s+{size} ")
        _, drawn = self.drawn_by(self.comics, lambda: self.smb("cd cbz; prompt OFF; mget *"))
        self.assertEqual(drawn, PAGES)
        for title in BOOKS:
            copy = os.path.join(self.got, title + ".cbz")
            self.assertTrue(harness.read(copy) == harness.read(self.comics.file(title + ".cbz")))
            self.assertBook(entries(copy), self.comics.file(title + ".cbz"))
        self.record("smbd, smbclient", "samba", "list / get", drawn=0, after=drawn, of=PAGES)

    def test_the_tail_alone(self):
        """As Windows and readers on other machines look for the directory of an archive."""
        name = DRAWN + ".cbz"
        size = os.stat(self.comics.file(name)).st_size
        with open(os.path.join(self.got, name), "wb") as out:
            out.truncate(size - TAIL)
        # reget goes on where a copy of the file ends.
        _, drawn = self.drawn_by(self.comics, lambda: self.smb(f'cd cbz; reget "{name}"'))
        with open(os.path.join(self.got, name), "rb") as got:
            got.seek(size - TAIL)
            tail = got.read()
        self.assertTrue(tail == harness.read(self.comics.file(name))[-TAIL:])
        self.record("smbd, smbclient", "samba", "last 64 KiB", drawn=drawn, of=PAGES)
        self.assertEqual(drawn, 0)

    def test_pages_and_covers(self):
        found, drawn = self.drawn_by(self.comics, lambda: self.smb(f'cd "pages/{DRAWN}"; ls'))
        self.assertEqual((found.count(".jpg"), drawn), (PAGES, 0))
        _, drawn = self.drawn_by(
            self.comics, lambda: self.smb(f'cd "pages/{DRAWN}"; get 0002.jpg; cd ../../thumbnails; '
                                          f'get "{SCANNED}.jpg"'))
        self.assertPage(harness.read(os.path.join(self.got, "0002.jpg")), 2)
        self.assertPage(harness.read(os.path.join(self.got, SCANNED + ".jpg")), 1)
        self.record("smbd, smbclient", "samba", "one of pages/", drawn=drawn, of=PAGES)
        self.assertEqual(drawn, 1)


NGINX_CONF = """
daemon off;
user nobody nogroup;
worker_processes 2;
pid {folder}/pid;
error_log stderr;
events {{ worker_connections 64; }}
http {{
  access_log off;
  sendfile on;
  types {{ application/vnd.comicbook+zip cbz; image/jpeg jpg; }}
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    location / {{ root {mount}; autoindex on; }}
  }}
}}
"""


class NginxTest(ServerTest):

    def setUp(self):
        super().setUp()
        self.need("nginx")
        if os.geteuid() != 0:
            self.skipTest("nginx reads as another user, for which it has to be root")
        self.comics = self.open("allow_other")
        folder = os.path.join(self.folder, "nginx")
        os.mkdir(folder)
        self.port = free_port()
        with open(os.path.join(folder, "nginx.conf"), "w", encoding="ascii") as out:
            out.write(NGINX_CONF.format(port=self.port, folder=folder, mount=self.comics.path))
        self.serve("nginx", "-p", folder, "-e", "stderr", "-c", os.path.join(folder, "nginx.conf"),
                   port=self.port)

    def ask(self, path, ranges=None, method="GET", **headers):
        """(status, headers, body)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        if ranges:
            headers["Range"] = "bytes=" + ranges
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, urllib.parse.quote(path), headers=headers)
        answer = connection.getresponse()
        found = answer.status, answer.headers, answer.read()
        connection.close()
        return found

    def test_ranges(self):
        path = f"/cbz/{DRAWN}.cbz"
        (status, headers, _), drawn = self.drawn_by(self.comics,
                                                    lambda: self.ask(path, method="HEAD"))
        size = os.stat(self.comics.file(DRAWN + ".cbz")).st_size
        self.assertEqual((status, headers["Content-Length"], headers["Accept-Ranges"], drawn),
                         (200, str(size), "bytes", 0))
        tag = headers["ETag"]

        (status, _, tail), drawn_tail = self.drawn_by(self.comics,
                                                      lambda: self.ask(path, f"-{TAIL}"))
        self.assertEqual((status, len(tail)), (206, TAIL))
        self.assertEqual(drawn_tail, 0)

        with zipfile.ZipFile(self.comics.file(DRAWN + ".cbz")) as book:
            info = book.getinfo(page_name(20))
        begin = info.header_offset + 30 + len(info.filename)
        wanted = f"{begin}-{begin + info.file_size - 1}"
        (status, headers, page), drawn_page = self.drawn_by(
            self.comics, lambda: self.ask(path, wanted, If_Range=tag))
        self.assertEqual((status, headers["Content-Range"]), (206, f"bytes {wanted}/{size}"))
        self.assertPage(page, 20)
        self.assertLessEqual(drawn_page, ONE_PAGE)

        (status, headers, both), _ = self.drawn_by(
            self.comics, lambda: self.ask(path, f"0-3,{begin}-{begin + 1}"))
        self.assertEqual((status, headers.get_content_type()), (206, "multipart/byteranges"))
        self.assertIn(b"\r\n\r\nPK\x03\x04\r\n", both)
        self.assertIn(b"\r\n\r\n\xff\xd8\r\n", both)

        self.assertEqual(self.ask(path, f"{size}-")[0], 416)
        self.assertEqual(self.ask(path, If_None_Match=tag)[0], 304)
        self.assertEqual(self.ask(path, "0-9", If_Range='"of another file"')[0], 200)

        status, _, whole = self.ask(path)
        self.assertEqual(status, 200)
        self.assertTrue(whole == harness.read(self.comics.file(DRAWN + ".cbz")))
        self.assertTrue(whole[-TAIL:] == tail and whole[begin:begin + info.file_size] == page)
        self.assertEqual(self.comics.drawn(), PAGES)
        self.record("nginx", "nginx-light", "HEAD / last 64 KiB / one page", drawn=drawn,
                    after=f"{drawn_tail} / {drawn_page}", of=PAGES)

    def test_a_site_of_pages(self):
        (status, _, listing), drawn = self.drawn_by(self.comics,
                                                    lambda: self.ask(f"/pages/{DRAWN}/"))
        names = re.findall(rb'href="(\d{4}\.jpg)"', listing)
        self.assertEqual((status, len(names), drawn), (200, PAGES, 0))
        (status, headers, page), drawn = self.drawn_by(
            self.comics, lambda: self.ask(f"/pages/{DRAWN}/0002.jpg"))
        self.assertEqual((status, headers["Content-Type"], drawn), (200, "image/jpeg", 1))
        self.assertPage(page, 2)
        self.record("nginx", "nginx-light", "one of pages/", drawn=drawn, of=PAGES)


if __name__ == "__main__":
    harness.main()
