"""The history of edits: rows for its list, and what a recovery brings back of it."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QUndoStack

from app.controller.desk import Desk
from app.undo import EditCommand
from core.document.autosave import describe_difference
from core.document.document import Document
from core.document.store import Change


@dataclass(frozen=True, slots=True)
class Step:
    """One state that one can go to: after `index` steps; `at` is None for the first one.

    `done` says that it lies behind (or is) the current state, `saved` that the project
    file holds it.
    """

    index: int
    text: str
    at: float | None
    done: bool
    current: bool
    saved: bool


def steps_of(stack: QUndoStack) -> list[Step]:
    """All states of a history, oldest first."""
    now, clean = stack.index(), stack.cleanIndex()
    found = [Step(0, _tr("Start"), None, True, now == 0, clean == 0)]
    for number in range(stack.count()):
        command, index = stack.command(number), number + 1
        at = command.at if isinstance(command, EditCommand) else None
        done, current = index <= now, index == now
        found.append(Step(index, stack.text(number), at, done, current, index == clean))
    return found


def restore_steps(desk: Desk, states: Sequence[tuple[str, Document]]) -> None:
    """Make every state of a recovery journal a step of its own, with its time and in words."""
    if desk.session is None:
        return
    with desk.session.store.quiet(Change(_tr("Restore unsaved work"))):
        for at, document in states:
            words = describe_difference(desk.document, document)
            if words:
                desk.edit(_tr("Restored: %s") % words, document, at=_seconds(at))


def _seconds(stamp: str) -> float | None:
    try:
        return datetime.datetime.fromisoformat(stamp).timestamp()
    except ValueError:
        return None


def _tr(text: str) -> str:
    return QCoreApplication.translate("history", text)
