"""The legend of the timeline as a panel."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from app.features.feature import Feature, Parts
from app.views.timeline_legend import TimelineLegend


class LegendFeature(Feature):
    """A dock, hidden until it is asked for."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self.legend = TimelineLegend()
        self.dock = parts.panels.add_dock(
            "legend", self.tr("Legend"), self.legend, beside="objects"
        )

    def handlers(self) -> Mapping[str, Callable[[], object]]:
        """The action of app/actions/history.py."""
        return {"legend": self.show_panel}

    def show_panel(self) -> None:
        """Show the legend, or hide it again."""
        shown = self.dock.isVisible() and not self.legend.visibleRegion().isEmpty()
        self.dock.setVisible(not shown)
        if not shown:
            self.dock.raise_()
