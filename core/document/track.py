"""One object's boxes over time, as immutable columns.

A :class:`Track` holds parallel read-only arrays sorted by frame: box, score,
source, state, flags and the id of the run that made the box. Lookup by frame is
O(log n); an edit copies the columns of this one track (10⁴ boxes ≈ 0.5 MB), so old
versions stay valid for undo at no further cost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.document.schema import AttributeValue
from core.geometry import Box
from core.states import Flag, IntervalMode, Source, TargetState

_SOURCES, _STATES = tuple(Source), tuple(TargetState)  # by value; calling them takes longer

NO_RUN = 0
"""Run id of boxes that no tracker run made."""


@dataclass(frozen=True, slots=True)
class Keyframe:
    """One box of one track: where, from whom, how sure.

    `score` is in [0, 1] (1 for manual boxes); `run` is the id of the
    :class:`~core.document.document.Run` that made it, or :data:`NO_RUN`. `alarms` says
    what spoke against it, as bits of :class:`core.alarms.kinds.Alarm`.
    """

    frame: int
    box: Box
    source: Source = Source.MANUAL
    score: float = 1.0
    state: TargetState = TargetState.TRACKING
    flags: Flag = Flag.NONE
    run: int = NO_RUN
    alarms: int = 0

    @property
    def is_protected(self) -> bool:
        """Whether a person entered or confirmed it: no tracker may change it."""
        return self.source == Source.MANUAL or bool(self.flags & Flag.CONFIRMED)

    @property
    def is_absent(self) -> bool:
        """Whether the target is stated to be not in the picture."""
        return bool(self.flags & Flag.ABSENT)


COLUMN_TYPES: dict[str, Any] = {
    "frames": np.int32,
    "boxes": np.float64,
    "scores": np.float32,
    "sources": np.uint8,
    "states": np.uint8,
    "flags": np.uint8,
    "runs": np.int32,
    "alarms": np.uint16,
}
"""The columns of a track in order, with the type of their elements."""

OPTIONAL_COLUMNS = frozenset({"alarms"})
"""Columns that are zero where nobody says otherwise: older files lack them."""


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Parallel arrays of ``N`` boxes, sorted by strictly rising frame.

    Shapes: `boxes` ``(N, 4)`` float64 x, y, w, h; all others ``(N,)``.
    """

    frames: NDArray[np.int32]
    boxes: NDArray[np.float64]
    scores: NDArray[np.float32]
    sources: NDArray[np.uint8]
    states: NDArray[np.uint8]
    flags: NDArray[np.uint8]
    runs: NDArray[np.int32]
    alarms: NDArray[np.uint16]

    @classmethod
    def empty(cls) -> Columns:
        """No boxes."""
        return cls.of({name: [] for name in COLUMN_TYPES})

    @classmethod
    def of(cls, values: dict[str, Any]) -> Columns:
        """Build from sequences per column; checks lengths and order, freezes the arrays.

        Those of :data:`OPTIONAL_COLUMNS` may be left out.

        Raises
        ------
        ValueError
            If lengths differ, frames are negative or not strictly rising.
        """
        blank = dict.fromkeys(OPTIONAL_COLUMNS, np.zeros(len(values["frames"])))
        values = {**blank, **values}
        arrays = {name: np.array(values[name], dtype=dtype) for name, dtype in COLUMN_TYPES.items()}
        arrays["boxes"] = arrays["boxes"].reshape(-1, 4)
        frames = arrays["frames"]
        if any(len(a) != len(frames) for a in arrays.values()):
            raise ValueError("columns differ in length")
        if len(frames) and (frames[0] < 0 or np.any(np.diff(frames) <= 0)):
            raise ValueError("frames must be non-negative and strictly rising")
        for array in arrays.values():
            array.setflags(write=False)
        return cls(**arrays)

    @classmethod
    def of_keyframes(cls, keys: Iterable[Keyframe]) -> Columns:
        """Build from keyframes in any order; of several on one frame the last wins."""
        ordered = sorted({k.frame: k for k in keys}.values(), key=lambda k: k.frame)
        return cls.of(
            {
                "frames": [k.frame for k in ordered],
                "boxes": [k.box.as_tuple() for k in ordered],
                "scores": [k.score for k in ordered],
                "sources": [k.source for k in ordered],
                "states": [k.state for k in ordered],
                "flags": [k.flags for k in ordered],
                "runs": [k.run for k in ordered],
                "alarms": [k.alarms for k in ordered],
            }
        )

    def __len__(self) -> int:
        return len(self.frames)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Columns):
            return NotImplemented
        return all(
            np.array_equal(getattr(self, name), getattr(other, name)) for name in COLUMN_TYPES
        )

    def __hash__(self) -> int:
        return hash((len(self), self.frames.tobytes()))

    def select(self, mask: NDArray[np.bool_]) -> Columns:
        """The rows where the ``(N,)`` mask is true."""
        return Columns.of({name: getattr(self, name)[mask] for name in COLUMN_TYPES})

    def overlaid(self, other: Columns) -> Columns:
        """These rows, with those of `other` replacing them on common frames."""
        if not len(other):
            return self
        kept = ~np.isin(self.frames, other.frames)
        order = np.argsort(np.concatenate([self.frames[kept], other.frames]), kind="stable")
        return Columns.of(
            {
                name: np.concatenate([getattr(self, name)[kept], getattr(other, name)])[order]
                for name in COLUMN_TYPES
            }
        )

    def key(self, row: int) -> Keyframe:
        """Row `row` as a keyframe."""
        return Keyframe(
            int(self.frames[row]),
            Box(*self.boxes[row].tolist()),
            _SOURCES[self.sources[row]],
            float(self.scores[row]),
            _STATES[self.states[row]],
            Flag(int(self.flags[row])),
            int(self.runs[row]),
            int(self.alarms[row]),
        )

    def protected(self) -> NDArray[np.bool_]:
        """Mask ``(N,)`` of boxes that a person entered or confirmed."""
        return (self.sources == Source.MANUAL) | ((self.flags & Flag.CONFIRMED) != 0)


@dataclass(frozen=True, slots=True)
class Interval:
    """How the boxes strictly between the keys on `first` and `last` are made.

    Only for modes other than ``TRACKED``; see :mod:`core.document.intervals`.
    """

    first: int
    last: int
    mode: IntervalMode


NO_ATTRIBUTES: Mapping[str, AttributeValue] = MappingProxyType({})

Steps = tuple[tuple[int, AttributeValue], ...]
"""Values of one attribute over time: each holds from its frame to the next one's; rising."""

NO_STEPS: Mapping[str, Steps] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Track:
    """One target: a stable `id`, a label, a colour and its boxes.

    `id` is positive, never reused within a document and written to exports as it is.
    `color` is ``#rrggbb`` or empty (then it follows from the id). `attributes` holds
    the values that differ from the defaults of the label's schema; `steps` those that
    change over time, before whose first frame `attributes` holds. `intervals` are
    disjoint (ends may touch) and sorted.
    """

    id: int
    label: str = ""
    name: str = ""
    color: str = ""
    visible: bool = True
    locked: bool = False
    columns: Columns = Columns.empty()  # noqa: RUF009  (immutable)
    attributes: Mapping[str, AttributeValue] = field(default_factory=lambda: NO_ATTRIBUTES)
    intervals: tuple[Interval, ...] = ()
    steps: Mapping[str, Steps] = field(default_factory=lambda: NO_STEPS)

    def __len__(self) -> int:
        return len(self.columns)

    @property
    def title(self) -> str:
        """What a person sees: the name, else the label and id."""
        return self.name or f"{self.label or 'object'} {self.id}"

    def row(self, frame: int) -> int | None:
        """Row of `frame` in the columns, or None."""
        frames = self.columns.frames
        if not len(frames) or not frames[0] <= frame <= frames[-1]:
            return None
        # Of the frames' own type: for a Python int, NumPy would convert the whole array.
        i = int(frames.searchsorted(np.int32(frame)))
        return i if frames[i] == frame else None

    def at(self, frame: int) -> Keyframe | None:
        """The box on exactly this frame, or None."""
        row = self.row(frame)
        return None if row is None else self.columns.key(row)

    def keyframes(self) -> Iterator[Keyframe]:
        """All boxes in order of frame."""
        return (self.columns.key(row) for row in range(len(self.columns)))

    def with_keyframes(self, keys: Iterable[Keyframe]) -> Track:
        """A track in which `keys` replace whatever was on their frames."""
        return replace(self, columns=self.columns.overlaid(Columns.of_keyframes(keys)))

    def with_columns(self, columns: Columns, *, keep_protected: bool = True) -> Track:
        """A track with `columns` laid over it.

        With `keep_protected` (the rule for trackers and imports) rows on frames
        that a person entered or confirmed stay as they are.
        """
        if keep_protected:
            guarded = self.columns.frames[self.columns.protected()]
            columns = columns.select(~np.isin(columns.frames, guarded))
        return replace(self, columns=self.columns.overlaid(columns))

    def without(self, start: int, stop: int, *, keep_protected: bool = False) -> Track:
        """A track without the boxes on frames ``start <= frame < stop``."""
        frames = self.columns.frames
        gone = (frames >= start) & (frames < stop)
        if keep_protected:
            gone &= ~self.columns.protected()
        return replace(self, columns=self.columns.select(~gone)) if gone.any() else self
