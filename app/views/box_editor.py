"""The selected box as four numbers, in frame pixels to a hundredth."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDoubleSpinBox, QGridLayout, QLabel, QSizePolicy, QWidget

from app import theme
from core.geometry import Box

_FAR = 100_000.0


class BoxEditor(QWidget):
    """Spin boxes for x, y, width and height.

    Values are rounded to a hundredth of a pixel only when they are edited: showing a
    box and leaving a field never changes it.
    """

    box_edited = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._box: Box | None = None
        texts = {
            "x": (self.tr("X"), self.tr("Left edge in frame pixels")),
            "y": (self.tr("Y"), self.tr("Top edge in frame pixels")),
            "w": (self.tr("W"), self.tr("Width in pixels")),
            "h": (self.tr("H"), self.tr("Height in pixels")),
        }
        grid = QGridLayout(self)
        grid.setContentsMargins(theme.GRID + 4, theme.GRID, theme.GRID + 4, theme.GRID)
        grid.setHorizontalSpacing(theme.GRID)
        grid.setVerticalSpacing(theme.GRID // 2)
        self.fields: dict[str, QDoubleSpinBox] = {}
        for number, (name, (title, tip)) in enumerate(texts.items()):
            field = self._field(name, tip)
            label = QLabel(title, self)
            label.setProperty("role", "heading")
            label.setBuddy(field)
            grid.addWidget(label, number // 2, 2 * (number % 2))
            grid.addWidget(field, number // 2, 2 * (number % 2) + 1)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)
        grid.setRowStretch(2, 1)
        self.show_box(None)

    def show_box(self, box: Box | None, *, locked: bool = False) -> None:
        """Show a box (None: nothing is selected) without announcing it."""
        self._box = box
        for name, field in self.fields.items():
            blocked = field.blockSignals(True)
            field.setEnabled(box is not None and not locked)
            if box is None:
                field.clear()
            else:
                field.setValue(getattr(box, name))
                field.lineEdit().setText(field.textFromValue(field.value()))
            field.blockSignals(blocked)

    def set_frame_size(self, width: int, height: int) -> None:
        """Keep edited boxes at least one pixel inside a frame of this size (0: any)."""
        self.fields["x"].setRange(-_FAR, max(width - 1, 0) if width else _FAR)
        self.fields["y"].setRange(-_FAR, max(height - 1, 0) if height else _FAR)

    def _field(self, name: str, tip: str) -> QDoubleSpinBox:
        field = QDoubleSpinBox(self)
        field.setDecimals(2)
        field.setRange(-_FAR if name in "xy" else 1.0, _FAR)
        field.setKeyboardTracking(False)
        field.setAccelerated(True)
        field.setToolTip(tip)
        field.setAccessibleName(tip)
        field.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        field.setMinimumWidth(72)
        theme.pad_spin_box(field)
        field.valueChanged.connect(self._edited)
        self.fields[name] = field
        return field

    def _edited(self, value: float) -> None:
        if self._box is None:
            return
        values = {
            name: value if field is self.sender() else getattr(self._box, name)
            for name, field in self.fields.items()
        }
        box = Box(**values)
        # Reaching in from the left or the top: at least one pixel stays in the frame.
        box = Box(max(box.x, 1.0 - box.w), max(box.y, 1.0 - box.h), box.w, box.h)
        if box != self._box:
            self.show_box(box)
            self.box_edited.emit(box)
