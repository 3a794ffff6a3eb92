"""Export: format, its options, and what will be in the file and what will not.

The preview is computed from the same functions that write, so it cannot promise
what the file does not hold. Writing runs in the background and can be cancelled.
"""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.dialogs.form import ParamForm
from app.jobs.background import Background, Progress
from core import formats, params
from core.errors import BoxtrailError
from core.formats.base import Format
from core.formats.context import ExportReport
from core.formats.options import READING, chosen
from core.paths import resource
from core.session import Session
from core.wording import counted

_Standard = QDialogButtonBox.StandardButton
_last_format = "mot"


class _Cancelled(Exception):
    """Raised inside the writer to make it leave without a trace."""


class ExportDialog(QDialog):
    """Asks for format, options and place; writes; reports.

    `finished_with` carries text, hint and severity of what came of it.
    """

    finished_with = Signal(str, str, str)

    def __init__(
        self, session: Session, background: Background, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Export annotations"))
        self.resize(560, 640)
        self._session = session
        self._background = background
        self._progress: Progress | None = None
        formats.load_all()
        self._form = ParamForm(next(iter(formats.formats.values())).options, without=(READING,))
        self._build()
        self._poll = QTimer(self)
        self._poll.setInterval(50)
        self._poll.timeout.connect(self._show_progress)
        index = self.format_box.findData(_last_format)
        self.format_box.setCurrentIndex(max(index, 0))
        self._on_format()
        self.format_box.currentIndexChanged.connect(self._on_format)

    # ---- for the window and for tests ------------------------------------------------------

    @property
    def format(self) -> Format:
        """The chosen format."""
        return formats.find(self.format_box.currentData())

    @Slot()
    def export(self) -> None:
        """Write the file in the background; the dialog closes when it is there."""
        global _last_format
        form, values = self.format, self._changed_values()
        _last_format = form.key
        target = Path(self.path_edit.text()).expanduser()
        progress = self._progress = Progress()
        session = self._session

        def report(fraction: float) -> None:
            progress.fraction = fraction
            if progress.cancelled:
                raise _Cancelled

        self._set_busy(busy=True)
        self._background.run(
            lambda: _quietly(lambda: session.export(form.key, target, values, progress=report)),
            lambda result: self._done(result, target),
            self._failed,
        )

    # ---- building ----------------------------------------------------------------------------

    def _build(self) -> None:
        self.format_box = QComboBox()
        self.format_box.setAccessibleName(self.tr("Format"))
        for form in sorted(formats.formats.values(), key=lambda f: f.title):
            if form.can_write:
                self.format_box.addItem(form.title, form.key)
        self.path_edit = QLineEdit()
        self.path_edit.setAccessibleName(self.tr("Target"))
        self.path_edit.textChanged.connect(self._preview)
        browse = QPushButton(self.tr("&Browse…"))
        browse.clicked.connect(self._browse)
        place = QHBoxLayout()
        place.addWidget(self.path_edit, 1)
        place.addWidget(browse)
        top = QFormLayout()
        top.addRow(self.tr("&Format:"), self.format_box)
        label = QLabel(self.tr("Write &to:"))
        label.setBuddy(self.path_edit)
        top.addRow(label, place)
        self._options = QScrollArea()
        self._options.setWidgetResizable(True)
        self._options.setFrameShape(QFrame.Shape.NoFrame)
        self.preview = QLabel()
        self.preview.setWordWrap(True)
        self.preview.setTextFormat(Qt.TextFormat.RichText)
        self.preview.setAccessibleName(self.tr("What will be written"))
        self._bar = QProgressBar()
        self._bar.setRange(0, 1000)
        self._bar.hide()
        buttons = QDialogButtonBox(_Standard.Cancel)
        self.export_button = buttons.addButton(
            self.tr("&Export"), QDialogButtonBox.ButtonRole.AcceptRole
        )
        buttons.accepted.connect(self.export)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addLayout(top)
        layout.addWidget(self._options, 1)
        layout.addWidget(self.preview)
        layout.addWidget(self._bar)
        layout.addWidget(buttons)

    @Slot()
    def _on_format(self) -> None:
        form = self.format
        self._form = ParamForm(form.options, without=(READING,))
        self._form.changed.connect(self._preview)
        self._options.setWidget(self._form)
        self.path_edit.setText(str(self._suggested(form)))
        self._preview()

    def _suggested(self, form: Format) -> Path:
        base = self._session.project_path or self._session.video.info.path
        if base.is_relative_to(resource()):  # never into the program's own files
            base = Path.home() / base.name
        if self.path_edit.text():
            base = Path(self.path_edit.text())
        stem = base.stem.removesuffix("_" + self._previous_key())
        name = f"{stem}_{form.key}"
        self._key = form.key
        return base.parent / (name if form.folder else name + form.suffixes[0])

    def _previous_key(self) -> str:
        return getattr(self, "_key", "")

    @Slot()
    def _browse(self) -> None:
        form, now = self.format, self.path_edit.text()
        if form.folder:
            name = QFileDialog.getExistingDirectory(
                self, self.tr("Folder to write to"), str(Path(now).parent)
            )
        else:
            patterns = " ".join(f"*{suffix}" for suffix in form.suffixes)
            name, _ = QFileDialog.getSaveFileName(
                self, self.tr("File to write"), now, f"{form.title} ({patterns})"
            )
        if name:
            self.path_edit.setText(name)

    # ---- what will be written -------------------------------------------------------------------

    def _changed_values(self) -> dict[str, Any]:
        known = {info.name: info.default for info in params.describe(self.format.options)}
        return {k: v for k, v in self._form.values().items() if v != known[k]}

    @Slot()
    def _preview(self) -> None:
        document = self._session.store.current
        try:
            options = params.from_dict(self.format.options, self._changed_values())
            left = chosen(document, options)
            lost = self.format.losses(document, options)
        except BoxtrailError as error:
            self.preview.setText(html.escape(str(error)))
            self.export_button.setEnabled(False)
            return
        boxes = sum(len(track) for track in left.tracks)
        tracks = sum(bool(len(track)) for track in left.tracks)
        objects = self.tr("one object") if tracks == 1 else self.tr("%d objects") % tracks
        text = self.tr("<b>%s of %s</b> will be written.") % (
            counted(boxes, "box", "boxes"),
            objects,
        )
        if lost:
            text += "<br>" + self.tr("This format does not keep: %s.") % html.escape(
                ", ".join(lost)
            )
        self.preview.setText(text)
        self.export_button.setEnabled(bool(boxes) and bool(self.path_edit.text()))

    # ---- the job ----------------------------------------------------------------------

    def reject(self) -> None:
        """Cancel the export under way, or close."""
        if self._progress is not None:
            self._progress.cancel()
        super().reject()

    def _set_busy(self, *, busy: bool) -> None:
        self._bar.setVisible(busy)
        for widget in (self.format_box, self.path_edit, self._options, self.export_button):
            widget.setEnabled(not busy)
        if busy:
            self._poll.start()
        else:
            self._poll.stop()

    @Slot()
    def _show_progress(self) -> None:
        if self._progress is not None:
            self._bar.setValue(int(self._progress.fraction * 1000))

    def _done(self, report: ExportReport | None, target: Path) -> None:
        self._progress = None
        if report is None:  # cancelled
            return
        text = self.tr("%s written to %s.") % (
            counted(report.boxes_written, "box", "boxes"),
            target.name,
        )
        self.finished_with.emit(text, " ".join(report.warnings), "success")
        self.accept()

    def _failed(self, error: Exception) -> None:
        self._progress = None
        self._set_busy(busy=False)
        if isinstance(error, BoxtrailError):
            self.preview.setText(f"<b>{html.escape(error.message)}</b> {html.escape(error.hint)}")


def _quietly(write: Any) -> ExportReport | None:
    try:
        return write()
    except _Cancelled:
        return None
