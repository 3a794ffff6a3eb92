"""Input widgets of parameters: exact values, sensible steps, no accidents."""

from dataclasses import dataclass

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QValidator, QWheelEvent
from PySide6.QtWidgets import QApplication

from app.views.param_fields import BoolField, ChoiceField, FloatField, IntField, field_for
from core.params import describe, param


@dataclass(frozen=True)
class Params:
    count: int = param(3, "Count.", bounds=(1, 5), unit="px")
    rate: float = param(0.95, "Rate.", bounds=(0.0, 1.0))
    tiny: float = param(1e-5, "Tiny.", bounds=(0.0, 1.0))
    huge: float = param(1e5, "Huge.", bounds=(1.0, 1e9), unit="×")
    stepped: float = param(0.5, "Stepped.", bounds=(0.0, 1.0), step=0.25)
    free: float = param(0.0, "No bounds.")
    on: bool = param(True, "On.")
    mode: str = param("look_back", "Mode.", choices=("look_back", "skip"))
    name: str = param("abc", "Free text.")


INFOS = {info.name: info for info in describe(Params)}


@pytest.fixture
def field(request, qtbot):
    made = field_for(INFOS[request.param])
    qtbot.addWidget(made)
    made.show_value(INFOS[request.param].default)
    return made


@pytest.mark.parametrize(
    ("name", "kind"),
    [("count", IntField), ("rate", FloatField), ("on", BoolField), ("mode", ChoiceField)],
)
def test_that_each_type_has_its_field(qtbot, name, kind):
    made = field_for(INFOS[name])
    qtbot.addWidget(made)
    assert isinstance(made, kind)


@pytest.mark.parametrize("field", ["rate", "count", "on", "mode", "name"], indirect=True)
def test_that_showing_a_value_announces_nothing(field, qtbot):
    values = {IntField: 5, FloatField: 0.25, BoolField: False, ChoiceField: "skip"}
    with qtbot.assertNotEmitted(field.edited):
        field.show_value(values[type(field)])


@pytest.mark.parametrize(
    ("field", "text"),
    [("rate", "0.95"), ("tiny", "1e-05"), ("huge", "100000 ×"), ("free", "0")],
    indirect=["field"],
)
def test_that_numbers_are_written_short_and_exact(field, text):
    assert field.text() == text


@pytest.mark.parametrize(
    ("field", "up"),
    [("rate", 0.96), ("tiny", 1.1e-5), ("huge", 110_000.0), ("stepped", 0.75)],
    indirect=["field"],
)
def test_that_steps_follow_the_size_of_the_value(field, up, qtbot):
    with qtbot.waitSignal(field.edited) as heard:
        field.stepBy(1)
    assert heard.args[0] == pytest.approx(up, rel=1e-9)


@pytest.mark.parametrize("field", ["rate"], indirect=True)
def test_that_stepping_up_and_down_comes_back_without_dust(field):
    values = []
    field.edited.connect(values.append)
    for steps in (1, 1, 1, -1, -1, -1):
        field.stepBy(steps)
    assert values[-1] == 0.95


@pytest.mark.parametrize("field", ["rate", "count"], indirect=True)
def test_that_bounds_hold(field):
    field.stepBy(10_000)
    assert field.value() == field.maximum()
    field.stepBy(-10_000_000)
    assert field.value() == field.minimum()


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("0.5", QValidator.State.Acceptable),
        ("0,5", QValidator.State.Acceptable),
        ("5e-1", QValidator.State.Acceptable),
        ("", QValidator.State.Intermediate),
        ("1e", QValidator.State.Intermediate),
        ("7", QValidator.State.Intermediate),
        ("nan", QValidator.State.Invalid),
        ("0.5x", QValidator.State.Invalid),
    ],
)
@pytest.mark.parametrize("field", ["rate"], indirect=True)
def test_that_typing_is_judged(field, text, state):
    assert field.validate(text, 0)[0] == state


@pytest.mark.parametrize("field", ["tiny"], indirect=True)
def test_that_a_typed_number_in_scientific_notation_is_taken(field, qtbot):
    field.lineEdit().selectAll()
    qtbot.keyClicks(field.lineEdit(), "2.5e-4")
    with qtbot.waitSignal(field.edited) as heard:
        qtbot.keyClick(field.lineEdit(), Qt.Key.Key_Return)
    assert heard.args == [2.5e-4]


@pytest.mark.parametrize("field", ["count", "rate", "mode"], indirect=True)
def test_that_the_wheel_does_nothing_before_the_field_was_clicked(field, qtbot):
    event = QWheelEvent(
        QPointF(5, 5), QPointF(5, 5), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    with qtbot.assertNotEmitted(field.edited):
        QApplication.sendEvent(field, event)
    assert not event.isAccepted()


@pytest.mark.parametrize("field", ["mode"], indirect=True)
def test_that_a_choice_announces_the_stored_word(field, qtbot):
    assert field.currentText() == "look back"
    with qtbot.waitSignal(field.edited) as heard:
        field.setCurrentIndex(1)
    assert heard.args == ["skip"]


@pytest.mark.parametrize("field", ["name"], indirect=True)
def test_that_text_without_choices_is_free(field, qtbot):
    with qtbot.waitSignal(field.edited) as heard:
        field.setEditText("xyz")
    assert heard.args == ["xyz"]
