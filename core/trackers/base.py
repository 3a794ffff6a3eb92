"""What every tracker is and says: the contract of `core.trackers`.

A tracker is built for one target, started by :meth:`Tracker.init`, fed frames by
:meth:`Tracker.update`. It never touches documents, threads or files, keeps no
global state, and two instances never influence each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from core.geometry import Box, Placement
from core.states import CorrectionPolicy, TargetState
from core.weights import Source

Image = NDArray[np.uint8]
"""``(H, W, 3)`` uint8, RGB, C-contiguous, read-only by convention."""

MapArray = NDArray[np.float32]
EMPTY: Mapping[str, Any] = MappingProxyType({})
ALL_MAPS = frozenset({"*"})
"""Value of `Tracker.want_maps` that asks for every map."""


@dataclass(frozen=True, slots=True)
class ResponseMap:
    """One map at its native size, with its place in the frame.

    `values` is ``(rows, cols)`` float32, finite, already shifted so that
    neighbouring cells are neighbours in the frame (no FFT wrap-around).
    `value_range` is the range a colour map should span; None means min..max.
    """

    values: MapArray
    placement: Placement
    quantity: str = "response"
    value_range: tuple[float, float] | None = None

    def peak(self) -> tuple[float, float]:
        """Frame position (x, y) of the centre of the largest cell."""
        row, col = np.unravel_index(int(np.argmax(self.values)), self.values.shape)
        return self.placement.cell_center(int(row), int(col))


@dataclass(frozen=True, slots=True)
class Patch:
    """A picture the tracker works on (template, search window), with its place.

    Where the picture shows numbers (a filter's kernel), `values` ``(rows, cols)`` are they.
    """

    image: Image
    placement: Placement
    role: str  # "template" | "search" | "update" | "kernel"
    values: MapArray | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Proposals:
    """Boxes that a tracker weighed against one another in one frame, best first.

    `boxes` are rows ``(x, y, w, h)`` in frame pixels, ``(N, 4)`` float64, finite;
    `scores` ``(N,)`` float64, finite, not increasing, in the unit the tracker documents.
    """

    boxes: NDArray[np.float64]
    scores: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.boxes.shape != (len(self.scores), 4) or self.scores.ndim != 1:
            raise ValueError(f"boxes {self.boxes.shape} do not fit scores {self.scores.shape}")

    def __len__(self) -> int:
        return len(self.scores)


@dataclass(frozen=True, slots=True)
class TrackResult:
    """What a tracker says about one frame.

    Attributes
    ----------
    box
        In frame pixels; always finite. When lost it is the last believed box.
    score
        In [0, 1]; its meaning is documented per tracker.
    state
        From the tracker's own evidence.
    reason
        In words, empty while tracking: why it is uncertain or lost.
    scalars
        Named diagnostics (peak, PSR, learning rate used, …).
    maps
        Only those asked for by `want_maps`, see :class:`MapInfo` for what exists.
    patches
        ``template``, ``search``; only when ``"patches"`` or ``"*"`` is wanted.
    proposals
        Candidate boxes by name (``top``, ``stage1``, …), for trackers that have any; only
        when ``"proposals"`` or ``"*"`` is wanted.
    timings
        Seconds per named step (features, solve, …), for profiling views.
    """

    box: Box
    score: float
    state: TargetState
    reason: str = ""
    scalars: Mapping[str, float] = field(default_factory=lambda: EMPTY)
    maps: Mapping[str, ResponseMap] = field(default_factory=lambda: EMPTY)
    patches: Mapping[str, Patch] = field(default_factory=lambda: EMPTY)
    timings: Mapping[str, float] = field(default_factory=lambda: EMPTY)
    proposals: Mapping[str, Proposals] = field(default_factory=lambda: EMPTY)


@dataclass(frozen=True, slots=True)
class MapInfo:
    """A map that a tracker can produce: declared once, drives choosers and tests.

    `key` is dotted, general to special (``stage1.fused``); `primary` marks the one
    a viewer shows first. Every `update` has every wanted map; one that some frames lack
    says so in its `doc` with the word “absent”. `scale` (1 the smallest), `branch`,
    `feature` and `channel` tell maps of one stage apart, where there are several.
    """

    key: str
    title: str
    doc: str
    kind: str = "response"  # "response" | "filter" | "mask" | "probability" | "feature"
    stage: int | None = None
    primary: bool = False
    branch: str = ""
    scale: int | None = None
    feature: str = ""
    channel: int | None = None


@dataclass(frozen=True, slots=True)
class Services:
    """What a tracker gets from outside, besides its parameters.

    `weights` maps a key of the weights list to a file or to tensors that are taken
    instead of the installed ones, see :func:`core.weights.load`.
    """

    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    seed: int = 0
    weights: Mapping[str, Source] = field(default_factory=lambda: EMPTY)


class Tracker(Protocol):
    """The life of a tracker: ``init`` once, then ``update`` per frame.

    `want_maps` may be replaced between frames: keys of :class:`MapInfo`,
    ``"patches"``, ``"proposals"``, or :data:`ALL_MAPS`. Unwanted maps cost nothing and never
    change the boxes. `params` is the (frozen) parameter object in force.
    """

    want_maps: frozenset[str]

    @property
    def params(self) -> Any:
        """The parameters in force."""
        ...

    def init(self, image: Image, box: Box) -> TrackResult:
        """Start (or start anew) on `box`.

        Raises
        ------
        BoxError
            If the box cannot be tracked, see :func:`core.geometry.require_usable`.
        """
        ...

    def update(self, image: Image) -> TrackResult:
        """Find the target in the next frame."""
        ...

    def correct(self, image: Image, box: Box, policy: CorrectionPolicy) -> TrackResult:
        """Take a person's box for `image`; the next `update` goes on from there."""
        ...

    def snapshot(self) -> object:
        """The complete state, immutable or copied; on CPU restoring it is exact."""
        ...

    def restore(self, state: object) -> None:
        """Continue as at the time of `snapshot` (same class, same parameters)."""
        ...

    def tune(self, params: Any) -> None:
        """Take new values of the parameters declared ``live``; others are ignored."""
        ...
