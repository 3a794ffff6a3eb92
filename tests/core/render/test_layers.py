"""Layers of maps without a window: how colours meet, notes, derived maps, panes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pytest

from core.engine.map_source import Attached
from core.geometry import Box, Placement
from core.render import derived
from core.render.chart import Series
from core.render.layers import BLENDING, BLENDS, DrawnLayer, LayerLook, paint_layers
from core.render.panes import Panes
from core.trackers.base import Patch, ResponseMap

GROUND = np.full((60, 80, 3), 100, np.uint8)


def flat(value: float) -> ResponseMap:
    values = np.full((3, 3), value, np.float32)
    return ResponseMap(
        values, Placement.covering(Box(20, 10, 30, 30), (3, 3)), value_range=(0.0, 1.0)
    )


@dataclass
class Steps:
    """Maps by frame; a source as trackers and recordings are one."""

    maps: Mapping[int, ResponseMap]

    def latest(self, frame: int, key: str, step: int = 1) -> tuple[ResponseMap, int] | None:
        known = [k for k in self.maps if (frame - k) * step >= 0]
        best = min(known, key=lambda k: abs(frame - k), default=None)
        return None if best is None else (self.maps[best], abs(frame - best))

    def attached(self, frame: int, step: int = 1) -> tuple[Attached, int] | None:
        return None


@pytest.mark.parametrize("blend", BLENDS)
def test_that_an_opaque_layer_meets_the_picture_as_its_blend_says(blend):
    look = LayerLook("m", opacity=1.0, colormap="grey", blend=blend)
    drawn = paint_layers(GROUND, [DrawnLayer(look, flat(0.8))])
    d, s = 100 / 255, 204 / 255
    expected = {
        "normal": s, "screen": s + d - s * d, "lighten": s, "add": 1.0, "multiply": s * d,
        "darken": d, "overlay": 2 * s * d, "difference": s - d,
    }[blend]  # fmt: skip
    assert drawn[25, 35].tolist() == pytest.approx([255 * expected] * 3, abs=1.5)
    assert (drawn[:8] == 100).all()
    assert set(BLENDING) == set(BLENDS)


def test_that_opacity_mixes_and_the_order_matters():
    low, high = LayerLook("a", opacity=0.5, colormap="grey"), LayerLook("b", opacity=1.0)
    half = paint_layers(GROUND, [DrawnLayer(low, flat(1.0))])
    assert half[25, 35].tolist() == pytest.approx([177.5] * 3, abs=1.5)
    hidden = paint_layers(GROUND, [DrawnLayer(low, flat(1.0)), DrawnLayer(high, flat(0.0))])
    assert hidden[25, 35].tolist() == paint_layers(GROUND, [DrawnLayer(high, flat(0.0))])[
        25, 35
    ].tolist()  # fmt: skip


def test_that_a_note_is_written_below_the_map():
    look = LayerLook("m", opacity=0.0, contours=0)
    plain = paint_layers(GROUND, [DrawnLayer(look, flat(1.0))])
    noted = paint_layers(GROUND, [DrawnLayer(look, flat(1.0), "Map of frame 7")])
    rows = np.nonzero((plain != noted).any(axis=(1, 2)))[0]
    assert rows.min() >= 40


def test_that_derived_layers_are_made_of_the_frames_before():
    source = Steps({k: flat(k / 10) for k in range(5)})
    look = LayerLook("m", derive="change")
    maps, age = derived.of_source(look, source, 4)
    assert age == 0
    changed = derived.made(look, maps)
    assert changed is not None
    assert changed.values[0, 0] == pytest.approx(0.1)
    maps, age = derived.of_source(look, source, 6)
    assert age == 2
    largest = LayerLook("m", derive="max", span=3)
    most = derived.made(largest, derived.of_source(largest, source, 4)[0])
    assert most is not None
    assert most.values.max() == pytest.approx(0.4)
    backwards = derived.of_source(look, source, 1, -1)[0]
    assert [m.values[0, 0] for m in backwards] == pytest.approx([0.1, 0.2])
    assert derived.made(look, derived.of_source(look, source, -1)[0]) is None


def test_that_panes_have_the_same_size_on_every_frame():
    red = np.zeros((20, 40, 3), np.uint8)
    red[..., 0] = 250
    place = Placement.covering(Box(0, 0, 9, 9), (20, 40))
    patch = Patch(red, place, "search")
    curve = Series("score", np.arange(9.0), np.linspace(0, 1, 9))
    panes = Panes(lambda k: {"search": patch} if k else {}, ("search", "template"), (curve,))
    frame = np.full((240, 320, 3), 100, np.uint8)
    without, with_patch = panes.beside(frame, 0), panes.beside(frame, 4)
    assert without.shape == with_patch.shape
    assert (with_patch[:240, :320] == 100).all()
    column = with_patch[:240, 320:]
    assert (column[..., 0] > 200).sum() > 500
    strip = slice(240, None)
    assert (without[strip] != with_patch[strip]).any(), "the line at the frame moves"
    assert Panes().beside(frame, 0).shape == frame.shape
