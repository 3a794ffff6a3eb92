"""One input widget per kind of parameter, made from its :class:`ParamInfo`.

Every field shows a value with `show_value` and announces edits by `edited`; the
wheel turns a value only after a click on the field, so that scrolling a long form
never changes it.
"""

from __future__ import annotations

import math

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QValidator, QWheelEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QSpinBox, QWidget

from app import theme
from core.params import ParamInfo, Value

_WIDEST_INT = 2**31 - 1


class IntField(QSpinBox):
    """Whole numbers within the bounds, unit as suffix."""

    edited = Signal(object)

    def __init__(self, info: ParamInfo, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        low, high = info.bounds or (-_WIDEST_INT, _WIDEST_INT)
        self.setRange(max(math.ceil(low), -_WIDEST_INT), min(math.floor(high), _WIDEST_INT))
        self.setSingleStep(max(int(info.step or 1), 1))
        self.setSuffix(_suffix(info))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setKeyboardTracking(False)
        theme.pad_spin_box(self)
        self.valueChanged.connect(self._announce)

    def show_value(self, value: Value) -> None:
        """Show without announcing."""
        blocked = self.blockSignals(True)
        self.setValue(int(value))
        self.blockSignals(blocked)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def _announce(self, value: int) -> None:
        self.edited.emit(value)


class FloatField(QDoubleSpinBox):
    """Real numbers, written as short as they are exact (``0.95``, ``1e-05``).

    Steps follow the size of the value unless the parameter names one.
    """

    edited = Signal(object)

    def __init__(self, info: ParamInfo, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._step = info.step
        self.setDecimals(12)
        low, high = info.bounds or (-1e12, 1e12)
        self.setRange(low, high)
        self._typical = abs(float(info.default)) or (high - low) / 10
        self.setSuffix(_suffix(info))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setKeyboardTracking(False)
        theme.pad_spin_box(self)
        self.valueChanged.connect(self._announce)

    def show_value(self, value: Value) -> None:
        """Show without announcing."""
        blocked = self.blockSignals(True)
        self.setValue(float(value))
        self.blockSignals(blocked)

    def stepBy(self, steps: int) -> None:
        step = self._step or _step_for(abs(self.value()) or self._typical)
        # Land on multiples of the step, free of the dust of repeated addition.
        self.setValue(round((self.value() + steps * step) / step) * step)

    def textFromValue(self, value: float) -> str:
        return f"{value:.6g}"

    def valueFromText(self, text: str) -> float:
        number = self._number(text)
        return self.value() if number is None else number

    def validate(self, text: str, pos: int) -> tuple[QValidator.State, str, int]:
        number = self._number(text)
        if number is not None and self.minimum() <= number <= self.maximum():
            return QValidator.State.Acceptable, text, pos
        bare = text.removesuffix(self.suffix()).strip().lower().replace(",", ".")
        typing = set(bare) <= set("0123456789.+-e")
        state = QValidator.State.Intermediate if typing else QValidator.State.Invalid
        return state, text, pos

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def _number(self, text: str) -> float | None:
        try:
            number = float(text.removesuffix(self.suffix()).strip().replace(",", "."))
        except ValueError:
            return None
        return number if math.isfinite(number) else None

    def _announce(self, value: float) -> None:
        # Qt keeps 12 decimals; say the number that is read on screen.
        self.edited.emit(float(f"{value:.6g}"))


class BoolField(QCheckBox):
    """On or off."""

    edited = Signal(object)

    def __init__(self, info: ParamInfo, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.toggled.connect(self._announce)

    def show_value(self, value: Value) -> None:
        """Show without announcing."""
        blocked = self.blockSignals(True)
        self.setChecked(bool(value))
        self.blockSignals(blocked)

    def _announce(self, value: bool) -> None:
        self.edited.emit(value)


class ChoiceField(QComboBox):
    """One of several words; free text when the parameter names no choices."""

    edited = Signal(object)

    def __init__(self, info: ParamInfo, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(6)
        for choice in info.choices or ():
            self.addItem(info.choice_title(choice), choice)
        self._free = not info.choices
        if self._free:
            self.setEditable(True)
            self.editTextChanged.connect(self._announce_text)
        else:
            self.currentIndexChanged.connect(self._announce)

    def show_value(self, value: Value) -> None:
        """Show without announcing."""
        blocked = self.blockSignals(True)
        if self._free:
            self.setEditText(str(value))
        else:
            self.setCurrentIndex(self.findData(value))
        self.blockSignals(blocked)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def _announce(self, index: int) -> None:
        self.edited.emit(self.itemData(index))

    def _announce_text(self, text: str) -> None:
        self.edited.emit(text)


Field = IntField | FloatField | BoolField | ChoiceField


def field_for(info: ParamInfo, parent: QWidget | None = None) -> Field:
    """The input widget of a parameter."""
    kinds: dict[type, type[Field]] = {
        int: IntField, float: FloatField, bool: BoolField, str: ChoiceField
    }  # fmt: skip
    return kinds[info.type](info, parent)


def _suffix(info: ParamInfo) -> str:
    return f" {info.unit}" if info.unit else ""


def _step_for(size: float) -> float:
    """A tenth of the leading digit's unit: 0.95 → 0.01, 15 → 1, 4e-4 → 1e-5."""
    return 10.0 ** (math.floor(math.log10(max(size, 1e-11))) - 1)
