"""The correlation filter on shallow features: a linear DCF in closed form (Eq. 3 and 4).

Minimises ``‖Σ_k w_k ⋆ x_k − y‖² + λ·K·n²·‖w‖²`` over all K channels of one sample,
which decouples per frequency: ``ŵ_k = x̂_k* ŷ / (Σ_k |x̂_k|² + λ·K·n²)``. Numerator and
denominator are averaged over frames, each for itself. λ counts per channel and cell,
so that it means the same for every trunk (features have unit variance).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from core.dsp import fourier


@dataclass(frozen=True, slots=True)
class Filter:
    """Half spectra: `numerator` ``(K, n, n // 2 + 1)``, `denominator` ``(n, n // 2 + 1)``."""

    numerator: Tensor
    denominator: Tensor


@dataclass(frozen=True, slots=True)
class Problem:
    """Constants of one target.

    `mean` and `spread` ``(K, 1, 1)`` standardise the channels, as the first frame has
    them; `window` ``(n, n)`` fades the rim; `label` is the spectrum of the desired
    response; `ridge` is λ.
    """

    mean: Tensor
    spread: Tensor
    window: Tensor
    label: Tensor
    ridge: float

    @property
    def cells(self) -> int:
        """Cells along a side."""
        return self.window.shape[0]


def problem(features: Tensor, sigma: float, ridge: float) -> Problem:
    """The constants, from the first frame's ``(K, n, n)`` shallow features.

    Parameters
    ----------
    sigma
        Width of the desired response in cells.
    """
    cells, device = features.shape[-1], features.device
    spread = features.std((1, 2), keepdim=True)
    floor = spread.mean().clamp(min=1e-6) * 1e-2  # a silent channel must stay silent
    return Problem(
        features.mean((1, 2), keepdim=True),
        spread.maximum(floor),
        fourier.hann(cells).to(device),
        torch.fft.rfft2(fourier.gaussian_label(cells, max(sigma, 0.3))).to(device),
        ridge,
    )


def spectra(problem: Problem, features: Tensor) -> Tensor:
    """Spectra ``(..., K, n, n // 2 + 1)`` of features ``(..., K, n, n)``."""
    return torch.fft.rfft2((features - problem.mean) / problem.spread * problem.window)


def learn(problem: Problem, spectrum: Tensor, old: Filter | None, rate: float) -> Filter:
    """The filter after one more sample ``(K, n, n // 2 + 1)``, or the first one."""
    numerator = spectrum.conj() * problem.label
    denominator = (spectrum.real.square() + spectrum.imag.square()).sum(0)
    if old is None:
        return Filter(numerator, denominator)
    return Filter(
        torch.lerp(old.numerator, numerator, rate), torch.lerp(old.denominator, denominator, rate)
    )


def weights(problem: Problem, model: Filter) -> Tensor:
    """The filter itself, ``ŵ`` ``(K, n, n // 2 + 1)``."""
    channels = model.numerator.shape[0]
    return model.numerator / (model.denominator + problem.ridge * channels * problem.cells**2)


def respond(problem: Problem, model: Filter, spectrum: Tensor) -> Tensor:
    """Responses ``(..., n, n)``; "not moved" lies at cell ``n // 2``."""
    channels = model.numerator.shape[0]
    answer = (spectrum * model.numerator).sum(-3)
    answer = answer / (model.denominator + problem.ridge * channels * problem.cells**2)
    n = problem.cells
    return torch.fft.fftshift(torch.fft.irfft2(answer, s=(n, n)), dim=(-2, -1))
