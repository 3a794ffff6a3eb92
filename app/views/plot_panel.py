"""The evaluation panel: ground truth, numbers, plots, and the frames behind a point.

Shows what it is told and announces what a person wants; knows neither runs nor reports.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from app import theme
from app.views.plot_frames import FrameList, Stretch
from app.views.plot_table import NumbersRow, NumbersTable
from app.views.plot_view import PlotView
from app.views.truth_bar import TruthBar
from core.evaluate.plots import COLORS, Plot


class PlotPanel(QWidget):
    """See the module docstring.

    Attributes
    ----------
    source_changed
        True for the report, False for the open clip.
    part_changed
        Index of the part of the report in the list that was given.
    frames_wanted
        ``(kind, row, x, rule)``: the frames behind a point are asked for.
    ticked_changed
        Other rows are to be in the plots.
    frame_chosen
        ``(sequence, frame)``.
    """

    source_changed = Signal(bool)
    part_changed = Signal(int)
    frames_wanted = Signal(str, str, float, str)
    ticked_changed = Signal()
    frame_chosen = Signal(str, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.truth = TruthBar(self)
        self.table = NumbersTable(self)
        self.plot = PlotView(self)
        self.frames = FrameList(self)
        self._point: tuple[str, str, float] | None = None
        self._source = QComboBox(self)
        self._source.setAccessibleName(self.tr("What is compared"))
        self._source.activated.connect(lambda at: self.source_changed.emit(at == 1))
        self._part = QComboBox(self)
        self._part.setAccessibleName(self.tr("Part of the report"))
        self._part.activated.connect(self.part_changed)
        for combo in (self._source, self._part):
            combo.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
        self._arrange()
        self.table.ticked_changed.connect(self.ticked_changed)
        self.table.row_chosen.connect(self.plot.highlight)
        self.plot.point_chosen.connect(self._clicked)
        self.plot.kind_changed.connect(self._forget_point)
        self.frames.rule_changed.connect(self._ask)
        self.frames.frame_chosen.connect(self.frame_chosen)
        self.show_sources("", shows_report=False)

    def _arrange(self) -> None:
        split = QSplitter(Qt.Orientation.Vertical, self)
        split.setChildrenCollapsible(False)
        for widget, share in ((self.table, 2), (self.plot, 4), (self.frames, 3)):
            split.addWidget(widget)
            split.setStretchFactor(split.count() - 1, share)
        self.table.setMinimumHeight(118)  # three rows
        self.frames.setMinimumHeight(72)
        row = QHBoxLayout()
        row.setSpacing(theme.GRID // 2)
        row.addWidget(self._source, 1)
        row.addWidget(self._part, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.GRID, theme.GRID, theme.GRID, theme.GRID)
        column.setSpacing(theme.GRID // 2)
        column.addLayout(row)
        column.addWidget(self.truth)
        column.addWidget(split, 1)

    # ---- what to show -------------------------------------------------------------------

    def show_sources(self, report: str, *, shows_report: bool) -> None:
        """Offer the open clip, and the report of this name if there is one."""
        wanted = [self.tr("Runs on this clip"), *([report] if report else [])]
        if [self._source.itemText(k) for k in range(self._source.count())] != wanted:
            self._source.clear()
            self._source.addItems(wanted)
        self._source.setCurrentIndex(1 if shows_report else 0)
        self._source.setToolTip(self._source.currentText())
        self._part.setVisible(shows_report)
        self.truth.setVisible(not shows_report)

    def show_parts(self, names: Sequence[str], at: int) -> None:
        """Parts of the report that can be shown alone."""
        if [self._part.itemText(k) for k in range(self._part.count())] != list(names):
            self._part.clear()
            self._part.addItems(list(names))
        self._part.setCurrentIndex(at)

    def show_numbers(
        self,
        columns: Sequence[tuple[str, str, int]],
        rows: Sequence[tuple[str, tuple[float, ...], str]],
    ) -> None:
        """Rows of numbers: ``(name, values, tip)``; their order gives the colours."""
        self.table.show_rows(
            columns,
            [
                NumbersRow(name, COLORS[k % len(COLORS)], values, tip)
                for k, (name, values, tip) in enumerate(rows)
            ],
        )

    def show_plots(self, plots: Mapping[str, Plot]) -> None:
        """Plots of the ticked rows."""
        self.plot.show_plots(plots, [row.name for row in self.table.rows])

    def ticked(self) -> list[str]:
        """Names of the rows that are in the plots."""
        return self.table.ticked()

    def show_frames(self, title: str, stretches: Sequence[Stretch]) -> None:
        """The frames that were asked for."""
        self.frames.show_stretches(title, stretches)

    # ---- what a person wants ------------------------------------------------------------

    def _clicked(self, kind: str, name: str, x: float) -> None:
        self._point = (kind, name, x)
        self._ask()

    def _forget_point(self, *_: object) -> None:
        self._point = None
        self.frames.show_stretches("", ())

    def _ask(self, *_: object) -> None:
        if self._point is not None:
            self.frames_wanted.emit(*self._point, self.frames.rule())
