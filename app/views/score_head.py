"""The line above the curves: values at the playhead, and which curves to show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QSizePolicy, QToolButton, QWidget

from app import theme


class ScoreHead(QWidget):
    """Readout, “follow” switch and the menu of diagnostics."""

    chosen_changed = Signal(list)
    """Names that a person has chosen, in the order of choosing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._chosen: list[str] = []
        self._readout = QLabel(self)
        self._readout.setTextFormat(Qt.TextFormat.RichText)
        self._readout.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._follow = QToolButton(self)
        self._follow.setIcon(theme.icon("follow"))
        self._follow.setCheckable(True)
        self._follow.setChecked(True)
        self._follow.setToolTip(self.tr("Follow a run while it tracks"))
        self._follow.setAccessibleName(self.tr("Follow"))
        self._choose = QToolButton(self)
        self._choose.setIcon(theme.icon("curves"))
        self._choose.setText(self.tr("Curves"))
        self._choose.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._choose.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._choose.setToolTip(self.tr("Diagnostics to show beside the score"))
        self._choose.setAccessibleName(self.tr("Curves"))
        self._menu = QMenu(self)
        self._menu.triggered.connect(self._toggled)
        self._choose.setMenu(self._menu)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.GRID + 4, 0, theme.GRID // 2, 0)
        row.addWidget(self._readout, 1)
        for button in (self._follow, self._choose):
            button.setIconSize(QSize(16, 16))
            row.addWidget(button)
        self.set_names([])

    def chosen(self) -> list[str]:
        """Names that are ticked."""
        return list(self._chosen)

    def set_chosen(self, names: Iterable[str]) -> None:
        """Tick these names without announcing it, known or not."""
        self._chosen = list(dict.fromkeys(names))
        self.set_names([str(a.data()) for a in self._menu.actions() if a.data()])

    def set_names(self, names: Sequence[str]) -> None:
        """Offer what the tracker reports, and what is ticked already."""
        offered = list(dict.fromkeys((*names, *self._chosen)))
        if offered != [action.data() for action in self._menu.actions()]:
            self._menu.clear()
            for name in offered:
                action = self._menu.addAction(name)
                action.setData(name)
                action.setCheckable(True)
        if not offered:
            self._menu.addAction(self.tr("The tracker reports no diagnostics yet")).setEnabled(
                False
            )
        for action in self._menu.actions():
            action.setChecked(action.data() in self._chosen)

    def follows(self) -> bool:
        """Whether a run is to be followed."""
        return self._follow.isChecked()

    def stop_following(self) -> None:
        """The view was moved by hand."""
        self._follow.setChecked(False)

    def show_values(self, values: Sequence[tuple[str, str, float | None]]) -> None:
        """Say name, colour and value of each curve; None is “no value here”."""
        parts = []
        for name, color, value in values:
            shown = "–" if value is None else f"{value:.3g}"
            square = f'<span style="color:{color}">■</span>'
            parts.append(f"{square}&nbsp;{name}&nbsp;<b>{shown}</b>")
        text = "&nbsp;&nbsp; ".join(parts)
        if text != self._readout.text():
            self._readout.setText(text)

    def _toggled(self, action: QAction) -> None:
        name = str(action.data())
        if action.isChecked():
            self._chosen.append(name)
        else:
            self._chosen.remove(name)
        self.chosen_changed.emit(self.chosen())
