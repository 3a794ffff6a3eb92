"""Two programs on one clip: what another one tracked meanwhile comes in beside one's own work.

A batch writes a clip's project while the clip may be open in a window. Whoever saves last
takes over the other's new runs (and nothing else: a person's own document is the newer
word on everything a person does). Boxes that a person entered or confirmed stay.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.collection.file import locked
from core.document import project_file
from core.document.document import Document, Run

Stamp = tuple[int, int]


def stamp(path: Path) -> Stamp | None:
    """Time and size of a file, to see that somebody wrote it; None when it is not there."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size


def new_runs(mine: Document, theirs: Document) -> list[Run]:
    """Runs of `theirs` that `mine` does not have."""
    known = {_identity(run) for run in mine.runs}
    known |= {_identity(proposal.run) for proposal in mine.proposals}
    return [run for run in theirs.runs if _identity(run) not in known]


def with_new_runs(mine: Document, theirs: Document) -> Document:
    """`mine` with the boxes of runs that only `theirs` has; `mine` itself without any.

    A run on an object that `mine` has not, or no longer, is left out.
    """
    for run in new_runs(mine, theirs):
        if not mine.has_track(run.track_id) or not theirs.has_track(run.track_id):
            continue
        columns = theirs.track(run.track_id).columns
        rows = columns.select(columns.runs == run.id)
        number = max([mine.next_run_id, *(r.id + 1 for r in mine.runs)])
        runs = np.full(len(rows), number, rows.runs.dtype)
        runs.setflags(write=False)
        mine = mine.with_run(replace(run, id=number), replace(rows, runs=runs))
    return mine


def update_project(path: Path, change: Callable[[Document | None], Document]) -> Document:
    """Carry out `change` on the project as it is on disk now (None: there is none yet).

    Raises
    ------
    ProjectError
        If the file cannot be read; it is left as it is.
    StorageError
        If it cannot be written; it is left as it is.
    """
    with locked(path):
        before = project_file.load(path) if path.exists() else None
        after = change(before)
        if after is not before:
            project_file.save(after, path)
    return after


def _identity(run: Run) -> tuple[object, ...]:
    return run.created, run.tracker, run.track_id, run.start, run.end, run.kind
