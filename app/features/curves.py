"""The curves dock: overlap and centre error beside the tracker's own, remembered per tracker."""

from __future__ import annotations

import json
from typing import Any

from PySide6.QtCore import Slot

from app.features.feature import Feature, Parts
from app.features.truth import TruthFeature
from app.settings import window_settings
from app.ui_state import UiState

OVERLAP, ERROR, NORMALIZED = "overlap", "centre error, px", "centre error / size"


class CurvesFeature(Feature):
    """Feeds and remembers :class:`app.views.score_plot.ScorePlot`."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self._plot = parts.panels.plot
        self._tracker = ""
        found = parts.window.findChild(TruthFeature)
        assert isinstance(found, TruthFeature)  # the list of features has it before this one
        self._truth = found.truth
        self._truth.measured.connect(self._show_errors)
        self._plot.curves_changed.connect(self._remember)
        self._plot.layout_changed.connect(self._remember)
        parts.panels.tracker.tracker_changed.connect(self._recall)

    def state_changed(self, state: UiState) -> None:
        """See `Feature`."""
        if state.trackers_ready:
            self._recall()

    @Slot()
    def _show_errors(self) -> None:
        errors = self._truth.errors
        values = (None,) * 3 if errors is None else (
            errors.overlaps, errors.errors, errors.normalized
        )  # fmt: skip
        self._plot.set_fixed(OVERLAP, values[0], share=True)
        self._plot.set_fixed(ERROR, values[1])
        self._plot.set_fixed(NORMALIZED, values[2])

    @Slot()
    def _recall(self, *_: object) -> None:
        tracker = self.parts.panels.tracker.key()
        if not tracker or tracker == self._tracker:
            return
        self._tracker = tracker
        known = _read(str(window_settings().value(_place(tracker), "")))
        self._plot.set_curves(known["curves"])
        self._plot.set_panes(own=known["own"], thresholds=known["thresholds"])

    @Slot()
    def _remember(self, *_: object) -> None:
        if not self._tracker:
            return
        value = {
            "curves": self._plot.curves(),
            "own": self._plot.own_panes(),
            "thresholds": self._plot.thresholds(),
        }
        window_settings().setValue(_place(self._tracker), json.dumps(value))


def _place(tracker: str) -> str:
    return f"curves/{tracker}"


def _read(text: str) -> dict[str, Any]:
    """What was remembered; the usual where it is nothing of ours."""
    usual = {"curves": [OVERLAP], "own": False, "thresholds": {}}
    try:
        value = json.loads(text)
        return {
            "curves": [str(name) for name in value["curves"]],
            "own": bool(value["own"]),
            "thresholds": {str(k): float(v) for k, v in value["thresholds"].items()},
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        return usual
