"""What several trackers propose: how far they agree, who is best here, and what to take.

Shows what it is given and announces what a person wants; row numbers are the members'
places, :data:`FUSED` stands for the fused boxes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QColor, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.views.consensus_strip import ConsensusStrip
from app.views.elided_label import ElidedLabel

FUSED = -1
G = theme.GRID
_ONE_LINE = 250
"""Width from which a tracker's name, number and buttons stand beside each other."""


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One tracker as the panel shows it.

    `color` and `pattern` are those of its box in the picture. `here` is its agreement with
    the others on this frame, None where it proposes nothing; `overall` the mean, `share`
    the share of frames on which it is best, all in [0, 1]. The keys are those of its
    buttons, as `` (Alt+1)``.
    """

    number: int
    name: str
    title: str
    color: str
    pattern: tuple[float, ...]
    here: float | None
    overall: float
    share: float
    best: bool = False
    here_key: str = ""
    stretch_key: str = ""


class ConsensusPanel(QWidget):
    """Sentence, strip, one row per tracker, and what can be done for the whole."""

    here_wanted = Signal(int)
    """Take this tracker's box on this frame."""
    stretch_wanted = Signal(int)
    """Take this tracker for the stretch around this frame."""
    out_wanted = Signal(int)
    """Leave this tracker out."""

    def __init__(self, actions: Sequence[QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.text = QLabel(self)
        self.text.setWordWrap(True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        self.strip = ConsensusStrip(self)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(G // 2)
        self._grid.setVerticalSpacing(G // 2)
        self._grid.setColumnStretch(1, 1)
        self._rows: tuple[_Row, ...] = ()
        self._narrow = False
        column = QVBoxLayout(self)
        column.setContentsMargins(G, G, G, G)
        column.setSpacing(G)
        column.addWidget(self.text)
        column.addWidget(self.strip)
        column.addLayout(self._grid)
        buttons = QGridLayout()
        buttons.setSpacing(G // 2)
        for number, action in enumerate(actions):
            button = QToolButton(self)
            button.setDefaultAction(action)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setProperty("role", "boxed")
            button.setMinimumWidth(60)  # a narrow dock cuts the words, not the picture
            buttons.addWidget(button, number // 2, number % 2)
        column.addLayout(buttons)
        column.addStretch(1)
        self.show_rows("", ())

    def show_rows(self, text: str, rows: Sequence[MemberRow]) -> None:
        """Say how it stands, and list the trackers; without any only the text is shown."""
        self.text.setText(text)
        self.strip.setVisible(bool(rows))
        shown = tuple(row.number for row in rows)
        if shown != tuple(row.number for row in self._rows):
            for row in self._rows:
                row.remove()
            self._rows = tuple(_Row(self, row.number) for row in rows)
            self._place_rows()
        for widget, row in zip(self._rows, rows, strict=True):
            widget.show_row(row)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where it is narrow, the buttons of a tracker stand below its name."""
        super().resizeEvent(event)
        narrow = event.size().width() < _ONE_LINE
        if narrow != self._narrow:
            self._narrow = narrow
            self._place_rows()

    def _place_rows(self) -> None:
        for at, row in enumerate(self._rows):
            row.place(self._grid, at, narrow=self._narrow)


class _Row:
    """The widgets of one tracker."""

    def __init__(self, panel: ConsensusPanel, number: int) -> None:
        self.number = number
        self._swatch = _Swatch(panel)
        self._name = ElidedLabel("", parent=panel)
        self._value = QLabel(panel)
        self._value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.here = self._button(panel, panel.tr("Here"))
        self.here.clicked.connect(lambda: panel.here_wanted.emit(number))
        self.stretch = self._button(panel, panel.tr("Stretch"))
        self.stretch.clicked.connect(lambda: panel.stretch_wanted.emit(number))
        self._out = self._button(panel, "×")
        self._out.clicked.connect(lambda: panel.out_wanted.emit(number))
        if number == FUSED:
            kept = self._out.sizePolicy()
            kept.setRetainSizeWhenHidden(True)  # the columns stay in line
            self._out.setSizePolicy(kept)
            self._out.hide()
        self._holder = QWidget(panel)
        line = QHBoxLayout(self._holder)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(2)
        for button in (self.here, self.stretch, self._out):
            line.addWidget(button)
        self._all = (self._swatch, self._name, self._value, self._holder)

    def place(self, grid: QGridLayout, at: int, *, narrow: bool) -> None:
        """Into the grid, in one line or two."""
        for column, widget in enumerate(self._all[:3]):
            grid.addWidget(widget, 2 * at, column)
        if narrow:
            grid.addWidget(self._holder, 2 * at + 1, 1, 1, 2)
        else:
            grid.addWidget(self._holder, 2 * at, 3)

    def show_row(self, row: MemberRow) -> None:
        """Bring it up to date."""
        self._swatch.set_look(row.color, row.pattern)
        name = f"{row.name} ★" if row.best else row.name
        about = f"{row.title}\nagrees {row.overall:.2f}, best on {row.share:.0%} of the frames"
        self._name.show_text(name, about)
        self._value.setText("–" if row.here is None else f"{row.here:.2f}")
        self.here.setToolTip(f"Take {row.name} on this frame{row.here_key}")
        self.stretch.setToolTip(f"Take {row.name} for the marked stretch{row.stretch_key}")
        self._out.setToolTip(f"Leave {row.name} out; the others stay")
        for button in (self.here, self.stretch):
            button.setEnabled(row.here is not None)

    def remove(self) -> None:
        """Take the widgets away."""
        for widget in self._all:
            widget.hide()
            widget.deleteLater()

    @staticmethod
    def _button(panel: ConsensusPanel, text: str) -> QToolButton:
        button = QToolButton(panel)
        button.setText(text)
        button.setProperty("role", "chip")
        button.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button


class _Swatch(QWidget):
    """A short line as the tracker's box is drawn."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFixedSize(22, 16)
        self._look: tuple[str, tuple[float, ...]] = ("#ffffff", ())

    def set_look(self, color: str, pattern: tuple[float, ...]) -> None:
        """Colour and dash pattern in points."""
        if self._look != (color, pattern):
            self._look = (color, pattern)
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(0, 2, self.width(), self.height() - 4, QColor("#3a3f47"))
        color, pattern = self._look
        pen = QPen(QColor(color), 2.0, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap)
        if pattern:
            pen.setDashPattern([length / 2.0 for length in pattern])
        painter.setPen(pen)
        painter.drawLine(1, self.height() // 2, self.width() - 1, self.height() // 2)
