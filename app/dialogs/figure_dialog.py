"""Figures for print, with a preview: which frames and panels, how large, into which file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QImage, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.dialogs.form import ParamForm
from core import params
from core.drawing import Drawing, write
from core.drawing.raster import raster
from core.errors import BoxtrailError
from core.render.figure import FigureLook

_PANELS = ("frame", "overlay", "map", "search", "template", "curves")
Draw = Callable[[Sequence[int], Sequence[str], FigureLook], Drawing | None]
_last: dict[str, object] = {}


class FigureDialog(QDialog):
    """See the module docstring.

    `draw` makes the figure of frames, panels and look, None when there is nothing to show.
    """

    video_wanted = Signal(object, object)
    """Path, and the names of the panels that are ticked."""
    finished_with = Signal(str, str, str)
    """Text, hint and severity of what came of it."""

    def __init__(self, draw: Draw, frame: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Export figure"))
        self.resize(980, 640)
        self._draw = draw
        self._drawing: Drawing | None = None
        self.frames = QLineEdit(str(frame))
        self.frames.setToolTip(self.tr("Frames side by side: 10, 20, 30 or 10-40:10"))
        self.frames.setAccessibleName(self.tr("Frames"))
        names = {
            "frame": self.tr("Frame"),
            "overlay": self.tr("Frame and map"),
            "map": self.tr("Map"),
            "search": self.tr("Search window"),
            "template": self.tr("Template"),
            "curves": self.tr("Curves"),
        }
        self.panels = {name: QCheckBox(title) for name, title in names.items()}
        for name in ("overlay", "map", "curves"):
            self.panels[name].setChecked(True)
        self.form = ParamForm(FigureLook)
        if _last:
            self.form.set_values(_last)
        self.preview = QLabel()
        self.preview.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.preview.setMinimumSize(320, 240)
        self.preview.setAccessibleName(self.tr("Preview"))
        self.size_note = QLabel()
        self.size_note.setProperty("role", "muted")
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(200)
        self._timer.timeout.connect(self.refresh)
        self._arrange()
        self.frames.textChanged.connect(lambda _: self._timer.start())
        self.form.changed.connect(self._timer.start)
        for box in self.panels.values():
            box.toggled.connect(lambda _: self._timer.start())
        self.refresh()

    def _arrange(self) -> None:
        panels = QGridLayout()
        for k, box in enumerate(self.panels.values()):
            panels.addWidget(box, k // 2, k % 2)
        scroll = QScrollArea()
        scroll.setWidget(self.form)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        side = QVBoxLayout()
        side.addWidget(QLabel(self.tr("Frames:")))
        side.addWidget(self.frames)
        side.addLayout(panels)
        side.addWidget(scroll, 1)
        left = QVBoxLayout()
        left.addWidget(self.preview, 1)
        left.addWidget(self.size_note)
        top = QHBoxLayout()
        top.setSpacing(theme.GRID * 2)
        top.addLayout(left, 3)
        top.addLayout(side, 2)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.save = QPushButton(self.tr("&Save figure…"))
        self.save.setDefault(True)
        self.video = QPushButton(self.tr("Overlay &video…"))
        self.video.setToolTip(
            self.tr(
                "Write the whole clip as the window shows it: boxes, ground truth and all layers "
                "of maps, with the ticked pictures and curves beside it"
            )
        )
        for button in (self.save, self.video):
            buttons.addButton(button, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        self.save.clicked.connect(self.ask_and_save)
        self.video.clicked.connect(self.ask_for_video)
        column = QVBoxLayout(self)
        column.addLayout(top, 1)
        column.addWidget(buttons)

    # ---- what is chosen -----------------------------------------------------------------

    def chosen_frames(self) -> list[int]:
        """The frames that are named; those that cannot be understood are left out."""
        found: list[int] = []
        for part in self.frames.text().replace(";", ",").split(","):
            ends, _, step = part.strip().partition(":")
            numbers = [p.strip() for p in ends.split("-")]
            if not all(p.isdigit() for p in numbers) or (step and not step.strip().isdigit()):
                continue
            first, last = int(numbers[0]), int(numbers[-1])
            found += list(range(first, last + 1, max(int(step or 1), 1)))[:60]
        return found

    def chosen_panels(self) -> list[str]:
        """The panels that are ticked, in order."""
        return [name for name in _PANELS if self.panels[name].isChecked()]

    def look(self) -> FigureLook:
        """How it is set."""
        return params.from_dict(FigureLook, self.form.values(), where="figure")

    # ---- doing --------------------------------------------------------------------------

    @Slot()
    def refresh(self) -> None:
        """Draw the preview."""
        _last.update(self.form.values())
        self._drawing = self._draw(self.chosen_frames(), self.chosen_panels(), self.look())
        self.save.setEnabled(self._drawing is not None)
        self._show()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        QTimer.singleShot(0, self, self._show)  # once the preview has its new size

    @Slot()
    def _show(self) -> None:
        drawing = self._drawing
        if drawing is None:
            self.preview.setPixmap(QPixmap())
            self.preview.setText(self.tr("There is nothing to show: choose frames and panels."))
            self.size_note.setText("")
            return
        ratio = self.devicePixelRatioF()
        room = self.preview.size() * ratio
        scale = min(room.width() / drawing.width, room.height() / drawing.height)
        pixels = raster(drawing, max(scale, 0.05) * 72)
        height, width = pixels.shape[:2]
        data = np.ascontiguousarray(pixels)
        image = QImage(data.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
        image.setDevicePixelRatio(ratio)
        self.preview.setPixmap(QPixmap.fromImage(image))
        size = (drawing.width / 72 * 25.4, drawing.height / 72 * 25.4)
        self.size_note.setText(self.tr("%.0f × %.0f mm in print") % size)

    @Slot()
    def ask_and_save(self) -> None:
        """Let the user choose a file, and write it."""
        name, _ = QFileDialog.getSaveFileName(
            self, self.tr("Save the figure"), "figure.pdf", "PDF (*.pdf);;SVG (*.svg);;PNG (*.png)"
        )
        if name:
            self.save_to(Path(name))

    def save_to(self, path: Path) -> None:
        """Write the figure."""
        self.refresh()
        if self._drawing is None:
            return
        try:
            write(self._drawing, path, dpi=self.look().dpi)
        except BoxtrailError as error:
            self.finished_with.emit(error.message, error.hint, "error")
            return
        self.finished_with.emit(self.tr("Figure saved as %s.") % path.name, "", "success")

    @Slot()
    def ask_for_video(self) -> None:
        """Let the user choose a file for the overlay video."""
        name, _ = QFileDialog.getSaveFileName(
            self, self.tr("Save the overlay video"), "overlay.mp4", self.tr("Videos (*.mp4)")
        )
        if name:
            self.video_wanted.emit(Path(name), self.chosen_panels())
