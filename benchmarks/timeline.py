"""Times of the timeline and the live curves at the sizes they are built for.

``python benchmarks/timeline.py`` prints the best and the median of each operation
for 100,000 frames × 20 tracks in a 1600 × 560 window, beside its budget. It needs no
display; pass ``--scale 2`` for a doubled pixel ratio.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

FRAMES, TRACKS, REPEATS = 100_000, 20, 40


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="device pixel ratio")
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ["QT_SCALE_FACTOR"] = str(parser.parse_args().scale)
    import torch  # noqa: F401  (before any Qt import)
    from PySide6.QtWidgets import QApplication

    from app import theme

    app = QApplication([])
    theme.apply(app, "dark")
    print(f"{FRAMES:,} frames × {TRACKS} tracks, best / median of {REPEATS}, milliseconds")
    _measure_timeline(app)
    _measure_curves(app)


def _measure_timeline(app) -> None:
    from app.views.timeline import Timeline, TrackLane

    timeline = Timeline()
    timeline.resize(1600, 560)
    timeline.set_clip(FRAMES, 25.0)
    timeline.show()
    columns = [_columns(seed) for seed in range(TRACKS)]
    colors = ("#56b4e9", "#e69f00", "#009e73")
    lanes = [
        TrackLane(n + 1, f"object {n + 1}", colors[n % 3], columns[n], n == 0)
        for n in range(TRACKS)
    ]
    report("first hand-over of all tracks", lambda i: timeline.set_tracks(lanes), None, repeats=1)
    app.processEvents()

    def paint(work: Callable[[int], object]) -> Callable[[int], None]:
        def step(i: int) -> None:
            work(i)
            app.processEvents()

        return step

    report("new playhead", paint(lambda i: timeline.set_playhead((i * 7919) % FRAMES)), 2)
    report("next frame", paint(lambda i: timeline.set_playhead(i + 1)), 2)
    report("rebuild at another zoom", paint(lambda i: _zoom(timeline, i)), 16)
    report("same tracks again", paint(lambda i: timeline.set_tracks(list(lanes))), 2)
    fresh = [replace(lanes[3], columns=_columns(100 + i)) for i in range(REPEATS)]
    live = paint(lambda i: timeline.set_tracks([*lanes[:3], fresh[i], *lanes[4:]]))
    report("one live lane of 100,000 boxes", live, 5)
    report("run progress", paint(lambda i: timeline.set_run(0, i, FRAMES, 1)), 2)
    report("threshold", paint(lambda i: timeline.set_threshold(i / REPEATS)), 5)
    timeline.close()


def _measure_curves(app) -> None:
    from app.views.score_plot import ScorePlot
    from core.engine.run_buffer import Row
    from core.geometry import Box
    from core.states import TargetState

    plot = ScorePlot()
    plot.resize(1200, 220)
    plot.set_clip(FRAMES)
    plot.show()
    plot.set_curves(["psr", "peak"])
    plot.start_run(1, (0, FRAMES))
    box, state = Box(0, 0, 1, 1), TargetState.TRACKING

    def rows(start: int, count: int) -> list[Row]:
        return [
            Row(f, box, (f * 37 % 100) / 100, state, "", {"psr": f % 13, "peak": f % 7}, 0.01)
            for f in range(start, start + count)
        ]

    report("100,000 results into the curves", lambda i: plot.extend(rows(0, FRAMES)), None, 1)
    plot.fit()
    report("curves: append 30 results", lambda i: plot.extend(rows(30 * i, 30)), 1)
    report("curves: prepare a redraw", lambda i: plot.redraw(), 16)

    def playhead(i: int) -> None:
        plot.set_playhead(i * 997 % FRAMES)
        plot.plot.viewport().repaint()

    app.processEvents()
    report("curves: new playhead", playhead, 8)
    plot.close()


def report(
    name: str, work: Callable[[int], object], budget: float | None, repeats: int = REPEATS
) -> None:
    """Time `work` and print it beside its budget in milliseconds."""
    times = []
    for number in range(repeats):
        began = time.perf_counter()
        work(number)
        times.append(1000 * (time.perf_counter() - began))
    median = statistics.median(times)
    verdict = (
        "" if budget is None else f"  budget {budget:g}  {'ok' if median <= budget else 'OVER'}"
    )
    print(f"{name:34s} {min(times):8.2f} / {median:8.2f}{verdict}")


def _zoom(timeline, number: int) -> None:
    if number % 8 == 7:
        timeline.zoom_fit()
    else:
        timeline.zoom_in()


def _columns(seed: int):
    import numpy as np

    from core.document.track import Columns

    rng = np.random.default_rng(seed)
    return Columns.of(
        {
            "frames": np.arange(FRAMES),
            "boxes": np.tile([10.0, 20.0, 30.0, 40.0], (FRAMES, 1)),
            "scores": rng.random(FRAMES),
            "sources": rng.choice(4, FRAMES, p=[0.01, 0.9, 0.05, 0.04]),
            "states": rng.choice(3, FRAMES, p=[0.9, 0.06, 0.04]),
            "flags": rng.choice([0, 1, 8], FRAMES, p=[0.9, 0.08, 0.02]),
            "runs": np.ones(FRAMES),
        }
    )


if __name__ == "__main__":
    main()
