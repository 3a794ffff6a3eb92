"""What CCR with a deep descriptor has to set beyond the hand-crafted one."""

from __future__ import annotations

from dataclasses import dataclass

from core.params import param
from core.trackers.ccr.params import CCRParams


@dataclass(frozen=True, slots=True)
class CCRDeepParams(CCRParams):
    """Parameters of Cascaded Correlation Refinement on HOG, colour names and a network."""

    # Network
    backbone: str = param(
        "efficientnet-lite0",
        "Network whose features are used; resnet50 (the paper's) needs a weights file.",
        choices=("efficientnet-lite0", "resnet50"),
        group="Network",
        ref="Sec. III-D",
    )
    deep_target: int = param(
        64,
        "Side of a square target in the network's input.",
        bounds=(24, 160),
        unit="px",
        group="Network",
        label="Deep target side",
    )
    deep_cell: int = param(
        8,
        "Side of a cell of the deep filter in the network's input.",
        bounds=(4, 32),
        unit="px",
        group="Network",
    )
    deep_power: float = param(
        1.0,
        "Variance of all channels together; more of it outweighs the penalties.",
        bounds=(0.01, 10000.0),
        group="Network",
        label="Deep variance",
    )
    deep_scales: bool = param(
        False,
        "Sample the network's map at every scale (as the paper), not at the present one only.",
        group="Network",
        ref="Sec. III-B",
        label="Deep map per scale",
    )
    half: bool = param(
        False,
        "Run the network in half precision; on CUDA only.",
        group="Network",
        label="Half precision",
    )
    deep_support: float = param(
        1.1,
        "Side of the network's window over the base window.",
        bounds=(0.5, 2.0),
        unit="×",
        group="Sampling",
        ref="Sec. III-D, spatial supports",
        label="Deep window",
    )
    # Fusion
    fusion: str = param(
        "adaptive",
        "Weigh shallow and deep responses anew in every stage, or at fixed shares.",
        choices=("adaptive", "fixed"),
        live=True,
        group="Fusion",
        ref="Bhat et al., ECCV 2018 (UPDT), Eq. 9",
        label="Fusion weights",
    )
    deep_weight: float = param(
        0.5,
        "Share of the deep response when the fusion is fixed.",
        bounds=(0.0, 1.0),
        live=True,
        group="Fusion",
        label="Deep share if fixed",
    )
    fusion_balance: float = param(
        2.0,
        "Cost of unequal weights: the larger, the nearer to a half each.",
        bounds=(0.0, 10.0),
        live=True,
        group="Fusion",
        ref="UPDT, μ",
    )
    fusion_width: float = param(
        0.35,
        "Distance over the root of the target's area within which a second peak is no rival.",
        bounds=(0.05, 2.0),
        unit="×",
        live=True,
        group="Fusion",
        ref="UPDT, κ",
        label="Rival peak beyond",
    )
    # Learning
    deep_label_sigma: float = param(
        0.125,
        "Width of the desired deep response over the root of the target's area.",
        bounds=(0.01, 1.0),
        unit="×",
        group="Learning",
        label="Deep label width",
    )
    deep_learning_rate: float = param(
        0.05,
        "Share of the newly learned deep filter in the model.",
        bounds=(0.0, 1.0),
        live=True,
        group="Learning",
        ref="Eq. 10, α",
        step=0.01,
    )
    deep_temporal: float = param(
        0.2,
        "Weight that holds the new deep filter near the model.",
        bounds=(0.0, 1000.0),
        group="Learning",
        ref="Eq. 5, λ2",
        live=True,
        label="Deep temporal weight",
    )
    deep_kept_share: float = param(
        2.9,
        "Deep filter cells kept by the selection over the cells of the target.",
        bounds=(0.05, 20.0),
        unit="×",
        group="Learning",
        live=True,
        label="Deep cells kept",
    )
