"""How far “track N frames” goes, and how a corrected box is taken."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QLabel, QSizePolicy, QSpinBox, QWidget

from app import theme
from app.views.elided_label import ElidedLabel
from app.views.policy_words import policy_words
from core.states import CorrectionPolicy


class RunOptions(QWidget):
    """Spin box and policy chooser with a one-line explanation."""

    policy_changed = Signal(str)
    frames_changed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._count = QSpinBox(self)
        theme.pad_spin_box(self._count)
        self._count.setRange(1, 1_000_000)
        self._count.setValue(50)
        self._count.setKeyboardTracking(False)
        self._count.setAccessibleName(self.tr("Number of frames"))
        self._count.setToolTip(self.tr("How many frames “track N frames” goes"))
        self._count.valueChanged.connect(self.frames_changed)
        self._policy = QComboBox(self)
        self._policy.setAccessibleName(self.tr("How a correction is taken"))
        self._explained = QLabel(self)
        self._explained.setProperty("role", "muted")
        self._explained.setWordWrap(True)
        for policy, (title, text) in policy_words().items():
            self._policy.addItem(title, policy.value)
            self._policy.setItemData(self._policy.count() - 1, text, Qt.ItemDataRole.ToolTipRole)
        self._policy.currentIndexChanged.connect(self._chosen)
        grid = QGridLayout(self)
        grid.setContentsMargins(theme.GRID + theme.GRID // 2, 0, 0, 0)
        grid.setHorizontalSpacing(theme.GRID)
        grid.setVerticalSpacing(theme.GRID // 2)
        grid.setColumnStretch(0, 2)
        grid.setColumnStretch(1, 3)
        grid.addWidget(ElidedLabel(self.tr("N frames")), 0, 0)
        grid.addWidget(ElidedLabel(self.tr("Correction")), 1, 0)
        for row, field in enumerate((self._count, self._policy)):
            field.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            field.setMinimumWidth(84)
            grid.addWidget(field, row, 1)
        grid.addWidget(self._explained, 2, 0, 1, 2)
        self._explain()

    def policy(self) -> CorrectionPolicy:
        """How a corrected box is taken."""
        return CorrectionPolicy(self._policy.currentData())

    def set_policy(self, policy: CorrectionPolicy) -> None:
        """Show a policy without announcing it."""
        blocked = self._policy.blockSignals(True)
        self._policy.setCurrentIndex(self._policy.findData(policy.value))
        self._policy.blockSignals(blocked)
        self._explain()

    def frames(self) -> int:
        """The N of “track N frames”."""
        return self._count.value()

    def set_frames(self, count: int) -> None:
        """Show N without announcing it."""
        blocked = self._count.blockSignals(True)
        self._count.setValue(count)
        self._count.blockSignals(blocked)

    def explanation(self) -> str:
        """The line under the chooser."""
        return self._explained.text()

    def _chosen(self, index: int) -> None:
        self._explain()
        self.policy_changed.emit(self.policy().value)

    def _explain(self) -> None:
        text = policy_words()[self.policy()][1]
        self._explained.setText(text)
        self._policy.setToolTip(text)
