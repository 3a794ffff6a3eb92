"""One record type for all training material: frames, and the objects seen in them.

An :class:`Item` is a piece of footage: a video, a still (one frame), a background (no
objects) or a sprite (a picture with alpha). Its :class:`Track` objects share the frames,
so that a split by item never puts one picture on both sides. Boxes are frame pixels as
edges, NaN rows where the object is absent; sizes of frames are known only after decoding.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.geometry import Box
from core.train.data.frames import Frames

Mask = NDArray[np.uint8]
MIN_SIDE = 2.0


class Kind(StrEnum):
    """What an item is good for."""

    VIDEO = "video"
    STILL = "still"
    BACKGROUND = "background"
    SPRITE = "sprite"


class MaskSource(Protocol):
    """Instance masks of an item, one for each frame."""

    def indexed(self, index: int) -> Mask:
        """``(H, W)`` uint8: 0 is ground, k the object with ``mask_value`` k.

        Raises
        ------
        DatasetError
            If the mask is missing or unreadable.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One object of an item.

    Attributes
    ----------
    category
        Class name, "" when unknown.
    boxes
        ``(N, 4)`` float64 x, y, w, h, one row a frame; NaN where absent. Read-only.
    mask_value
        Its value in the item's masks; 0 when it has none.
    """

    category: str
    boxes: NDArray[np.float64]
    mask_value: int = 0

    def __post_init__(self) -> None:
        self.boxes.setflags(write=False)

    def present(self) -> NDArray[np.intp]:
        """Numbers of the frames in which the object has a box."""
        return np.flatnonzero(np.isfinite(self.boxes[:, 0]))

    def box(self, frame: int) -> Box | None:
        """Its box in `frame`, or None."""
        row = self.boxes[frame]
        return Box(*map(float, row)) if np.isfinite(row).all() else None


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """A piece of footage with its objects.

    Attributes
    ----------
    key
        ``SOURCE/ID``, unique in all material.
    group
        Footage that must stay together when material is held out: items that show the
        same scene or the same individual share it.
    source
        Name of the data set.
    frames
        Encoded pictures, read on demand.
    masks
        Instance masks of the frames, or None.
    licence
        As far as known.
    """

    key: str
    group: str
    source: str
    kind: Kind
    frames: Frames
    tracks: tuple[Track, ...] = ()
    masks: MaskSource | None = None
    licence: str = ""

    def __len__(self) -> int:
        return len(self.frames)


def of_kind(items: Iterable[Item], *kinds: Kind) -> list[Item]:
    """The items of some kinds, in order."""
    return [item for item in items if item.kind in kinds]


def box_of_mask(mask: NDArray[np.bool_]) -> Box | None:
    """Bounding box of the set pixels, or None when there are none."""
    cols = np.flatnonzero(mask.any(axis=0))
    rows = np.flatnonzero(mask.any(axis=1))
    if not len(cols):
        return None
    x0, y0, x1, y1 = map(float, (cols[0], rows[0], cols[-1] + 1, rows[-1] + 1))
    return Box(x0, y0, x1 - x0, y1 - y0)


def cleaned(boxes: NDArray[np.float64], size: tuple[int, int] | None = None) -> NDArray[np.float64]:
    """Boxes that can be trained on; the others become NaN rows.

    Parameters
    ----------
    boxes
        ``(N, 4)`` x, y, w, h.
    size
        Width and height of the pictures, where known: boxes are clipped to them.
    """
    rows = np.array(boxes, np.float64).reshape(-1, 4)
    if size is not None:
        corners = np.concatenate([rows[:, :2], rows[:, :2] + rows[:, 2:]], axis=1)
        corners = np.clip(corners, 0.0, np.array([*size, *size], np.float64))
        rows = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)
    bad = ~np.isfinite(rows).all(axis=1) | ~(np.nan_to_num(rows[:, 2:]) >= MIN_SIDE).all(axis=1)
    rows[bad] = np.nan
    return rows
