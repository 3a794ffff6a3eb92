"""What is said of the selected object: values of its attributes, and for which frames.

Shows what it is given and announces what a person wants; attributes that change over time
are changed for the frames that the panel names, the others for the whole object.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.views.attribute_fields import AttributeField, field_for
from app.views.elided_label import ElidedLabel
from app.views.long_words import breakable
from core.document.schema import Attribute, AttributeValue

_LAST = 2**31 - 1


class Extent(enum.StrEnum):
    """For which frames a value is said."""

    ONWARD = "onward"  # from this frame to the next change
    FRAME = "frame"
    RANGE = "range"
    OBJECT = "object"


@dataclass(frozen=True, slots=True)
class AttributeRow:
    """One attribute as the panel shows it; `since` is where its value was last changed."""

    attribute: Attribute
    value: AttributeValue
    since: int | None = None


class AttributePanel(QWidget):
    """Fields for the selected object's attributes."""

    value_chosen = Signal(str, object)
    """Name of the attribute and the value that a person entered."""
    schema_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.fields: dict[str, AttributeField] = {}
        self._since: dict[str, QLabel] = {}
        self._schema: tuple[Attribute, ...] = ()
        self._title = ElidedLabel("", self, role="title")
        self._note = QLabel(self)
        self._note.setProperty("role", "muted")
        self._note.setWordWrap(True)
        self._edit = QPushButton(self.tr("Define…"), self)
        self._edit.setToolTip(self.tr("Say which attributes the objects of a label have"))
        self._edit.clicked.connect(self.schema_wanted)
        self._form = QWidget(self)
        self._form.setProperty("surface", "panel")
        self._grid = QGridLayout(self._form)
        self._make_extent()
        self._lay_out()
        self.show_object("", "", ())

    # ---- showing ---------------------------------------------------------------------

    def show_object(
        self, title: str, label: str, rows: tuple[AttributeRow, ...], *, locked: bool = False
    ) -> None:
        """Show an object's attributes; an empty title is no object."""
        self._title.show_text(title or self.tr("No object"))
        schema = tuple(row.attribute for row in rows)
        if schema != self._schema:
            self._rebuild(schema)
        for row in rows:
            self._show_row(row, locked=locked)
        self._extent_row.setVisible(any(a.per_frame for a in schema))
        self._edit.setEnabled(bool(title))
        self._note.setVisible(not rows)
        text = ""
        if title and not label:
            text = self.tr("Give the object a label first: attributes belong to labels.")
        elif title:
            text = self.tr("The label “%s” has no attributes.") % label
        self._note.setText(breakable(text))
        self._edit.setEnabled(bool(label))

    def set_frame_count(self, count: int) -> None:
        """Length of the clip, for the range."""
        for field in (self._first, self._last):
            field.setMaximum(max(count - 1, 0) or _LAST)

    # ---- for which frames ------------------------------------------------------------

    def extent(self) -> Extent:
        """For which frames a changed value is meant."""
        return Extent(self._extent.currentData())

    def set_extent(self, extent: Extent, frames: tuple[int, int] | None = None) -> None:
        """Choose for which frames a changed value is meant."""
        self._extent.setCurrentIndex(self._extent.findData(extent.value))
        if frames is not None:
            self._first.setValue(frames[0])
            self._last.setValue(frames[1])

    def frames(self) -> tuple[int, int]:
        """First and last frame of the range."""
        return self._first.value(), self._last.value()

    def focus_first(self) -> None:
        """Put the keyboard into the first field."""
        target = next(iter(self.fields.values()), None) or self._edit
        target.setFocus(Qt.FocusReason.ShortcutFocusReason)

    # ---- inside ----------------------------------------------------------------------

    def _make_extent(self) -> None:
        self._extent_row = QWidget(self)
        self._extent_row.setProperty("surface", "panel")
        self._extent = QComboBox(self._extent_row)
        for extent, text in (
            (Extent.ONWARD, self.tr("From this frame on")),
            (Extent.FRAME, self.tr("On this frame only")),
            (Extent.RANGE, self.tr("On the frames")),
            (Extent.OBJECT, self.tr("Always")),
        ):
            self._extent.addItem(text, extent.value)
        self._extent.setToolTip(
            self.tr(
                "For which frames a changed value is meant, of attributes that change over time"
            )
        )
        self._extent.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self._extent.setMinimumContentsLength(6)
        self._extent.setAccessibleName(self.tr("Frames for which a value is meant"))
        self._extent.currentIndexChanged.connect(self._show_range)
        self._first, self._last = QSpinBox(self._extent_row), QSpinBox(self._extent_row)
        for field, name in (
            (self._first, self.tr("First frame")),
            (self._last, self.tr("Last frame")),
        ):
            field.setMaximum(_LAST)
            field.setAccessibleName(name)
            field.setToolTip(name)
            theme.pad_spin_box(field)
        self._to = QLabel("–", self._extent_row)
        row = QHBoxLayout(self._extent_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._extent, 1)
        for widget in (self._first, self._to, self._last):
            row.addWidget(widget)
        self._show_range()

    def _show_range(self) -> None:
        for widget in (self._first, self._to, self._last):
            widget.setVisible(self.extent() is Extent.RANGE)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self._title, 1)
        head.addWidget(self._edit)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.GRID)
        self._grid.setVerticalSpacing(theme.GRID // 2)
        self._grid.setColumnStretch(1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.GRID + 4, theme.GRID, theme.GRID + 4, theme.GRID)
        column.setSpacing(theme.GRID)
        column.addLayout(head)
        column.addWidget(self._note)
        column.addWidget(self._extent_row)
        column.addWidget(self._form)
        column.addStretch(1)

    def _rebuild(self, schema: tuple[Attribute, ...]) -> None:
        while self._grid.count():
            item = self._grid.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._schema, self.fields, self._since = schema, {}, {}
        for number, attribute in enumerate(schema):
            field = field_for(attribute, self._form)
            field.setAccessibleName(attribute.name)
            field.setToolTip(attribute.wanted())
            field.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            field.setMinimumWidth(64)
            field.edited.connect(partial(self.value_chosen.emit, attribute.name))
            name = ElidedLabel(attribute.name, self._form)
            name.setMaximumWidth(120)
            since = QLabel(self._form)
            since.setProperty("role", "muted")
            self._grid.addWidget(name, number, 0)
            self._grid.addWidget(field, number, 1)
            self._grid.addWidget(since, number, 2)
            self.fields[attribute.name] = field
            self._since[attribute.name] = since
        self._grid.setRowStretch(len(schema), 1)
        for number in range(len(schema)):
            self._grid.setRowStretch(number, 0)

    def _show_row(self, row: AttributeRow, *, locked: bool) -> None:
        field, since = self.fields[row.attribute.name], self._since[row.attribute.name]
        field.show_value(row.value)
        field.setEnabled(not locked)
        text = ""
        if row.attribute.per_frame:
            text = self.tr("always") if row.since is None else self.tr("from %d") % row.since
        if since.text() != text:
            since.setText(text)


def rows_of(
    schema: tuple[Attribute, ...],
    values: Mapping[str, AttributeValue],
    since: Mapping[str, int],
) -> tuple[AttributeRow, ...]:
    """Rows of the panel, in the order of the schema."""
    return tuple(AttributeRow(a, values[a.name], since.get(a.name)) for a in schema)
