"""Curves over frames, and plots of evaluations, drawn for print."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.drawing.drawing import Drawing, Ink, Rect
from core.drawing.fonts import text_width

COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f6fc4", "#8c6d46")
_AXIS, _GRID, _SOFT = "#404040", "#dddddd", "#555555"


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """A curve: `values` ``(N,)`` on `frames` ``(N,)``, NaN for gaps.

    A `share` has values in [0, 1]; others have an axis of their own range. `threshold` is a
    line across, NaN for none.
    """

    name: str
    frames: NDArray[np.float64]
    values: NDArray[np.float64]
    share: bool = True
    threshold: float = math.nan
    color: str = ""


def chart(
    drawing: Drawing,
    area: Rect,
    curves: Sequence[Series],
    *,
    font: float,
    line: float,
    marks: Sequence[int] = (),
    legend: bool = True,
) -> None:
    """Curves over their frames in `area`; shares share an axis, others are scaled to it."""
    x, y, w, h = area
    left, bottom = font * 2.6, font * 2.6
    top = font * 1.6 if legend else font * 0.5
    inner = (x + left, y + top, max(w - left - font, 1.0), max(h - top - bottom, 1.0))
    known = [c for c in curves if len(c.frames)]
    if not known:
        return
    low = min(float(c.frames.min()) for c in known)
    high = max(float(c.frames.max()) for c in known)
    span = max(high - low, 1.0)

    def px(frame: float) -> float:
        return inner[0] + (frame - low) / span * inner[2]

    def py(value: float) -> float:
        return inner[1] + (1 - value) * inner[3]

    _axes(drawing, inner, (low, high), font)
    with drawing.clipped(inner):
        for frame in marks:
            ends = [(px(frame), inner[1]), (px(frame), inner[1] + inner[3])]
            drawing.line(ends, Ink("#000000", 0.6, dash=(2, 1.5)))
        for k, curve in enumerate(known):
            _curve(drawing, curve, curve.color or COLORS[k % len(COLORS)], line, px, py)
    if legend:
        _legend(drawing, known, (inner[0], y + font), font, inner[2])


def limits(curve: Series) -> tuple[float, float]:
    """The values at the lower and the upper end of the axis."""
    finite = curve.values[np.isfinite(curve.values)]
    if curve.share or not len(finite):
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    return (low, high) if high > low else (low - 1, low + 1)


def _curve(drawing: Drawing, curve: Series, color: str, line: float, px, py) -> None:
    low, high = limits(curve)
    piece: list[tuple[float, float]] = []
    for frame, value in zip(curve.frames.tolist(), curve.values.tolist(), strict=True):
        if math.isfinite(value):
            piece.append((px(frame), py((value - low) / (high - low))))
            continue
        drawing.line(piece, Ink(color, line))
        piece = []
    drawing.line(piece, Ink(color, line))
    if math.isfinite(curve.threshold):
        at = py((curve.threshold - low) / (high - low))
        drawing.line([(-1e4, at), (1e4, at)], Ink(color, line * 0.7, dash=(3, 2)))


def _axes(drawing: Drawing, inner: Rect, frames: tuple[float, float], font: float) -> None:
    x, y, w, h = inner
    for share in (0.0, 0.5, 1.0):
        at = y + (1 - share) * h
        drawing.line([(x, at), (x + w, at)], Ink(_GRID, 0.4))
        drawing.text((x - font * 0.4, at + font * 0.35), f"{share:g}", font, color=_SOFT,
                     anchor="end")  # fmt: skip
    low, high = frames
    step = _step(high - low, max(w / (font * 5), 2))
    first = math.ceil(low / step) * step
    for k in range(int((high - first) / step + 1e-9) + 1):
        at = x + (first + k * step - low) / max(high - low, 1.0) * w
        drawing.line([(at, y + h), (at, y + h + 2)], Ink(_AXIS, 0.5))
        drawing.text((at, y + h + font * 1.2), f"{first + k * step:g}", font, color=_SOFT,
                     anchor="middle")  # fmt: skip
    drawing.line([(x, y), (x, y + h), (x + w, y + h)], Ink(_AXIS, 0.6))
    drawing.text((x + w / 2, y + h + font * 2.3), "frame", font, anchor="middle")


def _legend(
    drawing: Drawing,
    curves: Sequence[Series],
    at: tuple[float, float],
    font: float,
    width: float,
) -> None:
    x, y = at
    for k, curve in enumerate(curves):
        low, high = limits(curve)
        name = curve.name if curve.share else f"{curve.name} ({low:.3g} to {high:.3g})"
        needed = font * 1.6 + text_width(name, font)
        if x + needed > at[0] + width and k:
            break  # what does not fit is in the text of the paper
        color = curve.color or COLORS[k % len(COLORS)]
        drawing.line([(x, y - font * 0.3), (x + font * 1.2, y - font * 0.3)], Ink(color, 1.5))
        drawing.text((x + font * 1.6, y), name, font)
        x += needed + font


def _step(span: float, count: float) -> float:
    """A round step that gives about `count` ticks."""
    raw = max(span / count, 1.0)
    size = 10.0 ** math.floor(math.log10(raw))
    return next(size * m for m in (1, 2, 5, 10) if size * m >= raw - 1e-9)
