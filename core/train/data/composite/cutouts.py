"""Cut-outs of objects: pictures with clean alpha, and their outline.

A mask drawn over a compressed photograph leaves a rim of its old background. The mask is
therefore shrunk by a pixel, the colours outside are replaced by the nearest colour inside
(so nothing of the old ground can shine through a soft edge), and alpha falls off over
about one pixel. Objects that are too small, in pieces, full of holes, or cut off by the
picture's edge along much of their outline are refused: they teach wrong boxes.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import DatasetError
from core.train.data.frames import read_picture, read_rgba
from core.train.data.items import Item, Kind, box_of_mask

Image = NDArray[np.uint8]

LARGEST = 128
"""Longest side of a stored cut-out, px."""
SMALLEST = 20
_MARGIN = 2
_LARGEST_HOLE = 0.12
_MAIN_PIECE = 0.85
_CUT_OFF = 0.16
_COVERED = 0.35
_FLAT = 6.0


@dataclass(frozen=True, slots=True, eq=False)
class Cutout:
    """One picture of one object.

    Attributes
    ----------
    image
        ``(h, w, 4)`` uint8 RGBA, not premultiplied, with an empty margin.
    outline
        ``(n, 2)`` float64 x, y where alpha crosses ½, in pixels of `image` (edges).
    key, group, source, category
        Of the item it came from; poses of the same object share `key`.
    sprite
        Whether it came with its own alpha (often drawn) and not from a photograph.
    """

    image: Image
    outline: NDArray[np.float64]
    key: str
    group: str
    source: str
    category: str
    sprite: bool = False

    @property
    def span(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Lowest and highest x, y of the outline."""
        return self.outline.min(axis=0), self.outline.max(axis=0)


def outline_of(alpha: Image) -> NDArray[np.float64]:
    """Points ``(n, 2)`` where alpha crosses one half, along rows and along columns.

    The first and the last crossing of each row and column: what bounds the shape under
    any affine map. Coordinates are edges: the centre of pixel 0 is ½.
    """
    across = _crossings(alpha)
    down = _crossings(alpha.T)[:, ::-1]
    return np.concatenate([across, down]) if len(across) else np.empty((0, 2))


def _crossings(alpha: NDArray[np.uint8]) -> NDArray[np.float64]:
    padded = np.pad(alpha.astype(np.float64) / 255.0, ((0, 0), (1, 1)))
    solid = padded > 0.5
    rows = np.flatnonzero(solid.any(axis=1))
    if not len(rows):
        return np.empty((0, 2))
    first = solid[rows].argmax(axis=1)
    last = padded.shape[1] - 1 - solid[rows, ::-1].argmax(axis=1)
    points = []
    for inside, outside in ((first, first - 1), (last, last + 1)):
        a, b = padded[rows, inside], padded[rows, outside]
        part = (a - 0.5) / np.maximum(a - b, 1e-9)
        x = inside + (outside - inside) * part - 0.5  # −1 for the padding, +½ for the centre
        points.append(np.stack([x, rows + 0.5], axis=1))
    return np.concatenate(points)


def from_sprite(item: Item) -> Cutout | None:
    """The cut-out of a picture with alpha; None where it is not usable."""
    image = read_rgba(item.frames, 0)
    alpha = image[..., 3]
    if (alpha > 127).mean() > 0.97 or not _sound(alpha > 127, touching=False):
        return None
    category = item.tracks[0].category if item.tracks else ""
    return _finished(np.dstack([_spread(image[..., :3], alpha > 200), alpha]), item, 0, category)


def from_mask(item: Item, frame: int) -> list[Cutout]:
    """Cut-outs of all objects of `item` that have a good mask in `frame`.

    Raises
    ------
    DatasetError
        If the picture or the mask cannot be read or their sizes differ.
    """
    if item.masks is None:
        return []
    picture = read_picture(item.frames, frame)
    labels = item.masks.indexed(frame)
    if labels.shape != picture.shape[:2]:
        raise DatasetError("A mask has another size than its picture.", "", item.frames.name(frame))
    found = []
    for number, track in enumerate(item.tracks):
        if track.mask_value and track.box(frame) is not None:
            own = labels == track.mask_value
            cut = None if _covered(own, labels) else _cut(item, number, picture, own)
            if cut is not None:
                found.append(cut)
    return found


def _covered(own: NDArray[np.bool_], labels: Image) -> bool:
    """Whether much of the outline borders on other objects: part of it lies behind them."""
    ring = cv2.dilate(own.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    ring &= ~own
    return bool((labels[ring] > 0).mean() > _COVERED) if ring.any() else True


def _cut(item: Item, number: int, picture: Image, mask: NDArray[np.bool_]) -> Cutout | None:
    box = box_of_mask(mask)
    if box is None or min(box.w, box.h) < SMALLEST or not _sound(mask, touching=True):
        return None
    pad = _MARGIN + 1
    y0, y1 = max(int(box.y) - pad, 0), int(box.bottom) + pad
    x0, x1 = max(int(box.x) - pad, 0), int(box.right) + pad
    part = mask[y0:y1, x0:x1].astype(np.uint8)
    part = cv2.morphologyEx(part, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    core = cv2.erode(part, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_REPLICATE)
    if core.sum() < 0.5 * part.sum():
        return None  # threads and nets: the shrunk shape is another one
    alpha = cv2.GaussianBlur(core * np.float32(255), (0, 0), 0.7)
    colour = _spread(picture[y0:y1, x0:x1], core > 0)
    rgba = np.dstack([colour, np.clip(alpha, 0, 255).astype(np.uint8)])
    return _finished(rgba, item, number, item.tracks[number].category)


def _sound(mask: NDArray[np.bool_], *, touching: bool) -> bool:
    """Whether a mask is one solid, whole object."""
    area = int(mask.sum())
    if area < SMALLEST * SMALLEST // 2:
        return False
    shape = mask.astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(shape, connectivity=8)
    if count > 1 and stats[1:, cv2.CC_STAT_AREA].max() < _MAIN_PIECE * area:
        return False
    contours, _ = cv2.findContours(shape, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    filled = cv2.drawContours(np.zeros_like(shape), contours, -1, 1, cv2.FILLED)
    if filled.sum() - area > _LARGEST_HOLE * area and touching:
        return False
    if not touching:
        return True
    border = mask[0].sum() + mask[-1].sum() + mask[:, 0].sum() + mask[:, -1].sum()
    around = sum(cv2.arcLength(contour, closed=True) for contour in contours)
    return bool(border < _CUT_OFF * max(around, 1.0))


def _spread(colour: Image, inside: NDArray[np.bool_]) -> Image:
    """`colour` with every pixel outside taken from the nearest one inside."""
    if inside.all() or not inside.any():
        return np.ascontiguousarray(colour)
    _, nearest = cv2.distanceTransformWithLabels(
        (~inside).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    table = np.zeros((int(nearest.max()) + 1, 3), np.uint8)
    table[np.asarray(nearest, np.intp)[inside]] = colour[inside]
    return table[np.asarray(nearest, np.intp)]


def _finished(rgba: Image, item: Item, number: int, category: str) -> Cutout | None:
    """Crop to the alpha, reduce to the stored size, add the margin, measure the outline."""
    box = box_of_mask(rgba[..., 3] > 8)
    if box is None:
        return None
    x0, y0, x1, y1 = int(box.x), int(box.y), int(box.right), int(box.bottom)
    part = rgba[y0:y1, x0:x1]
    factor = min(LARGEST / max(part.shape[:2]), 1.0)
    if factor < 1.0:
        part = _reduced(part, factor)
    if min(part.shape[:2]) < SMALLEST // 2:
        return None
    solid = part[..., 3] > 127
    if not solid.any() or part[..., :3][solid].astype(np.float64).std(axis=0).max() < _FLAT:
        return None  # one flat colour: nothing to recognise
    edge = [(_MARGIN, _MARGIN), (_MARGIN, _MARGIN)]
    alpha = np.pad(part[..., 3], edge)
    colour = np.pad(part[..., :3], [*edge, (0, 0)], mode="edge")
    image = np.ascontiguousarray(np.dstack([colour, alpha]), np.uint8)
    sprite = item.kind is Kind.SPRITE
    key = item.key if sprite else f"{item.key}#{number}"
    return Cutout(image, outline_of(alpha), key, item.group, item.source, category, sprite)


def _reduced(rgba: Image, factor: float) -> Image:
    size = (max(round(rgba.shape[1] * factor), 1), max(round(rgba.shape[0] * factor), 1))
    # The colours are spread beyond the edge, so they may be averaged without the alpha.
    return np.asarray(cv2.resize(rgba, size, interpolation=cv2.INTER_AREA), np.uint8)
