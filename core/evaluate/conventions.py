"""How each toolkit counts: its quirks as named values, so that its numbers can be had exactly.

The same boxes give different numbers in different toolkits: some leave absent frames out,
some count them as misses, some as hits of the precision; thresholds, first frames and
clipping differ, too. A :class:`Convention` says all of that; :data:`CONVENTIONS` has one
per toolkit. Source: the toolkits' published code (OTB tracker_benchmark, got10k 0.1.3 and
its later LaSOT experiment, pysot and pysot-toolkit), checked against what they compute.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.errors import DatasetError

Array = NDArray[np.float64]
Absent = Literal["left out", "miss", "minus one"]
Clip = Literal["none", "frame", "corner"]


@dataclass(frozen=True, slots=True)
class Convention:
    """What decides the numbers of a one-pass run besides the boxes.

    Attributes
    ----------
    name, summary
        What `--metrics` takes, and whose numbers it gives.
    absent
        Frames without a valid true box: ``left out``; ``miss``, which stay in the
        denominator of all curves; or ``minus one``: overlap and error are both −1, so that they
        are misses of the success and *hits* of the precision (OTB, pysot).
    all_positive
        A true box is valid only if x and y are positive, too, not only w and h.
    center_positive
        The error is known where the true *centre* has positive coordinates (pysot).
    first_pixel
        Number of the first pixel: 1 for toolkits that work on the 1-based OTB files.
    accumulated_thresholds
        ``np.arange(0, 1.05, .05)`` instead of ``np.linspace(0, 1, 21)``: they differ in the last
        bits, which matters for overlaps that *are* a threshold.
    at_least
        Success is an overlap of at least the threshold instead of above it.
    first_frame
        Whether the frame with the given box counts in success and precision.
    given_box
        Whether the box of that frame is replaced by the true one.
    repair
        Result boxes without an area take the box before (OTB).
    epsilon
        Added to the union (got10k).
    norm_floor, norm_epsilon
        The true size that normalises is at least `norm_floor`, plus `norm_epsilon`.
    np_at
        `np` is the value of the curve at this threshold; None means its mean.
    clip
        For AO and SR: ``frame`` cuts boxes to the frame; ``corner`` moves only the corner in and
        keeps the size, as got10k's code does at the left and the upper border.
    pooled
        Means of AO and SR over sequences weigh each frame, not each sequence, the same.
    """

    name: str
    summary: str
    absent: Absent = "left out"
    all_positive: bool = False
    center_positive: bool = False
    first_pixel: int = 0
    accumulated_thresholds: bool = False
    at_least: bool = False
    first_frame: bool = True
    given_box: bool = True
    repair: bool = False
    epsilon: float = 0.0
    norm_floor: float = 0.0
    norm_epsilon: float = 0.0
    np_at: float | None = None
    clip: Clip = "frame"
    pooled: bool = False

    @property
    def thresholds(self) -> Array:
        """The 21 thresholds of the success curve."""
        return np.arange(0, 1.05, 0.05) if self.accumulated_thresholds else np.linspace(0, 1, 21)


BOXTRAIL = Convention("boxtrail", "absent frames left out, np the mean of its curve (default)")
_EPS = float(np.finfo(float).eps)
_PYSOT = {
    "center_positive": True,
    "accumulated_thresholds": True,
    "given_box": False,
    "norm_epsilon": 1e-16,
    "np_at": 0.2,
}
_ALL = (
    BOXTRAIL,
    Convention(
        "otb",
        "the OTB benchmark's own code: absent frames are hits of the precision",
        absent="minus one",
        all_positive=True,
        first_pixel=1,
        repair=True,
    ),
    Convention("got10k-otb", "got10k on OTB: no frame is left out", absent="miss", epsilon=_EPS),
    Convention(
        "got10k-lasot",
        "got10k on LaSOT, UAV123 and others with NaN for absent",
        epsilon=_EPS,
        norm_floor=1.0,
    ),
    Convention(
        "got10k",
        "got10k on GOT-10k: means of AO and SR over all frames",
        epsilon=_EPS,
        clip="corner",
        pooled=True,
    ),
    Convention("pysot", "pysot on OTB", absent="minus one", first_pixel=1, **_PYSOT),
    Convention(
        "pysot-toolkit",
        "the older pysot-toolkit on OTB: a true box at x or y 0 is invalid, too",
        absent="minus one",
        all_positive=True,
        first_pixel=1,
        **_PYSOT,
    ),
    Convention("pysot-uav", "pysot on UAV123 and NFS", absent="minus one", **_PYSOT),
    Convention("pysot-lasot", "pysot on LaSOT: absent frames are misses", absent="miss", **_PYSOT),
)
CONVENTIONS: Mapping[str, Convention] = MappingProxyType({c.name: c for c in _ALL})


def convention(name: str) -> Convention:
    """The convention called `name`.

    Raises
    ------
    DatasetError
        If there is none.
    """
    if name not in CONVENTIONS:
        raise DatasetError(
            f"There are no metrics “{name}”.", "Choose one of " + ", ".join(CONVENTIONS) + "."
        )
    return CONVENTIONS[name]
