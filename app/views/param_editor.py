"""A form for one tracker's parameters, generated from their declarations.

Groups fold; a changed parameter is bold and can be reset; a dot marks those that a
running tracker takes at once. The form shows a :class:`ParamModel` and writes to it;
whoever wants to know listens to the model.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, QSize, Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from app import theme
from app.models.param_model import ParamModel
from app.views.elided_label import ElidedLabel
from app.views.param_fields import Field, field_for
from core.errors import ParamError
from core.params import ParamInfo


class ParamEditor(QWidget):
    """The form; :meth:`show_model` puts another tracker's parameters in."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = ParamModel()
        self._lines: dict[str, ParamLine] = {}
        self._running = False
        self._body: QWidget | None = None
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)

    def show_model(self, model: ParamModel) -> None:
        """Edit `model` from now on."""
        if self._body is not None:
            self._model.value_changed.disconnect(self._show_line)
            self._layout.removeWidget(self._body)
            # A layout shows new parts a moment later: it must not show this one as a window.
            self._body.hide()
            self._body.setParent(None)
            self._body.deleteLater()
        self._model, self._lines = model, {}
        self._body = QWidget(self)
        column = QVBoxLayout(self._body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID // 2)
        for title, infos in model.groups().items():
            self._add_group(column, title, infos)
        self._layout.addWidget(self._body)
        model.value_changed.connect(self._show_line)
        self.set_running(running=self._running)

    def set_running(self, *, running: bool) -> None:
        """While running, only live parameters can be edited."""
        self._running = running
        for line in self._lines.values():
            line.field.setEnabled(line.info.live or not running)
            line.refresh()

    def line(self, name: str) -> ParamLine:
        """The row of a parameter."""
        return self._lines[name]

    def _add_group(self, column: QVBoxLayout, title: str, infos: list[ParamInfo]) -> None:
        rows = QWidget(self._body)
        grid = QGridLayout(rows)
        grid.setContentsMargins(theme.GRID + theme.GRID // 2, 0, 0, theme.GRID)
        grid.setHorizontalSpacing(theme.GRID // 2)
        grid.setVerticalSpacing(theme.GRID // 2)
        grid.setColumnStretch(0, 6)
        grid.setColumnStretch(2, 5)
        if title:
            column.addWidget(FoldButton(title, rows, self._body))
        for number, info in enumerate(infos):
            line = self._lines[info.name] = ParamLine(self._model, info, rows)
            for place, widget in enumerate((line.label, line.live, line.field, line.reset)):
                grid.addWidget(widget, number, place)
        column.addWidget(rows)

    def _show_line(self, name: str) -> None:
        self._lines[name].refresh()


class FoldButton(QToolButton):
    """Heading that shows and hides `body` below it."""

    def __init__(self, title: str, body: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._body = body
        self.setProperty("role", "group")
        self.setText(title)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setIconSize(QSize(14, 14))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCheckable(True)
        self.setToolTip(self.tr("Fold or unfold “{title}”").format(title=title))
        self.setAccessibleName(title)
        self.toggled.connect(self._show_open)
        self.setChecked(True)

    def _show_open(self, opened: bool) -> None:
        self.setIcon(theme.icon("chevron-down" if opened else "chevron-right", "muted"))
        self._body.setVisible(opened)


class ParamLine(QObject):
    """Label, live mark, field and reset button of one parameter."""

    def __init__(self, model: ParamModel, info: ParamInfo, parent: QWidget) -> None:
        super().__init__(parent)
        self.info = info
        self._model = model
        tip = self._tip()
        self.label = ElidedLabel(role="plain", parent=parent)
        self.label.show_text(info.title, tip)
        self.live = QLabel("●" if info.live else "", parent)
        self.live.setProperty("role", "live")
        self.live.setFixedWidth(12)
        self.live.setToolTip(self.tr("Applies at once, also while tracking") if info.live else "")
        self.field: Field = field_for(info, parent)
        self.field.setToolTip(tip)
        self.field.setAccessibleName(info.title)
        self.field.setAccessibleDescription(info.doc)
        self.field.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.field.setMinimumWidth(84)
        self.field.edited.connect(self._take)
        self.reset = self._reset_button(parent)

    @property
    def is_marked(self) -> bool:
        """Whether the row shows its value as changed."""
        return self.label.property("role") == "changed"

    def refresh(self) -> None:
        """Show the model's value and whether it is the default."""
        changed = self._model.is_changed(self.info.name)
        self.field.show_value(self._model.value(self.info.name))
        self.reset.setVisible(changed)
        self.reset.setEnabled(self.field.isEnabled())
        if changed != self.is_marked:
            self.label.setProperty("role", "changed" if changed else "plain")
            self.label.style().unpolish(self.label)
            self.label.style().polish(self.label)

    def _take(self, value: object) -> None:
        try:
            self._model.set_value(self.info.name, value)
        except ParamError:
            self.refresh()  # the field let through what the declaration does not allow

    def _restore(self) -> None:
        self._model.reset(self.info.name)

    def _reset_button(self, parent: QWidget) -> QToolButton:
        button = QToolButton(parent)
        button.setProperty("role", "small")
        button.setIcon(theme.icon("reset", "muted"))
        button.setIconSize(QSize(14, 14))
        button.setToolTip(self.tr("Back to {value}").format(value=self._default()))
        button.setAccessibleName(self.tr("Reset {title}").format(title=self.info.title))
        policy = button.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        button.setSizePolicy(policy)
        button.clicked.connect(self._restore)
        return button

    def _default(self) -> str:
        value = self.info.default
        if self.info.choices:
            return self.info.choice_title(str(value))
        if self.info.type is bool:
            return self.tr("on") if value else self.tr("off")
        text = f"{value:g}" if self.info.type is float else str(value)
        return f"{text} {self.info.unit}".strip()

    def _tip(self) -> str:
        info = self.info
        facts = [self.tr("Default {value}").format(value=self._default())]
        if info.bounds is not None and info.type is not bool:
            facts.append("{:g} … {:g}".format(*info.bounds))
        if info.ref:
            facts.append(info.ref)
        facts.append(info.name)
        when = self.tr("Applies at the next start.")
        if info.live:
            when = self.tr("Applies at once, also while tracking.")
        return f"{info.doc}\n{' · '.join(facts)}\n{when}"
