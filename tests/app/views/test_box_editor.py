"""The box as numbers: exact, silent when shown, never wholly outside the frame."""

import pytest

from app.views.box_editor import BoxEditor
from core.geometry import Box

BOX = Box(10.123456, 20, 30.5, 40)


@pytest.fixture
def editor(qtbot):
    made = BoxEditor()
    qtbot.addWidget(made)
    made.set_frame_size(640, 480)
    return made


def test_that_showing_a_box_announces_nothing(editor, qtbot):
    with qtbot.assertNotEmitted(editor.box_edited):
        editor.show_box(BOX)
        editor.show_box(None)
        editor.show_box(BOX)
    assert editor.fields["x"].value() == pytest.approx(10.12)


def test_that_an_edit_changes_one_number_and_leaves_the_others_exact(editor, qtbot):
    editor.show_box(BOX)
    with qtbot.waitSignal(editor.box_edited) as heard:
        editor.fields["w"].setValue(31.25)
    assert heard.args == [Box(10.123456, 20, 31.25, 40)]


def test_that_no_box_and_a_locked_one_cannot_be_edited(editor):
    editor.show_box(None)
    assert not any(field.isEnabled() for field in editor.fields.values())
    assert editor.fields["x"].text() == ""
    editor.show_box(BOX, locked=True)
    assert not any(field.isEnabled() for field in editor.fields.values())
    assert editor.fields["x"].text() == "10.12"
    editor.show_box(BOX)
    assert all(field.isEnabled() for field in editor.fields.values())


@pytest.mark.parametrize(
    ("name", "value", "box"),
    [
        ("x", -500, Box(-29.5, 20, 30.5, 40)),
        ("y", -500, Box(10.123456, -39, 30.5, 40)),
        ("x", 9999, Box(639, 20, 30.5, 40)),
        ("y", 9999, Box(10.123456, 479, 30.5, 40)),
        ("w", 0, Box(10.123456, 20, 1, 40)),
        ("h", -3, Box(10.123456, 20, 30.5, 1)),
    ],
)
def test_that_an_edited_box_keeps_a_pixel_in_the_frame(editor, qtbot, name, value, box):
    editor.show_box(BOX)
    with qtbot.waitSignal(editor.box_edited) as heard:
        editor.fields[name].setValue(value)
    assert heard.args == [box]


def test_that_edits_add_up(editor):
    seen = []
    editor.box_edited.connect(seen.append)
    editor.show_box(BOX)
    editor.fields["x"].setValue(1)
    editor.fields["y"].setValue(2)
    assert seen[-1] == Box(1, 2, 30.5, 40)


def test_that_every_field_is_named(editor):
    assert all(field.accessibleName() and field.toolTip() for field in editor.fields.values())
