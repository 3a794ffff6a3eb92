"""What a run keeps for the pictures of its failures: the tracker's own score, and its map.

Whether a frame begins a failure is known while the run passes it, since the truth is. So only
the maps of such frames are kept, and a long run costs no more memory than a short one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.engine.runner import FrameResult
from core.evaluate.metrics import present
from core.geometry import Box, iou
from core.trackers.base import ResponseMap

LOST_BELOW = 0.1
"""Overlap under which a target counts as lost."""

MOST = 256
"""Maps that are kept of one run."""


class Evidence:
    """Takes every result of a run on a sequence with the true boxes `truth` ``(N, 4)``.

    Attributes
    ----------
    scores
        The tracker's own score by frame, ``(N,)``, NaN where it gave none.
    maps
        The first wanted map of each frame on which the target began to be lost.
    """

    def __init__(self, truth: NDArray[np.float64]) -> None:
        self.scores = np.full(len(truth), np.nan)
        self.maps: dict[int, ResponseMap] = {}
        self._truth, self._present = truth, present(truth)
        self._was_lost = False

    def take(self, item: FrameResult) -> None:
        """One more frame."""
        k = item.frame.index
        if not item.is_seed:
            self.scores[k] = item.result.score
        if not self._present[k]:
            return
        lost = iou(Box(*(float(v) for v in self._truth[k])), item.result.box) < LOST_BELOW
        if lost and not self._was_lost:
            self.keep(item)
        self._was_lost = lost

    def keep(self, item: FrameResult) -> None:
        """Keep this frame's map."""
        response = next(iter(item.result.maps.values()), None)
        if response is not None and len(self.maps) < MOST:
            self.maps[item.frame.index] = response
