"""Every test runs headless, in folders of its own, without a network."""

from __future__ import annotations

import os
import socket
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
import torch  # before any Qt import: see ARCHITECTURE, start order

# Small pictures gain nothing from threads, and two test processes would fight for the cores.
torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOXTRAIL_HOME", str(tmp_path / "boxtrail-home"))


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: socket.socket, address: object) -> None:
        if self.family != getattr(socket, "AF_UNIX", None):
            raise AssertionError(f"a test tried to reach the network: {address}")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder with ``dev/manifest.json``; skips where real sequences are not at hand."""
    named = os.environ.get("BOXTRAIL_DATA")
    root = Path(named) if named else Path(__file__).resolve().parents[2] / "shared" / "data"
    if not (root / "dev" / "manifest.json").is_file():
        pytest.skip("no real sequences: set BOXTRAIL_DATA to a folder that holds dev/manifest.json")
    return root
