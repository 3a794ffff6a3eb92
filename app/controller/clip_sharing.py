"""The open clip's project when another program writes it, too: a batch, in a window of its own.

What was tracked there comes in as one step that can be undone, at the latest before the
project is saved; so neither program ever overwrites what the other one did.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from app.controller.desk import Desk
from app.controller.project import Project
from core.collection import file as collection_file
from core.collection import merge
from core.document import project_file
from core.errors import BoxtrailError


class Sharing(QObject):
    """See the module docstring. `saved` comes after every save of the project."""

    saved = Signal()

    def __init__(self, desk: Desk, project: Project, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._seen: merge.Stamp | None = None  # of the open clip's project
        project.saving = self._saving
        desk.clip_changed.connect(self._on_clip)

    def absorb(self) -> None:
        """Boxes that another program tracked in the open clip come in, as one step."""
        path = self._path()
        if path is None:
            return
        now = merge.stamp(path)
        if now is None or now == self._seen:
            return
        try:
            theirs = project_file.load(path)
        except BoxtrailError as error:
            self._desk.say_error(error)
            return
        self._seen = now
        merged = merge.with_new_runs(self._desk.document, theirs)
        self._desk.edit(self.tr("Take over tracked boxes"), merged)

    def _path(self) -> Path | None:
        session = self._desk.session
        return session.project_path if session is not None else None

    @contextmanager
    def _saving(self, path: Path) -> Iterator[None]:
        """Around every save: nothing that a batch wrote meanwhile is overwritten."""
        with collection_file.locked(path):
            if self._path() == path:
                self.absorb()
            yield
            self._seen = merge.stamp(path)
        self.saved.emit()

    @Slot()
    def _on_clip(self) -> None:
        path = self._path()
        self._seen = merge.stamp(path) if path is not None else None
