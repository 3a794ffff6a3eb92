"""Parameters to try on the last frames of a run, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.models.param_model import ParamModel
from app.views.elided_label import ElidedLabel
from app.views.long_words import breakable
from app.views.param_editor import ParamEditor
from core.trackers.registry import TrackerSpec

G = theme.GRID


class WhatIfPanel(QWidget):
    """Tracker, number of frames, parameters; then the outcome and what to do with it."""

    try_wanted = Signal(str, dict, int)
    """Tracker, values that differ from its defaults, number of frames."""
    cancel_wanted = Signal()
    compare_wanted = Signal()
    apply_wanted = Signal(bool)
    """Take the boxes over; True: as a proposal."""
    discard_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._specs: dict[str, TrackerSpec] = {}
        self._models: dict[str, ParamModel] = {}
        self._base: tuple[str, dict[str, Any], str] | None = None
        self._running = False
        self._build_head()
        self._build_outcome()
        self._editor = ParamEditor(self)
        area = QScrollArea(self)
        area.setProperty("surface", "panel")
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        body = QWidget()
        inside = QVBoxLayout(body)
        inside.setContentsMargins(0, 0, G // 2, 0)
        inside.setSpacing(G)
        inside.addWidget(self._result)
        inside.addWidget(self._editor)
        inside.addStretch(1)
        area.setWidget(body)
        area.setMinimumHeight(4 * G)
        column = QVBoxLayout(self)
        column.setContentsMargins(G + G // 2, G, G // 2, G)
        column.setSpacing(G)
        column.addWidget(self._head)
        column.addWidget(area, 1)
        self.show_base("", "", {})
        self.show_outcome("")
        self.show_progress(-1.0)

    def set_trackers(self, specs: Sequence[TrackerSpec]) -> None:
        """Offer these trackers."""
        chosen = self._tracker.currentData()
        self._specs = {spec.key: spec for spec in specs}
        blocked = self._tracker.blockSignals(True)
        self._tracker.clear()
        for spec in specs:
            self._tracker.addItem(spec.title, spec.key)
        self._tracker.setCurrentIndex(max(self._tracker.findData(chosen), 0) if specs else -1)
        self._tracker.blockSignals(blocked)
        self._show_tracker()

    def has_trackers(self) -> bool:
        """Whether there is a tracker to choose."""
        return bool(self._specs)

    def show_base(self, text: str, tracker: str, params: Mapping[str, Any]) -> None:
        """Say which run can be tried; its parameters are shown. No text: there is none."""
        base = (tracker, dict(params), text) if text else None
        nothing = self.tr("Track first, or open a recording: then its frames can be tried again.")
        self._about.setText(breakable(text or nothing))
        if base != self._base:
            self._base = base
            if base is not None:
                blocked = self._tracker.blockSignals(True)
                self._tracker.setCurrentIndex(self._tracker.findData(tracker))
                self._tracker.blockSignals(blocked)
                self._models.pop(tracker, None)
                self._show_tracker()
        self._enable()

    def show_progress(self, share: float) -> None:
        """How much of a trial is done, in [0, 1]; negative: none is under way."""
        self._running = share >= 0
        self._bar.setVisible(self._running)
        self._bar.setValue(round(max(share, 0) * 100))
        self._try.setText(self.tr("Cancel") if self._running else self.tr("Try"))
        self._enable()

    def show_outcome(self, text: str) -> None:
        """Say what came of a trial; empty when there is nothing to decide."""
        self._outcome.setText(breakable(text))
        self._result.setVisible(bool(text))

    def outcome(self) -> str:
        """What is said of the last trial."""
        return self._outcome.text()

    def model(self) -> ParamModel | None:
        """The values that will be tried."""
        return self._models.get(str(self._tracker.currentData() or ""))

    def set_frames(self, count: int) -> None:
        """Show how many frames are tried."""
        self._count.setValue(count)

    def _build_head(self) -> None:
        self._head = QWidget(self)
        self._about = QLabel(self._head)
        self._about.setWordWrap(True)
        self._about.setProperty("role", "muted")
        self._tracker = QComboBox(self._head)
        self._tracker.setAccessibleName(self.tr("Tracker to try"))
        self._tracker.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._tracker.currentIndexChanged.connect(self._show_tracker)
        self._count = QSpinBox(self._head)
        theme.pad_spin_box(self._count)
        self._count.setRange(1, 1_000_000)
        self._count.setValue(50)
        self._count.setAccessibleName(self.tr("Frames to try"))
        self._count.setToolTip(
            self.tr(
                "How many frames up to the playhead. Where a parameter decides what is learnt "
                "on the first frame, the whole run up to the playhead is tried."
            )
        )
        self._try = QPushButton(self.tr("Try"), self._head)
        self._try.setProperty("role", "primary")
        self._try.setToolTip(self.tr("Run these frames again beside the run; nothing is changed"))
        self._try.clicked.connect(self._clicked)
        self._bar = QProgressBar(self._head)
        self._bar.setRange(0, 100)
        self._bar.setTextVisible(False)
        self._bar.setMaximumHeight(8)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setHorizontalSpacing(G)
        form.setVerticalSpacing(G // 2)
        form.addRow(self.tr("Tracker"), self._tracker)
        line = QHBoxLayout()
        line.setSpacing(G // 2)
        line.addWidget(self._count, 1)
        line.addWidget(self._try)
        form.addRow(self.tr("Frames"), line)
        column = QVBoxLayout(self._head)
        column.setContentsMargins(0, 0, G, 0)
        column.setSpacing(G // 2)
        column.addWidget(self._about)
        column.addLayout(form)
        column.addWidget(self._bar)

    def _build_outcome(self) -> None:
        self._result = QWidget(self)
        self._outcome = QLabel(self._result)
        self._outcome.setWordWrap(True)
        rows = (QHBoxLayout(), QHBoxLayout())
        for row, text, tip, signal, value in (
            (0, self.tr("Show A and B"), self.tr("Compare the run and the trial"),
             self.compare_wanted, None),
            (0, self.tr("Discard"), self.tr("Forget the trial; nothing was changed"),
             self.discard_wanted, None),
            (1, self.tr("Propose"), self.tr("Let the trial's boxes wait to be accepted"),
             self.apply_wanted, True),
            (1, self.tr("Apply"), self.tr("Take the trial's boxes over; yours stay"),
             self.apply_wanted, False),
        ):  # fmt: skip
            button = QPushButton(text, self._result)
            button.setToolTip(tip)
            button.clicked.connect(
                (lambda _=False, s=signal: s.emit())
                if value is None
                else (lambda _=False, s=signal, v=value: s.emit(v))
            )
            rows[row].addWidget(button, 1)
        column = QVBoxLayout(self._result)
        column.setContentsMargins(0, 0, G, 0)
        column.setSpacing(G // 2)
        column.addWidget(ElidedLabel(self.tr("Outcome"), role="title"))
        column.addWidget(self._outcome)
        for row in rows:
            column.addLayout(row)

    def _clicked(self) -> None:
        if self._running:
            self.cancel_wanted.emit()
            return
        model = self.model()
        if model is not None:
            key = str(self._tracker.currentData())
            self.try_wanted.emit(key, dict(model.changed), self._count.value())

    def _show_tracker(self) -> None:
        key = str(self._tracker.currentData() or "")
        spec = self._specs.get(key)
        if spec is None:
            return
        if key not in self._models:
            model = self._models[key] = ParamModel(spec.params, self)
            if self._base is not None and self._base[0] == key:
                model.set_values(self._base[1])
        self._editor.show_model(self._models[key])

    def _enable(self) -> None:
        some = self._base is not None
        self._try.setEnabled(some)
        for part in (self._tracker, self._count, self._editor):
            part.setEnabled(some and not self._running)
