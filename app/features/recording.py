"""Recording of runs and replay of recordings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFrame, QScrollArea

from app.controller.recording import Recordings
from app.controller.replay import Replay
from app.features.feature import Feature, Parts
from app.ui_state import UiState
from app.views.recording_panel import RecordingPanel
from app.views.recording_types import RecordOptions, RecordStatus
from core import params
from core.errors import ParamError
from core.recording import estimate
from core.replay import ReplaySession
from core.trackers import registry
from core.wording import counted

_SAID_MS = 1000  # of the status bar; said again before that while a file is written


class RecordingFeature(Feature):
    """A dock with what is recorded and what an open recording holds."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        controller, actions = parts.controller, parts.actions
        self._overlay = controller.overlay
        self.recordings = Recordings(
            controller.desk, controller.runs, controller.overlay, controller.choices,
            controller.background, self,
        )  # fmt: skip
        self.replay = Replay(
            controller.desk, controller.runs, controller.overlay, controller.project,
            controller.prompts, self,
        )  # fmt: skip
        self.panel = RecordingPanel(actions["record"], actions["locate_video"])
        self.dock = parts.panels.add_dock(
            "recording", parts.window.tr("Recording"), _scrolled(self.panel), beside="overlay"
        )
        parts.panels.tracker.add_actions([actions["record"]])
        self._last: Path | None = None
        self._connect()
        self._show_maps(None)
        self.panel.set_options(self.recordings.options)

    def handlers(self) -> Mapping[str, Callable[[], object]]:
        """See the base class."""
        return {
            "record": self.recordings.toggle,
            "replay_last": self._replay_last,
            "locate_video": self.replay.locate_video,
        }

    def state_changed(self, state: UiState) -> None:
        """See the base class."""
        session = self.replay.session
        actions = self.parts.actions
        actions["record"].setChecked(self.recordings.is_on)
        actions["locate_video"].setEnabled(session is not None)
        actions["replay_last"].setEnabled(self._last is not None and not state.is_running)
        self._show_estimate()

    def finish(self) -> None:
        """Finish the file that is being written."""
        self.recordings.stop(wait=True)

    def _connect(self) -> None:
        recordings, panel = self.recordings, self.panel
        panel.options_changed.connect(recordings.set_options)
        panel.folder_wanted.connect(self._choose_folder)
        recordings.changed.connect(self._show_status)
        recordings.options_changed.connect(self._show_options)
        recordings.finished.connect(self._on_finished)
        self._overlay.maps_changed.connect(self._show_maps)
        self.replay.shown.connect(self._show_replay)

    # ---- recording -----------------------------------------------------------------------

    @Slot(object)
    def _show_status(self, status: RecordStatus) -> None:
        self.panel.show_status(status)
        self.parts.actions["record"].setChecked(status.is_on)
        self._show_estimate(status)
        if status.path is not None and not self.panel.isVisible():
            self.parts.status.showMessage(self.panel.text(), _SAID_MS)

    @Slot(object)
    def _show_options(self, options: RecordOptions) -> None:
        self.panel.set_options(options)
        self._show_estimate()

    @Slot(object)
    def _show_maps(self, maps: object) -> None:
        self.panel.set_maps(self.parts.controller.choices.key(), self._overlay.maps)

    @Slot(object)
    def _on_finished(self, path: Path) -> None:
        self._last = path
        self.parts.actions["replay_last"].setEnabled(True)

    @Slot()
    def _choose_folder(self) -> None:
        found = self.parts.controller.prompts.folder_to_open()
        if found is not None:
            self.recordings.set_options(replace(self.recordings.options, folder=str(found)))

    def _show_estimate(self, status: RecordStatus | None = None) -> None:
        if not self.panel.isVisible():
            return
        state = self.parts.controller.desk.state
        frames = max(state.frame_count - state.frame, 0)
        folder = self.recordings.folder()
        self.panel.set_folder(str(folder))
        if not state.has_clip:
            self.panel.set_estimate("", too_large=False)
            return
        expected = self.recordings.expected(frames)
        writing = status is not None and status.path is not None
        free = self.recordings.free()
        if writing and status is not None:
            expected = status.expected
            text = self.tr("About {size} when the run is over.")
        else:
            text = self.tr("About {size} to the end of the clip ({frames}).")
        text = text.format(size=estimate.shown(expected), frames=counted(frames, "frame"))
        tight = 0 < free < expected
        if tight:
            text += " " + self.tr("Only {free} are free there.").format(free=estimate.shown(free))
        self.panel.set_estimate(text, too_large=tight)

    def _replay_last(self) -> None:
        if self._last is not None:
            self.replay.open(self._last)

    # ---- replay --------------------------------------------------------------------------

    @Slot(object)
    def _show_replay(self, session: ReplaySession | None) -> None:
        if session is None:
            self.panel.show_facts([], missing="")
            return
        self._choose_tracker(session)
        self.panel.show_facts(_facts(session), missing=session.missing)
        plot = self.parts.panels.plot
        frames = session.recording.frames
        if len(frames):
            plot.start_run(0, (int(frames.min()), int(frames.max()) + 1))
            plot.extend(session.rows)
            plot.end_run()
        self.parts.presenter.refresh_canvas()

    def _choose_tracker(self, session: ReplaySession) -> None:
        """Set the tracker panel to what was recorded, so that a run would repeat it."""
        runs = session.recording.runs
        if not runs or runs[-1].tracker not in registry.trackers:
            return
        tracker, overlay = self.parts.panels.tracker, self.parts.panels.overlay
        tracker.set_key(runs[-1].tracker)
        try:
            described = params.describe(registry.find(runs[-1].tracker).params)
            defaults = {info.name: info.default for info in described}
            tracker.set_values(
                {n: v for n, v in runs[-1].params.items() if defaults.get(n, v) != v}
            )
        except ParamError:
            tracker.set_values({})  # recorded by another version of the tracker
        maps = session.recording.maps
        if maps:
            primary = next((info.key for info in maps if info.primary), maps[0].key)
            overlay.set_maps(maps, primary)
        self.panel.set_maps(runs[-1].tracker, self._overlay.maps)


def _scrolled(panel: RecordingPanel) -> QScrollArea:
    area = QScrollArea()
    area.setProperty("surface", "panel")
    area.setWidget(panel)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return area


def _facts(session: ReplaySession) -> list[tuple[str, str]]:
    recording = session.recording
    frames = recording.frames
    found = [
        ("File", recording.path.name),
        ("Clip", Path(recording.clip.path).name or "–"),
        ("Frames", f"{int(frames.min())} to {int(frames.max())}" if len(frames) else "none"),
        ("Maps", ", ".join(info.title for info in recording.maps) or "none"),
        ("Precision", str(recording.precision)),
        ("Finished", "properly" if recording.complete else "no: the program ended"),
    ]
    for facts in recording.runs:
        what = "correction" if facts.is_correction and not facts.resumes else "run"
        where = f"from frame {facts.frame}, {facts.device}"
        found.append((f"{what} {facts.id}", f"{facts.tracker} {facts.version} {where}"))
        found += [(f"  {used.key}", f"{used.sha256[:12]} {used.trust}") for used in facts.weights]
    return found
