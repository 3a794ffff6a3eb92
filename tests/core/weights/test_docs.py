"""docs/weights.md says the same as the list and the network registry."""

from __future__ import annotations

import re
from pathlib import Path

from core import weights
from core.nets import backbones

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "weights.md").read_text(encoding="utf-8")


def test_that_every_backbone_has_an_entry_and_a_row() -> None:
    rows = dict(re.findall(r"^\| `([\w-]+)` \| (.*)$", PAGE, re.MULTILINE))
    assert set(rows) == set(backbones.RECIPES)
    for key, row in rows.items():
        known = weights.entry(key)
        licence = known.licence.split(" ")[0]
        assert licence in row
        if known.address and known.bytes:
            assert f"{known.bytes / 1e6:.1f} MB" in row
        assert ("unverified" in row) == (not known.sha256)


def test_that_every_action_is_shown() -> None:
    for action in ("list", "get", "verify", "convert"):
        assert f"boxtrail weights {action}" in PAGE
