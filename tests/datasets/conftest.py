"""A home of its own for every test, and a small web server with the faults that real ones have."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No data set of this machine is visible, and no download leaves it."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setattr("striate.datasets.storage.SYSTEM_FOLDER", tmp_path / "system")
    for name in ("STRIATE_DATA", "KERAS_HOME", "XDG_CACHE_HOME", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return folder


@dataclass
class Site:
    """What the server gives, at every path the same unless `by_path` says otherwise, and how it misbehaves."""

    content: bytes = b""
    by_path: dict[str, bytes] = field(default_factory=dict)  # in place of content, where a path is among them
    status: int = 200
    ranges: bool = True  # answers Range with 206
    cut_at: int | None = None  # closes the connection after so many bytes, once
    wrong_range: bool = False  # answers 206 with another range than asked for, once
    address: str = ""
    requests: list[str | None] = field(default_factory=list)  # the Range header of each


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(site))
    site.address = f"http://127.0.0.1:{server.server_address[1]}/file.bin"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield site
    server.shutdown()
    server.server_close()
    thread.join()


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            site.requests.append(wanted)
            if site.status != 200:
                self.send_error(site.status)
                return
            content = site.by_path.get(self.path, site.content)
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and site.ranges else 0
            if start >= len(content) > 0:
                self.send_error(416)
                return
            if site.wrong_range and start:
                site.wrong_range = False
                start += 1
            body = content[start:]
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if site.cut_at is not None:
                body, site.cut_at = body[: site.cut_at], None
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    return Handler
