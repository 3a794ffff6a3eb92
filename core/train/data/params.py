"""Settings of pair sampling, declared once; presets for the trackers that are trained.

Defaults follow the released SiamRPN training (DaSiamRPN, pysot) that C-RPN and CRACT build on;
:data:`PRESETS` names what differs for each tracker.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import ParamError
from core.params import Value, param


@dataclass(frozen=True, slots=True)
class PairParams:
    """How a (template, search) pair is chosen, cut and varied."""

    crop: str = param(
        "context",
        "What crops are measured by: “context” = the square with context around the target; "
        "“target” = the target with padding, each axis for itself.",
        choices=("context", "target"),
        ref="SiamFC; EDCF Sec. 4",
        group="Crops",
    )
    template_size: int = param(
        127, "Side of the template crop.", bounds=(16, 1024), unit="px", group="Crops"
    )
    search_size: int = param(
        255, "Side of the search crop.", bounds=(16, 1024), unit="px", group="Crops"
    )
    context: float = param(
        0.5,
        "Share of w + h that the context adds to each side of the square (crop = context).",
        bounds=(0, 4),
        ref="SiamFC",
        group="Crops",
    )
    padding: float = param(
        2.0,
        "The measure is (1 + padding) times the target (crop = target).",
        bounds=(0, 8),
        ref="EDCF Sec. 4",
        group="Crops",
    )
    exemplar: float = param(
        127.0,
        "Crop pixels that the measure spans, in both crops; 0: the side of the template crop.",
        bounds=(0, 1024),
        unit="px",
        ref="SiamFC",
        group="Crops",
    )
    fill: str = param(
        "mean", "Outside the frame: its mean colour, its border repeated, or black.",
        choices=("mean", "edge", "zero"), group="Crops",
    )  # fmt: skip

    videos: float = param(0.35, "Share of pairs from videos.", bounds=(0, 1), group="Mixture")
    stills: float = param(
        0.35, "Share of pairs made of one still, cut twice.", bounds=(0, 1), group="Mixture"
    )
    composites: float = param(
        0.3, "Share of pairs from composited clips.", bounds=(0, 1), group="Mixture"
    )
    balance: float = param(
        0.5, "Weight of a data set within its kind is its number of groups to this power.",
        bounds=(0, 1), group="Mixture",
    )  # fmt: skip
    weights: str = param("", "Factors on data sets, e.g. “coil20=0.3,foda=0.5”.", group="Mixture")

    max_gap: int = param(
        100, "Largest distance of the two frames of a video.", bounds=(0, 10_000), unit="frames",
        ref="pysot FRAME_RANGE", group="Pairs",
    )  # fmt: skip
    composite_gap: int = param(
        30, "Largest distance of the two frames of a composited clip.", bounds=(0, 1000),
        unit="frames", group="Pairs",
    )  # fmt: skip
    negative: float = param(
        0.2, "Share of pairs whose search crop shows another object, not the target.",
        bounds=(0, 1), ref="DaSiamRPN; pysot NEG", group="Pairs",
    )  # fmt: skip
    same_category: float = param(
        0.5, "Share of negatives taken from the template's class, where there is another.",
        bounds=(0, 1), ref="DaSiamRPN Sec. 3.2", group="Pairs",
    )  # fmt: skip
    least_shown: float = param(
        0.4, "Least share of a composited target that must be seen in the search frame.",
        bounds=(0, 1), group="Pairs",
    )  # fmt: skip
    content: float = param(
        0.5,
        "Pairs whose search crop shows less of the picture than this share (the rest is fill) "
        "are drawn less often.",
        bounds=(0, 1),
        group="Pairs",
    )
    smallest: float = param(
        10.0, "Smallest side of a target in its own frame.", bounds=(2, 100), unit="px",
        group="Pairs",
    )  # fmt: skip

    template_shift: float = param(
        4.0, "Largest shift of the template crop.", bounds=(0, 200), unit="px",
        ref="pysot TEMPLATE.SHIFT", group="Geometry",
    )  # fmt: skip
    template_scale: float = param(
        0.05, "Largest change of the template's scale, each axis.", bounds=(0, 0.9),
        ref="pysot TEMPLATE.SCALE", group="Geometry",
    )  # fmt: skip
    search_shift: float = param(
        64.0, "Largest shift of the search crop; 12 for networks without padding.",
        bounds=(0, 500), unit="px", ref="pysot SEARCH.SHIFT", group="Geometry",
    )  # fmt: skip
    search_scale: float = param(
        0.18, "Largest change of the search crop's scale.", bounds=(0, 0.9),
        ref="pysot SEARCH.SCALE", group="Geometry",
    )  # fmt: skip
    search_aspect: float = param(
        0.06, "Largest further change of each axis of the search crop.", bounds=(0, 0.9),
        group="Geometry",
    )  # fmt: skip
    flip: float = param(
        0.5, "Share of pairs that are mirrored, both crops alike.", bounds=(0, 1),
        group="Geometry",
    )  # fmt: skip

    blur: float = param(
        0.2, "Share of search crops that are blurred (out of focus or along a line).",
        bounds=(0, 1), ref="pysot SEARCH.BLUR", group="Colour",
    )  # fmt: skip
    colour: float = param(
        0.12, "Standard deviation of brightness, contrast and colour gains, each crop.",
        bounds=(0, 1), ref="pysot COLOR", group="Colour",
    )  # fmt: skip
    gray: float = param(
        0.1, "Share of pairs in shades of gray, both crops.", bounds=(0, 1), ref="pysot GRAY",
        group="Colour",
    )  # fmt: skip
    occluder: float = param(
        0.1, "Share of search crops with a cut-out pasted over a part of the target.",
        bounds=(0, 1), group="Colour",
    )  # fmt: skip


PRESETS: dict[str, dict[str, Value]] = {
    "crpn": {"template_size": 129, "search_size": 257},
    "cract": {"template_size": 129, "search_size": 241, "search_shift": 56.0},
    "edcf": {
        "crop": "target",
        "exemplar": 255.0,
        "template_size": 427,
        "search_size": 255,
        "fill": "edge",
        "template_shift": 0.0,
        "template_scale": 0.0,
        "search_shift": 40.0,
        "search_scale": 0.1,
    },
}
"""What differs from the defaults for each tracker, with its default network. EDCF's template
is the wide crop that holds its context windows; it is centred, because the labels of its
filter are."""


def source_weights(text: str) -> dict[str, float]:
    """Read factors on data sets: ``"coil20=0.3, foda=0.5"``.

    Raises
    ------
    ParamError
        If an entry is not ``name=number`` with a number of at least zero.
    """
    weights: dict[str, float] = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = entry.partition("=")
        try:
            weights[name.strip()] = float(value)
        except ValueError:
            weights[name.strip()] = -1.0
        if not weights[name.strip()] >= 0:
            raise ParamError(
                f"weights: “{entry}” cannot be understood.", "Write name=factor, e.g. coil20=0.3."
            )
    return weights
