"""Replay paints the very pixels of the live view."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fakes.array_video import moving_patch
from fakes.template_match import TemplateMatch, TemplateMatchParams

from core.engine.control import Control
from core.engine.runner import FrameResult, Start, run
from core.recording import about
from core.recording.coding import Precision, maps_as_recorded
from core.recording.recorder import Recorder
from core.recording.recording import Recording
from core.render.boxes import DrawnBox
from core.render.maps import MapLook
from core.render.overlay import Look, compose
from core.session import Services
from core.trackers import registry
from core.trackers.base import ALL_MAPS, TrackResult

LOOKS = [Look(), Look(MapLook("magma", 1.0, 0.0, smooth=False)), Look(MapLook("grey", 0.6, 0.3))]


def _painted(image, result: TrackResult, key: str, look: Look, maps=None) -> np.ndarray:
    response = (result.maps if maps is None else maps).get(key)
    drawn = DrawnBox(result.box, title="object 1", state=result.state, score=result.score)
    return compose(image, [drawn], response, look)


@pytest.fixture(params=list(Precision))
def live(request, tmp_path: Path):
    clip = moving_patch(20)
    path, items = tmp_path / "run.h5", []
    tracker = TemplateMatch(TemplateMatchParams(), Services())
    tracker.want_maps = ALL_MAPS
    from fakes.array_video import ArrayVideo

    video = ArrayVideo(clip.images)
    known = registry.find("template-match").maps
    with Recorder(path, about.started(video.info), known, precision=request.param) as recorder:
        run(
            1, video.frames(0, 20), tracker, Start(0, clip.boxes[0]), Control(),
            (recorder.take, items.append),
        )  # fmt: skip
    assert len(items) == 20
    with Recording(path) as recording:
        yield items, recording


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("key", ["response", "template"])
def test_that_every_pixel_is_that_of_the_live_view(live, look, key):
    items, recording = live
    item: FrameResult
    for row, item in enumerate(items):
        image = item.frame.image
        shown = maps_as_recorded(item.result.maps, recording.precision)
        before = _painted(image, item.result, key, look, shown)
        after = _painted(image, recording.result(row, {key}), key, look)
        assert not np.array_equal(before, image)
        assert np.array_equal(before, after)


def test_that_rounding_moves_no_colour_by_more_than_the_stated_error(live):
    items, recording = live
    look = Look(MapLook("grey", 1.0, 0.0, smooth=False))
    worst = 0
    for row, item in enumerate(items):
        before = _painted(item.frame.image, item.result, "template", look)
        after = _painted(item.frame.image, recording.result(row, {"template"}), "template", look)
        worst = max(worst, int(np.abs(before.astype(int) - after).max()))
    assert (
        worst <= {Precision.EXACT: 0, Precision.FINE: 1, Precision.COMPACT: 1}[recording.precision]
    )
