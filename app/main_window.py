"""The window: makes the parts and connects them. No logic lives here.

This is the only place where views, controller, actions and dialogs meet. Signals
of workers arrive in the controller; here only objects of the GUI thread talk.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QPoint, Qt, QTimer, Slot
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QMainWindow, QMenu

from app import actions as table
from app import theme, window_layout
from app.controller.controller import Controller
from app.controller.desk import Notice
from app.controller.prompts import Prompts
from app.dialogs.questions import Questions
from app.errors import ErrorHub
from app.features import Parts, attach_all
from app.keyboard_focus import KeyboardFocus
from app.panels import Panels
from app.presenter import Presenter
from app.recent_menu import RecentMenu
from app.settings import Preferences, load_preferences
from app.status_bar import StatusBar
from app.ui_state import RunStatus, UiState
from app.window_commands import WindowCommands
from core import trackers
from core.errors import BoxtrailError
from core.trackers import registry
from core.trackers.registry import TrackerSpec

DEFAULT_TRACKER = "ccr"
_SEVERITY = {"success": "ok"}
_BOX_MENU = ("retrack", "", "confirm", "absent", "occluded", "",
             "delete_box", "delete_after", "delete_before", "delete_track")  # fmt: skip
_CANVAS_MENU = ("draw_mode", "new_object", "", "map", "trail", "fit")


class MainWindow(QMainWindow):
    """See the module docstring.

    Parameters
    ----------
    hub
        Receives what nobody expected.
    prompts
        Who answers questions; dialogs by default.
    """

    def __init__(self, hub: ErrorHub | None = None, prompts: Prompts | None = None) -> None:
        super().__init__()
        self.hub = hub or ErrorHub(self)
        preferences, complaint = load_preferences()
        window_layout.first_size(self)
        self.actions_by_id = table.build(self, theme.icon)
        self.panels = Panels(self, self.actions_by_id)
        self.status = StatusBar(self)
        self.setStatusBar(self.status)
        self.controller = Controller(
            preferences, self.panels.tracker, prompts or Questions(self), self
        )
        self.controller.desk.key_note = partial(table.key_note, self.actions_by_id)
        self.presenter = Presenter(self.controller, self.panels, self.status, self)
        self.commands = WindowCommands(self, self.controller, self.panels, self.presenter)
        self.features = attach_all(
            Parts(
                self, self.actions_by_id, self.panels, self.controller, self.presenter, self.status
            )
        )
        self.panels.default_layout()
        self._recent = RecentMenu(self.controller.project.recent.paths, self)
        self.panels.menus["File"].insertMenu(self.actions_by_id["save"], self._recent)
        self._shown: tuple[int | None, bool | None] = (None, None)  # selection, moving
        self._focus = KeyboardFocus(self.panels.canvas, self)
        self._is_open = True
        self._connect_actions()
        self._connect_views()
        self._connect_controller()
        window_layout.restore(self)
        QTimer.singleShot(0, self.panels.tidy)
        self._use_preferences(preferences)
        self.presenter.show_clip()
        self.presenter.overlay_changed(self.controller.overlay.settings)
        self._show_state(self.controller.desk.state)
        self._fill_recent()
        if complaint:
            self.controller.desk.say(complaint, severity="warning")
        self.controller.background.run(trackers.load_all, self._on_trackers, self._on_job_failed)

    # ---- wiring ------------------------------------------------------------------------

    def _connect_actions(self) -> None:
        handlers = {**self.controller.handlers(), **self.commands.handlers()}
        for feature in self.features:
            handlers.update(feature.handlers())
        for name, handler in handlers.items():
            self.actions_by_id[name].triggered.connect(partial(_call, handler))
        self.actions_by_id["trail"].setChecked(True)

    def _connect_views(self) -> None:
        controller, panels = self.controller, self.panels
        edits, runs, canvas = controller.edits, controller.runs, self.panels.canvas
        canvas.box_drawn.connect(edits.drawn)
        canvas.box_changed.connect(edits.moved)
        canvas.box_committed.connect(edits.moved)
        canvas.gesture_cancelled.connect(edits.gesture_cancelled)
        canvas.box_selected.connect(self._select)
        canvas.mode_changed.connect(edits.mode_changed)
        canvas.cursor_at.connect(self._probe)
        canvas.cursor_left.connect(self.status.clear_cursor)
        canvas.context_requested.connect(self._box_menu)
        canvas.files_dropped.connect(self._dropped)
        panels.welcome.files_dropped.connect(self._dropped)
        panels.welcome.open_recent.connect(self.open)
        self._recent.chosen.connect(self.open)
        for view in (panels.timeline, panels.plot, panels.transport):
            view.seek.connect(controller.seek)
        panels.transport.speed_changed.connect(controller.playback.set_speed)
        panels.timeline.track_selected.connect(self._select)
        panels.timeline.threshold_changed.connect(self._set_threshold)
        panels.plot.threshold_changed.connect(self._set_threshold)
        panels.review.place_chosen.connect(self._show_place)
        panels.review.sort_changed.connect(controller.review.sort_by_doubt)
        panels.review.reset_wanted.connect(controller.review.forget_learnt)
        panels.tracks.selected.connect(self._select)
        panels.tracks.visibility_changed.connect(edits.set_visible)
        panels.tracks.lock_changed.connect(edits.set_locked)
        panels.tracks.renamed.connect(edits.rename)
        panels.tracks.label_changed.connect(edits.set_label)
        panels.tracks.color_changed.connect(edits.set_color)
        panels.tracks.delete_requested.connect(edits.delete_track)
        panels.box.box_edited.connect(edits.typed)
        panels.overlay.settings_changed.connect(controller.overlay.apply)
        panels.tracker.tracker_changed.connect(self._on_tracker)
        panels.tracker.live_params_changed.connect(runs.tune)
        panels.tracker.weights().wanted.connect(controller.weights.get)
        panels.tracker.weights().file_wanted.connect(controller.weights.choose)

    def _connect_controller(self) -> None:
        controller, presenter = self.controller, self.presenter
        desk, playback, runs = controller.desk, controller.playback, controller.runs
        desk.state_changed.connect(self._show_state)
        desk.state_changed.connect(presenter.state_changed)
        desk.document_changed.connect(presenter.document_changed)
        desk.clip_changed.connect(presenter.show_clip)
        desk.noticed.connect(self._show_notice)
        desk.preferences_changed.connect(self._use_preferences)
        playback.frame_shown.connect(presenter.show_frame)
        playback.moved.connect(presenter.move_playhead)
        playback.speed_changed.connect(self.panels.transport.set_speed)
        controller.overlay.changed.connect(presenter.overlay_changed)
        controller.overlay.source_changed.connect(presenter.maps_changed)
        controller.review.changed.connect(presenter.review_changed)
        controller.review.arrived.connect(presenter.place_reached)
        controller.review.learnt.connect(presenter.show_learnt)
        runs.rows_added.connect(presenter.rows_added)
        runs.run_started.connect(presenter.run_started)
        runs.run_ended.connect(presenter.run_ended)
        runs.defect.connect(self.hub.report)
        controller.project.defect.connect(self.hub.report)
        controller.weights.defect.connect(self.hub.report)
        controller.weights.changed.connect(self.panels.tracker.weights().show_standing)
        controller.weights.progress.connect(self.panels.tracker.weights().show_progress)
        controller.project.facts_changed.connect(presenter.show_facts)
        controller.project.loading.connect(self._show_loading)
        controller.project.opened.connect(self._fill_recent)
        self.hub.describe = controller.facts
        self.hub.unexpected.connect(self.commands.show_error, Qt.ConnectionType.QueuedConnection)

    # ---- opening -------------------------------------------------------------------------

    @Slot(str)
    def open(self, path: str | Path) -> None:
        """Open a video, a folder of pictures or a project."""
        self.controller.project.open(Path(path))

    @Slot(list)
    def _dropped(self, paths: list[str]) -> None:
        self.controller.project.drop([Path(path) for path in paths])

    @Slot(str)
    def _show_loading(self, name: str) -> None:
        text = self.tr("Opening %s…") % name if name else ""
        self.panels.welcome.set_status(text)
        self.panels.transport.set_status(text)

    @Slot()
    def _fill_recent(self) -> None:
        self.panels.welcome.set_recent(self.controller.project.recent.paths())

    # ---- what the views say -----------------------------------------------------------------

    @Slot(int)
    def _select(self, track_id: int) -> None:
        self.controller.edits.select(track_id if track_id >= 0 else None)

    @Slot(float, float)
    def _probe(self, x: float, y: float) -> None:
        self.status.show_cursor(x, y, self.panels.canvas.value_at(x, y))

    @Slot(float)
    def _set_threshold(self, value: float) -> None:
        self.controller.review.set_threshold(value)
        self.panels.plot.set_threshold(value)
        self.panels.timeline.set_threshold(value)

    @Slot(int)
    def _show_place(self, number: int) -> None:
        places = self.controller.review.queue.places
        if 0 <= number < len(places):
            self.controller.runs.user_moved()
            self.controller.review.show(places[number])

    @Slot(QPoint, int)
    def _box_menu(self, where: QPoint, track_id: int) -> None:
        if track_id >= 0:
            self._select(track_id)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for name in _BOX_MENU if track_id >= 0 else _CANVAS_MENU:
            if name:
                menu.addAction(self.actions_by_id[name])
            else:
                menu.addSeparator()
        for feature in self.features:
            feature.extend_menu(menu, where)
        menu.popup(where)

    @Slot(str)
    def _on_tracker(self, key: str) -> None:
        if key in registry.trackers:
            spec = registry.find(key)
            self.controller.overlay.set_maps(spec.maps, spec.primary_map, spec.key)
            self.panels.overlay.set_maps(spec.maps, spec.primary_map)
            self.presenter.show_line()
            self.controller.review.tell_learnt()
            self.controller.weights.look(spec.title, spec.weights)

    # ---- what the controller says ---------------------------------------------------------------

    @Slot(object)
    def _show_state(self, state: UiState) -> None:
        actions, stack = self.actions_by_id, self.controller.desk.stack
        table.enable(actions, state)
        actions["select_mode"].setChecked(state.mode == "select")
        actions["draw_mode"].setChecked(state.mode == "draw")
        actions["map"].setChecked(state.overlay.visible)
        actions["propose"].setChecked(state.propose)
        actions["undo"].setText(self.tr("&Undo %s") % stack.undoText())
        actions["redo"].setText(self.tr("&Redo %s") % stack.redoText())
        self.setWindowTitle(f"{self.controller.project.name or 'Boxtrail'}[*]")
        self.setWindowModified(state.dirty)
        moving = state.playing or state.run is RunStatus.RUNNING
        before, self._shown = self._shown, (state.track, moving)
        actions["play"].setChecked(moving)
        if before[1] != moving:
            actions["play"].setIcon(theme.icon("pause" if moving else "play"))
        if before[0] != state.track:
            self.presenter.selection_changed()
        for feature in self.features:
            feature.state_changed(state)

    @Slot(object)
    def _show_notice(self, notice: Notice) -> None:
        action = self.actions_by_id.get(notice.action)
        severity = _SEVERITY.get(notice.severity, notice.severity)
        if action is None:
            self.panels.toast.show_message(notice.text, notice.hint, severity)
            return
        self.panels.toast.show_message(
            notice.text,
            notice.hint,
            severity,
            action_text=notice.action_text or table.plain(action.text()).rstrip("…"),
            action=action.trigger,
        )

    def _on_trackers(self, _: object) -> None:
        found = sorted(registry.trackers.values(), key=_order)
        self.panels.tracker.set_trackers(found)
        if found:
            self.panels.tracker.set_key(found[0].key)
            self._on_tracker(found[0].key)
        self.controller.desk.update(trackers_ready=bool(found))

    def _on_job_failed(self, error: Exception) -> None:
        if isinstance(error, BoxtrailError):
            self.controller.desk.say_error(error)
        else:
            self.hub.report(error)

    @Slot(object)
    def _use_preferences(self, preferences: Preferences) -> None:
        self.status.show_device(self.commands.use_preferences(preferences))

    # ---- the end -----------------------------------------------------------------------------

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask about unsaved changes, then end the threads in order."""
        if not self.controller.project.may_let_go():
            event.ignore()
            return
        window_layout.save(self)
        self.shut_down()
        event.accept()

    def shut_down(self) -> None:
        """End the run, the jobs and the threads; the window is of no further use."""
        if self._is_open:
            self._is_open = False
            self._focus.finish()
            self.controller.runs.conclude()
            for feature in self.features:
                feature.finish()
            self.controller.finish()


def _order(spec: TrackerSpec) -> tuple[bool, str]:
    return spec.key != DEFAULT_TRACKER, spec.key  # variants of one method side by side


def _call(handler: Callable[[], object], *_: object) -> None:
    handler()
