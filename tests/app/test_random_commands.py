"""A thousand random edits: what a person decided, undo, redo and the recovery journal.

Which edits there are is found by looking: every public function of `core` that makes a
document (or a track) out of one has to be called on the way, else a test fails and names it.
The slow variant does the same with other seeds, ten thousand edits in all.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import json
import pkgutil
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType, ModuleType

import numpy as np
import pytest
from fakes.random_commands import NAMES, Command, random_command, start, taken
from PySide6.QtGui import QUndoStack

import core
from app.undo import EditCommand
from core.document import attributes, journal, project_file
from core.document.autosave import Autosave
from core.document.document import Document
from core.document.store import Change, DocumentStore
from core.document.track import Track

COUNT = 1_000
PLACES = ("document", "alarms", "engine", "collection", "batch")
KINDS = ("Document", "Track")
ELSEWHERE = {
    "core.document.journal.apply": "part of the replay",
    "core.exchange.import_document": "reads a file; its boxes come in by core.exchange.merged",
}


@dataclass(frozen=True)
class History:
    """A start, the commands after it, and all code that was run to make them."""

    first: Document
    commands: list[Command]
    ran: set[CodeType]


@pytest.fixture(
    scope="module",
    params=[20_260, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(9))],
)
def history(request: pytest.FixtureRequest) -> History:
    rng, ran = np.random.default_rng(request.param), set[CodeType]()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            ran.add(frame.f_code)

    commands: list[Command] = []
    first = document = start()
    known = sys.getprofile()
    sys.setprofile(note)
    try:
        for _ in range(COUNT):
            commands.append(random_command(document, rng))
            document = commands[-1].after
    finally:
        sys.setprofile(known)
    return History(first, commands, ran)


def text(document: Document) -> str:
    """Everything a document says, so that even a change in place would be seen."""
    return "".join(project_file.parts(document, "test", 1))


def modules() -> Iterator[ModuleType]:
    for place in PLACES:
        package = importlib.import_module(f"core.{place}")
        for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            yield importlib.import_module(found.name)
    for found in pkgutil.iter_modules(core.__path__, "core."):
        if not found.ispkg:
            yield importlib.import_module(found.name)


def edits() -> Iterator[tuple[str, Callable[..., object]]]:
    """Public functions and methods that make a document or a track out of one."""
    for module in modules():
        for owner in (module, Document, Track):
            for name, value in vars(owner).items():
                here = inspect.isfunction(value) and value.__module__ == module.__name__
                if here and not name.startswith("_") and makes(owner, value):
                    yield f"{value.__module__}.{value.__qualname__}", value


def makes(owner: object, function: Callable[..., object]) -> bool:
    types = dict(inspect.get_annotations(function))
    made = str(types.pop("return", ""))
    takes = owner in (Document, Track) or names_one(next(iter(types.values()), ""))
    result = function.__globals__.get(made)
    if dataclasses.is_dataclass(result) and not names_one(made):
        # A document or a track, and something about it.
        return takes and any(field.type in KINDS for field in dataclasses.fields(result))
    return takes and names_one(made)


def names_one(annotation: object) -> bool:
    return bool(re.match(rf"(tuple\[)?({'|'.join(KINDS)})\b", str(annotation)))


def test_that_every_kind_of_edit_took_part(history: History) -> None:
    assert {command.name for command in history.commands} == NAMES


def test_that_every_function_that_edits_a_document_took_part(history: History) -> None:
    found = dict(edits())
    assert len(found) > 35
    left_out = {name for name, function in found.items() if function.__code__ not in history.ran}
    assert left_out - ELSEWHERE.keys() == set(), "random_edits.py lacks these"
    assert ELSEWHERE.keys() <= found.keys()


def test_that_no_edit_changes_what_a_person_decided_unless_it_names_the_frame(
    history: History,
) -> None:
    document = history.first
    for number, command in enumerate(history.commands):
        lost = [key for key in taken(document, command.after) if key[0] not in command.named]
        assert not lost, f"{number}: {command.name} changed {lost[:2]}"
        document = command.after


def test_that_an_edit_that_names_one_frame_changes_no_other(history: History) -> None:
    document = history.first
    seen: dict[str, int] = {}
    for command in history.commands:
        before, document = document, command.after
        if command.name not in {"delete", "confirm", "draw", "absent"} or len(command.named) != 1:
            continue
        (frame,) = command.named
        changed = [t for t in before.tracks if document.track(t.id) != t]
        assert [t.id for t in before.tracks] == [t.id for t in document.tracks]
        assert len(changed) == 1
        assert (before.runs, before.proposals) == (document.runs, document.proposals)
        (track,) = changed
        now = document.track(track.id)
        assert now.steps == track.steps
        if track.intervals and command.name != "delete":
            continue  # boxes between keys follow their keys
        same = [c.select(c.frames != frame) for c in (track.columns, now.columns)]
        assert same[0] == same[1], command.name
        seen[command.name] = seen.get(command.name, 0) + 1
    assert set(seen) == {"delete", "confirm", "draw", "absent"}


def test_that_what_is_said_of_frames_fits_what_is_declared(
    history: History,
) -> None:
    commands = history.commands
    said = 0
    for number in range(0, COUNT, 20):
        document = commands[number].after
        for label in document.labels:
            assert attributes.misfits(document, label.name, label.attributes) == ()
        said += sum(len(track.steps) for track in document.tracks)
    assert said


def test_that_undoing_all_gives_the_start_and_redoing_all_the_end(
    history: History,
) -> None:
    first, commands = history.first, history.commands
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
    history: History, tmp_path: Path
) -> None:
    first, commands = history.first, history.commands
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
    # Nothing here is long enough to be packed: older programs can read it.
    assert json.loads(path.read_text("utf-8"))["version"] == 2
    autosave.close()
