"""What is recorded of runs, and how a recording stands: plain values for panel and controller."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.recording.coding import Precision
from core.recording.recorder import RecordingState, WhenFull
from core.trackers.base import MapInfo


@dataclass(frozen=True, slots=True)
class RecordOptions:
    """What is recorded, and how.

    `maps` are the chosen keys by tracker; a tracker that is not in it has its first map.
    `folder` is empty for the folder of the clip.
    """

    maps: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    patches: bool = False
    proposals: bool = False
    precision: Precision = Precision.COMPACT
    when_full: WhenFull = WhenFull.WAIT
    folder: str = ""

    def keys(self, tracker: str, maps: Sequence[MapInfo]) -> tuple[str, ...]:
        """The chosen ones of `maps`, all of which are maps of `tracker`."""
        chosen = self.maps.get(tracker)
        if chosen is None:
            primary = [info.key for info in maps if info.primary] or [i.key for i in maps]
            return tuple(primary[:1])
        return tuple(info.key for info in maps if info.key in chosen)


@dataclass(frozen=True, slots=True)
class RecordStatus:
    """How the recording stands, for display. `path` is None before the first run."""

    is_on: bool = False
    path: Path | None = None
    state: RecordingState = RecordingState()  # noqa: RUF009  (immutable)
    expected: int = 0  # bytes of the file when the run is over
    free: int = 0  # bytes on the disk
