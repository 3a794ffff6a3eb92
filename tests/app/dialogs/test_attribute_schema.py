"""Declaring attributes: what is typed, what is refused, what it costs."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QDialogButtonBox

from app.dialogs.attribute_schema import SchemaDialog
from core.document.schema import Attribute, AttributeKind

TEXT, NUMBER, CHOICE, FLAG = AttributeKind
KNOWN = (
    Attribute("pose", CHOICE, None, ("walks", "runs"), per_frame=True),
    Attribute("weight", NUMBER, 1 / 3, low=0),
    Attribute("parked", FLAG, default=False),
)


@pytest.fixture
def dialog(qtbot) -> SchemaDialog:
    made = SchemaDialog({"man": KNOWN, "car": ()}, "man", lambda change: 0)
    qtbot.addWidget(made)
    return made


def may_end(dialog: SchemaDialog) -> bool:
    return dialog.buttons.button(QDialogButtonBox.StandardButton.Ok).isEnabled()


def test_that_looking_changes_nothing(dialog: SchemaDialog) -> None:
    for label in ("car", "man"):
        dialog.labels.setCurrentText(label)
        for row in range(dialog.list.count()):
            dialog.list.setCurrentRow(row)
    assert dialog.changes() == []


def test_that_a_new_attribute_is_what_was_typed(dialog: SchemaDialog) -> None:
    dialog.labels.setCurrentText("car")
    dialog.add()
    form = dialog.form
    form.name.setText("colour")
    form.kind.setCurrentIndex(form.kind.findData(CHOICE))
    assert not may_end(dialog)
    assert "choices" in dialog.message()
    form.choices.setPlainText("red\n\n blue ")
    form.default.setText("blue")
    form.default.textEdited.emit("blue")
    form.per_frame.setChecked(True)
    assert may_end(dialog)
    (change,) = dialog.changes()
    assert change.label == "car"
    assert change.attributes == (
        Attribute("colour", CHOICE, "blue", ("red", "blue"), per_frame=True),
    )


def test_that_numbers_have_limits_and_mistakes_are_explained(dialog: SchemaDialog) -> None:
    dialog.list.setCurrentRow(1)
    form = dialog.form
    for low, high, words in (("x", "", "not a number"), ("5", "2", "exclude"), ("1", "", "“0.333")):
        form.low.setText(low)
        form.high.setText(high)
        form.high.textEdited.emit(high)
        assert not may_end(dialog)
        assert words in dialog.message()
    form.low.setText("0,25")
    form.low.textEdited.emit("0,25")
    (change,) = dialog.changes()
    assert change.attributes[1].low == 0.25
    assert change.attributes[0] is KNOWN[0]


def test_that_a_new_name_is_told_as_one_and_twice_the_same_is_refused(dialog: SchemaDialog) -> None:
    dialog.form.name.setText("parked")
    dialog.form.name.textEdited.emit("parked")
    assert not may_end(dialog)
    dialog.form.name.setText("gait")
    dialog.form.name.textEdited.emit("gait")
    assert may_end(dialog)
    (change,) = dialog.changes()
    assert dict(change.renamed) == {"pose": "gait"}
    assert dialog.list.item(0).text() == "gait"


def test_that_rows_move_and_go(dialog: SchemaDialog) -> None:
    dialog.shift(1)
    dialog.list.setCurrentRow(2)
    dialog.remove()
    (change,) = dialog.changes()
    assert change.attributes == (KNOWN[1], KNOWN[0])
    assert dict(change.renamed) == {}


def test_that_the_price_of_a_change_is_said(qtbot) -> None:
    dialog = SchemaDialog({"man": KNOWN}, "", lambda change: 7)
    qtbot.addWidget(dialog)
    assert dialog.message() == ""
    dialog.form.per_frame.setChecked(False)
    assert "7 stored values" in dialog.message()
    assert may_end(dialog)
