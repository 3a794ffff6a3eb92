"""Attributes in the window: the panel of values, the editor of schemas, jumps to changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import Slot

from app.controller.attributes import Attributes, Frames, SchemaChange
from app.dialogs.attribute_schema import SchemaDialog
from app.features.feature import Feature, Parts
from app.panels import scrolled
from app.ui_state import UiState
from app.views.attribute_panel import AttributePanel, Extent, rows_of
from core.document import attributes
from core.document.document import Document
from core.document.track import Track


class AttributesFeature(Feature):
    """See the module docstring."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        controller = parts.controller
        self._desk = controller.desk
        self.edits = Attributes(controller.desk, controller.playback, self)
        self.panel = AttributePanel()
        self.dock = parts.panels.add_dock(
            "attributes", self.tr("Attributes"), scrolled(self.panel), beside="box"
        )
        self._told: tuple[Track, tuple[object, ...], int] | None = None  # what is shown
        self.panel.value_chosen.connect(self._set)
        self.panel.schema_wanted.connect(self.define)
        self.dock.visibilityChanged.connect(self._show)
        controller.desk.document_changed.connect(self._show)
        controller.desk.clip_changed.connect(self._on_clip)
        controller.playback.moved.connect(self._show)

    def handlers(self) -> Mapping[str, Callable[[], object]]:
        """The actions of app/actions/attributes.py."""
        return {
            "attribute_panel": self.go_to_panel,
            "attribute_schema": self.define,
            "attribute_prev": lambda: self.edits.go_to_change(-1),
            "attribute_next": lambda: self.edits.go_to_change(1),
        }

    def state_changed(self, state: UiState) -> None:
        """Another object may be selected."""
        self._show()

    def go_to_panel(self) -> None:
        """Show the panel with the keyboard in its first field."""
        self.dock.show()
        self.dock.raise_()
        self._show()
        self.panel.focus_first()

    @Slot()
    def define(self) -> None:
        """Let the user say which attributes labels have."""
        if self._desk.session is None:
            return
        document, track = self._desk.document, self.edits.track()
        dialog = SchemaDialog(
            {label.name: label.attributes for label in document.labels},
            track.label if track is not None else "",
            lambda change: _cost(document, change),
            self.parts.window,
        )
        if dialog.exec() and self.edits.set_schemas(dialog.changes()):
            self.dock.show()
            self.dock.raise_()
        dialog.deleteLater()

    def _set(self, name: str, value: object) -> None:
        track = self.edits.track()
        if track is None or not isinstance(value, str | float | bool):
            return
        schema = attributes.schema_of(self._desk.document, track)
        timed = next((a.per_frame for a in schema if a.name == name), False)
        self.edits.set_value(name, value, self._frames() if timed else None)
        self._show()

    def _frames(self) -> Frames:
        here, extent = self._desk.state.frame, self.panel.extent()
        if extent is Extent.OBJECT:
            return None
        if extent is Extent.RANGE:
            return self.panel.frames()
        return (here, here) if extent is Extent.FRAME else (here, None)

    @Slot()
    def _on_clip(self) -> None:
        self.panel.set_frame_count(self._desk.state.frame_count)
        self._told = None
        self._show()

    def _show(self, _: object = None) -> None:
        """Bring the panel up to date, if it can be seen and shows something else."""
        if not self.dock.isVisible():
            return
        track = self.edits.track()
        if track is None:
            self._told = None
            self.panel.show_object("", "", ())
            return
        frame = self._desk.state.frame
        schema = attributes.schema_of(self._desk.document, track)
        told = (track, schema, frame if any(a.per_frame for a in schema) else 0)
        if self._told is not None and all(
            a is b or a == b for a, b in zip(self._told, told, strict=True)
        ):
            return
        self._told = told
        values = attributes.values_of(self._desk.document, track, frame)
        since = {
            name: max(past)
            for name, steps in track.steps.items()
            if (past := [f for f, _ in steps if f <= frame])
        }
        rows = rows_of(schema, values, since)
        self.panel.show_object(track.title, track.label, rows, locked=track.locked)


def _cost(document: Document, change: SchemaChange) -> int:
    renamed = attributes.with_schema(document, change.label, (), renamed=change.renamed)
    return len(attributes.misfits(renamed, change.label, change.attributes))
