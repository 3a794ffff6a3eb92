"""Curves over frames: the score, what the tracker reports, and what others work out.

The main pane has the axis of shares (score, overlap, agreement); other curves are scaled to their
own range so that their shape can be compared, or get a pane each with its true axis and a
threshold line. Results may come hundreds of times a second: they are stored at once and drawn at
most twenty times a second, at a cost that depends on the width of the plot alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from app import theme
from app.views.score_curves import SCORE, FixedCurve, LiveCurves, envelope
from app.views.score_head import ScoreHead
from app.views.score_pane import ScorePane
from core.document.track import Columns
from core.engine.consensus import AGREEMENT
from core.engine.run_buffer import Row
from core.states import Source

_REDRAW_MS = 50
_FOLLOWED = 300  # frames in view while following a run
_COLORS = ("#e69f00", "#cc79a7", "#009e73", "#d55e00", "#56b4e9", "#f0e442", "#0072b2")
_PANE_HEIGHT = 64


class ScorePlot(QWidget):
    """Curves over frames with the playhead; a click asks for a frame."""

    seek = Signal(int)
    threshold_changed = Signal(float)
    """The line was dragged to another score."""
    curves_changed = Signal(list)
    """Names of the curves that are shown beside the score."""
    layout_changed = Signal()
    """Panes, or thresholds of panes, were changed by a person."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._live = LiveCurves()
        self._fixed: dict[str, FixedCurve] = {}
        self._history: tuple[np.ndarray, np.ndarray] = (np.empty(0), np.empty(0))
        self._running = self._syncing = False
        self._count, self._playhead, self._hovered = 0, 0, -1
        self._thresholds: dict[str, float] = {}
        self._panes: dict[str, tuple[ScorePane, pg.PlotDataItem]] = {}
        self._redraw = QTimer(self)
        self._redraw.setSingleShot(True)
        self._redraw.setInterval(_REDRAW_MS)
        self._redraw.timeout.connect(self.redraw)
        self._head = ScoreHead(self)
        self._head.chosen_changed.connect(self._chosen_changed)
        self._head.panes_changed.connect(self._panes_changed)
        self._split = QSplitter(Qt.Orientation.Vertical, self)
        self._split.setChildrenCollapsible(False)
        self._build_main()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, theme.GRID // 2, 0, 0)
        column.setSpacing(theme.GRID // 2)
        column.addWidget(self._head)
        column.addWidget(self._split, 1)
        self._dress()

    def _build_main(self) -> None:
        self.plot = ScorePane()
        self.plot.setAccessibleName(self.tr("Score over frames"))
        self.plot.setToolTip(self.tr("Click to go to a frame; wheel zooms, double-click fits"))
        self.plot.item.getAxis("left").setTicks([[(0, "0"), (0.5, "0.5"), (1, "1")], []])
        view = self._view()
        view.setYRange(-0.04, 1.06, padding=0)
        view.setLimits(yMin=-0.04, yMax=1.06)
        view.sigXRangeChanged.connect(self._range_changed)
        self.plot.limit.setBounds((0.0, 1.0))
        self.plot.threshold_moved.connect(self._limit_dragged)
        self._adopt(self.plot)
        self._back = self.plot.new_curve()
        self._curves: dict[str, pg.PlotDataItem] = {SCORE: self.plot.new_curve()}

    # data -------------------------------------------------------------------------

    def set_clip(self, frame_count: int) -> None:
        """Begin with an empty plot for a clip of this length."""
        self._count, self._playhead = frame_count, 0
        self._live, self._history = LiveCurves(), (np.empty(0), np.empty(0))
        self._fixed = {}
        self._running = False
        for pane in self._all_panes():
            pane.set_count(frame_count)
            pane.line.setValue(0)
        self.fit()
        self._offer()
        self.redraw()

    def start_run(self, run_id: int, frame_range: tuple[int, int]) -> None:
        """Begin live curves for frames ``first <= frame < stop`` (rising, whatever the run)."""
        self._live = LiveCurves(*frame_range)
        self._running = True
        self._redraw.start()

    def extend(self, rows: Sequence[Row]) -> None:
        """Append results of the run."""
        if self._live.add(rows):
            self._offer()
        if self._running and self._head.follows() and self._live.newest is not None:
            self._follow_to(self._live.newest)
        self._redraw_soon()

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
        self._redraw_soon()

    def set_fixed(
        self, name: str, values: NDArray[np.float64] | None, *, share: bool = False
    ) -> None:
        """Offer a curve that was worked out elsewhere, ``(N,)`` by frame; None takes it away.

        A `share` has values in [0, 1] and stands on the score's axis.
        """
        before = name in self._fixed
        if values is None:
            self._fixed.pop(name, None)
        else:
            self._fixed[name] = FixedCurve(values, share=share)
        if before != (name in self._fixed):
            self._offer()
        if before or name in self._fixed:
            self._redraw_soon()

    def set_playhead(self, frame: int) -> None:
        """Show where the application is."""
        if frame != self._playhead:
            self._playhead = frame
            for pane in self._all_panes():
                pane.line.setValue(frame)
            self._read()

    def set_threshold(self, value: float) -> None:
        """Score under which a frame counts as doubtful; not announced."""
        self.plot.set_threshold(value)

    def threshold(self) -> float:
        """Where the line lies."""
        return float(self.plot.limit.value())  # pyright: ignore[reportArgumentType]

    # what is shown ----------------------------------------------------------------------

    def curves(self) -> list[str]:
        """Names of the curves that are shown beside the score."""
        return self._head.chosen()

    def set_curves(self, names: Iterable[str]) -> None:
        """Show these curves (now or as soon as they are reported); not announced."""
        self._head.set_chosen(name for name in names if name != SCORE)
        self._arrange()

    def own_panes(self) -> bool:
        """Whether every curve has a pane of its own."""
        return self._head.own_panes()

    def thresholds(self) -> dict[str, float]:
        """Threshold lines of panes by curve."""
        return dict(self._thresholds)

    def set_panes(self, *, own: bool, thresholds: Mapping[str, float]) -> None:
        """A pane for each curve or not, and their threshold lines; not announced."""
        self._head.set_panes(own=own)
        self._thresholds = dict(thresholds)
        self._arrange()

    def values_at(self, frame: int) -> dict[str, float | None]:
        """The values of the score and of the shown curves on a frame."""
        return {name: self._value(name, frame) for name in (SCORE, *self._head.chosen())}

    def fit(self) -> None:
        """Show the whole clip."""
        self._view().setXRange(-0.5, max(self._count - 1, 1) + 0.5, padding=0)

    # panes ------------------------------------------------------------------------------

    def _adopt(self, pane: ScorePane) -> None:
        pane.seek.connect(self.seek)
        pane.fit_wanted.connect(self.fit)
        pane.hovered.connect(self._hover)
        pane.view.sigRangeChangedManually.connect(self._moved_by_hand)
        pane.set_count(self._count)
        pane.line.setValue(self._playhead)
        pane.dress()
        self._split.addWidget(pane)

    def _all_panes(self) -> list[ScorePane]:
        return [self.plot, *(pane for pane, _ in self._panes.values())]

    def _arrange(self) -> None:
        """Have exactly the panes that are wanted."""
        own = self._head.own_panes()
        wanted = [n for n in self._head.chosen() if own and not self._is_share(n)]
        for name in [name for name in self._panes if name not in wanted]:
            pane, _ = self._panes.pop(name)
            pane.hide()
            pane.setParent(None)
            pane.deleteLater()
        for name in wanted:
            if name not in self._panes:
                self._add_pane(name)
            self._panes[name][0].set_threshold(self._thresholds.get(name))
        self.redraw()

    def _add_pane(self, name: str) -> None:
        pane = ScorePane(name)
        pane.setMinimumHeight(_PANE_HEIGHT)
        pane.setAccessibleName(name)
        pane.setToolTip(self.tr("Click to go to a frame; right-click sets a threshold"))
        pane.threshold_moved.connect(lambda value, of=name: self._pane_limit(of, value))
        self._adopt(pane)
        self._panes[name] = (pane, pane.new_curve())
        pane.view.setXRange(*self._span(), padding=0)
        pane.view.sigXRangeChanged.connect(self._range_changed)

    def _is_share(self, name: str) -> bool:
        if name in self._fixed:
            return self._fixed[name].share
        return name == AGREEMENT or name.startswith(f"{AGREEMENT} ")

    def _offer(self) -> None:
        self._head.set_names(
            {
                self.tr("Tracker"): [name for name in self._live.names if name != SCORE],
                self.tr("Compared"): list(self._fixed),
            }
        )
        self._arrange()

    # drawing ----------------------------------------------------------------------------

    def redraw(self) -> None:
        """Draw everything that came since the last time."""
        view, columns = self._span(), max(int(self._view().width()), 50)
        shown = self._head.chosen()
        frames, scores = self._history
        begin, end = np.searchsorted(frames, (view[0] - 1, view[1] + 1))
        x, y = envelope(frames[begin:end], scores[begin:end], columns)
        self._back.setData(x, y, connect="finite")
        together = [name for name in (SCORE, *shown) if name not in self._panes]
        for name in together:
            curve = self._curves.get(name) or self._new_curve(name)
            x, y = self._points(name, view, columns)
            if name != SCORE:
                low, high = self._limits(name)
                y = (y - low) / (high - low)
            curve.setData(x, y, connect="finite")
        for name, curve in self._curves.items():
            if name not in together:
                curve.setData([], [])
        for name, (pane, curve) in self._panes.items():
            curve.setPen(pg.mkPen(self._color(name)))
            curve.setData(*self._points(name, view, columns), connect="finite")
            low, high = self._limits(name)
            pane.view.setYRange(low, high, padding=0.06)
        self._read()

    def _points(self, name: str, view: tuple[float, float], columns: int):
        fixed = self._fixed.get(name)
        if fixed is not None:
            return fixed.points(view, columns)
        return self._live.points(name, view, columns)

    def _limits(self, name: str) -> tuple[float, float]:
        fixed = self._fixed.get(name)
        if fixed is not None:
            return fixed.limits()
        return (0.0, 1.0) if self._is_share(name) else self._live.limits(name)

    def _value(self, name: str, frame: int) -> float | None:
        fixed = self._fixed.get(name)
        if fixed is not None:
            return fixed.value(frame)
        value = self._live.value(name, frame)
        return self._history_at(frame) if value is None and name == SCORE else value

    def _new_curve(self, name: str) -> pg.PlotDataItem:
        curve = self._curves[name] = self.plot.new_curve()
        curve.setPen(pg.mkPen(self._color(name)))
        return curve

    def _color(self, name: str) -> str:
        if name == SCORE:
            return theme.colors().accent
        names = [known for known in (*self._fixed, *self._live.names) if known != SCORE]
        place = names.index(name) if name in names else len(names)
        return _COLORS[place % len(_COLORS)]

    def _read(self) -> None:
        """Say the values at the pointer, or at the playhead."""
        frame = self._playhead if self._hovered < 0 else self._hovered
        values = [(n, self._color(n), v) for n, v in self.values_at(frame).items()]
        self._head.show_values(values, None if self._hovered < 0 else frame)

    def _history_at(self, frame: int) -> float | None:
        frames, scores = self._history
        row = int(np.searchsorted(frames, frame))
        found = row < len(frames) and frames[row] == frame and np.isfinite(scores[row])
        return float(scores[row]) if found else None

    def _dress(self) -> None:
        tokens = theme.colors()
        for pane in self._all_panes():
            pane.dress()
        self._back.setPen(pg.mkPen(theme.mix(tokens.field, tokens.muted, 0.7)))
        for name, curve in self._curves.items():
            curve.setPen(pg.mkPen(self._color(name)))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_curves"):
            self._dress()
            self._read()

    # reactions --------------------------------------------------------------------------

    def _view(self) -> pg.ViewBox:
        return self.plot.view

    def _span(self) -> tuple[float, float]:
        (low, high), _ = self._view().viewRange()
        return float(low), float(high)

    def _redraw_soon(self) -> None:
        if not self._redraw.isActive():
            self._redraw.start()

    def _follow_to(self, frame: int) -> None:
        low, high = self._span()
        width = min(high - low, max(_FOLLOWED, 1))
        if high - low > width or not low <= frame <= high:
            low = max(frame - 0.85 * width, -0.5)  # the view's limits would cut its width
            self._view().setXRange(low, low + width, padding=0)

    def _range_changed(self, view: pg.ViewBox, span: tuple[float, float]) -> None:
        # Not pyqtgraph's link: it goes by places on the screen, which are not known at once.
        if not self._syncing:
            self._syncing = True
            for pane in self._all_panes():
                if pane.view is not view:
                    pane.view.setXRange(*span, padding=0)
            self._syncing = False
        self._redraw_soon()

    def _hover(self, frame: int) -> None:
        if frame != self._hovered:
            self._hovered = frame
            for pane in self._all_panes():
                pane.point_at(frame)
            self._read()

    def _limit_dragged(self, value: float) -> None:
        self.threshold_changed.emit(round(value, 2))

    def _pane_limit(self, name: str, value: float) -> None:
        if np.isnan(value):
            self._thresholds.pop(name, None)
        else:
            self._thresholds[name] = float(f"{value:.6g}")
        self.layout_changed.emit()

    def _moved_by_hand(self, *_: object) -> None:
        self._head.stop_following()

    def _panes_changed(self, *_: object) -> None:
        self._arrange()
        self.layout_changed.emit()

    def _chosen_changed(self, names: list[str]) -> None:
        self._arrange()
        self.curves_changed.emit(names)
