"""One stage of refinement: correlate, align, fuse, find the peak between the cells.

Every feature has its own window, hence its own period. Responses are aligned at
zero displacement (cell (0, 0) of each), resampled to one cell size, cut to the
common window and fused; the peak is refined on the sum of the trigonometric
polynomials themselves, so that aligning costs no accuracy. Whatever the host needs
of a stage comes from the device in one copy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.dsp import peaks
from core.dsp.fourier import TrigonometricSum, resampled
from core.trackers.ccr.features import Grid
from core.trackers.ccr.fusion import Fusion
from core.trackers.ccr.transfer import to_host

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class StageResult:
    """What one stage found.

    `shift` is ``(dy, dx)`` in resampled pixels at the winning scale, `responses` per
    type ``(S, N, N)`` and `fused` ``(S, N, N)`` on the unified grid, zero displacement
    at cell ``N // 2``; `weights` the factors with which responses were fused;
    `scale_index` the winner; `exponent` where between the scales the peak would be
    highest, in steps from the middle one.
    """

    shift: tuple[float, float]
    scale_index: int
    exponent: float
    peak: float
    fused: NDArray[np.float32]
    responses: dict[str, NDArray[np.float32]]
    weights: dict[str, float]

    @property
    def winner(self) -> NDArray[np.float32]:
        """The fused response ``(N, N)`` at the winning scale."""
        return self.fused[self.scale_index]


@dataclass(frozen=True, slots=True)
class Unified:
    """The response grid: `cells` per side, each `step` resampled pixels wide."""

    step: int
    cells: int

    @classmethod
    def of(cls, grids: tuple[Grid, ...]) -> Unified:
        """The finest cell over the window that all features cover."""
        step = round(min(grid.cell for grid in grids))
        return cls(step, min(grid.side for grid in grids) // step // 2 * 2)

    def align(self, response: Tensor, grid: Grid) -> Tensor:
        """Bring a feature's response ``(S, n, n)`` onto this grid, centred."""
        fine = resampled(response, round(grid.side / self.step))
        fine = torch.fft.fftshift(fine, dim=(-2, -1))
        start = fine.shape[-1] // 2 - self.cells // 2
        return fine[..., start : start + self.cells, start : start + self.cells]


def correlate(sample_hat: Tensor, filter_hat: Tensor) -> Tensor:
    """Response spectrum ``(S, n, m)`` of samples ``(S, K, n, m)``."""
    return (sample_hat * filter_hat.conj()).sum(1)


def search(
    spectra: dict[str, Tensor],
    grids: tuple[Grid, ...],
    fusion: Fusion,
    unified: Unified,
    preference: FloatArray,
    slope: float,
) -> StageResult | None:
    """Fuse the responses of one stage and find the best displacement and scale.

    Parameters
    ----------
    spectra
        Per type the response spectrum ``(S, n, m)``.
    fusion
        Chooses the factors of the types' responses, normalisation included.
    preference
        ``(S,)`` factors on the peaks when scales are compared.
    slope
        Relative gain of the peak per step of scale that means nothing, see
        :func:`core.trackers.ccr.model.scale_slope`.

    Returns
    -------
    StageResult or None
        None when a response is not finite.
    """
    responses, plain = _on_host(spectra, grids, unified)
    if not all(np.isfinite(response).all() for response in responses.values()):
        return None
    weights = fusion.weights({name: found[len(found) // 2] for name, found in responses.items()})
    fused = sum(responses[grid.name] * np.float32(weights[grid.name]) for grid in grids)
    assert isinstance(fused, np.ndarray)
    steps = [grid.cell for grid in grids]
    tops: list[tuple[float, float, float]] = []
    for index, surface in enumerate(fused):
        row, col = np.unravel_index(int(np.argmax(surface)), surface.shape)
        y, x = ((int(k) - unified.cells // 2) * float(unified.step) for k in (row, col))
        terms = [plain[grid.name][index] * weights[grid.name] for grid in grids]
        tops.append(TrigonometricSum(terms, steps).climb(y, x, unified.step))
    heights = np.array([peak for peak, _, _ in tops])
    away = np.arange(len(heights)) - len(heights) // 2
    judged = (heights - slope * away * heights[len(heights) // 2]) * preference
    index = best_scale(judged)
    peak, dy, dx = tops[index]
    exponent = index - len(judged) // 2 + vertex(judged, index)
    return StageResult((dy, dx), index, exponent, peak, fused, responses, weights)


def _on_host(
    spectra: dict[str, Tensor], grids: tuple[Grid, ...], unified: Unified
) -> tuple[dict[str, NDArray[np.float32]], dict[str, NDArray[np.complex64]]]:
    """Aligned responses ``(S, N, N)`` and the spectra themselves, in one copy."""
    tensors: list[Tensor] = []
    for grid in grids:
        response = torch.fft.irfft2(spectra[grid.name], s=(grid.cells, grid.cells))
        tensors += [unified.align(response, grid), spectra[grid.name]]
    arrays = to_host(tensors)
    names = [grid.name for grid in grids]
    return (
        dict(zip(names, arrays[::2], strict=True)),
        dict(zip(names, arrays[1::2], strict=True)),
    )


def best_scale(heights: FloatArray) -> int:
    """Index of the highest peak; the middle when it lies in a valley.

    Where both the smallest and the largest scale beat the middle one, size cannot be
    told from this response, and either choice would be chance.
    """
    middle = len(heights) // 2
    if min(heights[0], heights[-1]) > heights[middle]:
        return middle
    return int(np.argmax(heights))


def vertex(values: FloatArray, index: int) -> float:
    """Offset in [-½, ½] of the parabola's top through a maximum and its neighbours."""
    if not 0 < index < len(values) - 1:
        return 0.0
    before, here, after = values[index - 1 : index + 2]
    return peaks.vertex(before, here, after)
