"""One input widget per kind of attribute.

As the fields of parameters: `show_value` shows without announcing, `edited` carries what a
person entered, and the wheel turns a value only in the field that has the keyboard.
"""

from __future__ import annotations

import math

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QLineEdit, QWidget

from app import theme
from core.document.schema import Attribute, AttributeKind, AttributeValue

_WIDEST = 1e12
_LONGEST = 10_000  # characters of a text that project files keep


class FlagField(QCheckBox):
    """Yes or no."""

    edited = Signal(object)

    def __init__(self, attribute: Attribute, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText(self.tr("yes"))
        self.toggled.connect(self._announce)

    def show_value(self, value: AttributeValue) -> None:
        """Show without announcing."""
        blocked = self.blockSignals(True)
        self.setChecked(bool(value))
        self.blockSignals(blocked)

    def _announce(self, value: bool) -> None:
        self.edited.emit(value)


class NumberField(QDoubleSpinBox):
    """A number within the limits, written without needless zeros."""

    edited = Signal(object)

    def __init__(self, attribute: Attribute, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDecimals(6)
        self.setRange(max(attribute.low, -_WIDEST), min(attribute.high, _WIDEST))
        span = attribute.high - attribute.low
        self.setSingleStep(1.0 if not math.isfinite(span) or span >= 5 else 0.1)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setKeyboardTracking(False)
        theme.pad_spin_box(self)
        self.valueChanged.connect(self._announce)

    def show_value(self, value: AttributeValue) -> None:
        """Show without announcing."""
        blocked = self.blockSignals(True)
        self.setValue(float(value))
        self.blockSignals(blocked)

    def _announce(self, value: float) -> None:
        self.edited.emit(value)

    def textFromValue(self, value: float) -> str:
        text = f"{value:.6f}".rstrip("0").rstrip(".")
        return "0" if text == "-0" else text

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class ChoiceField(QComboBox):
    """One of the attribute's choices, as they were written."""

    edited = Signal(object)

    def __init__(self, attribute: Attribute, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(6)
        self.addItems(list(attribute.choices))
        self.currentTextChanged.connect(self._announce)

    def show_value(self, value: AttributeValue) -> None:
        """Show without announcing."""
        blocked = self.blockSignals(True)
        self.setCurrentIndex(self.findText(str(value)))
        self.blockSignals(blocked)

    def _announce(self, text: str) -> None:
        self.edited.emit(text)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class TextField(QLineEdit):
    """A text, taken when the field is left or Enter is pressed."""

    edited = Signal(object)

    def __init__(self, attribute: Attribute, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown = ""
        self.setMaxLength(_LONGEST)
        self.editingFinished.connect(self._announce)

    def show_value(self, value: AttributeValue) -> None:
        """Show without announcing; what is being typed stays."""
        if self.isModified() and self.hasFocus():
            return
        self._shown = str(value)
        if self.text() != self._shown:
            self.setText(self._shown)

    def _announce(self) -> None:
        self.setModified(False)
        if self.text() != self._shown:
            self._shown = self.text()
            self.edited.emit(self._shown)


AttributeField = FlagField | NumberField | ChoiceField | TextField

_FIELDS: dict[AttributeKind, type[AttributeField]] = {
    AttributeKind.FLAG: FlagField,
    AttributeKind.NUMBER: NumberField,
    AttributeKind.CHOICE: ChoiceField,
    AttributeKind.TEXT: TextField,
}


def field_for(attribute: Attribute, parent: QWidget | None = None) -> AttributeField:
    """The input widget of an attribute."""
    return _FIELDS[attribute.kind](attribute, parent)
