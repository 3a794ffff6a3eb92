from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from fakes.listed_weights import CONTENT
from safetensors.torch import save_file

from core.weights import verify
from core.weights.manifest import Entry
from core.weights.verify import Health

Listed = Callable[..., Entry]


def test_that_each_state_of_a_file_is_told_apart(listed: Listed, folder: Path) -> None:
    entry = listed()
    assert verify.check("plain").health is Health.MISSING
    folder.mkdir(parents=True)
    path = folder / "plain-1.safetensors"
    path.write_bytes(CONTENT)
    assert verify.check("plain").health is Health.WHOLE
    listed(sha256=entry.sha256[:8])
    finding = verify.check("plain")
    assert finding.health is Health.WHOLE
    assert "short hash" in finding.details
    listed()
    path.write_bytes(CONTENT[:-1] + b"!")
    finding = verify.check("plain")
    assert finding.health is Health.DAMAGED
    assert entry.sha256 in finding.details


def test_that_ones_own_file_must_at_least_be_readable(listed: Listed, folder: Path) -> None:
    listed()
    folder.mkdir(parents=True)
    own = folder / "plain.safetensors"
    save_file({"a": torch.ones(1)}, own)
    finding = verify.check("plain")
    assert finding.health is Health.UNVERIFIED
    assert "SHA-256" in finding.details
    own.write_bytes(b"text")
    assert verify.check("plain").health is Health.DAMAGED
