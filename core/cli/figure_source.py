"""What figures and overlay videos are made of: a recording or a project, its clip, the truth."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core import ground_truth
from core.cli.options import UsageError
from core.document import project_file
from core.document.document import Document
from core.errors import FrameUnavailable, RecordingError
from core.evaluate.judged import FrameErrors, frame_errors
from core.evaluate.truth import Truth
from core.recording.recording import Recording
from core.render import derived
from core.render.boxes import DrawnBox, boxes_on, track_color
from core.render.chart import Series
from core.render.figure import FrameView
from core.render.layers import DrawnLayer, LayerLook
from core.states import Source, TargetState
from core.trackers.base import Patch, ResponseMap
from core.video.open import open_source
from core.video.source import VideoSource

Array = NDArray[np.float64]
OVERLAP, ERROR = "overlap", "error"


class FigureSource:
    """A context manager over a recording or a project; see the module docstring.

    Raises
    ------
    BoxtrailError
        If the file, its clip or the ground truth cannot be read.
    """

    def __init__(
        self, path: Path, video: Path | VideoSource | None, truth: str, map_key: str
    ) -> None:
        self._stack = contextlib.ExitStack()
        self.title = path.name
        self.recording: Recording | None = None
        self.document: Document | None = None
        with contextlib.ExitStack() as stack:
            if path.suffix.lower() == project_file.SUFFIX:
                self.document = project_file.load(path)
                clip = video or project_file.locate_video(self.document, path)
            else:
                self.recording = stack.enter_context(Recording(path))
                clip = video or _clip_of(self.recording, path)
            if isinstance(clip, Path):
                self.video: VideoSource = open_source(clip)
                stack.callback(self.video.close)
            else:
                self.video = clip  # whoever opened it closes it
            wait = getattr(self.video, "wait_ready", None)
            if wait is not None:
                wait()
            self.map_key = self._map_key(map_key)
            self.boxes = self._all_boxes()
            self.truth = self._truth(truth)
            self._stack = stack.pop_all()

    def __enter__(self) -> FigureSource:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def frames(self) -> list[int]:
        """Frames that have a box."""
        return np.flatnonzero(np.isfinite(self.boxes[:, 0])).tolist()

    @property
    def errors(self) -> FrameErrors | None:
        """The boxes against the truth."""
        return frame_errors(self.boxes, self.truth.boxes) if self.truth is not None else None

    def drawn(self, frame: int) -> list[DrawnBox]:
        """The boxes of a frame."""
        if self.document is not None:
            return boxes_on(self.document, frame)
        row = self._row(frame)
        if self.recording is None or row is None:
            return []
        result = self.recording.result(row)
        seed = frame == int(self.recording.frames[0])
        return [
            DrawnBox(
                result.box,
                track_color(1),
                self.recording.runs[0].tracker if self.recording.runs else "",
                Source.MANUAL if seed else Source.TRACKED,
                TargetState.TRACKING if seed else result.state,
                None if seed else result.score,
            )
        ]

    def response(self, frame: int) -> ResponseMap | None:
        """The chosen map of a frame."""
        row = self._row(frame)
        if self.recording is None or row is None or not self.map_key:
            return None
        return self.recording.map(self.map_key, row)

    @property
    def map_keys(self) -> list[str]:
        """The maps there are."""
        return [info.key for info in self.recording.maps] if self.recording is not None else []

    def reader(self, layers: Sequence[LayerLook]) -> Callable[[int], list[DrawnLayer]]:
        """Gives what these layers show of a frame; older maps say so, as in the window."""
        recording, step = self.recording, self._step

        def read(frame: int) -> list[DrawnLayer]:
            drawn: list[DrawnLayer] = []
            for look in layers if recording is not None and frame in recording.rows else ():
                assert recording is not None
                maps, age = derived.of_source(look, recording, frame, step)
                response = derived.made(look, maps)
                if response is not None:
                    note = f"Map of frame {frame - age * step}" if age else ""
                    drawn.append(DrawnLayer(look, response, note))
            return drawn

        return read

    def patches(self, frame: int) -> Mapping[str, Patch]:
        """The tracker's own pictures for a frame, or those of the last frame that has some."""
        found = self.recording.attached(frame, self._step) if self.recording is not None else None
        return found[0].patches if found is not None else {}

    @property
    def _step(self) -> int:
        """The direction in which the recording was tracked."""
        known = self.recording.frames if self.recording is not None else ()
        return -1 if len(known) > 1 and known[-1] < known[0] else 1

    def outline(self, frame: int) -> Array | None:
        """The true region of a frame."""
        return self.truth.outline(frame) if self.truth is not None else None

    def view(self, frame: int, *, pictures: bool) -> FrameView:
        """All that a figure shows of a frame.

        Raises
        ------
        UsageError
            If the clip has no such frame.
        """
        info = self.video.info
        if not 0 <= frame < info.frame_count:
            raise UsageError(
                f"There is no frame {frame}.", f"The clip has frames 0 to {info.frame_count - 1}."
            )
        picture = None
        if pictures:
            with contextlib.suppress(FrameUnavailable):
                picture = self.video.read(frame).image
        row = self._row(frame)
        patches: Mapping = {}
        if self.recording is not None and row is not None:
            patches = self.recording.result(row, {"patches"}).patches
        return FrameView(
            frame,
            (info.width, info.height),
            picture,
            tuple(self.drawn(frame)),
            self.outline(frame),
            self.response(frame),
            patches,
        )

    def series(self, names: Sequence[str]) -> list[Series]:
        """Curves by name: ``score``, ``overlap``, ``error``, or a scalar of the recording.

        Raises
        ------
        UsageError
            If there is no such curve.
        """
        return [self._series(name) for name in names]

    def _series(self, name: str) -> Series:
        errors = self.errors
        if name in (OVERLAP, ERROR):
            if errors is None:
                raise UsageError(
                    f"The curve “{name}” needs ground truth.", "Name it with --truth FILE."
                )
            if name == OVERLAP:
                return _all_frames("overlap", errors.overlaps, share=True)
            return _all_frames("centre error, px", errors.errors, share=False)
        if self.recording is not None:
            rows = np.array(list(self.recording.rows.values()))
            frames = self.recording.frames[rows].astype(float)
            order = np.argsort(frames)
            if name == "score":
                values = self.recording.table["score"][rows].astype(float)
                return Series("score", frames[order], values[order])
            if name in self.recording.scalar_names:
                values = self.recording.scalars(name)[rows]
                return Series(name, frames[order], values[order], share=False)
        elif name == "score" and self.document is not None and self.document.tracks:
            columns = self.document.tracks[0].columns
            return Series("score", columns.frames.astype(float), columns.scores.astype(float))
        raise UsageError(f"There is no curve “{name}”.", "Known: " + ", ".join(self.known()) + ".")

    def known(self) -> list[str]:
        """Names of the curves there are."""
        scalars = self.recording.scalar_names if self.recording is not None else ()
        return ["score", *([OVERLAP, ERROR] if self.truth is not None else []), *scalars]

    # ---- inside -------------------------------------------------------------------------------

    def _row(self, frame: int) -> int | None:
        return self.recording.rows.get(frame) if self.recording is not None else None

    def _map_key(self, wanted: str) -> str:
        if self.recording is None:
            return ""
        known = [info.key for info in self.recording.maps]
        if wanted and wanted not in known:
            shown = ", ".join(known) or "none"
            raise UsageError(f"The recording has no map “{wanted}”.", f"It has: {shown}.")
        primary = [info.key for info in self.recording.maps if info.primary]
        return wanted or next(iter(primary or known), "")

    def _all_boxes(self) -> Array:
        boxes = np.full((self.video.info.frame_count, 4), np.nan)
        if self.recording is not None:
            rows = np.array(list(self.recording.rows.values()))
            frames = self.recording.frames[rows]
            inside = frames < len(boxes)
            boxes[frames[inside]] = self.recording.table["box"][rows[inside]]
        elif self.document is not None and self.document.tracks:
            columns = self.document.tracks[0].columns
            inside = columns.frames < len(boxes)
            boxes[columns.frames[inside]] = columns.boxes[inside]
        return boxes

    def _truth(self, wanted: str) -> Truth | None:
        if wanted == "none":
            return None
        if wanted == "auto":
            found = ground_truth.beside(self.video)
        else:
            found = ground_truth.load(Path(wanted), self.video)
        if not found:
            return None
        frames = np.array(self.frames, dtype=np.int64)
        return found[ground_truth.best_for(found, self.boxes[frames], frames)]


def _clip_of(recording: Recording, path: Path) -> Path:
    known = recording.clip
    beside = path.absolute().parent / known.relative if known.relative else None
    for place in (beside, Path(known.path)):
        if place is not None and known.path and place.exists():
            return place
    raise RecordingError(
        f"The clip of “{path.name}” is not where it was recorded.",
        "Say where it is with --video FILE.",
        known.path,
    )


def _all_frames(name: str, values: Array, *, share: bool) -> Series:
    known = np.flatnonzero(np.isfinite(values))
    if not len(known):
        return Series(name, np.empty(0), np.empty(0), share)
    frames = np.arange(known[0], known[-1] + 1)
    return Series(name, frames.astype(float), values[frames], share)
