"""Drawing boxes and their names into a picture.

Colour tells the track (Okabe & Ito's colour-blind-safe set), line style tells where a
box came from, and the state is written out, so nothing depends on colour alone. Boxes are
drawn where they are to a sixteenth of a pixel: edges lie between pixels.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.document.document import Document
from core.document.track import Keyframe, Track
from core.geometry import Box
from core.states import Flag, Source, TargetState

Picture = NDArray[np.uint8]

TRACK_COLORS = ("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f0e442", "#d55e00", "#0072b2")
_SHIFT = 4  # fractional bits of OpenCV's drawing coordinates
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_DASH = {Source.INTERPOLATED: (10, 6), Source.IMPORTED: (3, 4)}
_LOST_DASH = (2, 6)
_TRUTH_DASH = (8, 4)
_STATE_TEXT = {TargetState.UNCERTAIN: "uncertain", TargetState.LOST: "lost"}


@dataclass(frozen=True, slots=True)
class DrawnBox:
    """A box as it is to be drawn. `color` is ``#rrggbb``."""

    box: Box
    color: str = TRACK_COLORS[0]
    title: str = ""
    source: Source = Source.TRACKED
    state: TargetState = TargetState.TRACKING
    score: float | None = None

    @classmethod
    def of(cls, document: Document, track: Track, key: Keyframe) -> DrawnBox:
        """How `key` of `track` looks."""
        color = document.color_of(track) or track_color(track.id)
        score = key.score if key.source is Source.TRACKED else None
        return cls(key.box, color, track.title, key.source, key.state, score)


def track_color(track_id: int) -> str:
    """Colour of a track that has none of its own, by its id (from 1)."""
    return TRACK_COLORS[(track_id - 1) % len(TRACK_COLORS)]


def boxes_on(document: Document, frame: int) -> list[DrawnBox]:
    """What is to be drawn on `frame`: visible tracks with the target present."""
    drawn = []
    for track in document.tracks:
        key = track.at(frame) if track.visible else None
        if key is not None and not key.flags & Flag.ABSENT:
            drawn.append(DrawnBox.of(document, track, key))
    return drawn


def draw_boxes(picture: Picture, boxes: list[DrawnBox]) -> Picture:
    """A copy of the ``(H, W, 3)`` RGB `picture` with `boxes` drawn in."""
    canvas = picture.copy()
    width = max(1, round(min(canvas.shape[:2]) / 240))
    for item in boxes:
        _outline(canvas, item, width)
    for item in boxes:  # names on top of all outlines
        _name(canvas, item, width)
    return canvas


def draw_truth(picture: Picture, corners: NDArray[np.float64]) -> Picture:
    """A copy of `picture` with the true region: a white dash-dotted line, as in the window."""
    canvas = picture.copy()
    width = max(1, round(min(canvas.shape[:2]) / 300))
    ends = [(float(x), float(y)) for x, y in corners]
    edges = list(zip(ends, ends[1:] + ends[:1], strict=True))
    for shade, thickness in (((0, 0, 0), width + 2), ((255, 255, 255), width)):
        for start, stop in edges:
            _line(canvas, start, stop, shade, thickness, _TRUTH_DASH, width)
    return canvas


def draw_outline(canvas: Picture, corners: NDArray[np.float64]) -> None:
    """Outline of a map's extent ``(4, 2)``, into `canvas`: half clear, black and white."""
    ends = [(float(x), float(y)) for x, y in corners]
    for shade, dash in (((0, 0, 0), None), ((255, 255, 255), (4, 4))):
        drawn = canvas.copy()
        for start, stop in zip(ends, ends[1:] + ends[:1], strict=True):
            _line(drawn, start, stop, shade, 1, dash, 1)
        cv2.addWeighted(drawn, 130 / 255, canvas, 1 - 130 / 255, 0, dst=canvas)


def draw_note(canvas: Picture, text: str, at: tuple[float, float], slot: int) -> None:
    """A line of text on dark ground below `at`, into `canvas`; `slot` further lines down."""
    scale = max(0.35, min(canvas.shape[:2]) / 900)
    (w, h), below = cv2.getTextSize(text, _FONT, scale, 1)
    height, width = canvas.shape[:2]
    left = int(np.clip(at[0] + 4, 0, max(width - w - 8, 0)))
    top = int(np.clip(at[1] + 4 + slot * (h + below + 8), 0, max(height - h - below - 6, 0)))
    cv2.rectangle(canvas, (left, top), (left + w + 8, top + h + below + 6), (24, 26, 30), -1)
    place = (left + 4, top + 3 + h)
    cv2.putText(canvas, text, place, _FONT, scale, (235, 235, 235), 1, cv2.LINE_AA)


def _outline(canvas: Picture, item: DrawnBox, width: int) -> None:
    color = _rgb(item.color)
    dash = _LOST_DASH if item.state is TargetState.LOST else _DASH.get(item.source)
    corners = [
        (item.box.x, item.box.y),
        (item.box.right, item.box.y),
        (item.box.right, item.box.bottom),
        (item.box.x, item.box.bottom),
    ]
    edges = list(zip(corners, corners[1:] + corners[:1], strict=True))
    # A dark rim first: a bright box stays visible on a bright picture.
    for shade, thickness in (((0, 0, 0), width + 2), (color, width)):
        for start, stop in edges:
            _line(canvas, start, stop, shade, thickness, dash, width)
    if item.source is Source.MANUAL:
        for x, y in corners:
            _square(canvas, x, y, 1.5 * width + 1, color)


def _line(
    canvas: Picture,
    start: tuple[float, float],
    stop: tuple[float, float],
    color: tuple[int, int, int],
    thickness: int,
    dash: tuple[int, int] | None,
    unit: int,
) -> None:
    a, b = np.array(start), np.array(stop)
    length = float(np.hypot(*(b - a)))
    if dash is None or length == 0:
        cv2.line(canvas, _fixed(a), _fixed(b), color, thickness, cv2.LINE_AA, _SHIFT)
        return
    on, off = (part * unit for part in dash)
    at = 0.0
    while at < length:
        p, q = a + (b - a) * at / length, a + (b - a) * min(at + on, length) / length
        cv2.line(canvas, _fixed(p), _fixed(q), color, thickness, cv2.LINE_AA, _SHIFT)
        at += on + off


def _square(canvas: Picture, x: float, y: float, half: float, color: tuple[int, int, int]) -> None:
    a, b = _fixed(np.array([x - half, y - half])), _fixed(np.array([x + half, y + half]))
    cv2.rectangle(canvas, a, b, color, cv2.FILLED, cv2.LINE_AA, _SHIFT)


def _name(canvas: Picture, item: DrawnBox, width: int) -> None:
    text = _text(item)
    if not text:
        return
    scale = max(0.35, min(canvas.shape[:2]) / 900)
    thickness = max(1, round(scale * 1.6))
    (w, h), below = cv2.getTextSize(text, _FONT, scale, thickness)
    pad = 2 + width
    frame_height, frame_width = canvas.shape[:2]
    left = int(np.clip(round(item.box.x), 0, max(frame_width - w - 2 * pad, 0)))
    top = round(item.box.y) - h - below - 2 * pad - width
    if top < 0:  # no room above: inside the box
        top = max(round(item.box.y) + width, 0)
    top = min(top, max(frame_height - h - below - 2 * pad, 0))
    color = _rgb(item.color)
    cv2.rectangle(
        canvas, (left, top), (left + w + 2 * pad, top + h + below + 2 * pad), color, cv2.FILLED
    )
    ink = (0, 0, 0) if _luminance(color) > 0.4 else (255, 255, 255)
    cv2.putText(
        canvas, text, (left + pad, top + pad + h), _FONT, scale, ink, thickness, cv2.LINE_AA
    )


def _text(item: DrawnBox) -> str:
    parts = [item.title]
    if item.score is not None:
        parts.append(f"{item.score:.2f}")
    parts.append(_STATE_TEXT.get(item.state, ""))
    text = "  ".join(part for part in parts if part)
    # Hershey fonts know ASCII only.
    plain = unicodedata.normalize("NFKD", text)
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return plain.encode("ascii", "replace").decode("ascii")


def _fixed(point: NDArray[np.float64]) -> tuple[int, int]:
    # Edge coordinates → OpenCV's pixel-centre coordinates → fixed point.
    x, y = np.round((np.clip(point, -16000, 16000) - 0.5) * (1 << _SHIFT)).astype(int)
    return int(x), int(y)


def _rgb(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _luminance(color: tuple[int, int, int]) -> float:
    """Relative luminance in [0, 1] (WCAG 2)."""
    linear = [(c / 255) ** 2.2 for c in color]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
