"""Recording runs while they run: when, what of them, and into which file.

While Record is on, every run on the selected object goes into one file, corrections
included; another object or another tracker begins another file. A file that cannot be
written ends the recording with a sentence and leaves the run alone.
"""

from __future__ import annotations

import datetime
import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.controller.desk import Desk
from app.controller.overlay import Overlay
from app.controller.run_state import Choices
from app.controller.runs import Runs
from app.jobs.background import Background
from app.views.recording_types import RecordOptions, RecordStatus
from core import paths
from core.errors import BoxtrailError
from core.paths import resource
from core.recording import estimate
from core.recording.coding import Precision
from core.recording.recorder import RecordingState, WhenFull
from core.recording.run_recorder import RecordTo, RunRecorder
from core.recording.schema import SUFFIX
from core.session import RunPlan, Session
from core.storage import atomic_write
from core.trackers import registry
from core.wording import counted

_POLL_MS = 250
_UNSAFE = re.compile(r"[^\w.()+-]+")


class Recordings(QObject):
    """Carries out Record.

    Attributes
    ----------
    changed
        The status (:class:`RecordStatus`), a few times a second while a file is written.
    options_changed
        Other :class:`RecordOptions` are in force.
    finished
        A file is complete (its path).
    """

    changed = Signal(object)
    options_changed = Signal(object)
    finished = Signal(object)

    def __init__(
        self,
        desk: Desk,
        runs: Runs,
        overlay: Overlay,
        choices: Choices,
        background: Background,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._choices = choices
        self._desk, self._runs, self._overlay = desk, runs, overlay
        self._background = background
        self.options = _stored()
        self._on = False
        self._recorder: RunRecorder | None = None
        self._object = 0
        self._frames = 0  # that the run under way is to have
        self._complained = False
        self._timer = QTimer(self)
        self._timer.setInterval(_POLL_MS)
        self._timer.timeout.connect(self._poll)
        runs.use_recorder(self.recorder_for)
        runs.run_ended.connect(self._on_run_ended)
        desk.clip_changed.connect(self._on_clip)
        overlay.maps_changed.connect(self._on_maps)

    @property
    def is_on(self) -> bool:
        """Whether runs are recorded."""
        return self._on

    @property
    def path(self) -> Path | None:
        """The file that is being written."""
        return self._recorder.path if self._recorder is not None else None

    def toggle(self) -> None:
        """Record the next runs; or stop, which finishes the file."""
        if self._on:
            self.stop()
        else:
            self._on = True
            self._tell_wishes()
        self._tell()

    def stop(self, *, wait: bool = False) -> None:
        """Record no more and finish the file, in the background unless it is to `wait`."""
        self._on = False
        self._tell_wishes()
        self._finish(wait=wait)
        self._tell()

    def set_options(self, options: RecordOptions) -> None:
        """Use other options, from the next file on; maps count at once."""
        if options != self.options:
            self.options = options
            _store(options)
            self._tell_wishes()
            self.options_changed.emit(options)
            self._tell()

    def folder(self) -> Path:
        """Where files go."""
        if self.options.folder:
            return Path(self.options.folder)
        session = self._desk.session
        clip = session.video.info.path if session is not None else Path.home() / "clip"
        inside = clip.is_absolute() and clip.is_relative_to(resource())
        return Path.home() if inside else clip.absolute().parent

    def expected(self, frames: int) -> int:
        """Bytes that a recording of `frames` frames takes, roughly."""
        state = self._recorder.state if self._recorder is not None else RecordingState()
        if state.written >= 2 * state.capacity:  # measured beats guessed
            return round(state.bytes / state.written * frames)
        options, tracker = self.options, self._tracker()
        return estimate.size(
            frames, len(options.keys(tracker, self._overlay.maps)), options.precision,
            patches=options.patches, proposals=options.proposals,
        )  # fmt: skip

    def free(self) -> int:
        """Bytes that are free where files go; 0 when nobody knows."""
        try:
            return shutil.disk_usage(self.folder()).free
        except OSError:
            return 0

    # ---- what runs ask -----------------------------------------------------------------

    def recorder_for(self, session: Session, plan: RunPlan) -> RunRecorder | None:
        """The file for a run that is about to begin; None while Record is off."""
        if not self._on:
            return None
        run, known = plan.run, self._recorder
        fits = known is not None and self._object == run.track_id and known.error is None
        if known is not None and not (fits and known.tracker == run.tracker):
            self._finish(wait=False)
        self._frames = plan.total + (self._recorder.state.taken if self._recorder else 0)
        if self._recorder is None:
            path = self._new_path(session, run.track_id)
            wanted = self._wanted(run.tracker)
            target = RecordTo(path, wanted, self.options.precision, self.options.when_full)
            self._recorder = RunRecorder(target, session.video, run.tracker)
            self._object, self._complained = run.track_id, False
        self._timer.start()
        self._tell()
        return self._recorder

    # ---- inside ----

    def _tracker(self) -> str:
        return self._choices.key()

    def _wanted(self, tracker: str) -> frozenset[str]:
        spec = registry.trackers.get(tracker)
        keys = self.options.keys(tracker, spec.maps if spec else ())
        further = {"patches": self.options.patches, "proposals": self.options.proposals}
        return frozenset(keys) | {name for name, on in further.items() if on}

    def _tell_wishes(self) -> None:
        self._overlay.want("recording", self._wanted(self._tracker()) if self._on else frozenset())

    def _new_path(self, session: Session, track_id: int) -> Path:
        track = session.store.current.track(track_id)
        stem = session.video.info.path.stem or session.video.info.path.name or "clip"
        moment = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
        name = _UNSAFE.sub("_", f"{stem[:60]}-{track.title[:40]}-{moment}")
        path, number = self.folder() / (name + SUFFIX), 1
        while path.exists():
            number += 1
            path = self.folder() / f"{name}-{number}{SUFFIX}"
        return path

    def _finish(self, *, wait: bool) -> None:
        recorder, self._recorder = self._recorder, None
        self._timer.stop()
        if recorder is None:
            return
        if wait:
            recorder.close()
            return
        self._background.run(
            recorder.close, lambda state: self._on_finished(recorder.path, state), self._on_failed
        )

    def _on_finished(self, path: Path, state: RecordingState) -> None:
        if state.error is not None:
            self._complain(state.error)
        elif path.exists():
            text = self.tr("Recorded %s: %s (%s).")
            shown = estimate.shown(path.stat().st_size)
            hint = ""
            if state.left_out:
                hint = self.tr("The disk was slow: %s without maps.") % (
                    counted(state.left_out, "frame")
                )
            self._desk.say(
                text % (counted(state.written, "frame"), path.name, shown), hint,
                "warning" if hint else "success", "open_last_recording", self.tr("Replay it"),
            )  # fmt: skip
            self.finished.emit(path)
        self._tell()

    def _on_failed(self, error: Exception) -> None:
        if isinstance(error, BoxtrailError):
            self._complain(error)

    def _complain(self, error: BoxtrailError) -> None:
        if not self._complained:
            self._complained = True
            text = self.tr("Nothing more is recorded; tracking goes on. %s")
            self._desk.say(text % error.message, error.hint, "error")

    def _tell(self) -> None:
        state = self._recorder.state if self._recorder is not None else RecordingState()
        frames = max(self._frames, state.taken)
        self.changed.emit(
            RecordStatus(self._on, self.path, state, self.expected(frames), self.free())
        )

    @Slot()
    def _poll(self) -> None:
        error = self._recorder.state.error if self._recorder is not None else None
        if error is not None:
            self._complain(error)
        self._tell()

    @Slot(object)
    def _on_run_ended(self, plan: object) -> None:
        self._poll()
        self._timer.stop()
        if self._recorder is not None and self._recorder.error is not None:
            self._finish(wait=False)

    @Slot()
    def _on_clip(self) -> None:
        # The file belongs to the clip that was open; what is written refers to it.
        self._finish(wait=False)
        self._tell()

    @Slot(object)
    def _on_maps(self, maps: object) -> None:
        self._tell_wishes()
        self._tell()


def _options_path() -> Path:
    return paths.config_dir() / "recording.json"


def _store(options: RecordOptions) -> None:
    try:
        with atomic_write(_options_path(), text=True) as stream:
            json.dump(asdict(options), stream, ensure_ascii=False, indent=1)
    except BoxtrailError:
        return  # not worth an error message: they hold until the program ends


def _stored() -> RecordOptions:
    """The options of the last time; whatever cannot be used has its default."""
    try:
        found = json.loads(_options_path().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return RecordOptions()
    return _options_of(found) if isinstance(found, dict) else RecordOptions()


def _options_of(found: Mapping[str, Any]) -> RecordOptions:
    options = RecordOptions(
        patches=found.get("patches") is True, proposals=found.get("proposals") is True
    )
    precision, when_full = str(found.get("precision")), str(found.get("when_full"))
    if precision in set(Precision):
        options = replace(options, precision=Precision(precision))
    if when_full in set(WhenFull):
        options = replace(options, when_full=WhenFull(when_full))
    folder = found.get("folder")
    if isinstance(folder, str) and folder and Path(folder).is_dir():
        options = replace(options, folder=folder)
    maps = found.get("maps")
    if isinstance(maps, dict):
        kept = {
            str(key): tuple(str(name) for name in names)
            for key, names in maps.items()
            if isinstance(names, list)
        }
        options = replace(options, maps=kept)
    return options
