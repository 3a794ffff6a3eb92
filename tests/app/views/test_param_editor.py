"""The generated form: marks what was changed, resets it, and says when it applies."""

from dataclasses import dataclass

import pytest
from PySide6.QtWidgets import QWidget

from app.models.param_model import ParamModel
from app.views.param_editor import FoldButton, ParamEditor
from core.params import param


@dataclass(frozen=True)
class Params:
    rate: float = param(
        0.5, "Share of the new.", bounds=(0, 1), live=True, group="Learning", ref="Eq. 9"
    )
    cells: int = param(4, "Side of a cell.", bounds=(1, 8), unit="px", group="Sampling")
    loose: bool = param(False, "No group.")


@pytest.fixture
def editor(qtbot):
    made = ParamEditor()
    qtbot.addWidget(made)
    made.show_model(ParamModel(Params, made))
    made.show()
    return made


@pytest.fixture
def model(editor):
    return editor.findChild(ParamModel)


def test_that_an_edit_reaches_the_model_and_is_marked(editor, model):
    editor.line("cells").field.setValue(6)
    assert model.changed == {"cells": 6}
    assert editor.line("cells").is_marked
    assert editor.line("cells").reset.isVisible()
    assert not editor.line("rate").is_marked
    assert not editor.line("rate").reset.isVisible()


def test_that_reset_returns_one_parameter_only(editor, model):
    editor.line("cells").field.setValue(6)
    editor.line("rate").field.setValue(0.25)
    editor.line("cells").reset.click()
    assert model.changed == {"rate": 0.25}
    assert editor.line("cells").field.value() == 4
    assert not editor.line("cells").is_marked


def test_that_changes_of_the_model_are_shown(editor, model):
    model.set_value("loose", True)
    assert editor.line("loose").field.isChecked()
    assert editor.line("loose").is_marked


def test_that_only_live_parameters_stay_open_while_running(editor):
    editor.set_running(running=True)
    assert editor.line("rate").field.isEnabled()
    assert not editor.line("cells").field.isEnabled()
    editor.set_running(running=False)
    assert editor.line("cells").field.isEnabled()


def test_that_a_tooltip_tells_doc_reference_bounds_and_when(editor):
    tip = editor.line("rate").field.toolTip()
    for part in ("Share of the new.", "Eq. 9", "0 … 1", "at once"):
        assert part in tip
    tip = editor.line("cells").field.toolTip()
    assert "4 px" in tip
    assert "next start" in tip


def test_that_live_parameters_carry_a_mark(editor):
    assert editor.line("rate").live.text()
    assert not editor.line("cells").live.text()


def test_that_another_model_replaces_the_form(editor, model, qtbot):
    other = ParamModel(Params, editor)
    editor.show_model(other)
    editor.line("cells").field.setValue(7)
    assert other.changed == {"cells": 7}
    assert model.changed == {}
    model.set_value("cells", 2)  # the old model no longer reaches the form
    assert editor.line("cells").field.value() == 7


def test_that_a_form_without_parameters_is_empty(editor):
    editor.show_model(ParamModel(parent=editor))
    editor.set_running(running=True)
    with pytest.raises(KeyError):
        editor.line("rate")


def test_that_a_group_folds_and_unfolds(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    body = QWidget(window)
    button = FoldButton("Learning", body, window)
    button.click()
    assert body.isHidden()
    button.click()
    assert not body.isHidden()


def test_that_every_field_has_a_name_for_screen_readers(editor):
    assert [editor.line(n).field.accessibleName() for n in ("rate", "cells", "loose")] == [
        "Rate",
        "Cells",
        "Loose",
    ]
