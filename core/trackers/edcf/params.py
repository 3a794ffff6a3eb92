"""Everything of EDCF that can be set, with the paper's symbols."""

from __future__ import annotations

from dataclasses import dataclass

from core.params import param


@dataclass(frozen=True, slots=True)
class EDCFParams:
    """Parameters of the encoder-decoder correlation filter."""

    # Features
    features: str = param(
        "imagenet",
        "Where maps come from: an ImageNet backbone, or EDCF's own encoder (needs weights).",
        choices=("imagenet", "own"),
        group="Features",
        ref="Sec. 4.1",
        label="Features from",
    )
    low_level: str = param(
        "block0",
        "Fine level of the ImageNet backbone: stride 2, 2 and 4.",
        choices=("stem", "block0", "block2"),
        group="Features",
        label="Fine level",
    )
    low_channels: int = param(
        8,
        "Channels the fine level is thinned to, by its principal directions in the first frame.",
        bounds=(1, 32),
        group="Features",
        ref="Sec. 4.1, Conv2",
        label="Fine channels",
    )
    low_whitening: float = param(
        1.0,
        "How far the fine channels are brought to one strength: 0 as they are, 1 all alike.",
        bounds=(0.0, 1.0),
        group="Features",
        label="Fine whitening",
    )
    high_level: str = param(
        "block7",
        "Coarse level of the ImageNet backbone: stride 8, 16 and 16.",
        choices=("block4", "block7", "block10"),
        group="Features",
        label="Coarse level",
    )
    template_size: float = param(
        1.0,
        "Side of the coarse template over the target's (ImageNet backbone).",
        bounds=(0.3, 1.5),
        unit="×",
        group="Features",
        label="Coarse template",
    )
    half: bool = param(
        False,
        "Compute the ImageNet backbone in half precision (CUDA only).",
        group="Features",
        label="Half precision",
    )
    # Search
    branches: str = param(
        "both",
        "Which responses decide: both, the fine filter, or the coarse template.",
        choices=("both", "low", "high"),
        live=True,
        group="Search",
        ref="Eq. 16",
    )
    fusion: str = param(
        "sigmoid",
        "How the coarse response enters the sum: as a probability, as it is, or spread to 0…1.",
        choices=("sigmoid", "raw", "minmax"),
        live=True,
        group="Search",
        ref="Eq. 16",
        label="Coarse enters as",
    )
    high_scales: str = param(
        "same",
        "At which scales the coarse template is compared; “same” lets the fine filter alone "
        "choose the scale, at half the cost.",
        choices=("all", "same"),
        live=True,
        group="Search",
        label="Coarse at scales",
    )
    semantic_gain: float = param(
        8.0,
        "Slope of the coarse response over the cosine (ImageNet backbone).",
        bounds=(0.1, 50.0),
        live=True,
        group="Search",
        label="Coarse slope",
    )
    semantic_middle: float = param(
        0.4,
        "Cosine at which the coarse response is one half (ImageNet backbone).",
        bounds=(-1.0, 1.0),
        live=True,
        group="Search",
        label="Coarse middle",
    )
    window_share: float = param(
        0.0,
        "Share of a Hann window about the last place in the fused response.",
        bounds=(0.0, 1.0),
        live=True,
        group="Search",
    )
    scales: int = param(
        3,
        "Scales searched (odd).",
        bounds=(1, 7),
        group="Search",
        ref="Sec. 4.1",
        label="Scales searched",
    )
    scale_step: float = param(
        1.02,
        "Ratio of neighbouring scales.",
        bounds=(1.001, 1.2),
        unit="×",
        live=True,
        group="Search",
        ref="Sec. 4.1, S",
        label="Ratio of scales",
    )
    scale_penalty: float = param(
        0.9925,
        "Factor on a scale's response per step away from the present scale.",
        bounds=(0.9, 1.0),
        live=True,
        group="Search",
        ref="DCFNet",
        label="Cost of a scale step",
    )
    scale_refine: bool = param(
        False,
        "Take the size from a parabola through the best scale and its neighbours.",
        live=True,
        group="Search",
        label="Refine the scale",
    )
    scale_deadzone: float = param(
        0.2,
        "Refined changes of scale below this are taken as none.",
        bounds=(0.0, 0.5),
        unit="steps",
        live=True,
        group="Search",
        label="Smallest scale change",
    )
    # Filter
    lam1: float = param(
        1e-4,
        "Weight of the filter's norm.",
        bounds=(0.0, 1e4),
        live=True,
        group="Filter",
        ref="Eq. 6, λ1",
        label="Norm weight λ1",
    )
    lam2: float = param(
        0.1,
        "Weight of the context patches; 0 leaves them out.",
        bounds=(0.0, 100.0),
        live=True,
        group="Filter",
        ref="Eq. 6, λ2",
        label="Context weight λ2",
    )
    denominator: str = param(
        "sum",
        "How the channels share Eq. 7: one energy, each its own, or the exact system.",
        choices=("sum", "independent", "exact"),
        live=True,
        group="Filter",
        ref="Eq. 7",
        label="Channels share by",
    )
    label_sigma: float = param(
        0.1,
        "Width of the desired response over the target's side.",
        bounds=(0.01, 0.5),
        unit="×",
        group="Filter",
        ref="Eq. 5, y",
        label="Label width",
    )
    window_power: float = param(
        1.5,
        "Power of the Hann window on fine features: larger looks more at the target alone.",
        bounds=(0.25, 6.0),
        group="Filter",
        label="Hann window power",
    )
    # Learning
    learning_rate: float = param(
        0.017,
        "Share of the newest filter in the model.",
        bounds=(0.0, 1.0),
        live=True,
        group="Learning",
        ref="Eq. 18, α",
        step=0.001,
    )
    dynamic_rate: bool = param(
        True,
        "Scale the rate by how well the coarse template matches, against the first frame.",
        live=True,
        group="Learning",
        ref="Eq. 18",
    )
    rate_limit: float = param(
        1.5,
        "Most the match may raise the rate.",
        bounds=(1.0, 10.0),
        unit="×",
        live=True,
        group="Learning",
        label="Rate raised up to",
    )
    update_every: int = param(
        1,
        "Learn in every n-th frame, with n times the rate.",
        bounds=(1, 20),
        unit="frames",
        live=True,
        group="Learning",
        label="Learn every",
    )
    correction_rate: float = param(
        0.7,
        "Share of the new filter when a corrected box is added to the template.",
        bounds=(0.0, 1.0),
        live=True,
        group="Learning",
        label="Share of a correction",
    )
    # Reliability
    trust: float = param(
        0.1,
        "A fused peak below this share of the usual one is not learned from.",
        bounds=(0.0, 1.0),
        live=True,
        group="Reliability",
        label="Learn from peak above",
    )
    agreement: float = param(
        0.3,
        "Where a branch has less than this share of its own peak, the branches disagree.",
        bounds=(0.0, 1.0),
        live=True,
        group="Reliability",
        label="Branches agree above",
    )
    psr_uncertain: float = param(
        5.0,
        "Peak-to-sidelobe ratio below which the tracker says it is uncertain.",
        bounds=(0.0, 50.0),
        live=True,
        group="Reliability",
        label="Uncertain below PSR",
    )
    lost_after: int = param(
        5,
        "Frames in a row with too low a peak after which the target counts as lost.",
        bounds=(1, 1000),
        unit="frames",
        live=True,
        group="Reliability",
    )
