"""Live curves of a run: the score, and any scalar the tracker reports.

The score has the axis; scalars are scaled to their own range so that their shape
can be compared, and the line above says their true values at the playhead. Results
may come hundreds of times a second: they are stored at once and drawn at most
twenty times a second, at a cost that depends on the width of the plot alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pyqtgraph as pg
from pyqtgraph.GraphicsScene.mouseEvents import MouseClickEvent
from PySide6.QtCore import QEvent, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QGraphicsItem,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.views.score_curves import SCORE, LiveCurves, envelope
from app.views.score_head import ScoreHead
from core.document.track import Columns
from core.engine.run_buffer import Row
from core.states import Source

_REDRAW_MS = 50
_FOLLOWED = 300  # frames in view while following a run
_COLORS = ("#e69f00", "#cc79a7", "#009e73", "#d55e00", "#56b4e9", "#f0e442", "#0072b2")


class ScorePlot(QWidget):
    """Curves over frames with the playhead; a click asks for a frame."""

    seek = Signal(int)
    threshold_changed = Signal(float)
    """The line was dragged to another score."""
    curves_changed = Signal(list)
    """Names of the scalars that are shown beside the score."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._live = LiveCurves()
        self._history: tuple[np.ndarray, np.ndarray] = (np.empty(0), np.empty(0))
        self._running = False
        self._count, self._playhead = 0, 0
        self._redraw = QTimer(self)
        self._redraw.setSingleShot(True)
        self._redraw.setInterval(_REDRAW_MS)
        self._redraw.timeout.connect(self.redraw)
        self._head = ScoreHead(self)
        self._head.chosen_changed.connect(self._chosen_changed)
        self._build_plot()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, theme.GRID // 2, 0, 0)
        column.setSpacing(theme.GRID // 2)
        column.addWidget(self._head)
        column.addWidget(self.plot, 1)
        self._dress()

    # data -------------------------------------------------------------------------

    def set_clip(self, frame_count: int) -> None:
        """Begin with an empty plot for a clip of this length."""
        self._count, self._playhead = frame_count, 0
        self._live, self._history = LiveCurves(), (np.empty(0), np.empty(0))
        self._running = False
        last = max(frame_count - 1, 1)
        self._view().setLimits(xMin=-0.5, xMax=last + 0.5, minXRange=min(4, last + 1))
        self.fit()
        self._line.setValue(0)
        self.redraw()

    def start_run(self, run_id: int, frame_range: tuple[int, int]) -> None:
        """Begin live curves for frames ``first <= frame < stop`` (rising, whatever the run)."""
        self._live = LiveCurves(*frame_range)
        self._running = True
        self._redraw.start()

    def extend(self, rows: Sequence[Row]) -> None:
        """Append results of the run."""
        if self._live.add(rows):
            self._head.set_names([name for name in self._live.names if name != SCORE])
        if self._running and self._head.follows() and self._live.newest is not None:
            self._follow_to(self._live.newest)
        if not self._redraw.isActive():
            self._redraw.start()

    def end_run(self) -> None:
        """The run is over; its curves stay until the next one."""
        self._running = False

    def show_columns(self, columns: Columns | None) -> None:
        """Scores of the selected track, drawn behind the live curves."""
        if columns is None or not len(columns):
            self._history = (np.empty(0), np.empty(0))
        else:
            first, last = int(columns.frames[0]), int(columns.frames[-1])
            scores = np.full(last - first + 1, np.nan)
            machine = columns.sources == Source.TRACKED
            scores[columns.frames[machine] - first] = columns.scores[machine]
            self._history = (np.arange(first, last + 1, dtype=np.float64), scores)
        if not self._redraw.isActive():
            self._redraw.start()

    def set_playhead(self, frame: int) -> None:
        """Show where the application is."""
        if frame != self._playhead:
            self._playhead = frame
            self._line.setValue(frame)
            self._read()

    def set_threshold(self, value: float) -> None:
        """Score under which a frame counts as doubtful; not announced."""
        blocked = self._limit.blockSignals(True)
        self._limit.setValue(value)
        self._limit.blockSignals(blocked)

    def threshold(self) -> float:
        """Where the line lies."""
        return float(self._limit.value())  # pyright: ignore[reportArgumentType]

    def curves(self) -> list[str]:
        """Names of the scalars that are shown beside the score."""
        return self._head.chosen()

    def set_curves(self, names: Iterable[str]) -> None:
        """Show these scalars (now or as soon as a tracker reports them); not announced."""
        self._head.set_chosen(name for name in names if name != SCORE)
        self.redraw()

    def fit(self) -> None:
        """Show the whole clip."""
        self._view().setXRange(-0.5, max(self._count - 1, 1) + 0.5, padding=0)

    # construction ---------------------------------------------------------------------

    def _build_plot(self) -> None:
        item = self._item = pg.PlotItem()
        self.plot = pg.PlotWidget(self, plotItem=item)
        self.plot.setAccessibleName(self.tr("Score over frames"))
        self.plot.setToolTip(self.tr("Click to go to a frame; wheel zooms, double-click fits"))
        item.setMenuEnabled(False)
        item.hideButtons()
        item.getAxis("left").setWidth(36)
        item.getAxis("left").setTicks([[(0, "0"), (0.5, "0.5"), (1, "1")], []])
        item.getAxis("bottom").enableAutoSIPrefix(False)
        item.showGrid(x=False, y=True, alpha=0.25)
        view = self._view()
        view.setMouseEnabled(x=True, y=False)
        view.setDefaultPadding(0)
        view.setYRange(-0.04, 1.06, padding=0)
        view.setLimits(yMin=-0.04, yMax=1.06)
        view.sigXRangeChanged.connect(self._range_changed)
        view.sigRangeChangedManually.connect(self._moved_by_hand)
        self._limit = pg.InfiniteLine(0.5, angle=0, movable=True, bounds=(0.0, 1.0))
        self._limit.setCursor(Qt.CursorShape.SizeVerCursor)
        self._limit.sigPositionChanged.connect(self._limit_dragged)
        self._line = pg.InfiniteLine(0, angle=90)
        self._back = self._cached_curve()
        self._curves: dict[str, pg.PlotDataItem] = {SCORE: self._cached_curve()}
        for line in (self._limit, self._line):
            item.addItem(line, ignoreBounds=True)
        item.scene().sigMouseClicked.connect(self._clicked)

    def _cached_curve(self) -> pg.PlotDataItem:
        """A curve that is drawn once and copied while only the playhead moves.

        Pens stay one pixel wide: wider ones take several times as long.
        """
        curve = self._item.plot(skipFiniteCheck=True)
        curve.curve.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        return curve

    def _view(self) -> pg.ViewBox:
        return self._item.getViewBox()

    # drawing --------------------------------------------------------------------------

    def redraw(self) -> None:
        """Draw everything that came since the last time."""
        view, columns = self._span(), max(int(self._view().width()), 50)
        shown = self._head.chosen()
        frames, scores = self._history
        begin, end = np.searchsorted(frames, (view[0] - 1, view[1] + 1))
        x, y = envelope(frames[begin:end], scores[begin:end], columns)
        self._back.setData(x, y, connect="finite")
        for name in (SCORE, *shown):
            curve = self._curves.get(name) or self._new_curve(name)
            x, y = self._live.points(name, view, columns)
            if name != SCORE:
                low, high = self._live.limits(name)
                y = (y - low) / (high - low)
            curve.setData(x, y, connect="finite")
        for name, curve in self._curves.items():
            if name != SCORE and name not in shown:
                curve.setData([], [])
        self._read()

    def _new_curve(self, name: str) -> pg.PlotDataItem:
        curve = self._curves[name] = self._cached_curve()
        curve.setPen(pg.mkPen(self._color(name)))
        return curve

    def _color(self, name: str) -> str:
        if name == SCORE:
            return theme.colors().accent
        names = [known for known in self._live.names if known != SCORE]
        place = names.index(name) if name in names else len(names)
        return _COLORS[place % len(_COLORS)]

    def _read(self) -> None:
        """Say the values at the playhead."""
        values = []
        for name in (SCORE, *self._head.chosen()):
            value = self._live.value(name, self._playhead)
            if value is None and name == SCORE:
                value = self._history_at(self._playhead)
            values.append((name, self._color(name), value))
        self._head.show_values(values)

    def _history_at(self, frame: int) -> float | None:
        frames, scores = self._history
        row = int(np.searchsorted(frames, frame))
        found = row < len(frames) and frames[row] == frame and np.isfinite(scores[row])
        return float(scores[row]) if found else None

    def _dress(self) -> None:
        tokens = theme.colors()
        self.plot.setBackground(QColor(tokens.field))
        for side in ("left", "bottom"):
            axis = self._item.getAxis(side)
            axis.setPen(pg.mkPen(tokens.border_strong))
            axis.setTextPen(pg.mkPen(tokens.muted))
        self._back.setPen(pg.mkPen(theme.mix(tokens.field, tokens.muted, 0.7)))
        for name, curve in self._curves.items():
            curve.setPen(pg.mkPen(self._color(name)))
        self._limit.setHoverPen(pg.mkPen(tokens.uncertain, width=2))
        self._limit.setPen(pg.mkPen(tokens.uncertain, width=1.2, style=Qt.PenStyle.DashLine))
        self._line.setPen(pg.mkPen(tokens.text, width=1.4))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_line"):
            self._dress()
            self._read()

    # reactions ------------------------------------------------------------------------

    def _span(self) -> tuple[float, float]:
        (low, high), _ = self._view().viewRange()
        return float(low), float(high)

    def _follow_to(self, frame: int) -> None:
        low, high = self._span()
        width = min(high - low, max(_FOLLOWED, 1))
        if high - low > width or not low <= frame <= high:
            low = frame - 0.85 * width
            self._view().setXRange(low, low + width, padding=0)

    def _range_changed(self, *_: object) -> None:
        if not self._redraw.isActive():
            self._redraw.start()

    def _limit_dragged(self, *_: object) -> None:
        self.threshold_changed.emit(round(self.threshold(), 2))

    def _moved_by_hand(self, *_: object) -> None:
        self._head.stop_following()

    def _clicked(self, event: MouseClickEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or not self._count:
            return
        if event.double():
            self.fit()
            return
        at: QPointF = self._view().mapSceneToView(event.scenePos())
        if self._view().sceneBoundingRect().contains(event.scenePos()):
            self.seek.emit(min(max(round(at.x()), 0), self._count - 1))

    def _chosen_changed(self, names: list[str]) -> None:
        self.redraw()
        self.curves_changed.emit(names)
