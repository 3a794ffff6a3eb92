"""Which tracker, with which parameters, and how corrections are taken.

Values are kept per tracker while the program runs, so that looking at another
method and coming back loses nothing. The run buttons are the window's actions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.models.param_model import ParamModel
from app.views.action_grid import ActionGrid
from app.views.elided_label import ElidedLabel
from app.views.param_editor import FoldButton, ParamEditor
from app.views.run_options import RunOptions
from app.views.weights_note import WeightsNote
from core.states import CorrectionPolicy
from core.trackers.registry import TrackerSpec

G = theme.GRID
_LOW, _LOW_WITH_NOTE = 360, 460
"""Heights under which words and buttons with texts do not both fit."""


class TrackerPanel(QWidget):
    """Tracker chooser, run buttons, correction policy and parameter form."""

    tracker_changed = Signal(str)
    params_changed = Signal(dict)
    """Values that differ from the defaults, after any edit."""
    live_params_changed = Signal(dict)
    """The live parameter just edited, name → value."""
    policy_changed = Signal(str)
    frames_changed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._specs: dict[str, TrackerSpec] = {}
        self._models: dict[str, ParamModel] = {}
        self._quiet = False
        self._running = False
        self._build_head()
        self._options = RunOptions(self)
        self._options.policy_changed.connect(self.policy_changed)
        self._options.frames_changed.connect(self.frames_changed)
        self._build_form()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, G, 0, 0)
        column.setSpacing(G)
        column.addWidget(self._head)
        column.addWidget(_rule())
        column.addWidget(self._scrolled(), 1)
        self._show_tracker()

    # data -------------------------------------------------------------------------

    def set_trackers(self, specs: Sequence[TrackerSpec]) -> None:
        """Offer these trackers; the chosen one stays if it is still there."""
        chosen = self.key()
        self._specs = {spec.key: spec for spec in specs}
        self._quiet = True
        self._chooser.clear()
        for spec in specs:
            self._chooser.addItem(spec.title, spec.key)
            self._chooser.setItemData(
                self._chooser.count() - 1, spec.summary, Qt.ItemDataRole.ToolTipRole
            )
        self._chooser.setCurrentIndex(max(self._chooser.findData(chosen), 0) if specs else -1)
        self._quiet = False
        self._show_tracker()
        if specs and self.key() != chosen:
            self.tracker_changed.emit(self.key())

    def key(self) -> str:
        """Key of the chosen tracker; empty when there is none."""
        return str(self._chooser.currentData() or "")

    def set_key(self, key: str) -> None:
        """Choose a tracker without announcing it; unknown keys are ignored."""
        number = self._chooser.findData(key)
        if number >= 0 and key != self.key():
            self._quiet = True
            self._chooser.setCurrentIndex(number)
            self._quiet = False
            self._show_tracker()

    def values(self) -> dict[str, Any]:
        """Values that differ from the tracker's defaults."""
        return self.values_of(self.key())

    def values_of(self, key: str) -> dict[str, Any]:
        """Values of any tracker that differ from its defaults."""
        model = self._models.get(key)
        return dict(model.changed) if model else {}

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Set the chosen tracker's values without announcing; others become defaults.

        Raises
        ------
        ParamError
            If a value is not allowed.
        """
        model = self._models.get(self.key())
        if model is not None:
            self._quiet = True
            try:
                model.set_values(values)
            finally:
                self._quiet = False
                self._show_changes()

    def policy(self) -> CorrectionPolicy:
        """How a corrected box is taken."""
        return self._options.policy()

    def set_policy(self, policy: CorrectionPolicy) -> None:
        """Show a policy without announcing it."""
        self._options.set_policy(policy)

    def frames(self) -> int:
        """The N of “track N frames”."""
        return self._options.frames()

    def set_frames(self, count: int) -> None:
        """Show N without announcing it."""
        self._options.set_frames(count)

    def set_device_text(self, text: str, tooltip: str = "") -> None:
        """Say where the tracker computes, e.g. “CPU, 8 threads”."""
        self._device.show_text(text, tooltip)
        self._device.setVisible(bool(text))

    def set_running(self, *, running: bool) -> None:
        """While running, only live parameters can be edited."""
        self._running = running
        self._chooser.setEnabled(bool(self._specs) and not running)
        self._editor.set_running(running=running)
        self._options.setEnabled(not running)
        self._show_changes()

    def add_actions(self, actions: Sequence[QAction]) -> None:
        """Show the actions as large buttons; the first one is the main one."""
        self._actions.add_actions(actions)
        self._actions.setVisible(bool(self._actions.buttons()))

    def add_section(self, title: str, body: QWidget) -> None:
        """A further part below the run options, with a heading that folds it."""
        self._sections.addWidget(FoldButton(title, body, self))
        self._sections.addWidget(body)

    def weights(self) -> WeightsNote:
        """What is said about the tracker's weights."""
        return self._weights

    def editor(self) -> ParamEditor:
        """The parameter form."""
        return self._editor

    # construction -------------------------------------------------------------------

    def _build_head(self) -> None:
        self._head = QWidget(self)
        column = QVBoxLayout(self._head)
        column.setContentsMargins(G + G // 2, 0, G + G // 2, 0)
        column.setSpacing(G // 2)
        self._chooser = QComboBox(self._head)
        self._chooser.setAccessibleName(self.tr("Tracker"))
        self._chooser.setToolTip(self.tr("The method that follows the target"))
        self._chooser.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self._chooser.currentIndexChanged.connect(self._choose)
        self._summary = QLabel(self._head)
        self._summary.setWordWrap(True)
        self._reference = ElidedLabel(role="muted", parent=self._head)
        self._weights = WeightsNote(self._head)
        self._device = ElidedLabel(role="muted", parent=self._head)
        self._device.setVisible(False)
        self._actions = ActionGrid(self._head)
        self._actions.setVisible(False)
        self._weights.lacking.connect(self._make_room)
        column.addWidget(self._chooser)
        column.addSpacing(2)
        for part in (self._summary, self._reference, self._weights, self._device):
            column.addWidget(part)
        column.addSpacing(2)
        column.addWidget(self._actions)

    def _build_form(self) -> None:
        self._editor = ParamEditor(self)
        self._heading = ElidedLabel(role="title", parent=self)
        self._reset_all = QPushButton(self.tr("Reset all"), self)
        self._reset_all.setProperty("role", "link")
        self._reset_all.setToolTip(self.tr("Return every parameter to its default"))
        self._reset_all.clicked.connect(self._reset)

    def _scrolled(self) -> QScrollArea:
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(G + G // 2, 0, G, G)
        column.setSpacing(G // 2)
        column.addWidget(FoldButton(self.tr("Run"), self._options, body))
        column.addWidget(self._options)
        self._sections = QVBoxLayout()
        self._sections.setSpacing(G // 2)
        column.addLayout(self._sections)
        column.addSpacing(G // 2)
        head = QHBoxLayout()
        head.addWidget(self._heading, 1)
        head.addWidget(self._reset_all)
        column.addLayout(head)
        column.addWidget(self._editor)
        column.addStretch(1)
        area = QScrollArea(self)
        area.setProperty("surface", "panel")
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(body)
        area.setMinimumWidth(232)  # narrower, fields would be cut
        area.setMinimumHeight(3 * G)  # in a low window the form gives way, not the buttons
        return area

    # reactions ------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        """In a low panel the buttons give up their texts, not the words above them."""
        low = self.height() < (_LOW if self._weights.isHidden() else _LOW_WITH_NOTE)
        self._actions.save_height(wanted=low)

    def _choose(self, index: int) -> None:
        if not self._quiet and index >= 0:
            self._show_tracker()
            self.tracker_changed.emit(self.key())

    def _show_tracker(self) -> None:
        spec = self._specs.get(self.key())
        self._chooser.setEnabled(bool(self._specs) and not self._running)
        if spec is None:
            self._summary.setText(self.tr("Loading trackers…"))
            self._reference.show_text("")
            self._editor.show_model(ParamModel(parent=self))
            self._show_changes()
            return
        paper = spec.reference
        self._summary.setText(spec.summary)
        self._reference.show_text(
            f"{_short(paper.authors)} {paper.year}, {paper.venue}",
            f"{paper.authors}\n{paper.title}\n{paper.venue}, {paper.year}",
        )
        if spec.key not in self._models:
            model = self._models[spec.key] = ParamModel(spec.params, self)
            model.value_changed.connect(self._value_changed)
        self._editor.show_model(self._models[spec.key])
        self._show_changes()

    def _value_changed(self, name: str) -> None:
        if self._quiet:
            return
        model = self._models[self.key()]
        self._show_changes()
        self.params_changed.emit(dict(model.changed))
        live = model.live_among([name])
        if live:
            self.live_params_changed.emit(live)

    def _show_changes(self) -> None:
        count = len(self.values())
        title = self.tr("Parameters")
        self._heading.show_text(
            title + " · " + self.tr("{n} changed").format(n=count) if count else title
        )
        self._reset_all.setVisible(count > 0)
        self._reset_all.setEnabled(not self._running)

    def _reset(self) -> None:
        self._models[self.key()].reset_all()


def _short(authors: str) -> str:
    """The first author where there are several; all are in the tooltip."""
    first, _, others = authors.partition(",")
    return f"{first} et al." if others else first


def _rule() -> QFrame:
    line = QFrame()
    line.setProperty("rule", "horizontal")
    return line
