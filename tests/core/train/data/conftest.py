"""Fixtures of the tests of training material."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from fakes.training_material import PALETTE, cutout, noise, write, write_palette

from core.train.data.composite.backdrops import Backdrops
from core.train.data.frames import FolderFrames


@pytest.fixture
def backdrops(tmp_path: Path) -> Backdrops:
    """Three photographs."""
    files = [
        write(tmp_path / "ground" / f"{k}.png", noise(160, 200, seed=40 + k)) for k in range(3)
    ]
    return Backdrops([(FolderFrames(file.parent, (file.name,)), 0) for file in files])


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A mixed set with a list: a video with masks, stills, a background, a sprite."""
    root = tmp_path / "pack"
    records = []
    frames, masks, boxes = [], [], []
    for k in range(6):
        image, labels = noise(90, 120, seed=3), np.zeros((90, 120), np.uint8)
        image[20:50, 20 + 3 * k : 60 + 3 * k] = noise(30, 40, seed=9)
        labels[20:50, 20 + 3 * k : 60 + 3 * k] = 1
        frames.append(f"videos/a/clip/{k:05d}.jpg")
        masks.append(f"masks/a/clip/{k:05d}.png")
        write(root / frames[-1], image)
        write_palette(root / masks[-1], labels, PALETTE)
        boxes.append([20 + 3 * k, 20, 40, 30, "patch"] if k != 2 else None)
    records.append(
        {"kind": "video", "set": "a", "sequence": "clip", "object": 1, "frames": frames,
         "boxes": boxes, "masks": masks, "width": 120, "height": 90, "licence": "mine"}
    )  # fmt: skip
    for k in range(4):
        image, labels = noise(120, 160, seed=20 + k), np.zeros((120, 160), np.uint8)
        image[40:80, 50:100] = noise(40, 50, seed=30 + k)
        labels[40:80, 50:100] = 1
        write(root / f"images/s/{k}.jpg", image)
        write_palette(root / f"masks/s/{k}.png", labels, PALETTE)
        records.append(
            {"kind": "image", "set": "s", "file": f"images/s/{k}.jpg", "width": 160, "height": 120,
             "boxes": [[50, 40, 50, 40, "thing"]], "masks": f"masks/s/{k}.png"}
        )  # fmt: skip
    write(root / "images/g/0.jpg", noise(100, 150, seed=77))
    records.append({"kind": "background", "set": "g", "file": "images/g/0.jpg", "boxes": []})
    write(root / "sprites/p/0.png", cutout((40, 50), seed=5, hard=False).image)
    records.append(
        {"kind": "sprite", "set": "p", "file": "sprites/p/0.png", "boxes": [[0, 0, 54, 44, "toy"]]}
    )
    text = "\n".join(json.dumps(record) for record in records)
    (root / "manifest.jsonl").write_text(text, encoding="utf-8")
    return root
