"""Several recovery files of one clip, left by programs that were killed one after another.

The newest is to be offered. An older one that the newer one tells as well may go with it:
so it is where a program died after it had restored a copy and written its own, but before
the restored one was gone. Any other holds work of its own and is put by
(:func:`core.document.autosave.put_by`), never deleted unasked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from core.document import journal
from core.document.autosave import Recovery
from core.document.document import Document


def by_clip(found: Sequence[Recovery]) -> list[list[Recovery]]:
    """Recoveries of one project, or of one clip without a project, together; order is kept."""
    groups: dict[tuple[str, str], list[Recovery]] = {}
    for recovery in found:
        key = (recovery.project, "" if recovery.project else recovery.video)
        groups.setdefault(key, []).append(recovery)
    return list(groups.values())


def holds(newer: Recovery, older: Recovery) -> bool:
    """Whether `newer` still tells the very state that `older` ends with."""
    last = older.document
    return any(
        _shape(state) == _shape(last)
        and not journal.difference(last, replace(state, video=last.video))
        for _, state in newer.states
    )


def _shape(document: Document) -> tuple[tuple[int, int], ...]:
    """What equal documents have in common, and is cheap: only these are compared in full."""
    return tuple((track.id, len(track)) for track in document.tracks)
