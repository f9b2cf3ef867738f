"""A web server on loopback that serves one file in the ways servers do, well and badly."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Site:
    """What the server does; what it was asked is kept."""

    content: bytes
    etag: str = '"one"'
    kind: str = "application/octet-stream"
    ranges: bool = True
    accept: str = ""
    """The header Accept-Ranges."""
    chunked: bool = False
    status: int = 200
    location: str = ""
    break_after: list[int] = field(default_factory=list)
    """Bytes of body after which each of the next answers is cut off."""
    lie: int = 0
    """Added to where a part is said to begin."""
    busy: int = 0
    """So many first answers are 503."""
    asked: list[str | None] = field(default_factory=list)
    """The Range header of every request."""
    address: str = ""


class _Handler(BaseHTTPRequestHandler):
    site: Site
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        site = self.site
        site.asked.append(self.headers.get("Range"))
        if site.busy:
            site.busy -= 1
            return self._empty(503)
        if site.location and self.path != "/moved":
            return self._empty(302, Location=site.location)
        if site.status != 200:
            return self._empty(site.status)
        start = self._start(site)
        if start >= len(site.content) > 0:
            return self._empty(416, **{"Content-Range": f"bytes */{len(site.content)}"})
        return self._body(site, start)

    def _start(self, site: Site) -> int:
        wanted, version = self.headers.get("Range"), self.headers.get("If-Range")
        if not wanted or not site.ranges or version != site.etag:
            return 0
        return int(wanted.removeprefix("bytes=").rstrip("-"))

    def _body(self, site: Site, start: int) -> None:
        body, total = site.content[start:], len(site.content)
        self.send_response(206 if start else 200)
        self.send_header("Content-Type", site.kind)
        if site.etag:
            self.send_header("ETag", site.etag)
        if site.accept:
            self.send_header("Accept-Ranges", site.accept)
        if start:
            self.send_header("Content-Range", f"bytes {start + site.lie}-{total - 1}/{total}")
        if site.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        cut = site.break_after.pop(0) if site.break_after else None
        for at in range(0, len(body), 1000) if site.chunked else ():
            piece = body[at : at + 1000]
            if cut is not None and at >= cut:
                return
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n" if site.chunked else body[:cut])

    def _empty(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


@contextmanager
def serving(content: bytes, **how: object) -> Iterator[Site]:
    """Serve ``content`` at ``site.address``."""
    site = Site(content, **how)  # type: ignore[arg-type]
    handler = type("Handler", (_Handler,), {"site": site})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    site.address = f"http://127.0.0.1:{server.server_port}/file.h5"
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
