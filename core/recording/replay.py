"""A recording as what a run leaves behind: a document, rows for curves, facts of a clip.

Replay has no painting of its own. Boxes become a document with the recorded objects, as
:meth:`core.document.document.Document.with_run` would have made it, and maps are asked
for through :class:`core.engine.map_source.MapSource`; so whatever shows a run that is
open shows a recording, the very same way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

from core.document.document import Document, Run, VideoRef
from core.document.track import Columns, Track
from core.engine.run_buffer import Row
from core.engine.runner import Start
from core.engine.trace import Trace
from core.engine.what_if import Base, Tuned
from core.errors import RecordingError
from core.geometry import Box
from core.recording.about import RunFacts
from core.recording.recording import Recording
from core.states import Source, TargetState
from core.video.source import VideoInfo

_MAX_FRAMES = 10_000_000
_MAX_SIDE = 1 << 15
_USUAL_FPS = 25.0


def document_of(recording: Recording) -> Document:
    """The document after the recorded runs: their objects, boxes and what made them.

    Boxes that a run was given are a person's, those on other frames the tracker's.
    """
    clip = recording.clip
    document = Document(
        VideoRef(
            clip.relative or clip.path, clip.fingerprint, clip.width, clip.height,
            clip.frame_count, clip.fps, clip.path,
        )
    )  # fmt: skip
    for number in dict.fromkeys(facts.target.id for facts in recording.runs) or [1]:
        runs = [facts for facts in recording.runs if facts.target.id == number]
        target = runs[-1].target if runs else None
        track = Track(number, columns=_columns(recording, {facts.id for facts in runs}))
        if target is not None:
            track = replace(track, label=target.label, name=target.name, color=target.color)
            if not (target.label or target.name) and runs[-1].object != track.title:
                track = replace(track, name=runs[-1].object)
        document = document.with_track(track)
    made = tuple(_run(recording, facts) for facts in recording.runs)
    next_id = max((run.id for run in made), default=0) + 1
    return replace(document, runs=made, next_run_id=next_id)


def rows_of(recording: Recording, frames: range | None = None) -> list[Row]:
    """The rows that count, in order of frames: what curves are drawn from.

    Raises
    ------
    RecordingError
        If a part of the file is damaged.
    """
    names = recording.scalar_names
    values = {name: recording.scalars(name) for name in names}
    table, alarms = recording.table, recording.alarms()
    found = []
    for frame, row in sorted(recording.rows.items()):
        if frames is not None and frame not in frames:
            continue
        entry = table[row]
        scalars = {n: float(v[row]) for n, v in values.items() if not np.isnan(v[row])}
        found.append(
            Row(
                frame,
                Box(*map(float, entry["box"])),
                float(entry["score"]),
                TargetState(int(entry["state"])),
                recording.reason(row),
                scalars,
                float(entry["seconds"]),
                bool(entry["seed"]),
                int(alarms[row]),
            )
        )
    return found


def trace_of(recording: Recording, title: str = "") -> Trace:
    """The recording as a trace, to be compared."""
    rows = rows_of(recording)
    title = title or recording.path.name
    return Trace.of_rows(title, rows, recording, recording.maps, step_of(recording))


def base_of(recording: Recording, frame: int) -> Base:
    """The recorded run that tracked `frame`, to be tried again with other parameters.

    It begins where the target was learnt and ends before the next correction.

    Raises
    ------
    RecordingError
        If `frame` was tracked after a correction: what the tracker had learnt by then is
        not in the recording.
    """
    row = recording.row_of(frame)
    rows = recording.table
    numbers = [facts.id for facts in recording.runs]
    at = numbers.index(int(rows["run"][row])) if int(rows["run"][row]) in numbers else 0
    while at > 0 and recording.runs[at].resumes:
        at -= 1
    if not recording.runs or recording.runs[at].is_correction:
        raise RecordingError(
            f"Frame {frame} was tracked after a correction, which cannot be repeated from a "
            "recording.",
            "Go to a frame before the correction.",
        )
    facts, end = recording.runs[at], at + 1
    while end < len(recording.runs) and recording.runs[end].resumes:
        end += 1
    own = {f.id for f in recording.runs[at:end]}
    inside = np.flatnonzero(np.isin(rows["run"], sorted(own)))
    last = int(rows["index"][inside[-1]])
    tunings = tuple(
        Tuned(int(rows["index"][tuning.row]), tuning.values)
        for tuning in recording.tunings
        if tuning.row < len(rows) and int(rows["run"][tuning.row]) in own
    )
    start = Start(facts.frame, facts.box)
    return Base(facts.tracker, params_of(facts), start, last, facts.step, tunings)


def step_of(recording: Recording) -> int:
    """Direction in which the last run went, +1 or −1."""
    return recording.runs[-1].step if recording.runs else 1


def params_of(facts: RunFacts) -> Mapping[str, object]:
    """Parameters of a run that are plain values."""
    return MappingProxyType(dict(facts.params))


def clip_info(recording: Recording) -> VideoInfo:
    """What is known of the clip, completed so that it can stand in for the clip.

    Raises
    ------
    RecordingError
        If the recording does not say how large its pictures were.
    """
    clip = recording.clip
    sides = (clip.width, clip.height)
    if not all(0 < side <= _MAX_SIDE for side in sides):
        raise RecordingError(
            f"“{recording.path.name}” does not say how large its pictures were.",
            "Show where its video is.",
        )
    last = int(recording.frames.max()) + 1 if len(recording) else 1
    count = min(max(clip.frame_count, last), _MAX_FRAMES)
    fps = clip.fps if clip.fps > 0 else _USUAL_FPS
    times = np.arange(count) / fps
    rows = [(f, recording.table["time"][r]) for f, r in recording.rows.items() if f < count]
    for frame, time in rows:
        if np.isfinite(time):
            times[frame] = time
    path = Path(clip.path or recording.path.with_suffix(""))
    return VideoInfo(path, *sides, count, fps, times, clip.fingerprint)


def _columns(recording: Recording, runs: set[int]) -> Columns:
    table, alarms = recording.table, recording.alarms()
    rows = [
        row
        for _, row in sorted(recording.rows.items())
        if not runs or int(table["run"][row]) in runs
    ]
    entries = table[rows]
    seeds = entries["seed"] == 1
    return Columns.of(
        {
            "frames": entries["index"],
            "boxes": entries["box"],
            "scores": np.where(seeds, 1.0, entries["score"]),
            "sources": np.where(seeds, Source.MANUAL, Source.TRACKED),
            "states": np.where(seeds, TargetState.TRACKING, entries["state"]),
            "flags": np.zeros(len(rows)),
            "runs": np.where(seeds, 0, entries["run"]),
            "alarms": np.where(seeds, 0, alarms[rows]),
        }
    )


def _run(recording: Recording, facts: RunFacts) -> Run:
    own = recording.table[recording.table["run"] == facts.id]
    last = int(own["index"][-1]) if len(own) else facts.frame
    return Run(
        facts.id, facts.target.id, facts.tracker, params_of(facts), facts.frame, last, facts.policy,
        facts.device, float(np.nansum(own["seconds"])) if len(own) else 0.0,
    )  # fmt: skip
