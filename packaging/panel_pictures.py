"""Pictures of every panel, dialog and bar in every state, for looking at (never committed).

    python packaging/screenshots.py --panels --out look [--only light dark 2x small names]

One process per look walks the demo clip through the states a person meets (nothing open,
a run under way, tracked, proposals, a preview, what if, an evaluation, questions) and grabs
the window and sheets of panels in each. Nothing is checked here: somebody has to look.
"""

from __future__ import annotations

import shutil
import traceback
from collections.abc import Callable, Iterable

from panel_scenes_annotate import (
    attributes,
    canvas,
    check,
    many_objects,
    nothing_open,
    preview,
    proposal,
    running,
    together,
    tracked,
)
from panel_scenes_dialogs import (
    batch,
    clips,
    dialogs,
    focus,
    key_conflict,
    notices,
    other_frames,
    questions,
    weights,
)
from panel_scenes_measure import compared, evaluation, failures, patches, replayed, what_if
from panel_stage import Stage

SCENES: tuple[Callable[[Stage], None], ...] = (
    nothing_open, running, tracked, canvas, attributes, proposal, together, preview, check,
    what_if, compared, evaluation, failures, patches, many_objects, dialogs, key_conflict,
    questions, notices, weights, other_frames, focus, clips, batch, replayed,
)  # fmt: skip


def walk(stage: Stage, scenes: Iterable[str] = ()) -> int:
    """Go through all scenes; one that fails is told and the others go on."""
    code = 0
    for scene in SCENES:
        if scenes and scene.__name__ not in scenes:
            continue
        try:
            scene(stage)
        except Exception:  # noqa: BLE001  (one broken scene must not cost the others)
            traceback.print_exc()
            code = 1
    shutil.rmtree(stage.folder, ignore_errors=True)
    return code
