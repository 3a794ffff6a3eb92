"""Learning the filter: ADMM on Eq. 5 with a group-sparse copy (Eq. 7, corrected).

Symbols: ``x̂ (K, n, m)`` half-plane spectrum of the sample, ``ŷ`` of the label, ``ĥ``
filter, ``h'`` its sparse copy, ``η`` multiplier, ``T = n²``. Responses are
``Σ_k conj(ĥ_k) x̂_k``. Per frequency, with x ∈ ℂᴷ, the exact minimiser of

    |xᴴ… − y|² + λ2 |h − h_m|² + μ |h − h' + η/μ|²

solves ``(x xᴴ + ρ I) ĥ = b`` and is had in closed form (Sherman–Morrison). The
printed Eq. 7 leaves λ2 out of the denominator and decouples the channels.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from core.trackers.ccr.kinds import Learning


@dataclass(frozen=True, slots=True)
class Problem:
    """What is constant for one feature type.

    `label_hat` ``(n, n // 2 + 1)``; `mask` ``(n, n)`` with 1 on the first frame's
    target; `target` the target's area in cells.
    """

    label_hat: Tensor
    mask: Tensor
    target: float

    def kept(self, share: float) -> int:
        """Number of cells that the selection leaves, `share` times the target's."""
        return min(max(round(share * self.target), 1), self.mask.numel())


def solve(x_hat: Tensor, right: Tensor, rho: float) -> Tensor:
    """``(x xᴴ + ρ I)⁻¹ b`` for every frequency; x and b ``(K, n, m)`` complex."""
    energy = (x_hat.real.square() + x_hat.imag.square()).sum(0)
    projection = (x_hat.conj() * right).sum(0) / (energy + rho)
    return (right - x_hat * projection) / rho


def shrink(values: Tensor, threshold: float, kept: int) -> Tensor:
    """Group soft threshold of ``(K, n, n)`` over channels, then the `kept` largest cells."""
    norms = torch.linalg.vector_norm(values, dim=0)
    factor = (1 - threshold / norms.clamp(min=1e-30)).clamp(min=0)
    cells = norms.numel()
    if kept < cells:
        # Ranking by norm is ranking by factor, and stays defined where factors tie at 1.
        least = torch.topk(norms.reshape(-1), kept, sorted=True).values[-1]
        factor = torch.where(norms >= least, factor, torch.zeros_like(factor))
    return values * factor


def learn(
    x_hat: Tensor,
    model_hat: Tensor | None,
    problem: Problem,
    params: Learning,
    residuals: list[float] | None = None,
) -> Tensor:
    """The filter ``ĥ`` for one sample.

    Parameters
    ----------
    x_hat
        ``(K, n, m)`` spectrum of the windowed sample.
    model_hat
        The model ``ĥ_m`` to stay near, or None in the first frame, where the target
        mask takes the place of the sparse selection.
    residuals
        Where to note, per iteration, how far filter and sparse copy are apart, relative to
        the filter: the primal residual of ADMM. Only for showing; costs a wait for the device.
    """
    size = problem.mask.shape[0]
    scale = float(size * size) if params.reg_scaling == "ladcf" else 1.0
    half = 1.0 if params.reg_scaling == "ladcf" else 0.5  # Eq. 6 has μ/2 in front
    temporal = 0.0 if model_hat is None else params.temporal
    data = x_hat * problem.label_hat.conj()
    if model_hat is not None:
        data = data + model_hat * (scale * temporal)
    sparse_hat, eta_hat = None, None
    penalty = params.penalty
    filter_hat = data
    for step in range(params.iterations):
        right = data
        if sparse_hat is not None and eta_hat is not None:
            right = data + (sparse_hat * penalty - eta_hat) * (scale * half)
        filter_hat = solve(x_hat, right, scale * (half * penalty + temporal))
        if step + 1 == params.iterations:
            break
        eta = None if eta_hat is None else torch.fft.irfft2(eta_hat, s=(size, size))
        spatial = torch.fft.irfft2(filter_hat, s=(size, size))
        if model_hat is None:
            weight = params.mask_inside * problem.mask + params.mask_outside * (1 - problem.mask)
            pulled = spatial * penalty if eta is None else spatial * penalty + eta
            sparse = pulled / (weight.square() + penalty)
        else:
            pulled = spatial if eta is None else spatial + eta / penalty
            threshold = params.sparsity / (penalty * spatial.numel())
            sparse = shrink(pulled, threshold, problem.kept(params.kept_share))
        if residuals is not None:
            apart, whole = torch.linalg.vector_norm(spatial - sparse), spatial.norm()
            residuals.append(float(apart / whole.clamp(min=1e-30)))
        sparse_hat = torch.fft.rfft2(sparse)
        change = (filter_hat - sparse_hat) * penalty
        eta_hat = change if eta_hat is None else eta_hat + change
        penalty = params.penalty_after
    return filter_hat


def support(filter_hat: Tensor) -> Tensor:
    """Where the filter looks: ``(n, n)`` norm over channels of the spatial filter."""
    size = filter_hat.shape[1]
    return torch.linalg.vector_norm(torch.fft.irfft2(filter_hat, s=(size, size)), dim=0)
