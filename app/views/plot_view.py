"""Success, precision and the other plots of an evaluation; a click asks for a point.

Shows :class:`core.evaluate.plots.Plot` values, one at a time. A click takes the nearest curve
within reach and the threshold under the pointer; the point is marked until the next plot.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pyqtgraph as pg
from pyqtgraph.GraphicsScene.mouseEvents import MouseClickEvent
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from app import theme
from app.views.plot_axis import TOP, axes
from core.evaluate.plots import COLORS, Plot

KINDS = ("success", "precision", "normalized_precision", "ar", "eao")
_REACH = 14.0  # view points from a curve at which a click means it
_DASHES = (None, (6, 3), (2, 2))


class PlotView(QWidget):
    """One plot with a row of buttons to choose it.

    Attributes
    ----------
    point_chosen
        ``(kind, line, x)``: a click on a curve (x: the threshold) or on a named point.
    kind_changed
        Another plot is shown.
    """

    point_chosen = Signal(str, str, float)
    kind_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plots: Mapping[str, Plot] = {}
        self._order: list[str] = []
        self._kind = KINDS[0]
        self._highlighted = ""
        self._item = pg.PlotItem(axisItems=axes())
        self.plot = pg.PlotWidget(self, plotItem=self._item)
        self.plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # nothing in it is for keys
        self._item.setMenuEnabled(False)
        self._item.hideButtons()
        self._item.setContentsMargins(0, TOP, TOP, 0)
        self._item.showGrid(x=True, y=True, alpha=0.2)
        self._item.getViewBox().setMouseEnabled(x=False, y=False)
        self._mark = pg.ScatterPlotItem(size=11)
        self._item.scene().sigMouseClicked.connect(self._clicked)
        self._buttons = QButtonGroup(self)
        self._row = QHBoxLayout()
        self._row.setSpacing(2)
        titles = (
            self.tr("Success"),
            self.tr("Precision"),
            self.tr("Norm."),
            self.tr("A–R"),
            self.tr("EAO"),
        )
        tips = (
            self.tr("Share of frames whose overlap is larger than a threshold"),
            self.tr("Share of frames whose centre is nearer than a threshold"),
            self.tr("Precision with distances over the target's size"),
            self.tr("Accuracy and robustness of runs that are started again after a failure"),
            self.tr("Expected average overlap by length of the sequence"),
        )
        for kind, title, tip in zip(KINDS, titles, tips, strict=True):
            self._add_button(kind, title, tip)
        self._row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID // 2)
        column.addLayout(self._row)
        column.addWidget(self.plot, 1)
        self.setMinimumHeight(196)
        self.show_plots({}, [])

    @property
    def kind(self) -> str:
        """Which plot is shown."""
        return self._kind

    def show_plots(self, plots: Mapping[str, Plot], order: list[str]) -> None:
        """Show these plots instead; `order` gives lines their colours, whichever are there."""
        self._plots, self._order = plots, order
        for button in self._buttons.buttons():
            button.setVisible(button.property("kind") in plots)
        if self._kind not in plots and plots:
            self._kind = next(kind for kind in KINDS if kind in plots)
        self._draw()

    def show_kind(self, kind: str) -> None:
        """Show this plot."""
        if kind in self._plots and kind != self._kind:
            self._kind = kind
            self._draw()
            self.kind_changed.emit(kind)

    def highlight(self, name: str) -> None:
        """Draw one line stronger than the others."""
        if name != self._highlighted:
            self._highlighted = name
            self._draw()

    def mark(self, x: float, y: float) -> None:
        """Mark a point of the plot."""
        self._mark.setData([x], [y])

    def color(self, name: str) -> str:
        """Colour of a line."""
        place = self._order.index(name) if name in self._order else 0
        return COLORS[place % len(COLORS)]

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_buttons"):
            self._draw()

    # ---- drawing ------------------------------------------------------------------------

    def _add_button(self, kind: str, title: str, tip: str) -> None:
        button = QToolButton(self)
        button.setText(title)
        button.setToolTip(tip)
        button.setCheckable(True)
        button.setProperty("kind", kind)
        button.setProperty("role", "small")
        button.clicked.connect(lambda _, k=kind: self.show_kind(k))
        self._buttons.addButton(button)
        self._row.addWidget(button)

    def _draw(self) -> None:
        self._item.clear()
        self._dress()
        plot = self._plots.get(self._kind)
        for button in self._buttons.buttons():
            button.setChecked(button.property("kind") == self._kind)
        self._mark.setData([], [])
        if plot is None:
            self._item.setTitle(self.tr("Nothing to compare yet"), size="9pt")
            return
        self._item.setTitle(None)
        self._item.setLabel("bottom", plot.x.label)
        self._item.setLabel("left", plot.y.label)
        self._item.getViewBox().setRange(
            xRange=(plot.x.low, plot.x.high), yRange=(plot.y.low, plot.y.high), padding=0.03
        )
        for line in sorted(plot.lines, key=lambda one: one.name == self._highlighted):
            self._item.plot(line.x, line.y, pen=self._pen(line.name))
        for point in plot.points:
            if math.isfinite(point.x) and math.isfinite(point.y):
                brush = pg.mkBrush(self.color(point.name))
                self._item.addItem(pg.ScatterPlotItem([point.x], [point.y], size=12, brush=brush))
        self._item.addItem(self._mark)

    def _pen(self, name: str):
        place = self._order.index(name) if name in self._order else 0
        pen = pg.mkPen(self.color(name), width=3 if name == self._highlighted else 1.6)
        dash = _DASHES[place // len(COLORS) % len(_DASHES)]
        if dash:
            pen.setDashPattern(list(dash))
        return pen

    def _dress(self) -> None:
        tokens = theme.colors()
        self.plot.setBackground(QColor(tokens.field))
        for side in ("left", "bottom"):
            axis = self._item.getAxis(side)
            axis.setPen(pg.mkPen(tokens.border_strong))
            axis.setTextPen(pg.mkPen(tokens.muted))
            axis.enableAutoSIPrefix(False)
        self._mark.setPen(pg.mkPen(tokens.text, width=1.5))
        self._mark.setBrush(pg.mkBrush(tokens.uncertain))

    # ---- clicks -------------------------------------------------------------------------

    def _clicked(self, event: MouseClickEvent) -> None:
        plot = self._plots.get(self._kind)
        if plot is None or event.button() != Qt.MouseButton.LeftButton:
            return
        at = event.scenePos()
        found = self._nearest(plot, at)
        if found is None:
            return
        name, x, y = found
        self.mark(x, y)
        self.point_chosen.emit(self._kind, name, x)

    def _nearest(self, plot: Plot, at: QPointF) -> tuple[str, float, float] | None:
        """The point nearest to a scene position, among those within reach."""
        view = self._item.getViewBox()
        best: tuple[float, str, float, float] | None = None
        named = [(line.name, line.x, line.y) for line in plot.lines]
        named += [(point.name, [point.x], [point.y]) for point in plot.points]
        for name, xs, ys in named:
            x, y = np.asarray(xs, dtype=float), np.asarray(ys, dtype=float)
            if len(x) > 1:  # between thresholds, too: the curve is what was clicked
                under = view.mapSceneToView(at).x()
                k = int(np.argmin(np.abs(x - under)))
                x, y = x[k : k + 1], y[k : k + 1]
            if not (len(x) and np.isfinite(x[0]) and np.isfinite(y[0])):
                continue
            place = view.mapViewToScene(QPointF(float(x[0]), float(y[0])))
            away = place - at
            distance = abs(away.y()) if len(xs) > 1 else math.hypot(away.x(), away.y())
            if distance <= _REACH * (2 if len(xs) > 1 else 1) and (not best or distance < best[0]):
                best = (distance, name, float(x[0]), float(y[0]))
        return best[1:] if best else None
