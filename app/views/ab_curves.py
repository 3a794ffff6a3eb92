"""One curve of two runs and their difference, over frames, with the playhead."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from pyqtgraph.GraphicsScene.mouseEvents import MouseClickEvent
from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app import theme
from app.views.ab_canvas import COLORS
from app.views.plot_axis import axes
from app.views.score_curves import envelope

FloatArray = NDArray[np.float64]


class AbCurves(QWidget):
    """Curves of side A and B above, their overlap below; a click asks for a frame."""

    seek = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._data: list[tuple[FloatArray, FloatArray]] = []
        self._layout = pg.GraphicsLayoutWidget(self)
        self._layout.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # nothing in it is for keys
        grid: Any = self._layout.ci  # what the widget forwards to, by name only
        self._upper = grid.addPlot(row=0, col=0, axisItems=axes())
        self._lower = grid.addPlot(row=1, col=0, axisItems=axes())
        self._lower.getAxis("left").setTicks([[(0, "0"), (1, "1")], []])
        self._lower.setXLink(self._upper)
        self._lower.setYRange(0, 1, padding=0.05)
        grid.layout.setRowStretchFactor(0, 3)
        grid.layout.setRowStretchFactor(1, 2)
        self._lines = []
        for plot in (self._upper, self._lower):
            plot.setMenuEnabled(False)
            plot.hideButtons()
            plot.getAxis("left").setWidth(44)
            plot.getAxis("left").setStyle(maxTickLevel=0)
            line = pg.InfiniteLine(angle=90, movable=False)
            plot.addItem(line)
            self._lines.append(line)
        self._upper.getAxis("bottom").setStyle(showValues=False)
        self._curves = [
            self._upper.plot(pen=pg.mkPen(COLORS[0], width=1.6), connect="finite"),
            self._upper.plot(
                pen=pg.mkPen(COLORS[1], width=1.6, style=Qt.PenStyle.DashLine), connect="finite"
            ),
            self._lower.plot(pen=pg.mkPen("#009e73", width=1.6), connect="finite"),
        ]
        scene: Any = self._layout.scene()
        scene.sigMouseClicked.connect(self._clicked)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._layout)
        self.setMinimumHeight(76)
        self.setAccessibleName(self.tr("Curves of A and B, and how far their boxes overlap"))
        self._dress()

    def show_curves(
        self,
        name: str,
        frames: FloatArray,
        first: FloatArray,
        second: FloatArray,
        common: FloatArray,
        overlap: FloatArray,
    ) -> None:
        """Show curve `name` of both on `frames` ``(N,)``, and the overlap on `common` ``(M,)``."""
        self._data = [(frames, first), (frames, second), (common, overlap)]
        width = max(self.width(), 100)
        for curve, (x, y) in zip(self._curves, self._data, strict=True):
            curve.setData(*envelope(x, y, width))
        self._upper.setToolTip(name)
        self._name_ends(np.concatenate((first, second)))
        self._lower.setToolTip(self.tr("Overlap of the two boxes (IoU)"))
        if len(frames):
            self._upper.setXRange(float(frames[0]), float(max(frames[-1], frames[0] + 1)))

    def _name_ends(self, values: FloatArray) -> None:
        """The panes are low: only the least and the largest value are named."""
        known = values[np.isfinite(values)]
        ends = dict.fromkeys((float(known.min()), float(known.max()))) if len(known) else {}
        self._upper.getAxis("left").setTicks([[(at, f"{at:.3g}") for at in ends], []])

    def set_playhead(self, frame: int) -> None:
        """Show where the application is."""
        for line in self._lines:
            line.setValue(frame)

    def shown(self) -> list[tuple[FloatArray, FloatArray]]:
        """Frames and values of A, B and the overlap, for tests."""
        return self._data

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._dress()

    def _dress(self) -> None:
        tokens = theme.colors()
        self._layout.setBackground(QColor(tokens.panel))
        for plot, line in zip((self._upper, self._lower), self._lines, strict=True):
            line.setPen(pg.mkPen(tokens.accent, width=1.2))
            for side in ("left", "bottom"):
                axis = plot.getAxis(side)
                axis.setPen(pg.mkPen(tokens.border_strong))
                axis.setTextPen(pg.mkPen(tokens.muted))

    def _clicked(self, event: MouseClickEvent) -> None:
        for plot in (self._upper, self._lower):
            if plot.sceneBoundingRect().contains(event.scenePos()):
                x = plot.vb.mapSceneToView(event.scenePos()).x()
                self.seek.emit(max(round(x), 0))
                event.accept()
                return
