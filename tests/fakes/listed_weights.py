"""A list of weights of the test's own, and a server on this machine that sends files."""

from __future__ import annotations

import dataclasses
import hashlib
import http.server
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import save

from core.weights import manifest
from core.weights.manifest import Entry

_CONNECT = socket.socket.connect

CONTENT = save({"a": torch.arange(6.0).view(2, 3)})
PLAIN = Entry(
    key="plain",
    title="Plain weights",
    file="plain-1.safetensors",
    sha256=hashlib.sha256(CONTENT).hexdigest(),
    bytes=len(CONTENT),
    architecture="none",
    licence="CC0-1.0",
    source="the tests",
    made="by hand",
    data="none",
)


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Entry]:
    """Replace or add an entry of the list; returns it."""
    own = dict(manifest.entries())

    def add(known: Entry = PLAIN, **changes: object) -> Entry:
        entry = dataclasses.replace(known, **changes)  # type: ignore[arg-type]
        own[entry.key] = entry
        monkeypatch.setattr(manifest, "entries", lambda: own)
        monkeypatch.setattr("core.weights.entries", lambda: own)
        return entry

    return add


class Server:
    """Answers every request with `body`; `cut` bytes less than it announces."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.body = CONTENT
        self.status = 200
        self.cut = 0
        self.announce = True
        self.asked: list[str] = []


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    def connect(self: socket.socket, address: tuple[str, int]) -> None:
        if address[0] != "127.0.0.1":
            raise AssertionError(f"a test tried to reach the network: {address}")
        _CONNECT(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append(self.headers["User-Agent"])
            self.send_response(made.status)
            if made.announce:
                self.send_header("Content-Length", str(len(made.body)))
            self.end_headers()
            self.wfile.write(made.body[: len(made.body) - made.cut])

        def log_message(self, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        made = Server(f"http://127.0.0.1:{running.server_address[1]}/plain-1.safetensors")
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield made
        running.shutdown()
        thread.join()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    from core import paths

    return paths.weights_dir()


@pytest.fixture
def no_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """No host name can be resolved, as without a network."""

    def refuse(*args: object, **options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
