"""The document: which video, which tracks, which tracker runs. Immutable.

Every edit is a pure function that returns a new document sharing all that did not
change. Undo keeps references to old documents; autosave, export and evaluation
read a reference on any thread without locks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from core.document import intervals
from core.document.schema import Attribute
from core.document.track import Columns, Track
from core.errors import ProjectError
from core.frame_sample import FrameSample
from core.states import CorrectionPolicy, Flag, RunKind

COLOR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True, slots=True)
class VideoRef:
    """The clip a document belongs to, recognisable when it moved.

    `path` is absolute or relative to the project file, with forward slashes.
    `elsewhere` is the absolute path at which a project file last knew the clip, for
    the case that only the project has been moved. `samples` are crops of a few frames, see
    :mod:`core.video.samples`.
    """

    path: str
    fingerprint: str = ""
    width: int = 0
    height: int = 0
    frame_count: int = 0
    fps: float = 0.0
    elsewhere: str = ""
    samples: tuple[FrameSample, ...] = ()


@dataclass(frozen=True, slots=True)
class Label:
    """A class of objects. `color` is ``#rrggbb`` or empty; `attributes` is its schema."""

    name: str
    color: str = ""
    attributes: tuple[Attribute, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """How a stretch of boxes came to be: tracker, parameters, seed, direction.

    Frames ``start..end`` inclusive; ``end < start`` for a run backwards. A two-way run
    went from both ends; `disagreement` is ``1 - IoU`` of its two boxes by frame, in
    [0, 1]. Runs of a consensus share a `group`, the id of the run with the fused boxes (0:
    a run by itself); their `disagreement` is one minus the agreement, see
    :mod:`core.engine.agreement`. `device` and `seconds` are for the record.
    """

    id: int
    track_id: int
    tracker: str
    params: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    start: int = 0
    end: int = 0
    policy: CorrectionPolicy = CorrectionPolicy.NEW_TEMPLATE
    device: str = ""
    seconds: float = 0.0
    created: str = ""  # ISO 8601, UTC
    kind: RunKind = RunKind.ONE_WAY
    disagreement: Mapping[int, float] = field(default_factory=lambda: MappingProxyType({}))
    group: int = 0


@dataclass(frozen=True, slots=True)
class Proposal:
    """A run's boxes beside the document, to be accepted or discarded; changes no track."""

    run: Run
    columns: Columns


@dataclass(frozen=True, slots=True)
class Document:
    """Everything that is saved. See the module docstring for the rules."""

    video: VideoRef
    tracks: tuple[Track, ...] = ()
    labels: tuple[Label, ...] = ()
    runs: tuple[Run, ...] = ()
    next_track_id: int = 1
    next_run_id: int = 1
    notes: str = ""
    proposals: tuple[Proposal, ...] = ()

    def track(self, track_id: int) -> Track:
        """The track with this id.

        Raises
        ------
        ProjectError
            If there is none.
        """
        for track in self.tracks:
            if track.id == track_id:
                return track
        raise ProjectError(f"There is no track {track_id}.", "It may have been deleted.")

    def has_track(self, track_id: int | None) -> bool:
        """Whether a track with this id exists."""
        return any(track.id == track_id for track in self.tracks)

    def run(self, run_id: int) -> Run | None:
        """The run with this id, or None."""
        return next((run for run in self.runs if run.id == run_id), None)

    def color_of(self, track: Track) -> str:
        """Colour of a track: its own, else its label's, else empty (front ends choose by id)."""
        if track.color:
            return track.color
        return next((label.color for label in self.labels if label.name == track.label), "")

    def with_track(self, track: Track) -> Document:
        """A document in which `track` replaces the one with its id, or is added last.

        Boxes that follow from keys follow here, see :mod:`core.document.intervals`.
        """
        before = next((t for t in self.tracks if t.id == track.id), None)
        track = intervals.reconciled(before, track)
        if before is not None:
            tracks = tuple(track if t.id == track.id else t for t in self.tracks)
        else:
            tracks = (*self.tracks, track)
        labels = self.labels
        if track.label and all(label.name != track.label for label in labels):
            labels = (*labels, Label(track.label))
        next_id = max(self.next_track_id, track.id + 1)
        return replace(self, tracks=tracks, labels=labels, next_track_id=next_id)

    def with_new_track(self, label: str = "", **fields: Any) -> tuple[Document, Track]:
        """A document with one more empty track, and that track."""
        track = Track(self.next_track_id, label, **fields)
        return self.with_track(track), track

    def without_track(self, track_id: int) -> Document:
        """A document without this track; its id is not used again."""
        return replace(
            self,
            tracks=tuple(t for t in self.tracks if t.id != track_id),
            proposals=tuple(p for p in self.proposals if p.run.track_id != track_id),
        )

    def with_label(self, label: Label) -> Document:
        """A document in which `label` replaces the one of its name, or is added last."""
        if label.color and not COLOR.fullmatch(label.color):
            raise ProjectError(f"“{label.color}” is not a colour.", "Use the form #rrggbb.")
        if any(known.name == label.name for known in self.labels):
            labels = tuple(label if known.name == label.name else known for known in self.labels)
        else:
            labels = (*self.labels, label)
        return replace(self, labels=labels)

    def with_run(self, run: Run, columns: Columns, *, keep_protected: bool = True) -> Document:
        """A document with a tracker run's boxes laid over its track.

        The rule of the whole product: boxes that a person entered or confirmed
        stay (`keep_protected`), everything else on the run's frames is replaced; what
        was stated of such a frame (occluded, truncated) is then stated of the new box.
        """
        before = self.track(run.track_id)
        if keep_protected:
            columns = _with_statements(columns, before.columns)
        track = before.with_columns(columns, keep_protected=keep_protected)
        kept = tuple(r for r in self.runs if r.id != run.id)
        next_id = max(self.next_run_id, run.id + 1)
        return replace(self.with_track(track), runs=(*kept, run), next_run_id=next_id)


def _with_statements(rows: Columns, known: Columns) -> Columns:
    stated = known.select((known.flags & (Flag.OCCLUDED | Flag.TRUNCATED)) != 0)
    if not len(stated):
        return rows
    at = np.minimum(np.searchsorted(stated.frames, rows.frames), len(stated) - 1)
    same = stated.frames[at] == rows.frames
    marks = stated.flags[at] & np.uint8(Flag.OCCLUDED | Flag.TRUNCATED)
    flags = rows.flags | np.where(same, marks, np.uint8(0))
    flags.setflags(write=False)
    return replace(rows, flags=flags)
