"""A thousand random edits: what a person decided, undo, redo and the recovery journal."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from fakes.random_commands import NAMES, Command, protected, random_command, start
from PySide6.QtGui import QUndoStack

from app.undo import EditCommand
from core.document import attributes, journal, project_file
from core.document.autosave import Autosave
from core.document.document import Document
from core.document.store import Change, DocumentStore

COUNT = 1_000


def text(document: Document) -> str:
    """Everything a document says, so that even a change in place would be seen."""
    return "".join(project_file.parts(document, "test", 1))


@pytest.fixture(scope="module")
def history() -> tuple[Document, list[Command]]:
    rng = np.random.default_rng(20_260)
    first = document = start()
    commands: list[Command] = []
    for _ in range(COUNT):
        commands.append(random_command(document, rng))
        document = commands[-1].after
    return first, commands


def test_that_every_kind_of_edit_took_part(history: tuple[Document, list[Command]]) -> None:
    assert {command.name for command in history[1]} == NAMES


def test_that_no_edit_changes_what_a_person_decided_unless_it_names_the_frame(
    history: tuple[Document, list[Command]],
) -> None:
    document, commands = history
    before = protected(document)
    for number, command in enumerate(commands):
        after = protected(command.after)
        lost = [key for key in before - after if key[0] not in command.named]
        assert not lost, f"{number}: {command.name} changed {lost[:2]}"
        before = after


def test_that_an_edit_that_names_one_frame_changes_no_other(
    history: tuple[Document, list[Command]],
) -> None:
    document, commands = history
    seen: set[str] = set()
    for command in commands:
        after = command.after
        if command.name in {"delete", "confirm", "draw"} and len(command.named) == 1:
            (frame,) = command.named
            for track in document.tracks:
                now = after.track(track.id)
                assert now.steps == track.steps
                if track.intervals and command.name != "delete":
                    continue  # boxes between keys follow their keys
                same = [c.select(c.frames != frame) for c in (track.columns, now.columns)]
                assert same[0] == same[1], command.name
                seen.add(command.name)
        document = after
    assert seen == {"delete", "confirm", "draw"}


def test_that_what_is_said_of_frames_fits_what_is_declared(
    history: tuple[Document, list[Command]],
) -> None:
    _, commands = history
    said = 0
    for number in range(0, COUNT, 20):
        document = commands[number].after
        for label in document.labels:
            assert attributes.misfits(document, label.name, label.attributes) == ()
        said += sum(len(track.steps) for track in document.tracks)
    assert said


def test_that_undoing_all_gives_the_start_and_redoing_all_the_end(
    history: tuple[Document, list[Command]],
) -> None:
    first, commands = history
    store, stack = DocumentStore(first), QUndoStack()
    texts = [text(first)]
    for number, command in enumerate(commands):
        stack.push(EditCommand(store, command.after, Change(command.name)))
        if number % 100 == 99:
            texts.append(text(store.current))
    assert stack.count() == COUNT
    for number in range(COUNT, 0, -1):
        if number % 100 == 0:
            assert text(store.current) == texts[number // 100]
        stack.undo()
    assert store.current is first
    assert text(first) == texts[0]
    while stack.canRedo():
        stack.redo()
    assert store.current is commands[-1].after
    assert text(store.current) == texts[-1]


def test_that_replaying_the_journal_rebuilds_the_project_exactly(
    history: tuple[Document, list[Command]], tmp_path: Path
) -> None:
    first, commands = history
    autosave = Autosave(tmp_path)
    autosave.write(first)
    checked = 0
    for number, command in enumerate(commands):
        autosave.write(command.after)
        if number % 125 == 124:
            assert autosave.path is not None
            state = journal.replay(autosave.path)
            assert state.complete
            assert state.document == command.after
            checked += 1
    assert checked == 8
    path = tmp_path / "a.boxtrail"
    project_file.save(commands[-1].after, path)
    loaded = project_file.load(path)
    assert loaded.tracks == commands[-1].after.tracks
    assert loaded.proposals == commands[-1].after.proposals
    assert loaded.runs == commands[-1].after.runs
    assert json.loads(path.read_text("utf-8"))["version"] == project_file.VERSION
    autosave.close()
