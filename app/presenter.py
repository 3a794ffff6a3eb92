"""Brings the views up to date: who shows what, and how often.

The canvas follows at once; lists and lanes are brought up to date together after a
burst of edits, and at a few hertz while a run grows, because rebuilding them for
each of a hundred frames per second would cost the tracker its time.
"""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, QTimer, Slot

from app import scene
from app.controller.controller import Controller
from app.controller.review import Learnt, Queue
from app.panels import Panels
from app.status_bar import StatusBar, clock
from app.ui_state import RunStatus, UiState
from app.views.review_panel import LISTED
from app.views.view_types import DisplayFrame, OverlaySettings
from core.alarms.review import Place
from core.document.store import Change
from core.engine.run_buffer import Row
from core.session import RunPlan
from core.states import TargetState

_GROWTH_MS = 300
_CACHE_MS = 700
_READOUT_S = 0.15  # numbers that change faster cannot be read


class Presenter(QObject):
    """Reads the controller's desk and fills the views; changes neither."""

    def __init__(
        self, controller: Controller, panels: Panels, status: StatusBar, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._desk = controller.desk
        self._panels = panels
        self._status = status
        self.show_trail = True
        self._told_run = self._told_levels = 0.0  # when the readouts were last brought up to date
        self._unplotted: list[Row] = []
        self._curves_of = 0  # the run whose curves are shown
        self._lists = QTimer(self)
        self._lists.setSingleShot(True)
        self._lists.timeout.connect(self.refresh_lists)
        self._cache = QTimer(self)
        self._cache.setInterval(_CACHE_MS)
        self._cache.timeout.connect(self._refresh_cache)

    # ---- a clip ------------------------------------------------------------------------

    @Slot()
    def show_clip(self) -> None:
        """Another clip (or none) is open."""
        session, panels = self._desk.session, self._panels
        panels.show_clip(is_open=session is not None)
        panels.canvas.show_frame(None)
        panels.box.show_box(None)
        if session is not None:
            self.show_facts()
            self._cache.start()
        else:
            panels.timeline.set_clip(0, 0.0, None)
            panels.transport.set_clip(0, 0.0)
            self._cache.stop()
            self._status.show_access(None)
        self.refresh_lists()
        self._show_run()

    @Slot()
    def show_facts(self) -> None:
        """The clip's facts, which may become final only after a while."""
        session, panels = self._desk.session, self._panels
        if session is None:
            return
        info = session.video.info
        panels.timeline.set_clip(info.frame_count, info.fps, info.times)
        panels.timeline.set_damaged(info.damaged)
        panels.transport.set_clip(info.frame_count, info.fps)
        panels.plot.set_clip(info.frame_count)
        panels.box.set_frame_size(info.width, info.height)
        self._status.show_access(session.video.access)

    # ---- the frame -----------------------------------------------------------------------

    @Slot(object, float)
    def show_frame(self, frame: DisplayFrame | None, seconds: float) -> None:
        """Another frame's pixels are here."""
        if frame is None and self._desk.session is not None:
            self._panels.canvas.set_message(self.tr("This frame cannot be read"))
            self._panels.canvas.show_boxes([])
            return
        self._panels.canvas.set_message("")
        self._panels.canvas.show_frame(frame)
        if frame is not None:
            self._panels.transport.set_playhead(frame.index, seconds)
            self._status.show_place(frame.index, self._desk.state.frame_count, seconds)
            self.refresh_canvas()

    @Slot(int)
    def move_playhead(self, frame: int) -> None:
        """The playhead moved; the pixels follow."""
        self._panels.timeline.set_playhead(frame)
        if self._desk.state.run is not RunStatus.RUNNING:
            self._panels.plot.set_playhead(frame)

    def refresh_canvas(self) -> None:
        """Boxes, path and map of the frame that is shown."""
        desk, canvas, frame = self._desk, self._panels.canvas, self._desk.shown
        canvas.show_boxes(scene.boxes(desk, frame))
        canvas.show_proposals(scene.proposals(desk, frame))
        length = desk.preferences.trail_length if self.show_trail else 0
        canvas.show_trail(*scene.trail(desk, frame, length))
        self._refresh_map(frame)
        key = desk.key_at(desk.state.track, frame)
        track = desk.state.track
        locked = (
            desk.session is not None and track is not None and desk.document.track(track).locked
        )
        shown = key.box if key is not None and not key.is_absent else None
        self._panels.box.show_box(shown, locked=locked)

    # ---- what changed ------------------------------------------------------------------------

    @Slot(object)
    def document_changed(self, change: Change) -> None:
        """An edit: the canvas at once, lists after the burst."""
        self.refresh_canvas()
        self._lists.start(0)

    @Slot(object)
    def state_changed(self, state: UiState) -> None:
        """Mode, selection or run changed."""
        self._panels.canvas.set_mode(state.mode)
        self._panels.transport.set_playing(playing=state.playing or state.run is RunStatus.RUNNING)
        self._panels.tracker.set_running(running=state.is_running)
        self._show_run()
        if state.run is RunStatus.PAUSED:
            self._plot_rows()

    @Slot()
    def selection_changed(self) -> None:
        """Another track is selected."""
        self.refresh_canvas()
        self.refresh_lists()

    @Slot(object)
    def overlay_changed(self, settings: OverlaySettings) -> None:
        """The edited map's look or choice changed."""
        self._panels.overlay.set_settings(settings)
        self._refresh_map(self._desk.shown)

    @Slot()
    def maps_changed(self) -> None:
        """The frame's maps come from elsewhere, or another layer changed."""
        self._refresh_map(self._desk.shown)

    @Slot(object)
    def review_changed(self, queue: Queue) -> None:
        """Other places are doubtful."""
        panels, places = self._panels, queue.places
        rows = scene.review_rows(self._desk, places[:LISTED])
        panels.review.set_places(rows, queue.frames_left, len(places))
        lost = TargetState.LOST
        panels.timeline.set_flags([(p.first, p.last, p.state is lost) for p in places])

    @Slot(object)
    def place_reached(self, place: Place | None) -> None:
        """The playhead is at another doubtful place, or at none."""
        places = self._controller.review.queue.places[:LISTED]
        self._panels.review.set_current(places.index(place) if place in places else None)

    @Slot(str, list)
    def show_learnt(self, tracker: str, moved: list[Learnt]) -> None:
        """What verdicts taught about a tracker's alarms."""
        rows = [(one.name, one.before, one.now) for one in moved]
        self._panels.review.set_learnt(tracker, rows)
        self.show_line()

    def show_line(self) -> None:
        """The score below which frames are doubted."""
        value = self._controller.review.score_line()
        self._panels.timeline.set_threshold(value)
        self._panels.plot.set_threshold(value)

    @Slot(list)
    def rows_added(self, rows: list) -> None:
        """A run found more boxes."""
        self._unplotted.extend(rows)
        if self._due():
            self._show_run()
            self._plot_rows()
        if not self._lists.isActive():
            self._lists.start(_GROWTH_MS)

    @Slot()
    def refresh_lists(self) -> None:
        """List of objects, lanes of the timeline, curves."""
        desk, panels = self._desk, self._panels
        self._lists.stop()
        lanes = scene.lanes(desk)
        panels.timeline.set_tracks(lanes)
        panels.tracks.set_tracks(scene.rows(desk))
        panels.proposal.show_text(scene.proposal_text(desk))
        if desk.session is not None:
            panels.tracks.set_labels([label.name for label in desk.document.labels])
        if desk.growing is None:
            chosen = next((lane.columns for lane in lanes if lane.selected), None)
            panels.plot.show_columns(chosen)
            self._forget_undone_curves()

    @Slot(object)
    def run_started(self, plan: RunPlan) -> None:
        """Curves start anew."""
        self._unplotted = []
        low, high = sorted((plan.start.frame, plan.stop - plan.step))
        self._panels.plot.start_run(plan.run.id, (low, high + 1))
        self._curves_of = plan.run.id

    @Slot(object)
    def run_ended(self, plan: RunPlan) -> None:
        """The document holds the result now."""
        self._plot_rows()
        self._panels.plot.end_run()
        self.refresh_lists()
        self.refresh_canvas()
        self._show_run()

    # ---- inside ------------------------------------------------------------------------------

    def _forget_undone_curves(self) -> None:
        """Curves of a run that was taken back would tell of boxes that are not there."""
        desk = self._desk
        gone = desk.session is None or desk.document.run(self._curves_of) is None
        if self._curves_of and gone:
            self._curves_of = 0
            self._panels.plot.start_run(0, (0, 0))
            self._panels.plot.end_run()

    def _refresh_map(self, frame: int) -> None:
        overlay = self._controller.overlay
        layers = overlay.refresh(frame)
        self._panels.canvas.show_layers(layers)
        edited = (one.response for one in layers if one.settings == overlay.settings)
        response = next(edited, None)
        if self._desk.state.run is not RunStatus.RUNNING or self._levels_due():
            self._panels.overlay.show_map(response)

    def _plot_rows(self) -> None:
        rows, self._unplotted = self._unplotted, []
        if rows:
            self._panels.plot.extend(rows)
        self._panels.plot.set_playhead(self._desk.state.frame)

    def _due(self) -> bool:
        now = time.monotonic()
        due = now - self._told_run >= _READOUT_S
        self._told_run = now if due else self._told_run
        return due

    def _levels_due(self) -> bool:
        now = time.monotonic()
        due = now - self._told_levels >= _READOUT_S
        self._told_levels = now if due else self._told_levels
        return due

    def _show_run(self) -> None:
        runs, panels = self._controller.runs, self._panels
        progress = runs.progress()
        if progress is None:
            panels.timeline.clear_run()
            self._status.show_run("", 0, 0)
            return
        start, current, stop, step = progress
        panels.timeline.set_run(start, current, stop, step)
        done, total = abs(current - start), max(abs(stop - start) - 1, 1)
        self._status.show_run(self._run_text(), done, total)

    def _run_text(self) -> str:
        run = self._desk.state.run
        if run is RunStatus.PAUSED:
            return self.tr("held; play on%s") % self._desk.key_note("play")
        if run is RunStatus.STOPPING:
            return self.tr("stopping…")
        rate, left = self._controller.runs.speed()
        if rate <= 0:
            return self.tr("starting…")
        text = self.tr("%.0f fps") % rate
        return text if left is None else self.tr("%s, %s left") % (text, clock(left)[:-4])

    @Slot()
    def _refresh_cache(self) -> None:
        session = self._desk.session
        ranges = getattr(session.video, "cached_ranges", None) if session else None
        if ranges is not None:
            self._panels.timeline.set_cached(ranges())
