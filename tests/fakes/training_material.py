"""Tiny training material made by formula: pictures, clips, stills and cut-outs."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.train.data.composite.cutouts import Cutout, outline_of
from core.train.data.composite.library import Library, in_memory
from core.train.data.frames import FolderFrames
from core.train.data.items import Item, Kind, Track

Image = NDArray[np.uint8]


def noise(rows: int, cols: int, seed: int = 0) -> Image:
    """A smooth, textured picture."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (max(rows // 8, 2), max(cols // 8, 2), 3), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, (cols, rows), interpolation=cv2.INTER_CUBIC), np.uint8)


def write(path: Path, image: Image) -> Path:
    """Write a picture (RGB or RGBA) in the format of the suffix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if image.ndim == 3:
        code = cv2.COLOR_RGBA2BGRA if image.shape[2] == 4 else cv2.COLOR_RGB2BGR
        image = np.asarray(cv2.cvtColor(image, code), np.uint8)
    assert cv2.imwrite(str(path), image)
    return path


def write_palette(path: Path, labels: Image, palette: Sequence[Sequence[int]]) -> Path:
    """A palette PNG, written by hand: OpenCV writes none."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    rows, cols = labels.shape
    raw = b"".join(b"\0" + labels[row].tobytes() for row in range(rows))
    head = struct.pack(">IIBBBBB", cols, rows, 8, 3, 0, 0, 0)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"PLTE", bytes(v for colour in palette for v in colour))
        + chunk(b"IDAT", zlib.compress(raw))
        + chunk(b"IEND", b"")
    )
    return path


PALETTE = ((0, 0, 0), (200, 0, 0), (0, 200, 0), (200, 200, 0), (0, 0, 200))


def video(
    folder: Path, name: str, *, count: int = 12, size: tuple[int, int] = (90, 120), seed: int = 0
) -> Item:
    """A clip of a patch that moves 2 px to the right a frame, written as PNGs."""
    names, rows = [], []
    ground, patch = noise(*size, seed=seed), noise(20, 24, seed=seed + 100)
    for k in range(count):
        image = ground.copy()
        x, y = 20 + 2 * k, 30
        image[y : y + 20, x : x + 24] = patch
        names.append(write(folder / name / f"{k:04d}.png", image).name)
        rows.append((x, y, 24, 20))
    track = Track("patch", np.array(rows, np.float64))
    frames = FolderFrames(folder / name, tuple(names))
    return Item(f"clips/{name}", f"clips/{name}", "clips", Kind.VIDEO, frames, (track,))


def still(folder: Path, name: str, *, seed: int = 0, category: str = "thing") -> Item:
    """A picture with one object in the middle."""
    image = noise(120, 160, seed=seed)
    image[45:75, 60:100] = noise(30, 40, seed=seed + 50)
    path = write(folder / f"{name}.png", image)
    track = Track(category, np.array([[60, 45, 40, 30]], np.float64))
    frames = FolderFrames(folder, (path.name,))
    return Item(f"stills/{name}", f"stills/{name}", "stills", Kind.STILL, frames, (track,))


def cutout(
    shape: tuple[int, int] = (30, 40), *, seed: int = 0, key: str = "", category: str = "thing",
    hard: bool = True,
) -> Cutout:  # fmt: skip
    """A textured rectangle (hard) or ellipse with a margin of two pixels."""
    rows, cols = shape
    colour = noise(rows + 4, cols + 4, seed=seed)
    alpha = np.zeros((rows + 4, cols + 4), np.uint8)
    if hard:
        alpha[2:-2, 2:-2] = 255
    else:
        centre, axes = ((cols + 4) // 2, (rows + 4) // 2), (cols // 2, rows // 2)
        cv2.ellipse(alpha, centre, axes, 0, 0, 360, 255, cv2.FILLED, cv2.LINE_AA)
    image = np.dstack([colour, alpha])
    key = key or f"cutouts/{seed}"
    return Cutout(image, outline_of(alpha), key, key, "cutouts", category)


def library(count: int = 6) -> Library:
    """Cut-outs of three classes."""
    return in_memory(
        [
            cutout((24 + k, 30 + k), seed=k, category=f"c{k % 3}", hard=k % 2 == 0)
            for k in range(count)
        ]
    )
