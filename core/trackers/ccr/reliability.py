"""How far a response can be trusted: Eq. 8 and 9, and two classical measures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.dsp import peaks
from core.states import TargetState
from core.trackers.ccr.params import CCRParams


@dataclass(frozen=True, slots=True)
class Quality:
    """Measures of one fused response (peak of a perfect match about 1)."""

    peak: float
    q: float
    psr: float
    apce: float
    peak_ratio: float

    def scalars(self) -> dict[str, float]:
        """For a result's `scalars`."""
        return {"peak": self.peak, "q": self.q, "psr": self.psr, "apce": self.apce,
                "peak_ratio": self.peak_ratio}  # fmt: skip


def measure(response: NDArray[np.float32], peak: float, exponent: float) -> Quality:
    """Quality of a response ``(N, N)`` whose refined maximum is `peak`.

    `q` is Eq. 8; `psr` and `apce` are those of :func:`core.dsp.peaks.measure`;
    `peak_ratio` is the second peak over the first, both above zero: in a correlation
    zero means "nothing alike", wherever the response's minimum lies.
    """
    known = peaks.measure(response, peak=peak)
    low = float(response.min())
    height = max(peak - low, 1e-12)
    powered = (response - low) ** exponent
    q = float(np.exp(min(height**exponent, 50.0)) / max(float(powered.mean()), 1e-12))
    second = (known.peak_ratio * height + low) / peak if peak > 1e-12 else 1.0
    return Quality(peak, q, known.psr, known.apce, float(np.clip(second, 0.0, 1.0)))


@dataclass(frozen=True, slots=True)
class History:
    """Means of peak and q over the frames so far (Eq. 9's M{·})."""

    frames: int = 0
    peak_sum: float = 0.0
    q_sum: float = 0.0

    @property
    def mean_peak(self) -> float:
        return self.peak_sum / max(self.frames, 1)

    @property
    def mean_q(self) -> float:
        return self.q_sum / max(self.frames, 1)

    def with_frame(self, quality: Quality) -> History:
        """The history after one more frame."""
        return History(self.frames + 1, self.peak_sum + quality.peak, self.q_sum + quality.q)


def failed(history: History, quality: Quality, params: CCRParams) -> bool:
    """Eq. 9: peak and quality both far below their means so far."""
    suspicious = quality.q < params.quality_ratio * history.mean_q
    return suspicious and low_peak(history, quality, params, params.peak_ratio)


def low_peak(history: History, quality: Quality, params: CCRParams, share: float) -> bool:
    """Half of Eq. 9: the peak is below `share` of its mean so far."""
    known = history.frames >= params.history_min
    return known and quality.peak < share * history.mean_peak


def verdict(
    history: History, quality: Quality, failures: int, params: CCRParams
) -> tuple[TargetState, float, str]:
    """State, score in [0, 1] and reason of one frame, from the response alone.

    The score is the share of the usual peak that was reached (at most 1; "usual" is
    the mean so far, 1 in the first frames), times ``PSR / (PSR + 5)`` rescaled to 1
    at a PSR of 20: a low peak and a restless response both pull it down.
    """
    usual = history.mean_peak if history.frames >= params.history_min else 1.0
    share = float(np.clip(quality.peak / max(usual, 1e-9), 0.0, 1.0))
    psr = max(quality.psr, 0.0)
    score = share * min(1.0, psr / (psr + 5.0) * 1.25)
    if failures >= params.lost_after:
        return TargetState.LOST, score, f"Peak and quality far below usual for {failures} frames."
    if failures:
        return TargetState.UNCERTAIN, score, "Peak and quality are far below usual."
    if quality.psr < params.psr_uncertain:
        return TargetState.UNCERTAIN, score, f"The peak hardly stands out (PSR {quality.psr:.1f})."
    return TargetState.TRACKING, score, ""
