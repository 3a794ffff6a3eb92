"""Figures for print and overlay videos of the open clip."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import Slot

from app.controller.figures import Figures
from app.dialogs.figure_dialog import FigureDialog
from app.features.feature import Feature, Parts
from app.features.truth import TruthFeature
from app.features.what_if import WhatIfFeature
from core.document.document import Document
from core.drawing import Drawing
from core.errors import BoxtrailError
from core.render.figure import FigureLook, draw_figure
from core.render.overlay import render_video
from core.wording import counted


class FiguresFeature(Feature):
    """Opens the dialog and writes what it asks for."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        found = parts.window.findChild(TruthFeature)
        assert isinstance(found, TruthFeature)  # the list of features has it before this one
        what_if = parts.window.findChild(WhatIfFeature)
        assert isinstance(what_if, WhatIfFeature)
        self._what_if = what_if
        controller = parts.controller
        self.figures = Figures(controller.desk, found.truth, controller.overlay, self)
        self._stopped = False

    def handlers(self) -> Mapping[str, Callable[[], object]]:
        """See `Feature`."""
        return {"figure": self.open}

    def finish(self) -> None:
        """See `Feature`."""
        self._stopped = True

    def open(self) -> None:
        """Show the dialog."""
        dialog = self.dialog()
        dialog.exec()
        dialog.deleteLater()

    def dialog(self) -> FigureDialog:
        """The dialog for the frame that is shown."""
        desk = self.parts.controller.desk
        dialog = FigureDialog(self.draw, desk.shown, self.parts.window)
        dialog.finished_with.connect(desk.say)
        dialog.video_wanted.connect(self.write_video)
        return dialog

    def draw(
        self, frames: Sequence[int], panels: Sequence[str], look: FigureLook
    ) -> Drawing | None:
        """The figure; None when there is nothing to show."""
        views = self.figures.views(frames)
        curves = self.figures.curves(self.parts.panels.plot.values_at) if "curves" in panels else []
        if not views:
            return None
        try:
            return draw_figure(views, panels, look, curves=curves)
        except ValueError:
            return None

    @Slot(object, object)
    def write_video(self, path: Path, panels: Sequence[str]) -> None:
        """Write the clip as the window shows it, with the chosen panes, in the background.

        While two runs are compared, both sides and their curve.
        """
        desk, background = self.parts.controller.desk, self.parts.controller.background
        session = desk.session
        if session is None:
            return
        compared = self._what_if.video()
        if compared is None:
            document, start, stop = desk.document, 0, None
            extras = self.figures.extras(panels, self.parts.panels.plot.values_at)
        else:  # the boxes are those of the two runs
            document = Document(desk.document.video)
            extras, start, stop = compared
        desk.say(self.tr("Writing %s…") % path.name)

        def work() -> int:
            return render_video(
                session.video,
                document,
                path,
                start=start,
                stop=stop,
                extras=extras,
                progress=lambda _: not self._stopped,
            )

        def then(count: int) -> None:
            text = self.tr("%s written to %s.") % (counted(count, "frame"), path.name)
            desk.say(text, severity="success")

        def failed(error: Exception) -> None:
            if isinstance(error, BoxtrailError):
                desk.say_error(error)
            else:
                self.parts.controller.project.defect.emit(error)

        background.run(work, then, failed)
