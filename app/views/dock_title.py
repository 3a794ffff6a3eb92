"""The title of a panel: its name, and buttons to take it out of the window and to close it.

The usual title bar has buttons of 16 × 10 pixels without a way to make them larger; these
are large enough to be hit, tell what they do, and cut the name instead of the window.
"""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QToolButton, QWidget

from app import theme
from app.views.elided_label import ElidedLabel

G = theme.GRID


class DockTitle(QWidget):
    """Title bar of `dock`; dragging it moves the dock, as the usual one does."""

    def __init__(self, dock: QDockWidget) -> None:
        super().__init__(dock)
        self._dock = dock
        self.setProperty("role", "dock-title")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._name = ElidedLabel(dock.windowTitle(), self, role="heading")
        self._float = self._button("float")
        self._close = self._button("close")
        self._float.clicked.connect(self._toggle)
        self._close.clicked.connect(dock.close)
        row = QHBoxLayout(self)
        row.setContentsMargins(G + G // 2, 2, G // 2, 2)
        row.setSpacing(2)
        row.addWidget(self._name, 1)
        row.addWidget(self._float)
        row.addWidget(self._close)
        dock.windowTitleChanged.connect(self._rename)
        dock.topLevelChanged.connect(self._tell)
        self._tell()

    def text(self) -> str:
        """The name, whole."""
        return self._name.full_text()

    def buttons(self) -> tuple[QToolButton, QToolButton]:
        """Take out or put back; close."""
        return self._float, self._close

    def minimumSizeHint(self) -> QSize:
        return QSize(96, self.sizeHint().height())

    def _button(self, icon: str) -> QToolButton:
        button = QToolButton(self)
        button.setProperty("role", "small")
        button.setIcon(theme.icon(icon, "muted"))
        button.setIconSize(QSize(14, 14))
        button.setFixedSize(22, 22)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return button

    @Slot()
    def _toggle(self) -> None:
        self._dock.setFloating(not self._dock.isFloating())

    @Slot(str)
    def _rename(self, title: str) -> None:
        self._name.show_text(title)
        self._tell()

    @Slot()
    def _tell(self, *_: object) -> None:
        name = self._dock.windowTitle()
        out = self._dock.isFloating()
        texts = (
            self.tr("Put “%s” back into the window") if out
            else self.tr("Make “%s” a window of its own"),
            self.tr("Close “%s” (View › Panels opens it again)"),
        )  # fmt: skip
        for button, text in zip(self.buttons(), texts, strict=True):
            button.setToolTip(text % name)
            button.setAccessibleName(text % name)
