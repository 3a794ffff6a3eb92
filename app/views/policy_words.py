"""What the ways of taking a correction are called, and what each of them does."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from core.states import CorrectionPolicy


def policy_words() -> dict[CorrectionPolicy, tuple[str, str]]:
    """Name and explanation of every policy, in the language of the window."""
    return {
        CorrectionPolicy.NEW_TEMPLATE: (
            _tr("New template"),
            _tr("Forget what was learned and start from the corrected box."),
        ),
        CorrectionPolicy.KEEP_TEMPLATE: (
            _tr("Keep template"),
            _tr("Move to the corrected box; the learned appearance stays as it is."),
        ),
        CorrectionPolicy.ADD_TEMPLATE: (
            _tr("Add template"),
            _tr("Move there and learn the new appearance beside the old one."),
        ),
    }


def _tr(text: str) -> str:
    return QCoreApplication.translate("policies", text)
