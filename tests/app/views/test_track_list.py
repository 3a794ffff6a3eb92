"""The list of tracks: a person's choice is announced, a program's is not."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QColorDialog, QComboBox, QLabel

from app.models.track_model import Column, TrackRow
from app.views.track_delegates import chip_rect
from app.views.track_list import TrackList

ROWS = [
    TrackRow(1, "car 1", "car", "#56b4e9", 12, 3, selected=True),
    TrackRow(5, "x" * 400, "person", "#e69f00", 0, 0),
    TrackRow(6, "locked", "", "#009e73", 1, 0, locked=True),
]


@pytest.fixture
def tracks(qtbot):
    made = TrackList()
    qtbot.addWidget(made)
    made.resize(320, 200)
    made.show()
    qtbot.waitExposed(made)
    made.set_tracks(ROWS)
    return made


def cell(tracks, row: int, column: Column):
    return tracks.table.visualRect(tracks.model.index(row, column))


def click(tracks, row: int, column: Column):
    at = cell(tracks, row, column).center()
    QTest.mouseClick(tracks.table.viewport(), Qt.MouseButton.LeftButton, pos=at)


def test_that_the_selected_track_is_shown_silently(tracks, qtbot):
    assert tracks.current().track_id == 1
    with qtbot.assertNotEmitted(tracks.selected):
        tracks.set_tracks([replace(ROWS[0], selected=False), replace(ROWS[1], selected=True)])
    assert tracks.current().track_id == 5
    with qtbot.assertNotEmitted(tracks.selected):
        tracks.set_tracks([replace(ROWS[0], selected=False)])
    assert tracks.current() is None


def test_that_a_click_announces_the_track(tracks, qtbot):
    with qtbot.waitSignal(tracks.selected) as heard:
        click(tracks, 1, Column.TITLE)
    assert heard.args == [5]


def test_that_selection_survives_an_update(tracks):
    click(tracks, 1, Column.TITLE)
    tracks.set_tracks([replace(ROWS[0], selected=False), replace(ROWS[1], selected=True), ROWS[2]])
    assert tracks.current().track_id == 5


@pytest.mark.parametrize(
    ("column", "signal", "row", "state"),
    [
        (Column.VISIBLE, "visibility_changed", 0, False),
        (Column.LOCKED, "lock_changed", 0, True),
        (Column.LOCKED, "lock_changed", 2, False),
    ],
)
def test_that_icons_toggle_on_a_click(tracks, qtbot, column, signal, row, state):
    heard = []
    getattr(tracks, signal).connect(lambda *args: heard.append(args))
    click(tracks, row, column)
    assert heard == [(ROWS[row].track_id, state)]


def test_that_the_space_bar_toggles_the_current_icon(tracks, qtbot):
    tracks.table.setCurrentIndex(tracks.model.index(0, Column.VISIBLE))
    with qtbot.waitSignal(tracks.visibility_changed) as heard:
        qtbot.keyClick(tracks.table, Qt.Key.Key_Space)
    assert heard.args == [1, False]


def test_that_a_title_can_be_typed(tracks, qtbot):
    index = tracks.model.index(0, Column.TITLE)
    tracks.table.setCurrentIndex(index)
    tracks.table.edit(index)
    editor = tracks.table.focusWidget()
    editor.selectAll()
    qtbot.keyClicks(editor, "van")
    with qtbot.waitSignal(tracks.renamed) as heard:
        qtbot.keyClick(editor, Qt.Key.Key_Return)
    assert heard.args == [1, "van"]


def test_that_known_labels_are_offered(tracks):
    tracks.set_labels(["car", "person"])
    index = tracks.model.index(0, Column.LABEL)
    tracks.table.edit(index)
    editor = tracks.table.findChild(QComboBox)
    assert [editor.itemText(i) for i in range(editor.count())] == ["car", "person"]
    assert editor.currentText() == "car"


def test_that_an_open_editor_survives_new_counts(tracks):
    index = tracks.model.index(0, Column.TITLE)
    tracks.table.edit(index)
    assert tracks.table.isPersistentEditorOpen(index) or tracks.table.indexWidget(index)
    tracks.set_tracks([replace(ROWS[0], n_boxes=13), *ROWS[1:]])
    assert tracks.table.isPersistentEditorOpen(index) or tracks.table.indexWidget(index)


def test_that_the_chip_asks_for_a_colour(tracks, qtbot, monkeypatch):
    monkeypatch.setattr(QColorDialog, "getColor", lambda *args: QColor("#123456"))
    at = chip_rect(cell(tracks, 1, Column.TITLE)).center()
    with qtbot.waitSignal(tracks.color_changed) as heard:
        QTest.mouseClick(tracks.table.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert heard.args == [5, "#123456"]


@pytest.mark.parametrize("answer", [QColor(), QColor("#56b4e9")], ids=["cancelled", "same"])
def test_that_no_or_the_same_colour_is_not_announced(tracks, qtbot, monkeypatch, answer):
    monkeypatch.setattr(QColorDialog, "getColor", lambda *args: answer)
    at = chip_rect(cell(tracks, 0, Column.TITLE)).center()
    with qtbot.assertNotEmitted(tracks.color_changed):
        QTest.mouseClick(tracks.table.viewport(), Qt.MouseButton.LeftButton, pos=at)


def test_that_delete_asks_for_the_selected_track_unless_it_is_locked(tracks, qtbot):
    actions = {action.text(): action for action in tracks.context_menu().actions()}
    with qtbot.waitSignal(tracks.delete_requested) as heard:
        actions["Delete object"].trigger()
    assert heard.args == [1]
    click(tracks, 2, Column.TITLE)
    assert not any(a.isEnabled() for a in tracks.context_menu().actions() if a.text())
    with qtbot.assertNotEmitted(tracks.delete_requested):
        qtbot.keyClick(tracks.table, Qt.Key.Key_Delete)


def test_that_an_empty_list_says_what_to_do(tracks):
    tracks.set_tracks([])
    hint = tracks.findChild(QLabel)
    assert hint.isVisible()
    tracks.set_tracks(ROWS)
    assert not hint.isVisible()


@pytest.mark.parametrize("width", [120, 200, 320, 700])
def test_that_all_shown_columns_fit_and_the_tooltip_tells_the_rest(tracks, width):
    tracks.resize(width, 200)
    tracks.grab()
    shown = [c for c in Column if not tracks.table.isColumnHidden(c)]
    assert Column.TITLE in shown
    right = max(cell(tracks, 0, column).right() for column in shown)
    assert right <= tracks.table.viewport().width()
    tip = tracks.model.index(0, Column.TITLE).data(Qt.ItemDataRole.ToolTipRole)
    for part in ("car 1", "12", "3"):
        assert part in tip


def test_that_every_row_can_be_painted_in_a_narrow_list(tracks):
    tracks.resize(160, 120)
    assert not tracks.grab().isNull()
