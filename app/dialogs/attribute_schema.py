"""The editor of what labels declare: attributes with their kind, limits and default.

Edits copies; what was changed is in :meth:`SchemaDialog.changes` after OK. A declaration
that contradicts itself is explained while it is typed, and OK waits for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.controller.attributes import SchemaChange
from app.dialogs.attribute_form import AttributeForm, Draft
from core.document.schema import Attribute, require_distinct
from core.errors import EditError
from core.wording import counted

_Standard = QDialogButtonBox.StandardButton
Misfits = Callable[[SchemaChange], int]
"""How many stored values would not fit a change."""


@dataclass(slots=True)
class _Label:
    before: tuple[Attribute, ...]
    drafts: list[Draft]


class SchemaDialog(QDialog):
    """Edits the attributes of labels.

    Parameters
    ----------
    schemas
        What each label declares now.
    current
        The label that is shown first.
    misfits
        Tells how many stored values a change would cost.
    """

    def __init__(
        self,
        schemas: Mapping[str, tuple[Attribute, ...]],
        current: str,
        misfits: Misfits,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Attributes of labels"))
        self.resize(640, 460)
        self._misfits = misfits
        self._labels = {
            name: _Label(attributes, [Draft.of(a) for a in attributes])
            for name, attributes in schemas.items()
        }
        self.labels = QComboBox(self)
        self.labels.setAccessibleName(self.tr("Label"))
        self.labels.addItems(list(schemas))
        self.list = QListWidget(self)
        self.list.setAccessibleName(self.tr("Attributes"))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.form = AttributeForm(self)
        self._message = QLabel(self)
        self._message.setWordWrap(True)
        self._message.setMinimumHeight(36)
        self.buttons = QDialogButtonBox(_Standard.Ok | _Standard.Cancel)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self._lay_out()
        self.labels.currentTextChanged.connect(self._show_label)
        self.list.currentRowChanged.connect(self._show_draft)
        self.form.edited.connect(self._take)
        self.labels.setCurrentText(current if current in schemas else self.labels.currentText())
        self._show_label()

    def changes(self) -> list[SchemaChange]:
        """What was changed, one per label.

        Raises
        ------
        EditError
            If a declaration contradicts itself.
        """
        found: list[SchemaChange] = []
        for name, label in self._labels.items():
            same = {Draft.of(a): a for a in label.before}  # untouched: to the last digit
            attributes = tuple(same.get(d) or d.attribute() for d in label.drafts)
            require_distinct(attributes)
            renamed = {
                draft.known: draft.name.strip()
                for draft in label.drafts
                if draft.known and draft.known != draft.name.strip()
            }
            if attributes != label.before or renamed:
                found.append(SchemaChange(name, attributes, renamed))
        return found

    def message(self) -> str:
        """What the dialog says about the declarations."""
        return self._message.text()

    @Slot()
    def add(self) -> None:
        """One more attribute of the label that is shown."""
        drafts = self._drafts()
        taken = {draft.name for draft in drafts}
        number = 1
        while (name := self.tr("attribute %d") % number) in taken:
            number += 1
        drafts.append(Draft(name))
        self._show_label(row=len(drafts) - 1)
        self.form.name.setFocus()
        self.form.name.selectAll()

    @Slot()
    def remove(self) -> None:
        """Take the chosen attribute away; its values stay, unseen, until it comes back."""
        row = self.list.currentRow()
        if row >= 0:
            del self._drafts()[row]
            self._show_label(row=min(row, len(self._drafts()) - 1))

    def shift(self, step: int) -> None:
        """Move the chosen attribute up (−1) or down (+1)."""
        row, drafts = self.list.currentRow(), self._drafts()
        if 0 <= row < len(drafts) and 0 <= row + step < len(drafts):
            drafts[row], drafts[row + step] = drafts[row + step], drafts[row]
            self._show_label(row=row + step)

    # ---- inside ----------------------------------------------------------------------

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        caption = QLabel(self.tr("&Label:"), self)
        caption.setBuddy(self.labels)
        top.addWidget(caption)
        top.addWidget(self.labels, 1)
        tools = QHBoxLayout()
        for icon, text, work in (
            ("add", self.tr("Add an attribute"), self.add),
            ("delete", self.tr("Remove the attribute"), self.remove),
            ("arrow-up", self.tr("Move up"), lambda: self.shift(-1)),
            ("arrow-down", self.tr("Move down"), lambda: self.shift(1)),
        ):
            button = QToolButton(self)
            button.setIcon(theme.icon(icon))
            button.setToolTip(text)
            button.setAccessibleName(text)
            button.clicked.connect(work)
            tools.addWidget(button)
        tools.addStretch(1)
        left = QVBoxLayout()
        left.addWidget(self.list, 1)
        left.addLayout(tools)
        middle = QHBoxLayout()
        middle.addLayout(left, 2)
        middle.addWidget(self.form, 3)
        column = QVBoxLayout(self)
        column.addLayout(top)
        column.addLayout(middle, 1)
        column.addWidget(self._message)
        column.addWidget(self.buttons)

    def _drafts(self) -> list[Draft]:
        found = self._labels.get(self.labels.currentText())
        return found.drafts if found is not None else []

    def _show_label(self, _: str = "", *, row: int = 0) -> None:
        drafts = self._drafts()
        blocked = self.list.blockSignals(True)
        self.list.clear()
        self.list.addItems([draft.name for draft in drafts])
        self.list.setCurrentRow(row if drafts else -1)
        self.list.blockSignals(blocked)
        self._show_draft(self.list.currentRow())
        self._judge()

    @Slot(int)
    def _show_draft(self, row: int) -> None:
        drafts = self._drafts()
        self.form.show_draft(drafts[row] if 0 <= row < len(drafts) else None)

    @Slot()
    def _take(self) -> None:
        row, drafts = self.list.currentRow(), self._drafts()
        draft = self.form.draft()
        if draft is not None and 0 <= row < len(drafts):
            drafts[row] = draft
            item = self.list.item(row)
            if item is not None:
                item.setText(draft.name)
        self._judge()

    def _judge(self) -> None:
        """Say what is wrong, or what a change would cost."""
        role, text = "muted", ""
        try:
            lost = sum(self._misfits(change) for change in self.changes())
        except EditError as error:
            role, text = "error", f"{error.message} {error.hint}"
        else:
            if lost:
                role = "warning"
                text = self.tr("%s will go, not fitting any more (undo brings it back).")
                text %= counted(lost, "stored value")
            elif not self._labels:
                text = self.tr("There are no labels yet: give an object a label first.")
        self._message.setProperty("role", role)
        self._message.style().polish(self._message)
        self._message.setText(text)
        self.buttons.button(_Standard.Ok).setEnabled(role != "error")
