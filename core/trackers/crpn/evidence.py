"""What C-RPN's find is worth: score, state and reason from the chosen anchor and its rivals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.states import TargetState
from core.trackers.crpn.params import CRPNParams
from core.trackers.crpn.selection import FACTS


@dataclass(frozen=True, slots=True)
class Find:
    """The packed row of a frame on the host, see :func:`selection.packed`.

    The box is ``(cx, cy, w, h)`` about the crop's middle in crop pixels.
    """

    finite: bool
    any_kept: bool
    box: tuple[float, float, float, float]
    probability: float
    calibrated: float
    penalty: float
    windowed: float
    rival: float
    index: int
    kept: tuple[float, ...]

    @classmethod
    def read(cls, row: Sequence[float]) -> Find:
        """Unpack a row."""
        facts = dict(zip(FACTS, row, strict=False))
        finite = facts["finite"] > 0.5 and bool(np.isfinite(row).all())
        return cls(
            finite=finite,
            any_kept=facts["kept"] > 0.5,
            box=(facts["cx"], facts["cy"], facts["w"], facts["h"]),
            probability=facts["probability"],
            calibrated=facts["calibrated"],
            penalty=facts["penalty"],
            windowed=facts["windowed"],
            rival=facts["rival"],
            index=int(facts["index"]) if finite else 0,
            kept=tuple(row[len(FACTS) :]),
        )

    @property
    def rivalry(self) -> float:
        """Probability of the strongest other object over the chosen one's, in [0, 1]."""
        return min(self.rival / max(self.probability, 1e-6), 1.0)

    @property
    def score(self) -> float:
        """The calibrated probability, halved when an equal look-alike is in sight."""
        return float(np.clip(self.calibrated * (1 - self.rivalry / 2), 0.0, 1.0))

    def scalars(self) -> dict[str, float]:
        """For a result's `scalars`."""
        shares = {f"stage{n}.kept_ratio": share for n, share in enumerate(self.kept, start=1)}
        return {
            "probability": self.probability,
            "penalty": self.penalty,
            "windowed": self.windowed,
            "rival": self.rival,
            "all_filtered": float(not self.any_kept),
            **shares,
        }


def missed_frames(missed: int, find: Find, params: CRPNParams) -> int:
    """Frames in a row without the target, after this one.

    A target once lost must be found with confidence: until then every frame counts.
    """
    if find.calibrated < params.lost_below or not find.any_kept:
        return missed + 1
    unsure = find.calibrated < params.uncertain_below
    return missed + 1 if missed >= params.lost_after and unsure else 0


def verdict(missed: int, find: Find, params: CRPNParams) -> tuple[TargetState, str]:
    """State and reason of a frame; `missed` already counts it."""
    percent = f"{100 * find.calibrated:.0f} %"
    if missed >= params.lost_after:
        return TargetState.LOST, f"No box is like the target ({percent}) for {missed} frames."
    if not find.any_kept:
        return TargetState.UNCERTAIN, "Every candidate was ruled out as background."
    if missed or find.calibrated < params.uncertain_below:
        return TargetState.UNCERTAIN, f"The best box is only {percent} like the target."
    if find.rivalry > params.rival_limit:
        return TargetState.UNCERTAIN, "Another place looks as much like the target."
    return TargetState.TRACKING, ""
