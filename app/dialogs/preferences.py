"""Preferences, generated from :class:`app.settings.Preferences`; applied with OK."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from app.dialogs.form import ParamForm
from app.settings import Preferences, preferences_path
from core import params

_Standard = QDialogButtonBox.StandardButton


class PreferencesDialog(QDialog):
    """Edits a copy; :attr:`preferences` is the result after `accept`."""

    def __init__(self, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Preferences"))
        self.preferences = preferences
        self.form = ParamForm(Preferences)
        self.form.set_values(params.to_dict(preferences))
        usual = self.tr("Stored in %s") % preferences_path()
        self.explanation = QLabel(usual)
        self.explanation.setProperty("role", "muted")
        self.explanation.setWordWrap(True)
        self.explanation.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.explanation.setMinimumHeight(3 * self.explanation.fontMetrics().lineSpacing())
        self.form.explained.connect(lambda text: self.explanation.setText(text or usual))
        buttons = QDialogButtonBox(_Standard.Ok | _Standard.Cancel | _Standard.RestoreDefaults)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        restore = buttons.button(_Standard.RestoreDefaults)
        restore.setText(self.tr("&Restore defaults"))
        restore.clicked.connect(self._restore)
        layout = QVBoxLayout(self)
        layout.addWidget(self.form)
        layout.addWidget(self.explanation)
        layout.addWidget(buttons)
        self.setMinimumWidth(440)

    def accept(self) -> None:
        """Take the form's values."""
        self.preferences = params.from_dict(Preferences, self.form.values(), where="preferences")
        super().accept()

    def _restore(self) -> None:
        self.form.set_values(params.to_dict(Preferences()))
