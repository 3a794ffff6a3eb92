"""The questions of :class:`app.controller.prompts.Prompts`, asked with dialogs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QCoreApplication, QObject
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMessageBox, QPushButton, QSpinBox, QWidget

from app import theme
from app.controller.batch_wish import BatchWish
from app.dialogs.batch_dialog import BatchDialog
from core.collection.file import SUFFIX as LIST
from core.document.autosave import Recovery
from core.document.project_file import SUFFIX
from core.replay import SUFFIXES

_VIDEOS = "*.mp4 *.mov *.mkv *.avi *.webm *.m4v *.mpg *.mpeg *.ts *.mts *.wmv *.gif *.y4m"
_PICTURES = "*.jpg *.jpeg *.png *.bmp *.tif *.tiff *.webp"
_RECORDINGS = " ".join(f"*{suffix}" for suffix in SUFFIXES)
_Button = QMessageBox.StandardButton
_Role = QMessageBox.ButtonRole


class Questions(QObject):
    """Asks in the middle of `window` and waits for the answer."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._folder = ""

    def save_changes(self, name: str) -> Literal["save", "discard", "cancel"]:
        """See `Prompts`."""
        box = self._box(
            self.tr("Save the changes of “%s”?") % name,
            self.tr("Without saving, the changes since the last save are gone."),
        )
        box.setStandardButtons(_Button.Save | _Button.Discard | _Button.Cancel)
        box.setDefaultButton(_Button.Save)
        answers: dict[int, Literal["save", "discard", "cancel"]] = {
            _Button.Save.value: "save",
            _Button.Discard.value: "discard",
        }
        return answers.get(box.exec(), "cancel")

    def path_to_open(self) -> Path | None:
        """See `Prompts`."""
        filters = ";;".join(
            [
                self.tr("Videos, pictures and projects (%s)")
                % f"{_VIDEOS} {_PICTURES} *{SUFFIX} *{LIST}",
                self.tr("Projects and lists of clips (%s)") % f"*{SUFFIX} *{LIST}",
                self.tr("Videos (%s)") % _VIDEOS,
                self.tr("Pictures of a series (%s)") % _PICTURES,
                self.tr("All files (*)"),
            ]
        )
        name, _ = QFileDialog.getOpenFileName(
            self._window,
            self.tr("Open a video, pictures, a project or a recording"),
            self._folder,
            filters,
        )
        return self._chosen(name)

    def folder_to_open(self) -> Path | None:
        """See `Prompts`."""
        name = QFileDialog.getExistingDirectory(
            self._window, self.tr("Open a folder of pictures"), self._folder
        )
        return self._chosen(name)

    def path_to_save(self, suggested: Path) -> Path | None:
        """See `Prompts`."""
        name, _ = QFileDialog.getSaveFileName(
            self._window,
            self.tr("Save the project"),
            str(suggested),
            self.tr("Boxtrail projects (%s)") % f"*{SUFFIX}",
        )
        return self._chosen(name)

    def copy_to_make(self, suggested: Path) -> Path | None:
        """See `Prompts`."""
        name, _ = QFileDialog.getSaveFileName(
            self._window,
            self.tr("Make a copy that steps fast"),
            str(suggested),
            self.tr("Videos (%s)") % "*.mp4",
        )
        return self._chosen(name)

    def path_to_import(self) -> Path | None:
        """See `Prompts`."""
        name, _ = QFileDialog.getOpenFileName(
            self._window, self.tr("Import annotations"), self._folder, self.tr("All files (*)")
        )
        return self._chosen(name)

    def weights_file(self, title: str) -> Path | None:
        """See `Prompts`."""
        filters = ";;".join(
            [
                self.tr("Weights (%s)") % "*.safetensors *.pth *.pt *.mat",
                self.tr("All files (*)"),
            ]
        )
        name, _ = QFileDialog.getOpenFileName(
            self._window, self.tr("Choose the weights: %s") % title, self._folder, filters
        )
        return self._chosen(name)

    def list_to_make(self, suggested: Path) -> Path | None:
        """See `Prompts`."""
        name, _ = QFileDialog.getSaveFileName(
            self._window,
            self.tr("New list of clips"),
            str(suggested),
            self.tr("Lists of clips (%s)") % f"*{LIST}",
        )
        return self._chosen(name)

    def clips_to_add(self) -> list[Path]:
        """See `Prompts`."""
        filters = ";;".join(
            [
                self.tr("Videos and projects (%s)") % f"{_VIDEOS} *{SUFFIX}",
                self.tr("All files (*)"),
            ]
        )
        names, _ = QFileDialog.getOpenFileNames(
            self._window, self.tr("Add clips"), self._folder, filters
        )
        return [path for path in map(self._chosen, names) if path is not None]

    def batch_wish(self, clips: int, tracker: str, known: BatchWish) -> BatchWish | None:
        """See `Prompts`."""
        dialog = BatchDialog(clips, tracker, known, self._window)
        accepted = dialog.exec() == BatchDialog.DialogCode.Accepted
        wish = dialog.wish
        dialog.deleteLater()
        return wish if accepted else None

    def number(self, question: str, value: int, low: int, high: int) -> int | None:
        """See `Prompts`."""
        name = QCoreApplication.applicationName()
        dialog = QInputDialog(self._window)
        dialog.setWindowTitle(name)
        dialog.setLabelText(question)
        dialog.setInputMode(QInputDialog.InputMode.IntInput)
        dialog.setIntRange(low, high)
        dialog.setIntValue(value)
        field = dialog.findChild(QSpinBox)
        if field is not None:
            theme.pad_spin_box(field)
            field.selectAll()
        accepted = dialog.exec() == QInputDialog.DialogCode.Accepted
        dialog.deleteLater()
        return dialog.intValue() if accepted else None

    def one_of(self, question: str, options: Sequence[tuple[int, str]]) -> int | None:
        """See `Prompts`."""
        name = QCoreApplication.applicationName()
        texts = [f"{number}: {text}" for number, text in options]
        chosen, accepted = QInputDialog.getItem(
            self._window, name, question, texts, 0, editable=False
        )
        return options[texts.index(chosen)][0] if accepted else None

    def moved_video(self, message: str, stored: str) -> Path | None:
        """See `Prompts`."""
        box = self._box(message, self.tr("It was at: %s") % stored)
        locate = box.addButton(self.tr("&Locate video…"), _Role.AcceptRole)
        folder = box.addButton(self.tr("Locate &folder…"), _Role.AcceptRole)
        box.addButton(_Button.Cancel)
        box.setDefaultButton(locate)
        box.exec()
        if box.clickedButton() is folder:
            return self.folder_to_open()
        return self.path_to_open() if box.clickedButton() is locate else None

    def accept_other_video(self, difference: str) -> bool:
        """See `Prompts`."""
        box = self._box(
            self.tr("This is not the video that was annotated."),
            difference + "\n\n" + self.tr("Boxes may lie on the wrong frames."),
        )
        box.setIcon(QMessageBox.Icon.Warning)
        go_on = box.addButton(self.tr("Open &anyway"), _Role.AcceptRole)
        box.setDefaultButton(box.addButton(_Button.Cancel))
        box.exec()
        return box.clickedButton() is go_on

    def recover(
        self, recovery: Recovery, difference: str
    ) -> Literal["restore", "discard", "later"]:
        """See `Prompts`."""
        box = self._box(
            self.tr("Unsaved work was found."),
            self.tr("%s\nLast recovery copy: %s") % (recovery.summary, recovery.when),
        )
        restore = box.addButton(self.tr("&Restore"), _Role.AcceptRole)
        discard = box.addButton(self.tr("&Discard"), _Role.DestructiveRole)
        box.addButton(self.tr("Ask me &later"), _Role.RejectRole)
        show = self._difference_button(box, difference)
        box.setDefaultButton(restore)
        while True:
            box.exec()
            clicked = box.clickedButton()
            if show is not None and clicked is show:
                text = self.tr("The recovery copy has, beyond what is saved:")
                box.setInformativeText(f"{text} {difference}.")
                show.setEnabled(False)
                continue
            return "restore" if clicked is restore else "discard" if clicked is discard else "later"

    def _difference_button(self, box: QMessageBox, difference: str) -> QPushButton | None:
        if not difference:
            return None
        return box.addButton(self.tr("Show &differences"), _Role.ActionRole)

    def _box(self, text: str, more: str) -> QMessageBox:
        box = QMessageBox(self._window)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle(QCoreApplication.applicationName())
        box.setText(text)
        box.setInformativeText(more)
        return box

    def _chosen(self, name: str) -> Path | None:
        if not name:
            return None
        path = Path(name)
        self._folder = str(path.parent)
        return path
