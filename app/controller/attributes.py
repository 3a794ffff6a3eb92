"""Edits of attributes: values of the selected object, and what labels declare.

Each is one undo step; the numbers that a field runs through, for the same frames, are one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QObject

from app.controller.desk import Desk
from app.controller.playback import Playback
from core.document import attributes
from core.document.document import Document
from core.document.schema import Attribute, AttributeValue
from core.document.track import Track
from core.errors import BoxtrailError

Frames = tuple[int, int | None] | None
"""First and last frame (None: to the next change); None for the whole object."""


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """What one label is to declare, and which attributes got another name (old to new)."""

    label: str
    attributes: tuple[Attribute, ...]
    renamed: Mapping[str, str] = field(default_factory=dict)


class Attributes(QObject):
    """Carries out edits of attributes."""

    def __init__(self, desk: Desk, playback: Playback, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._playback = playback

    def track(self) -> Track | None:
        """The selected object."""
        desk = self._desk
        if desk.session is None or not desk.document.has_track(desk.state.track):
            return None
        return desk.document.track(desk.state.track or 0)

    def set_value(self, name: str, value: AttributeValue, frames: Frames) -> None:
        """Say `value` of the selected object, on `frames` or altogether."""
        track = self.track()
        if track is None:
            return
        document = self._desk.document
        try:
            if frames is None:
                after = attributes.with_value(document, track.id, name, value)
            else:
                after = attributes.with_value_at(document, track.id, name, value, *frames)
        except BoxtrailError as error:
            self._desk.say_error(error)
            return
        first, last = (None, None) if frames is None else frames
        spun = isinstance(value, float)  # a number runs through many on its way
        self._desk.edit(
            self.tr("%s of %s: %s") % (name, track.title, self._word(value)),
            after,
            merge_key=("attribute", track.id, name, frames) if spun else None,
            focus=(track.id, first),
            frames=None if first is None or last is None else (first, last),
        )

    def set_schemas(self, changes: Sequence[SchemaChange]) -> bool:
        """Let labels declare other attributes; stored values that do not fit then go."""
        if self._desk.session is None:
            return False
        document = before = self._desk.document
        try:
            for change in changes:
                document = attributes.with_schema(
                    document,
                    change.label,
                    change.attributes,
                    renamed=change.renamed,
                    drop_misfits=True,
                )
        except BoxtrailError as error:
            self._desk.say_error(error)
            return False
        if document is not before:
            self._desk.edit(self.tr("Define attributes"), document)
        return document is not before

    def go_to_change(self, step: int) -> None:
        """Go to the next (+1) or last (−1) frame on which something else is said."""
        track, here = self.track(), self._desk.state.frame
        if track is None:
            return
        frames = change_frames(self._desk.document, track)
        ahead = [f for f in frames if (f - here) * step > 0]
        if ahead:
            self._playback.user_go(min(ahead) if step > 0 else max(ahead))
        else:
            self._desk.say(self.tr("No attribute changes further on."))

    def _word(self, value: AttributeValue) -> str:
        if isinstance(value, bool):
            return self.tr("yes") if value else self.tr("no")
        return value if isinstance(value, str) else f"{value:g}"


def change_frames(document: Document, track: Track) -> tuple[int, ...]:
    """Frames on which a declared attribute of the track changes, rising."""
    if not track.steps:
        return ()
    names = {a.name for a in attributes.schema_of(document, track) if a.per_frame}
    return tuple(sorted({f for name in names for f, _ in track.steps.get(name, ())}))
