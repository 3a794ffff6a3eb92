"""The peaks of a map: where the target is, and what else looks like it.

Local maxima, strongest first, at least as far apart as a main lobe reaches; each is
refined between the cells by one parabola per axis. Their height is told as a share of the
main peak above the lowest value: a distractor near 1 is one that might be taken next.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from core.dsp.peaks import refined
from core.trackers.base import ResponseMap

_LOBE = 0.12  # of the map's larger side, as for the peak-to-sidelobe ratio
_CANDIDATES = 400  # of a map that is flat nearly every cell is one


@dataclass(frozen=True, slots=True)
class Peak:
    """A local maximum.

    `x`, `y` in frame pixels, between the cells; `row`, `col` the cell; `value` the cell's
    value; `share` in [0, 1] its height over the main peak's, both above the lowest value.
    """

    x: float
    y: float
    row: int
    col: int
    value: float
    share: float


def find_peaks(
    response: ResponseMap, *, at_least: float = 0.35, limit: int = 6
) -> tuple[Peak, ...]:
    """Peaks of `response` of at least that share, strongest first; none where it is flat."""
    values = np.asarray(response.values, np.float32)
    known = np.isfinite(values)
    if not known.any():
        return ()
    low, top = float(values[known].min()), float(values[known].max())
    if response.value_range is not None and response.value_range[0] == -response.value_range[1]:
        low = max(low, 0.0)  # of a difference, where nothing changed is no peak
    if top <= low:
        return ()
    solid = np.where(known, values, np.float32(low)).clip(low)
    apart = max(2, round(_LOBE * max(solid.shape)))
    found: list[Peak] = []
    for row, col in _candidates(solid, low + at_least * (top - low)):
        near = (max(abs(row - p.row), abs(col - p.col)) <= apart for p in found)
        if not any(near):
            found.append(_peak(response, solid, row, col, low))
        if len(found) == limit:
            break
    return tuple(found)


def _candidates(values: np.ndarray, least: float) -> list[tuple[int, int]]:
    highest = cv2.dilate(values, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_REPLICATE)
    lowest = cv2.erode(values, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_REPLICATE)
    rows, cols = np.nonzero((values >= highest) & (values >= least) & (values > lowest))
    order = np.argsort(-values[rows, cols], kind="stable")[:_CANDIDATES]
    return [(int(rows[k]), int(cols[k])) for k in order]


def _peak(response: ResponseMap, values: np.ndarray, row: int, col: int, low: float) -> Peak:
    x, y = response.placement.cell_center(*refined(values, row, col))
    share = (float(values[row, col]) - low) / (float(values.max()) - low)
    return Peak(x, y, row, col, float(values[row, col]), share)
