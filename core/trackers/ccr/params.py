"""Everything of CCR that can be set, with the paper's symbols."""

from __future__ import annotations

from dataclasses import dataclass

from core.params import param


@dataclass(frozen=True, slots=True)
class CCRParams:
    """Parameters of Cascaded Correlation Refinement on hand-crafted features."""

    # Cascade
    stages: int = param(
        3,
        "Most refinement stages per frame.",
        bounds=(1, 3),
        live=True,
        group="Cascade",
        ref="Sec. IV, settings",
        label="Stages, at most",
    )
    stage_stop: float = param(
        0.25,
        "A stage that moves less than this and keeps the scale is the last.",
        bounds=(0.0, 2.0),
        unit="cells",
        live=True,
        group="Cascade",
        label="Stop below a move of",
    )
    scales: int = param(
        5,
        "Scales searched per stage (odd).",
        bounds=(1, 15),
        group="Cascade",
        ref="Sec. IV",
        label="Scales searched",
    )
    scale_step: float = param(
        1.01,
        "Ratio of neighbouring scales.",
        bounds=(1.001, 1.2),
        unit="×",
        group="Cascade",
        ref="Sec. IV, p",
        label="Ratio of scales",
    )
    scale_refine: bool = param(
        True,
        "Take the scale from a parabola through the best one and its neighbours.",
        live=True,
        group="Cascade",
        label="Refine the scale",
    )
    scale_level: bool = param(
        False,
        "Subtract the model's own slope over scales before comparing them.",
        group="Cascade",
        label="Level out scales",
    )
    scale_deadzone: float = param(
        0.1,
        "Refined changes of scale below this are taken as none.",
        bounds=(0.0, 0.5),
        unit="steps",
        live=True,
        group="Cascade",
        label="Smallest scale change",
    )
    scale_preference: float = param(
        0.985,
        "Factor on a scale's peak per step away from the present scale.",
        bounds=(0.9, 1.0),
        live=True,
        group="Cascade",
        label="Cost of a scale step",
    )
    # Scale
    scale_filter: bool = param(
        True,
        "Correct the size after the cascade by a filter over scales.",
        group="Scale",
        ref="Danelljan et al., BMVC 2014",
        label="Filter over scales",
    )
    scale_filter_count: int = param(
        17,
        "Scales the filter spans (odd).",
        bounds=(5, 65),
        group="Scale",
        label="Scales of the filter",
    )
    scale_filter_step: float = param(
        1.02,
        "Ratio of neighbouring scales of the filter.",
        bounds=(1.005, 1.1),
        unit="×",
        group="Scale",
        label="Filter scale ratio",
    )
    scale_filter_rate: float = param(
        0.025,
        "Share of the newest frame in the scale filter.",
        bounds=(0.0, 1.0),
        live=True,
        group="Scale",
        ref="η of BMVC 2014",
        label="Filter learning rate",
    )
    scale_filter_limit: float = param(
        0.04,
        "Most the filter may change the size in one frame.",
        bounds=(0.0, 0.3),
        live=True,
        group="Scale",
        label="Most change per frame",
    )
    scale_filter_trust: float = param(
        0.8,
        "A peak below this share of its mean so far leaves the size alone.",
        bounds=(0.0, 1.0),
        live=True,
        group="Scale",
        label="Filter needs a peak of",
    )
    # Sampling
    search_scale: float = param(
        4.0,
        "Side of the base window over the root of the target's area.",
        bounds=(2.0, 10.0),
        unit="×",
        group="Sampling",
        label="Search window",
    )
    hog_support: float = param(
        1.2,
        "Side of the HOG window over the base window.",
        bounds=(0.5, 2.0),
        unit="×",
        group="Sampling",
        ref="Sec. III-D, spatial supports",
        label="HOG window",
    )
    colour_support: float = param(
        1.3,
        "Side of the colour window over the base window.",
        bounds=(0.5, 2.0),
        unit="×",
        group="Sampling",
        ref="Sec. III-D, spatial supports",
        label="Colour window",
    )
    hierarchy_extension: float = param(
        1.35,
        "Side of the region whose features are computed once per frame over the largest window.",
        bounds=(1.05, 3.0),
        unit="×",
        group="Sampling",
        ref="Sec. III-B, γ",
        label="Region computed",
    )
    hog_cell: int = param(4, "Side of a HOG cell.", bounds=(2, 8), unit="px", group="Sampling")
    colour_cell: int = param(
        4, "Side of a colour cell.", bounds=(2, 8), unit="px", group="Sampling"
    )
    min_window: int = param(
        150,
        "Smallest side of the largest window after resampling.",
        bounds=(64, 600),
        unit="px",
        group="Sampling",
        label="Smallest window",
    )
    max_window: int = param(
        200,
        "Largest side of the largest window after resampling.",
        bounds=(64, 600),
        unit="px",
        group="Sampling",
        label="Largest window",
    )
    hog_weight: float = param(
        0.65,
        "Share of the HOG response in the fused one; the rest is colour.",
        bounds=(0.0, 1.0),
        live=True,
        group="Cascade",
        label="Share of HOG",
    )
    root_window: bool = param(
        True,
        "Weigh the search window by the root of the Hann window.",
        group="Sampling",
        label="Root of Hann window",
    )
    # Learning
    label_sigma: float = param(
        0.0625,
        "Width of the desired response over the root of the target's area.",
        bounds=(0.01, 0.5),
        unit="×",
        group="Learning",
        label="Label width",
    )
    sparsity: float = param(
        1.0,
        "Weight of the group-sparse term.",
        bounds=(0.0, 100.0),
        group="Learning",
        ref="Eq. 5, λ1",
        live=True,
        label="Sparsity weight",
    )
    temporal: float = param(
        15.0,
        "Weight that holds the new filter near the model.",
        bounds=(0.0, 1000.0),
        group="Learning",
        ref="Eq. 5, λ2",
        live=True,
        label="Temporal weight",
    )
    kept_share: float = param(
        1.25,
        "Filter cells kept by the selection over the cells of the target.",
        bounds=(0.05, 20.0),
        unit="×",
        group="Learning",
        live=True,
        label="Filter cells kept",
    )
    penalty: float = param(
        1.0,
        "Penalty of the first ADMM iteration.",
        bounds=(1e-3, 100.0),
        group="Learning",
        ref="Eq. 6, μ",
        label="First ADMM penalty",
    )
    penalty_after: float = param(
        0.1,
        "Penalty of the later ADMM iterations (the paper: 1).",
        bounds=(1e-3, 100.0),
        group="Learning",
        ref="Eq. 6, μ",
        label="Later ADMM penalty",
    )
    iterations: int = param(
        2,
        "ADMM iterations per frame.",
        bounds=(1, 10),
        group="Learning",
        ref="Eq. 7",
        live=True,
        label="ADMM iterations",
    )
    reg_scaling: str = param(
        "ladcf",
        "Whether penalties count per cell of the window (as LADCF's code) or once.",
        choices=("ladcf", "paper"),
        group="Learning",
        ref="Eq. 7",
        label="Penalties count as",
    )
    mask_inside: float = param(
        1e-3,
        "First frame: penalty weight inside the target mask.",
        bounds=(0.0, 10.0),
        group="Learning",
        label="Penalty inside",
    )
    mask_outside: float = param(
        1e5,
        "First frame: penalty weight outside the target mask.",
        bounds=(1.0, 1e9),
        group="Learning",
        label="Penalty outside",
    )
    learning_rate: float = param(
        0.95,
        "Share of the newly learned filter in the model.",
        bounds=(0.0, 1.0),
        live=True,
        group="Learning",
        ref="Eq. 10, α",
        step=0.01,
    )
    # Reliability
    quality_exponent: float = param(
        2.0,
        "Exponent of the response quality.",
        bounds=(0.25, 6.0),
        group="Reliability",
        ref="Eq. 8, δ",
    )
    peak_ratio: float = param(
        0.7,
        "A peak below this share of its mean is suspicious.",
        bounds=(0.0, 1.0),
        live=True,
        group="Reliability",
        ref="Eq. 9, ε1",
        label="Suspicious peak",
    )
    quality_ratio: float = param(
        0.3,
        "A quality below this share of its mean is suspicious.",
        bounds=(0.0, 1.0),
        live=True,
        group="Reliability",
        ref="Eq. 9, ε2",
        label="Suspicious quality",
    )
    history_min: int = param(
        5,
        "Frames of history before a failure can be declared.",
        bounds=(1, 100),
        unit="frames",
        group="Reliability",
        label="Frames before failure",
    )
    history_exclude_failures: bool = param(
        False,
        "Leave failed frames out of the mean peak and quality.",
        live=True,
        group="Reliability",
        label="Failures not in mean",
    )
    on_failure: str = param(
        "look_back",
        "What a failed frame does to the model: mix in the first one, or nothing.",
        choices=("look_back", "skip", "ignore"),
        live=True,
        group="Reliability",
        ref="Eq. 10",
        label="On a failed frame",
    )
    look_back_beta: float = param(
        0.95,
        "Share of the new filter against the first one after a failure (strong look-back: 0.387).",
        bounds=(0.0, 1.0),
        live=True,
        group="Reliability",
        ref="Eq. 10, β",
        label="Look-back share",
    )
    lost_after: int = param(
        5,
        "Failed frames in a row after which the target counts as lost.",
        bounds=(1, 1000),
        unit="frames",
        live=True,
        group="Reliability",
    )
    psr_uncertain: float = param(
        6.0,
        "Peak-to-sidelobe ratio below which the tracker says it is uncertain.",
        bounds=(0.0, 50.0),
        live=True,
        group="Reliability",
    )
    correction_rate: float = param(
        0.7,
        "Share of the new filter when a corrected box is added to the template.",
        bounds=(0.0, 1.0),
        live=True,
        group="Learning",
        label="Share of a correction",
    )
