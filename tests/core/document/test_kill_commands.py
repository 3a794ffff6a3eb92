"""Killed amid every kind of edit, a program leaves exactly a state that there was."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path

import pytest

from core.document import autosave, project_file
from core.document.document import Document

sys.path.insert(0, str(Path(__file__).parent))
from kill_commands_child import states

ROOT = Path(__file__).resolve().parents[3]
CHILD = Path(__file__).with_name("kill_commands_child.py")


def as_saved(document: Document, path: Path) -> Document:
    """What a project file makes of a document: its video's path becomes absolute."""
    project_file.save(document, path)
    return project_file.load(path)


def survive(folder: Path, seed: int, commands: int, compact: int, late: float = 0.0) -> int:
    """Let a child carry out some commands and kill it `late` seconds into the next one.

    Returns how many commands it had done. Progress is waited for, not seconds: a machine
    that is busy with other things only takes longer.
    """
    folder.mkdir()
    child = subprocess.Popen(
        [sys.executable, str(CHILD), str(folder), str(seed), str(compact)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    )
    said = b""
    try:
        assert child.stdout is not None
        while b"at %d\n" % commands not in said:
            line = child.stdout.readline()
            assert line, "the child ended by itself"
            said += line
        time.sleep(late)
    finally:
        child.kill()
        rest, _ = child.communicate()
    lines = [line.split() for line in (said + rest).split(b"\n")[:-1]]
    last = max(int(number) for kind, number in lines if kind == b"at")
    safe = max((int(number) for kind, number in lines if kind == b"safe"), default=-1)
    found = recovered(folder)
    known = list(islice(states(seed), safe, last + 1)) if safe >= 0 else []
    expected = [as_saved(document, folder / "check.boxtrail") for document in known]
    assert any(document in expected for document in found) or safe < 0, (seed, safe, last)
    return last


def recovered(folder: Path) -> list[Document]:
    """The project and what its journal tells; all of it must be readable and whole."""
    project, found = folder / "a.boxtrail", []
    if project.exists():
        found.append(project_file.load(project))
    left = autosave.candidates(folder / "autosave", project=project)
    assert all(recovery.complete for recovery in left)
    assert autosave.damaged_files(folder / "autosave") == []
    copy = folder / "recovered.boxtrail"
    return found + [as_saved(recovery.document, copy) for recovery in left]


def test_that_a_killed_program_leaves_exactly_a_state_that_there_was(tmp_path: Path) -> None:
    assert survive(tmp_path / "a", 3, 60, 1) >= 60


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_that_fifty_killed_programs_leave_exactly_a_state_that_there_was(tmp_path: Path) -> None:
    chance = random.Random()
    done = [
        survive(
            tmp_path / str(k),
            k,
            chance.randrange(300),
            (1, 20_000)[k % 2],
            chance.uniform(0.0, 0.03),
        )
        for k in range(50)
    ]
    print(f"50 kills, {sum(done):,} commands, every recovered document equals a real state")
