"""A form made from declared parameters (:mod:`core.params`): one field per parameter.

Used for preferences and for the options of export formats, so that neither is
described twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QGroupBox,
    QLabel,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app import theme
from core.params import ParamInfo, describe

_INT_LIMIT = 2**31 - 1


class ParamForm(QWidget):
    """Editors for the parameters of `params`, grouped as declared.

    Parameters
    ----------
    without
        Groups that do not matter here.
    worded
        Switches say what they do in a sentence, not by name.

    Attributes
    ----------
    explained
        What the field under the pointer, or with the keyboard, is for.
    """

    changed = Signal()
    explained = Signal(str)

    def __init__(
        self,
        params: type,
        parent: QWidget | None = None,
        *,
        without: Sequence[str] = (),
        worded: bool = False,
    ) -> None:
        super().__init__(parent)
        self._fields: dict[str, QWidget] = {}
        self._worded = worded
        labels: list[QLabel] = []
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        layouts: dict[str, QFormLayout] = {}
        for info in describe(params):
            if info.group in without:
                continue
            if info.group not in layouts:
                layouts[info.group] = _group(info.group, outer)
            field = self._make(info)
            field.setToolTip(info.doc)
            field.setAccessibleName(info.title)
            field.setAccessibleDescription(info.doc)
            self._fields[info.name] = field
            label = QLabel(f"{info.title}:")
            label.setBuddy(field)
            label.setToolTip(info.doc)
            for part in (field, label):
                part.installEventFilter(self)
            if isinstance(field, QCheckBox):
                layouts[info.group].addRow(field)
            else:
                layouts[info.group].addRow(label, field)
                labels.append(label)
        for label in labels:  # the fields of all groups stand below one another
            label.setMinimumWidth(max(one.sizeHint().width() for one in labels))
        outer.addStretch()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Tell what a field is for when one comes to it."""
        if event.type() in (QEvent.Type.Enter, QEvent.Type.FocusIn) and isinstance(
            watched, QWidget
        ):
            self.explained.emit(watched.toolTip())
        return False

    def values(self) -> dict[str, Any]:
        """The value of every field."""
        return {name: _read(field) for name, field in self._fields.items()}

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Show other values; names that are missing stay as they are."""
        for name, value in values.items():
            _write(self._fields[name], value)

    def field(self, name: str) -> QWidget:
        """The editor of one parameter."""
        return self._fields[name]

    def _make(self, info: ParamInfo) -> QWidget:
        if info.type is bool:
            box = QCheckBox(info.doc.rstrip(".") if self._worded else info.title)
            box.setChecked(bool(info.default))
            box.toggled.connect(self._on_change)
            return box
        if info.choices:
            combo = QComboBox()
            for choice in info.choices:
                text = info.choice_title(choice)
                combo.addItem(text[:1].upper() + text[1:], choice)
            _write(combo, info.default)
            combo.currentIndexChanged.connect(self._on_change)
            return combo
        if info.type is str:
            line = QLineEdit(str(info.default))
            line.textChanged.connect(self._on_change)
            return line
        spin = self._number(info)
        spin.setSuffix(f" {info.unit}" if info.unit else "")
        spin.valueChanged.connect(self._on_change)
        return spin

    @staticmethod
    def _number(info: ParamInfo) -> QSpinBox | QDoubleSpinBox:
        low, high = info.bounds or (-_INT_LIMIT, _INT_LIMIT)
        if info.type is int:
            spin = QSpinBox()
            spin.setRange(int(max(low, -_INT_LIMIT)), int(min(high, _INT_LIMIT)))
            spin.setSingleStep(int(info.step or 1))
            if low == info.default == -1:
                spin.setSpecialValueText(QCoreApplication.translate("ParamForm", "to the end"))
            spin.setValue(int(info.default))
            theme.pad_spin_box(spin)
            return spin
        real = _RealBox()
        real.setDecimals(4)
        real.setRange(low, high)
        real.setSingleStep(info.step or 0.1)
        real.setValue(float(info.default))
        theme.pad_spin_box(real)
        return real

    @Slot()
    def _on_change(self) -> None:
        self.changed.emit()


class _RealBox(QDoubleSpinBox):
    """Shows 178 as 178, not as 178.0000; four places are kept where they say something."""

    def textFromValue(self, val: float) -> str:
        point = self.locale().decimalPoint()
        text = super().textFromValue(val)
        return text.rstrip("0").removesuffix(point) if point in text else text


def _group(title: str, outer: QVBoxLayout) -> QFormLayout:
    layout = QFormLayout()
    layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    layout.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
    if not title:
        outer.addLayout(layout)
        return layout
    box = QGroupBox(title)
    box.setLayout(layout)
    outer.addWidget(box)
    return layout


def _read(field: QWidget) -> Any:
    if isinstance(field, QCheckBox):
        return field.isChecked()
    if isinstance(field, QComboBox):
        return field.currentData()
    if isinstance(field, QLineEdit):
        return field.text()
    if isinstance(field, QSpinBox | QDoubleSpinBox):
        return field.value()
    raise TypeError(type(field))


def _write(field: QWidget, value: Any) -> None:
    if isinstance(field, QCheckBox):
        field.setChecked(bool(value))
    elif isinstance(field, QComboBox):
        field.setCurrentIndex(field.findData(value))
    elif isinstance(field, QLineEdit):
        field.setText(str(value))
    elif isinstance(field, QSpinBox):
        field.setValue(int(value))
    elif isinstance(field, QDoubleSpinBox):
        field.setValue(float(value))
