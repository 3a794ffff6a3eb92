"""Ground truth on the picture, and the evaluation panel: numbers, plots, frames behind them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFileDialog, QScrollArea

from app.controller.comparison import ALL, Comparison, FrameRange
from app.controller.kept_runs import KeptRuns
from app.controller.truth import GroundTruth
from app.features.feature import Feature, Parts
from app.ui_state import UiState
from app.views.plot_frames import Stretch
from app.views.plot_panel import PlotPanel
from app.views.truth_item import TruthItem
from core.wording import counted

_Z = 2.7  # above the path of the target, below the boxes
_MENU = ("truth_load", "truth_folder", "truth_forget", "open_report")


class TruthFeature(Feature):
    """Owns :class:`GroundTruth`, :class:`KeptRuns` and :class:`Comparison` for other features."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        controller = parts.controller
        self.kept = KeptRuns(controller.desk, controller.runs, self)
        self.truth = GroundTruth(
            controller.desk, controller.runs, self.kept, controller.background, self
        )
        self.comparison = Comparison(
            controller.desk,
            self.truth,
            controller.runs,
            controller.playback,
            controller.project,
            controller.background,
            self,
        )
        self._selected: int | None = None
        self._folder = ""
        self._item = TruthItem()
        self._item.setZValue(_Z)
        parts.panels.canvas.scene().addItem(self._item)
        self.panel = PlotPanel()
        title = self.tr("Evaluation")
        area = QScrollArea()  # so that a small window can be small
        area.setWidget(self.panel)
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(area.horizontalScrollBarPolicy().ScrollBarAlwaysOff)
        self.dock = parts.panels.add_dock("evaluation", title, area, beside="tracker")
        self.panel.truth.add_actions([parts.actions[name] for name in _MENU])
        self._connect()
        self._show_truth()
        self._show_comparison()

    def handlers(self) -> Mapping[str, Callable[[], object]]:
        """See `Feature`."""
        return {
            "truth_show": self.toggle,
            "truth_load": self.ask_file,
            "truth_folder": self.ask_folder,
            "truth_forget": self.truth.forget,
            "open_report": self.ask_report,
        }

    def state_changed(self, state: UiState) -> None:
        """See `Feature`."""
        if state.track != self._selected:
            self._selected = state.track
            self.truth.selection_changed()

    # ---- what a person wants ------------------------------------------------------------

    def toggle(self) -> None:
        """Draw the truth, or not; without one, look for it."""
        if self.truth.truth is None:
            self._show_truth()
            self.parts.controller.desk.say(
                self.tr("There is no ground truth for this clip."),
                self.tr("Load a file: a benchmark's, or annotations in any format."),
                action="truth_load",
            )
            return
        self.truth.show(visible=not self.truth.visible)

    def ask_file(self) -> None:
        """Let the user choose a file with true boxes."""
        name, _ = QFileDialog.getOpenFileName(
            self.parts.window,
            self.tr("Ground truth"),
            self._folder,
            self.tr("All files (*)"),
        )
        self._load(name)

    def ask_folder(self) -> None:
        """Let the user choose a benchmark's folder."""
        self._load(
            QFileDialog.getExistingDirectory(
                self.parts.window, self.tr("Folder of a sequence or benchmark"), self._folder
            )
        )

    def ask_report(self) -> None:
        """Let the user choose a report."""
        name, _ = QFileDialog.getOpenFileName(
            self.parts.window,
            self.tr("Report of boxtrail evaluate"),
            self._folder,
            self.tr("Reports (*.json)"),
        )
        if name:
            self.open_report(Path(name))

    def open_report(self, path: Path) -> None:
        """Show a report."""
        self._folder = str(path.parent)
        self.comparison.open_report(path)
        self.dock.show()
        self.dock.raise_()

    def _load(self, name: str) -> None:
        if name:
            self._folder = str(Path(name).parent)
            self.truth.load(Path(name))
            self.dock.show()
            self.dock.raise_()

    # ---- wiring -------------------------------------------------------------------------

    def _connect(self) -> None:
        controller, panel = self.parts.controller, self.panel
        controller.project.facts_changed.connect(self.truth.look)
        controller.playback.frame_shown.connect(self._draw)
        self.truth.changed.connect(self._show_truth)
        self.truth.defect.connect(self._report_defect)
        self.comparison.defect.connect(self._report_defect)
        self.comparison.changed.connect(self._show_comparison)
        panel.truth.chosen.connect(self.truth.choose)
        panel.truth.shown_changed.connect(lambda shown: self.truth.show(visible=shown))
        panel.source_changed.connect(lambda report: self.comparison.show_source(report=report))
        panel.part_changed.connect(self._choose_part)
        panel.ticked_changed.connect(self._show_plots)
        panel.frames_wanted.connect(self._show_frames)
        panel.frame_chosen.connect(self.comparison.go)
        self.dock.visibilityChanged.connect(self._on_visible)

    @Slot(object)
    def _report_defect(self, error: Exception) -> None:
        self.parts.controller.project.defect.emit(error)

    @Slot()
    def _show_truth(self) -> None:
        truth = self.truth.truth
        names = [one.name for one in self.truth.truths]
        at = self.truth.truths.index(truth) if truth is not None else -1
        note = ""
        if truth is not None:
            note = self.tr("%s from %s") % (
                counted(int(truth.known.sum()), "frame"),
                truth.source.name,
            )
            note = "; ".join([note, *truth.attributes, *truth.notes])
        self.panel.truth.show_truths(names, at, note, shown=self.truth.visible)
        self.parts.actions["truth_show"].setChecked(truth is not None and self.truth.visible)
        self._draw()

    @Slot()
    def _draw(self, *_: object) -> None:
        truth, desk = self.truth.truth, self.parts.controller.desk
        drawn = truth is not None and self.truth.visible and desk.session is not None
        outline = truth.outline(desk.shown) if drawn and truth is not None else None
        self._item.set_outline(outline, self.tr("truth"))

    @Slot(bool)
    def _on_visible(self, visible: bool) -> None:
        if visible:
            self._show_comparison()

    @Slot()
    def _show_comparison(self) -> None:
        if self.dock.isHidden():
            return  # costs nothing while nobody looks
        comparison, panel = self.comparison, self.panel
        name = comparison.path.name if comparison.path is not None else ""
        panel.show_sources(name, shows_report=comparison.shows_report)
        parts = comparison.parts()
        at = parts.index(comparison.part) if comparison.part in parts else 0
        panel.show_parts([self._part_name(kind, word) for kind, word in parts], at)
        columns = [(c.title, c.title, c.digits) for c in comparison.columns()]
        panel.show_numbers(columns, [(n.name, n.values, n.tip) for n in comparison.numbers()])
        self._show_plots()

    @Slot()
    def _show_plots(self) -> None:
        plots = self.comparison.plots(self.panel.ticked()) if self.panel.ticked() else {}
        self.panel.show_plots(plots)

    @Slot(int)
    def _choose_part(self, index: int) -> None:
        self.comparison.show_part(*self.comparison.parts()[index])

    @Slot(str, str, float, str)
    def _show_frames(self, kind: str, name: str, x: float, rule: str) -> None:
        ranges = self.comparison.ranges(kind, name, x, rule)
        count = sum(r.last - r.first + 1 for r in ranges)
        title = self.tr("%s: %s at %.4g") % (name, counted(count, "frame"), x)
        if kind == "ar":
            title = self.tr("%s: %s where it failed") % (name, counted(count, "frame"))
        if not self.comparison.has_frames(name):
            title = self.tr("This report has no frames; evaluate again to have them.")
        self.panel.show_frames(title, [_stretch(one) for one in ranges])

    def _part_name(self, kind: str, word: str) -> str:
        return self.tr("All sequences") if kind == ALL else word


def _stretch(one: FrameRange) -> Stretch:
    values = f"{one.low:.2f}" if one.high - one.low < 0.005 else f"{one.low:.2f}–{one.high:.2f}"
    return Stretch(one.key, one.first, one.last, values + one.unit)
