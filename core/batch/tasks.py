"""What a batch does: clips with first boxes, and how to track them.

All values are plain and picklable: they travel to worker processes.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.alarms.stop import StopRule
from core.collection.collection import ClipStatus, Collection
from core.geometry import Box
from core.recording.coding import Precision


@dataclass(frozen=True, slots=True)
class Seed:
    """A box that a person gave with a job file.

    Boxes of one clip with the same `object` belong to one track; an empty one names an
    object by its label.
    """

    frame: int
    box: Box
    label: str = ""
    object: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """One clip. `video` may be empty where the project knows it; `project` need not exist."""

    project: Path
    video: Path | None = None
    seeds: tuple[Seed, ...] = ()
    title: str = ""

    @property
    def name(self) -> str:
        """What tables call it."""
        return self.title or (self.video.name if self.video else self.project.name)


@dataclass(frozen=True, slots=True)
class RecordingChoice:
    """Recordings of all runs, one file per object in `folder`; `wanted` as in `Tracker`."""

    folder: Path
    wanted: frozenset[str]
    precision: Precision = Precision.COMPACT


@dataclass(frozen=True, slots=True)
class Options:
    """How every clip is tracked.

    Each person's box starts a run that goes to the next one (the last to the end of the
    clip). `two_way` fuses runs from both sides between two boxes; `backward` also tracks
    from the first box to the beginning; `until` ends each run where it becomes unsure.
    `exports` are format keys, written to `folder` (None: beside each project).
    """

    tracker: str = "ccr"
    params: dict[str, Any] = field(default_factory=dict)
    two_way: bool = False
    backward: bool = False
    until: StopRule | None = None
    exports: tuple[str, ...] = ()
    folder: Path | None = None
    recording: RecordingChoice | None = None
    device: str = "cpu"
    threads: int | None = None
    weights: dict[str, Path] = field(default_factory=dict)
    again: bool = False  # also what is finished already


class Result(enum.StrEnum):
    """What became of a clip."""

    TRACKED = "tracked"
    FINISHED = "finished before"
    NO_BOX = "no box to start from"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one clip went.

    `frames` were tracked in `seconds`; `stops` runs ended because the tracker was unsure;
    `doubtful` boxes of the clip wait to be looked at. `details` is a defect's traceback.
    """

    result: Result
    frames: int = 0
    seconds: float = 0.0
    stops: int = 0
    doubtful: int = 0
    message: str = ""
    hint: str = ""
    details: str = ""
    files: tuple[Path, ...] = ()

    @property
    def rate(self) -> float:
        """Frames per second; 0 when nothing was tracked."""
        return self.frames / self.seconds if self.seconds > 0 else 0.0


def tasks_of(collection: Collection, *, also_done: bool = False) -> list[Task]:
    """The clips of a list; those that a person called done are left out."""
    return [
        Task(clip.project, clip.video, title=clip.title)
        for clip in collection.clips
        if also_done or clip.status is not ClipStatus.DONE
    ]


def total_of(outcomes: Iterable[Outcome]) -> Outcome:
    """Sums over clips, for the last line of a table."""
    frames, seconds, stops, doubtful = 0, 0.0, 0, 0
    for outcome in outcomes:
        frames += outcome.frames
        seconds += outcome.seconds
        stops += outcome.stops
        doubtful += outcome.doubtful
    return Outcome(Result.TRACKED, frames, seconds, stops, doubtful)
