"""Undo: one step per gesture, documents swapped whole, the view shown what changed."""

from __future__ import annotations

import random

import pytest
from PySide6.QtGui import QUndoStack

from app.undo import EditCommand
from core.document.document import Document, VideoRef
from core.document.store import Change, DocumentStore


@pytest.fixture
def store() -> DocumentStore:
    return DocumentStore(Document(VideoRef("clip")))


def push(stack: QUndoStack, store: DocumentStore, note: str, **options) -> None:
    from dataclasses import replace

    after = replace(store.current, notes=note)
    stack.push(EditCommand(store, after, Change(note), **options))


def test_that_undo_gives_back_the_very_same_document(qapp, store: DocumentStore) -> None:
    stack, before = QUndoStack(), store.current
    push(stack, store, "a")
    after = store.current
    stack.undo()
    assert store.current is before
    stack.redo()
    assert store.current is after


def test_that_steps_of_one_gesture_merge_and_others_do_not(qapp, store: DocumentStore) -> None:
    stack, before = QUndoStack(), store.current
    for k in range(5):
        push(stack, store, f"drag {k}", merge_key=("gesture", 1))
    push(stack, store, "other", merge_key=("gesture", 2))
    push(stack, store, "plain")
    push(stack, store, "plain again")
    assert stack.count() == 4
    for _ in range(3):
        stack.undo()
    assert store.current.notes == "drag 4"
    stack.undo()
    assert store.current is before


def test_that_a_saved_state_is_never_merged_over(qapp, store: DocumentStore) -> None:
    stack = QUndoStack()
    push(stack, store, "a", merge_key="k")
    stack.setClean()
    push(stack, store, "b", merge_key="k")
    assert stack.count() == 2
    assert not stack.isClean()
    stack.undo()
    assert stack.isClean()


def test_that_the_view_is_moved_by_undo_and_redo_but_not_by_the_edit_itself(
    qapp, store: DocumentStore
) -> None:
    stack, shown = QUndoStack(), []
    push(stack, store, "a", focus=(3, 17), reveal=shown.append)
    assert shown == []
    stack.undo()
    stack.redo()
    assert shown == [(3, 17), (3, 17)]


def test_that_undoing_everything_returns_to_the_start_whatever_was_done(
    qapp, store: DocumentStore
) -> None:
    chance, stack, start = random.Random(4), QUndoStack(), store.current
    for k in range(300):
        action = chance.random()
        if action < 0.7:
            push(stack, store, str(k), merge_key=chance.choice([None, 1, 2]))
        elif action < 0.85:
            stack.undo()
        else:
            stack.redo()
    end = store.current
    while stack.canRedo():
        stack.redo()
        end = store.current
    while stack.canUndo():
        stack.undo()
    assert store.current is start
    while stack.canRedo():
        stack.redo()
    assert store.current is end
