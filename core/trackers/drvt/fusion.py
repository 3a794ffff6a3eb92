"""From the two streams to one place and one size (Sec. 3.4).

The classifier's best cell opens a mask in the filter's response; the filter's peak
inside it is the target. Where the filter's response does not stand out, the cell alone
is believed and the size stays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.dsp import peaks
from core.dsp.peaks import Quality
from core.trackers.drvt.layout import Grid
from core.trackers.drvt.params import DRVTParams

FloatMap = NDArray[np.float32]

FACTORS = (0.95, 1.0, 1.05)
"""ρ of Eq. 9: sizes searched, over the present one."""
MIDDLE = 1


@dataclass(frozen=True, slots=True)
class Fused:
    """One frame's decision.

    Attributes
    ----------
    cell
        Best cell (row, col) of the convolutional stream.
    quality
        Of the filter's response at the present size.
    psr_paper
        Eq. 8, over the whole map.
    reliable
        Whether the filter's response was used.
    scale_index
        Which of :data:`FACTORS` won; the middle one when not reliable.
    exponent
        The same between the scales, in steps of ln 1.05, when refined.
    place
        Crop position (x, y) of the target in the crop of the winning scale.
    agreement
        Highest response inside the mask over the highest anywhere, in [0, 1].
    mask
        ``(m, m)`` bool.
    """

    cell: tuple[int, int]
    quality: Quality
    psr_paper: float
    reliable: bool
    scale_index: int
    exponent: float
    place: tuple[float, float]
    agreement: float
    mask: NDArray[np.bool_]


def displacement_grid(grid: Grid, side: int) -> Grid:
    """Where the filter's response lies in the crop: cell ``n // 2`` on the crop's middle."""
    return Grid(grid.cells, grid.stride, side / 2 - grid.stride * (grid.cells // 2))


def mask(cell: tuple[int, int], coarse: Grid, fine: Grid, radius: float) -> NDArray[np.bool_]:
    """Eq. 5: cells of `fine` whose centres lie in the area of a cell of `coarse`.

    Parameters
    ----------
    cell
        (row, col) on `coarse`.
    radius
        Cells of `coarse` added on every side.

    Returns
    -------
    NDArray
        ``(fine.cells, fine.cells)`` bool; the area is half open, so that neighbouring
        cells' masks never share a cell.
    """
    reach = coarse.stride * (radius + 0.5)
    row, col = (_within(fine.centers - coarse.center(index), reach) for index in cell)
    return np.outer(row, col)


def psr_of_paper(response: FloatMap) -> float:
    """Eq. 8: the peak in standard deviations of the whole map above its mean."""
    return float((response.max() - response.mean()) / max(float(response.std()), 1e-12))


def fuse(
    probability: FloatMap,
    prior: FloatMap,
    responses: FloatMap,
    coarse: Grid,
    fine: Grid,
    params: DRVTParams,
) -> Fused:
    """Eq. 5 to 10 for one frame.

    Parameters
    ----------
    probability
        ``(n, n)`` of the convolutional stream.
    prior
        ``(n, n)`` factors on it for the choice of the cell.
    responses
        ``(3, m, m)`` of the filter at :data:`FACTORS`, finite.
    coarse, fine
        Grids of both in the crop.
    """
    ranked = probability * prior
    row, col = (int(k) for k in np.unravel_index(int(np.argmax(ranked)), ranked.shape))
    middle = responses[MIDDLE]
    quality, psr_paper = peaks.measure(middle), psr_of_paper(middle)
    reliable = quality.psr >= params.psr_threshold and psr_paper >= params.psr_threshold_paper
    opened = mask((row, col), coarse, fine, params.mask_radius)
    inside = np.where(opened, responses, -np.inf).reshape(len(responses), -1)
    tops = inside.max(1)
    low = float(middle.min())
    agreement = (float(tops[MIDDLE]) - low) / max(float(middle.max()) - low, 1e-12)
    agreement = float(np.clip(agreement, 0.0, 1.0))
    if not (reliable and opened.any() and agreement >= params.agreement_threshold):
        y, x = peaks.refined(ranked, row, col)
        place = coarse.center(x), coarse.center(y)
        return Fused((row, col), quality, psr_paper, False, MIDDLE, 0.0, place, agreement, opened)
    tops = tops * np.where(np.arange(len(tops)) == MIDDLE, 1.0, params.scale_penalty)
    best = int(np.argmax(tops))
    exponent = float(best - MIDDLE)
    if params.scale_refine and best == MIDDLE:
        exponent = peaks.vertex(*(float(top) for top in tops))
    peak = np.unravel_index(int(np.argmax(inside[best])), opened.shape)
    y, x = peaks.refined(responses[best], int(peak[0]), int(peak[1]))
    place = fine.center(x), fine.center(y)
    return Fused((row, col), quality, psr_paper, True, best, exponent, place, agreement, opened)


def _within(offsets: NDArray[np.float64], reach: float) -> NDArray[np.bool_]:
    return (offsets >= -reach) & (offsets < reach)
