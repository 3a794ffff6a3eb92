"""The form of one attribute: name, kind, choices or limits, default, per frame or not."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)

from core.document.schema import Attribute, AttributeKind, AttributeValue
from core.errors import EditError


@dataclass(frozen=True, slots=True)
class Draft:
    """An attribute as it is being typed; may contradict itself.

    `known` is its name before the dialog, empty for a new one. Numbers are texts.
    """

    name: str
    kind: AttributeKind = AttributeKind.FLAG
    default: str = ""
    choices: str = ""
    low: str = ""
    high: str = ""
    per_frame: bool = False
    known: str = ""

    @classmethod
    def of(cls, attribute: Attribute) -> Draft:
        """The draft that says what an attribute says."""
        return cls(
            attribute.name,
            attribute.kind,
            _written(attribute.default),
            "\n".join(attribute.choices),
            _written(attribute.low) if math.isfinite(attribute.low) else "",
            _written(attribute.high) if math.isfinite(attribute.high) else "",
            attribute.per_frame,
            attribute.name,
        )

    def attribute(self) -> Attribute:
        """The attribute that is declared.

        Raises
        ------
        EditError
            If it contradicts itself.
        """
        number = self.kind is AttributeKind.NUMBER
        lines = [line.strip() for line in self.choices.splitlines()]
        return Attribute(
            self.name.strip(),
            self.kind,
            self._default(),
            tuple(x for x in lines if x) if self.kind is AttributeKind.CHOICE else (),
            _number(self.low, -math.inf) if number else -math.inf,
            _number(self.high, math.inf) if number else math.inf,
            self.per_frame,
        )

    def _default(self) -> AttributeValue | None:
        text = self.default.strip()
        if not text:
            return None
        if self.kind is AttributeKind.NUMBER:
            return _number(text, 0.0)
        if self.kind is AttributeKind.FLAG:
            return text == "yes"
        return text


class AttributeForm(QWidget):
    """Edits one :class:`Draft`; disabled without one."""

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._draft: Draft | None = None
        self.name = QLineEdit(self)
        self.kind = QComboBox(self)
        for kind, text in (
            (AttributeKind.FLAG, self.tr("Yes or no")),
            (AttributeKind.CHOICE, self.tr("One of several words")),
            (AttributeKind.NUMBER, self.tr("A number")),
            (AttributeKind.TEXT, self.tr("A text")),
        ):
            self.kind.addItem(text, kind)
        self.choices = QPlainTextEdit(self)
        self.choices.setPlaceholderText(self.tr("One choice a line"))
        self.choices.setTabChangesFocus(True)
        self.low, self.high, self.default = QLineEdit(self), QLineEdit(self), QLineEdit(self)
        self.on = QCheckBox(self.tr("Yes unless said otherwise"), self)
        self.per_frame = QCheckBox(self.tr("Changes from frame to frame"), self)
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        for text, widget in (
            (self.tr("Name:"), self.name),
            (self.tr("Kind:"), self.kind),
            (self.tr("Choices:"), self.choices),
            (self.tr("Smallest:"), self.low),
            (self.tr("Largest:"), self.high),
            (self.tr("Default:"), self.default),
        ):
            label = QLabel(text, self)
            label.setBuddy(widget)
            widget.setAccessibleName(text.rstrip(":"))
            self._form.addRow(label, widget)
        self._form.addRow(self.on)
        self._form.addRow(self.per_frame)
        for line in (self.name, self.low, self.high, self.default):
            line.textEdited.connect(self._announce)
        self.choices.textChanged.connect(self._announce)
        self.kind.currentIndexChanged.connect(self._announce)
        for box in (self.on, self.per_frame):
            box.toggled.connect(self._announce)
        self.show_draft(None)

    def show_draft(self, draft: Draft | None) -> None:
        """Show an attribute without announcing it."""
        blocked = self.blockSignals(True)
        self._draft = None
        shown = draft or Draft("")
        self.name.setText(shown.name)
        self.kind.setCurrentIndex(self.kind.findData(shown.kind))
        self.choices.setPlainText(shown.choices)
        self.low.setText(shown.low)
        self.high.setText(shown.high)
        self.default.setText(shown.default)
        self.on.setChecked(shown.default == "yes")
        self.per_frame.setChecked(shown.per_frame)
        self._draft = draft
        self.setEnabled(draft is not None)
        self._show_kind()
        self.blockSignals(blocked)

    def draft(self) -> Draft | None:
        """What is typed."""
        if self._draft is None:
            return None
        kind = AttributeKind(self.kind.currentData())
        default = self.default.text()
        if kind is AttributeKind.FLAG:
            default = "yes" if self.on.isChecked() else ""
        return replace(
            self._draft,
            name=self.name.text(),
            kind=kind,
            default=default,
            choices=self.choices.toPlainText(),
            low=self.low.text(),
            high=self.high.text(),
            per_frame=self.per_frame.isChecked(),
        )

    def _announce(self) -> None:
        if self._draft is not None:
            self._show_kind()
            self.edited.emit()

    def _show_kind(self) -> None:
        kind = self.kind.currentData()
        for widget, kinds in (
            (self.choices, (AttributeKind.CHOICE,)),
            (self.low, (AttributeKind.NUMBER,)),
            (self.high, (AttributeKind.NUMBER,)),
            (self.on, (AttributeKind.FLAG,)),
        ):
            self._form.setRowVisible(widget, kind in kinds)
        self._form.setRowVisible(self.default, kind != AttributeKind.FLAG)
        first = self.tr("the first choice")
        nothing = {AttributeKind.CHOICE: first, AttributeKind.NUMBER: self.tr("0 or nearest")}
        self.default.setPlaceholderText(nothing.get(kind, ""))


def _written(value: AttributeValue | None) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, int | float):
        return f"{value:.12g}"
    return value or ""


def _number(text: str, empty: float) -> float:
    text = text.strip().replace(",", ".")
    try:
        return float(text) if text else empty
    except ValueError as error:
        raise EditError(f"“{text}” is not a number.", "Type it as 3 or 2.5.") from error
