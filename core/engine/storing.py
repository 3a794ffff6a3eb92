"""What a run found, laid over a document: as boxes of the track, or as proposals beside it."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from core.document.document import Document, Run
from core.document.proposals import proposed
from core.document.track import Columns
from core.engine.consensus import name_of, with_disagreement
from core.engine.plan import RunPlan
from core.engine.run_buffer import RunBuffer
from core.engine.two_way import disagreement


def with_result(
    document: Document,
    plan: RunPlan,
    buffer: RunBuffer,
    *,
    seconds: float = 0.0,
    device: str = "",
    propose: bool = False,
    cut_from: int | None = None,
) -> Document:
    """`document` with the run's boxes; a person's boxes stay as they are.

    `document` may have been edited since the plan was made; a track that was deleted
    meanwhile leaves it unchanged. The run's boxes from `cut_from` on (in its direction)
    are left out. With `propose` the boxes wait beside the track, see
    :mod:`core.document.proposals`; those of the members of a consensus always do.
    """
    columns = _kept(buffer, plan, cut_from)
    if not len(columns) or not document.has_track(plan.run.track_id):
        return document
    last = int(columns.frames[-1] if plan.step > 0 else columns.frames[0])
    run = replace(plan.run, end=last, seconds=seconds, device=device)
    if plan.other is not None:
        run = replace(run, disagreement=MappingProxyType(disagreement(buffer)))
    for member, beside in zip(plan.members, buffer.beside, strict=True):
        document = _with_member(document, plan, run, member, beside, buffer, cut_from)
    if plan.members:
        run = with_disagreement(run, buffer)
    if propose:
        return proposed(document, run, columns)
    return document.with_run(run, columns)


def _kept(buffer: RunBuffer, plan: RunPlan, cut_from: int | None) -> Columns:
    columns = buffer.columns()
    if cut_from is None:
        return columns
    return columns.select((cut_from - columns.frames) * plan.step > 0)


def _with_member(
    document: Document,
    plan: RunPlan,
    fused: Run,
    member: Run,
    rows: RunBuffer,
    buffer: RunBuffer,
    cut_from: int | None,
) -> Document:
    seconds = round(sum(row.seconds for row in rows.since(0)), 3)
    run = replace(member, end=fused.end, seconds=seconds, device=fused.device)
    run = with_disagreement(run, buffer, name_of(member))
    return proposed(document, run, _kept(rows, plan, cut_from))
