"""A patch large: every pixel a cell, its values under the pointer, in the frame's place.

The cells are written out where they are large enough to read. The window stays open and
follows the frames until it is closed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QDialog, QSizePolicy, QVBoxLayout, QWidget

from app import theme
from app.views.elided_label import ElidedLabel
from core.trackers.base import Patch

_WRITTEN = 34.0  # points a cell needs for its three numbers
_MAX_SCALE = 96.0


class PatchCanvas(QWidget):
    """The patch, zoomed with the wheel about the pointer, moved by dragging."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._patch: Patch | None = None
        self._image = QImage()
        self._scale = 0.0  # 0: fitted
        self._origin = QPointF()
        self._drag: QPointF | None = None
        self._told = ElidedLabel(role="muted")
        self.setMouseTracking(True)
        self.setMinimumSize(160, 160)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("Patch"))

    @property
    def readout(self) -> ElidedLabel:
        """The line that tells the cell under the pointer."""
        return self._told

    def set_patch(self, patch: Patch | None) -> None:
        """Show another patch; zoom and place stay while its size does."""
        before, self._patch = self._patch, patch
        self._image = to_image(patch.image) if patch is not None else QImage()
        if patch is not None and (before is None or before.image.shape != patch.image.shape):
            self._scale = 0.0
        self.update()

    def cell_at(self, position: QPointF) -> tuple[int, int] | None:
        """Row and column under a point of the widget; None beside the patch."""
        if self._patch is None:
            return None
        scale, origin = self._view()
        col, row = ((position - origin) / scale).toTuple()
        rows, cols = self._patch.image.shape[:2]
        inside = 0 <= row < rows and 0 <= col < cols
        return (int(row), int(col)) if inside else None

    def describe(self, row: int, col: int) -> str:
        """Cell, value and frame position, in words."""
        if self._patch is None:
            return ""
        red, green, blue = (int(v) for v in self._patch.image[row, col])
        x, y = self._patch.placement.cell_center(row, col)
        said = self.tr("row {0}, column {1}   {2}   frame x {3:.1f}  y {4:.1f}")
        value = f"{red} {green} {blue}"
        if self._patch.values is not None:
            value = f"{self._patch.values[row, col]:.4g}"
        return said.format(row, col, value, x, y)

    def sizeHint(self) -> QSize:
        return QSize(420, 420)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._drag is not None:
            scale, origin = self._view()
            self._scale, self._origin = scale, origin + event.position() - self._drag
            self._drag = event.position()
            self.update()
        cell = self.cell_at(event.position())
        self._told.show_text(self.describe(*cell) if cell is not None else "")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._drag = event.position()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._drag = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._scale = 0.0
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        scale, origin = self._view()
        wanted = min(max(scale * 1.25 ** (event.angleDelta().y() / 120), 0.5), _MAX_SCALE)
        self._origin = event.position() - (event.position() - origin) * (wanted / scale)
        self._scale = wanted
        self.update()
        event.accept()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.palette().color(self.palette().ColorRole.Base))
        if self._patch is None:
            return
        scale, origin = self._view()
        rows, cols = self._patch.image.shape[:2]
        painter.drawImage(QRectF(origin.x(), origin.y(), cols * scale, rows * scale), self._image)
        if scale >= _WRITTEN:
            self._write(painter, self._patch, scale, origin)

    def _write(self, painter: QPainter, patch: Patch, scale: float, origin: QPointF) -> None:
        font = QFont(self.font())
        font.setPixelSize(int(scale * 0.24))
        painter.setFont(font)
        rows, cols = patch.image.shape[:2]
        first_col, first_row = (max(int(-v / scale), 0) for v in (origin.x(), origin.y()))
        last_col = min(int((self.width() - origin.x()) / scale) + 1, cols)
        last_row = min(int((self.height() - origin.y()) / scale) + 1, rows)
        for row in range(first_row, last_row):
            for col in range(first_col, last_col):
                color = patch.image[row, col].astype(int)
                dark = color @ np.array([0.2126, 0.7152, 0.0722]) < 128
                painter.setPen(QColor("white" if dark else "black"))
                place = QRectF(origin.x() + col * scale, origin.y() + row * scale, scale, scale)
                text = "\n".join(map(str, color))
                if patch.values is not None:
                    text = f"{patch.values[row, col]:.2g}"
                painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)

    def _view(self) -> tuple[float, QPointF]:
        """Points per cell, and where the patch's corner lies."""
        if self._scale > 0 or self._patch is None:
            return max(self._scale, 0.5), self._origin
        rows, cols = self._patch.image.shape[:2]
        scale = min(self.width() / cols, self.height() / rows)
        return scale, QPointF((self.width() - cols * scale) / 2, (self.height() - rows * scale) / 2)


class PatchView(QDialog):
    """A window with one patch."""

    def __init__(self, name: str, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = name
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.canvas = PatchCanvas(self)
        column = QVBoxLayout(self)
        margin = theme.GRID
        column.setContentsMargins(margin, margin, margin, margin)
        column.addWidget(self.canvas, 1)
        column.addWidget(self.canvas.readout)

    def set_patch(self, patch: Patch | None) -> None:
        """Show the patch of another frame."""
        self.canvas.set_patch(patch)


def to_image(pixels: NDArray[np.uint8]) -> QImage:
    """An image of its own of ``(H, W, 3)`` uint8 RGB."""
    solid = np.ascontiguousarray(pixels)
    rows, cols = solid.shape[:2]
    return QImage(solid.data, cols, rows, 3 * cols, QImage.Format.Format_RGB888).copy()
