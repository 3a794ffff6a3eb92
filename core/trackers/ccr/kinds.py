"""The feature types of CCR: which there are, how each samples and learns.

The paper's three descriptors have windows, labels and learning constants of their own
(Sec. III-D: supports 1.3, 1.2, 1.1 from shallow to deep). Everything else in this
package loops over :func:`kinds` and does not know how many there are. Invariant: a
kind's name is the key of its filter, its maps and its norm.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.trackers.ccr.deep_params import CCRDeepParams
from core.trackers.ccr.params import CCRParams

HOG = "hog"
COLOUR = "cn"
DEEP = "cnn"


@dataclass(frozen=True, slots=True)
class Kind:
    """One feature type.

    `support` is the side of its window over the base window; `cell` the side of a
    cell, in resampled pixels, for a deep type in the network's own pixels; `sigma` the
    width of the desired response over the root of the target's area.
    """

    name: str
    support: float
    cell: int
    sigma: float


@dataclass(frozen=True, slots=True)
class Learning:
    """Constants of one type's filter, see :class:`CCRParams` for their meaning."""

    rate: float
    temporal: float
    kept_share: float
    sparsity: float
    penalty: float
    penalty_after: float
    iterations: int
    reg_scaling: str
    mask_inside: float
    mask_outside: float


def kinds(params: CCRParams) -> tuple[Kind, ...]:
    """The types that `params` ask for, shallow ones first."""
    shallow = (
        Kind(HOG, params.hog_support, params.hog_cell, params.label_sigma),
        Kind(COLOUR, params.colour_support, params.colour_cell, params.label_sigma),
    )
    if not isinstance(params, CCRDeepParams):
        return shallow
    deep = Kind(DEEP, params.deep_support, params.deep_cell, params.deep_label_sigma)
    return (*shallow, deep)


def learning(params: CCRParams, name: str) -> Learning:
    """How the filter of the type `name` learns."""
    rate, temporal, kept = params.learning_rate, params.temporal, params.kept_share
    if name == DEEP and isinstance(params, CCRDeepParams):
        rate, temporal = params.deep_learning_rate, params.deep_temporal
        kept = params.deep_kept_share
    return Learning(
        rate,
        temporal,
        kept,
        params.sparsity,
        params.penalty,
        params.penalty_after,
        params.iterations,
        params.reg_scaling,
        params.mask_inside,
        params.mask_outside,
    )


def shares(params: CCRParams) -> dict[str, float]:
    """Shares of the shallow types in the shallow response; they add to 1."""
    return {HOG: params.hog_weight, COLOUR: 1 - params.hog_weight}
