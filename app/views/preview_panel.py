"""The ways to take a corrected box, as strips of crops one below the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSpinBox,
    QToolButton,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.views.elided_label import ElidedLabel
from core.geometry import Box
from core.states import TargetState

G = theme.GRID
_SMALLEST, _LARGEST = 24.0, 48.0  # side of a crop
_GAP = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class CropView:
    """One frame of a strip: `pixels` ``(S, S, 3)`` uint8 RGB, `inside` the box in them."""

    frame: int
    pixels: NDArray[np.uint8]
    inside: Box
    score: float
    state: TargetState
    reason: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class StripRow:
    """One way: `note` says why there is nothing to see, `total` how many crops will come."""

    number: int
    title: str
    tip: str
    color: str
    pattern: tuple[float, ...]
    crops: tuple[CropView, ...]
    total: int
    note: str = ""

    @property
    def mean(self) -> str:
        """Mean score, short."""
        seen = self.crops[1:]
        return f"{sum(crop.score for crop in seen) / len(seen):.2f}" if seen else "–"

    @property
    def summary(self) -> str:
        """Mean score, and how many frames are doubtful."""
        seen = self.crops[1:]
        if not seen:
            return self.note
        doubtful = sum(crop.state is not TargetState.TRACKING for crop in seen)
        mean = sum(crop.score for crop in seen) / len(seen)
        return f"score {mean:.2f}" + (f", {doubtful} of {len(seen)} doubtful" if doubtful else "")


class PreviewPanel(QWidget):
    """A sentence, one strip per way, and buttons to take one or leave."""

    chosen = Signal(int)
    """Number of the way, from 1 on."""
    left = Signal()
    seek = Signal(int)
    count_changed = Signal(int)

    def __init__(self, counts: tuple[int, int, int], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        low, usual, high = counts
        self._text = ElidedLabel("", parent=self)
        self.count = QSpinBox(self)
        theme.pad_spin_box(self.count)
        self.count.setRange(low, high)
        self.count.setValue(usual)
        self.count.setSuffix(self.tr(" frames"))
        self.count.setKeyboardTracking(False)
        self.count.setToolTip(self.tr("How many frames are tried"))
        self.count.setAccessibleName(self.tr("Frames to try"))
        self.count.valueChanged.connect(self.count_changed)
        self.leave = QToolButton(self)
        self.leave.setText(self.tr("Leave (Esc)"))
        self.leave.setProperty("role", "boxed")
        self.leave.clicked.connect(self.left)
        head = QHBoxLayout()
        head.addWidget(self._text, 1)
        head.addWidget(self.count)
        head.addWidget(self.leave)
        self._body = QWidget()
        self._grid = QGridLayout(self._body)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(G)
        self._grid.setVerticalSpacing(G // 2)
        self._grid.setColumnStretch(1, 1)
        area = QScrollArea(self)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setWidget(self._body)
        area.setProperty("surface", "panel")
        column = QVBoxLayout(self)
        column.setContentsMargins(G, G // 2, G, G // 2)
        column.setSpacing(G // 2)
        column.addLayout(head)
        column.addWidget(area, 1)
        self._idle = QLabel(self)
        self._idle.setProperty("role", "muted")
        self._idle.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._idle.setWordWrap(True)
        column.addWidget(self._idle, 1)
        self._area = area
        self._rows: dict[int, tuple[QToolButton, QLabel, CropStrip]] = {}
        self.show_nothing("")

    def strips(self) -> Mapping[int, CropStrip]:
        """The strips by number."""
        return {number: row[2] for number, row in self._rows.items()}

    def wanted_height(self) -> int:
        """Enough to see all strips at once, side by side as wide as the panel is now."""
        return self.leave.sizeHint().height() + self._body.sizeHint().height() + 3 * G

    def text(self) -> str:
        """What is said above the strips."""
        return self._text.full_text()

    def buttons(self) -> list[QToolButton]:
        """The buttons that take a way, in order."""
        return [row[0] for row in self._rows.values()]

    def show_nothing(self, text: str) -> None:
        """Say what the panel is for."""
        self.show_strips("", (), -1)
        self._idle.setText(text)

    def show_strips(self, text: str, rows: Sequence[StripRow], frame: int) -> None:
        """Show these ways; `frame` is the one under the playhead."""
        self._text.show_text(text)
        self._area.setVisible(bool(rows))
        self._idle.setVisible(not rows)
        self.leave.setEnabled(bool(rows))
        if tuple(row.number for row in rows) != tuple(self._rows):
            self._make(rows)
        for row in rows:
            button, summary, strip = self._rows[row.number]
            button.setText(f"{row.number}  {row.title}")
            button.setToolTip(f"{row.note or row.tip} ({row.number})")
            button.setEnabled(not row.note)
            summary.setText(row.mean)
            summary.setToolTip(row.summary)
            strip.show_row(row, frame)

    def _make(self, rows: Sequence[StripRow]) -> None:
        while self._grid.count():
            item = self._grid.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._rows = {}
        for at, row in enumerate(rows):
            button, summary = QToolButton(self._body), QLabel(self._body)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setProperty("role", "chip")
            button.setSizePolicy(
                button.sizePolicy().Policy.Expanding, button.sizePolicy().Policy.Fixed
            )
            button.clicked.connect(lambda _=False, n=row.number: self.chosen.emit(n))
            summary.setProperty("role", "muted")
            strip = CropStrip(self._body)
            strip.seek.connect(self.seek)
            side = QWidget(self._body)
            line = QHBoxLayout(side)
            line.setContentsMargins(0, 0, 0, 0)
            line.setSpacing(G // 2)
            line.addWidget(button, 1)
            line.addWidget(summary)
            side.setFixedWidth(176)
            self._grid.addWidget(side, at, 0)
            self._grid.addWidget(strip, at, 1)
            self._rows[row.number] = (button, summary, strip)
        self._grid.setRowStretch(len(rows), 1)


class CropStrip(QWidget):
    """Crops from left to right, each with its box; a click goes to the frame."""

    seek = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._row: StripRow | None = None
        self._images: list[QImage] = []
        self._frame = -1

    def sizeHint(self) -> QSize:
        count = self._row.total if self._row is not None else 1
        return QSize(int(count * (_SMALLEST + _GAP)), int(self._side()) + 2)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.updateGeometry()  # wider crops are higher ones
        super().resizeEvent(event)

    def _side(self) -> float:
        """All crops in the width there is."""
        count = self._row.total if self._row is not None else 1
        return min(max(self.width() / max(count, 1) - _GAP, _SMALLEST), _LARGEST)

    def show_row(self, row: StripRow, frame: int) -> None:
        """Show the crops that are there; `frame` is marked."""
        before = self._row
        self._row, self._frame = row, frame
        for crop in row.crops[len(self._images) if before is not None else 0 :]:
            height, width = crop.pixels.shape[:2]
            pixels = np.ascontiguousarray(crop.pixels)
            made = QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888)
            self._images.append(made.copy())
        del self._images[len(row.crops) :]
        if before is None or before.total != row.total:
            self.updateGeometry()
        self.setAccessibleName(f"{row.title}: {row.summary}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        row = self._row
        if row is None:
            return
        tokens, painter, side = theme.colors(), QPainter(self), self._side()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for at in range(row.total if not row.note else 0):
            place = QRectF(at * (side + _GAP), 0, side, side)
            painter.fillRect(place, QColor(tokens.field))
            if at >= len(self._images):
                continue
            crop = row.crops[at]
            painter.drawImage(place, self._images[at])
            self._paint_box(painter, place, crop, row)
            self._paint_score(painter, place, crop)
            if crop.frame == self._frame:
                painter.setPen(QPen(QColor(tokens.accent), 2))
                painter.drawRect(place.adjusted(1, 1, -1, -1))

    def _paint_box(self, painter: QPainter, place: QRectF, crop: CropView, row: StripRow) -> None:
        scale = place.width() / crop.pixels.shape[1]
        box = QRectF(
            place.left() + crop.inside.x * scale, crop.inside.y * scale,
            crop.inside.w * scale, crop.inside.h * scale,
        )  # fmt: skip
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setClipRect(place)
        for color, width, pattern in (
            (QColor(0, 0, 0, 150), 3.0, ()),
            (row.color, 1.5, row.pattern),
        ):
            pen = QPen(QColor(color), width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap)
            if pattern:
                pen.setDashPattern([length / width for length in pattern])
            painter.setPen(pen)
            painter.drawRect(box)
        painter.setClipping(False)

    def _paint_score(self, painter: QPainter, place: QRectF, crop: CropView) -> None:
        """A bar of the score along the lower edge, in the colour of the state."""
        shades = {
            TargetState.TRACKING: "#5ccb95",
            TargetState.UNCERTAIN: "#f0b64a",
            TargetState.LOST: "#ff8a78",
        }
        bar = QRectF(place.left(), place.bottom() - 4, place.width(), 4)
        painter.fillRect(bar, QColor(0, 0, 0, 150))
        bar.setWidth(place.width() * min(max(crop.score, 0.0), 1.0))
        painter.fillRect(bar, QColor(shades[crop.state]))

    def _crop_at(self, position: QPointF) -> CropView | None:
        at = int(position.x() // (self._side() + _GAP))
        crops = self._row.crops if self._row is not None else ()
        return crops[at] if 0 <= at < len(crops) else None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        crop = self._crop_at(event.position())
        if crop is not None and event.button() == Qt.MouseButton.LeftButton:
            self.seek.emit(crop.frame)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            crop = self._crop_at(QPointF(event.pos()))
            if crop is not None:
                said = f"\n{crop.reason}" if crop.reason else ""
                text = self.tr("Frame %d, score %.2f") % (crop.frame, crop.score)
                QToolTip.showText(event.globalPos(), text + said, self)
            return True
        return super().event(event)
