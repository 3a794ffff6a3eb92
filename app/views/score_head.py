"""The line above the curves: values at the playhead or the pointer, and which curves to show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QSizePolicy, QToolButton, QWidget

from app import theme


class Readout(QWidget):
    """A line of rich text that changes with every frame.

    The label has the size of this widget, fixed: else each new text would lay out the
    whole window again.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label = QLabel(self)
        self._label.setTextFormat(Qt.TextFormat.RichText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(0, self._label.fontMetrics().height() + 4)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def text(self) -> str:
        """What is shown."""
        return self._label.text()

    def set_text(self, text: str) -> None:
        """Show another text."""
        self._label.setText(text)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._label.setFixedSize(self.size())


class ScoreHead(QWidget):
    """Readout, “follow” switch and the menu of curves."""

    chosen_changed = Signal(list)
    """Names that a person has chosen, in the order of choosing."""
    panes_changed = Signal(bool)
    """Whether every curve is to have a pane of its own."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._chosen: list[str] = []
        self._known: dict[str, list[str]] = {}
        self._readout = Readout(self)
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
        self._choose.setToolTip(self.tr("Curves to show beside the score"))
        self._choose.setAccessibleName(self.tr("Curves"))
        self._panes = QAction(self.tr("A pane for each curve"), self)
        self._panes.setCheckable(True)
        self._panes.toggled.connect(self.panes_changed)
        self._menu = QMenu(self)
        self._menu.triggered.connect(self._toggled)
        self._choose.setMenu(self._menu)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.GRID + 4, 0, theme.GRID // 2, 0)
        row.addWidget(self._readout, 1)
        for button in (self._follow, self._choose):
            button.setIconSize(QSize(16, 16))
            row.addWidget(button)
        self.set_names({})

    def chosen(self) -> list[str]:
        """Names that are ticked."""
        return list(self._chosen)

    def set_chosen(self, names: Iterable[str]) -> None:
        """Tick these names without announcing it, known or not."""
        self._chosen = list(dict.fromkeys(names))
        self.set_names(self._known)

    def set_panes(self, *, own: bool) -> None:
        """Give every curve a pane of its own, or not; not announced."""
        blocked = self._panes.blockSignals(True)
        self._panes.setChecked(own)
        self._panes.blockSignals(blocked)

    def own_panes(self) -> bool:
        """Whether every curve has a pane of its own."""
        return self._panes.isChecked()

    def set_names(self, groups: Mapping[str, Sequence[str]]) -> None:
        """Offer curves by group (whose they are), and what is ticked already."""
        self._known = {title: list(names) for title, names in groups.items() if names}
        listed = {name for names in self._known.values() for name in names}
        waiting = [name for name in self._chosen if name not in listed]
        wanted = [*self._known.items(), *([(self.tr("Not reported yet"), waiting)] * bool(waiting))]
        offered = [name for _, names in wanted for name in names]
        if offered != [a.data() for a in self._menu.actions() if a.data()] or not offered:
            self._menu.clear()
            for title, names in wanted:
                if len(wanted) > 1:
                    self._menu.addSection(title)
                for name in names:
                    action = self._menu.addAction(name)
                    action.setData(name)
                    action.setCheckable(True)
            if not offered:
                nothing = self._menu.addAction(self.tr("The tracker reports no diagnostics yet"))
                nothing.setEnabled(False)
            else:
                self._menu.addSeparator()
                self._menu.addAction(self._panes)
        for action in self._menu.actions():
            if action.data():
                action.setChecked(action.data() in self._chosen)

    def follows(self) -> bool:
        """Whether a run is to be followed."""
        return self._follow.isChecked()

    def stop_following(self) -> None:
        """The view was moved by hand."""
        self._follow.setChecked(False)

    def show_values(
        self, values: Sequence[tuple[str, str, float | None]], frame: int | None = None
    ) -> None:
        """Say name, colour and value of each curve; None is “no value here”.

        `frame` is named when it is not the playhead's.
        """
        parts = [] if frame is None else [self.tr("frame <b>%d</b>") % frame]
        for name, color, value in values:
            shown = "–" if value is None else f"{value:.3g}"
            square = f'<span style="color:{color}">■</span>'
            parts.append(f"{square}&nbsp;{name}&nbsp;<b>{shown}</b>")
        text = "&nbsp;&nbsp; ".join(parts)
        if text != self._readout.text():
            self._readout.set_text(text)

    def _toggled(self, action: QAction) -> None:
        name = action.data()
        if not name:
            return
        if action.isChecked():
            self._chosen.append(str(name))
        else:
            self._chosen.remove(str(name))
        self.chosen_changed.emit(self.chosen())
