"""How far a response map can be trusted, and where its peak lies between the cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating]

_EXCLUDED = 0.12  # half side of the area around the peak left out of the sidelobe, of the map


@dataclass(frozen=True, slots=True)
class Quality:
    """Measures of one response map.

    `peak` is its largest value; `psr` the peak over the spread of the sidelobe (Bolme
    et al., CVPR 2010); `apce` the average peak-to-correlation energy (Wang et al., CVPR
    2017); `peak_ratio` in [0, 1] the highest value of the sidelobe over the peak, both
    above the map's minimum: near 1 there is a look-alike.
    """

    peak: float
    psr: float
    apce: float
    peak_ratio: float

    def scalars(self) -> dict[str, float]:
        """For a result's `scalars`."""
        return {"peak": self.peak, "psr": self.psr, "apce": self.apce,
                "peak_ratio": self.peak_ratio}  # fmt: skip


def measure(
    response: FloatArray, *, reach: int | None = None, peak: float | None = None
) -> Quality:
    """Quality of a response ``(rows, cols)``, not wrapped around.

    Parameters
    ----------
    reach
        Cells to each side of the peak that are no sidelobe; 12 % of the map's larger
        side, at least 2, when not given.
    peak
        Height of the peak where it is known between the cells; the largest cell's
        value when not given.
    """
    low = float(response.min())
    row, col = (int(k) for k in np.unravel_index(int(np.argmax(response)), response.shape))
    top = float(response[row, col]) if peak is None else peak
    height = max(top - low, 1e-12)
    apce = float(height**2 / max(float(np.square(response - low).mean()), 1e-12))
    near = max(2, round(_EXCLUDED * max(response.shape))) if reach is None else reach
    side = np.ones(response.shape, bool)
    side[max(0, row - near) : row + near + 1, max(0, col - near) : col + near + 1] = False
    lobe = response[side]
    if lobe.size == 0:
        return Quality(top, 0.0, apce, 1.0)
    psr = float((top - lobe.mean()) / max(float(lobe.std()), 1e-12))
    ratio = float((lobe.max() - low) / height)
    return Quality(top, psr, apce, float(np.clip(ratio, 0.0, 1.0)))


def vertex(before: float, here: float, after: float) -> float:
    """Offset in [-½, ½] of the top of the parabola through a maximum and its neighbours.

    0 where the three values do not bend downwards.
    """
    bend = before - 2 * here + after
    return float(np.clip(0.5 * (before - after) / bend, -0.5, 0.5)) if bend < 0 else 0.0


def refined(response: FloatArray, row: int, col: int) -> tuple[float, float]:
    """The peak at cell (`row`, `col`) as fractional ``(row, col)``.

    One parabola per axis; on the rim of the map that axis stays on the cell.
    """
    rows, cols = response.shape
    dy = vertex(*response[row - 1 : row + 2, col]) if 0 < row < rows - 1 else 0.0
    dx = vertex(*response[row, col - 1 : col + 2]) if 0 < col < cols - 1 else 0.0
    return row + dy, col + dx
