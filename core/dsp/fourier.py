"""Tools on discrete Fourier spectra: sizes, labels, resampling, sub-grid peaks.

Spectra are the half planes of :func:`torch.fft.rfft2` (unnormalised). A response of
``n × n`` cells is read as the trigonometric polynomial through its values, which
gives it a value, a gradient and a Hessian between the cells as well.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

ComplexArray = NDArray[np.complex64]
FloatArray = NDArray[np.float64]


def fast_even_size(size: float) -> int:
    """The even number nearest to `size` (≥ 8) whose only prime factors are 2, 3 and 5."""
    wanted = max(size, 8.0)
    return min(_FAST, key=lambda n: (abs(n - wanted), n))


def _smooth(n: int) -> bool:
    for p in (2, 3, 5):
        while n % p == 0:
            n //= p
    return n == 1


_FAST = [n for n in range(8, 1024, 2) if _smooth(n)]


def gaussian_label(size: int, sigma: float) -> Tensor:
    """Periodic Gaussian ``(size, size)`` float32 with its peak, 1, at cell (0, 0)."""
    distance = np.fft.fftfreq(size) * size
    line = np.exp(-0.5 * (distance / sigma) ** 2)
    return torch.from_numpy(np.outer(line, line).astype(np.float32))


def hann(size: int) -> Tensor:
    """Hann window ``(size, size)`` float32 without its zero rim (as ``hann(n+2)[1:-1]``)."""
    line = np.hanning(size + 2)[1:-1]
    return torch.from_numpy(np.outer(line, line).astype(np.float32))


def frequencies(size: int) -> FloatArray:
    """Signed whole frequencies in FFT order."""
    return np.asarray(np.fft.fftfreq(size, 1.0 / size), np.float64)


def resampled(values: Tensor, size: int) -> Tensor:
    """Band-limited resampling of periodic maps ``(..., n, n)`` to ``(..., size, size)``.

    Cell (0, 0) stays where it is; the spectrum is cut or zero-padded.
    """
    n = values.shape[-1]
    if n == size:
        return values
    spectrum = torch.fft.fftshift(torch.fft.fft2(values), dim=(-2, -1))
    low = min(n, size)
    out = torch.zeros((*values.shape[:-2], size, size), dtype=spectrum.dtype, device=values.device)
    a, b = n // 2 - low // 2, size // 2 - low // 2
    out[..., b : b + low, b : b + low] = spectrum[..., a : a + low, a : a + low]
    restored = torch.fft.ifft2(torch.fft.ifftshift(out, dim=(-2, -1))).real
    return restored * (size / n) ** 2


class TrigonometricSum:
    """A sum of trigonometric polynomials with different periods, in frame of one unit.

    Parameters
    ----------
    spectra
        Per term the half-plane spectrum ``(n, n // 2 + 1)``.
    steps
        Per term the distance between its samples, in the common unit.
    """

    def __init__(self, spectra: list[ComplexArray], steps: list[float]) -> None:
        self._terms = []
        for spectrum, step in zip(spectra, steps, strict=True):
            n = spectrum.shape[0]
            weight = np.full(spectrum.shape[1], 2.0)
            weight[0] = 1.0
            if n % 2 == 0:
                weight[-1] = 1.0
            omega_y = frequencies(n) * (2 * np.pi / (n * step))
            omega_x = np.arange(spectrum.shape[1]) * (2 * np.pi / (n * step))
            self._terms.append((spectrum.astype(np.complex128) * (weight / n**2), omega_y, omega_x))

    def at(self, y: float, x: float) -> float:
        """Value at ``(y, x)``."""
        return self.derivatives(y, x)[0]

    def derivatives(self, y: float, x: float) -> tuple[float, FloatArray, FloatArray]:
        """Value, gradient ``(2,)`` and Hessian ``(2, 2)`` in order (y, x) at ``(y, x)``."""
        total = np.zeros((3, 3))
        for spectrum, omega_y, omega_x in self._terms:
            ey = np.exp(1j * omega_y * y)
            ex = np.exp(1j * omega_x * x)
            left = np.stack([ey, 1j * omega_y * ey, -(omega_y**2) * ey])
            right = np.stack([ex, 1j * omega_x * ex, -(omega_x**2) * ex])
            total += (left @ spectrum @ right.T).real
        gradient = np.array([total[1, 0], total[0, 1]])
        hessian = np.array([[total[2, 0], total[1, 1]], [total[1, 1], total[0, 2]]])
        return float(total[0, 0]), gradient, hessian

    def climb(self, y: float, x: float, reach: float, steps: int = 5) -> tuple[float, float, float]:
        """Newton's method towards the maximum near ``(y, x)``.

        A step is taken only where the surface is concave, it does not lead further
        than `reach` from the start, and the value does not fall.

        Returns
        -------
        tuple
            ``(value, y, x)``, never lower than the value at the start.
        """
        start = np.array([y, x])
        here = start
        value, gradient, hessian = self.derivatives(y, x)
        for _ in range(steps):
            det = hessian[0, 0] * hessian[1, 1] - hessian[0, 1] ** 2
            if hessian[0, 0] >= 0 or det <= 0:
                break
            step = (
                np.array(
                    [
                        hessian[1, 1] * gradient[0] - hessian[0, 1] * gradient[1],
                        hessian[0, 0] * gradient[1] - hessian[0, 1] * gradient[0],
                    ]
                )
                / -det
            )
            there = here + step
            if np.abs(there - start).max() > reach:
                break
            new_value, new_gradient, new_hessian = self.derivatives(*there)
            if not new_value >= value:
                break
            here, value, gradient, hessian = there, new_value, new_gradient, new_hessian
            if np.abs(step).max() < 1e-4 * reach:
                break
        return value, float(here[0]), float(here[1])
