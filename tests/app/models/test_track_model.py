"""The table of tracks: announces edits and changes only what differs."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester

from app.models.track_model import Column, TrackModel, TrackRow

ROWS = [
    TrackRow(1, "car 1", "car", "#56b4e9", 12, 3),
    TrackRow(5, "dog", "", "#e69f00", 0, 0, visible=False, locked=True),
]


@pytest.fixture
def model(qapp):
    made = TrackModel()
    tester = QAbstractItemModelTester(made, QAbstractItemModelTester.FailureReportingMode.Fatal)
    made.set_rows(ROWS)
    yield made
    del tester


def test_that_an_update_in_place_keeps_indexes_and_names_the_changed_row(model, qtbot):
    held = model.index(1, Column.TITLE)
    with (
        qtbot.assertNotEmitted(model.modelReset),
        qtbot.waitSignal(model.dataChanged) as change,
    ):
        model.set_rows([ROWS[0], replace(ROWS[1], title="puppy")])
    assert held.data() == "puppy"
    assert (change.args[0].row(), change.args[1].row()) == (1, 1)


def test_that_the_same_rows_change_nothing(model, qtbot):
    with qtbot.assertNotEmitted(model.dataChanged), qtbot.assertNotEmitted(model.modelReset):
        model.set_rows(list(ROWS))


def test_that_other_tracks_reset_the_model(model, qtbot):
    with qtbot.waitSignal(model.modelReset):
        model.set_rows(ROWS[:1])
    assert model.rowCount() == 1
    assert model.rowCount(model.index(0, 0)) == 0


def test_that_editing_announces_and_waits_for_new_rows(model, qtbot):
    with qtbot.waitSignal(model.renamed) as renamed:
        assert model.setData(model.index(0, Column.TITLE), "  van ")
    assert renamed.args == [1, "van"]
    assert model.index(0, Column.TITLE).data() == "car 1"


@pytest.mark.parametrize("text", ["", "   ", "car 1"])
def test_that_an_empty_or_equal_title_is_not_announced(model, qtbot, text):
    with qtbot.assertNotEmitted(model.renamed):
        assert not model.setData(model.index(0, Column.TITLE), text)


def test_that_a_label_can_be_removed(model, qtbot):
    with qtbot.waitSignal(model.label_changed) as change:
        model.setData(model.index(0, Column.LABEL), "")
    assert change.args == [1, ""]


@pytest.mark.parametrize(
    ("column", "signal"),
    [(Column.VISIBLE, "visibility_changed"), (Column.LOCKED, "lock_changed")],
)
def test_that_toggles_are_announced(model, qtbot, column, signal):
    with qtbot.waitSignal(getattr(model, signal)) as change:
        model.setData(
            model.index(0, column), Qt.CheckState.Unchecked, Qt.ItemDataRole.CheckStateRole
        )
    assert change.args == [1, False]


def test_that_locked_tracks_cannot_be_edited_but_can_be_unlocked(model):
    assert not model.index(1, Column.TITLE).flags() & Qt.ItemFlag.ItemIsEditable
    assert model.index(0, Column.TITLE).flags() & Qt.ItemFlag.ItemIsEditable
    assert model.index(1, Column.LOCKED).flags() & Qt.ItemFlag.ItemIsUserCheckable


def test_that_every_cell_says_what_it_means(model):
    role = Qt.ItemDataRole.ToolTipRole
    assert all(model.index(r, c).data(role) for r in range(2) for c in Column)
    assert model.data(QModelIndex()) is None


def test_that_counts_of_manual_boxes_are_shown_only_when_there_are_any(model):
    assert model.index(0, Column.BOXES).data() == "3 ◆ 12"
    assert model.index(1, Column.BOXES).data() == "0"
