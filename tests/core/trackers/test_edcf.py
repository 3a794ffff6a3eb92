"""EDCF as a tracker: its geometry, its rate, its two branches, its own network."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from fakes import edcf_weights

from core.dsp.sampling import cut
from core.errors import WeightsError
from core.geometry import Box
from core.states import CorrectionPolicy, TargetState
from core.timing import StepClock
from core.trackers import registry
from core.trackers.base import ALL_MAPS, Services
from core.trackers.edcf import EDCFTracker, model
from core.trackers.edcf.network import EDCFNet, Encoder
from core.trackers.edcf.params import EDCFParams
from core.trackers.edcf.search import Responses, choose_scale, fuse, locate, scale_slope, search
from core.trackers.edcf.verdict import Evidence, History, judge

START = Box(60, 40, 36, 28)
TALL = Box(66, 30, 20, 56)


def tracker(**values: Any) -> EDCFTracker:
    made = registry.find("edcf").create(values, Services())
    assert isinstance(made, EDCFTracker)
    return made


def own(**values: Any) -> EDCFTracker:
    services = Services(weights=edcf_weights.stand_in())
    made = registry.find("edcf").create({"features": "own", **values}, services)
    assert isinstance(made, EDCFTracker)
    return made


@pytest.fixture(params=["imagenet", "own"])
def build(request: pytest.FixtureRequest) -> Callable[..., EDCFTracker]:
    return tracker if request.param == "imagenet" else own


# --- geometry -----------------------------------------------------------------------


def test_that_sizes_are_those_of_the_paper_with_the_own_network() -> None:
    extractor = own()._extractor
    assert (extractor.crop, extractor.cells, extractor.kernel) == (255, 125, 6)
    assert extractor.alignment.inside.sum() == 65 * 65  # ±64 px in cells of 2 px


@pytest.mark.parametrize(
    ("low", "high", "cells"),
    [("stem", "block4", 125), ("block0", "block7", 125), ("block2", "block4", 63)],
)
def test_that_sizes_follow_from_the_levels(low: str, high: str, cells: int) -> None:
    extractor = tracker(low_level=low, high_level=high)._extractor
    pictures = torch.zeros(1, 3, extractor.crop, extractor.crop)
    fine, coarse = extractor.maps(pictures)
    wide = extractor.fine(torch.zeros(1, 3, extractor.windows.side, extractor.windows.side))
    assert extractor.cells == cells
    assert extractor.windows.contexts(wide).shape[-2:] == (cells, cells)
    # All grids have a middle cell, which lies on the picture's middle.
    for features, level in ((fine, extractor.low), (coarse, extractor.high)):
        assert features.shape[-1] % 2 == 1
        assert level.center(features.shape[-1] // 2) == pytest.approx(extractor.crop / 2)
    assert extractor.kernel % 2 == 1


@pytest.mark.parametrize(("dx", "dy"), [(2, 0), (0, 6), (-2, 7)])
def test_that_each_axis_has_its_own_scale(build: Any, scene: Any, dx: int, dy: int) -> None:
    # The whole picture moves, so that nothing but the axes' scales decides the distance.
    made, world = build(branches="low", scales=1), scene(200, 240).frame(TALL.shifted(40, 40))
    made.init(world[40:160, 40:200].copy(), TALL)
    moved = world[40 - dy : 160 - dy, 40 - dx : 200 - dx].copy()
    found = made.update(moved).box
    assert found.cx == pytest.approx(TALL.cx + dx, abs=0.2)
    assert found.cy == pytest.approx(TALL.cy + dy, abs=0.5)


def test_that_the_context_windows_show_what_is_one_target_size_away(scene: Any) -> None:
    made, image = own(), scene().frame(START)
    extractor = made._extractor
    windows = extractor.windows
    wide = cut(image, model.wide_box(extractor, START), windows.side)
    low = extractor.fine(extractor.pictures(wide[None]))[0]
    up, left, down, right = windows.contexts(low)
    step = windows.shift * extractor.low.stride * 3 / extractor.crop  # in target sizes
    assert step == pytest.approx(1.0, abs=0.02)
    for window, (dx, dy) in ((up, (0, -1)), (left, (-1, 0)), (down, (0, 1)), (right, (1, 0))):
        there = START.shifted(dx * step * START.w, dy * step * START.h)
        picture = cut(image, model.window_box(there), extractor.crop)
        alone = extractor.fine(extractor.pictures(picture[None]))[0]
        # The same features but for the rounding of resampled pixels.
        assert (window - alone).abs().mean() < 0.02 * alone.std()


@pytest.mark.parametrize(
    ("features", "key"),
    # A coarse map of random layers says nothing of a texture: only the trained one is asked.
    [("imagenet", "fused"), ("imagenet", "low"), ("imagenet", "high"), ("own", "low")],
)
def test_that_responses_peak_on_the_target(scene: Any, features: str, key: str) -> None:
    made, world = tracker() if features == "imagenet" else own(branches="low"), scene()
    made.want_maps = frozenset({key})
    made.init(world.frame(TALL), TALL)
    moved = TALL.shifted(4, -7)
    response = made.update(world.frame(moved)).maps[key]
    a, _, _, _, e, _ = response.placement.matrix
    extractor = made._extractor
    crop, stride = extractor.crop, (extractor.high if key == "high" else extractor.low).stride
    assert e / a == pytest.approx(TALL.h / TALL.w)
    assert a == pytest.approx(3 * TALL.w * stride / crop, rel=0.03)
    x, y = response.peak()
    assert x == pytest.approx(moved.cx, abs=a if key == "high" else a + 0.5)
    assert y == pytest.approx(moved.cy, abs=e if key == "high" else e + 0.5)


def test_that_zero_displacement_is_the_middle_of_the_middle_cell(scene: Any) -> None:
    made, image = tracker(), scene().frame(START)
    made.want_maps = ALL_MAPS
    made.init(image, START)
    found = made.update(image)
    for key in ("fused", "low", "high", "same.low"):
        response = found.maps[key]
        middle = response.values.shape[0] // 2
        assert response.placement.cell_center(middle, middle) == pytest.approx((START.cx, START.cy))
        assert np.unravel_index(response.values.argmax(), response.values.shape) == (middle, middle)
    for key in ("filter", "context"):
        window = found.maps[key]
        extent = window.placement.extent(window.values.shape)
        assert (extent.cx, extent.cy) == pytest.approx((found.box.cx, found.box.cy))
    cells = [found.maps[f"{name}.low"].placement.matrix[0] for name in ("smaller", "larger")]
    assert cells[0] / cells[1] == pytest.approx(1.02**-2)


# --- fusion, peak, rate -----------------------------------------------------------------


def planted(row: int, col: int, height: float = 1.0, size: int = 25) -> np.ndarray:
    rows, cols = np.mgrid[:size, :size]
    bump = np.exp(-((rows - row) ** 2 + (cols - col) ** 2) / 8.0)
    return (height * bump).astype(np.float32)


def test_that_fusion_adds_a_probability_the_logit_or_its_spread() -> None:
    host = np.stack([np.full((3, 5, 5), 0.25), np.linspace(-2, 4, 75).reshape(3, 5, 5)])
    host = host.astype(np.float32)
    logits = host[1]
    expected = {
        "sigmoid": 1 / (1 + np.exp(-logits)),
        "raw": logits,
        "minmax": (logits + 2) / 6,
    }
    for fusion, values in expected.items():
        fused = fuse(host, EDCFParams(fusion=fusion))
        np.testing.assert_allclose(fused.fused, 0.25 + values, rtol=1e-5)
        assert fused.match == pytest.approx(1 / (1 + np.exp(-4)), rel=1e-5)
    alone = fuse(host[:1], EDCFParams(branches="low"))
    assert alone.high is None
    assert alone.match is None
    coarse = fuse(host[1:], EDCFParams(branches="high")).fused
    np.testing.assert_allclose(coarse, expected["sigmoid"], rtol=1e-5)


def test_that_the_peak_is_found_between_cells_and_scales_are_penalised() -> None:
    maps = np.stack([planted(12, 12, 0.999), planted(12, 12, 1.0), planted(14.25, 9.4, 1.03)])
    responses = Responses(maps, None, maps, None)
    plain = EDCFParams(scale_refine=False)
    assert choose_scale(responses, np.array([0.9925, 1.0, 0.9925]), plain) == (1, 0.0)
    assert choose_scale(responses, np.ones(3), plain) == (2, 1.0)
    pixels, _ = locate(responses, 2, 2, 1.0)
    assert pixels == pytest.approx((2 * 2.25, -2 * 2.6), abs=0.15)


def test_that_the_size_is_refined_between_scales_but_small_changes_are_none() -> None:
    def chosen(*heights: float) -> tuple[int, float]:
        maps = np.stack([planted(12, 12, height) for height in heights])
        params = EDCFParams(scale_refine=True)
        return choose_scale(Responses(maps, None, maps, None), np.ones(3), params)

    assert chosen(0.98, 1.0, 0.995) == (1, pytest.approx(0.3, abs=1e-3))
    assert chosen(0.98, 1.0, 0.983) == (1, 0.0)
    assert chosen(0.9, 0.95, 1.0) == (2, 1.0)


def test_that_the_rise_over_scales_of_the_first_frame_is_taken_off() -> None:
    low = np.stack([planted(12, 12, height) for height in (0.9, 1.0, 1.1)])
    responses = Responses(low, None, low, None)
    assert scale_slope(responses) == pytest.approx(0.1)
    params = EDCFParams()
    assert choose_scale(responses, np.ones(3), params)[0] == 2
    assert choose_scale(responses, np.full(3, 0.99), params, 0.1)[0] == 1


def test_that_a_coarse_response_of_one_scale_has_no_part_in_the_choice() -> None:
    low = np.stack([planted(12, 12, height) for height in (0.5, 1.0, 1.015)])
    high = np.full_like(low, 3.0)
    responses, penalties = Responses(low, high, low + high, 0.9), np.array([0.99, 1.0, 0.99])
    assert choose_scale(responses, penalties, EDCFParams(high_scales="same"))[0] == 2
    assert choose_scale(responses, penalties, EDCFParams(high_scales="all"))[0] == 1


def test_that_branches_that_point_elsewhere_disagree() -> None:
    low, high = planted(5, 5)[None], planted(18, 18, 1.2)[None]
    _, evidence = locate(Responses(low, high, low + high, 0.9), 0, 2, 1.0)
    assert evidence.agreement < 0.05
    assert not evidence.trusted(EDCFParams())
    together = locate(Responses(low, low, low + low, 0.9), 0, 2, 2.0)[1]
    assert together.agreement == pytest.approx(1.0)
    assert together.trusted(EDCFParams())


@pytest.mark.parametrize(
    ("match", "expected"), [(0.45, 0.0085), (0.9, 0.017), (9.0, 0.0255), (-1.0, 0.0), (None, 0.017)]
)
def test_that_the_rate_follows_the_match_within_its_limits(match: Any, expected: float) -> None:
    params = EDCFParams(learning_rate=0.017, rate_limit=1.5)
    assert model.rate(params, match, 0.9) == pytest.approx(expected)
    fixed = dataclasses.replace(params, dynamic_rate=False)
    assert model.rate(fixed, match, 0.9) == pytest.approx(0.017)
    often = dataclasses.replace(params, update_every=4)
    assert model.rate(often, match, 0.9) == pytest.approx(4 * expected)


def test_that_the_filter_itself_is_mixed_as_in_eq_17() -> None:
    old, new = torch.full((2, 3), 1 + 1j), torch.full((2, 3), 3 - 1j)
    torch.testing.assert_close(model.mixed(old, new, 0.25), torch.full((2, 3), 1.5 + 0.5j))


def test_that_the_score_falls_with_each_kind_of_evidence() -> None:
    params = EDCFParams()
    quality = tracker_quality(psr=15.0)
    good = Evidence(quality, 1.0, 1.0)
    state, best, reason = judge(good, History(1.0), params)
    assert (state, reason) == (TargetState.TRACKING, "")
    for worse in (
        Evidence(quality, params.trust / 2, 1.0),
        Evidence(tracker_quality(psr=2.0), 1.0, 1.0),
        Evidence(quality, 1.0, params.agreement / 2),
    ):
        state, score, reason = judge(worse, History(1.0, failures=1), params)
        assert state is TargetState.UNCERTAIN
        assert reason
        assert score < best
    assert judge(good, History(1.0, failures=params.lost_after), params)[0] is TargetState.LOST


def tracker_quality(psr: float) -> Any:
    from core.dsp.peaks import Quality

    return Quality(1.0, psr, 10.0, 0.2)


# --- life -----------------------------------------------------------------------------------


def test_that_what_is_not_trusted_is_not_learned(scene: Any) -> None:
    made, world = tracker(), scene()
    made.init(world.frame(START), START)
    made.update(world.frame(START.shifted(1, 1)))
    before = made.snapshot()
    result = made.update(np.full((120, 160, 3), 90, np.uint8))
    after = made.snapshot()
    assert result.state is not TargetState.TRACKING
    assert result.scalars["learning_rate"] == 0
    assert after.filter_hat is before.filter_hat  # type: ignore[attr-defined]
    assert (result.box.w, result.box.h) == pytest.approx((before.box.w, before.box.h))  # type: ignore[attr-defined]


def test_that_learning_can_be_had_in_every_second_frame_only(scene: Any) -> None:
    made, world = tracker(update_every=2, dynamic_rate=False), scene()
    made.init(world.frame(START), START)
    rates = [made.update(world.frame(START)).scalars["learning_rate"] for _ in range(4)]
    assert rates == pytest.approx([0, 2 * EDCFParams().learning_rate] * 2) or rates == (
        pytest.approx([2 * EDCFParams().learning_rate, 0] * 2)
    )


def test_that_branches_can_be_switched_while_running(scene: Any) -> None:
    made, world = tracker(), scene()
    made.want_maps = ALL_MAPS
    made.init(world.frame(START), START)
    seen = {}
    for step, branches in enumerate(("low", "high", "both"), start=1):
        made.tune(dataclasses.replace(made.params, branches=branches))
        box = START.shifted(2 * step, step)
        result = made.update(world.frame(box))
        assert result.box.cx == pytest.approx(box.cx, abs=2)
        seen[branches] = {key for key in ("low", "high", "fused") if key in result.maps}
    assert seen == {
        "low": {"low", "fused"},
        "high": {"high", "fused"},
        "both": {"low", "high", "fused"},
    }


def test_that_a_response_that_is_not_a_number_loses_the_target_and_keeps_the_box(
    scene: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, world = tracker(), scene()
    made.init(world.frame(START), START)
    state = made.snapshot()
    damaged = dataclasses.replace(state, filter_hat=state.filter_hat * float("nan"))  # type: ignore[attr-defined,type-var]
    made.restore(damaged)
    result = made.update(world.frame(START))
    assert result.state is TargetState.LOST
    assert result.box == START
    assert made.snapshot() is damaged


def test_that_a_corrected_box_is_learned_with_the_rate_for_corrections(scene: Any) -> None:
    made, world = tracker(correction_rate=0.7), scene()
    made.init(world.frame(START), START)
    old = made.snapshot().filter_hat  # type: ignore[attr-defined]
    box = START.shifted(20, 10)
    image = world.frame(box)
    made.correct(image, box, CorrectionPolicy.KEEP_TEMPLATE)
    assert made.snapshot().filter_hat is old  # type: ignore[attr-defined]
    made.correct(image, box, CorrectionPolicy.ADD_TEMPLATE)
    state = made.snapshot()
    place = (made._extractor, made._constants, image, box)
    new = model.learn(*place, state.preparation, made.params)  # type: ignore[attr-defined]
    torch.testing.assert_close(state.filter_hat, 0.3 * old + 0.7 * new)  # type: ignore[attr-defined]


def test_that_two_runs_are_the_same_to_the_last_bit(build: Any, scene: Any) -> None:
    world = scene()
    path = [START.shifted(2.5 * i, -1.5 * i) for i in range(4)]

    def run() -> list[tuple[Any, ...]]:
        made = build()
        made.init(world.frame(path[0]), path[0])
        results = [made.update(world.frame(box)) for box in path[1:]]
        return [(r.box.as_tuple(), r.score, r.scalars["psr"]) for r in results]

    assert run() == run()


# --- the own network --------------------------------------------------------------------


def test_that_the_own_network_tracks_and_shows_its_reconstruction(scene: Any) -> None:
    made, world = own(), scene()
    made.init(world.frame(START), START)
    made.want_maps = frozenset({"patches"})
    for step in range(1, 4):
        box = START.shifted(3 * step, -2 * step)
        result = made.update(world.frame(box))
        assert result.box.cx == pytest.approx(box.cx, abs=1.5)
        assert result.box.cy == pytest.approx(box.cy, abs=1.5)
    made_picture, searched = result.patches["reconstruction"], result.patches["search"]
    assert made_picture.image.shape == searched.image.shape == (255, 255, 3)
    assert made_picture.placement == searched.placement
    made.want_maps = frozenset()
    assert not made.update(world.frame(box)).patches


def test_that_without_a_decoder_there_is_no_reconstruction(scene: Any) -> None:
    tensors = {k: v for k, v in edcf_weights.tensors().items() if not k.startswith("decoder.")}
    services = Services(weights={"edcf": tensors})
    made = registry.find("edcf").create({"features": "own"}, services)
    made.want_maps = ALL_MAPS
    made.init(scene().frame(START), START)
    assert "reconstruction" not in made.update(scene().frame(START)).patches


def test_that_the_tracker_computes_what_the_network_was_trained_for(scene: Any) -> None:
    # The response of EDCFNet for a pair, but for the window that only tracking applies.
    made, world = own(scales=1, dynamic_rate=False), scene()
    image, moved = world.frame(START), world.frame(START.shifted(3, 2))
    made.init(image, START)
    extractor = made._extractor
    state = made.snapshot()
    find = search(extractor, made._constants, moved, state, made.params, StepClock())  # type: ignore[arg-type]
    assert find is not None
    net = EDCFNet().eval()
    net.load_state_dict(edcf_weights.tensors())
    wide = cut(image, model.wide_box(extractor, START), extractor.windows.side)
    with torch.inference_mode():
        outputs = net(extractor.pictures(wide[None]), extractor.pictures(find.pictures))
        logits = extractor.alignment.apply(outputs.high)[0].numpy()
    assert find.responses.high is not None
    seen = np.log(find.responses.high / (1 - find.responses.high))[0]
    np.testing.assert_allclose(seen, logits, atol=0.05)
    assert find.responses.low is not None
    maps = (outputs.low[0].numpy(), find.responses.low[0])
    peaks = [np.unravel_index(values.argmax(), values.shape) for values in maps]
    assert np.abs(np.subtract(*peaks)).max() <= 1


def test_that_a_file_of_the_fine_branch_tracks_as_the_whole_network_does(scene: Any) -> None:
    stem = {k: v for k, v in edcf_weights.tensors().items() if k.startswith("encoder.stem.")}
    services, spec = Services(weights={"edcf": stem}), registry.find("edcf")
    made = spec.create({"features": "own", "branches": "low"}, services)
    whole, world = own(branches="low"), scene()
    for each in (made, whole):
        each.init(world.frame(START), START)
    for k in range(1, 5):
        image = world.frame(START.shifted(3 * k, 2 * k))
        assert made.update(image).box == whole.update(image).box
    with pytest.raises(WeightsError, match="fine branch") as caught:
        spec.create({"features": "own", "branches": "high"}, services)
    assert "branches = low" in caught.value.hint


def test_that_weights_of_another_network_are_refused() -> None:
    services = Services(weights={"edcf": {"encoder.stem.0.weight": torch.zeros(32, 3, 5, 5)}})
    with pytest.raises(WeightsError, match=r"EDCF.s fine branch"):
        registry.find("edcf").create({"features": "own"}, services)


def test_that_the_encoder_is_a_backbone_whose_low_level_is_thin() -> None:
    assert Encoder().levels["low"].channels == 8
