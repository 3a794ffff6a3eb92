"""Boxes from a file become a document: checked one by one, linked to tracks.

Readers hand in one box after the other with its place in the file. A box that cannot
be right (not a number, outside the clip, twice on a frame) is skipped and listed, the
rest is kept. Formats without ids get tracks by overlap from frame to frame.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from core.document.document import Document, Label, Run
from core.document.track import Columns, Keyframe, Track
from core.formats.context import ImportContext
from core.geometry import Box, iou
from core.states import Flag, Source

_LIMIT = 1e9
_MAX_FRAME = 2**31 - 1
LINK_OVERLAP = 0.3
"""Smallest overlap (intersection over union) at which boxes are taken for one object."""
LINK_GAP = 5
"""Largest number of frames between two boxes of one object without an id."""


def sound(box: Box) -> bool:
    """Whether the numbers of a box can be those of a box."""
    values = box.as_tuple()
    return all(map(math.isfinite, values)) and all(abs(v) <= _LIMIT for v in values)


@dataclass(slots=True)
class _Gathered:
    label: str = ""
    name: str = ""
    keys: dict[int, Keyframe] = field(default_factory=dict)


class Gatherer:
    """Collects boxes into tracks."""

    def __init__(self, ctx: ImportContext) -> None:
        self._ctx = ctx
        self._tracks: dict[int, _Gathered] = {}
        self._loose: dict[int, list[tuple[str, Keyframe]]] = {}
        self._labels: dict[str, None] = {}
        self._frame_count = ctx.video.frame_count

    def usable(self, where: str, key: Keyframe) -> bool:
        """Whether a box can be kept; says why not."""
        why = ""
        if key.frame < 0 or key.frame > _MAX_FRAME:
            why = "frame number that cannot be"
        elif self._frame_count and key.frame >= self._frame_count:
            why = f"frame beyond the clip's {self._frame_count:,}"
        elif not sound(key.box):
            why = "coordinates that are not numbers or huge"
        elif not key.is_absent and (key.box.w <= 0 or key.box.h <= 0):
            why = "box without an area"
        elif key.box.w < 0 or key.box.h < 0:
            why = "negative size"
        elif not math.isfinite(key.score):
            why = "score that is not a number"
        if why:
            self._ctx.skip(where, why)
        return not why

    def add(
        self, where: str, track_id: int, key: Keyframe, label: str = "", name: str = ""
    ) -> None:
        """Take one box of the track `track_id` (positive)."""
        if not 0 < track_id < _MAX_FRAME:
            self._ctx.skip(where, "track id that cannot be")
            return
        if not self.usable(where, key):
            return
        track = self._tracks.setdefault(track_id, _Gathered())
        if key.frame in track.keys:
            self._ctx.skip(where, "second box of a track on one frame")
            return
        if label and track.label and label != track.label:
            self._ctx.warn(f"Track {track_id} has more than one label; “{track.label}” is kept.")
        track.label, track.name = track.label or label, track.name or name
        self._labels.setdefault(label)
        track.keys[key.frame] = key

    def add_loose(self, where: str, key: Keyframe, label: str = "") -> None:
        """Take one box of which only the frame is known; tracks are found at the end."""
        if self.usable(where, key):
            self._labels.setdefault(label)
            self._loose.setdefault(key.frame, []).append((label, key))

    def document(self, *, labels: tuple[Label, ...] = (), runs: tuple[Run, ...] = ()) -> Document:
        """All that was taken. `labels` and `runs` come from formats that keep them."""
        if self._loose:
            self._link()
        tracks = tuple(
            Track(i, t.label, t.name, columns=Columns.of_keyframes(t.keys.values()))
            for i, t in sorted(self._tracks.items())
        )
        known = {label.name for label in labels}
        more = tuple(Label(name) for name in self._labels if name and name not in known)
        next_id = max((track.id for track in tracks), default=0) + 1
        next_run = max((run.id for run in runs), default=0) + 1
        return Document(self._ctx.video, tracks, labels + more, runs, next_id, next_run)

    def _link(self) -> None:
        """Greedy linking: best overlaps first, within one label, over short gaps."""
        active: dict[int, Keyframe] = {}
        next_id = max(self._tracks, default=0) + 1
        for frame in sorted(self._loose):
            active = {i: k for i, k in active.items() if frame - k.frame <= LINK_GAP + 1}
            boxes = self._loose[frame]
            pairs = sorted(
                (
                    (-iou(old.box, key.box), i, n)
                    for i, old in active.items()
                    for n, (label, key) in enumerate(boxes)
                    if self._tracks[i].label == label
                ),
            )
            taken: dict[int, int] = {}
            for negative, i, n in pairs:
                if -negative >= LINK_OVERLAP and n not in taken and i not in taken.values():
                    taken[n] = i
            for n, (label, key) in enumerate(boxes):
                track_id = taken.get(n, 0)
                if not track_id:
                    track_id, next_id = next_id, next_id + 1
                    self._tracks[track_id] = _Gathered(label)
                self._tracks[track_id].keys[frame] = key
                active[track_id] = key
        self._ctx.warn("The file has no track ids: boxes were linked by their overlap.")


def imported(frame: int, box: Box, *, score: float = 1.0, flags: Flag = Flag.NONE) -> Keyframe:
    """A box from a file that does not say who made it."""
    return Keyframe(frame, box, Source.IMPORTED, score, flags=flags)


def absent(frame: int) -> Keyframe:
    """The statement that the target is not in the picture."""
    return replace(imported(frame, Box(0, 0, 0, 0)), flags=Flag.ABSENT)
