"""Everything of C-RPN that can be set while tracking, with the papers' symbols.

What the weights were trained as (width, correlation, anchors, template size) is no
parameter: the weights say it, see :mod:`core.trackers.crpn.config`.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.params import param


@dataclass(frozen=True, slots=True)
class CRPNParams:
    """Parameters of the Siamese cascaded region proposal network."""

    # Network
    backbone: str = param(
        "efficientnet-lite0",
        "Backbone of the network; each has weights of its own.",
        choices=("efficientnet-lite0", "alexnet"),
        group="Network",
    )
    stages: int = param(
        3,
        "Region proposal networks to run, at most as many as the weights hold.",
        bounds=(1, 3),
        live=True,
        group="Network",
        ref="Sec. 3.3, L",
        label="Stages, at most",
    )
    half: bool = param(
        False,
        "Compute the backbone in half precision; on a CUDA device only.",
        group="Network",
        label="Half precision",
    )
    # Search
    search_extra: int = param(
        0,
        "Cells by which the search region is larger than in training (8 crop pixels each).",
        bounds=(0, 16),
        unit="cells",
        live=True,
        group="Search",
        label="Wider search",
    )
    lost_extra: int = param(
        8,
        "Further cells while the target is lost.",
        bounds=(0, 16),
        unit="cells",
        live=True,
        group="Search",
        label="Wider search if lost",
    )
    # Choice
    theta: float = param(
        0.95,
        "An anchor whose probability of background is larger leaves the cascade; 1 keeps all.",
        bounds=(0.5, 1.0),
        live=True,
        group="Choice",
        ref="Sec. 4, θ",
        label="Drop background above",
    )
    final_score: str = param(
        "last",
        "Score that chooses: the last stage's, or the mean of all stages.",
        choices=("last", "mean"),
        live=True,
        group="Choice",
        label="Deciding score",
    )
    penalty_k: float = param(
        0.22,
        "Strength of the penalty on a change of size and shape.",
        bounds=(0.0, 1.0),
        live=True,
        group="Choice",
        ref="SiamRPN, Eq. 13, k",
        label="Size penalty",
    )
    window_influence: float = param(
        0.44,
        "Share of the cosine window in the score that chooses.",
        bounds=(0.0, 0.9),
        live=True,
        group="Choice",
        ref="SiamRPN, Sec. 4.3",
        label="Window share",
    )
    window_place: str = param(
        "grid",
        "Where the window is read: at the anchor's cell, or at the centre of the refined box.",
        choices=("grid", "refined"),
        live=True,
        group="Choice",
        label="Window read at",
    )
    size_rate: float = param(
        0.5,
        "Share of the new size, times penalty and probability.",
        bounds=(0.0, 1.0),
        live=True,
        group="Choice",
        ref="SiamRPN, Sec. 4.3",
        label="Size learning rate",
    )
    calibrate: bool = param(
        True,
        "Learn on the first frame how the network's box differs from the drawn one, and undo "
        "it from then on.",
        group="Choice",
        label="Learn box habits",
    )
    # Evidence
    uncertain_below: float = param(
        0.5,
        "Probability under which the tracker says it is uncertain.",
        bounds=(0.0, 1.0),
        live=True,
        group="Evidence",
    )
    lost_below: float = param(
        0.2,
        "Probability under which a frame counts as missed.",
        bounds=(0.0, 1.0),
        live=True,
        group="Evidence",
        label="Missed below",
    )
    lost_after: int = param(
        4,
        "Missed frames in a row after which the target counts as lost.",
        bounds=(1, 100),
        unit="frames",
        live=True,
        group="Evidence",
    )
    rival_limit: float = param(
        0.9,
        "A second object with more than this share of the probability makes it uncertain.",
        bounds=(0.0, 1.0),
        live=True,
        group="Evidence",
        label="Rival above",
    )
    # Correction
    correction_rate: float = param(
        0.5,
        "Share of the corrected box in the template when it is added to it.",
        bounds=(0.0, 1.0),
        live=True,
        group="Correction",
    )
    # Display
    top: int = param(
        10,
        "Candidate boxes listed when proposals are wanted.",
        bounds=(1, 100),
        live=True,
        group="Display",
        label="Candidates listed",
    )
