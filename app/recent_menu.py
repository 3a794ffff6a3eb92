"""The files opened last, as a menu."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QWidget


class RecentMenu(QMenu):
    """Asks for the list each time it is shown."""

    chosen = Signal(str)

    def __init__(self, listed: Callable[[], list[Path]], parent: QWidget) -> None:
        super().__init__(parent)
        self.setTitle(self.tr("Open &recent"))
        self.setToolTipsVisible(True)
        self._listed = listed
        self.aboutToShow.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """List the files that are still there."""
        self.clear()
        known = self._listed()
        for path in known:
            action = self.addAction(path.name.replace("&", "&&"))
            action.setToolTip(str(path))
            action.triggered.connect(partial(self._choose, str(path)))
        if not known:
            self.addAction(self.tr("(none yet)")).setEnabled(False)

    def _choose(self, path: str, *_: object) -> None:
        self.chosen.emit(path)
