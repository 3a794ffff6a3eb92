"""Every map's peak falls where the target was planted, at five sizes and at the border.

Errors are counted in cells of the map. Some maps are finer than what they show; for these
the tolerance is the cell of their source, and why is said where it is listed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from fakes.registered_trackers import START, Build, cell_size

from core.geometry import Box
from core.trackers.base import ALL_MAPS, TrackResult
from core.trackers.registry import TrackerSpec

PLACES = [
    (Box(70, 50, 20, 16), (-3, 4)),
    (Box(66, 46, 28, 22), (4, -3)),
    (START, (6, -2)),
    (Box(50, 34, 50, 40), (5, 4)),
    (Box(40, 30, 70, 54), (8, 3)),
    (Box(3, 4, 36, 28), (4, 2)),
    (Box(119, 88, 36, 28), (3, -4)),
]
# A score is shown where its anchor lies; the network moves the anchor's box onto the target
# from up to a few cells away, and the later a stage, the farther it trusts itself to reach.
_ANCHORS = 3.0
# Brought from coarse features (16 pixels) onto the cells of fine ones (2 pixels).
_COARSE = 8.0
# Features of the network come in steps of several of the cells that all features share.
_DEEP = 2.0
TOLERANCES = {
    "crpn": {"penalised": _ANCHORS, "stage2.score": _ANCHORS, "stage3.score": _ANCHORS},
    "cract": {"coarse": _ANCHORS},
    "edcf": {f"{name}high": _COARSE for name in ("", "smaller.", "same.", "larger.")},
    "ccr-deep": {f"stage{n}.{kind}": _DEEP for n in (1, 2, 3) for kind in ("cnn", "deep")},
}


def far(spec: TrackerSpec, result: TrackResult, truth: Box) -> dict[str, float]:
    """Maps whose peak lies a tolerance or more from the target, with the error in cells."""
    kinds = {info.key: info.kind for info in spec.maps}
    wrong = {}
    for key, found in result.maps.items():
        if kinds[key] not in ("response", "probability"):
            continue
        x, y = found.peak()
        across, down = cell_size(found)
        error = max(abs(x - truth.cx) / max(across, 1.0), abs(y - truth.cy) / max(down, 1.0))
        if error >= TOLERANCES.get(spec.key, {}).get(key, 1.0):
            wrong[key] = round(error, 2)
    return wrong


def test_that_every_map_peaks_on_the_target(spec: TrackerSpec, started: Any, scene: Any) -> None:
    tracker, world = started(), scene()
    tracker.want_maps = ALL_MAPS
    truth = START.shifted(6, -3)
    with torch.inference_mode():
        assert far(spec, tracker.update(world.frame(truth)), truth) == {}


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("start", "offset"), PLACES, ids=lambda value: str(value))
def test_that_every_map_peaks_on_the_target_at_five_sizes_and_at_the_border(
    spec: TrackerSpec, build: Build, scene: Any, start: Box, offset: tuple[int, int]
) -> None:
    tracker, world = build(), scene(seed=6)
    truth = start.shifted(*offset)
    with torch.inference_mode():
        tracker.init(world.frame(start), start)
        tracker.want_maps = ALL_MAPS
        assert far(spec, tracker.update(world.frame(truth)), truth) == {}


def test_that_anchors_are_shown_where_they_lie(spec: TrackerSpec, started: Any, scene: Any) -> None:
    """The best anchor's centre is the centre of the best cell, to the last digit."""
    if spec.key != "crpn":
        pytest.skip("only C-RPN lists its anchors")
    tracker, world = started(), scene()
    tracker.want_maps = ALL_MAPS
    with torch.inference_mode():
        result = tracker.update(world.frame(START.shifted(6, -3)))
    best = Box(*result.proposals["anchors"].boxes[0])
    assert result.maps["stage1.score"].peak() == pytest.approx((best.cx, best.cy), abs=1e-3)
    sizes = {len(result.proposals[name]) for name in ("anchors", "stage1", "stage2", "stage3")}
    assert sizes == {10}
    assert np.isfinite(result.proposals["anchors"].boxes).all()
