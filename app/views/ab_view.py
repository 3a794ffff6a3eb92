"""Comparing two runs: their pictures, their curves, and in words where they part."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSplitter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.views.ab_canvas import COLORS, FLICKER, SIDE_BY_SIDE, SWIPE, AbCanvas
from app.views.ab_curves import AbCurves
from app.views.elided_label import ElidedLabel

G = theme.GRID


class AbView(QWidget):
    """Choosers, canvases, curves."""

    side_chosen = Signal(int, str)
    """Side (0 or 1) and the key of what it is to show."""
    add_wanted = Signal()
    """A person wants to add a recording."""
    curve_chosen = Signal(str)
    difference_toggled = Signal(bool)
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.canvas = AbCanvas()
        self.curves = AbCurves()
        self._said = ElidedLabel("", self, role="muted")
        self._choosers = (self._chooser(0), self._chooser(1))
        splitter = QSplitter(Qt.Orientation.Vertical, self)
        splitter.addWidget(self.canvas)
        splitter.addWidget(self.curves)
        splitter.setStretchFactor(0, 3)
        splitter.setStretchFactor(1, 1)
        splitter.setChildrenCollapsible(False)
        splitter.setSizes([300, 130])
        column = QVBoxLayout(self)
        column.setContentsMargins(G, G // 2, G, G // 2)
        column.setSpacing(G // 2)
        column.addLayout(self._build_bar())
        column.addWidget(splitter, 1)
        column.addLayout(self._build_foot())

    def set_sources(self, entries: Sequence[tuple[str, str]], sides: Sequence[str]) -> None:
        """Offer these runs (keys and titles); `sides` are the chosen ones."""
        titles = dict(entries)
        for chooser, chosen in zip(self._choosers, sides, strict=True):
            blocked = chooser.blockSignals(True)
            chooser.clear()
            for key, title in entries:
                chooser.addItem(title, key)
                chooser.setItemData(chooser.count() - 1, title, Qt.ItemDataRole.ToolTipRole)
            chooser.setCurrentIndex(chooser.findData(chosen))
            chooser.setToolTip(titles.get(chosen, ""))
            chooser.setEnabled(bool(entries))
            chooser.blockSignals(blocked)
        nothing = self.tr("nothing")
        self.canvas.set_names(*(titles.get(key, nothing) for key in sides))

    def set_curves(self, names: Sequence[str]) -> None:
        """Offer these curves; the shown one stays if it is still there."""
        chosen = self._curve.currentText()
        if [self._curve.itemText(n) for n in range(self._curve.count())] == list(names):
            return
        blocked = self._curve.blockSignals(True)
        self._curve.clear()
        self._curve.addItems(list(names))
        self._curve.setCurrentIndex(max(self._curve.findText(chosen), 0))
        self._curve.blockSignals(blocked)

    def curve(self) -> str:
        """The shown curve."""
        return self._curve.currentText() or "score"

    def show_words(self, text: str) -> None:
        """Say how the two differ."""
        self._said.show_text(text)

    def words(self) -> str:
        """What is said."""
        return self._said.full_text()

    def _chooser(self, side: int) -> QComboBox:
        box = QComboBox(self)
        box.setAccessibleName(self.tr("Side A") if side == 0 else self.tr("Side B"))
        box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        box.setMinimumWidth(80)
        box.setPlaceholderText(self.tr("Choose a run"))
        box.currentIndexChanged.connect(
            lambda at: self.side_chosen.emit(side, str(box.itemData(at) or ""))
        )
        return box

    def _build_bar(self) -> QHBoxLayout:
        bar = QHBoxLayout()
        bar.setSpacing(G // 2)
        for side, chooser in enumerate(self._choosers):
            mark = QLabel("AB"[side], self)
            mark.setStyleSheet(
                f"background: {COLORS[side]}; color: white; font-weight: bold; padding: 1px 5px;"
            )
            bar.addWidget(mark)
            bar.addWidget(chooser, 1)
        add = QPushButton(self.tr("Add recording…"), self)
        add.setToolTip(self.tr("Compare with a recording of the same clip"))
        add.clicked.connect(self.add_wanted)
        close = QToolButton(self)
        close.setIcon(theme.icon("close"))
        close.setToolTip(self.tr("Back to the picture"))
        close.setAccessibleName(self.tr("Back to the picture"))
        close.clicked.connect(self.closed)
        bar.addWidget(add)
        bar.addWidget(close)
        return bar

    def _build_foot(self) -> QHBoxLayout:
        foot = QHBoxLayout()
        foot.setSpacing(G // 2)
        group = QActionGroup(self)
        for mode, text, tip in (
            (SIDE_BY_SIDE, self.tr("Side by side"), self.tr("A on the left, B on the right")),
            (SWIPE, self.tr("Swipe"), self.tr("One over the other, with a line to drag")),
            (FLICKER, self.tr("Flicker"), self.tr("One after the other, twice a second")),
        ):
            button = QToolButton(self)
            action = group.addAction(text)
            action.setCheckable(True)
            action.setChecked(mode == SIDE_BY_SIDE)
            action.setToolTip(tip)
            action.setData(mode)
            button.setDefaultAction(action)
            button.setProperty("role", "small")
            foot.addWidget(button)
        group.triggered.connect(lambda action: self.canvas.set_mode(str(action.data())))
        self._difference = QToolButton(self)
        self._difference.setText(self.tr("Difference"))
        self._difference.setProperty("role", "small")
        self._difference.setToolTip(self.tr("Show on side B the map of A minus that of B"))
        self._difference.setCheckable(True)
        self._difference.toggled.connect(self.difference_toggled)
        self._curve = QComboBox(self)
        self._curve.setAccessibleName(self.tr("Curve"))
        self._curve.setToolTip(self.tr("Which curve of the two is shown"))
        self._curve.setMinimumWidth(90)
        self._curve.currentTextChanged.connect(self.curve_chosen)
        foot.addWidget(self._difference)
        foot.addWidget(self._said, 1)
        foot.addWidget(self._curve)
        return foot
