"""Pictures of a track over time: one column per device pixel, made by numpy.

Each box becomes a few bits of facts (:func:`codes_of`); a column of the picture shows
the union of the facts of its frames (``bitwise_or.reduceat``), reduced to the look
that matters most: a lost frame among a thousand good ones stays visible. Looks are
looked up in a small pattern table, so the cost is O(columns), not O(boxes drawn).
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from app.views.timeline_scale import TimeScale
from core.document.track import Columns
from core.states import Flag, Source, TargetState

(
    TRACKING, UNCERTAIN, LOST, MANUAL, INTERPOLATED, IMPORTED, CONFIRMED, ABSENT,
    OUT_OF_VIEW, OCCLUDED, TRUNCATED,
) = (1 << bit for bit in range(11))  # fmt: skip
_ALL_FACTS = 1 << 11
STATE_UNCERTAIN = "#e69f00"
STATE_LOST = "#d55e00"
STATE_CONFIRMED = "#009e73"

LANE_HEIGHT = 20
"""Device-independent pixels of one lane."""
_PERIOD = 8  # of hatches and dashes, device-independent pixels

# Looks from the least to the most important; the last one present in a column is drawn.
_LOOKS = (0, MANUAL, ABSENT, OUT_OF_VIEW, INTERPOLATED, IMPORTED, TRACKING, UNCERTAIN, LOST)
# What is said of a box takes parts of its bar away: the upper half, or teeth of the lower one.
_UPPER, _LOWER = (4.0, 9.75), (9.75, 15.6)
_TEETH = 4  # device-independent pixels from tooth to tooth

Facts = NDArray[np.uint16]
Pixels = NDArray[np.uint32]
"""Premultiplied ``0xAARRGGBB``, as ``QImage.Format_ARGB32_Premultiplied`` holds them."""


def codes_of(columns: Columns) -> Facts:
    """Facts of each box, ``(N,)`` uint16, with one 0 appended for :func:`union`."""
    codes = np.zeros(len(columns) + 1, np.uint16)
    facts = codes[:-1]
    by_state = np.array([TRACKING, UNCERTAIN, LOST], np.uint16)
    by_source = np.array([MANUAL, 0, INTERPOLATED, IMPORTED], np.uint16)
    facts |= by_source[np.minimum(columns.sources, int(Source.IMPORTED))]
    states = by_state[np.minimum(columns.states, int(TargetState.LOST))]
    facts |= np.where(columns.sources == Source.TRACKED, states, np.uint16(0))
    facts |= _flag_facts()[columns.flags]
    absent = (columns.flags & np.uint8(Flag.ABSENT)) != 0
    stays = np.uint16(CONFIRMED | MANUAL | ABSENT | OUT_OF_VIEW)
    facts[absent] &= stays
    return codes


def union(frames: NDArray[np.int32], codes: Facts, scale: TimeScale, width: int) -> Facts:
    """Facts per column, ``(width,)``: the union over the frames each column covers."""
    if not len(frames) or not width:
        return np.zeros(width, np.uint16)
    start, stop = scale.edges(width)
    lower, upper = _rows_before(frames, start), _rows_before(frames, stop)
    merged = np.bitwise_or.reduceat(codes, _pairs(lower, upper))[::2]
    return np.where(upper > lower, merged, 0).astype(np.uint16)


def lane_pixels(facts: Facts, color: str, ratio: float, *, cells: bool) -> Pixels:
    """Picture of a lane, ``(LANE_HEIGHT · ratio, columns)`` packed pixels.

    With `cells` the ends of hollow stretches are closed (worth it when frames are wide).
    """
    table, period = _patterns(color, ratio)
    places = _look_table()[facts] * period + np.arange(len(facts)) % period
    pixels = np.take(table, places, axis=1)
    if cells:
        _close_ends(pixels, (facts & IMPORTED) != 0, color, ratio)
    _take_away(pixels, facts, ratio)
    underline = np.flatnonzero(facts & CONFIRMED)
    if len(underline):
        rows = slice(round(16.5 * ratio), round(18.5 * ratio))
        pixels[rows, underline] = packed(STATE_CONFIRMED)
    return pixels


def _take_away(pixels: Pixels, facts: Facts, ratio: float) -> None:
    """Half a bar where the target is partly hidden, teeth where it is cut by the border."""
    hidden = np.flatnonzero(facts & OCCLUDED)
    if len(hidden):
        pixels[_rows(_UPPER, ratio), hidden] = 0
    cut = np.flatnonzero(facts & TRUNCATED)
    cut = cut[(cut / ratio) % _TEETH < _TEETH / 2]
    if len(cut):
        pixels[_rows(_LOWER, ratio), cut] = 0


def _rows(span: tuple[float, float], ratio: float) -> slice:
    return slice(round(span[0] * ratio), round(span[1] * ratio))


def machine_scores(columns: Columns) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Frames ``(N,)`` and scores ``(N + 1,)`` of trackers' boxes, with one 0 appended.

    Only those have a score of their own; all others are left out.
    """
    machine = columns.sources == Source.TRACKED
    return columns.frames[machine], np.append(columns.scores[machine], np.float32(0))


def score_envelope(
    frames: NDArray[np.int32], scores: NDArray[np.float32], scale: TimeScale, width: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Lowest and highest score per column, ``(width,)`` each; NaN where none.

    `frames` and `scores` as :func:`machine_scores` gives them.
    """
    low = np.full(width, np.nan, np.float32)
    high = low.copy()
    if not len(frames) or not width:
        return low, high
    start, stop = scale.edges(width)
    lower, upper = _rows_before(frames, start), _rows_before(frames, stop)
    pairs, some = _pairs(lower, upper), upper > lower
    low[some] = np.minimum.reduceat(scores, pairs)[::2][some]
    high[some] = np.maximum.reduceat(scores, pairs)[::2][some]
    return low, high


def score_pixels(
    low: NDArray[np.float32],
    high: NDArray[np.float32],
    height: int,
    threshold: float,
    color: str,
    thickness: float = 1.0,
) -> Pixels:
    """Picture ``(height, columns)`` of a score envelope over 0..1, packed pixels.

    Area up to the lowest score, a line `thickness` rows thick from lowest to highest;
    columns whose lowest score is under `threshold` are drawn in the colour of "lost".
    """
    nowhere = np.float32(2 * height)
    with np.errstate(invalid="ignore"):
        bottom = np.nan_to_num((1 - low) * (height - 1), nan=2 * height)
        top = np.nan_to_num((1 - high) * (height - 1), nan=2 * height)
        doubtful = low < threshold
    # Reach down to the highest point of the column before, so that the line holds together.
    before = np.append(nowhere, top[:-1])
    joined = np.where((before < height) & (top < height), np.maximum(bottom, before), bottom)
    line = np.where(doubtful, packed(STATE_LOST), packed(color))
    area = np.where(doubtful, packed(STATE_LOST, 0.28), packed(color, 0.28))
    rows = np.arange(height, dtype=np.float32)[:, None]
    pixels = np.where(rows > bottom, area, np.uint32(0))
    drawn = (rows >= top - thickness / 2) & (rows <= joined + thickness / 2)
    return np.where(drawn, line, pixels)


def packed(color: str, alpha: float = 1.0) -> np.uint32:
    """A premultiplied ``0xAARRGGBB`` pixel of a ``#rrggbb`` colour."""
    red, green, blue = (round(int(color[i : i + 2], 16) * alpha) for i in (1, 3, 5))
    return np.uint32(round(255 * alpha) << 24 | red << 16 | green << 8 | blue)


def _rows_before(frames: NDArray[np.int32], bounds: NDArray[np.int32]) -> NDArray[np.intp]:
    """How many of the rising `frames` lie before each of `bounds`."""
    first, count = int(frames[0]), len(frames)
    if int(frames[-1]) - first + 1 == count:  # no gaps: counting instead of searching
        return np.clip(bounds.astype(np.intp) - first, 0, count)
    return np.searchsorted(frames, bounds)


def _pairs(lower: NDArray[np.intp], upper: NDArray[np.intp]) -> NDArray[np.intp]:
    pairs = np.empty(2 * len(lower), np.intp)
    pairs[::2], pairs[1::2] = lower, upper
    return pairs


@functools.cache
def _flag_facts() -> Facts:
    """What each of the 256 combinations of flags says of a box."""
    flags, table = np.arange(256), np.zeros(256, np.uint16)
    for flag, fact in (
        (Flag.CONFIRMED, CONFIRMED),
        (Flag.OCCLUDED, OCCLUDED),
        (Flag.TRUNCATED, TRUNCATED),
        (Flag.ABSENT, ABSENT),
    ):
        table[(flags & flag) != 0] |= fact
    table[(flags & Flag.ABSENT != 0) & (flags & Flag.OUT_OF_VIEW != 0)] |= OUT_OF_VIEW
    table.setflags(write=False)
    return table


@functools.cache
def _look_table() -> NDArray[np.intp]:
    """Index into :data:`_LOOKS` for each union of facts."""
    table = np.zeros(_ALL_FACTS, np.intp)
    for number, look in enumerate(_LOOKS):
        if look:
            table[(np.arange(_ALL_FACTS) & look) != 0] = number
    table.setflags(write=False)
    return table


@functools.lru_cache(maxsize=64)
def _patterns(color: str, ratio: float) -> tuple[Pixels, int]:
    """Pieces of all looks side by side, ``(height, looks · period)``, and the period."""
    height, period = round(LANE_HEIGHT * ratio), max(round(_PERIOD * ratio), 2)
    # Pattern coordinates in device-independent pixels, at pixel centres.
    y, x = ((np.arange(n) + 0.5) / ratio for n in (height, period))
    y = y[:, None] + 0 * x
    x = x + 0 * y
    full, bar = np.abs(y - 9.75) < 5.5, np.abs(y - 9.75) < 4.5
    edge = full & ~bar
    diagonal = ((x + y) % _PERIOD) < 3.6
    table = np.zeros((height, len(_LOOKS), period), np.uint32)

    def paint(look: int, mask: NDArray[np.bool_], shade: str, alpha: float) -> None:
        table[:, _LOOKS.index(look)][mask] = packed(shade, alpha)

    paint(ABSENT, (np.abs(y - 9.75) < 0.8) & ((x % 4) < 1.6), "#8a93a0", 1.0)
    # Arrows that point out of the picture.
    arrow = np.abs((x % _PERIOD) - 2 - (5 - np.abs(y - 9.75)) * 0.7) < 0.9
    paint(OUT_OF_VIEW, arrow & (np.abs(y - 9.75) < 5), "#8a93a0", 1.0)
    paint(MANUAL, full, color, 0.5)
    paint(INTERPOLATED, (np.abs(y - 9.75) < 1.3) & (x < 5.2), color, 1.0)
    paint(IMPORTED, full, color, 0.16)
    paint(IMPORTED, edge, color, 1.0)
    paint(TRACKING, full, color, 1.0)
    paint(UNCERTAIN, full, color, 0.4)
    paint(UNCERTAIN, full & diagonal, STATE_UNCERTAIN, 1.0)
    paint(LOST, full, STATE_LOST, 0.14)
    cross = (((x + y) % _PERIOD) < 1.4) | (((x - y) % _PERIOD) < 1.4)
    paint(LOST, full & (cross | edge), STATE_LOST, 1.0)
    flat = table.reshape(height, -1)
    flat.setflags(write=False)
    return flat, period


def _close_ends(pixels: Pixels, hollow: NDArray[np.bool_], color: str, ratio: float) -> None:
    """Draw the left and right ends of hollow stretches."""
    changes = np.flatnonzero(np.diff(hollow.astype(np.int8), prepend=0, append=0))
    rows = slice(round(4.5 * ratio), round(15 * ratio))
    thick = max(round(ratio), 1)
    for begin, end in changes.reshape(-1, 2):
        pixels[rows, begin : begin + thick] = packed(color)
        pixels[rows, max(end - thick, begin) : end] = packed(color)
