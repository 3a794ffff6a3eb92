"""The dock of failures and alarms, and reports made of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFileDialog

from app.controller.gallery import Entry, Gallery
from app.features.feature import Feature, Parts
from app.features.truth import TruthFeature
from app.views.gallery_view import CardView, GalleryView
from core.evaluate.pictures import Card
from core.wording import counted


class GalleryFeature(Feature):
    """Owns :class:`Gallery` and shows it."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        controller = parts.controller
        found = parts.window.findChild(TruthFeature)
        assert isinstance(found, TruthFeature)  # the list of features has it before this one
        self.gallery = Gallery(
            controller.desk,
            found.truth,
            found.kept,
            found.comparison,
            controller.review,
            controller.overlay,
            controller.background,
            self,
        )
        self._seen: dict[int, Card] = {}
        self.view = GalleryView()
        self.dock = parts.panels.add_dock(
            "failures", self.tr("Failures"), self.view, beside="timeline"
        )
        self.gallery.changed.connect(self._show)
        self.gallery.seen.connect(self._show_pictures)
        self.gallery.defect.connect(controller.project.defect)
        self.view.chosen.connect(self.gallery.go)
        self.view.report_wanted.connect(self.ask_report)
        self.dock.visibilityChanged.connect(lambda shown: self.gallery.watch(watched=shown))

    def handlers(self) -> Mapping[str, Callable[[], object]]:
        """See `Feature`."""
        return {"save_report": self.ask_report}

    def ask_report(self) -> None:
        """Let the user choose where the report goes."""
        name, _ = QFileDialog.getSaveFileName(
            self.parts.window,
            self.tr("Save the report"),
            "report.html",
            self.tr("Web page (*.html);;PDF (*.pdf)"),
        )
        if name:
            self.save_report(Path(name))

    def save_report(self, path: Path) -> None:
        """Write what is shown as HTML or PDF."""
        if path.suffix.lower() not in (".html", ".pdf"):
            path = path.with_name(path.name + ".html")
        self.gallery.write(path, dict(self._seen))

    @Slot()
    def _show(self) -> None:
        self._seen = {}
        entries = self.gallery.entries
        failures = sum(not entry.is_alarm for entry in entries)
        note = f"{counted(failures, 'failure')}, {counted(len(entries) - failures, 'alarm')}"
        self.view.show_cards([_card(entry) for entry in entries], note)

    @Slot(int, object)
    def _show_pictures(self, number: int, seen: Card) -> None:
        self._seen[number] = seen
        self.view.show_pictures(number, seen.frame, seen.map)


def _card(entry: Entry) -> CardView:
    frames = str(entry.first)
    if entry.last > entry.first:
        frames += f"–{entry.last}"
    title = " · ".join(part for part in (entry.who, entry.key, frames) if part)
    shade = (entry.first - entry.curve_start, entry.last - entry.curve_start)
    return CardView(title, entry.reason, entry.is_alarm, entry.curve, shade, entry.scores)
