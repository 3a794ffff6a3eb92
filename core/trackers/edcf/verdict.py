"""How far a frame's find can be trusted: its peak, its sharpness, the branches' agreement."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.dsp.peaks import Quality
from core.states import TargetState
from core.trackers.edcf.params import EDCFParams

_MEMORY = 0.05  # share of the newest frame in the usual peak
_PSR_FULL = 20.0  # PSR from which a peak counts as standing out fully


@dataclass(frozen=True, slots=True)
class History:
    """The usual fused peak, and distrusted frames in a row.

    `usual` is a mean over `frames` trusted frames, at first plain, then forgetting. It
    begins with the first frame's response to itself, which is higher than any new
    picture's can be: so it must not weigh more than one frame.
    """

    usual: float
    frames: int = 1
    failures: int = 0

    def after(self, peak: float, *, trusted: bool) -> History:
        """The history after one more frame."""
        if not trusted:
            return History(self.usual, self.frames, self.failures + 1)
        share = max(_MEMORY, 1 / (self.frames + 1))
        return History(self.usual + share * (peak - self.usual), self.frames + 1)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one frame's responses say.

    `quality` of the fused map; `share` of the usual peak reached; `agreement` the lower
    of the two branches' heights at the fused peak, over their own peaks (1 with one
    branch).
    """

    quality: Quality
    share: float
    agreement: float

    def trusted(self, params: EDCFParams) -> bool:
        """Whether the frame may be learned from."""
        sharp = self.quality.psr >= params.psr_uncertain
        return sharp and self.share >= params.trust and self.agreement >= params.agreement


def judge(
    evidence: Evidence, history: History, params: EDCFParams
) -> tuple[TargetState, float, str]:
    """State, score in [0, 1] and reason; `history` already counts this frame.

    The score is the share of the usual fused peak (at most 1), times
    ``PSR / (PSR + 5)`` rescaled to 1 at a PSR of 20, times ``(1 + agreement) / 2``.
    """
    psr = max(evidence.quality.psr, 0.0)
    sharpness = psr / (psr + 5.0) * (_PSR_FULL + 5.0) / _PSR_FULL
    share = float(np.clip(evidence.share, 0.0, 1.0))
    together = (1.0 + float(np.clip(evidence.agreement, 0.0, 1.0))) / 2
    score = share * min(1.0, sharpness) * together
    if history.failures >= params.lost_after:
        reason = f"Nothing like the target for {history.failures} frames."
        return TargetState.LOST, score, reason
    if evidence.share < params.trust:
        percent = round(100 * max(evidence.share, 0.0))
        return TargetState.UNCERTAIN, score, f"The peak is only {percent} % of the usual one."
    if psr < params.psr_uncertain:
        return TargetState.UNCERTAIN, score, f"The peak hardly stands out (PSR {psr:.1f})."
    if evidence.agreement < params.agreement:
        reason = "Fine and coarse features point at different places."
        return TargetState.UNCERTAIN, score, reason
    return TargetState.TRACKING, score, ""
