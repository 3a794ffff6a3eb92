"""How all clips of a list are to be tracked in the background."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from app.controller.batch_wish import BatchWish
from app.dialogs.form import ParamForm
from core import params

_Standard = QDialogButtonBox.StandardButton


class BatchDialog(QDialog):
    """Edits a copy; :attr:`wish` is the result after `accept`."""

    def __init__(
        self, clips: int, tracker: str, known: BatchWish, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Track clips in the background"))
        self.wish = known
        what = self.tr("One clip") if clips == 1 else self.tr("%d clips") % clips
        head = QLabel(
            self.tr(
                "{clips} with {tracker}, as the tracker panel is set. Every box of yours starts "
                "a run that goes to the next one. Your boxes stay."
            ).format(clips=what, tracker=tracker)
        )
        head.setWordWrap(True)
        self.form = ParamForm(BatchWish, worded=True)
        self.form.set_values(params.to_dict(known))
        buttons = QDialogButtonBox(_Standard.Ok | _Standard.Cancel)
        buttons.button(_Standard.Ok).setText(self.tr("&Track"))
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(head)
        layout.addWidget(self.form)
        layout.addWidget(buttons)
        self.setMinimumWidth(420)

    def accept(self) -> None:
        """Take the form's values."""
        self.wish = params.from_dict(BatchWish, self.form.values(), where="batch")
        super().accept()
