"""The colour-name descriptor: how strongly a pixel belongs to each basic colour term.

Eleven terms (Berlin & Kay, *Basic Color Terms*, 1969) are each described by a few example
colours, mostly centroids of the ISCC–NBS names (Kelly & Judd, NBS Spec. Publ. 440, 1976), plus
the extremes of a screen that no pigment reaches. A colour's membership is the sum over a term's
examples of ``exp(-distance / τ)`` in CIELab with compressed chroma, normalised over the terms.
That kernel is the idea: the logarithm of a membership moves by at most ``2 / τ`` per unit of
distance, so light and noise shift the descriptor gently everywhere, while the compression keeps
the weak colours apart of which real frames mostly consist. The parametric sets of Benavente,
Vanrell & Baldrich (JOSA A 25(10), 2008) were measured as the alternative: they jump at lightness
levels, name a screen's pure red and blue wrongly, and separate targets less well under noise.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

COLOUR_NAMES: tuple[str, ...] = (
    "black",
    "blue",
    "brown",
    "grey",
    "green",
    "orange",
    "pink",
    "purple",
    "red",
    "white",
    "yellow",
)
"""The terms in the order of the descriptor's channels."""

BINS_PER_CHANNEL = 32
"""Bins of the lookup table along each of red, green and blue."""

_EXAMPLES: dict[str, str] = {
    "black": "000000 222222",
    "blue": "0000ff 000090 0067a5 00304e 436b95 00a0ff a1caf1",
    "brown": "80461b 6f4e37 422518 a67b5b",
    "grey": "555555 848484 b9b9b9",
    "green": "00ff00 008856 1b4d3e 679267 83d37d 8db600",
    "orange": "f38400 ffa500 fd943f be6516",
    "pink": "ffb5ba ea9399 de6fa1 ff69b4",
    "purple": "800080 9a4eae 602f6b 9065ca b695c0",
    "red": "ff0000 be0032 bc3f4a 841b2d",
    "white": "ffffff f2f2f2",
    "yellow": "ffff00 f3c300 fada5e f3e5ab ab9144",
}

# Constants chosen on videos that are not part of any benchmark; the optimum is a plateau.
_LENGTH = 6.0  # τ: distance over which a membership falls by e
_ROUNDING = 4.0  # below it the kernel is flat, so an example is a region and not a spike
_CHROMA_COMPRESSION = 0.03  # chroma C counts as log(1 + kC) / k, as in the DIN99 formula
_LIGHTNESS_WEIGHT = 0.65  # light changes more than hue does while a target moves

_SRGB_TO_XYZ = np.array(  # IEC 61966-2-1, white point D65
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
)


@cache
def colour_name_table() -> NDArray[np.float32]:
    """Memberships of all sRGB colours, quantised to 32 levels a channel.

    Returns
    -------
    NDArray[np.float32]
        Shape (32, 32, 32, 11), indexed ``[r // 8, g // 8, b // 8]`` and evaluated at the bin
        centres ``8 i + 3.5``; the last axis follows `COLOUR_NAMES`, is positive and sums to 1.
        The array is shared between callers and read-only.
    """
    indices = np.indices((BINS_PER_CHANNEL,) * 3)
    centres = (8 * np.moveaxis(indices, 0, -1) + 3.5).astype(np.float64)
    table = memberships(centres).astype(np.float32)
    table.flags.writeable = False
    return table


def colour_names(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Colour-name memberships of every pixel, looked up in `colour_name_table`.

    Parameters
    ----------
    image : NDArray[np.uint8]
        RGB, shape (H, W, 3).

    Returns
    -------
    NDArray[np.float32]
        Shape (H, W, 11), values in (0, 1), summing to 1 over the last axis.

    Raises
    ------
    ValueError
        If the image is not uint8 with three channels.
    """
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(f"expected a uint8 RGB image (H, W, 3), got {image.dtype} {image.shape}")
    bins = image >> 3
    return colour_name_table()[bins[..., 0], bins[..., 1], bins[..., 2]]


def memberships(rgb: FloatArray) -> FloatArray:
    """Memberships of exact colours, without quantisation.

    Parameters
    ----------
    rgb : FloatArray
        sRGB in 0..255, shape (..., 3).

    Returns
    -------
    FloatArray
        Shape (..., 11), positive, summing to 1 over the last axis.
    """
    # float32 halves the time of the 1.5 million kernel values; the weights are far from its limits.
    colours = _embed(rgb).reshape(-1, 3).astype(np.float32)
    weight = np.empty((len(COLOUR_NAMES), len(colours)), np.float32)
    nearest = np.full(len(colours), np.inf, np.float32)
    distances = [_distances(colours, examples) for examples in _embedded_examples()]
    for distance in distances:
        np.minimum(nearest, distance.min(axis=0), out=nearest)
    for term, distance in enumerate(distances):
        # Relative to the nearest example, so that no colour is so remote that all weights vanish.
        weight[term] = np.exp((nearest - distance) / np.float32(_LENGTH)).sum(axis=0)
    share = weight.T.astype(np.float64)
    share /= share.sum(axis=1, keepdims=True)
    return share.reshape(*rgb.shape[:-1], len(COLOUR_NAMES))


def _distances(colours: NDArray[np.float32], examples: FloatArray) -> NDArray[np.float32]:
    """Rounded distance of every colour (N, 3) to every example (K, 3): shape (K, N)."""
    squared = np.full((len(examples), len(colours)), _ROUNDING**2, np.float32)
    for axis in range(3):
        squared += (colours[:, axis] - examples[:, axis, None].astype(np.float32)) ** 2
    return np.sqrt(squared)


def _embedded_examples() -> list[FloatArray]:
    """The examples of each term in the space of `_embed`, each of shape (K, 3)."""
    return [
        _embed(np.array([tuple(bytes.fromhex(c)) for c in _EXAMPLES[name].split()], np.float64))
        for name in COLOUR_NAMES
    ]


def _embed(rgb: FloatArray) -> FloatArray:
    """Colours in sRGB 0..255 as weighted lightness and compressed-chroma a*, b*; shape (..., 3)."""
    lab = srgb_to_lab(rgb)
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    scaled = np.maximum(_CHROMA_COMPRESSION * chroma, 1e-9)  # the ratio tends to 1 on the axis
    ratio = np.log1p(scaled) / scaled
    return np.stack(
        [_LIGHTNESS_WEIGHT * lab[..., 0], lab[..., 1] * ratio, lab[..., 2] * ratio], axis=-1
    )


def srgb_to_lab(rgb: FloatArray) -> FloatArray:
    """CIELab (CIE 1976) of sRGB colours relative to the sRGB white, D65.

    Parameters
    ----------
    rgb : FloatArray
        sRGB in 0..255, shape (..., 3).

    Returns
    -------
    FloatArray
        L* in 0..100, a*, b* about -110..110; shape (..., 3).
    """
    encoded = np.asarray(rgb, np.float64) / 255.0
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    xyz = linear @ (_SRGB_TO_XYZ / _SRGB_TO_XYZ.sum(axis=1, keepdims=True)).T
    epsilon, kappa = 216 / 24389, 24389 / 27
    f = np.where(xyz > epsilon, np.cbrt(xyz), (kappa * xyz + 16) / 116)
    return np.stack(
        [
            116 * f[..., 1] - 16,
            500 * (f[..., 0] - f[..., 1]),
            200 * (f[..., 1] - f[..., 2]),
        ],
        axis=-1,
    )
