"""Where the maps of a frame come from: a run under way, one that ended, or a recording.

Whoever shows maps asks a :class:`MapSource` and does not know which of them it is. A frame
without a map of its own has that of the last frame before it, in the direction of
tracking, and its age. :class:`MapHistory` is the source of runs, bounded in bytes;
:class:`core.recording.recording.Recording` is one by its shape.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from core.engine.runner import FrameResult
from core.trackers.base import EMPTY, Patch, Proposals, ResponseMap, TrackResult
from core.video.cache import ByteCache


@dataclass(frozen=True, slots=True)
class Attached:
    """What a tracker showed of one frame beside its maps."""

    patches: Mapping[str, Patch] = field(default_factory=lambda: EMPTY)
    proposals: Mapping[str, Proposals] = field(default_factory=lambda: EMPTY)
    scalars: Mapping[str, float] = field(default_factory=lambda: EMPTY)

    @classmethod
    def of(cls, result: TrackResult) -> Attached:
        """The attachments of a result."""
        return cls(result.patches, result.proposals, result.scalars)

    def __bool__(self) -> bool:
        """Whether there is anything to look at."""
        return bool(self.patches or self.proposals)


class MapSource(Protocol):
    """Maps and attachments by frame; may be asked from the GUI thread at any time.

    The age is how many frames before the frame asked for a thing was made, 0 for its own.
    The same frame gives the same object as long as it is kept, so that who draws it can
    tell by identity whether it has to draw anew.
    """

    def latest(self, frame: int, key: str, step: int = 1) -> tuple[ResponseMap, int] | None:
        """Map `key` of `frame`, or of the nearest frame tracked before it, with its age."""
        ...

    def attached(self, frame: int, step: int = 1) -> tuple[Attached, int] | None:
        """Patches and proposals of `frame`, or of the nearest before it, with their age."""
        ...


@dataclass(frozen=True, slots=True)
class _Kept:
    maps: Mapping[str, ResponseMap]
    attached: Attached
    shown: dict[str, ResponseMap] = field(default_factory=dict)


class MapHistory:
    """What the last frames of a run showed, for scrubbing back. Thread-safe.

    Parameters
    ----------
    limit
        In bytes.
    as_shown
        Turns a map into the one to look at, when somebody looks: while a run is recorded,
        what is shown is what the recording will give back.
    """

    def __init__(
        self, limit: int, as_shown: Callable[[ResponseMap], ResponseMap] | None = None
    ) -> None:
        self._cache: ByteCache[_Kept] = ByteCache(limit)
        self._as_shown = as_shown

    def keep(self, item: FrameResult) -> None:
        """Keep what one frame showed; the oldest go. A frame that showed nothing is no entry."""
        result = item.result
        attached = Attached.of(result)
        if not (result.maps or attached):
            return
        size = sum(m.values.nbytes for m in result.maps.values())
        size += sum(p.image.nbytes for p in result.patches.values())
        size += sum(p.values.nbytes for p in result.patches.values() if p.values is not None)
        size += sum(p.boxes.nbytes + p.scores.nbytes for p in result.proposals.values())
        self._cache.put(item.frame.index, _Kept(result.maps, attached), size)

    def latest(self, frame: int, key: str, step: int = 1) -> tuple[ResponseMap, int] | None:
        """See :class:`MapSource`."""
        kept = self._cache.get(frame)  # the usual case, while the run moves
        if kept is not None and key in kept.maps:
            return self._look(kept, key), 0
        for index in self._before(frame, step):
            kept = self._cache.get(index)
            if kept is not None and key in kept.maps:
                return self._look(kept, key), abs(frame - index)
        return None

    def attached(self, frame: int, step: int = 1) -> tuple[Attached, int] | None:
        """See :class:`MapSource`."""
        kept = self._cache.get(frame)
        if kept is not None and kept.attached:
            return kept.attached, 0
        for index in self._before(frame, step):
            kept = self._cache.get(index)
            if kept is not None and kept.attached:
                return kept.attached, abs(frame - index)
        return None

    def _look(self, kept: _Kept, key: str) -> ResponseMap:
        if self._as_shown is None:
            return kept.maps[key]
        if key not in kept.shown:
            kept.shown[key] = self._as_shown(kept.maps[key])
        return kept.shown[key]

    def _before(self, frame: int, step: int) -> list[int]:
        """Frames tracked before `frame`, the nearest first."""
        known = self._cache.indices()
        if step > 0:
            return known[: bisect_left(known, frame)][::-1]
        return known[bisect_right(known, frame) :]
