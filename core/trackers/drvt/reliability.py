"""How far a frame's find can be trusted: the tracker's own evidence, as a score and in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.states import TargetState
from core.trackers.drvt.params import DRVTParams

_RATE = 0.05  # of the newest trusted frame in what is usual
_PSR_FULL = 15.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one frame says.

    Attributes
    ----------
    probability
        Highest probability of the target in the convolutional stream.
    psr
        Peak-to-sidelobe ratio of the correlation filter's response.
    peak
        Height of that response inside the mask.
    agreement
        Highest response inside the mask over the highest anywhere, in [0, 1].
    """

    probability: float
    psr: float
    peak: float
    agreement: float


@dataclass(frozen=True, slots=True)
class History:
    """What is usual for the target: a slow mean of the trusted frames' peaks."""

    frames: int = 0
    peak: float = 0.0

    def with_frame(self, evidence: Evidence) -> History:
        """The history after one more trusted frame."""
        rate = max(_RATE, 1 / (self.frames + 1))
        return History(self.frames + 1, self.peak + rate * (evidence.peak - self.peak))


def doubted(evidence: Evidence, params: DRVTParams) -> str:
    """Why this frame is a miss; empty when it is none."""
    if evidence.probability < params.lost_below:
        return f"Nothing looks like the target (probability {evidence.probability:.2f})."
    return ""


def verdict(
    history: History, evidence: Evidence, misses: int, params: DRVTParams
) -> tuple[TargetState, float, str]:
    """State, score in [0, 1] and reason of one frame.

    The score is the probability of the target times the root of the filter's share:
    its peak over the usual one (at most 1), times how far both streams agree, times
    the PSR over 15 (at most 1).
    """
    usual = history.peak if history.frames else evidence.peak
    share = float(np.clip(evidence.peak / max(usual, 1e-9), 0.0, 1.0))
    share *= evidence.agreement * float(np.clip(evidence.psr / _PSR_FULL, 0.0, 1.0))
    score = float(np.clip(evidence.probability * share**0.5, 0.0, 1.0))
    why = doubted(evidence, params)
    if misses >= params.lost_after:
        return TargetState.LOST, score, f"{why} For {misses} frames."
    if why:
        return TargetState.UNCERTAIN, score, why
    if evidence.probability < params.learn_above:
        return (
            TargetState.UNCERTAIN,
            score,
            (
                f"The target is hardly told from its surroundings "
                f"(probability {evidence.probability:.2f})."
            ),
        )
    if evidence.psr < params.psr_threshold:
        return (
            TargetState.UNCERTAIN,
            score,
            (
                f"The filter's peak hardly stands out (PSR {evidence.psr:.1f}): "
                "place by the classifier alone."
            ),
        )
    return TargetState.TRACKING, score, ""
