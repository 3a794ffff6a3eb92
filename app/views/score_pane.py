"""One plot over frames: curves, the playhead, the pointer's frame, a threshold to drag.

The dock has one pane for shares (score, overlap) and, where a person wants it, one more for each
further curve. All are linked in x and obey one playhead; a click asks for a frame.
"""

from __future__ import annotations

import pyqtgraph as pg
from pyqtgraph.GraphicsScene.mouseEvents import MouseClickEvent
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent
from PySide6.QtWidgets import QGraphicsItem, QMenu, QWidget

from app import theme
from app.views.plot_axis import TOP, axes

AXIS_WIDTH = 44


class ScorePane(pg.PlotWidget):
    """See the module docstring.

    Attributes
    ----------
    seek, fit_wanted
        A click on a frame; a double click.
    hovered
        The frame under the pointer, −1 when it left.
    threshold_moved
        The line was dragged or set; NaN when it was taken away.
    """

    seek = Signal(int)
    fit_wanted = Signal()
    hovered = Signal(int)
    threshold_moved = Signal(float)

    def __init__(self, title: str = "", parent: QWidget | None = None) -> None:
        self.item = pg.PlotItem(axisItems=axes())
        super().__init__(parent, plotItem=self.item)
        self.title = title
        self.item.setContentsMargins(0, TOP, TOP, 0)
        self.count = 0
        self.item.setMenuEnabled(False)
        self.item.hideButtons()
        self.item.getAxis("left").setWidth(AXIS_WIDTH)
        self.item.getAxis("left").enableAutoSIPrefix(False)
        self.item.getAxis("bottom").enableAutoSIPrefix(False)
        self.item.showGrid(x=False, y=True, alpha=0.25)
        if title:
            self.item.setLabel("left", title)
        view = self.view
        view.setMouseEnabled(x=True, y=False)
        view.setDefaultPadding(0)
        self.limit = pg.InfiniteLine(0.5, angle=0, movable=True)
        self.limit.setCursor(Qt.CursorShape.SizeVerCursor)
        self.limit.sigPositionChanged.connect(self._limit_dragged)
        self.line = pg.InfiniteLine(0, angle=90)
        self.pointer = pg.InfiniteLine(0, angle=90)
        self.pointer.setVisible(False)
        for one in (self.limit, self.line, self.pointer):
            self.item.addItem(one, ignoreBounds=True)
        self.item.scene().sigMouseClicked.connect(self._clicked)
        self.item.scene().sigMouseMoved.connect(self._moved)
        self.setMouseTracking(True)

    @property
    def view(self) -> pg.ViewBox:
        """The part with the curves."""
        return self.item.getViewBox()

    def new_curve(self) -> pg.PlotDataItem:
        """A curve that is drawn once and copied while only the playhead moves.

        Pens stay one pixel wide: wider ones take several times as long.
        """
        curve = self.item.plot(skipFiniteCheck=True)
        curve.curve.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        return curve

    def set_count(self, count: int) -> None:
        """The clip has so many frames."""
        self.count = count
        last = max(count - 1, 1)
        self.view.setLimits(xMin=-0.5, xMax=last + 0.5, minXRange=min(4, last + 1))

    def set_threshold(self, value: float | None) -> None:
        """Where the line lies, None for none; not announced."""
        blocked = self.limit.blockSignals(True)
        self.limit.setVisible(value is not None)
        if value is not None:
            self.limit.setValue(value)
        self.limit.blockSignals(blocked)

    def point_at(self, frame: int) -> None:
        """Show the pointer's frame; −1 hides it."""
        self.pointer.setVisible(frame >= 0)
        if frame >= 0:
            self.pointer.setValue(frame)

    def dress(self) -> None:
        """Take the colours of the theme."""
        tokens = theme.colors()
        self.setBackground(QColor(tokens.field))
        for side in ("left", "bottom"):
            axis = self.item.getAxis(side)
            axis.setPen(pg.mkPen(tokens.border_strong))
            axis.setTextPen(pg.mkPen(tokens.muted))
        self.limit.setHoverPen(pg.mkPen(tokens.uncertain, width=2))
        self.limit.setPen(pg.mkPen(tokens.uncertain, width=1.2, style=Qt.PenStyle.DashLine))
        self.line.setPen(pg.mkPen(tokens.text, width=1.4))
        self.pointer.setPen(pg.mkPen(tokens.muted, width=1, style=Qt.PenStyle.DotLine))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if not self.title:
            super().contextMenuEvent(event)
            return
        value = self.view.mapSceneToView(QPointF(self.mapToScene(event.pos()))).y()
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self.tr("Threshold at %.3g") % value, lambda: self._set_limit(value))
        away = menu.addAction(self.tr("No threshold"), lambda: self._set_limit(None))
        away.setEnabled(self.limit.isVisible())
        menu.popup(event.globalPos())

    def leaveEvent(self, ev: QEvent) -> None:
        super().leaveEvent(ev)
        self.hovered.emit(-1)

    def _set_limit(self, value: float | None) -> None:
        self.set_threshold(value)
        self.threshold_moved.emit(float("nan") if value is None else value)

    def _limit_dragged(self, *_: object) -> None:
        self.threshold_moved.emit(float(self.limit.value()))  # pyright: ignore[reportArgumentType]

    def _frame_at(self, at: QPointF) -> int | None:
        if not self.count or not self.view.sceneBoundingRect().contains(at):
            return None
        return min(max(round(self.view.mapSceneToView(at).x()), 0), self.count - 1)

    def _clicked(self, event: MouseClickEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or not self.count:
            return
        if event.double():
            self.fit_wanted.emit()
            return
        frame = self._frame_at(event.scenePos())
        if frame is not None:
            self.seek.emit(frame)

    def _moved(self, at: QPointF) -> None:
        frame = self._frame_at(at)
        self.hovered.emit(-1 if frame is None else frame)
