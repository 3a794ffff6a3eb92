"""The context-aware correlation filter as a differentiable layer (Sec. 3.2).

For features ``z0`` of the target and ``zi`` of its surroundings the filter minimises

    ‖Z0 w − y‖² + λ1 ‖w‖² + λ2 Σ_i ‖Zi w‖²                                  (Eq. 6)

with circulant ``Z``: per frequency a small linear system over the channels. Spectra are
half planes of :func:`torch.fft.rfft2`; autograd goes through every function here, which
takes the place of the printed Eq. 10 to 14 (Eq. 14 lacks a factor λ2).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

DENOMINATORS = ("sum", "independent", "exact")


def gaussian_label(cells: int, sigma: float) -> Tensor:
    """Desired response ``(cells, cells)`` float32: periodic Gaussian, 1 at cell (0, 0).

    `sigma` in cells. Works for odd numbers of cells.
    """
    distance = np.fft.fftfreq(cells) * cells
    line = np.exp(-0.5 * (distance / sigma) ** 2)
    return torch.from_numpy(np.outer(line, line).astype(np.float32))


def correlation_filter(
    target: Tensor,
    contexts: Tensor | None,
    label: Tensor,
    lam1: float,
    lam2: float,
    denominator: str = "sum",
) -> Tensor:
    """The filter of Eq. 7 for features in space.

    Parameters
    ----------
    target
        ``(..., K, rows, cols)`` real, the features ``z0``.
    contexts
        ``(..., k, K, rows, cols)``, the features ``zi`` of `k` context patches, or None.
    label
        ``(rows, cols)``, the desired response ``y``, its peak at cell (0, 0).
    lam1, lam2
        Weights of the norm and of the context in Eq. 6.
    denominator
        See :func:`solve`.

    Returns
    -------
    Tensor
        Spectrum ``ŵ`` ``(..., K, rows, cols // 2 + 1)`` complex.
    """
    context_hat = None if contexts is None else torch.fft.rfft2(contexts)
    label_hat = torch.fft.rfft2(label)
    return solve(torch.fft.rfft2(target), context_hat, label_hat, lam1, lam2, denominator)


def solve(
    target_hat: Tensor,
    context_hat: Tensor | None,
    label_hat: Tensor,
    lam1: float,
    lam2: float,
    denominator: str = "sum",
) -> Tensor:
    """Eq. 7 on spectra; shapes as in :func:`correlation_filter`, in the half plane.

    Eq. 7 is printed for one channel, where the three readings are the same:

    - ``sum``: one denominator, the energy of all channels together. Exact without
      context, since the channels' system is then of rank one.
    - ``independent``: every channel fits the label by itself; the mean of their
      responses is the response.
    - ``exact``: the minimiser of Eq. 6, a ``K × K`` system per frequency.

    Raises
    ------
    ValueError
        For another `denominator`.
    """
    if denominator == "exact":
        return _exact(target_hat, context_hat, label_hat, lam1, lam2)
    energy = _power(target_hat)
    if context_hat is not None:
        energy = energy + lam2 * _power(context_hat).sum(-4)
    if denominator == "sum":
        return target_hat.conj() * (label_hat / (energy.sum(-3, keepdim=True) + lam1))
    if denominator == "independent":
        channels = target_hat.shape[-3]
        return target_hat.conj() * (label_hat / ((energy + lam1) * channels))
    raise ValueError(f"no denominator {denominator!r}, only {', '.join(DENOMINATORS)}")


def respond(search: Tensor, filter_hat: Tensor) -> Tensor:
    """Eq. 9: response ``(..., rows, cols)`` of features ``(..., K, rows, cols)``.

    Zero displacement is cell (0, 0); displacements wrap around.
    """
    spectrum = (torch.fft.rfft2(search) * filter_hat).sum(-3)
    return torch.fft.irfft2(spectrum, s=search.shape[-2:])


def centered(response: Tensor) -> Tensor:
    """The response with zero displacement at cell ``(rows // 2, cols // 2)``."""
    return torch.fft.fftshift(response, dim=(-2, -1))


def support(filter_hat: Tensor, cells: int) -> Tensor:
    """Strength ``(cells, cells)`` of a filter ``(K, ...)`` over its window, all channels.

    The filter acts by circular convolution, so its taps are mirrored back here: a cell
    of the result lies over the feature cell that it weighs.
    """
    taps = torch.fft.irfft2(filter_hat.conj(), s=(cells, cells))
    return torch.linalg.vector_norm(taps, dim=0)


def _power(spectrum: Tensor) -> Tensor:
    return spectrum.real.square() + spectrum.imag.square()


def _exact(
    target_hat: Tensor, context_hat: Tensor | None, label_hat: Tensor, lam1: float, lam2: float
) -> Tensor:
    """Per frequency ``(z0* z0ᵀ + λ1 I + λ2 Σ zi* ziᵀ) ŵ = z0* ŷ``."""
    target = target_hat.movedim(-3, -1)  # (..., rows, cols, K)
    system = target.conj().unsqueeze(-1) * target.unsqueeze(-2)
    if context_hat is not None:
        context = context_hat.movedim(-3, -1).movedim(-4, -2)  # (..., rows, cols, k, K)
        system = system + lam2 * (context.conj().transpose(-2, -1) @ context)
    eye = torch.eye(target.shape[-1], dtype=system.dtype, device=system.device)
    right = target.conj() * label_hat.unsqueeze(-1)
    solved = torch.linalg.solve(system + lam1 * eye, right.unsqueeze(-1)).squeeze(-1)
    return solved.movedim(-1, -3)
