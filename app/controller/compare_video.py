"""The comparison of two runs as an overlay video shows it: both sides as they are looked at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from app.controller.compare import Compare
from core.engine.trace import Trace
from core.render.boxes import DrawnBox
from core.render.chart import Series
from core.render.overlay import Extras
from core.render.panes import Panes
from core.states import Source, TargetState

SIDES = ("A", "B")


def sides_of(
    compare: Compare, colors: Sequence[str], *, curve: str, difference: bool
) -> Extras | None:
    """What a video of the two runs shows; None where one of them is missing.

    Parameters
    ----------
    colors
        ``#rrggbb`` of sides A and B.
    curve
        The number of both runs that is drawn below: score or a diagnostic; empty for none.
    difference
        Side B shows the map of A minus that of B.

    Notes
    -----
    What is returned may be used on any thread: later choices in the window do not touch it.
    """
    traces = [trace for trace in (compare.trace(0), compare.trace(1)) if trace is not None]
    if len(traces) < 2:
        return None
    made = []
    for side, trace in enumerate(traces):
        made.append(
            Extras(
                compare.reader(side, difference=difference and side == 1),
                boxes=_boxes(side, traces, colors),
                name=f"{SIDES[side]}  {trace.title}",
            )
        )
    curves = _curves(traces, colors, curve) if curve else []
    return replace(made[0], beside=made[1], panes=Panes(curves=curves) if curves else None)


def frames_of(compare: Compare) -> tuple[int, int]:
    """The first frame that one of the runs has, and the one after the last."""
    traces = [trace for trace in (compare.trace(0), compare.trace(1)) if trace is not None]
    frames = [frame for trace in traces for frame in trace.rows]
    return (min(frames), max(frames) + 1) if frames else (0, 0)


def _boxes(
    side: int, traces: Sequence[Trace], colors: Sequence[str]
) -> Callable[[int], list[DrawnBox]]:
    """The box of a side, and that of the other one dashed below it."""

    def read(frame: int) -> list[DrawnBox]:
        drawn = []
        other, own = traces[1 - side].rows.get(frame), traces[side].rows.get(frame)
        if other is not None:
            drawn.append(
                DrawnBox(
                    other.box, colors[1 - side], "", Source.IMPORTED, TargetState.TRACKING, None
                )
            )
        if own is not None:
            source = Source.MANUAL if own.is_seed else Source.TRACKED
            drawn.append(DrawnBox(own.box, colors[side], SIDES[side], source, own.state, own.score))
        return drawn

    return read


def _curves(traces: Sequence[Trace], colors: Sequence[str], name: str) -> list[Series]:
    found = []
    for side, trace in enumerate(traces):
        frames = np.array(sorted(trace.rows), np.float64)
        values = trace.column(name, sorted(trace.rows))
        if np.isfinite(values).any():
            title, share = f"{SIDES[side]} {name}", name == "score"
            found.append(Series(title, frames, values, share, color=colors[side]))
    return found
