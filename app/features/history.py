"""The history of edits in the window: a dock with all steps, one click goes to any of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QTimer, Slot

from app.controller.history import steps_of
from app.features.feature import Feature, Parts
from app.views.history_panel import HistoryPanel, HistoryRow

_BURST_MS = 50  # a drag makes many steps of one


class HistoryFeature(Feature):
    """See the module docstring."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self._desk = parts.controller.desk
        self.panel = HistoryPanel()
        self.dock = parts.panels.add_dock(
            "history", self.tr("History"), self.panel, beside="review"
        )
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.refresh)
        self._desk.stack.indexChanged.connect(self._later)
        self._desk.stack.cleanChanged.connect(self._later)
        self._desk.clip_changed.connect(self._later)
        self._desk.document_changed.connect(self._later)
        self.dock.visibilityChanged.connect(self._seen)
        self.panel.step_chosen.connect(self.go_to)

    def handlers(self) -> Mapping[str, Callable[[], object]]:
        """The action of app/actions/history.py, and one of file.py."""
        return {"history": self.show_panel, "older_copies": self.offer_older_copies}

    @Slot()
    def show_panel(self) -> None:
        """Show the list with the keyboard in it."""
        self.dock.show()
        self.dock.raise_()
        self.refresh()
        self.panel.list.setFocus()

    @Slot()
    def offer_older_copies(self) -> None:
        """Let the user bring back what a crash left; a run under way ends first."""
        self.parts.controller.runs.conclude()
        self.parts.controller.project.recovering.offer_older()

    @Slot(int)
    def go_to(self, index: int) -> None:
        """Go to the state after `index` steps; a run under way ends first."""
        stack = self._desk.stack
        undone = index > stack.index()
        self.parts.controller.runs.conclude()
        if undone and not stack.canRedo():
            return  # the run's boxes took the place of what was undone
        self._desk.go_to_step(index)

    @Slot()
    def refresh(self) -> None:
        """Bring the list up to date if it can be seen."""
        self._timer.stop()
        if not self.dock.isVisible():
            return
        steps = steps_of(self._desk.stack) if self._desk.session is not None else []
        self.panel.show_rows(
            [HistoryRow(s.index, s.text, s.at, s.done, s.current, s.saved) for s in steps]
        )

    def _seen(self, shown: bool) -> None:
        if shown:  # a dock that is hidden may be about to be deleted
            self._later()

    def _later(self, _: object = None) -> None:
        if not self._timer.isActive() and self.dock.isVisible():
            self._timer.start(_BURST_MS)
